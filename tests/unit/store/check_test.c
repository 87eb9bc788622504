/*
 * check_test.c - damage is told, and hurts nothing but what is damaged
 */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/store/box.h"

static struct box box;

static void
set_up(void)
{
	box = box_new();
	box_fill(&box, 1, 5);
	ck_assert_int_eq(account_settle(box.account, 5, 0), 0);
}

static void
tear_down(void)
{
	box_drop(&box);
}

/* What no row of letter 2 ever holds. */
static const char *const nonsense[] = {
	"segment = -1",
	"segment = 0",
	"segment = 4294967297",
	"segment = 9223372036854775807",
	"offset = 0",
	"offset = -9223372036854775808",
	"offset = 9223372036854775807",
	"trace_bytes = -1",
	"trace_bytes = 65537",
	"trace_bytes = 9223372036854775807",
	"body_bytes = -1",
	"body_bytes = 262145",
	"body_bytes = 9223372036854775807",
	"message_id = x''",
	"message_id = zeroblob(100000)",
	"action = -1",
	"action = 4294967296",
	"lacks_crlf = 2",
	"big = x''",
	"big = zeroblob(11)",
};

START_TEST(a_row_that_makes_no_sense_hurts_its_letter_only)
{
	struct letter_bytes bytes;
	struct view *view;
	char sql[128];
	size_t second = 1;

	(void)snprintf(sql, sizeof(sql), "UPDATE letter SET %s WHERE id = 2",
	    nonsense[_i]);
	box_close(&box);
	box_meddle(&box, sql);
	ck_assert_int_ge(box_faults(&box), 1);
	box_open(&box);
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), 5);
	ck_assert_int_eq(account_read(box.account, view, 1, &bytes),
	    -EUCLEAN);
	ck_assert_uint_eq(view_letter(view, 1)->bytes, 0);
	ck_assert_str_eq(view_letter(view, 1)->uidl, "damaged.100000002");
	ck_assert_int_eq(box_is_letter(&box, view, 0, 1), 0);
	ck_assert_int_eq(box_is_letter(&box, view, 2, 3), 0);
	/* and it can be deleted */
	ck_assert_int_eq(account_expunge(box.account, view, &second, 1), 0);
	account_view_close(box.account, view);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* Rows that contradict each other. */
static const char *const contradictions[] = {
	"DELETE FROM letter WHERE id = 3",
	"DELETE FROM entry WHERE letter = 3",
	"INSERT INTO entry VALUES ((1 << 32) + 4294967295, 3, 0, 3, x'', 0)",
	"INSERT INTO entry VALUES ((1 << 32), 3, 0, 3, x'', 0)",
	"INSERT INTO entry VALUES (-1, 3, 0, 3, x'', 0)",
	"INSERT INTO entry VALUES ((7 << 32) + 1, 3, 0, 3, x'', 0)",
	"INSERT INTO tombstone VALUES ((1 << 32) + 2, (1 << 32) + 2, 9)",
	"UPDATE letter SET entries = 2 WHERE id = 3",
	"UPDATE letter SET entries = -1 WHERE id = 3",
	"UPDATE delivered SET letter = 3 WHERE letter = 2",
	"UPDATE letter SET offset = offset + 1 WHERE id = 3",
	"UPDATE letter SET segment = 2 WHERE id = 3",
	"UPDATE letter SET action = 5 WHERE id = 3",
	"UPDATE letter SET body_bytes = body_bytes - 1 WHERE id = 3",
	"UPDATE letter SET trace_bytes = trace_bytes + 1,"
	"    body_bytes = body_bytes - 1 WHERE id = 3",
	"UPDATE letter SET offset = (SELECT offset FROM letter WHERE id = 4)"
	"    WHERE id = 3",
};

START_TEST(rows_that_contradict_each_other_are_told_and_survived)
{
	struct letter_bytes bytes;
	struct view *view;

	box_close(&box);
	box_meddle(&box, contradictions[_i]);
	ck_assert_int_ge(box_faults(&box), 1);
	box_open(&box);
	view = box_view(&box);
	ck_assert_uint_ge(view_count(view), 4);
	for (size_t i = 0; i < view_count(view); i++)
		(void)account_read(box.account, view, i, &bytes);
	account_view_close(box.account, view);
	box_fill(&box, 6, 6);
	ck_assert_int_eq(account_settle(box.account, 6, 0), 0);
}
END_TEST

/* The account's own numbers: it cannot go on without them. */
static const char *const unusable[] = {
	"UPDATE meta SET hub_id = x'00'",
	"UPDATE meta SET mailbox_last = 0",
	"UPDATE meta SET mailbox_last = 4294967296",
	"UPDATE meta SET settled_to = -1",
	"UPDATE meta SET modseq_reserved = 0",
	"UPDATE meta SET modseq_reserved = -9223372036854775808",
	"UPDATE mailbox SET uid_reserved = 0",
	"UPDATE mailbox SET uid_reserved = 4294967298",
	"UPDATE mailbox SET id = 4294967297",
	"UPDATE segment SET number = -1",
	"UPDATE segment SET number = 4294967296",
	"UPDATE segment SET vouched = -1",
};

START_TEST(an_account_without_its_numbers_is_refused)
{
	unsigned needs;

	box_close(&box);
	box_meddle(&box, unusable[_i]);
	ck_assert_int_eq(box_try_open(&box, &needs), -EUCLEAN);
}
END_TEST

START_TEST(the_last_uid_is_given_and_none_behind_it)
{
	struct view *view;
	bool was_there;

	box_close(&box);
	box_meddle(&box, "UPDATE mailbox SET uid_reserved = 4294967295;"
	    "INSERT INTO tombstone VALUES ((1 << 32) + 6,"
	    "    (1 << 32) + 4294967294, 9)");
	box_open(&box);
	box_fill(&box, 6, 6);
	ck_assert_int_eq(box_deliver(box.account, 7, &was_there), -EOVERFLOW);
	ck_assert_int_eq(account_commit(box.account), 0);
	view = box_view(&box);
	ck_assert_uint_eq(view_letter(view, 5)->uid, UINT32_MAX);
	account_view_close(box.account, view);
	box_close(&box);
	box_open(&box);
	ck_assert_int_eq(box_deliver(box.account, 7, &was_there), -EOVERFLOW);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_turned_byte_anywhere_in_a_letter_is_told)
{
	static const int64_t offsets[] = { 36, 40, 60, 84, 99, 105, 130, 150 };
	struct view *view = box_view(&box);

	box_damage(&box, 1, offsets[_i]);
	ck_assert_int_eq(box_is_letter(&box, view, 0, 1), -EBADMSG);
	ck_assert_int_eq(box_is_letter(&box, view, 1, 2), 0);
	ck_assert_int_eq(box_faults(&box), 1);
	account_view_close(box.account, view);
}
END_TEST

START_TEST(a_missing_segment_is_told_letter_by_letter)
{
	struct view *view;

	box_close(&box);
	ck_assert_int_eq(unlinkat(box.scratch.fd, "letters/0001.seg", 0), 0);
	ck_assert_int_eq(box_faults(&box), 5);
	box_open(&box);
	view = box_view(&box);
	ck_assert_int_eq(box_is_letter(&box, view, 0, 1), -EBADMSG);
	account_view_close(box.account, view);
	box_fill(&box, 6, 6);
	ck_assert_int_eq(box_faults(&box), 5);
}
END_TEST

START_TEST(a_file_that_is_no_database_is_said)
{
	int fd;

	box_close(&box);
	fd = openat(box.scratch.fd, "index.db", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, "nothing", 7, 0), 7);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(account_check(box.scratch.fd, box_fault, NULL),
	    -EUCLEAN);
}
END_TEST

START_TEST(check_finds_no_fault_beside_a_running_account)
{
	struct view *view;
	size_t first = 0;
	bool was_there;

	ck_assert_int_eq(box_deliver(box.account, 6, &was_there), 0);
	ck_assert_int_eq(box_check(&box), 0);
	view = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, view, &first, 1), 0);
	ck_assert_int_eq(box_check(&box), 0);
	account_view_close(box.account, view);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* Deliver and settle up to letter `n`; as far as it went. */
static uint32_t
deliver_until_full(uint32_t n, int *r_out)
{
	bool was_there;
	int r = 0;

	for (; n < 2000; n++) {
		r = box_deliver(box.account, n, &was_there);
		if (r == 0)
			r = account_settle(box.account, n, 0);
		if (r < 0)
			break;
	}
	*r_out = r;
	return n;
}

/* The limit is met by the log, by a segment or by neither first. */
START_TEST(a_full_disk_is_said_and_loses_nothing)
{
	static const rlim_t limits[] = { 20000, 50000, 150000, 1000000 };
	struct rlimit limit, small;
	struct view *view;
	uint32_t failed;
	bool was_there;
	int r;

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = limits[_i];
	/* libcheck writes files too: assert nothing below the limit */
	(void)setrlimit(RLIMIT_FSIZE, &small);
	failed = deliver_until_full(6, &r);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(r, -ENOSPC);
	/* the disk has room again: all goes on, without a restart */
	ck_assert_int_eq(box_deliver(box.account, failed, &was_there), 0);
	ck_assert_int_eq(account_settle(box.account, failed, 0), 0);
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), failed);
	for (uint32_t n = 1; n <= failed; n++)
		ck_assert_int_eq(box_is_letter(&box, view, n - 1, n), 0);
	account_view_close(box.account, view);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_delivery_that_another_call_lost_is_told_at_its_commit)
{
	struct rlimit limit, small;
	struct view *view;
	bool was_there;
	int r;

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(box_deliver(box.account, 6, &was_there), 0);
	small = limit;
	small.rlim_cur = 1000;
	(void)setrlimit(RLIMIT_FSIZE, &small);
	r = account_view_open(box.account, MAILBOX_INBOX, &view);
	(void)setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_int_eq(r, -ENOSPC);
	ck_assert_int_eq(account_commit(box.account), -ENOSPC);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_int_eq(box_deliver(box.account, 6, &was_there), 0);
	ck_assert(!was_there);
	view = box_view(&box);
	ck_assert_uint_eq(view_count(view), 6);
	ck_assert_uint_eq(view_letter(view, 5)->uid, 6);
	account_view_close(box.account, view);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("check");
	TCase *tcase = tcase_create("check");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase,
	    a_row_that_makes_no_sense_hurts_its_letter_only, 0,
	    sizeof(nonsense) / sizeof(nonsense[0]));
	tcase_add_loop_test(tcase,
	    rows_that_contradict_each_other_are_told_and_survived, 0,
	    sizeof(contradictions) / sizeof(contradictions[0]));
	tcase_add_loop_test(tcase, an_account_without_its_numbers_is_refused,
	    0, sizeof(unusable) / sizeof(unusable[0]));
	tcase_add_test(tcase, the_last_uid_is_given_and_none_behind_it);
	tcase_add_loop_test(tcase, a_turned_byte_anywhere_in_a_letter_is_told,
	    0, 8);
	tcase_add_test(tcase, a_missing_segment_is_told_letter_by_letter);
	tcase_add_test(tcase, a_file_that_is_no_database_is_said);
	tcase_add_test(tcase,
	    check_finds_no_fault_beside_a_running_account);
	tcase_add_loop_test(tcase, a_full_disk_is_said_and_loses_nothing, 0,
	    4);
	tcase_add_test(tcase,
	    a_delivery_that_another_call_lost_is_told_at_its_commit);
	suite_add_tcase(suite, tcase);
	return suite;
}
