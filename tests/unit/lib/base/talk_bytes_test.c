/*
 * talk_bytes_test.c - conversations: much in one, many at once, freed any time
 */
#include <errno.h>
#include <signal.h>

#include "tests/unit/lib/base/talk_scene.h"

#define BIG	(3u << 20)

static const struct step big_clear[] = {
	GREET, CAPA(""), SINK(1u << 20), SINK(0), FLOOD(BIG), HANG_UP
};
static const struct step big_tls[] = {
	SHAKE, GREET, CAPA(""), SINK(1u << 20), FLOOD(BIG), HANG_UP
};

static void
write_pattern(struct talk *talk, size_t bytes)
{
	char *all = malloc(bytes);

	ck_assert_ptr_nonnull(all);
	for (size_t i = 0; i < bytes; i++)
		all[i] = pattern(i);
	ck_assert_int_eq(talk_write(talk, slice_of(all, bytes)), 0);
	ck_assert_int_eq(talk_write(talk, slice_of(all, 1)), -ENOBUFS);
	ck_assert_uint_eq(talk_waiting(talk), bytes);
	free(all);
}

/* Whoever reads slowly holds the other side back, and loses nothing. */
START_TEST(much_goes_both_ways_however_slowly_it_is_read)
{
	bool with_tls = _i % 2 == 1;
	struct scene scene;
	unsigned holds = 0;

	scene_open(&scene);
	scene.tls = server_context(&scene.authority, HOST, -1, 1);
	scene.options.tls = with_tls ? TALK_IMPLICIT : TALK_CLEAR;
	scene.caller.hold_every = _i < 2 ? 0 : 100000;
	scene_call_until(&scene, with_tls ? big_tls : big_clear);
	ck_assert_msg(scene.caller.opened == 1, "%s", scene.caller.words);
	write_pattern(scene.caller.talk, TALK_WAITING_MOST);
	TURN_UNTIL(scene.loop, scene.caller.drained == 1);
	while (scene.caller.failed == 0) {
		unsigned calls;

		turn_ms(scene.loop, 2);
		if (!scene.caller.is_held)
			continue;
		calls = scene.caller.readable;
		turn_ms(scene.loop, 2);
		ck_assert_uint_eq(scene.caller.readable, calls);
		scene.caller.is_held = false;
		talk_hold(scene.caller.talk, false);
		holds++;
	}
	ck_assert_uint_eq(scene.caller.read_bytes, BIG);
	ck_assert(!scene.caller.is_wrong);
	ck_assert_int_eq(scene.caller.fault, TALK_CLOSED);
	if (scene.caller.hold_every != 0)
		ck_assert_uint_ge(holds, 20);
	scene_close(&scene);
	ck_assert_ptr_null(scene.provider.astray);
}
END_TEST

/* An event of each kind, each the last one there is. */
START_TEST(it_may_be_freed_in_every_handler)
{
	static const struct step chatty[] = {
		GREET, CAPA(""), HEAR("STAT"), SAY_IT("+OK\r\n"), HANG_UP
	};
	struct scene scene;

	scene_open(&scene);
	scene.caller.free_on = (enum event)_i;
	scene_call_until(&scene, chatty);
	if (scene.caller.talk != NULL) {
		ck_assert_int_eq(talk_write(scene.caller.talk,
		    slice_str("STAT\r\n")), 0);
		TURN_UNTIL(scene.loop, scene.caller.freed);
	}
	turn_ms(scene.loop, 20);
	ck_assert(scene.caller.freed);
	scene_close(&scene);
}
END_TEST

START_TEST(it_may_be_freed_at_any_time)
{
	struct scene scene;

	for (int turns = 0; turns < 12; turns++) {
		scene_open(&scene);
		scene.tls = server_context(&scene.authority, HOST, -1, 1);
		scene.options.tls = TALK_STARTTLS;
		scene.options.login = TALK_LOGIN_PLAIN;
		scene_call(&scene, over_stls);
		for (int i = 0; i < turns; i++)
			turn_ms(scene.loop, 0);
		talk_free(scene.caller.talk);
		scene.caller.talk = NULL;
		turn_ms(scene.loop, 1);
		scene_close(&scene);
	}
	talk_free(NULL);
}
END_TEST

static const struct step echo[] = {
	SHAKE, GREET, CAPA("SASL PLAIN\r\n"), HEAR("AUTH PLAIN"), WELCOME,
	SINK(1000), FLOOD(1000), WAIT, HANG_UP
};

START_TEST(many_talk_at_once_and_none_hears_another)
{
	enum { MANY = 20 };
	static struct provider providers[MANY];
	static struct caller callers[MANY];
	struct scene scene;
	char bytes[1000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = pattern(i);
	memset(callers, 0, sizeof(callers));
	scene_open(&scene);
	scene.tls = server_context(&scene.authority, HOST, -1, 1);
	scene.options.tls = TALK_IMPLICIT;
	scene.options.login = TALK_LOGIN_PLAIN;
	for (int i = 0; i < MANY; i++) {
		struct talk_events events = events_of(&callers[i]);

		provider_open(&providers[i], AF_INET, echo, scene.tls);
		scene.options.port = providers[i].port;
		ck_assert_int_eq(talk_open(scene.hall, &scene.options,
		    &events, &callers[i].talk), 0);
	}
	for (int i = 0; i < MANY; i++) {
		TURN_UNTIL(scene.loop, callers[i].opened == 1);
		ck_assert_int_eq(talk_write(callers[i].talk,
		    slice_of(bytes, sizeof(bytes))), 0);
	}
	for (int i = 0; i < MANY; i++)
		TURN_UNTIL(scene.loop, callers[i].read_bytes == 1000);
	for (int i = 0; i < MANY; i++) {
		ck_assert(!callers[i].is_wrong);
		ck_assert_uint_eq(callers[i].failed, 0);
		talk_free(callers[i].talk);
		provider_close(&providers[i]);
		ck_assert_ptr_null(providers[i].astray);
	}
	scene_close(&scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/base/talk bytes");
	TCase *bytes = tcase_create("bytes");

	(void)signal(SIGPIPE, SIG_IGN);
	if (talk_global_open() != 0)
		abort();
	tcase_set_timeout(bytes, 60);
	tcase_add_loop_test(bytes,
	    much_goes_both_ways_however_slowly_it_is_read, 0, 4);
	tcase_add_loop_test(bytes, it_may_be_freed_in_every_handler, ON_LINE,
	    ON_FAILED + 1);
	tcase_add_test(bytes, it_may_be_freed_at_any_time);
	tcase_add_test(bytes, many_talk_at_once_and_none_hears_another);
	suite_add_tcase(suite, bytes);
	return suite;
}
