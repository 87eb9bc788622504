/*
 * rows_big.c - queue.db: who refers to which big file
 */
#include "queue/rows_inside.h"

#include <errno.h>

static int
put_ref(struct rows *rows, const struct message_id *big, uint64_t account)
{
	struct db_query query = db_ask(rows->db, ROWS_BIG_REF);

	db_put_blob(&query, rows_id(big));
	db_put_u64(&query, account);
	return db_run(&query);
}

int
rows_big_ref(struct rows *rows, const struct message_id *big,
    const uint64_t *accounts, size_t count)
{
	int r = db_begin(rows->db);

	if (r == 0)
		r = rows_run_id(rows, ROWS_BIG_WANTED, big);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = put_ref(rows, big, accounts[i]);
	return rows_finish(rows, r, false);
}

int
rows_big_save(struct rows *rows, const struct message_id *big,
    uint64_t account)
{
	int r = db_begin(rows->db);

	if (r == 0)
		r = rows_run_id(rows, ROWS_BIG_WANTED, big);
	if (r == 0)
		r = put_ref(rows, big, account);
	return rows_finish(rows, r, true);
}

static int
put_dropped(struct rows *rows, const struct message_id *big,
    int64_t now_utc_ms)
{
	struct db_query query = db_ask(rows->db, ROWS_BIG_DROPPED);

	db_put_blob(&query, rows_id(big));
	db_put_i64(&query, now_utc_ms);
	return db_run(&query);
}

int
rows_big_unref(struct rows *rows, const struct message_id *big,
    uint64_t account, int64_t now_utc_ms, bool *last_out)
{
	struct db_query query;
	bool last = false;
	int r = db_begin(rows->db);

	if (r < 0)
		return r;
	query = db_ask(rows->db, ROWS_BIG_UNREF);
	db_put_blob(&query, rows_id(big));
	db_put_u64(&query, account);
	r = db_run(&query);
	if (r == 0)
		r = rows_find_id(rows, ROWS_BIG_IS, big);
	if (r == -ENOENT) {
		last = true;
		r = put_dropped(rows, big, now_utc_ms);
	}
	r = rows_finish(rows, r, false);
	if (r == 0)
		*last_out = last;
	return r;
}

int
rows_big_is_known(struct rows *rows, const struct message_id *big)
{
	return rows_find_id(rows, ROWS_BIG_IS, big);
}

int
rows_big_has(struct rows *rows, const struct message_id *big,
    uint64_t account)
{
	return rows_find_id_of(rows, ROWS_BIG_HAS, big, account);
}

int
rows_big_due(struct rows *rows, int64_t before_utc_ms, rows_big_fn *fn,
    void *arg)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_BIG_DUE);
	int r;

	db_put_i64(&query, before_utc_ms);
	while ((r = db_next(&query)) == 1) {
		struct message_id big = rows_id_column(&query);

		r = db_row(&query);
		if (r == 0)
			r = fn(arg, &big);
		if (r != 0)
			return r;
	}
	return r;
}

int
rows_big_is_due(struct rows *rows, const struct message_id *big)
{
	return rows_find_id(rows, ROWS_BIG_IS_DUE, big);
}

int
rows_big_gone(struct rows *rows, const struct message_id *big)
{
	int r = db_begin(rows->db);

	if (r == 0)
		r = rows_run_id(rows, ROWS_BIG_WANTED, big);
	return rows_finish(rows, r, false);
}
