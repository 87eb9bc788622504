/*
 * journal_failing_test.c - a disk that fails, and a process that is killed
 *
 * Nobody is told of a record that is not on the disk, and all that somebody was
 * told of is replayed.
 */
#include "tests/unit/queue/journal_scene.h"

#include <sys/wait.h>

/* Failures */

static const struct {
	int	write_error, sync_data_error;
} failures[] = {
	{ 0, EIO },
	{ EIO, 0 },
	{ ENOSPC, 0 },
};

START_TEST(a_failed_batch_is_abandoned_and_the_next_is_good)
{
	struct journal_figures f;

	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(append(300), 0);
	wait_all();
	disk.sync_data_error = failures[_i].sync_data_error;
	disk.sync_data_errors = failures[_i].sync_data_error != 0;
	disk.write_error = failures[_i].write_error;
	disk.write_error_from = SEGMENT_HEAD_BYTES;	/* ABANDON is at 0 */
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(append(300), 0);
	wait_all();
	disk.write_error = 0;
	for (size_t i = 5; i < 10; i++)
		ck_assert_int_eq(hub.told[i].status,
		    -(failures[_i].write_error + failures[_i].sync_data_error));
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(append(300), 0);
	wait_all();
	journal_figures(hub.journal, &f);
	ck_assert_uint_eq(f.broken, 1);
	reopen();
	check_seen();
	ck_assert_uint_eq(hub.seen_count, 10);
	/* a second start, with one more segment, omits the same */
	ck_assert_int_eq(append(1), 0);
	wait_all();
	reopen();
	check_seen();
	/* settled, the broken file is gone and not used again */
	journal_settled(hub.journal, journal_next(hub.journal));
	journal_figures(hub.journal, &f);
	ck_assert_uint_eq(f.used, 0);
	ck_assert_uint_eq(f.broken, 0);
	ck_assert_int_eq(faccessat(hub.scratch.fd, "0000.seg", F_OK, 0), -1);
}
END_TEST

/* The failing batch is at the end of one segment, more waits in the next. */
START_TEST(all_that_waits_behind_a_failed_batch_fails_with_it)
{
	disk.sync_data_error = EIO;
	disk.sync_data_errors = 1;
	for (size_t i = 0; i < 15; i++)
		ck_assert_int_eq(append(9000), 0);
	wait_all();
	for (size_t i = 0; i < 15; i++)
		ck_assert_int_eq(hub.told[i].status, -EIO);
	ck_assert_int_eq(append(9000), 0);
	wait_all();
	reopen();
	check_seen();
	ck_assert_uint_eq(hub.seen_count, 1);
}
END_TEST

START_TEST(nobody_is_answered_when_the_abandoning_fails_too)
{
	ck_assert_int_eq(append(300), 0);
	wait_all();
	disk.sync_data_error = EIO;
	disk.sync_data_errors = 2;
	ck_assert_int_eq(append(300), 0);
	ck_assert_int_eq(append(300), 0);
	wait_all();
	ck_assert_int_eq(hub.told[1].status, -ENOTRECOVERABLE);
	ck_assert_int_eq(hub.told[2].status, -ENOTRECOVERABLE);
	/* the next segment says of both that they are broken */
	ck_assert_int_eq(append(300), 0);
	wait_all();
	ck_assert_int_eq(hub.told[3].status, 0);
	reopen();
	check_seen();
	ck_assert_uint_eq(hub.seen_count, 2);
}
END_TEST

START_TEST(nobody_is_answered_when_no_segment_is_left_to_abandon_in)
{
	hub_down();
	hub.options.segments = 1;
	hub_up();
	ck_assert_int_eq(append(300), 0);
	wait_all();
	disk.sync_data_error = EIO;
	disk.sync_data_errors = 1;
	ck_assert_int_eq(append(300), 0);
	wait_all();
	ck_assert_int_eq(hub.told[1].status, -ENOTRECOVERABLE);
	ck_assert_int_eq(append(300), -ENOSPC);
	journal_settled(hub.journal, hub.told[1].position);
	ck_assert_int_eq(append(300), 0);
	wait_all();
	ck_assert_int_eq(hub.told[2].status, 0);
}
END_TEST

START_TEST(no_room_for_a_new_segment_is_tried_again)
{
	struct journal_figures f;

	*(_i == 0 ? &disk.write_error : &disk.sync_error) = ENOSPC;
	ck_assert_int_eq(append(300), 0);
	wait_all();
	ck_assert_int_eq(hub.told[0].status, -ENOSPC);
	journal_figures(hub.journal, &f);
	ck_assert_int_eq(f.fault, -ENOSPC);
	ck_assert_uint_eq(f.used, 0);
	ck_assert_int_eq(faccessat(hub.scratch.fd, "0000.seg", F_OK, 0), -1);
	disk.write_error = disk.sync_error = 0;
	ck_assert_int_eq(append(300), 0);
	wait_all();
	ck_assert_int_eq(hub.told[1].status, 0);
	reopen();
	check_seen();
}
END_TEST

/* A process that is killed */

struct report {
	struct message_id	id;
	uint64_t		position;
};

static int report_fd;

static void
on_child_done(void *arg, int status)
{
	struct told *told = arg;
	struct report report = { told->id, told->position };

	if (status != 0 ||
	    write(report_fd, &report, sizeof(report)) != sizeof(report))
		_exit(3);
	hub.open--;
}

/* Keep 20 records going until killed. */
static void
child_turn(void *arg)
{
	static char body[2000];
	struct timer **timer = arg;

	while (hub.open < 20) {
		struct told *told = &hub.told[hub.count % MOST_RECORDS];
		size_t len = (size_t)random() % sizeof(body);
		struct slice bytes;

		told->body = malloc(len + 1);
		if (told->body == NULL ||
		    message_id_new(&hub.last, 1700000000000) < 0)
			_exit(4);
		told->id = hub.last;
		bytes = body_of(&told->id, len);
		memcpy(told->body, bytes.at, len);
		if (journal_append(hub.journal, JOURNAL_MESSAGE, &told->id,
		    slice_of(&len, sizeof(len)), slice_of(told->body, len),
		    on_child_done, told, &told->position) < 0)
			break;
		hub.count++;
		hub.open++;
	}
	timer_set(*timer, 1);
}

static void
child(int fd, unsigned seed)
{
	struct timer *timer;

	report_fd = fd;
	srandom(seed);
	hub_up();
	timer = timer_new(hub.loop, child_turn, &timer);
	timer_set(timer, 0);
	_exit(loop_run(hub.loop) < 0 ? 5 : 6);
}

START_TEST(what_a_killed_process_had_acknowledged_is_replayed)
{
	unsigned kill_after;
	int pipe_fd[2], status;
	pid_t pid;

	hub_down();
	srandom((unsigned)_i + 1);
	kill_after = (unsigned)random() % 90;
	ck_assert_int_eq(pipe(pipe_fd), 0);
	pid = fork();
	if (pid == 0)
		child(pipe_fd[1], (unsigned)_i + 1);
	close(pipe_fd[1]);
	for (;;) {
		struct report report;

		if (hub.count == kill_after)
			(void)kill(pid, SIGKILL);
		if (read(pipe_fd[0], &report, sizeof(report)) !=
		    sizeof(report))
			break;
		hub.told[hub.count].id = report.id;
		hub.told[hub.count++].position = report.position;
	}
	close(pipe_fd[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	hub_up();
	replay_all();
	for (size_t i = 0; i < hub.count; i++)
		ck_assert(was_seen(&hub.told[i]));
	/* at most what it had in hand came besides */
	ck_assert_uint_le(hub.seen_count, hub.count + 20);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/journal_failing");
	TCase *tcase = tcase_create("failing");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase,
	    a_failed_batch_is_abandoned_and_the_next_is_good, 0,
	    (int)(sizeof(failures) / sizeof(failures[0])));
	tcase_add_test(tcase,
	    all_that_waits_behind_a_failed_batch_fails_with_it);
	tcase_add_test(tcase, nobody_is_answered_when_the_abandoning_fails_too);
	tcase_add_test(tcase,
	    nobody_is_answered_when_no_segment_is_left_to_abandon_in);
	tcase_add_loop_test(tcase, no_room_for_a_new_segment_is_tried_again, 0,
	    2);
	tcase_add_loop_test(tcase,
	    what_a_killed_process_had_acknowledged_is_replayed, 0, 12);
	suite_add_tcase(suite, tcase);
	return suite;
}
