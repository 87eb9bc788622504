/*
 * bytes.h - the bytes of a message, wherever they are
 *
 * In memory; or in a file, which may be too large to hold and may fail, and is
 * read a piece at a time by whoever knows how.
 */
#ifndef POSTROOM_MESSAGE_BYTES_H
#define POSTROOM_MESSAGE_BYTES_H

#include "lib/base/text.h"

/*
 * Give bytes from offset `at` on: at most `most`, at least one, good until the
 * next call.  0 or -errno; an end that comes too early is an error.
 */
typedef int message_read_fn(void *arg, uint64_t at, size_t most,
	    struct slice *piece_out);

/* All is borrowed. */
struct message_bytes {
	uint64_t	 size;		/* of all of it */
	struct slice	 whole;		/* when `read` is NULL */
	message_read_fn	*read;
	void		*arg;
};

/* Of a message that is in memory. */
struct message_bytes message_bytes_in(struct slice whole);
/*
 * A piece of bytes `from` to `to`, from the first on, of at most `most`.  Empty
 * only when there are none, beyond its end too.  0 or -errno.
 */
int	message_bytes_piece(const struct message_bytes *, uint64_t from,
	    uint64_t to, size_t most, struct slice *piece_out);
/*
 * Bytes `from` to `to` in one slice: where they stand, or, of a file, copied
 * into `text`, as many of them as it may hold.  0 or -errno.
 */
int	message_bytes_run(const struct message_bytes *, uint64_t from,
	    uint64_t to, struct text *, struct slice *run_out);

#endif
