/*
 * compact_test.c - getting the room of deleted letters back
 */
#include <sys/stat.h>

#include "tests/unit/store/box.h"

#define LETTERS	120		/* some six segments */

static struct box box;

static void
set_up(void)
{
	box = box_new();
	box_fill(&box, 1, LETTERS);
	ck_assert_int_eq(account_settle(box.account, LETTERS, LETTERS), 0);
}

static void
tear_down(void)
{
	box_drop(&box);
}

/* Delete all but each fourth letter. */
static void
delete_most(void)
{
	size_t numbers[LETTERS], count = 0;
	struct view *view = box_view(&box);

	for (size_t i = 0; i < LETTERS; i++)
		if (i % 4 != 0)
			numbers[count++] = i;
	ck_assert_int_eq(account_expunge(box.account, view, numbers, count),
	    0);
	account_view_close(box.account, view);
}

static void
compact_all(void)
{
	int r, steps = 0;

	while ((r = account_compact(box.account)) == 1)
		ck_assert_int_lt(++steps, 1000);
	ck_assert_int_eq(r, 0);
}

static uint64_t
bytes_of_files(void)
{
	uint64_t bytes = 0;
	struct stat st;
	char name[32];

	for (unsigned n = 1; n < 100; n++) {
		(void)snprintf(name, sizeof(name), "letters/%04u.seg", n);
		if (fstatat(box.scratch.fd, name, &st, 0) == 0)
			bytes += (uint64_t)st.st_size;
	}
	return bytes;
}

START_TEST(nothing_is_moved_while_most_is_alive)
{
	uint64_t before = bytes_of_files();

	ck_assert_int_eq(account_compact(box.account), 0);
	ck_assert_uint_eq(bytes_of_files(), before);
}
END_TEST

START_TEST(the_room_of_deleted_letters_comes_back)
{
	struct account_figures figures;
	uint64_t before = bytes_of_files();
	struct view *view;

	delete_most();
	compact_all();
	ck_assert_uint_lt(bytes_of_files(), before * 6 / 10);
	ck_assert_int_eq(box_check(&box), 0);
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), LETTERS / 4);
	for (uint32_t i = 0; i < LETTERS / 4; i++)
		ck_assert_int_eq(box_is_letter(&box, view, i, 4 * i + 1), 0);
	account_view_close(box.account, view);
	ck_assert_int_eq(account_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, LETTERS / 4);
}
END_TEST

START_TEST(open_views_go_on_reading)
{
	struct view *view = box_view(&box);
	int r;

	delete_most();
	do {
		r = account_compact(box.account);
		for (uint32_t i = 0; i < LETTERS; i++)
			ck_assert_int_eq(box_is_letter(&box, view, i, i + 1),
			    0);
	} while (r == 1);
	account_view_close(box.account, view);
	compact_all();
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(letters_come_and_go_between_steps)
{
	struct view *view;
	uint32_t next = LETTERS + 1;
	size_t last;

	delete_most();
	for (int step = 0; step < 60; step++) {
		ck_assert_int_ge(account_compact(box.account), 0);
		box_fill(&box, next, next + 1);
		next += 2;
		view = box_view(&box);
		last = view_count(view) - 1;
		ck_assert_int_eq(account_expunge(box.account, view, &last, 1),
		    0);
		account_view_close(box.account, view);
	}
	compact_all();
	view = box_view(&box);
	for (size_t i = 0; i < view_count(view); i++)
		ck_assert_int_eq(box_is_letter(&box, view, i,
		    box_number(view_letter(view, i))), 0);
	account_view_close(box.account, view);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_segment_with_a_damaged_letter_is_kept)
{
	struct stat st;

	delete_most();
	box_damage(&box, 1, 200);
	compact_all();
	ck_assert_int_eq(fstatat(box.scratch.fd, "letters/0001.seg", &st, 0),
	    0);
	ck_assert_int_lt(fstatat(box.scratch.fd, "letters/0002.seg", &st, 0),
	    0);
	ck_assert_int_eq(box_faults(&box), 1);
}
END_TEST

START_TEST(a_segment_is_kept_when_some_row_makes_no_sense)
{
	struct stat st;

	delete_most();
	box_close(&box);
	box_meddle(&box, "UPDATE letter SET offset = -1 WHERE id = 1");
	box_open(&box);
	compact_all();
	ck_assert_int_eq(fstatat(box.scratch.fd, "letters/0001.seg", &st, 0),
	    0);
	ck_assert_int_eq(box_faults(&box), 1);
}
END_TEST

static void
one_step(struct account *account, void *arg)
{
	int *steps = arg;

	for (int i = 0; i < *steps; i++)
		(void)account_compact(account);
}

START_TEST(a_crash_behind_any_step_loses_nothing)
{
	struct view *view;
	int steps = _i;

	delete_most();
	box_close(&box);
	box_crash(&box, one_step, &steps);
	ck_assert_int_eq(box_check(&box), 0);
	box_open(&box);
	compact_all();
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), LETTERS / 4);
	for (uint32_t i = 0; i < LETTERS / 4; i++)
		ck_assert_int_eq(box_is_letter(&box, view, i, 4 * i + 1), 0);
	account_view_close(box.account, view);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("compact");
	TCase *tcase = tcase_create("compact");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, nothing_is_moved_while_most_is_alive);
	tcase_add_test(tcase, the_room_of_deleted_letters_comes_back);
	tcase_add_test(tcase, open_views_go_on_reading);
	tcase_add_test(tcase, letters_come_and_go_between_steps);
	tcase_add_test(tcase, a_segment_with_a_damaged_letter_is_kept);
	tcase_add_test(tcase, a_segment_is_kept_when_some_row_makes_no_sense);
	tcase_add_loop_test(tcase, a_crash_behind_any_step_loses_nothing, 1,
	    12);
	suite_add_tcase(suite, tcase);
	return suite;
}
