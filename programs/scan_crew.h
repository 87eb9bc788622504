/*
 * scan_crew.h - processes that scan: one that has loaded, and those it forks
 *
 * The leader of a crew loads a set of signatures and then forks workers, which
 * share its memory; before it says that it has loaded, one more child has shown
 * that the set is fit (clam_trial.h).  A worker looks at one message at a time and may crash or
 * hang: it is ended from outside, and nothing but that message knows.  A new
 * set of signatures is a new crew.
 *
 *	pool (the role) --- leader --- (fork) --- worker, worker, ...
 *	     '------------------------------------'
 *
 * Where a clamd looks instead (clamd.h) nothing is loaded, and what was said of
 * signatures holds of it: it is tried, and each worker asks it.
 *
 * All channels are ipc.h with ROLE_SCAN at both ends; the pool makes the socket
 * pair of a worker and passes one end to the leader.  A process whose channel
 * is lost ends; the leader takes its workers along.
 */
#ifndef POSTROOM_PROGRAMS_SCAN_CREW_H
#define POSTROOM_PROGRAMS_SCAN_CREW_H

#include <sys/types.h>

#include "filters/clam.h"
#include "filters/clamd.h"
#include "lib/base/ipc.h"

enum crew_kind {
	/* leader -> pool, once: u64 signatures (0: none), slice words */
	CREW_LOADED = 710,
	/*
	 * pool -> leader, 1 descriptor: u64 number (new, not 0); reply: u64
	 * process, 0 when there is none
	 */
	CREW_FORK = 711,
	/* pool -> leader, news: u64 number of the worker to be killed */
	CREW_END = 712,
	/* pool -> worker, 1 descriptor: u64 bytes; reply: scan_answer */
	CREW_SCAN = 713
};

/* What looks at a message, in a worker. */
typedef struct scan_answer crew_look_fn(struct clam *, struct slice message);

struct crew_options {
	int			 signatures_fd;	/* folder; borrowed */
	int			 scratch_fd;	/* folder; borrowed */
	const struct clamd	*clamd;		/* looks instead; or NULL */
	const struct clam_limits *limits;
	uint64_t		 memory_bytes;	/* of a worker itself */
	uint64_t		 cpu_seconds;	/* in the life of a worker */
	crew_look_fn		*look;		/* clam_scan, but in tests */
};

/* What of CALLS_ asking this clamd takes; none of NULL. */
unsigned crew_clamd_calls(const struct clamd *);

/*
 * Be the leader, on a channel whose other end the pool has.  Called in a fresh
 * child; every other descriptor is closed.
 */
_Noreturn void	crew_lead(int channel_fd, const struct crew_options *);

#endif
