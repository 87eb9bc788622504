/*
 * line_rate_test.c - how the line's bytes a second are shared out
 */
#include <limits.h>

#include "fetch/line.h"
#include "fetch/line_rate.h"
#include "lib/base/bucket.h"
#include "tests/unit/unit.h"

START_TEST(a_line_without_a_limit_is_nobodys_share)
{
	ck_assert_uint_eq(line_rate_share(LINE_RATE_FREE, 3), BUCKET_FREE);
	ck_assert_uint_eq(line_rate_share(LINE_RATE_FREE + 1, 3),
	    BUCKET_FREE);
	ck_assert_uint_eq(line_rate_share(10000, 0), BUCKET_FREE);
	ck_assert_uint_eq(line_rate_most(LINE_RATE_FREE), UINT_MAX);
}
END_TEST

/* Whatever the rate: what is granted is never more, unless it is a byte. */
START_TEST(the_shares_of_all_are_never_above_the_rate)
{
	static const uint64_t rates[] = { 1, 2, 1024, 4096, 8191, 8192,
	    100000, LINE_RATE_FREE - 1 };

	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		unsigned most = line_rate_most(rates[i]);

		ck_assert_uint_ge(most, 1);
		ck_assert(most == 1 || rates[i] / most >= LINE_SHARE_LEAST);
		for (unsigned running = 1; running <= 64; running++) {
			uint64_t share = line_rate_share(rates[i], running);

			ck_assert_uint_ge(share, 1);
			ck_assert(share == 1 || share * running <= rates[i]);
		}
	}
}
END_TEST

START_TEST(as_many_run_as_have_a_share_worth_having)
{
	ck_assert_uint_eq(line_rate_most(1024), 1);
	ck_assert_uint_eq(line_rate_most(2 * LINE_SHARE_LEAST - 1), 1);
	ck_assert_uint_eq(line_rate_most(2 * LINE_SHARE_LEAST), 2);
	ck_assert_uint_eq(line_rate_most(10 * LINE_SHARE_LEAST), 10);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("line_rate");
	TCase *all = tcase_create("all");

	tcase_add_test(all, a_line_without_a_limit_is_nobodys_share);
	tcase_add_test(all, the_shares_of_all_are_never_above_the_rate);
	tcase_add_test(all, as_many_run_as_have_a_share_worth_having);
	suite_add_tcase(suite, all);
	return suite;
}
