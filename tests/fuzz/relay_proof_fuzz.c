/*
 * relay_proof_fuzz.c - what the resolver says of a host's certificate
 *
 * Whatever it says, it is found only with a name and with records that lie in
 * what was said; another reply behind it leaves nothing of the first.
 */
#include <assert.h>
#include <string.h>

#include "gateway/relay/proof.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(const struct relay_proof *proof, enum names_found found, bool is_mx)
{
	const struct talk_dane *dane = &proof->dane;

	assert((found == NAMES_FOUND) == (dane->count > 0));
	if (found != NAMES_FOUND)
		return;
	assert(dane->count <= NAMES_PROOFS);
	assert(host_is_name(slice_str(proof->base)));
	assert((dane->also != NULL) == is_mx && !dane->or_trusted);
	(void)relay_proof_is_of_use(proof);
	for (size_t i = 0; i < dane->count; i++)
		assert(dane->records[i].at >= proof->packed.at &&
		    dane->records[i].at + dane->records[i].len <=
		    proof->packed.at + proof->packed.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice input = slice_of(bytes, len);
	struct relay_proof proof;

	memset(&proof, 0, sizeof(proof));
	check(&proof, relay_proof_read(&proof, input, slice_str("far.test")),
	    true);
	check(&proof, relay_proof_read(&proof, slice_after(input, 1),
	    slice_str("")), false);
	check(&proof, relay_proof_read(&proof, input, slice_str("")), false);
	relay_proof_free(&proof);
	return 0;
}
