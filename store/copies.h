/*
 * copies.h - copies of an account's index, which repair begins with
 *
 * copies/index.1 is the newest, copies/index.2 the one before.  A copy is made
 * in small steps beside sessions and deliveries, read through and synced before
 * it takes its name, so that neither is ever half a copy, or one of a damaged
 * index.  The segments stand by themselves: compaction need not wait for a copy,
 * for repair finds each letter by what its record says (walk.h).
 */
#ifndef POSTROOM_STORE_COPIES_H
#define POSTROOM_STORE_COPIES_H

#include "store/account.h"

#define COPIES_FOLDER	"copies"
#define COPIES_MOST	2	/* generations */
#define COPIES_SECONDS	(24 * 3600)	/* a copy is due when the newest is
					   so old, and nothing changes */
#define COPIES_LATE_SECONDS (30 * 3600)	/* or so old, whatever changes */

/* The name of generation 1..COPIES_MOST, below the account's folder. */
const char *copies_path(unsigned generation);
/*
 * How old the copy of that generation is, in seconds; one that says to be of the
 * future is as old as none.  0, -ENOENT (there is none) or -errno.
 */
int	copies_age(int folder_fd, unsigned generation, int64_t now_utc_ms,
	    int64_t *seconds_out);

/*
 * Read the copy of that generation through, which nobody writes to: is it good?
 * 0, -ENOENT, -EUCLEAN or -errno.
 */
int	copies_judge(int folder_fd, unsigned generation);

/*
 * Is a copy due?  Asked from time to time: with nothing changed since it was
 * asked last, the account counts as at rest.  True as well while one is made.
 */
bool	account_wants_copy(struct account *, int64_t now_utc_ms);
/*
 * The next step of a copy, some 10 ms; the first begins one.  1 there is more to
 * do, 0 it is made, or a negative errno: it was given up, and what was there is
 * there still.  -EUCLEAN: the index is damaged.
 */
int	account_copy(struct account *);

#endif
