/*
 * certificate.c - the self-signed certificate that a new hub begins with
 *
 * It proves nothing about who the hub is; it lets clients encrypt, and pin it.
 */
#include "programs/certificate.h"

#include <errno.h>
#include <stdio.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define SERIAL_BYTES	16

static bool
add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool added;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	added = extension != NULL && X509_add_ext(x, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return added;
}

static bool
set_serial(X509 *x)
{
	unsigned char bytes[SERIAL_BYTES];
	BIGNUM *number;
	bool set;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] &= 0x7f;	/* RFC 5280 4.1.2.2: positive */
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	set = number != NULL &&
	    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x)) != NULL;
	BN_free(number);
	return set;
}

static bool
set_name(X509 *x, const char *hostname)
{
	X509_NAME *name = X509_get_subject_name(x);

	/* X.520 allows 64 bytes; a longer name stands in the SAN only */
	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)(slice_str(hostname).len > 64 ? "postroom" :
	    hostname), -1, -1, 0) == 1 && X509_set_issuer_name(x, name) == 1;
}

static bool
fill(X509 *x, EVP_PKEY *key, const char *hostname, const char *domain)
{
	char names[700];

	snprintf(names, sizeof(names),
	    "DNS:%s,DNS:%s,DNS:localhost,IP:127.0.0.1,IP:::1",
	    hostname, domain);
	return X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) &&
	    X509_gmtime_adj(X509_getm_notBefore(x), -60 * 60) != NULL &&
	    X509_time_adj_ex(X509_getm_notAfter(x), CERTIFICATE_DAYS, 0,
	    NULL) != NULL &&
	    X509_set_pubkey(x, key) == 1 && set_name(x, hostname) &&
	    add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
	    add_extension(x, NID_key_usage, "critical,digitalSignature") &&
	    add_extension(x, NID_ext_key_usage, "serverAuth") &&
	    add_extension(x, NID_subject_key_identifier, "hash") &&
	    add_extension(x, NID_subject_alt_name, names) &&
	    X509_sign(x, key, EVP_sha256()) > 0;
}

static bool
take_bio(BIO *bio, struct text *text)
{
	char *bytes;
	long len = BIO_get_mem_data(bio, &bytes);

	if (len <= 0)
		return false;
	text_add(text, slice_of(bytes, (size_t)len));
	return !text_failed(text);
}

int
certificate_make(const char *hostname, const char *domain,
    struct text *certificate_pem, struct text *key_pem)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *bio = BIO_new(BIO_s_mem()), *secret = BIO_new(BIO_s_secmem());
	int r = -EIO;

	if (key != NULL && x != NULL && bio != NULL && secret != NULL &&
	    fill(x, key, hostname, domain) &&
	    PEM_write_bio_X509(bio, x) == 1 &&
	    PEM_write_bio_PrivateKey(secret, key, NULL, NULL, 0, NULL,
	    NULL) == 1 &&
	    take_bio(bio, certificate_pem) && take_bio(secret, key_pem))
		r = 0;
	BIO_free(secret);
	BIO_free(bio);
	X509_free(x);
	EVP_PKEY_free(key);
	return r;
}
