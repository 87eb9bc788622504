/*
 * clean.h - an address from a header in the one form it is looked up in
 *
 * What providers put around a name is taken away first: the prefix and tail of
 * an envelope header, then the text of `strip`, at the ends of the local part
 * and of the domain.  Nothing is taken that would leave one of them empty.
 */
#ifndef POSTROOM_FETCH_DOMAIN_CLEAN_H
#define POSTROOM_FETCH_DOMAIN_CLEAN_H

#include "policy/domain_rules.h"
#include "lib/message/addresses.h"

/*
 * Add the normal form of `address`; `envelope` is the header it stands in, or
 * NULL.  A name without a domain, which only an envelope header may hold, gets
 * the domain of the rules.  0, -EINVAL (it names nothing) or -ENOBUFS.
 */
int	domain_clean(struct text *, const struct domain_rules *,
	    const struct domain_envelope *, const struct address *);

/*
 * Add `normal` with its domain replaced as the rules say.  False and nothing
 * added: they leave it as it is.
 */
bool	domain_replace(struct text *, const struct domain_rules *,
	    struct slice normal);

/* Does the rule's test hold for an address, or its replaced form (or "")? */
bool	domain_route_fits(const struct domain_route *, struct slice normal,
	    struct slice replaced);

#endif
