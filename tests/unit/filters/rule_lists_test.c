/*
 * rule_lists_test.c - the lists that rules ask for, and those that there are
 */
#include "filters/rule_lists.h"

#include <errno.h>

#include "filters/rule_read.h"
#include "tests/unit/unit.h"

#define LISTS	"zen zen.example refuse; wl wl.example allow"

static const struct {
	const char	*rule, *faults;
} cases[] = {
	{ "rule \"a\" { listed zen; not listed WL; do hold \"b\" }", "" },
	{ "rule \"a\" {\n any { listed zen\n listed zan }\n do hold \"b\" }",
	    "a.rule:3: \"zan\" is none of dns_lists in postroom.conf\n" },
	{ "rule \"a\" { body /b/; not listed c; do hold \"b\" }\n"
	    "rule \"b\" { listed d; do hold \"b\" }",
	    "a.rule:1: \"c\" is none of dns_lists in postroom.conf\n"
	    "a.rule:2: \"d\" is none of dns_lists in postroom.conf\n" },
};

START_TEST(a_rule_asks_for_lists_that_there_are)
{
	struct rule_file file = { slice_str("a.rule"),
	    slice_str(cases[_i].rule) };
	TEXT_AUTO faults = TEXT_INIT(1000);
	struct rules *rules = NULL;

	ck_assert_int_eq(rules_read(&file, 1, &rules, &faults), 0);
	ck_assert_int_eq(rule_lists_check(rules, LISTS, &faults),
	    cases[_i].faults[0] == '\0' ? 0 : -EINVAL);
	ck_assert(slice_is_str(text_slice(&faults), cases[_i].faults));
	rules_free(rules);
}
END_TEST

START_TEST(without_rules_nothing_is_wrong)
{
	TEXT_AUTO faults = TEXT_INIT(1000);

	ck_assert_int_eq(rule_lists_check(NULL, LISTS, &faults), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/rule_lists");
	TCase *tests = tcase_create("rule_lists");

	tcase_add_loop_test(tests, a_rule_asks_for_lists_that_there_are, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tests, without_rules_nothing_is_wrong);
	suite_add_tcase(suite, tests);
	return suite;
}
