/*
 * queue_pipes.h - big messages on their way from a door into the queue's files
 *
 * The door writes into one end of a pipe, the queue reads the other and feeds
 * the conductor's big file, a turn at a time.
 */
#ifndef POSTROOM_PROGRAMS_QUEUE_PIPES_H
#define POSTROOM_PROGRAMS_QUEUE_PIPES_H

#include "lib/base/loop.h"
#include "queue/conductor.h"

struct queue_pipes;		/* opaque; see queue_pipes.c */

/* NULL when memory is out. */
struct queue_pipes *queue_pipes_new(struct loop *, struct conductor *);

/*
 * A pipe for big file `ticket` of `from`: *door_fd_out is the end to give away,
 * owned by the caller.  0 or a negative errno.
 */
int	queue_pipes_begin(struct queue_pipes *, const void *from,
	    uint64_t ticket, int *door_fd_out);
/* The door has closed its end: what is in the pipe is the rest of the file. */
void	queue_pipes_end(struct queue_pipes *, uint64_t ticket);
/* Nobody will write to it any more; only its own `from` may say so. */
void	queue_pipes_drop(struct queue_pipes *, const void *from,
	    uint64_t ticket);
/* `from` is gone with all its pipes. */
void	queue_pipes_lost(struct queue_pipes *, const void *from);

#endif
