/*
 * signer.c - sign messages as a test wants them, right or wrong
 */
#include "tests/unit/filters/auth/signer.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>

#include "filters/auth/dkim_fields.h"
#include "tests/unit/unit.h"

void
signer_open(struct signer *signer)
{
	memset(signer, 0, sizeof(*signer));
	ck_assert_int_eq(dkim_tools_open(&signer->tools), 0);
	signer->rsa = EVP_RSA_gen(2048);
	signer->rsa1024 = EVP_RSA_gen(1024);
	signer->rsa512 = EVP_RSA_gen(512);
	signer->ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	ck_assert(signer->rsa != NULL && signer->rsa1024 != NULL &&
	    signer->rsa512 != NULL && signer->ed25519 != NULL);
}

void
signer_close(struct signer *signer)
{
	EVP_PKEY_free(signer->rsa);
	EVP_PKEY_free(signer->rsa1024);
	EVP_PKEY_free(signer->rsa512);
	EVP_PKEY_free(signer->ed25519);
	dkim_tools_close(signer->tools);
}

static void
add_base64(struct text *text, const unsigned char *bytes, size_t len)
{
	char *base64 = malloc(len * 2 + 8);

	ck_assert_ptr_nonnull(base64);
	(void)EVP_EncodeBlock((unsigned char *)base64, bytes, (int)len);
	text_add_str(text, base64);
	free(base64);
}

static void
add_body_hash(const struct signer *signer,
    const struct dkim_signature *signature, const char *body,
    struct text *text)
{
	struct dkim_digest digest = { 0 };
	unsigned char hash[DKIM_HASH_BYTES];
	struct dkim_body form;

	dkim_digest_begin(&digest, signer->tools, signature->has_length ?
	    signature->length : UINT64_MAX);
	dkim_body_begin(&form, signature->body_canon, dkim_digest_add,
	    &digest);
	dkim_body_add(&form, slice_str(body));
	dkim_body_end(&form);
	ck_assert_int_eq(dkim_digest_end(&digest, hash), 0);
	dkim_digest_free(&digest);
	add_base64(text, hash, sizeof(hash));
}

size_t
signer_sign(EVP_PKEY *key, const unsigned char *hash, unsigned char *data_out,
    size_t size)
{
	EVP_PKEY_CTX *rsa = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	EVP_MD_CTX *ed25519 = EVP_MD_CTX_new();
	size_t len = size;

	if (EVP_PKEY_is_a(key, "RSA") == 1) {
		ck_assert_int_eq(EVP_PKEY_sign_init(rsa), 1);
		ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(rsa,
		    RSA_PKCS1_PADDING), 1);
		ck_assert_int_eq(EVP_PKEY_CTX_set_signature_md(rsa,
		    EVP_sha256()), 1);
		ck_assert_int_eq(EVP_PKEY_sign(rsa, data_out, &len, hash,
		    DKIM_HASH_BYTES), 1);
	} else {
		ck_assert_int_eq(EVP_DigestSignInit(ed25519, NULL, NULL, NULL,
		    key), 1);
		ck_assert_int_eq(EVP_DigestSign(ed25519, data_out, &len, hash,
		    DKIM_HASH_BYTES), 1);
	}
	EVP_PKEY_CTX_free(rsa);
	EVP_MD_CTX_free(ed25519);
	return len;
}

static void
add_data(const struct signer *signer, EVP_PKEY *key, struct slice header,
    struct text *text)
{
	struct dkim_fields *fields = calloc(1, sizeof(*fields));
	unsigned char hash[DKIM_HASH_BYTES], data[1024];
	struct dkim_signature signature;

	ck_assert_int_eq(dkim_fields_read(header, fields), 0);
	(void)dkim_signature_read(&fields->field[0], &signature);
	ck_assert_int_eq(dkim_fields_hash(fields, 0, &signature,
	    signer->tools, hash), 0);
	add_base64(text, data, signer_sign(key, hash, data, sizeof(data)));
	free(fields);
}

void
signer_write(const struct signer *signer, EVP_PKEY *key, const char *tags,
    const char *header, const char *body, struct text *message)
{
	struct dkim_signature signature;
	struct header_field field;
	TEXT_AUTO draft = TEXT_INIT(2 << 20);
	struct slice rest;

	text_addf(message, "DKIM-Signature: %s;\r\n bh=", tags);
	text_addf(&draft, "DKIM-Signature: %s;\r\n bh=x; b=\r\n", tags);
	rest = text_slice(&draft);
	ck_assert(header_next(&rest, &field));
	(void)dkim_signature_read(&field, &signature);
	add_body_hash(signer, &signature, body, message);
	text_add_str(message, "; b=");
	text_clear(&draft);
	text_add(&draft, text_slice(message));
	text_addf(&draft, "\r\n%s", header);
	add_data(signer, key, text_slice(&draft), message);
	text_addf(message, "\r\n%s\r\n%s", header, body);
	ck_assert(!text_failed(message) && !text_failed(&draft));
}

void
signer_record(EVP_PKEY *key, const char *record, struct text *text)
{
	const char *at = strstr(record, "KEY");
	unsigned char *der = NULL;
	unsigned char raw[32];
	size_t len = sizeof(raw);
	int r;

	if (at == NULL) {
		text_add_str(text, record);
		return;
	}
	text_add(text, slice_of(record, (size_t)(at - record)));
	if (EVP_PKEY_is_a(key, "RSA") == 1) {
		r = i2d_PUBKEY(key, &der);
		ck_assert_int_gt(r, 0);
		add_base64(text, der, (size_t)r);
		OPENSSL_free(der);
	} else {
		ck_assert_int_eq(EVP_PKEY_get_raw_public_key(key, raw, &len),
		    1);
		add_base64(text, raw, len);
	}
	text_add_str(text, at + 3);
}

void
signer_replace(struct slice whole, const char *was, const char *is,
    struct text *text)
{
	size_t at = slice_find_str(whole, was);

	ck_assert_uint_ne(at, SIZE_MAX);
	text_add(text, slice_first(whole, at));
	text_add_str(text, is);
	text_add(text, slice_after(whole, at + strlen(was)));
	ck_assert(!text_failed(text));
}
