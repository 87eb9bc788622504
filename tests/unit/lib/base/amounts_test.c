/*
 * amounts_test.c - numbers and sizes as people write them
 */
#include "lib/base/amounts.h"
#include "tests/unit/unit.h"

static const struct {
	uint64_t	 n;
	const char	*en, *id;
} numbers[] = {
	{ 0, "0", "0" }, { 999, "999", "999" }, { 1000, "1,000", "1.000" },
	{ 1234567, "1,234,567", "1.234.567" },
	{ UINT64_MAX, "18,446,744,073,709,551,615",
	    "18.446.744.073.709.551.615" },
};

START_TEST(three_digits_stand_together)
{
	char out[AMOUNT_SIZE];

	amount_number(LANGUAGE_EN, numbers[_i].n, out);
	ck_assert_str_eq(out, numbers[_i].en);
	amount_number(LANGUAGE_ID, numbers[_i].n, out);
	ck_assert_str_eq(out, numbers[_i].id);
}
END_TEST

static const struct {
	uint64_t	 n;
	const char	*en, *id;
} sizes[] = {
	{ 0, "0 B", "0 B" }, { 999, "999 B", "999 B" },
	{ 1000, "1.0 kB", "1,0 kB" }, { 9999, "9.9 kB", "9,9 kB" },
	{ 10000, "10 kB", "10 kB" }, { 999999, "999 kB", "999 kB" },
	{ 1000000, "1.0 MB", "1,0 MB" },
	{ 3456789012, "3.4 GB", "3,4 GB" },
	{ 56000000000000, "56 TB", "56 TB" },
	{ UINT64_MAX, "18446 PB", "18446 PB" },
};

START_TEST(a_size_has_two_digits_at_least_and_its_unit)
{
	char out[AMOUNT_SIZE];

	amount_bytes(LANGUAGE_EN, sizes[_i].n, out);
	ck_assert_str_eq(out, sizes[_i].en);
	amount_bytes(LANGUAGE_ID, sizes[_i].n, out);
	ck_assert_str_eq(out, sizes[_i].id);
}
END_TEST

START_TEST(one_message_is_no_messages)
{
	char out[AMOUNT_SIZE];

	amount_messages(LANGUAGE_EN, 1, out);
	ck_assert_str_eq(out, "1 message");
	amount_messages(LANGUAGE_EN, 0, out);
	ck_assert_str_eq(out, "0 messages");
	amount_messages(LANGUAGE_EN, 1234, out);
	ck_assert_str_eq(out, "1,234 messages");
	amount_messages(LANGUAGE_ID, 1234, out);
	ck_assert_str_eq(out, "1.234 surat");
	/* the longest has room */
	amount_messages(LANGUAGE_EN, UINT64_MAX, out);
	ck_assert_str_eq(out, "18,446,744,073,709,551,615 messages");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("amounts");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, three_digits_stand_together, 0,
	    (int)(sizeof(numbers) / sizeof(*numbers)));
	tcase_add_loop_test(all, a_size_has_two_digits_at_least_and_its_unit,
	    0, (int)(sizeof(sizes) / sizeof(*sizes)));
	tcase_add_test(all, one_message_is_no_messages);
	suite_add_tcase(suite, all);
	return suite;
}
