/*
 * arrive_test.c - 250 is said for what is durable, and for nothing else
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/base/memfd.h"
#include "store/account.h"
#include "tests/unit/queue/stage.h"

static struct stage stage;
static int syncs_to_fail;	/* of records, from the next on */
static bool synced;		/* a record, since set_up() */

static int
sync_data(int fd)
{
	if (syncs_to_fail > 0) {
		syncs_to_fail--;
		errno = EIO;
		return -1;
	}
	synced = true;
	return fdatasync(fd);
}

static const struct journal_io failing = { pwritev, sync_data, fsync };

static void
set_up(void)
{
	syncs_to_fail = 0;
	synced = false;
	stage_new(&stage);
	stage.options.journal_io = &failing;
	stage_open(&stage);
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

static uint64_t
records(void)
{
	struct journal_figures figures;

	journal_figures(stage.conductor->journal, &figures);
	return figures.records;
}

START_TEST(received_is_said_after_the_record_is_durable)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 1);
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	ck_assert_uint_eq(stage_count(&stage, STAGE_ANSWER), 0);
	ck_assert(!synced);
	stage_wait(&stage, STAGE_ANSWER, 1);
	ck_assert(synced);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->serial, 1);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(an_empty_message_is_received_and_delivered)
{
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 0, false), 0);
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_DELIVER, 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, 0)->bytes, 0);
}
END_TEST

START_TEST(a_refused_message_costs_no_record)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	stage_judge(&stage, 0, VERDICT_REFUSE);
	stage_run(&stage, 20);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 554);
	ck_assert_str_eq(stage_call(&stage, STAGE_ANSWER, 0)->words,
	    "5.7.1 not wanted here");
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_WANT), 0);
	ck_assert_uint_eq(stage.conductor->count_refused, 1);
}
END_TEST

START_TEST(a_deferred_message_is_put_off_in_the_words_of_its_judge)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	stage_judge(&stage, 0, VERDICT_DEFER);
	stage_run(&stage, 20);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 451);
	ck_assert_str_eq(stage_call(&stage, STAGE_ANSWER, 0)->words,
	    "4.7.1 come back in five minutes");
	ck_assert_uint_eq(records(), 0);
}
END_TEST

/* The judge that was asked, as the n-th, is gone. */
static void
lose_judge(size_t n)
{
	conductor_judged(stage.conductor, stage_call(&stage, STAGE_JUDGE,
	    n)->ticket, -ECONNRESET, slice_of(NULL, 0));
}

START_TEST(when_a_judge_dies_another_one_is_asked_at_once)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	lose_judge(0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 2);
	ck_assert_uint_eq(stage_count(&stage, STAGE_ANSWER), 0);
	stage_judge(&stage, 1, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
}
END_TEST

START_TEST(when_the_only_judge_dies_the_next_one_is_asked)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	stage.judge_fault = -ENOTCONN;
	lose_judge(0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 1);
	ck_assert_uint_eq(stage_count(&stage, STAGE_ANSWER), 0);
	stage.judge_fault = 0;
	conductor_judge_up(stage.conductor);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 2);
	stage_judge(&stage, 1, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
}
END_TEST

START_TEST(a_message_that_ends_two_judges_is_put_off)
{
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	lose_judge(0);
	lose_judge(1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 451);
	conductor_judge_up(stage.conductor);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 2);
	ck_assert_uint_eq(records(), 0);
}
END_TEST

START_TEST(a_judge_that_talks_nonsense_is_asked_once_more_at_once)
{
	struct slice nonsense = SLICE("no verdict");

	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	conductor_judged(stage.conductor, stage_call(&stage, STAGE_JUDGE, 0)->ticket,
	    0, nonsense);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 2);
	conductor_judged(stage.conductor, stage_call(&stage, STAGE_JUDGE, 1)->ticket,
	    0, nonsense);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 2);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 451);
}
END_TEST

START_TEST(a_message_waits_for_the_first_judge_to_come)
{
	stage.judge_fault = -ENOTCONN;
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_ANSWER), 0);
	stage.judge_fault = 0;
	conductor_judge_up(stage.conductor);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 1);
}
END_TEST

START_TEST(a_judge_that_cannot_be_asked_puts_the_message_off)
{
	stage.judge_fault = -ENOBUFS;
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 451);
	ck_assert(TAILQ_EMPTY(&stage.conductor->arriving));
}
END_TEST

START_TEST(a_record_that_was_abandoned_is_put_off_and_not_delivered)
{
	conductor_account_up(stage.conductor, STAGE_ANN);
	syncs_to_fail = 1;
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 451);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	stage_restart(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
	stage_run(&stage, 20);
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 0);
	ck_assert_uint_eq(stage.conductor->moving, 0);
}
END_TEST

START_TEST(nobody_may_say_what_became_of_a_record)
{
	syncs_to_fail = 100;
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_WANT), 0);
}
END_TEST

/* The record may stand after all: replay must find the bytes then. */
START_TEST(a_big_file_stays_when_nobody_knows_whether_its_record_does)
{
	syncs_to_fail = 100;
	ck_assert_int_eq(stage_submit_big(&stage, &stage, BIG_BYTES + 1,
	    BIG_BYTES + 1, false), 0);
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 0);
	ck_assert_uint_eq(stage_files(&stage, "big"), 1);
}
END_TEST

START_TEST(an_asker_who_is_gone_is_not_answered_but_his_message_is_received)
{
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	conductor_asker_lost(stage.conductor, &stage);
	stage_wait(&stage, STAGE_DELIVER, 1);
	ck_assert_uint_eq(stage_count(&stage, STAGE_ANSWER), 0);
	ck_assert_uint_eq(stage.conductor->count_received, 1);
}
END_TEST

START_TEST(another_asker_who_is_gone_changes_nothing)
{
	int other;

	ck_assert_int_eq(stage_submit(&stage, &stage, 'm', 100, false), 0);
	conductor_asker_lost(stage.conductor, &other);
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
}
END_TEST

/* Big files */

START_TEST(a_big_file_is_received_and_delivered_by_its_name)
{
	conductor_account_up(stage.conductor, STAGE_ANN);
	ck_assert_int_eq(stage_submit_big(&stage, &stage, BIG_BYTES + 1,
	    BIG_BYTES + 1, false), 0);
	stage_judge(&stage, 0, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_DELIVER, 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
	ck_assert_uint_eq(stage_call(&stage, STAGE_DELIVER, 0)->bytes,
	    BIG_BYTES + 1);
	ck_assert_uint_eq(stage_files(&stage, "big"), 1);
}
END_TEST

START_TEST(a_pipe_that_was_cut_is_put_off_and_leaves_no_file)
{
	ck_assert_int_eq(stage_submit_big(&stage, &stage, BIG_BYTES + 1,
	    BIG_BYTES + 2, false), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 0);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 451);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
}
END_TEST

START_TEST(a_refused_big_file_is_removed)
{
	ck_assert_int_eq(stage_submit_big(&stage, &stage, BIG_BYTES + 1,
	    BIG_BYTES + 1, false), 0);
	ck_assert_uint_eq(stage_files(&stage, "big"), 1);
	stage_judge(&stage, 0, VERDICT_REFUSE);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
}
END_TEST

START_TEST(a_big_file_belongs_to_the_door_that_began_it)
{
	struct asker other = { .from = &syncs_to_fail, .serial = 1 };
	uint64_t ticket;

	ck_assert_int_eq(conductor_big_begin(stage.conductor, &stage, &ticket),
	    0);
	conductor_big_end(stage.conductor, ticket);
	ck_assert_int_eq(conductor_submit(stage.conductor, &other, 0,
	    slice_of("x", 1), -1, ticket), -EBADMSG);
	conductor_big_abandon(stage.conductor, other.from, ticket);
	ck_assert_uint_eq(stage_files(&stage, "big"), 1);
	conductor_asker_lost(stage.conductor, &stage);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
}
END_TEST

START_TEST(a_broken_envelope_is_a_breach_and_leaves_no_file)
{
	struct asker asker = { .from = &stage, .serial = 1 };
	uint64_t ticket;

	ck_assert_int_eq(conductor_big_begin(stage.conductor, &stage, &ticket),
	    0);
	conductor_big_end(stage.conductor, ticket);
	ck_assert_int_eq(conductor_submit(stage.conductor, &asker, 0,
	    slice_of("x", 1), -1, ticket), -EBADMSG);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_ANSWER), 0);
}
END_TEST

/* Submit a message of that source as that asker. */
static int
submit_as(bool is_own, enum envelope_source source)
{
	const struct asker asker = { .from = &stage, .serial = 1,
	    .is_own = is_own };
	struct recipient rcpt = { .address = SLICE("ann@office.test"),
	    .account = STAGE_ANN };
	const struct envelope env = { .source = source, .bytes = 8,
	    .recipients = &rcpt, .recipient_count = 1 };
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	int fd = memfd_of("message", slice_str("A: b\r\n\r\n"));

	ck_assert_int_ge(fd, 0);
	envelope_pack(&packed, &env);
	return conductor_submit(stage.conductor, &asker, 0,
	    text_slice(&packed), fd, 0);
}

/* A door or a collector says nothing in the name of the hub. */
START_TEST(what_the_hub_has_made_comes_from_nobody_else)
{
	ck_assert_int_eq(submit_as(false, SOURCE_OWN), -EBADMSG);
	ck_assert_int_eq(submit_as(true, SOURCE_SMTP), -EBADMSG);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 0);
	ck_assert_int_eq(submit_as(true, SOURCE_OWN), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 1);
}
END_TEST

/* Of the relay, who talks with strangers: what it may be, and what not. */
static const struct {
	const char		*reports_from;
	struct envelope		 env;
	size_t			 count;
	struct recipient	 rcpt;
	bool			 is_fit;
} reports[] = {
#define REPORTER	.source = SOURCE_OWN, .sender = SLICE("tls@office.test")
#define TO_ZOE		.address = SLICE("zoe@far.test"), .notify = NOTIFY_NEVER
	{ "tls@office.test", { REPORTER }, 1, { TO_ZOE }, true },
	/* nobody is told of anything */
	{ "", { REPORTER }, 1, { TO_ZOE }, false },
	{ "", { .source = SOURCE_OWN }, 1, { TO_ZOE }, false },
	/* in the name of somebody else, or of nobody */
	{ "rpt@office.test", { REPORTER }, 1, { TO_ZOE }, false },
	{ "tls@office.test", { .source = SOURCE_OWN }, 1, { TO_ZOE }, false },
	{ "tls@office.test", { REPORTER, .login = SLICE("ann"),
	    .sender_account = STAGE_ANN }, 1, { TO_ZOE }, false },
	{ "tls@office.test", { .source = SOURCE_SMTP,
	    .sender = SLICE("tls@office.test"), .login = SLICE("ann"),
	    .sender_account = STAGE_ANN }, 1, { TO_ZOE }, false },
	/* into a mailbox, to many, or so that somebody hears of its fate */
	{ "tls@office.test", { REPORTER }, 1, { .account = STAGE_ANN,
	    .address = SLICE("ann@office.test"), .notify = NOTIFY_NEVER },
	    false },
	{ "tls@office.test", { REPORTER }, 2, { TO_ZOE }, false },
	{ "tls@office.test", { REPORTER }, 1,
	    { .address = SLICE("zoe@far.test") }, false },
};

START_TEST(a_relay_brings_reports_and_nothing_else)
{
	const struct asker asker = { .from = &stage, .serial = 1,
	    .is_own = true, .reports_from = reports[_i].reports_from };
	struct recipient rcpt[2] = { reports[_i].rcpt, reports[_i].rcpt };
	struct envelope env = reports[_i].env;
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	int fd = memfd_of("message", slice_str("A: b\r\n\r\n"));

	ck_assert_int_ge(fd, 0);
	env.bytes = 8;
	env.recipients = rcpt;
	env.recipient_count = reports[_i].count;
	envelope_pack(&packed, &env);
	ck_assert_int_eq(conductor_submit(stage.conductor, &asker, 0,
	    text_slice(&packed), fd, 0), reports[_i].is_fit ? 0 : -EBADMSG);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE),
	    reports[_i].is_fit ? 1 : 0);
}
END_TEST

/* Of which source, from whom, and whether it is let in at all. */
static const struct {
	bool			is_own;
	struct envelope		env;
} strangers[] = {
	{ false, { .source = SOURCE_SMTP } },
	{ false, { .source = SOURCE_SMTP, .login = SLICE("ann") } },
	{ false, { .source = SOURCE_SMTP, .sender_account = STAGE_ANN } },
	{ false, { .source = SOURCE_LMTP, .login = SLICE("ann"),
	    .sender_account = STAGE_ANN } },
	{ false, { .source = SOURCE_UPSTREAM, .login = SLICE("ann"),
	    .sender_account = STAGE_ANN } },
	{ false, { .source = SOURCE_OWN } },
	{ true, { .source = SOURCE_SMTP } },
};

/* HARDENING A11: whatever a door has let pass, no stranger's mail leaves. */
START_TEST(no_strangers_mail_leaves_for_another_host)
{
	const struct asker asker = { .from = &stage, .serial = 1,
	    .is_own = strangers[_i].is_own };
	struct recipient rcpt[2] = {
		{ .address = SLICE("ann@office.test"), .account = STAGE_ANN },
		{ .address = SLICE("zoe@far.test") },
	};
	struct envelope env = strangers[_i].env;
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	int fd = memfd_of("message", slice_str("A: b\r\n\r\n"));

	ck_assert_int_ge(fd, 0);
	env.bytes = 8;
	env.recipients = rcpt;
	env.recipient_count = 2;
	envelope_pack(&packed, &env);
	ck_assert_int_eq(conductor_submit(stage.conductor, &asker, 0,
	    text_slice(&packed), fd, 0), -EBADMSG);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_ANSWER), 0);
}
END_TEST

/* A row could not hold it, and the record would wait for that for ever. */
START_TEST(what_no_row_can_hold_does_not_leave)
{
	static const struct {
		size_t	address, envid, orcpt, sender;
		int	r;
	} longs[] = {
		{ 320, 100, 500, 320, 0 },
		{ 321, 100, 500, 320, -EBADMSG },
		{ 320, 101, 500, 320, -EBADMSG },
		{ 320, 100, 501, 320, -EBADMSG },
		{ 320, 100, 500, 321, -EBADMSG },
	};
	const struct asker asker = { .from = &stage, .serial = 1 };
	char a[600];

	memset(a, 'a', sizeof(a));
	for (size_t i = 0; i < sizeof(longs) / sizeof(longs[0]); i++) {
		struct recipient rcpt = {
			.address = slice_of(a, longs[i].address),
			.orcpt = slice_of(a, longs[i].orcpt) };
		struct envelope env = { .source = SOURCE_SMTP, .bytes = 8,
		    .login = SLICE("ann"), .sender_account = STAGE_ANN,
		    .sender = slice_of(a, longs[i].sender),
		    .envid = slice_of(a, longs[i].envid),
		    .recipients = &rcpt, .recipient_count = 1 };
		TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
		int fd = memfd_of("message", slice_str("A: b\r\n\r\n"));

		envelope_pack(&packed, &env);
		ck_assert_int_eq(conductor_submit(stage.conductor, &asker, 0,
		    text_slice(&packed), fd, 0), longs[i].r);
	}
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 1);
}
END_TEST

/* Room */

START_TEST(a_grant_is_refused_when_the_disk_is_short)
{
	struct asker asker = { .from = &stage, .serial = 5 };

	stage_close(&stage);
	stage.options.free_bytes = UINT64_C(1) << 60;
	stage_open(&stage);
	conductor_grant(stage.conductor, &asker, 1000);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 452);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->serial, 5);
	ck_assert_int_eq(strncmp(stage_call(&stage, STAGE_ANSWER, 0)->words,
	    "4.3.1 ", 6), 0);
}
END_TEST

START_TEST(the_status_says_why_nothing_is_admitted)
{
	struct queue_status status;

	conductor_status(stage.conductor, &status);
	ck_assert_uint_eq(status.bar, BAR_NONE);
	stage_close(&stage);
	stage.options.free_bytes = UINT64_C(1) << 60;
	stage_open(&stage);
	conductor_status(stage.conductor, &status);
	ck_assert_uint_eq(status.bar, BAR_DISK);
}
END_TEST

/* The rest is for SMTP, and for other people's collectors. */
START_TEST(one_collector_never_has_the_room_of_all)
{
	const uint64_t most = STAGE_MESSAGE_BYTES + 16 * 1024 * 1024;
	struct asker ann = { .from = &stage, .is_fetch = true,
	    .owner = STAGE_ANN };
	struct asker ben = { .from = &syncs_to_fail, .is_fetch = true,
	    .owner = STAGE_BEN };
	struct asker door = { .from = &door };

	conductor_grant(stage.conductor, &ann, STAGE_MESSAGE_BYTES);
	conductor_grant(stage.conductor, &ann, most - STAGE_MESSAGE_BYTES);
	conductor_grant(stage.conductor, &ann, 1);
	conductor_grant(stage.conductor, &ann, UINT64_MAX);
	conductor_grant(stage.conductor, &ben, most);
	conductor_grant(stage.conductor, &door, most);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 1)->code, 250);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 2)->code, 452);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 3)->code, 452);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 4)->code, 250);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 5)->code, 250);
	ck_assert_uint_eq(space_granted(stage.conductor->space), 3 * most);
	/* what it gives back it may have again */
	conductor_release(stage.conductor, &stage, 100);
	conductor_grant(stage.conductor, &ann, 101);
	conductor_grant(stage.conductor, &ann, 100);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 6)->code, 452);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 7)->code, 250);
}
END_TEST

START_TEST(room_for_several_is_given_for_all_or_none)
{
	struct asker door = { .from = &stage, .serial = 3 };

	stage_close(&stage);
	stage.options.transit_bytes = 6 * BIG_BYTES;
	stage_open(&stage);
	conductor_grants(stage.conductor, &door, 4);
	conductor_grants(stage.conductor, &door, 3);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 250);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 1)->code, 452);
	ck_assert_uint_eq(space_granted(stage.conductor->space),
	    4 * BIG_BYTES);
	conductor_grants(stage.conductor, &door, 2);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 2)->code, 250);
	conductor_release(stage.conductor, &stage, 6 * BIG_BYTES);
	ck_assert_uint_eq(space_granted(stage.conductor->space), 0);
}
END_TEST

START_TEST(the_grants_of_a_door_that_is_gone_are_given_back)
{
	struct asker one = { .from = &stage, .serial = 1 };
	struct asker two = { .from = &syncs_to_fail, .serial = 2 };

	conductor_grant(stage.conductor, &one, 1000);
	conductor_grant(stage.conductor, &one, 500);
	conductor_grant(stage.conductor, &two, 70);
	ck_assert_uint_eq(space_granted(stage.conductor->space), 1570);
	conductor_asker_lost(stage.conductor, &stage);
	ck_assert_uint_eq(space_granted(stage.conductor->space), 70);
	/* of an earlier life of this role: it is none of ours */
	conductor_release(stage.conductor, &stage, 5000);
	ck_assert_uint_eq(space_granted(stage.conductor->space), 70);
	conductor_release(stage.conductor, &syncs_to_fail, 70);
	ck_assert_uint_eq(space_granted(stage.conductor->space), 0);
}
END_TEST

START_TEST(a_grant_ends_with_the_answer)
{
		struct asker asker = { .from = &stage, .serial = 1 };

	conductor_grant(stage.conductor, &asker, 1000);
	ck_assert_int_eq(conductor_submit(stage.conductor, &asker, 600,
	    slice_of("x", 1), memfd_create("m", MFD_CLOEXEC), 0), -EBADMSG);
	ck_assert_uint_eq(space_granted(stage.conductor->space), 400);
}
END_TEST

START_TEST(a_big_file_that_grows_too_large_goes_at_once)
{
	char piece[4096] = { 0 };
	uint64_t ticket, bytes;

	ck_assert_int_eq(conductor_big_begin(stage.conductor, &stage, &ticket),
	    0);
	for (bytes = 0; bytes < STAGE_MESSAGE_BYTES; bytes += sizeof(piece))
		conductor_big_feed(stage.conductor, ticket,
		    slice_of(piece, sizeof(piece)));
	ck_assert_int_eq(incoming_find(stage.conductor, ticket)->fault, 0);
	ck_assert_uint_eq(stage_files(&stage, "big"), 1);
	conductor_big_feed(stage.conductor, ticket, slice_of(piece, 1));
	ck_assert_int_eq(incoming_find(stage.conductor, ticket)->fault,
	    -EFBIG);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
	conductor_big_feed(stage.conductor, ticket, slice_of(piece, 1));
	conductor_big_abandon(stage.conductor, &stage, ticket);
	/* and one that is submitted nonetheless is put off */
	ck_assert_int_eq(stage_submit_big(&stage, &stage,
	    STAGE_MESSAGE_BYTES + 1, STAGE_MESSAGE_BYTES + 1, false), 0);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 451);
	ck_assert_uint_eq(stage_files(&stage, "big"), 0);
}
END_TEST

START_TEST(a_door_has_no_more_than_64_big_files_at_a_time)
{
	uint64_t ticket = 0, other;

	for (unsigned i = 0; i < 64; i++)
		ck_assert_int_eq(conductor_big_begin(stage.conductor, &stage,
		    &ticket), 0);
	ck_assert_int_eq(conductor_big_begin(stage.conductor, &stage, &other),
	    -ENOSPC);
	ck_assert_int_eq(conductor_big_begin(stage.conductor, &ticket, &other),
	    0);
	conductor_big_abandon(stage.conductor, &stage, ticket);
	ck_assert_int_eq(conductor_big_begin(stage.conductor, &stage, &other),
	    0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("arrive");
	TCase *tcase = tcase_create("arrive");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, received_is_said_after_the_record_is_durable);
	tcase_add_test(tcase, an_empty_message_is_received_and_delivered);
	tcase_add_test(tcase, a_refused_message_costs_no_record);
	tcase_add_test(tcase,
	    a_deferred_message_is_put_off_in_the_words_of_its_judge);
	tcase_add_test(tcase, when_a_judge_dies_another_one_is_asked_at_once);
	tcase_add_test(tcase, when_the_only_judge_dies_the_next_one_is_asked);
	tcase_add_test(tcase, a_message_that_ends_two_judges_is_put_off);
	tcase_add_test(tcase,
	    a_judge_that_talks_nonsense_is_asked_once_more_at_once);
	tcase_add_test(tcase, a_message_waits_for_the_first_judge_to_come);
	tcase_add_test(tcase,
	    a_judge_that_cannot_be_asked_puts_the_message_off);
	tcase_add_test(tcase,
	    a_record_that_was_abandoned_is_put_off_and_not_delivered);
	tcase_add_test(tcase, nobody_may_say_what_became_of_a_record);
	tcase_add_test(tcase,
	    a_big_file_stays_when_nobody_knows_whether_its_record_does);
	tcase_add_test(tcase,
	    an_asker_who_is_gone_is_not_answered_but_his_message_is_received);
	tcase_add_test(tcase, another_asker_who_is_gone_changes_nothing);
	tcase_add_test(tcase,
	    a_big_file_is_received_and_delivered_by_its_name);
	tcase_add_test(tcase,
	    a_pipe_that_was_cut_is_put_off_and_leaves_no_file);
	tcase_add_test(tcase, a_refused_big_file_is_removed);
	tcase_add_test(tcase, a_big_file_belongs_to_the_door_that_began_it);
	tcase_add_test(tcase,
	    a_broken_envelope_is_a_breach_and_leaves_no_file);
	tcase_add_test(tcase, what_the_hub_has_made_comes_from_nobody_else);
	tcase_add_loop_test(tcase, a_relay_brings_reports_and_nothing_else, 0,
	    sizeof(reports) / sizeof(reports[0]));
	tcase_add_test(tcase, what_no_row_can_hold_does_not_leave);
	tcase_add_loop_test(tcase, no_strangers_mail_leaves_for_another_host, 0,
	    sizeof(strangers) / sizeof(*strangers));
	tcase_add_test(tcase, a_grant_is_refused_when_the_disk_is_short);
	tcase_add_test(tcase, the_status_says_why_nothing_is_admitted);
	tcase_add_test(tcase, one_collector_never_has_the_room_of_all);
	tcase_add_test(tcase,
	    the_grants_of_a_door_that_is_gone_are_given_back);
	tcase_add_test(tcase, a_grant_ends_with_the_answer);
	tcase_add_test(tcase, a_big_file_that_grows_too_large_goes_at_once);
	tcase_add_test(tcase, room_for_several_is_given_for_all_or_none);
	tcase_add_test(tcase,
	    a_door_has_no_more_than_64_big_files_at_a_time);
	suite_add_tcase(suite, tcase);
	return suite;
}
