/*
 * fetch_before.h - rules before a download, kept beside their fetch account
 */
#ifndef POSTROOM_POLICY_FETCH_BEFORE_H
#define POSTROOM_POLICY_FETCH_BEFORE_H

#include "policy/accounts.h"
#include "policy/before_rules.h"

/*
 * The rules of that fetch account from now on, which have been read already;
 * empty: it has none.  Durable when 0 is returned; -ENOENT: there is no such
 * fetch account; -EINVAL: longer than BEFORE_TEXT_MOST.
 */
int	policy_fetch_before_put(struct policy *, uint64_t fetch,
	    struct slice rules);
/* Its rules are added to `rules`: 0, also where it has none. */
int	policy_fetch_before_get(struct policy *, uint64_t fetch,
	    struct text *rules);

#endif
