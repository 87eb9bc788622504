/*
 * rule_words_test.c - what stands in a rule file, written again
 */
#include "filters/rule_words.h"

#include "filters/rule_read.h"
#include "tests/unit/unit.h"

/* As they are written, so they are read. */
static const char *const actions[] = {
	"refuse \"go away\"",
	"hold \"a \\\"quote\\\" and \\\\\"",
	"discard \"spam\"",
	"mark header \"X-Office: yes\"",
	"mark folder \"Bills\"",
	"redirect boss@office.test",
	"remove attachment",
	"remove attachment, hold \"a\"",
	"shadow: hold \"a\"",
	"hold \"a\", mark folder \"Bills\", stop",
};

static struct rules *
rules_of(const char *does)
{
	TEXT_AUTO bytes = TEXT_INIT(4096), faults = TEXT_INIT(4096);
	struct slice rest = slice_str(does), one;
	struct rules *rules = NULL;
	struct rule_file file = { .name = SLICE("a.rule") };

	text_addf(&bytes, "rule \"a\" { %s attachment name /a/; ",
	    slice_has_prefix(rest, "shadow: ") ? "shadow;" : "");
	if (slice_has_prefix(rest, "shadow: "))
		rest = slice_after(rest, 8);
	while (slice_cut(&rest, ',', &one))
		text_addf(&bytes, "do %.*s;", SLICE_FMT(one));
	text_addf(&bytes, "%s %.*s }", slice_is_str(slice_trim(rest), "stop") ?
	    "" : "do", SLICE_FMT(rest));
	file.bytes = text_slice(&bytes);
	ck_assert_int_eq(rules_read(&file, 1, &rules, &faults), 0);
	return rules;
}

START_TEST(what_a_rule_does_is_written_as_it_was_read)
{
	TEXT_AUTO said = TEXT_INIT(4096);
	struct rules *rules = rules_of(actions[_i]);

	rule_actions_write(&said, &rules->rules[0]);
	text_add_byte(&said, '\0');
	ck_assert_str_eq(said.at, actions[_i]);
	rules_free(rules);
}
END_TEST

START_TEST(every_test_has_a_word)
{
	for (int kind = RULE_ANY; kind <= RULE_LISTED; kind++)
		ck_assert_str_ne(rule_kind_word((enum rule_kind)kind), "");
	ck_assert_str_eq(rule_kind_word(RULE_ATTACHMENT_REAL_LIKE),
	    "attachment real");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/rule_words");
	TCase *all = tcase_create("rule_words");

	tcase_add_loop_test(all, what_a_rule_does_is_written_as_it_was_read,
	    0, (int)(sizeof(actions) / sizeof(actions[0])));
	tcase_add_test(all, every_test_has_a_word);
	suite_add_tcase(suite, all);
	return suite;
}
