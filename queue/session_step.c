/*
 * session_step.c - what a session did to a letter, for the trail
 */
#include "queue/session_step.h"

#include <errno.h>

#include "lib/base/dot.h"

void
session_step_pack(struct text *text, const struct session_step *step)
{
	pack_slice(text, step->ids);
	pack_slice(text, step->word);
	pack_slice(text, step->who);
	pack_slice(text, step->subject);
	pack_slice(text, step->mailbox);
	pack_u32(text, step->mended);
}

int
session_step_unpack(struct slice body, struct session_step *step_out)
{
	struct unpack u = unpack_of(body);
	struct session_step step = { .ids = unpack_slice(&u) };

	step.word = unpack_slice(&u);
	step.who = unpack_slice(&u);
	step.subject = unpack_slice(&u);
	step.mailbox = unpack_slice(&u);
	step.mended = unpack_u32(&u);
	if (!unpack_is_done(&u) || step.ids.len == 0 ||
	    step.ids.len % MESSAGE_ID_BYTES != 0 ||
	    step.ids.len > SESSION_STEP_MOST * MESSAGE_ID_BYTES ||
	    (step.mended & ~(DOT_BARE_CR | DOT_BARE_LF | DOT_NUL)) != 0)
		return -EBADMSG;
	*step_out = step;
	return 0;
}
