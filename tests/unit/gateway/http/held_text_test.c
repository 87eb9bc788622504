/*
 * held_text_test.c - what is shown of a held message is text, and a little
 */
#include "gateway/http/held_text.h"

#include <string.h>

#include "lib/message/words.h"
#include "tests/unit/unit.h"

static struct text got;
static bool is_cut;

static void
set_up(void)
{
	ck_assert_int_eq(words_open(), 0);
	got = (struct text)TEXT_INIT(HELD_TEXT_BYTES + 1);
}

static void
tear_down(void)
{
	text_free(&got);
	words_close();
}

static void
show(struct slice message)
{
	text_clear(&got);
	held_text(&got, message, &is_cut);
	ck_assert(!text_failed(&got));
	ck_assert(slice_is_utf8(text_slice(&got)));
	ck_assert_uint_le(got.len, HELD_TEXT_BYTES);
}

#define HTML	"Content-Type: text/html; charset=utf-8\r\n\r\n"
#define ALTERNATIVE "Content-Type: multipart/alternative; boundary=b\r\n\r\n" \
	"--b\r\nContent-Type: text/plain\r\n\r\nThe harmless one\r\n--b\r\n" \
	HTML "<b>Pay</b> now\r\n--b--\r\n"

static const struct {
	const char	*message, *want;
} shown[] = {
	{ "Subject: x\r\n\r\n\r\nHello\r\n\r\n\r\n\r\nthere  \r\n", "Hello\n\nthere" },
	{ HTML "<style>p{}</style><script>x()</script><p>Click <a "
	  "href=\"http://evil.example/\">here</a><img src=x onerror=x()>",
	  "Click here" },
	{ HTML "&lt;script&gt;x()&lt;/script&gt;", "<script>x()</script>" },
	/* what a mail program shows, and not what stands beside it */
	{ ALTERNATIVE, "Pay now" },
	{ "Content-Type: text/plain; charset=utf-8\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\nY2Fmw6kNCg==\r\n",
	  "caf\303\251" },
	{ "Content-Type: application/pdf\r\n\r\n%PDF", "" },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	  "Content-Type: image/png\r\n\r\nx\r\n--b\r\n\r\nwords\r\n--b--\r\n",
	  "words" },
	{ "Subject: only a header\r\n", "" },
	{ "", "" },
};

START_TEST(words_are_shown_and_nothing_that_does_something)
{
	show(slice_str(shown[_i].message));
	text_add_byte(&got, '\0');
	ck_assert_str_eq(got.at, shown[_i].want);
	ck_assert(!is_cut);
}
END_TEST

START_TEST(a_long_one_is_cut_between_two_characters)
{
	TEXT_AUTO message = TEXT_INIT(64 * 1024);

	text_add_str(&message, "Content-Type: text/plain; charset=utf-8\r\n"
	    "\r\n");
	for (int i = 0; i < _i; i++)
		text_add_byte(&message, 'x');
	for (int i = 0; i < 5000; i++)
		text_add_str(&message, "\342\202\254");	/* the euro sign */
	show(text_slice(&message));
	ck_assert(is_cut);
	ck_assert_uint_gt(got.len, HELD_TEXT_BYTES - 4);
}
END_TEST

/* The queue shows the first 48 KiB: any of them may be the last. */
START_TEST(a_message_that_is_cut_anywhere_can_be_shown)
{
	struct slice message = slice_str(ALTERNATIVE);

	for (size_t len = 0; len <= message.len; len++)
		show(slice_first(message, len));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/http/held_text");
	TCase *tests = tcase_create("held_text");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests,
	    words_are_shown_and_nothing_that_does_something, 0,
	    sizeof(shown) / sizeof(shown[0]));
	tcase_add_loop_test(tests, a_long_one_is_cut_between_two_characters, 0,
	    3);
	tcase_add_test(tests, a_message_that_is_cut_anywhere_can_be_shown);
	suite_add_tcase(suite, tests);
	return suite;
}
