/*
 * as_sent.h - what a message was before anything of it was mended
 *
 * For the archive (queue/archive.h): while a message comes in it is noted what
 * is mended, and what came is digested.  The queue makes the original from the
 * stored message and these, and the digest proves that it is that.
 */
#ifndef POSTROOM_FETCH_AS_SENT_H
#define POSTROOM_FETCH_AS_SENT_H

#include "fetch/digest.h"
#include "lib/base/mends.h"

struct as_sent {
	struct mends	mends;
	struct digest	digest;		/* of the bytes as they came */
	uint64_t	bytes;		/* these */
};

/* For messages of `largest` bytes at the most.  0 or -ENOMEM. */
int	as_sent_open(struct as_sent *, uint64_t largest);
/* A zeroed one is fine. */
void	as_sent_close(struct as_sent *);

/* A message begins. */
void	as_sent_begin(struct as_sent *);
/* The next bytes as stored, and what was mended into them (dot.h). */
void	as_sent_add(struct as_sent *, struct slice, unsigned mend);
/*
 * It has come to its end: a sealed memory file with what original_pack()
 * writes, to be closed by the caller.  0, -ENOMEM, -EIO or -errno.
 */
int	as_sent_end(struct as_sent *, int *fd_out);

#endif
