/*
 * structure.h - take the message apart, within limits
 *
 * The first of the judges: what it finds, the others work on.  A message that
 * is more than the limits allow is delivered all the same, with a header line
 * that says its structure was not read to the end:
 *
 *	X-Postroom-Structure: truncated (depth)
 */
#ifndef POSTROOM_FILTERS_STRUCTURE_H
#define POSTROOM_FILTERS_STRUCTURE_H

#include "filters/verdict.h"
#include "lib/message/mime.h"

/*
 * Judge `message`: MARK when a limit or the arena's budget was reached, else
 * ACCEPT.  The verdict gets subject, sender and message id from the header.
 * *root_out is the part tree, or NULL where there is none.
 */
void	structure_judge(struct arena *, struct slice message,
	    const struct mime_limits *, struct verdict *verdict_out,
	    const struct mime_part **root_out);

#endif
