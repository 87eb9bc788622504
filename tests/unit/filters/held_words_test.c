/*
 * held_words_test.c - what an answer about held mail says, as programs write it
 */
#include <string.h>

#include "filters/held_words.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

/* "release N", "spam N": as the verdict has them. */
static void
check(const struct held_words *words, const char *wanted)
{
	TEXT_AUTO got = TEXT_INIT(1024);

	if (words->is_automatic)
		text_add_str(&got, "automatic");
	for (size_t i = 0; i < words->count; i++)
		text_addf(&got, "%s%c%u", i > 0 ? " " : "",
		    words->word[i].is_spam ? 's' : 'r',
		    words->word[i].number);
	text_add_byte(&got, '\0');
	ck_assert_str_eq(got.at, wanted);
}

static const struct {
	const char	*text, *want;
} texts[] = {
	{ "release 482193", "r482193" },
	{ "Release 482193.\r\n", "r482193" },
	{ "RELEASE: #482193, #501177 and 600000\n", "r482193 r501177 r600000" },
	{ "lepaskan 482193 dan 501177\n", "r482193 r501177" },
	{ "spam 482193\nrelease 501177\n", "s482193 r501177" },
	{ "\302\240release\302\240482193\302\240\n", "r482193" },
	/* a program has broken the line */
	{ "release 482193\n501177 501178\n\n600000\n", "r482193 r501177 r501178" },
	/* above, below, and between what is quoted */
	{ "release 482193\n\n> release 111111\n>> spam 222222\n", "r482193" },
	{ "> Number: 111111\nrelease 482193\n> Number: 222222\n-- \nAnn\n",
	  "r482193" },
	{ "Thank you!\n\nrelease 482193\n\nOn Monday Postroom wrote:\n"
	  "Number: 482193\nSubject: hi\n", "r482193" },
	/* said once */
	{ "release 482193 482193\nspam 482193\n", "r482193" },
	/* no words of an answer */
	{ "release 482193 but not 501177", "" },
	{ "do not release 482193", "" },
	{ "released 482193", "" },
	{ "release", "" },
	{ "release 48219", "" },
	{ "release 4821930", "" },
	{ "release 048219", "" },
	{ "482193", "" },
	{ "Subject: release 482193", "" },
	{ "", "" },
};

START_TEST(a_line_of_a_word_and_numbers_counts)
{
	struct held_words words;

	held_words_of_text(slice_str(texts[_i].text), &words);
	check(&words, texts[_i].want);
}
END_TEST

#define HEAD	"From: ann@office.test\r\nMIME-Version: 1.0\r\n"
#define QUOTED	"<blockquote><p>Number: 111111<br>release 222222x</p>" \
		"</blockquote>"

static const struct {
	const char	*message, *want;
} messages[] = {
	{ "From: ann@office.test\r\n\r\nrelease 482193\r\n", "r482193" },
	{ HEAD "Content-Type: text/plain; charset=utf-8\r\n"
	  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	  "release=C2=A0482193=20=\r\n 501177\r\n", "r482193 r501177" },
	{ HEAD "Content-Type: text/plain; charset=utf-16le\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\n"
	  "cgBlAGwAZQBhAHMAZQAgADQAOAAyADEAOQAzAA==\r\n", "r482193" },
	/* of phones there is HTML alone */
	{ HEAD "Content-Type: text/html; charset=utf-8\r\n\r\n"
	  "<html><body><div dir=\"auto\">Release <b>482193</b></div><div>"
	  "<br></div><div>Sent from my phone</div>" QUOTED "</body></html>\r\n",
	  "r482193" },
	{ HEAD "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
	  "--b\r\nContent-Type: text/plain\r\n\r\nspam 482193\r\n"
	  "--b\r\nContent-Type: text/html\r\n\r\n<p>spam 482193</p>\r\n"
	  "--b--\r\n", "s482193" },
	/* or the plain text is a program's own */
	{ HEAD "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
	  "--b\r\nContent-Type: text/plain\r\n\r\nThis mail is HTML.\r\n"
	  "--b\r\nContent-Type: text/html\r\n\r\n<p>spam&nbsp;482193</p>\r\n"
	  "--b--\r\n", "s482193" },
	/* nobody's words */
	{ HEAD "Auto-Submitted: auto-replied\r\n\r\nrelease 482193\r\n",
	  "automatic" },
	{ HEAD "Auto-Submitted: no\r\n\r\nrelease 482193\r\n", "r482193" },
	{ HEAD "Precedence: bulk\r\n\r\nrelease 482193\r\n", "automatic" },
	{ HEAD "X-Autoreply: yes\r\n\r\nrelease 482193\r\n", "automatic" },
	{ HEAD "Content-Type: multipart/report; boundary=b\r\n\r\n"
	  "--b\r\n\r\nrelease 482193\r\n--b--\r\n", "automatic" },
	/* an attached mail is not the answer */
	{ HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	  "--b\r\n\r\nsee there\r\n"
	  "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n"
	  "release 482193\r\n--b--\r\n", "" },
	{ "", "" },
};

START_TEST(an_answer_is_read_as_programs_write_it)
{
	struct held_words words, said;
	struct verdict verdict;

	ck_assert_int_eq(words_open(), 0);
	ck_assert_int_eq(held_words_of(slice_str(messages[_i].message),
	    &words), 0);
	check(&words, messages[_i].want);
	/* and the queue reads the same */
	held_words_judge(slice_str(messages[_i].message), &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	ck_assert(held_words_said(&verdict, &said));
	check(&said, messages[_i].want);
	words_close();
}
END_TEST

START_TEST(no_more_numbers_than_one_mail_tells_count)
{
	TEXT_AUTO text = TEXT_INIT(4096);
	struct held_words words, said;
	struct verdict verdict;

	text_add_str(&text, "\r\nrelease");
	for (unsigned i = 0; i < 100; i++)
		text_addf(&text, " %u", 999999 - i);
	ck_assert_int_eq(words_open(), 0);
	held_words_judge(text_slice(&text), &verdict);
	ck_assert(held_words_said(&verdict, &said));
	ck_assert_uint_eq(said.count, HELD_WORDS_MOST);
	verdict_init(&verdict);
	ck_assert(!held_words_said(&verdict, &words));
	words_close();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("held_words");
	TCase *tests = tcase_create("held_words");

	tcase_add_loop_test(tests, a_line_of_a_word_and_numbers_counts, 0,
	    sizeof(texts) / sizeof(texts[0]));
	tcase_add_loop_test(tests, an_answer_is_read_as_programs_write_it, 0,
	    sizeof(messages) / sizeof(messages[0]));
	tcase_add_test(tests, no_more_numbers_than_one_mail_tells_count);
	suite_add_tcase(suite, tests);
	return suite;
}
