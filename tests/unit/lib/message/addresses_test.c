/*
 * addresses_test.c - the addresses in a To, Cc, From, ... field
 */
#include <string.h>
#include <time.h>

#include "lib/message/addresses.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

/* Each element in words: "name <address>", "name {", "}", "?whole?". */
static void
describe(struct text *text, struct slice value)
{
	struct address_list list;
	struct address address;

	addresses_begin(&list, value);
	while (addresses_next(&list, &address)) {
		TEXT_AUTO name = TEXT_INIT(1 << 20);

		if (text->len > 0)
			text_add_byte(text, ' ');
		address_name(&name, &address);
		if (address.kind == ADDRESS_BROKEN) {
			text_add_byte(text, '?');
			text_add(text, address.whole);
			text_add_byte(text, '?');
			continue;
		}
		if (address.kind == ADDRESS_GROUP_END) {
			text_add_byte(text, '}');
			continue;
		}
		text_add(text, text_slice(&name));
		if (address.kind == ADDRESS_GROUP) {
			text_add_str(text, " {");
			continue;
		}
		text_add_byte(text, '<');
		if (address.route.len > 0) {
			text_add(text, address.route);
			text_add_byte(text, ':');
		}
		address_write(text, &address);
		text_add_str(text, address.odd ? ">!" : ">");
	}
}

static const struct {
	struct slice	in;
	const char	*want;
} lists[] = {
	/* RFC 5322 3.4 */
	{ SLICE("ann@office.test"), "<ann@office.test>" },
	{ SLICE("Ann Smith <ann@office.test>, ben@office.test"),
	    "Ann Smith<ann@office.test> <ben@office.test>" },
	{ SLICE(" \"Smith, Ann\" <ann@office.test>"),
	    "Smith, Ann<ann@office.test>" },
	{ SLICE("\"a\\\"b\" <\"x\\\"y z\"@office.test>"),
	    "a\"b<\"x\\\"y z\"@office.test>" },
	{ SLICE("\"ann\"@office.test"), "<ann@office.test>" },
	{ SLICE("ann@[192.0.2.1]"), "<ann@[192.0.2.1]>" },
	{ SLICE("ann@[ 192.0.2.1 ]"), "<ann@[192.0.2.1]>" },
	{ SLICE(""), "" },
	{ SLICE(" (only a comment) "), "" },
	/* groups, empty too (RFC 6854 allows them in From) */
	{ SLICE("Team: ann@a.test, Ben <ben@b.test>;, c@c.test"),
	    "Team { <ann@a.test> Ben<ben@b.test> } <c@c.test>" },
	{ SLICE("undisclosed-recipients:;"), "undisclosed-recipients { }" },
	{ SLICE("\"A: b\": ;"), "A: b { }" },
	{ SLICE("Team: ann@a.test"), "Team { <ann@a.test> }" },
	{ SLICE("A: b: c@c.test; d@d.test"),
	    "A { ?b:? <c@c.test>! } <d@d.test>" },
	/* comments, nested, with quoted pairs; the old way of naming */
	{ SLICE("ann@a.test (Ann (the first) \\) Smith)"),
	    "Ann (the first) ) Smith<ann@a.test>" },
	{ SLICE("A(x)nn <ann(y)@(z)a.test(w)> (v)"), "A nn<ann@a.test>" },
	{ SLICE("(first) ann@a.test"), "first<ann@a.test>" },
	/* RFC 5322 4.4: routes, blanks and folding between the tokens */
	{ SLICE("A <@x.test,@y.test:ann@a.test>"),
	    "A<@x.test,@y.test:ann@a.test>" },
	{ SLICE("ann . smith @ office\r\n . test"),
	    "<ann.smith@office.test>" },
	{ SLICE(",, ann@a.test , ,ben@b.test,"), "<ann@a.test> <ben@b.test>" },
	{ SLICE("J. R. Smith <j@a.test>"), "J. R. Smith<j@a.test>" },
	{ SLICE("\"ann\".smith@a.test"), "<ann.smith@a.test>" },
	/* encoded words, UTF-8 (RFC 6532) and what is neither */
	{ SLICE("=?utf-8?Q?Jos=C3=A9?= =?utf-8?Q?_M=2C?= <j@a.test>"),
	    "Jos\303\251 M,<j@a.test>" },
	{ SLICE("zo\303\253@b\303\274cher.test"),
	    "<zo\303\253@b\303\274cher.test>" },
	{ SLICE("J\366rg <j@a.test>"), "J\303\266rg<j@a.test>" },
	/* what breaks the standard */
	{ SLICE("ann@a.test; ben@b.test;"), "<ann@a.test> <ben@b.test>!" },
	{ SLICE("<ann@a.test> <ben@b.test>"), "<ann@a.test> <ben@b.test>" },
	{ SLICE("A <ann@a.test, ben@b.test"), "A<ann@a.test>! <ben@b.test>" },
	{ SLICE("<<ann@a.test>>"), "<ann@a.test>!" },
	{ SLICE("<mailto:ann@a.test>"), "<ann@a.test>!" },
	{ SLICE("ann..b.@a.test"), "<\"ann..b.\"@a.test>" },
	{ SLICE("Smith, Ann <ann@a.test>"), "?Smith? Ann<ann@a.test>!" },
	{ SLICE("\"Ann <ann@a.test>, b@b.test"),
	    "\"Ann<ann@a.test> <b@b.test>" },
	{ SLICE("ann@a.test, (open, b@b.test"),
	    "<ann@a.test> ?(open? <b@b.test>!" },
	{ SLICE("Ann ann@a.test"), "?Ann ann@a.test?" },
	{ SLICE("ann"), "?ann?" },
	{ SLICE("<>"), "?<>?" },
	{ SLICE("ann@"), "?ann@?" },
	{ SLICE("@a.test"), "?@a.test?" },
	{ SLICE("a b@c.test"), "?a b@c.test?" },
	{ SLICE("an\0n@a.test"), "?an\0n@a.test?" },
	{ SLICE("<@x.test>"), "?<@x.test>?" },
	{ SLICE("ann@[192.0.2.1"), "?ann@[192.0.2.1?" },
};

/* RFC 5322 3.4, 4.4; RFC 6532 */
START_TEST(a_list_is_read_as_its_writer_meant_it)
{
	TEXT_AUTO text = TEXT_INIT(4096);
	struct slice want = slice_str(lists[_i].want);

	if (slice_find(lists[_i].in, '\0') != SIZE_MAX)
		want = slice_of("?an\0n@a.test?", 13);
	ck_assert_int_eq(words_open(), 0);
	describe(&text, lists[_i].in);
	ck_assert_msg(slice_is(text_slice(&text), want), "%.*s",
	    SLICE_FMT(text_slice(&text)));
	words_close();
}
END_TEST

START_TEST(a_part_that_no_host_takes_is_no_address)
{
	TEXT_AUTO value = TEXT_INIT(1024);
	struct address_list list;
	struct address address;

	for (int i = 0; i < ADDRESS_LOCAL_MOST; i++)
		text_add_byte(&value, 'a');
	text_add_str(&value, "@b.test");
	addresses_begin(&list, text_slice(&value));
	ck_assert(addresses_next(&list, &address));
	ck_assert_int_eq(address.kind, ADDRESS_MAILBOX);
	ck_assert_uint_eq(address.local.len, ADDRESS_LOCAL_MOST);
	text_clear(&value);
	for (int i = 0; i <= ADDRESS_LOCAL_MOST; i++)
		text_add_byte(&value, 'a');
	text_add_str(&value, "@b.test, c@d.test");
	addresses_begin(&list, text_slice(&value));
	ck_assert(addresses_next(&list, &address));
	ck_assert_int_eq(address.kind, ADDRESS_BROKEN);
	ck_assert(addresses_next(&list, &address));
	ck_assert_int_eq(address.kind, ADDRESS_MAILBOX);
}
END_TEST

/* Pieces that make a bad parser look at everything again and again. */
static const char *const pieces[] = {
	"\"", "\"\\", "(", "((", "(\\", "<", "<@", "<@,", "<,", "a@b.c,", ":",
	";", ">", "a:", "a <", "[", "a@[", "\"a\" ", "=?", ",", "a ", "(a)",
	"\\\"",
};

static double
seconds_for(const char *piece, size_t bytes)
{
	TEXT_AUTO value = TEXT_INIT(bytes + 16);
	struct address_list list;
	struct address address;
	clock_t begun = clock();

	while (value.len < bytes)
		text_add_str(&value, piece);
	addresses_begin(&list, text_slice(&value));
	while (addresses_next(&list, &address))
		;
	return (double)(clock() - begun) / CLOCKS_PER_SEC;
}

START_TEST(a_mebibyte_of_anything_takes_no_time)
{
	/* some milliseconds; a quadratic walk would take minutes */
	ck_assert_double_lt(seconds_for(pieces[_i], 1 << 20), 3.0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("addresses");
	TCase *tests = tcase_create("addresses");

	tcase_add_loop_test(tests, a_list_is_read_as_its_writer_meant_it, 0,
	    sizeof(lists) / sizeof(lists[0]));
	tcase_add_test(tests, a_part_that_no_host_takes_is_no_address);
	tcase_add_loop_test(tests, a_mebibyte_of_anything_takes_no_time, 0,
	    sizeof(pieces) / sizeof(pieces[0]));
	suite_add_tcase(suite, tests);
	return suite;
}
