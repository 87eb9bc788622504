/*
 * mailboxes_test.c - a letter is filed once, in the mailbox it names
 */
#include "store/mailboxes.h"

#include <errno.h>
#include <string.h>

#include "store/account_inside.h"
#include "store/index_inside.h"
#include "tests/unit/store/box.h"

static struct box box;

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

/* Deliver letter `n` into `folder`; not committed. */
static int
file(uint32_t n, struct slice folder, bool *was_there_out)
{
	struct box_letter letter = box_letter(n);

	letter.delivery.trace = slice_str(letter.trace);
	letter.delivery.body = slice_of(letter.body,
	    letter.delivery.body_bytes);
	letter.delivery.folder = folder;
	return account_deliver(box.account, &letter.delivery, was_there_out);
}

static int
file_new(uint32_t n, const char *folder)
{
	bool was_there = true;
	int r = file(n, slice_str(folder), &was_there);

	ck_assert(r < 0 || !was_there);
	return r;
}

/* The number of a mailbox that is there. */
static uint32_t
number_of(const char *name)
{
	bool is_made = false;
	uint32_t mailbox = 0;

	ck_assert_int_eq(mailboxes_need(box.account->index, slice_str(name),
	    &mailbox, &is_made), 0);
	ck_assert(!is_made);
	return mailbox;
}

/* How many letters are in a mailbox. */
static size_t
count_in(const char *name)
{
	struct view *view;
	size_t n;

	ck_assert_int_eq(account_view_open(box.account, number_of(name),
	    &view), 0);
	n = view_count(view);
	account_view_close(box.account, view);
	return n;
}

START_TEST(a_mailbox_is_made_when_it_is_named_first)
{
	ck_assert_int_eq(file_new(1, "Junk"), 0);
	ck_assert_int_eq(file_new(2, "Junk"), 0);
	ck_assert_int_eq(file_new(3, ""), 0);
	ck_assert_int_eq(file_new(4, "Surat/Tagihan \xc3\xa9"), 0);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_uint_eq(count_in("Junk"), 2);
	ck_assert_uint_eq(count_in("INBOX"), 1);
	ck_assert_uint_eq(count_in("Surat/Tagihan \xc3\xa9"), 1);
	ck_assert_uint_eq(number_of("Junk"), MAILBOX_INBOX + 1);
	ck_assert_int_eq(box_check(&box), 0);
	box_close(&box);
	box_open(&box);
	ck_assert_uint_eq(count_in("Junk"), 2);
	ck_assert_int_eq(file_new(5, "Junk"), 0);
	ck_assert_uint_eq(count_in("Junk"), 3);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* RFC 9051 5.1: INBOX in any case; other names as they are. */
START_TEST(inbox_is_inbox_in_any_case)
{
	ck_assert_int_eq(file_new(1, "inbox"), 0);
	ck_assert_int_eq(file_new(2, "InBoX"), 0);
	ck_assert_int_eq(file_new(3, "junk"), 0);
	ck_assert_int_eq(file_new(4, "Junk"), 0);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_uint_eq(count_in("INBOX"), 2);
	ck_assert_uint_eq(count_in("junk"), 1);
	ck_assert_uint_eq(count_in("Junk"), 1);
}
END_TEST

static const struct {
	const char	*name;
	size_t		 len;
} no_names[] = {
	{ "two\nlines", 9 }, { "nul\0byte", 8 }, { "del\x7f", 4 },
	{ "c1\xc2\x85", 4 }, { "latin\xe9", 6 }, { "\x1b[31m", 5 },
};

START_TEST(what_is_no_name_is_inbox)
{
	bool was_there;

	ck_assert_int_eq(file(1, slice_of(no_names[_i].name,
	    no_names[_i].len), &was_there), 1);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_uint_eq(count_in("INBOX"), 1);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_name_has_at_most_255_bytes)
{
	char name[FOLDER_MAX_BYTES + 2];

	memset(name, 'n', sizeof(name));
	name[FOLDER_MAX_BYTES + 1] = '\0';
	ck_assert_int_eq(file_new(1, name), 1);
	name[FOLDER_MAX_BYTES] = '\0';
	ck_assert_int_eq(file_new(2, name), 0);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_uint_eq(count_in(name), 1);
}
END_TEST

START_TEST(beyond_a_thousand_mailboxes_mail_goes_to_inbox)
{
	char name[24];

	for (uint32_t n = 1; n < FOLDER_MOST; n++) {
		(void)snprintf(name, sizeof(name), "folder %u", n);
		ck_assert_int_eq(file_new(n, name), 0);
	}
	ck_assert_int_eq(file_new(5000, "one too many"), 1);
	ck_assert_int_eq(file_new(5001, "folder 7"), 0);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_uint_eq(count_in("INBOX"), 1);
	ck_assert_uint_eq(count_in("folder 7"), 2);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* The journal delivers again what a crash may have taken. */
START_TEST(a_second_delivery_into_a_folder_changes_nothing)
{
	bool was_there = false;

	ck_assert_int_eq(file_new(1, "Junk"), 0);
	ck_assert_int_eq(account_commit(box.account), 0);
	if (_i == 1) {
		box_close(&box);
		box_open(&box);
	}
	ck_assert_int_eq(file(1, slice_str("Junk"), &was_there), 0);
	ck_assert(was_there);
	/* the rule may have been changed meanwhile: it stays where it is */
	ck_assert_int_eq(file(1, slice_str("Other"), &was_there), 0);
	ck_assert(was_there);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_uint_eq(count_in("Junk"), 1);
	ck_assert_uint_eq(count_in("INBOX"), 0);
	ck_assert_uint_eq(box.account->index->mailbox_count, 2);
}
END_TEST

START_TEST(a_mailbox_that_was_undone_is_made_again)
{
	ck_assert_int_eq(file_new(1, "Junk"), 0);
	ck_assert_int_eq(account_undo(box.account, -ENOSPC), -ENOSPC);
	ck_assert_int_eq(account_commit(box.account), -ENOSPC);
	ck_assert_uint_eq(box.account->index->mailbox_count, 1);
	ck_assert_int_eq(file_new(2, "Post"), 0);
	ck_assert_int_eq(file_new(1, "Junk"), 0);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_uint_eq(count_in("Junk"), 1);
	ck_assert_uint_eq(count_in("Post"), 1);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* RFC 9051 2.3.1.1 */
START_TEST(every_mailbox_has_a_uidvalidity_of_its_own)
{
	ck_assert_int_eq(file_new(1, "a"), 0);
	ck_assert_int_eq(file_new(2, "b"), 0);
	ck_assert_int_eq(account_commit(box.account), 0);
	box_close(&box);
	box_open(&box);
	ck_assert_int_eq(file_new(3, "c"), 0);
	ck_assert_int_eq(account_commit(box.account), 0);
	box_close(&box);
	ck_assert_int_eq(box_ask(&box,
	    "SELECT count(DISTINCT uidvalidity) FROM mailbox"), 4);
	ck_assert_int_eq(box_ask(&box, "SELECT max(uidvalidity) ="
	    " (SELECT uidvalidity_last FROM meta) FROM mailbox"), 1);
	box_open(&box);
}
END_TEST

static const char *const damages[] = {
	"UPDATE mailbox SET name = x'' WHERE id = 2",
	"UPDATE mailbox SET name = zeroblob(256) WHERE id = 2",
	"UPDATE mailbox SET uidvalidity = 0 WHERE id = 2",
	"UPDATE mailbox SET uidvalidity = 4294967296 WHERE id = 2",
	"UPDATE meta SET uidvalidity_last = 1",
	"UPDATE mailbox SET name = CAST('Inbox' AS BLOB) WHERE id = 1",
};

START_TEST(check_tells_of_a_mailbox_that_makes_no_sense)
{
	ck_assert_int_eq(file_new(1, "Junk"), 0);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_int_eq(box_check(&box), 0);
	box_close(&box);
	box_meddle(&box, damages[_i]);
	ck_assert_int_ge(box_faults(&box), 1);
	box_open(&box);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("mailboxes");
	TCase *tcase = tcase_create("mailboxes");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_mailbox_is_made_when_it_is_named_first);
	tcase_add_test(tcase, inbox_is_inbox_in_any_case);
	tcase_add_loop_test(tcase, what_is_no_name_is_inbox, 0,
	    sizeof(no_names) / sizeof(no_names[0]));
	tcase_add_test(tcase, a_name_has_at_most_255_bytes);
	tcase_add_test(tcase, beyond_a_thousand_mailboxes_mail_goes_to_inbox);
	tcase_add_loop_test(tcase,
	    a_second_delivery_into_a_folder_changes_nothing, 0, 2);
	tcase_add_test(tcase, a_mailbox_that_was_undone_is_made_again);
	tcase_add_test(tcase, every_mailbox_has_a_uidvalidity_of_its_own);
	tcase_add_loop_test(tcase,
	    check_tells_of_a_mailbox_that_makes_no_sense, 0,
	    sizeof(damages) / sizeof(damages[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
