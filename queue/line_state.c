/*
 * line_state.c - what the schedule tells the queue of the line
 */
#include "queue/line_state.h"

#include <errno.h>

bool
line_state_is(const struct line_state *one, const struct line_state *other)
{
	return one->wait == other->wait &&
	    one->until_utc_ms == other->until_utc_ms &&
	    one->urgent_waits == other->urgent_waits &&
	    one->large_waits == other->large_waits &&
	    one->large_until_utc_ms == other->large_until_utc_ms;
}

void
line_state_pack(struct text *text, const struct line_state *state)
{
	pack_u8(text, (uint8_t)state->wait);
	pack_i64(text, state->until_utc_ms);
	pack_u8(text, state->urgent_waits);
	pack_u8(text, state->large_waits);
	pack_i64(text, state->large_until_utc_ms);
}

int
line_state_unpack(struct slice packed, struct line_state *state_out)
{
	struct unpack u = unpack_of(packed);
	struct line_state state;

	state.wait = unpack_enum(&u, LINE_WAIT_COUNT);
	state.until_utc_ms = unpack_i64(&u);
	state.urgent_waits = unpack_bool(&u);
	state.large_waits = unpack_bool(&u);
	state.large_until_utc_ms = unpack_i64(&u);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*state_out = state;
	return 0;
}
