/*
 * ledger_folders_test.c - folders of one remote mailbox, each with its UIDs
 */
#include "tests/unit/unit.h"

#include "tests/unit/queue/ledger_taking.h"

static void
own_it(void)
{
	const struct ledger_owned owned = { ACCOUNT, OWNER, false };

	ck_assert_int_eq(ledger_own(ledger, &owned), 0);
}

static uint64_t
number_of(const char *name)
{
	uint64_t number = 0;

	ck_assert_int_eq(ledger_folder(ledger, ACCOUNT, slice_str(name),
	    &number), 0);
	return number;
}

/* Takes row 1 of a listing of that folder; -ESRCH: it is known there. */
static int
take_one(const char *name, const char *uidl)
{
	const struct ledger_begin begin = { number_of(name), OWNER, true, -1, false, false };
	struct fetched fetched = { .account = ACCOUNT,
	    .listing = begin.account, .number = 1 };
	TEXT_AUTO text = TEXT_INIT(256);
	ARENA_AUTO arena = arena_new(4096);
	struct ledger_taken *taken;
	struct message_id id;
	struct slice folder;
	struct unpack u;
	unsigned before = answers;
	int r;

	ck_assert_int_eq(ledger_begin(ledger, &channel, &begin, &may_delete,
	    &is_first), 0);
	pack_u32(&text, 1);
	pack_u64(&text, 100);
	pack_slice(&text, slice_str(uidl));
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(ledger_rows(ledger, &channel, begin.account, 1, &u),
	    0);
	ck_assert_int_eq(ledger_decide(ledger, &asked, begin.account,
	    LARGEST), 0);
	(void)wait_answer(before);
	memset(fetched.header_digest, 'h', FETCHED_DIGEST_BYTES);
	memset(fetched.digest, 'd', FETCHED_DIGEST_BYTES);
	r = ledger_take(ledger, &channel, &fetched, &taken, &id);
	if (r == 0) {
		ck_assert_int_eq(ledger_taken_folder(ledger, taken, arena,
		    &folder), 0);
		ck_assert(slice_is(folder, slice_str(name)));
		receive(taken);
	}
	ledger_end(ledger, &channel, begin.account);
	return r;
}

START_TEST(a_number_stays_over_a_restart)
{
	uint64_t sent, inbox;

	own_it();
	inbox = number_of("INBOX");
	sent = number_of("Sent");
	ck_assert_uint_ne(inbox, sent);
	ck_assert_uint_gt(inbox, UINT32_MAX);
	reopen();
	ck_assert_uint_eq(number_of("Sent"), sent);
	ck_assert_uint_eq(number_of("INBOX"), inbox);
}
END_TEST

START_TEST(no_owner_no_folder)
{
	uint64_t number;

	ck_assert_int_eq(ledger_folder(ledger, ACCOUNT, slice_str("INBOX"),
	    &number), -ESRCH);
	own_it();
	ck_assert_int_eq(ledger_folder(ledger, ACCOUNT, slice_of(NULL, 0),
	    &number), -EINVAL);
}
END_TEST

START_TEST(there_is_an_end_to_folders)
{
	char name[16];
	uint64_t number;

	own_it();
	for (unsigned i = 0; i < LEDGER_FOLDERS_MOST; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		(void)number_of(name);
	}
	ck_assert_int_eq(ledger_folder(ledger, ACCOUNT, slice_str("more"),
	    &number), -EDQUOT);
	(void)number_of("f7");
}
END_TEST

START_TEST(the_same_uid_of_another_folder_is_another_message)
{
	own_it();
	ck_assert_int_eq(take_one("INBOX", "9.1"), 0);
	ck_assert_int_eq(take_one("Sent", "9.1"), 0);
	ck_assert_int_eq(take_one("INBOX", "9.1"), -ESRCH);
	ck_assert_int_eq(take_one("Sent", "9.1"), -ESRCH);
}
END_TEST

START_TEST(a_replayed_record_finds_its_folder_by_name)
{
	struct recipient rcpt = { .account = OWNER };
	struct envelope env = { .source = SOURCE_FETCH, .recipients = &rcpt,
	    .recipient_count = 1, .received_at_utc_ms = clock_utc_ms(),
	    .fetched = { .account = ACCOUNT, .listing = 99, .number = 1,
	    .folder = SLICE("Sent"), .uidl = SLICE("9.1"),
	    .listed_bytes = 100 } };

	memset(env.fetched.digest, 'd', FETCHED_DIGEST_BYTES);
	ck_assert_int_eq(message_id_new(&env.id, clock_utc_ms()), 0);
	ck_assert_int_eq(ledger_replay(ledger, &env, false, 3), 0);
	own_it();
	ck_assert_int_eq(take_one("Sent", "9.1"), -ESRCH);
	ck_assert_int_eq(take_one("INBOX", "9.1"), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("ledger_folders");
	TCase *tcase = tcase_create("folders");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_number_stays_over_a_restart);
	tcase_add_test(tcase, no_owner_no_folder);
	tcase_add_test(tcase, there_is_an_end_to_folders);
	tcase_add_test(tcase,
	    the_same_uid_of_another_folder_is_another_message);
	tcase_add_test(tcase, a_replayed_record_finds_its_folder_by_name);
	suite_add_tcase(suite, tcase);
	return suite;
}
