/*
 * talk_tls.c - whether the certificate of the other side is to be trusted
 *
 * libcurl's own checks are off: it reads files when a conversation begins, and
 * knows no trust in one certificate alone.  Ours stands in OpenSSL's place for
 * the whole chain, in the handshake, so that no byte is said to who fails it.
 * With a pin exactly that certificate passes, whatever it says; without one the
 * chain, the dates, the purpose and the name do (RFC 9525).
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/talk_inside.h"

#define TRUSTED_MOST	10000	/* certificates in a store; Debian has 140 */

/* A password protects no certificate: who asks for one has the wrong file. */
static int
no_password(char *buffer, int size, int writing, void *arg)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static const char *
fill(X509_STORE *store, BIO *pem)
{
	static const char torn[] = "the trusted certificates are no PEM";
	X509 *one;
	int n = 0, ok = 1;

	while (ok == 1 && n++ < TRUSTED_MOST && (one = PEM_read_bio_X509(pem,
	    NULL, no_password, NULL)) != NULL) {
		ok = X509_STORE_add_cert(store, one);
		X509_free(one);
	}
	if (n > TRUSTED_MOST)
		return "too many trusted certificates";
	/* the end of the file is no fault; anything else is a torn one */
	if (ok != 1 ||
	    ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return torn;
	/* a file in which nothing begins is none, unless it is empty */
	return n == 1 && BIO_tell(pem) > 0 ? torn : NULL;
}

X509_STORE *
talk_trust_new(struct slice pem, const char **fault_out)
{
	X509_STORE *store = X509_STORE_new();
	BIO *bio;

	*fault_out = NULL;
	if (store == NULL || pem.len == 0)
		return store;
	/* a certificate that was put there is trusted, be it no root */
	(void)X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN |
	    X509_V_FLAG_TRUSTED_FIRST);
	bio = pem.len > INT32_MAX ? NULL :
	    BIO_new_mem_buf(pem.at, (int)pem.len);
	if (bio != NULL)
		*fault_out = fill(store, bio);
	ERR_clear_error();
	if (bio == NULL || *fault_out != NULL) {
		X509_STORE_free(store);
		store = NULL;
	}
	BIO_free(bio);
	return store;
}

/* What the certificate must be: a server's, and of this host. */
static bool
demand(X509_STORE_CTX *context, const char *host)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
	char address[HOST_TEXT_SIZE];

	if (X509_STORE_CTX_set_default(context, "ssl_server") != 1)
		return false;
	if (host_address(slice_str(host), false, address) != 0)
		return X509_VERIFY_PARAM_set1_ip_asc(param, address) == 1;
	/* RFC 9525 6.3: the subject's common name is not looked at */
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

/* The chain shown in `shown` against our own store; an X509_V_ code. */
static int
verify_chain(X509_STORE_CTX *shown, const struct talk *talk)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int error = X509_V_ERR_OUT_OF_MEM;

	if (context == NULL)
		return error;
	if (X509_STORE_CTX_init(context, talk->hall->trust,
	    X509_STORE_CTX_get0_cert(shown),
	    X509_STORE_CTX_get0_untrusted(shown)) == 1 &&
	    demand(context, talk->host)) {
		if (X509_verify_cert(context) == 1)
			error = X509_V_OK;
		else
			error = X509_STORE_CTX_get_error(context);
		/* it said no, so it is no, whatever else it did not say */
		if (error == X509_V_OK && X509_STORE_CTX_get_error(context) !=
		    X509_V_OK)
			error = X509_V_ERR_UNSPECIFIED;
	}
	X509_STORE_CTX_free(context);
	return error;
}

static void
note_session(struct talk_certificate *certificate, const SSL *ssl)
{
	const SSL_CIPHER *cipher;

	if (ssl == NULL)
		return;
	/* in TLS 1.2 it becomes the session's only later */
	cipher = SSL_get_pending_cipher(ssl);
	(void)snprintf(certificate->tls_words, sizeof(certificate->tls_words),
	    "%s %s", SSL_get_version(ssl), SSL_CIPHER_get_name(cipher));
}

/* In place of X509_verify_cert(): 1, or 0 and the handshake ends. */
static int
judge(X509_STORE_CTX *shown, void *arg)
{
	struct talk *talk = arg;
	struct talk_certificate *certificate = &talk->certificate;
	X509 *leaf = X509_STORE_CTX_get0_cert(shown);
	unsigned bytes = 0;
	int error;

	note_session(certificate, X509_STORE_CTX_get_ex_data(shown,
	    SSL_get_ex_data_X509_STORE_CTX_idx()));
	certificate->was_seen = leaf != NULL && X509_digest(leaf, EVP_sha256(),
	    certificate->print, &bytes) == 1 && bytes == TALK_PRINT_BYTES;
	if (!certificate->was_seen)
		error = X509_V_ERR_UNSPECIFIED;
	else if (!certificate->is_pinned)
		error = verify_chain(shown, talk);
	else if (memcmp(certificate->print, certificate->pin,
	    TALK_PRINT_BYTES) == 0)
		error = X509_V_OK;
	else
		error = X509_V_ERR_CERT_REJECTED;
	ERR_clear_error();
	X509_STORE_CTX_set_error(shown, error);
	if (error == X509_V_OK)
		return 1;
	certificate->fault = certificate->is_pinned ?
	    "not the certificate that was pinned" :
	    X509_verify_cert_error_string(error);
	return 0;
}

CURLcode
talk_tls_prepare(CURL *easy, void *ssl_ctx, void *arg)
{
	struct talk *talk = arg;
	SSL_CTX *context = ssl_ctx;

	(void)easy;
	talk->is_connected = true;
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(context, judge, talk);
	/* a session resumed would be one whose certificate nobody judged */
	(void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION);
	/* what waits may move in memory while a write is being repeated */
	(void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 ?
	    CURLE_OK : CURLE_SSL_CIPHER;
}
