/*
 * service_test.c - what the queue is asked and answers, as bytes and back
 */
#include <errno.h>

#include "queue/service.h"
#include "tests/unit/unit.h"

START_TEST(an_answer_is_read_as_it_was_packed)
{
	struct queue_answer answer = { 452, SLICE("4.3.1"), SLICE("later"),
	    true, true };
	struct queue_answer back = { 0 };
	TEXT_AUTO text = TEXT_INIT(256);
	struct unpack u;

	answer_pack(&text, &answer);
	pack_u64(&text, 99);		/* as QUEUE_BIG has it behind */
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(answer_unpack(&u, &back), 0);
	ck_assert_uint_eq(back.code, 452);
	ck_assert(slice_is_str(back.status, "4.3.1"));
	ck_assert(slice_is_str(back.words, "later"));
	ck_assert(back.held);
	ck_assert(back.known);
	ck_assert_uint_eq(unpack_u64(&u), 99);
	ck_assert(unpack_is_done(&u));
}
END_TEST

START_TEST(an_answer_cut_anywhere_is_none)
{
	struct queue_answer answer = { 250, SLICE("2.0.0"), SLICE("fine"),
	    false, false };
	struct queue_answer back = { .code = 7 };
	TEXT_AUTO text = TEXT_INIT(256);

	answer_pack(&text, &answer);
	for (size_t len = 0; len < text.len; len++) {
		struct unpack u = unpack_of(slice_of(text.at, len));

		ck_assert_int_eq(answer_unpack(&u, &back), -EBADMSG);
		ck_assert_uint_eq(back.code, 7);
	}
}
END_TEST

START_TEST(a_code_that_is_no_smtp_code_is_refused)
{
	struct queue_answer answer = { 600, SLICE("2.0.0"), SLICE(""), false,
	    false };
	TEXT_AUTO text = TEXT_INIT(256);
	struct queue_answer back;
	struct unpack u;

	answer_pack(&text, &answer);
	u = unpack_of(text_slice(&text));
	ck_assert_int_eq(answer_unpack(&u, &back), -EBADMSG);
}
END_TEST

START_TEST(a_status_is_read_as_it_was_packed)
{
	struct queue_status status = {
		.received = 1, .delivered = 2, .refused = 3, .moving = 4,
		.waiting = 5, .held = 6, .quarantined = 13, .segments_used = 7,
		.segments_free = 8, .segments_broken = 9,
		.free_bytes = UINT64_MAX, .bar = BAR_JOURNAL,
		.messages_sent = 11, .messages_received = 12,
		.leaving_waiting = 14, .leaving_held = 15,
		.leaving_failed = 16, .leaving_since_utc_ms = 17
	};
	TEXT_AUTO text = TEXT_INIT(256), again = TEXT_INIT(256);
	struct queue_status back = { 0 };

	queue_status_pack(&text, &status);
	ck_assert_int_eq(queue_status_unpack(text_slice(&text), &back), 0);
	queue_status_pack(&again, &back);
	ck_assert(slice_is(text_slice(&text), text_slice(&again)));
	ck_assert_uint_eq(back.segments_broken, 9);
	ck_assert_uint_eq(back.quarantined, 13);
	ck_assert_uint_eq(back.bar, BAR_JOURNAL);
	ck_assert_uint_eq(back.free_bytes, UINT64_MAX);
	for (size_t len = 0; len < text.len; len++)
		ck_assert_int_eq(queue_status_unpack(slice_of(text.at, len),
		    &back), -EBADMSG);
	text_add_byte(&text, 'x');
	ck_assert_int_eq(queue_status_unpack(text_slice(&text), &back),
	    -EBADMSG);
}
END_TEST

START_TEST(every_bar_has_its_own_words)
{
	for (int i = 0; i < BAR_COUNT; i++) {
		ck_assert_ptr_nonnull(queue_bar_words((enum queue_bar)i));
		ck_assert(i == 0 || strcmp(queue_bar_words((enum queue_bar)i),
		    queue_bar_words((enum queue_bar)(i - 1))) != 0);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/service");
	TCase *tcase = tcase_create("service");

	tcase_add_test(tcase, an_answer_is_read_as_it_was_packed);
	tcase_add_test(tcase, an_answer_cut_anywhere_is_none);
	tcase_add_test(tcase, a_code_that_is_no_smtp_code_is_refused);
	tcase_add_test(tcase, a_status_is_read_as_it_was_packed);
	tcase_add_test(tcase, every_bar_has_its_own_words);
	suite_add_tcase(suite, tcase);
	return suite;
}
