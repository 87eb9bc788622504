/*
 * fetch_way.c - the way to a provider: its proxy, a token, and the consent
 *
 * A way is a chain of steps; what is being waited for has one answer, and
 * `then` names the step that follows it.  A consent is a way that ends with a
 * grant in the keeper's hands.  Any fault ends the chain with its words: the
 * schedule tries again, a person begins again.
 */
#include "programs/fetch_way.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <openssl/crypto.h>

#include "fetch/consent.h"
#include "fetch/oauth.h"
#include "lib/base/names.h"
#include "policy/fetch_accounts.h"
#include "policy/keeper.h"

/* HARDENING F47: who begins has at least so long until the token expires. */
#define LEAST_LEFT_MS	120000
#define KEPT_MS		60000	/* a consent that is over, for who looks */
#define BROWSER_MS	900000	/* a person reads what is asked for */
#define SLOWER_SECONDS	5	/* RFC 8628 3.5 */
#define ASK_MOST	(GRANT_TOKEN_SIZE + 64)

/* An access token that may be used again. */
struct held_token {
	LIST_ENTRY(held_token) next;
	uint64_t	 id;
	uint64_t	 until_ms;	/* monotonic */
	char		 token[GRANT_TOKEN_SIZE];
};

struct fetch_ways {
	struct loop	*loop;
	struct talk_hall *hall;
	struct ipc	*keeper, *resolver;	/* NULL: not there */
	LIST_HEAD(, held_token) tokens;
	LIST_HEAD(, fetch_way) ways, consents;
};

typedef void	 step_fn(struct fetch_way *);

/* A person is asked; see consent.h. */
struct consent {
	enum consent_step by;		/* DEVICE or BROWSER */
	enum consent_stage stage;
	char		 url[CONSENT_URL_MOST + 1];
	char		 user_code[OAUTH_USER_CODE_SIZE];
	uint64_t	 until_ms;	/* monotonic: then it has expired */
	uint64_t	 interval_seconds;
	enum oauth_end	 end;		/* when it failed */
	char		 words[CONSENT_WORDS_MOST + 1];
	char		 device_code[GRANT_TOKEN_SIZE];
	char		 redirect[GRANT_URL_SIZE];
	char		 verifier[OAUTH_VERIFIER_SIZE];
	char		 state[OAUTH_VERIFIER_SIZE];
	char		 code[CONSENT_CODE_MOST + 1];
};

struct fetch_way {
	LIST_ENTRY(fetch_way) next;
	struct fetch_ways *ways;
	uint64_t	 id;
	fetch_way_fn	*fn;		/* NULL: it is a consent */
	void		*arg;
	struct ipc	*asked;		/* keeper or resolver, or NULL */
	step_fn		*then;		/* after its answer */
	struct timer	*timer;

	char		 user[FETCH_USER_SIZE];
	struct fetch_proxy proxy;
	bool		 has_grant;
	struct grant	 grant;
	char		 proxy_addresses[NAMES_TEXT_SIZE];
	char		 host[HTTPS_HOST_SIZE];	/* of these: */
	char		 addresses[NAMES_TEXT_SIZE];
	char		*found;		/* where the next addresses go */
	struct oauth	*oauth;
	bool		 tried_before;	/* the older refresh token */
	bool		 is_fresh;
	struct oauth_token token;
	struct consent	*consent;	/* NULL: it is a login's */
};

/* Ends */

void
fetch_way_free(struct fetch_way *way)
{
	if (way == NULL)
		return;
	if (way->asked != NULL)
		ipc_forget(way->asked, way);
	oauth_free(way->oauth);
	timer_free(way->timer);
	LIST_REMOVE(way, next);
	if (way->consent != NULL)
		OPENSSL_cleanse(way->consent, sizeof(*way->consent));
	free(way->consent);
	OPENSSL_cleanse(way, sizeof(*way));
	free(way);
}

/* A consent is over; how it ended is told for a while. */
static void
consent_end(struct fetch_way *way, enum consent_stage stage,
    enum oauth_end end, const char *words)
{
	struct consent *consent = way->consent;

	if (way->asked != NULL)
		ipc_forget(way->asked, way);
	way->asked = NULL;
	oauth_free(way->oauth);
	way->oauth = NULL;
	consent->stage = stage;
	consent->end = end;
	(void)snprintf(consent->words, sizeof(consent->words), "%s", words);
	consent->url[0] = consent->user_code[0] = '\0';
	OPENSSL_cleanse(&way->token, sizeof(way->token));
	OPENSSL_cleanse(&way->grant, sizeof(way->grant));
	OPENSSL_cleanse(consent->device_code, sizeof(consent->device_code));
	OPENSSL_cleanse(consent->verifier, sizeof(consent->verifier));
	OPENSSL_cleanse(consent->code, sizeof(consent->code));
	timer_set(way->timer, KEPT_MS);
}

static void
fail(struct fetch_way *way, enum fetch_end end, const char *words)
{
	const struct fetch_way_found found = {
		.end = end, .words = slice_str(words)
	};

	if (way->consent != NULL)
		consent_end(way, CONSENT_FAILED, OAUTH_LATER, words);
	else
		way->fn(way->arg, &found);
}

/* What the provider's answer means for who wants to log in. */
static void
fail_by(struct fetch_way *way, enum oauth_end end, const char *words)
{
	static const enum fetch_end ends[OAUTH_END_COUNT] = {
		[OAUTH_GRANTED] = FETCH_END_LOCAL,
		[OAUTH_PENDING] = FETCH_END_NONSENSE,
		[OAUTH_SLOW_DOWN] = FETCH_END_BUSY,
		[OAUTH_DECLINED] = FETCH_END_CONSENT,
		[OAUTH_EXPIRED] = FETCH_END_CONSENT,
		[OAUTH_REVOKED] = FETCH_END_CONSENT,
		[OAUTH_MISCONFIGURED] = FETCH_END_CLIENT,
		[OAUTH_LATER] = FETCH_END_BUSY,
		[OAUTH_NONSENSE] = FETCH_END_NONSENSE,
	};

	if (way->consent != NULL)
		consent_end(way, CONSENT_FAILED, end, words);
	else
		fail(way, ends[end], words);
}

/* Asking keeper and resolver */

/* 0; or the channel was lost with the question, and the way has ended. */
static int
answered(struct fetch_way *way, int status)
{
	way->asked = NULL;
	if (status < 0)
		fail(way, FETCH_END_LOCAL,
		    "keeper or resolver went away while they were asked");
	return status;
}

static void
ask(struct fetch_way *way, struct ipc *whom, uint16_t kind,
    const struct text *body, ipc_reply_fn *reply)
{
	int r = whom == NULL ? -ENOTCONN : text_failed(body) ? -ENOMEM :
	    ipc_ask(whom, kind, text_slice(body), NULL, 0, reply, way);

	if (r < 0)
		fail(way, FETCH_END_LOCAL, strerror(-r));
	else
		way->asked = whom;
}

static void
on_addresses(void *arg, int status, struct ipc_message *message)
{
	struct fetch_way *way = arg;
	struct unpack u;
	unsigned found;

	if (answered(way, status) < 0)
		return;
	u = unpack_of(message->body);
	found = unpack_enum(&u, NAMES_FOUND_COUNT);
	if (slice_cstr(unpack_slice(&u), way->found, NAMES_TEXT_SIZE) < 0 ||
	    !unpack_is_done(&u))
		fail(way, FETCH_END_LOCAL,
		    "the resolver's answer cannot be read");
	else if (found == NAMES_FOUND)
		way->then(way);
	else
		fail(way, FETCH_END_UNREACHABLE, found == NAMES_NONE ?
		    "the proxy's or the login server's name does not exist" :
		    "the proxy's or the login server's name could not be "
		    "looked up now");
}

static void
resolve(struct fetch_way *way, const char *host, char *found, step_fn *then)
{
	TEXT_AUTO body = TEXT_INIT(PROXY_HOST_SIZE + 8);

	pack_slice(&body, slice_str(host));
	way->found = found;
	way->then = then;
	ask(way, way->ways->resolver, RESOLVER_ADDRESSES, &body,
	    on_addresses);
}

/* The proxy */

static struct talk_proxy
proxy_of(const struct fetch_way *way)
{
	static const enum talk_proxy_kind kinds[PROXY_COUNT] = {
		[PROXY_NONE] = TALK_PROXY_NONE,
		[PROXY_SOCKS5] = TALK_PROXY_SOCKS5,
		[PROXY_SOCKS5H] = TALK_PROXY_SOCKS5H,
		[PROXY_HTTP] = TALK_PROXY_HTTP,
	};
	bool logs_in = way->proxy.user[0] != '\0';

	return (struct talk_proxy){
		.kind = kinds[way->proxy.kind], .host = way->proxy.host,
		.port = way->proxy.port, .addresses = way->proxy_addresses,
		.user = logs_in ? way->proxy.user : NULL,
		.password = logs_in ? way->proxy.password : NULL
	};
}

static bool
names_there(const struct fetch_way *way)
{
	return way->proxy.kind == PROXY_SOCKS5H ||
	    way->proxy.kind == PROXY_HTTP;
}

/* The host of an endpoint is known, by us or by the proxy: then. */
static void
find_endpoint(struct fetch_way *way, const char *url_text, step_fn *then)
{
	struct https_url url;

	if (https_url_read(slice_str(url_text), &url) < 0) {
		fail_by(way, OAUTH_MISCONFIGURED,
		    "the provider's login server has no such URL");
	} else if (names_there(way) || strcmp(way->host, url.host) == 0) {
		then(way);
	} else {
		(void)snprintf(way->host, sizeof(way->host), "%s", url.host);
		resolve(way, way->host, way->addresses, then);
	}
}

static struct oauth_route
route_of(const struct fetch_way *way)
{
	return (struct oauth_route){
		.hall = way->ways->hall, .loop = way->ways->loop,
		.addresses = names_there(way) ? NULL : way->addresses,
		.proxy = proxy_of(way)
	};
}

/* A question could not even be asked. */
static void
check_asked(struct fetch_way *way, int r)
{
	if (r == -EINVAL)
		fail_by(way, OAUTH_MISCONFIGURED,
		    "the provider's login server cannot be asked so");
	else if (r < 0)
		fail(way, FETCH_END_LOCAL, strerror(-r));
}

/* Tokens that are held */

static struct held_token *
find_token(const struct fetch_ways *ways, uint64_t id)
{
	struct held_token *held;

	LIST_FOREACH(held, &ways->tokens, next)
		if (held->id == id)
			return held;
	return NULL;
}

static void
drop_token(struct held_token *held)
{
	if (held == NULL)
		return;
	LIST_REMOVE(held, next);
	OPENSSL_cleanse(held, sizeof(*held));
	free(held);
}

void
fetch_ways_refused(struct fetch_ways *ways, uint64_t id)
{
	drop_token(find_token(ways, id));
}

/* Without memory it is asked for again the next time. */
static void
hold_token(struct fetch_way *way)
{
	struct held_token *held = calloc(1, sizeof(*held));

	drop_token(find_token(way->ways, way->id));
	if (held == NULL)
		return;
	held->id = way->id;
	held->until_ms = clock_ms() + way->token.expires_seconds * 1000;
	memcpy(held->token, way->token.access, sizeof(held->token));
	LIST_INSERT_HEAD(&way->ways->tokens, held, next);
}

/* The end of a way that was found. */
static void
arrive(struct fetch_way *way)
{
	const struct fetch_way_found found = {
		.end = FETCH_END_DONE, .proxy = proxy_of(way),
		.token = way->has_grant ? way->token.access : NULL,
		.is_fresh = way->is_fresh
	};

	if (way->consent != NULL)
		consent_end(way, CONSENT_DONE, OAUTH_GRANTED, "");
	else
		way->fn(way->arg, &found);
}

/* Keeping what the provider gave */

static void
on_saved(void *arg, int status, struct ipc_message *message)
{
	struct fetch_way *way = arg;
	struct unpack u;
	bool stands;

	if (answered(way, status) < 0)
		return;
	u = unpack_of(message->body);
	stands = unpack_bool(&u);
	if (!unpack_is_done(&u) || !stands) {
		/* the access token is not used: the grant before still holds */
		fail(way, FETCH_END_LOCAL,
		    "the provider's new refresh token could not be kept");
		return;
	}
	if (way->consent == NULL)
		hold_token(way);
	arrive(way);
}

static void
save(struct fetch_way *way, const char *refresh)
{
	TEXT_AUTO body = TEXT_INIT(ASK_MOST);
	uint64_t seconds = way->token.refresh_seconds;

	if (text_space(&body, ASK_MOST) != NULL)
		text_clear(&body);
	pack_u64(&body, way->id);
	pack_slice(&body, slice_str(refresh));
	pack_u8(&body, way->consent != NULL);
	pack_i64(&body, seconds == 0 ? 0 : clock_utc_ms() +
	    (int64_t)seconds * 1000);
	ask(way, way->ways->keeper, KEEPER_GRANT_SAVE, &body, on_saved);
	if (body.at != NULL)
		OPENSSL_cleanse(body.at, body.size);
}

/* A token for a login */

static void	refresh(struct fetch_way *);

/* Granted: what is new of it goes to the keeper first. */
static void
take_token(struct fetch_way *way)
{
	way->is_fresh = true;
	if (way->token.refresh[0] != '\0') {
		save(way, way->token.refresh);
	} else if (way->tried_before) {
		save(way, way->grant.before);
	} else if (way->token.refresh_seconds != 0) {
		save(way, way->grant.refresh);
	} else {
		hold_token(way);
		arrive(way);
	}
}

static void
on_refreshed(void *arg, const struct oauth_token *token)
{
	struct fetch_way *way = arg;

	oauth_free(way->oauth);
	way->oauth = NULL;
	way->token = *token;
	if (token->end == OAUTH_GRANTED) {
		take_token(way);
	} else if (token->end == OAUTH_REVOKED && !way->tried_before &&
	    way->grant.before[0] != '\0') {
		way->tried_before = true;
		refresh(way);
	} else {
		fail_by(way, token->end, way->token.words);
	}
}

static void
refresh(struct fetch_way *way)
{
	const struct oauth_route route = route_of(way);

	check_asked(way, (way->tried_before ? oauth_refresh_before :
	    oauth_refresh)(&route, &way->grant, on_refreshed, way,
	    &way->oauth));
}

static void
find_token_for_login(struct fetch_way *way)
{
	const struct held_token *held = find_token(way->ways, way->id);

	if (!way->has_grant) {
		arrive(way);
	} else if (held != NULL && held->until_ms >=
	    clock_ms() + LEAST_LEFT_MS) {
		memcpy(way->token.access, held->token, sizeof(held->token));
		arrive(way);
	} else if (way->grant.refresh[0] == '\0') {
		fail(way, FETCH_END_CONSENT,
		    "nobody has consented at the provider yet");
	} else {
		find_endpoint(way, way->grant.token_url, refresh);
	}
}

/* Consent: tokens for a person's yes */

static void	poll_device(void *arg);

static void
on_consented(void *arg, const struct oauth_token *token)
{
	struct fetch_way *way = arg;
	struct consent *consent = way->consent;

	oauth_free(way->oauth);
	way->oauth = NULL;
	way->token = *token;
	if (token->end == OAUTH_SLOW_DOWN)
		consent->interval_seconds += SLOWER_SECONDS;
	if (token->end == OAUTH_GRANTED && token->refresh[0] != '\0')
		save(way, way->token.refresh);
	else if (token->end == OAUTH_GRANTED)
		consent_end(way, CONSENT_FAILED, OAUTH_MISCONFIGURED,
		    "the provider gave no refresh token");
	else if (consent->by == CONSENT_DEVICE && (token->end ==
	    OAUTH_PENDING || token->end == OAUTH_SLOW_DOWN ||
	    /* RFC 8628 3.5: a line that failed is tried again, too */
	    token->end == OAUTH_LATER))
		timer_set(way->timer, consent->interval_seconds * 1000);
	else
		fail_by(way, token->end, way->token.words);
}

static void
ask_device(struct fetch_way *way)
{
	const struct oauth_route route = route_of(way);

	check_asked(way, oauth_device_poll(&route, &way->grant,
	    way->consent->device_code, on_consented, way, &way->oauth));
}

/* The timer of a consent: poll, let it expire, or forget it. */
static void
poll_device(void *arg)
{
	struct fetch_way *way = arg;
	struct consent *consent = way->consent;

	if (consent->stage == CONSENT_DONE ||
	    consent->stage == CONSENT_FAILED)
		fetch_way_free(way);
	else if (clock_ms() >= consent->until_ms)
		consent_end(way, CONSENT_FAILED, OAUTH_EXPIRED,
		    "nobody consented in time");
	else
		find_endpoint(way, way->grant.token_url, ask_device);
}

static void
on_device(void *arg, const struct oauth_device *device)
{
	struct fetch_way *way = arg;
	struct consent *consent = way->consent;

	oauth_free(way->oauth);
	way->oauth = NULL;
	if (device->end != OAUTH_GRANTED) {
		fail_by(way, device->end, device->words);
		return;
	}
	(void)snprintf(consent->device_code, sizeof(consent->device_code),
	    "%s", device->device_code);
	(void)snprintf(consent->user_code, sizeof(consent->user_code), "%s",
	    device->user_code);
	(void)snprintf(consent->url, sizeof(consent->url), "%s", device->url);
	consent->interval_seconds = device->interval_seconds;
	consent->until_ms = clock_ms() + device->expires_seconds * 1000;
	consent->stage = CONSENT_WAITING;
	timer_set(way->timer, consent->interval_seconds * 1000);
}

static void
begin_device(struct fetch_way *way)
{
	const struct oauth_route route = route_of(way);

	check_asked(way, oauth_device_begin(&route, &way->grant, on_device,
	    way, &way->oauth));
}

static void
begin_browser(struct fetch_way *way)
{
	TEXT_AUTO url = TEXT_INIT(CONSENT_URL_MOST);
	struct consent *consent = way->consent;
	char challenge[OAUTH_VERIFIER_SIZE];

	if (oauth_secret_new(consent->verifier) < 0 ||
	    oauth_secret_new(consent->state) < 0 ||
	    oauth_challenge(consent->verifier, challenge) < 0) {
		fail(way, FETCH_END_LOCAL, "there are no random bytes");
		return;
	}
	oauth_authorize_url(&url, &way->grant, way->user, consent->redirect,
	    consent->state, challenge);
	if (text_failed(&url) || slice_cstr(text_slice(&url), consent->url,
	    sizeof(consent->url)) < 0) {
		fail_by(way, OAUTH_MISCONFIGURED, "its URL is too long");
		return;
	}
	consent->until_ms = clock_ms() + BROWSER_MS;
	consent->stage = CONSENT_WAITING;
	timer_set(way->timer, BROWSER_MS);
}

static void
exchange(struct fetch_way *way)
{
	const struct oauth_route route = route_of(way);
	struct consent *consent = way->consent;

	check_asked(way, oauth_exchange(&route, &way->grant,
	    slice_str(consent->code), consent->redirect, consent->verifier,
	    on_consented, way, &way->oauth));
}

static void
begin_consent(struct fetch_way *way)
{
	bool by_device = way->consent->by == CONSENT_DEVICE;
	const char *url = by_device ? way->grant.device_url :
	    way->grant.authorize_url;

	if (!way->has_grant)
		fail_by(way, OAUTH_MISCONFIGURED,
		    "it is not collected with a provider's consent");
	else if (url[0] == '\0')
		fail_by(way, OAUTH_MISCONFIGURED, by_device ?
		    "this provider gives no codes for mail: use a browser" :
		    "this provider has no page for browsers: use a code");
	else if (by_device)
		find_endpoint(way, url, begin_device);
	else
		begin_browser(way);
}

/* The beginning of every way */

static int
take_way(struct fetch_way *way, struct slice body)
{
	struct unpack u = unpack_of(body);
	bool exists = unpack_bool(&u);
	int r;

	if (body.len == 0)
		return -EKEYREJECTED;
	if (!exists)
		return unpack_is_done(&u) ? -ENOENT : -EBADMSG;
	if (slice_cstr(unpack_slice(&u), way->user, sizeof(way->user)) < 0)
		return -EBADMSG;
	r = fetch_proxy_unpack(&u, &way->proxy);
	way->has_grant = unpack_bool(&u);
	if (r == 0 && way->has_grant)
		r = grant_unpack(&u, &way->grant);
	return r == 0 && !unpack_is_done(&u) ? -EBADMSG : r;
}

static void
on_way(void *arg, int status, struct ipc_message *message)
{
	struct fetch_way *way = arg;
	int r;

	if (answered(way, status) < 0)
		return;
	r = take_way(way, message->body);
	/* secrets do not stay where messages come in */
	OPENSSL_cleanse((void *)(uintptr_t)message->body.at,
	    message->body.len);
	if (r < 0) {
		fail(way, FETCH_END_LOCAL, r == -ENOENT ?
		    "there is no such fetch account any more" :
		    r == -EKEYREJECTED ? "its grant or its proxy cannot be "
		    "read, or was sealed with another key" :
		    "the keeper's answer cannot be read");
		return;
	}
	way->then = way->consent != NULL ? begin_consent :
	    find_token_for_login;
	if (way->proxy.kind != PROXY_NONE)
		resolve(way, way->proxy.host, way->proxy_addresses, way->then);
	else
		way->then(way);
}

static struct fetch_way *
way_new(struct fetch_ways *ways, uint64_t id)
{
	struct fetch_way *way = calloc(1, sizeof(*way));

	if (way == NULL)
		return NULL;
	way->timer = timer_new(ways->loop, poll_device, way);
	if (way->timer == NULL) {
		free(way);
		return NULL;
	}
	way->ways = ways;
	way->id = id;
	return way;
}

/* Ask the keeper.  0, or a negative errno: nothing comes. */
static int
way_begin(struct fetch_way *way)
{
	TEXT_AUTO body = TEXT_INIT(16);
	struct ipc *keeper = way->ways->keeper;
	int r = -ENOMEM;

	if (keeper == NULL || way->ways->resolver == NULL)
		return -ENOTCONN;
	pack_u64(&body, way->id);
	if (!text_failed(&body))
		r = ipc_ask(keeper, KEEPER_FETCH_WAY, text_slice(&body), NULL,
		    0, on_way, way);
	if (r == 0)
		way->asked = keeper;
	return r;
}

int
fetch_way_find(struct fetch_ways *ways, uint64_t id, fetch_way_fn *fn,
    void *arg, struct fetch_way **way_out)
{
	struct fetch_way *way = way_new(ways, id);
	int r;

	if (way == NULL)
		return -ENOMEM;
	way->fn = fn;
	way->arg = arg;
	LIST_INSERT_HEAD(&ways->ways, way, next);
	r = way_begin(way);
	if (r < 0)
		fetch_way_free(way);
	else
		*way_out = way;
	return r;
}

/* Consents, as they are asked for */

static struct fetch_way *
find_consent(const struct fetch_ways *ways, uint64_t id)
{
	struct fetch_way *way;

	LIST_FOREACH(way, &ways->consents, next)
		if (way->id == id)
			return way;
	return NULL;
}

static struct fetch_way *
consent_new(struct fetch_ways *ways, const struct consent_ask *asked)
{
	struct fetch_way *way = way_new(ways, asked->id);

	if (way == NULL)
		return NULL;
	LIST_INSERT_HEAD(&ways->consents, way, next);
	way->consent = calloc(1, sizeof(*way->consent));
	if (way->consent == NULL) {
		fetch_way_free(way);
		return NULL;
	}
	way->consent->by = asked->step;
	way->consent->stage = CONSENT_ASKING;
	/* a redirect that is not ours is looked at by consent_begin() */
	(void)slice_cstr(asked->value, way->consent->redirect,
	    sizeof(way->consent->redirect));
	return way;
}

/* Begin anew; an earlier one of this account is forgotten. */
static struct fetch_way *
consent_begin(struct fetch_ways *ways, const struct consent_ask *asked)
{
	struct fetch_way *way;
	int r;

	fetch_way_free(find_consent(ways, asked->id));
	way = consent_new(ways, asked);
	if (way == NULL)
		return NULL;
	if (asked->step == CONSENT_BROWSER &&
	    !oauth_is_loopback(slice_str(way->consent->redirect))) {
		fail_by(way, OAUTH_MISCONFIGURED,
		    "a browser comes back to this machine only");
		return way;
	}
	r = way_begin(way);
	if (r < 0)
		fail(way, FETCH_END_LOCAL, strerror(-r));
	return way;
}

/* The browser is back.  RFC 6749 10.12: with our own state, or it is not ours. */
static void
consent_code(struct fetch_way *way, const struct consent_ask *asked)
{
	struct consent *consent = way->consent;

	if (consent->stage != CONSENT_WAITING ||
	    consent->by != CONSENT_BROWSER ||
	    !slice_is_secret(asked->state, slice_str(consent->state)))
		return;
	consent->stage = CONSENT_ASKING;
	if (asked->value.len == 0 || slice_cstr(asked->value, consent->code,
	    sizeof(consent->code)) < 0)
		fail_by(way, OAUTH_DECLINED, "the page gave no code");
	else
		find_endpoint(way, way->grant.token_url, exchange);
}

int
fetch_ways_consent(struct fetch_ways *ways, struct slice body,
    struct text *answer)
{
	struct consent_state state = { .stage = CONSENT_NONE };
	struct consent_ask asked;
	struct fetch_way *way;
	const struct consent *consent;

	if (consent_ask_unpack(body, &asked) < 0)
		return -EBADMSG;
	way = asked.step == CONSENT_DEVICE || asked.step == CONSENT_BROWSER ?
	    consent_begin(ways, &asked) : find_consent(ways, asked.id);
	if (way != NULL && asked.step == CONSENT_CODE)
		consent_code(way, &asked);
	if (way != NULL) {
		consent = way->consent;
		state.stage = consent->stage;
		state.url = slice_str(consent->url);
		state.code = slice_str(consent->user_code);
		if (consent->until_ms > clock_ms())
			state.expires_seconds =
			    (consent->until_ms - clock_ms()) / 1000;
		if (consent->stage == CONSENT_FAILED)
			state.result = oauth_end_code(consent->end);
		state.words = slice_str(consent->words);
	}
	consent_state_pack(answer, &state);
	return 0;
}

/* The process's */

struct fetch_ways *
fetch_ways_new(struct loop *loop, struct talk_hall *hall)
{
	struct fetch_ways *ways = calloc(1, sizeof(*ways));

	if (ways == NULL)
		return NULL;
	ways->loop = loop;
	ways->hall = hall;
	LIST_INIT(&ways->tokens);
	LIST_INIT(&ways->ways);
	LIST_INIT(&ways->consents);
	return ways;
}

void
fetch_ways_free(struct fetch_ways *ways)
{
	if (ways == NULL)
		return;
	while (!LIST_EMPTY(&ways->ways))
		fetch_way_free(LIST_FIRST(&ways->ways));
	while (!LIST_EMPTY(&ways->consents))
		fetch_way_free(LIST_FIRST(&ways->consents));
	while (!LIST_EMPTY(&ways->tokens))
		drop_token(LIST_FIRST(&ways->tokens));
	free(ways);
}

void
fetch_ways_peers(struct fetch_ways *ways, struct ipc *keeper,
    struct ipc *resolver)
{
	ways->keeper = keeper;
	ways->resolver = resolver;
}

bool
fetch_ways_is_busy(const struct fetch_ways *ways)
{
	return !LIST_EMPTY(&ways->consents);
}
