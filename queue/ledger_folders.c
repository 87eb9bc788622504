/*
 * ledger_folders.c - the numbers of the folders of remote mailboxes
 *
 * A POP3 mailbox is one; an IMAP account has many, each with UIDs of its own.
 * All the rest of the ledger knows numbers only: that of the fetch account, or
 * one from here, above all of those.  Names come from servers: they are data.
 */
#include <errno.h>

#include "queue/ledger_inside.h"

/* Fetch accounts are counted from 1 by the keeper: none comes near. */
#define FOLDER_FIRST	(INT64_C(1) << 40)

/* 1 and the number, 0: it has none, or -errno. */
static int
find(struct ledger *ledger, uint64_t account, struct slice name,
    uint64_t *number_out)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_FOLDER);
	int r;

	db_put_u64(&query, account);
	db_put_blob(&query, name);
	r = db_next(&query);
	if (r <= 0)
		return r;
	*number_out = db_u64(&query, FOLDER_FIRST, INT64_MAX);
	r = db_row(&query);
	return r < 0 ? r : 1;
}

/* The number of the next one; -EDQUOT: the account has enough. */
static int
next_number(struct ledger *ledger, uint64_t account, int64_t *number_out)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_FOLDERS);
	int64_t count, last;
	int r;

	db_put_u64(&query, account);
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	count = db_i64(&query, 0, INT64_MAX);
	last = db_i64(&query, 0, INT64_MAX - 1);
	r = db_row(&query);
	if (r < 0)
		return r;
	if (count >= LEDGER_FOLDERS_MOST)
		return -EDQUOT;
	*number_out = last < FOLDER_FIRST ? FOLDER_FIRST : last + 1;
	return 0;
}

static int
give(struct ledger *ledger, uint64_t account, struct slice name,
    int64_t number)
{
	struct db_query query = db_ask(ledger->db, LEDGER_FOLDER_NEW);

	db_put_i64(&query, number);
	db_put_u64(&query, account);
	db_put_blob(&query, name);
	return db_run(&query);
}

int
ledger_folder_give(struct ledger *ledger, uint64_t account, struct slice name,
    uint64_t *number_out)
{
	int64_t number;
	int r;

	if (name.len == 0 || name.len > FETCHED_FOLDER_MOST)
		return -EINVAL;
	r = find(ledger, account, name, number_out);
	if (r != 0)
		return r < 0 ? r : 0;
	r = next_number(ledger, account, &number);
	if (r == 0)
		r = db_begin(ledger->db);
	if (r < 0)
		return r;
	r = ledger_finish(ledger, give(ledger, account, name, number), false);
	if (r == 0)
		*number_out = (uint64_t)number;
	return r;
}

int
ledger_folder(struct ledger *ledger, uint64_t account, struct slice name,
    uint64_t *number_out)
{
	struct ledger_owned owned, of_folder;
	int r = ledger_owner(ledger, account, &owned);

	if (r == 0 && owned.owner == 0)
		r = -ESRCH;
	if (r == 0)
		r = ledger_folder_give(ledger, account, name, number_out);
	if (r == 0)
		r = ledger_owner(ledger, *number_out, &of_folder);
	if (r < 0 || (of_folder.owner == owned.owner &&
	    of_folder.is_domain == owned.is_domain))
		return r;
	owned.account = *number_out;
	return ledger_own(ledger, &owned);
}

int
ledger_folder_family(struct ledger *ledger, uint64_t number,
    uint64_t *account_out)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_FOLDER_NAME);
	int r;

	*account_out = 0;
	if (number < FOLDER_FIRST)
		return 0;
	db_put_u64(&query, number);
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	*account_out = db_u64(&query, 1, INT64_MAX);
	(void)db_blob(&query, 1, FETCHED_FOLDER_MOST);
	return db_row(&query);
}

int
ledger_taken_folder(struct ledger *ledger, const struct ledger_taken *taken,
    struct arena *arena, struct slice *name_out)
{
	DB_QUERY_AUTO query = db_ask(ledger->db, LEDGER_FOLDER_NAME);
	struct slice name;
	int r;

	*name_out = slice_of(NULL, 0);
	if (taken->account < FOLDER_FIRST)
		return 0;
	db_put_u64(&query, taken->account);
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	(void)db_u64(&query, 1, INT64_MAX);
	name = db_blob(&query, 1, FETCHED_FOLDER_MOST);
	r = db_row(&query);
	return r < 0 ? r : arena_copy(arena, name, name_out);
}
