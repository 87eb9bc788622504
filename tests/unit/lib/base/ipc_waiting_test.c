/*
 * ipc_waiting_test.c - what a socket does not take waits, in order and in limits
 */
#include "tests/unit/lib/base/ipc_scene.h"

START_TEST(the_largest_body_arrives_and_a_larger_one_is_not_sent)
{
	char *bytes = calloc(1, IPC_MAX_BYTES + 1);
	const int fds[3] = { 0, 0, 0 };
	struct scene scene;

	begin(&scene, true);
	for (int i = 0; i < 10; i++)	/* more than a socket takes */
		ck_assert_int_eq(ipc_send(scene.other, PING,
		    slice_of(bytes, IPC_MAX_BYTES), NULL, 0), 0);
	TURN_UNTIL(scene.loop, scene.handled == 10);
	ck_assert_uint_eq(scene.body_bytes, IPC_MAX_BYTES);
	ck_assert_int_eq(ipc_send(scene.other, PING,
	    slice_of(bytes, IPC_MAX_BYTES + 1), NULL, 0), -EMSGSIZE);
	ck_assert_int_eq(ipc_send(scene.other, CARRY, slice_str(""), fds, 3),
	    -EMSGSIZE);
	ck_assert_int_eq(ipc_ask(scene.other, ASK,
	    slice_of(bytes, IPC_MAX_BYTES + 1), NULL, 0, on_answer, &scene),
	    -EMSGSIZE);
	ck_assert_uint_eq(scene.lost, 0);
	free(bytes);
	end(&scene);
	ck_assert_uint_eq(scene.refused, 0);
}
END_TEST

static int
send_numbered(struct ipc *ipc, uint32_t number, size_t bytes)
{
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);

	pack_u32(&body, number);
	if (bytes > 4)
		memset(text_space(&body, bytes - 4), 0, bytes - 4);
	return ipc_send(ipc, LATER, text_slice(&body), NULL, 0);
}

START_TEST(what_the_socket_does_not_take_arrives_later_in_order)
{
	struct scene scene;
	uint32_t sent = 0;

	begin(&scene, true);
	scene.state = LATE;
	for (; sent < 3000; sent++)
		ck_assert_int_eq(send_numbered(scene.other, sent,
		    sent % 7 * 500), 0);
	turn(scene.loop);
	/* some wait still; what is said now comes behind them */
	ck_assert_uint_lt(scene.handled, sent);
	ck_assert_int_eq(send_numbered(scene.other, sent++, 4), 0);
	TURN_UNTIL(scene.loop, scene.handled == sent);
	ck_assert_int_eq(send_numbered(scene.other, sent++, 4), 0);
	turn(scene.loop);
	ck_assert_uint_eq(scene.handled, sent);
	ck_assert_uint_eq(scene.lost, 0);
	end(&scene);
}
END_TEST

START_TEST(no_more_than_the_limit_waits_and_that_still_arrives)
{
	struct scene scene;
	uint32_t sent = 0;
	int r;

	begin(&scene, true);
	scene.state = LATE;
	while ((r = send_numbered(scene.other, sent, 100000)) == 0)
		ck_assert_uint_lt(++sent, 180);
	ck_assert_int_eq(r, -ENOBUFS);
	ck_assert_uint_gt(sent, 160);		/* 16 MiB */
	TURN_UNTIL(scene.loop, scene.handled == sent);
	ck_assert_int_eq(send_numbered(scene.other, sent, 4), 0);
	turn(scene.loop);
	ck_assert_uint_eq(scene.handled, sent + 1);
	end(&scene);
}
END_TEST

/* Zero never means unlimited. */
START_TEST(empty_messages_count_as_well)
{
	struct scene scene;
	unsigned sent = 0;
	int r;

	begin(&scene, false);
	while ((r = ipc_send(scene.ipc, PING, slice_str(""), NULL, 0)) == 0)
		ck_assert_uint_lt(++sent, 1000000);
	ck_assert_int_eq(r, -ENOBUFS);
	end(&scene);
}
END_TEST

START_TEST(descriptors_that_wait_have_a_limit_and_are_closed_at_the_end)
{
	struct scene scene;
	const int zero = 0;
	unsigned sent = 0, fds;
	int r;

	begin(&scene, false);
	fds = fds_open();
	while ((r = ipc_send(scene.ipc, CARRY, slice_str(""), &zero, 1)) == 0)
		ck_assert_uint_lt(++sent, 100000);
	ck_assert_int_eq(r, -ENOBUFS);
	ck_assert_uint_gt(fds_open(), fds);
	ck_assert_uint_le(fds_open(), fds + 256);
	ipc_free(scene.ipc);
	scene.ipc = NULL;
	ck_assert_uint_eq(fds_open(), fds - 1);
	end(&scene);
}
END_TEST

START_TEST(waiting_descriptors_arrive)
{
	static char bytes[IPC_MAX_BYTES];
	struct scene scene;
	char got[3] = "";
	int fd[2];

	begin(&scene, true);
	pair_open(fd);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(ipc_send(scene.other, PING,
		    slice_of(bytes, sizeof(bytes)), NULL, 0), 0);
	ck_assert_int_eq(ipc_send(scene.other, CARRY, slice_str(""), &fd[0],
	    1), 0);
	(void)close(fd[0]);
	scene.act = ACT_TAKE;		/* -1 from those that have none */
	TURN_UNTIL(scene.loop, scene.handled == 7);
	peer_say(scene.taken, "hi");
	ck_assert_uint_eq(peer_hear(fd[1], got, 2), 2);
	(void)close(fd[1]);
	end(&scene);
}
END_TEST

START_TEST(a_request_that_waits_and_is_lost_is_told_so)
{
	static char bytes[IPC_MAX_BYTES];
	struct scene scene;

	begin(&scene, false);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(ipc_send(scene.ipc, PING,
		    slice_of(bytes, sizeof(bytes)), NULL, 0), 0);
	ck_assert_int_eq(ipc_ask(scene.ipc, ASK, slice_str("x"), NULL, 0,
	    on_answer, &scene), 0);
	scene.free_in_lost = true;
	(void)close(scene.fd);
	scene.fd = -1;
	turn(scene.loop);
	ck_assert_uint_eq(scene.lost, 1);
	ck_assert(!scene.was_breach);
	ck_assert_uint_eq(scene.refused, 1);
	end(&scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("ipc waiting");
	TCase *waiting = tcase_create("waiting");

	tcase_add_test(waiting,
	    the_largest_body_arrives_and_a_larger_one_is_not_sent);
	tcase_add_test(waiting,
	    what_the_socket_does_not_take_arrives_later_in_order);
	tcase_add_test(waiting,
	    no_more_than_the_limit_waits_and_that_still_arrives);
	tcase_add_test(waiting, empty_messages_count_as_well);
	tcase_add_test(waiting,
	    descriptors_that_wait_have_a_limit_and_are_closed_at_the_end);
	tcase_add_test(waiting, waiting_descriptors_arrive);
	tcase_add_test(waiting, a_request_that_waits_and_is_lost_is_told_so);
	tcase_set_timeout(waiting, 60);
	suite_add_tcase(suite, waiting);
	return suite;
}
