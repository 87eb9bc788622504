/*
 * threads.h - letters put together to conversations (RFC 5256 3, THREAD)
 *
 * Letters are added one by one, in the order of their numbers; the rest goes on
 * in steps, so that nobody waits for a mailbox of any size.  Whatever
 * references say, a letter is told once: links that would make a circle are not
 * made, and nothing here recurses.
 *
 * Memory: 32 bytes a letter, 28 an id (its own, and those it refers to) and the
 * text of ids and subjects, all of it within a budget.
 */
#ifndef POSTROOM_MESSAGE_THREADS_H
#define POSTROOM_MESSAGE_THREADS_H

#include "lib/base/hash.h"
#include "lib/base/text.h"

enum threads_how {
	THREADS_ORDEREDSUBJECT,	/* one subject, one conversation */
	THREADS_REFERENCES	/* by what they answer, then by subject */
};

/* What is known of one letter.  Slices are borrowed for the time of a call. */
struct threads_letter {
	int64_t		sent;		/* when, in any one unit */
	struct slice	message_id;	/* values of these fields; or empty */
	struct slice	in_reply_to;
	struct slice	references;
	struct slice	subject;	/* base subject, folded (sort_key.h) */
	bool		is_reply;	/* something in it said so */
};

struct threads;			/* opaque; see threads_inside.h */

/*
 * For at most `most` letters, in at most `budget` bytes.  NULL: memory is out,
 * or the budget is too small for so many.  `key` is copied.
 */
struct threads	*threads_new(enum threads_how, size_t most, size_t budget,
	    const struct hash_key *key);
/* NULL is fine. */
void	threads_free(struct threads *);

/* The next letter.  0, -ENOBUFS (the budget is spent) or -ENOMEM. */
int	threads_add(struct threads *, const struct threads_letter *);
/*
 * All are added: go on for some `most` letters.  1: there is more to do, 0: it
 * is done, -ENOBUFS or -ENOMEM.
 */
int	threads_step(struct threads *, size_t most);
/*
 * Done: add the next conversations, or pieces of them, as "(3 6 (4 23)(7))",
 * letter `i` as numbers[i], until some `most` bytes were added.  False: that was
 * the end.
 */
bool	threads_tell(struct threads *, struct text *, const uint32_t *numbers,
	    size_t most);

#endif
