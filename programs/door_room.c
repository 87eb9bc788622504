/*
 * door_room.c - how many connections the door may have
 *
 * There is a limit of their number, which the configuration sets, and one of
 * descriptors, which the system does.  A connection that is served may need
 * several; of a session that rests the door holds its own and nothing else, so
 * that the mail programs of a whole office may wait all day long.
 */
#include <limits.h>
#include <sys/resource.h>

#include "programs/door.h"

#define DOOR_FDS	40	/* listeners, channels, what libraries hold */
/* A connection may need a socket pair, a memory file and a pipe beside it. */
#define SERVED_FDS	4
/* Logged-in sessions may last for hours: 1/4 of all stays free for SMTP. */
#define MAY_STAY(all)	((all) - (all) / 4)
/* Pages are for people; mail goes on whatever comes here. */
#define SHARE(all)	((all) / 4 > 0 ? (all) / 4 : 1)

unsigned
door_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT_MAX)
		return INT_MAX;
	/* with fewer it would not have come so far */
	return limit.rlim_cur < DOOR_FDS + SERVED_FDS ? SERVED_FDS :
	    (unsigned)limit.rlim_cur - DOOR_FDS;
}

/* What so many connections may hold, `resting` of them at rest. */
static uint64_t
descriptors_of(unsigned connections, unsigned resting)
{
	return (uint64_t)(connections - resting) * SERVED_FDS + resting;
}

bool
door_may_come(const struct door *door)
{
	unsigned connections = door->visit_count + door->bridge_count;

	return connections < door->process->config.connections &&
	    descriptors_of(connections + 1, door->resting_count) <=
	    door->descriptors;
}

bool
door_may_stay(const struct door *door)
{
	return door->bridge_count <
	    MAY_STAY(door->process->config.connections) &&
	    descriptors_of(door->bridge_count, door->resting_count) <
	    MAY_STAY(door->descriptors);
}

bool
door_may_read_pages(const struct door *door)
{
	return door->https_count <
	    SHARE(door->process->config.connections) &&
	    descriptors_of(door->https_count, 0) < SHARE(door->descriptors);
}
