/*
 * forged.h - header lines in this hub's name that the hub has not written
 *
 * What the hub says of a message stands on top of it: Authentication-Results
 * with the hub's own name, and X-Postroom- lines.  A message that comes with
 * such lines has them from somebody else, and a mail program or a filter may
 * believe them; so they are cut out before it is taken on (RFC 8601 section 5,
 * HARDENING A67).  Results that another hub has signed with its name stay.
 */
#ifndef POSTROOM_FILTERS_FORGED_H
#define POSTROOM_FILTERS_FORGED_H

#include "filters/verdict.h"

#define FORGED_LINE	"X-Postroom-Removed"	/* how many were */

/*
 * Does the value of an Authentication-Results field claim to be of `host`?
 * RFC 8601 2.2: its name comes first, as a token or in quotes, with comments
 * and folding anywhere.  Where that cannot be read the name anywhere near the
 * beginning is enough.
 */
bool	forged_is_of(struct slice value, const char *host);

/*
 * ACCEPT, with the edits that cut them out and one line that says so; with no
 * edits, when there are none.  More than EDITS_MOST in different places: 554.
 * The header is read so that every reader's lines are looked at: up to the
 * first empty line, past what is no field, and a bare CR ends a line too.
 */
void	forged_judge(struct slice message, const char *host,
	    struct verdict *verdict_out);

#endif
