/*
 * collected_test.c - collected mail on the conductor's road
 */
#include <errno.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mman.h>

#include "queue/check.h"
#include "queue/collected.h"
#include "queue/hold.h"
#include "tests/unit/queue/stage.h"

#define REMOTE	5		/* the fetch account */

static struct stage stage;
static struct listing_counts counts;
static bool may_delete;
static uint32_t first_uidl;
static uint8_t mended;		/* of what is submitted */
static uint64_t for_account;
static bool is_domain;		/* the account's mail is for many */
static const char *hold;	/* why a message of it waits for a person */

static void
set_up(void)
{
	first_uidl = 1;
	mended = 0;
	for_account = STAGE_ANN;
	is_domain = false;
	hold = "";
	clock_set(1000000, 1795000000000);
	stage_new(&stage);
	stage_open(&stage);
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

static struct ledger *
ledger(void)
{
	return conductor_ledger(stage.conductor);
}

static void
on_decided(void *from, uint64_t serial, int r,
    const struct listing_counts *found)
{
	ck_assert_ptr_eq(from, &stage);
	ck_assert_uint_eq(serial, 1);
	ck_assert_int_eq(r, 0);
	counts = *found;
}

/* Of so few rows it is made at once. */
static void
decide(void)
{
	const struct ledger_asked asked = { &stage, 1, on_decided };

	memset(&counts, 0xff, sizeof(counts));
	ck_assert_int_eq(ledger_decide(ledger(), &asked, REMOTE, 1000000), 0);
	ck_assert_uint_ne(counts.listed, UINT64_MAX);
}

/* A remote mailbox with messages of 100 bytes, UIDLs u1, u2, ... */
static void
list_days(uint32_t messages, int32_t days)
{
	const struct ledger_begin begin = { REMOTE, STAGE_ANN, true, days, false,
	    is_domain };
	TEXT_AUTO rows = TEXT_INIT(65536);
	struct unpack u;
	bool is_first;

	for (uint32_t n = 1; n <= messages; n++) {
		char uidl[16];

		(void)snprintf(uidl, sizeof(uidl), "u%u",
		    first_uidl + n - 1);
		pack_u32(&rows, n);
		pack_u64(&rows, 100);
		pack_slice(&rows, slice_str(uidl));
	}
	u = unpack_of(text_slice(&rows));
	if (ledger_begin(ledger(), &stage, &begin, &may_delete, &is_first) ==
	    -EINPROGRESS)
		ck_assert_int_eq(ledger_confirm(ledger(), &stage, REMOTE,
		    &may_delete, &is_first), 0);
	ck_assert_int_eq(ledger_rows(ledger(), &stage, REMOTE, messages, &u),
	    0);
	decide();
}

static void
list(uint32_t messages)
{
	list_days(messages, 0);
}

static void
end(void)
{
	ledger_end(ledger(), &stage, REMOTE);
}

/* TOP of that message failed. */
static void
not_looked(uint32_t number)
{
	TEXT_AUTO text = TEXT_INIT(64);
	static const char nothing[FETCHED_DIGEST_BYTES];
	struct unpack u;

	pack_u32(&text, number);
	pack_u8(&text, false);
	pack_bytes(&text, slice_of(nothing, sizeof(nothing)));
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(ledger_digests(ledger(), &stage, REMOTE, 1, &u), 0);
	decide();
}

static int
submit(uint32_t number, char fill, bool is_fetch, enum envelope_source source)
{
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct asker asker = { .from = &stage, .serial = ++stage.serial,
	    .is_fetch = is_fetch, .owner = STAGE_ANN };
	struct recipient rcpt = { .address = SLICE("ann@office.test"),
	    .account = for_account };
	struct envelope env = { .source = source, .bytes = 100,
	    .helo = SLICE("pop.far.test"), .peer = SLICE("192.0.2.9"),
	    .fetched = { .account = REMOTE, .listing = REMOTE,
	    .label = SLICE("home"), .number = number, .mended = mended, .by_envelope = is_domain,
	    .has_identity = is_domain,
	    .hold = slice_str(hold) },
	    .recipients = &rcpt, .recipient_count = 1 };
	int fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char bytes[100];

	memset(env.fetched.header_digest, fill, FETCHED_DIGEST_BYTES);
	memset(env.fetched.digest, fill, FETCHED_DIGEST_BYTES);
	memset(env.fetched.identity, fill, FETCHED_DIGEST_BYTES);
	memset(bytes, fill, sizeof(bytes));
	ck_assert_int_eq(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS,
	    F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK), 0);
	envelope_pack(&packed, &env);
	ck_assert(!text_failed(&packed));
	return conductor_submit(stage.conductor, &asker, 0,
	    text_slice(&packed), fd, 0);
}

/* From submission to its answer, judged so; returns that. */
static struct stage_call *
collect(uint32_t number, char fill, enum verdict_action action)
{
	size_t judged = stage_count(&stage, STAGE_JUDGE);
	size_t answered = stage_count(&stage, STAGE_ANSWER);

	ck_assert_int_eq(submit(number, fill, true, SOURCE_FETCH), 0);
	stage_judge(&stage, judged, action);
	stage_wait(&stage, STAGE_ANSWER, answered + 1);
	return stage_call(&stage, STAGE_ANSWER, answered);
}

START_TEST(what_was_stored_is_known_to_the_next_listing)
{
	list(2);
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
	end();
	list(2);
	ck_assert_uint_eq(counts.take, 1);
	ck_assert_uint_eq(counts.remove, 1);
}
END_TEST

START_TEST(what_a_judge_holds_is_kept_and_known)
{
	struct rows_counts rows;
	struct stage_call *answer;

	list(1);
	answer = collect(1, 'a', VERDICT_HOLD);
	ck_assert_uint_eq(answer->code, 250);
	ck_assert(answer->held);
	for (unsigned i = 0; i < 4000 && stage.conductor->keepings > 0; i++)
		stage_run(&stage, 1);
	ck_assert_int_eq(rows_counts(stage.conductor->rows, &rows), 0);
	ck_assert_uint_eq(rows.held, 1);
	ck_assert_uint_eq(stage.conductor->count_refused, 0);
	end();
	list(1);
	ck_assert_uint_eq(counts.take, 0);
}
END_TEST

START_TEST(what_a_judge_defers_may_be_taken_again)
{
	list(1);
	ck_assert_uint_eq(collect(1, 'a', VERDICT_DEFER)->code, 451);
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
}
END_TEST

START_TEST(a_source_that_is_not_the_channels_is_a_breach)
{
	list(1);
	ck_assert_int_eq(submit(1, 'a', true, SOURCE_SMTP), -EBADMSG);
	ck_assert_int_eq(submit(1, 'a', false, SOURCE_FETCH), -EBADMSG);
	ck_assert_int_eq(submit(9, 'a', true, SOURCE_FETCH), -EBADMSG);
	ck_assert_uint_eq(stage_count(&stage, STAGE_ANSWER), 0);
}
END_TEST

/* What was submitted has its room until it is received. */
START_TEST(what_a_collector_has_submitted_still_counts_as_its_room)
{
	struct asker asker = { .from = &stage, .is_fetch = true,
	    .owner = STAGE_ANN };
	struct transit *transit;

	list(1);
	ck_assert_int_eq(submit(1, 'a', true, SOURCE_FETCH), 0);
	transit = TAILQ_FIRST(&stage.conductor->arriving);
	ck_assert_ptr_nonnull(transit);
	transit->granted = 16 * 1024 * 1024 + 1;
	conductor_grant(stage.conductor, &asker, STAGE_MESSAGE_BYTES);
	conductor_grant(stage.conductor, &asker, STAGE_MESSAGE_BYTES - 1);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 452);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 1)->code, 250);
}
END_TEST

static int
on_hold_row(void *arg, const struct hold_row *row)
{
	(void)arg;
	ck_assert(!row->is_damaged);
	return 0;
}

static void
own_domain(void)
{
	const struct ledger_owned owned = { REMOTE, STAGE_ANN, true };

	is_domain = true;
	ck_assert_int_eq(ledger_own(ledger(), &owned), 0);
	list(2);
}

START_TEST(mail_of_a_domain_is_for_others_and_once_for_each)
{
	struct stage_call *answer;
	size_t judged;

	own_domain();
	for_account = STAGE_ANN + 1;
	answer = collect(1, 'a', VERDICT_ACCEPT);
	ck_assert_uint_eq(answer->code, 250);
	ck_assert(!answer->known);
	judged = stage_count(&stage, STAGE_JUDGE);
	ck_assert_int_eq(submit(2, 'a', true, SOURCE_FETCH), 0);
	answer = stage_call(&stage, STAGE_ANSWER, 1);
	ck_assert_uint_eq(answer->code, 250);
	ck_assert_ptr_nonnull(strstr(answer->words, "here already as "));
	ck_assert(answer->known);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), judged);
	end();
	list(2);
	ck_assert_uint_eq(counts.take + counts.look, 0);
}
END_TEST

/* Nothing of a copy that nobody needs is due before its days are over. */
START_TEST(copies_that_nobody_needs_are_entries_of_their_own)
{
	const struct ledger_owned owned = { REMOTE, STAGE_ANN, true };

	is_domain = true;
	ck_assert_int_eq(ledger_own(ledger(), &owned), 0);
	list_days(3, 7);
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
	ck_assert_int_eq(submit(2, 'a', true, SOURCE_FETCH), 0);
	ck_assert_int_eq(submit(3, 'a', true, SOURCE_FETCH), 0);
	end();
	list_days(3, 7);
	ck_assert_uint_eq(counts.take + counts.look, 0);
	ck_assert_uint_eq(counts.remove, 0);
}
END_TEST

START_TEST(mail_of_a_domain_that_nobody_was_found_for_is_held)
{
	struct stage_call *answer;

	own_domain();
	hold = "no header names anybody here";
	answer = collect(1, 'a', VERDICT_ACCEPT);
	ck_assert_uint_eq(answer->code, 250);
	ck_assert(answer->held);
}
END_TEST

static void
until_kept(void)
{
	for (unsigned i = 0; i < 4000 && stage.conductor->keepings > 0; i++)
		stage_run(&stage, 1);
}

/* One that a judge holds has reached nobody; after a start neither. */
START_TEST(a_copy_comes_though_a_judge_holds_another)
{
	struct message_id held;

	own_domain();
	ck_assert_uint_eq(collect(1, 'a', _i < 2 ? VERDICT_HOLD :
	    VERDICT_QUARANTINE)->code, 250);
	held = stage_call(&stage, STAGE_JUDGE, 0)->id;
	until_kept();
	if (_i == 1) {
		stage_restart(&stage);
		list(2);
	}
	ck_assert_ptr_null(strstr(collect(2, 'a', VERDICT_ACCEPT)->words,
	    "here already"));
	ck_assert_int_eq(conductor_hold_show(stage.conductor, &held,
	    on_hold_row, NULL, NULL), 0);
}
END_TEST

/* And once a person has let it go, a copy is one too many. */
START_TEST(a_copy_of_what_was_released_is_here_already)
{
	struct message_id held;

	own_domain();
	ck_assert_uint_eq(collect(1, 'a', VERDICT_HOLD)->code, 250);
	held = stage_call(&stage, STAGE_JUDGE, 0)->id;
	until_kept();
	ck_assert_int_eq(conductor_hold_release(stage.conductor, &held,
	    slice_str("postmaster"), 0, slice_of(NULL, 0)), 0);
	if (_i == 1) {
		stage_restart(&stage);
		list(2);
	}
	ck_assert_int_eq(submit(2, 'a', true, SOURCE_FETCH), 0);
	ck_assert_ptr_nonnull(strstr(stage_call(&stage, STAGE_ANSWER,
	    stage_count(&stage, STAGE_ANSWER) - 1)->words, "here already"));
}
END_TEST

/* Each copy is for ann, and a rule sends them all to ben. */
START_TEST(copies_that_a_rule_sends_elsewhere_arrive_there_once)
{
	own_domain();
	conductor_account_up(stage.conductor, STAGE_BEN);
	stage.redirect = "ben@office.test";
	for (uint32_t n = 1; n <= 2; n++) {
		ck_assert_int_eq(submit(n, 'a', true, SOURCE_FETCH), 0);
		stage_judge(&stage, n - 1, VERDICT_ACCEPT);
		stage_whose(&stage, n - 1, 0, STAGE_BEN);
		stage_wait(&stage, STAGE_ANSWER, n);
		ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER,
		    n - 1)->code, 250);
	}
	ck_assert_ptr_nonnull(strstr(stage_call(&stage, STAGE_ANSWER,
	    1)->words, "here already as "));
	ck_assert_uint_eq(stage_count(&stage, STAGE_DELIVER), 1);
	ck_assert(TAILQ_EMPTY(&stage.conductor->arriving));
	end();
	list(2);
	ck_assert_uint_eq(counts.take + counts.look, 0);
}
END_TEST

START_TEST(a_submission_without_its_listing_is_put_off)
{
	list(1);
	conductor_asker_lost(stage.conductor, &stage);
	ck_assert_int_eq(submit(1, 'a', true, SOURCE_FETCH), 0);
	ck_assert_uint_eq(stage_call(&stage, STAGE_ANSWER, 0)->code, 451);
}
END_TEST

/* F25: renumbered, and only the whole bytes can tell */
START_TEST(the_same_bytes_in_doubt_are_answered_and_not_delivered)
{
	struct stage_call *answer;
	size_t judged;

	list(1);
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
	end();
	/* the server gives all UIDLs anew, and TOP does not work there */
	first_uidl = 100;
	list(1);
	ck_assert_uint_eq(counts.look, 1);
	not_looked(1);
	judged = stage_count(&stage, STAGE_JUDGE);
	ck_assert_int_eq(submit(1, 'a', true, SOURCE_FETCH), 0);
	answer = stage_call(&stage, STAGE_ANSWER, 1);
	ck_assert_uint_eq(answer->code, 250);
	ck_assert_ptr_nonnull(strstr(answer->words, "here already as "));
	ck_assert(answer->known);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), judged);
	end();
	list(1);
	ck_assert_uint_eq(counts.take + counts.look, 0);
}
END_TEST

START_TEST(F37_a_record_without_its_row_is_replayed_into_the_ledger)
{
	struct message_id id;

	list(1);
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
	id = stage_call(&stage, STAGE_JUDGE, 0)->id;
	/* as if the power had failed before the row was durable */
	stage_close(&stage);
	ck_assert_int_eq(unlinkat(stage.scratch.fd, "ledger.db", 0), 0);
	stage_forget(&stage);
	stage_open(&stage);
	ck_assert_int_eq(ledger_has(ledger(), &id), 0);
	list(1);
	ck_assert_uint_eq(counts.take, 0);
	/* and a ledger that was lost deletes nothing */
	ck_assert(!may_delete);
	ck_assert_uint_eq(counts.remove, 0);
}
END_TEST

START_TEST(no_segment_is_used_again_before_the_ledger_is_synced)
{
	conductor_account_up(stage.conductor, STAGE_ANN);
	list(1);
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
	stage_wait(&stage, STAGE_DELIVER, 1);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
	ck_assert_uint_ge(ledger_synced(ledger()), stage.conductor->settled);
	ck_assert_uint_ge(ledger_synced(ledger()),
	    journal_recycled(stage.conductor->journal));
}
END_TEST

START_TEST(F51_an_index_that_lags_stops_deletions_and_is_taken_again)
{
	struct queue_status status;
	uint64_t upto;

	conductor_account_up(stage.conductor, STAGE_ANN);
	list(1);
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
	end();
	stage_wait(&stage, STAGE_DELIVER, 1);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	upto = stage_call(&stage, STAGE_SETTLE, 0)->upto;
	stage_settle(&stage, 0, 0);
	conductor_account_at(stage.conductor, STAGE_ANN, upto);
	conductor_status(stage.conductor, &status);
	ck_assert(status.deletes);
	conductor_account_at(stage.conductor, STAGE_ANN, upto - 1);
	conductor_status(stage.conductor, &status);
	ck_assert(!status.deletes);
	list(1);
	ck_assert_uint_eq(counts.take, 1);
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
	stage_wait(&stage, STAGE_DELIVER, 2);
	ck_assert_int_eq(message_id_order(
	    &stage_call(&stage, STAGE_DELIVER, 0)->id,
	    &stage_call(&stage, STAGE_DELIVER, 1)->id), 0);
}
END_TEST

static unsigned faults;

static void
note(void *arg, const struct queue_finding *finding)
{
	(void)arg;
	faults += finding->is_fault;
	if (finding->is_fault)
		ck_assert_int_eq(finding->what, FOUND_RECORD_LEDGER);
}

static int
check(void)
{
	struct queue_check_counts found;
	struct queue_check *check;
	int r;

	ck_assert_int_eq(queue_check_open(stage.scratch.fd, note, NULL,
	    &check), 0);
	r = queue_check_run(check, &found);
	queue_check_close(check);
	return r;
}

START_TEST(check_finds_a_record_that_the_ledger_lacks)
{
	list(1);
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
	ck_assert_int_eq(check(), 0);	/* it is not written yet */
	stage_close(&stage);
	ck_assert_int_eq(check(), 0);
	ck_assert_int_eq(unlinkat(stage.scratch.fd, "ledger.db", 0), 0);
	ck_assert_int_eq(check(), 1);
	ck_assert_uint_eq(faults, 1);
	stage_open(&stage);
	ck_assert_int_eq(check(), 0);
}
END_TEST

START_TEST(a_message_for_somebody_else_is_a_breach)
{
	list(1);
	for_account = STAGE_BEN;
	ck_assert_int_eq(submit(1, 'a', true, SOURCE_FETCH), -EBADMSG);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 0);
	/* and it may still be taken for its owner */
	for_account = STAGE_ANN;
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
}
END_TEST

START_TEST(what_came_short_stays_at_the_provider_after_a_restart_too)
{
	list(1);
	mended = FETCHED_SHORT;
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
	end();
	list(1);
	ck_assert_uint_eq(counts.known, 1);
	ck_assert_uint_eq(counts.remove, 0);
	end();
	/* the record alone says so, too */
	stage_close(&stage);
	ck_assert_int_eq(unlinkat(stage.scratch.fd, "ledger.db", 0), 0);
	stage_forget(&stage);
	stage_open(&stage);
	ck_assert_int_eq(ledger_resume(ledger(), &may_delete), 0);
	list(1);
	ck_assert_uint_eq(counts.known, 1);
	ck_assert_uint_eq(counts.remove, 0);
}
END_TEST

/* F51: it waits for a person here, whatever the mailbox has lost. */
START_TEST(what_was_lost_and_is_held_here_keeps_its_id)
{
	char id[MESSAGE_ID_CHARS + 1];
	struct stage_call *answer;
	uint64_t upto;

	list(1);
	answer = collect(1, 'a', VERDICT_HOLD);
	message_id_write(&stage_call(&stage, STAGE_JUDGE, 0)->id, id);
	ck_assert_ptr_nonnull(strstr(answer->words, id));
	for (unsigned i = 0; i < 4000 && stage.conductor->keepings > 0; i++)
		stage_run(&stage, 1);
	end();
	upto = journal_next(stage.conductor->journal);
	ck_assert_int_eq(ledger_lost(ledger(), STAGE_ANN, 0, upto), 0);
	list(1);
	ck_assert_uint_eq(counts.take, 1);
	ck_assert_int_eq(submit(1, 'a', true, SOURCE_FETCH), 0);
	answer = stage_call(&stage, STAGE_ANSWER, 1);
	ck_assert_uint_eq(answer->code, 250);
	ck_assert_ptr_nonnull(strstr(answer->words, "here already as "));
	ck_assert(answer->known);
	ck_assert_ptr_nonnull(strstr(answer->words, id));
	end();
	list(1);
	ck_assert_uint_eq(counts.known, 1);
}
END_TEST

START_TEST(F52_a_clock_that_jumped_while_the_queue_was_down_deletes_nothing)
{
	const int64_t day = 24 * 60 * 60 * 1000;

	list(1);
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
	stage_close(&stage);
	stage_forget(&stage);
	clock_set(5000, 1795000000000 + 365 * day);
	stage_open(&stage);
	list_days(1, 30);
	ck_assert_uint_eq(counts.known, 1);
	ck_assert_uint_eq(counts.remove, 0);
	end();
	/* an hour later nobody has put it right: it may be so */
	clock_set(5000 + 60 * 60 * 1000, clock_utc_ms() + 60 * 60 * 1000);
	list_days(1, 30);
	ck_assert_uint_eq(counts.remove, 1);
}
END_TEST

/* Where the ledger on disk is, as another process sees it. */
static uint64_t
synced_on_disk(void)
{
	struct ledger *reader;
	uint64_t synced;
	unsigned needs;

	ck_assert_int_eq(ledger_open_reading(stage.scratch.fd, &reader,
	    &needs), 0);
	synced = ledger_synced(reader);
	ledger_close(reader);
	return synced;
}

/* One more message, delivered and settled. */
static void
collect_whole(uint32_t number)
{
	stage_forget(&stage);
	ck_assert_uint_eq(collect(number, 'a', VERDICT_ACCEPT)->code, 250);
	stage_wait(&stage, STAGE_DELIVER, 1);
	stage_deliver(&stage, 0, 0);
	deliver_settle_all(stage.conductor);
	stage_settle(&stage, 0, 0);
}

#define ROUND	400		/* messages: more than all segments hold */

static void
open_small(void)
{
	stage_close(&stage);
	stage.options.segment_bytes = 32 * 1024;
	stage.options.segments = 3;
	stage_open(&stage);
	conductor_account_up(stage.conductor, STAGE_ANN);
}

START_TEST(a_journal_that_goes_round_never_passes_its_ledger)
{
	uint64_t recycled = 0, first;
	struct message_id id;
	unsigned rounds = 0;

	open_small();
	list(ROUND);
	first = journal_oldest(stage.conductor->journal);
	for (uint32_t n = 1; n <= ROUND; n++) {
		collect_whole(n);
		if (n == 1)
			id = stage_call(&stage, STAGE_JUDGE, 0)->id;
		if (journal_recycled(stage.conductor->journal) == recycled)
			continue;
		recycled = journal_recycled(stage.conductor->journal);
		ck_assert_uint_ge(synced_on_disk(), recycled);
		rounds++;
	}
	ck_assert_uint_gt(rounds, 3);
	ck_assert_uint_gt(recycled, first);
	/* the record is gone, its entry is not */
	stage_restart(&stage);
	ck_assert_int_eq(ledger_has(ledger(), &id), 0);
	ck_assert_ptr_null(ledger_restored(ledger()));
	list(ROUND);
	ck_assert_uint_eq(counts.take, 0);
	ck_assert_uint_eq(counts.remove, ROUND);
}
END_TEST

/* Power fails between the two: the ledger may be ahead, and never behind. */
START_TEST(a_ledger_that_cannot_be_synced_keeps_the_journal)
{
	char path[128];
	sqlite3 *other;
	uint64_t synced, segment;
	uint32_t n = 1;

	open_small();
	list(ROUND);
	/* nearly to the end of it: each message waits a while below */
	while ((journal_next(stage.conductor->journal) & UINT32_MAX) <
	    stage.options.segment_bytes - 2048)
		collect_whole(n++);
	synced = ledger_synced(ledger());
	segment = journal_next(stage.conductor->journal) >> 32;
	(void)snprintf(path, sizeof(path), "%s/ledger.db",
	    stage.scratch.path);
	ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL,
	    NULL), SQLITE_OK);
	while (journal_next(stage.conductor->journal) >> 32 == segment)
		collect_whole(n++);
	collect_whole(n++);
	ck_assert_uint_eq(ledger_synced(ledger()), synced);
	ck_assert_uint_le(stage.conductor->settled >> 32, segment);
	ck_assert_uint_le(journal_recycled(stage.conductor->journal), synced);
	ck_assert_int_eq(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
	collect_whole(n++);
	ck_assert_uint_gt(ledger_synced(ledger()), synced);
	ck_assert_uint_gt(stage.conductor->settled >> 32, segment);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/collected");
	TCase *tests = tcase_create("collected");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, what_was_stored_is_known_to_the_next_listing);
	tcase_add_test(tests, what_a_judge_holds_is_kept_and_known);
	tcase_add_test(tests, what_a_judge_defers_may_be_taken_again);
	tcase_add_test(tests, a_source_that_is_not_the_channels_is_a_breach);
	tcase_add_test(tests,
	    what_a_collector_has_submitted_still_counts_as_its_room);
	tcase_add_test(tests,
	    mail_of_a_domain_is_for_others_and_once_for_each);
	tcase_add_test(tests,
	    copies_that_nobody_needs_are_entries_of_their_own);
	tcase_add_test(tests,
	    mail_of_a_domain_that_nobody_was_found_for_is_held);
	tcase_add_loop_test(tests, a_copy_comes_though_a_judge_holds_another, 0,
	    3);
	tcase_add_loop_test(tests, a_copy_of_what_was_released_is_here_already,
	    0, 2);
	tcase_add_test(tests,
	    copies_that_a_rule_sends_elsewhere_arrive_there_once);
	tcase_add_test(tests, a_submission_without_its_listing_is_put_off);
	tcase_add_test(tests,
	    the_same_bytes_in_doubt_are_answered_and_not_delivered);
	tcase_add_test(tests,
	    F37_a_record_without_its_row_is_replayed_into_the_ledger);
	tcase_add_test(tests,
	    no_segment_is_used_again_before_the_ledger_is_synced);
	tcase_add_test(tests,
	    F51_an_index_that_lags_stops_deletions_and_is_taken_again);
	tcase_add_test(tests, check_finds_a_record_that_the_ledger_lacks);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_message_for_somebody_else_is_a_breach);
	tcase_add_test(tests,
	    what_came_short_stays_at_the_provider_after_a_restart_too);
	tcase_add_test(tests, what_was_lost_and_is_held_here_keeps_its_id);
	tcase_add_test(tests,
	    F52_a_clock_that_jumped_while_the_queue_was_down_deletes_nothing);
	tcase_add_test(tests,
	    a_journal_that_goes_round_never_passes_its_ledger);
	tcase_add_test(tests, a_ledger_that_cannot_be_synced_keeps_the_journal);
	suite_add_tcase(suite, tests);
	return suite;
}
