/*
 * findings.h - what the filters found out about one message
 *
 * Each filter fills its own part and decides nothing.  When all are known, the
 * postmaster's rules can ask for them, and the verdict, its header lines and
 * the trail are made from them.  Everything is owned and bounded: no pointers.
 */
#ifndef POSTROOM_FILTERS_FINDINGS_H
#define POSTROOM_FILTERS_FINDINGS_H

#include "filters/auth/origin.h"
#include "filters/helo.h"
#include "filters/listed.h"
#include "filters/rspamd.h"
#include "filters/virus.h"

struct findings {
	/* virus.h; NOT_SCANNED with `scan_is_wanted` false: nobody was asked */
	struct scan_answer	scan;
	bool			scan_is_wanted;
	struct origin_found	origin;
	enum helo_result	helo;
	struct listed_found	listed;
	struct rspamd_found	rspamd;		/* UNASKED: there is none */
};

/* Nothing is found yet. */
void	findings_init(struct findings *);

/*
 * What a rule can ask for, as in "scan encrypted": a row for each part, in the
 * order of its numbers, which rules keep while they are in memory.
 */
struct findings_row {
	const char	*name;		/* of the test */
	unsigned	 count;		/* of its words */
	const char	*(*word)(unsigned value);	/* below `count` */
	unsigned	 (*value)(const struct findings *);
};
/* Row `row`, from 0; NULL: there are no more. */
const struct findings_row *findings_row(unsigned row);

#endif
