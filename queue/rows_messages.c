/*
 * rows_messages.c - queue.db: messages that outlive their segment
 *
 * With the recipients they still lack, and the ends of holds that the journal
 * still knows.
 */
#include "queue/rows_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
put_message(struct rows *rows, const struct rows_message *message)
{
	struct db_query query = db_ask(rows->db, ROWS_MESSAGE_SET);

	db_put_blob(&query, rows_id(&message->id));
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

	db_put_blob(&query, rows_id(id));
	db_put_u64(&query, recipient->account);
	db_put_blob(&query, recipient->address);
	db_put_i64(&query, recipient->action);
	db_put_i64(&query, recipient->state);
	db_put_i64(&query, recipient->told_utc_ms);
	return db_run(&query);
}

int
rows_put_ended(struct rows *rows, const struct message_id *id, uint64_t position)
{
	struct db_query query = db_ask(rows->db, ROWS_ENDED_SET);

	db_put_blob(&query, rows_id(id));
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
	r = rows_begin(rows);
	if (r == 0)
		r = rows_run_id(rows, ROWS_RECIPIENTS_DROP, &message->id);
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

	return rows_finish(rows, r, true);
}

int
rows_release(struct rows *rows, const struct rows_message *message,
    const struct rows_recipient *recipients, size_t recipient_count,
    uint64_t position)
{
	int r = begin_keep(rows, message, recipients, recipient_count);

	if (r == 0)
		r = rows_put_ended(rows, &message->id, position);
	return rows_finish(rows, r, true);
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
	recipient->told_utc_ms = db_i64(query, INT64_MIN, INT64_MAX);
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
	db_put_blob(&query, rows_id(id));
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

	message.id = rows_id_column(query);
	message.position = db_u64(query, 0, INT64_MAX);
	message.state = (unsigned)db_u64(query, 0, ROWS_STATE_COUNT - 1);
	message.reason = db_blob(query, 0, ROWS_REASON_BYTES);
	message.next_try_utc_ms = db_i64(query, INT64_MIN, INT64_MAX);
	message.tries = (uint32_t)db_u64(query, 0, UINT32_MAX);
	message.since_utc_ms = db_i64(query, INT64_MIN, INT64_MAX);
	*message_out = message;
	return db_row(query);
}

int
rows_tell_messages(struct rows *rows, struct db_query *query, rows_kept_fn *fn,
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

	return rows_tell_messages(rows, &query, fn, arg);
}

int
rows_kept_above(struct rows *rows, const struct message_id *above,
    rows_kept_fn *fn, void *arg)
{
	static const struct message_id first;	/* zeroes: no message's */
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_MESSAGES_ABOVE);

	db_put_blob(&query, rows_id(above == NULL ? &first : above));
	return rows_tell_messages(rows, &query, fn, arg);
}

int
rows_kept_one(struct rows *rows, const struct message_id *id,
    rows_kept_fn *fn, void *arg)
{
	DB_QUERY_AUTO query = db_ask(rows->db, ROWS_MESSAGE_ONE);
	int r = rows_is_kept(rows, id);

	if (r < 0)
		return r;
	db_put_blob(&query, rows_id(id));
	return rows_tell_messages(rows, &query, fn, arg);
}

int
rows_is_kept(struct rows *rows, const struct message_id *id)
{
	return rows_find_id(rows, ROWS_MESSAGE_IS, id);
}

static int
drop_recipient(struct rows *rows, const struct message_id *id,
    uint64_t account, struct slice address, uint32_t action)
{
	struct db_query query = db_ask(rows->db, ROWS_RECIPIENT_DROP);
	int r;

	db_put_blob(&query, rows_id(id));
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
	int r = rows_begin(rows);

	if (r == 0)
		r = drop_recipient(rows, id, account, address, action);
	if (r == 0) {
		r = rows_find_id(rows, ROWS_RECIPIENTS_OF, id);
		last = r == -ENOENT;
		if (last)
			r = rows_run_id(rows, ROWS_MESSAGE_DROP, id);
	}
	r = rows_finish(rows, r, last);
	if (r == 0)
		*last_out = last;
	return r;
}

/* End a statement that must have changed the row of a message. */
static int
finish_change(struct rows *rows, struct db_query *query)
{
	int r = db_run(query);

	if (r == 0 && db_changed(rows->db) == 0)
		r = -ENOENT;
	return rows_finish(rows, r, true);
}

int
rows_hold(struct rows *rows, const struct message_id *id,
    enum rows_state state, struct slice reason)
{
	struct db_query query;
	int r = rows_begin(rows);

	if (r < 0)
		return r;
	query = db_ask(rows->db, ROWS_RECIPIENTS_STATE);
	db_put_i64(&query, state);
	db_put_blob(&query, rows_id(id));
	r = db_run(&query);
	if (r < 0)
		return rows_finish(rows, r, true);
	query = db_ask(rows->db, ROWS_HOLD);
	db_put_i64(&query, state);
	db_put_blob(&query, slice_first(reason, ROWS_REASON_BYTES));
	db_put_blob(&query, rows_id(id));
	return finish_change(rows, &query);
}

int
rows_delete(struct rows *rows, const struct message_id *id, uint64_t position)
{
	struct db_query query;
	int r = rows_begin(rows);

	if (r == 0)
		r = rows_run_id(rows, ROWS_RECIPIENTS_DROP, id);
	if (r == 0)
		r = rows_put_ended(rows, id, position);
	if (r < 0)
		return rows_finish(rows, r, true);
	query = db_ask(rows->db, ROWS_MESSAGE_DROP);
	db_put_blob(&query, rows_id(id));
	return finish_change(rows, &query);
}

int
rows_is_ended(struct rows *rows, const struct message_id *id,
    uint64_t position)
{
	return rows_find_id_of(rows, ROWS_ENDED_IS, id, position);
}
