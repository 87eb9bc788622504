/*
 * queue_recall.h - what the console asks of mail that can be taken back
 *
 * Handlers of the queue role (queue/service.h): each turns one message into one
 * call of queue/recall.h.  `arg` is the process.
 */
#ifndef POSTROOM_PROGRAMS_QUEUE_RECALL_H
#define POSTROOM_PROGRAMS_QUEUE_RECALL_H

#include "lib/base/ipc.h"

/* QUEUE_RECALL_LIST */
int	on_recall_list(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_RECALL_TAKE */
int	on_recall_take(void *arg, struct ipc *, struct ipc_message *);

#endif
