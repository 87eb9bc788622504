/*
 * door_space_test.c - room for messages, asked for before they come
 */
#include "programs/door_space.h"

#include <sys/socket.h>

#include "queue/service.h"
#include "store/account.h"
#include "tests/unit/unit.h"

#define GUARD_MS	120000	/* only so that a hang becomes a failure */
#define TURN_MS		5
#define PLENTY		(UINT64_C(1) << 30)
#define AHEAD		(GRANTS_MOST * (uint64_t)BIG_BYTES)

static struct loop *loop;
static struct timer *stop;
static struct ipc *near, *far;
static struct door_space *space;
static unsigned code;		/* what the played queue answers */
static unsigned asked;
static uint64_t returned;
static bool is_lost;

static int
on_grants(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct queue_answer said = { .code = (uint16_t)code,
	    .status = SLICE("2.0.0"), .words = SLICE("said") };
	struct unpack u = unpack_of(message->body);
	TEXT_AUTO body = TEXT_INIT(256);

	(void)arg;
	ck_assert_uint_eq(unpack_u32(&u), GRANTS_MOST);
	ck_assert(unpack_is_done(&u));
	asked++;
	answer_pack(&body, &said);
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

static int
on_release(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);

	(void)arg;
	(void)from;
	returned += unpack_u64(&u);
	return unpack_is_done(&u) ? 0 : -1;
}

static void
on_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	(void)arg;
	ck_assert(!was_breach);
	is_lost = true;
	ipc_free(ipc);
}

static const struct ipc_rule queue_rules[] = {
{ QUEUE_GRANTS,	 "GRANTS",  FROM(ROLE_DOOR), IPC_REQUEST, 0, 0, on_grants },
{ QUEUE_RELEASE, "RELEASE", FROM(ROLE_DOOR), IPC_NEWS, 0, 0, on_release },
{ 0 }
};

static const struct ipc_rule no_rules[] = { { 0 } };

static void
on_stop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void
run(void)
{
	timer_set(stop, TURN_MS);
	ck_assert_int_eq(loop_run(loop), 0);
}

static void
begin(uint64_t transit_bytes)
{
	const struct ipc_side to = { .rules = no_rules, .lost = on_lost };
	const struct ipc_side from = { .rules = queue_rules,
	    .lost = on_lost };
	int fd[2];

	code = 250;
	asked = 0;
	returned = 0;
	is_lost = false;
	clock_set(1000, 1000);
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	stop = timer_new(loop, on_stop, NULL);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, fd), 0);
	near = ipc_new(loop, fd[0], ROLE_QUEUE, 0, &to);
	far = ipc_new(loop, fd[1], ROLE_DOOR, 0, &from);
	ck_assert_ptr_nonnull(near);
	ck_assert_ptr_nonnull(far);
	space = door_space_new(loop, transit_bytes);
	ck_assert_ptr_nonnull(space);
	door_space_queue(space, near);
}

static void
end(void)
{
	ipc_free(far);
	if (!is_lost)
		ipc_free(near);
	door_space_free(space);
	timer_free(stop);
	loop_free(loop);
}

/* Until all that is under way has been heard, however late it comes. */
static void
settle(void)
{
	for (unsigned i = 0; i < 20; i++)
		run();
}

static void
pass(uint64_t ms)
{
	clock_set(clock_ms() + ms, clock_utc_ms());
}

/* Two that come one after the other, and need more than is ever there. */
static void
stream(void)
{
	ck_assert(!door_space_take(space, AHEAD + 1));
	pass(99);
	ck_assert(!door_space_take(space, AHEAD + 1));
	settle();
}

START_TEST(those_who_come_now_and_then_ask_for_their_own)
{
	begin(PLENTY);
	for (unsigned i = 0; i < 5; i++) {
		ck_assert(!door_space_take(space, 1));
		pass(100);
	}
	settle();
	ck_assert_uint_eq(asked, 0);
	end();
}
END_TEST

START_TEST(those_who_follow_find_room)
{
	begin(PLENTY);
	stream();
	ck_assert_uint_eq(asked, 1);
	ck_assert(!door_space_take(space, AHEAD + 1));
	for (unsigned i = 0; i < GRANTS_MOST; i++)
		ck_assert(door_space_take(space, BIG_BYTES));
	ck_assert(!door_space_take(space, 1));
	/* for more it was asked when a half was left, and once */
	settle();
	ck_assert_uint_eq(asked, 2);
	ck_assert(door_space_take(space, AHEAD));
	end();
}
END_TEST

START_TEST(what_nobody_needed_is_given_back)
{
	unsigned turns = GUARD_MS / TURN_MS;

	begin(PLENTY);
	stream();
	ck_assert(door_space_take(space, 1000));
	pass(999);
	settle();
	ck_assert_uint_eq(returned, 0);
	pass(1);
	while (returned == 0 && turns-- > 0)
		run();
	ck_assert_uint_eq(returned, AHEAD - 1000);
	ck_assert(!door_space_take(space, 1));
	end();
}
END_TEST

/* Nor is it asked for at once again. */
START_TEST(a_refusal_leaves_nothing_to_take)
{
	begin(PLENTY);
	code = 452;
	stream();
	stream();
	ck_assert_uint_eq(asked, 1);
	ck_assert(!door_space_take(space, 1));
	code = 250;
	pass(1000);
	stream();
	ck_assert_uint_eq(asked, 2);
	ck_assert(door_space_take(space, 1));
	end();
}
END_TEST

START_TEST(what_another_queue_has_granted_is_nothing)
{
	begin(PLENTY);
	stream();
	door_space_queue(space, NULL);
	ck_assert(!door_space_take(space, 1));
	ck_assert(!door_space_take(space, 1));
	end();
}
END_TEST

/* 64 MiB for all mail under way: 2 of them are too many to lie idle. */
START_TEST(a_small_hub_keeps_its_room_for_mail)
{
	begin(UINT64_C(64) << 20);
	stream();
	stream();
	ck_assert_uint_eq(asked, 0);
	end();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("door_space");
	TCase *tcase = tcase_create("door_space");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, those_who_come_now_and_then_ask_for_their_own);
	tcase_add_test(tcase, those_who_follow_find_room);
	tcase_add_test(tcase, what_nobody_needed_is_given_back);
	tcase_add_test(tcase, a_refusal_leaves_nothing_to_take);
	tcase_add_test(tcase, what_another_queue_has_granted_is_nothing);
	tcase_add_test(tcase, a_small_hub_keeps_its_room_for_mail);
	suite_add_tcase(suite, tcase);
	return suite;
}
