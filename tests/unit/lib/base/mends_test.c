/*
 * mends_test.c - what was mended is undone, byte for byte
 */
#include "lib/base/mends.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/dot.h"
#include "tests/unit/unit.h"

#define MOST	65536

/* A message that is read, and what it came to be. */
struct got {
	struct text	stored, wire;
	struct mends	mends;
	uint64_t	added;
};

static void
note(struct got *got, struct slice run, unsigned mend)
{
	text_add(&got->stored, run);
	text_add(&got->wire, mends_add(&got->mends, run, mend));
}

/* Of `all`, in pieces of `step` bytes; POP3's has dots, and an end. */
static struct got
read_all(struct slice all, size_t step, bool counts)
{
	struct dot_reader dot = dot_reader_of(counts, true);
	struct got got = { .stored = TEXT_INIT(MOST), .wire = TEXT_INIT(MOST),
	    .mends = MENDS_INIT(MENDS_MOST(MOST)) };
	struct slice run;

	while (all.len > 0) {
		struct slice piece = slice_first(all, step);

		all = slice_after(all, piece.len);
		while (dot_take(&dot, &piece, &run) == DOT_RUN)
			note(&got, run, dot.mend);
	}
	run = dot_finish(&dot);
	if (run.len > 0)
		note(&got, run, dot.mend);
	got.added = dot.added;
	return got;
}

static void
drop(struct got *got)
{
	text_free(&got->stored);
	text_free(&got->wire);
	mends_free(&got->mends);
}

/* Undo it in pieces of `step` bytes, each in a block of its own for ASan. */
static void
undo(const struct got *got, size_t step, struct text *out)
{
	TEXT_AUTO packed = TEXT_INIT(MENDS_MOST(MOST));
	struct slice rest = text_slice(&got->stored);
	struct unmend unmend;
	struct unpack u;
	char *bytes = malloc(step + 1);

	ck_assert_ptr_nonnull(bytes);
	mends_pack(&packed, &got->mends);
	u = unpack_of(text_slice(&packed));
	unmend = unmend_of(&u);
	ck_assert(unpack_is_done(&u));
	ck_assert_uint_le(packed.len, MENDS_MOST(got->stored.len));
	while (rest.len > 0) {
		struct slice piece = slice_first(rest, step);
		size_t n = unmend_take(&unmend, piece, bytes);

		ck_assert_uint_le(n, step + 1);
		text_add(out, slice_of(bytes, n));
		rest = slice_after(rest, piece.len);
	}
	text_add(out, slice_of(bytes, unmend_end(&unmend, bytes)));
	free(bytes);
}

static const struct {
	struct slice	wire;		/* as IMAP sends it */
	size_t		bits;		/* bytes of them */
} messages[] = {
	{ SLICE(""), 0 },
	{ SLICE("a\r\nb\r\n\x80\r\n"), 0 },
	{ SLICE("a\nb\r\n"), 1 },
	{ SLICE("a\rb\r\n"), 1 },
	{ SLICE("a\0b\x80\0\r\n"), 1 },
	{ SLICE("\r"), 1 },
	{ SLICE("\n"), 1 },
	{ SLICE("\0"), 1 },
	{ SLICE("\r\r\n"), 1 },
	{ SLICE("\n\r\n\r"), 1 },
	{ SLICE("\n\n\n\n\n\n\n\n\n"), 3 },
	{ SLICE("\r\r\r\r\n\n\r\r\n\0\r\0\n"), 3 },
	{ SLICE("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\n\r\n\r\n"), 1 },
	{ SLICE("no end"), 0 },
	{ SLICE("no end\r"), 1 },
	{ SLICE(".\r\n..\n.\r.x\r\n\0.\r\n"), 1 },
};

/* RFC 9051 4.3: a literal is the bytes themselves. */
START_TEST(what_was_mended_is_undone_however_it_is_cut)
{
	struct slice wire = messages[_i].wire;

	for (size_t step = 1; step <= 6; step++) {
		struct got got = read_all(wire, step, true);
		TEXT_AUTO back = TEXT_INIT(MOST);

		ck_assert(slice_is(text_slice(&got.wire), wire));
		ck_assert_uint_eq(got.stored.len, wire.len + got.added);
		ck_assert_uint_eq(got.mends.bits.len, messages[_i].bits);
		undo(&got, step, &back);
		ck_assert(slice_is(text_slice(&back), wire));
		drop(&got);
	}
}
END_TEST

/* RFC 1939 3: a dot that begins a line is doubled. */
START_TEST(dots_of_POP3_are_no_part_of_it)
{
	static const struct slice all =
	    SLICE("..a\nb\r\n...\0\r\n.\rx\n..\r\n\r\n.\r\nbehind");
	static const struct slice wire =
	    SLICE(".a\nb\r\n..\0\r\n\rx\n..\r\n\r\n");

	for (size_t step = 1; step <= all.len; step++) {
		struct got got = read_all(all, step, false);
		TEXT_AUTO back = TEXT_INIT(MOST);

		ck_assert(slice_is(text_slice(&got.wire), wire));
		undo(&got, step, &back);
		ck_assert(slice_is(text_slice(&back), wire));
		drop(&got);
	}
}
END_TEST

/* Each byte is a place, and each was mended, or every second. */
START_TEST(the_worst_message_has_a_bit_for_each_byte)
{
	static const char *const bytes[] = { "\n\n", "\r\r", "\0\0", "\0\x80",
	    "\n\0", "\r\0" };
	TEXT_AUTO wire = TEXT_INIT(MOST), back = TEXT_INIT(MOST);
	struct got got;

	for (size_t i = 0; i < 5000; i++)
		text_add(&wire, slice_of(bytes[_i], 2));
	got = read_all(text_slice(&wire), 1000, true);
	ck_assert_uint_le(got.mends.bits.len, got.stored.len / 8 + 1);
	undo(&got, 777, &back);
	ck_assert(slice_is(text_slice(&back), text_slice(&wire)));
	drop(&got);
}
END_TEST

START_TEST(another_message_begins_without_the_mends_of_the_last)
{
	struct mends mends = MENDS_INIT(64);
	TEXT_AUTO first = TEXT_INIT(64), second = TEXT_INIT(64);

	mends_pack(&first, &mends);
	(void)mends_add(&mends, slice_str("a\r\n"), 0);
	(void)mends_add(&mends, slice_str("\r\n"), DOT_BARE_LF);
	(void)mends_add(&mends, slice_str("b\r\n"), 0);
	mends_clear(&mends);
	mends_pack(&second, &mends);
	ck_assert(slice_is(text_slice(&first), text_slice(&second)));
	mends_free(&mends);
}
END_TEST

/* What is told may be anything: it is read to its end and no further. */
START_TEST(mends_that_do_not_fit_are_read_without_harm)
{
	static const struct slice stored = SLICE("\r\na\x80\n\r\n\rb\r");
	unsigned char bits[3];

	for (unsigned seed = 0; seed < 1024; seed++) {
		struct unmend unmend = { .before = seed % 3,
		    .bits = slice_of(bits, seed % 4) };
		char out[16];
		size_t n;

		bits[0] = (unsigned char)(seed * 37);
		bits[1] = (unsigned char)(seed >> 2);
		bits[2] = 0xff;
		n = unmend_take(&unmend, stored, out);
		ck_assert_uint_le(n, stored.len);
		ck_assert_uint_le(unmend_end(&unmend, out), 1);
		ck_assert_uint_eq(unmend_end(&unmend, out), 0);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/base/mends");
	TCase *tests = tcase_create("mends");

	tcase_add_loop_test(tests, what_was_mended_is_undone_however_it_is_cut,
	    0, sizeof(messages) / sizeof(*messages));
	tcase_add_test(tests, dots_of_POP3_are_no_part_of_it);
	tcase_add_loop_test(tests, the_worst_message_has_a_bit_for_each_byte, 0,
	    6);
	tcase_add_test(tests,
	    another_message_begins_without_the_mends_of_the_last);
	tcase_add_test(tests, mends_that_do_not_fit_are_read_without_harm);
	suite_add_tcase(suite, tests);
	return suite;
}
