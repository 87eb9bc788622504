/*
 * visitors.c - what the door remembers of the addresses that connect to it
 */
#include "programs/visitors.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/loop.h"

#define TOKEN		1000u	/* a connection, in tokens */
#define HALVE_MS	60000	/* A12: twenty are forgotten in 5 minutes */
#define FORGET_TURN	4	/* forgotten while one is found: it shrinks */

void
visitors_init(struct visitors *visitors)
{
	visitors->by_address = NULL;
	TAILQ_INIT(&visitors->quiet);
}

static void
forget(struct visitors *visitors, struct visitor *visitor)
{
	TAILQ_REMOVE(&visitors->quiet, visitor, quiet);
	HASH_DEL(visitors->by_address, visitor);
	free(visitor);
}

/* Bring up to date what changes with time. */
static void
age(struct visitor *visitor)
{
	const uint64_t now = clock_ms();
	const uint64_t full = (uint64_t)VISITOR_BURST * TOKEN;
	uint64_t spent = now - visitor->filled_ms;

	if (spent >= full / VISITOR_RATE ||
	    visitor->tokens + spent * VISITOR_RATE >= full)
		visitor->tokens = full;
	else
		visitor->tokens += spent * VISITOR_RATE;
	visitor->filled_ms = now;
	while (visitor->unknown > 0 && now - visitor->halved_ms >= HALVE_MS) {
		visitor->unknown /= 2;
		visitor->halved_ms += HALVE_MS;
	}
}

/* There is nothing to remember of it. */
static bool
is_blank(struct visitor *visitor)
{
	age(visitor);
	return visitor->unknown == 0 &&
	    visitor->tokens == (uint64_t)VISITOR_BURST * TOKEN;
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
	visitor->tokens = (uint64_t)VISITOR_BURST * TOKEN;
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

unsigned
visitor_unknown(struct visitor *visitor)
{
	age(visitor);
	if (visitor->unknown == 0)
		visitor->halved_ms = visitor->filled_ms;
	return ++visitor->unknown;
}
