/*
 * console_held.c - what people ask of what is held for them, between admin rows
 * and queue
 */
#include "programs/console_held.h"

#include <errno.h>
#include <string.h>

#include "queue/held_link.h"
#include "queue/service.h"

/* Where the one argument of each stands in its row (admin.c). */
enum { THEIR_ARG };

static enum admin_status
is_unfit(unsigned *field_out)
{
	*field_out = THEIR_ARG;
	return ADMIN_UNFIT;
}

enum admin_status
held_ask_list(const struct admin_work *work, struct text *body,
    unsigned *field_out)
{
	struct message_id below;	/* not given: no message's */

	memset(below.bytes, 0xff, sizeof(below.bytes));
	if (work->given[THEIR_ARG] &&
	    message_id_read(work->args[THEIR_ARG], &below) < 0)
		return is_unfit(field_out);
	pack_u64(body, work->asker);
	pack_bytes(body, slice_of(below.bytes, MESSAGE_ID_BYTES));
	return ADMIN_OK;
}

enum admin_status
held_ask_one(const struct admin_work *work, struct text *body,
    unsigned *field_out)
{
	struct message_id id;

	if (work->asker == 0)	/* it would be asked by a link that is none */
		return ADMIN_REFUSED;
	if (message_id_read(work->args[THEIR_ARG], &id) < 0)
		return is_unfit(field_out);
	pack_u64(body, work->asker);
	pack_bytes(body, slice_of(id.bytes, MESSAGE_ID_BYTES));
	return ADMIN_OK;
}

enum admin_status
held_ask_link(const struct admin_work *work, struct text *body,
    unsigned *field_out)
{
	static const struct message_id none;

	if (work->args[THEIR_ARG].len != HELD_LINK_CHARS)
		return is_unfit(field_out);
	pack_u64(body, 0);
	pack_bytes(body, slice_of(none.bytes, MESSAGE_ID_BYTES));
	pack_slice(body, work->args[THEIR_ARG]);
	return ADMIN_OK;
}

/* True: more follows.  Whatever was wrong is wrong with the one argument. */
static bool
read_status(struct unpack *u, struct queue_said *said)
{
	bool more = holds_status(u, said);

	if (said->field != ADMIN_NO_FIELD)
		said->field = THEIR_ARG;
	return more;
}

/* A row of THEIRS_ROW (admin.c). */
static void
add_row(const struct hold_row *row, struct queue_said *said)
{
	char id[MESSAGE_ID_CHARS + 1];

	message_id_write(&row->id, id);
	pack_slice(said->rows, slice_str(id));
	pack_i64(said->rows, row->since_utc_ms);
	pack_slice(said->rows, row->from);
	pack_slice(said->rows, row->recipients);
	pack_slice(said->rows, row->subject);
	pack_slice(said->rows, row->reason);
	pack_u64(said->rows, row->bytes);
	pack_slice(said->rows, row->score);
	pack_i64(said->rows, row->ends_utc_ms);
	pack_slice(said->rows, slice_str(row->is_damaged ? "yes" : "no"));
	pack_slice(said->rows, slice_str(row->may_take ? "yes" : "no"));
	pack_slice(said->rows, row->author);
}

int
held_list_said(struct slice body, struct queue_said *said)
{
	struct unpack u = unpack_of(body);

	if (read_status(&u, said) && holds_page(&u, add_row, said) < 0)
		return -EBADMSG;
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}

int
held_show_said(struct slice body, struct queue_said *said)
{
	struct unpack u = unpack_of(body);

	if (read_status(&u, said)) {
		pack_u64(said->rows, unpack_u64(&u));
		if (holds_row(&u, add_row, said) < 0)
			return -EBADMSG;
		pack_slice(said->rows, unpack_slice(&u));
	}
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}

int
held_taken_said(struct slice body, struct queue_said *said)
{
	struct unpack u = unpack_of(body);

	if (read_status(&u, said)) {
		pack_u64(said->rows, unpack_u64(&u));
		said->count = 1;
	}
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}
