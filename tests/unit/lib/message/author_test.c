/*
 * author_test.c - of which domains may a reader take the author to be?
 */
#include "lib/message/author.h"

#include <string.h>

#include "lib/message/addresses.h"
#include "lib/message/imap_envelope.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

/* All domains, a blank between them; "?" for unnamed, "+" for more. */
static void
describe(struct slice message, struct text *text)
{
	struct author author;

	ck_assert_int_eq(author_read(message, &author), 0);
	for (unsigned i = 0; i < author.domain_count; i++)
		text_addf(text, "%s%s", i > 0 ? " " : "", author.domains[i]);
	if (author.is_unnamed)
		text_add_byte(text, '?');
	if (author.has_more)
		text_add_byte(text, '+');
	ck_assert(!text_failed(text));
}

#define GOOD	"admin@good.test"
#define BAD	"x@bad.test"

/* HARDENING A66: what one program shows and another one judges */
static const struct {
	struct slice	header;
	const char	*domains;
} headers[] = {
	/* as honest people write */
	{ SLICE("From: ann@good.test\r\n\r\n"), "good.test" },
	{ SLICE("From: Ann <ann@Good.TEST>\r\n\r\n"), "good.test" },
	{ SLICE("From: \"Ann, Ben\" <ann@good.test>\r\n\r\n"), "good.test" },
	{ SLICE("From: ann@good.test (Ann)\r\n\r\n"), "good.test" },
	{ SLICE("From: Ann @ Work <ann@good.test>\r\n\r\n"), "good.test" },
	{ SLICE("from:\r\n Ann\r\n <ann@good.test>\r\n\r\n"), "good.test" },
	{ SLICE("From: ann@good.test\n\n"), "good.test" },
	{ SLICE("From: ann@good.test.\r\n\r\n"), "good.test" },
	{ SLICE("From: root@localhost\r\n\r\n"), "localhost" },
	/* a list says who wrote to it */
	{ SLICE("From: \"" GOOD " via List\" <l@list.test>\r\n\r\n"),
	    "list.test" },
	{ SLICE("From: =?utf-8?Q?admin=40good.test?= <l@list.test>\r\n\r\n"),
	    "list.test" },
	{ SLICE("From: l@list.test (" GOOD ")\r\n\r\n"), "list.test" },
	/* none */
	{ SLICE("Subject: x\r\n\r\nFrom: " BAD "\r\n"), "" },
	{ SLICE("From:\r\n\r\n"), "" },
	{ SLICE("From: Ann\r\n\r\n"), "" },
	{ SLICE("From: <>\r\n\r\n"), "" },
	{ SLICE("From: undisclosed:;\r\n\r\n"), "" },
	{ SLICE("From: x@[192.0.2.1]\r\n\r\n"), "?" },
	{ SLICE("From: x@-bad-\r\n\r\n"), "?" },
	{ SLICE("From: x@192.0.2.1\r\n\r\n"), "?" },
	/* two fields, two addresses, RFC 6854's groups */
	{ SLICE("From: " BAD "\r\nFrom: " GOOD "\r\n\r\n"),
	    "bad.test good.test" },
	{ SLICE("From: " GOOD ", " BAD "\r\n\r\n"), "good.test bad.test" },
	{ SLICE("From: " GOOD "; " BAD "\r\n\r\n"), "good.test bad.test" },
	{ SLICE("From: Us: " GOOD ", " BAD ";\r\n\r\n"),
	    "good.test bad.test" },
	{ SLICE("From: " GOOD ": " BAD ";\r\n\r\n"), "good.test bad.test" },
	/* a field that some take for one */
	{ SLICE("From : " GOOD "\r\nFrom: " BAD "\r\n\r\n"),
	    "good.test bad.test" },
	{ SLICE("From\0: " GOOD "\r\nFrom: " BAD "\r\n\r\n"),
	    "good.test bad.test" },
	{ SLICE("From\t:" GOOD "\r\nFrom: " BAD "\r\n\r\n"),
	    "good.test bad.test" },
	{ SLICE("\240From: " GOOD "\r\nFrom: " BAD "\r\n\r\n"),
	    "good.test bad.test" },
	{ SLICE("no field\r\nFrom: " BAD "\r\n\r\n"), "bad.test" },
	{ SLICE("X: y\rFrom: " GOOD "\r\nFrom: " BAD "\r\n\r\n"),
	    "bad.test good.test" },
	{ SLICE("From: " GOOD "\r<" BAD ">\r\n\r\n"), "bad.test good.test" },
	{ SLICE("X: y\r\r\nFrom: " BAD "\r\n\r\n"), "bad.test" },
	{ SLICE("X: y\r\n \r\nFrom: " BAD "\r\n\r\n"), "bad.test" },
	{ SLICE("FromX: " GOOD "\r\nXFrom: " GOOD "\r\n\r\n"), "" },
	/* two addresses where one is allowed */
	{ SLICE("From: <" GOOD "><" BAD ">\r\n\r\n"), "good.test bad.test" },
	{ SLICE("From: <" GOOD "> <" BAD ">\r\n\r\n"),
	    "good.test bad.test" },
	{ SLICE("From: " GOOD " <" BAD ">\r\n\r\n"), "bad.test good.test" },
	{ SLICE("From: <" BAD "> " GOOD "\r\n\r\n"), "bad.test good.test" },
	{ SLICE("From: <" GOOD " <" BAD ">>\r\n\r\n"), "good.test bad.test" },
	{ SLICE("From: " GOOD "<" BAD "\r\n\r\n"), "bad.test good.test" },
	{ SLICE("From: <a@good.test@bad.test>\r\n\r\n"),
	    "good.test bad.test" },
	{ SLICE("From: a@good.test@bad.test\r\n\r\n"), "good.test bad.test" },
	/* quotes and comments */
	{ SLICE("From: \"<" GOOD ">\" <" BAD ">\r\n\r\n"),
	    "bad.test good.test" },
	{ SLICE("From: (<" GOOD ">) " BAD "\r\n\r\n"), "bad.test good.test" },
	{ SLICE("From: \"" GOOD "\"@bad.test\r\n\r\n"),
	    "bad.test good.test" },
	{ SLICE("From: \"" GOOD "\"\r\n\r\n"), "good.test" },
	{ SLICE("From: \"Ann <" GOOD ">, <" BAD ">\r\n\r\n"),
	    "good.test bad.test" },
	{ SLICE("From: \"a\\\" <" GOOD ">\" <" BAD ">\r\n\r\n"),
	    "bad.test good.test" },
	{ SLICE("From: admin@(x)good(y).(z)test\r\n\r\n"), "good.test" },
	{ SLICE("From: admin@bad.test(\\).good.test\r\n\r\n"), "bad.test" },
	/* RFC 5322 4.4: routes, blanks in names */
	{ SLICE("From: <@good.test,@b.test:" BAD ">\r\n\r\n"),
	    "bad.test good.test b.test" },
	{ SLICE("From: x@bad.test\r\n .good.test\r\n\r\n"),
	    "bad.test.good.test bad.test" },
	/* RFC 2047 */
	{ SLICE("From: =?utf-8?B?YWRtaW5AZ29vZC50ZXN0?=\r\n\r\n"),
	    "good.test" },
	{ SLICE("From: =?utf-8?Q?=3Cadmin=40good.test=3E?= <" BAD ">"
	    "\r\n\r\n"), "bad.test good.test" },
	{ SLICE("From: =?utf-8?Q?=3Cadmin=40good.test=3E=00?= <" BAD ">"
	    "\r\n\r\n"), "bad.test good.test" },
	{ SLICE("From: <=?utf-8?Q?admin=40good.test=3E?=" BAD ">\r\n\r\n"),
	    "bad.test good.test" },
	/* control bytes: cut there, or dropped */
	{ SLICE("From: x@bad.test\0.good.test\r\n\r\n"),
	    "bad.test bad.test.good.test" },
	{ SLICE("From: <admin@good.test\0><" BAD ">\r\n\r\n"),
	    "good.test bad.test" },
	{ SLICE("From: admin@go\1od.test\r\n\r\n"), "good.test" },
	/* RFC 6532, Latin-1, IDNA's dots; what means nothing */
	{ SLICE("From: x@b\303\274cher.test\r\n\r\n"),
	    "xn--bcher-kva.test" },
	{ SLICE("From: x@B\303\234CHER.test\r\n\r\n"),
	    "xn--bcher-kva.test" },
	{ SLICE("From: x@b\374cher.test\r\n\r\n"), "xn--bcher-kva.test" },
	{ SLICE("From: x@XN--BCHER-KVA.test\r\n\r\n"),
	    "xn--bcher-kva.test" },
	{ SLICE("From: x@good\343\200\202test\r\n\r\n"), "good.test" },
	{ SLICE("From: x@\355\240\200.test\r\n\r\n"), "?" },
	/* limits */
	{ SLICE("From: a@a.test, a@b.test, a@c.test, a@d.test\r\n\r\n"),
	    "a.test b.test c.test d.test" },
	{ SLICE("From: a@a.test, a@b.test, a@c.test, a@d.test, a@e.test"
	    "\r\n\r\n"), "a.test b.test c.test d.test+" },
};

#define ROWS	((int)(sizeof(headers) / sizeof(*headers)))

START_TEST(all_domains_are_told_of_that_some_reader_shows)
{
	TEXT_AUTO text = TEXT_INIT(4096);

	describe(headers[_i].header, &text);
	ck_assert_msg(slice_is_str(text_slice(&text), headers[_i].domains),
	    "%d: %.*s, not %s", _i, SLICE_FMT(text_slice(&text)),
	    headers[_i].domains);
}
END_TEST

/* A66: no address that IMAP shows as the author is passed by */
START_TEST(what_imap_shows_as_the_author_is_among_them)
{
	struct slice header = headers[_i].header;
	struct address_list list;
	struct address address;
	struct imap_fields fields;
	struct author author;

	ck_assert_int_eq(author_read(header, &author), 0);
	imap_fields_read(header, &fields);
	addresses_begin(&list, fields.value[IMAP_FROM]);
	while (addresses_next(&list, &address) && !author.has_more) {
		bool is_told = author.is_unnamed;
		struct slice shown = address.domain;

		if (address.kind != ADDRESS_MAILBOX ||
		    !slice_is_printable_ascii(shown))
			continue;
		if (slice_has_suffix(shown, "."))
			shown.len--;
		for (unsigned i = 0; i < author.domain_count; i++)
			is_told = is_told || slice_is_nocase(shown,
			    slice_str(author.domains[i]));
		ck_assert_msg(is_told, "%.*s", SLICE_FMT(shown));
	}
}
END_TEST

/* The same of whole addresses: who shares a domain with another is not them. */
static const struct {
	const char	*header;
	const char	*addresses;	/* with "+" for more */
} wholes[] = {
	{ "Sender: Ann <Ann@Good.TEST>\r\n\r\n", "ann@good.test" },
	{ "Sender: ceo@good.test <ann@good.test>\r\n\r\n",
	  "ann@good.test ceo@good.test" },
	{ "Sender: \"x <ceo@good.test>\" <ann@good.test>\r\n\r\n",
	  "ann@good.test ceo@good.test" },
	{ "Sender: =?utf-8?q?=3Cceo=40good.test=3E?= <a@good.test>\r\n\r\n",
	  "a@good.test ceo@good.test" },
	{ "Sender: <\"a \\\"b\"@good.test>\r\n\r\n",
	  "a \"b@good.test" },
	{ "Sender: \"<\\\"@good.test>\" <a@good.test>\r\n\r\n",
	  "a@good.test <\\@good.test" },
	{ "Sender: <@good.test:a@good.test>\r\n\r\n",
	  "a@good.test @good.test" },
	{ "Sender: a@x.test, b@x.test, c@x.test, d@x.test, e@x.test, "
	  "f@x.test, g@x.test, h@x.test, i@x.test\r\n\r\n",
	  "a@x.test b@x.test c@x.test d@x.test e@x.test f@x.test g@x.test "
	  "h@x.test+" },
	{ "S\1ender: a@x.test\r\nFrom: b@x.test\r\n\r\n", "a@x.test" },
	{ "From: b@x.test\r\n\r\n", "" },
};

START_TEST(all_addresses_are_told_of_that_some_reader_shows)
{
	TEXT_AUTO text = TEXT_INIT(4096);
	struct author author;

	ck_assert_int_eq(author_read_of(slice_str(wholes[_i].header), "Sender",
	    &author), 0);
	for (unsigned i = 0; i < author.address_count; i++)
		text_addf(&text, "%s%s", i > 0 ? " " : "",
		    author.addresses[i]);
	text_addf(&text, "%s%c", author.has_more_addresses ? "+" : "", '\0');
	ck_assert_str_eq(text.at, wholes[_i].addresses);
}
END_TEST

/* Honest mail is told apart from that by the number of its fields. */
START_TEST(fields_are_counted)
{
	struct author author;

	ck_assert_int_eq(author_read(slice_str("X: y\r\n\r\n"), &author), 0);
	ck_assert_uint_eq(author.field_count, 0);
	ck_assert_int_eq(author_read(slice_str("From: a@b.test\r\nFROM : c\r\n"
	    "X: y\rFrom: z\r\n\r\nFrom: d\r\n"), &author), 0);
	ck_assert_uint_eq(author.field_count, 3);
}
END_TEST

/* Nobody makes us read for long, and what is passed by is told. */
START_TEST(a_header_without_measure_is_read_to_a_limit)
{
	TEXT_AUTO header = TEXT_INIT(4 << 20), text = TEXT_INIT(4096);
	struct author author;

	text_add_str(&header, "From: ");
	for (unsigned i = 0; i < AUTHOR_PLACES / 2; i++)
		text_add_str(&header, "a@a.test,");
	text_add_str(&header, "\r\n\r\n");
	describe(text_slice(&header), &text);
	ck_assert(slice_is_str(text_slice(&text), "a.test"));
	text_clear(&header);
	text_clear(&text);
	text_add_str(&header, "From: ");
	for (unsigned i = 0; i <= AUTHOR_PLACES / 2; i++)
		text_add_str(&header, "a@a.test,");
	describe(text_slice(&header), &text);
	ck_assert(slice_is_str(text_slice(&text), "a.test+"));
	text_clear(&header);
	text_add_str(&header, "From: a@b.test\r\n");
	while (header.len < AUTHOR_HEADER_BYTES)
		text_add_str(&header, "X: ((((((((((\"\"\"\"\"\"\"\"\"\"\"\r\n");
	ck_assert_int_eq(author_read(text_slice(&header), &author), 0);
	ck_assert_uint_eq(author.domain_count, 1);
	ck_assert(author.has_more);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("lib/message/author");
	TCase *tests = tcase_create("author");

	tcase_add_loop_test(tests,
	    all_domains_are_told_of_that_some_reader_shows, 0, ROWS);
	tcase_add_loop_test(tests,
	    what_imap_shows_as_the_author_is_among_them, 0, ROWS);
	tcase_add_loop_test(tests,
	    all_addresses_are_told_of_that_some_reader_shows, 0,
	    sizeof(wholes) / sizeof(wholes[0]));
	tcase_add_test(tests, fields_are_counted);
	tcase_add_test(tests, a_header_without_measure_is_read_to_a_limit);
	suite_add_tcase(suite, tests);
	return suite;
}
