/*
 * structure_make_test.c - what IMAP tells of one message, made from its bytes
 */
#include <errno.h>
#include <string.h>

#include "lib/message/structure.h"
#include "tests/unit/unit.h"

#define MIXED	"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define TEXT	"\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\""
#define EXTRA	" NIL NIL NIL NIL"

/* BODYSTRUCTURE (or BODY) of a message. */
static void
write_body(struct slice message, bool extended, struct text *text)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;

	ck_assert_int_eq(structure_make(message, &packed), 0);
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure), 0);
	structure_body(text, &structure, extended);
	ck_assert(!text_failed(text));
}

/* A message of Dovecot's own tests, and what it says there. */
static const char many[] =
    "From: user@domain.org\r\n"
    "Date: Sat, 24 Mar 2007 23:00:00 +0200\r\n"
    "Mime-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=\"foo\r\n"
    " bar\"\r\n"
    "\r\n"
    "Root MIME prologue\r\n"
    "\r\n"
    "--foo bar\r\n"
    "Content-Type: text/x-myown; charset=us-ascii; foo=\"quoted\\\"string\"\r\n"
    "Content-ID: <foo@example.com>\r\n"
    "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n"
    "Content-Disposition: inline; foo=bar\r\n"
    "Content-Description: hellodescription\r\n"
    "Content-Language: en, fi, se\r\n"
    "Content-Location: http://example.com/test.txt\r\n"
    "\r\n"
    "hello\r\n"
    "\r\n"
    "--foo bar\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "From: sub@domain.org\r\n"
    "To: sub-to1@domain.org, sub-to2@domain.org\r\n"
    "Date: Sun, 12 Aug 2012 12:34:56 +0300\r\n"
    "Subject: submsg\r\n"
    "Content-Type: multipart/alternative; boundary=\"sub1\"\r\n"
    "\r\n"
    "Sub MIME prologue\r\n"
    "--sub1\r\n"
    "Content-Type: text/html\r\n"
    "Content-Transfer-Encoding: 8bit\r\n"
    "\r\n"
    "<p>Hello world</p>\r\n"
    "\r\n"
    "--sub1\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Transfer-Encoding: ?invalid\r\n"
    "\r\n"
    "Hello another world\r\n"
    "\r\n"
    "--sub1--\r\n"
    "Sub MIME epilogue\r\n"
    "\r\n"
    "--foo bar--\r\n"
    "Root MIME epilogue\r\n";

static const struct {
	struct slice	 message;
	const char	*want;
} bodies[] = {
	{ { many, sizeof(many) - 1 },
	    "((\"text\" \"x-myown\" (\"charset\" \"us-ascii\" \"foo\" "
	    "\"quoted\\\"string\") \"<foo@example.com>\" "
	    "\"hellodescription\" \"7bit\" 7 1 \"Q2hlY2sgSW50ZWdyaXR5IQ==\" "
	    "(\"inline\" (\"foo\" \"bar\")) (\"en\" \"fi\" \"se\") "
	    "\"http://example.com/test.txt\")(\"message\" \"rfc822\" NIL NIL "
	    "NIL \"7bit\" 412 (\"Sun, 12 Aug 2012 12:34:56 +0300\" "
	    "\"submsg\" ((NIL NIL \"sub\" \"domain.org\")) "
	    "((NIL NIL \"sub\" \"domain.org\")) "
	    "((NIL NIL \"sub\" \"domain.org\")) "
	    "((NIL NIL \"sub-to1\" \"domain.org\")"
	    "(NIL NIL \"sub-to2\" \"domain.org\")) NIL NIL NIL NIL) "
	    "((\"text\" \"html\" (\"charset\" \"us-ascii\") NIL NIL \"8bit\" "
	    "20 1" EXTRA ")(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL "
	    "NIL \"?invalid\" 21 1" EXTRA ") \"alternative\" (\"boundary\" "
	    "\"sub1\") NIL NIL NIL) 21" EXTRA ") \"mixed\" (\"boundary\" "
	    "\"foo bar\") NIL NIL NIL)" },
	/* no MIME at all */
	{ SLICE("Subject: x\r\n\r\none\r\ntwo\r\n"), "(" TEXT " 10 2" EXTRA ")" },
	{ SLICE("just text\r\n"), "(" TEXT " 11 1" EXTRA ")" },
	/* the CRLF it lacks is there */
	{ SLICE("Subject: x\r\n\r\none\r\ntwo"), "(" TEXT " 10 2" EXTRA ")" },
	{ SLICE("Subject: x\r\n\r\n"), "(" TEXT " 0 0" EXTRA ")" },
	{ SLICE("Subject: x"), "(" TEXT " 0 0" EXTRA ")" },
	{ SLICE(""), "(" TEXT " 0 0" EXTRA ")" },
	{ SLICE("x"), "(" TEXT " 3 1" EXTRA ")" },
	{ SLICE(MIXED "--b\r\n\r\none\r\n--b\r\n\r\ntwo"),
	    "((" TEXT " 3 0" EXTRA ")(" TEXT " 5 1" EXTRA ") \"mixed\" "
	    "(\"boundary\" \"b\") NIL NIL NIL)" },
	{ SLICE(MIXED "--b"), "((" TEXT " 0 0" EXTRA ") \"mixed\" "
	    "(\"boundary\" \"b\") NIL NIL NIL)" },
	/* RFC 9051 9: body-type-mpart = 1*body */
	{ SLICE(MIXED "nothing\r\n"), "((" TEXT " 9 1" EXTRA ") \"mixed\" "
	    "(\"boundary\" \"b\") NIL NIL NIL)" },
	{ SLICE("Content-Type: Multipart/X\r\n\r\na\r\n"),
	    "((" TEXT " 3 1" EXTRA ") \"X\" NIL NIL NIL NIL)" },
	{ SLICE(MIXED), "((" TEXT " 0 0" EXTRA ") \"mixed\" "
	    "(\"boundary\" \"b\") NIL NIL NIL)" },
	/* what names no type is text/plain, RFC 2045 5.2 */
	{ SLICE("Content-Type: rubbish; charset=utf-8\r\n\r\n"),
	    "(" TEXT " 0 0" EXTRA ")" },
	/* RFC 2046 5.1.5 */
	{ SLICE("Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n"
	    "Subject: x\r\n\r\ny\r\n--b--\r\n"),
	    "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 15 (NIL \"x\" NIL "
	    "NIL NIL NIL NIL NIL NIL NIL) (" TEXT " 1 0" EXTRA ") 2" EXTRA ") "
	    "\"digest\" (\"boundary\" \"b\") NIL NIL NIL)" },
	/* RFC 6532 3.7 */
	{ SLICE("Content-Type: message/global\r\n\r\nSubject: x\r\n\r\n"),
	    "(\"message\" \"global\" NIL NIL NIL \"7bit\" 14 (NIL \"x\" NIL NIL "
	    "NIL NIL NIL NIL NIL NIL) (" TEXT " 0 0" EXTRA ") 2" EXTRA ")" },
	/* RFC 2046 5.2.1 forbids it; nobody could follow its envelope */
	{ SLICE("Content-Type: message/rfc822; name=a\r\n"
	    "Content-Transfer-Encoding: BASE64\r\n\r\neA==\r\n"),
	    "(\"application\" \"octet-stream\" (\"name\" \"a\") NIL NIL "
	    "\"base64\" 6" EXTRA ")" },
	{ SLICE("Content-Type: text/plain\r\n"
	    "Content-Transfer-Encoding:\r\n\r\n"), "(" TEXT " 0 0" EXTRA ")" },
	{ SLICE("From ann@a.test Mon Jan  1 00:00:00 2024\r\n" MIXED
	    "--b\r\nFrom x\r\n\r\none\r\n--b--\r\n"),
	    "((" TEXT " 13 2" EXTRA ") \"mixed\" (\"boundary\" \"b\") NIL NIL "
	    "NIL)" },
};

/* RFC 9051 7.5.2 and 9 */
START_TEST(a_body_structure_is_told)
{
	TEXT_AUTO text = TEXT_INIT(STRUCTURE_MOST);

	write_body(bodies[_i].message, true, &text);
	ck_assert_msg(slice_is_str(text_slice(&text), bodies[_i].want),
	    "%.*s", SLICE_FMT(text_slice(&text)));
}
END_TEST

/* RFC 9051 9: body-fields of BODY end before the extensions */
START_TEST(a_body_is_told_without_its_extensions)
{
	TEXT_AUTO text = TEXT_INIT(STRUCTURE_MOST);

	write_body(slice_str("Content-Type: multipart/x; boundary=b\r\n\r\n"
	    "--b\r\nContent-ID: <1@a.test>\r\nContent-Disposition: inline\r\n"
	    "\r\none\r\n--b\r\nContent-Type: image/PNG; name=a\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nYQ==\r\n--b--\r\n"),
	    false, &text);
	ck_assert_msg(slice_is_str(text_slice(&text),
	    "((\"text\" \"plain\" (\"charset\" \"us-ascii\") \"<1@a.test>\" "
	    "NIL \"7bit\" 3 0)(\"image\" \"PNG\" (\"name\" \"a\") NIL NIL "
	    "\"base64\" 4) \"x\")"), "%.*s", SLICE_FMT(text_slice(&text)));
}
END_TEST

/* Depth beyond the limit: what is inside is told as one text. */
START_TEST(deep_containers_are_told_to_the_limit)
{
	TEXT_AUTO message = TEXT_INIT(1000000);
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;

	for (unsigned i = 0; i < 1000; i++)
		text_addf(&message, "Content-Type: multipart/mixed; "
		    "boundary=b%u\r\n\r\n--b%u\r\n", i, i);
	ck_assert_int_eq(structure_make(text_slice(&message), &packed), 0);
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure), 0);
	ck_assert(structure.is_cut);
	ck_assert_uint_eq(structure.part_count, STRUCTURE_DEPTH);
	text_clear(&message);
	text_clear(&packed);
	for (unsigned i = 0; i < 1000; i++)
		text_add_str(&message, "Content-Type: message/rfc822\r\n\r\n");
	ck_assert_int_eq(structure_make(text_slice(&message), &packed), 0);
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure), 0);
	ck_assert(structure.is_cut);
	ck_assert_uint_le(structure.part_count, STRUCTURE_DEPTH);
}
END_TEST

/* 10,000 parts, each with a great name (HARDENING A37): under STRUCTURE_MOST. */
START_TEST(many_parts_keep_within_the_budget)
{
	TEXT_AUTO message = TEXT_INIT(64 * 1024 * 1024);
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	TEXT_AUTO body = TEXT_INIT(16 * 1024 * 1024);
	struct structure structure;
	uint64_t began = cpu_ms();

	text_add_str(&message, MIXED);
	for (unsigned i = 0; i < 10000; i++)
		text_addf(&message, "--b\r\nContent-Type: x-%0500u/y-%0500u; "
		    "name=\"%0500u\"\r\nContent-Disposition: attachment; "
		    "filename=%0500u\r\nContent-ID: <%0500u>\r\n\r\nx\r\n",
		    i, i, i, i, i);
	ck_assert(!text_failed(&message));
	ck_assert_int_eq(structure_make(text_slice(&message), &packed), 0);
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure), 0);
	ck_assert(structure.is_cut);
	ck_assert_uint_eq(structure.part_count, 5000);
	structure_body(&body, &structure, true);
	ck_assert(!text_failed(&body));
	ck_assert_uint_lt(cpu_ms() - began, 5000);
}
END_TEST

START_TEST(a_great_envelope_keeps_within_the_budget)
{
	TEXT_AUTO message = TEXT_INIT(64 * 1024 * 1024);
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	TEXT_AUTO envelope = TEXT_INIT(16 * 1024 * 1024);
	static const char *const names[] = {
		"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Subject",
		"Date", "Message-ID", "In-Reply-To"
	};
	struct structure structure;

	for (unsigned i = 0; i < 10; i++) {
		text_addf(&message, "%s: ", names[i]);
		for (unsigned n = 0; n < 20000; n++)
			text_addf(&message, "\"a\\\"b\" <a%u@a.test>,\r\n ", n);
		text_add_str(&message, "\r\n");
	}
	ck_assert(!text_failed(&message));
	ck_assert_int_eq(structure_make(text_slice(&message), &packed), 0);
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure), 0);
	ck_assert(structure.is_cut);
	structure_envelope(&envelope, &structure);
	ck_assert(!text_failed(&envelope));
	ck_assert(slice_has_prefix(text_slice(&envelope), "(\"\\\"a\\\\\\\"b"));
}
END_TEST

/* A blob that could not be kept is said. */
START_TEST(a_text_with_no_room_fails)
{
	TEXT_AUTO packed = TEXT_INIT(20);

	ck_assert_int_eq(structure_make(slice_str("Subject: a long one\r\n"),
	    &packed), -ENOMEM);
}
END_TEST

/* Time grows with the length: boundaries that are none, quotes that do not end */
START_TEST(time_is_linear)
{
	static const char *const pieces[] = {
		"--b", "--b\r\n", "\"", "(", "<", ",", "=?", ";", "*0=", "%\r\n "
	};

	for (unsigned i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		TEXT_AUTO message = TEXT_INIT(8 * 1024 * 1024);
		TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
		uint64_t began = cpu_ms();

		text_add_str(&message, "Content-Type: multipart/mixed; "
		    "boundary=b\r\nFrom: ");
		for (unsigned n = 0; n < 200000; n++)
			text_add_str(&message, pieces[i]);
		text_add_str(&message, "\r\nContent-Disposition: x; ");
		for (unsigned n = 0; n < 200000; n++)
			text_add_str(&message, pieces[i]);
		ck_assert_int_eq(structure_make(text_slice(&message), &packed),
		    0);
		ck_assert_uint_lt(cpu_ms() - began, 3000);
	}
}
END_TEST

#define COUNT(of)	((int)(sizeof(of) / sizeof((of)[0])))

Suite *
unit_suite(void)
{
	Suite *s = suite_create("structure_make");
	TCase *t = tcase_create("structure_make");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, a_body_structure_is_told, 0, COUNT(bodies));
	tcase_add_test(t, a_body_is_told_without_its_extensions);
	tcase_add_test(t, deep_containers_are_told_to_the_limit);
	tcase_add_test(t, many_parts_keep_within_the_budget);
	tcase_add_test(t, a_great_envelope_keeps_within_the_budget);
	tcase_add_test(t, a_text_with_no_room_fails);
	tcase_add_test(t, time_is_linear);
	suite_add_tcase(s, t);
	return s;
}
