/*
 * ipc_fuzz.c - any packets into a channel with a table
 *
 * The input is packets, each a byte for its length in units of four, a byte for
 * how many descriptors come along (its low four bits) and whether we ask
 * something first (its high ones), and its bytes.  However they break the
 * contract, what a handler sees keeps it, every question is answered once, and
 * no descriptor stays.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/ipc.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define MOST_FDS	4u

enum { NEWS = 1, REQUEST, CARRIES, LATE, PICKY };

struct scene {
	struct loop	*loop;
	struct ipc	*ipc;
	unsigned	 state;
	unsigned	 asked, answered, lost;
};

static int
on_message(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct scene *scene = arg;

	assert(scene->lost == 0 && ipc_breach(from)[0] == '\0');
	assert((message->kind == REQUEST) == (message->serial != 0));
	assert((message->kind == CARRIES) == (message->fd[0] >= 0));
	assert(message->fd[1] < 0);
	assert(message->kind != LATE || scene->state == 2);
	if (message->kind == REQUEST)
		(void)ipc_reply(from, message->serial, message->body, NULL,
		    0);
	if (message->kind == CARRIES && message->body.len > 0)
		(void)close(ipc_take_fd(message, 0));
	if (message->kind == PICKY && message->body.len > 8) {
		ipc_free(from);
		scene->ipc = NULL;
		return -1;
	}
	if (message->kind == PICKY)
		return message->body.len == 4 ? -1 : 0;
	scene->state = message->body.len > 12 ? 2 : 1;
	return 0;
}

static unsigned
state_of(void *arg)
{
	return ((struct scene *)arg)->state;
}

static void
on_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	struct scene *scene = arg;

	assert(was_breach == (ipc_breach(ipc)[0] != '\0'));
	assert(scene->lost == 0);
	scene->lost++;
	ipc_free(ipc);
	scene->ipc = NULL;
}

static void
on_answer(void *arg, int status, struct ipc_message *message)
{
	struct scene *scene = arg;

	assert((status == 0) == (message != NULL));
	scene->answered++;
}

static const struct ipc_rule rules[] = {
{ NEWS,	   "NEWS",    FROM(ROLE_DOOR), IPC_NEWS,    0, 0, on_message },
{ REQUEST, "REQUEST", FROM(ROLE_DOOR), IPC_REQUEST, 0, 0, on_message },
{ CARRIES, "CARRIES", FROM(ROLE_DOOR), IPC_NEWS,    1, 0, on_message },
{ LATE,	   "LATE",    FROM(ROLE_DOOR), IPC_NEWS,    0, 2, on_message },
{ PICKY,   "PICKY",   FROM(ROLE_DOOR), IPC_NEWS,    0, 0, on_message },
{ 6,	   "FOREIGN", FROM(ROLE_QUEUE), IPC_NEWS,   0, 0, on_message },
{ 0 }
};

static void
stop(void *arg)
{
	loop_stop(arg);
}

static void
turn(struct scene *scene)
{
	struct timer *timer = timer_new(scene->loop, stop, scene->loop);

	for (int i = 0; i < 3; i++) {
		timer_set(timer, 0);
		assert(loop_run(scene->loop) == 0);
	}
	timer_free(timer);
}

static void
say(int fd, struct slice packet, unsigned fd_count)
{
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(sizeof(int) * MOST_FDS)];
	} control;
	struct iovec iov = { (void *)(uintptr_t)packet.at, packet.len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	memset(&control, 0, sizeof(control));
	if (fd_count > 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		for (unsigned i = 0; i < fd_count; i++)
			memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &fd,
			    sizeof(int));
	}
	/* the other side may have closed by now: that is no fault */
	(void)sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The lowest descriptor that is free, which tells of one that was left. */
static int
next_fd(void)
{
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

	(void)close(fd);
	return fd;
}

static void
play(struct scene *scene, int fd, struct slice input)
{
	while (input.len >= 2) {
		unsigned how = (unsigned char)input.at[1];
		size_t len = (size_t)(unsigned char)input.at[0] * 4;
		struct slice packet;

		input = slice_after(input, 2);
		packet = slice_first(input, len);
		input = slice_after(input, len);
		if (how >> 4 != 0 && scene->ipc != NULL &&
		    ipc_ask(scene->ipc, NEWS, packet, NULL, 0, on_answer,
		    scene) == 0)
			scene->asked++;
		say(fd, packet, (how & 15) % (MOST_FDS + 1));
		turn(scene);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	struct scene scene = { .state = 1 };
	const struct ipc_side side = {
		.rules = rules, .state = state_of, .lost = on_lost,
		.arg = &scene
	};
	int fd[2], before = next_fd();

	scene.loop = loop_new();
	assert(scene.loop != NULL);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		abort();
	scene.ipc = ipc_new(scene.loop, fd[0], ROLE_DOOR, 0, &side);
	assert(scene.ipc != NULL);
	play(&scene, fd[1], slice_of(at, len));
	ipc_free(scene.ipc);
	assert(scene.asked == scene.answered);
	(void)close(fd[1]);
	loop_free(scene.loop);
	assert(next_fd() == before);
	return 0;
}
