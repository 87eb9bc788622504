/*
 * route.h - which hosts take the mail of a domain (RFC 5321 5.1, RFC 7505)
 */
#ifndef POSTROOM_GATEWAY_RELAY_ROUTE_H
#define POSTROOM_GATEWAY_RELAY_ROUTE_H

#include "lib/base/host.h"
#include "lib/base/pack.h"

#define ROUTE_HOSTS	10	/* that are tried; a domain has two or three */

struct route_host {
	char		name[HOST_NAME_MOST + 1];
	uint16_t	preference;
};

struct route {
	struct route_host hosts[ROUTE_HOSTS];	/* in the order of trying */
	size_t		 count;
	bool		 takes_none;	/* it says that it takes no mail */
};

/*
 * Of its MX records, as NAMES_ROUTES of names.h has them; hosts of the same
 * preference come in an order that `seed` chooses.  What names no host is left
 * out.
 */
void	route_make(const struct slice *records, size_t count, uint32_t seed,
	    struct route *route_out);
/* A domain without such records: itself (RFC 5321 5.1). */
void	route_alone(struct slice domain, struct route *route_out);
/* RFC 5321 4.1.3: an address in brackets is the host; false: it is none. */
bool	route_literal(struct slice domain, char text_out[HOST_TEXT_SIZE]);

/*
 * The rest of an answer to RESOLVER_RECORDS: u32 how many, so many slices.
 * 0, or -EBADMSG.
 */
int	route_read(struct unpack *, struct route *route_out);

#endif
