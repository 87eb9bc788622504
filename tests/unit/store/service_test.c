/*
 * service_test.c - what a mailbox is asked, as bytes and back
 */
#include <errno.h>

#include "store/service.h"
#include "tests/unit/unit.h"

static struct delivery
a_delivery(void)
{
	return (struct delivery){
		.id = { "tenletters" }, .action = 3, .position = UINT64_MAX,
		.mailbox = MAILBOX_INBOX, .received_at_utc_ms = -5,
		.trace = SLICE("Return-Path: <>\r\n"), .body_bytes = 100,
		.lacks_crlf = true, .is_released = true,
		.is_decided = true, .is_spam = true, .flags = LETTER_SEEN,
		.keywords = SLICE("$Forwarded")
	};
}

START_TEST(a_delivery_is_read_as_it_was_packed)
{
	struct delivery delivery = a_delivery(), back = { 0 };
	TEXT_AUTO text = TEXT_INIT(1024), again = TEXT_INIT(1024);

	delivery_pack(&text, &delivery);
	ck_assert_int_eq(delivery_unpack(text_slice(&text), &back), 0);
	ck_assert_int_eq(message_id_order(&back.id, &delivery.id), 0);
	ck_assert_uint_eq(back.position, UINT64_MAX);
	ck_assert_int_eq(back.received_at_utc_ms, -5);
	ck_assert(back.lacks_crlf && back.is_released && !back.is_big);
	ck_assert(back.is_decided && back.is_spam);
	ck_assert_uint_eq(back.body.len, 0);
	delivery_pack(&again, &back);
	ck_assert(slice_is(text_slice(&text), text_slice(&again)));
}
END_TEST

START_TEST(a_listed_letter_is_read_as_it_was_packed_and_a_cut_is_none)
{
	const struct listed_letter listed = { .place = UINT64_MAX,
	    .mailbox = SLICE("Sent"), .uidvalidity = 7, .uid = 9,
	    .flags = LETTER_DRAFT, .keywords = SLICE("work"),
	    .received_at_utc_ms = -5, .bytes = 100, .id = { "tenletters" } };
	TEXT_AUTO text = TEXT_INIT(1024), again = TEXT_INIT(1024);
	struct listed_letter back;
	struct unpack u;

	listed_pack(&text, &listed);
	for (size_t len = 0; len < text.len; len++) {
		u = unpack_of(slice_of(text.at, len));
		ck_assert_int_eq(listed_unpack(&u, &back), -EBADMSG);
	}
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(listed_unpack(&u, &back), 0);
	listed_pack(&again, &back);
	ck_assert(slice_is(text_slice(&text), text_slice(&again)));
}
END_TEST

START_TEST(a_folder_is_read_as_it_was_packed_and_a_cut_is_none)
{
	const struct listed_folder folder = { .mailbox = UINT32_MAX,
	    .name = SLICE("Sent"), .uidvalidity = 7, .letters = 9,
	    .bytes = UINT64_MAX };
	TEXT_AUTO text = TEXT_INIT(1024), again = TEXT_INIT(1024);
	struct listed_folder back;
	struct unpack u;

	folder_pack(&text, &folder);
	for (size_t len = 0; len < text.len; len++) {
		u = unpack_of(slice_of(text.at, len));
		ck_assert_int_eq(folder_unpack(&u, &back), -EBADMSG);
	}
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(folder_unpack(&u, &back), 0);
	folder_pack(&again, &back);
	ck_assert(slice_is(text_slice(&text), text_slice(&again)));
}
END_TEST

START_TEST(a_delivery_cut_anywhere_or_longer_is_none)
{
	struct delivery delivery = a_delivery(), back;
	TEXT_AUTO text = TEXT_INIT(1024);

	delivery_pack(&text, &delivery);
	for (size_t len = 0; len < text.len; len++)
		ck_assert_int_eq(delivery_unpack(slice_of(text.at, len),
		    &back), -EBADMSG);
	text_add_byte(&text, 'x');
	ck_assert_int_eq(delivery_unpack(text_slice(&text), &back), -EBADMSG);
}
END_TEST

START_TEST(only_a_big_file_is_larger_than_a_small_message)
{
	struct delivery delivery = a_delivery(), back;
	TEXT_AUTO text = TEXT_INIT(1024);

	delivery.body_bytes = BIG_BYTES + 1;
	delivery_pack(&text, &delivery);
	ck_assert_int_eq(delivery_unpack(text_slice(&text), &back), -EBADMSG);
	text_clear(&text);
	delivery.is_big = true;
	delivery_pack(&text, &delivery);
	ck_assert_int_eq(delivery_unpack(text_slice(&text), &back), 0);
}
END_TEST

START_TEST(a_session_is_read_as_it_was_packed)
{
	struct session_request request = {
		.service = SESSION_IMAP, .number = 5,
		.login = SLICE("ann"), .tag = SLICE("a1"),
		.carried = { SLICE("state"), 61000 },
	};
	struct session_request back;
	TEXT_AUTO text = TEXT_INIT(128);

	session_pack(&text, &request);
	ck_assert_int_eq(session_unpack(text_slice(&text), &back), 0);
	ck_assert_int_eq(back.service, SESSION_IMAP);
	ck_assert(slice_is_str(back.login, "ann"));
	ck_assert(slice_is_str(back.tag, "a1"));
	ck_assert_uint_eq(back.number, 5);
	ck_assert(slice_is_str(back.carried.state, "state"));
	ck_assert_uint_eq(back.carried.quiet_ms, 61000);
	for (size_t len = 0; len < text.len; len++)
		ck_assert_int_eq(session_unpack(slice_of(text.at, len),
		    &back), -EBADMSG);
	text.at[0] = SESSION_COUNT;
	ck_assert_int_eq(session_unpack(text_slice(&text), &back), -EBADMSG);
}
END_TEST

START_TEST(a_parting_is_read_as_it_was_packed)
{
	static const char much[SESSION_STATE_BYTES + 1];
	struct session_parting parting = {
		.number = 5, .modseq = 44,
		.carried = { SLICE("state"), 61000 },
	};
	struct session_parting back;
	TEXT_AUTO text = TEXT_INIT(1024);

	parting_pack(&text, &parting);
	ck_assert_int_eq(parting_unpack(text_slice(&text), &back), 0);
	ck_assert_uint_eq(back.number, 5);
	ck_assert_uint_eq(back.modseq, 44);
	ck_assert(slice_is_str(back.carried.state, "state"));
	for (size_t len = 0; len < text.len; len++)
		ck_assert_int_eq(parting_unpack(slice_of(text.at, len),
		    &back), -EBADMSG);
	parting.carried.state = slice_of(much, SESSION_STATE_BYTES);
	text_clear(&text);
	parting_pack(&text, &parting);
	ck_assert_int_eq(parting_unpack(text_slice(&text), &back), 0);
	parting.carried.state.len++;
	text_clear(&text);
	parting_pack(&text, &parting);
	ck_assert_int_eq(parting_unpack(text_slice(&text), &back), -EBADMSG);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/service");
	TCase *tcase = tcase_create("service");

	tcase_add_test(tcase,
	    a_listed_letter_is_read_as_it_was_packed_and_a_cut_is_none);
	tcase_add_test(tcase,
	    a_folder_is_read_as_it_was_packed_and_a_cut_is_none);
	tcase_add_test(tcase, a_delivery_is_read_as_it_was_packed);
	tcase_add_test(tcase, a_delivery_cut_anywhere_or_longer_is_none);
	tcase_add_test(tcase, only_a_big_file_is_larger_than_a_small_message);
	tcase_add_test(tcase, a_session_is_read_as_it_was_packed);
	tcase_add_test(tcase, a_parting_is_read_as_it_was_packed);
	suite_add_tcase(suite, tcase);
	return suite;
}
