/*
 * expanding_test.c - who gets a message is asked once, and what leaves is told
 */
#include "queue/expanding.h"

#include <errno.h>
#include <string.h>

#include "lib/base/memfd.h"
#include "policy/groups.h"
#include "queue/fate.h"
#include "queue/outbound_inside.h"
#include "queue/relay_job.h"
#include "queue/rows_outbound.h"
#include "tests/unit/queue/stage.h"

#define BODY	"Subject: the roof\r\n\r\nIt leaks.\r\n"

static struct stage stage;

static void
set_up(void)
{
	clock_set(1000000, INT64_C(1763763420000));
	stage_new(&stage);
	stage.has_groups = true;
	stage_open(&stage);
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

/* A message to an alias or a list of ours; `env` says the rest. */
static void
submit(struct envelope env, const char *letter)
{
	const struct asker asker = { .from = &stage,
	    .serial = ++stage.serial };
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct recipient sales = { .address = SLICE("sales@office.test"),
	    .account = ACCOUNT_GROUP | 1,
	    .notify = NOTIFY_SUCCESS | NOTIFY_FAILURE,
	    .orcpt = SLICE("rfc822;Sales@office.test") };
	int fd = memfd_of("message", slice_str(letter));

	ck_assert_int_ge(fd, 0);
	env.helo = slice_str("far.test");
	env.peer = slice_str("192.0.2.1");
	env.bytes = strlen(letter);
	env.recipients = &sales;
	env.recipient_count = 1;
	envelope_pack(&packed, &env);
	ck_assert_int_eq(conductor_submit(stage.conductor, &asker, 0,
	    text_slice(&packed), fd, 0), 0);
}

static const struct envelope stranger = { .sender = SLICE("zoe@far.test") };

static const struct {
	const char	*letter;
	const char	*traces;	/* that are told */
} headers[] = {
	{ BODY, "" },
	/* a provider's, or anybody's */
	{ "Delivered-To: sales@office.test\r\n" BODY, "" },
	{ "Delivered-To: sales@office.test\r\nReceived: by mx.far.test; x\r\n"
	    BODY, "" },
	{ "List-Id: <team.office.test>\r\nReceived: from a ([192.0.2.1])\r\n"
	    "\tby mx.far.test (Postroom); x\r\n" BODY, "" },
	/* ours, below what others have added */
	{ "Received: by mx.far.test; x\r\nDelivered-To: sales@office.test\r\n"
	    "Received: from a ([192.0.2.1])\r\n\tby mx.office.test (Postroom)"
	    " with ESMTP id 1; x\r\nReceived: by a; x\r\n" BODY,
	    "sales@office.test " },
	{ "Delivered-To: ann@home.test\r\nReceived: by mx.home.test; x\r\n"
	    "List-Id: <team.office.test>\r\nPrecedence: list\r\n"
	    "DKIM-Signature: v=1; d=office.test\r\n"
	    "Received: by mx.office.test (Postroom) id 1; x\r\n"
	    "Delivered-To: bob@office.test\r\nReceived: by a; x\r\n" BODY,
	    "team.office.test " },
};

START_TEST(a_trace_is_ours_only_above_our_own_line)
{
	static struct expand_asked room[EXPAND_ASKED];
	TEXT_AUTO traces = TEXT_INIT(1024);
	struct expand_ask ask;

	submit(stranger, headers[_i].letter);
	ck_assert_uint_eq(stage_count(&stage, STAGE_EXPAND), 1);
	ck_assert_int_eq(expand_ask_unpack(text_slice(&stage.ask), room, &ask),
	    0);
	for (size_t i = 0; i < ask.trace_count; i++)
		text_addf(&traces, "%.*s ", SLICE_FMT(ask.traces[i]));
	ck_assert(slice_is_str(text_slice(&traces), headers[_i].traces));
}
END_TEST

/* Who gets it: answer what was asked last. */
static void
expand(const struct expanded *list, size_t count)
{
	TEXT_AUTO answer = TEXT_INIT(EXPAND_BYTES);

	for (size_t i = 0; i < count; i++)
		expanded_pack(&answer, &list[i]);
	ck_assert(!text_failed(&answer));
	conductor_expanded(stage.conductor, stage_call(&stage, STAGE_EXPAND,
	    stage_count(&stage, STAGE_EXPAND) - 1)->ticket, 0,
	    text_slice(&answer));
}

/* It is judged, and whoever brought it has had that code. */
static void
judge(enum verdict_action action)
{
	stage_judge(&stage, stage_count(&stage, STAGE_JUDGE) - 1, action);
	stage_wait(&stage, STAGE_ANSWER, 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
	for (unsigned i = 0; stage.conductor->leaving > 0 && i < 4000; i++)
		stage_run(&stage, 1);
	conductor_relay_up(stage.conductor, true);
}

static const struct expanded outside = { .address = SLICE("yan@far.test"),
    .by = RECIPIENT_VIA | RECIPIENT_SENT_ON, .via = SLICE("sales@office.test"),
    .sender = SLICE("SRS0=x=y=far.test=zoe@office.test") };
static const struct expanded inside = { .address = SLICE("ben@office.test"),
    .account = STAGE_BEN, .by = RECIPIENT_VIA,
    .via = SLICE("sales@office.test") };

/* What was asked of notices for the one that leaves. */
static int
on_row(void *arg, const struct rows_outbound *row)
{
	*(uint8_t *)arg = row->notify;
	return 0;
}

/* RFC 3461 5.2.7: each of them would answer, to somebody we do not know. */
START_TEST(a_stranger_is_told_of_no_address_behind_ours)
{
	struct envelope env = stranger;
	uint8_t notify = 0;

	env.sender_account = _i == 0 ? 0 : STAGE_ANN;
	submit(env, BODY);
	expand(&outside, 1);
	judge(VERDICT_ACCEPT);
	ck_assert_int_eq(rows_outbound_of(stage.conductor->rows,
	    &stage_call(&stage, STAGE_JUDGE, 0)->id, on_row, &notify), 0);
	ck_assert_uint_eq(notify, _i == 0 ? NOTIFY_FAILURE :
	    NOTIFY_FAILURE | NOTIFY_SUCCESS);
	stage_wait(&stage, STAGE_RELAY, 1);
	ck_assert_uint_eq(strlen(stage_call(&stage, STAGE_RELAY, 0)->orcpt),
	    _i == 0 ? 0 : strlen("rfc822;Sales@office.test"));
}
END_TEST

/* Try 0 has come to that. */
static void
relay_says(unsigned code)
{
	struct relay_reply reply = { .code = (uint16_t)code,
	    .outcome = code == 250 ? RELAY_DONE : RELAY_FAILED,
	    .status = slice_str(code == 250 ? "2.1.5" : "5.1.1"),
	    .words = SLICE("<yan@far.test> so it is") };
	struct relay_result result = { .number = STAGE_RELAY,
	    .was_reached = true, .host = SLICE("mx.far.test"),
	    .replies = &reply, .count = 1 };
	TEXT_AUTO packed = TEXT_INIT(RELAY_RESULT_BYTES);

	stage_wait(&stage, STAGE_RELAY, 1);
	relay_result_pack(&packed, &result);
	conductor_relayed(stage.conductor, stage_call(&stage, STAGE_RELAY,
	    0)->ticket, 0, text_slice(&packed));
	ck_assert_int_eq(out_sync(stage.conductor->outbound), 0);
}

/* The account that is asked for is told; its notice is the delivery `n`. */
static void
notice(uint64_t account, size_t n)
{
	const struct conductor_person known = { .account = account,
	    .address = SLICE("who@office.test"), .language = SLICE("en") };

	clock_set(1000000 + FATE_WAIT_MS, INT64_C(1763763420000) +
	    FATE_WAIT_MS);
	fate_look(stage.conductor);
	stage_wait(&stage, STAGE_PERSON, 1);
	conductor_person(stage.conductor, stage_call(&stage, STAGE_PERSON,
	    0)->ticket, 0, &known);
	conductor_account_up(stage.conductor, account);
	stage_wait(&stage, STAGE_DELIVER, n + 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, n)->account,
	    account);
}

static const struct {
	bool		 is_ann;	/* or a stranger */
	unsigned	 code;
	const char	*action;
	const char	*named, *hidden;	/* hidden: or NULL */
} notices[] = {
	{ true, 550, "failed\r\nStatus: 5.1.1\r\n", "sales@office.test",
	    "yan@far.test" },
	{ true, 250, "relayed\r\nStatus: 2.1.5\r\n", "sales@office.test",
	    "yan@far.test" },
	{ false, 550, "failed\r\nStatus: 5.1.1\r\n", "yan@far.test", NULL },
};

START_TEST(a_notice_names_what_was_written_to)
{
	TEXT_AUTO final = TEXT_INIT(256);
	struct envelope env = stranger;

	if (notices[_i].is_ann) {
		env.sender = slice_str("ann@office.test");
		env.sender_account = STAGE_ANN;
	}
	submit(env, BODY);
	expand(&outside, 1);
	judge(VERDICT_ACCEPT);
	relay_says(notices[_i].code);
	notice(notices[_i].is_ann ? STAGE_ANN : STAGE_BEN, 0);
	text_addf(&final, "Final-Recipient: rfc822; %s\r\nAction: %s",
	    notices[_i].named, notices[_i].action);
	text_add_byte(&final, '\0');
	ck_assert_msg(strstr(stage.last, final.at) != NULL, "no \"%s\" in\n%s",
	    final.at, stage.last);
	if (notices[_i].hidden != NULL)
		ck_assert_msg(strstr(stage.last, notices[_i].hidden) == NULL,
		    "%s", stage.last);
}
END_TEST

/* The same of who has it here. */
START_TEST(a_receipt_names_what_was_written_to)
{
	struct envelope env = { .sender = SLICE("ann@office.test"),
	    .sender_account = STAGE_ANN };

	submit(env, BODY);
	expand(&inside, 1);
	judge(VERDICT_ACCEPT);
	conductor_account_up(stage.conductor, STAGE_BEN);
	stage_wait(&stage, STAGE_DELIVER, 1);
	stage_deliver(&stage, 0, 0);
	notice(STAGE_ANN, 1);
	ck_assert_ptr_nonnull(strstr(stage.last,
	    "Final-Recipient: rfc822; sales@office.test\r\n"
	    "Action: delivered\r\n"));
	ck_assert_ptr_null(strstr(stage.last, "ben@office.test"));
}
END_TEST

static const struct expanded forward = { .address = SLICE("ben@home.test"),
    .by = RECIPIENT_VIA | RECIPIENT_SENT_ON, .via = SLICE("ben@office.test"),
    .on_behalf = STAGE_BEN };
static const struct expanded rewritten = { .address = SLICE("ben@home.test"),
    .by = RECIPIENT_VIA | RECIPIENT_SENT_ON, .via = SLICE("ben@office.test"),
    .sender = SLICE("SRS0=x=y=far.test=zoe@office.test"),
    .on_behalf = STAGE_BEN };
static const struct expanded by_list = { .address = SLICE("yan@far.test"),
    .by = RECIPIENT_VIA | RECIPIENT_BY_LIST | RECIPIENT_SENT_ON,
    .via = SLICE("team@office.test"),
    .sender = SLICE("team-bounces@office.test") };

static const struct envelope anns = { .sender = SLICE("ann@office.test"),
    .sender_account = STAGE_ANN };

/* RFC 5321 3.9.2: not who wrote to it; and without an owner the postmaster. */
START_TEST(of_a_lists_copies_its_owner_hears)
{
	static const char *const parts[] = { "yan@far.test",
	    "Action: failed\r\n", "to the list ",
	    "which you look after", "ann@office.test", NULL };
	const struct conductor_person nobody = { .account = 0 };
	struct stage_call *call;

	submit(_i == 0 ? stranger : anns, BODY);
	expand(&by_list, 1);
	judge(VERDICT_ACCEPT);
	relay_says(550);
	if (_i < 2) {
		notice(STAGE_BEN, 0);
	} else {
		clock_set(1000000 + FATE_WAIT_MS, INT64_C(1763763420000) +
		    FATE_WAIT_MS);
		fate_look(stage.conductor);
		conductor_person(stage.conductor, stage_call(&stage,
		    STAGE_PERSON, 0)->ticket, 0, &nobody);
		call = stage_call(&stage, STAGE_PERSON, 1);
		ck_assert_str_eq(call->words, "");
		ck_assert_uint_eq(call->account, 0);
		return;
	}
	call = stage_call(&stage, STAGE_PERSON, 0);
	ck_assert_uint_eq(call->account, 0);
	ck_assert_str_eq(call->words, "team-bounces@office.test");
	for (size_t i = 0; parts[i + (_i == 0)] != NULL; i++)
		ck_assert_msg(strstr(stage.last, parts[i]) != NULL,
		    "no \"%s\" in\n%s", parts[i], stage.last);
	/* it is not theirs */
	ck_assert_ptr_null(strstr(stage.last, "It leaks"));
	/* and ann, that the list had it: she has asked for that */
	stage_wait(&stage, STAGE_PERSON, 1 + (_i == 1));
	ck_assert_uint_eq(stage_count(&stage, STAGE_PERSON), 1 + (_i == 1));
}
END_TEST

/* Of the same message the list's copies and the others are told apart. */
START_TEST(who_wrote_hears_of_the_others)
{
	struct relay_reply reply = { .code = 550, .outcome = RELAY_FAILED,
	    .words = SLICE("no") };
	struct relay_result result = { .number = STAGE_RELAY,
	    .was_reached = true, .host = SLICE("mx.far.test"),
	    .replies = &reply, .count = 1 };
	struct expanded list = by_list;
	bool has_owner = false, has_ann = false;

	list.address = slice_str("zed@far.test");
	submit(anns, BODY);
	expand((struct expanded[]){ list, outside }, 2);
	judge(VERDICT_ACCEPT);
	for (size_t i = 0; i < 2; i++) {
		TEXT_AUTO packed = TEXT_INIT(RELAY_RESULT_BYTES);

		stage_wait(&stage, STAGE_RELAY, i + 1);
		ck_assert_uint_eq(stage_call(&stage, STAGE_RELAY, i)->upto, 1);
		relay_result_pack(&packed, &result);
		conductor_relayed(stage.conductor, stage_call(&stage,
		    STAGE_RELAY, i)->ticket, 0, text_slice(&packed));
	}
	for (size_t i = 0; i < 2; i++) {
		struct conductor_person known = { .address =
		    SLICE("who@office.test"), .language = SLICE("en") };
		struct stage_call *call;

		clock_set(1000000 + 3 * (i + 1) * FATE_WAIT_MS,
		    INT64_C(1763763420000) + 3000 * ((int64_t)i + 1));
		fate_look(stage.conductor);
		stage_wait(&stage, STAGE_PERSON, i + 1);
		call = stage_call(&stage, STAGE_PERSON, i);
		has_ann = has_ann || call->account == STAGE_ANN;
		has_owner = has_owner || strcmp(call->words,
		    "team-bounces@office.test") == 0;
		known.account = call->account != 0 ? call->account :
		    STAGE_BEN;
		conductor_person(stage.conductor, call->ticket, 0, &known);
		conductor_account_up(stage.conductor, known.account);
		stage_wait(&stage, STAGE_DELIVER, i + 1);
		ck_assert_int_eq(strstr(stage.last, "zed@far.test") != NULL,
		    call->account == 0);
	}
	ck_assert(has_ann && has_owner);
}
END_TEST

static int
no_notify(void *arg, const struct rows_outbound *row)
{
	(void)arg;
	ck_assert_uint_eq(row->notify, 0);
	return 0;
}

/* RFC 3461 5.2.7: it was delivered to that, whoever is on it. */
START_TEST(a_list_says_once_that_it_has_it)
{
	struct expanded here = inside, there = by_list;
	struct expanded two[2] = { by_list, by_list };

	here.by |= RECIPIENT_BY_LIST;
	here.via = by_list.via;
	there.address = slice_str("zed@far.test");
	two[1] = _i == 0 ? there : here;
	submit(anns, BODY);
	expand(two, 2);
	judge(VERDICT_ACCEPT);
	if (_i == 1) {
		conductor_account_up(stage.conductor, STAGE_BEN);
		stage_wait(&stage, STAGE_DELIVER, 1);
		stage_deliver(&stage, 0, 0);
	}
	notice(STAGE_ANN, _i == 1);
	ck_assert_msg(strstr(stage.last,
	    "Original-Recipient: rfc822;Sales@office.test\r\n"
	    "Final-Recipient: rfc822; team@office.test\r\n"
	    "Action: delivered\r\n") != NULL, "%s", stage.last);
	ck_assert_ptr_nonnull(strstr(stage.last, "has reached this list"));
	ck_assert_ptr_null(strstr(stage.last, "far.test"));
	ck_assert_ptr_null(strstr(stage.last, "ben@"));
	/* no host is asked to say more, to nobody */
	stage_wait(&stage, STAGE_RELAY, 1);
	ck_assert_str_eq(stage_call(&stage, STAGE_RELAY, 0)->orcpt, "");
	ck_assert_int_eq(rows_outbound_of(stage.conductor->rows,
	    &stage_call(&stage, STAGE_JUDGE, 0)->id, no_notify, NULL), 0);
	clock_set(1000000 + 10 * FATE_WAIT_MS, INT64_C(1763763420000) +
	    10 * FATE_WAIT_MS);
	fate_look(stage.conductor);
	ck_assert_uint_eq(stage_count(&stage, STAGE_PERSON), 1);
}
END_TEST

enum goes { LEAVES, STAYS, IS_HELD };

/* What is asked of whom may leave in our name, and of spam. */
static const struct {
	const char		*sender, *author;
	bool			 is_shown, is_junk;
	const struct expanded	*to;
	enum goes		 goes;
	uint64_t		 account;	/* who has logged in */
	enum envelope_trust	 trust;
} judgements[] = {
	{ .sender = "zoe@far.test", .author = "zoe@far.test",
	    .to = &rewritten, .goes = LEAVES },
	{ .sender = "zoe@far.test", .author = "zoe@far.test", .is_junk = true,
	    .is_shown = true, .to = &rewritten, .goes = STAYS },
	{ .sender = "zoe@far.test", .author = "zoe@far.test", .is_junk = true,
	    .is_shown = true, .to = &outside, .goes = IS_HELD },
	{ .sender = "ann@office.test", .author = "ann@office.test",
	    .to = &forward, .goes = STAYS },
	{ .sender = "ann@office.test", .author = "ann@office.test",
	    .is_shown = true, .to = &forward, .goes = LEAVES },
	{ .sender = "ann@office.test", .author = "eve@evil.test",
	    .is_shown = true, .to = &forward, .goes = STAYS },
	{ .sender = "zoe@far.test", .author = "ann@Office.test",
	    .to = &rewritten, .goes = STAYS },
	{ .sender = "zoe@far.test", .author = "ann@office.test",
	    .to = &by_list, .goes = IS_HELD },
	{ .sender = "zoe@far.test", .author = "zoe@far.test",
	    .to = &by_list, .goes = LEAVES },
	{ .sender = "", .author = "mailer-daemon@far.test", .to = &forward,
	    .goes = LEAVES },
	{ .sender = "ann@office.test", .author = "ann@office.test",
	    .to = &forward, .goes = LEAVES, .account = STAGE_ANN },
	{ .sender = "ann@office.test", .author = "ann@office.test",
	    .to = &forward, .goes = LEAVES, .trust = TRUST_NETWORK },
};

/* Ben is here, too; and nothing of it is lost without a word. */
START_TEST(what_is_not_sent_on_is_here_or_held)
{
	struct expanded all[2] = { inside, *judgements[_i].to };
	struct envelope env = { .sender = slice_str(judgements[_i].sender),
	    .sender_account = judgements[_i].account,
	    .trust = judgements[_i].trust };
	size_t leaving = judgements[_i].goes == LEAVES ? 1 : 0;
	size_t here = judgements[_i].goes == IS_HELD ? 0 : 1;

	stage.author = judgements[_i].author;
	stage.author_is_shown = judgements[_i].is_shown;
	stage.is_junk = judgements[_i].is_junk;
	submit(env, BODY);
	expand(all, 2);
	judge(VERDICT_ACCEPT);
	conductor_account_up(stage.conductor, STAGE_BEN);
	stage_run(&stage, 20);
	ck_assert_uint_eq(stage_count(&stage, STAGE_RELAY), leaving);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), here);
	ck_assert_uint_eq(stage_files(&stage, "kept"), 1 - here);
}
END_TEST

/* He alone has it sent on: it is his. */
START_TEST(who_has_it_sent_on_has_it_instead)
{
	struct envelope env = { .sender = SLICE("ann@office.test") };

	submit(env, BODY);
	expand(&forward, 1);
	judge(VERDICT_ACCEPT);
	conductor_account_up(stage.conductor, STAGE_BEN);
	stage_wait(&stage, STAGE_DELIVER, 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, 0)->account,
	    STAGE_BEN);
	ck_assert_uint_eq(stage_count(&stage, STAGE_RELAY), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("expanding");
	TCase *tcase = tcase_create("expanding");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_trace_is_ours_only_above_our_own_line, 0,
	    (int)(sizeof(headers) / sizeof(*headers)));
	tcase_add_loop_test(tcase,
	    a_stranger_is_told_of_no_address_behind_ours, 0, 2);
	tcase_add_loop_test(tcase, a_notice_names_what_was_written_to, 0,
	    (int)(sizeof(notices) / sizeof(*notices)));
	tcase_add_test(tcase, a_receipt_names_what_was_written_to);
	tcase_add_loop_test(tcase, of_a_lists_copies_its_owner_hears, 0, 3);
	tcase_add_test(tcase, who_wrote_hears_of_the_others);
	tcase_add_loop_test(tcase, a_list_says_once_that_it_has_it, 0, 2);
	tcase_add_loop_test(tcase, what_is_not_sent_on_is_here_or_held, 0,
	    (int)(sizeof(judgements) / sizeof(*judgements)));
	tcase_add_test(tcase, who_has_it_sent_on_has_it_instead);
	suite_add_tcase(suite, tcase);
	return suite;
}
