/*
 * forwards.h - mail of an account that goes on to an address elsewhere
 *
 * A forward sends what is for an account to one address, too or instead.  The
 * postmaster sets it, or its owner, who must be allowed to: whoever has stolen
 * an account likes to read its mail somewhere else.  So its owner is told by
 * mail of one that was set in their name, and that mail stays here whatever
 * the forward says (group_expand.c).
 */
#ifndef POSTROOM_POLICY_FORWARDS_H
#define POSTROOM_POLICY_FORWARDS_H

#include "policy/accounts.h"

struct forward {
	char	target[ADDRESS_SIZE];
	bool	keep;		/* the account has a copy, too */
	bool	by_owner;	/* who has set it; else the postmaster */
	int64_t	since_utc_ms;	/* 0: before that was written down */
};

/*
 * To `typed` from now on; keep, by_owner and since are those of `wanted`.
 *
 *  0          *forward_out is set.
 * -EINVAL     it is no address.
 * -EPERM      it is one of this hub: an alias does that.
 * -ELOOP      it is the account's own, or mail is collected from there for it.
 */
int	policy_forward_set(struct policy *, uint64_t account,
	    struct slice typed, const struct forward *wanted,
	    struct forward *forward_out);
/* 0 or -ENOENT. */
int	policy_forward_get(struct policy *, uint64_t account,
	    struct forward *forward_out);
int	policy_forward_remove(struct policy *, uint64_t account);
/* Does anybody who is here have one? */
int	policy_has_forwards(struct policy *, bool *has_out);

/* Those whose owner is to be told of it; stops when `fn` is not 0. */
typedef int policy_forward_fn(void *arg, uint64_t account,
	    const struct forward *);
int	policy_forward_untold(struct policy *, policy_forward_fn *, void *arg);
/* They were told of the one of that time.  0, also when it is another now. */
int	policy_forward_told(struct policy *, uint64_t account,
	    int64_t since_utc_ms);

#endif
