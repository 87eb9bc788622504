/*
 * list_test.c - LIST of many names by costly patterns
 *
 * What LIST tells is in tests/wire/imap-mailboxes.wire and imap-special-use.wire.
 */
#include <sys/socket.h>

#include <stdio.h>
#include <string.h>

#include "store/folders.h"
#include "tests/unit/gateway/imap/office.h"
#include "tests/unit/unit.h"

#define NAMES	400

static bool
has(struct slice s, const char *part)
{
	return slice_find_str(s, part) != SIZE_MAX;
}

/* Names of 250 letters that almost match what say() asks for. */
static void
make_names(void)
{
	char name[256];
	uint32_t mailbox;

	memset(name, 'a', 250);
	for (unsigned i = 0; i < NAMES; i++) {
		(void)snprintf(name + 246, 10, "%04u", i);
		ck_assert_int_eq(folder_create(imap_office.account,
		    slice_of(name, 250), 0, &mailbox), 0);
	}
}

/* LIST with so many bytes of pattern, none of which matches those names. */
static void
add_list(struct text *say, unsigned bytes)
{
	text_add_str(say, "a LIST \"\" (INBOX \"");
	for (bytes -= 5; bytes >= 2; bytes -= 2)
		text_add_str(say, bytes % 4 == 0 ? "%a" : "*a");
	text_add_str(say, "\")\r\n");
	text_add_byte(say, '\0');
}

/* DESIGN.md 4: whoever shares the process is answered meanwhile */
START_TEST(others_are_served_while_names_are_matched)
{
	TEXT_AUTO say = TEXT_INIT(1 << 16);
	char byte;

	make_names();
	imap_log_in(0);
	imap_log_in(1);
	(void)imap_ask(0, "x NOOP\r\n", "x OK");
	(void)imap_ask(1, "x NOOP\r\n", "x OK");
	add_list(&say, 4096);
	text_clear(&imap_office.peer[0].got);
	pop3_peer_say(&imap_office.peer[0], slice_str(say.at));
	(void)imap_ask(1, "b NOOP\r\n", "b OK");
	ck_assert_int_eq(recv(imap_office.peer[0].fd, &byte, 1, MSG_DONTWAIT |
	    MSG_PEEK), -1);
	ck_assert(has(imap_ask(0, "", "a OK"), "* LIST ("));
}
END_TEST

/* HARDENING A32: what one command may make us do has a limit */
START_TEST(the_patterns_of_a_list_have_a_limit)
{
	TEXT_AUTO say = TEXT_INIT(1 << 16);

	imap_log_in(0);
	add_list(&say, 4098);
	(void)imap_ask(0, say.at,
	    "a NO [LIMIT] the patterns of one LIST have 4096 bytes at most");
	/* the reference is part of each */
	text_clear(&say);
	text_add_str(&say, "b LIST \"");
	for (int i = 0; i < 600; i++)
		text_add_byte(&say, 'a');
	text_add_str(&say, "\" (x x x x x x x)\r\n");
	text_add_byte(&say, '\0');
	(void)imap_ask(0, say.at, "b NO [LIMIT]");
	ck_assert(has(imap_ask(0, "c LIST in (x BO*)\r\n", "c OK"),
	    "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/list");
	TCase *tcase = tcase_create("list");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, imap_office_open,
	    imap_office_close);
	tcase_add_test(tcase, others_are_served_while_names_are_matched);
	tcase_add_test(tcase, the_patterns_of_a_list_have_a_limit);
	suite_add_tcase(suite, tcase);
	return suite;
}
