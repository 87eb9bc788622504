/*
 * marks_test.c - flags and keywords are what IMAP can carry
 */
#include "lib/message/marks.h"
#include "tests/unit/unit.h"

START_TEST(flags_are_written_and_read)
{
	TEXT_AUTO words = TEXT_INIT(256);

	marks_add(&words, MARK_SEEN | MARK_DELETED);
	ck_assert(slice_is_str(text_slice(&words), "\\Seen \\Deleted"));
	ck_assert_uint_eq(mark_of(slice_str("\\sEEN")), MARK_SEEN);
	ck_assert_uint_eq(mark_of(slice_str("\\Draft")), MARK_DRAFT);
	ck_assert_uint_eq(mark_of(slice_str("\\Recent")), 0);
	ck_assert_uint_eq(mark_of(slice_str("Seen")), 0);
}
END_TEST

/* RFC 9051 9: flag-keyword */
static const struct {
	const char	*word;
	bool		 is_keyword;
} words[] = {
	{ "$Junk", true }, { "a+b-c.d/e", true }, { "[x", true },
	{ "", false }, { "two words", false }, { "x]", false },
	{ "\\Seen", false }, { "a\"b", false }, { "(a)", false },
	{ "100%", false }, { "a*", false }, { "f\xc3\xbcr", false },
	{ "0123456789012345678901234567890123456789012345678901234567890123",
	    true },
	{ "01234567890123456789012345678901234567890123456789012345678901234",
	    false },
};

START_TEST(keywords_are_atoms)
{
	ck_assert_int_eq(mark_is_keyword(slice_str(words[_i].word)),
	    words[_i].is_keyword);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/message/marks");
	TCase *tests = tcase_create("marks");

	tcase_add_test(tests, flags_are_written_and_read);
	tcase_add_loop_test(tests, keywords_are_atoms, 0,
	    sizeof(words) / sizeof(words[0]));
	suite_add_tcase(suite, tests);
	return suite;
}
