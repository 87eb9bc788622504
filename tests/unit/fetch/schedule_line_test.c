/*
 * schedule_line_test.c - what the line lets begin and what it stops, and what a
 * new start of the schedule still knows
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fetch/schedule.h"
#include "lib/base/bucket.h"
#include "tests/unit/unit.h"

#define MINUTE		60000u
#define HOUR		(60u * MINUTE)
#define MINUTES		10u		/* between two looks */
#define MOST		512
/* Monday, 2026-11-23, 12:00 in Jakarta. */
#define NOON		INT64_C(1795410000)

static struct loop *loop;
static struct schedule *schedule;
static struct line *line;
static uint64_t now_ms;
static int64_t utc_ms;
static uint64_t begun[MOST], paused[MOST], shares[MOST];
static unsigned begun_count, paused_count, share_count;
static struct schedule_health last_end;

static int
begin(void *arg, uint64_t id, uint64_t owner, enum fetch_task task,
    unsigned messages)
{
	(void)arg;
	(void)owner;
	(void)messages;
	(void)task;
	ck_assert_uint_lt(begun_count, MOST);
	begun[begun_count++] = id;
	return 0;
}

static void
moved(void *arg)
{
	(void)arg;
}

static void
ended(void *arg, const struct schedule_health *health, unsigned failed_before)
{
	(void)arg;
	(void)failed_before;
	last_end = *health;
}

static void
pause_task(void *arg, uint64_t id, uint64_t owner)
{
	(void)arg;
	ck_assert_uint_eq(owner, 100 + id);
	ck_assert_uint_lt(paused_count, MOST);
	paused[paused_count++] = id;
}

static void
share(void *arg, uint64_t bytes_per_second)
{
	(void)arg;
	ck_assert_uint_lt(share_count, MOST);
	shares[share_count++] = bytes_per_second;
}

static void
pass(uint64_t ms)
{
	now_ms += ms;
	utc_ms += (int64_t)ms;
	clock_set(now_ms, utc_ms);
	schedule_tick(schedule);
}

static void
make(const char *windows, uint64_t rate, uint64_t budget)
{
	struct line_options line_options = {
		.bytes_per_second = rate, .month_bytes = budget,
		.month_day = 1, .warn_percent = 80
	};
	struct schedule_options options = {
		.minutes = MINUTES, .connections = 100, .per_host = 100
	};
	const struct schedule_ports ports = {
		.begin = begin, .moved = moved, .ended = ended,
		.pause = pause_task, .share = share
	};
	struct slice where;

	ck_assert_ptr_null(calendar_read(slice_str(windows),
	    &line_options.calendar, &where));
	schedule_free(schedule);
	line_free(line);
	options.line = line = line_new(&line_options);
	schedule = schedule_new(loop, &options, &ports);
	ck_assert(line != NULL && schedule != NULL);
}

static void
setup(void)
{
	ck_assert_int_eq(setenv("TZ", "Asia/Jakarta", 1), 0);
	tzset();
	begun_count = paused_count = share_count = 0;
	now_ms = 500 * HOUR;
	utc_ms = NOON * 1000;
	clock_set(now_ms, utc_ms);
	loop = loop_new();
}

static void
teardown(void)
{
	schedule_free(schedule);
	line_free(line);
	schedule = NULL;
	line = NULL;
	loop_free(loop);
}

/* Mailboxes 1 to `count`, each at a host of its own. */
static void
tell_all(unsigned count, const struct fetch_when *when,
    const struct fetch_health *health)
{
	schedule_list_begin(schedule);
	for (unsigned i = 1; i <= count; i++) {
		struct fetch_due due = {
			.id = i, .owner = 100 + i, .enabled = true,
			.owner_address = SLICE("ann@example.org"),
			.label = slice_of(&"abcdefgh"[i - 1], 1),
			.host = slice_of(&"abcdefgh"[i - 1], 1)
		};

		if (when != NULL)
			due.when = *when;
		if (health != NULL)
			due.health = *health;
		ck_assert_int_eq(schedule_list_add(schedule, &due), 0);
	}
	schedule_list_end(schedule);
}

static void
over(uint64_t id, enum fetch_end end)
{
	const struct fetch_outcome outcome = {
		.end = end, .words = SLICE("so it says"), .waiting = 9,
		.taken = 4, .waiting_bytes = 900, .taken_bytes = 400
	};

	schedule_over(schedule, id, &outcome);
}

static bool
keep(void *arg, const struct schedule_health *health)
{
	struct schedule_health *kept = arg;

	*kept = *health;
	return false;
}

static struct schedule_health
health_of(uint64_t id)
{
	const struct schedule_pick all = { .owner = 0 };
	struct schedule_health health = { 0 };

	schedule_each(schedule, &all, id - 1, keep, &health);
	return health;
}

static uint64_t
wait_of(uint64_t id)
{
	return (uint64_t)(health_of(id).next_at_utc_ms - utc_ms);
}

/* Asked for by that account; 0: the postmaster. */
static const struct run *
ask(uint64_t asker)
{
	const struct schedule_pick pick = { .owner = asker };
	const struct run *run = NULL;

	ck_assert_int_eq(schedule_ask(schedule, FETCH_COLLECT, &pick, &run),
	    0);
	return run;
}

/* Windows */

START_TEST(while_it_is_closed_nothing_begins)
{
	make("daily 01:00-05:00", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(3, NULL, NULL);
	for (unsigned i = 0; i < 12; i++)
		pass(HOUR);
	ck_assert_uint_eq(begun_count, 0);
	/* and one knows when it will */
	ck_assert_uint_ge(wait_of(1), HOUR);
	ck_assert_uint_le(wait_of(1), HOUR + 2 * MINUTE);
	pass(HOUR);			/* 01:00 */
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 3);
}
END_TEST

START_TEST(the_postmaster_collects_all_the_same)
{
	const struct run *run;

	make("never", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(2, NULL, NULL);
	run = ask(0);
	ck_assert_uint_eq(begun_count, 2);
	ck_assert(!run_is_over(run));
	/* nor is it stopped, when the windows change nothing for it */
	pass(HOUR);
	ck_assert_uint_eq(paused_count, 0);
	over(1, FETCH_END_DONE);
	over(2, FETCH_END_DONE);
	ck_assert(run_is_over(run));
	ck_assert_int_eq(health_of(1).next_at_utc_ms, 0);
	pass(24 * HOUR);
	ck_assert_uint_eq(begun_count, 2);
}
END_TEST

START_TEST(people_hear_that_it_is_closed)
{
	const struct run_account *account;
	const struct run *run;

	make("never", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(2, NULL, NULL);
	run = ask(101);
	ck_assert(run_is_over(run));
	ck_assert_uint_eq(begun_count, 0);
	account = run_after(run, 0);
	ck_assert_int_eq(account->outcome.end, FETCH_END_LINE);
	ck_assert(slice_is_str(account->outcome.words,
	    line_bar_words(LINE_BAR_WINDOW)));
}
END_TEST

START_TEST(at_closing_time_what_runs_is_stopped_once)
{
	make("daily 07:00-18:00", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(3, NULL, NULL);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 3);
	ask(102);
	ask(0);				/* theirs are the postmaster's now */
	over(1, FETCH_END_DONE);
	pass(6 * HOUR);
	ck_assert_uint_eq(paused_count, 0);
	over(2, FETCH_END_DONE);
	over(3, FETCH_END_DONE);

	pass(13 * HOUR);		/* 07:02 */
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 6);
	over(1, FETCH_END_DONE);
	pass(11 * HOUR);
	ck_assert_uint_eq(paused_count, 2);
	pass(MINUTE);
	ck_assert_uint_eq(paused_count, 2);
	over(2, FETCH_END_LINE);
	ck_assert_int_eq(last_end.end, FETCH_END_LINE);
	/* that is no failure */
	ck_assert_uint_eq(last_end.failures, 0);
	ck_assert_uint_ge(wait_of(2), 12 * HOUR);
	pass(HOUR);
	ck_assert_uint_eq(begun_count, 6);
}
END_TEST

START_TEST(at_closing_time_those_who_wait_hear_it)
{
	struct schedule_options options = {
		.minutes = MINUTES, .connections = 1, .per_host = 1
	};
	const struct schedule_ports ports = {
		.begin = begin, .moved = moved, .ended = ended
	};
	struct schedule_pick pick = { .owner = 0 };
	const struct run *run, *look;

	make("daily 07:00-18:00", LINE_RATE_FREE, LINE_BUDGET_FREE);
	schedule_free(schedule);
	options.line = line;
	schedule = schedule_new(loop, &options, &ports);
	tell_all(3, NULL, NULL);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 1);
	run = ask(begun[0] == 2 ? 103 : 102);
	ck_assert(!run_is_over(run));
	pick.owner = begun[0] == 3 ? 102 : 103;
	ck_assert_int_eq(schedule_ask(schedule, FETCH_DOCTOR, &pick, &look),
	    0);
	pass(6 * HOUR);
	ck_assert(run_is_over(run));
	ck_assert(run_is_over(look));
	ck_assert_int_eq(run_after(look, 0)->outcome.end, FETCH_END_LINE);
	ck_assert_int_eq(run_after(run, 0)->outcome.end, FETCH_END_LINE);
	over(begun[0], FETCH_END_LINE);
	ck_assert_uint_eq(begun_count, 1);
	pass(13 * HOUR);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 2);
}
END_TEST

START_TEST(the_line_says_how_often)
{
	make("daily 00:00-24:00 every 30", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(1, NULL, NULL);
	pass(2 * MINUTE);
	over(1, FETCH_END_DONE);
	ck_assert_uint_ge(wait_of(1), 28 * MINUTE);
	ck_assert_uint_le(wait_of(1), 32 * MINUTE);
}
END_TEST

START_TEST(the_mailbox_says_it_better)
{
	const struct fetch_when when = { .every_minutes = 3 };

	make("daily 00:00-24:00 every 30", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(1, &when, NULL);
	pass(2 * MINUTE);
	over(1, FETCH_END_DONE);
	ck_assert_uint_ge(wait_of(1), 2 * MINUTE);
	ck_assert_uint_le(wait_of(1), 4 * MINUTE);
	tell_all(1, NULL, NULL);	/* no more */
	pass(2 * MINUTE);
	over(1, FETCH_END_DONE);
	ck_assert_uint_ge(wait_of(1), 28 * MINUTE);
}
END_TEST

START_TEST(the_hand_begins_at_once_and_ends_again)
{
	make("never", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(2, NULL, NULL);
	pass(HOUR);
	line_open_by_hand(line, 30);
	schedule_line_changed(schedule);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 2);
	pass(28 * MINUTE);
	ck_assert_uint_eq(paused_count, 2);
}
END_TEST

/* The budget */

START_TEST(spent_in_the_middle_it_stops)
{
	make("", LINE_RATE_FREE, 1000000);
	tell_all(1, NULL, NULL);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 0);	/* not known yet */
	line_learn(line, 202611, 0);
	schedule_line_changed(schedule);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 1);
	line_carried(line, 999999);
	schedule_line_changed(schedule);
	ck_assert_uint_eq(paused_count, 0);
	line_carried(line, 1);
	schedule_line_changed(schedule);
	ck_assert_uint_eq(paused_count, 1);
	over(1, FETCH_END_LINE);
	pass(24 * HOUR);
	ck_assert_uint_eq(begun_count, 1);
	pass(7 * 24 * HOUR);			/* December */
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 2);
}
END_TEST

/* Shares */

START_TEST(the_rate_is_shared_by_those_who_run)
{
	make("", 16384, LINE_BUDGET_FREE);
	tell_all(6, NULL, NULL);
	pass(2 * MINUTE);
	/* more of them would have less than is worth it */
	ck_assert_uint_eq(begun_count, 4);
	ck_assert_uint_eq(share_count, 4);
	ck_assert_uint_eq(shares[0], 16384);
	ck_assert_uint_eq(shares[1], 8192);
	ck_assert_uint_eq(shares[2], 5461);
	ck_assert_uint_eq(shares[3], 4096);
	over(begun[0], FETCH_END_DONE);		/* the next one takes over */
	ck_assert_uint_eq(begun_count, 5);
	ck_assert_uint_eq(schedule_running(schedule), 4);
	ck_assert_uint_eq(shares[share_count - 1], 4096);
	over(begun[1], FETCH_END_DONE);
	over(begun[2], FETCH_END_DONE);
	over(begun[3], FETCH_END_DONE);
	ck_assert_uint_eq(schedule_running(schedule), 2);
	ck_assert_uint_eq(shares[share_count - 1], 8192);
}
END_TEST

START_TEST(without_a_rate_nobody_is_told_of_shares)
{
	make("", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(6, NULL, NULL);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 6);
	ck_assert_uint_eq(share_count, 0);
}
END_TEST

/* On reading */

START_TEST(who_reads_mail_has_it_collected)
{
	const struct fetch_when when = { .on_read = true };

	make("", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(2, &when, NULL);
	pass(2 * MINUTE);
	over(1, FETCH_END_DONE);
	over(2, FETCH_END_DONE);
	begun_count = 0;
	ck_assert(!schedule_reads(schedule, 101));
	ck_assert_uint_eq(begun_count, 0);	/* a moment ago */
	pass(SCHEDULE_READS_GAP_MS);
	ck_assert(schedule_reads(schedule, 101));
	ck_assert_uint_eq(begun_count, 1);
	ck_assert_uint_eq(begun[0], 1);
	ck_assert(schedule_reads(schedule, 101));
	ck_assert_uint_eq(begun_count, 1);	/* it runs */
	over(1, FETCH_END_UNREACHABLE);
	ck_assert(!schedule_reads(schedule, 101));
	pass(SCHEDULE_READS_GAP_MS - 90000);
	begun_count = 0;
	/* it has its own time */
	ck_assert(!schedule_reads(schedule, 101));
	ck_assert_uint_eq(begun_count, 0);
}
END_TEST

START_TEST(on_reading_only_where_that_is_wanted_and_open)
{
	const struct fetch_when when = { .on_read = true };

	make("", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(1, NULL, NULL);
	ck_assert(!schedule_reads(schedule, 101));
	ck_assert_uint_eq(begun_count, 0);
	make("never", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(1, &when, NULL);
	ck_assert(!schedule_reads(schedule, 101));
	ck_assert_uint_eq(begun_count, 0);
}
END_TEST

/* Nobody waits for what is not theirs, nor for what they did not want. */
START_TEST(who_reads_waits_for_their_own_whoever_had_it_begun)
{
	const struct fetch_when when = { .on_read = true };

	make("", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(2, &when, NULL);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 2);	/* by the clock */
	ck_assert(schedule_reads(schedule, 101));
	over(1, FETCH_END_DONE);
	ck_assert(!schedule_reads(schedule, 101));
	ck_assert(schedule_reads(schedule, 102));
	make("", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(1, NULL, NULL);
	pass(2 * MINUTE);
	ck_assert_uint_ne(begun_count, 0);
	ck_assert(!schedule_reads(schedule, 101));
}
END_TEST

/* Failures, and new starts */

START_TEST(since_when_it_fails_is_known_until_it_works)
{
	struct schedule_health health;

	make("", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(1, NULL, NULL);
	pass(2 * MINUTE);
	for (unsigned hours = 0; hours < 24; hours++) {
		over(1, hours % 2 == 0 ? FETCH_END_UNREACHABLE :
		    FETCH_END_PAUSED);
		ck_assert_int_eq(last_end.failing_since_utc_ms, NOON * 1000 +
		    2 * MINUTE);
		ck_assert_int_eq(last_end.told_at_utc_ms, 0);
		pass(HOUR);
	}
	ck_assert(schedule_told(schedule, 1, &health));
	ck_assert_int_eq(health.told_at_utc_ms, utc_ms);
	over(1, FETCH_END_REFUSED);
	ck_assert_int_ne(last_end.told_at_utc_ms, 0);
	pass(6 * HOUR);
	over(1, FETCH_END_DONE);		/* it recovers by itself */
	ck_assert_int_eq(last_end.failing_since_utc_ms, 0);
	ck_assert_int_eq(last_end.told_at_utc_ms, 0);
	ck_assert_uint_eq(last_end.waiting, 5);
	ck_assert_uint_eq(last_end.waiting_bytes, 500);
}
END_TEST

static struct fetch_health
failing(void)
{
	return (struct fetch_health){ .result = "refused",
	    .server_said = true, .words = "no",
	    .success_at_utc_ms = NOON * 1000 - 30 * (int64_t)HOUR,
	    .ended_at_utc_ms = NOON * 1000 - 10 * (int64_t)MINUTE,
	    .failing_since_utc_ms = NOON * 1000 - 20 * (int64_t)HOUR,
	    .refusals = 2, .waiting = 7, .waiting_bytes = 70,
	    .grant_told = 2 };
}

START_TEST(a_new_start_knows_what_the_last_one_knew)
{
	struct fetch_health health = failing();
	struct schedule_health got;

	make("", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(1, NULL, &health);
	got = health_of(1);
	ck_assert(got.has_ended && got.server_said);
	ck_assert_int_eq(got.end, FETCH_END_REFUSED);
	ck_assert(slice_is_str(got.words, "no"));
	ck_assert_uint_eq(got.failures, 2);
	ck_assert_uint_eq(got.refusals, 2);
	ck_assert_uint_eq(got.waiting, 7);
	ck_assert_int_eq(got.success_at_utc_ms, health.success_at_utc_ms);
	ck_assert_int_eq(got.ended_at_utc_ms, health.ended_at_utc_ms);
	ck_assert_int_eq(got.failing_since_utc_ms,
	    health.failing_since_utc_ms);
	ck_assert_uint_eq(got.grant_told, 2);
	ck_assert(schedule_grant_told(schedule, 1, 3, &got));
	ck_assert_uint_eq(got.grant_told, 3);
	ck_assert_uint_eq(health_of(1).grant_told, 3);
	ck_assert(!schedule_grant_told(schedule, 99, 3, &got));
}
END_TEST

/* Also of one that has not been collected yet. */
START_TEST(a_new_start_knows_what_was_told_of_a_consent)
{
	struct fetch_health health = { .grant_told = 1 };
	struct schedule_health got;

	make("", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(1, NULL, &health);
	got = health_of(1);
	ck_assert(!got.has_ended);
	ck_assert_uint_eq(got.grant_told, 1);
}
END_TEST

/* 60 minutes after the second no; ten of them have passed. */
START_TEST(a_new_start_does_not_try_a_password_sooner)
{
	struct fetch_health health = failing();

	make("", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(1, NULL, &health);
	ck_assert_uint_eq(wait_of(1), 50 * MINUTE);
	pass(49 * MINUTE);
	ck_assert_uint_eq(begun_count, 0);
	pass(MINUTE);
	ck_assert_uint_eq(begun_count, 1);
	over(1, FETCH_END_REFUSED);		/* the third one in a row */
	ck_assert_uint_eq(wait_of(1), 2 * HOUR);
	ck_assert_int_eq(last_end.failing_since_utc_ms,
	    health.failing_since_utc_ms);
}
END_TEST

/* 240 minutes after the fourth no; the line opens after 30. */
START_TEST(when_it_opens_who_fails_waits_on)
{
	struct fetch_health health = failing();

	health.refusals = 4;
	make("daily 12:30-18:00", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(1, NULL, &health);
	pass(30 * MINUTE);
	pass(5 * MINUTE);
	ck_assert_uint_eq(begun_count, 0);
	ck_assert_uint_eq(wait_of(1), (240 - 10 - 35) * MINUTE);
	pass(wait_of(1));
	ck_assert_uint_eq(begun_count, 1);
}
END_TEST

/* HARDENING F52: the wall clock is wrong, either way */
START_TEST(a_new_start_with_a_wrong_clock_waits_no_longer_than_it_must)
{
	static const int64_t jumps[] = {
		-365 * 24 * (int64_t)HOUR, 365 * 24 * (int64_t)HOUR
	};
	struct fetch_health health = failing();

	make("", LINE_RATE_FREE, LINE_BUDGET_FREE);
	utc_ms += jumps[_i];
	clock_set(now_ms, utc_ms);
	tell_all(1, NULL, &health);
	ck_assert_uint_le(wait_of(1), 60 * MINUTE);
}
END_TEST

START_TEST(a_new_start_collects_soon_what_works)
{
	struct fetch_health health = failing();

	health.refusals = 0;
	strcpy(health.result, "done");
	make("", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(1, NULL, &health);
	ck_assert_uint_le(wait_of(1), 2 * MINUTE);
	strcpy(health.result, "no such end");
	make("", LINE_RATE_FREE, LINE_BUDGET_FREE);
	tell_all(1, NULL, &health);
	ck_assert(!health_of(1).has_ended);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/schedule_line");
	TCase *tests = tcase_create("line");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, while_it_is_closed_nothing_begins);
	tcase_add_test(tests, the_postmaster_collects_all_the_same);
	tcase_add_test(tests, people_hear_that_it_is_closed);
	tcase_add_test(tests, at_closing_time_what_runs_is_stopped_once);
	tcase_add_test(tests, at_closing_time_those_who_wait_hear_it);
	tcase_add_test(tests, when_it_opens_who_fails_waits_on);
	tcase_add_test(tests, the_line_says_how_often);
	tcase_add_test(tests, the_mailbox_says_it_better);
	tcase_add_test(tests, the_hand_begins_at_once_and_ends_again);
	tcase_add_test(tests, spent_in_the_middle_it_stops);
	tcase_add_test(tests, the_rate_is_shared_by_those_who_run);
	tcase_add_test(tests, without_a_rate_nobody_is_told_of_shares);
	tcase_add_test(tests, who_reads_mail_has_it_collected);
	tcase_add_test(tests, on_reading_only_where_that_is_wanted_and_open);
	tcase_add_test(tests,
	    who_reads_waits_for_their_own_whoever_had_it_begun);
	tcase_add_test(tests, since_when_it_fails_is_known_until_it_works);
	tcase_add_test(tests, a_new_start_knows_what_the_last_one_knew);
	tcase_add_test(tests, a_new_start_knows_what_was_told_of_a_consent);
	tcase_add_test(tests, a_new_start_does_not_try_a_password_sooner);
	tcase_add_loop_test(tests,
	    a_new_start_with_a_wrong_clock_waits_no_longer_than_it_must, 0, 2);
	tcase_add_test(tests, a_new_start_collects_soon_what_works);
	suite_add_tcase(suite, tests);
	return suite;
}
