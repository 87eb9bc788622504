/*
 * features_test.c - what of a message the spam classifier looks at
 */
#include "filters/spam/features.h"

#include <stdlib.h>
#include <string.h>

#include "filters/spam/body.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

static struct spam_features *one, *other;

static void
make_two(void)
{
	ck_assert_int_eq(words_open(), 0);
	one = spam_features_new();
	other = spam_features_new();
	ck_assert(one != NULL && other != NULL);
}

static void
free_two(void)
{
	spam_features_free(one);
	spam_features_free(other);
	words_close();
}

static void
read_it(struct spam_features *f, const char *message)
{
	ck_assert_int_eq(spam_features_read(f, slice_str(message)), 0);
}

static bool
has(const struct spam_features *f, uint32_t hash)
{
	for (size_t i = 0; i < spam_features_count(f); i++)
		if (spam_features_hashes(f)[i] == hash)
			return true;
	return false;
}

/* How many features of these kinds `a` has and `b` has not. */
static size_t
missing(const struct spam_features *a, const struct spam_features *b,
    unsigned kinds)
{
	size_t n = 0;

	for (size_t i = 0; i < spam_features_count(a); i++)
		if ((kinds >> spam_features_origin(a, i).kind & 1) != 0 &&
		    !has(b, spam_features_hashes(a)[i]))
			n++;
	return n;
}

static bool
has_words(const struct spam_features *f, enum spam_kind kind,
    const char *words)
{
	for (size_t i = 0; i < spam_features_count(f); i++) {
		struct spam_origin origin = spam_features_origin(f, i);
		struct slice there = slice_first(slice_after(
		    spam_features_source(f), origin.at), origin.bytes);

		if (origin.kind == kind && slice_is_str(there, words))
			return true;
	}
	return false;
}

#define ALL	(~0u)
#define TEXTS	(1u << SPAM_TEXT_PIECE | 1u << SPAM_TEXT_WORD)

START_TEST(each_kind_of_feature_is_found)
{
	read_it(one, "Subject: =?utf-8?B?V2luIGEgcHJpemU=?= today\n"
	    "From: ann@a.example\n"
	    "Content-Type: multipart/mixed; boundary=b\n\n"
	    "--b\nContent-Type: text/html; charset=utf-8\n\n"
	    "<font>Click <a href=http://x.example/>here</a></font>\n--b--\n");
	ck_assert(has_words(one, SPAM_HEADER_PIECE, "Subje"));
	ck_assert(has_words(one, SPAM_TEXT_PIECE, "Click"));
	ck_assert(has_words(one, SPAM_HEADER_WORD, "prize"));
	ck_assert(has_words(one, SPAM_HEADER_WORD, "a.example"));
	ck_assert(has_words(one, SPAM_SUBJECT_PAIR, "prize today"));
	ck_assert(has_words(one, SPAM_PART_WORD, "charset"));
	ck_assert(has_words(one, SPAM_TEXT_WORD, "x.example"));
	ck_assert(has_words(one, SPAM_SHAPE, "HTML has <font>"));
	ck_assert(has_words(one, SPAM_SHAPE,
	    "a part at depth 1 is text/html"));
	ck_assert_uint_eq(spam_features_origin(one, 0).kind, SPAM_ALWAYS);
}
END_TEST

START_TEST(a_thing_counts_once)
{
	read_it(one, "Subject: x\n\nword\n");
	read_it(other, "Subject: x\n\nword word word word\n");
	ck_assert_uint_eq(missing(one, other, 1u << SPAM_TEXT_WORD), 0);
	ck_assert_uint_eq(missing(other, one, 1u << SPAM_TEXT_WORD), 0);
}
END_TEST

START_TEST(the_same_words_elsewhere_are_another_feature)
{
	read_it(one, "Subject: lottery\n\n");
	read_it(other, "Comments: lottery\n\nlottery\n");
	ck_assert_uint_eq(missing(one, other, 1u << SPAM_HEADER_WORD), 1);
}
END_TEST

/* Else one who encodes is let through (SPAM.md: what went wrong). */
START_TEST(a_body_encoded_in_base64_has_the_same_features)
{
	read_it(one, "Subject: x\nContent-Type: text/plain\n\n"
	    "Buy this cheap watch today\n");
	read_it(other, "Subject: x\nContent-Type: text/plain\n"
	    "Content-Transfer-Encoding: base64\n\n"
	    "QnV5IHRoaXMgY2hl\nYXAgd2F0Y2ggdG9kYXkK\n");
	ck_assert_uint_eq(missing(one, other, TEXTS), 0);
	ck_assert_uint_eq(missing(other, one, TEXTS), 0);
	/* but how it is encoded is told */
	ck_assert(has_words(other, SPAM_SHAPE, "a part is encoded as base64"));
}
END_TEST

static const char *const marked[] = {
	"From ann@a.example Mon Jan  1 00:00:00 2024\n",
	"X-Postroom-Spam: yes\n",
	"x-postroom-rules: some\n",
	"Status: RO\nX-UID: 5\n",
};

/* Training sees what scoring saw. */
START_TEST(what_is_added_later_is_no_feature)
{
	TEXT_AUTO message = TEXT_INIT(1000);

	text_add_str(&message, marked[_i]);
	text_add_str(&message, "Subject: x\n\nwords\n");
	text_add_byte(&message, '\0');
	read_it(one, "Subject: x\n\nwords\n");
	read_it(other, message.at);
	ck_assert_uint_eq(missing(one, other, ALL), 0);
	ck_assert_uint_eq(missing(other, one, ALL), 0);
}
END_TEST

START_TEST(line_ends_make_no_difference)
{
	read_it(one, "Subject: x\nTo: b@b.example\n\none\ntwo\n");
	read_it(other, "Subject: x\r\nTo: b@b.example\r\n\r\none\r\ntwo\r\n");
	ck_assert_uint_eq(missing(one, other, ALL & ~(1u << SPAM_SHAPE)), 0);
	ck_assert_uint_eq(missing(other, one, ALL & ~(1u << SPAM_SHAPE)), 0);
}
END_TEST

/* Messages that cost as much as one can: pieces to be repeated. */
static const struct {
	const char	*start, *again, *end;
} hostiles[] = {
	{ "Subject: ", "a%u ", "\n\n" },
	{ "", "X-%u: a b c d e f g h\n", "\n" },
	{ "", "X-%u: ................................................\n",
	    "\n" },
	{ "Subject: x\n\n", "w%u ", "\n" },
	{ "Content-Type: text/html\n\n", "<t%u>", "\n" },
	{ "Content-Type: text/html\n\n", "<a href=\"%u", "\n" },
	{ "Content-Type: text/html\n\n", "<!-- %u", "\n" },
	{ "Content-Type: multipart/mixed; boundary=b\n\n",
	    "--b\nX-%u: words of a part\n\nbody\n", "--b--\n" },
	{ "", "Content-Type: multipart/mixed; boundary=b%u\n\n--b\n", "\n" },
	{ "Subject: ", "=?utf-8?B?4oKs4oKs4oKs4oKs%u?= ", "\n\n" },
	{ "", "%u", "" },
};

/* HARDENING A37: time and memory have a limit, whatever stands in it. */
START_TEST(a_hostile_message_costs_what_any_does)
{
	TEXT_AUTO message = TEXT_INIT(8 << 20);
	uint64_t start;

	text_add_str(&message, hostiles[_i].start);
	for (unsigned n = 0; message.len < (4 << 20); n++) {
		TEXT_AUTO number = TEXT_INIT(20);
		struct slice again = slice_str(hostiles[_i].again), head;

		text_add_u64(&number, n);
		ck_assert(slice_cut(&again, '%', &head));
		text_add(&message, head);
		text_add(&message, text_slice(&number));
		text_add(&message, slice_after(again, 1));
	}
	text_add_str(&message, hostiles[_i].end);
	start = cpu_ms();
	for (unsigned n = 0; n < 5; n++)
		ck_assert_int_eq(spam_features_read(one, text_slice(&message)),
		    0);
	/* sanitizers take 0.1 s for one; all of the 4 MiB would be minutes */
	ck_assert_uint_lt(cpu_ms() - start, 5 * 5000);
	ck_assert_uint_le(spam_features_count(one), SPAM_FEATURES_MOST);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("features");
	TCase *t = tcase_create("messages");

	tcase_add_checked_fixture(t, make_two, free_two);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, each_kind_of_feature_is_found);
	tcase_add_test(t, a_thing_counts_once);
	tcase_add_test(t, the_same_words_elsewhere_are_another_feature);
	tcase_add_test(t, a_body_encoded_in_base64_has_the_same_features);
	tcase_add_loop_test(t, what_is_added_later_is_no_feature, 0,
	    sizeof(marked) / sizeof(marked[0]));
	tcase_add_test(t, line_ends_make_no_difference);
	tcase_add_loop_test(t, a_hostile_message_costs_what_any_does, 0,
	    sizeof(hostiles) / sizeof(hostiles[0]));
	suite_add_tcase(suite, t);
	return suite;
}
