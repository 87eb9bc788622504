/*
 * parse_test.c - the words of an IMAP command
 */
#include <string.h>

#include "gateway/imap/parse.h"
#include "gateway/imap/parse_list.h"
#include "lib/base/zone.h"
#include "store/selected.h"
#include "tests/unit/unit.h"

static struct arena *arena;

static void
set_up(void)
{
	arena = arena_new(IMAPD_PARSE_BYTES);
	ck_assert_ptr_nonnull(arena);
}

static void
tear_down(void)
{
	arena_free(arena);
}

static struct imapd_parse
parse_of(const char *text)
{
	return (struct imapd_parse){
		.rest = slice_str(text), .arena = arena
	};
}

/* Strings and what they mean; NULL: none. */
static const struct {
	const char	*in;
	const char	*want;
	const char	*rest;
} astrings[] = {
	{ "abc def",		"abc",		" def" },
	{ "a]b",		"a]b",		"" },
	{ "\"a b\" c",		"a b",		" c" },
	{ "\"a\\\"b\\\\\"",	"a\"b\\",	"" },
	{ "\"\"",		"",		"" },
	{ "\"\xc3\xa9\"",	"\xc3\xa9",	"" },
	{ "{3}\r\na\"b x",	"a\"b",		" x" },
	{ "{0}\r\n",		"",		"" },
	{ "{2+}\r\nab",		"ab",		"" },
	{ "",			NULL,		NULL },
	{ "(a",			NULL,		NULL },
	{ "\"abc",		NULL,		NULL },
	{ "\"abc\\",		NULL,		NULL },
	{ "\"a\\bc\"",		NULL,		NULL },
	{ "\"\xc3\"",		NULL,		NULL },
	{ "\"a\r\n\"",		NULL,		NULL },
	{ "{3}\r\nab",		NULL,		NULL },
	{ "{x}\r\nab",		NULL,		NULL },
	{ "{3}ab",		NULL,		NULL },
};

/* RFC 9051 9: astring, quoted, literal */
START_TEST(a_string_is_what_it_says)
{
	struct imapd_parse parse = parse_of(astrings[_i].in);
	struct slice string;

	ck_assert_int_eq(imapd_astring(&parse, &string),
	    astrings[_i].want != NULL);
	ck_assert_int_eq(parse.fault == NULL, astrings[_i].want != NULL);
	if (astrings[_i].want == NULL)
		return;
	ck_assert(slice_is_str(string, astrings[_i].want));
	ck_assert(slice_is_str(parse.rest, astrings[_i].rest));
}
END_TEST

/* Names of mailboxes, as the client says them; "": none. */
static const struct {
	bool		 utf8;
	const char	*in;
	const char	*want;
} names[] = {
	{ false, "inBox",		"INBOX" },
	{ false, "inbox/a",		"inbox/a" },
	{ false, "\"Caf&AOk-\"",	"Caf\xc3\xa9" },
	{ false, "\"a &- b\"",		"a & b" },
	{ false, "\"a & b\"",		"" },
	{ true,	 "\"a & b\"",		"a & b" },
	{ true,	 "\"Caf\xc3\xa9\"",	"Caf\xc3\xa9" },
	{ true,	 "{1}\r\n\xff",		"" },
};

/* RFC 3501 5.1.3, RFC 9051 5.1 */
START_TEST(a_mailbox_name_is_utf_8)
{
	struct imapd_parse parse = parse_of(names[_i].in);
	struct slice name;

	parse.utf8 = names[_i].utf8;
	ck_assert(imapd_mailbox(&parse, &name));
	ck_assert(slice_is_str(name, names[_i].want));
}
END_TEST

/* Sets, for a mailbox whose last message is 10. */
static const struct {
	const char	*in;
	const char	*want;	/* NULL: none */
} sets[] = {
	{ "1",			"1-1" },
	{ "1:3",		"1-3" },
	{ "3:1",		"1-3" },
	{ "5:*",		"5-10" },
	{ "*:12",		"10-12" },
	{ "*",			"10-10" },
	{ "2,4:7,9,12:*",	"2-2 4-7 9-9 10-12" },
	{ "1:5,3:8,8,2",	"1-8" },
	{ "4294967295",		"4294967295-4294967295" },
	{ "$",			"$" },
	{ "0",			NULL },
	{ "4294967296",		NULL },
	{ "1:",			NULL },
	{ "1,",			NULL },
	{ ",1",			NULL },
	{ "",			NULL },
	{ "a",			NULL },
	{ "-1",			NULL },
};

/* RFC 9051 9: sequence-set */
START_TEST(a_set_is_ranges_in_order)
{
	struct imapd_parse parse = parse_of(sets[_i].in);
	TEXT_AUTO text = TEXT_INIT(200);
	struct imapd_set set;

	ck_assert_int_eq(imapd_set(&parse, &set), sets[_i].want != NULL);
	if (sets[_i].want == NULL)
		return;
	ck_assert(imapd_end(&parse));
	imapd_set_ranges(&set, 10);
	for (size_t i = 0; i < set.count; i++)
		text_addf(&text, "%s%u-%u", i > 0 ? " " : "",
		    set.ranges[i].low, set.ranges[i].high);
	if (set.is_saved)
		text_add_str(&text, "$");
	ck_assert(slice_is_str(text_slice(&text), sets[_i].want));
}
END_TEST

START_TEST(a_number_is_in_a_set_or_not)
{
	struct imapd_parse parse = parse_of("2,4:7,9");
	struct imapd_set set;
	uint32_t in = 0;

	ck_assert(imapd_set(&parse, &set));
	imapd_set_ranges(&set, 9);
	for (uint32_t n = 0; n < 12; n++)
		if (imapd_set_has(&set, n))
			in |= 1u << n;
	ck_assert_uint_eq(in, 1u << 2 | 0xfu << 4 | 1u << 9);
}
END_TEST

static const struct {
	const char	*in;
	int		 bits;		/* -1: wrong */
	const char	*keywords;
} flags[] = {
	{ "()",				0,		"" },
	{ "(\\Seen)",			LETTER_SEEN,	"" },
	{ "(\\seen \\DELETED $Work)",	LETTER_SEEN | LETTER_DELETED,
	    "$Work" },
	{ "\\Answered Urgent urgent x",	LETTER_ANSWERED, "Urgent x" },
	{ "(\\Recent)",			-1,		NULL },
	{ "(\\Seen",			-1,		NULL },
	{ "(\\Seen  x)",		-1,		NULL },
	{ "(a%)",			-1,		NULL },
	{ "",				-1,		NULL },
};

/* RFC 9051 2.3.2 */
START_TEST(flags_are_bits_and_keywords)
{
	struct imapd_parse parse = parse_of(flags[_i].in);
	TEXT_AUTO text = TEXT_INIT(200);
	struct imapd_flags got;

	ck_assert_int_eq(imapd_flags(&parse, false, &got) &&
	    imapd_end(&parse), flags[_i].bits >= 0);
	if (flags[_i].bits < 0)
		return;
	ck_assert_int_eq(got.bits, flags[_i].bits);
	for (size_t i = 0; i < got.count; i++)
		text_addf(&text, "%s%.*s", i > 0 ? " " : "",
		    SLICE_FMT(got.keywords[i]));
	ck_assert(slice_is_str(text_slice(&text), flags[_i].keywords));
}
END_TEST

/* HARDENING 2: 64 characters, 200 in a command */
START_TEST(keywords_have_limits)
{
	TEXT_AUTO text = TEXT_INIT(65536);
	struct imapd_flags got;
	struct imapd_parse parse;

	for (int i = 0; i < 64; i++)
		text_add_byte(&text, 'k');
	text_add_byte(&text, '\0');
	parse = parse_of(text.at);
	ck_assert(imapd_flags(&parse, false, &got));
	text.len--;
	text_add(&text, (struct slice){ "k", 2 });
	parse = parse_of(text.at);
	ck_assert(!imapd_flags(&parse, false, &got));
	for (int many = 200; many <= 201; many++) {
		text_clear(&text);
		for (int i = 0; i < many; i++)
			text_addf(&text, "%sk%d", i > 0 ? " " : "", i);
		text_add_byte(&text, '\0');
		parse = parse_of(text.at);
		ck_assert_int_eq(imapd_flags(&parse, false, &got),
		    many == 200);
	}
}
END_TEST

static const struct {
	const char	*in;
	int64_t		 want;	/* seconds since 1970; -1: none */
} dates[] = {
	{ "\"17-Jul-1996 02:44:25 -0700\"",	837596665 },
	{ "\" 1-jan-1970 00:00:00 +0000\"",	0 },
	{ "\"01-Jan-1970 07:00:01 +0700\"",	1 },
	{ "\"29-Feb-2024 23:59:60 +0000\"",	1709251200 },
	{ "\"29-Feb-2023 00:00:00 +0000\"",	-1 },
	{ "\"32-Jan-2023 00:00:00 +0000\"",	-1 },
	{ "\"0-Jan-2023 00:00:00 +0000\"",	-1 },
	{ "\"1-Jnn-2023 00:00:00 +0000\"",	-1 },
	{ "\"1-Jan-2023 24:00:00 +0000\"",	-1 },
	{ "\"1-Jan-2023 00:00:00 0000\"",	-1 },
	{ "\"1-Jan-2023 00:00:00 +0000",	-1 },
	{ "1-Jan-2023 00:00:00 +0000",		-1 },
	{ "\"1-Jan-2023",			-1 },
};

/* RFC 9051 9: date-time */
START_TEST(a_date_and_time_is_an_instant)
{
	struct imapd_parse parse = parse_of(dates[_i].in);
	TEXT_AUTO text = TEXT_INIT(100);
	int64_t ms = 0, back = 0;

	ck_assert_int_eq(imapd_date_time(&parse, &ms), dates[_i].want >= 0);
	if (dates[_i].want < 0)
		return;
	ck_assert_int_eq(ms, dates[_i].want * 1000);
	/* what is told of it is the same instant */
	imapd_add_date_time(&text, ms);
	text_add_byte(&text, '\0');
	parse = parse_of(text.at);
	ck_assert(imapd_date_time(&parse, &back));
	ck_assert_int_eq(back, ms);
}
END_TEST

static const struct {
	const char	*zone;
	int64_t		 seconds;
	const char	*want;
} told[] = {
	{ "UTC",	837596665, "\"17-Jul-1996 09:44:25 +0000\"" },
	{ "Asia/Jakarta", 837596665, "\"17-Jul-1996 16:44:25 +0700\"" },
	{ "Asia/Jakarta", 837623000, "\"18-Jul-1996 00:03:20 +0700\"" },
	{ "America/St_Johns", 837596665, "\"17-Jul-1996 07:14:25 -0230\"" },
	{ "America/St_Johns", 0, "\"31-Dec-1969 20:30:00 -0330\"" },
};

/* RFC 9051 2.3.3: INTERNALDATE is told as the office's clock showed it */
START_TEST(an_instant_is_told_in_the_zone_of_the_office)
{
	TEXT_AUTO text = TEXT_INIT(100);

	ck_assert_int_eq(zone_open(told[_i].zone), 0);
	imapd_add_date_time(&text, told[_i].seconds * 1000);
	text_add_byte(&text, '\0');
	ck_assert_str_eq(text.at, told[_i].want);
	ck_assert_int_eq(zone_open("UTC"), 0);
}
END_TEST

/* RFC 9051 9: date, with quotes and without */
START_TEST(a_date_is_a_day)
{
	static const char *const days[] = { "1-Feb-1994", "\"1-Feb-1994\"",
	    "01-feb-1994" };
	int32_t day;

	for (size_t i = 0; i < sizeof(days) / sizeof(*days); i++) {
		struct imapd_parse parse = parse_of(days[i]);

		ck_assert(imapd_date(&parse, &day) && imapd_end(&parse));
		ck_assert_int_eq(day, 8797);
	}
}
END_TEST

static const struct {
	const char	*pattern, *name;
	bool		 matches;
} patterns[] = {
	{ "*",		"INBOX",	true },
	{ "*",		"a/b/c",	true },
	{ "%",		"a",		true },
	{ "%",		"a/b",		false },
	{ "%/%",	"a/b",		true },
	{ "%/%",	"a/b/c",	false },
	{ "a/%",	"a/b",		true },
	{ "a/%",	"a",		false },
	{ "a*c",	"a/b/c",	true },
	{ "a*c",	"a/b/d",	false },
	{ "%b%",	"abc",		true },
	{ "*%",		"a/b",		true },
	{ "%*",		"a/b",		true },
	{ "a%*c",	"axx/yc",	true },
	{ "inbox",	"INBOX",	true },
	{ "InB%",	"INBOX",	true },
	{ "INBOX/%",	"INBOX/a",	true },
	{ "A",		"a",		false },
	{ "",		"a",		false },
	{ "*x%y",	"a/bx/cxdy",	true },
	{ "*x%y",	"a/bx/cy",	false },
	{ "*inbox*",	"INBOX",	true },
	{ "%%**i%",	"INBOX",	true },
	{ "*inbox*",	"INBOX2",	false },
	{ "%a%/%b*c",	"xaa/abb/dc",	true },
	{ "%a%/%b%c",	"xaa/abb/dc",	false },
	{ "",		"",		true },
	{ "**",		"",		true },
};

/* RFC 9051 6.3.9 */
START_TEST(a_pattern_matches_names)
{
	ck_assert_int_eq(imapd_list_matches(slice_str(patterns[_i].pattern),
	    slice_str(patterns[_i].name)), patterns[_i].matches);
}
END_TEST

/* HARDENING A37: time grows with the length, not with its square */
START_TEST(a_pattern_of_stars_costs_no_more_than_a_scan)
{
	TEXT_AUTO name = TEXT_INIT(2000);
	TEXT_AUTO pattern = TEXT_INIT(2000);
	uint64_t began = cpu_ms();

	for (int i = 0; i < 999; i++)
		text_add_byte(&name, 'a');
	for (int i = 0; i < 450; i++)
		text_add_str(&pattern, i % 2 == 0 ? "%a" : "*a");
	text_add_byte(&pattern, 'b');
	for (int i = 0; i < 20; i++)
		ck_assert(!imapd_list_matches(text_slice(&pattern),
		    text_slice(&name)));
	ck_assert_uint_lt(cpu_ms() - began, 1000);
}
END_TEST

static const struct {
	const char	*in;
	bool		 is;
	unsigned	 select, returns, status;
	size_t		 patterns;
} lists[] = {
	{ "\"\" \"*\"",		true, 0, 0, 0, 1 },
	{ "\"\" %",		true, 0, 0, 0, 1 },
	{ "(SUBSCRIBED) \"\" *", true, IMAPD_LIST_SUBSCRIBED, 0, 0, 1 },
	{ "() \"\" (\"a\" b%)",	true, 0, 0, 0, 2 },
	{ "(SUBSCRIBED RECURSIVEMATCH) \"\" %", true,
	    IMAPD_LIST_SUBSCRIBED | IMAPD_LIST_RECURSIVE, 0, 0, 1 },
	{ "(RECURSIVEMATCH) \"\" %", false, 0, 0, 0, 0 },
	{ "\"\" % RETURN (CHILDREN STATUS (MESSAGES UIDNEXT) SPECIAL-USE)",
	    true, 0, IMAPD_LIST_CHILDREN | IMAPD_LIST_STATUS |
	    IMAPD_LIST_SPECIAL, IMAPD_STATUS_MESSAGES | IMAPD_STATUS_UIDNEXT,
	    1 },
	{ "\"\" % RETURN ()",	true, 0, 0, 0, 1 },
	{ "\"\" % RETURN (NOSUCH)", false, 0, 0, 0, 0 },
	{ "(NOSUCH) \"\" %",	false, 0, 0, 0, 0 },
	{ "\"\"",		false, 0, 0, 0, 0 },
	{ "\"\" % more",	false, 0, 0, 0, 0 },
	{ "\"\" (a",		false, 0, 0, 0, 0 },
};

/* RFC 9051 6.3.9, RFC 5258 3 */
START_TEST(list_says_what_it_wants)
{
	struct imapd_parse parse = parse_of(lists[_i].in);
	struct imapd_list list;

	ck_assert_int_eq(imapd_list_read(&parse, &list), lists[_i].is);
	if (!lists[_i].is)
		return;
	ck_assert_uint_eq(list.select, lists[_i].select);
	ck_assert_uint_eq(list.returns, lists[_i].returns);
	ck_assert_uint_eq(list.status, lists[_i].status);
	ck_assert_uint_eq(list.pattern_count, lists[_i].patterns);
}
END_TEST

static const struct {
	const char	*in;
	bool		 is;
} ids[] = {
	{ "NIL",				true },
	{ "()",					true },
	{ "(\"name\" \"x\" \"os\" NIL)",	true },
	{ "(\"name\")",				false },
	{ "(\"name\" \"x\"",			false },
	{ "name",				false },
};

/* RFC 2971 3.1 */
START_TEST(an_id_is_a_list_of_pairs)
{
	struct imapd_parse parse = parse_of(ids[_i].in);

	ck_assert_int_eq(imapd_id_read(&parse), ids[_i].is);
}
END_TEST

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/parse");
	TCase *tcase = tcase_create("parse");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_string_is_what_it_says, 0,
	    ROWS(astrings));
	tcase_add_loop_test(tcase, a_mailbox_name_is_utf_8, 0,
	    ROWS(names));
	tcase_add_loop_test(tcase, a_set_is_ranges_in_order, 0, ROWS(sets));
	tcase_add_test(tcase, a_number_is_in_a_set_or_not);
	tcase_add_loop_test(tcase, flags_are_bits_and_keywords, 0,
	    ROWS(flags));
	tcase_add_test(tcase, keywords_have_limits);
	tcase_add_loop_test(tcase,
	    an_instant_is_told_in_the_zone_of_the_office, 0, ROWS(told));
	tcase_add_loop_test(tcase, a_date_and_time_is_an_instant,
	    0, ROWS(dates));
	tcase_add_test(tcase, a_date_is_a_day);
	tcase_add_loop_test(tcase, a_pattern_matches_names, 0,
	    ROWS(patterns));
	tcase_add_test(tcase, a_pattern_of_stars_costs_no_more_than_a_scan);
	tcase_add_loop_test(tcase, list_says_what_it_wants, 0, ROWS(lists));
	tcase_add_loop_test(tcase, an_id_is_a_list_of_pairs, 0, ROWS(ids));
	suite_add_tcase(suite, tcase);
	return suite;
}
