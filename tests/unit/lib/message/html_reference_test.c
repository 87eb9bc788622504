/*
 * html_reference_test.c - what "&" and the letters behind it stand for in HTML
 */
#include "lib/message/html_reference.h"

#include "tests/unit/unit.h"

static const struct {
	const char	*value, *decoded;
} values[] = {
	{ "", "" }, { "plain", "plain" }, { "&", "&" }, { "a&", "a&" },
	{ "a&&#&#x;&;b", "a&&#&#x;&;b" },
	{ "ht&#116;p&colon;&sol;&#x2F;a", "http://a" },
	{ "&#46&#x2e&amp;&lt&gt;", "..&<>" },
	{ "a&Tab;b&#10;c&#13;", "a\tb\nc\r" },
	{ "&#xfc;&#x3002;&#x1d522;", "\xc3\xbc\xe3\x80\x82\xf0\x9d\x94\xa2" },
	{ "&#0;&#xd800;&#x110000;&#99999999999999999999;",
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "&nosuch;&PERIOD;", "&nosuch;&PERIOD;" },
};

START_TEST(references_are_decoded_and_nothing_else)
{
	struct slice value = slice_str(values[_i].value);
	TEXT_AUTO text = TEXT_INIT(value.len);

	html_value(&text, value);
	ck_assert(!text_failed(&text));
	ck_assert_msg(slice_is_str(text_slice(&text), values[_i].decoded),
	    "%.*s", SLICE_FMT(text_slice(&text)));
}
END_TEST

START_TEST(what_is_no_reference_takes_nothing)
{
	unsigned long c = 7;

	ck_assert_uint_eq(html_reference(slice_str("&x"), &c), 0);
	ck_assert_uint_eq(html_reference(slice_str("&"), &c), 0);
	ck_assert_uint_eq(c, 7);
	ck_assert_uint_eq(html_reference(slice_str("&amp;x"), &c), 5);
	ck_assert_uint_eq(c, '&');
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("html_reference");
	TCase *t = tcase_create("references");

	tcase_add_loop_test(t, references_are_decoded_and_nothing_else, 0,
	    sizeof(values) / sizeof(values[0]));
	tcase_add_test(t, what_is_no_reference_takes_nothing);
	suite_add_tcase(suite, t);
	return suite;
}
