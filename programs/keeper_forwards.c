/*
 * keeper_forwards.c - people are told where their mail goes, once it was set as them
 *
 * What they were not told yet stands in policy.db until the schedule says that the
 * queue has it: so none is lost, and one may come twice where the hub ended in
 * between.
 */
#include <errno.h>
#include <string.h>

#include "fetch/service.h"
#include "lib/base/log.h"
#include "policy/forwards.h"
#include "programs/keeper_inside.h"

static int
tell_one(void *arg, uint64_t account, const struct forward *forward)
{
	struct keeper *keeper = arg;
	TEXT_AUTO body = TEXT_INIT(ADDRESS_SIZE + 64);

	pack_u64(&body, account);
	pack_slice(&body, slice_str(forward->target));
	pack_u8(&body, forward->keep);
	pack_i64(&body, forward->since_utc_ms);
	return text_failed(&body) ? -ENOMEM : ipc_send(keeper->schedule,
	    SCHEDULE_FORWARDED, text_slice(&body), NULL, 0);
}

void
keeper_tell_forwards(struct keeper *keeper)
{
	/* it is told when it comes */
	int r = keeper->schedule == NULL ? 0 :
	    policy_forward_untold(keeper->policy, tell_one, keeper);

	if (r < 0)
		log_say("people were not told where their mail goes: %s",
		    strerror(-r));
}

void
keeper_forward_changed(struct keeper *keeper, uint64_t account)
{
	struct policy_account who;
	struct forward forward;
	int r = policy_account_get(keeper->policy, account, &who);

	if (r == 0)
		r = policy_forward_get(keeper->policy, account, &forward);
	if (r == 0)
		log_say("mail of %s goes to %s%s, as %s has set it",
		    who.address, forward.target, forward.keep ? ", too" : "",
		    forward.by_owner ? "its owner" : "the postmaster");
	else if (r == -ENOENT)
		log_say("mail of account %llu goes nowhere else",
		    (unsigned long long)account);
	else
		log_say("policy.db cannot be read: %s", strerror(-r));
	keeper_tell_forwards(keeper);
}

int
keeper_forward_told(struct keeper *keeper, struct slice body)
{
	struct unpack u = unpack_of(body);
	uint64_t account = unpack_u64(&u);
	int64_t since_utc_ms = unpack_i64(&u);
	int r;

	if (!unpack_is_done(&u) || account > INT64_MAX)
		return -EBADMSG;
	r = policy_forward_told(keeper->policy, account, since_utc_ms);
	/* then they are told once more */
	if (r < 0)
		log_say("policy.db cannot be written: %s", strerror(-r));
	return 0;
}
