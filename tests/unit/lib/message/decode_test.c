/*
 * decode_test.c - a content transfer encoding undone, piece by piece
 */
#include <errno.h>
#include <string.h>

#include "lib/message/decode.h"
#include "tests/unit/unit.h"

static const struct {
	enum mime_encoding	encoding;
	struct slice		in, want;
} cases[] = {
	{ MIME_7BIT, SLICE("a=3D b \r\n"), SLICE("a=3D b \r\n") },
	{ MIME_BINARY, SLICE("a\0b"), SLICE("a\0b") },
	{ MIME_BASE64, SLICE("SGVsbG8="), SLICE("Hello") },
	{ MIME_BASE64, SLICE("SGVs\r\nbG8h\r\n"), SLICE("Hello!") },
	{ MIME_BASE64, SLICE("AP8QgA=="), SLICE("\0\377\020\200") },
	{ MIME_BASE64, SLICE(""), SLICE("") },
	/* RFC 2045 6.8: what is no digit is passed over; a cut group is too */
	{ MIME_BASE64, SLICE("S*G V\r\ns-bG8"), SLICE("Hello") },
	{ MIME_BASE64, SLICE("S"), SLICE("") },
	/* one more behind the pad */
	{ MIME_BASE64, SLICE("YQ==Yg=="), SLICE("ab") },
	{ MIME_QUOTED_PRINTABLE, SLICE("caf=C3=A9=\r\n=e9\r\n"),
	    SLICE("caf\303\251\351\r\n") },
	{ MIME_QUOTED_PRINTABLE, SLICE("soft= \t\r\nbreak=\nx"),
	    SLICE("softbreakx") },
	/* RFC 2045 6.7 (3): blanks at the end of a line go */
	{ MIME_QUOTED_PRINTABLE, SLICE("a b \t\r\nc  \nd =20\r\ne "),
	    SLICE("a b\r\nc\nd  \r\ne") },
	{ MIME_QUOTED_PRINTABLE, SLICE(" \r \r\r\n"), SLICE(" \r \r\r\n") },
	/* what is none stands as it is */
	{ MIME_QUOTED_PRINTABLE, SLICE("1=2, =x=4 =4x == =3D"),
	    SLICE("1=2, =x=4 =4x == =") },
	{ MIME_QUOTED_PRINTABLE, SLICE("a= b= \rc"), SLICE("a= b= \rc") },
	{ MIME_QUOTED_PRINTABLE, SLICE("end="), SLICE("end") },
	{ MIME_QUOTED_PRINTABLE, SLICE("end=4"), SLICE("end=4") },
	{ MIME_QUOTED_PRINTABLE, SLICE("end= \r"), SLICE("end") },
	{ MIME_QUOTED_PRINTABLE, SLICE("\r\n=\r\n\r\n"), SLICE("\r\n\r\n") },
};

static void
decode(enum mime_encoding encoding, struct slice in, size_t step,
    struct text *out)
{
	struct decoder d;

	ck_assert_int_eq(decoder_begin(&d, encoding), 0);
	for (; in.len > 0; in = slice_after(in, step))
		decoder_add(&d, slice_first(in, step), out);
	decoder_end(&d, out);
	ck_assert(!text_failed(out));
}

/* Wherever the pieces are cut. */
START_TEST(a_body_is_decoded_however_it_is_cut)
{
	for (size_t step = 1; step < 30; step++) {
		TEXT_AUTO out = TEXT_INIT(1000);

		decode(cases[_i].encoding, cases[_i].in, step, &out);
		ck_assert_msg(slice_is(text_slice(&out), cases[_i].want),
		    "step %zu: %.*s", step, SLICE_FMT(text_slice(&out)));
	}
}
END_TEST

START_TEST(its_size_is_told_without_it)
{
	uint64_t n = 0;

	ck_assert_int_eq(decode_bytes(cases[_i].encoding, cases[_i].in, &n), 0);
	ck_assert_uint_eq(n, cases[_i].want.len);
}
END_TEST

/* RFC 3516 4.3 */
START_TEST(an_unknown_encoding_is_not_decoded)
{
	struct decoder d;
	uint64_t n;

	ck_assert_int_eq(decoder_begin(&d, MIME_UNKNOWN), -ENOTSUP);
	ck_assert_int_eq(decode_bytes(MIME_UNKNOWN, slice_str("a"), &n),
	    -ENOTSUP);
}
END_TEST

START_TEST(blanks_without_end_are_not_all_held_back)
{
	TEXT_AUTO in = TEXT_INIT(1 << 20);
	TEXT_AUTO out = TEXT_INIT(1 << 20);
	uint64_t n = 0;

	for (unsigned i = 0; i < 300000; i++)
		text_add_byte(&in, ' ');
	text_add_byte(&in, 'x');
	decode(MIME_QUOTED_PRINTABLE, text_slice(&in), 1000, &out);
	ck_assert_uint_eq(out.len, in.len);
	ck_assert_int_eq(decode_bytes(MIME_QUOTED_PRINTABLE, text_slice(&in),
	    &n), 0);
	ck_assert_uint_eq(n, in.len);
}
END_TEST

#define COUNT(of)	((int)(sizeof(of) / sizeof((of)[0])))

Suite *
unit_suite(void)
{
	Suite *s = suite_create("decode");
	TCase *t = tcase_create("decode");

	tcase_add_loop_test(t, a_body_is_decoded_however_it_is_cut, 0,
	    COUNT(cases));
	tcase_add_loop_test(t, its_size_is_told_without_it, 0, COUNT(cases));
	tcase_add_test(t, an_unknown_encoding_is_not_decoded);
	tcase_add_test(t, blanks_without_end_are_not_all_held_back);
	suite_add_tcase(s, t);
	return s;
}
