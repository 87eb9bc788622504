/*
 * pop3.h - the POP3 server (RFC 1939), before and after login
 *
 * The AUTHORIZATION state runs in the door (gateway/login/); the TRANSACTION
 * and UPDATE states run in the process that holds the account (struct
 * pop3_session), on a socket that carries plain bytes.
 */
#ifndef POSTROOM_GATEWAY_POP3_POP3_H
#define POSTROOM_GATEWAY_POP3_POP3_H

#include "gateway/login/login.h"
#include "lib/base/loop.h"
#include "lib/base/text.h"
#include "store/account.h"

struct pop3_session;		/* opaque; see session.c */

/* The AUTHORIZATION state, for login_new(). */
extern const struct login_protocol pop3_protocol;

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
