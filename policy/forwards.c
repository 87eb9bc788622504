/*
 * forwards.c - mail of an account that goes on to an address elsewhere
 */
#include "policy/forwards.h"

#include <errno.h>

#include "policy/fetch_accounts.h"
#include "policy/groups_inside.h"
#include "policy/tables.h"

/* The columns target, keep, by_owner, since.  0 or -EUCLEAN. */
static int
read_row(struct db_query *q, struct forward *forward_out)
{
	struct slice target = db_blob(q, 1, ADDRESS_SIZE - 1);
	struct forward forward = { .keep = db_u64(q, 0, 1) != 0 };

	forward.by_owner = db_u64(q, 0, 1) != 0;
	forward.since_utc_ms = db_i64(q, 0, INT64_MAX);
	if (db_row(q) < 0 || slice_cstr(target, forward.target,
	    sizeof(forward.target)) < 0)
		return -EUCLEAN;
	*forward_out = forward;
	return 0;
}

int
policy_forward_get(struct policy *p, uint64_t account,
    struct forward *forward_out)
{
	DB_QUERY_AUTO q = db_ask(p->db, FORWARD_GET);
	int r;

	db_put_u64(&q, account);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return read_row(&q, forward_out);
}

/* 1: mail is collected from the mailbox of that address. */
static int
is_collected(void *arg, const struct fetch_account *fetch)
{
	const struct slice *target = arg;

	return slice_is_nocase(slice_str(fetch->user), *target);
}

/* May mail of the account go there?  0, or as policy_forward_set(). */
static int
look_at_target(struct policy *p, uint64_t account, struct slice target)
{
	enum whose whose;
	uint64_t here;
	int r = policy_whose(p, target, &whose, &here);

	if (r < 0)
		return r;
	if (whose != WHOSE_FOREIGN && whose != WHOSE_SHARED)
		return here == account ? -ELOOP : -EPERM;
	r = policy_fetch_each(p, account, 0, is_collected, &target);
	return r > 0 ? -ELOOP : r;
}

int
policy_forward_set(struct policy *p, uint64_t account, struct slice typed,
    const struct forward *wanted, struct forward *forward_out)
{
	TEXT_AUTO target = TEXT_INIT(ADDRESS_SIZE);
	struct db_query q;
	int r = policy_target_normal(slice_trim(typed), &target);

	if (r == 0)
		r = look_at_target(p, account, text_slice(&target));
	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, FORWARD_PUT);
	db_put_u64(&q, account);
	db_put_blob(&q, text_slice(&target));
	db_put_u64(&q, wanted->keep);
	db_put_u64(&q, wanted->by_owner);
	db_put_i64(&q, wanted->since_utc_ms);
	/* what the postmaster does is his to tell */
	db_put_u64(&q, !wanted->by_owner);
	r = policy_finish(p, db_run(&q));
	return r < 0 ? r : policy_forward_get(p, account, forward_out);
}

int
policy_forward_remove(struct policy *p, uint64_t account)
{
	struct forward forward;
	struct db_query q;
	int r = policy_forward_get(p, account, &forward);

	if (r == 0)
		r = db_begin(p->db);
	if (r < 0)
		return r;
	q = db_ask(p->db, FORWARD_REMOVE);
	db_put_u64(&q, account);
	return policy_finish(p, db_run(&q));
}

int
policy_has_forwards(struct policy *p, bool *has_out)
{
	struct db_query q = db_ask(p->db, FORWARD_ANY);
	uint64_t one;
	int r = policy_number(&q, &one);

	if (r >= 0)
		*has_out = r == 1;
	return r < 0 ? r : 0;
}

int
policy_forward_untold(struct policy *p, policy_forward_fn *fn, void *arg)
{
	DB_QUERY_AUTO q = db_ask(p->db, FORWARD_UNTOLD);
	int r;

	while ((r = db_next(&q)) == 1) {
		uint64_t account = db_u64(&q, 1, INT64_MAX);
		struct forward forward;

		r = read_row(&q, &forward);
		if (r == 0)
			r = fn(arg, account, &forward);
		if (r != 0)
			return r;
	}
	return r;
}

int
policy_forward_told(struct policy *p, uint64_t account, int64_t since_utc_ms)
{
	struct db_query q;
	int r = db_begin(p->db);

	if (r < 0)
		return r;
	q = db_ask(p->db, FORWARD_TOLD);
	db_put_u64(&q, account);
	db_put_i64(&q, since_utc_ms);
	return policy_finish(p, db_run(&q));
}
