/*
 * find_raw.c - can a text be in bytes that nobody has decoded?
 *
 * Bytes are looked at sixteen at a time, in vectors that any compiler of ours
 * makes instructions of.
 */
#include "lib/message/find_raw.h"

#include <stdint.h>
#include <string.h>

#define LANES	16

typedef int8_t lanes __attribute__((vector_size(LANES)));

static lanes
load(const char *at)
{
	lanes v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static lanes
all_of(char c)
{
	return (lanes){ 0 } + (int8_t)c;
}

static bool
is_any(lanes v)
{
	uint64_t halves[2];

	memcpy(halves, &v, sizeof(halves));
	return (halves[0] | halves[1]) != 0;
}

static bool
is_word_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool
find_raw_word(struct slice folded, struct slice *word_out)
{
	struct slice longest = slice_of(NULL, 0);

	for (size_t i = 0, end; i < folded.len; i = end + 1) {
		for (end = i; end < folded.len && is_word_byte(folded.at[end]);
		    end++)
			;
		if (end - i > longest.len)
			longest = slice_of(folded.at + i, end - i);
	}
	if (longest.len < FIND_RAW_LEAST)
		return false;
	*word_out = longest;
	return true;
}

static bool
is_plain_byte(char c)
{
	return (c >= ' ' && (unsigned char)c < 0x80) || c == '\t' ||
	    c == '\r' || c == '\n';
}

bool
find_raw_is_plain(struct slice bytes)
{
	const lanes blank = all_of(' '), tab = all_of('\t'),
	    cr = all_of('\r'), lf = all_of('\n');
	lanes other = { 0 };
	size_t i = 0;

	/* as a signed number what is no ASCII is below the blank, too */
	for (; i + LANES <= bytes.len; i += LANES) {
		lanes v = load(bytes.at + i);

		other |= (v < blank) & (v != tab) & (v != cr) & (v != lf);
	}
	if (is_any(other))
		return false;
	for (; i < bytes.len; i++)
		if (!is_plain_byte(bytes.at[i]))
			return false;
	return true;
}

/* The word at `at`, in any case; all its bytes are there. */
static bool
stands_at(const char *at, struct slice word)
{
	for (size_t i = 0; i < word.len; i++) {
		char c = at[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - ('a' - 'A'));
		if (c != word.at[i])
			return false;
	}
	return true;
}

bool
find_raw_has(struct slice bytes, struct slice word)
{
	/* 0x20 is what makes a small letter, and every digit has it */
	const lanes small = all_of(0x20);
	size_t i = 0, behind;

	if (word.len == 0)
		return true;
	if (word.len > bytes.len)
		return false;
	behind = bytes.len - word.len + 1;	/* of where it may begin */
	for (; i + LANES <= behind; i += LANES) {
		lanes first = (load(bytes.at + i) | small) ==
		    (all_of(word.at[0]) | small);
		lanes last = (load(bytes.at + i + word.len - 1) | small) ==
		    (all_of(word.at[word.len - 1]) | small);

		if (!is_any(first & last))
			continue;
		for (size_t n = i; n < i + LANES; n++)
			if (stands_at(bytes.at + n, word))
				return true;
	}
	for (; i < behind; i++)
		if (stands_at(bytes.at + i, word))
			return true;
	return false;
}
