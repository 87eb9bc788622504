/*
 * clock_jump.c - may the time of day be believed?
 */
#include "queue/clock_jump.h"

#include "lib/base/loop.h"

static void
doubt(struct clock_jump *jump)
{
	jump->is_doubted = true;
	jump->doubted_ms = clock_ms();
}

/* Both may be anything: a difference that cannot be told is a large one. */
static bool
differ(int64_t a, int64_t b)
{
	int64_t by;

	return __builtin_sub_overflow(a, b, &by) || by > CLOCK_JUMP_MS ||
	    by < -CLOCK_JUMP_MS;
}

void
clock_jump_begin(struct clock_jump *jump, int64_t known_utc_ms)
{
	*jump = (struct clock_jump){ .at_ms = clock_ms(),
	    .at_utc_ms = clock_utc_ms() };
	if (known_utc_ms != 0 && differ(jump->at_utc_ms, known_utc_ms))
		doubt(jump);
}

void
clock_jump_look(struct clock_jump *jump)
{
	uint64_t ms = clock_ms();
	int64_t utc_ms = clock_utc_ms(), expected;

	if (__builtin_add_overflow(jump->at_utc_ms,
	    (int64_t)(ms - jump->at_ms), &expected) ||
	    differ(utc_ms, expected))
		doubt(jump);
	else if (jump->is_doubted && ms - jump->doubted_ms >= CLOCK_DOUBT_MS)
		jump->is_doubted = false;
	jump->at_ms = ms;
	jump->at_utc_ms = utc_ms;
}

bool
clock_jump_is_trusted(struct clock_jump *jump)
{
	clock_jump_look(jump);
	return !jump->is_doubted;
}
