/*
 * scan_pool_test.c - messages in, answers out, whatever happens to the scanners
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/base/sandbox.h"
#include "programs/scan_pool.h"
#include "tests/unit/filters/clam_fixture.h"

#define PIDS	16
#define POLL_MS	50	/* between looks at the signatures */

static struct scratch signatures, scratch;
static struct loop *loop;
static struct scan_pool *pool;
static unsigned lines;		/* said for the log */

/* A message on its way. */
struct sent {
	struct scan_answer	answer;
	unsigned		answers;
};

static void
on_words(void *arg, const char *words)
{
	(void)arg;
	ck_assert_str_ne(words, "");
	lines++;
}

static struct scan_pool_options
options_of(unsigned workers)
{
	return (struct scan_pool_options){
		.signatures_fd = signatures.fd,
		.scratch_fd = scratch.fd, .workers = workers, .seconds = 60,
		.poll_ms = POLL_MS, .limits = &clam_default_limits,
		.say = on_words
	};
}

static void
start(const struct scan_pool_options *options)
{
	ck_assert_int_eq(scan_pool_new(loop, options, &pool), 0);
}

static void
set_up(void)
{
	signatures = scratch_new();
	scratch = scratch_new();
	ck_assert_int_eq(clam_open(), 0);
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	lines = 0;
	pool = NULL;
}

static void
tear_down(void)
{
	scan_pool_free(pool);
	loop_free(loop);
	/* no crew has left anything */
	ck_assert_int_eq(rmdir(scratch.path), 0);
	ck_assert_int_eq(mkdir(scratch.path, 0700), 0);
	scratch_drop(&scratch);
	scratch_drop(&signatures);
}

static void
on_done(void *arg, const struct scan_answer *answer)
{
	struct sent *sent = arg;

	sent->answer = *answer;
	sent->answers++;
}

static void
send_bytes(struct slice bytes, struct sent *sent)
{
	int fd = memfd_create("message", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes.at, bytes.len), (ssize_t)bytes.len);
	*sent = (struct sent){ 0 };
	scan_pool_scan(pool, fd, bytes.len, on_done, sent);
}

static void
send_clean(struct sent *sent)
{
	send_bytes(slice_str("Subject: hello\r\n\r\nhello\r\n"), sent);
}

static void
send_virus(struct sent *sent)
{
	TEXT_AUTO text = TEXT_INIT(65536);

	text_add_str(&text, "Zzz: 1\r\n");
	add_attachment(&text, "q", "image/png", "base64", EICAR_BYTES);
	send_bytes(text_slice(&text), sent);
}

static void
on_time(void *arg)
{
	*(bool *)arg = true;
	loop_stop(loop);
}

/* Let the pool work for so long. */
static void
run_ms(uint64_t ms)
{
	bool over = false;
	struct timer *timer = timer_new(loop, on_time, &over);

	ck_assert_ptr_nonnull(timer);
	timer_set(timer, ms);
	while (!over)
		ck_assert_int_eq(loop_run(loop), 0);
	timer_free(timer);
}

static bool
is_answered(const void *arg)
{
	return ((const struct sent *)arg)->answers > 0;
}

static bool
is_ready(const void *arg)
{
	return scan_pool_workers(pool, NULL, 0) == *(const size_t *)arg;
}

static bool
has_signatures(const void *arg)
{
	struct scan_status status;

	scan_pool_status(pool, &status);
	return status.signatures == *(const uint64_t *)arg;
}

static bool
is_not_loading(const void *arg)
{
	(void)arg;
	return lines > 0;
}

/* Let it work until something is so; at most 30 s. */
static void
run_until(bool (*is)(const void *), const void *arg)
{
	for (int i = 0; i < 6000 && !is(arg); i++)
		run_ms(5);
	ck_assert(is(arg));
}

static void
start_ready(size_t workers)
{
	const struct scan_pool_options options =
	    options_of((unsigned)workers);

	eicar_write(signatures.fd);
	start(&options);
	run_until(is_ready, &workers);
}

START_TEST(messages_are_answered)
{
	struct sent clean, virus;

	start_ready(2);
	send_clean(&clean);
	send_virus(&virus);
	run_until(is_answered, &clean);
	run_until(is_answered, &virus);
	ck_assert_int_eq(clean.answer.result, SCAN_CLEAN);
	ck_assert_int_eq(virus.answer.result, SCAN_VIRUS);
	ck_assert_ptr_nonnull(strstr(virus.answer.name, EICAR_NAME));
}
END_TEST

START_TEST(what_is_in_an_archive_is_found_behind_the_walls)
{
	TEXT_AUTO text = TEXT_INIT(65536);
	TEXT_AUTO zip = TEXT_INIT(65536);
	TEXT_AUTO outer = TEXT_INIT(65536);
	struct sent sent;

	start_ready(1);
	add_zip(&zip, 0, EICAR_BYTES, 1);
	add_zip(&outer, 0, text_slice(&zip), 2);
	text_add_str(&text, "Zzz: 1\r\n");
	add_attachment(&text, "q", "image/png", "base64",
	    text_slice(&outer));
	send_bytes(text_slice(&text), &sent);
	run_until(is_answered, &sent);
	ck_assert_int_eq(sent.answer.result, SCAN_VIRUS);
}
END_TEST

/* The folder of the only worker, in that of the only crew. */
START_TEST(no_temporary_file_outlives_its_message)
{
	struct sent sent;

	start_ready(1);
	send_virus(&sent);
	run_until(is_answered, &sent);
	ck_assert_int_eq(unlinkat(scratch.fd, "c1/w1", AT_REMOVEDIR), 0);
}
END_TEST

START_TEST(a_folder_that_cannot_be_read_is_no_clean_one)
{
	struct scan_pool_options options = options_of(1);
	struct scan_status status;
	struct sent clean;

	options.signatures_fd = -1;
	options.signatures_fault = "the signature folder cannot be opened";
	start(&options);
	send_clean(&clean);
	ck_assert_int_eq(clean.answer.result, SCAN_NOT_SCANNED);
	ck_assert_str_eq(clean.answer.words, options.signatures_fault);
	scan_pool_status(pool, &status);
	ck_assert_int_eq(status.state, SCAN_NO_SIGNATURES);
}
END_TEST

START_TEST(a_message_waits_for_the_first_signatures)
{
	const struct scan_pool_options options = options_of(1);
	struct sent virus;

	eicar_write(signatures.fd);
	start(&options);
	send_virus(&virus);
	ck_assert_uint_eq(virus.answers, 0);
	run_until(is_answered, &virus);
	ck_assert_int_eq(virus.answer.result, SCAN_VIRUS);
}
END_TEST

START_TEST(as_many_scanners_run_as_were_asked_for)
{
	pid_t pids[PIDS];
	struct scan_status status;

	start_ready(3);
	run_ms(50);
	ck_assert_uint_eq(scan_pool_workers(pool, pids, PIDS), 3);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(kill(pids[i], 0), 0);
	ck_assert(pids[0] != pids[1] && pids[1] != pids[2]);
	scan_pool_status(pool, &status);
	ck_assert_int_eq(status.state, SCAN_READY);
	ck_assert_uint_eq(status.signatures, 1);
	ck_assert_uint_eq(status.workers, 3);
	ck_assert_int_gt(status.newest_utc_s, 1700000000);
}
END_TEST

START_TEST(without_a_folder_nothing_is_scanned)
{
	struct scan_pool_options options = options_of(1);
	struct scan_status status;
	struct sent clean;

	options.signatures_fd = -1;
	start(&options);
	send_clean(&clean);
	ck_assert_uint_eq(clean.answers, 1);
	ck_assert_int_eq(clean.answer.result, SCAN_NOT_SCANNED);
	ck_assert_str_eq(clean.answer.words, "no signatures are configured");
	scan_pool_status(pool, &status);
	ck_assert_int_eq(status.state, SCAN_OFF);
	ck_assert_uint_eq(status.failed, 1);
}
END_TEST

static void
check_hopeless(void)
{
	const struct scan_pool_options options = options_of(1);
	struct scan_status status;
	struct sent before, after;

	start(&options);
	send_clean(&before);
	run_until(is_not_loading, NULL);
	send_clean(&after);
	run_until(is_answered, &before);
	run_until(is_answered, &after);
	ck_assert_int_eq(before.answer.result, SCAN_NOT_SCANNED);
	ck_assert_int_eq(after.answer.result, SCAN_NOT_SCANNED);
	ck_assert_str_ne(after.answer.words, "");
	scan_pool_status(pool, &status);
	ck_assert_int_eq(status.state, SCAN_NO_SIGNATURES);
	ck_assert_uint_eq(status.workers, 0);
}

START_TEST(an_empty_folder_is_not_clean)
{
	check_hopeless();
}
END_TEST

START_TEST(a_broken_set_is_not_clean)
{
	file_write(signatures.fd, "a.ndb", slice_str("no signature\n"));
	check_hopeless();
}
END_TEST

START_TEST(signatures_that_come_later_are_found)
{
	struct scan_pool_options options = options_of(1);
	const uint64_t one = 1;
	struct sent virus;

	options.poll_ms = 50;
	start(&options);
	run_until(is_not_loading, NULL);
	eicar_write(signatures.fd);
	run_until(has_signatures, &one);
	send_virus(&virus);
	run_until(is_answered, &virus);
	ck_assert_int_eq(virus.answer.result, SCAN_VIRUS);
}
END_TEST

START_TEST(a_scanner_that_takes_too_long_is_killed)
{
	struct scan_pool_options options = options_of(1);
	const size_t one = 1;
	struct sent stuck, next;
	pid_t pid, other;

	options.seconds = 1;
	eicar_write(signatures.fd);
	start(&options);
	run_until(is_ready, &one);
	ck_assert_uint_eq(scan_pool_workers(pool, &pid, 1), 1);
	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	send_virus(&stuck);
	run_until(is_answered, &stuck);
	ck_assert_int_eq(stuck.answer.result, SCAN_TOO_LONG);
	ck_assert_str_eq(stuck.answer.words,
	    "scanning took longer than 1 seconds");
	/* the next message has another */
	send_virus(&next);
	run_until(is_answered, &next);
	ck_assert_int_eq(next.answer.result, SCAN_VIRUS);
	ck_assert_uint_eq(scan_pool_workers(pool, &other, 1), 1);
	ck_assert_int_ne(other, pid);
	ck_assert_int_eq(kill(pid, 0), -1);
	ck_assert_uint_eq(stuck.answers, 1);
}
END_TEST

/* The only scanner dies with the message in its hands. */
static void
kill_at_work(void)
{
	const size_t one = 1;
	pid_t pid;

	run_until(is_ready, &one);
	ck_assert_uint_eq(scan_pool_workers(pool, &pid, 1), 1);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
}

static void
stop_it(void)
{
	const size_t one = 1;
	pid_t pid;

	run_until(is_ready, &one);
	ck_assert_uint_eq(scan_pool_workers(pool, &pid, 1), 1);
	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
}

START_TEST(a_message_survives_its_scanner)
{
	struct sent virus;

	start_ready(1);
	stop_it();
	send_virus(&virus);
	kill_at_work();
	run_until(is_answered, &virus);
	ck_assert_int_eq(virus.answer.result, SCAN_VIRUS);
	ck_assert_uint_eq(virus.answers, 1);
}
END_TEST

static bool
has_new_scanner(const void *arg)
{
	pid_t pid;

	return scan_pool_workers(pool, &pid, 1) == 1 &&
	    pid != *(const pid_t *)arg;
}

START_TEST(a_message_that_ends_two_scanners_is_not_scanned)
{
	struct sent virus, next;
	pid_t pid, second;

	start_ready(1);
	stop_it();
	(void)scan_pool_workers(pool, &pid, 1);
	send_virus(&virus);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	/* the handler that knows the second one has given it the message */
	for (int i = 0; i < 10000 && !has_new_scanner(&pid); i++)
		run_ms(0);
	(void)scan_pool_workers(pool, &second, 1);
	ck_assert_int_eq(kill(second, SIGKILL), 0);
	run_until(is_answered, &virus);
	if (virus.answer.result == SCAN_VIRUS)
		return;		/* it was quicker than we were */
	ck_assert_int_eq(virus.answer.result, SCAN_UNSCANNABLE);
	ck_assert_str_eq(virus.answer.words,
	    "the scanner broke off on it 2 times");
	send_virus(&next);
	run_until(is_answered, &next);
	ck_assert_int_eq(next.answer.result, SCAN_VIRUS);
}
END_TEST

START_TEST(a_set_is_replaced_while_messages_flow)
{
	struct sent sent[100];
	const uint64_t two = 2;

	start_ready(2);
	signature_write(signatures.fd, "more.ndb", "More-Test",
	    slice_str("0123456789abcdef"));
	for (int i = 0; i < 100; i++) {
		send_virus(&sent[i]);
		if (i % 10 == 9)
			run_ms(2);
	}
	for (int i = 0; i < 100; i++) {
		run_until(is_answered, &sent[i]);
		ck_assert_uint_eq(sent[i].answers, 1);
		ck_assert_int_eq(sent[i].answer.result, SCAN_VIRUS);
	}
	run_until(has_signatures, &two);
	/* and what the new set knows is found */
	send_bytes(slice_str("Subject: x\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n"
	    "MDEyMzQ1Njc4OWFiY2RlZg==\r\n"), &sent[0]);
	run_until(is_answered, &sent[0]);
	ck_assert_int_eq(sent[0].answer.result, SCAN_VIRUS);
	ck_assert_ptr_nonnull(strstr(sent[0].answer.name, "More-Test"));
}
END_TEST

START_TEST(a_broken_set_does_not_replace_a_good_one)
{
	const uint64_t one = 1;
	struct scan_status status;
	struct sent virus;
	unsigned before;

	start_ready(1);
	before = lines;
	file_write(signatures.fd, "zzz.ndb", slice_str("no signature\n"));
	for (int i = 0; i < 2000 && lines == before; i++)
		run_ms(5);
	ck_assert_uint_eq(lines, before + 1);
	ck_assert(has_signatures(&one));
	scan_pool_status(pool, &status);
	ck_assert_int_eq(status.state, SCAN_READY);
	ck_assert_ptr_nonnull(strstr(status.words, "stay in use"));
	send_virus(&virus);
	run_until(is_answered, &virus);
	ck_assert_int_eq(virus.answer.result, SCAN_VIRUS);
}
END_TEST

START_TEST(an_emptied_folder_does_not_replace_a_good_set)
{
	struct scan_status status;
	struct sent virus;
	unsigned before;

	start_ready(1);
	before = lines;
	ck_assert_int_eq(unlinkat(signatures.fd, "eicar.ndb", 0), 0);
	for (int i = 0; i < 2000 && lines == before; i++)
		run_ms(5);
	scan_pool_status(pool, &status);
	ck_assert_uint_eq(status.signatures, 1);
	send_virus(&virus);
	run_until(is_answered, &virus);
	ck_assert_int_eq(virus.answer.result, SCAN_VIRUS);
}
END_TEST

START_TEST(a_broken_set_is_not_loaded_again_and_again)
{
	struct scan_pool_options options = options_of(1);

	options.poll_ms = 20;
	file_write(signatures.fd, "a.ndb", slice_str("no signature\n"));
	start(&options);
	run_until(is_not_loading, NULL);
	run_ms(150);	/* seven polls */
	ck_assert_uint_eq(lines, 1);
}
END_TEST

/* The parent of the workers is the leader of the crew. */
static pid_t
leader_of(pid_t worker)
{
	char path[64], line[512];
	int parent = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)worker);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
	(void)fclose(file);
	ck_assert_int_eq(sscanf(strrchr(line, ')'), ") %*c %d", &parent), 1);
	return parent;
}

/* Whether file `name` of the process in /proc has a line that begins so. */
static bool
proc_says(pid_t pid, const char *name, const char *begin)
{
	char path[64], line[512];
	bool says = false;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (!says && fgets(line, sizeof(line), file) != NULL)
		says = strncmp(line, begin, strlen(begin)) == 0;
	(void)fclose(file);
	return says;
}

/* HARDENING A60: what a message takes over is a process with nothing */
START_TEST(a_scanner_has_walls_and_limits)
{
	struct sent clean;
	pid_t pid;

	start_ready(1);
	send_clean(&clean);
	run_until(is_answered, &clean);
	ck_assert_uint_eq(scan_pool_workers(pool, &pid, 1), 1);
	ck_assert(!proc_says(pid, "limits",
	    "Max cpu time              unlimited"));
	ck_assert(!proc_says(pid, "limits",
	    "Max file size             unlimited"));
	ck_assert(proc_says(pid, "limits",
	    "Max core file size        0"));
	if (sandbox_is_relaxed())
		return;
	ck_assert(!proc_says(pid, "limits",
	    "Max data size             unlimited"));
	ck_assert(proc_says(pid, "status", "Seccomp:\t2"));
	ck_assert(proc_says(pid, "status", "NoNewPrivs:\t1"));
}
END_TEST

START_TEST(a_crew_that_dies_is_replaced)
{
	struct sent virus;
	pid_t pid;

	start_ready(2);
	ck_assert_uint_eq(scan_pool_workers(pool, &pid, 1), 2);
	ck_assert_int_eq(kill(leader_of(pid), SIGKILL), 0);
	send_virus(&virus);
	run_until(is_answered, &virus);
	ck_assert_int_eq(virus.answer.result, SCAN_VIRUS);
	run_ms(300);
	/* workers without a leader end by themselves */
	for (int i = 0; i < 200 && kill(pid, 0) == 0; i++)
		run_ms(10);
	send_virus(&virus);
	run_until(is_answered, &virus);
	ck_assert_int_eq(virus.answer.result, SCAN_VIRUS);
}
END_TEST

START_TEST(who_is_forgotten_hears_nothing)
{
	struct sent gone, here;

	start_ready(1);
	stop_it();
	send_virus(&gone);
	send_virus(&here);
	scan_pool_forget(pool, &gone);
	{
		pid_t pid;

		ck_assert_uint_eq(scan_pool_workers(pool, &pid, 1), 1);
		ck_assert_int_eq(kill(pid, SIGCONT), 0);
	}
	run_until(is_answered, &here);
	ck_assert_uint_eq(gone.answers, 0);
}
END_TEST

START_TEST(a_flood_is_refused_not_passed)
{
	struct scan_pool_options options = options_of(1);
	static struct sent sent[400];
	unsigned refused = 0;

	eicar_write(signatures.fd);
	start(&options);
	for (int i = 0; i < 400; i++)
		send_clean(&sent[i]);
	for (int i = 0; i < 400; i++)
		if (sent[i].answers == 1) {
			ck_assert_int_eq(sent[i].answer.result,
			    SCAN_NOT_SCANNED);
			refused++;
		}
	ck_assert_uint_eq(refused, 400 - 256);
	for (int i = 0; i < 400; i++)
		run_until(is_answered, &sent[i]);
}
END_TEST

START_TEST(the_wrong_length_is_not_scanned)
{
	struct sent sent = { 0 };
	int fd = memfd_create("message", MFD_CLOEXEC);

	start_ready(1);
	ck_assert_int_eq(write(fd, "abc", 3), 3);
	scan_pool_scan(pool, fd, 4, on_done, &sent);
	run_until(is_answered, &sent);
	ck_assert_int_eq(sent.answer.result, SCAN_NOT_SCANNED);
}
END_TEST

/* As the role does it: the pool first, then the last wall; 0 when it works. */
static int
try_confined(void)
{
	const int folders[] = { scratch.fd, signatures.fd };
	const struct sandbox sandbox = {
		.walls = WALL_LANDLOCK | WALL_SECCOMP,
		.folders = folders, .folder_count = 2,
		.calls = CALLS_FILES | CALLS_MEMFD | CALLS_FORK
	};
	const struct scan_pool_options options = options_of(2);
	const char *step;
	const uint64_t two = 2;
	struct sent virus;
	bool landlock;

	if (sandbox_enter_files(&sandbox, &landlock, &step) < 0)
		return 1;
	start(&options);
	if (sandbox_enter_calls(&sandbox, &step) < 0)
		return 2;
	for (int i = 0; i < 3; i++) {
		pid_t pid;

		send_virus(&virus);
		run_until(is_answered, &virus);
		if (virus.answer.result != SCAN_VIRUS)
			return 3;
		if (i == 0) {
			signature_write(signatures.fd, "more.ndb",
			    "More-Test", slice_str("0123456789abcdef"));
			run_until(has_signatures, &two);
			continue;
		}
		(void)scan_pool_workers(pool, &pid, 1);
		(void)kill(pid, SIGKILL);
	}
	run_ms(500);
	scan_pool_free(pool);
	return sandbox_refused() < 0 ? 0 : 100 + sandbox_refused();
}

START_TEST(it_works_behind_the_walls_of_the_role)
{
	int status;
	pid_t pid;

	eicar_write(signatures.fd);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(try_confined());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(options_have_bounds)
{
	struct scan_pool_options options = options_of(0);

	ck_assert_int_eq(scan_pool_new(loop, &options, &pool), -EINVAL);
	options = options_of(65);
	ck_assert_int_eq(scan_pool_new(loop, &options, &pool), -EINVAL);
	options = options_of(1);
	options.seconds = 0;
	ck_assert_int_eq(scan_pool_new(loop, &options, &pool), -EINVAL);
	ck_assert_ptr_null(pool);
}
END_TEST

START_TEST(what_was_left_in_scratch_goes_at_the_start)
{
	ck_assert_int_eq(mkdirat(scratch.fd, "c9", 0700), 0);
	ck_assert_int_eq(mkdirat(scratch.fd, "c9/w1", 0700), 0);
	file_write(scratch.fd, "c9/x", slice_str("x"));
	ck_assert_int_eq(symlinkat("/etc", scratch.fd, "c9/link"), 0);
	start_ready(1);
	ck_assert_int_eq(faccessat(scratch.fd, "c9", F_OK, 0), -1);
	ck_assert_int_eq(access("/etc/passwd", F_OK), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("scan_pool");
	TCase *tcase = tcase_create("scan_pool");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, messages_are_answered);
	tcase_add_test(tcase,
	    what_is_in_an_archive_is_found_behind_the_walls);
	tcase_add_test(tcase, no_temporary_file_outlives_its_message);
	tcase_add_test(tcase, a_folder_that_cannot_be_read_is_no_clean_one);
	tcase_add_test(tcase, a_message_waits_for_the_first_signatures);
	tcase_add_test(tcase, as_many_scanners_run_as_were_asked_for);
	tcase_add_test(tcase, without_a_folder_nothing_is_scanned);
	tcase_add_test(tcase, an_empty_folder_is_not_clean);
	tcase_add_test(tcase, a_broken_set_is_not_clean);
	tcase_add_test(tcase, signatures_that_come_later_are_found);
	tcase_add_test(tcase, a_scanner_that_takes_too_long_is_killed);
	tcase_add_test(tcase, a_message_survives_its_scanner);
	tcase_add_test(tcase, a_message_that_ends_two_scanners_is_not_scanned);
	tcase_add_test(tcase, a_set_is_replaced_while_messages_flow);
	tcase_add_test(tcase, a_broken_set_does_not_replace_a_good_one);
	tcase_add_test(tcase, an_emptied_folder_does_not_replace_a_good_set);
	tcase_add_test(tcase, a_broken_set_is_not_loaded_again_and_again);
	tcase_add_test(tcase, a_scanner_has_walls_and_limits);
	tcase_add_test(tcase, a_crew_that_dies_is_replaced);
	tcase_add_test(tcase, who_is_forgotten_hears_nothing);
	tcase_add_test(tcase, a_flood_is_refused_not_passed);
	tcase_add_test(tcase, the_wrong_length_is_not_scanned);
	tcase_add_test(tcase, options_have_bounds);
	tcase_add_test(tcase, it_works_behind_the_walls_of_the_role);
	tcase_add_test(tcase, what_was_left_in_scratch_goes_at_the_start);
	suite_add_tcase(suite, tcase);
	return suite;
}
