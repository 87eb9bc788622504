/*
 * ledger_table.c - the rows of a listing and the entries of its account
 *
 * Arrays that grow; rows and entries name each other by index.  An entry that
 * is added after the loading stands for a row from the start.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "queue/ledger_inside.h"

#define FIRST_ROOM	64

/* Room for `more`; 0 or -ENOMEM. */
static int
grow(void **array, size_t *size, size_t count, size_t more, size_t width)
{
	size_t want = *size == 0 ? FIRST_ROOM : *size;
	void *at;

	if (more <= *size - count)
		return 0;
	while (want - count < more)
		want += want / 2;
	at = reallocarray(*array, want, width);
	if (at == NULL)
		return -ENOMEM;
	*array = at;
	*size = want;
	return 0;
}

#define GROW(array, size, count, more)					\
	grow((void **)&(array), &(size), (count), (more), sizeof(*(array)))

int
listing_add_row(struct listing *listing, uint32_t number, uint64_t bytes,
    struct slice uidl)
{
	int r;

	r = GROW(listing->rows, listing->row_size, listing->row_count, 1);
	if (r == 0)
		r = GROW(listing->uidls, listing->uidl_size,
		    listing->uidl_bytes, uidl.len);
	if (r < 0)
		return r;
	listing->rows[listing->row_count++] = (struct row){
		.bytes = bytes, .number = number, .uidl_class = NO_CLASS,
		.uidl_at = (uint32_t)listing->uidl_bytes,
		.uidl_len = (uint16_t)uidl.len, .part = ROW_NEW
	};
	if (uidl.len > 0)
		memcpy(listing->uidls + listing->uidl_bytes, uidl.at,
		    uidl.len);
	listing->uidl_bytes += uidl.len;
	return 0;
}

int
listing_add_entry(struct listing *listing, const struct entry *entry,
    uint32_t *index_out)
{
	int r = GROW(listing->entries, listing->entry_size,
	    listing->entry_count, 1);

	if (r < 0)
		return r;
	*index_out = (uint32_t)listing->entry_count;
	listing->entries[listing->entry_count++] = *entry;
	return 0;
}

int
listing_add_digest(struct listing *listing, struct slice bytes,
    uint32_t *header_out)
{
	int r = GROW(listing->digests, listing->digest_size,
	    listing->digest_count, 1);

	if (r < 0)
		return r;
	memcpy(listing->digests[listing->digest_count].bytes, bytes.at,
	    FETCHED_DIGEST_BYTES);
	*header_out = (uint32_t)++listing->digest_count;
	return 0;
}

size_t
listing_from(const struct listing *listing, uint32_t number)
{
	size_t lo = 0, hi = listing->row_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (listing->rows[mid].number < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct row *
listing_row(const struct listing *listing, uint32_t number)
{
	size_t at = listing_from(listing, number);

	return at < listing->row_count &&
	    listing->rows[at].number == number ? &listing->rows[at] : NULL;
}

struct slice
listing_uidl(const struct listing *listing, const struct row *row)
{
	if (row->uidl_len == 0)
		return slice_of(NULL, 0);
	return slice_of(listing->uidls + row->uidl_at, row->uidl_len);
}

struct entry *
listing_loaded(const struct listing *listing, int64_t seq)
{
	size_t lo = 0, hi = listing->loaded;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (listing->entries[mid].seq < seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < listing->loaded && listing->entries[lo].seq == seq ?
	    &listing->entries[lo] : NULL;
}

void
listing_stand(struct listing *listing, struct row *row, uint32_t index)
{
	if (row->entry != 0)
		listing->entries[row->entry - 1].stands = false;
	row->entry = index + 1;
	listing->entries[index].stands = true;
}

void
listing_free(struct listing *listing)
{
	kins_free(&listing->kins);
	free(listing->rows);
	free(listing->uidls);
	free(listing->entries);
	free(listing->digests);
	free(listing->classes);
	free(listing->ranges);
	free(listing);
}
