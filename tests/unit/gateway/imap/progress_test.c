/*
 * progress_test.c - a client that waits for long hears how far it is
 *
 * A search stands at a big letter whose file does not come; when it goes on its
 * client has waited, as far as the session can tell, for ten seconds.
 */
#include <unistd.h>

#include "gateway/imap/session.h"
#include "tests/unit/gateway/imap/office.h"
#include "tests/unit/unit.h"

#define WAITED	0	/* long past */

static bool
has(struct slice s, const char *part)
{
	return slice_find_str(s, part) != SIZE_MAX;
}

/* Of two letters the second is waited for; then there is the file. */
static struct slice
ask_slowly(const char *say, uint64_t told_at_ms, const char *ending)
{
	imap_office.reply = NULL;
	imap_office.silent = true;
	pop3_peer_say(&imap_office.peer[0], slice_str(say));
	while (imap_office.reply == NULL)
		pop3_peer_turn(&imap_office.peer[0]);
	imap_office.session[0]->progress_at_ms = told_at_ms;
	timer_set(imap_office.answer, 0);
	return imap_ask(0, "", ending);
}

static void
set_up(void)
{
	imap_office_open();
	imap_deliver(slice_str("Subject: one\r\n\r\nfirst\r\n"), 0);
	imap_deliver_big();
	imap_select(0);
}

/* RFC 9585 3 */
START_TEST(a_long_search_tells_how_far_it_is)
{
	struct slice got = ask_slowly("A001 SEARCH BODY needle\r\n", WAITED,
	    "A001 OK");

	ck_assert(has(got, "* OK [INPROGRESS (\"A001\" 1 2)] 50% are done\r\n"
	    "* SEARCH 2\r\n"));
	/* not again before another ten seconds */
	ck_assert_uint_gt(imap_office.session[0]->progress_at_ms,
	    clock_ms());
}
END_TEST

START_TEST(a_short_search_does_not)
{
	ck_assert(!has(ask_slowly("A001 SEARCH BODY needle\r\n", UINT64_MAX,
	    "A001 OK"), "INPROGRESS"));
}
END_TEST

/* What is found is gone over again, to be sorted: twice the work. */
START_TEST(a_long_sort_tells_how_far_it_is)
{
	ck_assert(has(ask_slowly("a SORT (SIZE) UTF-8 BODY needle\r\n",
	    WAITED, "a OK"), "* OK [INPROGRESS (\"a\" 1 4)] 25% are done\r\n"
	    "* SORT 2\r\n"));
}
END_TEST

/* RFC 9585 5: a tag that is no part of a code is not named */
START_TEST(a_tag_that_would_end_the_code_is_left_out)
{
	ck_assert(has(ask_slowly("a]b UID SEARCH RETURN (COUNT) BODY x\r\n",
	    WAITED, "a]b OK"), "* OK [INPROGRESS (NIL 1 2)] 50% are done\r\n"
	    "* ESEARCH (TAG \"a]b\") UID COUNT 1\r\n"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/progress");
	TCase *tcase = tcase_create("progress");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, set_up, imap_office_close);
	tcase_add_test(tcase, a_long_search_tells_how_far_it_is);
	tcase_add_test(tcase, a_short_search_does_not);
	tcase_add_test(tcase, a_long_sort_tells_how_far_it_is);
	tcase_add_test(tcase, a_tag_that_would_end_the_code_is_left_out);
	suite_add_tcase(suite, tcase);
	return suite;
}
