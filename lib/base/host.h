/*
 * host.h - what a person may type where a host is meant
 *
 * A name in ASCII form (RFC 1123 2.1; an underscore is let pass), or a numeric
 * address, IPv6 with or without brackets.  Whatever passes is safe to be put
 * into a URL or a question for the resolver.
 */
#ifndef POSTROOM_BASE_HOST_H
#define POSTROOM_BASE_HOST_H

#include "lib/base/text.h"

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
/*
 * "192.0.2.7", "mail.far.test:2525", "[2001:db8::7]:25": a name as it was typed or
 * an address in its right form without brackets, and `*port_io` where one is said.
 * 0, or -EINVAL: it is none.
 */
int	host_port(struct slice typed, char host_out[HOST_NAME_MOST + 2],
	    uint16_t *port_io);
/* The same as text: brackets around an address of IPv6. */
void	host_port_write(struct text *, const char *host, uint16_t port);

#endif
