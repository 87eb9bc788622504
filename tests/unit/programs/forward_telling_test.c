/*
 * forward_telling_test.c - who has a forward now hears of it by mail
 */
#include "programs/forward_telling.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "policy/keeper.h"
#include "tests/unit/unit.h"

#define SINCE	INT64_C(1795300000000)

static struct loop *loop;
static struct ipc *keeper, *schedule;
static struct forward_telling *all;
static unsigned sent, send_most, told;
static int send_status, where;
static char target[64];
static uint64_t told_account;
static int64_t told_since;

static int
on_told(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);

	(void)arg;
	(void)from;
	told++;
	told_account = unpack_u64(&u);
	told_since = unpack_i64(&u);
	ck_assert(unpack_is_done(&u));
	return 0;
}

static const struct ipc_rule keeper_rules[] = {
{ KEEPER_FORWARD_TOLD, "TOLD", FROM(ROLE_SCHEDULE), IPC_NEWS, 0, 0, on_told },
{ 0 }
};
static const struct ipc_rule no_rules[] = { { 0 } };

static void
lost(void *arg, struct ipc *ipc, bool was_breach)
{
	(void)arg;
	(void)ipc;
	(void)was_breach;
}

static int
send_it(void *arg, uint64_t account, const struct notice *notice)
{
	(void)arg;
	ck_assert_uint_eq(account, 7);
	ck_assert_int_eq(notice->kind, NOTICE_FORWARDED);
	if (send_status == 0 && sent == send_most)
		return -EALREADY;
	ck_assert_int_eq(slice_cstr(notice->address, target, sizeof(target)),
	    0);
	sent += send_status == 0;
	return send_status;
}

static int
where_is_it(void *arg, uint64_t account)
{
	(void)arg;
	ck_assert_uint_eq(account, 7);
	return where;
}

static void
setup(void)
{
	const struct forward_telling_ports ports = { .send = send_it,
	    .where = where_is_it };
	const struct ipc_side theirs = { .rules = keeper_rules, .lost = lost };
	const struct ipc_side ours = { .rules = no_rules, .lost = lost };
	int pair[2];

	sent = told = 0;
	send_most = 1000;
	send_status = where = 0;
	clock_set(1000, SINCE);
	loop = loop_new();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, pair), 0);
	keeper = ipc_new(loop, pair[0], ROLE_SCHEDULE, 0, &theirs);
	schedule = ipc_new(loop, pair[1], ROLE_KEEPER, 0, &ours);
	all = forward_telling_new(loop, &ports);
	ck_assert_ptr_nonnull(all);
	forward_telling_keeper(all, schedule);
}

static void
teardown(void)
{
	forward_telling_free(all);
	ipc_free(keeper);
	ipc_free(schedule);
	loop_free(loop);
}

static int
news(uint64_t account, const char *address, int64_t since)
{
	TEXT_AUTO body = TEXT_INIT(512);

	pack_u64(&body, account);
	pack_slice(&body, slice_str(address));
	pack_u8(&body, true);
	pack_i64(&body, since);
	return forward_telling_news(all, text_slice(&body));
}

static void
on_end(void *arg)
{
	loop_stop(arg);
}

static void
look(void)
{
	struct timer *end = timer_new(loop, on_end, loop);

	forward_telling_look(all);
	timer_set(end, 5);
	ck_assert_int_eq(loop_run(loop), 0);
	timer_free(end);
}

START_TEST(the_keeper_hears_of_it_when_the_queue_has_the_notice)
{
	ck_assert_int_eq(news(7, "ann@home.test", SINCE), 0);
	look();
	ck_assert_uint_eq(sent, 1);
	ck_assert_str_eq(target, "ann@home.test");
	/* said again it is the same one */
	ck_assert_int_eq(news(7, "ann@home.test", SINCE), 0);
	look();
	ck_assert_uint_eq(sent, 1);
	ck_assert_uint_eq(told, 0);
	where = 1;
	look();
	ck_assert_uint_eq(told, 1);
	ck_assert_uint_eq(told_account, 7);
	ck_assert_int_eq(told_since, SINCE);
	look();
	ck_assert_uint_eq(sent, 1);
	ck_assert_uint_eq(told, 1);
}
END_TEST

START_TEST(another_forward_is_told_of_as_well)
{
	ck_assert_int_eq(news(7, "ann@home.test", SINCE), 0);
	look();
	ck_assert_int_eq(news(7, "eve@far.test", SINCE + 1), 0);
	/* the notice of the one before is not that of this one */
	send_status = -EALREADY;
	where = 1;
	look();
	ck_assert_uint_eq(told, 1);
	ck_assert_int_eq(told_since, SINCE);
	send_status = 0;
	where = 0;
	look();
	ck_assert_uint_eq(sent, 2);
	ck_assert_str_eq(target, "eve@far.test");
	where = 1;
	look();
	ck_assert_uint_eq(told, 2);
	ck_assert_int_eq(told_since, SINCE + 1);
}
END_TEST

/* Who has stolen a password puts back what was there before that is told. */
START_TEST(a_forward_that_was_soon_another_one_is_told_of)
{
	send_status = -EALREADY;	/* a moment after another notice */
	ck_assert_int_eq(news(7, "eve@far.test", SINCE), 0);
	look();
	ck_assert_int_eq(news(7, "ann@home.test", SINCE + 1), 0);
	look();
	ck_assert_uint_eq(sent, 0);
	send_status = 0;
	send_most = 1;
	look();
	ck_assert_str_eq(target, "eve@far.test");
	where = 1;
	look();
	ck_assert_int_eq(told_since, SINCE);
	send_most = 2;
	where = 0;
	look();
	ck_assert_uint_eq(sent, 2);
	ck_assert_str_eq(target, "ann@home.test");
	where = 1;
	look();
	ck_assert_uint_eq(told, 2);
	ck_assert_int_eq(told_since, SINCE + 1);
}
END_TEST

/* Two requests, one millisecond. */
START_TEST(two_of_one_moment_are_two)
{
	ck_assert_int_eq(news(7, "ann@home.test", SINCE), 0);
	ck_assert_int_eq(news(7, "eve@far.test", SINCE), 0);
	look();
	ck_assert_uint_eq(sent, 2);
	ck_assert_str_eq(target, "eve@far.test");
}
END_TEST

/* A program that makes them all day fills nothing; the last one is told. */
START_TEST(so_many_of_one_account_wait)
{
	char address[32];

	for (unsigned i = 0; i < FORWARD_TELLING_EACH + 8; i++) {
		(void)snprintf(address, sizeof(address), "%u@far.test", i);
		ck_assert_int_eq(news(7, address, SINCE + i), 0);
	}
	look();
	ck_assert_uint_eq(sent, FORWARD_TELLING_EACH);
	ck_assert_str_eq(target, address);
}
END_TEST

START_TEST(an_account_that_is_gone_is_let_go)
{
	ck_assert_int_eq(news(7, "ann@home.test", SINCE), 0);
	look();
	where = -ENOENT;
	look();
	look();
	ck_assert_uint_eq(sent, 1);
	ck_assert_uint_eq(told, 0);
}
END_TEST

START_TEST(what_is_no_news_is_a_breach)
{
	ck_assert_int_eq(news(0, "ann@home.test", SINCE), -EBADMSG);
	ck_assert_int_eq(forward_telling_news(all, slice_str("x")), -EBADMSG);
	look();
	ck_assert_uint_eq(sent, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("forward_telling");
	TCase *tests = tcase_create("forward_telling");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests,
	    the_keeper_hears_of_it_when_the_queue_has_the_notice);
	tcase_add_test(tests, another_forward_is_told_of_as_well);
	tcase_add_test(tests,
	    a_forward_that_was_soon_another_one_is_told_of);
	tcase_add_test(tests, two_of_one_moment_are_two);
	tcase_add_test(tests, so_many_of_one_account_wait);
	tcase_add_test(tests, an_account_that_is_gone_is_let_go);
	tcase_add_test(tests, what_is_no_news_is_a_breach);
	suite_add_tcase(suite, tests);
	return suite;
}
