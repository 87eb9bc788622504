/*
 * folders_test.c - mailboxes as mail programs arrange them
 */
#include "store/folders.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "store/account_inside.h"
#include "store/copying.h"
#include "store/index_inside.h"
#include "tests/unit/store/box.h"

static struct box box;
static char told[4096];
static int syncs_left = -1;	/* until one fails; -1: none does */

/* Ours stands before libc's, for SQLite too. */
int
fdatasync(int fd)
{
	if (syncs_left > 0 && --syncs_left == 0) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

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

/* Deliver letter `n` into `folder`, and commit it. */
static void
file(uint32_t n, const char *folder)
{
	struct box_letter letter = box_letter(n);
	bool was_there;

	letter.delivery.trace = slice_str(letter.trace);
	letter.delivery.body = slice_of(letter.body,
	    letter.delivery.body_bytes);
	letter.delivery.folder = slice_str(folder);
	ck_assert_int_eq(account_deliver(box.account, &letter.delivery,
	    &was_there), 0);
	ck_assert_int_eq(account_commit(box.account), 0);
}

static uint64_t
size_of(uint32_t n)
{
	struct box_letter letter = box_letter(n);

	return letter.delivery.body_bytes + strlen(letter.trace);
}

static int
create(const char *name)
{
	uint32_t mailbox;

	return folder_create(box.account, slice_str(name), 0, &mailbox);
}

static uint32_t
number_of(const char *name)
{
	uint32_t mailbox = 0;

	ck_assert_int_eq(folder_find(box.account, slice_str(name), &mailbox),
	    0);
	return mailbox;
}

static struct folder_status
status_of(const char *name)
{
	struct folder_status status;

	ck_assert_int_eq(folder_status(box.account, number_of(name), &status),
	    0);
	return status;
}

/* "name", with + for children, ! for none but a name, s, and its use. */
static int
tell(void *arg, const struct folder *folder)
{
	size_t len = strlen(told);

	(void)arg;
	(void)snprintf(told + len, sizeof(told) - len, "%s%.*s%s%s%s",
	    len > 0 ? " " : "", SLICE_FMT(folder->name),
	    folder->mailbox != 0 ? "" : folder->is_name ? "!" : "?",
	    folder->has_children ? "+" : "",
	    folder->is_subscribed ? "*" : "");
	if (folder->uses != 0) {
		len = strlen(told);
		(void)snprintf(told + len, sizeof(told) - len, "=%x",
		    folder->uses);
	}
	return 0;
}

static const char *
all(void)
{
	told[0] = '\0';
	ck_assert_int_eq(folders_each(box.account, tell, NULL), 0);
	return told;
}

static void
again(void)
{
	box_close(&box);
	box_open(&box);
}

static void
tidy(void)
{
	int r, steps = 0;

	while ((r = account_tidy(box.account)) > 0)
		ck_assert_int_lt(++steps, 1000);
	ck_assert_int_eq(r, 0);
}

/* RFC 9051 5.1, RFC 5198 */
static const struct {
	const char	*given, *form;	/* NULL: it is no name */
} names[] = {
	{ "Post", "Post" }, { "Post/", "Post" }, { "a/b/c", "a/b/c" },
	{ "inbox", "INBOX" }, { "InBox/Old", "INBOX/Old" },
	{ "inboxes", "inboxes" }, { "a/inbox", "a/inbox" },
	{ "e\xcc\x81t\xc3\xa9", "\xc3\xa9t\xc3\xa9" },
	{ "Surat & Co~", "Surat & Co~" }, { "100%", "100%" },
	{ "", NULL }, { "/", NULL }, { "/a", NULL }, { "a//b", NULL },
	{ "a//", NULL }, { "a\tb", NULL }, { "a\x7f", NULL },
	{ "latin\xe9", NULL }, { "c1\xc2\x9f", NULL },
	{ "line\xe2\x80\xa8", NULL },
	/* HARDENING A34 */
	{ ".", NULL }, { "..", NULL }, { "../a", NULL }, { "a/../b", NULL },
	{ "a/.", NULL }, { "a/./b", NULL }, { "INBOX/..", NULL },
	{ ".a", ".a" }, { "...", "..." }, { "a..b/c.", "a..b/c." },
};

START_TEST(a_name_has_one_form)
{
	struct folder_name name;
	int r = folder_name(slice_str(names[_i].given), &name);

	if (names[_i].form == NULL) {
		ck_assert_int_eq(r, -EINVAL);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(name.bytes, names[_i].form);
	ck_assert_uint_eq(name.len, strlen(names[_i].form));
}
END_TEST

START_TEST(a_name_is_as_long_as_it_may_be_in_its_form)
{
	char given[4 * FOLDER_MAX_BYTES + 1] = "";
	struct folder_name name;

	for (int i = 0; i < FOLDER_MAX_BYTES / 2; i++)
		memcpy(given + 3 * i, "e\xcc\x81", 4);
	ck_assert_int_eq(folder_name(slice_str(given), &name), 0);
	ck_assert_uint_eq(name.len, FOLDER_MAX_BYTES - 1);
	(void)strcat(given, "ab");
	ck_assert_int_eq(folder_name(slice_str(given), &name), -EINVAL);
}
END_TEST

/* RFC 9051 6.3.4 */
START_TEST(a_mailbox_is_made_with_the_levels_above_it)
{
	ck_assert_int_eq(create("Kantor/Surat/2026/"), 0);
	ck_assert_int_eq(create("kantor"), 0);
	ck_assert_int_eq(create("Kantor-2"), 0);
	ck_assert_int_eq(create("Kantor/Surat"), -EEXIST);
	ck_assert_int_eq(create("inbox"), -EEXIST);
	ck_assert_int_eq(create("50%"), -EINVAL);
	ck_assert_int_eq(create("a*"), -EINVAL);
	ck_assert_int_eq(create("a//b"), -EINVAL);
	ck_assert_int_eq(create("inbox/x"), 0);
	ck_assert_str_eq(all(), "INBOX+ INBOX/x Kantor+ Kantor/Surat+ "
	    "Kantor/Surat/2026 Kantor-2 kantor");
	/* RFC 7162 3.1.2.1: 0 would say that it keeps no numbers */
	ck_assert_uint_eq(status_of("Kantor/Surat").highest_modseq, 1);
	again();
	ck_assert_uint_eq(status_of("Kantor/Surat").highest_modseq, 1);
	ck_assert_uint_eq(number_of("Kantor/Surat"), MAILBOX_INBOX + 2);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(there_are_a_thousand_at_the_most)
{
	char name[24];

	for (int n = 1; n < FOLDER_MOST; n++) {
		(void)snprintf(name, sizeof(name), "folder %d", n);
		ck_assert_int_eq(create(name), 0);
	}
	ck_assert_int_eq(create("one more"), -EDQUOT);
	ck_assert_int_eq(folder_delete(box.account, slice_str("folder 7")),
	    0);
	ck_assert_int_eq(create("two/more"), -EDQUOT);
	ck_assert_int_eq(folder_find(box.account, slice_str("two"),
	    &(uint32_t){ 0 }), -ENOENT);
	ck_assert_int_eq(create("one more"), 0);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* RFC 9051 6.3.5, 2.3.1.1 */
START_TEST(a_number_is_never_given_again)
{
	struct folder_status before, after;
	uint32_t number;

	file(1, "Old");
	before = status_of("Old");
	number = number_of("Old");
	ck_assert_int_eq(folder_delete(box.account, slice_str("Old")), 0);
	ck_assert_int_eq(folder_delete(box.account, slice_str("Old")),
	    -ENOENT);
	if (_i == 1)
		again();
	ck_assert_int_eq(create("Old"), 0);
	after = status_of("Old");
	ck_assert_uint_gt(number_of("Old"), number);
	ck_assert_uint_gt(after.uidvalidity, before.uidvalidity);
	ck_assert_uint_eq(after.messages, 0);
	ck_assert_int_eq(box_check(&box), 0);
	tidy();
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_deleted_mailbox_takes_its_letters_along)
{
	struct account_figures figures;
	struct message_id ids[4];
	struct view *view;
	size_t count;

	file(1, "Old");
	file(2, "Old");
	file(3, "Old/Older");
	ck_assert_int_eq(account_view_open(box.account, number_of("Old"),
	    &view), 0);
	ck_assert_int_eq(folder_delete(box.account, slice_str("Old")), 0);
	ck_assert_str_eq(all(), "INBOX Old!+* Old/Older*");
	ck_assert_int_eq(folder_delete(box.account, slice_str("Old")),
	    -ENOTEMPTY);
	if (_i == 1) {
		account_view_close(box.account, view);
		again();
		ck_assert_int_eq(box_check(&box), 0);
		tidy();
	} else {
		tidy();
		ck_assert_int_eq(box_is_letter(&box, view, 1, 2), 0);
		account_view_close(box.account, view);
	}
	ck_assert_int_eq(account_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.letters, 1);
	ck_assert_uint_eq(figures.entries, 1);
	ck_assert_int_eq(account_expunged(box.account, ids, 4, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(folder_delete(box.account, slice_str("Old/Older")),
	    0);
	tidy();
	ck_assert_str_eq(all(), "INBOX Old?* Old/Older?*");
	ck_assert_int_eq(folder_delete(box.account, slice_str("inbox")),
	    -EPERM);
	ck_assert_int_eq(box_check(&box), 0);
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, "SELECT (SELECT count(*) FROM doomed) +"
	    " (SELECT count(*) FROM tombstone WHERE place >> 32 > 1)"), 0);
	box_open(&box);
}
END_TEST

/* A thousand letters and more go in steps, and a crash forgets none. */
START_TEST(a_large_mailbox_goes_in_steps)
{
	struct account_figures figures;
	struct box_letter letter;
	bool was_there;

	for (uint32_t n = 1; n <= 1200; n++) {
		letter = box_letter(n);
		letter.delivery.trace = slice_str(letter.trace);
		letter.delivery.body = slice_of("x", 1);
		letter.delivery.body_bytes = 1;
		letter.delivery.folder = slice_str("Old");
		ck_assert_int_eq(account_deliver(box.account,
		    &letter.delivery, &was_there), 0);
	}
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_uint_eq(status_of("Old").messages, 1200);
	ck_assert_int_eq(folder_delete(box.account, slice_str("Old")), 0);
	ck_assert_int_eq(account_tidy(box.account), 1);
	ck_assert_int_eq(account_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.entries, 700);
	ck_assert_int_eq(box_check(&box), 0);
	again();
	tidy();
	ck_assert_int_eq(account_figures(box.account, &figures), 0);
	ck_assert_uint_eq(figures.entries + figures.letters, 0);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* RFC 9051 6.3.6 */
START_TEST(a_renamed_mailbox_keeps_what_it_is)
{
	struct folder_status before, after;
	uint32_t number;

	file(1, "Kantor/Surat");
	file(2, "Kantor");
	ck_assert_int_eq(create("Other/Surat"), 0);
	before = status_of("Kantor/Surat");
	number = number_of("Kantor/Surat");
	ck_assert_int_eq(folder_rename(box.account, slice_str("Kantor"),
	    slice_str("Other")), -EEXIST);
	ck_assert_int_eq(folder_rename(box.account, slice_str("Kantor"),
	    slice_str("Kantor/Baru")), -EINVAL);
	ck_assert_int_eq(folder_rename(box.account, slice_str("Kantor"),
	    slice_str("a%")), -EINVAL);
	ck_assert_int_eq(folder_rename(box.account, slice_str("Nothing"),
	    slice_str("Baru")), -ENOENT);
	ck_assert_int_eq(folder_rename(box.account, slice_str("Kantor"),
	    slice_str("inbox")), -EEXIST);
	ck_assert_int_eq(folder_rename(box.account, slice_str("Kantor"),
	    slice_str("Arsip/Kantor")), 0);
	ck_assert_str_eq(all(), "INBOX Arsip+ Arsip/Kantor+ "
	    "Arsip/Kantor/Surat Kantor?* Kantor/Surat?* Other+ Other/Surat");
	again();
	after = status_of("Arsip/Kantor/Surat");
	ck_assert_uint_eq(number_of("Arsip/Kantor/Surat"), number);
	ck_assert_uint_eq(after.uidvalidity, before.uidvalidity);
	ck_assert_uint_eq(after.uidnext, before.uidnext);
	ck_assert_uint_eq(after.messages, 1);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_rename_that_cannot_be_done_changes_nothing)
{
	char name[FOLDER_MAX_BYTES + 1];

	file(1, "a/b");
	file(2, "c/d/b");
	/* c/d has what a would have below it */
	ck_assert_int_eq(folder_rename(box.account, slice_str("a"),
	    slice_str("c/d")), -EEXIST);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(folder_rename(box.account, slice_str("a"),
	    slice_str(name)), -EINVAL);
	ck_assert_str_eq(all(), "INBOX a!+ a/b* c!+ c/d!+ c/d/b*");
	/* a is no mailbox, and can be renamed all the same */
	ck_assert_int_eq(folder_rename(box.account, slice_str("a"),
	    slice_str("e/f")), 0);
	ck_assert_str_eq(all(), "INBOX a/b?* c!+ c/d!+ c/d/b* e+ e/f!+ "
	    "e/f/b");
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* RFC 9051 6.3.6: "Renaming INBOX is permitted" */
START_TEST(renaming_inbox_moves_its_letters)
{
	struct folder_status status;

	box_fill(&box, 1, 3);
	file(4, "INBOX/below");
	ck_assert_int_eq(folder_rename(box.account, slice_str("inbox"),
	    slice_str("Old/2025")), 0);
	status = status_of("Old/2025");
	ck_assert_uint_eq(status.messages, 3);
	ck_assert_uint_eq(status.bytes, size_of(1) + size_of(2) + size_of(3));
	ck_assert_uint_eq(status.uidnext, 4);
	status = status_of("INBOX");
	ck_assert_uint_eq(status.messages, 0);
	ck_assert_uint_eq(status.bytes, 0);
	ck_assert_uint_eq(status.uidnext, 4);
	ck_assert_uint_eq(status_of("INBOX/below").messages, 1);
	ck_assert_int_eq(box_check(&box), 0);
	box_fill(&box, 5, 5);
	again();
	ck_assert_uint_eq(status_of("INBOX").messages, 1);
	ck_assert_int_eq(folder_rename(box.account, slice_str("INBOX"),
	    slice_str("INBOX/Again")), 0);
	ck_assert_uint_eq(status_of("INBOX/Again").messages, 1);
	ck_assert_str_eq(all(), "INBOX+ INBOX/Again INBOX/below* Old+ "
	    "Old/2025");
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* RFC 9051 6.4.7: else what is taken back stays under the new name */
START_TEST(inbox_is_not_renamed_while_letters_are_copied_into_it)
{
	const size_t numbers[2] = { 0, 1 };
	struct selected *selected;
	struct copying *copying;
	uint32_t uids[2];

	box_fill(&box, 1, 3);
	ck_assert_int_eq(selected_open(box.account, MAILBOX_INBOX,
	    &selected), 0);
	ck_assert_int_eq(copying_new(selected, MAILBOX_INBOX, false,
	    &copying), 0);
	ck_assert_int_eq(copying_add(copying, numbers, 2, false, uids), 0);
	ck_assert_int_eq(folder_rename(box.account, slice_str("INBOX"),
	    slice_str("Old")), -ETXTBSY);
	copying_end(copying);
	tidy();
	ck_assert_int_eq(folder_rename(box.account, slice_str("INBOX"),
	    slice_str("Old")), 0);
	ck_assert_uint_eq(status_of("Old").messages, 3);
	selected_close(selected);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(an_empty_inbox_is_renamed_as_well)
{
	ck_assert_int_eq(folder_rename(box.account, slice_str("INBOX"),
	    slice_str("Old")), 0);
	ck_assert_uint_eq(status_of("Old").uidnext, 1);
	file(1, "Old");
	ck_assert_uint_eq(status_of("Old").messages, 1);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* RFC 9051 6.3.7: the name need not exist */
START_TEST(a_subscription_is_a_name)
{
	char name[24];

	ck_assert_int_eq(folder_subscribe(box.account, slice_str("gone/x"),
	    true), 0);
	ck_assert_int_eq(folder_subscribe(box.account, slice_str("gone/x"),
	    true), 0);
	ck_assert_int_eq(folder_subscribe(box.account, slice_str("inBox"),
	    true), 0);
	ck_assert_int_eq(folder_subscribe(box.account, slice_str("a//b"),
	    true), -EINVAL);
	again();
	ck_assert_str_eq(all(), "INBOX* gone/x?*");
	ck_assert_int_eq(create("gone"), 0);
	ck_assert_str_eq(all(), "INBOX* gone gone/x?*");
	ck_assert_int_eq(folder_subscribe(box.account, slice_str("gone/x"),
	    false), 0);
	ck_assert_int_eq(folder_subscribe(box.account, slice_str("never"),
	    false), 0);
	ck_assert_str_eq(all(), "INBOX* gone");
	for (int n = 1; n < SUBSCRIPTIONS_MOST; n++) {
		(void)snprintf(name, sizeof(name), "name %d", n);
		ck_assert_int_eq(folder_subscribe(box.account,
		    slice_str(name), true), 0);
	}
	ck_assert_int_eq(folder_subscribe(box.account, slice_str("more"),
	    true), -EDQUOT);
	file(1, "By a rule");
	ck_assert_uint_eq(status_of("By a rule").messages, 1);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* RFC 6154 */
START_TEST(an_account_is_furnished_once)
{
	file(1, "Junk");
	ck_assert_int_eq(folders_ready(box.account), 0);
	ck_assert_str_eq(all(), "INBOX* Archive*=10 Drafts*=2 Junk*=4 Sent*=1 "
	    "Trash*=8");
	ck_assert_uint_eq(status_of("Junk").messages, 1);
	ck_assert_int_eq(folder_delete(box.account, slice_str("Archive")),
	    0);
	again();
	ck_assert_int_eq(folders_ready(box.account), 0);
	ck_assert_str_eq(all(), "INBOX* Archive?* Drafts*=2 Junk*=4 Sent*=1 "
	    "Trash*=8");
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(a_use_has_one_mailbox)
{
	uint32_t mailbox;

	ck_assert_int_eq(folder_create(box.account, slice_str("Terkirim"),
	    FOLDER_SENT, &mailbox), 0);
	ck_assert_int_eq(folder_create(box.account, slice_str("Keluar"),
	    FOLDER_SENT | FOLDER_TRASH, &mailbox), -EMLINK);
	ck_assert_int_eq(folder_create(box.account, slice_str("Keluar"),
	    0x20, &mailbox), -EINVAL);
	ck_assert_int_eq(folders_ready(box.account), 0);
	ck_assert_str_eq(all(), "INBOX* Archive*=10 Drafts*=2 Junk*=4 "
	    "Terkirim*=1 Trash*=8");
	ck_assert_int_eq(folder_rename(box.account, slice_str("Terkirim"),
	    slice_str("Sent")), 0);
	ck_assert_str_eq(all(), "INBOX* Archive*=10 Drafts*=2 Junk*=4 "
	    "Sent=1 Terkirim?* Trash*=8");
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(status_is_as_of_the_last_commit)
{
	struct folder_status before, after;
	bool was_there;

	box_fill(&box, 1, 2);
	before = status_of("INBOX");
	ck_assert_uint_eq(before.messages, 2);
	ck_assert_uint_eq(before.unseen, 2);
	ck_assert_uint_eq(before.uidnext, 3);
	ck_assert_uint_eq(before.bytes, size_of(1) + size_of(2));
	ck_assert_int_eq(box_deliver(box.account, 3, &was_there), 0);
	after = status_of("INBOX");
	ck_assert_uint_eq(after.messages, before.messages);
	ck_assert_uint_eq(after.uidnext, before.uidnext);
	ck_assert_uint_eq(after.bytes, before.bytes);
	ck_assert_uint_eq(after.highest_modseq, before.highest_modseq);
	ck_assert_int_eq(account_undo(box.account, -ENOSPC), -ENOSPC);
	ck_assert_int_eq(account_commit(box.account), -ENOSPC);
	box_fill(&box, 3, 3);
	after = status_of("INBOX");
	ck_assert_uint_eq(after.messages, 3);
	ck_assert_uint_gt(after.highest_modseq, before.highest_modseq);
	again();
	ck_assert_uint_eq(status_of("INBOX").highest_modseq,
	    after.highest_modseq);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

static void
deliver_one(struct account *account, void *arg)
{
	bool was_there;

	(void)arg;
	if (box_deliver(account, 4, &was_there) != 0 ||
	    account_commit(account) != 0)
		abort();
}

/* RFC 7162 3.1.2.2: HIGHESTMODSEQ never goes back */
START_TEST(after_a_crash_no_mailbox_is_behind_what_was_told)
{
	uint64_t before;

	file(1, "Old");
	before = status_of("Old").highest_modseq;
	box_close(&box);
	box_crash(&box, deliver_one, NULL);
	box_open(&box);
	ck_assert_uint_gt(status_of("Old").highest_modseq, before);
	before = status_of("Old").highest_modseq;
	again();
	ck_assert_uint_eq(status_of("Old").highest_modseq, before);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

static const char *const damages[] = {
	"UPDATE mailbox SET messages = 3 WHERE id = 2",
	"UPDATE mailbox SET unseen = 0 WHERE id = 2",
	"UPDATE mailbox SET deleted = 1 WHERE id = 2",
	"UPDATE mailbox SET bytes = -1 WHERE id = 2",
	"UPDATE mailbox SET modseq = 0 WHERE id = 2",
	"UPDATE mailbox SET uses = 32 WHERE id = 2",
	"UPDATE mailbox SET uses = 4",
	"UPDATE meta SET mailbox_last = 1",
	"INSERT INTO doomed VALUES (2)",
	"INSERT INTO subscription VALUES (x'')",
	"INSERT INTO structure VALUES (99, x'00')",
};

START_TEST(check_tells_of_rows_that_cannot_be)
{
	file(1, "Post");
	ck_assert_int_eq(box_check(&box), 0);
	box_close(&box);
	box_meddle(&box, damages[_i]);
	ck_assert_int_ge(box_faults(&box), 1);
	box_open(&box);
	ck_assert_uint_eq(status_of("INBOX").messages, 0);
}
END_TEST

/* A count that makes no sense is counted anew when the account is opened. */
START_TEST(a_nonsense_count_is_mended)
{
	file(1, "Post");
	box_close(&box);
	box_meddle(&box, "UPDATE mailbox SET messages = -1, bytes = -5");
	box_open(&box);
	ck_assert_uint_eq(status_of("Post").messages, 1);
	ck_assert_uint_eq(status_of("Post").bytes, size_of(1));
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* What an earlier format had is counted by the step to this one. */
START_TEST(an_account_of_before_is_counted)
{
	file(1, "Post");
	file(2, "Post");
	box_fill(&box, 3, 3);
	box_close(&box);
	box_meddle(&box, "ALTER TABLE meta DROP COLUMN mailbox_last;"
	    "ALTER TABLE meta DROP COLUMN modseq_closed;"
	    "ALTER TABLE meta DROP COLUMN is_furnished;"
	    "ALTER TABLE mailbox DROP COLUMN uses;"
	    "ALTER TABLE mailbox DROP COLUMN messages;"
	    "ALTER TABLE mailbox DROP COLUMN unseen;"
	    "ALTER TABLE mailbox DROP COLUMN deleted;"
	    "ALTER TABLE mailbox DROP COLUMN bytes;"
	    "ALTER TABLE mailbox DROP COLUMN modseq;"
	    "ALTER TABLE mailbox DROP COLUMN recent;"
	    "ALTER TABLE entry DROP COLUMN saved;"
	    "DROP TABLE subscription; DROP TABLE doomed;"
	    "DROP TABLE unfinished; DROP TABLE structure; DROP TABLE lesson;"
	    "DROP TABLE rights;"
	    "DROP INDEX tombstone_modseq;"
	    "ALTER TABLE meta DROP COLUMN modseq_floor;"
	    "DROP TABLE imported; DROP TABLE metadata; DROP TABLE moved;"
	    "UPDATE entry SET flags = 1 WHERE letter = 1;"
	    "PRAGMA user_version = 3");
	box_open(&box);
	ck_assert_uint_eq(status_of("Post").messages, 2);
	ck_assert_uint_eq(status_of("Post").unseen, 1);
	ck_assert_uint_eq(status_of("Post").bytes, size_of(1) + size_of(2));
	ck_assert_uint_eq(status_of("INBOX").messages, 1);
	ck_assert_int_eq(create("New"), 0);
	ck_assert_uint_eq(number_of("New"), 3);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

static int
change(int which)
{
	switch (which) {
	case 0:
		return create("New/Below");
	case 1:
		return folder_delete(box.account, slice_str("Kantor/Surat"));
	case 2:
		return folder_rename(box.account, slice_str("INBOX"),
		    slice_str("Old/Mail"));
	case 3:
		return folder_rename(box.account, slice_str("Kantor"),
		    slice_str("Old/Office"));
	case 4:
		return folder_subscribe(box.account, slice_str("Kantor"),
		    true);
	default:
		return folders_ready(box.account);
	}
}

/* A sync fails: what was asked for is done, or all is as it was. */
START_TEST(a_change_that_cannot_be_synced_is_whole_or_nothing)
{
	char before[sizeof(told)], after[sizeof(told)];

	file(1, "Kantor/Surat");
	box_fill(&box, 2, 3);
	ck_assert_int_eq(create("Kantor"), 0);
	(void)strcpy(before, all());
	syncs_left = 1;
	ck_assert_int_eq(change(_i), -EIO);
	ck_assert_int_eq(folders_each(box.account, tell, NULL), -EIO);
	ck_assert_int_eq(change(_i), -EIO);
	ck_assert_int_eq(account_close(box.account), -EIO);
	syncs_left = -1;
	box_open(&box);
	ck_assert_int_eq(box_check(&box), 0);
	(void)strcpy(after, all());
	if (strcmp(after, before) == 0)
		ck_assert_int_eq(change(_i), 0);
	ck_assert_str_ne(all(), before);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/folders");
	TCase *tcase = tcase_create("folders");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_name_has_one_form, 0,
	    sizeof(names) / sizeof(names[0]));
	tcase_add_test(tcase, a_name_is_as_long_as_it_may_be_in_its_form);
	tcase_add_test(tcase, a_mailbox_is_made_with_the_levels_above_it);
	tcase_add_test(tcase, there_are_a_thousand_at_the_most);
	tcase_add_loop_test(tcase, a_number_is_never_given_again, 0, 2);
	tcase_add_loop_test(tcase, a_deleted_mailbox_takes_its_letters_along,
	    0, 2);
	tcase_add_test(tcase, a_large_mailbox_goes_in_steps);
	tcase_add_test(tcase, a_renamed_mailbox_keeps_what_it_is);
	tcase_add_test(tcase, a_rename_that_cannot_be_done_changes_nothing);
	tcase_add_test(tcase, renaming_inbox_moves_its_letters);
	tcase_add_test(tcase,
	    inbox_is_not_renamed_while_letters_are_copied_into_it);
	tcase_add_test(tcase, an_empty_inbox_is_renamed_as_well);
	tcase_add_test(tcase, a_subscription_is_a_name);
	tcase_add_test(tcase, an_account_is_furnished_once);
	tcase_add_test(tcase, a_use_has_one_mailbox);
	tcase_add_test(tcase, status_is_as_of_the_last_commit);
	tcase_add_test(tcase, after_a_crash_no_mailbox_is_behind_what_was_told);
	tcase_add_loop_test(tcase, check_tells_of_rows_that_cannot_be, 0,
	    sizeof(damages) / sizeof(damages[0]));
	tcase_add_test(tcase, a_nonsense_count_is_mended);
	tcase_add_test(tcase, an_account_of_before_is_counted);
	tcase_add_loop_test(tcase,
	    a_change_that_cannot_be_synced_is_whole_or_nothing, 0, 6);
	suite_add_tcase(suite, tcase);
	return suite;
}
