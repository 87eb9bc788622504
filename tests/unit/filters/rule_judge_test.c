/*
 * rule_judge_test.c - the postmaster's rules as a judge
 */
#include <stdio.h>
#include <string.h>

#include "filters/rule_judge.h"
#include "filters/rule_read.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

static struct recipient recipients[] = {
	{ .address = SLICE("bob@office.test") },
};

static const struct envelope envelope = {
	.source = SOURCE_SMTP, .sender = SLICE("ann@partner.test"),
	.peer = SLICE("192.0.2.25"), .recipients = recipients,
	.recipient_count = 1,
};

static const struct findings nothing = {
	.scan = { .result = SCAN_NOT_SCANNED },
};

/* What `rules`, as written, say of `message`. */
static void
judge(const char *written, const char *message, struct verdict *verdict)
{
	struct rule_file file = { slice_str("a.rule"), slice_str(written) };
	ARENA_AUTO arena = arena_new(1 << 20);
	TEXT_AUTO faults = TEXT_INIT(1000);
	const struct mime_part *root = NULL;
	struct rules *rules = NULL;
	enum mime_limit limit;

	ck_assert_msg(rules_read(&file, 1, &rules, &faults) == 0, "%.*s",
	    SLICE_FMT(text_slice(&faults)));
	ck_assert_int_eq(words_open(), 0);
	ck_assert_int_eq(mime_parse(arena, slice_str(message),
	    &mime_default_limits, &root, &limit), 0);
	ck_assert_int_eq(rules_judge(rules, slice_str(message), root,
	    &envelope, &nothing, NULL, LANGUAGE_EN, arena, verdict), 0);
	words_close();
	rules_free(rules);
}

static const struct {
	const char		*action;
	enum verdict_action	 done;
	unsigned		 code;
	const char		*reason;
} actions[] = {
	{ "refuse \"no\"", VERDICT_REFUSE, 550, "no (rule \"r\")" },
	{ "hold \"look\"", VERDICT_HOLD, 250, "look (rule \"r\")" },
	{ "discard \"junk\"", VERDICT_QUARANTINE, 250,
	    "junk (rule \"r\")" },
	{ "mark header \"X-A: b\"", VERDICT_MARK, 250,
	    "marked (rule \"r\")" },
	{ "mark folder \"Junk\"", VERDICT_MARK, 250,
	    "for folder Junk (rule \"r\")" },
	{ "redirect eve@office.test", VERDICT_MARK, 250,
	    "redirected to eve@office.test (rule \"r\")" },
};

START_TEST(what_a_rule_does_is_the_verdict_with_its_name)
{
	TEXT_AUTO rule = TEXT_INIT(1000);
	struct verdict verdict;

	text_addf(&rule, "rule \"r\" { size > 0; do %s }%c",
	    actions[_i].action, '\0');
	judge(rule.at, "A: b\r\n\r\n", &verdict);
	ck_assert_int_eq(verdict.action, actions[_i].done);
	ck_assert_uint_eq(verdict.code, actions[_i].code);
	ck_assert_str_eq(verdict.reason, actions[_i].reason);
}
END_TEST

START_TEST(all_that_rules_want_is_in_one_verdict)
{
	struct verdict verdict;

	judge("rule \"1\" { size > 0; do mark header \"X-A: 1\"\n"
	    "do mark folder \"One\"; do redirect one@office.test }\n"
	    "rule \"2\" { size > 0; do hold \"look\"\n"
	    "do mark header \"X-A: 2\"\n"
	    "do mark folder \"Two\"; do redirect two@office.test; stop }\n"
	    "rule \"3\" { size > 0; do refuse \"never\" }\n",
	    "A: b\r\n\r\n", &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_HOLD);
	ck_assert_str_eq(verdict.reason, "look (rule \"2\")");
	ck_assert_uint_eq(verdict.line_count, 2);
	ck_assert_str_eq(verdict.lines[0].value, "1");
	ck_assert_str_eq(verdict.lines[1].value, "2");
	/* the first folder and the first address win */
	ck_assert_str_eq(verdict.folder, "One");
	ck_assert_str_eq(verdict.redirect, "one@office.test");
}
END_TEST

static const char unreadable[] =
    "Content-Type: text/plain; charset=utf-32\r\n\r\nabc";
static const char readable[] = "Content-Type: text/plain\r\n\r\nabc";

static const struct {
	const char		*actions;
	enum verdict_action	 done;
} doubts[] = {
	{ "do mark header \"X-A: b\"", VERDICT_MARK },
	{ "do mark folder \"Junk\"", VERDICT_MARK },
	{ "do mark folder \"Junk\"; do mark header \"X-A: b\"; stop",
	    VERDICT_MARK },
	{ "stop", VERDICT_MARK },
	{ "do hold \"look\"", VERDICT_HOLD },
	{ "do refuse \"no\"", VERDICT_HOLD },
	{ "do discard \"junk\"", VERDICT_HOLD },
	{ "do redirect eve@office.test", VERDICT_HOLD },
	{ "do mark folder \"Junk\"; do hold \"look\"", VERDICT_HOLD },
};

/* A rule that only marks does not hold what is honest. */
START_TEST(a_doubt_holds_where_the_rule_could_have_kept_it_away)
{
	TEXT_AUTO rule = TEXT_INIT(1000);
	struct verdict verdict;

	text_addf(&rule, "rule \"r\" { body /lottery/; %s }%c",
	    doubts[_i].actions, '\0');
	judge(rule.at, unreadable, &verdict);
	ck_assert_int_eq(verdict.action, doubts[_i].done);
	ck_assert_str_eq(verdict.reason, "rule \"r\" could not be examined: "
	    "the charset of a text is not read");
	ck_assert_uint_eq(verdict.line_count, 1);
	ck_assert_str_eq(verdict.lines[0].name, "X-Postroom-Rules");
	ck_assert_str_eq(verdict.lines[0].value, "\"r\" could not be "
	    "examined (the charset of a text is not read)");
	/* nothing of what it wanted was done */
	ck_assert_str_eq(verdict.folder, "");
	ck_assert_str_eq(verdict.redirect, "");
	judge(rule.at, readable, &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	ck_assert_uint_eq(verdict.line_count, 0);
}
END_TEST

START_TEST(the_longest_name_of_a_rule_fits_the_line)
{
	TEXT_AUTO rule = TEXT_INIT(1000);
	struct verdict verdict;

	text_add_str(&rule, "rule \"");
	for (int i = 0; i < RULE_NAME_MOST / 2; i++)
		text_add_str(&rule, "\xc3\xa9");
	text_addf(&rule, "\" { body /x/; do mark folder \"Junk\" }%c", '\0');
	judge(rule.at, unreadable, &verdict);
	ck_assert_uint_eq(verdict.line_count, 1);
	ck_assert_ptr_nonnull(strstr(verdict.lines[0].value,
	    "\xc3\xa9\" could not be examined"));
}
END_TEST

START_TEST(whose_word_a_folder_and_an_address_are_is_known)
{
	struct verdict verdict;

	judge("rule \"a\" { size > 0; do mark header \"X-A: b\" }\n"
	    "rule \"b\" { shadow; size > 0; do mark folder \"B\" }\n"
	    "rule \"c\" { size > 0; do mark folder \"C\" }\n"
	    "rule \"d\" { size > 0; do mark folder \"D\";"
	    " do redirect eve@office.test }\n", "A: b\r\n\r\n", &verdict);
	ck_assert_str_eq(verdict.folder, "C");
	ck_assert_uint_eq(verdict.hit_count, 4);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_int_eq(verdict.hits[i].files, i == 2);
		ck_assert_int_eq(verdict.hits[i].redirects, i == 3);
	}
}
END_TEST

START_TEST(no_rules_say_nothing)
{
	struct verdict verdict;

	ck_assert_int_eq(rules_judge(NULL, slice_str("A: b\r\n\r\n"), NULL,
	    &envelope, &nothing, NULL, LANGUAGE_EN, NULL,
	    &verdict), 0);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	judge("# nothing yet\n", "A: b\r\n\r\n", &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof((table)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/rule_judge");
	TCase *tests = tcase_create("rule_judge");

	tcase_add_loop_test(tests,
	    what_a_rule_does_is_the_verdict_with_its_name, 0, COUNT(actions));
	tcase_add_test(tests, all_that_rules_want_is_in_one_verdict);
	tcase_add_loop_test(tests,
	    a_doubt_holds_where_the_rule_could_have_kept_it_away, 0,
	    COUNT(doubts));
	tcase_add_test(tests, the_longest_name_of_a_rule_fits_the_line);
	tcase_add_test(tests,
	    whose_word_a_folder_and_an_address_are_is_known);
	tcase_add_test(tests, no_rules_say_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
