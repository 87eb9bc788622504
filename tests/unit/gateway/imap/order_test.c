/*
 * order_test.c - SORT and THREAD over a real account
 *
 * What needs big letters, or many; the orders themselves are in
 * tests/wire/imap-sort.wire and imap-thread.wire.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/gateway/imap/office.h"
#include "tests/unit/unit.h"

#define ONE		"Subject: one\r\n\r\nfirst\r\n"
#define TWO		"Subject: two\r\n\r\nno line end"
#define MANY		4000	/* numbers are told in two pieces */

static bool
has(struct slice s, const char *part)
{
	return slice_find_str(s, part) != SIZE_MAX;
}

/* RFC 5256 3: a letter without a structure is read for its fields. */
START_TEST(a_big_letter_is_put_in_order_with_the_others)
{
	imap_deliver(slice_str(TWO), 0);
	imap_deliver_big_with("Subject: Re: one\r\n\r\n");
	imap_deliver(slice_str(ONE), 0);
	imap_select(0);
	ck_assert(has(imap_ask(0, "a SORT (SUBJECT SIZE) UTF-8 ALL\r\n", "a OK"),
	    "* SORT 3 2 1\r\n"));
	/* its structure is kept, and no file is asked for again */
	imap_office.big_refusal = -EAGAIN;
	ck_assert(has(imap_ask(0, "b THREAD REFERENCES UTF-8 ALL\r\n", "b OK"),
	    "* THREAD (1)(3 2)\r\n"));
}
END_TEST

START_TEST(a_big_letter_that_is_not_there_is_put_in_order_all_the_same)
{
	imap_deliver_big_with("Subject: one\r\n\r\n");
	imap_deliver(slice_str(TWO), 0);
	imap_office.big_refusal = _i == 0 ? -EAGAIN : 0;
	(void)close(imap_office.big_fd);
	imap_office.big_fd = -1;
	imap_select(0);
	ck_assert(has(imap_ask(0, "a SORT (REVERSE SUBJECT) UTF-8 ALL\r\n",
	    "a OK"), "* SORT 2 1\r\n* NO a letter"));
	ck_assert(has(imap_ask(0, "b THREAD REFERENCES UTF-8 ALL\r\n", "b OK"),
	    "* THREAD (1)(2)\r\n* NO a letter"));
}
END_TEST

/* More numbers than are told at once: none is left out. */
START_TEST(an_order_of_many_letters_is_told_whole)
{
	TEXT_AUTO want = TEXT_INIT(1 << 20);
	TEXT_AUTO threads = TEXT_INIT(1 << 20);

	for (unsigned n = 1; n <= MANY; n++) {
		char body[64];

		(void)snprintf(body, sizeof(body), "Subject: %06u\r\n\r\n",
		    MANY - n);
		imap_deliver(slice_str(body), 0);
		text_addf(&want, " %u", MANY + 1 - n);
		text_addf(&threads, "(%u)", n);
	}
	text_add_str(&want, "\r\n");
	text_add_byte(&want, '\0');
	text_add_byte(&threads, '\0');
	imap_select(0);
	ck_assert(has(imap_ask(0, "a SORT (SUBJECT) UTF-8 ALL\r\n", "a OK"),
	    want.at));
	ck_assert(has(imap_ask(0, "b THREAD REFERENCES UTF-8 ALL\r\n", "b OK"),
	    threads.at));
	ck_assert(has(imap_ask(0, "c THREAD ORDEREDSUBJECT UTF-8 ALL\r\n",
	    "c OK"),
	    threads.at));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/order");
	TCase *tcase = tcase_create("order");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, imap_office_open,
	    imap_office_close);
	tcase_add_test(tcase, a_big_letter_is_put_in_order_with_the_others);
	tcase_add_loop_test(tcase,
	    a_big_letter_that_is_not_there_is_put_in_order_all_the_same, 0, 2);
	tcase_add_test(tcase, an_order_of_many_letters_is_told_whole);
	suite_add_tcase(suite, tcase);
	return suite;
}
