/*
 * peer.c - the other end, for tests of the loop and what lives on it
 */
#include "tests/unit/lib/base/peer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/unit.h"

/* A question that goes through all who play, and its answer, take fewer. */
#define LEAST_TURNS	64

static void
stop(void *arg)
{
	loop_stop(arg);
}

void
turn_ms(struct loop *loop, uint64_t ms)
{
	struct timer *timer = timer_new(loop, stop, loop);

	ck_assert_ptr_nonnull(timer);
	timer_set(timer, ms);
	ck_assert_int_eq(loop_run(loop), 0);
	/* what a turn finds ready may run behind its timer, in the next one */
	for (int i = 0; i < LEAST_TURNS; i++) {
		timer_set(timer, 0);
		ck_assert_int_eq(loop_run(loop), 0);
	}
	timer_free(timer);
}

void
turn(struct loop *loop)
{
	turn_ms(loop, 0);
}

void
pair_open(int fd[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, fd), 0);
}

void
pair_narrow(int fd, int bytes)
{
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes,
	    sizeof(bytes)), 0);
}

void
peer_say(int fd, const char *words)
{
	ck_assert_int_eq(send(fd, words, strlen(words), MSG_NOSIGNAL),
	    (ssize_t)strlen(words));
}

size_t
peer_hear(int fd, char *buffer, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size && (n = read(fd, buffer + len, size - len)) > 0)
		len += (size_t)n;
	return len;
}

bool
peer_at_end(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno == ECONNRESET);
}

unsigned
fds_open(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	ck_assert_ptr_nonnull(folder);
	while (readdir(folder) != NULL)
		count++;
	(void)closedir(folder);
	return count;
}

size_t
heap_bytes(void)
{
	return mallinfo2().uordblks;
}

static X509 *
certify(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);

	ck_assert(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"mail.office.test", -1, -1, 0) == 1);
	(void)X509_set_issuer_name(certificate, name);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
	(void)X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
	(void)X509_set_pubkey(certificate, key);
	ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
	return certificate;
}

static char *
bio_text(BIO *bio)
{
	char *at, *text;
	long len = BIO_get_mem_data(bio, &at);

	text = strndup(at, (size_t)len);
	ck_assert_ptr_nonnull(text);
	BIO_free(bio);
	return text;
}

void
make_certificate(char **certificate_out, char **key_out)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = certify(key);
	BIO *bio = BIO_new(BIO_s_mem());

	ck_assert(PEM_write_bio_X509(bio, certificate) == 1);
	*certificate_out = bio_text(bio);
	bio = BIO_new(BIO_s_mem());
	ck_assert(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL,
	    NULL) == 1);
	*key_out = bio_text(bio);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

struct tls_server *
make_tls_server(const char *alpn)
{
	struct tls_server *server = NULL;
	char *certificate, *key, fault[120] = "";

	make_certificate(&certificate, &key);
	ck_assert_msg(tls_server_new(slice_str(certificate), slice_str(key),
	    alpn, &server, fault, sizeof(fault)) == 0, "%s", fault);
	free(certificate);
	free(key);
	return server;
}

struct tls_client
client_open(int fd, int most_version, const char *alpn)
{
	struct tls_client client = { SSL_CTX_new(TLS_client_method()), NULL };

	ck_assert_ptr_nonnull(client.context);
	/* so that even TLS 1.1 could be spoken */
	SSL_CTX_set_security_level(client.context, 0);
	(void)SSL_CTX_set_min_proto_version(client.context, TLS1_VERSION);
	(void)SSL_CTX_set_max_proto_version(client.context, most_version);
	client.ssl = SSL_new(client.context);
	ck_assert_ptr_nonnull(client.ssl);
	if (alpn != NULL)
		ck_assert_int_eq(SSL_set_alpn_protos(client.ssl,
		    (const unsigned char *)alpn, (unsigned)strlen(alpn)), 0);
	ck_assert_int_eq(SSL_set_fd(client.ssl, fd), 1);
	SSL_set_connect_state(client.ssl);
	return client;
}

bool
client_shake(struct loop *loop, struct tls_client *client)
{
	for (int i = 0; i < 2000; i++) {
		int r = SSL_do_handshake(client->ssl), error;

		if (r == 1)
			return true;
		error = SSL_get_error(client->ssl, r);
		ERR_clear_error();
		if (error != SSL_ERROR_WANT_READ &&
		    error != SSL_ERROR_WANT_WRITE)
			return false;
		turn(loop);
	}
	return false;
}

void
client_say(struct loop *loop, struct tls_client *client, const char *words)
{
	ck_assert_int_eq(SSL_write(client->ssl, words, (int)strlen(words)),
	    (int)strlen(words));
	turn(loop);
}

void
client_close(struct tls_client *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->context);
}
