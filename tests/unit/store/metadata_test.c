/*
 * metadata_test.c - what programs note of a mailbox is there, and goes with it
 */
#include "store/metadata.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "store/folders.h"
#include "tests/unit/store/box.h"
#include "tests/unit/unit.h"

static struct box box;
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
	syncs_left = -1;
	box_drop(&box);
}

/* `value` NULL: it goes. */
static int
set_one(uint32_t mailbox, const char *name, const char *value)
{
	struct metadata_change change = {
		.name = slice_str(name), .value = slice_str(value),
		.removes = value == NULL,
	};

	return metadata_set(box.account, mailbox, &change, 1);
}

static int
add_entry(void *arg, struct slice name, struct slice value)
{
	text_addf(arg, "%.*s=%.*s\n", SLICE_FMT(name), SLICE_FMT(value));
	return 0;
}

static bool
has(uint32_t mailbox, const char *entries)
{
	TEXT_AUTO all = TEXT_INIT(65536);

	ck_assert_int_eq(metadata_each(box.account, mailbox, add_entry, &all),
	    0);
	return slice_is_str(text_slice(&all), entries);
}

/* RFC 5464 4.3: a value is there, another, none; each mailbox has its own */
START_TEST(an_entry_is_set_changed_and_removed)
{
	ck_assert(has(MAILBOX_INBOX, ""));
	ck_assert_int_eq(set_one(MAILBOX_INBOX, "/private/b", "one"), 0);
	ck_assert_int_eq(set_one(MAILBOX_INBOX, "/private/a", ""), 0);
	ck_assert_int_eq(set_one(0, "/private/b", "the account's"), 0);
	ck_assert(has(MAILBOX_INBOX, "/private/a=\n/private/b=one\n"));
	ck_assert_int_eq(set_one(MAILBOX_INBOX, "/private/b", "two"), 0);
	ck_assert_int_eq(set_one(MAILBOX_INBOX, "/private/a", NULL), 0);
	ck_assert_int_eq(set_one(MAILBOX_INBOX, "/private/c", NULL), 0);
	box_close(&box);
	box_open(&box);
	ck_assert(has(MAILBOX_INBOX, "/private/b=two\n"));
	ck_assert(has(0, "/private/b=the account's\n"));
}
END_TEST

static void
set_and_die(struct account *account, void *arg)
{
	const struct metadata_change change = {
		.name = SLICE("/private/b"), .value = SLICE("one")
	};

	(void)arg;
	if (metadata_set(account, MAILBOX_INBOX, &change, 1) != 0)
		_exit(1);
}

/* What was answered is there after a crash. */
START_TEST(what_was_set_is_durable)
{
	box_close(&box);
	box_crash(&box, set_and_die, NULL);
	box_open(&box);
	ck_assert(has(MAILBOX_INBOX, "/private/b=one\n"));
}
END_TEST

START_TEST(what_cannot_be_synced_is_not_said_to_be_set)
{
	syncs_left = 1;
	ck_assert_int_eq(set_one(MAILBOX_INBOX, "/private/b", "one"), -EIO);
	ck_assert_int_eq(account_close(box.account), -EIO);
	syncs_left = -1;
	box_open(&box);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* RFC 5464 4.1: under another name it is the same, and goes with its mailbox */
START_TEST(entries_follow_their_mailbox)
{
	uint32_t mailbox, other;

	ck_assert_int_eq(folder_create(box.account, slice_str("a"), 0,
	    &mailbox), 0);
	ck_assert_int_eq(set_one(mailbox, "/shared/comment", "x"), 0);
	ck_assert_int_eq(folder_rename(box.account, slice_str("a"),
	    slice_str("b/c")), 0);
	ck_assert_int_eq(folder_find(box.account, slice_str("b/c"), &other),
	    0);
	ck_assert(has(other, "/shared/comment=x\n"));
	ck_assert_int_eq(folder_delete(box.account, slice_str("b/c")), 0);
	ck_assert_int_eq(metadata_each(box.account, mailbox, add_entry, NULL),
	    -ENOENT);
	ck_assert_int_eq(set_one(mailbox, "/shared/comment", "x"), -ENOENT);
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM metadata"), 0);
	ck_assert_int_eq(box_check(&box), 0);
	box_open(&box);
}
END_TEST

/* RFC 5464 4.3: all of them or none */
START_TEST(changes_are_made_together_or_not)
{
	char *long_value = calloc(1, METADATA_VALUE_MOST + 1);
	struct metadata_change changes[] = {
		{ .name = SLICE("/private/a"), .removes = true },
		{ .name = SLICE("/private/b"), .value = SLICE("b") },
		{ .name = SLICE("/private/c") },
	};

	ck_assert_ptr_nonnull(long_value);
	ck_assert_int_eq(set_one(MAILBOX_INBOX, "/private/a", "a"), 0);
	changes[2].value = slice_of(long_value, METADATA_VALUE_MOST + 1);
	ck_assert_int_eq(metadata_set(box.account, MAILBOX_INBOX, changes, 3),
	    -EMSGSIZE);
	ck_assert(has(MAILBOX_INBOX, "/private/a=a\n"));
	changes[2].value.len--;
	ck_assert_int_eq(metadata_set(box.account, MAILBOX_INBOX, changes, 3),
	    0);
	ck_assert_int_eq(set_one(MAILBOX_INBOX, "/private/c", NULL), 0);
	ck_assert(has(MAILBOX_INBOX, "/private/b=b\n"));
	free(long_value);
}
END_TEST

/* RFC 5464 7: at the limit, one above, and below it again */
START_TEST(a_mailbox_has_so_many_entries)
{
	char name[32];

	for (int i = 0; i < METADATA_ENTRIES_MOST; i++) {
		(void)snprintf(name, sizeof(name), "/private/%d", i);
		ck_assert_int_eq(set_one(MAILBOX_INBOX, name, "x"), 0);
	}
	ck_assert_int_eq(set_one(MAILBOX_INBOX, "/private/more", "x"),
	    -EDQUOT);
	ck_assert_int_eq(set_one(0, "/private/more", "x"), 0);
	ck_assert_int_eq(set_one(MAILBOX_INBOX, "/private/0", "other"), 0);
	ck_assert_int_eq(set_one(MAILBOX_INBOX, "/private/0", NULL), 0);
	ck_assert_int_eq(set_one(MAILBOX_INBOX, "/private/more", "x"), 0);
}
END_TEST

START_TEST(an_account_has_so_many_bytes_of_them)
{
	char *value = calloc(1, METADATA_VALUE_MOST);
	struct metadata_change changes[METADATA_ENTRIES_MOST];
	char names[METADATA_ENTRIES_MOST][32], folder[16];
	uint32_t mailbox;
	int r = 0;

	ck_assert_ptr_nonnull(value);
	for (int i = 0; i < METADATA_ENTRIES_MOST; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "/private/%d", i);
		changes[i] = (struct metadata_change){
			.name = slice_str(names[i]),
			.value = slice_of(value, METADATA_VALUE_MOST)
		};
	}
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(r, 0);
		(void)snprintf(folder, sizeof(folder), "f%d", i);
		ck_assert_int_eq(folder_create(box.account,
		    slice_str(folder), 0, &mailbox), 0);
		r = metadata_set(box.account, mailbox, changes,
		    METADATA_ENTRIES_MOST);
	}
	/* three times 1.6 MB is more than 4 MiB */
	ck_assert_int_eq(r, -EDQUOT);
	ck_assert(has(mailbox, ""));
	free(value);
}
END_TEST

START_TEST(an_entry_without_a_mailbox_is_a_fault)
{
	ck_assert_int_eq(set_one(MAILBOX_INBOX, "/private/a", "a"), 0);
	ck_assert_int_eq(set_one(0, "/private/a", "a"), 0);
	box_close(&box);
	ck_assert_int_eq(box_check(&box), 0);
	box_meddle(&box, "INSERT INTO metadata VALUES (77, x'61', x'')");
	ck_assert_int_eq(box_faults(&box), 1);
	box_meddle(&box, "DELETE FROM metadata WHERE mailbox = 77");
	box_open(&box);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/metadata");
	TCase *tcase = tcase_create("metadata");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, an_entry_is_set_changed_and_removed);
	tcase_add_test(tcase, what_was_set_is_durable);
	tcase_add_test(tcase, what_cannot_be_synced_is_not_said_to_be_set);
	tcase_add_test(tcase, entries_follow_their_mailbox);
	tcase_add_test(tcase, changes_are_made_together_or_not);
	tcase_add_test(tcase, a_mailbox_has_so_many_entries);
	tcase_add_test(tcase, an_account_has_so_many_bytes_of_them);
	tcase_add_test(tcase, an_entry_without_a_mailbox_is_a_fault);
	suite_add_tcase(suite, tcase);
	return suite;
}
