/*
 * imap_params_test.c - parameters as IMAP tells them
 */
#include <string.h>

#include "lib/message/imap_envelope.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*rest;
	bool		 is_text;
	const char	*want;
} params[] = {
	{ "", false, "NIL" },
	/* RFC 2045 5.2 */
	{ "", true, "(\"charset\" \"us-ascii\")" },
	{ "; charset=utf-8", true, "(\"charset\" \"utf-8\")" },
	{ "; format=flowed", true,
	    "(\"format\" \"flowed\" \"charset\" \"us-ascii\")" },
	{ "; charset*=us-ascii'en'utf-8", true,
	    "(\"charset*\" \"us-ascii'en'utf-8\" \"charset\" \"us-ascii\")" },
	{ "; Name = \"a \\\"b\\\".txt\" (why)", false,
	    "(\"Name\" \"a \\\"b\\\".txt\")" },
	{ "; name=\"two\r\n lines\"", false, "(\"name\" \"two lines\")" },
	{ "; utf-8; a=; b=\"\"", false, "(\"b\" \"\")" },
	{ ";;; a=1; ;b=2;", false, "(\"a\" \"1\" \"b\" \"2\")" },
	{ "; name=\"\351\"", false, "(\"name\" {1}\r\n\351)" },
	/* RFC 2231 3: pieces, in any order, are put together */
	{ "; access-type=URL; URL*0=\"ftp://\";\r\n"
	    " URL*1=\"cs.utk.edu/pub/moose/bulk-mailer.tar\"", false,
	    "(\"access-type\" \"URL\" \"URL\" "
	    "\"ftp://cs.utk.edu/pub/moose/bulk-mailer.tar\")" },
	{ "; url*1=b; x=y; URL*0=a", false,
	    "(\"url\" \"ab\" \"x\" \"y\")" },
	/* RFC 2231 4 */
	{ "; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", false,
	    "(\"title*\" \"us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A\")"
	},
	/* RFC 2231 4.1: both; the piece without percent signs gets them */
	{ "; title*0*=us-ascii'en'This%20is%20even%20more%20\r\n"
	    "; title*1*=%2A%2A%2Afun%2A%2A%2A%20\r\n"
	    "; title*2=\"isn't 100% it!\"", false,
	    "(\"title*\" \"us-ascii'en'This%20is%20even%20more%20"
	    "%2A%2A%2Afun%2A%2A%2A%20isn't 100%25 it!\")" },
	{ "; t*0=a; t*1*=%20b", false, "(\"t*\" \"''a%20b\")" },
	/* no first piece: nothing to put together */
	{ "; t*1=a; t*2=b", false, "(\"t*1\" \"a\" \"t*2\" \"b\")" },
	{ "; t*0=a; t*2=b", false, "(\"t\" \"a\" \"t*2\" \"b\")" },
	{ "; *0=a; t*x=b; t*99999=c", false,
	    "(\"*0\" \"a\" \"t*x\" \"b\" \"t*99999\" \"c\")" },
};

/* RFC 9051 7.5.2, RFC 2231 6 */
START_TEST(parameters_are_told_in_one_piece)
{
	TEXT_AUTO text = TEXT_INIT(1000);

	imap_params(&text, slice_str(params[_i].rest), params[_i].is_text);
	ck_assert_msg(slice_is_str(text_slice(&text), params[_i].want),
	    "%.*s", SLICE_FMT(text_slice(&text)));
}
END_TEST

static const struct {
	const char	*header, *disposition, *language;
} extras[] = {
	{ "X: y\r\n", "NIL", "NIL" },
	{ "Content-Disposition: inline\r\nContent-Language: en\r\n",
	    "(\"inline\" NIL)", "(\"en\")" },
	{ "Content-Disposition: attachment; filename=a.pdf\r\n"
	    "Content-Language: en, id,,fr-CA\r\n",
	    "(\"attachment\" (\"filename\" \"a.pdf\"))",
	    "(\"en\" \"id\" \"fr-CA\")" },
	{ "Content-Disposition: ;filename=a\r\nContent-Language: ,\r\n",
	    "NIL", "NIL" },
};

/* RFC 9051 9: body-fld-dsp, body-fld-lang */
START_TEST(disposition_and_language_are_lists)
{
	TEXT_AUTO text = TEXT_INIT(1000);
	struct imap_fields fields;

	imap_fields_read(slice_str(extras[_i].header), &fields);
	imap_disposition(&text, &fields);
	ck_assert(slice_is_str(text_slice(&text), extras[_i].disposition));
	text_clear(&text);
	imap_language(&text, &fields);
	ck_assert(slice_is_str(text_slice(&text), extras[_i].language));
}
END_TEST

START_TEST(no_more_parameters_are_told_than_the_limit)
{
	TEXT_AUTO rest = TEXT_INIT(100000);
	TEXT_AUTO text = TEXT_INIT(4000000);
	size_t count = 0;

	for (unsigned i = 0; i < 5000; i++)
		text_addf(&rest, "; p%u=%u", i, i);
	imap_params(&text, text_slice(&rest), false);
	for (size_t i = 0; i < text.len; i++)
		count += text.at[i] == 'p';
	ck_assert_uint_eq(count, 64);
	text_clear(&rest);
	text_clear(&text);
	text_add_str(&rest, "; name=");
	for (unsigned i = 0; i < 90000; i++)
		text_add_byte(&rest, 'x');
	imap_params(&text, text_slice(&rest), false);
	ck_assert_uint_gt(text.len, 4000);
	ck_assert_uint_lt(text.len, 4200);
}
END_TEST

#define COUNT(of)	((int)(sizeof(of) / sizeof((of)[0])))

Suite *
unit_suite(void)
{
	Suite *s = suite_create("imap_params");
	TCase *t = tcase_create("imap_params");

	tcase_add_loop_test(t, parameters_are_told_in_one_piece, 0,
	    COUNT(params));
	tcase_add_loop_test(t, disposition_and_language_are_lists, 0,
	    COUNT(extras));
	tcase_add_test(t, no_more_parameters_are_told_than_the_limit);
	suite_add_tcase(s, t);
	return s;
}
