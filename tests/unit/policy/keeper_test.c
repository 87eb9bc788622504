/*
 * keeper_test.c - what is packed for the keeper reads back; nothing else reads
 */
#include <errno.h>

#include "policy/config.h"
#include "policy/keeper.h"
#include "tests/unit/unit.h"

static struct text body;

static void
setup(void)
{
	body = (struct text)TEXT_INIT(4096);
}

static void
teardown(void)
{
	text_free(&body);
}

START_TEST(whose_reads_back)
{
	struct keeper_whose said = { WHOSE_OURS, 7, 0 }, got = { 0 };
	struct slice address;

	keeper_whose_ask(&body, slice_str("ann@office.test"));
	ck_assert_int_eq(keeper_whose_asked(text_slice(&body), &address), 0);
	ck_assert(slice_is_str(address, "ann@office.test"));
	text_clear(&body);
	keeper_whose_say(&body, &said);
	ck_assert_int_eq(keeper_whose_said(text_slice(&body), &got), 0);
	ck_assert_int_eq(got.whose, WHOSE_OURS);
	ck_assert_uint_eq(got.account, 7);
}
END_TEST

START_TEST(what_may_be_new_reads_back)
{
	struct keeper_grey asked = {
		slice_str("192.0.2.0/24"), slice_str(""),
		slice_str("ann@office.test")
	}, got;
	enum grey said;

	keeper_grey_ask(&body, &asked);
	ck_assert_int_eq(keeper_grey_asked(text_slice(&body), &got), 0);
	ck_assert(slice_is(got.net, asked.net));
	ck_assert_uint_eq(got.sender.len, 0);
	ck_assert(slice_is(got.recipient, asked.recipient));
	ck_assert_int_eq(keeper_grey_asked(slice_first(text_slice(&body),
	    body.len - 1), &got), -EBADMSG);
	text_clear(&body);
	asked.net = slice_str("");
	keeper_grey_ask(&body, &asked);
	ck_assert_int_eq(keeper_grey_asked(text_slice(&body), &got),
	    -EBADMSG);
	text_clear(&body);
	pack_u8(&body, GREY_WAITS);
	ck_assert_int_eq(keeper_grey_said(text_slice(&body), &said), 0);
	ck_assert_int_eq(said, GREY_WAITS);
	text_clear(&body);
	pack_u8(&body, GREY_COUNT);
	ck_assert_int_eq(keeper_grey_said(text_slice(&body), &said),
	    -EBADMSG);
}
END_TEST

START_TEST(who_sends_reads_back)
{
	const struct keeper_sender said = { KEEPER_SENDS,
	    slice_str("ann@o.test") };
	struct keeper_sender got;
	struct slice address;
	uint64_t account, stamp;

	keeper_sender_ask(&body, 7, 12, slice_str("ann+x@o.test"));
	ck_assert_int_eq(keeper_sender_asked(text_slice(&body), &account,
	    &stamp, &address), 0);
	ck_assert_uint_eq(account, 7);
	ck_assert_uint_eq(stamp, 12);
	ck_assert(slice_is_str(address, "ann+x@o.test"));
	ck_assert_int_eq(keeper_sender_asked(slice_first(text_slice(&body),
	    body.len - 1), &account, &stamp, &address), -EBADMSG);
	text_clear(&body);
	/* of a trusted network */
	keeper_sender_ask(&body, 0, 0, slice_str(""));
	ck_assert_int_eq(keeper_sender_asked(text_slice(&body), &account,
	    &stamp, &address), 0);
	ck_assert_uint_eq(account, 0);
	text_clear(&body);
	keeper_sender_say(&body, &said);
	ck_assert_int_eq(keeper_sender_said(text_slice(&body), &got), 0);
	ck_assert_int_eq(got.sends, KEEPER_SENDS);
	ck_assert(slice_is(got.address, said.address));
	/* who it is, is said of all who are logged in, and of nobody else */
	for (enum keeper_sends sends = 0; sends <= KEEPER_SENDS_COUNT;
	    sends++) {
		text_clear(&body);
		keeper_sender_say(&body, &(struct keeper_sender){ sends,
		    slice_str("") });
		ck_assert_int_eq(keeper_sender_said(text_slice(&body), &got),
		    sends == KEEPER_LOGGED_OUT ? 0 : -EBADMSG);
	}
	text_clear(&body);
	keeper_sender_say(&body, &(struct keeper_sender){ KEEPER_LOGGED_OUT,
	    slice_str("ann@o.test") });
	ck_assert_int_eq(keeper_sender_said(text_slice(&body), &got),
	    -EBADMSG);
	ck_assert_int_eq(keeper_sender_said(slice_str(""), &got), -EBADMSG);
}
END_TEST

START_TEST(whose_addresses_they_are_reads_back)
{
	bool is_own[3] = { false, false, false };
	struct slice over;
	struct unpack keys;
	uint32_t recall;

	pack_u8(&body, 1);
	pack_u8(&body, 0);
	pack_slice(&body, slice_str("too much"));
	ck_assert_int_eq(keeper_owned_said(text_slice(&body), 2, is_own,
	    &over, &recall, &keys), -EBADMSG);
	pack_u32(&body, 300);
	ck_assert_int_eq(keeper_owned_said(text_slice(&body), 2, is_own,
	    &over, &recall, &keys), 0);
	ck_assert_uint_eq(recall, 300);
	ck_assert_uint_eq(keys.rest.len, 0);
	ck_assert(is_own[0] && !is_own[1] && slice_is_str(over, "too much"));
	ck_assert_int_eq(keeper_owned_said(text_slice(&body), 3, is_own,
	    &over, &recall, &keys), -EBADMSG);
	ck_assert_int_eq(keeper_owned_said(slice_str(""), 0, is_own, &over,
	    &recall, &keys), -EBADMSG);
}
END_TEST

START_TEST(ours_without_an_account_is_a_breach)
{
	static const struct keeper_whose lies[] = {
		{ WHOSE_OURS, 0, 0 }, { WHOSE_UNKNOWN, 7, 0 }, { WHOSE_FOREIGN, 7, 0 },
		{ WHOSE_COUNT, 0, 0 },
	};
	struct keeper_whose got;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		text_clear(&body);
		keeper_whose_say(&body, &lies[i]);
		ck_assert_int_eq(keeper_whose_said(text_slice(&body), &got),
		    -EBADMSG);
	}
}
END_TEST

START_TEST(a_named_account_reads_back_and_a_lie_does_not)
{
	static const struct keeper_named truths[] = {
		{ ADMIN_OK, 7 }, { ADMIN_NO_SUCH, 0 }, { ADMIN_NOT_UNIQUE, 0 },
	}, lies[] = {
		{ ADMIN_OK, 0 }, { ADMIN_NO_SUCH, 7 }, { ADMIN_STATUS_COUNT, 0 },
	};
	struct keeper_named got;

	for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++) {
		text_clear(&body);
		keeper_named_say(&body, &truths[i]);
		ck_assert_int_eq(keeper_named_said(text_slice(&body), &got),
		    0);
		ck_assert_int_eq(got.status, truths[i].status);
		ck_assert_uint_eq(got.account, truths[i].account);
		ck_assert_int_eq(keeper_named_said(slice_first(
		    text_slice(&body), body.len - 1), &got), -EBADMSG);
	}
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		text_clear(&body);
		keeper_named_say(&body, &lies[i]);
		ck_assert_int_eq(keeper_named_said(text_slice(&body), &got),
		    -EBADMSG);
	}
}
END_TEST

START_TEST(a_login_reads_back)
{
	struct keeper_login login = { SLICE("ann"), SLICE("correct horse"),
	    SLICE("192.0.2.1"), SERVICE_POP3, SLICE("n=ann,r=x") }, got;
	struct keeper_welcome welcome = { KEEPER_WELCOME, 3,
	    SLICE("ann@office.test"), SLICE("ours"), 12 }, heard;

	keeper_login_ask(&body, &login);
	ck_assert_int_eq(keeper_login_asked(text_slice(&body), &got), 0);
	ck_assert(slice_is(got.user, login.user));
	ck_assert(slice_is(got.password, login.password));
	ck_assert(slice_is(got.peer, login.peer));
	ck_assert_uint_eq(got.service, SERVICE_POP3);
	ck_assert(slice_is(got.said, login.said));
	text_clear(&body);
	keeper_login_say(&body, &welcome);
	ck_assert_int_eq(keeper_login_said(text_slice(&body), &heard), 0);
	ck_assert_int_eq(heard.who, KEEPER_WELCOME);
	ck_assert_uint_eq(heard.account, 3);
	ck_assert(slice_is(heard.address, welcome.address));
	ck_assert(slice_is(heard.signature, welcome.signature));
	ck_assert_uint_eq(heard.stamp, 12);
}
END_TEST

START_TEST(a_salt_reads_back)
{
	struct scram_salt salt = { 4096, "sixteen bytes o" }, got;

	keeper_salt_say(&body, &salt);
	ck_assert_int_eq(keeper_salt_said(text_slice(&body), &got), 0);
	ck_assert_uint_eq(got.rounds, 4096);
	ck_assert_mem_eq(got.bytes, salt.bytes, sizeof(got.bytes));
	text_add_byte(&body, '\0');
	ck_assert_int_eq(keeper_salt_said(text_slice(&body), &got), -EBADMSG);
	text_clear(&body);
	salt.rounds = 0;
	keeper_salt_say(&body, &salt);
	ck_assert_int_eq(keeper_salt_said(text_slice(&body), &got), -EBADMSG);
	ck_assert_int_eq(keeper_salt_said(slice_of(NULL, 0), &got), -EBADMSG);
}
END_TEST

START_TEST(a_stranger_with_an_account_is_a_breach)
{
	struct keeper_welcome lie = { .who = KEEPER_STRANGER, .account = 3 },
	    heard;

	keeper_login_say(&body, &lie);
	ck_assert_int_eq(keeper_login_said(text_slice(&body), &heard),
	    -EBADMSG);
}
END_TEST

START_TEST(an_admin_request_and_an_account_read_back)
{
	const struct admin_request *request;
	struct keeper_account account = { true, SLICE("ann@office.test"),
	    SLICE("id") }, got;
	struct slice packed;
	uint64_t number, asker;

	keeper_admin_ask(&body, admin_find(slice_str("account set")), 7,
	    slice_str("xyz"));
	ck_assert_int_eq(keeper_admin_asked(text_slice(&body), &request,
	    &asker, &packed), 0);
	ck_assert_str_eq(request->name, "account set");
	ck_assert_uint_eq(asker, 7);
	ck_assert(slice_is_str(packed, "xyz"));
	text_clear(&body);
	keeper_account_ask(&body, 12);
	ck_assert_int_eq(keeper_account_asked(text_slice(&body), &number), 0);
	ck_assert_uint_eq(number, 12);
	text_clear(&body);
	keeper_account_say(&body, &account);
	ck_assert_int_eq(keeper_account_said(text_slice(&body), &got), 0);
	ck_assert(got.exists && slice_is_str(got.language, "id"));
}
END_TEST

START_TEST(a_person_reads_back_and_a_cut_one_is_a_breach)
{
	const struct keeper_person nobody = { 0 }, ann = {
		.exists = true, .address = SLICE("ann@office.test"),
		.language = SLICE("id"), .may_fetch = true, .may_forward = true,
		.stamp = 77
	};
	struct keeper_person got = { 0 };
	struct slice whole;

	keeper_person_say(&body, &ann);
	whole = text_slice(&body);
	for (size_t len = 0; len < whole.len; len++)
		ck_assert_int_eq(keeper_person_said(slice_first(whole, len),
		    &got), -EBADMSG);
	ck_assert_int_eq(keeper_person_said(whole, &got), 0);
	ck_assert(got.exists && got.may_fetch && got.may_forward &&
	    got.stamp == 77);
	ck_assert(slice_is_str(got.address, "ann@office.test"));
	ck_assert(slice_is_str(got.language, "id"));
	text_clear(&body);
	keeper_person_say(&body, &nobody);
	ck_assert_int_eq(keeper_person_said(text_slice(&body), &got), 0);
	ck_assert(!got.exists && !got.may_fetch);
}
END_TEST

START_TEST(a_body_that_is_cut_or_longer_is_a_breach)
{
	struct keeper_login login = { SLICE("ann"), SLICE("pw"),
	    SLICE("192.0.2.1"), SERVICE_POP3, SLICE("") }, got;
	struct slice whole;

	keeper_login_ask(&body, &login);
	whole = text_slice(&body);
	for (size_t len = 0; len < whole.len; len++)
		ck_assert_int_eq(keeper_login_asked(slice_first(whole, len),
		    &got), -EBADMSG);
	text_add_byte(&body, '\0');
	ck_assert_int_eq(keeper_login_asked(text_slice(&body), &got),
	    -EBADMSG);
	text_clear(&body);
	login.service = SERVICE_COUNT;
	keeper_login_ask(&body, &login);
	ck_assert_int_eq(keeper_login_asked(text_slice(&body), &got),
	    -EBADMSG);
	text_clear(&body);
	pack_u16(&body, 999);
	pack_u64(&body, 0);
	pack_slice(&body, slice_str(""));
	ck_assert_int_eq(keeper_admin_asked(text_slice(&body),
	    &(const struct admin_request *){ NULL }, &(uint64_t){ 0 },
	    &whole), -EBADMSG);
}
END_TEST

START_TEST(a_fetch_due_reads_back_and_a_cut_one_is_a_breach)
{
	struct fetch_due due = { .id = 7, .owner = 3,
	    .owner_address = SLICE("ann@office.test"),
	    .label = SLICE("provider"), .host = SLICE("pop.example.com"),
	    .enabled = true, .changes = 5, .when = { 15, true },
	    .health = { .result = "refused", .words = "no", .refusals = 2,
	    .waiting = 9 } }, got = { 0 };
	struct slice whole;
	struct unpack u;

	fetch_due_pack(&body, &due);
	whole = text_slice(&body);
	u = unpack_of(whole);
	ck_assert_int_eq(fetch_due_unpack(&u, &got), 0);
	ck_assert(unpack_is_done(&u));
	ck_assert_uint_eq(got.id, 7);
	ck_assert_uint_eq(got.owner, 3);
	ck_assert(slice_is(got.owner_address, due.owner_address));
	ck_assert(slice_is(got.label, due.label));
	ck_assert(slice_is(got.host, due.host));
	ck_assert(got.enabled);
	ck_assert_uint_eq(got.changes, 5);
	ck_assert_uint_eq(got.when.every_minutes, 15);
	ck_assert(got.when.on_read);
	ck_assert_str_eq(got.health.result, "refused");
	ck_assert_str_eq(got.health.words, "no");
	ck_assert_uint_eq(got.health.refusals, 2);
	ck_assert_uint_eq(got.health.waiting, 9);
	for (size_t len = 0; len < whole.len; len++) {
		u = unpack_of(slice_first(whole, len));
		ck_assert_int_eq(fetch_due_unpack(&u, &got), -EBADMSG);
	}
}
END_TEST

START_TEST(a_fetch_due_of_nobody_is_a_breach)
{
	struct fetch_due due = { .id = 7, .owner_address = SLICE("a@b"),
	    .label = SLICE("c"), .host = SLICE("d"), .enabled = true }, got;
	struct unpack u;

	fetch_due_pack(&body, &due);
	u = unpack_of(text_slice(&body));
	ck_assert_int_eq(fetch_due_unpack(&u, &got), -EBADMSG);
	text_clear(&body);
	due.id = 0;
	due.owner = 3;
	fetch_due_pack(&body, &due);
	u = unpack_of(text_slice(&body));
	ck_assert_int_eq(fetch_due_unpack(&u, &got), -EBADMSG);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/keeper");
	TCase *tests = tcase_create("keeper");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, whose_reads_back);
	tcase_add_test(tests, what_may_be_new_reads_back);
	tcase_add_test(tests, who_sends_reads_back);
	tcase_add_test(tests, whose_addresses_they_are_reads_back);
	tcase_add_test(tests, ours_without_an_account_is_a_breach);
	tcase_add_test(tests,
	    a_named_account_reads_back_and_a_lie_does_not);
	tcase_add_test(tests, a_login_reads_back);
	tcase_add_test(tests, a_salt_reads_back);
	tcase_add_test(tests, a_stranger_with_an_account_is_a_breach);
	tcase_add_test(tests, an_admin_request_and_an_account_read_back);
	tcase_add_test(tests, a_person_reads_back_and_a_cut_one_is_a_breach);
	tcase_add_test(tests, a_body_that_is_cut_or_longer_is_a_breach);
	tcase_add_test(tests,
	    a_fetch_due_reads_back_and_a_cut_one_is_a_breach);
	tcase_add_test(tests, a_fetch_due_of_nobody_is_a_breach);
	suite_add_tcase(suite, tests);
	return suite;
}
