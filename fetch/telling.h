/*
 * telling.h - when people are told how their remote mailboxes do
 *
 * Their owner hears of mailboxes that have failed for some time, again every
 * NOTICE_AGAIN_DAYS while that lasts, and once when one of which he was told
 * works again.  What comes at about the same time is one notice, since a line
 * that is down takes all of them with it.
 *
 * Since when a mailbox fails and when that was told is part of its health, which
 * outlives a restart (line_desk.h).  What is lost with one: that it works again,
 * where that was still to be told.
 */
#ifndef POSTROOM_FETCH_TELLING_H
#define POSTROOM_FETCH_TELLING_H

#include "fetch/notice.h"
#include "fetch/schedule.h"
#include "lib/base/loop.h"

struct telling;			/* opaque; see telling.c */

struct telling_ports {
	void	*arg;
	/* How that mailbox does now; false: there is none of that number. */
	bool	(*health)(void *arg, uint64_t id,
		    struct schedule_health *health_out);
	/*
	 * Have it said to that account.  0; or a negative errno: nothing will
	 * be, ask again after *again_ms_out at the earliest.
	 */
	int	(*send)(void *arg, uint64_t account, const struct notice *,
		    uint64_t *again_ms_out);
	/* It is being told that this mailbox fails: note when that was. */
	void	(*told)(void *arg, uint64_t id);
};

/* `after_ms` of failures, and it is told.  NULL when memory is out. */
struct telling	*telling_new(struct loop *, uint64_t after_ms,
		    const struct telling_ports *);
void		 telling_free(struct telling *);

/* How a mailbox did before, if nothing has been heard of it here. */
void		 telling_known(struct telling *,
		    const struct schedule_health *);
/* A task of that mailbox is over. */
void		 telling_ended(struct telling *,
		    const struct schedule_health *);

#endif
