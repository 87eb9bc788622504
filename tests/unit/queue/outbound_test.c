/*
 * outbound_test.c - what leaves goes once, in time, and is never forgotten
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "queue/fate.h"
#include "tests/unit/queue/outbound_stage.h"


START_TEST(what_a_host_has_taken_is_forgotten)
{
	submit_one("zoe@Far.Test");
	ck_assert_uint_eq(stage.conductor->moving, 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
	ck_assert_uint_eq(tries(), 0);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 0)->words,
	    "far.test zoe@Far.Test");
	ck_assert_uint_eq(stage_call(&stage, STAGE_RELAY, 0)->bytes, 8);
	/* its end, with the try unanswered: the next life sends it */
	stage_restart(&stage);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(stage.noted, 0);
	answer(0, RELAY_DONE, 250, true);
	ck_assert_uint_eq(stage.noted, 1);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
	ck_assert_uint_eq(kept_files(), 0);
	/* its record stands in the journal, and brings nothing back */
	stage_restart(&stage);
	relay_up();
	stage_run(&stage, 20);
	ck_assert_uint_eq(tries(), 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
}
END_TEST

/* The number of the one file in kept/. */
static ino_t
kept_file(void)
{
	int fd = openat(stage.conductor->kept_fd, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	DIR *folder = fdopendir(fd);
	const struct dirent *entry;
	ino_t found = 0;

	ck_assert_ptr_nonnull(folder);
	while ((entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			found = entry->d_ino;
	(void)closedir(folder);
	return found;
}

/* Its copy for somebody here is set aside while the last host takes it. */
START_TEST(a_file_that_is_being_written_anew_stays)
{
	const char *const to = "zoe@far.test";
	ino_t before;

	submit(&to, 1, true);
	set_aside();
	relay_up();
	before = kept_file();
	set_clock(now_ms + MINUTE_MS);
	keep_relieve(stage.conductor);
	ck_assert_uint_eq(stage.conductor->keepings, 1);
	for (unsigned i = 0; i < 20000 && (kept_file() == before ||
	    kept_file() == 0); i++)
		(void)usleep(500);
	answer(0, RELAY_DONE, 250, true);
	for (unsigned i = 0; i < 4000 && stage.conductor->keepings > 0; i++)
		stage_run(&stage, 1);
	ck_assert_uint_eq(kept_files(), 1);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	ck_assert_uint_eq(kept_files(), 0);
}
END_TEST

/* RFC 5321 4.5.3.1.8: a host need not take more than a hundred. */
START_TEST(one_copy_goes_to_a_hundred_recipients_of_a_domain)
{
	static char names[121][24];
	const char *to[121];

	for (size_t i = 0; i < 121; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "a%03zu@%s.test", i,
		    i == 60 ? "other" : "far");
		to[i] = names[i];
	}
	submit(to, 121, false);
	set_aside();
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	ck_assert_uint_eq(stage_call(&stage, STAGE_RELAY, 0)->upto +
	    stage_call(&stage, STAGE_RELAY, 1)->upto, 101);
	answer(0, RELAY_DONE, 250, true);
	answer(1, RELAY_DONE, 250, true);
	ck_assert_uint_eq(tries(), 3);
	ck_assert_uint_eq(stage_call(&stage, STAGE_RELAY, 2)->upto, 20);
	ck_assert_uint_eq(kept_files(), 1);
	answer(2, RELAY_DONE, 250, true);
	ck_assert_uint_eq(kept_files(), 0);
	/* a smarthost gets one copy for all domains */
	stage_close(&stage);
	stage_forget(&stage);
	stage.options.has_smarthost = true;
	stage_open(&stage);
	submit(to + 59, 2, false);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 0)->words,
	    " a059@far.test");
}
END_TEST

/* 5 minutes, then 15, from 12 hours on 60; five days, and then no more. */
START_TEST(five_days_of_tries_come_at_their_hours)
{
	uint64_t last = 0;
	size_t n = 0;

	submit_one("zoe@far.test");
	set_aside();
	relay_up();
	while (rows_in(OUTBOUND_WAITING) > 0) {
		uint64_t wait = now_ms - last;

		ck_assert_uint_eq(tries(), n + 1);
		if (n > 0)
			ck_assert_uint_eq(wait, n == 1 ? 5 * MINUTE_MS :
			    last < 12 * HOUR_MS ? 15 * MINUTE_MS : HOUR_MS);
		last = now_ms;
		answer(n++, RELAY_LATER, 451, true);
		/* nothing goes before its time */
		for (unsigned i = 0; tries() == n && i < 70 &&
		    rows_in(OUTBOUND_WAITING) > 0; i++) {
			set_clock(now_ms + MINUTE_MS);
			relay_up();
		}
	}
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 1);
	ck_assert_uint_ge(now_ms, 5 * (uint64_t)DAY_MS);
	ck_assert_uint_lt(now_ms, 5 * (uint64_t)DAY_MS + 2 * HOUR_MS);
	/* its sender is not told yet (fate_test.c): it stays where it is */
	ck_assert_uint_eq(kept_files(), 1);
	stage_restart(&stage);
	relay_up();
	ck_assert_uint_eq(tries(), 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 1);
}
END_TEST

/* A line that was down for a month is no reason to give up. */
START_TEST(it_is_not_given_up_before_it_was_tried_three_times)
{
	size_t n;

	submit_one("zoe@far.test");
	set_clock(20 * (uint64_t)DAY_MS);
	for (n = 0; n < 5; n++) {
		set_clock(now_ms + 2 * HOUR_MS);
		relay_up();
		ck_assert_uint_eq(tries(), n + 1);
		answer(n, RELAY_LATER, 0, false);
	}
	for (; n < 8; n++) {
		ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 0);
		set_clock(now_ms + 2 * HOUR_MS);
		relay_up();
		ck_assert_uint_eq(tries(), n + 1);
		answer(n, RELAY_LATER, 451, true);
	}
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 1);
}
END_TEST

/* Two conversations with one host; the others' mail does not wait for it. */
START_TEST(a_slow_destination_delays_nobody_else)
{
	for (unsigned i = 0; i < 5; i++)
		submit_one("zoe@slow.test");
	submit_one("zoe@fast.test");
	relay_up();
	ck_assert_uint_eq(tries(), 3);
	answer(0, RELAY_DONE, 250, true);
	ck_assert_uint_eq(tries(), 4);
	/* no host of it is there: one try stands for all that is due */
	answer(1, RELAY_LATER, 0, false);
	ck_assert_uint_eq(tries(), 4);
	set_clock(4 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 4);
	set_clock(6 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 5);
}
END_TEST

/* A quarter of all conversations is for those that were quick the last time. */
START_TEST(nor_do_many_slow_destinations)
{
	char to[32];

	submit_one("zoe@fast.test");
	relay_up();
	answer(0, RELAY_DONE, 250, true);
	ck_assert_uint_eq(tries(), 1);
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(to, sizeof(to), "zoe@slow%u.test", i);
		submit_one(to);
	}
	stage_run(&stage, 5);
	relay_up();
	ck_assert_uint_eq(tries(), 7);
	submit_one("zoe@fast.test");
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 8);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 7)->words,
	    "fast.test zoe@fast.test");
	/* it takes its time, and is one of the others from then on */
	set_clock(MINUTE_MS);
	answer(7, RELAY_DONE, 250, true);
	submit_one("zoe@fast.test");
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 8);
	answer(1, RELAY_DONE, 250, true);
	ck_assert_uint_eq(tries(), 9);
}
END_TEST

/* Of whom nobody knows yet whether they are quick: before those that are not. */
START_TEST(a_new_destination_is_not_behind_all_slow_ones)
{
	char to[32];

	for (unsigned i = 0; i < 18; i++) {
		(void)snprintf(to, sizeof(to), "zoe@slow%u.test", i % 3);
		submit_one(to);
	}
	relay_up();
	ck_assert_uint_eq(tries(), 6);
	set_clock(MINUTE_MS);
	for (size_t n = 0; n < 6; n++)
		answer(n, RELAY_DONE, 250, true);
	ck_assert_uint_eq(tries(), 12);
	submit_one("zoe@new.test");
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 12);
	set_clock(2 * MINUTE_MS);
	answer(6, RELAY_DONE, 250, true);
	ck_assert_uint_eq(tries(), 13);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 12)->words,
	    "new.test zoe@new.test");
}
END_TEST

START_TEST(a_host_that_puts_all_off_gets_fewer_at_a_time)
{
	for (unsigned i = 0; i < 6; i++)
		submit_one("zoe@far.test");
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	answer(0, RELAY_LATER, 421, true);
	ck_assert_uint_eq(tries(), 2);
	answer(1, RELAY_LATER, 421, true);
	ck_assert_uint_eq(tries(), 3);
	answer(2, RELAY_DONE, 250, true);
	ck_assert_uint_eq(tries(), 5);
}
END_TEST

START_TEST(a_relay_that_is_lost_has_tried_nothing)
{
	submit_one("zoe@far.test");
	relay_up();
	conductor_relayed(stage.conductor, stage_call(&stage, STAGE_RELAY,
	    0)->ticket, 0, slice_str("nonsense"));
	ck_assert_uint_eq(tries(), 1);
	set_clock(2 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	conductor_relay_up(stage.conductor, false);
	conductor_relayed(stage.conductor, stage_call(&stage, STAGE_RELAY,
	    1)->ticket, -ECONNRESET, slice_of(NULL, 0));
	set_clock(4 * MINUTE_MS);
	ck_assert_uint_eq(tries(), 2);
	relay_up();
	ck_assert_uint_eq(tries(), 3);
	answer(2, RELAY_DONE, 250, true);
	ck_assert_uint_eq(kept_files(), 0);
}
END_TEST

/* The mailbox has its own, and its own time. */
START_TEST(who_is_here_gets_it_as_ever)
{
	const char *to = "zoe@far.test";

	submit(&to, 1, true);
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	relay_up();
	answer(0, RELAY_DONE, 250, true);
	ck_assert_uint_eq(stage.conductor->moving, 1);
	/* not settled there: only that comes again */
	stage_restart(&stage);
	relay_up();
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_run(&stage, 20);
	ck_assert_uint_eq(tries(), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	ck_assert_uint_eq(stage.conductor->moving, 0);
	ck_assert_uint_eq(kept_files(), 0);
}
END_TEST

/* The rows of a message, copied. */
struct copied {
	char			 words[4][64];
	struct rows_outbound	 rows[4];
	size_t			 count;
};

static int
copy_row(void *arg, const struct rows_outbound *row)
{
	struct copied *copied = arg;
	struct rows_outbound *to = &copied->rows[copied->count];
	char *words = copied->words[copied->count++];

	*to = *row;
	ck_assert_int_eq(slice_cstr(row->address, words, 64), 0);
	to->address = slice_str(words);
	to->domain = to->host = slice_of(NULL, 0);
	return 0;
}

START_TEST(a_person_gives_it_up)
{
	const char *const to[] = { "yan@far.test", "zoe@far.test" };
	struct copied copied = { .count = 0 };

	submit(to, 2, false);
	relay_up();
	ck_assert_int_eq(rows_outbound_each(stage.conductor->rows, copy_row,
	    &copied), 0);
	ck_assert_uint_eq(copied.count, 2);
	copied.rows[0].status = slice_str("5.7.1");
	copied.rows[0].words = slice_str("given up by the postmaster");
	/* not while it may just be taken */
	ck_assert_int_eq(fate_fail(stage.conductor, copied.rows, 1), -EBUSY);
	answer(0, RELAY_LATER, 451, true);
	ck_assert_int_eq(fate_fail(stage.conductor, copied.rows, 1), 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 1);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
	/* the other goes on */
	set_clock(6 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 1)->words,
	    "far.test zoe@far.test");
}
END_TEST

START_TEST(a_damaged_file_is_held_to_be_looked_at)
{
	char id[MESSAGE_ID_CHARS + 1], path[128];
	int fd;

	submit_one("zoe@far.test");
	set_aside();
	message_id_write(&stage_call(&stage, STAGE_JUDGE, 0)->id, id);
	(void)snprintf(path, sizeof(path), "%s/kept/%s", stage.scratch.path,
	    id);
	fd = open(path, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, "x", 1, 60), 1);
	(void)close(fd);
	relay_up();
	ck_assert_uint_eq(tries(), 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_HELD), 1);
	ck_assert_uint_eq(kept_files(), 1);
}
END_TEST

/* Its own, those of the longest name that it is below, or everybody's. */
START_TEST(a_domain_may_have_times_of_its_own)
{
	static struct outbound_domain domains[3] = { { .name = "far.test" },
	    { .name = ".test" }, { .name = ".near.test" } };
	static const struct {
		const char	*to;
		uint64_t	 minutes;	/* to the second try */
	} times[] = {
		{ "zoe@Far.test", 1 }, { "zoe@b.far.test", 2 },
		{ "zoe@a.near.test", 3 }, { "zoe@near.test", 2 },
		{ "zoe@far.example", 5 },
	};

	for (unsigned i = 0; i < 3; i++) {
		domains[i].plan = stage.options.outbound_plan;
		domains[i].plan.first_seconds = (i + 1) * 60;
		domains[i].plan.days = 1;
	}
	stage.options.outbound_domains = domains;
	stage.options.outbound_domain_count = 3;
	stage_restart(&stage);
	submit_one(times[_i].to);
	relay_up();
	answer(0, RELAY_LATER, 451, true);
	set_clock(times[_i].minutes * MINUTE_MS - 1);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	set_clock(times[_i].minutes * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	/* and it is given up in its own time */
	for (size_t n = 1; n < 4; n++) {
		answer(n, RELAY_LATER, 451, true);
		set_clock((uint64_t)n * (DAY_MS + HOUR_MS));
		relay_up();
		if (rows_in(OUTBOUND_FAILED) > 0)
			break;
		ck_assert_uint_eq(tries(), n + 2);
	}
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), _i < 4);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("outbound");
	TCase *tests = tcase_create("outbound");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, what_a_host_has_taken_is_forgotten);
	tcase_add_test(tests, a_file_that_is_being_written_anew_stays);
	tcase_add_test(tests,
	    one_copy_goes_to_a_hundred_recipients_of_a_domain);
	tcase_add_test(tests, five_days_of_tries_come_at_their_hours);
	tcase_add_test(tests,
	    it_is_not_given_up_before_it_was_tried_three_times);
	tcase_add_test(tests, a_slow_destination_delays_nobody_else);
	tcase_add_test(tests, nor_do_many_slow_destinations);
	tcase_add_test(tests, a_new_destination_is_not_behind_all_slow_ones);
	tcase_add_test(tests, a_host_that_puts_all_off_gets_fewer_at_a_time);
	tcase_add_test(tests, a_relay_that_is_lost_has_tried_nothing);
	tcase_add_test(tests, who_is_here_gets_it_as_ever);
	tcase_add_test(tests, a_person_gives_it_up);
	tcase_add_test(tests, a_damaged_file_is_held_to_be_looked_at);
	tcase_add_loop_test(tests, a_domain_may_have_times_of_its_own, 0, 5);
	suite_add_tcase(suite, tests);
	return suite;
}
