/*
 * parse_command_test.c - what FETCH and SEARCH ask for
 */
#include <string.h>

#include "gateway/imap/parse_fetch.h"
#include "gateway/imap/parse_sort.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

static struct arena *arena;

static void
set_up(void)
{
	arena = arena_new(IMAPD_PARSE_BYTES);
	ck_assert_ptr_nonnull(arena);
	ck_assert_int_eq(words_open(), 0);
}

static void
tear_down(void)
{
	words_close();
	arena_free(arena);
}

static struct imapd_parse
parse_of(const char *text)
{
	return (struct imapd_parse){
		.rest = slice_str(text), .arena = arena
	};
}

/* Items, and the kind, section and bytes of the last; count 0: wrong. */
static const struct {
	const char		*in;
	size_t			 count;
	enum imapd_item_kind	 kind;
	const char		*section;
	bool			 peeks;
	size_t			 fields;
	uint64_t		 first, most;
} items[] = {
	{ "FLAGS", 1, IMAPD_FLAGS, "", true, 0, 0, 0 },
	{ "(uid Flags)", 2, IMAPD_FLAGS, "", true, 0, 0, 0 },
	{ "ALL", 4, IMAPD_ENVELOPE, "", true, 0, 0, 0 },
	{ "FAST", 3, IMAPD_SIZE, "", true, 0, 0, 0 },
	{ "FULL", 5, IMAPD_BODY, "", true, 0, 0, 0 },
	{ "BODY", 1, IMAPD_BODY, "", true, 0, 0, 0 },
	{ "BODYSTRUCTURE", 1, IMAPD_BODYSTRUCTURE, "", true, 0, 0, 0 },
	{ "BODY[]", 1, IMAPD_SECTION, "", false, 0, 0, 0 },
	{ "BODY.PEEK[1.2.MIME]<5.10>", 1, IMAPD_SECTION, "1.2.MIME", true, 0,
	    5, 10 },
	{ "BODY[2.HEADER.FIELDS (To \"From\")]", 1, IMAPD_SECTION,
	    "2.HEADER.FIELDS", false, 2, 0, 0 },
	{ "BODY[HEADER.FIELDS.NOT (x)]", 1, IMAPD_SECTION,
	    "HEADER.FIELDS.NOT", false, 1, 0, 0 },
	{ "BINARY[3]<0.7>", 1, IMAPD_BINARY, "3", false, 0, 0, 7 },
	{ "BINARY.PEEK[3]", 1, IMAPD_BINARY, "3", true, 0, 0, 0 },
	{ "BINARY.SIZE[3.1]", 1, IMAPD_BINARY_SIZE, "3.1", true, 0, 0, 0 },
	{ "RFC822", 1, IMAPD_SECTION, "", false, 0, 0, 0 },
	{ "RFC822.HEADER", 1, IMAPD_SECTION, "HEADER", true, 0, 0, 0 },
	{ "RFC822.TEXT", 1, IMAPD_SECTION, "TEXT", false, 0, 0, 0 },
	{ "RFC822.SIZE", 1, IMAPD_SIZE, "", true, 0, 0, 0 },
	{ "(PREVIEW (LAZY) EMAILID)", 2, IMAPD_EMAILID, "", true, 0, 0, 0 },
	{ "()", 0, 0, "", false, 0, 0, 0 },
	{ "(FLAGS", 0, 0, "", false, 0, 0, 0 },
	{ "(ALL)", 0, 0, "", false, 0, 0, 0 },
	{ "FLAGS UID", 0, 0, "", false, 0, 0, 0 },
	{ "BODY.PEEK", 0, 0, "", false, 0, 0, 0 },
	{ "BODY[", 0, 0, "", false, 0, 0, 0 },
	{ "BODY[0]", 0, 0, "", false, 0, 0, 0 },
	{ "BODY[MIME]", 0, 0, "", false, 0, 0, 0 },
	{ "BODY[HEADER.FIELDS]", 0, 0, "", false, 0, 0, 0 },
	{ "BODY[HEADER.FIELDS ()]", 0, 0, "", false, 0, 0, 0 },
	{ "BODY[]<1>", 0, 0, "", false, 0, 0, 0 },
	{ "BODY[]<1.0>", 0, 0, "", false, 0, 0, 0 },
	{ "BINARY[1.TEXT]", 0, 0, "", false, 0, 0, 0 },
	{ "BINARY.SIZE[1]<0.1>", 0, 0, "", false, 0, 0, 0 },
	{ "X-GM-LABELS", 0, 0, "", false, 0, 0, 0 },
};

/* RFC 9051 9: fetch-att; RFC 3501 9; RFC 3516 4 */
START_TEST(fetch_says_what_it_wants)
{
	struct imapd_parse parse = parse_of(items[_i].in);
	TEXT_AUTO section = TEXT_INIT(1000);
	const struct imapd_item *last;
	struct imapd_items got;

	ck_assert_int_eq(imapd_items(&parse, &got) && imapd_end(&parse),
	    items[_i].count > 0);
	if (items[_i].count == 0)
		return;
	ck_assert_uint_eq(got.count, items[_i].count);
	last = &got.items[got.count - 1];
	ck_assert_int_eq(last->kind, items[_i].kind);
	section_write(&section, &last->section);
	ck_assert(slice_is_str(text_slice(&section), items[_i].section));
	ck_assert_int_eq(last->peeks, items[_i].peeks);
	ck_assert_uint_eq(last->field_count, items[_i].fields);
	ck_assert_uint_eq(last->first, items[_i].first);
	ck_assert_uint_eq(last->most, items[_i].most);
}
END_TEST

/* HARDENING A32 */
START_TEST(a_fetch_has_at_most_so_many_items)
{
	for (int many = IMAPD_ITEMS_MOST; many <= IMAPD_ITEMS_MOST + 1;
	    many++) {
		TEXT_AUTO text = TEXT_INIT(65536);
		struct imapd_parse parse;
		struct imapd_items got;

		for (int i = 0; i < many; i++)
			text_add_str(&text, i == 0 ? "(UID" : " UID");
		text_add(&text, slice_of(")", 2));
		parse = parse_of(text.at);
		ck_assert_int_eq(imapd_items(&parse, &got),
		    many == IMAPD_ITEMS_MOST);
	}
}
END_TEST

/* Searches, and their first key; returns -1: wrong. */
static const struct {
	const char		*in;
	int			 returns;
	enum imapd_key_kind	 kind;
	const char		*text;
} searches[] = {
	{ "ALL", 0, IMAPD_KEY_ALL, "" },
	{ "UNSEEN 1:*", 0, IMAPD_KEY_NO_FLAG, "" },
	{ "RETURN () ALL", IMAPD_RETURN_ALL, IMAPD_KEY_ALL, "" },
	{ "RETURN (MIN count SAVE) 1", IMAPD_RETURN_MIN | IMAPD_RETURN_COUNT |
	    IMAPD_RETURN_SAVE, IMAPD_KEY_SET, "" },
	{ "CHARSET iso-8859-1 SUBJECT {1}\r\n\xe9", 0, IMAPD_KEY_HEADER,
	    "\xc3\xa9" },
	{ "CHARSET UTF-8 TEXT \"\xc3\xa9\"", 0, IMAPD_KEY_TEXT, "\xc3\xa9" },
	{ "(OR SEEN (DRAFT DELETED)) NOT FROM x", 0, IMAPD_KEY_AND, "" },
	{ "OR FROM a FROM b", 0, IMAPD_KEY_OR, "" },
	{ "HEADER X-Y \"\"", 0, IMAPD_KEY_HEADER, "" },
	{ "UID $", 0, IMAPD_KEY_UIDS, "" },
	{ "SENTSINCE \"1-Feb-1994\"", 0, IMAPD_KEY_SENT_SINCE, "" },
	{ "YOUNGER 60", 0, IMAPD_KEY_YOUNGER, "" },
	{ "OLDER 4294967295", 0, IMAPD_KEY_OLDER, "" },
	{ "MODSEQ \"/flags/\\\\draft\" all 620162338", 0, IMAPD_KEY_MODSEQ,
	    "" },
	{ "NEW", 0, IMAPD_KEY_NEW, "" },
	{ "OLD", 0, IMAPD_KEY_OLD, "" },
	{ "RECENT", 0, IMAPD_KEY_RECENT, "" },
	{ "EMAILID M6d99ac3275bb4e-1", 0, IMAPD_KEY_EMAILID,
	    "M6d99ac3275bb4e-1" },
	{ "THREADID T64b478a75b7ea9", 0, IMAPD_KEY_NONE,
	    "T64b478a75b7ea9" },
	{ "EMAILID", -1, 0, "" },
	{ "MODSEQ 0", 0, IMAPD_KEY_MODSEQ, "" },
	{ "MODSEQ 9223372036854775808", -1, 0, "" },
	{ "MODSEQ \"/flags/x\" 1", -1, 0, "" },
	{ "MODSEQ \"/comment\" all 1", -1, 0, "" },
	{ "MODSEQ \"/flags/x\" mine 1", -1, 0, "" },
	{ "", -1, 0, "" },
	{ "OR SEEN", -1, 0, "" },
	{ "NOT", -1, 0, "" },
	{ "(SEEN", -1, 0, "" },
	{ "()", -1, 0, "" },
	{ "SEEN ", -1, 0, "" },
	{ "SUBJECT", -1, 0, "" },
	{ "BEFORE yesterday", -1, 0, "" },
	{ "LARGER x", -1, 0, "" },
	{ "YOUNGER 0", -1, 0, "" },
	{ "OLDER 4294967296", -1, 0, "" },
	{ "YOUNGER 9223372036854775807", -1, 0, "" },
	{ "RETURN (ALL)", -1, 0, "" },
	{ "RETURN (FOO) ALL", -1, 0, "" },
	{ "RETURN (COUNT PARTIAL -1:-100 SAVE) ALL", IMAPD_RETURN_COUNT |
	    IMAPD_RETURN_PARTIAL | IMAPD_RETURN_SAVE, IMAPD_KEY_ALL, "" },
	{ "RETURN (PARTIAL 1:2 PARTIAL 3:4) ALL", -1, 0, "" },
	{ "RETURN (PARTIAL 1:2 ALL) ALL", -1, 0, "" },
	{ "RETURN (ALL PARTIAL 1:2) ALL", -1, 0, "" },
	{ "RETURN (PARTIAL) ALL", -1, 0, "" },
	{ "FOO", -1, 0, "" },
};

/* RFC 9051 9: search */
START_TEST(search_says_what_it_wants)
{
	struct imapd_parse parse = parse_of(searches[_i].in);
	struct imapd_search got;

	ck_assert_int_eq(imapd_search_read(&parse, &got),
	    searches[_i].returns >= 0);
	if (searches[_i].returns < 0) {
		ck_assert_ptr_nonnull(parse.fault);
		return;
	}
	ck_assert_uint_eq(got.returns, (unsigned)searches[_i].returns);
	ck_assert_int_eq(got.keys->kind, searches[_i].kind);
	ck_assert(slice_is_str(got.keys->text, searches[_i].text));
	ck_assert(!got.bad_charset);
}
END_TEST

START_TEST(a_charset_nobody_knows_is_said)
{
	struct imapd_parse parse = parse_of("CHARSET x-none ALL");
	struct imapd_search got;

	ck_assert(imapd_search_read(&parse, &got));
	ck_assert(got.bad_charset);
}
END_TEST

static const struct {
	const char	*in;
	bool		 is_sort, is_good;
	const char	*text;
} in_utf8[] = {
	{ "SUBJECT \"\xc3\xa9\"",		false, true, "\xc3\xa9" },
	{ "SUBJECT \"\xe9\"",			false, false, "" },
	{ "CHARSET UTF-8 SUBJECT x",		false, false, "" },
	{ "CHARSET US-ASCII SUBJECT x",		false, false, "" },
	{ "RETURN () CHARSET UTF-8 ALL",	false, false, "" },
	{ "(DATE) UTF-8 SUBJECT \"\xc3\xa9\"",	true, true, "\xc3\xa9" },
	{ "(DATE) us-ascii SUBJECT \"\xc3\xa9\"", true, true, "\xc3\xa9" },
	{ "(DATE) ISO-8859-1 ALL",		true, false, "" },
	{ "(DATE) x-none ALL",			true, false, "" },
};

/* RFC 9755 3, and erratum 4029 of RFC 6855 */
START_TEST(after_utf8_accept_all_strings_are_utf8)
{
	struct imapd_parse parse = parse_of(in_utf8[_i].in);
	struct imapd_search search;
	struct imapd_sort sort;
	bool good;

	parse.has_no_charset = true;
	good = in_utf8[_i].is_sort ? imapd_sort_read(&parse, &sort) :
	    imapd_search_read(&parse, &search);
	ck_assert_int_eq(good, in_utf8[_i].is_good);
	ck_assert_int_eq(parse.fault == NULL, good);
	if (!good)
		return;
	if (in_utf8[_i].is_sort)
		search = sort.search;
	ck_assert(!search.bad_charset);
	ck_assert(slice_is_str(search.keys->text, in_utf8[_i].text));
}
END_TEST

/* HARDENING A32: depth 32, 500 keys, at the limit and one above */
START_TEST(a_search_has_a_depth_and_a_size)
{
	for (int depth = 30; depth <= 33; depth++) {
		TEXT_AUTO text = TEXT_INIT(65536);
		struct imapd_parse parse;
		struct imapd_search got;

		for (int i = 1; i < depth; i++)
			text_add_str(&text, "NOT ");
		text_add(&text, slice_of("ALL", 4));
		parse = parse_of(text.at);
		ck_assert_int_eq(imapd_search_read(&parse, &got),
		    depth <= IMAPD_KEYS_DEPTH);
	}
	for (int keys = IMAPD_KEYS_MOST; keys <= IMAPD_KEYS_MOST + 1; keys++) {
		TEXT_AUTO text = TEXT_INIT(65536);
		struct imapd_parse parse;
		struct imapd_search got;

		for (int i = 0; i < keys; i++)
			text_add_str(&text, i == 0 ? "ALL" : " ALL");
		text_add_byte(&text, '\0');
		parse = parse_of(text.at);
		ck_assert_int_eq(imapd_search_read(&parse, &got),
		    keys == IMAPD_KEYS_MOST);
	}
}
END_TEST

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/parse_command");
	TCase *tcase = tcase_create("parse_command");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, fetch_says_what_it_wants, 0, ROWS(items));
	tcase_add_test(tcase, a_fetch_has_at_most_so_many_items);
	tcase_add_loop_test(tcase, search_says_what_it_wants, 0,
	    ROWS(searches));
	tcase_add_test(tcase, a_charset_nobody_knows_is_said);
	tcase_add_loop_test(tcase, after_utf8_accept_all_strings_are_utf8, 0,
	    ROWS(in_utf8));
	tcase_add_test(tcase, a_search_has_a_depth_and_a_size);
	suite_add_tcase(suite, tcase);
	return suite;
}
