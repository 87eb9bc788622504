/*
 * rows_bodies.c - queue.db: which signed messages can still be read back
 */
#include "queue/rows_bodies.h"

#include <errno.h>

#include "queue/rows_inside.h"

static int
put(struct rows *rows, const struct rows_body *body)
{
	struct db_query query = db_ask(rows->db, ROWS_BODY_ADD);

	db_put_blob(&query, rows_id(&body->id));
	db_put_u64(&query, body->position);
	db_put_u64(&query, body->bytes);
	db_put_u64(&query, body->header);
	return db_run(&query);
}

int
rows_body_add(struct rows *rows, const struct rows_body *bodies, size_t count)
{
	int r = db_begin(rows->db);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = put(rows, &bodies[i]);
	return rows_finish(rows, r, false);
}

int
rows_body_drop(struct rows *rows, const struct message_id *id)
{
	int r = db_begin(rows->db);

	if (r == 0)
		r = rows_run_id(rows, ROWS_BODY_DROP, id);
	return rows_finish(rows, r, false);
}

int
rows_body_prune(struct rows *rows, const struct message_id *oldest,
    uint64_t position)
{
	struct db_query query;
	int r = db_begin(rows->db);

	if (r < 0)
		return r;
	query = db_ask(rows->db, ROWS_BODY_PRUNE);
	db_put_blob(&query, rows_id(oldest));
	db_put_u64(&query, position);
	return rows_finish(rows, db_run(&query), false);
}

int
rows_body_any(struct rows *rows, uint64_t from, uint64_t to)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_BODY_ANY);
	int r;

	db_put_u64(&query, from);
	db_put_u64(&query, to);
	r = db_next(&query);
	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int
rows_body_each(struct rows *rows, uint64_t from, uint64_t to, uint64_t body,
    rows_body_fn *fn, void *arg)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_BODIES);
	int r;

	db_put_u64(&query, from);
	db_put_u64(&query, to);
	db_put_u64(&query, body);
	while ((r = db_next(&query)) == 1) {
		struct rows_body one;

		one.id = rows_id_column(&query);
		one.position = db_u64(&query, 0, INT64_MAX);
		one.bytes = db_u64(&query, 0, INT64_MAX);
		one.header = db_u64(&query, 0, INT64_MAX);
		r = db_row(&query);
		if (r == 0)
			r = fn(arg, &one);
		if (r != 0)
			return r;
	}
	return r;
}
