/*
 * index_expunge_test.c - many letters go at once, and all that is kept of them
 * is as if they had gone one by one
 */
#include "store/index.h"

#include <stdlib.h>
#include <string.h>

#include "store/copying.h"
#include "store/selected.h"
#include "tests/unit/store/box.h"

#define LETTERS	90
#define MOST	(LETTERS * 3)

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
open_view(void)
{
	struct selected *selected;

	ck_assert_int_eq(selected_open(box.account, MAILBOX_INBOX,
	    &selected), 0);
	return selected;
}

/* Some letters are in INBOX twice, side by side or far from each other. */
static void
copy_some(void)
{
	struct selected *selected = open_view();
	size_t numbers[MOST], count = 0;
	uint32_t uids[MOST];
	struct copying *copying;

	for (size_t n = 0; n < selected_count(selected); n++)
		if (rand() % 4 == 0)
			numbers[count++] = n;
	ck_assert_int_eq(copying_new(selected, MAILBOX_INBOX, false,
	    &copying), 0);
	ck_assert_int_eq(copying_add(copying, numbers, count, true, uids), 0);
	copying_end(copying);
	selected_close(selected);
}

/* How many entries show each letter: count[n] of letter n. */
static void
count_entries(unsigned count[LETTERS + 1])
{
	struct selected *selected = open_view();
	struct letter_bytes bytes;
	struct box_letter letter;

	memset(count, 0, (LETTERS + 1) * sizeof(*count));
	for (size_t i = 0; i < selected_count(selected); i++) {
		ck_assert_int_eq(selected_read(selected, i, &bytes), 0);
		for (uint32_t n = 1; n <= LETTERS; n++) {
			letter = box_letter(n);
			if (slice_is(bytes.body, slice_of(letter.body,
			    letter.delivery.body_bytes)))
				count[n]++;
		}
	}
	selected_close(selected);
}

static uint32_t
number_of(const struct message_id *id)
{
	uint32_t n = 0;

	for (int i = 6; i < 10; i++)
		n = n << 8 | id->bytes[i];
	return n;
}

/* Delete about one in `one_in`; what is told of them is taken off `count`. */
static void
expunge_some(unsigned count[LETTERS + 1], int one_in)
{
	struct selected *selected = open_view();
	size_t numbers[MOST], going = 0, known;
	struct message_id ids[MOST];

	for (size_t n = 0; n < selected_count(selected); n++)
		if (rand() % one_in == 0)
			numbers[going++] = n;
	ck_assert_int_eq(selected_expunge(selected, numbers, going, ids,
	    &known), 0);
	ck_assert_uint_eq(known, going);
	for (size_t i = 0; i < known; i++) {
		ck_assert_uint_gt(count[number_of(&ids[i])], 0);
		count[number_of(&ids[i])]--;
	}
	/* they are gone already: nobody is told of them once more */
	ck_assert_int_eq(selected_expunge(selected, numbers, going, ids,
	    &known), 0);
	ck_assert_uint_eq(known, 0);
	selected_close(selected);
}

/* What check proves, and which messages the queue is to hear of. */
static void
check_all(const unsigned count[LETTERS + 1])
{
	unsigned left[LETTERS + 1], gone = 0;
	struct message_id ids[LETTERS];
	size_t told;

	count_entries(left);
	for (uint32_t n = 1; n <= LETTERS; n++) {
		ck_assert_uint_eq(left[n], count[n]);
		gone += count[n] == 0;
	}
	ck_assert_int_eq(account_expunged(box.account, ids, LETTERS, &told),
	    0);
	ck_assert_uint_eq(told, gone);
	for (size_t i = 0; i < told; i++)
		ck_assert_uint_eq(count[number_of(&ids[i])], 0);
	ck_assert_int_eq(box_check(&box), 0);
}

START_TEST(letters_that_go_at_once_go_as_one_by_one)
{
	unsigned count[LETTERS + 1];

	srand((unsigned)_i + 1);
	box_fill(&box, 1, LETTERS);
	copy_some();
	count_entries(count);
	for (int round = 0; round < 5; round++) {
		/* scattered first, then whole runs */
		expunge_some(count, round < 3 ? 6 : 2);
		check_all(count);
		if (round == 2) {
			box_close(&box);
			box_open(&box);
		}
	}
	expunge_some(count, 1);
	check_all(count);
	while (account_tidy(box.account) > 0)
		;
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM letter"), 0);
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM entry"), 0);
	ck_assert_int_eq(box_ask(&box, "SELECT sum(last - place + 1)"
	    " = (SELECT uid_reserved - 1 FROM mailbox) FROM tombstone"), 1);
	box_open(&box);
}
END_TEST

/* A row that makes no sense goes as well; a letter without a row is none. */
START_TEST(damaged_rows_go_with_the_others)
{
	size_t numbers[] = { 0, 1, 2, 3 }, known;
	struct message_id ids[4];
	struct selected *selected;

	box_fill(&box, 1, 4);
	box_close(&box);
	box_meddle(&box, "UPDATE letter SET lacks_crlf = 2 WHERE id ="
	    " (SELECT letter FROM entry ORDER BY place LIMIT 1);"
	    "UPDATE entry SET letter = 12345 WHERE place ="
	    " (SELECT place FROM entry ORDER BY place LIMIT 1 OFFSET 2)");
	box_open(&box);
	selected = open_view();
	ck_assert_int_eq(selected_expunge(selected, numbers, 4, ids, &known),
	    0);
	ck_assert_uint_eq(known, 2);
	ck_assert_uint_eq(number_of(&ids[0]), 2);
	ck_assert_uint_eq(number_of(&ids[1]), 4);
	selected_close(selected);
	selected = open_view();
	ck_assert_uint_eq(selected_count(selected), 0);
	selected_close(selected);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/index_expunge");
	TCase *tcase = tcase_create("index_expunge");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, letters_that_go_at_once_go_as_one_by_one,
	    0, 6);
	tcase_add_test(tcase, damaged_rows_go_with_the_others);
	suite_add_tcase(suite, tcase);
	return suite;
}
