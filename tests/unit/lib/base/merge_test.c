/*
 * merge_test.c - numbers put in order, some at a time
 */
#include <stdlib.h>

#include "lib/base/merge.h"
#include "tests/unit/unit.h"

#define MOST	1000

/* Numbers are compared without their last digit. */
static int
by_tens(void *arg, uint32_t a, uint32_t b)
{
	size_t *calls = arg;

	(*calls)++;
	return a / 10 < b / 10 ? -1 : a / 10 > b / 10;
}

static const size_t counts[] = { 0, 1, 2, 3, 7, 8, 9, 63, 64, 65, 999, MOST };
static const size_t steps[] = { 1, 2, 3, 100, 100000 };

static void
sort_some(size_t count, size_t step)
{
	uint32_t items[MOST + 1], spare[MOST + 1], last[10000] = { 0 };
	struct merge merge;
	size_t calls = 0, before;
	uint32_t *sorted;

	srandom((unsigned)count);
	for (size_t i = 0; i < count; i++)
		items[i] = (uint32_t)(random() % 300) * 10 +
		    (uint32_t)(i * 10 / MOST);
	merge_begin(&merge, items, spare, count, by_tens, &calls);
	do {
		before = calls;
	} while (!merge_step(&merge, step) && calls - before <= step);
	ck_assert_uint_le(calls - before, step);
	sorted = merge_items(&merge);
	for (size_t i = 1; i < count; i++)
		ck_assert(sorted[i - 1] / 10 <= sorted[i] / 10);
	/* the last digits ascend in the order in which they came */
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_le(last[sorted[i] / 10], sorted[i] % 10);
		last[sorted[i] / 10] = sorted[i] % 10;
	}
}

START_TEST(a_list_is_in_order_and_equals_keep_theirs)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		sort_some(counts[_i], steps[i]);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("merge");
	TCase *t = tcase_create("merge");

	tcase_add_loop_test(t, a_list_is_in_order_and_equals_keep_theirs, 0,
	    (int)(sizeof(counts) / sizeof(*counts)));
	suite_add_tcase(s, t);
	return s;
}
