/*
 * stuff.c - a letter as the body of a multi-line reply
 *
 * Mail has few lines that begin with a dot, and everything up to the next goes
 * out in one run.  They are looked for by memchr from LF to LF, which is five
 * times as fast as memmem for CR LF dot.
 */
#include "gateway/pop3/stuff.h"

#include <string.h>

/* Where the line stands after the last byte of `piece`. */
static enum stuff_at
end_of(enum stuff_at at, struct slice piece)
{
	char last;

	if (piece.len == 0)
		return at;
	last = piece.at[piece.len - 1];
	if (last == '\r')
		return STUFF_AFTER_CR;
	if (last != '\n')
		return STUFF_IN_LINE;
	if (piece.len > 1)
		return piece.at[piece.len - 2] == '\r' ? STUFF_LINE_START :
		    STUFF_IN_LINE;
	return at == STUFF_AFTER_CR ? STUFF_LINE_START : STUFF_IN_LINE;
}

/* A dot that leads a line whose CRLF, or half of it, the last piece held. */
static bool
dot_at_seam(enum stuff_at at, struct slice piece, size_t *place_out)
{
	if (at == STUFF_LINE_START && piece.len > 0 && piece.at[0] == '.') {
		*place_out = 0;
		return true;
	}
	if (at == STUFF_AFTER_CR && piece.len > 1 &&
	    memcmp(piece.at, "\n.", 2) == 0) {
		*place_out = 1;
		return true;
	}
	return false;
}

/* Where a dot next leads a line after the first one, or SIZE_MAX. */
static size_t
next_dot(struct slice piece)
{
	const char *at = piece.at, *end;

	if (piece.len < 2)
		return SIZE_MAX;
	/* a LF that stands last leads nothing here */
	end = piece.at + piece.len - 1;
	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		if (at > piece.at && at[-1] == '\r' && at[1] == '.')
			return (size_t)(at + 1 - piece.at);
		if (++at == end)
			break;
	}
	return SIZE_MAX;
}

void
stuff_piece(enum stuff_at *at, struct slice piece, stuff_write_fn *write,
    void *arg)
{
	enum stuff_at end = end_of(*at, piece);
	size_t dot;

	if (dot_at_seam(*at, piece, &dot)) {
		/* the dot goes out here, and once more with what follows */
		write(arg, slice_first(piece, dot + 1));
		piece = slice_after(piece, dot);
	}
	while ((dot = next_dot(piece)) != SIZE_MAX) {
		write(arg, slice_first(piece, dot + 1));
		piece = slice_after(piece, dot);
	}
	if (piece.len > 0)
		write(arg, piece);
	*at = end;
}

/* What a line holds when `more` of it has been seen. */
static enum top_line
line_with(enum top_line line, struct slice more)
{
	if (more.len == 0)
		return line;
	return line == TOP_NOTHING && slice_is_str(more, "\r") ? TOP_CR :
	    TOP_TEXT;
}

struct slice
top_piece(struct top *top, struct slice piece)
{
	struct slice rest = piece, line;

	while (!top->is_done && slice_cut(&rest, '\n', &line)) {
		bool empty = line_with(top->line, line) != TOP_TEXT;

		top->line = TOP_NOTHING;
		if (top->in_body)
			top->lines_left--;
		else if (empty)
			top->in_body = true;
		top->is_done = top->in_body && top->lines_left == 0;
	}
	if (top->is_done)
		return slice_first(piece, piece.len - rest.len);
	top->line = line_with(top->line, rest);
	return piece;
}
