/*
 * merge.c - numbers put in order, some at a time
 *
 * From the bottom up: runs of one number are joined to runs of two, these to
 * runs of four, from one array into the other, which then change places.
 */
#include "lib/base/merge.h"

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Turn to the two runs that begin at `low`. */
static void
take_runs(struct merge *merge, size_t low)
{
	merge->low = low;
	merge->left = low;
	merge->right = least(low + merge->run, merge->count);
}

void
merge_begin(struct merge *merge, uint32_t *items, uint32_t *spare,
    size_t count, merge_order_fn *order, void *arg)
{
	*merge = (struct merge){
		.order = order, .arg = arg, .from = items, .to = spare,
		.count = count, .run = 1,
	};
	take_runs(merge, 0);
}

/* All runs are joined: the longer ones are to be joined now. */
static void
next_pass(struct merge *merge)
{
	uint32_t *from = merge->from;

	merge->from = merge->to;
	merge->to = from;
	merge->run *= 2;
	take_runs(merge, 0);
}

/* Is the next number that of the right run? */
static bool
is_right(const struct merge *merge, size_t middle, size_t end)
{
	if (merge->left == middle || merge->right == end)
		return merge->left == middle;
	return merge->order(merge->arg, merge->from[merge->right],
	    merge->from[merge->left]) < 0;
}

/* Place numbers of the two runs at hand; how many. */
static size_t
join(struct merge *merge, size_t most)
{
	size_t middle = least(merge->low + merge->run, merge->count);
	size_t end = least(middle + merge->run, merge->count);
	size_t at = merge->left + merge->right - middle;
	size_t n;

	for (n = 0; n < most && at + n < end; n++)
		merge->to[at + n] = merge->from[is_right(merge, middle, end) ?
		    merge->right++ : merge->left++];
	if (at + n == end)
		take_runs(merge, end);
	return n;
}

bool
merge_step(struct merge *merge, size_t most)
{
	while (merge->run < merge->count && most > 0) {
		most -= join(merge, most);
		if (merge->low == merge->count)
			next_pass(merge);
	}
	return merge->run >= merge->count;
}

uint32_t *
merge_items(const struct merge *merge)
{
	return merge->from;
}
