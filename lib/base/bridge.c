/*
 * bridge.c - a client's connection joined to a role that serves it
 */
#include "lib/base/bridge.h"

#include <stdlib.h>
#include <unistd.h>

#define INPUT_BYTES	((size_t)64 * 1024)
#define WAIT_BYTES	((size_t)256 * 1024)	/* above: hold the other side */
#define OUTPUT_LIMIT	(WAIT_BYTES + 2 * INPUT_BYTES)
#define STUCK_MS	300000	/* for a client to take anything at all */

struct bridge {
	struct stream	*client;
	struct stream	*inner;
	size_t		 waited;	/* for the client, at the last look */
	bridge_fn	*ended;
	void		*arg;
};

void
bridge_close(struct bridge *bridge)
{
	bridge_fn *ended = bridge->ended;
	void *arg = bridge->arg;

	stream_finish(bridge->client);
	stream_finish(bridge->inner);
	ended(arg, bridge);
	free(bridge);
}

/* Move what `from` has read into `to`; hold `from` while `to` is full. */
static void
move(struct stream *from, struct stream *to)
{
	struct slice bytes = stream_input(from);

	if (stream_write(to, bytes) < 0)
		return;		/* `to` has failed and says so itself */
	stream_consume(from, bytes.len);
	if (stream_waiting(to) >= WAIT_BYTES) {
		stream_hold(from, true);
		stream_tell_drained(to);
	}
}

/*
 * Nothing came from the role for a while: because it is held, by a client that
 * reads no more?  Its own end would not be heard then.
 */
static void
look_for_stuck(struct bridge *bridge)
{
	size_t waiting = stream_waiting(bridge->client);

	if (waiting > 0 && waiting == bridge->waited)
		bridge_close(bridge);
	else
		bridge->waited = waiting;
}

static void
on_event(struct bridge *bridge, struct stream *from, struct stream *to,
    enum stream_event event)
{
	switch (event) {
	case STREAM_INPUT:
		move(from, to);
		break;
	case STREAM_DRAINED:
		stream_hold(to, false);
		break;
	case STREAM_CLOSED:
		move(from, to);
		if (from == bridge->client)
			stream_end_output(to);
		else
			bridge_close(bridge);
		break;
	case STREAM_FAILED:
		move(from, to);
		bridge_close(bridge);
		break;
	case STREAM_IDLE:
		look_for_stuck(bridge);
		break;
	case STREAM_TLS_UP:
		break;
	}
}

static void
on_client(void *arg, enum stream_event event)
{
	struct bridge *bridge = arg;

	on_event(bridge, bridge->client, bridge->inner, event);
}

static void
on_inner(void *arg, enum stream_event event)
{
	struct bridge *bridge = arg;

	on_event(bridge, bridge->inner, bridge->client, event);
}

struct bridge *
bridge_new(struct loop *loop, struct stream *client, int inner_fd,
    bridge_fn *ended, void *arg)
{
	struct bridge *bridge = calloc(1, sizeof(*bridge));

	if (bridge == NULL)
		goto undo;
	bridge->inner = stream_new(loop, inner_fd, INPUT_BYTES, OUTPUT_LIMIT,
	    on_inner, bridge);
	if (bridge->inner == NULL)
		goto undo;
	stream_idle_after(bridge->inner, STUCK_MS);
	bridge->client = client;
	bridge->ended = ended;
	bridge->arg = arg;
	stream_hand_over(client, INPUT_BYTES, OUTPUT_LIMIT, on_client, bridge);
	return bridge;
undo:
	free(bridge);
	(void)close(inner_fd);
	stream_free(client);
	return NULL;
}
