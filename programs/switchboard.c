/*
 * switchboard.c - what roles say to the parent, and the channels between them
 *
 * Two roles that always talk are connected when both are up; a mailbox is
 * connected with whoever asks for it, and started for that if need be.  While
 * one is on its way out, whoever wants it waits for the next.
 */
#include "programs/children_inside.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "programs/switchboard.h"

#define MOST_MAILBOXES	1024	/* at work at a time: twice an office */
#define MOST_FETCHERS	512	/* owners being collected for: an office */

static int	on_ready(void *, struct ipc *, struct ipc_message *);
static int	on_wants_mailbox(void *, struct ipc *, struct ipc_message *);
static int	on_wants_fetch(void *, struct ipc *, struct ipc_message *);
static int	on_accounts(void *, struct ipc *, struct ipc_message *);
static int	on_changed(void *, struct ipc *, struct ipc_message *);
static int	on_retires(void *, struct ipc *, struct ipc_message *);
static int	on_breach(void *, struct ipc *, struct ipc_message *);
static int	on_refused_call(void *, struct ipc *, struct ipc_message *);

#define ANY_ROLE	(~FROM(ROLE_PARENT))

/* All that a role may say to the parent. */
const struct ipc_rule switchboard_rules[] = {
{ ROLE_READY,	      "READY",	     ANY_ROLE, IPC_NEWS, 0, 0, on_ready },
{ ROLE_WANTS_MAILBOX, "WANTS",	     FROM(ROLE_DOOR) | FROM(ROLE_QUEUE) |
		      FROM(ROLE_CONSOLE) | FROM(ROLE_MAILBOX),
					       IPC_NEWS, 0, 0, on_wants_mailbox },
{ ROLE_WANTS_FETCH,   "WANTS_FETCH", FROM(ROLE_SCHEDULE), IPC_NEWS, 0, 0,
							     on_wants_fetch },
{ ROLE_ACCOUNTS,      "ACCOUNTS",    FROM(ROLE_KEEPER), IPC_NEWS, 0, 0,
							     on_accounts },
{ ROLE_CHANGED,	      "CHANGED",     FROM(ROLE_MAILBOX), IPC_NEWS, 0, 0,
							     on_changed },
{ ROLE_RETIRES,	      "RETIRES",     FROM(ROLE_MAILBOX) | FROM(ROLE_JUDGE) |
		      FROM(ROLE_FETCH),	       IPC_NEWS, 0, 0, on_retires },
{ ROLE_BREACH,	      "BREACH",	     ANY_ROLE, IPC_NEWS, 0, 0, on_breach },
{ ROLE_REFUSED_CALL,  "REFUSED_CALL", ANY_ROLE, IPC_NEWS, 0, 0,
							     on_refused_call },
{ 0 }
};

struct child *
child_find(struct children *all, enum role role, uint64_t instance)
{
	struct child *child;

	LIST_FOREACH(child, &all->list, next)
		if (child->row->role == role && child->instance == instance)
			return child;
	return NULL;
}

static bool
is_up(const struct child *child)
{
	return child != NULL && child->pid != 0 && child->ready &&
	    !child->retiring;
}

/* Hand one end of a channel to `child`, the other being `peer`. */
static void
hand_peer(struct child *child, const struct child *peer, int fd)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u8(&body, (uint8_t)peer->row->role);
	pack_u64(&body, peer->instance);
	if (ipc_send(child->ipc, PARENT_PEER, text_slice(&body), &fd, 1) < 0)
		log_say("%s %llu does not listen", role_name(child->row->role),
		    (unsigned long long)child->instance);
}

static void
connect_two(struct child *a, struct child *b)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0, fd) < 0) {
		log_say("no channel from %s to %s: %s",
		    role_name(a->row->role), role_name(b->row->role),
		    strerror(errno));
		return;
	}
	hand_peer(a, b, fd[0]);
	hand_peer(b, a, fd[1]);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static bool
are_linked(const struct child *a, const struct child *b)
{
	return (a->row->links & FROM(b->row->role)) != 0 ||
	    (b->row->links & FROM(a->row->role)) != 0;
}

/* Can there be a channel between the two? */
static bool
may_talk(const struct child *a, const struct child *b)
{
	const unsigned both = FROM(a->row->role) | FROM(b->row->role);

	return are_linked(a, b) ||
	    both == (FROM(ROLE_DOOR) | FROM(ROLE_MAILBOX)) ||
	    both == (FROM(ROLE_CONSOLE) | FROM(ROLE_MAILBOX)) ||
	    (both == FROM(ROLE_MAILBOX) && a != b);
}

/* `child` has come up: connect it with all that always talk to it. */
static void
connect_links(struct child *child)
{
	struct child *other;

	LIST_FOREACH(other, &child->all->list, next)
		if (other != child && is_up(other) && are_linked(child, other))
			connect_two(child, other);
}

static void
serve_wants(struct child *mailbox)
{
	for (unsigned i = 0; i < mailbox->want_count; i++) {
		struct child *who = child_find(mailbox->all, mailbox->wants[i].role,
		    mailbox->wants[i].instance);

		/* the queue is always linked: connect_links did it */
		if (is_up(who) && !are_linked(who, mailbox))
			connect_two(who, mailbox);
	}
	mailbox->want_count = 0;
}

static void
tell_when_ready(struct children *all)
{
	struct child *child;

	if (all->ready_told)
		return;
	LIST_FOREACH(child, &all->list, next)
		if (!child->row->has_instances && !child->ready)
			return;
	all->ready_told = all->was_up = true;
	all->ready(all->arg, true);
}

static int
on_ready(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct child *child = arg;
	struct unpack u = unpack_of(message->body);
	bool landlock = unpack_bool(&u);

	(void)from;
	if (!unpack_is_done(&u) || child->ready)
		return -EBADMSG;
	child->ready = true;
	if (!landlock && !sandbox_is_relaxed() &&
	    !child->all->no_landlock_told) {
		child->all->no_landlock_told = true;
		log_say("this kernel has no Landlock: roles are kept apart "
		    "by user and system calls only");
	}
	connect_links(child);
	serve_wants(child);
	tell_when_ready(child->all);
	return 0;
}

/* More mailboxes than may be kept warm: the longest unused may go. */
static void
ask_idle_to_go(struct children *all)
{
	struct child *child, *oldest = NULL;
	unsigned count = 0;

	LIST_FOREACH(child, &all->list, next) {
		if (child->row->role != ROLE_MAILBOX)
			continue;
		count++;
		if (is_up(child) && (oldest == NULL ||
		    child->used_ms < oldest->used_ms))
			oldest = child;
	}
	if (count <= all->holdings->config.warm_mailboxes || oldest == NULL)
		return;
	oldest->used_ms = clock_ms();	/* ask another one next time */
	(void)ipc_send(oldest->ipc, PARENT_IF_IDLE, slice_of(NULL, 0), NULL,
	    0);
}

static void
remember_want(struct child *mailbox, const struct child *who)
{
	for (unsigned i = 0; i < mailbox->want_count; i++)
		if (mailbox->wants[i].role == who->row->role &&
		    mailbox->wants[i].instance == who->instance)
			return;
	if (mailbox->want_count == WANTS)
		return;
	mailbox->wants[mailbox->want_count].role = who->row->role;
	mailbox->wants[mailbox->want_count++].instance = who->instance;
}

/* An account that was never made, or more processes than any office needs. */
static bool
is_absurd(const struct child *who, uint64_t account)
{
	const struct children *all = who->all;

	/* the queue may replay before the keeper has counted */
	if (all->highest_account == 0)
		return who->row->role != ROLE_QUEUE;
	return account > all->highest_account;
}

/* A process of its own for this account, unless too many run. */
static struct child *
start_instance(struct children *all, enum role role, uint64_t account,
    unsigned most)
{
	struct child *child;
	unsigned count = 0;

	LIST_FOREACH(child, &all->list, next)
		count += child->row->role == role;
	if (count >= most) {
		log_say("%u processes of %s run: account %llu has to wait",
		    count, role_name(role), (unsigned long long)account);
		return NULL;
	}

	child = child_new(all, role_row(role), account);
	if (child != NULL && child_spawn(child) == 0)
		return child;
	log_say("no process of %s for account %llu", role_name(role),
	    (unsigned long long)account);
	if (child != NULL && child->pid == 0)
		child_free(child);
	return NULL;
}

static int
on_wants_mailbox(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct child *who = arg, *mailbox;
	struct unpack u = unpack_of(message->body);
	uint64_t account = unpack_u64(&u);

	(void)from;
	if (!unpack_is_done(&u) || account == 0 || is_absurd(who, account))
		return -EBADMSG;
	if (who->all->stop_step > 0)
		return 0;
	mailbox = child_find(who->all, ROLE_MAILBOX, account);
	if (mailbox == NULL) {
		ask_idle_to_go(who->all);
		mailbox = start_instance(who->all, ROLE_MAILBOX, account,
		    MOST_MAILBOXES);
		if (mailbox == NULL)
			return 0;	/* who asked asks again */
	}
	mailbox->used_ms = clock_ms();
	if (is_up(mailbox) && !are_linked(who, mailbox))
		connect_two(who, mailbox);
	else
		/* who is linked asks because it has lost it: its end is near */
		remember_want(mailbox, who);
	return 0;
}

static int
on_wants_fetch(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct child *who = arg, *fetch;
	struct unpack u = unpack_of(message->body);
	uint64_t owner = unpack_u64(&u);

	(void)from;
	if (!unpack_is_done(&u) || owner == 0 || is_absurd(who, owner))
		return -EBADMSG;
	if (who->all->stop_step > 0)
		return 0;
	fetch = child_find(who->all, ROLE_FETCH, owner);
	if (fetch == NULL)
		fetch = start_instance(who->all, ROLE_FETCH, owner,
		    MOST_FETCHERS);
	/* linked when it is up; on its way out, another one follows */
	if (fetch != NULL && !is_up(fetch))
		remember_want(fetch, who);
	return 0;
}

static int
on_accounts(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct child *child = arg;
	struct unpack u = unpack_of(message->body);
	uint64_t highest = unpack_u64(&u);

	(void)from;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	child->all->highest_account = highest;
	return 0;
}

void
switchboard_changed(struct children *all, uint64_t account, uint64_t modseq)
{
	struct child *door = child_find(all, ROLE_DOOR, 0);
	TEXT_AUTO body = TEXT_INIT(16);

	/* one that is not up yet has no session either */
	if (!is_up(door))
		return;
	pack_u64(&body, account);
	pack_u64(&body, modseq);
	if (ipc_send(door->ipc, PARENT_CHANGED, text_slice(&body), NULL, 0) <
	    0)
		log_say("the door does not listen");
}

static int
on_changed(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct child *child = arg;
	struct unpack u = unpack_of(message->body);
	uint64_t modseq = unpack_u64(&u);

	(void)from;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	switchboard_changed(child->all, child->instance, modseq);
	return 0;
}

static int
on_retires(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct child *child = arg;

	(void)from;
	(void)message;
	child->retiring = true;
	/* the answer: from now on nobody new is connected to it */
	(void)ipc_send(child->ipc, PARENT_STOP, slice_of(NULL, 0), NULL, 0);
	return 0;
}

static int
on_breach(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct child *who = arg, *guilty;
	struct unpack u = unpack_of(message->body);
	enum role role = unpack_enum(&u, ROLE_COUNT);
	uint64_t instance = unpack_u64(&u);
	struct slice words = unpack_slice(&u);

	(void)from;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	guilty = child_find(who->all, role, instance);
	if (guilty == NULL)
		return 0;	/* it has ended already */
	if (!may_talk(who, guilty))
		return -EBADMSG;	/* no role accuses whom it cannot know */
	/* what people do in their own process ends nobody else's mail */
	if (who->row->role == ROLE_MAILBOX &&
	    guilty->row->role == ROLE_MAILBOX) {
		log_say("a mailbox says of another: %.*s", SLICE_FMT(words));
		return 0;
	}
	log_say("%s says: %.*s; that process is ended",
	    role_name(who->row->role), SLICE_FMT(words));
	if (guilty->pid > 0)
		(void)kill(guilty->pid, SIGKILL);
	return 0;
}

static int
on_refused_call(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct child *child = arg;
	struct unpack u = unpack_of(message->body);
	uint32_t number = unpack_u32(&u);

	(void)from;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	log_say("%s was refused system call %u", role_name(child->row->role),
	    number);
	return 0;
}

void
switchboard_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	struct child *child = arg;

	if (was_breach)
		log_say("%s; it is ended", ipc_breach(ipc));
	/* without its channel it can never be connected or stopped again */
	if (child->pid > 0)
		(void)kill(child->pid, SIGKILL);
	ipc_free(ipc);
	child->ipc = NULL;
	child->ready = false;	/* SIGCHLD follows */
}

