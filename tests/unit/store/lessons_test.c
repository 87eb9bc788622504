/*
 * lessons_test.c - what moving a letter says of it, and how long that stands
 */
#include "store/lessons.h"

#include <stdio.h>
#include <string.h>

#include "store/copying.h"
#include "store/folders.h"
#include "tests/unit/store/box.h"

enum box_name { INBOX, WORK, JUNK, TRASH, PLACES };

static struct box box;
static uint32_t mailboxes[PLACES];

static void
set_up(void)
{
	box = box_new();
	box_fill(&box, 1, 3);
	mailboxes[INBOX] = MAILBOX_INBOX;
	ck_assert_int_eq(folder_create(box.account, slice_str("Work"), 0,
	    &mailboxes[WORK]), 0);
	/* by its use, whatever its name is */
	ck_assert_int_eq(folder_create(box.account, slice_str("Tidak perlu"),
	    FOLDER_JUNK, &mailboxes[JUNK]), 0);
	ck_assert_int_eq(folder_create(box.account, slice_str("Sampah"),
	    FOLDER_TRASH, &mailboxes[TRASH]), 0);
}

static void
tear_down(void)
{
	box_drop(&box);
}

/* The first `count` letters of one mailbox into another. */
static enum lesson
transfer(enum box_name from, enum box_name to, size_t count, bool is_move)
{
	const size_t numbers[] = { 0, 1, 2 };
	struct copying *copying;
	struct selected *view;
	enum lesson said;
	uint32_t uids[3];

	ck_assert_int_eq(selected_open(box.account, mailboxes[from], &view),
	    0);
	ck_assert_int_eq(copying_new(view, mailboxes[to], is_move, &copying),
	    0);
	ck_assert_int_eq(copying_add(copying, numbers, count, true, uids), 0);
	said = copying_lesson(copying);
	copying_end(copying);
	selected_close(view);
	return said;
}

/* How many lessons stand there of that kind, in the closed account. */
static int64_t
standing(enum lesson lesson)
{
	char sql[80];
	int64_t count;

	(void)snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM lesson WHERE is_spam = %d",
	    lesson == LESSON_SPAM);
	box_close(&box);
	count = box_ask(&box, sql);
	box_open(&box);
	return count;
}

static const struct {
	enum box_name	from, to;
	enum lesson	lesson;
} moves[] = {
	{ INBOX, JUNK, LESSON_SPAM },
	{ WORK, JUNK, LESSON_SPAM },
	{ TRASH, JUNK, LESSON_SPAM },
	{ JUNK, INBOX, LESSON_WANTED },
	{ JUNK, WORK, LESSON_WANTED },
	/* spam ends there too */
	{ JUNK, TRASH, LESSON_NONE },
	{ JUNK, JUNK, LESSON_NONE },
	{ INBOX, WORK, LESSON_NONE },
	{ INBOX, TRASH, LESSON_NONE },
	{ TRASH, INBOX, LESSON_NONE },
};

START_TEST(a_move_says_it_is_spam_or_is_not)
{
	const bool is_move = _i % 2 == 0;
	const size_t at = (size_t)_i / 2;
	enum lesson want = moves[at].lesson;

	if (moves[at].from != INBOX) {
		(void)transfer(INBOX, moves[at].from, 2, true);
		box_close(&box);
		box_meddle(&box, "DELETE FROM lesson");
		box_open(&box);
	}
	ck_assert_int_eq((int)transfer(moves[at].from, moves[at].to, 2,
	    is_move), (int)want);
	ck_assert_int_eq(standing(LESSON_SPAM), want == LESSON_SPAM ? 2 : 0);
	ck_assert_int_eq(standing(LESSON_WANTED),
	    want == LESSON_WANTED ? 2 : 0);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(the_last_word_counts_under_a_later_number)
{
	const char number[] = "SELECT max(modseq) FROM lesson";
	int64_t before, after;

	(void)transfer(INBOX, JUNK, 1, true);
	box_close(&box);
	before = box_ask(&box, number);
	box_open(&box);
	(void)transfer(JUNK, INBOX, 1, true);
	box_close(&box);
	after = box_ask(&box, number);
	box_open(&box);
	ck_assert_int_gt(after, before);
	ck_assert_int_eq(standing(LESSON_SPAM), 0);
	ck_assert_int_eq(standing(LESSON_WANTED), 1);
	/* a move that says nothing takes nothing back */
	(void)transfer(INBOX, WORK, 3, true);
	ck_assert_int_eq(standing(LESSON_WANTED), 1);
}
END_TEST

START_TEST(a_lesson_ends_with_its_letter)
{
	const size_t first = 0;
	struct selected *view;
	int r;

	(void)transfer(INBOX, JUNK, 2, true);
	ck_assert_int_eq(standing(LESSON_SPAM), 2);
	ck_assert_int_eq(selected_open(box.account, mailboxes[JUNK], &view),
	    0);
	ck_assert_int_eq(selected_expunge(view, &first, 1, NULL, NULL),
	    0);
	selected_close(view);
	while ((r = account_tidy(box.account)) > 0)
		;
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(standing(LESSON_SPAM), 1);
	ck_assert_int_eq(box_check(&box), 0);
	/* and check sees one that has not */
	box_close(&box);
	box_meddle(&box, "INSERT INTO lesson VALUES (9999, 1, 1, 0)");
	box_open(&box);
	ck_assert_int_eq(box_faults(&box), 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/lessons");
	TCase *tests = tcase_create("lessons");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_move_says_it_is_spam_or_is_not, 0,
	    2 * (int)(sizeof(moves) / sizeof(*moves)));
	tcase_add_test(tests, the_last_word_counts_under_a_later_number);
	tcase_add_test(tests, a_lesson_ends_with_its_letter);
	tcase_set_timeout(tests, 120);
	suite_add_tcase(suite, tests);
	return suite;
}
