/*
 * account_test.c - one account's mail: its index and its letters
 */
#include <errno.h>
#include <string.h>

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

/* Delivering */

START_TEST(a_letter_is_read_as_it_was_delivered)
{
	struct box_letter want = box_letter(1);
	const struct letter *letter;
	struct view *view;

	box_fill(&box, 1, 30);
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), 30);
	for (uint32_t n = 1; n <= 30; n++)
		ck_assert_int_eq(box_is_letter(&box, view, n - 1, n), 0);
	letter = view_letter(view, 0);
	ck_assert_uint_eq(letter->uid, 1);
	ck_assert_uint_eq(letter->bytes, strlen(want.trace) +
	    want.delivery.body_bytes);
	ck_assert_str_eq(letter->uidl, "0400000000000001.0");
	ck_assert_ptr_null(view_letter(view, 30));
	account_view_close(box.account, view);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_second_delivery_of_the_same_changes_nothing)
{
	struct view *view;
	bool was_there = false;

	box_fill(&box, 1, 3);
	if (_i == 1)
		ck_assert_int_eq(account_settle(box.account, 3, 0), 0);
	if (_i == 2) {
		box_close(&box);
		box_open(&box);
	}
	for (uint32_t n = 1; n <= 3; n++) {
		ck_assert_int_eq(box_deliver(box.account, n, &was_there), 0);
		ck_assert(was_there);
	}
	ck_assert_int_eq(account_commit(box.account), 0);
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), 3);
	for (uint32_t n = 1; n <= 3; n++)
		ck_assert_int_eq(box_is_letter(&box, view, n - 1, n), 0);
	account_view_close(box.account, view);
}
END_TEST

START_TEST(another_action_of_the_same_message_is_another_letter)
{
	struct box_letter letter = box_letter(1);
	struct view *view;
	bool was_there = true;

	box_fill(&box, 1, 1);
	letter.delivery.action = 0xffffffff;
	letter.delivery.body = slice_of(letter.body,
	    letter.delivery.body_bytes);
	ck_assert_int_eq(account_deliver(box.account, &letter.delivery,
	    &was_there), 0);
	ck_assert(!was_there);
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), 2);
	ck_assert_str_eq(view_letter(view, 1)->uidl,
	    "0400000000000001.ffffffff");
	account_view_close(box.account, view);
}
END_TEST

START_TEST(a_missing_line_end_is_counted)
{
	struct delivery delivery = {
		.id = box_id(1),
		.mailbox = MAILBOX_INBOX,
		.body = SLICE("no end"),
		.body_bytes = 6,
		.lacks_crlf = true,
	};
	struct view *view;
	bool was_there;

	ck_assert_int_eq(account_deliver(box.account, &delivery, &was_there),
	    0);
	view = box_view(&box);
	ck_assert_uint_eq(view_letter(view, 0)->bytes, 8);
	ck_assert(view_letter(view, 0)->lacks_crlf);
	account_view_close(box.account, view);
}
END_TEST

static char large[BIG_BYTES * 2 + 1];

static const struct {
	struct delivery	delivery;
	int		want;
} refusals[] = {
	{ { .mailbox = 2, .body_bytes = 0 }, -ENOENT },
	{ { .mailbox = 1, .body_bytes = 1 }, -EINVAL },
	{ { .mailbox = 1, .is_big = true, .body = { large, 1 },
	    .body_bytes = 1 }, -EINVAL },
	{ { .mailbox = 1, .body = { large, sizeof(large) },
	    .body_bytes = sizeof(large) }, -EMSGSIZE },
	{ { .mailbox = 1, .trace = { large, 65537 } }, -EMSGSIZE },
	{ { .mailbox = 1, .is_big = true, .body_bytes = UINT64_MAX },
	    -EMSGSIZE },
	{ { .mailbox = 1, .position = UINT64_MAX }, -ERANGE },
};

START_TEST(a_refused_delivery_leaves_nothing)
{
	struct view *view;
	bool was_there;

	ck_assert_int_eq(box_deliver(box.account, 1, &was_there), 0);
	ck_assert_int_eq(account_deliver(box.account, &refusals[_i].delivery,
	    &was_there), refusals[_i].want);
	ck_assert_int_eq(box_deliver(box.account, 2, &was_there), 0);
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), 2);
	ck_assert_uint_eq(view_letter(view, 1)->uid, 2);
	account_view_close(box.account, view);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* Opening */

START_TEST(a_clean_close_wastes_no_number)
{
	struct view *view;

	box_fill(&box, 1, 5);
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM tombstone"), 0);
	box_open(&box);
	box_fill(&box, 6, 6);
	view = box_view(&box);
	ck_assert_uint_eq(view_letter(view, 5)->uid, 6);
	account_view_close(box.account, view);
	box_close(&box);
	/* and goes on in the same segment */
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM segment"), 1);
}
END_TEST

static void
deliver_five(struct account *account, void *arg)
{
	bool was_there;

	(void)arg;
	for (uint32_t n = 1; n <= 5; n++) {
		(void)box_deliver(account, n, &was_there);
		(void)account_commit(account);
	}
}

START_TEST(after_a_crash_numbers_go_on_behind_the_block)
{
	struct view *view;

	box_close(&box);
	box_crash(&box, deliver_five, NULL);
	box_open(&box);
	box_fill(&box, 6, 6);
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), 6);
	ck_assert_uint_eq(view_letter(view, 4)->uid, 5);
	ck_assert_uint_eq(view_letter(view, 5)->uid, BOX_UID_BLOCK + 1);
	account_view_close(box.account, view);
	box_close(&box);
	/* one tombstone, over 6 to 16 of INBOX */
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM tombstone"), 1);
	ck_assert_int_eq(box_ask(&box, "SELECT place FROM tombstone"),
	    (1ll << 32) + 6);
	ck_assert_int_eq(box_ask(&box, "SELECT last FROM tombstone"),
	    (1ll << 32) + BOX_UID_BLOCK);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(what_an_earlier_life_did_not_vouch_for_is_written_again)
{
	struct view *view;
	bool was_there;
	int64_t place;

	box_close(&box);
	box_crash(&box, deliver_five, NULL);
	place = box_ask(&box, "SELECT offset FROM letter WHERE "
	    "hex(message_id) LIKE '%03'");
	if (_i == 1)	/* nor did its bytes reach the disk */
		box_damage(&box, 1, place + 100);
	box_open(&box);
	for (uint32_t n = 1; n <= 5; n++) {
		ck_assert_int_eq(box_deliver(box.account, n, &was_there), 0);
		ck_assert(was_there);
	}
	ck_assert_int_eq(account_settle(box.account, 5, 0), 0);
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), 5);
	for (uint32_t n = 1; n <= 5; n++) {
		ck_assert_int_eq(box_is_letter(&box, view, n - 1, n), 0);
		ck_assert_uint_eq(view_letter(view, n - 1)->uid, n);
	}
	account_view_close(box.account, view);
	box_close(&box);
	/* the first commit reserved numbers: FULL, so letter 1 was safe */
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM letter "
	    "WHERE segment = 2"), 4);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_settled_letter_whose_bytes_are_damaged_is_written_again)
{
	struct view *view;
	bool was_there;

	box_fill(&box, 1, 3);
	ck_assert_int_eq(account_settle(box.account, 3, 0), 0);
	box_damage(&box, 1, 200);
	view = box_view(&box);
	ck_assert_int_eq(box_is_letter(&box, view, 0, 1), -EBADMSG);
	ck_assert_int_eq(box_is_letter(&box, view, 1, 2), 0);
	ck_assert_int_eq(box_faults(&box), 1);
	ck_assert_int_eq(box_deliver(box.account, 1, &was_there), 0);
	ck_assert(was_there);
	ck_assert_int_eq(box_is_letter(&box, view, 0, 1), 0);
	ck_assert_int_eq(account_commit(box.account), 0);
	account_view_close(box.account, view);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(settled_to_never_goes_back_and_survives)
{
	box_fill(&box, 1, 3);
	ck_assert_int_eq(account_settle(box.account, 3, 2), 0);
	ck_assert_int_eq(account_settle(box.account, 1, 0), 0);
	ck_assert_uint_eq(account_settled_to(box.account), 3);
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM delivered"), 2);
	box_open(&box);
	ck_assert_uint_eq(account_settled_to(box.account), 3);
}
END_TEST

START_TEST(keys_that_are_not_settled_are_not_pruned)
{
	box_fill(&box, 1, 3);
	ck_assert_int_eq(account_settle(box.account, 1, 1000), 0);
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM delivered"), 2);
}
END_TEST

START_TEST(two_processes_cannot_have_one_account)
{
	struct box other = box;
	unsigned needs;

	ck_assert_int_eq(box_try_open(&other, &needs), -EBUSY);
}
END_TEST

START_TEST(another_hub_s_account_is_refused)
{
	struct account_options options = { .hub_id = "another" };
	struct account *account;
	unsigned needs;

	box_close(&box);
	ck_assert_int_eq(account_open(box.scratch.fd, &options, &account,
	    &needs), -EXDEV);
}
END_TEST

START_TEST(a_newer_account_is_refused_with_the_format_it_needs)
{
	unsigned needs = 0;

	box_close(&box);
	box_meddle(&box, "PRAGMA user_version = 99");
	ck_assert_int_eq(box_try_open(&box, &needs), -EPROTO);
	ck_assert_uint_eq(needs, 99);
}
END_TEST

START_TEST(a_segment_that_is_longer_or_shorter_is_not_appended_to)
{
	struct view *view;
	int fd;

	box_fill(&box, 1, 3);
	box_close(&box);
	fd = openat(box.scratch.fd, "letters/0001.seg",
	    O_WRONLY | O_APPEND | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	if (_i == 0)
		ck_assert_int_eq(write(fd, "torn", 4), 4);
	else
		ck_assert_int_eq(ftruncate(fd, 300), 0);
	ck_assert_int_eq(close(fd), 0);
	box_open(&box);
	box_fill(&box, 4, 4);
	view = box_view(&box);
	ck_assert_int_eq(box_is_letter(&box, view, 3, 4), 0);
	ck_assert_int_eq(box_is_letter(&box, view, 0, 1),
	    _i == 0 ? 0 : -EBADMSG);
	account_view_close(box.account, view);
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, "SELECT segment FROM letter "
	    "ORDER BY id DESC LIMIT 1"), 2);
}
END_TEST

/* Views and deleting */

START_TEST(a_view_does_not_see_what_comes_later)
{
	struct view *before, *after;

	box_fill(&box, 1, 2);
	before = box_view(&box);
	box_fill(&box, 3, 3);
	after = box_view(&box);
	ck_assert_uint_eq(view_count(before), 2);
	ck_assert_uint_eq(view_count(after), 3);
	account_view_close(box.account, before);
	account_view_close(box.account, after);
}
END_TEST

START_TEST(a_deleted_letter_stays_readable_in_another_view)
{
	struct account_figures figures;
	size_t second = 1;
	struct view *mine, *other;

	box_fill(&box, 1, 3);
	mine = box_view(&box);
	other = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, mine, &second, 1), 0);
	ck_assert_int_eq(box_is_letter(&box, mine, 1, 2), -ENOENT);
	ck_assert_int_eq(box_is_letter(&box, other, 1, 2), 0);
	/* somebody else deleted it already: no error */
	ck_assert_int_eq(account_expunge(box.account, other, &second, 1), 0);
	account_view_close(box.account, mine);
	account_view_close(box.account, other);
	ck_assert_int_eq(account_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 2);
	ck_assert_uint_eq(figures.entries, 2);
	ck_assert_uint_gt(figures.garbage_bytes, 0);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(the_last_view_lets_a_deleted_letter_go)
{
	struct account_figures figures;
	size_t all[] = { 0, 1, 2, 1 };
	struct view *mine, *other;

	box_fill(&box, 1, 3);
	mine = box_view(&box);
	other = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, mine, all, 4), 0);
	account_view_close(box.account, mine);
	ck_assert_int_eq(account_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 3);
	ck_assert_uint_eq(figures.entries, 0);
	ck_assert_int_eq(box_check(&box), 0);
	for (uint32_t n = 1; n <= 3; n++)
		ck_assert_int_eq(box_is_letter(&box, other, n - 1, n), 0);
	account_view_close(box.account, other);
	ck_assert_int_eq(account_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 0);
	box_close(&box);
	/* one range, not three */
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM tombstone"), 1);
}
END_TEST

static void
delete_under_a_view(struct account *account, void *arg)
{
	size_t first = 0;
	struct view *mine, *other;

	(void)arg;
	if (account_view_open(account, MAILBOX_INBOX, &mine) == 0 &&
	    account_view_open(account, MAILBOX_INBOX, &other) == 0)
		(void)account_expunge(account, mine, &first, 1);
}

START_TEST(orphans_of_a_crash_are_swept_at_the_next_opening)
{
	struct account_figures figures;

	box_fill(&box, 1, 3);
	box_close(&box);
	box_crash(&box, delete_under_a_view, NULL);
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM letter"), 3);
	box_open(&box);
	ck_assert_int_eq(account_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 2);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_deleted_letter_does_not_come_back_when_delivered_again)
{
	struct view *view;
	size_t second = 1;
	bool was_there = false;

	box_fill(&box, 1, 3);
	view = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, view, &second, 1), 0);
	account_view_close(box.account, view);
	if (_i == 1) {
		box_close(&box);
		box_open(&box);
	}
	ck_assert_int_eq(box_deliver(box.account, 2, &was_there), 0);
	ck_assert(was_there);
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), 2);
	account_view_close(box.account, view);
}
END_TEST

START_TEST(a_number_beyond_the_view_deletes_nothing)
{
	size_t numbers[] = { 0, 3 };
	struct view *view;

	box_fill(&box, 1, 3);
	view = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, view, numbers, 2),
	    -EINVAL);
	ck_assert_int_eq(box_is_letter(&box, view, 0, 1), 0);
	account_view_close(box.account, view);
}
END_TEST

START_TEST(an_expunge_keeps_what_was_delivered_and_not_committed)
{
	struct view *view;
	size_t first = 0;
	bool was_there;

	box_fill(&box, 1, 1);
	view = box_view(&box);
	ck_assert_int_eq(box_deliver(box.account, 2, &was_there), 0);
	ck_assert_int_eq(account_expunge(box.account, view, &first, 1), 0);
	account_view_close(box.account, view);
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), 1);
	ck_assert_int_eq(box_is_letter(&box, view, 0, 2), 0);
	account_view_close(box.account, view);
}
END_TEST

/* Big files */

struct unrefs {
	uint32_t	count, last;
	int		status;		/* what it is answered with */
};

static int
count_unref(void *arg, const struct message_id *big)
{
	struct unrefs *unrefs = arg;

	unrefs->count++;
	unrefs->last = big->bytes[9];
	return unrefs->status;
}

START_TEST(a_big_letter_names_its_file)
{
	struct letter_bytes bytes;
	struct message_id id = box_id(7);
	struct view *view;

	ck_assert_int_eq(box_deliver_big(box.account, 7, 0), 0);
	view = box_view(&box);
	ck_assert_uint_eq(view_letter(view, 0)->bytes, 5000015);
	ck_assert_int_eq(account_read(box.account, view, 0, &bytes), 0);
	ck_assert(bytes.is_big);
	ck_assert_int_eq(message_id_order(&bytes.big, &id), 0);
	ck_assert_uint_eq(bytes.body_bytes, 5000000);
	ck_assert(slice_is_str(bytes.trace, "Received: big\r\n"));
	ck_assert_uint_eq(bytes.body.len, 0);
	account_view_close(box.account, view);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_big_file_is_told_when_its_last_letter_goes)
{
	struct unrefs unrefs = { .status = 0 };
	size_t first = 0;
	struct view *view;

	account_on_unref(box.account, count_unref, &unrefs);
	ck_assert_int_eq(box_deliver_big(box.account, 7, 0), 0);
	ck_assert_int_eq(box_deliver_big(box.account, 7, 1), 0);
	view = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, view, &first, 1), 0);
	account_view_close(box.account, view);
	ck_assert_uint_eq(unrefs.count, 0);
	view = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, view, &first, 1), 0);
	ck_assert_uint_eq(unrefs.count, 1);
	ck_assert_uint_eq(unrefs.last, 7);
	account_view_close(box.account, view);
	ck_assert_uint_eq(unrefs.count, 1);
}
END_TEST

START_TEST(a_big_file_that_cannot_be_told_is_told_at_the_next_settling)
{
	struct unrefs unrefs = { .status = -ENOTCONN };
	const size_t both[] = { 0, 1 };
	struct view *view;

	account_on_unref(box.account, count_unref, &unrefs);
	ck_assert_int_eq(box_deliver_big(box.account, 7, 0), 0);
	ck_assert_int_eq(box_deliver_big(box.account, 8, 0), 0);
	view = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, view, both, 2), 0);
	account_view_close(box.account, view);
	ck_assert_uint_gt(unrefs.count, 0);
	ck_assert_uint_eq(unrefs.last, 7);	/* not the next one then */
	unrefs = (struct unrefs){ .status = 0 };
	ck_assert_int_eq(account_settle(box.account, 0, 0), 0);
	ck_assert_uint_eq(unrefs.count, 2);
	ck_assert_uint_eq(unrefs.last, 8);
	ck_assert_int_eq(account_settle(box.account, 0, 0), 0);
	ck_assert_uint_eq(unrefs.count, 2);
}
END_TEST

START_TEST(a_big_file_that_cannot_be_told_is_told_to_the_next_who_asks)
{
	struct unrefs never = { .status = -ENOTCONN }, unrefs = { 0 };
	const size_t first = 0;
	struct view *view;

	account_on_unref(box.account, count_unref, &never);
	ck_assert_int_eq(box_deliver_big(box.account, 7, 0), 0);
	view = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, view, &first, 1), 0);
	account_view_close(box.account, view);
	account_on_unref(box.account, count_unref, &unrefs);
	ck_assert_uint_eq(unrefs.count, 1);
	ck_assert_uint_eq(unrefs.last, 7);
}
END_TEST

START_TEST(a_big_file_in_another_view_is_told_when_that_closes)
{
	struct unrefs unrefs = { .status = 0 };
	size_t first = 0;
	struct view *mine, *other;

	account_on_unref(box.account, count_unref, &unrefs);
	ck_assert_int_eq(box_deliver_big(box.account, 7, 0), 0);
	mine = box_view(&box);
	other = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, mine, &first, 1), 0);
	account_view_close(box.account, mine);
	ck_assert_uint_eq(unrefs.count, 0);
	account_view_close(box.account, other);
	ck_assert_uint_eq(unrefs.count, 1);
}
END_TEST

START_TEST(a_big_file_nobody_was_told_of_is_told_later)
{
	struct unrefs unrefs = { .status = 0 };
	size_t first = 0;
	struct view *view;

	ck_assert_int_eq(box_deliver_big(box.account, 7, 0), 0);
	view = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, view, &first, 1), 0);
	account_view_close(box.account, view);
	box_close(&box);
	box_open(&box);
	account_on_unref(box.account, count_unref, &unrefs);
	ck_assert_uint_eq(unrefs.count, 1);
	account_on_unref(box.account, count_unref, &unrefs);
	ck_assert_uint_eq(unrefs.count, 1);
}
END_TEST

START_TEST(a_big_file_that_came_again_is_not_told)
{
	struct unrefs unrefs = { .status = 0 };
	size_t first = 0;
	struct view *view;

	ck_assert_int_eq(box_deliver_big(box.account, 7, 0), 0);
	view = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, view, &first, 1), 0);
	account_view_close(box.account, view);
	ck_assert_int_eq(box_deliver_big(box.account, 7, 1), 0);
	account_on_unref(box.account, count_unref, &unrefs);
	ck_assert_uint_eq(unrefs.count, 0);
}
END_TEST

static TCase *
delivering(void)
{
	TCase *tcase = tcase_create("delivering");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_letter_is_read_as_it_was_delivered);
	tcase_add_loop_test(tcase,
	    a_second_delivery_of_the_same_changes_nothing, 0, 3);
	tcase_add_test(tcase,
	    another_action_of_the_same_message_is_another_letter);
	tcase_add_test(tcase, a_missing_line_end_is_counted);
	tcase_add_loop_test(tcase, a_refused_delivery_leaves_nothing, 0,
	    sizeof(refusals) / sizeof(refusals[0]));
	return tcase;
}

static TCase *
opening(void)
{
	TCase *tcase = tcase_create("opening");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_clean_close_wastes_no_number);
	tcase_add_test(tcase, after_a_crash_numbers_go_on_behind_the_block);
	tcase_add_loop_test(tcase,
	    what_an_earlier_life_did_not_vouch_for_is_written_again, 0, 2);
	tcase_add_test(tcase,
	    a_settled_letter_whose_bytes_are_damaged_is_written_again);
	tcase_add_test(tcase, settled_to_never_goes_back_and_survives);
	tcase_add_test(tcase, keys_that_are_not_settled_are_not_pruned);
	tcase_add_test(tcase, two_processes_cannot_have_one_account);
	tcase_add_test(tcase, another_hub_s_account_is_refused);
	tcase_add_test(tcase,
	    a_newer_account_is_refused_with_the_format_it_needs);
	tcase_add_loop_test(tcase,
	    a_segment_that_is_longer_or_shorter_is_not_appended_to, 0, 2);
	return tcase;
}

static TCase *
deleting(void)
{
	TCase *tcase = tcase_create("deleting");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_view_does_not_see_what_comes_later);
	tcase_add_test(tcase, a_deleted_letter_stays_readable_in_another_view);
	tcase_add_test(tcase, the_last_view_lets_a_deleted_letter_go);
	tcase_add_test(tcase,
	    orphans_of_a_crash_are_swept_at_the_next_opening);
	tcase_add_loop_test(tcase,
	    a_deleted_letter_does_not_come_back_when_delivered_again, 0, 2);
	tcase_add_test(tcase, a_number_beyond_the_view_deletes_nothing);
	tcase_add_test(tcase,
	    an_expunge_keeps_what_was_delivered_and_not_committed);
	tcase_add_test(tcase, a_big_letter_names_its_file);
	tcase_add_test(tcase, a_big_file_is_told_when_its_last_letter_goes);
	tcase_add_test(tcase,
	    a_big_file_in_another_view_is_told_when_that_closes);
	tcase_add_test(tcase,
	    a_big_file_that_cannot_be_told_is_told_at_the_next_settling);
	tcase_add_test(tcase,
	    a_big_file_that_cannot_be_told_is_told_to_the_next_who_asks);
	tcase_add_test(tcase, a_big_file_nobody_was_told_of_is_told_later);
	tcase_add_test(tcase, a_big_file_that_came_again_is_not_told);
	return tcase;
}

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("account");

	suite_add_tcase(suite, delivering());
	suite_add_tcase(suite, opening());
	suite_add_tcase(suite, deleting());
	return suite;
}
