/*
 * outbound_way_test.c - by which smarthost mail leaves, and when that changes
 */
#include <errno.h>

#include "policy/ways.h"
#include "queue/outbound_desk.h"
#include "queue/outbound_inside.h"
#include "tests/unit/queue/outbound_stage.h"

#define ANN	7

/* The keeper says which there are, in order. */
static int
say_ways(const char *const *names, size_t count)
{
	TEXT_AUTO packed = TEXT_INIT(4096);

	pack_u32(&packed, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		way_pack(&packed, &(struct way){ slice_str(names[i]),
		    slice_find(slice_str(names[i]), '@') != SIZE_MAX ? ANN :
		    0 });
	return conductor_ways(stage.conductor, text_slice(&packed));
}

static const char *const both[] = { "ann@office.test", "office.test" };

static const char *
asked(size_t n)
{
	return stage_call(&stage, STAGE_RELAY, n)->words;
}

START_TEST(the_account_comes_before_its_domain)
{
	ck_assert_int_eq(say_ways(both, 2), 0);
	sent_by = ANN;
	submit_one("zoe@far.test");
	sent_by = ANN + 1;	/* she has not sent it, whatever it says */
	submit_one("joe@far.test");
	sent_by = 0;
	submit_one("jim@far.test");
	relay_up();
	ck_assert_uint_eq(tries(), 3);
	ck_assert_str_eq(asked(0), "=ann@office.test zoe@far.test");
	ck_assert_str_eq(asked(1), "=office.test joe@far.test");
	ck_assert_str_eq(asked(2), "=office.test jim@far.test");
	ck_assert_int_eq(say_ways(both, 1), 0);
	submit_one("tim@far.test");
	conductor_relay_up(stage.conductor, true);
	ck_assert_uint_eq(tries(), 4);
	ck_assert_str_eq(asked(3), "far.test tim@far.test");
}
END_TEST

/* Whatever waited for the old one, and after a restart. */
START_TEST(the_next_try_takes_the_new_way)
{
	static const char *const to[] = { "zoe@far.test", "joe@near.test" };

	stage.options.has_smarthost = _i == 1;
	stage_restart(&stage);
	ck_assert_int_eq(say_ways(both, 2), 0);
	sent_by = ANN;
	submit(to, 2, false);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	answer(0, RELAY_LATER, 451, true);
	/* from two recipients of one host it becomes two hosts, or one */
	ck_assert_int_eq(say_ways(NULL, 0), 0);
	set_clock(6 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), _i == 1 ? 2 : 3);
	for (size_t i = 1; i < tries(); i++) {
		ck_assert(asked(i)[0] != '=');
		answer(i, RELAY_LATER, 451, true);
	}
	ck_assert_int_eq(say_ways(both, 1), 0);
	set_clock(30 * MINUTE_MS);
	relay_up();
	ck_assert_str_eq(asked(tries() - 1), "=ann@office.test joe@near.test");
	ck_assert_uint_eq(tries(), _i == 1 ? 3 : 4);
	answer(tries() - 1, RELAY_DONE, 250, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
	/* nothing of the other ways is left that would try again */
	set_clock(DAY_MS);
	relay_up();
	ck_assert_uint_eq(tries(), _i == 1 ? 3 : 4);
}
END_TEST

/* What is under way when it changes is answered by whom it was sent to. */
START_TEST(a_change_during_a_try_harms_nothing)
{
	static const char *const to[] = { "zoe@far.test", "joe@near.test" };

	ck_assert_int_eq(say_ways(both, 2), 0);
	sent_by = ANN;
	submit(to, 2, false);
	relay_up();
	ck_assert_int_eq(say_ways(NULL, 0), 0);
	answer(0, RELAY_LATER, 451, true);
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 1);
	/* put off by the old host, they are due at the new ones */
	set_clock(6 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 3);
	answer(1, RELAY_DONE, 250, true);
	answer(2, RELAY_DONE, 250, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
	ck_assert_uint_eq(kept_files(), 0);
}
END_TEST

START_TEST(nonsense_leaves_what_there_was)
{
	static const char *const twice[] = { "office.test", "office.test" };

	ck_assert_int_eq(say_ways(both, 2), 0);
	ck_assert_int_eq(say_ways(twice, 2), -EBADMSG);
	ck_assert_int_eq(conductor_ways(stage.conductor, slice_str("x")),
	    -EBADMSG);
	submit_one("zoe@far.test");
	relay_up();
	ck_assert_str_eq(asked(0), "=office.test zoe@far.test");
}
END_TEST

static void
stay_without_a_way(void)
{
	stage.options.never_direct = true;
	stage_restart(&stage);
	ck_assert_int_eq(say_ways(NULL, 0), 0);
	relay_up();
}

static size_t
jobs(void)
{
	return HASH_COUNT(stage.conductor->outbound->jobs);
}

static unsigned rows_seen;
static enum desk_way last_way;
static char last_name[64];

static int
note_row(void *arg, const struct rows_outbound *row, bool is_sending)
{
	struct slice name;

	(void)arg;
	(void)is_sending;
	rows_seen++;
	last_way = conductor_desk_way(stage.conductor, row, &name);
	ck_assert_int_eq(slice_cstr(name, last_name, sizeof(last_name)), 0);
	return 0;
}

/* By which way the last of all rows leaves; how many there are. */
static unsigned
look_at_ways(void)
{
	struct desk_place place = { .address = "" };

	rows_seen = 0;
	ck_assert_int_eq(conductor_desk_list(stage.conductor,
	    &(struct desk_which){ .has_id = false }, &place, 1000, note_row,
	    NULL), 0);
	return rows_seen;
}

static void
act(enum desk_act what, const char *domain, const char *via)
{
	struct desk_place place = { .address = "" };
	struct desk_done done;

	ck_assert_int_eq(conductor_desk_act(stage.conductor, what,
	    slice_str("postmaster"), &(struct desk_which){
	    .domain = slice_str(domain) }, slice_str(via), &place, &done), 0);
	ck_assert_uint_eq(done.changed, 1);
	stage_run(&stage, 5);
}

/* No time makes it fail, and nothing of it is tried. */
START_TEST(what_has_no_way_waits_for_one)
{
	static const char *const to[] = { "zoe@far.test", "joe@near.test" };

	stay_without_a_way();
	sent_by = ANN;
	submit(to, 2, false);
	set_clock(30 * (uint64_t)DAY_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 2);
	ck_assert_uint_eq(look_at_ways(), 2);
	ck_assert_int_eq(last_way, DESK_WAY_NONE);
	if (_i == 0) {
		ck_assert_int_eq(say_ways(both, 1), 0);
		ck_assert_uint_eq(look_at_ways(), 2);
		ck_assert_int_eq(last_way, DESK_WAY_OWN);
		ck_assert_str_eq(last_name, "ann@office.test");
	} else {
		stage.options.has_smarthost = true;
		stage_restart(&stage);
		ck_assert_int_eq(say_ways(NULL, 0), 0);
		relay_up();
		ck_assert_uint_eq(look_at_ways(), 2);
		ck_assert_int_eq(last_way, DESK_WAY_SMARTHOST);
	}
	ck_assert_uint_eq(tries(), 1);
	answer(0, RELAY_DONE, 250, true);
	ck_assert_uint_eq(jobs(), 0);
	ck_assert_uint_eq(kept_files(), 0);
}
END_TEST

/* What waited for a try of a way that is gone, too. */
START_TEST(a_way_that_is_taken_away_holds_what_waited)
{
	stay_without_a_way();
	ck_assert_int_eq(say_ways(both, 2), 0);
	submit_one("zoe@far.test");
	relay_up();	/* at once, and not in the next millisecond */
	ck_assert_uint_eq(tries(), 1);
	answer(0, RELAY_LATER, 451, true);
	ck_assert_int_eq(say_ways(NULL, 0), 0);
	set_clock(DAY_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	look_at_ways();
	ck_assert_int_eq(last_way, DESK_WAY_NONE);
	ck_assert_uint_eq(jobs(), 1);
	ck_assert_int_eq(say_ways(both, 2), 0);
	ck_assert_uint_eq(tries(), 2);
	ck_assert_str_eq(asked(1), "=office.test zoe@far.test");
}
END_TEST

/* Whatever becomes of it by hand, nothing of it waits on. */
START_TEST(the_postmaster_is_a_way_as_well)
{
	stay_without_a_way();
	submit_one("zoe@far.test");
	submit_one("joe@near.test");
	submit_one("jim@back.test");
	ck_assert_uint_eq(jobs(), 3);
	act(DESK_RETRY, "far.test", "");
	ck_assert_uint_eq(tries(), 0);
	act(DESK_REROUTE, "far.test", "mx.test:25");
	ck_assert_uint_eq(tries(), 1);
	act(DESK_REMOVE, "near.test", "");
	ck_assert_uint_eq(look_at_ways(), 2);
	act(DESK_HOLD, "back.test", "");
	ck_assert_uint_eq(jobs(), 1);
	answer(0, RELAY_DONE, 250, true);
	ck_assert_uint_eq(jobs(), 0);
	act(DESK_RELEASE, "back.test", "");
	ck_assert_uint_eq(jobs(), 1);
	ck_assert_uint_eq(tries(), 1);
	act(DESK_REMOVE, "back.test", "");
	ck_assert_uint_eq(jobs(), 0);
	ck_assert_uint_eq(kept_files(), 0);
}
END_TEST

/* More than are looked at in a turn. */
START_TEST(all_that_wait_leave_when_there_is_a_way)
{
	char to[32];

	stay_without_a_way();
	for (unsigned i = 0; i < 150; i++) {
		(void)snprintf(to, sizeof(to), "zoe@far%u.test", i);
		submit_one(to);
	}
	ck_assert_uint_eq(jobs(), 150);
	ck_assert_int_eq(say_ways(&both[1], 1), 0);
	for (size_t i = 0; i < 150; i++) {
		for (unsigned k = 0; tries() == i && k < 1000; k++)
			stage_run(&stage, 1);
		ck_assert_uint_gt(tries(), i);
		answer(i, RELAY_DONE, 250, true);
	}
	ck_assert_uint_eq(jobs(), 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("outbound_way");
	TCase *tests = tcase_create("outbound_way");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, the_account_comes_before_its_domain);
	tcase_add_loop_test(tests, the_next_try_takes_the_new_way, 0, 2);
	tcase_add_test(tests, a_change_during_a_try_harms_nothing);
	tcase_add_test(tests, nonsense_leaves_what_there_was);
	tcase_add_loop_test(tests, what_has_no_way_waits_for_one, 0, 2);
	tcase_add_test(tests, a_way_that_is_taken_away_holds_what_waited);
	tcase_add_test(tests, the_postmaster_is_a_way_as_well);
	tcase_add_test(tests, all_that_wait_leave_when_there_is_a_way);
	suite_add_tcase(suite, tests);
	return suite;
}
