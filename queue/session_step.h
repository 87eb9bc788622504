/*
 * session_step.h - what a session did to a letter, for the trail
 *
 * A person reads, deletes, saves or judges a letter in their own mailbox; no
 * road leads there past the queue, so the mailbox role tells it (QUEUE_STEP).
 */
#ifndef POSTROOM_QUEUE_SESSION_STEP_H
#define POSTROOM_QUEUE_SESSION_STEP_H

#include "lib/base/id.h"
#include "lib/base/pack.h"

/* What a session may have done, as `word` has it. */
#define SESSION_READ	"read"
#define SESSION_DELETED	"deleted"
#define SESSION_SAVED	"saved"
#define SESSION_SPAM	"spam"		/* moved into Junk */
#define SESSION_WANTED	"wanted"	/* taken out of there */

/* Letters in one step; as many go in one turn of a session that deletes. */
#define SESSION_STEP_MOST	1000

/* Slices are borrowed; they are empty where a word has no use for them. */
struct session_step {
	struct slice	 ids;		/* of the letters, one behind the other:
					   MESSAGE_ID_BYTES each */
	struct slice	 word;
	struct slice	 who;		/* the login */
	struct slice	 subject;	/* of what was saved, UTF-8 */
	struct slice	 mailbox;	/* it was saved into, UTF-8 */
	uint32_t	 mended;	/* DOT_ bits (lib/base/dot.h) */
};

/* The body of a QUEUE_STEP. */
void	session_step_pack(struct text *, const struct session_step *);
/*
 * The same read; slices point into `body`.  0, or -EBADMSG, also when there is no
 * letter or more than SESSION_STEP_MOST.
 */
int	session_step_unpack(struct slice body, struct session_step *step_out);

#endif
