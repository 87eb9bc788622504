/*
 * web.c - people at the hub over HTTPS: routes, who they are, what they may
 *
 * A request walks the same steps: its route, for a form where it comes from,
 * whose session it is, what the keeper says of that person now, the token of
 * the form; then its handler runs, with all of that true.
 */
#include "gateway/http/web_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "lib/base/sasl.h"

/*
 * __Host-: the browser takes and gives it by TLS only, for this host only, and
 * no other host of the domain can plant one.
 */
#define COOKIE		"__Host-postroom"
#define COOKIE_RULES	"; Path=/; Secure; HttpOnly; SameSite=Strict"
#define BASIC_BYTES	2048	/* of a name and a password */

static const struct web_route routes[] = {
{ "GET",  "/",		   0,			  me_root },
{ "GET",  "/me",	   WEB_PERSON,		  me_list },
{ "GET",  "/me/style.css", 0,			  me_style },
{ "POST", "/me/login",	   WEB_FORM,		  me_login },
{ "POST", "/me/logout",	   WEB_FORM | WEB_PERSON, me_logout },
{ "GET",  "/me/add",	   WEB_PERSON,		  me_add_form },
{ "POST", "/me/add",	   WEB_FORM | WEB_PERSON, me_add },
{ "GET",  "/me/change",	   WEB_PERSON,		  me_change_form },
{ "POST", "/me/change",	   WEB_FORM | WEB_PERSON, me_change },
{ "POST", "/me/test",	   WEB_FORM | WEB_PERSON, me_test },
{ "POST", "/me/now",	   WEB_FORM | WEB_PERSON, me_now },
{ "GET",  "/me/run",	   WEB_PERSON,		  me_run },
{ "GET",  "/me/consent",   WEB_PERSON,		  me_consent_page },
{ "POST", "/me/consent",   WEB_FORM | WEB_PERSON, me_consent },
{ "POST", "/me/consent/code", WEB_FORM | WEB_PERSON, me_consent_code },
{ "GET",  "/me/remove",	   WEB_PERSON,		  me_remove_form },
{ "POST", "/me/remove",	   WEB_FORM | WEB_PERSON, me_remove },
{ "GET",  "/me/held",	   WEB_PERSON,		  held_list },
{ "GET",  "/me/held/one",  WEB_PERSON,		  held_one },
{ "POST", "/me/held/one",  WEB_FORM | WEB_PERSON, held_end },
{ "GET",  "/me/senders",   WEB_PERSON,		  me_senders },
{ "POST", "/me/senders",   WEB_FORM | WEB_PERSON, me_senders_change },
{ "GET",  "/me/forward",   WEB_PERSON,		  me_forward },
{ "POST", "/me/forward",   WEB_FORM | WEB_PERSON, me_forward_change },
{ "GET",  "/held/",	   WEB_LINK,		  held_link_one },
{ "POST", "/held/",	   WEB_LINK | WEB_FORM,	  held_link_end },
{ "POST", "/api",	   WEB_API,		  api_request },
{ 0 }
};

static const unsigned fault_statuses[WEB_FAULTS] = {
	[WEB_LATER] = 503, [WEB_NO_PAGE] = 404, [WEB_NO_METHOD] = 405,
	[WEB_BROKEN] = 400, [WEB_FOREIGN] = 403, [WEB_STRANGER] = 403,
	[WEB_LOGGED_OUT] = 403, [WEB_FORBIDDEN] = 403, [WEB_TOO_MANY] = 429,
};

unsigned
web_fault_status(enum web_fault fault)
{
	return fault_statuses[fault];
}

void
web_fail(struct web_visit *visit, enum web_fault fault)
{
	if (visit->route != NULL && (visit->route->needs & WEB_API) != 0)
		api_fail(visit, fault);
	else
		me_fail(visit, fault);
}

/* The end of a visit */

static void
visit_free(struct web_visit *visit)
{
	struct web *web = visit->web;

	web->ports.forget(web->ports.arg, visit);
	LIST_REMOVE(visit, next);
	timer_free(visit->again);
	form_free(&visit->form);
	form_free(&visit->query);
	text_free(&visit->kept);
	text_free(&visit->tried);
	OPENSSL_cleanse(visit, sizeof(*visit));
	free(visit);
}

static void
finish(struct web_visit *visit, const struct http_answer *answer)
{
	struct http_exchange *exchange = visit->exchange;

	visit_free(visit);
	http_answer(exchange, answer);
}

static bool
is_path(const struct web_route *route, struct slice path)
{
	return (route->needs & WEB_LINK) != 0 ?
	    slice_has_prefix(path, route->path) :
	    slice_is_str(path, route->path);
}

/* Which methods this path has, for Allow (RFC 9110 15.5.6). */
static const char *
methods_of(struct slice path)
{
	bool get = false, post = false;

	for (size_t i = 0; routes[i].path != NULL; i++) {
		if (!is_path(&routes[i], path))
			continue;
		get = get || routes[i].method[0] == 'G';
		post = post || routes[i].method[0] == 'P';
	}
	return get && post ? "GET, HEAD, POST" : get ? "GET, HEAD" : "POST";
}

void
web_reply(struct web_visit *visit, unsigned status, const char *type,
    const struct text *body)
{
	struct http_answer answer = { .status = status, .type = type,
	    .body = text_slice(body) };

	if (text_failed(body))
		answer = (struct http_answer){ .status = 500,
		    .type = "text/plain", .body = slice_str("too large\n") };
	else if (status == 401)
		answer.fields[0] = (struct http_field){ "WWW-Authenticate",
		    "Basic realm=\"postroom\", charset=\"UTF-8\"" };
	else if (status == 405)
		answer.fields[0] = (struct http_field){ "Allow",
		    methods_of(visit->request->path) };
	else if (visit->route != NULL && visit->route->handler == me_style)
		answer.may_be_kept = true;
	else if (visit->refreshes)
		answer.fields[0] = (struct http_field){ "Refresh", "2" };
	finish(visit, &answer);
}

void
web_go(struct web_visit *visit, const char *path, const char *session)
{
	struct http_answer answer = { .status = 303,
	    .fields = { { "Location", path } } };
	char cookie[sizeof(COOKIE COOKIE_RULES) + SESSION_TOKEN_SIZE + 32];

	if (session != NULL) {
		(void)snprintf(cookie, sizeof(cookie), COOKIE "=%s"
		    COOKIE_RULES "%s", session, session[0] == '\0' ?
		    "; Max-Age=0" : "");
		answer.fields[1] = (struct http_field){ "Set-Cookie", cookie };
	}
	finish(visit, &answer);
	OPENSSL_cleanse(cookie, sizeof(cookie));
}

/* Asking others */

static void
on_answer(void *arg, int status, struct ipc_message *message)
{
	struct web_visit *visit = arg;
	struct answer answer;

	if (status < 0 || answer_open(&answer, visit->asked,
	    message->body) < 0)
		web_fail(visit, WEB_LATER);
	else
		visit->then(visit, &answer);
}

/* Who changes what, for who asks later. */
static void
log_change(struct web_visit *visit, const struct admin_request *request)
{
	static const char *const names[] = {
		"fetch add", "fetch set", "fetch remove", "forward set",
		"forward remove"
	};
	char line[ADDRESS_SIZE + 128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(request->name, names[i]) != 0)
			continue;
		(void)snprintf(line, sizeof(line), "https from %s: %s asks "
		    "for %s", visit->request->peer, visit->address,
		    request->name);
		visit->web->ports.log(visit->web->ports.arg, line);
	}
}

void
web_ask_packed(struct web_visit *visit, const struct admin_request *request,
    struct slice packed, web_answer_fn *then)
{
	struct web *web = visit->web;

	visit->asked = request;
	visit->then = then;
	if (!admin_may(request, visit->account, visit->may_fetch)) {
		web_fail(visit, WEB_FORBIDDEN);
		return;
	}
	log_change(visit, request);
	if (web->ports.ask(web->ports.arg, request, visit->account, packed,
	    on_answer, visit) < 0)
		web_fail(visit, WEB_LATER);
}

void
web_ask_by_link(struct web_visit *visit, const char *name, web_answer_fn *then)
{
	const struct admin_request *request = admin_find(slice_str(name));
	struct web *web = visit->web;
	TEXT_AUTO packed = TEXT_INIT(HTTP_TARGET_BYTES + 16);

	visit->asked = request;
	visit->then = then;
	pack_u8(&packed, true);
	pack_slice(&packed, visit->link);
	/* nobody has logged in: it is the link that is asked for */
	if ((request->who & ADMIN_BY_LINK) == 0 || text_failed(&packed) ||
	    web->ports.ask(web->ports.arg, request, 0, text_slice(&packed),
	    on_answer, visit) < 0)
		web_fail(visit, WEB_LATER);
}

/* What must be given and is not is empty: the keeper says that it is unfit. */
static void
pack_value(const struct web_visit *visit, const struct admin_field *arg,
    const struct web_value *values, struct text *packed)
{
	struct slice value = arg->required ? slice_str("") :
	    slice_of(NULL, 0);

	if (strcmp(arg->name, "address") == 0)
		value = slice_str(visit->address);
	for (; values->name != NULL; values++)
		if (strcmp(values->name, arg->name) == 0 &&
		    values->value.at != NULL)
			value = values->value;
	pack_u8(packed, value.at != NULL);
	if (value.at != NULL)
		pack_slice(packed, value);
}

void
web_ask(struct web_visit *visit, const char *name,
    const struct web_value *values, web_answer_fn *then)
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO packed = TEXT_INIT(HTTP_BODY_BYTES);

	/* room at once: growing would leave a password in freed memory */
	if (text_space(&packed, HTTP_BODY_BYTES) == NULL) {
		web_fail(visit, WEB_LATER);
		return;
	}
	text_clear(&packed);
	for (size_t i = 0; request->args[i].name != NULL; i++)
		pack_value(visit, &request->args[i], values, &packed);
	if (text_failed(&packed))
		web_fail(visit, WEB_BROKEN);
	else
		web_ask_packed(visit, request, text_slice(&packed), then);
	OPENSSL_cleanse(packed.at, packed.size);
}

/* Who it is */

/* Is it the right token of this session's forms? */
static bool
token_is(const struct web_visit *visit, struct slice token)
{
	return slice_is_secret(token, slice_str(visit->token));
}

/* What the keeper knows of the person now; then their request is handled. */
static void
on_person(void *arg, const struct keeper_person *person)
{
	struct web_visit *visit = arg;

	if (person == NULL) {
		web_fail(visit, WEB_LATER);
		return;
	}
	/* removed, or with another password since the login */
	if (!person->exists || (visit->session.len > 0 &&
	    visit->stamp != person->stamp) || slice_cstr(person->address,
	    visit->address, sizeof(visit->address)) < 0) {
		sessions_end(visit->web->sessions, visit->session);
		visit->account = 0;
		web_fail(visit, WEB_LOGGED_OUT);
		return;
	}
	visit->language = slice_is_str(person->language, "id") ?
	    LANGUAGE_ID : LANGUAGE_EN;
	visit->may_fetch = person->may_fetch;
	visit->may_forward = person->may_forward;
	visit->stamp = person->stamp;
	if (visit->welcomed != NULL)
		visit->welcomed(visit);
	else
		visit->route->handler(visit);
}

static void
ask_person(struct web_visit *visit)
{
	struct web *web = visit->web;

	if (web->ports.person(web->ports.arg, visit->account, on_person,
	    visit) < 0)
		web_fail(visit, WEB_LATER);
}

void
web_know(struct web_visit *visit, uint64_t account, web_fn *then)
{
	visit->account = account;
	visit->welcomed = then;
	ask_person(visit);
}

/* Wrong ones are in the log, with the name that was tried (HARDENING A71). */
static void
log_stranger(struct web_visit *visit)
{
	TEXT_AUTO line = TEXT_INIT(2048);

	text_addf(&line, "https from %s: login of \"%.*s\" failed",
	    visit->request->peer, SLICE_FMT(text_slice(&visit->tried)));
	text_add_byte(&line, '\0');
	if (!text_failed(&line))
		visit->web->ports.log(visit->web->ports.arg, line.at);
}

static void
on_login(void *arg, enum keeper_who who, uint64_t account)
{
	struct web_visit *visit = arg;

	if (who == KEEPER_WELCOME) {
		visit->account = account;
		ask_person(visit);
	} else if (who == KEEPER_STRANGER) {
		log_stranger(visit);
		web_fail(visit, WEB_STRANGER);
	} else
		web_fail(visit, WEB_LATER);
}

void
web_login(struct web_visit *visit, struct slice user, struct slice password,
    web_fn *welcomed)
{
	struct web *web = visit->web;

	visit->welcomed = welcomed;
	text_add_escaped(&visit->tried, user, 256);
	if (user.len == 0 || password.len == 0)
		web_fail(visit, WEB_STRANGER);
	else if (web->ports.login(web->ports.arg, user, password,
	    visit->request->peer, on_login, visit) < 0)
		web_fail(visit, WEB_LATER);
}

/* The session of the cookie; false: there is none. */
static bool
find_session(struct web_visit *visit)
{
	const struct session *session = NULL;

	visit->had_cookie = http_cookie(visit->request->head.cookie, COOKIE,
	    &visit->session);
	if (visit->had_cookie)
		session = sessions_find(visit->web->sessions, visit->session,
		    clock_ms());
	if (session == NULL) {
		visit->session.len = 0;
		return false;
	}
	visit->account = session->account;
	visit->stamp = session->stamp;
	memcpy(visit->token, session->form, sizeof(visit->token));
	return true;
}

void
web_end_session(struct web_visit *visit)
{
	struct slice token;

	if (http_cookie(visit->request->head.cookie, COOKIE, &token))
		sessions_end(visit->web->sessions, token);
}

/* RFC 7617 */
static void
basic_login(struct web_visit *visit)
{
	struct slice rest = visit->request->head.authorization, user;
	char bytes[BASIC_BYTES];

	visit->session.len = 0;
	if (slice_has_prefix(rest, "Basic ") && sasl_decode(
	    slice_trim(slice_after(rest, 6)), bytes, sizeof(bytes),
	    &rest) == 0 && slice_cut(&rest, ':', &user))
		web_login(visit, user, rest, NULL);
	else
		web_fail(visit, WEB_BROKEN);
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

/* The way of a request */

/*
 * JSON is not what a form can send, and whatever page sends it must be ours:
 * neither a password that a browser remembers nor a session is lent to others.
 */
static void
admit_api(struct web_visit *visit)
{
	const struct http_head *head = &visit->request->head;

	if (!http_is_type(head->content_type, "application/json"))
		web_fail(visit, WEB_BROKEN);
	else if (head->has_origin && !http_is_own_origin(head))
		web_fail(visit, WEB_FOREIGN);
	else if (head->authorization.len > 0)
		basic_login(visit);
	else if (!find_session(visit))
		web_fail(visit, WEB_LOGGED_OUT);
	else if (!head->has_origin || !token_is(visit, head->token))
		web_fail(visit, WEB_FOREIGN);
	else
		ask_person(visit);
}

/* A network that has shown many links that are none waits for a while. */
static void
admit_link(struct web_visit *visit)
{
	visit->link = slice_after(visit->request->path,
	    strlen(visit->route->path));
	if (tries_may(visit->web->tries, visit->request->peer, clock_ms()))
		visit->route->handler(visit);
	else
		web_fail(visit, WEB_TOO_MANY);
}

static void
admit(struct web_visit *visit)
{
	const struct http_head *head = &visit->request->head;
	unsigned needs = visit->route->needs;

	if ((needs & WEB_API) != 0) {
		admit_api(visit);
		return;
	}
	if ((needs & WEB_FORM) != 0 && !http_is_own_origin(head))
		web_fail(visit, WEB_FOREIGN);
	else if (form_read(visit->request->query, &visit->query) < 0 ||
	    ((needs & WEB_FORM) != 0 && (!http_is_type(head->content_type,
	    "application/x-www-form-urlencoded") ||
	    form_read(visit->request->body, &visit->form) < 0)))
		web_fail(visit, WEB_BROKEN);
	else if ((needs & WEB_LINK) != 0)
		admit_link(visit);
	else if ((needs & WEB_PERSON) == 0)
		visit->route->handler(visit);
	else if (!find_session(visit))
		web_fail(visit, WEB_LOGGED_OUT);
	else if ((needs & WEB_FORM) != 0 &&
	    !token_is(visit, form_value(&visit->form, "token")))
		web_fail(visit, WEB_FOREIGN);
	else
		ask_person(visit);
}

/* Its row; *fault_out says what is wrong when there is none. */
static const struct web_route *
route_of(const struct http_request *request, enum web_fault *fault_out)
{
	struct slice method = slice_is_str(request->method, "HEAD") ?
	    slice_str("GET") : request->method;

	*fault_out = WEB_NO_PAGE;
	for (size_t i = 0; routes[i].path != NULL; i++) {
		if (!is_path(&routes[i], request->path))
			continue;
		if (slice_is_str(method, routes[i].method))
			return &routes[i];
		*fault_out = WEB_NO_METHOD;
	}
	return NULL;
}

static void
on_request(void *arg, struct http_exchange *exchange,
    const struct http_request *request)
{
	struct web *web = arg;
	struct web_visit *visit = calloc(1, sizeof(*visit));
	enum web_fault fault;

	if (visit == NULL) {
		http_answer(exchange, &(struct http_answer){ .status = 503 });
		return;
	}
	visit->web = web;
	visit->exchange = exchange;
	visit->request = request;
	visit->kept = (struct text)TEXT_INIT(ADMIN_ANSWER_BYTES + 16);
	visit->tried = (struct text)TEXT_INIT(1024 + 16);
	visit->language = html_language(request->head.accept_language,
	    web->office);
	LIST_INSERT_HEAD(&web->visits, visit, next);
	http_set_owner(exchange, visit);
	visit->route = route_of(request, &fault);
	if (visit->route == NULL)
		web_fail(visit, fault);
	else
		admit(visit);
}

static void
on_gone(void *arg, struct http_exchange *exchange)
{
	(void)arg;
	visit_free(http_owner(exchange));
}

struct web *
web_new(struct loop *loop, enum language office,
    const struct web_ports *ports)
{
	struct web *web = calloc(1, sizeof(*web));
	const struct http_ports http_ports = {
		.arg = web, .request = on_request, .gone = on_gone
	};

	if (web == NULL)
		return NULL;
	web->loop = loop;
	web->office = office;
	web->ports = *ports;
	LIST_INIT(&web->visits);
	web->sessions = sessions_new();
	web->tries = tries_new();
	web->http = http_new(loop, &http_ports);
	if (web->sessions == NULL || web->tries == NULL || web->http == NULL) {
		web_free(web);
		return NULL;
	}
	return web;
}

void
web_free(struct web *web)
{
	if (web == NULL)
		return;
	http_free(web->http);
	sessions_free(web->sessions);
	tries_free(web->tries);
	free(web);
}

int
web_serve(struct web *web, int fd, struct slice peer)
{
	return http_serve(web->http, fd, peer);
}
