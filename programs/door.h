/*
 * door.h - the inside of the door role
 *
 * role_door.c accepts and counts connections and knows the other roles;
 * door_smtp.c and door_pop3.c carry what a session asks to them and back, and
 * door_https.c passes connections on.
 */
#ifndef POSTROOM_PROGRAMS_DOOR_H
#define POSTROOM_PROGRAMS_DOOR_H

#include <netinet/in.h>
#include <sys/queue.h>

#include "gateway/pop3/pop3.h"
#include "gateway/smtp/smtp.h"
#include "programs/roles.h"
#include "programs/visitors.h"

struct door_listener {
	struct door		*door;
	const struct listener	*config;
	int			 fd;
	struct watch		*watch;
	struct timer		*pause;		/* descriptors were out */
};

/* One connection, until it is handed over or over. */
struct visit {
	TAILQ_ENTRY(visit)	 next;
	struct door		*door;
	const struct listener	*listener;
	struct visitor		*visitor;
	uint64_t		 granted;	/* space, and asked for */
	char			 peer[INET6_ADDRSTRLEN];
	void			*session;	/* smtp_session, pop3_login or
						   door_https */
	struct smtp_ports	 smtp_ports;	/* lent to an smtp_session */
	struct smtp_options	 smtp_options;
	LIST_HEAD(, question)	 questions;
};

/*
 * What a session asked of another role and has not heard yet.  Ended with the
 * session, the answer is undone instead of told.
 */
struct question {
	LIST_ENTRY(question)	 next;
	struct door		*door;
	struct visit		*visit;		/* NULL: the session is over */
	void			*arg;		/* the session's own */
	uint64_t		 bytes;		/* asked for, of a grant */
	union {
		smtp_whose_fn	*whose;
		smtp_answer_fn	*answer;
		smtp_big_fn	*big;
		pop3_who_fn	*who;
	} reply;
};

struct handover;

struct door {
	struct process		*process;
	struct ipc		*keeper;
	struct ipc		*queue;
	struct ipc		*console;	/* or NULL: no page now */
	struct tls_server	*tls_smtp;
	struct tls_server	*tls_pop3;
	struct tls_server	*tls_https;
	struct door_listener	 listeners[CONFIG_LISTENERS];
	size_t			 listener_count;
	TAILQ_HEAD(, visit)	 visits;
	unsigned		 visit_count;
	unsigned		 https_count;	/* of them */
	unsigned		 bridge_count;
	struct visitors		 visitors;
	LIST_HEAD(, handover)	 handovers;	/* logged in, not served yet */
	LIST_HEAD(, link)	 links;		/* to mailboxes */
	unsigned		 most;		/* connections that fit */
	int			 spare_fd;	/* to say "no" when none is left */
	struct timer		*goodbye;
	bool			 stopping;
};

/* A question of `visit`, or NULL when memory is out. */
struct question	*question_new(struct visit *, void *reply_arg);
/*
 * Ask `to` (NULL: it is not there) with this body and, unless it is -1, this
 * descriptor.  0, or a negative errno: then the question is freed.
 */
int	question_ask(struct question *, struct ipc *to, uint16_t kind,
	    const struct text *body, int fd, ipc_reply_fn *reply);
/* It has been answered, or was never asked. */
void	question_free(struct question *);
/* The session does not want to hear the answers for `reply_arg` any more. */
void	visit_forget(void *visit, void *reply_arg);
/*
 * The peer is this machine itself: a program that speaks for many, not one
 * client that comes again and again.
 */
bool	peer_is_local(const char *peer);
/* The session has so much space less than it had. */
void	visit_uncharge(struct visit *, uint64_t bytes);
/* One sentence of a session for the log. */
void	visit_log(void *visit, const char *sentence);
/* The session is over: the connection counts no more. */
void	visit_free(struct visit *);

/* Begin a session on `fd` (owned).  0 or a negative errno. */
int	door_smtp_begin(struct visit *, int fd);
int	door_pop3_begin(struct visit *, int fd);
int	door_https_begin(struct visit *, int fd);
/* Cut it; the visit is freed. */
void	door_https_close(struct visit *);

/* A mailbox has been connected, or is lost. */
int	door_mailbox_peer(struct door *, struct ipc *);
void	door_mailbox_lost(struct door *, struct ipc *);
/* Give up every connection that was handed over. */
void	door_pop3_stop(struct door *);

#endif
