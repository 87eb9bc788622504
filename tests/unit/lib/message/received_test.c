/*
 * received_test.c - what a Received field says
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "lib/message/received.h"

static const struct form {
	const char	*value, *helo, *name, *peer, *by, *with, *address;
} forms[] = {
/* RFC 5321 4.4, Postfix */
{ "from mail.example.com (mail.example.com [192.0.2.9])\r\n\tby mx.isp.test "
  "(Postfix) with ESMTPS id 4F2\r\n\tfor <ann@office.test>; "
  "Sat, 21 Nov 2026 10:00:00 +0700 (WIB)",
  "mail.example.com", "mail.example.com", "192.0.2.9", "mx.isp.test", "ESMTPS",
  "<ann@office.test>" },
{ "from liar (unknown [IPv6:2001:db8::9]) by mx.isp.test with ESMTP; x",
  "liar", "unknown", "2001:db8::9", "mx.isp.test", "ESMTP", "" },
/* Exim */
{ "from [192.0.2.9] (helo=box) by mx.isp.test with esmtp (Exim 4.96)\n"
  "\t(envelope-from <joe@example.com>) id 1x for ann@office.test; x",
  "box", "[192.0.2.9]", "192.0.2.9", "mx.isp.test", "esmtp",
  "ann@office.test" },
{ "from mail.example.com ([192.0.2.9] helo=box) by mx.isp.test; x",
  "box", "mail.example.com", "192.0.2.9", "mx.isp.test", "", "" },
/* with the port that it came from */
{ "from mail.example.com ([192.0.2.9]:51234 helo=box) by mx.isp.test; x",
  "box", "mail.example.com", "192.0.2.9", "mx.isp.test", "", "" },
/* what the client says of itself is no address that was seen */
{ "from [10.0.0.1] (unknown [192.0.2.9]) by mx.isp.test (Postfix); x",
  "[10.0.0.1]", "unknown", "192.0.2.9", "mx.isp.test", "", "" },
{ "from unknown (HELO [10.0.0.1]) (192.0.2.9) by mx.isp.test; x",
  "[10.0.0.1]", "", "192.0.2.9", "mx.isp.test", "", "" },
{ "from a.example.com ([192.0.2.9] helo=[10.0.0.1] ident=[10.0.0.2])"
  " by mx.isp.test; x",
  "[10.0.0.1]", "a.example.com", "192.0.2.9", "mx.isp.test", "", "" },
{ "from a.example.com (helo=[10.0.0.1]) by mx.isp.test; x",
  "[10.0.0.1]", "a.example.com", "", "mx.isp.test", "", "" },
/* Sendmail, of a name that its owner alone believes */
{ "from box (mx.isp.test [192.0.2.9] (may be forged)) by mx.isp.test; x",
  "box", "", "192.0.2.9", "mx.isp.test", "", "" },
/* qmail */
{ "from unknown (HELO box) (192.0.2.9) by mx.isp.test with SMTP; x",
  "box", "", "192.0.2.9", "mx.isp.test", "SMTP", "" },
/* its tcpserver asks what the address calls itself, and no more */
{ "from mx2.isp.test (HELO box) (joe@192.0.2.9) by mx.isp.test with SMTP; x",
  "box", "", "192.0.2.9", "mx.isp.test", "SMTP", "" },
{ "from mx2.isp.test (EHLO box) ([192.0.2.9]) (envelope-sender <a@b.test>)"
  " by mx.isp.test; x",
  "box", "", "192.0.2.9", "mx.isp.test", "", "" },
{ "(qmail 9 invoked by uid 7); 1 Jan 2026 00:00:00 -0000",
  "", "", "", "", "", "" },
/* Gmail: no from at all */
{ "by 2002:a05:6a10:1 with SMTP id x;\r\n Sat, 21 Nov 2026 10:00:00 -0800",
  "", "", "", "2002:a05:6a10:1", "SMTP", "" },
/* Exchange */
{ "from A.prod.example.com (2001:db8::1) by B.prod.example.com\r\n"
  " (2001:db8::2) with Microsoft SMTP Server; x",
  "A.prod.example.com", "", "2001:db8::1", "B.prod.example.com", "Microsoft",
  "" },
/* a comment may say anything */
{ "from a (by b (for <c@d>)) by e for \"x y\"@f; x", "a", "", "", "e", "",
  "\"x y\"@f" },
/* the second of a clause is not believed */
{ "from a ([192.0.2.1]) by b for <c@d> by e for <f@g> from h ([192.0.2.2])",
  "a", "", "192.0.2.1", "b", "", "<c@d>" },
/* torn */
{ "from a ([192.0.2.1", "a", "", "", "", "", "" },
{ "from", "", "", "", "", "", "" },
{ "", "", "", "", "", "", "" },
{ "from a ([300.0.2.1]) by b; x", "a", "", "", "b", "", "" },
};

static void
expect(struct slice got, const char *want, const char *value)
{
	ck_assert_msg(slice_is_str(got, want), "\"%.*s\" is not \"%s\": %s",
	    SLICE_FMT(got), want, value);
}

START_TEST(hosts_write_it_in_many_ways)
{
	const struct form *form = &forms[_i];
	struct received received;

	received_read(slice_str(form->value), &received);
	expect(received.helo, form->helo, form->value);
	expect(received.name, form->name, form->value);
	expect(received.peer, form->peer, form->value);
	expect(received.by, form->by, form->value);
	expect(received.with, form->with, form->value);
	expect(received.address, form->address, form->value);
}
END_TEST

START_TEST(the_date_stands_behind_the_semicolon)
{
	struct received received;

	received_read(slice_str("by a (x;y) ;\r\n\t1 Jan 2026 00:00:00 +0000 "),
	    &received);
	ck_assert(slice_is_str(received.date, "1 Jan 2026 00:00:00 +0000"));
	ck_assert(!received.has_from);
}
END_TEST

/* Every cut of a field ends within it. */
START_TEST(a_cut_field_is_read_as_far_as_it_goes)
{
	struct slice whole = slice_str(forms[_i].value);

	for (size_t len = 0; len <= whole.len; len++) {
		char *copy = malloc(len + 1);
		struct received received;

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, whole.at, len);
		received_read(slice_of(copy, len), &received);
		free(copy);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/message/received");
	TCase *tests = tcase_create("received");
	const int count = sizeof(forms) / sizeof(*forms);

	tcase_add_loop_test(tests, hosts_write_it_in_many_ways, 0, count);
	tcase_add_test(tests, the_date_stands_behind_the_semicolon);
	tcase_add_loop_test(tests, a_cut_field_is_read_as_far_as_it_goes, 0,
	    count);
	suite_add_tcase(suite, tests);
	return suite;
}
