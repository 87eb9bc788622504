/*
 * login_cache_test.c - only the password that was right is taken, and not for
 * long
 */
#include <stdio.h>

#include "policy/login_cache.h"
#include "tests/unit/unit.h"

static const struct slice right = SLICE("correct horse");

START_TEST(the_same_login_is_known_for_five_minutes)
{
	struct login_cache *cache = login_cache_new();

	ck_assert(!login_cache_has(cache, 1, "$y$a", right, 10));
	login_cache_add(cache, 1, "$y$a", right, 10);
	ck_assert(login_cache_has(cache, 1, "$y$a", right, 10));
	ck_assert(login_cache_has(cache, 1, "$y$a", right,
	    10 + LOGIN_CACHE_MS - 1));
	ck_assert(!login_cache_has(cache, 1, "$y$a", right,
	    10 + LOGIN_CACHE_MS));
	login_cache_free(cache);
}
END_TEST

START_TEST(another_account_hash_or_password_is_not_known)
{
	struct login_cache *cache = login_cache_new();

	login_cache_add(cache, 1, "$y$a", right, 10);
	ck_assert(!login_cache_has(cache, 2, "$y$a", right, 10));
	ck_assert(!login_cache_has(cache, 1, "$y$b", right, 10));
	ck_assert(!login_cache_has(cache, 1, "$y$a",
	    slice_str("correct hors"), 10));
	ck_assert(!login_cache_has(cache, 1, "$y$a", slice_str(""), 10));
	/* nobody's empty hash is never remembered */
	login_cache_add(cache, 3, "", right, 10);
	ck_assert(!login_cache_has(cache, 3, "", right, 10));
	login_cache_free(cache);
}
END_TEST

START_TEST(a_full_cache_loses_the_oldest)
{
	struct login_cache *cache = login_cache_new();

	for (uint64_t i = 1; i <= LOGIN_CACHE_ENTRIES; i++)
		login_cache_add(cache, i, "$y$a", right, 10);
	login_cache_add(cache, 1, "$y$a", right, 11);
	login_cache_add(cache, 9999, "$y$a", right, 11);
	ck_assert(login_cache_has(cache, 1, "$y$a", right, 11));
	ck_assert(!login_cache_has(cache, 2, "$y$a", right, 11));
	ck_assert(login_cache_has(cache, 3, "$y$a", right, 11));
	ck_assert(login_cache_has(cache, 9999, "$y$a", right, 11));
	login_cache_free(cache);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/login_cache");
	TCase *tests = tcase_create("login_cache");

	tcase_add_test(tests, the_same_login_is_known_for_five_minutes);
	tcase_add_test(tests, another_account_hash_or_password_is_not_known);
	tcase_add_test(tests, a_full_cache_loses_the_oldest);
	suite_add_tcase(suite, tests);
	return suite;
}
