/*
 * stamp.h - the header lines the hub puts on top of a letter (RFC 5321 4.4)
 *
 * Return-Path, Delivered-To, what the judges want said, and Received; written
 * once for each recipient, from the typed envelope, and kept beside the message
 * as it came.
 */
#ifndef POSTROOM_QUEUE_STAMP_H
#define POSTROOM_QUEUE_STAMP_H

#include "filters/verdict.h"
#include "lib/message/envelope.h"

#define STAMP_MAX_BYTES	(24 * 1024)

/*
 * Add the lines for `rcpt`, dated in the zone `zone_minutes` east of UTC.  What
 * a peer said of itself loses everything that is not printable ASCII or valid
 * UTF-8 of an SMTPUTF8 message; no line is longer than 998 bytes.
 */
void	stamp_write(struct text *, const struct envelope *,
	    const struct recipient *, const struct verdict *,
	    const char *hostname, int zone_minutes);

#endif
