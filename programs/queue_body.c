/*
 * queue_body.c - what the console asks of messages of which a note is here
 */
#include "programs/queue_body.h"

#include <errno.h>
#include <string.h>

#include "lib/base/log.h"
#include "programs/queue_role.h"
#include "queue/conductor.h"
#include "queue/ledger.h"

static enum body_status
status_of(int r)
{
	switch (r) {
	case -EINVAL:
		return BODY_UNFIT;
	case -ENOENT:
		return BODY_NONE;
	default:
		log_say("ledger.db: %s; a body is not asked for",
		    strerror(-r));
		return BODY_LATER;
	}
}

int
on_body(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t owner = unpack_u64(&u), accounts[LEDGER_BODIES_MOST];
	struct slice which = unpack_slice(&u);
	TEXT_AUTO body = TEXT_INIT(1024);
	int n;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	n = ledger_want_body(conductor_ledger(queue_conductor(arg)), owner,
	    which, accounts);
	pack_u8(&body, n < 0 ? (uint8_t)status_of(n) : BODY_WANTED);
	pack_u32(&body, n < 0 ? 0 : (uint32_t)n);
	for (int i = 0; i < n; i++)
		pack_u64(&body, accounts[i]);
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}
