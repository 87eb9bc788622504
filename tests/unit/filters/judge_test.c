/*
 * judge_test.c - one message past every filter
 */
#include "filters/judge.h"

#include <stdio.h>
#include <string.h>

#include "filters/rule_read.h"
#include "tests/unit/unit.h"

#define MESSAGE	"From: a@b.example\r\nSubject: refuseme\r\n\r\ntext\r\n"

/* What is said of it when the scanner has said `scan`; NULL: it is not asked. */
static struct verdict
judge_scanned(const char *rule, enum envelope_source source,
    const struct scan_answer *scan)
{
	TEXT_AUTO faults = TEXT_INIT(4096);
	ARENA_AUTO arena = arena_new(JUDGE_BUDGET);
	const struct rule_file file = { slice_str("a.rule"), slice_str(rule) };
	struct judge_options options = { .hops = 50,
	    .host = "hub.office.test" };
	const struct envelope env = { .source = source,
	    .peer = slice_str("192.0.2.9"),
	    .helo = slice_str("hub.office.test"),
	    .bytes = sizeof(MESSAGE) - 1 };
	struct rules *rules = NULL;
	struct judging judging;

	ck_assert_int_eq(rules_read(&file, 1, &rules, &faults), 0);
	options.rules = rules;
	options.virus = virus_default_policy;
	judge_begin(arena, slice_str(MESSAGE), &env, &options, &judging);
	ck_assert(!judge_is_refused(&judging));
	if (scan != NULL) {
		judging.findings.scan_is_wanted = true;
		judging.findings.scan = *scan;
	}
	ck_assert_int_eq(judge_end(&judging, &options), 0);
	rules_free(rules);
	return judging.verdict;
}

static struct verdict
judge(const char *rule, enum envelope_source source)
{
	return judge_scanned(rule, source, NULL);
}

static const struct {
	enum envelope_source	source;
	enum verdict_action	action;
	unsigned		code;
} refusals[] = {
	{ SOURCE_SMTP, VERDICT_REFUSE, 550 },
	{ SOURCE_LMTP, VERDICT_REFUSE, 550 },
	{ SOURCE_FETCH, VERDICT_HOLD, 250 },
};

/*
 * What is held can be released, so whoever judges after the rules (the virus
 * scanner) must not pass it by as refused.
 */
START_TEST(a_collected_message_is_held_where_others_are_refused)
{
	struct verdict verdict = judge("rule \"no\" { header Subject "
	    "/refuseme/; do refuse \"not here\" }", refusals[_i].source);

	ck_assert_int_eq(verdict.action, refusals[_i].action);
	ck_assert_uint_eq(verdict.code, refusals[_i].code);
	ck_assert_str_eq(verdict.reason, "not here (rule \"no\")");
}
END_TEST

START_TEST(what_no_rule_meets_is_accepted)
{
	struct verdict verdict = judge("rule \"no\" { header Subject "
	    "/another/; do refuse \"not here\" }", refusals[_i].source);

	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	ck_assert_str_eq(verdict.subject, "refuseme");
}
END_TEST

/* What the hub has to tell somebody is not stopped by a rule about others. */
START_TEST(no_rule_is_for_what_the_hub_has_made)
{
	struct verdict verdict = judge("rule \"no\" { header Subject "
	    "/refuseme/; do refuse \"not here\" }", SOURCE_OWN);

	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	ck_assert_str_eq(verdict.subject, "refuseme");
}
END_TEST

/* The rules come last: they can ask what everybody else has found. */
START_TEST(a_rule_sees_what_the_host_called_itself)
{
	struct verdict verdict = judge("rule \"liar\" { helo ours; "
	    "do refuse \"that is us\" }", SOURCE_SMTP);

	ck_assert_str_eq(verdict.reason, "that is us (rule \"liar\")");
	verdict = judge("rule \"liar\" { helo ours; "
	    "do refuse \"that is us\" }", SOURCE_LMTP);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
}
END_TEST

START_TEST(a_rule_sees_what_the_scanner_said)
{
	const struct scan_answer virus = scan_answer_of(SCAN_VIRUS, "Bad.One",
	    " ");
	const struct scan_answer clean = { .result = SCAN_CLEAN };
	const char *rule = "rule \"no\" { scan virus; do refuse \"not here\" }";
	struct verdict verdict = judge_scanned(rule, SOURCE_SMTP, &virus);

	ck_assert_int_eq(verdict.action, VERDICT_REFUSE);
	ck_assert_str_eq(verdict.reason, "not here (rule \"no\")");
	ck_assert_str_eq(verdict.lines[0].name, "X-Postroom-Virus");
	verdict = judge_scanned(rule, SOURCE_SMTP, &clean);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	verdict = judge("rule \"r\" { scan not-scanned; do hold \"look\" }",
	    SOURCE_SMTP);
	ck_assert_int_eq(verdict.action, VERDICT_HOLD);
	ck_assert_uint_eq(verdict.line_count, 0);
}
END_TEST

#define FORGED	"it says that it is from b.example, which asks to "
#define OWN	" what cannot be shown to be its own (DMARC)"

static const struct {
	enum dmarc_action	 action;
	enum origin_result	 result;
	enum dmarc_policy	 policy;
	enum envelope_source	 source;
	enum verdict_action	 wanted;
	unsigned		 code;
	const char		*reason;
} forged[] = {
	{ DMARC_ACTION_HOLD, ORIGIN_FAIL, DMARC_REJECT, SOURCE_SMTP,
	    VERDICT_HOLD, 250, FORGED "refuse" OWN },
	{ DMARC_ACTION_HOLD, ORIGIN_FAIL, DMARC_QUARANTINE, SOURCE_FETCH,
	    VERDICT_HOLD, 250, FORGED "put aside" OWN },
	{ DMARC_ACTION_HOLD, ORIGIN_FAIL, DMARC_NONE, SOURCE_SMTP,
	    VERDICT_ACCEPT, 250, "" },
	{ DMARC_ACTION_MARK, ORIGIN_FAIL, DMARC_REJECT, SOURCE_SMTP,
	    VERDICT_ACCEPT, 250, "" },
	{ DMARC_ACTION_ENFORCE, ORIGIN_FAIL, DMARC_REJECT, SOURCE_SMTP,
	    VERDICT_REFUSE, 550, FORGED "refuse" OWN },
	{ DMARC_ACTION_ENFORCE, ORIGIN_FAIL, DMARC_REJECT, SOURCE_FETCH,
	    VERDICT_QUARANTINE, 250, FORGED "refuse" OWN },
	{ DMARC_ACTION_ENFORCE, ORIGIN_FAIL, DMARC_REJECT, SOURCE_UPSTREAM,
	    VERDICT_QUARANTINE, 250, FORGED "refuse" OWN },
	{ DMARC_ACTION_ENFORCE, ORIGIN_FAIL, DMARC_QUARANTINE, SOURCE_SMTP,
	    VERDICT_QUARANTINE, 250, FORGED "put aside" OWN },
	{ DMARC_ACTION_ENFORCE, ORIGIN_FAIL, DMARC_NONE, SOURCE_SMTP,
	    VERDICT_ACCEPT, 250, "" },
	/* nobody could say */
	{ DMARC_ACTION_ENFORCE, ORIGIN_TEMPERROR, DMARC_REJECT, SOURCE_SMTP,
	    VERDICT_ACCEPT, 250, "" },
	{ DMARC_ACTION_ENFORCE, ORIGIN_PASS, DMARC_REJECT, SOURCE_SMTP,
	    VERDICT_ACCEPT, 250, "" },
	{ DMARC_ACTION_ENFORCE, ORIGIN_NONE, DMARC_UNSAID, SOURCE_SMTP,
	    VERDICT_ACCEPT, 250, "" },
	/* HARDENING A66 */
	{ DMARC_ACTION_ENFORCE, ORIGIN_PERMERROR, DMARC_UNSAID, SOURCE_SMTP,
	    VERDICT_QUARANTINE, 250,
	    "its From names more domains than an honest one" },
	{ DMARC_ACTION_HOLD, ORIGIN_PERMERROR, DMARC_UNSAID, SOURCE_SMTP,
	    VERDICT_HOLD, 250,
	    "its From names more domains than an honest one" },
};

/* RFC 9989 4.7, 8: the policy is a wish; what is done is for us to decide */
START_TEST(what_a_domain_disowns_becomes_what_the_postmaster_has_set)
{
	ARENA_AUTO arena = arena_new(JUDGE_BUDGET);
	const struct judge_options options = { .hops = 50,
	    .host = "hub.test", .dmarc = forged[_i].action };
	const struct envelope env = { .source = forged[_i].source,
	    .bytes = sizeof(MESSAGE) - 1 };
	const struct origin_found found = { .is_wanted = true,
	    .is_from_outside = true, .dmarc = forged[_i].result,
	    .policy = forged[_i].policy, .author = "b.example" };
	struct judging judging;

	judge_begin(arena, slice_str(MESSAGE), &env, &options, &judging);
	judging.findings.origin = found;
	ck_assert_int_eq(judge_end(&judging, &options), 0);
	ck_assert_int_eq(judging.verdict.action, forged[_i].wanted);
	ck_assert_uint_eq(judging.verdict.code, forged[_i].code);
	ck_assert_str_eq(judging.verdict.status,
	    forged[_i].code == 550 ? "5.7.1" : "2.0.0");
	ck_assert_str_eq(judging.verdict.reason, forged[_i].reason);
	ck_assert_uint_eq(judging.verdict.line_count, 1);
}
END_TEST

static const struct {
	const char	*trusted;
	enum origin_result dmarc, arc;
	const char	*sealer;
	bool		 vouches;
	bool		 is_excused;
} sealed[] = {
	{ "lists.example l.example", ORIGIN_FAIL, ORIGIN_PASS, "L.example",
	    true, true },
	{ "l.example", ORIGIN_FAIL, ORIGIN_PASS, "l.example", true, true },
	/* HARDENING A68: anybody can make a chain of his own */
	{ NULL, ORIGIN_FAIL, ORIGIN_PASS, "l.example", true, false },
	{ "", ORIGIN_FAIL, ORIGIN_PASS, "l.example", true, false },
	{ "lists.example", ORIGIN_FAIL, ORIGIN_PASS, "l.example", true,
	    false },
	{ "l.example", ORIGIN_FAIL, ORIGIN_PASS, "x.l.example", true, false },
	{ "l.example", ORIGIN_FAIL, ORIGIN_PASS, "", true, false },
	{ "l.example", ORIGIN_FAIL, ORIGIN_PASS, "l.example", false, false },
	{ "l.example", ORIGIN_FAIL, ORIGIN_FAIL, "l.example", true, false },
	{ "l.example", ORIGIN_FAIL, ORIGIN_TEMPERROR, "l.example", true,
	    false },
	/* nothing excuses more authors than are looked at */
	{ "l.example", ORIGIN_PERMERROR, ORIGIN_PASS, "l.example", true,
	    false },
};

/* RFC 8617 7.2.1: whom to believe is for the one who receives to decide */
START_TEST(what_a_trusted_sealer_saw_pass_is_not_acted_on)
{
	ARENA_AUTO arena = arena_new(JUDGE_BUDGET);
	const struct judge_options options = { .hops = 50,
	    .host = "hub.test", .dmarc = DMARC_ACTION_ENFORCE,
	    .arc_trusted = sealed[_i].trusted };
	const struct envelope env = { .source = SOURCE_SMTP,
	    .bytes = sizeof(MESSAGE) - 1 };
	struct origin_found found = { .is_wanted = true,
	    .is_from_outside = true, .dmarc = sealed[_i].dmarc,
	    .policy = DMARC_REJECT, .author = "b.example",
	    .arc = sealed[_i].arc, .sealer_vouches = sealed[_i].vouches };
	struct judging judging;

	(void)snprintf(found.sealer, sizeof(found.sealer), "%s",
	    sealed[_i].sealer);
	judge_begin(arena, slice_str(MESSAGE), &env, &options, &judging);
	judging.findings.origin = found;
	ck_assert_int_eq(judge_end(&judging, &options), 0);
	ck_assert_int_eq(judging.verdict.action == VERDICT_ACCEPT,
	    sealed[_i].is_excused);
	ck_assert_uint_eq(judging.verdict.line_count, 1);
	ck_assert_int_eq(strstr(judging.verdict.lines[0].value,
	    " policy.override=arc; ") != NULL, sealed[_i].is_excused);
}
END_TEST

/* A rule knows more of this office than a table. */
START_TEST(a_rule_sees_who_has_passed_it_on)
{
	TEXT_AUTO faults = TEXT_INIT(4096);
	ARENA_AUTO arena = arena_new(JUDGE_BUDGET);
	const struct rule_file file = { slice_str("a.rule"), slice_str(
	    "rule \"no\" { arc fail; do refuse \"no\" }") };
	struct judge_options options = { .hops = 50, .host = "hub.test" };
	const struct envelope env = { .source = SOURCE_SMTP,
	    .bytes = sizeof(MESSAGE) - 1 };
	struct rules *rules = NULL;
	struct judging judging;

	ck_assert_int_eq(rules_read(&file, 1, &rules, &faults), 0);
	options.rules = rules;
	for (unsigned result = 0; result < ORIGIN_RESULTS; result++) {
		judge_begin(arena, slice_str(MESSAGE), &env, &options,
		    &judging);
		judging.findings.origin.is_wanted = true;
		judging.findings.origin.arc = result;
		ck_assert_int_eq(judge_end(&judging, &options), 0);
		ck_assert_int_eq(judging.verdict.action, result ==
		    ORIGIN_FAIL ? VERDICT_REFUSE : VERDICT_ACCEPT);
	}
	rules_free(rules);
}
END_TEST

START_TEST(a_rule_sees_what_the_author_s_domain_asks_for)
{
	TEXT_AUTO faults = TEXT_INIT(4096);
	ARENA_AUTO arena = arena_new(JUDGE_BUDGET);
	const struct rule_file file = { slice_str("a.rule"), slice_str(
	    "rule \"no\" { dmarc fail; dmarc-policy reject; "
	    "do refuse \"no\" }") };
	struct judge_options options = { .hops = 50, .host = "hub.test" };
	const struct envelope env = { .source = SOURCE_SMTP,
	    .bytes = sizeof(MESSAGE) - 1 };
	struct rules *rules = NULL;
	struct judging judging;

	ck_assert_int_eq(rules_read(&file, 1, &rules, &faults), 0);
	options.rules = rules;
	for (unsigned policy = DMARC_NONE; policy < DMARC_POLICIES; policy++) {
		judge_begin(arena, slice_str(MESSAGE), &env, &options,
		    &judging);
		judging.findings.origin.is_wanted = true;
		judging.findings.origin.dmarc = ORIGIN_FAIL;
		judging.findings.origin.policy = policy;
		ck_assert_int_eq(judge_end(&judging, &options), 0);
		ck_assert_int_eq(judging.verdict.action, policy ==
		    DMARC_REJECT ? VERDICT_REFUSE : VERDICT_ACCEPT);
	}
	rules_free(rules);
}
END_TEST

START_TEST(the_words_of_the_action_are_known)
{
	ck_assert_int_eq(dmarc_action_of(slice_str("mark")),
	    DMARC_ACTION_MARK);
	ck_assert_int_eq(dmarc_action_of(slice_str("hold")),
	    DMARC_ACTION_HOLD);
	ck_assert_int_eq(dmarc_action_of(slice_str("enforce")),
	    DMARC_ACTION_ENFORCE);
}
END_TEST

/* A message in a circle, and what the scanner says at the end. */
START_TEST(whoever_refuses_what_was_taken_on_has_it_held)
{
	struct verdict all, one;

	verdict_init(&all);
	verdict_init(&one);
	verdict_set(&one, VERDICT_REFUSE, 554, "5.7.1", "a virus");
	judge_add(&all, &one, refusals[_i].source);
	ck_assert_int_eq(all.action, refusals[_i].action);
	ck_assert_uint_eq(all.code, refusals[_i].code == 250 ? 250 : 554);
	ck_assert_str_eq(all.status, refusals[_i].code == 250 ? "2.0.0" :
	    "5.7.1");
	ck_assert_str_eq(all.reason, "a virus");
}
END_TEST

/* Nobody is to open it, whatever another one refused. */
START_TEST(what_is_quarantined_stays_so_when_it_cannot_be_refused)
{
	struct verdict all, one;

	for (int first = 0; first < 2; first++) {
		verdict_init(&all);
		for (int i = 0; i < 2; i++) {
			verdict_init(&one);
			if (i == first)
				verdict_set(&one, VERDICT_REFUSE, 550,
				    "5.7.1", "no");
			else
				verdict_set(&one, VERDICT_QUARANTINE, 250,
				    "2.0.0", "a virus");
			judge_add(&all, &one, SOURCE_FETCH);
		}
		ck_assert_int_eq(all.action, VERDICT_QUARANTINE);
		ck_assert_str_eq(all.reason, "a virus");
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/judge");
	TCase *tests = tcase_create("judge");

	tcase_add_loop_test(tests,
	    a_collected_message_is_held_where_others_are_refused, 0, 3);
	tcase_add_loop_test(tests, what_no_rule_meets_is_accepted, 0, 3);
	tcase_add_test(tests, no_rule_is_for_what_the_hub_has_made);
	tcase_add_test(tests, a_rule_sees_what_the_scanner_said);
	tcase_add_test(tests, a_rule_sees_what_the_host_called_itself);
	tcase_add_loop_test(tests,
	    what_a_domain_disowns_becomes_what_the_postmaster_has_set, 0,
	    (int)(sizeof(forged) / sizeof(forged[0])));
	tcase_add_loop_test(tests,
	    what_a_trusted_sealer_saw_pass_is_not_acted_on, 0,
	    (int)(sizeof(sealed) / sizeof(sealed[0])));
	tcase_add_test(tests, a_rule_sees_who_has_passed_it_on);
	tcase_add_test(tests, a_rule_sees_what_the_author_s_domain_asks_for);
	tcase_add_test(tests, the_words_of_the_action_are_known);
	tcase_add_loop_test(tests,
	    whoever_refuses_what_was_taken_on_has_it_held, 0, 3);
	tcase_add_test(tests,
	    what_is_quarantined_stays_so_when_it_cannot_be_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
