/*
 * composing.h - one message out of a header and a body that are here apart
 *
 * It is read, written and digested in a thread, for it may be large.  What
 * comes out is as a collector would have brought it: a sealed memory file, or a
 * file in big/ that is not synced yet.
 */
#ifndef POSTROOM_QUEUE_COMPOSING_H
#define POSTROOM_QUEUE_COMPOSING_H

#include "queue/conductor_inside.h"

struct composing;		/* opaque; see composing.c */

/* Descriptors are borrowed until it is freed. */
struct composing_of {
	int		header_fd;
	uint64_t	header_bytes;	/* all of it */
	int		whole_fd;	/* the message with the body */
	uint64_t	body_at, body_bytes;
	unsigned char	digest[BIG_DIGEST_BYTES];	/* what it must have */
};

/* It is done: 0, -EBADMSG (another digest), or a negative errno. */
typedef void	composing_fn(void *arg, int status);

/*
 * Begin.  0: `done` is called once, in a later turn, and not at all when the
 * conductor closes before; or -ENOMEM, -ENOSPC, ...
 */
int	composing_begin(struct conductor *, const struct composing_of *,
	    composing_fn *done, void *arg, struct composing **composing_out);
bool	composing_is_running(const struct composing *);
/*
 * What was made, the caller's from now on: `*fd_out` (a sealed memory file), or
 * -1 and the ticket of a big file that `from` submits (incoming.c).
 * 0 or -ENOMEM.
 */
int	composing_take(struct composing *, void *from, int *fd_out,
	    uint64_t *ticket_out);
/*
 * A descriptor to read the big file, to be closed by the caller; -1 for what is
 * none.  0 or -errno.
 */
int	composing_open(const struct composing *, int *fd_out);
/* Not while it runs; what was not taken is gone.  NULL is fine. */
void	composing_free(struct composing *);

#endif
