/*
 * removal.h - a note in place of a part of a message
 *
 * The part goes, with its header, and a text/plain part stands in its place that
 * says what it was, which rule took it and how to get it.  No byte of any other
 * part changes, no boundary and no other header field.  Of a part that is all of
 * a message, the fields of the header that describe it (Content-...) go too, and
 * the others stay.
 *
 * What the note says of the part is its sender's: it is cut, no character in it
 * does anything (harmless.h), and all of it is quoted-printable.
 */
#ifndef POSTROOM_FILTERS_REMOVAL_H
#define POSTROOM_FILTERS_REMOVAL_H

#include "filters/edits.h"
#include "lib/base/say.h"
#include "lib/message/mime.h"

#define REMOVALS_MOST	32	/* of one message; so many short notes fit */

struct removal {
	const struct mime_part	*part;	/* of the tree of the message */
	struct slice		 rule;	/* UTF-8, no control characters */
};

/*
 * Note the edits that take these parts out of `message` at that time.  What
 * stands inside another one of them goes with it.  Then what they are is added to
 * `line`, as the value of EDITS_LINE:
 *
 *	attachment "a.exe" (application/x-msdownload, 40960 bytes, rule "programs")
 *
 *  0        noted.
 * -E2BIG    the notes are too long together, or a header has too many fields.
 * -EINVAL   one stands where nothing can be put.
 * -ENOMEM
 */
int	removals_edit(struct slice message, const struct removal *,
	    size_t count, enum language, int64_t at_utc_ms,
	    struct edits *edits_out, struct text *line);

#endif
