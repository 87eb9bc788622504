/*
 * imap.h - the IMAP conversation: commands, and the responses that answer them
 *
 * What is under way is a queue of tagged commands, each a row of a table that
 * says which data it hears and who is told.  Servers work on several fetches at
 * once (RFC 9051 5.5): Dovecot gives the next texts before it has ended the
 * first command.  So a text belongs to the command that named its UID, and a
 * command ends when its own tag comes.
 *
 * A server may say at any time what nobody asked for; it goes to untagged(), up
 * to a limit between two answers (HARDENING F40).  The text of a message is told
 * in runs, as it will be stored, and counts when its response has ended: data()
 * says so.
 * Handlers are called from the loop; they may say commands, hold and break off,
 * but not free.
 */
#ifndef POSTROOM_FETCH_IMAP_IMAP_H
#define POSTROOM_FETCH_IMAP_IMAP_H

#include "fetch/imap/reply.h"
#include "fetch/line_bill.h"
#include "fetch/protocol.h"
#include "lib/base/talk.h"

/* Commands said and not answered. */
#define IMAP_WINDOW	PROTOCOL_WINDOW
/* RFC 9051 4.: what servers take in a line is 8,000 bytes and more. */
#define IMAP_LINE_BYTES	8000
#define IMAP_READ_BYTES	65536	/* the longest run of a message */

struct imap;			/* opaque; see imap.c */

/* A kind of command; `arg` is the conversation's, `about` who asked knows. */
struct imap_command {
	const char	*verb;		/* "UID FETCH" */
	const char	*after;		/* behind the number; or NULL */
	const char	*hears;		/* the data it is told; or NULL */
	bool		 is_alone;	/* nothing is sent before it has ended */
	bool		 is_last;	/* LOGOUT: BYE is no surprise */
	/*
	 * Data of that name.  True: it was asked for.  One with a text has the
	 * UID `about`, and `mended` tells of it; else that is NULL.
	 */
	bool	(*data)(void *arg, uint32_t about, const struct imap_reply *,
		    const struct mended *);
	/*
	 * A text of so many bytes begins, from that byte of it on; NULL: none
	 * is asked for.
	 */
	void	(*text)(void *arg, uint32_t about, uint64_t bytes,
		    uint64_t from);
	void	(*part)(void *arg, uint32_t about, struct slice);
	/* The server waits: imap_more().  NULL: then it is broken. */
	void	(*more)(void *arg, struct slice words);
	/* It has ended, and the text that was asked for has not come. */
	void	(*missed)(void *arg, uint32_t about,
		    const struct imap_reply *);
	/* OK, NO or BAD: the command has ended; or NULL. */
	void	(*done)(void *arg, uint32_t about, const struct imap_reply *);
};

struct imap_events {
	void	*arg;
	/* What had come has been heard: there may be room for commands. */
	void	(*turn)(void *arg);
	/* Data and statuses that no command has asked for; or NULL. */
	void	(*untagged)(void *arg, const struct imap_reply *);
	/*
	 * The conversation is of no use any more; nothing is called after.
	 * `server_said`: the words are the server's, else ours.
	 */
	void	(*broken)(void *arg, enum fetch_end, bool server_said,
		    struct slice words);
};

struct imap_options {
	uint64_t	silence_ms;	/* without a byte that is awaited */
	uint64_t	least_bytes_per_second;	/* over a minute */
	struct line_bill *bill;		/* of what compressing saves; or NULL */
};

/* Over `talk` (borrowed).  NULL: no memory. */
struct imap	*imap_new(struct loop *, struct talk *,
		    const struct imap_options *, const struct imap_events *);
/* The talk stays; NULL is fine. */
void		 imap_free(struct imap *);

/* Commands that may be said before IMAP_WINDOW is full. */
unsigned	 imap_room(const struct imap *);
/* Of what was said, so much is not answered yet. */
unsigned	 imap_under_way(const struct imap *);
/*
 * Say "TAG VERB ABOUT AFTER" (without the number, if `about` is 0), or with
 * arguments that have no line end.  More than the window, by two at most, may
 * be said.
 */
void		 imap_say(struct imap *, const struct imap_command *,
		    uint32_t about);
void		 imap_say_words(struct imap *, const struct imap_command *,
		    uint32_t about, struct slice arguments);
/* A line for the command that waits for more. */
void		 imap_more(struct imap *, struct slice line);
/* While held nothing more is heard, and the server is not blamed for it. */
void		 imap_hold(struct imap *, bool held);
/* Of the text that comes in something has been mended so far. */
bool		 imap_is_mended(const struct imap *);
/* And into the part of it that is just told: a DOT_ bit, or 0. */
unsigned	 imap_mend(const struct imap *);
/* While it idles (RFC 2177) silence is no fault. */
void		 imap_idle(struct imap *, bool idles);
/*
 * From the next byte on both sides compress (RFC 4978).  0, or -ENOMEM: then
 * the conversation has to end.
 */
int		 imap_compress(struct imap *);
/* Have a turn soon. */
void		 imap_wake(struct imap *);
/* Bytes can be read: for the talk's readable(). */
void		 imap_readable(struct imap *);
/* Nothing is said or heard any more; broken() does not come. */
void		 imap_stop(struct imap *);

#endif
