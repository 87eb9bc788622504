/*
 * shape_set.h - the characters that one place of a shape may have (shapes.h)
 *
 * Case does not count, and of what is not ASCII only that it is: a set may hold
 * more than was meant, and never less.
 */
#ifndef POSTROOM_FILTERS_SHAPE_SET_H
#define POSTROOM_FILTERS_SHAPE_SET_H

#include "lib/base/slice.h"

struct shape_set {
	uint64_t	ascii[2];	/* a bit for each */
	bool		others;		/* all that are not ASCII */
};

/* What stands before a word and behind it, for all that is known of others. */
extern const struct shape_set shape_set_no_word;

/* Is the character with this first byte of UTF-8 in the set? */
bool	shape_set_has(const struct shape_set *, unsigned char first);
/* Nothing but letters, digits and "_", as far as it is ASCII. */
bool	shape_set_is_word(const struct shape_set *);
/* How often mail has one of them, of all its characters; roughly. */
double	shape_set_share(const struct shape_set *);

/* One of ASCII; those from one up to another; those of another set. */
void	shape_set_add(struct shape_set *, unsigned c);
void	shape_set_add_range(struct shape_set *, unsigned from, unsigned to);
void	shape_set_add_all(struct shape_set *, const struct shape_set *other);
/* All characters that are not in it, for all that is known of others. */
void	shape_set_turn(struct shape_set *);
/* The other case of each. */
void	shape_set_fold(struct shape_set *);
/* The class that the letter `c` behind a backslash is; false: it is none. */
bool	shape_set_of_class(char c, struct shape_set *set_out);

#endif
