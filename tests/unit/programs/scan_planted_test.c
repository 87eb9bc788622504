/*
 * scan_planted_test.c - a scanner that a message takes over
 *
 * HARDENING A60: libclamav is replaced by what a hostile message may make of
 * it, behind the real walls and limits.  Whatever it does, only that worker
 * ends, the message is not clean, and the next one has its scanner.  And a set
 * of signatures that loads without a fault, and finds a virus in everything.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/sandbox.h"
#include "programs/scan_pool.h"
#include "tests/unit/filters/clam_fixture.h"

#define HOG_BYTES	((size_t)1 << 30)	/* above what a worker may have */
#define HOG_STEP	((size_t)1 << 20)

static struct scratch signatures, scratch;
static struct loop *loop;
static struct scan_pool *pool;
static unsigned lines;		/* said for the log */

/* What came of it: something that it must not do was done. */
static struct scan_answer
done(const char *what)
{
	return scan_answer_of(SCAN_VIRUS, what, "it was done");
}

static struct scan_answer
hog(void)
{
	for (size_t bytes = 0; bytes < HOG_BYTES; bytes += HOG_STEP) {
		char *at = malloc(HOG_STEP);

		if (at == NULL)
			return scan_answer_of(SCAN_UNSCANNABLE, "",
			    "no memory to scan it");
		memset(at, 1, HOG_STEP);
	}
	return done("Hog");
}

static struct scan_answer
execute(void)
{
	char *const none[] = { NULL };

	return execve("/bin/true", none, none) < 0 ? done("Exec-survived") :
	    done("Exec");
}

static struct scan_answer
call_out(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd >= 0)
		return done("Socket");
	/* without one it tries what it has */
	(void)connect(0, (const struct sockaddr *)&address, sizeof(address));
	return done("Connect-survived");
}

static struct scan_answer
read_secrets(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 ?
	    done("Open") : (struct scan_answer){ .result = SCAN_CLEAN };
}

static struct scan_answer
planted(struct clam *clam, struct slice message)
{
	volatile unsigned spin = 1;

	switch (message.len > 1 && message.at[0] == '!' ? message.at[1] : 0) {
	case 'c':
		__builtin_trap();
	case 'h':
		while (spin != 0)
			spin |= 1;
		return done("Hang");
	case 'm':
		return hog();
	case 'x':
		return execute();
	case 'n':
		return call_out();
	case 'o':
		return read_secrets();
	default:
		return clam_scan(clam, message);
	}
}

/* A scan that ends by itself has these, on whatever machine. */
#define SECONDS		60
/* The one that hangs has these: less to wait for, more than a virus needs. */
#define SECONDS_HANGING	5

static const struct {
	const char		*message;
	enum scan_result	 want;
	bool			 walls;	/* nothing holds it without them */
} rows[] = {
	{ "!crash",	SCAN_UNSCANNABLE,	false },
	{ "!hang",	SCAN_TOO_LONG,		false },
	{ "!memory",	SCAN_UNSCANNABLE,	true },
	{ "!x: exec",	SCAN_UNSCANNABLE,	true },
	{ "!network",	SCAN_UNSCANNABLE,	true },
	{ "!open",	SCAN_CLEAN,		true },
};

static void
on_words(void *arg, const char *words)
{
	(void)arg;
	(void)words;
	lines++;
}

static void
pool_start(unsigned seconds)
{
	const struct scan_pool_options options = {
		.signatures_fd = -1, .scratch_fd = -1, .workers = 1,
		.seconds = seconds, .poll_ms = 50, .limits = &clam_default_limits,
		.say = on_words, .look = planted
	};
	struct scan_pool_options mine = options;

	mine.signatures_fd = signatures.fd;
	mine.scratch_fd = scratch.fd;
	ck_assert_int_eq(scan_pool_new(loop, &mine, &pool), 0);
}

static void
set_up(void)
{
	signatures = scratch_new();
	scratch = scratch_new();
	ck_assert_int_eq(clam_open(), 0);
	eicar_write(signatures.fd);
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	pool_start(SECONDS);
}

static void
tear_down(void)
{
	scan_pool_free(pool);
	loop_free(loop);
	/* nothing was left there, whatever ended */
	ck_assert_int_eq(rmdir(scratch.path), 0);
	ck_assert_int_eq(mkdir(scratch.path, 0700), 0);
	scratch_drop(&scratch);
	scratch_drop(&signatures);
}

static void
on_done(void *arg, const struct scan_answer *answer)
{
	*(struct scan_answer *)arg = *answer;
	loop_stop(loop);
}

static void
give(struct slice bytes, struct scan_answer *answer_out)
{
	int fd = memfd_create("message", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes.at, bytes.len), (ssize_t)bytes.len);
	answer_out->result = SCAN_RESULTS;
	scan_pool_scan(pool, fd, bytes.len, on_done, answer_out);
}

/* The pool's answer, however long it takes; the test has a limit. */
static struct scan_answer
scan(struct slice bytes)
{
	struct scan_answer answer;

	give(bytes, &answer);
	while (answer.result == SCAN_RESULTS)
		ck_assert_int_eq(loop_run(loop), 0);
	return answer;
}

/* The number behind `field` in what the kernel says of a process; or 0. */
static unsigned long
kernel_says(pid_t pid, const char *field)
{
	char path[64], line[256];
	unsigned long number = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, field, strlen(field)) == 0)
			number = strtoul(line + strlen(field), NULL, 10);
	ck_assert_int_eq(fclose(file), 0);
	return number;
}

static struct scan_answer
scan_virus(void)
{
	TEXT_AUTO text = TEXT_INIT(65536);

	add_attachment(&text, "q", "image/png", "base64", EICAR_BYTES);
	return scan(text_slice(&text));
}

/* The role may ask an rspamd, and who loads signatures may not. */
START_TEST(who_loads_stands_behind_a_wall_of_its_own)
{
	unsigned long filters = kernel_says(getpid(), "Seccomp_filters:");
	pid_t worker, leader;

	if (sandbox_is_relaxed())
		return;
	ck_assert_int_eq(scan_virus().result, SCAN_VIRUS);
	ck_assert_uint_eq(scan_pool_workers(pool, &worker, 1), 1);
	leader = (pid_t)kernel_says(worker, "PPid:");
	ck_assert_int_ne(leader, getpid());
	ck_assert_uint_eq(kernel_says(leader, "Seccomp:"), 2);
	ck_assert_uint_eq(kernel_says(leader, "Seccomp_filters:"),
	    filters + 1);
	ck_assert_uint_eq(kernel_says(worker, "Seccomp_filters:"),
	    filters + 2);
}
END_TEST

START_TEST(only_the_worker_ends)
{
	struct scan_answer answer;

	if (rows[_i].walls && sandbox_is_relaxed())
		return;
	if (rows[_i].want == SCAN_TOO_LONG) {
		scan_pool_free(pool);
		pool_start(SECONDS_HANGING);
	}
	ck_assert_int_eq(scan_virus().result, SCAN_VIRUS);
	answer = scan(slice_str(rows[_i].message));
	ck_assert_msg(answer.result == rows[_i].want, "%s: %d %s %s",
	    rows[_i].message, (int)answer.result, answer.name, answer.words);
	/* those who wait behind it are scanned as ever */
	ck_assert_int_eq(scan_virus().result, SCAN_VIRUS);
	ck_assert_int_eq(scan(slice_str("Subject: a\r\n\r\nb\r\n")).result,
	    SCAN_CLEAN);
}
END_TEST

/* The one scanner is busy, and stays so for longer than the test has. */
START_TEST(a_message_that_takes_long_keeps_nobody_waiting)
{
	struct scan_answer hanging;

	scan_pool_free(pool);
	pool_start(3600);
	give(slice_str("!hang"), &hanging);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(scan_virus().result, SCAN_VIRUS);
	ck_assert_int_eq(hanging.result, SCAN_RESULTS);
	ck_assert_uint_eq(scan_pool_workers(pool, NULL, 0), 2);
	scan_pool_forget(pool, &hanging);
}
END_TEST

static void
on_time(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

/* It takes whatever has a sender for a virus. */
START_TEST(signatures_that_find_all_do_not_replace_good_ones)
{
	struct timer *timer = timer_new(loop, on_time, NULL);
	struct scan_status status;
	unsigned before;

	ck_assert_ptr_nonnull(timer);
	ck_assert_int_eq(scan_virus().result, SCAN_VIRUS);
	before = lines;
	file_write(signatures.fd, "all.ndb",
	    slice_str("All-Test:0:*:46726f6d3a20\n"));
	while (lines == before) {
		timer_set(timer, 10);
		ck_assert_int_eq(loop_run(loop), 0);
	}
	timer_free(timer);
	scan_pool_status(pool, &status);
	ck_assert_int_eq(status.state, SCAN_READY);
	ck_assert_uint_eq(status.signatures, 1);
	ck_assert_ptr_nonnull(strstr(status.words, "take an honest message "
	    "for a virus; the signatures loaded before stay in use"));
	ck_assert_int_eq(scan(slice_str("From: a\r\n\r\nb\r\n")).result,
	    SCAN_CLEAN);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("scan_planted");
	TCase *test = tcase_create("scan_planted");

	tcase_set_timeout(test, 120);
	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_loop_test(test, only_the_worker_ends, 0,
	    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(test, who_loads_stands_behind_a_wall_of_its_own);
	tcase_add_test(test, a_message_that_takes_long_keeps_nobody_waiting);
	tcase_add_test(test,
	    signatures_that_find_all_do_not_replace_good_ones);
	suite_add_tcase(suite, test);
	return suite;
}
