/*
 * hops.h - has this message been round too often? (RFC 5321 6.3)
 *
 * Each host a message passes adds a Received field.  More of them than any
 * honest road has mean that it goes in a circle.
 */
#ifndef POSTROOM_FILTERS_HOPS_H
#define POSTROOM_FILTERS_HOPS_H

#include "filters/verdict.h"

/* RFC 5321 6.3 wants at least 100 if no smarter check exists; Postfix: 50 */
#define HOPS_MOST	50
/* Fields beyond this many bytes of header are not counted. */
#define HOPS_HEADER_BYTES	(1024 * 1024)

/* Judge `message`: with more than `most` hops it is refused, 554 5.4.6. */
void	hops_judge(struct slice message, unsigned most,
	    struct verdict *verdict_out);

#endif
