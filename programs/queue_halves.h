/*
 * queue_halves.h - big messages of which a part may be kept (queue/half.h)
 *
 * Handlers of the queue role (queue/service.h): a collector begins one, says
 * that its bytes are not those of the wire any more, or that what was kept of
 * it is damaged.  `arg` is the process.
 */
#ifndef POSTROOM_PROGRAMS_QUEUE_HALVES_H
#define POSTROOM_PROGRAMS_QUEUE_HALVES_H

#include "lib/base/ipc.h"

/* QUEUE_BIG_OF */
int	on_big_of(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_BIG_MENDED */
int	on_big_mended(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_HALF_DROP */
int	on_half_drop(void *arg, struct ipc *, struct ipc_message *);

#endif
