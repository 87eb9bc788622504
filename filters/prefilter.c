/*
 * prefilter.c - which patterns can match a text at all, found before they run
 *
 * The table has a row per state and a column per byte that occurs in a word;
 * all other bytes share column 0, which leads back to the start.  A row is
 * known by where it begins in the table.  Shapes are looked for in blocks of as
 * many as the processor has in hand at once; in what follows they are words.
 */
#include "filters/prefilter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filters/literals.h"
#include "filters/shapes.h"

#define LONGS	4			/* of a block */
#define PLACES	(LONGS * 64)
#define SURE	4			/* bytes of a word that chooses well */
#define HIT	0x80000000u	/* in the table: a word ends here */

/* Beside the row: what ends in this state. */
struct state {
	uint32_t	fail;	/* longest proper suffix that is a state */
	uint32_t	word;	/* 1 + number of the word ending here; or 0 */
	uint32_t	also;	/* the next state by way of `fail` with one */
};

/*
 * Shapes one behind the other, a bit for each place: set as long as the text
 * before has been what they begin with.
 */
struct block {
	uint64_t	first[LONGS];	/* the places where shapes begin */
	uint64_t	last[LONGS];	/* and end */
	uint64_t	fits[256][LONGS]; /* by first byte: it may stand there */
	uint32_t	word[PLACES];	/* of the shape that ends there */
};

struct prefilter {
	uint8_t		 columns[256];	/* of a byte, letters folded */
	uint32_t	 width;		/* columns */
	uint32_t	*table;
	struct state	*states;
	uint32_t	 state_count;
	uint32_t	 word_count;
	struct block	*blocks;
	unsigned	 place_count;	/* in all of them */
	/* of pattern p: words[first[p]] up to words[first[p + 1]] */
	uint32_t	*words;
	size_t		*first;
};

struct build {
	struct prefilter	*p;
	struct literals		*sets;	/* of each pattern */
	struct shapes		*shapes; /* of those whose set is poor */
	size_t			 count;
};

/* Give each byte that occurs in a word its column. */
static void
number_columns(struct build *b)
{
	struct prefilter *p = b->p;

	p->width = 1;
	for (size_t i = 0; i < b->count; i++)
		for (size_t j = 0; j < b->sets[i].count; j++) {
			const struct literal *l = &b->sets[i].each[j];

			for (size_t k = 0; k < l->len; k++) {
				uint8_t c = (uint8_t)l->bytes[k];

				if (p->columns[c] == 0)
					p->columns[c] = (uint8_t)p->width++;
			}
		}
	for (unsigned c = 'a'; c <= 'z'; c++)
		p->columns[c & ~0x20u] = p->columns[c];
}

/* Walk or build the way of a word; the state where it ends. */
static uint32_t
add_word(struct prefilter *p, const struct literal *l)
{
	uint32_t at = 0;

	for (size_t k = 0; k < l->len; k++) {
		uint32_t *next = &p->table[at * p->width +
		    p->columns[(uint8_t)l->bytes[k]]];

		if (*next == 0)
			*next = p->state_count++;
		at = *next;
	}
	return at;
}

static bool
has_room(const struct prefilter *p, const struct literals *set)
{
	size_t bytes = 0;

	for (size_t i = 0; i < set->count; i++)
		bytes += set->each[i].len;
	return p->state_count + bytes <= PREFILTER_STATES_MOST;
}

/* None of its places in another long than the others. */
static unsigned
place_for(const struct prefilter *p, const struct shape *shape)
{
	unsigned left = 64 - p->place_count % 64;

	return p->place_count + (shape->len > left ? left : 0);
}

static void
add_shape(struct prefilter *p, const struct shape *shape, uint32_t word)
{
	unsigned at = place_for(p, shape);
	struct block *block = &p->blocks[at / PLACES];
	unsigned place = at % PLACES;

	block->first[place / 64] |= (uint64_t)1 << place % 64;
	for (unsigned i = 0; i < shape->len; i++, place++)
		for (unsigned c = 0; c < 256; c++)
			if (shape_set_has(&shape->places[i],
			    (unsigned char)c))
				block->fits[c][place / 64] |=
				    (uint64_t)1 << place % 64;
	place--;
	block->last[place / 64] |= (uint64_t)1 << place % 64;
	block->word[place] = word;
	p->place_count = at + shape->len;
}

/* Those of pattern `i`, behind the `n` words before; how many words then. */
static size_t
add_shapes(struct build *b, size_t i, size_t n)
{
	struct prefilter *p = b->p;
	const struct shapes *shapes = &b->shapes[i];

	/* at its worst each begins a long */
	if (p->place_count + 64 * (shapes->count + 1) > PREFILTER_PLACES_MOST)
		return n;
	for (size_t j = 0; j < shapes->count; j++) {
		add_shape(p, &shapes->each[j], p->word_count);
		p->words[n++] = p->word_count++;
	}
	return n;
}

static void
add_words(struct build *b)
{
	struct prefilter *p = b->p;
	size_t n = 0;

	p->state_count = 1;
	for (size_t i = 0; i < b->count; i++) {
		p->first[i] = n;
		for (size_t j = 0; has_room(p, &b->sets[i]) &&
		    j < b->sets[i].count; j++) {
			struct state *s = &p->states[add_word(p,
			    &b->sets[i].each[j])];

			if (s->word == 0)
				s->word = ++p->word_count;
			p->words[n++] = s->word - 1;
		}
		n = add_shapes(b, i, n);
	}
	p->first[b->count] = n;
}

/*
 * In the order of their depth: where a state goes on a byte it has no way for,
 * and what else ends in it.
 */
static void
add_ways(struct prefilter *p, uint32_t *queue)
{
	uint32_t head = 0, tail = 0;

	queue[tail++] = 0;
	while (head < tail) {
		uint32_t at = queue[head++], fail = p->states[at].fail;

		for (uint32_t c = 1; c < p->width; c++) {
			uint32_t *next = &p->table[at * p->width + c];
			uint32_t other = at == 0 ? 0 :
			    p->table[fail * p->width + c];
			struct state *s = &p->states[*next];

			/* 0 is "no way yet": no way leads to the start */
			if (*next == 0) {
				*next = other;
				continue;
			}
			s->fail = other;
			s->also = p->states[other].word != 0 ? other :
			    p->states[other].also;
			queue[tail++] = *next;
		}
	}
}

/* From numbers of states to places in the table. */
static void
finish_table(struct prefilter *p)
{
	size_t cells = (size_t)p->state_count * p->width;

	for (size_t i = 0; i < cells; i++) {
		const struct state *s = &p->states[p->table[i]];

		p->table[i] = p->table[i] * p->width |
		    (s->word != 0 || s->also != 0 ? HIT : 0);
	}
}

static size_t
words_total(const struct build *b, size_t *bytes_out)
{
	size_t words = 0, bytes = 0;

	for (size_t i = 0; i < b->count; i++) {
		words += b->shapes[i].count;
		for (size_t j = 0; j < b->sets[i].count; j++) {
			words++;
			bytes += b->sets[i].each[j].len;
		}
	}
	*bytes_out = bytes;
	return words;
}

static int
build(struct build *b)
{
	struct prefilter *p = b->p;
	size_t bytes, words = words_total(b, &bytes), states;
	uint32_t *queue;

	states = bytes < PREFILTER_STATES_MOST ? bytes + 1 :
	    PREFILTER_STATES_MOST + 1;
	number_columns(b);
	p->table = calloc(states * p->width, sizeof(*p->table));
	p->states = calloc(states, sizeof(*p->states));
	p->words = calloc(words + 1, sizeof(*p->words));
	p->first = calloc(b->count + 1, sizeof(*p->first));
	p->blocks = calloc(PREFILTER_PLACES_MOST / PLACES,
	    sizeof(*p->blocks));
	queue = calloc(states, sizeof(*queue));
	if (p->table == NULL || p->states == NULL || p->words == NULL ||
	    p->first == NULL || p->blocks == NULL || queue == NULL) {
		free(queue);
		return -ENOMEM;
	}
	add_words(b);
	add_ways(p, queue);
	finish_table(p);
	free(queue);
	return 0;
}

static bool
chooses_well(const struct literals *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->each[i].len < SURE)
			return false;
	return set->count > 0;
}

/* What a pattern needs: words, or where these are short or none, shapes. */
static void
read_needs(struct build *b, size_t i, const struct prefilter_pattern *pattern)
{
	literals_read(pattern->source, pattern->flags, &b->sets[i]);
	if (chooses_well(&b->sets[i]))
		return;
	shapes_read(pattern->source, pattern->flags, &b->shapes[i]);
	if (b->shapes[i].count > 0)
		b->sets[i].count = 0;
}

int
prefilter_new(const struct prefilter_pattern *patterns, size_t count,
    struct prefilter **prefilter_out)
{
	struct build b = { .count = count };
	int r = -ENOMEM;

	b.p = calloc(1, sizeof(*b.p));
	b.sets = calloc(count + 1, sizeof(*b.sets));
	b.shapes = calloc(count + 1, sizeof(*b.shapes));
	if (b.p != NULL && b.sets != NULL && b.shapes != NULL) {
		for (size_t i = 0; i < count; i++)
			read_needs(&b, i, &patterns[i]);
		r = build(&b);
	}
	free(b.shapes);
	free(b.sets);
	if (r < 0)
		prefilter_free(b.p);
	else
		*prefilter_out = b.p;
	return r;
}

void
prefilter_free(struct prefilter *p)
{
	if (p == NULL)
		return;
	free(p->table);
	free(p->states);
	free(p->words);
	free(p->first);
	free(p->blocks);
	free(p);
}

size_t
prefilter_seen_longs(const struct prefilter *p)
{
	return p->word_count / 64 + 1;
}

/* All words that end in the state whose row is `row`. */
static void
note(const struct prefilter *p, uint32_t row, uint64_t *seen)
{
	/* as many as a word has bytes, at most */
	for (uint32_t at = row / p->width; at != 0; at = p->states[at].also) {
		uint32_t word = p->states[at].word;

		if (word != 0)
			seen[(word - 1) / 64] |= (uint64_t)1 << (word - 1) % 64;
	}
}

/*
 * The column of the character at `at`, whose first byte is not ASCII; *len_out
 * is its bytes, if it is one of the two that Unicode folds into ASCII.
 */
static uint8_t
fold(const struct prefilter *p, const unsigned char *at, size_t left,
    size_t *len_out)
{
	*len_out = 1;
	if (left >= 2 && memcmp(at, "\xc5\xbf", 2) == 0) {
		*len_out = 2;		/* U+017F, long s */
		return p->columns['s'];
	}
	if (left >= 3 && memcmp(at, "\xe2\x84\xaa", 3) == 0) {
		*len_out = 3;		/* U+212A, kelvin sign */
		return p->columns['k'];
	}
	return 0;
}

/* Look for the shapes of one block; the places where one ended. */
static void
scan_block(const struct block *block, struct slice text,
    uint64_t ended_out[LONGS])
{
	uint64_t at[LONGS] = { 0 }, ended[LONGS] = { 0 };

	/* shapes.h: as if there were a line end at both ends of it */
	for (unsigned k = 0; k < LONGS; k++)
		at[k] = block->first[k] & block->fits['\n'][k];
	for (size_t i = 0; i <= text.len; i++) {
		unsigned char c = i == text.len ? '\n' :
		    (unsigned char)text.at[i];
		const uint64_t *fits = block->fits[c];

		/* the rest of a character */
		if (c >= 0x80 && c < 0xc0)
			continue;
		for (unsigned k = 0; k < LONGS; k++) {
			at[k] = (at[k] << 1 | block->first[k]) & fits[k];
			ended[k] |= at[k];
		}
	}
	for (unsigned k = 0; k < LONGS; k++)
		ended_out[k] = ended[k] & block->last[k];
}

static void
scan_shapes(const struct prefilter *p, struct slice text, uint64_t *seen)
{
	for (unsigned b = 0; b * PLACES < p->place_count; b++) {
		const struct block *block = &p->blocks[b];
		uint64_t ended[LONGS];

		scan_block(block, text, ended);
		for (unsigned i = 0; i < PLACES; i++)
			if ((ended[i / 64] >> i % 64 & 1) != 0)
				seen[block->word[i] / 64] |=
				    (uint64_t)1 << block->word[i] % 64;
	}
}

static void
scan_words(const struct prefilter *p, struct slice text, uint64_t *seen)
{
	const unsigned char *s = (const unsigned char *)text.at;
	uint32_t row = 0;
	size_t len;

	for (size_t i = 0; i < text.len; i += len) {
		uint8_t column = p->columns[s[i]];
		uint32_t cell;

		len = 1;
		if (s[i] >= 0x80)
			column = fold(p, s + i, text.len - i, &len);
		cell = p->table[row + column];
		row = cell & ~HIT;
		if (cell & HIT)
			note(p, row, seen);
	}
}

void
prefilter_scan(const struct prefilter *p, struct slice text, uint64_t *seen)
{
	/* a table of the start alone sees nothing */
	if (p->state_count > 1)
		scan_words(p, text, seen);
	scan_shapes(p, text, seen);
}

bool
prefilter_always(const struct prefilter *p, size_t pattern)
{
	return p->first[pattern] == p->first[pattern + 1];
}

bool
prefilter_chooses(const struct prefilter *p, size_t pattern,
    const uint64_t *seen)
{
	if (prefilter_always(p, pattern))
		return true;
	for (size_t i = p->first[pattern]; i < p->first[pattern + 1]; i++)
		if (seen[p->words[i] / 64] >> p->words[i] % 64 & 1)
			return true;
	return false;
}
