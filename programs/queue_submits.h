/*
 * queue_submits.h - what doors, collectors and the schedule hand in
 *
 * Handlers of the queue role (queue/service.h): room is asked for, a message is
 * handed in whole or through a pipe.  `arg` is the process.
 */
#ifndef POSTROOM_PROGRAMS_QUEUE_SUBMITS_H
#define POSTROOM_PROGRAMS_QUEUE_SUBMITS_H

#include "lib/base/ipc.h"

/* QUEUE_GRANT */
int	on_grant(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_GRANTS */
int	on_grants(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_RELEASE */
int	on_release(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_BIG */
int	on_big(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_ABANDON_BIG */
int	on_abandon_big(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_SUBMIT */
int	on_submit(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_SUBMIT_BIG */
int	on_submit_big(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_SUBMIT_ARCHIVED */
int	on_submit_archived(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_SUBMIT_BIG_ARCHIVED */
int	on_submit_big_archived(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_HELD */
int	on_held(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_SHARED */
int	on_shared(void *arg, struct ipc *, struct ipc_message *);

#endif
