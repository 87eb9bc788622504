/*
 * keywords.c - the words beside the flags of an entry (RFC 9051 2.3.2)
 */
#include "store/keywords.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/crc32c.h"

struct keywords {
	struct slice	*sets;		/* by number; the words are ours */
	uint32_t	*slots;		/* number of a set, 0: free */
	uint32_t	 count, room;
	uint32_t	 slot_count;	/* a power of two, twice the room */
};

static uint32_t
slot_of(const struct keywords *keywords, struct slice words)
{
	uint32_t mask = keywords->slot_count - 1;
	uint32_t at = crc32c(0, words) & mask;

	while (keywords->slots[at] != 0 &&
	    !slice_is(keywords->sets[keywords->slots[at]], words))
		at = (at + 1) & mask;
	return at;
}

static int
grow(struct keywords *keywords)
{
	uint32_t room = keywords->room == 0 ? 64 : keywords->room * 2;
	struct slice *sets;
	uint32_t *slots;

	sets = reallocarray(keywords->sets, room, sizeof(*sets));
	if (sets == NULL)
		return -ENOMEM;
	keywords->sets = sets;
	slots = calloc((size_t)room * 2, sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	free(keywords->slots);
	keywords->slots = slots;
	keywords->room = room;
	keywords->slot_count = room * 2;
	for (uint32_t n = 1; n < keywords->count; n++)
		slots[slot_of(keywords, sets[n])] = n;
	return 0;
}

struct keywords *
keywords_new(void)
{
	struct keywords *keywords = calloc(1, sizeof(*keywords));

	if (keywords == NULL)
		return NULL;
	if (grow(keywords) < 0) {
		keywords_free(keywords);
		return NULL;
	}
	keywords->sets[0] = slice_of(NULL, 0);
	keywords->count = 1;
	return keywords;
}

void
keywords_free(struct keywords *keywords)
{
	if (keywords == NULL)
		return;
	for (uint32_t n = 1; n < keywords->count; n++)
		free((void *)(uintptr_t)keywords->sets[n].at);
	free(keywords->sets);
	free(keywords->slots);
	free(keywords);
}

uint32_t
keywords_count(const struct keywords *keywords)
{
	return keywords->count;
}

int
keywords_number(struct keywords *keywords, struct slice words,
    uint32_t *number_out)
{
	uint32_t at, number;
	char *copy;

	if (words.len == 0) {
		*number_out = 0;
		return 0;
	}
	at = slot_of(keywords, words);
	if (keywords->slots[at] != 0) {
		*number_out = keywords->slots[at];
		return 0;
	}
	if (keywords->count == keywords->room) {
		if (grow(keywords) < 0)
			return -ENOMEM;
		at = slot_of(keywords, words);
	}
	copy = malloc(words.len);
	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, words.at, words.len);
	number = keywords->count++;
	keywords->sets[number] = slice_of(copy, words.len);
	keywords->slots[at] = number;
	*number_out = number;
	return 0;
}

struct slice
keywords_words(const struct keywords *keywords, uint32_t number)
{
	return number < keywords->count ? keywords->sets[number] :
	    slice_of(NULL, 0);
}

/* RFC 9051 9, flag-keyword: an atom */
static bool
is_atom(struct slice word)
{
	for (size_t i = 0; i < word.len; i++) {
		unsigned char c = (unsigned char)word.at[i];

		if (c <= 0x20 || c >= 0x7f || strchr("(){%*\"\\]", c) != NULL)
			return false;
	}
	return word.len > 0;
}

bool
keywords_are_valid(struct slice words)
{
	struct slice word;

	while (slice_word(&words, &word))
		if (!is_atom(word))
			return false;
	return true;
}

bool
keywords_have(struct slice words, struct slice word)
{
	struct slice one;

	while (slice_word(&words, &one))
		if (slice_is_nocase(one, word))
			return true;
	return false;
}

static void
add_word(struct text *text, struct slice word)
{
	if (keywords_have(text_slice(text), word))
		return;
	if (text->len > 0)
		text_add_byte(text, ' ');
	text_add(text, word);
}

void
keywords_add(struct text *text, struct slice words)
{
	struct slice word;

	while (slice_word(&words, &word))
		add_word(text, word);
}

void
keywords_add_without(struct text *text, struct slice words,
    struct slice without)
{
	struct slice word;

	while (slice_word(&words, &word))
		if (!keywords_have(without, word))
			add_word(text, word);
}
