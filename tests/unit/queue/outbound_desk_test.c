/*
 * outbound_desk_test.c - what the postmaster does with mail that waits to leave
 */
#include <errno.h>

#include "queue/outbound_desk.h"
#include "tests/unit/queue/outbound_stage.h"

/* The id of submission `n`. */
static struct message_id
id_of(size_t n)
{
	return stage_call(&stage, STAGE_JUDGE, n)->id;
}

static struct desk_done
act_on(enum desk_act act, const struct desk_which *which, const char *via)
{
	struct desk_place place = { .address = "" };
	struct desk_done done;

	ck_assert_int_eq(conductor_desk_act(stage.conductor, act,
	    slice_str("postmaster"), which, slice_str(via), &place, &done), 0);
	stage_run(&stage, 1);
	return done;
}

static struct desk_done
act(enum desk_act act, size_t n)
{
	const struct desk_which which = { .has_id = true, .id = id_of(n) };

	return act_on(act, &which, "");
}

static struct desk_done
act_domain(enum desk_act act, const char *domain, const char *via)
{
	const struct desk_which which = { .domain = slice_str(domain) };

	return act_on(act, &which, via);
}

static uint64_t
all_rows(void)
{
	return rows_in(OUTBOUND_WAITING) + rows_in(OUTBOUND_HELD) +
	    rows_in(OUTBOUND_FAILED);
}

START_TEST(what_is_held_waits_until_it_is_released)
{
	submit_one("zoe@far.test");
	submit_one("bob@near.test");
	ck_assert_uint_eq(act(DESK_HOLD, 0).changed, 1);
	ck_assert_uint_eq(rows_in(OUTBOUND_HELD), 1);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 0)->words,
	    "near.test bob@near.test");
	answer(0, RELAY_DONE, 250, true);
	/* it is held by the next life, too */
	stage_close(&stage);
	stage_open(&stage);
	set_clock(DAY_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(act(DESK_HOLD, 0).changed, 0);
	ck_assert_uint_eq(act(DESK_RELEASE, 0).changed, 1);
	ck_assert_uint_eq(tries(), 2);
	answer(1, RELAY_DONE, 250, true);
	ck_assert_uint_eq(all_rows(), 0);
	ck_assert_uint_eq(kept_files(), 0);
}
END_TEST

/* Its job in memory is one, whatever is done with it, and how often. */
START_TEST(it_goes_once_however_often_it_is_held_and_released)
{
	submit_one("zoe@far.test");
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(act(DESK_HOLD, 0).changed, 1);
		ck_assert_uint_eq(act(DESK_RELEASE, 0).changed, 1);
		ck_assert_uint_eq(act(DESK_RETRY, 0).changed, 1);
	}
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	/* under way it is not begun again, either */
	ck_assert_uint_eq(act(DESK_HOLD, 0).sending, 1);
	ck_assert_uint_eq(act(DESK_RELEASE, 0).sending, 1);
	ck_assert_uint_eq(act(DESK_RETRY, 0).sending, 1);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	answer(0, RELAY_LATER, 450, true);
	stage_run(&stage, 1);
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
	set_clock(5 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	answer(1, RELAY_DONE, 250, true);
	ck_assert_uint_eq(all_rows(), 0);
}
END_TEST

START_TEST(a_retry_is_made_at_once_and_ends_the_pause_of_a_destination)
{
	for (unsigned i = 0; i < 3; i++)
		submit_one("zoe@far.test");
	submit_one("bob@other.test");
	relay_up();
	for (size_t n = 0; n < tries(); n++)
		answer(n, RELAY_LATER, 0, false);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 4);
	relay_up();
	ck_assert_uint_eq(tries(), 3);	/* two share one's fate */
	ck_assert_uint_eq(act(DESK_RETRY, 1).changed, 1);
	ck_assert_uint_eq(tries(), 4);
	answer(3, RELAY_DONE, 250, true);
	ck_assert_uint_eq(act_domain(DESK_RETRY, "far.test", "").changed, 2);
	ck_assert_uint_eq(tries(), 6);
	ck_assert_uint_eq(act_domain(DESK_RETRY, "", "").changed, 3);
	ck_assert_uint_eq(tries(), 7);
}
END_TEST

/* A hold in the middle of a try: the host has it, or it is held. */
START_TEST(a_hold_during_a_try_stands_unless_a_host_has_it)
{
	submit_one("zoe@far.test");
	submit_one("bob@other.test");
	submit_one("cat@third.test");
	relay_up();
	ck_assert_uint_eq(tries(), 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_uint_eq(act(DESK_HOLD, i).sending, 1);
	answer(0, RELAY_DONE, 250, true);
	answer(1, RELAY_LATER, 450, true);
	answer(2, RELAY_FAILED, 550, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_HELD), 2);
	ck_assert_uint_eq(all_rows(), 2);
	set_aside();
	ck_assert_uint_eq(kept_files(), 2);
	ck_assert(stage_trail_has(&stage,
	    "it was held while it was being sent, which was too late; "));
	ck_assert(stage_trail_has(&stage, "it was held while it was being sent; "
	    "mx.far.test: 450"));
	set_clock(DAY_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 3);
	ck_assert_uint_eq(act(DESK_RELEASE, 1).changed, 1);
	ck_assert_uint_eq(tries(), 4);
}
END_TEST

START_TEST(a_hold_outlives_a_relay_that_is_lost_during_the_try)
{
	submit_one("zoe@far.test");
	relay_up();
	ck_assert_uint_eq(act(DESK_HOLD, 0).sending, 1);
	conductor_relayed(stage.conductor, stage_call(&stage, STAGE_RELAY,
	    0)->ticket, -ECONNRESET, slice_of(NULL, 0));
	set_clock(DAY_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(rows_in(OUTBOUND_HELD), 1);
}
END_TEST

START_TEST(what_is_removed_is_gone_and_its_file_with_it)
{
	const char *to[] = { "zoe@far.test", "bob@far.test" };
	struct desk_which which = { .has_id = true,
	    .address = SLICE("ZOE@far.test") };

	submit(to, 2, false);
	set_aside();
	which.id = id_of(0);
	ck_assert_uint_eq(act_on(DESK_REMOVE, &which, "").changed, 1);
	ck_assert_uint_eq(kept_files(), 1);
	ck_assert_uint_eq(act(DESK_REMOVE, 0).changed, 1);
	ck_assert_uint_eq(kept_files(), 0);
	ck_assert_uint_eq(act(DESK_REMOVE, 0).changed, 0);
	/* written before who did it is answered */
	ck_assert(stage_trail_stands(&stage, "\"step\":\"deleted\""));
	ck_assert(stage_trail_stands(&stage, "\"who\":\"postmaster\""));
	relay_up();
	ck_assert_uint_eq(tries(), 0);
	/* its record stands in the journal, and brings nothing back */
	stage_restart(&stage);
	relay_up();
	stage_run(&stage, 20);
	ck_assert_uint_eq(tries(), 0);
	ck_assert_uint_eq(all_rows(), 0);
}
END_TEST

START_TEST(a_removal_during_a_try_stands_and_the_trail_says_what_came_of_it)
{
	submit_one("zoe@far.test");
	submit_one("bob@other.test");
	relay_up();
	ck_assert_uint_eq(act(DESK_REMOVE, 0).sending, 1);
	ck_assert_uint_eq(act(DESK_REMOVE, 1).sending, 1);
	ck_assert_uint_eq(all_rows(), 0);
	ck_assert_uint_eq(kept_files(), 0);
	answer(0, RELAY_DONE, 250, true);
	answer(1, RELAY_LATER, 450, true);
	ck_assert_uint_eq(stage.noted, 2);
	ck_assert(stage_trail_has(&stage,
	    "it was removed while it was being sent, which was too late; "));
	ck_assert(stage_trail_has(&stage, "it was removed while it was being sent; "
	    "mx.far.test: 450"));
	set_clock(DAY_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	ck_assert_uint_eq(all_rows(), 0);
}
END_TEST

START_TEST(one_of_two_that_are_sent_together_is_removed_alone)
{
	const char *to[] = { "bob@far.test", "zoe@far.test" };
	struct desk_which which = { .has_id = true,
	    .address = SLICE("zoe@far.test") };

	submit(to, 2, false);
	which.id = id_of(0);
	relay_up();
	ck_assert_uint_eq(act_on(DESK_REMOVE, &which, "").sending, 1);
	answer(0, RELAY_LATER, 450, true);
	ck_assert_uint_eq(all_rows(), 1);
	set_clock(5 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	ck_assert_uint_eq(stage_call(&stage, STAGE_RELAY, 1)->upto, 1);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 1)->words,
	    "far.test bob@far.test");
}
END_TEST

/* What is being sent is not given up: a host may be about to take it. */
START_TEST(what_is_given_up_has_failed_unless_it_is_being_sent)
{
	submit_one("zoe@far.test");
	submit_one("bob@other.test");
	relay_up();
	answer(0, RELAY_LATER, 450, true);
	ck_assert_uint_eq(act(DESK_BOUNCE, 0).changed, 1);
	ck_assert_uint_eq(act(DESK_BOUNCE, 1).changed, 0);
	ck_assert_uint_eq(act(DESK_BOUNCE, 1).sending, 1);
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 1);
	ck_assert(stage_trail_stands(&stage, "5.0.0 given up by the "
	    "postmaster; last: mx.far.test: 450 so it is"));
	answer(1, RELAY_DONE, 250, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
}
END_TEST

/* More than a hundred go in several tries: none is forgotten. */
START_TEST(those_put_off_are_not_forgotten_when_the_rest_has_gone)
{
	static char names[120][24];
	const char *to[120];

	for (size_t i = 0; i < 120; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "a%03zu@far.test",
		    i);
		to[i] = names[i];
	}
	submit(to, 120, false);
	relay_up();
	answer(0, RELAY_LATER, 450, true);
	ck_assert_uint_eq(tries(), 2);
	answer(1, RELAY_DONE, 250, true);
	ck_assert_uint_eq(all_rows(), 100);
	set_clock(5 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 3);
	ck_assert_uint_eq(stage_call(&stage, STAGE_RELAY, 2)->upto, 100);
}
END_TEST

/* Listing */

static size_t listed;

static int
on_listed(void *arg, const struct rows_outbound *row, bool is_sending)
{
	struct rows_outbound *last = arg;

	listed++;
	last->state = row->state;
	last->bytes = row->bytes;
	last->tries = is_sending;
	return 0;
}

START_TEST(pages_show_each_once_and_filters_what_they_say)
{
	struct desk_which which = { .domain = SLICE("far.test") };
	struct desk_place place = { .address = "" };
	struct rows_outbound last = { .tries = 0 };

	for (unsigned i = 0; i < 7; i++)
		submit_one(i % 2 == 0 ? "zoe@far.test" : "bob@other.test");
	(void)act(DESK_HOLD, 2);
	listed = 0;
	ck_assert_int_eq(conductor_desk_list(stage.conductor, &which, &place,
	    3, on_listed, &last), 1);
	ck_assert_uint_eq(listed, 3);
	ck_assert_int_eq(conductor_desk_list(stage.conductor, &which, &place,
	    3, on_listed, &last), 0);
	ck_assert_uint_eq(listed, 4);
	ck_assert_uint_eq(last.bytes, 8);
	which = (struct desk_which){ .has_state = true,
	    .state = OUTBOUND_HELD, .sender = SLICE("ANN@office.test") };
	place = (struct desk_place){ .address = "" };
	ck_assert_int_eq(conductor_desk_list(stage.conductor, &which, &place,
	    100, on_listed, &last), 0);
	ck_assert_uint_eq(listed, 5);
	ck_assert_int_eq(last.state, OUTBOUND_HELD);
	which.sender = slice_str("nobody@office.test");
	place = (struct desk_place){ .address = "" };
	ck_assert_int_eq(conductor_desk_list(stage.conductor, &which, &place,
	    100, on_listed, &last), 0);
	ck_assert_uint_eq(listed, 5);
}
END_TEST

/* Another way */

START_TEST(what_is_sent_another_way_goes_there_and_so_does_what_comes)
{
	submit_one("zoe@far.test");
	relay_up();
	answer(0, RELAY_LATER, 0, false);
	ck_assert_uint_eq(act_domain(DESK_REROUTE, "far.test",
	    "other.test:2525").changed, 1);
	ck_assert_int_eq(conductor_desk_route(stage.conductor,
	    slice_str("far.test"), slice_str("other.test:2525")), 0);
	/* its own pause is not that host's */
	ck_assert_uint_eq(tries(), 2);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 1)->words,
	    ">other.test:2525 zoe@far.test");
	submit_one("bob@far.test");
	stage_run(&stage, 1);
	ck_assert_uint_eq(tries(), 3);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 2)->words,
	    ">other.test:2525 bob@far.test");
	answer(1, RELAY_LATER, 450, true);
	answer(2, RELAY_DONE, 250, true);
	/* and back */
	ck_assert_int_eq(conductor_desk_route(stage.conductor,
	    slice_str("far.test"), slice_str("")), 0);
	ck_assert_int_eq(conductor_desk_route(stage.conductor,
	    slice_str("far.test"), slice_str("")), -ENOENT);
	ck_assert_uint_eq(act(DESK_REROUTE, 0).changed, 1);
	(void)act(DESK_RETRY, 0);
	ck_assert_uint_eq(tries(), 4);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 3)->words,
	    "far.test zoe@far.test");
}
END_TEST

/* Of two domains, and the host is one: whose domain it is says nothing. */
START_TEST(two_domains_that_go_one_way_go_together)
{
	const char *to[] = { "bob@far.test", "zoe@other.test" };
	struct desk_which which = { .has_id = true };

	submit(to, 2, false);
	which.id = id_of(0);
	ck_assert_uint_eq(act_on(DESK_REROUTE, &which,
	    "third.test:25").changed, 2);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_RELAY, 0)->upto, 2);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 0)->words,
	    ">third.test:25 bob@far.test");
	/* it is not the way of anything else there, and has its own pause */
	submit_one("cat@third.test");
	stage_wait(&stage, STAGE_RELAY, 2);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 1)->words,
	    "third.test cat@third.test");
	answer(0, RELAY_DONE, 250, true);
	ck_assert_uint_eq(all_rows(), 1);
}
END_TEST

START_TEST(a_new_way_waits_for_the_end_of_a_try_on_the_old_one)
{
	submit_one("zoe@far.test");
	submit_one("bob@other.test");
	relay_up();
	ck_assert_uint_eq(act_domain(DESK_REROUTE, "", "third.test:25").sending,
	    2);
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	answer(0, RELAY_DONE, 250, true);
	/* which is no try of the new one */
	answer(1, RELAY_LATER, 450, true);
	relay_up();
	ck_assert_uint_eq(tries(), 3);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 2)->words,
	    ">third.test:25 bob@other.test");
	answer(2, RELAY_DONE, 250, true);
	ck_assert_uint_eq(all_rows(), 0);
	ck_assert_uint_eq(kept_files(), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("outbound_desk");
	TCase *tests = tcase_create("outbound_desk");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, what_is_held_waits_until_it_is_released);
	tcase_add_test(tests,
	    it_goes_once_however_often_it_is_held_and_released);
	tcase_add_test(tests,
	    a_retry_is_made_at_once_and_ends_the_pause_of_a_destination);
	tcase_add_test(tests,
	    a_hold_during_a_try_stands_unless_a_host_has_it);
	tcase_add_test(tests,
	    a_hold_outlives_a_relay_that_is_lost_during_the_try);
	tcase_add_test(tests, what_is_removed_is_gone_and_its_file_with_it);
	tcase_add_test(tests,
	    a_removal_during_a_try_stands_and_the_trail_says_what_came_of_it);
	tcase_add_test(tests,
	    one_of_two_that_are_sent_together_is_removed_alone);
	tcase_add_test(tests,
	    what_is_given_up_has_failed_unless_it_is_being_sent);
	tcase_add_test(tests,
	    those_put_off_are_not_forgotten_when_the_rest_has_gone);
	tcase_add_test(tests, pages_show_each_once_and_filters_what_they_say);
	tcase_add_test(tests,
	    what_is_sent_another_way_goes_there_and_so_does_what_comes);
	tcase_add_test(tests, two_domains_that_go_one_way_go_together);
	tcase_add_test(tests,
	    a_new_way_waits_for_the_end_of_a_try_on_the_old_one);
	suite_add_tcase(suite, tests);
	return suite;
}
