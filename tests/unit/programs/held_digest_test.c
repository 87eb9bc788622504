/*
 * held_digest_test.c - people are told once a day what is held for them
 *
 * The queue's side is played; the clock is set.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "programs/held_digest.h"
#include "queue/held_link.h"
#include "queue/service.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

#define HOUR		INT64_C(3600000)
#define DAY		(24 * HOUR)
#define MIDNIGHT	INT64_C(1795305600000)	/* 2026-11-22 00:00 UTC */
#define ACCOUNTS	3

static struct loop *loop;
static struct ipc *queue, *schedule;
static struct held_digest *digest;
static unsigned untold[ACCOUNTS + 1];	/* by account, from 1 */
static unsigned asked, noted, sent, shown, anew;
static uint64_t sent_to[16];
static bool is_mute, is_broken, takes_replies;
static int send_status, where;
static const char *url;
static char link_sent[512];

static const char a_link[] = "0123456789abcdef0123456789abcdef0123456789abcdef"
    "0123456789abcdef0123456789abcdef012345";

static int
on_news(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t account = unpack_u64(&u) + 1;
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
	struct hold_row row = { .reason = SLICE("spam"), .is_personal = true,
	    .from = SLICE("zoe@far.test"), .subject = SLICE("a prize"),
	    .link = { a_link, HELD_LINK_CHARS }, .number = 482193 };
	uint32_t count;

	(void)arg;
	asked++;
	if (is_mute) {
		pack_u8(&body, HOLD_LATER);
		return ipc_reply(from, message->serial, text_slice(&body),
		    NULL, 0);
	}
	while (account <= ACCOUNTS && untold[account] == 0)
		account++;
	account = account > ACCOUNTS ? 0 : account;
	count = account == 0 ? 0 : untold[account];
	pack_u8(&body, HOLD_OK);
	pack_u64(&body, account);
	pack_u32(&body, count > HELD_PAGE ? count - HELD_PAGE : 0);
	pack_u32(&body, is_broken ? HELD_PAGE + 1 : count > HELD_PAGE ?
	    HELD_PAGE : count);
	for (uint32_t i = 0; i < count && i < HELD_PAGE; i++) {
		row.id.bytes[0] = (unsigned char)i;
		hold_row_pack(&body, &row);
	}
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

static int
on_told(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t account = unpack_u64(&u);
	uint32_t count = unpack_u32(&u);

	(void)arg;
	(void)from;
	ck_assert_uint_ge(account, 1);
	ck_assert_uint_le(account, ACCOUNTS);
	ck_assert_uint_le(count, untold[account]);
	for (uint32_t i = 0; i < count; i++)
		(void)unpack_bytes(&u, MESSAGE_ID_BYTES);
	ck_assert(unpack_is_done(&u));
	untold[account] -= count;
	noted++;
	return 0;
}

static const struct ipc_rule queue_rules[] = {
{ QUEUE_HELD_NEWS, "NEWS", FROM(ROLE_SCHEDULE), IPC_REQUEST, 0, 0, on_news },
{ QUEUE_HELD_TOLD, "TOLD", FROM(ROLE_SCHEDULE), IPC_NEWS, 0, 0, on_told },
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
	if (send_status < 0)
		return send_status;
	ck_assert_int_eq(notice->kind, NOTICE_HELD);
	ck_assert(slice_is_str(notice->held[0].subject, "a prize"));
	ck_assert_uint_eq(strlen(notice->held[0].id), MESSAGE_ID_CHARS);
	shown = (unsigned)notice->held_count;
	ck_assert_int_eq(notice->takes_reply, takes_replies);
	ck_assert_uint_eq(notice->held[0].number, takes_replies ? 482193 : 0);
	(void)snprintf(link_sent, sizeof(link_sent), "%s",
	    notice->held[0].link == NULL ? "none" : notice->held[0].link);
	sent_to[sent++] = account;
	return 0;
}

static int
where_is_it(void *arg, uint64_t account)
{
	(void)arg;
	(void)account;
	return where;
}

static void
all_anew(void *arg)
{
	(void)arg;
	anew++;
}

/* Let it look at that moment, and what it asks be answered. */
static void
look_at(int64_t utc_ms)
{
	clock_set((uint64_t)(utc_ms - MIDNIGHT + DAY), utc_ms);
	held_digest_look(digest);
	turn_ms(loop, 5);
}

/* The same, until it has nothing to do. */
static void
run_at(int64_t utc_ms)
{
	for (int i = 0; i < 2 * ACCOUNTS + 2; i++)
		look_at(utc_ms);
}

static void
begin(unsigned hour)
{
	const struct held_digest_ports ports = { .send = send_it,
	    .where = where_is_it, .anew = all_anew,
	    .takes_replies = takes_replies };

	digest = held_digest_new(loop, hour, url, &ports);
	ck_assert_ptr_nonnull(digest);
	held_digest_queue(digest, schedule);
}

static void
setup(void)
{
	const struct ipc_side theirs = { .rules = queue_rules, .lost = lost };
	const struct ipc_side ours = { .rules = no_rules, .lost = lost };
	int fd[2];

	ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
	tzset();
	loop = loop_new();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, fd), 0);
	queue = ipc_new(loop, fd[0], ROLE_SCHEDULE, 0, &theirs);
	schedule = ipc_new(loop, fd[1], ROLE_QUEUE, 0, &ours);
	asked = noted = sent = shown = anew = 0;
	memset(untold, 0, sizeof(untold));
	is_mute = is_broken = takes_replies = false;
	send_status = 0;
	where = 1;
	url = "";
	clock_set((uint64_t)DAY, MIDNIGHT);
}

static void
teardown(void)
{
	held_digest_free(digest);
	ipc_free(schedule);
	ipc_free(queue);
	loop_free(loop);
}

static const struct {
	struct listener	listeners[2];
	size_t		count;
	const char	*want;
} hubs[] = {
	{ { { .service = SERVICE_IMAP, .port = 143 } }, 1, "" },
	{ { { .service = SERVICE_HTTPS, .port = 443 } }, 1,
	  "https://hub.office.test/held/" },
	{ { { .service = SERVICE_HTTPS, .port = 8443 } }, 1,
	  "https://hub.office.test:8443/held/" },
	{ { { .service = SERVICE_HTTPS, .port = 8443 },
	  { .service = SERVICE_HTTPS, .port = 443 } }, 2,
	  "https://hub.office.test/held/" },
};

START_TEST(a_link_leads_to_where_this_hub_speaks_https)
{
	static struct config config;
	char got[HELD_DIGEST_URL_SIZE];
	char wanted[512];

	memset(&config, 0, sizeof(config));
	(void)snprintf(config.hostname, sizeof(config.hostname),
	    "hub.office.test");
	memcpy(config.listeners, hubs[_i].listeners,
	    sizeof(hubs[_i].listeners));
	config.listener_count = hubs[_i].count;
	held_digest_url(&config, got);
	ck_assert_str_eq(got, hubs[_i].want);
	url = got;
	begin(7);
	untold[1] = 1;
	run_at(MIDNIGHT + 8 * HOUR);
	ck_assert_uint_eq(sent, 1);
	(void)snprintf(wanted, sizeof(wanted), "%s%s", got, a_link);
	ck_assert_str_eq(link_sent, got[0] == '\0' ? "none" : wanted);
}
END_TEST

/* Where nobody can send, nobody is asked to. */
START_TEST(an_answer_is_asked_for_where_people_send)
{
	static struct config config;

	memset(&config, 0, sizeof(config));
	config.listeners[0].service = SERVICE_SMTP;
	config.listeners[1].service = SERVICE_SUBMISSION;
	config.listener_count = 1 + (size_t)_i;
	takes_replies = held_digest_takes_replies(&config);
	ck_assert_int_eq(takes_replies, _i == 1);
	begin(7);
	untold[1] = 1;
	run_at(MIDNIGHT + 8 * HOUR);
	ck_assert_uint_eq(sent, 1);
}
END_TEST

START_TEST(each_is_told_once_and_the_rest_hears_nothing)
{
	begin(7);
	untold[1] = 2;
	untold[3] = 1;
	run_at(MIDNIGHT + 7 * HOUR);
	ck_assert_uint_eq(sent, 2);
	ck_assert_uint_eq(sent_to[0], 1);
	ck_assert_uint_eq(sent_to[1], 3);
	ck_assert_uint_eq(noted, 2);
	ck_assert_uint_eq(untold[1] + untold[3], 0);
}
END_TEST

START_TEST(it_is_told_at_that_hour_and_not_before_the_next_one)
{
	unsigned before;

	begin(7);
	run_at(MIDNIGHT + 7 * HOUR);
	before = asked;
	ck_assert_uint_eq(before, 1);
	untold[2] = 1;
	run_at(MIDNIGHT + 20 * HOUR);
	run_at(MIDNIGHT + DAY + 7 * HOUR - 1);
	ck_assert_uint_eq(asked, before);
	run_at(MIDNIGHT + DAY + 7 * HOUR);
	ck_assert_uint_eq(sent, 1);
}
END_TEST

START_TEST(at_hour_24_nobody_is_asked)
{
	begin(HELD_DIGEST_NEVER);
	untold[1] = 1;
	run_at(MIDNIGHT + 7 * HOUR);
	run_at(MIDNIGHT + 5 * DAY);
	ck_assert_uint_eq(asked, 0);
}
END_TEST

START_TEST(nobody_knows_before_the_mail_is_in_the_queue)
{
	begin(7);
	untold[1] = 1;
	where = 0;
	run_at(MIDNIGHT + 7 * HOUR);
	ck_assert_uint_eq(sent, 1);
	ck_assert_uint_eq(noted, 0);
	where = 1;
	run_at(MIDNIGHT + 7 * HOUR);
	ck_assert_uint_eq(noted, 1);
	ck_assert_uint_eq(sent, 1);
}
END_TEST

START_TEST(one_who_cannot_be_told_does_not_keep_the_others_waiting)
{
	begin(7);
	untold[1] = 1;
	untold[2] = 1;
	if (_i == 0)		/* the mail is given up */
		where = -ENOENT;
	else			/* or not even sent */
		send_status = _i == 1 ? -EALREADY : -EMSGSIZE;
	run_at(MIDNIGHT + 7 * HOUR);
	ck_assert_uint_eq(asked, 3);
	ck_assert_uint_eq(noted, 0);
	where = 1;
	send_status = 0;
	run_at(MIDNIGHT + DAY + 7 * HOUR);
	ck_assert_uint_eq(noted, 2);
}
END_TEST

START_TEST(of_very_many_the_rest_is_told_the_next_day)
{
	begin(7);
	untold[1] = HELD_PAGE + 3;
	run_at(MIDNIGHT + 7 * HOUR);
	ck_assert_uint_eq(sent, 1);
	ck_assert_uint_eq(shown, HELD_PAGE);
	ck_assert_uint_eq(untold[1], 3);
	run_at(MIDNIGHT + DAY + 7 * HOUR);
	ck_assert_uint_eq(sent, 2);
	ck_assert_uint_eq(shown, 3);
	ck_assert_uint_eq(untold[1], 0);
}
END_TEST

START_TEST(a_queue_that_cannot_say_is_asked_again_the_same_day)
{
	begin(7);
	untold[1] = 1;
	is_mute = _i == 0;
	is_broken = _i == 1;
	look_at(MIDNIGHT + 7 * HOUR);
	ck_assert_uint_eq(sent, 0);
	is_mute = is_broken = false;
	run_at(MIDNIGHT + 8 * HOUR);
	ck_assert_uint_eq(sent, 1);
	ck_assert_uint_eq(noted, 1);
}
END_TEST

/* At whatever hour, and also where people are told by nobody else. */
START_TEST(the_postmaster_may_have_it_told_at_any_time)
{
	begin(_i == 0 ? 7 : HELD_DIGEST_NEVER);
	run_at(MIDNIGHT + 7 * HOUR);
	ck_assert_uint_eq(anew, 0);
	untold[1] = untold[2] = 1;
	run_at(MIDNIGHT + 9 * HOUR);
	ck_assert_uint_eq(sent, 0);
	ck_assert_int_eq(held_digest_now(digest), 0);
	run_at(MIDNIGHT + 9 * HOUR);
	ck_assert_uint_eq(sent, 2);
	ck_assert_uint_eq(noted, 2);
	ck_assert_uint_eq(anew, 1);
	/* once */
	asked = 0;
	run_at(MIDNIGHT + 10 * HOUR);
	ck_assert_uint_eq(asked, 0);
	held_digest_queue(digest, NULL);
	ck_assert_int_eq(held_digest_now(digest), -EAGAIN);
}
END_TEST

START_TEST(whoever_asks_while_it_is_told_gets_all_of_it)
{
	begin(7);
	untold[1] = untold[2] = 1;
	where = 0;
	run_at(MIDNIGHT + 7 * HOUR);
	ck_assert_uint_eq(sent, 1);
	where = 1;
	look_at(MIDNIGHT + 7 * HOUR);
	/* the first has had theirs, and is past */
	untold[1] = 1;
	ck_assert_int_eq(held_digest_now(digest), 0);
	run_at(MIDNIGHT + 7 * HOUR);
	run_at(MIDNIGHT + 7 * HOUR);
	ck_assert_uint_eq(sent, 3);
	ck_assert_uint_eq(untold[1] + untold[2], 0);
}
END_TEST

START_TEST(what_was_asked_for_is_told_when_the_queue_is_back)
{
	begin(HELD_DIGEST_NEVER);
	untold[1] = 1;
	where = 0;
	ck_assert_int_eq(held_digest_now(digest), 0);
	run_at(MIDNIGHT + 9 * HOUR);
	ck_assert_uint_eq(sent, 1);
	held_digest_queue(digest, NULL);
	where = 1;
	held_digest_queue(digest, schedule);
	run_at(MIDNIGHT + 9 * HOUR);
	ck_assert_uint_eq(sent, 2);
	ck_assert_uint_eq(noted, 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("held_digest");
	TCase *tests = tcase_create("held_digest");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, a_link_leads_to_where_this_hub_speaks_https, 0,
	    sizeof(hubs) / sizeof(hubs[0]));
	tcase_add_loop_test(tests, an_answer_is_asked_for_where_people_send,
	    0, 2);
	tcase_add_test(tests, each_is_told_once_and_the_rest_hears_nothing);
	tcase_add_test(tests,
	    it_is_told_at_that_hour_and_not_before_the_next_one);
	tcase_add_test(tests, at_hour_24_nobody_is_asked);
	tcase_add_test(tests, nobody_knows_before_the_mail_is_in_the_queue);
	tcase_add_loop_test(tests,
	    one_who_cannot_be_told_does_not_keep_the_others_waiting, 0, 3);
	tcase_add_test(tests, of_very_many_the_rest_is_told_the_next_day);
	tcase_add_loop_test(tests,
	    a_queue_that_cannot_say_is_asked_again_the_same_day, 0, 2);
	tcase_add_loop_test(tests,
	    the_postmaster_may_have_it_told_at_any_time, 0, 2);
	tcase_add_test(tests, whoever_asks_while_it_is_told_gets_all_of_it);
	tcase_add_test(tests,
	    what_was_asked_for_is_told_when_the_queue_is_back);
	suite_add_tcase(suite, tests);
	return suite;
}
