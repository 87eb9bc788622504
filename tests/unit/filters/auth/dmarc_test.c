/*
 * dmarc_test.c - is the domain in From one that vouches for the message?
 */
#include "filters/auth/dmarc.h"

#include <string.h>

#include "tests/unit/unit.h"

static const struct {
	const char		*text;
	bool			 is_read;
	struct dmarc_record	 record;
} records[] = {
	{ "v=DMARC1; p=reject", true, { .policy = DMARC_REJECT } },
	{ "v=DMARC1;p=none;sp=quarantine;np=reject;", true,
	    { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT, false, false,
	    DMARC_PSD_UNKNOWN, false } },
	{ "v=DMARC1 ; P = Reject ; adkim=s; aspf = S; psd=n; t=y", true,
	    { DMARC_REJECT, DMARC_UNSAID, DMARC_UNSAID, true, true,
	    DMARC_PSD_NO, true } },
	{ "v=DMARC1; p=quarantine; psd=y; fo=1; pct=20; x; =y", true,
	    { .policy = DMARC_QUARANTINE, .psd = DMARC_PSD_YES } },
	/* what is not understood counts as not there */
	{ "v=DMARC1; p=reject; adkim=x; psd=maybe; t=1", true,
	    { .policy = DMARC_REJECT } },
	/* 4.10.1: without a policy, but reports are asked for */
	{ "v=DMARC1; rua=mailto:r@a.test", true,
	    { .policy = DMARC_NONE, .below = DMARC_NONE,
	    .missing = DMARC_NONE } },
	{ "v=DMARC1; p=reject; sp=bogus; rua=x, mailto:r@a.test!10m", true,
	    { .policy = DMARC_NONE, .below = DMARC_NONE,
	    .missing = DMARC_NONE } },
	{ "v=DMARC1", false, { .policy = DMARC_UNSAID } },
	{ "v=DMARC1; p=bogus; rua=https://a.test", false,
	    { .policy = DMARC_UNSAID } },
	{ "v=DMARC1; p=none; np=bogus", false, { .policy = DMARC_UNSAID } },
};

/* RFC 9989 4.7 */
START_TEST(a_record_is_read_as_far_as_it_is_understood)
{
	struct dmarc_record record = { .policy = DMARC_UNSAID };
	const struct dmarc_record *wanted = &records[_i].record;

	ck_assert(dmarc_is_record(slice_str(records[_i].text)));
	ck_assert_int_eq(dmarc_record_read(slice_str(records[_i].text),
	    &record), records[_i].is_read);
	ck_assert_int_eq(record.policy, wanted->policy);
	ck_assert_int_eq(record.below, wanted->below);
	ck_assert_int_eq(record.missing, wanted->missing);
	ck_assert_int_eq(record.strict_dkim, wanted->strict_dkim);
	ck_assert_int_eq(record.strict_spf, wanted->strict_spf);
	ck_assert_int_eq(record.psd, wanted->psd);
	ck_assert_int_eq(record.is_test, wanted->is_test);
}
END_TEST

static const char *const no_records[] = {
	"", "p=reject", "v=DMARC2; p=reject", "v=dmarc1; p=reject",
	"V=DMARC1; p=reject", "p=reject; v=DMARC1", "v=DMARC1 p=reject",
	"v=spf1 -all", ";v=DMARC1",
};

START_TEST(what_does_not_begin_with_the_version_is_no_record)
{
	ck_assert(!dmarc_is_record(slice_str(no_records[_i])));
}
END_TEST

/* Names that exist besides are those with "A". */
static const struct {
	const char	*name, *kind, *data;
} zone[] = {
	{ "_dmarc.a.test", "TXT", "v=DMARC1; p=reject; sp=quarantine; "
	    "np=reject" },
	{ "mail.a.test", "A", "" },
	{ "_dmarc.own.a.test", "TXT", "v=DMARC1; p=none" },
	{ "_dmarc.strict.test", "TXT", "v=DMARC1; p=reject; adkim=s; aspf=s" },
	{ "_dmarc.tried.test", "TXT", "v=DMARC1; p=reject; t=y" },
	{ "_dmarc.two.test", "TXT", "v=DMARC1; p=reject" },
	{ "_dmarc.two.test", "TXT", "v=DMARC1; p=none" },
	{ "_dmarc.mixed.test", "TXT", "v=spf1 -all" },
	{ "_dmarc.mixed.test", "TXT", "v=DMARC1; p=quarantine" },
	/* a public suffix that speaks for those who say nothing */
	{ "_dmarc.bank", "TXT", "v=DMARC1; p=none; sp=quarantine; np=reject; "
	    "psd=y" },
	{ "_dmarc.safe.bank", "TXT", "v=DMARC1; p=reject" },
	{ "dull.bank", "A", "" },
	/* a part of a tree that is an organization of its own */
	{ "_dmarc.uni.test", "TXT", "v=DMARC1; p=reject" },
	{ "_dmarc.cs.uni.test", "TXT", "v=DMARC1; p=quarantine; psd=n" },
	{ "_dmarc.late.test", "LATER", "" },
	{ "_dmarc.h.i.deep.test", "TXT", "v=DMARC1; p=reject" },
	{ "_dmarc.b.c.d.e.f.g.h.i.deep.test", "TXT", "v=DMARC1; p=none" },
};

static void
answer(struct dmarc *dmarc)
{
	const struct dns_question *question = dmarc_wants(dmarc);
	struct slice found[4];
	struct dns_answer said = { .found = DNS_NOTHING, .records = found };
	const char *kind = question->kind == DNS_TXT ? "TXT" :
	    question->kind == DNS_A ? "A" : "-";

	for (size_t i = 0; i < sizeof(zone) / sizeof(zone[0]); i++) {
		if (!slice_is_nocase(slice_str(question->name),
		    slice_str(zone[i].name)))
			continue;
		if (strcmp(zone[i].kind, "LATER") == 0)
			said.found = DNS_LATER;
		if (strcmp(zone[i].kind, kind) == 0) {
			said.found = DNS_FOUND;
			found[said.count++] = slice_str(zone[i].data);
		}
	}
	dmarc_answer(dmarc, &said);
}

#define N	DMARC_UNSAID

static const struct {
	const char	*author, *spf, *dkim;
	enum dmarc_result result;
	enum dmarc_policy policy;
	const char	*where;
} cases[] = {
	{ "a.test", "a.test", "", DMARC_RESULT_PASS, DMARC_REJECT, "a.test" },
	{ "a.test", "", "A.Test", DMARC_RESULT_PASS, DMARC_REJECT, "a.test" },
	{ "a.test", "", "", DMARC_RESULT_FAIL, DMARC_REJECT, "a.test" },
	{ "a.test", "b.test", "ba.test", DMARC_RESULT_FAIL, DMARC_REJECT,
	    "a.test" },
	/* 4.9: the same organization, in either direction */
	{ "a.test", "mail.a.test", "", DMARC_RESULT_PASS, DMARC_REJECT,
	    "a.test" },
	{ "mail.a.test", "", "a.test", DMARC_RESULT_PASS, DMARC_QUARANTINE,
	    "a.test" },
	{ "mail.a.test", "", "other.a.test", DMARC_RESULT_PASS,
	    DMARC_QUARANTINE, "a.test" },
	/* 4.7: sp= is for names that exist, np= for those that do not */
	{ "mail.a.test", "", "", DMARC_RESULT_FAIL, DMARC_QUARANTINE,
	    "a.test" },
	{ "nobody.a.test", "", "", DMARC_RESULT_FAIL, DMARC_REJECT,
	    "a.test" },
	/* one's own record comes first */
	{ "own.a.test", "", "", DMARC_RESULT_FAIL, DMARC_NONE, "own.a.test" },
	{ "own.a.test", "", "a.test", DMARC_RESULT_PASS, DMARC_NONE,
	    "own.a.test" },
	{ "strict.test", "", "x.strict.test", DMARC_RESULT_FAIL,
	    DMARC_REJECT, "strict.test" },
	{ "strict.test", "x.strict.test", "", DMARC_RESULT_FAIL,
	    DMARC_REJECT, "strict.test" },
	{ "strict.test", "strict.test", "", DMARC_RESULT_PASS, DMARC_REJECT,
	    "strict.test" },
	{ "tried.test", "", "", DMARC_RESULT_FAIL, DMARC_QUARANTINE,
	    "tried.test" },
	/* 4.10: of two records none counts */
	{ "two.test", "", "", DMARC_RESULT_NONE, N, "" },
	{ "mixed.test", "", "", DMARC_RESULT_FAIL, DMARC_QUARANTINE,
	    "mixed.test" },
	{ "nowhere.test", "nowhere.test", "", DMARC_RESULT_NONE, N, "" },
	/* 4.10.2: below a public suffix begins an organization */
	{ "dull.bank", "", "", DMARC_RESULT_FAIL, DMARC_QUARANTINE, "bank" },
	{ "nobody.bank", "", "", DMARC_RESULT_FAIL, DMARC_REJECT, "bank" },
	{ "dull.bank", "", "bank", DMARC_RESULT_FAIL, DMARC_QUARANTINE,
	    "bank" },
	{ "dull.bank", "", "other.bank", DMARC_RESULT_FAIL,
	    DMARC_QUARANTINE, "bank" },
	{ "dull.bank", "", "mx.dull.bank", DMARC_RESULT_PASS,
	    DMARC_QUARANTINE, "bank" },
	{ "x.safe.bank", "", "safe.bank", DMARC_RESULT_PASS, DMARC_REJECT,
	    "safe.bank" },
	{ "safe.bank", "", "dull.bank", DMARC_RESULT_FAIL, DMARC_REJECT,
	    "safe.bank" },
	/* psd=n: it is one, whatever stands above it */
	{ "x.cs.uni.test", "", "uni.test", DMARC_RESULT_FAIL,
	    DMARC_QUARANTINE, "cs.uni.test" },
	{ "uni.test", "", "cs.uni.test", DMARC_RESULT_FAIL, DMARC_REJECT,
	    "uni.test" },
	{ "math.uni.test", "", "uni.test", DMARC_RESULT_PASS, DMARC_REJECT,
	    "uni.test" },
	/* nobody can say */
	{ "late.test", "late.test", "", DMARC_RESULT_TEMPERROR, N, "" },
	{ "x.late.test", "", "", DMARC_RESULT_TEMPERROR, N, "" },
	/* 4.10: of more than eight labels those on the left are passed by */
	{ "a.b.c.d.e.f.g.h.i.deep.test", "", "h.i.deep.test",
	    DMARC_RESULT_PASS, DMARC_REJECT, "h.i.deep.test" },
};

static struct dmarc *
begin(const char *author, const char *spf, const char *dkim)
{
	struct dmarc *dmarc = dmarc_new(author);

	ck_assert_ptr_nonnull(dmarc);
	dmarc_add_spf(dmarc, spf, true);
	dmarc_add_dkim(dmarc, dkim, true);
	dmarc_begin(dmarc);
	return dmarc;
}

START_TEST(the_tree_says_whose_word_counts_and_what_is_asked_for)
{
	struct dmarc *dmarc = begin(cases[_i].author, cases[_i].spf,
	    cases[_i].dkim);
	unsigned asked = 0;

	while (dmarc_wants(dmarc) != NULL) {
		ck_assert_uint_lt(asked++, DMARC_QUESTIONS);
		answer(dmarc);
	}
	ck_assert_msg(dmarc_result(dmarc) == cases[_i].result, "%s: %d",
	    cases[_i].author, dmarc_result(dmarc));
	ck_assert_msg(dmarc_policy(dmarc) == cases[_i].policy, "%s: %d",
	    cases[_i].author, dmarc_policy(dmarc));
	ck_assert_str_eq(dmarc_policy_domain(dmarc), cases[_i].where);
	dmarc_free(dmarc);
}
END_TEST

/* 4.10: at most eight questions up a tree, however long the name is */
START_TEST(a_long_name_costs_no_more_than_eight_questions)
{
	char name[242];
	struct dmarc *dmarc;
	unsigned asked = 0;

	/* 121 labels */
	for (unsigned i = 0; i < sizeof(name); i++)
		name[i] = i % 2 == 0 ? 'x' : '.';
	name[sizeof(name) - 1] = '\0';
	dmarc = begin(name, "", "");
	for (; dmarc_wants(dmarc) != NULL; asked++)
		answer(dmarc);
	ck_assert_uint_eq(asked, DMARC_WALK);
	ck_assert_int_eq(dmarc_result(dmarc), DMARC_RESULT_NONE);
	dmarc_free(dmarc);
}
END_TEST

/* Nobody could say whether a.test's signature is right. */
static const struct {
	const char	*sure, *unsure;
	enum dmarc_result result;
} unsure_cases[] = {
	{ "", "a.test", DMARC_RESULT_TEMPERROR },
	{ "", "x.a.test", DMARC_RESULT_TEMPERROR },
	{ "a.test", "a.test", DMARC_RESULT_PASS },
	{ "", "b.test", DMARC_RESULT_FAIL },
	{ "b.test", "late.test", DMARC_RESULT_FAIL },
};

START_TEST(what_would_vouch_and_is_not_known_leaves_it_open)
{
	struct dmarc *dmarc = dmarc_new("a.test");

	for (unsigned i = 0; i < 2 * DMARC_DOMAINS; i++)
		dmarc_add_dkim(dmarc, unsure_cases[_i].unsure, false);
	dmarc_add_spf(dmarc, unsure_cases[_i].sure, true);
	dmarc_begin(dmarc);
	while (dmarc_wants(dmarc) != NULL)
		answer(dmarc);
	ck_assert_int_eq(dmarc_result(dmarc), unsure_cases[_i].result);
	dmarc_free(dmarc);
}
END_TEST

START_TEST(what_nobody_answers_in_time_is_a_temporary_error)
{
	struct dmarc *dmarc = begin("a.test", "a.test", "");

	ck_assert_str_eq(dmarc_wants(dmarc)->name, "_dmarc.a.test");
	dmarc_give_up(dmarc);
	ck_assert_ptr_null(dmarc_wants(dmarc));
	ck_assert_int_eq(dmarc_result(dmarc), DMARC_RESULT_TEMPERROR);
	dmarc_free(dmarc);
}
END_TEST

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/auth/dmarc");
	TCase *tests = tcase_create("dmarc");

	tcase_add_loop_test(tests,
	    a_record_is_read_as_far_as_it_is_understood, 0, ROWS(records));
	tcase_add_loop_test(tests,
	    what_does_not_begin_with_the_version_is_no_record, 0,
	    ROWS(no_records));
	tcase_add_loop_test(tests,
	    the_tree_says_whose_word_counts_and_what_is_asked_for, 0,
	    ROWS(cases));
	tcase_add_loop_test(tests,
	    what_would_vouch_and_is_not_known_leaves_it_open, 0,
	    ROWS(unsure_cases));
	tcase_add_test(tests, a_long_name_costs_no_more_than_eight_questions);
	tcase_add_test(tests,
	    what_nobody_answers_in_time_is_a_temporary_error);
	suite_add_tcase(suite, tests);
	return suite;
}
