/*
 * login_test.c - the life of a connection before its login, in each protocol
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/imap/imap.h"
#include "gateway/pop3/pop3.h"
#include "tests/unit/gateway/login/door.h"
#include "tests/unit/unit.h"

#define IMAP_TLS	"* OK [CAPABILITY IMAP4rev2 IMAP4rev1 LITERAL- SASL-IR" \
			" ID ENABLE IDLE STARTTLS LOGINDISABLED] " \
			"hub.office.test Postroom IMAP ready\r\n"
#define IMAP_SAFE	"* OK [CAPABILITY IMAP4rev2 IMAP4rev1 LITERAL- SASL-IR" \
			" ID ENABLE IDLE AUTH=SCRAM-SHA-256 AUTH=PLAIN " \
			"AUTH=LOGIN] hub.office.test Postroom " \
			"IMAP ready\r\n"
#define IMAP_INSIDE	"* OK [CAPABILITY IMAP4rev2 IMAP4rev1 LITERAL- SASL-IR" \
			" ID ENABLE IDLE AUTH=SCRAM-SHA-256-PLUS " \
			"AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN] " \
			"hub.office.test Postroom IMAP ready\r\n"
#define POP3_GREETING	"+OK hub.office.test Postroom POP3 ready\r\n"
#define POP3_NAME	"+OK and the password?\r\n"

/* The same things, said and heard in each protocol. */
static const struct words {
	const struct login_protocol *protocol;
	const char	*alpn;
	const char	*greeting;	/* where logins are taken */
	const char	*tls_greeting;	/* where they need TLS first */
	const char	*inside;	/* the one inside TLS */
	struct pop3_exchange start_tls;
	const char	*injections[3];
	const char	*injected;	/* the reply to each */
	struct pop3_exchange noop, quit, wrong;
	const char	*login;		/* Ann's */
	struct pop3_exchange unasked;	/* the same; nobody can be asked */
	const char	*name_heard;	/* before its answer */
	const char	*closing;
} protocols[] = {
	{
		.protocol = &pop3_protocol, .alpn = "pop3",
		.greeting = POP3_GREETING, .tls_greeting = POP3_GREETING,
		.inside = POP3_GREETING,
		.start_tls = { "STLS\r\n", "+OK begin TLS now\r\n" },
		.injections = { "STLS\r\nUSER x\r\n", "STLS\r\nQ",
		    "UTF8\r\nSTLS\r\n\r\n" },
		.injected = "-ERR bytes came behind STLS\r\n",
		.noop = { "UTF8\r\n", "+OK UTF-8 it is\r\n" },
		.quit = { "QUIT\r\n", "+OK goodbye\r\n" },
		.wrong = { "USER b\r\nPASS x\r\n", POP3_NAME
		    "-ERR [AUTH] name or password is wrong\r\n" },
		.login = "USER ann\r\nPASS se cret \r\n",
		.unasked = { "USER ann\r\nPASS se cret \r\n", POP3_NAME
		    "-ERR [SYS/TEMP] logins cannot be checked now\r\n" },
		.name_heard = POP3_NAME,
		.closing = "-ERR [SYS/TEMP] the hub is closing\r\n",
	}, {
		.protocol = &imapd_protocol, .alpn = "imap",
		.greeting = IMAP_SAFE, .tls_greeting = IMAP_TLS,
		.inside = IMAP_INSIDE,
		.start_tls = { "a STARTTLS\r\n", "a OK begin TLS now\r\n" },
		.injections = { "a STARTTLS\r\nb LOGIN x y\r\n",
		    "a STARTTLS\r\nb", "b NOOP\r\na STARTTLS\r\n\r\n" },
		.injected = "a BAD bytes came behind STARTTLS\r\n",
		.noop = { "n NOOP\r\n", "n OK nothing done\r\n" },
		.quit = { "q LOGOUT\r\n",
		    "* BYE goodbye\r\nq OK goodbye\r\n" },
		.wrong = { "b LOGIN b x\r\n", "b NO [AUTHENTICATIONFAILED] "
		    "name or password is wrong\r\n" },
		.login = "c LOGIN ann \"se cret \"\r\n",
		.unasked = { "c LOGIN ann \"se cret \"\r\n", "c NO "
		    "[UNAVAILABLE] logins cannot be checked now\r\n" },
		.name_heard = "",
		.closing = "* BYE the hub is closing\r\n",
	},
};
#define PROTOCOLS	((int)(sizeof(protocols) / sizeof(*protocols)))

static struct test_door *door;

static void
tear_down(void)
{
	test_door_free(door);
}

static const struct words *
take_door(int which)
{
	door = test_door_new(protocols[which].protocol);
	return &protocols[which];
}

/* One thing said, and what comes back. */
static void
talk(const struct pop3_exchange *exchange)
{
	pop3_peer_say(&door->peer, slice_str(exchange->say));
	pop3_peer_expect(&door->peer, slice_str(exchange->expect));
}

/* HARDENING A16: gone while the keeper still thinks */
START_TEST(a_client_that_leaves_is_forgotten)
{
	const struct words *words = take_door(_i);
	uint64_t since = clock_ms();

	door->silent = true;
	test_door_begin(door, words->greeting);
	pop3_peer_say(&door->peer, slice_str(words->login));
	while (door->checks == 0 && clock_ms() - since < PEER_GUARD_MS)
		pop3_peer_turn(&door->peer);
	pop3_peer_expect(&door->peer, slice_str(words->name_heard));
	login_close(door->login, "the hub is closing");
	ck_assert_uint_eq(door->forgets, 1);
	ck_assert_uint_eq(door->ended, 0);
	/* a second time is nothing new */
	login_close(door->login, "the hub is closing");
	pop3_peer_expect(&door->peer, slice_str(words->closing));
	pop3_peer_expect_end(&door->peer);
}
END_TEST

/* The last word is said, and the client stays: not for long. */
START_TEST(a_client_that_stays_is_closed)
{
	const struct words *words = take_door(_i);
	uint64_t since = clock_ms();

	test_door_begin(door, words->greeting);
	talk(&words->quit);
	while (door->ended == 0 && clock_ms() - since < PEER_GUARD_MS)
		pop3_peer_turn(&door->peer);
	ck_assert_uint_eq(door->ended, 1);
}
END_TEST

START_TEST(a_keeper_that_cannot_be_asked_is_said_to_the_client)
{
	const struct words *words = take_door(_i);

	door->refusal = -ECONNRESET;
	test_door_begin(door, words->greeting);
	talk(&words->unasked);
	talk(&words->quit);
	pop3_peer_expect_end(&door->peer);
}
END_TEST

/* The last words of a client that has closed its side still count. */
START_TEST(a_half_closed_client_is_answered)
{
	const struct words *words = take_door(_i);

	test_door_begin(door, words->greeting);
	talk(&words->noop);
	pop3_peer_say(&door->peer, slice_str(words->wrong.say));
	(void)shutdown(door->peer.fd, SHUT_WR);
	pop3_peer_expect(&door->peer, slice_str(words->wrong.expect));
	pop3_peer_expect_end(&door->peer);
}
END_TEST

/* RFC 2595 4, RFC 9051 6.2.1 */
START_TEST(tls_begins_on_demand)
{
	const struct words *words = take_door(_i);

	test_door_offer_tls(door, words->alpn);
	test_door_begin(door, words->tls_greeting);
	talk(&words->start_tls);
	ck_assert(pop3_peer_tls(&door->peer, words->alpn));
	talk(&words->wrong);
	talk(&words->quit);
	pop3_peer_expect_end(&door->peer);
}
END_TEST

/* HARDENING A20 */
START_TEST(bytes_behind_the_demand_end_the_connection)
{
	const struct words *words = take_door(_i / 3);

	test_door_offer_tls(door, words->alpn);
	test_door_begin(door, words->tls_greeting);
	pop3_peer_say(&door->peer, slice_str(words->injections[_i % 3]));
	pop3_peer_wait(&door->peer, 1000);
	ck_assert(door->peer.ended);
	ck_assert(slice_has_suffix(text_slice(&door->peer.got),
	    words->injected));
	ck_assert_uint_le(door->peer.got.len, 60);
}
END_TEST

/* HARDENING A20: what comes after the OK is TLS or nothing */
START_TEST(clear_bytes_after_the_demand_are_no_commands)
{
	const struct words *words = take_door(_i);

	test_door_offer_tls(door, words->alpn);
	test_door_begin(door, words->tls_greeting);
	talk(&words->start_tls);
	pop3_peer_say(&door->peer, slice_str(words->noop.say));
	pop3_peer_say(&door->peer, slice_str(words->quit.say));
	pop3_peer_wait(&door->peer, 1000);
	ck_assert(door->peer.ended);
	ck_assert(slice_find_str(text_slice(&door->peer.got), "OK") ==
	    SIZE_MAX);
	ck_assert(slice_find_str(text_slice(&door->log), "TLS handshake") !=
	    SIZE_MAX);
}
END_TEST

START_TEST(implicit_tls_greets_inside_tls)
{
	const struct words *words = take_door(_i);

	test_door_offer_tls(door, words->alpn);
	door->options.implicit_tls = true;
	test_door_connect(door);
	ck_assert(pop3_peer_tls(&door->peer, NULL));
	pop3_peer_expect(&door->peer, slice_str(words->inside));
	test_door_log_in(door, words->login, "");
	ck_assert(stream_has_tls(door->stream));
}
END_TEST

/* HARDENING A06: ALPACA */
START_TEST(a_foreign_alpn_name_is_refused)
{
	const struct words *words = take_door(_i);

	test_door_offer_tls(door, words->alpn);
	door->options.implicit_tls = true;
	test_door_connect(door);
	ck_assert(!pop3_peer_tls(&door->peer, "http/1.1"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("login");
	TCase *tcase = tcase_create("life");

	tcase_add_checked_fixture(tcase, NULL, tear_down);
	tcase_set_timeout(tcase, 200);
	tcase_add_loop_test(tcase, a_client_that_leaves_is_forgotten, 0,
	    PROTOCOLS);
	tcase_add_loop_test(tcase, a_client_that_stays_is_closed, 0,
	    PROTOCOLS);
	tcase_add_loop_test(tcase,
	    a_keeper_that_cannot_be_asked_is_said_to_the_client, 0, PROTOCOLS);
	tcase_add_loop_test(tcase, a_half_closed_client_is_answered, 0,
	    PROTOCOLS);
	tcase_add_loop_test(tcase, tls_begins_on_demand, 0, PROTOCOLS);
	tcase_add_loop_test(tcase, bytes_behind_the_demand_end_the_connection,
	    0, 3 * PROTOCOLS);
	tcase_add_loop_test(tcase,
	    clear_bytes_after_the_demand_are_no_commands, 0, PROTOCOLS);
	tcase_add_loop_test(tcase, implicit_tls_greets_inside_tls, 0,
	    PROTOCOLS);
	tcase_add_loop_test(tcase, a_foreign_alpn_name_is_refused, 0,
	    PROTOCOLS);
	suite_add_tcase(suite, tcase);
	return suite;
}
