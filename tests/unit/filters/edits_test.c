/*
 * edits_test.c - what is changed in a message before it is taken on
 */
#include "filters/edits.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static const struct slice nothing;

/* What becomes of `message`. */
static void
check(const struct edits *edits, const char *message, const char *want)
{
	TEXT_AUTO got = TEXT_INIT(1000);
	struct edits_piece piece;
	uint64_t bytes = 0;

	ck_assert_int_eq(edits_bytes(edits, strlen(message), &bytes), 0);
	for (unsigned n = 0; edits_piece(edits, strlen(message), n, &piece);
	    n++)
		text_add(&got, piece.text.len > 0 ? piece.text :
		    slice_of(message + piece.at, (size_t)piece.bytes));
	ck_assert_uint_eq(got.len, bytes);
	ck_assert_uint_eq(bytes, strlen(want));
	if (bytes > 0)
		ck_assert_mem_eq(got.at, want, got.len);
}

START_TEST(what_is_cut_out_is_gone_and_the_rest_is_as_it_was)
{
	struct edits edits = { .count = 0 };

	check(&edits, "abcdefgh", "abcdefgh");
	check(&edits, "", "");
	ck_assert_int_eq(edits_add(&edits, 6, 1, nothing), 0);
	ck_assert_int_eq(edits_add(&edits, 1, 2, nothing), 0);
	check(&edits, "abcdefgh", "adefh");
	ck_assert_int_eq(edits_add(&edits, 4, 0, slice_str("in\r\n")), 0);
	check(&edits, "abcdefgh", "adin\r\nefh");
	ck_assert_int_eq(edits_add(&edits, 7, 1, slice_str("end\r\n")), 0);
	check(&edits, "abcdefgh", "adin\r\nefend\r\n");
}
END_TEST

START_TEST(cuts_that_touch_are_one)
{
	struct edits edits = { .count = 0 };

	ck_assert_int_eq(edits_add(&edits, 0, 2, nothing), 0);
	ck_assert_int_eq(edits_add(&edits, 2, 2, nothing), 0);
	ck_assert_uint_eq(edits.count, 1);
	ck_assert_int_eq(edits_add(&edits, 6, 2, nothing), 0);
	ck_assert_uint_eq(edits.count, 2);
	check(&edits, "abcdefgh", "ef");
	ck_assert_int_eq(edits_add(&edits, 4, 2, nothing), 0);
	ck_assert_uint_eq(edits.count, 1);
	check(&edits, "abcdefgh", "");
}
END_TEST

START_TEST(what_overlaps_or_does_nothing_is_refused)
{
	struct edits edits = { .count = 0 };

	ck_assert_int_eq(edits_add(&edits, 4, 4, slice_str("x\r\n")), 0);
	ck_assert_int_eq(edits_add(&edits, 3, 2, nothing), -EINVAL);
	ck_assert_int_eq(edits_add(&edits, 4, 1, nothing), -EINVAL);
	ck_assert_int_eq(edits_add(&edits, 7, 9, nothing), -EINVAL);
	ck_assert_int_eq(edits_add(&edits, 9, 0, nothing), -EINVAL);
	ck_assert_int_eq(edits_add(&edits, 0, UINT64_MAX, nothing), -EINVAL);
	ck_assert_int_eq(edits_add(&edits, UINT64_MAX, 2, nothing), -EINVAL);
	ck_assert_uint_eq(edits.count, 1);
}
END_TEST

/* What is kept of the message is what it would be with the others alone. */
START_TEST(those_that_take_a_part_away_are_told_apart)
{
	struct edits edits = { .count = 0 }, others;

	ck_assert_int_eq(edits_add(&edits, 1, 1, nothing), 0);
	ck_assert(!edits_take_parts(&edits));
	ck_assert_int_eq(edits_add_part(&edits, 4, 2, slice_str("see "
	    EDITS_ORIGINAL "\r\n")), 0);
	ck_assert_int_eq(edits_add(&edits, 7, 0, slice_str("in\r\n")), 0);
	/* a cut of the other kind beside it is another */
	ck_assert_int_eq(edits_add_part(&edits, 2, 1, nothing), 0);
	ck_assert_uint_eq(edits.count, 4);
	ck_assert(edits_take_parts(&edits));
	edits_others(&edits, &others);
	check(&others, "abcdefgh", "acdefgin\r\nh");
	edits_name_original(&edits, slice_str("0123456789abcdef"));
	check(&edits, "abcdefgh",
	    "adsee 0123456789abcdef\r\ngin\r\nh");
}
END_TEST

START_TEST(an_edit_beyond_the_end_is_none)
{
	struct edits edits = { .count = 0 };
	uint64_t bytes = 7;

	ck_assert_int_eq(edits_add(&edits, 4, 4, nothing), 0);
	ck_assert_int_eq(edits_bytes(&edits, 7, &bytes), -ERANGE);
	ck_assert_int_eq(edits_bytes(&edits, 3, &bytes), -ERANGE);
	ck_assert_uint_eq(bytes, 7);
	ck_assert_int_eq(edits_bytes(&edits, 8, &bytes), 0);
	ck_assert_uint_eq(bytes, 4);
}
END_TEST

static const char *const no_lines[] = {
	"no end", "\n", "a\nb\r\n", "a\rb\r\n", "a\r\nb", "\033[2J\r\n",
	"\303\r\n", "\177\r\n",
};

START_TEST(only_whole_printable_lines_are_put_in)
{
	struct edits edits = { .count = 0 };

	ck_assert_int_eq(edits_add(&edits, 0, 1, slice_str(no_lines[_i])),
	    -EINVAL);
	ck_assert_int_eq(edits_add(&edits, 0, 1,
	    slice_str("\303\251\r\n\r\nb\r\n")), 0);
}
END_TEST

START_TEST(there_are_never_more_than_fit)
{
	char line[EDITS_TEXT_MAX + 1];
	struct edits edits = { .count = 0 };

	memset(line, 'l', sizeof(line));
	memcpy(line + EDITS_TEXT_MAX - 2, "\r\n", 3);
	ck_assert_int_eq(edits_add(&edits, 0, 1, slice_str(line)), 0);
	ck_assert_int_eq(edits_add(&edits, 9, 1, slice_str("a\r\n")), -E2BIG);
	for (unsigned i = 1; i < EDITS_MOST; i++)
		ck_assert_int_eq(edits_add(&edits, 10 + i * 2, 1, nothing),
		    0);
	ck_assert_int_eq(edits_add(&edits, 5, 1, nothing), -E2BIG);
	/* one that makes another longer is no other */
	ck_assert_int_eq(edits_add(&edits, 11, 1, nothing), 0);
	ck_assert_uint_eq(edits.count, EDITS_MOST);
}
END_TEST

START_TEST(packed_and_read_they_are_the_same)
{
	TEXT_AUTO text = TEXT_INIT(EDITS_PACKED_MAX);
	struct edits edits = { .count = 0 }, out;
	struct unpack u;

	for (unsigned i = EDITS_MOST; i > 0; i--)
		ck_assert_int_eq((i % 5 == 0 ? edits_add_part : edits_add)(
		    &edits, i * 3, 2, i % 2 == 0 ? nothing :
		    slice_str("line\r\n")), 0);
	edits_pack(&text, &edits);
	ck_assert(!text_failed(&text));
	u = unpack_of(text_slice(&text));
	edits_unpack(&u, &out);
	ck_assert(unpack_is_done(&u));
	ck_assert_uint_eq(out.count, EDITS_MOST);
	for (unsigned i = 0; i < EDITS_MOST; i++) {
		ck_assert_uint_eq(out.list[i].at, i * 3 + 3);
		ck_assert_uint_eq(out.list[i].bytes, 2);
		ck_assert_uint_eq(out.list[i].text_bytes, i % 2 == 0 ? 6 : 0);
		ck_assert_int_eq(out.list[i].of_part, i % 5 == 4);
	}
	for (size_t i = 0; i < text.len; i++) {
		u = unpack_of(slice_first(text_slice(&text), i));
		edits_unpack(&u, &out);
		ck_assert(!unpack_is_done(&u));
	}
}
END_TEST

START_TEST(packed_in_another_order_they_are_not_read)
{
	static const uint64_t places[][4] = {
		{ 5, 1, 2, 1 }, { 2, 3, 4, 1 }, { 2, 2, 4, 1 }, { 2, 0, 4, 1 },
	};
	TEXT_AUTO text = TEXT_INIT(EDITS_PACKED_MAX);
	struct edits out;
	struct unpack u;

	pack_u8(&text, 2);
	for (unsigned i = 0; i < 4; i += 2) {
		pack_u64(&text, places[_i][i]);
		pack_u64(&text, places[_i][i + 1]);
		pack_slice(&text, nothing);
	}
	u = unpack_of(text_slice(&text));
	edits_unpack(&u, &out);
	ck_assert(!unpack_is_done(&u));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("edits");
	TCase *tests = tcase_create("edits");

	tcase_add_test(tests,
	    what_is_cut_out_is_gone_and_the_rest_is_as_it_was);
	tcase_add_test(tests, cuts_that_touch_are_one);
	tcase_add_test(tests, what_overlaps_or_does_nothing_is_refused);
	tcase_add_test(tests, those_that_take_a_part_away_are_told_apart);
	tcase_add_test(tests, an_edit_beyond_the_end_is_none);
	tcase_add_loop_test(tests, only_whole_printable_lines_are_put_in, 0,
	    sizeof(no_lines) / sizeof(no_lines[0]));
	tcase_add_test(tests, there_are_never_more_than_fit);
	tcase_add_test(tests, packed_and_read_they_are_the_same);
	tcase_add_loop_test(tests, packed_in_another_order_they_are_not_read,
	    0, 4);
	suite_add_tcase(suite, tests);
	return suite;
}
