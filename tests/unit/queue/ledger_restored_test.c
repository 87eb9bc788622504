/*
 * ledger_restored_test.c - a ledger that is older than what stands beside it
 *
 * It counts as restored: nothing is deleted in a remote mailbox until somebody
 * has said "resume", and what a restored mailbox lost is taken again.
 */
#include "tests/unit/queue/ledger_taking.h"

static void
copy_back(void)
{
	char command[256];

	/* a copy has another inode */
	(void)snprintf(command, sizeof(command),
	    "cd %s && cp ledger.db copy && mv copy ledger.db", scratch.path);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(F51_after_a_restore_nothing_is_deleted_until_resumed)
{
	bool was = false;

	have_two(true);
	ledger_close(ledger);
	copy_back();
	open_it();
	ck_assert_ptr_nonnull(ledger_restored(ledger));
	list_days(two, true, 0);
	ck_assert(!may_delete);
	ck_assert_str_eq(part(LISTING_DELETE), "");
	ck_assert_int_eq(deleting(1), -EAGAIN);
	end();
	reopen();	/* it is not forgotten */
	ck_assert_ptr_nonnull(ledger_restored(ledger));
	ck_assert_int_eq(ledger_resume(ledger, &was), 0);
	ck_assert(was);
	reopen();
	ck_assert_ptr_null(ledger_restored(ledger));
	list_days(two, true, 0);
	ck_assert(may_delete);
	ck_assert_str_eq(part(LISTING_DELETE), "1 2");
	ck_assert_int_eq(ledger_resume(ledger, &was), 0);
	ck_assert(!was);
}
END_TEST

START_TEST(F51_a_ledger_that_lags_what_was_recycled_counts_as_restored)
{
	ck_assert_int_eq(ledger_sync(ledger, 1000), 0);
	beside.recycled = 1000;
	reopen();
	ck_assert_ptr_null(ledger_restored(ledger));
	beside.recycled = 1001;
	reopen();
	ck_assert_ptr_nonnull(ledger_restored(ledger));
}
END_TEST

START_TEST(F51_a_ledger_ahead_of_the_journal_counts_as_restored)
{
	last_position = UINT64_C(2) << 32;
	have_two(true);
	beside.newest = 2;
	reopen();
	ck_assert_ptr_null(ledger_restored(ledger));
	beside.newest = 1;
	reopen();
	ck_assert_ptr_nonnull(ledger_restored(ledger));
}
END_TEST

START_TEST(F51_a_ledger_that_is_gone_counts_as_restored)
{
	ledger_close(ledger);
	ck_assert_int_eq(unlinkat(scratch.fd, "ledger.db", 0), 0);
	open_it();
	ck_assert_ptr_nonnull(ledger_restored(ledger));
}
END_TEST

START_TEST(F51_a_folder_from_before_the_ledger_is_none)
{
	ledger_close(ledger);
	ck_assert_int_eq(unlinkat(scratch.fd, "ledger.db", 0), 0);
	beside.had_ledger = false;
	beside.recycled = UINT64_C(7) << 32;
	open_it();
	ck_assert_ptr_null(ledger_restored(ledger));
	reopen();
	ck_assert_ptr_null(ledger_restored(ledger));
}
END_TEST

/* Positions 1 and 2; the index has only the first. */
START_TEST(F51_what_a_restored_mailbox_lost_is_taken_again_under_its_old_id)
{
	struct ledger_taken *taken;
	struct message_id old;

	have_two(true);
	old = last_id;
	ck_assert_int_eq(ledger_lost(ledger, OWNER, 1, 2), 0);
	ck_assert_ptr_nonnull(ledger_restored(ledger));
	list_days(two, true, 0);
	ck_assert_str_eq(part(LISTING_TAKE), "2");
	ck_assert_int_eq(take(2, 'b', 'b', &taken), 0);
	ck_assert_ptr_nonnull(ledger_taken_id(taken));
	ck_assert_int_eq(message_id_order(ledger_taken_id(taken), &old), 0);
	last_position = 9;
	receive(taken);
	end();
	list_days(two, true, 0);
	ck_assert_uint_eq(counts.known, 2);
}
END_TEST

START_TEST(F51_another_message_does_not_get_the_id_of_a_lost_one)
{
	struct ledger_taken *taken;

	have_two(true);
	ck_assert_int_eq(ledger_lost(ledger, OWNER, 1, 2), 0);
	list(two);
	ck_assert_int_eq(take(2, 'b', 'n', &taken), 0);
	ck_assert_ptr_null(ledger_taken_id(taken));
	receive(taken);
	end();
	list(two);
	ck_assert_uint_eq(counts.known, 2);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/ledger_restored");
	TCase *tests = tcase_create("restored");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests,
	    F51_after_a_restore_nothing_is_deleted_until_resumed);
	tcase_add_test(tests,
	    F51_a_ledger_that_lags_what_was_recycled_counts_as_restored);
	tcase_add_test(tests,
	    F51_a_ledger_ahead_of_the_journal_counts_as_restored);
	tcase_add_test(tests, F51_a_ledger_that_is_gone_counts_as_restored);
	tcase_add_test(tests, F51_a_folder_from_before_the_ledger_is_none);
	tcase_add_test(tests,
	    F51_what_a_restored_mailbox_lost_is_taken_again_under_its_old_id);
	tcase_add_test(tests,
	    F51_another_message_does_not_get_the_id_of_a_lost_one);
	suite_add_tcase(suite, tests);
	return suite;
}
