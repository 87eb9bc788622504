/*
 * say_test.c - every sentence is there in every language and takes the same
 */
#include <string.h>

#include "lib/base/say.h"
#include "tests/unit/unit.h"

/* The conversions of `format`, in order: "%s%u". */
static void
conversions_of(const char *format, struct text *out)
{
	for (const char *at = format; (at = strchr(at, '%')) != NULL; ) {
		size_t len = 1 + strspn(at + 1, "-+ #0123456789.*hlzjt") + 1;

		if (at[1] != '%')
			text_add(out, slice_of(at, len));
		at += len;
	}
	text_add_byte(out, '\0');
}

START_TEST(both_languages_take_the_same_in_the_same_order)
{
	TEXT_AUTO english = TEXT_INIT(256), indonesian = TEXT_INIT(256);

	conversions_of(say(LANGUAGE_EN, (enum sentence)_i), &english);
	conversions_of(say(LANGUAGE_ID, (enum sentence)_i), &indonesian);
	ck_assert_str_eq(english.at, indonesian.at);
}
END_TEST

START_TEST(a_sentence_is_utf8_and_ends_without_a_line_end)
{
	for (enum language l = 0; l < LANGUAGE_COUNT; l++) {
		const char *sentence = say(l, (enum sentence)_i);

		ck_assert_ptr_nonnull(sentence);
		ck_assert(sentence[0] != '\0');
		ck_assert(slice_is_utf8(slice_str(sentence)));
		ck_assert(sentence[strlen(sentence) - 1] != '\n');
	}
}
END_TEST

START_TEST(the_test_of_conversions_sees_a_difference)
{
	TEXT_AUTO text = TEXT_INIT(256);

	conversions_of("100%% of %s, %-5u and %zu", &text);
	ck_assert_str_eq(text.at, "%s%-5u%zu");
}
END_TEST

START_TEST(a_sentence_is_filled_in_its_language)
{
	TEXT_AUTO text = TEXT_INIT(256);

	text_say(&text, LANGUAGE_ID, ACCOUNT_ADDED, "ani@kantor.test");
	ck_assert(slice_is_str(text_slice(&text),
	    "Akun ani@kantor.test sudah ditambahkan."));
}
END_TEST

START_TEST(a_language_is_known_by_its_code)
{
	ck_assert_int_eq(language_of("id"), LANGUAGE_ID);
	ck_assert_int_eq(language_of("id_ID.UTF-8"), LANGUAGE_ID);
	ck_assert_int_eq(language_of("en"), LANGUAGE_EN);
	ck_assert_int_eq(language_of("ido"), LANGUAGE_EN);
	ck_assert_int_eq(language_of(""), LANGUAGE_EN);
	ck_assert_int_eq(language_of(NULL), LANGUAGE_EN);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/base/say");
	TCase *tests = tcase_create("say");

	tcase_add_loop_test(tests,
	    both_languages_take_the_same_in_the_same_order, 0, SAY_COUNT);
	tcase_add_loop_test(tests,
	    a_sentence_is_utf8_and_ends_without_a_line_end, 0, SAY_COUNT);
	tcase_add_test(tests, the_test_of_conversions_sees_a_difference);
	tcase_add_test(tests, a_sentence_is_filled_in_its_language);
	tcase_add_test(tests, a_language_is_known_by_its_code);
	suite_add_tcase(suite, tests);
	return suite;
}
