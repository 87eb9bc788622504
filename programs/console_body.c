/*
 * console_body.c - requests for a body, between admin rows and queue
 */
#include "programs/console_body.h"

#include <errno.h>

#include "queue/ledger.h"

enum { ONE_ID };		/* where its argument stands (admin.c) */

enum admin_status
body_ask(const struct admin_work *work, struct text *body, unsigned *field_out)
{
	struct slice id = work->args[ONE_ID];

	if (id.len == 0 || id.len > MESSAGE_ID_CHARS) {
		*field_out = ONE_ID;
		return ADMIN_UNFIT;
	}
	pack_u64(body, work->asker);
	pack_slice(body, id);
	return ADMIN_OK;
}

int
body_said(struct slice body, struct queue_said *said)
{
	static const struct {
		enum admin_status	status;
		unsigned		field;
	} statuses[BODY_STATUS_COUNT] = {
		[BODY_WANTED] = { ADMIN_OK,	 ADMIN_NO_FIELD },
		[BODY_NONE]   = { ADMIN_NO_SUCH, ONE_ID },
		[BODY_UNFIT]  = { ADMIN_UNFIT,	 ONE_ID },
		[BODY_LATER]  = { ADMIN_LATER,	 ADMIN_NO_FIELD },
	};
	struct unpack u = unpack_of(body);
	enum body_status status = unpack_enum(&u, BODY_STATUS_COUNT);
	uint32_t count = unpack_u32(&u);

	if (u.bad || count > LEDGER_BODIES_MOST)
		return -EBADMSG;
	said->status = statuses[status].status;
	said->field = statuses[status].field;
	for (; count > 0; count--) {
		pack_u64(said->rows, unpack_u64(&u));
		said->count++;
	}
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}
