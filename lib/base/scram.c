/*
 * scram.c - the messages of a client that logs in by SCRAM
 */
#include "lib/base/scram.h"

#include <errno.h>

/* Cut "k=value" and its comma off `*rest`; the last has no comma. */
static bool
take(struct slice *rest, const char *key, struct slice *value_out)
{
	struct slice whole;

	if (!slice_is_str(slice_first(*rest, 2), key))
		return false;
	if (!slice_cut(rest, ',', &whole)) {
		whole = *rest;
		*rest = slice_after(*rest, rest->len);
	}
	*value_out = slice_after(whole, 2);
	return true;
}

/* RFC 5802 7, printable: any of ASCII that shows, and no comma. */
static bool
is_nonce(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] <= ' ' || s.at[i] > '~')
			return false;
	return s.len > 0;
}

/* Read "n,", "y," or "p=type,", and "a=name," or ",". */
static bool
take_header(struct slice *rest, struct scram_first *first)
{
	struct slice flag;

	if (take(rest, "p=", &first->binding_type)) {
		first->binding = SCRAM_BINDS;
		if (first->binding_type.len == 0)
			return false;
	} else if (!slice_cut(rest, ',', &flag)) {
		return false;
	} else if (slice_is_str(flag, "y")) {
		first->binding = SCRAM_COULD_BIND;
	} else if (!slice_is_str(flag, "n")) {
		return false;
	}
	if (take(rest, "a=", &first->authzid))
		return first->authzid.len > 0;
	return slice_cut(rest, ',', &flag) && flag.len == 0;
}

int
scram_first_read(struct slice message, struct scram_first *first_out)
{
	struct scram_first first = { .binding = SCRAM_CANNOT_BIND };
	struct slice rest = message;

	if (slice_find(message, '\0') != SIZE_MAX ||
	    !take_header(&rest, &first))
		return -EINVAL;
	first.header = slice_first(message, message.len - rest.len);
	first.bare = rest;
	/* an extension that must be known would stand here, as "m=" */
	if (!take(&rest, "n=", &first.user) ||
	    !take(&rest, "r=", &first.nonce) || !is_nonce(first.nonce) ||
	    first.nonce.len > SCRAM_NONCE_BYTES)
		return -EINVAL;
	*first_out = first;
	return 0;
}

int
scram_final_read(struct slice message, struct scram_final *final_out)
{
	struct scram_final final;
	struct slice rest;
	size_t at = slice_find_last(message, ',');

	if (at == SIZE_MAX || slice_find(message, '\0') != SIZE_MAX)
		return -EINVAL;
	final.unproved = slice_first(message, at);
	final.proof = slice_after(message, at + 1);
	rest = final.unproved;
	if (!slice_is_str(slice_first(final.proof, 2), "p=") ||
	    !take(&rest, "c=", &final.binding) ||
	    !take(&rest, "r=", &final.nonce) || !is_nonce(final.nonce))
		return -EINVAL;
	final.proof = slice_after(final.proof, 2);
	*final_out = final;
	return 0;
}

int
scram_name(struct slice encoded, char *buffer, size_t size,
    struct slice *name_out)
{
	size_t len = 0;

	while (encoded.len > 0) {
		char c = encoded.at[0];
		size_t taken = 1;

		if (c == '=') {
			taken = 3;
			if (slice_is_str(slice_first(encoded, taken), "=2C"))
				c = ',';
			else if (!slice_is_str(slice_first(encoded, taken),
			    "=3D"))
				return -EINVAL;
		}
		if (len == size)
			return -E2BIG;
		buffer[len++] = c;
		encoded = slice_after(encoded, taken);
	}
	*name_out = slice_of(buffer, len);
	return 0;
}
