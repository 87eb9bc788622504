/*
 * real_name_test.c - is this the name of that person?
 */
#include <errno.h>
#include <string.h>

#include "lib/message/real_name.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*name, *folded;		/* NULL: nobody's */
} names[] = {
	{ "Ann Smith", "ann smith" },
	{ "  ANN \t Smith ", "ann smith" },
	{ "JOSE\314\201 M\303\234LLER", "jos\303\251 m\303\274ller" },
	{ "Jos\303\251 M\303\274ller", "jos\303\251 m\303\274ller" },
	{ "Stra\303\237e", "strasse" },
	{ "\357\274\241\357\275\216\357\275\216", "ann" },	/* wide */
	{ "A\302\240B", "a b" },		/* no-break space */
	{ "An\302\255n", "ann" },		/* soft hyphen */
	{ "Smith, Ann", NULL },
	{ "a;b", NULL },
	{ "a:b", NULL },
	{ "a@b", NULL },
	{ "", NULL },
	{ "  ", NULL },
	{ "\377", NULL },
};

START_TEST(names_are_compared_in_one_form)
{
	TEXT_AUTO text = TEXT_INIT(1024);
	int r = real_name_fold(&text, slice_str(names[_i].name));

	if (names[_i].folded == NULL) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_uint_eq(text.len, 0);
	} else {
		ck_assert_int_eq(r, 0);
		ck_assert_msg(slice_is_str(text_slice(&text),
		    names[_i].folded), "%.*s", SLICE_FMT(text_slice(&text)));
	}
}
END_TEST

START_TEST(what_is_too_long_is_nobodys_name)
{
	char name[REAL_NAME_MOST + 1];
	TEXT_AUTO text = TEXT_INIT(1024);

	memset(name, 'a', sizeof(name));
	ck_assert_int_eq(real_name_fold(&text, slice_of(name,
	    sizeof(name))), -EINVAL);
	ck_assert_int_eq(real_name_fold(&text, slice_of(name,
	    sizeof(name) - 1)), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("real_name");
	TCase *tests = tcase_create("real_name");

	tcase_add_loop_test(tests, names_are_compared_in_one_form, 0,
	    sizeof(names) / sizeof(names[0]));
	tcase_add_test(tests, what_is_too_long_is_nobodys_name);
	suite_add_tcase(suite, tests);
	return suite;
}
