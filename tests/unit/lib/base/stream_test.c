/*
 * stream_test.c - a connection in clear, played from the other end
 *
 * What TLS adds is in tls_test.c.
 */
#include "lib/base/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

#define INPUT_BYTES	64u
#define OUTPUT_LIMIT	65536u

enum act { ACT_NOTHING, ACT_FREE, ACT_FINISH, ACT_HOLD, ACT_CONSUME };

/* One stream and what was heard of it, a letter an event. */
struct scene {
	struct loop	*loop;
	struct stream	*stream;
	int		 peer;
	char		 heard[32];
	unsigned	 count;
	int		 on_event;	/* -1: every one */
	enum act	 act;
	size_t		 consume;	/* bytes, with ACT_CONSUME */
};

/* In enum stream_event's order. */
static const char letters[] = "IDTCFZ";

static void
on_stream(void *arg, enum stream_event event)
{
	struct scene *scene = arg;

	ck_assert_ptr_nonnull(scene->stream);
	ck_assert_uint_lt(scene->count, sizeof(scene->heard) - 1);
	scene->heard[scene->count++] = letters[event];
	if (scene->on_event >= 0 && scene->on_event != (int)event)
		return;
	switch (scene->act) {
	case ACT_FREE:
		stream_free(scene->stream);
		scene->stream = NULL;
		break;
	case ACT_FINISH:
		stream_finish(scene->stream);
		scene->stream = NULL;
		break;
	case ACT_HOLD:
		stream_hold(scene->stream, true);
		break;
	case ACT_CONSUME:
		stream_consume(scene->stream, scene->consume);
		break;
	case ACT_NOTHING:
		break;
	}
}

static void
begin(struct scene *scene)
{
	int fd[2];

	*scene = (struct scene){ .loop = loop_new(), .on_event = -1 };
	pair_open(fd);
	scene->peer = fd[1];
	scene->stream = stream_new(scene->loop, fd[0], INPUT_BYTES,
	    OUTPUT_LIMIT, on_stream, scene);
	ck_assert_ptr_nonnull(scene->stream);
}

static void
end(struct scene *scene)
{
	stream_free(scene->stream);
	if (scene->peer >= 0)
		(void)close(scene->peer);
	loop_free(scene->loop);
}

static void
peer_close(struct scene *scene)
{
	(void)close(scene->peer);
	scene->peer = -1;
}

/* As many bytes as the socket takes; how many that was. */
static size_t
peer_flood(struct scene *scene)
{
	static const char bytes[4096];
	size_t total = 0;
	ssize_t n;

	while ((n = send(scene->peer, bytes, sizeof(bytes), MSG_NOSIGNAL)) > 0)
		total += (size_t)n;
	return total;
}

static void
write_bytes(struct scene *scene, size_t n, int want)
{
	char *bytes = malloc(n);

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'w', n);
	ck_assert_int_eq(stream_write(scene->stream, slice_of(bytes, n)),
	    want);
	free(bytes);
}

static void
says(const struct scene *scene, const char *words)
{
	ck_assert(slice_is_str(stream_input(scene->stream), words));
}

START_TEST(input_is_told_when_it_comes_and_stays_until_consumed)
{
	struct scene scene;

	begin(&scene);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "");
	peer_say(scene.peer, "one");
	turn(scene.loop);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "I");
	stream_consume(scene.stream, 1);
	says(&scene, "ne");
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "I");
	peer_say(scene.peer, "two");
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "II");
	says(&scene, "netwo");
	stream_consume(scene.stream, 100);
	says(&scene, "");
	end(&scene);
}
END_TEST

START_TEST(bytes_may_come_one_by_one)
{
	struct scene scene;

	begin(&scene);
	for (const char *c = "CAPA\r\n"; *c != '\0'; c++) {
		const char word[2] = { *c, '\0' };

		peer_say(scene.peer, word);
		turn(scene.loop);
	}
	ck_assert_str_eq(scene.heard, "IIIIII");
	says(&scene, "CAPA\r\n");
	end(&scene);
}
END_TEST

START_TEST(no_more_is_read_than_there_is_room_for)
{
	struct scene scene;
	size_t sent;

	begin(&scene);
	pair_narrow(scene.peer, 1);
	sent = peer_flood(&scene);
	turn(scene.loop);
	ck_assert_uint_eq(stream_input(scene.stream).len, INPUT_BYTES);
	turn(scene.loop);
	ck_assert_uint_eq(stream_input(scene.stream).len, INPUT_BYTES);
	ck_assert_str_eq(scene.heard, "I");
	ck_assert_uint_gt(sent, INPUT_BYTES);
	/* consumed from elsewhere than a handler, the rest comes still */
	stream_consume(scene.stream, INPUT_BYTES);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "II");
	ck_assert_uint_eq(stream_input(scene.stream).len, INPUT_BYTES);
	end(&scene);
}
END_TEST

START_TEST(everything_comes_through_a_small_buffer_consumed_in_part)
{
	struct scene scene;
	char sent[1000];
	size_t got = 0;

	begin(&scene);
	for (size_t i = 0; i < sizeof(sent) - 1; i++)
		sent[i] = (char)('a' + i % 23);
	sent[sizeof(sent) - 1] = '\0';
	peer_say(scene.peer, sent);
	while (got < sizeof(sent) - 1) {
		struct slice input;

		turn(scene.loop);
		scene.count = 0;
		input = slice_first(stream_input(scene.stream), 7);
		ck_assert_uint_gt(input.len, 0);
		ck_assert_int_eq(memcmp(input.at, sent + got, input.len), 0);
		got += input.len;
		stream_consume(scene.stream, input.len);
	}
	says(&scene, "");
	end(&scene);
}
END_TEST

START_TEST(while_held_nothing_is_read_and_nothing_told)
{
	struct scene scene;

	begin(&scene);
	stream_hold(scene.stream, true);
	peer_say(scene.peer, "words");
	ck_assert_int_eq(shutdown(scene.peer, SHUT_WR), 0);
	turn_ms(scene.loop, 5);
	ck_assert_str_eq(scene.heard, "");
	says(&scene, "");
	stream_poke(scene.stream);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "");
	stream_hold(scene.stream, false);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "IC");
	says(&scene, "words");
	end(&scene);
}
END_TEST

START_TEST(what_was_left_over_is_told_after_a_hold)
{
	struct scene scene;

	begin(&scene);
	scene.act = ACT_HOLD;
	peer_say(scene.peer, "left over");
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "I");
	scene.act = ACT_NOTHING;
	stream_hold(scene.stream, false);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "II");
	stream_poke(scene.stream);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "III");
	end(&scene);
}
END_TEST

START_TEST(the_end_is_told_once_and_after_the_last_input)
{
	struct scene scene;

	begin(&scene);
	scene.act = ACT_CONSUME;
	scene.on_event = STREAM_INPUT;
	scene.consume = INPUT_BYTES;
	for (unsigned i = 0; i < 3 * INPUT_BYTES; i++)
		peer_say(scene.peer, "x");
	peer_close(&scene);
	TURN_UNTIL(scene.loop, scene.count >= 4);
	ck_assert_str_eq(scene.heard, "IIIC");
	stream_poke(scene.stream);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "IIIC");
	end(&scene);
}
END_TEST

START_TEST(what_is_written_leaves_in_order_and_drained_is_told_once)
{
	struct scene scene;
	char got[16] = "";

	begin(&scene);
	ck_assert_int_eq(stream_write(scene.stream, slice_str("one ")), 0);
	stream_tell_drained(scene.stream);
	ck_assert_int_eq(stream_write(scene.stream, slice_str("two")), 0);
	ck_assert_uint_eq(stream_waiting(scene.stream), 7);
	ck_assert_str_eq(scene.heard, "");
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "D");
	ck_assert_uint_eq(stream_waiting(scene.stream), 0);
	ck_assert_uint_eq(peer_hear(scene.peer, got, sizeof(got)), 7);
	ck_assert_str_eq(got, "one two");
	ck_assert_int_eq(stream_write(scene.stream, slice_str("three")), 0);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "D");
	end(&scene);
}
END_TEST

START_TEST(drained_waits_for_a_slow_peer)
{
	static char got[OUTPUT_LIMIT];
	struct scene scene;
	size_t sum = 0;

	begin(&scene);
	pair_narrow(stream_fd(scene.stream), 1);
	write_bytes(&scene, OUTPUT_LIMIT, 0);
	stream_tell_drained(scene.stream);
	turn_ms(scene.loop, 5);
	ck_assert_str_eq(scene.heard, "");
	ck_assert_uint_gt(stream_waiting(scene.stream), 0);
	for (int i = 0; i < 1000 && sum < OUTPUT_LIMIT; i++) {
		sum += peer_hear(scene.peer, got, sizeof(got));
		turn(scene.loop);
	}
	ck_assert_uint_eq(sum, OUTPUT_LIMIT);
	ck_assert_str_eq(scene.heard, "D");
	end(&scene);
}
END_TEST

/* A large piece need not wait for the loop; what does not leave keeps order. */
START_TEST(a_large_piece_leaves_at_once_behind_what_waits)
{
	static char got[2 * OUTPUT_LIMIT];
	struct scene scene;
	size_t sum = 0;

	begin(&scene);
	write_bytes(&scene, OUTPUT_LIMIT / 2, 0);
	ck_assert_uint_eq(stream_waiting(scene.stream), 0);
	ck_assert_uint_eq(peer_hear(scene.peer, got, sizeof(got)),
	    OUTPUT_LIMIT / 2);
	ck_assert_int_eq(stream_write(scene.stream, slice_str("first ")), 0);
	write_bytes(&scene, OUTPUT_LIMIT / 2, 0);
	ck_assert_uint_eq(stream_waiting(scene.stream), OUTPUT_LIMIT / 2 + 6);
	turn(scene.loop);
	ck_assert_uint_gt(peer_hear(scene.peer, got, sizeof(got)), 6);
	ck_assert_int_eq(memcmp(got, "first www", 9), 0);
	turn(scene.loop);
	while (peer_hear(scene.peer, got, sizeof(got)) > 0)
		turn(scene.loop);
	pair_narrow(stream_fd(scene.stream), 1);
	write_bytes(&scene, OUTPUT_LIMIT, 0);
	ck_assert_uint_gt(stream_waiting(scene.stream), 0);
	ck_assert_int_eq(stream_write(scene.stream, slice_str("last")), 0);
	for (int i = 0; i < 1000 && sum < OUTPUT_LIMIT + 4; i++) {
		sum += peer_hear(scene.peer, got + sum, sizeof(got) - sum);
		turn(scene.loop);
	}
	ck_assert_uint_eq(sum, OUTPUT_LIMIT + 4);
	ck_assert_int_eq(memcmp(got + OUTPUT_LIMIT - 1, "wlast", 5), 0);
	ck_assert_str_eq(scene.heard, "");
	end(&scene);
}
END_TEST

START_TEST(more_output_than_the_limit_fails_the_stream)
{
	struct scene scene;

	begin(&scene);
	for (size_t n = 0; n < OUTPUT_LIMIT; n += 1024)
		write_bytes(&scene, 1024, 0);
	write_bytes(&scene, 1, -ENOBUFS);
	ck_assert_str_ne(stream_fault(scene.stream), "");
	write_bytes(&scene, 1, -ENOBUFS);
	ck_assert_str_eq(scene.heard, "");	/* never from inside a call */
	turn(scene.loop);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "F");
	end(&scene);
}
END_TEST

START_TEST(only_what_waits_counts_towards_the_limit)
{
	static char got[4096];
	struct scene scene;
	size_t left;

	begin(&scene);
	pair_narrow(stream_fd(scene.stream), 1);
	write_bytes(&scene, OUTPUT_LIMIT, 0);
	turn(scene.loop);
	(void)peer_hear(scene.peer, got, sizeof(got));
	turn(scene.loop);
	left = OUTPUT_LIMIT - stream_waiting(scene.stream);
	ck_assert_uint_gt(left, 0);
	ck_assert_uint_lt(left, OUTPUT_LIMIT / 2);
	write_bytes(&scene, left, 0);
	write_bytes(&scene, 1, -ENOBUFS);
	end(&scene);
}
END_TEST

START_TEST(a_peer_that_is_gone_fails_the_stream_when_written_to)
{
	struct scene scene;

	begin(&scene);
	stream_hold(scene.stream, true);
	peer_close(&scene);
	write_bytes(&scene, 10, 0);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "F");
	ck_assert_str_ne(stream_fault(scene.stream), "");
	end(&scene);
}
END_TEST

/* Make each event that can be had in clear happen. */
static void
provoke(struct scene *scene, enum stream_event event)
{
	switch (event) {
	case STREAM_INPUT:
		peer_say(scene->peer, "words");
		break;
	case STREAM_DRAINED:
		write_bytes(scene, 5, 0);
		stream_tell_drained(scene->stream);
		break;
	case STREAM_CLOSED:
		ck_assert_int_eq(shutdown(scene->peer, SHUT_WR), 0);
		break;
	case STREAM_FAILED:
		write_bytes(scene, OUTPUT_LIMIT + 1, -ENOBUFS);
		break;
	case STREAM_IDLE:
		stream_idle_after(scene->stream, 1);
		break;
	case STREAM_TLS_UP:	/* see tls_test.c */
		break;
	}
}

static const enum stream_event provoked[] = {
	STREAM_INPUT, STREAM_DRAINED, STREAM_CLOSED, STREAM_FAILED, STREAM_IDLE
};

START_TEST(a_handler_may_free_or_finish_the_stream_at_any_event)
{
	struct scene scene;
	enum stream_event event = provoked[_i / 2];

	begin(&scene);
	scene.on_event = (int)event;
	scene.act = _i % 2 == 0 ? ACT_FREE : ACT_FINISH;
	provoke(&scene, event);
	TURN_UNTIL(scene.loop, scene.stream == NULL);
	turn(scene.loop);
	ck_assert_uint_eq(scene.count, 1);
	/* anything more that could be told is told to nobody */
	if (event != STREAM_CLOSED)
		(void)send(scene.peer, "x", 1, MSG_NOSIGNAL);
	peer_close(&scene);
	turn_ms(scene.loop, 5);
	ck_assert_uint_eq(scene.count, 1);
	end(&scene);
}
END_TEST

START_TEST(finishing_writes_what_waits_to_a_peer_that_said_its_end)
{
	static char got[OUTPUT_LIMIT];
	struct scene scene;
	size_t sum = 0;

	begin(&scene);
	pair_narrow(stream_fd(scene.stream), 1);
	ck_assert_int_eq(shutdown(scene.peer, SHUT_WR), 0);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "C");
	write_bytes(&scene, OUTPUT_LIMIT, 0);
	stream_finish(scene.stream);
	scene.stream = NULL;
	for (int i = 0; i < 1000 && !peer_at_end(scene.peer); i++) {
		turn(scene.loop);
		sum += peer_hear(scene.peer, got, sizeof(got));
	}
	ck_assert_uint_eq(sum, OUTPUT_LIMIT);
	ck_assert(peer_at_end(scene.peer));
	end(&scene);
}
END_TEST

START_TEST(finishing_takes_what_the_peer_still_says_and_waits_for_its_end)
{
	struct scene scene;
	unsigned before = fds_open();
	char got[8] = "";

	begin(&scene);
	ck_assert_int_eq(stream_write(scene.stream, slice_str("bye")), 0);
	stream_finish(scene.stream);
	scene.stream = NULL;
	turn(scene.loop);
	ck_assert_uint_eq(peer_hear(scene.peer, got, sizeof(got)), 3);
	ck_assert(peer_at_end(scene.peer));
	for (int i = 0; i < 100; i++) {
		peer_say(scene.peer, "and another thing");
		turn(scene.loop);
	}
	peer_close(&scene);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "");
	loop_free(scene.loop);
	ck_assert_uint_eq(fds_open(), before);
}
END_TEST

START_TEST(a_finish_does_not_wait_long_for_the_end_of_the_peer)
{
	struct scene scene;
	unsigned before;

	begin(&scene);
	before = fds_open();
	stream_finish(scene.stream);
	scene.stream = NULL;
	turn(scene.loop);
	ck_assert_uint_eq(fds_open(), before);
	TURN_UNTIL(scene.loop, fds_open() == before - 1);
	end(&scene);
}
END_TEST

START_TEST(a_peer_that_resets_during_the_finish_ends_it)
{
	struct scene scene;
	unsigned before;

	begin(&scene);
	before = fds_open();
	pair_narrow(stream_fd(scene.stream), 1);
	write_bytes(&scene, OUTPUT_LIMIT, 0);
	stream_finish(scene.stream);
	scene.stream = NULL;
	turn(scene.loop);
	ck_assert_uint_eq(fds_open(), before);
	peer_close(&scene);	/* with bytes it never read */
	turn(scene.loop);
	ck_assert_uint_eq(fds_open(), before - 2);
	end(&scene);
}
END_TEST

START_TEST(the_end_of_output_leaves_input_open)
{
	struct scene scene;
	char got[8] = "";

	begin(&scene);
	ck_assert_int_eq(stream_write(scene.stream, slice_str("last")), 0);
	stream_end_output(scene.stream);
	turn(scene.loop);
	ck_assert_uint_eq(peer_hear(scene.peer, got, sizeof(got)), 4);
	ck_assert(peer_at_end(scene.peer));
	peer_say(scene.peer, "answer");
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "I");
	says(&scene, "answer");
	turn_ms(scene.loop, 1100);	/* longer than a finish would wait */
	ck_assert_str_eq(scene.heard, "I");
	stream_finish(scene.stream);
	scene.stream = NULL;
	peer_close(&scene);
	turn(scene.loop);
	end(&scene);
}
END_TEST

/* By a clock that stands still while the timers run. */
START_TEST(idle_is_told_each_time_no_byte_came_for_so_long)
{
	struct scene scene;

	clock_set(1000, 0);
	begin(&scene);
	stream_idle_after(scene.stream, 20);
	clock_set(1019, 0);
	peer_say(scene.peer, "x");
	TURN_UNTIL(scene.loop, scene.count == 1);
	clock_set(1038, 0);
	turn_ms(scene.loop, 60);
	ck_assert_str_eq(scene.heard, "I");
	clock_set(1039, 0);
	TURN_UNTIL(scene.loop, scene.count == 2);
	ck_assert_str_eq(scene.heard, "IZ");
	turn_ms(scene.loop, 60);
	ck_assert_str_eq(scene.heard, "IZ");
	clock_set(1059, 0);
	TURN_UNTIL(scene.loop, scene.count == 3);
	ck_assert_str_eq(scene.heard, "IZZ");
	stream_idle_after(scene.stream, 0);
	clock_set(9000, 0);
	turn_ms(scene.loop, 60);
	ck_assert_str_eq(scene.heard, "IZZ");
	end(&scene);
}
END_TEST

START_TEST(the_idle_time_goes_on_where_another_owner_left_it)
{
	struct scene scene;

	clock_set(20000, 0);
	begin(&scene);
	stream_idle_after(scene.stream, 100);
	stream_was_quiet(scene.stream, 90);
	clock_set(20010, 0);
	TURN_UNTIL(scene.loop, scene.count == 1);
	/* the next one is a whole one again */
	clock_set(20109, 0);
	turn_ms(scene.loop, 150);
	ck_assert_str_eq(scene.heard, "Z");
	end(&scene);
}
END_TEST

/* Passed on, the socket's end belongs to two processes; one made it block. */
START_TEST(a_socket_that_blocks_does_not_block_the_loop)
{
	struct scene scene;

	begin(&scene);
	ck_assert_int_eq(fcntl(stream_fd(scene.stream), F_SETFL, 0), 0);
	pair_narrow(stream_fd(scene.stream), 1);
	stream_poke(scene.stream);
	turn(scene.loop);
	write_bytes(&scene, OUTPUT_LIMIT, 0);
	turn(scene.loop);
	ck_assert_uint_gt(stream_waiting(scene.stream), 0);
	end(&scene);
}
END_TEST

static void
on_new_owner(void *arg, enum stream_event event)
{
	struct scene *scene = arg;

	scene->heard[scene->count++] = (char)(letters[event] + 'a' - 'A');
}

/* Larger, smaller than what waits, the same. */
static const size_t new_sizes[] = { 200, 3, INPUT_BYTES };

START_TEST(input_that_waits_and_the_end_are_told_to_the_new_owner)
{
	struct scene scene;

	begin(&scene);
	peer_say(scene.peer, "xxpipelined");
	ck_assert_int_eq(shutdown(scene.peer, SHUT_WR), 0);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "IC");
	stream_consume(scene.stream, 2);
	stream_hold(scene.stream, true);
	stream_idle_after(scene.stream, 1);
	stream_hand_over(scene.stream, new_sizes[_i], 10, on_new_owner,
	    &scene);
	ck_assert_str_eq(scene.heard, "IC");
	turn_ms(scene.loop, 5);
	ck_assert_str_eq(scene.heard, "ICic");
	says(&scene, "pipelined");
	write_bytes(&scene, 11, -ENOBUFS);	/* the new bound */
	end(&scene);
}
END_TEST

static const size_t room_after[] = { 200, 3, INPUT_BYTES };

START_TEST(the_new_owners_input_bound_holds_from_then_on)
{
	struct scene scene;

	begin(&scene);
	peer_say(scene.peer, "0123456789");
	turn(scene.loop);
	stream_hand_over(scene.stream, new_sizes[_i], 10, on_new_owner,
	    &scene);
	(void)peer_flood(&scene);
	turn(scene.loop);
	ck_assert_uint_eq(stream_input(scene.stream).len,
	    room_after[_i] > 10 ? room_after[_i] : 10);
	stream_consume(scene.stream, SIZE_MAX);
	turn(scene.loop);
	ck_assert_uint_eq(stream_input(scene.stream).len, room_after[_i]);
	end(&scene);
}
END_TEST

START_TEST(a_fault_is_told_to_the_new_owner)
{
	struct scene scene;

	begin(&scene);
	provoke(&scene, STREAM_FAILED);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "F");
	stream_hand_over(scene.stream, 10, 10, on_new_owner, &scene);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "Ff");
	end(&scene);
}
END_TEST

START_TEST(an_idle_stream_holds_no_buffer)
{
	struct scene scene;
	size_t before, after;
	int fd[2];

	begin(&scene);
	pair_open(fd);
	before = heap_bytes();
	stream_free(scene.stream);
	scene.stream = stream_new(scene.loop, fd[0], 1u << 20, 1u << 20,
	    on_stream, &scene);
	(void)close(scene.peer);
	scene.peer = fd[1];
	scene.act = ACT_CONSUME;
	scene.consume = SIZE_MAX;
	peer_say(scene.peer, "x");
	write_bytes(&scene, 100000, 0);
	turn(scene.loop);
	ck_assert_str_eq(scene.heard, "I");
	while (stream_waiting(scene.stream) > 0) {
		char got[4096];

		(void)peer_hear(scene.peer, got, sizeof(got));
		turn(scene.loop);
	}
	after = heap_bytes();
	ck_assert_uint_lt(after, before + 8192);
	end(&scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("stream");
	TCase *input = tcase_create("input");
	TCase *output = tcase_create("output");
	TCase *life = tcase_create("life");

	tcase_add_test(input,
	    input_is_told_when_it_comes_and_stays_until_consumed);
	tcase_add_test(input, bytes_may_come_one_by_one);
	tcase_add_test(input, no_more_is_read_than_there_is_room_for);
	tcase_add_test(input,
	    everything_comes_through_a_small_buffer_consumed_in_part);
	tcase_add_test(input, while_held_nothing_is_read_and_nothing_told);
	tcase_add_test(input, what_was_left_over_is_told_after_a_hold);
	tcase_add_test(input, the_end_is_told_once_and_after_the_last_input);
	suite_add_tcase(suite, input);
	tcase_add_test(output,
	    what_is_written_leaves_in_order_and_drained_is_told_once);
	tcase_add_test(output, drained_waits_for_a_slow_peer);
	tcase_add_test(output,
	    a_large_piece_leaves_at_once_behind_what_waits);
	tcase_add_test(output, more_output_than_the_limit_fails_the_stream);
	tcase_add_test(output, only_what_waits_counts_towards_the_limit);
	tcase_add_test(output,
	    a_peer_that_is_gone_fails_the_stream_when_written_to);
	tcase_add_test(output, a_socket_that_blocks_does_not_block_the_loop);
	tcase_add_test(output, the_end_of_output_leaves_input_open);
	suite_add_tcase(suite, output);
	tcase_add_loop_test(life,
	    a_handler_may_free_or_finish_the_stream_at_any_event, 0, 10);
	tcase_add_test(life,
	    finishing_writes_what_waits_to_a_peer_that_said_its_end);
	tcase_add_test(life,
	    finishing_takes_what_the_peer_still_says_and_waits_for_its_end);
	tcase_add_test(life,
	    a_finish_does_not_wait_long_for_the_end_of_the_peer);
	tcase_add_test(life, a_peer_that_resets_during_the_finish_ends_it);
	tcase_add_test(life,
	    idle_is_told_each_time_no_byte_came_for_so_long);
	tcase_add_test(life,
	    the_idle_time_goes_on_where_another_owner_left_it);
	tcase_add_loop_test(life,
	    input_that_waits_and_the_end_are_told_to_the_new_owner, 0, 3);
	tcase_add_loop_test(life,
	    the_new_owners_input_bound_holds_from_then_on, 0, 3);
	tcase_add_test(life, a_fault_is_told_to_the_new_owner);
	tcase_add_test(life, an_idle_stream_holds_no_buffer);
	tcase_set_timeout(life, 30);
	suite_add_tcase(suite, life);
	return suite;
}
