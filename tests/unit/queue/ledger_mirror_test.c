/*
 * ledger_mirror_test.c - what its owner deletes here is deleted there
 */
#include "tests/unit/queue/ledger_taking.h"
#include "tests/unit/unit.h"

static struct message_id ids[2];

/* Two messages are here, of a mailbox that is a mirror. */
static void
have_mirror(void)
{
	is_mirror = true;
	list_days(two, true, -1);
	ck_assert_int_eq(store(1, 'a', 'a'), 0);
	ids[0] = last_id;
	ck_assert_int_eq(store(2, 'b', 'b'), 0);
	ids[1] = last_id;
	end();
}

/* What the next listing finds due. */
static const char *
due(void)
{
	static char words[16];

	list_days(two, true, -1);
	ck_assert_int_eq(slice_cstr(slice_str(part(LISTING_DELETE)), words,
	    sizeof(words)), 0);
	end();
	return words;
}

START_TEST(what_was_deleted_here_is_due_at_the_next_listing_and_nothing_else)
{
	have_mirror();
	ck_assert_str_eq(due(), "");
	ck_assert_int_eq(ledger_expunged(ledger, OWNER, &ids[1], 1), 0);
	ck_assert_str_eq(due(), "2");
	/* told again, as after a crash: the same */
	ck_assert_int_eq(ledger_expunged(ledger, OWNER, &ids[1], 1), 0);
	if (_i == 1)
		reopen();
	list_days(two, true, -1);
	ck_assert_str_eq(part(LISTING_DELETE), "2");
	ck_assert_uint_eq(counts.remove, 1);
	ck_assert_int_eq(deleting(1), -EAGAIN);
	ck_assert_int_eq(deleting(2), 0);
	end();
	/* the server keeps it: asked once more */
	ck_assert_str_eq(due(), "2");
}
END_TEST

START_TEST(one_that_came_a_moment_ago_is_known)
{
	is_mirror = true;
	list_days(two, true, -1);
	ck_assert_int_eq(store(1, 'a', 'a'), 0);
	ck_assert_int_eq(ledger_expunged(ledger, OWNER, &last_id, 1), 0);
	end();
	list_days(two, true, -1);
	ck_assert_str_eq(part(LISTING_DELETE), "1");
	ck_assert_str_eq(part(LISTING_TAKE), "2");
}
END_TEST

START_TEST(somebody_elses_deletion_and_one_of_nothing_we_know_are_nothing)
{
	struct message_id unknown = { "tenletters" };

	have_mirror();
	ck_assert_int_eq(ledger_expunged(ledger, OWNER + 1, ids, 2), 0);
	ck_assert_int_eq(ledger_expunged(ledger, OWNER, &unknown, 1), 0);
	ck_assert_int_eq(ledger_expunged(ledger, OWNER, NULL, 0), 0);
	ck_assert_str_eq(due(), "");
}
END_TEST

START_TEST(what_another_was_given_too_is_never_due)
{
	is_for_two = 1;
	have_mirror();
	ck_assert_int_eq(ledger_expunged(ledger, OWNER, ids, 2), 0);
	ck_assert_int_eq(ledger_expunged(ledger, OWNER + 1, ids, 2), 0);
	ck_assert_str_eq(due(), "");
}
END_TEST

START_TEST(a_mailbox_that_is_no_mirror_ignores_it_later_too)
{
	have_mirror();
	is_mirror = false;
	ck_assert_str_eq(due(), "");
	ck_assert_int_eq(ledger_expunged(ledger, OWNER, &ids[0], 1), 0);
	ck_assert_str_eq(due(), "");
	/* it becomes one: what was deleted before stays there */
	is_mirror = true;
	ck_assert_str_eq(due(), "");
	ck_assert_int_eq(ledger_expunged(ledger, OWNER, &ids[1], 1), 0);
	is_mirror = false;
	ck_assert_str_eq(due(), "");
}
END_TEST

START_TEST(what_came_shorter_than_listed_is_never_due)
{
	struct fetched fetched = { .account = ACCOUNT, .listing = ACCOUNT,
	    .number = 1, .mended = FETCHED_SHORT };
	struct ledger_taken *taken;

	is_mirror = true;
	list_days(two, true, -1);
	ck_assert_int_eq(ledger_take(ledger, &channel, &fetched, &taken,
	    &last_id), 0);
	receive(taken);
	ck_assert_int_eq(ledger_expunged(ledger, OWNER, &last_id, 1), 0);
	end();
	list_days(two, true, -1);
	ck_assert_str_eq(part(LISTING_DELETE), "");
}
END_TEST

START_TEST(F51_after_a_restore_nothing_is_due_and_a_restored_letter_never)
{
	bool was;

	have_mirror();
	ck_assert_int_eq(ledger_expunged(ledger, OWNER, ids, 2), 0);
	/* the mailbox is an older one: it has the first of them again */
	ck_assert_int_eq(ledger_lost(ledger, OWNER, 1, 2), 0);
	ck_assert_str_eq(due(), "");
	ck_assert_int_eq(ledger_resume(ledger, &was), 0);
	ck_assert(was);
	ck_assert_str_eq(due(), "");
}
END_TEST

START_TEST(F51_a_ledger_that_was_copied_back_deletes_nothing)
{
	bool was;

	have_mirror();
	ck_assert_int_eq(ledger_expunged(ledger, OWNER, &ids[0], 1), 0);
	ledger->is_same_file = false;
	ck_assert_int_eq(ledger_compare(ledger, &beside), 0);
	ck_assert_str_eq(due(), "");
	ck_assert_int_eq(ledger_resume(ledger, &was), 0);
	ck_assert_str_eq(due(), "1");
}
END_TEST

START_TEST(by_time_and_by_deletion_are_either_enough)
{
	have_mirror();
	ck_assert_int_eq(ledger_expunged(ledger, OWNER, &ids[1], 1), 0);
	list_days(two, true, 3);
	ck_assert_str_eq(part(LISTING_DELETE), "2");
	end();
	list_days(two, true, 0);
	ck_assert_str_eq(part(LISTING_DELETE), "1 2");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/ledger_mirror");
	TCase *tests = tcase_create("ledger_mirror");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests,
	    what_was_deleted_here_is_due_at_the_next_listing_and_nothing_else,
	    0, 2);
	tcase_add_test(tests, one_that_came_a_moment_ago_is_known);
	tcase_add_test(tests,
	    somebody_elses_deletion_and_one_of_nothing_we_know_are_nothing);
	tcase_add_test(tests, what_another_was_given_too_is_never_due);
	tcase_add_test(tests, a_mailbox_that_is_no_mirror_ignores_it_later_too);
	tcase_add_test(tests, what_came_shorter_than_listed_is_never_due);
	tcase_add_test(tests,
	    F51_after_a_restore_nothing_is_due_and_a_restored_letter_never);
	tcase_add_test(tests, F51_a_ledger_that_was_copied_back_deletes_nothing);
	tcase_add_test(tests, by_time_and_by_deletion_are_either_enough);
	suite_add_tcase(suite, tests);
	return suite;
}
