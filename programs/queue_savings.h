/*
 * queue_savings.h - big messages that people save in their mailboxes
 *
 * Handlers of the queue role (queue/service.h).  `arg` is the process.
 */
#ifndef POSTROOM_PROGRAMS_QUEUE_SAVINGS_H
#define POSTROOM_PROGRAMS_QUEUE_SAVINGS_H

#include "lib/base/ipc.h"

/* QUEUE_SAVE_BIG */
int	on_save_big(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_SAVED_BIG */
int	on_saved_big(void *arg, struct ipc *, struct ipc_message *);
/* Its answer. */
void	queue_tell_saved(struct ipc *, uint64_t serial, int status,
	    uint64_t bytes);

#endif
