/*
 * replay.h - reading the journal back; inside the journal only
 */
#ifndef POSTROOM_QUEUE_REPLAY_H
#define POSTROOM_QUEUE_REPLAY_H

#include "queue/slots.h"

/* See journal_replay(). */
int	replay(struct slots *, journal_replay_fn *, void *arg);
/* See journal_read(). */
int	replay_one(struct slots *, uint64_t position, struct text *buffer,
	    struct journal_record *record_out);

#endif
