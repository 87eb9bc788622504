/*
 * keeper_line.c - what the schedule has the keeper remember
 */
#include "programs/keeper_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fetch/notice.h"
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

/* The report of a month */

struct largest {
	char		name[2 * ADDRESS_SIZE];	/* "address label", or "" */
	uint64_t	in, out;
};

/* A month, while it is added up. */
struct month {
	struct line_counts	sums;
	struct largest		rows[NOTICE_MOST];	/* the largest first */
	uint32_t		row_count, account_count;
};

static bool
is_larger(const struct largest *a, const struct largest *b)
{
	return a->in + a->out > b->in + b->out;
}

/* The smallest of NOTICE_MOST falls out. */
static void
rank(struct month *month, const struct largest *row)
{
	uint32_t at = month->row_count;

	if (at == NOTICE_MOST && !is_larger(row, &month->rows[at - 1]))
		return;
	if (at < NOTICE_MOST)
		month->row_count++;
	else
		at--;
	for (; at > 0 && is_larger(row, &month->rows[at - 1]); at--)
		month->rows[at] = month->rows[at - 1];
	month->rows[at] = *row;
}

static int
add_account(void *arg, const struct line_account *account)
{
	struct month *month = arg;
	struct largest row = { .in = 0 };

	line_counts_add(&month->sums, &account->counts);
	for (unsigned i = 0; i < LINE_CAUSES; i++) {
		row.in += account->counts.carried[i].received;
		row.out += account->counts.carried[i].sent;
	}
	if (account->address[0] != '\0')
		(void)snprintf(row.name, sizeof(row.name), "%s %s",
		    account->address, account->label);
	month->account_count++;
	rank(month, &row);
	return 0;
}

static void
pack_month(struct text *answer, const struct month *month)
{
	line_counts_pack(answer, &month->sums);
	pack_u32(answer, month->account_count);
	pack_u32(answer, month->row_count);
	for (uint32_t i = 0; i < month->row_count; i++) {
		pack_slice(answer, slice_str(month->rows[i].name));
		pack_u64(answer, month->rows[i].in);
		pack_u64(answer, month->rows[i].out);
	}
}

int
keeper_line_report(struct policy *policy, struct slice body,
    struct text *answer)
{
	struct unpack u = unpack_of(body);
	struct month month = { .row_count = 0 };
	uint32_t before = unpack_u32(&u);
	unsigned number = 0;
	int r;

	if (!unpack_is_done(&u) || !line_is_month(before))
		return -EBADMSG;
	r = policy_line_unreported(policy, before, &number);
	if (r == 0 && number != 0)
		r = policy_line_each(policy, number, 0, add_account, &month);
	if (r < 0) {
		log_say("a month of the line cannot be read: %s",
		    strerror(-r));
		return 0;
	}
	pack_u32(answer, number);
	if (number != 0)
		pack_month(answer, &month);
	return 0;
}

int
keeper_line_reported(struct policy *policy, struct slice body)
{
	struct unpack u = unpack_of(body);
	uint32_t month = unpack_u32(&u);
	int r;

	if (!unpack_is_done(&u) || !line_is_month(month))
		return -EBADMSG;
	r = policy_line_reported(policy, month);
	if (r < 0)
		log_say("that a month was reported cannot be written: %s",
		    strerror(-r));
	return 0;
}
