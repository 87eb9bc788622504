/*
 * heap.c - what is due next, of very many things
 *
 * An entry's place is its index and one more, so that 0 says that it has none.
 */
#include "lib/base/heap.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_SIZE	8

static void
place(struct heap *heap, size_t i, struct heap_entry *entry)
{
	heap->at[i] = entry;
	entry->place = i + 1;
}

/* The hole at `i` is for `entry`: those above it that come later sink. */
static size_t
rise(struct heap *heap, size_t i, const struct heap_entry *entry)
{
	while (i > 0) {
		size_t above = (i - 1) / 2;

		if (heap->at[above]->key <= entry->key)
			break;
		place(heap, i, heap->at[above]);
		i = above;
	}
	return i;
}

static size_t
sink(struct heap *heap, size_t i, const struct heap_entry *entry)
{
	for (;;) {
		size_t below = 2 * i + 1;

		if (below >= heap->count)
			break;
		if (below + 1 < heap->count &&
		    heap->at[below + 1]->key < heap->at[below]->key)
			below++;
		if (entry->key <= heap->at[below]->key)
			break;
		place(heap, i, heap->at[below]);
		i = below;
	}
	return i;
}

static int
grow(struct heap *heap)
{
	size_t size = heap->size == 0 ? FIRST_SIZE : heap->size * 2;
	void *at;

	if (heap->count < heap->size)
		return 0;
	at = reallocarray(heap->at, size, sizeof(*heap->at));
	if (at == NULL)
		return -ENOMEM;
	heap->at = at;
	heap->size = size;
	return 0;
}

int
heap_put(struct heap *heap, struct heap_entry *entry, uint64_t key)
{
	int r;

	if (entry->place == 0) {
		r = grow(heap);
		if (r < 0)
			return r;
		entry->key = key;
		heap->count++;
		place(heap, rise(heap, heap->count - 1, entry), entry);
		return 0;
	}
	entry->key = key;
	place(heap, sink(heap, rise(heap, entry->place - 1, entry), entry),
	    entry);
	return 0;
}

void
heap_take(struct heap *heap, struct heap_entry *entry)
{
	size_t i = entry->place;
	struct heap_entry *last;

	if (i-- == 0)
		return;
	entry->place = 0;
	last = heap->at[--heap->count];
	if (last != entry)
		place(heap, sink(heap, rise(heap, i, last), last), last);
}

bool
heap_has(const struct heap_entry *entry)
{
	return entry->place != 0;
}

void
heap_level(struct heap *heap, uint64_t key)
{
	/* any order of equal ones is one */
	for (size_t i = 0; i < heap->count; i++)
		heap->at[i]->key = key;
}

struct heap_entry *
heap_first(const struct heap *heap)
{
	return heap->count == 0 ? NULL : heap->at[0];
}

void
heap_free(struct heap *heap)
{
	free(heap->at);
	*heap = (struct heap){ 0 };
}
