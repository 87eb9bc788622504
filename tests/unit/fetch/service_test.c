/*
 * service_test.c - outcomes and progress survive the way, lies do not
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fetch/service.h"
#include "tests/unit/unit.h"

static const struct fetch_outcome full = {
	.end = FETCH_END_CLOSED, .listed = 1, .listed_bytes = UINT64_MAX,
	.waiting = 3, .waiting_bytes = 4, .taken = 5, .taken_bytes = 6,
	.held = 7, .deleted = 8, .too_large = 9, .left = 10,
	.asked = 11, .skipped = 12, .skipped_bytes = 13, .deferred = 14,
	.deferred_bytes = 15,
	.deletions_stopped = true, .has_print = true,
	.print = { 1, 2, 3, [31] = 0xff }, .server_said = true,
	.words = SLICE("-ERR not now")
};

START_TEST(an_outcome_arrives_as_it_was_sent)
{
	TEXT_AUTO packed = TEXT_INIT(2048);
	TEXT_AUTO again = TEXT_INIT(2048);
	struct fetch_outcome outcome;
	struct unpack u;

	fetch_outcome_pack(&packed, &full);
	ck_assert(!text_failed(&packed));
	u = unpack_of(text_slice(&packed));
	ck_assert_int_eq(fetch_outcome_unpack(&u, &outcome), 0);
	ck_assert(unpack_is_done(&u));
	ck_assert_int_eq(outcome.end, FETCH_END_CLOSED);
	ck_assert_uint_eq(outcome.listed_bytes, UINT64_MAX);
	ck_assert_uint_eq(outcome.left, 10);
	ck_assert_uint_eq(outcome.asked, 11);
	ck_assert_uint_eq(outcome.skipped_bytes, 13);
	ck_assert_uint_eq(outcome.deferred, 14);
	ck_assert(outcome.deletions_stopped && outcome.has_print);
	ck_assert(outcome.server_said);
	ck_assert_mem_eq(outcome.print, full.print, sizeof(full.print));
	ck_assert(slice_is(outcome.words, full.words));
	fetch_outcome_pack(&again, &outcome);
	ck_assert(slice_is(text_slice(&packed), text_slice(&again)));
}
END_TEST

START_TEST(progress_arrives_as_it_was_sent)
{
	const struct fetch_progress sent = {
		FETCH_STAGE_TAKING, 1, 2, 3, UINT64_MAX
	};
	TEXT_AUTO packed = TEXT_INIT(64);
	struct fetch_progress progress;
	struct unpack u;

	fetch_progress_pack(&packed, &sent);
	u = unpack_of(text_slice(&packed));
	ck_assert_int_eq(fetch_progress_unpack(&u, &progress), 0);
	ck_assert(unpack_is_done(&u));
	ck_assert_int_eq(progress.stage, FETCH_STAGE_TAKING);
	ck_assert_uint_eq(progress.done, 1);
	ck_assert_uint_eq(progress.of, 2);
	ck_assert_uint_eq(progress.done_bytes, 3);
	ck_assert_uint_eq(progress.of_bytes, UINT64_MAX);
}
END_TEST

START_TEST(what_is_cut_off_anywhere_is_refused)
{
	const struct fetch_progress sent = { FETCH_STAGE_TAKING, 1, 2, 3, 4 };
	TEXT_AUTO outcome_text = TEXT_INIT(2048);
	TEXT_AUTO progress_text = TEXT_INIT(64);
	struct fetch_outcome outcome = { .listed = 77 };
	struct fetch_progress progress = { .done = 77 };
	struct unpack u;

	fetch_outcome_pack(&outcome_text, &full);
	for (size_t n = 0; n < outcome_text.len; n++) {
		u = unpack_of(slice_first(text_slice(&outcome_text), n));
		ck_assert_int_eq(fetch_outcome_unpack(&u, &outcome), -EBADMSG);
	}
	fetch_progress_pack(&progress_text, &sent);
	for (size_t n = 0; n < progress_text.len; n++) {
		u = unpack_of(slice_first(text_slice(&progress_text), n));
		ck_assert_int_eq(fetch_progress_unpack(&u, &progress),
		    -EBADMSG);
	}
	ck_assert_uint_eq(outcome.listed, 77);
	ck_assert_uint_eq(progress.done, 77);
}
END_TEST

/* Where a byte out of range makes the whole a lie. */
static const struct {
	size_t		at;
	unsigned char	byte;
} lies[] = {
	{ 0, FETCH_END_COUNT }, { 0, 255 },
	{ 1 + 16 * 8, 2 },		/* deletions_stopped */
	{ 1 + 16 * 8 + 1, 2 },		/* has_print */
	{ 1 + 16 * 8 + 2, 2 },		/* server_said */
	{ 1 + 16 * 8 + 3 + 32, 200 },	/* more words than there are */
};

START_TEST(a_value_out_of_range_is_refused)
{
	TEXT_AUTO packed = TEXT_INIT(2048);
	struct fetch_outcome outcome;
	struct unpack u;

	fetch_outcome_pack(&packed, &full);
	packed.at[lies[_i].at] = (char)lies[_i].byte;
	u = unpack_of(text_slice(&packed));
	ck_assert_int_eq(fetch_outcome_unpack(&u, &outcome), -EBADMSG);
}
END_TEST

START_TEST(a_stage_out_of_range_is_refused)
{
	const struct fetch_progress sent = { .of = 1 };
	TEXT_AUTO packed = TEXT_INIT(64);
	struct fetch_progress progress;
	struct unpack u;

	fetch_progress_pack(&packed, &sent);
	packed.at[0] = FETCH_STAGE_COUNT;
	u = unpack_of(text_slice(&packed));
	ck_assert_int_eq(fetch_progress_unpack(&u, &progress), -EBADMSG);
}
END_TEST

START_TEST(words_have_a_limit_on_both_sides)
{
	TEXT_AUTO packed = TEXT_INIT(4096);
	TEXT_AUTO forged = TEXT_INIT(4096);
	char many[FETCH_WORDS_MOST + 1];
	struct fetch_outcome outcome = full;
	struct unpack u;

	memset(many, 'x', sizeof(many));
	outcome.words = slice_of(many, sizeof(many));
	fetch_outcome_pack(&packed, &outcome);
	u = unpack_of(text_slice(&packed));
	ck_assert_int_eq(fetch_outcome_unpack(&u, &outcome), 0);
	ck_assert_uint_eq(outcome.words.len, FETCH_WORDS_MOST);

	pack_bytes(&forged, slice_first(text_slice(&packed),
	    packed.len - FETCH_WORDS_MOST - 4));
	pack_slice(&forged, slice_of(many, sizeof(many)));
	u = unpack_of(text_slice(&forged));
	ck_assert_int_eq(fetch_outcome_unpack(&u, &outcome), -EBADMSG);
}
END_TEST

START_TEST(who_is_connected_arrives_as_it_was_sent)
{
	const struct door_status status = { 70000, 65536, 3 };
	struct door_status got = { 0 };
	TEXT_AUTO packed = TEXT_INIT(32);

	door_status_pack(&packed, &status);
	ck_assert_int_eq(door_status_unpack(text_slice(&packed), &got), 0);
	ck_assert_uint_eq(got.connected, 70000);
	ck_assert_uint_eq(got.logged_in, 65536);
	ck_assert_uint_eq(got.parked, 3);
	for (size_t i = 0; i < packed.len; i++)
		ck_assert_int_eq(door_status_unpack(slice_first(
		    text_slice(&packed), i), &got), -EBADMSG);
}
END_TEST

START_TEST(every_end_has_a_code_of_its_own)
{
	for (unsigned a = 0; a < FETCH_END_COUNT; a++) {
		ck_assert_ptr_nonnull(fetch_end_code(a));
		for (unsigned b = 0; b < a; b++)
			ck_assert_str_ne(fetch_end_code(a), fetch_end_code(b));
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/service");
	TCase *tc = tcase_create("bytes");

	tcase_add_test(tc, an_outcome_arrives_as_it_was_sent);
	tcase_add_test(tc, progress_arrives_as_it_was_sent);
	tcase_add_test(tc, what_is_cut_off_anywhere_is_refused);
	tcase_add_loop_test(tc, a_value_out_of_range_is_refused, 0,
	    (int)(sizeof(lies) / sizeof(lies[0])));
	tcase_add_test(tc, a_stage_out_of_range_is_refused);
	tcase_add_test(tc, words_have_a_limit_on_both_sides);
	tcase_add_test(tc, who_is_connected_arrives_as_it_was_sent);
	tcase_add_test(tc, every_end_has_a_code_of_its_own);
	suite_add_tcase(suite, tc);
	return suite;
}
