/*
 * queue_letters.h - what mailboxes say of the letters they have
 *
 * Handlers of the queue role (queue/service.h): a big file is asked for, or not
 * needed any more; a step for the trail.  `arg` is the process.
 */
#ifndef POSTROOM_PROGRAMS_QUEUE_LETTERS_H
#define POSTROOM_PROGRAMS_QUEUE_LETTERS_H

#include "lib/base/id.h"
#include "lib/base/ipc.h"

/* The next bytes as an id.  0 or -EBADMSG. */
int	queue_read_id(struct unpack *, struct message_id *id_out);

/* QUEUE_OPEN_BIG */
int	on_open_big(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_UNREF_BIG */
int	on_unref_big(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_EXPUNGED */
int	on_expunged(void *arg, struct ipc *, struct ipc_message *);
/* QUEUE_STEP */
int	on_step(void *arg, struct ipc *, struct ipc_message *);

#endif
