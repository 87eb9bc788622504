/*
 * session_step_test.c - what a session did to a letter, as bytes
 */
#include <errno.h>

#include "lib/base/dot.h"
#include "queue/session_step.h"
#include "tests/unit/unit.h"

static const struct session_step step = {
	.ids = SLICE("tenletters""ten others"), .word = SLICE(SESSION_SAVED),
	.who = SLICE("ann@office.test"), .subject = SLICE("Lunch?"),
	.mailbox = SLICE("Drafts"), .mended = DOT_BARE_LF | DOT_NUL,
};

START_TEST(what_is_packed_is_read)
{
	TEXT_AUTO body = TEXT_INIT(1024);
	struct session_step read;

	session_step_pack(&body, &step);
	ck_assert_int_eq(session_step_unpack(text_slice(&body), &read), 0);
	ck_assert(slice_is(read.ids, step.ids));
	ck_assert(slice_is(read.word, step.word));
	ck_assert(slice_is(read.who, step.who));
	ck_assert(slice_is(read.subject, step.subject));
	ck_assert(slice_is(read.mailbox, step.mailbox));
	ck_assert_uint_eq(read.mended, step.mended);
}
END_TEST

/* Another role is a peer: what is cut, too long or no such bit is a breach. */
START_TEST(what_is_no_step_is_refused)
{
	TEXT_AUTO body = TEXT_INIT(16384);
	struct session_step wrong = step, read = { .mended = 77 };

	session_step_pack(&body, &step);
	for (size_t len = 0; len < body.len; len++)
		ck_assert_int_eq(session_step_unpack(slice_first(
		    text_slice(&body), len), &read), -EBADMSG);
	text_add_byte(&body, 'x');
	ck_assert_int_eq(session_step_unpack(text_slice(&body), &read),
	    -EBADMSG);
	text_clear(&body);
	wrong.mended = 8;
	session_step_pack(&body, &wrong);
	ck_assert_int_eq(session_step_unpack(text_slice(&body), &read),
	    -EBADMSG);
	for (unsigned i = 0; i < 3; i++) {
		static char ids[(SESSION_STEP_MOST + 1) * MESSAGE_ID_BYTES];
		const size_t bytes[] = { 0, 2 * MESSAGE_ID_BYTES - 1,
		    sizeof(ids) };

		text_clear(&body);
		wrong = step;
		wrong.ids = slice_of(ids, bytes[i]);
		session_step_pack(&body, &wrong);
		ck_assert_int_eq(session_step_unpack(text_slice(&body),
		    &read), -EBADMSG);
	}
	ck_assert_uint_eq(read.mended, 77);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/session_step");
	TCase *tcase = tcase_create("session_step");

	tcase_add_test(tcase, what_is_packed_is_read);
	tcase_add_test(tcase, what_is_no_step_is_refused);
	suite_add_tcase(suite, tcase);
	return suite;
}
