/*
 * selected_facts_test.c - structures and texts that are told in a walk
 */
#include "store/selected.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/store/box.h"

static struct box box;

/* What was told of each letter: its number, "t"ext, "r"ow, structure. */
struct walk {
	struct selected	*selected;
	char		 told[256];
};

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

static int
add(void *arg, size_t n, const struct letter_facts *facts)
{
	struct walk *walk = arg;
	size_t len = strlen(walk->told);
	struct letter_bytes bytes;

	if (facts == NULL) {
		(void)snprintf(walk->told + len, sizeof(walk->told) - len,
		    " %zu?", n);
		return 0;
	}
	if (facts->text.body.len > 0) {
		ck_assert_int_eq(selected_read(walk->selected, n, &bytes), 0);
		ck_assert_uint_eq(facts->text.body_bytes, bytes.body_bytes);
		ck_assert(slice_is(facts->text.body, bytes.body));
		ck_assert(slice_is(facts->text.trace, bytes.trace));
	}
	(void)snprintf(walk->told + len, sizeof(walk->told) - len,
	    " %zu%s%s%.*s%s", n, facts->text.body.len > 0 ? "t" : "",
	    facts->bytes > 0 ? "r" : "", SLICE_FMT(facts->structure),
	    facts->unreadable == -EBADMSG ? "!" : "");
	return 0;
}

static const char *
walk_all(struct walk *walk, unsigned wanted)
{
	ck_assert_int_eq(selected_open(box.account, MAILBOX_INBOX,
	    &walk->selected), 0);
	walk->told[0] = '\0';
	ck_assert_int_eq(selected_facts(walk->selected, 0, 4, wanted, add,
	    walk), 0);
	return walk->told;
}

START_TEST(a_text_and_a_structure_come_with_their_row)
{
	struct walk walk;

	box_fill(&box, 1, 4);
	(void)walk_all(&walk, 0);
	ck_assert_int_eq(selected_put_structure(walk.selected, 1,
	    slice_str("two")), 0);
	ck_assert_int_eq(selected_put_structure(walk.selected, 3,
	    slice_str("four")), 0);
	ck_assert_str_eq(walk_all(&walk, FACTS_STRUCTURE | FACTS_TEXT),
	    " 0tr 1trtwo 2tr 3trfour");
	ck_assert_str_eq(walk_all(&walk, FACTS_TEXT), " 0tr 1tr 2tr 3tr");
	ck_assert_str_eq(walk_all(&walk, FACTS_STRUCTURE),
	    " 0r 1rtwo 2r 3rfour");
}
END_TEST

START_TEST(without_rows_only_those_with_a_structure_are_told)
{
	struct walk walk;

	box_fill(&box, 1, 4);
	(void)walk_all(&walk, 0);
	ck_assert_int_eq(selected_put_structure(walk.selected, 2,
	    slice_str("three")), 0);
	ck_assert_str_eq(walk_all(&walk, FACTS_STRUCTURE | FACTS_NO_ROW),
	    " 0? 1? 2three 3?");
}
END_TEST

START_TEST(a_damaged_text_is_one_letters_and_the_walk_goes_on)
{
	struct walk walk;

	box_fill(&box, 1, 4);
	box_damage(&box, 1, 120);
	ck_assert_str_eq(walk_all(&walk, FACTS_TEXT), " 0r! 1tr 2tr 3tr");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/selected_facts");
	TCase *tcase = tcase_create("selected_facts");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_text_and_a_structure_come_with_their_row);
	tcase_add_test(tcase,
	    without_rows_only_those_with_a_structure_are_told);
	tcase_add_test(tcase,
	    a_damaged_text_is_one_letters_and_the_walk_goes_on);
	suite_add_tcase(suite, tcase);
	return suite;
}
