/*
 * outbound_gateway_test.c - mail for gateway domains waits until it is asked for
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "lib/base/memfd.h"
#include "queue/line_state.h"
#include "queue/outbound.h"
#include "queue/outbound_desk.h"
#include "queue/relay_job.h"
#include "queue/rows_outbound.h"
#include "tests/unit/queue/stage.h"

#define MINUTE_MS	60000u
#define HOUR_MS		(60u * MINUTE_MS)
#define DAY_MS		(24u * HOUR_MS)
#define START_UTC_MS	INT64_C(1763763420000)
#define BRANCH		7	/* the account that may ask */

static struct stage stage;
static uint64_t now_ms;

static void
set_clock(uint64_t ms)
{
	now_ms = ms;
	clock_set(1000000 + ms, START_UTC_MS + (int64_t)ms);
}

static void
set_up(void)
{
	set_clock(0);
	stage_new(&stage);
	stage.gateways[0] = (struct gateway){ .name = "branch.test",
	    .host = "192.0.2.7", .port = 2525, .nets = "192.0.2.0/24",
	    .by_login = true, .account = BRANCH, .waits = true, .days = 10,
	    .bytes = 1000 };
	stage.gateways[1] = (struct gateway){ .name = "shop.branch.test",
	    .host = "192.0.2.8", .port = 25, .nets = "192.0.2.0/24",
	    .days = 10 };
	stage.gateways[2] = (struct gateway){ .name = "turned.test",
	    .account = BRANCH, .waits = true, .days = 10 };
	stage.gateway_count = 3;
	stage_open(&stage);
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

/* That account, or (0) the network, brings it; -EBADMSG is a breach. */
static int
hand_in_as(uint64_t account, const char *to, uint64_t bytes,
    enum envelope_source source)
{
	const struct asker asker = { .from = &stage,
	    .serial = ++stage.serial };
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	TEXT_AUTO message = TEXT_INIT(8192);
	struct recipient rcpt = { .address = slice_str(to) };
	struct envelope env = { .source = source, .bytes = bytes,
	    .sender_account = account,
	    .login = slice_str(account != 0 ? "joe@client.test" : ""),
	    .sender = SLICE("joe@client.test"), .recipients = &rcpt,
	    .recipient_count = 1 };
	int fd;

	text_add_str(&message, "A: b\r\n\r\n");
	while (message.len < bytes)
		text_add_str(&message, "x");
	fd = memfd_of("message", text_slice(&message));
	ck_assert_int_ge(fd, 0);
	envelope_pack(&packed, &env);
	return conductor_submit(stage.conductor, &asker, 0,
	    text_slice(&packed), fd, 0);
}

static int
hand_in(const char *to, uint64_t bytes, enum envelope_source source)
{
	return hand_in_as(0, to, bytes, source);
}

/* Its client has heard 250. */
static void
receive_from(uint64_t account, const char *to)
{
	size_t judged = stage_count(&stage, STAGE_JUDGE);
	size_t answered = stage_count(&stage, STAGE_ANSWER);

	ck_assert_int_eq(hand_in_as(account, to, 8, SOURCE_SMTP), 0);
	stage_judge(&stage, judged, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, answered + 1);
}

static void
receive(const char *to)
{
	receive_from(0, to);
}

/* What was received has its rows. */
static void
settle(void)
{
	for (unsigned i = 0; stage.conductor->leaving > 0 && i < 4000; i++)
		stage_run(&stage, 1);
	ck_assert_uint_eq(stage.conductor->leaving, 0);
	stage_run(&stage, 5);
}

static void
bring(const char *to)
{
	receive(to);
	settle();
}

/* The postmaster does that to all there is. */
static void
desk(enum desk_act act, const char *via)
{
	const struct desk_which which = { .has_id = false };
	struct desk_place place = { .address = "" };
	struct desk_done done;

	ck_assert_int_eq(conductor_desk_act(stage.conductor, act,
	    slice_str("postmaster"), &which, slice_str(via), &place, &done),
	    0);
	ck_assert_uint_gt(done.changed, 0);
	stage_run(&stage, 5);
}

static const struct stage_call *
last_answer(void)
{
	return stage_call(&stage, STAGE_ANSWER,
	    stage_count(&stage, STAGE_ANSWER) - 1);
}

static unsigned
etrn(enum etrn_kind kind, const char *name, const char *peer,
    uint64_t account)
{
	const struct asker asker = { .from = &stage,
	    .serial = ++stage.serial };
	const struct etrn_asked asked = { .kind = kind,
	    .name = slice_str(name), .peer = slice_str(peer),
	    .account = account };

	conductor_etrn(stage.conductor, &asker, &asked);
	return (unsigned)last_answer()->code;
}

static size_t
tries(void)
{
	return stage_count(&stage, STAGE_RELAY);
}

static void
answer(size_t n, enum relay_outcome outcome, bool reached)
{
	struct stage_call *call = stage_call(&stage, STAGE_RELAY, n);
	struct relay_reply reply = { .outcome = outcome, .code = 250,
	    .words = SLICE("so it is") };
	struct relay_result result = { .number = STAGE_RELAY,
	    .was_reached = reached, .host = SLICE("192.0.2.7"),
	    .replies = &reply, .count = 1 };
	TEXT_AUTO packed = TEXT_INIT(RELAY_RESULT_BYTES);

	relay_result_pack(&packed, &result);
	conductor_relayed(stage.conductor, call->ticket, 0,
	    text_slice(&packed));
}

static uint64_t
rows_in(enum outbound_state state)
{
	struct rows_outbound_counts counts;

	ck_assert_int_eq(rows_outbound_counts(stage.conductor->rows, &counts),
	    0);
	return counts.of[state];
}

static void
relay_up(void)
{
	conductor_relay_up(stage.conductor, true);
}

/* RFC 1985 5.2 */
START_TEST(mail_waits_until_it_is_asked_for)
{
	relay_up();
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.2.9", 0), 251);
	bring("zoe@Branch.test");
	bring("ann@branch.test");
	ck_assert_uint_eq(tries(), 0);
	set_clock(5 * DAY_MS);
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 2);
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.2.9", 0), 253);
	ck_assert_uint_eq(tries(), 2);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 0)->words,
	    ">192.0.2.7:2525 zoe@Branch.test");
	/* it runs already */
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.2.9", 0), 250);
	ck_assert_uint_eq(tries(), 2);
	answer(0, RELAY_DONE, true);
	answer(1, RELAY_LATER, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
	ck_assert_uint_eq(tries(), 2);
	/* what its host did not take waits to be asked for again */
	set_clock(5 * DAY_MS + 4 * MINUTE_MS);
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.2.9", 0), 458);
	ck_assert_uint_eq(tries(), 2);
	/* another asker has not asked yet */
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "", BRANCH), 253);
	ck_assert_uint_eq(tries(), 3);
	answer(2, RELAY_DONE, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
	set_clock(5 * DAY_MS + 10 * MINUTE_MS);
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.2.9", 0), 251);
}
END_TEST

/* HARDENING A57 */
START_TEST(a_stranger_is_not_told_what_there_is)
{
	relay_up();
	bring("zoe@branch.test");
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.3.9", 0), 459);
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "", BRANCH + 1), 459);
	ck_assert_uint_eq(etrn(ETRN_ONE, "far.test", "192.0.2.9", 0), 459);
	ck_assert_uint_eq(etrn(ETRN_QUEUE, "urgent", "192.0.2.9", 0), 459);
	ck_assert_uint_eq(etrn(ETRN_BELOW, "test", "192.0.3.9", 0), 459);
	/* it is for ATRN alone */
	ck_assert_uint_eq(etrn(ETRN_ONE, "turned.test", "", BRANCH), 459);
	ck_assert_uint_eq(tries(), 0);
}
END_TEST

START_TEST(an_at_means_what_is_below_too)
{
	relay_up();
	bring("zoe@branch.test");
	/* one that does not wait goes at once */
	bring("zoe@shop.branch.test");
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 1);
	answer(0, RELAY_LATER, false);
	ck_assert_uint_eq(etrn(ETRN_BELOW, "branch.test", "192.0.2.9", 0),
	    252);
	ck_assert_uint_eq(tries(), 3);
	ck_assert_uint_eq(etrn(ETRN_QUEUE, "branch.test", "192.0.2.9", 0),
	    250);
}
END_TEST

START_TEST(without_a_relay_nothing_is_begun)
{
	bring("zoe@branch.test");
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.2.9", 0), 458);
	relay_up();
	ck_assert_uint_eq(tries(), 0);
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.2.9", 0), 253);
}
END_TEST

/* HARDENING A11: whatever a door says */
START_TEST(a_stranger_sends_to_gateway_domains_only)
{
	size_t answered = stage_count(&stage, STAGE_ANSWER);

	ck_assert_int_eq(hand_in("zoe@far.test", 8, SOURCE_SMTP), -EBADMSG);
	/* its domain may have been one when the door asked */
	stage_gateways(&stage);
	ck_assert_int_eq(hand_in("zoe@far.test", 8, SOURCE_SMTP), 0);
	ck_assert_uint_eq(last_answer()->code, 451);
	/* of a change it may not know long after it */
	set_clock(2 * HOUR_MS);
	ck_assert_int_eq(hand_in("zoe@far.test", 8, SOURCE_SMTP), -EBADMSG);
	ck_assert_int_eq(hand_in("zoe@sub.shop.branch.test", 8, SOURCE_SMTP),
	    -EBADMSG);
	ck_assert_int_eq(hand_in("zoe@branch.test", 8, SOURCE_FETCH),
	    -EBADMSG);
	ck_assert_uint_eq(stage_count(&stage, STAGE_ANSWER), answered + 1);
	ck_assert_int_eq(hand_in("zoe@branch.test", 1001, SOURCE_SMTP), 0);
	ck_assert_uint_eq(last_answer()->code, 552);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 0);
}
END_TEST

/* A full disk, or one that writes too slowly, is one again that does. */
START_TEST(a_table_that_could_not_be_noted_is_taken_later)
{
	char path[128];
	sqlite3 *other;

	relay_up();
	(void)snprintf(path, sizeof(path), "%s/queue.db", stage.scratch.path);
	ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL,
	    NULL), SQLITE_OK);
	(void)snprintf(stage.gateways[0].name, GATEWAY_NAME_SIZE,
	    "other.test");
	stage.gateways[0].waits = false;
	stage_gateways(&stage);
	ck_assert_int_eq(hand_in("zoe@other.test", 8, SOURCE_SMTP), 0);
	ck_assert_uint_eq(last_answer()->code, 451);
	ck_assert_int_eq(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
	for (unsigned i = 0; etrn(ETRN_ONE, "other.test", "192.0.2.9", 0) ==
	    458 && i < 4000; i++)
		stage_run(&stage, 5);
	ck_assert_uint_eq(etrn(ETRN_ONE, "other.test", "192.0.2.9", 0), 251);
	bring("zoe@other.test");
	ck_assert_uint_eq(tries(), 1);
}
END_TEST

START_TEST(before_the_keeper_speaks_nothing_comes_or_leaves)
{
	bring("zoe@branch.test");
	bring("zoe@shop.branch.test");
	stage.is_keeper_away = true;
	stage.options.has_smarthost = true;
	stage_restart(&stage);
	relay_up();
	ck_assert_int_eq(hand_in("zoe@branch.test", 8, SOURCE_SMTP), 0);
	ck_assert_uint_eq(last_answer()->code, 451);
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.2.9", 0), 458);
	ck_assert_uint_eq(tries(), 0);
	/* a smarthost gets nothing of it */
	stage_gateways(&stage);
	ck_assert_uint_eq(tries(), 1);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 0)->words,
	    ">192.0.2.8:25 zoe@shop.branch.test");
}
END_TEST

/* Where mail waits for a line, its days count from its first try, and here not. */
START_TEST(it_is_given_up_on_its_last_day)
{
	stage.options.outbound_line.governs = _i == 1;
	stage_restart(&stage);
	bring("zoe@branch.test");
	bring("zoe@turned.test");
	relay_up();
	set_clock(10 * DAY_MS - 1);
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 0);
	set_clock(10 * DAY_MS + 1000);
	conductor_relay_up(stage.conductor, true);
	/* once more to its host; the other has none */
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 1);
	answer(0, RELAY_LATER, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 2);
}
END_TEST

/* A backup MX: what nobody need ask for is tried until its host is there. */
START_TEST(its_host_is_tried_until_it_is_there)
{
	relay_up();
	bring("zoe@shop.branch.test");
	for (size_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(tries(), i + 1);
		answer(i, RELAY_LATER, false);
		set_clock((i + 1) * HOUR_MS);
		relay_up();
		stage_run(&stage, 5);
	}
	ck_assert_uint_eq(tries(), 4);
	answer(3, RELAY_DONE, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
}
END_TEST

START_TEST(mail_that_waits_goes_when_its_domain_waits_no_more)
{
	relay_up();
	bring("zoe@branch.test");
	stage.gateways[0].waits = false;
	stage_gateways(&stage);
	ck_assert_uint_eq(tries(), 1);
	answer(0, RELAY_DONE, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
}
END_TEST

/* branch.test is none any more: while a queue runs, or none does. */
static void
take_away(bool is_running)
{
	if (!is_running)
		stage_close(&stage);
	(void)snprintf(stage.gateways[0].name, GATEWAY_NAME_SIZE,
	    "other.test");
	if (is_running)
		stage_gateways(&stage);
	else
		stage_open(&stage);
}

static void
put_back(void)
{
	(void)snprintf(stage.gateways[0].name, GATEWAY_NAME_SIZE,
	    "branch.test");
	stage_gateways(&stage);
}

START_TEST(what_waits_for_a_gateway_that_is_gone_is_held)
{
	stage.options.has_smarthost = _i >= 2;
	stage_restart(&stage);
	bring("zoe@branch.test");
	bring("zoe@shop.branch.test");
	take_away(_i % 2 == 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_HELD), 1);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
	relay_up();
	set_clock(20 * DAY_MS);
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 1);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 0)->words,
	    ">192.0.2.8:25 zoe@shop.branch.test");
	answer(0, RELAY_DONE, true);
	/* then it goes as the postmaster says */
	desk(DESK_RELEASE, "");
	ck_assert_uint_eq(tries(), 2);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 1)->words,
	    _i >= 2 ? " zoe@branch.test" : "branch.test zoe@branch.test");
}
END_TEST

START_TEST(a_gateway_that_comes_back_has_its_mail)
{
	stage.options.has_smarthost = _i == 1;
	stage_restart(&stage);
	bring("zoe@branch.test");
	take_away(true);
	desk(DESK_RELEASE, "");
	put_back();
	relay_up();
	ck_assert_uint_eq(tries(), 1);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 0)->words,
	    ">192.0.2.7:2525 zoe@branch.test");
	answer(0, RELAY_DONE, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
}
END_TEST

START_TEST(what_is_being_sent_is_held_if_its_host_puts_it_off)
{
	relay_up();
	bring("zoe@shop.branch.test");
	ck_assert_uint_eq(tries(), 1);
	(void)snprintf(stage.gateways[1].name, GATEWAY_NAME_SIZE,
	    "other.test");
	stage_gateways(&stage);
	answer(0, RELAY_LATER, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_HELD), 1);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
}
END_TEST

START_TEST(what_has_no_row_yet_when_its_gateway_goes_is_held)
{
	relay_up();
	receive("zoe@branch.test");
	take_away(true);
	settle();
	ck_assert_uint_eq(rows_in(OUTBOUND_HELD), 1);
	ck_assert_uint_eq(tries(), 0);
}
END_TEST

/* The relay knows what its host has said, and is asked before that is forgotten */
START_TEST(what_was_on_its_way_when_the_queue_ended_is_asked_for_again)
{
	relay_up();
	bring("zoe@branch.test");
	bring("ann@branch.test");
	bring("ben@branch.test");
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.2.9", 0), 253);
	ck_assert_uint_eq(tries(), 2);
	stage_restart(&stage);
	relay_up();
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 2);
	answer(0, RELAY_DONE, true);
	answer(1, RELAY_DONE, true);
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 2);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
}
END_TEST

/* RFC 1985 5.2: 253 is for what it has said 250 to */
START_TEST(mail_is_there_for_etrn_once_it_is_received)
{
	relay_up();
	receive("zoe@branch.test");
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.2.9", 0), 253);
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.2.9", 0), 250);
	settle();
	ck_assert_uint_eq(tries(), 1);
	answer(0, RELAY_DONE, true);
	set_clock(10 * MINUTE_MS);
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.2.9", 0), 251);
	/* what comes after it waits */
	bring("ann@branch.test");
	ck_assert_uint_eq(tries(), 1);
}
END_TEST

/* Its host may have it: the relay is asked before that is forgotten. */
START_TEST(what_was_asked_for_as_it_came_is_asked_again_after_a_kill)
{
	size_t judged, answered;

	relay_up();
	bring("ann@branch.test");
	judged = stage_count(&stage, STAGE_JUDGE);
	ck_assert_int_eq(hand_in("zoe@branch.test", 8, SOURCE_SMTP), 0);
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.2.9", 0), 253);
	answered = stage_count(&stage, STAGE_ANSWER);
	stage_judge(&stage, judged, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, answered + 1);
	settle();
	ck_assert_uint_eq(tries(), 2);
	stage_kill(&stage);
	relay_up();
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 2);
	answer(0, RELAY_DONE, true);
	answer(1, RELAY_DONE, true);
	stage_run(&stage, 5);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
}
END_TEST

START_TEST(what_the_postmaster_sends_elsewhere_is_no_gateways)
{
	relay_up();
	bring("zoe@branch.test");
	desk(DESK_REROUTE, "192.0.2.99:26");
	ck_assert_uint_eq(tries(), 1);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 0)->words,
	    ">192.0.2.99:26 zoe@branch.test");
	take_away(true);
	answer(0, RELAY_LATER, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
}
END_TEST

START_TEST(a_line_does_not_bar_its_host)
{
	const struct line_state closed = { .wait = LINE_WAIT_WINDOW,
	    .until_utc_ms = START_UTC_MS + DAY_MS };
	TEXT_AUTO packed = TEXT_INIT(64);

	stage.options.outbound_line.governs = true;
	stage_restart(&stage);
	relay_up();
	line_state_pack(&packed, &closed);
	ck_assert_int_eq(conductor_line(stage.conductor, text_slice(&packed)),
	    0);
	bring("zoe@shop.branch.test");
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.2.9", 0), 251);
	bring("zoe@branch.test");
	ck_assert_uint_eq(etrn(ETRN_ONE, "branch.test", "192.0.2.9", 0), 253);
	ck_assert_uint_eq(tries(), 2);
	/* who is at the end of the line until the postmaster says otherwise */
	receive_from(STAGE_ANN, "zoe@other.test");
	settle();
	ck_assert_uint_eq(tries(), 2);
	(void)snprintf(stage.gateways[2].name, GATEWAY_NAME_SIZE,
	    "other.test");
	(void)snprintf(stage.gateways[2].host, GATEWAY_NAME_SIZE,
	    "192.0.2.9");
	stage.gateways[2].port = 25;
	stage_gateways(&stage);
	ck_assert_uint_eq(tries(), 3);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 2)->words,
	    ">192.0.2.9:25 zoe@other.test");
}
END_TEST

START_TEST(a_notice_says_until_when_its_host_is_tried)
{
	struct rows_outbound row = { .domain = SLICE("branch.test"),
	    .since_utc_ms = START_UTC_MS };

	ck_assert_int_eq(outbound_until_utc_ms(stage.conductor, &row),
	    START_UTC_MS + 10 * (int64_t)DAY_MS);
	row.domain = slice_str("far.test");
	ck_assert_int_eq(outbound_until_utc_ms(stage.conductor, &row),
	    START_UTC_MS + (int64_t)stage.options.outbound_plan.days *
	    (int64_t)DAY_MS);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/outbound_gateway");
	TCase *tests = tcase_create("outbound_gateway");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, mail_waits_until_it_is_asked_for);
	tcase_add_test(tests, a_stranger_is_not_told_what_there_is);
	tcase_add_test(tests, an_at_means_what_is_below_too);
	tcase_add_test(tests, without_a_relay_nothing_is_begun);
	tcase_add_test(tests, a_stranger_sends_to_gateway_domains_only);
	tcase_add_test(tests,
	    before_the_keeper_speaks_nothing_comes_or_leaves);
	tcase_add_test(tests, a_table_that_could_not_be_noted_is_taken_later);
	tcase_add_loop_test(tests, it_is_given_up_on_its_last_day, 0, 2);
	tcase_add_test(tests, its_host_is_tried_until_it_is_there);
	tcase_add_test(tests, a_line_does_not_bar_its_host);
	tcase_add_test(tests, a_notice_says_until_when_its_host_is_tried);
	tcase_add_test(tests,
	    mail_that_waits_goes_when_its_domain_waits_no_more);
	tcase_add_loop_test(tests,
	    what_waits_for_a_gateway_that_is_gone_is_held, 0, 4);
	tcase_add_loop_test(tests, a_gateway_that_comes_back_has_its_mail, 0,
	    2);
	tcase_add_test(tests,
	    what_is_being_sent_is_held_if_its_host_puts_it_off);
	tcase_add_test(tests,
	    what_has_no_row_yet_when_its_gateway_goes_is_held);
	tcase_add_test(tests,
	    what_was_on_its_way_when_the_queue_ended_is_asked_for_again);
	tcase_add_test(tests, mail_is_there_for_etrn_once_it_is_received);
	tcase_add_test(tests,
	    what_was_asked_for_as_it_came_is_asked_again_after_a_kill);
	tcase_add_test(tests,
	    what_the_postmaster_sends_elsewhere_is_no_gateways);
	suite_add_tcase(suite, tests);
	return suite;
}
