/*
 * console_held_test.c - what people ask of what is held for them, and hear
 */
#include "programs/console_held.h"

#include <string.h>

#include "queue/held_link.h"
#include "queue/service.h"
#include "tests/unit/unit.h"

#define ID	"06gywnjy02nf1qp7"

/* With that one argument (NULL: not given), by that account. */
static enum admin_status
ask(const char *name, const char *arg, uint64_t asker,
    enum admin_status (*fn)(const struct admin_work *, struct text *,
    unsigned *), struct text *body)
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO packed = TEXT_INIT(1024);
	struct admin_work work;
	unsigned field = ADMIN_NO_FIELD;

	ck_assert_ptr_nonnull(request);
	pack_u8(&packed, arg != NULL);
	if (arg != NULL)
		pack_slice(&packed, slice_str(arg));
	ck_assert_int_eq(admin_begin(&work, request, text_slice(&packed), 0),
	    0);
	work.asker = asker;
	return fn(&work, body, &field);
}

START_TEST(the_asker_is_who_has_logged_in)
{
	TEXT_AUTO body = TEXT_INIT(256);
	struct unpack u;

	ck_assert_int_eq(ask("held show", ID, 7, held_ask_one, &body),
	    ADMIN_OK);
	u = unpack_of(text_slice(&body));
	ck_assert_uint_eq(unpack_u64(&u), 7);
	(void)unpack_bytes(&u, MESSAGE_ID_BYTES);
	ck_assert(unpack_is_done(&u));
	text_clear(&body);
	ck_assert_int_eq(ask("held list", NULL, 8, held_ask_list, &body),
	    ADMIN_OK);
	u = unpack_of(text_slice(&body));
	ck_assert_uint_eq(unpack_u64(&u), 8);
}
END_TEST

/* Account 0 means that a link says who it is. */
START_TEST(nobody_is_no_asker_and_no_link_is_no_question)
{
	char most[HELD_LINK_CHARS + 2];
	TEXT_AUTO body = TEXT_INIT(256);

	memset(most, '0', sizeof(most));
	most[HELD_LINK_CHARS + 1] = '\0';
	ck_assert_int_ne(ask("held show", ID, 0, held_ask_one, &body),
	    ADMIN_OK);
	ck_assert_int_eq(ask("held show", "x", 7, held_ask_one, &body),
	    ADMIN_UNFIT);
	ck_assert_int_eq(ask("held list", "x", 7, held_ask_list, &body),
	    ADMIN_UNFIT);
	ck_assert_int_eq(ask("held open", "", 0, held_ask_link, &body),
	    ADMIN_UNFIT);
	ck_assert_int_eq(ask("held open", most, 0, held_ask_link, &body),
	    ADMIN_UNFIT);
	ck_assert_uint_eq(body.len, 0);
	most[HELD_LINK_CHARS] = '\0';
	ck_assert_int_eq(ask("held open", most, 0, held_ask_link, &body),
	    ADMIN_OK);
}
END_TEST

/* Neither the postmaster's socket nor a login asks by a link. */
START_TEST(who_may_ask_stands_in_the_table)
{
	static const char *const own[] = {
		"held list", "held show", "held release", "held spam"
	};
	static const char *const linked[] = {
		"held open", "held accept", "held disown"
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		const struct admin_request *r = admin_find(slice_str(own[i]));

		ck_assert(!admin_may(r, 0, true));
		ck_assert(admin_may(r, 7, false));
	}
	for (size_t i = 0; i < sizeof(linked) / sizeof(linked[0]); i++) {
		const struct admin_request *r =
		    admin_find(slice_str(linked[i]));

		ck_assert(!admin_may(r, 0, true));
		ck_assert(!admin_may(r, 7, true));
	}
}
END_TEST

static const struct {
	enum hold_status  said;
	enum admin_status status;
} answers[] = {
	{ HOLD_NONE, ADMIN_NO_SUCH }, { HOLD_LATER, ADMIN_LATER },
	{ HOLD_DAMAGED, ADMIN_FAILED }, { HOLD_FORGED, ADMIN_UNFIT },
	{ HOLD_OVER, ADMIN_EXPIRED }, { HOLD_KEPT, ADMIN_REFUSED },
};

START_TEST(what_the_queue_refuses_is_told)
{
	TEXT_AUTO body = TEXT_INIT(64), rows = TEXT_INIT(64);
	struct queue_said said = { ADMIN_OK, 0, 0, &rows };

	pack_u8(&body, (uint8_t)answers[_i].said);
	ck_assert_int_eq(held_taken_said(text_slice(&body), &said), 0);
	ck_assert_int_eq(said.status, answers[_i].status);
	ck_assert_int_eq(held_show_said(text_slice(&body), &said), 0);
	ck_assert_int_eq(held_list_said(text_slice(&body), &said), 0);
	ck_assert_uint_eq(said.count, 0);
}
END_TEST

START_TEST(a_page_of_the_longest_rows_fits_and_a_cut_one_is_none)
{
	TEXT_AUTO body = TEXT_INIT(ADMIN_ANSWER_BYTES);
	TEXT_AUTO rows = TEXT_INIT(ADMIN_ANSWER_BYTES);
	struct queue_said said = { ADMIN_OK, 0, 0, &rows };
	static char most[900];
	struct hold_row row = {
		.reason = { most, 512 }, .from = { most, 256 },
		.subject = { most, 256 }, .sender = { most, 320 },
		.recipients = { most, 308 }, .source = { most, 264 },
		.score = { most, sizeof(most) }, .may_take = true,
		.author = { most, 320 }
	};

	memset(most, 'm', sizeof(most));
	pack_u8(&body, HOLD_OK);
	pack_u32(&body, HOLD_PAGE);
	for (unsigned i = 0; i < HOLD_PAGE; i++)
		hold_row_pack(&body, &row);
	ck_assert(!text_failed(&body));
	ck_assert_int_eq(held_list_said(text_slice(&body), &said), 0);
	ck_assert_uint_eq(said.count, HOLD_PAGE);
	ck_assert(!text_failed(&rows));
	for (size_t len = 0; len < body.len; len += 97)
		ck_assert_int_lt(held_list_said(slice_first(
		    text_slice(&body), len), &said), 0);
}
END_TEST

/* QUEUE_HELD_NEWS: HELD_PAGE of them, each with its link, are one message. */
START_TEST(a_digest_of_the_longest_rows_fits_one_message)
{
	TEXT_AUTO body = TEXT_INIT(128 * 1024);
	static char most[900];
	struct hold_row row = {
		.reason = { most, 512 }, .from = { most, 256 },
		.subject = { most, 256 }, .sender = { most, 320 },
		.recipients = { most, 308 }, .source = { most, 264 },
		.score = { most, sizeof(most) },
		.link = { most, HELD_LINK_CHARS }
	};

	memset(most, 'm', sizeof(most));
	pack_u64(&body, 1);
	pack_u64(&body, 1);
	for (unsigned i = 0; i < HELD_PAGE; i++)
		hold_row_pack(&body, &row);
	ck_assert(!text_failed(&body));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("console_held");
	TCase *tests = tcase_create("console_held");

	tcase_add_test(tests, the_asker_is_who_has_logged_in);
	tcase_add_test(tests, nobody_is_no_asker_and_no_link_is_no_question);
	tcase_add_test(tests, who_may_ask_stands_in_the_table);
	tcase_add_loop_test(tests, what_the_queue_refuses_is_told, 0,
	    sizeof(answers) / sizeof(answers[0]));
	tcase_add_test(tests,
	    a_page_of_the_longest_rows_fits_and_a_cut_one_is_none);
	tcase_add_test(tests, a_digest_of_the_longest_rows_fits_one_message);
	suite_add_tcase(suite, tests);
	return suite;
}
