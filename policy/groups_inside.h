/*
 * groups_inside.h - what groups.c, group_expand.c and accounts.c share
 */
#ifndef POSTROOM_POLICY_GROUPS_INSIDE_H
#define POSTROOM_POLICY_GROUPS_INSIDE_H

#include "policy/groups.h"

/* Add the targets of that group, each with pack_slice(). */
int	policy_group_targets(struct policy *, uint64_t id,
	    struct text *targets);
/* In the open transaction: nobody is behind this address any more. */
int	policy_target_gone(struct policy *, struct slice address);
/* The account that looks after the post: postmaster.  0, -ENOENT or -errno. */
int	policy_postmaster(struct policy *, uint64_t *account_out);

#endif
