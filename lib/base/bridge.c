/*
 * bridge.c - a client's connection joined to a role that serves it
 *
 * Both directions are moved by functions that know nothing of events: as much
 * as there is, up to what the other side may have waiting.  Where one stops,
 * the side it reads from is held, and it is called again when the other side
 * has drained.
 */
#include "lib/base/bridge.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/deflate.h"

#define INPUT_BYTES	((size_t)64 * 1024)
#define WAIT_BYTES	((size_t)256 * 1024)	/* above: hold the other side */
#define OUTPUT_LIMIT	(WAIT_BYTES + 2 * INPUT_BYTES)
#define PIECE_BYTES	16384	/* of what is unpacked */
#define REST_MS		15000	/* without a word: memory is given back */
#define STUCK_MS	300000	/* for a client to take anything at all */

struct bridge {
	struct stream	*client;
	struct stream	*inner;
	struct deflate	*deflate;	/* NULL: the client's is in clear */
	size_t		 waited;	/* for the client, at the last look */
	uint64_t	 waited_ms;	/* since when it is as much */
	bridge_fn	*ended;
	bridge_left_fn	*left;		/* NULL: the client goes with it */
	void		*arg;
};

void
bridge_close(struct bridge *bridge)
{
	bridge_fn *ended = bridge->ended;
	void *arg = bridge->arg;

	stream_finish(bridge->client);
	stream_finish(bridge->inner);
	deflate_free(bridge->deflate);
	ended(arg, bridge);
	free(bridge);
}

/* The role's end is closed, and what it has said was moved. */
static void
over(struct bridge *bridge)
{
	struct stream *client = bridge->client;
	bridge_left_fn *left = bridge->left;
	void *arg = bridge->arg;

	if (left == NULL) {
		bridge_close(bridge);
		return;
	}
	stream_finish(bridge->inner);
	free(bridge);
	left(arg, client);
}

bool
bridge_leave(struct bridge *bridge, bridge_left_fn *left)
{
	if (bridge->deflate != NULL || stream_waiting(bridge->inner) > 0)
		return false;
	bridge->left = left;
	stream_hold(bridge->client, true);
	return true;
}

static bool
is_full(const struct stream *to)
{
	return stream_waiting(to) >= WAIT_BYTES;
}

/* `to` has enough: no more of `from` until that has left. */
static void
hold_if_full(struct stream *from, struct stream *to)
{
	if (!is_full(to))
		return;
	stream_hold(from, true);
	stream_tell_drained(to);
}

/*
 * All that the role has said, to the client.  0 or -ENOMEM; a stream that does
 * not take it has failed and says so itself.
 */
static int
move_out(struct bridge *bridge)
{
	TEXT_AUTO packed = TEXT_INIT(2 * INPUT_BYTES);
	struct slice bytes = stream_input(bridge->inner), out = bytes;
	int r;

	if (bytes.len == 0)
		return 0;
	if (bridge->deflate != NULL) {
		r = deflate_write(bridge->deflate, bytes, &packed);
		if (r < 0)
			return r;
		out = text_slice(&packed);
		stream_idle_after(bridge->inner, REST_MS);
	}
	if (stream_write(bridge->client, out) == 0)
		stream_consume(bridge->inner, bytes.len);
	hold_if_full(bridge->inner, bridge->client);
	return 0;
}

/* What the client has said, as there is room for it, however far it swells. */
static int
unpack_in(struct bridge *bridge)
{
	struct slice packed = stream_input(bridge->client);
	size_t had = packed.len;
	char piece[PIECE_BYTES];
	int n = 1;

	while (n > 0 && !is_full(bridge->inner)) {
		n = deflate_unpack(bridge->deflate, &packed, piece,
		    sizeof(piece));
		if (n > 0 && stream_write(bridge->inner,
		    slice_of(piece, (size_t)n)) < 0)
			break;
	}
	stream_consume(bridge->client, had - packed.len);
	stream_idle_after(bridge->inner, REST_MS);
	return n < 0 ? n : 0;
}

/*
 * What the client has said, to the role, and that it has said everything.  0,
 * -ENOMEM, or -EBADMSG: it is not compressed as agreed on.
 */
static int
move_in(struct bridge *bridge)
{
	struct slice bytes = stream_input(bridge->client);
	int r = 0;

	if (bridge->left != NULL)
		return 0;	/* nobody is there to hear it */
	if (bridge->deflate != NULL)
		r = unpack_in(bridge);
	else if (stream_write(bridge->inner, bytes) == 0)
		stream_consume(bridge->client, bytes.len);
	hold_if_full(bridge->client, bridge->inner);
	if (stream_has_ended(bridge->client) && !is_full(bridge->inner))
		stream_end_output(bridge->inner);
	return r;
}

/* What was moved may end with a mark. */
static int
obey_mark(struct bridge *bridge)
{
	int r;

	if (!stream_is_marked(bridge->inner))
		return 0;
	/* RFC 4978 3: the client waits for the OK before it says anything */
	if (bridge->deflate != NULL || stream_input(bridge->client).len > 0)
		return -EPROTO;
	r = deflate_new(slice_of(NULL, 0), &bridge->deflate);
	stream_pass_mark(bridge->inner);
	return r;
}

/*
 * Nothing came from the role for a while: because it is held, by a client that
 * reads no more?  Its own end would not be heard then.
 */
static bool
is_stuck(struct bridge *bridge)
{
	size_t waiting = stream_waiting(bridge->client);

	if (waiting != bridge->waited) {
		bridge->waited = waiting;
		bridge->waited_ms = clock_ms();
	}
	return waiting > 0 && clock_ms() - bridge->waited_ms >= STUCK_MS;
}

static void
on_quiet(struct bridge *bridge)
{
	if (is_stuck(bridge)) {
		bridge_close(bridge);
		return;
	}
	if (bridge->deflate != NULL)
		deflate_rest(bridge->deflate);
	stream_idle_after(bridge->inner, STUCK_MS);
}

static void
on_client(void *arg, enum stream_event event)
{
	struct bridge *bridge = arg;
	int r = 0;

	switch (event) {
	case STREAM_INPUT:
	case STREAM_CLOSED:
		r = move_in(bridge);
		break;
	case STREAM_DRAINED:
		stream_hold(bridge->inner, false);
		break;
	case STREAM_FAILED:
		(void)move_in(bridge);
		bridge_close(bridge);
		return;
	case STREAM_TLS_UP:
	case STREAM_IDLE:	/* not asked for */
		break;
	}
	if (r < 0)
		bridge_close(bridge);
}

static void
on_inner(void *arg, enum stream_event event)
{
	struct bridge *bridge = arg;
	int r = 0;

	switch (event) {
	case STREAM_INPUT:
		r = move_out(bridge);
		if (r == 0)
			r = obey_mark(bridge);
		break;
	case STREAM_DRAINED:
		stream_hold(bridge->client, bridge->left != NULL);
		/* what swells has more to give than came */
		r = move_in(bridge);
		break;
	case STREAM_CLOSED:
	case STREAM_FAILED:
		(void)move_out(bridge);
		over(bridge);
		return;
	case STREAM_IDLE:
		on_quiet(bridge);
		return;
	case STREAM_TLS_UP:
		break;
	}
	if (r < 0)
		bridge_close(bridge);
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
	stream_take_marks(bridge->inner);
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
