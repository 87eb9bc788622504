/*
 * sort_key.h - what letters are put in order by (RFC 5256 3, RFC 5957 3)
 *
 * The keys that are strings, made of what a structure tells, ready to be
 * compared byte by byte: folded as i;unicode-casemap has it (find.h).  ARRIVAL,
 * DATE and SIZE are numbers and stand elsewhere.
 */
#ifndef POSTROOM_MESSAGE_SORT_KEY_H
#define POSTROOM_MESSAGE_SORT_KEY_H

#include "lib/message/structure.h"

/*
 * Bytes of a key.  Subjects differ long before; what is longer is compared as
 * far as that, so that nobody's letter can make a list of letters dear.
 */
#define SORT_KEY_MOST	512

enum sort_key {
	SORT_CC,		/* addr-mailbox of the first address */
	SORT_FROM,
	SORT_SUBJECT,		/* base subject */
	SORT_TO,
	SORT_DISPLAYFROM,	/* name of the first address, or itself */
	SORT_DISPLAYTO
};

/*
 * Add the key, nothing where the letter has no such field.  *is_reply_out (of
 * SORT_SUBJECT, else false): as thread_base_subject() has it.  0 or -ENOMEM.
 */
int	sort_key_add(struct text *, const struct structure *, enum sort_key,
	    bool *is_reply_out);

#endif
