/*
 * outbound_gateway.c - mail for the hosts of gateway domains (policy/gateway.h)
 *
 * Which domains these are the keeper says; until it has, nothing leaves, for a
 * row says only for which domain it is.  What waits for one that is a gateway's
 * no more is held for the postmaster: it was taken for that host alone.  Where a
 * domain waits to be asked for, its mail is due on its last day; ETRN (RFC 1985)
 * makes all of it due at once, and what is here and has no row yet with it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "queue/outbound_desk.h"
#include "queue/outbound_inside.h"

#define DAY_MS		INT64_C(86400000)
#define CHANGE_MS	3600000u	/* so long does a client know of it */
#define ASK_AGAIN_MS	(5u * 60 * 1000)	/* HARDENING A57 */
#define ASKED_MOST	256	/* runs of that time that are remembered */
#define TAKE_AGAIN_MS	1000	/* after a fault */
#define TABLE_BYTES	(GATEWAYS_MOST * (sizeof(struct gateway) + \
			    GATEWAY_NAME_SIZE) + 4096)

/* Somebody has started a run. */
struct out_asked {
	char		 name[GATEWAY_NAME_SIZE];
	char		 who[64];	/* an address, or "account N" */
	uint64_t	 at_ms;
	int64_t		 at_utc_ms;
};

const struct gateway *
out_gateway(const struct outbound *outbound, const struct rows_outbound *row)
{
	return row->via.len > 0 ? NULL :
	    gateways_find(&outbound->gateways, row->domain);
}

bool
out_dest_is_gateway(const struct outbound *outbound,
    const struct out_dest *dest)
{
	/* the name of any other kind is no domain's */
	return gateways_find(&outbound->gateways, slice_str(dest->name)) !=
	    NULL;
}

int64_t
out_last_day(const struct gateway *gateway, int64_t since_utc_ms)
{
	return since_utc_ms + (int64_t)gateway->days * DAY_MS;
}

int64_t
outbound_until_utc_ms(const struct conductor *conductor,
    const struct rows_outbound *row)
{
	const struct gateway *gateway = out_gateway(conductor->outbound, row);

	return gateway != NULL ? out_last_day(gateway, row->since_utc_ms) :
	    outbound_begun_utc_ms(conductor, row) +
	    (int64_t)outbound_plan_of(conductor, row->domain)->days * DAY_MS;
}

/* May they come */

static bool
may_be_for_gateways(const struct envelope *env)
{
	return env->source == SOURCE_SMTP || env->source == SOURCE_LMTP ||
	    env->source == SOURCE_UPSTREAM;
}

/* Whatever its domain is. */
static bool
may_always(const struct envelope *env, const struct recipient *rcpt)
{
	return (rcpt->by & RECIPIENT_SENT_ON) != 0 || envelope_may_leave(env);
}

/* The gateway of an address as it was given, or NULL. */
static const struct gateway *
find_for(const struct outbound *outbound, const struct recipient *rcpt)
{
	struct slice domain = slice_after(rcpt->address,
	    slice_find_last(rcpt->address, '@') + 1);
	char name[GATEWAY_NAME_SIZE];

	return outbound->gateways.count == 0 ||
	    gateway_name(domain, name) < 0 ? NULL :
	    gateways_find(&outbound->gateways, slice_str(name));
}

/* 0 or as outbound_may_leave(). */
static int
may_one_leave(const struct outbound *outbound, const struct envelope *env,
    const struct recipient *rcpt)
{
	const struct gateway *gateway = find_for(outbound, rcpt);

	if (gateway != NULL)
		return gateway->bytes != 0 && env->bytes > gateway->bytes ?
		    -EMSGSIZE : 0;
	if (may_always(env, rcpt))
		return 0;
	return outbound->has_changed &&
	    clock_ms() - outbound->changed_ms < CHANGE_MS ? -EAGAIN : -EPERM;
}

int
outbound_may_leave(const struct conductor *conductor,
    const struct envelope *env)
{
	const struct outbound *outbound = conductor->outbound;
	int r = 0;

	if (!envelope_leaves(env))
		return 0;
	if (!envelope_may_leave(env) && !may_be_for_gateways(env))
		return -EPERM;
	if (!outbound->has_gateways)
		return -EAGAIN;
	for (size_t i = 0; r == 0 && i < env->recipient_count; i++)
		if (env->recipients[i].account == 0)
			r = may_one_leave(outbound, env, &env->recipients[i]);
	return r;
}

/* Who has asked */

static void
write_asker(const struct etrn_asked *asked, char who[64])
{
	if (asked->account != 0)
		(void)snprintf(who, 64, "account %llu",
		    (unsigned long long)asked->account);
	else
		(void)snprintf(who, 64, "%.*s", SLICE_FMT(slice_first(
		    asked->peer, 63)));
}

/* That asker has started a run there a moment ago. */
static bool
was_asked(const struct outbound *outbound, const char *name, const char *who)
{
	for (unsigned i = 0; outbound->asked != NULL && i < ASKED_MOST; i++) {
		const struct out_asked *asked = &outbound->asked[i];

		if (asked->at_ms != 0 &&
		    clock_ms() - asked->at_ms < ASK_AGAIN_MS &&
		    strcmp(asked->name, name) == 0 &&
		    strcmp(asked->who, who) == 0)
			return true;
	}
	return false;
}

/* When a run was last started there, as far as that is remembered; or 0. */
static int64_t
last_asked_utc_ms(const struct outbound *outbound, const char *name)
{
	int64_t last = 0;

	for (unsigned i = 0; outbound->asked != NULL && i < ASKED_MOST; i++) {
		const struct out_asked *asked = &outbound->asked[i];

		if (asked->at_utc_ms > last && strcmp(asked->name, name) == 0)
			last = asked->at_utc_ms;
	}
	return last;
}

/* Without memory for it the next one may come sooner. */
void
out_note_asked(struct outbound *outbound, const char *name, const char *who)
{
	struct out_asked *asked;

	if (outbound->asked == NULL)
		outbound->asked = calloc(ASKED_MOST, sizeof(*asked));
	if (outbound->asked == NULL)
		return;
	asked = &outbound->asked[outbound->asked_next++ % ASKED_MOST];
	(void)snprintf(asked->name, sizeof(asked->name), "%s", name);
	(void)snprintf(asked->who, sizeof(asked->who), "%s", who);
	asked->at_ms = clock_ms();
	asked->at_utc_ms = clock_utc_ms();
}

void
out_first_try(const struct transit *transit, const struct recipient *rcpt,
    struct rows_outbound *row)
{
	const struct outbound *outbound = transit->conductor->outbound;
	const struct gateway *gateway = out_gateway(outbound, row);

	if (gateway == NULL && !may_always(&transit->env, rcpt))
		row->state = OUTBOUND_HELD;
	/* it was here when somebody asked, and goes with the others */
	if (gateway != NULL && gateway->waits &&
	    last_asked_utc_ms(outbound, gateway->name) < row->since_utc_ms)
		row->next_try_utc_ms = out_last_day(gateway,
		    row->since_utc_ms);
}

bool
out_is_asked_for(const struct outbound *outbound,
    const struct rows_outbound *row)
{
	const struct gateway *gateway = out_gateway(outbound, row);

	return gateway != NULL && gateway->waits && row->next_try_utc_ms <
	    out_last_day(gateway, row->since_utc_ms);
}

/* The table */

void
out_run(struct outbound *outbound, struct out_dest *dest)
{
	dest->asked_utc_ms = clock_utc_ms();
	dest->not_before_ms = 0;
	dest->failures = 0;
	heap_level(&dest->jobs, clock_ms());
	out_dest_place(outbound, dest);
}

/* Those of before, that are one yet or none any more. */
struct known {
	const struct gateways	*now;
	struct arena		*arena;
	bool			 is_known[GATEWAYS_MOST];	/* as in `now` */
	struct slice		 gone[GATEWAYS_MOST];
	size_t			 gone_count;
};

static int
note_known(void *arg, struct slice domain)
{
	struct known *known = arg;
	const struct gateway *gateway = gateways_find(known->now, domain);
	int r;

	if (gateway != NULL) {
		known->is_known[gateway - known->now->at] = true;
		return 0;
	}
	if (known->gone_count == GATEWAYS_MOST)
		return -EUCLEAN;	/* there never were as many */
	r = arena_copy(known->arena, domain, &known->gone[known->gone_count]);
	known->gone_count += r == 0;
	return r;
}

/* It was taken for one host, and is not to go to any other by itself. */
static int
hold_all(struct conductor *conductor, struct slice domain)
{
	const struct desk_which which = { .has_state = true,
	    .state = OUTBOUND_WAITING, .is_unrouted = true,
	    .domain = domain };
	struct desk_place place = { .address = "" };
	struct desk_done done;
	int r;

	do
		r = conductor_desk_act(conductor, DESK_HOLD,
		    slice_str("gateway remove"), &which, slice_of("", 0),
		    &place, &done);
	while (r == 0 && done.more);
	return r;
}

/*
 * A domain is forgotten once what waits for it is held: whenever that ends, it
 * begins again.
 */
static int
keep_names(struct conductor *conductor, const struct gateways *table,
    struct arena *arena)
{
	struct known known = { .now = table, .arena = arena };
	int r = rows_gateway_each(conductor->rows, note_known, &known);

	for (size_t i = 0; r == 0 && i < known.gone_count; i++) {
		r = hold_all(conductor, known.gone[i]);
		if (r == 0)
			r = rows_gateway_put(conductor->rows, known.gone[i],
			    false);
	}
	for (size_t i = 0; r == 0 && i < table->count; i++)
		if (!known.is_known[i])
			r = rows_gateway_put(conductor->rows,
			    slice_str(table->at[i].name), true);
	return r;
}

/* Mail that waits for a domain which is a gateway's now goes there. */
struct joined {
	struct outbound		*outbound;
	const struct gateways	*before;
};

static int
on_joined(void *arg, const struct rows_outbound *row)
{
	const struct joined *joined = arg;
	struct out_job *job;
	int r;

	if (out_gateway(joined->outbound, row) == NULL ||
	    gateways_find(joined->before, row->domain) != NULL)
		return 0;
	r = out_on_row(joined->outbound, row);
	job = out_job_of(joined->outbound, row);
	/* what waits for the line does no more */
	if (job != NULL)
		out_line_pass(joined->outbound, job);
	return r;
}

/* It does not wait to be asked for any more. */
static bool
is_freed(const struct gateways *before, const struct gateway *now)
{
	const struct gateway *was = gateways_find(before,
	    slice_str(now->name));

	return was != NULL && was->waits && !now->waits;
}

static void
free_dests(struct outbound *outbound, const struct gateways *before)
{
	const struct gateways *table = &outbound->gateways;

	for (size_t i = 0; i < table->count; i++) {
		struct out_dest *dest = !is_freed(before, &table->at[i]) ?
		    NULL : out_dest_find(outbound,
		    slice_str(table->at[i].name));

		if (dest != NULL)
			out_run(outbound, dest);
	}
}

/* The jobs as the table has it now; `before` is what they are by.  0 or -errno. */
static int
take_table(struct outbound *outbound, const struct gateways *before)
{
	struct joined joined = { .outbound = outbound, .before = before };
	int r = rows_outbound_each(outbound->conductor->rows,
	    outbound->has_read ? on_joined : out_on_row,
	    outbound->has_read ? (void *)&joined : outbound);

	if (r < 0)
		return r;
	outbound->has_changed = outbound->has_read;
	outbound->changed_ms = clock_ms();
	outbound->has_read = true;
	free_dests(outbound, before);
	return 0;
}

/* The table in force from now on, or none: then nothing leaves.  0 or -errno. */
static int
take_packed(struct outbound *outbound, struct slice packed)
{
	struct arena *arena = arena_new(TABLE_BYTES), *old = outbound->arena;
	struct gateways before = outbound->gateways, table;
	int r = arena == NULL ? -ENOMEM : gateways_unpack(arena, packed,
	    &table);

	if (r == 0)
		r = keep_names(outbound->conductor, &table, arena);
	outbound->ways_told++;
	if (r == 0) {
		outbound->gateways = table;
		r = take_table(outbound, &before);
	}
	outbound->has_gateways = r == 0;
	if (r == 0) {
		outbound->arena = arena;
		arena = old;
	} else {
		/* what is new in it is to be new the next time, too */
		outbound->gateways = before;
	}
	arena_free(arena);
	keep_look(outbound->conductor);
	out_pump(outbound);
	return r;
}

/* A disk that was full has room again, or will have. */
static void
on_take_again(void *arg)
{
	struct outbound *outbound = arg;

	if (take_packed(outbound, text_slice(&outbound->untaken)) < 0)
		timer_set(outbound->take_timer, TAKE_AGAIN_MS);
	else
		log_say("what waits for other hosts leaves again");
}

int
conductor_gateways(struct conductor *conductor, struct slice packed)
{
	struct outbound *outbound = conductor->outbound;
	int r = take_packed(outbound, packed);

	timer_stop(outbound->take_timer);
	if (r == 0 || r == -EBADMSG)
		return r;
	text_clear(&outbound->untaken);
	text_add(&outbound->untaken, packed);
	log_say("what waits for other hosts stays %s: %s",
	    text_failed(&outbound->untaken) ? "until the next start" :
	    "for now", strerror(-r));
	if (!text_failed(&outbound->untaken))
		timer_set(outbound->take_timer, TAKE_AGAIN_MS);
	return 0;
}

int
out_gateways_open(struct outbound *outbound)
{
	outbound->untaken.limit = GATEWAYS_BYTES;
	outbound->take_timer = timer_new(outbound->conductor->loop,
	    on_take_again, outbound);
	return outbound->take_timer == NULL ? -ENOMEM : 0;
}

void
out_gateways_close(struct outbound *outbound)
{
	timer_free(outbound->take_timer);
	text_free(&outbound->untaken);
	arena_free(outbound->arena);
	free(outbound->asked);
}

/* ETRN */

static bool
may_ask(const struct gateway *gateway, const struct etrn_asked *asked)
{
	return (gateway->by_login && gateway->account != 0 &&
	    gateway->account == asked->account) ||
	    gateway_has_peer(gateway, asked->peer);
}

/* RFC 1985 5.1.2: that one, or with "@" all below it, too. */
static bool
is_meant(const struct gateway *gateway, const struct etrn_asked *asked)
{
	struct slice name = slice_str(gateway->name), above = asked->name;

	if (slice_is(name, above))
		return true;
	return asked->kind == ETRN_BELOW && name.len > above.len &&
	    name.at[name.len - above.len - 1] == '.' &&
	    slice_is(slice_after(name, name.len - above.len), above);
}

/* A run has begun, and not all of it has been tried. */
static bool
is_running(const struct out_dest *dest)
{
	const struct heap_entry *first = heap_first(&dest->jobs);

	return dest->asked_utc_ms != 0 && (dest->active > 0 ||
	    (first != NULL && first->key <= clock_ms()));
}

/* Some of it is for that gateway. */
static bool
is_for(const struct outbound *outbound, const struct transit *transit,
    const struct gateway *gateway)
{
	for (size_t i = 0; i < transit->env.recipient_count; i++)
		if (transit->env.recipients[i].account == 0 &&
		    find_for(outbound, &transit->env.recipients[i]) == gateway)
			return true;
	return false;
}

size_t
out_coming(const struct outbound *outbound, const struct gateway *gateway,
    int64_t since_utc_ms)
{
	const struct conductor *conductor = outbound->conductor;
	const struct transit *transit;
	size_t n = 0;

	if (conductor->leaving == 0)
		return 0;
	TAILQ_FOREACH(transit, &conductor->received, next)
		n += transit->leaves && !transit->is_held &&
		    transit->env.received_at_utc_ms > since_utc_ms &&
		    is_for(outbound, transit, gateway);
	TAILQ_FOREACH(transit, &conductor->set_aside, next)
		n += transit->leaves && !transit->is_held &&
		    transit->env.received_at_utc_ms > since_utc_ms &&
		    is_for(outbound, transit, gateway);
	return n;
}

/* What became of one of the domains that were asked for. */
struct runs {
	unsigned	meant, running, begun, too_soon, hostless;
	size_t		messages;
};

static void
ask_one(struct outbound *outbound, const struct gateway *gateway,
    const struct etrn_asked *asked, struct runs *runs)
{
	struct out_dest *dest = out_dest_find(outbound,
	    slice_str(gateway->name));
	int64_t last = last_asked_utc_ms(outbound, gateway->name);
	size_t all = out_coming(outbound, gateway, 0);
	char who[64];

	write_asker(asked, who);
	runs->meant++;
	if (gateway->host[0] == '\0') {
		runs->hostless++;
	} else if (all == 0 && (dest == NULL || dest->jobs.count +
	    dest->active == 0)) {
		return;
	} else if ((dest != NULL && is_running(dest)) ||
	    (all > 0 && out_coming(outbound, gateway, last) == 0)) {
		runs->running++;
	} else if (was_asked(outbound, gateway->name, who)) {
		runs->too_soon++;
	} else {
		runs->begun++;
		runs->messages += all + (dest == NULL ? 0 : dest->jobs.count);
		out_note_asked(outbound, gateway->name, who);
		if (dest != NULL)
			out_run(outbound, dest);
	}
}

static void
answer(struct conductor *conductor, const struct asker *asker,
    const struct etrn_asked *asked, const struct runs *runs)
{
	const int len = (int)asked->name.len;
	const char *at = asked->name.at;

	if (runs->meant == 0)
		conductor_answer(conductor, asker, 459, "5.7.1",
		    "Node %.*s not allowed: it is not yours to ask for", len,
		    at);
	else if (!conductor->outbound->is_up)
		conductor_answer(conductor, asker, 458, "4.3.0",
		    "Unable to queue messages for node %.*s now", len, at);
	else if (runs->begun > 0 && asked->kind == ETRN_BELOW)
		conductor_answer(conductor, asker, 252, "2.0.0",
		    "OK, pending messages for node %.*s started", len, at);
	else if (runs->begun > 0)
		conductor_answer(conductor, asker, 253, "2.0.0",
		    "OK, %zu pending messages for node %.*s started",
		    runs->messages, len, at);
	else if (runs->running > 0)
		conductor_answer(conductor, asker, 250, "2.0.0",
		    "OK, queuing for node %.*s started already", len, at);
	else if (runs->too_soon > 0)
		conductor_answer(conductor, asker, 458, "4.7.0",
		    "Unable to queue messages for node %.*s: asked for less "
		    "than 5 minutes ago", len, at);
	else if (runs->hostless > 0)
		conductor_answer(conductor, asker, 458, "5.7.1",
		    "Unable to queue messages for node %.*s: use ATRN", len,
		    at);
	else
		conductor_answer(conductor, asker, 251, "2.0.0",
		    "OK, no messages waiting for node %.*s", len, at);
}

void
conductor_etrn(struct conductor *conductor, const struct asker *asker,
    const struct etrn_asked *asked)
{
	struct outbound *outbound = conductor->outbound;
	struct runs runs = { .meant = 0 };

	if (!outbound->has_gateways) {
		conductor_answer(conductor, asker, 458, "4.3.0",
		    "Unable to queue messages for node %.*s now",
		    SLICE_FMT(asked->name));
		return;
	}
	for (size_t i = 0; i < outbound->gateways.count; i++) {
		const struct gateway *gateway = &outbound->gateways.at[i];

		if (!is_meant(gateway, asked) || !may_ask(gateway, asked))
			continue;
		if (outbound->is_up)
			ask_one(outbound, gateway, asked, &runs);
		else
			runs.meant++;
	}
	answer(conductor, asker, asked, &runs);
	out_pump(outbound);
}
