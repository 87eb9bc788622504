/*
 * search_test.c - SEARCH over many letters, long texts and letters that fail
 */
#include <string.h>

#include "gateway/imap/session.h"
#include "tests/unit/gateway/imap/office.h"
#include "tests/unit/unit.h"

#define ONE	"Subject: one\r\n\r\nfirst\r\n"

static bool
has(struct slice s, const char *part)
{
	return slice_find_str(s, part) != SIZE_MAX;
}

/* A file that fails while it is read is one letter less, and no signal. */
START_TEST(a_big_letter_that_fails_is_not_searched_and_told)
{
	imap_deliver_big();
	imap_deliver(slice_str(ONE), 0);
	imap_select(0);
	ck_assert(has(imap_ask(0, "a SEARCH TEXT needle\r\n", "a OK"),
	    "* SEARCH 1\r\n"));
	imap_office.shrinks = true;
	ck_assert(has(imap_ask(0, "b SEARCH OR TEXT needle TEXT first\r\n",
	    "b OK"), "* SEARCH 2\r\n* NO a letter"));
	ck_assert(has(imap_ask(0, "c SEARCH SUBJECT one\r\n", "c OK"),
	    "* SEARCH 2\r\n"));
}
END_TEST

/* Of a letter with that many lines in it every key decides by itself. */
START_TEST(texts_and_fields_are_looked_for_in_one_reading)
{
	imap_deliver(slice_str("From: ann <ann@imap_office.test>\r\nTo: ben\r\n"
	    "Subject: first: and second\r\nSubject: third\r\n"
	    "X-Empty:\r\n\r\nfrom the body\r\n"), 0);
	imap_select(0);
	(void)imap_ask(0, "a SEARCH SUBJECT third SUBJECT \"and SECOND\" FROM ann "
	    "TEXT ben BODY \"THE body\" HEADER x-empty \"\"\r\n",
	    "* SEARCH 1\r\n");
	(void)imap_ask(0, "b SEARCH FROM from\r\n", "* SEARCH\r\n");
	(void)imap_ask(0, "c SEARCH FROM ben\r\n", "* SEARCH\r\n");
	(void)imap_ask(0, "d SEARCH BODY ann\r\n", "* SEARCH\r\n");
	(void)imap_ask(0, "e SEARCH HEADER \"Subject: first\" and\r\n",
	    "* SEARCH\r\n");
	(void)imap_ask(0, "f SEARCH HEADER x-none \"\"\r\n", "* SEARCH\r\n");
	(void)imap_ask(0, "g SEARCH NOT HEADER x-empty x TEXT \"x-empty: \"\r\n",
	    "* SEARCH 1\r\n");
}
END_TEST

/* What a search looks for is memory: 32 texts, and not one more. */
START_TEST(a_search_looks_for_so_many_texts)
{
	TEXT_AUTO say = TEXT_INIT(1 << 16);

	imap_deliver(slice_str(ONE), 0);
	imap_select(0);
	for (int more = 0; more < 2; more++) {
		text_clear(&say);
		text_add_str(&say, "a SEARCH RETURN (SAVE)");
		for (int i = 0; i < 32 + more; i++)
			text_add_str(&say, i % 2 ? " TEXT first" :
			    " SUBJECT one");
		text_add_str(&say, "\r\n");
		text_add_byte(&say, '\0');
		(void)imap_ask(0, say.at, more ? "a NO [LIMIT] a search looks for "
		    "32 texts at most\r\n" : "a OK");
		/* RFC 5182 2.1 */
		ck_assert(has(imap_ask(0, "b FETCH $ UID\r\n", "b OK"),
		    "FETCH (UID 1)") == !more);
	}
	text_clear(&say);
	text_add_str(&say, "c SEARCH BODY ");
	for (int i = 0; i < 8193; i++)
		text_add_byte(&say, 'x');
	text_add_str(&say, "\r\n");
	text_add_byte(&say, '\0');
	(void)imap_ask(0, say.at, "c NO [LIMIT] a text");
}
END_TEST

/* However much is found, it is told in pieces, as the client takes them. */
START_TEST(a_search_may_find_any_number)
{
	struct pop3_peer *peer = &imap_office.peer[0];
	struct slice got;

	for (int i = 0; i < 250; i++)
		imap_deliver(slice_str(ONE), 0);
	imap_select(0);
	for (int i = 0; i < 9; i++)
		(void)imap_ask(0, "a COPY 1:* INBOX\r\n", "a OK");
	text_clear(&peer->got);
	peer->deaf = true;
	pop3_peer_say(peer, slice_str("b SEARCH ALL\r\n"));
	for (int i = 0; i < 1000; i++) {
		pop3_peer_turn(peer);
		ck_assert_uint_lt(stream_waiting(imap_office.session[0]->stream),
		    IMAPD_PAUSE + 32 * 1024);
	}
	peer->deaf = false;
	got = imap_ask(0, "", "b OK");
	ck_assert(has(slice_first(got, 40), "* SEARCH 1 2 3 "));
	ck_assert(has(slice_after(got, got.len - 60), " 127999 128000\r\n"));
	got = imap_ask(0, "c UID SEARCH RETURN (ALL COUNT) OR 1:90000 128000\r\n",
	    "c OK");
	ck_assert(has(got, "* ESEARCH (TAG \"c\") UID COUNT 90001 ALL "
	    "1:90000,128000\r\n"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/search");
	TCase *tcase = tcase_create("search");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, imap_office_open,
	    imap_office_close);
	tcase_add_test(tcase, a_big_letter_that_fails_is_not_searched_and_told);
	tcase_add_test(tcase, texts_and_fields_are_looked_for_in_one_reading);
	tcase_add_test(tcase, a_search_looks_for_so_many_texts);
	tcase_add_test(tcase, a_search_may_find_any_number);
	suite_add_tcase(suite, tcase);
	return suite;
}
