/*
 * judge_test.c - one message past every filter
 */
#include "filters/judge.h"

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
	struct judge_options options = { .hops = 50 };
	const struct envelope env = { .source = source,
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
	tcase_add_loop_test(tests,
	    whoever_refuses_what_was_taken_on_has_it_held, 0, 3);
	tcase_add_test(tests,
	    what_is_quarantined_stays_so_when_it_cannot_be_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
