/*
 * pack_test.c - typed values as bytes
 */
#include <string.h>

#include "lib/base/pack.h"
#include "tests/unit/unit.h"

static void
pack_all(struct text *text)
{
	pack_u8(text, 0xfe);
	pack_u16(text, 0xfedc);
	pack_u32(text, 0xfedcba98);
	pack_u64(text, 0xfedcba9876543210);
	pack_i64(text, INT64_MIN);
	pack_slice(text, slice_of("a\0b", 3));
	pack_slice(text, slice_of(NULL, 0));
	pack_bytes(text, slice_str("xy"));
	pack_u8(text, 1);
	pack_u8(text, 6);
}

START_TEST(what_is_packed_comes_out_the_same)
{
	TEXT_AUTO text = TEXT_INIT(100);
	struct unpack u;

	pack_all(&text);
	u = unpack_of(text_slice(&text));
	ck_assert_uint_eq(unpack_u8(&u), 0xfe);
	ck_assert_uint_eq(unpack_u16(&u), 0xfedc);
	ck_assert_uint_eq(unpack_u32(&u), 0xfedcba98);
	ck_assert_uint_eq(unpack_u64(&u), 0xfedcba9876543210);
	ck_assert_int_eq(unpack_i64(&u), INT64_MIN);
	ck_assert(slice_is(unpack_slice(&u), slice_of("a\0b", 3)));
	ck_assert_uint_eq(unpack_slice(&u).len, 0);
	ck_assert(slice_is_str(unpack_bytes(&u, 2), "xy"));
	ck_assert(!unpack_is_done(&u));
	ck_assert(unpack_bool(&u));
	ck_assert_uint_eq(unpack_enum(&u, 7), 6);
	ck_assert(unpack_is_done(&u));
}
END_TEST

static const struct {
	uint64_t	n;
	struct slice	bytes;
} varints[] = {
	{ 0, SLICE("\0") },
	{ 127, SLICE("\177") },
	{ 128, SLICE("\200\1") },
	{ 300, SLICE("\254\2") },
	{ UINT64_MAX, SLICE("\377\377\377\377\377\377\377\377\377\1") },
};

START_TEST(small_numbers_take_few_bytes)
{
	TEXT_AUTO text = TEXT_INIT(100);
	struct unpack u;

	pack_varint(&text, varints[_i].n);
	ck_assert(slice_is(text_slice(&text), varints[_i].bytes));
	u = unpack_of(text_slice(&text));
	ck_assert_uint_eq(unpack_varint(&u), varints[_i].n);
	ck_assert(unpack_is_done(&u));
	u = unpack_of(slice_first(text_slice(&text), text.len - 1));
	ck_assert_uint_eq(unpack_varint(&u), 0);
	ck_assert(u.bad);
}
END_TEST

START_TEST(a_number_beyond_64_bits_is_bad)
{
	struct unpack u = unpack_of(slice_str(
	    "\377\377\377\377\377\377\377\377\377\2"));

	ck_assert_uint_eq(unpack_varint(&u), 0);
	ck_assert(u.bad);
	u = unpack_of(slice_str("\377\377\377\377\377\377\377\377\377\377\1"));
	ck_assert_uint_eq(unpack_varint(&u), 0);
	ck_assert(u.bad);
}
END_TEST

START_TEST(numbers_are_little_endian)
{
	TEXT_AUTO text = TEXT_INIT(100);

	pack_u16(&text, 0x0102);
	pack_u32(&text, 0x03040506);
	pack_u64(&text, 7);
	ck_assert(slice_is(text_slice(&text),
	    slice_of("\2\1\6\5\4\3\7\0\0\0\0\0\0\0", 14)));
}
END_TEST

START_TEST(a_short_reader_is_bad_and_stays_so)
{
	TEXT_AUTO text = TEXT_INIT(100);

	pack_all(&text);
	for (size_t len = 0; len < text.len; len++) {
		struct unpack u = unpack_of(slice_first(text_slice(&text),
		    len));

		(void)unpack_u8(&u);
		(void)unpack_u16(&u);
		(void)unpack_u32(&u);
		(void)unpack_u64(&u);
		(void)unpack_i64(&u);
		(void)unpack_slice(&u);
		(void)unpack_slice(&u);
		(void)unpack_bytes(&u, 2);
		(void)unpack_bool(&u);
		(void)unpack_enum(&u, 7);
		ck_assert(u.bad);
		ck_assert(!unpack_is_done(&u));
		ck_assert_uint_eq(unpack_u32(&u), 0);
		ck_assert_uint_eq(unpack_bytes(&u, 0).len, 0);
	}
}
END_TEST

static const struct {
	struct slice	in;
	unsigned	end;
	bool		bad;
} enums[] = {
	{ SLICE("\0"), 2, false }, { SLICE("\1"), 2, false },
	{ SLICE("\2"), 2, true }, { SLICE("\377"), 2, true },
	{ SLICE(""), 2, true }, { SLICE("\0"), 0, true },
};

START_TEST(an_enum_is_below_its_end)
{
	struct unpack u = unpack_of(enums[_i].in);

	ck_assert_uint_lt(unpack_enum(&u, enums[_i].end), 2);
	ck_assert(u.bad == enums[_i].bad);
}
END_TEST

START_TEST(a_length_that_lies_gives_nothing)
{
	struct unpack u = unpack_of(slice_of("\377\377\377\377abc", 7));

	ck_assert_uint_eq(unpack_slice(&u).len, 0);
	ck_assert(u.bad);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("pack");
	TCase *tests = tcase_create("pack");

	tcase_add_test(tests, what_is_packed_comes_out_the_same);
	tcase_add_test(tests, numbers_are_little_endian);
	tcase_add_loop_test(tests, small_numbers_take_few_bytes, 0,
	    (int)(sizeof(varints) / sizeof(varints[0])));
	tcase_add_test(tests, a_number_beyond_64_bits_is_bad);
	tcase_add_test(tests, a_short_reader_is_bad_and_stays_so);
	tcase_add_loop_test(tests, an_enum_is_below_its_end, 0,
	    sizeof(enums) / sizeof(enums[0]));
	tcase_add_test(tests, a_length_that_lies_gives_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
