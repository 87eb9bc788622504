/*
 * parse_sync_test.c - what CONDSTORE adds to commands
 */
#include "gateway/imap/parse_sync.h"
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
} sinces[] = {
	{ "", true, false, 0 },
	{ " (CHANGEDSINCE 12345)", true, true, 12345 },
	{ " (changedsince 0)", true, true, 0 },
	{ " (CHANGEDSINCE 9223372036854775807)", true, true, INT64_MAX },
	{ " (CHANGEDSINCE 9223372036854775808)", false, false, 0 },
	{ " (CHANGEDSINCE -1)", false, false, 0 },
	{ " (CHANGEDSINCE)", false, false, 0 },
	{ " (CHANGEDSINCE 1 CHANGEDSINCE 1)", false, false, 0 },
	{ " (CHANGEDSINCE 1", false, false, 0 },
	{ " ()", false, false, 0 },
	{ " (UNCHANGEDSINCE 1)", false, false, 0 },
	{ " CHANGEDSINCE 1", false, false, 0 },
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
	tcase_add_loop_test(tcase, fetch_has_modifiers, 0, ROWS(sinces));
	tcase_add_loop_test(tcase, store_has_a_modifier, 0, ROWS(stores));
	suite_add_tcase(suite, tcase);
	return suite;
}
