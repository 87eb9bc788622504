/*
 * spares_test.c - what a collection costs the line, and what it is spared
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fetch/collect_scene.h"

#define LARGE_BYTES	60000u

static struct line_bill bill;

/* With that rule; LETTER, and a large one. */
static struct scene *
scene_with(const char *rule)
{
	static char large[LARGE_BYTES + 1];
	struct scene *scene = scene_new();

	memset(&bill, 0, sizeof(bill));
	for (size_t i = 0; i < LARGE_BYTES; i++)
		large[i] = "Subject: large\r\n\r\nmore of it...\r\n"[i < 18 ? i :
		    18 + (i - 18) % 15];
	memcpy(large + LARGE_BYTES - 2, "\r\n", 2);
	scene->options.bill = &bill;
	scene->options.before = rule;
	scene->options.language = "en";
	scene->options.night = (struct calendar){ .never = true };
	remote_add(scene->remote, slice_str(LETTER));
	remote_add(scene->remote, slice_str(large));
	return scene;
}

static void
saved_is(enum line_saving saving, uint64_t messages, uint64_t bytes)
{
	ck_assert_uint_eq(bill.rest.saved[saving].messages, messages);
	ck_assert_uint_eq(bill.rest.saved[saving].bytes, bytes);
}

static const struct {
	const char	*rule;
	enum line_saving saving;
	bool		 has_header;	/* it was carried */
	unsigned	 taken;		/* notes included */
} rules[] = {
	{ "size > 50K -> leave", LINE_SKIPPED, false, 1 },
	{ "size > 50K -> night", LINE_DEFERRED, false, 1 },
	{ "subject equals large -> leave", LINE_SKIPPED, true, 1 },
	{ "subject equals large -> night", LINE_DEFERRED, true, 1 },
	{ "size > 50K -> delete", LINE_SKIPPED, true, 2 },
	{ "size > 50K -> placeholder", LINE_DEFERRED, true, 2 },
};

START_TEST(what_a_rule_spares_is_on_the_bill)
{
	struct scene *scene = scene_with(rules[_i].rule);
	enum line_saving other = rules[_i].saving == LINE_SKIPPED ?
	    LINE_DEFERRED : LINE_SKIPPED;

	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, rules[_i].taken);
	/* "Subject: large", its line end, and the empty line */
	saved_is(rules[_i].saving, 1, LARGE_BYTES -
	    (rules[_i].has_header ? 18 : 0));
	saved_is(other, 0, 0);
	ck_assert_uint_lt(bill.carried.bytes[LINE_MAIL].received, 1000);
	scene_free(scene);
}
END_TEST

START_TEST(many_are_told_page_by_page)
{
	struct scene *scene = scene_with("size > 50K -> leave");

	for (unsigned i = 0; i < 2 * SPARED_PAGE; i++)
		(void)remote_add(scene->remote,
		    scene->remote->mail[2].bytes);
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	saved_is(LINE_SKIPPED, 2 * SPARED_PAGE + 1, (2 * SPARED_PAGE + 1) *
	    (uint64_t)LARGE_BYTES);
	scene_free(scene);
}
END_TEST

START_TEST(what_is_too_large_is_asked_about)
{
	struct scene *scene = scene_with(NULL);

	scene->account.largest_bytes = 50000;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->ledger->spared_large,
	    scene->outcome.too_large > 0);
	scene_free(scene);
}
END_TEST

START_TEST(what_is_never_wanted_is_on_the_bill)
{
	struct scene *scene = scene_with(NULL);

	scene->ledger->is_first = true;
	scene->account.from = FETCH_FROM_NEW;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 0);
	saved_is(LINE_SKIPPED, 2, LARGE_BYTES + strlen(LETTER));
	scene_free(scene);
}
END_TEST

START_TEST(a_trial_spares_nothing)
{
	struct scene *scene = scene_with("size > 50K -> leave");

	scene->options.task = FETCH_TRY;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	saved_is(LINE_SKIPPED, 0, 0);
	scene_free(scene);
}
END_TEST

START_TEST(mail_that_was_here_already_is_a_duplicate)
{
	struct scene *scene = scene_with(NULL);

	scene->ledger->knows = true;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 2);
	ck_assert_uint_eq(bill.carried.bytes[LINE_DUPLICATES].received,
	    LARGE_BYTES + strlen(LETTER));
	/* the lines around them */
	ck_assert_uint_lt(bill.carried.bytes[LINE_MAIL].received, 1000);
	scene_free(scene);
}
END_TEST

START_TEST(what_is_not_stored_is_carried_once_too_often)
{
	struct scene *scene = scene_with(NULL);

	scene->ledger->code = 451;
	scene_run(scene);
	ck_assert_uint_eq(scene->outcome.taken, 0);
	ck_assert_uint_eq(bill.carried.bytes[LINE_REFETCHED].received,
	    LARGE_BYTES + strlen(LETTER));
	scene_free(scene);
}
END_TEST

/* HARDENING F13: it is fetched again to see whether it was cut */
START_TEST(what_a_doubt_costs_is_no_mail)
{
	struct scene *scene = scene_with(NULL);

	scene->remote->mail[2].listed = "61000";
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->remote->mail[2].retrs, 2);
	ck_assert_uint_eq(bill.carried.bytes[LINE_REFETCHED].received,
	    LARGE_BYTES);
	scene_free(scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("spares");
	TCase *tcase = tcase_create("spares");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, what_a_rule_spares_is_on_the_bill, 0,
	    ROWS(rules));
	tcase_add_test(tcase, many_are_told_page_by_page);
	tcase_add_test(tcase, what_is_too_large_is_asked_about);
	tcase_add_test(tcase, what_is_never_wanted_is_on_the_bill);
	tcase_add_test(tcase, a_trial_spares_nothing);
	tcase_add_test(tcase, mail_that_was_here_already_is_a_duplicate);
	tcase_add_test(tcase, what_is_not_stored_is_carried_once_too_often);
	tcase_add_test(tcase, what_a_doubt_costs_is_no_mail);
	suite_add_tcase(suite, tcase);
	return suite;
}
