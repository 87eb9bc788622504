/*
 * virus_test.c - what is asked of the scan role, what it answers, what follows
 */
#include <errno.h>
#include <string.h>

#include "filters/virus.h"
#include "tests/unit/unit.h"

static struct scan_answer
answer_of(enum scan_result result)
{
	return scan_answer_of(result, result == SCAN_VIRUS ? "Some-Virus" : "",
	    "%s", result == SCAN_CLEAN ? "" : "why");
}

START_TEST(an_answer_comes_out_as_it_went_in)
{
	TEXT_AUTO text = TEXT_INIT(SCAN_ANSWER_MAX);
	struct scan_answer in = answer_of((enum scan_result)_i), out;

	packed_add(&in.packed, slice_str("a/b.exe"));
	scan_answer_pack(&text, &in);
	ck_assert_int_eq(scan_answer_unpack(text_slice(&text), &out), 0);
	ck_assert_int_eq(out.result, in.result);
	ck_assert_str_eq(out.name, in.name);
	ck_assert_str_eq(out.words, in.words);
	ck_assert_uint_eq(out.packed.len, in.packed.len);
	for (size_t len = 0; len < text.len; len++)
		ck_assert_int_eq(scan_answer_unpack(slice_first(
		    text_slice(&text), len), &out), -EBADMSG);
	text_add_byte(&text, 0);
	ck_assert_int_eq(scan_answer_unpack(text_slice(&text), &out),
	    -EBADMSG);
}
END_TEST

static void
pack_by_hand(struct text *text, unsigned result, unsigned also,
    const char *name, const char *words)
{
	pack_u8(text, (uint8_t)result);
	pack_u16(text, (uint16_t)also);
	pack_slice(text, slice_str(name));
	pack_slice(text, slice_str(words));
	pack_u8(text, PACKED_NONE);
	pack_u8(text, false);
	pack_slice(text, slice_of(NULL, 0));
}

START_TEST(an_answer_that_cannot_be_is_none)
{
	static const struct {
		unsigned	 result, also;
		const char	*name, *words;
	} rows[] = {
		{ SCAN_RESULTS, 0, "", "" },
		{ 255, 0, "", "" },
		{ SCAN_CLEAN, 0, "Virus", "" },
		{ SCAN_CLEAN, 0, "", "but" },
		{ SCAN_CLEAN, 1u << SCAN_BROKEN, "", "" },
		{ SCAN_VIRUS, 0, "", "why" },
		{ SCAN_VIRUS, 0, "a\r\nb", "why" },
		{ SCAN_TOO_MUCH, 0, "", "a\nb" },
		{ SCAN_TOO_MUCH, 0, "", "\303\251" },
		{ SCAN_TOO_MUCH, 1u << SCAN_TOO_MUCH, "", "twice" },
		{ SCAN_TOO_MUCH, 1u << SCAN_CLEAN, "", "clean, too" },
		{ SCAN_TOO_MUCH, 1u << SCAN_RESULTS, "", "unheard of" },
	};
	TEXT_AUTO text = TEXT_INIT(SCAN_ANSWER_MAX);
	struct scan_answer out = { .result = SCAN_BROKEN };

	pack_by_hand(&text, rows[_i].result, rows[_i].also, rows[_i].name, rows[_i].words);
	ck_assert_int_eq(scan_answer_unpack(text_slice(&text), &out),
	    -EBADMSG);
	ck_assert_int_eq(out.result, SCAN_BROKEN);
}
END_TEST

START_TEST(an_answer_is_cut_and_printable)
{
	char longer[1000];
	struct scan_answer answer;
	TEXT_AUTO text = TEXT_INIT(SCAN_ANSWER_MAX);

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	longer[3] = '\n';
	answer = scan_answer_of(SCAN_VIRUS, longer, "%s", longer);
	ck_assert_uint_eq(strlen(answer.name), SCAN_NAME_MAX);
	ck_assert_uint_eq(strlen(answer.words), SCAN_WORDS_MAX);
	ck_assert_int_eq(answer.name[3], '?');
	ck_assert_int_eq(answer.words[3], '?');
	scan_answer_pack(&text, &answer);
	ck_assert(!text_failed(&text));
	ck_assert_int_eq(scan_answer_unpack(text_slice(&text), &answer), 0);
}
END_TEST

START_TEST(of_two_looks_the_worse_counts)
{
	static const enum scan_result order[] = {
		SCAN_VIRUS, SCAN_NOT_SCANNED, SCAN_UNSCANNABLE,
		SCAN_ENCRYPTED, SCAN_TOO_LONG, SCAN_BROKEN, SCAN_TOO_MUCH,
		SCAN_CLEAN
	};

	for (int i = 0; i < SCAN_RESULTS; i++)
		for (int k = 0; k < SCAN_RESULTS; k++) {
			struct scan_answer a = answer_of(order[i]);
			struct scan_answer b = answer_of(order[k]);
			int lighter = i < k ? k : i;

			scan_answer_add(&a, &b);
			ck_assert_int_eq(a.result, order[i < k ? i : k]);
			ck_assert_uint_eq(a.also, i == k ||
			    order[lighter] == SCAN_CLEAN ? 0 :
			    1u << order[lighter]);
		}
}
END_TEST

/* A bomb beside an encrypted file is a bomb, whatever may be encrypted. */
START_TEST(of_all_results_the_severest_policy_counts)
{
	struct virus_policy policy = virus_default_policy;
	struct scan_answer answer = scan_answer_of(SCAN_ENCRYPTED,
	    "Heuristics.Encrypted.Zip", "why");
	struct scan_answer bomb = answer_of(SCAN_TOO_MUCH);
	struct verdict verdict;

	policy.action[SCAN_ENCRYPTED] = VERDICT_MARK;
	virus_judge(&answer, &policy, &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_MARK);
	scan_answer_add(&answer, &bomb);
	virus_judge(&answer, &policy, &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_HOLD);
	ck_assert_str_eq(verdict.reason,
	    "the message is too much to scan to its end");
	ck_assert_str_eq(verdict.lines[0].value,
	    "encrypted (Heuristics.Encrypted.Zip), too much");
	policy.action[SCAN_TOO_MUCH] = VERDICT_REFUSE;
	virus_judge(&answer, &policy, &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_REFUSE);
	ck_assert_uint_eq(verdict.code, 554);
}
END_TEST

START_TEST(the_default_policy_passes_only_what_is_clean)
{
	static const struct {
		enum verdict_action	action;
		unsigned		code;
	} want[SCAN_RESULTS] = {
		[SCAN_CLEAN] = { VERDICT_ACCEPT, 250 },
		[SCAN_VIRUS] = { VERDICT_QUARANTINE, 250 },
		[SCAN_ENCRYPTED] = { VERDICT_HOLD, 250 },
		[SCAN_BROKEN] = { VERDICT_HOLD, 250 },
		[SCAN_TOO_MUCH] = { VERDICT_HOLD, 250 },
		[SCAN_TOO_LONG] = { VERDICT_HOLD, 250 },
		[SCAN_UNSCANNABLE] = { VERDICT_HOLD, 250 },
		[SCAN_NOT_SCANNED] = { VERDICT_DEFER, 451 },
	};
	struct scan_answer answer = answer_of((enum scan_result)_i);
	TEXT_AUTO text = TEXT_INIT(VERDICT_PACKED_MAX);
	struct verdict verdict, out;

	virus_judge(&answer, &virus_default_policy, &verdict);
	ck_assert_int_eq(verdict.action, want[_i].action);
	ck_assert_uint_eq(verdict.code, want[_i].code);
	ck_assert_uint_eq(verdict.line_count, _i == SCAN_CLEAN ? 0 : 1);
	/* the queue reads it again: action, code and status fit */
	verdict_pack(&text, &verdict);
	ck_assert_int_eq(verdict_unpack(text_slice(&text), &out), 0);
}
END_TEST

#define SUSPECT	(1u << VERDICT_HOLD | 1u << VERDICT_REFUSE | \
		1u << VERDICT_QUARANTINE | 1u << VERDICT_MARK)

START_TEST(a_policy_is_what_it_may_be)
{
	static const struct {
		enum scan_result	result;
		unsigned		may;
		enum verdict_action	otherwise;
	} rows[] = {
		{ SCAN_VIRUS, 1u << VERDICT_QUARANTINE | 1u << VERDICT_REFUSE,
		    VERDICT_QUARANTINE },
		{ SCAN_ENCRYPTED, SUSPECT, VERDICT_HOLD },
		{ SCAN_BROKEN, SUSPECT, VERDICT_HOLD },
		{ SCAN_TOO_MUCH, SUSPECT, VERDICT_HOLD },
		{ SCAN_TOO_LONG, SUSPECT, VERDICT_HOLD },
		{ SCAN_UNSCANNABLE, SUSPECT, VERDICT_HOLD },
		{ SCAN_NOT_SCANNED, 1u << VERDICT_HOLD | 1u << VERDICT_DEFER |
		    1u << VERDICT_MARK, VERDICT_DEFER },
	};

	for (unsigned action = 0; action <= VERDICT_ACTIONS; action++) {
		enum verdict_action one = (enum verdict_action)action;
		struct virus_policy policy;
		struct scan_answer answer = answer_of(rows[_i].result);
		TEXT_AUTO text = TEXT_INIT(VERDICT_PACKED_MAX);
		struct verdict verdict, out;

		for (int i = 0; i < SCAN_RESULTS; i++)
			policy.action[i] = one;
		virus_judge(&answer, &policy, &verdict);
		ck_assert_int_eq(verdict.action,
		    (rows[_i].may & 1u << action) != 0 ? one :
		    rows[_i].otherwise);
		ck_assert_uint_eq(verdict.line_count, 1);
		verdict_pack(&text, &verdict);
		ck_assert_int_eq(verdict_unpack(text_slice(&text), &out), 0);
	}
}
END_TEST

START_TEST(the_reason_is_a_sentence)
{
	struct scan_answer answer = scan_answer_of(SCAN_VIRUS, "Win.Test-1",
	    "a virus was found");
	struct verdict verdict;

	virus_judge(&answer, &virus_default_policy, &verdict);
	ck_assert_str_eq(verdict.reason,
	    "the message carries a virus (Win.Test-1)");
	ck_assert_str_eq(verdict.lines[0].name, "X-Postroom-Virus");
	ck_assert_str_eq(verdict.lines[0].value, "virus (Win.Test-1)");
	answer = scan_answer_of(SCAN_NOT_SCANNED, "",
	    "no signatures are configured");
	virus_judge(&answer, &virus_default_policy, &verdict);
	ck_assert_str_eq(verdict.reason, "the message could not be scanned "
	    "for viruses (no signatures are configured)");
	ck_assert_str_eq(verdict.status, "4.7.1");
	ck_assert_str_eq(verdict.lines[0].value,
	    "not scanned (no signatures are configured)");
}
END_TEST

START_TEST(a_status_comes_out_as_it_went_in)
{
	const struct scan_status in = {
		.state = SCAN_READY, .signatures = 8000000,
		.newest_utc_s = 1700000000, .workers = 2, .scanned = 70,
		.failed = 3, .words = "a file is broken"
	};
	TEXT_AUTO text = TEXT_INIT(SCAN_PACKED_MAX);
	TEXT_AUTO line = TEXT_INIT(1024);
	struct scan_status out;

	scan_status_pack(&text, &in);
	ck_assert_int_eq(scan_status_unpack(text_slice(&text), &out), 0);
	ck_assert_uint_eq(out.signatures, in.signatures);
	ck_assert_int_eq(out.newest_utc_s, in.newest_utc_s);
	ck_assert_str_eq(out.words, in.words);
	for (size_t len = 0; len < text.len; len++)
		ck_assert_int_eq(scan_status_unpack(slice_first(
		    text_slice(&text), len), &out), -EBADMSG);
	scan_status_say(&line, LANGUAGE_EN, &in, 1700000000 + 3 * 86400, 4);
	ck_assert(slice_is_str(text_slice(&line), "8000000 "
	    "signatures, the newest 3 days old; 70 messages scanned, 3 could "
	    "not be. Last fault: a file is broken."));
}
END_TEST

/* One second before its day is over, and then. */
START_TEST(old_signatures_are_said)
{
	const struct scan_status status = {
		.state = SCAN_READY, .signatures = 1, .newest_utc_s = 1000
	};
	const struct scan_status unknown = { .state = SCAN_READY };
	TEXT_AUTO young = TEXT_INIT(1024);
	TEXT_AUTO old = TEXT_INIT(1024);

	ck_assert_uint_eq(scan_status_days(&unknown, 86400 * 1000), 0);
	ck_assert_uint_eq(scan_status_days(&status, 0), 0);
	ck_assert_uint_eq(scan_status_days(&status, 1000 + 7 * 86400 - 1), 6);
	scan_status_say(&young, LANGUAGE_EN, &status, 1000 + 7 * 86400 - 1, 7);
	scan_status_say(&old, LANGUAGE_EN, &status, 1000 + 7 * 86400, 7);
	ck_assert_uint_eq(slice_find_str(text_slice(&young), "too old"),
	    SIZE_MAX);
	ck_assert_uint_ne(slice_find_str(text_slice(&old),
	    "too old (7 days or more)"), SIZE_MAX);
}
END_TEST

/* By default an office's documents pass; nobody makes a policy of "later". */
START_TEST(macros_are_what_the_postmaster_says)
{
	static const struct {
		enum verdict_action	policy, action;
		size_t			lines;
	} rows[] = {
		{ VERDICT_ACCEPT, VERDICT_ACCEPT, 0 },
		{ VERDICT_MARK, VERDICT_MARK, 1 },
		{ VERDICT_HOLD, VERDICT_HOLD, 1 },
		{ VERDICT_QUARANTINE, VERDICT_QUARANTINE, 1 },
		{ VERDICT_REFUSE, VERDICT_REFUSE, 1 },
		{ VERDICT_DEFER, VERDICT_ACCEPT, 0 },
		{ VERDICT_ACTIONS, VERDICT_ACCEPT, 0 },
	};
	struct virus_policy policy = virus_default_policy;
	struct scan_answer answer = answer_of(SCAN_CLEAN);
	struct verdict verdict;

	ck_assert_int_eq(policy.macros, VERDICT_ACCEPT);
	policy.macros = rows[_i].policy;
	virus_judge(&answer, &policy, &verdict);
	ck_assert_int_eq(verdict.action, VERDICT_ACCEPT);
	answer.packed.macros = PACKED_MACROS;
	virus_judge(&answer, &policy, &verdict);
	ck_assert_int_eq(verdict.action, rows[_i].action);
	ck_assert_uint_eq(verdict.line_count, rows[_i].lines);
	if (rows[_i].lines == 0)
		return;
	ck_assert_str_eq(verdict.lines[0].name, "X-Postroom-Macros");
	ck_assert_str_eq(verdict.reason, "a document in it has macros");
	/* a virus stays what it is */
	answer.result = SCAN_VIRUS;
	virus_judge(&answer, &policy, &verdict);
	ck_assert_int_eq(verdict.action, rows[_i].action == VERDICT_REFUSE ?
	    VERDICT_REFUSE : VERDICT_QUARANTINE);
	ck_assert_uint_eq(verdict.line_count, 2);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("virus");
	TCase *tcase = tcase_create("virus");

	tcase_add_loop_test(tcase, an_answer_comes_out_as_it_went_in, 0,
	    SCAN_RESULTS);
	tcase_add_loop_test(tcase, an_answer_that_cannot_be_is_none, 0, 12);
	tcase_add_test(tcase, an_answer_is_cut_and_printable);
	tcase_add_test(tcase, of_two_looks_the_worse_counts);
	tcase_add_loop_test(tcase, the_default_policy_passes_only_what_is_clean,
	    0, SCAN_RESULTS);
	tcase_add_loop_test(tcase, a_policy_is_what_it_may_be, 0, 7);
	tcase_add_test(tcase, of_all_results_the_severest_policy_counts);
	tcase_add_loop_test(tcase, macros_are_what_the_postmaster_says, 0, 7);
	tcase_add_test(tcase, the_reason_is_a_sentence);
	tcase_add_test(tcase, a_status_comes_out_as_it_went_in);
	tcase_add_test(tcase, old_signatures_are_said);
	suite_add_tcase(suite, tcase);
	return suite;
}
