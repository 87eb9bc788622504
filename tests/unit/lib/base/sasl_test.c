/*
 * sasl_test.c - what a client's SASL response says
 */
#include "lib/base/sasl.h"

#include <errno.h>

#include "tests/unit/unit.h"

static const struct {
	const char	*text;
	int		 want;
	const char	*bytes;
} base64s[] = {
	{ "", 0, "" },
	{ "Zg==", 0, "f" },
	{ "Zm8=", 0, "fo" },
	{ "Zm9v", 0, "foo" },
	{ "Zm9vYg==", 0, "foob" },
	{ "+/+/", 0, "\xfb\xff\xbf" },
	{ "Zh==", -EINVAL, NULL },	/* bits behind the last byte */
	{ "Zm9=", -EINVAL, NULL },
	{ "Zg=", -EINVAL, NULL },
	{ "Zg", -EINVAL, NULL },
	{ "Z===", -EINVAL, NULL },
	{ "====", -EINVAL, NULL },
	{ "=g==", -EINVAL, NULL },
	{ "Zg==Zg==", -EINVAL, NULL },
	{ "Zm 9", -EINVAL, NULL },
	{ "Zm9vZm9vZm9v", -E2BIG, NULL },
};

/* RFC 4648 3.5, 10 */
START_TEST(base64_is_read_strictly)
{
	struct slice bytes = { NULL, 99 };
	char buffer[8];

	ck_assert_int_eq(sasl_decode(slice_str(base64s[_i].text), buffer,
	    sizeof(buffer), &bytes), base64s[_i].want);
	if (base64s[_i].want == 0)
		ck_assert(slice_is_str(bytes, base64s[_i].bytes));
	else
		ck_assert_uint_eq(bytes.len, 99);
}
END_TEST

static const struct {
	struct slice	message;
	int		want;
} plains[] = {
	{ SLICE("\0u\0p"), 0 },
	{ SLICE("z\0u\0p"), 0 },
	{ SLICE("\0u\0"), -EINVAL },
	{ SLICE("\0\0p"), -EINVAL },
	{ SLICE("u\0p"), -EINVAL },
	{ SLICE("\0u\0p\0"), -EINVAL },
	{ SLICE(""), -EINVAL },
};

/* RFC 4616 2 */
START_TEST(plain_has_three_parts)
{
	struct slice authzid, user, password;

	ck_assert_int_eq(sasl_plain(plains[_i].message, &authzid, &user,
	    &password), plains[_i].want);
	if (plains[_i].want == 0) {
		ck_assert(slice_is_str(user, "u"));
		ck_assert(slice_is_str(password, "p"));
	}
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("sasl");
	TCase *tcase = tcase_create("sasl");

	tcase_add_loop_test(tcase, base64_is_read_strictly, 0, COUNT(base64s));
	tcase_add_loop_test(tcase, plain_has_three_parts, 0, COUNT(plains));
	suite_add_tcase(suite, tcase);
	return suite;
}
