/*
 * copies_test.c - copies of an account's index, which repair begins with
 */
#include "store/copies.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/loop.h"
#include "tests/unit/store/box.h"

#define DAY_MS	((int64_t)24 * 3600 * 1000)

static struct box box;

static void
set_up(void)
{
	box = box_new();
	box_fill(&box, 1, 60);
}

static void
tear_down(void)
{
	box_drop(&box);
}

static void
copy_all(void)
{
	int r;

	while ((r = account_copy(box.account)) == 1)
		;
	ck_assert_int_eq(r, 0);
}

static bool
is_there(const char *name)
{
	return faccessat(box.scratch.fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The number that `sql` gives of a copy. */
static int64_t
ask_copy(unsigned generation, const char *sql)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "%s", copies_path(generation));
	return box_ask_of(&box, name, sql);
}

START_TEST(a_copy_has_every_row_and_the_one_before_is_kept)
{
	int64_t age;

	ck_assert_int_eq(copies_age(box.scratch.fd, 1, clock_utc_ms(), &age),
	    -ENOENT);
	copy_all();
	ck_assert_int_eq(copies_age(box.scratch.fd, 1, clock_utc_ms() +
	    DAY_MS, &age), 0);
	ck_assert_int_ge(age, 24 * 3600);
	ck_assert_int_eq(copies_age(box.scratch.fd, 2, clock_utc_ms(), &age),
	    -ENOENT);
	ck_assert(!is_there("copies/new"));
	box_fill(&box, 61, 70);
	copy_all();
	ck_assert_int_eq(ask_copy(1, "SELECT count(*) FROM letter"), 70);
	ck_assert_int_eq(ask_copy(2, "SELECT count(*) FROM letter"), 60);
	/* what is in a copy is vouched for */
	ck_assert_int_eq(ask_copy(1, "SELECT count(*) FROM letter l JOIN "
	    "segment s ON s.number = l.segment WHERE l.offset + 64 + "
	    "l.trace_bytes + l.body_bytes > s.vouched"), 0);
	copy_all();
	ck_assert_int_eq(ask_copy(2, "SELECT count(*) FROM letter"), 70);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(mail_is_delivered_and_deleted_while_a_copy_is_made)
{
	uint32_t n = 61;
	struct view *view;
	bool was_there;
	size_t first = 0;
	int r;

	while ((r = account_copy(box.account)) == 1) {
		ck_assert_int_eq(box_deliver(box.account, n++, &was_there), 0);
		view = box_view(&box);
		ck_assert_int_eq(account_expunge(box.account, view, &first, 1),
		    0);
		account_view_close(box.account, view);
		/* one is in the open transaction at the next step */
		ck_assert_int_eq(box_deliver(box.account, n++, &was_there), 0);
	}
	ck_assert_int_eq(r, 0);
	ck_assert_uint_gt(n, 65);
	ck_assert_int_eq(ask_copy(1, "SELECT count(*) FROM entry"),
	    ask_copy(1, "SELECT messages FROM mailbox WHERE id = 1"));
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_copy_that_was_not_finished_leaves_nothing)
{
	copy_all();
	ck_assert_int_eq(account_copy(box.account), 1);
	ck_assert_int_eq(account_copy(box.account), 1);
	ck_assert(is_there("copies/new"));
	box_close(&box);
	ck_assert(!is_there("copies/new"));
	box_open(&box);
	ck_assert_int_eq(ask_copy(1, "SELECT count(*) FROM letter"), 60);
	copy_all();
}
END_TEST

/* The process was killed in the middle of one. */
static void
begin_copy(struct account *account, void *arg)
{
	(void)arg;
	if (account_copy(account) != 1 || account_copy(account) != 1)
		_exit(1);
}

START_TEST(a_crash_in_the_middle_of_a_copy_hurts_nothing)
{
	copy_all();
	box_close(&box);
	box_crash(&box, begin_copy, NULL);
	ck_assert(is_there("copies/new"));
	box_open(&box);
	copy_all();
	ck_assert(!is_there("copies/new"));
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_damaged_index_does_not_take_the_place_of_a_good_copy)
{
	char zeros[4096] = "";
	int64_t root;
	int fd, r;

	copy_all();
	box_close(&box);
	root = box_ask(&box, "SELECT rootpage FROM sqlite_schema WHERE "
	    "name = 'structure'");
	fd = openat(box.scratch.fd, "index.db", O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	/* who opens an account does not read this one */
	ck_assert_int_eq(pwrite(fd, zeros, sizeof(zeros), (root - 1) * 4096),
	    4096);
	ck_assert_int_eq(close(fd), 0);
	box_open(&box);
	while ((r = account_copy(box.account)) == 1)
		;
	ck_assert_int_eq(r, -EUCLEAN);
	ck_assert(!is_there("copies/new"));
	ck_assert_int_eq(ask_copy(1, "SELECT count(*) FROM letter"), 60);
	ck_assert(!is_there("copies/index.2"));
}
END_TEST

START_TEST(a_copy_is_due_at_rest_once_a_day)
{
	int64_t now = clock_utc_ms();

	/* none yet: as soon as nothing changes */
	ck_assert(!account_wants_copy(box.account, now));
	ck_assert(account_wants_copy(box.account, now));
	box_fill(&box, 61, 61);
	ck_assert(!account_wants_copy(box.account, now));
	ck_assert(account_wants_copy(box.account, now));
	copy_all();
	ck_assert(!account_wants_copy(box.account, clock_utc_ms()));
	ck_assert(!account_wants_copy(box.account, now + DAY_MS - 60000));
	ck_assert(account_wants_copy(box.account, now + DAY_MS + 60000));
	/* while mail comes, a few hours later */
	box_fill(&box, 62, 62);
	ck_assert(!account_wants_copy(box.account, now + DAY_MS + 60000));
	box_fill(&box, 63, 63);
	ck_assert(account_wants_copy(box.account, now +
	    (COPIES_LATE_SECONDS + 60) * (int64_t)1000));
	/* one of the future is no copy */
	ck_assert(account_wants_copy(box.account, now - DAY_MS));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("copies");
	TCase *tcase = tcase_create("copies");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase,
	    a_copy_has_every_row_and_the_one_before_is_kept);
	tcase_add_test(tcase,
	    mail_is_delivered_and_deleted_while_a_copy_is_made);
	tcase_add_test(tcase, a_copy_that_was_not_finished_leaves_nothing);
	tcase_add_test(tcase, a_crash_in_the_middle_of_a_copy_hurts_nothing);
	tcase_add_test(tcase,
	    a_damaged_index_does_not_take_the_place_of_a_good_copy);
	tcase_add_test(tcase, a_copy_is_due_at_rest_once_a_day);
	suite_add_tcase(suite, tcase);
	return suite;
}
