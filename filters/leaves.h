/*
 * leaves.h - the attachments of a message as they would be opened
 *
 * Every part without parts of its own, with its transfer encoding undone the
 * forgiving way that mail programs do: junk in base64 is skipped, a broken
 * escape stays as it is.  A part whose header can be read in more than one way
 * comes once for each way, and what stands outside of the parts of a multipart
 * and looks like a part comes too, so that no reader sees bytes that were not
 * judged (HARDENING A62).
 */
#ifndef POSTROOM_FILTERS_LEAVES_H
#define POSTROOM_FILTERS_LEAVES_H

#include "lib/message/mime.h"

/*
 * One leaf, decoded: the part it is and the way it was read.  Valid during the
 * call.  A negative errno ends it all.
 */
typedef int	leaf_fn(void *arg, const struct mime_part *,
		    enum mime_encoding way, struct slice bytes);

/*
 * Call `fn` for the leaves of `message`.
 *
 *  0        all of them were seen.
 * -E2BIG    a limit was reached, its name is in *limit_out: some were not.
 * -ENOMEM   memory is out.
 * else what `fn` returned.
 */
int	leaves_each(struct slice message, const struct mime_limits *,
	    leaf_fn *fn, void *arg, const char **limit_out);

/*
 * Undo a transfer encoding into `to`, which has room for `from.len` bytes; the
 * number of bytes written, never more than that.  RFC 2045 6.7 and 6.8.
 */
size_t	leaf_base64(struct slice from, char *to);
size_t	leaf_quoted_printable(struct slice from, char *to);

#endif
