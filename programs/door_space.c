/*
 * door_space.c - room in the queue for messages that are about to come
 *
 * To ask for each one's own is a round trip that its sender waits for.  So while
 * messages come one after the other, room for some more is asked for ahead; when
 * no more have come for a while, what is left of it is given back.
 */
#include "programs/door_space.h"

#include <stdlib.h>

#include "queue/service.h"
#include "store/account.h"

#define BUSY_MS		100	/* between two messages of one stream */
#define REST_MS		1000	/* then it is over; or after a refusal */
#define AHEAD_BYTES	(GRANTS_MOST * (uint64_t)BIG_BYTES)
/* What is ahead is no more than that part of all: the rest is for messages. */
#define SHARE_OF_TRANSIT 64

struct door_space {
	struct ipc	*queue;		/* or NULL */
	struct timer	*rest;
	uint64_t	 bytes;		/* granted to nobody yet */
	uint64_t	 needed_ms;	/* when a message was last; 0: never */
	uint64_t	 refused_ms;	/* the same */
	bool		 is_asking;
	bool		 is_useful;
};

static void	on_rest(void *arg);

struct door_space *
door_space_new(struct loop *loop, uint64_t transit_bytes)
{
	struct door_space *space = calloc(1, sizeof(*space));

	if (space == NULL)
		return NULL;
	space->is_useful = transit_bytes / SHARE_OF_TRANSIT >= AHEAD_BYTES;
	space->rest = timer_new(loop, on_rest, space);
	if (space->rest == NULL) {
		door_space_free(space);
		return NULL;
	}
	return space;
}

void
door_space_free(struct door_space *space)
{
	if (space == NULL)
		return;
	timer_free(space->rest);
	free(space);
}

void
door_space_queue(struct door_space *space, struct ipc *queue)
{
	/* its questions have been answered: with nothing */
	space->queue = queue;
	space->bytes = 0;
	timer_stop(space->rest);
}

/* It was long ago, or never. */
static bool
is_past(uint64_t then_ms, uint64_t ms)
{
	return then_ms == 0 || clock_ms() - then_ms >= ms;
}

static void
on_rest(void *arg)
{
	struct door_space *space = arg;
	TEXT_AUTO body = TEXT_INIT(16);

	if (!is_past(space->needed_ms, REST_MS)) {
		timer_set(space->rest, REST_MS);
		return;
	}
	pack_u64(&body, space->bytes);
	if (space->queue != NULL && space->bytes > 0)
		(void)ipc_send(space->queue, QUEUE_RELEASE, text_slice(&body),
		    NULL, 0);
	space->bytes = 0;
}

static void
on_granted(void *arg, int status, struct ipc_message *message)
{
	struct door_space *space = arg;
	struct queue_answer said = { 0 };
	struct unpack u;

	space->is_asking = false;
	if (status == 0) {
		u = unpack_of(message->body);
		if (answer_unpack(&u, &said) < 0)
			said.code = 0;
	}
	if (said.code != 250) {
		space->refused_ms = clock_ms();
		return;
	}
	space->bytes += AHEAD_BYTES;
	timer_set(space->rest, REST_MS);
}

static void
ask(struct door_space *space)
{
	TEXT_AUTO body = TEXT_INIT(8);

	pack_u32(&body, GRANTS_MOST);
	space->is_asking = !text_failed(&body) && ipc_ask(space->queue,
	    QUEUE_GRANTS, text_slice(&body), NULL, 0, on_granted, space) == 0;
}

bool
door_space_take(struct door_space *space, uint64_t bytes)
{
	bool is_busy = !is_past(space->needed_ms, BUSY_MS);
	bool is_there = bytes <= space->bytes;

	space->needed_ms = clock_ms();
	if (is_there)
		space->bytes -= bytes;
	if (is_busy && space->is_useful && !space->is_asking &&
	    space->queue != NULL && space->bytes < AHEAD_BYTES / 2 &&
	    is_past(space->refused_ms, REST_MS))
		ask(space);
	return is_there;
}
