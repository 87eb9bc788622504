/*
 * digits_test.c - every byte, as a digit of base64 and of hexadecimal
 */
#include "lib/base/digits.h"

#include <limits.h>
#include <string.h>

#include "tests/unit/unit.h"

/* Where `c` stands among the digits, or -1. */
static int
place_of(const char *digits, char c)
{
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

START_TEST(a_byte_is_the_digit_of_rfc_4648_or_none)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (int i = CHAR_MIN; i <= CHAR_MAX; i++)
		ck_assert_int_eq(base64_digit((char)i),
		    place_of(digits, (char)i));
}
END_TEST

START_TEST(hexadecimal_has_either_letter_case)
{
	for (int i = CHAR_MIN; i <= CHAR_MAX; i++) {
		int upper = place_of("0123456789ABCDEF", (char)i);
		int lower = place_of("0123456789abcdef", (char)i);

		ck_assert_int_eq(hex_digit((char)i),
		    upper >= 0 ? upper : lower);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("digits");
	TCase *tcase = tcase_create("digits");

	tcase_add_test(tcase, a_byte_is_the_digit_of_rfc_4648_or_none);
	tcase_add_test(tcase, hexadecimal_has_either_letter_case);
	suite_add_tcase(suite, tcase);
	return suite;
}
