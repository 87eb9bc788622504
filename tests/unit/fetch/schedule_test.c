/*
 * schedule_test.c - every mailbox has its turn, and no provider is hammered
 *
 * One scene, a schedule whose tasks end when the test says so, serves the clock,
 * the limits, the failures and the people: that is why this is one thing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/schedule.h"
#include "tests/unit/unit.h"

#define MINUTE		60000u
#define MINUTES		10u		/* between two looks */
#define UTC		1750000000000	/* when the tests begin */
#define MOST		2000		/* tasks a test looks at */

struct begun {
	uint64_t	id, owner, at_ms;
	enum fetch_task	task;
};

static struct loop *loop;
static struct schedule *schedule;
static uint64_t now_ms;
static struct begun begun[MOST];
static unsigned begun_count, moved_count, ended_count;
static int begin_status;
static struct schedule_health last_end;

static int
begin(void *arg, uint64_t id, uint64_t owner, enum fetch_task task)
{
	(void)arg;
	if (begin_status < 0)
		return begin_status;
	ck_assert_uint_lt(begun_count, MOST);
	begun[begun_count++] = (struct begun){ id, owner, now_ms, task };
	return 0;
}

static void
moved(void *arg)
{
	(void)arg;
	moved_count++;
}

static void
ended(void *arg, const struct schedule_health *health, unsigned failed_before)
{
	(void)arg;
	(void)failed_before;
	ended_count++;
	last_end = *health;
}

static void
set_clock(uint64_t ms)
{
	now_ms = ms;
	clock_set(ms, UTC + (int64_t)ms);
}

/* The clock goes on by `ms`, and whoever is due begins. */
static void
pass(uint64_t ms)
{
	set_clock(now_ms + ms);
	schedule_tick(schedule);
}

static void
make(unsigned connections, unsigned per_host)
{
	const struct schedule_options options = {
		.minutes = MINUTES, .connections = connections,
		.per_host = per_host
	};
	const struct schedule_ports ports = {
		.begin = begin, .moved = moved, .ended = ended
	};

	schedule_free(schedule);
	schedule = schedule_new(loop, &options, &ports);
	ck_assert_ptr_nonnull(schedule);
}

static void
setup(void)
{
	begun_count = moved_count = ended_count = 0;
	begin_status = 0;
	memset(begun, 0, sizeof(begun));
	set_clock(5000000);
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	make(100, 100);
}

static void
teardown(void)
{
	schedule_free(schedule);
	schedule = NULL;
	loop_free(loop);
}

static void
add(uint64_t id, const char *address, const char *label, const char *host,
    bool enabled)
{
	const struct fetch_due due = {
		.id = id, .owner = 100 + id, .enabled = enabled,
		.owner_address = slice_str(address),
		.label = slice_str(label), .host = slice_str(host)
	};

	ck_assert_int_eq(schedule_list_add(schedule, &due), 0);
}

/* One mailbox, number 1. */
static void
tell_one(bool enabled)
{
	schedule_list_begin(schedule);
	add(1, "ann@example.org", "work", "pop.example.net", enabled);
	schedule_list_end(schedule);
}

/* `count` of them, numbers 1 on, at one host each or all at the same. */
static void
tell_many(unsigned count, bool one_host)
{
	char host[64];

	schedule_list_begin(schedule);
	for (unsigned i = 1; i <= count; i++) {
		snprintf(host, sizeof(host), "pop%u.example.net",
		    one_host ? 0 : i);
		add(i, "ann@example.org", "work", host, true);
	}
	schedule_list_end(schedule);
}

static void
over(uint64_t id, enum fetch_end end)
{
	const struct fetch_outcome outcome = {
		.end = end, .taken = 7, .words = SLICE("so it says")
	};

	schedule_over(schedule, id, &outcome);
}

static void
progress(uint64_t id, enum fetch_stage stage, uint64_t done)
{
	const struct fetch_progress p = { .stage = stage, .done = done };

	schedule_progress(schedule, id, &p);
}

static bool
keep(void *arg, const struct schedule_health *health)
{
	struct schedule_health *kept = arg;

	*kept = *health;
	return true;
}

static struct schedule_health
health_of(uint64_t id)
{
	const struct schedule_pick all = { .address = { NULL, 0 } };
	struct schedule_health health = { 0 };

	schedule_each(schedule, &all, id - 1, keep, &health);
	return health;
}

/* The last one of all mailboxes: with one of them, it. */
static uint64_t
wait_of(uint64_t id)
{
	return (uint64_t)(health_of(id).next_at_utc_ms - clock_utc_ms());
}

static const struct run *
ask(enum fetch_task task, const char *address, const char *label, int want)
{
	const struct schedule_pick pick = {
		.address = slice_str(address), .label = slice_str(label)
	};
	const struct run *run = NULL;

	ck_assert_int_eq(schedule_ask(schedule, task, &pick, &run), want);
	ck_assert((run != NULL) == (want == 0));
	return run;
}

/* The clock */

START_TEST(the_first_time_comes_soon)
{
	tell_one(true);
	ck_assert_uint_eq(begun_count, 0);
	pass(1999);
	ck_assert_uint_eq(begun_count, 0);
	pass(MINUTE + 1);
	ck_assert_uint_eq(begun_count, 1);
	ck_assert_uint_eq(begun[0].id, 1);
	ck_assert_uint_eq(begun[0].owner, 101);
	ck_assert_int_eq(begun[0].task, FETCH_COLLECT);
}
END_TEST

START_TEST(not_all_begin_at_the_same_instant)
{
	unsigned most = 0, seconds = 0;

	make(1000, 1000);
	tell_many(600, true);
	for (; seconds < 62; seconds++) {
		unsigned before = begun_count;

		pass(1000);
		if (begun_count - before > most)
			most = begun_count - before;
	}
	ck_assert_uint_eq(begun_count, 600);
	ck_assert_uint_lt(most, 40);	/* 10 a second, on the average */
}
END_TEST

START_TEST(it_comes_again_after_the_usual_time)
{
	tell_one(true);
	for (unsigned i = 0; i < 5; i++) {
		pass(i == 0 ? 2 * MINUTE : wait_of(1));
		ck_assert_uint_eq(begun_count, i + 1);
		pass(3 * MINUTE);		/* it takes its time */
		over(1, FETCH_END_DONE);
		ck_assert_uint_ge(wait_of(1), MINUTES * MINUTE * 95 / 100);
		ck_assert_uint_lt(wait_of(1), MINUTES * MINUTE * 105 / 100);
		pass(wait_of(1) - 1);
		ck_assert_uint_eq(begun_count, i + 1);
	}
}
END_TEST

START_TEST(it_never_runs_twice_at_a_time)
{
	tell_one(true);
	for (unsigned i = 0; i < 100; i++)
		pass(MINUTE);
	ck_assert_uint_eq(begun_count, 1);
	ask(FETCH_COLLECT, "", "", 0);
	ask(FETCH_TRY, "", "", 0);
	ck_assert_uint_eq(begun_count, 1);
}
END_TEST

START_TEST(what_is_switched_off_does_not_run)
{
	tell_one(false);
	pass(120 * MINUTE);
	ck_assert_uint_eq(begun_count, 0);
	ck_assert_int_eq(health_of(1).next_at_utc_ms, 0);
	tell_one(true);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 1);
}
END_TEST

START_TEST(what_is_unsaid_waits_until_something_has_changed)
{
	tell_one(true);
	pass(2 * MINUTE);
	over(1, FETCH_END_UNSAID);
	ck_assert_int_eq(health_of(1).next_at_utc_ms, 0);
	ck_assert_uint_eq(health_of(1).failures, 0);
	pass(24 * 60 * MINUTE);
	ck_assert_uint_eq(begun_count, 1);
	tell_one(true);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 2);
}
END_TEST

/* Limits */

START_TEST(a_host_has_so_many_at_a_time)
{
	make(100, 3);
	tell_many(10, true);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 3);
	for (unsigned i = 0; i < 7; i++) {
		over(begun[i].id, FETCH_END_DONE);
		ck_assert_uint_eq(begun_count, i + 4);
	}
}
END_TEST

START_TEST(one_name_in_any_letters_is_one_host)
{
	make(100, 1);
	schedule_list_begin(schedule);
	add(1, "ann@example.org", "a", "pop.example.net", true);
	add(2, "ann@example.org", "b", "POP.Example.NET", true);
	add(3, "ann@example.org", "c", "pop.example.net.", true);
	add(4, "ann@example.org", "d", "pop.example.org", true);
	schedule_list_end(schedule);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 2);
}
END_TEST

START_TEST(all_hosts_together_have_so_many_at_a_time)
{
	make(4, 100);
	tell_many(10, false);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 4);
	over(begun[2].id, FETCH_END_CLOSED);
	ck_assert_uint_eq(begun_count, 5);
}
END_TEST

START_TEST(who_came_first_begins_first)
{
	unsigned char seen[31] = { 0 };

	make(1, 1);
	tell_many(30, true);
	for (unsigned i = 0; i < 70; i++)
		pass(1000);
	/* as they became due: nobody runs again before everybody ran */
	for (unsigned i = 0; i < 30; i++) {
		ck_assert_uint_eq(begun_count, i + 1);
		ck_assert_uint_eq(seen[begun[i].id]++, 0);
		pass(20 * MINUTE);
		over(begun[i].id, FETCH_END_DONE);
	}
	/* and so again, but for the one that has just been */
	for (unsigned i = 0; i < 29; i++) {
		ck_assert_uint_eq(begun_count, 31 + i);
		ck_assert_uint_eq(begun[30 + i].id, begun[i].id);
		over(begun[30 + i].id, FETCH_END_DONE);
		pass(1);
	}
}
END_TEST

START_TEST(who_came_first_begins_first_whatever_the_host)
{
	static const uint64_t order[] = { 4, 2, 5, 1, 3 };
	char label[8];

	make(1, 1);
	schedule_list_begin(schedule);
	for (unsigned i = 1; i <= 5; i++) {
		char host[64];

		snprintf(label, sizeof(label), "l%u", i);
		snprintf(host, sizeof(host), "pop%u.example.net", i);
		add(i, "ann@example.org", label, host, true);
	}
	schedule_list_end(schedule);
	for (unsigned i = 0; i < 5; i++) {
		snprintf(label, sizeof(label), "l%u", (unsigned)order[i]);
		ask(FETCH_COLLECT, "", label, 0);
	}
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_uint_eq(begun_count, i + 1);
		ck_assert_uint_eq(begun[i].id, order[i]);
		over(order[i], FETCH_END_DONE);
	}
}
END_TEST

START_TEST(a_full_host_holds_up_no_other)
{
	make(100, 1);
	schedule_list_begin(schedule);
	for (unsigned i = 1; i <= 20; i++)
		add(i, "ann@example.org", "a", "slow.example.net", true);
	add(21, "ann@example.org", "b", "quick.example.net", true);
	schedule_list_end(schedule);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 2);
	for (unsigned i = 0; i < 10; i++) {
		over(21, FETCH_END_DONE);
		pass(wait_of(21));
		ck_assert_uint_eq(begun_count, 3 + i);
		ck_assert_uint_eq(begun[2 + i].id, 21);
	}
}
END_TEST

START_TEST(a_thousand_mailboxes_all_have_their_turn)
{
	static unsigned char runs[1001];
	unsigned done = 0;

	memset(runs, 0, sizeof(runs));
	make(8, 2);
	schedule_list_begin(schedule);
	for (unsigned i = 1; i <= 1000; i++) {
		char host[64];

		snprintf(host, sizeof(host), "pop%u.example.net", i % 7);
		add(i, "ann@example.org", "work", host, true);
	}
	schedule_list_end(schedule);
	while (done < 1000) {
		unsigned upto = begun_count;

		ck_assert_uint_le(begun_count - done, 8);
		while (done < upto) {
			runs[begun[done].id]++;
			over(begun[done++].id, FETCH_END_DONE);
		}
		pass(500);
		ck_assert_uint_lt(now_ms, 5000000 + 5 * MINUTE);
	}
	for (unsigned i = 1; i <= 1000; i++)
		ck_assert_uint_eq(runs[i], 1);
}
END_TEST

/* Failures */

static const struct {
	enum fetch_end	end;
	unsigned	minutes[10];	/* after the first, second, ... one */
} back_offs[] = {
	{ FETCH_END_UNREACHABLE, { 1, 2, 4, 8, 16, 32, 60, 60, 60, 60 } },
	{ FETCH_END_TIMED_OUT,	 { 1, 2, 4, 8, 16, 32, 60, 60, 60, 60 } },
	{ FETCH_END_NO_TLS,	 { 1, 2, 4, 8, 16, 32, 60, 60, 60, 60 } },
	{ FETCH_END_TLS,	 { 1, 2, 4, 8, 16, 32, 60, 60, 60, 60 } },
	{ FETCH_END_DISTRUSTED,	 { 1, 2, 4, 8, 16, 32, 60, 60, 60, 60 } },
	{ FETCH_END_MECHANISM,	 { 1, 2, 4, 8, 16, 32, 60, 60, 60, 60 } },
	{ FETCH_END_NONSENSE,	 { 1, 2, 4, 8, 16, 32, 60, 60, 60, 60 } },
	{ FETCH_END_CLOSED,	 { 1, 2, 4, 8, 16, 32, 60, 60, 60, 60 } },
	{ FETCH_END_LOCAL,	 { 1, 2, 4, 8, 16, 32, 60, 60, 60, 60 } },
	{ FETCH_END_REFUSED, { 30, 60, 120, 240, 360, 360, 360, 360, 360, 360 } },
	{ FETCH_END_BUSY,	 { 2, 4, 8, 16, 30, 30, 30, 30, 30, 30 } },
	{ FETCH_END_PAUSED,	 { 1, 2, 4, 8, 10, 10, 10, 10, 10, 10 } },
};

/* HARDENING F05: back-off, no lockout by hammering */
START_TEST(a_failure_waits_longer_and_longer)
{
	bool is_failure = back_offs[_i].end != FETCH_END_PAUSED;

	tell_one(true);
	pass(2 * MINUTE);
	for (unsigned i = 0; i < 10; i++) {
		ck_assert_uint_eq(begun_count, i + 1);
		over(1, back_offs[_i].end);
		ck_assert_uint_eq(health_of(1).failures,
		    is_failure ? i + 1 : 0);
		ck_assert_uint_eq(wait_of(1),
		    back_offs[_i].minutes[i] * MINUTE);
		pass(wait_of(1) - 1);
		ck_assert_uint_eq(begun_count, i + 1);
		pass(1);
	}
	over(1, FETCH_END_DONE);
	ck_assert_uint_eq(health_of(1).failures, 0);
	pass(wait_of(1));
	over(1, back_offs[_i].end);
	ck_assert_uint_eq(wait_of(1), back_offs[_i].minutes[0] * MINUTE);
}
END_TEST

START_TEST(other_failures_do_not_make_a_wrong_password_quick_again)
{
	tell_one(true);
	pass(2 * MINUTE);
	over(1, FETCH_END_REFUSED);
	pass(wait_of(1));
	over(1, FETCH_END_UNREACHABLE);
	ck_assert_uint_eq(wait_of(1), MINUTE);
	pass(wait_of(1));
	over(1, FETCH_END_REFUSED);
	ck_assert_uint_eq(wait_of(1), 60 * MINUTE);
	ck_assert_uint_eq(health_of(1).failures, 3);
}
END_TEST

START_TEST(changed_settings_are_worth_another_try)
{
	struct fetch_due due = {
		.id = 1, .owner = 101, .enabled = true, .changes = 1,
		.owner_address = SLICE("ann@example.org"),
		.label = SLICE("work"), .host = SLICE("pop.example.net")
	};

	tell_one(true);
	pass(2 * MINUTE);
	over(1, FETCH_END_REFUSED);
	tell_one(true);			/* as it was */
	ck_assert_uint_ge(wait_of(1), 29 * MINUTE);
	schedule_list_begin(schedule);
	ck_assert_int_eq(schedule_list_add(schedule, &due), 0);
	schedule_list_end(schedule);
	ck_assert_uint_le(wait_of(1), 2 * MINUTE);
	ck_assert_uint_eq(health_of(1).failures, 0);
}
END_TEST

START_TEST(a_process_that_was_leaving_is_no_failure)
{
	tell_one(true);
	pass(2 * MINUTE);
	schedule_lost(schedule, 1);
	ck_assert_uint_eq(begun_count, 2);
	ck_assert_uint_eq(ended_count, 0);
	schedule_lost(schedule, 1);	/* twice is one */
	ck_assert_uint_eq(begun_count, 2);
	ck_assert_int_eq(health_of(1).end, FETCH_END_LOCAL);
	ck_assert_uint_eq(wait_of(1), MINUTE);
	pass(MINUTE);
	progress(1, FETCH_STAGE_CONNECTING, 0);
	schedule_lost(schedule, 1);	/* it died at its work */
	ck_assert_uint_eq(begun_count, 3);
	ck_assert_uint_eq(wait_of(1), 2 * MINUTE);
}
END_TEST

START_TEST(a_task_that_cannot_begin_is_tried_again)
{
	tell_many(50, true);
	begin_status = -ENOMEM;
	pass(2 * MINUTE);
	ck_assert_uint_eq(ended_count, 50);
	ck_assert_int_eq(last_end.end, FETCH_END_LOCAL);
	begin_status = 0;
	pass(MINUTE);
	ck_assert_uint_eq(begun_count, 50);
}
END_TEST

START_TEST(a_failed_test_counts_and_a_good_one_mends)
{
	tell_one(true);
	pass(2 * MINUTE);
	over(1, FETCH_END_REFUSED);
	ask(FETCH_TRY, "", "", 0);
	over(1, FETCH_END_REFUSED);
	ck_assert_uint_eq(wait_of(1), 60 * MINUTE);
	ask(FETCH_TRY, "", "", 0);
	over(1, FETCH_END_DONE);
	ck_assert_uint_eq(health_of(1).failures, 0);
	ck_assert_int_eq(health_of(1).success_at_utc_ms, 0);
	pass(1000);
	ck_assert_uint_eq(begun_count, 4);
	ck_assert_int_eq(begun[3].task, FETCH_COLLECT);
}
END_TEST

/* People */

START_TEST(now_runs_at_once_whatever_the_clock_says)
{
	const struct run *run;

	tell_one(true);
	run = ask(FETCH_COLLECT, "", "", 0);
	ck_assert_uint_eq(begun_count, 1);
	ck_assert(!run_is_over(run));
	over(1, FETCH_END_REFUSED);
	ck_assert(run_is_over(run));
	ask(FETCH_COLLECT, "ANN@example.org", "work", 0);
	ck_assert_uint_eq(begun_count, 2);
	over(1, FETCH_END_DONE);
	ck_assert_uint_ge(wait_of(1), MINUTES * MINUTE * 95 / 100);
}
END_TEST

START_TEST(now_keeps_to_the_limits_but_goes_first)
{
	make(100, 1);
	schedule_list_begin(schedule);
	for (unsigned i = 1; i <= 5; i++)
		add(i, i == 5 ? "bob@example.org" : "ann@example.org",
		    "work", "pop.example.net", true);
	schedule_list_end(schedule);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 1);
	ck_assert_uint_ne(begun[0].id, 5);
	ask(FETCH_COLLECT, "bob@example.org", "", 0);
	ck_assert_uint_eq(begun_count, 1);
	over(begun[0].id, FETCH_END_DONE);
	ck_assert_uint_eq(begun_count, 2);
	ck_assert_uint_eq(begun[1].id, 5);
}
END_TEST

START_TEST(what_is_under_way_is_reported)
{
	const struct run *run;
	const struct run_account *account;

	tell_one(true);
	pass(2 * MINUTE);
	progress(1, FETCH_STAGE_TAKING, 41);
	run = ask(FETCH_COLLECT, "", "", 0);
	account = run_after(run, 0);
	ck_assert_int_eq(account->progress.stage, FETCH_STAGE_TAKING);
	ck_assert_uint_eq(account->progress.done, 41);
	over(1, FETCH_END_DONE);
	ck_assert_uint_eq(begun_count, 1);
	ck_assert(run_is_over(run));
	ck_assert_uint_eq(account->outcome.taken, 7);
	ck_assert(slice_is_str(account->outcome.words, "so it says"));
}
END_TEST

START_TEST(a_test_under_way_is_no_collection)
{
	const struct run *test, *now;

	tell_one(true);
	test = ask(FETCH_TRY, "", "", 0);
	ck_assert_int_eq(begun[0].task, FETCH_TRY);
	now = ask(FETCH_COLLECT, "", "", 0);
	progress(1, FETCH_STAGE_LISTING, 0);
	ck_assert_int_eq(run_after(now, 0)->progress.stage,
	    FETCH_STAGE_WAITING);
	over(1, FETCH_END_DONE);
	ck_assert(run_is_over(test));
	ck_assert(!run_is_over(now));
	ck_assert_uint_eq(begun_count, 2);
	ck_assert_int_eq(begun[1].task, FETCH_COLLECT);
	over(1, FETCH_END_DONE);
	ck_assert(run_is_over(now));
}
END_TEST

START_TEST(who_asks_for_what_is_not_there_is_told)
{
	schedule_list_begin(schedule);
	add(1, "ann@example.org", "work", "pop.example.net", true);
	add(2, "ann@example.org", "home", "pop.example.net", false);
	add(3, "bob@example.org", "work", "pop.example.net", false);
	schedule_list_end(schedule);
	ask(FETCH_COLLECT, "zoe@example.org", "", -ENOENT);
	ask(FETCH_COLLECT, "ann@example.org", "Work", -ENOENT);
	ask(FETCH_COLLECT, "ann@example.org", "home", -EPERM);
	ask(FETCH_COLLECT, "bob@example.org", "", -EPERM);
	ask(FETCH_TRY, "ann@example.org", "", -ENOTUNIQ);
	ck_assert_uint_eq(begun_count, 0);
	ask(FETCH_TRY, "ann@example.org", "home", 0);
	ck_assert_uint_eq(begun[0].id, 2);
	ck_assert_uint_eq(run_size(ask(FETCH_COLLECT, "", "", 0)), 1);
	ck_assert_uint_eq(begun[1].id, 1);
}
END_TEST

START_TEST(each_change_of_a_run_has_the_next_number)
{
	const struct run_account *account;
	const struct run *run;

	tell_many(3, false);
	run = ask(FETCH_COLLECT, "", "", 0);
	account = run_after(run, 0);
	for (uint64_t i = 1; i <= 3; i++) {
		ck_assert_uint_eq(account->id, i);
		ck_assert_uint_eq(account->state_number, i);
		account = TAILQ_NEXT(account, next);
	}
	ck_assert_ptr_null(account);
	ck_assert_ptr_null(run_after(run, 3));
	moved_count = 0;
	progress(2, FETCH_STAGE_TAKING, 5);
	ck_assert_uint_eq(moved_count, 1);
	account = run_after(run, 3);
	ck_assert_uint_eq(account->id, 2);
	ck_assert_uint_eq(account->state_number, 4);
	ck_assert_ptr_null(TAILQ_NEXT(account, next));
	ck_assert_ptr_null(run_after(run, 4));
	/* only its outcome ends it */
	progress(2, FETCH_STAGE_OVER, 5);
	ck_assert_ptr_null(run_after(run, 4));
}
END_TEST

START_TEST(a_run_is_kept_for_a_while)
{
	const struct run *run;
	uint64_t number;

	tell_one(true);
	run = ask(FETCH_COLLECT, "", "", 0);
	number = run_number(run);
	pass(60 * MINUTE);
	ck_assert_ptr_eq(schedule_run(schedule, number), run);
	over(1, FETCH_END_DONE);
	pass(RUN_KEPT_MS - 1);
	ck_assert_ptr_eq(schedule_run(schedule, number), run);
	pass(1);
	ck_assert_ptr_null(schedule_run(schedule, number));
	ck_assert_uint_gt(run_number(ask(FETCH_TRY, "", "", 0)), number);
}
END_TEST

START_TEST(there_are_so_many_runs_and_no_more)
{
	uint64_t first = 0;

	tell_one(true);
	for (unsigned i = 0; i < RUNS_MOST; i++) {
		const struct run *run = ask(FETCH_COLLECT, "", "", 0);

		if (i == 0)
			first = run_number(run);
	}
	ask(FETCH_COLLECT, "", "", -EAGAIN);
	over(1, FETCH_END_DONE);
	ck_assert_ptr_nonnull(schedule_run(schedule, first));
	ask(FETCH_COLLECT, "", "", 0);
	ck_assert_ptr_null(schedule_run(schedule, first));
	ck_assert_ptr_nonnull(schedule_run(schedule, first + 1));
}
END_TEST

/* Changes */

START_TEST(what_is_removed_is_forgotten_when_it_is_over)
{
	const struct run *run;

	tell_many(3, true);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 3);
	run = ask(FETCH_COLLECT, "", "", 0);
	tell_many(2, true);
	ck_assert_uint_eq(health_of(3).id, 0);
	ck_assert(!run_is_over(run));
	over(3, FETCH_END_DONE);
	over(1, FETCH_END_DONE);
	over(2, FETCH_END_DONE);
	ck_assert(run_is_over(run));
	pass(60 * MINUTE);
	ck_assert_uint_eq(begun_count, 5);
	over(3, FETCH_END_DONE);	/* nobody knows it any more */
	ck_assert_uint_eq(ended_count, 3);
}
END_TEST

START_TEST(what_is_removed_in_line_ends_its_run)
{
	const struct run_account *account;
	const struct run *run;

	make(100, 1);
	tell_many(3, true);
	run = ask(FETCH_COLLECT, "", "", 0);
	ck_assert_uint_eq(begun[0].id, 1);
	tell_many(1, true);
	for (account = run_after(run, 3); account != NULL;
	    account = TAILQ_NEXT(account, next)) {
		ck_assert_int_eq(account->progress.stage, FETCH_STAGE_OVER);
		ck_assert_int_eq(account->outcome.end, FETCH_END_LOCAL);
	}
	over(1, FETCH_END_DONE);
	ck_assert(run_is_over(run));
	ck_assert_uint_eq(begun_count, 1);
}
END_TEST

START_TEST(what_is_switched_off_in_line_does_not_begin)
{
	make(100, 1);
	tell_many(2, true);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 1);
	schedule_list_begin(schedule);
	for (uint64_t id = 1; id <= 2; id++)
		add(id, "ann@example.org", "work", "pop0.example.net",
		    id == begun[0].id);
	schedule_list_end(schedule);
	over(begun[0].id, FETCH_END_DONE);
	ck_assert_uint_eq(begun_count, 1);
}
END_TEST

START_TEST(a_mailbox_that_moves_takes_its_room_along)
{
	make(100, 1);
	tell_many(3, true);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 1);
	/* all but the one that runs go elsewhere: one of them may begin */
	schedule_list_begin(schedule);
	for (uint64_t id = 1; id <= 3; id++)
		add(id, "ann@example.org", "work", id == begun[0].id ?
		    "pop0.example.net" : "new.example.net", true);
	schedule_list_end(schedule);
	ck_assert_uint_eq(begun_count, 2);
	/* the runner goes there too: its room was at the old host */
	tell_many(3, false);
	ck_assert_uint_eq(begun_count, 3);
	for (unsigned i = 0; i < 3; i++)
		over(begun[i].id, FETCH_END_DONE);
	ck_assert_uint_eq(ended_count, 3);
	/* and every room has been given back where it was taken */
	ask(FETCH_COLLECT, "", "", 0);
	ck_assert_uint_eq(begun_count, 6);
}
END_TEST

START_TEST(a_listing_that_breaks_off_forgets_nothing)
{
	ck_assert(!schedule_is_told(schedule));
	tell_many(3, true);
	ck_assert(schedule_is_told(schedule));
	schedule_list_begin(schedule);
	add(1, "ann@example.org", "work", "pop0.example.net", true);
	pass(2 * MINUTE);
	ck_assert_uint_eq(begun_count, 3);
	tell_many(3, true);
	ck_assert_uint_eq(health_of(3).id, 3);
}
END_TEST

START_TEST(health_says_how_it_was)
{
	struct schedule_health health;

	tell_one(true);
	health = health_of(1);
	ck_assert(!health.has_ended);
	ck_assert_int_eq(health.ended_at_utc_ms, 0);
	pass(2 * MINUTE);
	over(1, FETCH_END_DONE);
	pass(wait_of(1));
	over(1, FETCH_END_CLOSED);
	health = health_of(1);
	ck_assert(health.has_ended);
	ck_assert_int_eq(health.end, FETCH_END_CLOSED);
	ck_assert(slice_is_str(health.words, "so it says"));
	ck_assert_int_eq(health.ended_at_utc_ms, clock_utc_ms());
	ck_assert_int_gt(health.success_at_utc_ms, UTC);
	ck_assert_int_lt(health.success_at_utc_ms, clock_utc_ms());
	ck_assert_int_eq(health.next_at_utc_ms, clock_utc_ms() + MINUTE);
	ck_assert_uint_eq(health.failures, 1);
	ck_assert(slice_is_str(health.label, "work"));
}
END_TEST

/* In order of number, whatever order they came in. */
static bool
grows(void *arg, const struct schedule_health *health)
{
	uint64_t *last = arg;

	ck_assert_uint_gt(health->id, *last);
	*last = health->id;
	return health->id != 7;
}

START_TEST(health_comes_in_order_and_stops_when_told)
{
	const struct schedule_pick ann = {
		.address = SLICE("ann@example.org")
	};
	uint64_t last = 3;

	schedule_list_begin(schedule);
	for (uint64_t id = 9; id >= 1; id--)
		add(id, "ann@example.org", "work", "pop.example.net", true);
	schedule_list_end(schedule);
	schedule_each(schedule, &ann, last, grows, &last);
	ck_assert_uint_eq(last, 7);
}
END_TEST

static TCase *
people(void)
{
	TCase *tc = tcase_create("people");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, now_runs_at_once_whatever_the_clock_says);
	tcase_add_test(tc, now_keeps_to_the_limits_but_goes_first);
	tcase_add_test(tc, what_is_under_way_is_reported);
	tcase_add_test(tc, a_test_under_way_is_no_collection);
	tcase_add_test(tc, who_asks_for_what_is_not_there_is_told);
	tcase_add_test(tc, each_change_of_a_run_has_the_next_number);
	tcase_add_test(tc, a_run_is_kept_for_a_while);
	tcase_add_test(tc, there_are_so_many_runs_and_no_more);
	return tc;
}

static TCase *
changes(void)
{
	TCase *tc = tcase_create("changes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_is_removed_is_forgotten_when_it_is_over);
	tcase_add_test(tc, what_is_removed_in_line_ends_its_run);
	tcase_add_test(tc, what_is_switched_off_in_line_does_not_begin);
	tcase_add_test(tc, a_mailbox_that_moves_takes_its_room_along);
	tcase_add_test(tc, a_listing_that_breaks_off_forgets_nothing);
	tcase_add_test(tc, health_says_how_it_was);
	tcase_add_test(tc, health_comes_in_order_and_stops_when_told);
	return tc;
}

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/schedule");
	TCase *tc = tcase_create("clock");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_first_time_comes_soon);
	tcase_add_test(tc, not_all_begin_at_the_same_instant);
	tcase_add_test(tc, it_comes_again_after_the_usual_time);
	tcase_add_test(tc, it_never_runs_twice_at_a_time);
	tcase_add_test(tc, what_is_switched_off_does_not_run);
	tcase_add_test(tc, what_is_unsaid_waits_until_something_has_changed);
	tcase_add_test(tc, a_host_has_so_many_at_a_time);
	tcase_add_test(tc, one_name_in_any_letters_is_one_host);
	tcase_add_test(tc, all_hosts_together_have_so_many_at_a_time);
	tcase_add_test(tc, who_came_first_begins_first);
	tcase_add_test(tc, who_came_first_begins_first_whatever_the_host);
	tcase_add_test(tc, a_full_host_holds_up_no_other);
	tcase_add_test(tc, a_thousand_mailboxes_all_have_their_turn);
	tcase_add_loop_test(tc, a_failure_waits_longer_and_longer, 0,
	    (int)(sizeof(back_offs) / sizeof(back_offs[0])));
	tcase_add_test(tc, other_failures_do_not_make_a_wrong_password_quick_again);
	tcase_add_test(tc, changed_settings_are_worth_another_try);
	tcase_add_test(tc, a_process_that_was_leaving_is_no_failure);
	tcase_add_test(tc, a_task_that_cannot_begin_is_tried_again);
	tcase_add_test(tc, a_failed_test_counts_and_a_good_one_mends);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, people());
	suite_add_tcase(suite, changes());
	return suite;
}
