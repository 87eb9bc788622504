/*
 * ipc.h - typed messages between roles, with descriptors
 *
 * One channel is one SOCK_SEQPACKET socket pair made by the parent's
 * switchboard; a packet is a small head (kind, serial) and a packed body.  Each
 * receiver has a table of which message is legal, from whom, with how many
 * descriptors, as a request or as news, and in which state.  A breach ends the
 * sender, never the receiver: the channel is closed and the parent told whom.
 *
 * A request carries a serial and gets exactly one reply, or its reply function
 * is called with a negative errno when the channel is lost.
 */
#ifndef POSTROOM_BASE_IPC_H
#define POSTROOM_BASE_IPC_H

#include "lib/base/loop.h"
#include "lib/base/pack.h"
#include "lib/base/role.h"

#define IPC_MAX_BYTES	(160 * 1024)	/* of a body; an envelope fits */
#define IPC_MAX_FDS	2

struct ipc;			/* opaque; see ipc.c */

/* A message as a handler sees it; body and descriptors are borrowed. */
struct ipc_message {
	uint16_t	 kind;
	uint64_t	 serial;	/* 0: news, no reply is awaited */
	struct slice	 body;
	int		 fd[IPC_MAX_FDS];	/* -1: none; ipc_take_fd() */
};

/* Handles one message; a negative errno means the body broke the contract. */
typedef int	 ipc_fn(void *arg, struct ipc *from, struct ipc_message *);

enum ipc_shape { IPC_NEWS, IPC_REQUEST };

struct ipc_rule {
	uint16_t	 kind;		/* 0 ends a table */
	const char	*name;
	unsigned	 from;		/* FROM() bits: who may say this */
	enum ipc_shape	 shape;
	unsigned	 fds;		/* descriptors, exactly */
	unsigned	 states;	/* in which states; 0: in any */
	ipc_fn		*handler;
};

/*
 * The channel is gone: closed by the peer, or breached by it.  Told once; what
 * is left to do is ipc_free(), here or later.
 */
typedef void	 ipc_lost_fn(void *arg, struct ipc *, bool was_breach);
/* The answer to a request; `status` 0 or a negative errno (channel lost). */
typedef void	 ipc_reply_fn(void *arg, int status, struct ipc_message *);

struct ipc_side {
	const struct ipc_rule	*rules;
	unsigned		(*state)(void *arg);	/* or NULL: no states */
	ipc_lost_fn		*lost;
	void			*arg;		/* given to all of them */
};

/*
 * Take over socket `fd` to `peer`, instance `instance` (an account number for a
 * mailbox, else a small number).  NULL when memory is out; `fd` stays the
 * caller's then.
 */
struct ipc	*ipc_new(struct loop *, int fd, enum role peer,
		    uint64_t instance, const struct ipc_side *);
/* Close; pending reply functions are called with -ECONNRESET first. */
void		 ipc_free(struct ipc *);
/* Who is at the other end, and which of them. */
enum role	 ipc_peer(const struct ipc *);
uint64_t	 ipc_instance(const struct ipc *);

/*
 * Say something; descriptors are duplicated by the kernel, the caller keeps
 * its own.  What the socket does not take now waits here, up to 16 MiB, where a
 * descriptor counts for 64 KiB.
 * 0, -EMSGSIZE, -ENOBUFS (too much waits), -ECONNRESET, or what sendmsg(2)
 * says.
 */
int		 ipc_send(struct ipc *, uint16_t kind, struct slice body,
		    const int *fds, unsigned fd_count);
/* Ask; `reply` is called exactly once if 0 is returned, else never. */
int		 ipc_ask(struct ipc *, uint16_t kind, struct slice body,
		    const int *fds, unsigned fd_count, ipc_reply_fn *reply,
		    void *arg);
/*
 * Hear what has come, the peer's end too: then the channel is lost, and freed
 * if who is told frees it.  Not from a handler of its own; it writes over the
 * body that another handler has borrowed.
 */
void		 ipc_hear(struct ipc *);
/* Answer the request `serial` of this channel. */
int		 ipc_reply(struct ipc *, uint64_t serial, struct slice body,
		    const int *fds, unsigned fd_count);
/* Forget who asked: their reply functions are not called any more. */
void		 ipc_forget(struct ipc *, void *reply_arg);
/* What the peer did against the table, in words; "" when it did nothing. */
const char	*ipc_breach(const struct ipc *);
/* Own descriptor `n` of the message from now on (-1 in its place). */
int		 ipc_take_fd(struct ipc_message *, unsigned n);

/* Messages and bytes sent and received since the start, for `status --hops`. */
struct ipc_counts {
	uint64_t	sent, received;
};
struct ipc_counts ipc_counts(void);

#endif
