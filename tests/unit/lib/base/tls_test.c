/*
 * tls_test.c - the server's side of a handshake, and the certificate it shows
 */
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>

#include "tests/unit/lib/base/tls_scene.h"

static time_t ahead_seconds;

/* The machine's clock, as libevent sees it too: a test can put it ahead. */
int
clock_gettime(clockid_t id, struct timespec *now)
{
	int r = (int)syscall(SYS_clock_gettime, id, now);

	if (r == 0 && id != CLOCK_PROCESS_CPUTIME_ID)
		now->tv_sec += ahead_seconds;
	return r;
}

/* HARDENING A20: STARTTLS\r\nNOOP\r\n, read together */
START_TEST(input_that_waits_when_tls_begins_is_a_breach)
{
	struct scene *scene = begin(NULL);

	scene->keeps = true;
	peer_say(scene->peer, "NOOP\r\n");
	turn(scene->loop);
	ck_assert_int_eq(stream_start_tls(scene->stream, scene->server),
	    -EPROTO);
	ck_assert(!stream_has_tls(scene->stream));
	ck_assert_str_eq(stream_tls_words(scene->stream), "");
	end(scene);
}
END_TEST

/* HARDENING A20: the same, but read after TLS has begun; or garbage */
static const char *const injected[] = {
	"NOOP\r\n", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff\x01",
	"\x80\x2e\x01\x03\x01", "\x16\x03\x03\x40\x01........................"
};

START_TEST(what_is_no_client_hello_fails_the_stream)
{
	struct scene *scene = begin(NULL);

	ck_assert_int_eq(stream_start_tls(scene->stream, scene->server), 0);
	ck_assert_int_eq(stream_start_tls(scene->stream, scene->server),
	    -EPROTO);
	peer_say(scene->peer, injected[_i]);
	(void)shutdown(scene->peer, SHUT_WR);
	turn(scene->loop);
	ck_assert_str_eq(scene->heard, "F");
	ck_assert_str_ne(stream_fault(scene->stream), "");
	ck_assert_uint_eq(scene->input_len, 0);
	end(scene);
}
END_TEST

START_TEST(what_waits_leaves_in_clear_and_what_comes_later_in_tls)
{
	static char got[100000];
	struct scene *scene = begin(NULL);
	struct tls_client client;
	size_t sum = 0;

	pair_narrow(stream_fd(scene->stream), 1);
	memset(got, 'c', sizeof(got));
	ck_assert_int_eq(stream_write(scene->stream,
	    slice_of(got, sizeof(got))), 0);
	ck_assert_int_eq(stream_start_tls(scene->stream, scene->server), 0);
	ck_assert_int_eq(stream_write(scene->stream, slice_str("secret")), 0);
	for (int i = 0; i < 1000; i++) {
		sum += peer_hear(scene->peer, got, sizeof(got));
		turn(scene->loop);
	}
	ck_assert_uint_eq(sum, sizeof(got));
	client = client_open(scene->peer, 0, NULL);
	ck_assert(client_shake(scene->loop, &client));
	ck_assert_uint_eq(client_hear(scene, &client, got, 6), 6);
	ck_assert_int_eq(memcmp(got, "secret", 6), 0);
	client_close(&client);
	end(scene);
}
END_TEST

static size_t
client_hello(char *bytes, size_t size)
{
	struct tls_client client;
	size_t len;
	int fd[2];

	pair_open(fd);
	client = client_open(fd[0], 0, NULL);
	(void)SSL_do_handshake(client.ssl);
	ERR_clear_error();
	len = peer_hear(fd[1], bytes, size);
	ck_assert_uint_gt(len, 100);
	client_close(&client);
	(void)close(fd[0]);
	(void)close(fd[1]);
	return len;
}

START_TEST(a_hello_may_come_byte_by_byte)
{
	struct scene *scene = begin(NULL);
	char hello[2048], got[8];
	size_t len = client_hello(hello, sizeof(hello));

	ck_assert_int_eq(stream_start_tls(scene->stream, scene->server), 0);
	for (size_t i = 0; i < len; i++) {
		ck_assert_uint_eq(peer_hear(scene->peer, got, 1), 0);
		ck_assert_int_eq(write(scene->peer, hello + i, 1), 1);
		turn(scene->loop);
	}
	/* the server's hello, and nothing failed */
	ck_assert_uint_eq(peer_hear(scene->peer, got, sizeof(got)), 8);
	ck_assert_int_eq(got[0], 0x16);
	ck_assert_str_eq(scene->heard, "");
	end(scene);
}
END_TEST

START_TEST(a_handshake_broken_off_fails_the_stream)
{
	struct scene *scene = begin(NULL);
	char hello[2048];
	size_t len = client_hello(hello, sizeof(hello));

	ck_assert_int_eq(stream_start_tls(scene->stream, scene->server), 0);
	ck_assert_int_eq(write(scene->peer, hello, len / 2),
	    (ssize_t)len / 2);
	turn(scene->loop);
	ck_assert_str_eq(scene->heard, "");
	(void)close(scene->peer);
	scene->peer = -1;
	turn(scene->loop);
	ck_assert_str_eq(scene->heard, "F");
	end(scene);
}
END_TEST

/* HARDENING A24: 30 s for all of it, the flush in clear included */
START_TEST(a_handshake_has_a_deadline)
{
	struct scene *scene = begin(NULL), *stuck = begin(NULL);
	static const char bytes[400000];
	char hello[2048];
	size_t len = client_hello(hello, sizeof(hello));

	ck_assert_int_eq(stream_start_tls(scene->stream, scene->server), 0);
	ck_assert_int_eq(write(scene->peer, hello, len / 2),
	    (ssize_t)len / 2);
	stream_free(stuck->stream);
	(void)close(stuck->peer);
	loop_free(stuck->loop);
	stuck->loop = scene->loop;
	connect_scene(stuck);
	pair_narrow(stream_fd(stuck->stream), 1);
	ck_assert_int_eq(stream_write(stuck->stream,
	    slice_of(bytes, sizeof(bytes))), 0);
	ck_assert_int_eq(stream_start_tls(stuck->stream, stuck->server), 0);
	turn(scene->loop);
	ahead_seconds = 29;
	turn(scene->loop);
	ck_assert_str_eq(scene->heard, "");
	ck_assert_str_eq(stuck->heard, "");
	ahead_seconds = 31;
	turn(scene->loop);
	ck_assert_str_eq(scene->heard, "F");
	ck_assert_str_eq(stuck->heard, "F");
	ahead_seconds = 0;		/* libcheck measures, too */
	stuck->loop = NULL;
	stream_free(stuck->stream);
	stuck->stream = NULL;
	end(stuck);
	end(scene);
}
END_TEST

/* HARDENING A28, CVE-2009-3555 */
START_TEST(renegotiation_is_refused)
{
	struct tls_client client;
	struct scene *scene = begin_up(TLS1_2_VERSION, &client);

	ck_assert_int_eq(SSL_renegotiate(client.ssl), 1);
	ck_assert(!client_shake(scene->loop, &client));
	ck_assert_str_eq(scene->heard, "T");	/* it has heard of nothing */
	client_close(&client);
	end(scene);
}
END_TEST

/* RFC 8996 */
static const int old_versions[] = { TLS1_VERSION, TLS1_1_VERSION };

START_TEST(tls_before_1_2_is_refused)
{
	struct scene *scene = begin(NULL);
	struct tls_client client;

	ck_assert_int_eq(stream_start_tls(scene->stream, scene->server), 0);
	client = client_open(scene->peer, old_versions[_i], NULL);
	ck_assert(!client_shake(scene->loop, &client));
	turn(scene->loop);
	ck_assert_str_eq(scene->heard, "F");
	client_close(&client);
	end(scene);
}
END_TEST

/* RFC 7301 3.2, and ALPACA */
static const struct {
	const char	*server, *client, *chosen;
	bool		 up;
} alpn_cases[] = {
	{ "pop3",	"\4pop3",		"pop3",	true },
	{ "pop3",	"\2h2\4imap\4pop3",	"pop3",	true },
	{ "pop3",	NULL,			"",	true },
	{ NULL,		NULL,			"",	true },
	{ "pop3",	"\4imap",		"",	false },
	{ "pop3",	"\2h2\10http/1.1",	"",	false },
	{ "pop3",	"\5pop33\3pop",		"",	false },
	{ NULL,		"\10http/1.1",		"",	false },
};

START_TEST(a_client_that_names_protocols_must_name_ours)
{
	struct scene *scene = begin(alpn_cases[_i].server);
	struct tls_client client;
	const unsigned char *chosen = NULL;
	unsigned len = 0;

	ck_assert_int_eq(stream_start_tls(scene->stream, scene->server), 0);
	client = client_open(scene->peer, 0, alpn_cases[_i].client);
	ck_assert_int_eq(client_shake(scene->loop, &client),
	    alpn_cases[_i].up);
	SSL_get0_alpn_selected(client.ssl, &chosen, &len);
	ck_assert(slice_is_str(slice_of(chosen, len),
	    alpn_cases[_i].chosen));
	turn(scene->loop);
	ck_assert_str_eq(scene->heard, alpn_cases[_i].up ? "T" : "F");
	client_close(&client);
	end(scene);
}
END_TEST

START_TEST(a_foreign_protocol_is_answered_by_an_alert)
{
	struct scene *scene = begin("pop3");
	struct tls_client client;
	char alert[7];

	ck_assert_int_eq(stream_start_tls(scene->stream, scene->server), 0);
	client = client_open(scene->peer, TLS1_2_VERSION, "\2h2");
	(void)SSL_do_handshake(client.ssl);
	ERR_clear_error();
	turn(scene->loop);
	ck_assert_uint_eq(peer_hear(scene->peer, alert, 7), 7);
	/* alert, fatal, no_application_protocol */
	ck_assert_int_eq(alert[0], 21);
	ck_assert_int_eq(alert[5], 2);
	ck_assert_int_eq(alert[6], 120);
	client_close(&client);
	end(scene);
}
END_TEST

START_TEST(nothing_is_resumed_and_no_ticket_given)
{
	struct tls_client client;
	struct scene *scene = begin_up(versions[_i], &client);

	client_say(scene->loop, &client, "x");
	ck_assert_int_eq(SSL_SESSION_is_resumable(
	    SSL_get0_session(client.ssl)), 0);
	client_close(&client);
	end(scene);
}
END_TEST

START_TEST(a_finish_during_the_handshake_ends)
{
	struct scene *scene = begin(NULL);
	unsigned before = fds_open();
	struct tls_client client;

	ck_assert_int_eq(stream_start_tls(scene->stream, scene->server), 0);
	turn(scene->loop);
	ck_assert_int_eq(stream_write(scene->stream, slice_str("bye")), 0);
	stream_finish(scene->stream);
	scene->stream = NULL;
	client = client_open(scene->peer, 0, NULL);
	ck_assert(client_shake(scene->loop, &client));
	TURN_UNTIL(scene->loop, fds_open() == before - 1);
	client_close(&client);
	end(scene);
}
END_TEST

static void
refused(const char *certificate, const char *key)
{
	struct tls_server *server = NULL;
	char fault[120] = "";

	ck_assert_int_eq(tls_server_new(slice_str(certificate),
	    slice_str(key), NULL, &server, fault, sizeof(fault)), -EINVAL);
	ck_assert_ptr_null(server);
	ck_assert_uint_gt(strlen(fault), 10);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

START_TEST(a_certificate_and_a_key_that_do_not_belong_together_are_refused)
{
	char *certificate, *key, *other_certificate, *other_key, *torn;

	make_certificate(&certificate, &key);
	make_certificate(&other_certificate, &other_key);
	refused("", key);
	refused("no PEM", key);
	refused(certificate, "");
	refused(certificate, "no PEM");
	refused(certificate, certificate);
	refused(certificate, other_key);
	/* a chain that breaks off would be found out by clients only */
	ck_assert_int_gt(asprintf(&torn, "%s%.100s\n", certificate,
	    other_certificate), 0);
	refused(torn, key);
	free(torn);
	free(certificate);
	free(key);
	free(other_certificate);
	free(other_key);
	tls_server_free(NULL);
}
END_TEST

START_TEST(a_chain_of_several_is_sent_whole)
{
	char *certificate, *key, *next, *chain, *next_key, fault[120];
	struct scene *scene = begin(NULL);
	struct tls_client client;

	make_certificate(&certificate, &key);
	make_certificate(&next, &next_key);
	ck_assert_int_gt(asprintf(&chain, "%s%s", certificate, next), 0);
	tls_server_free(scene->server);
	ck_assert_int_eq(tls_server_new(slice_str(chain), slice_str(key),
	    NULL, &scene->server, fault, sizeof(fault)), 0);
	ck_assert_int_eq(stream_start_tls(scene->stream, scene->server), 0);
	client = client_open(scene->peer, 0, NULL);
	ck_assert(client_shake(scene->loop, &client));
	ck_assert_int_eq(sk_X509_num(SSL_get_peer_cert_chain(client.ssl)), 2);
	client_close(&client);
	end(scene);
	free(chain);
	free(certificate);
	free(key);
	free(next);
	free(next_key);
}
END_TEST

/* A daemon has nobody to ask for it; the default would, on the terminal. */
START_TEST(a_key_with_a_password_is_refused_without_a_question)
{
	char *certificate, *key;
	char *at, *sealed;
	BIO *in, *out = BIO_new(BIO_s_mem());
	EVP_PKEY *pkey;
	long len;

	make_certificate(&certificate, &key);
	in = BIO_new_mem_buf(key, -1);
	pkey = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	ck_assert_ptr_nonnull(pkey);
	ck_assert_int_eq(PEM_write_bio_PrivateKey(out, pkey,
	    EVP_aes_128_cbc(), (const unsigned char *)"pass", 4, NULL, NULL),
	    1);
	len = BIO_get_mem_data(out, &at);
	sealed = strndup(at, (size_t)len);
	refused(certificate, sealed);
	free(sealed);
	EVP_PKEY_free(pkey);
	BIO_free(in);
	BIO_free(out);
	free(certificate);
	free(key);
}
END_TEST

static void
add_handshakes(Suite *suite)
{
	TCase *tcase = tcase_create("handshake");

	tcase_add_test(tcase, input_that_waits_when_tls_begins_is_a_breach);
	tcase_add_loop_test(tcase, what_is_no_client_hello_fails_the_stream,
	    0, 5);
	tcase_add_test(tcase,
	    what_waits_leaves_in_clear_and_what_comes_later_in_tls);
	tcase_add_test(tcase, a_hello_may_come_byte_by_byte);
	tcase_add_test(tcase, a_handshake_broken_off_fails_the_stream);
	tcase_add_test(tcase, a_handshake_has_a_deadline);
	tcase_add_test(tcase, renegotiation_is_refused);
	tcase_add_loop_test(tcase, tls_before_1_2_is_refused, 0, 2);
	tcase_add_loop_test(tcase,
	    a_client_that_names_protocols_must_name_ours, 0, 8);
	tcase_add_test(tcase, a_foreign_protocol_is_answered_by_an_alert);
	tcase_add_loop_test(tcase, nothing_is_resumed_and_no_ticket_given, 0,
	    2);
	tcase_add_test(tcase, a_finish_during_the_handshake_ends);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
}

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("tls");
	TCase *pem = tcase_create("PEM");

	(void)signal(SIGPIPE, SIG_IGN);
	add_handshakes(suite);
	tcase_add_test(pem,
	    a_certificate_and_a_key_that_do_not_belong_together_are_refused);
	tcase_add_test(pem, a_chain_of_several_is_sent_whole);
	tcase_add_test(pem,
	    a_key_with_a_password_is_refused_without_a_question);
	suite_add_tcase(suite, pem);
	return suite;
}
