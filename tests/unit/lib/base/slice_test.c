/*
 * slice_test.c - borrowed bytes
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/slice.h"
#include "tests/unit/unit.h"

static const struct {
	struct slice	in;
	int		want;
	uint64_t	n;
} numbers[] = {
	{ SLICE("0"),			0,	 0 },
	{ SLICE("0007"),		0,	 7 },
	{ SLICE("4294967295"),		0,	 4294967295u },
	{ SLICE("4294967296"),		-ERANGE, 0 },
	{ SLICE("18446744073709551616"), -ERANGE, 0 },
	{ SLICE("99999999999999999999999"), -ERANGE, 0 },
	{ SLICE("99999999999999999999999x"), -EINVAL, 0 },
	{ SLICE(""),			-EINVAL, 0 },
	{ SLICE("-1"),			-EINVAL, 0 },
	{ SLICE("+1"),			-EINVAL, 0 },
	{ SLICE(" 1"),			-EINVAL, 0 },
	{ SLICE("1\0"),			-EINVAL, 0 },
};

/* RFC 9051 9: number is a 32-bit unsigned value */
START_TEST(number_is_32_bits)
{
	uint64_t n = 77;

	ck_assert_int_eq(slice_u64(numbers[_i].in, UINT32_MAX, &n),
	    numbers[_i].want);
	ck_assert_uint_eq(n, numbers[_i].want == 0 ? numbers[_i].n : 77);
}
END_TEST

static const struct {
	struct slice	in;
	bool		utf8;
} texts[] = {
	{ SLICE(""), true },
	{ SLICE("a\0b"), true },
	{ SLICE("\302\200\337\277"), true },
	{ SLICE("\340\240\200\357\277\277"), true },
	{ SLICE("\360\220\200\200\364\217\277\277"), true },
	{ SLICE("\200"), false },
	{ SLICE("\300\200"), false },
	{ SLICE("\301\277"), false },
	{ SLICE("\340\237\277"), false },	/* overlong */
	{ SLICE("\355\237\277"), true },
	{ SLICE("\355\240\200"), false },	/* surrogate */
	{ SLICE("\360\217\277\277"), false },
	{ SLICE("\364\220\200\200"), false },	/* above U+10FFFF */
	{ SLICE("\365\200\200\200"), false },
	{ SLICE("\302"), false },
	{ SLICE("\340\240"), false },
	{ SLICE("\360\220\200"), false },
	{ SLICE("\302a"), false },
	{ SLICE("\340\240a"), false },
	{ SLICE("\377"), false },
};

/* RFC 3629 4 */
START_TEST(utf8_has_no_overlong_forms_and_no_surrogates)
{
	ck_assert(slice_is_utf8(texts[_i].in) == texts[_i].utf8);
}
END_TEST

/* A36: the byte behind the input cannot be read */
START_TEST(utf8_is_not_read_behind_the_end)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, page * 2, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct slice s = texts[_i].in;

	ck_assert(map != MAP_FAILED);
	ck_assert_int_eq(mprotect(map + page, page, PROT_NONE), 0);
	memcpy(map + page - s.len, s.at, s.len);
	ck_assert(slice_is_utf8(slice_of(map + page - s.len, s.len)) ==
	    texts[_i].utf8);
	ck_assert_int_eq(munmap(map, page * 2), 0);
}
END_TEST

START_TEST(the_empty_slice_may_be_null_everywhere)
{
	struct slice none = slice_str(NULL), head, word;
	char buffer[1];

	ck_assert(slice_is(none, slice_str("")));
	ck_assert(slice_is_nocase(none, none));
	ck_assert(slice_is_secret(none, none));
	ck_assert(slice_has_prefix(none, ""));
	ck_assert(slice_has_suffix(none, ""));
	ck_assert(!slice_has_prefix(none, "a"));
	ck_assert_int_eq(slice_order(none, none), 0);
	ck_assert_int_lt(slice_order(none, slice_str("a")), 0);
	ck_assert_uint_eq(slice_after(none, 3).len, 0);
	ck_assert_uint_eq(slice_first(none, 3).len, 0);
	ck_assert_uint_eq(slice_trim(none).len, 0);
	ck_assert_uint_eq(slice_find(none, 'a'), SIZE_MAX);
	ck_assert_uint_eq(slice_find_last(none, 'a'), SIZE_MAX);
	ck_assert_uint_eq(slice_find_str(none, ""), 0);
	ck_assert_uint_eq(slice_find_str(none, "a"), SIZE_MAX);
	ck_assert(!slice_cut(&none, 'a', &head));
	ck_assert(!slice_word(&none, &word));
	ck_assert_int_eq(slice_cstr(none, buffer, 1), 0);
	ck_assert(slice_is_utf8(none));
	ck_assert(slice_is_printable_ascii(none));
}
END_TEST

START_TEST(comparing_knows_the_letter_case_it_was_asked_for)
{
	ck_assert(!slice_is(slice_str("a"), slice_str("A")));
	ck_assert(slice_is_word(slice_str("MaIl"), "mAiL"));
	ck_assert(!slice_is_word(slice_str("mai"), "mail"));
	ck_assert(!slice_is_word(slice_str("["), "{"));
	ck_assert(!slice_is_word(slice_str("\311"), "\351"));
	ck_assert(slice_has_prefix(slice_str("IPv6:x"), "ipv6:"));
	ck_assert(slice_has_suffix(slice_str("a.EML"), ".eml"));
	ck_assert(!slice_is_secret(slice_str("abc"), slice_str("abd")));
	ck_assert_int_lt(slice_order(slice_str("a"), slice_str("ab")), 0);
	ck_assert_int_gt(slice_order(slice_str("b"), slice_str("ab")), 0);
}
END_TEST

START_TEST(cutting_takes_the_first_and_leaves_the_rest)
{
	struct slice rest = slice_str("a,,b"), head, word;

	ck_assert(slice_cut(&rest, ',', &head));
	ck_assert(slice_is_str(head, "a"));
	ck_assert(slice_cut(&rest, ',', &head));
	ck_assert(slice_is_str(head, ""));
	ck_assert(!slice_cut(&rest, ',', &head));
	ck_assert(slice_is_str(rest, "b"));
	rest = slice_str("  one\ttwo ");
	ck_assert(slice_word(&rest, &word));
	ck_assert(slice_is_str(word, "one"));
	ck_assert(slice_word(&rest, &word));
	ck_assert(slice_is_str(word, "two"));
	ck_assert(!slice_word(&rest, &word));
	ck_assert(slice_is_str(slice_trim(slice_str("\r\n a b\t\n")), "a b"));
	ck_assert_uint_eq(slice_find_last(slice_str("a@b@c"), '@'), 3);
}
END_TEST

START_TEST(two_hexadecimal_digits_are_a_byte)
{
	for (int byte = 0; byte < 256; byte++) {
		char upper[4], lower[4];

		snprintf(upper, sizeof(upper), "%02X", (unsigned)byte);
		snprintf(lower, sizeof(lower), "%02x", (unsigned)byte);
		ck_assert_int_eq(slice_hex(slice_str(upper)), byte);
		ck_assert_int_eq(slice_hex(slice_str(lower)), byte);
		ck_assert_int_eq(slice_hex_upper(slice_str(upper)), byte);
		ck_assert_int_eq(slice_hex_upper(slice_str(lower)),
		    strcmp(upper, lower) == 0 ? byte : -1);
	}
	ck_assert_int_eq(slice_hex(slice_str("4aB")), 0x4a);
	ck_assert_int_eq(slice_hex(slice_str("4")), -1);
	ck_assert_int_eq(slice_hex(slice_of(NULL, 0)), -1);
	ck_assert_int_eq(slice_hex(slice_str("g0")), -1);
	ck_assert_int_eq(slice_hex(slice_str("0`")), -1);
	/* what differs from a digit by the bit of a letter's case */
	ck_assert_int_eq(slice_hex(slice_of("\x10\x11", 2)), -1);
}
END_TEST

START_TEST(a_c_string_has_room_and_no_nul)
{
	char buffer[4];

	ck_assert_int_eq(slice_cstr(slice_str("abc"), buffer, 4), 0);
	ck_assert_str_eq(buffer, "abc");
	ck_assert_int_eq(slice_cstr(slice_str("abcd"), buffer, 4), -E2BIG);
	ck_assert_int_eq(slice_cstr(slice_of("a\0b", 3), buffer, 4), -EINVAL);
}
END_TEST

START_TEST(printable_ascii_is_space_to_tilde)
{
	for (int c = 0; c < 256; c++) {
		char byte = (char)c;

		ck_assert(slice_is_printable_ascii(slice_of(&byte, 1)) ==
		    (c >= 0x20 && c <= 0x7e));
	}
	/* wherever it stands, and whatever is before and behind it */
	for (int c = 0; c < 256; c++)
		for (size_t at = 0; at < 20; at++) {
			char text[20];

			memset(text, c % 2 == 0 ? ' ' : '~', sizeof(text));
			text[at] = (char)c;
			ck_assert(slice_is_printable_ascii(slice_of(text,
			    sizeof(text))) == (c >= 0x20 && c <= 0x7e));
		}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("slice");
	TCase *tests = tcase_create("slice");

	tcase_add_loop_test(tests, number_is_32_bits, 0,
	    sizeof(numbers) / sizeof(numbers[0]));
	tcase_add_loop_test(tests,
	    utf8_has_no_overlong_forms_and_no_surrogates, 0,
	    sizeof(texts) / sizeof(texts[0]));
	tcase_add_loop_test(tests, utf8_is_not_read_behind_the_end, 0,
	    sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(tests, the_empty_slice_may_be_null_everywhere);
	tcase_add_test(tests, comparing_knows_the_letter_case_it_was_asked_for);
	tcase_add_test(tests, cutting_takes_the_first_and_leaves_the_rest);
	tcase_add_test(tests, two_hexadecimal_digits_are_a_byte);
	tcase_add_test(tests, a_c_string_has_room_and_no_nul);
	tcase_add_test(tests, printable_ascii_is_space_to_tilde);
	suite_add_tcase(suite, tests);
	return suite;
}
