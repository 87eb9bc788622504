/*
 * find_raw_test.c - a word is where it stands, and nowhere else
 */
#include "lib/message/find_raw.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

#define BYTES	100

static const struct {
	const char	*folded;
	const char	*word;		/* NULL: there is none that is long */
} words[] = {
	{ "INVOICE", "INVOICE" },
	{ "OF THE OFFICE, 2026", "OFFICE" },
	{ "AB-CD", NULL },
	{ "", NULL },
	{ "CAFE\xcc\x81 X1", "CAFE" },
	{ "\xe6\x97\xa5\xe6\x9c\xac", NULL },
	{ "12345 AB", "12345" },
	/* what stays small is no letter that was folded */
	{ "invoice NR7", "NR7" },
};

START_TEST(the_longest_word_is_taken)
{
	struct slice word = slice_of("none", 4);
	bool is = find_raw_word(slice_str(words[_i].folded), &word);

	ck_assert(is == (words[_i].word != NULL));
	ck_assert(slice_is_str(word, is ? words[_i].word : "none"));
}
END_TEST

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* The plain way. */
static bool
has(const char *bytes, size_t len, const char *word, size_t word_len)
{
	for (size_t at = 0; at + word_len <= len; at++) {
		size_t n = 0;

		while (n < word_len && upper(bytes[at + n]) == word[n])
			n++;
		if (n == word_len)
			return true;
	}
	return false;
}

/* Of few letters, so that they are often there; and bytes that look alike. */
START_TEST(a_word_is_found_where_it_stands)
{
	static const char letters[] = "aAbB1\x11\x01!\xc1\xe1";
	unsigned found = 0;

	srand((unsigned)_i);
	for (int round = 0; round < 20000; round++) {
		char bytes[BYTES], word[8];
		size_t len = (size_t)rand() % (BYTES + 1), word_len;
		bool is;

		for (size_t i = 0; i < len; i++)
			bytes[i] = letters[rand() % 10];
		word_len = 1 + (size_t)rand() % sizeof(word);
		for (size_t i = 0; i < word_len; i++)
			word[i] = "AB1"[rand() % 3];
		is = find_raw_has(slice_of(bytes, len), slice_of(word,
		    word_len));
		ck_assert(is == has(bytes, len, word, word_len));
		found += is;
	}
	ck_assert_uint_gt(found, 1000);
}
END_TEST

/* Each byte, at each place of a text. */
START_TEST(plain_is_ascii_that_is_no_control)
{
	const char c = (char)_i;
	const bool want = (_i >= 0x20 && _i < 0x80) || c == '\t' ||
	    c == '\r' || c == '\n';
	char bytes[40];

	for (size_t at = 0; at < sizeof(bytes); at++) {
		memset(bytes, 'x', sizeof(bytes));
		bytes[at] = c;
		ck_assert(find_raw_is_plain(slice_of(bytes,
		    sizeof(bytes))) == want);
		ck_assert(find_raw_is_plain(slice_of(bytes, at)));
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/message/find_raw");
	TCase *tcase = tcase_create("find_raw");

	tcase_add_loop_test(tcase, the_longest_word_is_taken, 0,
	    sizeof(words) / sizeof(words[0]));
	tcase_add_loop_test(tcase, a_word_is_found_where_it_stands, 1, 4);
	tcase_add_loop_test(tcase, plain_is_ascii_that_is_no_control, 0, 256);
	suite_add_tcase(suite, tcase);
	return suite;
}
