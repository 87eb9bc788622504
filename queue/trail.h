/*
 * trail.h - what happened to each message, for people: trail/YYYY-MM-DD
 *
 * One JSON line per step.  Lines are gathered and written 200 ms later or when
 * 64 KiB wait, with one write and no sync: losing the last second in a power
 * cut is allowed.  What a person did is written before they are answered: no
 * crash of ours forgets it.  A trail that cannot be written never stops mail: it is told
 * once, lines are dropped and counted, and when writing goes again a step
 * "gap" says how many.
 */
#ifndef POSTROOM_QUEUE_TRAIL_H
#define POSTROOM_QUEUE_TRAIL_H

#include "lib/base/id.h"
#include "lib/base/loop.h"
#include "lib/base/text.h"

#define TRAIL_FIELD_BYTES	256	/* of a value; a longer one is cut */
#define TRAIL_LINE_BYTES	16384	/* of a line: eight values, each byte
					   six when escaped, and names */
#define TRAIL_AT_CHARS		25	/* 2026-11-21T22:47:36.123Z, NUL */

/* Every word a line's "step" may be; the table is in trail_line.c. */
enum trail_word {
	TRAIL_RECEIVED,		/* the sender was told 250 */
	TRAIL_FETCHED,		/* taken from a remote mailbox */
	TRAIL_SHARED,		/* its body was here, and was not fetched */
	TRAIL_ARCHIVED,		/* as it was sent, before all that */
	TRAIL_FOUND,		/* whom it is for, in a mailbox of many */
	TRAIL_MADE,		/* by the hub itself: notice, reply */
	TRAIL_JUDGED,
	TRAIL_REFUSED,
	TRAIL_PUT_OFF,		/* the sender was told to try again */
	TRAIL_ABANDONED,	/* not received: the disk failed */
	TRAIL_STORED,
	TRAIL_DELIVERED,
	TRAIL_WAITING,
	TRAIL_HELD,
	TRAIL_TOLD,		/* somebody, that it is held */
	TRAIL_RELEASED,
	TRAIL_SENT,		/* a remote host took it */
	TRAIL_FAILED,		/* no host will ever take it */
	TRAIL_RETURNED,		/* a notice went to its sender */
	TRAIL_READ,
	TRAIL_SAVED,		/* somebody put it into their own mailbox */
	TRAIL_SPAM,		/* they said that it is */
	TRAIL_WANTED,		/* they said that it is none */
	TRAIL_DELETED,
	TRAIL_GAP,		/* lines are missing here */
	TRAIL_WORDS
};

/* One step; only what is given is written (empty slices and 0 are not). */
struct trail_step {
	int64_t			 at_utc_ms;
	struct message_id	 id;	/* all zeroes: of no message */
	enum trail_word		 word;
	uint64_t		 account;
	struct slice		 who;	/* a role or a person's login */
	struct slice		 address;	/* the recipient */
	struct slice		 from;
	struct slice		 to;
	struct slice		 subject;
	struct slice		 peer;
	struct slice		 detail;	/* a sentence */
};

/* The line, with its line feed; the text fails when it does not fit. */
void	trail_format(struct text *, const struct trail_step *);
/* The word as it is written. */
const char *trail_word(enum trail_word);
/* Add "; mended: bare LF", of DOT_ bits (lib/base/dot.h); nothing for 0. */
void	trail_add_mended(struct text *, unsigned mended);
/* RFC 3339, UTC, milliseconds. */
void	trail_at(int64_t utc_ms, char at_out[TRAIL_AT_CHARS]);
/* The other way round; 0: it is none. */
int64_t	trail_utc_ms(const char at[TRAIL_AT_CHARS]);

struct trail;			/* opaque; see trail.c */

/* Told once when writing begins to fail (-errno), once when it goes (0). */
typedef void	trail_fault_fn(void *arg, int fault);

/*
 * Write below `folder_fd` (borrowed).  Files older than `days` are removed
 * whenever a new one is begun.  0 or -ENOMEM.
 */
int	trail_open(int folder_fd, struct loop *, unsigned days,
	    trail_fault_fn *, void *arg, struct trail **trail_out);
/* Write what waits and close; NULL is fine. */
void	trail_close(struct trail *);
/* Add a step.  Cannot fail; see above. */
void	trail_add(struct trail *, const struct trail_step *);
/* Write what waits now, so that a reader finds it. */
void	trail_flush(struct trail *);

#endif
