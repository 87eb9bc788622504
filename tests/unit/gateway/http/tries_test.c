/*
 * tries_test.c - who shows many links that are none waits, and nobody else
 */
#include <stdio.h>

#include "gateway/http/tries.h"
#include "tests/unit/unit.h"

static struct tries *tries;

static void
set_up(void)
{
	tries = tries_new();
	ck_assert_ptr_nonnull(tries);
}

static void
tear_down(void)
{
	tries_free(tries);
}

START_TEST(so_many_and_no_more_until_the_time_is_over)
{
	for (unsigned i = 0; i < TRIES_MOST; i++) {
		ck_assert(tries_may(tries, "192.0.2.1", 1000 + i));
		tries_failed(tries, "192.0.2.1", 1000 + i);
	}
	ck_assert(!tries_may(tries, "192.0.2.1", 2000));
	ck_assert(!tries_may(tries, "192.0.2.1", 1000 + TRIES_MS - 1));
	ck_assert(tries_may(tries, "192.0.2.1", 1000 + TRIES_MS));
	tries_failed(tries, "192.0.2.1", 1000 + TRIES_MS);
	ck_assert(tries_may(tries, "192.0.2.1", 1000 + TRIES_MS));
}
END_TEST

/* HARDENING A51: a /64 is one client */
START_TEST(the_neighbours_in_a_64_share_it_and_others_do_not)
{
	for (unsigned i = 0; i < TRIES_MOST; i++)
		tries_failed(tries, "2001:db8::1", 1000);
	ck_assert(!tries_may(tries, "2001:db8::ffff:2", 1000));
	ck_assert(tries_may(tries, "2001:db8:0:1::1", 1000));
	ck_assert(tries_may(tries, "192.0.2.1", 1000));
}
END_TEST

/* Whoever has many networks takes places; the others may still come. */
START_TEST(a_flood_of_networks_keeps_nobody_out)
{
	char peer[32];

	for (unsigned i = 0; i < 100 * TRIES_NETS; i++) {
		(void)snprintf(peer, sizeof(peer), "10.%u.%u.%u",
		    i >> 16 & 255, i >> 8 & 255, i & 255);
		tries_failed(tries, peer, 1000);
	}
	ck_assert(tries_may(tries, "192.0.2.1", 1000));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/http/tries");
	TCase *tests = tcase_create("tries");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, so_many_and_no_more_until_the_time_is_over);
	tcase_add_test(tests,
	    the_neighbours_in_a_64_share_it_and_others_do_not);
	tcase_add_test(tests, a_flood_of_networks_keeps_nobody_out);
	suite_add_tcase(suite, tests);
	return suite;
}
