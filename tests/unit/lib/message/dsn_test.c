/*
 * dsn_test.c - a notice is a report whatever other hosts have said
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/zone.h"
#include "lib/message/dsn_words.h"
#include "tests/unit/unit.h"

#define KIB		1024

static const struct dsn_recipient zoe = {
	.address = SLICE("zoe@far.test"), .orcpt = SLICE("rfc822;z@far.test"),
	.code = 550, .status = SLICE("5.1.1"), .words = SLICE("no such user"),
	.host = SLICE("mx.far.test"), .tried_utc_ms = 1795326697000
};

static const struct dsn usual = {
	.letter = {
		.at_utc_ms = 1795326697000, .zone_minutes = 420,
		.id = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 } },
		.hostname = SLICE("mx.office.test"),
		.from_name = SLICE("Postroom"),
		.from = SLICE("postmaster@office.test"),
		.to = SLICE("ann@office.test"),
		.subject = SLICE("Not delivered: roof"),
		.body = SLICE("Alas.\n")
	},
	.action = DSN_FAILED, .id = { { 9 } },
	.arrived_utc_ms = 1795326690000, .until_utc_ms = 1795758690000,
	.envid = SLICE("Q1"), .recipients = &zoe, .count = 1,
	.original = SLICE("Subject: roof\r\n\r\nIt leaks.\r\n"),
	.wants_whole = true, .subject = SLICE("roof"),
	.sender = SLICE("ann@office.test")
};

/* It, as a C string. */
static void
write_it(struct text *text, const struct dsn *dsn)
{
	ck_assert_int_eq(dsn_write(text, dsn), 0);
	text_add_byte(text, '\0');
	ck_assert(!text_failed(text));
	text->len--;
}

static void
has(const struct dsn *dsn, const char *part, bool is_there)
{
	TEXT_AUTO text = TEXT_INIT(256 * KIB);

	write_it(&text, dsn);
	ck_assert_msg((strstr(text.at, part) != NULL) == is_there,
	    "\"%s\" in\n%s", part, text.at);
}

START_TEST(the_whole_notice_is_this)
{
	TEXT_AUTO text = TEXT_INIT(8 * KIB);

	write_it(&text, &usual);
	ck_assert_str_eq(text.at,
	    "Date: Sun, 22 Nov 2026 12:51:37 +0700\r\n"
	    "From: Postroom <postmaster@office.test>\r\n"
	    "To: ann@office.test\r\n"
	    "Subject: Not delivered: roof\r\n"
	    "Message-ID: <041061050r3gg28a@mx.office.test>\r\n"
	    "Auto-Submitted: auto-replied\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    " boundary=\"=_041061050r3gg28a.0\"\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "--=_041061050r3gg28a.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n"
	    "\r\n"
	    "Alas.\r\n"
	    "\r\n"
	    "--=_041061050r3gg28a.0\r\n"
	    "Content-Type: message/delivery-status\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "Original-Envelope-Id: Q1\r\n"
	    "Reporting-MTA: dns; mx.office.test\r\n"
	    "X-Postroom-Id: 1400000000000000\r\n"
	    "Arrival-Date: Sun, 22 Nov 2026 12:51:30 +0700\r\n"
	    "\r\n"
	    "Original-Recipient: rfc822;z@far.test\r\n"
	    "Final-Recipient: rfc822; zoe@far.test\r\n"
	    "Action: failed\r\n"
	    "Status: 5.1.1\r\n"
	    "Remote-MTA: dns; mx.far.test\r\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"
	    "Last-Attempt-Date: Sun, 22 Nov 2026 12:51:37 +0700\r\n"
	    "\r\n"
	    "--=_041061050r3gg28a.0\r\n"
	    "Content-Type: message/rfc822\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "Subject: roof\r\n"
	    "\r\n"
	    "It leaks.\r\n"
	    "\r\n"
	    "--=_041061050r3gg28a.0--\r\n");
}
END_TEST

static const struct {
	enum dsn_action	action;
	uint16_t	code;
	const char	*status, *want;
} statuses[] = {
	{ DSN_FAILED,	550, "5.7.1",	"Status: 5.7.1\r\n" },
	{ DSN_FAILED,	550, "",	"Status: 5.0.0\r\n" },
	/* RFC 3463 3.5: delivery time expired */
	{ DSN_FAILED,	451, "4.2.2",	"Status: 5.4.7\r\n" },
	{ DSN_FAILED,	0,   "4.4.1",	"Status: 5.4.7\r\n" },
	{ DSN_FAILED,	0,   "5.7.1",	"Status: 5.7.1\r\n" },
	{ DSN_FAILED,	550, "5.1",	"Status: 5.0.0\r\n" },
	{ DSN_FAILED,	550, "5.1.1.1",	"Status: 5.0.0\r\n" },
	{ DSN_FAILED,	550, "5..1",	"Status: 5.0.0\r\n" },
	{ DSN_FAILED,	550, "5.1.\r\nX",	"Status: 5.0.0\r\n" },
	{ DSN_DELAYED,	451, "4.2.2",	"Status: 4.2.2\r\n" },
	{ DSN_DELAYED,	451, "",	"Status: 4.0.0\r\n" },
	{ DSN_RELAYED,	250, "2.6.0",	"Status: 2.6.0\r\n" },
	{ DSN_RELAYED,	250, "",	"Status: 2.0.0\r\n" },
};

/* RFC 3464 2.3.4 */
START_TEST(a_status_is_of_the_class_of_what_came_of_it)
{
	struct dsn_recipient rcpt = zoe;
	struct dsn dsn = usual;

	rcpt.code = statuses[_i].code;
	rcpt.status = slice_str(statuses[_i].status);
	dsn.action = statuses[_i].action;
	dsn.recipients = &rcpt;
	has(&dsn, statuses[_i].want, true);
	has(&dsn, "Will-Retry-Until: Fri, 27 Nov 2026 12:51:30 +0700\r\n",
	    dsn.action == DSN_DELAYED);
}
END_TEST

/* HARDENING A08, A71: a reply begins no line of its own. */
START_TEST(what_a_host_says_stays_in_its_line)
{
	static const char evil[] = "go\r\nBcc: all\r\n\r\n--=_x\033[2J\302\205";
	struct dsn_recipient rcpt = zoe;
	struct dsn dsn = usual;
	char words[4000];

	rcpt.words = slice_of(evil, sizeof(evil) - 1);
	rcpt.host = rcpt.orcpt = rcpt.address = rcpt.words;
	dsn.envid = rcpt.words;
	dsn.recipients = &rcpt;
	has(&dsn, "\nBcc: all", false);
	has(&dsn, "\033", false);
	has(&dsn, "go\\x0D\\x0ABcc", true);
	memset(words, 'w', sizeof(words));
	rcpt = zoe;
	rcpt.words = slice_of(words, sizeof(words));
	words[300] = '\0';
	has(&dsn, "wwww", true);
	words[999] = '\0';
	has(&dsn, words + 301, false);
}
END_TEST

START_TEST(of_a_large_one_only_the_header_is_returned)
{
	char *big = malloc(DSN_WHOLE_MOST + 100);
	struct dsn dsn = usual;

	ck_assert_ptr_nonnull(big);
	memset(big, 'x', DSN_WHOLE_MOST + 100);
	for (size_t i = 50; i < DSN_WHOLE_MOST + 100; i += 50)
		memcpy(big + i - 2, "\r\n", 2);
	memcpy(big, "Subject: roof\r\nTo: zoe\r\n\r\n", 26);
	dsn.original = slice_of(big, DSN_WHOLE_MOST);
	has(&dsn, "message/rfc822\r\n", true);
	dsn.original.len++;
	has(&dsn, "message/rfc822\r\n", false);
	has(&dsn, "Content-Type: text/rfc822-headers\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\n"
	    "Subject: roof\r\nTo: zoe\r\n\r\n--=_", true);
	has(&dsn, "xxxx", false);
	/* and of a header without an end as much as there may be */
	memset(big, 'x', 48);
	for (size_t i = 0; i + 50 < DSN_WHOLE_MOST; i += 50)
		memcpy(big + i, "A: b", 4);
	{
		TEXT_AUTO text = TEXT_INIT(256 * KIB);

		write_it(&text, &dsn);
		ck_assert_uint_gt(text.len, DSN_HEADER_MOST);
		ck_assert_uint_lt(text.len, DSN_HEADER_MOST + 2 * KIB);
	}
	free(big);
}
END_TEST

/* RFC 5322 2.1.1, RFC 6152: no line that is too long, no NUL */
START_TEST(what_is_not_made_of_lines_is_not_returned)
{
	char line[1200];
	struct dsn dsn = usual;

	memset(line, 'y', sizeof(line));
	memcpy(line, "A: b\r\n\r\n", 8);
	dsn.original = slice_of(line, sizeof(line));
	has(&dsn, "text/rfc822-headers", true);
	has(&dsn, "yyyy", false);
	dsn.original = slice_of("A: b\r\n\r\nc\0d\r\n", 14);
	has(&dsn, "text/rfc822-headers", true);
	memset(line, 'y', sizeof(line));
	memcpy(line, "A: b", 4);
	has(&dsn, "yyyy", false);
	dsn.original = slice_of(NULL, 0);
	has(&dsn, "rfc822-headers", false);
}
END_TEST

/* RFC 6533 */
START_TEST(an_address_in_utf_8_has_forms_of_its_own)
{
	struct dsn_recipient rcpt = zoe;
	struct dsn dsn = usual;

	rcpt.address = slice_str("zo\303\253@far.test");
	dsn.recipients = &rcpt;
	has(&dsn, "report-type=global-delivery-status;", true);
	has(&dsn, "Content-Type: message/global-delivery-status\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n", true);
	has(&dsn, "Final-Recipient: utf-8; zo\303\253@far.test\r\n", true);
	ck_assert(dsn_is_8bit(&dsn));
	ck_assert(!dsn_is_8bit(&usual));
	dsn = usual;
	dsn.original = slice_str("Subject: d\303\266rt\r\n\r\nx\r\n");
	has(&dsn, "Content-Type: message/global\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n", true);
	dsn.wants_whole = false;
	has(&dsn, "Content-Type: message/global-headers\r\n", true);
	dsn = usual;
	dsn.original = slice_str("Subject: x\r\n\r\nd\303\266rt\r\n");
	has(&dsn, "Content-Type: message/rfc822\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n", true);
}
END_TEST

/* RFC 2046 5.1.1 */
START_TEST(no_boundary_stands_in_what_is_returned)
{
	struct dsn dsn = usual;

	dsn.original = slice_str("A: b\r\n\r\n--=_041061050r3gg28a.0\r\n");
	has(&dsn, "boundary=\"=_041061050r3gg28a.1\"", true);
	has(&dsn, "\r\n--=_041061050r3gg28a.1--\r\n", true);
}
END_TEST

START_TEST(too_many_or_none_are_no_notice)
{
	TEXT_AUTO text = TEXT_INIT(KIB);
	struct dsn dsn = usual;

	dsn.count = 0;
	ck_assert_int_eq(dsn_write(&text, &dsn), -EINVAL);
	dsn.count = DSN_RECIPIENTS + 1;
	ck_assert_int_eq(dsn_write(&text, &dsn), -EINVAL);
	dsn.count = 1;
	dsn.letter.to = slice_str("nobody");
	ck_assert_int_eq(dsn_write(&text, &dsn), -EINVAL);
	ck_assert_uint_eq(text.len, 0);
	dsn = usual;
	ck_assert_int_eq(dsn_write(&text, &dsn), 0);
	ck_assert(text_failed(&text));
}
END_TEST

static void
says(const struct dsn *dsn, enum language language, const char *subject,
    const char *part)
{
	TEXT_AUTO head = TEXT_INIT(COMPOSE_SUBJECT_MOST);
	TEXT_AUTO body = TEXT_INIT(DSN_WORDS_BYTES);

	dsn_words(dsn, language, &head, &body);
	ck_assert(!text_failed(&head) && !text_failed(&body));
	text_add_byte(&head, '\0');
	text_add_byte(&body, '\0');
	ck_assert_str_eq(head.at, subject);
	ck_assert_msg(strstr(body.at, part) != NULL, "\"%s\" in\n%s", part,
	    body.at);
}

START_TEST(a_person_reads_why_in_their_language)
{
	struct dsn_recipient rcpt = zoe;
	struct dsn dsn = usual;

	ck_assert_int_eq(zone_open("UTC"), 0);
	says(&dsn, LANGUAGE_EN, "Not delivered: roof",
	    "could not be delivered to:\n\n  zoe@far.test\n"
	    "    mx.far.test said: 550 5.1.1 no such user\n\n"
	    "It is not tried again.");
	says(&dsn, LANGUAGE_ID, "Tidak terkirim: roof",
	    "    mx.far.test mengatakan: 550 5.1.1 no such user\n");
	dsn.subject = slice_str("");
	says(&dsn, LANGUAGE_EN, "Your message was not delivered", "zoe");
	dsn.action = DSN_DELAYED;
	rcpt.code = 0;
	rcpt.words = slice_str("no answer\n\n  fake@far.test");
	dsn.recipients = &rcpt;
	says(&dsn, LANGUAGE_EN, "Your message is not delivered yet",
	    "    Reason: no answer    fake@far.test\n");
	dsn.action = DSN_RELAYED;
	says(&dsn, LANGUAGE_EN, "Your message was handed over",
	    "does not tell when it has reached:\n\n  zoe@far.test\n\n");
	dsn = usual;
	dsn.is_orphan = true;
	dsn.sender = slice_str("eve\342\200\256@evil.test");
	says(&dsn, LANGUAGE_EN, "Not delivered: roof",
	    "A message from eve?@evil.test of ");
	dsn.sender = slice_str("");
	says(&dsn, LANGUAGE_EN, "Not delivered: roof",
	    "A message from nobody (");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/message/dsn");
	TCase *tests = tcase_create("dsn");

	tcase_add_test(tests, the_whole_notice_is_this);
	tcase_add_loop_test(tests, a_status_is_of_the_class_of_what_came_of_it,
	    0, sizeof(statuses) / sizeof(*statuses));
	tcase_add_test(tests, what_a_host_says_stays_in_its_line);
	tcase_add_test(tests, of_a_large_one_only_the_header_is_returned);
	tcase_add_test(tests, what_is_not_made_of_lines_is_not_returned);
	tcase_add_test(tests, an_address_in_utf_8_has_forms_of_its_own);
	tcase_add_test(tests, no_boundary_stands_in_what_is_returned);
	tcase_add_test(tests, too_many_or_none_are_no_notice);
	tcase_add_test(tests, a_person_reads_why_in_their_language);
	suite_add_tcase(suite, tests);
	return suite;
}
