/*
 * shape.h - what a message is made of, where the server says it without it
 *
 * IMAP has BODYSTRUCTURE (RFC 9051 7.5.2).  POP3 has nothing of the kind: TOP n k
 * gives the first lines of a body, and names of attachments stand behind all the
 * text, so how many lines would do cannot be known; none are asked for.
 */
#ifndef POSTROOM_FETCH_SHAPE_H
#define POSTROOM_FETCH_SHAPE_H

#include "lib/base/text.h"

#define SHAPE_SECTION_SIZE	32	/* "1.2.3": ten levels, and NUL */
#define SHAPE_WORD_SIZE		48	/* a charset, an encoding, and NUL */
#define SHAPE_NAMES_BYTES	1024	/* of all attachments together */
#define SHAPE_NAMES_MOST	20	/* the others are counted */

/* The part that people read first. */
struct shape_text {
	char		section[SHAPE_SECTION_SIZE];	/* "": there is none */
	bool		is_html;	/* else plain */
	char		charset[SHAPE_WORD_SIZE];	/* or "" */
	char		encoding[SHAPE_WORD_SIZE];	/* RFC 2045 6.1 */
	uint64_t	bytes;		/* as encoded */
};

struct shape {
	struct text	names;		/* of attachments, UTF-8: "a, b, +3" */
	struct shape_text text;
};

#endif
