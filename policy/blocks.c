/*
 * blocks.c - who is kept out of SMTP for a time, and why
 *
 * A block that is over is remembered for as long as it makes the next one
 * longer.
 */
#include "policy/blocks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct entry {
	struct block	block;
	UT_hash_handle	hh;
};

struct blocks {
	struct entry	*by_net;	/* in the order in which they came */
};

struct blocks *
blocks_new(void)
{
	return calloc(1, sizeof(struct blocks));
}

static void
drop(struct blocks *blocks, struct entry *entry)
{
	HASH_DEL(blocks->by_net, entry);
	free(entry);
}

void
blocks_clear(struct blocks *blocks)
{
	struct entry *entry, *next;

	HASH_ITER(hh, blocks->by_net, entry, next)
		drop(blocks, entry);
}

void
blocks_free(struct blocks *blocks)
{
	if (blocks != NULL)
		blocks_clear(blocks);
	free(blocks);
}

bool
block_network(const char *address, char network_out[BLOCK_NET_SIZE])
{
	unsigned char bytes[16];
	char name[INET6_ADDRSTRLEN];
	int family = AF_INET;

	if (inet_pton(AF_INET, address, bytes) == 1) {
		bytes[3] = 0;
	} else if (inet_pton(AF_INET6, address, bytes) == 1) {
		family = AF_INET6;
		memset(bytes + 6, 0, 10);
	} else {
		return false;
	}
	if (inet_ntop(family, bytes, name, sizeof(name)) == NULL)
		return false;
	(void)snprintf(network_out, BLOCK_NET_SIZE, "%s/%d", name,
	    family == AF_INET ? 24 : 48);
	return true;
}

const char *
block_words(enum block_why why)
{
	static const char *const words[BLOCK_REASONS] = {
		[BLOCK_UNKNOWN] = "it asked for too many unknown recipients",
		[BLOCK_NONSENSE] = "it gave too many bad commands",
		[BLOCK_NEIGHBOURS] = "other addresses of its network did",
	};

	return words[why];
}

static struct entry *
find(const struct blocks *blocks, const char *net)
{
	struct entry *entry;

	HASH_FIND(hh, blocks->by_net, net, strlen(net), entry);
	return entry;
}

/* Whoever ends first gives up its place. */
static void
make_room(struct blocks *blocks)
{
	struct entry *entry, *next, *first = NULL;

	if (HASH_COUNT(blocks->by_net) < BLOCKS_MOST)
		return;
	HASH_ITER(hh, blocks->by_net, entry, next)
		if (first == NULL ||
		    entry->block.until_ms < first->block.until_ms)
			first = entry;
	drop(blocks, first);
}

/* The entry of `net`, the youngest from now on; NULL: memory is out. */
static struct entry *
touch(struct blocks *blocks, const char *net)
{
	struct entry *entry = find(blocks, net);

	if (entry == NULL) {
		make_room(blocks);
		entry = calloc(1, sizeof(*entry));
		if (entry == NULL)
			return NULL;
		(void)snprintf(entry->block.net, sizeof(entry->block.net),
		    "%s", net);
	} else {
		HASH_DEL(blocks->by_net, entry);
	}
	HASH_ADD_KEYPTR(hh, blocks->by_net, entry->block.net,
	    strlen(entry->block.net), entry);
	if (entry->hh.tbl == NULL) {
		free(entry);
		return NULL;
	}
	return entry;
}

/* How often it was out of late; each day since then forgives one. */
static unsigned
times_of(const struct block *block, uint64_t now_ms)
{
	uint64_t days;

	if (block->until_ms >= now_ms)
		return block->times;
	days = (now_ms - block->until_ms) / BLOCK_FORGIVE_MS;
	return days >= block->times ? 0 : block->times - (unsigned)days;
}

static bool
is_out(const struct block *block, uint64_t now_ms)
{
	return block->until_ms > now_ms;
}

/* Begin one, unless it is out already. */
static bool
begin(struct blocks *blocks, const char *net, enum block_why why,
    uint64_t first_ms, uint64_t now_ms, struct block *block_out)
{
	struct entry *entry = find(blocks, net);
	uint64_t ms = first_ms;

	if (entry != NULL && is_out(&entry->block, now_ms))
		return false;
	entry = touch(blocks, net);
	if (entry == NULL)
		return false;
	entry->block.why = why;
	entry->block.times = times_of(&entry->block, now_ms) + 1;
	for (unsigned i = 1; i < entry->block.times && ms < BLOCK_MOST_MS; i++)
		ms *= 2;
	entry->block.until_ms = now_ms +
	    (ms < BLOCK_MOST_MS ? ms : BLOCK_MOST_MS);
	*block_out = entry->block;
	return true;
}

/* How many addresses of that network are out. */
static unsigned
count_out(const struct blocks *blocks, const char *network, uint64_t now_ms)
{
	struct entry *entry, *next;
	char other[BLOCK_NET_SIZE];
	unsigned count = 0;

	HASH_ITER(hh, blocks->by_net, entry, next)
		if (is_out(&entry->block, now_ms) &&
		    block_network(entry->block.net, other) &&
		    strcmp(other, network) == 0)
			count++;
	return count;
}

unsigned
blocks_earned(struct blocks *blocks, const char *net, enum block_why why,
    uint64_t first_ms, uint64_t now_ms, struct block blocks_out[2])
{
	char network[BLOCK_NET_SIZE];

	if (!begin(blocks, net, why, first_ms, now_ms, &blocks_out[0]))
		return 0;
	/* a network has none itself */
	if (!block_network(net, network) || count_out(blocks, network,
	    now_ms) < BLOCK_NETWORK_LEAST || !begin(blocks, network,
	    BLOCK_NEIGHBOURS, first_ms, now_ms, &blocks_out[1]))
		return 1;
	return 2;
}

void
blocks_put(struct blocks *blocks, const struct block *block)
{
	struct entry *entry;

	if (block->until_ms == 0) {
		(void)blocks_forgive(blocks, block->net);
		return;
	}
	/* not to be known at the door costs a block, no more */
	entry = touch(blocks, block->net);
	if (entry == NULL)
		return;
	entry->block.why = block->why;
	entry->block.times = block->times;
	entry->block.until_ms = block->until_ms;
	entry->block.turned_away = 0;
}

struct block *
blocks_find(const struct blocks *blocks, const char *net, uint64_t now_ms)
{
	struct entry *entry = find(blocks, net);

	return entry != NULL && is_out(&entry->block, now_ms) ?
	    &entry->block : NULL;
}

bool
blocks_forgive(struct blocks *blocks, const char *net)
{
	struct entry *entry = find(blocks, net);

	if (entry != NULL)
		drop(blocks, entry);
	return entry != NULL;
}

void
blocks_each(const struct blocks *blocks, uint64_t now_ms,
    bool (*fn)(void *arg, const struct block *), void *arg)
{
	struct entry *entry, *next;

	HASH_ITER(hh, blocks->by_net, entry, next)
		if (is_out(&entry->block, now_ms) && !fn(arg, &entry->block))
			return;
}

void
blocks_all(const struct blocks *blocks,
    bool (*fn)(void *arg, const struct block *), void *arg)
{
	struct entry *entry, *next;

	HASH_ITER(hh, blocks->by_net, entry, next)
		if (!fn(arg, &entry->block))
			return;
}

void
block_pack(struct text *body, const struct block *block)
{
	pack_slice(body, slice_str(block->net));
	pack_u8(body, (uint8_t)block->why);
	pack_u32(body, block->times);
	pack_u64(body, block->until_ms);
}

int
block_unpack(struct unpack *u, struct block *block_out)
{
	struct block block = { .until_ms = 0 };
	struct slice net = unpack_slice(u);

	block.why = unpack_enum(u, BLOCK_REASONS);
	block.times = unpack_u32(u);
	block.until_ms = unpack_u64(u);
	if (u->bad || net.len == 0 ||
	    slice_cstr(net, block.net, sizeof(block.net)) < 0)
		return -EBADMSG;
	*block_out = block;
	return 0;
}
