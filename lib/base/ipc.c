/*
 * ipc.c - typed messages between roles, with descriptors
 *
 * A packet is 16 bytes of head and a body.  Everything is checked here against
 * the receiver's table before a handler sees it, so that a handler's only
 * question is whether the body can be read.
 */
#include "lib/base/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define WAITING_LIMIT	(16u << 20)	/* bytes for a peer that is slow */
#define FD_COST		(64u << 10)	/* so that at most 256 wait, too */
#define TURN		64		/* packets before others get a turn */
#define HEARD_MOST	4096		/* a socket holds fewer */

enum type { TYPE_NEWS, TYPE_REQUEST, TYPE_REPLY };

struct head {
	uint16_t	kind;
	uint16_t	type;
	uint32_t	zero;
	uint64_t	serial;
};

struct packet {			/* waits until the socket takes it */
	STAILQ_ENTRY(packet) next;
	struct head	head;
	int		fd[IPC_MAX_FDS];
	unsigned	fd_count;
	size_t		len;
	char		body[];
};

struct question {		/* waits for its reply */
	uint64_t	 serial;
	ipc_reply_fn	*reply;
	void		*arg;
	UT_hash_handle	 hh;
};

struct ipc {
	struct loop		*loop;
	int			 fd;
	struct watch		*watch;
	enum role		 peer;
	uint64_t		 instance;
	struct ipc_side		 side;
	bool			*gone;
	uint64_t		 last_serial;
	struct question		*questions;
	STAILQ_HEAD(, packet)	 waiting;
	size_t			 waiting_bytes;
	bool			 over;		/* lost, or being freed */
	char			 breach[160];
};

/* One for the process: a handler borrows it and runs to its end. */
static char inbox[IPC_MAX_BYTES];
static struct ipc_counts counts;

static void on_socket(void *arg, unsigned what);

struct ipc *
ipc_new(struct loop *loop, int fd, enum role peer, uint64_t instance,
    const struct ipc_side *side)
{
	const int room = 2 * IPC_MAX_BYTES;
	struct ipc *ipc = calloc(1, sizeof(*ipc));

	if (ipc == NULL)
		return NULL;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	ipc->loop = loop;
	ipc->peer = peer;
	ipc->instance = instance;
	ipc->side = *side;
	ipc->fd = fd;
	STAILQ_INIT(&ipc->waiting);
	ipc->watch = watch_new(loop, fd, on_socket, ipc);
	if (ipc->watch == NULL || watch_want(ipc->watch, LOOP_READ) < 0) {
		watch_free(ipc->watch);
		free(ipc);
		return NULL;
	}
	return ipc;
}

static void
packet_free(struct packet *packet)
{
	for (unsigned i = 0; i < packet->fd_count; i++)
		(void)close(packet->fd[i]);
	free(packet);
}

void
ipc_free(struct ipc *ipc)
{
	struct question *question, *following;
	struct packet *packet;

	if (ipc == NULL || ipc->fd < 0)		/* from a reply function */
		return;
	if (ipc->gone != NULL)
		*ipc->gone = true;
	ipc->over = true;
	watch_free(ipc->watch);
	(void)close(ipc->fd);
	ipc->fd = -1;
	/* nothing is added meanwhile: the channel is over */
	HASH_ITER(hh, ipc->questions, question, following) {
		HASH_DEL(ipc->questions, question);
		question->reply(question->arg, -ECONNRESET, NULL);
		free(question);
	}
	while ((packet = STAILQ_FIRST(&ipc->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&ipc->waiting, next);
		packet_free(packet);
	}
	free(ipc);
}

enum role
ipc_peer(const struct ipc *ipc)
{
	return ipc->peer;
}

uint64_t
ipc_instance(const struct ipc *ipc)
{
	return ipc->instance;
}

const char *
ipc_breach(const struct ipc *ipc)
{
	return ipc->breach;
}

struct ipc_counts
ipc_counts(void)
{
	return counts;
}

/*
 * What became of a packet that the kernel did not take; 0: try it at once.
 * Short of memory it takes it later, whatever it calls that.  An answer that
 * was given up would leave who asked waiting for good.
 */
static int
refusal(int error)
{
	switch (error) {
	case EINTR:
		return 0;
	case ENOBUFS:
	case ENOMEM:
	case ENOSPC:
	case EIO:
		return -EAGAIN;
	case EPIPE:
		return -ECONNRESET;
	case ETOOMANYREFS:
		return -ENOBUFS;
	default:
		return -error;
	}
}

/* One sendmsg.  0, -EAGAIN or another negative errno. */
static int
transmit(int fd, const struct head *head, struct slice body, const int *fds,
    unsigned fd_count)
{
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(sizeof(int) * IPC_MAX_FDS)];
	} control;
	struct iovec iov[2] = {
		{ (void *)(uintptr_t)head, sizeof(*head) },
		{ (void *)(uintptr_t)body.at, body.len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	if (fd_count > 0) {
		struct cmsghdr *cmsg;

		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * fd_count);
	}
	while (sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		int r = refusal(errno);

		if (r < 0)
			return r;
	}
	counts.sent++;
	return 0;
}

/* What a packet counts for while it waits: an empty one, too, is something. */
static size_t
cost(size_t body_bytes, unsigned fd_count)
{
	return sizeof(struct packet) + body_bytes + (size_t)fd_count * FD_COST;
}

static int
copy_fds(struct packet *packet, const int *fds, unsigned fd_count)
{
	for (unsigned i = 0; i < fd_count; i++) {
		int copy = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);

		if (copy < 0)
			return -ENOBUFS;
		packet->fd[packet->fd_count++] = copy;
	}
	return 0;
}

/* Keep a copy until the socket can take it. */
static int
put_off(struct ipc *ipc, const struct head *head, struct slice body,
    const int *fds, unsigned fd_count)
{
	struct packet *packet;

	if (ipc->waiting_bytes + cost(body.len, fd_count) > WAITING_LIMIT)
		return -ENOBUFS;
	packet = calloc(1, sizeof(*packet) + body.len);
	if (packet == NULL)
		return -ENOBUFS;
	packet->head = *head;
	packet->len = body.len;
	if (body.len > 0)
		memcpy(packet->body, body.at, body.len);
	if (copy_fds(packet, fds, fd_count) < 0 ||
	    watch_want(ipc->watch, LOOP_READ | LOOP_WRITE) < 0) {
		packet_free(packet);
		return -ENOBUFS;
	}
	STAILQ_INSERT_TAIL(&ipc->waiting, packet, next);
	ipc->waiting_bytes += cost(body.len, fd_count);
	return 0;
}

static int
put(struct ipc *ipc, uint16_t kind, enum type type, uint64_t serial,
    struct slice body, const int *fds, unsigned fd_count)
{
	const struct head head = {
		.kind = kind, .type = (uint16_t)type, .serial = serial
	};
	int r;

	if (body.len > IPC_MAX_BYTES || fd_count > IPC_MAX_FDS)
		return -EMSGSIZE;
	if (ipc->over)
		return -ECONNRESET;
	if (!STAILQ_EMPTY(&ipc->waiting))
		return put_off(ipc, &head, body, fds, fd_count);
	r = transmit(ipc->fd, &head, body, fds, fd_count);
	if (r == -EAGAIN)
		return put_off(ipc, &head, body, fds, fd_count);
	return r;
}

int
ipc_send(struct ipc *ipc, uint16_t kind, struct slice body, const int *fds,
    unsigned fd_count)
{
	return put(ipc, kind, TYPE_NEWS, 0, body, fds, fd_count);
}

int
ipc_ask(struct ipc *ipc, uint16_t kind, struct slice body, const int *fds,
    unsigned fd_count, ipc_reply_fn *reply, void *arg)
{
	struct question *question;
	int r;

	if (ipc->over)
		return -ECONNRESET;
	question = calloc(1, sizeof(*question));
	if (question == NULL)
		return -ENOBUFS;
	question->serial = ++ipc->last_serial;
	question->reply = reply;
	question->arg = arg;
	HASH_ADD(hh, ipc->questions, serial, sizeof(question->serial),
	    question);
	if (question->hh.tbl == NULL) {
		free(question);
		return -ENOBUFS;
	}
	r = put(ipc, kind, TYPE_REQUEST, question->serial, body, fds,
	    fd_count);
	if (r < 0) {
		HASH_DEL(ipc->questions, question);
		free(question);
	}
	return r;
}

int
ipc_reply(struct ipc *ipc, uint64_t serial, struct slice body, const int *fds,
    unsigned fd_count)
{
	return put(ipc, 0, TYPE_REPLY, serial, body, fds, fd_count);
}

static void
ignore_reply(void *arg, int status, struct ipc_message *message)
{
	(void)arg;
	(void)status;
	(void)message;
}

void
ipc_forget(struct ipc *ipc, void *reply_arg)
{
	struct question *question, *following;

	HASH_ITER(hh, ipc->questions, question, following)
		if (question->arg == reply_arg)
			question->reply = ignore_reply;
}

int
ipc_take_fd(struct ipc_message *message, unsigned n)
{
	int fd = message->fd[n];

	message->fd[n] = -1;
	return fd;
}

/* The descriptors that came along; -1 where there is none. */
static unsigned
collect_fds(struct msghdr *msg, int fd[IPC_MAX_FDS])
{
	struct cmsghdr *cmsg;
	unsigned count = 0;

	for (unsigned i = 0; i < IPC_MAX_FDS; i++)
		fd[i] = -1;
	for (cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL;
	    cmsg = CMSG_NXTHDR(msg, cmsg)) {
		size_t n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n && count < IPC_MAX_FDS; i++)
			memcpy(&fd[count++], CMSG_DATA(cmsg) +
			    i * sizeof(int), sizeof(int));
	}
	return count;
}

static const struct ipc_rule *
find_rule(const struct ipc *ipc, uint16_t kind)
{
	const struct ipc_rule *rule = ipc->side.rules;

	while (rule != NULL && rule->kind != 0 && rule->kind != kind)
		rule++;
	return rule == NULL || rule->kind == 0 ? NULL : rule;
}

/* Why this message may not be said, or NULL when it may. */
static const char *
objection(const struct ipc *ipc, const struct ipc_rule *rule, enum type type,
    unsigned fd_count)
{
	unsigned state;

	if (rule == NULL)
		return "is no message this role takes";
	if ((rule->from & FROM(ipc->peer)) == 0)
		return "is not this sender's to say";
	if ((type == TYPE_REQUEST) != (rule->shape == IPC_REQUEST))
		return "came as news for a request, or the other way round";
	if (fd_count != rule->fds)
		return "came with the wrong number of descriptors";
	if (rule->states == 0 || ipc->side.state == NULL)
		return NULL;
	state = ipc->side.state(ipc->side.arg);
	return (rule->states & state) == 0 ? "is not legal now" : NULL;
}

static int
breach(struct ipc *ipc, uint16_t kind, const struct ipc_rule *rule,
    const char *why)
{
	(void)snprintf(ipc->breach, sizeof(ipc->breach),
	    "message %u %s from %s %s", kind,
	    rule == NULL ? "(unknown)" : rule->name, role_name(ipc->peer),
	    why);
	return -EBADMSG;
}

/* `status` is what the asker hears; below 0 there is no message for it. */
static int
take_reply(struct ipc *ipc, int status, struct ipc_message *message)
{
	struct question *question;

	HASH_FIND(hh, ipc->questions, &message->serial,
	    sizeof(message->serial), question);
	if (question == NULL)
		return breach(ipc, 0, NULL, "answers nothing that was asked");
	HASH_DEL(ipc->questions, question);
	question->reply(question->arg, status, status < 0 ? NULL : message);
	free(question);
	return 0;
}

static int
dispatch(struct ipc *ipc, enum type type, unsigned fd_count, int status,
    struct ipc_message *message)
{
	const struct ipc_rule *rule;
	const char *why;
	bool gone = false;
	int r;

	counts.received++;
	ipc->gone = &gone;
	if (type == TYPE_REPLY) {
		r = take_reply(ipc, status, message);
	} else {
		rule = find_rule(ipc, message->kind);
		why = objection(ipc, rule, type, fd_count);
		if (why != NULL)
			r = breach(ipc, message->kind, rule, why);
		else
			r = rule->handler(ipc->side.arg, ipc, message);
		if (!gone && why == NULL && r < 0)
			r = breach(ipc, message->kind, rule,
			    "has a body that cannot be read");
	}
	if (gone)
		return -ESTALE;
	ipc->gone = NULL;
	return r;
}

/* Whether the packet is one at all, whatever it says. */
static bool
is_whole(const struct msghdr *msg, size_t bytes, const struct head *head)
{
	if (bytes < sizeof(*head) || (msg->msg_flags & MSG_TRUNC) != 0)
		return false;
	/* news has no serial, everything else has */
	return head->type <= TYPE_REPLY && head->zero == 0 &&
	    (head->type == TYPE_NEWS) == (head->serial == 0);
}

/* No descriptor can be had here now: then what is cut is not the sender's. */
static bool
is_short_of_descriptors(const struct ipc *ipc)
{
	int probe = dup(ipc->fd);

	if (probe >= 0)
		(void)close(probe);
	return probe < 0;
}

/*
 * Descriptors of this packet were dropped.  Out of them ourselves, a question
 * gets an answer nobody can read ("not now"), an answer counts as none, and
 * with news the channel has lost its meaning.  Else too many were sent.
 */
static int
receive_cut(struct ipc *ipc, const struct head *head)
{
	struct ipc_message message = { .serial = head->serial };

	if (!is_short_of_descriptors(ipc))
		return breach(ipc, 0, NULL, "is no whole packet");
	if (head->type == TYPE_REQUEST)
		return ipc_reply(ipc, head->serial, slice_of(NULL, 0), NULL, 0);
	if (head->type != TYPE_REPLY)
		return -EMFILE;
	return dispatch(ipc, TYPE_REPLY, 0, -EMFILE, &message);
}

/* One packet.  0, -EAGAIN, -ESTALE (the channel was freed), else it is lost. */
static int
receive(struct ipc *ipc)
{
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(sizeof(int) * IPC_MAX_FDS)];
	} control;
	struct head head;
	struct iovec iov[2] = {
		{ &head, sizeof(head) }, { inbox, sizeof(inbox) }
	};
	struct msghdr msg = {
		.msg_iov = iov, .msg_iovlen = 2,
		.msg_control = &control, .msg_controllen = sizeof(control)
	};
	struct ipc_message message = { 0 };
	unsigned fd_count;
	ssize_t n;
	int r;

	n = recvmsg(ipc->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	/* the peer left before it read all; what it said still comes, then 0 */
	if (n < 0 && errno == ECONNRESET)
		return 0;
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	/* nothing is the peer's end; with descriptors it is a packet */
	fd_count = collect_fds(&msg, message.fd);
	if (n == 0 && fd_count == 0)
		return -ECONNRESET;
	if (!is_whole(&msg, (size_t)n, &head)) {
		r = breach(ipc, 0, NULL, "is no whole packet");
	} else if ((msg.msg_flags & MSG_CTRUNC) != 0) {
		r = receive_cut(ipc, &head);
	} else {
		message.kind = head.kind;
		message.serial = head.serial;
		message.body = slice_of(inbox, (size_t)n - sizeof(head));
		r = dispatch(ipc, head.type, fd_count, 0, &message);
	}
	for (unsigned i = 0; i < IPC_MAX_FDS; i++)
		if (message.fd[i] >= 0)
			(void)close(message.fd[i]);
	return r;
}

/* Send what waited.  0 or a negative errno other than -EAGAIN. */
static int
send_waiting(struct ipc *ipc)
{
	struct packet *packet;
	int r;

	while ((packet = STAILQ_FIRST(&ipc->waiting)) != NULL) {
		r = transmit(ipc->fd, &packet->head,
		    slice_of(packet->body, packet->len), packet->fd,
		    packet->fd_count);
		if (r == -EAGAIN)
			return 0;
		if (r < 0)
			return r;
		STAILQ_REMOVE_HEAD(&ipc->waiting, next);
		ipc->waiting_bytes -= cost(packet->len, packet->fd_count);
		packet_free(packet);
	}
	return watch_want(ipc->watch, LOOP_READ);
}

/* The next `most` packets; `sent` is what became of those that waited. */
static void
hear(struct ipc *ipc, unsigned most, int sent)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < most; i++)
		r = receive(ipc);
	if (r == -ESTALE)
		return;
	if (r == 0 || r == -EAGAIN)	/* what it said before its end counts */
		r = sent;
	if (r == 0)
		return;
	ipc->over = true;
	(void)watch_want(ipc->watch, 0);
	ipc->side.lost(ipc->side.arg, ipc, ipc->breach[0] != '\0');
}

void
ipc_hear(struct ipc *ipc)
{
	if (!ipc->over)
		hear(ipc, HEARD_MOST, 0);
}

static void
on_socket(void *arg, unsigned what)
{
	struct ipc *ipc = arg;
	int sent = 0;

	if (what & LOOP_WRITE)
		sent = send_waiting(ipc);
	hear(ipc, TURN, sent);
}
