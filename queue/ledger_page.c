/*
 * ledger_page.c - what of a listing is to be taken, looked at, deleted: a page
 *
 * What is to be taken comes in order of size, so that on a thin line few large
 * messages do not keep many small ones waiting.  So that new small ones do not
 * keep a large one waiting for ever, a mailbox that has not come to its end a
 * few times in a row is taken once in the order in which its mail came.
 *
 * No order is kept: each page is the lowest rows behind the one before, found
 * in one pass over the rows, 2 ms of 100,000.
 */
#include <errno.h>
#include <stdlib.h>

#include "queue/ledger_inside.h"

/*
 * Mailboxes of which it is known that they were cut, 72 bytes each: as many as
 * listings under way.  One that is not noted waits a little longer.
 */
#define CUTS_MOST	4096

/* Cut */

static struct cut *
cut_find(struct ledger *ledger, uint64_t account)
{
	struct cut *cut;

	HASH_FIND(hh, ledger->cuts, &account, sizeof(account), cut);
	return cut;
}

static void
cut_drop(struct ledger *ledger, struct cut *cut)
{
	HASH_DEL(ledger->cuts, cut);
	free(cut);
}

static struct cut *
cut_new(struct ledger *ledger, uint64_t account)
{
	struct cut *cut;

	if (HASH_COUNT(ledger->cuts) >= CUTS_MOST)
		return NULL;
	cut = calloc(1, sizeof(*cut));
	if (cut == NULL)
		return NULL;
	cut->account = account;
	HASH_ADD(hh, ledger->cuts, account, sizeof(cut->account), cut);
	if (cut->hh.tbl == NULL) {
		free(cut);
		return NULL;
	}
	return cut;
}

static bool
has_more(const struct listing *listing)
{
	for (size_t i = 0; i < listing->row_count; i++)
		if (listing->rows[i].part == LISTING_TAKE)
			return true;
	return false;
}

void
ledger_note_cut(struct ledger *ledger, const struct listing *listing)
{
	struct cut *cut;

	if (!listing->is_asked)
		return;		/* nobody wanted to take anything */
	cut = cut_find(ledger, listing->account);
	if (listing->order == LISTING_BY_NUMBER || !has_more(listing)) {
		if (cut != NULL)
			cut_drop(ledger, cut);
		return;
	}
	if (cut == NULL)
		cut = cut_new(ledger, listing->account);
	if (cut != NULL)
		cut->times++;
}

void
ledger_cuts_free(struct ledger *ledger)
{
	struct cut *cut, *following;

	HASH_ITER(hh, ledger->cuts, cut, following)
		cut_drop(ledger, cut);
}

/* A page */

/* The lowest rows found so far: a heap with the highest of them on top. */
struct lowest {
	enum listing_order	 order;
	const struct row	*rows[LISTING_PAGE];
	size_t			 count;
};

/* Which of two rows comes first: <0, 0, >0. */
static int
compare(enum listing_order order, const struct row *a, const struct row *b)
{
	uint64_t x = listing_rank(order, a->bytes);
	uint64_t y = listing_rank(order, b->bytes);

	if (x != y)
		return x < y ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static void
swap(struct lowest *lowest, size_t i, size_t j)
{
	const struct row *row = lowest->rows[i];

	lowest->rows[i] = lowest->rows[j];
	lowest->rows[j] = row;
}

static void
sink(struct lowest *lowest, size_t i)
{
	for (size_t child; (child = 2 * i + 1) < lowest->count; i = child) {
		if (child + 1 < lowest->count && compare(lowest->order,
		    lowest->rows[child], lowest->rows[child + 1]) < 0)
			child++;
		if (compare(lowest->order, lowest->rows[i],
		    lowest->rows[child]) >= 0)
			return;
		swap(lowest, i, child);
	}
}

static void
lowest_add(struct lowest *lowest, const struct row *row)
{
	size_t i = lowest->count;

	if (lowest->count == LISTING_PAGE) {
		if (compare(lowest->order, row, lowest->rows[0]) >= 0)
			return;
		lowest->rows[0] = row;
		sink(lowest, 0);
		return;
	}
	lowest->rows[lowest->count++] = row;
	for (; i > 0 && compare(lowest->order, lowest->rows[(i - 1) / 2],
	    row) < 0; i = (i - 1) / 2)
		swap(lowest, i, (i - 1) / 2);
}

/* Into their order. */
static void
lowest_sort(struct lowest *lowest)
{
	size_t count = lowest->count;

	while (lowest->count > 1) {
		swap(lowest, 0, --lowest->count);
		sink(lowest, 0);
	}
	lowest->count = count;
}

static void
find_lowest(const struct listing *listing, enum listing_part part,
    const struct ledger_after *after, struct lowest *lowest)
{
	const struct row last = { .bytes = after->bytes,
	    .number = after->number };

	for (size_t i = 0; i < listing->row_count; i++) {
		const struct row *row = &listing->rows[i];

		if (row->part != (unsigned)part ||
		    (part == LISTING_LOOK && row->looked != LOOKED_NOT) ||
		    (after->number != 0 &&
		    compare(lowest->order, row, &last) <= 0))
			continue;
		lowest_add(lowest, row);
		/* numbers grow: those that follow are higher */
		if (lowest->order == LISTING_BY_NUMBER &&
		    lowest->count == LISTING_PAGE)
			break;
	}
	lowest_sort(lowest);
}

/* What is to be taken is asked for: in which order is it told? */
static enum listing_order
order_of(struct ledger *ledger, struct listing *listing,
    enum listing_part part)
{
	const struct cut *cut;

	if (part != LISTING_TAKE)
		return LISTING_BY_NUMBER;
	if (!listing->is_asked) {
		cut = cut_find(ledger, listing->account);
		listing->is_asked = true;
		listing->order = cut != NULL &&
		    cut->times >= LEDGER_CUT_MOST ? LISTING_BY_NUMBER :
		    LISTING_BY_SIZE;
	}
	return listing->order;
}

static enum listing_note
note_of(const struct listing *listing, const struct row *row)
{
	const struct entry *entry = row->entry == 0 ? NULL :
	    &listing->entries[row->entry - 1];

	if (entry == NULL || !entry->is_placed)
		return LISTING_NOTE_NONE;
	return entry->is_wanted ? LISTING_NOTE_WANTED : LISTING_NOTE_HERE;
}

/* Bytes of it that have come already, and are kept. */
static uint64_t
half_of(const struct ledger *ledger, const struct listing *listing,
    const struct row *row)
{
	const struct ledger_half *half = ledger_half_find(ledger,
	    listing->account, row->number, listing_uidl(listing, row));

	return half != NULL && half->bytes == row->bytes ? half->length : 0;
}

int
ledger_page(struct ledger *ledger, const void *from, uint64_t account,
    enum listing_part part, const struct ledger_after *after,
    struct text *text)
{
	struct lowest lowest = { .order = LISTING_BY_NUMBER };
	struct listing *listing;
	int r = ledger_decided_listing(ledger, from, account, &listing);

	/* what was stored since may be due already */
	if (r == 0 && part == LISTING_DELETE && after->number == 0) {
		r = ledger_flush(ledger);
		if (r == 0)
			ledger_note_due(ledger, listing);
	}
	if (r < 0)
		return r;
	lowest.order = order_of(ledger, listing, part);
	find_lowest(listing, part, after, &lowest);
	pack_u8(text, (uint8_t)lowest.order);
	pack_u32(text, (uint32_t)lowest.count);
	for (size_t i = 0; i < lowest.count; i++) {
		pack_u32(text, lowest.rows[i]->number);
		pack_u64(text, lowest.rows[i]->bytes);
		pack_u8(text, (uint8_t)note_of(listing, lowest.rows[i]));
		pack_u64(text, half_of(ledger, listing, lowest.rows[i]));
	}
	return text_failed(text) ? -ENOMEM : 0;
}
