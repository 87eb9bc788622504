/*
 * search_block_fuzz.c - a row of the search index, whatever stands in it
 *
 * The input is taken as two letters and as a row.  Of letters: whatever is in
 * one of them is found in it, alone and after a merge.  A row is refused, or
 * asked, merged and shortened without harm.
 */
#include <assert.h>
#include <errno.h>

#include "store/search_block.h"
#include "store/search_terms.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The block of a letter whose text comes in two pieces. */
static void
add_letter(struct text *packed, uint64_t number, struct slice text)
{
	struct search_terms *terms = search_terms_new();

	assert(terms != NULL);
	search_terms_add(terms, slice_first(text, text.len / 3));
	search_terms_add(terms, slice_after(text, text.len / 3));
	assert(search_terms_pack(terms, number, packed) == 0);
	search_terms_free(terms);
}

/* Any run of it, as far as a run is sure to be in one term. */
static void
check_found(const struct search_block *block, size_t place, struct slice text)
{
	size_t at = 0, end;

	for (; at < text.len; at = end + 1) {
		uint8_t set[SEARCH_SET_BYTES] = { 0 };

		for (end = at; end < text.len &&
		    end - at < SEARCH_TERM_REACH &&
		    search_term_has(text.at[end]); end++)
			;
		if (end == at)
			continue;
		assert(search_block_find(block, slice_of(text.at + at,
		    end - at), set) == 0);
		search_block_add_open(block, set);
		assert((set[place / 8] >> place % 8 & 1) != 0);
	}
}

static void
check_letters(struct slice first, struct slice second)
{
	TEXT_AUTO one = TEXT_INIT(SEARCH_PACKED_MOST);
	TEXT_AUTO two = TEXT_INIT(SEARCH_PACKED_MOST);
	TEXT_AUTO both = TEXT_INIT(SEARCH_PACKED_MOST);
	TEXT_AUTO kept = TEXT_INIT(SEARCH_PACKED_MOST);
	struct search_block a, b, ab;
	uint8_t keep = 2;

	add_letter(&one, 1, first);
	add_letter(&two, 900, second);
	assert(search_block_open(text_slice(&one), &a) == 0);
	assert(search_block_open(text_slice(&two), &b) == 0);
	assert(search_block_merge(&a, &b, &both) == 0);
	assert(search_block_open(text_slice(&both), &ab) == 0);
	check_found(&a, 0, first);
	check_found(&ab, 0, first);
	check_found(&ab, 1, second);
	assert(search_block_keep(&ab, &keep, &kept) == 0);
	assert(slice_is(text_slice(&kept), text_slice(&two)));
}

static void
check_row(struct slice row)
{
	TEXT_AUTO out = TEXT_INIT(SEARCH_PACKED_MOST);
	uint64_t numbers[SEARCH_LETTERS_MOST];
	uint8_t set[SEARCH_SET_BYTES] = { 0 };
	struct search_block block;

	if (search_block_open(row, &block) < 0)
		return;
	search_block_numbers(&block, numbers);
	for (size_t i = 1; i < block.count; i++)
		assert(numbers[i] > numbers[i - 1]);
	(void)search_block_find(&block, slice_first(block.terms, 3), set);
	search_block_add_open(&block, set);
	(void)search_block_keep(&block, set, &out);
	text_clear(&out);
	(void)search_block_merge(&block, &block, &out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct slice input = slice_of(bytes, len);

	check_row(input);
	check_letters(slice_first(input, len / 2), slice_after(input,
	    len / 2));
	return 0;
}
