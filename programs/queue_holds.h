/*
 * queue_holds.h - what the console and the schedule ask of held messages
 *
 * Handlers of the queue role (queue/service.h, QUEUE_HOLD_*, QUEUE_HELD_*): each turns one
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
/* QUEUE_HELD_NEWS */
int	on_held_news(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_HELD_TOLD */
int	on_held_told(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_HELD_LIST */
int	on_held_list(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_HELD_SHOW */
int	on_held_show(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_HELD_TAKE, QUEUE_HELD_SPAM */
int	on_held_take(void *arg, struct ipc *, struct ipc_message *);

#endif
