/*
 * selected_rows_test.c - what has gone is told in steps; a view is given back
 */
#include "store/selected.h"

#include <errno.h>

#include "lib/base/loop.h"
#include "store/account_inside.h"
#include "tests/unit/store/box.h"

static struct box box;

static void
set_up(void)
{
	box = box_new();
}

static void
tear_down(void)
{
	box_drop(&box);
}

static struct selected *
open_view(void)
{
	struct selected *selected;

	ck_assert_int_eq(selected_open(box.account, MAILBOX_INBOX,
	    &selected), 0);
	return selected;
}

/* What was told of: single UIDs, ascending. */
struct heard {
	unsigned	count;
	uint32_t	first, last;
};

static int
hear(void *arg, uint32_t first, uint32_t last)
{
	struct heard *heard = arg;

	ck_assert_uint_gt(first, heard->last);
	ck_assert_uint_eq(first, last);
	if (heard->count++ == 0)
		heard->first = first;
	heard->last = last;
	return 0;
}

/* All that has gone with a number above `since`; how many steps that took. */
static unsigned
vanished(struct selected *selected, uint64_t since, struct heard *heard_out)
{
	uint64_t from = 1;
	unsigned steps = 0;
	int r;

	*heard_out = (struct heard){ 0 };
	do {
		r = selected_vanished(selected, since, &from, hear, heard_out);
		ck_assert_int_ge(r, 0);
		steps++;
	} while (r > 0);
	return steps;
}

/* RFC 7162 3.2.10, of a mailbox that many thousands have gone from */
START_TEST(what_vanished_long_ago_is_told_in_steps)
{
	struct selected *selected;
	struct heard heard;

	box_fill(&box, 1, 4);
	box_close(&box);
	box_meddle(&box, "UPDATE mailbox SET uid_reserved = 40011;"
	    "UPDATE meta SET modseq_reserved = 100000, modseq_closed = 100000;"
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < 20000) INSERT INTO tombstone SELECT (1 << 32) +"
	    " 10 + 2 * i, (1 << 32) + 10 + 2 * i, 50 + i % 3000 +"
	    " 50000 * (i = 7 OR i = 19998) FROM n");
	box_open(&box);
	selected = open_view();
	/* few are asked for by their numbers, and in order all the same */
	ck_assert_uint_eq(vanished(selected, 50000, &heard), 1);
	ck_assert_uint_eq(heard.count, 2);
	ck_assert_uint_eq(heard.first, 10 + 2 * 7);
	ck_assert_uint_eq(heard.last, 10 + 2 * 19998);
	ck_assert_uint_ge(vanished(selected, 0, &heard), 4);
	ck_assert_uint_eq(heard.count, 20000);
	ck_assert_uint_eq(heard.last, 10 + 2 * 20000);
	/* those with numbers 50 to 1550 are of long ago */
	ck_assert_uint_ge(vanished(selected, 1550, &heard), 4);
	ck_assert_uint_eq(heard.count, 9495);
	selected_close(selected);
}
END_TEST

static int
refuse(void *arg, uint32_t first, uint32_t last)
{
	(void)arg;
	(void)first;
	(void)last;
	return -ENOMEM;
}

/* Whoever cannot keep what is told says so, and hears no more. */
START_TEST(who_is_told_may_fail)
{
	const size_t second = 1;
	struct selected *selected;
	uint64_t from = 1;

	box_fill(&box, 1, 3);
	selected = open_view();
	ck_assert_int_eq(selected_expunge(selected, &second, 1, NULL, NULL),
	    0);
	ck_assert_int_eq(selected_vanished(selected, 0, &from, refuse, NULL),
	    -ENOMEM);
	selected_close(selected);
}
END_TEST

/* A view that is kept costs memory: not for ever. */
START_TEST(a_view_that_is_kept_goes_when_the_account_rests)
{
	struct selected *first, *second;

	box_fill(&box, 1, 3);
	clock_set(1000, 0);
	first = open_view();
	second = open_view();
	selected_close(first);
	clock_set(1000 + 60000, 0);
	account_rest(box.account);
	/* a session has its own: it may open the other again */
	ck_assert_ptr_nonnull(box.account->kept_view);
	selected_close(second);
	account_rest(box.account);
	ck_assert_ptr_nonnull(box.account->kept_view);
	clock_set(1000 + 60000 + 10000, 0);
	account_rest(box.account);
	ck_assert_ptr_null(box.account->kept_view);
	ck_assert(LIST_EMPTY(&box.account->selecteds));
	first = open_view();
	ck_assert_uint_eq(selected_count(first), 3);
	selected_close(first);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/selected_rows");
	TCase *tcase = tcase_create("selected_rows");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, what_vanished_long_ago_is_told_in_steps);
	tcase_add_test(tcase, who_is_told_may_fail);
	tcase_add_test(tcase,
	    a_view_that_is_kept_goes_when_the_account_rests);
	suite_add_tcase(suite, tcase);
	return suite;
}
