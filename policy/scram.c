/*
 * scram.c - SCRAM-SHA-256 as the keeper of the keys has it
 */
#include "policy/scram.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/base/sasl.h"
#include "policy/seal.h"

#define ROUNDS_MOST	10000000	/* nobody waits for more */
#define NAME_MOST	1024	/* of a login, and words of ours */

/* A verifier of RFC 5803 3, read. */
struct verifier {
	struct scram_salt salt;
	unsigned char	stored[SCRAM_KEY_BYTES];
	unsigned char	server[SCRAM_KEY_BYTES];
};

/* Cut the base64 of exactly `size` bytes off `*rest`, up to `byte`. */
static bool
take(struct slice *rest, char byte, unsigned char *bytes_out, size_t size)
{
	struct slice text = *rest, bytes;

	if (byte != '\0' && !slice_cut(rest, byte, &text))
		return false;
	return sasl_decode(text, (char *)bytes_out, size, &bytes) == 0 &&
	    bytes.len == size;
}

/* 0, or -EINVAL: it is none of ours. */
static int
verifier_read(const char *text, struct verifier *verifier_out)
{
	struct slice rest = slice_str(text), word;
	struct verifier v;
	uint64_t rounds;

	if (!slice_cut(&rest, '$', &word) ||
	    !slice_is_str(word, "SCRAM-SHA-256") ||
	    !slice_cut(&rest, ':', &word) ||
	    slice_u64(word, ROUNDS_MOST, &rounds) < 0 || rounds == 0 ||
	    !take(&rest, '$', v.salt.bytes, sizeof(v.salt.bytes)) ||
	    !take(&rest, ':', v.stored, sizeof(v.stored)) ||
	    !take(&rest, '\0', v.server, sizeof(v.server)))
		return -EINVAL;
	v.salt.rounds = (uint32_t)rounds;
	*verifier_out = v;
	return 0;
}

static bool
hmac(const unsigned char key[SCRAM_KEY_BYTES], struct slice words,
    unsigned char out[SCRAM_KEY_BYTES])
{
	unsigned len = SCRAM_KEY_BYTES;

	return HMAC(EVP_sha256(), key, SCRAM_KEY_BYTES,
	    (const unsigned char *)words.at, words.len, out, &len) != NULL;
}

_Static_assert(SEAL_KEY_BYTES == SCRAM_KEY_BYTES,
    "the salt of a name that nobody has is made with the key of secrets");

/* The salt of a name that nobody has. */
static int
invent(struct policy *policy, const struct seal_key *key, struct slice user,
    struct scram_salt *salt_out)
{
	TEXT_AUTO name = TEXT_INIT(NAME_MOST);
	unsigned char digest[SCRAM_KEY_BYTES];
	int r;

	text_add_str(&name, "SCRAM salt of ");
	r = policy_name_normal(policy, user, &name);
	if (r < 0)
		return r;
	if (!hmac(key->bytes, text_slice(&name), digest))
		return -EIO;
	salt_out->rounds = PASSWORD_ROUNDS;
	memcpy(salt_out->bytes, digest, sizeof(salt_out->bytes));
	return 0;
}

int
policy_scram_salt(struct policy *policy, const struct seal_key *key,
    struct slice user, struct scram_salt *salt_out)
{
	struct password_secret secret;
	struct policy_account account;
	struct scram_salt invented;
	struct verifier verifier;
	int r = policy_login(policy, user, &account, &secret);

	if (r < 0 && r != -ENOENT && r != -ENOTUNIQ)
		return r;
	if (r < 0 || verifier_read(secret.scram, &verifier) < 0)
		verifier.salt.rounds = 0;
	/* who is known costs as much as who is not */
	r = invent(policy, key, user, &invented);
	if (r == 0)
		*salt_out = verifier.salt.rounds == 0 ? invented :
		    verifier.salt;
	OPENSSL_cleanse(&secret, sizeof(secret));
	OPENSSL_cleanse(&verifier, sizeof(verifier));
	return r;
}

bool
scram_is(const char *verifier, struct slice said, struct slice proof,
    unsigned char signature_out[SCRAM_KEY_BYTES])
{
	unsigned char key[SCRAM_KEY_BYTES], stored[SCRAM_KEY_BYTES];
	unsigned char signature[SCRAM_KEY_BYTES];
	struct verifier v = { 0 };
	bool is = verifier_read(verifier, &v) == 0;

	if (proof.len != SCRAM_KEY_BYTES || !hmac(v.stored, said, key))
		return false;
	for (size_t i = 0; i < SCRAM_KEY_BYTES; i++)
		key[i] ^= (unsigned char)proof.at[i];
	if (EVP_Digest(key, sizeof(key), stored, NULL, EVP_sha256(),
	    NULL) != 1 || !hmac(v.server, said, signature) ||
	    CRYPTO_memcmp(stored, v.stored, sizeof(stored)) != 0)
		is = false;
	if (is)
		memcpy(signature_out, signature, sizeof(signature));
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(&v, sizeof(v));
	return is;
}
