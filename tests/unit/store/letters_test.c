/*
 * letters_test.c - the bytes of an account's letters: append-only segments
 */
#include "store/letters.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/queue/scratch.h"

static struct scratch scratch;
static struct letters *letters;
static struct letters_options options;
static uint32_t first;

static void
set_up(void)
{
	scratch = scratch_new();
	options = (struct letters_options){
		.hub_id = "hub", .segment_bytes = 1000
	};
	ck_assert_int_eq(letters_open(scratch.fd, &options, &letters, &first),
	    0);
}

static void
tear_down(void)
{
	letters_close(letters);
	scratch_drop(&scratch);
}

static int
append(struct slice body, struct place *place_out)
{
	struct record record = {
		.mailbox = 1, .body = body, .body_bytes = body.len
	};

	return letters_append(letters, &record, place_out);
}

static void
reopen(uint32_t last, uint64_t bytes)
{
	letters_close(letters);
	options.last = last;
	options.last_bytes = bytes;
	ck_assert_int_eq(letters_open(scratch.fd, &options, &letters, &first),
	    0);
}

START_TEST(records_stand_one_behind_the_other)
{
	struct slice body = SLICE("one body");
	struct place one, two;
	struct record record;
	uint64_t bytes;

	ck_assert_uint_eq(first, 1);
	ck_assert_int_eq(append(body, &one), 0);
	ck_assert_int_eq(append(body, &two), 0);
	ck_assert_uint_eq(one.segment, 1);
	ck_assert_uint_eq(one.offset, SEGMENT_HEADER_BYTES);
	ck_assert_uint_eq(two.offset, one.offset + one.bytes);
	ck_assert_int_eq(letters_read(letters, &one, &record), 0);
	ck_assert(slice_is(record.body, body));
	ck_assert_int_eq(letters_sync(letters, 1, &bytes), 0);
	ck_assert_uint_eq(bytes, two.offset + two.bytes);
}
END_TEST

START_TEST(a_full_segment_is_followed_by_the_next)
{
	static char body[400];
	struct place place[40];
	struct record record;

	for (uint32_t i = 0; i < 40; i++) {
		body[0] = (char)i;
		ck_assert_int_eq(append(slice_of(body, sizeof(body)),
		    &place[i]), 0);
		ck_assert_uint_eq(place[i].segment, 1 + i / 2);
	}
	/* more segments than are kept open */
	for (uint32_t i = 0; i < 40; i++) {
		ck_assert_int_eq(letters_read(letters, &place[i], &record),
		    0);
		ck_assert_int_eq(record.body.at[0], (char)i);
	}
}
END_TEST

/* What stands behind the records one reads in turn is read with them. */
START_TEST(what_is_read_ahead_is_never_older_than_the_file)
{
	struct place place[6];
	struct record record;
	char byte;
	int fd;

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(append(slice_str("a body of some bytes"),
		    &place[i]), 0);
	/* the second goes on from the first, and brings those behind it */
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(letters_read(letters, &place[i], &record), 0);
	for (int i = 4; i < 6; i++)
		ck_assert_int_eq(append(slice_str("a newer body"), &place[i]),
		    0);
	for (int i = 2; i < 6; i++) {
		ck_assert_int_eq(letters_read(letters, &place[i], &record), 0);
		ck_assert(slice_is_str(record.body, i < 4 ?
		    "a body of some bytes" : "a newer body"));
	}
	/* a record that comes to stand where none was when it was read ahead */
	fd = openat(scratch.fd, "letters/0001.seg", O_RDWR);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &byte, 1, (off_t)place[3].offset + 70), 1);
	ck_assert_int_eq(pwrite(fd, "?", 1, (off_t)place[3].offset + 70), 1);
	for (int i = 1; i < 3; i++)
		ck_assert_int_eq(letters_read(letters, &place[i], &record), 0);
	ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)place[3].offset + 70), 1);
	(void)close(fd);
	ck_assert_int_eq(letters_read(letters, &place[3], &record), 0);
}
END_TEST

START_TEST(a_record_larger_than_a_segment_has_one_to_itself)
{
	static char body[BODY_MOST_BYTES];
	struct place place;
	struct record record;

	ck_assert_int_eq(append(slice_of("a", 1), &place), 0);
	ck_assert_int_eq(append(slice_of(body, sizeof(body)), &place), 0);
	ck_assert_uint_eq(place.segment, 2);
	ck_assert_int_eq(letters_read(letters, &place, &record), 0);
	ck_assert_uint_eq(record.body.len, sizeof(body));
	ck_assert_int_eq(append(slice_of("a", 1), &place), 0);
	ck_assert_uint_eq(place.segment, 3);
}
END_TEST

START_TEST(appending_goes_on_only_behind_bytes_vouched_for)
{
	struct place place;
	uint64_t bytes;

	ck_assert_int_eq(append(slice_of("a", 1), &place), 0);
	ck_assert_int_eq(letters_sync(letters, 1, &bytes), 0);
	reopen(1, bytes);
	ck_assert_uint_eq(first, 1);
	reopen(1, bytes - 1);
	ck_assert_uint_eq(first, 2);
	reopen(1, bytes + 1);
	ck_assert_uint_eq(first, 2);
	ck_assert_int_eq(append(slice_of("b", 1), &place), 0);
	ck_assert_uint_eq(place.segment, 2);
}
END_TEST

START_TEST(a_segment_left_by_a_crash_is_passed_over)
{
	struct place place;

	ck_assert_int_eq(append(slice_of("a", 1), &place), 0);
	reopen(0, 0);
	ck_assert_int_eq(append(slice_of("b", 1), &place), 0);
	ck_assert_uint_eq(place.segment, 2);
}
END_TEST

START_TEST(a_place_that_is_none_is_refused)
{
	struct place good, bad;
	struct record record;

	ck_assert_int_eq(append(slice_of("abcdef", 6), &good), 0);
	bad = good;
	bad.segment = 9;
	ck_assert_int_eq(letters_read(letters, &bad, &record), -EBADMSG);
	bad.segment = 0;
	ck_assert_int_eq(letters_read(letters, &bad, &record), -EBADMSG);
	bad = good;
	bad.offset++;
	ck_assert_int_eq(letters_read(letters, &bad, &record), -EBADMSG);
	bad.offset = UINT64_MAX;
	ck_assert_int_eq(letters_read(letters, &bad, &record), -EBADMSG);
	bad = good;
	bad.bytes++;
	ck_assert_int_eq(letters_read(letters, &bad, &record), -EBADMSG);
	bad.bytes = 0;
	ck_assert_int_eq(letters_read(letters, &bad, &record), -EBADMSG);
	bad.bytes = UINT32_MAX;
	ck_assert_int_eq(letters_read(letters, &bad, &record), -EBADMSG);
	ck_assert_int_eq(letters_read(letters, &good, &record), 0);
}
END_TEST

START_TEST(a_dropped_segment_is_gone_and_the_newest_never_goes)
{
	static char body[900];
	struct place one, two;
	struct record record;

	ck_assert_int_eq(append(slice_of(body, sizeof(body)), &one), 0);
	ck_assert_int_eq(append(slice_of(body, sizeof(body)), &two), 0);
	ck_assert_int_eq(letters_read(letters, &one, &record), 0);
	ck_assert_int_eq(letters_drop(letters, 1), 0);
	ck_assert_int_eq(letters_drop(letters, 1), 0);
	ck_assert_int_eq(letters_drop(letters, 2), -EINVAL);
	ck_assert_int_eq(letters_drop(letters, 0), -EINVAL);
	ck_assert_int_eq(letters_read(letters, &one, &record), -EBADMSG);
	ck_assert_int_eq(letters_read(letters, &two, &record), 0);
}
END_TEST

START_TEST(a_full_disk_adds_no_record)
{
	struct rlimit limit, small;
	struct place before, after;
	struct record record;
	static char body[400];
	int r;

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(append(slice_of("a", 1), &before), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 300;
	/* libcheck writes files too: assert nothing below the limit */
	(void)setrlimit(RLIMIT_FSIZE, &small);
	r = append(slice_of(body, sizeof(body)), &after);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(r, -ENOSPC);
	ck_assert_int_eq(append(slice_of(body, sizeof(body)), &after), 0);
	ck_assert_uint_eq(after.offset, before.offset + before.bytes);
	ck_assert_int_eq(letters_read(letters, &after, &record), 0);
}
END_TEST

START_TEST(only_reading_makes_nothing)
{
	struct scratch empty = scratch_new();
	struct letters *reading = NULL;
	struct stat st;
	uint32_t number;

	options.only_reading = true;
	ck_assert_int_eq(letters_open(empty.fd, &options, &reading, &number),
	    -ENOENT);
	ck_assert_int_lt(fstatat(empty.fd, "letters", &st, 0), 0);
	scratch_drop(&empty);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("letters");
	TCase *tcase = tcase_create("letters");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, records_stand_one_behind_the_other);
	tcase_add_test(tcase, a_full_segment_is_followed_by_the_next);
	tcase_add_test(tcase, what_is_read_ahead_is_never_older_than_the_file);
	tcase_add_test(tcase,
	    a_record_larger_than_a_segment_has_one_to_itself);
	tcase_add_test(tcase,
	    appending_goes_on_only_behind_bytes_vouched_for);
	tcase_add_test(tcase, a_segment_left_by_a_crash_is_passed_over);
	tcase_add_test(tcase, a_place_that_is_none_is_refused);
	tcase_add_test(tcase,
	    a_dropped_segment_is_gone_and_the_newest_never_goes);
	tcase_add_test(tcase, a_full_disk_adds_no_record);
	tcase_add_test(tcase, only_reading_makes_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
