/*
 * sync_test.c - a sync that fails is final, and nothing is promised behind it
 *
 * Our fdatasync stands before libc's, for SQLite too; the n-th one fails, as
 * Linux lets it fail: once, and the next one succeeds as if all were well.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "store/selected.h"
#include "tests/unit/store/box.h"

#define LETTERS	25		/* more than one segment */

static struct box box;
static int syncs_left = -1;	/* until one fails; -1: none does */
static unsigned syncs;		/* that were asked for */

int
fdatasync(int fd)
{
	syncs++;
	if (syncs_left > 0 && --syncs_left == 0) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

static void
set_up(void)
{
	box = box_new();
}

static void
tear_down(void)
{
	syncs_left = -1;
	box_drop(&box);
}

/* Deliver and settle until it fails; the last that was settled. */
static uint32_t
settle_some(int *r_out)
{
	uint32_t settled = 0;
	bool was_there;
	int r = 0;

	for (uint32_t n = 1; n <= LETTERS; n++) {
		r = box_deliver(box.account, n, &was_there);
		if (r == 0 && n % 3 == 0)
			r = account_settle(box.account, n, 0);
		if (r < 0)
			break;
		if (n % 3 == 0)
			settled = n;
	}
	*r_out = r;
	return settled;
}

START_TEST(a_failed_sync_settles_nothing_and_is_final)
{
	struct view *view;
	uint32_t settled;
	bool was_there;
	int r;

	syncs_left = _i;
	settled = settle_some(&r);
	ck_assert_int_eq(syncs_left, 0);
	ck_assert_int_eq(r, -EIO);
	ck_assert_uint_eq(account_settled_to(box.account), settled);
	/* the disk says that all is well; we do not believe it */
	ck_assert_int_eq(account_settle(box.account, LETTERS, 0), -EIO);
	ck_assert_int_eq(box_deliver(box.account, 99, &was_there), -EIO);
	ck_assert_int_eq(account_view_open(box.account, MAILBOX_INBOX, &view),
	    -EIO);
	ck_assert_int_eq(account_compact(box.account), -EIO);
	ck_assert_int_eq(account_close(box.account), -EIO);
	/* the next process, and the journal */
	box_open(&box);
	ck_assert_uint_ge(account_settled_to(box.account), settled);
	for (uint32_t n = settled + 1; n <= LETTERS; n++)
		ck_assert_int_eq(box_deliver(box.account, n, &was_there), 0);
	ck_assert_int_eq(account_settle(box.account, LETTERS, 0), 0);
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), LETTERS);
	for (size_t i = 0; i < LETTERS; i++)
		ck_assert_int_eq(box_is_letter(&box, view, i,
		    box_number(view_letter(view, i))), 0);
	account_view_close(box.account, view);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(what_a_failed_sync_left_is_not_believed_by_the_next_life)
{
	bool was_there;

	box_fill(&box, 1, 1);
	box_fill(&box, 2, 2);
	syncs_left = 1;
	ck_assert_int_eq(account_settle(box.account, 2, 0), -EIO);
	ck_assert_int_eq(account_close(box.account), -EIO);
	box_open(&box);
	/* letter 2 reads well, from memory; it is written again even so */
	ck_assert_int_eq(box_deliver(box.account, 2, &was_there), 0);
	ck_assert(was_there);
	ck_assert_int_eq(account_settle(box.account, 2, 0), 0);
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, "SELECT segment FROM letter "
	    "ORDER BY id LIMIT 1"), 1);
	ck_assert_int_eq(box_ask(&box, "SELECT segment FROM letter "
	    "ORDER BY id DESC LIMIT 1"), 2);
}
END_TEST

START_TEST(an_expunge_that_cannot_be_synced_is_not_ok)
{
	struct view *view;
	size_t first = 0;

	box_fill(&box, 1, 1);
	box_fill(&box, 2, 2);
	view = box_view(&box);
	syncs_left = _i;
	ck_assert_int_eq(account_expunge(box.account, view, &first, 1), -EIO);
	ck_assert_int_eq(account_close(box.account), -EIO);
	box_open(&box);
	view = box_view(&box);
	/* the segment's sync comes first: then no row was written */
	if (_i == 1)
		ck_assert_uint_eq(view_count(view), 2);
	account_view_close(box.account, view);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* The number of another change of the first letter. */
static uint64_t
change_flag(struct account *account, unsigned turn)
{
	const struct flag_change change = {
		.how = turn % 2 == 0 ? FLAG_ADD : FLAG_REMOVE,
		.flags = LETTER_FLAGGED, .unchanged_since = UINT64_MAX
	};
	struct selected *selected;
	uint64_t modseq = 0;
	size_t first = 0;

	if (selected_open(account, MAILBOX_INBOX, &selected) != 0 ||
	    selected_flag(selected, &first, 1, &change, NULL, NULL,
	    &modseq) != 0)
		abort();
	selected_close(selected);
	return modseq;
}

START_TEST(no_change_waits_for_numbers_that_were_reserved_in_time)
{
	unsigned before;

	box_fill(&box, 1, 1);
	for (unsigned turn = 0; turn < 5 * BOX_UID_BLOCK; turn++) {
		/* as a session and a timer have it done */
		if (account_wants_sync(box.account))
			ck_assert_int_eq(account_sync(box.account), 0);
		before = syncs;
		(void)change_flag(box.account, turn);
		ck_assert_uint_eq(syncs, before);
	}
	/* who never comes to that waits where a block ends */
	before = syncs;
	for (unsigned turn = 0; turn < BOX_UID_BLOCK; turn++)
		(void)change_flag(box.account, turn);
	ck_assert_uint_gt(syncs, before);
}
END_TEST

static void
deliver_from(uint32_t first, uint32_t last)
{
	bool was_there;

	for (uint32_t n = first; n <= last; n++) {
		ck_assert_int_eq(box_deliver(box.account, n, &was_there), 0);
		ck_assert_int_eq(account_commit(box.account), 0);
	}
}

START_TEST(a_commit_that_waits_for_the_disk_renews_what_is_half_spent)
{
	unsigned before;

	deliver_from(1, BOX_UID_BLOCK - 2);
	ck_assert_int_eq(account_settle(box.account, 1, 0), 0);
	before = syncs;
	/* UIDs and numbers of changes of the next block */
	deliver_from(BOX_UID_BLOCK - 1, BOX_UID_BLOCK + 2);
	ck_assert_uint_eq(syncs, before);
	/* who has not had half of it goes on with the same */
	ck_assert_int_eq(account_settle(box.account, 2, 0), 0);
	ck_assert_int_eq(box_ask(&box, "SELECT uid_reserved FROM mailbox"
	    " WHERE id = 1"), 2 * BOX_UID_BLOCK - 1);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

static void
change_much(struct account *account, void *arg)
{
	const unsigned *turns = arg;

	for (unsigned turn = 0; turn < *turns; turn++) {
		if (account_wants_sync(account) && account_sync(account) != 0)
			abort();
		(void)change_flag(account, turn);
	}
}

/* RFC 7162 3.1: no number that a client may have seen comes a second time */
START_TEST(numbers_reserved_before_a_crash_are_not_given_after_it)
{
	unsigned turns = (unsigned)_i;
	uint64_t reserved;

	box_fill(&box, 1, 1);
	box_close(&box);
	box_crash(&box, change_much, &turns);
	reserved = (uint64_t)box_ask(&box, "SELECT modseq_reserved FROM meta");
	ck_assert_uint_gt(reserved, turns);
	box_open(&box);
	ck_assert_uint_ge(change_flag(box.account, turns), reserved);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("sync");
	TCase *tcase = tcase_create("sync");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase,
	    a_failed_sync_settles_nothing_and_is_final, 1, 16);
	tcase_add_test(tcase,
	    what_a_failed_sync_left_is_not_believed_by_the_next_life);
	tcase_add_loop_test(tcase, an_expunge_that_cannot_be_synced_is_not_ok,
	    1, 3);
	tcase_add_test(tcase,
	    no_change_waits_for_numbers_that_were_reserved_in_time);
	tcase_add_test(tcase,
	    a_commit_that_waits_for_the_disk_renews_what_is_half_spent);
	tcase_add_loop_test(tcase,
	    numbers_reserved_before_a_crash_are_not_given_after_it, 0,
	    3 * BOX_UID_BLOCK);
	suite_add_tcase(suite, tcase);
	return suite;
}
