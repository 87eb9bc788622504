/*
 * dot_fuzz.c - a message is the same however its bytes are cut
 *
 * The first byte is the size of the segments, the second says how to read:
 * 1 chunks, 2 normalising.  What comes out is held against a reader that has
 * everything at once, searches CRLF.CRLF, and takes dots out behind CRLF.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/dot.h"
#include "lib/base/text.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
require(bool truth)
{
	if (!truth)
		abort();
}

struct result {
	struct text	text;
	unsigned	breaches;
	bool		ended;
	size_t		used;
};

/* Add byte `i` of `s` as it comes out, which depends on its neighbours. */
static void
naive_byte(struct result *result, struct slice s, size_t i, bool mends)
{
	char c = s.at[i];
	bool lf_follows = i + 1 < s.len && s.at[i + 1] == '\n';
	bool cr_before = i > 0 && s.at[i - 1] == '\r';

	if (c == '\0') {
		result->breaches |= DOT_NUL;
		text_add_byte(&result->text, mends ? '\x80' : c);
	} else if (c == '\r' && i + 1 < s.len && !lf_follows) {
		result->breaches |= DOT_BARE_CR;
		text_add_str(&result->text, mends ? "\r\n" : "\r");
	} else if (c == '\n' && !cr_before) {
		result->breaches |= DOT_BARE_LF;
		text_add_str(&result->text, mends ? "\r\n" : "\n");
	} else
		text_add_byte(&result->text, c);
}

/* `s` is the message behind a CRLF, so that its first line is like any. */
static void
naive(struct result *result, struct slice s, bool counts, bool mends)
{
	size_t end = counts ? SIZE_MAX : slice_find_str(s, "\r\n.\r\n");
	size_t stop = end == SIZE_MAX ? s.len : end + 2;

	result->ended = end != SIZE_MAX;
	result->used = result->ended ? end + 3 : s.len - 2;
	/* what may yet become the end is held back */
	if (!result->ended && !counts && slice_has_suffix(s, "\r\n.\r"))
		stop -= 2;
	s = slice_first(s, stop);
	for (size_t i = 2; i < s.len; i++)
		if (counts || s.at[i] != '.' || s.at[i - 1] != '\n' ||
		    s.at[i - 2] != '\r')
			naive_byte(result, s, i, mends);
}

static void
real(struct result *result, struct slice s, size_t step, bool counts,
    bool mends)
{
	struct dot_reader dot = dot_reader_of(counts, mends);
	enum dot_is is = DOT_MORE;

	while (s.len > 0 && is != DOT_END) {
		size_t len = step < s.len ? step : s.len;
		char *bytes = malloc(len);
		struct slice input = { bytes, len }, run;

		require(bytes != NULL);
		memcpy(bytes, s.at, len);
		while ((is = dot_take(&dot, &input, &run)) == DOT_RUN) {
			require(run.len > 0);
			text_add(&result->text, run);
		}
		result->used += len - input.len;
		s = slice_after(s, len);
		free(bytes);
	}
	result->ended = is == DOT_END;
	result->breaches = dot.breaches;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result want = { .text = TEXT_INIT(3 * size + 16) };
	struct result got = { .text = TEXT_INIT(3 * size + 16) };
	TEXT_AUTO all = TEXT_INIT(size + 16);
	bool counts, mends;

	if (size < 2)
		return 0;
	counts = (data[1] & 1) != 0;
	mends = (data[1] & 2) != 0;
	text_add_str(&all, "\r\n");
	text_add(&all, slice_of(data + 2, size - 2));
	naive(&want, text_slice(&all), counts, mends);
	real(&got, slice_after(text_slice(&all), 2), 1u + data[0], counts,
	    mends);
	require(got.ended == want.ended);
	require(got.used == want.used);
	require(got.breaches == want.breaches);
	require(slice_is(text_slice(&got.text), text_slice(&want.text)));
	text_free(&want.text);
	text_free(&got.text);
	return 0;
}
