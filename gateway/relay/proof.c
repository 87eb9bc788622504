/*
 * proof.c - what the next host has published of its certificate
 */
#include "gateway/relay/proof.h"

#include "lib/base/pack.h"

#define PROOF_BYTES	(80 * 1024)	/* an answer of DNS, packed */
#define USAGE_TA	2	/* RFC 6698 2.1.1 */
#define USAGE_EE	3

/* False: it is not what the resolver says. */
static bool
read_records(struct relay_proof *proof, struct unpack *u)
{
	struct slice base = unpack_slice(u);
	uint32_t count = unpack_u32(u);

	if (u->bad || count == 0 || count > NAMES_PROOFS ||
	    !host_is_name(base) ||
	    slice_cstr(base, proof->base, sizeof(proof->base)) < 0)
		return false;
	for (uint32_t i = 0; i < count; i++)
		proof->records[i] = unpack_slice(u);
	if (!unpack_is_done(u))
		return false;
	proof->dane = (struct talk_dane){ .records = proof->records,
	    .count = count };
	return true;
}

enum names_found
relay_proof_read(struct relay_proof *proof, struct slice reply,
    struct slice domain)
{
	enum names_found found;
	struct unpack u;

	proof->dane.count = 0;
	proof->packed.limit = PROOF_BYTES;
	text_clear(&proof->packed);
	text_add(&proof->packed, reply);
	u = unpack_of(text_slice(&proof->packed));
	found = unpack_enum(&u, NAMES_FOUND_COUNT);
	if (u.bad || text_failed(&proof->packed) ||
	    (found == NAMES_FOUND && !read_records(proof, &u)))
		return NAMES_LATER;
	if (found != NAMES_FOUND)
		return found;
	/* RFC 7672 3.2.2: an authority may have signed for the domain, too */
	if (domain.len > 0 && slice_cstr(domain, proof->domain,
	    sizeof(proof->domain)) == 0)
		proof->dane.also = proof->domain;
	return NAMES_FOUND;
}

bool
relay_proof_is_of_use(const struct relay_proof *proof)
{
	for (size_t i = 0; i < proof->dane.count; i++)
		if (proof->records[i].len > 3 &&
		    (proof->records[i].at[0] == USAGE_TA ||
		    proof->records[i].at[0] == USAGE_EE))
			return true;
	return false;
}

void
relay_proof_write(struct text *text, const struct relay_proof *proof)
{
	for (size_t i = 0; i < proof->dane.count; i++) {
		struct slice record = proof->records[i];

		if (record.len < 3)
			continue;
		text_addf(text, "%u %u %u ", (unsigned char)record.at[0],
		    (unsigned char)record.at[1], (unsigned char)record.at[2]);
		for (size_t at = 3; at < record.len; at++)
			text_addf(text, "%02x", (unsigned char)record.at[at]);
		text_add_byte(text, '\n');
	}
}

void
relay_proof_free(struct relay_proof *proof)
{
	text_free(&proof->packed);
}
