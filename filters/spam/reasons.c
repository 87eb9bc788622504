/*
 * reasons.c - why a message has its score, in words
 *
 * One walk over the features of a message: each is put to the words that name
 * it, found again by their hash, and the strongest of those are told.
 */
#include "filters/spam/reasons.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS		16384		/* a power of two above FEATURES_MOST */
#define NAME_MOST	30		/* bytes of a field's name */
#define WORD_MOST	40
#define LOOK_BACK	4000		/* bytes to the name of a field */

/* A name of features, and what they add. */
struct slot {
	uint64_t	hash;		/* 0: free */
	double		weight;
	size_t		feature;	/* the first that has it */
};

/* The words that name one feature: of a field, or of no field. */
struct naming {
	struct slice	field, words;
};

static bool
is_line_start(struct slice s, size_t at)
{
	return at == 0 || s.at[at - 1] == '\n';
}

/* The name of the field that the byte at `at` is in; folded lines belong. */
static struct slice
field_of(struct slice source, size_t at)
{
	size_t least = at > LOOK_BACK ? at - LOOK_BACK : 0, n = 0;
	struct slice line;

	while (at > least && (!is_line_start(source, at) ||
	    source.at[at] == ' ' || source.at[at] == '\t'))
		at--;
	line = slice_after(source, at);
	while (n < line.len && n <= NAME_MOST && line.at[n] != ':' &&
	    (unsigned char)line.at[n] > ' ')
		n++;
	return slice_first(line, n);
}

/* The word of which the middle of a piece is, or that follows it. */
static struct slice
word_around(struct slice source, size_t at, size_t bytes)
{
	size_t from = at + bytes / 2, end = at + bytes, start = from;

	while (from < end && !spam_is_word(source.at[from]))
		from++;
	if (from == end)
		for (from = start; from > at && !spam_is_word(source.at[from]);
		    from--)
			;
	if (!spam_is_word(source.at[from]))
		return slice_of(source.at + at, bytes);
	end = from;
	while (from > 0 && start - from < WORD_MOST &&
	    spam_is_word(source.at[from - 1]))
		from--;
	while (end < source.len && end - from < WORD_MOST &&
	    spam_is_word(source.at[end]))
		end++;
	return slice_of(source.at + from, end - from);
}

static struct naming
name_of(struct slice source, struct spam_origin origin)
{
	struct slice there = slice_first(slice_after(source, origin.at),
	    origin.bytes);
	const struct slice none = slice_of(NULL, 0);

	switch ((enum spam_kind)origin.kind) {
	case SPAM_HEADER_PIECE:
		return (struct naming){ field_of(source, origin.at + 2),
		    word_around(source, origin.at, origin.bytes) };
	case SPAM_TEXT_PIECE:
		return (struct naming){ none,
		    word_around(source, origin.at, origin.bytes) };
	case SPAM_HEADER_WORD:
	case SPAM_SUBJECT_PAIR:
	case SPAM_PART_WORD:
		return (struct naming){ field_of(source, origin.at), there };
	case SPAM_TEXT_WORD:
	case SPAM_SHAPE:
	case SPAM_ALWAYS:
		break;
	}
	return (struct naming){ none, there };
}

/* FNV-1a; the letter case of a field's name does not count. */
static uint64_t
hash_name(const struct naming *naming)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < naming->field.len; i++)
		h = (h ^ ((unsigned char)naming->field.at[i] | 0x20)) *
		    UINT64_C(0x100000001b3);
	h = (h ^ 0xff) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < naming->words.len; i++)
		h = (h ^ (unsigned char)naming->words.at[i]) *
		    UINT64_C(0x100000001b3);
	return h == 0 ? 1 : h;
}

static void
add_weight(struct slot *slots, uint64_t hash, size_t feature, double weight)
{
	size_t at = hash & (SLOTS - 1);

	while (slots[at].hash != 0 && slots[at].hash != hash)
		at = (at + 1) & (SLOTS - 1);
	if (slots[at].hash == 0)
		slots[at] = (struct slot){ .hash = hash, .feature = feature };
	slots[at].weight += weight;
}

/* Bytes of the character that `s` begins with, if it is one to be shown. */
static size_t
shown(struct slice s)
{
	size_t n = 1;

	if ((unsigned char)s.at[0] < 0x80)
		return s.at[0] >= ' ' && s.at[0] != 0x7f ? 1 : 0;
	while (n < s.len && n < 4 && ((unsigned char)s.at[n] & 0xc0) == 0x80)
		n++;
	/* U+0080 to U+009F are control characters too */
	if ((unsigned char)s.at[0] == 0xc2 && n == 2 &&
	    (unsigned char)s.at[1] < 0xa0)
		return 0;
	return slice_is_utf8(slice_first(s, n)) ? n : 0;
}

/* Add what can be shown; what is cut out of a character becomes "?". */
static void
add_shown(char *to, size_t *len, struct slice s)
{
	while (s.len > 0) {
		size_t n = shown(s);

		if (*len + (n == 0 ? 1 : n) > SPAM_REASON_BYTES)
			return;
		if (n == 0)
			to[(*len)++] = '?';
		else
			memcpy(to + *len, s.at, n);
		*len += n;
		s = slice_after(s, n == 0 ? 1 : n);
	}
}

static void
write_reason(const struct naming *naming, double weight,
    struct spam_reason *reason_out)
{
	size_t len = 0;

	reason_out->weight = weight;
	add_shown(reason_out->words, &len, naming->field);
	for (size_t i = 0; i < len; i++)
		if (reason_out->words[i] >= 'A' && reason_out->words[i] <= 'Z')
			reason_out->words[i] |= 0x20;
	if (len > 0)
		add_shown(reason_out->words, &len, slice_of(": ", 2));
	add_shown(reason_out->words, &len, naming->words);
	reason_out->words[len] = '\0';
}

/* Keep the place among the strongest, if it is one of them. */
static void
keep(const struct slot **best, size_t *count, const struct slot *slot)
{
	size_t at;

	if (*count == SPAM_REASONS_MOST &&
	    fabs(best[*count - 1]->weight) >= fabs(slot->weight))
		return;
	at = *count < SPAM_REASONS_MOST ? (*count)++ : *count - 1;
	for (; at > 0 && fabs(best[at - 1]->weight) < fabs(slot->weight); at--)
		best[at] = best[at - 1];
	best[at] = slot;
}

static void
write_all(const struct spam_features *f, const struct slot **best,
    size_t count, struct spam_reason *reasons)
{
	for (size_t i = 0; i < count; i++) {
		struct naming naming = name_of(spam_features_source(f),
		    spam_features_origin(f, best[i]->feature));

		write_reason(&naming, best[i]->weight, &reasons[i]);
	}
}

int
spam_reasons_find(const struct spam_model *model,
    const struct spam_features *f, struct spam_reasons *reasons_out)
{
	return spam_reasons_find_beside(model, NULL, f, reasons_out);
}

int
spam_reasons_find_beside(const struct spam_model *model,
    const struct spam_model *beside, const struct spam_features *f,
    struct spam_reasons *reasons_out)
{
	const struct slot *spam[SPAM_REASONS_MOST];
	const struct slot *wanted[SPAM_REASONS_MOST];
	struct slot *slots = calloc(SLOTS, sizeof(*slots));
	size_t spam_count = 0, wanted_count = 0;

	if (slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < spam_features_count(f); i++) {
		struct spam_origin origin = spam_features_origin(f, i);
		struct naming naming = name_of(spam_features_source(f), origin);
		uint32_t hash = spam_features_hashes(f)[i];
		double weight = spam_model_weight(model, hash);

		if (beside != NULL)
			weight += spam_model_weight(beside, hash);
		/* the constant is no reason */
		if (origin.kind != SPAM_ALWAYS)
			add_weight(slots, hash_name(&naming), i, weight);
	}
	for (size_t i = 0; i < SLOTS; i++) {
		if (slots[i].weight > 0)
			keep(spam, &spam_count, &slots[i]);
		else if (slots[i].weight < 0)
			keep(wanted, &wanted_count, &slots[i]);
	}
	write_all(f, spam, spam_count, reasons_out->spam);
	write_all(f, wanted, wanted_count, reasons_out->wanted);
	reasons_out->spam_count = spam_count;
	reasons_out->wanted_count = wanted_count;
	free(slots);
	return 0;
}
