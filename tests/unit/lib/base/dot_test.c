/*
 * dot_test.c - only CRLF.CRLF ends a message, and its bytes come out whole
 */
#include "lib/base/dot.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "tests/unit/unit.h"

/* What came out of a reader. */
struct got {
	struct text	text;
	unsigned	breaches;
	uint64_t	added;
	bool		ended;
	size_t		left;	/* bytes behind the end */
};

/* Give it one segment from a block of its own, so that ASan sees its end. */
static void
feed(struct dot_reader *dot, struct slice segment, struct got *got)
{
	char *bytes = malloc(segment.len + 1);
	struct slice input = { bytes, segment.len }, run;
	enum dot_is is = DOT_MORE;

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, segment.at, segment.len);
	while (!got->ended && (is = dot_take(dot, &input, &run)) == DOT_RUN) {
		ck_assert_uint_gt(run.len, 0);
		text_add(&got->text, run);
	}
	got->ended = got->ended || is == DOT_END;
	got->left += input.len;
	got->breaches = dot->breaches;
	got->added = dot->added;
	free(bytes);
}

/* Read `all` cut at `a` and `b`. */
static struct got
read_cut(struct dot_reader dot, struct slice all, size_t a, size_t b)
{
	struct got got = { .text = TEXT_INIT(4096) };

	feed(&dot, slice_first(all, a), &got);
	feed(&dot, slice_first(slice_after(all, a), b - a), &got);
	feed(&dot, slice_after(all, b), &got);
	ck_assert(!text_failed(&got.text));
	return got;
}

static const struct {
	struct slice	in;
	struct slice	plain;		/* what comes out */
	struct slice	mended;		/* and of a reader that normalises */
	unsigned	breaches;
	bool		ended;
	size_t		left;
} messages[] = {
	{ SLICE(".\r\n"), SLICE(""), SLICE(""), 0, true, 0 },
	{ SLICE("\r\n.\r\n"), SLICE("\r\n"), SLICE("\r\n"), 0, true, 0 },
	{ SLICE("a\r\n.\r\nQUIT\r\n"), SLICE("a\r\n"), SLICE("a\r\n"),
	    0, true, 6 },
	/* RFC 5321 4.5.2: a leading dot is deleted, whatever follows */
	{ SLICE("..\r\n.\r\n"), SLICE(".\r\n"), SLICE(".\r\n"), 0, true, 0 },
	{ SLICE(".a\r\n...\r\n.\r\n"), SLICE("a\r\n..\r\n"),
	    SLICE("a\r\n..\r\n"), 0, true, 0 },
	{ SLICE("a.\r\n.b.\r\n.\r\n"), SLICE("a.\r\nb.\r\n"),
	    SLICE("a.\r\nb.\r\n"), 0, true, 0 },
	{ SLICE("a\r\n."), SLICE("a\r\n"), SLICE("a\r\n"), 0, false, 0 },
	{ SLICE("a\r\n.\r"), SLICE("a\r\n"), SLICE("a\r\n"), 0, false, 0 },
	{ SLICE("a\r"), SLICE("a\r"), SLICE("a\r"), 0, false, 0 },
	{ SLICE("a\nb\r\n.\r\n"), SLICE("a\nb\r\n"), SLICE("a\r\nb\r\n"),
	    DOT_BARE_LF, true, 0 },
	{ SLICE("a\rb\r\n.\r\n"), SLICE("a\rb\r\n"), SLICE("a\r\nb\r\n"),
	    DOT_BARE_CR, true, 0 },
	{ SLICE("a\0b\r\n.\r\n"), SLICE("a\0b\r\n"), SLICE("a\x80" "b\r\n"),
	    DOT_NUL, true, 0 },
	{ SLICE("\0\r\r\n\n.\r\n\r\n.\r\n"), SLICE("\0\r\r\n\n.\r\n\r\n"),
	    SLICE("\x80\r\n\r\n\r\n.\r\n\r\n"),
	    DOT_NUL | DOT_BARE_CR | DOT_BARE_LF, true, 0 },
	{ SLICE(".\rx\r\n.\r\n"), SLICE("\rx\r\n"), SLICE("\r\nx\r\n"),
	    DOT_BARE_CR, true, 0 },
	{ SLICE(".\nx\r\n.\r\n"), SLICE("\nx\r\n"), SLICE("\r\nx\r\n"),
	    DOT_BARE_LF, true, 0 },
};

START_TEST(a_message_is_the_same_however_it_is_cut)
{
	const struct slice all = messages[_i].in;
	const struct slice want[] = {
		messages[_i].plain, messages[_i].mended
	};

	for (size_t a = 0; a <= all.len; a++)
		for (size_t b = a; b <= all.len; b++)
			for (int mends = 0; mends < 2; mends++) {
				struct got got = read_cut(dot_reader_of(false,
				    mends == 1), all, a, b);

				ck_assert(slice_is(text_slice(&got.text),
				    want[mends]));
				ck_assert_int_eq(got.ended,
				    messages[_i].ended);
				ck_assert_uint_eq(got.added, want[mends].len -
				    want[0].len);
				ck_assert_uint_eq(got.left, messages[_i].left);
				ck_assert_uint_eq(got.breaches,
				    messages[_i].breaches);
				text_free(&got.text);
			}
}
END_TEST

/* What only a listed device is heard in. */
static const struct {
	struct slice	in, want;
} lenient[] = {
	{ SLICE("a\nb\n.\n"), SLICE("a\r\nb\r\n") },
	{ SLICE("a\r\n.\n"), SLICE("a\r\n") },
	{ SLICE("a\n.\r\n"), SLICE("a\r\n") },
	{ SLICE("a\r\n.\r\n"), SLICE("a\r\n") },
	{ SLICE(".\n"), SLICE("") },
	{ SLICE("a\n..b\n.\n"), SLICE("a\r\n.b\r\n") },
	{ SLICE("a\n\0.\n.\n"), SLICE("a\r\n\x80.\r\n") },
	{ SLICE("a\r.\r\n.\n"), SLICE("a\r\n.\r\n") },
};

START_TEST(a_device_may_end_its_lines_with_lf)
{
	struct slice all = lenient[_i].in;

	for (size_t a = 0; a <= all.len; a++)
		for (size_t b = a; b <= all.len; b++) {
			struct dot_reader dot = dot_reader_of(false, true);
			struct got got;

			dot.is_lenient = true;
			got = read_cut(dot, all, a, b);
			ck_assert(got.ended);
			ck_assert_uint_eq(got.left, 0);
			ck_assert(slice_is(text_slice(&got.text),
			    lenient[_i].want));
			text_free(&got.text);
		}
}
END_TEST

/* HARDENING A01: what some servers have taken for the end of data */
static const struct slice fakes[] = {
	SLICE("\n.\n"), SLICE("\n.\r"), SLICE("\r.\n"), SLICE("\r.\r"),
	SLICE("\n.\r\n"), SLICE("\r.\r\n"), SLICE("\r\n.\n"),
	SLICE("\r\n\0.\r\n"), SLICE("\r\n.\r\r\n"), SLICE("\r\r\n.\r\r\n"),
	SLICE("\r\n.\0\r\n"), SLICE("\r\n\0.\r\n.\r"),
};

static void
fake_is_seen_through(struct slice all, bool mends)
{
	for (size_t a = 0; a <= all.len; a++)
		for (size_t b = a; b <= all.len; b++) {
			struct got got = read_cut(dot_reader_of(false, mends),
			    all, a, b);

			ck_assert(got.ended);
			ck_assert_uint_eq(got.left, 0);
			ck_assert_uint_ne(got.breaches, 0);
			ck_assert_uint_ne(slice_find_str(text_slice(&got.text),
			    "MAIL FROM:<evil@x>"), SIZE_MAX);
			text_free(&got.text);
		}
}

START_TEST(no_fake_end_is_an_end)
{
	TEXT_AUTO all = TEXT_INIT(4096);

	text_add_str(&all, "S: x\r\n\r\nfirst");
	text_add(&all, fakes[_i]);
	text_add_str(&all, "MAIL FROM:<evil@x>\r\nDATA\r\nS: y\r\n.\r\n");
	fake_is_seen_through(text_slice(&all), false);
	fake_is_seen_through(text_slice(&all), true);
}
END_TEST

/* RFC 3030 2: a chunk has no end but its size */
START_TEST(dots_are_text_in_a_chunk)
{
	const struct slice all = SLICE("a\r\n.\r\n..b\r\n.");
	struct got got = read_cut(dot_reader_of(true, false), all, 4, 5);

	ck_assert(slice_is(text_slice(&got.text), all));
	ck_assert(!got.ended);
	ck_assert_uint_eq(got.breaches, 0);
	text_free(&got.text);
}
END_TEST

START_TEST(a_cr_that_ends_the_last_chunk_is_bare)
{
	for (int mends = 0; mends < 2; mends++) {
		struct dot_reader dot = dot_reader_of(true, mends == 1);
		struct slice input = SLICE("a\r"), run;

		ck_assert_int_eq(dot_take(&dot, &input, &run), DOT_RUN);
		ck_assert(slice_is_str(run, "a\r"));
		ck_assert_uint_eq(dot.breaches, 0);
		run = dot_finish(&dot);
		ck_assert(slice_is_str(run, mends == 1 ? "\n" : ""));
		ck_assert_uint_eq(dot.breaches, DOT_BARE_CR);
		run = dot_finish(&dot);
		ck_assert_uint_eq(run.len, 0);
	}
}
END_TEST

/* One call takes all up to the first line that begins with a dot. */
START_TEST(a_message_goes_through_in_one_run)
{
	char bytes[20000];
	struct dot_reader dot = dot_reader_of(false, false);
	struct slice input = { bytes, sizeof(bytes) }, run;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = "0123456789abcdef\r\n."[i < 19000 ? i % 18 : 17];
	memcpy(bytes + 18996, "\r\n.\r\n", 5);
	ck_assert_int_eq(dot_take(&dot, &input, &run), DOT_RUN);
	ck_assert_ptr_eq(run.at, bytes);
	ck_assert_uint_eq(run.len, 18998);
	ck_assert_int_eq(dot_take(&dot, &input, &run), DOT_END);
	ck_assert_uint_eq(input.len, sizeof(bytes) - 19001);
}
END_TEST

/* Those that no line may hold, and their neighbours, which any may. */
static const struct {
	char		byte;
	unsigned	breach;
} single[] = {
	{ '\0', DOT_NUL }, { '\n', DOT_BARE_LF }, { '\r', DOT_BARE_CR },
	{ '\1', 0 }, { '\t', 0 }, { '\f', 0 }, { '\16', 0 }, { ' ', 0 },
	{ '\x7f', 0 }, { '\x80', 0 }, { '\x8d', 0 }, { '\xff', 0 },
};

/* A line is looked at some bytes at once: none of them is passed over. */
START_TEST(a_byte_is_seen_wherever_it_stands)
{
	char line[40];

	for (size_t len = 1; len <= sizeof(line) - 5; len++)
		for (size_t at = 0; at < len; at++) {
			struct slice all = { line, len + 5 };
			struct got got;

			memset(line, 'x', len);
			memcpy(line + len, "\r\n.\r\n", 5);
			line[at] = single[_i].byte;
			/* a CR in front of CRLF is bare as well */
			got = read_cut(dot_reader_of(false, false), all, at, at);
			ck_assert(got.ended);
			ck_assert_uint_eq(got.breaches, single[_i].breach);
			ck_assert(slice_is(text_slice(&got.text),
			    slice_first(all, len + 2)));
			text_free(&got.text);
			got = read_cut(dot_reader_of(false, false), all, 0, 0);
			ck_assert_uint_eq(got.breaches, single[_i].breach);
			text_free(&got.text);
		}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("dot");
	TCase *tcase = tcase_create("dot");

	tcase_add_loop_test(tcase, a_message_is_the_same_however_it_is_cut, 0,
	    (int)(sizeof(messages) / sizeof(messages[0])));
	tcase_add_loop_test(tcase, no_fake_end_is_an_end, 0,
	    (int)(sizeof(fakes) / sizeof(fakes[0])));
	tcase_add_loop_test(tcase, a_device_may_end_its_lines_with_lf, 0,
	    sizeof(lenient) / sizeof(lenient[0]));
	tcase_add_loop_test(tcase, a_byte_is_seen_wherever_it_stands, 0,
	    (int)(sizeof(single) / sizeof(single[0])));
	tcase_add_test(tcase, dots_are_text_in_a_chunk);
	tcase_add_test(tcase, a_cr_that_ends_the_last_chunk_is_bare);
	tcase_add_test(tcase, a_message_goes_through_in_one_run);
	suite_add_tcase(suite, tcase);
	return suite;
}
