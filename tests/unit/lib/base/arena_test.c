/*
 * arena_test.c - memory with an owner whose life we can name
 */
#include <errno.h>
#include <stdalign.h>
#include <string.h>

#include "lib/base/arena.h"
#include "tests/unit/unit.h"

START_TEST(what_it_gives_is_zeroed_and_aligned)
{
	ARENA_AUTO arena = arena_new(1000000);

	for (size_t n = 0; n < 300; n++) {
		unsigned char *at = arena_alloc(arena, n);

		ck_assert_ptr_nonnull(at);
		ck_assert_uint_eq((uintptr_t)at % alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			ck_assert_uint_eq(at[i], 0);
		memset(at, 0xff, n);
	}
}
END_TEST

START_TEST(the_budget_is_what_can_be_had_and_no_more)
{
	ARENA_AUTO arena = arena_new(1024);

	ck_assert_uint_eq(arena_left(arena), 1024);
	ck_assert_ptr_null(arena_alloc(arena, 1025));
	ck_assert_ptr_nonnull(arena_alloc(arena, 1024));
	ck_assert_uint_eq(arena_left(arena), 0);
	ck_assert_ptr_null(arena_alloc(arena, 1));
	ck_assert_ptr_null(arena_alloc(arena, 0));
}
END_TEST

START_TEST(a_reset_gives_the_whole_budget_back_and_zeroes)
{
	ARENA_AUTO arena = arena_new(100000);

	for (int round = 0; round < 3; round++) {
		unsigned char *at;

		while ((at = arena_alloc(arena, 1000)) != NULL) {
			for (size_t i = 0; i < 1000; i++)
				ck_assert_uint_eq(at[i], 0);
			memset(at, 0xff, 1000);
		}
		arena_reset(arena);
		ck_assert_uint_eq(arena_left(arena), 100000);
	}
}
END_TEST

START_TEST(no_size_overflows)
{
	ARENA_AUTO arena = arena_new(SIZE_MAX);

	ck_assert_ptr_null(arena_alloc(arena, SIZE_MAX));
	ck_assert_ptr_null(arena_alloc(arena, SIZE_MAX - 3));
	ck_assert_ptr_null(arena_array(arena, SIZE_MAX / 2, 3));
	ck_assert_int_eq(arena_copy(arena, slice_of("", SIZE_MAX),
	    &(struct slice){ 0 }), -ENOBUFS);
	ck_assert_ptr_nonnull(arena_array(arena, 10, 10));
}
END_TEST

START_TEST(a_copy_is_its_own_and_ends_in_nul)
{
	ARENA_AUTO arena = arena_new(64);
	char from[] = "abc";
	struct slice copy = { 0 };

	ck_assert_int_eq(arena_copy(arena, slice_of(from, 3), &copy), 0);
	from[0] = 'x';
	ck_assert_str_eq(copy.at, "abc");
	ck_assert_uint_eq(copy.len, 3);
	ck_assert_int_eq(arena_copy(arena, slice_of(NULL, 0), &copy), 0);
	ck_assert_str_eq(copy.at, "");
	ck_assert_int_eq(arena_copy(arena, slice_of("0123456789012345678901234"
	    "567890123", 34), &copy), -ENOBUFS);
	ck_assert_uint_eq(copy.len, 0);
}
END_TEST

START_TEST(the_end_of_nothing_is_fine)
{
	arena_free(NULL);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("arena");
	TCase *tests = tcase_create("arena");

	tcase_add_test(tests, what_it_gives_is_zeroed_and_aligned);
	tcase_add_test(tests, the_budget_is_what_can_be_had_and_no_more);
	tcase_add_test(tests, a_reset_gives_the_whole_budget_back_and_zeroes);
	tcase_add_test(tests, no_size_overflows);
	tcase_add_test(tests, a_copy_is_its_own_and_ends_in_nul);
	tcase_add_test(tests, the_end_of_nothing_is_fine);
	suite_add_tcase(suite, tests);
	return suite;
}
