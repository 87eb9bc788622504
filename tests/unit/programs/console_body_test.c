/*
 * console_body_test.c - who asks for a body, and what the queue says of it
 */
#include "programs/console_body.h"

#include "queue/ledger.h"
#include "queue/service.h"
#include "tests/unit/unit.h"

static enum admin_status
ask(uint64_t asker, const char *id, struct text *body, unsigned *field)
{
	const struct admin_request *request =
	    admin_find(slice_str("fetch body"));
	TEXT_AUTO packed = TEXT_INIT(1024);
	struct admin_work work;

	ck_assert_ptr_nonnull(request);
	ck_assert_int_eq(request->answers, ROLE_QUEUE);
	pack_u8(&packed, true);
	pack_slice(&packed, slice_str(id));
	ck_assert_int_eq(admin_begin(&work, request, text_slice(&packed), 0),
	    0);
	work.asker = asker;
	*field = ADMIN_NO_FIELD;
	return body_ask(&work, body, field);
}

/* The queue is told whose note it has to be; never by an argument. */
START_TEST(who_asks_goes_with_it)
{
	TEXT_AUTO body = TEXT_INIT(1024);
	struct unpack u;
	unsigned field;

	ck_assert_int_eq(ask(7, "0123456789abcdef", &body, &field), ADMIN_OK);
	u = unpack_of(text_slice(&body));
	ck_assert_uint_eq(unpack_u64(&u), 7);
	ck_assert(slice_is_str(unpack_slice(&u), "0123456789abcdef"));
	ck_assert(unpack_is_done(&u));
	ck_assert_int_eq(ask(7, "", &body, &field), ADMIN_UNFIT);
	ck_assert_uint_eq(field, 0);
	ck_assert_int_eq(ask(7, "0123456789abcdef0", &body, &field),
	    ADMIN_UNFIT);
}
END_TEST

static const struct {
	enum body_status	said;
	enum admin_status	status;
	unsigned		field;
} answers[] = {
	{ BODY_WANTED, ADMIN_OK, ADMIN_NO_FIELD },
	{ BODY_NONE, ADMIN_NO_SUCH, 0 },
	{ BODY_UNFIT, ADMIN_UNFIT, 0 },
	{ BODY_LATER, ADMIN_LATER, ADMIN_NO_FIELD },
};

START_TEST(the_accounts_that_have_it_are_its_rows)
{
	uint32_t count = answers[_i].said == BODY_WANTED ? 2 : 0;
	TEXT_AUTO body = TEXT_INIT(1024);
	TEXT_AUTO rows = TEXT_INIT(1024);
	struct queue_said said = { .rows = &rows };
	struct unpack u;

	pack_u8(&body, (uint8_t)answers[_i].said);
	pack_u32(&body, count);
	for (uint32_t i = 0; i < count; i++)
		pack_u64(&body, 5 + i);
	ck_assert_int_eq(body_said(text_slice(&body), &said), 0);
	ck_assert_int_eq(said.status, answers[_i].status);
	ck_assert_uint_eq(said.field, answers[_i].field);
	ck_assert_uint_eq(said.count, count);
	u = unpack_of(text_slice(&rows));
	for (uint32_t i = 0; i < count; i++)
		ck_assert_uint_eq(unpack_u64(&u), 5 + i);
	ck_assert(unpack_is_done(&u));
}
END_TEST

START_TEST(what_is_no_answer_is_none)
{
	TEXT_AUTO body = TEXT_INIT(1024);
	TEXT_AUTO rows = TEXT_INIT(1024);
	struct queue_said said = { .rows = &rows };

	ck_assert_int_lt(body_said(slice_of(NULL, 0), &said), 0);
	pack_u8(&body, BODY_WANTED);
	pack_u32(&body, _i == 0 ? LEDGER_BODIES_MOST + 1 : 1);
	ck_assert_int_lt(body_said(text_slice(&body), &said), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/console_body");
	TCase *tests = tcase_create("body");

	tcase_add_test(tests, who_asks_goes_with_it);
	tcase_add_loop_test(tests, the_accounts_that_have_it_are_its_rows, 0,
	    (int)(sizeof(answers) / sizeof(*answers)));
	tcase_add_loop_test(tests, what_is_no_answer_is_none, 0, 2);
	suite_add_tcase(suite, tests);
	return suite;
}
