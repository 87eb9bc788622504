/*
 * dkim_bodies.h - what a body hashes to in both forms that signatures know
 *
 * Enough to say of a message whose header has just been seen elsewhere whether
 * its signature is one of a body that is here, without reading that body again.
 */
#ifndef POSTROOM_FILTERS_AUTH_DKIM_BODIES_H
#define POSTROOM_FILTERS_AUTH_DKIM_BODIES_H

#include "filters/auth/dkim_tools.h"

struct dkim_bodies {
	unsigned char	hash[DKIM_CANON_COUNT][DKIM_HASH_BYTES];
};

struct dkim_bodies_maker;	/* opaque; see dkim_bodies.c */

/* NULL when memory is out. */
struct dkim_bodies_maker	*dkim_bodies_begin(const struct dkim_tools *);
/* The next bytes of the body as they came. */
void	dkim_bodies_add(struct dkim_bodies_maker *, struct slice);
/* That was all of it, and the maker is freed.  0 or -EIO. */
int	dkim_bodies_end(struct dkim_bodies_maker *,
	    struct dkim_bodies *bodies_out);
/* Freed without an end; NULL is fine. */
void	dkim_bodies_free(struct dkim_bodies_maker *);

#endif
