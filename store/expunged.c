/*
 * expunged.c - the queue is told what a person has deleted here
 *
 * A row is written with the deletion, in its FULL commit, and goes once the
 * queue has answered: a crash in between tells it twice, which changes nothing.
 */
#include "store/account_inside.h"
#include "store/index_inside.h"

int
index_expunged_forget(struct index *index, const struct message_id *id)
{
	struct db_query q = db_ask(index->db, SQL_EXPUNGED_DELETE);

	db_put_blob(&q, slice_of(id->bytes, MESSAGE_ID_BYTES));
	return db_run(&q);
}

static int
list_expunged(struct index *index, struct message_id *ids, size_t most,
    size_t *count_out)
{
	struct db_query q;
	size_t count = 0;
	int r;

	*count_out = 0;
	if (!index->has_expunged)
		return 0;
	q = db_ask(index->db, SQL_EXPUNGED);
	db_put_u64(&q, most);
	while ((r = db_next(&q)) > 0) {
		ids[count++] = index_message_id(db_blob(&q, MESSAGE_ID_BYTES,
		    MESSAGE_ID_BYTES));
		r = db_row(&q);
		if (r < 0)
			break;
	}
	db_end(&q);
	if (r < 0)
		return r;
	index->has_expunged = count > 0;
	*count_out = count;
	return 0;
}

static int
forget_all(struct index *index, const struct message_id *ids,
    size_t count)
{
	int r = db_begin(index->db);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = index_expunged_forget(index, &ids[i]);
	return r;
}

int
account_expunged(struct account *account, struct message_id *ids, size_t most,
    size_t *count_out)
{
	/* nobody is told what could still be undone */
	int r = account_commit_open(account);

	return r < 0 ? r : list_expunged(account->index, ids, most,
	    count_out);
}

int
account_expunged_told(struct account *account, const struct message_id *ids,
    size_t count)
{
	int r = account_commit_open(account);

	if (r < 0)
		return r;
	r = forget_all(account->index, ids, count);
	return r < 0 ? account_undo(account, r) :
	    account_commit_open(account);
}
