/*
 * web_test.c - people at the hub over HTTPS, with the other roles played here
 *
 * Ann (account 7) has the password "right"; the roles answer with what a test
 * has put into `answer`.
 */
#include "gateway/http/web.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/http/server.h"
#include "gateway/http/sessions.h"
#include "tests/unit/unit.h"

#define HOST	"Host: hub.test\r\n"
#define ORIGIN	"Origin: https://hub.test\r\n"
#define FORM	"Content-Type: application/x-www-form-urlencoded\r\n"
#define JSON	"Content-Type: application/json\r\n"
#define ANN	"Authorization: Basic YW5uOnJpZ2h0\r\n"		/* ann:right */
#define WRONG	"Authorization: Basic YW5uOndyb25n\r\n"		/* ann:wrong */

/* What was asked of the roles, to be answered in the next turn. */
static struct {
	void		*arg;
	web_login_fn	*login;
	web_person_fn	*person;
	ipc_reply_fn	*answer;
	bool		 is_right;
} due;

static struct loop *loop;
static struct web *web;
static struct timer *turn, *patience;
static int client = -1;
static struct text got = TEXT_INIT(1024 * 1024);
static struct text answer = TEXT_INIT(4096);
static struct keeper_person ann;
static const struct admin_request *asked;
static uint64_t asker;
static struct text arguments = TEXT_INIT(4096);
static unsigned logins, forgotten;
static bool keeps_silent;	/* the roles do */
static char last_log[512];
static char cookie[128], token[128];

static void
on_turn(void *arg)
{
	struct ipc_message message = { .body = text_slice(&answer),
	    .fd = { -1, -1 } };
	void *to = due.arg;

	(void)arg;
	due.arg = NULL;
	if (to == NULL)
		return;
	if (due.login != NULL)
		due.login(to, due.is_right ? KEEPER_WELCOME : KEEPER_STRANGER,
		    due.is_right ? 7 : 0);
	else if (due.person != NULL)
		due.person(to, &ann);
	else
		due.answer(to, 0, &message);
}

static void
owe(void *arg, web_login_fn *login, web_person_fn *person, ipc_reply_fn *reply)
{
	due.arg = arg;
	due.login = login;
	due.person = person;
	due.answer = reply;
	if (!keeps_silent)
		timer_set(turn, 0);
}

static int
login(void *arg, struct slice user, struct slice password, const char *peer,
    web_login_fn *reply, void *reply_arg)
{
	(void)arg;
	ck_assert_str_eq(peer, "192.0.2.1");
	logins++;
	due.is_right = slice_is_str(user, "ann") &&
	    slice_is_str(password, "right");
	owe(reply_arg, reply, NULL, NULL);
	return 0;
}

static int
person(void *arg, uint64_t account, web_person_fn *reply, void *reply_arg)
{
	(void)arg;
	ck_assert_uint_eq(account, 7);
	owe(reply_arg, NULL, reply, NULL);
	return 0;
}

static int
ask(void *arg, const struct admin_request *request, uint64_t who,
    struct slice packed, ipc_reply_fn *reply, void *reply_arg)
{
	(void)arg;
	/* what a form is made of beside what was asked for */
	if (strcmp(request->name, "fetch providers") != 0) {
		asked = request;
		asker = who;
		text_clear(&arguments);
		text_add(&arguments, packed);
	}
	owe(reply_arg, NULL, NULL, reply);
	return 0;
}

static void
forget(void *arg, void *reply_arg)
{
	(void)arg;
	if (due.arg == reply_arg) {
		due.arg = NULL;
		forgotten++;
	}
}

static void
log_it(void *arg, const char *sentence)
{
	(void)arg;
	(void)snprintf(last_log, sizeof(last_log), "%s", sentence);
}

static void
on_patience(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void
begin(void)
{
	const struct web_ports ports = {
		.login = login, .person = person, .ask = ask,
		.forget = forget, .log = log_it
	};

	clock_set(1000000, INT64_C(1790000000000));
	loop = loop_new();
	turn = timer_new(loop, on_turn, NULL);
	patience = timer_new(loop, on_patience, NULL);
	web = web_new(loop, LANGUAGE_EN, &ports);
	ck_assert_ptr_nonnull(web);
	memset(&due, 0, sizeof(due));
	ann = (struct keeper_person){ .exists = true,
	    .address = SLICE("ann@office.test"), .language = SLICE("en"),
	    .may_fetch = true, .stamp = 5 };
	asked = NULL;
	logins = forgotten = 0;
	keeps_silent = false;
	last_log[0] = cookie[0] = token[0] = '\0';
	text_clear(&answer);
	admin_refuse(&answer, ADMIN_OK);
}

static void
hang_up(void)
{
	if (client >= 0)
		(void)close(client);
	client = -1;
}

static void
end(void)
{
	web_free(web);
	hang_up();
	timer_free(turn);
	timer_free(patience);
	loop_free(loop);
	text_free(&got);
	text_free(&answer);
	text_free(&arguments);
}

static void
connect_client(void)
{
	int fd[2];

	hang_up();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, fd), 0);
	client = fd[0];
	ck_assert_int_eq(web_serve(web, fd[1], slice_str("192.0.2.1")), 0);
}

/* Whether the server has ended the connection; reads what has come. */
static bool
receive(void)
{
	for (;;) {
		char block[4096];
		ssize_t n = recv(client, block, sizeof(block), 0);

		if (n < 0 && errno == EAGAIN)
			return false;
		if (n <= 0)
			return true;
		text_add(&got, slice_of(block, (size_t)n));
	}
}

/* Is a whole answer there? */
static bool
is_whole(void)
{
	struct slice s = text_slice(&got), head = s, rest;
	size_t at = slice_find_str(s, "\r\n\r\n"), length;
	uint64_t n;

	if (at == SIZE_MAX)
		return false;
	head = slice_first(s, at);
	length = slice_find_str(head, "Content-Length: ");
	rest = slice_after(head, length + 16);
	if (slice_find(rest, '\r') != SIZE_MAX)
		rest = slice_first(rest, slice_find(rest, '\r'));
	ck_assert_int_eq(slice_u64(rest, 1024 * 1024, &n), 0);
	return s.len >= at + 4 + n;
}

/* Send it on a new connection; its status, 0: closed without a word. */
static unsigned
exchange(const char *bytes, size_t len)
{
	bool closed = false;
	uint64_t status = 0;

	connect_client();
	text_clear(&got);
	ck_assert_int_eq(send(client, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
	for (int i = 0; i < 400 && !closed && !is_whole(); i++) {
		timer_set(patience, 5);
		ck_assert_int_eq(loop_run(loop), 0);
		closed = receive();
	}
	if (got.len < 12)
		return 0;
	ck_assert_int_eq(slice_u64(slice_of(got.at + 9, 3), 999, &status), 0);
	return (unsigned)status;
}

static unsigned
say_it(const char *request)
{
	return exchange(request, strlen(request));
}

static bool
has(const char *part)
{
	return slice_find_str(text_slice(&got), part) != SIZE_MAX;
}

/* POST this form with these fields of the head. */
static unsigned
post(const char *path, const char *fields, const char *body)
{
	TEXT_AUTO request = TEXT_INIT(128 * 1024);

	text_addf(&request, "POST %s HTTP/1.1\r\n" HOST "%s%s"
	    "Content-Length: %zu\r\n\r\n%s", path, fields, cookie,
	    strlen(body), body);
	return exchange(request.at, request.len);
}

static unsigned
get(const char *path)
{
	TEXT_AUTO request = TEXT_INIT(8192);

	text_addf(&request, "GET %s HTTP/1.1\r\n" HOST "%s\r\n", path, cookie);
	return exchange(request.at, request.len);
}

/* What stands between these two in the last answer. */
static void
between(const char *before, char last, char *out, size_t size)
{
	struct slice s = text_slice(&got);
	size_t at = slice_find_str(s, before);

	ck_assert_uint_ne(at, SIZE_MAX);
	s = slice_after(s, at + strlen(before));
	ck_assert_int_eq(slice_cstr(slice_first(s, slice_find(s, last)), out,
	    size), 0);
}

static void
log_in(void)
{
	char value[80];

	ck_assert_uint_eq(post("/me/login", ORIGIN FORM,
	    "user=ann&password=right"), 303);
	ck_assert(has("\r\nLocation: /me\r\n"));
	between("Set-Cookie: __Host-postroom=", ';', value, sizeof(value));
	(void)snprintf(cookie, sizeof(cookie),
	    "Cookie: __Host-postroom=%s\r\n", value);
	ck_assert_uint_eq(get("/me"), 200);
	between("name=\"token\" value=\"", '"', token, sizeof(token));
	ck_assert_uint_eq(strlen(token), 64);
}

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
	ck_assert_uint_eq(get("/me"), 403);
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

		if ((admin_at(i)->who & ADMIN_BY_PERSON) != 0)
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

#define COUNT(array)	((int)(sizeof(array) / sizeof((array)[0])))

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
