/*
 * lines_test.c - CRLF ends a line, however the bytes come
 */
#include "lib/base/lines.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

#define MAX	8		/* bytes of a line with its end */

static const struct {
	struct slice	 in;
	const char	*lines;	/* one letter a result, see letter() */
	const char	*texts;	/* what came out, "|" behind each */
	size_t		 left;	/* bytes that stay in the input */
} cases[] = {
	{ SLICE(""),			"",	"",		0 },
	{ SLICE("\r\n"),		"g",	"|",		0 },
	{ SLICE("NOOP\r\nQUIT\r\n"),	"gg",	"NOOP|QUIT|",	0 },
	{ SLICE("NOOP\r"),		"",	"",		5 },
	{ SLICE("NOOP\n"),		"l",	"NOOP|",	0 },
	{ SLICE("\n"),			"l",	"|",		0 },
	{ SLICE("a\rb\r\n"),		"c",	"a\rb|",	0 },
	{ SLICE("a\r\r\n"),		"c",	"a\r|",		0 },
	{ SLICE("a\rb\n"),		"c",	"a\rb|",	0 },
	{ SLICE("a\0b\r\n"),		"n",	"a0b|",		0 },
	{ SLICE("a\0\rb\r\n"),		"n",	"a0\rb|",	0 },
	/* RFC 5321 4.5.3.1.4: the limit counts the line end */
	{ SLICE("12345\r\nx\r\n"),	"gg",	"12345|x|",	0 },
	{ SLICE("123456\r\nx\r\n"),	"gg",	"123456|x|",	0 },
	{ SLICE("1234567\r\nx\r\n"),	"tg",	"x|",		0 },
	{ SLICE("12345678901\r\nx\r\n"), "tg",	"x|",		0 },
	{ SLICE("1234567"),		"",	"",		7 },
	{ SLICE("12345678"),		"t",	"",		0 },
	{ SLICE("12345678\rx"),		"t",	"",		0 },
	{ SLICE("12345678\nx\r\n"),	"tg",	"x|",		0 },
};

static char
letter(enum line_is is)
{
	return "-gtlcn"[is];
}

/* What has come out of the reader so far. */
struct seen {
	char	lines[16];
	char	texts[64];
};

static void
see(struct seen *seen, enum line_is is, struct slice line)
{
	size_t at = strlen(seen->lines);

	seen->lines[at] = letter(is);
	if (is == LINE_TOO_LONG)
		return;
	at = strlen(seen->texts);
	for (size_t i = 0; i < line.len; i++)
		seen->texts[at++] = line.at[i] == '\0' ? '0' : line.at[i];
	seen->texts[at] = '|';
}

/* Give the reader `all`, no more than `step` new bytes at a time. */
static struct seen
read_all(struct slice all, size_t step, size_t *left_out)
{
	struct line_reader reader = { 0 };
	struct seen seen = { 0 };
	size_t start = 0, end = 0;

	while (end < all.len) {
		struct slice line = { NULL, 0 }, input;
		enum line_is is;
		char *bytes;

		end = end + step < all.len ? end + step : all.len;
		do {
			/* a block of its own: ASan sees the byte behind it */
			bytes = malloc(end - start + 1);
			ck_assert_ptr_nonnull(bytes);
			memcpy(bytes, all.at + start, end - start);
			input = slice_of(bytes, end - start);
			is = line_take(&reader, &input, MAX, &line);
			if (is != LINE_MORE)
				see(&seen, is, line);
			start = end - input.len;
			free(bytes);
		} while (is != LINE_MORE);
	}
	*left_out = end - start;
	return seen;
}

/* RFC 5321 2.3.8: lines end in CRLF, and nothing else ends them */
START_TEST(lines_come_out_whatever_the_segments)
{
	for (size_t step = 1; step <= cases[_i].in.len + 1; step++) {
		size_t left = 0;
		struct seen seen = read_all(cases[_i].in, step, &left);

		ck_assert_str_eq(seen.lines, cases[_i].lines);
		ck_assert_str_eq(seen.texts, cases[_i].texts);
		ck_assert_uint_eq(left, cases[_i].left);
	}
}
END_TEST

START_TEST(a_byte_is_searched_once)
{
	char bytes[64];
	struct line_reader reader = { 0 };
	struct slice input, line;

	memset(bytes, 'x', sizeof(bytes));
	for (size_t n = 0; n < sizeof(bytes); n++) {
		input = slice_of(bytes, n);
		ck_assert_int_eq(line_take(&reader, &input, 1000, &line),
		    LINE_MORE);
		ck_assert_uint_eq(reader.searched, n);
		ck_assert_uint_eq(input.len, n);
	}
}
END_TEST

START_TEST(an_endless_line_leaves_nothing_behind)
{
	char bytes[1024];
	struct line_reader reader = { 0 };
	struct slice input = { bytes, sizeof(bytes) }, line;

	memset(bytes, 'x', sizeof(bytes));
	ck_assert_int_eq(line_take(&reader, &input, MAX, &line),
	    LINE_TOO_LONG);
	for (int i = 0; i < 1000; i++) {
		ck_assert_uint_eq(input.len, 0);
		input = slice_of(bytes, sizeof(bytes));
		ck_assert_int_eq(line_take(&reader, &input, MAX, &line),
		    LINE_MORE);
	}
	input = slice_of("\nNOOP\r\n", 7);
	ck_assert_int_eq(line_take(&reader, &input, MAX, &line), LINE_GOOD);
	ck_assert(slice_is_str(line, "NOOP"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lines");
	TCase *tcase = tcase_create("lines");

	tcase_add_loop_test(tcase, lines_come_out_whatever_the_segments, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tcase, a_byte_is_searched_once);
	tcase_add_test(tcase, an_endless_line_leaves_nothing_behind);
	suite_add_tcase(suite, tcase);
	return suite;
}
