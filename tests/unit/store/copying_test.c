/*
 * copying_test.c - COPY is all or nothing, MOVE loses and doubles no letter
 */
#include "store/copying.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store/folders.h"
#include "tests/unit/store/box.h"

static struct box box;
static uint32_t other;		/* a mailbox beside INBOX */
static int syncs_left = -1;	/* until one fails; -1: none does */
static unsigned untidy_told;

/* Ours stands before libc's, for SQLite too. */
int
fdatasync(int fd)
{
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
	box_fill(&box, 1, 6);
	ck_assert_int_eq(folder_create(box.account, slice_str("Other"), 0,
	    &other), 0);
}

static void
tear_down(void)
{
	syncs_left = -1;
	box_drop(&box);
}

static struct selected *
open_view(uint32_t mailbox)
{
	struct selected *selected;

	ck_assert_int_eq(selected_open(box.account, mailbox, &selected), 0);
	return selected;
}

static struct copying *
begin(struct selected *from, bool is_move)
{
	struct copying *copying;

	ck_assert_int_eq(copying_new(from, other, is_move, &copying), 0);
	return copying;
}

static const struct selected_teller silent = { NULL, NULL, NULL };

static void
update(struct selected *selected)
{
	ck_assert_int_eq(selected_update(selected, true, &silent, NULL), 0);
}

static size_t
count_in(uint32_t mailbox)
{
	struct folder_status status;

	ck_assert_int_eq(folder_status(box.account, mailbox, &status), 0);
	return status.messages;
}

static bool
is_letter(struct selected *selected, size_t n, uint32_t number)
{
	struct box_letter want = box_letter(number);
	struct letter_bytes bytes;

	return selected_read(selected, n, &bytes) == 0 &&
	    slice_is(bytes.body, slice_of(want.body,
	    want.delivery.body_bytes));
}

static void
tidy(void)
{
	int r;

	while ((r = account_tidy(box.account)) > 0)
		;
	ck_assert_int_eq(r, 0);
}

static void
flag(struct selected *selected, size_t n)
{
	struct flag_change change = {
		.how = FLAG_ADD, .flags = LETTER_FLAGGED | LETTER_DELETED,
		.keywords = SLICE("kerja"), .unchanged_since = UINT64_MAX
	};
	uint64_t modseq;

	ck_assert_int_eq(selected_flag(selected, &n, 1, &change, NULL, NULL,
	    &modseq), 0);
}

static void
expunge(struct selected *selected, size_t n)
{
	ck_assert_int_eq(selected_expunge(selected, &n, 1, NULL, NULL), 0);
}

/* RFC 9051 6.4.7: flags and internal date are kept */
START_TEST(a_copy_is_the_letter_with_its_flags)
{
	const size_t numbers[] = { 1, 2, 4 };
	struct selected *from = open_view(MAILBOX_INBOX);
	struct selected *to = open_view(other);
	struct copying *copying;
	struct account_figures figures;
	uint32_t uids[3];

	flag(from, 2);
	expunge(from, 4);
	copying = begin(from, false);
	ck_assert_int_eq(copying_add(copying, numbers, 3, true, uids), 0);
	ck_assert_uint_gt(copying_uidvalidity(copying), 0);
	copying_end(copying);
	ck_assert_uint_eq(uids[0], 1);
	ck_assert_uint_eq(uids[1], 2);
	ck_assert_uint_eq(uids[2], 0);	/* it was deleted meanwhile */
	update(from);
	update(to);
	ck_assert_uint_eq(selected_count(from), 5);
	ck_assert_uint_eq(selected_count(to), 2);
	ck_assert_uint_eq(selected_at(to, 1)->flags,
	    LETTER_FLAGGED | LETTER_DELETED);
	ck_assert(slice_is_str(selected_words(to,
	    selected_at(to, 1)->keywords), "kerja"));
	ck_assert_int_eq(account_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.entries, 7);
	/* the letter stays as long as one of its entries does */
	expunge(from, 1);
	update(from);
	tidy();
	ck_assert(is_letter(to, 0, 2));
	ck_assert_int_eq(box_check(&box), 0);
	selected_close(from);
	selected_close(to);
	box_close(&box);
	box_open(&box);
	to = open_view(other);
	ck_assert_uint_eq(selected_count(to), 2);
	ck_assert(is_letter(to, 1, 3));
}
END_TEST

START_TEST(a_letter_is_copied_into_its_own_mailbox)
{
	const size_t numbers[] = { 0, 5 };
	struct selected *from = open_view(MAILBOX_INBOX);
	struct copying *copying;
	uint32_t uids[2];

	other = MAILBOX_INBOX;
	copying = begin(from, _i == 1);
	ck_assert_int_eq(copying_add(copying, numbers, 2, true, uids), 0);
	copying_end(copying);
	ck_assert_uint_eq(uids[0], 7);
	ck_assert_uint_eq(uids[1], 8);
	update(from);
	ck_assert_uint_eq(selected_count(from), _i == 1 ? 6 : 8);
	ck_assert(is_letter(from, selected_count(from) - 1, 6));
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* RFC 6851 */
START_TEST(a_moved_letter_is_in_one_place)
{
	const size_t numbers[] = { 0, 1, 3 };
	struct selected *from = open_view(MAILBOX_INBOX);
	struct selected *watcher = open_view(MAILBOX_INBOX);
	struct selected *to = open_view(other);
	struct copying *copying;
	uint64_t before = selected_modseq(from);
	uint32_t uids[3];

	flag(from, 1);
	copying = begin(from, true);
	ck_assert_int_eq(copying_add(copying, numbers, 3, true, uids), 0);
	copying_end(copying);
	ck_assert_uint_eq(uids[2], 3);
	ck_assert(selected_is_expunged(watcher, 3));
	tidy();
	ck_assert(is_letter(watcher, 3, 4));
	update(from);
	update(to);
	ck_assert_uint_eq(selected_count(from), 3);
	ck_assert_uint_eq(selected_at(from, 0)->uid, 3);
	ck_assert_uint_gt(selected_modseq(from), before);
	ck_assert_uint_eq(selected_count(to), 3);
	ck_assert_uint_eq(selected_at(to, 1)->flags,
	    LETTER_FLAGGED | LETTER_DELETED);
	ck_assert(is_letter(to, 2, 4));
	ck_assert_uint_eq(count_in(MAILBOX_INBOX), 3);
	ck_assert_int_eq(box_check(&box), 0);
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM tombstone WHERE"
	    " place IN ((1 << 32) + 1, (1 << 32) + 4)"), 2);
	box_open(&box);
}
END_TEST

static const size_t first_two[] = { 0, 1 }, second_two[] = { 2, 3 };

/* Two steps of a COPY that gets no last one. */
static void
copy_and_leave(struct account *account, void *arg)
{
	struct selected *from;
	struct copying *copying;
	uint32_t uids[2];

	(void)arg;
	if (selected_open(account, MAILBOX_INBOX, &from) != 0 ||
	    copying_new(from, other, false, &copying) != 0 ||
	    copying_add(copying, first_two, 2, false, uids) != 0 ||
	    copying_add(copying, second_two, 2, false, uids) != 0)
		abort();
}

static void
on_untidy(void *arg)
{
	(void)arg;
	untidy_told++;
}

/* The same here, while another session expunges one of them. */
static void
copy_and_end(void)
{
	struct selected *from = open_view(MAILBOX_INBOX);
	struct selected *to = open_view(other);
	struct copying *copying = begin(from, false);
	uint32_t uids[2];

	untidy_told = 0;
	account_on_untidy(box.account, on_untidy, NULL);
	ck_assert_int_eq(copying_add(copying, first_two, 2, false, uids), 0);
	ck_assert_int_eq(copying_add(copying, second_two, 2, false, uids),
	    0);
	update(to);
	ck_assert_uint_eq(selected_count(to), 4);
	expunge(to, 1);
	ck_assert_int_eq(box_check(&box), 0);
	ck_assert_uint_eq(untidy_told, 0);
	copying_end(copying);
	ck_assert_uint_eq(untidy_told, 1);
	/* there may be thousands: a step at a time, and others have their turn */
	ck_assert_uint_eq(count_in(other), 3);
	ck_assert_int_eq(account_tidy(box.account), 1);
	ck_assert_uint_eq(count_in(other), 1);
	tidy();
	update(to);
	ck_assert_uint_eq(selected_count(to), 0);
}

/* Nobody tidies before it is closed. */
static void
copy_and_close(void)
{
	struct selected *from = open_view(MAILBOX_INBOX);
	struct copying *copying = begin(from, false);
	uint32_t uids[2];

	ck_assert_int_eq(copying_add(copying, first_two, 2, false, uids), 0);
	ck_assert_int_eq(copying_add(copying, second_two, 2, false, uids),
	    0);
	copying_end(copying);
	ck_assert_uint_eq(count_in(other), 4);
	box_close(&box);
	box_open(&box);
}

/* In steps: nothing of it is left when the last one does not come. */
START_TEST(a_copy_that_is_not_finished_is_taken_back)
{
	struct copying *copying;
	uint32_t uids[2];

	if (_i == 1) {
		box_close(&box);
		box_crash(&box, copy_and_leave, NULL);
		box_open(&box);
	} else if (_i == 2) {
		copy_and_close();
	} else {
		copy_and_end();
	}
	ck_assert_uint_eq(count_in(other), 0);
	ck_assert_uint_eq(count_in(MAILBOX_INBOX), 6);
	copying = begin(open_view(MAILBOX_INBOX), false);
	ck_assert_int_eq(copying_add(copying, first_two, 2, true, uids), 0);
	copying_end(copying);
	ck_assert_uint_ge(uids[0], 5);	/* none is given twice */
	ck_assert_int_eq(box_check(&box), 0);
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM unfinished"), 0);
	box_open(&box);
	ck_assert_uint_eq(count_in(other), 2);
}
END_TEST

START_TEST(a_copy_in_steps_is_whole_with_its_last)
{
	struct selected *from = open_view(MAILBOX_INBOX);
	struct copying *copying = begin(from, false);
	uint32_t uid;

	for (size_t n = 0; n < 6; n++) {
		ck_assert_int_eq(copying_add(copying, &n, 1,
		    n == 5 && _i == 0, &uid), 0);
		ck_assert_uint_eq(uid, n + 1);
	}
	if (_i == 1)
		ck_assert_int_eq(copying_add(copying, NULL, 0, true, NULL),
		    0);
	copying_end(copying);
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM unfinished"), 0);
	box_open(&box);
	ck_assert_uint_eq(count_in(other), 6);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(what_cannot_be_copied_is_said)
{
	static size_t many[SELECTED_STEP + 1];
	const size_t wrong[] = { 3, 3 }, beyond[] = { 6 }, good[] = { 0 };
	struct selected *from = open_view(MAILBOX_INBOX);
	struct copying *copying;
	uint32_t uids[2];

	ck_assert_int_eq(copying_new(from, 99, false, &copying), -ENOENT);
	copying = begin(from, _i == 1);
	ck_assert_int_eq(copying_add(copying, many, SELECTED_STEP + 1, true,
	    uids), -E2BIG);
	ck_assert_int_eq(copying_add(copying, wrong, 2, true, uids),
	    -EINVAL);
	ck_assert_int_eq(copying_add(copying, beyond, 1, true, uids),
	    -EINVAL);
	ck_assert_int_eq(folder_delete(box.account, slice_str("Other")), 0);
	ck_assert_int_eq(copying_add(copying, good, 1, true, uids),
	    -ENOENT);
	copying_end(copying);
	ck_assert_uint_eq(count_in(MAILBOX_INBOX), 6);
	ck_assert_int_eq(box_check(&box), 0);
	tidy();
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* No UIDs are left: nothing is copied or moved, and none is lost. */
START_TEST(a_mailbox_without_uids_takes_nothing)
{
	const size_t numbers[] = { 0, 1 };
	struct selected *from;
	struct copying *copying;
	uint32_t uids[2];

	box_close(&box);
	box_meddle(&box, "UPDATE mailbox SET uid_reserved = 4294967295"
	    " WHERE id = 2; INSERT INTO tombstone VALUES"
	    " ((2 << 32) + 1, (2 << 32) + 4294967294, 1)");
	box_open(&box);
	from = open_view(MAILBOX_INBOX);
	copying = begin(from, _i == 1);
	ck_assert_int_eq(copying_add(copying, numbers, 2, true, uids),
	    -EOVERFLOW);
	copying_end(copying);
	ck_assert_uint_eq(count_in(MAILBOX_INBOX), 6);
	ck_assert_uint_eq(count_in(other), 0);
	ck_assert(!selected_is_expunged(from, 0));
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* A sync fails: each letter is in one place, or in both for a COPY, or not. */
START_TEST(a_transfer_that_cannot_be_synced_loses_nothing)
{
	const size_t numbers[] = { 0, 1, 2 };
	struct selected *from = open_view(MAILBOX_INBOX);
	struct copying *copying = begin(from, _i == 1);
	uint32_t uids[3];
	size_t here, there;

	ck_assert_int_eq(account_settle(box.account, 6, 0), 0);
	syncs_left = 1;
	ck_assert_int_eq(copying_add(copying, numbers, 3, true, uids), -EIO);
	copying_end(copying);
	ck_assert_int_eq(account_close(box.account), -EIO);
	syncs_left = -1;
	box_open(&box);
	ck_assert_int_eq(box_check(&box), 0);
	here = count_in(MAILBOX_INBOX);
	there = count_in(other);
	if (_i == 1)
		ck_assert_uint_eq(here + there, 6);
	else
		ck_assert_uint_eq(here, 6);
	ck_assert(there == 0 || there == 3);
}
END_TEST

/* A letter with two entries of one mailbox is one row that is told twice. */
START_TEST(a_letter_twice_in_a_view_has_its_facts_twice)
{
	const size_t first[] = { 0 };
	struct selected *from = open_view(MAILBOX_INBOX);
	struct selected *to = open_view(other);
	uint32_t uid;

	for (int i = 0; i < 2; i++) {
		struct copying *copying = begin(from, false);

		ck_assert_int_eq(copying_add(copying, first, 1, true, &uid),
		    0);
		copying_end(copying);
	}
	update(to);
	ck_assert_uint_eq(selected_count(to), 2);
	ck_assert(is_letter(to, 0, 1));
	ck_assert(is_letter(to, 1, 1));
	ck_assert_uint_eq(selected_at(to, 0)->letter,
	    selected_at(to, 1)->letter);
	expunge(to, 0);
	expunge(from, 0);
	update(to);
	update(from);
	tidy();
	ck_assert(is_letter(to, 0, 1));
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* A copy costs nothing, and doubles what is there: it has an end. */
START_TEST(a_mailbox_is_not_copied_into_for_ever)
{
	const size_t places[] = { 0, 1 };
	struct copying *copying;
	struct selected *from;
	uint32_t uids[2];

	box_close(&box);
	box_meddle(&box, "UPDATE mailbox SET messages = 1999999 "
	    "WHERE name = CAST('Other' AS BLOB)");
	box_open(&box);
	from = open_view(MAILBOX_INBOX);
	for (size_t count = 2; count > 0; count--) {
		copying = begin(from, false);
		ck_assert_int_eq(copying_add(copying, places, count, true,
		    uids), count == 2 ? -EFBIG : 0);
		copying_end(copying);
	}
	copying = begin(from, true);
	ck_assert_int_eq(copying_add(copying, places, 1, true, uids), -EFBIG);
	copying_end(copying);
	selected_close(from);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/copying");
	TCase *tcase = tcase_create("copying");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_copy_is_the_letter_with_its_flags);
	tcase_add_loop_test(tcase, a_letter_is_copied_into_its_own_mailbox,
	    0, 2);
	tcase_add_test(tcase, a_moved_letter_is_in_one_place);
	tcase_add_loop_test(tcase, a_copy_that_is_not_finished_is_taken_back,
	    0, 3);
	tcase_add_loop_test(tcase, a_copy_in_steps_is_whole_with_its_last, 0,
	    2);
	tcase_add_loop_test(tcase, what_cannot_be_copied_is_said, 0, 2);
	tcase_add_loop_test(tcase, a_mailbox_without_uids_takes_nothing, 0,
	    2);
	tcase_add_loop_test(tcase,
	    a_transfer_that_cannot_be_synced_loses_nothing, 0, 2);
	tcase_add_test(tcase, a_mailbox_is_not_copied_into_for_ever);
	tcase_add_test(tcase, a_letter_twice_in_a_view_has_its_facts_twice);
	suite_add_tcase(suite, tcase);
	return suite;
}
