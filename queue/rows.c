/*
 * rows.c - queue.db: how far each account is settled, and what still waits
 *
 * One function, one transaction; each ends in finish(), which commits or takes
 * everything back.  That is why it is one thing: nobody else begins a
 * transaction of queue.db.
 */
#include "queue/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "queue/rows_sql.h"

struct rows {
	struct db	*db;
	bool		 only_reading;
};

/* Commit when all went well, else take it back. */
static int
finish(struct rows *rows, int r, bool full)
{
	if (r == 0)
		r = db_commit(rows->db, full);
	if (r < 0)
		db_rollback(rows->db);
	return r;
}

static struct slice
id_slice(const struct message_id *id)
{
	return slice_of(id->bytes, MESSAGE_ID_BYTES);
}

static struct message_id
id_column(struct db_query *query)
{
	struct slice s = db_blob(query, MESSAGE_ID_BYTES, MESSAGE_ID_BYTES);
	struct message_id id = { { 0 } };

	if (s.len == MESSAGE_ID_BYTES)
		memcpy(id.bytes, s.at, MESSAGE_ID_BYTES);
	return id;
}

/* Run statement `number`, whose only parameter is an id. */
static int
run_id(struct rows *rows, enum rows_statement number,
    const struct message_id *id)
{
	struct db_query query = db_ask(rows->db, number);

	db_put_blob(&query, id_slice(id));
	return db_run(&query);
}

/* 0 when statement `number` finds a row for the id, else -ENOENT. */
static int
find_id(struct rows *rows, enum rows_statement number,
    const struct message_id *id)
{
	DB_QUERY_AUTO query = db_ask(rows->db, number);
	int r;

	db_put_blob(&query, id_slice(id));
	r = db_next(&query);
	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

/* The same for one whose parameters are an id and a number. */
static int
find_id_of(struct rows *rows, enum rows_statement number,
    const struct message_id *id, uint64_t n)
{
	DB_QUERY_AUTO query = db_ask(rows->db, number);
	int r;

	db_put_blob(&query, id_slice(id));
	db_put_u64(&query, n);
	r = db_next(&query);
	return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

/* --- opening ----------------------------------------------------------- */

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
	return finish(rows, db_run(&query), true);
}

int
rows_open(int folder_fd, const unsigned char hub_id[ROWS_HUB_BYTES],
    struct rows **rows_out, unsigned *needs_out)
{
	struct rows *rows = calloc(1, sizeof(*rows));
	int r;

	if (rows == NULL)
		return -ENOMEM;
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
	db_close(rows->db);
	free(rows);
}

int
rows_sync(struct rows *rows)
{
	return finish(rows, db_begin(rows->db), true);
}

/* --- settled ----------------------------------------------------------- */

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
	return finish(rows, db_run(&query), false);
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
	return finish(rows, db_run(&query), true);
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
	static const enum rows_statement both[] = {
		ROWS_BELOW_SET, ROWS_ENDED_PRUNE
	};
	int r = db_begin(rows->db);

	for (size_t i = 0; r == 0 && i < 2; i++) {
		struct db_query query = db_ask(rows->db, both[i]);

		db_put_u64(&query, position);
		r = db_run(&query);
	}
	return finish(rows, r, false);
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
	return finish(rows, db_run(&query), true);
}

int
rows_highest(struct rows *rows, uint64_t *position_out)
{
	return read_position(rows, ROWS_HIGHEST, position_out);
}

/* --- messages ---------------------------------------------------------- */

static int
put_message(struct rows *rows, const struct rows_message *message)
{
	struct db_query query = db_ask(rows->db, ROWS_MESSAGE_SET);

	db_put_blob(&query, id_slice(&message->id));
	db_put_u64(&query, message->position);
	db_put_i64(&query, message->state);
	db_put_blob(&query, slice_first(message->reason, ROWS_REASON_BYTES));
	db_put_i64(&query, message->next_try_utc_ms);
	db_put_i64(&query, message->tries);
	db_put_i64(&query, message->since_utc_ms);
	return db_run(&query);
}

static int
put_recipient(struct rows *rows, const struct message_id *id,
    const struct rows_recipient *recipient)
{
	struct db_query query = db_ask(rows->db, ROWS_RECIPIENT_SET);

	db_put_blob(&query, id_slice(id));
	db_put_u64(&query, recipient->account);
	db_put_blob(&query, recipient->address);
	db_put_i64(&query, recipient->action);
	db_put_i64(&query, recipient->state);
	return db_run(&query);
}

/* Note that a hold was ended, in the open transaction. */
static int
put_ended(struct rows *rows, const struct message_id *id, uint64_t position)
{
	struct db_query query = db_ask(rows->db, ROWS_ENDED_SET);

	db_put_blob(&query, id_slice(id));
	db_put_u64(&query, position);
	return db_run(&query);
}

/* Begin a transaction and put the message with its recipients into it. */
static int
begin_keep(struct rows *rows, const struct rows_message *message,
    const struct rows_recipient *recipients, size_t recipient_count)
{
	int r;

	if (recipient_count == 0 || recipient_count > ROWS_RECIPIENTS)
		return -EINVAL;
	for (size_t i = 0; i < recipient_count; i++)
		if (recipients[i].address.len > ROWS_ADDRESS_BYTES)
			return -EINVAL;
	r = db_begin(rows->db);
	if (r == 0)
		r = run_id(rows, ROWS_RECIPIENTS_DROP, &message->id);
	if (r == 0)
		r = put_message(rows, message);
	for (size_t i = 0; r == 0 && i < recipient_count; i++)
		r = put_recipient(rows, &message->id, &recipients[i]);
	return r;
}

int
rows_keep(struct rows *rows, const struct rows_message *message,
    const struct rows_recipient *recipients, size_t recipient_count)
{
	int r = begin_keep(rows, message, recipients, recipient_count);

	return finish(rows, r, true);
}

int
rows_release(struct rows *rows, const struct rows_message *message,
    const struct rows_recipient *recipients, size_t recipient_count,
    uint64_t position)
{
	int r = begin_keep(rows, message, recipients, recipient_count);

	if (r == 0)
		r = put_ended(rows, &message->id, position);
	return finish(rows, r, true);
}

/* Room for the recipients of one message, with their addresses. */
struct recipients {
	struct rows_recipient	*at;
	char			(*address)[ROWS_ADDRESS_BYTES];
	size_t			 count;
	size_t			 size;
};

static void
recipients_free(struct recipients *list)
{
	free(list->at);
	free(list->address);
}

static int
recipients_grow(struct recipients *list)
{
	size_t size = list->size == 0 ? 16 : list->size * 2;
	void *at;

	if (list->count < list->size)
		return 0;
	at = realloc(list->address, size * sizeof(*list->address));
	if (at == NULL)
		return -ENOMEM;
	list->address = at;
	at = realloc(list->at, size * sizeof(*list->at));
	if (at == NULL)
		return -ENOMEM;
	list->at = at;
	list->size = size;
	return 0;
}

static int
recipients_add(struct recipients *list, struct db_query *query)
{
	struct rows_recipient *recipient;
	struct slice address;
	int r = recipients_grow(list);

	if (r < 0)
		return r;
	recipient = &list->at[list->count];
	recipient->account = db_u64(query, 0, INT64_MAX);
	address = db_blob(query, 0, ROWS_ADDRESS_BYTES);
	recipient->action = (uint32_t)db_u64(query, 0, UINT32_MAX);
	recipient->state = (unsigned)db_u64(query, 0, ROWS_STATE_COUNT - 1);
	r = db_row(query);
	if (r < 0)
		return r;
	if (address.len > 0)
		memcpy(list->address[list->count], address.at, address.len);
	recipient->address.len = address.len;
	list->count++;
	return 0;
}

static int
read_recipients(struct rows *rows, const struct message_id *id,
    struct recipients *list)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_RECIPIENTS_OF);
	int r;

	list->count = 0;
	db_put_blob(&query, id_slice(id));
	while ((r = db_next(&query)) == 1) {
		r = recipients_add(list, &query);
		if (r < 0)
			return r;
	}
	/* only now do the addresses stay where they are */
	for (size_t i = 0; i < list->count; i++)
		list->at[i].address.at = list->address[i];
	return r;
}

static int
read_message(struct db_query *query, struct rows_message *message_out)
{
	struct rows_message message;

	message.id = id_column(query);
	message.position = db_u64(query, 0, INT64_MAX);
	message.state = (unsigned)db_u64(query, 0, ROWS_STATE_COUNT - 1);
	message.reason = db_blob(query, 0, ROWS_REASON_BYTES);
	message.next_try_utc_ms = db_i64(query, INT64_MIN, INT64_MAX);
	message.tries = (uint32_t)db_u64(query, 0, UINT32_MAX);
	message.since_utc_ms = db_i64(query, INT64_MIN, INT64_MAX);
	*message_out = message;
	return db_row(query);
}

/* Tell of every message that `query` finds. */
static int
each_message(struct rows *rows, struct db_query *query, rows_kept_fn *fn,
    void *arg)
{
	struct recipients list = { 0 };
	struct rows_message message;
	int r;

	while ((r = db_next(query)) == 1) {
		r = read_message(query, &message);
		if (r == 0)
			r = read_recipients(rows, &message.id, &list);
		if (r == 0)
			r = fn(arg, &message, list.at, list.count);
		if (r != 0)
			break;
	}
	recipients_free(&list);
	return r;
}

int
rows_kept_each(struct rows *rows, rows_kept_fn *fn, void *arg)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_MESSAGES);

	return each_message(rows, &query, fn, arg);
}

int
rows_kept_above(struct rows *rows, const struct message_id *above,
    rows_kept_fn *fn, void *arg)
{
	static const struct message_id first;	/* zeroes: no message's */
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_MESSAGES_ABOVE);

	db_put_blob(&query, id_slice(above == NULL ? &first : above));
	return each_message(rows, &query, fn, arg);
}

int
rows_kept_one(struct rows *rows, const struct message_id *id,
    rows_kept_fn *fn, void *arg)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_MESSAGE_ONE);
	int r = rows_is_kept(rows, id);

	if (r < 0)
		return r;
	db_put_blob(&query, id_slice(id));
	return each_message(rows, &query, fn, arg);
}

int
rows_is_kept(struct rows *rows, const struct message_id *id)
{
	return find_id(rows, ROWS_MESSAGE_IS, id);
}

static int
drop_recipient(struct rows *rows, const struct message_id *id,
    uint64_t account, struct slice address, uint32_t action)
{
	struct db_query query = db_ask(rows->db, ROWS_RECIPIENT_DROP);
	int r;

	db_put_blob(&query, id_slice(id));
	db_put_u64(&query, account);
	db_put_blob(&query, address);
	db_put_i64(&query, action);
	r = db_run(&query);
	if (r == 0 && db_changed(rows->db) == 0)
		r = -ENOENT;
	return r;
}

int
rows_recipient_done(struct rows *rows, const struct message_id *id,
    uint64_t account, struct slice address, uint32_t action, bool *last_out)
{
	bool last = false;
	int r = db_begin(rows->db);

	if (r == 0)
		r = drop_recipient(rows, id, account, address, action);
	if (r == 0) {
		r = find_id(rows, ROWS_RECIPIENTS_OF, id);
		last = r == -ENOENT;
		if (last)
			r = run_id(rows, ROWS_MESSAGE_DROP, id);
	}
	r = finish(rows, r, last);
	if (r == 0)
		*last_out = last;
	return r;
}

/* End a statement that must have changed the row of a message. */
static int
finish_change(struct rows *rows, struct db_query *query, bool full)
{
	int r = db_run(query);

	if (r == 0 && db_changed(rows->db) == 0)
		r = -ENOENT;
	return finish(rows, r, full);
}

int
rows_retry(struct rows *rows, const struct message_id *id,
    int64_t next_try_utc_ms, uint32_t tries, struct slice reason)
{
	struct db_query query;
	int r = db_begin(rows->db);

	if (r < 0)
		return r;
	query = db_ask(rows->db, ROWS_RETRY);
	db_put_i64(&query, next_try_utc_ms);
	db_put_i64(&query, tries);
	db_put_blob(&query, slice_first(reason, ROWS_REASON_BYTES));
	db_put_blob(&query, id_slice(id));
	return finish_change(rows, &query, false);
}

int
rows_hold(struct rows *rows, const struct message_id *id,
    enum rows_state state, struct slice reason)
{
	struct db_query query;
	int r = db_begin(rows->db);

	if (r < 0)
		return r;
	query = db_ask(rows->db, ROWS_HOLD);
	db_put_i64(&query, state);
	db_put_blob(&query, slice_first(reason, ROWS_REASON_BYTES));
	db_put_blob(&query, id_slice(id));
	return finish_change(rows, &query, true);
}

/* Forget a message; `ended`, if it is not NULL, notes the end of its hold. */
static int
drop_message(struct rows *rows, const struct message_id *id,
    const uint64_t *ended)
{
	struct db_query query;
	int r = db_begin(rows->db);

	if (r == 0)
		r = run_id(rows, ROWS_RECIPIENTS_DROP, id);
	if (r == 0 && ended != NULL)
		r = put_ended(rows, id, *ended);
	if (r < 0)
		return finish(rows, r, true);
	query = db_ask(rows->db, ROWS_MESSAGE_DROP);
	db_put_blob(&query, id_slice(id));
	return finish_change(rows, &query, true);
}

int
rows_drop(struct rows *rows, const struct message_id *id)
{
	return drop_message(rows, id, NULL);
}

int
rows_delete(struct rows *rows, const struct message_id *id, uint64_t position)
{
	return drop_message(rows, id, &position);
}

int
rows_is_ended(struct rows *rows, const struct message_id *id,
    uint64_t position)
{
	return find_id_of(rows, ROWS_ENDED_IS, id, position);
}

/* --- big files --------------------------------------------------------- */

static int
put_ref(struct rows *rows, const struct message_id *big, uint64_t account)
{
	struct db_query query = db_ask(rows->db, ROWS_BIG_REF);

	db_put_blob(&query, id_slice(big));
	db_put_u64(&query, account);
	return db_run(&query);
}

int
rows_big_ref(struct rows *rows, const struct message_id *big,
    const uint64_t *accounts, size_t count)
{
	int r = db_begin(rows->db);

	if (r == 0)
		r = run_id(rows, ROWS_BIG_WANTED, big);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = put_ref(rows, big, accounts[i]);
	return finish(rows, r, false);
}

static int
put_dropped(struct rows *rows, const struct message_id *big,
    int64_t now_utc_ms)
{
	struct db_query query = db_ask(rows->db, ROWS_BIG_DROPPED);

	db_put_blob(&query, id_slice(big));
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
	db_put_blob(&query, id_slice(big));
	db_put_u64(&query, account);
	r = db_run(&query);
	if (r == 0)
		r = find_id(rows, ROWS_BIG_IS, big);
	if (r == -ENOENT) {
		last = true;
		r = put_dropped(rows, big, now_utc_ms);
	}
	r = finish(rows, r, false);
	if (r == 0)
		*last_out = last;
	return r;
}

int
rows_big_is_known(struct rows *rows, const struct message_id *big)
{
	return find_id(rows, ROWS_BIG_IS, big);
}

int
rows_big_has(struct rows *rows, const struct message_id *big,
    uint64_t account)
{
	return find_id_of(rows, ROWS_BIG_HAS, big, account);
}

int
rows_big_due(struct rows *rows, int64_t before_utc_ms, rows_big_fn *fn,
    void *arg)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_BIG_DUE);
	int r;

	db_put_i64(&query, before_utc_ms);
	while ((r = db_next(&query)) == 1) {
		struct message_id big = id_column(&query);

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
	return find_id(rows, ROWS_BIG_IS_DUE, big);
}

int
rows_big_gone(struct rows *rows, const struct message_id *big)
{
	int r = db_begin(rows->db);

	if (r == 0)
		r = run_id(rows, ROWS_BIG_WANTED, big);
	return finish(rows, r, false);
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
