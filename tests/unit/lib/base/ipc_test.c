/*
 * ipc_test.c - what a role may say to another, and what becomes of a breach
 */
#include "tests/unit/lib/base/ipc_scene.h"

#include <fcntl.h>
#include <sys/resource.h>

enum { NEWS, REQUEST, REPLY };			/* types on the wire */

/* A packet as it stands on the wire; see ipc.c. */
struct raw {
	uint16_t	kind, type;
	uint32_t	zero;
	uint64_t	serial;
	char		body[16];
};

/* One packet of `len` bytes with `fd_count` copies of a descriptor. */
static void
say_raw(const struct scene *scene, const void *packet, size_t len,
    unsigned fd_count)
{
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(sizeof(int) * 8)];
	} control;
	struct iovec iov = { (void *)(uintptr_t)packet, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	memset(&control, 0, sizeof(control));
	if (fd_count > 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		for (unsigned i = 0; i < fd_count; i++)
			memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &scene->fd,
			    sizeof(int));
	}
	ck_assert_int_eq(sendmsg(scene->fd, &msg, MSG_NOSIGNAL),
	    (ssize_t)len);
}

static const struct {
	struct raw	packet;
	size_t		len;
	unsigned	fds;
	const char	*words;		/* NULL: legal; else in the breach */
} said[] = {
	{ { PING, NEWS, 0, 0, "" }, 16, 0, NULL },
	{ { PING, NEWS, 0, 0, "body" }, 20, 0, NULL },
	{ { ASK, REQUEST, 0, 5, "" }, 16, 0, NULL },
	{ { CARRY, NEWS, 0, 0, "" }, 16, 1, NULL },
	{ { 99, NEWS, 0, 0, "" }, 16, 0, "is no message" },
	{ { 0, NEWS, 0, 0, "" }, 16, 0, "is no message" },
	{ { 6, NEWS, 0, 0, "" }, 16, 0, "KEEP from door is not this sender" },
	{ { ASK, NEWS, 0, 0, "" }, 16, 0, "ASK from door came as news" },
	{ { PING, REQUEST, 0, 5, "" }, 16, 0, "other way round" },
	{ { PING, NEWS, 0, 0, "" }, 16, 1, "number of descriptors" },
	{ { CARRY, NEWS, 0, 0, "" }, 16, 0, "number of descriptors" },
	{ { CARRY, NEWS, 0, 0, "" }, 16, 2, "number of descriptors" },
	{ { LATER, NEWS, 0, 0, "" }, 16, 0, "LATER from door is not legal" },
	{ { ODD, NEWS, 0, 0, "" }, 16, 0, "ODD from door has a body that" },
	{ { 0, REPLY, 0, 5, "" }, 16, 0, "answers nothing" },
	{ { PING, 3, 0, 0, "" }, 16, 0, "no whole packet" },
	{ { PING, 65535, 0, 1, "" }, 16, 0, "no whole packet" },
	{ { PING, NEWS, 1, 0, "" }, 16, 0, "no whole packet" },
	{ { PING, NEWS, 0, 5, "" }, 16, 0, "no whole packet" },
	{ { ASK, REQUEST, 0, 0, "" }, 16, 0, "no whole packet" },
	{ { 0, REPLY, 0, 0, "" }, 16, 0, "no whole packet" },
	{ { PING, NEWS, 0, 0, "" }, 15, 0, "no whole packet" },
	{ { PING, NEWS, 0, 0, "" }, 1, 0, "no whole packet" },
	{ { PING, NEWS, 0, 0, "" }, 0, 1, "no whole packet" },
	{ { PING, NEWS, 0, 0, "" }, 0, 8, "no whole packet" },
	{ { PING, NEWS, 0, 0, "" }, 1, 2, "no whole packet" },
	{ { CARRY, NEWS, 0, 0, "" }, 16, 3, "no whole packet" },
	{ { CARRY, NEWS, 0, 0, "" }, 16, 8, "no whole packet" },
};

/* DESIGN 2: a breach ends the sender, never the receiver. */
START_TEST(what_the_table_does_not_allow_is_a_breach_and_leaks_nothing)
{
	struct scene scene;
	unsigned fds;

	begin(&scene, false);
	fds = fds_open();
	say_raw(&scene, &said[_i].packet, said[_i].len, said[_i].fds);
	say_raw(&scene, &said[0].packet, 16, 0);
	turn(scene.loop);
	ck_assert_uint_eq(fds_open(), fds);
	if (said[_i].words == NULL) {
		ck_assert_uint_eq(scene.lost, 0);
		ck_assert_uint_eq(scene.handled, 2);
		ck_assert_str_eq(ipc_breach(scene.ipc), "");
	} else {
		ck_assert_uint_eq(scene.lost, 1);
		ck_assert(scene.was_breach);
		ck_assert_ptr_nonnull(strstr(scene.breach, said[_i].words));
		/* nothing is heard of it any more, nor said to it */
		ck_assert_uint_eq(scene.handled,
		    said[_i].packet.kind == ODD);
		ck_assert_int_eq(ipc_send(scene.ipc, PING, slice_str(""),
		    NULL, 0), -ECONNRESET);
		ck_assert_int_eq(ipc_ask(scene.ipc, ASK, slice_str(""), NULL,
		    0, on_answer, &scene), -ECONNRESET);
	}
	end(&scene);
}
END_TEST

START_TEST(a_message_is_legal_in_its_states)
{
	const struct raw packet = { .kind = LATER };
	struct scene scene;

	begin(&scene, false);
	scene.state = LATE;
	say_raw(&scene, &packet, 20, 0);
	turn(scene.loop);
	ck_assert_uint_eq(scene.handled, 1);
	scene.state = EARLY;
	say_raw(&scene, &packet, 20, 0);
	turn(scene.loop);
	ck_assert_uint_eq(scene.handled, 1);
	ck_assert(scene.was_breach);
	end(&scene);
}
END_TEST

START_TEST(the_end_of_the_peer_is_no_breach)
{
	struct scene scene;

	begin(&scene, false);
	(void)close(scene.fd);
	scene.fd = -1;
	turn(scene.loop);
	turn(scene.loop);
	ck_assert_uint_eq(scene.lost, 1);
	ck_assert(!scene.was_breach);
	ck_assert_str_eq(scene.breach, "");
	ck_assert_int_eq(ipc_send(scene.ipc, PING, slice_str(""), NULL, 0),
	    -ECONNRESET);
	end(&scene);
}
END_TEST

START_TEST(an_empty_packet_is_an_end)
{
	struct scene scene;

	begin(&scene, false);
	say_raw(&scene, "", 0, 0);
	turn(scene.loop);
	ck_assert_uint_eq(scene.lost, 1);
	end(&scene);
}
END_TEST

START_TEST(a_packet_larger_than_any_message_is_a_breach)
{
	static char bytes[sizeof(struct raw) + IPC_MAX_BYTES];
	const int room = 4 * IPC_MAX_BYTES;
	struct scene scene;

	begin(&scene, false);
	(void)setsockopt(scene.fd, SOL_SOCKET, SO_SNDBUF, &room,
	    sizeof(room));
	bytes[0] = PING;
	say_raw(&scene, bytes, 16 + IPC_MAX_BYTES, 0);
	turn(scene.loop);
	ck_assert_uint_eq(scene.lost, 0);
	ck_assert_uint_eq(scene.body_bytes, IPC_MAX_BYTES);
	say_raw(&scene, bytes, 16 + IPC_MAX_BYTES + 1, 1);
	turn(scene.loop);
	ck_assert_uint_eq(scene.handled, 1);
	ck_assert(scene.was_breach);
	end(&scene);
}
END_TEST

START_TEST(each_request_gets_its_own_reply)
{
	struct scene scene, second;
	uint64_t serial;

	begin(&scene, true);
	memset(&second, 0, sizeof(second));
	ck_assert_int_eq(ipc_ask(scene.other, ASK, slice_str("one"), NULL, 0,
	    on_answer, &scene), 0);
	turn(scene.loop);
	serial = scene.serial;
	ck_assert_int_eq(ipc_ask(scene.other, ASK, slice_str("two"), NULL, 0,
	    on_answer, &second), 0);
	turn(scene.loop);
	ck_assert_uint_ne(scene.serial, serial);
	ck_assert_int_eq(ipc_reply(scene.ipc, scene.serial,
	    slice_str("second"), NULL, 0), 0);
	turn(scene.loop);
	ck_assert_uint_eq(second.answered, 1);
	ck_assert_uint_eq(second.body_bytes, 6);
	ck_assert_uint_eq(scene.answered, 0);
	ck_assert_int_eq(ipc_reply(scene.ipc, serial, slice_str("first"),
	    NULL, 0), 0);
	turn(scene.loop);
	ck_assert_uint_eq(scene.answered, 1);
	ck_assert_uint_eq(scene.lost, 0);
	/* a second reply answers nothing any more */
	ck_assert_int_eq(ipc_reply(scene.ipc, serial, slice_str("first"),
	    NULL, 0), 0);
	turn(scene.loop);
	ck_assert_uint_eq(scene.answered, 1);
	ck_assert_uint_eq(scene.lost, 1);
	ck_assert(scene.was_breach);
	end(&scene);
}
END_TEST

START_TEST(both_ends_may_ask_at_once)
{
	struct scene scene;

	begin(&scene, true);
	scene.act = ACT_REPLY;
	ck_assert_int_eq(ipc_ask(scene.ipc, ASK, slice_str("a"), NULL, 0,
	    on_answer, &scene), 0);
	ck_assert_int_eq(ipc_ask(scene.other, ASK, slice_str("b"), NULL, 0,
	    on_answer, &scene), 0);
	turn(scene.loop);
	ck_assert_uint_eq(scene.answered, 2);
	end(&scene);
}
END_TEST

START_TEST(what_is_asked_when_the_channel_is_lost_is_answered_so_once)
{
	struct scene scene;

	begin(&scene, true);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(ipc_ask(scene.other, ASK, slice_str("x"),
		    NULL, 0, on_answer, &scene), 0);
	ipc_free(scene.ipc);
	scene.ipc = NULL;
	scene.free_in_lost = true;
	turn(scene.loop);
	ck_assert_uint_eq(scene.lost, 1);
	ck_assert_uint_eq(scene.refused, 100);
	ck_assert_uint_eq(scene.answered, 0);
	end(&scene);
	ck_assert_uint_eq(scene.refused, 100);
}
END_TEST

/* unix(7): the end of a peer that had not read all comes before its words */
START_TEST(what_a_peer_said_before_its_end_is_heard)
{
	struct scene scene;
	struct raw packet;

	begin(&scene, false);
	ck_assert_int_eq(ipc_ask(scene.ipc, ASK, slice_str("x"), NULL, 0,
	    on_answer, &scene), 0);
	ck_assert_int_eq(ipc_ask(scene.ipc, ASK, slice_str("y"), NULL, 0,
	    on_answer, &scene), 0);
	ck_assert_int_eq(recv(scene.fd, &packet, sizeof(packet), 0), 17);
	ck_assert_uint_eq(packet.type, REQUEST);
	packet.type = REPLY;
	say_raw(&scene, &packet, 16, 0);
	(void)close(scene.fd);		/* the second question is unread */
	scene.fd = -1;
	turn(scene.loop);
	ck_assert_uint_eq(scene.answered, 1);
	ck_assert_uint_eq(scene.lost, 1);
	ck_assert_uint_eq(scene.refused, 0);
	ipc_free(scene.ipc);
	scene.ipc = NULL;
	ck_assert_uint_eq(scene.refused, 1);
	end(&scene);
}
END_TEST

START_TEST(whoever_is_forgotten_hears_no_reply)
{
	struct scene scene, other = { 0 };
	uint64_t serial;

	begin(&scene, true);
	ck_assert_int_eq(ipc_ask(scene.other, ASK, slice_str("x"), NULL, 0,
	    on_answer, &other), 0);
	turn(scene.loop);
	serial = scene.serial;
	ck_assert_int_eq(ipc_ask(scene.other, ASK, slice_str("x"), NULL, 0,
	    on_answer, &other), 0);
	ck_assert_int_eq(ipc_ask(scene.other, ASK, slice_str("x"), NULL, 0,
	    on_answer, &scene), 0);
	ipc_forget(scene.other, &other);
	ck_assert_int_eq(ipc_reply(scene.ipc, serial, slice_str("late"),
	    &scene.taken, 0), 0);
	turn(scene.loop);
	ck_assert_uint_eq(scene.lost, 0);	/* still no breach */
	ipc_free(scene.other);
	scene.other = NULL;
	ck_assert_uint_eq(other.answered + other.refused, 0);
	ck_assert_uint_eq(scene.refused, 1);
	end(&scene);
}
END_TEST

START_TEST(a_handler_may_free_the_channel)
{
	const struct raw packet = { .kind = CARRY };
	struct scene scene;
	unsigned fds;

	begin(&scene, false);
	scene.act = ACT_FREE;
	ck_assert_int_eq(ipc_ask(scene.ipc, ASK, slice_str("x"), NULL, 0,
	    on_answer, &scene), 0);
	fds = fds_open();
	say_raw(&scene, &packet, 16, 1);
	say_raw(&scene, &packet, 16, 1);
	turn(scene.loop);
	ck_assert_ptr_null(scene.ipc);
	ck_assert_uint_eq(scene.handled, 1);
	ck_assert_uint_eq(scene.lost, 0);
	ck_assert_uint_eq(scene.refused, 1);
	ck_assert_uint_eq(fds_open(), fds - 1);
	end(&scene);
}
END_TEST

START_TEST(a_reply_function_may_free_the_channel)
{
	struct scene scene;

	begin(&scene, true);
	scene.act = ACT_REPLY;
	scene.free_in_reply = true;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(ipc_ask(scene.other, ASK, slice_str("x"),
		    NULL, 0, on_answer, &scene), 0);
	turn(scene.loop);
	ck_assert_uint_eq(scene.answered, 1);
	ck_assert_uint_eq(scene.refused, 2);	/* from inside ipc_free() */
	ck_assert_ptr_null(scene.other);
	end(&scene);
}
END_TEST

static void
ask_again(void *arg, int status, struct ipc_message *message)
{
	struct scene *scene = arg;

	(void)message;
	ck_assert_int_eq(status, -ECONNRESET);
	scene->refused++;
	ck_assert_int_eq(ipc_ask(scene->ipc, ASK, slice_str("x"), NULL, 0,
	    ask_again, scene), -ECONNRESET);
	ck_assert_int_eq(ipc_send(scene->ipc, PING, slice_str("x"), NULL, 0),
	    -ECONNRESET);
	ipc_forget(scene->ipc, scene);
}

START_TEST(a_channel_being_freed_takes_no_new_request)
{
	struct scene scene;
	static char bytes[IPC_MAX_BYTES];

	begin(&scene, false);
	for (int i = 0; i < 10; i++)	/* some of it waits */
		ck_assert_int_eq(ipc_send(scene.ipc, PING,
		    slice_of(bytes, sizeof(bytes)), NULL, 0), 0);
	ck_assert_int_eq(ipc_ask(scene.ipc, ASK, slice_str("x"), NULL, 0,
	    ask_again, &scene), 0);
	ipc_free(scene.ipc);
	scene.ipc = NULL;
	ck_assert_uint_eq(scene.refused, 1);
	end(&scene);
}
END_TEST

START_TEST(a_descriptor_arrives_and_stays_with_who_takes_it)
{
	struct scene scene;
	char got[3] = "";
	int fd[2];
	unsigned fds;

	begin(&scene, true);
	pair_open(fd);
	scene.act = ACT_TAKE;
	fds = fds_open();
	ck_assert_int_eq(ipc_send(scene.other, CARRY, slice_str(""), &fd[0],
	    1), 0);
	(void)close(fd[0]);		/* the kernel has its own */
	turn(scene.loop);
	ck_assert_int_ge(scene.taken, 0);
	ck_assert_uint_eq(fds_open(), fds);
	peer_say(scene.taken, "hi");
	ck_assert_uint_eq(peer_hear(fd[1], got, 2), 2);
	ck_assert_int_ne(fcntl(scene.taken, F_GETFD) & FD_CLOEXEC, 0);
	(void)close(fd[1]);
	end(&scene);
}
END_TEST

START_TEST(descriptors_nobody_takes_are_closed_in_replies_too)
{
	struct scene scene;
	unsigned fds;

	begin(&scene, true);
	fds = fds_open();
	for (int i = 0; i < 20; i++) {
		const int two[2] = { 0, 0 };

		ck_assert_int_eq(ipc_ask(scene.other, ASK, slice_str("x"),
		    NULL, 0, on_answer, &scene), 0);
		turn(scene.loop);
		ck_assert_int_eq(ipc_reply(scene.ipc, scene.serial,
		    slice_str("x"), two, 2), 0);
		ck_assert_int_eq(ipc_send(scene.other, CARRY, slice_str(""),
		    two, 1), 0);
		turn(scene.loop);
	}
	ck_assert_uint_eq(scene.answered, 20);
	ck_assert_uint_eq(scene.handled, 40);
	ck_assert_uint_eq(fds_open(), fds);
	end(&scene);
}
END_TEST

/* No descriptor more from now on; what may be had again with `had`. */
static void
run_out(struct rlimit *had)
{
	struct rlimit none;
	int next = dup(0);

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, had), 0);
	(void)close(next);
	none = *had;
	none.rlim_cur = (rlim_t)next;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
}

/* The question is answered with nothing; news ends the channel; no breach. */
START_TEST(a_receiver_out_of_descriptors_blames_nobody)
{
	struct scene scene;
	struct rlimit had;
	const int zero = 0;

	begin(&scene, true);
	scene.body_bytes = 1;
	run_out(&had);
	ck_assert_int_eq(ipc_ask(scene.other, ASK, slice_str("x"), &zero, 1,
	    on_answer, &scene), 0);
	turn(scene.loop);
	ck_assert_uint_eq(scene.answered, 1);
	ck_assert_uint_eq(scene.body_bytes, 0);
	ck_assert_uint_eq(scene.handled + scene.lost, 0);
	ck_assert_int_eq(ipc_send(scene.other, CARRY, slice_str("x"), &zero,
	    1), 0);
	turn(scene.loop);
	ck_assert_uint_eq(scene.handled, 0);
	ck_assert_uint_eq(scene.lost, 1);
	ck_assert(!scene.was_breach);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &had), 0);
	end(&scene);
}
END_TEST

START_TEST(messages_are_counted_both_ways)
{
	struct ipc_counts before = ipc_counts(), after;
	struct scene scene;

	begin(&scene, true);
	scene.act = ACT_REPLY;
	ck_assert_int_eq(ipc_ask(scene.other, ASK, slice_str("x"), NULL, 0,
	    on_answer, &scene), 0);
	turn(scene.loop);
	after = ipc_counts();
	ck_assert_uint_eq(after.sent - before.sent, 2);
	ck_assert_uint_eq(after.received - before.received, 2);
	ipc_free(NULL);
	end(&scene);
}
END_TEST

static void
add_talk(Suite *suite)
{
	TCase *tcase = tcase_create("talk");

	tcase_add_test(tcase, each_request_gets_its_own_reply);
	tcase_add_test(tcase, both_ends_may_ask_at_once);
	tcase_add_test(tcase,
	    what_is_asked_when_the_channel_is_lost_is_answered_so_once);
	tcase_add_test(tcase, what_a_peer_said_before_its_end_is_heard);
	tcase_add_test(tcase, whoever_is_forgotten_hears_no_reply);
	tcase_add_test(tcase, a_handler_may_free_the_channel);
	tcase_add_test(tcase, a_reply_function_may_free_the_channel);
	tcase_add_test(tcase, a_channel_being_freed_takes_no_new_request);
	tcase_add_test(tcase,
	    a_descriptor_arrives_and_stays_with_who_takes_it);
	tcase_add_test(tcase,
	    descriptors_nobody_takes_are_closed_in_replies_too);
	tcase_add_test(tcase, a_receiver_out_of_descriptors_blames_nobody);
	tcase_add_test(tcase, messages_are_counted_both_ways);
	suite_add_tcase(suite, tcase);
}

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("ipc");
	TCase *breach = tcase_create("breach");

	tcase_add_loop_test(breach,
	    what_the_table_does_not_allow_is_a_breach_and_leaks_nothing, 0,
	    (int)(sizeof(said) / sizeof(*said)));
	tcase_add_test(breach, a_message_is_legal_in_its_states);
	tcase_add_test(breach, the_end_of_the_peer_is_no_breach);
	tcase_add_test(breach, an_empty_packet_is_an_end);
	tcase_add_test(breach, a_packet_larger_than_any_message_is_a_breach);
	suite_add_tcase(suite, breach);
	add_talk(suite);
	return suite;
}
