/*
 * list_test.c - entries are listed with what they brought along
 */
#include <errno.h>
#include <string.h>

#include "store/account_inside.h"
#include "tests/unit/store/box.h"

static struct box box;
static struct listed_letter seen[8];
static char names[8][32], keywords[8][32];
static unsigned count;
static const struct slice all;	/* folders */

static void
set_up(void)
{
	box = box_new();
	count = 0;
}

static void
tear_down(void)
{
	box_drop(&box);
}

static int
deliver(uint32_t n, const char *folder, uint8_t flags, const char *words)
{
	struct box_letter letter = box_letter(n);
	bool was_there;

	letter.delivery.trace = slice_str(letter.trace);
	letter.delivery.body = slice_of(letter.body,
	    letter.delivery.body_bytes);
	letter.delivery.folder = slice_str(folder);
	letter.delivery.flags = flags;
	letter.delivery.keywords = slice_str(words);
	letter.delivery.received_at_utc_ms = 1000 * (int64_t)n;
	return account_deliver(box.account, &letter.delivery, &was_there);
}

static int
on_listed(void *arg, const struct listed_letter *listed)
{
	(void)arg;
	ck_assert_uint_lt(count, 8);
	seen[count] = *listed;
	ck_assert_int_eq(slice_cstr(listed->mailbox, names[count],
	    sizeof(names[count])), 0);
	ck_assert_int_eq(slice_cstr(listed->keywords, keywords[count],
	    sizeof(keywords[count])), 0);
	count++;
	return 0;
}

START_TEST(an_entry_has_the_flags_and_the_date_it_came_with)
{
	ck_assert_int_eq(deliver(1, "", 0, ""), 0);
	ck_assert_int_eq(deliver(2, "Sent", LETTER_SEEN | LETTER_FLAGGED,
	    "$Forwarded work"), 0);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_int_eq(account_list(box.account, all, 0, 8, on_listed, NULL), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(names[0], "INBOX");
	ck_assert_uint_eq(seen[0].flags, 0);
	ck_assert_int_eq(seen[0].received_at_utc_ms, 1000);
	ck_assert_str_eq(names[1], "Sent");
	ck_assert_uint_eq(seen[1].flags, LETTER_SEEN | LETTER_FLAGGED);
	ck_assert_str_eq(keywords[1], "$Forwarded work");
	ck_assert_int_eq(seen[1].received_at_utc_ms, 2000);
	ck_assert_uint_ne(seen[0].uidvalidity, 0);
}
END_TEST

START_TEST(a_listing_goes_on_above_a_place)
{
	for (uint32_t n = 1; n <= 5; n++)
		ck_assert_int_eq(deliver(n, n > 3 ? "Sent" : "", 0, ""), 0);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_int_eq(account_list(box.account, all, 0, 2, on_listed, NULL), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(account_list(box.account, all, seen[1].place, 8,
	    on_listed, NULL), 0);
	ck_assert_uint_eq(count, 5);
	ck_assert_str_eq(names[2], "INBOX");
	ck_assert_str_eq(names[4], "Sent");
	ck_assert_int_eq(account_list(box.account, all, UINT64_MAX, 8, on_listed,
	    NULL), 0);
	ck_assert_uint_eq(count, 5);
}
END_TEST

START_TEST(one_folder_is_listed_by_its_name)
{
	for (uint32_t n = 1; n <= 5; n++)
		ck_assert_int_eq(deliver(n, n > 3 ? "Sent" : "", 0, ""), 0);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_int_eq(account_list(box.account, slice_str("inbox"), 0, 2,
	    on_listed, NULL), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(account_list(box.account, slice_str("INBOX"),
	    seen[1].place, 8, on_listed, NULL), 0);
	ck_assert_uint_eq(count, 3);
	ck_assert_str_eq(names[2], "INBOX");
	/* from its beginning, though the place is before it */
	ck_assert_int_eq(account_list(box.account, slice_str("Sent"),
	    seen[0].place, 8, on_listed, NULL), 0);
	ck_assert_uint_eq(count, 5);
	ck_assert_str_eq(names[3], "Sent");
	ck_assert_int_eq(account_list(box.account, slice_str("sent"), 0, 8,
	    on_listed, NULL), -ENOENT);
}
END_TEST

struct folders {
	unsigned	count;
	char		names[4][32];
	struct listed_folder seen[4];
};

static int
on_folder(void *arg, const struct listed_folder *folder)
{
	struct folders *folders = arg;

	ck_assert_uint_lt(folders->count, 4);
	ck_assert_int_eq(slice_cstr(folder->name,
	    folders->names[folders->count], 32), 0);
	folders->seen[folders->count++] = *folder;
	return 0;
}

START_TEST(a_folder_is_listed_with_what_is_in_it_and_without)
{
	struct folders folders = { 0 };
	size_t first = 0;
	struct view *view;

	ck_assert_int_eq(deliver(1, "", 0, ""), 0);
	ck_assert_int_eq(deliver(2, "", 0, ""), 0);
	ck_assert_int_eq(deliver(3, "Sent", 0, ""), 0);
	ck_assert_int_eq(account_view_open(box.account, 2, &view), 0);
	ck_assert_int_eq(account_expunge(box.account, view, &first, 1), 0);
	account_view_close(box.account, view);
	ck_assert_int_eq(account_list(box.account, all, 0, 8, on_listed,
	    NULL), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(account_folders(box.account, 0, 1, on_folder,
	    &folders), 0);
	ck_assert_uint_eq(folders.count, 1);
	ck_assert_int_eq(account_folders(box.account,
	    folders.seen[0].mailbox, 4, on_folder, &folders), 0);
	ck_assert_uint_eq(folders.count, 2);
	ck_assert_str_eq(folders.names[0], "INBOX");
	ck_assert_uint_eq(folders.seen[0].letters, 2);
	ck_assert_uint_eq(folders.seen[0].bytes, seen[0].bytes +
	    seen[1].bytes);
	ck_assert_uint_eq(folders.seen[0].uidvalidity, seen[0].uidvalidity);
	ck_assert_str_eq(folders.names[1], "Sent");
	ck_assert_uint_eq(folders.seen[1].letters, 0);
	ck_assert_uint_eq(folders.seen[1].bytes, 0);
	ck_assert_uint_ne(folders.seen[1].uidvalidity,
	    folders.seen[0].uidvalidity);
}
END_TEST

START_TEST(what_is_no_flag_and_too_many_words_are_refused)
{
	static char many[KEYWORDS_MOST + 2];

	memset(many, 'k', KEYWORDS_MOST + 1);
	ck_assert_int_eq(deliver(1, "", 0x10, ""), -EINVAL);
	ck_assert_int_eq(deliver(1, "", 0, many), -EINVAL);
	many[KEYWORDS_MOST] = '\0';
	ck_assert_int_eq(deliver(1, "", 0, many), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/list");
	TCase *tests = tcase_create("list");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, an_entry_has_the_flags_and_the_date_it_came_with);
	tcase_add_test(tests, a_listing_goes_on_above_a_place);
	tcase_add_test(tests, one_folder_is_listed_by_its_name);
	tcase_add_test(tests,
	    a_folder_is_listed_with_what_is_in_it_and_without);
	tcase_add_test(tests, what_is_no_flag_and_too_many_words_are_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
