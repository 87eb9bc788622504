/*
 * play.h - one role at work in the test's own process, the others played by the
 * test
 *
 * Channels are real ones; the parent's end notes what it is told.
 */
#ifndef TESTS_UNIT_PROGRAMS_PLAY_H
#define TESTS_UNIT_PROGRAMS_PLAY_H

#include "programs/roles.h"

struct play {
	struct process	 process;
	struct ipc	*parent;	/* the test's end */
	unsigned	 wants;		/* fetch processes asked for */
	uint64_t	 wanted;	/* the last one */
	unsigned	 mailboxes;	/* the same of mailboxes */
	uint64_t	 mailbox;
	unsigned	 changes;	/* of the account that were told */
	uint64_t	 modseq;	/* of the last one */
	unsigned	 breaches;	/* accusations */
	unsigned	 retires;
};

/* Start it; `process.config` is the caller's to fill before. */
void		 play_begin(struct play *, const struct role_code *);
void		 play_end(struct play *);
/* A channel to it from `role`: the test's end, which takes `rules`. */
struct ipc	*play_peer(struct play *, enum role, uint64_t instance,
		    const struct ipc_rule *rules, void *arg);
/* Let the loop run for that long, and then for all that is on its way. */
void		 play_run(struct play *, unsigned ms);

#endif
