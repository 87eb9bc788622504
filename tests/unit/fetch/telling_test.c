/*
 * telling_test.c - people are told once, of all there is, and of its end
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fetch/telling.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

#define MINUTE		UINT64_C(60000)
#define HOUR		(60 * MINUTE)
#define DAY		(24 * HOUR)
#define UTC		INT64_C(1750000000000)
#define MOST		30	/* mailboxes of the scene */
#define ANN		40	/* she has those with even numbers */
#define BEN		41

static struct loop *loop;
static struct telling *telling;
static uint64_t now_ms;
static struct schedule_health boxes[MOST];
static bool is_there[MOST];
static int send_status;
static uint64_t send_again_ms;
static unsigned sent_count, asked_count;
static uint64_t sent_to;
static struct notice sent;
static char sent_labels[1024];

static bool
health(void *arg, uint64_t id, struct schedule_health *health_out)
{
	(void)arg;
	if (!is_there[id])
		return false;
	*health_out = boxes[id];
	return true;
}

static int
send_it(void *arg, uint64_t account, const struct notice *notice,
    uint64_t *again_ms_out)
{
	(void)arg;
	asked_count++;
	*again_ms_out = send_again_ms;
	if (send_status < 0)
		return send_status;
	sent_count++;
	sent_to = account;
	sent = *notice;
	sent_labels[0] = '\0';
	for (size_t i = 0; i < notice->mailbox_count && i < NOTICE_MOST; i++) {
		ck_assert_uint_lt(strlen(sent_labels) +
		    notice->mailboxes[i].label.len + 2, sizeof(sent_labels));
		strncat(sent_labels, notice->mailboxes[i].label.at,
		    notice->mailboxes[i].label.len);
		strcat(sent_labels, " ");
	}
	return 0;
}

static void
told(void *arg, uint64_t id)
{
	(void)arg;
	boxes[id].told_at_utc_ms = UTC + (int64_t)now_ms;
}

static const struct telling_ports ports = {
	.health = health, .send = send_it, .told = told
};

/*
 * The clock goes on in steps of a minute, and what is due by then happens; the
 * loop's own timers do not know the clock of a test, so each is given a turn.
 */
static void
go_round(void)
{
	turn_ms(loop, 2);
}

static void
set_clock(uint64_t ms)
{
	now_ms = ms;
	clock_set(ms, UTC + (int64_t)ms);
}

static void
ends(uint64_t id, enum fetch_end end)
{
	struct schedule_health *box = &boxes[id];

	box->has_ended = true;
	box->end = end;
	box->ended_at_utc_ms = UTC + (int64_t)now_ms;
	box->failures = end == FETCH_END_DONE ? 0 : box->failures + 1;
	if (end == FETCH_END_DONE) {
		box->success_at_utc_ms = box->ended_at_utc_ms;
		box->failing_since_utc_ms = box->told_at_utc_ms = 0;
	} else if (box->failing_since_utc_ms == 0) {
		box->failing_since_utc_ms = box->ended_at_utc_ms;
	}
	telling_ended(telling, box);
	go_round();
}

/* Later; a task that ends as before plans the timer by the clock of then. */
static void
pass(uint64_t ms)
{
	set_clock(now_ms + ms);
	for (uint64_t id = 1; id < MOST; id++)
		if (is_there[id] && boxes[id].failures > 0 &&
		    boxes[id].enabled) {
			ends(id, boxes[id].end);
			return;
		}
	/* nobody fails: any end of a task will do */
	telling_ended(telling, &(struct schedule_health){
	    .id = MOST, .end = FETCH_END_PAUSED });
	go_round();
}

static void
setup(void)
{
	static const char *const labels[MOST] = { "a0", "a1", "a2", "a3", "a4",
	    "a5", "a6", "a7", "a8", "a9", "b0", "b1", "b2", "b3", "b4", "b5",
	    "b6", "b7", "b8", "b9", "c0", "c1", "c2", "c3", "c4", "c5", "c6",
	    "c7", "c8", "c9" };

	for (uint64_t id = 1; id < MOST; id++) {
		is_there[id] = true;
		boxes[id] = (struct schedule_health){
			.id = id, .owner = id % 2 == 0 ? ANN : BEN,
			.owner_address = SLICE("ann@office.test"),
			.label = slice_str(labels[id]),
			.host = SLICE("pop.provider.example"), .enabled = true
		};
	}
	sent_count = asked_count = 0;
	send_status = 0;
	set_clock(1000);
	loop = loop_new();
	telling = telling_new(loop, DAY, &ports);
	ck_assert_ptr_nonnull(telling);
}

static void
teardown(void)
{
	telling_free(telling);
	loop_free(loop);
}

START_TEST(a_failure_is_told_after_a_day_and_not_before)
{
	ends(2, FETCH_END_REFUSED);
	pass(DAY - MINUTE);
	ck_assert_uint_eq(asked_count, 0);
	pass(MINUTE);
	ck_assert_uint_eq(sent_count, 1);
	ck_assert_uint_eq(sent_to, ANN);
	ck_assert_int_eq(sent.kind, NOTICE_FAILING);
	ck_assert_uint_eq(sent.mailbox_count, 1);
	ck_assert_str_eq(sent_labels, "a2 ");
	pass(7 * DAY - MINUTE);
	ck_assert_uint_eq(asked_count, 1);
	pass(MINUTE);
	ck_assert_uint_eq(sent_count, 2);
	ck_assert_int_eq(sent.kind, NOTICE_FAILING);
}
END_TEST

START_TEST(nobody_is_told_of_what_works_in_time)
{
	ends(2, FETCH_END_TIMED_OUT);
	pass(DAY - HOUR);
	ends(2, FETCH_END_DONE);
	ends(2, FETCH_END_TIMED_OUT);	/* this one counts from now */
	pass(DAY - MINUTE);
	ck_assert_uint_eq(asked_count, 0);
	pass(MINUTE);
	ck_assert_uint_eq(sent_count, 1);
}
END_TEST

START_TEST(that_it_works_again_is_told_once)
{
	ends(2, FETCH_END_REFUSED);
	pass(DAY);
	ck_assert_uint_eq(sent_count, 1);
	ends(2, FETCH_END_DONE);
	pass(HOUR - MINUTE);
	ends(2, FETCH_END_DONE);
	ck_assert_uint_eq(asked_count, 1);
	pass(MINUTE);
	ck_assert_uint_eq(sent_count, 2);
	ck_assert_int_eq(sent.kind, NOTICE_WORKING);
	ck_assert_str_eq(sent_labels, "a2 ");
	for (unsigned i = 0; i < 20; i++)
		pass(DAY);
	ck_assert_uint_eq(asked_count, 2);
}
END_TEST

/* A success that does not last is none: it was told, and is told no more. */
START_TEST(what_fails_again_is_not_told_as_working)
{
	ends(2, FETCH_END_REFUSED);
	pass(DAY);
	ends(2, FETCH_END_DONE);
	pass(HOUR / 2);
	ends(2, FETCH_END_REFUSED);
	pass(6 * DAY);
	ck_assert_uint_eq(asked_count, 1);
	pass(DAY);
	ck_assert_uint_eq(sent_count, 2);
	ck_assert_int_eq(sent.kind, NOTICE_FAILING);
	ends(2, FETCH_END_DONE);
	pass(HOUR);
	ck_assert_int_eq(sent.kind, NOTICE_WORKING);
}
END_TEST

/* A line that is down takes all of them with it. */
START_TEST(what_comes_together_is_one_notice)
{
	for (uint64_t id = 2; id < 8; id++) {
		ends(id, FETCH_END_UNREACHABLE);
		set_clock(now_ms + MINUTE);
	}
	set_clock(now_ms - 6 * MINUTE);
	pass(DAY);
	ck_assert_uint_eq(sent_count, 1);
	ck_assert_uint_eq(sent_to, ANN);
	ck_assert_str_eq(sent_labels, "a2 a4 a6 ");
	pass(MINUTE);
	ck_assert_uint_eq(sent_count, 2);
	ck_assert_uint_eq(sent_to, BEN);
	ck_assert_str_eq(sent_labels, "a3 a5 a7 ");
	pass(HOUR);
	ck_assert_uint_eq(asked_count, 2);
	for (uint64_t id = 2; id < 8; id++)
		ends(id, FETCH_END_DONE);
	pass(HOUR);
	ck_assert_uint_eq(sent_count, 4);
	ck_assert_int_eq(sent.kind, NOTICE_WORKING);
	ck_assert_uint_eq(sent.mailbox_count, 3);
}
END_TEST

START_TEST(more_than_can_be_named_are_counted)
{
	for (uint64_t id = 2; id < MOST; id += 2)
		ends(id, FETCH_END_UNREACHABLE);
	pass(DAY);
	ck_assert_uint_eq(sent_count, 1);
	ck_assert_uint_eq(sent.mailbox_count, MOST / 2 - 1);
	pass(DAY);
	ck_assert_uint_eq(sent_count, 1);
}
END_TEST

START_TEST(what_cannot_be_said_now_is_said_later)
{
	send_status = -EALREADY;
	send_again_ms = 5 * HOUR;
	ends(2, FETCH_END_REFUSED);
	pass(DAY);
	ck_assert_uint_eq(asked_count, 1);
	pass(5 * HOUR - MINUTE);
	ck_assert_uint_eq(asked_count, 1);
	send_status = 0;
	pass(MINUTE);
	ck_assert_uint_eq(sent_count, 1);
	/* and never in a circle, whatever is answered */
	send_status = -ENOMEM;
	send_again_ms = 0;
	ends(4, FETCH_END_REFUSED);
	pass(DAY);
	ck_assert_uint_eq(asked_count, 3);
	pass(MINUTE - 1);
	ck_assert_uint_eq(asked_count, 3);
	pass(1);
	ck_assert_uint_eq(asked_count, 4);
}
END_TEST

START_TEST(what_is_gone_or_switched_off_is_not_told)
{
	ends(2, FETCH_END_REFUSED);
	ends(4, FETCH_END_REFUSED);
	is_there[2] = false;
	boxes[4].enabled = false;
	pass(DAY);
	ck_assert_uint_eq(asked_count, 0);
	boxes[4].enabled = true;
	ends(4, FETCH_END_REFUSED);	/* it has failed all the time */
	ck_assert_uint_eq(sent_count, 1);
	ck_assert_str_eq(sent_labels, "a4 ");
}
END_TEST

/* Our own disk; an answer that is wanted; a person who only tried it. */
START_TEST(some_ends_are_no_failures)
{
	ends(2, FETCH_END_PAUSED);
	ends(4, FETCH_END_UNSAID);
	ends(10, FETCH_END_LINE);
	boxes[2].failures = boxes[4].failures = boxes[10].failures = 0;
	pass(2 * DAY);
	ck_assert_uint_eq(asked_count, 0);
	ends(6, FETCH_END_REFUSED);
	ends(6, FETCH_END_UNSAID);
	boxes[6].failures = 0;
	pass(DAY);
	ck_assert_uint_eq(asked_count, 0);
	ends(8, FETCH_END_REFUSED);
	pass(DAY);
	ck_assert_uint_eq(sent_count, 1);
	/* tried: it is at least not told as working before it was collected */
	boxes[8].end = FETCH_END_DONE;
	boxes[8].failures = 0;
	boxes[8].ended_at_utc_ms = UTC + (int64_t)now_ms;
	telling_ended(telling, &boxes[8]);
	pass(2 * HOUR);
	ck_assert_uint_eq(asked_count, 1);
}
END_TEST

/* Another process, that hears how they did. */
static void
restart(uint64_t ms)
{
	telling_free(telling);
	set_clock(now_ms + ms);
	telling = telling_new(loop, DAY, &ports);
	ck_assert_ptr_nonnull(telling);
	for (uint64_t id = 1; id < MOST; id++)
		if (is_there[id])
			telling_known(telling, &boxes[id]);
	go_round();
}

START_TEST(a_restart_neither_forgets_nor_tells_twice)
{
	ends(2, FETCH_END_REFUSED);
	restart(DAY / 2);
	restart(DAY / 2 - MINUTE);
	ck_assert_uint_eq(asked_count, 0);
	restart(MINUTE);	/* it is tried before it is told */
	ck_assert_uint_eq(asked_count, 0);
	pass(HOUR);
	ck_assert_uint_eq(sent_count, 1);
	ck_assert_str_eq(sent_labels, "a2 ");
	restart(MINUTE);
	pass(6 * DAY);
	ck_assert_uint_eq(asked_count, 1);
	restart(DAY);
	pass(HOUR);
	ck_assert_uint_eq(sent_count, 2);
	restart(MINUTE);
	ends(2, FETCH_END_DONE);
	pass(HOUR);
	ck_assert_uint_eq(sent_count, 3);
	ck_assert_int_eq(sent.kind, NOTICE_WORKING);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/telling");
	TCase *tests = tcase_create("telling");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_failure_is_told_after_a_day_and_not_before);
	tcase_add_test(tests, nobody_is_told_of_what_works_in_time);
	tcase_add_test(tests, that_it_works_again_is_told_once);
	tcase_add_test(tests, what_fails_again_is_not_told_as_working);
	tcase_add_test(tests, what_comes_together_is_one_notice);
	tcase_add_test(tests, more_than_can_be_named_are_counted);
	tcase_add_test(tests, what_cannot_be_said_now_is_said_later);
	tcase_add_test(tests, what_is_gone_or_switched_off_is_not_told);
	tcase_add_test(tests, some_ends_are_no_failures);
	tcase_add_test(tests, a_restart_neither_forgets_nor_tells_twice);
	suite_add_tcase(suite, tests);
	return suite;
}
