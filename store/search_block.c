/*
 * search_block.c - the words of some letters: one row of the search index
 *
 * Which letters have a term is one number for most: twice the letter's place,
 * and one.  For others it is twice the count of bytes that follow: the first
 * place and the steps to each next one.
 */
#include "store/search_block.h"

#include <errno.h>
#include <string.h>

#define HEADER_BYTES	16
#define PLACES_MOST	(2 * SEARCH_LETTERS_MOST)	/* bytes of one term */

/* Reading */

/* Numbers that ascend, as many as there are letters, and no more. */
static bool
numbers_are_good(struct slice numbers, size_t count)
{
	struct unpack u = unpack_of(numbers);
	uint64_t number = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t step = unpack_varint(&u);

		if (step == 0 || step > (uint64_t)INT64_MAX - number)
			return false;
		number += step;
	}
	return unpack_is_done(&u);
}

int
search_block_open(struct slice packed, struct search_block *block_out)
{
	struct unpack u = unpack_of(packed);
	struct search_block block;
	uint32_t numbers, terms, places;

	block.count = unpack_u32(&u);
	numbers = unpack_u32(&u);
	terms = unpack_u32(&u);
	places = unpack_u32(&u);
	if (block.count > SEARCH_LETTERS_MOST)
		return -EUCLEAN;
	block.numbers = unpack_bytes(&u, numbers);
	block.open = unpack_bytes(&u, (block.count + 7) / 8);
	block.terms = unpack_bytes(&u, terms);
	block.places = unpack_bytes(&u, places);
	if (!unpack_is_done(&u) || terms == 0 ||
	    block.terms.at[0] != '\0' || block.terms.at[terms - 1] != '\0' ||
	    !numbers_are_good(block.numbers, block.count))
		return -EUCLEAN;
	*block_out = block;
	return 0;
}

void
search_block_numbers(const struct search_block *block, uint64_t *numbers)
{
	struct unpack u = unpack_of(block->numbers);
	uint64_t number = 0;

	for (size_t i = 0; i < block->count; i++)
		numbers[i] = number += unpack_varint(&u);
}

/* A walk over the terms. */
struct walk {
	const struct search_block *block;
	size_t		at;		/* where the term begins, in terms */
	struct unpack	places;		/* of the terms behind it */
	struct slice	term;
	uint64_t	first;		/* of its places, as it is written */
	struct slice	rest;
};

static struct walk
walk_begin(const struct search_block *block)
{
	return (struct walk){
		.block = block, .places = unpack_of(block->places)
	};
}

/* The next term: 1, 0 at the end, or -EUCLEAN. */
static int
walk_next(struct walk *walk)
{
	struct slice rest = slice_after(walk->block->terms, walk->at + 1);
	const char *end;

	if (rest.len == 0)
		return unpack_is_done(&walk->places) ? 0 : -EUCLEAN;
	end = memchr(rest.at, '\0', rest.len);	/* the last byte is one */
	walk->term = slice_of(rest.at, (size_t)(end - rest.at));
	walk->at += 1 + walk->term.len;
	walk->first = unpack_varint(&walk->places);
	walk->rest = slice_of(NULL, 0);
	if ((walk->first & 1) == 0) {
		if (walk->first / 2 > PLACES_MOST)
			return -EUCLEAN;
		walk->rest = unpack_bytes(&walk->places,
		    (size_t)walk->first / 2);
	}
	return walk->places.bad ? -EUCLEAN : 1;
}

/* The places of the term at hand, ascending: their count, or -EUCLEAN. */
static int
walk_places(const struct walk *walk, uint16_t places[SEARCH_LETTERS_MOST])
{
	struct unpack u = unpack_of(walk->rest);
	uint64_t place = walk->first / 2;
	int count = 0;

	if ((walk->first & 1) != 0) {
		if (place >= walk->block->count)
			return -EUCLEAN;
		places[0] = (uint16_t)place;
		return 1;
	}
	place = 0;
	while (u.rest.len > 0) {
		uint64_t step = unpack_varint(&u);

		if (u.bad || step >= walk->block->count ||
		    (step == 0 && count > 0) ||
		    place + step >= walk->block->count)
			return -EUCLEAN;
		place += step;
		places[count++] = (uint16_t)place;
	}
	return count;
}

static void
set_add(uint8_t *set, size_t place)
{
	set[place / 8] |= (uint8_t)(1u << place % 8);
}

static bool
set_has(const uint8_t *set, size_t place)
{
	return (set[place / 8] >> place % 8 & 1) != 0;
}

static int
add_places(const struct walk *walk, uint8_t *set)
{
	uint16_t places[SEARCH_LETTERS_MOST];
	int count = walk_places(walk, places);

	for (int i = 0; i < count; i++)
		set_add(set, places[i]);
	return count < 0 ? count : 0;
}

int
search_block_find(const struct search_block *block, struct slice fragment,
    uint8_t *set)
{
	struct walk walk = walk_begin(block);
	const char *terms = block->terms.at, *hit;
	size_t inside, from = 0;
	int r = 1;

	while (r >= 0 && from < block->terms.len) {
		hit = memmem(terms + from, block->terms.len - from,
		    fragment.at, fragment.len);
		if (hit == NULL)
			return 0;
		/* a byte of the term that it was found in */
		inside = (size_t)(hit - terms) + (fragment.at[0] == '\0');
		while (r > 0 && walk.at <= inside)
			r = walk_next(&walk);
		if (r <= 0)
			return r;
		r = add_places(&walk, set);
		from = walk.at;		/* the NUL behind the term */
		if (r == 0)
			r = 1;
	}
	return r < 0 ? r : 0;
}

void
search_block_add_open(const struct search_block *block, uint8_t *set)
{
	for (size_t i = 0; i < block->open.len; i++)
		set[i] |= (uint8_t)block->open.at[i];
}

/* Making */

void
search_writer_begin(struct search_writer *writer)
{
	*writer = (struct search_writer){
		.numbers = TEXT_INIT(10 * SEARCH_LETTERS_MOST),
		.open = TEXT_INIT(SEARCH_SET_BYTES),
		.terms = TEXT_INIT(SEARCH_PACKED_MOST),
		.places = TEXT_INIT(SEARCH_PACKED_MOST),
		.scratch = TEXT_INIT(PLACES_MOST),
	};
	text_add_byte(&writer->terms, '\0');
}

void
search_writer_letter(struct search_writer *writer, uint64_t number,
    bool is_open)
{
	size_t place = writer->count++;

	pack_varint(&writer->numbers, number - writer->last);
	writer->last = number;
	if (place % 8 == 0)
		text_add_byte(&writer->open, '\0');
	if (is_open && !text_failed(&writer->open))
		set_add((uint8_t *)writer->open.at, place);
}

static void
add_term(struct search_writer *writer, struct slice term)
{
	text_add(&writer->terms, term);
	text_add_byte(&writer->terms, '\0');
}

void
search_writer_term(struct search_writer *writer, struct slice term,
    unsigned letter)
{
	add_term(writer, term);
	pack_varint(&writer->places, (uint64_t)letter << 1 | 1);
}

/* The term, and all letters that have it. */
static void
write_term(struct search_writer *writer, struct slice term,
    const uint16_t *places, int count)
{
	if (count == 1) {
		search_writer_term(writer, term, places[0]);
		return;
	}
	add_term(writer, term);
	text_clear(&writer->scratch);
	for (int i = 0; i < count; i++)
		pack_varint(&writer->scratch, (uint64_t)(places[i] -
		    (i == 0 ? 0 : places[i - 1])));
	pack_varint(&writer->places, (uint64_t)writer->scratch.len << 1);
	text_add(&writer->places, text_slice(&writer->scratch));
}

int
search_writer_end(struct search_writer *writer, struct text *packed)
{
	bool failed = text_failed(&writer->numbers) ||
	    text_failed(&writer->open) || text_failed(&writer->terms) ||
	    text_failed(&writer->places) || text_failed(&writer->scratch);

	pack_u32(packed, (uint32_t)writer->count);
	pack_u32(packed, (uint32_t)writer->numbers.len);
	pack_u32(packed, (uint32_t)writer->terms.len);
	pack_u32(packed, (uint32_t)writer->places.len);
	pack_bytes(packed, text_slice(&writer->numbers));
	pack_bytes(packed, text_slice(&writer->open));
	pack_bytes(packed, text_slice(&writer->terms));
	pack_bytes(packed, text_slice(&writer->places));
	text_free(&writer->numbers);
	text_free(&writer->open);
	text_free(&writer->terms);
	text_free(&writer->places);
	text_free(&writer->scratch);
	return failed || text_failed(packed) ? -ENOMEM : 0;
}

/* Letters of `block`; those in `set` alone, unless that is NULL. */
static void
write_letters(struct search_writer *writer, const struct search_block *block,
    const uint8_t *set)
{
	struct unpack u = unpack_of(block->numbers);
	const uint8_t *open = (const uint8_t *)block->open.at;
	uint64_t number = 0;

	for (size_t i = 0; i < block->count; i++) {
		number += unpack_varint(&u);
		if (set == NULL || set_has(set, i))
			search_writer_letter(writer, number,
			    set_has(open, i));
	}
}

/* The term at hand of `walk`, whose letters stand `base` further on. */
static int
copy_term(struct search_writer *writer, const struct walk *walk, size_t base)
{
	uint16_t places[SEARCH_LETTERS_MOST];
	int count = walk_places(walk, places);

	if (count < 0)
		return count;
	for (int i = 0; i < count; i++)
		places[i] = (uint16_t)(places[i] + base);
	write_term(writer, walk->term, places, count);
	return 0;
}

/* The term that both have. */
static int
join_term(struct search_writer *writer, const struct walk *earlier,
    const struct walk *later)
{
	uint16_t places[2 * SEARCH_LETTERS_MOST];
	int count = walk_places(earlier, places), more;

	if (count < 0)
		return count;
	more = walk_places(later, &places[count]);
	if (more < 0)
		return more;
	for (int i = count; i < count + more; i++)
		places[i] = (uint16_t)(places[i] + earlier->block->count);
	write_term(writer, earlier->term, places, count + more);
	return 0;
}

static int
merge_terms(struct search_writer *writer, const struct search_block *earlier,
    const struct search_block *later)
{
	struct walk a = walk_begin(earlier), b = walk_begin(later);
	int has_a = walk_next(&a), has_b = walk_next(&b), order, r = 0;

	while (r == 0 && has_a >= 0 && has_b >= 0 && has_a + has_b > 0) {
		order = has_a == 0 ? 1 : has_b == 0 ? -1 :
		    slice_order(a.term, b.term);
		if (order == 0)
			r = join_term(writer, &a, &b);
		else
			r = order < 0 ? copy_term(writer, &a, 0) :
			    copy_term(writer, &b, earlier->count);
		if (order <= 0)
			has_a = walk_next(&a);
		if (order >= 0)
			has_b = walk_next(&b);
	}
	return r < 0 ? r : has_a < 0 || has_b < 0 ? -EUCLEAN : 0;
}

int
search_block_merge(const struct search_block *earlier,
    const struct search_block *later, struct text *packed)
{
	struct search_writer writer;
	int r, ended;

	if (earlier->count + later->count > SEARCH_LETTERS_MOST)
		return -EUCLEAN;
	search_writer_begin(&writer);
	write_letters(&writer, earlier, NULL);
	write_letters(&writer, later, NULL);
	r = merge_terms(&writer, earlier, later);
	ended = search_writer_end(&writer, packed);
	return r < 0 ? r : ended;
}

/* The term at hand, of the letters that stay: those have other places. */
static int
keep_term(struct search_writer *writer, const struct walk *walk,
    const uint8_t *set, const uint16_t *moved)
{
	uint16_t places[SEARCH_LETTERS_MOST];
	int count = walk_places(walk, places), kept = 0;

	if (count < 0)
		return count;
	for (int i = 0; i < count; i++)
		if (set_has(set, places[i]))
			places[kept++] = moved[places[i]];
	if (kept > 0)
		write_term(writer, walk->term, places, kept);
	return 0;
}

int
search_block_keep(const struct search_block *block, const uint8_t *set,
    struct text *packed)
{
	uint16_t moved[SEARCH_LETTERS_MOST], kept = 0;
	struct walk walk = walk_begin(block);
	struct search_writer writer;
	int r, ended;

	for (size_t i = 0; i < block->count; i++)
		moved[i] = set_has(set, i) ? kept++ : 0;
	search_writer_begin(&writer);
	write_letters(&writer, block, set);
	while ((r = walk_next(&walk)) > 0) {
		r = keep_term(&writer, &walk, set, moved);
		if (r < 0)
			break;
	}
	ended = search_writer_end(&writer, packed);
	return r < 0 ? r : ended;
}
