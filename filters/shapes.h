/*
 * shapes.h - runs of characters that must stand in a text for a pattern to match
 *
 * For patterns without a sure word (literals.h): of /[bdf]{2}\d+x/ each match
 * has two of the three letters and a digit behind them.  A shape is such a run,
 * a set of characters for each place.  As with words, what is not understood
 * for certain yields nothing, and what does come out is a promise: each text
 * that the pattern matches holds at least one of the shapes.
 */
#ifndef POSTROOM_FILTERS_SHAPES_H
#define POSTROOM_FILTERS_SHAPES_H

#include "filters/shape_set.h"

#define SHAPE_LONGEST	16	/* places; more choose no better */
#define SHAPES_MOST	16	/* alternatives */

struct shape {
	unsigned	len;
	struct shape_set places[SHAPE_LONGEST];
};

struct shapes {
	size_t		count;		/* 0: nothing is sure, or of use */
	struct shape	each[SHAPES_MOST];
};

/*
 * Those of a pattern that pattern_new() took with these PATTERN_ flags.  The
 * text is thought to have a line end before it and one behind it, for what may
 * not stand inside of a word.
 */
void	shapes_read(struct slice source, unsigned flags,
	    struct shapes *shapes_out);

#endif
