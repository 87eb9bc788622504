/*
 * clock_jump_test.c - a wall clock that moves by itself is not believed
 * (HARDENING F52)
 */
#include <stdint.h>

#include "lib/base/loop.h"
#include "queue/clock_jump.h"
#include "tests/unit/unit.h"

#define UTC	1795000000000
#define MINUTE	60000

static struct clock_jump jump;

/* So long after the beginning, with the wall clock so far off. */
static bool
trusted_at(uint64_t minutes, int64_t off_ms)
{
	clock_set(5000 + minutes * MINUTE,
	    UTC + (int64_t)minutes * MINUTE + off_ms);
	return clock_jump_is_trusted(&jump);
}

static void
begin(void)
{
	clock_set(5000, UTC);
	clock_jump_begin(&jump, 0);
}

START_TEST(two_clocks_that_go_together_are_believed)
{
	ck_assert(trusted_at(0, 0));
	ck_assert(trusted_at(3, 0));
	ck_assert(trusted_at(60 * 24 * 365, 0));
	/* adjtime(3), and a machine that slept for a while */
	ck_assert(trusted_at(60 * 24 * 365 + 1, CLOCK_JUMP_MS));
	ck_assert(trusted_at(60 * 24 * 365 + 2, 0));
}
END_TEST

/* Either way, by a moment more than is allowed. */
START_TEST(a_jump_is_doubted_for_an_hour)
{
	int64_t by = (_i == 0 ? 1 : -1) * (CLOCK_JUMP_MS + 1);

	ck_assert(!trusted_at(1, by));
	ck_assert(!trusted_at(2, by));
	ck_assert(!trusted_at(60, by));
	ck_assert(trusted_at(61, by));
	ck_assert(trusted_at(62, by));
}
END_TEST

START_TEST(a_clock_that_is_put_right_is_doubted_once_more)
{
	ck_assert(!trusted_at(1, CLOCK_JUMP_MS + 1));
	ck_assert(!trusted_at(30, 0));
	ck_assert(!trusted_at(80, 0));
	ck_assert(trusted_at(90, 0));
}
END_TEST

/* A little each time is no jump: that is what daemons do. */
START_TEST(a_clock_that_drifts_is_believed)
{
	for (unsigned i = 1; i < 500; i++)
		ck_assert(trusted_at(i, (int64_t)i * 1000));
}
END_TEST

/* 0: nothing is known of an earlier life. */
static const struct {
	int64_t	known, utc;
	bool	is_trusted;
} lives[] = {
	{ 0, UTC, true },
	{ UTC - CLOCK_JUMP_MS, UTC, true },
	{ UTC - CLOCK_JUMP_MS - 1, UTC, false },
	{ UTC + CLOCK_JUMP_MS + 1, UTC, false },
	/* what no clock shows */
	{ INT64_MIN, UTC, false },
	{ INT64_MAX, -UTC, false },
	{ 1, INT64_MAX, false },
};

START_TEST(a_clock_that_stands_elsewhere_than_it_did_is_doubted)
{
	clock_set(5000, lives[_i].utc);
	clock_jump_begin(&jump, lives[_i].known);
	ck_assert_int_eq(clock_jump_is_trusted(&jump), lives[_i].is_trusted);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("clock_jump");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, begin, NULL);
	tcase_add_test(all, two_clocks_that_go_together_are_believed);
	tcase_add_loop_test(all, a_jump_is_doubted_for_an_hour, 0, 2);
	tcase_add_test(all, a_clock_that_is_put_right_is_doubted_once_more);
	tcase_add_test(all, a_clock_that_drifts_is_believed);
	tcase_add_loop_test(all,
	    a_clock_that_stands_elsewhere_than_it_did_is_doubted, 0,
	    (int)(sizeof(lives) / sizeof(*lives)));
	suite_add_tcase(suite, all);
	return suite;
}
