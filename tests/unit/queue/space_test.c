/*
 * space_test.c - grants stay within the budget, the journal and the disk
 */
#include "queue/space.h"

#include <errno.h>
#include <sys/stat.h>

#include "queue/segment.h"
#include "store/account.h"
#include "tests/unit/queue/scratch.h"

#define MIB		(UINT64_C(1) << 20)
#define PLENTY		(UINT64_C(1) << 40)

static struct scratch scratch;
static struct space *space;

static void
setup(void)
{
	scratch = scratch_new();
}

static void
teardown(void)
{
	space_close(space);
	scratch_drop(&scratch);
}

static void
space_up(uint64_t ballast, uint64_t free_bytes, uint64_t transit)
{
	struct space_options options = { .ballast_bytes = ballast,
	    .free_bytes = free_bytes, .transit_bytes = transit };

	ck_assert_int_eq(space_open(scratch.fd, &options, &space), 0);
}

START_TEST(grants_stay_within_the_transit_budget)
{
	space_up(0, 0, 10 * MIB);
	ck_assert_int_eq(space_grant(space, 6 * MIB), 0);
	ck_assert_int_eq(space_grant(space, 5 * MIB), -ENOSPC);
	ck_assert_int_eq(space_grant(space, 4 * MIB), 0);
	ck_assert_int_eq(space_grant(space, 1), -ENOSPC);
	ck_assert_uint_eq(space_granted(space), 10 * MIB);
	space_release(space, 6 * MIB);
	ck_assert_int_eq(space_grant(space, 5 * MIB), 0);
	ck_assert_int_eq(space_grant(space, UINT64_MAX), -ENOSPC);
}
END_TEST

/* A small message goes into the journal, of a big one only its record. */
START_TEST(grants_stay_within_what_the_journal_can_take)
{
	struct journal_options journal = { .segments = 1, .segment_bytes =
	    2 * SPACE_RECORD_BYTES + BIG_BYTES + SEGMENT_HEAD_BYTES };
	struct space_options options = { .transit_bytes = PLENTY };
	struct loop *loop = loop_new();
	struct pool *pool = pool_new(loop, 1);
	struct journal *opened;

	ck_assert_int_eq(journal_open(scratch.fd, &journal, loop, pool,
	    &opened), 0);
	options.journal = opened;
	ck_assert_int_eq(space_open(scratch.fd, &options, &space), 0);
	ck_assert_int_eq(space_grant(space, BIG_BYTES), 0);
	ck_assert_int_eq(space_grant(space, 1), -ENOSPC);
	ck_assert_int_eq(space_grant(space, BIG_BYTES + 1), 0);
	ck_assert_int_eq(space_grant(space, BIG_BYTES + 1), -ENOSPC);
	space_release(space, BIG_BYTES);
	space_release(space, BIG_BYTES + 1);
	ck_assert_int_eq(space_grant(space, BIG_BYTES), 0);
	pool_free(pool);
	journal_close(opened);
	loop_free(loop);
}
END_TEST

START_TEST(what_was_granted_in_pieces_is_given_back_whole)
{
	space_up(0, 0, PLENTY);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(space_grant(space, BIG_BYTES), 0);
	ck_assert_int_eq(space_grant(space, 77), 0);
	space_release(space, 3 * BIG_BYTES);
	ck_assert_uint_eq(space_granted(space), 77);
	space_release(space, 77);
	ck_assert_uint_eq(space_granted(space), 0);
}
END_TEST

START_TEST(pieces_leave_no_record_behind_in_the_journal)
{
	struct loop *loop = loop_new();
	struct pool *pool = pool_new(loop, 1);
	struct journal_options journal = {
		.segment_bytes = 512 * 1024, .segments = 1
	};
	struct space_options options = { .transit_bytes = PLENTY };
	struct journal *j;

	ck_assert_int_eq(journal_open(scratch.fd, &journal, loop, pool, &j),
	    0);
	options.journal = j;
	ck_assert_int_eq(space_open(scratch.fd, &options, &space), 0);
	for (unsigned i = 0; i < 100; i++) {
		ck_assert_int_eq(space_grant(space, BIG_BYTES), 0);
		ck_assert_int_eq(space_grant(space, BIG_BYTES), 0);
		space_release(space, 2 * BIG_BYTES);
	}
	pool_free(pool);
	journal_close(j);
	loop_free(loop);
}
END_TEST

START_TEST(nothing_is_granted_below_the_admission_stop)
{
	uint64_t left;
	bool is_short = false;

	space_up(0, UINT64_C(1) << 62, PLENTY);
	ck_assert_int_eq(space_free(space, &left), 0);
	ck_assert_uint_gt(left, 0);
	ck_assert_int_eq(space_is_short(space, &is_short), 0);
	ck_assert(is_short);
	ck_assert_int_eq(space_grant(space, 1), -ENOSPC);
	ck_assert_uint_eq(space_granted(space), 0);
	ck_assert_int_eq(space_restore_ballast(space), 0);	/* of 0 bytes */
	space_close(space);
	space_up(MIB, UINT64_C(1) << 62, PLENTY);
	ck_assert_int_eq(space_restore_ballast(space), -ENOSPC);
	ck_assert(!space_has_ballast(space));
}
END_TEST

START_TEST(the_ballast_takes_real_room_and_gives_it_back)
{
	struct stat st;

	space_up(MIB, 0, PLENTY);
	ck_assert(!space_has_ballast(space));
	ck_assert_int_eq(space_restore_ballast(space), 0);
	ck_assert(space_has_ballast(space));
	ck_assert_int_eq(fstatat(scratch.fd, "ballast", &st, 0), 0);
	ck_assert_uint_ge((uint64_t)st.st_blocks * 512, MIB);
	ck_assert_int_eq(space_release_ballast(space), 0);
	ck_assert_int_eq(space_release_ballast(space), 0);
	ck_assert(!space_has_ballast(space));
	/* a hole of the right size is none */
	close(openat(scratch.fd, "ballast", O_CREAT | O_WRONLY, 0600));
	{
		int fd = openat(scratch.fd, "ballast", O_WRONLY);

		ck_assert_int_eq(ftruncate(fd, MIB), 0);
		close(fd);
	}
	ck_assert(!space_has_ballast(space));
	ck_assert_int_eq(space_restore_ballast(space), 0);
	ck_assert(space_has_ballast(space));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/space");
	TCase *tcase = tcase_create("space");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, grants_stay_within_the_transit_budget);
	tcase_add_test(tcase, grants_stay_within_what_the_journal_can_take);
	tcase_add_test(tcase,
	    what_was_granted_in_pieces_is_given_back_whole);
	tcase_add_test(tcase, pieces_leave_no_record_behind_in_the_journal);
	tcase_add_test(tcase, nothing_is_granted_below_the_admission_stop);
	tcase_add_test(tcase, the_ballast_takes_real_room_and_gives_it_back);
	suite_add_tcase(suite, tcase);
	return suite;
}
