/*
 * encode_test.c - a content transfer encoding done, piece by piece
 */
#include "lib/message/encode.h"

#include <string.h>

#include "lib/message/decode.h"
#include "tests/unit/unit.h"

static const struct {
	enum encoder_how how;
	struct slice	 in, want;
} cases[] = {
	{ ENCODE_QUOTED, SLICE(""), SLICE("") },
	{ ENCODE_QUOTED, SLICE("a=b\r\n"), SLICE("a=3Db\r\n") },
	{ ENCODE_QUOTED, SLICE("caf\303\251\r\n"), SLICE("caf=C3=A9\r\n") },
	/* RFC 2045 6.7 (3): no blank ends a line */
	{ ENCODE_QUOTED, SLICE("a \r\nb\t\r\nc "),
	    SLICE("a=20\r\nb=09\r\nc=20") },
	{ ENCODE_QUOTED, SLICE("a b"), SLICE("a b") },
	/* what is no line end is no line end afterwards */
	{ ENCODE_QUOTED, SLICE("a\rb\nc\r"), SLICE("a=0Db=0Ac=0D") },
	{ ENCODE_QUOTED, SLICE("a\0b\x7f\r\r\n"),
	    SLICE("a=00b=7F=0D\r\n") },
	{ ENCODE_QUOTED_AGAIN, SLICE("a=3Db \303\r\n=\r\n"),
	    SLICE("a=3Db =C3\r\n=\r\n") },
	{ ENCODE_QUOTED_AGAIN, SLICE("=\303\0="), SLICE("==C3=00=") },
	{ ENCODE_BASE64, SLICE(""), SLICE("") },
	{ ENCODE_BASE64, SLICE("\0\377\020\200"), SLICE("AP8QgA==") },
};

static void
encode(enum encoder_how how, struct slice in, size_t step, struct text *out)
{
	struct encoder encoder = encoder_of(how);

	if (step > in.len)
		step = in.len;
	for (; in.len > 0; in = slice_after(in, step))
		encoder_add(&encoder, slice_first(in, step), out);
	encoder_end(&encoder, out);
	ck_assert(!text_failed(out));
}

START_TEST(a_body_is_encoded_however_it_is_cut)
{
	for (size_t step = 1; step < 30; step++) {
		TEXT_AUTO out = TEXT_INIT(1000);

		encode(cases[_i].how, cases[_i].in, step, &out);
		ck_assert_msg(slice_is(text_slice(&out), cases[_i].want),
		    "%zu: %.*s", step, SLICE_FMT(text_slice(&out)));
	}
}
END_TEST

/* What is decoded, and no line of more than 76 characters. */
static void
check_round(enum encoder_how how, struct slice in)
{
	enum mime_encoding encoding = how == ENCODE_BASE64 ? MIME_BASE64 :
	    MIME_QUOTED_PRINTABLE;
	TEXT_AUTO coded = TEXT_INIT(100000);
	TEXT_AUTO back = TEXT_INIT(100000);
	struct decoder decoder;
	struct slice rest, line;

	encode(how, in, 7, &coded);
	rest = text_slice(&coded);
	while (slice_cut(&rest, '\n', &line))
		ck_assert_uint_le(line.len, 77);
	ck_assert_uint_le(rest.len, 76);
	ck_assert_int_eq(decoder_begin(&decoder, encoding), 0);
	decoder_add(&decoder, text_slice(&coded), &back);
	decoder_end(&decoder, &back);
	ck_assert(slice_is(text_slice(&back), in));
}

START_TEST(what_is_decoded_is_what_was_given)
{
	static const char bytes[] = "=\r\n \t.a\0\303\251zF";
	char in[3000];
	uint32_t seed = 1;

	for (size_t len = 0; len < sizeof(in); len = len * 2 + 1) {
		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525 + 1013904223;
			in[i] = bytes[(seed >> 16) % (sizeof(bytes) - 1)];
		}
		check_round(ENCODE_QUOTED, slice_of(in, len));
		check_round(ENCODE_BASE64, slice_of(in, len));
		memset(in, 'x', len);
		check_round(ENCODE_QUOTED, slice_of(in, len));
		memset(in, '\351', len);
		check_round(ENCODE_QUOTED, slice_of(in, len));
	}
}
END_TEST

/* An escape is never cut in two. */
START_TEST(a_long_line_that_was_encoded_ends_softly)
{
	char in[3000];

	for (size_t i = 0; i < sizeof(in); i += 3)
		memcpy(&in[i], "=41", 3);
	for (size_t shift = 0; shift < 3; shift++) {
		struct slice all = slice_of(in + (3 - shift) % 3,
		    sizeof(in) - 3), line, rest;
		TEXT_AUTO coded = TEXT_INIT(10000);
		TEXT_AUTO back = TEXT_INIT(10000);
		TEXT_AUTO once = TEXT_INIT(10000);
		struct decoder decoder;

		encode(ENCODE_QUOTED_AGAIN, all, 11, &coded);
		rest = text_slice(&coded);
		while (slice_cut(&rest, '\n', &line))
			ck_assert_uint_le(line.len, 999);
		ck_assert_uint_le(rest.len, 998);
		(void)decoder_begin(&decoder, MIME_QUOTED_PRINTABLE);
		decoder_add(&decoder, text_slice(&coded), &back);
		decoder_end(&decoder, &back);
		(void)decoder_begin(&decoder, MIME_QUOTED_PRINTABLE);
		decoder_add(&decoder, all, &once);
		decoder_end(&decoder, &once);
		ck_assert(slice_is(text_slice(&back), text_slice(&once)));
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("message/encode");
	TCase *tests = tcase_create("encode");

	tcase_add_loop_test(tests, a_body_is_encoded_however_it_is_cut, 0,
	    sizeof(cases) / sizeof(*cases));
	tcase_add_test(tests, what_is_decoded_is_what_was_given);
	tcase_add_test(tests, a_long_line_that_was_encoded_ends_softly);
	suite_add_tcase(suite, tests);
	return suite;
}
