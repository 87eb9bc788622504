/*
 * rule_read.h - the postmaster's rules, from their files
 *
 * A file is read to its end whatever is wrong in it, and so are all others: the
 * postmaster is told every fault at once, and nothing is taken unless all of it
 * is right.  Patterns are compiled here, JIT included; do it before the wall.
 *
 * In a file
 *
 *	file	= *rule
 *	rule	= "rule" STRING "{" *(statement end) "}"
 *	end	= ";" / line end		; not needed before "}"
 *	statement = "shadow" / ["not"] test / "do" action / "stop"
 *	test	= "any" "{" *(["not"] test end) "}"
 *		/ "header" FIELD-NAME (PATTERN / "exists")
 *		/ ("any-header" / "body") PATTERN
 *		/ "attachment" ("name" PATTERN / "type" (TYPE "/" SUBTYPE /
 *		  TYPE "/ *" / PATTERN))		; without that blank
 *		/ ("sender" / "recipient") (ADDRESS / "@" DOMAIN /
 *		  "@." DOMAIN / "<>" / PATTERN)
 *		/ "size" (">" / "<") NUMBER ["k" / "M" / "G"]
 *		/ "remote" ADDRESS ["/" BITS]
 *		/ "source" ("smtp" / "lmtp" / "fetch")
 *		/ "listed" NAME
 *	action	= ("refuse" / "hold" / "discard") STRING
 *		/ "mark" ("header" STRING / "folder" STRING)
 *		/ "redirect" ADDRESS / "remove" "attachment"
 *
 * A PATTERN is /.../ and flags of i m s x; "\/" is a slash in it.  A STRING is
 * in double quotes; \" and \\ are those characters.  "#" where a word could
 * begin starts a comment, to the line's end.
 */
#ifndef POSTROOM_FILTERS_RULE_READ_H
#define POSTROOM_FILTERS_RULE_READ_H

#include "filters/rule.h"

#define RULE_FAULTS_MOST	50	/* told; a screen or two */

struct rule_file {
	struct slice	name;		/* for faults and for the order */
	struct slice	bytes;
};

/*
 * Read all files, in the order of their names; they need not stay.
 *
 *  0        *rules_out is set; with no rule in it, it is right as well.
 * -EINVAL   one "file:line: what is wrong" line a fault, in order.
 * -ENOMEM
 */
int	rules_read(const struct rule_file *files, size_t count,
	    struct rules **rules_out, struct text *faults);
/* NULL is fine. */
void	rules_free(struct rules *);

#endif
