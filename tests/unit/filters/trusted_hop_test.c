/*
 * trusted_hop_test.c - who handed a message to our provider
 */
#include "tests/unit/unit.h"

#include "filters/trusted_hop.h"

#define FORGED "Received: from bank.example ([203.0.113.1]) by mx.isp.example\r\n"

static const struct {
	const char	*provider, *message, *peer, *helo;
} cases[] = {
/* the provider's mx wrote the topmost line */
{ "pop.isp.example",
  "Received: from box (r.example.net [192.0.2.9]) by mx.isp.example; x\r\n"
  "Received: from bank.example ([203.0.113.1]) by box; x\r\n\r\n",
  "192.0.2.9", "box" },
/* then it went on inside */
{ "pop.isp.example",
  "Return-Path: <joe@example.net>\r\n"
  "Received: from mx1.isp.example (mx1.isp.example [198.51.100.4])\r\n"
  "\tby store.isp.example with LMTP; x\r\n"
  "Received: from localhost ([127.0.0.1]) by mx1.isp.example; x\r\n"
  "Received: from box (r.example.net [192.0.2.9]) by mx1.isp.example; x\r\n"
  FORGED "\r\n",
  "192.0.2.9", "box" },
/* hosts with private addresses, and lines without "from" */
{ "imap.isp.example",
  "Received: by 2002:a05:6a10:1 with SMTP id x; x\r\n"
  "Received: from q (q [10.1.2.3]) by s.isp.example; x\r\n"
  "Received: from box ([192.0.2.9]) by mx.isp.example; x\r\n\r\n",
  "192.0.2.9", "box" },
/* the mailbox is reached by another name than its hosts have */
{ "pop.ours.test",
  "Received: from a.big.example (a.big.example [198.51.100.7])"
  " by b.big.example; x\r\n"
  "Received: from box ([2001:db8::9]) by a.big.example; x\r\n\r\n",
  "2001:db8::9", "box" },
/* who is asked by address has no names of its own */
{ "192.0.2.1",
  "Received: from box ([192.0.2.9]) by mx.isp.example; x\r\n\r\n",
  "192.0.2.9", "box" },
/* a stranger who calls himself one of the provider's, in many ways */
{ "pop.isp.example",
  "Received: from [10.0.0.1] (unknown [192.0.2.9]) by mx.isp.example; x\r\n"
  FORGED "\r\n", "192.0.2.9", "[10.0.0.1]" },
{ "pop.isp.example",
  "Received: from unknown (HELO [10.0.0.1]) (192.0.2.9) by mx.isp.example;"
  " x\r\n" FORGED "\r\n", "192.0.2.9", "[10.0.0.1]" },
/* whoever owns the address says what it is called: qmail does not check */
{ "pop.isp.example",
  "Received: from mx2.isp.example (HELO box) (192.0.2.9) by mx.isp.example;"
  " x\r\n" FORGED "\r\n", "192.0.2.9", "box" },
{ "pop.isp.example",
  "Received: from r.example.net ([192.0.2.9]:5123 helo=[10.0.0.1]) by"
  " mx.isp.example; x\r\n" FORGED "\r\n", "192.0.2.9", "[10.0.0.1]" },
{ "pop.isp.example",
  "Received: from box (mx.isp.example [192.0.2.9] (may be forged)) by"
  " mx.isp.example; x\r\n" FORGED "\r\n", "192.0.2.9", "box" },
/* somebody came, and nobody says from where; but a delivery is one */
{ "pop.isp.example",
  "Received: from box by mx.isp.example with ESMTP; x\r\n" FORGED "\r\n",
  "", "" },
{ "pop.isp.example",
  "Received: from mx.isp.example by store.isp.example with LMTP; x\r\n"
  "Received: from box ([192.0.2.9]) by mx.isp.example; x\r\n\r\n",
  "192.0.2.9", "box" },
/* the provider's lines end before a stranger is named: nothing is known */
{ "pop.isp.example",
  "Received: from q ([10.1.2.3]) by mx.isp.example; x\r\n"
  "Received: from box ([192.0.2.9]) by relay.example.net; x\r\n\r\n", "", "" },
/* "example" alone is everybody's */
{ "isp.example",
  "Received: from a.example (a.example [192.0.2.9]) by isp.example; x\r\n\r\n",
  "192.0.2.9", "a.example" },
{ "pop.isp.example", "Subject: none\r\n\r\n", "", "" },
{ "", "", "", "" },
};

START_TEST(the_line_that_a_provider_wrote_when_it_came)
{
	struct trusted_hop hop = trusted_hop_find(
	    slice_str(cases[_i].message), slice_str(cases[_i].provider));

	ck_assert_msg(slice_is_str(hop.peer, cases[_i].peer), "%.*s",
	    SLICE_FMT(hop.peer));
	ck_assert_msg(slice_is_str(hop.helo, cases[_i].helo), "%.*s",
	    SLICE_FMT(hop.helo));
}
END_TEST

/* Lines without end are not walked: those of a provider are few. */
START_TEST(thirty_lines_are_read_and_no_more)
{
	TEXT_AUTO text = TEXT_INIT(65536);
	struct trusted_hop hop;

	for (unsigned i = 0; i < 30; i++)
		text_add_str(&text, "Received: by a.isp.example; x\r\n");
	text_add_str(&text, "Received: from box ([192.0.2.9]) by "
	    "a.isp.example; x\r\n\r\n");
	hop = trusted_hop_find(text_slice(&text), slice_str("pop.isp.example"));
	ck_assert_uint_eq(hop.peer.len, 0);
	hop = trusted_hop_find(slice_after(text_slice(&text),
	    sizeof("Received: by a.isp.example; x\r\n") - 1),
	    slice_str("pop.isp.example"));
	ck_assert(slice_is_str(hop.peer, "192.0.2.9"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/trusted_hop");
	TCase *tests = tcase_create("trusted_hop");

	tcase_add_loop_test(tests, the_line_that_a_provider_wrote_when_it_came,
	    0, sizeof(cases) / sizeof(*cases));
	tcase_add_test(tests, thirty_lines_are_read_and_no_more);
	suite_add_tcase(suite, tests);
	return suite;
}
