/*
 * login_test.c - the commands and words of POP3 before login
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/pop3/pop3.h"
#include "tests/unit/gateway/login/door.h"
#include "tests/unit/unit.h"

#define GREETING	"+OK hub.office.test Postroom POP3 ready\r\n"
#define WRONG		"-ERR [AUTH] name or password is wrong\r\n"
#define UNKNOWN		"-ERR not a command here\r\n"
#define TOO_MANY	"-ERR too many bad commands\r\n"
#define TOO_LONG	"-ERR the line is too long\r\n"
#define NOT_A_LINE	"-ERR a line ends in CRLF and holds no NUL\r\n"

static struct test_door *door;

static void
set_up(void)
{
	door = test_door_new(&pop3_protocol);
}

static void
tear_down(void)
{
	test_door_free(door);
}

#define CAPABILITIES	"TOP\r\nUIDL\r\nPIPELINING\r\nEXPIRE NEVER\r\n" \
			"RESP-CODES\r\nAUTH-RESP-CODE\r\n"

/* Dialogues that leave the connection open; clear logins are allowed. */
static const struct pop3_exchange dialogues[][8] = {
	{ /* RFC 2449 5 */
		{ "CAPA\r\n", "+OK what this server can do\r\n" CAPABILITIES
		    "USER\r\nSASL SCRAM-SHA-256 PLAIN LOGIN\r\nUTF8\r\n"
		    "IMPLEMENTATION Postroom\r\n.\r\n" },
	}, { /* RFC 1939 7: unknown user and wrong password sound alike */
		{ "USER bob\r\n", "+OK and the password?\r\n" },
		{ "PASS x\r\n", WRONG },
		{ "USER ann\r\n", "+OK and the password?\r\n" },
		{ "PASS x\r\n", WRONG },
	}, { /* PASS wants USER before it, again after a failure */
		{ "PASS x\r\n", "-ERR say USER first\r\n" },
		{ "USER bob\r\n", "+OK and the password?\r\n" },
		{ "PASS x\r\n", WRONG },
		{ "PASS x\r\n", "-ERR say USER first\r\n" },
	}, { /* commands of the TRANSACTION state */
		{ "STAT\r\n", UNKNOWN },
		{ "NOOP\r\n", UNKNOWN },
	}, { /* arguments of the wrong shape; names in any letter case */
		{ "cApA x\r\n", "-ERR CAPA wants no argument\r\n" },
		{ "user\r\n", "-ERR USER wants an argument\r\n" },
		{ "utf8\r\n", "+OK UTF-8 it is\r\n" },
	}, { /* RFC 5034 4: the exchange is taken back, then another works */
		{ "AUTH PLAIN\r\n", "+ \r\n" },
		{ "*\r\n", "-ERR as you like: no login\r\n" },
		{ "AUTH LOGIN\r\n", "+ VXNlcm5hbWU6\r\n" },
		{ "Ym9i\r\n", "+ UGFzc3dvcmQ6\r\n" },
		{ "eA==\r\n", WRONG },
	}, { /* an empty response is an empty name, not a crash */
		{ "AUTH PLAIN =\r\n", WRONG },
		{ "AUTH LOGIN\r\n", "+ VXNlcm5hbWU6\r\n" },
		{ "\r\n", "+ UGFzc3dvcmQ6\r\n" },
		{ "\r\n", WRONG },
	}, { /* broken base64, then a command that works */
		{ "AUTH PLAIN AGFu!g==\r\n", "-ERR this is not base64\r\n" },
		{ "AUTH PLAIN AGFubg\r\n", "-ERR this is not base64\r\n" },
		{ "AUTH\r\n", "+OK mechanisms\r\nSCRAM-SHA-256\r\n"
		    "PLAIN\r\nLOGIN\r\n.\r\n" },
	}, { /* RFC 4616: ann may not act for bob */
		{ "AUTH PLAIN Ym9iAGFubgBzZSBjcmV0IA==\r\n", WRONG },
		{ "AUTH NTLM\r\n", "-ERR no such mechanism\r\n" },
	}, { /* RFC 3206: the password was not looked at */
		{ "USER later\r\n", "+OK and the password?\r\n" },
		{ "PASS x\r\n",
		    "-ERR [SYS/TEMP] logins cannot be checked now\r\n" },
	}, { /* RFC 1939 3: CRLF ends a line; HARDENING A30 */
		{ "QUIT\n", NOT_A_LINE },
		{ "QU\rIT\r\n", NOT_A_LINE },
	}, { /* HARDENING A54: names are names */
		{ "USER %{x}%s%n$(id)\r\n", "+OK and the password?\r\n" },
		{ "PASS %s%n\r\n", WRONG },
	}, { /* no STLS without a certificate */
		{ "STLS\r\n", "-ERR TLS is not offered here\r\n" },
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
	{ { "QUIT\r\n", "+OK goodbye\r\n" } },
	{ /* HARDENING 2: three bad commands */
		{ "X\r\n", UNKNOWN },
		{ "APOP a b\r\n", UNKNOWN },
		{ "CAPA x\r\nCAPA\r\n", "-ERR CAPA wants no argument\r\n"
		    TOO_MANY },
	}, { /* three failed logins */
		{ "USER a\r\nPASS x\r\n", "+OK and the password?\r\n" WRONG },
		{ "USER a\r\nPASS x\r\n", "+OK and the password?\r\n" WRONG },
		{ "USER a\r\nPASS x\r\nQUIT\r\n",
		    "+OK and the password?\r\n" WRONG },
	}, { /* HARDENING A16: an exchange begun and dropped for ever */
		{ "AUTH PLAIN\r\n*\r\n",
		    "+ \r\n-ERR as you like: no login\r\n" },
		{ "AUTH LOGIN\r\n*\r\n",
		    "+ VXNlcm5hbWU6\r\n-ERR as you like: no login\r\n" },
		{ "AUTH LOGIN\r\n*\r\n", "+ VXNlcm5hbWU6\r\n"
		    "-ERR as you like: no login\r\n" TOO_MANY },
	},
	/* HARDENING A06: other protocols */
	{ { "GET / HTTP/1.1\r\n", "-ERR this is a POP3 server\r\n" } },
	{ { "POST / HTTP/1.1\r\nUSER a\r\n",
	    "-ERR this is a POP3 server\r\n" } },
	{ { "EHLO x\r\n", "-ERR this is a POP3 server\r\n" } },
	{ { "\x16\x03\x01\x02", "-ERR this is a POP3 server\r\n" } },
	{ { "((((", "-ERR this is a POP3 server\r\n" } },
};

START_TEST(an_ending_is_the_last_word)
{
	test_door_begin(door, GREETING);
	test_door_end(door, endings[_i]);
}
END_TEST

static const char *const ways_in[] = {
	"USER ann\r\nPASS se cret \r\nSTAT\r\n",
	"user  ann \r\npass se cret \r\nSTAT\r\n",
	"AUTH PLAIN AGFubgBzZSBjcmV0IA==\r\nSTAT\r\n",
	"auth plain YW5uAGFubgBzZSBjcmV0IA==\r\nSTAT\r\n",
	"AUTH PLAIN\r\nAGFubgBzZSBjcmV0IA==\r\nSTAT\r\n",
	"AUTH LOGIN\r\nYW5u\r\nc2UgY3JldCA=\r\nSTAT\r\n",
	"AUTH LOGIN YW5u\r\nc2UgY3JldCA=\r\nSTAT\r\n",
	"UTF8\r\nUSER ann\r\nPASS se cret \r\nSTAT\r\n",
};

/* RFC 2449 6.8: what is pipelined behind the login is the session's. */
START_TEST(a_login_hands_the_connection_over)
{
	test_door_begin(door, GREETING);
	test_door_log_in(door, ways_in[_i], "STAT\r\n");
	ck_assert_str_eq(door->tag, "");
}
END_TEST

/* HARDENING A71 */
START_TEST(a_name_cannot_forge_a_log_line)
{
	test_door_begin(door, GREETING);
	pop3_peer_talk(&door->peer, (const struct pop3_exchange[]){
		{ "USER a\"\x1b[2J\xff\r\n", "+OK and the password?\r\n" },
		{ "PASS x\r\n", WRONG },
		{ NULL, NULL } });
	ck_assert(slice_is_str(text_slice(&door->log), "pop3: 192.0.2.1 as "
	    "\"a\\x22\\x1B[2J\\xFF\": name or password is wrong\n"));
}
END_TEST

/* RFC 2449 4, at the limit and one above it */
START_TEST(a_command_line_has_255_bytes)
{
	char line[300];

	test_door_begin(door, GREETING);
	memset(line, 'x', sizeof(line));
	memcpy(line, "USER ", 5);
	memcpy(line + 255, "\r\n", 2);
	pop3_peer_say(&door->peer, slice_of(line, 257));
	pop3_peer_expect(&door->peer, slice_str("+OK and the password?\r\n"));
	line[255] = 'x';
	memcpy(line + 256, "\r\n", 2);
	pop3_peer_say(&door->peer, slice_of(line, 258));
	pop3_peer_expect(&door->peer, slice_str(TOO_LONG));
	pop3_peer_say(&door->peer, slice_str("UTF8\r\n"));
	pop3_peer_expect(&door->peer, slice_str("+OK UTF-8 it is\r\n"));
}
END_TEST

/* HARDENING A16: 12,288 bytes with the line end pass, one more does not */
START_TEST(a_response_line_has_12288_bytes)
{
	char *line = malloc(12291);

	test_door_begin(door, GREETING);
	pop3_peer_say(&door->peer, slice_str("AUTH PLAIN\r\n"));
	pop3_peer_expect(&door->peer, slice_str("+ \r\n"));
	/* 12,286 is no multiple of 4: decoded, and found not to be base64 */
	memset(line, 'A', 12290);
	memcpy(line + 12286, "\r\n", 2);
	pop3_peer_say(&door->peer, slice_of(line, 12288));
	pop3_peer_expect(&door->peer, slice_str("-ERR this is not base64\r\n"));
	pop3_peer_say(&door->peer, slice_str("AUTH PLAIN\r\n"));
	pop3_peer_expect(&door->peer, slice_str("+ \r\n"));
	memcpy(line + 12286, "A\r\n", 3);
	pop3_peer_say(&door->peer, slice_of(line, 12289));
	pop3_peer_expect(&door->peer, slice_str(TOO_LONG));
	pop3_peer_say(&door->peer, slice_str("UTF8\r\n"));
	pop3_peer_expect(&door->peer, slice_str("+OK UTF-8 it is\r\n"));
	free(line);
}
END_TEST

/* HARDENING A31: a line that never ends is one bad command, and no memory */
START_TEST(a_line_without_end_costs_nothing)
{
	char junk[4096];

	test_door_begin(door, GREETING);
	memset(junk, '(', sizeof(junk));
	junk[0] = 'A';
	for (int i = 0; i < 256; i++)
		pop3_peer_say(&door->peer, slice_of(junk, sizeof(junk)));
	pop3_peer_say(&door->peer, slice_str("\r\nUTF8\r\n"));
	pop3_peer_expect(&door->peer, slice_str(TOO_LONG
	    "+OK UTF-8 it is\r\n"));
}
END_TEST

/* A client that asks and does not read is not answered for ever. */
START_TEST(replies_wait_for_a_reader)
{
	char buffer[6000];
	size_t taken = 0;

	test_door_begin(door, GREETING);
	door->peer.deaf = true;
	for (size_t i = 0; i + 6 <= sizeof(buffer); i += 6)
		memcpy(buffer + i, "CAPA\r\n", 6);
	/* until the door reads no more: its buffers are full */
	for (int quiet = 0; quiet < 20;) {
		ssize_t n = send(door->peer.fd, buffer, sizeof(buffer),
		    MSG_NOSIGNAL);

		quiet = n > 0 ? 0 : quiet + 1;
		taken += n > 0 ? (size_t)n : 0;
		ck_assert_uint_lt(taken, 8 << 20);
		pop3_peer_turn(&door->peer);
	}
	ck_assert_uint_eq(door->ended, 0);
	door->peer.deaf = false;
	pop3_peer_wait(&door->peer, taken / 6 * 150);
	ck_assert_uint_ge(door->peer.got.len, taken / 6 * 150);
}
END_TEST

#define NEED_TLS	"-ERR clear-text logins need TLS: use STLS\r\n"

/* RFC 2595 2.3, 2.4 */
START_TEST(no_password_is_taken_in_clear)
{
	test_door_offer_tls(door, "pop3");
	test_door_begin(door, GREETING);
	pop3_peer_talk(&door->peer, (const struct pop3_exchange[]){
		{ "CAPA\r\n", "+OK what this server can do\r\n" CAPABILITIES
		    "UTF8\r\nIMPLEMENTATION Postroom\r\nSTLS\r\n.\r\n" },
		{ "USER ann\r\n", NEED_TLS },
		{ "AUTH PLAIN AGFubgBzZSBjcmV0IA==\r\n", NEED_TLS },
		{ "PASS x\r\n", NEED_TLS TOO_MANY },
		{ NULL, NULL } });
	pop3_peer_expect_end(&door->peer);
	ck_assert_uint_eq(door->checks, 0);
}
END_TEST

/* RFC 2595 4: TLS begins, the name said in clear is forgotten */
START_TEST(stls_begins_tls_and_forgets)
{
	test_door_offer_tls(door, "pop3");
	door->options.clear_logins = true;
	test_door_begin(door, GREETING);
	pop3_peer_talk(&door->peer, (const struct pop3_exchange[]){
		{ "USER ann\r\n", "+OK and the password?\r\n" },
		{ "STLS\r\n", "+OK begin TLS now\r\n" },
		{ NULL, NULL } });
	ck_assert(pop3_peer_tls(&door->peer, "pop3"));
	pop3_peer_talk(&door->peer, (const struct pop3_exchange[]){
		{ "PASS se cret \r\n", "-ERR say USER first\r\n" },
		{ "STLS\r\n", "-ERR TLS is active already\r\n" },
		{ "CAPA\r\n", "+OK what this server can do\r\n" CAPABILITIES
		    "USER\r\nSASL SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN "
		    "LOGIN\r\nUTF8\r\n"
		    "IMPLEMENTATION Postroom\r\n.\r\n" },
		{ "QUIT\r\n", "+OK goodbye\r\n" },
		{ NULL, NULL } });
	pop3_peer_expect_end(&door->peer);
}
END_TEST

START_TEST(the_table_is_shown)
{
	TEXT_AUTO text = TEXT_INIT(4096);

	pop3_commands_show(&text);
	ck_assert(slice_has_prefix(text_slice(&text),
	    "CAPA  AUTHORIZATION 2449 5\n"));
	ck_assert(slice_find_str(text_slice(&text),
	    "\nTOP   TRANSACTION   1939 7\n") != SIZE_MAX);
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("pop3 login");
	TCase *talk = tcase_create("talk"), *pure = tcase_create("pure");

	tcase_add_checked_fixture(talk, set_up, tear_down);
	tcase_set_timeout(talk, 60);
	tcase_add_loop_test(talk, a_dialogue_goes_as_written, 0,
	    COUNT(dialogues));
	tcase_add_loop_test(talk, a_dialogue_in_single_bytes_goes_the_same_way,
	    0, COUNT(dialogues));
	tcase_add_loop_test(talk, an_ending_is_the_last_word, 0,
	    COUNT(endings));
	tcase_add_loop_test(talk, a_login_hands_the_connection_over, 0,
	    COUNT(ways_in));
	tcase_add_test(talk, a_name_cannot_forge_a_log_line);
	tcase_add_test(talk, a_command_line_has_255_bytes);
	tcase_add_test(talk, a_response_line_has_12288_bytes);
	tcase_add_test(talk, a_line_without_end_costs_nothing);
	tcase_add_test(talk, replies_wait_for_a_reader);
	tcase_add_test(talk, no_password_is_taken_in_clear);
	tcase_add_test(talk, stls_begins_tls_and_forgets);
	tcase_add_test(pure, the_table_is_shown);
	suite_add_tcase(suite, talk);
	suite_add_tcase(suite, pure);
	return suite;
}
