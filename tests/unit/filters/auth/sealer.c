/*
 * sealer.c - pass messages on with a seal as a test wants it, right or wrong
 */
#include "tests/unit/filters/auth/sealer.h"

#include <stdlib.h>

#include "filters/auth/arc.h"
#include "tests/unit/unit.h"

static void
add_base64(struct text *text, const unsigned char *bytes, size_t len)
{
	unsigned char base64[2048];

	(void)EVP_EncodeBlock(base64, bytes, (int)len);
	text_add_str(text, (char *)base64);
}

static void
add_body_hash(const struct signer *signer, struct text *text,
    struct slice message)
{
	struct dkim_digest digest = { 0 };
	unsigned char hash[DKIM_HASH_BYTES];
	struct dkim_body form;

	dkim_digest_begin(&digest, signer->tools, UINT64_MAX);
	dkim_body_begin(&form, DKIM_RELAXED, dkim_digest_add, &digest);
	dkim_body_add(&form, slice_after(message,
	    slice_find_str(message, "\r\n\r\n") + 4));
	dkim_body_end(&form);
	ck_assert_int_eq(dkim_digest_end(&digest, hash), 0);
	dkim_digest_free(&digest);
	add_base64(text, hash, sizeof(hash));
}

/* The hash that the topmost field, of hand `i`, signs. */
static void
hash_top(const struct signer *signer, struct slice message,
    enum dkim_field kind, unsigned i, unsigned char hash[DKIM_HASH_BYTES])
{
	struct dkim_fields *fields = calloc(1, sizeof(*fields));
	struct dkim_signature says;
	size_t before[ARC_SETS * 3 + 3], count = 0;

	ck_assert_int_eq(dkim_fields_read(slice_first(message,
	    slice_find_str(message, "\r\n\r\n") + 4), fields), 0);
	(void)dkim_signature_read_as(&fields->field[0], kind, &says);
	/* the newest set is on top, each of them seal, signature, results */
	for (unsigned j = i; j-- > 0;)
		for (unsigned part = 3; part-- > 0;)
			before[count++] = (size_t)j * 3 + part;
	if (kind == DKIM_FIELD_ARC_SEAL)
		ck_assert_int_eq(dkim_fields_hash_seal(fields, before,
		    count - 1, 0, &says, signer->tools, hash), 0);
	else
		ck_assert_int_eq(dkim_fields_hash(fields, 0, &says,
		    signer->tools, hash), 0);
	free(fields);
}

/* Put a signed field on top of the message. */
static void
add_field(const struct signer *signer, struct text *message,
    const char *name, unsigned i, const char *tags, enum dkim_field kind)
{
	TEXT_AUTO draft = TEXT_INIT(1 << 20), field = TEXT_INIT(1 << 16);
	unsigned char hash[DKIM_HASH_BYTES], data[512];

	text_addf(&field, "%s: i=%u; %s", name, i, tags);
	if (kind == DKIM_FIELD_ARC_MESSAGE) {
		text_add_str(&field, "bh=");
		add_body_hash(signer, &field, text_slice(message));
		text_add_str(&field, "; ");
	}
	text_add_str(&field, "b=");
	text_add(&draft, text_slice(&field));
	text_add_str(&draft, "\r\n");
	text_add(&draft, text_slice(message));
	hash_top(signer, text_slice(&draft), kind, i, hash);
	add_base64(&field, data, signer_sign(signer->rsa, hash, data,
	    sizeof(data)));
	text_add_str(&field, "\r\n");
	text_add(&field, text_slice(message));
	text_clear(message);
	text_add(message, text_slice(&field));
	ck_assert(!text_failed(message) && !text_failed(&draft) &&
	    !text_failed(&field));
}

void
sealer_pass_on(const struct signer *signer, struct text *message, unsigned i,
    const struct sealer_hand *hand)
{
	TEXT_AUTO was = TEXT_INIT(1 << 20);

	text_add(&was, text_slice(message));
	text_clear(message);
	text_addf(message, "ARC-Authentication-Results: i=%u; %s\r\n", i,
	    hand->results);
	text_add(message, text_slice(&was));
	add_field(signer, message, "ARC-Message-Signature", i,
	    hand->message_tags, DKIM_FIELD_ARC_MESSAGE);
	add_field(signer, message, "ARC-Seal", i, hand->seal_tags,
	    DKIM_FIELD_ARC_SEAL);
}
