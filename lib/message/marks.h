/*
 * marks.h - what other programs have noted of a message: read, answered, ...
 *
 * Flags and keywords as IMAP has them (RFC 9051 2.3.2), whatever way they were
 * written down.
 */
#ifndef POSTROOM_MESSAGE_MARKS_H
#define POSTROOM_MESSAGE_MARKS_H

#include "lib/base/text.h"

#define MARK_SEEN	0x01u
#define MARK_ANSWERED	0x02u
#define MARK_FLAGGED	0x04u
#define MARK_DRAFT	0x08u
#define MARK_DELETED	0x10u

#define MARK_KEYWORD_BYTES	64	/* of one that IMAP takes here */

/* Add "\Seen \Draft": the flags of IMAP, a space between. */
void	marks_add(struct text *, unsigned marks);
/* The mark that an IMAP flag stands for, "\Seen" in any case; 0: none. */
unsigned mark_of(struct slice flag);
/* Can IMAP carry it?  An atom (RFC 9051 9) of at most MARK_KEYWORD_BYTES. */
bool	mark_is_keyword(struct slice word);

#endif
