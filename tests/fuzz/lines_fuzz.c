/*
 * lines_fuzz.c - lines are the same however the bytes are cut
 *
 * The first byte is the size of the segments, the second the longest line.
 * What comes out is held against a reader that sees everything at once and
 * looks at one byte after another.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/lines.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
require(bool truth)
{
	if (!truth)
		abort();
}

/* The next line of `*rest`, read the simple way. */
static enum line_is
naive(struct slice *rest, size_t max, struct slice *line_out)
{
	size_t end = 0, len;
	bool nul = false, bare = false, has_cr;

	while (end < rest->len && rest->at[end] != '\n')
		end++;
	if (end >= max) {
		*rest = slice_after(*rest, end + 1);
		return LINE_TOO_LONG;
	}
	if (end == rest->len)
		return LINE_MORE;
	has_cr = end > 0 && rest->at[end - 1] == '\r';
	len = has_cr ? end - 1 : end;
	for (size_t i = 0; i < len; i++) {
		nul = nul || rest->at[i] == '\0';
		bare = bare || rest->at[i] == '\r';
	}
	*line_out = slice_first(*rest, len);
	*rest = slice_after(*rest, end + 1);
	if (nul)
		return LINE_HAS_NUL;
	if (bare)
		return LINE_BARE_CR;
	return has_cr ? LINE_GOOD : LINE_BARE_LF;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct line_reader reader = { 0 };
	struct slice all, rest, line, want_line;
	size_t step, max, start = 0, end = 0;

	if (size < 2)
		return 0;
	step = 1 + data[0];
	max = 2 + data[1];
	all = rest = slice_of(data + 2, size - 2);
	while (end < all.len) {
		enum line_is is;

		end = step < all.len - end ? end + step : all.len;
		do {
			char *bytes = malloc(end - start + 1);
			struct slice input = { bytes, end - start };

			require(bytes != NULL);
			memcpy(bytes, all.at + start, input.len);
			is = line_take(&reader, &input, max, &line);
			if (is != LINE_MORE) {
				require(naive(&rest, max, &want_line) == is);
				require(is == LINE_TOO_LONG ||
				    slice_is(line, want_line));
			}
			start = end - input.len;
			free(bytes);
		} while (is != LINE_MORE);
		require(end - start < max);
	}
	require(naive(&rest, max, &want_line) == LINE_MORE);
	return 0;
}
