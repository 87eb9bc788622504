/*
 * queue_pipes.c - big messages on their way from a door into the queue's files
 */
#include "programs/queue_pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

#define TURN_BYTES	(512 * 1024)	/* before others get a turn */

struct pipe_in {
	LIST_ENTRY(pipe_in) next;
	struct queue_pipes *all;
	uint64_t	 ticket;
	const void	*from;
	int		 fd;
	struct watch	*watch;
};

struct queue_pipes {
	struct loop		*loop;
	struct conductor	*conductor;
	LIST_HEAD(, pipe_in)	 list;
};

struct queue_pipes *
queue_pipes_new(struct loop *loop, struct conductor *conductor)
{
	struct queue_pipes *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->loop = loop;
	all->conductor = conductor;
	LIST_INIT(&all->list);
	return all;
}

static void
pipe_free(struct pipe_in *in)
{
	LIST_REMOVE(in, next);
	watch_free(in->watch);
	(void)close(in->fd);
	free(in);
}

/* Read what the pipe has; true at its end. */
static bool
drain(struct pipe_in *in)
{
	char bytes[65536];
	size_t total = 0;
	ssize_t n = 0;

	while (total < TURN_BYTES &&
	    (n = read(in->fd, bytes, sizeof(bytes))) > 0) {
		conductor_big_feed(in->all->conductor, in->ticket,
		    slice_of(bytes, (size_t)n));
		total += (size_t)n;
	}
	if (total >= TURN_BYTES || (n < 0 && (errno == EAGAIN ||
	    errno == EINTR)))
		return false;
	conductor_big_end(in->all->conductor, in->ticket);
	return true;
}

static void
on_pipe(void *arg, unsigned what)
{
	struct pipe_in *in = arg;

	(void)what;
	if (drain(in))
		pipe_free(in);
}

int
queue_pipes_begin(struct queue_pipes *all, const void *from, uint64_t ticket,
    int *door_fd_out)
{
	struct pipe_in *in = calloc(1, sizeof(*in));
	int fd[2];

	if (in == NULL)
		return -ENOMEM;
	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0) {
		free(in);
		return -errno;
	}
	in->all = all;
	in->ticket = ticket;
	in->from = from;
	in->fd = fd[0];
	in->watch = watch_new(all->loop, in->fd, on_pipe, in);
	LIST_INSERT_HEAD(&all->list, in, next);
	if (in->watch == NULL || watch_want(in->watch, LOOP_READ) < 0) {
		pipe_free(in);
		(void)close(fd[1]);
		return -ENOMEM;
	}
	*door_fd_out = fd[1];
	return 0;
}

static struct pipe_in *
find(const struct queue_pipes *all, uint64_t ticket)
{
	struct pipe_in *in;

	LIST_FOREACH(in, &all->list, next)
		if (in->ticket == ticket)
			return in;
	return NULL;
}

void
queue_pipes_end(struct queue_pipes *all, uint64_t ticket)
{
	struct pipe_in *in = find(all, ticket);

	if (in == NULL)
		return;
	(void)drain(in);	/* a pipe holds less than a turn */
	pipe_free(in);
}

void
queue_pipes_drop(struct queue_pipes *all, const void *from, uint64_t ticket)
{
	struct pipe_in *in = find(all, ticket);

	if (in == NULL || in->from != from)
		return;
	(void)drain(in);	/* it may be kept as half (queue/half.h) */
	pipe_free(in);
}

void
queue_pipes_lost(struct queue_pipes *all, const void *from)
{
	struct pipe_in *in, *following;

	for (in = LIST_FIRST(&all->list); in != NULL; in = following) {
		following = LIST_NEXT(in, next);
		if (in->from != from)
			continue;
		(void)drain(in);
		pipe_free(in);
	}
}
