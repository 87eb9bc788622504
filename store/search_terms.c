/*
 * search_terms.c - the words of one letter, as the search index keeps them
 *
 * A table of those that were seen: its hash has a key of this process, so that
 * nobody can write a letter whose words all fall into one place.
 */
#include "store/search_terms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/hash.h"
#include "store/search_block.h"

#define SLOTS	(2 * SEARCH_TERMS_MOST)		/* a power of two */

struct term {
	uint64_t	key;		/* its first bytes, for its order */
	uint32_t	at;		/* in `bytes` */
	uint32_t	len;
	uint32_t	hash;
};

struct search_terms {
	struct hash_key	hash_key;
	struct text	bytes;		/* of all terms, one after the other */
	struct text	run;		/* that has not ended */
	bool		is_open;
	uint32_t	count;
	struct term	terms[SEARCH_TERMS_MOST];
	uint16_t	slots[SLOTS];	/* 0: free; or a term's place + 1 */
};

_Static_assert(SEARCH_TERMS_MOST < UINT16_MAX, "a slot names every term");

struct search_terms *
search_terms_new(void)
{
	struct search_terms *terms = calloc(1, sizeof(*terms));

	if (terms == NULL)
		return NULL;
	if (hash_key_new(&terms->hash_key) < 0) {
		free(terms);
		return NULL;
	}
	terms->bytes.limit = SEARCH_TERMS_BYTES;
	terms->run.limit = 2 * SEARCH_TERM_MOST;
	return terms;
}

void
search_terms_free(struct search_terms *terms)
{
	if (terms == NULL)
		return;
	text_free(&terms->bytes);
	text_free(&terms->run);
	free(terms);
}

void
search_terms_clear(struct search_terms *terms)
{
	text_clear(&terms->bytes);
	text_clear(&terms->run);
	terms->is_open = false;
	if (terms->count > 0)
		memset(terms->slots, 0, sizeof(terms->slots));
	terms->count = 0;
}

void
search_terms_open(struct search_terms *terms)
{
	search_terms_clear(terms);
	terms->is_open = true;
}

bool
search_term_has(char byte)
{
	unsigned char c = (unsigned char)byte;

	return c >= 0x80 || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The first eight bytes, so that their order is the term's. */
static uint64_t
key_of(struct slice term)
{
	uint64_t key = 0;

	for (size_t i = 0; i < 8; i++)
		key = key << 8 | (i < term.len ?
		    (unsigned char)term.at[i] : 0);
	return key;
}

static void
keep(struct search_terms *terms, struct slice term)
{
	uint32_t hash = (uint32_t)hash_slice(&terms->hash_key, term);
	uint32_t slot = hash % SLOTS;

	for (; terms->slots[slot] != 0; slot = (slot + 1) % SLOTS) {
		const struct term *known =
		    &terms->terms[terms->slots[slot] - 1];

		if (known->hash == hash && slice_is(term, slice_of(
		    terms->bytes.at + known->at, known->len)))
			return;
	}
	if (terms->count == SEARCH_TERMS_MOST) {
		search_terms_open(terms);
		return;
	}
	terms->terms[terms->count] = (struct term){
		.key = key_of(term), .at = (uint32_t)terms->bytes.len,
		.len = (uint32_t)term.len, .hash = hash
	};
	terms->slots[slot] = (uint16_t)++terms->count;
	text_add(&terms->bytes, term);
	/* they do not fit, or memory is out: both say nothing of the letter */
	if (text_failed(&terms->bytes))
		search_terms_open(terms);
}

/* More of a run that goes on in another piece of text, or is long. */
static void
add_run(struct search_terms *terms, struct slice bytes)
{
	struct text *run = &terms->run;

	while (bytes.len > 0 && !terms->is_open) {
		size_t room = SEARCH_TERM_MOST + SEARCH_TERM_REACH - run->len;

		text_add(run, slice_first(bytes, room));
		bytes = slice_after(bytes, room);
		if (text_failed(run))
			search_terms_open(terms);
		if (run->len < SEARCH_TERM_MOST + SEARCH_TERM_REACH)
			return;
		keep(terms, slice_first(text_slice(run), SEARCH_TERM_MOST));
		text_consume(run, SEARCH_TERM_REACH);
	}
}

void
search_terms_break(struct search_terms *terms)
{
	struct slice run = text_slice(&terms->run);

	if (run.len > SEARCH_TERM_MOST) {
		keep(terms, slice_first(run, SEARCH_TERM_MOST));
		keep(terms, slice_after(run, run.len - SEARCH_TERM_MOST));
	} else if (run.len > 0) {
		keep(terms, run);
	}
	text_clear(&terms->run);
}

void
search_terms_add(struct search_terms *terms, struct slice folded)
{
	size_t at = 0, end;

	while (at < folded.len && !terms->is_open) {
		for (end = at; end < folded.len &&
		    search_term_has(folded.at[end]); end++)
			;
		if (end == folded.len || terms->run.len > 0 ||
		    end - at > SEARCH_TERM_MOST)
			add_run(terms, slice_of(folded.at + at, end - at));
		else if (end > at)
			keep(terms, slice_of(folded.at + at, end - at));
		if (end < folded.len && terms->run.len > 0)
			search_terms_break(terms);
		for (at = end; at < folded.len &&
		    !search_term_has(folded.at[at]); at++)
			;
	}
}

static int
order_terms(const void *a, const void *b, void *arg)
{
	const struct term *left = a, *right = b;
	const struct search_terms *terms = arg;

	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	return slice_order(slice_of(terms->bytes.at + left->at, left->len),
	    slice_of(terms->bytes.at + right->at, right->len));
}

int
search_terms_pack(struct search_terms *terms, uint64_t letter,
    struct text *packed)
{
	struct search_writer writer;

	search_terms_break(terms);
	qsort_r(terms->terms, terms->count, sizeof(terms->terms[0]),
	    order_terms, terms);
	/* their slots name other terms now: nothing is to be added */
	search_writer_begin(&writer);
	search_writer_letter(&writer, letter, terms->is_open);
	for (uint32_t i = 0; i < terms->count; i++)
		search_writer_term(&writer, slice_of(terms->bytes.at +
		    terms->terms[i].at, terms->terms[i].len), 0);
	search_terms_clear(terms);
	return search_writer_end(&writer, packed);
}
