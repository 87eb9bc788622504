/*
 * keeper_line.h - what the schedule has the keeper remember
 *
 * How much the line has carried, and how each remote mailbox does.
 */
#ifndef POSTROOM_PROGRAMS_KEEPER_LINE_H
#define POSTROOM_PROGRAMS_KEEPER_LINE_H

#include "policy/keeper.h"

/*
 * Add the answer to a KEEPER_LINE_ADD or a KEEPER_LINE_CARRIED; do what a
 * KEEPER_FETCH_HEALTH says; the same of KEEPER_LINE_REPORT and
 * KEEPER_LINE_REPORTED.  What the database refuses is logged.  0, or
 * -EBADMSG: the body is no such message.
 */
int	keeper_line_add(struct policy *, struct slice body,
	    struct text *answer);
int	keeper_line_carried(struct policy *, struct slice body,
	    struct text *answer);
int	keeper_fetch_health(struct policy *, struct slice body);
int	keeper_line_report(struct policy *, struct slice body,
	    struct text *answer);
int	keeper_line_reported(struct policy *, struct slice body);

#endif
