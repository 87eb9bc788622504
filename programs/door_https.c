/*
 * door_https.c - HTTPS: the door ends TLS, the console role speaks HTTP
 *
 * Once the handshake is done the connection is joined by a bridge to one end of
 * a socket pair; the other end goes to the console.  It counts as a connection
 * of its address until it is over, for nobody has logged in to it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/http/server.h"
#include "lib/base/bridge.h"
#include "lib/base/log.h"
#include "lib/base/stream.h"
#include "programs/console_web.h"
#include "programs/door.h"

#define INPUT_BYTES	4096	/* nothing is read before the bridge stands */

struct door_https {
	struct visit	*visit;
	struct stream	*stream;	/* until the bridge has it */
	struct bridge	*bridge;
};

static void
https_free(struct door_https *https)
{
	struct visit *visit = https->visit;

	stream_free(https->stream);
	visit->door->https_count--;
	free(https);
	visit_free(visit);
}

static void
on_bridge_ended(void *arg, struct bridge *bridge)
{
	(void)bridge;
	https_free(arg);
}

/* One end for the bridge, the other for the console.  0 or a negative errno. */
static int
hand_over(struct door_https *https)
{
	struct visit *visit = https->visit;
	struct stream *stream = https->stream;
	TEXT_AUTO body = TEXT_INIT(128);
	int fd[2], r = -ENOTCONN;

	if (visit->door->console == NULL)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    fd) < 0)
		return -errno;
	pack_slice(&body, slice_str(visit->peer));
	r = text_failed(&body) ? -ENOMEM : ipc_send(visit->door->console,
	    CONSOLE_VISIT, text_slice(&body), &fd[1], 1);
	(void)close(fd[1]);
	if (r < 0) {
		(void)close(fd[0]);
		return r;
	}
	https->stream = NULL;	/* whatever comes of it, it is gone */
	https->bridge = bridge_new(visit->door->process->loop, stream, fd[0],
	    on_bridge_ended, https);
	return https->bridge == NULL ? -ENOMEM : 0;
}

static void
on_stream(void *arg, enum stream_event event)
{
	struct door_https *https = arg;

	switch (event) {
	case STREAM_TLS_UP:
		if (hand_over(https) < 0)
			https_free(https);
		break;
	case STREAM_CLOSED:
	case STREAM_FAILED:
	case STREAM_IDLE:
		https_free(https);
		break;
	default:
		break;
	}
}

int
door_https_begin(struct visit *visit, int fd)
{
	struct door *door = visit->door;
	struct door_https *https = NULL;
	int r = -EAGAIN;

	if (door->console != NULL && door->https_count < HTTP_CONNECTIONS &&
	    door_may_read_pages(door)) {
		https = calloc(1, sizeof(*https));
		r = -ENOMEM;
	}
	if (https != NULL)
		https->stream = stream_new(door->process->loop, fd,
		    INPUT_BYTES, INPUT_BYTES, on_stream, https);
	if (https == NULL || https->stream == NULL) {
		(void)close(fd);
		free(https);
		return r;
	}
	r = stream_start_tls(https->stream, door->tls_https);
	if (r < 0) {
		stream_free(https->stream);
		free(https);
		return r;
	}
	https->visit = visit;
	visit->session = https;
	door->https_count++;
	return 0;
}

void
door_https_close(struct visit *visit)
{
	struct door_https *https = visit->session;

	if (https->bridge != NULL)
		bridge_close(https->bridge);
	else
		https_free(https);
}
