/*
 * login.h - a mail program before its login, in the door
 *
 * POP3 and IMAP say it in other words; a connection's life, its limits and the
 * ways of a password are the same.  SMTP takes the last from here (AUTH).  A
 * protocol is a constant table (pop3.h and imap.h name theirs), and a login is the
 * only thing that it can lead to.
 */
#ifndef POSTROOM_GATEWAY_LOGIN_LOGIN_H
#define POSTROOM_GATEWAY_LOGIN_LOGIN_H

#include "lib/base/loop.h"
#include "lib/base/stream.h"
#include "lib/base/tls.h"

struct login;			/* opaque; see inside.h */
struct login_protocol;		/* opaque; see inside.h */

/* What a command may need, for the tables of the protocols. */
#define LOGIN_IS_SAFE	(1u << 0)	/* TLS, or clear logins are allowed */
#define LOGIN_HAS_TLS	(1u << 1)	/* TLS is offered here */
#define LOGIN_IS_CLEAR	(1u << 2)	/* and is not active yet */
#define LOGIN_MORE	3		/* bits from here on are theirs */

/* RFC 4422 leaves it to us; RFC 4954 4.12 found 12,288 enough for anyone. */
#define LOGIN_RESPONSE_BYTES	12288

enum login_who {
	LOGIN_WELCOME,		/* name and password are right */
	LOGIN_STRANGER,		/* they are not */
	LOGIN_ASK_LATER		/* cannot be said now */
};

/*
 * `account` is 0 unless they are welcome; `signature` is what the client gets for
 * the proof of SCRAM, or empty.
 */
typedef void login_who_fn(void *arg, enum login_who, uint64_t account,
    struct slice signature);
/* `rounds` is 0 when it cannot be said now. */
typedef void login_salt_fn(void *arg, uint32_t rounds, struct slice salt);

/* A name, and what is to show that it is theirs. */
struct login_try {
	struct slice	user;
	struct slice	password;	/* or the proof of SCRAM ... */
	struct slice	said;		/* ... of this; else empty */
	const char	*peer;		/* numeric address */
};

/*
 * What is asked for is answered in a later turn of the loop, never from inside
 * the question; `forget` drops the answer that is due to `reply_arg`.  Slices
 * are lent for the time of the call.
 */
struct login_ports {
	void	*arg;
	/*
	 * Is this name and password right?  The answer to a wrong one comes
	 * late on purpose (growing delay).  0, or -errno and no reply.
	 */
	int	(*check)(void *arg, const struct login_try *,
		    login_who_fn *reply, void *reply_arg);
	/*
	 * What does SCRAM begin with for this name?  Each has something.  0,
	 * or -errno and no reply.
	 */
	int	(*salt)(void *arg, struct slice user, login_salt_fn *reply,
		    void *reply_arg);
	void	(*forget)(void *arg, void *reply_arg);
	/*
	 * Logged in: hand the connection over.  `stream` is owned by the
	 * callee; input that already waits in it belongs to the session.  It
	 * comes held, and stream_hand_over() lets it go.  The session says OK
	 * to the login; in IMAP to the command with this tag, else it is empty.
	 */
	void	(*hand_over)(void *arg, struct stream *, uint64_t account,
		    struct slice user, struct slice tag);
	void	(*log)(void *arg, const char *sentence);
	/* Called last, after hand_over or at the end: it is being freed. */
	void	(*ended)(void *arg, struct login *);
};

struct login_options {
	const char	*hostname;	/* copied */
	bool		 offers_tls;	/* STLS, STARTTLS */
	bool		 implicit_tls;
	bool		 clear_logins;	/* passwords are taken without TLS */
	const struct tls_server *tls;	/* or NULL */
};

/*
 * Begin on `fd`, which is owned.  NULL when memory is out, or TLS cannot begin
 * where it must; `fd` is closed then.
 */
struct login	*login_new(struct loop *, int fd, const char *peer,
		    const struct login_protocol *,
		    const struct login_options *, const struct login_ports *);
/*
 * End it with a last line that says why; `ended` is called when that has left
 * and the connection is gone, as at any other end.
 */
void		 login_close(struct login *, const char *words);

/*
 * The name of the i-th SASL mechanism, of those there are on this stream; NULL
 * behind the last.
 */
const char	*login_mechanism(const struct stream *, size_t i);

#endif
