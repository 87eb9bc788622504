/*
 * pop3.h - the POP3 conversation: commands, and the replies that answer them
 *
 * Replies come in the order of the commands (RFC 1939 3, RFC 2449 6.6): what is
 * under way is a queue of commands, each a row of a table that says the shape
 * of its reply and who hears it.  Where PIPELINING is not offered the next
 * command leaves when the reply to the one before has ended; whoever says them
 * need not know.
 *
 * What comes while nothing is awaited is no reply: the conversation is broken
 * off (HARDENING F13).  Handlers are called from the loop; they may say
 * commands, hold and break off, but not free.
 */
#ifndef POSTROOM_FETCH_POP3_H
#define POSTROOM_FETCH_POP3_H

#include "fetch/protocol.h"
#include "lib/base/talk.h"

/* Commands said and not answered. */
#define POP3_WINDOW		PROTOCOL_WINDOW
/* RFC 2449 4 says 512; servers with long words exist, of 2 KiB none. */
#define POP3_LINE_BYTES		2048
#define POP3_READ_BYTES		PROTOCOL_RUN_BYTES

struct pop3;			/* opaque; see pop3.c */

enum pop3_shape {
	POP3_ONE,		/* a status line */
	POP3_LINES,		/* after +OK lines, up to a dot */
	POP3_BODY		/* after +OK a message, or the top of one */
};

/* A kind of command.  A part of LINES is a line without its dot and end. */
struct pop3_command {
	const char	*verb;
	const char	*after;		/* behind the number; or NULL */
	enum pop3_shape	 shape;
};

struct pop3_events {
	void	*arg;
	/* What had come has been heard: there may be room for commands. */
	void	(*turn)(void *arg);
	/*
	 * The conversation is of no use any more; nothing is called after.
	 * `server_said`: the words are the server's, else ours.
	 */
	void	(*broken)(void *arg, enum fetch_end, bool server_said,
		    struct slice words);
};

struct pop3_options {
	bool		pipelining;
	uint64_t	silence_ms;	/* without a byte that is awaited */
	uint64_t	least_bytes_per_second;	/* over a minute */
};

/* Over `talk` (borrowed).  NULL: no memory. */
struct pop3	*pop3_new(struct loop *, struct talk *,
		    const struct pop3_options *, const struct pop3_events *);
/* The talk stays; NULL is fine. */
void		 pop3_free(struct pop3 *);

/* Commands that may be said before POP3_WINDOW, or one at a time, is full. */
unsigned	 pop3_room(const struct pop3 *);
/* Of what was said, so much is not answered yet. */
unsigned	 pop3_under_way(const struct pop3 *);
/* Into the part that is just told it has mended this: a DOT_ bit, or 0. */
unsigned	 pop3_mend(const struct pop3 *);
/*
 * Say a command about message `number` (0: about none), or with an argument
 * that has no line end; `heard` stays.  More than the window, by two at most,
 * may be said.
 */
void		 pop3_say(struct pop3 *, const struct pop3_command *,
		    uint32_t number, const struct heard *);
void		 pop3_say_word(struct pop3 *, const struct pop3_command *,
		    struct slice argument, const struct heard *);
/* While held nothing more is heard, and the server is not blamed for it. */
void		 pop3_hold(struct pop3 *, bool held);
/* Bytes can be read: for the talk's readable(). */
void		 pop3_readable(struct pop3 *);
/* Nothing is said or heard any more; broken() does not come. */
void		 pop3_stop(struct pop3 *);

#endif
