/*
 * blocks_file_test.c - who is kept out of SMTP is so after a restart
 */
#include "policy/blocks_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/loop.h"
#include "tests/unit/unit.h"

#define DAY_MS	INT64_C(86400000)
#define NOW_MS	UINT64_C(500000000)
#define UTC_MS	INT64_C(1795410000000)
#define FIRST_MS UINT64_C(600000)

static struct blocks *before, *after;
static struct text bytes;

static void
set_up(void)
{
	struct block begun[2];

	before = blocks_new();
	after = blocks_new();
	bytes = (struct text)TEXT_INIT(1 << 20);
	ck_assert_uint_eq(blocks_earned(before, "192.0.2.1", BLOCK_UNKNOWN,
	    FIRST_MS, NOW_MS, begun), 1);
	ck_assert_uint_eq(blocks_earned(before, "2001:db8::", BLOCK_NONSENSE,
	    2 * FIRST_MS, NOW_MS, begun), 1);
	blocks_write(&bytes, before, NOW_MS, UTC_MS);
}

static void
tear_down(void)
{
	text_free(&bytes);
	blocks_free(before);
	blocks_free(after);
}

/* The machine has begun anew: its own clock shows next to nothing. */
START_TEST(blocks_go_on_after_a_restart)
{
	const struct block *block;

	ck_assert_int_eq(blocks_read(after, text_slice(&bytes), 5000,
	    UTC_MS + 100000), 0);
	block = blocks_find(after, "192.0.2.1", 5000);
	ck_assert_ptr_nonnull(block);
	ck_assert_uint_eq(block->until_ms, 5000 + FIRST_MS - 100000);
	ck_assert_int_eq(block->why, BLOCK_UNKNOWN);
	block = blocks_find(after, "2001:db8::", 5000);
	ck_assert_uint_eq(block->until_ms, 5000 + 2 * FIRST_MS - 100000);
	ck_assert_int_eq(block->why, BLOCK_NONSENSE);
}
END_TEST

/* And the next one is longer, as if there had been no restart. */
START_TEST(what_is_over_is_remembered_for_as_long)
{
	struct block begun[2];

	ck_assert_int_eq(blocks_read(after, text_slice(&bytes), 5000,
	    UTC_MS + (_i == 0 ? 1 : 2) * DAY_MS), 0);
	ck_assert_ptr_null(blocks_find(after, "192.0.2.1", 5000));
	ck_assert_uint_eq(blocks_earned(after, "192.0.2.1", BLOCK_UNKNOWN,
	    FIRST_MS, 6000, begun), 1);
	ck_assert_uint_eq(begun[0].times, _i == 0 ? 2 : 1);
}
END_TEST

/* A hub that begins anew each day forgives no later than one that does not. */
START_TEST(what_was_over_before_a_restart_counts_on)
{
	struct blocks *third = blocks_new();
	struct block begun[2];

	for (int i = 0; i < 2; i++) {
		struct blocks *to = i == 0 ? after : third;

		ck_assert_int_eq(blocks_read(to, text_slice(&bytes), NOW_MS,
		    UTC_MS + (int64_t)FIRST_MS + (i + 1) * DAY_MS * 6 / 10),
		    0);
		text_clear(&bytes);
		blocks_write(&bytes, to, NOW_MS, UTC_MS + (int64_t)FIRST_MS +
		    (i + 1) * DAY_MS * 6 / 10);
	}
	ck_assert_uint_eq(blocks_earned(third, "192.0.2.1", BLOCK_UNKNOWN,
	    FIRST_MS, NOW_MS, begun), 1);
	ck_assert_uint_eq(begun[0].times, 1);
	blocks_free(third);
}
END_TEST

/* A clock that was put back makes no block longer than there are. */
START_TEST(no_block_is_longer_than_a_day)
{
	ck_assert_int_eq(blocks_read(after, text_slice(&bytes), 5000,
	    UTC_MS - 400 * DAY_MS), 0);
	ck_assert_uint_eq(blocks_find(after, "192.0.2.1", 5000)->until_ms,
	    5000 + BLOCK_MOST_MS);
}
END_TEST

START_TEST(what_is_no_such_file_is_told)
{
	struct slice whole = text_slice(&bytes);

	ck_assert_int_eq(blocks_read(after, slice_str(""), 5000, UTC_MS),
	    -EBADMSG);
	ck_assert_int_eq(blocks_read(after, slice_str("SQLite format 3"), 5000,
	    UTC_MS), -EBADMSG);
	/* cut anywhere but between two of them */
	ck_assert_int_eq(blocks_read(after, slice_first(whole, whole.len - 1),
	    5000, UTC_MS), -EBADMSG);
	ck_assert_ptr_nonnull(blocks_find(after, "192.0.2.1", 5000));
	ck_assert_ptr_null(blocks_find(after, "2001:db8::", 5000));
}
END_TEST

START_TEST(a_file_brings_them_over)
{
	char folder[] = "/tmp/postroom-blocks-XXXXXX";
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	clock_set(NOW_MS, UTC_MS);
	/* none yet: nobody is out */
	ck_assert_int_eq(blocks_load(after, fd), 0);
	ck_assert_int_eq(blocks_save(before, fd), 0);
	ck_assert_int_eq(blocks_save(before, fd), 0);
	clock_set(7000, UTC_MS + 1000);
	ck_assert_int_eq(blocks_load(after, fd), 0);
	ck_assert_uint_eq(blocks_find(after, "192.0.2.1", 7000)->until_ms,
	    7000 + FIRST_MS - 1000);
	ck_assert_int_eq(unlinkat(fd, BLOCKS_FILE, 0), 0);
	(void)close(fd);
	/* nothing else was left there */
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/blocks_file");
	TCase *tests = tcase_create("blocks_file");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, blocks_go_on_after_a_restart);
	tcase_add_loop_test(tests, what_is_over_is_remembered_for_as_long, 0,
	    2);
	tcase_add_test(tests, what_was_over_before_a_restart_counts_on);
	tcase_add_test(tests, no_block_is_longer_than_a_day);
	tcase_add_test(tests, what_is_no_such_file_is_told);
	tcase_add_test(tests, a_file_brings_them_over);
	suite_add_tcase(suite, tests);
	return suite;
}
