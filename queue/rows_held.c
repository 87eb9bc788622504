/*
 * rows_held.c - queue.db: each person's share of what is held
 */
#include "queue/rows_held.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "queue/rows_inside.h"

int
rows_held_account(struct rows *rows, uint64_t above, uint64_t *account_out)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_HELD_ACCOUNT);
	uint64_t account;
	int r;

	db_put_u64(&query, above);
	r = db_next(&query);
	if (r <= 0)
		return r == 0 ? -ENOENT : r;
	account = db_u64(&query, 0, INT64_MAX);
	r = db_row(&query);
	if (r == 0)
		*account_out = account;
	return r;
}

int
rows_held_untold(struct rows *rows, uint64_t account, rows_kept_fn *fn,
    void *arg)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_HELD_UNTOLD);

	db_put_u64(&query, account);
	return rows_tell_messages(rows, &query, fn, arg);
}

int
rows_held_of(struct rows *rows, uint64_t account,
    const struct message_id *below, rows_kept_fn *fn, void *arg)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_HELD_OF);
	struct message_id last;		/* no message's */

	memset(last.bytes, 0xff, sizeof(last.bytes));
	db_put_blob(&query, rows_id(below == NULL ? &last : below));
	db_put_u64(&query, account);
	return rows_tell_messages(rows, &query, fn, arg);
}

static int
put_told(struct rows *rows, uint64_t account, const struct message_id *id,
    int64_t told_utc_ms)
{
	struct db_query query = db_ask(rows->db, ROWS_HELD_TOLD);

	db_put_i64(&query, told_utc_ms);
	db_put_blob(&query, rows_id(id));
	db_put_u64(&query, account);
	return db_run(&query);
}

int
rows_held_told(struct rows *rows, uint64_t account,
    const struct message_id *ids, size_t count, int64_t told_utc_ms)
{
	int r = rows_begin(rows);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = put_told(rows, account, &ids[i], told_utc_ms);
	return rows_finish(rows, r, true);
}

static int
release_share(struct rows *rows, const struct message_id *id,
    uint64_t account, enum rows_state state)
{
	struct db_query query = db_ask(rows->db, account == ROWS_HELD_ALL ?
	    ROWS_HELD_RELEASE_ALL : ROWS_HELD_RELEASE);
	int r;

	db_put_u64(&query, state);
	db_put_blob(&query, rows_id(id));
	if (account != ROWS_HELD_ALL)
		db_put_u64(&query, account);
	r = db_run(&query);
	return r == 0 && db_changed(rows->db) == 0 ? -ENOENT : r;
}

/* Nobody's share is held any more: the message only waits. */
static int
end_hold(struct rows *rows, const struct message_id *id, struct slice reason,
    uint64_t position)
{
	struct db_query query = db_ask(rows->db, ROWS_HOLD);
	int r;

	db_put_i64(&query, ROWS_WAITING);
	db_put_blob(&query, slice_first(reason, ROWS_REASON_BYTES));
	db_put_blob(&query, rows_id(id));
	r = db_run(&query);
	return r == 0 ? rows_put_ended(rows, id, position) : r;
}

int
rows_held_release(struct rows *rows, const struct message_id *id,
    uint64_t account, enum rows_state state, struct slice reason,
    uint64_t position)
{
	int r = rows_begin(rows);

	if (r == 0)
		r = release_share(rows, id, account, state);
	if (r == 0) {
		r = rows_find_id(rows, ROWS_HELD_IS, id);
		if (r == -ENOENT)
			r = end_hold(rows, id, reason, position);
	}
	return rows_finish(rows, r, true);
}

/* 0, or -ENOENT: there is none yet. */
static int
read_key(struct rows *rows, unsigned char key_out[ROWS_KEY_BYTES])
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_HELD_KEY);
	struct slice key;
	int r = db_next(&query);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	key = db_blob(&query, 0, ROWS_KEY_BYTES);
	r = db_row(&query);
	if (r < 0)
		return r;
	if (key.len != ROWS_KEY_BYTES)
		return -ENOENT;
	memcpy(key_out, key.at, ROWS_KEY_BYTES);
	return 0;
}

int
rows_held_key(struct rows *rows, unsigned char key_out[ROWS_KEY_BYTES])
{
	struct db_query query;
	int r = read_key(rows, key_out);

	if (r != -ENOENT)
		return r;
	if (getrandom(key_out, ROWS_KEY_BYTES, 0) != ROWS_KEY_BYTES)
		return -EIO;
	r = rows_begin(rows);
	if (r < 0)
		return r;
	query = db_ask(rows->db, ROWS_HELD_KEY_SET);
	db_put_blob(&query, slice_of(key_out, ROWS_KEY_BYTES));
	return rows_finish(rows, db_run(&query), true);
}
