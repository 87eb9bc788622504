/*
 * visitors_test.c - what the door remembers of an address, and for how long
 */
#include "programs/visitors.h"

#include <stdio.h>

#include "lib/base/loop.h"
#include "tests/unit/unit.h"

static void
visit_once(struct visitors *visitors, struct visitor *visitor)
{
	visitor_came(visitors, visitor);
	visitor_left(visitors, visitor);
}

static void
forget_all(struct visitors *visitors)
{
	struct visitor *visitor;

	while ((visitor = TAILQ_FIRST(&visitors->quiet)) != NULL) {
		TAILQ_REMOVE(&visitors->quiet, visitor, quiet);
		HASH_DEL(visitors->by_address, visitor);
		free(visitor);
	}
	ck_assert_ptr_null(visitors->by_address);
}

START_TEST(an_address_comes_as_often_as_it_may)
{
	struct visitors visitors;
	struct visitor *one, *other;

	clock_set(1000000, 0);
	visitors_init(&visitors, 1);
	one = visitors_find(&visitors, "192.0.2.1");
	visitor_came(&visitors, one);
	for (unsigned i = 0; i < VISITOR_BURST; i++)
		ck_assert(visitor_may_come(one));
	ck_assert(!visitor_may_come(one));
	other = visitors_find(&visitors, "192.0.2.2");
	ck_assert(visitor_may_come(other));
	clock_set(1000033, 0);
	ck_assert(!visitor_may_come(one));
	clock_set(1000034, 0);
	ck_assert(visitor_may_come(one));
	ck_assert(!visitor_may_come(one));
	clock_set(1001034, 0);
	for (unsigned i = 0; i < VISITOR_RATE; i++)
		ck_assert(visitor_may_come(one));
	ck_assert(!visitor_may_come(one));
	/* never more than at first */
	clock_set(90000000, 0);
	for (unsigned i = 0; i < VISITOR_BURST; i++)
		ck_assert(visitor_may_come(one));
	ck_assert(!visitor_may_come(one));
	visitor_left(&visitors, one);
	forget_all(&visitors);
}
END_TEST

START_TEST(a_new_connection_goes_on_where_the_last_stopped)
{
	struct visitors visitors;
	struct visitor *one;

	clock_set(1000000, 0);
	visitors_init(&visitors, 1);
	one = visitors_find(&visitors, "192.0.2.1");
	visitor_came(&visitors, one);
	for (unsigned i = 1; i <= 20; i++)
		ck_assert_uint_eq(visitor_unknown(one), i);
	visitor_left(&visitors, one);
	clock_set(1059999, 0);
	one = visitors_find(&visitors, "192.0.2.1");
	ck_assert_uint_eq(visitor_unknown(one), 21);
	visit_once(&visitors, one);
	clock_set(1060000, 0);
	ck_assert_uint_eq(visitor_unknown(one), 11);
	clock_set(1180000, 0);
	ck_assert_uint_eq(visitor_unknown(one), 3);
	forget_all(&visitors);
}
END_TEST

START_TEST(what_is_nothing_to_remember_is_forgotten)
{
	struct visitors visitors;
	struct visitor *one;

	clock_set(1000000, 0);
	visitors_init(&visitors, 1);
	one = visitors_find(&visitors, "192.0.2.1");
	ck_assert(visitor_may_come(one));
	visit_once(&visitors, one);
	ck_assert_uint_eq(HASH_COUNT(visitors.by_address), 1);
	clock_set(1000034, 0);
	ck_assert_ptr_nonnull(visitors_find(&visitors, "192.0.2.2"));
	ck_assert_uint_eq(HASH_COUNT(visitors.by_address), 1);
	forget_all(&visitors);
}
END_TEST

START_TEST(the_table_has_a_bound)
{
	struct visitors visitors;
	struct visitor *one, *first = NULL;
	char address[INET6_ADDRSTRLEN];

	clock_set(1000000, 0);
	visitors_init(&visitors, 1);
	one = visitors_find(&visitors, "192.0.2.1");
	visitor_came(&visitors, one);
	for (unsigned i = 0; i < VISITORS_MOST + 100; i++) {
		struct visitor *next;

		(void)snprintf(address, sizeof(address), "2001:db8:%x::", i);
		next = visitors_find(&visitors, address);
		ck_assert_ptr_nonnull(next);
		ck_assert(visitor_may_come(next));
		visit_once(&visitors, next);
		ck_assert_uint_le(HASH_COUNT(visitors.by_address),
		    VISITORS_MOST);
	}
	/* who is connected was not the one to go; who left first was */
	ck_assert_ptr_eq(visitors_find(&visitors, "192.0.2.1"), one);
	HASH_FIND_STR(visitors.by_address, "2001:db8:0::", first);
	ck_assert_ptr_null(first);
	HASH_FIND_STR(visitors.by_address, "2001:db8:4000::", first);
	ck_assert_ptr_nonnull(first);
	visitor_left(&visitors, one);
	forget_all(&visitors);
}
END_TEST

START_TEST(a_network_may_do_what_four_addresses_may)
{
	struct visitors networks;
	struct visitor *one;

	clock_set(1000000, 0);
	visitors_init(&networks, NETWORK_WORTH);
	one = visitors_find(&networks, "192.0.2.0/24");
	for (unsigned i = 0; i < VISITOR_BURST * NETWORK_WORTH; i++)
		ck_assert(visitor_may_come(one));
	ck_assert(!visitor_may_come(one));
	for (unsigned i = 1; i <= 80; i++)
		ck_assert_uint_eq(visitor_unknown(one), i / 4);
	for (unsigned i = 0; i < 40; i++)
		ck_assert(visitor_may_send(one, 10));
	ck_assert(!visitor_may_send(one, 10));
	forget_all(&networks);
}
END_TEST

START_TEST(who_asks_for_more_that_are_than_are_not_guesses_no_names)
{
	struct visitors visitors;
	struct visitor *one;

	clock_set(1000000, 0);
	visitors_init(&visitors, 1);
	one = visitors_find(&visitors, "192.0.2.1");
	for (unsigned i = 0; i < 30; i++) {
		visitor_known(one);
		(void)visitor_unknown(one);
	}
	ck_assert(!visitor_guesses(one));
	(void)visitor_unknown(one);
	ck_assert(visitor_guesses(one));
	/* both are forgotten alike */
	clock_set(1060000, 0);
	ck_assert_uint_eq(visitor_unknown(one), 16);
	ck_assert_uint_eq(one->known, 15);
	forget_all(&visitors);
}
END_TEST

START_TEST(an_hour_brings_an_hour_s_messages)
{
	struct visitors visitors;
	struct visitor *one;

	clock_set(10000000, 0);
	visitors_init(&visitors, 1);
	one = visitors_find(&visitors, "192.0.2.1");
	for (unsigned i = 0; i < 100; i++)
		ck_assert(visitor_may_send(one, 100));
	ck_assert(!visitor_may_send(one, 100));
	ck_assert(!visitor_may_send(one, 100));
	ck_assert_uint_eq(one->put_off, 2);
	/* 36 s are a hundredth of it */
	clock_set(10036000 - 1, 0);
	ck_assert(!visitor_may_send(one, 100));
	clock_set(10036000, 0);
	ck_assert(visitor_may_send(one, 100));
	ck_assert_uint_eq(one->put_off, 0);
	ck_assert(!visitor_may_send(one, 100));
	clock_set(20000000, 0);
	for (unsigned i = 0; i < 100; i++)
		ck_assert(visitor_may_send(one, 100));
	ck_assert(!visitor_may_send(one, 100));
	/* it is remembered as long as it counts */
	visit_once(&visitors, one);
	ck_assert_ptr_nonnull(visitors_find(&visitors, "192.0.2.2"));
	ck_assert_ptr_eq(visitors_find(&visitors, "192.0.2.1"), one);
	forget_all(&visitors);
}
END_TEST

START_TEST(nonsense_is_forgotten_and_so_is_a_login)
{
	struct visitors visitors;
	struct visitor *one;

	clock_set(1000000, 0);
	visitors_init(&visitors, 1);
	one = visitors_find(&visitors, "192.0.2.1");
	ck_assert(!visitor_failed(one));
	ck_assert(!visitor_failed(one));
	ck_assert(visitor_failed(one));
	clock_set(1600000, 0);
	ck_assert(!visitor_failed(one));
	ck_assert(!visitor_is_home(one));
	visitor_logged_in(one);
	clock_set(1600000 + VISITOR_HOME_MS - 1, 0);
	ck_assert(visitor_is_home(one));
	clock_set(1600000 + VISITOR_HOME_MS, 0);
	ck_assert(!visitor_is_home(one));
	forget_all(&visitors);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("visitors");
	TCase *tcase = tcase_create("visitors");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, an_address_comes_as_often_as_it_may);
	tcase_add_test(tcase, a_new_connection_goes_on_where_the_last_stopped);
	tcase_add_test(tcase, what_is_nothing_to_remember_is_forgotten);
	tcase_add_test(tcase, the_table_has_a_bound);
	tcase_add_test(tcase, a_network_may_do_what_four_addresses_may);
	tcase_add_test(tcase,
	    who_asks_for_more_that_are_than_are_not_guesses_no_names);
	tcase_add_test(tcase, an_hour_brings_an_hour_s_messages);
	tcase_add_test(tcase, nonsense_is_forgotten_and_so_is_a_login);
	suite_add_tcase(suite, tcase);
	return suite;
}
