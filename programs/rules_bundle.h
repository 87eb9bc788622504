/*
 * rules_bundle.h - the postmaster's rule files, on their way to the judges
 *
 * The parent reads rules_dir/NAME.rule whole and proves them right; the judges,
 * who have no files, get the same bytes in one sealed piece.
 */
#ifndef POSTROOM_PROGRAMS_RULES_BUNDLE_H
#define POSTROOM_PROGRAMS_RULES_BUNDLE_H

#include "filters/rule_lists.h"
#include "filters/rule_read.h"

#define RULES_BUNDLE_BYTES	(4u << 20)	/* of all files together */

/*
 * Gather the *.rule files of the folder, in order of name.  A folder that is
 * not there is a fault: without its rules mail would pass.  0, or a negative
 * errno with lines in `faults`.
 */
int	rules_gather(const char *folder, struct text *bundle,
	    struct text *faults);
/*
 * The same of what somebody has named: such a folder, a file, whatever it is
 * called, or "-", standard input.
 */
int	rules_gather_named(const char *path, struct text *bundle,
	    struct text *faults);
/* Line `line` of the file `name` in the bundle, trimmed; empty: there is none. */
struct slice rules_bundle_line(struct slice bundle, struct slice name,
	    unsigned line);
/* Each line of `faults` into the log. */
void	rules_log(const struct text *faults);
/* What a bundle (empty: none) holds; as rules_read(), and -EBADMSG. */
int	rules_from_bundle(struct slice bundle, struct rules **rules_out,
	    struct text *faults);

#endif
