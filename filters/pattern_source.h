/*
 * pattern_source.h - the source of a pattern, on the way through it
 *
 * For who reads off it what each match needs (literals.h, shapes.h), and not
 * what it matches: what is not understood for certain is a doubt, and the whole
 * of it is then worth nothing.
 */
#ifndef POSTROOM_FILTERS_PATTERN_SOURCE_H
#define POSTROOM_FILTERS_PATTERN_SOURCE_H

#include "lib/base/slice.h"

struct pattern_source {
	struct slice	rest;
	unsigned	depth;		/* of groups that we are in */
	bool		doubt;		/* something here is not understood */
};

/* Its next character, a NUL behind the last one; taken, that is a doubt. */
char	source_peek(const struct pattern_source *);
char	source_take(struct pattern_source *);
/* It stands before the end of a branch, or of all. */
bool	source_goes_on(const struct pattern_source *);
/* The rest of a character whose first byte, not ASCII, was taken. */
void	source_take_rest(struct pattern_source *);
/* "[:alpha:]", read behind the "[" */
void	source_skip_posix(struct pattern_source *);

/*
 * A group, read behind its "(": true if it is one of those that are understood,
 * and its alternatives come now, one deeper.  False: it was a setting, or it is
 * a doubt.
 */
bool	source_enter(struct pattern_source *);
/* Behind its alternatives. */
void	source_leave(struct pattern_source *);

#endif
