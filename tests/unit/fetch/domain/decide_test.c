/*
 * decide_test.c - whose a message of a domain's mailbox is, rule by rule
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fetch/domain/explain.h"
#include "tests/unit/fetch/domain/scene.h"
#include "tests/unit/unit.h"

#define OFFICE	"domain office.test\nmailbox box@pop.test\n"
#define BY	"Received: from a by mx.pop.test for "

static const struct {
	const char	*rules, *header, *want;
} cases[] = {
	/* each envelope header there is, and what is configured ends it */
	{ OFFICE "envelope-header Delivered-To", "Delivered-To: ann@office."
	    "test\nTo: ben@office.test\n", "ann (envelope header)" },
	{ OFFICE "envelope-header Envelope-To", "Envelope-to: <ann@office."
	    "test>\nTo: ben@office.test\n", "ann (envelope header)" },
	{ OFFICE "envelope-header X-RCPT-TO", "X-Rcpt-To: ann@office.test\n"
	    "To: x@y.test\n", "ann (envelope header)" },
	{ OFFICE "envelope-header X-Deliver-To\nenvelope-header X-Envelope-To",
	    "X-Envelope-To: ann@office.test\n", "ann (envelope header)" },
	{ OFFICE "envelope-header Apparently-To", "To: ben@office.test\n"
	    "Apparently-To: ann@office.test\n", "ann (envelope header)" },
	/* the one that is configured first, not the one on top */
	{ OFFICE "envelope-header X-Original-To\nenvelope-header Delivered-To",
	    "Delivered-To: ben@office.test\nX-Original-To: ann@office.test\n",
	    "ann (envelope header)" },
	/* absent: the list is looked at */
	{ OFFICE "envelope-header Delivered-To", "To: ben@office.test\n",
	    "ben (visible header)" },
	/* prefixes and tails, qmail's and others' */
	{ OFFICE "envelope-header Delivered-To:mbox-",
	    "Delivered-To: MBOX-ann@office.test\n", "ann (envelope header)" },
	{ OFFICE "envelope-header Delivered-To::-box",
	    "Delivered-To: ann-box@office.test\n", "ann (envelope header)" },
	{ OFFICE "envelope-header Delivered-To::=office.test@pop.test",
	    "Delivered-To: ann=office.test@pop.test\n",
	    "ann (envelope header)" },
	{ OFFICE "envelope-header Delivered-To:mbox-",
	    "Delivered-To: mbox-@office.test\n", "held: unknown" },
	/* HARDENING F43: the topmost counts, and only where hosts write */
	{ OFFICE "envelope-header Delivered-To", "Delivered-To: ann@office."
	    "test\n" BY "x; y\nDelivered-To: ben@office.test\n",
	    "ann (envelope header)" },
	{ OFFICE "envelope-header Delivered-To", BY "<ann@office.test>; d\n"
	    "Received: from b by c; d\nDelivered-To: ben@office.test\n",
	    "held: envelope-too-deep" },
	{ OFFICE "envelope-header Delivered-To\nenvelope-depth any",
	    BY "x; d\nReceived: from b by c; d\nDelivered-To: ben@office."
	    "test\n", "ben (envelope header)" },
	{ OFFICE "envelope-header Delivered-To", "Delivered-To: dian@office."
	    "test\nTo: ann@office.test\n", "held: unknown" },
	{ OFFICE "envelope-header Delivered-To", "Delivered-To:\nTo: ann@"
	    "office.test\n", "held: no-address" },
	{ OFFICE "envelope-header Delivered-To", "Delivered-To: box@pop.test\n"
	    "To: ann@office.test\n", "ann (visible header)" },
	/* Received: skip, the topmost that is for somebody here */
	{ OFFICE, BY "<ben@office.test>; d\n" BY "<ann@office.test>; d\n",
	    "ben (received for)" },
	{ OFFICE "skip-received 1", BY "<ben@office.test>; d\n" BY
	    "<ann@office.test>; d\n", "ann (received for)" },
	{ OFFICE, BY "<other@pop.test>; d\n" BY "<ann@office.test>; d\n",
	    "ann (received for)" },
	{ OFFICE, "Received: from f by gw.pop.test; d\n"
	    "Received: from a by mx.far.test for <q@far.test>; d\n" BY
	    "<ann@office.test>; d\n", "held: came-round" },
	{ OFFICE, "Received: from f by gw.pop.test; d\n"
	    "Received: from a by localhost for <q@localhost>; d\n" BY
	    "<ann@office.test>; d\n", "ann (received for)" },
	{ OFFICE, BY "<dian@office.test>; d\nTo: ann@office.test\n",
	    "held: unknown" },
	{ OFFICE "headers to", BY "<ben@office.test>; d\nTo: ann@office."
	    "test\n", "held: doubt" },
	{ OFFICE, "X-Original-To: ben@office.test\nTo: ann@office.test\n",
	    "held: doubt" },
	{ OFFICE, "X-Original-To: ann@office.test\nTo: ann@office.test, "
	    "ben@office.test\n", "ann,ben (visible header)" },
	/* names */
	{ OFFICE "match-names yes", "To: \"ANN\t Smith\" <x@y.test>\n",
	    "ann (real name)" },
	{ OFFICE "match-names yes", "To: Budi <x@y.test>\n",
	    "held: foreign" },
	{ OFFICE "match-names yes", "To: Ann Smith <x@y.test>, ben@office."
	    "test\n", "ben (visible header)" },
	{ OFFICE "match-names yes", "To: Ann Smith <ben@office.test>\n",
	    "ben (visible header)" },
	{ OFFICE "match-names ben@office.test", "To: Ann Smith <ben@office."
	    "test>\n", "ann (real name)" },
	{ OFFICE "match-names ben@office.test", "To: Nobody <ben@office."
	    "test>\n", "ben (visible header)" },
	{ OFFICE "match-names ben@office.test", "To: Ann Smith <x@y.test>\n",
	    "held: foreign" },
	/* replacing and stripping */
	{ OFFICE "replace-domain yes", "To: ann@y.test\n",
	    "ann (visible header)" },
	{ OFFICE "replace-domain yes", "To: dian@y.test\n",
	    "held: foreign" },
	{ OFFICE "replace-domain yes", "To: ann@y.test, ben@office.test\n",
	    "ben (visible header)" },
	{ OFFICE "replace-domain z.test", "To: ann@y.test, ben@z.test\n",
	    "ben (visible header)" },
	{ OFFICE "strip pop.", "To: ann@pop.office.test\n",
	    "ann (visible header)" },
	{ OFFICE "strip ann", "To: ann@office.test\n",
	    "ann (visible header)" },
	/* routes */
	{ OFFICE "route equals ann@office.test -> drop", "To: ann@office."
	    "test\n", "held: dropped" },
	{ OFFICE "route contains list@ -> copy ben@office.test,citra@office."
	    "test", "To: list@y.test\n", "ben,citra (visible header)" },
	{ OFFICE "route not-contains @office.test -> copy citra@office.test",
	    "To: ann@office.test, x@y.test\n", "ann,citra (visible header)" },
	{ OFFICE "route not-equals ann@office.test -> drop",
	    "To: ann@office.test, ben@office.test\n",
	    "ann (visible header)" },
	{ OFFICE "route contains office -> copy dian@office.test",
	    "To: unknown@office.test\n", "held: rule-target" },
	/* learned */
	{ OFFICE "learn address x@y.test -> ann@office.test",
	    "To: x@y.test\nCc: ben@office.test\n", "ann,ben (learned rule)" },
	{ OFFICE "learn from r@s.test -> ben@office.test",
	    "From: R <r@s.test>\nTo: z@z.test\n", "ben (learned rule)" },
	{ OFFICE "learn from r@s.test -> ben@office.test",
	    "From: R <r@s.test>\nTo: ann@office.test\n",
	    "ann (visible header)" },
	{ OFFICE "learn list a.b.test -> ben@office.test",
	    "List-Id: <a.b.test>\nTo: a@b.test\nCc: ann@office.test\n",
	    "ben (learned rule)" },
	{ OFFICE "learn list a.b.test -> dian@office.test",
	    "List-Id: <A.b.test>\nTo: a@b.test\n", "held: list" },
	/* aliases, each account once, nothing at all */
	{ OFFICE, "To: sales@office.test, ann@office.test\n",
	    "ann (visible header)" },
	{ OFFICE, "", "held: no-address" },
	{ OFFICE, "Bcc: ann@office.test\n", "ann (visible header)" },
	{ OFFICE "headers to", "Bcc: ann@office.test\n",
	    "held: no-address" },
	{ OFFICE "headers to", "To: ben@office.test\n"
	    "Bcc: ann@office.test\n", "held: doubt" },
	{ OFFICE, "To: @@\n", "held: malformed" },
};

START_TEST(each_rule_does_what_it_says)
{
	scene_begin(cases[_i].rules);
	ck_assert_str_eq(scene_says(cases[_i].header), cases[_i].want);
	scene_end();
}
END_TEST

/* HARDENING F43: 10^4 recipients in To */
START_TEST(too_many_recipients_are_held_unless_the_envelope_says)
{
	TEXT_AUTO header = TEXT_INIT(DOMAIN_HEADER_BYTES);
	clock_t begun;

	text_add_str(&header, "To: ann@office.test");
	for (int i = 0; i < 10000; i++)
		text_addf(&header, ",\r\n x%d@y%d.test", i, i);
	text_add_str(&header, "\r\n");
	scene_begin(OFFICE);
	begun = clock();
	scene_decide(text_slice(&header));
	ck_assert_double_lt((double)(clock() - begun) / CLOCKS_PER_SEC, 2.0);
	ck_assert_int_eq(scene_decision.hold, DOMAIN_HELD_TOO_MANY);
	ck_assert_uint_le(scene_candidates.count, DOMAIN_ADDRESSES_MOST);
	ck_assert_uint_le(scene_candidates.ask_bytes, DOMAIN_ASKS_BYTES);
	ck_assert_uint_gt(scene_decision.more_steps, 0);
	text_add_str(&header, BY "<ben@office.test>; d\r\n");
	scene_decide(text_slice(&header));
	ck_assert_int_eq(scene_decision.hold, DOMAIN_FOUND);
	ck_assert_uint_eq(scene_decision.owners[0].account, 2);
	scene_end();
}
END_TEST

START_TEST(a_header_that_is_too_long_is_held)
{
	TEXT_AUTO header = TEXT_INIT(2 * DOMAIN_HEADER_BYTES);

	text_add_str(&header, "To: ann@office.test\r\n");
	while (header.len <= DOMAIN_HEADER_BYTES)
		text_add_str(&header, "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n");
	scene_begin(OFFICE);
	scene_decide(text_slice(&header));
	ck_assert_int_eq(scene_decision.hold, DOMAIN_HELD_TOO_MANY);
	scene_end();
}
END_TEST

START_TEST(a_spent_arena_is_told_and_nothing_is_decided)
{
	unsigned failed = 0;

	scene_begin(OFFICE "match-names yes");
	for (size_t budget = 0; budget < DOMAIN_ARENA; budget += 20000) {
		ARENA_AUTO small = arena_new(budget);
		struct domain_candidates from;
		int r = domain_candidates(small, slice_str(
		    "To: A B <ann@office.test>\n"), &scene_rules, &from);

		ck_assert(r == 0 || r == -ENOBUFS);
		failed += r < 0;
	}
	ck_assert_uint_gt(failed, 1);
	scene_end();
}
END_TEST

START_TEST(the_explanation_names_header_rule_and_what_was_not_taken)
{
	TEXT_AUTO text = TEXT_INIT(DOMAIN_EXPLAIN_MOST);

	scene_begin(OFFICE "route contains list@ -> copy citra@office.test");
	(void)scene_says("To: Ann <ann@office.test>, list@y.test, \"\x1b\"@\n");
	domain_explain(&text, &scene_rules, &scene_decision);
	ck_assert_msg(slice_is_str(text_slice(&text),
	    "to \"Ann <ann@office.test>\": ann@office.test is an address "
	    "here.\n"
	    "to \"list@y.test\": list@y.test fits a rule that gives a copy "
	    "(contains list@ -> copy citra@office.test): "
	    "citra@office.test.\n"
	    "to \"list@y.test\": list@y.test is in no domain of ours.\n"
	    "to \"\\x22\\x1B\\x22@\": that is no address.\n"
	    "It is for ann@office.test (visible header).\n"
	    "It is for citra@office.test (visible header).\n"),
	    "%.*s", SLICE_FMT(text_slice(&text)));
	scene_end();
}
END_TEST

START_TEST(every_reason_and_step_has_its_words)
{
	for (int hold = 1; hold < DOMAIN_HOLD_COUNT; hold++) {
		TEXT_AUTO text = TEXT_INIT(DOMAIN_EXPLAIN_MOST);
		struct domain_decision held = { .hold =
		    (enum domain_hold)hold };

		domain_explain(&text, &scene_rules, &held);
		ck_assert_uint_eq(slice_find_str(text_slice(&text), "(null)"),
		    SIZE_MAX);
		ck_assert_ptr_nonnull(domain_hold_words[hold]);
		ck_assert_int_ge(domain_hold_sentence((enum domain_hold)hold),
		    SAY_HELD_NO_ADDRESS);
	}
}
END_TEST

/* A sender must not be able to stop a mailbox with one message. */
START_TEST(no_length_of_a_bare_name_is_a_fault)
{
	static const size_t lengths[] = { 65, 255, 320, 321, 576, 577, 1200,
	    70000 };
	static char header[80000];

	scene_begin(OFFICE "envelope-header Delivered-To:mbox-:=x@pop.test\n");
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		size_t at = (size_t)sprintf(header, "Delivered-To: ");

		memset(header + at, 'b', lengths[i]);
		(void)strcpy(header + at + lengths[i], "\n");
		ck_assert_str_eq(scene_says(header), "held: malformed");
	}
	scene_end();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("domain decide");
	TCase *tests = tcase_create("decide");

	tcase_add_loop_test(tests, each_rule_does_what_it_says, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tests,
	    too_many_recipients_are_held_unless_the_envelope_says);
	tcase_add_test(tests, a_header_that_is_too_long_is_held);
	tcase_add_test(tests, a_spent_arena_is_told_and_nothing_is_decided);
	tcase_add_test(tests,
	    the_explanation_names_header_rule_and_what_was_not_taken);
	tcase_add_test(tests, every_reason_and_step_has_its_words);
	tcase_add_test(tests, no_length_of_a_bare_name_is_a_fault);
	suite_add_tcase(suite, tests);
	return suite;
}
