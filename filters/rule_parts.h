/*
 * rule_parts.h - the attachments because of which a rule held
 *
 * For a rule that removes them.  A part is meant if every test of the rule that
 * is about attachments says yes to it; if there is no such part, since one test
 * found one and another test another, each of those is.  What `not` turns round
 * says nothing about any part.
 *
 * The scanner tells what is in archives and documents of the whole message, not
 * in which.  If one part alone may be that, it is the one: every part may that is
 * not a picture or the letter itself.
 *
 * Whatever part is meant must be the same to every reader: where another mail
 * program may see other parts, or a pattern was given up, nothing is certain and
 * the reason is told.
 */
#ifndef POSTROOM_FILTERS_RULE_PARTS_H
#define POSTROOM_FILTERS_RULE_PARTS_H

#include "filters/rule.h"

struct rule_parts_ask {
	const struct rules	*rules;
	const struct mime_part	*root;		/* or NULL: there is none */
	const struct texts	*texts;		/* of this message */
	uint64_t		 ends_at_ms;	/* for all patterns */
	struct arena		*arena;
};

/* Does it remove attachments? */
bool	rule_removes(const struct rule *);
/* Is one of these tests, or one inside them, about attachments? */
bool	rule_names_parts(const struct rule_test *);

struct rule_parts {
	const struct mime_part	**part;		/* in order; in the arena */
	size_t			  count;
	const char		 *why;		/* or NULL: they are certain */
};
/* Which are they?  0, or -ENOBUFS: the arena is spent; -ENOMEM. */
int	rule_parts_find(const struct rule_parts_ask *, const struct rule *,
	    struct rule_parts *parts_out);

/* Is `type`, as a message has it, that type?  `want` may end in a star. */
bool	rule_type_is(struct slice type, struct slice want);

#endif
