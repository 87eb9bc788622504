/*
 * recent_test.c - a letter is \Recent for the first who is told of it
 *
 * Of several sessions that may write one has it, for as long as it is there;
 * one that only reads sees it, and leaves it to the next.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/folders.h"
#include "store/selected.h"
#include "tests/unit/store/box.h"

#define VIEWS	4
#define MOST	400

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

static struct selected *
open_view(bool may_write)
{
	struct selected *view;

	ck_assert_int_eq(selected_open(box.account, MAILBOX_INBOX, &view), 0);
	if (may_write)
		selected_claim(view);
	return view;
}

static void
update(struct selected *view)
{
	static const struct selected_teller nobody = { NULL, NULL, NULL };

	ck_assert_int_eq(selected_update(view, true, &nobody, NULL), 0);
}

/* How many are, by their marks, which is what the view counts. */
static size_t
count(const struct selected *view)
{
	size_t found = 0;

	for (size_t n = 0; n < selected_count(view); n++)
		found += selected_at(view, n)->is_recent;
	ck_assert_uint_eq(selected_recent(view), found);
	return found;
}

static size_t
status(const struct selected *view)
{
	size_t found;

	ck_assert_int_eq(selected_count_recent(box.account, MAILBOX_INBOX,
	    view, &found), 0);
	return found;
}

/* RFC 3501 6.3.1, 6.3.2, 6.3.10 */
START_TEST(who_may_write_takes_them)
{
	struct selected *reader, *first, *second;

	box_fill(&box, 1, 3);
	ck_assert_uint_eq(status(NULL), 3);
	reader = open_view(false);
	ck_assert_uint_eq(count(reader), 3);
	ck_assert_uint_eq(status(NULL), 3);
	first = open_view(true);
	ck_assert_uint_eq(count(first), 3);
	ck_assert_uint_eq(status(NULL), 0);
	ck_assert_uint_eq(status(first), 3);
	second = open_view(true);
	ck_assert_uint_eq(count(second), 0);
	/* the other that knows of them had them first */
	update(reader);
	ck_assert_uint_eq(count(reader), 3);
	selected_close(reader);
	reader = open_view(false);
	ck_assert_uint_eq(count(reader), 0);
	selected_close(reader);
	selected_close(first);
	selected_close(second);
	/* and the view that is kept for the next does not pass them on */
	first = open_view(true);
	ck_assert_uint_eq(count(first), 0);
	selected_close(first);
}
END_TEST

START_TEST(what_comes_is_for_who_is_told_first)
{
	struct selected *first = open_view(true), *second = open_view(true);
	struct selected *reader = open_view(false);

	box_fill(&box, 1, 2);
	ck_assert_uint_eq(status(second), 2);
	update(reader);
	ck_assert_uint_eq(count(reader), 2);
	update(second);
	update(first);
	ck_assert_uint_eq(count(second), 2);
	ck_assert_uint_eq(count(first), 0);
	box_fill(&box, 3, 3);
	update(first);
	update(second);
	update(reader);
	ck_assert_uint_eq(count(first), 1);
	ck_assert(selected_at(first, 2)->is_recent);
	ck_assert_uint_eq(count(second), 2);
	ck_assert_uint_eq(count(reader), 2);
	/* one that goes is counted no more */
	ck_assert_int_eq(selected_expunge(second, &(size_t){ 0 }, 1, NULL,
	    NULL), 0);
	update(second);
	ck_assert_uint_eq(count(second), 1);
	ck_assert_uint_eq(status(second), 1);
	selected_close(reader);
	selected_close(second);
	selected_close(first);
}
END_TEST

enum ending { CLEAN, CRASH, CRASH_BEHIND_A_COMMIT, ENDINGS };

/* A session has them; then the process is killed. */
static void
claim_and_crash(struct account *account, void *arg)
{
	const enum ending *ending = arg;
	struct selected *view;
	uint32_t mailbox;

	if (selected_open(account, MAILBOX_INBOX, &view) != 0)
		_exit(2);
	selected_claim(view);
	if (selected_recent(view) != 3)
		_exit(3);
	if (*ending == CRASH_BEHIND_A_COMMIT && folder_create(account,
	    slice_str("Other"), 0, &mailbox) != 0)
		_exit(4);
}

/* The number is in the row after the next commit, at the latest in the end. */
START_TEST(the_next_life_knows)
{
	enum ending ending = (enum ending)_i;
	size_t again = ending == CRASH ? 3 : 0;
	struct selected *view;

	box_fill(&box, 1, 3);
	if (ending == CLEAN)
		selected_close(open_view(true));
	box_close(&box);
	if (ending != CLEAN)
		box_crash(&box, claim_and_crash, &ending);
	box_open(&box);
	/* RFC 3501 2.3.2: where it cannot be told, it is */
	ck_assert_uint_eq(status(NULL), again);
	view = open_view(true);
	ck_assert_uint_eq(count(view), again);
	box_fill(&box, 4, 4);
	update(view);
	ck_assert_uint_eq(count(view), again + 1);
	selected_close(view);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* One that cannot be makes all of them so, and is mended. */
START_TEST(a_row_that_makes_no_sense_is_mended)
{
	box_fill(&box, 1, 3);
	box_close(&box);
	box_meddle(&box, _i == 0 ? "UPDATE mailbox SET recent = 0" :
	    "UPDATE mailbox SET recent = 1 << 40");
	box_open(&box);
	ck_assert_uint_le(status(NULL), 3);
	selected_close(open_view(true));
	ck_assert_uint_eq(status(NULL), 0);
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, "SELECT recent FROM mailbox"
	    " WHERE id = 1"), 4);
	box_open(&box);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* More turns than a session's few bytes hold: it stays where it is. */
START_TEST(turns_beyond_the_runs_are_refused)
{
	struct selected *turns[2] = { open_view(true), open_view(true) };
	struct selected_known known;
	uint32_t letter = 0;

	for (size_t i = 0; i < 2 * SELECTED_RUNS; i++) {
		letter++;
		box_fill(&box, letter, letter);
		update(turns[i % 2]);
		update(turns[1 - i % 2]);
	}
	ck_assert_uint_eq(count(turns[0]), SELECTED_RUNS);
	ck_assert_int_eq(selected_known(turns[0], &known), 0);
	ck_assert_uint_eq(known.run_count, SELECTED_RUNS);
	letter++;
	box_fill(&box, letter, letter);
	update(turns[0]);
	update(turns[1]);
	ck_assert_int_eq(selected_known(turns[0], &known), -E2BIG);
	ck_assert_int_eq(selected_known(turns[1], &known), 0);
	selected_close(turns[0]);
	selected_close(turns[1]);
}
END_TEST

/* Sessions that come, go, rest and come back, against who was told first. */
struct guest {
	struct selected	*view;		/* NULL: it rests, or is not there */
	struct selected_known known;
	bool		 is_there, may_write;
	bool		 mine[MOST];	/* by UID */
};

static struct guest guests[VIEWS];
static bool taken[MOST];	/* who may write was told */

/* What it knows of letters it was told of before is as it was. */
static void
look(struct guest *guest)
{
	for (size_t n = 0; n < selected_count(guest->view); n++) {
		const struct selected_letter *letter = selected_at(guest->view,
		    n);

		ck_assert_int_eq(letter->is_recent, guest->mine[letter->uid]);
	}
	(void)count(guest->view);
}

/* It is told of the letters from `uid` on. */
static void
expect(struct guest *guest, uint32_t uid, uint32_t end)
{
	for (; uid < end; uid++) {
		guest->mine[uid] = !taken[uid];
		if (guest->may_write)
			taken[uid] = true;
	}
}

static void
come_or_go(struct guest *guest, uint32_t end)
{
	if (!guest->is_there) {
		guest->may_write = rand() % 3 != 0;
		guest->view = open_view(guest->may_write);
		guest->is_there = true;
		expect(guest, 1, end);
	} else if (guest->view == NULL) {
		ck_assert_int_eq(selected_resume(box.account, &guest->known,
		    &guest->view), 0);
		look(guest);
	} else if (rand() % 3 == 0) {
		selected_close(guest->view);
		guest->view = NULL;
		guest->is_there = false;
	} else if (selected_known(guest->view, &guest->known) == 0) {
		selected_close(guest->view);
		guest->view = NULL;
	}
}

static void
be_told(struct guest *guest, uint32_t end)
{
	uint32_t from = selected_uidnext(guest->view);

	expect(guest, from, end);
	update(guest->view);
}

START_TEST(each_letter_is_new_to_one)
{
	uint32_t next = 1;

	srand((unsigned)_i + 1);
	memset(guests, 0, sizeof(guests));
	memset(taken, 0, sizeof(taken));
	for (int turn = 0; turn < 1000; turn++) {
		struct guest *guest = &guests[rand() % VIEWS];

		if (rand() % 4 == 0 && next < MOST - 1) {
			box_fill(&box, next, next);
			next++;
		}
		if (rand() % 3 == 0 || guest->view == NULL)
			come_or_go(guest, next);
		else if (rand() % 4 == 0 && selected_count(guest->view) > 0)
			ck_assert_int_eq(selected_expunge(guest->view,
			    &(size_t){ (size_t)rand() %
			    selected_count(guest->view) }, 1, NULL, NULL), 0);
		else
			be_told(guest, next);
		if (guest->view != NULL)
			look(guest);
	}
	for (int i = 0; i < VIEWS; i++)
		selected_close(guests[i].view);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/recent");
	TCase *tcase = tcase_create("recent");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, who_may_write_takes_them);
	tcase_add_test(tcase, what_comes_is_for_who_is_told_first);
	tcase_add_loop_test(tcase, the_next_life_knows, 0, ENDINGS);
	tcase_add_loop_test(tcase, a_row_that_makes_no_sense_is_mended, 0, 2);
	tcase_add_test(tcase, turns_beyond_the_runs_are_refused);
	tcase_add_loop_test(tcase, each_letter_is_new_to_one, 0, 6);
	suite_add_tcase(suite, tcase);
	return suite;
}
