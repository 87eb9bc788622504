/*
 * collect_doubt_test.c - what may have been cut on its way is kept twice
 *
 * A message that broke off, is shorter than listed, or was cut by a bare dot is
 * not stored, or stays at the provider, too; and what follows it is what it is.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/dot.h"
#include "tests/unit/fetch/collect_scene.h"

/* HARDENING F10, F12 */
START_TEST(what_breaks_off_is_not_stored)
{
	static const size_t before_end[] = { 0, 1, 2, 3, 4, 5, 10, 40, 70 };
	const size_t n = sizeof(before_end) / sizeof(*before_end);
	struct scene *scene = scene_new();
	/* two of them, each as RETR says it: one dot doubled */
	size_t one = strlen("+OK here it is\r\n") + sizeof(LETTER) + 3;
	size_t at = 2 * one - before_end[(size_t)_i % n];
	bool whole = before_end[(size_t)_i % n] == 0;

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	if ((size_t)_i < n) {
		scene->remote->cut_after = at;
	} else {
		scene->remote->mute_after = at;
		scene->options.silence_ms = 1500;
	}
	remote_add(scene->remote, slice_str(LETTER));
	remote_add(scene->remote, slice_str(LETTER));
	scene_run(scene);
	ended(scene, (size_t)_i < n ? FETCH_END_CLOSED : FETCH_END_TIMED_OUT,
	    "");
	ck_assert_uint_eq(scene->outcome.taken, whole ? 2 : 1);
	ck_assert_uint_eq(scene->ledger->mail_count, whole ? 2 : 1);
	ck_assert_uint_eq(scene->remote->deleted, 0);
	scene_free(scene);
}
END_TEST

/* HARDENING F13, F14 */
START_TEST(what_a_bare_dot_cut_is_kept_on_both_sides)
{
	struct scene *scene = scene_new();
	struct remote_mail *mail;

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	scene->ledger->is_slow = true;
	mail = remote_add(scene->remote,
	    slice_str("Subject: x\r\n\r\na\r\n.\r\nthe rest\r\n.\r\n"));
	mail->is_raw = true;
	mail->listed = "50000";
	remote_add(scene->remote, slice_str(LETTER));
	scene_run(scene);
	ended(scene, FETCH_END_INCONSISTENT, "the rest");
	ck_assert(scene->outcome.server_said);
	ck_assert_uint_eq(scene->ledger->mail_count, 1);
	ck_assert(slice_is_str(mail_of(scene, 0), "Subject: x\r\n\r\na\r\n"));
	ck_assert_uint_eq(scene->ledger->mail[0].mended, FETCHED_SHORT);
	ck_assert_uint_eq(scene->outcome.taken, 1);
	ck_assert_uint_eq(scene->remote->deleted, 0);
	scene_free(scene);
}
END_TEST

/* HARDENING F13: a whole answer too many, and each stands for another */
START_TEST(answers_out_of_step_are_not_stored)
{
	static const char forged[] = LETTER ".\r\n+OK\r\nA: b\r\n\r\n.\r\n";
	struct scene *scene = scene_new();
	char *bytes = malloc(8000);

	memset(bytes, 'x', 8000);
	memcpy(bytes, "\r\n", 2);
	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	remote_add(scene->remote, slice_str(LETTER));
	remote_add(scene->remote, slice_str(forged))->is_raw = true;
	scene->remote->mail[2].listed = "72";
	for (unsigned i = 0; i < 5; i++) {
		remote_add(scene->remote, slice_of(bytes, 1000 + 700 * i));
		memcpy(bytes + 998 + 700 * i, "\r\n", 2);
	}
	scene_run(scene);
	ended(scene, FETCH_END_INCONSISTENT, "");
	for (unsigned i = 0; i < scene->ledger->mail_count; i++)
		ck_assert_uint_le(scene->ledger->mail[i].number, 2);
	ck_assert_uint_eq(scene->remote->deleted, 0);
	scene_free(scene);
	free(bytes);
}
END_TEST

/* HARDENING F14 */
START_TEST(what_is_shorter_than_listed_is_fetched_twice)
{
	struct scene *scene = scene_new();
	unsigned flagged = 0;

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	for (unsigned i = 0; i < 6; i++)
		remote_add(scene->remote, slice_str(LETTER))->listed =
		    i < 5 ? "5000" : NULL;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	/* one is tried again; then it is the listing that is wrong */
	ck_assert_uint_eq(scene->remote->retrs, 6 + 1);
	ck_assert_uint_eq(scene->outcome.taken, 6);
	ck_assert_uint_eq(scene->ledger->mail_count, 6);
	for (unsigned i = 0; i < 6; i++)
		flagged += scene->ledger->mail[i].mended == FETCHED_SHORT;
	ck_assert_uint_eq(flagged, 5);
	for (unsigned i = 0; i < 6; i++)
		ck_assert_uint_eq(scene->ledger->mail[i].number, i + 1);
	ck_assert_uint_eq(scene->remote->deleted, 1);
	ck_assert(heard(scene, "DELE 6\n"));
	scene_free(scene);
}
END_TEST

#define REAL	"Subject: real\r\n\r\nprecious\r\n"

/* What a server sends that does not double dots, its own end behind. */
static const struct { const char *wire, *listed; } cuts[] = {
	{ "Subject: x\r\n\r\nhe\nllo\r\n.\r\nthe rest\r\n.\r\n", "39" },
	{ "Subject: x\r\n\r\nhe\nllo\r\n.\r\nthe rest\r\n.\r\n", "0" },
	{ "Subject: evil\r\n\r\nbare\nLF\r\n.\r\n+OK\r\nFrom: boss\r\n"
	    "\r\npay\nnow\r\n.\r\n", "64" },
	{ "Subject: evil\r\n\r\na\r\n.\r\n-ERR go away\r\n.\r\n", "41" },
	/* cut where it is as long as its size with one byte a line end */
	{ "Subject: x\r\n\r\na\r\nb\r\n.\r\n\r\n.\r\n", "16" },
};

/* HARDENING F13, F14: it is never deleted, and the next stays what it is. */
START_TEST(a_lone_dot_neither_cuts_nor_forges_without_a_trace)
{
	struct scene *scene = scene_new();
	struct remote_mail *mail;

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	mail = remote_add(scene->remote, slice_str(cuts[_i].wire));
	mail->is_raw = true;
	mail->listed = cuts[_i].listed;
	remote_add(scene->remote, slice_str(REAL));
	remote_add(scene->remote, slice_str(REAL));
	scene_run(scene);
	ck_assert_int_ne(scene->outcome.end, FETCH_END_DONE);
	ck_assert_uint_eq(scene->ledger->mail_count, 1);
	ck_assert_uint_eq(scene->ledger->mail[0].number, 1);
	ck_assert((scene->ledger->mail[0].mended & FETCHED_SHORT) != 0);
	ck_assert_uint_eq(scene->remote->deleted, 0);
	scene_free(scene);
}
END_TEST

/* What is wrong with a server that estimates does not hide a cut. */
START_TEST(where_sizes_are_estimated_each_answer_waits_for_the_next)
{
	struct scene *scene = scene_new();
	struct remote_mail *mail;
	unsigned n = _i == 0 ? 100 : 0;

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	for (unsigned i = 0; i < n; i++)
		remote_add(scene->remote, slice_str(LETTER))->listed = "100";
	mail = remote_add(scene->remote, slice_str(cuts[2].wire));
	mail->is_raw = true;
	mail->listed = "104";
	if (_i == 1)
		remote_add(scene->remote, slice_str(REAL));
	scene_run(scene);
	ended(scene, FETCH_END_INCONSISTENT, "");
	ck_assert_uint_eq(scene->ledger->mail_count, n + 1);
	for (unsigned i = 0; i <= n; i++) {
		ck_assert_uint_eq(scene->ledger->mail[i].number, i + 1);
		ck_assert(((scene->ledger->mail[i].mended & FETCHED_SHORT) !=
		    0) == (i == n));
	}
	ck_assert_uint_eq(scene->remote->most_retrs, 1);
	ck_assert_uint_eq(scene->remote->deleted, 0);
	scene_free(scene);
}
END_TEST

/* None is blocked, nor takes a conversation for each 64 of them. */
START_TEST(what_cannot_be_had_twice_is_taken_once)
{
	struct scene *scene = scene_new();
	bool first_is_exact = _i > 1;

	scene->account.delete_after_days = 0;
	scene->ledger->may_delete = true;
	for (unsigned i = 0; i < 200; i++) {
		struct remote_mail *mail = remote_add(scene->remote,
		    slice_str(LETTER));

		if (first_is_exact && i == 0)
			continue;
		mail->listed = "5000";
		mail->is_once = _i % 2 == 0;
		mail->varies = _i % 2 == 1;
	}
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	/* a window of them was under way: what came behind it is left */
	if (_i == 2)
		ck_assert_uint_ge(scene->outcome.taken, 2);
	else
		ck_assert_uint_eq(scene->outcome.taken, 200);
	ck_assert_uint_eq(scene->remote->deleted, first_is_exact);
	scene_free(scene);
}
END_TEST

/* HARDENING F15, F21: it is not carried twice for that. */
START_TEST(what_has_no_listed_size_is_fetched_once)
{
	struct scene *scene = scene_new();

	for (unsigned i = 0; i < 60; i++)
		remote_add(scene->remote, i == 2 ? slice_of(NULL, 0) :
		    slice_str(LETTER))->listed = _i == 0 || i == 30 ? "0" :
		    NULL;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->remote->retrs, 60);
	ck_assert_uint_eq(scene->ledger->mail_count, 60);
	for (unsigned i = 0; i < 60; i++) {
		ck_assert_uint_eq(scene->ledger->mail[i].number, i + 1);
		ck_assert_uint_eq(scene->ledger->mail[i].mended, 0);
	}
	scene_free(scene);
}
END_TEST

/* HARDENING F13: one size was right, and then one is not. */
START_TEST(while_there_is_a_doubt_nothing_is_submitted)
{
	struct scene *scene = scene_new();

	for (unsigned i = 0; i < 40; i++)
		remote_add(scene->remote, slice_str(LETTER))->listed =
		    i == 5 ? "60" : NULL;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->ledger->mail_count, 40);
	for (unsigned i = 0; i < 40; i++)
		ck_assert_uint_eq(scene->ledger->mail[i].number, i + 1);
	ck_assert_uint_eq(scene->remote->retrs, 41);
	ck_assert_uint_gt(scene->remote->most_retrs, 10);
	scene_free(scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/collect in doubt");
	TCase *tests = tcase_create("doubt");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, what_breaks_off_is_not_stored, 0, 18);
	tcase_add_test(tests, what_a_bare_dot_cut_is_kept_on_both_sides);
	tcase_add_test(tests, answers_out_of_step_are_not_stored);
	tcase_add_test(tests, what_is_shorter_than_listed_is_fetched_twice);
	tcase_add_loop_test(tests,
	    a_lone_dot_neither_cuts_nor_forges_without_a_trace, 0, ROWS(cuts));
	tcase_add_loop_test(tests,
	    where_sizes_are_estimated_each_answer_waits_for_the_next, 0, 2);
	tcase_add_loop_test(tests, what_cannot_be_had_twice_is_taken_once, 0,
	    4);
	tcase_add_loop_test(tests, what_has_no_listed_size_is_fetched_once, 0,
	    2);
	tcase_add_test(tests, while_there_is_a_doubt_nothing_is_submitted);
	suite_add_tcase(suite, tests);
	return suite;
}
