/*
 * loop_test.c - timers, watches and signals of one loop
 */
#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

struct scene {
	struct loop	*loop;
	struct timer	*timer, *other;
	struct watch	*watch, *neighbour;
	int		 fd[2];
	char		 order[16];
	unsigned	 count;
	int		 number;
};

static void
begin(struct scene *scene)
{
	*scene = (struct scene){ .loop = loop_new() };
	ck_assert_ptr_nonnull(scene->loop);
	pair_open(scene->fd);
}

static void
end(struct scene *scene)
{
	timer_free(scene->timer);
	timer_free(scene->other);
	watch_free(scene->watch);
	watch_free(scene->neighbour);
	loop_free(scene->loop);
	(void)close(scene->fd[0]);
	(void)close(scene->fd[1]);
}

static void
note(struct scene *scene, char what)
{
	scene->order[scene->count++ % (sizeof(scene->order) - 1)] = what;
}

static void
on_second(void *arg)
{
	note(arg, 'b');
}

static void
on_first(void *arg)
{
	struct scene *scene = arg;

	timer_set(scene->other, 0);
	ck_assert(timer_is_set(scene->other));
	note(scene, 'a');
}

static void
on_stop(void *arg)
{
	struct scene *scene = arg;

	note(scene, '.');
	loop_stop(scene->loop);
}

START_TEST(a_timer_set_to_0_runs_after_the_handler_and_before_any_wait)
{
	struct scene scene;
	struct timer *stop;

	begin(&scene);
	scene.timer = timer_new(scene.loop, on_first, &scene);
	scene.other = timer_new(scene.loop, on_second, &scene);
	stop = timer_new(scene.loop, on_stop, &scene);
	timer_set(stop, 1);
	timer_set(scene.timer, 0);
	ck_assert_int_eq(loop_run(scene.loop), 0);
	ck_assert_str_eq(scene.order, "ab.");
	ck_assert(!timer_is_set(scene.other));
	timer_free(stop);
	end(&scene);
}
END_TEST

START_TEST(a_timer_runs_once_at_the_last_time_it_was_set_to)
{
	struct scene scene;
	uint64_t before = clock_ms();

	begin(&scene);
	scene.timer = timer_new(scene.loop, on_stop, &scene);
	timer_set(scene.timer, 0);
	timer_set(scene.timer, 30);
	ck_assert_int_eq(loop_run(scene.loop), 0);
	ck_assert_uint_ge(clock_ms() - before, 29);
	turn_ms(scene.loop, 40);
	ck_assert_uint_eq(scene.count, 1);
	timer_set(scene.timer, 0);
	timer_stop(scene.timer);
	ck_assert(!timer_is_set(scene.timer));
	turn_ms(scene.loop, 5);
	ck_assert_uint_eq(scene.count, 1);
	end(&scene);
}
END_TEST

static void
free_timers(void *arg)
{
	struct scene *scene = arg;

	timer_free(scene->timer);
	timer_free(scene->other);
	scene->timer = scene->other = NULL;
	note(scene, 'f');
}

START_TEST(a_timer_may_free_itself_and_one_that_is_due)
{
	struct scene scene;

	begin(&scene);
	scene.timer = timer_new(scene.loop, free_timers, &scene);
	scene.other = timer_new(scene.loop, on_second, &scene);
	timer_set(scene.timer, 0);
	timer_set(scene.other, 0);
	turn(scene.loop);
	ck_assert_str_eq(scene.order, "f");
	end(&scene);
}
END_TEST

static void
free_watches(void *arg, unsigned what)
{
	struct scene *scene = arg;

	ck_assert_uint_eq(what, LOOP_READ);
	watch_free(scene->watch);
	watch_free(scene->neighbour);
	scene->watch = scene->neighbour = NULL;
	note(scene, 'f');
}

/* Both are ready: whichever comes first ends the other one. */
START_TEST(a_watch_may_free_itself_and_one_that_is_ready)
{
	struct scene scene;

	begin(&scene);
	scene.watch = watch_new(scene.loop, scene.fd[0], free_watches, &scene);
	scene.neighbour = watch_new(scene.loop, scene.fd[1], free_watches,
	    &scene);
	ck_assert_int_eq(watch_want(scene.watch, LOOP_READ), 0);
	ck_assert_int_eq(watch_want(scene.neighbour, LOOP_READ), 0);
	peer_say(scene.fd[0], "x");
	peer_say(scene.fd[1], "x");
	turn_ms(scene.loop, 5);
	ck_assert_str_eq(scene.order, "f");
	end(&scene);
}
END_TEST

static void
on_ready(void *arg, unsigned what)
{
	struct scene *scene = arg;

	scene->number = (int)what;
	scene->count++;
}

START_TEST(a_watch_hears_what_it_wants_and_no_more)
{
	struct scene scene;

	begin(&scene);
	scene.watch = watch_new(scene.loop, scene.fd[0], on_ready, &scene);
	turn(scene.loop);
	ck_assert_uint_eq(scene.count, 0);
	ck_assert_int_eq(watch_want(scene.watch, LOOP_READ | LOOP_WRITE), 0);
	turn(scene.loop);
	ck_assert_int_eq(scene.number, LOOP_WRITE);
	ck_assert_int_eq(watch_want(scene.watch, LOOP_READ), 0);
	scene.count = 0;
	turn(scene.loop);
	ck_assert_uint_eq(scene.count, 0);
	peer_say(scene.fd[1], "x");
	turn(scene.loop);
	ck_assert_int_eq(scene.number, LOOP_READ);
	ck_assert_int_eq(watch_want(scene.watch, 0), 0);
	scene.count = 0;
	turn(scene.loop);
	ck_assert_uint_eq(scene.count, 0);
	end(&scene);
}
END_TEST

static double
cpu_seconds(void)
{
	struct timespec used;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* A copy stays in another process whenever a descriptor has been passed on. */
START_TEST(a_freed_watch_wakes_nobody_though_a_copy_of_its_end_lives)
{
	struct scene scene;
	double before;
	int copy;

	begin(&scene);
	scene.watch = watch_new(scene.loop, scene.fd[0], on_ready, &scene);
	ck_assert_int_eq(watch_want(scene.watch, LOOP_READ), 0);
	turn(scene.loop);
	copy = dup(scene.fd[0]);
	peer_say(scene.fd[1], "x");
	watch_free(scene.watch);
	scene.watch = NULL;
	(void)close(scene.fd[0]);
	before = cpu_seconds();
	turn_ms(scene.loop, 200);
	ck_assert(cpu_seconds() - before < 0.1);
	ck_assert_uint_eq(scene.count, 0);
	scene.fd[0] = copy;
	end(&scene);
}
END_TEST

static void
again(void *arg)
{
	struct scene *scene = arg;

	timer_set(scene->timer, 0);
}

/* DESIGN 4: one that always has more to do does not keep others waiting */
START_TEST(a_timer_that_sets_itself_to_0_for_ever_starves_nobody)
{
	struct scene scene;

	begin(&scene);
	scene.timer = timer_new(scene.loop, again, &scene);
	timer_set(scene.timer, 0);
	scene.watch = watch_new(scene.loop, scene.fd[0], on_ready, &scene);
	ck_assert_int_eq(watch_want(scene.watch, LOOP_READ), 0);
	peer_say(scene.fd[1], "x");
	turn_ms(scene.loop, 20);	/* ends only if time is looked at */
	ck_assert_uint_gt(scene.count, 0);
	end(&scene);
}
END_TEST

static void
on_signal(void *arg, int number)
{
	struct scene *scene = arg;

	scene->number += number;
	loop_stop(scene->loop);
}

/* A piece of long work, and the next of it in a turn of its own. */
static void
on_long_work(void *arg)
{
	struct scene *scene = arg;
	uint64_t until = clock_ms() + 20;

	while (clock_ms() < until)
		;
	if (scene->count++ == 0)
		peer_say(scene->fd[1], "x");
	timer_set(scene->timer, 0);
}

static void
on_byte_end(void *arg, unsigned events)
{
	struct scene *scene = arg;

	(void)events;
	loop_stop(scene->loop);
}

/* DESIGN.md 4: who works in pieces keeps others waiting for one of them */
START_TEST(long_work_in_pieces_keeps_others_waiting_for_one)
{
	struct scene scene;

	begin(&scene);
	scene.timer = timer_new(scene.loop, on_long_work, &scene);
	scene.watch = watch_new(scene.loop, scene.fd[0], on_byte_end, &scene);
	ck_assert_int_eq(watch_want(scene.watch, LOOP_READ), 0);
	timer_set(scene.timer, 0);
	ck_assert_int_eq(loop_run(scene.loop), 0);
	ck_assert_uint_le(scene.count, 2);
	end(&scene);
}
END_TEST

START_TEST(a_signal_is_told_in_the_loop)
{
	struct scene scene;

	begin(&scene);
	ck_assert_int_eq(loop_signal(scene.loop, SIGUSR1, on_signal, &scene),
	    0);
	ck_assert_int_eq(loop_signal(scene.loop, SIGUSR2, on_signal, &scene),
	    0);
	ck_assert_int_eq(raise(SIGUSR1), 0);
	ck_assert_int_eq(scene.number, 0);
	ck_assert_int_eq(loop_run(scene.loop), 0);
	ck_assert_int_eq(scene.number, SIGUSR1);
	ck_assert_int_eq(raise(SIGUSR2), 0);
	ck_assert_int_eq(loop_run(scene.loop), 0);
	ck_assert_int_eq(scene.number, SIGUSR1 + SIGUSR2);
	end(&scene);
}
END_TEST

START_TEST(nothing_is_freed_where_there_is_nothing)
{
	watch_free(NULL);
	timer_free(NULL);
	loop_free(NULL);
}
END_TEST

/* Last: the clocks stand from now on. */
START_TEST(tests_can_stop_the_clocks)
{
	clock_set(7, -5);
	ck_assert_uint_eq(clock_ms(), 7);
	ck_assert_int_eq(clock_utc_ms(), -5);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("loop");
	TCase *tcase = tcase_create("loop");

	tcase_add_test(tcase,
	    a_timer_set_to_0_runs_after_the_handler_and_before_any_wait);
	tcase_add_test(tcase,
	    a_timer_runs_once_at_the_last_time_it_was_set_to);
	tcase_add_test(tcase, a_timer_may_free_itself_and_one_that_is_due);
	tcase_add_test(tcase, a_watch_may_free_itself_and_one_that_is_ready);
	tcase_add_test(tcase, a_watch_hears_what_it_wants_and_no_more);
	tcase_add_test(tcase,
	    a_freed_watch_wakes_nobody_though_a_copy_of_its_end_lives);
	tcase_add_test(tcase,
	    a_timer_that_sets_itself_to_0_for_ever_starves_nobody);
	tcase_add_test(tcase,
	    long_work_in_pieces_keeps_others_waiting_for_one);
	tcase_add_test(tcase, a_signal_is_told_in_the_loop);
	tcase_add_test(tcase, nothing_is_freed_where_there_is_nothing);
	tcase_add_test(tcase, tests_can_stop_the_clocks);
	suite_add_tcase(suite, tcase);
	return suite;
}
