/*
 * dkim_key.c - the key record of a domain (RFC 6376 3.6.1, RFC 8463 4)
 */
#include "filters/auth/dkim_key.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <errno.h>
#include <string.h>

#include "filters/auth/dkim_tags.h"

/* In DER: the modulus, and what stands around it. */
#define KEY_BYTES	(DKIM_KEY_BITS_MOST / 8 + 128)
#define ED25519_BYTES	32	/* RFC 8463 4.2 */

static struct slice
value_of(const struct dkim_tags *tags, const char *name, const char *otherwise)
{
	const struct dkim_tag *tag = dkim_tags_find(tags, name);

	return tag == NULL ? slice_str(otherwise) : tag->value;
}

/* SubjectPublicKeyInfo, as everybody writes it, or RSAPublicKey (3.6.1). */
static EVP_PKEY *
rsa_of(const unsigned char *bytes, size_t len)
{
	const unsigned char *at = bytes;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)len);

	if (pkey == NULL) {
		at = bytes;
		pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)len);
	}
	if (pkey != NULL && (at != bytes + len ||
	    EVP_PKEY_is_a(pkey, "RSA") != 1)) {
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	ERR_clear_error();
	return pkey;
}

static EVP_PKEY *
ed25519_of(const unsigned char *bytes, size_t len)
{
	EVP_PKEY *pkey = NULL;

	if (len == ED25519_BYTES)
		pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL,
		    bytes, len);
	ERR_clear_error();
	return pkey;
}

static enum dkim_reason
read_data(struct slice data, struct dkim_key *key)
{
	unsigned char bytes[KEY_BYTES];
	size_t len;
	int r;

	/* RFC 6376 3.6.1: an empty value means that it was withdrawn */
	if (data.len == 0)
		return DKIM_KEY_REVOKED;
	r = dkim_base64(data, bytes, sizeof(bytes), &len);
	if (r < 0)
		return r == -E2BIG ? DKIM_KEY_TOO_LARGE : DKIM_KEY_BAD;
	key->pkey = key->kind == DKIM_KEY_RSA ? rsa_of(bytes, len) :
	    ed25519_of(bytes, len);
	if (key->pkey == NULL)
		return DKIM_KEY_BAD;
	key->bits = (unsigned)EVP_PKEY_get_bits(key->pkey);
	return key->bits > DKIM_KEY_BITS_MOST ? DKIM_KEY_TOO_LARGE :
	    DKIM_VERIFIED;
}

/* RFC 6376 3.6.1: "v=", if it is there at all, stands first */
static bool
is_dkim1(const struct dkim_tags *tags)
{
	const struct dkim_tag *version = dkim_tags_find(tags, "v");

	return version == NULL || (version == &tags->tag[0] &&
	    slice_is_str(version->value, "DKIM1"));
}

enum dkim_reason
dkim_key_read(struct slice record, struct dkim_key *key_out)
{
	const struct dkim_tag *data;
	struct dkim_key key = { 0 };
	enum dkim_reason reason;
	struct dkim_tags tags;
	struct slice kind, services;

	if (dkim_tags_read(record, &tags) < 0)
		return DKIM_KEY_NO_LIST;
	if (!is_dkim1(&tags))
		return DKIM_KEY_VERSION;
	data = dkim_tags_find(&tags, "p");
	if (data == NULL)
		return DKIM_KEY_NO_LIST;
	kind = value_of(&tags, "k", "rsa");
	if (slice_is_word(kind, "ed25519"))
		key.kind = DKIM_KEY_ED25519;
	else if (!slice_is_word(kind, "rsa"))
		return DKIM_KEY_OTHER_KIND;
	services = value_of(&tags, "s", "*");
	key.is_for_mail = dkim_list_has(services, "*") ||
	    dkim_list_has(services, "email");
	key.takes_sha256 = dkim_list_has(value_of(&tags, "h", "sha256"),
	    "sha256");
	key.is_test = dkim_list_has(value_of(&tags, "t", ""), "y");
	key.is_strict = dkim_list_has(value_of(&tags, "t", ""), "s");
	reason = read_data(data->value, &key);
	if (reason == DKIM_VERIFIED)
		*key_out = key;
	else
		dkim_key_free(&key);
	return reason;
}

void
dkim_key_free(struct dkim_key *key)
{
	EVP_PKEY_free(key->pkey);
	memset(key, 0, sizeof(*key));
}
