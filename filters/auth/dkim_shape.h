/*
 * dkim_shape.h - a message as it will be taken on, to be signed
 *
 * Its header, and the hash of its body in the relaxed form, with the edits that
 * its verdict wants.  What is hashed of the header is found by the code that
 * checks signatures: the field that is to come is put before the header with
 * something in its b=, and read back.
 */
#ifndef POSTROOM_FILTERS_AUTH_DKIM_SHAPE_H
#define POSTROOM_FILTERS_AUTH_DKIM_SHAPE_H

#include "filters/auth/dkim_tools.h"
#include "filters/edits.h"

struct dkim_shape {
	struct text	 header;	/* dkim_shape_free() it */
	unsigned char	 body_hash[DKIM_HASH_BYTES];
};

/*
 *  0        the caller owns *shape_out.
 * -ENOTSUP  its edits take a part away: only the queue knows all their text.
 * -E2BIG    its header is too large.
 * -EIO
 */
int	dkim_shape_read(const struct dkim_tools *, struct slice message,
	    const struct edits *, struct dkim_shape *shape_out);
/* A zeroed one is fine. */
void	dkim_shape_free(struct dkim_shape *);

/*
 * Add the names that are signed, ":" before each: what means something to a reader
 * once more often than it is there, so that nobody can add one.
 */
void	dkim_shape_names(const struct dkim_shape *, struct text *names);

/*
 * The hash that a field of that kind and value, its b= still empty, signs.  0;
 * -E2BIG: there are too many fields; -EINVAL: it would be no signature; -ENOMEM
 * or -EIO.
 */
int	dkim_shape_hash(const struct dkim_shape *, const struct dkim_tools *,
	    enum dkim_field, const char *name, const char *value,
	    unsigned char hash_out[DKIM_HASH_BYTES]);

/* "rsa-sha256", "ed25519-sha256", for a=. */
const char *dkim_shape_algorithm(enum dkim_algorithm);

#endif
