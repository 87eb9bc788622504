/*
 * tries.c - how often links that are none are shown from a network
 */
#include "gateway/http/tries.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "lib/base/hash.h"

#define NET_BYTES	8	/* of an IPv6 address; all of an IPv4 one */

struct tried {
	uint64_t	net;		/* its hash */
	uint64_t	since_ms;
	unsigned	count;		/* 0: nobody has this place */
};

struct tries {
	struct hash_key	key;
	struct tried	tried[TRIES_NETS];
};

struct tries *
tries_new(void)
{
	struct tries *tries = calloc(1, sizeof(*tries));

	if (tries != NULL && hash_key_new(&tries->key) < 0) {
		free(tries);
		return NULL;
	}
	return tries;
}

void
tries_free(struct tries *tries)
{
	free(tries);
}

static uint64_t
net_of(const struct tries *tries, const char *peer)
{
	unsigned char bytes[16] = { 0 };
	size_t len = NET_BYTES;

	if (inet_pton(AF_INET6, peer, bytes) != 1) {
		/* all that are no address are one network */
		(void)inet_pton(AF_INET, peer, bytes);
		len = 4;
	}
	return hash_slice(&tries->key, slice_of(bytes, len));
}

bool
tries_may(const struct tries *tries, const char *peer, uint64_t now_ms)
{
	uint64_t net = net_of(tries, peer);
	const struct tried *tried = &tries->tried[net % TRIES_NETS];

	return tried->net != net || tried->count < TRIES_MOST ||
	    now_ms - tried->since_ms >= TRIES_MS;
}

void
tries_failed(struct tries *tries, const char *peer, uint64_t now_ms)
{
	uint64_t net = net_of(tries, peer);
	struct tried *tried = &tries->tried[net % TRIES_NETS];

	if (tried->net != net || tried->count == 0 ||
	    now_ms - tried->since_ms >= TRIES_MS)
		*tried = (struct tried){ .net = net, .since_ms = now_ms };
	tried->count++;
}
