/*
 * charset_test.c - the text of a body as lines of UTF-8
 */
#include <stdio.h>
#include <string.h>

#include "lib/message/charset.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

#define BAD	"\357\277\275"

static const struct {
	const char	*charset;
	struct slice	 bytes;
	unsigned	 way, ways;
	const char	*lines;
} cases[] = {
	{ "", SLICE(""), 0, 1, "" },
	{ "", SLICE("a\r\nb\rc\nd\r"), 0, 1, "a\nb c\nd" },
	{ "utf-8", SLICE("\303\251\tx\r\n"), 0, 1, "\303\251 x\n" },
	{ "iso-2022-jp", SLICE("\x1b$B$\"\r\nx"), 0, 1, "\343\201\202\nx" },
	/* RFC 2152 */
	{ "utf-7", SLICE("+AGIAaQ-ll\r\n+-x"), 0, 2, "bill\n+x" },
	{ "UTF-7", SLICE("+AGIAaQ-ll\r\n+-x"), 1, 2, "+AGIAaQ-ll\n+-x" },
	{ "unicode-1-1-utf-7", SLICE("+AOk"), 0, 2, "\303\251" },
	/* RFC 2781: big end first, little end first */
	{ "utf-16", SLICE("\0b\0\r\0\n\0x"), 0, 2, "b\nx" },
	{ "utf-16", SLICE("b\0\r\0\n\0x\0"), 1, 2, "b\nx" },
	{ "utf-16be", SLICE("\376\377\0b"), 0, 2, "b" },
	{ "utf-16le", SLICE("\377\376b\0"), 1, 2, "b" },
	{ "unicode", SLICE("\0b\0\n\0\n"), 0, 2, "b\n\n" },
	{ "ucs-2", SLICE("\0b\0\r"), 0, 2, "b " },
	{ "utf-16", SLICE("\330\075\336\000"), 0, 2,
	    "\360\237\230\200" },
	{ "utf-16", SLICE("\0b\0"), 0, 2, "b" BAD },
	{ "utf-16", SLICE("\0"), 0, 2, BAD },
	/* LF in two halves is none */
	{ "utf-16", SLICE("\001\0\n\001"), 0, 2, "\304\200\340\250\201" },
	/* it says so and is not */
	{ "utf-16", SLICE("pay\r\nnow"), 2, 3, "pay\nnow" },
};

START_TEST(a_text_is_read_in_each_way)
{
	const struct slice charset = slice_str(cases[_i].charset);
	TEXT_AUTO text = TEXT_INIT(100);

	ck_assert_int_eq(words_open(), 0);
	ck_assert(charset_is_read(charset));
	ck_assert_uint_eq(charset_ways(charset, cases[_i].bytes),
	    cases[_i].ways);
	charset_lines(&text, charset, cases[_i].way, cases[_i].bytes);
	ck_assert_msg(slice_is_str(text_slice(&text), cases[_i].lines),
	    "%.*s", SLICE_FMT(text_slice(&text)));
	ck_assert(!text_failed(&text));
	words_close();
}
END_TEST

static const struct {
	const char	*charset;
	bool		 is_read, is_read_closed;
} known[] = {
	{ "", true, true },
	{ "utf8", true, true },
	{ "US-ASCII", true, true },
	{ "latin1", true, true },
	{ "cp1252", true, true },
	{ "unknown-8bit", true, true },		/* RFC 1428 */
	{ "x-none", false, false },
	{ "koi8-r", true, false },
	{ "x-sjis", true, false },
	{ "utf-7", true, false },
	{ "utf-16", true, false },
	{ "UTF-16LE", true, false },
	{ "utf-32", false, false },
	{ "ucs-4", false, false },
	{ "iso-10646-ucs-4", false, false },
	{ "unicodefffe", false, false },
	{ "hz-gb-2312", false, false },
	/* other names of what hides a text, and what is no ASCII at all */
	{ "utf7", false, false },
	{ "utf16", false, false },
	{ "csunicode", false, false },
	{ "csutf16", false, false },
	{ "hz", false, false },
	{ "ibm037", false, false },
	{ "utf-16x", false, false },
};

START_TEST(what_is_not_read_is_known)
{
	const struct slice charset = slice_str(known[_i].charset);

	ck_assert(charset_is_read(charset) == known[_i].is_read_closed);
	ck_assert_int_eq(words_open(), 0);
	ck_assert(charset_is_read(charset) == known[_i].is_read);
	words_close();
}
END_TEST

START_TEST(a_full_text_says_so_and_ends_between_two_characters)
{
	static const struct slice wide = SLICE("\0a\0\n\0\351\0\351\0\351");

	ck_assert_int_eq(words_open(), 0);
	for (size_t limit = 0; limit < 8; limit++) {
		TEXT_AUTO text = TEXT_INIT(limit);

		charset_lines(&text, slice_str("utf-16"), 0, wide);
		ck_assert(text_failed(&text));
		ck_assert_uint_le(text.len, limit);
		ck_assert(slice_is_utf8(text_slice(&text)));
	}
	words_close();
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof((table)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("charset");
	TCase *tests = tcase_create("charset");

	tcase_add_loop_test(tests, a_text_is_read_in_each_way, 0,
	    COUNT(cases));
	tcase_add_loop_test(tests, what_is_not_read_is_known, 0,
	    COUNT(known));
	tcase_add_test(tests,
	    a_full_text_says_so_and_ends_between_two_characters);
	suite_add_tcase(suite, tests);
	return suite;
}
