/*
 * expunged_test.c - what a person has deleted is told, once it is durable
 */
#include <errno.h>

#include "store/account_inside.h"
#include "tests/unit/store/box.h"

static struct box box;
static struct message_id told[8];
static size_t told_count;

static void
set_up(void)
{
	box = box_new();
}

static void
tear_down(void)
{
	box_drop(&box);
}

/* How many there are to tell; they stay. */
static size_t
ask(void)
{
	ck_assert_int_eq(account_expunged(box.account, told, 8, &told_count),
	    0);
	return told_count;
}

static void
expunge(uint32_t mailbox, size_t n)
{
	struct view *view;

	ck_assert_int_eq(account_view_open(box.account, mailbox, &view), 0);
	ck_assert_int_eq(account_expunge(box.account, view, &n, 1), 0);
	account_view_close(box.account, view);
}

/* Letter `n` in a folder, as action `action`. */
static void
file(uint32_t n, uint32_t action, const char *folder)
{
	struct box_letter letter = box_letter(n);
	bool was_there;

	letter.delivery.action = action;
	letter.delivery.folder = slice_str(folder);
	letter.delivery.trace = slice_str(letter.trace);
	letter.delivery.body = slice_of(letter.body,
	    letter.delivery.body_bytes);
	ck_assert_int_eq(account_deliver(box.account, &letter.delivery,
	    &was_there), 0);
	ck_assert(!was_there);
	ck_assert_int_eq(account_commit(box.account), 0);
}

START_TEST(a_deletion_is_told_until_it_was_heard)
{
	struct message_id id = box_id(2);

	box_fill(&box, 1, 3);
	ck_assert_uint_eq(ask(), 0);
	expunge(MAILBOX_INBOX, 1);
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(ask(), 1);
		ck_assert_int_eq(message_id_order(&told[0], &id), 0);
		box_close(&box);
		box_open(&box);
	}
	ck_assert_uint_eq(ask(), 1);
	ck_assert_int_eq(account_expunged_told(box.account, told, 1), 0);
	ck_assert_uint_eq(ask(), 0);
	box_close(&box);
	box_open(&box);
	ck_assert_uint_eq(ask(), 0);
}
END_TEST

START_TEST(a_page_holds_what_it_can_and_the_next_the_rest)
{
	size_t count;

	box_fill(&box, 1, 3);
	for (int i = 0; i < 3; i++)
		expunge(MAILBOX_INBOX, 0);
	ck_assert_int_eq(account_expunged(box.account, told, 2, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(account_expunged_told(box.account, told, 2), 0);
	ck_assert_uint_eq(ask(), 1);
}
END_TEST

START_TEST(a_message_filed_twice_counts_with_its_last_letter)
{
	file(1, 0, "");
	file(1, 1, "Sent");
	expunge(MAILBOX_INBOX, 0);
	ck_assert_uint_eq(ask(), 0);
	expunge(MAILBOX_INBOX + 1, 0);
	ck_assert_uint_eq(ask(), 1);
}
END_TEST

START_TEST(one_that_comes_again_meanwhile_is_not_told)
{
	file(1, 0, "");
	expunge(MAILBOX_INBOX, 0);
	ck_assert_uint_eq(ask(), 1);
	file(1, 1, "Sent");
	ck_assert_uint_eq(ask(), 0);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

static void
deliver_and_delete(struct account *account, void *arg)
{
	size_t first = 0;
	struct view *view;

	(void)arg;
	if (account_view_open(account, MAILBOX_INBOX, &view) == 0)
		(void)account_expunge(account, view, &first, 1);
}

START_TEST(a_crash_after_the_deletion_forgets_nothing)
{
	box_fill(&box, 1, 3);
	box_close(&box);
	box_crash(&box, deliver_and_delete, NULL);
	box_open(&box);
	ck_assert_uint_eq(ask(), 1);
}
END_TEST

START_TEST(a_failed_deletion_tells_nothing)
{
	struct view *view;
	size_t numbers[] = { 0, 9 };

	box_fill(&box, 1, 3);
	view = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, view, numbers, 2),
	    -EINVAL);
	account_view_close(box.account, view);
	ck_assert_uint_eq(ask(), 0);
	/* nor do compaction and opening anew */
	while (account_compact(box.account) > 0)
		;
	box_close(&box);
	box_open(&box);
	ck_assert_uint_eq(ask(), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/expunged");
	TCase *tests = tcase_create("expunged");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_deletion_is_told_until_it_was_heard);
	tcase_add_test(tests, a_page_holds_what_it_can_and_the_next_the_rest);
	tcase_add_test(tests, a_message_filed_twice_counts_with_its_last_letter);
	tcase_add_test(tests, one_that_comes_again_meanwhile_is_not_told);
	tcase_add_test(tests, a_crash_after_the_deletion_forgets_nothing);
	tcase_add_test(tests, a_failed_deletion_tells_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
