/*
 * queue_listing_test.c - collectors and mailboxes speak to the queue role
 *
 * The whole role, over real channels; the test is a collector, a console and a
 * mailbox.
 */
#include <string.h>

#include "policy/keeper.h"
#include "programs/queue_role.h"
#include "queue/conductor_inside.h"
#include "queue/ledger_half.h"
#include "tests/unit/programs/play.h"
#include "tests/unit/queue/scratch.h"

#define ANN	7		/* an account, and its mailbox */
#define REMOTE	5		/* its fetch account */
#define MANY	(40 * LISTING_PAGE)	/* some dozens of turns */

static struct scratch scratch;
/* A role frees nothing when its process ends: each test has its own. */
static struct play plays[32], *play;
static struct ipc *fetch, *console, *keeper;
static const struct ipc_rule nothing[] = { { 0 } };

/* Whose REMOTE is, as the keeper has it. */
static uint64_t owner;
static bool is_domain;		/* so it says; so its collector believes */
static bool collects_domain;
static bool keeper_is_slow;
static uint64_t keeper_serial;	/* of what a slow one was asked */
static unsigned questions;

static void
keeper_says(struct ipc *from, uint64_t serial)
{
	const struct keeper_owner said = { owner != 0, owner, is_domain };
	TEXT_AUTO body = TEXT_INIT(16);

	keeper_owner_say(&body, &said);
	ck_assert_int_eq(ipc_reply(from, serial, text_slice(&body), NULL, 0),
	    0);
}

static int
on_owner(void *arg, struct ipc *from, struct ipc_message *message)
{
	uint64_t account = 0;

	(void)arg;
	ck_assert_int_eq(keeper_owner_asked(message->body, &account), 0);
	ck_assert_uint_eq(account, REMOTE);
	questions++;
	keeper_serial = message->serial;
	if (!keeper_is_slow)
		keeper_says(from, message->serial);
	return 0;
}

static const struct ipc_rule keeper_rules[] = {
{ KEEPER_FETCH_OWNER, "OWNER", FROM(ROLE_QUEUE), IPC_REQUEST, 0, 0, on_owner },
{ 0 }
};

struct heard {
	size_t		 bytes;		/* of the answer */
	unsigned	count;
	uint8_t		status;
	unsigned	at;		/* which answer of all it was */
	uint64_t	listing;	/* as BEGIN was answered */
};
static unsigned answers;

static void
set_up(void)
{
	static unsigned tests;
	struct config *config;

	play = &plays[tests++];
	config = &play->process.config;
	answers = questions = 0;
	owner = ANN;
	keeper_is_slow = is_domain = collects_domain = false;
	scratch = scratch_new();
	play->process.folder_fd = scratch.fd;
	memcpy(play->process.hub_id, "sixteen bytes...", HUB_ID_BYTES);
	(void)snprintf(config->hostname, sizeof(config->hostname),
	    "mx.office.test");
	config->journal_segment_bytes = 256 * 1024;
	config->journal_segments = 4;
	config->message_bytes = 1024 * 1024;
	config->transit_bytes = 4 * 1024 * 1024;
	config->settle_seconds = 3600;
	config->trail_days = 30;
	play_begin(play, &queue_code);
	fetch = play_peer(play, ROLE_FETCH, ANN, nothing, NULL);
	console = play_peer(play, ROLE_CONSOLE, 0, nothing, NULL);
	keeper = play_peer(play, ROLE_KEEPER, 0, keeper_rules, NULL);
}

/* The role itself would end the process here. */
static void
tear_down(void)
{
	conductor_close(queue_conductor(&play->process));
	scratch_drop(&scratch);
}

static void
hear(void *arg, int status, struct ipc_message *message)
{
	struct heard *heard = arg;

	ck_assert_int_eq(status, 0);
	ck_assert_uint_ge(message->body.len, 1);
	heard->status = (uint8_t)message->body.at[0];
	heard->bytes = message->body.len;
	if (message->body.len == 11) {	/* to BEGIN */
		struct unpack u = unpack_of(slice_after(message->body, 3));

		heard->listing = unpack_u64(&u);
	}
	heard->count++;
	heard->at = ++answers;
}

static void
ask(struct ipc *from, uint16_t kind, const struct text *body,
    struct heard *heard)
{
	ck_assert(!text_failed(body));
	ck_assert_int_eq(ipc_ask(from, kind, text_slice(body), NULL, 0, hear,
	    heard), 0);
}

static void
wait_for(const struct heard *heard, unsigned count)
{
	for (unsigned i = 0; heard->count < count && i < 5000; i++)
		play_run(play, 1);
	ck_assert_uint_eq(heard->count, count);
}

static void
begin_folder(uint64_t account, const char *folder, struct heard *heard)
{
	TEXT_AUTO body = TEXT_INIT(64);

	pack_u64(&body, account);
	pack_slice(&body, slice_str(folder));
	pack_u8(&body, true);
	pack_u32(&body, 0);
	pack_u8(&body, false);
	pack_u8(&body, collects_domain);
	ask(fetch, QUEUE_LISTING_BEGIN, &body, heard);
}

static void
begin(uint64_t account, struct heard *heard)
{
	begin_folder(account, "", heard);
}

static void
tell_rows(uint32_t count, struct heard *heard)
{
	for (uint32_t n = 1; n <= count;) {
		TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
		uint32_t last = n + LISTING_PAGE - 1;

		if (last > count)
			last = count;
		pack_u64(&body, REMOTE);
		pack_u32(&body, last - n + 1);
		for (; n <= last; n++) {
			pack_u32(&body, n);
			pack_u64(&body, 100);
			pack_slice(&body, slice_of(&n, sizeof(n)));
		}
		ask(fetch, QUEUE_LISTING_ROWS, &body, heard);
	}
}

static void
decide(struct heard *heard)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, REMOTE);
	pack_u64(&body, 1000000);
	ask(fetch, QUEUE_LISTING_DECIDE, &body, heard);
}

START_TEST(others_are_answered_while_a_long_listing_is_decided)
{
	struct heard begun = { 0 }, told = { 0 }, decided = { 0 }, said = { 0 };
	TEXT_AUTO empty = TEXT_INIT(1);

	begin(REMOTE, &begun);
	tell_rows(MANY, &told);
	wait_for(&told, MANY / LISTING_PAGE);
	ck_assert_uint_eq(begun.status, LISTING_OK);
	decide(&decided);
	ask(console, QUEUE_STATUS, &empty, &said);
	wait_for(&decided, 1);
	ck_assert_uint_eq(decided.status, LISTING_OK);
	ck_assert_uint_eq(said.count, 1);
	ck_assert_uint_lt(said.at, decided.at);
}
END_TEST

START_TEST(a_listing_that_is_over_while_it_is_decided_is_answered_none)
{
	struct heard begun = { 0 }, told = { 0 }, decided = { 0 };
	TEXT_AUTO body = TEXT_INIT(16);

	begin(REMOTE, &begun);
	tell_rows(MANY, &told);
	wait_for(&told, MANY / LISTING_PAGE);
	decide(&decided);
	pack_u64(&body, REMOTE);
	ck_assert_int_eq(ipc_send(fetch, QUEUE_LISTING_END, text_slice(&body),
	    NULL, 0), 0);
	wait_for(&decided, 1);
	ck_assert_uint_eq(decided.status, LISTING_NONE);
	ck_assert_uint_eq(play->breaches, 0);
}
END_TEST

START_TEST(a_collector_that_is_lost_while_it_is_decided_hurts_nobody)
{
	struct heard begun = { 0 }, told = { 0 };
	TEXT_AUTO body = TEXT_INIT(16);

	begin(REMOTE, &begun);
	tell_rows(MANY, &told);
	wait_for(&told, MANY / LISTING_PAGE);
	pack_u64(&body, REMOTE);
	pack_u64(&body, 1000000);
	ck_assert_int_eq(ipc_ask(fetch, QUEUE_LISTING_DECIDE,
	    text_slice(&body), NULL, 0, hear, &told), 0);
	play_run(play, 1);
	ipc_forget(fetch, &told);
	ipc_free(fetch);
	play_run(play, 20);
	fetch = play_peer(play, ROLE_FETCH, ANN, nothing, NULL);
	begun.count = 0;
	begin(REMOTE, &begun);
	wait_for(&begun, 1);
	ck_assert_uint_eq(begun.status, LISTING_OK);
}
END_TEST

/* Whose it is */

static void
end_listing(void)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, REMOTE);
	ck_assert_int_eq(ipc_send(fetch, QUEUE_LISTING_END, text_slice(&body),
	    NULL, 0), 0);
}

START_TEST(the_keeper_is_asked_once_and_rows_need_not_wait)
{
	struct heard begun = { 0 }, told = { 0 }, decided = { 0 };

	keeper_is_slow = true;
	begin(REMOTE, &begun);
	tell_rows(LISTING_PAGE, &told);
	wait_for(&told, 1);
	ck_assert_uint_eq(told.status, LISTING_OK);
	ck_assert_uint_eq(begun.count, 0);
	keeper_says(keeper, keeper_serial);
	wait_for(&begun, 1);
	ck_assert_uint_eq(begun.status, LISTING_OK);
	decide(&decided);
	wait_for(&decided, 1);
	ck_assert_uint_eq(decided.status, LISTING_OK);
	end_listing();
	begin(REMOTE, &begun);
	wait_for(&begun, 2);
	ck_assert_uint_eq(begun.status, LISTING_OK);
	ck_assert_uint_eq(questions, 1);
	ck_assert_uint_eq(play->breaches, 0);
}
END_TEST

/* 0: its rules came after the first listing; 1: they went.  In a folder, too. */
START_TEST(rules_that_come_or_go_are_noticed)
{
	const char *folder = _i < 2 ? "" : "INBOX";
	struct heard begun = { 0 };
	struct ledger_owned owned;

	is_domain = collects_domain = _i % 2 == 1;
	begin_folder(REMOTE, folder, &begun);
	wait_for(&begun, 1);
	ck_assert_uint_eq(begun.status, LISTING_OK);
	ipc_free(fetch);
	play_run(play, 20);
	fetch = play_peer(play, ROLE_FETCH, ANN, nothing, NULL);
	is_domain = !is_domain;
	/* it had asked the keeper just before */
	begin_folder(REMOTE, folder, &begun);
	wait_for(&begun, 2);
	ck_assert_uint_eq(begun.status, LISTING_OK);
	ck_assert_uint_eq(questions, 1);
	ipc_free(fetch);
	play_run(play, 20);
	fetch = play_peer(play, ROLE_FETCH, ANN, nothing, NULL);
	collects_domain = is_domain;
	begin_folder(REMOTE, folder, &begun);
	wait_for(&begun, 3);
	ck_assert_uint_eq(begun.status, LISTING_OK);
	ck_assert_uint_eq(questions, 2);
	ck_assert_int_eq(ledger_owner(conductor_ledger(queue_conductor(
	    &play->process)), begun.listing, &owned), 0);
	ck_assert_int_eq(owned.is_domain, is_domain);
	ck_assert_uint_eq(play->breaches, 0);
}
END_TEST

START_TEST(rules_that_change_while_it_begins_put_it_off)
{
	struct heard begun = { 0 };

	collects_domain = _i == 0;
	is_domain = !collects_domain;
	begin(REMOTE, &begun);
	wait_for(&begun, 1);
	ck_assert_uint_eq(begun.status, LISTING_LATER);
	collects_domain = is_domain;
	begin(REMOTE, &begun);
	wait_for(&begun, 2);
	ck_assert_uint_eq(begun.status, LISTING_OK);
	ck_assert_uint_eq(play->breaches, 0);
}
END_TEST

/* 0: the keeper answers at once; 1: later. */
START_TEST(each_folder_has_a_listing_of_its_own)
{
	struct heard begun = { 0 }, sent = { 0 };

	keeper_is_slow = _i == 1;
	begin_folder(REMOTE, "INBOX", &begun);
	if (_i == 1) {
		play_run(play, 20);
		ck_assert_uint_eq(begun.count, 0);
		keeper_says(keeper, keeper_serial);
	}
	wait_for(&begun, 1);
	ck_assert_uint_eq(begun.status, LISTING_OK);
	ck_assert_uint_ne(begun.listing, REMOTE);
	begin_folder(REMOTE, "Sent", &sent);
	wait_for(&sent, 1);
	ck_assert_uint_eq(sent.status, LISTING_OK);
	ck_assert_uint_ne(sent.listing, begun.listing);
	ck_assert_uint_eq(questions, 1);
	begin_folder(REMOTE, "Sent", &sent);
	wait_for(&sent, 2);
	ck_assert_uint_eq(sent.status, LISTING_BUSY);
	ck_assert_uint_eq(play->breaches, 0);
}
END_TEST

START_TEST(a_folder_of_somebody_elses_account_is_none_either)
{
	struct heard begun = { 0 };

	owner = ANN + 1;
	begin_folder(REMOTE, "INBOX", &begun);
	wait_for(&begun, 1);
	ck_assert_uint_eq(begun.status, LISTING_NONE);
	play_run(play, 20);
	ck_assert_uint_eq(play->breaches, 1);
}
END_TEST

START_TEST(who_claims_somebody_elses_fetch_account_is_accused)
{
	struct heard begun = { 0 };

	owner = ANN + 1;
	begin(REMOTE, &begun);
	wait_for(&begun, 1);
	ck_assert_uint_eq(begun.status, LISTING_NONE);
	play_run(play, 20);
	ck_assert_uint_eq(play->breaches, 1);
	/* and its owner comes as if nobody had been there */
	ipc_free(fetch);
	play_run(play, 20);
	fetch = play_peer(play, ROLE_FETCH, ANN + 1, nothing, NULL);
	begin(REMOTE, &begun);
	wait_for(&begun, 2);
	ck_assert_uint_eq(begun.status, LISTING_OK);
	ck_assert_uint_eq(play->breaches, 1);
}
END_TEST

/* It was removed while it was collected. */
START_TEST(a_fetch_account_of_nobody_is_none_and_no_breach)
{
	struct heard begun = { 0 };

	owner = 0;
	begin(REMOTE, &begun);
	wait_for(&begun, 1);
	ck_assert_uint_eq(begun.status, LISTING_NONE);
	play_run(play, 20);
	ck_assert_uint_eq(play->breaches, 0);
}
END_TEST

/* 0: it is not there; 1: it ends before it answers. */
START_TEST(without_the_keeper_a_new_account_is_put_off)
{
	struct heard begun = { 0 };

	keeper_is_slow = true;
	if (_i == 0) {
		ipc_free(keeper);
		play_run(play, 20);
	}
	begin(REMOTE, &begun);
	play_run(play, 20);
	ck_assert_uint_eq(begun.count, _i == 0);
	if (_i == 1)
		ipc_free(keeper);
	wait_for(&begun, 1);
	ck_assert_uint_eq(begun.status, LISTING_LATER);
	keeper_is_slow = false;
	keeper = play_peer(play, ROLE_KEEPER, 0, keeper_rules, NULL);
	begin(REMOTE, &begun);
	wait_for(&begun, 2);
	ck_assert_uint_eq(begun.status, LISTING_OK);
}
END_TEST

START_TEST(a_listing_that_is_over_before_the_keeper_answers_is_none)
{
	struct heard first = { 0 }, second = { 0 };
	uint64_t serial;

	keeper_is_slow = true;
	begin(REMOTE, &first);
	end_listing();
	wait_for(&first, 1);
	ck_assert_uint_eq(first.status, LISTING_NONE);
	serial = keeper_serial;
	begin(REMOTE, &second);
	play_run(play, 20);
	ck_assert_uint_eq(questions, 2);
	/* the answer to the first question begins nothing */
	keeper_says(keeper, serial);
	play_run(play, 20);
	ck_assert_uint_eq(second.count, 0);
	keeper_says(keeper, keeper_serial);
	wait_for(&second, 1);
	ck_assert_uint_eq(second.status, LISTING_OK);
}
END_TEST

START_TEST(a_collector_that_is_lost_before_the_keeper_answers_hurts_nobody)
{
	struct heard begun = { 0 };

	keeper_is_slow = true;
	begin(REMOTE, &begun);
	play_run(play, 20);
	ck_assert_uint_eq(questions, 1);
	ipc_forget(fetch, &begun);
	ipc_free(fetch);
	play_run(play, 20);
	keeper_says(keeper, keeper_serial);
	play_run(play, 20);
	keeper_is_slow = false;
	fetch = play_peer(play, ROLE_FETCH, ANN, nothing, NULL);
	begin(REMOTE, &begun);
	wait_for(&begun, 1);
	ck_assert_uint_eq(begun.status, LISTING_OK);
	ck_assert_uint_eq(play->breaches, 0);
}
END_TEST

/* However often it begins and ends, the keeper is asked so often. */
START_TEST(one_owner_asks_the_keeper_only_so_much_at_once)
{
	struct heard begun = { 0 };

	keeper_is_slow = true;
	for (unsigned i = 0; i < 80; i++) {
		begin(REMOTE, &begun);
		end_listing();
		wait_for(&begun, i + 1);
		ck_assert_uint_eq(begun.status, i < 64 ? LISTING_NONE :
		    LISTING_LATER);
	}
	play_run(play, 20);
	ck_assert_uint_eq(questions, 64);
}
END_TEST

START_TEST(a_listing_without_end_is_told_so)
{
	struct heard begun = { 0 }, told = { 0 };

	begin(REMOTE, &begun);
	wait_for(&begun, 1);
	for (uint32_t n = 1, pages = 0; n <= LISTING_MOST + 1; pages++) {
		TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
		uint32_t rows = 0;

		pack_u64(&body, REMOTE);
		pack_u32(&body, LISTING_PAGE);
		for (; rows < LISTING_PAGE; rows++) {
			pack_u32(&body, n++);
			pack_u64(&body, 100);
			pack_slice(&body, slice_of(NULL, 0));
		}
		ask(fetch, QUEUE_LISTING_ROWS, &body, &told);
		wait_for(&told, pages + 1);
		ck_assert_uint_eq(told.status, n <= LISTING_MOST + 1 ?
		    LISTING_OK : LISTING_TOO_MANY);
	}
	ck_assert_uint_eq(play->breaches, 0);
}
END_TEST

/* F51: the mailbox says where its index is, and that lags. */
START_TEST(a_mailbox_that_lags_stops_remote_deletion)
{
	struct ipc *mailbox = play_peer(play, ROLE_MAILBOX, ANN, nothing,
	    NULL);
	struct heard resumed = { 0 };
	TEXT_AUTO body = TEXT_INIT(16), empty = TEXT_INIT(1);
	struct conductor *conductor = queue_conductor(&play->process);
	struct queue_status status;

	ck_assert_int_eq(rows_settled_set(conductor->rows, ANN, 4096), 0);
	pack_u64(&body, 4096);
	ck_assert_int_eq(ipc_send(mailbox, QUEUE_ACCOUNT_AT,
	    text_slice(&body), NULL, 0), 0);
	play_run(play, 20);
	conductor_status(conductor, &status);
	ck_assert(status.deletes);
	text_clear(&body);
	pack_u64(&body, 4095);
	ck_assert_int_eq(ipc_send(mailbox, QUEUE_ACCOUNT_AT,
	    text_slice(&body), NULL, 0), 0);
	play_run(play, 20);
	conductor_status(conductor, &status);
	ck_assert(!status.deletes);
	ask(console, QUEUE_FETCH_RESUME, &empty, &resumed);
	wait_for(&resumed, 1);
	ck_assert_uint_eq(resumed.status, 1);
	conductor_status(conductor, &status);
	ck_assert(status.deletes);
}
END_TEST

START_TEST(account_at_that_is_cut_is_a_breach)
{
	struct ipc *mailbox = play_peer(play, ROLE_MAILBOX, ANN, nothing,
	    NULL);

	ck_assert_int_eq(ipc_send(mailbox, QUEUE_ACCOUNT_AT,
	    slice_of("short", 5), NULL, 0), 0);
	play_run(play, 20);
	ck_assert_uint_eq(play->breaches, 1);
}
END_TEST

/* Whoever breaks the rules is not answered. */
static void
hear_lost(void *arg, int status, struct ipc_message *message)
{
	(void)arg;
	(void)message;
	ck_assert_int_lt(status, 0);
}

/* A mailbox says that `count` messages were deleted. */
static void
tell_expunged(uint32_t count, uint32_t told, struct heard *heard)
{
	TEXT_AUTO body = TEXT_INIT(8192);
	struct ipc *mailbox = play_peer(play, ROLE_MAILBOX, ANN, nothing,
	    NULL);

	pack_u32(&body, told);
	for (uint32_t i = 0; i < count; i++)
		pack_bytes(&body, slice_of("tenletters", 10));
	ck_assert_int_eq(ipc_ask(mailbox, QUEUE_EXPUNGED, text_slice(&body),
	    NULL, 0, heard->count == 0 ? hear : hear_lost, heard), 0);
	play_run(play, 30);
	ipc_free(mailbox);
}

START_TEST(a_mailbox_says_what_was_deleted_a_page_at_a_time)
{
	struct heard heard = { 0 };
	struct heard lost = { .count = 1 };

	tell_expunged(EXPUNGED_PAGE, EXPUNGED_PAGE, &heard);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_uint_eq(heard.status, 0);
	ck_assert_uint_eq(play->breaches, 0);
	tell_expunged(EXPUNGED_PAGE + 1, EXPUNGED_PAGE + 1, &lost);
	ck_assert_uint_eq(play->breaches, 1);
	tell_expunged(1, 2, &lost);
	ck_assert_uint_eq(play->breaches, 2);
	tell_expunged(2, 1, &lost);
	ck_assert_uint_eq(play->breaches, 3);
}
END_TEST

/* Of rows 1 to `count`, that they are left. */
static void
tell_spared(uint32_t count, uint32_t said, struct heard *heard)
{
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);

	pack_u64(&body, REMOTE);
	pack_u8(&body, true);
	pack_u32(&body, said);
	for (uint32_t n = 1; n <= count; n++) {
		pack_u32(&body, n);
		pack_u8(&body, SPARED_SKIPPED);
		pack_u64(&body, 0);
	}
	ask(fetch, QUEUE_LISTING_SPARED, &body, heard);
}

START_TEST(what_is_spared_is_told_a_page_at_a_time)
{
	struct heard begun = { 0 }, told = { 0 }, decided = { 0 },
	    spared = { 0 }, lost = { .count = 1 };

	begin(REMOTE, &begun);
	tell_rows(SPARED_PAGE + 1, &told);
	wait_for(&begun, 1);
	wait_for(&told, 1);
	decide(&decided);
	wait_for(&decided, 1);
	tell_spared(SPARED_PAGE, SPARED_PAGE, &spared);
	wait_for(&spared, 1);
	ck_assert_uint_eq(spared.status, LISTING_OK);
	ck_assert_uint_eq(spared.bytes, 1 + SPARED_COUNT * 16);
	ck_assert_uint_eq(play->breaches, 0);
	tell_spared(1, 2, &lost);
	play_run(play, 10);
	ck_assert_uint_eq(play->breaches, 1);
}
END_TEST

START_TEST(more_spared_than_a_page_is_a_breach)
{
	struct heard begun = { 0 }, told = { 0 }, decided = { 0 },
	    lost = { .count = 1 };

	begin(REMOTE, &begun);
	tell_rows(SPARED_PAGE + 1, &told);
	wait_for(&begun, 1);
	wait_for(&told, 1);
	decide(&decided);
	wait_for(&decided, 1);
	tell_spared(SPARED_PAGE + 1, SPARED_PAGE + 1, &lost);
	play_run(play, 10);
	ck_assert_uint_eq(play->breaches, 1);
}
END_TEST

/* Of REMOTE, or of a folder of it. */
static void
keep_half(uint64_t number, uint64_t account)
{
	struct ledger_half half = { .number = number, .account = account,
	    .row = 1, .uidl_len = 3, .uidl = "7.1", .bytes = 1000,
	    .length = 500, .changed_utc_ms = clock_utc_ms() };
	uint64_t replaced;

	ck_assert_int_eq(ledger_half_put(conductor_ledger(queue_conductor(
	    &play->process)), &half, &replaced), 0);
}

static unsigned
halves_kept(void)
{
	const struct ledger_half *half;
	unsigned count = 0;

	for (size_t i = 0; (half = ledger_half_at(conductor_ledger(
	    queue_conductor(&play->process)), i)) != NULL; i++)
		count += !half->is_stale;
	return count;
}

/* 0: it is there still; 1: the keeper is another one, and it was removed. */
START_TEST(of_a_removed_mailbox_nothing_is_kept_half)
{
	struct ledger *ledger = conductor_ledger(queue_conductor(
	    &play->process));
	uint64_t folder;

	ck_assert_int_eq(ledger_own(ledger, &(struct ledger_owned){ REMOTE,
	    ANN, false }), 0);
	ck_assert_int_eq(ledger_folder(ledger, REMOTE, slice_str("INBOX"),
	    &folder), 0);
	keep_half(1, REMOTE);
	keep_half(2, folder);
	owner = _i == 0 ? ANN : 0;
	ipc_free(keeper);
	play_run(play, 20);
	keeper = play_peer(play, ROLE_KEEPER, 0, keeper_rules, NULL);
	play_run(play, 50);
	/* of both is asked once */
	ck_assert_uint_eq(questions, 1);
	ck_assert_uint_eq(halves_kept(), _i == 0 ? 2 : 0);
}
END_TEST

/* What cannot be said now drops nothing, and is asked again. */
START_TEST(a_keeper_that_is_lost_with_the_question_drops_nothing)
{
	keep_half(1, REMOTE);
	owner = 0;
	keeper_is_slow = true;
	ipc_free(keeper);
	play_run(play, 20);
	keeper = play_peer(play, ROLE_KEEPER, 0, keeper_rules, NULL);
	play_run(play, 50);
	ck_assert_uint_eq(questions, 1);
	ipc_free(keeper);
	play_run(play, 20);
	ck_assert_uint_eq(halves_kept(), 1);
	keeper_is_slow = false;
	keeper = play_peer(play, ROLE_KEEPER, 0, keeper_rules, NULL);
	play_run(play, 50);
	ck_assert_uint_eq(questions, 2);
	ck_assert_uint_eq(halves_kept(), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/queue_listing");
	TCase *tests = tcase_create("queue_listing");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests,
	    of_a_removed_mailbox_nothing_is_kept_half, 0, 2);
	tcase_add_test(tests,
	    a_keeper_that_is_lost_with_the_question_drops_nothing);
	tcase_add_test(tests,
	    others_are_answered_while_a_long_listing_is_decided);
	tcase_add_test(tests,
	    a_listing_that_is_over_while_it_is_decided_is_answered_none);
	tcase_add_test(tests,
	    a_collector_that_is_lost_while_it_is_decided_hurts_nobody);
	tcase_add_test(tests,
	    the_keeper_is_asked_once_and_rows_need_not_wait);
	tcase_add_loop_test(tests, rules_that_come_or_go_are_noticed, 0, 4);
	tcase_add_loop_test(tests,
	    rules_that_change_while_it_begins_put_it_off, 0, 2);
	tcase_add_loop_test(tests, each_folder_has_a_listing_of_its_own, 0, 2);
	tcase_add_test(tests,
	    a_folder_of_somebody_elses_account_is_none_either);
	tcase_add_test(tests,
	    who_claims_somebody_elses_fetch_account_is_accused);
	tcase_add_test(tests, a_fetch_account_of_nobody_is_none_and_no_breach);
	tcase_add_loop_test(tests,
	    without_the_keeper_a_new_account_is_put_off, 0, 2);
	tcase_add_test(tests,
	    a_listing_that_is_over_before_the_keeper_answers_is_none);
	tcase_add_test(tests,
	    a_collector_that_is_lost_before_the_keeper_answers_hurts_nobody);
	tcase_add_test(tests, one_owner_asks_the_keeper_only_so_much_at_once);
	tcase_add_test(tests, a_listing_without_end_is_told_so);
	tcase_add_test(tests, a_mailbox_that_lags_stops_remote_deletion);
	tcase_add_test(tests, account_at_that_is_cut_is_a_breach);
	tcase_add_test(tests,
	    a_mailbox_says_what_was_deleted_a_page_at_a_time);
	tcase_add_test(tests, what_is_spared_is_told_a_page_at_a_time);
	tcase_add_test(tests, more_spared_than_a_page_is_a_breach);
	suite_add_tcase(suite, tests);
	return suite;
}
