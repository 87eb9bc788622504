/*
 * visitors.c - what the door remembers of the addresses that connect to it
 */
#include "programs/visitors.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/loop.h"

#define TOKEN		1000u	/* a connection, in tokens */
#define HALVE_MS	60000	/* A12: twenty are forgotten in 5 minutes */
#define FAILED_MS	600000
#define HOUR_MS		(UINT64_C(60) * 60 * 1000)
#define FORGET_TURN	4	/* forgotten while one is found: it shrinks */

void
visitors_init(struct visitors *visitors, unsigned worth)
{
	visitors->by_address = NULL;
	visitors->worth = worth;
	TAILQ_INIT(&visitors->quiet);
}

static void
forget(struct visitors *visitors, struct visitor *visitor)
{
	TAILQ_REMOVE(&visitors->quiet, visitor, quiet);
	HASH_DEL(visitors->by_address, visitor);
	free(visitor);
}

/* All the tokens that it can have. */
static uint64_t
full_of(const struct visitor *visitor)
{
	return (uint64_t)VISITOR_BURST * TOKEN * visitor->worth;
}

/* Bring up to date what changes with time. */
static void
age(struct visitor *visitor)
{
	const uint64_t now = clock_ms();
	const uint64_t full = full_of(visitor);
	const uint64_t rate = (uint64_t)VISITOR_RATE * visitor->worth;
	uint64_t spent = now - visitor->filled_ms;

	if (spent >= full / rate || visitor->tokens + spent * rate >= full)
		visitor->tokens = full;
	else
		visitor->tokens += spent * rate;
	visitor->filled_ms = now;
	while (visitor->unknown + visitor->known > 0 &&
	    now - visitor->halved_ms >= HALVE_MS) {
		visitor->unknown /= 2;
		visitor->known /= 2;
		visitor->halved_ms += HALVE_MS;
	}
	while (visitor->failed > 0 && now - visitor->failed_ms >= FAILED_MS) {
		visitor->failed /= 2;
		visitor->failed_ms += FAILED_MS;
	}
	if (now - visitor->sent_ms >= HOUR_MS)
		visitor->sent = 0;
}

/* There is nothing to remember of it. */
static bool
is_blank(struct visitor *visitor)
{
	age(visitor);
	return visitor->unknown == 0 && visitor->failed == 0 &&
	    visitor->sent == 0 && !visitor_is_home(visitor) &&
	    visitor->tokens == full_of(visitor);
}

static void
forget_some(struct visitors *visitors)
{
	struct visitor *visitor;

	for (int i = 0; i < FORGET_TURN; i++) {
		visitor = TAILQ_FIRST(&visitors->quiet);
		if (visitor == NULL || !is_blank(visitor))
			return;
		forget(visitors, visitor);
	}
}

static struct visitor *
visitor_new(struct visitors *visitors, const char *address)
{
	struct visitor *visitor = calloc(1, sizeof(*visitor));
	size_t len = strlen(address);

	if (visitor == NULL || len >= sizeof(visitor->address))
		goto undo;
	memcpy(visitor->address, address, len);
	visitor->worth = visitors->worth;
	visitor->tokens = full_of(visitor);
	visitor->filled_ms = clock_ms();
	HASH_ADD_KEYPTR(hh, visitors->by_address, visitor->address, len,
	    visitor);
	if (visitor->hh.tbl == NULL)
		goto undo;
	visitor->is_quiet = true;
	TAILQ_INSERT_TAIL(&visitors->quiet, visitor, quiet);
	return visitor;
undo:
	free(visitor);
	return NULL;
}

struct visitor *
visitors_find(struct visitors *visitors, const char *address)
{
	struct visitor *visitor;

	HASH_FIND(hh, visitors->by_address, address, strlen(address), visitor);
	if (visitor != NULL)
		return visitor;
	forget_some(visitors);
	if (HASH_COUNT(visitors->by_address) >= VISITORS_MOST) {
		visitor = TAILQ_FIRST(&visitors->quiet);
		if (visitor == NULL)
			return NULL;
		forget(visitors, visitor);
	}
	return visitor_new(visitors, address);
}

bool
visitor_may_come(struct visitor *visitor)
{
	age(visitor);
	if (visitor->tokens < TOKEN) {
		visitor->refused++;
		return false;
	}
	visitor->refused = 0;
	visitor->tokens -= TOKEN;
	return true;
}

void
visitor_came(struct visitors *visitors, struct visitor *visitor)
{
	if (visitor->is_quiet)
		TAILQ_REMOVE(&visitors->quiet, visitor, quiet);
	visitor->is_quiet = false;
	visitor->connections++;
}

void
visitor_left(struct visitors *visitors, struct visitor *visitor)
{
	if (--visitor->connections > 0)
		return;
	visitor->is_quiet = true;
	TAILQ_INSERT_TAIL(&visitors->quiet, visitor, quiet);
	forget_some(visitors);
}

/* One more recipient is counted: then these begin to be forgotten. */
static void
count_rcpt(struct visitor *visitor, unsigned *count)
{
	age(visitor);
	if (visitor->unknown + visitor->known == 0)
		visitor->halved_ms = visitor->filled_ms;
	++*count;
}

unsigned
visitor_unknown(struct visitor *visitor)
{
	count_rcpt(visitor, &visitor->unknown);
	return visitor->unknown / visitor->worth;
}

void
visitor_known(struct visitor *visitor)
{
	count_rcpt(visitor, &visitor->known);
}

bool
visitor_guesses(const struct visitor *visitor)
{
	return visitor->unknown > visitor->known;
}

bool
visitor_failed(struct visitor *visitor)
{
	age(visitor);
	if (visitor->failed == 0)
		visitor->failed_ms = visitor->filled_ms;
	return ++visitor->failed >= VISITOR_FAILED * visitor->worth;
}

bool
visitor_may_send(struct visitor *visitor, unsigned most)
{
	/* in an hour a bucket of an hour's messages, each HOUR_MS, runs dry */
	const uint64_t rate = (uint64_t)most * visitor->worth;
	const uint64_t now = clock_ms();
	uint64_t gone;

	age(visitor);
	gone = (now - visitor->sent_ms) * rate;
	visitor->sent = gone >= visitor->sent ? 0 : visitor->sent - gone;
	visitor->sent_ms = now;
	if (visitor->sent + HOUR_MS > rate * HOUR_MS) {
		visitor->put_off++;
		return false;
	}
	visitor->put_off = 0;
	visitor->sent += HOUR_MS;
	return true;
}

void
visitor_logged_in(struct visitor *visitor)
{
	visitor->login_ms = clock_ms();
}

bool
visitor_is_home(const struct visitor *visitor)
{
	return visitor->login_ms != 0 &&
	    clock_ms() - visitor->login_ms < VISITOR_HOME_MS;
}
