/*
 * words_test.c - header values as people read them
 */
#include <string.h>

#include "lib/message/words.h"
#include "tests/unit/unit.h"

#define BAD	"\357\277\275"		/* U+FFFD */

static const struct {
	struct slice	 in;
	const char	*want;
} values[] = {
	{ SLICE("plain"), "plain" },
	{ SLICE(""), "" },
	/* RFC 2047 8 */
	{ SLICE("(=?ISO-8859-1?Q?a?=)"), "(a)" },
	{ SLICE("(=?ISO-8859-1?Q?a?= b)"), "(a b)" },
	{ SLICE("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)"), "(ab)" },
	{ SLICE("(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)"), "(ab)" },
	{ SLICE("(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)"), "(ab)" },
	{ SLICE("(=?ISO-8859-1?Q?a_b?=)"), "(a b)" },
	{ SLICE("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)"), "(a b)" },
	{ SLICE("=?iso-8859-1?q?caf=E9?= x"), "caf\303\251 x" },
	{ SLICE("=?US-ASCII*EN?Q?Keith_Moore?="), "Keith Moore" },
	{ SLICE("=?UTF-8?B?UmFwYXQga2FudG9y?="), "Rapat kantor" },
	/* a character broken between two words, against RFC 2047 5 */
	{ SLICE("=?utf-8?B?w6HD?= =?UTF-8?B?qQ==?="), "\303\241\303\251" },
	{ SLICE("=?utf-8?Q?=C3?= =?utf-8?Q?=A9?="), "\303\251" },
	{ SLICE("=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?="), "\346\227\245\346\234\254" },
	{ SLICE("=?Shift_JIS?B?k/qWew==?="), "\346\227\245\346\234\254" },
	{ SLICE("=?EUC-JP?B?xvzL3A==?="), "\346\227\245\346\234\254" },
	{ SLICE("=?gb2312?B?1tDOxA==?="), "\344\270\255\346\226\207" },
	{ SLICE("=?big5?B?pKSk5Q==?="), "\344\270\255\346\226\207" },
	{ SLICE("=?euc-kr?B?x9GxuQ==?="), "\355\225\234\352\265\255" },
	{ SLICE("=?koi8-r?B?8NLJ18XU?="),
	    "\320\237\321\200\320\270\320\262\320\265\321\202" },
	{ SLICE("=?utf-7?Q?caf+AOk-?="), "caf\303\251" },
	{ SLICE("=?utf-16be?B?AGMA6Q==?="), "c\303\251" },
	{ SLICE("=?utf-16le?B?YwDpAA==?="), "c\303\251" },
	{ SLICE("=?utf-16le?B?YwDpAAA=?="), "c\303\251" BAD },
	/* unknown: Latin-1 in the form mail has it */
	{ SLICE("=?x-none?Q?=E9=80=81?="), "\303\251\342\202\254" BAD },
	{ SLICE("=?x-none?Q?a_word=E9=09and_more=0D=80?="),
	    "a word\303\251 and more \342\202\254" },
	/* bytes that mean nothing, and controls that would break a line */
	{ SLICE("=?utf-8?Q?a=FFb=C3?="), "a" BAD "b" BAD },
	{ SLICE("=?utf-8?Q?a=0D=0AB:_c=00=7F=C2=85d?="), "a  B: c   d" },
	{ SLICE("=?iso-2022-jp?Q?=1B$B=FF?="), BAD },
	/* what is not quite one stays as it is */
	{ SLICE("=?utf-8?Q?a"), "=?utf-8?Q?a" },
	{ SLICE("=?utf-8?Q?a?"), "=?utf-8?Q?a?" },
	{ SLICE("=?utf-8?X?a?="), "=?utf-8?X?a?=" },
	{ SLICE("=??Q?a?="), "=??Q?a?=" },
	{ SLICE("=?=?utf-8?Q?a?="), "=?a" },
	{ SLICE("=?utf-8?Q?a=G1=?="), "a=G1=" },
	{ SLICE("=?utf-8?B?!YQ*=junk?="), "a" },
	/* bytes above ASCII that nobody encoded */
	{ SLICE("caf\303\251 =?utf-8?Q?x?="), "caf\303\251 x" },
	{ SLICE("caf\351"), "caf\303\251" },
	{ SLICE("caf\303\251 \351"), "caf\303\203\302\251 \303\251" },
};

/* RFC 2047, RFC 2231 5 */
START_TEST(a_value_is_read_as_its_writer_meant_it)
{
	TEXT_AUTO text = TEXT_INIT(200);

	ck_assert_int_eq(words_open(), 0);
	words_decode(&text, values[_i].in);
	ck_assert_msg(slice_is_str(text_slice(&text), values[_i].want),
	    "%.*s", SLICE_FMT(text_slice(&text)));
	ck_assert(slice_is_utf8(text_slice(&text)));
	ck_assert(!text_failed(&text));
	words_close();
}
END_TEST

START_TEST(every_charset_of_the_list_reads_ascii)
{
	static const char *const names[] = {
		"utf-8", "us-ascii", "iso-8859-1", "iso-8859-2", "iso-8859-3",
		"iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7",
		"iso-8859-8", "iso-8859-9", "iso-8859-10", "iso-8859-11",
		"iso-8859-13", "iso-8859-14", "iso-8859-15", "iso-8859-16",
		"windows-1250", "windows-1251", "windows-1252", "windows-1253",
		"windows-1254", "windows-1255", "windows-1256", "windows-1257",
		"windows-1258", "koi8-r", "koi8-u", "gb2312", "gbk", "gb18030",
		"big5", "euc-jp", "iso-2022-jp", "shift_jis", "euc-kr", "none",
		"utf-7", "unicode-1-1-utf-7",
	};

	ck_assert_int_eq(words_open(), 0);
	ck_assert_int_eq(words_open(), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		TEXT_AUTO text = TEXT_INIT(200);

		words_convert(&text, slice_str(names[i]), slice_str("Rapat 9"));
		ck_assert_msg(slice_is_str(text_slice(&text), "Rapat 9"),
		    "%s", names[i]);
	}
	words_close();
	words_close();
}
END_TEST

START_TEST(only_what_is_open_is_had)
{
	ck_assert(!words_has(slice_str("utf-16le")));
	ck_assert_int_eq(words_open(), 0);
	ck_assert(words_has(slice_str("UTF-16LE")));
	ck_assert(words_has(slice_str("koi8-r")));
	ck_assert(!words_has(slice_str("utf-32")));
	ck_assert(!words_has(slice_str("")));
	words_close();
	ck_assert(!words_has(slice_str("koi8-r")));
}
END_TEST

START_TEST(a_full_text_ends_between_two_characters)
{
	for (size_t limit = 0; limit < 10; limit++) {
		TEXT_AUTO text = TEXT_INIT(limit);

		words_decode(&text, slice_str("=?utf-8?B?w6HDqcOtw7PDug==?="));
		ck_assert(text_failed(&text));
		ck_assert_uint_eq(text.len, limit / 2 * 2);
		ck_assert(slice_is_utf8(text_slice(&text)));
	}
}
END_TEST

START_TEST(before_words_open_a_charset_is_latin_1)
{
	TEXT_AUTO text = TEXT_INIT(20);

	words_decode(&text, slice_str("=?koi8-r?Q?=E9?="));
	ck_assert(slice_is_str(text_slice(&text), "\303\251"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("words");
	TCase *tests = tcase_create("words");

	tcase_add_loop_test(tests, a_value_is_read_as_its_writer_meant_it, 0,
	    sizeof(values) / sizeof(values[0]));
	tcase_add_test(tests, every_charset_of_the_list_reads_ascii);
	tcase_add_test(tests, a_full_text_ends_between_two_characters);
	tcase_add_test(tests, only_what_is_open_is_had);
	tcase_add_test(tests, before_words_open_a_charset_is_latin_1);
	suite_add_tcase(suite, tests);
	return suite;
}
