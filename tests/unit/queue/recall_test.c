/*
 * recall_test.c - what people send waits a while, and can be taken back
 */
#include "queue/recall.h"

#include <errno.h>

#include "tests/unit/queue/outbound_stage.h"

#define WINDOW_MS	(10u * MINUTE_MS)

static const char *const zoe[] = { "zoe@far.test" };

/* Ann's, to herself and to zoe; its row stands. */
static void
send(void)
{
	stage.recall_seconds = WINDOW_MS / 1000;
	sent_by = STAGE_ANN;
	submit(zoe, 1, true);
	for (unsigned i = 0; stage.conductor->keepings > 0 && i < 4000; i++)
		stage_run(&stage, 1);
	relay_up();
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_run(&stage, 5);
}

/* Its time comes, if it is there. */
static void
look_at(uint64_t ms)
{
	set_clock(ms);
	recall_look(stage.conductor);
	for (unsigned i = 0; stage.conductor->leaving > 0 && i < 4000; i++)
		stage_run(&stage, 1);
	relay_up();
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_run(&stage, 5);
}

static size_t
delivered(void)
{
	return stage_count(&stage, STAGE_DELIVER);
}

static struct message_id last_id;
static int64_t last_until;
static unsigned rows_seen;

static int
note_row(void *arg, const struct recall_row *row)
{
	(void)arg;
	rows_seen++;
	last_id = row->id;
	last_until = row->until_utc_ms;
	ck_assert(slice_is_str(row->sender, "ann@office.test"));
	ck_assert(slice_find_str(row->recipients, "zoe@far.test") !=
	    SIZE_MAX);
	return 0;
}

/* How many that account can take back. */
static unsigned
count(uint64_t account)
{
	static const struct message_id first;

	rows_seen = 0;
	ck_assert_int_eq(conductor_recall_each(stage.conductor, account,
	    &first, 40, note_row, NULL), 0);
	return rows_seen;
}

/* The same after a restart at any time, and however often. */
START_TEST(what_waits_goes_to_nobody_before_its_time)
{
	send();
	ck_assert_uint_eq(delivered() + tries(), 0);
	ck_assert_uint_eq(count(STAGE_ANN), 1);
	ck_assert_int_eq(last_until, START_UTC_MS + (int64_t)WINDOW_MS);
	ck_assert_uint_eq(count(STAGE_BEN), 0);
	ck_assert_uint_eq(count(0), 1);
	for (int i = 0; i < _i; i++)
		stage_restart(&stage);
	look_at(WINDOW_MS - 1);
	ck_assert_uint_eq(delivered() + tries(), 0);
	for (int i = 0; i < _i; i++)
		stage_restart(&stage);
	look_at(WINDOW_MS);
	ck_assert_uint_eq(delivered(), 1);
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(count(0), 0);
	ck_assert_int_eq(conductor_recall(stage.conductor, &last_id, 0,
	    slice_str("postmaster")), -ENOENT);
	stage_deliver(&stage, 0, 0);
	answer(0, RELAY_DONE, 250, true);
	look_at(2 * WINDOW_MS);
	ck_assert_uint_eq(delivered(), 1);
	ck_assert_uint_eq(tries(), 1);
}
END_TEST

/* Its timer does it, and nobody else. */
START_TEST(its_time_is_looked_for)
{
	send();
	set_clock(WINDOW_MS);
	ck_assert_uint_eq(delivered(), 0);
	/* its timer goes by a clock that no test sets */
	timer_set(stage.conductor->recall_timer, 0);
	stage_wait(&stage, STAGE_DELIVER, 1);
}
END_TEST

START_TEST(what_is_taken_back_goes_to_nobody)
{
	send();
	ck_assert_uint_eq(count(STAGE_ANN), 1);
	ck_assert_int_eq(conductor_recall(stage.conductor, &last_id,
	    STAGE_BEN, slice_str("ben")), -ENOENT);
	ck_assert_uint_eq(count(0), 1);
	if (_i == 1)
		stage_restart(&stage);
	ck_assert_int_eq(conductor_recall(stage.conductor, &last_id,
	    _i == 2 ? 0 : STAGE_ANN, slice_str("ann")), 0);
	/* written before who took it back is answered */
	ck_assert(stage_trail_stands(&stage, "\"who\":\"ann\""));
	ck_assert_int_eq(conductor_recall(stage.conductor, &last_id,
	    STAGE_ANN, slice_str("ann")), -ENOENT);
	ck_assert_uint_eq(count(0), 0);
	ck_assert_uint_eq(kept_files(), 0);
	/* its record may stand in the journal yet */
	stage_restart(&stage);
	look_at(WINDOW_MS);
	ck_assert_uint_eq(delivered() + tries(), 0);
}
END_TEST

/* An end before its row stands, or before anybody knows: the record says it. */
START_TEST(its_record_says_until_when)
{
	stage.recall_seconds = WINDOW_MS / 1000;
	sent_by = STAGE_ANN;
	submit(zoe, 1, true);
	stage_close(&stage);
	stage_forget(&stage);
	set_clock(_i == 0 ? WINDOW_MS - 1 : WINDOW_MS);
	stage_open(&stage);
	for (unsigned i = 0; stage.conductor->keepings > 0 && i < 4000; i++)
		stage_run(&stage, 1);
	relay_up();
	conductor_account_up(stage.conductor, STAGE_ANN);
	if (_i == 0) {
		ck_assert_uint_eq(count(STAGE_ANN), 1);
		stage_run(&stage, 5);
		ck_assert_uint_eq(delivered() + tries(), 0);
		look_at(WINDOW_MS);
	}
	stage_wait(&stage, STAGE_DELIVER, 1);
	stage_wait(&stage, STAGE_RELAY, 1);
	ck_assert_uint_eq(count(0), 0);
}
END_TEST

START_TEST(who_has_no_window_waits_for_nothing)
{
	sent_by = STAGE_ANN;
	submit(zoe, 1, true);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(count(0), 0);
	/* nobody has sent it */
	stage.recall_seconds = 600;
	sent_by = 0;
	submit(zoe, 1, true);
	relay_up();
	ck_assert_uint_eq(tries(), 2);
}
END_TEST

/* Nobody waits longer since somebody has put the clock back. */
START_TEST(a_clock_that_goes_back_keeps_nobody_waiting)
{
	send();
	clock_set(1000000, START_UTC_MS - 3 * (int64_t)DAY_MS);
	recall_look(stage.conductor);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_wait(&stage, STAGE_DELIVER, 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("recall");
	TCase *tests = tcase_create("recall");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, what_waits_goes_to_nobody_before_its_time,
	    0, 3);
	tcase_add_test(tests, its_time_is_looked_for);
	tcase_add_loop_test(tests, what_is_taken_back_goes_to_nobody, 0, 3);
	tcase_add_loop_test(tests, its_record_says_until_when, 0, 2);
	tcase_add_test(tests, who_has_no_window_waits_for_nothing);
	tcase_add_test(tests, a_clock_that_goes_back_keeps_nobody_waiting);
	suite_add_tcase(suite, tests);
	return suite;
}
