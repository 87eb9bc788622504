/*
 * crc32c_test.c - the checksum of everything we write down
 */
#include "lib/base/crc32c.h"

#include "tests/unit/unit.h"

/* RFC 3720 B.4, and the usual check word */
static const struct {
	struct slice	bytes;
	uint32_t	crc;
} known[] = {
	{ SLICE(""), 0 },
	{ SLICE("123456789"), 0xe3069283 },
	{ SLICE("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), 0x8a9136aa },
	{ SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	    "\xff\xff"), 0x62a8ab43 },
};

START_TEST(known_bytes_have_their_known_checksum)
{
	ck_assert_uint_eq(crc32c(0, known[_i].bytes), known[_i].crc);
	ck_assert_uint_eq(crc32c_plain(0, known[_i].bytes), known[_i].crc);
}
END_TEST

START_TEST(both_ways_agree_at_every_length_and_offset)
{
	static char bytes[3 * 768 + 40];
	uint32_t seed = 1;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (char)(seed >> 24);
	}
	for (size_t from = 0; from < 9; from++)
		for (size_t len = 0; from + len <= sizeof(bytes); len++) {
			struct slice s = slice_of(bytes + from, len);

			if (crc32c(seed, s) != crc32c_plain(seed, s))
				ck_abort_msg("%zu bytes from %zu on", len,
				    from);
		}
}
END_TEST

START_TEST(a_record_may_be_summed_in_pieces)
{
	struct slice all = SLICE("one record in two pieces");

	for (size_t cut = 0; cut <= all.len; cut++)
		ck_assert_uint_eq(crc32c(crc32c(0, slice_first(all, cut)),
		    slice_after(all, cut)), crc32c(0, all));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("crc32c");
	TCase *tcase = tcase_create("crc32c");

	tcase_add_loop_test(tcase, known_bytes_have_their_known_checksum, 0,
	    sizeof(known) / sizeof(known[0]));
	tcase_add_test(tcase, both_ways_agree_at_every_length_and_offset);
	tcase_add_test(tcase, a_record_may_be_summed_in_pieces);
	suite_add_tcase(suite, tcase);
	return suite;
}
