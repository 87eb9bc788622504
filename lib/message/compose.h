/*
 * compose.h - a small message of our own making (RFC 5322)
 *
 * One text for one person: what the hub itself has to say.  Every value is
 * checked before a byte is written, so none can end its header line or begin
 * another one; what has no place in a line of ASCII is encoded (RFC 2047), the
 * body always is (RFC 2045 6.7).  Pure: the caller brings clock, zone and name.
 */
#ifndef POSTROOM_MESSAGE_COMPOSE_H
#define POSTROOM_MESSAGE_COMPOSE_H

#include "lib/base/id.h"
#include "lib/base/text.h"

/* Bytes; what we say of ourselves is far shorter. */
#define COMPOSE_SUBJECT_MOST	500
#define COMPOSE_NAME_MOST	128

struct compose {
	int64_t			 at_utc_ms;
	int			 zone_minutes;	/* east of UTC */
	struct message_id	 id;	/* in the Message-ID, before... */
	struct slice		 hostname;	/* ...the name of the hub */
	struct slice		 from_name;	/* UTF-8; may be empty */
	struct slice		 from, to;	/* local@domain */
	struct slice		 reply_to;	/* the same; may be empty */
	struct slice		 subject;	/* UTF-8, one line, not empty */
	struct slice		 body;		/* UTF-8; LF ends a line, and lines
						   may be of any length */
};

/*
 * Add the whole message.  It says that nobody typed it (Auto-Submitted, RFC
 * 3834 5), so that no program answers it.  The header is ASCII unless an address
 * is not.
 *
 *  0        it was added; whether it fitted, the text knows.
 * -EINVAL   a value is not what it has to be; nothing was added.
 */
int	compose_write(struct text *, const struct compose *);
/*
 * The same, but only its header, without the lines that say what its content is;
 * `submitted` is how nobody typed it: "auto-generated", "auto-replied".
 */
int	compose_head(struct text *, const struct compose *,
	    const char *submitted);
/*
 * Add such a body as quoted-printable: lines of ASCII with CRLF, in which what
 * looks like an escape is one.
 */
void	compose_body(struct text *, struct slice body);

#endif
