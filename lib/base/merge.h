/*
 * merge.h - numbers put in order, some at a time
 *
 * For a list that is too long to be sorted in one turn of the loop: a merge
 * sort that stops after any number of comparisons and goes on there.  What
 * counts as the same stays in the order in which it came.
 */
#ifndef POSTROOM_BASE_MERGE_H
#define POSTROOM_BASE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Negative, zero, positive: `a` belongs before `b`, anywhere, behind it. */
typedef int merge_order_fn(void *arg, uint32_t a, uint32_t b);

/* A list being sorted.  Private. */
struct merge {
	merge_order_fn	*order;
	void		*arg;
	uint32_t	*from, *to;	/* sorted runs; where they are joined */
	size_t		 count;
	size_t		 run;		/* length of a sorted run in `from` */
	size_t		 low;		/* where the two runs at hand begin */
	size_t		 left, right;	/* the next of each */
};

/*
 * Sort the `count` numbers in `items`; `spare` has room for as many.  Both are
 * the caller's.
 */
void	merge_begin(struct merge *, uint32_t *items, uint32_t *spare,
	    size_t count, merge_order_fn *, void *arg);
/* Place `most` numbers more; true: all are in order, in merge_items(). */
bool	merge_step(struct merge *, size_t most);
/* One of the two arrays, in order when merge_step() has said so. */
uint32_t *merge_items(const struct merge *);

#endif
