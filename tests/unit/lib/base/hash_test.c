/*
 * hash_test.c - a hash of bytes that come from outside
 */
#include "lib/base/hash.h"
#include "tests/unit/unit.h"

/* The key 00 01 .. 0f of the paper. */
static const struct hash_key key = {
	{ 0x0706050403020100, 0x0f0e0d0c0b0a0908 }
};

static const struct {
	size_t		len;
	uint64_t	hash;
} vectors[] = {
	{ 0,	0x726fdb47dd0e0e31 },
	{ 1,	0x74f839c593dc67fd },
	{ 7,	0xab0200f58b01d137 },
	{ 8,	0x93f5f5799a932462 },
	/* SipHash: a fast short-input PRF, appendix A */
	{ 15,	0xa129ca6149be45e5 },
};

START_TEST(a_hash_is_that_of_the_paper)
{
	static const char bytes[] = "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16";

	ck_assert_uint_eq(hash_slice(&key, slice_of(bytes, vectors[_i].len)),
	    vectors[_i].hash);
}
END_TEST

START_TEST(another_key_gives_another_hash)
{
	const struct hash_key other = { { key.half[0], key.half[1] + 1 } };

	ck_assert_uint_ne(hash_slice(&key, slice_str("<1@a.test>")),
	    hash_slice(&other, slice_str("<1@a.test>")));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("hash");
	TCase *t = tcase_create("hash");

	tcase_add_loop_test(t, a_hash_is_that_of_the_paper, 0,
	    (int)(sizeof(vectors) / sizeof(*vectors)));
	tcase_add_test(t, another_key_gives_another_hash);
	suite_add_tcase(s, t);
	return s;
}
