/*
 * signing_make.c - a key is made, and signs
 */
#include "policy/signing_key.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "lib/base/sasl.h"

#define RSA_BITS	2048	/* RFC 8301 3.2; a record of more is too long
				   for many who publish it */
#define ED25519_BYTES	32

static const struct {
	enum dkim_algorithm algorithm;
	const char	*word;
} words[] = {
	{ DKIM_RSA_SHA256, "rsa" },
	{ DKIM_ED25519_SHA256, "ed25519" },
};

#define WORDS	(sizeof(words) / sizeof(words[0]))

enum dkim_algorithm
signing_algorithm_of(struct slice word)
{
	for (size_t i = 0; i < WORDS; i++)
		if (slice_is_word(word, words[i].word))
			return words[i].algorithm;
	return DKIM_ALGORITHM_NONE;
}

const char *
signing_algorithm_word(enum dkim_algorithm algorithm)
{
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].algorithm == algorithm)
			return words[i].word;
	return "";
}

/* RFC 6376 3.6.1: a whole public key; RFC 8463 4: the bare 32 bytes. */
static int
write_record(EVP_PKEY *pkey, struct signing_key *key)
{
	TEXT_AUTO record = TEXT_INIT(SIGNING_RECORD_SIZE - 1);
	unsigned char bare[ED25519_BYTES], *der = NULL;
	size_t bare_len = sizeof(bare);
	int len = 0;

	text_addf(&record, "v=DKIM1; k=%s; p=",
	    signing_algorithm_word(key->algorithm));
	if (key->algorithm == DKIM_RSA_SHA256) {
		len = i2d_PUBKEY(pkey, &der);
		if (len > 0)
			sasl_encode(&record, slice_of(der, (size_t)len));
		OPENSSL_free(der);
	} else if (EVP_PKEY_get_raw_public_key(pkey, bare, &bare_len) == 1) {
		len = (int)bare_len;
		sasl_encode(&record, slice_of(bare, bare_len));
	}
	return len <= 0 || text_failed(&record) ||
	    slice_cstr(text_slice(&record), key->record,
	    sizeof(key->record)) < 0 ? -EIO : 0;
}

static int
write_secret(EVP_PKEY *pkey, struct signing_secret *secret)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
	unsigned char *der = NULL;
	int len = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	int r = -EIO;

	PKCS8_PRIV_KEY_INFO_free(info);
	if (len > 0 && (size_t)len <= sizeof(secret->der)) {
		memcpy(secret->der, der, (size_t)len);
		secret->len = (size_t)len;
		r = 0;
	}
	if (len > 0)
		OPENSSL_clear_free(der, (size_t)len);
	return r;
}

int
signing_key_make(struct signing_key *key, struct signing_secret *secret)
{
	EVP_PKEY *pkey = key->algorithm == DKIM_RSA_SHA256 ?
	    EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS) :
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	int r;

	if (pkey == NULL) {
		ERR_clear_error();
		return -EIO;
	}
	r = write_record(pkey, key);
	if (r == 0)
		r = write_secret(pkey, secret);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return r;
}

static EVP_PKEY *
read_secret(const struct signing_secret *secret)
{
	const unsigned char *at = secret->der;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at,
	    (long)secret->len);
	EVP_PKEY *pkey = info == NULL ? NULL : EVP_PKCS82PKEY(info);

	PKCS8_PRIV_KEY_INFO_free(info);
	return pkey;
}

static bool
sign_rsa(EVP_PKEY *pkey, const unsigned char *hash, unsigned char *signature,
    size_t *len)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool is_signed = context != NULL &&
	    EVP_PKEY_sign_init(context) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
	    EVP_PKEY_sign(context, signature, len, hash,
	    DKIM_HASH_BYTES) == 1;

	EVP_PKEY_CTX_free(context);
	return is_signed;
}

/* RFC 8463 3: the hash is signed as a message would be. */
static bool
sign_ed25519(EVP_PKEY *pkey, const unsigned char *hash,
    unsigned char *signature, size_t *len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_signed = context != NULL &&
	    EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) == 1 &&
	    EVP_DigestSign(context, signature, len, hash,
	    DKIM_HASH_BYTES) == 1;

	EVP_MD_CTX_free(context);
	return is_signed;
}

int
signing_key_sign(const struct signing_secret *secret,
    enum dkim_algorithm algorithm, const unsigned char hash[DKIM_HASH_BYTES],
    unsigned char signature_out[SIGNATURE_BYTES], size_t *len_out)
{
	EVP_PKEY *pkey = read_secret(secret);
	size_t len = SIGNATURE_BYTES;
	bool is_signed = pkey != NULL &&
	    EVP_PKEY_get_base_id(pkey) == (algorithm == DKIM_RSA_SHA256 ?
	    EVP_PKEY_RSA : EVP_PKEY_ED25519) &&
	    (algorithm == DKIM_RSA_SHA256 ?
	    sign_rsa(pkey, hash, signature_out, &len) :
	    sign_ed25519(pkey, hash, signature_out, &len));

	EVP_PKEY_free(pkey);
	ERR_clear_error();
	if (!is_signed)
		return -EIO;
	*len_out = len;
	return 0;
}
