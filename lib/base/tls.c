/*
 * tls.c - the server's side of TLS, as an SSL_CTX made once
 *
 * Loaded while the process may still open files; afterwards OpenSSL needs none.
 */
#include "lib/base/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORTER_BYTES	32	/* RFC 9266 2 */

struct tls_server {
	SSL_CTX		*context;
	unsigned char	 alpn[32];	/* length byte and name; [0] 0: none */
};

/* RFC 7301 3.2: a client that names protocols must name ours */
static int
choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *arg)
{
	const struct tls_server *server = arg;
	unsigned i = 0;

	(void)ssl;
	while (i < in_len) {
		unsigned len = in[i];

		if (server->alpn[0] != 0 && len == server->alpn[0] &&
		    i + 1 + len <= in_len &&
		    memcmp(in + i + 1, server->alpn + 1, len) == 0) {
			*out = in + i + 1;
			*out_len = (unsigned char)len;
			return SSL_TLSEXT_ERR_OK;
		}
		i += 1 + len;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Whoever protected his key with a password is told so, not asked for it. */
static int
no_password(char *buffer, int size, int writing, void *arg)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static int
load_chain(SSL_CTX *context, BIO *pem)
{
	X509 *leaf, *next;
	int ok;

	leaf = PEM_read_bio_X509(pem, NULL, no_password, NULL);
	if (leaf == NULL)
		return -EINVAL;
	ok = SSL_CTX_use_certificate(context, leaf);
	X509_free(leaf);
	if (ok != 1)
		return -EINVAL;
	while ((next = PEM_read_bio_X509(pem, NULL, no_password, NULL)) != NULL)
		if (SSL_CTX_add0_chain_cert(context, next) != 1) {
			X509_free(next);
			return -EINVAL;
		}
	/* the end of the file is no fault; anything else is a torn chain */
	ok = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	return ok ? 0 : -EINVAL;
}

static int
load_key(SSL_CTX *context, BIO *pem)
{
	EVP_PKEY *key = PEM_read_bio_PrivateKey(pem, NULL, no_password,
	    NULL);
	int ok;

	if (key == NULL)
		return -EINVAL;
	ok = SSL_CTX_use_PrivateKey(context, key);
	EVP_PKEY_free(key);
	return ok == 1 && SSL_CTX_check_private_key(context) == 1 ? 0 : -EINVAL;
}

static int
load(SSL_CTX *context, struct slice pem, int (*part)(SSL_CTX *, BIO *))
{
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
	int r;

	if (bio == NULL)
		return -ENOMEM;
	r = part(context, bio);
	BIO_free(bio);
	return r;
}

/* TLS 1.2 and 1.3; what RFC 9325 asks to be off is off. */
static void
harden(SSL_CTX *context)
{
	(void)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	(void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
	    SSL_OP_PRIORITIZE_CHACHA | SSL_OP_NO_TICKET);
	/* RFC 9325 3.4: ticket keys must change; handshakes are cheap here */
	(void)SSL_CTX_set_num_tickets(context, 0);
	(void)SSL_CTX_set_max_early_data(context, 0);
	(void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	(void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_read_ahead(context, 0);
}

static int
fill(struct tls_server *server, struct slice certificate, struct slice key,
    char *fault, size_t fault_size)
{
	const char *what = "TLS could not be started";
	int r;

	server->context = SSL_CTX_new(TLS_server_method());
	if (server->context == NULL)
		goto fault;
	harden(server->context);
	what = "the certificate is no PEM certificate chain";
	r = load(server->context, certificate, load_chain);
	if (r < 0)
		goto fault;
	what = "the key is no PEM key, or not the certificate's";
	r = load(server->context, key, load_key);
	if (r < 0)
		goto fault;
	SSL_CTX_set_alpn_select_cb(server->context, choose_alpn, server);
	return 0;
fault:
	ERR_clear_error();
	(void)snprintf(fault, fault_size, "%s", what);
	return -EINVAL;
}

int
tls_server_new(struct slice certificate_pem, struct slice key_pem,
    const char *alpn, struct tls_server **server_out, char *fault_out,
    size_t fault_size)
{
	struct tls_server *server = calloc(1, sizeof(*server));
	struct slice name = slice_str(alpn);
	int r;

	if (server == NULL) {
		(void)snprintf(fault_out, fault_size, "out of memory");
		return -EINVAL;
	}
	if (name.len > 0 && name.len < sizeof(server->alpn)) {
		server->alpn[0] = (unsigned char)name.len;
		memcpy(server->alpn + 1, name.at, name.len);
	}
	r = fill(server, certificate_pem, key_pem, fault_out, fault_size);
	if (r < 0) {
		tls_server_free(server);
		return r;
	}
	*server_out = server;
	return 0;
}

void
tls_server_free(struct tls_server *server)
{
	if (server == NULL)
		return;
	SSL_CTX_free(server->context);
	free(server);
}

void *
tls_server_context(const struct tls_server *server)
{
	return server->context;
}

/* RFC 9266: only where the session is bound to all of its handshake. */
static int
exporter(SSL *ssl, unsigned char *binding_out, size_t *len_out)
{
	static const char label[] = "EXPORTER-Channel-Binding";

	if (SSL_version(ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(ssl) != 1)
		return -ENOTSUP;
	/* the context is a string of no bytes, which is not none at all */
	if (SSL_export_keying_material(ssl, binding_out, EXPORTER_BYTES, label,
	    sizeof(label) - 1, (const unsigned char *)"", 0, 1) != 1)
		return -ENOTSUP;
	*len_out = EXPORTER_BYTES;
	return 0;
}

/* RFC 5929 4.1: our certificate by the digest of its signature. */
static int
end_point(SSL *ssl, unsigned char *binding_out, size_t *len_out)
{
	const X509 *certificate = SSL_get_certificate(ssl);
	int digest = NID_undef;
	unsigned len = 0;

	if (certificate == NULL || X509_get_signature_info(
	    (X509 *)(uintptr_t)certificate, &digest, NULL, NULL, NULL) != 1 ||
	    digest == NID_undef)
		return -ENOTSUP;
	if (digest == NID_md5 || digest == NID_sha1)
		digest = NID_sha256;
	if (X509_digest(certificate, EVP_get_digestbynid(digest), binding_out,
	    &len) != 1)
		return -ENOTSUP;
	*len_out = len;
	return 0;
}

void
tls_allow_old(void *ssl)
{
	SSL_set_security_level(ssl, 0);
	(void)SSL_set_min_proto_version(ssl, TLS1_VERSION);
	if (SSL_set_cipher_list(ssl, "DEFAULT:@SECLEVEL=0") != 1)
		ERR_clear_error();
}

int
tls_binding(void *ssl, struct slice type, unsigned char *binding_out,
    size_t *len_out)
{
	int r = -ENOTSUP;

	if (slice_is_str(type, "tls-exporter"))
		r = exporter(ssl, binding_out, len_out);
	else if (slice_is_str(type, "tls-server-end-point"))
		r = end_point(ssl, binding_out, len_out);
	ERR_clear_error();
	return r;
}
