/*
 * structure_test.c - take the message apart, within limits
 *
 * The messages are those in tests/mail; POSTROOM_MAIL names that folder where
 * the test does not run at the top of the tree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters/structure.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

#define BUDGET	(4 * 1024 * 1024)

static void
mail_read(const char *name, struct text *text)
{
	const char *folder = getenv("POSTROOM_MAIL");
	char path[512], buffer[4096];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/%s.eml",
	    folder == NULL ? "tests/mail" : folder, name);
	file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "%s", path);
	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add(text, slice_of(buffer, n));
	ck_assert_int_eq(fclose(file), 0);
	ck_assert(!text_failed(text));
}

static const struct {
	const char	*name, *subject, *mark;
	unsigned	 parts;		/* 0: no tree */
	bool		 odd;
} mails[] = {
	{ "plain", "Rapat hari Senin", NULL, 1, false },
	{ "alternative", "Two forms of one text", NULL, 3, false },
	{ "forwarded", "Fwd: Tagihan", NULL, 5, false },
	{ "eight-bit", "Caf\303\251 tutup", NULL, 1, false },
	{ "indonesian", "Undangan \342\200\223 syukuran kantor baru", NULL, 1,
	    false },
	{ "japanese", "\346\227\245\346\234\254\350\252\236\343\201\256\344"
	    "\273\266\345\220\215", NULL, 1, false },
	{ "no-last-boundary", "Cut short", NULL, 3, true },
	{ "header-only", "No body and no empty line", NULL, 1, false },
	{ "dots", "Dots at line starts", NULL, 1, false },
	{ "long-line", "A long line", NULL, 1, false },
	{ "empty-body", "Nothing to say", NULL, 1, false },
	{ "two-subjects", "The first", NULL, 1, false },
	{ "deep", "Sixty boxes in boxes", "truncated (depth)", 0, false },
};

/* A37 */
START_TEST(mail_is_delivered_and_marked_only_above_a_limit)
{
	ARENA_AUTO arena = arena_new(BUDGET);
	TEXT_AUTO text = TEXT_INIT(1024 * 1024);
	const struct mime_part *root;
	struct verdict verdict;

	ck_assert_int_eq(words_open(), 0);
	mail_read(mails[_i].name, &text);
	structure_judge(arena, text_slice(&text), &mime_default_limits,
	    &verdict, &root);
	ck_assert_str_eq(verdict.subject, mails[_i].subject);
	ck_assert_int_eq(verdict.action, mails[_i].mark == NULL ?
	    VERDICT_ACCEPT : VERDICT_MARK);
	ck_assert_uint_eq(verdict.line_count, mails[_i].mark != NULL);
	ck_assert_uint_eq(root == NULL ? 0 : mime_part_count(root),
	    mails[_i].parts);
	ck_assert(root == NULL || mime_is_odd(root) == mails[_i].odd);
	if (mails[_i].mark != NULL) {
		ck_assert_str_eq(verdict.lines[0].name, "X-Postroom-Structure");
		ck_assert_str_eq(verdict.lines[0].value, mails[_i].mark);
	}
	words_close();
}
END_TEST

START_TEST(the_words_for_the_trail_are_safe_and_bounded)
{
	ARENA_AUTO arena = arena_new(BUDGET);
	TEXT_AUTO text = TEXT_INIT(10000);
	const struct mime_part *root;
	struct verdict verdict;

	text_add_str(&text, "From: \"A\" =?utf-8?Q?=C3=A9=0A?= "
	    "<a@b\303\251>\r\nSubject: ");
	for (int i = 0; i < 200; i++)
		text_add_str(&text, "\303\251");
	text_add_str(&text, "\r\n\r\n");
	structure_judge(arena, text_slice(&text), &mime_default_limits,
	    &verdict, &root);
	ck_assert_str_eq(verdict.from, "\"A\" \303\251  <a@b\303\251>");
	ck_assert_uint_eq(strlen(verdict.subject), VERDICT_WORDS_MAX);
	ck_assert(slice_is_utf8(slice_str(verdict.subject)));
}
END_TEST

START_TEST(a_spent_budget_marks_and_delivers)
{
	ARENA_AUTO arena = arena_new(64);
	const struct mime_part *root;
	struct verdict verdict;

	structure_judge(arena, slice_str("Subject: x\r\n\r\n"),
	    &mime_default_limits, &verdict, &root);
	ck_assert_int_eq(verdict.action, VERDICT_MARK);
	ck_assert_str_eq(verdict.lines[0].value, "truncated (memory)");
	ck_assert_str_eq(verdict.subject, "x");
	ck_assert_ptr_null(root);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("structure");
	TCase *tests = tcase_create("structure");

	tcase_add_loop_test(tests,
	    mail_is_delivered_and_marked_only_above_a_limit, 0,
	    sizeof(mails) / sizeof(mails[0]));
	tcase_add_test(tests, the_words_for_the_trail_are_safe_and_bounded);
	tcase_add_test(tests, a_spent_budget_marks_and_delivers);
	suite_add_tcase(suite, tests);
	return suite;
}
