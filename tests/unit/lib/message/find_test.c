/*
 * find_test.c - does a text contain another, letter case aside?
 */
#include <errno.h>
#include <string.h>

#include "lib/message/find.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*what, *text;
	bool		 found;
} cases[] = {
	{ "", "", true },
	{ "a", "", false },
	{ "needle", "a NEEDLE in hay", true },
	{ "needle", "need le", false },
	{ "a", "A", true },
	{ "[", "{", false },		/* no letters, though 0x20 apart */
	{ "aab", "aaaab", true },
	{ "ab\ncd", "xAB\nCDx", true },
	/* RFC 5051: accents count, case and composition do not */
	{ "caf\303\251", "CAF\303\211", true },
	{ "cafe\314\201", "Caf\303\251 tutup", true },
	{ "cafe", "caf\303\250 x", true },	/* "e" begins what "è" is */
	{ "caf\303\251", "cafe", false },
	{ "caf\303\251", "caf\303\250", false },
	{ "\303\237", "ss", false },
	{ "\303\237", "STRA\303\237E", true },
	{ "\316\243", "\317\203", true },	/* Greek sigma */
	{ "\320\226", "\320\266", true },	/* Cyrillic zhe */
	/* compatibility forms are what they stand for; RFC 5051 2 takes apart
	   after it has changed the case, so the "fi" in one is no "FI" */
	{ "fi", "\357\254\201", false },
	{ "\357\254\201", "\357\254\201", true },
	{ "A", "\357\274\241", true },
	{ "\343\202\253", "\357\275\266", true },	/* half-width ka */
	{ "\360\220\220\200", "\360\220\220\250", true },	/* Deseret */
	{ "\346\274\242\345\255\227", "\345\270\270\347\224\250"
	    "\346\274\242\345\255\227", true },
	{ "\377", "\377", true },	/* no UTF-8 */
	{ "\377", "\376", false },
};

/* Bytes of the character at `at`, so that none is cut. */
static size_t
character(struct slice s)
{
	size_t n = 1;

	while (n < s.len && ((unsigned char)s.at[n] & 0xc0) == 0x80)
		n++;
	return n;
}

START_TEST(a_text_is_found_whatever_its_case)
{
	struct finder f;

	ck_assert_int_eq(finder_begin(&f, slice_str(cases[_i].what)), 0);
	ck_assert_int_eq(finder_add(&f, slice_str(cases[_i].text)),
	    cases[_i].found);
	finder_end(&f);
}
END_TEST

START_TEST(a_match_may_span_pieces)
{
	struct slice rest = slice_str(cases[_i].text);
	struct finder f;
	int r;

	ck_assert_int_eq(finder_begin(&f, slice_str(cases[_i].what)), 0);
	r = finder_add(&f, rest);
	finder_end(&f);
	ck_assert_int_eq(finder_begin(&f, slice_str(cases[_i].what)), 0);
	while (rest.len > 0) {
		size_t n = character(rest);

		(void)finder_add(&f, slice_first(rest, n));
		rest = slice_after(rest, n);
	}
	ck_assert_int_eq(f.found, r);
	finder_end(&f);
}
END_TEST

START_TEST(a_match_does_not_span_two_texts)
{
	struct finder f;

	ck_assert_int_eq(finder_begin(&f, slice_str("onetwo")), 0);
	ck_assert_int_eq(finder_add(&f, slice_str("one")), 0);
	finder_break(&f);
	ck_assert_int_eq(finder_add(&f, slice_str("two")), 0);
	ck_assert_int_eq(finder_add(&f, slice_str("onetwo")), 1);
	ck_assert_int_eq(finder_add(&f, slice_str("x")), 1);
	finder_end(&f);
}
END_TEST

START_TEST(what_is_looked_for_has_a_limit)
{
	static char what[FIND_MOST + 1];
	struct finder f;

	memset(what, 'x', sizeof(what));
	ck_assert_int_eq(finder_begin(&f, slice_of(what, sizeof(what))),
	    -E2BIG);
	ck_assert_int_eq(finder_begin(&f, slice_of(what, FIND_MOST)), 0);
	ck_assert_int_eq(finder_add(&f, slice_of(what, FIND_MOST - 1)), 0);
	ck_assert_int_eq(finder_add(&f, slice_str("X")), 1);
	finder_end(&f);
}
END_TEST

/* What grows most, 11 times, fits; and a mebibyte takes no time. */
START_TEST(every_text_can_be_searched)
{
	static const char *const pieces[] = {
		"\357\267\272", "x", "\303\251", "\377", "\360\237\230\200"
	};
	TEXT_AUTO text = TEXT_INIT(4 << 20);
	uint64_t began = cpu_ms();
	struct finder f;

	for (unsigned i = 0; i < 300000; i++)
		text_add_str(&text, pieces[_i]);
	ck_assert_int_eq(finder_begin(&f, slice_str("xxxxxxxxx\303\251")), 0);
	ck_assert_int_eq(finder_add(&f, text_slice(&text)), 0);
	finder_end(&f);
	ck_assert_int_eq(finder_begin(&f, slice_first(text_slice(&text),
	    FIND_MOST)), 0);
	finder_end(&f);
	ck_assert_uint_lt(cpu_ms() - began, 3000);
}
END_TEST

/* A text is read in steps, and none of them begins inside a character. */
START_TEST(a_character_is_found_wherever_the_text_is_cut)
{
	for (size_t before = 16378; before < 16388; before++) {
		TEXT_AUTO text = TEXT_INIT(1 << 16);
		struct finder f;

		for (size_t i = 0; i < before; i++)
			text_add_byte(&text, 'x');
		text_add_str(&text, "\303\251\346\274\242"
		    "\360\220\220\250 end");
		ck_assert_int_eq(finder_begin(&f, slice_str(
		    "\303\211\346\274\242\360\220\220\200")), 0);
		ck_assert_int_eq(finder_add(&f, text_slice(&text)), 1);
		/* and once more */
		finder_again(&f);
		ck_assert_int_eq(finder_add(&f, slice_str("nothing")), 0);
		ck_assert_int_eq(finder_add(&f, text_slice(&text)), 1);
		finder_end(&f);
	}
}
END_TEST

/* Several finders of one text share its folding. */
START_TEST(what_was_folded_once_is_looked_through_by_all)
{
	TEXT_AUTO text = TEXT_INIT(1 << 16);
	TEXT_AUTO folded = TEXT_INIT(1 << 18);
	struct finder f[3];
	struct slice rest;

	for (int i = 0; i < 20000; i++)
		text_add_byte(&text, "ab"[i % 2]);
	text_add_str(&text, "\303\251");
	ck_assert_int_eq(finder_begin(&f[0], slice_str("BaB\303\211")), 0);
	ck_assert_int_eq(finder_begin(&f[1], slice_str("AA")), 0);
	ck_assert_int_eq(finder_begin(&f[2], slice_str("")), 0);
	for (rest = text_slice(&text); rest.len > 0;) {
		text_clear(&folded);
		find_fold(&folded, find_step(&rest));
		for (int i = 0; i < 3; i++)
			ck_assert_int_eq(finder_add_folded(&f[i],
			    text_slice(&folded)),
			    i == 2 || (i == 0 && rest.len == 0));
	}
	for (int i = 0; i < 3; i++)
		finder_end(&f[i]);
}
END_TEST

/* Eight bytes are folded at once: each as if it stood alone. */
START_TEST(ascii_is_folded_wherever_it_stands)
{
	TEXT_AUTO folded = TEXT_INIT(64);
	char bytes[19];

	for (size_t at = 0; at < sizeof(bytes); at++) {
		char c = (char)_i;

		memset(bytes, 'm', sizeof(bytes));
		bytes[at] = c;
		text_clear(&folded);
		find_fold(&folded, slice_of(bytes, sizeof(bytes)));
		ck_assert_uint_eq(folded.len, sizeof(bytes));
		for (size_t i = 0; i < sizeof(bytes); i++)
			ck_assert_int_eq(folded.at[i], i != at ? 'M' :
			    c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	const int count = (int)(sizeof(cases) / sizeof(cases[0]));
	Suite *s = suite_create("find");
	TCase *t = tcase_create("find");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, a_text_is_found_whatever_its_case, 0, count);
	tcase_add_loop_test(t, a_match_may_span_pieces, 0, count);
	tcase_add_test(t, a_match_does_not_span_two_texts);
	tcase_add_test(t, what_is_looked_for_has_a_limit);
	tcase_add_loop_test(t, every_text_can_be_searched, 0, 5);
	tcase_add_test(t, a_character_is_found_wherever_the_text_is_cut);
	tcase_add_test(t, what_was_folded_once_is_looked_through_by_all);
	tcase_add_loop_test(t, ascii_is_folded_wherever_it_stands, 0, 128);
	suite_add_tcase(s, t);
	return s;
}
