/*
 * schedule_admin.h - the requests of admin.h that the schedule answers
 *
 * "fetch now", "fetch test", "fetch progress", "fetch health", "line status",
 * "line open": their arguments and columns stand in the table of admin.c.
 */
#ifndef POSTROOM_FETCH_SCHEDULE_ADMIN_H
#define POSTROOM_FETCH_SCHEDULE_ADMIN_H

#include "fetch/schedule.h"
#include "policy/admin.h"

/*
 * Answer a request that admin_begin() has read.
 *
 *  0        the packed answer was added to `answer`
 * -ENOENT   the list of mailboxes is to be told first: whoever asks may have
 *           added or changed one this moment
 * -EAGAIN   nothing of that run is new: ask again when something has moved
 * -EBADMSG  it is none of these
 *
 * When it `is_last` the list is as it is, and "nothing is new" is an answer.
 */
int	schedule_admin(struct schedule *, struct admin_work *, bool is_last,
	    struct text *answer);

#endif
