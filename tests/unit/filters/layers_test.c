/*
 * layers_test.c - files that the virus library has come upon in a message
 */
#include <stdio.h>

#include "filters/layers.h"
#include "tests/unit/unit.h"

static struct layers_tools *tools;
static struct layers layers;

static void
set_up(void)
{
	layers = (struct layers){ .count = 0 };
	ck_assert_int_eq(layers_open(&tools), 0);
}

static void
tear_down(void)
{
	layers_close(tools);
}

static void
add(const char *bytes)
{
	layers_add(&layers, tools, slice_str(bytes));
}

static bool
has(const char *bytes)
{
	return layers_has(&layers, tools, slice_str(bytes));
}

START_TEST(only_the_same_bytes_are_known)
{
	ck_assert(!has("abc"));
	add("abc");
	add("abd");
	ck_assert(has("abc") && has("abd"));
	ck_assert(!has("abe") && !has("ab") && !has("abcd") && !has(""));
}
END_TEST

START_TEST(what_is_forgotten_is_unknown)
{
	layers_forget_last(&layers);
	add("abc");
	add("abd");
	layers_forget_last(&layers);
	ck_assert(has("abc") && !has("abd"));
	/* it is told of several times, and what was before it is another */
	layers_forget_last(&layers);
	ck_assert(has("abc"));
	/* so is one for which there was no room */
	layers_add(&layers, tools, slice_of(NULL, 4));
	layers_forget_last(&layers);
	ck_assert(has("abc"));
}
END_TEST

START_TEST(what_is_not_there_is_never_known)
{
	layers_add(&layers, tools, slice_of(NULL, 4));
	ck_assert_uint_eq(layers.count, 0);
}
END_TEST

START_TEST(no_more_are_remembered_than_there_is_room_for)
{
	char name[16];

	for (unsigned i = 0; i < LAYERS_MOST + 5; i++) {
		(void)snprintf(name, sizeof(name), "%u", i);
		add(name);
	}
	ck_assert_uint_eq(layers.count, LAYERS_MOST);
	ck_assert(has("0") && has("63") && !has("64"));
}
END_TEST

static const struct {
	const char	*layer, *words;
	bool		 is_known;
} rows[] = {
	{ "a\nb\n", "a\r\nb\r\n", true },
	{ "a\nb\n", "a\r\nb", true },
	{ "a\nb", "a\r\nb\r\n", true },
	{ "a\nb", "a\r\nb\r\n\r\n", true },
	{ "a\nb\n", "a\nb\n", true },
	{ "a\nb\n", "a\rb\r\n", false },
	{ "a\nb\n", "a\r\r\nb\r\n", false },
	{ "a\nb\n", "a\r\n\r\nb\r\n", false },
	{ "a\nb\n", "a\r\nc\r\n", false },
	{ "a\nb\r", "a\r\nb\r", true },
	{ "a\n", "", false },
};

START_TEST(words_are_known_by_their_lines)
{
	ck_assert(!layers_has_words(&layers, tools, slice_str("a\r\n")));
	add(rows[_i].layer);
	ck_assert(layers_has_words(&layers, tools,
	    slice_str(rows[_i].words)) == rows[_i].is_known);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/layers");
	TCase *test = tcase_create("layers");

	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_test(test, only_the_same_bytes_are_known);
	tcase_add_test(test, what_is_forgotten_is_unknown);
	tcase_add_test(test, what_is_not_there_is_never_known);
	tcase_add_test(test, no_more_are_remembered_than_there_is_room_for);
	tcase_add_loop_test(test, words_are_known_by_their_lines, 0,
	    sizeof(rows) / sizeof(*rows));
	suite_add_tcase(suite, test);
	return suite;
}
