/*
 * commands.h - what an IMAP client may say, and when
 *
 * One table for both halves of the server.  A row says in which states the
 * command is legal, what it needs, whether anything follows its name, what it
 * may do to the numbers of messages, who handles it and the RFC section.  The
 * two dispatchers enforce all of that, so a handler starts with those facts
 * true and holds no such test.
 */
#ifndef POSTROOM_GATEWAY_IMAP_COMMANDS_H
#define POSTROOM_GATEWAY_IMAP_COMMANDS_H

#include "gateway/imap/parse.h"
#include "gateway/login/login.h"

struct imapd_session;

/* States, RFC 9051 3. */
#define IMAPD_STRANGER	0x1u	/* not authenticated: in the door */
#define IMAPD_KNOWN	0x2u	/* authenticated: in the account's process */
#define IMAPD_SELECTED	0x4u	/* a mailbox is open */
#define IMAPD_INSIDE	(IMAPD_KNOWN | IMAPD_SELECTED)

/* What must be so, besides what login.h has; computed anew each time. */
#define IMAPD_NEEDS_NOTHING 0u
#define IMAPD_NEEDS_WRITE (1u << LOGIN_MORE)	/* SELECT, not EXAMINE */
#define IMAPD_IS_VISIT	(1u << (LOGIN_MORE + 1))	/* a fact: visitor.h */

enum imapd_shape {
	IMAPD_ARGS_NONE,
	IMAPD_ARGS		/* a space and something */
};

/*
 * RFC 9051 7.5.1: while some commands are answered no EXPUNGE may be told, for
 * the numbers in them would mean other messages.
 */
enum imapd_numbers {
	IMAPD_NUMBERS_STAY,
	IMAPD_NUMBERS_MOVE
};

typedef void imapd_login_fn(struct login *, struct imapd_parse *);
typedef void imapd_session_fn(struct imapd_session *, struct imapd_parse *);

struct imapd_command {
	const char		*name;		/* "UID FETCH" too */
	unsigned		 states;
	unsigned		 needs;
	enum imapd_shape	 shape;
	enum imapd_numbers	 numbers;
	union {			/* which: STRANGER is the door's */
		imapd_login_fn	*login;
		imapd_session_fn *session;
	} handler;
	const char		*rfc;
};

/* Ends with a row without a name. */
extern const struct imapd_command imapd_commands[];

/*
 * Read the name off `parse`, whose tag is taken: a command that is legal in
 * `state` while the bits in `facts` hold.  NULL: it is none, and
 * parse->fault, "BAD " or "NO " included, is what to say.
 */
const struct imapd_command *imapd_command_read(struct imapd_parse *,
	    unsigned state, unsigned facts);

/* The capabilities that do not depend on the connection, each with a space
 * before it; those of a session when `inside`. */
void	imapd_add_capabilities(struct text *, bool inside);

/* The handlers of the table that come before the login. */
imapd_login_fn	imapd_login_capability, imapd_login_noop, imapd_login_logout,
		imapd_login_id, imapd_login_starttls,
		imapd_login_authenticate, imapd_login_login;

#endif
