/*
 * dkim_canon_test.c - the one form of headers and bodies
 */
#include "filters/auth/dkim_canon.h"

#include "tests/unit/unit.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

static void
collect(void *arg, struct slice s)
{
	text_add(arg, s);
}

static const struct {
	const char	*field, *simple, *relaxed;
} fields[] = {
	/* RFC 6376 3.4.5 */
	{ "A: X\r\n", "A: X\r\n", "a:X\r\n" },
	{ "B : Y\t\r\n\tZ  \r\n", "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n" },
	{ "C:\r\n", "C:\r\n", "c:\r\n" },
	{ "C: \t\r\n \t\r\n", "C: \t\r\n \t\r\n", "c:\r\n" },
	{ "SubJect:a\r\n\r\n", "SubJect:a\r\n", "subject:a\r\n" },
	{ "D: a\n b\n", "D: a\n b\n", "d:a b\r\n" },
	{ "E: a", "E: a\r\n", "e:a\r\n" },
	{ "F: a\r b\r\n", "F: a\r b\r\n", "f:a\r b\r\n" },
	{ "G: a\r\n  \r\n b\r\n", "G: a\r\n  \r\n b\r\n", "g:a b\r\n" },
	{ "H: \xc3\xa9\xff  \xa0\r\n", "H: \xc3\xa9\xff  \xa0\r\n",
	    "h:\xc3\xa9\xff \xa0\r\n" },
};

START_TEST(a_field_has_its_form)
{
	TEXT_AUTO simple = TEXT_INIT(1000);
	TEXT_AUTO relaxed = TEXT_INIT(1000);
	struct slice rest = slice_str(fields[_i].field);
	struct header_field field;

	ck_assert(header_next(&rest, &field));
	dkim_canon_field(DKIM_SIMPLE, &field, false, collect, &simple);
	dkim_canon_field(DKIM_RELAXED, &field, false, collect, &relaxed);
	ck_assert(slice_is_str(text_slice(&simple), fields[_i].simple));
	ck_assert(slice_is_str(text_slice(&relaxed), fields[_i].relaxed));
}
END_TEST

/* RFC 6376 3.7: the signature itself comes last, without its line end */
START_TEST(the_last_field_has_no_line_end)
{
	TEXT_AUTO simple = TEXT_INIT(1000);
	TEXT_AUTO relaxed = TEXT_INIT(1000);
	struct slice rest = slice_str("A:  b \r\n c \r\n");
	struct header_field field;

	ck_assert(header_next(&rest, &field));
	dkim_canon_field(DKIM_SIMPLE, &field, true, collect, &simple);
	dkim_canon_field(DKIM_RELAXED, &field, true, collect, &relaxed);
	ck_assert(slice_is_str(text_slice(&simple), "A:  b \r\n c "));
	ck_assert(slice_is_str(text_slice(&relaxed), "a:b c"));
}
END_TEST

START_TEST(a_field_of_any_length_has_its_form)
{
	TEXT_AUTO text = TEXT_INIT(100000);
	TEXT_AUTO relaxed = TEXT_INIT(100000);
	struct header_field field;
	struct slice rest;

	text_add_str(&text, "A: ");
	for (int i = 0; i < 5000; i++)
		text_add_str(&text, "word  ");
	rest = text_slice(&text);
	ck_assert(header_next(&rest, &field));
	dkim_canon_field(DKIM_RELAXED, &field, false, collect, &relaxed);
	ck_assert_uint_eq(relaxed.len, 2 + 5000 * 5 - 1 + 2);
}
END_TEST

static const struct {
	const char	*body, *simple, *relaxed;
} bodies[] = {
	/* RFC 6376 3.4.5 */
	{ " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n" },
	/* RFC 6376 3.4.3, 3.4.4: bodies that end otherwise */
	{ "", "\r\n", "" },
	{ "\r\n", "\r\n", "" },
	{ "\r\n\r\n\r\n", "\r\n", "" },
	{ " \t\r\n  \r\n", " \t\r\n  \r\n", "" },
	{ " ", " \r\n", "" },
	{ "a", "a\r\n", "a\r\n" },
	{ "a ", "a \r\n", "a\r\n" },
	{ "a\r\n\r\nb\r\n \r\n", "a\r\n\r\nb\r\n \r\n", "a\r\n\r\nb\r\n" },
	{ "\r\n\r\na", "\r\n\r\na\r\n", "\r\n\r\na\r\n" },
	{ "\ta \t b\t", "\ta \t b\t\r\n", " a b\r\n" },
	/* only CRLF ends a line */
	{ "a\n", "a\n\r\n", "a\n\r\n" },
	{ "a \n\n", "a \n\n\r\n", "a \n\n\r\n" },
	{ "a\r", "a\r\r\n", "a\r\r\n" },
	{ "a \r b\r\n", "a \r b\r\n", "a \r b\r\n" },
	{ "a\r\r\n", "a\r\r\n", "a\r\r\n" },
	{ "\r", "\r\r\n", "\r\r\n" },
	{ "a\r\n\rb", "a\r\n\rb\r\n", "a\r\n\rb\r\n" },
	{ "a\n\r", "a\n\r\r\n", "a\n\r\r\n" },
};

START_TEST(a_body_has_its_form_however_it_is_cut)
{
	const char *want[] = { bodies[_i].simple, bodies[_i].relaxed };
	struct dkim_body body;

	for (unsigned canon = 0; canon < DKIM_CANON_COUNT; canon++)
		for (size_t piece = 1; piece < 8; piece++) {
			TEXT_AUTO text = TEXT_INIT(1000);
			struct slice rest = slice_str(bodies[_i].body);

			dkim_body_begin(&body, canon, collect, &text);
			for (; rest.len > 0; rest = slice_after(rest, piece))
				dkim_body_add(&body, slice_first(rest,
				    piece));
			dkim_body_end(&body);
			ck_assert(slice_is_str(text_slice(&text),
			    want[canon]));
			ck_assert_uint_eq(body.bytes, text.len);
		}
}
END_TEST

/* Line ends are counted, not kept, and come back when something follows. */
START_TEST(a_body_of_line_ends_costs_nothing)
{
	TEXT_AUTO text = TEXT_INIT(1000000);
	struct dkim_body body;

	dkim_body_begin(&body, DKIM_RELAXED, collect, &text);
	for (int i = 0; i < 10000; i++)
		dkim_body_add(&body, slice_str(" \r\n"));
	ck_assert_uint_eq(text.len, 0);
	dkim_body_add(&body, slice_str("a"));
	dkim_body_end(&body);
	ck_assert_uint_eq(text.len, 20000 + 3);
}
END_TEST

START_TEST(a_piece_may_be_larger_than_what_is_put_together)
{
	static char bytes[10000];
	TEXT_AUTO text = TEXT_INIT(100000);
	struct dkim_body body;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)('a' + i % 26);
	dkim_body_begin(&body, DKIM_SIMPLE, collect, &text);
	dkim_body_add(&body, slice_of(bytes, 100));
	dkim_body_add(&body, slice_of(bytes, sizeof(bytes)));
	dkim_body_add(&body, slice_of(bytes, 2000));
	dkim_body_end(&body);
	ck_assert_uint_eq(text.len, 100 + 10000 + 2000 + 2);
	ck_assert(slice_is(slice_first(slice_after(text_slice(&text), 100),
	    sizeof(bytes)), slice_of(bytes, sizeof(bytes))));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/auth/dkim_canon");
	TCase *tests = tcase_create("dkim_canon");

	tcase_add_loop_test(tests, a_field_has_its_form, 0, ROWS(fields));
	tcase_add_test(tests, the_last_field_has_no_line_end);
	tcase_add_test(tests, a_field_of_any_length_has_its_form);
	tcase_add_loop_test(tests, a_body_has_its_form_however_it_is_cut, 0,
	    ROWS(bodies));
	tcase_add_test(tests, a_body_of_line_ends_costs_nothing);
	tcase_add_test(tests, a_piece_may_be_larger_than_what_is_put_together);
	suite_add_tcase(suite, tests);
	return suite;
}
