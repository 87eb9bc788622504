/*
 * oauth_answer_test.c - answers of token endpoints, good and bad
 */
#include "fetch/oauth_answer.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

#define GOOD	"\"access_token\":\"at\",\"token_type\":\"Bearer\""

static const struct {
	unsigned	 status;
	const char	*body;
	enum oauth_end	 end;
	const char	*access, *refresh, *words;
	uint64_t	 expires, refresh_expires;
} tokens[] = {
	/* RFC 6749 5.1 */
	{ 200, "{" GOOD ",\"expires_in\":3600,\"refresh_token\":\"rt\"}",
	    OAUTH_GRANTED, "at", "rt", "", 3600, 0 },
	{ 200, "{" GOOD "}", OAUTH_GRANTED, "at", "", "", 600, 0 },
	{ 200, "{" GOOD ",\"expires_in\":\"3599\"}", OAUTH_GRANTED, "at", "",
	    "", 3599, 0 },
	{ 200, "{" GOOD ",\"expires_in\":-1}", OAUTH_GRANTED, "at", "", "", 0,
	    0 },
	{ 200, "{" GOOD ",\"expires_in\":9e99}", OAUTH_GRANTED, "at", "", "",
	    600, 0 },
	{ 200, "{" GOOD ",\"refresh_token_expires_in\":604799}",
	    OAUTH_GRANTED, "at", "", "", 600, 604799 },
	{ 200, "{" GOOD ",\"scope\":[{}],\"x\":null}", OAUTH_GRANTED, "at", "",
	    "", 600, 0 },
	/* what cannot be shown, or not kept */
	{ 200, "", OAUTH_NONSENSE, "", "", "", 0, 0 },
	{ 200, "<html>", OAUTH_NONSENSE, "", "", "", 0, 0 },
	{ 200, "[]", OAUTH_NONSENSE, "", "", "", 0, 0 },
	{ 200, "{" GOOD "}x", OAUTH_NONSENSE, "", "", "", 0, 0 },
	{ 200, "{" GOOD "," GOOD "}", OAUTH_NONSENSE, "", "", "", 0, 0 },
	{ 200, "{\"access_token\":\"at\"}", OAUTH_NONSENSE, "", "", "", 0, 0 },
	{ 200, "{\"access_token\":\"at\",\"token_type\":\"mac\"}",
	    OAUTH_NONSENSE, "", "", "", 0, 0 },
	{ 200, "{\"access_token\":7,\"token_type\":\"Bearer\"}",
	    OAUTH_NONSENSE, "", "", "", 0, 0 },
	{ 200, "{\"access_token\":\"\",\"token_type\":\"Bearer\"}",
	    OAUTH_NONSENSE, "", "", "", 0, 0 },
	/* HARDENING A56: \u0001 parts the fields of XOAUTH2 */
	{ 200, "{\"access_token\":\"a\\u0001b\",\"token_type\":\"Bearer\"}",
	    OAUTH_NONSENSE, "", "", "", 0, 0 },
	{ 200, "{\"access_token\":\"a\\r\\nDELE\",\"token_type\":\"Bearer\"}",
	    OAUTH_NONSENSE, "", "", "", 0, 0 },
	{ 200, "{\"access_token\":\"a b\",\"token_type\":\"Bearer\"}",
	    OAUTH_NONSENSE, "", "", "", 0, 0 },
	{ 200, "{" GOOD ",\"refresh_token\":\"\"}", OAUTH_NONSENSE, "", "", "",
	    0, 0 },
	{ 200, "{" GOOD ",\"refresh_token\":{}}", OAUTH_NONSENSE, "", "", "",
	    0, 0 },
	/* RFC 6749 5.2 */
	{ 400, "{\"error\":\"invalid_grant\",\"error_description\":"
	    "\"Token has been expired or revoked.\"}", OAUTH_REVOKED, "", "",
	    "Token has been expired or revoked.", 0, 0 },
	{ 401, "{\"error\":\"invalid_client\"}", OAUTH_MISCONFIGURED, "", "",
	    "invalid_client", 0, 0 },
	{ 400, "{\"error\":\"something_new\"}", OAUTH_MISCONFIGURED, "", "",
	    "something_new", 0, 0 },
	{ 400, "{\"error\":\"interaction_required\"}", OAUTH_REVOKED, "", "",
	    "interaction_required", 0, 0 },
	{ 503, "{\"error\":\"temporarily_unavailable\"}", OAUTH_LATER, "", "",
	    "temporarily_unavailable", 0, 0 },
	{ 500, "<html>", OAUTH_LATER, "", "", "", 0, 0 },
	{ 429, "", OAUTH_LATER, "", "", "", 0, 0 },
	{ 400, "{\"error\":7}", OAUTH_NONSENSE, "", "", "", 0, 0 },
	{ 302, "", OAUTH_NONSENSE, "", "", "", 0, 0 },
	{ 400, "{\"error\":\"x\",\"error_description\":\"a\\nb\\u0007\xc3\xa4\"}",
	    OAUTH_MISCONFIGURED, "", "", "a?b???", 0, 0 },
	/* RFC 8628 3.5 */
	{ 400, "{\"error\":\"authorization_pending\"}", OAUTH_PENDING, "", "",
	    "authorization_pending", 0, 0 },
	{ 400, "{\"error\":\"slow_down\"}", OAUTH_SLOW_DOWN, "", "",
	    "slow_down", 0, 0 },
	{ 400, "{\"error\":\"access_denied\"}", OAUTH_DECLINED, "", "",
	    "access_denied", 0, 0 },
	{ 400, "{\"error\":\"expired_token\"}", OAUTH_EXPIRED, "", "",
	    "expired_token", 0, 0 },
	/* an error is one, whatever else the body says */
	{ 400, "{" GOOD "}", OAUTH_NONSENSE, "", "", "", 0, 0 },
};

START_TEST(a_token_is_what_the_answer_says)
{
	static struct oauth_token token;

	oauth_token_read(tokens[_i].status, slice_str(tokens[_i].body),
	    &token);
	ck_assert_int_eq(token.end, tokens[_i].end);
	ck_assert_str_eq(token.access, tokens[_i].access);
	ck_assert_str_eq(token.refresh, tokens[_i].refresh);
	ck_assert_str_eq(token.words, tokens[_i].words);
	if (token.end == OAUTH_GRANTED) {
		ck_assert_uint_eq(token.expires_seconds, tokens[_i].expires);
		ck_assert_uint_eq(token.refresh_seconds,
		    tokens[_i].refresh_expires);
	}
}
END_TEST

START_TEST(a_token_that_cannot_be_kept_is_none)
{
	static struct oauth_token token;
	TEXT_AUTO body = TEXT_INIT(OAUTH_ANSWER_MOST + 1024);
	bool fits = _i == 0;

	text_add_str(&body, "{\"token_type\":\"bearer\",\"access_token\":\"");
	for (size_t i = 0; i < GRANT_TOKEN_SIZE - (fits ? 1 : 0); i++)
		text_add_byte(&body, 'x');
	text_add_str(&body, "\"}");
	oauth_token_read(200, text_slice(&body), &token);
	ck_assert_int_eq(token.end, fits ? OAUTH_GRANTED : OAUTH_NONSENSE);
}
END_TEST

START_TEST(an_answer_without_end_is_none)
{
	static struct oauth_token token;
	char *body = malloc(OAUTH_ANSWER_MOST + 1);

	memset(body, '[', OAUTH_ANSWER_MOST + 1);
	oauth_token_read(200, slice_of(body, OAUTH_ANSWER_MOST), &token);
	ck_assert_int_eq(token.end, OAUTH_NONSENSE);
	memset(body, ' ', OAUTH_ANSWER_MOST + 1);
	memcpy(body, "{" GOOD "}", strlen("{" GOOD "}"));
	oauth_token_read(200, slice_of(body, OAUTH_ANSWER_MOST), &token);
	ck_assert_int_eq(token.end, OAUTH_GRANTED);
	oauth_token_read(200, slice_of(body, OAUTH_ANSWER_MOST + 1), &token);
	ck_assert_int_eq(token.end, OAUTH_NONSENSE);
	free(body);
}
END_TEST

#define CODES	"\"device_code\":\"dc\",\"user_code\":\"ABC-DEF\""

static const struct {
	unsigned	 status;
	const char	*body;
	enum oauth_end	 end;
	const char	*url;
	uint64_t	 expires, interval;
} devices[] = {
	/* RFC 8628 3.2 */
	{ 200, "{" CODES ",\"verification_uri\":\"https://x.test/link\","
	    "\"expires_in\":1800,\"interval\":7}", OAUTH_GRANTED,
	    "https://x.test/link", 1800, 7 },
	{ 200, "{" CODES ",\"verification_url\":\"https://x.test/d\"}",
	    OAUTH_GRANTED, "https://x.test/d", 600, 5 },
	{ 200, "{" CODES ",\"verification_uri\":\"https://x.test/\","
	    "\"interval\":0}", OAUTH_GRANTED, "https://x.test/", 600, 5 },
	{ 200, "{" CODES ",\"verification_uri\":\"https://x.test/\","
	    "\"interval\":99999}", OAUTH_GRANTED, "https://x.test/", 600,
	    300 },
	{ 200, "{" CODES "}", OAUTH_NONSENSE, "", 0, 0 },
	/* nobody is sent to these with a code */
	{ 200, "{" CODES ",\"verification_uri\":\"http://x.test/\"}",
	    OAUTH_NONSENSE, NULL, 0, 0 },
	{ 200, "{" CODES ",\"verification_uri\":\"javascript:x\"}",
	    OAUTH_NONSENSE, NULL, 0, 0 },
	{ 200, "{" CODES ",\"verification_uri\":\"https://x\\u001b[2J\"}",
	    OAUTH_NONSENSE, NULL, 0, 0 },
	{ 200, "{\"device_code\":\"dc\",\"user_code\":\"a\\nb\","
	    "\"verification_uri\":\"https://x.test/\"}", OAUTH_NONSENSE, NULL,
	    0, 0 },
	{ 400, "{\"error\":\"unauthorized_client\"}", OAUTH_MISCONFIGURED, "",
	    0, 0 },
	{ 400, "{\"error\":\"invalid_scope\"}", OAUTH_MISCONFIGURED, "", 0, 0 },
};

START_TEST(a_code_for_a_person_is_what_the_answer_says)
{
	static struct oauth_device device;

	oauth_device_read(devices[_i].status, slice_str(devices[_i].body),
	    &device);
	ck_assert_int_eq(device.end, devices[_i].end);
	if (device.end != OAUTH_GRANTED)
		return;
	ck_assert_str_eq(device.url, devices[_i].url);
	ck_assert_str_eq(device.user_code, "ABC-DEF");
	ck_assert_str_eq(device.device_code, "dc");
	ck_assert_uint_eq(device.expires_seconds, devices[_i].expires);
	ck_assert_uint_eq(device.interval_seconds, devices[_i].interval);
}
END_TEST

#define COUNT(array)	((int)(sizeof(array) / sizeof(array[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("oauth_answer");
	TCase *test = tcase_create("answers");

	tcase_add_loop_test(test, a_token_is_what_the_answer_says, 0,
	    COUNT(tokens));
	tcase_add_loop_test(test, a_token_that_cannot_be_kept_is_none, 0, 2);
	tcase_add_test(test, an_answer_without_end_is_none);
	tcase_add_loop_test(test, a_code_for_a_person_is_what_the_answer_says,
	    0, COUNT(devices));
	suite_add_tcase(suite, test);
	return suite;
}
