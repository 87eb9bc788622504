/*
 * search_merge.c - the rows of search.db stay few, and forget letters that went
 *
 * A row is merged with the one before it unless that has more than twice its
 * letters, so an account has some ten rows and one for every 2,048 letters.  A
 * row of which half the letters are gone is written without them.  For each row
 * that is written two are looked at (search_build.c sees to it), so that they are
 * forgotten as fast as mail comes and goes, and an idle account looks at one at a
 * time.
 */
#include <errno.h>
#include <string.h>

#include "store/index_inside.h"
#include "store/search_inside.h"

#define WALK_MOST	64	/* rows that are compared in a step */

static bool
are_alike(const struct search_row *earlier, const struct search_row *later)
{
	return earlier->letters <= 2 * later->letters &&
	    earlier->letters + later->letters <= SEARCH_LETTERS_MOST &&
	    earlier->bytes + later->bytes <= SEARCH_BLOCK_MOST;
}

/* Read the row behind `after`.  0 or -errno. */
static int
read_block(struct search_file *file, uint64_t after, struct text *packed,
    struct search_row *row_out, struct search_block *block_out)
{
	int r = search_file_read(file, after, row_out, packed);

	return r <= 0 ? r < 0 ? r : -EUCLEAN :
	    search_block_open(text_slice(packed), block_out);
}

static int
merge_rows(struct search_file *file, const struct search_row *earlier,
    const struct search_row *later)
{
	TEXT_AUTO first = TEXT_INIT(SEARCH_PACKED_MOST);
	TEXT_AUTO second = TEXT_INIT(SEARCH_PACKED_MOST);
	TEXT_AUTO packed = TEXT_INIT(SEARCH_PACKED_MOST);
	struct search_row row, behind;
	struct search_block a, b;
	int r = read_block(file, earlier->after, &first, &row, &a);

	if (r == 0)
		r = read_block(file, later->after, &second, &behind, &b);
	if (r == 0)
		r = search_block_merge(&a, &b, &packed);
	row.last = later->last;
	row.letters = earlier->letters + later->letters;
	return r < 0 ? r : search_file_write(file, &row, text_slice(&packed));
}

int
search_merge(struct search *search)
{
	/* the row before those two may be like the one that they become */
	uint64_t before = 0;
	struct search_row earlier, later;
	int r = search_file_row(search->file, search->merged, &earlier);

	for (unsigned n = 0; r > 0 && n < WALK_MOST; n++) {
		r = search_file_row(search->file, earlier.last, &later);
		if (r <= 0)
			return r;
		if (are_alike(&earlier, &later)) {
			search->merged = before;
			r = merge_rows(search->file, &earlier, &later);
			return r < 0 ? r : SEARCH_MORE;
		}
		before = search->merged;
		search->merged = earlier.last;
		earlier = later;
	}
	return r <= 0 ? r : SEARCH_MORE;
}

/* Letters of the row that are still there. */
static int
count_living(struct index *index, const struct search_row *row,
    uint64_t *count_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_SEARCH_COUNT);
	int		r;

	db_put_u64(&q, row->after);
	db_put_u64(&q, row->last);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	*count_out = db_u64(&q, 0, INT64_MAX);
	return db_row(&q);
}

/* Which places of the block those are: how many, or -errno. */
static int
mark_living(struct index *index, const struct search_row *row,
    const struct search_block *block, uint8_t set[SEARCH_SET_BYTES])
{
	uint64_t numbers[SEARCH_LETTERS_MOST];
	DB_QUERY_AUTO q = db_ask(index->db, SQL_SEARCH_LETTERS);
	size_t place = 0;
	int r, count = 0;

	search_block_numbers(block, numbers);
	db_put_u64(&q, row->after);
	db_put_u64(&q, row->last);
	while ((r = db_next(&q)) > 0) {
		uint64_t number = db_u64(&q, 0, INT64_MAX);

		while (place < block->count && numbers[place] < number)
			place++;
		if (place < block->count && numbers[place] == number) {
			set[place / 8] |= (uint8_t)(1u << place % 8);
			count++;
		}
	}
	return r < 0 ? r : count;
}

static int
sweep(struct search *search, struct index *index, uint64_t after)
{
	TEXT_AUTO bytes = TEXT_INIT(SEARCH_PACKED_MOST);
	TEXT_AUTO packed = TEXT_INIT(SEARCH_PACKED_MOST);
	uint8_t set[SEARCH_SET_BYTES] = { 0 };
	struct search_block block;
	struct search_row row;
	int r = read_block(search->file, after, &bytes, &row, &block), count;

	if (r < 0)
		return r;
	count = mark_living(index, &row, &block, set);
	if (count < 0)
		return count;
	r = search_block_keep(&block, set, &packed);
	if (r < 0)
		return r;
	row.letters = (uint64_t)count;
	search->merged = 0;
	return search_file_write(search->file, &row, text_slice(&packed));
}

int
search_sweep(struct search *search, struct index *index)
{
	struct search_row row;
	uint64_t living;
	int r = search_file_row(search->file, search->swept, &row);

	if (r <= 0) {
		search->swept = 0;
		search->looks = 0;
		return r;
	}
	search->swept = row.last;
	if (search->looks > 0)
		search->looks--;
	r = count_living(index, &row, &living);
	if (r < 0)
		return r;
	if (living * 2 >= row.letters)
		return search->looks > 0 ? SEARCH_MORE : SEARCH_DONE;
	r = sweep(search, index, row.after);
	return r < 0 ? r : SEARCH_MORE;
}
