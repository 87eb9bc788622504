/*
 * schedule_test.c - every mailbox has its turn, and no provider is hammered
 */
#include "tests/unit/fetch/schedule_scene.h"

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
	tcase_add_test(tc,
	    other_failures_do_not_make_a_wrong_password_quick_again);
	tcase_add_test(tc, changed_settings_are_worth_another_try);
	tcase_add_test(tc, a_process_that_was_leaving_is_no_failure);
	tcase_add_test(tc, a_task_that_cannot_begin_is_tried_again);
	tcase_add_test(tc, a_failed_test_counts_and_a_good_one_mends);
	suite_add_tcase(suite, tc);
	return suite;
}
