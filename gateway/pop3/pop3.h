/*
 * pop3.h - the POP3 server (RFC 1939), before and after login
 *
 * The AUTHORIZATION state runs in the door (struct pop3_login); the
 * TRANSACTION and UPDATE states run in the process that holds the account
 * (struct pop3_session), on a socket that carries plain bytes.
 */
#ifndef POSTROOM_GATEWAY_POP3_POP3_H
#define POSTROOM_GATEWAY_POP3_POP3_H

#include "lib/base/loop.h"
#include "lib/base/stream.h"
#include "lib/base/text.h"
#include "lib/base/tls.h"
#include "store/account.h"

struct pop3_login;		/* opaque; see login.c */
struct pop3_session;		/* opaque; see session.c */

enum pop3_who {
	POP3_WELCOME,		/* name and password are right */
	POP3_STRANGER,		/* they are not: -ERR [AUTH] */
	POP3_ASK_LATER		/* cannot be said now: -ERR [SYS/TEMP] */
};

typedef void pop3_who_fn(void *arg, enum pop3_who, uint64_t account);

/*
 * What is asked for is answered in a later turn of the loop, never from inside
 * the question; `forget` drops the answer that is due to `reply_arg`.  Slices
 * are lent for the time of the call.
 */
struct pop3_login_ports {
	void	*arg;
	/*
	 * Is this name and password right?  The answer to a wrong one comes
	 * late on purpose (growing delay).  0, or -errno and no reply.
	 */
	int	(*check)(void *arg, struct slice user, struct slice password,
		    const char *peer, pop3_who_fn *reply, void *reply_arg);
	void	(*forget)(void *arg, void *reply_arg);
	/*
	 * Logged in: hand the connection over.  `stream` is owned by the
	 * callee; input that already waits in it belongs to the session.  It
	 * comes held, and stream_hand_over() lets it go.  The session says
	 * "+OK" to the client.
	 */
	void	(*hand_over)(void *arg, struct stream *, uint64_t account,
		    struct slice login);
	void	(*log)(void *arg, const char *sentence);
	/* Called last, after hand_over or at the end: it is being freed. */
	void	(*ended)(void *arg, struct pop3_login *);
};

struct pop3_login_options {
	const char	*hostname;
	bool		 offers_stls;
	bool		 implicit_tls;
	bool		 clear_logins;	/* USER and AUTH allowed without TLS */
	const struct tls_server *tls;	/* or NULL */
};

/* NULL when memory is out; `fd` is closed then. */
struct pop3_login *pop3_login_new(struct loop *, int fd, const char *peer,
	    const struct pop3_login_options *, const struct pop3_login_ports *);
/*
 * End it with "-ERR [SYS/TEMP] words"; `ended` is called when that has left and
 * the connection is gone, as at any other end.
 */
void	pop3_login_close(struct pop3_login *, const char *words);

typedef void pop3_big_fn(void *arg, int fd);	/* -1: cannot be had now */

struct pop3_session_ports {
	void	*arg;
	/*
	 * A read-only descriptor of a big file, which holds the message from
	 * its first byte to its last; owned by the receiver.  0, or -errno
	 * and no reply.
	 */
	int	(*big)(void *arg, const struct message_id *, pop3_big_fn *reply,
		    void *reply_arg);
	void	(*forget)(void *arg, void *reply_arg);
	/* A step for the trail: "read" or "deleted" by this session. */
	void	(*step)(void *arg, const char *uidl, const char *what);
	void	(*ended)(void *arg, struct pop3_session *);
};

struct pop3_session_options {
	const char	*hostname;
	struct slice	 login;		/* who, for the greeting; copied */
};

/*
 * Begin the TRANSACTION state on `fd` (owned) for the open `account`; says
 * "+OK" to the login itself.  NULL when memory is out; `fd` is closed then.
 */
struct pop3_session *pop3_session_new(struct loop *, int fd, struct account *,
	    const struct pop3_session_options *,
	    const struct pop3_session_ports *);
/*
 * End without UPDATE: nothing is deleted (RFC 1939 6).  `ended` is called from
 * inside, here and wherever else the session ends.
 */
void	pop3_session_close(struct pop3_session *);

/* As smtp_commands_show(). */
void	pop3_commands_show(struct text *);

#endif
