/*
 * session_cache_test.c - sessions of TLS are kept for a while, and no more than
 * so many
 */
#include "lib/base/loop.h"
#include "policy/session_cache.h"
#include "tests/unit/unit.h"

static struct session_cache *cache;

static void
setup(void)
{
	cache = session_cache_new();
	ck_assert_ptr_nonnull(cache);
}

static void
teardown(void)
{
	session_cache_free(cache);
}

static bool
has(uint64_t id, const char *words)
{
	return slice_is_str(session_cache_get(cache, id), words);
}

START_TEST(each_account_has_its_own_and_the_newest)
{
	ck_assert(has(1, ""));
	session_cache_put(cache, 1, slice_str("one"));
	session_cache_put(cache, 2, slice_str("two"));
	ck_assert(has(1, "one"));
	ck_assert(has(2, "two"));
	session_cache_put(cache, 1, slice_str("another"));
	ck_assert(has(1, "another"));
	session_cache_put(cache, 1, slice_str(""));
	ck_assert(has(1, ""));
	ck_assert(has(2, "two"));
	ck_assert_uint_eq(session_cache_count(cache), 1);
}
END_TEST

START_TEST(one_that_is_too_long_is_not_kept)
{
	static char longer[TALK_SESSION_BYTES + 1];

	session_cache_put(cache, 1, slice_str("one"));
	session_cache_put(cache, 1, slice_of(longer, sizeof(longer)));
	ck_assert(has(1, ""));
	session_cache_put(cache, 1, slice_of(longer, sizeof(longer) - 1));
	ck_assert_uint_eq(session_cache_get(cache, 1).len,
	    TALK_SESSION_BYTES);
}
END_TEST

START_TEST(the_oldest_makes_room_for_another)
{
	for (uint64_t id = 1; id <= SESSION_CACHE_ENTRIES; id++)
		session_cache_put(cache, id, slice_str("s"));
	/* the first one is renewed: the second is the oldest now */
	session_cache_put(cache, 1, slice_str("new"));
	ck_assert_uint_eq(session_cache_count(cache), SESSION_CACHE_ENTRIES);
	session_cache_put(cache, SESSION_CACHE_ENTRIES + 1, slice_str("s"));
	ck_assert_uint_eq(session_cache_count(cache), SESSION_CACHE_ENTRIES);
	ck_assert(has(1, "new"));
	ck_assert(has(2, ""));
	ck_assert(has(3, "s"));
}
END_TEST

START_TEST(after_a_day_they_are_gone)
{
	clock_set(1000, 0);
	session_cache_put(cache, 1, slice_str("old"));
	clock_set(1000 + TALK_SESSION_MOST_MS - 1, 0);
	session_cache_put(cache, 2, slice_str("new"));
	ck_assert(has(1, "old"));
	clock_set(1000 + TALK_SESSION_MOST_MS, 0);
	session_cache_put(cache, 3, slice_str("newest"));
	ck_assert(has(1, ""));
	ck_assert(has(2, "new"));
	ck_assert_uint_eq(session_cache_count(cache), 2);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("session_cache");
	TCase *tests = tcase_create("session_cache");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, each_account_has_its_own_and_the_newest);
	tcase_add_test(tests, one_that_is_too_long_is_not_kept);
	tcase_add_test(tests, the_oldest_makes_room_for_another);
	tcase_add_test(tests, after_a_day_they_are_gone);
	suite_add_tcase(suite, tests);
	return suite;
}
