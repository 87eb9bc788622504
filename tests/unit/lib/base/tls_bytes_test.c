/*
 * tls_bytes_test.c - a stream with TLS up: its bytes, its end, its memory
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/unit/lib/base/tls_scene.h"

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
	/* where the heap is not known, the sanitizer's leaks are looked for */
	const int names = HEAP_IS_KNOWN ? 10000 : 1100;
	struct scene *scene = begin(NULL);
	struct tls_client client;
	size_t before = 0;
	char name[64];

	(void)close(scene->peer);
	for (int i = 0; i < names; i++) {
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
	Suite *suite = suite_create("tls bytes");
	TCase *memory = tcase_create("memory");

	(void)signal(SIGPIPE, SIG_IGN);
	add_bytes(suite);
	tcase_add_test(memory,
	    ten_thousand_server_names_leave_nothing_behind);
	tcase_add_test(memory, an_idle_tls_stream_holds_no_buffers);
	tcase_set_timeout(memory, 200);
	suite_add_tcase(suite, memory);
	return suite;
}
