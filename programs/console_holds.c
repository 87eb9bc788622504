/*
 * console_holds.c - requests about held messages, between admin rows and queue
 */
#include "programs/console_holds.h"

#include <errno.h>

/* Where the arguments stand in their rows (admin.c). */
enum { LIST_WHICH, LIST_ABOVE };
enum { ONE_ID, RELEASE_TO };

/* Only the postmaster's machine may ask (admin.h, ADMIN_BY_POSTMASTER). */
#define WHO	"postmaster"

static enum admin_status
add_id(const struct admin_work *work, unsigned arg, struct text *body,
    unsigned *field_out)
{
	struct message_id id;

	if (message_id_read(work->args[arg], &id) < 0) {
		*field_out = arg;
		return ADMIN_UNFIT;
	}
	pack_bytes(body, slice_of(id.bytes, MESSAGE_ID_BYTES));
	return ADMIN_OK;
}

enum admin_status
holds_ask_list(const struct admin_work *work, struct text *body,
    unsigned *field_out)
{
	static const struct message_id first;	/* zeroes: above none */
	static const char *const words[HOLD_WHICH_COUNT] = {
		[HOLD_HELD] = "held", [HOLD_QUARANTINED] = "quarantined",
	};
	enum hold_which which = HOLD_ANY;

	if (work->given[LIST_WHICH]) {
		for (which = HOLD_HELD; which < HOLD_WHICH_COUNT; which++)
			if (slice_is_str(work->args[LIST_WHICH],
			    words[which]))
				break;
		if (which == HOLD_WHICH_COUNT) {
			*field_out = LIST_WHICH;
			return ADMIN_UNFIT;
		}
	}
	pack_u8(body, (uint8_t)which);
	if (work->given[LIST_ABOVE])
		return add_id(work, LIST_ABOVE, body, field_out);
	pack_bytes(body, slice_of(first.bytes, MESSAGE_ID_BYTES));
	return ADMIN_OK;
}

enum admin_status
holds_ask_one(const struct admin_work *work, struct text *body,
    unsigned *field_out)
{
	return add_id(work, ONE_ID, body, field_out);
}

enum admin_status
holds_ask_release(const struct admin_work *work, struct text *body,
    unsigned *field_out)
{
	enum admin_status status = add_id(work, ONE_ID, body, field_out);
	struct slice to = work->args[RELEASE_TO];

	if (status == ADMIN_OK && work->given[RELEASE_TO] &&
	    (to.len == 0 || to.len >= ADDRESS_SIZE || !slice_is_utf8(to))) {
		*field_out = RELEASE_TO;
		status = ADMIN_UNFIT;
	}
	pack_slice(body, slice_str(WHO));
	pack_slice(body, to);
	return status;
}

enum admin_status
holds_ask_delete(const struct admin_work *work, struct text *body,
    unsigned *field_out)
{
	enum admin_status status = add_id(work, ONE_ID, body, field_out);

	pack_slice(body, slice_str(WHO));
	return status;
}

bool
holds_status(struct unpack *u, struct queue_said *said)
{
	static const struct {
		enum admin_status	status;
		unsigned		field;
	} statuses[HOLD_STATUS_COUNT] = {
		[HOLD_OK]	  = { ADMIN_OK,	     ADMIN_NO_FIELD },
		[HOLD_NONE]	  = { ADMIN_NO_SUCH, ONE_ID },
		[HOLD_LATER]	  = { ADMIN_LATER,   ADMIN_NO_FIELD },
		[HOLD_DAMAGED]	  = { ADMIN_FAILED,  ONE_ID },
		[HOLD_NO_ACCOUNT] = { ADMIN_NO_SUCH, RELEASE_TO },
		/* said to people only (console_held.c) */
		[HOLD_FORGED]	  = { ADMIN_UNFIT,   ONE_ID },
		[HOLD_OVER]	  = { ADMIN_EXPIRED, ONE_ID },
		[HOLD_KEPT]	  = { ADMIN_REFUSED, ONE_ID },
	};
	enum hold_status status = unpack_enum(u, HOLD_STATUS_COUNT);

	said->status = statuses[status].status;
	said->field = statuses[status].field;
	return !u->bad && status == HOLD_OK;
}

int
holds_row(struct unpack *u, hold_row_fn *add_row, struct queue_said *said)
{
	struct hold_row row;

	if (hold_row_unpack(u, &row) < 0)
		return -EBADMSG;
	add_row(&row, said);
	said->count++;
	return 0;
}

int
holds_page(struct unpack *u, hold_row_fn *add_row, struct queue_said *said)
{
	uint32_t count = unpack_u32(u);

	if (count > HOLD_PAGE)
		return -EBADMSG;
	while (count-- > 0)
		if (holds_row(u, add_row, said) < 0)
			return -EBADMSG;
	return 0;
}

/* A row of HOLD_ROW (admin.c). */
static void
add_row(const struct hold_row *row, struct queue_said *said)
{
	char id[MESSAGE_ID_CHARS + 1];

	message_id_write(&row->id, id);
	pack_slice(said->rows, slice_str(id));
	pack_i64(said->rows, row->since_utc_ms);
	pack_slice(said->rows, slice_str(row->is_quarantined ? "quarantined" :
	    "held"));
	pack_slice(said->rows, row->from);
	pack_slice(said->rows, row->recipients);
	pack_slice(said->rows, row->subject);
	pack_slice(said->rows, row->reason);
	pack_slice(said->rows, row->sender);
	pack_slice(said->rows, row->source);
	pack_u64(said->rows, row->bytes);
	pack_slice(said->rows, slice_str(row->is_damaged ? "yes" : "no"));
	pack_slice(said->rows, row->score);
	pack_slice(said->rows, row->told);
	pack_i64(said->rows, row->ends_utc_ms);
}

int
holds_list_said(struct slice body, struct queue_said *said)
{
	struct unpack u = unpack_of(body);

	if (holds_status(&u, said) && holds_page(&u, add_row, said) < 0)
		return -EBADMSG;
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}

int
holds_show_said(struct slice body, struct queue_said *said)
{
	struct unpack u = unpack_of(body);

	if (holds_status(&u, said)) {
		if (holds_row(&u, add_row, said) < 0)
			return -EBADMSG;
		pack_slice(said->rows, unpack_slice(&u));
	}
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}

int
holds_done_said(struct slice body, struct queue_said *said)
{
	struct unpack u = unpack_of(body);

	(void)holds_status(&u, said);
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}
