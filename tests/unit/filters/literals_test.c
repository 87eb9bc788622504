/*
 * literals_test.c - words that must stand in a text for a pattern to match it
 *
 * That each of them must is proved against PCRE2 itself in prefilter_test.c.
 */
#include <stdio.h>
#include <string.h>

#include "filters/literals.h"
#include "filters/pattern.h"
#include "lib/base/text.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*source;
	unsigned	 flags;
	const char	*words;		/* each with a blank behind it */
} sources[] = {
	{ "invoice", 0, "invoice " },
	{ "Invoice|TAGIHAN", PATTERN_CASELESS, "invoice tagihan " },
	{ "(?i)Invoice", 0, "invoice " },
	{ "pay (your )?invoice now", 0, "invoice now " },
	{ "\\.(exe|js)$", 0, "exe js " },
	{ "(foo|barbar)bazbaz", 0, "bazbaz " },
	{ "abc+def", 0, "abc " },
	{ "abcd*efg", 0, "abc " },
	{ "ab?cdef", 0, "cdef " },
	{ "abc{0}def", 0, "def " },
	{ "abc+{0}de", 0, "ab " },
	{ "(abc)?x", 0, "" },
	{ "(abc)+x", 0, "abc " },
	{ "(abc){2}xyz", 0, "xyz " },
	{ "[abc]defg[^]xyz]hi", 0, "defg " },
	{ "[[:alpha:]]abc", 0, "abc " },
	{ "\\d{4}-\\w+ total:", 0, " total: " },
	{ "caf\xc3\xa9*house", 0, "house " },
	{ "a.b^c$d", 0, "" },
	{ "\\$\\$\\$", 0, "$$$ " },
	{ "abc|", 0, "" },
	{ "abc|d", 0, "" },
	{ "", 0, "" },
	/* not understood: nothing is sure */
	{ "a b c d e f", PATTERN_SPACED, "" },
	{ "(?x)a b c", 0, "" },
	{ "\\x41bcdef", 0, "" },
	{ "\\Qabc", 0, "" },
	{ "(?!abc)def", 0, "" },
	{ "(?=abc)...def", 0, "" },
	{ "(?<name>abc)", 0, "" },
	{ "(a)(bcd)\\1efgh", 0, "" },
	{ "[\\Qabc]\\E]def", 0, "" },
	{ "abcd{e}", 0, "" },
	{ "a\\N{U+41}bcdef", 0, "" },
	{ "(((((((((deep)))))))))", 0, "" },
};

START_TEST(only_what_must_be_there_is_a_word)
{
	struct literals set;
	TEXT_AUTO words = TEXT_INIT(1000);

	literals_read(slice_str(sources[_i].source), sources[_i].flags, &set);
	for (size_t i = 0; i < set.count; i++) {
		text_add(&words, slice_of(set.each[i].bytes, set.each[i].len));
		text_add_byte(&words, ' ');
	}
	/* the best of "pay " and " invoice now" is the longer */
	ck_assert_msg(slice_is_str(text_slice(&words), sources[_i].words),
	    "%s: %.*s", sources[_i].source, SLICE_FMT(text_slice(&words)));
}
END_TEST

START_TEST(a_long_word_counts_with_its_start)
{
	char source[LITERAL_BYTES * 2 + 1];
	struct literals set;

	for (size_t len = LITERAL_BYTES - 1; len < sizeof(source); len++) {
		memset(source, 'a', len);
		literals_read(slice_of(source, len), 0, &set);
		ck_assert_uint_eq(set.count, 1);
		ck_assert_uint_eq(set.each[0].len,
		    len < LITERAL_BYTES ? len : LITERAL_BYTES);
	}
}
END_TEST

START_TEST(a_letter_alone_is_no_word)
{
	struct literals set;

	literals_read(slice_str("a"), 0, &set);
	ck_assert_uint_eq(set.count, 0);
	literals_read(slice_str("ab"), 0, &set);
	ck_assert_uint_eq(set.count, 1);
}
END_TEST

START_TEST(more_alternatives_than_a_set_has_choose_nothing)
{
	TEXT_AUTO source = TEXT_INIT(1000);
	struct literals set;

	for (int i = 0; i < LITERALS_MOST + 1; i++) {
		text_addf(&source, "%sword%d", i == 0 ? "" : "|", i);
		literals_read(text_slice(&source), 0, &set);
		ck_assert_uint_eq(set.count,
		    i < LITERALS_MOST ? (size_t)i + 1 : 0);
	}
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof((table)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/literals");
	TCase *tests = tcase_create("literals");

	tcase_add_loop_test(tests, only_what_must_be_there_is_a_word, 0,
	    COUNT(sources));
	tcase_add_test(tests, a_long_word_counts_with_its_start);
	tcase_add_test(tests, a_letter_alone_is_no_word);
	tcase_add_test(tests,
	    more_alternatives_than_a_set_has_choose_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
