/*
 * dkim_tools.c - what of a signature the crypto library does
 *
 * A key comes from strangers: that the library does not get on with it is an
 * answer and no error, and what it noted of that is thrown away.
 */
#include "filters/auth/dkim_tools.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include <errno.h>
#include <stdlib.h>

#include "filters/auth/dkim_proof.h"

struct dkim_tools {
	EVP_MD		*sha256;
	/* kept so that the library does not look for them each time */
	EVP_SIGNATURE	*rsa, *ed25519;
};

int
dkim_tools_open(struct dkim_tools **tools_out)
{
	struct dkim_tools *tools = calloc(1, sizeof(*tools));
	int r = -EIO;

	if (tools == NULL)
		return -ENOMEM;
	tools->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	tools->rsa = EVP_SIGNATURE_fetch(NULL, "RSA", NULL);
	tools->ed25519 = EVP_SIGNATURE_fetch(NULL, "ED25519", NULL);
	if (tools->sha256 != NULL && tools->rsa != NULL &&
	    tools->ed25519 != NULL)
		r = dkim_proof(tools);
	if (r < 0) {
		dkim_tools_close(tools);
		return r;
	}
	*tools_out = tools;
	return 0;
}

void
dkim_tools_close(struct dkim_tools *tools)
{
	if (tools == NULL)
		return;
	EVP_MD_free(tools->sha256);
	EVP_SIGNATURE_free(tools->rsa);
	EVP_SIGNATURE_free(tools->ed25519);
	free(tools);
}

void
dkim_digest_begin(struct dkim_digest *digest, const struct dkim_tools *tools,
    uint64_t most)
{
	if (digest->context == NULL)
		digest->context = EVP_MD_CTX_new();
	digest->most = most;
	digest->failed = digest->context == NULL ||
	    EVP_DigestInit_ex2(digest->context, tools->sha256, NULL) != 1;
}

void
dkim_digest_add(void *arg, struct slice s)
{
	struct dkim_digest *digest = arg;

	if (s.len > digest->most)
		s.len = (size_t)digest->most;
	digest->most -= s.len;
	if (s.len > 0 && !digest->failed)
		digest->failed = EVP_DigestUpdate(digest->context, s.at,
		    s.len) != 1;
}

int
dkim_digest_end(struct dkim_digest *digest,
    unsigned char hash_out[DKIM_HASH_BYTES])
{
	unsigned len = 0;

	if (digest->failed || EVP_DigestFinal_ex(digest->context, hash_out,
	    &len) != 1 || len != DKIM_HASH_BYTES)
		return -EIO;
	return 0;
}

void
dkim_digest_free(struct dkim_digest *digest)
{
	EVP_MD_CTX_free(digest->context);
	digest->context = NULL;
}

static int
rsa_is_signed(const struct dkim_tools *tools, EVP_PKEY *pkey,
    const unsigned char *hash, struct slice data)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	int r = -ENOMEM;

	if (context == NULL)
		return r;
	if (EVP_PKEY_verify_init(context) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(context, tools->sha256) != 1)
		r = -EIO;
	else
		r = EVP_PKEY_verify(context, (const unsigned char *)data.at,
		    data.len, hash, DKIM_HASH_BYTES) == 1;
	EVP_PKEY_CTX_free(context);
	return r;
}

static int
ed25519_is_signed(EVP_PKEY *pkey, const unsigned char *hash,
    struct slice data)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int r = -ENOMEM;

	if (context == NULL)
		return r;
	if (EVP_DigestVerifyInit_ex(context, NULL, NULL, NULL, NULL, pkey,
	    NULL) != 1)
		r = -EIO;
	else
		r = EVP_DigestVerify(context, (const unsigned char *)data.at,
		    data.len, hash, DKIM_HASH_BYTES) == 1;
	EVP_MD_CTX_free(context);
	return r;
}

int
dkim_is_signed(const struct dkim_tools *tools, const struct dkim_key *key,
    const unsigned char hash[DKIM_HASH_BYTES], struct slice data)
{
	int r = key->kind == DKIM_KEY_RSA ?
	    rsa_is_signed(tools, key->pkey, hash, data) :
	    ed25519_is_signed(key->pkey, hash, data);

	ERR_clear_error();
	return r;
}

enum dkim_reason
dkim_key_fits(const struct dkim_key *key, const struct dkim_signature *says)
{
	if (key->kind != (says->algorithm == DKIM_ED25519_SHA256 ?
	    DKIM_KEY_ED25519 : DKIM_KEY_RSA))
		return DKIM_KEY_OTHER_KIND;
	if (!key->takes_sha256)
		return DKIM_KEY_OTHER_HASH;
	if (!key->is_for_mail)
		return DKIM_KEY_NOT_FOR_MAIL;
	return key->is_strict && !says->is_of_domain ? DKIM_KEY_STRICT :
	    DKIM_VERIFIED;
}
