/*
 * web_scene.h - HTTPS with one client, the other roles played by the test
 *
 * Ann (account 7) has the password "right"; the roles answer with what a test
 * has put into `answer`.
 */
#ifndef TESTS_UNIT_GATEWAY_HTTP_WEB_SCENE_H
#define TESTS_UNIT_GATEWAY_HTTP_WEB_SCENE_H

#include "gateway/http/web.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/http/server.h"
#include "gateway/http/sessions.h"
#include "lib/message/words.h"
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
/* All of the last answer; what the roles will say. */
static struct text got = TEXT_INIT(1024 * 1024);
static struct text answer = TEXT_INIT(4096);
static struct keeper_person ann;
static const struct admin_request *asked;
static uint64_t asker;
/* Of the last request to a role, packed. */
static struct text arguments = TEXT_INIT(4096);
static unsigned logins, forgotten;
static bool keeps_silent;	/* the roles do */
static char last_log[512];
static char cookie[128], token[128];

/* The role that is owed an answer from gives it. */
static inline void
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

/* One of the three is called in the next turn. */
static inline void
owe(void *arg, web_login_fn *login, web_person_fn *person, ipc_reply_fn *reply)
{
	due.arg = arg;
	due.login = login;
	due.person = person;
	due.answer = reply;
	if (!keeps_silent)
		timer_set(turn, 0);
}

/* The ports of web: the keeper checks ann's password, */
static inline int
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

/* ... says who she is, */
static inline int
person(void *arg, uint64_t account, web_person_fn *reply, void *reply_arg)
{
	(void)arg;
	ck_assert_uint_eq(account, 7);
	owe(reply_arg, NULL, reply, NULL);
	return 0;
}

/* ... a role is asked, */
static inline int
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

/* ... nobody waits for an answer any more, */
static inline void
forget(void *arg, void *reply_arg)
{
	(void)arg;
	if (due.arg == reply_arg) {
		due.arg = NULL;
		forgotten++;
	}
}

/* ... and the log. */
static inline void
log_it(void *arg, const char *sentence)
{
	(void)arg;
	(void)snprintf(last_log, sizeof(last_log), "%s", sentence);
}

/* Enough was waited for this time. */
static inline void
on_patience(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

/* A server with nobody connected, nobody logged in and nothing asked. */
static inline void
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
	ck_assert_int_eq(words_open(), 0);
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

/* The client goes, when there is one. */
static inline void
hang_up(void)
{
	if (client >= 0)
		(void)close(client);
	client = -1;
}

/* Free all of it. */
static inline void
end(void)
{
	web_free(web);
	words_close();
	hang_up();
	timer_free(turn);
	timer_free(patience);
	loop_free(loop);
	text_free(&got);
	text_free(&answer);
	text_free(&arguments);
}

/* A client with a connection of its own, from 192.0.2.1. */
static inline void
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
static inline bool
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
static inline bool
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
static inline unsigned
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

/* The same, of a string. */
static inline unsigned
say_it(const char *request)
{
	return exchange(request, strlen(request));
}

/* Does this stand in the last answer? */
static inline bool
has(const char *part)
{
	return slice_find_str(text_slice(&got), part) != SIZE_MAX;
}

/* POST this form with these fields of the head. */
static inline unsigned
post(const char *path, const char *fields, const char *body)
{
	TEXT_AUTO request = TEXT_INIT(128 * 1024);

	text_addf(&request, "POST %s HTTP/1.1\r\n" HOST "%s%s"
	    "Content-Length: %zu\r\n\r\n%s", path, fields, cookie,
	    strlen(body), body);
	return exchange(request.at, request.len);
}

/* GET this path with the cookie. */
static inline unsigned
get(const char *path)
{
	TEXT_AUTO request = TEXT_INIT(8192);

	text_addf(&request, "GET %s HTTP/1.1\r\n" HOST "%s\r\n", path, cookie);
	return exchange(request.at, request.len);
}

/* What stands between these two in the last answer. */
static inline void
between(const char *before, char last, char *out, size_t size)
{
	struct slice s = text_slice(&got);
	size_t at = slice_find_str(s, before);

	ck_assert_uint_ne(at, SIZE_MAX);
	s = slice_after(s, at + strlen(before));
	ck_assert_int_eq(slice_cstr(slice_first(s, slice_find(s, last)), out,
	    size), 0);
}

/* Ann logs in: from here on with her cookie, and the token of her page. */
static inline void
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

#define COUNT(array)	((int)(sizeof(array) / sizeof((array)[0])))

#endif
