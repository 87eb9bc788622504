/*
 * fate_test.c - who has sent a message hears once what became of it
 */
#include <errno.h>
#include <string.h>

#include "lib/base/memfd.h"
#include "queue/fate.h"
#include "queue/fate_inside.h"
#include "queue/outbound_desk.h"
#include "queue/outbound_inside.h"
#include "queue/relay_job.h"
#include "tests/unit/queue/stage.h"

#define MINUTE_MS	60000u
#define HOUR_MS		(60u * MINUTE_MS)
#define DAY_MS		(24u * HOUR_MS)
#define START_UTC_MS	INT64_C(1763763420000)

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
	stage_open(&stage);
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

/* A message of ann's to some. */
struct sent {
	const char	*to[4];
	const char	*sender;	/* NULL: ann */
	bool		 is_strange;	/* has no account here */
	bool		 is_network;	/* the same; it is one that is trusted */
	uint8_t		 notify;
	enum envelope_ret ret;
};

static const struct sent to_zoe = { .to = { "zoe@far.test" } };

static void
submit(const struct sent *sent)
{
	static const char letter[] = "Subject: the roof\r\n\r\nIt leaks.\r\n";
	const struct asker asker = { .from = &stage,
	    .serial = ++stage.serial, .is_own = true };
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct recipient rcpts[4] = { { .account = 0 } };
	struct envelope env = { .source = SOURCE_OWN,
	    .bytes = sizeof(letter) - 1, .ret = sent->ret,
	    .envid = SLICE("QQ314159"), .recipients = rcpts,
	    .sender = slice_str(sent->sender == NULL ? "ann@office.test" :
	    sent->sender),
	    .trust = sent->is_network ? TRUST_NETWORK : TRUST_NOBODY,
	    .sender_account = sent->is_strange || sent->is_network ? 0 :
	    STAGE_ANN };
	size_t judged = stage_count(&stage, STAGE_JUDGE);
	size_t answered = stage_count(&stage, STAGE_ANSWER);
	int fd = memfd_of("message", slice_str(letter));

	ck_assert_int_ge(fd, 0);
	for (; env.recipient_count < 4 &&
	    sent->to[env.recipient_count] != NULL; env.recipient_count++)
		rcpts[env.recipient_count] = (struct recipient){
		    .address = slice_str(sent->to[env.recipient_count]),
		    .notify = sent->notify,
		    .orcpt = SLICE("rfc822;zo@far.test") };
	envelope_pack(&packed, &env);
	ck_assert_int_eq(conductor_submit(stage.conductor, &asker, 0,
	    text_slice(&packed), fd, 0), 0);
	stage_judge(&stage, judged, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, answered + 1);
	for (unsigned i = 0; stage.conductor->leaving > 0 && i < 4000; i++)
		stage_run(&stage, 1);
	ck_assert_uint_eq(stage.conductor->leaving, 0);
	conductor_relay_up(stage.conductor, true);
}

static size_t
tries(void)
{
	return stage_count(&stage, STAGE_RELAY);
}

/* What a host says to each recipient of try `n`: 250, 451, 550; 0: no host. */
static void
answer_dsn(size_t n, const unsigned *codes, bool has_dsn)
{
	struct stage_call *call = stage_call(&stage, STAGE_RELAY, n);
	struct relay_reply replies[RELAY_RECIPIENTS];
	struct relay_result result = { .number = STAGE_RELAY,
	    .was_reached = codes[0] != 0, .has_dsn = has_dsn,
	    .host = SLICE("mx.far.test"), .replies = replies,
	    .count = (size_t)call->upto };
	TEXT_AUTO packed = TEXT_INIT(RELAY_RESULT_BYTES);

	for (size_t i = 0; i < result.count; i++)
		replies[i] = (struct relay_reply){
			.outcome = codes[i] / 100 == 2 ? RELAY_DONE :
			    codes[i] / 100 == 5 ? RELAY_FAILED : RELAY_LATER,
			.code = (uint16_t)codes[i],
			.status = slice_str(codes[i] == 550 ? "5.1.1" : ""),
			.words = SLICE("so it is") };
	relay_result_pack(&packed, &result);
	conductor_relayed(stage.conductor, call->ticket, 0,
	    text_slice(&packed));
	ck_assert_int_eq(out_sync(stage.conductor->outbound), 0);
}

static void
answer(size_t n, unsigned code)
{
	const unsigned codes[4] = { code, code, code, code };

	answer_dsn(n, codes, false);
}

static size_t
asked(void)
{
	return stage_count(&stage, STAGE_PERSON);
}

/* Those who are to be told are asked for. */
static void
look(void)
{
	set_clock(now_ms + FATE_WAIT_MS);
	fate_look(stage.conductor);
}

/* Question `n` is for that account, whose person is told in `language`. */
static void
person(size_t n, uint64_t account, const char *language)
{
	struct stage_call *call = stage_call(&stage, STAGE_PERSON, n);
	const struct conductor_person known = {
		.account = account == 0 ? STAGE_BEN : account,
		.address = slice_str(account == STAGE_ANN ? "ann@office.test" :
		    "postmaster@office.test"),
		.language = slice_str(language)
	};

	ck_assert_uint_eq(call->account, account);
	conductor_person(stage.conductor, call->ticket, 0, &known);
}

/* Until nobody is being told: each notice is in the journal. */
static void
is_told(void)
{
	for (int i = 0; i < 4000 && stage.conductor->fates->moving > 0; i++)
		stage_run(&stage, 1);
	ck_assert_uint_eq(stage.conductor->fates->moving, 0);
}

/* Delivery `n` has this in it. */
static void
delivered(size_t n, uint64_t account, const char *const *parts)
{
	conductor_account_up(stage.conductor, account);
	stage_wait(&stage, STAGE_DELIVER, n + 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, n)->account,
	    account);
	for (; *parts != NULL; parts++)
		ck_assert_msg(strstr(stage.last, *parts) != NULL,
		    "no \"%s\" in\n%s", *parts, stage.last);
}

static uint64_t
rows_in(enum outbound_state state)
{
	struct rows_outbound_counts counts;

	ck_assert_int_eq(rows_outbound_counts(stage.conductor->rows, &counts),
	    0);
	return counts.of[state];
}

/* Is all of it done with? */
static void
is_over(void)
{
	look();
	for (int i = 0; i < OUTBOUND_STATE_COUNT; i++)
		ck_assert_uint_eq(rows_in((enum outbound_state)i), 0);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 0);
}

START_TEST(who_sent_it_hears_why_it_failed)
{
	static const char *const parts[] = {
		"From: Postroom <postmaster@office.test>\r\n",
		"To: ann@office.test\r\n", "Auto-Submitted: auto-replied\r\n",
		"report-type=delivery-status", "zoe@far.test",
		"mx.far.test said: 550 5.1.1 so it is",
		"Original-Envelope-Id: QQ314159\r\n",
		"Original-Recipient: rfc822;zo@far.test\r\n",
		"Final-Recipient: rfc822; zoe@far.test\r\n",
		"Action: failed\r\nStatus: 5.1.1\r\n",
		"Remote-MTA: dns; mx.far.test\r\n",
		"Diagnostic-Code: smtp; 550 5.1.1 so it is\r\n",
		"Content-Type: message/rfc822\r\n", "It leaks.\r\n", NULL
	};

	submit(&to_zoe);
	answer(0, 550);
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 1);
	/* those who fail soon after it are told with it */
	fate_look(stage.conductor);
	ck_assert_uint_eq(asked(), 0);
	look();
	person(0, STAGE_ANN, "en");
	delivered(0, STAGE_ANN, parts);
	is_over();
	ck_assert_uint_eq(asked(), 1);
}
END_TEST

START_TEST(one_notice_is_for_all_who_fail_together)
{
	static const struct sent sent = { .ret = RET_HDRS,
	    .to = { "a@far.test", "b@far.test", "c@other.test",
	    "d@far.test" } };
	static const char *const parts[] = {
		"rfc822; a@far.test", "rfc822; c@other.test",
		"rfc822; d@far.test", "Content-Type: text/rfc822-headers",
		"Subject: the roof\r\n", "Surat Anda", NULL
	};
	static const unsigned codes[] = { 550, 250, 550 };

	submit(&sent);
	ck_assert_uint_eq(tries(), 2);
	for (size_t i = 0; i < 2; i++)
		if (stage_call(&stage, STAGE_RELAY, i)->upto == 3)
			answer_dsn(i, codes, false);
		else
			answer(i, 554);
	look();
	person(0, STAGE_ANN, "id");
	delivered(0, STAGE_ANN, parts);
	ck_assert_ptr_null(strstr(stage.last, "b@far.test"));
	ck_assert_ptr_null(strstr(stage.last, "It leaks"));
	is_over();
	ck_assert_uint_eq(asked(), 1);
}
END_TEST

/* Late after four hours, over after five days; of a line that is down nothing. */
START_TEST(five_days_have_two_notices)
{
	static const char *const late[] = { "Action: delayed\r\n",
	    "Status: 4.0.0\r\n", "Will-Retry-Until: Wed, 26 Nov 2025",
	    "text/rfc822-headers", NULL };
	static const char *const over[] = { "Action: failed\r\n",
	    "Status: 5.4.7\r\n", "Diagnostic-Code: smtp; 451 so it is",
	    NULL };
	uint64_t late_at = 0;
	size_t n = 0;

	submit(&to_zoe);
	while (rows_in(OUTBOUND_WAITING) > 0 && n < 300) {
		ck_assert_uint_eq(tries(), n + 1);
		answer(n++, 451);
		look();
		if (asked() == 1 && late_at == 0) {
			late_at = now_ms;
			person(0, STAGE_ANN, "en");
			delivered(0, STAGE_ANN, late);
		}
		while (tries() == n && rows_in(OUTBOUND_WAITING) > 0) {
			set_clock(now_ms + MINUTE_MS);
			conductor_relay_up(stage.conductor, true);
		}
	}
	ck_assert_uint_ge(late_at, 4 * HOUR_MS);
	ck_assert_uint_lt(late_at, 4 * HOUR_MS + 20 * MINUTE_MS);
	ck_assert_uint_ge(now_ms, 5 * (uint64_t)DAY_MS);
	ck_assert_uint_lt(now_ms, 5 * (uint64_t)DAY_MS + 2 * HOUR_MS);
	ck_assert_uint_eq(asked(), 2);
	person(1, STAGE_ANN, "en");
	delivered(1, STAGE_ANN, over);
	is_over();
}
END_TEST

START_TEST(of_a_line_that_is_down_nobody_hears)
{
	size_t n;

	submit(&to_zoe);
	for (n = 0; n < 200; n++) {
		set_clock(now_ms + HOUR_MS);
		conductor_relay_up(stage.conductor, true);
		ck_assert_uint_eq(tries(), n + 1);
		answer(n, 0);
		look();
	}
	ck_assert_uint_eq(asked(), 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
	/* it is up: late at once, and over with the third real try */
	for (size_t up = 1; up <= 3; up++, n++) {
		set_clock(now_ms + 2 * HOUR_MS);
		conductor_relay_up(stage.conductor, true);
		answer(n, 451);
		ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), up == 3);
		look();
		ck_assert_uint_eq(asked(), up == 3 ? 2 : 1);
		if (up != 2)
			person(up / 2, STAGE_ANN, "en");
		is_told();
	}
	is_over();
}
END_TEST

static const struct {
	uint8_t		notify;
	unsigned	code;
	bool		has_dsn;
	const char	*action;	/* NULL: nobody is told */
} wishes[] = {
	{ NOTIFY_NEVER, 550, false, NULL },
	{ NOTIFY_SUCCESS, 550, false, NULL },
	{ NOTIFY_DELAY, 550, false, NULL },
	{ NOTIFY_FAILURE, 550, false, "failed" },
	{ NOTIFY_SUCCESS | NOTIFY_FAILURE, 550, false, "failed" },
	{ 0, 250, false, NULL },
	{ NOTIFY_FAILURE, 250, false, NULL },
	/* RFC 3461 5.2.2: the next host tells it, or we that it does not */
	{ NOTIFY_SUCCESS, 250, true, NULL },
	{ NOTIFY_SUCCESS, 250, false, "relayed" },
};

/* RFC 3461 4.1 */
START_TEST(what_is_told_is_what_was_asked_for)
{
	const struct sent sent = { .to = { "zoe@far.test" },
	    .notify = wishes[_i].notify };
	const unsigned codes[] = { wishes[_i].code };
	char action[32];
	const char *parts[] = { action, NULL };

	(void)snprintf(action, sizeof(action), "Action: %s\r\n",
	    wishes[_i].action == NULL ? "" : wishes[_i].action);
	submit(&sent);
	answer_dsn(0, codes, wishes[_i].has_dsn);
	look();
	ck_assert_uint_eq(asked(), wishes[_i].action != NULL);
	if (wishes[_i].action != NULL) {
		person(0, STAGE_ANN, "en");
		delivered(0, STAGE_ANN, parts);
	}
	is_over();
}
END_TEST

/* HARDENING A13: who is not here is told nothing; the postmaster is. */
START_TEST(of_a_stranger_the_postmaster_hears)
{
	static const struct sent strange = { .to = { "zoe@far.test" },
	    .is_strange = true, .sender = "eve@evil.test" };
	static const struct sent null = { .to = { "zoe@far.test" },
	    .sender = "" };
	static const char *const of_eve[] = { "A message from eve@evil.test",
	    "To: postmaster@office.test\r\n", "Subject: the roof\r\n",
	    "Content-Type: text/rfc822-headers", NULL };
	static const char *const of_none[] = { "A message from nobody",
	    NULL };

	submit(&strange);
	answer(0, 550);
	look();
	person(0, 0, "en");
	delivered(0, STAGE_BEN, of_eve);
	ck_assert_ptr_null(strstr(stage.last, "It leaks"));
	is_over();
	submit(&null);
	answer(1, 550);
	look();
	person(1, 0, "en");
	delivered(1, STAGE_BEN, of_none);
	is_over();
}
END_TEST

START_TEST(whose_account_is_gone_is_told_by_the_postmaster)
{
	static const char *const parts[] = { "A message from ann@office.test",
	    NULL };

	submit(&to_zoe);
	answer(0, 550);
	look();
	conductor_person(stage.conductor, stage_call(&stage, STAGE_PERSON,
	    0)->ticket, 0, &(struct conductor_person){ .account = 0 });
	person(1, 0, "en");
	delivered(0, STAGE_BEN, parts);
	is_over();
}
END_TEST

START_TEST(what_cannot_be_told_now_is_told_later)
{
	static const char *const parts[] = { "Action: failed", NULL };

	submit(&to_zoe);
	answer(0, 550);
	look();
	conductor_person(stage.conductor, stage_call(&stage, STAGE_PERSON,
	    0)->ticket, -ECONNRESET,
	    &(struct conductor_person){ .account = 0 });
	look();
	ck_assert_uint_eq(asked(), 1);
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 1);
	set_clock(now_ms + FATE_AGAIN_MS);
	look();
	person(1, STAGE_ANN, "en");
	delivered(0, STAGE_ANN, parts);
	is_over();
}
END_TEST

/* The end of the queue, at each step; what it does afterwards is one notice. */
START_TEST(an_end_at_any_step_makes_one_notice)
{
	static const char *const parts[] = { "Action: failed", NULL };
	struct message_id first;

	submit(&to_zoe);
	answer(0, 550);
	stage_restart(&stage);		/* before anybody is asked */
	look();
	ck_assert_uint_eq(asked(), 1);
	stage_restart(&stage);		/* before the keeper has answered */
	look();
	person(0, STAGE_ANN, "en");
	if (_i == 0) {
		/* before or after the notice is durable; it waits there */
		stage_restart(&stage);
		look();
		if (asked() == 1)
			person(0, STAGE_ANN, "en");
	}
	delivered(0, STAGE_ANN, parts);
	first = stage_call(&stage, STAGE_DELIVER, 0)->id;
	is_over();
	/* not settled: only that comes again, under its name */
	stage_restart(&stage);
	look();
	ck_assert_uint_eq(asked(), 0);
	delivered(0, STAGE_ANN, parts);
	ck_assert_int_eq(message_id_order(&first, &stage_call(&stage,
	    STAGE_DELIVER, 0)->id), 0);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	stage_restart(&stage);
	look();
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_run(&stage, 20);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	ck_assert_uint_eq(asked(), 0);
	is_over();
}
END_TEST

/* As if it had ended between the record in the journal and the rows. */
START_TEST(a_record_that_is_replayed_takes_its_rows_away)
{
	static const char *const parts[] = { "Action: failed", NULL };
	struct rows_outbound row = { .address = SLICE("zoe@far.test"),
	    .domain = SLICE("far.test") };
	struct rows *rows;

	submit(&to_zoe);
	row.id = stage_call(&stage, STAGE_RELAY, 0)->id;
	answer(0, 550);
	look();
	person(0, STAGE_ANN, "en");
	delivered(0, STAGE_ANN, parts);
	is_over();
	rows = stage.conductor->rows;
	ck_assert_int_eq(rows_outbound_take(rows, &row.id,
	    journal_next(stage.conductor->journal), &row, 1), 0);
	row.state = OUTBOUND_FAILED;
	ck_assert_int_eq(rows_outbound_tried(rows, &row, 1), 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 1);
	stage_restart(&stage);
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 0);
	delivered(0, STAGE_ANN, parts);
	is_over();
	ck_assert_uint_eq(asked(), 0);
}
END_TEST

/* Whoever hears that it is late is not done with what it comes to meanwhile. */
START_TEST(what_fails_while_its_delay_is_told_is_told_too)
{
	static const char *const late[] = { "Action: delayed\r\n", NULL };
	static const char *const over[] = { "Action: failed\r\n",
	    "Status: 5.1.1\r\n", NULL };

	submit(&to_zoe);
	set_clock(5 * HOUR_MS);
	answer(0, 451);
	look();
	ck_assert_uint_eq(asked(), 1);
	if (_i == 1) {
		person(0, STAGE_ANN, "en");
		delivered(0, STAGE_ANN, late);
	}
	set_clock(now_ms + 2 * HOUR_MS);
	conductor_relay_up(stage.conductor, true);
	answer(1, 550);
	if (_i == 0) {
		person(0, STAGE_ANN, "en");
		delivered(0, STAGE_ANN, late);
	} else {
		stage_restart(&stage);	/* the record comes again */
		delivered(0, STAGE_ANN, late);
	}
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 1);
	look();
	ck_assert_uint_eq(asked(), 2 - (size_t)_i);
	person(1 - (size_t)_i, STAGE_ANN, "en");
	delivered(1, STAGE_ANN, over);
	is_over();
}
END_TEST

/* Each of those costs a commit: the hub does something else between them. */
START_TEST(many_of_whom_nobody_hears_keep_nobody_waiting)
{
	struct rows_outbound row = { .address = SLICE("zoe@far.test"),
	    .domain = SLICE("far.test"), .notify = NOTIFY_NEVER };
	struct rows *rows = stage.conductor->rows;

	for (unsigned i = 0; i < 100; i++) {
		row.id.bytes[0] = (unsigned char)(i + 1);
		row.state = OUTBOUND_WAITING;
		ck_assert_int_eq(rows_outbound_take(rows, &row.id, 1, &row,
		    1), 0);
		row.state = OUTBOUND_FAILED;
		ck_assert_int_eq(rows_outbound_tried(rows, &row, 1), 0);
		fate_tell(stage.conductor, &row.id);
	}
	look();
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 36);
	for (unsigned i = 0; rows_in(OUTBOUND_FAILED) > 0 && i < 1000; i++)
		stage_run(&stage, 1);
	is_over();
	ck_assert_uint_eq(asked(), 0);
}
END_TEST

static int
remove_all(void)
{
	const struct desk_which which = { .has_state = false };
	struct desk_place place = { .address = "" };
	struct desk_done done;

	return conductor_desk_act(stage.conductor, DESK_REMOVE,
	    slice_str("postmaster"), &which, slice_of("", 0), &place, &done);
}

/* Nobody says that its sender is not told, and it is told. */
START_TEST(what_is_being_told_is_not_removed)
{
	static const char *const parts[] = { "Action: failed", NULL };

	submit(&to_zoe);
	answer(0, 550);
	look();
	ck_assert_int_eq(remove_all(), -EBUSY);
	ck_assert_uint_eq(rows_in(OUTBOUND_FAILED), 1);
	person(0, STAGE_ANN, "en");
	delivered(0, STAGE_ANN, parts);
	is_over();
	/* until then it may be */
	submit(&to_zoe);
	answer(1, 550);
	ck_assert_int_eq(remove_all(), 0);
	is_over();
	ck_assert_uint_eq(asked(), 1);
}
END_TEST

/* Nobody tries it, and the clock finds out all the same. */
START_TEST(who_sent_what_has_no_way_hears_that_it_waits)
{
	static const char *const parts[] = { "Action: delayed\r\n",
	    "Status: 4.", "rfc822; zoe@far.test",
	    "The office has set no way out for this mail yet.",
	    "It waits here until there is one", NULL };
	uint64_t at = 0;

	stage.options.never_direct = true;
	stage_restart(&stage);
	submit(&to_zoe);
	while (asked() == 0 && now_ms < DAY_MS) {
		set_clock(now_ms + MINUTE_MS);
		conductor_relay_up(stage.conductor, true);
		fate_look(stage.conductor);
		at = now_ms;
	}
	ck_assert_uint_ge(at, 4 * HOUR_MS);
	ck_assert_uint_lt(at, 4 * HOUR_MS + 5 * MINUTE_MS);
	ck_assert_uint_eq(stage.wayless, 1);
	person(0, STAGE_ANN, "en");
	delivered(0, STAGE_ANN, parts);
	ck_assert_ptr_null(strstr(stage.last, "tried again and again"));
	is_told();
	/* once, and after a restart too; it waits on */
	for (int i = 0; i < 100; i++) {
		set_clock(now_ms + HOUR_MS);
		conductor_relay_up(stage.conductor, true);
		fate_look(stage.conductor);
	}
	ck_assert_uint_eq(asked(), 1);
	stage_restart(&stage);	/* which forgets who was asked */
	set_clock(now_ms + DAY_MS);
	conductor_relay_up(stage.conductor, true);
	look();
	ck_assert_uint_eq(asked(), 0);
	ck_assert_uint_eq(tries(), 0);
	ck_assert_uint_eq(rows_in(OUTBOUND_WAITING), 1);
}
END_TEST

/* Of what a program there sends its sender hears, who is somebody here. */
START_TEST(who_sends_from_a_trusted_network_hears_of_it)
{
	static const struct sent theirs = { .to = { "zoe@far.test" },
	    .is_network = true };
	static const char *const parts[] = { "To: ann@office.test\r\n",
	    "Your message of", "Content-Type: message/rfc822\r\n", NULL };
	static const char *const instead[] = {
	    "To: postmaster@office.test\r\n",
	    "its sender cannot be told", NULL };
	struct stage_call *call;

	submit(&theirs);
	answer(0, 550);
	look();
	ck_assert_str_eq(stage_call(&stage, STAGE_PERSON, 0)->words,
	    "ann@office.test");
	call = stage_call(&stage, STAGE_PERSON, 0);
	ck_assert_uint_eq(call->account, 0);
	conductor_person(stage.conductor, call->ticket, 0,
	    &(struct conductor_person){ .account = STAGE_ANN,
	    .address = SLICE("ann@office.test"), .language = SLICE("en") });
	delivered(0, STAGE_ANN, parts);
	is_over();
	ck_assert_uint_eq(asked(), 1);
	/* nobody has that address any more */
	submit(&theirs);
	answer(1, 550);
	look();
	call = stage_call(&stage, STAGE_PERSON, 1);
	conductor_person(stage.conductor, call->ticket, 0,
	    &(struct conductor_person){ .account = 0 });
	ck_assert_uint_eq(asked(), 3);
	ck_assert_str_eq(stage_call(&stage, STAGE_PERSON, 2)->words, "");
	person(2, 0, "en");
	delivered(1, STAGE_BEN, instead);
	is_over();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fate");
	TCase *tests = tcase_create("fate");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, who_sent_it_hears_why_it_failed);
	tcase_add_test(tests, one_notice_is_for_all_who_fail_together);
	tcase_add_test(tests, five_days_have_two_notices);
	tcase_add_test(tests, of_a_line_that_is_down_nobody_hears);
	tcase_add_loop_test(tests, what_is_told_is_what_was_asked_for, 0,
	    sizeof(wishes) / sizeof(*wishes));
	tcase_add_test(tests, of_a_stranger_the_postmaster_hears);
	tcase_add_test(tests, who_sent_what_has_no_way_hears_that_it_waits);
	tcase_add_test(tests, who_sends_from_a_trusted_network_hears_of_it);
	tcase_add_test(tests, whose_account_is_gone_is_told_by_the_postmaster);
	tcase_add_test(tests, what_cannot_be_told_now_is_told_later);
	tcase_add_loop_test(tests, an_end_at_any_step_makes_one_notice, 0, 2);
	tcase_add_test(tests, a_record_that_is_replayed_takes_its_rows_away);
	tcase_add_loop_test(tests,
	    what_fails_while_its_delay_is_told_is_told_too, 0, 2);
	tcase_add_test(tests, many_of_whom_nobody_hears_keep_nobody_waiting);
	tcase_add_test(tests, what_is_being_told_is_not_removed);
	suite_add_tcase(suite, tests);
	return suite;
}
