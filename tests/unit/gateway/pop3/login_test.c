/*
 * login_test.c - POP3 before login, over a socket pair and with a fake keeper
 */
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/pop3/pop3.h"
#include "lib/base/sasl.h"
#include "tests/unit/gateway/pop3/peer.h"
#include "tests/unit/unit.h"

#define GREETING	"+OK hub.office.test Postroom POP3 ready\r\n"
#define WRONG		"-ERR [AUTH] name or password is wrong\r\n"
#define UNKNOWN		"-ERR not a command here\r\n"
#define TOO_MANY	"-ERR too many bad commands\r\n"
#define TOO_LONG	"-ERR the line is too long\r\n"
#define NOT_A_LINE	"-ERR a line ends in CRLF and holds no NUL\r\n"

/* The door and the keeper, played by the test. */
static struct door {
	struct loop	*loop;
	struct pop3_peer peer;
	struct pop3_login *login;
	struct pop3_login_options options;
	struct tls_server *tls;
	bool		 silent;	/* the keeper does not answer */
	int		 refusal;	/* what `check` returns, if not 0 */
	unsigned	 checks, forgets, handed, ended;
	pop3_who_fn	*reply;
	void		*reply_arg;
	enum pop3_who	 who;
	struct timer	*answer;
	char		 user[300], password[300], login_name[300];
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
    const char *peer, pop3_who_fn *reply, void *reply_arg)
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
	    slice_is_str(password, "se cret ") ? POP3_WELCOME :
	    slice_is_str(user, "later") ? POP3_ASK_LATER : POP3_STRANGER;
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
    struct slice login)
{
	(void)arg;
	ck_assert_uint_eq(account, 7);
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
ended(void *arg, struct pop3_login *login)
{
	(void)arg;
	ck_assert_ptr_eq(login, door.login);
	door.ended++;
}

static const struct pop3_login_ports ports = {
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
	ck_assert_msg(tls_server_new(pem_of(pem), pem_of(key_pem), "pop3",
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
	door.login = pop3_login_new(door.loop, fd, "192.0.2.1", &door.options,
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

#define CAPABILITIES	"TOP\r\nUIDL\r\nPIPELINING\r\nEXPIRE NEVER\r\n" \
			"RESP-CODES\r\nAUTH-RESP-CODE\r\n"

/* Dialogues that leave the connection open; clear logins are allowed. */
static const struct pop3_exchange dialogues[][8] = {
	{ /* RFC 2449 5 */
		{ "CAPA\r\n", "+OK what this server can do\r\n" CAPABILITIES
		    "USER\r\nSASL PLAIN LOGIN\r\nUTF8\r\n"
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
		{ "AUTH\r\n", "+OK mechanisms\r\nPLAIN\r\nLOGIN\r\n.\r\n" },
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
	{ { "\x16\x03\x01\x02", "-ERR this is a POP3 server\r\n" } },
	{ { "((((", "-ERR this is a POP3 server\r\n" } },
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
	begin();
	pop3_peer_say(&door.peer, slice_str(ways_in[_i]));
	for (int i = 0; i < 1000 && door.handed == 0; i++)
		pop3_peer_turn(&door.peer);
	ck_assert_uint_eq(door.handed, 1);
	ck_assert_uint_eq(door.ended, 1);
	ck_assert_uint_eq(door.checks, 1);
	ck_assert_str_eq(door.login_name, "ann");
	ck_assert(slice_is_str(stream_input(door.stream), "STAT\r\n"));
	/* the password is in no log */
	ck_assert(slice_find_str(text_slice(&door.log), "cret") == SIZE_MAX);
	ck_assert(slice_find_str(text_slice(&door.log),
	    "pop3: 192.0.2.1 as \"ann\": logged in\n") != SIZE_MAX);
}
END_TEST

/* HARDENING A71 */
START_TEST(a_name_cannot_forge_a_log_line)
{
	begin();
	pop3_peer_talk(&door.peer, (const struct pop3_exchange[]){
		{ "USER a\"\x1b[2J\xff\r\n", "+OK and the password?\r\n" },
		{ "PASS x\r\n", WRONG },
		{ NULL, NULL } });
	ck_assert(slice_is_str(text_slice(&door.log), "pop3: 192.0.2.1 as "
	    "\"a\\x22\\x1B[2J\\xFF\": name or password is wrong\n"));
}
END_TEST

/* RFC 2449 4, at the limit and one above it */
START_TEST(a_command_line_has_255_bytes)
{
	char line[300];

	begin();
	memset(line, 'x', sizeof(line));
	memcpy(line, "USER ", 5);
	memcpy(line + 255, "\r\n", 2);
	pop3_peer_say(&door.peer, slice_of(line, 257));
	pop3_peer_expect(&door.peer, slice_str("+OK and the password?\r\n"));
	line[255] = 'x';
	memcpy(line + 256, "\r\n", 2);
	pop3_peer_say(&door.peer, slice_of(line, 258));
	pop3_peer_expect(&door.peer, slice_str(TOO_LONG));
	pop3_peer_say(&door.peer, slice_str("UTF8\r\n"));
	pop3_peer_expect(&door.peer, slice_str("+OK UTF-8 it is\r\n"));
}
END_TEST

/* HARDENING A16: 12,288 bytes with the line end pass, one more does not */
START_TEST(a_response_line_has_12288_bytes)
{
	char *line = malloc(12291);

	begin();
	pop3_peer_say(&door.peer, slice_str("AUTH PLAIN\r\n"));
	pop3_peer_expect(&door.peer, slice_str("+ \r\n"));
	/* 12,286 is no multiple of 4: decoded, and found not to be base64 */
	memset(line, 'A', 12290);
	memcpy(line + 12286, "\r\n", 2);
	pop3_peer_say(&door.peer, slice_of(line, 12288));
	pop3_peer_expect(&door.peer, slice_str("-ERR this is not base64\r\n"));
	pop3_peer_say(&door.peer, slice_str("AUTH PLAIN\r\n"));
	pop3_peer_expect(&door.peer, slice_str("+ \r\n"));
	memcpy(line + 12286, "A\r\n", 3);
	pop3_peer_say(&door.peer, slice_of(line, 12289));
	pop3_peer_expect(&door.peer, slice_str(TOO_LONG));
	pop3_peer_say(&door.peer, slice_str("UTF8\r\n"));
	pop3_peer_expect(&door.peer, slice_str("+OK UTF-8 it is\r\n"));
	free(line);
}
END_TEST

/* HARDENING A31: a line that never ends is one bad command, and no memory */
START_TEST(a_line_without_end_costs_nothing)
{
	char junk[4096];

	begin();
	memset(junk, '(', sizeof(junk));
	junk[0] = 'A';
	for (int i = 0; i < 256; i++)
		pop3_peer_say(&door.peer, slice_of(junk, sizeof(junk)));
	pop3_peer_say(&door.peer, slice_str("\r\nUTF8\r\n"));
	pop3_peer_expect(&door.peer, slice_str(TOO_LONG
	    "+OK UTF-8 it is\r\n"));
}
END_TEST

/* A client that asks and does not read is not answered for ever. */
START_TEST(replies_wait_for_a_reader)
{
	char buffer[6000];
	size_t taken = 0;

	begin();
	door.peer.deaf = true;
	for (size_t i = 0; i + 6 <= sizeof(buffer); i += 6)
		memcpy(buffer + i, "CAPA\r\n", 6);
	/* until the door reads no more: its buffers are full */
	for (int quiet = 0; quiet < 20;) {
		ssize_t n = send(door.peer.fd, buffer, sizeof(buffer),
		    MSG_NOSIGNAL);

		quiet = n > 0 ? 0 : quiet + 1;
		taken += n > 0 ? (size_t)n : 0;
		ck_assert_uint_lt(taken, 8 << 20);
		pop3_peer_turn(&door.peer);
	}
	ck_assert_uint_eq(door.ended, 0);
	door.peer.deaf = false;
	pop3_peer_wait(&door.peer, taken / 6 * 150);
	ck_assert_uint_ge(door.peer.got.len, taken / 6 * 150);
}
END_TEST

/* HARDENING A16: gone while the keeper still thinks */
START_TEST(a_client_that_leaves_is_forgotten)
{
	door.silent = true;
	begin();
	pop3_peer_say(&door.peer, slice_str("USER ann\r\nPASS x\r\n"));
	pop3_peer_expect(&door.peer, slice_str("+OK and the password?\r\n"));
	pop3_login_close(door.login, "the hub is closing");
	ck_assert_uint_eq(door.forgets, 1);
	ck_assert_uint_eq(door.ended, 0);
	/* a second time is nothing new */
	pop3_login_close(door.login, "the hub is closing");
	pop3_peer_expect(&door.peer,
	    slice_str("-ERR [SYS/TEMP] the hub is closing\r\n"));
	pop3_peer_expect_end(&door.peer);
}
END_TEST

/* The last word is said, and the client stays: not for long. */
START_TEST(a_client_that_stays_is_closed)
{
	uint64_t began = clock_ms();

	begin();
	pop3_peer_say(&door.peer, slice_str("QUIT\r\n"));
	while (door.ended == 0 && clock_ms() - began < PEER_GUARD_MS)
		pop3_peer_turn(&door.peer);
	ck_assert_uint_eq(door.ended, 1);
}
END_TEST

START_TEST(a_keeper_that_cannot_be_asked_is_said_to_the_client)
{
	door.refusal = -ECONNRESET;
	begin();
	pop3_peer_talk(&door.peer, (const struct pop3_exchange[]){
		{ "USER ann\r\nPASS se cret \r\n", "+OK and the password?\r\n"
		    "-ERR [SYS/TEMP] logins cannot be checked now\r\n" },
		{ "QUIT\r\n", "+OK goodbye\r\n" },
		{ NULL, NULL } });
	pop3_peer_expect_end(&door.peer);
}
END_TEST

/* The last words of a client that has closed its side still count. */
START_TEST(a_half_closed_client_is_answered)
{
	begin();
	pop3_peer_say(&door.peer, slice_str("UTF8\r\nUSER b\r\nPASS x\r\n"));
	(void)shutdown(door.peer.fd, SHUT_WR);
	pop3_peer_expect(&door.peer, slice_str("+OK UTF-8 it is\r\n"
	    "+OK and the password?\r\n" WRONG));
	pop3_peer_expect_end(&door.peer);
}
END_TEST

static void
offer_tls(void)
{
	door.tls = make_tls();
	door.options.tls = door.tls;
	door.options.offers_stls = true;
	door.options.clear_logins = false;
}

#define NEED_TLS	"-ERR clear-text logins need TLS: use STLS\r\n"

/* RFC 2595 2.3, 2.4 */
START_TEST(no_password_is_taken_in_clear)
{
	offer_tls();
	begin();
	pop3_peer_talk(&door.peer, (const struct pop3_exchange[]){
		{ "CAPA\r\n", "+OK what this server can do\r\n" CAPABILITIES
		    "UTF8\r\nIMPLEMENTATION Postroom\r\nSTLS\r\n.\r\n" },
		{ "USER ann\r\n", NEED_TLS },
		{ "AUTH PLAIN AGFubgBzZSBjcmV0IA==\r\n", NEED_TLS },
		{ "PASS x\r\n", NEED_TLS TOO_MANY },
		{ NULL, NULL } });
	pop3_peer_expect_end(&door.peer);
	ck_assert_uint_eq(door.checks, 0);
}
END_TEST

/* RFC 2595 4: TLS begins, the name said in clear is forgotten */
START_TEST(stls_begins_tls_and_forgets)
{
	offer_tls();
	door.options.clear_logins = true;
	begin();
	pop3_peer_talk(&door.peer, (const struct pop3_exchange[]){
		{ "USER ann\r\n", "+OK and the password?\r\n" },
		{ "STLS\r\n", "+OK begin TLS now\r\n" },
		{ NULL, NULL } });
	ck_assert(pop3_peer_tls(&door.peer, "pop3"));
	pop3_peer_talk(&door.peer, (const struct pop3_exchange[]){
		{ "PASS se cret \r\n", "-ERR say USER first\r\n" },
		{ "STLS\r\n", "-ERR TLS is active already\r\n" },
		{ "CAPA\r\n", "+OK what this server can do\r\n" CAPABILITIES
		    "USER\r\nSASL PLAIN LOGIN\r\nUTF8\r\n"
		    "IMPLEMENTATION Postroom\r\n.\r\n" },
		{ "QUIT\r\n", "+OK goodbye\r\n" },
		{ NULL, NULL } });
	pop3_peer_expect_end(&door.peer);
}
END_TEST

static const char *const injections[] = {
	"STLS\r\nUSER x\r\n", "STLS\r\nQ", "UTF8\r\nSTLS\r\n\r\n",
};

/* HARDENING A20 */
START_TEST(bytes_behind_stls_end_the_connection)
{
	size_t len;

	offer_tls();
	begin();
	pop3_peer_say(&door.peer, slice_str(injections[_i]));
	pop3_peer_wait(&door.peer, 1000);
	len = door.peer.got.len;
	ck_assert(door.peer.ended);
	ck_assert(slice_has_suffix(text_slice(&door.peer.got),
	    "-ERR bytes came behind STLS\r\n"));
	ck_assert_uint_le(len, 60);
}
END_TEST

/* HARDENING A20: what comes after the +OK is TLS or nothing */
START_TEST(clear_bytes_after_stls_are_no_commands)
{
	offer_tls();
	begin();
	pop3_peer_talk(&door.peer, (const struct pop3_exchange[]){
		{ "STLS\r\n", "+OK begin TLS now\r\n" },
		{ NULL, NULL } });
	pop3_peer_say(&door.peer, slice_str("USER x\r\nQUIT\r\n"));
	pop3_peer_wait(&door.peer, 1000);
	ck_assert(door.peer.ended);
	ck_assert(slice_find_str(text_slice(&door.peer.got), "+OK") ==
	    SIZE_MAX);
	ck_assert(slice_find_str(text_slice(&door.log), "TLS handshake") !=
	    SIZE_MAX);
}
END_TEST

START_TEST(implicit_tls_greets_inside_tls)
{
	offer_tls();
	door.options.implicit_tls = true;
	connect_peer();
	ck_assert(pop3_peer_tls(&door.peer, NULL));
	pop3_peer_expect(&door.peer, slice_str(GREETING));
	pop3_peer_say(&door.peer, slice_str("USER ann\r\nPASS se cret \r\n"));
	pop3_peer_expect(&door.peer, slice_str("+OK and the password?\r\n"));
	for (int i = 0; i < 1000 && door.handed == 0; i++)
		pop3_peer_turn(&door.peer);
	ck_assert_uint_eq(door.handed, 1);
	ck_assert(stream_has_tls(door.stream));
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

static const struct {
	const char	*text;
	int		 want;
	const char	*bytes;
} base64s[] = {
	{ "", 0, "" },
	{ "Zg==", 0, "f" },
	{ "Zm8=", 0, "fo" },
	{ "Zm9v", 0, "foo" },
	{ "Zm9vYg==", 0, "foob" },
	{ "+/+/", 0, "\xfb\xff\xbf" },
	{ "Zh==", -EINVAL, NULL },	/* bits behind the last byte */
	{ "Zm9=", -EINVAL, NULL },
	{ "Zg=", -EINVAL, NULL },
	{ "Zg", -EINVAL, NULL },
	{ "Z===", -EINVAL, NULL },
	{ "====", -EINVAL, NULL },
	{ "=g==", -EINVAL, NULL },
	{ "Zg==Zg==", -EINVAL, NULL },
	{ "Zm 9", -EINVAL, NULL },
	{ "Zm9vZm9vZm9v", -E2BIG, NULL },
};

/* RFC 4648 3.5, 10 */
START_TEST(base64_is_read_strictly)
{
	struct slice bytes = { NULL, 99 };
	char buffer[8];

	ck_assert_int_eq(sasl_decode(slice_str(base64s[_i].text), buffer,
	    sizeof(buffer), &bytes), base64s[_i].want);
	if (base64s[_i].want == 0)
		ck_assert(slice_is_str(bytes, base64s[_i].bytes));
	else
		ck_assert_uint_eq(bytes.len, 99);
}
END_TEST

static const struct {
	struct slice	message;
	int		want;
} plains[] = {
	{ SLICE("\0u\0p"), 0 },
	{ SLICE("z\0u\0p"), 0 },
	{ SLICE("\0u\0"), -EINVAL },
	{ SLICE("\0\0p"), -EINVAL },
	{ SLICE("u\0p"), -EINVAL },
	{ SLICE("\0u\0p\0"), -EINVAL },
	{ SLICE(""), -EINVAL },
};

/* RFC 4616 2 */
START_TEST(plain_has_three_parts)
{
	struct slice authzid, user, password;

	ck_assert_int_eq(sasl_plain(plains[_i].message, &authzid, &user,
	    &password), plains[_i].want);
	if (plains[_i].want == 0) {
		ck_assert(slice_is_str(user, "u"));
		ck_assert(slice_is_str(password, "p"));
	}
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
	tcase_add_test(talk, a_client_that_leaves_is_forgotten);
	tcase_add_test(talk, a_client_that_stays_is_closed);
	tcase_add_test(talk,
	    a_keeper_that_cannot_be_asked_is_said_to_the_client);
	tcase_add_test(talk, a_half_closed_client_is_answered);
	tcase_add_test(talk, no_password_is_taken_in_clear);
	tcase_add_test(talk, stls_begins_tls_and_forgets);
	tcase_add_loop_test(talk, bytes_behind_stls_end_the_connection, 0,
	    COUNT(injections));
	tcase_add_test(talk, clear_bytes_after_stls_are_no_commands);
	tcase_add_test(talk, implicit_tls_greets_inside_tls);
	tcase_add_test(talk, a_foreign_alpn_name_is_refused);
	tcase_add_loop_test(pure, base64_is_read_strictly, 0, COUNT(base64s));
	tcase_add_loop_test(pure, plain_has_three_parts, 0, COUNT(plains));
	tcase_add_test(pure, the_table_is_shown);
	suite_add_tcase(suite, talk);
	suite_add_tcase(suite, pure);
	return suite;
}
