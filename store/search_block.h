/*
 * search_block.h - the words of some letters: one row of the search index
 *
 * A block lists its letters by number, ascending, then every term that one of
 * them has, in order, then for each term which letters those are.  The terms
 * stand one behind the other with a NUL before, between and behind, so that one
 * search for bytes finds a fragment in any term, and with a NUL at an end of the
 * fragment, terms that begin or end with it.
 *
 * An open letter may have any term: it is in every answer.
 *
 * A block is read like a peer's bytes: whatever stands in it, nothing is read
 * beyond its end, and -EUCLEAN says that it is none.
 */
#ifndef POSTROOM_STORE_SEARCH_BLOCK_H
#define POSTROOM_STORE_SEARCH_BLOCK_H

#include "lib/base/pack.h"

/* What a block may be: read, merged and written within some 5 ms each. */
#define SEARCH_LETTERS_MOST	2048
#define SEARCH_BLOCK_MOST	(768 * 1024)	/* bytes, of one that is merged */
/* Bytes of any: what is put together in memory may be somewhat more. */
#define SEARCH_PACKED_MOST	(2 * 1024 * 1024)

/* A block that is read; its bytes must outlive it.  Private. */
struct search_block {
	size_t		count;		/* letters */
	struct slice	numbers;	/* varints: the first, then steps */
	struct slice	open;		/* a bit for each letter */
	struct slice	terms;
	struct slice	places;		/* per term; see search_block.c */
};

/* 0 or -EUCLEAN. */
int	search_block_open(struct slice packed, struct search_block *block_out);
/* The numbers of its letters, in an array of block->count. */
void	search_block_numbers(const struct search_block *, uint64_t *numbers);

/* Bytes of a set of the letters of one block. */
#define SEARCH_SET_BYTES	(SEARCH_LETTERS_MOST / 8)
/*
 * Add to `set` the letters that have a term with `fragment` in it, which begins
 * with a NUL if the term must begin with it, and ends with one if it must end
 * with it.  0 or -EUCLEAN.
 */
int	search_block_find(const struct search_block *, struct slice fragment,
	    uint8_t *set);
/* Add its open letters. */
void	search_block_add_open(const struct search_block *, uint8_t *set);

/*
 * Add the block of the letters of both; those of `later` have higher numbers.
 * 0, -EUCLEAN or -ENOMEM.
 */
int	search_block_merge(const struct search_block *earlier,
	    const struct search_block *later, struct text *packed);
/* Add the block of its letters in `set` alone.  0, -EUCLEAN or -ENOMEM. */
int	search_block_keep(const struct search_block *, const uint8_t *set,
	    struct text *packed);

/* A block that is made: letters in order, then terms in order. */
struct search_writer {
	size_t		count;
	uint64_t	last;		/* number added */
	struct text	numbers, open, terms, places;
	struct text	scratch;
};
void	search_writer_begin(struct search_writer *);
void	search_writer_letter(struct search_writer *, uint64_t number,
	    bool is_open);
/* A term that one letter has: that at place `letter` of those added. */
void	search_writer_term(struct search_writer *, struct slice term,
	    unsigned letter);
/* Add the block and give the memory back.  0, or -ENOMEM. */
int	search_writer_end(struct search_writer *, struct text *packed);

#endif
