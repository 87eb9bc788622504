/*
 * leaves_test.c - the attachments of a message as they would be opened
 */
#include <errno.h>
#include <string.h>

#include "filters/leaves.h"
#include "tests/unit/unit.h"

/* All leaves seen, each behind a bar. */
static int
collect(void *arg, const struct mime_part *part, enum mime_encoding way,
    struct slice bytes)
{
	ck_assert(mime_is_odd(part) || way == mime_encoding(part));
	ck_assert_ptr_null(mime_child(part));
	text_add_byte(arg, '|');
	text_add(arg, bytes);
	return 0;
}

static void
check(const char *message, const char *want)
{
	TEXT_AUTO seen = TEXT_INIT(65536);
	const char *limit = "";

	ck_assert_int_eq(leaves_each(slice_str(message), &mime_default_limits,
	    collect, &seen, &limit), 0);
	ck_assert_msg(slice_is_str(text_slice(&seen), want), "\"%.*s\"",
	    SLICE_FMT(text_slice(&seen)));
}

/* RFC 2045 6.8, and what mail programs make of less */
START_TEST(base64_is_read_forgivingly)
{
	static const struct {
		const char	*from, *want;
	} rows[] = {
		{ "", "" }, { "YQ==", "a" }, { "YWI=", "ab" },
		{ "YWJj", "abc" }, { "YWJjZA", "abcd" },
		{ "Y W\r\nJ!j", "abc" }, { "YQ==YmM=", "abc" },
		{ "=YWJj", "abc" }, { "Y", "" }, { "+/+/", "\373\377\277" },
	};
	char to[64];
	size_t n = leaf_base64(slice_str(rows[_i].from), to);

	ck_assert(slice_is_str(slice_of(to, n), rows[_i].want));
}
END_TEST

/* RFC 2045 6.7 */
START_TEST(quoted_printable_is_read_forgivingly)
{
	static const struct {
		const char	*from, *want;
	} rows[] = {
		{ "", "" }, { "a=3Db", "a=b" }, { "a=3db", "a=b" },
		{ "a=\r\nb", "ab" }, { "a=\nb", "ab" },
		{ "a= \t\r\nb", "ab" }, { "a=", "a=" }, { "a=4", "a=4" },
		{ "=ZZ", "=ZZ" }, { "==41", "=A" }, { "a\r\nb", "a\r\nb" },
	};
	char to[64];
	size_t n = leaf_quoted_printable(slice_str(rows[_i].from), to);

	ck_assert(slice_is_str(slice_of(to, n), rows[_i].want));
}
END_TEST

START_TEST(each_leaf_comes_decoded)
{
	check("Subject: x\r\n\r\nhello\r\n", "|hello\r\n");
	check("Content-Transfer-Encoding: base64\r\n\r\nYWJj\r\n", "|abc");
	check("Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=41\r\n"
	    "--q\r\nContent-Type: message/rfc822\r\n\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nYmM=\r\n--q--\r\n",
	    "|A|bc");
}
END_TEST

START_TEST(an_unknown_encoding_is_read_in_every_way)
{
	check("Content-Transfer-Encoding: x-new\r\n\r\nYWJj",
	    "|YWJj|abc|YWJj");
}
END_TEST

START_TEST(two_encodings_are_read_in_every_way)
{
	check("Content-Transfer-Encoding: 7bit\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nYWJj",
	    "|YWJj|abc|YWJj");
}
END_TEST

START_TEST(an_empty_leaf_is_none)
{
	check("Subject: x\r\n\r\n", "");
	check("Content-Transfer-Encoding: base64\r\n\r\n!!!", "");
}
END_TEST

/* HARDENING A62: another reader takes other lines for boundaries */
START_TEST(what_stands_outside_of_parts_is_read)
{
	check("Content-Type: multipart/mixed; boundary=q\r\n\r\n"
	    "--z\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\n"
	    "--q\r\n\r\ninside\r\n--q--\r\n\r\nContent-Type: text/plain"
	    "\r\n\r\nbehind", "|abc|behind|inside");
	check("Content-Type: multipart/mixed; boundary=q\r\n\r\n"
	    "This is a message in parts: nothing to see\r\n"
	    "--q\r\n\r\ninside\r\n--q--\r\nbye", "|inside");
}
END_TEST

/* Each piece is the epilogue of the one before it. */
START_TEST(pieces_in_pieces_end_somewhere)
{
	TEXT_AUTO message = TEXT_INIT(65536);
	TEXT_AUTO seen = TEXT_INIT(65536);
	const char *limit = "";

	for (int i = 0; i < 10; i++)
		text_addf(&message, "Content-Type: multipart/mixed; "
		    "boundary=q%d\r\n\r\n--q%d\r\n\r\na\r\n--q%d--\r\n", i,
		    i, i);
	ck_assert(!text_failed(&message));
	ck_assert_int_eq(leaves_each(text_slice(&message),
	    &mime_default_limits, collect, &seen, &limit), -E2BIG);
	ck_assert_str_eq(limit, "parts outside of parts");
}
END_TEST

START_TEST(a_limit_is_told)
{
	struct mime_limits limits = mime_default_limits;
	TEXT_AUTO seen = TEXT_INIT(65536);
	const char *limit = "";

	limits.parts = 2;
	ck_assert_int_eq(leaves_each(slice_str("Content-Type: multipart/mixed; "
	    "boundary=q\r\n\r\n--q\r\n\r\na\r\n--q\r\n\r\nb\r\n--q--\r\n"),
	    &limits, collect, &seen, &limit), -E2BIG);
	ck_assert_str_eq(limit, mime_limit_name(MIME_LIMIT_PARTS));
}
END_TEST

static int
stop(void *arg, const struct mime_part *part, enum mime_encoding way,
    struct slice bytes)
{
	(void)part;
	(void)way;
	(void)bytes;
	++*(int *)arg;
	return -ECANCELED;
}

START_TEST(who_has_seen_enough_is_not_shown_more)
{
	const char *limit;
	int calls = 0;

	ck_assert_int_eq(leaves_each(slice_str(
	    "Content-Transfer-Encoding: x-new\r\n\r\nYWJj"),
	    &mime_default_limits, stop, &calls, &limit), -ECANCELED);
	ck_assert_int_eq(calls, 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("leaves");
	TCase *tcase = tcase_create("leaves");

	tcase_add_loop_test(tcase, base64_is_read_forgivingly, 0, 10);
	tcase_add_loop_test(tcase, quoted_printable_is_read_forgivingly, 0,
	    11);
	tcase_add_test(tcase, each_leaf_comes_decoded);
	tcase_add_test(tcase, an_unknown_encoding_is_read_in_every_way);
	tcase_add_test(tcase, two_encodings_are_read_in_every_way);
	tcase_add_test(tcase, an_empty_leaf_is_none);
	tcase_add_test(tcase, what_stands_outside_of_parts_is_read);
	tcase_add_test(tcase, pieces_in_pieces_end_somewhere);
	tcase_add_test(tcase, a_limit_is_told);
	tcase_add_test(tcase, who_has_seen_enough_is_not_shown_more);
	suite_add_tcase(suite, tcase);
	return suite;
}
