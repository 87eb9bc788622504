/*
 * mailbox_pause.c - how long work waits behind a burst of deliveries
 */
#include "programs/mailbox_pause.h"

void
mailbox_pause_delivered(struct mailbox_pause *pause, uint64_t now_ms)
{
	if (!pause->is_on)
		pause->first_ms = now_ms;
	pause->is_on = true;
	pause->last_ms = now_ms;
}

uint64_t
mailbox_pause_left(const struct mailbox_pause *pause, uint64_t now_ms)
{
	uint64_t until = pause->last_ms + PAUSE_BEHIND_MS;

	if (until > pause->first_ms + PAUSE_MOST_MS)
		until = pause->first_ms + PAUSE_MOST_MS;
	return pause->is_on && until > now_ms ? until - now_ms : 0;
}

void
mailbox_pause_done(struct mailbox_pause *pause)
{
	pause->is_on = false;
}
