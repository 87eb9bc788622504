/*
 * fetch_errand_steps.c - from a task to its beginning: who is asked for what
 *
 * The keeper for settings, password and rules; the way (fetch_way.h) for proxy
 * and token; the resolver for addresses.  What is known is not asked for again
 * when a channel is lost with a question and another has come.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "policy/keeper.h"
#include "programs/fetch_errand.h"
#include "programs/fetch_reach.h"

#define ASKING_MS	30000	/* keeper and resolver: longer than NAMES_MOST_MS */
#define WAY_MS		90000	/* proxy, login server twice, keeper */

bool
errand_has_channels(const struct errand *errand)
{
	const struct fetch_role *role = errand->role;

	return role->keeper != NULL && role->resolver != NULL &&
	    role->queue != NULL && (role->door != NULL ||
	    !errand->has_settings || errand->account.protocol != FETCH_ATRN);
}

/*
 * An answer has come: 0, and it goes on; else the channel was lost with the
 * question, which starts over when there is another, or the errand has ended.
 */
static int
answered(struct errand *errand, int status)
{
	errand->asked = NULL;
	if (status == -ECONNRESET)
		errand_go(errand);
	else if (status < 0)
		errand_fail(errand, FETCH_END_LOCAL, strerror(-status));
	return status;
}

static void
on_addresses(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;
	char addresses[NAMES_TEXT_SIZE];

	if (answered(errand, status) < 0)
		return;
	switch (fetch_reach_read(message->body, errand->account.by_owner,
	    errand->role->process->config.people_fetch_hosts, addresses)) {
	case REACH_FOUND:
		errand_begin(errand, addresses);
		break;
	case REACH_NONE:
		errand_fail(errand, FETCH_END_UNREACHABLE,
		    "there is no host of that name");
		break;
	case REACH_LATER:
		errand_fail(errand, FETCH_END_UNREACHABLE,
		    "the name could not be looked up now");
		break;
	case REACH_INNER:
		errand_fail(errand, FETCH_END_INNER, "");
		break;
	case REACH_UNREADABLE:
		errand_fail(errand, FETCH_END_LOCAL,
		    "the resolver's answer cannot be read");
		break;
	}
}

static void
ask_resolver(struct errand *errand)
{
	TEXT_AUTO body = TEXT_INIT(FETCH_HOST_SIZE + 8);
	struct ipc *resolver = errand->role->resolver;
	int r = -ENOMEM;

	if (resolver == NULL) {		/* lost meanwhile */
		errand_go(errand);
		return;
	}
	pack_slice(&body, slice_str(errand->account.host));
	if (!text_failed(&body))
		r = ipc_ask(resolver, RESOLVER_ADDRESSES, text_slice(&body),
		    NULL, 0, on_addresses, errand);
	if (r < 0)
		errand_fail(errand, FETCH_END_LOCAL, strerror(-r));
	else
		errand->asked = resolver;
}

/* What looks the host's name up: we, or the proxy. */
static void
find_host(struct errand *errand)
{
	bool is_there = errand->proxy.kind == TALK_PROXY_SOCKS5H ||
	    errand->proxy.kind == TALK_PROXY_HTTP;

	if (!is_there)
		ask_resolver(errand);
	else if (fetch_reach_may_ask(errand->account.host,
	    errand->account.by_owner,
	    errand->role->process->config.people_fetch_hosts))
		errand_begin(errand, "");
	else
		errand_fail(errand, FETCH_END_INNER, "");
}

static void
on_way(void *arg, const struct fetch_way_found *found)
{
	struct errand *errand = arg;
	TEXT_AUTO words = TEXT_INIT(FETCH_WORDS_MOST + 1);

	if (found->end != FETCH_END_DONE) {
		text_add(&words, slice_first(found->words, FETCH_WORDS_MOST));
		text_add_byte(&words, '\0');
		errand_fail(errand, found->end, text_failed(&words) ? "" :
		    words.at);
		return;
	}
	if (fetch_is_oauth(&errand->account) && found->token == NULL) {
		errand_fail(errand, FETCH_END_CLIENT,
		    "no provider is named whose consent it is");
		return;
	}
	errand->has_way = true;
	errand->proxy = found->proxy;
	errand->token = found->token;
	errand->is_fresh = found->is_fresh;
	find_host(errand);
}

/* Who carries the connection, and with what token: fetch_way.h. */
static void
find_way(struct errand *errand)
{
	int r = fetch_way_find(errand->role->ways, errand->id, on_way, errand,
	    &errand->way);

	if (r == -ENOTCONN)	/* lost meanwhile */
		errand_go(errand);
	else if (r < 0)
		errand_fail(errand, FETCH_END_LOCAL, strerror(-r));
	else
		timer_set(errand->timer, WAY_MS);
}

static int
take_session(struct errand *errand, struct slice session)
{
	if (session.len > sizeof(errand->session.bytes))
		return -EBADMSG;
	if (session.len > 0)
		memcpy(errand->session.bytes, session.at, session.len);
	errand->session.len = session.len;
	errand->session.is_new = false;
	return 0;
}

/* 0, -ENOENT (there is no such account any more), -EBADMSG. */
static int
take_settings(struct errand *errand, struct slice body)
{
	struct unpack u = unpack_of(body);
	bool exists = unpack_bool(&u);
	struct slice secret;
	int r;

	if (body.len == 0)
		return -EKEYREJECTED;
	if (!exists)
		return unpack_is_done(&u) ? -ENOENT : -EBADMSG;
	r = fetch_account_unpack(&u, &errand->account, &secret);
	if (r < 0)
		return r;
	if (slice_cstr(unpack_slice(&u), errand->account.owner_address,
	    sizeof(errand->account.owner_address)) < 0 ||
	    take_session(errand, unpack_slice(&u)) < 0 ||
	    !unpack_is_done(&u) || errand->account.id != errand->id)
		return -EBADMSG;
	return slice_cstr(secret, errand->password,
	    sizeof(errand->password)) < 0 ? -EBADMSG : 0;
}

static bool
copy_rules(struct slice rules, char **copy_out)
{
	free(*copy_out);
	*copy_out = strndup(rules.len == 0 ? "" : rules.at, rules.len);
	return *copy_out != NULL;
}

/* Its rules, or that it has none; then on. */
static void
on_rules(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;
	struct unpack u;
	struct slice rules, before;
	bool is_domain;

	if (answered(errand, status) < 0)
		return;
	u = unpack_of(message->body);
	is_domain = unpack_bool(&u);
	rules = unpack_slice(&u);
	before = unpack_slice(&u);
	if (slice_cstr(unpack_slice(&u), errand->language,
	    sizeof(errand->language)) < 0 || !unpack_is_done(&u)) {
		errand_fail(errand, FETCH_END_LOCAL,
		    "its rules cannot be read now");
		return;
	}
	if ((is_domain && !copy_rules(rules, &errand->rules)) ||
	    (before.len > 0 && !copy_rules(before, &errand->before))) {
		errand_fail(errand, FETCH_END_LOCAL, strerror(ENOMEM));
		return;
	}
	errand->has_rules = true;
	find_way(errand);
}

static void
ask_rules(struct errand *errand)
{
	TEXT_AUTO body = TEXT_INIT(16);
	struct ipc *keeper = errand->role->keeper;
	int r = -ENOMEM;

	if (keeper == NULL) {		/* lost meanwhile */
		errand_go(errand);
		return;
	}
	pack_u64(&body, errand->id);
	if (!text_failed(&body))
		r = ipc_ask(keeper, KEEPER_FETCH_RULES, text_slice(&body),
		    NULL, 0, on_rules, errand);
	if (r < 0)
		errand_fail(errand, FETCH_END_LOCAL, strerror(-r));
	else
		errand->asked = keeper;
}

static void
on_settings(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;
	int r;

	if (answered(errand, status) < 0)
		return;
	r = take_settings(errand, message->body);
	/* the password does not stay where messages come in */
	OPENSSL_cleanse((void *)(uintptr_t)message->body.at,
	    message->body.len);
	errand->has_settings = r == 0;
	if (r == 0)
		ask_rules(errand);
	else
		errand_fail(errand, FETCH_END_LOCAL, r == -ENOENT ?
		    "there is no such fetch account any more" :
		    r == -EKEYREJECTED ? "its settings cannot be read, or "
		    "its password was sealed with another key" :
		    "the keeper's answer cannot be read");
}

void
errand_go(struct errand *errand)
{
	struct fetch_role *role = errand->role;
	TEXT_AUTO body = TEXT_INIT(16);
	int r = -ENOMEM;

	if (!errand_has_channels(errand))
		return;
	if (!errand->is_asking)
		timer_set(errand->timer, ASKING_MS);
	errand->is_asking = true;
	if (errand->has_settings) {
		if (!errand->has_rules)
			ask_rules(errand);
		else if (errand->has_way)
			find_host(errand);
		else if (errand->way == NULL)
			find_way(errand);
		return;
	}
	pack_u64(&body, errand->id);
	if (!text_failed(&body))
		r = ipc_ask(role->keeper, KEEPER_FETCH_OPEN,
		    text_slice(&body), NULL, 0, on_settings, errand);
	if (r < 0) {
		errand_fail(errand, FETCH_END_LOCAL, strerror(-r));
		return;
	}
	errand->asked = role->keeper;
}
