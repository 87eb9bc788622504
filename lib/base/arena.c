/*
 * arena.c - memory with an owner whose life we can name
 *
 * Blocks of growing size in a list; the newest is cut from the front.  A reset
 * keeps the first block, so that a connection's next command costs no malloc.
 */
#include "lib/base/arena.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK	2048	/* bytes: most commands need no second block */
#define LARGEST_BLOCK	65536

struct block {
	struct block	*older;
	size_t		 size;	/* bytes of data[] */
	size_t		 used;
	alignas(max_align_t) char data[];
};

struct arena {
	struct block	*newest;
	size_t		 budget;
	size_t		 spent;
};

struct arena *
arena_new(size_t budget)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	/* beyond half of all memory the sums below could overflow */
	if (arena != NULL)
		arena->budget = budget < SIZE_MAX / 2 ? budget : SIZE_MAX / 2;
	return arena;
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	while (arena->newest != NULL) {
		struct block *older = arena->newest->older;

		free(arena->newest);
		arena->newest = older;
	}
	free(arena);
}

void
arena_reset(struct arena *arena)
{
	while (arena->newest != NULL && arena->newest->older != NULL) {
		struct block *older = arena->newest->older;

		free(arena->newest);
		arena->newest = older;
	}
	if (arena->newest != NULL) {
		memset(arena->newest->data, 0, arena->newest->used);
		arena->newest->used = 0;
	}
	arena->spent = 0;
}

size_t
arena_left(const struct arena *arena)
{
	return arena->budget - arena->spent;
}

static struct block *
block_add(struct arena *arena, size_t least)
{
	struct block *block;
	size_t size;

	size = arena->newest == NULL ? FIRST_BLOCK : arena->newest->size * 2;
	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	if (size < least)
		size = least;
	block = calloc(1, sizeof(*block) + size);
	if (block == NULL)
		return NULL;
	block->size = size;
	block->older = arena->newest;
	arena->newest = block;
	return block;
}

void *
arena_alloc(struct arena *arena, size_t bytes)
{
	const size_t unit = alignof(max_align_t);
	struct block *block = arena->newest;
	void *at;

	if (bytes > arena_left(arena))
		return NULL;
	bytes = (bytes + unit - 1) / unit * unit;
	if (bytes == 0)
		bytes = unit;
	if (bytes > arena_left(arena))
		return NULL;
	if (block == NULL || block->size - block->used < bytes) {
		block = block_add(arena, bytes);
		if (block == NULL)
			return NULL;
	}
	at = block->data + block->used;
	block->used += bytes;
	arena->spent += bytes;
	return at;
}

void *
arena_array(struct arena *arena, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return arena_alloc(arena, bytes);
}

int
arena_copy(struct arena *arena, struct slice s, struct slice *copy_out)
{
	char *at;

	if (s.len == SIZE_MAX)
		return -ENOBUFS;
	at = arena_alloc(arena, s.len + 1);
	if (at == NULL)
		return -ENOBUFS;
	if (s.len > 0)
		memcpy(at, s.at, s.len);
	*copy_out = slice_of(at, s.len);
	return 0;
}

void
arena_cleanup(struct arena **arena)
{
	arena_free(*arena);
}
