/*
 * ledger_job_test.c - listings that are long, hostile, damaged or cut short
 */
#include <sqlite3.h>

#include "tests/unit/queue/ledger_taking.h"

/* What is never deleted, long listings, hostile collectors */

static int
store_short(uint32_t number, char header, char whole)
{
	struct fetched fetched = { .account = ACCOUNT, .listing = ACCOUNT,
	    .number = number, .mended = FETCHED_SHORT };
	struct ledger_taken *taken;
	struct message_id id;
	int r;

	memset(fetched.header_digest, header, FETCHED_DIGEST_BYTES);
	memset(fetched.digest, whole, FETCHED_DIGEST_BYTES);
	r = ledger_take(ledger, &channel, &fetched, &taken, &id);
	if (r == 0)
		receive(taken);
	return r;
}

START_TEST(what_came_short_is_known_and_never_deleted)
{
	static const struct remote none[] = { { 0, NULL } };

	list_days(two, true, 0);
	ck_assert_int_eq(store_short(1, 'a', 'a'), 0);
	ck_assert_int_eq(store(2, 'b', 'b'), 0);
	ck_assert_str_eq(part(LISTING_DELETE), "2");
	ck_assert_int_eq(deleting(1), -EAGAIN);
	end();
	reopen();
	much_later(400 * (int64_t)DAY);
	list_days(two, true, 30);
	ck_assert_uint_eq(counts.take + counts.look, 0);
	ck_assert_str_eq(part(LISTING_DELETE), "2");
	end();
	/* nor when it was away, and is back */
	list(none);
	end();
	list_days(two, true, 0);
	digest(1, 'a');
	digest(2, 'b');
	decide();
	ck_assert_uint_eq(counts.take, 0);
	ck_assert_str_eq(part(LISTING_DELETE), "2");
	ck_assert_int_eq(deleting(1), -EAGAIN);
}
END_TEST

START_TEST(the_same_bytes_that_came_short_once_are_kept_for_good)
{
	static const struct remote rows[] = { { 100, "X" }, { 0, NULL } };
	static const struct remote one[] = { { 100, "A" }, { 0, NULL } };

	list(one);
	ck_assert_int_eq(store(1, 'a', 'a'), 0);
	end();
	list_days(rows, true, 0);
	digest(1, '\0');
	decide();
	ck_assert_int_eq(store_short(1, 'a', 'a'), -EEXIST);
	ck_assert_str_eq(part(LISTING_DELETE), "");
}
END_TEST

START_TEST(a_replayed_record_that_came_short_is_never_deleted)
{
	struct recipient rcpt = { .account = OWNER };
	struct envelope env = { .id = { "tenletters" },
	    .source = SOURCE_FETCH, .recipients = &rcpt, .recipient_count = 1,
	    .received_at_utc_ms = NOW_UTC_MS,
	    .fetched = { .account = ACCOUNT, .listing = ACCOUNT, .uidl = SLICE("A"),
	    .listed_bytes = 100, .mended = FETCHED_SHORT } };

	ck_assert_int_eq(ledger_replay(ledger, &env, false, 4096), 0);
	ck_assert_int_eq(ledger_replayed(ledger), 0);
	list_days(two, true, 0);
	ck_assert_uint_eq(counts.known, 1);
	ck_assert_str_eq(part(LISTING_DELETE), "");
}
END_TEST

/* `count` rows from number 1, UIDLs u1, ... behind `prefix`. */
static void
rows_many(uint32_t count, const char *prefix, uint64_t bytes)
{
	for (uint32_t n = 1; n <= count;) {
		TEXT_AUTO text = TEXT_INIT(256 * 1024);
		struct unpack u;
		uint32_t k = 0;

		for (; k < LISTING_PAGE && n <= count; k++, n++) {
			TEXT_AUTO uidl = TEXT_INIT(64);

			if (prefix != NULL)
				text_addf(&uidl, "%s%u", prefix, n * 7919u);
			else
				text_add_str(&uidl, "one for all");
			pack_u32(&text, n);
			pack_u64(&text, bytes);
			pack_slice(&text, text_slice(&uidl));
		}
		u = unpack_of(text_slice(&text));
		ck_assert_int_eq(ledger_rows(ledger, &channel, ACCOUNT, k, &u),
		    0);
	}
}

#define MANY	20000

static void
leave_all(void)
{
	TEXT_AUTO text = TEXT_INIT(8);
	unsigned before = answers;
	struct unpack u;

	pack_u32(&text, 1);
	pack_u32(&text, UINT32_MAX);
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(ledger_leave(ledger, &asked, ACCOUNT, 1, &u), 0);
	/* it is not done in one turn, and nothing else is heard meanwhile */
	ck_assert_uint_eq(answers, before);
	ck_assert_int_eq(deleting(1), -EBADMSG);
	ck_assert_uint_gt(wait_answer(before), 10);
	ck_assert_int_eq(last_answer, 0);
}

START_TEST(F35_a_long_decision_takes_many_turns_and_is_answered_once)
{
	TEXT_AUTO text = TEXT_INIT(64 * 1024);
	struct ledger_taken *taken;
	unsigned before;

	ck_assert_int_eq(begin_days(true, -1), 0);
	rows_many(MANY, "u", 10);
	leave_all();
	end();
	ck_assert_int_eq(begin_days(true, -1), 0);
	rows_many(MANY + 1, "u", 10);
	before = answers;
	ck_assert_int_eq(ledger_decide(ledger, &asked, ACCOUNT, LARGEST), 0);
	ck_assert_uint_eq(answers, before);
	ck_assert_int_eq(ledger_decide(ledger, &asked, ACCOUNT, LARGEST),
	    -EBADMSG);
	ck_assert_int_eq(ledger_page(ledger, &channel, ACCOUNT, LISTING_TAKE,
	    &from_the_first, &text), -EBADMSG);
	ck_assert_int_eq(take(1, 'a', 'a', &taken), -ESRCH);
	ck_assert_uint_gt(wait_answer(before), 5);
	ck_assert_uint_eq(counts.known, MANY);
	ck_assert_str_eq(part(LISTING_TAKE), "20001");
}
END_TEST

START_TEST(a_listing_that_ends_while_it_is_decided_is_answered)
{
	unsigned before;

	ck_assert_int_eq(begin_days(true, -1), 0);
	rows_many(MANY, "u", 10);
	before = answers;
	ck_assert_int_eq(ledger_decide(ledger, &asked, ACCOUNT, LARGEST), 0);
	end();
	ck_assert_uint_eq(answers, before + 1);
	ck_assert_int_eq(last_answer, -ESRCH);
	/* and one whose channel is lost is not */
	ck_assert_int_eq(begin_days(true, -1), 0);
	rows_many(MANY, "u", 10);
	ck_assert_int_eq(ledger_decide(ledger, &asked, ACCOUNT, LARGEST), 0);
	ledger_asker_lost(ledger, &channel);
	ck_assert_uint_eq(answers, before + 1);
	ck_assert_int_eq(begin_days(true, -1), 0);
}
END_TEST

/* The end goes on in turns; the next listing waits for it. */
START_TEST(many_that_are_gone_at_the_end_are_written_in_turns)
{
	static const struct remote none[] = { { 0, NULL } };
	unsigned turns = 0;

	ck_assert_int_eq(begin_days(true, -1), 0);
	rows_many(MANY, "u", 10);
	leave_all();
	end();
	ck_assert_int_eq(begin_days(true, -1), 0);
	ck_assert_uint_gt(decide_largest(LARGEST), 10);
	ck_assert_uint_eq(counts.listed, 0);
	end();
	list(none);
	end();
	ck_assert_int_eq(begin_days(true, -1), 0);
	rows_many(MANY, "u", 10);
	turns = decide_largest(LARGEST);
	ck_assert_uint_gt(turns, 1);
	/* GONE without a header: nothing tells them apart from new ones */
	ck_assert_uint_eq(counts.take, MANY);
}
END_TEST

/* Every UIDL and every size the same: no kind of row makes it slow. */
START_TEST(twenty_thousand_equal_uidls_are_a_multiset)
{
	ck_assert_int_eq(begin_days(true, -1), 0);
	rows_many(MANY, NULL, 10);
	leave_all();
	end();
	ck_assert_int_eq(begin_days(true, -1), 0);
	rows_many(MANY + 2, NULL, 10);
	decide();
	ck_assert_uint_eq(counts.known, MANY);
	ck_assert_str_eq(part(LISTING_TAKE), "20001 20002");
}
END_TEST

/* F27 for 300 at once, more than one statement reads. */
START_TEST(many_of_one_uidl_and_header_are_all_found_when_they_are_back)
{
	static const struct remote none[] = { { 0, NULL } };

	ck_assert_int_eq(begin_days(true, -1), 0);
	rows_many(300, NULL, 10);
	decide();
	for (uint32_t n = 1; n <= 300; n++)
		ck_assert_int_eq(store(n, 'h', 'w'), 0);
	end();
	list(none);
	end();
	ck_assert_int_eq(begin_days(true, 0), 0);
	rows_many(301, NULL, 11);
	decide();
	ck_assert_uint_eq(counts.look, 301);
	for (uint32_t n = 1; n <= 301; n++)
		digest(n, 'h');
	decide();
	ck_assert_uint_eq(counts.remove, 300);
	ck_assert_str_eq(part(LISTING_TAKE), "301");
}
END_TEST

START_TEST(a_fetch_account_is_listed_for_its_owner_only)
{
	const struct ledger_begin other = { ACCOUNT, OWNER + 1, true, 0, false, false };
	const struct ledger_begin nobody = { ACCOUNT, 0, true, 0, false, false };

	ck_assert_int_eq(ledger_begin(ledger, &other_channel, &nobody,
	    &may_delete, &is_first), -EBADMSG);
	have_two(true);
	ck_assert_int_eq(ledger_begin(ledger, &other_channel, &other,
	    &may_delete, &is_first), -EBADMSG);
	reopen();
	ck_assert_int_eq(ledger_begin(ledger, &other_channel, &other,
	    &may_delete, &is_first), -EBADMSG);
	list(two);
	ck_assert_uint_eq(counts.known, 2);
}
END_TEST

static uint64_t
accounts_kept(void)
{
	sqlite3_stmt *query;
	char path[128];
	sqlite3 *lite;
	uint64_t count;

	(void)snprintf(path, sizeof(path), "%s/ledger.db", scratch.path);
	ck_assert_int_eq(sqlite3_open(path, &lite), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(lite,
	    "SELECT count(*) FROM account", -1, &query, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(query), SQLITE_ROW);
	count = (uint64_t)sqlite3_column_int64(query, 0);
	sqlite3_finalize(query);
	sqlite3_close(lite);
	return count;
}

START_TEST(who_comes_first_is_not_believed)
{
	struct ledger_begin squat = { ACCOUNT, OWNER + 1, true, 0, false, false };
	TEXT_AUTO text = TEXT_INIT(64);
	struct unpack u;

	for (; squat.account < ACCOUNT + 60; squat.account++)
		ck_assert_int_eq(ledger_begin(ledger, &other_channel, &squat,
		    &may_delete, &is_first), -EINPROGRESS);
	/* rows are heard, and nothing else is */
	pack_u32(&text, 1);
	pack_u64(&text, 100);
	pack_slice(&text, slice_str("A"));
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(ledger_rows(ledger, &other_channel, ACCOUNT, 1, &u),
	    0);
	ck_assert_int_eq(ledger_decide(ledger, &(struct ledger_asked){
	    &other_channel, 77, on_done }, ACCOUNT, LARGEST), -EBADMSG);
	ledger_asker_lost(ledger, &other_channel);
	ck_assert_uint_eq(accounts_kept(), 0);
	/* its owner comes as if nobody had been there */
	have_two(true);
	ck_assert_uint_eq(accounts_kept(), 1);
	reopen();
	/* and from now on nobody needs to be asked */
	ck_assert_int_eq(ledger_begin(ledger, &channel,
	    &(struct ledger_begin){ ACCOUNT, OWNER, true, 0, false, false },
	    &may_delete, &is_first), 0);
	ck_assert_int_eq(ledger_confirm(ledger, &channel, ACCOUNT,
	    &may_delete, &is_first), -ESRCH);
}
END_TEST

START_TEST(one_owner_has_only_so_many_listings)
{
	struct ledger_begin begin = { 100, OWNER, true, 0, false, false };

	for (; begin.account < 164; begin.account++)
		ck_assert_int_eq(ledger_begin(ledger, &channel, &begin,
		    &may_delete, &is_first), -EINPROGRESS);
	ck_assert_int_eq(ledger_begin(ledger, &channel, &begin, &may_delete,
	    &is_first), -EAGAIN);
	begin.owner++;
	ck_assert_int_eq(ledger_begin(ledger, &other_channel, &begin,
	    &may_delete, &is_first), -EINPROGRESS);
}
END_TEST

/* Tell `account` that many rows, `uidl_bytes` each; the first fault, or 0. */
static int
tell_many(void *from, uint64_t account, uint32_t count, size_t uidl_bytes)
{
	TEXT_AUTO text = TEXT_INIT(2048 * 1024);
	char uidl[UIDL_MOST_BYTES] = "";
	int r = 0;

	for (uint32_t n = 1; r == 0 && n <= count;) {
		uint32_t many = 0;
		struct unpack u;

		text_clear(&text);
		for (; n <= count && many < LISTING_PAGE; n++, many++) {
			pack_u32(&text, n);
			pack_u64(&text, 100);
			pack_slice(&text, slice_of(uidl, uidl_bytes));
		}
		ck_assert(!text_failed(&text));
		u = unpack_of(text_slice(&text));
		r = ledger_rows(ledger, from, account, many, &u);
	}
	return r;
}

static void
begin_as(void *from, uint64_t account, uint64_t owner)
{
	const struct ledger_begin begin = { account, owner, true, -1, false, false };

	ck_assert_int_eq(ledger_begin(ledger, from, &begin, &may_delete,
	    &is_first), -EINPROGRESS);
}

/* Rows, bytes of each UIDL, what comes of it. */
static const struct {
	uint32_t	rows;
	size_t		uidl_bytes;
	int		want;
} listings[] = {
	{ LISTING_MOST, 70, 0 },
	{ LISTING_MOST + 1, 1, -E2BIG },
	{ 16 * 2048, UIDL_MOST_BYTES, 0 },		/* 16 MiB */
	{ 16 * 2048 + 1, UIDL_MOST_BYTES, -E2BIG },
};

START_TEST(F35_a_listing_that_is_too_large_ends_alone)
{
	begin_as(&channel, ACCOUNT, OWNER);
	begin_as(&other_channel, ACCOUNT + 1, OWNER + 1);
	ck_assert_int_eq(tell_many(&channel, ACCOUNT, listings[_i].rows,
	    listings[_i].uidl_bytes), listings[_i].want);
	/* it is not there with some of its rows: the rest would be GONE */
	if (listings[_i].want < 0)
		ck_assert_int_eq(ledger_confirm(ledger, &channel, ACCOUNT,
		    &may_delete, &is_first), -ESRCH);
	ck_assert_int_eq(tell_many(&other_channel, ACCOUNT + 1, 100000, 20),
	    0);
}
END_TEST

/* Servers that list without end stop nobody else. */
START_TEST(F35_large_listings_leave_room_for_others)
{
	uint64_t owners = 0, account = ACCOUNT;

	/* two of the largest are all that one owner gets */
	begin_as(&channel, ++account, 1);
	ck_assert_int_eq(tell_many(&channel, account, LISTING_MOST, 70), 0);
	begin_as(&channel, ++account, 1);
	ck_assert_int_eq(tell_many(&channel, account, LISTING_MOST, 70), 0);
	begin_as(&channel, ++account, 1);
	ck_assert_int_eq(tell_many(&channel, account, LISTING_MOST, 70),
	    -EAGAIN);
	begin_as(&other_channel, ++account, 2);
	ck_assert_int_eq(tell_many(&other_channel, account, LISTING_MOST, 70),
	    0);
	/* until all the room for large ones is used */
	for (owners = 3; owners < 20; owners++) {
		begin_as(&channel, ++account, owners);
		if (tell_many(&channel, account, LISTING_MOST, 70) < 0)
			break;
	}
	ck_assert_uint_eq(owners, 6);
	begin_as(&other_channel, ++account, 30);
	ck_assert_int_eq(tell_many(&other_channel, account, LISTING_SMALL,
	    UIDL_MOST_BYTES), 0);
	begin_as(&channel, ++account, 1);
	ck_assert_int_eq(tell_many(&channel, account, LISTING_SMALL, 70), 0);
	/* what ends makes room */
	ledger_end(ledger, &channel, ACCOUNT + 1);
	begin_as(&other_channel, ++account, 40);
	ck_assert_int_eq(tell_many(&other_channel, account, LISTING_MOST, 70),
	    0);
}
END_TEST

START_TEST(a_restore_while_a_listing_is_open_stops_its_deletions_for_good)
{
	bool was;

	have_two(true);
	list_days(two, true, 0);
	ck_assert_str_eq(part(LISTING_DELETE), "1 2");
	ck_assert_int_eq(ledger_lost(ledger, OWNER, 1, 2), 0);
	ck_assert_int_eq(ledger_resume(ledger, &was), 0);
	ck_assert_str_eq(part(LISTING_DELETE), "");
	ck_assert_int_eq(deleting(2), -EAGAIN);
	end();
	list_days(two, true, 0);
	ck_assert_str_eq(part(LISTING_TAKE), "2");
}
END_TEST

/* Words in the form of the protocol that no collector says. */
START_TEST(lies_of_a_collector_are_breaches_or_change_nothing)
{
	TEXT_AUTO text = TEXT_INIT(4096);
	struct unpack u;

	list(two);
	ck_assert_int_eq(deleting(1), -EAGAIN);	/* never stored */
	digest(1, 'x');				/* never to be looked at */
	digest(77, 'x');
	decide();
	ck_assert_str_eq(part(LISTING_TAKE), "1 2");
	u = unpack_of(slice_of("short", 5));
	ck_assert_int_eq(ledger_digests(ledger, &channel, ACCOUNT, 1, &u),
	    -EBADMSG);
	u = unpack_of(slice_of("short", 5));
	ck_assert_int_eq(ledger_leave(ledger, &asked, ACCOUNT, UINT32_MAX,
	    &u), -EBADMSG);
	pack_u32(&text, 2);
	pack_u32(&text, 1);
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(ledger_leave(ledger, &asked, ACCOUNT, 1, &u),
	    -EBADMSG);
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(ledger_rows(ledger, &channel, ACCOUNT, UINT32_MAX,
	    &u), -EBADMSG);
	ck_assert_str_eq(part(LISTING_TAKE), "1 2");
}
END_TEST

static const char *const damages[] = {
	"UPDATE seen SET bytes = -5 WHERE uidl = x'41'",
	"UPDATE seen SET state = 9 WHERE uidl = x'41'",
	"UPDATE seen SET stored = 'soon' WHERE uidl = x'41'",
	"UPDATE seen SET short = 99 WHERE uidl = x'41'",
	"UPDATE seen SET uidl = zeroblob(100000) WHERE uidl = x'41'",
	"UPDATE seen SET seq = -1 WHERE uidl = x'41'",
};

/* HARDENING A10: what SQL finds in a damaged row is judged. */
START_TEST(A10_a_damaged_entry_makes_the_listing_fail_not_the_queue)
{
	char path[128];
	sqlite3 *lite;

	have_two(true);
	ledger_close(ledger);
	(void)snprintf(path, sizeof(path), "%s/ledger.db", scratch.path);
	ck_assert_int_eq(sqlite3_open(path, &lite), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(lite, damages[_i], NULL, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(lite), SQLITE_OK);
	open_it();
	ck_assert_int_eq(begin_days(true, 0), 0);
	row(1, 100, "A");
	ck_assert_int_eq(ledger_decide(ledger, &asked, ACCOUNT, LARGEST), 0);
	ck_assert_int_eq(last_answer, -EUCLEAN);
	ck_assert_int_eq(ledger_decide(ledger, &asked, ACCOUNT, LARGEST),
	    -ESRCH);
}
END_TEST

START_TEST(a_ledger_of_another_hub_is_not_opened)
{
	static const unsigned char other[16] = "another hub's id";
	struct ledger *second;
	unsigned needs;

	ledger_close(ledger);
	ck_assert_int_eq(ledger_open(scratch.fd, other, loop, &second, &needs),
	    -EXDEV);
	open_it();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/ledger_job");
	TCase *tests = tcase_create("ledger_job");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, what_came_short_is_known_and_never_deleted);
	tcase_add_test(tests,
	    the_same_bytes_that_came_short_once_are_kept_for_good);
	tcase_add_test(tests,
	    a_replayed_record_that_came_short_is_never_deleted);
	tcase_add_test(tests,
	    F35_a_long_decision_takes_many_turns_and_is_answered_once);
	tcase_add_test(tests,
	    a_listing_that_ends_while_it_is_decided_is_answered);
	tcase_add_test(tests,
	    many_that_are_gone_at_the_end_are_written_in_turns);
	tcase_add_test(tests, twenty_thousand_equal_uidls_are_a_multiset);
	tcase_add_test(tests,
	    many_of_one_uidl_and_header_are_all_found_when_they_are_back);
	tcase_add_test(tests, a_fetch_account_is_listed_for_its_owner_only);
	tcase_add_test(tests, who_comes_first_is_not_believed);
	tcase_add_test(tests, one_owner_has_only_so_many_listings);
	tcase_add_loop_test(tests, F35_a_listing_that_is_too_large_ends_alone,
	    0, sizeof(listings) / sizeof(listings[0]));
	tcase_add_test(tests, F35_large_listings_leave_room_for_others);
	tcase_add_test(tests,
	    a_restore_while_a_listing_is_open_stops_its_deletions_for_good);
	tcase_add_test(tests,
	    lies_of_a_collector_are_breaches_or_change_nothing);
	tcase_add_loop_test(tests,
	    A10_a_damaged_entry_makes_the_listing_fail_not_the_queue, 0,
	    sizeof(damages) / sizeof(damages[0]));
	tcase_add_test(tests, a_ledger_of_another_hub_is_not_opened);
	suite_add_tcase(suite, tests);
	return suite;
}
