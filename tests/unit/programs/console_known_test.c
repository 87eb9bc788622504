/*
 * console_known_test.c - what was collected elsewhere, on its way to the queue
 */
#include <errno.h>

#include "programs/console_known.h"
#include "queue/service.h"
#include "tests/unit/unit.h"

static enum admin_status
ask(const char *folder, const char *uidls, struct text *body, uint32_t *count,
    unsigned *field)
{
	const char *values[] = { "ann@office.test", "isp", folder, uidls };
	const struct admin_request *request =
	    admin_find(slice_str("fetch known"));
	TEXT_AUTO packed = TEXT_INIT(1 << 20);
	struct admin_work work;

	ck_assert_ptr_nonnull(request);
	for (size_t i = 0; request->args[i].name != NULL; i++) {
		pack_u8(&packed, values[i] != NULL);
		if (values[i] != NULL)
			pack_slice(&packed, slice_str(values[i]));
	}
	ck_assert_int_eq(admin_begin(&work, request, text_slice(&packed), 0),
	    0);
	*field = ADMIN_NO_FIELD;
	text_clear(body);
	return known_ask(&work, 7, body, count, field);
}

START_TEST(any_bytes_come_through)
{
	static const struct slice uidls[] = { SLICE("a"), SLICE("100%"),
	    SLICE("\xff\0 \n\"\\\x7f") };
	TEXT_AUTO text = TEXT_INIT(4096), body = TEXT_INIT(4096);
	struct unpack u;
	uint32_t count = 0;
	unsigned field;

	for (size_t i = 0; i < 3; i++)
		known_write(&text, uidls[i]);
	ck_assert(slice_is_str(text_slice(&text),
	    "a\n100%25\n%FF%00%20%0A\"\\%7F\n"));
	text_add_byte(&text, '\0');
	ck_assert_int_eq(ask("Lists/c", text.at, &body, &count, &field),
	    ADMIN_OK);
	ck_assert_uint_eq(count, 3);
	u = unpack_of(text_slice(&body));
	ck_assert_uint_eq(unpack_u64(&u), 7);
	ck_assert(slice_is_str(unpack_slice(&u), "Lists/c"));
	ck_assert_uint_eq(unpack_u32(&u), 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert(slice_is(unpack_slice(&u), uidls[i]));
	ck_assert(unpack_is_done(&u));
}
END_TEST

static const char *const bad[] = { "", "a", "\n", "a b\n", "%\n", "%4\n",
    "%4x\n", "%G0\n", "\xc3\xa9\n", "a\n\nb\n" };

START_TEST(what_is_no_list_is_refused)
{
	TEXT_AUTO body = TEXT_INIT(4096);
	uint32_t count = 77;
	unsigned field;

	ck_assert_int_eq(ask(NULL, bad[_i], &body, &count, &field),
	    ADMIN_UNFIT);
	ck_assert_uint_eq(field, KNOWN_UIDLS);
	ck_assert_uint_eq(count, 77);
}
END_TEST

START_TEST(one_that_is_long_or_a_page_that_is_are_refused)
{
	TEXT_AUTO text = TEXT_INIT(1 << 20), body = TEXT_INIT(1 << 20);
	uint32_t count = 0;
	unsigned field;

	for (int i = 0; i < LISTING_PAGE; i++)
		text_add_str(&text, "x\n");
	text_add_byte(&text, '\0');
	ck_assert_int_eq(ask(NULL, text.at, &body, &count, &field), ADMIN_OK);
	ck_assert_uint_eq(count, LISTING_PAGE);
	text.len--;
	text_add_str(&text, "x\n");
	text_add_byte(&text, '\0');
	ck_assert_int_eq(ask(NULL, text.at, &body, &count, &field),
	    ADMIN_UNFIT);
	text_clear(&text);
	for (int i = 0; i <= UIDL_MOST_BYTES; i++)
		text_add_byte(&text, 'x');
	text_add_str(&text, "\n");
	text_add_byte(&text, '\0');
	ck_assert_int_eq(ask(NULL, text.at, &body, &count, &field),
	    ADMIN_UNFIT);
	ck_assert_int_eq(ask(NULL, text.at + 1, &body, &count, &field),
	    ADMIN_OK);
	ck_assert_int_eq(ask("\xff", "a\n", &body, &count, &field),
	    ADMIN_UNFIT);
	ck_assert_uint_eq(field, KNOWN_FOLDER);
}
END_TEST

/* The keeper's answer: a status, a field, and a row. */
static int
found(enum admin_status status, unsigned field, uint32_t rows, bool cut,
    struct queue_said *said, uint64_t *account)
{
	TEXT_AUTO body = TEXT_INIT(4096);

	pack_u8(&body, (uint8_t)status);
	pack_u8(&body, (uint8_t)field);
	pack_u32(&body, rows);
	if (rows > 0) {
		pack_u64(&body, 7);
		pack_slice(&body, slice_str("ann@office.test"));
		pack_slice(&body, slice_str("isp"));
	}
	return known_found(slice_first(text_slice(&body), body.len - cut),
	    said, account);
}

START_TEST(the_keeper_says_which_one)
{
	TEXT_AUTO rows = TEXT_INIT(4096);
	struct queue_said said = { ADMIN_OK, ADMIN_NO_FIELD, 0, &rows };
	uint64_t account = 0;

	ck_assert_int_eq(found(ADMIN_OK, ADMIN_NO_FIELD, 1, false, &said,
	    &account), 0);
	ck_assert_uint_eq(account, 7);
	ck_assert_uint_gt(rows.len, 0);
	text_clear(&rows);
	ck_assert_int_eq(found(ADMIN_NO_SUCH, KNOWN_LABEL, 0, false, &said,
	    &account), 1);
	ck_assert_int_eq(said.status, ADMIN_NO_SUCH);
	ck_assert_uint_eq(said.field, KNOWN_LABEL);
	ck_assert_int_eq(found(ADMIN_OK, ADMIN_NO_FIELD, 0, false, &said,
	    &account), -EBADMSG);
	ck_assert_int_eq(found(ADMIN_OK, ADMIN_NO_FIELD, 1, true, &said,
	    &account), -EBADMSG);
	ck_assert_int_eq(found(ADMIN_STATUS_COUNT, 0, 0, false, &said,
	    &account), -EBADMSG);
	ck_assert_uint_eq(rows.len, 0);
}
END_TEST

START_TEST(only_what_is_durable_is_told_as_done)
{
	TEXT_AUTO rows = TEXT_INIT(4096), body = TEXT_INIT(8);
	struct queue_said said = { ADMIN_OK, ADMIN_NO_FIELD, 0, &rows };

	pack_u64(&rows, 7);
	pack_u8(&body, LISTING_OK);
	ck_assert_int_eq(known_said(text_slice(&body), &said), 0);
	ck_assert_uint_eq(said.count, 1);
	ck_assert_uint_eq(rows.len, 8);
	text_clear(&body);
	pack_u8(&body, LISTING_LATER);
	ck_assert_int_eq(known_said(text_slice(&body), &said), 0);
	ck_assert_int_eq(said.status, ADMIN_LATER);
	ck_assert_uint_eq(said.count, 0);
	ck_assert_uint_eq(rows.len, 0);
	pack_u8(&body, 0);
	ck_assert_int_eq(known_said(text_slice(&body), &said), -EBADMSG);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("console_known");
	TCase *tcase = tcase_create("known");

	tcase_add_test(tcase, any_bytes_come_through);
	tcase_add_loop_test(tcase, what_is_no_list_is_refused, 0,
	    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tcase, one_that_is_long_or_a_page_that_is_are_refused);
	tcase_add_test(tcase, the_keeper_says_which_one);
	tcase_add_test(tcase, only_what_is_durable_is_told_as_done);
	suite_add_tcase(suite, tcase);
	return suite;
}
