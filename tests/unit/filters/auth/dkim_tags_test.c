/*
 * dkim_tags_test.c - lists of tag=value, to the letter
 */
#include "filters/auth/dkim_tags.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

static const struct {
	const char	*list;
	const char	*tags;	/* "name[value]..." or NULL: no list */
} lists[] = {
	{ "a=b", "a[b]" },
	{ "a=b;", "a[b]" },
	{ "a=b; \r\n ", "a[b]" },
	{ " a = b ; cd_9 =e f", "a[b]cd_9[e f]" },
	{ "a=\r\n b;c=d\r\n\te", "a[b]c[d\r\n\te]" },
	{ "a=", "a[]" },
	{ "a=;b= ;", "a[]b[]" },
	{ "a==x=", "a[=x=]" },
	{ "A=1;a=2", "A[1]a[2]" },
	{ "a=b\n c", "a[b\n c]" },
	{ "a=\xc3\xa9", "a[\xc3\xa9]" },
	{ "", NULL },
	{ ";", NULL },
	{ "a", NULL },
	{ "a;b=c", NULL },
	{ "=b", NULL },
	{ "1a=b", NULL },
	{ "a-b=c", NULL },
	{ "_a=b", NULL },
	{ "a b=c", NULL },
	{ "a=b;;", NULL },
	{ ";a=b", NULL },
	{ "a=b;c", NULL },
	{ "a=b;a=c", NULL },
	{ "a=b\r\nc", NULL },
	{ "a=b\rc", NULL },
	{ "a=b\x01", NULL },
	{ "a=b\x7f", NULL },
	{ "a=\xff", NULL },
};

/* RFC 6376 3.2, RFC 8616 4 */
START_TEST(a_list_is_of_the_grammar_or_none)
{
	struct dkim_tags tags;
	char text[256] = "";
	int r = dkim_tags_read(slice_str(lists[_i].list), &tags);

	ck_assert_int_eq(r, lists[_i].tags == NULL ? -EINVAL : 0);
	for (unsigned i = 0; r == 0 && i < tags.count; i++)
		(void)snprintf(text + strlen(text),
		    sizeof(text) - strlen(text), "%.*s[%.*s]",
		    SLICE_FMT(tags.tag[i].name), SLICE_FMT(tags.tag[i].value));
	if (r == 0)
		ck_assert_str_eq(text, lists[_i].tags);
}
END_TEST

START_TEST(a_nul_is_in_no_list)
{
	struct dkim_tags tags;

	ck_assert_int_eq(dkim_tags_read(slice_of("a=b\0c", 5), &tags),
	    -EINVAL);
}
END_TEST

START_TEST(more_tags_than_any_honest_list_has_are_none)
{
	char list[DKIM_TAGS * 6 + 8] = "";
	struct dkim_tags tags;

	for (int i = 0; i <= DKIM_TAGS; i++) {
		ck_assert_int_eq(i == 0 ? 0 : dkim_tags_read(slice_str(list),
		    &tags), 0);
		(void)snprintf(list + strlen(list), 8, "t%d=;", i);
	}
	ck_assert_int_eq(dkim_tags_read(slice_str(list), &tags), -E2BIG);
}
END_TEST

/* RFC 6376 3.7: what is taken out of b= */
START_TEST(the_whole_of_a_value_has_its_blanks)
{
	struct dkim_tags tags;
	const struct dkim_tag *tag;

	ck_assert_int_eq(dkim_tags_read(slice_str("a=1; b= x\r\n y ;c=2; d=\t"),
	    &tags), 0);
	tag = dkim_tags_find(&tags, "b");
	ck_assert_ptr_nonnull(tag);
	ck_assert(slice_is_str(tag->whole, " x\r\n y "));
	ck_assert(slice_is_str(tag->value, "x\r\n y"));
	ck_assert(slice_is_str(dkim_tags_find(&tags, "d")->whole, "\t"));
	ck_assert_ptr_null(dkim_tags_find(&tags, "B"));
	ck_assert_ptr_null(dkim_tags_find(&tags, "e"));
}
END_TEST

static const struct {
	const char	*base64, *bytes;
	int		 want;
} base64s[] = {
	{ "Zm9v", "foo", 0 },
	{ "Zm9vYg==", "foob", 0 },
	{ "Zm9vYmE=", "fooba", 0 },
	{ " Z m9\r\n\tv ", "foo", 0 },
	{ "Zm9vYg = =", "foob", 0 },
	{ "Zm9vYg", "foob", 0 },
	{ "Zm9vYmE", "fooba", 0 },
	{ "+/+/", "\xfb\xff\xbf", 0 },
	{ "", NULL, -EINVAL },
	{ "=", NULL, -EINVAL },
	{ "Z", NULL, -EINVAL },
	{ "Zm9vY", NULL, -EINVAL },
	{ "Zm9v=", NULL, -EINVAL },
	{ "Zm9vYg=", NULL, -EINVAL },
	{ "Zm9vYmE==", NULL, -EINVAL },
	{ "Zm9vYg===", NULL, -EINVAL },
	{ "Zm9v:", NULL, -EINVAL },
	{ "Zm9vYg==Zm9v", NULL, -EINVAL },
	{ "Zm-_", NULL, -EINVAL },
	{ "Zm9vYmFyYg==", NULL, -E2BIG },
};

START_TEST(base64_is_decoded_strictly)
{
	unsigned char bytes[6];
	size_t len = 77;

	ck_assert_int_eq(dkim_base64(slice_str(base64s[_i].base64), bytes,
	    sizeof(bytes), &len), base64s[_i].want);
	if (base64s[_i].want == 0)
		ck_assert(slice_is_str(slice_of(bytes, len),
		    base64s[_i].bytes));
	else
		ck_assert_uint_eq(len, 77);
}
END_TEST

static const struct {
	const char	*quoted, *text;
	int		 want;
} quoted[] = {
	{ "joe@example.com", "joe@example.com", 0 },
	{ "joe=20x@\r\n example.com", "joe x@example.com", 0 },
	{ "=C3=A9@x", "\xc3\xa9@x", 0 },
	{ "", "", 0 },
	{ "a=", NULL, -EINVAL },
	{ "a=2", NULL, -EINVAL },
	{ "a=3b", NULL, -EINVAL },
	{ "a=0A", NULL, -EINVAL },
	{ "a=7F", NULL, -EINVAL },
	{ "a=00", NULL, -EINVAL },
	{ "a=C3", NULL, -EINVAL },
	{ "12345678901234567890", NULL, -E2BIG },
};

/* RFC 6376 2.11 */
START_TEST(quoted_text_hides_nothing)
{
	char text[20];

	ck_assert_int_eq(dkim_unquote(slice_str(quoted[_i].quoted), text,
	    sizeof(text)), quoted[_i].want);
	if (quoted[_i].want == 0)
		ck_assert_str_eq(text, quoted[_i].text);
}
END_TEST

START_TEST(a_list_is_cut_at_its_colons)
{
	struct slice rest = slice_str(" From : To:: x"), one;

	ck_assert(dkim_list_next(&rest, &one) && slice_is_str(one, "From"));
	ck_assert(dkim_list_next(&rest, &one) && slice_is_str(one, "To"));
	ck_assert(dkim_list_next(&rest, &one) && one.len == 0);
	ck_assert(dkim_list_next(&rest, &one) && slice_is_str(one, "x"));
	ck_assert(!dkim_list_next(&rest, &one));
	ck_assert(dkim_list_has(slice_str("a:FROM"), "from"));
	ck_assert(!dkim_list_has(slice_str("a:fro:m"), "from"));
	ck_assert(!dkim_list_has(slice_str(""), "from"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/auth/dkim_tags");
	TCase *tests = tcase_create("dkim_tags");

	tcase_add_loop_test(tests, a_list_is_of_the_grammar_or_none, 0,
	    ROWS(lists));
	tcase_add_test(tests, a_nul_is_in_no_list);
	tcase_add_test(tests, more_tags_than_any_honest_list_has_are_none);
	tcase_add_test(tests, the_whole_of_a_value_has_its_blanks);
	tcase_add_loop_test(tests, base64_is_decoded_strictly, 0,
	    ROWS(base64s));
	tcase_add_loop_test(tests, quoted_text_hides_nothing, 0,
	    ROWS(quoted));
	tcase_add_test(tests, a_list_is_cut_at_its_colons);
	suite_add_tcase(suite, tests);
	return suite;
}
