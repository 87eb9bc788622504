/*
 * admin_forward.c - the keeper's answers about mail that is sent on (forwards.h)
 */
#include "policy/admin_inside.h"

#include <errno.h>

#include "policy/forwards.h"

/* In the rows of admin.c. */
enum { ADDRESS, TARGET, KEEP };

struct listing {
	struct policy		*policy;
	struct admin_work	*work;
	struct text		*rows;
};

static int
add_row(void *arg, const struct policy_account *account)
{
	struct listing *listing = arg;
	struct text *rows = listing->rows;
	struct forward forward;
	int r;

	if (listing->work->rows == ADMIN_ROWS)
		return 1;
	r = policy_forward_get(listing->policy, account->id, &forward);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	pack_slice(rows, slice_str(account->address));
	pack_slice(rows, slice_str(forward.target));
	pack_slice(rows, slice_str(forward.keep ? "yes" : "no"));
	pack_slice(rows, slice_str(forward.by_owner ? "owner" : "postmaster"));
	pack_i64(rows, forward.since_utc_ms);
	listing->work->rows++;
	return 0;
}

/*
 * A person changes their own, not what the postmaster has set.  0, -EACCES or
 * -EEXIST, and what is at fault.
 */
static int
may_change(struct policy *policy, struct admin_work *work,
    const struct policy_account *account, bool sets)
{
	struct forward forward = { .by_owner = true };
	int r;

	if (work->asker == 0)
		return 0;
	r = policy_forward_get(policy, account->id, &forward);
	if (r < 0 && r != -ENOENT)
		return r;
	work->field = sets ? TARGET : ADDRESS;
	if (sets && !account->may_forward)
		return -EACCES;
	if (!forward.by_owner)
		return -EEXIST;
	work->field = ADMIN_NO_FIELD;
	return 0;
}

/* "yes", "no".  0 or -EINVAL. */
static int
read_keep(struct admin_work *work, bool *keep_out)
{
	bool no = work->given[KEEP] && slice_is_word(work->args[KEEP], "no");

	if (work->given[KEEP] && !no &&
	    !slice_is_word(work->args[KEEP], "yes")) {
		work->field = KEEP;
		return -EINVAL;
	}
	*keep_out = !no;
	return 0;
}

enum admin_status
admin_forward_set(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { policy, work, rows };
	struct policy_account account;
	struct forward forward = { .by_owner = work->asker != 0,
	    .since_utc_ms = work->now_utc_ms };
	int r = admin_find_owner(policy, work, ADDRESS, &account);

	if (r == 0)
		r = may_change(policy, work, &account, true);
	if (r == 0)
		r = read_keep(work, &forward.keep);
	if (r < 0)
		return admin_status_of(r);
	r = policy_forward_set(policy, account.id, work->args[TARGET],
	    &forward, &forward);
	if (r < 0) {
		work->field = TARGET;
		return r == -EPERM ? ADMIN_UNFIT : admin_status_of(r);
	}
	work->senders_changed = true;
	work->forward_of = account.id;
	return admin_status_of(add_row(&listing, &account));
}

enum admin_status
admin_forward_remove(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { policy, work, rows };
	struct policy_account account;
	int r = admin_find_owner(policy, work, ADDRESS, &account);

	if (r == 0)
		r = may_change(policy, work, &account, false);
	if (r == 0)
		r = add_row(&listing, &account);
	if (r == 0)
		r = policy_forward_remove(policy, account.id);
	work->senders_changed = true;
	if (r == 0)
		work->forward_of = account.id;
	return admin_status_of(r);
}

enum admin_status
admin_forward_list(struct policy *policy, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { policy, work, rows };
	struct policy_account own;
	int r = work->asker == 0 ?
	    policy_account_each(policy, add_row, &listing) :
	    admin_find_owner(policy, work, ADDRESS, &own);

	if (r == 0 && work->asker != 0)
		r = add_row(&listing, &own);
	return admin_status_of(r > 0 ? 0 : r);
}
