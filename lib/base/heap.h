/*
 * heap.h - what is due next, of very many things
 *
 * A binary heap of entries that stand inside the things themselves: to put one
 * in, to take any one out and to look at the first costs no search.  Entries of
 * the same key come in no order.
 */
#ifndef POSTROOM_BASE_HEAP_H
#define POSTROOM_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed, it is in no heap. */
struct heap_entry {
	uint64_t	key;		/* the smallest is the first */
	size_t		place;		/* 0: in none; see heap.c */
};

/* Zeroed, it is empty. */
struct heap {
	struct heap_entry	**at;	/* owned */
	size_t			 count, size;
};

/*
 * Put it in, or move it if it is in there: its key is `key` from now on.
 * 0, or -ENOMEM: it stays where it was.
 */
int	heap_put(struct heap *, struct heap_entry *, uint64_t key);
/* Take it out; one that is in none stays so. */
void	heap_take(struct heap *, struct heap_entry *);
bool	heap_has(const struct heap_entry *);
/* All of them have this key from now on. */
void	heap_level(struct heap *, uint64_t key);
/* The first, or NULL. */
struct heap_entry *heap_first(const struct heap *);
/* Give the memory back; the entries are the caller's. */
void	heap_free(struct heap *);

#endif
