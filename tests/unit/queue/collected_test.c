/*
 * collected_test.c - collected mail on the conductor's road
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "queue/check.h"
#include "queue/collected.h"
#include "tests/unit/queue/stage.h"

#define REMOTE	5		/* the fetch account */

static struct stage stage;
static struct listing_counts counts;
static bool may_delete;
static uint32_t first_uidl;

static void
set_up(void)
{
	first_uidl = 1;
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

/* A remote mailbox with messages of 100 bytes, UIDLs u1, u2, ... */
static void
list(uint32_t messages)
{
	const struct ledger_begin begin = { REMOTE, true, 0 };
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
	ck_assert_int_eq(ledger_begin(ledger(), &stage, &begin, &may_delete,
	    &is_first), 0);
	ck_assert_int_eq(ledger_rows(ledger(), &stage, REMOTE, messages, &u),
	    0);
	ck_assert_int_eq(ledger_decide(ledger(), &stage, REMOTE, 1000000,
	    &counts), 0);
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
	ck_assert_int_eq(ledger_decide(ledger(), &stage, REMOTE, 1000000,
	    &counts), 0);
}

static int
submit(uint32_t number, char fill, bool is_fetch, enum envelope_source source)
{
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct asker asker = { .from = &stage, .serial = ++stage.serial,
	    .is_fetch = is_fetch };
	struct recipient rcpt = { .address = SLICE("ann@office.test"),
	    .account = STAGE_ANN };
	struct envelope env = { .source = source, .bytes = 100,
	    .helo = SLICE("pop.far.test"), .peer = SLICE("192.0.2.9"),
	    .fetched = { .account = REMOTE, .label = SLICE("home"),
	    .number = number }, .recipients = &rcpt, .recipient_count = 1 };
	int fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char bytes[100];

	memset(env.fetched.header_digest, fill, FETCHED_DIGEST_BYTES);
	memset(env.fetched.digest, fill, FETCHED_DIGEST_BYTES);
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

START_TEST(what_a_judge_refuses_is_held)
{
	struct rows_counts rows;
	struct stage_call *answer;

	list(1);
	answer = collect(1, 'a', VERDICT_REFUSE);
	ck_assert_uint_eq(answer->code, 250);
	ck_assert_ptr_nonnull(strstr(answer->words, "held as "));
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

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/collected");
	TCase *tests = tcase_create("collected");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, what_was_stored_is_known_to_the_next_listing);
	tcase_add_test(tests, what_a_judge_refuses_is_held);
	tcase_add_test(tests, what_a_judge_defers_may_be_taken_again);
	tcase_add_test(tests, a_source_that_is_not_the_channels_is_a_breach);
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
	suite_add_tcase(suite, tests);
	return suite;
}
