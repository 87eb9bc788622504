/*
 * digest_test.c - who a message is, however its bytes come
 */
#include <string.h>

#include "fetch/digest.h"
#include "tests/unit/unit.h"

static struct digest whole, header;

static void
begin(void)
{
	ck_assert_int_eq(digest_open(&whole), 0);
	ck_assert_int_eq(digest_open(&header), 0);
}

static void
end(void)
{
	digest_close(&whole);
	digest_close(&header);
}

/* SHA-256 of those bytes. */
static void
sha256(const char *bytes, unsigned char out[DIGEST_BYTES])
{
	ck_assert_int_eq(digest_of(&whole, slice_str(bytes), out), 0);
}

/* FIPS 180-2, appendix B.1 */
START_TEST(it_is_sha_256)
{
	static const unsigned char abc[DIGEST_BYTES] = {
		0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
		0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
		0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
		0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad
	};
	unsigned char out[DIGEST_BYTES];

	sha256("abc", out);
	ck_assert_mem_eq(out, abc, DIGEST_BYTES);
}
END_TEST

/* What is stored, what of it is the header. */
static const struct {
	const char	*message, *header;
} messages[] = {
	{ "A: b\r\nC: d\r\n\r\nbody\r\n", "A: b\r\nC: d\r\n" },
	/* TOP n 0 has no body; some servers leave the empty line out, too */
	{ "A: b\r\nC: d\r\n\r\n", "A: b\r\nC: d\r\n" },
	{ "A: b\r\nC: d\r\n", "A: b\r\nC: d\r\n" },
	/* HARDENING F22: no empty line; F21: nothing at all */
	{ "A: b\r\nno header\r\n", "A: b\r\nno header\r\n" },
	{ "", "" }, { "\r\n", "" }, { "\r\nbody\r\n\r\nmore\r\n", "" },
	/* an empty line of a body is none of the header */
	{ "A: b\r\n\r\none\r\n\r\ntwo\r\n", "A: b\r\n" },
	{ "A: b\r\n c\r\n\td\r\n\r\nx\r\n", "A: b\r\n c\r\n\td\r\n" },
};

/* In one piece, in two at each place, and byte by byte. */
START_TEST(a_header_is_the_same_in_any_pieces)
{
	struct slice message = slice_str(messages[_i].message);
	unsigned char wanted[DIGEST_BYTES], out[DIGEST_BYTES];

	sha256(messages[_i].header, wanted);
	for (size_t at = 0; at <= message.len; at++) {
		digest_begin(&header);
		digest_add_header(&header, slice_first(message, at));
		digest_add_header(&header, slice_after(message, at));
		ck_assert_int_eq(digest_end(&header, out), 0);
		ck_assert_msg(memcmp(out, wanted, DIGEST_BYTES) == 0,
		    "cut at %zu", at);
	}
	digest_begin(&header);
	for (size_t at = 0; at < message.len; at++)
		digest_add_header(&header, slice_of(message.at + at, 1));
	ck_assert_int_eq(digest_end(&header, out), 0);
	ck_assert_mem_eq(out, wanted, DIGEST_BYTES);
}
END_TEST

/* Headers that are not the same are not taken for it. */
START_TEST(another_header_is_another_one)
{
	unsigned char out[sizeof(messages) / sizeof(*messages)][DIGEST_BYTES];

	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		sha256(messages[i].header, out[i]);
		for (size_t k = 0; k < i; k++)
			ck_assert_int_eq(memcmp(out[i], out[k],
			    DIGEST_BYTES) == 0, strcmp(messages[i].header,
			    messages[k].header) == 0);
	}
}
END_TEST

START_TEST(it_is_used_again_and_closed_twice)
{
	unsigned char one[DIGEST_BYTES], two[DIGEST_BYTES];

	digest_begin(&header);
	digest_add_header(&header, slice_str("A: b\r\n\r\n"));
	digest_begin(&header);	/* that one came to nothing */
	digest_add_header(&header, slice_str("C: d\r\n"));
	ck_assert_int_eq(digest_end(&header, one), 0);
	sha256("C: d\r\n", two);
	ck_assert_mem_eq(one, two, DIGEST_BYTES);
	digest_close(&header);
	digest_close(&header);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("digest");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, begin, end);
	tcase_add_test(all, it_is_sha_256);
	tcase_add_loop_test(all, a_header_is_the_same_in_any_pieces, 0,
	    (int)(sizeof(messages) / sizeof(*messages)));
	tcase_add_test(all, another_header_is_another_one);
	tcase_add_test(all, it_is_used_again_and_closed_twice);
	suite_add_tcase(suite, all);
	return suite;
}
