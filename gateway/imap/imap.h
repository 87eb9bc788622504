/*
 * imap.h - the IMAP server (RFC 9051 and RFC 3501), before and after login
 *
 * What comes before the login runs in the door (struct imapd_login); the rest
 * runs in the process that holds the account (struct imapd_session), on a
 * socket that carries plain bytes.
 */
#ifndef POSTROOM_GATEWAY_IMAP_IMAP_H
#define POSTROOM_GATEWAY_IMAP_IMAP_H

#include "lib/base/loop.h"
#include "lib/base/stream.h"
#include "lib/base/text.h"
#include "lib/base/tls.h"
#include "store/account.h"

/* RFC 9051 9: a tag; honest ones have a few characters. */
#define IMAPD_TAG_BYTES		128

struct imapd_login;		/* opaque; see login.c */
struct imapd_session;		/* opaque; see session.c */

enum imapd_who {
	IMAPD_WELCOME,		/* name and password are right */
	IMAPD_WRONG,		/* they are not: [AUTHENTICATIONFAILED] */
	IMAPD_ASK_LATER		/* cannot be said now: [UNAVAILABLE] */
};

typedef void imapd_who_fn(void *arg, enum imapd_who, uint64_t account);

/*
 * What is asked for is answered in a later turn of the loop, never from inside
 * the question; `forget` drops the answer that is due to `reply_arg`.  Slices
 * are lent for the time of the call.
 */
struct imapd_login_ports {
	void	*arg;
	/*
	 * Is this name and password right?  The answer to a wrong one comes
	 * late on purpose (growing delay).  0, or -errno and no reply.
	 */
	int	(*check)(void *arg, struct slice user, struct slice password,
		    const char *peer, imapd_who_fn *reply, void *reply_arg);
	void	(*forget)(void *arg, void *reply_arg);
	/*
	 * Logged in: hand the connection over.  `stream` is owned by the
	 * callee; input that already waits in it belongs to the session.  It
	 * comes held, and stream_hand_over() lets it go.  The session says
	 * "OK" to the command with this tag.
	 */
	void	(*hand_over)(void *arg, struct stream *, uint64_t account,
		    struct slice login, struct slice tag);
	void	(*log)(void *arg, const char *sentence);
	/* Called last, after hand_over or at the end: it is being freed. */
	void	(*ended)(void *arg, struct imapd_login *);
};

struct imapd_login_options {
	const char	*hostname;
	bool		 offers_tls;	/* STARTTLS */
	bool		 implicit_tls;
	bool		 clear_logins;	/* LOGIN allowed without TLS */
	const struct tls_server *tls;	/* or NULL */
};

/* NULL when memory is out; `fd` is closed then. */
struct imapd_login *imapd_login_new(struct loop *, int fd, const char *peer,
	    const struct imapd_login_options *,
	    const struct imapd_login_ports *);
/*
 * End it with "* BYE words"; `ended` is called when that has left and the
 * connection is gone, as at any other end.
 */
void	imapd_login_close(struct imapd_login *, const char *words);

typedef void imapd_big_fn(void *arg, int fd);	/* -1: cannot be had now */

struct imapd_session_ports {
	void	*arg;
	/*
	 * A read-only descriptor of a big file, which holds the message from
	 * its first byte to its last; owned by the receiver.  0, or -errno
	 * and no reply.
	 */
	int	(*big)(void *arg, const struct message_id *,
		    imapd_big_fn *reply, void *reply_arg);
	void	(*forget)(void *arg, void *reply_arg);
	/* A step for the trail: "read" or "deleted" by this session. */
	void	(*step)(void *arg, const struct message_id *, const char *what);
	/* The store has said so: -EIO is the end of the process. */
	void	(*failed)(void *arg, int error);
	/* Something was written that is to be durable within a second. */
	void	(*wrote)(void *arg);
	void	(*ended)(void *arg, struct imapd_session *);
};

struct imapd_session_options {
	const char	*hostname;
	struct slice	 login;		/* who; copied */
	struct slice	 tag;		/* of the login's command; copied */
};

/*
 * Begin on `fd` (owned) for the open `account`; says "OK" to the login itself.
 * NULL when memory is out; `fd` is closed then.
 */
struct imapd_session *imapd_session_new(struct loop *, int fd,
	    struct account *, const struct imapd_session_options *,
	    const struct imapd_session_ports *);
/* End with "* BYE words"; `ended` is called from inside, as at other ends. */
void	imapd_session_close(struct imapd_session *, const char *words);
/* Mailbox `mailbox` of the account has changed: tell it, if it idles there. */
void	imapd_session_changed(struct imapd_session *, uint32_t mailbox);

/* As smtp_commands_show(). */
void	imapd_commands_show(struct text *);

#endif
