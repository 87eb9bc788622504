/*
 * scram_fuzz.c - any bytes as the messages of SCRAM
 *
 * What is read lies inside the message, and together it is all of it.
 */
#include <assert.h>
#include <string.h>

#include "lib/base/scram.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
lies_in(struct slice part, struct slice whole)
{
	assert(part.len == 0 || (part.at >= whole.at &&
	    part.at + part.len <= whole.at + whole.len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_of(data, size), name;
	struct scram_first first;
	struct scram_final final;
	char buffer[64];

	if (scram_first_read(message, &first) == 0) {
		assert(first.header.len + first.bare.len == size);
		assert(first.nonce.len > 0 &&
		    first.nonce.len <= SCRAM_NONCE_BYTES);
		assert((first.binding == SCRAM_BINDS) ==
		    (first.binding_type.len > 0));
		lies_in(first.user, first.bare);
		lies_in(first.authzid, first.header);
		if (scram_name(first.user, buffer, sizeof(buffer), &name) == 0)
			assert(name.len <= first.user.len);
	}
	if (scram_final_read(message, &final) == 0) {
		assert(final.unproved.len + 3 + final.proof.len == size);
		lies_in(final.binding, final.unproved);
		lies_in(final.nonce, final.unproved);
	}
	return 0;
}
