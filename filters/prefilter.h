/*
 * prefilter.h - which patterns can match a text at all, found before they run
 *
 * An office has many patterns and most of them match nothing of most mail.  The
 * words that a match needs (literals.h), of all patterns together, are looked
 * for in one pass over the text (Aho and Corasick, 1975); for those without a
 * word the shapes that it needs (shapes.h) are, with a bit for each place
 * (Baeza-Yates and Gonnet, 1992).  A pattern none of whose words or shapes was
 * seen is not run.  One without either always is.
 */
#ifndef POSTROOM_FILTERS_PREFILTER_H
#define POSTROOM_FILTERS_PREFILTER_H

#include "lib/base/slice.h"

/* Of the automaton, 5 MiB at its worst; patterns beyond it are always run. */
#define PREFILTER_STATES_MOST	20000
/* Of all shapes, 16 passes; patterns beyond them are always run. */
#define PREFILTER_PLACES_MOST	4096

struct prefilter;		/* opaque; see prefilter.c */

struct prefilter_pattern {
	struct slice	source;
	unsigned	flags;		/* PATTERN_ bits */
};

/* For these patterns, which are known by their place.  0 or -ENOMEM. */
int	prefilter_new(const struct prefilter_pattern *, size_t count,
	    struct prefilter **prefilter_out);
void	prefilter_free(struct prefilter *);

/* Longs that `seen` of prefilter_scan() has; 0 to begin with. */
size_t	prefilter_seen_longs(const struct prefilter *);
/* Note in `seen` the words and shapes that stand in `text`. */
void	prefilter_scan(const struct prefilter *, struct slice text,
	    uint64_t *seen);
/* Can this pattern match one of the texts that `seen` is of? */
bool	prefilter_chooses(const struct prefilter *, size_t pattern,
	    const uint64_t *seen);
/* It is chosen whatever the text. */
bool	prefilter_always(const struct prefilter *, size_t pattern);

#endif
