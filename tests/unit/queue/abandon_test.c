/*
 * abandon_test.c - from where on nothing was received
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "queue/abandon.h"
#include "queue/segment.h"
#include "tests/unit/unit.h"

static struct abandon *abandon, *again;

static void
begin(void)
{
	abandon = calloc(1, sizeof(*abandon));
	again = calloc(1, sizeof(*again));
	ck_assert(abandon != NULL && again != NULL);
}

static void
end(void)
{
	free(abandon);
	free(again);
}

static struct message_id
id_of(unsigned n)
{
	struct message_id id = { { 0 } };

	memcpy(id.bytes, &n, sizeof(n));
	return id;
}

/* Packed and read back, it says the same. */
static void
check_again(void)
{
	TEXT_AUTO text = TEXT_INIT(ABANDON_BYTES);

	abandon_pack(abandon, &text);
	ck_assert(!text_failed(&text));
	ck_assert_int_eq(abandon_unpack(text_slice(&text), again), 0);
	ck_assert_uint_eq(again->range_count, abandon->range_count);
	ck_assert_uint_eq(again->id_count, abandon->id_count);
	for (unsigned i = 0; i < abandon->range_count; i++) {
		ck_assert_uint_eq(again->range[i].generation,
		    abandon->range[i].generation);
		ck_assert_uint_eq(again->range[i].offset,
		    abandon->range[i].offset);
	}
	for (unsigned i = 0; i < abandon->id_count; i++)
		ck_assert_mem_eq(again->id[i].bytes, abandon->id[i].bytes,
		    MESSAGE_ID_BYTES);
}

START_TEST(what_it_says_is_read_back)
{
	struct message_id id = id_of(77);

	ck_assert(abandon_is_empty(abandon));
	check_again();
	abandon_from(abandon, 5, 4096);
	abandon_from(abandon, 9, 512);
	abandon_name(abandon, &id);
	ck_assert(!abandon_is_empty(abandon));
	check_again();
	abandon_clear(abandon);
	ck_assert(abandon_is_empty(abandon));
	check_again();
}
END_TEST

/* Ranges are never left out: names may be. */
START_TEST(as_many_segments_as_there_can_be_and_more_names_than_fit)
{
	for (unsigned i = 0; i < JOURNAL_MOST_SEGMENTS; i++)
		abandon_from(abandon, i + 1, 512 * i);
	for (unsigned i = 0; i < ABANDON_IDS + 10; i++) {
		struct message_id id = id_of(i);

		abandon_name(abandon, &id);
	}
	ck_assert_uint_eq(abandon->range_count, JOURNAL_MOST_SEGMENTS);
	ck_assert_uint_eq(abandon->id_count, ABANDON_IDS);
	check_again();
}
END_TEST

START_TEST(segments_that_are_gone_are_not_spoken_of)
{
	struct message_id id = id_of(1);

	abandon_from(abandon, 3, 1000);
	abandon_from(abandon, 4, 2000);
	abandon_name(abandon, &id);
	abandon_settled(abandon, segment_position(3, 999));
	ck_assert_uint_eq(abandon->range_count, 2);
	abandon_settled(abandon, segment_position(3, 1000));
	ck_assert_uint_eq(abandon->range_count, 1);
	ck_assert_uint_eq(abandon->range[0].generation, 4);
	ck_assert_uint_eq(abandon->id_count, 1);
	abandon_settled(abandon, segment_position(7, 0));
	ck_assert(abandon_is_empty(abandon));
	ck_assert_uint_eq(abandon->id_count, 0);
}
END_TEST

/* A record whose checksum was right, and that is none all the same. */
START_TEST(what_is_no_such_record_is_refused)
{
	TEXT_AUTO text = TEXT_INIT(ABANDON_BYTES + 64);
	struct slice whole;
	struct message_id id = id_of(3);

	abandon_from(abandon, 5, 4096);
	abandon_name(abandon, &id);
	abandon_pack(abandon, &text);
	whole = text_slice(&text);
	for (size_t n = 0; n < whole.len; n++)
		ck_assert_int_eq(abandon_unpack(slice_first(whole, n), again),
		    -EBADMSG);
	text_add_byte(&text, 'x');
	ck_assert_int_eq(abandon_unpack(text_slice(&text), again), -EBADMSG);
	text_clear(&text);
	pack_u32(&text, JOURNAL_MOST_SEGMENTS + 1);
	ck_assert_int_eq(abandon_unpack(text_slice(&text), again), -EBADMSG);
	text_clear(&text);
	pack_u32(&text, 0);
	pack_u32(&text, ABANDON_IDS + 1);
	ck_assert_int_eq(abandon_unpack(text_slice(&text), again), -EBADMSG);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("abandon");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, begin, end);
	tcase_add_test(all, what_it_says_is_read_back);
	tcase_add_test(all,
	    as_many_segments_as_there_can_be_and_more_names_than_fit);
	tcase_add_test(all, segments_that_are_gone_are_not_spoken_of);
	tcase_add_test(all, what_is_no_such_record_is_refused);
	suite_add_tcase(suite, all);
	return suite;
}
