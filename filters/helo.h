/*
 * helo.h - what a host called itself, and whether that can be
 *
 * A finding and no more: RFC 5321 4.1.4 forbids to refuse a message for it, and
 * many an honest machine does not know its name.
 */
#ifndef POSTROOM_FILTERS_HELO_H
#define POSTROOM_FILTERS_HELO_H

#include "lib/message/envelope.h"

enum helo_result {
	HELO_NONE,		/* it is no stranger, or nobody knows its name */
	HELO_OK,		/* a full name that is not ours */
	HELO_INVALID,		/* no full name, and no address in brackets */
	HELO_LITERAL,		/* an address in brackets (RFC 5321 4.1.3) */
	HELO_OURS,		/* it calls itself by our name */
	HELO_RESULTS
};
/* "none", ... */
const char	*helo_word(enum helo_result);

/*
 * What the host that sent the message calls itself; of what our provider brought
 * the one that came to the provider, as the hop in the envelope says.  `host`
 * is our own name.
 */
enum helo_result helo_look(const struct envelope *, const char *host);

#endif
