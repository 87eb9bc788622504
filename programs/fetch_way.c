/*
 * fetch_way.c - the way to a provider: its proxy, and a token for the login
 *
 * How a way goes on from step to step: fetch_way_inside.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "policy/keeper.h"
#include "programs/fetch_reach.h"
#include "programs/fetch_way_inside.h"

/* HARDENING F47: who begins has at least so long until the token expires. */
#define LEAST_LEFT_MS	120000
#define ASK_MOST	(GRANT_TOKEN_SIZE + 64)

/* Ends */

/* The question is over; whatever it carried was for a login. */
void
way_hang_up(struct fetch_way *way)
{
	struct line_counts counts = { 0 };

	oauth_free(way->oauth);
	way->oauth = NULL;
	for (unsigned i = 0; i < LINE_CAUSES; i++) {
		counts.carried[LINE_OAUTH].received +=
		    way->carried.bytes[i].received;
		counts.carried[LINE_OAUTH].sent += way->carried.bytes[i].sent;
	}
	way->carried = (struct talk_counts){ 0 };
	if (!line_counts_are_none(&counts))
		way->ways->carried(way->ways->arg, way->id, &counts);
}

void
fetch_way_free(struct fetch_way *way)
{
	if (way == NULL)
		return;
	if (way->asked != NULL)
		ipc_forget(way->asked, way);
	way_hang_up(way);
	timer_free(way->timer);
	LIST_REMOVE(way, next);
	if (way->consent != NULL)
		OPENSSL_cleanse(way->consent, sizeof(*way->consent));
	free(way->consent);
	OPENSSL_cleanse(way, sizeof(*way));
	free(way);
}

void
way_fail(struct fetch_way *way, enum fetch_end end, const char *words)
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
void
way_fail_by(struct fetch_way *way, enum oauth_end end, const char *words)
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
		way_fail(way, ends[end], words);
}

/* Asking keeper and resolver */

/* 0; or the channel was lost with the question, and the way has ended. */
static int
answered(struct fetch_way *way, int status)
{
	way->asked = NULL;
	if (status < 0)
		way_fail(way, FETCH_END_LOCAL,
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
		way_fail(way, FETCH_END_LOCAL, strerror(-r));
	else
		way->asked = whom;
}

static void
on_addresses(void *arg, int status, struct ipc_message *message)
{
	struct fetch_way *way = arg;
	/* login servers are the postmaster's word */
	bool by_owner = way->found == way->proxy_addresses &&
	    way->proxy.by_owner;

	if (answered(way, status) < 0)
		return;
	switch (fetch_reach_read(message->body, by_owner,
	    way->ways->people_hosts, way->found)) {
	case REACH_FOUND:
		way->then(way);
		break;
	case REACH_NONE:
		way_fail(way, FETCH_END_UNREACHABLE,
		    "the proxy's or the login server's name does not exist");
		break;
	case REACH_LATER:
		way_fail(way, FETCH_END_UNREACHABLE,
		    "the proxy's or the login server's name could not be "
		    "looked up now");
		break;
	case REACH_INNER:
		way_fail(way, FETCH_END_INNER, "the proxy");
		break;
	case REACH_UNREADABLE:
		way_fail(way, FETCH_END_LOCAL,
		    "the resolver's answer cannot be read");
		break;
	}
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
void
way_find_endpoint(struct fetch_way *way, const char *url_text, step_fn *then)
{
	struct https_url url;

	if (https_url_read(slice_str(url_text), &url) < 0) {
		way_fail_by(way, OAUTH_MISCONFIGURED,
		    "the provider's login server has no such URL");
	} else if (names_there(way) || strcmp(way->host, url.host) == 0) {
		then(way);
	} else {
		(void)snprintf(way->host, sizeof(way->host), "%s", url.host);
		resolve(way, way->host, way->addresses, then);
	}
}

struct oauth_route
way_route(struct fetch_way *way)
{
	return (struct oauth_route){
		.hall = way->ways->hall, .loop = way->ways->loop,
		.addresses = names_there(way) ? NULL : way->addresses,
		.proxy = proxy_of(way), .counts = &way->carried
	};
}

/* A question could not even be asked. */
void
way_check_asked(struct fetch_way *way, int r)
{
	if (r == -EINVAL)
		way_fail_by(way, OAUTH_MISCONFIGURED,
		    "the provider's login server cannot be asked so");
	else if (r < 0)
		way_fail(way, FETCH_END_LOCAL, strerror(-r));
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
		way_fail(way, FETCH_END_LOCAL,
		    "the provider's new refresh token could not be kept");
		return;
	}
	if (way->consent == NULL)
		hold_token(way);
	arrive(way);
}

void
way_save(struct fetch_way *way, const char *refresh)
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
		way_save(way, way->token.refresh);
	} else if (way->tried_before) {
		way_save(way, way->grant.before);
	} else if (way->token.refresh_seconds != 0) {
		way_save(way, way->grant.refresh);
	} else {
		hold_token(way);
		arrive(way);
	}
}

static void
on_refreshed(void *arg, const struct oauth_token *token)
{
	struct fetch_way *way = arg;

	way_hang_up(way);
	way->token = *token;
	if (token->end == OAUTH_GRANTED) {
		take_token(way);
	} else if (token->end == OAUTH_REVOKED && !way->tried_before &&
	    way->grant.before[0] != '\0') {
		way->tried_before = true;
		refresh(way);
	} else {
		way_fail_by(way, token->end, way->token.words);
	}
}

static void
refresh(struct fetch_way *way)
{
	const struct oauth_route route = way_route(way);

	way_check_asked(way, (way->tried_before ? oauth_refresh_before :
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
		way_fail(way, FETCH_END_CONSENT,
		    "nobody has consented at the provider yet");
	} else {
		way_find_endpoint(way, way->grant.token_url, refresh);
	}
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
		way_fail(way, FETCH_END_LOCAL, r == -ENOENT ?
		    "there is no such fetch account any more" :
		    r == -EKEYREJECTED ? "its grant or its proxy cannot be "
		    "read, or was sealed with another key" :
		    "the keeper's answer cannot be read");
		return;
	}
	way->then = way->consent != NULL ? consent_go :
	    find_token_for_login;
	if (way->proxy.kind != PROXY_NONE)
		resolve(way, way->proxy.host, way->proxy_addresses, way->then);
	else
		way->then(way);
}

struct fetch_way *
way_new(struct fetch_ways *ways, uint64_t id)
{
	struct fetch_way *way = calloc(1, sizeof(*way));

	if (way == NULL)
		return NULL;
	way->timer = timer_new(ways->loop, consent_tick, way);
	if (way->timer == NULL) {
		free(way);
		return NULL;
	}
	way->ways = ways;
	way->id = id;
	return way;
}

/* Ask the keeper.  0, or a negative errno: nothing comes. */
int
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

/* The process's */

struct fetch_ways *
fetch_ways_new(struct loop *loop, struct talk_hall *hall,
    const char *people_hosts, fetch_ways_carried_fn *carried, void *arg)
{
	struct fetch_ways *ways = calloc(1, sizeof(*ways));

	if (ways == NULL)
		return NULL;
	ways->loop = loop;
	ways->hall = hall;
	ways->people_hosts = people_hosts;
	ways->carried = carried;
	ways->arg = arg;
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
