/*
 * tally_test.c - what is counted of a mailbox, and when its row says it
 */
#include <errno.h>
#include <stdlib.h>

#include "store/folders.h"
#include "store/selected.h"
#include "tests/unit/store/box.h"

#define LETTERS		3
#define ROW(column)	"SELECT " column " FROM mailbox WHERE id = 1"
#define NEWEST		"SELECT max(modseq) FROM entry"

static struct box box;

static void
set_up(void)
{
	box = box_new();
	box_fill(&box, 1, LETTERS);
	ck_assert_int_eq(account_sync(box.account), 0);
}

static void
tear_down(void)
{
	box_drop(&box);
}

/* Change the flags of letter `n`; the new modification number, or 0. */
static uint64_t
change(struct account *account, size_t n, enum flag_how how, unsigned flags)
{
	const struct flag_change asked = {
		.how = how, .flags = (uint8_t)flags,
		.unchanged_since = UINT64_MAX
	};
	struct selected *view;
	uint64_t modseq = 0;

	if (selected_open(account, MAILBOX_INBOX, &view) != 0)
		return 0;
	if (selected_flag(view, &n, 1, &asked, NULL, NULL, &modseq) != 0)
		modseq = 0;
	selected_close(view);
	return modseq;
}

static uint64_t
highest_modseq(void)
{
	struct folder_status status;

	ck_assert_int_eq(folder_status(box.account, MAILBOX_INBOX, &status),
	    0);
	return status.highest_modseq;
}

/* Flags that are counted, and what the row says of them before and after. */
static const struct {
	unsigned	 flags;
	const char	*row;
	int64_t		 before, after;
} counted[] = {
	{ LETTER_SEEN,			ROW("unseen"),  LETTERS, LETTERS - 1 },
	{ LETTER_DELETED,		ROW("deleted"), 0,	 1 },
	{ LETTER_SEEN | LETTER_FLAGGED,	ROW("unseen"),  LETTERS, LETTERS - 1 },
};

START_TEST(what_is_counted_is_in_the_row_with_each_commit)
{
	uint64_t modseq;

	ck_assert_int_eq(box_ask(&box, counted[_i].row), counted[_i].before);
	modseq = change(box.account, 1, FLAG_ADD, counted[_i].flags);
	ck_assert_uint_gt(modseq, 0);
	ck_assert_int_eq(box_ask(&box, counted[_i].row), counted[_i].after);
	ck_assert_int_eq(box_ask(&box, ROW("modseq")), (int64_t)modseq);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* One that leaves the counts as they were is one row less to write. */
START_TEST(a_number_alone_is_in_the_row_with_the_next_full_commit)
{
	int64_t before = box_ask(&box, ROW("modseq"));
	uint64_t modseq = change(box.account, 1, FLAG_ADD, LETTER_ANSWERED);

	ck_assert_uint_gt(modseq, (uint64_t)before);
	ck_assert_int_eq(box_ask(&box, ROW("modseq")), before);
	ck_assert_int_eq(box_ask(&box, NEWEST), (int64_t)modseq);
	/* who asks hears of it, and check finds nothing wrong */
	ck_assert_uint_eq(highest_modseq(), modseq);
	ck_assert_int_eq(box_check(&box), 0);
	ck_assert_int_eq(account_sync(box.account), 0);
	ck_assert_int_eq(box_ask(&box, ROW("modseq")), (int64_t)modseq);
}
END_TEST

/* A change that is counted, and an end, write it as well. */
START_TEST(a_number_does_not_stay_behind)
{
	uint64_t modseq = change(box.account, 0, FLAG_ADD, LETTER_FLAGGED);

	ck_assert_int_lt(box_ask(&box, ROW("modseq")), (int64_t)modseq);
	if (_i == 0) {
		modseq = change(box.account, 1, FLAG_ADD, LETTER_SEEN);
		ck_assert_int_eq(box_ask(&box, ROW("modseq")),
		    (int64_t)modseq);
	}
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, ROW("modseq")), (int64_t)modseq);
	ck_assert_int_eq(box_check(&box), 0);
	box_open(&box);
	ck_assert_uint_eq(highest_modseq(), modseq);
}
END_TEST

static void
change_and_end(struct account *account, void *arg)
{
	(void)arg;
	/* the first one reserves numbers, and is FULL */
	if (change(account, 1, FLAG_ADD, LETTER_ANSWERED) == 0 ||
	    change(account, 2, FLAG_ADD, LETTER_ANSWERED) == 0)
		abort();
}

/*
 * RFC 7162 3.1.2.1: no mailbox is behind a number that a client has seen,
 * though the process was killed before its row said so.
 */
START_TEST(after_a_crash_no_mailbox_is_behind_its_letters)
{
	int64_t newest;

	box_close(&box);
	box_crash(&box, change_and_end, NULL);
	newest = box_ask(&box, NEWEST);
	ck_assert_int_lt(box_ask(&box, ROW("modseq")), newest);
	ck_assert_int_eq(box_check(&box), 0);
	box_open(&box);
	ck_assert_uint_gt(highest_modseq(), (uint64_t)newest);
	ck_assert_int_gt(box_ask(&box, ROW("modseq")), newest);
}
END_TEST

/* An account that has ended well has told all: then it is a fault. */
START_TEST(a_row_that_is_behind_is_told_of_an_account_at_rest)
{
	box_close(&box);
	ck_assert_int_eq(box_faults(&box), 0);
	box_meddle(&box, "UPDATE mailbox SET modseq = 1 WHERE id = 1");
	ck_assert_int_ge(box_faults(&box), 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/tally");
	TCase *tcase = tcase_create("tally");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase,
	    what_is_counted_is_in_the_row_with_each_commit, 0,
	    sizeof(counted) / sizeof(counted[0]));
	tcase_add_test(tcase,
	    a_number_alone_is_in_the_row_with_the_next_full_commit);
	tcase_add_loop_test(tcase, a_number_does_not_stay_behind, 0, 2);
	tcase_add_test(tcase, after_a_crash_no_mailbox_is_behind_its_letters);
	tcase_add_test(tcase,
	    a_row_that_is_behind_is_told_of_an_account_at_rest);
	suite_add_tcase(suite, tcase);
	return suite;
}
