/*
 * admin_own.c - whose own something is: a person's, or of whom the postmaster names
 */
#include "policy/admin_inside.h"

#include <errno.h>

int
admin_find_owner(struct policy *policy, struct admin_work *work, unsigned arg,
    struct policy_account *owner_out)
{
	struct policy_account named;
	int r;

	if (work->asker == 0) {
		r = work->given[arg] ? policy_account_find(policy,
		    work->args[arg], owner_out) : -EINVAL;
		if (r < 0)
			work->field = arg;
		return r;
	}
	r = policy_account_get(policy, work->asker, owner_out);
	if (r == 0 && work->given[arg]) {
		r = policy_account_find(policy, work->args[arg], &named);
		if (r == 0 && named.id != owner_out->id)
			r = -EACCES;
	}
	return r == -ENOENT || r == -ENOTUNIQ ? -EACCES : r;
}
