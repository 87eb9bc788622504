/*
 * queue_desk.h - what the console asks of mail that waits to leave
 *
 * Handlers of the queue role (queue/service.h, QUEUE_DESK_*): each turns one
 * message into one call of queue/outbound_desk.h.  `arg` is the process.
 */
#ifndef POSTROOM_PROGRAMS_QUEUE_DESK_H
#define POSTROOM_PROGRAMS_QUEUE_DESK_H

#include "lib/base/ipc.h"

/* QUEUE_DESK_LIST */
int	on_desk_list(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_DESK_FILE */
int	on_desk_file(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_DESK_ACT */
int	on_desk_act(void *arg, struct ipc *, struct ipc_message *);

#endif
