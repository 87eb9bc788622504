/*
 * queue_body.h - what the console asks of messages of which a note is here
 *
 * A handler of the queue role (queue/service.h).  `arg` is the process.
 */
#ifndef POSTROOM_PROGRAMS_QUEUE_BODY_H
#define POSTROOM_PROGRAMS_QUEUE_BODY_H

#include "lib/base/ipc.h"

/* QUEUE_BODY */
int	on_body(void *arg, struct ipc *, struct ipc_message *);

#endif
