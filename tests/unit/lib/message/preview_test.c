/*
 * preview_test.c - the first words of a letter
 */
#include <string.h>

#include "lib/message/preview.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

static void
preview(struct slice message, struct text *text)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;

	ck_assert_int_eq(words_open(), 0);
	ck_assert_int_eq(structure_make(message, &packed), 0);
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure), 0);
	ck_assert_int_eq(preview_write(text, &structure, message), 0);
	words_close();
}

#define ALTERNATIVE "Content-Type: multipart/alternative; boundary=b\r\n\r\n"

static const struct {
	const char	*message, *want;
} cases[] = {
	{ "Subject: x\r\n\r\n  Hello\r\n\r\n  you \t there.\r\n",
	    "Hello you there." },
	{ "Subject: x\r\n\r\n", "" },
	{ "Subject: x\r\n\r\n> he wrote\r\n>> this\r\nYes.\r\n> why\r\n",
	    "Yes." },
	{ "Subject: x\r\n\r\n> only\r\n> quotes\r\n", "> only > quotes" },
	/* RFC 8970 3.1: no markup */
	{ "Content-Type: text/html\r\n\r\n<style>x</style><p>One <b>two</b>"
	    "&amp;</p>three", "One two& three" },
	{ "Content-Type: text/plain; charset=iso-8859-1\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nY2Fm6Q==\r\n",
	    "caf\303\251" },
	/* the first text that has words, and no attachment */
	{ ALTERNATIVE "--b\r\n\r\n \r\n--b\r\nContent-Type: text/html\r\n\r\n"
	    "<img src=x>\r\n--b\r\nContent-Disposition: attachment\r\n\r\nno\r\n"
	    "--b\r\n\r\nyes\r\n--b--\r\n", "yes" },
	{ "Content-Type: image/png\r\n\r\nno\r\n", "" },
	/* RFC 8970 3.1: of a message in it, its text */
	{ "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ninner\r\n",
	    "inner" },
};

START_TEST(a_preview_is_the_first_words)
{
	TEXT_AUTO text = TEXT_INIT(2000);

	preview(slice_str(cases[_i].message), &text);
	ck_assert_msg(slice_is_str(text_slice(&text), cases[_i].want), "%.*s",
	    SLICE_FMT(text_slice(&text)));
}
END_TEST

/* RFC 8970 3.1: 200 characters, however many bytes they have */
START_TEST(a_preview_has_200_characters)
{
	static const char *const words[] = { "a", "a ", "abc def ",
	    "\303\251", "\360\237\230\200 " };
	TEXT_AUTO message = TEXT_INIT(100000);
	TEXT_AUTO text = TEXT_INIT(2000);
	size_t characters = 0;

	text_add_str(&message, "Content-Type: text/plain; charset=utf-8\r\n\r\n");
	for (unsigned i = 0; i < 5000; i++)
		text_add_str(&message, words[_i]);
	preview(text_slice(&message), &text);
	ck_assert(slice_is_utf8(text_slice(&text)));
	for (size_t i = 0; i < text.len; i++)
		characters += ((unsigned char)text.at[i] & 0xc0) != 0x80;
	ck_assert_uint_le(characters, 200);
	ck_assert_uint_ge(characters, 199);
	ck_assert(text.at[text.len - 1] != ' ');
}
END_TEST

/* Words that stand behind much else are found all the same. */
START_TEST(a_long_beginning_without_words_is_passed_over)
{
	static const char *const lines[] = { "> quoted\r\n", " \t\r\n",
	    "=20=0A=\r\n" };
	TEXT_AUTO message = TEXT_INIT(100000);
	TEXT_AUTO text = TEXT_INIT(2000);

	if (_i == 2)
		text_add_str(&message,
		    "Content-Transfer-Encoding: quoted-printable\r\n");
	text_add_str(&message, "\r\n");
	for (unsigned i = 0; i < 1000; i++)
		text_add_str(&message, lines[_i]);
	text_add_str(&message, "an answer\r\n");
	preview(text_slice(&message), &text);
	ck_assert(slice_is_str(text_slice(&text), "an answer"));
}
END_TEST

/* A text that was cut, and one of which nearly all is markup. */
START_TEST(little_of_a_long_letter_is_looked_at)
{
	TEXT_AUTO message = TEXT_INIT(8 << 20);
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	TEXT_AUTO text = TEXT_INIT(2000);
	struct structure structure;
	uint64_t began = cpu_ms();

	text_add_str(&message, "Content-Type: text/html\r\n\r\nfirst");
	for (unsigned i = 0; i < 300000; i++)
		text_add_str(&message, "<br x='y'>");
	text_add_str(&message, "last\r\n");
	preview(text_slice(&message), &text);
	ck_assert_msg(slice_is_str(text_slice(&text), "first"), "%.*s",
	    SLICE_FMT(text_slice(&text)));
	ck_assert_int_eq(structure_make(text_slice(&message), &packed), 0);
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure), 0);
	text_clear(&text);
	ck_assert_int_eq(preview_write(&text, &structure,
	    slice_first(text_slice(&message), 32)), 0);
	ck_assert(slice_is_str(text_slice(&text), "first"));
	text_clear(&text);
	ck_assert_int_eq(preview_write(&text, &structure,
	    slice_first(text_slice(&message), 10)), 0);
	ck_assert_uint_eq(text.len, 0);
	ck_assert_uint_lt(cpu_ms() - began, 3000);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("preview");
	TCase *t = tcase_create("preview");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, a_preview_is_the_first_words, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_loop_test(t, a_preview_has_200_characters, 0, 5);
	tcase_add_loop_test(t,
	    a_long_beginning_without_words_is_passed_over, 0, 3);
	tcase_add_test(t, little_of_a_long_letter_is_looked_at);
	suite_add_tcase(s, t);
	return s;
}
