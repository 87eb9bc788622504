/*
 * outbound_turn_test.c - a host takes the mail of its domains on its connection
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/memfd.h"
#include "queue/line_state.h"
#include "queue/outbound.h"
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
	stage.gateways[1] = (struct gateway){ .name = "turned.test",
	    .account = BRANCH, .waits = true, .days = 10 };
	stage.gateways[2] = (struct gateway){ .name = "other.test",
	    .account = BRANCH + 1, .waits = true, .days = 10 };
	stage.gateway_count = 3;
	stage_open(&stage);
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

/* What the network brings for that address; -EBADMSG is a breach. */
static int
hand_in(const char *to, uint64_t bytes, enum envelope_source source)
{
	const struct asker asker = { .from = &stage,
	    .serial = ++stage.serial };
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	TEXT_AUTO message = TEXT_INIT(8192);
	struct recipient rcpt = { .address = slice_str(to) };
	struct envelope env = { .source = source, .bytes = bytes,
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

/* Its client has heard 250. */
static void
receive(const char *to)
{
	size_t judged = stage_count(&stage, STAGE_JUDGE);
	size_t answered = stage_count(&stage, STAGE_ANSWER);

	ck_assert_int_eq(hand_in(to, 8, SOURCE_SMTP), 0);
	stage_judge(&stage, judged, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, answered + 1);
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

static const struct stage_call *
last_answer(void)
{
	return stage_call(&stage, STAGE_ANSWER,
	    stage_count(&stage, STAGE_ANSWER) - 1);
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

static unsigned
atrn(uint64_t account, const char *name)
{
	const struct asker asker = { .from = &stage,
	    .serial = ++stage.serial };
	struct atrn_asked asked = { .account = account,
	    .peer = SLICE("192.0.2.9"), .count = name != NULL };

	if (name != NULL)
		asked.names[0] = slice_str(name);
	conductor_atrn(stage.conductor, &asker, &asked,
	    open("/dev/null", O_RDWR | O_CLOEXEC));
	return (unsigned)last_answer()->code;
}

static uint64_t
turn(size_t n)
{
	return stage_call(&stage, STAGE_TURN, n)->turn;
}

static const struct stage_call *
try(size_t n)
{
	return stage_call(&stage, STAGE_RELAY, n);
}

/* The relay has nothing to say of it. */
static void
no_try(size_t n)
{
	const struct relay_result result = { .count = 0 };
	TEXT_AUTO packed = TEXT_INIT(64);

	relay_result_pack(&packed, &result);
	conductor_relayed(stage.conductor, try(n)->ticket, 0,
	    text_slice(&packed));
}

/* RFC 2645 7 */
START_TEST(who_may_not_take_it_is_refused)
{
	relay_up();
	bring("zoe@turned.test");
	bring("zoe@other.test");
	ck_assert_uint_eq(atrn(BRANCH + 2, NULL), 450);
	ck_assert_uint_eq(atrn(BRANCH, "other.test"), 450);
	ck_assert_uint_eq(atrn(BRANCH, "far.test"), 450);
	ck_assert_uint_eq(atrn(BRANCH, "branch.test"), 453);
	ck_assert_uint_eq(stage_count(&stage, STAGE_TURN), 0);
	ck_assert_uint_eq(tries(), 0);
}
END_TEST

START_TEST(all_that_is_here_goes_one_after_the_other)
{
	relay_up();
	bring("zoe@turned.test");
	bring("ann@turned.test");
	bring("zoe@branch.test");
	ck_assert_uint_eq(atrn(BRANCH, NULL), 250);
	ck_assert_uint_eq(stage_count(&stage, STAGE_TURN), 1);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(tries(), i + 1);
		ck_assert_uint_eq(try(i)->turn, turn(0));
		ck_assert_uint_eq(atrn(BRANCH, "turned.test"), 451);
		ck_assert_uint_eq(stage_count(&stage, STAGE_TURN_DONE), 0);
		answer(i, i == 1 ? RELAY_LATER : RELAY_DONE, true);
	}
	ck_assert_uint_eq(tries(), 3);
	ck_assert_uint_eq(stage_count(&stage, STAGE_TURN_DONE), 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_TURN_DONE, 0)->turn,
	    turn(0));
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
	conductor_turn_over(stage.conductor, turn(0));
	/* what its host did not take waits for the next one */
	set_clock(1);
	ck_assert_uint_eq(atrn(BRANCH, NULL), 250);
	ck_assert_uint_eq(tries(), 4);
	ck_assert_uint_eq(try(3)->turn, turn(1));
	ck_assert_uint_ne(turn(0), turn(1));
}
END_TEST

START_TEST(what_was_received_goes_and_what_comes_then_waits)
{
	relay_up();
	receive("zoe@turned.test");
	ck_assert_uint_eq(atrn(BRANCH, "turned.test"), 250);
	ck_assert_uint_eq(stage_count(&stage, STAGE_TURN_DONE), 0);
	set_clock(1000);
	settle();
	ck_assert_uint_eq(tries(), 1);
	bring("ann@turned.test");
	answer(0, RELAY_DONE, true);
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(stage_count(&stage, STAGE_TURN_DONE), 1);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
}
END_TEST

/* The host hangs up, with or without a word on what it had. */
START_TEST(what_was_not_said_waits_for_the_next_connection)
{
	relay_up();
	bring("zoe@turned.test");
	bring("ann@turned.test");
	bring("zoe@branch.test");
	ck_assert_uint_eq(atrn(BRANCH, NULL), 250);
	if (_i == 0)
		conductor_turn_over(stage.conductor, turn(0));
	answer(0, RELAY_LATER, true);
	if (_i == 1)
		conductor_turn_over(stage.conductor, turn(0));
	for (size_t i = 1; i < tries(); i++)
		no_try(i);
	set_clock(DAY_MS);
	stage_run(&stage, 5);
	/* no other way is taken for it */
	for (size_t i = 0; i < tries(); i++)
		ck_assert_uint_eq(try(i)->turn, turn(0));
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 3);
	ck_assert_uint_eq(atrn(BRANCH, NULL), 250);
	ck_assert_uint_eq(try(tries() - 1)->turn, turn(1));
}
END_TEST

/* Whichever of the two is heard first. */
START_TEST(a_relay_that_ends_takes_the_connection_along)
{
	relay_up();
	bring("zoe@branch.test");
	ck_assert_uint_eq(atrn(BRANCH, NULL), 250);
	if (_i == 0)
		conductor_turn_over(stage.conductor, turn(0));
	conductor_relayed(stage.conductor, try(0)->ticket, -ECONNRESET,
	    slice_of("", 0));
	if (_i == 1)
		conductor_turn_over(stage.conductor, turn(0));
	set_clock(DAY_MS);
	relay_up();
	stage_run(&stage, 5);
	/* not even to its host, which did not ask for it */
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
	ck_assert_uint_eq(atrn(BRANCH, NULL), 250);
	ck_assert_uint_eq(tries(), 2);
}
END_TEST

/* Its host is at the end of a connection, and of no line. */
START_TEST(a_line_does_not_bar_it)
{
	TEXT_AUTO packed = TEXT_INIT(64);

	stage.options.outbound_line.governs = true;
	stage_restart(&stage);
	line_state_pack(&packed, &(struct line_state){
	    .wait = LINE_WAIT_SPENT, .urgent_waits = true });
	ck_assert_int_eq(conductor_line(stage.conductor, text_slice(&packed)),
	    0);
	relay_up();
	bring("zoe@turned.test");
	ck_assert_uint_eq(atrn(BRANCH, NULL), 250);
	ck_assert_uint_eq(tries(), 1);
	answer(0, RELAY_DONE, true);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 0);
}
END_TEST

/* The relay knows what the host has said of it. */
START_TEST(the_next_queue_asks_what_became_of_it)
{
	char words[sizeof(try(0)->words)];

	relay_up();
	bring("zoe@turned.test");
	bring("ann@turned.test");
	ck_assert_uint_eq(atrn(BRANCH, NULL), 250);
	ck_assert_uint_eq(tries(), 1);
	(void)snprintf(words, sizeof(words), "%s", try(0)->words);
	stage_restart(&stage);
	relay_up();
	stage_run(&stage, 5);
	/* of the one that was on its way, and of no other */
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(try(0)->turn, 0);
	ck_assert(try(0)->by_turn);
	ck_assert_str_eq(try(0)->words, words);
	if (_i == 0)
		answer(0, RELAY_DONE, true);
	else
		no_try(0);
	set_clock(DAY_MS);
	stage_run(&stage, 5);
	ck_assert_uint_eq(tries(), 1);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1 + (uint64_t)_i);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/outbound_turn");
	TCase *tests = tcase_create("outbound_turn");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, who_may_not_take_it_is_refused);
	tcase_add_test(tests, all_that_is_here_goes_one_after_the_other);
	tcase_add_test(tests, what_was_received_goes_and_what_comes_then_waits);
	tcase_add_loop_test(tests,
	    what_was_not_said_waits_for_the_next_connection, 0, 2);
	tcase_add_loop_test(tests,
	    a_relay_that_ends_takes_the_connection_along, 0, 2);
	tcase_add_test(tests, a_line_does_not_bar_it);
	tcase_add_loop_test(tests, the_next_queue_asks_what_became_of_it, 0,
	    2);
	suite_add_tcase(suite, tests);
	return suite;
}
