/*
 * auth_test.c - who sends has logged in (RFC 4954, RFC 6409 4.3)
 */
#include <string.h>

#include "tests/unit/gateway/smtp/hub.h"
#include "tests/unit/unit.h"

#define ANN	"AGFubgBzZSBjcmV0"		/* \0ann\0se cret */
#define WRONG	"AGFubgBzZWNyZXQ="		/* \0ann\0secret */
#define LATER	"AGxhdGVyAHg="			/* \0later\0x */
#define STEPS	10

/* What is said after EHLO, and the replies. */
static const struct dialogue {
	const char	*name;
	struct {
		const char	*say, *hear;
	} steps[STEPS];
	unsigned	 logins;	/* that were checked */
	const char	*envelope;	/* how it ends; or NULL: no message */
} dialogues[] = {
{ "who has logged in may send", {
    { "AUTH PLAIN " ANN "\r\n", "235 2.7.0" },
    { "MAIL FROM:<ann@office.test>\r\nRCPT TO:<bob@office.test>\r\nDATA\r\n",
    "250|250|354" }, { "S: x\r\n\r\nhi\r\n.\r\n", "250 2.0.0 Kept" },
    { "QUIT\r\n", "221|eof" } }, 1, " to=bob@office.test/2/0/ login=ann@office.test/1" },
{ "nobody else may", {
    { "MAIL FROM:<ann@office.test>\r\n", "530 5.7.0 Log in first" },
    { "MAIL FROM:<>\r\nRCPT TO:<bob@office.test>\r\nDATA\r\n",
    "530 5.7.0|503|503" },
    { "AUTH PLAIN " WRONG "\r\n", "535 5.7.8" },
    { "MAIL FROM:<>\r\n", "530 5.7.0" }, { "QUIT\r\n", "221|eof" } }, 1,
    NULL },
{ "a mechanism may be spoken in steps", {
    { "AUTH PLAIN\r\n", "334 " }, { ANN "\r\n", "235 2.7.0" },
    { "QUIT\r\n", "221|eof" } }, 1, NULL },
{ "so may LOGIN", {
    { "auth login\r\n", "334 VXNlcm5hbWU6" },
    { "YW5u\r\n", "334 UGFzc3dvcmQ6" }, { "c2UgY3JldA==\r\n", "235 2.7.0" },
    { "QUIT\r\n", "221|eof" } }, 1, NULL },
{ "a star takes it back", {
    { "AUTH LOGIN YW5u\r\n", "334 UGFzc3dvcmQ6" }, { "*\r\n", "501 5.5.2" },
    { "NOOP\r\n", "250" }, { "AUTH PLAIN " ANN "\r\n", "235 2.7.0" },
    { "QUIT\r\n", "221|eof" } }, 1, NULL },
{ "one logs in once, and not within a transaction", {
    { "AUTH PLAIN " ANN "\r\n", "235 2.7.0" },
    { "AUTH PLAIN " ANN "\r\n", "503 5.5.1 You have" },
    { "MAIL FROM:<ann@office.test>\r\n", "250" },
    { "AUTH PLAIN " ANN "\r\n", "503 5.5.1" },
    { "RSET\r\n", "250" }, { "MAIL FROM:<ann@office.test>\r\n", "250" },
    { "QUIT\r\n", "221|eof" } }, 1, NULL },
{ "a login outlives a new EHLO", {
    { "AUTH PLAIN " ANN "\r\n", "235 2.7.0" }, { "EHLO d.example\r\n", "250" },
    { "MAIL FROM:<ann@office.test> AUTH=<> SIZE=10\r\n", "250" },
    { "QUIT\r\n", "221|eof" } }, 1, NULL },
{ "what is no AUTH is told so", {
    { "AUTH\r\n", "501 5.5.4" }, { "AUTH PLAIN a b\r\n", "501 5.5.4" },
    { "AUTH CRAM-MD5\r\n", "504 5.5.4" },
    { "AUTH SCRAM-SHA-256-PLUS\r\n", "504 5.5.4" },
    { "AUTH PLAIN ====\r\n", "501 5.5.2" }, { "QUIT\r\n", "221|eof" } }, 0,
    NULL },
{ "a password that cannot be checked now is no wrong one", {
    { "AUTH PLAIN " LATER "\r\n", "454 4.7.0" },
    { "AUTH PLAIN " ANN "\r\n", "235" }, { "QUIT\r\n", "221|eof" } }, 2,
    NULL },
/* HARDENING A51 */
{ "the third wrong password is the last", {
    { "AUTH PLAIN " WRONG "\r\n", "535" }, { "AUTH PLAIN " WRONG "\r\n", "535" },
    { "AUTH PLAIN " WRONG "\r\n", "535|eof" } }, 3, NULL },
{ "the third broken response is the last", {
    { "AUTH PLAIN !\r\n", "501" }, { "AUTH PLAIN !\r\n", "501" },
    { "AUTH PLAIN !\r\n", "501|421 4.7.0|eof" } }, 0, NULL },
/* a password that is said where none belongs is not written down */
{ "a password for a command is no word for the log", {
    { "AUTH LOGIN\r\n", "334" }, { "ann@office.test\r\n", "501" },
    { "7secret!\r\n", "221|eof" } }, 0, NULL },
/* reading a chunk away would take longer than they have for the login */
{ "nobody else has a chunk read", {
    { "BDAT 1000000\r\n", "530 5.7.0|eof" } }, 0, NULL },
{ "not even an empty one", {
    { "BDAT 0 LAST\r\n", "530 5.7.0|eof" } }, 0, NULL },
/* RFC 2920: AUTH ends a group */
{ "nothing is sent behind AUTH", {
    { "AUTH PLAIN " ANN "\r\nMAIL FROM:<>\r\n", "554 5.5.0|eof" } }, 0,
    NULL },
{ "replies come in order", {
    { "NOOP\r\nAUTH PLAIN\r\n", "250|334" }, { ANN "\r\n", "235" },
    { "QUIT\r\n", "221|eof" } }, 1, NULL },
{ "a bare LF in a response ends the session", {
    { "AUTH PLAIN\r\n", "334" }, { ANN "\nNOOP\r\n", "500 5.5.2|eof" } }, 0,
    NULL },
/* RFC 6409 6.1 */
{ "people send in their own name", {
    { "AUTH PLAIN " ANN "\r\n", "235" },
    { "MAIL FROM:<bob@office.test>\r\n",
    "550 5.7.1 bob@office.test is no address of ann@office.test, who has" },
    { "MAIL FROM:<joe@example.com> SIZE=20\r\n", "550 5.7.1 joe@ex" },
    { "MAIL FROM:<later@office.test>\r\n", "451 4.3.0" },
    { "MAIL FROM:<>\r\n", "250" }, { "RSET\r\n", "250" },
    { "MAIL FROM:<Ann+list@OFFICE.test>\r\nRCPT TO:<bob@office.test>\r\n"
    "DATA\r\n", "250|250|354" }, { "x\r\n.\r\n", "250 2.0.0 Kept" } }, 1,
    "from=Ann+list@OFFICE.test " },
{ "who is locked out sends no more", {
    { "AUTH PLAIN " ANN "\r\n", "235" },
    { "MAIL FROM:<gone@office.test>\r\nRCPT TO:<bob@office.test>\r\n",
    "421 4.7.0 Your login|eof" } }, 1, NULL },
/* HARDENING A11: who has logged in is no relay yet, nor is who has not */
{ "nothing leaves the hub", {
    { "AUTH PLAIN " ANN "\r\n", "235" },
    { "MAIL FROM:<ann@office.test>\r\n", "250" },
    { "RCPT TO:<joe@example.com>\r\n", "550 5.7.1" },
    { "RCPT TO:<a%victim.org@office.test>\r\n", "550 5.7.1" },
    { "RCPT TO:<nobody@office.test>\r\n", "550 5.1.1" },
    { "QUIT\r\n", "221|eof" } }, 1, NULL },
};

static struct hub *
hub_of_people(void)
{
	struct hub *hub = hub_new();

	hub->options.is_submission = hub->options.clear_logins = true;
	return hub;
}

START_TEST(dialogue_goes_as_written)
{
	const struct dialogue *row = &dialogues[_i];
	struct hub *hub = hub_of_people();

	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	for (int i = 0; i < STEPS && row->steps[i].say != NULL; i++)
		hub_talk_str(hub, row->steps[i].say, row->steps[i].hear);
	ck_assert_uint_eq(hub->logins, row->logins);
	ck_assert_uint_eq(hub->messages, row->envelope != NULL);
	if (row->envelope != NULL)
		ck_assert_uint_ne(slice_find_str(text_slice(&hub->envelope),
		    row->envelope), SIZE_MAX);
	/* no password, and nothing that holds one, is in the log */
	ck_assert_uint_eq(slice_find_str(text_slice(&hub->log), "cret"),
	    SIZE_MAX);
	ck_assert_uint_eq(slice_find_str(text_slice(&hub->log), "AGFubg"),
	    SIZE_MAX);
	hub_free(hub);
}
END_TEST

START_TEST(no_password_is_taken_in_clear)
{
	struct hub *hub = hub_of_people();

	hub->options.clear_logins = false;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "AUTH PLAIN " ANN "\r\n", "538 5.7.11");
	hub_talk_str(hub, "MAIL FROM:<>\r\n", "530 5.7.0 Send STARTTLS");
	ck_assert_uint_eq(hub->logins, 0);
	hub_free(hub);
}
END_TEST

/* Where strangers bring mail nobody logs in: a password is not even heard. */
START_TEST(only_where_people_send_is_there_a_login)
{
	struct hub *hub = hub_of_people();

	hub->options.is_submission = false;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "AUTH PLAIN " ANN "\r\n", "500 5.5.1");
	hub_talk_str(hub, "MAIL FROM:<a@b.example> AUTH=<>\r\n", "555 5.5.4");
	hub_free(hub);
}
END_TEST

START_TEST(a_login_has_its_time)
{
	struct hub *hub = hub_of_people();

	hub->limits.first_ms = 20;
	hub_connect(hub, "");
	/* a command, whether it comes in time or not, gains none */
	hub_say(hub, slice_str("EHLO c.example\r\n"));
	while (!hub->eof) {
		hub_run(hub, 10000);
		ck_assert(!hub->timed_out);
	}
	ck_assert_uint_ne(slice_find_str(text_slice(&hub->heard),
	    "421 4.4.2"), SIZE_MAX);
	hub_free(hub);
}
END_TEST

START_TEST(a_session_that_ends_asks_no_more)
{
	struct hub *hub = hub_of_people();

	hub->hangs = true;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_say(hub, slice_str("AUTH PLAIN " ANN "\r\n"));
	hub_run(hub, 5);
	ck_assert_uint_eq(hub->logins, 1);
	hub_free(hub);
}
END_TEST

START_TEST(a_keeper_that_is_not_there_is_no_wrong_password)
{
	struct hub *hub = hub_of_people();

	hub->fails = true;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "AUTH PLAIN " ANN "\r\n", "454 4.7.0");
	hub_talk_str(hub, "AUTH SCRAM-SHA-256 biwsbj1hbm4scj1hYmM=\r\n",
	    "454 4.7.0");
	hub_talk_str(hub, "QUIT\r\n", "221|eof");
	hub_free(hub);
}
END_TEST

static struct hub *
hub_of_ann(unsigned people_refused)
{
	struct hub *hub = hub_of_people();

	hub->limits.people_refused = people_refused;
	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "AUTH PLAIN " ANN "\r\n", "235");
	return hub;
}

/* Nobody finds out for ever what they may not, a stolen password or not. */
START_TEST(nobody_guesses_for_ever)
{
	struct hub *hub = hub_of_ann(3);

	hub_talk_str(hub, "MAIL FROM:<bob@office.test>\r\n", "550 5.7.1");
	hub_talk_str(hub, "MAIL FROM:<joe@example.com>\r\n", "550 5.7.1");
	hub_talk_str(hub, "MAIL FROM:<ann@office.test>\r\n", "250");
	hub_talk_str(hub, "RCPT TO:<nobody@office.test>\r\n", "550 5.1.1");
	hub_talk_str(hub, "RCPT TO:<joe@example.com>\r\n",
	    "421 4.7.0 Too many addresses|eof");
	hub_free(hub);
	hub = hub_of_ann(1);
	hub_talk_str(hub, "MAIL FROM:<bob@office.test>\r\n", "550 5.7.1");
	hub_talk_str(hub, "MAIL FROM:<bob@office.test>\r\n",
	    "421 4.7.0 Too many addresses|eof");
	hub_free(hub);
}
END_TEST

/* HARDENING A12: names that nobody has are told people without a wait */
START_TEST(people_may_err_in_names)
{
	struct hub *hub = hub_of_people();

	hub_connect(hub, "");
	hub_talk_str(hub, "EHLO c.example\r\n", "220|250");
	hub_talk_str(hub, "AUTH PLAIN " ANN "\r\n", "235");
	hub_talk_str(hub, "MAIL FROM:<ann@office.test>\r\n", "250");
	for (unsigned i = 0; i < hub->limits.unknown_most + 5; i++)
		hub_talk_str(hub, "RCPT TO:<nobody@office.test>\r\n",
		    "550 5.1.1");
	ck_assert_uint_eq(hub->unknown, 0);
	hub_free(hub);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("smtp auth");
	TCase *tcase = tcase_create("smtp auth");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, dialogue_goes_as_written, 0,
	    sizeof(dialogues) / sizeof(dialogues[0]));
	tcase_add_test(tcase, no_password_is_taken_in_clear);
	tcase_add_test(tcase, only_where_people_send_is_there_a_login);
	tcase_add_test(tcase, a_login_has_its_time);
	tcase_add_test(tcase, a_session_that_ends_asks_no_more);
	tcase_add_test(tcase, a_keeper_that_is_not_there_is_no_wrong_password);
	tcase_add_test(tcase, people_may_err_in_names);
	tcase_add_test(tcase, nobody_guesses_for_ever);
	suite_add_tcase(suite, tcase);
	return suite;
}
