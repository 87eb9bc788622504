/*
 * login_test.c - IMAP before login, over a socket pair and with a fake keeper
 */
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/imap/imap.h"
#include "tests/unit/gateway/pop3/peer.h"
#include "tests/unit/unit.h"

#define CLEAR_CAPABILITIES "CAPABILITY IMAP4rev2 IMAP4rev1 LITERAL- SASL-IR ID"
#define GREETING	"* OK [" CLEAR_CAPABILITIES " AUTH=PLAIN AUTH=LOGIN] " \
			"hub.office.test Postroom IMAP ready\r\n"
#define TLS_GREETING	"* OK [" CLEAR_CAPABILITIES " STARTTLS LOGINDISABLED] " \
			"hub.office.test Postroom IMAP ready\r\n"
#define WRONG		" NO [AUTHENTICATIONFAILED] name or password is " \
			"wrong\r\n"
#define FOREIGN		"* BYE this is an IMAP server\r\n"
#define TOO_MANY	"* BYE too many bad commands\r\n"

/* The door and the keeper, played by the test. */
static struct door {
	struct loop	*loop;
	struct pop3_peer peer;
	struct imapd_login *login;
	struct imapd_login_options options;
	struct tls_server *tls;
	bool		 silent;	/* the keeper does not answer */
	int		 refusal;	/* what `check` returns, if not 0 */
	unsigned	 checks, forgets, handed, ended;
	imapd_who_fn	*reply;
	void		*reply_arg;
	enum imapd_who	 who;
	struct timer	*answer;
	char		 user[300], password[300], login_name[300], tag[300];
	struct stream	*stream;	/* handed over */
	struct text	 log;
} door;

static void
answer(void *arg)
{
	(void)arg;
	door.reply(door.reply_arg, door.who, 7);
}

/* Ann's password is "secret"; everybody else is a stranger. */
static int
check_login(void *arg, struct slice user, struct slice password,
    const char *peer, imapd_who_fn *reply, void *reply_arg)
{
	(void)arg;
	ck_assert_str_eq(peer, "192.0.2.1");
	door.checks++;
	if (door.refusal != 0)
		return door.refusal;
	ck_assert_int_eq(slice_cstr(user, door.user, sizeof(door.user)), 0);
	ck_assert_int_eq(slice_cstr(password, door.password,
	    sizeof(door.password)), 0);
	door.reply = reply;
	door.reply_arg = reply_arg;
	door.who = slice_is_str(user, "ann") &&
	    slice_is_str(password, "se cret ") ? IMAPD_WELCOME :
	    slice_is_str(user, "later") ? IMAPD_ASK_LATER : IMAPD_WRONG;
	if (!door.silent)
		timer_set(door.answer, 1);
	return 0;
}

static void
forget(void *arg, void *reply_arg)
{
	(void)arg;
	ck_assert_ptr_eq(reply_arg, door.reply_arg);
	timer_stop(door.answer);
	door.forgets++;
}

static void
hand_over(void *arg, struct stream *stream, uint64_t account,
    struct slice login, struct slice tag)
{
	(void)arg;
	ck_assert_uint_eq(account, 7);
	ck_assert_int_eq(slice_cstr(tag, door.tag, sizeof(door.tag)), 0);
	ck_assert_int_eq(slice_cstr(login, door.login_name,
	    sizeof(door.login_name)), 0);
	door.stream = stream;
	door.handed++;
}

static void
log_sentence(void *arg, const char *sentence)
{
	(void)arg;
	text_add_str(&door.log, sentence);
	text_add_byte(&door.log, '\n');
}

static void
ended(void *arg, struct imapd_login *login)
{
	(void)arg;
	ck_assert_ptr_eq(login, door.login);
	door.ended++;
}

static const struct imapd_login_ports ports = {
	.check = check_login, .forget = forget, .hand_over = hand_over,
	.log = log_sentence, .ended = ended,
};

static struct slice
pem_of(BIO *bio)
{
	char *at;
	long len = BIO_get_mem_data(bio, &at);

	return slice_of(at, (size_t)len);
}

/* A server with a certificate nobody has reason to trust. */
static struct tls_server *
make_tls(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	BIO *key_pem = BIO_new(BIO_s_mem()), *pem = BIO_new(BIO_s_mem());
	struct tls_server *server;
	char fault[200];

	X509_set_version(certificate, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
	PEM_write_bio_X509(pem, certificate);
	PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL);
	ck_assert_msg(tls_server_new(pem_of(pem), pem_of(key_pem), "imap",
	    &server, fault, sizeof(fault)) == 0, "%s", fault);
	BIO_free(pem);
	BIO_free(key_pem);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return server;
}

static void
set_up(void)
{
	door = (struct door){ .log = TEXT_INIT(65536) };
	door.options.hostname = "hub.office.test";
	door.options.clear_logins = true;
	door.loop = loop_new();
	ck_assert_ptr_nonnull(door.loop);
	door.answer = timer_new(door.loop, answer, NULL);
}

static void
connect_peer(void)
{
	int fd;

	pop3_peer_open(&door.peer, door.loop, &fd);
	door.login = imapd_login_new(door.loop, fd, "192.0.2.1", &door.options,
	    &ports);
	ck_assert_ptr_nonnull(door.login);
}

static void
begin(void)
{
	connect_peer();
	pop3_peer_expect(&door.peer, slice_str(GREETING));
}

/* Whatever happened, the login ended exactly once and left nothing. */
static void
tear_down(void)
{
	for (int i = 0; i < 100 && door.login != NULL && !door.ended; i++) {
		(void)shutdown(door.peer.fd, SHUT_RDWR);
		pop3_peer_turn(&door.peer);
	}
	ck_assert_uint_eq(door.ended, 1);
	stream_free(door.stream);
	pop3_peer_close(&door.peer);
	/* what is still finishing has its own deadline: see it through */
	for (int i = 0; i < 3; i++) {
		struct timer *stop = timer_new(door.loop,
		    (timer_fn *)loop_stop, door.loop);

		timer_set(stop, 1);
		(void)loop_run(door.loop);
		timer_free(stop);
	}
	timer_free(door.answer);
	tls_server_free(door.tls);
	text_free(&door.log);
	loop_free(door.loop);
}

/* Dialogues that leave the connection open; clear logins are allowed. */
static const struct pop3_exchange dialogues[][8] = {
	{ /* RFC 9051 6.1 */
		{ "a CAPABILITY\r\n", "* " CLEAR_CAPABILITIES
		    " AUTH=PLAIN AUTH=LOGIN\r\na OK that is all\r\n" },
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
	begin();
	pop3_peer_talk(&door.peer, dialogues[_i]);
	ck_assert_uint_eq(door.handed, 0);
	ck_assert_uint_eq(door.ended, 0);
}
END_TEST

/* The same, a byte at a time. */
START_TEST(a_dialogue_in_single_bytes_goes_the_same_way)
{
	begin();
	for (const struct pop3_exchange *it = dialogues[_i]; it->say != NULL;
	    it++) {
		for (const char *at = it->say; *at != '\0'; at++) {
			pop3_peer_say(&door.peer, slice_of(at, 1));
			pop3_peer_turn(&door.peer);
		}
		pop3_peer_expect(&door.peer, slice_str(it->expect));
	}
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
	begin();
	pop3_peer_talk(&door.peer, endings[_i]);
	pop3_peer_expect_end(&door.peer);
	/* it is counted until the client has gone as well: tear_down() */
	ck_assert_uint_eq(door.ended, 0);
	ck_assert_uint_eq(door.handed, 0);
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
	begin();
	pop3_peer_say(&door.peer, slice_str(ways_in[_i]));
	for (int i = 0; i < 1000 && door.handed == 0; i++)
		pop3_peer_turn(&door.peer);
	ck_assert_uint_eq(door.handed, 1);
	ck_assert_uint_eq(door.ended, 1);
	ck_assert_uint_eq(door.checks, 1);
	ck_assert_str_eq(door.login_name, "ann");
	ck_assert_str_eq(door.tag, "x1");
	ck_assert(slice_is_str(stream_input(door.stream),
	    "a SELECT INBOX\r\n"));
	/* the password is in no log */
	ck_assert(slice_find_str(text_slice(&door.log), "cret") == SIZE_MAX);
	ck_assert(slice_find_str(text_slice(&door.log),
	    "imap: 192.0.2.1 as \"ann\": logged in\n") != SIZE_MAX);
}
END_TEST

/* HARDENING A71 */
START_TEST(a_name_cannot_forge_a_log_line)
{
	begin();
	pop3_peer_talk(&door.peer, (const struct pop3_exchange[]){
		{ "a LOGIN {9+}\r\na\"\x1b[2J\xff\r\n x\r\n", "a" WRONG },
		{ NULL, NULL } });
	ck_assert(slice_is_str(text_slice(&door.log), "imap: 192.0.2.1 as "
	    "\"a\\x22\\x1B[2J\\xFF\\x0D\\x0A\": "
	    "name or password is wrong\n"));
}
END_TEST

/* HARDENING A31: a line that never ends is one bad command, and no memory */
START_TEST(a_line_without_end_costs_nothing)
{
	char junk[4096];

	begin();
	memset(junk, '(', sizeof(junk));
	for (int i = 0; i < 256; i++)
		pop3_peer_say(&door.peer, slice_of(junk, sizeof(junk)));
	pop3_peer_say(&door.peer, slice_str("\r\na NOOP\r\n"));
	pop3_peer_expect(&door.peer, slice_str(
	    "* BAD [TOOBIG] the line is too long\r\na OK nothing done\r\n"));
}
END_TEST

/* HARDENING A16: gone while the keeper still thinks */
START_TEST(a_client_that_leaves_is_forgotten)
{
	door.silent = true;
	begin();
	pop3_peer_say(&door.peer, slice_str("a LOGIN ann x\r\n"));
	for (int i = 0; i < 1000 && door.checks == 0; i++)
		pop3_peer_turn(&door.peer);
	imapd_login_close(door.login, "the hub is closing");
	ck_assert_uint_eq(door.forgets, 1);
	ck_assert_uint_eq(door.ended, 0);
	pop3_peer_expect(&door.peer, slice_str("* BYE the hub is closing\r\n"));
	pop3_peer_expect_end(&door.peer);
}
END_TEST

START_TEST(a_keeper_that_cannot_be_asked_is_said_to_the_client)
{
	door.refusal = -ECONNRESET;
	begin();
	pop3_peer_talk(&door.peer, (const struct pop3_exchange[]){
		{ "a LOGIN ann x\r\n", "a NO [UNAVAILABLE] logins cannot be "
		    "checked now\r\n" },
		{ NULL, NULL } });
}
END_TEST

static void
offer_tls(void)
{
	door.tls = make_tls();
	door.options.tls = door.tls;
	door.options.offers_tls = true;
	door.options.clear_logins = false;
}

#define NEED_TLS	" NO [PRIVACYREQUIRED] clear-text logins need TLS: " \
			"use STARTTLS\r\n"

/* RFC 9051 6.2.3, 11.1 */
START_TEST(no_password_is_taken_in_clear)
{
	offer_tls();
	connect_peer();
	pop3_peer_expect(&door.peer, slice_str(TLS_GREETING));
	pop3_peer_talk(&door.peer, (const struct pop3_exchange[]){
		{ "a LOGIN ann x\r\n", "a" NEED_TLS },
		{ "b AUTHENTICATE PLAIN AGFubgBzZSBjcmV0IA==\r\n",
		    "b" NEED_TLS },
		{ NULL, NULL } });
}
END_TEST

/* RFC 9051 6.2.1 */
START_TEST(starttls_begins_tls)
{
	offer_tls();
	connect_peer();
	pop3_peer_expect(&door.peer, slice_str(TLS_GREETING));
	pop3_peer_talk(&door.peer, (const struct pop3_exchange[]){
		{ "a STARTTLS\r\n", "a OK begin TLS now\r\n" },
		{ NULL, NULL } });
	ck_assert(pop3_peer_tls(&door.peer, "imap"));
	pop3_peer_talk(&door.peer, (const struct pop3_exchange[]){
		{ "b STARTTLS\r\n", "b BAD TLS is active already\r\n" },
		{ "c CAPABILITY\r\n", "* " CLEAR_CAPABILITIES
		    " AUTH=PLAIN AUTH=LOGIN\r\nc OK that is all\r\n" },
		{ "d LOGIN bob x\r\n", "d" WRONG },
		{ "e LOGOUT\r\n", "* BYE goodbye\r\ne OK goodbye\r\n" },
		{ NULL, NULL } });
	pop3_peer_expect_end(&door.peer);
}
END_TEST

static const char *const injections[] = {
	"a STARTTLS\r\nb LOGIN x y\r\n", "a STARTTLS\r\nb",
	"a NOOP\r\nb STARTTLS\r\n\r\n",
};

/* HARDENING A20 */
START_TEST(bytes_behind_starttls_end_the_connection)
{
	offer_tls();
	connect_peer();
	pop3_peer_expect(&door.peer, slice_str(TLS_GREETING));
	pop3_peer_say(&door.peer, slice_str(injections[_i]));
	pop3_peer_wait(&door.peer, 1000);
	ck_assert(door.peer.ended);
	ck_assert(slice_has_suffix(text_slice(&door.peer.got),
	    "BAD bytes came behind STARTTLS\r\n"));
}
END_TEST

START_TEST(implicit_tls_greets_inside_tls)
{
	offer_tls();
	door.options.implicit_tls = true;
	connect_peer();
	ck_assert(pop3_peer_tls(&door.peer, NULL));
	pop3_peer_expect(&door.peer, slice_str(GREETING));
	pop3_peer_say(&door.peer, slice_str("a LOGOUT\r\n"));
	pop3_peer_expect(&door.peer,
	    slice_str("* BYE goodbye\r\na OK goodbye\r\n"));
	pop3_peer_expect_end(&door.peer);
}
END_TEST

/* HARDENING A06: ALPACA */
START_TEST(a_foreign_alpn_name_is_refused)
{
	offer_tls();
	door.options.implicit_tls = true;
	connect_peer();
	ck_assert(!pop3_peer_tls(&door.peer, "http/1.1"));
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
	tcase_add_test(tcase, a_client_that_leaves_is_forgotten);
	tcase_add_test(tcase,
	    a_keeper_that_cannot_be_asked_is_said_to_the_client);
	tcase_add_test(tcase, no_password_is_taken_in_clear);
	tcase_add_test(tcase, starttls_begins_tls);
	tcase_add_loop_test(tcase, bytes_behind_starttls_end_the_connection,
	    0, ROWS(injections));
	tcase_add_test(tcase, implicit_tls_greets_inside_tls);
	tcase_add_test(tcase, a_foreign_alpn_name_is_refused);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("table");
	tcase_add_test(tcase, the_table_is_shown);
	suite_add_tcase(suite, tcase);
	return suite;
}
