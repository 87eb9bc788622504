/*
 * kept.h - kept/ID: a message that must outlive its journal segment
 *
 * One file a message: what the conductor passed to the journal as head, and the
 * bytes.  A file is whole and durable, or it is not there: it is written beside
 * and renamed.  Its row in queue.db comes after it, so a file without a row is
 * a left-over and may be swept.
 *
 * Nothing here is shared: these may be called in the sync thread.
 */
#ifndef POSTROOM_QUEUE_KEPT_H
#define POSTROOM_QUEUE_KEPT_H

#include "lib/base/id.h"
#include "lib/base/text.h"

/*
 * Write the file, sync it, name it, sync the folder.  One of the same id is
 * replaced.  0, or a negative errno: then none of this is there.
 */
int	kept_write(int folder_fd, const struct message_id *,
	    struct slice head, struct slice bytes);

/*
 * Read it back whole; slices point into `buffer`, which is cleared first and
 * must be allowed to hold it.
 * 0, -ENOENT, -EBADMSG (damaged), -EPROTO (made by a newer Postroom),
 * -ENOBUFS, -EIO.
 */
int	kept_read(int folder_fd, const struct message_id *,
	    struct text *buffer, struct slice *head_out,
	    struct slice *bytes_out);

/* There is one. */
bool	kept_has(int folder_fd, const struct message_id *);

/* Remove it; one that is not there is no error. */
int	kept_drop(int folder_fd, const struct message_id *);

/*
 * At start: remove what no row knows, and files not written to their end.
 * `is_known` answers for one id: 0, -ENOENT (remove), or an error, which ends
 * the sweep.  0 or a negative errno; *removed_out counts.
 */
typedef int	kept_known_fn(void *arg, const struct message_id *);
int	kept_sweep(int folder_fd, kept_known_fn *is_known, void *arg,
	    unsigned *removed_out);

#endif
