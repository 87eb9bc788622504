/*
 * groups_inside.h - what groups.c, group_expand.c and accounts.c share
 */
#ifndef POSTROOM_POLICY_GROUPS_INSIDE_H
#define POSTROOM_POLICY_GROUPS_INSIDE_H

#include "policy/groups.h"

/*
 * Groups whose targets were looked at, and how deep: behind a list other rules
 * hold, so that counts apart.  Zeroed there is none.
 */
struct groups_seen {
	unsigned	count;
	struct {
		uint64_t	id;
		unsigned	depth[2];	/* 0: not so; behind a list */
	} at[GROUPS_MOST];
};
/*
 * What is behind that group is known, by a way that may go as far on as this one;
 * else it is from now on.
 */
bool	groups_were_seen(struct groups_seen *, uint64_t id, unsigned depth,
	    bool by_list);

/* What was `typed` as an address, in normal form.  0 or -EINVAL. */
int	policy_target_normal(struct slice typed, struct text *);
/* Add the targets of that group, each with pack_slice(). */
int	policy_group_targets(struct policy *, uint64_t id,
	    struct text *targets);
/* In the open transaction: nobody is behind this address any more. */
int	policy_target_gone(struct policy *, struct slice address);
/* The account that looks after the post: postmaster.  0, -ENOENT or -errno. */
int	policy_postmaster(struct policy *, uint64_t *account_out);

#endif
