/*
 * trail_days.h - the lines of the trail, day by day
 */
#ifndef POSTROOM_QUEUE_TRAIL_DAYS_H
#define POSTROOM_QUEUE_TRAIL_DAYS_H

#include "lib/base/slice.h"

/* A line with its line feed, if it has one.  Not 0 ends the reading. */
typedef int	trail_days_fn(void *arg, struct slice line);

/*
 * Read every day in `folder_fd` (borrowed), the oldest first, from the day
 * "2026-11-21" on, or all with NULL.  Blocks.  0, what `fn` returned, or a
 * negative errno; a day whose time is over meanwhile is passed over.
 */
int	trail_days_each(int folder_fd, const char *from, trail_days_fn *fn,
	    void *arg);

#endif
