/*
 * pack.h - typed values as bytes, for messages between roles and for records
 *
 * Little-endian numbers of fixed width; a slice is its length (u32) and its
 * bytes.  Nothing is self-describing: the kind of the message, or the version
 * of the record, says what stands where.  Reading checks every length and
 * remembers the first fault, so that a reader asks once, at the end.
 */
#ifndef POSTROOM_BASE_PACK_H
#define POSTROOM_BASE_PACK_H

#include "lib/base/text.h"

/* Add a value to the text, which fails when it does not fit. */
void		pack_u8(struct text *, uint8_t);
void		pack_u16(struct text *, uint16_t);
void		pack_u32(struct text *, uint32_t);
void		pack_u64(struct text *, uint64_t);
void		pack_i64(struct text *, int64_t);
void		pack_slice(struct text *, struct slice);
/* A number in as few bytes as it takes, 1 to 10: seven bits each, the low ones
 * first, and the eighth bit says that more follow. */
void		pack_varint(struct text *, uint64_t);
/* `s` as it is, without a length. */
void		pack_bytes(struct text *, struct slice s);

struct unpack {
	struct slice	rest;	/* what has not been read yet */
	bool		bad;	/* something was short or out of range */
};

/* Read from `s`; slices that come out point into it. */
struct unpack	unpack_of(struct slice s);
/* Zero or the empty slice once the reader is bad. */
uint8_t		unpack_u8(struct unpack *);
uint16_t	unpack_u16(struct unpack *);
uint32_t	unpack_u32(struct unpack *);
uint64_t	unpack_u64(struct unpack *);
int64_t		unpack_i64(struct unpack *);
uint64_t	unpack_varint(struct unpack *);
struct slice	unpack_slice(struct unpack *);
/* The next `n` bytes. */
struct slice	unpack_bytes(struct unpack *, size_t n);
/* A u8 that must be 0 or 1. */
bool		unpack_bool(struct unpack *);
/* A u8 that must be below `end`, for an enum that starts at 0. */
unsigned	unpack_enum(struct unpack *, unsigned end);
/* Everything was good and nothing is left over. */
bool		unpack_is_done(const struct unpack *);

#endif
