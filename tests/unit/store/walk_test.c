/*
 * walk_test.c - every letter that an account's segments hold, without its index
 */
#include "store/walk.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/store/box.h"

#define MOST	64

static const unsigned char hub[HUB_ID_BYTES] = "the test's hub";
static const unsigned char another[HUB_ID_BYTES] = "another hub";

static struct box box;

/* What a walk told. */
static struct {
	struct walked	 all[MOST];
	size_t		 count;
	unsigned	 of[WALKED_UNREADABLE + 1];
	unsigned	 wrong;		/* letters with other bytes */
} told;

static uint32_t
number_of(const struct record *record)
{
	uint32_t n = 0;

	for (int i = 6; i < 10; i++)
		n = n << 8 | record->id.bytes[i];
	return n;
}

static int
note(void *arg, const struct walked *walked)
{
	struct box_letter want;

	(void)arg;
	ck_assert_uint_lt(told.count, MOST);
	told.all[told.count++] = *walked;
	told.of[walked->what]++;
	if (walked->what != WALKED_LETTER)
		return 0;
	want = box_letter(number_of(&walked->record));
	told.wrong += !slice_is_str(walked->record.trace, want.trace) ||
	    !slice_is(walked->record.body, slice_of(want.body,
	    want.delivery.body_bytes));
	return 0;
}

static int
walk(const unsigned char *whose)
{
	memset(&told, 0, sizeof(told));
	return letters_walk(box.scratch.fd, whose, note,
	    NULL);
}

/* 30 letters, in two segments. */
static void
set_up(void)
{
	box = box_new();
	box_fill(&box, 1, 30);
	box_close(&box);
	ck_assert_int_eq(walk(hub), 0);
	ck_assert_uint_eq(told.count, 30);
}

static void
tear_down(void)
{
	box_drop(&box);
}

START_TEST(every_letter_is_told_in_the_order_it_was_written)
{
	for (uint32_t n = 1; n <= 30; n++) {
		ck_assert_uint_eq(number_of(&told.all[n - 1].record), n);
		ck_assert_uint_eq(told.all[n - 1].record.position, n);
		ck_assert(told.all[n - 1].is_readable);
	}
	ck_assert_uint_eq(told.wrong, 0);
	ck_assert_uint_eq(told.all[0].segment, 1);
	ck_assert_uint_eq(told.all[0].offset, SEGMENT_HEADER_BYTES);
	ck_assert_uint_eq(told.all[29].segment, 2);
}
END_TEST

START_TEST(letters_are_found_where_the_index_says_they_stand)
{
	for (size_t i = 0; i < told.count; i++) {
		char sql[160];

		(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM letter "
		    "WHERE segment = %u AND offset = %llu AND 64 + trace_bytes"
		    " + body_bytes = %llu", told.all[i].segment,
		    (unsigned long long)told.all[i].offset,
		    (unsigned long long)told.all[i].bytes);
		ck_assert_int_eq(box_ask(&box, sql), 1);
	}
}
END_TEST

START_TEST(a_turned_byte_in_a_letter_hides_that_letter_only)
{
	struct walked third = told.all[2];

	/* of its header, of its body, the last */
	box_damage(&box, 1, (int64_t)(third.offset +
	    (uint64_t[]){ 0, 30, 60, 100, third.bytes - 1 }[_i]));
	ck_assert_int_eq(walk(hub), 0);
	ck_assert_uint_eq(told.count, 30);
	ck_assert_uint_eq(told.of[WALKED_LETTER], 29);
	ck_assert_uint_eq(told.wrong, 0);
	ck_assert_int_eq(told.all[2].what,
	    _i < 3 ? WALKED_GAP : WALKED_DAMAGED);
	ck_assert_uint_eq(told.all[2].offset, third.offset);
	ck_assert_uint_eq(told.all[2].bytes, third.bytes);
	if (_i >= 3)
		ck_assert_uint_eq(number_of(&told.all[2].record), 3);
}
END_TEST

START_TEST(a_turned_byte_in_the_head_of_a_segment_hides_no_letter)
{
	box_damage(&box, 1, _i);
	ck_assert_int_eq(walk(hub), 0);
	/* another hub's id with a bad checksum is no other hub */
	ck_assert_uint_eq(told.of[WALKED_HEAD], 1);
	ck_assert_uint_eq(told.of[WALKED_LETTER], 30);
	ck_assert(!told.all[1].is_readable);
	ck_assert(told.all[30].is_readable);
	/* and it is mended */
	ck_assert_int_eq(letters_mend_head(box.scratch.fd, hub, 1),
	    0);
	ck_assert_int_eq(walk(hub), 0);
	ck_assert_uint_eq(told.count, 30);
	ck_assert(told.all[0].is_readable);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_segment_cut_anywhere_keeps_what_stands_before)
{
	char path[128];
	struct walked last = told.all[4];
	uint64_t cut = last.offset + (uint64_t)_i * last.bytes / 8;

	(void)snprintf(path, sizeof(path), "%s/letters/0001.seg",
	    box.scratch.path);
	ck_assert_int_eq(truncate(path, (off_t)cut), 0);
	ck_assert_int_eq(walk(hub), 0);
	for (uint32_t n = 1; n <= 4; n++)
		ck_assert_uint_eq(number_of(&told.all[n - 1].record), n);
	ck_assert_uint_eq(told.wrong, 0);
	ck_assert_uint_eq(told.of[WALKED_GAP] + told.of[WALKED_DAMAGED],
	    _i > 0);
}
END_TEST

START_TEST(another_hubs_segments_are_told_and_not_read)
{
	ck_assert_int_eq(walk(another), 0);
	ck_assert_uint_eq(told.of[WALKED_FOREIGN], 2);
	ck_assert_uint_eq(told.count, 2);
	ck_assert_int_eq(walk(NULL), 0);
	ck_assert_uint_eq(told.of[WALKED_LETTER], 30);
}
END_TEST

START_TEST(what_is_no_segment_is_passed_over)
{
	static const char *const names[] = { "letters/7.seg",
	    "letters/0009.segx", "letters/x.seg", "letters/00010.seg",
	    "letters/0000.seg", "letters/4294967296.seg" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int fd = openat(box.scratch.fd, names[i],
		    O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(close(fd), 0);
	}
	ck_assert_int_eq(mkdirat(box.scratch.fd, "letters/0003.seg", 0700), 0);
	ck_assert_int_eq(walk(hub), 0);
	ck_assert_uint_eq(told.of[WALKED_LETTER], 30);
	ck_assert_uint_eq(told.of[WALKED_UNREADABLE], 1);
	ck_assert_uint_eq(told.count, 31);
}
END_TEST

static int
stop_at_third(void *arg, const struct walked *walked)
{
	unsigned *count = arg;

	(void)walked;
	return ++*count == 3 ? 1 : 0;
}

START_TEST(a_walk_ends_when_it_is_told_to)
{
	unsigned count = 0;

	ck_assert_int_eq(letters_walk(box.scratch.fd, NULL, stop_at_third,
	    &count), 1);
	ck_assert_uint_eq(count, 3);
}
END_TEST

START_TEST(an_account_without_letters_has_none)
{
	struct scratch empty = scratch_new();
	unsigned count = 0;

	ck_assert_int_eq(letters_walk(empty.fd, NULL, stop_at_third, &count),
	    0);
	ck_assert_uint_eq(count, 0);
	scratch_drop(&empty);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("walk");
	TCase *tcase = tcase_create("letters");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, every_letter_is_told_in_the_order_it_was_written);
	tcase_add_test(tcase,
	    letters_are_found_where_the_index_says_they_stand);
	tcase_add_loop_test(tcase,
	    a_turned_byte_in_a_letter_hides_that_letter_only, 0, 5);
	tcase_add_loop_test(tcase,
	    a_turned_byte_in_the_head_of_a_segment_hides_no_letter, 0,
	    SEGMENT_HEADER_BYTES);
	tcase_add_loop_test(tcase,
	    a_segment_cut_anywhere_keeps_what_stands_before, 0, 8);
	tcase_add_test(tcase, another_hubs_segments_are_told_and_not_read);
	tcase_add_test(tcase, what_is_no_segment_is_passed_over);
	tcase_add_test(tcase, a_walk_ends_when_it_is_told_to);
	tcase_add_test(tcase, an_account_without_letters_has_none);
	suite_add_tcase(suite, tcase);
	return suite;
}
