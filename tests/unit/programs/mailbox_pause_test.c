/*
 * mailbox_pause_test.c - work waits for the end of a burst, but not for ever
 */
#include "programs/mailbox_pause.h"
#include "tests/unit/unit.h"

#define START_MS	500000	/* any time */

START_TEST(without_deliveries_nothing_waits)
{
	struct mailbox_pause pause = { 0 };

	ck_assert_uint_eq(mailbox_pause_left(&pause, 0), 0);
	ck_assert_uint_eq(mailbox_pause_left(&pause, START_MS), 0);
}
END_TEST

START_TEST(work_waits_until_a_second_after_the_last_delivery)
{
	struct mailbox_pause pause = { 0 };

	mailbox_pause_delivered(&pause, START_MS);
	ck_assert_uint_eq(mailbox_pause_left(&pause, START_MS), 1000);
	ck_assert_uint_eq(mailbox_pause_left(&pause, START_MS + 900), 100);
	mailbox_pause_delivered(&pause, START_MS + 900);
	ck_assert_uint_eq(mailbox_pause_left(&pause, START_MS + 1000), 900);
	ck_assert_uint_eq(mailbox_pause_left(&pause, START_MS + 1899), 1);
	ck_assert_uint_eq(mailbox_pause_left(&pause, START_MS + 1900), 0);
}
END_TEST

START_TEST(mail_that_never_stops_holds_work_up_for_half_a_minute)
{
	struct mailbox_pause pause = { 0 };
	uint64_t now = START_MS;

	for (; now < START_MS + 30000; now += 100) {
		mailbox_pause_delivered(&pause, now);
		ck_assert_uint_gt(mailbox_pause_left(&pause, now), 0);
		ck_assert_uint_le(mailbox_pause_left(&pause, now),
		    START_MS + 30000 - now);
	}
	ck_assert_uint_eq(mailbox_pause_left(&pause, now), 0);
	/* what comes while it is being done does not stop it again */
	mailbox_pause_delivered(&pause, now + 50);
	ck_assert_uint_eq(mailbox_pause_left(&pause, now + 50), 0);
}
END_TEST

START_TEST(work_that_was_done_waits_for_the_next_burst_anew)
{
	struct mailbox_pause pause = { 0 };

	mailbox_pause_delivered(&pause, START_MS);
	mailbox_pause_done(&pause);
	ck_assert_uint_eq(mailbox_pause_left(&pause, START_MS), 0);
	mailbox_pause_delivered(&pause, START_MS + 40000);
	ck_assert_uint_eq(mailbox_pause_left(&pause, START_MS + 40000), 1000);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("mailbox_pause");
	TCase *tcase = tcase_create("pause");

	tcase_add_test(tcase, without_deliveries_nothing_waits);
	tcase_add_test(tcase,
	    work_waits_until_a_second_after_the_last_delivery);
	tcase_add_test(tcase,
	    mail_that_never_stops_holds_work_up_for_half_a_minute);
	tcase_add_test(tcase,
	    work_that_was_done_waits_for_the_next_burst_anew);
	suite_add_tcase(suite, tcase);
	return suite;
}
