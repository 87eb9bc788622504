/*
 * choice_test.c - which folders of an IMAP account are collected
 */
#include "fetch/imap/choice.h"

#include <errno.h>

#include "lib/base/text.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*words, *called;
	bool		 takes, wants_list;
	const char	*missing;
} choices[] = {
	{ "", "INBOX", true, false, NULL },
	{ "", "Sent", false, false, "INBOX" },
	{ "inbox", "Inbox", true, false, NULL },
	{ " ALL ", "anything", true, true, NULL },
	{ "Sent, Archive/2025", "Archive/2025", true, true, "Sent" },
	{ "Sent,Archive/2025", "INBOX", false, true, "Sent" },
	{ "Sent,", "Sent", true, true, NULL },
	{ ",,", "", false, false, NULL },
	{ "a\\,b, c", "a,b", true, true, "c" },
	{ "a\\\\b", "a\\b", true, true, NULL },
	{ "a\\", "a\\", true, true, NULL },
	{ "Kotak Masuk", "Kotak Masuk", true, true, NULL },
	{ "sent", "Sent", false, true, "sent" },
	{ "all,Sent", "x", false, true, "all" },
	{ "inbox,Sent", "INBOX", true, true, "Sent" },
};

START_TEST(names_are_taken_as_people_write_them)
{
	struct arena *arena = arena_new(4096);
	struct slice missing = { NULL, 0 };
	struct imap_choice choice;

	ck_assert_int_eq(imap_choice_read(arena, slice_str(choices[_i].words),
	    &choice), 0);
	ck_assert_int_eq(imap_choice_wants_list(&choice),
	    choices[_i].wants_list);
	ck_assert_int_eq(imap_choice_takes(&choice,
	    slice_str(choices[_i].called)), choices[_i].takes);
	ck_assert_int_eq(imap_choice_missing(&choice, &missing),
	    choices[_i].missing != NULL);
	if (choices[_i].missing != NULL)
		ck_assert(slice_is_str(missing, choices[_i].missing));
	arena_free(arena);
}
END_TEST

START_TEST(there_is_an_end_to_names)
{
	struct arena *arena = arena_new(1 << 20);
	TEXT_AUTO words = TEXT_INIT(4096);
	struct imap_choice choice;

	for (unsigned i = 0; i < IMAP_CHOICE_MOST; i++)
		text_addf(&words, "f%u,", i);
	ck_assert_int_eq(imap_choice_read(arena, text_slice(&words),
	    &choice), 0);
	ck_assert_uint_eq(choice.count, IMAP_CHOICE_MOST);
	text_add_str(&words, "one more");
	ck_assert_int_eq(imap_choice_read(arena, text_slice(&words),
	    &choice), -E2BIG);
	arena_free(arena);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("imap choice");
	TCase *tcase = tcase_create("choice");

	tcase_add_loop_test(tcase, names_are_taken_as_people_write_them, 0,
	    (int)(sizeof(choices) / sizeof(*choices)));
	tcase_add_test(tcase, there_is_an_end_to_names);
	suite_add_tcase(suite, tcase);
	return suite;
}
