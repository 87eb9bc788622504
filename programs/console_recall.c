/*
 * console_recall.c - requests about mail that can be taken back, between admin rows
 * and queue
 *
 * A person is asked about by their account: of anybody else's mail there is none.
 */
#include "programs/console_recall.h"

#include <errno.h>

#include "queue/desk_wire.h"

/* Where the one argument of each stands in its row (admin.c). */
enum { ARG_ID };

/* Who has done it, where no account has (admin.h, ADMIN_BY_POSTMASTER). */
#define WHO	"postmaster"

static enum admin_status
take_id(const struct admin_work *work, struct message_id *id,
    unsigned *field_out)
{
	if (work->given[ARG_ID] && message_id_read(work->args[ARG_ID], id) < 0) {
		*field_out = ARG_ID;
		return ADMIN_UNFIT;
	}
	return ADMIN_OK;
}

enum admin_status
recall_ask_list(const struct admin_work *work, struct text *body,
    unsigned *field_out)
{
	struct message_id above = { .bytes = { 0 } };
	enum admin_status status = take_id(work, &above, field_out);

	pack_u64(body, work->asker);
	pack_bytes(body, slice_of(above.bytes, MESSAGE_ID_BYTES));
	return status;
}

enum admin_status
recall_ask_take(const struct admin_work *work, struct text *body,
    unsigned *field_out)
{
	struct message_id id = { .bytes = { 0 } };
	enum admin_status status = take_id(work, &id, field_out);

	pack_u64(body, work->asker);
	pack_slice(body, slice_str(work->asker == 0 ? WHO : "its sender"));
	pack_bytes(body, slice_of(id.bytes, MESSAGE_ID_BYTES));
	return status;
}

/* The answer's first byte.  True: more follows. */
static bool
read_status(struct unpack *u, struct queue_said *said)
{
	enum desk_status status = unpack_enum(u, DESK_STATUS_COUNT);

	said->status = status == DESK_OK ? ADMIN_OK :
	    status == DESK_NONE ? ADMIN_NO_SUCH : ADMIN_LATER;
	said->field = status == DESK_NONE ? ARG_ID : ADMIN_NO_FIELD;
	return !u->bad && status == DESK_OK;
}

static void
add_row(struct queue_said *said, const struct recall_row *row)
{
	char id[MESSAGE_ID_CHARS + 1];

	message_id_write(&row->id, id);
	pack_slice(said->rows, slice_str(id));
	pack_i64(said->rows, row->since_utc_ms);
	pack_i64(said->rows, row->until_utc_ms);
	pack_u64(said->rows, row->bytes);
	pack_slice(said->rows, row->sender);
	pack_slice(said->rows, row->recipients);
	pack_slice(said->rows, row->subject);
	said->count++;
}

int
recall_list_said(struct slice body, struct queue_said *said)
{
	struct unpack u = unpack_of(body);
	uint32_t count = read_status(&u, said) ? unpack_u32(&u) : 0;
	struct recall_row row;

	if (count > DESK_PAGE)
		return -EBADMSG;
	while (count-- > 0) {
		if (recall_row_unpack(&u, &row) < 0)
			return -EBADMSG;
		add_row(said, &row);
	}
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}

int
recall_take_said(struct slice body, struct queue_said *said)
{
	struct unpack u = unpack_of(body);

	(void)read_status(&u, said);
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}
