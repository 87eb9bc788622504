/*
 * literals.h - words that must stand in a text for a pattern to match it
 *
 * Read off the source of a pattern, not off its compiled form, and with more
 * caution than wit: what is not understood for certain yields nothing, and then
 * the pattern is run on every text.  A set that does come out is a promise:
 * each text that the pattern matches holds at least one of it, if ASCII letters
 * are compared without their case, and so are U+017F and U+212A, which Unicode
 * holds to be an s and a k.
 */
#ifndef POSTROOM_FILTERS_LITERALS_H
#define POSTROOM_FILTERS_LITERALS_H

#include "lib/base/slice.h"

#define LITERAL_BYTES	32	/* a longer one is cut: its start is as sure */
#define LITERAL_LEAST	2	/* one letter stands everywhere */
#define LITERALS_MOST	64	/* alternatives; the set costs a pass nothing,
				   but so many words choose little */

struct literal {
	uint8_t	len;
	char	bytes[LITERAL_BYTES];	/* ASCII, letters in lower case */
};

struct literals {
	size_t		count;		/* 0: nothing is sure */
	struct literal	each[LITERALS_MOST];
};

/* Those of a pattern that pattern_new() took with these PATTERN_ flags. */
void	literals_read(struct slice source, unsigned flags,
	    struct literals *literals_out);

#endif
