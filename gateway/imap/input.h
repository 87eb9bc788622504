/*
 * input.h - the bytes of one command, its literals among them (RFC 9051 4.3)
 *
 * A command is a line, or several with literals between.  It is gathered here
 * as it came, "{5}" CRLF and its bytes included, and parsed when it is whole.
 * What breaks a limit or a line end is taken to its end all the same, so that
 * the next command begins where the client begins it.
 *
 * The message of an APPEND is not gathered: it may be of any size.
 */
#ifndef POSTROOM_GATEWAY_IMAP_INPUT_H
#define POSTROOM_GATEWAY_IMAP_INPUT_H

#include "lib/base/lines.h"
#include "lib/base/stream.h"
#include "lib/base/text.h"

/* RFC 7888 5, LITERAL-: a larger literal waits for our "+". */
#define IMAPD_LITERAL_MINUS	4096
#define IMAPD_TOO_EAGER		"[TOOBIG] a literal over 4096 bytes waits for " \
				"its \"+\""

/* Of one command that is refused, what comes of it all the same is dropped up
 * to here; of more, and we part.  It is the most a client can have meant as
 * messages. */
#define IMAPD_SKIP_MOST	(64u * 1024 * 1024)

struct imapd_limits {
	size_t	line_bytes;	/* of one line with its end */
	size_t	literal_bytes;	/* of one literal */
	size_t	command_bytes;	/* of all of a command */
	bool	takes_messages;	/* an APPEND may come */
	bool	is_relayed;	/* literals were asked for, and have come */
};
/* HARDENING A31 and A32. */
extern const struct imapd_limits imapd_limits_before_login;
extern const struct imapd_limits imapd_limits_after_login;
/* Commands that another process of ours has gathered. */
extern const struct imapd_limits imapd_limits_visitor;

struct imapd_input {
	struct text		 command;	/* gathered so far */
	struct line_reader	 reader;
	const struct imapd_limits *limits;
	uint64_t		 literal_left;	/* bytes of one still to come */
	bool			 is_binary;	/* it may hold NUL */
	uint64_t		 skipped;	/* after a fault */
	const char		*fault;		/* what is wrong with it */
	bool			 is_lost;	/* in step no more: end it */
};

enum imapd_got {
	IMAPD_GOT_NOTHING,	/* wait for more */
	IMAPD_GOT_COMMAND,	/* a whole one, without its last CRLF */
	IMAPD_GOT_MESSAGE,	/* an APPEND up to its "{n}"; the message is
				   next, once "+" was said if it waits for it */
	IMAPD_GOT_FAULT		/* input->fault says why */
};

/* The literal a line ends with. */
struct imapd_literal {
	uint64_t	bytes;
	bool		waits;		/* for a "+" (no "+" in its braces) */
	bool		is_binary;	/* "~{": may hold NUL (RFC 3516) */
	size_t		marked_at;	/* where "{" or "~{" stands */
};

/* Nothing has come yet; the limits are lent for its whole life. */
void	imapd_input_begin(struct imapd_input *, const struct imapd_limits *);
/* Give its memory back. */
void	imapd_input_free(struct imapd_input *);
/* The command was answered: what comes next is another. */
void	imapd_input_next(struct imapd_input *);

/*
 * Take what there is of the command off the input of `stream`; says "+" where
 * the client waits for it.  input->command has it then.  After MESSAGE it goes
 * on only after imapd_input_next().
 */
enum imapd_got imapd_input_take(struct imapd_input *, struct stream *);
/*
 * What came with GOT_MESSAGE is wrong.  True: the message comes all the same,
 * and will be dropped; imapd_input_take() goes on and ends with GOT_FAULT.
 */
bool	imapd_input_skip(struct imapd_input *, const char *fault);
/*
 * Take one line alone, which is no command: a SASL response, the end of IDLE.
 * GOT_COMMAND: it is all of input->command.
 */
enum imapd_got imapd_input_line(struct imapd_input *, struct stream *);

/* Does `line` (without its end) end with a literal's size?  -ERANGE: one that
 * no client means. */
int	imapd_literal_read(struct slice line,
	    struct imapd_literal *literal_out);

#endif
