/*
 * received.h - what a Received field says (RFC 5321 4.4)
 *
 * Hosts write it in many ways; what is read here is what all of them mean: who
 * came, from which address, to whom, for whom.  Whoever writes one may lie, so
 * every part is data and may be missing.  Slices point into the value.
 */
#ifndef POSTROOM_MESSAGE_RECEIVED_H
#define POSTROOM_MESSAGE_RECEIVED_H

#include "lib/base/slice.h"

struct received {
	bool		has_from;
	struct slice	helo;	/* what the client called itself; or empty */
	struct slice	name;	/* what its address is called; or empty */
	struct slice	peer;	/* its address, without brackets and "IPv6:" */
	struct slice	by;	/* who writes this */
	struct slice	with;	/* the protocol */
	struct slice	address;	/* "for": for lib/message/addresses.h */
	struct slice	date;	/* behind the semicolon, trimmed */
};

/* Read a field's value, folded as it came.  What is not there is empty. */
void	received_read(struct slice value, struct received *received_out);

/*
 * Two hosts of one site: the same name, or the same last two labels, or three
 * where the second last is as short as in "co.id".
 */
bool	received_same_site(struct slice, struct slice);

#endif
