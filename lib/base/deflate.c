/*
 * deflate.c - a conversation compressed both ways (RFC 1951, RFC 4978)
 */
#include "lib/base/deflate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define WINDOW_READ	(-15)	/* raw, and as far back as RFC 1951 goes */
#define WINDOW_WRITE	(-13)	/* 2^(13+2) + 2^(6+9) bytes: 64 KiB */
#define MEMORY_LEVEL	6
#define WINDOW_BYTES	32768
#define PIECE_BYTES	16384
/*
 * Compressed bytes in a row of which none comes out: an empty block has at most
 * some 300, and nobody has more than a few to flush with.
 */
#define EMPTY_MOST	65536
/* inflate(): all of a block and nothing of the next has been read */
#define AT_BLOCK	128

struct deflate {
	z_stream	out, in;
	bool		has_out, has_in;	/* they are at work */
	bool		may_have_more;	/* output that had no room */
	bool		is_over;	/* the other side has ended it */
	uint32_t	empty;		/* read since a byte came out */
	char		*window;	/* at rest: what `in` had read last */
	uInt		window_bytes;
	char		*packed;	/* deflate_read(): read, not unpacked */
	struct slice	rest;		/* of it */
	struct deflate_counts counts;
};

static int
begin_out(struct deflate *deflate)
{
	if (deflate->has_out)
		return 0;
	deflate->out = (z_stream){ 0 };
	if (deflateInit2(&deflate->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
	    WINDOW_WRITE, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	deflate->has_out = true;
	return 0;
}

static void
drop_window(struct deflate *deflate)
{
	if (deflate->window != NULL)
		explicit_bzero(deflate->window, deflate->window_bytes);
	free(deflate->window);
	deflate->window = NULL;
}

static int
begin_in(struct deflate *deflate)
{
	if (deflate->has_in)
		return 0;
	deflate->in = (z_stream){ 0 };
	if (inflateInit2(&deflate->in, WINDOW_READ) != Z_OK)
		return -ENOMEM;
	if (deflate->window != NULL && inflateSetDictionary(&deflate->in,
	    (const Bytef *)deflate->window, deflate->window_bytes) != Z_OK) {
		(void)inflateEnd(&deflate->in);
		return -ENOMEM;
	}
	drop_window(deflate);
	deflate->has_in = true;
	return 0;
}

static int
make_packed(struct deflate *deflate)
{
	if (deflate->packed == NULL)
		deflate->packed = malloc(DEFLATE_AHEAD_MOST);
	return deflate->packed == NULL ? -ENOMEM : 0;
}

static void
drop_packed(struct deflate *deflate)
{
	if (deflate->packed != NULL)
		explicit_bzero(deflate->packed, DEFLATE_AHEAD_MOST);
	free(deflate->packed);
	deflate->packed = NULL;
}

int
deflate_new(struct slice ahead, struct deflate **deflate_out)
{
	struct deflate *made;

	if (ahead.len > DEFLATE_AHEAD_MOST)
		return -EMSGSIZE;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return -ENOMEM;
	if (begin_out(made) < 0 || begin_in(made) < 0 ||
	    (ahead.len > 0 && make_packed(made) < 0)) {
		deflate_free(made);
		return -ENOMEM;
	}
	if (ahead.len > 0)
		memcpy(made->packed, ahead.at, ahead.len);
	made->rest = slice_of(made->packed, ahead.len);
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
	drop_window(deflate);
	drop_packed(deflate);
	free(deflate);
}

int
deflate_write(struct deflate *deflate_, struct slice bytes,
    struct text *packed)
{
	z_stream *out = &deflate_->out;
	char piece[PIECE_BYTES];
	size_t before = packed->len;

	if (bytes.len > UINT32_MAX || begin_out(deflate_) < 0)
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
	if (text_failed(packed))
		return -ENOMEM;
	deflate_->counts.sent += bytes.len;
	deflate_->counts.sent_packed += packed->len - before;
	return 0;
}

/* One call of inflate(), from `*packed`.  0 or a negative errno. */
static int
inflate_some(struct deflate *deflate, struct slice *packed)
{
	z_stream *in = &deflate->in;
	uInt room = in->avail_out, used;
	int code;

	in->next_in = (Bytef *)(uintptr_t)packed->at;
	in->avail_in = (uInt)(packed->len < INT32_MAX ? packed->len :
	    INT32_MAX);
	used = in->avail_in;
	code = inflate(in, Z_SYNC_FLUSH);
	used -= in->avail_in;
	*packed = slice_after(*packed, used);
	deflate->counts.received_packed += used;
	deflate->counts.received += room - in->avail_out;
	deflate->empty = in->avail_out < room ? 0 : deflate->empty + used;
	deflate->is_over = code == Z_STREAM_END;
	deflate->may_have_more = in->avail_out == 0 && !deflate->is_over;
	if (code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END)
		return code == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
	return deflate->empty > EMPTY_MOST ? -EBADMSG : 0;
}

int
deflate_unpack(struct deflate *deflate, struct slice *packed, char *bytes,
    size_t size)
{
	z_stream *in = &deflate->in;
	uInt room = (uInt)(size < INT32_MAX ? size : INT32_MAX);
	int r;

	if (begin_in(deflate) < 0)
		return -ENOMEM;
	in->next_out = (Bytef *)bytes;
	in->avail_out = room;
	/* a piece may hold a header of a block and no byte of its own */
	while (in->avail_out == room &&
	    (packed->len > 0 || deflate->may_have_more)) {
		/* it has said that nothing comes any more */
		if (deflate->is_over)
			return -EBADMSG;
		r = inflate_some(deflate, packed);
		if (r < 0)
			return r;
	}
	return (int)(room - in->avail_out);
}

int
deflate_read(struct deflate *deflate, deflate_read_fn *read, void *arg,
    char *bytes, size_t size)
{
	int n;

	for (;;) {
		n = deflate_unpack(deflate, &deflate->rest, bytes, size);
		if (n != 0)
			return n;
		if (make_packed(deflate) < 0)
			return -ENOMEM;
		n = read(arg, deflate->packed, DEFLATE_AHEAD_MOST);
		if (n <= 0)
			return n;
		deflate->rest = slice_of(deflate->packed, (size_t)n);
	}
}

/* Reading goes on at the start of a block with what was read last. */
static void
rest_in(struct deflate *deflate)
{
	char window[WINDOW_BYTES];
	uInt bytes = sizeof(window);

	if (!deflate->has_in || deflate->may_have_more || deflate->is_over ||
	    (deflate->in.total_in > 0 && deflate->in.data_type != AT_BLOCK) ||
	    inflateGetDictionary(&deflate->in, (Bytef *)window, &bytes) !=
	    Z_OK)
		return;
	deflate->window = malloc(bytes > 0 ? bytes : 1);
	if (deflate->window == NULL)
		return;
	memcpy(deflate->window, window, bytes);
	deflate->window_bytes = bytes;
	(void)inflateEnd(&deflate->in);
	deflate->has_in = false;
}

void
deflate_rest(struct deflate *deflate)
{
	if (deflate->has_out)
		(void)deflateEnd(&deflate->out);
	deflate->has_out = false;
	rest_in(deflate);
	if (deflate->rest.len == 0)
		drop_packed(deflate);
}

struct deflate_counts
deflate_counts(const struct deflate *deflate)
{
	return deflate->counts;
}
