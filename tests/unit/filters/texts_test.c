/*
 * texts_test.c - what of a message rules can be about, as people read it
 */
#include <stdio.h>
#include <string.h>

#include "filters/texts.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

#define ALL	((1u << TEXTS_KINDS) - 1)

/* What was read of a message, kept until read_end(). */
static struct arena	*arena;
static struct texts	 texts;

static void
read_within(struct slice message, unsigned wanted,
    const struct texts_limits *limits)
{
	const struct mime_part *root = NULL;
	enum mime_limit limit;

	ck_assert_int_eq(words_open(), 0);
	arena = arena_new(64 << 20);
	ck_assert_ptr_nonnull(arena);
	if (mime_parse(arena, message, &mime_default_limits, &root,
	    &limit) < 0)
		root = NULL;
	texts_read(message, root, wanted, limits, arena, &texts);
}

static void
read_end(void)
{
	arena_free(arena);
	words_close();
}

/* All texts of a kind, each with "|" behind it. */
static void
join(enum texts_kind kind, bool whole, struct text *joined)
{
	const struct texts_one *one;

	for (one = texts.first[kind]; one != NULL; one = one->next) {
		ck_assert(slice_is_utf8(one->whole));
		text_add(joined, whole ? one->whole : one->text);
		text_add_byte(joined, '|');
	}
}

static const struct {
	const char	*message;
	enum texts_kind	 kind;
	const char	*want;
} cases[] = {
	/* parts that only another reader sees (HARDENING A62) */
	{ "Content-Type: multipart/mixed; boundary=q\r\n\r\n"
	    "--z\r\nContent-Type: text/plain\r\n\r\nbefore\r\n"
	    "--q\r\n\r\ninside\r\n--q--\r\n\r\nContent-Type: text/plain"
	    "\r\n\r\nbehind", TEXTS_BODY, "before\n|behind|inside|" },
	{ "Content-Type: multipart/mixed; boundary=q\r\n\r\n"
	    "--q\r\n\r\ninside\r\n--q--\r\nContent-Type: application/x; "
	    "name=a.exe\r\n\r\nMZ", TEXTS_NAME, "a.exe|" },
	/* behind the line of a mailbox file a header is one all the same */
	{ "From ann@x Mon Jan  1 00:00:00 2024\r\nContent-Type: a/b; "
	    "name=a.exe\r\n\r\nMZ", TEXTS_NAME, "a.exe|" },
	{ "Content-Type: message/rfc822\r\n\r\n>From ann\r\n"
	    "Content-Disposition: attachment; filename=b.exe\r\n\r\nMZ",
	    TEXTS_NAME, "b.exe|" },
	/* header: decoded, and as it stands where that differs */
	{ "Subject: a\r\n b\r\nTo: x\r\n\r\n", TEXTS_HEADER,
	    "Subject: a b|To: x|" },
	{ "Subject: =?utf-8?B?dGFnaWhhbg==?=\r\n\r\n", TEXTS_HEADER,
	    "Subject: tagihan|Subject: =?utf-8?B?dGFnaWhhbg==?=|" },
	{ "A: caf\xe9\r\n\r\n", TEXTS_HEADER, "A: caf\xc3\xa9|" },
	{ "A:\r\n\r\n", TEXTS_HEADER, "A: |" },
	/* a line that is no field: what is behind it is read all the same */
	{ "A: b\r\njunk\r\nSubject: lottery\r\n\r\nC: d", TEXTS_HEADER,
	    "A: b|Subject: lottery|" },
	{ " junk\r\nA: b\r\n\xff\r\nB: c", TEXTS_HEADER, "A: b|B: c|" },
	/* body: transfer encodings, charsets, lines */
	{ "A: b\r\n\r\none\r\ntwo\r\n", TEXTS_BODY, "one\ntwo\n|" },
	{ "Content-Transfer-Encoding: base64\r\n\r\nb25l\r\nDQp0d28=\r\n",
	    TEXTS_BODY, "one\ntwo|" },
	{ "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "inv=\r\noi=63e\r\n", TEXTS_BODY, "invoice\n|" },
	{ "Content-Type: text/plain; charset=iso-8859-1\r\n\r\ncaf\xe9\r\nx",
	    TEXTS_BODY, "caf\xc3\xa9\nx|" },
	{ "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n"
	    "\x1b$B$\"\x1b(B\r\nx", TEXTS_BODY, "\xe3\x81\x82\nx|" },
	{ "Content-Type: text/html\r\n\r\n<b>in</b>voice<br>2", TEXTS_BODY,
	    "<b>in</b>voice<br>2|invoice\n2|" },
	/* an unknown encoding: in every way there is */
	{ "Content-Transfer-Encoding: x-own\r\n\r\nb25l", TEXTS_BODY,
	    "b25l|b25l|one|one|b25l|b25l|" },
	/* UTF-7: read, and as who does not know it shows it */
	{ "Content-Type: text/plain; charset=utf-7\r\n\r\n+AGIAaQ-ll\r\nx",
	    TEXTS_BODY, "bill\nx|+AGIAaQ-ll\nx|" },
	/* UTF-16, "bi" CRLF "x": in both orders, the mark no part of it */
	{ "Content-Type: text/plain; charset=UTF-16\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nAGIAaQANAAoAeA==",
	    TEXTS_BODY, "bi\nx|\346\210\200\346\244\200\340\264\200"
	    "\340\250\200\347\240\200|" },
	{ "Content-Type: text/html; charset=unicode\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n//5iAGkADQAKAHgA",
	    TEXTS_BODY, "\357\277\276\346\210\200\346\244\200"
	    "\340\264\200\340\250\200\347\240\200|\357\277\276"
	    "\346\210\200\346\244\200\340\264\200\340\250\200"
	    "\347\240\200|bi\nx|bi x|" },
	/* the mark of UTF-16 counts for more than what is said */
	{ "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64"
	    "\r\n\r\n//5iAGkA", TEXTS_BODY,
	    "\303\277\303\276b i |\357\277\276\346\210\200\346\244\200|"
	    "bi|" },
	/* what is attached as a file is none, what is inside a message is */
	{ "Content-Disposition: attachment\r\n\r\nx", TEXTS_BODY, "" },
	{ "Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\nin", TEXTS_BODY,
	    "in|" },
	{ "Content-Type: image/png\r\n\r\nx", TEXTS_BODY, "" },
	/* attachments: every name, whichever a mail program believes */
	{ "Content-Type: application/pdf; name=a.pdf\r\n"
	    "Content-Disposition: attachment; filename=\"b.exe\"\r\n\r\n",
	    TEXTS_NAME, "a.pdf|b.exe|" },
	{ "Content-Disposition: inline; filename=a.txt\r\n"
	    "Content-Disposition: attachment; filename=b.js\r\n\r\n",
	    TEXTS_NAME, "a.txt|b.js|" },
	{ "Content-Disposition: attachment; filename*=utf-8''%e2%82%ac.exe"
	    "\r\n\r\n", TEXTS_NAME, "\xe2\x82\xac.exe|" },
	{ "Content-Disposition: attachment;\r\n filename*0=\"a.e\";\r\n"
	    " filename*1=xe\r\n\r\n", TEXTS_NAME, "a.exe|" },
	/* two forms of a name, two names: any of them may be shown */
	{ "Content-Disposition: attachment; filename=\"b.exe\";\r\n"
	    " filename*=utf-8''a.txt\r\n\r\n", TEXTS_NAME,
	    "a.txt|b.exe|" },
	{ "Content-Type: image/png; name=a.png; NAME = b.exe\r\n\r\n",
	    TEXTS_NAME, "a.png|a.png|b.exe|" },
	{ "Content-Type: Application/PDF\r\n\r\n", TEXTS_TYPE,
	    "Application/PDF|" },
	{ "Content-Type: text/html; name=a.html\r\n\r\n", TEXTS_TYPE,
	    "text/html|" },
	{ "Content-Type: text/html\r\n\r\n", TEXTS_TYPE, "" },
	/* by its first bytes, whatever its name and type */
	{ "Content-Type: image/png; name=a.png\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nTVqQAAMA", TEXTS_REAL,
	    "application/x-dosexec|" },
	{ "Content-Transfer-Encoding: quoted-printable\r\n\r\n=4D=\r\n=5A",
	    TEXTS_REAL, "application/x-dosexec|" },
	{ "Content-Type: text/plain\r\n\r\n%PDF-1.4", TEXTS_REAL,
	    "application/pdf|" },
	{ "Content-Transfer-Encoding: 7bit\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nUEsDBAAA", TEXTS_REAL,
	    "application/zip|" },
	{ "Content-Type: application/pdf\r\n\r\nhello", TEXTS_REAL, "" },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none"
	    "\r\n--b\r\nContent-Type: image/gif\r\n\r\nx\r\n--b--\r\n",
	    TEXTS_TYPE, "image/gif|" },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none"
	    "\r\n--b\r\n\r\ntwo\r\n--b--\r\n", TEXTS_BODY, "one|two|" },
};

START_TEST(texts_are_what_people_read)
{
	TEXT_AUTO joined = TEXT_INIT(10000);

	read_within(slice_str(cases[_i].message), ALL, &texts_default_limits);
	join(cases[_i].kind, true, &joined);
	ck_assert_msg(slice_is_str(text_slice(&joined), cases[_i].want),
	    "%.*s", SLICE_FMT(text_slice(&joined)));
	ck_assert_ptr_null(texts.unread[cases[_i].kind]);
	read_end();
}
END_TEST

START_TEST(the_value_of_a_field_stands_by_itself)
{
	TEXT_AUTO joined = TEXT_INIT(100);

	read_within(slice_str("Subject: a\r\nX:b\r\n\r\n"), ALL,
	    &texts_default_limits);
	join(TEXTS_HEADER, false, &joined);
	ck_assert(slice_is_str(text_slice(&joined), "a|b|"));
	ck_assert(slice_is_str(texts.first[TEXTS_HEADER]->name, "Subject"));
	read_end();
}
END_TEST

START_TEST(only_what_is_wanted_is_read)
{
	for (unsigned kind = 0; kind < TEXTS_KINDS; kind++) {
		read_within(slice_str("Content-Type: application/pdf; name=a"
		    "\r\n\r\n%PDF-1.7"), 1u << kind, &texts_default_limits);
		for (unsigned k = 0; k < TEXTS_KINDS; k++)
			ck_assert((texts.first[k] != NULL) ==
			    (k == kind && k != TEXTS_BODY));
		read_end();
	}
}
END_TEST

#define HEADER	(1u << TEXTS_HEADER)
#define BODY	(1u << TEXTS_BODY)
#define NAME	(1u << TEXTS_NAME)
#define PARTS	(BODY | NAME | 1u << TEXTS_TYPE | 1u << TEXTS_REAL)
#define MIXED	"Content-Type: multipart/mixed; boundary=b"
#define TWO	"\r\n\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: " \
		"application/x; name=a.exe\r\n\r\nx\r\n--b--\r\n"

static const struct {
	const char	*message;
	unsigned	 kinds;		/* that are not read whole */
} unread[] = {
	{ "A: b\r\n\r\n", 0 },
	{ MIXED TWO, 0 },
	/* a header goes on behind a line that is no field */
	{ "A: b\r\njunk\r\n" MIXED TWO, PARTS },
	{ MIXED "\r\n\r\n--b\r\njunk\r\nContent-Disposition: attachment"
	    "\r\n\r\nx\r\n--b--\r\n", PARTS },
	{ MIXED "\r\n\r\n--b\r\nno header here\r\n\r\nContent-Type: x\r\n"
	    "--b--\r\n", 0 },
	{ "A: b\r\nhello\r\n\r\nContent-Type: text/html\r\n", 0 },
	/* a structure that readers differ about */
	{ "Content-Type: text/plain\r\n" MIXED TWO, PARTS },
	{ MIXED "\r\nContent-type:  MULTIPART/mixed; boundary=b\r\n" TWO, 0 },
	{ "Content-Type: text/plain; boundary=b" TWO, PARTS },
	{ "Content-Type: multipart/mixed; boundary=z; boundary=b" TWO,
	    PARTS },
	{ "Content-Type: multipart/mixed; boundary*0=b; boundary*1=\"\"" TWO,
	    PARTS },
	{ "Content-Type: multipart/mixed; boundary=\"=?us-ascii?Q?b?=\"" TWO,
	    PARTS },
	{ "Content-Type: multipart; boundary=b" TWO, PARTS },
	{ MIXED "\r\nContent-Transfer-Encoding: base64" TWO, PARTS },
	{ MIXED "\r\nContent-Transfer-Encoding: 8bit\r\n"
	    "Content-Transfer-Encoding: quoted-printable" TWO, PARTS },
	{ MIXED "\r\nContent-Transfer-Encoding: (x) 8BIT" TWO, 0 },
	{ "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64"
	    "\r\n\r\nQTogYg0K", PARTS },
	{ "Content-Type: message/partial; id=a; number=1\r\n\r\nA: b\r\n",
	    PARTS },
	{ "Content-Type: message/delivery-status\r\n\r\nA: b\r\n", 0 },
	/* a file in the middle of a text */
	{ "\r\nhello\r\nbegin 644 evil.exe\r\n#86)C\r\n`\r\nend\r\n", PARTS },
	{ "Content-Transfer-Encoding: base64\r\n\r\n"
	    "aGkKYmVnaW4gNjQ0IGEuZXhlCg==", PARTS },
	{ "\r\n=ybegin line=128 size=1 name=a.exe\r\n", PARTS },
	{ "\r\nbegin-base64 644 a.exe\r\n", PARTS },
	{ "\r\nlet us begin 644 days\r\nbegin 2 months\r\nbegin 644 \r\n"
	    "beginning 644 x\r\nbegin\r\n", 0 },
	/* charsets of a body */
	{ "Content-Type: text/plain; charset=utf-32\r\n\r\nab", BODY },
	{ "Content-Type: text/plain; charset=hz-gb-2312\r\n\r\nab", BODY },
	{ "Content-Type: text/plain; charset=csUnicode\r\n\r\nab", BODY },
	{ "Content-Type: text/plain; charset=IBM037\r\n\r\nab", BODY },
	{ "Content-Type: text/plain; charset=utf-8; charset=utf-7\r\n\r\nab",
	    BODY },
	{ "Content-Type: text/plain; charset=utf-7\r\n\r\nab", 0 },
	{ "Content-Type: text/plain; charset=\"US-ASCII\"\r\n\r\nab", 0 },
	{ "Content-Type: text/html\r\n\r\n<svg><style><p>a</style>", BODY },
	/* charsets of a field */
	{ "Subject: =?utf-16?B?AGEA?=\r\n\r\n", HEADER },
	{ "Subject: =?utf-16be?B?AGE=?= =?hz*en?Q?a?=\r\n\r\n", HEADER },
	{ "Subject: =?utf-16be?B?AGE=?= =?utf-7?Q?+AGE-?=\r\n\r\n", 0 },
	{ "Subject: =?=?hz?Q?a?=\r\n\r\n", HEADER },
	{ "Subject: =?utf-8?B?bG90dA==ZXJ5?=\r\n\r\n", HEADER },
	{ "Subject: =?hz?X?a?= =?\r\n\r\n", 0 },
	/* and of a name */
	{ "Content-Disposition: attachment; filename*=utf-16''%00a\r\n\r\n",
	    NAME },
	{ "Content-Disposition: attachment; filename*=utf-16be''%00a\r\n\r\n",
	    0 },
	{ "Content-Type: image/png; name=\"=?hz?Q?a?=\"\r\n\r\n",
	    HEADER | NAME },
	{ "Content-Type: image/png; name=\"=?utf-7?Q?+AGE-?=\"\r\n\r\n", 0 },
};

START_TEST(what_cannot_be_read_is_said)
{
	read_within(slice_str(unread[_i].message), ALL,
	    &texts_default_limits);
	for (unsigned k = 0; k < TEXTS_KINDS; k++)
		ck_assert_msg((texts.unread[k] != NULL) ==
		    (unread[_i].kinds >> k & 1), "%s: %u %s",
		    unread[_i].message, k, texts.unread[k] == NULL ? "" :
		    texts.unread[k]);
	read_end();
}
END_TEST

/* A file whose beginning is not seen is not known to be none. */
START_TEST(junk_before_a_file_is_said)
{
	TEXT_AUTO message = TEXT_INIT(1u << 20);

	text_add_str(&message,
	    "Content-Transfer-Encoding: base64\r\n\r\n");
	for (int i = 0; i < 200000; i++)
		text_add_byte(&message, '!');
	text_add_str(&message, "TVqQAAMA");
	ck_assert(!text_failed(&message));
	read_within(text_slice(&message), 1u << TEXTS_REAL,
	    &texts_default_limits);
	ck_assert_ptr_null(texts.first[TEXTS_REAL]);
	ck_assert_str_eq(texts.unread[TEXTS_REAL], "a part begins with junk");
	read_end();
}
END_TEST

START_TEST(without_a_tree_only_the_header_is_read)
{
	ck_assert_int_eq(words_open(), 0);
	arena = arena_new(1 << 20);
	texts_read(slice_str("A: b\r\n\r\nx"), NULL, ALL,
	    &texts_default_limits, arena, &texts);
	ck_assert_ptr_nonnull(texts.first[TEXTS_HEADER]);
	ck_assert_ptr_null(texts.unread[TEXTS_HEADER]);
	for (unsigned k = TEXTS_BODY; k < TEXTS_KINDS; k++)
		ck_assert_ptr_nonnull(texts.unread[k]);
	read_end();
}
END_TEST

START_TEST(a_name_with_too_many_parameters_is_said)
{
	TEXT_AUTO mail = TEXT_INIT(10000);

	text_add_str(&mail, "Content-Type: text/plain");
	for (unsigned i = 0; i < mime_default_limits.params; i++)
		text_addf(&mail, ";\r\n p%u=x", i);
	text_add_str(&mail, "; name=a.exe\r\n\r\nx");
	read_within(text_slice(&mail), ALL, &texts_default_limits);
	ck_assert_ptr_nonnull(texts.unread[TEXTS_NAME]);
	ck_assert_ptr_nonnull(texts.unread[TEXTS_BODY]);
	read_end();
}
END_TEST

/* Limits one below, at, and above what the message has. */
START_TEST(each_limit_is_said_and_kept)
{
	const struct slice message = SLICE("A: 67890\r\n\r\n12345");
	/* "A: 67890" and "12345" */
	const struct texts_limits limits[] = {
		{ 7, 100, 100 }, { 8, 100, 100 }, { 9, 100, 100 },
		{ 100, 12, 100 }, { 100, 13, 100 }, { 100, 14, 100 },
		{ 100, 100, 1 }, { 100, 100, 2 }, { 100, 100, 3 },
	};
	bool whole;

	read_within(message, ALL, &limits[_i]);
	whole = texts.unread[TEXTS_HEADER] == NULL &&
	    texts.unread[TEXTS_BODY] == NULL;
	ck_assert(whole == (_i % 3 != 0));
	ck_assert_uint_le(texts.bytes, limits[_i].all_bytes);
	ck_assert_uint_le(texts.count, limits[_i].count);
	for (unsigned k = 0; k < TEXTS_KINDS; k++)
		for (const struct texts_one *one = texts.first[k]; one != NULL;
		    one = one->next)
			ck_assert_uint_le(one->whole.len,
			    limits[_i].one_bytes);
	read_end();
}
END_TEST

START_TEST(what_fits_of_a_long_line_is_there)
{
	const struct texts_limits limits = { 6, 100, 100 };

	read_within(slice_str("\r\n123456789"), 1u << TEXTS_BODY, &limits);
	ck_assert_ptr_nonnull(texts.unread[TEXTS_BODY]);
	ck_assert(slice_is_str(texts.first[TEXTS_BODY]->text, "123456"));
	read_end();
}
END_TEST

START_TEST(a_name_is_a_text_and_keeps_to_its_limit)
{
	const struct texts_limits limits = { 6, 100, 100 };

	read_within(slice_str("Content-Type: application/pdf; name=1234567"
	    "\r\n\r\nx"), 1u << TEXTS_NAME | 1u << TEXTS_TYPE, &limits);
	for (unsigned k = TEXTS_NAME; k <= TEXTS_TYPE; k++) {
		ck_assert_ptr_nonnull(texts.unread[k]);
		ck_assert_uint_le(texts.first[k]->text.len, 6);
	}
	read_end();
}
END_TEST

START_TEST(memory_that_is_out_is_said)
{
	const struct mime_part *root = NULL;
	struct slice message = slice_str("A: b\r\n\r\nwords");
	ARENA_AUTO tree = arena_new(100000);
	ARENA_AUTO tight = arena_new(100);
	enum mime_limit limit;

	ck_assert_int_eq(words_open(), 0);
	ck_assert_int_eq(mime_parse(tree, message, &mime_default_limits,
	    &root, &limit), 0);
	texts_read(message, root, ALL, &texts_default_limits, tight, &texts);
	ck_assert_str_eq(texts.unread[TEXTS_BODY], "memory is out");
	words_close();
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof((table)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/texts");
	TCase *tests = tcase_create("texts");

	tcase_add_loop_test(tests, texts_are_what_people_read, 0,
	    COUNT(cases));
	tcase_add_test(tests, the_value_of_a_field_stands_by_itself);
	tcase_add_test(tests, only_what_is_wanted_is_read);
	tcase_add_loop_test(tests, what_cannot_be_read_is_said, 0,
	    COUNT(unread));
	tcase_add_test(tests, junk_before_a_file_is_said);
	tcase_add_test(tests, without_a_tree_only_the_header_is_read);
	tcase_add_test(tests, a_name_with_too_many_parameters_is_said);
	tcase_add_loop_test(tests, each_limit_is_said_and_kept, 0, 9);
	tcase_add_test(tests, what_fits_of_a_long_line_is_there);
	tcase_add_test(tests, a_name_is_a_text_and_keeps_to_its_limit);
	tcase_add_test(tests, memory_that_is_out_is_said);
	suite_add_tcase(suite, tests);
	return suite;
}
