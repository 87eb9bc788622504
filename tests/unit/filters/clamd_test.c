/*
 * clamd_test.c - a clamd that is right, slow, cut off, or makes no sense
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "filters/clamd.h"
#include "lib/base/loop.h"
#include "tests/unit/filters/clam_fixture.h"

#define ROOM	(1u << 20)
#define SOON_MS	300	/* for who never answers */
#define LATE_MS	20000	/* for who does */

static struct scratch folder;
static struct clamd clamd;
static int listener;
static pid_t child;

/* How the clamd of a test behaves. */
struct manner {
	const char	*reply;		/* "": none; NULL: it looks */
	size_t		 reply_len;	/* 0: with its NUL */
	bool		 is_early;	/* before it has heard anything */
	bool		 is_silent;	/* and does not close */
	bool		 passes_encrypted, passes_deep;
};

static bool
read_whole(int fd, void *bytes, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, (char *)bytes + at, len - at);

		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

/* What a client sends; false: that is no INSTREAM. */
static bool
hear(int fd, struct text *stream)
{
	char command[10], chunk[65536];
	unsigned char head[4];

	if (!read_whole(fd, command, sizeof(command)) ||
	    memcmp(command, "zINSTREAM", sizeof(command)) != 0)
		return false;
	for (;;) {
		size_t len;

		if (!read_whole(fd, head, sizeof(head)))
			return false;
		len = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
		    (size_t)head[2] << 8 | head[3];
		if (len == 0)
			return !text_failed(stream);
		if (len > sizeof(chunk) || !read_whole(fd, chunk, len))
			return false;
		text_add(stream, slice_of(chunk, len));
	}
}

/* It knows one virus, one archive with a password, and one that is deep. */
static const char *
look(const struct manner *manner, struct slice stream)
{
	if (slice_find_str(stream, EICAR) != SIZE_MAX)
		return "stream: Eicar-Test FOUND";
	if (slice_has_prefix(stream, "PK\3\4") && !manner->passes_encrypted)
		return "stream: Heuristics.Encrypted.Zip FOUND";
	if (slice_has_prefix(stream, "070701") && !manner->passes_deep)
		return "stream: Heuristics.Limits.Exceeded.MaxRecursion FOUND";
	return "stream: OK";
}

static void
answer_one(int fd, const struct manner *manner)
{
	TEXT_AUTO stream = TEXT_INIT(8 * ROOM);
	const char *reply = manner->reply;
	size_t len;

	if (!manner->is_early && !hear(fd, &stream))
		reply = "no INSTREAM ERROR";
	if (reply == NULL)
		reply = look(manner, text_slice(&stream));
	len = manner->reply_len > 0 ? manner->reply_len : strlen(reply) + 1;
	if (reply[0] != '\0' && write(fd, reply, len) != (ssize_t)len)
		_exit(1);
	if (manner->is_silent)
		(void)pause();
	/* what it does not read any more is no reset: it was told */
	while (manner->is_early && reply[0] != '\0' && read(fd, &len, 1) > 0)
		;
}

static void
serve(const struct manner *manner)
{
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child > 0)
		return;
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		answer_one(fd, manner);
		(void)close(fd);
	}
}

static void
set_up(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	folder = scratch_new();
	(void)snprintf(at.sun_path, sizeof(at.sun_path),
	    "/proc/self/fd/%d/s", folder.fd);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(listener, 0);
	ck_assert_int_eq(bind(listener, (const struct sockaddr *)&at,
	    sizeof(at)), 0);
	ck_assert_int_eq(listen(listener, 16), 0);
	ck_assert(clamd_read(slice_str(at.sun_path), &clamd));
	child = 0;
}

static void
tear_down(void)
{
	if (child > 0) {
		(void)kill(child, SIGKILL);
		(void)waitpid(child, NULL, 0);
	}
	(void)close(listener);
	scratch_drop(&folder);
}

static const struct {
	const char	*text;
	bool		 is_one;
} addresses[] = {
	{ "/run/clamav/clamd.ctl", true },
	{ "127.0.0.1:3310", true },
	{ "[::1]:3310", true },
	{ "", false },
	{ "run/clamd.ctl", false },
	{ "127.0.0.1", false },
	{ "127.0.0.1:0", false },
	{ "127.0.0.1:65536", false },
	{ "::1:3310", false },
	{ "[::1]", false },
	{ "[127.0.0.1]:3310", false },
	{ "localhost:3310", false },
	{ "/0123456789012345678901234567890123456789012345678901234567890123"
	  "45678901234567890123456789012345678901234567890123456789", false },
};

START_TEST(an_address_is_a_path_or_numeric)
{
	struct clamd out;

	ck_assert_int_eq(clamd_read(slice_str(addresses[_i].text), &out),
	    addresses[_i].is_one);
}
END_TEST

static char huge[100000];

static const struct {
	struct manner		 manner;
	enum scan_result	 result;
	const char		*name;
} rows[] = {
	{ { .reply = "stream: OK" }, SCAN_CLEAN, "" },
	{ { .reply = "stream: Win.Test-1 FOUND" }, SCAN_VIRUS, "Win.Test-1" },
	{ { .reply = "stream: Heuristics.Encrypted.PDF FOUND" },
	    SCAN_ENCRYPTED, "Heuristics.Encrypted.PDF" },
	{ { .reply = "stream: Heuristics.Limits.Exceeded.MaxFiles FOUND" },
	    SCAN_TOO_MUCH, "Heuristics.Limits.Exceeded.MaxFiles" },
	{ { .reply = "stream: Heuristics.OLE2.ContainsMacros.VBA FOUND" },
	    SCAN_UNSCANNABLE, "Heuristics.OLE2.ContainsMacros.VBA" },
	{ { .reply = "stream: a\nb\377 FOUND" }, SCAN_VIRUS, "a?b?" },
	{ { .reply = "INSTREAM size limit exceeded. ERROR" }, SCAN_TOO_MUCH,
	    "" },
	{ { .reply = "INSTREAM size limit exceeded. ERROR", .is_early = true },
	    SCAN_TOO_MUCH, "" },
	{ { .reply = "stream: Can't allocate memory ERROR" },
	    SCAN_UNSCANNABLE, "" },
	/* nothing of this is an answer */
	{ { .reply = "" }, SCAN_NOT_SCANNED, "" },
	{ { .reply = "", .is_early = true }, SCAN_NOT_SCANNED, "" },
	{ { .reply = "stream: OK", .reply_len = 10 }, SCAN_NOT_SCANNED, "" },
	{ { .reply = "stream: O", .reply_len = 9 }, SCAN_NOT_SCANNED, "" },
	{ { .reply = "OK" }, SCAN_NOT_SCANNED, "" },
	{ { .reply = "stream: OK " }, SCAN_NOT_SCANNED, "" },
	{ { .reply = "stream: OK\nstream: OK" }, SCAN_NOT_SCANNED, "" },
	{ { .reply = "stream:  FOUND" }, SCAN_NOT_SCANNED, "" },
	{ { .reply = "1: stream: OK" }, SCAN_NOT_SCANNED, "" },
	{ { .reply = "PONG" }, SCAN_NOT_SCANNED, "" },
	{ { .reply = "stream: OK\0x", .reply_len = 12 }, SCAN_NOT_SCANNED,
	    "" },
	{ { .reply = huge, .reply_len = sizeof(huge), .is_silent = true },
	    SCAN_NOT_SCANNED, "" },
};

START_TEST(only_a_whole_ok_is_clean)
{
	TEXT_AUTO bytes = TEXT_INIT(ROOM);
	struct scan_answer answer;

	memset(huge, 'x', sizeof(huge));
	while (bytes.len < 3 * 65536 + 7)
		text_add_str(&bytes, "hello ");
	serve(&rows[_i].manner);
	answer = clamd_look(&clamd, text_slice(&bytes), clock_ms() + LATE_MS);
	ck_assert_msg(answer.result == rows[_i].result, "%d %s",
	    (int)answer.result, answer.words);
	ck_assert_str_eq(answer.name, rows[_i].name);
}
END_TEST

/* It is given its time, and no more; also when it does not even take bytes. */
START_TEST(a_clamd_that_hangs_takes_too_long)
{
	static const struct manner silent = { .reply = "", .is_silent = true };
	TEXT_AUTO bytes = TEXT_INIT(4 * ROOM);

	while (bytes.len < 3 * ROOM)
		text_add_str(&bytes, "hello ");
	if (_i == 0)
		serve(&silent);
	ck_assert_int_eq(clamd_look(&clamd, text_slice(&bytes), clock_ms() +
	    SOON_MS).result, SCAN_TOO_LONG);
}
END_TEST

START_TEST(without_a_clamd_nothing_is_scanned)
{
	(void)close(listener);
	listener = -1;
	ck_assert_int_eq(clamd_look(&clamd, slice_str("x"), clock_ms() +
	    LATE_MS).result, SCAN_NOT_SCANNED);
	ck_assert(clamd_read(slice_str("/nowhere/clamd.ctl"), &clamd));
	ck_assert_int_eq(clamd_look(&clamd, slice_str("x"), clock_ms() +
	    LATE_MS).result, SCAN_NOT_SCANNED);
	ck_assert_ptr_nonnull(clamd_trial(&clamd, clock_ms() + LATE_MS));
}
END_TEST

static const struct {
	struct manner	 manner;
	const char	*words;		/* in what is wrong; NULL: nothing */
} trials[] = {
	{ { .reply = NULL }, NULL },
	{ { .passes_encrypted = true }, "AlertEncrypted" },
	{ { .passes_deep = true }, "AlertExceedsMax" },
	{ { .reply = "stream: OK" }, "EICAR" },
	{ { .reply = "stream: Bad FOUND" }, "honest" },
	{ { .reply = "what?" }, "reached" },
};

START_TEST(a_clamd_that_does_not_look_as_it_must_is_not_used)
{
	const char *words;

	serve(&trials[_i].manner);
	words = clamd_trial(&clamd, clock_ms() + LATE_MS);
	if (trials[_i].words == NULL)
		ck_assert_msg(words == NULL, "%s", words);
	else
		ck_assert_msg(words != NULL && strstr(words,
		    trials[_i].words) != NULL, "%s", words);
}
END_TEST

/* What clamd would not take for mail reaches it as the file that it is. */
START_TEST(a_message_is_looked_at_leaf_by_leaf)
{
	static const struct manner honest = { .reply = NULL };
	TEXT_AUTO message = TEXT_INIT(ROOM);
	struct scan_answer answer;
	struct clam *clam;

	serve(&honest);
	ck_assert_int_eq(clam_call(&clamd, &clam_default_limits, &clam), 0);
	ck_assert_int_eq(clam_scratch(clam, folder.fd), 0);
	text_add_str(&message, "Zzz: 1\r\n");
	add_attachment(&message, "q", "image/png", "base64", EICAR_BYTES);
	answer = clam_scan(clam, text_slice(&message));
	ck_assert_int_eq(answer.result, SCAN_VIRUS);
	answer = clam_scan(clam, slice_str("From: a@example.org\r\n\r\nhi"));
	ck_assert_int_eq(answer.result, SCAN_CLEAN);
	/* names and macros it does not tell */
	ck_assert_ptr_nonnull(scan_answer_unlisted(&answer));
	ck_assert_int_eq(answer.packed.macros, PACKED_UNKNOWN);
	clam_free(clam);
}
END_TEST

#define COUNT(rows)	(int)(sizeof(rows) / sizeof((rows)[0]))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("clamd");
	TCase *test = tcase_create("clamd");

	tcase_set_timeout(test, 60);
	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_loop_test(test, an_address_is_a_path_or_numeric, 0,
	    COUNT(addresses));
	tcase_add_loop_test(test, only_a_whole_ok_is_clean, 0, COUNT(rows));
	tcase_add_loop_test(test, a_clamd_that_hangs_takes_too_long, 0, 2);
	tcase_add_test(test, without_a_clamd_nothing_is_scanned);
	tcase_add_loop_test(test,
	    a_clamd_that_does_not_look_as_it_must_is_not_used, 0,
	    COUNT(trials));
	tcase_add_test(test, a_message_is_looked_at_leaf_by_leaf);
	suite_add_tcase(suite, test);
	return suite;
}
