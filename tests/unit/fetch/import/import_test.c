/*
 * import_test.c - what file it is, and the limits of what is read
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "fetch/import/inside.h"

static const struct {
	const char		*bytes;
	enum import_format	 format;
} files[] = {
	{ "# x\n\npoll h proto pop3 user u\n", IMPORT_FETCHMAIL },
	{ "set daemon 60\n", IMPORT_FETCHMAIL },
	{ "defaults proto pop3\npoll h\n", IMPORT_FETCHMAIL },
	{ "defaults\n  proto pop3\nskip h\n", IMPORT_FETCHMAIL },
	{ "defaults\ntls on\naccount a\n", IMPORT_MPOP },
	{ "account a : b\n", IMPORT_MPOP },
	{ "; x\r\n[retriever]\r\n", IMPORT_GETMAIL },
	{ "host,user,uidl\n", IMPORT_CSV },
	{ "faid;faserveraddress;fausername\n", IMPORT_HMAILSERVER },
	{ "Email,HostName,UserName\n", IMPORT_MDAEMON },
	{ "<html>\n", IMPORT_UNKNOWN },
	{ "", IMPORT_UNKNOWN },
};

START_TEST(a_file_is_known_by_its_beginning)
{
	ck_assert_int_eq(import_guess(slice_str(files[_i].bytes)),
	    files[_i].format);
}
END_TEST

START_TEST(formats_have_names)
{
	ck_assert_int_eq(import_format_of("hMailServer"), IMPORT_HMAILSERVER);
	ck_assert_int_eq(import_format_of("mutt"), IMPORT_UNKNOWN);
}
END_TEST

static struct import import;
static struct arena *arena;

static void
set_up(void)
{
	arena = arena_new(IMPORT_ARENA_BYTES(1 << 20));
	ck_assert_ptr_nonnull(arena);
	import_begin(&import, arena);
}

static void
tear_down(void)
{
	arena_free(arena);
}

START_TEST(bytes_that_are_no_text_are_no_settings)
{
	ck_assert_int_eq(import_read(&import, "f", slice_of("poll\0h", 6),
	    IMPORT_UNKNOWN), 0);
	ck_assert_uint_eq(import.losses, 1);
	ck_assert_int_eq(STAILQ_FIRST(&import.remarks)->words,
	    SAY_IMPORT_NOT_TEXT);
}
END_TEST

START_TEST(remarks_are_counted_when_they_are_too_many_to_read)
{
	TEXT_AUTO rc = TEXT_INIT(1 << 20);
	struct import_remark *remark;
	unsigned kept = 0;

	text_add_str(&rc, "poll h proto pop3");
	for (int i = 0; i < IMPORT_REMARKS_MOST + 5; i++)
		text_add_str(&rc, " bogus");
	ck_assert_int_eq(import_read(&import, "f", text_slice(&rc),
	    IMPORT_UNKNOWN), 0);
	STAILQ_FOREACH(remark, &import.remarks, next)
		kept++;
	ck_assert_uint_eq(kept, IMPORT_REMARKS_MOST);
	ck_assert_uint_eq(import.losses, IMPORT_REMARKS_MOST + 6);
}
END_TEST

START_TEST(no_more_accounts_than_an_office_has)
{
	TEXT_AUTO rc = TEXT_INIT(1 << 20);

	text_add_str(&rc, "poll h proto pop3");
	for (int i = 0; i <= IMPORT_ACCOUNTS_MOST; i++)
		text_addf(&rc, " user %d ssl", i);
	ck_assert_int_eq(import_read(&import, "f", text_slice(&rc),
	    IMPORT_UNKNOWN), -ENOBUFS);
}
END_TEST

START_TEST(a_list_ends_where_a_listing_would)
{
	struct import_at at = { &import, "f", 1 };
	struct import_list *list;

	ck_assert_int_eq(import_list_add(&at, &list), 0);
	list->count = IMPORT_IDS_MOST - 1;
	ck_assert_int_eq(import_id_add(&at, list, slice_str("a")), 0);
	ck_assert_int_eq(import_id_add(&at, list, slice_str("b")), 0);
	ck_assert_uint_eq(list->count, IMPORT_IDS_MOST);
	ck_assert_uint_eq(import.losses, 1);
}
END_TEST

START_TEST(a_budget_that_is_spent_ends_it)
{
	ARENA_AUTO small = arena_new(300);
	struct import little;

	import_begin(&little, small);
	ck_assert_int_eq(import_read(&little, "f", slice_str("poll h proto "
	    "pop3 user a ssl user b ssl"), IMPORT_UNKNOWN), -ENOBUFS);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("import");
	TCase *guess = tcase_create("guess");
	TCase *limits = tcase_create("limits");

	tcase_add_loop_test(guess, a_file_is_known_by_its_beginning, 0,
	    sizeof(files) / sizeof(files[0]));
	tcase_add_test(guess, formats_have_names);
	suite_add_tcase(suite, guess);
	tcase_add_checked_fixture(limits, set_up, tear_down);
	tcase_add_test(limits, bytes_that_are_no_text_are_no_settings);
	tcase_add_test(limits,
	    remarks_are_counted_when_they_are_too_many_to_read);
	tcase_add_test(limits, no_more_accounts_than_an_office_has);
	tcase_add_test(limits, a_list_ends_where_a_listing_would);
	tcase_add_test(limits, a_budget_that_is_spent_ends_it);
	suite_add_tcase(suite, limits);
	return suite;
}
