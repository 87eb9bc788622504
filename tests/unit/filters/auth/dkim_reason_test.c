/*
 * dkim_reason_test.c - every reason has a result, a code and a sentence
 */
#include "filters/auth/dkim_reason.h"

#include <string.h>

#include "tests/unit/unit.h"

START_TEST(a_reason_is_said_in_one_way_only)
{
	enum dkim_reason reason = (enum dkim_reason)_i;
	const char *code = dkim_reason_code(reason);

	ck_assert_ptr_nonnull(code);
	ck_assert((dkim_reason_result(reason) == DKIM_UNDECIDED) ==
	    (reason == DKIM_AWAITED));
	ck_assert((dkim_reason_result(reason) == DKIM_PASS) ==
	    (reason == DKIM_VERIFIED));
	for (enum dkim_reason other = 0; other < reason; other++) {
		ck_assert_str_ne(code, dkim_reason_code(other));
		ck_assert_int_ne((int)dkim_reason_sentence(reason),
		    (int)dkim_reason_sentence(other));
	}
	/* no names or numbers go into it */
	for (unsigned l = 0; l < LANGUAGE_COUNT; l++)
		ck_assert_ptr_null(strchr(say(l,
		    dkim_reason_sentence(reason)), '%'));
}
END_TEST

/* RFC 8601 2.7.1 */
START_TEST(results_have_the_words_of_the_standard)
{
	ck_assert_str_eq(dkim_result_code(DKIM_UNDECIDED), "none");
	ck_assert_str_eq(dkim_result_code(DKIM_PASS), "pass");
	ck_assert_str_eq(dkim_result_code(DKIM_FAIL), "fail");
	ck_assert_str_eq(dkim_result_code(DKIM_NEUTRAL), "neutral");
	ck_assert_str_eq(dkim_result_code(DKIM_POLICY), "policy");
	ck_assert_str_eq(dkim_result_code(DKIM_PERMERROR), "permerror");
	ck_assert_str_eq(dkim_result_code(DKIM_TEMPERROR), "temperror");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/auth/dkim_reason");
	TCase *tests = tcase_create("dkim_reason");

	tcase_add_loop_test(tests, a_reason_is_said_in_one_way_only, 0,
	    DKIM_REASON_COUNT);
	tcase_add_test(tests, results_have_the_words_of_the_standard);
	suite_add_tcase(suite, tests);
	return suite;
}
