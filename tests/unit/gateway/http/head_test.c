/*
 * head_test.c - what the head of an HTTP request says, and whether it says one
 * thing
 */
#include "gateway/http/head.h"

#include "tests/unit/unit.h"

#define MOST	1000

static struct http_head head;

static void
begin(void)
{
	head = (struct http_head){ 0 };
}

static void
add(const char *name, const char *value)
{
	http_head_add(&head, slice_str(name), slice_str(value));
}

static int
judge(const char *version, uint64_t *bytes_out)
{
	return http_head_judge(&head, slice_str(version), MOST, bytes_out);
}

/* RFC 9112 6.3, 7.1; HARDENING A73 */
static const struct {
	const char	*name[3];
	const char	*value[3];
	const char	*version;
	int		 want;
	uint64_t	 bytes;
} heads[] = {
	{ { "Host" }, { "hub" }, "HTTP/1.1", 0, 0 },
	{ { "Host" }, { "hub:443" }, "HTTP/1.0", 0, 0 },
	{ { "Host" }, { "[::1]:8443" }, "HTTP/1.1", 0, 0 },
	{ { "Host", "Content-Length" }, { "hub", "1000" }, "HTTP/1.1", 0, 1000 },
	{ { "Host", "Content-Length" }, { "hub", "1001" }, "HTTP/1.1", 413, 0 },
	{ { "Host", "Content-Length" }, { "hub", "18446744073709551616" },
	  "HTTP/1.1", 413, 0 },
	{ { "Host", "Content-Length" }, { "hub", "+5" }, "HTTP/1.1", 400, 0 },
	{ { "Host", "Content-Length" }, { "hub", "-1" }, "HTTP/1.1", 400, 0 },
	{ { "Host", "Content-Length" }, { "hub", "5, 5" }, "HTTP/1.1", 400, 0 },
	{ { "Host", "Content-Length" }, { "hub", "" }, "HTTP/1.1", 400, 0 },
	{ { "Host", "Content-Length", "Content-Length" }, { "hub", "5", "5" },
	  "HTTP/1.1", 400, 0 },
	{ { "Host", "Content-Length", "Transfer-Encoding" },
	  { "hub", "5", "chunked" }, "HTTP/1.1", 400, 0 },
	{ { "Host", "Transfer-Encoding", "Content-Length" },
	  { "hub", "xchunked", "5" }, "HTTP/1.1", 400, 0 },
	{ { "Host", "Transfer-Encoding" }, { "hub", "chunked" }, "HTTP/1.1",
	  411, 0 },
	{ { "Host", "Transfer-Encoding" }, { "hub", "chunked" }, "HTTP/1.0",
	  400, 0 },
	{ { "Host", "Host" }, { "hub", "hub" }, "HTTP/1.1", 400, 0 },
	{ { "Host", "host" }, { "hub", "other" }, "HTTP/1.1", 400, 0 },
	{ { "Accept" }, { "*/*" }, "HTTP/1.1", 400, 0 },
	{ { "Host" }, { "" }, "HTTP/1.1", 400, 0 },
	{ { "Host" }, { "hub/path" }, "HTTP/1.1", 400, 0 },
	{ { "Host" }, { "a@hub" }, "HTTP/1.1", 400, 0 },
	{ { "Host", "Content-Length " }, { "hub", "5" }, "HTTP/1.1", 400, 0 },
	{ { "Host", "X\x01Y" }, { "hub", "5" }, "HTTP/1.1", 400, 0 },
	{ { "Host", "X-Any" }, { "hub", "a\r\nb" }, "HTTP/1.1", 400, 0 },
	{ { "Host", "Cookie", "Cookie" }, { "hub", "a=b", "c=d" }, "HTTP/1.1",
	  400, 0 },
	{ { "Host", "Authorization", "Authorization" }, { "hub", "a", "b" },
	  "HTTP/1.1", 400, 0 },
	{ { "Host" }, { "hub" }, "HTTP/2.0", 400, 0 },
	{ { "Host" }, { "hub" }, "HTTP/0.9", 400, 0 },
};

START_TEST(a_request_that_can_be_read_in_two_ways_is_refused)
{
	uint64_t bytes = 77;

	begin();
	for (size_t i = 0; i < 3 && heads[_i].name[i] != NULL; i++)
		add(heads[_i].name[i], heads[_i].value[i]);
	ck_assert_int_eq(judge(heads[_i].version, &bytes), heads[_i].want);
	ck_assert_uint_eq(bytes, heads[_i].want == 0 ? heads[_i].bytes : 77);
}
END_TEST

START_TEST(a_head_has_so_many_fields_and_no_more)
{
	uint64_t bytes;

	begin();
	add("Host", "hub");
	for (unsigned i = 1; i < HTTP_FIELDS_MOST; i++)
		add("X-Any", "thing");
	ck_assert_int_eq(judge("HTTP/1.1", &bytes), 0);
	add("X-Any", "thing");
	ck_assert_int_eq(judge("HTTP/1.1", &bytes), 400);
}
END_TEST

/* RFC 6265 4.2.1 */
static const struct {
	const char	*cookies;
	const char	*want;		/* NULL: none */
} cookies[] = {
	{ "id=abc", "abc" },
	{ "a=b; id=abc; c=d", "abc" },
	{ "a=b;id=abc", "abc" },
	{ "id=a=b", "a=b" },
	{ "id=", "" },
	{ "", NULL },
	{ "idx=abc", NULL },
	{ "id", NULL },
	{ "id=abc; id=abc", NULL },	/* somebody planted one */
	{ "ID=abc", NULL },
};

START_TEST(a_cookie_is_found_when_it_is_there_once)
{
	struct slice value = SLICE("untouched");
	bool found = http_cookie(slice_str(cookies[_i].cookies), "id", &value);

	ck_assert_int_eq(found, cookies[_i].want != NULL);
	ck_assert(slice_is_str(value, found ? cookies[_i].want :
	    "untouched"));
}
END_TEST

static const struct {
	const char	*host, *origin;	/* NULL: none */
	bool		 want;
} origins[] = {
	{ "hub.test", "https://hub.test", true },
	{ "hub.test:8443", "https://HUB.test:8443", true },
	{ "hub.test", "http://hub.test", false },
	{ "hub.test", "https://hub.test:444", false },
	{ "hub.test", "https://hub.test.evil.test", false },
	{ "hub.test", "https://evil.test/hub.test", false },
	{ "hub.test", "null", false },
	{ "hub.test", "", false },
	{ "hub.test", NULL, false },
};

/* RFC 6454 7; HARDENING A73 */
START_TEST(only_a_page_of_this_host_is_our_own)
{
	begin();
	add("Host", origins[_i].host);
	if (origins[_i].origin != NULL)
		add("Origin", origins[_i].origin);
	ck_assert_int_eq(head.has_origin, origins[_i].origin != NULL);
	ck_assert_int_eq(http_is_own_origin(&head), origins[_i].want);
}
END_TEST

START_TEST(a_media_type_is_known_with_its_parameters)
{
	ck_assert(http_is_type(slice_str("application/json"),
	    "application/json"));
	ck_assert(http_is_type(slice_str("Application/JSON; charset=utf-8"),
	    "application/json"));
	ck_assert(!http_is_type(slice_str("text/plain"), "application/json"));
	ck_assert(!http_is_type(slice_str(""), "application/json"));
	ck_assert(!http_is_type(slice_str("text/plain;application/json"),
	    "application/json"));
}
END_TEST

#define COUNT(array)	((int)(sizeof(array) / sizeof((array)[0])))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/http/head");
	TCase *tests = tcase_create("head");

	tcase_add_loop_test(tests,
	    a_request_that_can_be_read_in_two_ways_is_refused, 0,
	    COUNT(heads));
	tcase_add_test(tests, a_head_has_so_many_fields_and_no_more);
	tcase_add_loop_test(tests, a_cookie_is_found_when_it_is_there_once, 0,
	    COUNT(cookies));
	tcase_add_loop_test(tests, only_a_page_of_this_host_is_our_own, 0,
	    COUNT(origins));
	tcase_add_test(tests, a_media_type_is_known_with_its_parameters);
	suite_add_tcase(suite, tests);
	return suite;
}
