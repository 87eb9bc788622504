/*
 * parse_sync_test.c - what CONDSTORE and QRESYNC add to commands
 */
#include "gateway/imap/parse_sync.h"
#include "lib/base/text.h"
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

static const struct {
	const char	*in;
	bool		 is_good, has_condstore;
} selects[] = {
	{ "", true, false },
	{ " (CONDSTORE)", true, true },
	{ " (condstore CondStore)", true, true },
	{ " ()", false, false },
	{ " (CONDSTORE", false, false },
	{ " (CONDSTORE )", false, false },
	{ " CONDSTORE", false, false },
	{ " (CONDSTORES)", false, false },
	{ " (X)", false, false },
};

/* The ranges of what is known, or "" for all; NULL: it is wrong. */
static const struct {
	const char	*in, *known;
	uint64_t	 modseq;
} resyncs[] = {
	{ " (QRESYNC (67890007 20050715194045000))", "", 20050715194045000 },
	{ " (CONDSTORE QRESYNC (67890007 9))", "", 9 },
	{ " (QRESYNC (67890007 90060115194045000 41:211,214:541))",
	    "41:211 214:541", 90060115194045000 },
	{ " (qresync (67890007 9 7:3,4,1) CONDSTORE)", "1:1 3:7", 9 },
	{ " (QRESYNC (67890007 9 1:3 (1,3 1,3)))", "1:3", 9 },
	{ " (QRESYNC (67890007 9 (1,3 1,3)))", "", 9 },
	{ " (QRESYNC (67890007 0))", "", 0 },
	{ " (QRESYNC)", NULL, 0 },
	{ " (QRESYNC ())", NULL, 0 },
	{ " (QRESYNC (67890007))", NULL, 0 },
	{ " (QRESYNC (67890007 9 1:*))", NULL, 0 },
	{ " (QRESYNC (67890007 9 $))", NULL, 0 },
	{ " (QRESYNC (67890007 9 1 2))", NULL, 0 },
	{ " (QRESYNC (67890007 9 1 (1)))", NULL, 0 },
	{ " (QRESYNC (67890007 9 (1:* 1:*)))", NULL, 0 },
	{ " (QRESYNC (67890007 9223372036854775808))", NULL, 0 },
	{ " (QRESYNC (67890007 9) QRESYNC (67890007 9))", NULL, 0 },
	{ " (QRESYNC (67890007 9", NULL, 0 },
};

/* RFC 7162 7: select-param, known-uids, seq-match-data */
START_TEST(select_says_what_a_client_knows)
{
	struct imapd_parse parse = parse_of(resyncs[_i].in);
	TEXT_AUTO known = TEXT_INIT(1000);
	struct imapd_select select;
	bool good = imapd_select_read(&parse, &select) && imapd_end(&parse);

	ck_assert_int_eq(good, resyncs[_i].known != NULL);
	ck_assert_int_eq(parse.fault == NULL, good);
	if (!good)
		return;
	ck_assert(select.has_qresync);
	ck_assert_uint_eq(select.uidvalidity, 67890007);
	ck_assert_uint_eq(select.modseq, resyncs[_i].modseq);
	for (size_t i = 0; i < select.known.count; i++)
		text_addf(&known, "%s%u:%u", i > 0 ? " " : "",
		    select.known.ranges[i].low, select.known.ranges[i].high);
	ck_assert(slice_is_str(text_slice(&known), resyncs[_i].known));
	ck_assert_int_eq(select.has_known, known.len > 0);
}
END_TEST

/* RFC 7162 7: condstore-param */
START_TEST(select_has_parameters)
{
	struct imapd_parse parse = parse_of(selects[_i].in);
	struct imapd_select select;

	ck_assert_int_eq(imapd_select_read(&parse, &select) &&
	    imapd_end(&parse), selects[_i].is_good);
	ck_assert_int_eq(parse.fault == NULL, selects[_i].is_good);
	if (selects[_i].is_good)
		ck_assert_int_eq(select.has_condstore,
		    selects[_i].has_condstore);
}
END_TEST

static const struct {
	const char	*in;
	bool		 is_good, is_asked;
	uint64_t	 modseq;
	bool		 has_vanished;
} sinces[] = {
	{ "", true, false, 0, false },
	{ " (CHANGEDSINCE 12345)", true, true, 12345, false },
	{ " (changedsince 0)", true, true, 0, false },
	{ " (CHANGEDSINCE 9223372036854775807)", true, true, INT64_MAX, false },
	{ " (CHANGEDSINCE 9223372036854775808)", false, false, 0, false },
	{ " (CHANGEDSINCE 9 VANISHED)", true, true, 9, true },
	{ " (vanished CHANGEDSINCE 9)", true, true, 9, true },
	{ " (VANISHED)", false, false, 0, false },
	{ " (CHANGEDSINCE -1)", false, false, 0, false },
	{ " (CHANGEDSINCE)", false, false, 0, false },
	{ " (CHANGEDSINCE 1 CHANGEDSINCE 1)", false, false, 0, false },
	{ " (CHANGEDSINCE 1", false, false, 0, false },
	{ " (PARTIAL 1:3)", true, false, 0, false },
	{ " (PARTIAL -1:-30 CHANGEDSINCE 98305)", true, true, 98305, false },
	{ " (CHANGEDSINCE 98305 partial -1:-30)", true, true, 98305, false },
	{ " (PARTIAL 1:3 PARTIAL 1:3)", false, false, 0, false },
	{ " (PARTIAL 1:*)", false, false, 0, false },
	{ " (PARTIAL)", false, false, 0, false },
	{ " ()", false, false, 0, false },
	{ " (UNCHANGEDSINCE 1)", false, false, 0, false },
	{ " CHANGEDSINCE 1", false, false, 0, false },
};

/* RFC 7162 7: chgsince-fetch-mod */
START_TEST(fetch_has_modifiers)
{
	struct imapd_parse parse = parse_of(sinces[_i].in);
	struct imapd_since since;

	ck_assert_int_eq(imapd_since_read(&parse, &since) &&
	    imapd_end(&parse), sinces[_i].is_good);
	ck_assert_int_eq(parse.fault == NULL, sinces[_i].is_good);
	if (!sinces[_i].is_good)
		return;
	ck_assert_int_eq(since.is_asked, sinces[_i].is_asked);
	ck_assert_uint_eq(since.modseq, sinces[_i].modseq);
	ck_assert_int_eq(since.has_vanished, sinces[_i].has_vanished);
}
END_TEST

static const struct {
	const char	*in;
	bool		 is_good;
	uint64_t	 modseq;
} stores[] = {
	{ "FLAGS", true, UINT64_MAX },
	{ "(UNCHANGEDSINCE 320162338) FLAGS", true, 320162338 },
	{ "(UNCHANGEDSINCE 0) FLAGS", true, 0 },
	{ "(UNCHANGEDSINCE 1)FLAGS", false, 0 },
	{ "(UNCHANGEDSINCE 1 UNCHANGEDSINCE 1) FLAGS", false, 0 },
	{ "(UNCHANGEDSINCE x) FLAGS", false, 0 },
	{ "(UNCHANGED 1) FLAGS", false, 0 },
	{ "() FLAGS", false, 0 },
};

/* RFC 7162 7: store-modifier */
START_TEST(store_has_a_modifier)
{
	struct imapd_parse parse = parse_of(stores[_i].in);
	uint64_t modseq;

	ck_assert_int_eq(imapd_unchanged_read(&parse, &modseq) &&
	    imapd_word(&parse, "FLAGS"), stores[_i].is_good);
	if (stores[_i].is_good)
		ck_assert_uint_eq(modseq, stores[_i].modseq);
}
END_TEST

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/parse_sync");
	TCase *tcase = tcase_create("parse_sync");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, select_has_parameters, 0, ROWS(selects));
	tcase_add_loop_test(tcase, select_says_what_a_client_knows, 0,
	    ROWS(resyncs));
	tcase_add_loop_test(tcase, fetch_has_modifiers, 0, ROWS(sinces));
	tcase_add_loop_test(tcase, store_has_a_modifier, 0, ROWS(stores));
	suite_add_tcase(suite, tcase);
	return suite;
}
