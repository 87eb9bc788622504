/*
 * oauth_test.c - asking token endpoints that follow a script
 */
#include "fetch/oauth.h"

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
	struct oauth_route route;
	struct grant	 grant;
	struct oauth	*oauth;
	unsigned	 told;
	struct oauth_token token;
	struct oauth_device device;
};

static void
on_token(void *arg, const struct oauth_token *token)
{
	struct scene *scene = arg;

	scene->told++;
	scene->token = *token;
	oauth_free(scene->oauth);
	scene->oauth = NULL;
}

static void
on_device(void *arg, const struct oauth_device *device)
{
	struct scene *scene = arg;

	scene->told++;
	scene->device = *device;
}

static struct scene *
scene_open(const struct step *script)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct grant *g = &scene->grant;
	const char *fault;
	char *pem;

	scene->loop = loop_new();
	scene->authority = authority_new("Office authority");
	scene->tls = server_context(&scene->authority, HOST, -1, 1);
	pem = authority_pem(&scene->authority);
	scene->hall = talk_hall_new(scene->loop, slice_str(pem), &fault);
	ck_assert_ptr_nonnull(scene->hall);
	free(pem);
	provider_open(&scene->provider, AF_INET, script, scene->tls);
	scene->route = (struct oauth_route){ .hall = scene->hall,
	    .loop = scene->loop, .addresses = "127.0.0.1",
	    .deadline_ms = 3000 };
	(void)snprintf(g->token_url, sizeof(g->token_url),
	    "https://" HOST ":%u/token", (unsigned)scene->provider.port);
	(void)snprintf(g->device_url, sizeof(g->device_url),
	    "https://" HOST ":%u/device", (unsigned)scene->provider.port);
	strcpy(g->authorize_url, "https://" HOST "/auth?a=b");
	strcpy(g->client_id, "the office");
	strcpy(g->client_secret, "se/cret");
	strcpy(g->scope, "mail offline");
	strcpy(g->refresh, "newest");
	strcpy(g->before, "older");
	return scene;
}

static void
scene_wait(struct scene *scene)
{
	TURN_UNTIL(scene->loop, scene->told > 0);
	turn_ms(scene->loop, 5);
	ck_assert_uint_eq(scene->told, 1);
}

static void
scene_close(struct scene *scene)
{
	oauth_free(scene->oauth);
	provider_close(&scene->provider);
	talk_hall_free(scene->hall);
	loop_free(scene->loop);
	authority_free(&scene->authority);
	SSL_CTX_free(scene->tls);
	free(scene);
}

/* All header lines, and the body, which has no end of its own. */
#define HEADERS	HEAR("Host"), HEAR("User"), HEAR("Accept"), HEAR("Accept"), \
	HEAR("Conn"), HEAR("Content-Type"), HEAR("Content-L"), HEAR("\r\n")
#define ANSWER(status, length, body) \
	SAY_IT("HTTP/1.1 " status " x\r\nContent-Length: " length "\r\n\r\n" \
	    body), WAIT, HANG_UP

static const struct step refresh[] = {
	SHAKE, HEAR("POST /token"), HEADERS,
	ANSWER("200", "83", "{\"access_token\":\"at\",\"token_type\":\"Bearer\""
	    ",\"expires_in\":3599,\"refresh_token\":\"rt2\"}")
};

START_TEST(a_refresh_token_buys_an_access_token)
{
	struct scene *scene = scene_open(refresh);

	ck_assert_int_eq(oauth_refresh(&scene->route, &scene->grant, on_token,
	    scene, &scene->oauth), 0);
	scene_wait(scene);
	ck_assert_int_eq(scene->token.end, OAUTH_GRANTED);
	ck_assert_str_eq(scene->token.access, "at");
	ck_assert_str_eq(scene->token.refresh, "rt2");
	scene_close(scene);
}
END_TEST

/* A form ends with no line: it is heard until nobody waits any more. */
static const struct step bodies[] = {
	SHAKE, HEAR("POST /"), HEADERS, HEAR("\n"), HANG_UP
};

static int
ask_body(struct scene *scene, int which)
{
	switch (which) {
	case 0:
		return oauth_refresh(&scene->route, &scene->grant, on_token,
		    scene, &scene->oauth);
	case 1:
		return oauth_refresh_before(&scene->route, &scene->grant,
		    on_token, scene, &scene->oauth);
	case 2:
		return oauth_exchange(&scene->route, &scene->grant,
		    slice_str("c\r\n"), "http://127.0.0.1:5/x", "verifier",
		    on_token, scene, &scene->oauth);
	case 3:
		return oauth_device_poll(&scene->route, &scene->grant, "d/c",
		    on_token, scene, &scene->oauth);
	default:
		return oauth_device_begin(&scene->route, &scene->grant,
		    on_device, scene, &scene->oauth);
	}
}

#define CLIENT	"\r\nclient_id=the%20office&client_secret=se%2Fcret&"

static const char *const forms[] = {
	CLIENT "grant_type=refresh_token&refresh_token=newest",
	CLIENT "grant_type=refresh_token&refresh_token=older",
	CLIENT "grant_type=authorization_code&code=c%0D%0A&redirect_uri="
	    "http%3A%2F%2F127.0.0.1%3A5%2Fx&code_verifier=verifier",
	CLIENT "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3A"
	    "device_code&device_code=d%2Fc",
	CLIENT "scope=mail%20offline",
};

/* RFC 6749 2.3.1, 4.1.3, 6; RFC 7636 4.5; RFC 8628 3.1, 3.4 */
START_TEST(a_question_has_the_members_of_its_rfc)
{
	struct scene *scene = scene_open(bodies);

	scene->route.deadline_ms = 400;
	ck_assert_int_eq(ask_body(scene, _i), 0);
	scene_wait(scene);
	/* who does not answer is asked again later */
	ck_assert_int_eq(_i == 4 ? scene->device.end : scene->token.end,
	    OAUTH_LATER);
	oauth_free(scene->oauth);
	scene->oauth = NULL;
	provider_close(&scene->provider);
	scene->provider.heard[scene->provider.heard_bytes] = '\0';
	ck_assert_msg(slice_has_suffix(slice_of(scene->provider.heard,
	    scene->provider.heard_bytes), forms[_i]), "%s",
	    scene->provider.heard);
	provider_open(&scene->provider, AF_INET, bodies, scene->tls);
	scene_close(scene);
}
END_TEST

static const struct step device[] = {
	SHAKE, HEAR("POST /device"), HEADERS,
	ANSWER("200", "74", "{\"device_code\":\"dc\",\"user_code\":\"UC\","
	    "\"verification_uri\":\"https://x.test/\"}")
};

/* RFC 8628 3.1, 3.2 */
START_TEST(a_person_gets_a_code)
{
	struct scene *scene = scene_open(device);

	ck_assert_int_eq(oauth_device_begin(&scene->route, &scene->grant,
	    on_device, scene, &scene->oauth), 0);
	scene_wait(scene);
	ck_assert_int_eq(scene->device.end, OAUTH_GRANTED);
	ck_assert_str_eq(scene->device.user_code, "UC");
	scene_close(scene);
}
END_TEST

static const struct step pending[] = {
	SHAKE, HEAR("POST /token"), HEADERS,
	ANSWER("400", "33", "{\"error\":\"authorization_pending\"}")
};

START_TEST(a_person_who_has_not_answered_is_waited_for)
{
	struct scene *scene = scene_open(pending);

	ck_assert_int_eq(oauth_device_poll(&scene->route, &scene->grant, "dc",
	    on_token, scene, &scene->oauth), 0);
	scene_wait(scene);
	ck_assert_int_eq(scene->token.end, OAUTH_PENDING);
	scene_close(scene);
}
END_TEST

/* HARDENING A22: no secret to a server that nobody vouches for */
START_TEST(who_is_not_trusted_is_told_nothing)
{
	static const struct step script[] = { SHAKE, HEAR("P"), HANG_UP };
	struct scene *scene = scene_open(script);

	scene->route.addresses = "127.0.0.1";
	(void)snprintf(scene->grant.token_url, sizeof(scene->grant.token_url),
	    "https://other.office.test:%u/token",
	    (unsigned)scene->provider.port);
	ck_assert_int_eq(oauth_refresh(&scene->route, &scene->grant, on_token,
	    scene, &scene->oauth), 0);
	scene_wait(scene);
	ck_assert_int_eq(scene->token.end, OAUTH_LATER);
	ck_assert_ptr_nonnull(strstr(scene->token.words, "not trusted"));
	provider_close(&scene->provider);
	ck_assert(!provider_has_heard(&scene->provider, "newest"));
	provider_open(&scene->provider, AF_INET, script, scene->tls);
	scene_close(scene);
}
END_TEST

START_TEST(what_is_no_endpoint_is_not_asked)
{
	static const char *const urls[] = { "", "http://x.test/",
	    "https://x.test/\r\nX: y", "https://ann:x@x.test/" };
	struct scene *scene = scene_open(refresh);

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		strcpy(scene->grant.token_url, urls[i]);
		ck_assert_int_eq(oauth_refresh(&scene->route, &scene->grant,
		    on_token, scene, &scene->oauth), -EINVAL);
		ck_assert_ptr_null(scene->oauth);
	}
	scene_close(scene);
}
END_TEST

/* RFC 7636 B */
START_TEST(the_challenge_is_the_rfcs)
{
	char challenge[OAUTH_VERIFIER_SIZE];

	ck_assert_int_eq(oauth_challenge(
	    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", challenge), 0);
	ck_assert_str_eq(challenge,
	    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}
END_TEST

START_TEST(no_two_secrets_are_the_same)
{
	char a[OAUTH_VERIFIER_SIZE], b[OAUTH_VERIFIER_SIZE];

	ck_assert_int_eq(oauth_secret_new(a), 0);
	ck_assert_int_eq(oauth_secret_new(b), 0);
	ck_assert_str_ne(a, b);
	ck_assert_uint_eq(strlen(a), OAUTH_VERIFIER_SIZE - 1);
	ck_assert_uint_eq(strspn(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_"), strlen(a));
}
END_TEST

START_TEST(a_browser_is_sent_with_everything)
{
	struct scene *scene = scene_open(refresh);
	TEXT_AUTO url = TEXT_INIT(4096);

	oauth_authorize_url(&url, &scene->grant, "ann&x@gmail.com",
	    "http://127.0.0.1:5/x", "st", "ch");
	ck_assert(slice_is_str(text_slice(&url), "https://" HOST "/auth?a=b&"
	    "response_type=code&client_id=the%20office&"
	    "redirect_uri=http%3A%2F%2F127.0.0.1%3A5%2Fx&"
	    "scope=mail%20offline&state=st&code_challenge=ch&"
	    "code_challenge_method=S256&login_hint=ann%26x%40gmail.com"));
	scene_close(scene);
}
END_TEST

/* RFC 8252 7.3 */
START_TEST(a_code_comes_back_to_this_machine_only)
{
	static const struct {
		const char	*text;
		bool		 is;
	} redirects[] = {
		{ "http://127.0.0.1:1/", true },
		{ "http://127.0.0.1:65535/back?x", true },
		{ "http://127.0.0.1:0/", false },
		{ "http://127.0.0.1:70000/", false },
		{ "http://127.0.0.1/", false },
		{ "http://127.0.0.1:80", false },
		{ "http://127.0.0.1:80@evil.test/", false },
		{ "http://127.0.0.1.evil.test:80/", false },
		{ "https://127.0.0.1:80/", false },
		{ "http://127.0.0.1:80/ x", false },
		{ "http://127.0.0.1:80/\r\nX", false },
		{ "", false },
	};

	for (size_t i = 0; i < sizeof(redirects) / sizeof(redirects[0]); i++)
		ck_assert_msg(oauth_is_loopback(slice_str(redirects[i].text))
		    == redirects[i].is, "%s", redirects[i].text);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("oauth");
	TCase *test = tcase_create("oauth");

	if (talk_global_open() != 0)
		abort();
	tcase_set_timeout(test, 20);
	tcase_add_test(test, a_refresh_token_buys_an_access_token);
	tcase_add_loop_test(test, a_question_has_the_members_of_its_rfc, 0,
	    (int)(sizeof(forms) / sizeof(forms[0])));
	tcase_add_test(test, a_person_gets_a_code);
	tcase_add_test(test, a_person_who_has_not_answered_is_waited_for);
	tcase_add_test(test, who_is_not_trusted_is_told_nothing);
	tcase_add_test(test, what_is_no_endpoint_is_not_asked);
	tcase_add_test(test, the_challenge_is_the_rfcs);
	tcase_add_test(test, no_two_secrets_are_the_same);
	tcase_add_test(test, a_browser_is_sent_with_everything);
	tcase_add_test(test, a_code_comes_back_to_this_machine_only);
	suite_add_tcase(suite, test);
	return suite;
}
