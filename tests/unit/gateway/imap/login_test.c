/*
 * login_test.c - the commands and words of IMAP before login
 */
#include <string.h>

#include "gateway/imap/imap.h"
#include "tests/unit/gateway/login/door.h"
#include "tests/unit/unit.h"

#define CLEAR_CAPABILITIES "CAPABILITY IMAP4rev2 IMAP4rev1 LITERAL- SASL-IR ID " \
    "ENABLE IDLE"
#define GREETING	"* OK [" CLEAR_CAPABILITIES "" \
			" AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN] " \
			"hub.office.test Postroom IMAP ready\r\n"
#define TLS_GREETING	"* OK [" CLEAR_CAPABILITIES " STARTTLS LOGINDISABLED] " \
			"hub.office.test Postroom IMAP ready\r\n"
#define WRONG		" NO [AUTHENTICATIONFAILED] name or password is " \
			"wrong\r\n"
#define FOREIGN		"* BYE this is an IMAP server\r\n"
#define TOO_MANY	"* BYE too many bad commands\r\n"

static struct test_door *door;

static void
set_up(void)
{
	door = test_door_new(&imapd_protocol);
}

static void
tear_down(void)
{
	test_door_free(door);
}

/* Dialogues that leave the connection open; clear logins are allowed. */
static const struct pop3_exchange dialogues[][8] = {
	{ /* RFC 9051 6.1 */
		{ "a CAPABILITY\r\n", "* " CLEAR_CAPABILITIES
		    " AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN\r\na OK that is all\r\n" },
		{ "b noop\r\n", "b OK nothing done\r\n" },
		{ "c ID NIL\r\n", "* ID (\"name\" \"Postroom\")\r\n"
		    "c OK and who are you?\r\n" },
	}, { /* RFC 9051 6.2.3: unknown user and wrong password sound alike */
		{ "a LOGIN bob x\r\n", "a" WRONG },
		{ "b LOGIN ann x\r\n", "b" WRONG },
	}, { /* the strings of LOGIN in every form; RFC 7888 */
		{ "a LOGIN {3}\r\n", "+ go on\r\n" },
		{ "bob {1+}\r\nx\r\n", "a" WRONG },
		{ "b LOGIN \"b\\\"ob\" {1}\r\n", "+ go on\r\n" },
		{ "x\r\n", "b" WRONG },
	}, { /* commands of the other states */
		{ "a SELECT INBOX\r\n", "a BAD log in first\r\n" },
		{ "b FROB\r\n", "b BAD no such command\r\n" },
	}, { /* wrong shapes */
		{ "a NOOP x\r\n",
		    "a BAD nothing may follow this command\r\n" },
		{ "b LOGIN bob\r\n", "b BAD a space is missing\r\n" },
	}, { /* RFC 9051 6.2.2: taken back, then another works */
		{ "a AUTHENTICATE PLAIN\r\n", "+ \r\n" },
		{ "*\r\n", "a BAD as you like: no login\r\n" },
		{ "b AUTHENTICATE LOGIN\r\n", "+ VXNlcm5hbWU6\r\n" },
		{ "Ym9i\r\n", "+ UGFzc3dvcmQ6\r\n" },
		{ "eA==\r\n", "b" WRONG },
	}, { /* an empty response is an empty name, not a crash */
		{ "a AUTHENTICATE PLAIN =\r\n", "a" WRONG },
		{ "b AUTHENTICATE LOGIN\r\n", "+ VXNlcm5hbWU6\r\n" },
		{ "\r\n", "+ UGFzc3dvcmQ6\r\n" },
		{ "\r\n", "b" WRONG },
	}, { /* broken base64, then a command that works */
		{ "a AUTHENTICATE PLAIN AGFu!g==\r\n",
		    "a BAD this is not base64\r\n" },
		{ "b NOOP\r\n", "b OK nothing done\r\n" },
		{ "c AUTHENTICATE NTLM\r\n", "c NO no such mechanism\r\n" },
	}, { /* RFC 4616: ann may not act for bob */
		{ "a AUTHENTICATE PLAIN Ym9iAGFubgBzZSBjcmV0IA==\r\n",
		    "a" WRONG },
	}, { /* the password was not looked at */
		{ "a LOGIN later x\r\n", "a NO [UNAVAILABLE] logins cannot "
		    "be checked now\r\n" },
	}, { /* CRLF ends a line; HARDENING A30 */
		{ "a NOOP\n", "a BAD a line ends in CRLF and holds no NUL"
		    "\r\n" },
		{ "b NO\rOP\r\n", "b BAD a line ends in CRLF and holds no "
		    "NUL\r\n" },
	}, { /* HARDENING A54: names are names */
		{ "a LOGIN \"%{x}%s%n$(id)\" \"%s%n\"\r\n", "a" WRONG },
	}, { /* no STARTTLS without a certificate; a line without a tag */
		{ "a STARTTLS\r\n", "a BAD TLS is not offered here\r\n" },
		{ "\r\n", "* BAD a command begins with a tag\r\n" },
	}, { /* HARDENING A31: a literal that is too large is not sent */
		{ "a LOGIN {1025}\r\n",
		    "a BAD [TOOBIG] the literal is too large\r\n" },
		{ "b NOOP\r\n", "b OK nothing done\r\n" },
	},
};

START_TEST(a_dialogue_goes_as_written)
{
	test_door_begin(door, GREETING);
	pop3_peer_talk(&door->peer, dialogues[_i]);
	ck_assert_uint_eq(door->handed, 0);
	ck_assert_uint_eq(door->ended, 0);
}
END_TEST

START_TEST(a_dialogue_in_single_bytes_goes_the_same_way)
{
	test_door_begin(door, GREETING);
	test_door_drip(door, dialogues[_i]);
}
END_TEST

/* Dialogues that end the connection with their last reply. */
static const struct pop3_exchange endings[][8] = {
	{ { "a LOGOUT\r\n", "* BYE goodbye\r\na OK goodbye\r\n" } },
	{ /* HARDENING 2: three bad commands */
		{ "a X\r\n", "a BAD no such command\r\n" },
		{ "b X\r\n", "b BAD no such command\r\n" },
		{ "c X\r\nd NOOP\r\n",
		    "c BAD no such command\r\n" TOO_MANY },
	}, { /* three failed logins */
		{ "a LOGIN a x\r\n", "a" WRONG },
		{ "b LOGIN a x\r\n", "b" WRONG },
		{ "c LOGIN a x\r\nd NOOP\r\n",
		    "c" WRONG "* BYE too many wrong passwords\r\n" },
	}, { /* HARDENING A16: an exchange begun and dropped for ever */
		{ "a AUTHENTICATE PLAIN\r\n*\r\n",
		    "+ \r\na BAD as you like: no login\r\n" },
		{ "b AUTHENTICATE PLAIN\r\n*\r\n",
		    "+ \r\nb BAD as you like: no login\r\n" },
		{ "c AUTHENTICATE PLAIN\r\n*\r\n",
		    "+ \r\nc BAD as you like: no login\r\n" TOO_MANY },
	}, { /* HARDENING A31: what nobody waited for cannot be taken */
		{ "a LOGIN {4096+}\r\n", "a BAD [TOOBIG] the literal is too "
		    "large\r\n* BYE the connection is out of step\r\n" },
	}, {
		{ "a LOGIN {99999999999999999999}\r\n", "a BAD no literal "
		    "is so large\r\n* BYE the connection is out of "
		    "step\r\n" },
	},
	/* HARDENING A06: other protocols */
	{ { "GET / HTTP/1.1\r\n", FOREIGN } },
	{ { "EHLO x\r\n", FOREIGN } },
	{ { "\x16\x03\x01\x02", FOREIGN } },
};

START_TEST(an_ending_is_the_last_word)
{
	test_door_begin(door, GREETING);
	test_door_end(door, endings[_i]);
}
END_TEST

static const char *const ways_in[] = {
	"x1 LOGIN ann \"se cret \"\r\na SELECT INBOX\r\n",
	"x1 login \"ann\" {8+}\r\nse cret \r\na SELECT INBOX\r\n",
	"x1 AUTHENTICATE PLAIN AGFubgBzZSBjcmV0IA==\r\na SELECT INBOX\r\n",
	"x1 AUTHENTICATE PLAIN\r\nAGFubgBzZSBjcmV0IA==\r\n"
	    "a SELECT INBOX\r\n",
	"x1 authenticate login\r\nYW5u\r\nc2UgY3JldCA=\r\n"
	    "a SELECT INBOX\r\n",
};

/* What is pipelined behind the login is the session's. */
START_TEST(a_login_hands_the_connection_over)
{
	test_door_begin(door, GREETING);
	test_door_log_in(door, ways_in[_i], "a SELECT INBOX\r\n");
	ck_assert_str_eq(door->tag, "x1");
}
END_TEST

/* HARDENING A71 */
START_TEST(a_name_cannot_forge_a_log_line)
{
	test_door_begin(door, GREETING);
	pop3_peer_talk(&door->peer, (const struct pop3_exchange[]){
		{ "a LOGIN {9+}\r\na\"\x1b[2J\xff\r\n x\r\n", "a" WRONG },
		{ NULL, NULL } });
	ck_assert(slice_is_str(text_slice(&door->log), "imap: 192.0.2.1 as "
	    "\"a\\x22\\x1B[2J\\xFF\\x0D\\x0A\": "
	    "name or password is wrong\n"));
}
END_TEST

/* HARDENING A31: a line that never ends is one bad command, and no memory */
START_TEST(a_line_without_end_costs_nothing)
{
	char junk[4096];

	test_door_begin(door, GREETING);
	memset(junk, '(', sizeof(junk));
	for (int i = 0; i < 256; i++)
		pop3_peer_say(&door->peer, slice_of(junk, sizeof(junk)));
	pop3_peer_say(&door->peer, slice_str("\r\na NOOP\r\n"));
	pop3_peer_expect(&door->peer, slice_str(
	    "* BAD [TOOBIG] the line is too long\r\na OK nothing done\r\n"));
}
END_TEST

#define NEED_TLS	" NO [PRIVACYREQUIRED] clear-text logins need TLS: " \
			"use STARTTLS\r\n"

/* RFC 9051 6.2.3, 11.1 */
START_TEST(no_password_is_taken_in_clear)
{
	test_door_offer_tls(door, "imap");
	test_door_begin(door, TLS_GREETING);
	pop3_peer_talk(&door->peer, (const struct pop3_exchange[]){
		{ "a LOGIN ann x\r\n", "a" NEED_TLS },
		{ "b AUTHENTICATE PLAIN AGFubgBzZSBjcmV0IA==\r\n",
		    "b" NEED_TLS },
		{ NULL, NULL } });
}
END_TEST

/* RFC 9051 6.2.1 */
START_TEST(starttls_begins_tls)
{
	test_door_offer_tls(door, "imap");
	test_door_begin(door, TLS_GREETING);
	pop3_peer_talk(&door->peer, (const struct pop3_exchange[]){
		{ "a STARTTLS\r\n", "a OK begin TLS now\r\n" },
		{ NULL, NULL } });
	ck_assert(pop3_peer_tls(&door->peer, "imap"));
	pop3_peer_talk(&door->peer, (const struct pop3_exchange[]){
		{ "b STARTTLS\r\n", "b BAD TLS is active already\r\n" },
		{ "c CAPABILITY\r\n", "* " CLEAR_CAPABILITIES
		    " AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256 AUTH=PLAIN "
		    "AUTH=LOGIN\r\nc OK that is all\r\n" },
		{ "d LOGIN bob x\r\n", "d" WRONG },
		{ "e LOGOUT\r\n", "* BYE goodbye\r\ne OK goodbye\r\n" },
		{ NULL, NULL } });
	pop3_peer_expect_end(&door->peer);
}
END_TEST

START_TEST(the_table_is_shown)
{
	TEXT_AUTO text = TEXT_INIT(16384);

	imapd_commands_show(&text);
	ck_assert(!text_failed(&text));
	ck_assert(slice_find_str(text_slice(&text), "UID FETCH     selected"
	    "           moves  9051 6.4.9\n") != SIZE_MAX);
}
END_TEST

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/login");
	TCase *tcase = tcase_create("login");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_dialogue_goes_as_written, 0,
	    ROWS(dialogues));
	tcase_add_loop_test(tcase,
	    a_dialogue_in_single_bytes_goes_the_same_way, 0, ROWS(dialogues));
	tcase_add_loop_test(tcase, an_ending_is_the_last_word, 0,
	    ROWS(endings));
	tcase_add_loop_test(tcase, a_login_hands_the_connection_over, 0,
	    ROWS(ways_in));
	tcase_add_test(tcase, a_name_cannot_forge_a_log_line);
	tcase_add_test(tcase, a_line_without_end_costs_nothing);
	tcase_add_test(tcase, no_password_is_taken_in_clear);
	tcase_add_test(tcase, starttls_begins_tls);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("table");
	tcase_add_test(tcase, the_table_is_shown);
	suite_add_tcase(suite, tcase);
	return suite;
}
