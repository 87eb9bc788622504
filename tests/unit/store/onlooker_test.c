/*
 * onlooker_test.c - letters are read beside their owner
 */
#include "store/onlooker.h"

#include <errno.h>
#include <string.h>

#include "store/folders.h"
#include "tests/unit/store/box.h"

static struct box box;
static struct onlooker *onlooker;

static void
set_up(void)
{
	box = box_new();
	box_fill(&box, 1, 5);
	ck_assert_int_eq(account_settle(box.account, 5, 0), 0);
	ck_assert_int_eq(onlooker_open(box.scratch.fd, &onlooker), 0);
}

static void
tear_down(void)
{
	onlooker_close(onlooker);
	box_drop(&box);
}

struct met {
	unsigned	 count, most;
	struct onlooked	 last;
};

static int
meet(void *arg, const struct onlooked *one)
{
	struct met *met = arg;

	ck_assert_uint_eq(one->mailbox, MAILBOX_INBOX);
	ck_assert(slice_is_str(one->name, "INBOX"));
	ck_assert_int_gt(one->saved_at_utc_ms, 0);
	met->last = *one;
	return ++met->count == met->most ? 7 : 0;
}

START_TEST(every_entry_is_told_while_the_owner_works)
{
	struct met met = { .most = 0 };

	ck_assert_int_eq(onlooker_each(onlooker, 0, meet, &met), 0);
	ck_assert_uint_eq(met.count, 5);
	box_fill(&box, 6, 600);
	met.count = 0;
	ck_assert_int_eq(onlooker_each(onlooker, 0, meet, &met), 0);
	ck_assert_uint_eq(met.count, 600);
	met = (struct met){ .most = 3 };
	ck_assert_int_eq(onlooker_each(onlooker, 0, meet, &met), 7);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(what_came_earlier_is_left_out)
{
	struct met met = { .most = 0 };
	struct box_letter third = box_letter(3);
	unsigned since = 0;

	for (uint32_t n = 1; n <= 5; n++)
		since += box_letter(n).delivery.received_at_utc_ms >=
		    third.delivery.received_at_utc_ms;
	ck_assert_int_eq(onlooker_each(onlooker,
	    third.delivery.received_at_utc_ms, meet, &met), 0);
	ck_assert_uint_eq(met.count, since);
}
END_TEST

START_TEST(a_letter_is_read_where_it_stands_now)
{
	struct met met = { .most = 2 };
	struct letter_row row;
	struct record record;
	struct message_id second = box_id(2);
	struct view *view;
	size_t first = 0;

	ck_assert_int_eq(onlooker_each(onlooker, 0, meet, &met), 7);
	ck_assert_int_eq(message_id_order(&met.last.id, &second), 0);
	ck_assert_int_eq(onlooker_read(onlooker, met.last.letter, &row,
	    &record), 0);
	ck_assert_int_eq(message_id_order(&record.id, &second), 0);
	ck_assert_uint_eq(record.mailbox, MAILBOX_INBOX);
	ck_assert_uint_eq(record.trace.len + record.body.len, met.last.bytes);
	view = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, view, &first, 1), 0);
	first = 1;
	ck_assert_int_eq(account_expunge(box.account, view, &first, 1), 0);
	account_view_close(box.account, view);
	ck_assert_int_eq(onlooker_read(onlooker, met.last.letter, &row,
	    &record), -ENOENT);
}
END_TEST

START_TEST(a_letter_that_is_damaged_is_said_to_be)
{
	struct met met = { .most = 2 };
	struct letter_row row;
	struct record record;

	ck_assert_int_eq(onlooker_each(onlooker, 0, meet, &met), 7);
	box_close(&box);
	box_meddle(&box, "UPDATE letter SET offset = offset + 1 WHERE id = 2");
	ck_assert_int_eq(onlooker_read(onlooker, met.last.letter, &row,
	    &record), -EBADMSG);
	box_meddle(&box, "UPDATE letter SET segment = 9 WHERE id = 2");
	ck_assert_int_eq(onlooker_read(onlooker, met.last.letter, &row,
	    &record), -EBADMSG);
}
END_TEST

START_TEST(an_account_that_never_was_has_nothing)
{
	struct scratch scratch = scratch_new();
	struct onlooker *none;

	ck_assert_int_eq(onlooker_open(scratch.fd, &none), -ENODATA);
	scratch_drop(&scratch);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("onlooker");
	TCase *cases = tcase_create("onlooker");

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, every_entry_is_told_while_the_owner_works);
	tcase_add_test(cases, what_came_earlier_is_left_out);
	tcase_add_test(cases, a_letter_is_read_where_it_stands_now);
	tcase_add_test(cases, a_letter_that_is_damaged_is_said_to_be);
	tcase_add_test(cases, an_account_that_never_was_has_nothing);
	suite_add_tcase(suite, cases);
	return suite;
}
