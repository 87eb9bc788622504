/*
 * bytes.c - the bytes of a message, wherever they are
 */
#include "lib/message/bytes.h"

#include <errno.h>

struct message_bytes
message_bytes_in(struct slice whole)
{
	return (struct message_bytes){ .size = whole.len, .whole = whole };
}

/* Of what is in memory. */
static struct slice
between(struct slice whole, uint64_t from, uint64_t to)
{
	size_t end = to < whole.len ? (size_t)to : whole.len;

	return from < end ? slice_after(slice_first(whole, end),
	    (size_t)from) : slice_of(NULL, 0);
}

int
message_bytes_piece(const struct message_bytes *bytes, uint64_t from,
    uint64_t to, size_t most, struct slice *piece_out)
{
	if (to > bytes->size)
		to = bytes->size;
	if (bytes->read == NULL) {
		*piece_out = slice_first(between(bytes->whole, from, to),
		    most);
		return 0;
	}
	if (from >= to) {
		*piece_out = slice_of(NULL, 0);
		return 0;
	}
	return bytes->read(bytes->arg, from, to - from < most ?
	    (size_t)(to - from) : most, piece_out);
}

int
message_bytes_run(const struct message_bytes *bytes, uint64_t from,
    uint64_t to, struct text *text, struct slice *run_out)
{
	struct slice piece;
	int r = 0;

	if (bytes->read == NULL) {
		*run_out = between(bytes->whole, from, to);
		return 0;
	}
	if (to > bytes->size)
		to = bytes->size;
	text_clear(text);
	while (r == 0 && from < to && text->len < text->limit) {
		r = message_bytes_piece(bytes, from, to,
		    text->limit - text->len, &piece);
		if (r == 0)
			text_add(text, piece);
		from += piece.len;
	}
	if (r == 0 && text_failed(text))
		r = -ENOMEM;
	if (r == 0)
		*run_out = text_slice(text);
	return r;
}
