/*
 * lines.c - the one reader of lines: CRLF ends a line, nothing else does
 */
#include "lib/base/lines.h"

/* Drop what is left of a line that was too long; false: it goes on. */
static bool
skip(struct line_reader *reader, struct slice *input)
{
	size_t end = slice_find(*input, '\n');

	reader->skips = end == SIZE_MAX;
	*input = slice_after(*input, reader->skips ? input->len : end + 1);
	return !reader->skips;
}

/* What is to be said of `line`, which an LF ended. */
static enum line_is
judge(struct slice *line)
{
	bool has_cr = line->len > 0 && line->at[line->len - 1] == '\r';

	if (has_cr)
		*line = slice_first(*line, line->len - 1);
	if (slice_find(*line, '\0') != SIZE_MAX)
		return LINE_HAS_NUL;
	if (slice_find(*line, '\r') != SIZE_MAX)
		return LINE_BARE_CR;
	return has_cr ? LINE_GOOD : LINE_BARE_LF;
}

enum line_is
line_take(struct line_reader *reader, struct slice *input, size_t max,
    struct slice *line_out)
{
	struct slice line;
	enum line_is is;
	size_t end;

	if (reader->skips && !skip(reader, input))
		return LINE_MORE;
	end = slice_find(slice_after(*input, reader->searched), '\n');
	if (end == SIZE_MAX && input->len < max) {
		reader->searched = input->len;
		return LINE_MORE;
	}
	end = end == SIZE_MAX ? end : end + reader->searched;
	reader->searched = 0;
	if (end >= max) {
		(void)skip(reader, input);
		return LINE_TOO_LONG;
	}
	line = slice_first(*input, end);
	is = judge(&line);
	*input = slice_after(*input, end + 1);
	*line_out = line;
	return is;
}
