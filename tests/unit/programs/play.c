/*
 * play.c - one role at work in the test's own process
 */
#include "tests/unit/programs/play.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "programs/peers.h"
#include "programs/switchboard.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

/* A role frees nothing when its process ends: here it is kept, no leak. */
static struct remains {
	struct remains	*others;
	struct loop	*loop;
	void		*state;
	struct peer	*peers;
} *remains;

static int
on_wants(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct play *play = arg;
	struct unpack u = unpack_of(message->body);

	(void)from;
	play->wants++;
	play->wanted = unpack_u64(&u);
	return unpack_is_done(&u) ? 0 : -1;
}

static int
on_wants_mailbox(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct play *play = arg;
	struct unpack u = unpack_of(message->body);

	(void)from;
	play->mailboxes++;
	play->mailbox = unpack_u64(&u);
	return unpack_is_done(&u) ? 0 : -1;
}

static int
on_changed(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct play *play = arg;
	struct unpack u = unpack_of(message->body);

	(void)from;
	play->changes++;
	play->modseq = unpack_u64(&u);
	return unpack_is_done(&u) ? 0 : -1;
}

static int
on_breach(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct play *play = arg;

	(void)from;
	(void)message;
	play->breaches++;
	return 0;
}

static int
on_retires(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct play *play = arg;

	(void)from;
	(void)message;
	play->retires++;
	return 0;
}

#define ANYBODY	(~0u)

static const struct ipc_rule parent_rules[] = {
{ ROLE_WANTS_FETCH, "WANTS",   ANYBODY, IPC_NEWS, 0, 0, on_wants },
{ ROLE_WANTS_MAILBOX, "WANTS_MAILBOX", ANYBODY, IPC_NEWS, 0, 0,
							     on_wants_mailbox },
{ ROLE_CHANGED,	    "CHANGED", ANYBODY, IPC_NEWS, 0, 0, on_changed },
{ ROLE_BREACH,	    "BREACH",  ANYBODY, IPC_NEWS, 0, 0, on_breach },
{ ROLE_RETIRES,	    "RETIRES", ANYBODY, IPC_NEWS, 0, 0, on_retires },
{ 0 }
};

/* The role has lost its parent: nobody is left to hear of it. */
static void
parent_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	(void)arg;
	ck_assert(!was_breach);
	ipc_free(ipc);
}

/* The test has; it says so by freeing its own end, or the role cut it. */
static void
test_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	(void)arg;
	(void)ipc;
	ck_assert(!was_breach);
}

void
play_run(struct play *play, unsigned ms)
{
	turn_ms(play->process.loop, ms);
}

static void
two_ends(int fd[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, fd), 0);
}

void
play_begin(struct play *play, const struct role_code *code)
{
	const struct ipc_side ours = {
		.rules = parent_rules, .lost = test_lost, .arg = play
	};
	const struct ipc_side its = { .lost = parent_lost, .arg = play };
	int fd[2];

	play->process.code = code;
	play->process.row = role_row(code->role);
	play->process.loop = loop_new();
	two_ends(fd);
	play->process.parent = ipc_new(play->process.loop, fd[0], ROLE_PARENT,
	    0, &its);
	play->parent = ipc_new(play->process.loop, fd[1], code->role, 0,
	    &ours);
	if (code->open != NULL)
		ck_assert_int_eq(code->open(&play->process), 0);
	ck_assert_int_eq(code->start(&play->process), 0);
}

struct ipc *
play_peer(struct play *play, enum role role, uint64_t instance,
    const struct ipc_rule *rules, void *arg)
{
	const struct ipc_side ours = {
		.rules = rules, .lost = test_lost, .arg = arg
	};
	struct ipc *test_end;
	int fd[2];

	two_ends(fd);
	test_end = ipc_new(play->process.loop, fd[1], play->process.code->role,
	    0, &ours);
	ck_assert_ptr_nonnull(test_end);
	ck_assert_int_eq(peers_add(&play->process, fd[0], role, instance), 0);
	return test_end;
}

void
play_end(struct play *play)
{
	struct remains *left = calloc(1, sizeof(*left));

	ck_assert_ptr_nonnull(left);
	*left = (struct remains){ remains, play->process.loop,
	    play->process.state, LIST_FIRST(&play->process.peers) };
	remains = left;
	play->process.code->stop(&play->process);
	ipc_free(play->parent);
	play->parent = NULL;
}
