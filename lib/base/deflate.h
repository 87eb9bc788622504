/*
 * deflate.h - a conversation compressed both ways (RFC 1951, RFC 4978)
 *
 * Reading never yields more than there is room for: what is behind it waits
 * compressed, so a small piece that swells to gigabytes costs the buffer here
 * and no more (HARDENING A39).
 *
 * At work one holds some 110 KiB: 70 to write (a window of 8 KiB, which makes a
 * page of headers 4% longer than zlib's usual 256 KiB would), 40 to read, since
 * the other side chooses its own window.  At rest it holds what the other side
 * may still point back at: no more than was read, and never above 32 KiB.
 */
#ifndef POSTROOM_BASE_DEFLATE_H
#define POSTROOM_BASE_DEFLATE_H

#include "lib/base/text.h"

struct deflate;			/* opaque; see deflate.c */

/*
 * Begin; `ahead` is what of the other side's has been read already.  0, -ENOMEM,
 * or -EMSGSIZE (`ahead` is more than DEFLATE_AHEAD_MOST).
 */
#define DEFLATE_AHEAD_MOST	65536
int	deflate_new(struct slice ahead, struct deflate **deflate_out);
/* NULL is fine. */
void	deflate_free(struct deflate *);

/* Add `bytes`, compressed and flushed, to `packed`.  0 or -ENOMEM. */
int	deflate_write(struct deflate *, struct slice bytes,
	    struct text *packed);
/*
 * Read what `read` reads compressed: the count, what it says when it has
 * nothing (not above 0), -EBADMSG (it is no deflate, stands behind its end, or is
 * nothing but empty blocks) or -ENOMEM.
 */
typedef int	deflate_read_fn(void *arg, char *bytes, size_t size);
int	deflate_read(struct deflate *, deflate_read_fn *read, void *arg,
	    char *bytes, size_t size);
/*
 * The same for who has the compressed bytes already: what is used of `*packed`
 * is taken off it.  0: more of it must come.
 */
int	deflate_unpack(struct deflate *, struct slice *packed, char *bytes,
	    size_t size);

/*
 * Nothing is said for a while: give back what can be had again.  The next write
 * begins a block that points back at nothing; reading goes on where it was.
 */
void	deflate_rest(struct deflate *);

/* How many bytes, so far: as they are, and compressed. */
struct deflate_counts {
	uint64_t	received, received_packed;
	uint64_t	sent, sent_packed;
};
struct deflate_counts deflate_counts(const struct deflate *);

#endif
