/*
 * written.h - who has written a message, for the lists that people keep
 *
 * What counts is the author that every program shows (sender.h), the first where
 * there are several; a message of which some program may show another has none
 * here: nobody gets past a filter by it.  It is shown to be true when DMARC passes,
 * or SPF or a signature does for that very domain; what our provider brought is
 * looked at where it came to the provider, as in origin.h.  Of whoever logged in to
 * send it is shown by that: in another's name it is refused (sender.h).  A second
 * author, or a Sender that nobody can read, takes that away, but not the author:
 * else whoever is blocked would write one.
 */
#ifndef POSTROOM_FILTERS_WRITTEN_H
#define POSTROOM_FILTERS_WRITTEN_H

#include "filters/auth/origin.h"
#include "filters/verdict.h"

/* Note the author of `message` in the verdict, if it has one. */
void	written_judge(struct slice message, const struct envelope *,
	    const struct origin_found *, struct verdict *verdict);

#endif
