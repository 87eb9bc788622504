/*
 * line_report.h - the postmaster is told what the line carried in a month
 *
 * One report of the month that has ended, by mail, some minutes after its end
 * so that its last figures stand there.  The keeper has the figures, and is
 * told when the queue has the report: so none is lost, and one may come twice
 * where the hub ended in between.  A month in which nothing was carried has none; of
 * several in which the hub was off, the newest has.
 */
#ifndef POSTROOM_PROGRAMS_LINE_REPORT_H
#define POSTROOM_PROGRAMS_LINE_REPORT_H

#include "fetch/line.h"
#include "fetch/notice.h"
#include "lib/base/ipc.h"

#define LINE_REPORT_LOOK_MS	(600u * 1000)
/* After a month began, or the hub: what is carried is written in a minute. */
#define LINE_REPORT_SETTLE_MS	(600u * 1000)
/*
 * Until it is looked whether one that was sent is in the queue: a hub that is
 * started anew before that is known sends it once more.
 */
#define LINE_REPORT_NOTE_MS	(5u * 1000)

struct line_report;		/* opaque; see line_report.c */

struct line_report_ports {
	void	*arg;
	/* Have it said to the postmaster: notice_post_send(). */
	int	(*send)(void *arg, const struct notice *);
	/* Where that is: notice_post_where(). */
	int	(*where)(void *arg);
};

/* The line is borrowed.  NULL when memory is out. */
struct line_report *line_report_new(struct loop *, const struct line *,
		    const struct line_report_ports *);
void		 line_report_free(struct line_report *);
/* The keeper is there, or (NULL) gone. */
void		 line_report_keeper(struct line_report *, struct ipc *);
/* Look whether a month has ended: its timer does that, and tests. */
void		 line_report_look(struct line_report *);

#endif
