/*
 * shapes_test.c - runs of characters that must stand in a text
 *
 * That each of them must is proved against PCRE2 itself in prefilter_test.c.
 */
#include <stdio.h>
#include <string.h>

#include "filters/pattern.h"
#include "filters/shapes.h"
#include "lib/base/text.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*source;
	unsigned	 flags;
	/* a mark for each place, a bar behind each shape: see mark_of() */
	const char	*shapes;
} sources[] = {
	{ "[bdf]{2}\\d+[xz]{3}", 0, "9zzz|" },
	{ "\\b\\d{4}[ -]?\\d{4}\\b", 0, "#99999999#|#9999#9999#|" },
	{ "\\bz9z", 0, "#z9z|" },
	{ "\\b-9z", 0, "-9z|" },
	{ "\\bz?9z", 0, "9z|z9z|" },
	{ "z9\\b-z", 0, "z9-z|" },
	{ "(z9z\\b|9z-\\b)q", 0, "z9z#|9z-|" },
	{ "z9z\\b?", 0, "z9z|" },
	{ "z(9)(?:z-)", 0, "z9z-|" },
	{ "(z9){2}-", 0, "z9z9|" },
	{ "(z9)+zz9", 0, "zz9|" },
	{ "(\\bz9)-", 0, "#z9-|" },
	{ "(z9\\b)-", 0, "z9-|" },
	{ "(z9[)]z)-", 0, "z9)z|" },
	{ "(z9[)|]z)-", 0, "z9#z|" },
	{ "((z9)z)(9)-", 0, "z9z|" },
	{ "z9z+\\b", 0, "z9z|" },
	{ "q\\d{1,3}z", 0, "q9z|q99z|q999z|" },
	{ "q\\d{1,30}z", 0, "q9|" },
	{ "q?z9{2,3}-", 0, "z99-|qz99-|z999-|qz999-|" },
	{ "q?w?j?x?z99", 0, "z99|" },
	{ "\\d{3}-\\d{4}", 0, "999-9999|" },
	{ "x\\d{2,3}y\\d", 0, "x99y9|x999y9|" },
	{ "q{0}z1z", 0, "z1z|" },
	{ "[A-C]9[^a-z]9", 0, "#9#9|" },
	{ "(zq9|[jx]\\d\\d)", 0, "zq9|#99|" },
	{ "(\\d\\d\\d)?x", 0, "" },
	{ "(?:\\d{6})+", 0, "999999|" },
	{ "^9$9\\B9\\Z", PATTERN_CASELESS, "999|" },
	{ "\\$9\\t9", 0, "#9#|" },
	{ "9\\R99\\x", 0, "" },
	{ "999\\R99", 0, "999|" },
	/* met everywhere, or where nobody knows */
	{ "\\w+\\s+\\w+", 0, "" },
	{ ".*", 0, "" },
	{ "[^9]+", 0, "" },
	{ "999|", 0, "" },
	{ "999|a", 0, "" },
	{ "", 0, "" },
	/* not understood: nothing is sure */
	{ "9 9 9", PATTERN_SPACED, "" },
	{ "999{,2}", 0, "" },
	{ "999{e}", 0, "" },
	{ "[\\d-z]999", 0, "" },
	{ "[a-\\x41]999", 0, "" },
	{ "[[.a.]]999", 0, "" },
	{ "[\\Q]\\E]999", 0, "" },
	{ "(?=999)999", 0, "" },
	{ "(9)\\1999", 0, "" },
	{ "999)", 0, "" },
	{ "((((((((((999))))))))))", 0, "" },
};

/*
 * The character itself where it is one, 9 for the digit, any or 9 alone, z for
 * [xz], # for whatever else.
 */
static char
mark_of(const struct shape_set *set)
{
	char only = '\0';
	unsigned count = 0;

	for (unsigned c = 1; c < 0x7f; c++)
		if (shape_set_has(set, (unsigned char)c) &&
		    !(c >= 'A' && c <= 'Z')) {
			only = (char)c;
			count++;
		}
	if (shape_set_has(set, '0') && count == 10)
		return '9';
	if (count == 2 && shape_set_has(set, 'x') && shape_set_has(set, 'z'))
		return 'z';
	return count == 1 && only > ' ' && only != '$' ? only : '#';
}

START_TEST(only_what_must_be_there_is_a_shape)
{
	TEXT_AUTO found = TEXT_INIT(1000);
	struct shapes shapes;

	shapes_read(slice_str(sources[_i].source), sources[_i].flags,
	    &shapes);
	for (size_t i = 0; i < shapes.count; i++) {
		for (unsigned k = 0; k < shapes.each[i].len; k++)
			text_add_byte(&found,
			    mark_of(&shapes.each[i].places[k]));
		text_add_byte(&found, '|');
	}
	ck_assert_msg(slice_is_str(text_slice(&found), sources[_i].shapes),
	    "%s: %.*s", sources[_i].source, SLICE_FMT(text_slice(&found)));
}
END_TEST

/* Unicode folds an s and a k into two characters that are not ASCII. */
START_TEST(a_set_is_without_case)
{
	struct shapes shapes;
	const struct shape_set *set = &shapes.each[0].places[0];

	shapes_read(slice_str("[kq]999"), 0, &shapes);
	ck_assert_uint_eq(shapes.count, 1);
	ck_assert(shape_set_has(set, 'K') && shape_set_has(set, 'Q'));
	ck_assert(!shape_set_has(set, 'l'));
	ck_assert(shape_set_has(set, 0xe2));
	shapes_read(slice_str("[q]999"), 0, &shapes);
	ck_assert(!shape_set_has(set, 0xe2));
	shapes_read(slice_str("\xc5\xbf" "99"), 0, &shapes);
	ck_assert_uint_eq(shapes.count, 1);
	ck_assert(shape_set_has(set, 's') && shape_set_has(set, 0xc5));
	ck_assert(!shape_set_has(set, 'a'));
}
END_TEST

START_TEST(hostile_patterns_end)
{
	TEXT_AUTO source = TEXT_INIT(PATTERN_BYTES_MOST);
	struct shapes shapes;

	for (int i = 0; i < 40; i++)
		text_add_str(&source, "9[0-8]{4294967296}+{99999999}q|");
	shapes_read(text_slice(&source), 0, &shapes);
	ck_assert_uint_eq(shapes.count, 0);
	for (size_t len = 0; len < source.len && len < 64; len++)
		shapes_read(slice_first(text_slice(&source), len), 0,
		    &shapes);
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof((table)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/shapes");
	TCase *tests = tcase_create("shapes");

	tcase_add_loop_test(tests, only_what_must_be_there_is_a_shape, 0,
	    COUNT(sources));
	tcase_add_test(tests, a_set_is_without_case);
	tcase_add_test(tests, hostile_patterns_end);
	suite_add_tcase(suite, tests);
	return suite;
}
