/*
 * send_rate_test.c - how much one account has sent of late
 */
#include "policy/send_rate.h"

#include "tests/unit/unit.h"

#define HOUR	(UINT64_C(3600) * 1000)

static const struct send_most most = {
	.messages = { [SEND_HOUR] = 3, [SEND_DAY] = 5 },
	.recipients = { [SEND_HOUR] = 10, [SEND_DAY] = 15 },
};

START_TEST(an_hour_has_so_many_messages)
{
	struct send_rate *rate = send_rate_new();
	struct send_over over;

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(send_rate_take(rate, 7, 1, &most,
		    (uint64_t)i, &over), 0);
	ck_assert_int_eq(send_rate_take(rate, 7, 1, &most, 60000, &over), 1);
	ck_assert_int_eq(over.span, SEND_HOUR);
	ck_assert(!over.by_recipients && over.is_news);
	ck_assert_uint_eq(over.most, 3);
	ck_assert_uint_eq(over.minutes, 59);
	/* it is told once */
	ck_assert_int_eq(send_rate_take(rate, 7, 1, &most, 60001, &over), 1);
	ck_assert(!over.is_news);
	/* another account is another matter */
	ck_assert_int_eq(send_rate_take(rate, 8, 1, &most, 60001, &over), 0);
	/* what was put off was not counted */
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(send_rate_take(rate, 7, 1, &most, HOUR,
		    &over), 0);
	ck_assert_int_eq(send_rate_take(rate, 7, 1, &most, HOUR, &over), 1);
	ck_assert_int_eq(over.span, SEND_DAY);
	ck_assert(over.is_news);
	ck_assert_uint_eq(over.minutes, 23 * 60);
	ck_assert_int_eq(send_rate_take(rate, 7, 1, &most, 24 * HOUR, &over),
	    0);
	send_rate_free(rate);
}
END_TEST

START_TEST(an_hour_has_so_many_recipients)
{
	struct send_rate *rate = send_rate_new();
	struct send_over over;

	ck_assert_int_eq(send_rate_take(rate, 7, 8, &most, 0, &over), 0);
	ck_assert_int_eq(send_rate_take(rate, 7, 3, &most, 0, &over), 1);
	ck_assert(over.by_recipients && over.span == SEND_HOUR);
	ck_assert_uint_eq(over.most, 10);
	/* a message to fewer has room */
	ck_assert_int_eq(send_rate_take(rate, 7, 2, &most, 0, &over), 0);
	ck_assert_int_eq(send_rate_take(rate, 7, 6, &most, HOUR, &over), 1);
	ck_assert(over.by_recipients && over.span == SEND_DAY);
	ck_assert_int_eq(send_rate_take(rate, 7, 5, &most, HOUR, &over), 0);
	/* more than all that may be is never too little for the sum */
	ck_assert_int_eq(send_rate_take(rate, 9, UINT32_MAX, &most, 0, &over),
	    1);
	send_rate_free(rate);
}
END_TEST

START_TEST(many_accounts_send)
{
	struct send_rate *rate = send_rate_new();
	struct send_over over;

	for (uint64_t account = 1; account < 2000; account++)
		ck_assert_int_eq(send_rate_take(rate, account, 1, &most,
		    account, &over), 0);
	for (uint64_t account = 1; account < 2000; account++)
		ck_assert_int_eq(send_rate_take(rate, account, 1, &most,
		    account + 25 * HOUR, &over), 0);
	send_rate_free(rate);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/send_rate");
	TCase *tests = tcase_create("send_rate");

	tcase_add_test(tests, an_hour_has_so_many_messages);
	tcase_add_test(tests, an_hour_has_so_many_recipients);
	tcase_add_test(tests, many_accounts_send);
	suite_add_tcase(suite, tests);
	return suite;
}
