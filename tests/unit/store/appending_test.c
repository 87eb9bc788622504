/*
 * appending_test.c - what a person puts in is there when it is said to be
 */
#include "store/appending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store/folders.h"
#include "store/record.h"
#include "store/selected.h"
#include "tests/unit/store/box.h"

static struct box box;
static int syncs_left = -1;	/* until one fails; -1: none does */

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
}

static void
tear_down(void)
{
	syncs_left = -1;
	box_drop(&box);
}

static struct appending *
begin(void)
{
	struct appending *appending;

	ck_assert_int_eq(appending_new(box.account, MAILBOX_INBOX,
	    &appending), 0);
	return appending;
}

static struct append_letter
letter_of(const char *body)
{
	return (struct append_letter){
		.received_at_utc_ms = 1700000000123,
		.flags = LETTER_DRAFT, .keywords = SLICE("kerja Kerja a"),
		.body = slice_str(body), .body_bytes = strlen(body),
		.structure = SLICE("packed")
	};
}

static int
append(struct appending *appending, const char *body)
{
	struct append_letter letter = letter_of(body);

	return appending_add(appending, &letter);
}

static struct selected *
open_view(void)
{
	struct selected *selected;

	ck_assert_int_eq(selected_open(box.account, MAILBOX_INBOX,
	    &selected), 0);
	return selected;
}

static bool
is_body(struct selected *selected, size_t n, const char *body)
{
	struct letter_bytes bytes;

	return selected_read(selected, n, &bytes) == 0 &&
	    bytes.trace.len == 0 && slice_is_str(bytes.body, body);
}

static int
on_facts(void *arg, size_t n, const struct letter_facts *facts)
{
	struct letter_facts *copy = arg;

	(void)n;
	ck_assert_ptr_nonnull(facts);
	ck_assert(slice_is_str(facts->structure, "packed"));
	*copy = *facts;
	return 0;
}

static struct folder_status
status(void)
{
	struct folder_status found;

	ck_assert_int_eq(folder_status(box.account, MAILBOX_INBOX, &found),
	    0);
	return found;
}

/* RFC 3502: all of them, in their order */
START_TEST(letters_are_there_with_all_that_was_said)
{
	struct appending *appending = begin();
	uint32_t uidvalidity = 0, first = 0;
	struct letter_facts facts;
	struct selected *selected;

	box_fill(&box, 1, 2);
	ck_assert_int_eq(append(appending, "one\r\n"), 0);
	ck_assert_int_eq(append(appending, "second\r\n"), 0);
	ck_assert_uint_eq(status().messages, 2);
	box_fill(&box, 3, 3);
	ck_assert_int_eq(appending_commit(appending, &uidvalidity, &first),
	    0);
	appending_end(appending);
	ck_assert_uint_eq(uidvalidity, status().uidvalidity);
	ck_assert_uint_eq(first, 4);
	ck_assert_uint_eq(status().messages, 5);
	box_close(&box);
	box_open(&box);
	selected = open_view();
	ck_assert_uint_eq(selected_count(selected), 5);
	ck_assert(is_body(selected, 3, "one\r\n"));
	ck_assert(is_body(selected, 4, "second\r\n"));
	ck_assert_uint_eq(selected_at(selected, 4)->uid, 5);
	ck_assert_uint_eq(selected_at(selected, 4)->flags, LETTER_DRAFT);
	ck_assert(slice_is_str(selected_words(selected,
	    selected_at(selected, 4)->keywords), "kerja a"));
	ck_assert_int_eq(selected_facts(selected, 4, 1,
	    FACTS_SAVED | FACTS_STRUCTURE, on_facts, &facts), 0);
	ck_assert_uint_eq(facts.bytes, 8);
	ck_assert_int_eq(facts.received_at_utc_ms, 1700000000123);
	ck_assert_int_gt(facts.saved_at_utc_ms, 1700000000123);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* Two letters, one after the other or in two lives, have their own names. */
START_TEST(every_letter_has_a_name_of_its_own)
{
	uint32_t uidvalidity, first;
	struct view *view;

	for (int i = 0; i < 3; i++) {
		struct appending *appending = begin();

		ck_assert_int_eq(append(appending, "same\r\n"), 0);
		ck_assert_int_eq(appending_commit(appending, &uidvalidity,
		    &first), 0);
		appending_end(appending);
		if (i == 1) {
			box_close(&box);
			box_open(&box);
		}
	}
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), 3);
	ck_assert_str_ne(view_letter(view, 0)->uidl,
	    view_letter(view, 1)->uidl);
	ck_assert_str_ne(view_letter(view, 1)->uidl,
	    view_letter(view, 2)->uidl);
	account_view_close(box.account, view);
}
END_TEST

START_TEST(what_was_not_committed_is_garbage)
{
	struct appending *appending = begin();
	struct account_figures figures;

	ck_assert_int_eq(append(appending, "never\r\n"), 0);
	ck_assert_int_eq(append(appending, "seen\r\n"), 0);
	appending_end(appending);
	box_fill(&box, 1, 1);
	ck_assert_uint_eq(status().messages, 1);
	ck_assert_int_eq(account_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 1);
	ck_assert_uint_eq(figures.garbage_bytes, 2 * RECORD_HEADER_BYTES + 13);
	box_close(&box);
	box_open(&box);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_letter_in_a_big_file_refers_to_it)
{
	struct append_letter letter = {
		.is_big = true, .big = box_id(77), .body_bytes = 5000000,
		.lacks_crlf = true
	};
	struct appending *appending = begin();
	uint32_t uidvalidity, first;
	struct letter_bytes bytes;
	struct selected *selected;

	ck_assert_int_eq(appending_add(appending, &letter), 0);
	ck_assert_int_eq(appending_commit(appending, &uidvalidity, &first),
	    0);
	appending_end(appending);
	selected = open_view();
	ck_assert_int_eq(selected_read(selected, 0, &bytes), 0);
	ck_assert(bytes.is_big);
	ck_assert_int_eq(message_id_order(&bytes.big, &letter.big), 0);
	ck_assert_uint_eq(bytes.body_bytes, 5000000);
	ck_assert_uint_eq(status().bytes, 5000002);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(what_cannot_be_kept_is_refused)
{
	struct appending *appending;
	struct append_letter letter;
	static char large[BIG_BYTES + 1], words[KEYWORDS_MOST + 1];
	uint32_t uidvalidity, first;

	ck_assert_int_eq(appending_new(box.account, 99, &appending),
	    -ENOENT);
	appending = begin();
	letter = letter_of("x");
	letter.flags = 0x20;
	ck_assert_int_eq(appending_add(appending, &letter), -EINVAL);
	letter = letter_of("x");
	letter.keywords = slice_str("\\Seen");
	ck_assert_int_eq(appending_add(appending, &letter), -EINVAL);
	memset(words, 'w', sizeof(words));
	letter.keywords = slice_of(words, sizeof(words));
	ck_assert_int_eq(appending_add(appending, &letter), -E2BIG);
	letter = letter_of("x");
	letter.body_bytes = 2;
	ck_assert_int_eq(appending_add(appending, &letter), -EINVAL);
	letter.body = slice_of(large, sizeof(large));
	letter.body_bytes = sizeof(large);
	ck_assert_int_eq(appending_add(appending, &letter), -EMSGSIZE);
	letter.body = slice_of(large, BIG_BYTES);
	letter.body_bytes = BIG_BYTES;
	ck_assert_int_eq(appending_add(appending, &letter), 0);
	for (int i = 1; i < APPENDING_MOST; i++)
		ck_assert_int_eq(append(appending, "x"), 0);
	ck_assert_int_eq(append(appending, "x"), -E2BIG);
	ck_assert_int_eq(appending_commit(appending, &uidvalidity, &first),
	    0);
	appending_end(appending);
	ck_assert_uint_eq(status().messages, APPENDING_MOST);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_mailbox_deleted_meanwhile_takes_nothing)
{
	struct appending *appending;
	uint32_t mailbox, uidvalidity, first;

	ck_assert_int_eq(folder_create(box.account, slice_str("Old"), 0,
	    &mailbox), 0);
	ck_assert_int_eq(appending_new(box.account, mailbox, &appending), 0);
	ck_assert_int_eq(append(appending, "late\r\n"), 0);
	ck_assert_int_eq(folder_delete(box.account, slice_str("Old")), 0);
	ck_assert_int_eq(appending_commit(appending, &uidvalidity, &first),
	    -ENOENT);
	appending_end(appending);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* A sync fails: it is not said to be there, and all or nothing of it is. */
START_TEST(what_cannot_be_synced_is_not_said_to_be_there)
{
	struct appending *appending = begin();
	uint32_t uidvalidity, first;

	ck_assert_int_eq(append(appending, "one\r\n"), 0);
	ck_assert_int_eq(append(appending, "two\r\n"), 0);
	syncs_left = _i;
	ck_assert_int_eq(appending_commit(appending, &uidvalidity, &first),
	    -EIO);
	appending_end(appending);
	ck_assert_int_eq(account_close(box.account), -EIO);
	syncs_left = -1;
	box_open(&box);
	ck_assert_int_eq(box_check(&box), 0);
	ck_assert(status().messages == 0 || status().messages == 2);
}
END_TEST

static void
append_and_leave(struct account *account, void *arg)
{
	struct append_letter letter = letter_of("safe\r\n");
	struct appending *appending;
	uint32_t uidvalidity, first;

	(void)arg;
	if (appending_new(account, MAILBOX_INBOX, &appending) != 0 ||
	    appending_add(appending, &letter) != 0 ||
	    appending_commit(appending, &uidvalidity, &first) != 0)
		abort();
}

START_TEST(a_crash_right_behind_the_answer_loses_nothing)
{
	struct selected *selected;

	box_close(&box);
	box_crash(&box, append_and_leave, NULL);
	box_open(&box);
	selected = open_view();
	ck_assert_uint_eq(selected_count(selected), 1);
	ck_assert(is_body(selected, 0, "safe\r\n"));
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* What the queue is told that nobody refers to. */
struct told {
	unsigned	 count, last;
};

static int
on_unref(void *arg, const struct message_id *big)
{
	struct told *told = arg;

	told->count++;
	told->last = big->bytes[9];
	return 0;
}

static int
append_big(struct appending *appending, uint32_t n)
{
	struct append_letter letter = { .is_big = true, .big = box_id(n),
	    .body_bytes = 5000000 };

	return appending_add(appending, &letter);
}

static int
expect(struct appending *appending, uint32_t n)
{
	struct message_id id = box_id(n);

	return appending_expect(appending, &id);
}

START_TEST(a_file_that_became_no_letter_is_told_at_the_end)
{
	struct appending *first_of_all = begin(), *appending = begin();
	uint32_t uidvalidity, first;
	struct told told = { 0 };

	account_on_unref(box.account, on_unref, &told);
	ck_assert_int_eq(expect(first_of_all, 7), 0);
	ck_assert_int_eq(expect(appending, 8), 0);
	ck_assert_int_eq(append_big(first_of_all, 7), 0);
	ck_assert_int_eq(account_settle(box.account, 1, 0), 0);
	ck_assert_uint_eq(told.count, 0);
	/* another may become one yet */
	appending_end(appending);
	ck_assert_uint_eq(told.count, 0);
	ck_assert_int_eq(appending_commit(first_of_all, &uidvalidity, &first),
	    0);
	appending_end(first_of_all);
	ck_assert_uint_eq(told.count, 1);
	ck_assert_uint_eq(told.last, 8);
	ck_assert_int_eq(account_settle(box.account, 2, 0), 0);
	ck_assert_uint_eq(told.count, 1);
	ck_assert_uint_eq(status().messages, 1);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

enum point { EXPECTED, ADDED, COMMITTED, POINTS };

/* `arg` is where it ends. */
static void
save_until(struct account *account, void *arg)
{
	const enum point *point = arg;
	struct appending *appending;
	uint32_t uidvalidity, first;

	if (appending_new(account, MAILBOX_INBOX, &appending) != 0 ||
	    expect(appending, 9) != 0)
		abort();
	if (*point >= ADDED && append_big(appending, 9) != 0)
		abort();
	if (*point >= COMMITTED && appending_commit(appending, &uidvalidity,
	    &first) != 0)
		abort();
}

/* The queue counts it meanwhile: the next life tells it, or has a letter. */
START_TEST(a_crash_leaves_a_letter_or_a_file_that_is_told)
{
	enum point point = (enum point)_i;
	struct told told = { 0 };

	box_close(&box);
	box_crash(&box, save_until, &point);
	box_open(&box);
	account_on_unref(box.account, on_unref, &told);
	ck_assert_uint_eq(told.count, point == COMMITTED ? 0 : 1);
	ck_assert_uint_eq(status().messages, point == COMMITTED ? 1 : 0);
	ck_assert_int_eq(account_settle(box.account, 1, 0), 0);
	ck_assert_uint_eq(told.count, point == COMMITTED ? 0 : 1);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* Its note is not durable: the queue must not count it. */
START_TEST(a_file_that_cannot_be_noted_is_not_expected)
{
	struct appending *appending = begin();
	struct told told = { 0 };

	account_on_unref(box.account, on_unref, &told);
	syncs_left = 1;
	ck_assert_int_eq(expect(appending, 9), -EIO);
	syncs_left = -1;
	appending_end(appending);
	ck_assert_uint_eq(told.count, 0);
	ck_assert_int_eq(account_close(box.account), -EIO);
	box_open(&box);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* Two steps of three letters each, and one letter more. */
static struct appending *
add_in_steps(struct account *account)
{
	struct append_letter letter = letter_of("many\r\n");
	struct appending *appending;

	if (appending_new(account, MAILBOX_INBOX, &appending) != 0)
		abort();
	for (int i = 0; i < 6; i++)
		if (appending_add(appending, &letter) != 0 ||
		    (i % 3 == 2 && appending_step(appending) != 0))
			abort();
	if (appending_add(appending, &letter) != 0)
		abort();
	return appending;
}

/* RFC 9051 6.4.7: as many as they are, all of them are there */
START_TEST(letters_of_steps_stay_when_they_are_finished)
{
	struct appending *appending = add_in_steps(box.account);
	uint32_t uidvalidity, first;
	const uint32_t *uids;
	size_t count;

	ck_assert_uint_eq(status().messages, 6);
	box_fill(&box, 1, 1);
	ck_assert_ptr_nonnull(appending_id(appending, 0));
	ck_assert_ptr_null(appending_id(appending, 1));
	ck_assert_int_eq(appending_commit(appending, &uidvalidity, &first),
	    0);
	ck_assert_uint_eq(first, 8);
	uids = appending_uids(appending, &count);
	ck_assert_uint_eq(count, 7);
	for (uint32_t i = 0; i < 6; i++)
		ck_assert_uint_eq(uids[i], i + 1);
	ck_assert_uint_eq(uids[6], 8);
	appending_end(appending);
	ck_assert_uint_eq(status().messages, 8);
	box_close(&box);
	box_open(&box);
	ck_assert_uint_eq(status().messages, 8);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* RFC 9051 6.4.7: or none */
START_TEST(letters_of_steps_go_when_they_are_not_finished)
{
	struct selected *selected = open_view();
	struct appending *appending = add_in_steps(box.account);

	box_fill(&box, 1, 1);
	appending_end(appending);
	ck_assert_uint_eq(status().messages, 7);
	ck_assert_int_eq(account_tidy(box.account), 1);
	ck_assert_uint_eq(status().messages, 4);
	ck_assert_int_eq(account_tidy(box.account), 1);
	ck_assert_uint_eq(status().messages, 1);
	selected_close(selected);
	box_close(&box);
	box_open(&box);
	ck_assert_uint_eq(status().messages, 1);
	selected = open_view();
	ck_assert_uint_eq(selected_at(selected, 0)->uid, 7);
	selected_close(selected);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

static void
step_and_die(struct account *account, void *arg)
{
	(void)arg;
	(void)add_in_steps(account);
	/* the steps are durable, and say that they are not all */
	if (account_settle(account, 1, 0) != 0)
		abort();
}

START_TEST(a_crash_takes_letters_of_steps_back)
{
	box_close(&box);
	box_crash(&box, step_and_die, NULL);
	box_open(&box);
	ck_assert_uint_eq(status().messages, 0);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(an_import_has_no_steps)
{
	struct appending *appending = begin();
	struct append_letter letter = letter_of("x");

	letter.import_key = slice_str("0123456789abcdef");
	ck_assert_int_eq(appending_add(appending, &letter), 0);
	ck_assert_int_eq(appending_step(appending), -EINVAL);
	appending_end(appending);
	ck_assert_uint_eq(status().messages, 0);
}
END_TEST

/* A letter that a MOVE brings, big or not; 1: it is there. */
static int
move_here(uint32_t n, bool is_big)
{
	struct append_letter letter = letter_of("moved\r\n");
	struct appending *appending = begin();
	uint32_t uidvalidity, first;
	int r;

	if (is_big)
		letter = (struct append_letter){ .is_big = true,
		    .big = box_id(n), .body_bytes = 5000000 };
	letter.moved = box_id(99);
	r = appending_add(appending, &letter);
	if (r == 0)
		ck_assert_int_eq(appending_commit(appending, &uidvalidity,
		    &first), 0);
	appending_end(appending);
	return r;
}

/* Its sender had no answer, and begins again: a big one has another file. */
START_TEST(what_was_moved_here_is_not_put_here_again)
{
	const size_t first = 0;
	struct selected *selected;

	ck_assert_int_eq(move_here(7, _i), 0);
	box_close(&box);
	box_open(&box);
	ck_assert_int_eq(move_here(8, _i), 1);
	ck_assert_uint_eq(status().messages, 1);
	selected = open_view();
	ck_assert_int_eq(selected_expunge(selected, &first, 1, NULL, NULL),
	    0);
	/* who deletes it and moves it here once more has it once more */
	ck_assert_int_eq(move_here(9, _i), 0);
	selected_close(selected);
	box_close(&box);
	box_open(&box);
	ck_assert_int_eq(move_here(10, _i), 1);
	ck_assert_uint_eq(status().messages, 1);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* Two clients move the same letter here at once: it is there once. */
START_TEST(what_two_move_here_at_once_is_here_once)
{
	struct append_letter letter = letter_of("moved\r\n");
	struct appending *appendings[2] = { begin(), begin() };
	uint32_t uidvalidity, first;
	size_t count;

	for (uint32_t i = 0; i < 2; i++) {
		if (_i & 1)
			letter = (struct append_letter){ .is_big = true,
			    .big = box_id(7 + i), .body_bytes = 5000000 };
		letter.moved = box_id(99);
		ck_assert_int_eq(appending_add(appendings[i], &letter), 0);
	}
	for (size_t i = 0; i < 2; i++) {
		if (_i & 2)
			ck_assert_int_eq(appending_step(appendings[i]), 0);
		ck_assert((appending_id(appendings[i], 0) != NULL) ==
		    (i == 0 || (_i & 2) == 0));
		ck_assert_int_eq(appending_commit(appendings[i], &uidvalidity,
		    &first), 0);
		(void)appending_uids(appendings[i], &count);
		ck_assert_uint_eq(count, i == 0);
	}
	appending_end(appendings[0]);
	appending_end(appendings[1]);
	ck_assert_uint_eq(status().messages, 1);
	ck_assert_int_eq(box_check(&box), 0);
	box_close(&box);
	box_open(&box);
	ck_assert_uint_eq(status().messages, 1);
}
END_TEST

/* RFC 8508 1: one goes as the other comes */
START_TEST(a_letter_takes_the_place_of_another)
{
	struct selected *selected;
	struct appending *appending;
	uint32_t uidvalidity, first;

	box_fill(&box, 1, 3);
	selected = open_view();
	appending = begin();
	ck_assert_int_eq(append(appending, "new\r\n"), 0);
	appending_replaces(appending, selected, 2);
	ck_assert_int_eq(appending_commit(appending, &uidvalidity, &first),
	    0);
	appending_end(appending);
	ck_assert_uint_eq(first, 4);
	ck_assert_uint_eq(status().messages, 3);
	ck_assert(selected_is_expunged(selected, 1));
	selected_close(selected);
	box_close(&box);
	box_open(&box);
	ck_assert_int_eq(box_check(&box), 0);
	selected = open_view();
	ck_assert_uint_eq(selected_count(selected), 3);
	ck_assert_uint_eq(selected_at(selected, 0)->uid, 1);
	ck_assert_uint_eq(selected_at(selected, 1)->uid, 3);
	ck_assert(is_body(selected, 2, "new\r\n"));
	selected_close(selected);
}
END_TEST

/* What has gone meanwhile is replaced by nothing, and nor is what never was. */
START_TEST(what_has_gone_is_not_replaced)
{
	struct selected *selected;
	struct appending *appending;
	uint32_t uidvalidity, first;
	const size_t second = 1;

	box_fill(&box, 1, 3);
	selected = open_view();
	ck_assert_int_eq(selected_expunge(selected, &second, 1, NULL, NULL),
	    0);
	for (uint32_t uid = 2; uid <= 4; uid += 2) {
		appending = begin();
		ck_assert_int_eq(append(appending, "new\r\n"), 0);
		appending_replaces(appending, selected, uid);
		ck_assert_int_eq(appending_commit(appending, &uidvalidity,
		    &first), -EIDRM);
		appending_end(appending);
	}
	ck_assert_uint_eq(status().messages, 2);
	selected_close(selected);
}
END_TEST

/* A disk that fails leaves the one or the other, and never both or none. */
START_TEST(what_cannot_be_synced_replaces_whole_or_not)
{
	struct selected *selected;
	struct appending *appending;
	uint32_t uidvalidity, first;
	bool is_new;

	box_fill(&box, 1, 1);
	selected = open_view();
	appending = begin();
	ck_assert_int_eq(append(appending, "new\r\n"), 0);
	appending_replaces(appending, selected, 1);
	syncs_left = _i;
	ck_assert_int_eq(appending_commit(appending, &uidvalidity, &first),
	    -EIO);
	appending_end(appending);
	selected_close(selected);
	ck_assert_int_eq(account_close(box.account), -EIO);
	syncs_left = -1;
	box_open(&box);
	ck_assert_int_eq(box_check(&box), 0);
	ck_assert_uint_eq(status().messages, 1);
	selected = open_view();
	is_new = selected_at(selected, 0)->uid != 1;
	ck_assert_int_eq(is_body(selected, 0, "new\r\n"), is_new);
	selected_close(selected);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/appending");
	TCase *tcase = tcase_create("appending");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, letters_are_there_with_all_that_was_said);
	tcase_add_test(tcase, every_letter_has_a_name_of_its_own);
	tcase_add_test(tcase, what_was_not_committed_is_garbage);
	tcase_add_test(tcase, a_letter_in_a_big_file_refers_to_it);
	tcase_add_test(tcase, what_cannot_be_kept_is_refused);
	tcase_add_test(tcase, a_mailbox_deleted_meanwhile_takes_nothing);
	tcase_add_loop_test(tcase,
	    what_cannot_be_synced_is_not_said_to_be_there, 1, 3);
	tcase_add_test(tcase, a_crash_right_behind_the_answer_loses_nothing);
	tcase_add_test(tcase, a_file_that_became_no_letter_is_told_at_the_end);
	tcase_add_loop_test(tcase,
	    a_crash_leaves_a_letter_or_a_file_that_is_told, 0, POINTS);
	tcase_add_test(tcase, a_file_that_cannot_be_noted_is_not_expected);
	tcase_add_test(tcase, letters_of_steps_stay_when_they_are_finished);
	tcase_add_test(tcase, letters_of_steps_go_when_they_are_not_finished);
	tcase_add_test(tcase, a_crash_takes_letters_of_steps_back);
	tcase_add_test(tcase, an_import_has_no_steps);
	tcase_add_loop_test(tcase, what_was_moved_here_is_not_put_here_again,
	    0, 2);
	tcase_add_loop_test(tcase, what_two_move_here_at_once_is_here_once,
	    0, 4);
	tcase_add_test(tcase, a_letter_takes_the_place_of_another);
	tcase_add_test(tcase, what_has_gone_is_not_replaced);
	tcase_add_loop_test(tcase,
	    what_cannot_be_synced_replaces_whole_or_not, 1, 3);
	suite_add_tcase(suite, tcase);
	return suite;
}
