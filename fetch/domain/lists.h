/*
 * lists.h - the mailing list that a message came through, if one
 *
 * RFC 2919 and RFC 2369 have fields for it; older programs write their own, and
 * nearly all send as an address made of the list's: "staff-bounces@lists.test".
 * What the To of such a message says is the writer's: the list's own address and
 * those who had it from him directly, not the subscriber whose copy this is.
 */
#ifndef POSTROOM_FETCH_DOMAIN_LISTS_H
#define POSTROOM_FETCH_DOMAIN_LISTS_H

#include "lib/base/arena.h"

#define DOMAIN_LISTS_MOST	16	/* addresses of one message's list */

struct domain_lists {
	struct slice	id;		/* RFC 2919, lower case; or empty */
	struct slice	address[DOMAIN_LISTS_MOST];	/* normal form */
	unsigned	count;
	/* of them, those that a field for it names; the rest are guessed */
	unsigned	named;
};

/*
 * Read the header; what is found lives in the arena.  0 or -ENOBUFS.
 */
int	domain_lists_read(struct arena *, struct slice header,
	    struct domain_lists *lists_out);
/* Is this address (normal form) that of the list? */
bool	domain_lists_has(const struct domain_lists *, struct slice address);

#endif
