/*
 * talk_bearer_test.c - logins with an access token, and proxies on the way
 */
#include "lib/base/talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/lib/base/peer.h"
#include "tests/unit/lib/base/provider.h"
#include "tests/unit/unit.h"

#define HOST	"pop.office.test"
#define TOKEN	"canary-access-token"

struct scene {
	struct loop	*loop;
	struct talk_hall *hall;
	struct authority authority;
	SSL_CTX		*tls;
	struct provider	 provider;
	struct talk_options options;
	struct talk	*talk;
	unsigned	 opened, failed;
	enum talk_fault	 fault;
	char		 words[TALK_WORDS_MOST + 1];
};

static void
on_line(void *arg, struct slice line)
{
	(void)arg;
	/* HARDENING A56: a proxy's lines are not the server's */
	ck_assert(!slice_has_prefix(line, "HTTP/"));
}

static void
on_opened(void *arg)
{
	struct scene *scene = arg;

	scene->opened++;
}

static void
on_readable(void *arg)
{
	struct scene *scene = arg;
	char bytes[256];

	while (talk_read(scene->talk, bytes, sizeof(bytes)) > 0)
		;
}

static void
on_failed(void *arg, enum talk_fault fault, struct slice words)
{
	struct scene *scene = arg;

	scene->failed++;
	scene->fault = fault;
	(void)snprintf(scene->words, sizeof(scene->words), "%.*s",
	    SLICE_FMT(words));
}

static void
scene_open(struct scene *scene)
{
	const char *fault;
	char *pem;

	memset(scene, 0, sizeof(*scene));
	scene->loop = loop_new();
	scene->authority = authority_new("Office authority");
	scene->tls = server_context(&scene->authority, HOST, -1, 1);
	pem = authority_pem(&scene->authority);
	scene->hall = talk_hall_new(scene->loop, slice_str(pem), &fault);
	ck_assert_ptr_nonnull(scene->hall);
	free(pem);
	scene->options = (struct talk_options){
		.scheme = "pop3", .host = HOST, .addresses = "127.0.0.1",
		.tls = TALK_IMPLICIT, .login = TALK_LOGIN_XOAUTH2,
		.user = "ann", .password = TOKEN, .connect_ms = 60000,
		.open_ms = 60000,
	};
}

static int
scene_begin(struct scene *scene)
{
	const struct talk_events events = { scene, on_line, on_opened,
	    on_readable, NULL, on_failed };

	return talk_open(scene->hall, &scene->options, &events, &scene->talk);
}

static void
scene_call(struct scene *scene, const struct step *script)
{
	provider_open(&scene->provider, AF_INET, script, scene->tls);
	scene->options.port = scene->provider.port;
	ck_assert_int_eq(scene_begin(scene), 0);
	TURN_UNTIL(scene->loop, scene->opened + scene->failed > 0);
}

static void
scene_close(struct scene *scene)
{
	talk_free(scene->talk);
	if (scene->provider.script != NULL)
		provider_close(&scene->provider);
	talk_hall_free(scene->hall);
	loop_free(scene->loop);
	authority_free(&scene->authority);
	SSL_CTX_free(scene->tls);
}

#define GREET	SAY_IT("+OK ready\r\n")
#define CAPA	HEAR("CAPA\r\n"), SAY_IT("+OK\r\nSASL PLAIN XOAUTH2 " \
		    "OAUTHBEARER\r\nTOP\r\nUIDL\r\n.\r\n")
/* "user=ann^Aauth=Bearer canary-access-token^A^A" */
#define XOAUTH2	"dXNlcj1hbm4BYXV0aD1CZWFyZXIgY2FuYXJ5LWFjY2Vzcy10b2tlbgEB\r\n"

static const struct step two_lines[] = {
	SHAKE, GREET, CAPA, HEAR("AUTH XOAUTH2\r\n"), SAY_IT("+ \r\n"),
	HEAR(XOAUTH2), SAY_IT("+OK welcome\r\n"), WAIT, HANG_UP
};
static const struct step starttls[] = {
	GREET, HEAR("CAPA\r\n"), SAY_IT("+OK\r\nSTLS\r\n.\r\n"),
	HEAR("STLS\r\n"), SAY_IT("+OK\r\n"), SHAKE, CAPA,
	HEAR("AUTH XOAUTH2\r\n"), SAY_IT("+\r\n"), HEAR(XOAUTH2),
	SAY_IT("+OK welcome\r\n"), WAIT, HANG_UP
};
static const struct step bearer[] = {
	SHAKE, GREET, CAPA, HEAR("AUTH OAUTHBEARER\r\n"), SAY_IT("+ \r\n"),
	/* "n,a=ann,^Ahost=pop.office.test^A..." */
	HEAR("bixhPWFubiwBaG9zdD1wb3Aub2ZmaWNlLnRlc3QBcG9ydD"),
	SAY_IT("+OK welcome\r\n"), WAIT, HANG_UP
};

static const struct {
	const struct step *script;
	enum talk_login	 login;
	enum talk_tls	 tls;
} logins[] = {
	{ two_lines,	TALK_LOGIN_XOAUTH2,	TALK_IMPLICIT },
	{ starttls,	TALK_LOGIN_XOAUTH2,	TALK_STARTTLS },
	{ bearer,	TALK_LOGIN_OAUTHBEARER,	TALK_IMPLICIT },
};

/* RFC 5034 4, RFC 7628 3.1: however short the token, it has its own line */
START_TEST(a_token_is_shown_in_a_line_of_its_own)
{
	struct scene scene;

	scene_open(&scene);
	scene.options.login = logins[_i].login;
	scene.options.tls = logins[_i].tls;
	scene_call(&scene, logins[_i].script);
	ck_assert_msg(scene.opened == 1, "%s", scene.words);
	scene_close(&scene);
	ck_assert_ptr_null(scene.provider.astray);
}
END_TEST

/* RFC 7628 3.2.3: what is wrong comes as a challenge, and then the refusal */
static const struct step refused_late[] = {
	SHAKE, GREET, CAPA, HEAR("AUTH OAUTHBEARER\r\n"), SAY_IT("+ \r\n"),
	HEAR(""), SAY_IT("+ eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=\r\n"),
	HEAR("AQ==\r\n"), SAY_IT("-ERR [AUTH] token\r\n"), WAIT, HANG_UP
};
static const struct step refused_xoauth2[] = {
	SHAKE, GREET, CAPA, HEAR("AUTH XOAUTH2\r\n"), SAY_IT("+ \r\n"),
	HEAR(XOAUTH2), SAY_IT("+ eyJzdGF0dXMiOiI0MDEifQ==\r\n"), WAIT, HANG_UP
};
static const struct step refused_at_once[] = {
	SHAKE, GREET, CAPA, HEAR("AUTH XOAUTH2\r\n"), SAY_IT("+ \r\n"),
	HEAR(XOAUTH2), SAY_IT("-ERR Authentication failure\r\n"), WAIT,
	HANG_UP
};
static const struct step not_offered[] = {
	SHAKE, GREET, HEAR("CAPA\r\n"), SAY_IT("+OK\r\nSASL PLAIN\r\nUSER\r\n"
	    ".\r\n"), WAIT, HANG_UP
};

static const struct {
	const struct step *script;
	enum talk_login	 login;
	enum talk_fault	 fault;
} refusals[] = {
	{ refused_late,	  TALK_LOGIN_OAUTHBEARER, TALK_LOGIN_REFUSED },
	{ refused_xoauth2, TALK_LOGIN_XOAUTH2,	  TALK_LOGIN_REFUSED },
	{ refused_at_once, TALK_LOGIN_XOAUTH2,	  TALK_LOGIN_REFUSED },
	{ not_offered,	  TALK_LOGIN_XOAUTH2,	  TALK_NO_MECHANISM },
};

START_TEST(a_token_that_is_refused_is_a_refused_login)
{
	struct scene scene;

	scene_open(&scene);
	scene.options.login = refusals[_i].login;
	scene_call(&scene, refusals[_i].script);
	ck_assert_uint_eq(scene.failed, 1);
	ck_assert_int_eq(scene.fault, refusals[_i].fault);
	scene_close(&scene);
}
END_TEST

/* RFC 6750 5.3; HARDENING A56 */
START_TEST(no_token_goes_in_clear_or_ends_a_line)
{
	struct scene scene;

	scene_open(&scene);
	scene.options.port = 1;
	scene.options.tls = TALK_CLEAR;
	ck_assert_int_eq(scene_begin(&scene), -EINVAL);
	scene.options.tls = TALK_IMPLICIT;
	scene.options.password = "token\r\nDELE 1";
	ck_assert_int_eq(scene_begin(&scene), -EINVAL);
	scene_close(&scene);
}
END_TEST

/* Proxies */

static const struct step http_proxy[] = {
	HEAR("CONNECT " HOST ":995 HTTP/1.1\r\n"), HEAR("Host: " HOST ":995"),
	HEAR("Proxy-Connection"), HEAR("\r\n"),
	SAY_IT("HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n"), SHAKE,
	GREET, CAPA, HEAR("AUTH XOAUTH2\r\n"), SAY_IT("+ \r\n"), HEAR(XOAUTH2),
	SAY_IT("+OK welcome\r\n"), WAIT, HANG_UP
};
static const struct step http_proxy_login[] = {
	HEAR("CONNECT "), HEAR("Host"),
	HEAR("Proxy-Authorization: Basic Ym9iOnNlY3JldA==\r\n"),
	HEAR("Proxy-Connection"), HEAR("\r\n"),
	SAY_IT("HTTP/1.1 200 OK\r\n\r\n"), SHAKE,
	GREET, CAPA, HEAR("AUTH XOAUTH2\r\n"), SAY_IT("+ \r\n"), HEAR(XOAUTH2),
	SAY_IT("+OK welcome\r\n"), WAIT, HANG_UP
};
static const struct step http_proxy_no[] = {
	HEAR("CONNECT "), SAY_IT("HTTP/1.1 403 Forbidden\r\n"
	    "Content-Length: 0\r\n\r\n"), WAIT, HANG_UP
};

static const struct {
	const struct step *script;
	const char	*user;
	bool		 opens;
} http[] = {
	{ http_proxy, NULL, true },
	{ http_proxy_login, "bob", true },
	{ http_proxy_no, NULL, false },
};

START_TEST(an_http_proxy_carries_it_and_hears_no_secret)
{
	struct scene scene;

	scene_open(&scene);
	scene.options.port = 995;
	scene.options.addresses = NULL;
	provider_open(&scene.provider, AF_INET, http[_i].script, scene.tls);
	scene.options.proxy = (struct talk_proxy){
		.kind = TALK_PROXY_HTTP, .host = "proxy.office.test",
		.port = scene.provider.port, .addresses = "127.0.0.1",
		.user = http[_i].user, .password = "secret"
	};
	ck_assert_int_eq(scene_begin(&scene), 0);
	TURN_UNTIL(scene.loop, scene.opened + scene.failed > 0);
	ck_assert_msg(scene.opened == http[_i].opens, "%s", scene.words);
	scene_close(&scene);
	ck_assert(!provider_has_heard(&scene.provider, TOKEN "\r\n"));
}
END_TEST

/* A SOCKS5 server (RFC 1928) that says yes, and then is the provider. */
struct socks {
	int		 listener, to;
	uint16_t	 port;
	pthread_t	 thread;
	unsigned char	 heard[512];
	size_t		 bytes;
	struct provider	*provider;
};

static void
pump(int from, int to)
{
	char bytes[4096];
	ssize_t n = recv(from, bytes, sizeof(bytes), 0);

	while (n > 0 && send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n)
		n = recv(from, bytes, sizeof(bytes), 0);
	(void)shutdown(to, SHUT_WR);
}

static void *
pump_back(void *arg)
{
	const int *fds = arg;

	pump(fds[1], fds[0]);
	return NULL;
}

static bool
hear_bytes(struct socks *socks, int fd, size_t n)
{
	if (recv(fd, socks->heard + socks->bytes, n, MSG_WAITALL) !=
	    (ssize_t)n)
		return false;
	socks->bytes += n;
	return true;
}

static void *
run_socks(void *arg)
{
	static const unsigned char yes[] = { 5, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
	struct socks *socks = arg;
	int fd = accept(socks->listener, NULL, NULL);
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_port = htons(socks->provider->port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fds[2] = { fd, socket(AF_INET, SOCK_STREAM, 0) };
	pthread_t back;
	size_t n;

	/* "methods", "none"; then where to */
	if (hear_bytes(socks, fd, 2) && hear_bytes(socks, fd,
	    socks->heard[1]) && send(fd, "\x05\x00", 2, 0) == 2 &&
	    hear_bytes(socks, fd, 5)) {
		n = socks->heard[socks->bytes - 2] == 3 ?
		    socks->heard[socks->bytes - 1] + 2u : 5;
		if (hear_bytes(socks, fd, n) && connect(fds[1],
		    (struct sockaddr *)&to, sizeof(to)) == 0 &&
		    send(fd, yes, sizeof(yes), 0) == sizeof(yes) &&
		    pthread_create(&back, NULL, pump_back, fds) == 0) {
			pump(fd, fds[1]);
			(void)pthread_join(back, NULL);
		}
	}
	(void)close(fds[0]);
	(void)close(fds[1]);
	return NULL;
}

static void
socks_open(struct socks *socks, struct provider *provider)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);

	memset(socks, 0, sizeof(*socks));
	socks->provider = provider;
	socks->listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(socks->listener, (struct sockaddr *)&at, size),
	    0);
	ck_assert_int_eq(listen(socks->listener, 1), 0);
	ck_assert_int_eq(getsockname(socks->listener, (struct sockaddr *)&at,
	    &size), 0);
	socks->port = ntohs(at.sin_port);
	ck_assert_int_eq(pthread_create(&socks->thread, NULL, run_socks,
	    socks), 0);
}

/* RFC 1928 4: type 1 is an IPv4 address, type 3 a name */
START_TEST(socks5_is_told_an_address_and_socks5h_the_name)
{
	struct socks socks;
	struct scene scene;
	bool named = _i == 1;

	scene_open(&scene);
	provider_open(&scene.provider, AF_INET, two_lines, scene.tls);
	socks_open(&socks, &scene.provider);
	scene.options.port = 995;
	scene.options.addresses = named ? NULL : "192.0.2.7";
	scene.options.proxy = (struct talk_proxy){
		.kind = named ? TALK_PROXY_SOCKS5H : TALK_PROXY_SOCKS5,
		.host = "proxy.office.test", .port = socks.port,
		.addresses = "127.0.0.1"
	};
	ck_assert_int_eq(scene_begin(&scene), 0);
	TURN_UNTIL(scene.loop, scene.opened + scene.failed > 0);
	ck_assert_msg(scene.opened == 1, "%s", scene.words);
	scene_close(&scene);
	(void)pthread_join(socks.thread, NULL);
	(void)close(socks.listener);
	ck_assert_ptr_eq(memmem(socks.heard, socks.bytes, HOST,
	    sizeof(HOST) - 1) == NULL ? NULL : &socks, named ? &socks : NULL);
	ck_assert_ptr_eq(memmem(socks.heard, socks.bytes,
	    "\x01\xc0\x00\x02\x07", 5) == NULL ? NULL : &socks, named ? NULL : &socks);
}
END_TEST

START_TEST(half_a_proxy_is_none)
{
	static const struct talk_proxy proxies[] = {
		{ .kind = TALK_PROXY_HTTP, .host = "p.test", .port = 0,
		    .addresses = "127.0.0.1" },
		{ .kind = TALK_PROXY_HTTP, .host = "p.test", .port = 1 },
		{ .kind = TALK_PROXY_HTTP, .port = 1,
		    .addresses = "127.0.0.1" },
		{ .kind = TALK_PROXY_HTTP, .host = "p.test\r\nX", .port = 1,
		    .addresses = "127.0.0.1" },
		{ .kind = TALK_PROXY_HTTP, .host = "p.test", .port = 1,
		    .addresses = "127.0.0.1", .user = "a\nb",
		    .password = "" },
		{ .kind = TALK_PROXY_HTTP, .host = "p.test", .port = 1,
		    .addresses = "127.0.0.1", .user = "a" },
		{ .kind = TALK_PROXY_COUNT, .host = "p.test", .port = 1,
		    .addresses = "127.0.0.1" },
	};
	struct scene scene;

	scene_open(&scene);
	scene.options.port = 995;
	for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++) {
		scene.options.proxy = proxies[i];
		ck_assert_int_eq(scene_begin(&scene), -EINVAL);
	}
	/* without a proxy that looks names up we need addresses */
	scene.options.proxy = (struct talk_proxy){ 0 };
	scene.options.addresses = NULL;
	ck_assert_int_eq(scene_begin(&scene), -EINVAL);
	scene_close(&scene);
}
END_TEST

#define COUNT(array)	((int)(sizeof(array) / sizeof(array[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("talk_bearer");
	TCase *test = tcase_create("bearer");

	if (talk_global_open() != 0)
		abort();
	tcase_set_timeout(test, 20);
	tcase_add_loop_test(test, a_token_is_shown_in_a_line_of_its_own, 0,
	    COUNT(logins));
	tcase_add_loop_test(test, a_token_that_is_refused_is_a_refused_login,
	    0, COUNT(refusals));
	tcase_add_test(test, no_token_goes_in_clear_or_ends_a_line);
	tcase_add_loop_test(test, an_http_proxy_carries_it_and_hears_no_secret,
	    0, COUNT(http));
	tcase_add_loop_test(test,
	    socks5_is_told_an_address_and_socks5h_the_name, 0, 2);
	tcase_add_test(test, half_a_proxy_is_none);
	suite_add_tcase(suite, test);
	return suite;
}
