/*
 * held_reader.h - messages that wait for a person, read beside the queue
 *
 * For whoever only wants to know what they are: nothing is changed, and what is
 * released or deleted meanwhile is gone for him too.
 */
#ifndef POSTROOM_QUEUE_HELD_READER_H
#define POSTROOM_QUEUE_HELD_READER_H

#include "filters/verdict.h"
#include "lib/message/envelope.h"

struct held_reader;		/* opaque; see held_reader.c */

/*
 * The queue's folder, borrowed until the close.  0, -ENOENT (it never ran), or
 * as rows_open_reading() says.
 */
int	held_reader_open(int folder_fd, struct held_reader **reader_out);
/* NULL is fine. */
void	held_reader_close(struct held_reader *);

/* Each that is held or in quarantine, in order of id.  0, `fn`'s, or -errno. */
typedef int held_fn(void *arg, const struct message_id *id);
int	held_reader_each(struct held_reader *, held_fn *, void *arg);

/* One of them; all of it lives until the next call. */
struct held_message {
	const struct envelope	*envelope;
	const struct verdict	*verdict;
	struct slice		 bytes;
};
/* 0, -ENOENT (it is not there any more), -EBADMSG (damaged), or -errno. */
int	held_reader_read(struct held_reader *, const struct message_id *,
	    struct held_message *message_out);

#endif
