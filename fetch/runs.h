/*
 * runs.h - what people asked to have collected at once, and how it stands
 *
 * A run is one request ("fetch now", "fetch test") and the remote mailboxes it
 * covers.  Each change of one of them gives it the next state number of its
 * run, so that whoever watches is told what is new and nothing twice.  A run
 * that is over is kept for a while, for who asks late.
 *
 * Which mailbox is collected when is not known here: the schedule says so.
 */
#ifndef POSTROOM_FETCH_RUNS_H
#define POSTROOM_FETCH_RUNS_H

#include <sys/queue.h>

#include "fetch/service.h"

#define RUNS_MOST	64	/* more than people who ask at one time */
#define RUNS_OF_ONE	8	/* under way, of one person */
#define RUN_KEPT_MS	(5 * 60 * 1000)	/* after its end */

struct runs;			/* opaque; see runs.c */
struct run;

/* One remote mailbox of a run.  Once `progress.stage` is over, it stays so. */
struct run_account {
	LIST_ENTRY(run_account)	 same;	/* the schedule's: of one mailbox */
	TAILQ_ENTRY(run_account) next;	/* in the order of state_number */
	struct run		*run;
	uint64_t		 id;
	uint64_t		 changes;	/* of its settings, when asked */
	char			*address, *label;	/* owned */
	uint64_t		 state_number;
	struct fetch_progress	 progress;
	struct fetch_outcome	 outcome;	/* when it is over */
	char			*words;		/* of the outcome; owned */
	char			*report;	/* the same */
};

/* NULL when memory is out. */
struct runs	*runs_new(void);
/* Whatever stands in them. */
void		 runs_free(struct runs *);
/*
 * A run without mailboxes yet, asked for by that account (0: the postmaster's
 * machine).  0, -EAGAIN (RUNS_MOST are under way, or
 * RUNS_OF_ONE of that account: one that is over gives way to it) or -ENOMEM.
 */
int		 run_new(struct runs *, enum fetch_task, uint64_t asker,
		    struct run **run_out);
/* One more mailbox, waiting.  0 or -ENOMEM. */
int		 run_add(struct run *, uint64_t id, struct slice address,
		    struct slice label, struct run_account **account_out);
/* It was never told to anyone: forget it. */
void		 run_drop(struct runs *, struct run *);
/* Drop those that have been over for RUN_KEPT_MS. */
void		 runs_sweep(struct runs *);

/* The run of that number, or NULL. */
struct run	*run_find(const struct runs *, uint64_t number);
/* Never given twice, not after a new start either. */
uint64_t	 run_number(const struct run *);
enum fetch_task	 run_task(const struct run *);
uint64_t	 run_asker(const struct run *);
/* FETCH_DOCTOR: of how many messages headers are looked at. */
void		 run_look_at(struct run *, unsigned messages);
unsigned	 run_messages(const struct run *);
/* How many mailboxes it has; whether all of them are over. */
size_t		 run_size(const struct run *);
bool		 run_is_over(const struct run *);
/* The first one whose state number is above `seen`, or NULL; TAILQ_NEXT on. */
const struct run_account *run_after(const struct run *, uint64_t seen);

/* What has changed of it. */
void		 run_moved(struct run_account *,
		    const struct fetch_progress *);
void		 run_ended(struct run_account *, const struct fetch_outcome *);

#endif
