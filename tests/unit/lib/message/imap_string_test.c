/*
 * imap_string_test.c - strings as IMAP writes them
 */
#include <errno.h>
#include <string.h>

#include "lib/message/imap_string.h"
#include "tests/unit/unit.h"

static const struct {
	struct slice	in;
	const char	*want;
	const char	*read;	/* NULL: the same as `in` */
} strings[] = {
	{ SLICE(""), "\"\"", NULL },
	{ SLICE("plain text"), "\"plain text\"", NULL },
	{ SLICE("NIL"), "\"NIL\"", NULL },
	/* RFC 9051 9: quoted-specials */
	{ SLICE("a \"b\" \\ c"), "\"a \\\"b\\\" \\\\ c\"", NULL },
	{ SLICE("\303\251t\303\251"), "{5}\r\n\303\251t\303\251", NULL },
	{ SLICE("caf\351 \"x\""), "{8}\r\ncaf\351 \"x\"", NULL },
	{ SLICE("\t\001\177"), "\"\t\001\177\"", NULL },
	{ SLICE("a\r\nb"), "\"a  b\"", "a  b" },
	{ SLICE("a\0b"), "\"a b\"", "a b" },
	{ SLICE("\351\r\nb"), "{4}\r\n\351  b", "\351  b" },
};

/* RFC 9051 4.3 */
START_TEST(a_string_is_quoted_or_a_literal)
{
	TEXT_AUTO text = TEXT_INIT(100);

	imap_string(&text, strings[_i].in);
	ck_assert_msg(slice_is_str(text_slice(&text), strings[_i].want),
	    "%.*s", SLICE_FMT(text_slice(&text)));
}
END_TEST

START_TEST(what_was_written_is_read)
{
	TEXT_AUTO text = TEXT_INIT(100);
	TEXT_AUTO back = TEXT_INIT(100);
	struct slice rest;

	imap_string(&text, strings[_i].in);
	text_add_str(&text, " NIL");
	rest = text_slice(&text);
	ck_assert_int_eq(imap_string_read(&rest, &back), 1);
	ck_assert(slice_is(text_slice(&back), strings[_i].read == NULL ?
	    strings[_i].in : slice_str(strings[_i].read)));
	ck_assert(slice_is_str(rest, " NIL"));
	rest = slice_after(rest, 1);
	ck_assert_int_eq(imap_string_read(&rest, &back), 0);
	ck_assert_uint_eq(rest.len, 0);
}
END_TEST

static const struct {
	const char	*in, *want;
} folded[] = {
	{ " one line", "\"one line\"" },
	{ " two\r\n lines ", "\"two lines\"" },
	{ " two\r\n\tlines\r\n", "\"two\tlines\"" },
	{ "\r\n ", "\"\"" },
	{ " a\rb", "\"a b\"" },
};

/* RFC 5322 2.2.3 */
START_TEST(a_header_value_is_unfolded)
{
	TEXT_AUTO text = TEXT_INIT(100);

	imap_string_unfold(&text, slice_str(folded[_i].in));
	ck_assert_msg(slice_is_str(text_slice(&text), folded[_i].want),
	    "%.*s", SLICE_FMT(text_slice(&text)));
}
END_TEST

static const char *const broken[] = {
	"", "x", "\"", "\"a", "\"a\\\"", "{", "{}\r\n", "{3}\r\nab", "{1}a",
	"{18446744073709551615}\r\na", "{1\r\n", "(", "NI",
};

START_TEST(what_is_no_string_is_not_read)
{
	TEXT_AUTO text = TEXT_INIT(100);
	struct slice rest = slice_str(broken[_i]);

	ck_assert_int_eq(imap_string_read(&rest, &text), -EINVAL);
}
END_TEST

START_TEST(a_text_that_is_full_says_so)
{
	TEXT_AUTO text = TEXT_INIT(6);

	imap_string_unfold(&text, slice_str("a\r\n long value"));
	ck_assert(text_failed(&text));
}
END_TEST

#define COUNT(of)	((int)(sizeof(of) / sizeof((of)[0])))

Suite *
unit_suite(void)
{
	Suite *s = suite_create("imap_string");
	TCase *t = tcase_create("imap_string");

	tcase_add_loop_test(t, a_string_is_quoted_or_a_literal, 0,
	    COUNT(strings));
	tcase_add_loop_test(t, what_was_written_is_read, 0, COUNT(strings));
	tcase_add_loop_test(t, a_header_value_is_unfolded, 0, COUNT(folded));
	tcase_add_loop_test(t, what_is_no_string_is_not_read, 0,
	    COUNT(broken));
	tcase_add_test(t, a_text_that_is_full_says_so);
	suite_add_tcase(s, t);
	return s;
}
