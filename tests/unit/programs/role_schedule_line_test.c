/*
 * role_schedule_line_test.c - what the line carried is written, and closes it
 */
#include "tests/unit/programs/role_schedule_scene.h"
#include "tests/unit/unit.h"

static void
setup(void)
{
	setup_line("", LINE_RATE_FREE, LINE_BUDGET_FREE);
}

static void
setup_thin(void)
{
	setup_line("never", 8192, 1000000);
}

static void
say_carried(uint64_t id, uint64_t bytes)
{
	struct line_counts counts = { .carried[LINE_MAIL].received = bytes };
	TEXT_AUTO body = TEXT_INIT(512);

	pack_u64(&body, id);
	line_counts_pack(&body, &counts);
	ck_assert_int_eq(ipc_send(fetcher, FETCH_CARRIED, text_slice(&body),
	    NULL, 0), 0);
}

START_TEST(what_is_carried_is_written_when_a_collection_ends)
{
	collect_now();
	say_carried(1, 1000);
	say_carried(1, 234);
	play_run(&play, 50);
	ck_assert_uint_eq(writes, 0);		/* not each time */
	say_outcome(FETCH_END_TIMED_OUT, 0);
	play_run(&play, 1200);
	ck_assert_uint_eq(writes, 1);
	ck_assert_uint_eq(written_account, 1);
	ck_assert_uint_eq(written.carried[LINE_MAIL].received, 1234);
	ck_assert_uint_eq(line_counts_carried(&written), 1234);
	ck_assert_uint_eq(health_of, 1);
	ck_assert_str_eq(health.result, "timed-out");
	ck_assert_str_eq(health.words, "hello");
	ck_assert(health.server_said);
	ck_assert_uint_eq(health.faults, 1);
	ck_assert_uint_eq(health.refusals, 0);
	play_run(&play, 1200);
	ck_assert_uint_eq(writes, 1);
}
END_TEST

START_TEST(what_could_not_be_written_is_written_with_the_next)
{
	writes_well = false;
	collect_now();
	say_carried(1, 1000);
	say_outcome(FETCH_END_DONE, 1);
	play_run(&play, 1200);
	ck_assert_uint_eq(writes, 1);
	ck_assert_uint_eq(line_counts_carried(&written), 0);
	writes_well = true;
	/* the next keeper is told */
	ipc_free(keeper);
	play_run(&play, 20);
	keeper = play_peer(&play, ROLE_KEEPER, 0, keeper_rules, NULL);
	play_run(&play, 1200);
	ck_assert_uint_eq(line_counts_carried(&written), 1000);
}
END_TEST

START_TEST(what_is_carried_for_nothing_we_know_is_counted_for_none)
{
	collect_now();
	written_account = 77;
	say_carried(5, 99);
	say_outcome(FETCH_END_DONE, 1);
	play_run(&play, 1200);
	ck_assert_uint_eq(line_counts_carried(&written), 99);
	ck_assert_uint_eq(written_account, 0);
}
END_TEST

/* One row: state, why, ..., and the last two: carried, budget. */
static void
line_is(const char *state, const char *why, uint64_t bytes)
{
	struct unpack u;
	uint32_t rows;

	ask("line status", "", "");
	play_run(&play, 20);
	u = answered(ADMIN_OK, &rows);
	ck_assert_uint_eq(rows, 1);
	ck_assert(slice_is_str(unpack_slice(&u), state));
	ck_assert(slice_is_str(unpack_slice(&u), why));
	(void)unpack_slice(&u);			/* by_hand, window */
	(void)unpack_slice(&u);
	(void)unpack_u64(&u);
	(void)unpack_i64(&u);
	ck_assert_uint_eq(unpack_u64(&u), 8192);
	for (unsigned i = 0; i < 3; i++)
		(void)unpack_u64(&u);
	ck_assert_uint_eq(unpack_u64(&u), bytes);
	ck_assert_uint_eq(unpack_u64(&u), 1000000);
	ck_assert(unpack_is_done(&u));
}

START_TEST(the_line_is_opened_by_hand_and_closes_when_it_is_spent)
{
	uint32_t rows;

	line_is("closed", "window", 0);
	collect_now();				/* the postmaster may */
	ck_assert_uint_eq(share, 8192);
	line_is("closed", "window", 0);
	ask("line open", "20", "");
	play_run(&play, 20);
	(void)answered(ADMIN_OK, &rows);
	line_is("open", "", 0);
	ask("line open", "1441", "");
	play_run(&play, 20);
	(void)answered(ADMIN_UNFIT, &rows);
	ask("line open", "0", "");
	play_run(&play, 20);
	(void)answered(ADMIN_OK, &rows);
	say_carried(1, 1000000);
	play_run(&play, 20);
	line_is("closed", "spent", 1000000);
	ck_assert_uint_eq(paused, 0);		/* it is the postmaster's */
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/role_schedule_line");
	TCase *thin, *tc = tcase_create("carried");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc,
	    what_is_carried_is_written_when_a_collection_ends);
	tcase_add_test(tc,
	    what_could_not_be_written_is_written_with_the_next);
	tcase_add_test(tc,
	    what_is_carried_for_nothing_we_know_is_counted_for_none);
	thin = tcase_create("thin");
	tcase_add_checked_fixture(thin, setup_thin, teardown);
	tcase_add_test(thin,
	    the_line_is_opened_by_hand_and_closes_when_it_is_spent);
	suite_add_tcase(suite, thin);
	suite_add_tcase(suite, tc);
	return suite;
}
