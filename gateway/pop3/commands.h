/*
 * commands.h - what a POP3 client may say, and when
 *
 * One table for both halves of the server.  A row says in which state the
 * command is legal, what it needs, the shape of its arguments, who handles it
 * and the RFC section; pop3_command_read() enforces all of that, so a handler
 * starts with those facts true and holds no such test.
 */
#ifndef POSTROOM_GATEWAY_POP3_COMMANDS_H
#define POSTROOM_GATEWAY_POP3_COMMANDS_H

#include "gateway/login/login.h"
#include "lib/base/lines.h"
#include "lib/base/stream.h"

struct pop3_session;

enum pop3_state {
	POP3_AUTHORIZATION,	/* in the door */
	POP3_TRANSACTION	/* in the account's process */
};

/* What must be so, besides what login.h has; computed anew each time. */
#define NEEDS_NOTHING	0u
#define NEEDS_NAME	(1u << LOGIN_MORE)	/* USER came before */

enum pop3_shape {
	ARGS_NONE,
	ARGS_TEXT,		/* the rest of the line, not empty */
	ARGS_MAYBE_TEXT,
	ARGS_NUMBER,		/* a message number */
	ARGS_MAYBE_NUMBER,
	ARGS_NUMBER_LINES	/* a message number and a count of lines */
};

struct pop3_args {
	struct slice	text;	/* what follows the one space; may be empty */
	bool		has_number;
	uint32_t	number;	/* as the client counts: 1 is the first */
	uint32_t	lines;
};

typedef void pop3_login_fn(struct login *, const struct pop3_args *);
typedef void pop3_session_fn(struct pop3_session *, const struct pop3_args *);

struct pop3_command {
	const char	*name;
	enum pop3_state	 state;
	unsigned	 needs;
	enum pop3_shape	 shape;
	union {			/* which: `state` says */
		pop3_login_fn	*login;
		pop3_session_fn	*session;
	} handler;
	const char	*rfc;
};

/* Ends with a row without a name. */
extern const struct pop3_command pop3_commands[];

/* RFC 2449 4: what a command may have, and its line end. */
#define POP3_COMMAND_BYTES	(255 + 2)

enum pop3_got {
	POP3_GOT_NOTHING,	/* no whole line is there yet */
	POP3_GOT_LINE,
	POP3_GOT_BAD		/* a line that is none; the -ERR was written */
};

/*
 * Take the next line, of at most `max` bytes with its end, off the input of
 * `stream` into `buffer` (LOGIN_RESPONSE_BYTES); `*line_out` points into that.
 */
enum pop3_got pop3_line_take(struct stream *, struct line_reader *,
	    size_t max, char *buffer, struct slice *line_out);

/*
 * Read `line` (without its line end) as a command that is legal in `state`
 * while the bits in `facts` hold.  NULL, after the -ERR was written to
 * `stream`, when it is none.  `args_out` points into `line`.
 */
const struct pop3_command *pop3_command_read(struct stream *,
	    struct slice line, enum pop3_state state, unsigned facts,
	    struct pop3_args *args_out);

/* The handlers of the table that come before the login. */
pop3_login_fn	pop3_login_capa, pop3_login_stls, pop3_login_utf8,
		pop3_login_user, pop3_login_pass, pop3_login_auth,
		pop3_login_quit;

#endif
