/*
 * full_test.c - what a person asks for on a full disk is refused, not half done
 *
 * Every file of the account meets a limit; with room again the same is done,
 * without a restart.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "store/appending.h"
#include "store/copying.h"
#include "store/folders.h"
#include "tests/unit/store/box.h"

#define LETTERS	40		/* the log is longer than the limit then */

static struct box box;
static struct selected *inbox;
static uint32_t other;

static void
set_up(void)
{
	box = box_new();
	box_fill(&box, 1, LETTERS);
	ck_assert_int_eq(folder_create(box.account, slice_str("Other"), 0,
	    &other), 0);
	ck_assert_int_eq(selected_open(box.account, MAILBOX_INBOX, &inbox),
	    0);
}

static void
tear_down(void)
{
	box_drop(&box);
}

static int
create(void)
{
	uint32_t mailbox;

	return folder_create(box.account, slice_str("New/Below"), 0,
	    &mailbox);
}

static int
delete(void)
{
	return folder_delete(box.account, slice_str("Other"));
}

static int
rename_other(void)
{
	return folder_rename(box.account, slice_str("Other"),
	    slice_str("Old/Other"));
}

static int
rename_inbox(void)
{
	return folder_rename(box.account, slice_str("INBOX"),
	    slice_str("Old"));
}

static int
subscribe(void)
{
	return folder_subscribe(box.account, slice_str("Other"), true);
}

static int
furnish(void)
{
	return folders_ready(box.account);
}

static int
flag(void)
{
	struct flag_change change = {
		.how = FLAG_ADD, .flags = LETTER_SEEN,
		.keywords = SLICE("kerja"), .unchanged_since = UINT64_MAX
	};
	const size_t numbers[] = { 0, 5 };
	uint64_t modseq;

	return selected_flag(inbox, numbers, 2, &change, NULL, NULL,
	    &modseq);
}

static int
expunge(void)
{
	const size_t numbers[] = { 1, 2 };

	return selected_expunge(inbox, numbers, 2, NULL, NULL);
}

static int
transfer(bool is_move)
{
	const size_t numbers[] = { 1, 2, 7 };
	struct copying *copying;
	uint32_t uids[3];
	int r = copying_new(inbox, other, is_move, &copying);

	if (r < 0)
		return r;
	r = copying_add(copying, numbers, 3, true, uids);
	copying_end(copying);
	return r;
}

static int
copy(void)
{
	return transfer(false);
}

static int
move(void)
{
	return transfer(true);
}

static int
append(void)
{
	struct append_letter letter = {
		.body = SLICE("hello\r\n"), .body_bytes = 7
	};
	struct appending *appending;
	uint32_t uidvalidity, first;
	int r = appending_new(box.account, other, &appending);

	if (r < 0)
		return r;
	r = appending_add(appending, &letter);
	if (r == 0)
		r = appending_commit(appending, &uidvalidity, &first);
	appending_end(appending);
	return r;
}

static int (*const acts[])(void) = {
	create, delete, rename_other, rename_inbox, subscribe, furnish, flag,
	expunge, copy, move, append
};

struct picture {
	char	text[8192];
	size_t	len;
};

static int
add_folder(void *arg, const struct folder *folder)
{
	struct picture *picture = arg;
	struct folder_status status = { 0 };

	(void)folder_status(box.account, folder->mailbox, &status);
	picture->len += (size_t)snprintf(picture->text + picture->len,
	    sizeof(picture->text) - picture->len, "%.*s %u %u %u %llu %d\n",
	    SLICE_FMT(folder->name), folder->mailbox, status.messages,
	    status.unseen, (unsigned long long)status.highest_modseq,
	    folder->is_subscribed);
	return 0;
}

/* All that a person can see. */
static struct picture
picture(void)
{
	struct picture seen = { .len = 0 };

	ck_assert_int_eq(folders_each(box.account, add_folder, &seen), 0);
	for (size_t n = 0; n < selected_count(inbox); n++) {
		const struct selected_letter *letter = selected_at(inbox, n);

		seen.len += (size_t)snprintf(seen.text + seen.len,
		    sizeof(seen.text) - seen.len, "%u %u %u %d\n",
		    letter->uid, letter->flags, letter->keywords,
		    selected_is_expunged(inbox, n));
	}
	return seen;
}

START_TEST(what_a_full_disk_refuses_changes_nothing)
{
	struct rlimit limit, small;
	struct picture before, after;
	int r;

	before = picture();
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 4096;
	/* libcheck writes files too: assert nothing below the limit */
	(void)setrlimit(RLIMIT_FSIZE, &small);
	r = acts[_i]();
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(r, -ENOSPC);
	after = picture();
	ck_assert_str_eq(after.text, before.text);
	ck_assert_int_eq(box_check(&box), 0);
	ck_assert_int_eq(acts[_i](), 0);
	after = picture();
	ck_assert_str_ne(after.text, before.text);
	ck_assert_int_eq(box_check(&box), 0);
	selected_close(inbox);
	box_close(&box);
	box_open(&box);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/full");
	TCase *tcase = tcase_create("full");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, what_a_full_disk_refuses_changes_nothing,
	    0, sizeof(acts) / sizeof(acts[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
