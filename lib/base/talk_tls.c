/*
 * talk_tls.c - whether the certificate of the other side is to be trusted
 *
 * libcurl's own checks are off: it reads files when a conversation begins, and
 * knows no trust in one certificate alone.  Ours stands in OpenSSL's place for
 * the whole chain, in the handshake, so that no byte is said to who fails it.
 * With a pin exactly that certificate passes, whatever it says; with DANE what
 * the host has published; without either the chain, the dates, the purpose and
 * the name do (RFC 9525).
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/talk_inside.h"

void
talk_tls_note(struct talk *talk, const SSL *ssl, const X509 *leaf)
{
	struct talk_certificate *certificate = &talk->certificate;
	const SSL_CIPHER *cipher = NULL;
	unsigned bytes = 0;

	/* in TLS 1.2 it becomes the session's only later */
	if (ssl != NULL)
		cipher = SSL_get_pending_cipher(ssl);
	if (ssl != NULL)
		(void)snprintf(certificate->tls_words,
		    sizeof(certificate->tls_words), "%s %s",
		    SSL_get_version(ssl), SSL_CIPHER_get_name(cipher));
	certificate->was_seen = leaf != NULL && X509_digest(leaf, EVP_sha256(),
	    certificate->print, &bytes) == 1 && bytes == TALK_PRINT_BYTES;
}

static int
judge_published(struct talk *talk, X509_STORE_CTX *shown)
{
	struct talk_certificate *certificate = &talk->certificate;
	size_t len = strlen(certificate->tls_words);
	bool is_proved = false;
	int error = talk_dane_judge(certificate->dane,
	    X509_STORE_CTX_get_ex_data(shown,
	    SSL_get_ex_data_X509_STORE_CTX_idx()), shown, talk->host,
	    &is_proved);

	if (error == X509_V_OK && !is_proved && certificate->dane->or_trusted)
		return talk_trust_judge(talk->hall->trust, shown, talk->host);
	if (error == X509_V_OK && is_proved)
		(void)snprintf(certificate->tls_words + len,
		    sizeof(certificate->tls_words) - len, ", DANE");
	return error;
}

/* In place of X509_verify_cert(): 1, or 0 and the handshake ends. */
static int
judge(X509_STORE_CTX *shown, void *arg)
{
	struct talk *talk = arg;
	struct talk_certificate *certificate = &talk->certificate;
	int error;

	talk_tls_note(talk, X509_STORE_CTX_get_ex_data(shown,
	    SSL_get_ex_data_X509_STORE_CTX_idx()),
	    X509_STORE_CTX_get0_cert(shown));
	if (!certificate->was_seen)
		error = X509_V_ERR_UNSPECIFIED;
	else if (talk->tls == TALK_MAYBE)
		error = X509_V_OK;	/* against who only listens */
	else if (certificate->dane != NULL)
		error = judge_published(talk, shown);
	else if (!certificate->is_pinned)
		error = talk_trust_judge(talk->hall->trust, shown,
		    talk->host);
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
	if (talk->certificate.dane != NULL && SSL_CTX_dane_enable(context) <=
	    0)
		return CURLE_OUT_OF_MEMORY;
	/* none but one whose certificate we have judged */
	(void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	talk_session_prepare(talk, context);
	(void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION);
	/* what waits may move in memory while a write is being repeated */
	(void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 ?
	    CURLE_OK : CURLE_SSL_CIPHER;
}
