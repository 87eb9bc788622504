/*
 * parse_metadata_test.c - what GETMETADATA and SETMETADATA ask for
 */
#include <string.h>

#include "gateway/imap/parse_metadata.h"
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
parse_of(struct slice text)
{
	return (struct imapd_parse){ .rest = text, .arena = arena };
}

/* RFC 5464 5, getmetadata; entries with a comma between */
static const struct {
	const char		*in;
	bool			 is_good, is_server;
	const char		*mailbox, *entries;
	uint64_t		 most;
	enum imapd_depth	 depth;
} gets[] = {
	{ "INBOX /private/comment", true, false, "INBOX", "/private/comment",
	    UINT64_MAX, IMAPD_DEPTH_0 },
	{ "\"\" (/shared/comment)", true, true, "", "/shared/comment",
	    UINT64_MAX, IMAPD_DEPTH_0 },
	{ "(MAXSIZE 1024) x (/shared/A \"/Private/b c\")", true, false, "x",
	    "/shared/a,/private/b c", 1024, IMAPD_DEPTH_0 },
	{ "x (DEPTH 1) (/private/filters)", true, false, "x",
	    "/private/filters", UINT64_MAX, IMAPD_DEPTH_1 },
	{ "(depth Infinity maxsize 0) x (/private)", true, false, "x",
	    "/private", 0, IMAPD_DEPTH_INFINITY },
	{ "x ({8+}\r\n/private)", true, false, "x", "/private", UINT64_MAX,
	    IMAPD_DEPTH_0 },
	/* a name that can be none is no server */
	{ "&&& /private", true, false, "", "/private", UINT64_MAX,
	    IMAPD_DEPTH_0 },
	{ "x", false, false, NULL, NULL, 0, 0 },
	{ "x ()", false, false, NULL, NULL, 0, 0 },
	{ "x (/private", false, false, NULL, NULL, 0, 0 },
	{ "x /private /shared", false, false, NULL, NULL, 0, 0 },
	{ "x /privatex", false, false, NULL, NULL, 0, 0 },
	{ "x comment", false, false, NULL, NULL, 0, 0 },
	{ "x /private/", false, false, NULL, NULL, 0, 0 },
	{ "x /private//a", false, false, NULL, NULL, 0, 0 },
	{ "x \"/private/a*\"", false, false, NULL, NULL, 0, 0 },
	{ "x \"/private/a%b\"", false, false, NULL, NULL, 0, 0 },
	{ "x \"/private/\xc3\xa9\"", false, false, NULL, NULL, 0, 0 },
	{ "(DEPTH 2) x /private", false, false, NULL, NULL, 0, 0 },
	{ "(DEPTH) x /private", false, false, NULL, NULL, 0, 0 },
	{ "(MAXSIZE 4294967296) x /private", false, false, NULL, NULL, 0, 0 },
	{ "(FOO 1) x /private", false, false, NULL, NULL, 0, 0 },
};

START_TEST(getmetadata_says_what_it_wants)
{
	struct imapd_parse parse = parse_of(slice_str(gets[_i].in));
	TEXT_AUTO entries = TEXT_INIT(1000);
	struct imapd_getmetadata got;

	ck_assert_int_eq(imapd_getmetadata_read(&parse, &got),
	    gets[_i].is_good);
	ck_assert_int_eq(parse.fault == NULL, gets[_i].is_good);
	if (!gets[_i].is_good)
		return;
	for (size_t i = 0; i < got.count; i++)
		text_addf(&entries, "%s%.*s", i > 0 ? "," : "",
		    SLICE_FMT(got.entries[i]));
	ck_assert(slice_is_str(text_slice(&entries), gets[_i].entries));
	ck_assert(slice_is_str(got.noted.name, gets[_i].mailbox));
	ck_assert_int_eq(got.noted.is_server, gets[_i].is_server);
	ck_assert_uint_eq(got.value_most, gets[_i].most);
	ck_assert_int_eq(got.depth, gets[_i].depth);
}
END_TEST

/* RFC 5464 5, setmetadata */
static const struct {
	struct slice	in;
	int		count;		/* -1: it is wrong */
	bool		removes;	/* the first of them */
	struct slice	value;
} sets[] = {
	{ SLICE("x (/private/a \"b\")"), 1, false, SLICE("b") },
	{ SLICE("x (/private/a NIL /shared/b \"\")"), 2, true, SLICE("") },
	{ SLICE("x (/private/a ~{3+}\r\n\0\r\n)"), 1, false,
	    SLICE("\0\r\n") },
	{ SLICE("x (/private/a {3+}\r\nNIL)"), 1, false, SLICE("NIL") },
	{ SLICE("x (/private/a b)"), -1, false, SLICE("") },
	{ SLICE("x (/private \"b\")"), -1, false, SLICE("") },
	{ SLICE("x (/private/a)"), -1, false, SLICE("") },
	{ SLICE("x ()"), -1, false, SLICE("") },
	{ SLICE("x /private/a \"b\""), -1, false, SLICE("") },
	{ SLICE("x (/private/a \"b\""), -1, false, SLICE("") },
	{ SLICE("x (/private/a \"b\") "), -1, false, SLICE("") },
	{ SLICE("x (/private/a ~{9+}\r\nb)"), -1, false, SLICE("") },
};

START_TEST(setmetadata_says_what_it_wants)
{
	struct imapd_parse parse = parse_of(sets[_i].in);
	struct imapd_setmetadata got;
	bool is_good = sets[_i].count >= 0;

	ck_assert_int_eq(imapd_setmetadata_read(&parse, &got), is_good);
	ck_assert_int_eq(parse.fault == NULL, is_good);
	if (!is_good)
		return;
	ck_assert_uint_eq(got.count, (size_t)sets[_i].count);
	ck_assert(slice_is_str(got.changes[0].name, "/private/a"));
	ck_assert_int_eq(got.changes[0].removes, sets[_i].removes);
	ck_assert(slice_is(got.changes[0].value, sets[_i].value));
}
END_TEST

/* At the limit and one above. */
START_TEST(a_command_names_so_many_entries)
{
	for (int count = IMAPD_ENTRIES_MOST; count <= IMAPD_ENTRIES_MOST + 1;
	    count++) {
		TEXT_AUTO get = TEXT_INIT(65536);
		TEXT_AUTO set = TEXT_INIT(65536);
		struct imapd_getmetadata got;
		struct imapd_setmetadata done;
		struct imapd_parse parse;

		for (int i = 0; i < count; i++) {
			text_addf(&get, "%s/private/%d", i == 0 ? "x (" : " ",
			    i);
			text_addf(&set, "%s/private/%d NIL",
			    i == 0 ? "x (" : " ", i);
		}
		text_add_byte(&get, ')');
		text_add_byte(&set, ')');
		parse = parse_of(text_slice(&get));
		ck_assert_int_eq(imapd_getmetadata_read(&parse, &got),
		    count == IMAPD_ENTRIES_MOST);
		parse = parse_of(text_slice(&set));
		ck_assert_int_eq(imapd_setmetadata_read(&parse, &done),
		    count == IMAPD_ENTRIES_MOST);
	}
}
END_TEST

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/parse_metadata");
	TCase *tcase = tcase_create("parse_metadata");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, getmetadata_says_what_it_wants, 0,
	    ROWS(gets));
	tcase_add_loop_test(tcase, setmetadata_says_what_it_wants, 0,
	    ROWS(sets));
	tcase_add_test(tcase, a_command_names_so_many_entries);
	suite_add_tcase(suite, tcase);
	return suite;
}
