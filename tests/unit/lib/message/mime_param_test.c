/*
 * mime_param_test.c - fields with parameters
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/message/mime_param.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*in;
	const char	*want;		/* of "name"; NULL: -ENOENT */
} values[] = {
	{ "a/b; name=x", "x" },
	{ "a/b;NAME=x", "x" },
	{ "a/b ; name = \"x y\" ; z=1", "x y" },
	{ " a (c) / (d) b (e;name=no) ; (f) name (g) = (h) x (i)", "x" },
	{ "a/b; name=\"q\\\"\\\\;name=no\"", "q\"\\;name=no" },
	{ "a/b; x=\";name=no\"; name=yes", "yes" },
	{ "a/b; name=one; name=two", "one" },
	{ "a/b; name=", "" },
	{ "a/b; name", "" },
	{ "a/b; names=x", NULL },
	{ "a/b", NULL },
	{ "a/b name=x", NULL },
	{ "a/b; name=\"x", "x" },
	{ "a/b; name=\"x\\", "x\\" },
	{ "a/b; name=x(", "x(" },
	{ "attachment; name=x", "x" },
	/* RFC 2231 3 */
	{ "a/b; name*0=\"one \"; name*1=two", "one two" },
	{ "a/b; name*1=two; name*0=one", "onetwo" },
	{ "a/b; name*0=one; name*2=three", "one" },
	{ "a/b; name*1=two", NULL },
	{ "a/b; name*99=x; name*0=a", "a" },
	/* RFC 2231 4 */
	{ "a/b; name*=us-ascii'en-us'This%20is%20%2A", "This is *" },
	{ "a/b; name*=utf-8''%C3%A9", "\303\251" },
	{ "a/b; name*=\"utf-8''%C3%A9\"", "\303\251" },
	{ "a/b; name*=iso-8859-1''%E9%", "\303\251%" },
	{ "a/b; name=poor; name*=utf-8''rich", "rich" },
	{ "a/b; name*=utf-8''%0D%0Ax%00", "  x " },
	/* RFC 2231 4.1 */
	{ "a/b; name*0*=utf-8''a%C3; name*1*=%A9%20; name*2=\"%20b\"",
	    "a\303\251 %20b" },
	/* against RFC 2047 5, and common */
	{ "a/b; name=\"=?utf-8?Q?=C3=A9?=\"", "\303\251" },
	{ "a/b; name=\"caf\351\"", "caf\303\251" },
};

/* RFC 2045 5.1, RFC 2231 */
START_TEST(a_parameter_is_found_joined_and_decoded)
{
	TEXT_AUTO text = TEXT_INIT(200);
	struct slice rest = slice_str(values[_i].in), type, subtype;
	const char *want = values[_i].want;

	ck_assert(mime_type_cut(&rest, &type, &subtype));
	ck_assert_int_eq(mime_param(rest, "name", 64, &text),
	    want == NULL ? -ENOENT : 0);
	ck_assert_msg(slice_is_str(text_slice(&text), want == NULL ? "" : want),
	    "%.*s", SLICE_FMT(text_slice(&text)));
}
END_TEST

static const struct {
	const char	*in, *type, *subtype;
} types[] = {
	{ " Text / Plain ; x", "Text", "Plain" },
	{ "inline", "inline", "" },
	{ "(c)a/(d)b", "a", "b" },
	{ "", NULL, NULL },
	{ "/plain", NULL, NULL },
	{ "text/", NULL, NULL },
	{ "text/;", NULL, NULL },
	{ "(", NULL, NULL },
};

START_TEST(a_type_has_two_tokens_and_a_disposition_one)
{
	struct slice rest = slice_str(types[_i].in), type, subtype;
	bool is = mime_type_cut(&rest, &type, &subtype);

	ck_assert(is == (types[_i].type != NULL));
	ck_assert(!is || slice_is_str(type, types[_i].type));
	ck_assert(!is || slice_is_str(subtype, types[_i].subtype));
}
END_TEST

/* A37: at the limit yes, one above no */
START_TEST(the_number_of_parameters_has_a_limit)
{
	TEXT_AUTO in = TEXT_INIT(10000);
	TEXT_AUTO out = TEXT_INIT(10000);
	struct slice charset;

	for (int i = 0; i < 64; i++)
		text_addf(&in, ";name*%d=%c", i, 'a' + i % 26);
	ck_assert_int_eq(mime_param_raw(text_slice(&in), "name", 64, &out,
	    &charset), 0);
	ck_assert_uint_eq(out.len, 64);
	ck_assert_int_eq(mime_param_raw(text_slice(&in), "name", 65, &out,
	    &charset), 0);
	ck_assert_int_eq(mime_param_raw(text_slice(&in), "name", 63, &out,
	    &charset), -E2BIG);
}
END_TEST

/* A36: the byte behind the input cannot be read */
START_TEST(nothing_is_read_behind_the_end)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, page * 2, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct slice whole = slice_str(values[_i].in), type, subtype;

	ck_assert(map != MAP_FAILED);
	ck_assert_int_eq(mprotect(map + page, page, PROT_NONE), 0);
	for (size_t len = 0; len <= whole.len; len++) {
		TEXT_AUTO text = TEXT_INIT(200);
		struct slice s = slice_of(map + page - len, len);

		if (len > 0)
			memcpy(map + page - len, whole.at, len);
		if (mime_type_cut(&s, &type, &subtype))
			(void)mime_param(s, "name", 64, &text);
	}
	ck_assert_int_eq(munmap(map, page * 2), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("mime_param");
	TCase *tests = tcase_create("mime_param");

	tcase_add_loop_test(tests, a_parameter_is_found_joined_and_decoded, 0,
	    sizeof(values) / sizeof(values[0]));
	tcase_add_loop_test(tests, a_type_has_two_tokens_and_a_disposition_one,
	    0, sizeof(types) / sizeof(types[0]));
	tcase_add_test(tests, the_number_of_parameters_has_a_limit);
	tcase_add_loop_test(tests, nothing_is_read_behind_the_end, 0,
	    sizeof(values) / sizeof(values[0]));
	suite_add_tcase(suite, tests);
	return suite;
}
