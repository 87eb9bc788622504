/*
 * pattern_test.c - one regular expression of the postmaster's, within bounds
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "filters/pattern.h"
#include "lib/base/loop.h"
#include "tests/unit/unit.h"

#define LATER	(clock_ms() + 60000)

static struct pattern *
made(const char *source, unsigned flags)
{
	TEXT_AUTO fault = TEXT_INIT(1000);
	struct pattern *pattern = NULL;

	ck_assert_msg(pattern_new(slice_str(source), flags, &pattern,
	    &fault) == 0, "%s: %.*s", source, SLICE_FMT(text_slice(&fault)));
	return pattern;
}

static struct pattern_space *
space(void)
{
	struct pattern_space *space = NULL;

	ck_assert_int_eq(pattern_space_new(&pattern_default_limits, &space),
	    0);
	return space;
}

static enum pattern_answer
answer(const char *source, unsigned flags, struct slice text)
{
	struct pattern *pattern = made(source, flags);
	struct pattern_space *s = space();
	enum pattern_answer found = pattern_match(pattern, text, s, LATER);

	ck_assert((found == PATTERN_GAVE_UP) == (*pattern_why(s) != '\0'));
	pattern_space_free(s);
	pattern_free(pattern);
	return found;
}

static const struct {
	const char	*source;
	unsigned	 flags;
	const char	*text;
	bool		 found;
} cases[] = {
	{ "invoice|tagihan", PATTERN_CASELESS, "Re: TAGIHAN bulan ini", true },
	{ "invoice|tagihan", 0, "Re: TAGIHAN bulan ini", false },
	{ "\\.(exe|js)$", PATTERN_CASELESS, "a.pdf.EXE", true },
	{ "\\.(exe|js)$", PATTERN_CASELESS, "a.exe.pdf", false },
	{ "^b$", 0, "a\nb\nc", false },
	{ "^b$", PATTERN_LINES, "a\nb\nc", true },
	{ "a.b", 0, "a\nb", false },
	{ "a.b", PATTERN_DOT_ALL, "a\nb", true },
	{ "a b", PATTERN_SPACED, "ab", true },
	{ "^.$", 0, "\xc3\xa9", true },
	{ "caf\xc3\x89", PATTERN_CASELESS, "caf\xc3\xa9", true },
	{ "^\\w+$", 0, "caf\xc3\xa9", true },
	{ "^$", 0, "", true },
	{ "a", 0, "", false },
	/* no UTF-8: it is a text all the same, and matches around it */
	{ "abc", 0, "\xff\xfe" "abc\xc3", true },
	{ "^.abc", 0, "\xff" "abc", false },
	/* folded by Unicode, not by ASCII */
	{ "kas", PATTERN_CASELESS, "\xe2\x84\xaa" "a\xc5\xbf", true },
};

START_TEST(a_pattern_finds_what_it_says)
{
	ck_assert_int_eq(answer(cases[_i].source, cases[_i].flags,
	    slice_str(cases[_i].text)), cases[_i].found ? PATTERN_YES :
	    PATTERN_NO);
}
END_TEST

static const char *const wrong[] = {
	"(", "a)", "[a", "*a", "(?<n>a)(?<n>b)", "a{2,1}", "\\C", "\\G", "a\\G",
	"(*SKIP)a", "(*UTF)a", "(*LIMIT_MATCH=9)a", "\\1", "\\p{Nonsense}",
	"\xff", "(?<=a+)b", "((a{900}){900}){900}",
};

START_TEST(what_is_no_pattern_is_said_in_words)
{
	TEXT_AUTO fault = TEXT_INIT(1000);
	struct pattern *pattern = NULL;

	ck_assert_int_eq(pattern_new(slice_str(wrong[_i]), 0, &pattern,
	    &fault), -EINVAL);
	ck_assert_ptr_null(pattern);
	ck_assert_uint_gt(fault.len, 0);
	ck_assert_uint_eq(slice_find(text_slice(&fault), '\n'), SIZE_MAX);
}
END_TEST

START_TEST(an_escaped_bracket_before_a_star_is_no_verb)
{
	ck_assert_int_eq(answer("\\(*x", 0, slice_str("((x")), PATTERN_YES);
	ck_assert_int_eq(answer("\\\\(a)*G", 0, slice_str("\\aG")),
	    PATTERN_YES);
}
END_TEST

static int
try_bytes(struct text *source)
{
	TEXT_AUTO fault = TEXT_INIT(1000);
	struct pattern *pattern = NULL;
	int r = pattern_new(text_slice(source), 0, &pattern, &fault);

	pattern_free(pattern);
	return r;
}

START_TEST(the_length_of_a_pattern_has_a_limit)
{
	TEXT_AUTO source = TEXT_INIT(PATTERN_BYTES_MOST + 1);

	memset(text_space(&source, PATTERN_BYTES_MOST - 1), 'a',
	    PATTERN_BYTES_MOST - 1);
	ck_assert_int_eq(try_bytes(&source), 0);
	text_add_byte(&source, 'a');
	ck_assert_int_eq(try_bytes(&source), 0);
	text_add_byte(&source, 'a');
	ck_assert_int_eq(try_bytes(&source), -EINVAL);
}
END_TEST

START_TEST(groups_nest_up_to_a_limit)
{
	for (int depth = PATTERN_NEST_MOST - 1; depth <= PATTERN_NEST_MOST + 1;
	    depth++) {
		TEXT_AUTO source = TEXT_INIT(1000);

		for (int i = 0; i < depth; i++)
			text_add_byte(&source, '(');
		text_add_byte(&source, 'a');
		for (int i = 0; i < depth; i++)
			text_add_byte(&source, ')');
		ck_assert_int_eq(try_bytes(&source),
		    depth <= PATTERN_NEST_MOST ? 0 : -EINVAL);
	}
}
END_TEST

static void
fill(struct text *text, char c, size_t n)
{
	memset(text_space(text, n), c, n);
}

START_TEST(a_text_has_a_limit)
{
	TEXT_AUTO text = TEXT_INIT(PATTERN_TEXT_MOST + 1);

	fill(&text, 'a', PATTERN_TEXT_MOST - 1);
	ck_assert_int_eq(answer("b", 0, text_slice(&text)), PATTERN_NO);
	text_add_byte(&text, 'b');
	ck_assert_int_eq(answer("b", 0, text_slice(&text)), PATTERN_YES);
	text_add_byte(&text, 'b');
	ck_assert_int_eq(answer("b", 0, text_slice(&text)), PATTERN_GAVE_UP);
}
END_TEST

static const char *const evil[] = {
	"(a+)+$", "(a|aa)+$", "(a*)*b?$", "^(([a-z])+.)+[A-Z]([a-z])+$",
	"(a|b|ab)*c$", "(x+x+)+y|(a+a+)+$", "(?:(a+)(?R)?)+!", "(.*)*x!",
	"(.*a){20}!",
};

/* A63 */
START_TEST(no_pattern_goes_back_and_forth_for_long)
{
	TEXT_AUTO text = TEXT_INIT(PATTERN_TEXT_MOST);
	struct pattern *pattern = made(evil[_i], 0);
	struct pattern_space *s = space();
	uint64_t start;

	fill(&text, 'a', PATTERN_TEXT_MOST - 1);
	text_add_byte(&text, '!');
	start = cpu_ms();
	/* some end with a yes or a no: the library is clever */
	(void)pattern_match(pattern, text_slice(&text), s, clock_ms() + 100);
	/* 100 ms, and a stretch; sanitizers have their time */
	ck_assert_uint_lt(cpu_ms() - start, 5000);
	pattern_space_free(s);
	pattern_free(pattern);
}
END_TEST

/* A63: the square of the text's length, with nothing that PCRE2 counts */
START_TEST(what_no_limit_of_the_library_counts_ends_by_the_clock)
{
	TEXT_AUTO text = TEXT_INIT(PATTERN_TEXT_MOST);
	struct pattern *pattern = made("(?:a|b)++\\d", 0);
	struct pattern_space *s = space();
	uint64_t start = cpu_ms();

	fill(&text, 'a', PATTERN_TEXT_MOST);
	ck_assert_int_eq(pattern_match(pattern, text_slice(&text), s,
	    clock_ms() + 100), PATTERN_GAVE_UP);
	ck_assert_str_eq(pattern_why(s), "it takes too long");
	ck_assert_uint_lt(cpu_ms() - start, 10000);
	pattern_space_free(s);
	pattern_free(pattern);
}
END_TEST

START_TEST(a_pattern_that_gave_up_says_why)
{
	TEXT_AUTO text = TEXT_INIT(PATTERN_TEXT_MOST);
	struct pattern *pattern = made("(a+)+\\d", 0);
	struct pattern_space *s = space();

	fill(&text, 'a', 1000);
	ck_assert_int_eq(pattern_match(pattern, text_slice(&text), s, LATER),
	    PATTERN_GAVE_UP);
	ck_assert_str_eq(pattern_why(s), "it goes back and forth too often");
	ck_assert_int_eq(pattern_match(pattern, slice_str("a1"), s, LATER),
	    PATTERN_YES);
	ck_assert_str_eq(pattern_why(s), "");
	ck_assert_int_eq(pattern_match(pattern, slice_str("a1"), s,
	    clock_ms()), PATTERN_GAVE_UP);
	pattern_space_free(s);
	pattern_free(pattern);
}
END_TEST

/* Put a word at every place around the ends of the first stretches. */
START_TEST(a_search_in_stretches_is_one_search)
{
	const size_t stretch = ((size_t)1 << 30) / (PATTERN_TEXT_MOST + 1);
	static const char word[] = "n\xc3\xa9" "edle\xc3\xa9";
	struct pattern *patterns[] = {
		made("n\xc3\xa9" "edle\xc3\xa9", 0),
		made("(?<=\xc3\xa9)n.*$", PATTERN_LINES),
		made("\\bn\xc3\x89" "e\\w+\xc3\x89\\b", PATTERN_CASELESS),
	};
	struct pattern_space *s = space();
	TEXT_AUTO text = TEXT_INIT(PATTERN_TEXT_MOST);

	for (size_t i = 0; i < PATTERN_TEXT_MOST / 2; i++)
		text_add_str(&text, i % 7 == 6 ? "\xc3\xa9" : "- ");
	for (size_t at = stretch - 12; at < stretch + 4; at += 2) {
		char *place = text.at + at;
		char was[sizeof(word) + 2];

		memcpy(was, place, sizeof(was));
		memcpy(place, "\xc3\xa9", 2);
		memcpy(place + 2, word, sizeof(word) - 1);
		memcpy(place + 1 + sizeof(word), "\n", 1);
		ck_assert_int_eq(pattern_match(patterns[0],
		    text_slice(&text), s, LATER), PATTERN_YES);
		ck_assert_int_eq(pattern_match(patterns[1],
		    text_slice(&text), s, LATER), PATTERN_YES);
		/* no word begins here: a letter stands before it */
		ck_assert_int_eq(pattern_match(patterns[2],
		    text_slice(&text), s, LATER), PATTERN_NO);
		memcpy(place, "- ", 2);
		ck_assert_int_eq(pattern_match(patterns[1],
		    text_slice(&text), s, LATER), PATTERN_NO);
		ck_assert_int_eq(pattern_match(patterns[2],
		    text_slice(&text), s, LATER), PATTERN_YES);
		memcpy(place, was, sizeof(was));
	}
	for (size_t i = 0; i < 3; i++)
		pattern_free(patterns[i]);
	pattern_space_free(s);
}
END_TEST

/* Bytes of memory that this process may execute. */
static unsigned long
executable_bytes(void)
{
	unsigned long from, to, sum = 0;
	char line[512], rights[5];
	FILE *maps = fopen("/proc/self/maps", "r");

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps) != NULL)
		if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) == 3 &&
		    strchr(rights, 'x') != NULL)
			sum += to - from;
	ck_assert_int_eq(fclose(maps), 0);
	return sum;
}

START_TEST(matching_gets_no_executable_memory)
{
	TEXT_AUTO text = TEXT_INIT(PATTERN_TEXT_MOST);
	struct pattern_space *s = space();
	/* so many that what an earlier test left is not room for them */
	struct pattern *patterns[400];
	const int count = sizeof(patterns) / sizeof(patterns[0]);
	unsigned long without = executable_bytes(), before;
	char source[64];
	uint32_t jit = 0;

	ck_assert_int_ge(pcre2_config(PCRE2_CONFIG_JIT, &jit), 0);
	for (int i = 0; i < count; i++) {
		(void)snprintf(source, sizeof(source), "(a|b|c%d)+x{%d}", i,
		    i + 1);
		patterns[i] = made(source, PATTERN_CASELESS);
	}
	fill(&text, 'a', 100000);
	before = executable_bytes();
	ck_assert(jit == 0 || before > without);
	for (int i = 0; i < 20; i++)
		(void)pattern_match(patterns[i], text_slice(&text), s, LATER);
	ck_assert_uint_eq(executable_bytes(), before);
	for (int i = 0; i < count; i++)
		pattern_free(patterns[i]);
	pattern_space_free(s);
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof((table)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/pattern");
	TCase *tests = tcase_create("pattern");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, a_pattern_finds_what_it_says, 0,
	    COUNT(cases));
	tcase_add_loop_test(tests, what_is_no_pattern_is_said_in_words, 0,
	    COUNT(wrong));
	tcase_add_test(tests, an_escaped_bracket_before_a_star_is_no_verb);
	tcase_add_test(tests, the_length_of_a_pattern_has_a_limit);
	tcase_add_test(tests, groups_nest_up_to_a_limit);
	tcase_add_test(tests, a_text_has_a_limit);
	tcase_add_loop_test(tests, no_pattern_goes_back_and_forth_for_long, 0,
	    COUNT(evil));
	tcase_add_test(tests,
	    what_no_limit_of_the_library_counts_ends_by_the_clock);
	tcase_add_test(tests, a_pattern_that_gave_up_says_why);
	tcase_add_test(tests, a_search_in_stretches_is_one_search);
	tcase_add_test(tests, matching_gets_no_executable_memory);
	suite_add_tcase(suite, tests);
	return suite;
}
