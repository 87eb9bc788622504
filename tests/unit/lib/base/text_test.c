/*
 * text_test.c - a growing run of bytes with a limit
 */
#include <string.h>

#include "lib/base/text.h"
#include "tests/unit/unit.h"

START_TEST(a_text_holds_its_limit_by_every_way_of_adding)
{
	TEXT_AUTO text = TEXT_INIT(4);

	text_add_str(&text, "abcd");
	ck_assert(!text_failed(&text));
	text_clear(&text);
	text_addf(&text, "%d", 1234);
	ck_assert(!text_failed(&text));
	text_clear(&text);
	ck_assert_ptr_nonnull(text_space(&text, 4));
	ck_assert(!text_failed(&text));
	text_add_byte(&text, 'x');
	ck_assert(text_failed(&text));
}
END_TEST

START_TEST(what_does_not_fit_adds_nothing_and_nothing_comes_after)
{
	TEXT_AUTO text = TEXT_INIT(4);

	text_add_str(&text, "abc");
	text_addf(&text, "%s", "de");
	ck_assert(text_failed(&text));
	text_add_byte(&text, 'd');
	ck_assert_ptr_null(text_space(&text, 1));
	ck_assert(slice_is_str(text_slice(&text), "abc"));
	text_clear(&text);
	ck_assert(!text_failed(&text));
	text_add_byte(&text, 'd');
	ck_assert(slice_is_str(text_slice(&text), "d"));
}
END_TEST

START_TEST(it_grows_and_shrinks_without_losing_a_byte)
{
	TEXT_AUTO text = TEXT_INIT(100000);

	for (int i = 0; i < 10000; i++)
		text_addf(&text, "%04d.", i);
	ck_assert_uint_eq(text.len, 50000);
	text_consume(&text, 5 * 1234);
	ck_assert(slice_has_prefix(text_slice(&text), "1234.1235."));
	text_consume(&text, SIZE_MAX);
	ck_assert_uint_eq(text.len, 0);
}
END_TEST

START_TEST(a_number_is_all_its_digits)
{
	TEXT_AUTO text = TEXT_INIT(100);

	text_add_u64(&text, 0);
	text_add_byte(&text, ' ');
	text_add_u64(&text, 1090);
	text_add_byte(&text, ' ');
	text_add_u64(&text, UINT64_MAX);
	ck_assert(slice_is_str(text_slice(&text),
	    "0 1090 18446744073709551615"));
}
END_TEST

static const struct {
	struct slice	 in;
	size_t		 most;
	const char	*escaped, *json;
} written[] = {
	{ SLICE("a b"), 9, "a b", "\"a b\"" },
	{ SLICE("a\r\n\0"), 9, "a\\x0D\\x0A\\x00", "\"a\\u000d\\u000a\\u0000\"" },
	{ SLICE("\"\\\177"), 9, "\\x22\\x5C\\x7F", "\"\\\"\\\\\\u007f\"" },
	{ SLICE("\303\251"), 9, "\\xC3\\xA9", "\"\303\251\"" },
	{ SLICE("\351"), 9, "\\xE9", "\"\\u00e9\"" },
	{ SLICE("abcd"), 3, "abc...", "\"abcd\"" },
	{ SLICE("abc"), 3, "abc", "\"abc\"" },
	{ SLICE(""), 0, "", "\"\"" },
};

/* RFC 8259 7, and our own log lines */
START_TEST(peer_text_cannot_break_a_line_or_a_string)
{
	TEXT_AUTO escaped = TEXT_INIT(100);
	TEXT_AUTO json = TEXT_INIT(100);

	text_add_escaped(&escaped, written[_i].in, written[_i].most);
	text_add_json(&json, written[_i].in);
	ck_assert(slice_is_str(text_slice(&escaped), written[_i].escaped));
	ck_assert(slice_is_str(text_slice(&json), written[_i].json));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("text");
	TCase *tests = tcase_create("text");

	tcase_add_test(tests, a_text_holds_its_limit_by_every_way_of_adding);
	tcase_add_test(tests,
	    what_does_not_fit_adds_nothing_and_nothing_comes_after);
	tcase_add_test(tests, it_grows_and_shrinks_without_losing_a_byte);
	tcase_add_test(tests, a_number_is_all_its_digits);
	tcase_add_loop_test(tests, peer_text_cannot_break_a_line_or_a_string,
	    0, sizeof(written) / sizeof(written[0]));
	suite_add_tcase(suite, tests);
	return suite;
}
