/*
 * metadata.c - what mail programs note of mailboxes and of the account
 *
 * A row for each entry.  They are deleted with the row of their mailbox
 * (folders_change.c), in the same commit.
 */
#include "store/metadata.h"

#include <errno.h>

#include "store/account_inside.h"
#include "store/index_inside.h"

static bool
is_there(const struct account *account, uint32_t mailbox)
{
	return mailbox == 0 || index_mailbox(account->index, mailbox) != NULL;
}

static int
change_one(struct index *index, uint32_t mailbox,
    const struct metadata_change *change)
{
	DB_QUERY_AUTO	q = db_ask(index->db, change->removes ?
			    SQL_METADATA_REMOVE : SQL_METADATA_SET);

	if (change->name.len > METADATA_NAME_MOST ||
	    (!change->removes && change->value.len > METADATA_VALUE_MOST))
		return -EMSGSIZE;
	db_put_u64(&q, mailbox);
	db_put_blob(&q, change->name);
	if (!change->removes)
		db_put_blob(&q, change->value);
	return db_run(&q);
}

/* Is there more now than there may be? */
static int
judge_size(struct index *index, uint32_t mailbox)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_METADATA_SIZE);
	uint64_t	entries, bytes;
	int		r;

	db_put_u64(&q, mailbox);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	entries = db_u64(&q, 0, INT64_MAX);
	bytes = db_u64(&q, 0, INT64_MAX);
	r = db_row(&q);
	if (r < 0)
		return r;
	return entries > METADATA_ENTRIES_MOST ||
	    bytes > METADATA_BYTES_MOST ? -EDQUOT : 0;
}

int
metadata_set(struct account *account, uint32_t mailbox,
    const struct metadata_change *changes, size_t count)
{
	struct index *index = account->index;
	bool adds = false;
	int r = account_commit_open(account);

	if (r == 0 && !is_there(account, mailbox))
		return -ENOENT;
	if (r == 0)
		r = db_begin(index->db);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = change_one(index, mailbox, &changes[i]);
		adds = adds || !changes[i].removes;
	}
	/* what is too much already may still become less */
	if (r == 0 && adds)
		r = judge_size(index, mailbox);
	return r < 0 ? account_undo(account, r) :
	    account_commit_full(account);
}

int
metadata_each(struct account *account, uint32_t mailbox, metadata_fn *fn,
    void *arg)
{
	DB_QUERY_AUTO	q = db_ask(account->index->db, SQL_METADATA);
	struct slice	name, value;
	int		r;

	if (!is_there(account, mailbox))
		return -ENOENT;
	db_put_u64(&q, mailbox);
	while ((r = db_next(&q)) > 0) {
		name = db_blob(&q, 1, METADATA_NAME_MOST);
		value = db_blob(&q, 0, METADATA_VALUE_MOST);
		r = db_row(&q);
		if (r == 0)
			r = fn(arg, name, value);
		if (r != 0)
			return r;
	}
	return r;
}
