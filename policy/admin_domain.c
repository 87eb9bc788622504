/*
 * admin_domain.c - the keeper's answers about our domains (domain add, set,
 * list)
 */
#include "policy/admin_inside.h"

#include <errno.h>

#include "policy/domains.h"

enum { ARG_DOMAIN, ARG_KIND };

struct listing {
	struct admin_work	*work;
	struct text		*rows;
};

static int
add_row(void *arg, const struct policy_domain *domain)
{
	struct listing *listing = arg;

	if (listing->work->rows == ADMIN_ROWS)
		return -E2BIG;
	pack_slice(listing->rows, slice_str(domain->name));
	pack_slice(listing->rows, slice_str(domain->is_shared ? "shared" :
	    "ours"));
	pack_u64(listing->rows, domain->accounts);
	pack_i64(listing->rows, domain->created_utc_ms);
	listing->work->rows++;
	return 0;
}

/* What was done, with the row as it is now. */
static enum admin_status
answer(struct policy *policy, struct admin_work *work, struct text *rows,
    int r)
{
	struct listing listing = { work, rows };
	struct policy_domain domain;

	if (r < 0)
		work->field = ARG_DOMAIN;
	else
		r = policy_domain_get(policy, work->args[ARG_DOMAIN],
		    &domain);
	return r < 0 ? admin_status_of(r) :
	    admin_status_of(add_row(&listing, &domain));
}

static bool
read_kind(struct admin_work *work, bool *is_shared_out)
{
	struct slice kind = work->args[ARG_KIND];

	*is_shared_out = slice_is_str(kind, "shared");
	if (*is_shared_out || slice_is_str(kind, "ours"))
		return true;
	work->field = ARG_KIND;
	return false;
}

enum admin_status
admin_domain_add(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	bool is_shared;

	if (!read_kind(work, &is_shared))
		return ADMIN_UNFIT;
	return answer(policy, work, rows, policy_domain_new(policy,
	    work->args[ARG_DOMAIN], is_shared, work->now_utc_ms));
}

enum admin_status
admin_domain_set(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	bool is_shared;

	if (!read_kind(work, &is_shared))
		return ADMIN_UNFIT;
	return answer(policy, work, rows, policy_domain_share(policy,
	    work->args[ARG_DOMAIN], is_shared));
}

enum admin_status
admin_domain_list(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows };

	return admin_status_of(policy_domain_each(policy, add_row,
	    &listing));
}
