/*
 * talk_reach_test.c - which of a host's addresses is reached
 */
#include <netinet/in.h>
#include <unistd.h>

#include "tests/unit/lib/base/talk_scene.h"

/* A socket that listens but whose queue is full: nobody answers there. */
static int
black_hole(int family, uint16_t port, int *fill_out)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6,
	    .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int hole = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(hole, 0);
	ck_assert_int_eq(bind(hole, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(hole, 0), 0);
	for (int i = 0; i < 4; i++) {
		fill_out[i] = socket(family, SOCK_STREAM | SOCK_CLOEXEC |
		    SOCK_NONBLOCK, 0);
		(void)connect(fill_out[i], (struct sockaddr *)&at,
		    sizeof(at));
	}
	usleep(20000);
	return hole;
}

/* RFC 8305 */
START_TEST(where_one_address_is_silent_another_is_tried)
{
	struct scene scene;
	struct talk_events events;
	int fill[4], hole;
	uint64_t begin;

	scene_open(&scene);
	events = events_of(&scene.caller);
	provider_open(&scene.provider, AF_INET, plain_opened, NULL);
	hole = black_hole(AF_INET6, scene.provider.port, fill);
	scene.options.port = scene.provider.port;
	scene.options.addresses = "[::1],127.0.0.1";
	begin = clock_ms();
	ck_assert_int_eq(talk_open(scene.hall, &scene.options, &events,
	    &scene.caller.talk), 0);
	TURN_UNTIL(scene.loop, scene.caller.opened + scene.caller.failed > 0);
	ck_assert_msg(scene.caller.opened == 1, "%s", scene.caller.words);
	ck_assert_uint_lt(clock_ms() - begin, 30000);	/* of a busy machine */
	ck_assert_uint_ge(clock_ms() - begin, 100);
	ck_assert_str_eq(talk_peer(scene.caller.talk), "127.0.0.1");
	for (int i = 0; i < 4; i++)
		(void)close(fill[i]);
	(void)close(hole);
	scene_close(&scene);
}
END_TEST

START_TEST(an_address_in_place_of_a_name_is_called)
{
	struct scene scene;
	struct talk_events events;

	scene_open(&scene);
	events = events_of(&scene.caller);
	provider_open(&scene.provider, AF_INET6, plain_opened, NULL);
	scene.options.port = scene.provider.port;
	scene.options.host = _i == 0 ? "::1" : "[::1]";
	scene.options.addresses = "[::1]";
	ck_assert_int_eq(talk_open(scene.hall, &scene.options, &events,
	    &scene.caller.talk), 0);
	TURN_UNTIL(scene.loop, scene.caller.opened + scene.caller.failed > 0);
	ck_assert_msg(scene.caller.opened == 1, "%s", scene.caller.words);
	ck_assert_str_eq(talk_peer(scene.caller.talk), "::1");
	scene_close(&scene);
}
END_TEST

START_TEST(where_nobody_listens_nobody_is_reached)
{
	struct scene scene;
	struct talk_events events;
	int fill[4], hole;

	scene_open(&scene);
	events = events_of(&scene.caller);
	hole = black_hole(AF_INET6, 0, fill);
	for (int i = 0; i < 4; i++)
		(void)close(fill[i]);
	(void)close(hole);
	/* a port that was free a moment ago */
	provider_open(&scene.provider, AF_INET, silent, NULL);
	scene.options.port = scene.provider.port;
	scene.options.addresses = "127.0.0.2";
	ck_assert_int_eq(talk_open(scene.hall, &scene.options, &events,
	    &scene.caller.talk), 0);
	TURN_UNTIL(scene.loop, scene.caller.failed > 0);
	FAILS_WITH(scene, TALK_UNREACHABLE, "Connection refused");
	scene_close(&scene);
}
END_TEST

START_TEST(who_does_not_answer_in_time_is_not_reached)
{
	struct scene scene;
	struct talk_events events;
	int fill[4], hole;
	uint64_t begin = clock_ms();

	scene_open(&scene);
	events = events_of(&scene.caller);
	provider_open(&scene.provider, AF_INET, silent, NULL);
	hole = black_hole(AF_INET6, scene.provider.port, fill);
	scene.options.port = scene.provider.port;
	scene.options.addresses = "[::1]";
	scene.options.connect_ms = 300;
	ck_assert_int_eq(talk_open(scene.hall, &scene.options, &events,
	    &scene.caller.talk), 0);
	TURN_UNTIL(scene.loop, scene.caller.failed > 0);
	ck_assert_int_eq(scene.caller.fault, TALK_UNREACHABLE);
	ck_assert_uint_ge(clock_ms() - begin, 300);
	ck_assert_uint_lt(clock_ms() - begin, 30000);	/* of a busy machine */
	for (int i = 0; i < 4; i++)
		(void)close(fill[i]);
	(void)close(hole);
	scene_close(&scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/base/talk reach");
	TCase *test = tcase_create("reach");

	if (talk_global_open() != 0)
		abort();
	tcase_set_timeout(test, 30);
	tcase_add_test(test, where_one_address_is_silent_another_is_tried);
	tcase_add_loop_test(test, an_address_in_place_of_a_name_is_called, 0,
	    2);
	tcase_add_test(test, where_nobody_listens_nobody_is_reached);
	tcase_add_test(test, who_does_not_answer_in_time_is_not_reached);
	suite_add_tcase(suite, test);
	return suite;
}
