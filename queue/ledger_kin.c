/*
 * ledger_kin.c - rows and entries sorted by kind, in short turns
 *
 * A merge sort whose place is kept: no input makes it slow, and it can be left
 * at any comparison.  Of a kind the rows come first, by number, then the
 * entries, by rank and age: the n-th row stands for the n-th entry.
 */
#include <errno.h>
#include <stdlib.h>

#include "queue/ledger_inside.h"

int
kins_begin(struct kins *kins, size_t most)
{
	if (most > kins->size) {
		struct kin *at;

		at = reallocarray(kins->at, most, sizeof(*at));
		if (at == NULL)
			return -ENOMEM;
		kins->at = at;
		at = reallocarray(kins->spare, most, sizeof(*at));
		if (at == NULL)
			return -ENOMEM;
		kins->spare = at;
		kins->size = most;
	}
	kins->count = kins->width = 0;
	return 0;
}

void
kins_free(struct kins *kins)
{
	free(kins->at);
	free(kins->spare);
	*kins = (struct kins){ 0 };
}

void
kins_add(struct kins *kins, uint64_t key, uint32_t index, bool is_entry,
    unsigned rank)
{
	kins->at[kins->count++] = (struct kin){ .key = key, .index = index,
	    .rank = (uint16_t)rank, .is_entry = is_entry };
}

/* Of one kind or before or behind each other. */
static int
kind(const struct listing *listing, const struct kin *a, const struct kin *b,
    kin_tie_fn *tie)
{
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return tie(listing, a, b);
}

static bool
comes_behind(const struct listing *listing, const struct kin *a,
    const struct kin *b, kin_tie_fn *tie)
{
	int order = kind(listing, a, b, tie);

	if (order != 0)
		return order > 0;
	if (a->is_entry != b->is_entry)
		return a->is_entry;
	if (a->rank != b->rank)
		return a->rank > b->rank;
	return a->index > b->index;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void
next_run(struct kins *kins, size_t lo)
{
	kins->lo = kins->i = kins->k = lo;
	kins->j = least(lo + kins->width, kins->count);
}

/* Merge the two runs at `lo`; false when the turn is over before. */
static bool
merge(struct listing *listing, kin_tie_fn *tie)
{
	struct kins *kins = &listing->kins;
	size_t mid = least(kins->lo + kins->width, kins->count);
	size_t hi = least(mid + kins->width, kins->count);

	for (; kins->i < mid || kins->j < hi; kins->k++) {
		bool second = kins->i == mid || (kins->j < hi && comes_behind(
		    listing, &kins->at[kins->i], &kins->at[kins->j], tie));

		kins->spare[kins->k] = kins->at[second ? kins->j++ :
		    kins->i++];
		listing->cost -= COST_KIN;
		if (listing->cost < 0) {
			kins->k++;
			return false;
		}
	}
	return true;
}

int
kins_sort(struct listing *listing, kin_tie_fn *tie)
{
	struct kins *kins = &listing->kins;
	struct kin *swap;

	if (kins->width == 0) {
		kins->width = 1;
		next_run(kins, 0);
	}
	while (kins->width < kins->count) {
		while (kins->lo < kins->count) {
			if (!merge(listing, tie))
				return 0;
			next_run(kins, least(kins->lo + 2 * kins->width,
			    kins->count));
		}
		swap = kins->at;
		kins->at = kins->spare;
		kins->spare = swap;
		kins->width *= 2;
		next_run(kins, 0);
	}
	return 1;
}

int
kins_alike(const struct listing *listing, const struct kin *a,
    const struct kin *b)
{
	(void)listing;
	(void)a;
	(void)b;
	return 0;
}

size_t
kins_group(const struct listing *listing, size_t from, kin_tie_fn *tie)
{
	const struct kins *kins = &listing->kins;
	size_t to = from + 1;

	while (to < kins->count && kind(listing, &kins->at[from],
	    &kins->at[to], tie) == 0)
		to++;
	return to;
}
