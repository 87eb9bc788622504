/*
 * deflate.c - a conversation compressed both ways (RFC 1951, RFC 4978)
 */
#include "lib/base/deflate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define WINDOW_BITS	(-15)	/* raw, as RFC 4978 4 wants it */
#define MEMORY_LEVEL	8	/* zlib's own: 256 KiB */
#define PIECE_BYTES	16384
/*
 * Compressed bytes in a row of which none comes out: an empty block has at most
 * some 300, and nobody has more than a few to flush with.
 */
#define EMPTY_MOST	65536

struct deflate {
	z_stream	out, in;
	bool		has_out, has_in;	/* they were begun */
	bool		may_have_more;	/* output that had no room */
	bool		is_over;	/* the other side has ended it */
	uint32_t	empty;		/* read since a byte came out */
	char		packed[DEFLATE_AHEAD_MOST];	/* `in` reads here */
};

int
deflate_new(struct slice ahead, struct deflate **deflate_out)
{
	struct deflate *made;

	if (ahead.len > DEFLATE_AHEAD_MOST)
		return -EMSGSIZE;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return -ENOMEM;
	made->has_out = deflateInit2(&made->out, Z_DEFAULT_COMPRESSION,
	    Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
	made->has_in = inflateInit2(&made->in, WINDOW_BITS) == Z_OK;
	if (!made->has_out || !made->has_in) {
		deflate_free(made);
		return -ENOMEM;
	}
	if (ahead.len > 0)
		memcpy(made->packed, ahead.at, ahead.len);
	made->in.next_in = (Bytef *)made->packed;
	made->in.avail_in = (uInt)ahead.len;
	*deflate_out = made;
	return 0;
}

void
deflate_free(struct deflate *deflate)
{
	if (deflate == NULL)
		return;
	if (deflate->has_out)
		(void)deflateEnd(&deflate->out);
	if (deflate->has_in)
		(void)inflateEnd(&deflate->in);
	explicit_bzero(deflate->packed, sizeof(deflate->packed));
	free(deflate);
}

int
deflate_write(struct deflate *deflate_, struct slice bytes,
    struct text *packed)
{
	z_stream *out = &deflate_->out;
	char piece[PIECE_BYTES];

	if (bytes.len > UINT32_MAX)
		return -ENOMEM;
	out->next_in = (Bytef *)(uintptr_t)bytes.at;
	out->avail_in = (uInt)bytes.len;
	do {
		out->next_out = (Bytef *)piece;
		out->avail_out = sizeof(piece);
		if (deflate(out, Z_SYNC_FLUSH) == Z_STREAM_ERROR)
			return -ENOMEM;
		text_add(packed, slice_of(piece,
		    sizeof(piece) - out->avail_out));
	} while (out->avail_out == 0);
	return text_failed(packed) ? -ENOMEM : 0;
}

/* Have compressed bytes to read from.  1, or what read() says. */
static int
refill(struct deflate *deflate, deflate_read_fn *read, void *arg)
{
	int n;

	if (deflate->in.avail_in > 0 || deflate->may_have_more)
		return 1;
	n = read(arg, deflate->packed, sizeof(deflate->packed));
	if (n <= 0)
		return n;
	deflate->in.next_in = (Bytef *)deflate->packed;
	deflate->in.avail_in = (uInt)n;
	return 1;
}

int
deflate_read(struct deflate *deflate, deflate_read_fn *read, void *arg,
    char *bytes, size_t size)
{
	z_stream *in = &deflate->in;
	uInt room = (uInt)(size < INT32_MAX ? size : INT32_MAX);
	uInt before;
	int r, code;

	in->next_out = (Bytef *)bytes;
	in->avail_out = room;
	/* a piece may hold a header of a block and no byte of its own */
	while (in->avail_out == room) {
		r = refill(deflate, read, arg);
		if (r <= 0)
			return r;
		/* it has said that nothing comes any more */
		if (deflate->is_over)
			return -EBADMSG;
		before = in->avail_in;
		code = inflate(in, Z_SYNC_FLUSH);
		deflate->empty = in->avail_out < room ? 0 : deflate->empty +
		    before - in->avail_in;
		deflate->may_have_more = in->avail_out == 0;
		deflate->is_over = code == Z_STREAM_END;
		if (deflate->is_over)
			deflate->may_have_more = false;
		else if (code != Z_OK && code != Z_BUF_ERROR)
			return code == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
		if (deflate->empty > EMPTY_MOST)
			return -EBADMSG;
	}
	return (int)(room - in->avail_out);
}

struct deflate_counts
deflate_counts(const struct deflate *deflate)
{
	return (struct deflate_counts){
		.received = deflate->in.total_out,
		.received_packed = deflate->in.total_in,
		.sent = deflate->out.total_in,
		.sent_packed = deflate->out.total_out
	};
}
