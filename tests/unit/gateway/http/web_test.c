/*
 * web_test.c - people at the hub over HTTPS: logins, forms, calls
 */
#include <string.h>

#include "tests/unit/gateway/http/web_scene.h"

/* What every answer says */

START_TEST(every_answer_forbids_scripts_frames_and_keeping)
{
	static const char *const paths[] = { "/", "/me", "/nothing" };

	for (size_t i = 0; i < 3; i++) {
		(void)get(paths[i]);
		ck_assert(has("Content-Security-Policy: default-src 'none'; "
		    "style-src 'self'; form-action 'self'; base-uri 'none'; "
		    "frame-ancestors 'none'\r\n"));
		ck_assert(has("X-Content-Type-Options: nosniff\r\n"));
		ck_assert(has("Cache-Control: no-store\r\n"));
	}
	ck_assert_uint_eq(get("/me/style.css"), 200);
	ck_assert(has("Content-Type: text/css"));
	ck_assert(has("X-Content-Type-Options: nosniff\r\n"));
}
END_TEST

static const struct {
	const char	*request;
	unsigned	 want;
} requests[] = {
	{ "GET / HTTP/1.1\r\n" HOST "\r\n", 303 },
	{ "HEAD /me HTTP/1.1\r\n" HOST "\r\n", 200 },
	{ "GET /nothing HTTP/1.1\r\n" HOST "\r\n", 404 },
	{ "GET /me/ HTTP/1.1\r\n" HOST "\r\n", 404 },
	{ "GET /me/%2e%2e/api HTTP/1.1\r\n" HOST "\r\n", 404 },
	{ "DELETE /me HTTP/1.1\r\n" HOST "\r\n", 405 },
	{ "GET /me/now HTTP/1.1\r\n" HOST "\r\n", 405 },
	{ "GET /api HTTP/1.1\r\n" HOST "\r\n", 405 },
	{ "GET /me HTTP/1.1\r\n\r\n", 400 },
	{ "GET /me HTTP/1.1\r\n" HOST HOST "\r\n", 400 },
	{ "POST /api HTTP/1.1\r\n" HOST "Content-Length: 2\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
	{ "POST /api HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	  "0\r\n\r\n", 411 },
	{ "POST /api HTTP/1.1\r\n" HOST "Content-Length: 2\r\n"
	  "Content-Length: 3\r\n\r\n{}", 400 },
	{ "POST /api HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n", 413 },
	{ "GET /me?a=%zz HTTP/1.1\r\n" HOST "\r\n", 400 },
};

/* HARDENING A73 */
START_TEST(a_request_gets_the_status_it_deserves)
{
	ck_assert_uint_eq(say_it(requests[_i].request), requests[_i].want);
	if (requests[_i].want == 400 || requests[_i].want == 411 ||
	    requests[_i].want == 413)
		ck_assert(logins == 0 && asked == NULL);
}
END_TEST

START_TEST(ambiguous_framing_ends_the_connection)
{
	ck_assert_uint_eq(say_it("POST /api HTTP/1.1\r\n" HOST
	    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "0\r\n\r\nGET /me HTTP/1.1\r\n" HOST "\r\n"), 400);
	for (int i = 0; i < 100 && !receive(); i++) {
		timer_set(patience, 5);
		ck_assert_int_eq(loop_run(loop), 0);
	}
	ck_assert(receive());
	ck_assert(!has("200 OK"));
}
END_TEST

/* Sessions */

START_TEST(a_login_gets_a_cookie_that_nobody_else_can_read_or_send)
{
	log_in();
	ck_assert_uint_eq(post("/me/login", ORIGIN FORM,
	    "user=ann&password=right"), 303);
	ck_assert(has("; Path=/; Secure; HttpOnly; SameSite=Strict\r\n"));
}
END_TEST

START_TEST(a_wrong_password_gets_the_form_again_and_no_cookie)
{
	ck_assert_uint_eq(post("/me/login", ORIGIN FORM,
	    "user=ann%0d%0a%3Cb%3E&password=wrong"), 403);
	ck_assert(!has("Set-Cookie"));
	ck_assert(has("name=\"password\""));
	ck_assert_str_eq(last_log,
	    "https from 192.0.2.1: login of \"ann\\x0D\\x0A<b>\" failed");
	ck_assert(!has("<b>"));
}
END_TEST

/* HARDENING A73: session fixation */
START_TEST(a_cookie_that_was_planted_becomes_no_session)
{
	char first[128];

	(void)snprintf(cookie, sizeof(cookie), "Cookie: __Host-postroom="
	    "0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdef\r\n");
	memcpy(first, cookie, sizeof(first));
	log_in();
	ck_assert_str_ne(cookie, first);
	memcpy(cookie, first, sizeof(cookie));
	ck_assert_uint_eq(get("/me"), 200);
	ck_assert(has("name=\"password\""));
}
END_TEST

START_TEST(the_cookie_is_another_after_each_login)
{
	char first[128];

	log_in();
	memcpy(first, cookie, sizeof(first));
	log_in();
	ck_assert_str_ne(cookie, first);
	/* and the one before has ended with it */
	memcpy(cookie, first, sizeof(cookie));
	ck_assert_uint_eq(get("/me"), 200);
	ck_assert(has("name=\"password\""));
}
END_TEST

START_TEST(a_session_ends_with_a_new_password_and_with_the_account)
{
	log_in();
	ann.stamp = 6;
	ck_assert_uint_eq(get("/me"), 200);
	ck_assert(has("name=\"password\""));
	ann.stamp = 5;
	ck_assert_uint_eq(get("/me"), 200);
	ck_assert(has("name=\"password\""));
	log_in();
	ann.exists = false;
	ck_assert_uint_eq(get("/me"), 200);
	ck_assert(has("name=\"password\""));
}
END_TEST

START_TEST(logging_out_takes_the_cookie_back)
{
	TEXT_AUTO body = TEXT_INIT(256);

	log_in();
	text_addf(&body, "token=%s", token);
	text_add_byte(&body, '\0');
	ck_assert_uint_eq(post("/me/logout", ORIGIN FORM, body.at), 303);
	ck_assert(has("Set-Cookie: __Host-postroom=; Path=/; Secure; "
	    "HttpOnly; SameSite=Strict; Max-Age=0"));
	ck_assert_uint_eq(get("/me"), 200);
	ck_assert(has("name=\"password\""));
}
END_TEST

/* Forms */

static const char *const forms[] = {
	"/me/logout", "/me/add", "/me/change", "/me/test", "/me/now",
	"/me/remove",
};

/* HARDENING A73: cross-site POST, missing token */
START_TEST(a_form_of_another_page_does_nothing)
{
	TEXT_AUTO body = TEXT_INIT(256);

	log_in();
	text_addf(&body, "label=x&token=%s", token);
	text_add_byte(&body, '\0');
	asked = NULL;
	ck_assert_uint_eq(post(forms[_i], FORM, body.at), 403);
	ck_assert_uint_eq(post(forms[_i], "Origin: https://evil.test\r\n"
	    FORM, body.at), 403);
	ck_assert_uint_eq(post(forms[_i], "Origin: null\r\n" FORM, body.at),
	    403);
	ck_assert_uint_eq(post(forms[_i], ORIGIN FORM, "label=x"), 403);
	ck_assert_uint_eq(post(forms[_i], ORIGIN FORM, "label=x&token="), 403);
	body.at[body.len - 2] = body.at[body.len - 2] == '0' ? '1' : '0';
	ck_assert_uint_eq(post(forms[_i], ORIGIN FORM, body.at), 403);
	ck_assert_uint_eq(post(forms[_i], ORIGIN "Content-Type: "
	    "multipart/form-data\r\n", body.at), 400);
	ck_assert_ptr_null(asked);
	ck_assert_uint_eq(get("/me"), 200);
	ck_assert(!has("name=\"password\""));
}
END_TEST

START_TEST(a_form_without_a_session_does_nothing)
{
	ck_assert_uint_eq(post(forms[_i], ORIGIN FORM, "label=x&token=x"),
	    403);
	ck_assert_ptr_null(asked);
	ck_assert(has("name=\"password\""));
}
END_TEST

START_TEST(a_login_from_another_page_is_none)
{
	ck_assert_uint_eq(post("/me/login", FORM, "user=ann&password=right"),
	    403);
	ck_assert_uint_eq(logins, 0);
}
END_TEST

/* The argument of the last request, "(none)" when it was not given. */
static const char *
argument(const char *name)
{
	static char value[512];
	struct admin_work work;

	ck_assert_int_eq(admin_begin(&work, asked, text_slice(&arguments), 0),
	    0);
	for (size_t i = 0; asked->args[i].name != NULL; i++) {
		if (strcmp(asked->args[i].name, name) != 0)
			continue;
		if (!work.given[i])
			return "(none)";
		ck_assert_int_eq(slice_cstr(work.args[i], value,
		    sizeof(value)), 0);
		return value;
	}
	return "(unknown)";
}

START_TEST(a_mailbox_is_added_for_who_is_logged_in)
{
	TEXT_AUTO body = TEXT_INIT(1024);

	log_in();
	text_addf(&body, "token=%s&address=bob%%40office.test&label=&host="
	    "+pop.example.com+&port=&tls=implicit&user=a%%2bb&password=p%%26"
	    "w&old=days&old_days=14&after=keep&after_days=7&pin=", token);
	text_add_byte(&body, '\0');
	text_clear(&answer);
	admin_refuse(&answer, ADMIN_UNFIT);
	answer.at[1] = 2;	/* its host */
	ck_assert_uint_eq(post("/me/add", ORIGIN FORM, body.at), 422);
	ck_assert_str_eq(asked->name, "fetch add");
	ck_assert_uint_eq(asker, 7);
	ck_assert_str_eq(argument("address"), "ann@office.test");
	ck_assert_str_eq(argument("label"), "(none)");
	ck_assert_str_eq(argument("host"), "pop.example.com");
	ck_assert_str_eq(argument("port"), "(none)");
	ck_assert_str_eq(argument("user"), "a+b");
	ck_assert_str_eq(argument("password"), "p&w");
	ck_assert_str_eq(argument("from"), "14");
	ck_assert_str_eq(argument("delete_after"), "keep");
	ck_assert_str_eq(last_log,
	    "https from 192.0.2.1: ann@office.test asks for fetch add");
	/* the form again, with all but the password */
	ck_assert(has("value=\"pop.example.com\" aria-describedby=\"h-host\""));
	ck_assert(has("role=\"alert\""));
	ck_assert(has("aria-invalid=\"true\""));
	ck_assert(!has("p&amp;w"));
}
END_TEST

START_TEST(removing_wants_to_be_told_which)
{
	TEXT_AUTO body = TEXT_INIT(256);

	log_in();
	text_addf(&body, "token=%s&label=", token);
	text_add_byte(&body, '\0');
	asked = NULL;
	ck_assert_uint_eq(post("/me/remove", ORIGIN FORM, body.at), 400);
	ck_assert_ptr_null(asked);
}
END_TEST

START_TEST(where_it_is_not_allowed_the_page_says_so)
{
	log_in();
	ann.may_fetch = false;
	asked = NULL;
	ck_assert_uint_eq(get("/me/add"), 403);
	ck_assert_uint_eq(post("/api", JSON ANN,
	    "{\"request\": \"fetch list\"}"), 403);
	ck_assert(has("\"error\": \"refused\""));
	ck_assert_ptr_null(asked);
}
END_TEST

START_TEST(the_page_speaks_the_language_of_the_account)
{
	ck_assert_uint_eq(say_it("GET /me HTTP/1.1\r\n" HOST
	    "Accept-Language: id-ID,id;q=0.9\r\n\r\n"), 200);
	ck_assert(has("<html lang=\"id\">") && has("Kata sandi"));
	ann.language = slice_str("id");
	log_in();
	ck_assert(has("<html lang=\"id\">") && has("Tambah kotak surat"));
}
END_TEST

/* The API */

START_TEST(the_api_asks_with_the_rights_of_the_password)
{
	ck_assert_uint_eq(post("/api", JSON ANN, "{\"request\": \"fetch "
	    "add\", \"args\": {\"host\": \"h\", \"user\": \"u\", "
	    "\"password\": \"p\"}}"), 200);
	ck_assert(has("\r\n\r\n{\"ok\": true, \"result\": []}\n"));
	ck_assert_uint_eq(asker, 7);
	ck_assert_str_eq(argument("address"), "ann@office.test");
	ck_assert_uint_eq(logins, 1);
}
END_TEST

START_TEST(what_people_may_not_ask_reaches_no_role)
{
	for (unsigned i = 0; admin_at(i) != NULL; i++) {
		TEXT_AUTO body = TEXT_INIT(1024);
		const char *comma = "";

		if ((admin_at(i)->who & (ADMIN_BY_PERSON |
		    ADMIN_BY_ANYBODY)) != 0)
			continue;
		text_addf(&body, "{\"request\": \"%s\", \"args\": {",
		    admin_at(i)->name);
		for (size_t a = 0; admin_at(i)->args[a].name != NULL; a++) {
			text_addf(&body, "%s\"%s\": \"1\"", comma,
			    admin_at(i)->args[a].name);
			comma = ", ";
		}
		text_add_str(&body, "}}");
		text_add_byte(&body, '\0');
		ck_assert_uint_eq(post("/api", JSON ANN, body.at), 403);
		ck_assert_ptr_null(asked);
	}
}
END_TEST

static const struct {
	const char	*fields, *body;
	unsigned	 want;
} calls[] = {
	{ JSON WRONG, "{\"request\": \"fetch list\"}", 401 },
	{ JSON, "{\"request\": \"fetch list\"}", 401 },
	{ JSON "Authorization: Basic %%%\r\n", "{}", 400 },
	{ JSON "Authorization: Basic YW5u\r\n", "{}", 400 },
	{ JSON "Authorization: Bearer x\r\n", "{}", 400 },
	{ FORM ANN, "{\"request\": \"fetch list\"}", 400 },
	{ ANN, "{\"request\": \"fetch list\"}", 400 },
	{ JSON ANN "Origin: https://evil.test\r\n",
	  "{\"request\": \"fetch list\"}", 403 },
	{ JSON ANN, "", 400 },
	{ JSON ANN, "[]", 400 },
	{ JSON ANN, "{\"request\": \"no such\"}", 400 },
	{ JSON ANN, "{\"request\": \"fetch list\", \"args\": {\"x\": 1}}", 400 },
};

START_TEST(a_call_that_is_not_in_order_reaches_no_role)
{
	ck_assert_uint_eq(post("/api", calls[_i].fields, calls[_i].body),
	    calls[_i].want);
	ck_assert_ptr_null(asked);
	ck_assert(has("{\"ok\": false, "));
	ck_assert(has("WWW-Authenticate: Basic ") == (calls[_i].want == 401));
}
END_TEST

START_TEST(the_session_of_the_page_calls_with_its_token_only)
{
	TEXT_AUTO fields = TEXT_INIT(1024);

	log_in();
	asked = NULL;
	ck_assert_uint_eq(post("/api", JSON ORIGIN,
	    "{\"request\": \"fetch list\"}"), 403);
	text_addf(&fields, JSON "X-Postroom-Token: %s\r\n", token);
	text_add_byte(&fields, '\0');
	ck_assert_uint_eq(post("/api", fields.at,
	    "{\"request\": \"fetch list\"}"), 403);
	ck_assert_ptr_null(asked);
	text_clear(&fields);
	text_addf(&fields, JSON ORIGIN "X-Postroom-Token: %s\r\n", token);
	text_add_byte(&fields, '\0');
	ck_assert_uint_eq(post("/api", fields.at,
	    "{\"request\": \"fetch list\"}"), 200);
	ck_assert_uint_eq(asker, 7);
}
END_TEST

START_TEST(who_is_gone_is_asked_for_no_more)
{
	static const char call[] = "POST /api HTTP/1.1\r\n" HOST JSON ANN
	    "Content-Length: 2\r\n\r\n{}";

	keeps_silent = true;
	connect_client();
	ck_assert_int_gt(send(client, call, sizeof(call) - 1, MSG_NOSIGNAL),
	    0);
	for (int i = 0; i < 100 && logins == 0; i++) {
		timer_set(patience, 1);
		ck_assert_int_eq(loop_run(loop), 0);
	}
	web_free(web);
	web = NULL;
	ck_assert_uint_eq(logins, 1);
	ck_assert_uint_eq(forgotten, 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/http/web");
	TCase *tests = tcase_create("web");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, every_answer_forbids_scripts_frames_and_keeping);
	tcase_add_loop_test(tests, a_request_gets_the_status_it_deserves, 0,
	    COUNT(requests));
	tcase_add_test(tests, ambiguous_framing_ends_the_connection);
	tcase_add_test(tests,
	    a_login_gets_a_cookie_that_nobody_else_can_read_or_send);
	tcase_add_test(tests,
	    a_wrong_password_gets_the_form_again_and_no_cookie);
	tcase_add_test(tests, a_cookie_that_was_planted_becomes_no_session);
	tcase_add_test(tests, the_cookie_is_another_after_each_login);
	tcase_add_test(tests,
	    a_session_ends_with_a_new_password_and_with_the_account);
	tcase_add_test(tests, logging_out_takes_the_cookie_back);
	tcase_add_loop_test(tests, a_form_of_another_page_does_nothing, 0,
	    COUNT(forms));
	tcase_add_loop_test(tests, a_form_without_a_session_does_nothing, 0,
	    COUNT(forms));
	tcase_add_test(tests, a_login_from_another_page_is_none);
	tcase_add_test(tests, a_mailbox_is_added_for_who_is_logged_in);
	tcase_add_test(tests, removing_wants_to_be_told_which);
	tcase_add_test(tests, where_it_is_not_allowed_the_page_says_so);
	tcase_add_test(tests, the_page_speaks_the_language_of_the_account);
	tcase_add_test(tests, the_api_asks_with_the_rights_of_the_password);
	tcase_add_test(tests, what_people_may_not_ask_reaches_no_role);
	tcase_add_loop_test(tests,
	    a_call_that_is_not_in_order_reaches_no_role, 0, COUNT(calls));
	tcase_add_test(tests,
	    the_session_of_the_page_calls_with_its_token_only);
	tcase_add_test(tests, who_is_gone_is_asked_for_no_more);
	suite_add_tcase(suite, tests);
	return suite;
}
