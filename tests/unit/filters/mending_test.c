/*
 * mending_test.c - what is missing in a message that people send (RFC 6409 8)
 */
#include "filters/mending.h"

#include <string.h>

#include "tests/unit/unit.h"

#define FROM	"From: ann@office.test\r\n"
#define DATE	"Date: Thu, 1 Jan 1970 00:00:05 +0000\r\n"
#define ID	"Message-ID: <0000000000000000@hub.test>\r\n"
#define BODY	"\r\nBcc: is text here\r\n"

static const struct {
	const char	*message;
	const char	*sent;
} rows[] = {
/* nothing is missing: not a byte is changed */
{ FROM "Date: whenever\r\nmessage-id: x\r\n" BODY,
  FROM "Date: whenever\r\nmessage-id: x\r\n" BODY },
{ FROM BODY, DATE ID FROM BODY },
{ "Subject: x\r\n" FROM "DATE: y\r\n" BODY,
  "Subject: x\r\n" ID FROM "DATE: y\r\n" BODY },
{ FROM ID BODY, DATE FROM ID BODY },
{ "Bcc: joe@example.com,\r\n\tjim@example.com\r\n" FROM DATE ID BODY,
  FROM DATE ID BODY },
{ FROM DATE "bcc:\r\nBCC: a@b.test\r\n" ID "Resent-Bcc: c@d.test\r\n" BODY,
  FROM DATE ID BODY },
{ "Return-Path: <x@y.test>\r\nBcc: z@y.test\r\n" FROM "Bcc: q@y.test\r\n"
  "To: t@y.test\r\n" BODY, DATE ID FROM "To: t@y.test\r\n" BODY },
{ "X-Bcc: a\r\nBcc2: b\r\n" FROM DATE ID BODY,
  "X-Bcc: a\r\nBcc2: b\r\n" FROM DATE ID BODY },
{ FROM DATE ID "Bcc: last@y.test\r\n", FROM DATE ID },
};

START_TEST(people_send_what_is_whole)
{
	const struct envelope env = { .received_at_utc_ms = 5000 };
	const struct slice message = slice_str(rows[_i].message);
	TEXT_AUTO sent = TEXT_INIT(4096);
	struct edits_piece piece;
	struct verdict verdict;
	uint64_t bytes;

	mending_judge(message, &env, "hub.test", &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	ck_assert_int_eq(edits_bytes(&verdict.edits, message.len, &bytes), 0);
	for (unsigned n = 0; edits_piece(&verdict.edits, message.len, n,
	    &piece); n++)
		text_add(&sent, piece.bytes > 0 ? slice_of(message.at +
		    piece.at, (size_t)piece.bytes) : piece.text);
	ck_assert_uint_eq(sent.len, bytes);
	text_add_byte(&sent, '\0');
	ck_assert_str_eq(sent.at, rows[_i].sent);
	ck_assert_uint_eq(verdict.line_count, 0);	/* nobody is told */
}
END_TEST

/* A device's, and nobody else's, has its From added. */
START_TEST(a_device_need_not_say_who_it_is)
{
	const struct envelope env = { .received_at_utc_ms = 5000,
	    .trust = TRUST_DEVICE, .sender = SLICE("scanner@office.test") };
	const struct slice message = slice_str("Subject: scan\r\n" BODY);
	TEXT_AUTO sent = TEXT_INIT(4096);
	struct verdict verdict;
	struct edits_piece piece;

	mending_judge(message, &env, "hub.test", &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	for (unsigned n = 0; edits_piece(&verdict.edits, message.len, n,
	    &piece); n++)
		text_add(&sent, piece.bytes > 0 ? slice_of(message.at +
		    piece.at, (size_t)piece.bytes) : piece.text);
	text_add_byte(&sent, '\0');
	ck_assert_str_eq(sent.at, DATE ID "From: <scanner@office.test>\r\n"
	    "Subject: scan\r\n" BODY);
}
END_TEST

START_TEST(too_many_are_refused_and_none_is_left_in)
{
	const struct envelope env = { .received_at_utc_ms = 5000 };
	TEXT_AUTO message = TEXT_INIT(65536);
	struct verdict verdict;

	for (unsigned i = 0; i <= EDITS_MOST; i++)
		text_add_str(&message, "Bcc: joe@example.com\r\nTo: a@b.test\r\n");
	text_add_str(&message, FROM BODY);
	mending_judge(text_slice(&message), &env, "hub.test", &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_REFUSE);
}
END_TEST

/* Others read on to the empty line, and would show the Bcc. */
static const char *const broken[] = {
	FROM DATE ID "X Foo: bar\r\nBcc: joe@example.com\r\n" BODY,
	FROM DATE ID "a line\r\nBcc: joe@example.com\r\n" BODY,
	FROM DATE ID "B\1cc: joe@example.com\r\n" BODY,
	FROM DATE ID ": x\r\nBcc: joe@example.com\r\n" BODY,
	" x\r\nBcc: joe@example.com\r\n" FROM DATE ID BODY,
	"From ann@office.test Mon\r\nBcc: joe@example.com\r\n" FROM BODY,
	FROM DATE ID "hello",
};

START_TEST(behind_a_line_that_is_no_field_nothing_is_left_in)
{
	const struct envelope env = { .received_at_utc_ms = 5000 };
	struct verdict verdict;

	mending_judge(slice_str(broken[_i]), &env, "hub.test", &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_REFUSE);
	ck_assert_str_eq(verdict.reason, "a line of its header is no field");
	ck_assert_uint_eq(verdict.edits.count, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/mending");
	TCase *tests = tcase_create("mending");

	tcase_add_loop_test(tests, people_send_what_is_whole, 0,
	    sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(tests,
	    behind_a_line_that_is_no_field_nothing_is_left_in, 0,
	    sizeof(broken) / sizeof(broken[0]));
	tcase_add_test(tests, a_device_need_not_say_who_it_is);
	tcase_add_test(tests, too_many_are_refused_and_none_is_left_in);
	suite_add_tcase(suite, tests);
	return suite;
}
