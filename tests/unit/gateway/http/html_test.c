/*
 * html_test.c - text into a page, so that it stays text
 */
#include "gateway/http/html.h"

#include "tests/unit/unit.h"

#define GONE	"\xef\xbf\xbd"

/* HARDENING A72 */
static const struct {
	enum html_place	 place;
	struct slice	 in;
	const char	*want;
} places[] = {
	{ HTML_TEXT, SLICE("plain, caf\xc3\xa9"), "plain, caf\xc3\xa9" },
	{ HTML_TEXT, SLICE("<script>alert(1)</script>"),
	  "&lt;script&gt;alert(1)&lt;/script&gt;" },
	{ HTML_VALUE, SLICE("\" onload=\"x"), "&quot; onload=&quot;x" },
	{ HTML_VALUE, SLICE("' a=`b`"), "&#39; a=&#96;b&#96;" },
	{ HTML_TEXT, SLICE("a&lt;b"), "a&amp;lt;b" },
	{ HTML_TEXT, SLICE("a\0b\x1b[31m\x7f"), "a" GONE "b" GONE "[31m" GONE },
	{ HTML_TEXT, SLICE("tab\tline\n"), "tab\tline\n" },
	{ HTML_TEXT, SLICE("\xff<\xc3"), GONE "&lt;" GONE },
	/* an overlong "<" is none */
	{ HTML_TEXT, SLICE("\xc0\xbc"), GONE GONE },
	{ HTML_TEXT, SLICE("\xc2\x9b"), GONE },
	/* right-to-left override, isolate, mark */
	{ HTML_TEXT, SLICE("\xe2\x80\xae" "a\xe2\x81\xa6" "b\xe2\x80\x8f"
	  "\xd8\x9c"), GONE "a" GONE "b" GONE GONE },
	{ HTML_TEXT, SLICE("\xe2\x80\x93\xf0\x9f\x93\xac"),
	  "\xe2\x80\x93\xf0\x9f\x93\xac" },
	{ HTML_QUERY, SLICE("a b&c=d/\"<\xc3\xa9"),
	  "a%20b%26c%3Dd%2F%22%3C%C3%A9" },
	{ HTML_QUERY, SLICE("A-z_0.9~\0"), "A-z_0.9~%00" },
};

START_TEST(text_stays_text_wherever_it_stands)
{
	TEXT_AUTO page = TEXT_INIT(1024);

	html_add(&page, places[_i].place, places[_i].in);
	text_add_byte(&page, '\0');
	ck_assert_str_eq(page.at, places[_i].want);
}
END_TEST

START_TEST(what_goes_into_a_sentence_is_text_too)
{
	TEXT_AUTO page = TEXT_INIT(1024);

	html_say(&page, LANGUAGE_EN, ME_LEAD, "<b>@office.test");
	ck_assert(slice_find_str(text_slice(&page), "<b>") == SIZE_MAX);
	ck_assert(slice_find_str(text_slice(&page), "&lt;b&gt;@office") !=
	    SIZE_MAX);
}
END_TEST

/* RFC 9110 12.5.4 */
static const struct {
	const char	*accept;
	enum language	 otherwise, want;
} languages[] = {
	{ "", LANGUAGE_ID, LANGUAGE_ID },
	{ "id", LANGUAGE_EN, LANGUAGE_ID },
	{ "id-ID,id;q=0.9,en;q=0.8", LANGUAGE_EN, LANGUAGE_ID },
	{ "en-US,en;q=0.9,id;q=0.8", LANGUAGE_ID, LANGUAGE_EN },
	{ "fr, id;q=0.3, en;q=0.2", LANGUAGE_EN, LANGUAGE_ID },
	{ "en;q=0.300, id;q=0.301", LANGUAGE_EN, LANGUAGE_ID },
	{ "id;q=0, en;q=0.1", LANGUAGE_ID, LANGUAGE_EN },
	{ "id;q=x", LANGUAGE_EN, LANGUAGE_EN },
	{ "de,fr;q=0.5", LANGUAGE_ID, LANGUAGE_ID },
	{ "idx", LANGUAGE_EN, LANGUAGE_EN },
	{ ",,;;q=,-", LANGUAGE_ID, LANGUAGE_ID },
};

START_TEST(the_browser_says_which_language_it_likes)
{
	ck_assert_int_eq(html_language(slice_str(languages[_i].accept),
	    languages[_i].otherwise), languages[_i].want);
}
END_TEST

#define COUNT(array)	((int)(sizeof(array) / sizeof((array)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/http/html");
	TCase *tests = tcase_create("html");

	tcase_add_loop_test(tests, text_stays_text_wherever_it_stands, 0,
	    COUNT(places));
	tcase_add_test(tests, what_goes_into_a_sentence_is_text_too);
	tcase_add_loop_test(tests, the_browser_says_which_language_it_likes,
	    0, COUNT(languages));
	suite_add_tcase(suite, tests);
	return suite;
}
