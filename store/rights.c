/*
 * rights.c - who else may do what in a mailbox: its rows and its letters
 */
#include "store/rights.h"

#include <errno.h>

#include "lib/base/text.h"
#include "store/account_inside.h"
#include "store/folders.h"
#include "store/index_inside.h"

/* RFC 4314 2.1, in the order in which they are told. */
static const char letters[] = "lrswipkxtea";

/* RFC 4314 2.1.1: what the old letters c and d stand for. */
#define VIRTUAL_C	(RIGHT_CREATE | RIGHT_DELETE)
#define VIRTUAL_D	(RIGHT_MARK | RIGHT_EXPUNGE)

void
rights_add(struct text *text, unsigned rights, bool with_virtual)
{
	for (unsigned i = 0; letters[i] != '\0'; i++) {
		if (letters[i] == 'a' && with_virtual) {
			if (rights & VIRTUAL_C)
				text_add_byte(text, 'c');
			if (rights & VIRTUAL_D)
				text_add_byte(text, 'd');
		}
		if (rights & (1u << i))
			text_add_byte(text, letters[i]);
	}
}

int
rights_read(struct slice given, unsigned *rights_out)
{
	unsigned rights = 0;

	for (size_t n = 0; n < given.len; n++) {
		size_t i = slice_find(slice_str(letters), given.at[n]);

		if (i != SIZE_MAX)
			rights |= 1u << i;
		else if (given.at[n] == 'c')
			rights |= VIRTUAL_C;
		else if (given.at[n] == 'd')
			rights |= VIRTUAL_D;
		else
			return -EINVAL;
	}
	*rights_out = rights;
	return 0;
}

int
rights_change(struct slice word, unsigned before, unsigned *rights_out)
{
	char sign = word.len > 0 ? word.at[0] : '\0';
	unsigned rights;
	int r;

	if (sign == '+' || sign == '-')
		word = slice_after(word, 1);
	r = rights_read(word, &rights);
	if (r == 0)
		*rights_out = sign == '+' ? before | rights :
		    sign == '-' ? before & ~rights : rights;
	return r;
}

/* The next columns: who, negative, rights, name.  0 or -EUCLEAN. */
static int
read_row(struct db_query *q, struct right *right)
{
	right->who = db_u64(q, 0, INT64_MAX);
	right->is_negative = db_u64(q, 0, 1) != 0;
	right->rights = (unsigned)db_u64(q, 1, RIGHTS_ALL);
	right->name = db_blob(q, 1, RIGHTS_WHO_BYTES);
	return db_row(q);
}

int
rights_each(struct account *account, uint32_t mailbox, right_fn *fn, void *arg)
{
	struct right	right;
	struct db_query q;
	int		r;

	if (account->failed)
		return -EIO;
	q = db_ask(account->index->db, SQL_RIGHTS);
	db_put_u64(&q, mailbox);
	while ((r = db_next(&q)) > 0) {
		r = read_row(&q, &right);
		if (r == 0)
			r = fn(arg, &right);
		if (r != 0)
			break;
	}
	db_end(&q);
	return r;
}

struct sum {
	uint64_t	who;
	bool		only_one;	/* this row, not what comes of all */
	bool		is_negative;
	unsigned	granted, taken;
	unsigned	count;
};

static int
add_row(void *arg, const struct right *right)
{
	struct sum *sum = arg;

	sum->count++;
	if (right->who != sum->who &&
	    (sum->only_one || right->who != RIGHTS_ANYONE))
		return 0;
	if (right->is_negative)
		sum->taken |= right->rights;
	else
		sum->granted |= right->rights;
	return 0;
}

int
rights_row(struct account *account, uint32_t mailbox, uint64_t who,
    bool is_negative, unsigned *rights_out)
{
	struct sum sum = { .who = who, .only_one = true };
	int r = rights_each(account, mailbox, add_row, &sum);

	if (r == 0)
		*rights_out = is_negative ? sum.taken : sum.granted;
	return r;
}

int
rights_of(struct account *account, uint32_t mailbox, uint64_t who,
    unsigned *rights_out)
{
	struct sum sum = { .who = who };
	int r = rights_each(account, mailbox, add_row, &sum);

	if (r == 0)
		*rights_out = sum.granted & ~sum.taken;
	return r;
}

static int
set(struct index *index, uint32_t mailbox, const struct right *right)
{
	struct db_query q = db_ask(index->db, right->rights == 0 ?
	    SQL_RIGHTS_REMOVE : SQL_RIGHTS_SET);

	db_put_u64(&q, mailbox);
	db_put_u64(&q, right->who);
	db_put_u64(&q, right->is_negative);
	if (right->rights != 0) {
		db_put_u64(&q, right->rights);
		db_put_blob(&q, right->name);
	}
	return db_run(&q);
}

/* One more row, if it is one. */
static int
judge(struct account *account, uint32_t mailbox, const struct right *right)
{
	struct sum sum = { .who = right->who, .only_one = true };
	unsigned before;
	int r;

	if ((right->rights & ~RIGHTS_ALL) != 0 || right->who > INT64_MAX ||
	    right->name.len == 0 || right->name.len > RIGHTS_WHO_BYTES)
		return -EINVAL;
	if (index_mailbox(account->index, mailbox) == NULL)
		return -ENOENT;
	r = rights_each(account, mailbox, add_row, &sum);
	before = right->is_negative ? sum.taken : sum.granted;
	if (r == 0 && right->rights != 0 && before == 0 &&
	    sum.count >= RIGHTS_MOST)
		r = -EDQUOT;
	return r;
}

int
rights_set(struct account *account, uint32_t mailbox,
    const struct right *right)
{
	int r = account_commit_open(account);

	if (r == 0)
		r = judge(account, mailbox, right);
	if (r == 0)
		r = db_begin(account->index->db);
	if (r < 0)
		return r;
	r = set(account->index, mailbox, right);
	if (r < 0)
		return account_undo(account, r);
	account->index->has_share_news = true;
	return account_commit_full(account);
}

int
rights_copy(struct account *account, uint32_t from, uint32_t to)
{
	struct db_query q;
	int r = account_commit_open(account);

	if (r == 0)
		r = db_begin(account->index->db);
	if (r < 0)
		return r;
	q = db_ask(account->index->db, SQL_RIGHTS_COPY);
	db_put_u64(&q, to);
	db_put_u64(&q, from);
	r = db_run(&q);
	if (r < 0)
		return account_undo(account, r);
	account->index->has_share_news = true;
	return account_commit_full(account);
}

int
rights_shared_each(struct account *account, right_shared_fn *fn, void *arg)
{
	struct right	right;
	struct slice	name;
	struct db_query q;
	int		r;

	if (account->failed)
		return -EIO;
	q = db_ask(account->index->db, SQL_RIGHTS_SHARED);
	while ((r = db_next(&q)) > 0) {
		name = db_blob(&q, 1, FOLDER_MAX_BYTES);
		r = read_row(&q, &right);
		if (r == 0)
			r = fn(arg, name, &right);
		if (r != 0)
			break;
	}
	db_end(&q);
	return r;
}

bool
rights_changed(struct account *account)
{
	bool has = account->index->has_share_news;

	account->index->has_share_news = false;
	return has;
}

int
rights_inherit(struct index *index, uint32_t mailbox, struct slice name)
{
	size_t end = slice_find_last(name, FOLDER_SEPARATOR);
	struct db_query q;
	int r;

	if (end == SIZE_MAX)
		return 0;
	q = db_ask(index->db, SQL_RIGHTS_INHERIT);
	db_put_u64(&q, mailbox);
	db_put_blob(&q, slice_first(name, end));
	r = db_run(&q);
	if (r == 0 && db_changed(index->db) > 0)
		index->has_share_news = true;
	return r;
}

int
rights_end(struct index *index, uint32_t mailbox)
{
	int r = index_run_1(index, SQL_RIGHTS_END, mailbox);

	if (r == 0 && db_changed(index->db) > 0)
		index->has_share_news = true;
	return r;
}
