/*
 * learning_test.c - lessons come once each, and what was taught is known
 */
#include "store/learning.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/copying.h"
#include "store/folders.h"
#include "tests/unit/store/box.h"

static struct box box;
static uint32_t junk;

static void
set_up(void)
{
	box = box_new();
	box_fill(&box, 1, 4);
	ck_assert_int_eq(folder_create(box.account, slice_str("Junk"),
	    FOLDER_JUNK, &junk), 0);
}

static void
tear_down(void)
{
	box_drop(&box);
}

static int
try_move(struct account *account, uint32_t from, uint32_t to)
{
	const size_t first = 0;
	struct copying *copying;
	struct selected *view;
	uint32_t uid;
	int r = selected_open(account, from, &view);

	if (r < 0)
		return r;
	r = copying_new(view, to, true, &copying);
	if (r == 0) {
		r = copying_add(copying, &first, 1, true, &uid);
		copying_end(copying);
	}
	selected_close(view);
	return r;
}

/* The first letter of one mailbox into the other. */
static void
move_first(uint32_t from, uint32_t to)
{
	ck_assert_int_eq(try_move(box.account, from, to), 0);
}

/* And it ends there. */
static void
move_and_leave(struct account *account, void *arg)
{
	(void)arg;
	if (try_move(account, MAILBOX_INBOX, junk) < 0)
		_exit(2);
}

/* All letters of INBOX are given, or lose, flags and keywords. */
static void
mark(enum flag_how how, uint8_t flags, const char *words)
{
	const size_t numbers[] = { 0, 1, 2, 3 };
	const struct flag_change change = {
		.how = how, .flags = flags, .keywords = slice_str(words),
		.unchanged_since = UINT64_MAX,
	};
	struct selected *view;
	uint64_t modseq;

	ck_assert_int_eq(selected_open(box.account, MAILBOX_INBOX, &view), 0);
	ck_assert_int_eq(selected_flag(view, numbers, selected_count(view),
	    &change, NULL, NULL, &modseq), 0);
	selected_close(view);
}

static struct lesson_due
next_due(void)
{
	struct lesson_due due = { 0 };

	ck_assert(learning_is_due(box.account));
	ck_assert_int_eq(learning_next(box.account, &due), 1);
	return due;
}

static void
nothing_is_due(void)
{
	struct lesson_due due;

	ck_assert_int_eq(learning_next(box.account, &due), 0);
	ck_assert(!learning_is_due(box.account));
}

START_TEST(a_lesson_is_due_once)
{
	struct letter_bytes bytes;
	struct lesson_due due;

	nothing_is_due();
	/* the move was answered, and then the machine stopped */
	box_close(&box);
	box_crash(&box, move_and_leave, NULL);
	box_open(&box);
	due = next_due();
	ck_assert(due.is_spam && !due.is_opposite);
	ck_assert_int_eq(learning_read(box.account, due.letter, &bytes), 0);
	ck_assert_uint_eq(bytes.body.len, bytes.body_bytes);
	/* until it is noted */
	ck_assert_uint_eq(next_due().letter, due.letter);
	ck_assert_int_eq(learning_done(box.account, &due, 0), 0);
	nothing_is_due();
	box_close(&box);
	box_open(&box);
	nothing_is_due();
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(the_opposite_is_known_as_such)
{
	struct lesson_due due;

	move_first(MAILBOX_INBOX, junk);
	due = next_due();
	ck_assert_int_eq(learning_done(box.account, &due, 0), 0);
	move_first(junk, MAILBOX_INBOX);
	due = next_due();
	ck_assert(!due.is_spam && due.is_opposite);
	ck_assert_int_eq(learning_done(box.account, &due, 0), 0);
	nothing_is_due();
}
END_TEST

/* A big letter is read while its person goes on. */
START_TEST(what_is_said_while_it_is_taught_is_due)
{
	struct lesson_due due;

	move_first(MAILBOX_INBOX, junk);
	due = next_due();
	move_first(junk, MAILBOX_INBOX);
	ck_assert_int_eq(learning_done(box.account, &due, 0), 0);
	due = next_due();
	ck_assert(!due.is_spam && due.is_opposite);
	ck_assert_int_eq(learning_done(box.account, &due, 0), 0);
	nothing_is_due();
}
END_TEST

/* What was due, with all of it taught: how many said spam. */
static unsigned
learn_all(unsigned *wanted_out)
{
	unsigned spam = 0, wanted = 0;
	struct lesson_due due;
	int r;

	while ((r = learning_next(box.account, &due)) > 0) {
		spam += due.is_spam;
		wanted += !due.is_spam;
		ck_assert_int_eq(learning_done(box.account, &due, 0),
		    0);
	}
	ck_assert_int_eq(r, 0);
	*wanted_out = wanted;
	return spam;
}

START_TEST(what_is_unsaid_before_anybody_looked_is_nothing)
{
	unsigned wanted;

	mark(FLAG_SET, 0, "$NotJunk");
	(void)learn_all(&wanted);
	ck_assert_uint_eq(wanted, 4);
	mark(FLAG_SET, 0, "$Junk");
	mark(FLAG_SET, 0, "$NotJunk");
	nothing_is_due();
}
END_TEST

static const struct {
	const char	*before, *after;
	unsigned	 spam, wanted;
	bool		 is_read;
} words[] = {
	{ "", "$Junk", 4, 0, false },
	{ "", "$junk $Label1", 4, 0, false },
	{ "", "$NotJunk", 0, 4, false },
	{ "", "$NonJunk", 0, 4, false },
	{ "$Junk", "$NotJunk", 0, 4, false },
	{ "$NotJunk", "$Junk", 4, 0, false },
	/* it was said before */
	{ "$Junk", "$Junk $Label1", 0, 0, false },
	/* taken back, but what is it then? */
	{ "$Junk", "", 0, 0, false },
	{ "", "$Junk $NotJunk", 0, 0, false },
	/* Thunderbird's filter says so, unasked */
	{ "", "Junk", 0, 0, false },
	{ "", "NonJunk", 0, 0, false },
	{ "", "$Label1", 0, 0, false },
	/* but of a letter that was read its person does */
	{ "", "Junk", 4, 0, true },
	{ "", "nonjunk", 0, 4, true },
	{ "Junk", "NonJunk", 0, 4, true },
	{ "NonJunk", "NonJunk Junk", 0, 0, true },
	{ "NonJunk Junk", "Junk", 4, 0, true },
	{ "", "$Junk NonJunk", 0, 0, true },
	{ "", "$Label1 Junky", 0, 0, true },
};

START_TEST(keywords_say_it_too)
{
	unsigned wanted;

	const uint8_t flags = words[_i].is_read ? LETTER_SEEN : 0;

	mark(FLAG_SET, flags, words[_i].before);
	(void)learn_all(&wanted);
	mark(FLAG_SET, flags, words[_i].after);
	ck_assert_uint_eq(learn_all(&wanted), words[_i].spam);
	ck_assert_uint_eq(wanted, words[_i].wanted);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(what_was_read_and_kept_is_shown_once)
{
	uint64_t kept, again;
	struct lesson_due due;

	/* nobody has read one */
	ck_assert_int_eq(learning_kept(box.account, &kept), 0);
	mark(FLAG_ADD, LETTER_SEEN, "");
	move_first(MAILBOX_INBOX, junk);
	due = next_due();
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(learning_kept(box.account, &kept), 1);
		ck_assert_uint_ne(kept, due.letter);
		ck_assert_int_eq(learning_done(box.account, &due, kept),
		    0);
	}
	ck_assert_int_eq(learning_kept(box.account, &again), 0);
	nothing_is_due();
	/* and should it be spam after all, that is the opposite */
	move_first(MAILBOX_INBOX, junk);
	ck_assert(next_due().is_opposite);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(what_is_to_be_deleted_was_not_kept)
{
	uint64_t kept;

	mark(FLAG_ADD, LETTER_SEEN | LETTER_DELETED, "");
	ck_assert_int_eq(learning_kept(box.account, &kept), 0);
}
END_TEST

START_TEST(a_model_that_was_lost_is_taught_all_anew)
{
	unsigned wanted;

	move_first(MAILBOX_INBOX, junk);
	move_first(MAILBOX_INBOX, junk);
	move_first(junk, MAILBOX_INBOX);
	ck_assert_uint_eq(learn_all(&wanted), 1);
	ck_assert_uint_eq(wanted, 1);
	ck_assert_int_eq(learning_anew(box.account), 0);
	ck_assert(!next_due().is_opposite);
	ck_assert_uint_eq(learn_all(&wanted), 1);
	ck_assert_uint_eq(wanted, 1);
}
END_TEST

/* Letter 9, which its person has released. */
static int
try_release(struct account *account, const char *folder, bool *was_there_out)
{
	struct box_letter letter = box_letter(9);

	letter.delivery.trace = slice_str(letter.trace);
	letter.delivery.body = slice_of(letter.body,
	    letter.delivery.body_bytes);
	letter.delivery.folder = slice_str(folder);
	letter.delivery.is_released = true;
	return account_deliver(account, &letter.delivery, was_there_out);
}

/* And it ends there, before the queue is told. */
static void
release_and_leave(struct account *account, void *arg)
{
	bool was_there;

	if (try_release(account, arg, &was_there) < 0 ||
	    account_commit(account) < 0)
		_exit(2);
}

START_TEST(a_release_is_a_lesson_once_however_often_it_is_delivered)
{
	static char no_folder[] = "";
	struct lesson_due due;
	bool was_there = false;

	box_close(&box);
	box_crash(&box, release_and_leave, no_folder);
	box_open(&box);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(try_release(box.account, no_folder,
		    &was_there), 0);
		ck_assert(was_there);
		ck_assert_int_eq(account_commit(box.account), 0);
		if (i > 0)
			break;
		due = next_due();
		ck_assert(!due.is_spam && !due.is_opposite);
		ck_assert_int_eq(learning_done(box.account, &due, 0), 0);
	}
	nothing_is_due();
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(what_its_person_calls_spam_is_a_lesson_and_goes_to_junk)
{
	struct box_letter letter = box_letter(9);
	bool was_there = true;
	struct lesson_due due;

	letter.delivery.trace = slice_str(letter.trace);
	letter.delivery.body = slice_of(letter.body,
	    letter.delivery.body_bytes);
	letter.delivery.folder = slice_str("Junk");
	letter.delivery.is_spam = true;
	ck_assert_int_eq(account_deliver(box.account, &letter.delivery,
	    &was_there), 0);
	ck_assert(!was_there);
	ck_assert_int_eq(account_commit(box.account), 0);
	due = next_due();
	ck_assert(due.is_spam && !due.is_opposite);
	ck_assert_int_eq(learning_done(box.account, &due, 0), 0);
	nothing_is_due();
}
END_TEST

static const struct {
	const char	*folder;
	int		 want;		/* 1: INBOX instead */
} filings[] = {
	{ "", 0 }, { "Junk", 1 }, { "Offers", 0 }, { "Spam of mine", 1 },
};

START_TEST(what_is_released_is_never_filed_as_junk)
{
	struct view *view;
	bool was_there;

	/* it is what the mailbox is for that counts, not its name */
	if (_i == 3)
		ck_assert_int_eq(folder_rename(box.account, slice_str("Junk"),
		    slice_str(filings[_i].folder)), 0);
	ck_assert_int_eq(try_release(box.account, filings[_i].folder,
	    &was_there), filings[_i].want);
	ck_assert(!was_there);
	ck_assert_int_eq(account_commit(box.account), 0);
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view),
	    strcmp(filings[_i].folder, "Offers") == 0 ? 4 : 5);
	account_view_close(box.account, view);
	ck_assert(!next_due().is_spam);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/learning");
	TCase *tests = tcase_create("learning");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_lesson_is_due_once);
	tcase_add_test(tests, the_opposite_is_known_as_such);
	tcase_add_test(tests, what_is_said_while_it_is_taught_is_due);
	tcase_add_test(tests,
	    what_is_unsaid_before_anybody_looked_is_nothing);
	tcase_add_loop_test(tests, keywords_say_it_too, 0,
	    (int)(sizeof(words) / sizeof(*words)));
	tcase_add_test(tests, what_was_read_and_kept_is_shown_once);
	tcase_add_test(tests, what_is_to_be_deleted_was_not_kept);
	tcase_add_test(tests, a_model_that_was_lost_is_taught_all_anew);
	tcase_add_test(tests,
	    a_release_is_a_lesson_once_however_often_it_is_delivered);
	tcase_add_test(tests,
	    what_its_person_calls_spam_is_a_lesson_and_goes_to_junk);
	tcase_add_loop_test(tests, what_is_released_is_never_filed_as_junk, 0,
	    (int)(sizeof(filings) / sizeof(*filings)));
	tcase_set_timeout(tests, 120);
	suite_add_tcase(suite, tests);
	return suite;
}
