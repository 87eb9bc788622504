/*
 * tls_test.c - SMTP behind STARTTLS (RFC 3207) and behind TLS (RFC 8314)
 */
#include <openssl/ssl.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/smtp/session.h"
#include "lib/base/tls.h"
#include "tests/unit/gateway/smtp/hub.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

/* The client's side of TLS, on memory: what it writes goes through the hub. */
struct client {
	struct hub	*hub;
	struct tls_server *server;
	SSL_CTX		*context;
	SSL		*ssl;
	BIO		*in, *out;	/* owned by ssl */
	struct text	 plain;		/* what was heard inside TLS */
};

static void
open_client(struct client *client)
{
	*client = (struct client){ .plain = TEXT_INIT(65536) };
	client->hub = hub_new();
	client->server = make_tls_server(NULL);
	client->hub->options.tls = client->server;
	client->hub->options.offers_starttls = true;
	client->context = SSL_CTX_new(TLS_client_method());
	client->ssl = SSL_new(client->context);
	client->in = BIO_new(BIO_s_mem());
	client->out = BIO_new(BIO_s_mem());
	SSL_set_bio(client->ssl, client->in, client->out);
	SSL_set_connect_state(client->ssl);
}

static void
close_client(struct client *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->context);
	text_free(&client->plain);
	hub_free(client->hub);
	tls_server_free(client->server);
}

/* Carry what either side has written to the other. */
static void
carry(struct client *client)
{
	struct hub *hub = client->hub;
	char bytes[4096];
	int n;

	while ((n = BIO_read(client->out, bytes, sizeof(bytes))) > 0)
		hub_say(hub, slice_of(bytes, (size_t)n));
	hub_run(hub, 20);
	if (hub->heard.len > 0)
		ck_assert_int_eq(BIO_write(client->in, hub->heard.at,
		    (int)hub->heard.len), (int)hub->heard.len);
	text_clear(&hub->heard);
	while (SSL_is_init_finished(client->ssl) &&
	    (n = SSL_read(client->ssl, bytes, sizeof(bytes))) > 0)
		text_add(&client->plain, slice_of(bytes, (size_t)n));
}

static bool
shake(struct client *client)
{
	for (int i = 0; i < 50; i++) {
		if (SSL_do_handshake(client->ssl) == 1)
			return true;
		carry(client);
	}
	return false;
}

/* Say something inside TLS and wait until `want` has been heard. */
static void
talk(struct client *client, const char *line, const char *want)
{
	struct slice s = slice_str(line);

	text_clear(&client->plain);
	if (s.len > 0)
		ck_assert_int_gt(SSL_write(client->ssl, s.at, (int)s.len), 0);
	for (int i = 0; i < 100; i++) {
		carry(client);
		if (slice_find_str(text_slice(&client->plain), want) !=
		    SIZE_MAX)
			return;
	}
	ck_abort_msg("heard \"%.*s\", wanted \"%s\"",
	    SLICE_FMT(text_slice(&client->plain)), want);
}

START_TEST(starttls_forgets_what_was_said_in_clear)
{
	struct client client;

	open_client(&client);
	hub_connect(client.hub, "");
	hub_talk_str(client.hub, "EHLO c.example\r\n", "220|250 ENH");
	hub_talk_str(client.hub, "STARTTLS\r\n", "220 2.0.0");
	ck_assert(shake(&client));
	talk(&client, "MAIL FROM:<>\r\n", "503 5.5.1 Send EHLO");
	talk(&client, "EHLO c.example\r\n", "250 ENH");
	ck_assert_uint_eq(slice_find_str(text_slice(&client.plain),
	    "STARTTLS"), SIZE_MAX);
	talk(&client, "STARTTLS\r\n", "503 5.5.1 TLS has begun");
	talk(&client, "MAIL FROM:<>\r\nRCPT TO:<ann@office.test>\r\nDATA\r\n",
	    "354");
	talk(&client, "x\r\n.\r\n", "250 2.0.0 Kept");
	talk(&client, "QUIT\r\n", "221 2.0.0");
	ck_assert_uint_eq(client.hub->messages, 1);
	close_client(&client);
}
END_TEST

#define ANN	"AUTH PLAIN AGFubgBzZSBjcmV0\r\n"	/* \0ann\0se cret */
#define WRONG	"AUTH PLAIN AGFubgBzZWNyZXQ=\r\n"	/* \0ann\0secret */

/* Three wrong passwords are three, wherever TLS begins between them. */
START_TEST(starttls_does_not_forget_wrong_passwords)
{
	struct client client;

	open_client(&client);
	client.hub->options.is_submission = true;
	client.hub->options.clear_logins = true;
	hub_connect(client.hub, "");
	hub_talk_str(client.hub, "EHLO c.example\r\n", "220|250 ENH");
	hub_talk_str(client.hub, WRONG, "535 5.7.8");
	hub_talk_str(client.hub, WRONG, "535 5.7.8");
	hub_talk_str(client.hub, "STARTTLS\r\n", "220 2.0.0");
	ck_assert(shake(&client));
	talk(&client, "EHLO c.example\r\n", "250 ENH");
	talk(&client, WRONG, "535 5.7.8");
	for (int i = 0; i < 50 && !client.hub->eof; i++)
		carry(&client);
	ck_assert(client.hub->eof);
	ck_assert_uint_eq(client.hub->logins, 3);
	close_client(&client);
}
END_TEST

/* Who logged in in clear, and long ago, may begin again inside TLS. */
START_TEST(a_login_before_starttls_uses_up_no_time)
{
	struct client client;

	open_client(&client);
	client.hub->options.is_submission = true;
	client.hub->options.clear_logins = true;
	hub_connect(client.hub, "");
	hub_talk_str(client.hub, "EHLO c.example\r\n", "220|250 ENH");
	hub_talk_str(client.hub, ANN, "235 2.7.0");
	client.hub->session->began_ms -= 2 * client.hub->limits.first_ms;
	hub_talk_str(client.hub, "STARTTLS\r\n", "220 2.0.0");
	ck_assert(shake(&client));
	talk(&client, "EHLO c.example\r\n", "250 ENH");
	talk(&client, ANN, "235 2.7.0");
	talk(&client, "QUIT\r\n", "221 2.0.0");
	close_client(&client);
}
END_TEST

START_TEST(implicit_tls_greets_inside)
{
	struct client client;

	open_client(&client);
	client.hub->options.implicit_tls = true;
	hub_connect(client.hub, "");
	ck_assert(shake(&client));
	talk(&client, "", "220 hub.office.test ESMTP");
	talk(&client, "EHLO c.example\r\n", "250 ENH");
	close_client(&client);
}
END_TEST

/* HARDENING A20: in one segment, and with the command split from the rest */
START_TEST(nothing_injected_before_tls_is_obeyed)
{
	struct client client;

	open_client(&client);
	hub_connect(client.hub, "");
	hub_talk_str(client.hub, "EHLO c.example\r\n", "220|250 ENH");
	hub_talk_str(client.hub, "STARTTLS\r\nNOOP\r\n", "554 5.5.0|eof");
	close_client(&client);

	open_client(&client);
	hub_connect(client.hub, "");
	hub_talk_str(client.hub, "EHLO c.example\r\n", "220|250 ENH");
	hub_talk_str(client.hub, "STARTTLS\r\n", "220 2.0.0");
	hub_say(client.hub, slice_str("NOOP\r\n"));
	ck_assert(!shake(&client));
	ck_assert_ptr_null(client.hub->session);
	close_client(&client);
}
END_TEST

/* HARDENING A26, A04: a message, or a chunk, cut off inside TLS */
START_TEST(a_message_cut_off_inside_tls_is_none)
{
	static const char *const begun[] = {
		"DATA\r\n", "BDAT 10 LAST\r\nabc"
	};

	for (int how = 0; how < 4; how++) {
		struct client client;

		open_client(&client);
		client.hub->options.implicit_tls = true;
		hub_connect(client.hub, "");
		ck_assert(shake(&client));
		talk(&client, "EHLO c.example\r\n", "250 ENH");
		talk(&client, "MAIL FROM:<>\r\n", "250 2.1.0");
		talk(&client, "RCPT TO:<ann@office.test>\r\n", "250 2.1.5");
		talk(&client, begun[how / 2], how < 2 ? "354" : "");
		if (how < 2)
			talk(&client, "S: x\r\n\r\nhalf\r\n", "");
		if (how % 2 == 0) {
			(void)SSL_shutdown(client.ssl);
			carry(&client);
			hub_say(client.hub, slice_str("X"));
		}
		hub_hang_up(client.hub);
		for (int i = 0; i < 10 && client.hub->session != NULL; i++)
			hub_run(client.hub, 10);
		ck_assert_ptr_null(client.hub->session);
		ck_assert_uint_eq(client.hub->messages, 0);
		close_client(&client);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("smtp tls");
	TCase *tcase = tcase_create("smtp tls");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, starttls_forgets_what_was_said_in_clear);
	tcase_add_test(tcase, starttls_does_not_forget_wrong_passwords);
	tcase_add_test(tcase, a_login_before_starttls_uses_up_no_time);
	tcase_add_test(tcase, implicit_tls_greets_inside);
	tcase_add_test(tcase, nothing_injected_before_tls_is_obeyed);
	tcase_add_test(tcase, a_message_cut_off_inside_tls_is_none);
	suite_add_tcase(suite, tcase);
	return suite;
}
