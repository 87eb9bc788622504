/*
 * archiving_test.c - nothing is received whose original is not in the archive
 */
#include "queue/archiving.h"

#include <errno.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/base/dot.h"
#include "lib/base/memfd.h"
#include "queue/archive.h"
#include "store/account.h"
#include "tests/unit/queue/stage.h"

#define REMOTE		5	/* the fetch account, of a domain */
#define ROWS		9
#define BIG		(BIG_BYTES + 4096)	/* as it is listed */
#define START_UTC_MS	INT64_C(1795348800000)	/* 2026-11-22, noon */
#define DAY_MS		INT64_C(86400000)
#define CALLS_MOST	16

static struct stage stage;
static unsigned calls, failing_call;	/* from 1; 0: none fails */
static int failure;			/* its errno */
static bool is_last_lost;		/* what is told of it does not fit */

/* A disk whose n-th call fails, in whatever thread it is */

static bool
fails(void)
{
	unsigned call = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);

	errno = failure;
	return call == failing_call;
}

static ssize_t
test_write(int fd, const void *bytes, size_t count, off_t at)
{
	return fails() ? -1 : pwrite(fd, bytes, count, at);
}

static int
test_sync(int fd)
{
	return fails() ? -1 : fsync(fd);
}

static int
test_rename(int from_fd, const char *name, int to_fd, const char *new_name)
{
	return fails() ? -1 : renameat(from_fd, name, to_fd, new_name);
}

static const struct archive_io disk = { test_write, test_sync, test_rename };

/* A listing of a domain's mailbox */

static void
on_decided(void *from, uint64_t serial, int r,
    const struct listing_counts *found)
{
	(void)from;
	(void)serial;
	(void)found;
	ck_assert_int_eq(r, 0);
}

static void
list(void)
{
	static const struct ledger_begin begin = { REMOTE, STAGE_ANN, true, 0,
	    false, true };
	const struct ledger_asked asked = { &stage, 1, on_decided };
	struct ledger *ledger = conductor_ledger(stage.conductor);
	TEXT_AUTO rows = TEXT_INIT(4096);
	bool may_delete, is_first;
	struct unpack u;

	for (uint32_t n = 1; n <= ROWS; n++) {
		char uidl[16];

		(void)snprintf(uidl, sizeof(uidl), "u%u", n);
		pack_u32(&rows, n);
		pack_u64(&rows, n == ROWS ? BIG : 100);
		pack_slice(&rows, slice_str(uidl));
	}
	u = unpack_of(text_slice(&rows));
	if (ledger_begin(ledger, &stage, &begin, &may_delete, &is_first) ==
	    -EINPROGRESS)
		ck_assert_int_eq(ledger_confirm(ledger, &stage, REMOTE,
		    &may_delete, &is_first), 0);
	ck_assert_int_eq(ledger_rows(ledger, &stage, REMOTE, ROWS, &u), 0);
	ck_assert_int_eq(ledger_decide(ledger, &asked, REMOTE, 1000000), 0);
}

static void
set_up(void)
{
	calls = failing_call = 0;
	failure = EIO;
	is_last_lost = false;
	clock_set(1000000, START_UTC_MS);
	stage_new(&stage);
	stage.options.archive_io = &disk;
	stage_open(&stage);
	list();
}

static void
tear_down(void)
{
	stage_drop(&stage);
}

/* Submissions */

static void
pack(struct text *text, uint32_t number, char fill, size_t bytes)
{
	struct recipient rcpt = { .address = SLICE("ann@office.test"),
	    .account = STAGE_ANN };
	struct envelope env = { .source = SOURCE_FETCH, .bytes = bytes,
	    .helo = SLICE("pop.far.test"),
	    .fetched = { .account = REMOTE, .listing = REMOTE,
	    .label = SLICE("box"), .number = number, .has_identity = true },
	    .recipients = &rcpt, .recipient_count = 1 };

	memset(env.fetched.header_digest, fill, FETCHED_DIGEST_BYTES);
	memset(env.fetched.digest, fill, FETCHED_DIGEST_BYTES);
	memset(env.fetched.identity, fill, FETCHED_DIGEST_BYTES);
	envelope_pack(text, &env);
	ck_assert(!text_failed(text));
}

/* Stored: lines of `fill`; as they came: without CR. */
static void
lines_of(struct text *stored, struct text *wire, char fill, size_t bytes)
{
	while (stored->len < bytes) {
		text_add_byte(stored, fill);
		text_add_byte(wire, fill);
		if (stored->len % 50 == 48) {
			text_add_str(stored, "\r\n");
			text_add_byte(wire, '\n');
		}
	}
	ck_assert_uint_eq(stored->len, bytes);
}

static int
original_of(size_t bytes, const struct text *wire)
{
	TEXT_AUTO packed = TEXT_INIT(1u << 20);
	struct mends mends = MENDS_INIT(1u << 20);
	unsigned char digest[ARCHIVE_DIGEST_BYTES];
	int fd;

	for (size_t i = 0; i < bytes / 50; i++)
		(void)mends_add(&mends, slice_str("\r\n"), DOT_BARE_LF);
	SHA256((const unsigned char *)wire->at, wire->len, digest);
	original_pack(&packed, wire->len + is_last_lost, digest, &mends);
	ck_assert(!text_failed(&packed));
	fd = memfd_of("original", text_slice(&packed));
	mends_free(&mends);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static uint64_t
big_of(const struct text *stored)
{
	uint64_t ticket;

	ck_assert_int_eq(conductor_big_begin(stage.conductor, &stage,
	    &ticket), 0);
	conductor_big_feed(stage.conductor, ticket, text_slice(stored));
	conductor_big_end(stage.conductor, ticket);
	return ticket;
}

/* Number `number`; the last is big. */
static int
submit(uint32_t number, char fill)
{
	size_t bytes = number == ROWS ? BIG / 50 * 50 : 100;
	TEXT_AUTO env = TEXT_INIT(ENVELOPE_MAX_BYTES);
	TEXT_AUTO stored = TEXT_INIT(1u << 20), wire = TEXT_INIT(1u << 20);
	const struct asker asker = { .from = &stage, .is_fetch = true,
	    .serial = ++stage.serial, .owner = STAGE_ANN };
	struct conductor_original original = { .memfd = -1 };
	int r;

	pack(&env, number, fill, bytes);
	lines_of(&stored, &wire, fill, bytes);
	original.original_fd = original_of(bytes, &wire);
	if (number == ROWS)
		original.ticket = big_of(&stored);
	else
		original.memfd = memfd_of("message", text_slice(&stored));
	r = conductor_submit_archived(stage.conductor, &asker, &original,
	    text_slice(&env));
	(void)close(original.original_fd);
	return r;
}

/* From its submission to its answer, judged so if it comes so far. */
static const struct stage_call *
collect(uint32_t number, char fill, enum verdict_action action)
{
	size_t judged = stage_count(&stage, STAGE_JUDGE);
	size_t answered = stage_count(&stage, STAGE_ANSWER);

	ck_assert_int_eq(submit(number, fill), 0);
	for (unsigned i = 0; i < 8000 &&
	    stage_count(&stage, STAGE_ANSWER) == answered; i++) {
		stage_run(&stage, 1);
		if (stage_count(&stage, STAGE_JUDGE) > judged)
			stage_judge(&stage, judged++, action);
	}
	return stage_call(&stage, STAGE_ANSWER, answered);
}

/* What is there */

struct seen {
	unsigned	count, right;
	char		fill;
	size_t		bytes;
};

static int
look(void *arg, const struct archived *archived)
{
	struct seen *seen = arg;
	TEXT_AUTO stored = TEXT_INIT(1u << 20), wire = TEXT_INIT(1u << 20);
	char *found = malloc(1u << 20);
	ssize_t n;
	int fd;

	ck_assert_ptr_nonnull(found);
	seen->count++;
	lines_of(&stored, &wire, seen->fill, seen->bytes);
	ck_assert_int_eq(archive_read(stage.conductor->archive_fd,
	    &archived->name, &fd), 0);
	n = read(fd, found, 1u << 20);
	seen->right += n == (ssize_t)wire.len &&
	    memcmp(found, wire.at, wire.len) == 0;
	(void)close(fd);
	free(found);
	return 0;
}

/* How many files there are; of that message. */
static unsigned
archived_of(char fill, size_t bytes, unsigned *all_out)
{
	struct seen seen = { .fill = fill, .bytes = bytes };

	ck_assert_int_eq(archive_each(stage.conductor->archive_fd, 0, look,
	    &seen), 0);
	*all_out = seen.count;
	return seen.right;
}

static unsigned
all_archived(void)
{
	unsigned all;

	(void)archived_of('a', 100, &all);
	return all;
}

/* What is called so goes. */
static void
drop(const struct message_id *id)
{
	struct archived archived;

	ck_assert_int_eq(archive_find(stage.conductor->archive_fd, id,
	    &archived), 0);
	ck_assert(archived.name.has_digest);
	ck_assert_int_eq(archive_drop(stage.conductor->archive,
	    &archived.name), 0);
}

/* Received, and not */

static const enum verdict_action actions[] = {
	VERDICT_ACCEPT, VERDICT_HOLD, VERDICT_QUARANTINE
};

START_TEST(what_is_received_is_archived_whatever_a_judge_says)
{
	struct message_id id;
	unsigned all;

	ck_assert_uint_eq(collect(1, 'a', actions[_i])->code, 250);
	ck_assert_uint_eq(archived_of('a', 100, &all), 1);
	ck_assert_uint_eq(all, 1);
	id = stage_call(&stage, STAGE_JUDGE, 0)->id;
	drop(&id);
	ck_assert_uint_eq(all_archived(), 0);	/* it had the same name */
	ck_assert_uint_eq(collect(ROWS, 'b', actions[_i])->code, 250);
	ck_assert_uint_eq(archived_of('b', BIG / 50 * 50, &all), 1);
	ck_assert_uint_eq(all, 1);
	id = stage_call(&stage, STAGE_JUDGE, 1)->id;
	drop(&id);
	ck_assert_uint_eq(all_archived(), 0);
}
END_TEST

START_TEST(a_copy_that_nobody_needs_is_archived_as_well)
{
	unsigned all;

	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
	ck_assert_uint_eq(collect(2, 'a', VERDICT_ACCEPT)->code, 250);
	ck_assert_uint_eq(archived_of('a', 100, &all), 2);
}
END_TEST

static const enum verdict_action put_offs[] = {
	VERDICT_DEFER, VERDICT_REFUSE
};

START_TEST(what_is_put_off_or_refused_is_not)
{
	ck_assert_uint_ge(collect(1, 'a', put_offs[_i])->code, 451);
	ck_assert_uint_eq(all_archived(), 0);
	ck_assert_uint_ge(collect(ROWS, 'b', put_offs[_i])->code, 451);
	ck_assert_uint_eq(all_archived(), 0);
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
	ck_assert_uint_eq(all_archived(), 1);
}
END_TEST

static const struct {
	int		error;
	unsigned	code;
} failures[] = { { EIO, 451 }, { ENOSPC, 452 }, { EDQUOT, 452 } };

/* Every call in turn: what was answered 250 is there, and nothing else is. */
START_TEST(a_call_that_fails_puts_it_off)
{
	uint32_t number = _i < 3 ? 1 : ROWS;
	size_t bytes = _i < 3 ? 100 : BIG / 50 * 50;
	const struct stage_call *answer;
	unsigned all, put_off = 0;

	failure = failures[_i % 3].error;
	for (failing_call = 1; failing_call < CALLS_MOST; failing_call++) {
		calls = 0;
		answer = collect(number, 'a', VERDICT_ACCEPT);
		if (answer->code == 250)
			break;
		ck_assert_uint_eq(answer->code, failures[_i % 3].code);
		ck_assert_uint_eq(all_archived(), 0);
		ck_assert_ptr_null(incoming_find(stage.conductor,
		    stage.conductor->last_ticket));
		put_off++;
	}
	ck_assert_uint_ge(put_off, 5);
	ck_assert_uint_eq(answer->code, 250);
	ck_assert_uint_eq(archived_of('a', bytes, &all), 1);
	ck_assert_uint_eq(all, 1);
	ck_assert_uint_eq(space_granted(stage.conductor->space), 0);
}
END_TEST

START_TEST(what_does_not_come_out_as_it_was_sent_is_put_off)
{
	is_last_lost = true;
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 451);
	ck_assert_uint_eq(all_archived(), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 0);
}
END_TEST

START_TEST(a_disk_without_room_to_spare_takes_none)
{
	stage.conductor->options.free_bytes = UINT64_MAX / 2;
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 452);
	ck_assert_uint_eq(calls, 0);
	ck_assert_uint_eq(all_archived(), 0);
}
END_TEST

START_TEST(they_go_on_in_the_order_in_which_they_came)
{
	for (uint32_t n = 1; n < ROWS; n++)
		ck_assert_int_eq(submit(n == 1 ? ROWS : n, (char)('a' + n)),
		    0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 0);
	stage_wait(&stage, STAGE_JUDGE, ROWS - 1);
	for (uint32_t n = 2; n < ROWS; n++)
		ck_assert_int_lt(message_id_order(
		    &stage_call(&stage, STAGE_JUDGE, n - 2)->id,
		    &stage_call(&stage, STAGE_JUDGE, n - 1)->id), 0);
	ck_assert(TAILQ_EMPTY(&stage.conductor->archivings));
}
END_TEST

START_TEST(who_is_gone_leaves_nothing_behind)
{
	ck_assert_int_eq(submit(1, 'a'), 0);
	ck_assert_int_eq(submit(ROWS, 'b'), 0);
	conductor_asker_lost(stage.conductor, &stage);
	for (unsigned i = 0; i < 4000 &&
	    !TAILQ_EMPTY(&stage.conductor->archivings); i++)
		stage_run(&stage, 1);
	ck_assert(TAILQ_EMPTY(&stage.conductor->archivings));
	ck_assert_uint_eq(all_archived(), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_JUDGE), 0);
	ck_assert_uint_eq(stage_count(&stage, STAGE_ANSWER), 0);
}
END_TEST

/* Killed between archive and receipt: it comes again, and is there twice. */
START_TEST(a_queue_that_ends_between_archive_and_receipt_may_have_it_twice)
{
	unsigned all;

	ck_assert_int_eq(submit(1, 'a'), 0);
	stage_wait(&stage, STAGE_JUDGE, 1);
	stage_restart(&stage);
	list();
	ck_assert_uint_eq(all_archived(), 1);
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
	ck_assert_uint_eq(archived_of('a', 100, &all), 2);
	ck_assert_uint_eq(all, 2);
}
END_TEST

START_TEST(a_queue_that_ends_while_it_archives_ends_well)
{
	ck_assert_int_eq(submit(1, 'a'), 0);
	ck_assert_int_eq(submit(ROWS, 'b'), 0);
	stage_restart(&stage);
	ck_assert_uint_le(all_archived(), 2);
}
END_TEST

START_TEST(only_a_collector_may_and_only_with_what_is_sealed)
{
	TEXT_AUTO env = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct asker asker = { .from = &stage, .owner = STAGE_ANN };
	struct conductor_original original = {
		.memfd = memfd_of("message", slice_str("hello\r\n")),
		.original_fd = memfd_of("original", slice_str("nothing"))
	};

	pack(&env, 1, 'a', 7);
	ck_assert_int_eq(conductor_submit_archived(stage.conductor, &asker,
	    &original, text_slice(&env)), -EBADMSG);
	asker.is_fetch = true;
	original.memfd = memfd_of("message", slice_str("hello\r\n"));
	ck_assert_int_eq(conductor_submit_archived(stage.conductor, &asker,
	    &original, text_slice(&env)), -EBADMSG);
	original.memfd = memfd_create("message", MFD_CLOEXEC);
	ck_assert_int_eq(conductor_submit_archived(stage.conductor, &asker,
	    &original, text_slice(&env)), -EBADMSG);
	(void)close(original.original_fd);
	ck_assert_uint_eq(stage.conductor->open_files, 0);
	ck_assert(TAILQ_EMPTY(&stage.conductor->archivings));
}
END_TEST

/* Nobody is there any more whose row it could be. */
START_TEST(one_of_no_listing_is_put_off_and_not_archived)
{
	ledger_end(conductor_ledger(stage.conductor), &stage, REMOTE);
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 451);
	ck_assert_uint_eq(all_archived(), 0);
}
END_TEST

START_TEST(what_is_too_old_goes_unless_the_clock_has_jumped)
{
	ck_assert_uint_eq(collect(1, 'a', VERDICT_ACCEPT)->code, 250);
	stage.options.archive_days = 3;
	stage_restart(&stage);
	/* it jumps: nothing is removed for an hour */
	clock_set(1010000, START_UTC_MS + 5 * DAY_MS);
	stage.conductor->expired_ms = 0;
	archiving_look(stage.conductor);
	ck_assert_uint_eq(all_archived(), 1);
	clock_set(1010000 + 7200000, START_UTC_MS + 5 * DAY_MS + 7200000);
	ledger_look(conductor_ledger(stage.conductor));
	archiving_look(stage.conductor);
	ck_assert_uint_eq(all_archived(), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/archiving");
	TCase *tests = tcase_create("archiving");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests,
	    what_is_received_is_archived_whatever_a_judge_says, 0, 3);
	tcase_add_test(tests, a_copy_that_nobody_needs_is_archived_as_well);
	tcase_add_loop_test(tests, what_is_put_off_or_refused_is_not, 0, 2);
	tcase_add_loop_test(tests, a_call_that_fails_puts_it_off, 0, 6);
	tcase_add_test(tests,
	    what_does_not_come_out_as_it_was_sent_is_put_off);
	tcase_add_test(tests, a_disk_without_room_to_spare_takes_none);
	tcase_add_test(tests, they_go_on_in_the_order_in_which_they_came);
	tcase_add_test(tests, who_is_gone_leaves_nothing_behind);
	tcase_add_test(tests,
	    a_queue_that_ends_between_archive_and_receipt_may_have_it_twice);
	tcase_add_test(tests, a_queue_that_ends_while_it_archives_ends_well);
	tcase_add_test(tests,
	    only_a_collector_may_and_only_with_what_is_sealed);
	tcase_add_test(tests, one_of_no_listing_is_put_off_and_not_archived);
	tcase_add_test(tests,
	    what_is_too_old_goes_unless_the_clock_has_jumped);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	return suite;
}
