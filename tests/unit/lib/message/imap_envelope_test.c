/*
 * imap_envelope_test.c - the header fields that IMAP tells
 */
#include <string.h>

#include "lib/message/imap_envelope.h"
#include "tests/unit/unit.h"

#define MOST	65536

/* Write field `field` of a header. */
static void
write_field(const char *header, enum imap_field field, struct text *text)
{
	struct imap_fields fields;

	imap_fields_read(slice_str(header), &fields);
	ck_assert(imap_envelope_field(text, &fields, field, MOST));
	ck_assert(!text_failed(text));
}

static const struct {
	enum imap_field	 field;
	const char	*header, *want;
} cases[] = {
	/* RFC 9051 7.5.2 and 8, the example */
	{ IMAP_DATE, "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n",
	    "\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\"" },
	{ IMAP_SUBJECT, "Subject: IMAP4rev2 WG mtg summary and minutes\r\n",
	    "\"IMAP4rev2 WG mtg summary and minutes\"" },
	{ IMAP_FROM, "From: Terry Gray <gray@cac.washington.edu>\r\n",
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\"))" },
	{ IMAP_CC, "cc: minutes@CNRI.Reston.VA.US, \"John Klensin\" "
	    "<KLENSIN@MIT.EDU>\r\n",
	    "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")"
	    "(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\"))" },
	{ IMAP_MESSAGE_ID, "Message-ID: <B27397-0100000@example.com>\r\n",
	    "\"<B27397-0100000@example.com>\"" },
	/* RFC 9051 7.5.2: NIL where there is none, "" where it is empty */
	{ IMAP_SUBJECT, "X: y\r\n", "NIL" },
	{ IMAP_SUBJECT, "Subject:\r\n", "\"\"" },
	{ IMAP_TO, "To:\r\n", "NIL" },
	{ IMAP_TO, "To: ,, ,\r\n", "NIL" },
	/* groups; RFC 5322 A.1.3 */
	{ IMAP_TO, "To: A Group:Ed Jones <c@a.test>,joe@where.test;\r\n",
	    "((NIL NIL \"A Group\" NIL)(\"Ed Jones\" NIL \"c\" \"a.test\")"
	    "(NIL NIL \"joe\" \"where.test\")(NIL NIL NIL NIL))" },
	{ IMAP_CC, "Cc: Undisclosed recipients:;\r\n",
	    "((NIL NIL \"Undisclosed recipients\" NIL)(NIL NIL NIL NIL))" },
	{ IMAP_CC, "Cc: never ended: a@b.test\r\n",
	    "((NIL NIL \"never ended\" NIL)(NIL NIL \"a\" \"b.test\")"
	    "(NIL NIL NIL NIL))" },
	/* RFC 5322 4.4: a route; A.5: comments */
	{ IMAP_FROM, "From: Mary <@machine.tld,@b.test:mary@example.net>\r\n",
	    "((\"Mary\" \"@machine.tld,@b.test\" \"mary\" \"example.net\"))" },
	{ IMAP_FROM, "From: Pete(A nice \\) chap) <pete(his account)@silly.test"
	    "(his host)>\r\n", "((\"Pete\" NIL \"pete\" \"silly.test\"))" },
	/* a name in a comment, as it once was */
	{ IMAP_FROM, "From: ann@a.test (Ann Lee)\r\n",
	    "((\"Ann Lee\" NIL \"ann\" \"a.test\"))" },
	/* as it is: encoded words, bytes above ASCII */
	{ IMAP_FROM, "From: =?utf-8?q?=C3=89?= <e@a.test>\r\n",
	    "((\"=?utf-8?q?=C3=89?=\" NIL \"e\" \"a.test\"))" },
	{ IMAP_FROM, "From: \351 <e@a.test>\r\n",
	    "(({1}\r\n\351 NIL \"e\" \"a.test\"))" },
	{ IMAP_FROM, "From: \"a\\\"b\" <\"x y\"@a.test>\r\n",
	    "((\"a\\\"b\" NIL \"x y\" \"a.test\"))" },
	{ IMAP_SUBJECT, "Subject: =?utf-8?q?a?=\r\n =?utf-8?q?b?=\r\n",
	    "\"=?utf-8?q?a?= =?utf-8?q?b?=\"" },
	/* no address in it: the host may not be NIL, that is a group */
	{ IMAP_FROM, "From: root\r\n",
	    "((NIL NIL \"root\" \"MISSING_DOMAIN\"))" },
	{ IMAP_FROM, "From: Ann <>\r\n",
	    "((\"Ann\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\"))" },
	{ IMAP_FROM, "From: <ann>\r\n",
	    "((NIL NIL \"ann\" \"MISSING_DOMAIN\"))" },
	/* RFC 5322 4.5.3: all of them are one list; of From the first counts */
	{ IMAP_TO, "To: a@a.test\r\nX: y\r\nto: b@a.test\r\nTO:\r\n",
	    "((NIL NIL \"a\" \"a.test\")(NIL NIL \"b\" \"a.test\"))" },
	{ IMAP_TO, "To:\r\nTo: b@a.test\r\n", "((NIL NIL \"b\" \"a.test\"))" },
	{ IMAP_FROM, "From: a@a.test\r\nFrom: b@a.test\r\n",
	    "((NIL NIL \"a\" \"a.test\"))" },
	{ IMAP_SUBJECT, "Subject: one\r\nSubject: two\r\n", "\"one\"" },
	/* a mailbox file's line before the header */
	{ IMAP_SUBJECT, "From ann@a.test Mon Jan  1 00:00:00 2024\r\n"
	    "Subject: one\r\n", "\"one\"" },
};

/* RFC 9051 7.5.2 */
START_TEST(a_field_is_told_as_it_stands)
{
	TEXT_AUTO text = TEXT_INIT(MOST);

	write_field(cases[_i].header, cases[_i].field, &text);
	ck_assert_msg(slice_is_str(text_slice(&text), cases[_i].want),
	    "%.*s", SLICE_FMT(text_slice(&text)));
}
END_TEST

/* A list that is too long ends with an address that is whole. */
START_TEST(a_long_list_is_cut_between_two_addresses)
{
	TEXT_AUTO header = TEXT_INIT(100000);
	TEXT_AUTO text = TEXT_INIT(100000);
	struct imap_fields fields;

	text_add_str(&header, "To: people:");
	for (unsigned i = 0; i < 1000; i++)
		text_addf(&header, "a%u@a.test,\r\n ", i);
	text_add_str(&header, ";\r\n");
	imap_fields_read(text_slice(&header), &fields);
	ck_assert(!imap_envelope_field(&text, &fields, IMAP_TO, 100));
	ck_assert_uint_le(text.len, 100);
	ck_assert_msg(slice_is_str(text_slice(&text),
	    "((NIL NIL \"people\" NIL)(NIL NIL \"a0\" \"a.test\")"
	    "(NIL NIL \"a1\" \"a.test\")(NIL NIL NIL NIL))"), "%.*s",
	    SLICE_FMT(text_slice(&text)));
	text_clear(&text);
	ck_assert(!imap_envelope_field(&text, &fields, IMAP_TO, 20));
	ck_assert(!text_failed(&text));
	text_clear(&text);
	fields.value[IMAP_TO] = slice_str("somebody@example.test");
	ck_assert(!imap_envelope_field(&text, &fields, IMAP_TO, 20));
	ck_assert(slice_is_str(text_slice(&text), "NIL"));
}
END_TEST

START_TEST(a_long_subject_is_cut)
{
	TEXT_AUTO text = TEXT_INIT(100);
	struct imap_fields fields;

	imap_fields_read(slice_str("Subject: 0123456789\r\n"), &fields);
	ck_assert(!imap_envelope_field(&text, &fields, IMAP_SUBJECT, 12));
	ck_assert(slice_is_str(text_slice(&text), "\"01234\""));
}
END_TEST

#define COUNT(of)	((int)(sizeof(of) / sizeof((of)[0])))

Suite *
unit_suite(void)
{
	Suite *s = suite_create("imap_envelope");
	TCase *t = tcase_create("imap_envelope");

	tcase_add_loop_test(t, a_field_is_told_as_it_stands, 0, COUNT(cases));
	tcase_add_test(t, a_long_list_is_cut_between_two_addresses);
	tcase_add_test(t, a_long_subject_is_cut);
	suite_add_tcase(s, t);
	return s;
}
