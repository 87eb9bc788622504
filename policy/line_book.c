/*
 * line_book.c - what the line has carried, by month, in policy.db
 */
#include "policy/line_book.h"

#include <errno.h>

#include "lib/message/path.h"
#include "policy/tables.h"

#define LABEL_MOST	64	/* fetch_accounts.h */

bool
line_is_month(uint64_t month)
{
	return month >= LINE_MONTH_LEAST && month <= LINE_MONTH_MOST &&
	    month % 100 >= 1 && month % 100 <= 12;
}

/* Writing */

int
policy_line_begin(struct policy *p)
{
	return db_begin(p->db);
}

int
policy_line_end(struct policy *p, int r)
{
	if (r == 0)
		r = db_commit(p->db, false);
	if (r < 0)
		db_rollback(p->db);
	return r;
}

/* Add two figures to the row `which` of statement `put`. */
static int
add_two(struct policy *p, unsigned put, unsigned month, uint64_t account,
    unsigned which, uint64_t one, uint64_t other)
{
	struct db_query q;

	if (one == 0 && other == 0)
		return 0;
	q = db_ask(p->db, put);
	db_put_u64(&q, month);
	db_put_u64(&q, account);
	db_put_u64(&q, which);
	db_put_u64(&q, one);
	db_put_u64(&q, other);
	return db_run(&q);
}

/* So many bytes, counted as mail's before, were for another cause. */
static int
move_bytes(struct policy *p, unsigned month, uint64_t account,
    enum line_cause to, uint64_t bytes)
{
	struct db_query q;
	int r;

	if (bytes == 0)
		return 0;
	q = db_ask(p->db, LINE_MOVE);
	db_put_u64(&q, month);
	db_put_u64(&q, account);
	db_put_u64(&q, LINE_MAIL);
	db_put_u64(&q, bytes);
	r = db_run(&q);
	/* those of a month that has ended stay where they are */
	if (r < 0 || db_changed(p->db) == 0)
		return r;
	return add_two(p, LINE_ADD, month, account, to, bytes, 0);
}

int
policy_line_add(struct policy *p, unsigned month, uint64_t account,
    const struct line_counts *counts)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < LINE_CAUSES; i++)
		r = add_two(p, LINE_ADD, month, account, i,
		    counts->carried[i].received, counts->carried[i].sent);
	for (unsigned i = 0; r == 0 && i < LINE_CAUSES; i++)
		r = move_bytes(p, month, account, i, counts->moved[i]);
	for (unsigned i = 0; r == 0 && i < LINE_SAVINGS; i++)
		r = add_two(p, LINE_SAVE, month, account, i,
		    counts->saved[i].bytes, counts->saved[i].messages);
	return r;
}

/* Reading */

int
policy_line_carried(struct policy *p, unsigned month, uint64_t *bytes_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, LINE_CARRIED);
	uint64_t bytes;
	int r;

	db_put_u64(&q, month);
	r = db_next(&q);
	if (r != 1)
		return r < 0 ? r : -EUCLEAN;
	bytes = db_u64(&q, 0, INT64_MAX);
	r = db_row(&q);
	if (r == 0)
		*bytes_out = bytes;
	return r;
}

int
policy_line_unreported(struct policy *p, unsigned before, unsigned *month_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, LINE_UNREPORTED);
	unsigned month;
	int r;

	db_put_u64(&q, before);
	r = db_next(&q);
	if (r != 1)
		return r < 0 ? r : -EUCLEAN;
	month = (unsigned)db_u64(&q, 0, LINE_MONTH_MOST);
	r = db_row(&q);
	if (r == 0)
		*month_out = month;
	return r;
}

int
policy_line_reported(struct policy *p, unsigned month)
{
	struct db_query q;
	int r = db_begin(p->db);

	if (r < 0)
		return r;
	q = db_ask(p->db, LINE_REPORTED);
	db_put_u64(&q, month);
	return policy_finish(p, db_run(&q));
}

/* A row as LINE_EACH has it: which figures of which account. */
struct row {
	uint64_t	account;
	bool		is_saved;
	unsigned	which;
	uint64_t	one, other;
	struct slice	label, local, domain;
};

static int
row_read(struct db_query *q, struct row *row_out)
{
	struct row row = { .account = db_u64(q, 0, INT64_MAX) };

	row.is_saved = db_u64(q, 0, 1) == 1;
	row.which = (unsigned)db_u64(q, 0, (row.is_saved ?
	    (unsigned)LINE_SAVINGS : (unsigned)LINE_CAUSES) - 1);
	row.one = db_u64(q, 0, INT64_MAX);
	row.other = db_u64(q, 0, INT64_MAX);
	row.label = db_blob(q, 0, LABEL_MOST);
	row.local = db_blob(q, 0, PATH_LOCAL_MAX);
	row.domain = db_blob(q, 0, PATH_DOMAIN_MAX);
	*row_out = row;
	return db_row(q);
}

/* Its first row: whose it is. */
static int
account_begin(struct line_account *account, const struct row *row)
{
	TEXT_AUTO address = TEXT_INIT(ADDRESS_SIZE);

	*account = (struct line_account){ .account = row->account };
	if (row->local.len > 0) {
		text_add(&address, row->local);
		text_add_byte(&address, '@');
		text_add(&address, row->domain);
	}
	if (text_failed(&address))
		return -ENOMEM;
	if (slice_cstr(text_slice(&address), account->address,
	    sizeof(account->address)) < 0 ||
	    slice_cstr(row->label, account->label,
	    sizeof(account->label)) < 0)
		return -EUCLEAN;
	return 0;
}

static void
account_take(struct line_account *account, const struct row *row)
{
	struct line_counts *counts = &account->counts;

	if (row->is_saved) {
		counts->saved[row->which].bytes = row->one;
		counts->saved[row->which].messages = row->other;
	} else {
		counts->carried[row->which].received = row->one;
		counts->carried[row->which].sent = row->other;
	}
}

int
policy_line_each(struct policy *p, unsigned month, uint64_t from,
    policy_line_fn *fn, void *arg)
{
	DB_QUERY_AUTO q = db_ask(p->db, LINE_EACH);
	struct line_account account;
	bool is_any = false;
	struct row row;
	int r;

	if (from > INT64_MAX)
		return 0;
	db_put_u64(&q, month);
	db_put_u64(&q, from);
	while ((r = db_next(&q)) == 1) {
		r = row_read(&q, &row);
		if (r == 0 && is_any && row.account != account.account) {
			is_any = false;
			r = fn(arg, &account);
		}
		if (r == 0 && !is_any) {
			is_any = true;
			r = account_begin(&account, &row);
		}
		if (r != 0)
			return r;
		account_take(&account, &row);
	}
	return r == 0 && is_any ? fn(arg, &account) : r;
}
