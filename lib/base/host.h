/*
 * host.h - what a person may type where a host is meant
 *
 * A name in ASCII form (RFC 1123 2.1; an underscore is let pass), or a numeric
 * address, IPv6 with or without brackets.  Whatever passes is safe to be put
 * into a URL or a question for the resolver.
 */
#ifndef POSTROOM_BASE_HOST_H
#define POSTROOM_BASE_HOST_H

#include "lib/base/slice.h"

#define HOST_NAME_MOST	253	/* bytes of a name (RFC 1035 2.3.4), no dot */
#define HOST_TEXT_SIZE	48	/* of an address: brackets and a NUL too */

/* A name; one whose last label is a number is none, it is a torn address. */
bool	host_is_name(struct slice);
/*
 * An address: AF_INET or AF_INET6, and its one right form in `text_out`, IPv6
 * in brackets if so wanted.  0 and nothing written: it is none.
 */
int	host_address(struct slice, bool brackets,
	    char text_out[HOST_TEXT_SIZE]);

#endif
