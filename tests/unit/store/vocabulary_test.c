/*
 * vocabulary_test.c - how many different keywords the letters of a mailbox have
 */
#include "store/vocabulary.h"

#include <errno.h>

#include "store/appending.h"
#include "store/copying.h"
#include "store/folders.h"
#include "tests/unit/store/box.h"

#define BODY	"Subject: x\r\n\r\n"

static struct box box;
static uint32_t other;		/* a mailbox beside INBOX */
static struct selected *inbox;

static int
flag(struct selected *selected, size_t n, enum flag_how how, struct slice words)
{
	const struct flag_change change = {
		.how = how, .keywords = words, .unchanged_since = UINT64_MAX
	};
	uint64_t modseq;

	return selected_flag(selected, &n, 1, &change, NULL, NULL, &modseq);
}

/* Fifty keywords for each of four letters: all that INBOX may have. */
static void
set_up(void)
{
	box = box_new();
	box_fill(&box, 1, 6);
	ck_assert_int_eq(folder_create(box.account, slice_str("Other"), 0,
	    &other), 0);
	ck_assert_int_eq(selected_open(box.account, MAILBOX_INBOX, &inbox), 0);
	for (unsigned n = 0; n < 4; n++) {
		TEXT_AUTO words = TEXT_INIT(1024);

		for (unsigned i = 0; i < 50; i++)
			text_addf(&words, "%sk%u", i > 0 ? " " : "",
			    n * 50 + i);
		ck_assert_int_eq(flag(inbox, n, FLAG_ADD,
		    text_slice(&words)), 0);
	}
}

static void
tear_down(void)
{
	selected_close(inbox);
	box_drop(&box);
}

/* HARDENING 2: 200 keywords, and any of them for any letter */
START_TEST(a_keyword_above_the_bound_is_refused)
{
	ck_assert_int_eq(flag(inbox, 4, FLAG_ADD, slice_str("new")), -E2BIG);
	ck_assert_int_eq(flag(inbox, 4, FLAG_SET, slice_str("k1 new")),
	    -E2BIG);
	ck_assert_uint_eq(selected_words(inbox,
	    selected_at(inbox, 4)->keywords).len, 0);
	ck_assert_int_eq(flag(inbox, 4, FLAG_ADD, slice_str("K1 k199")), 0);
	ck_assert_int_eq(flag(inbox, 5, FLAG_REMOVE, slice_str("new")), 0);
}
END_TEST

START_TEST(a_keyword_that_no_letter_has_any_more_makes_room)
{
	ck_assert_int_eq(flag(inbox, 0, FLAG_REMOVE, slice_str("k7")), 0);
	ck_assert_int_eq(flag(inbox, 4, FLAG_ADD, slice_str("new")), 0);
	ck_assert_int_eq(flag(inbox, 4, FLAG_ADD, slice_str("k7")), -E2BIG);
}
END_TEST

/* The bound is that of the mailbox they come to. */
START_TEST(letters_are_copied_while_their_keywords_fit)
{
	const size_t places[] = { 0, 1, 2, 3, 4, 5 };
	struct copying *copying;
	struct selected *there;
	uint32_t uids[6];

	ck_assert_int_eq(flag(inbox, 0, FLAG_REMOVE, slice_str("k7")), 0);
	ck_assert_int_eq(flag(inbox, 5, FLAG_ADD, slice_str("theirs")), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(copying_new(inbox, other, i == 1, &copying),
		    0);
		ck_assert_int_eq(copying_add(copying, places + 5, 1, true,
		    uids), 0);
		copying_end(copying);
		if (i > 0)
			break;
		ck_assert_int_eq(flag(inbox, 5, FLAG_REMOVE,
		    slice_str("theirs")), 0);
		ck_assert_int_eq(flag(inbox, 5, FLAG_ADD, slice_str("k7")), 0);
	}
	ck_assert_int_eq(copying_new(inbox, other, false, &copying), 0);
	ck_assert_int_eq(copying_add(copying, places, 4, true, uids), -E2BIG);
	copying_end(copying);
	ck_assert_int_eq(selected_open(box.account, other, &there), 0);
	ck_assert_uint_eq(selected_count(there), 2);
	selected_close(there);
	ck_assert_int_eq(copying_new(inbox, other, true, &copying), 0);
	ck_assert_int_eq(copying_add(copying, places, 3, true, uids), 0);
	copying_end(copying);
}
END_TEST

START_TEST(a_letter_is_saved_while_its_keywords_fit)
{
	static const struct {
		const char	*words;
		int		 r;
	} cases[] = {
		{ "", 0 }, { "k3 K4", 0 }, { "k3 new", -E2BIG }, { "k5", 0 }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct append_letter letter = {
			.body = SLICE(BODY), .body_bytes = sizeof(BODY) - 1,
			.keywords = slice_str(cases[i].words),
		};
		struct appending *appending;
		uint32_t uidvalidity, first;

		ck_assert_int_eq(appending_new(box.account, MAILBOX_INBOX,
		    &appending), 0);
		ck_assert_int_eq(appending_add(appending, &letter), 0);
		ck_assert_int_eq(appending_commit(appending, &uidvalidity,
		    &first), cases[i].r);
		appending_end(appending);
	}
}
END_TEST

/* Mail is never refused for its keywords; then nothing new is let in. */
START_TEST(what_is_delivered_is_not_counted_against_it)
{
	struct box_letter letter = box_letter(7);
	bool was_there;

	letter.delivery.trace = slice_str(letter.trace);
	letter.delivery.body = slice_str("Subject: y\r\n\r\n");
	letter.delivery.body_bytes = letter.delivery.body.len;
	letter.delivery.keywords = slice_str("theirs another");
	ck_assert_int_eq(account_deliver(box.account, &letter.delivery,
	    &was_there), 0);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_int_eq(flag(inbox, 4, FLAG_ADD, slice_str("new")), -E2BIG);
	ck_assert_int_eq(flag(inbox, 4, FLAG_ADD, slice_str("theirs")), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/vocabulary");
	TCase *tcase = tcase_create("vocabulary");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_keyword_above_the_bound_is_refused);
	tcase_add_test(tcase,
	    a_keyword_that_no_letter_has_any_more_makes_room);
	tcase_add_test(tcase, letters_are_copied_while_their_keywords_fit);
	tcase_add_test(tcase, a_letter_is_saved_while_its_keywords_fit);
	tcase_add_test(tcase, what_is_delivered_is_not_counted_against_it);
	suite_add_tcase(suite, tcase);
	return suite;
}
