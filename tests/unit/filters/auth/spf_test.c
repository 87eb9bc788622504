/*
 * spf_test.c - may this host send mail for this domain?
 */
#include "filters/auth/spf.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "filters/auth/spf_record.h"
#include "lib/base/text.h"
#include "tests/unit/filters/auth/spf_cases.h"
#include "tests/unit/unit.h"

#define ZONE_ROWS	(sizeof(spf_zone) / sizeof(spf_zone[0]))
#define CASES		(sizeof(spf_cases) / sizeof(spf_cases[0]))

static const char *const kinds[DNS_KINDS] = {
	[DNS_A] = "A", [DNS_AAAA] = "AAAA", [DNS_MX] = "MX",
	[DNS_PTR] = "PTR", [DNS_TXT] = "TXT",
};

/* The record of a row, as DNS has it. */
static struct slice
record_of(const struct spf_zone *row, unsigned char address[16])
{
	if (strcmp(row->kind, "A") == 0) {
		ck_assert_int_eq(inet_pton(AF_INET, row->data, address), 1);
		return slice_of(address, 4);
	}
	if (strcmp(row->kind, "AAAA") == 0) {
		ck_assert_int_eq(inet_pton(AF_INET6, row->data, address), 1);
		return slice_of(address, 16);
	}
	return slice_of(row->data, strlen(row->data) +
	    (strcmp(row->kind, "TXT0") == 0));
}

static void
answer_from_zone(struct spf *spf, const struct dns_question *question)
{
	static unsigned char addresses[32][16];
	struct slice records[32];
	struct dns_answer answer = { .found = DNS_NOTHING,
	    .records = records };
	struct slice name = slice_str(question->name);

	for (size_t i = 0; i < ZONE_ROWS; i++) {
		const struct spf_zone *row = &spf_zone[i];

		if (!slice_is_nocase(name, slice_str(row->name)))
			continue;
		if (strcmp(row->kind, "LATER") == 0)
			answer.found = DNS_LATER;
		if (strncmp(row->kind, kinds[question->kind], question->kind ==
		    DNS_TXT ? 3 : 5) != 0)
			continue;
		records[answer.count] = record_of(row,
		    addresses[answer.count]);
		answer.count++;
		answer.found = DNS_FOUND;
	}
	spf_answer(spf, &answer);
}

static struct spf *
check(const char *address, const char *helo, const char *sender,
    unsigned *asked_out)
{
	const struct spf_options options = {
		.address = slice_str(address), .helo = slice_str(helo),
		.sender = slice_str(sender), .host = slice_str("hub.test"),
		.now_utc = 1700000000, .explains = true,
	};
	struct spf *spf = spf_new(&options);
	const struct dns_question *question;
	unsigned asked = 0;

	ck_assert_ptr_nonnull(spf);
	while ((question = spf_wants(spf)) != NULL) {
		ck_assert_uint_lt(asked++, SPF_QUESTIONS + 1);
		answer_from_zone(spf, question);
	}
	if (asked_out != NULL)
		*asked_out = asked;
	return spf;
}

static bool
is_one_of(const char *result, const char *wanted)
{
	struct slice rest = slice_str(wanted), one;

	while (slice_cut(&rest, '|', &one))
		if (slice_is_str(one, result))
			return true;
	return slice_is_str(rest, result);
}

START_TEST(each_case_of_the_rfc_has_its_result)
{
	const struct spf_case *one = &spf_cases[_i];
	struct spf *spf = check(one->address, one->helo, one->sender, NULL);
	const char *result = spf_result_code(spf_result(spf));

	ck_assert_msg(is_one_of(result, one->result), "%s: %s (%s), not %s",
	    one->sender, result, spf_problem(spf), one->result);
	ck_assert_str_eq(spf_explanation(spf), one->explanation);
	ck_assert_msg((spf_problem(spf)[0] != '\0') ==
	    (spf_result(spf) == SPF_PERMERROR ||
	    spf_result(spf) == SPF_TEMPERROR), "%s: %s", one->sender,
	    spf_problem(spf));
	spf_free(spf);
}
END_TEST

/* RFC 7208 4.6.4: who publishes a record does not send us on a long journey */
START_TEST(no_domain_costs_more_questions_than_the_limit)
{
	unsigned asked;

	spf_free(check("192.0.2.4", "mail.test", "x@l2.test", &asked));
	ck_assert_uint_le(asked, SPF_LOOKUPS + 1);
	spf_free(check("192.0.2.55", "mail.test", "x@l5.test", &asked));
	ck_assert_uint_le(asked, SPF_NAMES + 2);
}
END_TEST

START_TEST(what_nobody_answers_in_time_is_a_temporary_error)
{
	const struct spf_options options = {
		.address = slice_str("192.0.2.4"),
		.helo = slice_str("mail.test"),
		.sender = slice_str("x@plain.test"),
		.host = slice_str("hub.test"),
	};
	struct spf *spf = spf_new(&options);

	ck_assert_str_eq(spf_wants(spf)->name, "plain.test");
	spf_give_up(spf);
	ck_assert_ptr_null(spf_wants(spf));
	ck_assert_int_eq(spf_result(spf), SPF_TEMPERROR);
	spf_free(spf);
}
END_TEST

/* 6.2: who does not tell the sender has no use for what it costs */
START_TEST(an_explanation_is_asked_for_only_where_it_is_wanted)
{
	const struct spf_options options = {
		.address = slice_str("192.0.2.4"),
		.helo = slice_str("mail.test"),
		.sender = slice_str("x@plain.test"),
		.host = slice_str("hub.test"),
	};
	struct spf *spf = spf_new(&options);

	answer_from_zone(spf, spf_wants(spf));
	ck_assert_ptr_null(spf_wants(spf));
	ck_assert_int_eq(spf_result(spf), SPF_FAIL);
	ck_assert_str_eq(spf_explanation(spf), "");
	spf_free(spf);
	spf = check("192.0.2.4", "mail.test", "x@plain.test", NULL);
	ck_assert_str_eq(spf_explanation(spf), "x");
	spf_free(spf);
}
END_TEST

/* It came through a provider who takes such names. */
START_TEST(a_name_without_measure_has_no_policy)
{
	static char name[4000];
	unsigned asked;
	struct spf *spf;

	for (size_t i = 0; i + 1 < sizeof(name); i++)
		name[i] = i % 60 == 59 ? '.' : 'a';
	spf = check("192.0.2.4", name, "", &asked);
	ck_assert_int_eq(spf_result(spf), SPF_NONE);
	ck_assert_uint_eq(asked, 0);
	spf_free(spf);
	name[1] = '@';
	spf = check("192.0.2.4", "mail.test", name, &asked);
	ck_assert_int_eq(spf_result(spf), SPF_NONE);
	ck_assert_uint_eq(asked, 0);
	spf_free(spf);
}
END_TEST

/* A record that is larger than any honest one is no reason to read it. */
START_TEST(a_record_has_a_largest_size_and_number_of_terms)
{
	static struct spf_term terms[SPF_TERMS];
	TEXT_AUTO text = TEXT_INIT(SPF_RECORD_BYTES + 1);
	struct spf_record record;

	text_add_str(&text, "v=spf1");
	while (text.len < SPF_TERMS * 4 + 6)
		text_add_str(&text, " all");
	ck_assert_ptr_null(spf_record_read(text_slice(&text), terms, &record));
	ck_assert_uint_eq(record.count, SPF_TERMS);
	text_add_str(&text, " all");
	ck_assert_ptr_nonnull(spf_record_read(text_slice(&text), terms,
	    &record));
	text_clear(&text);
	text_add_str(&text, "v=spf1 all");
	while (text.len < SPF_RECORD_BYTES)
		text_add_byte(&text, ' ');
	ck_assert_ptr_null(spf_record_read(text_slice(&text), terms, &record));
	text_add_byte(&text, ' ');
	ck_assert_ptr_nonnull(spf_record_read(text_slice(&text), terms,
	    &record));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/auth/spf");
	TCase *tests = tcase_create("spf");

	tcase_add_loop_test(tests, each_case_of_the_rfc_has_its_result, 0,
	    (int)CASES);
	tcase_add_test(tests, no_domain_costs_more_questions_than_the_limit);
	tcase_add_test(tests, a_name_without_measure_has_no_policy);
	tcase_add_test(tests,
	    an_explanation_is_asked_for_only_where_it_is_wanted);
	tcase_add_test(tests,
	    what_nobody_answers_in_time_is_a_temporary_error);
	tcase_add_test(tests,
	    a_record_has_a_largest_size_and_number_of_terms);
	suite_add_tcase(suite, tests);
	return suite;
}
