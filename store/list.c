/*
 * list.c - mailboxes and entries of an account, as people are shown them
 */
#include <errno.h>

#include "store/account_inside.h"
#include "store/index_inside.h"
#include "store/mailboxes.h"

static int
read_listed(struct db_query *q, struct listed_letter *listed)
{
	struct slice id;

	listed->place = db_u64(q, 0, INT64_MAX);
	listed->uid = INDEX_UID(listed->place);
	listed->flags = (uint8_t)db_u64(q, 0, LETTER_ALL_FLAGS);
	listed->keywords = db_blob(q, 0, KEYWORDS_MOST);
	listed->mailbox = db_blob(q, 1, FOLDER_MAX_BYTES);
	listed->uidvalidity = (uint32_t)db_u64(q, 0, UINT32_MAX);
	listed->received_at_utc_ms = db_i64(q, INT64_MIN, INT64_MAX);
	listed->bytes = db_u64(q, 0, INT64_MAX);
	id = db_blob(q, MESSAGE_ID_BYTES, MESSAGE_ID_BYTES);
	listed->id = index_message_id(id);
	return db_row(q);
}

/* The entries above `place` that are asked for: `*last_out` is the last. */
static int
choose_entries(struct account *account, struct slice folder, uint64_t *place,
    uint64_t *last_out)
{
	uint32_t mailbox;
	int r;

	*last_out = INT64_MAX;
	if (*place > INT64_MAX)
		*place = INT64_MAX;
	if (folder.len == 0)
		return 0;
	r = mailboxes_find(account->index, folder, &mailbox);
	if (r < 0)
		return r;
	if (*place < ENTRY_FIRST(mailbox))
		*place = ENTRY_FIRST(mailbox);
	*last_out = ENTRY_LAST(mailbox);
	return 0;
}

int
account_list(struct account *account, struct slice folder, uint64_t place,
    unsigned most, account_listed_fn *fn, void *arg)
{
	struct db_query q;
	uint64_t last;
	int r = account->failed ? -EIO :
	    choose_entries(account, folder, &place, &last);

	if (r < 0)
		return r;
	q = db_ask(account->index->db, SQL_LISTED);
	db_put_u64(&q, place);
	db_put_u64(&q, last);
	db_put_u64(&q, most);
	while ((r = db_next(&q)) > 0) {
		struct listed_letter listed;

		r = read_listed(&q, &listed);
		if (r == 0)
			r = fn(arg, &listed);
		if (r != 0)
			break;
	}
	db_end(&q);
	return r;
}

static int
read_folder(struct db_query *q, struct listed_folder *folder)
{
	folder->mailbox = (uint32_t)db_u64(q, 1, MAILBOX_MOST);
	folder->name = db_blob(q, 1, FOLDER_MAX_BYTES);
	folder->uidvalidity = (uint32_t)db_u64(q, 0, UINT32_MAX);
	folder->letters = db_u64(q, 0, INT64_MAX);
	folder->bytes = db_u64(q, 0, INT64_MAX);
	return db_row(q);
}

int
account_folders(struct account *account, uint32_t above, unsigned most,
    account_folder_fn *fn, void *arg)
{
	DB_QUERY_AUTO q = db_ask(account->index->db, SQL_FOLDERS);
	int r;

	if (account->failed)
		return -EIO;
	db_put_u64(&q, above);
	db_put_u64(&q, most);
	while ((r = db_next(&q)) > 0) {
		struct listed_folder folder;

		r = read_folder(&q, &folder);
		if (r == 0)
			r = fn(arg, &folder);
		if (r != 0)
			return r;
	}
	return r;
}
