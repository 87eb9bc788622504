/*
 * body_test.c - the text of a message as people read it
 */
#include "filters/spam/body.h"

#include "lib/base/text.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

static void
note_tag(void *arg, struct slice name)
{
	text_add(arg, name);
	text_add_byte(arg, ' ');
}

static void
read_body(const char *message, struct text *words, struct text *tags)
{
	ARENA_AUTO arena = arena_new(1 << 20);
	const struct mime_part *root;
	enum mime_limit limit;

	ck_assert_int_eq(mime_parse(arena, slice_str(message),
	    &mime_default_limits, &root, &limit), 0);
	ck_assert_int_eq(spam_body_read(root, note_tag, tags, words), 0);
}

static const struct {
	const char	*message, *words;
} messages[] = {
	{ "Subject: x\n\n  one\n\n two\t three \n", "one two three" },
	/* encoded in any way it is the same */
	{ "Content-Transfer-Encoding: base64\n\nb25lIHR3byAg\nCnRocmVl\n",
	    "one two three" },
	{ "Content-Transfer-Encoding: quoted-printable\n\non=65 tw=\no\n"
	    "three\n", "one two three" },
	{ "Content-Type: text/plain; charset=iso-8859-1\n\ncaf\xe9\n",
	    "caf\xc3\xa9" },
	/* tags and comments go, what they lead to stays */
	{ "Content-Type: text/html\n\n<p>Cl<!-- x -->ick <a class=b "
	    "href=\"http://a.example/\">here</a> <img src=cid:1>now",
	    "Click http://a.example/ here cid:1 now" },
	{ "Content-Type: text/html\n\n<style>p { x }</style><form "
	    "action=http://b.example/>a</form>", "http://b.example/ a" },
	/* parts in their order, and only texts */
	{ "Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\none\n"
	    "--b\nContent-Type: image/png\n\nxyz\n--b\n\ntwo\n--b--\nend\n",
	    "one two" },
	{ "Content-Type: image/png\n\nxyz\n", "" },
};

START_TEST(the_text_is_what_people_read)
{
	TEXT_AUTO words = TEXT_INIT(SPAM_TEXT_MOST);
	TEXT_AUTO tags = TEXT_INIT(1000);

	read_body(messages[_i].message, &words, &tags);
	ck_assert_msg(slice_is_str(slice_trim(text_slice(&words)),
	    messages[_i].words), "%.*s", SLICE_FMT(text_slice(&words)));
}
END_TEST

START_TEST(tags_are_told)
{
	TEXT_AUTO words = TEXT_INIT(SPAM_TEXT_MOST);
	TEXT_AUTO tags = TEXT_INIT(1000);

	read_body("Content-Type: text/html\n\n<P><b>a</b><br>", &words, &tags);
	ck_assert(slice_is_str(text_slice(&tags), "P b br "));
}
END_TEST

START_TEST(a_long_text_ends_at_its_limit)
{
	TEXT_AUTO message = TEXT_INIT(1 << 20);
	TEXT_AUTO words = TEXT_INIT(SPAM_TEXT_MOST);
	TEXT_AUTO tags = TEXT_INIT(1000);

	text_add_str(&message, "Subject: x\n\n");
	while (message.len < (1 << 19))
		text_add_str(&message, "many words\n");
	text_add_byte(&message, '\0');
	read_body(message.at, &words, &tags);
	ck_assert_uint_le(words.len, SPAM_TEXT_MOST);
	ck_assert_uint_gt(words.len, SPAM_TEXT_MOST - 10);
	ck_assert(!text_failed(&words));
}
END_TEST

static void
open_words(void)
{
	ck_assert_int_eq(words_open(), 0);
}

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("body");
	TCase *t = tcase_create("text");

	tcase_add_checked_fixture(t, open_words, words_close);
	tcase_add_loop_test(t, the_text_is_what_people_read, 0,
	    sizeof(messages) / sizeof(messages[0]));
	tcase_add_test(t, tags_are_told);
	tcase_add_test(t, a_long_text_ends_at_its_limit);
	suite_add_tcase(suite, t);
	return suite;
}
