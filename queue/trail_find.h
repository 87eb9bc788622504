/*
 * trail_find.h - what happened to a message: reading the trail
 *
 * Blocks while it reads every day that is kept: to be called in a pool thread,
 * behind trail_flush().  Touches nothing but its arguments.
 */
#ifndef POSTROOM_QUEUE_TRAIL_FIND_H
#define POSTROOM_QUEUE_TRAIL_FIND_H

#include "lib/base/arena.h"
#include "queue/trail.h"

#define TRAIL_FIND_MESSAGES	1000	/* more than a person reads */
#define TRAIL_FIND_LINES	20000	/* the same, of all of them */

/* A line that was read; slices live in an arena. */
struct trail_line {
	char			 at[TRAIL_AT_CHARS];
	bool			 has_id;
	struct trail_step	 step;	/* its at_utc_ms is 0: see `at` */
};

/*
 * Read one line, with or without its line feed.  Fields that we do not know
 * are passed over; one that is known and of the wrong kind makes the line bad.
 * 0, -EBADMSG, or -ENOBUFS when the arena is spent.
 */
int	trail_parse(struct arena *, struct slice line,
	    struct trail_line *line_out);

/*
 * Tell every step of every message that `what` names: its id; or an address (a
 * word with @) that is from, to or recipient in any step of it; or else words
 * that all stand in its subject.  Letter case of ASCII does not count.  Grouped
 * by message, the oldest first, each in order of time.  Lines that cannot be
 * read are passed over (the last may be torn).
 *
 * 0, 1 when there was more than the limits above allow (the latest messages
 * are left out), what `fn` returned when that was not 0, or a negative errno.
 */
typedef int	trail_find_fn(void *arg, const struct trail_line *);
int	trail_find(int folder_fd, struct slice what, trail_find_fn *,
	    void *arg);

#endif
