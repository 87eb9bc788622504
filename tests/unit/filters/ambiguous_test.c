/*
 * ambiguous_test.c - what of a message other programs may read in another way
 *
 * Whole messages are in texts_test.c.
 */
#include <stdio.h>

#include "filters/ambiguous.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*value, *places;
} params[] = {
	{ "text/plain; name=a", "name=a|" },
	{ "text/plain; NAME = a; x=y", "NAME = a; x=y|" },
	{ "x; name*0=a; name*1=b", "name*0=a; |name*1=b|" },
	{ "x; (c)name=a,name=b", "name=a,|name=b|" },
	{ "x; filename=a; rename=b; names=c; name", "" },
	{ "name=a", "" }, { "", "" },
};

START_TEST(every_place_of_a_parameter_is_found)
{
	struct slice rest = slice_str(params[_i].value), place;
	TEXT_AUTO places = TEXT_INIT(1000);

	while (ambiguous_param(&rest, "name", &place)) {
		text_add(&places, place);
		text_add_byte(&places, '|');
	}
	ck_assert_msg(slice_is_str(text_slice(&places), params[_i].places),
	    "%.*s", SLICE_FMT(text_slice(&places)));
}
END_TEST

static const struct {
	const char		*text;
	enum ambiguous_file	 file;
} files[] = {
	{ "", AMBIGUOUS_NONE },
	{ "begin 644 a", AMBIGUOUS_UUENCODE },
	{ "x\rbegin 0755 a b", AMBIGUOUS_UUENCODE },
	{ "x\nBEGIN 644 a", AMBIGUOUS_NONE },
	{ "x begin 644 a", AMBIGUOUS_NONE },
	{ "begin 64 a\nbegin 64444 a\nbegin 689 a\nbegin 644 ",
	    AMBIGUOUS_NONE },
	{ "begin-base64 644 a", AMBIGUOUS_OTHER },
	{ "begin 644 a\n=ybegin line=128", AMBIGUOUS_OTHER },
	{ "x=ybegin line=128\n=ybeginner", AMBIGUOUS_NONE },
};

START_TEST(a_file_in_a_text_is_known)
{
	ck_assert_int_eq(ambiguous_file(slice_str(files[_i].text)),
	    files[_i].file);
}
END_TEST

/* A search from each name to the end of the blanks would take minutes. */
START_TEST(many_parameters_take_linear_time)
{
	TEXT_AUTO value = TEXT_INIT(1 << 20);
	uint64_t start = cpu_ms();
	struct slice rest, place;

	while (value.len < 1 << 19)
		text_add_str(&value, " name");
	while (value.len < (1 << 20) - 1)
		text_add_byte(&value, ' ');
	rest = text_slice(&value);
	ck_assert(!ambiguous_param(&rest, "name", &place));
	ck_assert_uint_lt(cpu_ms() - start, 5000);
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof((table)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/ambiguous");
	TCase *tests = tcase_create("ambiguous");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, every_place_of_a_parameter_is_found, 0,
	    COUNT(params));
	tcase_add_loop_test(tests, a_file_in_a_text_is_known, 0,
	    COUNT(files));
	tcase_add_test(tests, many_parameters_take_linear_time);
	suite_add_tcase(suite, tests);
	return suite;
}
