/*
 * line_counts_test.c - what the line has carried, added up and told
 */
#include <string.h>

#include "policy/line_counts.h"
#include "tests/unit/unit.h"

/* Each figure another one. */
static struct line_counts
some(uint64_t from)
{
	struct line_counts counts;

	for (unsigned i = 0; i < LINE_CAUSES; i++) {
		counts.carried[i].received = from++;
		counts.carried[i].sent = from++;
		counts.moved[i] = from++;
	}
	for (unsigned i = 0; i < LINE_SAVINGS; i++) {
		counts.saved[i].bytes = from++;
		counts.saved[i].messages = from++;
	}
	return counts;
}

START_TEST(they_add_up_and_are_taken_apart_again)
{
	struct line_counts one = some(1), two = some(1000), sum = one, back;

	line_counts_add(&sum, &two);
	ck_assert_uint_eq(sum.carried[LINE_LISTING].received, 4 + 1003);
	back = line_counts_since(&sum, &one);
	ck_assert_mem_eq(&back, &two, sizeof(two));
	/* nothing is less than 0, whoever begins anew */
	back = line_counts_since(&one, &two);
	ck_assert(line_counts_are_none(&back));
}
END_TEST

START_TEST(any_figure_alone_is_some)
{
	struct line_counts counts = { 0 };
	uint64_t *figures = (uint64_t *)&counts;

	ck_assert(line_counts_are_none(&counts));
	for (size_t i = 0; i < sizeof(counts) / sizeof(*figures); i++) {
		figures[i] = 1;
		ck_assert(!line_counts_are_none(&counts));
		figures[i] = 0;
	}
}
END_TEST

START_TEST(what_is_carried_is_both_ways_and_what_is_saved_is_bytes)
{
	struct line_counts counts = { 0 };

	counts.carried[LINE_SESSION].received = 1;
	counts.carried[LINE_ETRN].sent = 10;
	counts.carried[LINE_MAIL].received = 100;
	counts.saved[LINE_SKIPPED].bytes = 7;
	counts.saved[LINE_DEFERRED].bytes = 70;
	counts.saved[LINE_DEFERRED].messages = 1;
	ck_assert_uint_eq(line_counts_carried(&counts), 111);
	ck_assert_uint_eq(line_counts_saved(&counts), 77);
}
END_TEST

START_TEST(as_bytes_and_back)
{
	TEXT_AUTO text = TEXT_INIT(LINE_COUNTS_BYTES);
	struct line_counts counts = some(1 << 20), back;
	struct unpack u;

	line_counts_pack(&text, &counts);
	ck_assert(!text_failed(&text));
	ck_assert_uint_eq(text.len, LINE_COUNTS_BYTES);
	u = unpack_of(text_slice(&text));
	back = line_counts_unpack(&u);
	ck_assert(unpack_is_done(&u));
	ck_assert_mem_eq(&back, &counts, sizeof(counts));
	for (size_t n = 0; n < text.len; n++) {
		u = unpack_of(slice_first(text_slice(&text), n));
		(void)line_counts_unpack(&u);
		ck_assert(u.bad);
	}
}
END_TEST

/* So that no sum of all of them ever runs over. */
START_TEST(a_figure_that_no_line_carries_is_refused)
{
	struct line_counts counts = { 0 };
	uint64_t *figures = (uint64_t *)&counts;
	TEXT_AUTO text = TEXT_INIT(LINE_COUNTS_BYTES);
	struct unpack u;

	for (size_t i = 0; i < sizeof(counts) / sizeof(*figures); i++) {
		for (unsigned more = 0; more < 2; more++) {
			figures[i] = INT64_MAX / 64 + more;
			text_clear(&text);
			line_counts_pack(&text, &counts);
			u = unpack_of(text_slice(&text));
			(void)line_counts_unpack(&u);
			ck_assert_int_eq(u.bad, more == 1);
		}
		figures[i] = 0;
	}
}
END_TEST

START_TEST(each_has_a_word_of_its_own)
{
	for (unsigned i = 0; i < LINE_CAUSES; i++)
		for (unsigned k = 0; k < i; k++)
			ck_assert_str_ne(line_cause_code(i),
			    line_cause_code(k));
	for (unsigned i = 0; i < LINE_SAVINGS; i++)
		for (unsigned k = 0; k < i; k++)
			ck_assert_str_ne(line_saving_code(i),
			    line_saving_code(k));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("line_counts");
	TCase *all = tcase_create("all");

	tcase_add_test(all, they_add_up_and_are_taken_apart_again);
	tcase_add_test(all, any_figure_alone_is_some);
	tcase_add_test(all,
	    what_is_carried_is_both_ways_and_what_is_saved_is_bytes);
	tcase_add_test(all, as_bytes_and_back);
	tcase_add_test(all, a_figure_that_no_line_carries_is_refused);
	tcase_add_test(all, each_has_a_word_of_its_own);
	suite_add_tcase(suite, all);
	return suite;
}
