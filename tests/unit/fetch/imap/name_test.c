/*
 * name_test.c - names of folders mean what they say, or nothing
 */
#include <errno.h>

#include "fetch/imap/name.h"
#include "tests/unit/unit.h"

static const struct {
	const char	*name, *utf8;	/* NULL: it is none */
} names[] = {
	/* RFC 3501 5.1.3 */
	{ "INBOX", "INBOX" },
	{ "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
	    "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/"
	    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
	{ "Entw&APw-rfe", "Entw\xc3\xbcrfe" },
	{ "R&-D", "R&D" },
	{ "&-&-", "&&" },
	{ "&2D3eAA-", "\xf0\x9f\x98\x80" },
	/* servers that do not know better */
	{ "Entw\xc3\xbcrfe", "Entw\xc3\xbcrfe" },
	{ "Entw\xfcrfe", NULL },
	/* not closed, no base64, padded, bits left over */
	{ "a&AOQ", NULL },
	{ "a&", NULL },
	{ "&AO/-", NULL },
	{ "&AOQ=-", NULL },
	{ "&AOR-", NULL },
	{ "&A-", NULL },
	{ "&AOQA-", NULL },
	/* what ASCII can say, controls, and what was begun twice */
	{ "&AGE-", NULL },
	{ "&AAo-", NULL },
	{ "&AIU-", NULL },
	{ "&AOQ-&AOQ-", NULL },
	{ "a\nb", NULL },
	{ "a\x7f", NULL },
	/* half a surrogate, and two the wrong way round */
	{ "&2D0-", NULL },
	{ "&3gA-", NULL },
	{ "&3gDYPQ-", NULL },
};

START_TEST(a_name_is_decoded_strictly)
{
	TEXT_AUTO utf8 = TEXT_INIT(256);

	if (names[_i].utf8 == NULL) {
		ck_assert_int_eq(imap_name_decode(slice_str(names[_i].name),
		    &utf8), -EBADMSG);
		return;
	}
	ck_assert_int_eq(imap_name_decode(slice_str(names[_i].name), &utf8),
	    0);
	ck_assert(slice_is_str(text_slice(&utf8), names[_i].utf8));
}
END_TEST

static const struct {
	const char	*utf8;
	char		 delimiter;
	const char	*local;
} locals[] = {
	{ "a.b.c", '.', "a/b/c" },
	{ "a/b", '/', "a/b" },
	{ "a/b.c", '.', "a_b/c" },
	{ "a/b", '\0', "a_b" },
	/* HARDENING F41 */
	{ "../../etc", '/', "__/__/etc" },
	{ "/./x/", '/', "_/x" },
	/* a delimiter that would leave half a character on either side */
	{ "a\xc3\xa9" "b", '\xc3', "a\xc3\xa9" "b" },
	{ "a\xc3\xa9" "b", '\xa9', "a\xc3\xa9" "b" },
	{ "a/ .. / . /\t./x", '/', "a/__/_/_/x" },
	{ "//", '/', "" },
	{ "0123456789012345678901234567890123", '/', "" },
};

START_TEST(a_name_here_leads_nowhere_else)
{
	TEXT_AUTO local = TEXT_INIT(256);

	imap_name_local(slice_str(locals[_i].utf8), locals[_i].delimiter, 32,
	    &local);
	ck_assert(slice_is_str(text_slice(&local), locals[_i].local));
}
END_TEST

START_TEST(what_is_quoted_ends_where_it_should)
{
	TEXT_AUTO text = TEXT_INIT(64), more = TEXT_INIT(64);

	ck_assert_int_eq(imap_quote(slice_str("a\"b\\c"), &text), 0);
	ck_assert(slice_is_str(text_slice(&text), "\"a\\\"b\\\\c\""));
	ck_assert_int_eq(imap_quote(slice_str("a\r\nP1 LOGOUT"), &more),
	    -EINVAL);
	ck_assert_int_eq(imap_quote(slice_of("a\0b", 3), &more), -EINVAL);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("imap name");
	TCase *tcase = tcase_create("name");

	tcase_add_loop_test(tcase, a_name_is_decoded_strictly, 0,
	    ROWS(names));
	tcase_add_loop_test(tcase, a_name_here_leads_nowhere_else, 0,
	    ROWS(locals));
	tcase_add_test(tcase, what_is_quoted_ends_where_it_should);
	suite_add_tcase(suite, tcase);
	return suite;
}
