/*
 * receipt_test.c - who asked for it hears once that a mailbox here has it
 */
#include <errno.h>
#include <string.h>

#include "lib/base/memfd.h"
#include "queue/fate.h"
#include "tests/unit/queue/stage.h"

#define START_UTC_MS	INT64_C(1763763420000)

static struct stage stage;
static uint64_t now_ms;

static void
set_up(void)
{
	now_ms = 0;
	clock_set(1000000, START_UTC_MS);
	stage_new(&stage);
	stage_open(&stage);
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

/* Those who are to be told are asked for. */
static void
look(uint64_t wait_ms)
{
	now_ms += wait_ms;
	clock_set(1000000 + now_ms, START_UTC_MS + (int64_t)now_ms);
	fate_look(stage.conductor);
}

/* A message of ann's to ben, as if it had come through a door. */
static void
submit(uint8_t notify, bool is_strange, enum verdict_action action)
{
	static const char letter[] = "Subject: the roof\r\n\r\nIt leaks.\r\n";
	const struct asker asker = { .from = &stage,
	    .serial = ++stage.serial, .is_own = true };
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct recipient ben = { .address = SLICE("ben@office.test"),
	    .account = STAGE_BEN, .notify = notify,
	    .orcpt = SLICE("rfc822;Ben@office.test") };
	const struct envelope env = { .source = SOURCE_OWN,
	    .bytes = sizeof(letter) - 1, .envid = SLICE("QQ314159"),
	    .ret = RET_FULL, .recipients = &ben, .recipient_count = 1,
	    .sender = SLICE("ann@office.test"),
	    .sender_account = is_strange ? 0 : STAGE_ANN };
	size_t judged = stage_count(&stage, STAGE_JUDGE);
	size_t answered = stage_count(&stage, STAGE_ANSWER);
	int fd = memfd_of("message", slice_str(letter));

	ck_assert_int_ge(fd, 0);
	envelope_pack(&packed, &env);
	ck_assert_int_eq(conductor_submit(stage.conductor, &asker, 0,
	    text_slice(&packed), fd, 0), 0);
	stage_judge(&stage, judged, action);
	stage_wait(&stage, STAGE_ANSWER, answered + 1);
}

static size_t
asked(void)
{
	return stage_count(&stage, STAGE_PERSON);
}

/* Ben's mailbox has delivery `n`. */
static void
ben_has(size_t n)
{
	conductor_account_up(stage.conductor, STAGE_BEN);
	stage_wait(&stage, STAGE_DELIVER, n + 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, n)->account,
	    STAGE_BEN);
	stage_deliver(&stage, n, 0);
}

static void
answer_person(size_t n, uint64_t account)
{
	const struct conductor_person known = { .account = account,
	    .address = SLICE("ann@office.test"), .language = SLICE("en") };

	ck_assert_uint_eq(stage_call(&stage, STAGE_PERSON, n)->account,
	    STAGE_ANN);
	conductor_person(stage.conductor, stage_call(&stage, STAGE_PERSON,
	    n)->ticket, 0, &known);
}

/* Delivery `n` is ann's notice. */
static void
ann_reads(size_t n)
{
	static const char *const parts[] = {
		"Subject: Your message was delivered\r\n",
		"is in the mailbox of:", "  ben@office.test\r\n",
		"Original-Envelope-Id: QQ314159\r\n",
		"Original-Recipient: rfc822;Ben@office.test\r\n",
		"Final-Recipient: rfc822; ben@office.test\r\n",
		"Action: delivered\r\n", "Status: 2.0.0\r\n",
		/* RFC 3461 4.3: only of a failure everything is returned */
		"Content-Type: text/rfc822-headers\r\n",
		"\r\n\r\nSubject: the roof\r\n\r\n--",
	};

	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_wait(&stage, STAGE_DELIVER, n + 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, n)->account,
	    STAGE_ANN);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		ck_assert_msg(strstr(stage.last, parts[i]) != NULL,
		    "no \"%s\" in\n%s", parts[i], stage.last);
	ck_assert_ptr_null(strstr(stage.last, "It leaks."));
}

static size_t
settlings(void)
{
	deliver_settle_all(stage.conductor);
	return stage_count(&stage, STAGE_SETTLE);
}

START_TEST(who_wants_to_hear_of_it_does)
{
	submit(NOTIFY_SUCCESS, false, VERDICT_ACCEPT);
	look(FATE_WAIT_MS);
	ck_assert_uint_eq(asked(), 0);		/* no mailbox has it yet */
	ben_has(0);
	ck_assert_uint_eq(settlings(), 0);	/* it could be forgotten */
	look(FATE_WAIT_MS);
	answer_person(0, STAGE_ANN);
	ann_reads(1);
	ck_assert_uint_eq(settlings(), 1);
	look(FATE_AGAIN_MS);
	ck_assert_uint_eq(asked(), 1);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 0);
}
END_TEST

static const struct {
	uint8_t			notify;
	bool			is_strange;
	enum verdict_action	action;
} silent[] = {
	{ 0, false, VERDICT_ACCEPT },
	{ NOTIFY_NEVER, false, VERDICT_ACCEPT },
	{ NOTIFY_FAILURE | NOTIFY_DELAY, false, VERDICT_ACCEPT },
	{ NOTIFY_SUCCESS, true, VERDICT_ACCEPT },
};

START_TEST(nobody_else_does)
{
	submit(silent[_i].notify, silent[_i].is_strange, silent[_i].action);
	ben_has(0);
	look(FATE_WAIT_MS);
	ck_assert_uint_eq(asked(), 0);
	ck_assert_uint_eq(settlings(), 1);
}
END_TEST

START_TEST(of_what_is_held_nobody_hears)
{
	submit(NOTIFY_SUCCESS, false, VERDICT_HOLD);
	conductor_account_up(stage.conductor, STAGE_BEN);
	stage_run(&stage, 20);
	look(FATE_WAIT_MS);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	ck_assert_uint_eq(asked(), 0);
}
END_TEST

START_TEST(it_is_told_when_it_can_be)
{
	submit(NOTIFY_SUCCESS, false, VERDICT_ACCEPT);
	ben_has(0);
	look(FATE_WAIT_MS);
	conductor_person(stage.conductor, stage_call(&stage, STAGE_PERSON,
	    0)->ticket, -ECONNRESET,
	    &(struct conductor_person){ .account = 0 });
	ck_assert_uint_eq(settlings(), 0);
	look(FATE_AGAIN_MS);
	answer_person(1, STAGE_ANN);
	ann_reads(1);
	ck_assert_uint_eq(settlings(), 1);
}
END_TEST

START_TEST(an_account_that_is_gone_is_not_waited_for)
{
	submit(NOTIFY_SUCCESS, false, VERDICT_ACCEPT);
	ben_has(0);
	look(FATE_WAIT_MS);
	answer_person(0, 0);
	ck_assert_uint_eq(settlings(), 1);
	look(FATE_AGAIN_MS);
	ck_assert_uint_eq(asked(), 1);
}
END_TEST

/* A mailbox that is lost is told again; its sender is not. */
START_TEST(what_is_delivered_again_is_told_once)
{
	submit(NOTIFY_SUCCESS, false, VERDICT_ACCEPT);
	ben_has(0);
	look(FATE_WAIT_MS);
	if (_i == 0)
		conductor_account_lost(stage.conductor, STAGE_BEN);
	answer_person(0, STAGE_ANN);
	ann_reads(1);
	if (_i == 1)
		conductor_account_lost(stage.conductor, STAGE_BEN);
	ben_has(2);
	look(FATE_AGAIN_MS);
	ck_assert_uint_eq(asked(), 1);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 3);
	ck_assert_uint_eq(settlings(), 1);
}
END_TEST

/* The end of the queue before and after the notice stands in the journal. */
START_TEST(an_end_at_any_step_makes_one_name)
{
	struct message_id first;

	submit(NOTIFY_SUCCESS, false, VERDICT_ACCEPT);
	ben_has(0);
	look(FATE_WAIT_MS);
	stage_restart(&stage);
	ben_has(0);
	look(FATE_WAIT_MS);
	answer_person(0, STAGE_ANN);
	ann_reads(1);
	first = stage_call(&stage, STAGE_DELIVER, 1)->id;
	stage_restart(&stage);
	/* not settled: both come again, and it is asked again who ann is */
	ben_has(0);
	look(FATE_WAIT_MS);
	answer_person(0, STAGE_ANN);
	ann_reads(1);
	stage_run(&stage, 20);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 2);
	ck_assert_int_eq(message_id_order(&first, &stage_call(&stage,
	    STAGE_DELIVER, 1)->id), 0);
	ck_assert_uint_eq(settlings(), 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/receipt");
	TCase *tests = tcase_create("receipt");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, who_wants_to_hear_of_it_does);
	tcase_add_loop_test(tests, nobody_else_does, 0,
	    sizeof(silent) / sizeof(*silent));
	tcase_add_test(tests, of_what_is_held_nobody_hears);
	tcase_add_test(tests, it_is_told_when_it_can_be);
	tcase_add_test(tests, an_account_that_is_gone_is_not_waited_for);
	tcase_add_loop_test(tests, what_is_delivered_again_is_told_once, 0, 2);
	tcase_add_test(tests, an_end_at_any_step_makes_one_name);
	suite_add_tcase(suite, tests);
	return suite;
}
