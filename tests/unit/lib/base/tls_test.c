/*
 * tls_test.c - the server's side of TLS, against OpenSSL as a client
 *
 * The stream under test has one end of a socket pair, the client the other;
 * both live in this process and take turns.  Long, but one thing: what OpenSSL
 * adds to a certificate, to a handshake and to a stream, in the same scene.
 */
#include "lib/base/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/stream.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

#define INPUT_BYTES	1000u
#define OUTPUT_LIMIT	(1u << 20)

#ifdef __SANITIZE_ADDRESS__
#define HEAP_IS_KNOWN	false	/* the sanitizer's own allocator */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEAP_IS_KNOWN	false
#endif
#endif
#ifndef HEAP_IS_KNOWN
#define HEAP_IS_KNOWN	true
#endif

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

enum act { ACT_NOTHING, ACT_FREE, ACT_FINISH };

struct scene {
	struct loop	*loop;
	struct tls_server *server;
	struct stream	*stream;
	int		 peer;
	char		 heard[64];
	unsigned	 count;
	char		 input[65536];	/* what came, as it was consumed */
	size_t		 input_len;
	bool		 keeps;		/* consumes nothing */
	int		 on_event;
	enum act	 act;
};

/* In enum stream_event's order. */
static const char letters[] = "IDTCFZ";

static void
take_input(struct scene *scene)
{
	struct slice input = stream_input(scene->stream);

	ck_assert_uint_le(scene->input_len + input.len, sizeof(scene->input));
	memcpy(scene->input + scene->input_len, input.at, input.len);
	scene->input_len += input.len;
	stream_consume(scene->stream, input.len);
}

static void
on_stream(void *arg, enum stream_event event)
{
	struct scene *scene = arg;

	ck_assert_ptr_nonnull(scene->stream);
	if (event != STREAM_INPUT || scene->count == 0 ||
	    scene->heard[scene->count - 1] != 'I')
		scene->heard[scene->count++] = letters[event];
	ck_assert_uint_lt(scene->count, sizeof(scene->heard));
	if (event == STREAM_INPUT && !scene->keeps)
		take_input(scene);
	if (scene->act == ACT_NOTHING || scene->on_event != (int)event)
		return;
	if (scene->act == ACT_FREE)
		stream_free(scene->stream);
	else
		stream_finish(scene->stream);
	scene->stream = NULL;
}

static void
connect_scene(struct scene *scene)
{
	int fd[2];

	pair_open(fd);
	scene->peer = fd[1];
	scene->count = 0;
	memset(scene->heard, 0, sizeof(scene->heard));
	scene->stream = stream_new(scene->loop, fd[0], INPUT_BYTES,
	    OUTPUT_LIMIT, on_stream, scene);
	ck_assert_ptr_nonnull(scene->stream);
}

static struct scene *
begin(const char *alpn)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	ck_assert_ptr_nonnull(scene);
	scene->loop = loop_new();
	scene->server = make_tls_server(alpn);
	connect_scene(scene);
	return scene;
}

static void
end(struct scene *scene)
{
	stream_free(scene->stream);
	if (scene->peer >= 0)
		(void)close(scene->peer);
	if (scene->loop != NULL)
		turn(scene->loop);	/* a finish under way ends now */
	tls_server_free(scene->server);
	loop_free(scene->loop);
	free(scene);
}

/* A connection with TLS up. */
static struct scene *
begin_up(int version, struct tls_client *client)
{
	struct scene *scene = begin(NULL);

	ck_assert_int_eq(stream_start_tls(scene->stream, scene->server), 0);
	*client = client_open(scene->peer, version, NULL);
	ck_assert(client_shake(scene->loop, client));
	turn(scene->loop);
	ck_assert_str_eq(scene->heard, "T");
	return scene;
}

/* What the client has heard so far, up to `want` bytes. */
static size_t
client_hear(struct scene *scene, struct tls_client *client, char *buffer,
    size_t want)
{
	size_t len = 0;

	for (int i = 0; i < 20000 && len < want; i++) {
		int n = SSL_read(client->ssl, buffer + len,
		    (int)(want - len));

		if (n > 0)
			len += (size_t)n;
		else
			turn(scene->loop);
	}
	ERR_clear_error();
	return len;
}

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

START_TEST(bytes_go_both_ways)
{
	struct tls_client client;
	struct scene *scene = begin_up(versions[_i], &client);
	char got[8] = "";

	ck_assert(stream_has_tls(scene->stream));
	ck_assert_int_eq(strncmp(stream_tls_words(scene->stream),
	    _i == 0 ? "TLSv1.2 " : "TLSv1.3 ", 8), 0);
	client_say(scene->loop, &client, "hello");
	ck_assert_str_eq(scene->heard, "TI");
	ck_assert_str_eq(scene->input, "hello");
	ck_assert_int_eq(stream_write(scene->stream, slice_str("world")), 0);
	stream_tell_drained(scene->stream);
	ck_assert_uint_eq(client_hear(scene, &client, got, 5), 5);
	ck_assert_str_eq(got, "world");
	ck_assert_str_eq(scene->heard, "TID");
	client_close(&client);
	end(scene);
}
END_TEST

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

/* HARDENING A26 */
START_TEST(a_close_notify_is_an_end_and_a_cut_is_a_fault)
{
	struct tls_client client;
	struct scene *scene = begin_up(versions[_i % 2], &client);

	ck_assert_int_eq(SSL_write(client.ssl, "words", 5), 5);
	if (_i < 2)
		(void)SSL_shutdown(client.ssl);
	(void)shutdown(scene->peer, SHUT_WR);
	turn(scene->loop);
	ck_assert_str_eq(scene->heard, _i < 2 ? "TIC" : "TIF");
	ck_assert_str_eq(scene->input, "words");
	client_close(&client);
	end(scene);
}
END_TEST

START_TEST(finishing_says_the_last_words_and_close_notify)
{
	struct tls_client client;
	struct scene *scene = begin_up(versions[_i], &client);
	static char bytes[300000];
	char rest;
	int n;

	pair_narrow(stream_fd(scene->stream), 1);
	ck_assert_int_eq(stream_write(scene->stream,
	    slice_of(bytes, sizeof(bytes))), 0);
	stream_finish(scene->stream);
	scene->stream = NULL;
	ck_assert_uint_eq(client_hear(scene, &client, bytes, sizeof(bytes)),
	    sizeof(bytes));
	turn(scene->loop);
	while ((n = SSL_read(client.ssl, &rest, 1)) <= 0 &&
	    SSL_get_error(client.ssl, n) == SSL_ERROR_WANT_READ)
		turn(scene->loop);
	ck_assert_int_eq(SSL_get_error(client.ssl, n), SSL_ERROR_ZERO_RETURN);
	client_close(&client);
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

/* A record is 16 KiB, the input buffer 1,000 bytes. */
START_TEST(bytes_inside_tls_are_told_as_room_is_made)
{
	struct tls_client client;
	struct scene *scene = begin_up(versions[_i], &client);
	static char sent[16384];

	memset(sent, 's', sizeof(sent));
	ck_assert_int_eq(SSL_write(client.ssl, sent, sizeof(sent)),
	    sizeof(sent));
	TURN_UNTIL(scene->loop, scene->input_len == sizeof(sent));
	client_close(&client);
	end(scene);
}
END_TEST

START_TEST(bytes_inside_tls_are_told_after_a_hold)
{
	struct tls_client client;
	struct scene *scene = begin_up(versions[_i], &client);
	static char sent[16384];

	scene->keeps = true;
	ck_assert_int_eq(SSL_write(client.ssl, sent, sizeof(sent)),
	    sizeof(sent));
	turn(scene->loop);
	ck_assert_uint_eq(stream_input(scene->stream).len, INPUT_BYTES);
	stream_hold(scene->stream, true);
	stream_consume(scene->stream, INPUT_BYTES);
	turn(scene->loop);
	ck_assert_uint_eq(stream_input(scene->stream).len, 0);
	scene->keeps = false;
	stream_hold(scene->stream, false);
	TURN_UNTIL(scene->loop, scene->input_len ==
	    sizeof(sent) - INPUT_BYTES);
	/* outside a handler, without a hold */
	scene->keeps = true;
	ck_assert_int_eq(SSL_write(client.ssl, sent, sizeof(sent)),
	    sizeof(sent));
	turn(scene->loop);
	scene->keeps = false;
	stream_consume(scene->stream, 1);
	TURN_UNTIL(scene->loop, scene->input_len ==
	    2 * sizeof(sent) - INPUT_BYTES - 1);
	client_close(&client);
	end(scene);
}
END_TEST

static double
cpu_seconds(void)
{
	struct timespec used;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

START_TEST(a_slow_peer_stops_output_and_costs_no_time)
{
	struct tls_client client;
	struct scene *scene = begin_up(versions[_i], &client);
	static char bytes[600000], got[600000];
	double before;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i % 251);
	pair_narrow(stream_fd(scene->stream), 1);
	stream_hold(scene->stream, true);
	ck_assert_int_eq(stream_write(scene->stream,
	    slice_of(bytes, sizeof(bytes))), 0);
	stream_tell_drained(scene->stream);
	turn_ms(scene->loop, 10);
	ck_assert_uint_gt(stream_waiting(scene->stream), 500000);
	ck_assert_uint_eq(client_hear(scene, &client, got, sizeof(got)),
	    sizeof(got));
	ck_assert_int_eq(memcmp(bytes, got, sizeof(got)), 0);
	turn(scene->loop);
	ck_assert_str_eq(scene->heard, "TD");
	/* held, everything written: nothing is left to wake for */
	before = cpu_seconds();
	turn_ms(scene->loop, 200);
	ck_assert(cpu_seconds() - before < 0.1);
	client_close(&client);
	end(scene);
}
END_TEST

static const enum stream_event provoked[] = {
	STREAM_INPUT, STREAM_TLS_UP, STREAM_CLOSED, STREAM_FAILED
};

START_TEST(a_handler_may_free_or_finish_the_stream_at_any_event)
{
	struct scene *scene = begin(NULL);
	struct tls_client client;
	unsigned count;

	scene->on_event = (int)provoked[_i / 2];
	scene->act = _i % 2 == 0 ? ACT_FREE : ACT_FINISH;
	ck_assert_int_eq(stream_start_tls(scene->stream, scene->server), 0);
	client = client_open(scene->peer, 0, NULL);
	(void)client_shake(scene->loop, &client);
	if (scene->on_event == STREAM_INPUT)
		(void)SSL_write(client.ssl, "x", 1);
	if (scene->on_event == STREAM_CLOSED)
		(void)SSL_shutdown(client.ssl);
	if (scene->on_event == STREAM_FAILED)
		(void)send(scene->peer, "no record", 9, MSG_NOSIGNAL);
	TURN_UNTIL(scene->loop, scene->stream == NULL);
	count = scene->count;
	(void)SSL_write(client.ssl, "x", 1);
	turn(scene->loop);
	(void)close(scene->peer);
	scene->peer = -1;
	turn(scene->loop);
	ck_assert_uint_eq(scene->count, count);
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

/* What another part of the program left in OpenSSL's queue is not ours. */
START_TEST(an_error_of_somebody_else_breaks_no_stream)
{
	struct tls_client client;
	struct scene *scene = begin_up(versions[_i], &client);

	ck_assert_int_eq(SSL_write(client.ssl, "x", 1), 1);
	ERR_raise(ERR_LIB_USER, 1);
	turn(scene->loop);
	ERR_raise(ERR_LIB_USER, 1);
	turn(scene->loop);
	ck_assert_str_eq(scene->heard, "TI");
	ERR_clear_error();
	client_close(&client);
	end(scene);
}
END_TEST

/* HARDENING A27, CVE-2017-15130 */
START_TEST(ten_thousand_server_names_leave_nothing_behind)
{
	struct scene *scene = begin(NULL);
	struct tls_client client;
	size_t before = 0;
	char name[64];

	(void)close(scene->peer);
	for (int i = 0; i < 10000; i++) {
		stream_free(scene->stream);
		connect_scene(scene);
		ck_assert_int_eq(stream_start_tls(scene->stream,
		    scene->server), 0);
		client = client_open(scene->peer, 0, NULL);
		(void)snprintf(name, sizeof(name), "n%d-%ld.test", i,
		    random());
		(void)SSL_set_tlsext_host_name(client.ssl, name);
		(void)SSL_do_handshake(client.ssl);
		ERR_clear_error();
		turn(scene->loop);
		client_close(&client);
		(void)close(scene->peer);
		scene->peer = -1;
		if (i == 1000)
			before = heap_bytes();
	}
	ck_assert_uint_lt(heap_bytes(), before + 65536);
	end(scene);
}
END_TEST

#define IDLE_STREAMS	100

static void
ignore(void *arg, enum stream_event event)
{
	unsigned *up = arg;

	*up += event == STREAM_TLS_UP;
}

/* The clients are another process, so that their memory is not ours. */
static pid_t
start_clients(const int fd[IDLE_STREAMS])
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child > 0)
		return child;
	for (int i = 0; i < IDLE_STREAMS; i++) {
		struct tls_client client = client_open(fd[i], 0, NULL);

		if (fcntl(fd[i], F_SETFL, 0) < 0 ||
		    SSL_connect(client.ssl) != 1)
			_exit(1);
	}
	for (;;)
		(void)pause();
}

/* DESIGN 5: 14 KiB per idle connection, and our own part */
START_TEST(an_idle_tls_stream_holds_no_buffers)
{
	struct loop *loop = loop_new();
	struct tls_server *server = make_tls_server(NULL);
	struct stream *streams[IDLE_STREAMS];
	int ours[IDLE_STREAMS], theirs[IDLE_STREAMS];
	unsigned up = 0;
	size_t before;
	pid_t child;

	for (int i = 0; i < IDLE_STREAMS; i++) {
		int fd[2];

		pair_open(fd);
		ours[i] = fd[0];
		theirs[i] = fd[1];
	}
	child = start_clients(theirs);
	before = heap_bytes();
	for (int i = 0; i < IDLE_STREAMS; i++) {
		streams[i] = stream_new(loop, ours[i], 65536, 65536, ignore,
		    &up);
		ck_assert_int_eq(stream_start_tls(streams[i], server), 0);
	}
	TURN_UNTIL(loop, up == IDLE_STREAMS);
	if (HEAP_IS_KNOWN)
		ck_assert_uint_lt((heap_bytes() - before) / IDLE_STREAMS,
		    18 * 1024);
	for (int i = 0; i < IDLE_STREAMS; i++) {
		stream_free(streams[i]);
		(void)close(theirs[i]);
	}
	(void)kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	tls_server_free(server);
	loop_free(loop);
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

static void
add_bytes(Suite *suite)
{
	TCase *tcase = tcase_create("bytes");

	tcase_add_loop_test(tcase, bytes_go_both_ways, 0, 2);
	tcase_add_loop_test(tcase,
	    a_close_notify_is_an_end_and_a_cut_is_a_fault, 0, 4);
	tcase_add_loop_test(tcase,
	    finishing_says_the_last_words_and_close_notify, 0, 2);
	tcase_add_loop_test(tcase,
	    bytes_inside_tls_are_told_as_room_is_made, 0, 2);
	tcase_add_loop_test(tcase, bytes_inside_tls_are_told_after_a_hold, 0,
	    2);
	tcase_add_loop_test(tcase,
	    a_slow_peer_stops_output_and_costs_no_time, 0, 2);
	tcase_add_loop_test(tcase,
	    a_handler_may_free_or_finish_the_stream_at_any_event, 0, 8);
	tcase_add_loop_test(tcase,
	    an_error_of_somebody_else_breaks_no_stream, 0, 2);
	tcase_set_timeout(tcase, 30);
	suite_add_tcase(suite, tcase);
}

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("tls");
	TCase *memory = tcase_create("memory");
	TCase *pem = tcase_create("PEM");

	(void)signal(SIGPIPE, SIG_IGN);
	add_handshakes(suite);
	add_bytes(suite);
	tcase_add_test(memory,
	    ten_thousand_server_names_leave_nothing_behind);
	tcase_add_test(memory, an_idle_tls_stream_holds_no_buffers);
	tcase_set_timeout(memory, 200);
	suite_add_tcase(suite, memory);
	tcase_add_test(pem,
	    a_certificate_and_a_key_that_do_not_belong_together_are_refused);
	tcase_add_test(pem, a_chain_of_several_is_sent_whole);
	tcase_add_test(pem,
	    a_key_with_a_password_is_refused_without_a_question);
	suite_add_tcase(suite, pem);
	return suite;
}
