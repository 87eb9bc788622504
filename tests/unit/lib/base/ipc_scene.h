/*
 * ipc_scene.h - a channel under test, and its peer
 *
 * Where the sender keeps to the contract both ends are channels; where it does
 * not, the other end is the socket, and the test writes packets to it.
 */
#ifndef TESTS_UNIT_LIB_BASE_IPC_SCENE_H
#define TESTS_UNIT_LIB_BASE_IPC_SCENE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/ipc.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

enum { PING = 1, ASK, CARRY, LATER, ODD };
enum { EARLY = 1, LATE = 2 };			/* states */
enum act { ACT_NOTHING, ACT_FREE, ACT_REPLY, ACT_TAKE };

struct scene {
	struct loop	*loop;
	struct ipc	*ipc;		/* under test */
	struct ipc	*other;		/* its peer, or NULL: fd is */
	int		 fd;
	unsigned	 state;
	enum act	 act;
	unsigned	 handled, lost, answered, refused;
	bool		 was_breach;
	bool		 free_in_lost, free_in_reply;
	char		 breach[200];
	uint32_t	 next;		/* number the next body must have */
	uint64_t	 serial;
	size_t		 body_bytes;
	int		 taken;
};

/* What the handler of a test does. */
static inline int
on_message(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct scene *scene = arg;

	scene->handled++;
	scene->serial = message->serial;
	scene->body_bytes = message->body.len;
	if (message->kind == ODD)
		return -EBADMSG;
	switch (scene->act) {
	case ACT_FREE:
		ipc_free(from);
		scene->ipc = NULL;
		break;
	case ACT_REPLY:
		ck_assert_int_eq(ipc_reply(from, message->serial,
		    message->body, NULL, 0), 0);
		break;
	case ACT_TAKE:
		scene->taken = ipc_take_fd(message, 0);
		ck_assert_int_eq(message->fd[0], -1);
		break;
	case ACT_NOTHING:
		break;
	}
	return 0;
}

/* Bodies of LATER are numbered, so that order shows. */
static inline int
on_numbered(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct scene *scene = arg;
	struct unpack u = unpack_of(message->body);

	(void)from;
	ck_assert_uint_eq(unpack_u32(&u), scene->next++);
	scene->handled++;
	return 0;
}

/* A request has its reply, or has lost it. */
static inline void
on_answer(void *arg, int status, struct ipc_message *message)
{
	struct scene *scene = arg;

	if (status == 0) {
		scene->answered++;
		scene->body_bytes = message->body.len;
	} else {
		ck_assert_int_eq(status, -ECONNRESET);
		ck_assert_ptr_null(message);
		scene->refused++;
	}
	if (!scene->free_in_reply)
		return;
	/* on the way down, too */
	ipc_free(scene->other);
	if (status == 0)
		scene->other = NULL;
}

/* The state that the table asks for. */
static inline unsigned
state_of(void *arg)
{
	return ((struct scene *)arg)->state;
}

/* The channel is lost to one end. */
static inline void
on_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	struct scene *scene = arg;

	scene->lost++;
	scene->was_breach = was_breach;
	(void)strncpy(scene->breach, ipc_breach(ipc),
	    sizeof(scene->breach) - 1);
	if (!scene->free_in_lost)
		return;
	if (scene->ipc == ipc)
		scene->ipc = NULL;
	else
		scene->other = NULL;
	ipc_free(ipc);
}

static const struct ipc_rule rules[] = {
{ PING,	 "PING",  FROM(ROLE_DOOR) | FROM(ROLE_QUEUE), IPC_NEWS, 0, 0,
  on_message },
{ ASK,	 "ASK",	  FROM(ROLE_DOOR),  IPC_REQUEST, 0, 0,	 on_message },
{ CARRY, "CARRY", FROM(ROLE_DOOR),  IPC_NEWS,	 1, 0,	 on_message },
{ LATER, "LATER", FROM(ROLE_DOOR),  IPC_NEWS,	 0, LATE, on_numbered },
{ ODD,	 "ODD",	  FROM(ROLE_DOOR),  IPC_NEWS,	 0, 0,	 on_message },
{ 6,	 "KEEP",  FROM(ROLE_KEEPER), IPC_NEWS,	 0, 0,	 on_message },
{ 0 }
};

/* Two ends: a channel, and another or the socket. */
static inline void
begin(struct scene *scene, bool with_other)
{
	const struct ipc_side side = {
		.rules = rules, .state = state_of, .lost = on_lost,
		.arg = scene
	};
	int fd[2];

	*scene = (struct scene){ .loop = loop_new(), .state = EARLY,
	    .fd = -1, .taken = -1 };
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    fd), 0);
	scene->ipc = ipc_new(scene->loop, fd[0], ROLE_DOOR, 7, &side);
	ck_assert_ptr_nonnull(scene->ipc);
	ck_assert_int_eq(ipc_peer(scene->ipc), ROLE_DOOR);
	ck_assert_uint_eq(ipc_instance(scene->ipc), 7);
	ck_assert_str_eq(ipc_breach(scene->ipc), "");
	if (with_other) {
		scene->other = ipc_new(scene->loop, fd[1], ROLE_DOOR, 0,
		    &side);
		ck_assert_ptr_nonnull(scene->other);
	} else
		scene->fd = fd[1];
}

/* All of it is gone. */
static inline void
end(struct scene *scene)
{
	ipc_free(scene->ipc);
	ipc_free(scene->other);
	if (scene->fd >= 0)
		(void)close(scene->fd);
	if (scene->taken >= 0)
		(void)close(scene->taken);
	loop_free(scene->loop);
}

#endif
