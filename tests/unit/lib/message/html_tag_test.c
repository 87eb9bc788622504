/*
 * html_tag_test.c - what stands in one HTML tag
 */
#include "lib/message/html_tag.h"

#include "lib/base/text.h"
#include "lib/message/html.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*tag, *attributes;	/* "name=value|..." */
} tags[] = {
	{ "<a>", "" },
	{ "<a href=\"http://a.example/?x=1&amp;y\" title='it \"is\"'>",
	    "href=http://a.example/?x=1&amp;y|title=it \"is\"|" },
	{ "<IMG SRC = cid:1 border=0/>", "SRC=cid:1|border=0/|" },
	{ "<br/>", "" },
	{ "<input disabled value=a checked>", "disabled=|value=a|checked=|" },
	{ "<a\thref\n=\r\n'x'class=y>", "href=x|class=y|" },
	{ "<a href=\"x>", "href=x|" },		/* the quote never ends */
	{ "<a =b c>", "=b=|c=|" },
	{ "<a/href=x>", "href=x|" },
	{ "<a href=>", "href=|" },
	{ "", "" }, { "<", "" }, { ">", "" },
};

/* HTML 13.2.5.32 to 40 */
START_TEST(attributes_are_read_as_a_browser_has_them)
{
	TEXT_AUTO told = TEXT_INIT(1024);
	struct slice rest = html_attributes(slice_str(tags[_i].tag));
	struct html_attribute attribute;

	while (html_attribute_next(&rest, &attribute)) {
		text_add(&told, attribute.name);
		text_add_byte(&told, '=');
		text_add(&told, attribute.value);
		text_add_byte(&told, '|');
	}
	ck_assert_msg(slice_is_str(text_slice(&told), tags[_i].attributes),
	    "%s: %.*s", tags[_i].tag, SLICE_FMT(text_slice(&told)));
}
END_TEST

static bool
note_tag(void *arg, struct slice name, struct slice tag, struct text *words)
{
	struct text *names = arg;

	text_add(names, name);
	text_add_byte(names, tag.at[0]);
	text_add_byte(names, tag.at[tag.len - 1]);
	if (slice_is_word(name, "img"))
		text_add_str(words, "[image]");
	return !slice_is_word(name, "hr");
}

START_TEST(tags_that_begin_an_element_are_told)
{
	TEXT_AUTO words = TEXT_INIT(200), names = TEXT_INIT(200);

	ck_assert(html_read(&words, slice_str("<p>a<!-- <b> --><IMG src=x>b"
	    "<script><i></script></p>"), note_tag, &names));
	ck_assert(slice_is_str(text_slice(&words), "a[image] b"));
	ck_assert(slice_is_str(text_slice(&names), "p<>IMG<>script<>"));
}
END_TEST

START_TEST(who_is_told_may_end_it)
{
	TEXT_AUTO words = TEXT_INIT(200), names = TEXT_INIT(200);

	ck_assert(html_read(&words, slice_str("a<b>b<hr>c<i>d"), note_tag,
	    &names));
	ck_assert(slice_is_str(text_slice(&words), "ab"));
	ck_assert(slice_is_str(text_slice(&names), "b<>hr<>"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("html_tag");
	TCase *t = tcase_create("tags");

	tcase_add_loop_test(t, attributes_are_read_as_a_browser_has_them, 0,
	    sizeof(tags) / sizeof(tags[0]));
	tcase_add_test(t, tags_that_begin_an_element_are_told);
	tcase_add_test(t, who_is_told_may_end_it);
	suite_add_tcase(suite, t);
	return suite;
}
