/*
 * replying_test.c - a person's answer about held mail does what its words say
 */
#include <errno.h>
#include <string.h>

#include "filters/held_words.h"
#include "lib/base/memfd.h"
#include "queue/replying.h"
#include "tests/unit/queue/hold_scene.h"

#define OTHER	111111u		/* a number that nothing has here */

/* What people are told. */
static struct {
	unsigned		count;	/* of times */
	uint64_t		account;
	uint32_t		rows;
	struct held_replied	row[HELD_PAGE];
} told;
static struct envelope env;
static struct recipient rcpt[2];

static void
on_told(void *arg, uint64_t account, uint32_t count, struct slice packed)
{
	struct unpack u = unpack_of(packed);

	(void)arg;
	told.count++;
	told.account = account;
	told.rows = count;
	ck_assert_uint_le(count, HELD_PAGE);
	for (uint32_t i = 0; i < count; i++)
		ck_assert_int_eq(held_replied_unpack(&u, &told.row[i]), 0);
	ck_assert(unpack_is_done(&u));
}

static void
begin(void)
{
	set_up();
	memset(&told, 0, sizeof(told));
	stage.conductor->ports.replied = on_told;
	rcpt[0] = (struct recipient){ .account = ACCOUNT_REPLY,
	    .address = SLICE("postmaster+held@office.test") };
	rcpt[1] = (struct recipient){ .account = STAGE_BEN,
	    .address = SLICE("ben@office.test") };
	env = (struct envelope){ .sender = SLICE("ann@office.test"),
	    .sender_account = STAGE_ANN, .login = SLICE("ann@office.test"),
	    .recipients = rcpt, .recipient_count = 1 };
}

/* The answer comes: what the queue says of its envelope. */
static int
submit(void)
{
	const struct asker asker = { .from = &stage, .serial = 1 };
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);

	env.bytes = 4;
	envelope_pack(&packed, &env);
	return conductor_submit(stage.conductor, &asker, 0,
	    text_slice(&packed), memfd_of("answer", slice_str("hi\r\n")), 0);
}

/* It says these words: the code with which it is answered. */
static unsigned
answer(const char *words)
{
	size_t judged = stage_count(&stage, STAGE_JUDGE);

	ck_assert_int_eq(submit(), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), judged + 1);
	stage.line = words == NULL ? NULL : HELD_WORDS_LINE;
	stage.value = words;
	stage_judge(&stage, judged, VERDICT_ACCEPT);
	stage.line = NULL;
	ck_assert(TAILQ_EMPTY(&stage.conductor->arriving));
	return stage_call(&stage, STAGE_ANSWER, stage_count(&stage,
	    STAGE_ANSWER) - 1)->code;
}

/* "release NUMBER" of the one that was held last, as ann was told. */
static const char *
words(const char *act)
{
	static char said[64];

	(void)news(0);
	ck_assert_uint_ne(seen.number, 0);
	(void)snprintf(said, sizeof(said), "%s %u", act, seen.number);
	return said;
}

static unsigned
held(uint64_t account)
{
	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(conductor_held_each(stage.conductor, account, NULL,
	    on_row, NULL), 0);
	return seen.count;
}

START_TEST(what_the_word_asks_for_is_done_once)
{
	const struct stage_call *sent;
	const char *said;

	hold('a', VERDICT_HOLD, true);
	conductor_account_up(stage.conductor, STAGE_ANN);
	said = words(_i == 0 ? "release" : "spam");
	ck_assert_uint_eq(answer(said), 250);
	ck_assert_uint_eq(told.count, 1);
	ck_assert_uint_eq(told.account, STAGE_ANN);
	ck_assert_uint_eq(told.rows, 1);
	ck_assert_int_eq(told.row[0].status, HOLD_OK);
	ck_assert_int_eq(told.row[0].is_spam, _i == 1);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	sent = stage_call(&stage, STAGE_DELIVER, 0);
	ck_assert_uint_eq(sent->account, STAGE_ANN);
	ck_assert_int_eq(sent->is_spam, _i == 1);
	ck_assert_int_eq(sent->is_released, _i == 0);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	/* ben's share stays, and a second answer finds nothing */
	ck_assert_uint_eq(held(STAGE_BEN), 1);
	ck_assert_uint_eq(answer(said), 250);
	ck_assert_int_eq(told.row[0].status, HOLD_NONE);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	ck_assert(stage_trail_has(&stage, "an answer about held mail: 1 of 1"));
}
END_TEST

/* Each message has another number for each of those it is for. */
START_TEST(nobody_answers_for_somebody_else)
{
	const char *said;

	hold('a', VERDICT_HOLD, true);
	said = words("release");
	env.sender_account = STAGE_BEN;
	ck_assert_uint_eq(answer(said), 250);
	ck_assert_uint_eq(told.account, STAGE_BEN);
	ck_assert_int_eq(told.row[0].status, HOLD_NONE);
	ck_assert_uint_eq(held(STAGE_ANN), 1);
	ck_assert_uint_eq(held(STAGE_BEN), 1);
}
END_TEST

START_TEST(what_only_the_postmaster_releases_stays)
{
	hold('a', VERDICT_QUARANTINE, false);
	ck_assert_uint_eq(answer(words("release")), 250);
	ck_assert_int_eq(told.row[0].status, HOLD_KEPT);
	ck_assert_uint_eq(held(STAGE_ANN), 1);
}
END_TEST

/* RFC 3834 2: nor does a program hear anything. */
START_TEST(a_program_and_who_has_no_sender_change_nothing)
{
	const char *said;

	hold('a', VERDICT_HOLD, false);
	said = words("release");
	if (_i == 0)
		env.sender = slice_of(NULL, 0);
	ck_assert_uint_eq(answer(_i == 0 ? said : "automatic"), 250);
	ck_assert_uint_eq(told.count, 0);
	ck_assert_uint_eq(held(STAGE_ANN), 1);
}
END_TEST

START_TEST(an_answer_without_words_is_told_of)
{
	ck_assert_uint_eq(answer("nothing"), 250);
	ck_assert_uint_eq(told.count, 1);
	ck_assert_uint_eq(told.rows, 0);
}
END_TEST

/* A door that was taken over says what it likes. */
START_TEST(a_stranger_brings_no_answer)
{
	if (_i == 0)
		env.sender_account = 0;
	else
		env.source = SOURCE_LMTP;
	ck_assert_int_eq(submit(), -EBADMSG);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 0);
}
END_TEST

START_TEST(an_answer_goes_to_nobody_else_and_is_no_devices)
{
	if (_i == 0)
		env.recipient_count = 2;
	else
		env.trust = TRUST_DEVICE;
	ck_assert_int_eq(submit(), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 0);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 554);
}
END_TEST

START_TEST(an_answer_that_would_be_held_does_nothing)
{
	hold('a', VERDICT_HOLD, false);
	stage.line = HELD_WORDS_LINE;
	stage.value = words("release");
	ck_assert_int_eq(submit(), 0);
	stage_judge(&stage, stage_count(&stage, STAGE_JUDGE) - 1,
	    VERDICT_HOLD);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, stage_count(&stage,
	    STAGE_ANSWER) - 1)->code, 554);
	ck_assert_uint_eq(held(STAGE_ANN), 1);
	/* nor one of which the judge says nothing */
	ck_assert_uint_eq(answer(NULL), 554);
	ck_assert_uint_eq(told.count, 0);
}
END_TEST

START_TEST(who_tries_numbers_is_not_told_which_there_are)
{
	char said[64];
	const char *right;

	hold('a', VERDICT_HOLD, false);
	right = words("release");
	for (unsigned i = 0; i < REPLYING_GUESSES; i++) {
		(void)snprintf(said, sizeof(said), "release %u", OTHER + i);
		ck_assert_uint_eq(answer(said), 250);
		ck_assert_int_eq(told.row[0].status, HOLD_NONE);
	}
	ck_assert_uint_eq(answer(right), 250);
	ck_assert_int_eq(told.row[0].status, HOLD_LATER);
	clock_set(clock_ms() + 3600000, clock_utc_ms() + 3600000);
	ck_assert_uint_eq(answer(right), 250);
	ck_assert_int_eq(told.row[0].status, HOLD_OK);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/replying");
	TCase *tests = tcase_create("replying");

	tcase_add_checked_fixture(tests, begin, tear_down);
	tcase_add_loop_test(tests, what_the_word_asks_for_is_done_once, 0, 2);
	tcase_add_test(tests, nobody_answers_for_somebody_else);
	tcase_add_test(tests, what_only_the_postmaster_releases_stays);
	tcase_add_loop_test(tests,
	    a_program_and_who_has_no_sender_change_nothing, 0, 2);
	tcase_add_test(tests, an_answer_without_words_is_told_of);
	tcase_add_loop_test(tests, a_stranger_brings_no_answer, 0, 2);
	tcase_add_loop_test(tests,
	    an_answer_goes_to_nobody_else_and_is_no_devices, 0, 2);
	tcase_add_test(tests, an_answer_that_would_be_held_does_nothing);
	tcase_add_test(tests, who_tries_numbers_is_not_told_which_there_are);
	suite_add_tcase(suite, tests);
	return suite;
}
