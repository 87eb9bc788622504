/*
 * door_reversed.c - a client that became the server on its connection (ATRN, RFC
 * 2645)
 *
 * One end of a socket pair goes with the question to the queue, which gives it to
 * the relay with its yes; the client is then joined to the other end, and the door
 * passes bytes on, with TLS to the client where it has begun.  Whatever the answer
 * is, an end that is not joined is closed, which the relay hears.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/bridge.h"
#include "programs/door.h"
#include "queue/service.h"

struct reversed {
	LIST_ENTRY(reversed)	 next;
	struct door		*door;
	struct bridge		*bridge;
};

void
door_reversed_drop(struct visit *visit)
{
	if (visit->reversed_fd > 0)
		(void)close(visit->reversed_fd);
	visit->reversed_fd = 0;
}

int
door_reversed_pair(struct visit *visit)
{
	int fd[2];

	door_reversed_drop(visit);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    fd) < 0)
		return -errno;
	visit->reversed_fd = fd[0];
	return fd[1];
}

static void
on_end(void *arg, struct bridge *bridge)
{
	struct reversed *reversed = arg;

	(void)bridge;
	LIST_REMOVE(reversed, next);
	reversed->door->bridge_count--;
	free(reversed);
}

void
door_reverse(void *arg, struct stream *client)
{
	struct visit *visit = arg;
	struct door *door = visit->door;
	struct reversed *reversed = door_may_stay(door) ?
	    calloc(1, sizeof(*reversed)) : NULL;
	int fd = visit->reversed_fd;

	if (reversed == NULL || fd <= 0) {
		free(reversed);
		stream_free(client);
		return;
	}
	visit->reversed_fd = 0;
	reversed->door = door;
	reversed->bridge = bridge_new(door->process->loop, client, fd, on_end,
	    reversed);
	if (reversed->bridge == NULL) {
		free(reversed);
		return;
	}
	LIST_INSERT_HEAD(&door->reversed, reversed, next);
	door->bridge_count++;
}

void
door_reversed_stop(struct door *door)
{
	struct reversed *reversed;

	while ((reversed = LIST_FIRST(&door->reversed)) != NULL)
		bridge_close(reversed->bridge);
}
