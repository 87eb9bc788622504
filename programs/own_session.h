/*
 * own_session.h - an IMAP session of an account of this hub, for a command
 *
 * import and export are IMAP clients of our own server: the control socket
 * (root and the hub's own user may ask there) becomes a session of the account
 * in the account's own process.  So there is one writer of a mailbox, one road
 * into it, which is tested, and a letter that is brought is as durable as any
 * that a mail program saves.  It blocks, as a command may.
 */
#ifndef POSTROOM_PROGRAMS_OWN_SESSION_H
#define POSTROOM_PROGRAMS_OWN_SESSION_H

#include "programs/cli.h"

struct own_session;		/* opaque; see own_session.c */

/* How the server took a command. */
enum own_result {
	OWN_OK,
	OWN_NO,			/* or BAD; own_words() says why */
	OWN_GO_ON,		/* it waits for a literal */
	OWN_LOST		/* there is no connection any more */
};

/* Open one for `address`; names in it are UTF-8.  CLI_OK, or told. */
int	own_open(struct cli *, const char *address,
	    struct own_session **session_out);
/* Log out; NULL is fine. */
void	own_close(struct own_session *);

/* Bytes for the server, which own_answer() sends at last. */
void	own_say(struct own_session *, struct slice);
/* printf, for the words of a command. */
void	own_sayf(struct own_session *, const char *format, ...)
	    __attribute__((format(printf, 2, 3)));
/* A mailbox's name, as a quoted string. */
void	own_say_name(struct own_session *, struct slice name);
/* The tag of a command and a space. */
void	own_begin(struct own_session *);

/* One response with its literals, without the last line end; lent. */
typedef int own_fn(void *arg, struct slice response);
/*
 * Send what was said and read until the server waits for a literal or has
 * answered.  Each untagged response goes to `fn` (NULL: to nobody), whose
 * negative errno ends the session: OWN_LOST then.
 */
enum own_result	own_answer(struct own_session *, own_fn *fn, void *arg);
/* What stood behind OK, NO or BAD; why it was lost.  Until the next answer. */
struct slice	own_words(const struct own_session *);

#endif
