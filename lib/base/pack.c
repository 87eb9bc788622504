/*
 * pack.c - typed values as bytes, for messages between roles and for records
 */
#include "lib/base/pack.h"

#include <endian.h>
#include <string.h>

void
pack_u8(struct text *text, uint8_t n)
{
	text_add(text, slice_of(&n, sizeof(n)));
}

void
pack_u16(struct text *text, uint16_t n)
{
	n = htole16(n);
	text_add(text, slice_of(&n, sizeof(n)));
}

void
pack_u32(struct text *text, uint32_t n)
{
	n = htole32(n);
	text_add(text, slice_of(&n, sizeof(n)));
}

void
pack_u64(struct text *text, uint64_t n)
{
	n = htole64(n);
	text_add(text, slice_of(&n, sizeof(n)));
}

void
pack_i64(struct text *text, int64_t n)
{
	pack_u64(text, (uint64_t)n);
}

void
pack_slice(struct text *text, struct slice s)
{
	if (s.len > UINT32_MAX) {
		text->failed = true;
		return;
	}
	pack_u32(text, (uint32_t)s.len);
	text_add(text, s);
}

void
pack_varint(struct text *text, uint64_t n)
{
	unsigned char bytes[10];
	size_t len = 0;

	while (n >= 0x80) {
		bytes[len++] = (unsigned char)(n | 0x80);
		n >>= 7;
	}
	bytes[len++] = (unsigned char)n;
	text_add(text, slice_of(bytes, len));
}

void
pack_bytes(struct text *text, struct slice s)
{
	text_add(text, s);
}

struct unpack
unpack_of(struct slice s)
{
	return (struct unpack){ .rest = s };
}

/* The next `len` bytes into `to`, or zeroes and a bad reader. */
static void
take(struct unpack *u, void *to, size_t len)
{
	if (u->bad || u->rest.len < len) {
		u->bad = true;
		memset(to, 0, len);
		return;
	}
	memcpy(to, u->rest.at, len);
	u->rest = slice_after(u->rest, len);
}

uint8_t
unpack_u8(struct unpack *u)
{
	uint8_t n;

	take(u, &n, sizeof(n));
	return n;
}

uint16_t
unpack_u16(struct unpack *u)
{
	uint16_t n;

	take(u, &n, sizeof(n));
	return le16toh(n);
}

uint32_t
unpack_u32(struct unpack *u)
{
	uint32_t n;

	take(u, &n, sizeof(n));
	return le32toh(n);
}

uint64_t
unpack_u64(struct unpack *u)
{
	uint64_t n;

	take(u, &n, sizeof(n));
	return le64toh(n);
}

int64_t
unpack_i64(struct unpack *u)
{
	return (int64_t)unpack_u64(u);
}

uint64_t
unpack_varint(struct unpack *u)
{
	uint64_t n = 0, byte;
	size_t len = 0;

	/* most numbers are small */
	if (!u->bad && u->rest.len > 0 &&
	    (unsigned char)u->rest.at[0] < 0x80) {
		n = (unsigned char)u->rest.at[0];
		u->rest = slice_of(u->rest.at + 1, u->rest.len - 1);
		return n;
	}
	for (unsigned shift = 0; shift < 64 && !u->bad &&
	    len < u->rest.len; shift += 7) {
		byte = (unsigned char)u->rest.at[len++];
		/* the tenth byte has one bit of the number left */
		if (shift == 63 && byte > 1)
			break;
		n |= (byte & 0x7f) << shift;
		if (byte < 0x80) {
			u->rest = slice_after(u->rest, len);
			return n;
		}
	}
	u->bad = true;
	return 0;
}

struct slice
unpack_bytes(struct unpack *u, size_t n)
{
	struct slice s;

	if (u->bad || u->rest.len < n) {
		u->bad = true;
		return slice_of(NULL, 0);
	}
	s = slice_first(u->rest, n);
	u->rest = slice_after(u->rest, n);
	return s;
}

struct slice
unpack_slice(struct unpack *u)
{
	return unpack_bytes(u, unpack_u32(u));
}

bool
unpack_bool(struct unpack *u)
{
	return unpack_enum(u, 2) == 1;
}

unsigned
unpack_enum(struct unpack *u, unsigned end)
{
	unsigned n = unpack_u8(u);

	if (n < end)
		return n;
	u->bad = true;
	return 0;
}

bool
unpack_is_done(const struct unpack *u)
{
	return !u->bad && u->rest.len == 0;
}
