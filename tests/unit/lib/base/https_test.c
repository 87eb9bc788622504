/*
 * https_test.c - requests to HTTPS servers that follow a script
 */
#include "lib/base/https.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/unit/lib/base/peer.h"
#include "tests/unit/lib/base/provider.h"
#include "tests/unit/unit.h"

#define HOST	"login.office.test"

struct scene {
	struct loop	*loop;
	struct talk_hall *hall;
	struct authority authority;
	SSL_CTX		*tls;
	struct provider	 provider;
	struct https_url url;
	struct https_options options;
	struct https	*https;
	bool		 frees;		/* inside the handler */
	unsigned	 over;
	unsigned	 status;
	enum talk_fault	 fault;
	char		 body[256];
	char		 words[TALK_WORDS_MOST + 1];
};

static void
on_over(void *arg, const struct https_answer *answer)
{
	struct scene *scene = arg;

	scene->over++;
	scene->status = answer->status;
	scene->fault = answer->fault;
	(void)snprintf(scene->body, sizeof(scene->body), "%.*s",
	    SLICE_FMT(answer->body));
	(void)snprintf(scene->words, sizeof(scene->words), "%.*s",
	    SLICE_FMT(answer->words));
	if (!scene->frees)
		return;
	https_free(scene->https);
	scene->https = NULL;
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
	scene->options = (struct https_options){
		.url = &scene->url, .addresses = "127.0.0.1",
		.deadline_ms = 5000, .answer_most = 128
	};
}

static void
scene_ask(struct scene *scene, const struct step *script)
{
	char text[128];

	provider_open(&scene->provider, AF_INET, script, scene->tls);
	(void)snprintf(text, sizeof(text), "https://" HOST ":%u/token?a=b",
	    (unsigned)scene->provider.port);
	ck_assert_int_eq(https_url_read(slice_str(text), &scene->url), 0);
	ck_assert_int_eq(https_ask(scene->hall, scene->loop, &scene->options,
	    on_over, scene, &scene->https), 0);
	TURN_UNTIL(scene->loop, scene->over > 0);
	turn_ms(scene->loop, 5);
	ck_assert_uint_eq(scene->over, 1);
}

static void
scene_close(struct scene *scene)
{
	https_free(scene->https);
	if (scene->provider.script != NULL)
		provider_close(&scene->provider);
	talk_hall_free(scene->hall);
	loop_free(scene->loop);
	authority_free(&scene->authority);
	SSL_CTX_free(scene->tls);
}

START_TEST(a_form_is_posted_and_answered)
{
	static const struct step script[] = {
		SHAKE, HEAR("POST /token?a=b HTTP/1.1\r\n"),
		HEAR("Host: " HOST ":"), HEAR("User-Agent: postroom\r\n"),
		HEAR("Accept: "), HEAR("Accept-Encoding: identity\r\n"),
		HEAR("Connection: close\r\n"), HEAR("Content-Type: "
		    "application/x-www-form-urlencoded\r\n"),
		HEAR("Content-Length: 24\r\n"), HEAR("\r\n"),
		HEAR("code=a%2Fb+%26\n"),
		SAY_IT("HTTP/1.1 400 Bad\r\nContent-Length: 4\r\n\r\nnope"),
		WAIT, HANG_UP
	};
	struct slice form = slice_str("code=a%2Fb+%26\nnext=line");
	struct scene scene;

	scene_open(&scene);
	scene.options.form = &form;
	scene_ask(&scene, script);
	ck_assert_uint_eq(scene.status, 400);
	ck_assert_str_eq(scene.body, "nope");
	/* it was there, though the server had not hung up */
	ck_assert(!atomic_load(&scene.provider.is_done));
	scene_close(&scene);
}
END_TEST

START_TEST(without_a_form_it_is_a_get)
{
	static const struct step script[] = {
		SHAKE, HEAR("GET /token?a=b HTTP/1.1\r\n"), HEAR("Host"),
		HEAR("User"), HEAR("Accept"), HEAR("Accept"), HEAR("Conn"),
		HEAR("\r\n"), SAY_IT("HTTP/1.1 200 OK\r\n\r\nuntil the end"),
		HANG_UP
	};
	struct scene scene;

	scene_open(&scene);
	scene.frees = _i == 1;
	scene_ask(&scene, script);
	ck_assert_uint_eq(scene.status, 200);
	ck_assert_str_eq(scene.body, "until the end");
	scene_close(&scene);
}
END_TEST

static const struct step redirect[] = {
	SHAKE, HEAR("GET"), SAY_IT("HTTP/1.1 302 Found\r\n"
	"Location: https://elsewhere.test/\r\nContent-Length: 0\r\n\r\n"),
	WAIT, HANG_UP
};
static const struct step cut[] = {
	SHAKE, HEAR("GET"),
	SAY_IT("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), HANG_UP
};
static const struct step mute[] = { SHAKE, HEAR("GET"), WAIT, HANG_UP };
static const struct step rude[] = { SHAKE, HEAR("GET"), HANG_UP };
static const struct step pop3[] = {
	SHAKE, HEAR("GET"), SAY_IT("+OK ready\r\n"), WAIT, HANG_UP
};
static const struct step long_one[] = {
	SHAKE, HEAR("GET"), SAY_IT("HTTP/1.1 200 OK\r\n\r\n"),
	FLOOD(100000), WAIT, HANG_UP
};
static const struct step in_clear[] = {
	SAY_IT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), WAIT, HANG_UP
};

static const struct {
	const struct step *script;
	unsigned	 status;	/* 0: then this fault */
	enum talk_fault	 fault;
} ends[] = {
	{ redirect,	302,	0 },
	{ cut,		0,	TALK_NONSENSE },
	{ mute,		0,	TALK_TIMED_OUT },
	{ rude,		0,	TALK_CLOSED },
	{ pop3,		0,	TALK_NONSENSE },
	{ long_one,	0,	TALK_NONSENSE },
	{ in_clear,	0,	TALK_TLS_FAILED },
};

START_TEST(what_is_no_answer_has_its_fault)
{
	struct scene scene;

	scene_open(&scene);
	if (ends[_i].script == mute)
		scene.options.deadline_ms = 300;
	scene_ask(&scene, ends[_i].script);
	ck_assert_uint_eq(scene.status, ends[_i].status);
	if (ends[_i].status == 0)
		ck_assert_int_eq(scene.fault, ends[_i].fault);
	scene_close(&scene);
}
END_TEST

/* HARDENING A22: nothing is said to a server that nobody vouches for */
START_TEST(who_is_not_trusted_hears_nothing)
{
	static const struct step script[] = { SHAKE, HEAR("P"), HANG_UP };
	struct slice form = slice_str("secret=canary");
	struct scene scene;

	scene_open(&scene);
	SSL_CTX_free(scene.tls);
	scene.tls = server_context(NULL, HOST, -1, 1);
	scene.options.form = &form;
	scene_ask(&scene, script);
	ck_assert_uint_eq(scene.status, 0);
	ck_assert_int_eq(scene.fault, TALK_DISTRUSTED);
	ck_assert(!provider_has_heard(&scene.provider, "canary"));
	scene_close(&scene);
}
END_TEST

static const struct {
	const char	*text;
	const char	*host;		/* NULL: it is none */
	uint16_t	 port;
	const char	*path;
} urls[] = {
	{ "https://a.test", "a.test", 443, "/" },
	{ "HTTPS://a.test:8443/x?y=z&%20", "a.test", 8443, "/x?y=z&%20" },
	{ "https://127.0.0.1:1/", "127.0.0.1", 1, "/" },
	{ "https://[::1]:2/t", "::1", 2, "/t" },
	{ "https://[::1]/t", "::1", 443, "/t" },
	{ "http://a.test/", NULL, 0, NULL },
	{ "file:///etc/passwd", NULL, 0, NULL },
	{ "https://", NULL, 0, NULL },
	{ "https://a.test:0/", NULL, 0, NULL },
	{ "https://a.test:65536/", NULL, 0, NULL },
	{ "https://ann:secret@a.test/", NULL, 0, NULL },
	{ "https://a.test/#x", NULL, 0, NULL },
	{ "https://a.test/a b", NULL, 0, NULL },
	/* HARDENING A56 */
	{ "https://a.test/\r\nDELE 1", NULL, 0, NULL },
	{ "https://a.test\r\n/", NULL, 0, NULL },
	{ "https://a%0d%0a.test/", NULL, 0, NULL },
	{ "https://a.test/\x7f", NULL, 0, NULL },
	{ "https://a.test/\xc3\xa4", NULL, 0, NULL },
};

START_TEST(a_url_is_safe_or_none)
{
	struct https_url url;
	int r = https_url_read(slice_str(urls[_i].text), &url);

	if (urls[_i].host == NULL) {
		ck_assert_int_eq(r, -EINVAL);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(url.host, urls[_i].host);
	ck_assert_uint_eq(url.port, urls[_i].port);
	ck_assert_str_eq(url.path, urls[_i].path);
}
END_TEST

/* RFC 6749 B: what is posted is urlencoded */
START_TEST(a_form_holds_any_bytes)
{
	TEXT_AUTO form = TEXT_INIT(256);

	https_form_add(&form, "a", slice_str("x-._~9Z"));
	https_form_add(&form, "b", slice_str("&=+ %\r\n\xc3"));
	ck_assert(slice_is_str(text_slice(&form),
	    "a=x-._~9Z&b=%26%3D%2B%20%25%0D%0A%C3"));
}
END_TEST

#define COUNT(array)	((int)(sizeof(array) / sizeof(array[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("https");
	TCase *test = tcase_create("https");

	if (talk_global_open() != 0)
		abort();
	tcase_set_timeout(test, 20);
	tcase_add_test(test, a_form_is_posted_and_answered);
	tcase_add_loop_test(test, without_a_form_it_is_a_get, 0, 2);
	tcase_add_loop_test(test, what_is_no_answer_has_its_fault, 0,
	    COUNT(ends));
	tcase_add_test(test, who_is_not_trusted_hears_nothing);
	tcase_add_loop_test(test, a_url_is_safe_or_none, 0, COUNT(urls));
	tcase_add_test(test, a_form_holds_any_bytes);
	suite_add_tcase(suite, test);
	return suite;
}
