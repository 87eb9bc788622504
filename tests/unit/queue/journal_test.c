/*
 * journal_test.c - what was acknowledged is replayed, and nothing else
 *
 * On a disk that does what it is told, and with bytes that are damaged later;
 * a disk and a process that fail are in journal_failing_test.c.
 */
#include "tests/unit/queue/journal_scene.h"

/* What is told is true */

START_TEST(what_was_received_is_replayed_in_order)
{
	for (size_t i = 0; i < 30; i++)
		ck_assert_int_eq(append(i * 131), 0);
	wait_all();
	reopen();
	check_seen();
	ck_assert_uint_eq(hub.seen_count, 30);
	/* and again: reading changes nothing */
	reopen();
	check_seen();
}
END_TEST

START_TEST(all_that_waits_goes_out_with_one_sync)
{
	struct journal_figures f;

	for (size_t i = 0; i < 10; i++)
		ck_assert_int_eq(append(100), 0);
	wait_all();
	journal_figures(hub.journal, &f);
	ck_assert_uint_eq(f.syncs, 1);
	ck_assert_uint_eq(f.records, 10);
	ck_assert_uint_eq(f.waiting, 0);
	ck_assert_int_eq(f.fault, 0);
}
END_TEST

START_TEST(a_record_is_read_back_by_its_position)
{
	TEXT_AUTO buffer = TEXT_INIT(SEGMENT_BYTES);
	TEXT_AUTO small = TEXT_INIT(100);
	struct journal_record record;

	ck_assert_int_eq(append(10), 0);
	ck_assert_int_eq(append(3000), 0);
	wait_all();
	ck_assert_int_eq(journal_read(hub.journal, hub.told[1].position,
	    &buffer, &record), 0);
	ck_assert_uint_eq(record.position, hub.told[1].position);
	ck_assert(slice_is(record.bytes, body_of(&hub.told[1].id, 3000)));
	ck_assert_int_eq(journal_read(hub.journal, hub.told[1].position,
	    &small, &record), -ENOBUFS);
	ck_assert_int_eq(journal_read(hub.journal, hub.told[1].position + 8,
	    &buffer, &record), -EBADMSG);
	ck_assert_int_eq(journal_read(hub.journal, (uint64_t)99 << 32,
	    &buffer, &record), -ENOENT);
}
END_TEST

START_TEST(short_writes_are_carried_on)
{
	disk.writes_short = true;
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(append(200), 0);
	wait_all();
	reopen();
	check_seen();
	ck_assert_uint_eq(hub.seen_count, 3);
}
END_TEST

START_TEST(a_record_larger_than_a_segment_is_refused)
{
	ck_assert_int_eq(append(SEGMENT_BYTES), -EMSGSIZE);
	ck_assert_int_eq(append(SEGMENT_BYTES - SEGMENT_HEAD_BYTES), -EMSGSIZE);
	ck_assert_int_eq(append(40 * 1024), 0);
	wait_all();
	ck_assert_int_eq(hub.told[0].status, 0);
}
END_TEST

/* Segments */

START_TEST(out_of_segments_is_said_at_once_and_settling_helps)
{
	struct journal_figures f;
	int r;

	while ((r = append(9000)) == 0)
		wait_all();
	ck_assert_int_eq(r, -ENOSPC);
	ck_assert_uint_ge(hub.count, 4 * 6);
	journal_figures(hub.journal, &f);
	ck_assert_uint_eq(f.used, 4);
	ck_assert_uint_eq(f.free, 0);
	ck_assert_int_eq(append(9000), -ENOSPC);
	journal_settled(hub.journal, hub.told[7].position);
	journal_figures(hub.journal, &f);
	ck_assert_uint_eq(f.free, 1);
	ck_assert_int_eq(append(9000), 0);
	wait_all();
	/* what was settled is not replayed, the rest is */
	reopen();
	ck_assert_uint_eq(hub.seen_count, hub.count - 7);
	ck_assert(was_seen(&hub.told[hub.count - 1]));
	ck_assert(was_seen(&hub.told[7]));
	ck_assert(!was_seen(&hub.told[6]));
}
END_TEST

START_TEST(a_journal_of_one_segment_goes_round)
{
	hub_down();
	hub.options.segments = 1;
	hub_up();
	for (size_t i = 0; i < 100; i++) {
		int r = append(9000);

		if (r < 0) {
			ck_assert_int_eq(r, -ENOSPC);
			journal_settled(hub.journal,
			    journal_next(hub.journal));
			ck_assert_int_eq(append(9000), 0);
		}
		wait_all();
	}
	reopen();
	ck_assert(was_seen(&hub.told[99]));
	ck_assert_uint_le(hub.seen_count, 6);
}
END_TEST

START_TEST(a_burst_larger_than_a_segment_waits_for_the_next)
{
	for (size_t i = 0; i < 20; i++)
		ck_assert_int_eq(append(9000), 0);
	wait_all();
	reopen();
	check_seen();
	ck_assert_uint_eq(hub.seen_count, 20);
}
END_TEST

/* Stale records of the same size and place, even of the same generation. */
START_TEST(records_of_an_earlier_life_are_not_replayed)
{
	for (size_t i = 0; i < 6; i++)
		ck_assert_int_eq(append(9000), 0);
	wait_all();
	journal_settled(hub.journal, journal_next(hub.journal));
	/* the segment is begun again; five old records stand behind */
	ck_assert_int_eq(append(9000), 0);
	wait_all();
	reopen();
	ck_assert_uint_eq(hub.seen_count, 1);
	ck_assert(was_seen(&hub.told[6]));
}
END_TEST

/* What nobody owes any more can still be had, until its place is needed. */
START_TEST(a_settled_record_is_readable_until_its_segment_is_used_again)
{
	TEXT_AUTO buffer = TEXT_INIT(SEGMENT_BYTES);
	struct journal_record record;
	uint64_t first;

	/* the second segment is begun, so that the first is given back */
	for (size_t i = 0; i < 10; i++)
		ck_assert_int_eq(append(9000), 0);
	wait_all();
	first = hub.told[0].position;
	ck_assert_uint_gt(hub.told[9].position >> 32, first >> 32);
	ck_assert_uint_le(journal_readable(hub.journal), first);
	journal_settled(hub.journal, journal_next(hub.journal));
	ck_assert_int_eq(journal_read(hub.journal, first, &buffer, &record),
	    0);
	ck_assert_int_eq(message_id_order(&record.id, &hub.told[0].id), 0);
	ck_assert_uint_le(journal_readable(hub.journal), first);
	reopen();
	ck_assert_int_eq(journal_read(hub.journal, first, &buffer, &record),
	    0);
	/* all four are used once more */
	for (size_t i = 0; i < 24 && journal_readable(hub.journal) <= first;
	    i++) {
		ck_assert_int_eq(append(9000), 0);
		wait_all();
		journal_settled(hub.journal, journal_next(hub.journal));
	}
	ck_assert_uint_gt(journal_readable(hub.journal), first);
	ck_assert_int_eq(journal_read(hub.journal, first, &buffer, &record),
	    -ENOENT);
}
END_TEST

START_TEST(a_new_life_begins_a_new_segment)
{
	ck_assert_int_eq(append(100), 0);
	wait_all();
	reopen();
	ck_assert_uint_eq(journal_next(hub.journal) >> 32,
	    (hub.told[0].position >> 32) + 1);
	ck_assert_int_eq(append(100), 0);
	wait_all();
	ck_assert_uint_eq(hub.told[1].position >> 32,
	    (hub.told[0].position >> 32) + 1);
	reopen();
	check_seen();
	ck_assert_uint_eq(journal_oldest(hub.journal),
	    hub.told[0].position);
}
END_TEST

START_TEST(generations_begin_above_what_was_seen_elsewhere)
{
	hub_down();
	hub.options.above = 41;
	hub_up();
	ck_assert_int_eq(append(1), 0);
	wait_all();
	ck_assert_uint_eq(hub.told[0].position >> 32, 42);
}
END_TEST

START_TEST(the_segments_of_another_hub_are_refused)
{
	struct journal *other;

	ck_assert_int_eq(append(1), 0);
	wait_all();
	hub.options.hub_id[0] ^= 1;
	ck_assert_int_eq(journal_open(hub.scratch.fd, &hub.options, hub.loop,
	    hub.pool, &other), -EXDEV);
	hub.options.hub_id[0] ^= 1;
}
END_TEST

START_TEST(a_damaged_head_is_told_and_the_rest_still_read)
{
	struct journal_figures f;
	int fd;

	ck_assert_int_eq(append(1), 0);
	wait_all();
	reopen();
	ck_assert_int_eq(append(1), 0);
	wait_all();
	hub_down();
	fd = openat(hub.scratch.fd, "0000.seg", O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "x", 1, 17), 1);
	close(fd);
	hub_up();
	replay_all();
	journal_figures(hub.journal, &f);
	ck_assert_uint_eq(f.damaged, 1);
	ck_assert_uint_eq(hub.seen_count, 1);
	ck_assert(was_seen(&hub.told[1]));
}
END_TEST

/* Torn and flipped bytes */

static struct slice
read_segment(const char *name, char *buffer)
{
	int fd = openat(hub.scratch.fd, name, O_RDONLY);
	ssize_t got = read(fd, buffer, SEGMENT_BYTES);

	ck_assert_int_eq(got, SEGMENT_BYTES);
	close(fd);
	return slice_of(buffer, (size_t)got);
}

/* How many records stand; each must be one that was written. */
static size_t
count_records(struct slice image)
{
	uint32_t offset = SEGMENT_HEAD_BYTES;
	struct journal_record record;
	struct segment_head head;
	size_t count = 0;

	ck_assert_int_eq(segment_head_read(image, &head), 0);
	while (segment_record_next(&head, image, &offset, &record)) {
		ck_assert_uint_lt(count, hub.count);
		ck_assert_uint_eq(record.position, hub.told[count].position);
		ck_assert(slice_is(record.bytes,
		    body_of(&hub.told[count].id, record.bytes.len)));
		count++;
	}
	return count;
}

START_TEST(damage_to_the_last_record_costs_that_record_only)
{
	static char image[SEGMENT_BYTES];
	struct slice all;
	uint32_t from, to;

	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(append(501 + i), 0);
	wait_all();
	all = read_segment("0000.seg", image);
	from = segment_offset(hub.told[3].position);
	to = from + RECORD_HEAD_BYTES + 8 + 504;
	ck_assert_uint_eq(count_records(all), 4);
	for (uint32_t at = from; at < to; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			image[at] = (char)(image[at] ^ 1 << bit);
			ck_assert_uint_eq(count_records(all), 3);
			image[at] = (char)(image[at] ^ 1 << bit);
		}
		/* cut here: by the end of the file, and by zeroes */
		ck_assert_uint_eq(count_records(slice_first(all, at)), 3);
	}
	for (uint32_t at = to; at-- > from;) {
		bool was_zero = image[at] == 0;

		image[at] = 0;
		ck_assert(count_records(all) == 3 ||
		    (was_zero && at == to - 1));
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/journal");
	TCase *tcase = tcase_create("journal");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, what_was_received_is_replayed_in_order);
	tcase_add_test(tcase, all_that_waits_goes_out_with_one_sync);
	tcase_add_test(tcase, a_record_is_read_back_by_its_position);
	tcase_add_test(tcase, short_writes_are_carried_on);
	tcase_add_test(tcase, a_record_larger_than_a_segment_is_refused);
	tcase_add_test(tcase,
	    out_of_segments_is_said_at_once_and_settling_helps);
	tcase_add_test(tcase, a_journal_of_one_segment_goes_round);
	tcase_add_test(tcase, a_burst_larger_than_a_segment_waits_for_the_next);
	tcase_add_test(tcase, records_of_an_earlier_life_are_not_replayed);
	tcase_add_test(tcase,
	    a_settled_record_is_readable_until_its_segment_is_used_again);
	tcase_add_test(tcase, a_new_life_begins_a_new_segment);
	tcase_add_test(tcase, generations_begin_above_what_was_seen_elsewhere);
	tcase_add_test(tcase, the_segments_of_another_hub_are_refused);
	tcase_add_test(tcase, a_damaged_head_is_told_and_the_rest_still_read);
	tcase_add_test(tcase, damage_to_the_last_record_costs_that_record_only);
	suite_add_tcase(suite, tcase);
	return suite;
}
