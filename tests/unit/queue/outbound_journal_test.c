/*
 * outbound_journal_test.c - what leaves from the journal goes once, however we end
 *
 * A crash of ours is a restart; a power cut is one that finds queue.db as it was
 * before.
 */
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "queue/check.h"
#include "queue/outbound_desk.h"
#include "tests/unit/queue/outbound_stage.h"

#define ROWS_MOST	(4u << 20)

/* queue.db and its log, as they were at save_rows(). */
static struct {
	size_t	len;
	char	bytes[ROWS_MOST];
} saved[2];
static const char *const names[2] = { "queue.db", "queue.db-wal" };

static void
save_rows(void)
{
	for (size_t i = 0; i < 2; i++) {
		int fd = openat(stage.scratch.fd, names[i], O_RDONLY |
		    O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, saved[i].bytes, ROWS_MOST);

		ck_assert_int_ge(n, 0);
		ck_assert_uint_lt((size_t)n, ROWS_MOST);
		saved[i].len = (size_t)n;
		if (fd >= 0)
			(void)close(fd);
	}
}

/*
 * The power is cut: what was committed behind save_rows() was not durable; or we
 * are killed there.
 */
static void
cut_power(void)
{
	stage_close(&stage);
	stage_forget(&stage);
	(void)unlinkat(stage.scratch.fd, "queue.db-shm", 0);
	for (size_t i = 0; i < 2; i++) {
		int fd = openat(stage.scratch.fd, names[i], O_WRONLY |
		    O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(write(fd, saved[i].bytes, saved[i].len),
		    (ssize_t)saved[i].len);
		(void)close(fd);
	}
	stage_open(&stage);
}

static bool
is_standing(void)
{
	return outbound_standing(stage.conductor) != UINT64_MAX;
}

/* Nothing is left of it, now or in the next life. */
static void
is_over(void)
{
	for (unsigned i = 0; i < 2; i++) {
		ck_assert(!is_standing());
		ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
		ck_assert_uint_eq(kept_files(), 0);
		stage_restart(&stage);
		relay_up();
		stage_run(&stage, 10);
		ck_assert_uint_eq(tries(), 0);
	}
}

START_TEST(what_is_taken_at_once_never_had_a_file)
{
	submit_one("zoe@far.test");
	ck_assert_uint_eq(kept_files(), 0);
	ck_assert(is_standing());
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_RELAY, 0)->bytes, 8);
	ck_assert_int_eq(stage_call(&stage, STAGE_RELAY, 0)->first, 'A');
	answer(0, RELAY_DONE, 250, true);
	ck_assert_uint_eq(stage.noted, 1);
	is_over();
}
END_TEST

START_TEST(what_waits_gets_a_file_and_leaves_from_there)
{
	submit_one("zoe@far.test");
	relay_up();
	answer(0, RELAY_LATER, 451, true);
	ck_assert_uint_eq(stage.noted, 1);
	set_clock(30000);
	outbound_set_aside(stage.conductor);
	ck_assert_uint_eq(stage.conductor->outbound->writing, 0);
	set_aside();
	ck_assert_uint_eq(kept_files(), 1);
	stage_restart(&stage);
	ck_assert(!is_standing());
	set_clock(6 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_int_eq(stage_call(&stage, STAGE_RELAY, 0)->first, 'A');
	answer(0, RELAY_DONE, 250, true);
	is_over();
}
END_TEST

/* Its rows say how often it was tried; the record has the bytes. */
START_TEST(the_next_life_finds_it_in_the_journal)
{
	submit_one("zoe@far.test");
	stage_restart(&stage);
	ck_assert(is_standing());
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	answer(0, RELAY_LATER, 451, true);
	stage_restart(&stage);
	relay_up();
	ck_assert_uint_eq(tries(), 0);
	set_clock(6 * MINUTE_MS);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_int_eq(stage_call(&stage, STAGE_RELAY, 0)->first, 'A');
	answer(0, RELAY_DONE, 250, true);
	is_over();
}
END_TEST

START_TEST(a_power_cut_before_its_rows_are_durable_loses_nothing)
{
	const char *const to[] = { "yan@far.test", "zoe@other.test" };

	save_rows();
	submit(to, 2, true);
	cut_power();
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 2);
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	answer(0, RELAY_DONE, 250, true);
	answer(1, RELAY_DONE, 250, true);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	is_over();
}
END_TEST

/* The relay may forget, and its file go, only when it is durable. */
START_TEST(who_said_250_is_believed_after_a_power_cut_once_that_is_durable)
{
	submit_one("zoe@far.test");
	if (_i == 1)
		set_aside();
	relay_up();
	save_rows();
	syncs_later = true;
	answer(0, RELAY_DONE, 250, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
	ck_assert_uint_eq(stage.noted, 0);
	ck_assert_uint_eq(kept_files(), (size_t)_i);
	if (_i == 0)
		ck_assert(is_standing());
	cut_power();
	relay_up();
	ck_assert_uint_eq(tries(), 1);		/* that was the moment */
	ck_assert_uint_eq(rows_in(OUTBOUND_HELD), 0);
	answer(0, RELAY_DONE, 250, true);
	for (unsigned i = 0; stage.noted == 0 && i < 1000; i++)
		stage_run(&stage, 1);
	ck_assert_uint_eq(stage.noted, 1);
	save_rows();
	cut_power();
	is_over();
}
END_TEST

START_TEST(a_crash_of_ours_before_it_is_durable_sends_nothing_twice)
{
	submit_one("zoe@far.test");
	relay_up();
	syncs_later = true;
	answer(0, RELAY_DONE, 250, true);
	stage_restart(&stage);
	is_over();
}
END_TEST

START_TEST(what_is_taken_while_its_file_is_written_leaves_none)
{
	submit_one("zoe@far.test");
	relay_up();
	set_clock(MINUTE_MS);
	outbound_set_aside(stage.conductor);
	ck_assert_uint_eq(stage.conductor->outbound->writing, 1);
	answer(0, RELAY_DONE, 250, true);
	for (unsigned i = 0; stage.conductor->outbound->writing > 0 &&
	    i < 4000; i++)
		stage_run(&stage, 1);
	is_over();
}
END_TEST

static unsigned
segments(void)
{
	struct journal_figures figures;

	journal_figures(stage.conductor->journal, &figures);
	return figures.used;
}

/* Without a row it is nobody's, and holds no segment. */
START_TEST(a_record_that_nobody_needs_does_not_stand)
{
	size_t n = 0;

	stage_close(&stage);
	stage.options.segment_bytes = JOURNAL_LEAST_BYTES;
	stage_open(&stage);
	for (; segments() < 2; n++)
		submit_one("zoe@far.test");
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(rows_outbound_delete(stage.conductor->rows,
		    &stage_call(&stage, STAGE_JUDGE, i)->id), 0);
	set_clock(MINUTE_MS);
	outbound_set_aside(stage.conductor);
	ck_assert_uint_eq(stage.conductor->outbound->writing, 0);
	ck_assert_uint_eq(segments(), 1);
	is_over();
}
END_TEST

/* It is tried again, and who stands behind it is not kept waiting. */
START_TEST(what_could_get_no_file_stands_on)
{
	int kept = dup(stage.conductor->kept_fd);
	int none = open("/dev/null", O_RDONLY | O_CLOEXEC);

	submit_one("zoe@far.test");
	submit_one("yan@far.test");
	ck_assert_int_ge(dup2(none, stage.conductor->kept_fd), 0);
	set_clock(MINUTE_MS);
	outbound_set_aside(stage.conductor);
	ck_assert_uint_eq(stage.conductor->outbound->writing, 2);
	for (unsigned i = 0; stage.conductor->outbound->writing > 0 &&
	    i < 4000; i++)
		stage_run(&stage, 1);
	ck_assert(is_standing());
	ck_assert_int_ge(dup2(kept, stage.conductor->kept_fd), 0);
	(void)close(none);
	(void)close(kept);
	submit_one("xen@far.test");
	set_clock(MINUTE_MS + 1000);
	outbound_set_aside(stage.conductor);
	ck_assert_uint_eq(stage.conductor->outbound->writing, 0);
	set_aside();
	ck_assert_uint_eq(kept_files(), 3);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 3);
}
END_TEST

/* Many small ones, as a journal of four small segments cannot hold. */
START_TEST(a_journal_that_runs_short_gets_its_segments_back)
{
	const char *const to = "zoe@far.test";
	size_t n = 0;

	stage_close(&stage);
	stage.options.segment_bytes = JOURNAL_LEAST_BYTES;
	stage.options.outbound_per_host = stage.options.outbound_most = 8;
	stage_open(&stage);
	for (unsigned i = 0; i < 600; i++) {
		submit(&to, 1, false);
		if (i % 20 == 0) {
			keep_look(stage.conductor);
			stage_forget(&stage);
		}
	}
	stage_forget(&stage);
	for (unsigned i = 0; stage.conductor->outbound->writing > 0 &&
	    i < 4000; i++)
		stage_run(&stage, 1);
	ck_assert_uint_gt(kept_files(), 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 600);
	stage_restart(&stage);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 600);
	relay_up();
	for (; n < tries(); n++) {
		ck_assert_int_eq(stage_call(&stage, STAGE_RELAY, n)->first,
		    'A');
		answer(n, RELAY_DONE, 250, true);
		stage_run(&stage, 0);
	}
	ck_assert_uint_eq(n, 600);
	ck_assert_uint_eq(rows_in(OUTBOUND_HELD), 0);
	is_over();
}
END_TEST

START_TEST(a_damaged_record_is_held_to_be_looked_at)
{
	submit_one("zoe@far.test");
	stage_damage(&stage, outbound_standing(stage.conductor));
	relay_up();
	ck_assert_uint_eq(tries(), 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_HELD), 1);
	/* there is nothing to be put into a file */
	for (unsigned i = 1; i < 4; i++) {
		set_clock(i * MINUTE_MS);
		outbound_set_aside(stage.conductor);
		ck_assert_uint_eq(stage.conductor->outbound->writing, 0);
	}
	ck_assert(is_standing());
	ck_assert_uint_eq(kept_files(), 0);
}
END_TEST

static void
on_finding(void *arg, const struct queue_finding *finding)
{
	*(struct queue_finding *)arg = *finding;
}

/* What `postroom check` finds; 0 or 1. */
static int
check(struct queue_finding *found)
{
	struct queue_check_counts counts;
	struct queue_check *check;
	int r;

	ck_assert_int_eq(queue_check_open(stage.scratch.fd, on_finding, found,
	    &check), 0);
	r = queue_check_run(check, &counts);
	queue_check_close(check);
	return r;
}

START_TEST(it_is_no_fault_that_a_record_that_stands_has_no_file)
{
	char path[128], id[MESSAGE_ID_CHARS + 1];
	struct queue_finding found;

	submit_one("yan@far.test");
	submit_one("zoe@far.test");
	ck_assert_int_eq(check(&found), 0);
	set_aside();
	ck_assert_int_eq(check(&found), 0);
	/* while it stands it is there, whatever becomes of its file */
	message_id_write(&stage_call(&stage, STAGE_JUDGE, 1)->id, id);
	(void)snprintf(path, sizeof(path), "%s/kept/%s", stage.scratch.path,
	    id);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(check(&found), 0);
	stage_restart(&stage);
	ck_assert(is_standing());
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	ck_assert_uint_eq(rows_in(OUTBOUND_HELD), 0);
}
END_TEST

/* What stands below what is settled is not read again. */
START_TEST(a_file_that_is_gone_is_a_fault_once_its_record_is_settled)
{
	char path[128], id[MESSAGE_ID_CHARS + 1];
	struct queue_finding found = { .what = FOUND_HEAD };
	uint64_t first, below;

	stage_close(&stage);
	stage.options.segment_bytes = JOURNAL_LEAST_BYTES;
	stage_open(&stage);
	submit_one("zoe@far.test");
	first = outbound_standing(stage.conductor);
	message_id_write(&stage_call(&stage, STAGE_JUDGE, 0)->id, id);
	for (unsigned i = 0; i < 150; i++)
		submit_one("zoe@far.test");
	set_aside();
	deliver_advance(stage.conductor);
	ck_assert_int_eq(rows_settled_below(stage.conductor->rows, &below),
	    0);
	ck_assert_uint_lt(first, below);
	ck_assert_int_eq(check(&found), 0);
	(void)snprintf(path, sizeof(path), "%s/kept/%s", stage.scratch.path,
	    id);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(check(&found), 1);
	ck_assert_int_eq(found.what, FOUND_KEPT_MISSING);
	stage_restart(&stage);
	relay_up();
	ck_assert_uint_eq(rows_in(OUTBOUND_HELD), 1);
}
END_TEST

/* One file is enough for all who wait for it. */
START_TEST(what_was_kept_for_somebody_here_is_not_written_again)
{
	const char *const to = "zoe@far.test";

	submit(&to, 1, true);
	set_clock(MINUTE_MS);
	keep_relieve(stage.conductor);
	for (unsigned i = 0; stage.conductor->keepings > 0 && i < 4000; i++)
		stage_run(&stage, 1);
	ck_assert_uint_eq(kept_files(), 1);
	outbound_set_aside(stage.conductor);
	ck_assert_uint_eq(stage.conductor->outbound->writing, 0);
	ck_assert(!is_standing());
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_int_eq(stage_call(&stage, STAGE_RELAY, 0)->first, 'A');
	answer(0, RELAY_DONE, 250, true);
	ck_assert_uint_eq(kept_files(), 1);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	is_over();
}
END_TEST

/* Nothing is written of what is only asked; its record has it asked again. */
START_TEST(what_a_host_may_just_take_is_asked_the_same_after_a_kill)
{
	const char *const to[] = { "zoe@far.test", "ann@far.test" };
	char words[256];

	submit(to, 2, false);
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	memcpy(words, stage_call(&stage, STAGE_RELAY, 0)->words,
	    sizeof(words));
	for (unsigned i = 0; i < 2; i++) {
		save_rows();
		cut_power();
		relay_up();
		ck_assert_uint_eq(tries(), 1);
		ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 0)->words,
		    words);
		/* the second time its rows are written */
		ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 2);
	}
	answer(0, RELAY_DONE, 250, true);
	is_over();
}
END_TEST

/* Its word is written once the loop has looked at what has come with it. */
START_TEST(what_a_host_took_is_not_sent_again_after_a_kill)
{
	submit_one("xen@far.test");
	submit_one("yan@far.test");
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	syncs_later = true;
	answer(0, RELAY_DONE, 250, true);
	answer(1, RELAY_DONE, 250, true);
	stage_run(&stage, 0);
	save_rows();
	cut_power();
	relay_up();
	ck_assert_uint_eq(tries(), 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
	ck_assert(!is_standing());
}
END_TEST

static void
wait_for_it(void *arg)
{
	ck_assert_int_eq(sem_wait(arg), 0);
}

/* Else the power has longer to fail, and the relay soon takes no more. */
START_TEST(what_hosts_said_waits_for_no_big_file)
{
	const unsigned files = 100;	/* more than are synced at a time */
	sem_t written;

	ck_assert_int_eq(sem_init(&written, 0, 0), 0);
	submit_one("zoe@far.test");
	relay_up();
	for (unsigned i = 0; i < files; i++)
		ck_assert_int_eq(pool_run(stage.conductor->big_pool,
		    wait_for_it, NULL, &written), 0);
	syncs_later = true;
	answer(0, RELAY_DONE, 250, true);
	for (unsigned i = 0; stage.noted == 0 && i < 200; i++) {
		set_clock(now_ms + 10);
		stage_run(&stage, 10);
	}
	for (unsigned i = 0; i < files; i++)
		ck_assert_int_eq(sem_post(&written), 0);
	ck_assert_uint_eq(stage.noted, 1);
	is_over();
}
END_TEST

static int
count_row(void *arg, const struct rows_outbound *row, bool is_sending)
{
	const char *const to[] = { "ann@far.test", "xen@other.test",
	    "yan@other.test", "zoe@far.test" };
	size_t *count = arg;

	(void)is_sending;
	ck_assert_uint_lt(*count, 4);
	ck_assert(slice_is_str(row->address, to[(*count)++]));
	return 0;
}

/* Who looks changes nothing: a page of one after the other, on a full disk. */
START_TEST(what_is_not_written_is_told_on_a_full_disk)
{
	const char *const both[] = { "xen@other.test", "yan@other.test" };
	const struct desk_which which = { .has_id = false };
	const struct rlimit small = { 4096, RLIM_INFINITY };
	struct desk_place place = { .address = "" };
	struct rows_outbound_counts counts;
	size_t count = 0;
	int status, r = 1;

	submit_one("ann@far.test");
	if (_i == 1)
		ck_assert_int_eq(rows_outbound_write(stage.conductor->rows),
		    0);
	submit(both, 2, false);
	if (_i == 2)
		ck_assert_int_eq(rows_outbound_write(stage.conductor->rows),
		    0);
	submit_one("zoe@far.test");
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (unsigned i = 0; i < 5 && r == 1; i++)
		r = conductor_desk_list(stage.conductor, &which, &place, 1,
		    count_row, &count);
	status = rows_outbound_counts(stage.conductor->rows, &counts);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){
	    RLIM_INFINITY, RLIM_INFINITY }), 0);
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(count, 4);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(counts.of[OUTBOUND_WAITING], 4);
	ck_assert_int_eq(counts.since_utc_ms, START_UTC_MS);
}
END_TEST

/* What it says of some is no word for the others of that message. */
START_TEST(one_that_some_hosts_took_waits_for_the_others)
{
	const char *const to[] = { "zoe@far.test", "ann@other.test" };

	submit(to, 2, false);
	relay_up();
	ck_assert_uint_eq(tries(), 2);
	answer(0, RELAY_DONE, 250, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
	ck_assert(is_standing());
	save_rows();
	cut_power();
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	answer(0, RELAY_DONE, 250, true);
	is_over();
}
END_TEST

/* The clock stands still, or was put back: names go on from the last one. */
START_TEST(the_next_life_gives_no_name_again)
{
	const char *const to = "xen@far.test";
	struct message_id id;

	submit(&to, 1, true);		/* nobody has delivered it yet */
	submit_one("yan@far.test");
	id = stage_call(&stage, STAGE_JUDGE, 1)->id;
	stage_restart(&stage);
	submit_one("zoe@far.test");
	ck_assert_int_ne(message_id_order(&id,
	    &stage_call(&stage, STAGE_JUDGE, 0)->id), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/outbound_journal");
	TCase *tests = tcase_create("outbound_journal");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, what_is_taken_at_once_never_had_a_file);
	tcase_add_test(tests, what_waits_gets_a_file_and_leaves_from_there);
	tcase_add_test(tests, the_next_life_finds_it_in_the_journal);
	tcase_add_test(tests,
	    a_power_cut_before_its_rows_are_durable_loses_nothing);
	tcase_add_loop_test(tests,
	    who_said_250_is_believed_after_a_power_cut_once_that_is_durable,
	    0, 2);
	tcase_add_test(tests,
	    a_crash_of_ours_before_it_is_durable_sends_nothing_twice);
	tcase_add_test(tests,
	    what_is_taken_while_its_file_is_written_leaves_none);
	tcase_add_test(tests, a_record_that_nobody_needs_does_not_stand);
	tcase_add_test(tests, what_could_get_no_file_stands_on);
	tcase_add_test(tests,
	    a_journal_that_runs_short_gets_its_segments_back);
	tcase_add_test(tests, a_damaged_record_is_held_to_be_looked_at);
	tcase_add_test(tests,
	    it_is_no_fault_that_a_record_that_stands_has_no_file);
	tcase_add_test(tests,
	    a_file_that_is_gone_is_a_fault_once_its_record_is_settled);
	tcase_add_test(tests,
	    what_was_kept_for_somebody_here_is_not_written_again);
	tcase_add_test(tests,
	    what_a_host_may_just_take_is_asked_the_same_after_a_kill);
	tcase_add_test(tests, what_a_host_took_is_not_sent_again_after_a_kill);
	tcase_add_test(tests, what_hosts_said_waits_for_no_big_file);
	tcase_add_loop_test(tests, what_is_not_written_is_told_on_a_full_disk,
	    0, 3);
	tcase_add_test(tests, one_that_some_hosts_took_waits_for_the_others);
	tcase_add_test(tests, the_next_life_gives_no_name_again);
	suite_add_tcase(suite, tests);
	return suite;
}
