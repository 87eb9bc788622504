/*
 * line_desk.h - the schedule's paper work with the keeper
 *
 * What was carried is written down, at most once a minute and soon after a
 * collection has ended; how each mailbox does, when it has ended.  Losing the
 * last minute of it in a crash is allowed.
 */
#ifndef POSTROOM_PROGRAMS_LINE_DESK_H
#define POSTROOM_PROGRAMS_LINE_DESK_H

#include "fetch/schedule.h"
#include "lib/base/ipc.h"

struct line_desk;		/* opaque; see line_desk.c */

/* Line and schedule are borrowed.  NULL when memory is out. */
struct line_desk *line_desk_new(struct loop *, struct line *,
		    struct schedule *);
/* The keeper is there, or (NULL) gone: then what was asked of it is lost. */
void	line_desk_keeper(struct line_desk *, struct ipc *keeper);
/* So much was carried; `account` 0: for none that is known. */
void	line_desk_carried(struct line_desk *, uint64_t account,
	    const struct line_counts *);
/* A collection has ended. */
void	line_desk_ended(struct line_desk *, const struct schedule_health *);
/* The role ends: say what has not been said, as far as that can be. */
void	line_desk_close(struct line_desk *);

#endif
