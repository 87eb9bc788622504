/*
 * fetch_bodies_fuzz.c - what is read of a body between roles can be said again
 *
 * The first byte chooses whose body it is: what those who collect, the
 * schedule, the keeper and the console tell each other.  What is read packs
 * into bytes that read as the same.
 */
#include <assert.h>

#include "fetch/consent.h"
#include "fetch/service.h"
#include "filters/virus.h"
#include "policy/fetch_accounts.h"
#include "policy/fetch_domains.h"
#include "policy/grants.h"
#include "policy/keeper.h"
#include "policy/line_counts.h"
#include "queue/service.h"
#include "store/service.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Read `body` and pack what was read; false: it is none. */
typedef bool	again_fn(struct slice body, struct text *again);

#define AGAIN(name, type, unpack_it, pack_it)				\
static bool								\
name(struct slice body, struct text *again)				\
{									\
	struct unpack u = unpack_of(body);				\
	struct type one;						\
									\
	if (unpack_it(&u, &one) < 0 || !unpack_is_done(&u))		\
		return false;						\
	pack_it(again, &one);						\
	return true;							\
}

AGAIN(outcome_again, fetch_outcome, fetch_outcome_unpack, fetch_outcome_pack)
AGAIN(progress_again, fetch_progress, fetch_progress_unpack,
    fetch_progress_pack)
AGAIN(turned_again, fetch_turned, fetch_turned_unpack, fetch_turned_pack)
AGAIN(due_again, fetch_due, fetch_due_unpack, fetch_due_pack)
AGAIN(grant_again, grant, grant_unpack, grant_pack)
AGAIN(proxy_again, fetch_proxy, fetch_proxy_unpack, fetch_proxy_pack)
AGAIN(counts_again, listing_counts, listing_counts_unpack,
    listing_counts_pack)
AGAIN(hold_again, hold_row, hold_row_unpack, hold_row_pack)
AGAIN(listed_again, listed_letter, listed_unpack, listed_pack)
AGAIN(folder_again, listed_folder, folder_unpack, folder_pack)

static bool
account_again(struct slice body, struct text *again)
{
	struct unpack u = unpack_of(body);
	struct fetch_account account;
	struct slice secret;

	if (fetch_account_unpack(&u, &account, &secret) < 0 ||
	    !unpack_is_done(&u))
		return false;
	fetch_account_pack(again, &account, secret);
	return true;
}

static bool
line_again(struct slice body, struct text *again)
{
	struct unpack u = unpack_of(body);
	struct line_counts counts = line_counts_unpack(&u);

	if (!unpack_is_done(&u))
		return false;
	line_counts_pack(again, &counts);
	assert(again->len <= LINE_COUNTS_BYTES);
	return true;
}

static bool
ask_again(struct slice body, struct text *again)
{
	struct consent_ask ask;

	if (consent_ask_unpack(body, &ask) < 0)
		return false;
	consent_ask_pack(again, &ask);
	return true;
}

static bool
state_again(struct slice body, struct text *again)
{
	struct consent_state state;

	if (consent_state_unpack(body, &state) < 0)
		return false;
	consent_state_pack(again, &state);
	return true;
}

static bool
scan_again(struct slice body, struct text *again)
{
	struct scan_status status;

	if (scan_status_unpack(body, &status) < 0)
		return false;
	scan_status_pack(again, &status);
	return true;
}

static bool
find_again(struct slice body, struct text *again)
{
	ARENA_AUTO arena = arena_new(1 << 20);
	struct find_ask *asks;
	size_t count;

	if (arena == NULL || find_ask_unpack(arena, body, &asks, &count) < 0)
		return false;
	assert(count <= FIND_MOST);
	find_ask_pack(again, asks, count);
	return true;
}

static bool
found_again(struct slice body, struct text *again)
{
	ARENA_AUTO arena = arena_new(1 << 20);
	struct find_answer *answers;
	size_t count;

	if (arena == NULL ||
	    find_answer_unpack(arena, body, &answers, &count) < 0)
		return false;
	assert(count <= FIND_MOST);
	find_answer_pack(again, answers, count);
	return true;
}

static again_fn *const bodies[] = {
	outcome_again, progress_again, turned_again, due_again, grant_again,
	proxy_again, counts_again, hold_again, listed_again, folder_again,
	account_again, line_again, ask_again, state_again, scan_again,
	find_again, found_again
};

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	TEXT_AUTO one = TEXT_INIT(len + 4096);
	TEXT_AUTO two = TEXT_INIT(len + 4096);
	struct slice body = slice_after(slice_of(bytes, len), 1);

	if (len == 0 || bytes[0] >= sizeof(bodies) / sizeof(bodies[0]) ||
	    !bodies[bytes[0]](body, &one))
		return 0;
	assert(!text_failed(&one));
	assert(bodies[bytes[0]](text_slice(&one), &two));
	assert(slice_is(text_slice(&one), text_slice(&two)));
	return 0;
}
