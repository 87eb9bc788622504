/*
 * seal.c - secrets that must be read again: remote passwords, at rest
 *
 * A nonce is random and 96 bits: an office seals far fewer than the 2^32
 * secrets for which that is safe (NIST SP 800-38D 8.3).
 */
#include "policy/seal.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

#define VERSION		1
#define NONCE_BYTES	12
#define TAG_BYTES	16

int
seal_key_take(struct slice bytes, struct seal_key *key_out)
{
	if (bytes.len != SEAL_KEY_BYTES)
		return -EINVAL;
	memcpy(key_out->bytes, bytes.at, SEAL_KEY_BYTES);
	return 0;
}

void
seal_key_forget(struct seal_key *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}

static const unsigned char *
octets(struct slice s)
{
	return (const unsigned char *)(s.at == NULL ? "" : s.at);
}

/* Seal into `to`: as long as the secret; the tag comes apart. */
static bool
encrypt(EVP_CIPHER_CTX *cipher, const struct seal_key *key,
    const unsigned char nonce[NONCE_BYTES], struct slice context,
    struct slice secret, unsigned char *to, unsigned char tag[TAG_BYTES])
{
	int len;

	return EVP_EncryptInit_ex2(cipher, EVP_aes_256_gcm(), key->bytes,
	    nonce, NULL) == 1 &&
	    EVP_EncryptUpdate(cipher, NULL, &len, octets(context),
	    (int)context.len) == 1 &&
	    EVP_EncryptUpdate(cipher, to, &len, octets(secret),
	    (int)secret.len) == 1 &&
	    EVP_EncryptFinal_ex(cipher, to + len, &len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_BYTES,
	    tag) == 1;
}

int
seal(const struct seal_key *key, struct slice context, struct slice secret,
    struct text *sealed)
{
	unsigned char nonce[NONCE_BYTES], tag[TAG_BYTES];
	unsigned char bytes[SEAL_MOST_BYTES];
	EVP_CIPHER_CTX *cipher;
	bool ok;

	if (secret.len > SEAL_MOST_BYTES || context.len > SEAL_MOST_BYTES)
		return -E2BIG;
	if (getrandom(nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
		return -EIO;
	cipher = EVP_CIPHER_CTX_new();
	if (cipher == NULL)
		return -ENOMEM;
	ok = encrypt(cipher, key, nonce, context, secret, bytes, tag);
	EVP_CIPHER_CTX_free(cipher);
	if (!ok)
		return -ENOMEM;
	text_add_byte(sealed, VERSION);
	text_add(sealed, slice_of(nonce, sizeof(nonce)));
	text_add(sealed, slice_of(tag, sizeof(tag)));
	text_add(sealed, slice_of(bytes, secret.len));
	return text_failed(sealed) ? -ENOMEM : 0;
}

static bool
decrypt(EVP_CIPHER_CTX *cipher, const struct seal_key *key,
    struct slice context, struct slice sealed, unsigned char *to)
{
	const unsigned char *nonce = octets(sealed) + 1;
	const unsigned char *tag = nonce + NONCE_BYTES;
	const unsigned char *from = tag + TAG_BYTES;
	int len;

	return EVP_DecryptInit_ex2(cipher, EVP_aes_256_gcm(), key->bytes,
	    nonce, NULL) == 1 &&
	    EVP_DecryptUpdate(cipher, NULL, &len, octets(context),
	    (int)context.len) == 1 &&
	    EVP_DecryptUpdate(cipher, to, &len, from,
	    (int)(sealed.len - SEAL_MORE_BYTES)) == 1 &&
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_BYTES,
	    (void *)(uintptr_t)tag) == 1 &&
	    EVP_DecryptFinal_ex(cipher, to + len, &len) == 1;
}

int
unseal(const struct seal_key *key, struct slice context, struct slice sealed,
    struct text *secret_out)
{
	unsigned char bytes[SEAL_MOST_BYTES];
	EVP_CIPHER_CTX *cipher;
	bool ok;

	if (sealed.len < SEAL_MORE_BYTES ||
	    sealed.len > SEAL_MORE_BYTES + SEAL_MOST_BYTES ||
	    context.len > SEAL_MOST_BYTES)
		return -EBADMSG;
	if (sealed.at[0] != VERSION)
		return -EPROTO;
	cipher = EVP_CIPHER_CTX_new();
	if (cipher == NULL)
		return -ENOMEM;
	ok = decrypt(cipher, key, context, sealed, bytes);
	EVP_CIPHER_CTX_free(cipher);
	if (ok)
		text_add(secret_out, slice_of(bytes,
		    sealed.len - SEAL_MORE_BYTES));
	OPENSSL_cleanse(bytes, sizeof(bytes));
	if (!ok)
		return -EBADMSG;
	return text_failed(secret_out) ? -ENOMEM : 0;
}
