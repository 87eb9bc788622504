/*
 * list.c - the entries of an account, as people are shown them
 */
#include <errno.h>

#include "store/account_inside.h"
#include "store/index_inside.h"

static int
read_listed(struct db_query *q, struct listed_letter *listed)
{
	struct slice id;

	listed->place = db_u64(q, 0, INT64_MAX);
	listed->uid = INDEX_UID(listed->place);
	listed->flags = (uint8_t)db_u64(q, 0, LETTER_FLAGS);
	listed->keywords = db_blob(q, 0, KEYWORDS_MOST);
	listed->mailbox = db_blob(q, 1, FOLDER_MAX_BYTES);
	listed->uidvalidity = (uint32_t)db_u64(q, 0, UINT32_MAX);
	listed->received_at_utc_ms = db_i64(q, INT64_MIN, INT64_MAX);
	listed->bytes = db_u64(q, 0, INT64_MAX);
	id = db_blob(q, MESSAGE_ID_BYTES, MESSAGE_ID_BYTES);
	listed->id = index_message_id(id);
	return db_row(q);
}

int
account_list(struct account *account, uint64_t place, unsigned most,
    account_listed_fn *fn, void *arg)
{
	DB_QUERY_AUTO q = db_ask(account->index->db, SQL_LISTED);
	int r;

	if (account->failed)
		return -EIO;
	db_put_u64(&q, place > INT64_MAX ? INT64_MAX : place);
	db_put_u64(&q, most);
	while ((r = db_next(&q)) > 0) {
		struct listed_letter listed;

		r = read_listed(&q, &listed);
		if (r == 0)
			r = fn(arg, &listed);
		if (r != 0)
			return r;
	}
	return r;
}
