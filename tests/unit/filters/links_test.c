/*
 * links_test.c - which domains a message points to
 */
#include "filters/links.h"

#include <stdio.h>
#include <string.h>

#include "lib/message/words.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*text, *domains;
} texts[] = {
	{ "see http://www.Shop.example/a?b or https://b.example.",
	    "shop.example b.example" },
	{ "<a href=\"https://x.y.z.bad.example/\">https://good.example</a>",
	    "bad.example good.example" },
	{ "http://a.co.id/ http://b.co.id/ http://c.a.co.id/",
	    "a.co.id b.co.id" },
	{ "http://bank.example@bad.example/", "bad.example" },
	{ "http://bank.example:80@bad.example:8080/x", "bad.example" },
	{ "http:\\\\bad.example\\x", "bad.example" },
	{ "http:///bad.example", "bad.example" },
	{ "HTTP://%62ad.exampl%65/", "bad.example" },
	{ "http://bad.example%2Fx", "bad.example" },
	{ "(http://a.example), http://b.example; http://c,d@c.example!",
	    "a.example b.example c.example" },
	{ "http://www.b\xc3\xbc" "cher.example/", "xn--bcher-kva.example" },
	{ "http://b\xff.example/", "" },
	{ "ftp://\xc3\xa9 ftp://\xe3\x80\x82", "" },
	{ "http://b\xc3\xbc" "cher\xe3\x80\x82" "example/ "
	    "http://b\xef\xbc\x8e" "example "
	    "http://c\xef\xbd\xa1" "example",
	    "xn--bcher-kva.example b.example c.example" },
	{ "go to www.bad.example, or mailwww.not.example", "bad.example" },
	{ "ftp://ftp.bad.example", "bad.example" },
	{ "http://192.0.2.1/ http://[2001:db8::1]/ http://localhost/", "" },
	{ "https:bad.example mailto:a@bad.example x://bad.example", "" },
	{ "http://a.example http://A.EXAMPLE http://b.a.example.",
	    "a.example" },
	{ "http://", "" },
	{ "http://%", "" },
	{ "www.", "" },
	{ "http://1.example 2 http://2.example http://3.example "
	    "http://4.example http://5.example http://6.example "
	    "http://7.example http://8.example http://9.example "
	    "http://10.example http://11.example", "1.example 2.example "
	    "3.example 4.example 5.example 6.example 7.example 8.example "
	    "9.example 10.example" },
};

static void
are(const struct links *links, const char *domains)
{
	TEXT_AUTO said = TEXT_INIT(4000);

	for (unsigned i = 0; i < links->count; i++)
		text_addf(&said, "%s%s", i == 0 ? "" : " ", links->domain[i]);
	ck_assert_msg(slice_is_str(text_slice(&said), domains), "%.*s",
	    SLICE_FMT(text_slice(&said)));
}

START_TEST(links_are_found_where_a_browser_finds_them)
{
	struct links links = { .count = 0 };

	links_read(&links, slice_str(texts[_i].text));
	are(&links, texts[_i].domains);
}
END_TEST

/* As long as it likes: a browser reads on to the "@". */
START_TEST(who_is_logged_in_is_passed_over)
{
	TEXT_AUTO text = TEXT_INIT(4000);
	struct links links = { .count = 0 };

	text_add_str(&text, "https://bank.example");
	for (unsigned i = 0; i < 2000; i++)
		text_add_byte(&text, 'u');
	text_add_str(&text, "@evil.example/ http://next.example");
	links_read(&links, text_slice(&text));
	are(&links, "evil.example next.example");
}
END_TEST

/* HTML 13.2.5, WHATWG URL 4.4 */
static const struct {
	const char	*html, *domains;
} tags[] = {
	{ "<a href=\"https:&#x2f;&#x2f;evil.example\">", "evil.example" },
	{ "<a href='https://evil&#46;example'>", "evil.example" },
	{ "<A HREF=ht&#116;ps://evil&period;example>", "evil.example" },
	{ "<a href=\"https://ev\til.exa\r\nmple/\">", "evil.example" },
	{ "<a href=\"https://ev il.example/\">", "evil.example" },
	{ "<a href=\"h\nttps:&Tab;//ev&NewLine;il.example\">",
	    "evil.example" },
	{ "<a href=\"&#1; https://evil.example\">", "evil.example" },
	{ "<a href=\"https://good.example (x)@evil.example\">",
	    "evil.example" },
	{ "<a href='https://good.example\"@evil.example?@c.example'>",
	    "evil.example" },
	{ "<img src=\"//evil.example/a.png\">", "evil.example" },
	{ "<img src=\"/\\evil.example/a.png\">", "evil.example" },
	{ "<form action=https:evil.example>", "evil.example" },
	{ "<a href=\"https://b&#xfc;cher&#x3002;example\">",
	    "xn--bcher-kva.example" },
	{ "<meta content=\"0;url=https&colon;//evil.example\">",
	    "evil.example" },
	{ "<a href=\"https://go.example/?u=https&#58;//evil.example\">",
	    "go.example evil.example" },
	{ "<a href=\"mailto:a@no.example\" title=\"//no.example\">", "" },
	{ "<a href=\"/a/no.example\"><!-- <a href=//no.example> -->", "" },
	{ "&#104;ttp://word.example <a", "word.example" },
	{ "<b>http</b>://word.exa<i>mple</i>", "word.example" },
};

START_TEST(tags_are_read_as_browsers_read_them)
{
	struct links links = { .count = 0 };

	links_read_html(&links, slice_str(tags[_i].html));
	are(&links, tags[_i].domains);
}
END_TEST

/* Each host costs time, and a message could be nothing else. */
START_TEST(so_many_hosts_are_looked_at)
{
	TEXT_AUTO text = TEXT_INIT(1 << 20);
	struct links links = { .count = 0 };

	for (unsigned i = 1; i < LINKS_LOOKED_MOST; i++)
		text_add_str(&text, "ftp://\xc3\xa9 ");
	text_add_str(&text, "http://last.example http://behind.example");
	ck_assert(!text_failed(&text));
	links_read(&links, text_slice(&text));
	are(&links, "last.example");
	/* texts that follow are not looked at */
	links_read(&links, slice_str("http://next.example"));
	are(&links, "last.example");
}
END_TEST

/* So does each tag. */
START_TEST(so_many_tags_are_looked_at)
{
	TEXT_AUTO text = TEXT_INIT(1 << 20);
	struct links links = { .count = 0 };

	for (unsigned i = 1; i < LINKS_TAGS_MOST; i++)
		text_add_str(&text, "<b>");
	text_add_str(&text, "<a href=//last.example><a href=//behind.example>"
	    "http&#58;//word.example");
	ck_assert(!text_failed(&text));
	links_read_html(&links, text_slice(&text));
	are(&links, "last.example");
	links_read_html(&links, slice_str("<a href=//next.example>"));
	are(&links, "last.example");
}
END_TEST

static const char message[] =
    "From: a@mail.author.example\r\n"
    "Subject: http://subject.example/\r\n"
    "Content-Type: text/html\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "<a href=3D\"http://www.hid=\r\nden.example/x\">here</a>\r\n"
    "<a href=3D\"https:&#x2f;&#x2f;decoded&#46;exa=09mple\">there</a>\r\n"
    "https://word&#46;example\r\n";

START_TEST(the_author_comes_first_and_texts_are_decoded)
{
	ARENA_AUTO arena = arena_new(LINKS_BUDGET);
	ARENA_AUTO tree = arena_new(1 << 20);
	const struct mime_part *root;
	enum mime_limit limit;
	struct links links;

	ck_assert_int_eq(words_open(), 0);
	ck_assert_int_eq(mime_parse(tree, slice_str(message),
	    &mime_default_limits, &root, &limit), 0);
	links_find(slice_str(message), root, arena, &links);
	are(&links, "author.example hidden.example decoded.example "
	    "word.example");
	words_close();
}
END_TEST

START_TEST(without_a_tree_there_is_still_the_author)
{
	ARENA_AUTO arena = arena_new(LINKS_BUDGET);
	struct links links;

	links_find(slice_str(message), NULL, arena, &links);
	are(&links, "author.example");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/links");
	TCase *tests = tcase_create("links");

	tcase_add_loop_test(tests, links_are_found_where_a_browser_finds_them,
	    0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(tests, who_is_logged_in_is_passed_over);
	tcase_add_loop_test(tests, tags_are_read_as_browsers_read_them, 0,
	    sizeof(tags) / sizeof(tags[0]));
	tcase_add_test(tests, so_many_hosts_are_looked_at);
	tcase_add_test(tests, so_many_tags_are_looked_at);
	tcase_add_test(tests, the_author_comes_first_and_texts_are_decoded);
	tcase_add_test(tests, without_a_tree_there_is_still_the_author);
	suite_add_tcase(suite, tests);
	return suite;
}
