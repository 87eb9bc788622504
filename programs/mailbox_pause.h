/*
 * mailbox_pause.h - how long work waits behind a burst of deliveries
 *
 * What is done for all new letters at once costs less than the same for each,
 * and a burst has a use for the time.  But mail that never stops coming is no
 * reason never to do it.  Times are of clock_ms(); no clock is read here.
 */
#ifndef POSTROOM_PROGRAMS_MAILBOX_PAUSE_H
#define POSTROOM_PROGRAMS_MAILBOX_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

#define PAUSE_BEHIND_MS	1000	/* the last delivery */
#define PAUSE_MOST_MS	30000	/* and behind the first, however many come */

/* Zeroed: nothing was delivered. */
struct mailbox_pause {
	bool		is_on;		/* there is work for what came */
	uint64_t	first_ms;	/* of that work the first delivery */
	uint64_t	last_ms;
};

/* Something is delivered. */
void	mailbox_pause_delivered(struct mailbox_pause *, uint64_t now_ms);
/* Wait for so long from now on; 0: the work may be done. */
uint64_t mailbox_pause_left(const struct mailbox_pause *, uint64_t now_ms);
/* All of the work was done. */
void	mailbox_pause_done(struct mailbox_pause *);

#endif
