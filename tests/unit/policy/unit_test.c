/*
 * unit_test.c - amounts with units are read exactly, and written back
 */
#include <errno.h>

#include "policy/unit.h"
#include "tests/unit/unit.h"

static const struct {
	struct slice	in;
	enum unit	unit;
	int		want;
	uint64_t	n;
} amounts[] = {
	{ SLICE("0"),		UNIT_COUNT,	0,	 0 },
	{ SLICE("12"),		UNIT_BYTES,	0,	 12 },
	{ SLICE("12B"),		UNIT_BYTES,	0,	 12 },
	{ SLICE("64 MiB"),	UNIT_BYTES,	0,	 64 << 20 },
	{ SLICE("1tib"),	UNIT_BYTES,	0,	 UINT64_C(1) << 40 },
	{ SLICE("60s"),		UNIT_SECONDS,	0,	 60 },
	{ SLICE("2h"),		UNIT_SECONDS,	0,	 7200 },
	{ SLICE("5d"),		UNIT_SECONDS,	0,	 5 * 86400 },
	{ SLICE("5d"),		UNIT_DAYS,	0,	 5 },
	{ SLICE("2w"),		UNIT_DAYS,	0,	 14 },
	{ SLICE("5d"),		UNIT_COUNT,	-EINVAL, 0 },
	{ SLICE("5h"),		UNIT_DAYS,	-EINVAL, 0 },
	{ SLICE("64MB"),	UNIT_BYTES,	-EINVAL, 0 },
	{ SLICE(""),		UNIT_BYTES,	-EINVAL, 0 },
	{ SLICE("MiB"),		UNIT_BYTES,	-EINVAL, 0 },
	{ SLICE("-1"),		UNIT_BYTES,	-EINVAL, 0 },
	{ SLICE("1.5GiB"),	UNIT_BYTES,	-EINVAL, 0 },
	{ SLICE("18446744073709551616"), UNIT_COUNT, -ERANGE, 0 },
	{ SLICE("16777216TiB"),	UNIT_BYTES,	-ERANGE, 0 },
};

START_TEST(an_amount_is_exact_or_refused)
{
	uint64_t n = 77;

	ck_assert_int_eq(unit_read(amounts[_i].in, amounts[_i].unit, &n),
	    amounts[_i].want);
	ck_assert_uint_eq(n, amounts[_i].want == 0 ? amounts[_i].n : 77);
}
END_TEST

START_TEST(what_is_written_reads_back)
{
	TEXT_AUTO text = TEXT_INIT(64);
	uint64_t n;

	if (amounts[_i].want != 0)
		return;
	unit_write(&text, amounts[_i].unit, amounts[_i].n);
	ck_assert_int_eq(unit_read(text_slice(&text), amounts[_i].unit, &n),
	    0);
	ck_assert_uint_eq(n, amounts[_i].n);
}
END_TEST

START_TEST(truth_has_three_pairs_of_words)
{
	bool truth = false;

	ck_assert_int_eq(unit_read_bool(slice_str("Yes"), &truth), 0);
	ck_assert(truth);
	ck_assert_int_eq(unit_read_bool(slice_str("off"), &truth), 0);
	ck_assert(!truth);
	ck_assert_int_eq(unit_read_bool(slice_str("1"), &truth), -EINVAL);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/unit");
	TCase *tests = tcase_create("unit");
	int rows = sizeof(amounts) / sizeof(amounts[0]);

	tcase_add_loop_test(tests, an_amount_is_exact_or_refused, 0, rows);
	tcase_add_loop_test(tests, what_is_written_reads_back, 0, rows);
	tcase_add_test(tests, truth_has_three_pairs_of_words);
	suite_add_tcase(suite, tests);
	return suite;
}
