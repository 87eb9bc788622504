/*
 * hash.c - a hash of bytes that come from outside
 */
#include "lib/base/hash.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

int
hash_key_new(struct hash_key *key_out)
{
	struct hash_key key;

	if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return -EAGAIN;
	*key_out = key;
	return 0;
}

static uint64_t
rotate(uint64_t n, unsigned bits)
{
	return n << bits | n >> (64 - bits);
}

static void
turn(uint64_t v[4], unsigned rounds)
{
	while (rounds-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32) + v[3];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

/* Eight bytes, the first one lowest. */
static uint64_t
whole_word(const char *at)
{
	uint64_t n;

	memcpy(&n, at, sizeof(n));
	return le64toh(n);
}

/* Fewer than eight. */
static uint64_t
rest_of(struct slice s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n |= (uint64_t)(unsigned char)s.at[i] << (8 * i);
	return n;
}

static void
take(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	turn(v, 2);
	v[0] ^= word;
}

uint64_t
hash_slice(const struct hash_key *key, struct slice s)
{
	uint64_t v[4] = {
		key->half[0] ^ 0x736f6d6570736575,
		key->half[1] ^ 0x646f72616e646f6d,
		key->half[0] ^ 0x6c7967656e657261,
		key->half[1] ^ 0x7465646279746573,
	};
	uint64_t len = s.len;

	for (; s.len >= 8; s = slice_after(s, 8))
		take(v, whole_word(s.at));
	take(v, rest_of(s) | len << 56);
	v[2] ^= 0xff;
	turn(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
