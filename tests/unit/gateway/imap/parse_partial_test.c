/*
 * parse_partial_test.c - a page of what a SEARCH or a FETCH gives
 */
#include <string.h>

#include "gateway/imap/parse_partial.h"
#include "tests/unit/unit.h"

/* RFC 9394 4, partial-range; and which of ten results it is */
static const struct {
	const char	*in;
	bool		 is_good;
	size_t		 first, many;
	const char	*rest;
} ranges[] = {
	{ "1:3",		true,  0, 3,  "" },
	{ "3:1)",		true,  0, 3,  ")" },
	{ "4:4 COUNT",		true,  3, 1,  " COUNT" },
	{ "8:500",		true,  7, 3,  "" },
	{ "10:10",		true,  9, 1,  "" },
	{ "11:20",		true,  0, 0,  "" },
	{ "1:4294967295",	true,  0, 10, "" },
	{ "-1:-3",		true,  7, 3,  "" },
	{ "-3:-1",		true,  7, 3,  "" },
	{ "-8:-500",		true,  0, 3,  "" },
	{ "-10:-10",		true,  0, 1,  "" },
	{ "-11:-4294967295",	true,  0, 0,  "" },
	{ "",			false, 0, 0,  NULL },
	{ "1",			false, 0, 0,  NULL },
	{ "1:",			false, 0, 0,  NULL },
	{ ":2",			false, 0, 0,  NULL },
	{ "0:2",		false, 0, 0,  NULL },
	{ "2:0",		false, 0, 0,  NULL },
	{ "1:*",		false, 0, 0,  NULL },
	{ "-1:2",		false, 0, 0,  NULL },
	{ "1:-2",		false, 0, 0,  NULL },
	{ "--1:-2",		false, 0, 0,  NULL },
	{ "-0:-2",		false, 0, 0,  NULL },
	{ "1:4294967296",	false, 0, 0,  NULL },
};

START_TEST(a_page_is_counted_from_either_end)
{
	struct imapd_parse parse = { .rest = slice_str(ranges[_i].in) };
	struct imapd_partial partial;
	size_t first = 77;

	ck_assert_int_eq(imapd_partial_read(&parse, &partial),
	    ranges[_i].is_good);
	ck_assert_int_eq(parse.fault == NULL, ranges[_i].is_good);
	if (!ranges[_i].is_good)
		return;
	ck_assert(slice_is_str(parse.rest, ranges[_i].rest));
	ck_assert(slice_is(partial.words, slice_first(
	    slice_str(ranges[_i].in),
	    strlen(ranges[_i].in) - strlen(ranges[_i].rest))));
	ck_assert_uint_eq(imapd_partial_of(&partial, 10, &first),
	    ranges[_i].many);
	ck_assert_uint_eq(first, ranges[_i].first);
}
END_TEST

/* Of nothing there is no page. */
START_TEST(an_empty_result_has_no_page)
{
	struct imapd_parse parse = { .rest = slice_str("-1:-1") };
	struct imapd_partial partial;
	size_t first;

	ck_assert(imapd_partial_read(&parse, &partial));
	ck_assert_uint_eq(imapd_partial_of(&partial, 0, &first), 0);
	ck_assert_uint_eq(first, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/parse_partial");
	TCase *tcase = tcase_create("page");

	tcase_add_loop_test(tcase, a_page_is_counted_from_either_end, 0,
	    (int)(sizeof(ranges) / sizeof(*ranges)));
	tcase_add_test(tcase, an_empty_result_has_no_page);
	suite_add_tcase(suite, tcase);
	return suite;
}
