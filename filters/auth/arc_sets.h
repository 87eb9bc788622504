/*
 * arc_sets.h - the sets of fields in which those who passed a message on have
 * sealed it (RFC 8617 4.1)
 */
#ifndef POSTROOM_FILTERS_AUTH_ARC_SETS_H
#define POSTROOM_FILTERS_AUTH_ARC_SETS_H

#include "filters/auth/dkim_fields.h"

#define ARC_SETS	50	/* RFC 8617 4.2.1 */
#define ARC_ABSENT	SIZE_MAX

enum arc_part { ARC_RESULTS, ARC_MESSAGE, ARC_SEAL, ARC_PARTS };

struct arc_sets {
	size_t	 at[ARC_SETS][ARC_PARTS];	/* among the fields; the last
						   of several */
	unsigned newest;	/* the highest number; 0: there is none */
	size_t	 count;		/* of such fields */
	bool	 is_whole;	/* each set is, none is there twice, and no
				   number is left out (5.2, step 3) */
};

/* "ARC-Seal", ... */
const char *arc_part_name(enum arc_part);

/* Find them all; what has no number, or one that is taken, is only counted. */
void	arc_sets_find(const struct dkim_fields *, struct arc_sets *sets_out);
/* Has the newest seal called the chain broken (cv=fail)? */
bool	arc_sets_failed(const struct arc_sets *, const struct dkim_fields *);
/*
 * The fields that the seal of set `number`, from 1, is made over, in their order
 * (5.1.1); it is itself the last of them.  Those that are absent are left out.
 * How many.
 */
size_t	arc_sets_order(const struct arc_sets *, unsigned number,
	    size_t at_out[ARC_SETS * ARC_PARTS]);

#endif
