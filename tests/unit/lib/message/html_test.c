/*
 * html_test.c - the words of an HTML text, as somebody sees them
 */
#include <string.h>

#include "lib/message/html.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*html, *words;
} htmls[] = {
	{ "plain words", "plain words" },
	{ "  a \r\n\t b  ", "a b" },
	{ "in<b>voi</b>ce", "invoice" },
	{ "<p>a</p><p>b</p>", "a\nb" },
	{ "a<x-y z=\">\">b", "ab" },
	{ "a<img alt='>'>b", "ab" },
	{ "a<img alt=\">b", "ab" },		/* the quote never ends */
	{ "it's <b>a</b> dog's", "it's a dog's" },
	{ "a <b c'd>e", "a e" },
	{ "1 < 2 & 3 > 2", "1 < 2 & 3 > 2" },
	{ "a<!-- > -->b", "ab" },
	{ "a<!-- b>c", "ac" },			/* the comment never ends */
	{ "a<script>if (1 < 2) x</script>b", "ab" },
	{ "a<STYLE>.x { y }</Style>b", "ab" },
	{ "a<script>b", "ab" },
	{ "a&amp;b &lt;c&gt; &#65;&#x42;&#67", "a&b <c> ABC" },
	{ "a&nbsp;b&#160;c\xc2\xa0" "d", "a b c d" },
	{ "in&shy;voi&#8203;ce\xe2\x80\x8b" "s\xef\xbb\xbf", "invoices" },
	{ "&unknown; & &#; &#x; &", "&unknown; & &#; &#x; &" },
	{ "&#0;&#xd800;&#x110000;&#99999999999999999999;",
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
	    "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
	{ "&#8364;&#x1F600;", "\xe2\x82\xac\xf0\x9f\x98\x80" },
	/* where a browser has a comment end */
	{ "<!-->in<b></b>voice<!-- -->", "invoice" },
	{ "<!--->in<b></b>voice<!-- -->", "invoice" },
	{ "<!-- --!>in<b></b>voice<!-- -->", "invoice" },
	{ "a<!-- - -- -! > --->b", "ab" },
	/* these end at the first ">", whatever stands in quotes */
	{ "<!x =\">in<b></b>voice<b x=\"></b>", "invoice" },
	{ "<?x =\">in<b></b>voice<b x=\"></b>", "invoice" },
	{ "</ x=\">in<b></b>voice<b x=\"></b>", "invoice" },
	{ "a<!DOCTYPE html>b</>c<![CDATA[d>e", "abce" },
	/* what is a quote in a tag and what is none */
	{ "in<b title= \">\"></b>voice", "invoice" },
	{ "in<b title\n=\n'>'></b>voice", "invoice" },
	{ "a<b x=y\"z>b<i \"x>c<i =\"x>d<i x=/\">e", "abcde" },
	{ "a<b x=\"1\"y=\">\">b<br/x=\">\">c", "ab\nc" },
	{ "a</b x=\">\">b", "ab" },
	/* a "<" where there is no markup */
	{ "<title><!--</title>in<b></b>voice<!-- -->", "<!--\ninvoice" },
	{ "<textarea><b></textarea>a<b>b", "<b>ab" },
	{ "<script></scriptx a=\"</script>in<b></b>voice<b a=\"></b>",
	    "invoice" },
	/* nothing is shown for these */
	{ "in\xef\xb8\x8fv&#xfe0f;o&#x34f;ic&#xe0020;e", "invoice" },
	{ "in&ZeroWidthSpace;voi&NoBreak;ce&shys&ic;&lrm;", "invoices" },
	{ "a&ampb&ltc &lowbar;&period", "a&b<c _&period" },
	{ "<", "<" }, { "a<", "a<" }, { "<a", "<a" }, { "", "" },
};

START_TEST(html_becomes_its_words)
{
	TEXT_AUTO words = TEXT_INIT(strlen(htmls[_i].html));

	ck_assert(html_words(&words, slice_str(htmls[_i].html)));
	ck_assert_msg(slice_is_str(text_slice(&words), htmls[_i].words),
	    "%s: %.*s", htmls[_i].html, SLICE_FMT(text_slice(&words)));
	ck_assert(!text_failed(&words));
}
END_TEST

/* HTML 13.2.6.5: there <style> is a tag like any other, and <p> ends it */
static const struct {
	const char	*html;
	bool		 is_sure;
} drawings[] = {
	{ "<svg><style><p>in<b></b>voice<style></style>", false },
	{ "<MATH><textarea><p>a</textarea>", false },
	{ "<svg></svg><math/><xmp>a</xmp>", false },
	{ "<style>a</style><svg><title>a</title></svg><style>b</style>",
	    true },
	{ "</svg><script>a</script>", true },
};

START_TEST(what_a_drawing_may_hide_is_said)
{
	TEXT_AUTO words = TEXT_INIT(strlen(drawings[_i].html));

	ck_assert(html_words(&words, slice_str(drawings[_i].html)) ==
	    drawings[_i].is_sure);
}
END_TEST

/* Beginnings of what never ends, one behind the other. */
static const char *const beginnings[] = {
	"<", "<a", "<a b=\"", "<!--", "<script>", "<style>", "&#", "&a", "</",
	"<!", "<?", "<title>", "<textarea></textareax", "<svg>", "<!-- >",
	"<!-->", "<a b= \"", "<title></title>", "&ZeroWidthSpac",
};

/* A search from each of them to the end would take minutes. */
START_TEST(a_text_of_beginnings_is_read_in_linear_time)
{
	TEXT_AUTO html = TEXT_INIT(1 << 20);
	TEXT_AUTO words = TEXT_INIT(1 << 20);
	uint64_t start = cpu_ms();

	while (html.len < (1 << 20) - 16)
		text_add_str(&html, beginnings[_i]);
	ck_assert(html_words(&words, text_slice(&html)));
	ck_assert(!text_failed(&words));
	ck_assert_uint_le(words.len, html.len);
	ck_assert_uint_lt(cpu_ms() - start, 5000);
}
END_TEST

START_TEST(words_that_do_not_fit_are_said)
{
	TEXT_AUTO words = TEXT_INIT(4);

	(void)html_words(&words, slice_str("<p>pay now</p>"));
	ck_assert(text_failed(&words));
	ck_assert_uint_le(words.len, 4);
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof((table)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("html");
	TCase *tests = tcase_create("html");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, html_becomes_its_words, 0, COUNT(htmls));
	tcase_add_loop_test(tests, what_a_drawing_may_hide_is_said, 0,
	    COUNT(drawings));
	tcase_add_loop_test(tests,
	    a_text_of_beginnings_is_read_in_linear_time, 0,
	    COUNT(beginnings));
	tcase_add_test(tests, words_that_do_not_fit_are_said);
	suite_add_tcase(suite, tests);
	return suite;
}
