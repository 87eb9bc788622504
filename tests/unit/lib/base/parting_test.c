/*
 * parting_test.c - the last words of a connection, and the wait for its end
 */
#include "lib/base/parting.h"

#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

struct scene {
	struct loop	*loop;
	struct stream	*stream;
	struct timer	*clock;
	int		 peer;
	bool		 peer_ended, is_broken;
	unsigned	 over;		/* the clock said so */
};

static void
on_stream(void *arg, enum stream_event event)
{
	struct scene *scene = arg;

	scene->is_broken = !parting_goes_on(scene->stream, scene->clock, event,
	    &scene->peer_ended);
}

static void
on_clock(void *arg)
{
	struct scene *scene = arg;

	scene->over++;
}

/* A stream that has said its last word, and a peer that has spoken too. */
static void
begin(struct scene *scene)
{
	int fd[2];

	pair_open(fd);
	*scene = (struct scene){ .loop = loop_new(), .peer = fd[1] };
	scene->clock = timer_new(scene->loop, on_clock, scene);
	scene->stream = stream_new(scene->loop, fd[0], 16, 1000, on_stream,
	    scene);
	ck_assert_ptr_nonnull(scene->stream);
	stream_hold(scene->stream, true);
	ck_assert_int_eq(stream_write(scene->stream, slice_str("bye\r\n")), 0);
	parting_begin(scene->stream, scene->clock);
	peer_say(scene->peer, "far more than the input of the stream can hold");
}

static void
end(struct scene *scene)
{
	stream_free(scene->stream);
	timer_free(scene->clock);
	if (scene->peer >= 0)
		(void)close(scene->peer);
	loop_free(scene->loop);
}

static void
hear(struct scene *scene)
{
	char got[16] = "";

	TURN_UNTIL(scene->loop, stream_waiting(scene->stream) == 0);
	ck_assert_uint_eq(peer_hear(scene->peer, got, sizeof(got)), 5);
	ck_assert_str_eq(got, "bye\r\n");
	TURN_UNTIL(scene->loop, peer_at_end(scene->peer));
}

START_TEST(a_peer_that_closes_is_done_with)
{
	struct scene scene;

	begin(&scene);
	hear(&scene);
	(void)shutdown(scene.peer, SHUT_WR);
	TURN_UNTIL(scene.loop, scene.over == 1);
	ck_assert(scene.peer_ended);
	ck_assert(!scene.is_broken);
	end(&scene);
}
END_TEST

START_TEST(a_peer_that_stays_is_waited_for_a_moment)
{
	struct scene scene;

	begin(&scene);
	hear(&scene);
	TURN_UNTIL(scene.loop, scene.over == 1);
	ck_assert(!scene.peer_ended);
	/* nothing of what it said is there to be obeyed */
	ck_assert_uint_eq(stream_input(scene.stream).len, 0);
	end(&scene);
}
END_TEST

START_TEST(a_peer_that_breaks_off_is_told)
{
	struct scene scene;

	begin(&scene);
	(void)close(scene.peer);
	scene.peer = -1;
	TURN_UNTIL(scene.loop, scene.is_broken);
	end(&scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("parting");
	TCase *tcase = tcase_create("parting");

	tcase_set_timeout(tcase, 200);
	tcase_add_test(tcase, a_peer_that_closes_is_done_with);
	tcase_add_test(tcase, a_peer_that_stays_is_waited_for_a_moment);
	tcase_add_test(tcase, a_peer_that_breaks_off_is_told);
	suite_add_tcase(suite, tcase);
	return suite;
}
