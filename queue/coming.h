/*
 * coming.h - may another copy of that be here, or on its way?
 *
 * Who collects asks before he fetches a large message (QUEUE_HELD).  Where
 * one of that size is just being fetched for somebody else the answer waits,
 * for the office's mailboxes are often emptied at the same time: one copy
 * comes, and the others are taken from it.
 */
#ifndef POSTROOM_QUEUE_COMING_H
#define POSTROOM_QUEUE_COMING_H

#include "queue/conductor_inside.h"

/*
 * That row of a listing of `from` was received, or was not: those who wait for
 * it are told.
 */
void	coming_over(struct conductor *, const void *from,
	    const struct fetched *);
/* `from` is gone with what he was fetching. */
void	coming_asker_lost(struct conductor *, const void *from);
/* End: nobody is told anything. */
void	coming_close(struct conductor *);

#endif
