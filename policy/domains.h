/*
 * domains.h - policy.db: the domains that people here have their addresses in
 *
 * One is ours alone, or shared with our provider: then addresses that nobody here
 * has are people's there, who are written to by the way that mail leaves
 * (DESIGN.md 6).  Mail between people here never crosses the line for that.
 *
 * A name is given as it was typed.  Errors beside those named: what db.h says.
 */
#ifndef POSTROOM_POLICY_DOMAINS_H
#define POSTROOM_POLICY_DOMAINS_H

#include "policy/accounts.h"

struct policy_domain {
	char	name[256];		/* A-labels, in lower case */
	bool	is_shared;
	uint64_t accounts;		/* that are there */
	int64_t	created_utc_ms;
};

/* 0, -EINVAL (no name of a domain) or -EEXIST. */
int	policy_domain_new(struct policy *, struct slice name, bool is_shared,
	    int64_t now_utc_ms);
/* 0, -EINVAL or -ENOENT. */
int	policy_domain_share(struct policy *, struct slice name, bool is_shared);
/* 0, -EINVAL or -ENOENT. */
int	policy_domain_get(struct policy *, struct slice name,
	    struct policy_domain *domain_out);
/* In order of name; stops when `fn` is not 0. */
typedef int policy_domain_fn(void *arg, const struct policy_domain *);
int	policy_domain_each(struct policy *, policy_domain_fn *, void *arg);
/* Is the domain of that number shared?  0, or a negative errno. */
int	policy_domain_is_shared(struct policy *, uint64_t domain,
	    bool *is_shared_out);

#endif
