/*
 * space.c - room in the hub for what is being fetched
 *
 * It is asked for ahead, a window at a time, so that a grant never adds a round
 * trip; where the hub is short, for one message at a time.  What it denies it
 * may grant when one of ours is through.
 */
#include "fetch/collect_inside.h"

/* A window again, and little of the hub's space (1 GiB). */
#define AHEAD_BYTES	(8u << 20)
#define UNKNOWN_BYTES	65536		/* space for one of unknown size */

/* Listed sizes often count a line end as one byte; stored it has two. */
uint64_t
space_for(const struct collect *collect, uint64_t listed)
{
	uint64_t most = collect_largest(collect);
	uint64_t space = listed == 0 ? UNKNOWN_BYTES :
	    listed > most ? most : listed + listed / 32 + 1024;

	return space < most ? space : most;
}

bool
space_take(struct collect *collect, uint64_t bytes)
{
	struct space *space = &collect->conversation->space;

	if (space->pool < bytes)
		return false;
	space->pool -= bytes;
	return true;
}

void
space_put(struct collect *collect, uint64_t bytes)
{
	collect->conversation->space.pool += bytes;
}

static void
on_space(struct collect *collect, uint64_t bytes, struct ipc_message *message)
{
	struct space *space = &collect->conversation->space;
	struct queue_answer said;
	struct unpack u;

	space->asked = false;
	if (!queue_answer_read(collect, message, &u, &said))
		return;
	if (said.code == 250)
		space_put(collect, bytes);
	else if (!space->modest)
		space->modest = true;	/* less may be had */
	else if (take_is_in_transit(collect))
		space->starved = true;	/* what we hold ourselves comes back */
	else
		take_pause(collect, said.words);
	conversation_turn(collect);
}

void
space_want(struct collect *collect, uint64_t bytes)
{
	struct space *space = &collect->conversation->space;
	TEXT_AUTO body = TEXT_INIT(16);

	if (space->asked || space->starved || bytes <= space->pool)
		return;
	bytes -= space->pool;
	pack_u64(&body, bytes);
	space->asked = true;
	(void)queue_ask(collect, QUEUE_GRANT, &body, -1, bytes, on_space);
}

void
space_ahead(struct collect *collect)
{
	const struct space *space = &collect->conversation->space;
	uint64_t most = space->modest ? 1 : AHEAD_BYTES;
	uint64_t first = before_space(collect, 1);

	if (conversation_is_over(collect) || first == 0 ||
	    (space->pool >= AHEAD_BYTES / 2 && space->pool >= first))
		return;
	space_want(collect, before_space(collect, most));
}

void
space_return(struct collect *collect)
{
	struct space *space = &collect->conversation->space;

	if (space->pool > 0)
		queue_tell_number(collect, QUEUE_RELEASE, space->pool);
	space->pool = 0;
}
