/*
 * bridge_test.c - bytes between a client and a role, none lost, few held
 *
 * The test plays both: `client` is the far end of the client's connection,
 * `role` that of the socket pair.
 */
#include "lib/base/bridge.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/deflate.h"
#include "lib/base/mark.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

#define FLOOD	(3u << 20)

static time_t ahead_seconds;

/* The machine's clock, as libevent sees it too: a test can put it ahead. */
int
clock_gettime(clockid_t id, struct timespec *now)
{
	int r = (int)syscall(SYS_clock_gettime, id, now);

	if (r == 0)
		now->tv_sec += ahead_seconds;
	return r;
}

struct scene {
	struct loop	*loop;
	struct bridge	*bridge;
	struct stream	*stream;	/* the client's, before the bridge */
	int		 client, role;
	int		 inner;		/* the bridge's own end */
	unsigned	 ended, events;
};

static void
on_end(void *arg, struct bridge *bridge)
{
	struct scene *scene = arg;

	ck_assert_ptr_eq(bridge, scene->bridge);
	scene->bridge = NULL;
	scene->ended++;
}

static void
before_bridge(void *arg, enum stream_event event)
{
	struct scene *scene = arg;

	(void)event;
	scene->events++;
}

static void
begin(struct scene *scene)
{
	int outer[2], inner[2];

	ahead_seconds = 0;
	*scene = (struct scene){ .loop = loop_new() };
	pair_open(outer);
	pair_open(inner);
	scene->client = outer[1];
	scene->inner = inner[0];
	scene->role = inner[1];
	scene->stream = stream_new(scene->loop, outer[0], 64, 64,
	    before_bridge, scene);
	ck_assert_ptr_nonnull(scene->stream);
}

static void
join(struct scene *scene)
{
	scene->bridge = bridge_new(scene->loop, scene->stream, scene->inner,
	    on_end, scene);
	ck_assert_ptr_nonnull(scene->bridge);
	ck_assert_uint_eq(scene->ended, 0);
}

static void
begin_joined(struct scene *scene)
{
	begin(scene);
	join(scene);
}

static void
hang_up(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void
end(struct scene *scene)
{
	ahead_seconds = 0;		/* libcheck measures, too */
	if (scene->bridge != NULL)
		bridge_close(scene->bridge);
	hang_up(&scene->client);
	hang_up(&scene->role);
	turn(scene->loop);
	loop_free(scene->loop);
	ck_assert_uint_eq(scene->ended, 1);
}

static void
hears(struct scene *scene, int fd, const char *words)
{
	char got[256] = "";

	turn(scene->loop);
	(void)peer_hear(fd, got, sizeof(got) - 1);
	ck_assert_str_eq(got, words);
}

static char
byte_at(size_t i)
{
	return (char)(i % 251);
}

/* Write as much of the flood as goes; where it stands now. */
static size_t
pour(int fd, size_t from, size_t to)
{
	char bytes[4096];

	while (from < to) {
		size_t len = to - from < sizeof(bytes) ? to - from :
		    sizeof(bytes);
		ssize_t n;

		for (size_t i = 0; i < len; i++)
			bytes[i] = byte_at(from + i);
		n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			break;
		from += (size_t)n;
	}
	return from;
}

/* These are the bytes of the flood from there on; where it stands then. */
static size_t
look(const char *bytes, ssize_t len, size_t from)
{
	/* an assertion for each would be most of the time that this takes */
	for (ssize_t i = 0; i < len; i++, from++)
		if (bytes[i] != byte_at(from))
			ck_abort_msg("byte %zu is another one", from);
	return from;
}

/* Read as much of the flood as there is, and look at every byte. */
static size_t
drink(int fd, size_t from)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		from = look(bytes, n, from);
	return from;
}

START_TEST(bytes_go_both_ways)
{
	struct scene scene;

	begin_joined(&scene);
	peer_say(scene.client, "STAT\r\n");
	hears(&scene, scene.role, "STAT\r\n");
	peer_say(scene.role, "+OK 0 0\r\n");
	hears(&scene, scene.client, "+OK 0 0\r\n");
	peer_say(scene.client, "a");
	peer_say(scene.role, "b");
	hears(&scene, scene.role, "a");
	hears(&scene, scene.client, "b");
	ck_assert_uint_eq(scene.events, 0);
	end(&scene);
}
END_TEST

START_TEST(input_that_waits_at_the_hand_over_comes_first)
{
	struct scene scene;

	begin(&scene);
	peer_say(scene.client, "LIST\r\n");
	turn(scene.loop);
	ck_assert_uint_eq(scene.events, 1);
	stream_hold(scene.stream, true);	/* as a login does */
	peer_say(scene.client, "RETR 1\r\n");
	ck_assert_int_eq(stream_write(scene.stream, slice_str("+OK\r\n")), 0);
	join(&scene);
	peer_say(scene.client, "QUIT\r\n");
	hears(&scene, scene.role, "LIST\r\nRETR 1\r\nQUIT\r\n");
	hears(&scene, scene.client, "+OK\r\n");
	ck_assert_uint_eq(scene.events, 1);
	end(&scene);
}
END_TEST

/* Whoever does not read stops the other, and costs 400 KiB and the sockets. */
START_TEST(a_side_that_does_not_read_holds_the_other)
{
	struct scene scene;
	int from, to;
	size_t sent = 0, got = 0, before;

	begin_joined(&scene);
	from = _i == 0 ? scene.client : scene.role;
	to = _i == 0 ? scene.role : scene.client;
	before = heap_bytes();
	for (int i = 0; i < 500; i++) {
		sent = pour(from, sent, FLOOD);
		turn(scene.loop);
	}
	ck_assert_uint_lt(sent, 2u << 20);
	ck_assert_uint_lt(heap_bytes(), before + (900u << 10));
	/* the other direction is open */
	peer_say(to, "stop");
	hears(&scene, from, "stop");
	for (int i = 0; i < 20000 && got < FLOOD; i++) {
		sent = pour(from, sent, FLOOD);
		got = drink(to, got);
		turn(scene.loop);
	}
	ck_assert_uint_eq(got, FLOOD);
	ck_assert_uint_eq(scene.ended, 0);
	end(&scene);
}
END_TEST

/* What has been written counts no more, wherever it stands. */
START_TEST(a_slow_reader_gets_everything)
{
	struct scene scene;
	size_t sent = 0, got = 0;

	begin_joined(&scene);
	while (got < FLOOD && scene.ended == 0) {
		char bytes[10007];
		ssize_t n;

		sent = pour(scene.role, sent, FLOOD);
		turn(scene.loop);
		n = read(scene.client, bytes, sizeof(bytes));
		got = look(bytes, n, got);
	}
	ck_assert_uint_eq(got, FLOOD);
	end(&scene);
}
END_TEST

START_TEST(the_end_of_the_role_delivers_what_is_under_way)
{
	struct scene scene;
	size_t sent = 0, got = 0;

	begin_joined(&scene);
	for (int i = 0; i < 100; i++) {
		sent = pour(scene.role, sent, FLOOD);
		turn(scene.loop);
	}
	hang_up(&scene.role);
	for (int i = 0; i < 20000 && !peer_at_end(scene.client); i++) {
		got = drink(scene.client, got);
		turn(scene.loop);
	}
	ck_assert_uint_eq(got, sent);
	ck_assert_uint_eq(scene.ended, 1);
	end(&scene);
}
END_TEST

START_TEST(the_end_of_the_client_delivers_what_is_under_way)
{
	struct scene scene;
	size_t sent = 0, got = 0;

	begin_joined(&scene);
	for (int i = 0; i < 100; i++) {
		sent = pour(scene.client, sent, FLOOD);
		turn(scene.loop);
	}
	hang_up(&scene.client);
	for (int i = 0; i < 20000 && !peer_at_end(scene.role); i++) {
		got = drink(scene.role, got);
		turn(scene.loop);
	}
	ck_assert_uint_eq(got, sent);
	hang_up(&scene.role);
	turn(scene.loop);
	end(&scene);
}
END_TEST

/* printf 'RETR 1\r\nQUIT\r\n' | nc -N */
START_TEST(a_client_that_ends_its_side_still_gets_its_answers)
{
	struct scene scene;

	begin_joined(&scene);
	peer_say(scene.client, "QUIT\r\n");
	ck_assert_int_eq(shutdown(scene.client, SHUT_WR), 0);
	hears(&scene, scene.role, "QUIT\r\n");
	ck_assert(peer_at_end(scene.role));
	ck_assert_uint_eq(scene.ended, 0);
	peer_say(scene.role, "+OK bye\r\n");
	hang_up(&scene.role);
	hears(&scene, scene.client, "+OK bye\r\n");
	turn(scene.loop);
	ck_assert(peer_at_end(scene.client));
	ck_assert_uint_eq(scene.ended, 1);
	end(&scene);
}
END_TEST

START_TEST(a_client_that_ended_before_the_hand_over_is_known_to_have)
{
	struct scene scene;

	begin(&scene);
	peer_say(scene.client, "STAT\r\n");
	ck_assert_int_eq(shutdown(scene.client, SHUT_WR), 0);
	turn(scene.loop);
	ck_assert_uint_eq(scene.events, 2);
	join(&scene);
	hears(&scene, scene.role, "STAT\r\n");
	ck_assert(peer_at_end(scene.role));
	end(&scene);
}
END_TEST

START_TEST(a_client_that_is_gone_ends_the_bridge_at_the_next_word)
{
	struct scene scene;

	begin_joined(&scene);
	hang_up(&scene.client);
	turn(scene.loop);
	ck_assert(peer_at_end(scene.role));
	peer_say(scene.role, "+OK");
	turn(scene.loop);
	ck_assert_uint_eq(scene.ended, 1);
	end(&scene);
}
END_TEST

START_TEST(closing_ends_both_sides_after_what_waits)
{
	struct scene scene;
	unsigned fds = fds_open();

	begin_joined(&scene);
	peer_say(scene.client, "one");
	peer_say(scene.role, "two");
	turn(scene.loop);
	bridge_close(scene.bridge);
	ck_assert_uint_eq(scene.ended, 1);
	hears(&scene, scene.role, "one");
	hears(&scene, scene.client, "two");
	ck_assert(peer_at_end(scene.role));
	ck_assert(peer_at_end(scene.client));
	end(&scene);
	ck_assert_uint_eq(fds_open(), fds);
}
END_TEST

/* A message pipelined with QUIT is deleted by then: it must come whole. */
START_TEST(a_thin_line_gets_its_message_whole_after_the_end)
{
	struct scene scene;
	const size_t all = 500000;
	size_t sent = 0, got = 0;

	begin(&scene);
	pair_narrow(stream_fd(scene.stream), 1);
	join(&scene);
	while (!peer_at_end(scene.client)) {
		size_t second = got + 5000;	/* bytes a second */

		ahead_seconds++;
		if (scene.role >= 0)
			sent = pour(scene.role, sent, all);
		if (sent == all)
			hang_up(&scene.role);
		turn(scene.loop);
		while (got < second && !peer_at_end(scene.client)) {
			char bytes[500];
			ssize_t n = read(scene.client, bytes, sizeof(bytes));

			got += n > 0 ? (size_t)n : 0;
			turn(scene.loop);
		}
	}
	ck_assert_uint_eq(got, all);
	end(&scene);
}
END_TEST

static void
at_second(struct scene *scene, time_t seconds)
{
	ahead_seconds = seconds;
	turn(scene->loop);
	turn(scene->loop);
}

START_TEST(a_client_that_takes_nothing_any_more_is_cut)
{
	struct scene scene;
	unsigned fds;

	begin(&scene);
	pair_narrow(stream_fd(scene.stream), 1);
	join(&scene);
	for (size_t i = 0, sent = 0; i < 100; i++) {
		sent = pour(scene.role, sent, FLOOD);
		turn(scene.loop);
	}
	hang_up(&scene.role);
	fds = fds_open();
	at_second(&scene, 301);
	ck_assert_uint_eq(scene.ended, 0);
	at_second(&scene, 602);
	ck_assert_uint_eq(scene.ended, 1);
	at_second(&scene, 602 + 10);
	ck_assert_uint_eq(fds_open(), fds - 1);	/* its last chance */
	at_second(&scene, 602 + 10 + 400000 / 4000);
	ck_assert_uint_eq(fds_open(), fds - 2);
	end(&scene);
}
END_TEST

START_TEST(a_client_that_waits_for_news_is_not_cut)
{
	struct scene scene;

	begin_joined(&scene);
	for (time_t second = 0; second < 7200; second += 301)
		at_second(&scene, second);
	ck_assert_uint_eq(scene.ended, 0);
	peer_say(scene.role, "* 1 EXISTS\r\n");
	hears(&scene, scene.client, "* 1 EXISTS\r\n");
	end(&scene);
}
END_TEST

/* The client's end of a compressed conversation. */
static void
packs(int fd, struct deflate *deflate, struct slice words)
{
	TEXT_AUTO packed = TEXT_INIT(1 << 20);

	ck_assert_int_eq(deflate_write(deflate, words, &packed), 0);
	ck_assert_int_eq(send(fd, packed.at, packed.len, MSG_NOSIGNAL),
	    (ssize_t)packed.len);
}

static void
hears_packed(struct scene *scene, struct deflate *deflate, const char *words)
{
	char got[256];
	char plain[256] = "";
	struct slice packed;

	turn(scene->loop);
	packed = slice_of(got, peer_hear(scene->client, got, sizeof(got)));
	(void)deflate_unpack(deflate, &packed, plain, sizeof(plain) - 1);
	ck_assert_str_eq(plain, words);
	ck_assert_uint_eq(packed.len, 0);
}

/* The role's OK in clear, and the mark. */
static void
agree_to_pack(struct scene *scene, struct deflate **deflate_out)
{
	peer_say(scene->role, "a OK\r");
	turn(scene->loop);
	ck_assert_int_eq(mark_send(scene->role, '\n'), 1);
	hears(scene, scene->client, "a OK\r\n");
	ck_assert_int_eq(deflate_new(slice_of(NULL, 0), deflate_out), 0);
}

/* RFC 4978 3: exactly from behind the OK on, in both directions */
START_TEST(behind_its_mark_all_is_compressed)
{
	struct deflate *deflate;
	struct scene scene;

	begin_joined(&scene);
	peer_say(scene.client, "a COMPRESS DEFLATE\r\n");
	hears(&scene, scene.role, "a COMPRESS DEFLATE\r\n");
	peer_say(scene.role, "a OK\r");
	ck_assert_int_eq(mark_send(scene.role, '\n'), 1);
	/* in the same turn as the OK, and all the same not in clear */
	peer_say(scene.role, "* 3 EXISTS\r\n");
	turn(scene.loop);
	ck_assert_int_eq(deflate_new(slice_of(NULL, 0), &deflate), 0);
	{
		char clear[7] = "";

		ck_assert_uint_eq(peer_hear(scene.client, clear, 6), 6);
		ck_assert_str_eq(clear, "a OK\r\n");
	}
	hears_packed(&scene, deflate, "* 3 EXISTS\r\n");
	packs(scene.client, deflate, slice_str("b NOOP\r\n"));
	hears(&scene, scene.role, "b NOOP\r\n");
	peer_say(scene.role, "b OK\r\n");
	hears_packed(&scene, deflate, "b OK\r\n");
	/* quiet for so long that both have given their memory back */
	at_second(&scene, 20);
	at_second(&scene, 1000);
	packs(scene.client, deflate, slice_str("c NOOP\r\n"));
	hears(&scene, scene.role, "c NOOP\r\n");
	peer_say(scene.role, "c OK\r\n");
	hears_packed(&scene, deflate, "c OK\r\n");
	deflate_free(deflate);
	end(&scene);
}
END_TEST

/* HARDENING A39: what swells comes as the role takes it, and not before */
START_TEST(what_swells_costs_what_may_wait)
{
	TEXT_AUTO plain = TEXT_INIT(FLOOD + 1);
	struct deflate *deflate;
	struct scene scene;
	size_t before, got = 0;

	for (size_t i = 0; i < FLOOD; i++)
		text_add_byte(&plain, byte_at(i));
	begin_joined(&scene);
	agree_to_pack(&scene, &deflate);
	before = heap_bytes();
	packs(scene.client, deflate, text_slice(&plain));
	(void)shutdown(scene.client, SHUT_WR);
	for (int i = 0; i < 100; i++)
		turn(scene.loop);
	ck_assert_uint_lt(heap_bytes(), before + (900u << 10));
	while (got < FLOOD) {
		got = drink(scene.role, got);
		turn(scene.loop);
	}
	ck_assert_uint_eq(got, FLOOD);
	/* the end comes behind it, and answers are still taken */
	turn(scene.loop);
	ck_assert(peer_at_end(scene.role));
	peer_say(scene.role, "d OK\r\n");
	hears_packed(&scene, deflate, "d OK\r\n");
	deflate_free(deflate);
	end(&scene);
}
END_TEST

START_TEST(what_is_not_compressed_as_agreed_ends_the_bridge)
{
	struct deflate *deflate;
	struct scene scene;

	begin_joined(&scene);
	agree_to_pack(&scene, &deflate);
	peer_say(scene.client, "b NOOP\r\n");
	turn(scene.loop);
	ck_assert_uint_eq(scene.ended, 1);
	hears(&scene, scene.role, "");
	deflate_free(deflate);
	end(&scene);
}
END_TEST

/* A role that breaks the contract */
START_TEST(a_second_mark_ends_the_bridge)
{
	struct deflate *deflate;
	struct scene scene;

	begin_joined(&scene);
	agree_to_pack(&scene, &deflate);
	deflate_free(deflate);
	ck_assert_int_eq(mark_send(scene.role, '\n'), 1);
	turn(scene.loop);
	ck_assert_uint_eq(scene.ended, 1);
	end(&scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("bridge");
	TCase *tcase = tcase_create("bridge");

	tcase_add_test(tcase, bytes_go_both_ways);
	tcase_add_test(tcase, input_that_waits_at_the_hand_over_comes_first);
	tcase_add_loop_test(tcase, a_side_that_does_not_read_holds_the_other,
	    0, 2);
	tcase_add_test(tcase, a_slow_reader_gets_everything);
	tcase_add_test(tcase, the_end_of_the_role_delivers_what_is_under_way);
	tcase_add_test(tcase,
	    the_end_of_the_client_delivers_what_is_under_way);
	tcase_add_test(tcase,
	    a_client_that_ends_its_side_still_gets_its_answers);
	tcase_add_test(tcase,
	    a_client_that_ended_before_the_hand_over_is_known_to_have);
	tcase_add_test(tcase,
	    a_client_that_is_gone_ends_the_bridge_at_the_next_word);
	tcase_add_test(tcase, closing_ends_both_sides_after_what_waits);
	tcase_add_test(tcase,
	    a_thin_line_gets_its_message_whole_after_the_end);
	tcase_add_test(tcase,
	    a_client_that_takes_nothing_any_more_is_cut);
	tcase_add_test(tcase, a_client_that_waits_for_news_is_not_cut);
	tcase_add_test(tcase, behind_its_mark_all_is_compressed);
	tcase_add_test(tcase, what_swells_costs_what_may_wait);
	tcase_add_test(tcase,
	    what_is_not_compressed_as_agreed_ends_the_bridge);
	tcase_add_test(tcase, a_second_mark_ends_the_bridge);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return suite;
}
