/*
 * ledger_follow_test.c - a message that went from one folder of a remote mailbox
 * to another
 */
#include "tests/unit/unit.h"

#include "tests/unit/queue/ledger_taking.h"

#define OTHER_ACCOUNT	6

/* A folder, as it is being listed. */
static struct ledger_begin folder;
static bool is_for_many;	/* what is in the mailbox */

static void
own(uint64_t account, uint64_t owner, bool is_domain)
{
	const struct ledger_owned owned = { account, owner, is_domain };

	ck_assert_int_eq(ledger_own(ledger, &owned), 0);
}

static void
begin_of(uint64_t account, uint64_t owner, const char *name, int32_t days)
{
	folder = (struct ledger_begin){ .owner = owner, .has_uidl = true,
	    .delete_after_days = days, .is_mirror = is_mirror,
	    .is_domain = is_for_many };
	ck_assert_int_eq(ledger_folder(ledger, account, slice_str(name),
	    &folder.account), 0);
	ck_assert_int_eq(ledger_begin(ledger, &channel, &folder, &may_delete,
	    &is_first), 0);
}

static void
add(uint32_t number, uint64_t bytes, const char *uid)
{
	TEXT_AUTO text = TEXT_INIT(256);
	struct unpack u;

	pack_u32(&text, number);
	pack_u64(&text, bytes);
	pack_slice(&text, slice_str(uid));
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(ledger_rows(ledger, &channel, folder.account, 1, &u),
	    0);
}

static void
decide_it(void)
{
	unsigned before = answers;

	ck_assert_int_eq(ledger_decide(ledger, &asked, folder.account,
	    LARGEST), 0);
	(void)wait_answer(before);
	ck_assert_int_eq(last_answer, 0);
}

/* A listing of one message, or of none: bytes 0. */
static void
list_one(const char *name, uint64_t bytes, const char *uid)
{
	begin_of(ACCOUNT, OWNER, name, -1);
	if (bytes > 0)
		add(1, bytes, uid);
	decide_it();
}

static void
look(uint32_t number, char header)
{
	TEXT_AUTO text = TEXT_INIT(64);
	char bytes[FETCHED_DIGEST_BYTES];
	struct unpack u;

	memset(bytes, header, sizeof(bytes));
	pack_u32(&text, number);
	pack_u8(&text, header != '\0');
	pack_bytes(&text, slice_of(bytes, sizeof(bytes)));
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(ledger_digests(ledger, &channel, folder.account, 1,
	    &u), 0);
}

static void
end_it(void)
{
	ledger_end(ledger, &channel, folder.account);
	ck_assert_int_eq(ledger_flush(ledger), 0);
}

/* Row `number` is taken and received. */
static void
store_row(uint32_t number, char header)
{
	struct fetched fetched = { .account = ACCOUNT,
	    .listing = folder.account, .number = number };
	struct ledger_taken *taken;
	struct message_id id;

	memset(fetched.header_digest, header, FETCHED_DIGEST_BYTES);
	memset(fetched.digest, header, FETCHED_DIGEST_BYTES);
	ck_assert_int_eq(ledger_take(ledger, &channel, &fetched, &taken, &id),
	    0);
	receive(taken);
	ck_assert_int_eq(ledger_flush(ledger), 0);
}

/* INBOX had one of 100 bytes and header 'a', and has it no more. */
static void
have_moved(void)
{
	own(ACCOUNT, OWNER, is_for_many);
	list_one("INBOX", 100, "9.1");
	store_row(1, 'a');
	end_it();
	list_one("INBOX", 0, NULL);
	end_it();
}

START_TEST(what_went_to_another_folder_is_known_there)
{
	struct message_id id;

	have_moved();
	id = last_id;
	list_one("Archive", 100, "4.7");
	ck_assert_uint_eq(counts.look, 1);
	ck_assert_uint_eq(counts.take, 0);
	look(1, 'a');
	decide_it();
	ck_assert_uint_eq(counts.known, 1);
	ck_assert_uint_eq(counts.take, 0);
	end_it();
	reopen();
	/* nothing is asked about it a second time */
	list_one("Archive", 100, "4.7");
	ck_assert_uint_eq(counts.known, 1);
	ck_assert_uint_eq(counts.look, 0);
	end_it();
	ck_assert_int_eq(ledger_has(ledger, &id), 0);
	/* and on it goes, back to where it was */
	list_one("Archive", 0, NULL);
	end_it();
	list_one("INBOX", 100, "9.2");
	look(1, 'a');
	decide_it();
	ck_assert_uint_eq(counts.known, 1);
	end_it();
}
END_TEST

static const struct {
	uint64_t	bytes;
	char		header;		/* NUL: it cannot be had */
	unsigned	look;		/* it is asked for */
} others[] = {
	{ 100, 'n', 1 },
	{ 100, '\0', 1 },
	{ 101, 'a', 0 },
};

START_TEST(another_message_there_is_taken)
{
	have_moved();
	list_one("Archive", others[_i].bytes, "4.7");
	ck_assert_uint_eq(counts.look, others[_i].look);
	if (others[_i].look > 0) {
		look(1, others[_i].header);
		decide_it();
	}
	ck_assert_uint_eq(counts.take, 1);
	store_row(1, 'n');
	end_it();
}
END_TEST

/* INBOX has one of 100 bytes and header 'a'; Archive is known, and empty. */
static void
have_standing(void)
{
	TEXT_AUTO none = TEXT_INIT(8);
	struct unpack u = unpack_of(text_slice(&none));
	unsigned before;

	own(ACCOUNT, OWNER, false);
	list_one("INBOX", 100, "9.1");
	store_row(1, 'a');
	end_it();
	begin_of(ACCOUNT, OWNER, "Archive", -1);
	before = answers;
	ck_assert_int_eq(ledger_leave(ledger, &asked, folder.account, 0, &u),
	    0);
	(void)wait_answer(before);
	decide_it();
	end_it();
}

START_TEST(in_a_folder_that_is_new_nothing_waits)
{
	own(ACCOUNT, OWNER, false);
	list_one("INBOX", 100, "9.1");
	store_row(1, 'a');
	end_it();
	list_one("Archive", 100, "4.7");
	ck_assert_uint_eq(counts.look, 0);
	ck_assert_uint_eq(counts.take, 1);
	end_it();
}
END_TEST

/* It may be a copy: whoever made it wants two. */
START_TEST(what_stands_in_its_folder_still_is_taken_the_next_time)
{
	have_standing();
	list_one("Archive", 100, "4.7");
	ck_assert_uint_eq(counts.look, 1);
	look(1, 'a');
	decide_it();
	ck_assert_uint_eq(counts.take + counts.known + counts.look, 0);
	end_it();
	list_one("INBOX", 100, "9.1");
	end_it();
	list_one("Archive", 100, "4.7");
	ck_assert_uint_eq(counts.look, 0);
	ck_assert_uint_eq(counts.take, 1);
	store_row(1, 'a');
	end_it();
	list_one("Archive", 100, "4.7");
	ck_assert_uint_eq(counts.known, 1);
	end_it();
}
END_TEST

START_TEST(the_folder_that_has_lost_it_may_be_listed_later)
{
	have_standing();
	list_one("Archive", 100, "4.7");
	look(1, 'a');
	decide_it();
	end_it();
	list_one("INBOX", 0, NULL);
	end_it();
	list_one("Archive", 100, "4.7");
	ck_assert_uint_eq(counts.look, 1);
	look(1, 'a');
	decide_it();
	ck_assert_uint_eq(counts.known, 1);
	ck_assert_uint_eq(counts.take, 0);
	end_it();
}
END_TEST

/* Mail of the same size does not wait. */
START_TEST(another_of_that_size_is_taken_at_once)
{
	have_standing();
	list_one("Archive", 100, "4.7");
	look(1, 'n');
	decide_it();
	ck_assert_uint_eq(counts.take, 1);
	end_it();
	/* nor does what comes when nothing was put off */
	list_one("Archive", 100, "4.7");
	ck_assert_uint_eq(counts.look, 1);
	end_it();
}
END_TEST

/* 300 at once are no move: they are not all looked at. */
START_TEST(only_so_many_are_looked_at)
{
	char uid[16];

	have_standing();
	begin_of(ACCOUNT, OWNER, "Archive", -1);
	for (uint32_t i = 1; i <= 300; i++) {
		snprintf(uid, sizeof(uid), "4.%u", i);
		add(i, 100, uid);
	}
	decide_it();
	ck_assert_uint_eq(counts.look, 256);
	ck_assert_uint_eq(counts.take, 44);
	end_it();
}
END_TEST

START_TEST(one_that_went_stands_for_one_and_no_more)
{
	have_moved();
	begin_of(ACCOUNT, OWNER, "Archive", -1);
	add(1, 100, "4.7");
	add(2, 100, "4.8");
	decide_it();
	ck_assert_uint_eq(counts.look, 2);
	look(1, 'a');
	look(2, 'a');
	decide_it();
	ck_assert_uint_eq(counts.known, 1);
	ck_assert_uint_eq(counts.take, 1);
	end_it();
}
END_TEST

/* 0: of another fetch account of his; 1: of another owner. */
START_TEST(what_went_from_another_mailbox_is_not_followed)
{
	uint64_t owner = _i == 0 ? OWNER : OWNER + 1;

	have_moved();
	own(OTHER_ACCOUNT, owner, false);
	begin_of(OTHER_ACCOUNT, owner, "Archive", -1);
	add(1, 100, "4.7");
	decide_it();
	ck_assert_uint_eq(counts.look, 0);
	ck_assert_uint_eq(counts.take, 1);
	end_it();
}
END_TEST

START_TEST(what_is_lost_here_is_not_followed)
{
	have_moved();
	ck_assert_int_eq(ledger_lost(ledger, OWNER, 0, 100), 0);
	list_one("Archive", 100, "4.7");
	ck_assert_uint_eq(counts.look, 0);
	ck_assert_uint_eq(counts.take, 1);
	end_it();
}
END_TEST

START_TEST(a_note_of_it_does_not_stand_for_it)
{
	struct fetched fetched = { .account = ACCOUNT, .number = 1,
	    .mended = FETCHED_NOTE };
	struct ledger_taken *taken;
	struct message_id id;

	own(ACCOUNT, OWNER, false);
	list_one("INBOX", 100, "9.1");
	fetched.listing = folder.account;
	memset(fetched.header_digest, 'a', FETCHED_DIGEST_BYTES);
	ck_assert_int_eq(ledger_take(ledger, &channel, &fetched, &taken, &id),
	    0);
	receive(taken);
	ck_assert_int_eq(ledger_flush(ledger), 0);
	end_it();
	list_one("INBOX", 0, NULL);
	end_it();
	list_one("Archive", 100, "4.7");
	ck_assert_uint_eq(counts.look, 0);
	ck_assert_uint_eq(counts.take, 1);
	end_it();
}
END_TEST

static void
archive_again(int32_t days)
{
	begin_of(ACCOUNT, OWNER, "Archive", days);
	add(1, 100, "4.7");
	decide_it();
}

static int
deleting_it(void)
{
	TEXT_AUTO text = TEXT_INIT(8);
	struct unpack u;

	pack_u32(&text, 1);
	u = unpack_of(text_slice(&text));
	return ledger_deleting(ledger, &channel, folder.account, 1, &u);
}

/* The days count from when it came, and it is deleted in two steps. */
START_TEST(it_is_deleted_where_it_is_now)
{
	have_moved();
	archive_again(3);
	look(1, 'a');
	decide_it();
	ck_assert_uint_eq(counts.known, 1);
	ck_assert_uint_eq(counts.remove, 0);
	end_it();
	much_later((int64_t)4 * DAY);
	archive_again(3);
	ck_assert_uint_eq(counts.remove, 1);
	ck_assert_int_eq(deleting_it(), 0);
	end_it();
	/* the server has kept it: it is deleted once more, never taken */
	archive_again(3);
	ck_assert_uint_eq(counts.remove, 1);
	ck_assert_uint_eq(counts.take, 0);
	end_it();
}
END_TEST

START_TEST(what_is_deleted_here_is_deleted_where_it_went)
{
	struct message_id id;

	is_mirror = true;
	have_moved();
	id = last_id;
	archive_again(-1);
	look(1, 'a');
	decide_it();
	ck_assert_uint_eq(counts.remove, 0);
	end_it();
	ck_assert_int_eq(ledger_expunged(ledger, OWNER, &id, 1), 0);
	archive_again(-1);
	ck_assert_uint_eq(counts.remove, 1);
	end_it();
}
END_TEST

/* The journal says again where it came from: it stays where it went. */
START_TEST(a_replay_does_not_take_it_back)
{
	struct recipient rcpt = { .account = OWNER };
	struct envelope env = { .source = SOURCE_FETCH, .recipients = &rcpt,
	    .recipient_count = 1, .received_at_utc_ms = clock_utc_ms(),
	    .fetched = { .account = ACCOUNT, .listing = 99, .number = 1,
	    .folder = SLICE("INBOX"), .uidl = SLICE("9.1"),
	    .listed_bytes = 100 } };
	uint64_t position = last_position;

	have_moved();
	archive_again(-1);
	look(1, 'a');
	decide_it();
	end_it();
	env.id = last_id;
	memset(env.fetched.digest, 'a', FETCHED_DIGEST_BYTES);
	memset(env.fetched.header_digest, 'a', FETCHED_DIGEST_BYTES);
	ck_assert_int_eq(ledger_replay(ledger, &env, false, position), 0);
	archive_again(-1);
	ck_assert_uint_eq(counts.known, 1);
	end_it();
}
END_TEST

/* Each copy may be for somebody else. */
START_TEST(a_domains_mail_is_not_followed)
{
	is_for_many = true;
	have_moved();
	list_one("Archive", 100, "4.7");
	ck_assert_uint_eq(counts.look, 0);
	ck_assert_uint_eq(counts.take, 1);
	end_it();
	is_for_many = false;
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("ledger_follow");
	TCase *tcase = tcase_create("follow");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, what_went_to_another_folder_is_known_there);
	tcase_add_loop_test(tcase, another_message_there_is_taken, 0,
	    sizeof(others) / sizeof(others[0]));
	tcase_add_test(tcase, in_a_folder_that_is_new_nothing_waits);
	tcase_add_test(tcase,
	    what_stands_in_its_folder_still_is_taken_the_next_time);
	tcase_add_test(tcase,
	    the_folder_that_has_lost_it_may_be_listed_later);
	tcase_add_test(tcase, another_of_that_size_is_taken_at_once);
	tcase_add_test(tcase, only_so_many_are_looked_at);
	tcase_add_test(tcase, one_that_went_stands_for_one_and_no_more);
	tcase_add_loop_test(tcase,
	    what_went_from_another_mailbox_is_not_followed, 0, 2);
	tcase_add_test(tcase, what_is_lost_here_is_not_followed);
	tcase_add_test(tcase, a_note_of_it_does_not_stand_for_it);
	tcase_add_test(tcase, it_is_deleted_where_it_is_now);
	tcase_add_test(tcase, what_is_deleted_here_is_deleted_where_it_went);
	tcase_add_test(tcase, a_replay_does_not_take_it_back);
	tcase_add_test(tcase, a_domains_mail_is_not_followed);
	suite_add_tcase(suite, tcase);
	return suite;
}
