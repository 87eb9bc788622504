/*
 * relay.c - a message on its way to one destination
 *
 * Route, policy of the domain, addresses of the next host, what certificate it
 * has published (DANE), conversation with it; a host that cannot be spoken
 * with makes room for the next.  What is said of all recipients when no host
 * is left are the words of the last one.  It is one thing: each step ends in
 * the next one, or in a fate for all.
 */
#include "gateway/relay/relay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "fetch/service.h"
#include "gateway/relay/command.h"
#include "gateway/relay/memo.h"
#include "gateway/relay/proof.h"
#include "gateway/relay/reply.h"
#include "gateway/relay/route.h"
#include "gateway/relay/smarthost_way.h"
#include "gateway/relay/tls_reporting.h"
#include "lib/base/names.h"
#include "lib/message/header.h"
#include "policy/keeper.h"
#include "policy/people_hosts.h"
#include "policy/smarthosts.h"

#define POLICY_FRESH_MS	INT64_C(86400000)	/* then it is looked for */
/* The job, its recipients and the replies. */
#define ARENA_BYTES	(512 * 1024)

struct relay {
	const struct relay_setting *setting;
	struct ipc	*resolver;	/* NULL: gone */
	struct ipc	*keeper;	/* the same */
	struct relay_events events;
	struct arena	*arena;
	struct slice	 packed;
	struct relay_job job;
	struct relay_letter letter;	/* mapped */
	struct relay_fate *fates;
	struct relay_client *client;
	struct timer	*over;
	struct smarthost_way smarthost;	/* of a job without a domain */
	struct route	 route;
	bool		 is_proved;	/* the route is, by DNSSEC */
	size_t		 host;		/* of it, being tried */
	bool		 is_clear;	/* TLS failed with that one */
	bool		 is_lax;	/* it is not what a policy that is only
					   tested wants */
	bool		 is_free;	/* of all that domains want of TLS */
	bool		 was_reached, has_dsn;
	bool		 found_any;	/* some host has an address */
	bool		 is_nowhere;	/* some host has such addresses only */
	bool		 not_now;	/* some lookup failed for now */
	bool		 no_proof;	/* the last one that did was of TLSA */
	bool		 is_no_try;	/* it is we who cannot */
	bool		 is_over;
	uint16_t	 port;		/* of the hosts of that route */
	char		 whose[RELAY_WHOSE_SIZE];	/* smarthost; "" */
	char		 addresses[NAMES_TEXT_SIZE];
	struct relay_proof proof;	/* of that host */
	struct sts_policy policy;	/* of the domain, maybe none */
	bool		 was_barred;	/* it has kept us from some host */
	char		 tls_words[80];
};

static void	try_host(struct relay *);

static const char *
host_name(const struct relay *relay)
{
	if (relay->job.domain.len == 0)
		return relay->smarthost.host;
	return relay->host < relay->route.count ?
	    relay->route.hosts[relay->host].name : "";
}

/* TLS (RFC 8460) */

static enum tls_policy
tls_policy(const struct relay *relay)
{
	return relay->proof.dane.count > 0 ? TLS_POLICY_TLSA :
	    relay->policy.mode != STS_NONE ? TLS_POLICY_STS :
	    TLS_POLICY_NONE;
}

/* Of a domain whose hosts DNS names; of no report itself (RFC 8460 5.3). */
static void
count(const struct relay *relay, enum tls_policy policy,
    enum tls_result result)
{
	const struct relay_setting *setting = relay->setting;
	TEXT_AUTO text = TEXT_INIT(TLS_POLICY_BYTES - 1);
	struct tls_session session = {
		.domain = relay->job.domain, .policy = policy,
		.host = slice_str(host_name(relay)), .result = result
	};

	if (setting->counts == NULL || relay->is_free ||
	    relay->job.via.len > 0 || relay->job.turn != 0 ||
	    !host_is_name(relay->job.domain))
		return;
	if (policy == TLS_POLICY_STS)
		sts_policy_write(&text, &relay->policy);
	else if (policy == TLS_POLICY_TLSA)
		relay_proof_write(&text, &relay->proof);
	if (!text_failed(&text))
		session.text = text_slice(&text);
	session.period = tls_period_of(setting->count_seconds,
	    clock_utc_ms());
	tls_counts_add(setting->counts, &session);
}

/* What has come of one connection. */
static void
count_session(const struct relay *relay, bool is_host, enum talk_fault fault)
{
	enum tls_result result = is_host ? tls_result_of(fault,
	    slice_str(relay->fates[0].words)) :
	    relay->tls_words[0] == '\0' ? TLS_NOT_SUPPORTED : TLS_WENT_WELL;

	/* the same host, once more: it is counted */
	if ((is_host && result == TLS_WENT_WELL) || relay->is_clear ||
	    relay->is_lax)
		return;
	count(relay, tls_policy(relay), result);
}

/* Ends */

static void
tell(struct relay *relay)
{
	TEXT_AUTO packed = TEXT_INIT(RELAY_RESULT_BYTES);
	size_t count = relay->job.recipient_count;
	struct relay_reply *replies = arena_array(relay->arena, count,
	    sizeof(*replies));
	struct relay_result result = {
		.number = relay->events.number,
		.was_reached = relay->was_reached,
		.has_dsn = relay->has_dsn,
		.host = slice_str(host_name(relay)),
		.tls = slice_str(relay->tls_words),
		.replies = replies, .count = count
	};

	for (size_t i = 0; replies != NULL && i < count; i++)
		replies[i] = (struct relay_reply){
			.outcome = relay->fates[i].outcome,
			.code = (uint16_t)relay->fates[i].code,
			.status = slice_str(relay->fates[i].status),
			.words = slice_str(relay->fates[i].words)
		};
	if (replies == NULL || relay->is_no_try)
		result.count = 0;
	relay_result_pack(&packed, &result);
	if (text_failed(&packed)) {
		text_clear(&packed);
		result.count = 0;
		relay_result_pack(&packed, &result);
	}
	relay->events.over(relay->events.arg, text_slice(&packed));
}

static void
on_over(void *arg)
{
	tell(arg);
}

static void
settle(struct relay *relay)
{
	if (relay->is_over)
		return;
	relay->is_over = true;
	timer_set(relay->over, 0);
}

/* Nothing is said of any host: the queue asks again in a moment. */
static void
end_untried(struct relay *relay)
{
	relay->is_no_try = true;
	settle(relay);
}

/* The same for all recipients, in our words. */
static void
end_all(struct relay *relay, enum relay_outcome outcome, const char *status,
    const char *words)
{
	for (size_t i = 0; i < relay->job.recipient_count; i++) {
		struct relay_fate *fate = &relay->fates[i];

		*fate = (struct relay_fate){ .is_final = true,
		    .outcome = outcome };
		(void)snprintf(fate->status, sizeof(fate->status), "%s",
		    status);
		relay_words(slice_str(words), fate->words);
	}
	settle(relay);
}

/* No host is left. */
static void
give_up(struct relay *relay)
{
	if (relay->found_any)
		settle(relay);	/* with the words of the last one */
	else if (relay->was_barred)
		end_all(relay, RELAY_LATER, "4.7.0",
		    "DNS names no host for it that its domain allows "
		    "(MTA-STS)");
	else if (relay->no_proof)
		end_all(relay, RELAY_LATER, "4.7.5",
		    "what certificate its host has published (DANE) cannot "
		    "be looked up now");
	else if (relay->not_now)
		end_all(relay, RELAY_LATER, "4.4.3",
		    "the name of its host cannot be looked up now");
	/* who wrote it can mend neither our settings nor our provider's DNS */
	else if (relay->job.via.len > 0)
		end_all(relay, RELAY_LATER, "4.4.4",
		    "DNS does not know the host that it is to go to");
	else if (relay->job.domain.len == 0)
		end_all(relay, RELAY_LATER, "4.4.4",
		    "DNS does not know the smarthost");
	else if (relay->is_nowhere)
		end_all(relay, RELAY_FAILED, "5.4.4",
		    "DNS gives its host an address that no other machine "
		    "can have: nothing can be sent there");
	else
		end_all(relay, RELAY_FAILED, "5.1.2",
		    "there is no such domain, or no host takes its mail");
}

static void
next_host(struct relay *relay)
{
	relay->is_clear = relay->is_lax = false;
	relay->proof.dane.count = 0;
	if (relay->job.domain.len == 0 ||
	    relay->host + 1 >= relay->route.count) {
		give_up(relay);
		return;
	}
	relay->host++;
	try_host(relay);
}

/* The conversation */

static void	talk_with(struct relay *);
static enum talk_tls tls_with(const struct relay *);

/* What a policy wants that is only tested is looked at, and counted. */
static bool
is_strict(const struct relay *relay)
{
	return relay->policy.mode == STS_TESTING && relay->job.domain.len > 0 &&
	    relay->proof.dane.count == 0 && relay->setting->counts != NULL &&
	    !relay->is_lax;
}

static void
on_client_over(void *arg, bool is_host, enum talk_fault fault)
{
	struct relay *relay = arg;
	bool was_clear = relay->is_clear, was_strict = is_strict(relay);

	relay->was_reached = relay->was_reached ||
	    relay_client_was_reached(relay->client);
	relay->has_dsn = relay_client_has_dsn(relay->client);
	(void)snprintf(relay->tls_words, sizeof(relay->tls_words), "%s",
	    relay_client_tls(relay->client));
	if (relay_client_was_first(relay->client))
		count_session(relay, is_host, fault);
	relay_client_free(relay->client);
	relay->client = NULL;
	if (!is_host) {
		settle(relay);
	} else if (was_strict && (fault == TALK_NO_TLS ||
	    fault == TALK_DISTRUSTED || fault == TALK_TLS_FAILED)) {
		/* RFC 8461 5: a test keeps no mail away */
		relay->is_lax = true;
		talk_with(relay);
	} else if (fault == TALK_TLS_FAILED && !was_clear &&
	    tls_with(relay) == TALK_MAYBE) {
		/* RFC 7435 3: better in clear than not at all */
		relay->is_clear = true;
		talk_with(relay);
	} else {
		next_host(relay);
	}
}

/* RFC 7672 2.2, RFC 8461 5: whose domain says so, TLS is to be had with. */
static enum talk_tls
tls_with(const struct relay *relay)
{
	if (relay->job.domain.len == 0)
		return relay->smarthost.tls;
	if (relay->proof.dane.count > 0 ||
	    relay->policy.mode == STS_ENFORCE || is_strict(relay))
		return TALK_STARTTLS;
	return relay->is_clear ? TALK_CLEAR : TALK_MAYBE;
}

/*
 * The postmaster has named the host (a gateway domain's, or for this message), and
 * it is in the office's own network: what it is sent is not the line's.
 */
static bool
is_near(const struct relay *relay)
{
	TEXT_AUTO outer = TEXT_INIT(NAMES_TEXT_SIZE);

	return relay->job.via.len > 0 && people_hosts_keep(
	    slice_str(relay->addresses), slice_of("", 0), slice_of("", 0),
	    &outer) == 0;
}

static void
talk_with(struct relay *relay)
{
	const struct relay_setting *setting = relay->setting;
	bool to_smarthost = relay->job.domain.len == 0;
	bool is_enforced = relay->policy.mode == STS_ENFORCE;
	const struct relay_target target = {
		/* RFC 7672 8.1: SNI */
		.host = relay->proof.dane.count > 0 ? relay->proof.base :
		    host_name(relay),
		.port = to_smarthost ? relay->smarthost.port :
		    relay->port,
		.addresses = relay->addresses,
		.tls = tls_with(relay),
		.dane = relay->proof.dane.count > 0 ? &relay->proof.dane : NULL,
		/* RFC 8461 2: what is published goes first */
		.is_wanted = relay->proof.dane.count == 0 && is_enforced,
		.is_near = is_near(relay),
		.user = to_smarthost ? relay->smarthost.user : NULL,
		.password = to_smarthost ? relay->smarthost.password : NULL,
		.whose = relay->whose,
		.called = setting->called, .waits = setting->waits,
		.turn = relay->job.turn
	};
	const struct relay_client_events events = {
		.arg = relay, .over = on_client_over
	};

	/* nor does what turns out to be of none */
	relay->proof.dane.or_trusted = to_smarthost || is_enforced;
	if (relay_client_start(setting->links, setting->loop, &target,
	    &relay->job, &relay->letter, relay->fates, &events,
	    &relay->client) < 0)
		end_all(relay, RELAY_LATER, "4.3.0", "memory is out here");
}

/* Its host waits on a connection of its own, or there is none to speak with. */
static void
take_turn(struct relay *relay)
{
	const char *peer = relay_links_turn_peer(relay->setting->links,
	    relay->job.turn);

	if (peer == NULL) {
		end_untried(relay);
		return;
	}
	route_alone(slice_str(peer), &relay->route);
	relay->found_any = true;
	talk_with(relay);
}

/* Asking */

/* Ask the resolver, or the keeper.  False: it cannot be asked. */
static bool
ask(struct relay *relay, struct ipc *of, uint16_t kind,
    const struct text *body, ipc_reply_fn *reply)
{
	return of != NULL && !text_failed(body) && ipc_ask(of, kind,
	    text_slice(body), NULL, 0, reply, relay) == 0;
}

/* May it have published its certificate, where nobody could change that? */
static bool
may_be_proved(const struct relay *relay)
{
	bool to_smarthost = relay->job.domain.len == 0;

	return host_is_name(slice_str(host_name(relay))) && (to_smarthost ?
	    relay->smarthost.tls != TALK_CLEAR : relay->is_proved &&
	    !relay->is_free);
}

static void
on_proofs(void *arg, int status, struct ipc_message *message)
{
	struct relay *relay = arg;

	if (status < 0) {
		end_untried(relay);	/* the resolver is gone */
		return;
	}
	relay->no_proof = relay_proof_read(&relay->proof, message->body,
	    relay->job.via.len > 0 ? slice_str(host_name(relay)) :
	    relay->job.domain) == NAMES_LATER;
	if (relay->no_proof) {
		/* RFC 7672 2.1.1: to do without is what an attacker wants */
		relay->not_now = true;
		count(relay, TLS_POLICY_TLSA, TLS_DNSSEC_INVALID);
		next_host(relay);
		return;
	}
	if (relay->proof.dane.count > 0 &&
	    !relay_proof_is_of_use(&relay->proof))
		count(relay, TLS_POLICY_TLSA, TLS_TLSA_INVALID);
	/* what is published and of no use makes up for no policy */
	if (relay->policy.mode == STS_ENFORCE &&
	    !relay_proof_is_of_use(&relay->proof))
		relay->proof.dane.count = 0;
	relay->found_any = true;
	talk_with(relay);
}

static void
ask_proofs(struct relay *relay)
{
	TEXT_AUTO body = TEXT_INIT(1024);

	pack_slice(&body, slice_str(host_name(relay)));
	pack_u32(&body, relay->job.domain.len == 0 ?
	    relay->smarthost.port : relay->port);
	if (!ask(relay, relay->resolver, RESOLVER_PROOFS, &body, on_proofs))
		end_untried(relay);
}

/* Addresses */

static bool
is_us(const struct relay *relay, struct slice own)
{
	const struct relay_setting *setting = relay->setting;

	return own.len > 0 && setting->is_ours(setting->arg,
	    relay->job.domain.len == 0 ? relay->smarthost.port :
	    relay->port);
}

/*
 * RFC 5321 5.1: this one and all behind it would bring it back to us.  With none
 * before it the mail has no other way.
 */
static void
found_us(struct relay *relay)
{
	if (relay->job.domain.len == 0)
		end_all(relay, RELAY_LATER, "4.4.6",
		    "the smarthost is this hub itself");
	else if (relay->job.via.len > 0)
		end_all(relay, RELAY_LATER, "4.4.6",
		    "the host that it is to go to is this hub itself");
	else if (relay->host == 0)
		end_all(relay, RELAY_FAILED, "5.4.6",
		    "its mail would come back to this hub, where the domain "
		    "is not known");
	else
		give_up(relay);
}

/*
 * A person's word leads nowhere but out, and what DNS says of a domain leads to
 * another machine.  Those of them into `kept`; false: all may be used.
 */
static bool
sift_addresses(const struct relay *relay, struct slice addresses,
    struct slice own, struct text *kept)
{
	const struct relay_setting *setting = relay->setting;

	if (relay->smarthost.by_person)
		(void)people_hosts_keep(addresses, own,
		    slice_str(setting->people_hosts), kept);
	else if (relay->job.domain.len > 0 && relay->job.via.len == 0 &&
	    !setting->stays_here)
		(void)people_hosts_keep_elsewhere(addresses, kept);
	else
		return false;
	return true;
}

/* False: this host is not to be spoken with, and something else was begun. */
static bool
take_addresses(struct relay *relay, struct slice addresses, struct slice own)
{
	TEXT_AUTO kept = TEXT_INIT(NAMES_TEXT_SIZE);
	bool sifted = sift_addresses(relay, addresses, own, &kept);

	if (sifted)
		addresses = text_slice(&kept);
	if (addresses.len > 0 && !text_failed(&kept) && slice_cstr(addresses,
	    relay->addresses, sizeof(relay->addresses)) == 0)
		return true;
	if (sifted && addresses.len == 0 && !relay->smarthost.by_person &&
	    !text_failed(&kept)) {
		relay->is_nowhere = true;
		next_host(relay);
		return false;
	}
	end_all(relay, RELAY_LATER, "4.4.4", relay->smarthost.by_person ?
	    "only the postmaster may name a smarthost inside the office" :
	    "the name of its host cannot be looked up now");
	return false;
}

static void
heed_addresses(struct relay *relay, struct slice answer)
{
	struct unpack u = unpack_of(answer);
	enum names_found found = unpack_enum(&u, NAMES_FOUND_COUNT);
	struct slice addresses = unpack_slice(&u), own = unpack_slice(&u);

	if (!unpack_is_done(&u))
		found = NAMES_LATER;
	relay->not_now = relay->not_now || found == NAMES_LATER;
	if (found != NAMES_FOUND) {
		next_host(relay);
	} else if (is_us(relay, own)) {
		found_us(relay);
	} else if (!take_addresses(relay, addresses, own)) {
		return;
	} else if (may_be_proved(relay)) {
		ask_proofs(relay);
	} else {
		relay->found_any = true;
		talk_with(relay);
	}
}

static void
on_addresses(void *arg, int status, struct ipc_message *message)
{
	struct relay *relay = arg;
	struct relay_memo *memo = relay->setting->memo;
	struct unpack u;

	if (status < 0) {
		end_untried(relay);	/* the resolver is gone */
		return;
	}
	u = unpack_of(message->body);
	if (memo != NULL && unpack_enum(&u, NAMES_FOUND_COUNT) == NAMES_FOUND)
		relay_memo_note(memo, host_name(relay), message->body);
	heed_addresses(relay, message->body);
}

/* RFC 8461 5.1: a host that the policy does not name is passed over. */
static bool
is_barred(const struct relay *relay)
{
	char domain[HOST_NAME_MOST + 1];

	if (relay->policy.mode == STS_NONE ||
	    sts_policy_allows(&relay->policy, host_name(relay)))
		return false;
	count(relay, TLS_POLICY_STS, TLS_FAILED);
	if (relay->policy.mode == STS_TESTING &&
	    slice_cstr(relay->job.domain, domain, sizeof(domain)) == 0)
		relay->setting->is_tested(domain, host_name(relay));
	return relay->policy.mode == STS_ENFORCE;
}

static void
try_host(struct relay *relay)
{
	TEXT_AUTO body = TEXT_INIT(1024);
	const struct relay_memo *memo = relay->setting->memo;
	struct slice known;

	if (is_barred(relay)) {
		relay->was_barred = true;
		next_host(relay);
		return;
	}
	if (memo != NULL && relay_memo_find(memo, host_name(relay), &known)) {
		heed_addresses(relay, known);
		return;
	}
	pack_slice(&body, slice_str(host_name(relay)));
	if (!ask(relay, relay->resolver, RESOLVER_ADDRESSES, &body,
	    on_addresses))
		end_untried(relay);
}

/* Routes */

static void
begin_route(struct relay *relay)
{
	relay->host = 0;
	if (relay->route.takes_none)
		end_all(relay, RELAY_FAILED, "5.1.10",
		    "its domain says that it takes no mail");
	else if (relay->route.count == 0)
		end_all(relay, RELAY_FAILED, "5.1.2",
		    "its domain names no host that could take mail");
	else
		try_host(relay);
}

/* What is kept of the domain's policy, once it is as new as it can be. */
static void
on_policy(void *arg)
{
	struct relay *relay = arg;
	struct sts_kept kept;

	if (sts_cache_find(relay->setting->policies, relay->job.domain,
	    clock_utc_ms(), &kept))
		relay->policy = kept.policy;
	begin_route(relay);
}

static void
on_policy_record(void *arg, int status, struct ipc_message *message)
{
	struct relay *relay = arg;
	const struct relay_setting *setting = relay->setting;
	char id[STS_ID_MOST + 1];
	struct sts_kept kept;
	int64_t now = clock_utc_ms();
	bool is_new;

	if (status < 0) {
		end_untried(relay);	/* the resolver is gone */
		return;
	}
	sts_id_read(message->body, id);
	is_new = !sts_cache_find(setting->policies, relay->job.domain, now,
	    &kept) || strcmp(kept.id, id) != 0 ||
	    now - kept.fetched_utc_ms >= POLICY_FRESH_MS;
	/* RFC 8461 5.1: where none can be had, the one that is kept holds */
	if (id[0] == '\0' || !is_new || sts_fetch(setting->fetches,
	    relay->resolver, relay->job.domain, id, on_policy, relay) < 0)
		on_policy(relay);
}

static void
look_for_policy(struct relay *relay)
{
	TEXT_AUTO name = TEXT_INIT(512), body = TEXT_INIT(1024);

	if (relay->setting->fetches == NULL || relay->route.count == 0 ||
	    relay->is_free) {
		begin_route(relay);
		return;
	}
	text_addf(&name, "_mta-sts.%.*s", SLICE_FMT(relay->job.domain));
	pack_u8(&body, NAMES_TXT);
	pack_slice(&body, text_slice(&name));
	if (!ask(relay, relay->resolver, RESOLVER_RECORDS, &body,
	    on_policy_record))
		end_untried(relay);
}

static void
on_route(void *arg, int status, struct ipc_message *message)
{
	struct relay *relay = arg;
	enum names_found found;
	struct unpack u;

	if (status < 0) {
		end_untried(relay);	/* the resolver is gone */
		return;
	}
	u = unpack_of(message->body);
	found = unpack_enum(&u, NAMES_FOUND_COUNT);
	relay->is_proved = unpack_bool(&u);
	if (route_read(&u, &relay->route) < 0)
		found = NAMES_LATER;
	if (found == NAMES_LATER) {
		relay->not_now = true;
		give_up(relay);
		return;
	}
	if (found == NAMES_NONE)
		route_alone(relay->job.domain, &relay->route);
	look_for_policy(relay);
}

static void
on_smarthost(void *arg, int status, struct ipc_message *message)
{
	struct relay *relay = arg;
	int r = status;

	if (r == 0)
		r = smarthost_way_read(relay->arena, message->body,
		    &relay->smarthost);
	if (status == 0)
		OPENSSL_cleanse((void *)(uintptr_t)message->body.at,
		    message->body.len);
	if (r == 0)
		try_host(relay);
	else if (r == -EBADMSG)
		end_all(relay, RELAY_LATER, "4.3.5",
		    "how its smarthost is reached cannot be read here");
	else
		/* the queue, which asks again, hears of another way, too */
		end_untried(relay);
}

/* The hub's own is known; of another the keeper is asked each time. */
static void
find_smarthost(struct relay *relay)
{
	const struct relay_setting *setting = relay->setting;
	TEXT_AUTO body = TEXT_INIT(1024);

	if (relay->job.way.len == 0) {
		relay->smarthost = (struct smarthost_way){
			.host = setting->smarthost,
			.port = setting->smarthost_port,
			.tls = setting->smarthost_tls,
			.user = setting->user, .password = setting->password
		};
		if (setting->smarthost[0] != '\0')
			try_host(relay);
		else
			end_all(relay, RELAY_LATER, "4.3.5",
			    "there is no smarthost any more");
		return;
	}
	pack_slice(&body, relay->job.way);
	if (slice_cstr(relay->job.way, relay->whose,
	    sizeof(relay->whose)) < 0 ||
	    !ask(relay, relay->keeper, KEEPER_SMARTHOST, &body, on_smarthost))
		end_untried(relay);
}

static void
find_route(struct relay *relay)
{
	TEXT_AUTO body = TEXT_INIT(1024);
	char address[HOST_TEXT_SIZE];

	if (relay->job.domain.len == 0) {
		find_smarthost(relay);
		return;
	}
	if (relay->job.via.len > 0) {
		route_alone(slice_first(relay->job.via, slice_find_last(
		    relay->job.via, ':')), &relay->route);
		/* RFC 7672 2.2.2: who wrote it down needs no proof of it */
		relay->is_proved = true;
		begin_route(relay);
		return;
	}
	if (route_literal(relay->job.domain, address)) {
		route_alone(slice_str(address), &relay->route);
		begin_route(relay);
		return;
	}
	if (!host_is_name(relay->job.domain)) {
		end_all(relay, RELAY_FAILED, "5.1.2",
		    "its domain is no name of a host");
		return;
	}
	pack_u8(&body, NAMES_ROUTES);
	pack_slice(&body, relay->job.domain);
	if (!ask(relay, relay->resolver, RESOLVER_RECORDS, &body, on_route))
		end_untried(relay);
}

/* Whoever let such an address come so far, no host is told of it. */
static bool
are_fit(const struct relay_job *job)
{
	bool fit = job->sender.len == 0 || command_takes(job->sender);

	for (size_t i = 0; i < job->recipient_count; i++)
		fit = fit && command_takes(job->recipients[i].address);
	return fit;
}

/* "host:port" of the postmaster's.  0 or -EBADMSG. */
static int
read_via(struct relay *relay)
{
	struct slice via = relay->job.via;
	size_t colon = slice_find_last(via, ':');
	uint64_t port;

	relay->port = relay->setting->port;
	if (via.len == 0)
		return 0;
	if (relay->job.domain.len == 0 || colon == SIZE_MAX ||
	    slice_u64(slice_after(via, colon + 1), 65535, &port) < 0 ||
	    port == 0)
		return -EBADMSG;
	relay->port = (uint16_t)port;
	return 0;
}

static int
open_job(struct relay *relay, struct slice packed)
{
	int r;

	relay->arena = arena_new(ARENA_BYTES);
	if (relay->arena == NULL)
		return -ENOMEM;
	r = arena_copy(relay->arena, packed, &relay->packed);
	if (r == 0)
		r = relay_job_unpack(relay->arena, relay->packed,
		    &relay->job);
	if (r == 0)
		r = read_via(relay);
	if (r < 0)
		return r;
	relay->fates = arena_array(relay->arena, relay->job.recipient_count,
	    sizeof(*relay->fates));
	relay->over = timer_new(relay->setting->loop, on_over, relay);
	return relay->fates == NULL || relay->over == NULL ? -ENOMEM : 0;
}

/* RFC 8689 5: its sender wants it there, with TLS or without. */
static bool
needs_no_tls(struct slice message)
{
	struct slice block = slice_first(message, header_bytes(message));
	struct header_field field;

	return header_find(block, "TLS-Required", &field) &&
	    slice_is_word(slice_trim(field.value), "no");
}

/* 0, or a negative errno. */
static int
open_letter(struct relay_letter *letter, int fd, uint64_t bytes)
{
	/* the relay has no fstat(): that call would take names as well */
	off_t size = lseek(fd, 0, SEEK_END);
	void *map;

	if (size < 0)
		return -errno;
	if ((uint64_t)size != bytes)
		return -EIO;
	if (bytes == 0)
		return 0;
	map = mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	letter->bytes = slice_of(map, (size_t)bytes);
	relay_form_look(letter->bytes, &letter->facts);
	return 0;
}

int
relay_start(const struct relay_setting *setting, struct ipc *resolver,
    struct ipc *keeper, struct slice packed, int fd,
    const struct relay_events *events, struct relay **relay_out)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	int r;

	if (relay == NULL) {
		(void)close(fd);
		return -ENOMEM;
	}
	relay->setting = setting;
	relay->resolver = resolver;
	relay->keeper = keeper;
	relay->smarthost.host = "";
	relay->events = *events;
	r = open_job(relay, packed);
	if (r == 0)
		r = open_letter(&relay->letter, fd, relay->job.bytes);
	(void)close(fd);
	if (r < 0) {
		relay_free(relay);
		return r;
	}
	relay->is_free = needs_no_tls(relay->letter.bytes);
	if (!are_fit(&relay->job))
		end_all(relay, RELAY_FAILED, "5.1.3",
		    "an address of it cannot be said in SMTP");
	else if (relay->job.by_turn || relay->job.turn != 0)
		take_turn(relay);
	else
		find_route(relay);
	*relay_out = relay;
	return 0;
}

struct slice
relay_asked(const struct relay *relay)
{
	return relay->packed;
}

bool
relay_is_at_end(const struct relay *relay)
{
	return relay->client != NULL && relay_client_is_at_end(relay->client);
}

void
relay_peer_lost(struct relay *relay, const struct ipc *ipc)
{
	if (relay->resolver == ipc)
		relay->resolver = NULL;
	if (relay->keeper == ipc)
		relay->keeper = NULL;
}

/* One that is not the hub's own is forgotten with its message. */
static void
forget_password(struct relay *relay)
{
	if (relay->job.way.len > 0 && relay->smarthost.password != NULL)
		OPENSSL_cleanse((void *)(uintptr_t)relay->smarthost.password,
		    strlen(relay->smarthost.password));
}

void
relay_free(struct relay *relay)
{
	if (relay == NULL)
		return;
	if (relay->resolver != NULL)
		ipc_forget(relay->resolver, relay);
	if (relay->keeper != NULL)
		ipc_forget(relay->keeper, relay);
	forget_password(relay);
	if (relay->setting->fetches != NULL)
		sts_fetch_forget(relay->setting->fetches, relay);
	relay_client_free(relay->client);
	timer_free(relay->over);
	relay_proof_free(&relay->proof);
	arena_free(relay->arena);
	if (relay->letter.bytes.len > 0)
		(void)munmap((void *)(uintptr_t)relay->letter.bytes.at,
		    relay->letter.bytes.len);
	free(relay);
}
