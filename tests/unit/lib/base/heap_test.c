/*
 * heap_test.c - what is due next, of very many things
 */
#include "lib/base/heap.h"

#include <stdlib.h>

#include "tests/unit/unit.h"

#define MANY	1000

static struct heap_entry entries[MANY];

START_TEST(whatever_goes_in_comes_out_in_order)
{
	struct heap heap = { 0 };
	uint64_t last = 0;

	srandom(1);
	for (size_t i = 0; i < MANY; i++) {
		entries[i] = (struct heap_entry){ 0 };
		ck_assert_int_eq(heap_put(&heap, &entries[i],
		    (uint64_t)random() % 500), 0);
	}
	/* some are moved, some taken out of the middle */
	for (size_t i = 0; i < MANY; i += 3)
		ck_assert_int_eq(heap_put(&heap, &entries[i],
		    (uint64_t)random() % 500), 0);
	for (size_t i = 0; i < MANY; i += 7) {
		heap_take(&heap, &entries[i]);
		ck_assert(!heap_has(&entries[i]));
		heap_take(&heap, &entries[i]);
	}
	ck_assert_uint_eq(heap.count, MANY - (MANY + 6) / 7);
	for (struct heap_entry *first; (first = heap_first(&heap)) != NULL; ) {
		ck_assert_uint_ge(first->key, last);
		last = first->key;
		heap_take(&heap, first);
	}
	heap_free(&heap);
}
END_TEST

START_TEST(an_empty_one_has_no_first)
{
	struct heap heap = { 0 };

	ck_assert_ptr_null(heap_first(&heap));
	entries[0] = (struct heap_entry){ 0 };
	ck_assert_int_eq(heap_put(&heap, &entries[0], 5), 0);
	ck_assert_ptr_eq(heap_first(&heap), &entries[0]);
	heap_take(&heap, &entries[0]);
	ck_assert_ptr_null(heap_first(&heap));
	heap_free(&heap);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("heap");
	TCase *tests = tcase_create("heap");

	tcase_add_test(tests, whatever_goes_in_comes_out_in_order);
	tcase_add_test(tests, an_empty_one_has_no_first);
	suite_add_tcase(suite, tests);
	return suite;
}
