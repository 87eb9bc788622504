/*
 * hash.h - a hash of bytes that come from outside
 *
 * SipHash-2-4 (Aumasson, Bernstein 2012): who does not know the key cannot find
 * many strings that fall into one chain of a table.
 */
#ifndef POSTROOM_BASE_HASH_H
#define POSTROOM_BASE_HASH_H

#include "lib/base/slice.h"

struct hash_key {
	uint64_t	half[2];	/* random */
};

/* A fresh key.  0 or -errno. */
int	hash_key_new(struct hash_key *key_out);
/* The hash of `s`. */
uint64_t	hash_slice(const struct hash_key *, struct slice s);

#endif
