/*
 * line_book_test.c - what the line has carried, and how accounts do, in policy.db
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "policy/fetch_accounts.h"
#include "policy/fetch_health.h"
#include "policy/line_book.h"
#include "tests/unit/unit.h"

#define NOW	1795300000000
#define MONTH	202611

static const struct seal_key key = { "0123456789abcdef0123456789abcde" };

static char		 folder[64];
static int		 folder_fd;
static struct policy	*policy;
static uint64_t		 fetch;

static void
open_policy(void)
{
	unsigned needs;

	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
}

static void
setup(void)
{
	struct policy_account ann = { .language = "en",
	    .address = "ann@office.test" };
	struct fetch_account f = { .label = "provider",
	    .host = "pop.example.com", .port = 995, .user = "ann",
	    .from = FETCH_FROM_ALL, .enabled = true };
	struct password_secret secret;
	const char *field;

	strcpy(folder, "/tmp/line_book_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	open_policy();
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    1), 0);
	ck_assert_int_eq(password_make(slice_str("correct horse"), &secret),
	    0);
	ck_assert_int_eq(policy_account_add(policy, &ann, &secret, NOW, &ann),
	    0);
	f.owner = ann.id;
	ck_assert_int_eq(policy_fetch_add(policy, &key, &f,
	    slice_str("secret"), NOW, &fetch, &field), 0);
}

static void
teardown(void)
{
	policy_close(policy);
	unlinkat(folder_fd, POLICY_FILE, 0);
	unlinkat(folder_fd, POLICY_FILE "-wal", 0);
	unlinkat(folder_fd, POLICY_FILE "-shm", 0);
	close(folder_fd);
	rmdir(folder);
}

/* Figures that are all different. */
static struct line_counts
figures(uint64_t from)
{
	struct line_counts counts = { .moved = { 0 } };

	for (unsigned i = 0; i < LINE_CAUSES; i++) {
		counts.carried[i].received = from++;
		counts.carried[i].sent = from++;
	}
	for (unsigned i = 0; i < LINE_SAVINGS; i++) {
		counts.saved[i].bytes = from++;
		counts.saved[i].messages = from++;
	}
	return counts;
}

static void
add(unsigned month, uint64_t account, const struct line_counts *counts)
{
	ck_assert_int_eq(policy_line_begin(policy), 0);
	ck_assert_int_eq(policy_line_end(policy, policy_line_add(policy, month,
	    account, counts)), 0);
}

static uint64_t
carried(unsigned month)
{
	uint64_t bytes = 77;

	ck_assert_int_eq(policy_line_carried(policy, month, &bytes), 0);
	return bytes;
}

struct found {
	unsigned		count, stop_at;
	struct line_account	rows[8];
};

static int
find(void *arg, const struct line_account *account)
{
	struct found *found = arg;

	ck_assert_uint_lt(found->count, 8);
	found->rows[found->count++] = *account;
	return found->count == found->stop_at ? 5 : 0;
}

START_TEST(figures_are_packed_and_unpacked)
{
	TEXT_AUTO text = TEXT_INIT(LINE_COUNTS_BYTES);
	struct line_counts in = figures(1), out;
	struct unpack u;

	in.moved[LINE_OAUTH] = 77;
	line_counts_pack(&text, &in);
	ck_assert(!text_failed(&text));
	ck_assert_uint_eq(text.len, LINE_COUNTS_BYTES);
	u = unpack_of(text_slice(&text));
	out = line_counts_unpack(&u);
	ck_assert(unpack_is_done(&u));
	ck_assert_mem_eq(&in, &out, sizeof(in));
	u = unpack_of(slice_first(text_slice(&text), text.len - 1));
	(void)line_counts_unpack(&u);
	ck_assert(u.bad);
	memset(text.at + 8, 0x7f, 8);		/* a figure no line has */
	u = unpack_of(text_slice(&text));
	(void)line_counts_unpack(&u);
	ck_assert(u.bad);
}
END_TEST

START_TEST(what_is_new_is_told_apart)
{
	struct line_counts before = figures(5), now = before, news;

	news = line_counts_since(&now, &before);
	ck_assert(line_counts_are_none(&news));
	now.carried[LINE_MAIL].received += 100;
	now.saved[LINE_SHARED].messages += 3;
	now.carried[LINE_LISTING].sent = 0;	/* never less than nothing */
	news = line_counts_since(&now, &before);
	ck_assert(!line_counts_are_none(&news));
	ck_assert_uint_eq(line_counts_carried(&news), 100);
	ck_assert_uint_eq(news.saved[LINE_SHARED].messages, 3);
	ck_assert_uint_eq(line_counts_saved(&news), 0);
}
END_TEST

START_TEST(figures_are_added_by_month_and_account)
{
	struct line_counts one = figures(1), two = figures(1000), sum = one;
	struct found found = { 0 };

	add(MONTH, fetch, &one);
	add(MONTH, fetch, &two);
	add(MONTH, 0, &one);
	add(MONTH + 1, fetch, &two);
	line_counts_add(&sum, &two);
	ck_assert_uint_eq(carried(MONTH), line_counts_carried(&sum) +
	    line_counts_carried(&one));
	ck_assert_uint_eq(carried(MONTH + 1), line_counts_carried(&two));
	ck_assert_uint_eq(carried(MONTH - 1), 0);
	ck_assert_int_eq(policy_line_each(policy, MONTH, 0, find, &found), 0);
	ck_assert_uint_eq(found.count, 2);
	ck_assert_uint_eq(found.rows[0].account, 0);
	ck_assert_str_eq(found.rows[0].address, "");
	ck_assert_mem_eq(&found.rows[0].counts, &one, sizeof(one));
	ck_assert_uint_eq(found.rows[1].account, fetch);
	ck_assert_str_eq(found.rows[1].address, "ann@office.test");
	ck_assert_str_eq(found.rows[1].label, "provider");
	ck_assert_mem_eq(&found.rows[1].counts, &sum, sizeof(sum));
}
END_TEST

START_TEST(what_was_no_mail_moves_and_the_sum_stays)
{
	struct line_counts one = figures(1), move = { .moved = {
	    [LINE_DUPLICATES] = one.carried[LINE_MAIL].received - 1 } };
	struct found found = { 0 };

	add(MONTH, fetch, &one);
	add(MONTH, fetch, &move);
	ck_assert_uint_eq(carried(MONTH), line_counts_carried(&one));
	/* of the month before nothing moves into this one */
	add(MONTH + 1, fetch, &move);
	ck_assert_uint_eq(carried(MONTH + 1), 0);
	ck_assert_int_eq(policy_line_each(policy, MONTH, 0, find, &found), 0);
	ck_assert_uint_eq(found.rows[0].counts.carried[LINE_MAIL].received,
	    1);
	ck_assert_uint_eq(found.rows[0].counts.carried[
	    LINE_DUPLICATES].received, one.carried[LINE_DUPLICATES].received +
	    one.carried[LINE_MAIL].received - 1);
}
END_TEST

START_TEST(accounts_are_told_from_a_number_on_until_it_is_enough)
{
	struct line_counts one = figures(1);
	struct found found = { .stop_at = 2 };

	for (uint64_t id = 1; id <= 4; id++)
		add(MONTH, id, &one);
	ck_assert_int_eq(policy_line_each(policy, MONTH, 2, find, &found), 5);
	ck_assert_uint_eq(found.count, 2);
	ck_assert_uint_eq(found.rows[0].account, 2);
	ck_assert_uint_eq(found.rows[1].account, 3);
	found = (struct found){ .stop_at = 1 };
	ck_assert_int_eq(policy_line_each(policy, MONTH, 4, find, &found), 5);
	ck_assert_uint_eq(found.rows[0].account, 4);
}
END_TEST

START_TEST(what_was_carried_stays_when_the_account_goes)
{
	struct line_counts one = figures(1);
	struct found found = { 0 };

	add(MONTH, fetch, &one);
	ck_assert_int_eq(policy_fetch_remove(policy, fetch), 0);
	ck_assert_uint_eq(carried(MONTH), line_counts_carried(&one));
	ck_assert_int_eq(policy_line_each(policy, MONTH, 0, find, &found), 0);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_str_eq(found.rows[0].label, "");
}
END_TEST

START_TEST(an_addition_taken_back_has_not_happened)
{
	struct line_counts one = figures(1);

	ck_assert_int_eq(policy_line_begin(policy), 0);
	ck_assert_int_eq(policy_line_add(policy, MONTH, 1, &one), 0);
	ck_assert_int_eq(policy_line_end(policy, -EBADMSG), -EBADMSG);
	ck_assert_uint_eq(carried(MONTH), 0);
}
END_TEST

/* kill -9 right behind the answer: what was said is there. */
START_TEST(what_was_added_survives_the_process)
{
	struct line_counts one = figures(1);
	struct fetch_health health = { .result = "timed-out", .faults = 3 };
	int status;
	pid_t pid;

	policy_close(policy);
	policy = NULL;
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		open_policy();
		add(MONTH, fetch, &one);
		if (policy_health_set(policy, fetch, &health) != 0)
			_exit(1);
		(void)kill(getpid(), SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	open_policy();
	ck_assert_uint_eq(carried(MONTH), line_counts_carried(&one));
	memset(&health, 0, sizeof(health));
	ck_assert_int_eq(policy_health_get(policy, fetch, &health), 0);
	ck_assert_str_eq(health.result, "timed-out");
	ck_assert_uint_eq(health.faults, 3);
}
END_TEST

static const struct {
	uint64_t	month;
	bool		is_one;
} months[] = {
	{ 202611, true }, { 197001, true }, { 999912, true },
	{ 202600, false }, { 202613, false }, { 0, false }, { 11, false },
	{ 1000001, false }, { UINT64_MAX, false },
};

START_TEST(a_month_has_a_number)
{
	ck_assert_int_eq(line_is_month(months[_i].month), months[_i].is_one);
}
END_TEST

START_TEST(a_month_is_reported_once)
{
	const struct line_counts counts = figures(1);
	unsigned month = 7;

	ck_assert_int_eq(policy_line_unreported(policy, MONTH, &month), 0);
	ck_assert_uint_eq(month, 0);
	for (unsigned m = MONTH - 2; m <= MONTH; m++) {
		ck_assert_int_eq(policy_line_begin(policy), 0);
		ck_assert_int_eq(policy_line_end(policy, policy_line_add(
		    policy, m, fetch, &counts)), 0);
	}
	ck_assert_int_eq(policy_line_unreported(policy, MONTH, &month), 0);
	ck_assert_uint_eq(month, MONTH - 1);
	ck_assert_int_eq(policy_line_reported(policy, MONTH - 1), 0);
	policy_close(policy);
	open_policy();
	/* nor the one before it, now */
	ck_assert_int_eq(policy_line_unreported(policy, MONTH, &month), 0);
	ck_assert_uint_eq(month, 0);
	ck_assert_int_eq(policy_line_unreported(policy, MONTH + 1, &month),
	    0);
	ck_assert_uint_eq(month, MONTH);
}
END_TEST

/* Times and health */

static struct fetch_health
some_health(void)
{
	return (struct fetch_health){ .result = "refused",
	    .server_said = true, .words = "no \"way\"",
	    .success_at_utc_ms = 1, .ended_at_utc_ms = 2,
	    .failing_since_utc_ms = 3, .told_at_utc_ms = 4, .refusals = 5,
	    .faults = 6, .waiting = 7, .waiting_bytes = 8, .grant_told = 3 };
}

static void
check_health(const struct fetch_health *h)
{
	ck_assert_str_eq(h->result, "refused");
	ck_assert(h->server_said);
	ck_assert_str_eq(h->words, "no \"way\"");
	ck_assert_int_eq(h->success_at_utc_ms, 1);
	ck_assert_int_eq(h->ended_at_utc_ms, 2);
	ck_assert_int_eq(h->failing_since_utc_ms, 3);
	ck_assert_int_eq(h->told_at_utc_ms, 4);
	ck_assert_uint_eq(h->refusals, 5);
	ck_assert_uint_eq(h->faults, 6);
	ck_assert_uint_eq(h->waiting, 7);
	ck_assert_uint_eq(h->waiting_bytes, 8);
	ck_assert_uint_eq(h->grant_told, 3);
}

START_TEST(health_is_kept)
{
	struct fetch_health health = some_health(), got;

	ck_assert_int_eq(policy_health_get(policy, fetch, &got), 0);
	ck_assert_str_eq(got.result, "");
	ck_assert_int_eq(policy_health_set(policy, fetch, &health), 0);
	ck_assert_int_eq(policy_health_set(policy, fetch, &health), 0);
	policy_close(policy);
	open_policy();
	ck_assert_int_eq(policy_health_get(policy, fetch, &got), 0);
	check_health(&got);
}
END_TEST

START_TEST(health_is_packed_and_unpacked)
{
	TEXT_AUTO text = TEXT_INIT(2048);
	struct fetch_health health = some_health(), got;
	struct unpack u;

	fetch_health_pack(&text, &health);
	u = unpack_of(text_slice(&text));
	fetch_health_unpack(&u, &got);
	ck_assert(unpack_is_done(&u));
	check_health(&got);
	for (size_t n = 0; n < text.len; n++) {
		u = unpack_of(slice_first(text_slice(&text), n));
		fetch_health_unpack(&u, &got);
		ck_assert(u.bad);
	}
}
END_TEST

START_TEST(times_are_kept)
{
	struct fetch_when when = { 5, true }, got;

	ck_assert_int_eq(policy_when_get(policy, fetch, &got), 0);
	ck_assert_uint_eq(got.every_minutes, 0);
	ck_assert(!got.on_read);
	ck_assert_int_eq(policy_when_set(policy, fetch, &when), 0);
	policy_close(policy);
	open_policy();
	ck_assert_int_eq(policy_when_get(policy, fetch, &got), 0);
	ck_assert_uint_eq(got.every_minutes, 5);
	ck_assert(got.on_read);
}
END_TEST

/* In the file itself, whatever the functions say. */
static uint64_t
rows_left(void)
{
	char path[128];
	sqlite3 *lite;
	sqlite3_stmt *query;
	uint64_t count;

	snprintf(path, sizeof(path), "%s/%s", folder, POLICY_FILE);
	ck_assert_int_eq(sqlite3_open(path, &lite), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(lite, "SELECT (SELECT count(*)"
	    " FROM fetch_when) + (SELECT count(*) FROM fetch_health)", -1,
	    &query, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(query), SQLITE_ROW);
	count = (uint64_t)sqlite3_column_int64(query, 0);
	(void)sqlite3_finalize(query);
	(void)sqlite3_close(lite);
	return count;
}

START_TEST(they_go_with_the_account)
{
	struct fetch_health health = some_health(), got;
	struct fetch_when when = { 5, true };

	ck_assert_int_eq(policy_health_set(policy, fetch, &health), 0);
	ck_assert_int_eq(policy_when_set(policy, fetch, &when), 0);
	ck_assert_int_eq(policy_fetch_remove(policy, fetch), 0);
	ck_assert_int_eq(policy_health_get(policy, fetch, &got), 0);
	ck_assert_str_eq(got.result, "");
	ck_assert_int_eq(policy_when_get(policy, fetch, &when), 0);
	ck_assert_uint_eq(when.every_minutes, 0);
	/* and do not come back: a task may end when it has gone */
	ck_assert_int_eq(policy_health_set(policy, fetch, &health), 0);
	ck_assert_int_eq(policy_health_get(policy, fetch, &got), 0);
	ck_assert_str_eq(got.result, "");
	ck_assert_int_eq(policy_health_sweep(policy), 0);
	policy_close(policy);
	ck_assert_uint_eq(rows_left(), 0);
	open_policy();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("line_book");
	TCase *tests = tcase_create("book");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, figures_are_packed_and_unpacked);
	tcase_add_test(tests, what_is_new_is_told_apart);
	tcase_add_test(tests, figures_are_added_by_month_and_account);
	tcase_add_test(tests, what_was_no_mail_moves_and_the_sum_stays);
	tcase_add_test(tests,
	    accounts_are_told_from_a_number_on_until_it_is_enough);
	tcase_add_test(tests, what_was_carried_stays_when_the_account_goes);
	tcase_add_test(tests, an_addition_taken_back_has_not_happened);
	tcase_add_test(tests, what_was_added_survives_the_process);
	tcase_add_loop_test(tests, a_month_has_a_number, 0,
	    (int)(sizeof(months) / sizeof(months[0])));
	tcase_add_test(tests, a_month_is_reported_once);
	tcase_add_test(tests, health_is_kept);
	tcase_add_test(tests, health_is_packed_and_unpacked);
	tcase_add_test(tests, times_are_kept);
	tcase_add_test(tests, they_go_with_the_account);
	suite_add_tcase(suite, tests);
	return suite;
}
