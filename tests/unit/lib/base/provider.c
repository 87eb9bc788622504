/*
 * provider.c - somebody's mail server, for tests of outgoing conversations
 */
#include "tests/unit/lib/base/provider.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/base/host.h"
#include "tests/unit/unit.h"

#define PATIENCE_SECONDS 20	/* for a visitor who says nothing */

char
pattern(size_t n)
{
	return (char)('!' + (n + n / 89) % 90);
}

static ssize_t
get(struct provider *provider, char *bytes, size_t size)
{
	if (provider->ssl == NULL)
		return recv(provider->visitor, bytes, size, 0);
	return SSL_read(provider->ssl, bytes, (int)size);
}

static bool
put(struct provider *provider, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = provider->ssl != NULL ?
		    SSL_write(provider->ssl, bytes, (int)len) :
		    send(provider->visitor, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
keep(struct provider *provider, char byte)
{
	if (provider->heard_bytes == sizeof(provider->heard))
		return false;
	provider->heard[provider->heard_bytes++] = byte;
	return true;
}

static bool
hear(struct provider *provider, const char *words)
{
	size_t at = provider->heard_bytes;
	char byte = '\0';

	while (byte != '\n')
		if (get(provider, &byte, 1) != 1 || !keep(provider, byte))
			return false;
	return slice_has_prefix(slice_of(provider->heard + at,
	    provider->heard_bytes - at), words);
}

static bool
shake(struct provider *provider)
{
	SSL *ssl = SSL_new(provider->tls);

	if (ssl == NULL || SSL_set_fd(ssl, provider->visitor) != 1 ||
	    SSL_accept(ssl) != 1) {
		ERR_clear_error();
		SSL_free(ssl);
		return false;
	}
	provider->ssl = ssl;
	return true;
}

static bool
flood(struct provider *provider, size_t bytes)
{
	char piece[8192];

	for (size_t at = 0; at < bytes; at += sizeof(piece)) {
		size_t n = bytes - at < sizeof(piece) ? bytes - at :
		    sizeof(piece);

		for (size_t i = 0; i < n; i++)
			piece[i] = pattern(at + i);
		if (!put(provider, piece, n))
			return false;
	}
	return true;
}

static bool
sink(struct provider *provider, size_t bytes)
{
	char piece[8192];
	size_t at = 0;

	while (at < bytes) {
		size_t most = bytes - at < sizeof(piece) ? bytes - at :
		    sizeof(piece);
		ssize_t n = get(provider, piece, most);

		if (n <= 0)
			return false;
		for (ssize_t i = 0; i < n; i++)
			if (piece[i] != pattern(at++))
				return false;
	}
	return true;
}

static bool
wait_for_end(struct provider *provider)
{
	char byte;

	while (get(provider, &byte, 1) == 1)
		if (!keep(provider, byte))
			return false;
	return true;
}

static bool
play(struct provider *provider, const struct step *step)
{
	switch (step->is) {
	case STEP_HANG_UP:
		break;
	case STEP_SAY:
		return put(provider, step->words, strlen(step->words));
	case STEP_HEAR:
		return hear(provider, step->words);
	case STEP_SHAKE:
		return shake(provider);
	case STEP_FLOOD:
		return flood(provider, step->bytes);
	case STEP_SINK:
		return sink(provider, step->bytes);
	case STEP_WAIT:
		return wait_for_end(provider);
	}
	return false;
}

static void *
run(void *arg)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	struct provider *provider = arg;
	const struct step *step = provider->script;

	provider->visitor = accept(provider->listener, NULL, NULL);
	if (provider->visitor < 0)
		return NULL;
	(void)setsockopt(provider->visitor, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience));
	(void)setsockopt(provider->visitor, SOL_SOCKET, SO_SNDTIMEO, &patience,
	    sizeof(patience));
	while (step->is != STEP_HANG_UP && play(provider, step))
		step++;
	if (step->is != STEP_HANG_UP)
		provider->astray = step->words != NULL ? step->words : "";
	/* whatever else the visitor had to say */
	if (provider->astray != NULL)
		(void)wait_for_end(provider);
	if (provider->ssl != NULL)
		(void)SSL_shutdown(provider->ssl);
	SSL_free(provider->ssl);
	provider->ssl = NULL;
	(void)shutdown(provider->visitor, SHUT_RDWR);
	provider->is_done = true;
	return NULL;
}

/* At that port, or 0: at one that is free. */
static void
open_at(struct provider *provider, int family, uint16_t port,
    const struct step *script, SSL_CTX *tls)
{
	const int yes = 1;
	struct sockaddr_in v4 = { .sin_family = AF_INET,
	    .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
	    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr *at = family == AF_INET6 ? (void *)&v6 : (void *)&v4;
	socklen_t len = family == AF_INET6 ? sizeof(v6) : sizeof(v4);

	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memset(provider, 0, sizeof(*provider));
	provider->script = script;
	provider->tls = tls;
	provider->visitor = -1;
	provider->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(provider->listener, 0);
	ck_assert_int_eq(setsockopt(provider->listener, SOL_SOCKET,
	    SO_REUSEADDR, &yes, sizeof(yes)), 0);
	ck_assert_int_eq(bind(provider->listener, at, len), 0);
	ck_assert_int_eq(listen(provider->listener, 1), 0);
	ck_assert_int_eq(getsockname(provider->listener, at, &len), 0);
	provider->port = ntohs(family == AF_INET6 ? v6.sin6_port :
	    v4.sin_port);
	ck_assert_int_eq(pthread_create(&provider->thread, NULL, run,
	    provider), 0);
}

void
provider_open(struct provider *provider, int family,
    const struct step *script, SSL_CTX *tls)
{
	open_at(provider, family, 0, script, tls);
}

void
provider_open_again(struct provider *provider, const struct step *script,
    SSL_CTX *tls)
{
	open_at(provider, AF_INET, provider->port, script, tls);
}

void
provider_close(struct provider *provider)
{
	(void)shutdown(provider->listener, SHUT_RDWR);
	(void)pthread_join(provider->thread, NULL);
	(void)close(provider->listener);
	if (provider->visitor >= 0)
		(void)close(provider->visitor);
}

bool
provider_has_heard(const struct provider *provider, const char *words)
{
	return slice_find_str(slice_of(provider->heard,
	    provider->heard_bytes), words) != SIZE_MAX;
}

static void
extend(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid,
	    value);

	ck_assert_ptr_nonnull(extension);
	ck_assert_int_eq(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static X509 *
certificate_new(EVP_PKEY *key, const char *name, int from_day, int to_day)
{
	X509 *certificate = X509_new();

	ck_assert_ptr_nonnull(certificate);
	ck_assert(X509_NAME_add_entry_by_txt(X509_get_subject_name(
	    certificate), "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
	    -1, 0) == 1);
	(void)X509_set_version(certificate, X509_VERSION_3);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(certificate),
	    from_day * 86400L);
	(void)X509_gmtime_adj(X509_getm_notAfter(certificate),
	    to_day * 86400L);
	(void)X509_set_pubkey(certificate, key);
	return certificate;
}

struct authority
authority_new(const char *name)
{
	struct authority by = { EVP_EC_gen("P-256"), NULL };

	by.certificate = certificate_new(by.key, name, -1, 30);
	(void)X509_set_issuer_name(by.certificate,
	    X509_get_subject_name(by.certificate));
	extend(by.certificate, NID_basic_constraints, "critical,CA:TRUE");
	ck_assert_int_gt(X509_sign(by.certificate, by.key, EVP_sha256()), 0);
	return by;
}

void
authority_free(struct authority *by)
{
	X509_free(by->certificate);
	EVP_PKEY_free(by->key);
}

char *
authority_pem(const struct authority *by)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *at, *pem;
	long len;

	ck_assert(PEM_write_bio_X509(bio, by->certificate) == 1);
	len = BIO_get_mem_data(bio, &at);
	pem = strndup(at, (size_t)len);
	ck_assert_ptr_nonnull(pem);
	BIO_free(bio);
	return pem;
}

SSL_CTX *
server_context(const struct authority *by, const char *host, int from_day,
    int to_day)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *leaf = certificate_new(key, host, from_day, to_day);
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	char name[HOST_NAME_MOST + 8], text[HOST_TEXT_SIZE];

	(void)snprintf(name, sizeof(name), "%s:%s", host_address(
	    slice_str(host), false, text) != 0 ? "IP" : "DNS", host);
	(void)X509_set_issuer_name(leaf, X509_get_subject_name(by == NULL ?
	    leaf : by->certificate));
	extend(leaf, NID_subject_alt_name, name);
	ck_assert_int_gt(X509_sign(leaf, by == NULL ? key : by->key,
	    EVP_sha256()), 0);
	ck_assert_int_eq(SSL_CTX_use_certificate(context, leaf), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(context, key), 1);
	X509_free(leaf);
	EVP_PKEY_free(key);
	return context;
}

void
server_print(SSL_CTX *context, unsigned char print_out[32])
{
	ck_assert_int_eq(X509_digest(SSL_CTX_get0_certificate(context),
	    EVP_sha256(), print_out, NULL), 1);
}
