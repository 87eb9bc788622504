/*
 * queue_holds.h - what the console asks of held messages
 *
 * Handlers of the queue role (queue/service.h, QUEUE_HOLD_*): each turns one
 * message into one call of queue/hold.h.  `arg` is the process.
 */
#ifndef POSTROOM_PROGRAMS_QUEUE_HOLDS_H
#define POSTROOM_PROGRAMS_QUEUE_HOLDS_H

#include "lib/base/ipc.h"

/* QUEUE_HOLD_LIST */
int	on_hold_list(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_HOLD_SHOW */
int	on_hold_show(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_HOLD_RELEASE */
int	on_hold_release(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_HOLD_DELETE */
int	on_hold_delete(void *arg, struct ipc *, struct ipc_message *);

#endif
