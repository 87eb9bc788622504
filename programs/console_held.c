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

/* The answer's first byte.  True: more follows. */
static bool
read_status(struct unpack *u, struct queue_said *said)
{
	static const struct {
		enum admin_status	status;
		unsigned		field;
	} statuses[HOLD_STATUS_COUNT] = {
		[HOLD_OK]	  = { ADMIN_OK,	     ADMIN_NO_FIELD },
		[HOLD_NONE]	  = { ADMIN_NO_SUCH, THEIR_ARG },
		[HOLD_LATER]	  = { ADMIN_LATER,   ADMIN_NO_FIELD },
		[HOLD_DAMAGED]	  = { ADMIN_FAILED,  THEIR_ARG },
		[HOLD_NO_ACCOUNT] = { ADMIN_NO_SUCH, THEIR_ARG },
		[HOLD_FORGED]	  = { ADMIN_UNFIT,   THEIR_ARG },
		[HOLD_OVER]	  = { ADMIN_EXPIRED, THEIR_ARG },
		[HOLD_KEPT]	  = { ADMIN_REFUSED, THEIR_ARG },
	};
	enum hold_status status = unpack_enum(u, HOLD_STATUS_COUNT);

	said->status = statuses[status].status;
	said->field = statuses[status].field;
	return !u->bad && status == HOLD_OK;
}

/* A row of THEIRS_ROW (admin.c). */
static int
add_row(struct unpack *u, struct queue_said *said)
{
	char id[MESSAGE_ID_CHARS + 1];
	struct hold_row row;

	if (hold_row_unpack(u, &row) < 0)
		return -EBADMSG;
	message_id_write(&row.id, id);
	pack_slice(said->rows, slice_str(id));
	pack_i64(said->rows, row.since_utc_ms);
	pack_slice(said->rows, row.from);
	pack_slice(said->rows, row.recipients);
	pack_slice(said->rows, row.subject);
	pack_slice(said->rows, row.reason);
	pack_u64(said->rows, row.bytes);
	pack_slice(said->rows, row.score);
	pack_i64(said->rows, row.ends_utc_ms);
	pack_slice(said->rows, slice_str(row.is_damaged ? "yes" : "no"));
	pack_slice(said->rows, slice_str(row.may_take ? "yes" : "no"));
	pack_slice(said->rows, row.author);
	said->count++;
	return 0;
}

int
held_list_said(struct slice body, struct queue_said *said)
{
	struct unpack u = unpack_of(body);
	uint32_t count = read_status(&u, said) ? unpack_u32(&u) : 0;

	if (count > HOLD_PAGE)
		return -EBADMSG;
	while (count-- > 0)
		if (add_row(&u, said) < 0)
			return -EBADMSG;
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}

int
held_show_said(struct slice body, struct queue_said *said)
{
	struct unpack u = unpack_of(body);

	if (read_status(&u, said)) {
		pack_u64(said->rows, unpack_u64(&u));
		if (add_row(&u, said) < 0)
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
