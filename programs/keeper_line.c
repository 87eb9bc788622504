/*
 * keeper_line.c - what the schedule has the keeper remember
 */
#include "programs/keeper_line.h"

#include <errno.h>
#include <string.h>

#include "lib/base/log.h"
#include "policy/line_book.h"

/* The rows of one page; -EBADMSG takes all of them back. */
static int
add_rows(struct policy *policy, struct unpack *u, unsigned month,
    uint32_t count)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < count; i++) {
		uint64_t account = unpack_u64(u);
		struct line_counts counts = line_counts_unpack(u);

		r = u->bad || account > INT64_MAX ? -EBADMSG :
		    policy_line_add(policy, month, account, &counts);
	}
	return r == 0 && !unpack_is_done(u) ? -EBADMSG : r;
}

int
keeper_line_add(struct policy *policy, struct slice body, struct text *answer)
{
	struct unpack u = unpack_of(body);
	uint32_t month = unpack_u32(&u);
	uint32_t count = unpack_u32(&u);
	int r;

	if (u.bad || !line_is_month(month))
		return -EBADMSG;
	r = policy_line_begin(policy);
	if (r == 0)
		r = policy_line_end(policy, add_rows(policy, &u, month,
		    count));
	if (r == -EBADMSG)
		return r;
	if (r < 0)
		log_say("what the line has carried cannot be written: %s",
		    strerror(-r));
	pack_u8(answer, r == 0);
	return 0;
}

int
keeper_line_carried(struct policy *policy, struct slice body,
    struct text *answer)
{
	struct unpack u = unpack_of(body);
	uint32_t month = unpack_u32(&u);
	uint64_t bytes = 0;
	int r;

	if (!unpack_is_done(&u) || !line_is_month(month))
		return -EBADMSG;
	r = policy_line_carried(policy, month, &bytes);
	if (r == 0)
		pack_u64(answer, bytes);
	else
		log_say("what the line has carried cannot be read: %s",
		    strerror(-r));
	return 0;
}

int
keeper_fetch_health(struct policy *policy, struct slice body)
{
	struct unpack u = unpack_of(body);
	struct fetch_health health;
	uint64_t id = unpack_u64(&u);
	int r;

	fetch_health_unpack(&u, &health);
	if (!unpack_is_done(&u) || id == 0 || id > INT64_MAX)
		return -EBADMSG;
	r = policy_health_set(policy, id, &health);
	if (r < 0)
		log_say("how a remote mailbox does cannot be written: %s",
		    strerror(-r));
	return 0;
}
