/*
 * schedule_people_test.c - what people ask for is first, what they change holds
 */
#include "fetch/diagnosis.h"
#include "tests/unit/fetch/schedule_scene.h"

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

/* One mailbox, number 1, whose settings were changed so often. */
static void
tell_changed(uint64_t changes)
{
	const struct fetch_due due = {
		.id = 1, .owner = 101, .enabled = true, .changes = changes,
		.owner_address = SLICE("ann@example.org"),
		.label = SLICE("work"), .host = SLICE("pop.example.net")
	};

	schedule_list_begin(schedule);
	ck_assert_int_eq(schedule_list_add(schedule, &due), 0);
	schedule_list_end(schedule);
}

START_TEST(what_began_with_other_settings_is_not_what_is_asked_for)
{
	const struct run *before, *after;

	tell_changed(1);
	before = ask(FETCH_COLLECT, "", "", 0);
	tell_changed(2);
	after = ask(FETCH_COLLECT, "", "", 0);
	progress(1, FETCH_STAGE_TAKING, 3);
	ck_assert_uint_eq(run_after(before, 0)->progress.done, 3);
	ck_assert_uint_eq(run_after(after, 0)->progress.done, 0);
	over(1, FETCH_END_REFUSED);
	ck_assert(run_is_over(before));
	ck_assert(!run_is_over(after));
	ck_assert_uint_eq(begun_count, 2);
	over(1, FETCH_END_DONE);
	ck_assert(run_is_over(after));
	ck_assert_uint_eq(begun_count, 2);
}
END_TEST

/* A look at headers serves nobody else, and nothing else serves who wants it. */
START_TEST(a_look_at_headers_is_for_itself)
{
	const enum fetch_task first = _i == 0 ? FETCH_DOCTOR :
	    _i == 1 ? FETCH_COLLECT : FETCH_EVERYTHING;
	const enum fetch_task second = _i == 0 ? FETCH_TRY : FETCH_DOCTOR;
	const struct run *one, *other;

	tell_one(_i > 0);
	one = ask(first, "", "", 0);
	ck_assert_int_eq(begun[0].task, first);
	other = ask(second, "", "", 0);
	over(1, FETCH_END_DONE);
	ck_assert(run_is_over(one));
	ck_assert(!run_is_over(other));
	ck_assert_int_eq(begun[1].task, second);
	over(1, FETCH_END_DONE);
	ck_assert(run_is_over(other));
	/* looked at, it is not collected */
	ck_assert_int_eq(health_of(1).success_at_utc_ms > 0, _i > 0);
}
END_TEST

static const struct run *
look_at(unsigned messages)
{
	const struct schedule_pick pick = { .messages = messages };
	const struct run *run = NULL;

	ck_assert_int_eq(schedule_ask(schedule, FETCH_DOCTOR, &pick, &run), 0);
	return run;
}

/* Who wants to see less has seen it; who wants more is looked for once more. */
START_TEST(a_look_serves_who_wants_no_more_of_it)
{
	const struct run *usual, *fewer, *more;

	tell_one(true);
	usual = look_at(0);
	ck_assert_uint_eq(begun[0].messages, 100);
	fewer = look_at(20);
	more = look_at(700);
	over(1, FETCH_END_DONE);
	ck_assert(run_is_over(usual) && run_is_over(fewer));
	ck_assert(!run_is_over(more));
	ck_assert_uint_eq(begun_count, 2);
	ck_assert_uint_eq(begun[1].messages, 700);
	over(1, FETCH_END_DONE);
	ck_assert(run_is_over(more));
	ask(FETCH_COLLECT, "", "", 0);
	ck_assert_uint_eq(begun[2].messages, 0);
}
END_TEST

START_TEST(what_was_found_is_kept_with_its_run)
{
	struct fetch_outcome outcome = { .end = FETCH_END_DONE };
	TEXT_AUTO rows = TEXT_INIT(256);
	const struct run *run;

	tell_one(true);
	run = ask(FETCH_DOCTOR, "", "", 0);
	diagnosis_pack(&rows, &(struct diagnosis_row){
	    .topic = DIAGNOSIS_MESSAGES, .count = 3, .of = 4 });
	outcome.report = text_slice(&rows);
	schedule_over(schedule, 1, &outcome);
	memset(rows.at, 'x', rows.len);
	ck_assert_int_eq(diagnosis_count(run_after(run, 0)->outcome.report),
	    1);
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
	ask(FETCH_DOCTOR, "ann@example.org", "", -ENOTUNIQ);
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
	tcase_add_test(tc,
	    what_began_with_other_settings_is_not_what_is_asked_for);
	tcase_add_loop_test(tc, a_look_at_headers_is_for_itself, 0, 3);
	tcase_add_test(tc, a_look_serves_who_wants_no_more_of_it);
	tcase_add_test(tc, what_was_found_is_kept_with_its_run);
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
	Suite *suite = suite_create("fetch/schedule people");

	suite_add_tcase(suite, people());
	suite_add_tcase(suite, changes());
	return suite;
}
