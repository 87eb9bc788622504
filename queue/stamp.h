/*
 * stamp.h - the header lines the hub puts on top of a letter (RFC 5321 4.4)
 *
 * Return-Path, Delivered-To, the list or the address it came by, what the judges
 * want said, and Received; written
 * once for each recipient, from the typed envelope, and kept beside the message
 * as it came.  Who reads an exported letter finds it again below them.
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

/*
 * Those of them that are for another host: what vouches for the message, and
 * Received, which names no recipient where `rcpt` is NULL.
 */
void	stamp_leaving(struct text *, const struct envelope *,
	    const struct recipient *rcpt, const struct verdict *,
	    const char *hostname, int zone_minutes);

/*
 * For another host, above these: by which list or address of ours it has come to
 * `rcpt`, and to all who came the same way.
 */
void	stamp_way(struct text *, const struct envelope *,
	    const struct recipient *rcpt);

/* Is that the value of a Received line of the hub called `hostname`? */
bool	stamp_is_received(struct slice value, const char *hostname);

/*
 * The message as it came: `letter`, as somebody has exported it, without the
 * lines that stamp_write() put on top of it for the hub called `hostname`, and
 * without what Thunderbird writes above them.  Line ends may be LF.  Other hubs'
 * lines stay, and lines of ours that came back with a message, below these.
 * All of `letter` when it does not begin with such lines.
 */
struct slice	stamp_skip(struct slice letter, const char *hostname);

#endif
