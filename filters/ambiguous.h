/*
 * ambiguous.h - what of a message other programs may read in another way
 *
 * mime.h gives one tree.  Where the standard is broken in one of a few ways
 * that mail programs are known to differ about, another reader may see other
 * parts, with other names: then what our tree does not hold says nothing.  Not
 * every oddness is one; honest mail is odd in many ways.
 */
#ifndef POSTROOM_FILTERS_AMBIGUOUS_H
#define POSTROOM_FILTERS_AMBIGUOUS_H

#include "lib/message/mime.h"

/* Why other parts may be seen where `part` stands (constant), or NULL. */
const char	*ambiguous_part(const struct mime_part *part);

/*
 * Cut the next place where parameter `key` may begin off `*rest`, whatever
 * quotes and comments are around it.  *place_out starts with the key and ends
 * before the next such place or with the value.  False: there is none.
 */
bool		 ambiguous_param(struct slice *rest, const char *key,
		    struct slice *place_out);

/*
 * In the middle of a text begins a file that some programs cut out and show as
 * an attachment; of several kinds the last one named here.
 */
enum ambiguous_file {
	AMBIGUOUS_NONE,
	AMBIGUOUS_UUENCODE,	/* POSIX */
	AMBIGUOUS_OTHER		/* yEnc; base64 as uuencode has it */
};
enum ambiguous_file	ambiguous_file(struct slice text);

/*
 * What of some bytes would be a message to a reader who passes over lines that
 * are no fields: from the first field on of a header that says how its body is
 * written (Content-Type, Content-Transfer-Encoding).  Empty for nearly all.
 */
struct slice		 ambiguous_mail(struct slice bytes);
/* The same of what is called a message: from its first field on, whichever. */
struct slice		 ambiguous_message(struct slice bytes);

/*
 * What would be a part to a reader who takes other lines for boundaries: such
 * mail in multipart `part` before its first part, or behind its last.
 */
struct slice		 ambiguous_outside(const struct mime_part *part,
			    bool is_behind);

#endif
