/*
 * resume_test.c - of a large message no byte comes twice, and none is lost
 */
#include <openssl/sha.h>

#include "tests/unit/fetch/imap/scene.h"

#define LARGE_BYTES	(1500 * 1000)
#define HALF_BYTES	(700 * 1000 + 1)

/* A large message: lines of all kinds of bytes, but for those to be mended. */
static void
make_large(struct text *text)
{
	text_add_str(text, LETTER);
	for (unsigned line = 0; text->len < LARGE_BYTES; line++)
		text_addf(text, "line %u of it, \xff\xfe, and some more\r\n",
		    line);
	ck_assert(!text_failed(text));
}

/* Message 10 is large, and its beginning is kept. */
static struct scene *
half_scene(struct text *large)
{
	struct scene *scene = scene_new();

	make_large(large);
	server_mail(scene->inbox, text_slice(large));
	server_mail(scene->inbox, slice_str(LETTER));
	scene->ledger->half_of = 10;
	scene->ledger->half = slice_first(text_slice(large), HALF_BYTES);
	return scene;
}

/* It is here as it is there; the other one as well. */
static void
came_whole(const struct scene *scene, const struct text *large)
{
	const struct ledger *ledger = scene->ledger;
	unsigned at = ledger->mail[0].number == 10 ? 0 : 1;
	unsigned char digest[32];

	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 2);
	ck_assert_uint_eq(ledger->mail_count, 2);
	ck_assert(slice_is(text_slice(&ledger->mail[at].bytes),
	    text_slice(large)));
	ck_assert_uint_eq(ledger->mail[at].mended, 0);
	ck_assert_ptr_nonnull(SHA256((const unsigned char *)large->at,
	    large->len, digest));
	ck_assert_mem_eq(ledger->mail[at].digest, digest, sizeof(digest));
}

/* RFC 9051 6.4.5: BODY.PEEK[]<origin.count> */
START_TEST(the_rest_of_a_message_is_all_that_is_asked_for)
{
	TEXT_AUTO large = TEXT_INIT(2 * LARGE_BYTES);
	struct scene *scene = half_scene(&large);

	scene_run(scene);
	came_whole(scene, &large);
	ck_assert_uint_eq(server_heard(scene->server,
	    "UID FETCH 10 (UID FLAGS INTERNALDATE BODY.PEEK[]<700001."), 1);
	ck_assert_uint_eq(server_heard(scene->server,
	    "UID FETCH 10 (UID FLAGS INTERNALDATE BODY.PEEK[])"), 0);
	ck_assert_uint_lt(scene->server->sent, LARGE_BYTES - HALF_BYTES +
	    1024);
	ck_assert_uint_eq(scene->server->conversations, 1);
	ck_assert_uint_eq(scene->ledger->halves_dropped, 0);
	scene_free(scene);
}
END_TEST

static const struct {
	enum server_partial	partial;
	bool			is_damaged;
	const char		*listed;	/* NULL: its size */
	bool			is_dropped;	/* what was kept */
} over_again[] = {
	{ PARTIAL_IGNORED, false, NULL, false },
	{ PARTIAL_OTHER, false, NULL, false },
	{ PARTIAL_SHORT, false, NULL, true },
	{ PARTIAL_REFUSED, false, NULL, false },
	{ PARTIAL_RIGHT, true, NULL, true },
	/* it is longer than it is listed */
	{ PARTIAL_RIGHT, false, "1400000", true },
};

/* HARDENING F10: whatever does not fit, the message is had whole, once */
START_TEST(what_does_not_fit_is_fetched_whole)
{
	TEXT_AUTO large = TEXT_INIT(2 * LARGE_BYTES);
	struct scene *scene = half_scene(&large);

	scene->server->partial = over_again[_i].partial;
	scene->ledger->half_is_damaged = over_again[_i].is_damaged;
	scene->inbox->mail[0].listed = over_again[_i].listed;
	scene_run(scene);
	came_whole(scene, &large);
	ck_assert_uint_eq(scene->server->conversations, 2);
	ck_assert_uint_eq(scene->ledger->halves_dropped,
	    over_again[_i].is_dropped);
	ck_assert_uint_eq(server_heard(scene->server,
	    "UID FETCH 10 (UID FLAGS INTERNALDATE BODY.PEEK[])"), 1);
	scene_free(scene);
}
END_TEST

/* The line closes as soon as a byte of the message is asked for. */
static void
on_taking(void *arg, const struct fetch_progress *progress)
{
	struct scene *scene = arg;

	if (progress->stage == FETCH_STAGE_TAKING)
		timer_set(scene->pausing, 0);
}

static void
on_pausing(void *arg)
{
	struct scene *scene = arg;

	if (scene->collect == NULL)
		return;
	if (scene->ledger->big_count == 0)
		timer_set(scene->pausing, 0);	/* it has not begun */
	else
		collect_pause(scene->collect);
}

START_TEST(a_line_that_closes_cuts_what_can_be_resumed)
{
	TEXT_AUTO large = TEXT_INIT(8 * LARGE_BYTES);
	struct scene *scene = half_scene(&large);

	/* more than is finished when the line closes */
	while (large.len < 4 * LARGE_BYTES)
		text_add_str(&large, "a line more, and so on\r\n");
	scene->inbox->mail[0].bytes = text_slice(&large);
	scene->ledger->half.at = large.at;
	scene->pausing = timer_new(scene->loop, on_pausing, scene);
	scene->progress = on_taking;
	scene_run(scene);
	ended(scene, FETCH_END_LINE, "the line has closed");
	ck_assert_uint_eq(scene->ledger->abandoned, 1);
	ck_assert_uint_eq(scene->ledger->halves_dropped, 0);
	ck_assert_uint_le(scene->outcome.taken, 1);
	timer_free(scene->pausing);
	scene_free(scene);
}
END_TEST

/* What is mended has other places than on the wire: no more of it is kept. */
START_TEST(the_queue_knows_before_a_mended_byte_comes)
{
	TEXT_AUTO large = TEXT_INIT(2 * LARGE_BYTES);
	struct scene *scene = half_scene(&large);

	large.at[HALF_BYTES + 300000] = '\n';
	/* so that bytes wait for room in the pipe, and others behind them */
	scene->ledger->pipe_bytes = 4096;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 2);
	ck_assert_uint_eq(scene->ledger->mended, 1);
	ck_assert_uint_le(scene->ledger->before_mended, HALF_BYTES + 300000);
	ck_assert_uint_eq(scene->server->conversations, 1);
	scene_free(scene);
}
END_TEST

/*
 * Without a half; its first bare LF comes while its file is asked for.  The
 * place is in the buffer, which the queue's answer finds full.
 */
START_TEST(what_is_mended_before_the_file_is_there_is_told_first)
{
	static const size_t behind[] = { 1, 2, 100, 1000, 5000 };
	const size_t place = BIG_BYTES + behind[_i];
	TEXT_AUTO large = TEXT_INIT(2 * LARGE_BYTES);
	struct scene *scene = half_scene(&large);

	scene->ledger->half = slice_of(NULL, 0);
	large.at[place] = '\n';
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 2);
	ck_assert_uint_eq(scene->ledger->mended, 1);
	ck_assert_uint_le(scene->ledger->before_mended, place);
	scene_free(scene);
}
END_TEST

#define SHORT_BYTES	200000		/* listed of what is longer */

/*
 * The first message finds no space just where it is mended, and is left; what
 * the queue answers about it comes while the second one waits for its own.
 */
START_TEST(an_answer_about_a_message_that_was_left_releases_no_other)
{
	const size_t space = SHORT_BYTES + SHORT_BYTES / 32 + 1024;
	const size_t place = 300000;
	TEXT_AUTO first = TEXT_INIT(2 * LARGE_BYTES);
	TEXT_AUTO second = TEXT_INIT(2 * LARGE_BYTES);
	struct scene *scene = scene_new();

	make_large(&first);
	make_large(&second);
	first.at[space - 1] = '\n';	/* two bytes are stored for it */
	second.at[place] = '\n';
	server_mail(scene->inbox, text_slice(&first))->listed = "200000";
	server_mail(scene->inbox, text_slice(&second));
	scene->ledger->pipe_bytes = 4096;
	scene->ledger->mended_least = 2;
	scene->ledger->space = space + second.len + second.len / 32 + 1024;
	scene_run(scene);
	ended(scene, FETCH_END_PAUSED, "the disk is full");
	ck_assert_uint_eq(scene->ledger->mended, 2);
	ck_assert_uint_eq(scene->ledger->abandoned, 1);
	ck_assert_uint_eq(scene->ledger->mail_count, 1);
	ck_assert_uint_eq(scene->ledger->mail[0].number, 20);
	ck_assert_uint_eq(scene->ledger->mail[0].bytes.len, second.len + 1);
	ck_assert_uint_le(scene->ledger->before_mended, place);
	scene_free(scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/imap/resume");
	TCase *tests = tcase_create("resume");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, the_rest_of_a_message_is_all_that_is_asked_for);
	tcase_add_loop_test(tests, what_does_not_fit_is_fetched_whole, 0,
	    ROWS(over_again));
	tcase_add_test(tests, a_line_that_closes_cuts_what_can_be_resumed);
	tcase_add_test(tests, the_queue_knows_before_a_mended_byte_comes);
	tcase_add_loop_test(tests,
	    what_is_mended_before_the_file_is_there_is_told_first, 0, 5);
	tcase_add_test(tests,
	    an_answer_about_a_message_that_was_left_releases_no_other);
	suite_add_tcase(suite, tests);
	return suite;
}
