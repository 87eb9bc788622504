/*
 * outbound_plan.h - when a message that no host has taken is tried again
 */
#ifndef POSTROOM_QUEUE_OUTBOUND_PLAN_H
#define POSTROOM_QUEUE_OUTBOUND_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/slice.h"

struct outbound_plan {
	unsigned	first_seconds;	/* to the second try */
	unsigned	retry_seconds;	/* from then on */
	unsigned	slow_seconds;	/* of what is as old as... */
	unsigned	slow_after_seconds;	/* ...that */
	unsigned	days;		/* then it is over, */
	unsigned	least_tries;	/* after so many on an open line */
	unsigned	delay_seconds;	/* then its sender hears; 0: never */
};

/* No plan has anything wait longer: what does was noted by another clock. */
#define OUTBOUND_WAIT_MOST_MS	86400000

/* That of some domains' own. */
struct outbound_domain {
	char			name[256];	/* ".far.test": all below it */
	struct outbound_plan	plan;
};

/* What waits while the line is closed (line_state.h). */
struct outbound_line {
	bool		governs;	/* else nothing waits for it */
	uint64_t	most_bytes;	/* larger ones wait for the night */
	unsigned	messages;	/* so many leave all the same; 0: never */
	unsigned	seconds;	/* the same when one has waited so long */
};

/*
 * That of a domain: its own, that of the longest name which it is below, or
 * `usual`.
 */
const struct outbound_plan *outbound_plan_for(
	    const struct outbound_plan *usual,
	    const struct outbound_domain *list, size_t count,
	    struct slice domain);

/*
 * How long it waits, which came `age_ms` ago and has been tried `tries` times
 * (at least once).
 */
uint64_t outbound_wait_ms(const struct outbound_plan *, uint64_t age_ms,
	    uint32_t tries);
/* Its time is over, and it was tried often enough; the last time just now. */
bool	outbound_is_over(const struct outbound_plan *, uint64_t age_ms,
	    uint32_t tries);

#endif
