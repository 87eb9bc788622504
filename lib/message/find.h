/*
 * find.h - does a text contain another, letter case aside?
 *
 * Both are compared as i;unicode-casemap has it (RFC 5051): every character in
 * its title case and taken apart, so that "STRASSE" is not "straße", but "É" is
 * "é", written as one character or as two; accents count.  The text comes in
 * pieces, and a match may begin in one and end in another.
 */
#ifndef POSTROOM_MESSAGE_FIND_H
#define POSTROOM_MESSAGE_FIND_H

#include "lib/base/text.h"

/* Bytes of what is looked for; a line of a client is not longer. */
#define FIND_MOST	8192

/* Add `s`, which is UTF-8, as it is compared. */
void	find_fold(struct text *, struct slice s);

/* What is looked for, and the end of what was read.  Private. */
struct finder {
	struct text	needle;		/* folded */
	struct text	window;		/* folded */
	bool		found;
};

/* Look for `what`, which is UTF-8.  0, -E2BIG (FIND_MOST) or -ENOMEM. */
int	finder_begin(struct finder *, struct slice what);
/* The longest word of what is looked for, as find_raw_word(). */
bool	finder_word(const struct finder *, struct slice *word_out);
/* Look for the same anew, as if nothing had been read. */
void	finder_again(struct finder *);
/* What follows is another text: no match begins before it and ends in it. */
void	finder_break(struct finder *);
/* Read on.  1: it was found, now or before; 0: not yet; -ENOMEM. */
int	finder_add(struct finder *, struct slice piece);
/*
 * The same in two halves, for several finders of one text: a step of it that
 * does not take long, without half a character, off the front of `*rest`, and
 * what find_fold() made of it.
 */
struct slice find_step(struct slice *rest);
int	finder_add_folded(struct finder *, struct slice folded_step);
/* Give the memory back. */
void	finder_end(struct finder *);

#endif
