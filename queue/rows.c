/*
 * rows.c - queue.db: opened, and how far each account is settled
 */
#include "queue/rows_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
rows_begin(struct rows *rows)
{
	int r = rows_outbound_write(rows);

	return r < 0 ? r : db_begin(rows->db);
}

int
rows_finish(struct rows *rows, int r, bool full)
{
	if (r == 0)
		r = db_commit(rows->db, full || db_log_is_long(rows->db));
	if (r < 0)
		db_rollback(rows->db);
	return r;
}

struct slice
rows_id(const struct message_id *id)
{
	return slice_of(id->bytes, MESSAGE_ID_BYTES);
}

struct message_id
rows_id_column(struct db_query *query)
{
	struct slice s = db_blob(query, MESSAGE_ID_BYTES, MESSAGE_ID_BYTES);
	struct message_id id = { { 0 } };

	if (s.len == MESSAGE_ID_BYTES)
		memcpy(id.bytes, s.at, MESSAGE_ID_BYTES);
	return id;
}

int
rows_run_id(struct rows *rows, enum rows_statement number,
    const struct message_id *id)
{
	struct db_query query = db_ask(rows->db, number);

	db_put_blob(&query, rows_id(id));
	return db_run(&query);
}

int
rows_find_id(struct rows *rows, enum rows_statement number,
    const struct message_id *id)
{
	DB_QUERY_AUTO query = db_ask(rows->db, number);
	int r;

	db_put_blob(&query, rows_id(id));
	r = db_next(&query);
	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

int
rows_find_id_of(struct rows *rows, enum rows_statement number,
    const struct message_id *id, uint64_t n)
{
	DB_QUERY_AUTO query = db_ask(rows->db, number);
	int r;

	db_put_blob(&query, rows_id(id));
	db_put_u64(&query, n);
	r = db_next(&query);
	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

/* Opening */

static int
read_hub(struct rows *rows, const unsigned char hub_id[ROWS_HUB_BYTES])
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_HUB);
	struct slice hub;
	int r = db_next(&query);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	hub = db_blob(&query, ROWS_HUB_BYTES, ROWS_HUB_BYTES);
	r = db_row(&query);
	if (r < 0)
		return r;
	return slice_is(hub, slice_of(hub_id, ROWS_HUB_BYTES)) ? 0 : -EXDEV;
}

static int
write_hub(struct rows *rows, const unsigned char hub_id[ROWS_HUB_BYTES])
{
	struct db_query query;
	int r = db_begin(rows->db);

	if (r < 0)
		return r;
	query = db_ask(rows->db, ROWS_HUB_SET);
	db_put_blob(&query, slice_of(hub_id, ROWS_HUB_BYTES));
	return rows_finish(rows, db_run(&query), true);
}

int
rows_open(int folder_fd, const unsigned char hub_id[ROWS_HUB_BYTES],
    struct rows **rows_out, unsigned *needs_out)
{
	struct rows *rows = calloc(1, sizeof(*rows));
	int r;

	if (rows == NULL)
		return -ENOMEM;
	TAILQ_INIT(&rows->done);
	r = db_open(folder_fd, "queue.db", &rows_format, false, &rows->db,
	    needs_out);
	if (r < 0) {
		free(rows);
		return r;
	}
	r = read_hub(rows, hub_id);
	if (r == -ENOENT)
		r = write_hub(rows, hub_id);
	if (r < 0) {
		db_close(rows->db);
		free(rows);
		return r;
	}
	*rows_out = rows;
	return 0;
}

int
rows_open_reading(int folder_fd, struct rows **rows_out, unsigned *needs_out)
{
	struct rows *rows = calloc(1, sizeof(*rows));
	int r;

	if (rows == NULL)
		return -ENOMEM;
	TAILQ_INIT(&rows->done);
	rows->only_reading = true;
	r = db_open(folder_fd, "queue.db", &rows_format, true, &rows->db,
	    needs_out);
	if (r < 0) {
		free(rows);
		return r;
	}
	*rows_out = rows;
	return 0;
}

void
rows_close(struct rows *rows)
{
	if (rows == NULL)
		return;
	if (!rows->only_reading)
		(void)rows_sync(rows);	/* what is lost here is replayed */
	rows_unwritten_free(rows);
	db_close(rows->db);
	free(rows);
}

int
rows_sync(struct rows *rows)
{
	return rows_finish(rows, rows_begin(rows), true);
}

int
rows_log_fd(struct rows *rows)
{
	return db_log_fd(rows->db);
}

int
rows_synced(struct rows *rows, int status)
{
	return db_log_synced(rows->db, status);
}

/* Settled */

int
rows_settled_set(struct rows *rows, uint64_t account, uint64_t position)
{
	struct db_query query;
	int r = db_begin(rows->db);

	if (r < 0)
		return r;
	query = db_ask(rows->db, ROWS_SETTLED_SET);
	db_put_u64(&query, account);
	db_put_u64(&query, position);
	return rows_finish(rows, db_run(&query), false);
}

int
rows_settled(struct rows *rows, uint64_t account, uint64_t *position_out)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_SETTLED_ONE);
	uint64_t position;
	int r;

	db_put_u64(&query, account);
	r = db_next(&query);
	if (r < 0)
		return r;
	position = db_u64(&query, 0, INT64_MAX);
	r = db_row(&query);
	if (r == 0)
		*position_out = position;
	return r;
}

int
rows_settled_lower(struct rows *rows, uint64_t account, uint64_t position)
{
	struct db_query query;
	int r = db_begin(rows->db);

	if (r < 0)
		return r;
	query = db_ask(rows->db, ROWS_SETTLED_LOWER);
	db_put_u64(&query, position);
	db_put_u64(&query, account);
	return rows_finish(rows, db_run(&query), true);
}

int
rows_settled_each(struct rows *rows, rows_settled_fn *fn, void *arg)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_SETTLED);
	int r;

	while ((r = db_next(&query)) == 1) {
		uint64_t account = db_u64(&query, 0, INT64_MAX);
		uint64_t position = db_u64(&query, 0, INT64_MAX);

		r = db_row(&query);
		if (r == 0)
			r = fn(arg, account, position);
		if (r != 0)
			return r;
	}
	return r;
}

int
rows_settled_below_set(struct rows *rows, uint64_t position)
{
	/* no record below it is replayed: that is what ends are noted for */
	static const enum rows_statement all[] = {
		ROWS_BELOW_SET, ROWS_ENDED_PRUNE, ROWS_OUTBOUND_TAKEN_PRUNE
	};
	int r = rows_begin(rows);

	for (size_t i = 0; r == 0 && i < sizeof(all) / sizeof(*all); i++) {
		struct db_query query = db_ask(rows->db, all[i]);

		db_put_u64(&query, position);
		r = db_run(&query);
	}
	return rows_finish(rows, r, false);
}

/* The position that is all the row of statement `number`. */
static int
read_position(struct rows *rows, enum rows_statement number,
    uint64_t *position_out)
{
	DB_QUERY_AUTO query = db_ask(rows->db, number);
	uint64_t position;
	int r = db_next(&query);

	if (r < 0)
		return r;
	position = db_u64(&query, 0, INT64_MAX);
	r = db_row(&query);
	if (r == 0)
		*position_out = position;
	return r;
}

int
rows_settled_below(struct rows *rows, uint64_t *position_out)
{
	return read_position(rows, ROWS_BELOW, position_out);
}

int
rows_had_ledger(struct rows *rows, bool *had_out)
{
	uint64_t had = 0;
	int r = read_position(rows, ROWS_HAD_LEDGER, &had);

	if (r == 0)
		*had_out = had != 0;
	return r;
}

int
rows_has_ledger(struct rows *rows)
{
	struct db_query query;
	bool had = false;
	int r = rows_had_ledger(rows, &had);

	if (r < 0 || had)
		return r;
	r = db_begin(rows->db);
	if (r < 0)
		return r;
	query = db_ask(rows->db, ROWS_HAS_LEDGER);
	return rows_finish(rows, db_run(&query), true);
}

int
rows_highest(struct rows *rows, uint64_t *position_out)
{
	return read_position(rows, ROWS_HIGHEST, position_out);
}

int
rows_counts(struct rows *rows, struct rows_counts *counts_out)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_COUNTS);
	struct rows_counts counts;
	int r = db_next(&query);

	if (r < 0)
		return r;
	counts.accounts = db_u64(&query, 0, INT64_MAX);
	counts.waiting = db_u64(&query, 0, INT64_MAX);
	counts.held = db_u64(&query, 0, INT64_MAX);
	counts.quarantined = db_u64(&query, 0, INT64_MAX);
	counts.recipients = db_u64(&query, 0, INT64_MAX);
	counts.big = db_u64(&query, 0, INT64_MAX);
	counts.dropped = db_u64(&query, 0, INT64_MAX);
	r = db_row(&query);
	if (r == 0)
		*counts_out = counts;
	return r;
}

bool
rows_is_broken(const struct rows *rows)
{
	return db_is_broken(rows->db);
}
