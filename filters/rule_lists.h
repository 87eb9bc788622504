/*
 * rule_lists.h - the lists that rules ask for, and those that there are
 *
 * A rule about a list that nobody is asked for would never hold, and say
 * nothing of it.
 */
#ifndef POSTROOM_FILTERS_RULE_LISTS_H
#define POSTROOM_FILTERS_RULE_LISTS_H

#include "filters/dns_lists.h"
#include "filters/rule.h"

/*
 * 0; -EINVAL with a line "file:line: what is wrong" for each rule that asks for
 * a list of which `dns_lists`, as it is configured, knows nothing.
 */
int	rule_lists_check(const struct rules *, const char *dns_lists,
	    struct text *faults);

#endif
