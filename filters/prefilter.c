/*
 * prefilter.c - which patterns can match a text at all, found in one pass
 *
 * The table has a row per state and a column per byte that occurs in a word;
 * all other bytes share column 0, which leads back to the start.  A row is
 * known by where it begins in the table.
 */
#include "filters/prefilter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filters/literals.h"

#define HIT	0x80000000u	/* in the table: a word ends here */

/* Beside the row: what ends in this state. */
struct state {
	uint32_t	fail;	/* longest proper suffix that is a state */
	uint32_t	word;	/* 1 + number of the word ending here; or 0 */
	uint32_t	also;	/* the next state by way of `fail` with one */
};

struct prefilter {
	uint8_t		 columns[256];	/* of a byte, letters folded */
	uint32_t	 width;		/* columns */
	uint32_t	*table;
	struct state	*states;
	uint32_t	 state_count;
	uint32_t	 word_count;
	/* of pattern p: words[first[p]] up to words[first[p + 1]] */
	uint32_t	*words;
	size_t		*first;
};

struct build {
	struct prefilter	*p;
	struct literals		*sets;	/* of each pattern */
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

	for (size_t i = 0; i < b->count; i++)
		for (size_t j = 0; j < b->sets[i].count; j++) {
			words++;
			bytes += b->sets[i].each[j].len;
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
	queue = calloc(states, sizeof(*queue));
	if (p->table == NULL || p->states == NULL || p->words == NULL ||
	    p->first == NULL || queue == NULL) {
		free(queue);
		return -ENOMEM;
	}
	add_words(b);
	add_ways(p, queue);
	finish_table(p);
	free(queue);
	return 0;
}

int
prefilter_new(const struct prefilter_pattern *patterns, size_t count,
    struct prefilter **prefilter_out)
{
	struct build b = { .count = count };
	int r = -ENOMEM;

	b.p = calloc(1, sizeof(*b.p));
	b.sets = calloc(count + 1, sizeof(*b.sets));
	if (b.p != NULL && b.sets != NULL) {
		for (size_t i = 0; i < count; i++)
			literals_read(patterns[i].source, patterns[i].flags,
			    &b.sets[i]);
		r = build(&b);
	}
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

void
prefilter_scan(const struct prefilter *p, struct slice text, uint64_t *seen)
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
