/*
 * door.h - the inside of the door role
 *
 * role_door.c accepts and counts connections and knows the other roles,
 * door_room.c says how many there may be and door_guard.c who may come to SMTP
 * and how often, door_space.c has room for what they bring; door_smtp.c and door_login.c carry
 * what a session asks to them and back, door_handover.c gives who has logged in
 * to their mailbox, door_resting.c keeps those who idle, door_https.c passes
 * connections on, door_reading.c has mail collected that is wanted on reading,
 * door_turned.c serves a provider on a connection that is our own, and
 * door_reversed.c has the relay speak to a client on its own.
 */
#ifndef POSTROOM_PROGRAMS_DOOR_H
#define POSTROOM_PROGRAMS_DOOR_H

#include <netinet/in.h>
#include <sys/queue.h>

#include "fetch/service.h"
#include "gateway/login/login.h"
#include "gateway/smtp/smtp.h"
#include "policy/blocks.h"
#include "policy/devices.h"
#include "policy/whose_cache.h"
#include "programs/roles.h"
#include "programs/visitors.h"
#include "store/service.h"

struct door_listener {
	struct door		*door;
	const struct listener	*config;
	int			 fd;
	struct watch		*watch;
	struct timer		*pause;		/* descriptors were out */
};

#define TURNED_TLS_BYTES	128	/* words such as "TLSv1.3 TLS_AES_..." */

/* The provider is the client on a connection that we made (RFC 2645). */
struct turned {
	struct ipc		*asker;		/* NULL: lost */
	uint64_t		 serial;
	uint64_t		 bytes;		/* of what is submitted now */
	struct fetch_turned	 result;
	char			 tls_words[TURNED_TLS_BYTES];
};

/* One connection, until it is handed over or over. */
struct visit {
	TAILQ_ENTRY(visit)	 next;
	struct door		*door;
	const struct listener	*listener;
	struct visitor		*visitor;
	struct visitor		*network;	/* of SMTP; NULL: not counted */
	uint64_t		 granted;	/* space, and asked for */
	char			 peer[INET6_ADDRSTRLEN];
	void			*session;	/* smtp_session, login or
						   door_https */
	struct smtp_ports	 smtp_ports;	/* lent to an smtp_session */
	struct smtp_options	 smtp_options;
	struct login_ports	 login_ports;	/* lent, too */
	uint64_t		 stamp;		/* of the login */
	struct turned		*turned;	/* or NULL */
	struct device		*device;	/* as it was then; or NULL */
	bool			 is_trusted;	/* of a trusted network */
	int			 reversed_fd;	/* of ATRN; 0: none */
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
	struct text		 address;	/* whose it is, if that was asked */
	uint64_t		 bytes;		/* asked for, of a grant */
	union {
		smtp_whose_fn	*whose;
		smtp_answer_fn	*answer;
		smtp_grey_fn	*grey;
		smtp_sender_fn	*sender;
		smtp_big_fn	*big;
		login_who_fn	*who;
		login_salt_fn	*salt;
	} reply;
};

struct handover;
/* Some of those who have logged in. */
LIST_HEAD(handover_list, handover);

/*
 * Whoever has logged in, by account.  Each change of an account is told to its
 * sessions alone, however many thousands of others rest: an office of 500 has a
 * list for each, and seldom two accounts in one.
 */
#define HANDOVER_LISTS	1024

struct door {
	struct process		*process;
	struct ipc		*keeper;
	struct ipc		*queue;
	struct door_space	*space;		/* ahead */
	struct ipc		*console;	/* or NULL: no page now */
	struct ipc		*schedule;	/* or NULL: nobody collects now */
	struct tls_server	*tls_smtp;
	struct tls_server	*tls_pop3;
	struct tls_server	*tls_imap;
	struct tls_server	*tls_https;
	struct door_listener	 listeners[CONFIG_LISTENERS];
	size_t			 listener_count;
	TAILQ_HEAD(, visit)	 visits;
	unsigned		 visit_count;
	unsigned		 https_count;	/* of them */
	unsigned		 bridge_count;	/* past their login */
	unsigned		 resting_count;	/* of them */
	struct visitors		 visitors;
	struct visitors		 networks;	/* the same, of SMTP */
	struct blocks		*blocks;	/* as the keeper says */
	struct whose_cache	*whose;		/* what the keeper has said */
	bool			 has_gateways;	/* the same */
	struct devices		 devices;	/* the same, at: */
	bool			 knows_devices;
	struct handover_list	 handovers[HANDOVER_LISTS];
	uint64_t		 last_number;	/* that one of them was given */
	LIST_HEAD(, link)	 links;		/* to mailboxes */
	LIST_HEAD(, reversed)	 reversed;	/* door_reversed.c */
	unsigned		 descriptors;	/* for connections */
	int			 spare_fd;	/* to say "no" when none is left */
	struct timer		*goodbye;
	bool			 stopping;
};

/* How many descriptors connections may have. */
unsigned	door_descriptors(void);
/* Is the numeric address in one of these nets of postroom.conf? */
bool	door_is_among(const char *nets, const char *peer);
/*
 * Is what comes from there to this listener counted?  Not if the postmaster
 * trusts the host, nor if it is our provider's.
 */
bool	door_counts(const struct door *, const struct listener *,
	    const char *peer);
/*
 * The device at that address, if this is where devices send; or NULL.
 */
const struct device *door_device(const struct door *,
	    const struct listener *, const char *peer);
/*
 * By what the visitor from there is counted: `network`, which is the address or
 * its /64, but who is known by the address has a rate of its own.
 */
const char	*door_counted_as(const struct door *, const struct listener *,
		    const char *peer, const char *network);
/* Does whoever is there send because of trusted_networks? */
bool	door_is_trusted(const struct door *, const struct listener *,
	    const char *peer);
/* The block that this visitor or its network is under, or NULL. */
struct block	*door_block(const struct door *, const struct visitor *);
/* Its network in the table of these, or NULL. */
struct visitor	*door_network(struct door *, const struct visitor *);
/* For the ports of an SMTP session (smtp.h), whose visit is `arg`. */
unsigned door_guard_unknown(void *arg);
void	door_guard_erred(void *arg);
bool	door_guard_may_send(void *arg);
/* Mail may be put off that is new to us: not of whom we know already. */
bool	door_greylists(const struct visit *);
/* It asked for a recipient that there is. */
void	door_guard_known(const struct visit *);
/* DOOR_BLOCKED has come.  0 or -EBADMSG. */
int	door_blocked(struct door *, struct ipc_message *);

/* Is there room for one more connection; for one more past its login? */
bool	door_may_come(const struct door *);
bool	door_may_stay(const struct door *);
/* For one more that reads pages? */
bool	door_may_read_pages(const struct door *);

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

/*
 * A visit from that address, which counts as open and has no session yet; NULL
 * when there is no room, or it has no address of ours.
 */
struct visit	*visit_new(struct door *, const struct listener *,
		    const struct sockaddr_storage *);

/* For the ports of a login (login.h), whose visit is `arg`. */
int	door_login_check(void *arg, const struct login_try *,
	    login_who_fn *reply, void *reply_arg);
int	door_login_salt(void *arg, struct slice user, login_salt_fn *reply,
	    void *reply_arg);

/*
 * door_reversed.c, of ATRN: the end for the relay, owned by the caller, or -errno;
 * the client, joined to the other one; that is not wanted; all are cut.
 */
int	door_reversed_pair(struct visit *);
void	door_reverse(void *visit, struct stream *client);
void	door_reversed_drop(struct visit *);
void	door_reversed_stop(struct door *);

/* Begin a session on `fd` (owned).  0 or a negative errno. */
int	door_smtp_begin(struct visit *, int fd);
int	door_login_begin(struct visit *, int fd);
int	door_https_begin(struct visit *, int fd);
/* Cut it; the visit is freed. */
void	door_https_close(struct visit *);

/* DOOR_TURN has come.  0 or -EBADMSG. */
int	door_turned_begin(struct door *, struct ipc *from,
	    struct ipc_message *);
/* Its session submits a message of so many bytes; that is answered. */
void	door_turned_submits(struct turned *, uint64_t bytes);
void	door_turned_answered(struct turned *, int code, bool is_held);
/* The session is over: tell who asked.  NULL is fine. */
void	door_turned_free(struct turned *);
/* A process that collects is lost. */
void	door_fetch_lost(struct door *, const struct ipc *);

/* A mailbox has been connected, or is lost. */
int	door_mailbox_peer(struct door *, struct ipc *);
void	door_mailbox_lost(struct door *, struct ipc *);
/*
 * The connection `stream` (owned) is that of somebody who has logged in to
 * `account`: it goes to its mailbox with this request.
 */
void	door_hand_over(struct door *, struct stream *, uint64_t account,
	    const struct session_request *);
/*
 * DOOR_SESSION_PARTS has come: a session rests.  0 or -EBADMSG.
 */
int	door_session_parts(struct door *, struct ipc *from,
	    struct ipc_message *);
/* The account has news: who rests there is served again. */
void	door_changed(struct door *, uint64_t account, uint64_t modseq);
/* Nobody has logged in yet. */
void	door_handovers_init(struct door *);
/* Give up every connection that was handed over. */
void	door_handovers_stop(struct door *);

#endif
