/*
 * ledger_scene.h - a ledger, and a remote mailbox that is a table of rows
 */
#ifndef TESTS_UNIT_QUEUE_LEDGER_SCENE_H
#define TESTS_UNIT_QUEUE_LEDGER_SCENE_H

#include <errno.h>
#include <string.h>
#include <time.h>

#include "queue/ledger_inside.h"
#include "tests/unit/queue/scratch.h"

#define ACCOUNT		5
#define OWNER		7
#define LARGEST		1000000
#define NOW_UTC_MS	INT64_C(1795000000000)
#define DAY		(24 * 60 * 60 * 1000)
#define HOUR		(60 * 60 * 1000)

static const unsigned char hub[16] = "sixteen bytes...";
static struct scratch scratch;
static struct loop *loop;
static struct ledger *ledger;
static struct ledger_beside beside;
/* their addresses name channels */
static int channel, other_channel __attribute__((unused));
static struct message_id last_id;
static uint64_t last_position;
static struct listing_counts counts;
static bool may_delete, is_first;
static bool is_mirror;	/* of the listings that begin */
static unsigned is_for_two;	/* what is received: account 8, too */

/* The ledger of this scene. */
static inline void
open_it(void)
{
	unsigned needs;

	ck_assert_int_eq(ledger_open(scratch.fd, hub, loop, &ledger, &needs),
	    0);
	ck_assert_int_eq(ledger_compare(ledger, &beside), 0);
	beside.had_ledger = true;
}

/* As after a restart. */
static inline void
reopen(void)
{
	ledger_close(ledger);
	open_it();
}

/* A queue folder of its own, and an empty ledger. */
static inline void
set_up(void)
{
	clock_set(1000000, NOW_UTC_MS);
	scratch = scratch_new();
	loop = loop_new();
	memset(&beside, 0, sizeof(beside));
	memset(&last_id, 0, sizeof(last_id));
	last_position = 1;
	is_mirror = false;
	is_for_two = 0;
	beside.newest = 1;
	open_it();
}

/* And all of it gone. */
static inline void
tear_down(void)
{
	ledger_close(ledger);
	loop_free(loop);
	scratch_drop(&scratch);
}

/* Both clocks go on. */
static inline void
later(int64_t ms)
{
	clock_set(clock_ms() + (uint64_t)ms, clock_utc_ms() + ms);
	ledger_look(ledger);
}

/* A long time during which somebody looks every few minutes. */
static inline void
much_later(int64_t ms)
{
	for (; ms > 0; ms -= HOUR)
		later(ms < HOUR ? ms : HOUR);
}

/* Begin a listing whose messages go after so many days. */
static inline int
begin_days(bool has_uidl, int32_t days)
{
	const struct ledger_begin begin = { ACCOUNT, OWNER, has_uidl, days,
	    is_mirror, false };
	int r = ledger_begin(ledger, &channel, &begin, &may_delete, &is_first);

	/* the keeper says that it is so */
	return r != -EINPROGRESS ? r : ledger_confirm(ledger, &channel,
	    ACCOUNT, &may_delete, &is_first);
}

/* One row of it. */
static inline void
row(uint32_t number, uint64_t bytes, const char *uidl)
{
	TEXT_AUTO text = TEXT_INIT(2048);
	struct unpack u;

	pack_u32(&text, number);
	pack_u64(&text, bytes);
	pack_slice(&text, slice_str(uidl));
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(ledger_rows(ledger, &channel, ACCOUNT, 1, &u), 0);
}

static unsigned answers;
static int last_answer;

/* The answer to a decision or a LEAVE. */
static inline void
on_done(void *from, uint64_t serial, int r,
    const struct listing_counts *found)
{
	ck_assert_ptr_eq(from, &channel);
	ck_assert_uint_eq(serial, 77);
	answers++;
	last_answer = r;
	counts = *found;
}

static const struct ledger_asked asked = { &channel, 77, on_done };

/* Leave the loop. */
static inline void
stop(void *arg)
{
	loop_stop(arg);
}

/* Let the loop run until one more answer has come; how many turns it took. */
static inline unsigned
wait_answer(unsigned before)
{
	struct timer *timer = timer_new(loop, stop, loop);
	unsigned turns = 0;

	for (; answers == before && turns < 100000; turns++) {
		timer_set(timer, 0);
		ck_assert_int_eq(loop_run(loop), 0);
	}
	timer_free(timer);
	ck_assert_uint_eq(answers, before + 1);
	return turns;
}

/* Decide, with that largest size; how it was answered. */
static inline unsigned
decide_largest(uint64_t largest)
{
	unsigned before = answers, turns;

	ck_assert_int_eq(ledger_decide(ledger, &asked, ACCOUNT, largest), 0);
	turns = wait_answer(before);
	ck_assert_int_eq(last_answer, 0);
	return turns;
}

/* Decide without a bound. */
static inline void
decide(void)
{
	(void)decide_largest(LARGEST);
}

struct remote {
	uint64_t	 bytes;
	const char	*uidl;
};

/* A listing from its beginning to its first decision. */
static inline void
list_days(const struct remote *rows, bool has_uidl, int32_t days)
{
	ck_assert_int_eq(begin_days(has_uidl, days), 0);
	for (uint32_t n = 0; rows[n].bytes != 0; n++)
		row(n + 1, rows[n].bytes, rows[n].uidl);
	decide();
}

/* A whole listing, with UIDLs, kept at the provider. */
static inline void
list(const struct remote *rows)
{
	list_days(rows, true, -1);
}

/* The listing is over. */
static inline void
end(void)
{
	ledger_end(ledger, &channel, ACCOUNT);
}

#endif
