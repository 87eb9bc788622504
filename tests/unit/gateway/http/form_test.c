/*
 * form_test.c - the fields of a form, as a browser sends them
 */
#include "gateway/http/form.h"

#include <errno.h>

#include "lib/base/text.h"
#include "tests/unit/unit.h"

START_TEST(fields_are_decoded)
{
	struct form form;

	ck_assert_int_eq(form_read(slice_str(
	    "a=1&b+c=%3Cx%3e&d=&e&f=%00%ff&g=a=b&&"), &form), 0);
	ck_assert(slice_is_str(form_value(&form, "a"), "1"));
	ck_assert(slice_is_str(form_value(&form, "b c"), "<x>"));
	ck_assert(form_has(&form, "d") && form_value(&form, "d").len == 0);
	ck_assert(form_has(&form, "e"));
	ck_assert(slice_is(form_value(&form, "f"),
	    slice_of("\0\xff", 2)));
	ck_assert(slice_is_str(form_value(&form, "g"), "a=b"));
	ck_assert(!form_has(&form, "h") && form_value(&form, "h").at == NULL);
	form_free(&form);
	ck_assert(!form_has(&form, "a"));
}
END_TEST

START_TEST(no_form_at_all_is_an_empty_one)
{
	struct form form;

	ck_assert_int_eq(form_read(slice_of(NULL, 0), &form), 0);
	ck_assert_uint_eq(form.count, 0);
	form_free(&form);
}
END_TEST

static const char *const broken[] = {
	"a=%", "a=%1", "a=%1g", "a=%g1", "%zz=1", "a=1&a=2", "a=1&%61=2",
	"a&a",
};

START_TEST(what_is_broken_or_there_twice_is_no_form)
{
	struct form form = { .count = 77 };

	ck_assert_int_eq(form_read(slice_str(broken[_i]), &form), -EINVAL);
	ck_assert_uint_eq(form.count, 77);
}
END_TEST

START_TEST(a_form_has_so_many_fields_and_no_more)
{
	TEXT_AUTO text = TEXT_INIT(1024);
	struct form form;

	for (int i = 0; i < FORM_FIELDS; i++)
		text_addf(&text, "f%d=%d&", i, i);
	ck_assert_int_eq(form_read(text_slice(&text), &form), 0);
	ck_assert_uint_eq(form.count, FORM_FIELDS);
	form_free(&form);
	text_add_str(&text, "more=1");
	ck_assert_int_eq(form_read(text_slice(&text), &form), -EINVAL);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/http/form");
	TCase *tests = tcase_create("form");

	tcase_add_test(tests, fields_are_decoded);
	tcase_add_test(tests, no_form_at_all_is_an_empty_one);
	tcase_add_loop_test(tests, what_is_broken_or_there_twice_is_no_form, 0,
	    (int)(sizeof(broken) / sizeof(broken[0])));
	tcase_add_test(tests, a_form_has_so_many_fields_and_no_more);
	suite_add_tcase(suite, tests);
	return suite;
}
