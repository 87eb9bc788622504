/*
 * scram_test.c - a login by SCRAM-SHA-256, with a client that binds it to TLS
 */
#include <errno.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "gateway/imap/imap.h"
#include "gateway/pop3/pop3.h"
#include "lib/base/sasl.h"
#include "tests/unit/gateway/login/door.h"
#include "tests/unit/unit.h"

#define FIRST		"n=ann,r=fyko+d2lbbFgONRv9qkxdawL"

static const struct words {
	const struct login_protocol *protocol;
	const char	*alpn;
	const char	*auth;		/* up to the mechanism */
	const char	*gone_back, *bad, *wrong, *later;
} protocols[] = {
	{ &pop3_protocol, "pop3", "AUTH ", "-ERR as you like: no login\r\n",
	    "-ERR this binds to another connection\r\n",
	    "-ERR [AUTH] name or password is wrong\r\n",
	    "-ERR [SYS/TEMP] logins cannot be checked now\r\n" },
	{ &imapd_protocol, "imap", "a AUTHENTICATE ",
	    "a BAD as you like: no login\r\n",
	    "a BAD this binds to another connection\r\n",
	    "a NO [AUTHENTICATIONFAILED] name or password is wrong\r\n",
	    "a NO [UNAVAILABLE] logins cannot be checked now\r\n" },
};
#define PROTOCOLS	2

static struct test_door *door;
static const struct words *words;

static void
tear_down(void)
{
	test_door_free(door);
}

/* Take the next line, without its end, off what came. */
static void
hear(struct text *line)
{
	uint64_t since = clock_ms();
	struct slice got, one;

	while (slice_find_str(text_slice(&door->peer.got), "\r\n") ==
	    SIZE_MAX && clock_ms() - since < PEER_GUARD_MS)
		pop3_peer_turn(&door->peer);
	got = text_slice(&door->peer.got);
	ck_assert(slice_cut(&got, '\n', &one));
	text_clear(line);
	text_add(line, slice_first(one, one.len - 1));
	text_consume(&door->peer.got, one.len + 1);
}

static void
say(struct slice bytes, const char *before)
{
	TEXT_AUTO line = TEXT_INIT(4096);

	text_add_str(&line, before);
	sasl_encode(&line, bytes);
	text_add_str(&line, "\r\n");
	pop3_peer_say(&door->peer, text_slice(&line));
}

/* What the server says next, decoded. */
static struct slice
challenge(char buffer[1024])
{
	TEXT_AUTO line = TEXT_INIT(4096);
	struct slice bytes = { NULL, 0 };

	hear(&line);
	ck_assert(slice_has_prefix(text_slice(&line), "+ "));
	ck_assert_int_eq(sasl_decode(slice_after(text_slice(&line), 2), buffer,
	    1024, &bytes), 0);
	return bytes;
}

/* Begin, with this header; the answer is the server's first message. */
static void
begin(const char *mechanism, const char *header, struct text *server_first)
{
	TEXT_AUTO before = TEXT_INIT(100), first = TEXT_INIT(200);
	char buffer[1024];

	text_addf(&before, "%s%s ", words->auth, mechanism);
	text_add_byte(&before, '\0');
	text_addf(&first, "%s" FIRST, header);
	say(text_slice(&first), before.at);
	if (server_first == NULL)
		return;
	text_add(server_first, challenge(buffer));
	ck_assert(slice_has_suffix(text_slice(server_first),
	    ",s=c2l4dGVlbiBieXRlcyBvZg==,i=4096"));
}

static void
hmac(const unsigned char *key, struct slice text, unsigned char out[32])
{
	unsigned len = 32;

	ck_assert_ptr_nonnull(HMAC(EVP_sha256(), key, 32,
	    (const unsigned char *)text.at, text.len, out, &len));
}

/* Say the proof of `password`; `signature` is what the server must prove. */
static void
prove(const char *password, struct slice bound, struct slice server_first,
    unsigned char signature[32])
{
	TEXT_AUTO final = TEXT_INIT(1024), all = TEXT_INIT(2048);
	unsigned char salted[32], client[32], stored[32], server[32];
	struct slice nonce = slice_first(server_first,
	    slice_find(server_first, ','));

	ck_assert_int_eq(PKCS5_PBKDF2_HMAC(password, -1, door->salt,
	    sizeof(door->salt), 4096, EVP_sha256(), 32, salted), 1);
	hmac(salted, slice_str("Client Key"), client);
	hmac(salted, slice_str("Server Key"), server);
	ck_assert_int_eq(EVP_Digest(client, 32, stored, NULL, EVP_sha256(),
	    NULL), 1);
	text_add_str(&final, "c=");
	sasl_encode(&final, bound);
	text_addf(&final, ",%.*s", SLICE_FMT(nonce));
	text_addf(&all, FIRST ",%.*s,%.*s", SLICE_FMT(server_first),
	    SLICE_FMT(text_slice(&final)));
	hmac(server, text_slice(&all), signature);
	hmac(stored, text_slice(&all), salted);
	for (size_t i = 0; i < 32; i++)
		client[i] ^= salted[i];
	text_add_str(&final, ",p=");
	sasl_encode(&final, slice_of(client, 32));
	say(text_slice(&final), "");
}

/* The whole exchange up to the server's proof. */
static void
exchange(const char *mechanism, const char *header, struct slice bound)
{
	TEXT_AUTO first = TEXT_INIT(1024), proof = TEXT_INIT(100);
	unsigned char signature[32];
	char buffer[1024];

	begin(mechanism, header, &first);
	prove("se cret ", bound, text_slice(&first), signature);
	text_add_str(&proof, "v=");
	sasl_encode(&proof, slice_of(signature, 32));
	ck_assert(slice_is(challenge(buffer), text_slice(&proof)));
	ck_assert_uint_eq(door->handed, 0);
}

static void
connect_to(int which, bool with_tls)
{
	TEXT_AUTO greeting = TEXT_INIT(1024);

	words = &protocols[which];
	door = test_door_new(words->protocol);
	if (with_tls) {
		test_door_offer_tls(door, words->alpn);
		door->options.implicit_tls = true;
	}
	test_door_connect(door);
	if (with_tls)
		ck_assert(pop3_peer_tls(&door->peer, words->alpn));
	hear(&greeting);
}

/* What is pipelined behind the last, empty line is the session's. */
START_TEST(a_proof_hands_the_connection_over)
{
	connect_to(_i, false);
	exchange("SCRAM-SHA-256", "n,,", slice_str("n,,"));
	test_door_log_in(door, "\r\nSTAT\r\n", "STAT\r\n");
	ck_assert_str_eq(door->tag, _i == 0 ? "" : "a");
}
END_TEST

/* RFC 9266: the client's own exporter, and its header, are what is bound */
START_TEST(a_login_is_bound_to_its_connection)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	TEXT_AUTO bound = TEXT_INIT(200);
	unsigned char bytes[32];

	connect_to(_i, true);
	ck_assert_int_eq(SSL_export_keying_material(door->peer.ssl, bytes,
	    sizeof(bytes), label, sizeof(label) - 1,
	    (const unsigned char *)"", 0, 1), 1);
	text_add_str(&bound, "p=tls-exporter,,");
	text_add(&bound, slice_of(bytes, sizeof(bytes)));
	exchange("SCRAM-SHA-256-PLUS", "p=tls-exporter,,", text_slice(&bound));
	test_door_log_in(door, "\r\n", "");
}
END_TEST

/* RFC 5802 6: somebody in between has a connection of their own */
START_TEST(a_login_bound_to_another_connection_is_none)
{
	TEXT_AUTO first = TEXT_INIT(1024), bound = TEXT_INIT(200);
	unsigned char signature[32];

	connect_to(_i, true);
	text_add_str(&bound, "p=tls-exporter,,");
	text_add(&bound, slice_str("thirty-two bytes of another one."));
	begin("SCRAM-SHA-256-PLUS", "p=tls-exporter,,", &first);
	prove("se cret ", text_slice(&bound), text_slice(&first), signature);
	pop3_peer_expect(&door->peer, slice_str(words->bad));
	ck_assert_uint_eq(door->checks, 0);
}
END_TEST

START_TEST(a_wrong_proof_is_a_wrong_password)
{
	TEXT_AUTO first = TEXT_INIT(1024);
	unsigned char signature[32];

	connect_to(_i, false);
	begin("SCRAM-SHA-256", "n,,", &first);
	prove("secret", slice_str("n,,"), text_slice(&first), signature);
	pop3_peer_expect(&door->peer, slice_str(words->wrong));
	ck_assert_uint_eq(door->checks, 1);
	ck_assert(slice_find_str(text_slice(&door->log),
	    "as \"ann\": name or password is wrong\n") != SIZE_MAX);
}
END_TEST

/* Our proof did not please: the client takes it all back. */
START_TEST(a_client_that_is_not_pleased_is_not_logged_in)
{
	connect_to(_i, false);
	exchange("SCRAM-SHA-256", "n,,", slice_str("n,,"));
	pop3_peer_say(&door->peer, slice_str("*\r\n"));
	pop3_peer_expect(&door->peer, slice_str(words->gone_back));
	ck_assert_uint_eq(door->handed, 0);
	ck_assert(slice_find_str(text_slice(&door->log), "logged in") ==
	    SIZE_MAX);
}
END_TEST

START_TEST(a_salt_that_cannot_be_had_is_said_to_the_client)
{
	connect_to(_i, false);
	door->rounds = 0;
	begin("SCRAM-SHA-256", "n,,", NULL);
	pop3_peer_expect(&door->peer, slice_str(words->later));
	door->refusal = -ECONNRESET;
	begin("SCRAM-SHA-256", "n,,", NULL);
	pop3_peer_expect(&door->peer, slice_str(words->later));
	door->refusal = 0;
	door->rounds = 4096;
	exchange("SCRAM-SHA-256", "n,,", slice_str("n,,"));
}
END_TEST

/* HARDENING A16: gone while the keeper looks for the salt */
START_TEST(a_client_that_leaves_is_forgotten)
{
	uint64_t since = clock_ms();

	connect_to(_i, false);
	door->silent = true;
	begin("SCRAM-SHA-256", "n,,", NULL);
	while (door->reply_salt == NULL && clock_ms() - since < PEER_GUARD_MS)
		pop3_peer_turn(&door->peer);
	login_close(door->login, "the hub is closing");
	ck_assert_uint_eq(door->forgets, 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("scram logins");
	TCase *tcase = tcase_create("scram");

	tcase_add_checked_fixture(tcase, NULL, tear_down);
	tcase_set_timeout(tcase, 200);
	tcase_add_loop_test(tcase, a_proof_hands_the_connection_over, 0,
	    PROTOCOLS);
	tcase_add_loop_test(tcase, a_login_is_bound_to_its_connection, 0,
	    PROTOCOLS);
	tcase_add_loop_test(tcase, a_login_bound_to_another_connection_is_none,
	    0, PROTOCOLS);
	tcase_add_loop_test(tcase, a_wrong_proof_is_a_wrong_password, 0,
	    PROTOCOLS);
	tcase_add_loop_test(tcase,
	    a_client_that_is_not_pleased_is_not_logged_in, 0, PROTOCOLS);
	tcase_add_loop_test(tcase,
	    a_salt_that_cannot_be_had_is_said_to_the_client, 0, PROTOCOLS);
	tcase_add_loop_test(tcase, a_client_that_leaves_is_forgotten, 0,
	    PROTOCOLS);
	suite_add_tcase(suite, tcase);
	return suite;
}
