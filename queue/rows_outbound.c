/*
 * rows_outbound.c - queue.db: who of another host has not got a message yet
 */
#include "queue/rows_outbound.h"

#include <errno.h>
#include <string.h>

#include "queue/rows_inside.h"

/* How many there are in its state: before (-1) and after (1) it changes. */
static int
count_one(struct rows *rows, const struct rows_outbound *row, int step)
{
	struct db_query query = db_ask(rows->db, ROWS_OUTBOUND_COUNT_ONE);

	db_put_i64(&query, step);
	db_put_blob(&query, rows_id(&row->id));
	db_put_blob(&query, row->address);
	return db_run(&query);
}

/* The same for all of a message. */
static int
count_of(struct rows *rows, const struct message_id *id, int step)
{
	struct db_query query = db_ask(rows->db, ROWS_OUTBOUND_COUNT_OF);

	db_put_i64(&query, step);
	db_put_blob(&query, rows_id(id));
	return db_run(&query);
}

static int
put(struct rows *rows, const struct rows_outbound *row)
{
	struct db_query query = db_ask(rows->db, ROWS_OUTBOUND_PUT);
	int r;

	db_put_blob(&query, rows_id(&row->id));
	db_put_blob(&query, row->address);
	db_put_blob(&query, row->domain);
	db_put_i64(&query, row->since_utc_ms);
	db_put_i64(&query, row->next_try_utc_ms);
	db_put_i64(&query, row->notify);
	db_put_blob(&query, slice_first(row->sender, ROWS_ADDRESS_BYTES));
	db_put_u64(&query, row->bytes);
	db_put_u64(&query, row->account);
	db_put_i64(&query, row->is_urgent);
	db_put_i64(&query, row->state);
	r = db_run(&query);
	/* one that is there already stays as it is */
	return r == 0 && db_changed(rows->db) > 0 ? count_one(rows, row, 1) :
	    r;
}

int
rows_note_taken(struct rows *rows, const struct message_id *id,
    uint64_t position)
{
	struct db_query query = db_ask(rows->db, ROWS_OUTBOUND_TAKEN_SET);

	db_put_blob(&query, rows_id(id));
	db_put_u64(&query, position);
	return db_run(&query);
}

/* They waited beside others in a kept message's row; they have their own. */
static int
leave_waiting(struct rows *rows, const struct message_id *id)
{
	int r = rows_run_id(rows, ROWS_OUTBOUND_LEAVE, id);

	return r < 0 ? r : rows_run_id(rows, ROWS_MESSAGE_EMPTY, id);
}

int
rows_put_taken(struct rows *rows, const struct message_id *id,
    uint64_t position, const struct rows_outbound *list, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = put(rows, &list[i]);
	if (r == 0)
		r = rows_note_taken(rows, id, position);
	return r < 0 ? r : leave_waiting(rows, id);
}

int
rows_outbound_take(struct rows *rows, const struct message_id *id,
    uint64_t position, const struct rows_outbound *list, size_t count)
{
	int r;

	for (size_t i = 0; i < count; i++)
		if (list[i].address.len > ROWS_ADDRESS_BYTES ||
		    list[i].domain.len > ROWS_ADDRESS_BYTES)
			return -EINVAL;
	/* what is older is noted before what is newer */
	r = rows_outbound_write_done(rows);
	if (r == 0)
		r = rows_write_of(rows, id);
	if (r == 0)
		r = db_begin(rows->db);
	if (r == 0)
		r = rows_put_taken(rows, id, position, list, count);
	return rows_finish(rows, r, false);
}

int
rows_outbound_is_taken(struct rows *rows, const struct message_id *id,
    uint64_t position)
{
	int r = rows_outbound_write(rows);

	return r < 0 ? r : rows_find_id_of(rows, ROWS_OUTBOUND_TAKEN_IS, id,
	    position);
}

int
rows_outbound_has(struct rows *rows, const struct message_id *id)
{
	return rows_unwritten_of(rows, id) != NULL ? 0 :
	    rows_find_id(rows, ROWS_OUTBOUND_IS, id);
}

/* Reading */

static int
tell(struct db_query *query, rows_outbound_fn *fn, void *arg)
{
	struct rows_outbound row;
	int r;

	while ((r = db_next(query)) == 1) {
		row.id = rows_id_column(query);
		row.address = db_blob(query, 0, ROWS_ADDRESS_BYTES);
		row.domain = db_blob(query, 0, ROWS_ADDRESS_BYTES);
		row.state = (unsigned)db_u64(query, 0,
		    OUTBOUND_STATE_COUNT - 1);
		row.since_utc_ms = db_i64(query, INT64_MIN, INT64_MAX);
		row.next_try_utc_ms = db_i64(query, INT64_MIN, INT64_MAX);
		row.first_try_utc_ms = db_i64(query, INT64_MIN, INT64_MAX);
		row.last_try_utc_ms = db_i64(query, INT64_MIN, INT64_MAX);
		row.tries = (uint32_t)db_u64(query, 0, UINT32_MAX);
		row.code = (uint16_t)db_u64(query, 0, 999);
		row.status = db_blob(query, 0, OUTBOUND_STATUS_BYTES);
		row.words = db_blob(query, 0, OUTBOUND_WORDS_BYTES);
		row.host = db_blob(query, 0, OUTBOUND_HOST_BYTES);
		row.notify = (uint8_t)db_u64(query, 0, UINT8_MAX);
		row.is_told = db_u64(query, 0, 1) != 0;
		row.sender = db_blob(query, 0, ROWS_ADDRESS_BYTES);
		row.bytes = db_u64(query, 0, INT64_MAX);
		row.via = db_blob(query, 0, OUTBOUND_VIA_BYTES);
		row.account = db_u64(query, 0, INT64_MAX);
		row.is_urgent = db_u64(query, 0, 1) != 0;
		r = db_row(query);
		if (r == 0)
			r = fn(arg, &row);
		if (r != 0)
			return r;
	}
	return r;
}

static int
tell_unwritten(const struct rows_unwritten *one, rows_outbound_fn *fn,
    void *arg)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < one->count; i++)
		r = fn(arg, &one->rows[i]);
	return r;
}

int
rows_outbound_of(struct rows *rows, const struct message_id *id,
    rows_outbound_fn *fn, void *arg)
{
	const struct rows_unwritten *one = rows_unwritten_of(rows, id);
	struct db_query query;
	int r;

	if (one != NULL)
		return tell_unwritten(one, fn, arg);
	query = db_ask(rows->db, ROWS_OUTBOUND_OF);
	db_put_blob(&query, rows_id(id));
	r = tell(&query, fn, arg);
	db_end(&query);
	return r;
}

/* What is written and what is not, in one order. */
struct telling {
	struct rows		*rows;
	const struct rows_unwritten *first;	/* not told yet; NULL: none */
	rows_outbound_fn	*fn;
	void			*arg;
};

/* What is not written and comes before `end`, or, without it, at all. */
static int
tell_before(struct telling *telling, const struct message_id *end)
{
	int r = 0;

	while (r == 0 && telling->first != NULL && (end == NULL ||
	    message_id_order(&telling->first->id, end) < 0)) {
		r = tell_unwritten(telling->first, telling->fn, telling->arg);
		telling->first = rows_unwritten_above(telling->rows,
		    &telling->first->id);
	}
	return r;
}

static int
on_written(void *arg, const struct rows_outbound *row)
{
	struct telling *telling = arg;
	int r = tell_before(telling, &row->id);

	return r == 0 ? telling->fn(telling->arg, row) : r;
}

int
rows_outbound_each(struct rows *rows, rows_outbound_fn *fn, void *arg)
{
	static const struct message_id none;	/* no message's */
	struct telling telling = { .rows = rows, .fn = fn, .arg = arg,
	    .first = rows_unwritten_above(rows, &none) };
	struct db_query query = db_ask(rows->db, ROWS_OUTBOUND_ALL);
	int r = tell(&query, on_written, &telling);

	db_end(&query);
	return r == 0 ? tell_before(&telling, NULL) : r;
}

/* Of that message, whose rows stand together, what is behind that address. */
static int
tell_behind(const struct rows_unwritten *one, struct slice address,
    rows_outbound_fn *fn, void *arg)
{
	int r = 0;

	for (size_t i = 0; one != NULL && r == 0 && i < one->count; i++)
		if (slice_order(one->rows[i].address, address) > 0)
			r = fn(arg, &one->rows[i]);
	return r;
}

int
rows_outbound_above(struct rows *rows, const struct message_id *id,
    struct slice address, rows_outbound_fn *fn, void *arg)
{
	struct telling telling = { .rows = rows, .fn = fn, .arg = arg,
	    .first = rows_unwritten_above(rows, id) };
	struct db_query query;
	int r = tell_behind(rows_unwritten_of(rows, id), address, fn, arg);

	if (r != 0)
		return r;
	query = db_ask(rows->db, ROWS_OUTBOUND_ABOVE);
	db_put_blob(&query, rows_id(id));
	db_put_blob(&query, address);
	r = tell(&query, on_written, &telling);
	db_end(&query);
	return r == 0 ? tell_before(&telling, NULL) : r;
}

/* What becomes of them */

/* A transaction for these, which are written. */
static int
begin_with(struct rows *rows, const struct rows_outbound *list, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = rows_write_of(rows, &list[i].id);
	return r < 0 ? r : db_begin(rows->db);
}

/* The same for all of one message. */
static int
begin_of(struct rows *rows, const struct message_id *id)
{
	int r = rows_write_of(rows, id);

	return r < 0 ? r : db_begin(rows->db);
}

static int
drop(struct rows *rows, const struct rows_outbound *row)
{
	struct db_query query;
	int r = count_one(rows, row, -1);

	if (r < 0)
		return r;
	query = db_ask(rows->db, ROWS_OUTBOUND_DROP);
	db_put_blob(&query, rows_id(&row->id));
	db_put_blob(&query, row->address);
	return db_run(&query);
}

static int
change(struct rows *rows, const struct rows_outbound *row)
{
	struct db_query query;
	int r = count_one(rows, row, -1);

	if (r < 0)
		return r;
	query = db_ask(rows->db, ROWS_OUTBOUND_TRIED);
	db_put_i64(&query, row->state);
	db_put_i64(&query, row->next_try_utc_ms);
	db_put_i64(&query, row->first_try_utc_ms);
	db_put_i64(&query, row->last_try_utc_ms);
	db_put_i64(&query, row->tries);
	db_put_i64(&query, row->code);
	db_put_blob(&query, slice_first(row->status, OUTBOUND_STATUS_BYTES));
	db_put_blob(&query, slice_first(row->words, OUTBOUND_WORDS_BYTES));
	db_put_blob(&query, slice_first(row->host, OUTBOUND_HOST_BYTES));
	db_put_blob(&query, rows_id(&row->id));
	db_put_blob(&query, row->address);
	r = db_run(&query);
	return r == 0 ? count_one(rows, row, 1) : r;
}

int
rows_outbound_tried(struct rows *rows, const struct rows_outbound *list,
    size_t count)
{
	int r;

	if (rows_end_unwritten(rows, list, count))
		return 0;
	r = begin_with(rows, list, count);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = list[i].state == OUTBOUND_DONE ? drop(rows, &list[i]) :
		    change(rows, &list[i]);
	return rows_finish(rows, r, false);
}

int
rows_outbound_due(struct rows *rows, const struct rows_outbound *list,
    size_t count)
{
	int r = begin_with(rows, list, count);

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct db_query query = db_ask(rows->db, ROWS_OUTBOUND_DUE);

		db_put_i64(&query, list[i].next_try_utc_ms);
		db_put_blob(&query, rows_id(&list[i].id));
		db_put_blob(&query, list[i].address);
		r = db_run(&query);
	}
	return rows_finish(rows, r, false);
}

int
rows_outbound_told(struct rows *rows, const struct message_id *id,
    enum outbound_state state, const struct slice *addresses, size_t count)
{
	bool is_late = state == OUTBOUND_WAITING;
	int r = begin_of(rows, id);

	if (r == 0)
		r = count_of(rows, id, -1);
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct db_query query = db_ask(rows->db, is_late ?
		    ROWS_OUTBOUND_TOLD : ROWS_OUTBOUND_TOLD_GONE);

		db_put_blob(&query, rows_id(id));
		db_put_blob(&query, addresses[i]);
		if (!is_late)
			db_put_i64(&query, state);
		r = db_run(&query);
	}
	if (r == 0)
		r = count_of(rows, id, 1);
	return rows_finish(rows, r, true);
}

static int
change_via(struct rows *rows, const struct rows_outbound *row)
{
	struct db_query query = db_ask(rows->db, ROWS_OUTBOUND_VIA);

	db_put_blob(&query, row->via);
	db_put_blob(&query, rows_id(&row->id));
	db_put_blob(&query, row->address);
	return db_run(&query);
}

int
rows_outbound_set(struct rows *rows, const struct rows_outbound *list,
    size_t count)
{
	int r = begin_with(rows, list, count);

	for (size_t i = 0; r == 0 && i < count; i++) {
		if (list[i].state == OUTBOUND_DONE) {
			r = drop(rows, &list[i]);
			continue;
		}
		r = change(rows, &list[i]);
		if (r == 0)
			r = change_via(rows, &list[i]);
	}
	return rows_finish(rows, r, true);
}

/* A statement that must change a row. */
static int
must_change(struct rows *rows, struct db_query *query)
{
	int r = db_run(query);

	return r == 0 && db_changed(rows->db) == 0 ? -ENOENT : r;
}

int
rows_outbound_move(struct rows *rows, const struct message_id *id,
    enum outbound_state from, enum outbound_state to, int64_t next_try_utc_ms)
{
	struct db_query query;
	int r = begin_of(rows, id);

	if (r == 0)
		r = count_of(rows, id, -1);
	if (r < 0)
		return rows_finish(rows, r, true);
	query = db_ask(rows->db, ROWS_OUTBOUND_MOVE);
	db_put_i64(&query, to);
	db_put_i64(&query, next_try_utc_ms);
	db_put_blob(&query, rows_id(id));
	db_put_i64(&query, from);
	r = must_change(rows, &query);
	if (r == 0)
		r = count_of(rows, id, 1);
	return rows_finish(rows, r, true);
}

int
rows_outbound_delete(struct rows *rows, const struct message_id *id)
{
	struct db_query query;
	int r = begin_of(rows, id);

	if (r == 0)
		r = count_of(rows, id, -1);
	if (r < 0)
		return rows_finish(rows, r, true);
	query = db_ask(rows->db, ROWS_OUTBOUND_DELETE);
	db_put_blob(&query, rows_id(id));
	return rows_finish(rows, must_change(rows, &query), true);
}

int
rows_outbound_counts(struct rows *rows,
    struct rows_outbound_counts *counts_out)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_OUTBOUND_COUNTS);
	struct rows_outbound_counts counts = { .since_utc_ms = 0 };
	int r = db_next(&query);

	if (r < 0)
		return r;
	for (size_t i = 0; i < OUTBOUND_STATE_COUNT; i++)
		counts.of[i] = db_u64(&query, 0, INT64_MAX);
	counts.since_utc_ms = db_i64(&query, INT64_MIN, INT64_MAX);
	r = db_row(&query);
	if (r < 0)
		return r;
	/* all of these wait: others are written */
	counts.of[OUTBOUND_WAITING] += rows->unwritten_count;
	counts.since_utc_ms = rows_unwritten_since(rows, counts.since_utc_ms);
	*counts_out = counts;
	return 0;
}

/* Domains that go elsewhere */

static int
count_routes(struct rows *rows, uint64_t *count_out)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_ROUTE_COUNT);
	int r = db_next(&query);

	if (r < 0)
		return r;
	*count_out = db_u64(&query, 0, INT64_MAX);
	return db_row(&query);
}

int
rows_route_of(struct rows *rows, struct slice domain,
    char via_out[OUTBOUND_VIA_BYTES], size_t *len_out)
{
	DB_QUERY_AUTO query = { .db = NULL };
	struct slice via;
	uint64_t count;
	int r = rows->has_no_routes ? 0 : count_routes(rows, &count);

	if (r < 0 || rows->has_no_routes)
		return r;
	rows->has_no_routes = count == 0;
	query = db_ask(rows->db, ROWS_ROUTE_OF);
	db_put_blob(&query, domain);
	r = db_next(&query);
	if (r <= 0)
		return r;
	via = db_blob(&query, 0, OUTBOUND_VIA_BYTES);
	r = db_row(&query);
	if (r < 0)
		return r;
	if (via.len > 0)
		memcpy(via_out, via.at, via.len);
	*len_out = via.len;
	return 0;
}

static int
route_room(struct rows *rows)
{
	uint64_t count;
	int r = count_routes(rows, &count);

	return r < 0 ? r : count < OUTBOUND_ROUTES ? 0 : -ENOSPC;
}

int
rows_route_set(struct rows *rows, struct slice domain, struct slice via)
{
	struct db_query query;
	int r = via.len == 0 ? 0 : route_room(rows);

	/* those that came before it keep their way */
	if (r == 0)
		r = rows_outbound_write(rows);
	if (r == 0)
		r = db_begin(rows->db);
	if (r < 0)
		return r;
	rows->has_no_routes = false;
	query = db_ask(rows->db, via.len == 0 ? ROWS_ROUTE_DROP :
	    ROWS_ROUTE_SET);
	db_put_blob(&query, domain);
	if (via.len > 0)
		db_put_blob(&query, via);
	return rows_finish(rows, must_change(rows, &query), true);
}

int
rows_route_each(struct rows *rows, rows_route_fn *fn, void *arg)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_ROUTES);
	struct slice domain, via;
	int r;

	while ((r = db_next(&query)) == 1) {
		domain = db_blob(&query, 0, ROWS_ADDRESS_BYTES);
		via = db_blob(&query, 0, OUTBOUND_VIA_BYTES);
		r = db_row(&query);
		if (r == 0)
			r = fn(arg, domain, via);
		if (r != 0)
			return r;
	}
	return r;
}

int
rows_gateway_put(struct rows *rows, struct slice domain, bool is_one)
{
	struct db_query query;
	int r = db_begin(rows->db);

	if (r < 0)
		return r;
	query = db_ask(rows->db, is_one ? ROWS_GATEWAY_PUT :
	    ROWS_GATEWAY_DROP);
	db_put_blob(&query, domain);
	return rows_finish(rows, db_run(&query), true);
}

int
rows_gateway_each(struct rows *rows, rows_gateway_fn *fn, void *arg)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_GATEWAYS);
	struct slice domain;
	int r;

	while ((r = db_next(&query)) == 1) {
		domain = db_blob(&query, 0, ROWS_ADDRESS_BYTES);
		r = db_row(&query);
		if (r == 0)
			r = fn(arg, domain);
		if (r != 0)
			return r;
	}
	return r;
}
