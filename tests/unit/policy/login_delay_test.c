/*
 * login_delay_test.c - guessing gets slow, and locks nobody out
 */
#include <stdio.h>

#include "policy/login_delay.h"
#include "tests/unit/unit.h"

#define SECOND	1000

static struct login_delay *delays;

static void
setup(void)
{
	delays = login_delay_new();
	ck_assert_ptr_nonnull(delays);
}

static void
teardown(void)
{
	login_delay_free(delays);
}

static uint64_t
wait(const char *peer, const char *user, uint64_t now)
{
	return login_delay_ms(delays, slice_str(peer), slice_str(user), now);
}

static void
wrong(const char *peer, const char *user, uint64_t now)
{
	login_delay_wrong(delays, slice_str(peer), slice_str(user), now);
}

START_TEST(the_wait_grows_to_fifteen_seconds_and_no_more)
{
	static const uint64_t waits[] = { 0, 1, 2, 4, 8, 15, 15, 15 };

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		ck_assert_uint_eq(wait("192.0.2.1", "ann", 5),
		    waits[i] * SECOND);
		wrong("192.0.2.1", "ann", 5);
	}
	for (int i = 0; i < 1000; i++)
		wrong("192.0.2.1", "ann", 5);
	ck_assert_uint_eq(wait("192.0.2.1", "ann", 5), 15 * SECOND);
}
END_TEST

START_TEST(an_address_waits_whatever_name_it_tries)
{
	wrong("192.0.2.1", "ann", 5);
	wrong("192.0.2.1", "bob", 5);
	ck_assert_uint_eq(wait("192.0.2.1", "zoe", 5), 2 * SECOND);
	ck_assert_uint_eq(wait("192.0.2.2", "zoe", 5), 0);
}
END_TEST

START_TEST(a_name_waits_from_whatever_address_it_is_tried)
{
	char peer[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(peer, sizeof(peer), "198.51.%d.%d", i / 250, i % 250);
		wrong(peer, "ann", 5);
	}
	ck_assert_uint_eq(wait("192.0.2.77", "ann", 5), 15 * SECOND);
	ck_assert_uint_eq(wait("192.0.2.77", "ANN", 5), 15 * SECOND);
	ck_assert_uint_eq(wait("192.0.2.77", "bob", 5), 0);
}
END_TEST

/* one customer has a /64 */
START_TEST(an_ipv6_network_waits_as_one)
{
	wrong("2001:db8:1:2::1", "a", 5);
	wrong("2001:db8:1:2:ffff::9", "b", 5);
	ck_assert_uint_eq(wait("2001:db8:1:2:3:4:5:6", "c", 5), 2 * SECOND);
	ck_assert_uint_eq(wait("2001:db8:1:3::1", "c", 5), 0);
	wrong("::ffff:192.0.2.9", "d", 5);
	ck_assert_uint_eq(wait("192.0.2.9", "e", 5), 1 * SECOND);
}
END_TEST

START_TEST(who_is_known_at_an_address_is_not_locked_out)
{
	login_delay_right(delays, slice_str("203.0.113.5"), slice_str("ann"),
	    1);
	for (int i = 0; i < 9; i++) {
		wrong("192.0.2.1", "ann", 5);
		wrong("203.0.113.5", "bob", 5);
	}
	ck_assert_uint_eq(wait("203.0.113.5", "ann", 5), 0);
	ck_assert_uint_eq(wait("192.0.2.9", "ann", 5), 15 * SECOND);
	/* yet guessing from there is slow too */
	wrong("203.0.113.5", "ann", 5);
	wrong("203.0.113.5", "ann", 5);
	ck_assert_uint_eq(wait("203.0.113.5", "ann", 5), 2 * SECOND);
	login_delay_right(delays, slice_str("203.0.113.5"), slice_str("ann"),
	    6);
	ck_assert_uint_eq(wait("203.0.113.5", "ann", 6), 0);
}
END_TEST

START_TEST(what_is_long_ago_is_forgotten)
{
	wrong("192.0.2.1", "ann", 5);
	wrong("192.0.2.1", "ann", 5);
	ck_assert_uint_eq(wait("192.0.2.1", "ann",
	    5 + LOGIN_DELAY_FORGET_MS - 1), 2 * SECOND);
	ck_assert_uint_eq(wait("192.0.2.1", "ann",
	    5 + LOGIN_DELAY_FORGET_MS), 0);
	wrong("192.0.2.1", "ann", 5 + LOGIN_DELAY_FORGET_MS);
	ck_assert_uint_eq(wait("192.0.2.1", "ann",
	    5 + LOGIN_DELAY_FORGET_MS), 1 * SECOND);
}
END_TEST

START_TEST(a_full_table_loses_the_oldest_and_nobody_who_is_known)
{
	char user[32];

	login_delay_right(delays, slice_str("203.0.113.5"), slice_str("ann"),
	    1);
	wrong("192.0.2.1", "old", 5);
	for (int i = 0; i < LOGIN_DELAY_COUNTED; i++) {
		snprintf(user, sizeof(user), "user%d", i);
		wrong("192.0.2.2", user, 5);
	}
	ck_assert_uint_eq(wait("192.0.2.1", "old", 5), 0);
	ck_assert_uint_eq(wait("192.0.2.2", "ann", 5), 15 * SECOND);
	ck_assert_uint_eq(wait("203.0.113.5", "ann", 5), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/login_delay");
	TCase *tests = tcase_create("login_delay");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_wait_grows_to_fifteen_seconds_and_no_more);
	tcase_add_test(tests, an_address_waits_whatever_name_it_tries);
	tcase_add_test(tests, a_name_waits_from_whatever_address_it_is_tried);
	tcase_add_test(tests, an_ipv6_network_waits_as_one);
	tcase_add_test(tests, who_is_known_at_an_address_is_not_locked_out);
	tcase_add_test(tests, what_is_long_ago_is_forgotten);
	tcase_add_test(tests,
	    a_full_table_loses_the_oldest_and_nobody_who_is_known);
	suite_add_tcase(suite, tests);
	return suite;
}
