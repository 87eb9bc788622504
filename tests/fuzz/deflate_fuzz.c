/*
 * deflate_fuzz.c - any bytes as a compressed conversation, in any pieces
 *
 * The first byte is the size of the pieces in which they come, the second how
 * much room there is for what they unpack to, and how much was read ahead.
 * Never is there more than fits; neither pieces nor rests change anything.
 * What is packed unpacks to the same.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "lib/base/deflate.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define MOST	(1 << 18)	/* of what is unpacked: bombs end here */

struct source {
	struct slice	rest;
	size_t		piece;
};

static int
read_piece(void *arg, char *bytes, size_t size)
{
	struct source *source = arg;
	struct slice s = slice_first(source->rest,
	    source->piece < size ? source->piece : size);

	if (s.len == 0)
		return -EAGAIN;
	memcpy(bytes, s.at, s.len);
	source->rest = slice_after(source->rest, s.len);
	return (int)s.len;
}

/* Added to `plain`; how it ended.  It may rest between any two pieces. */
static int
unpack_all(struct slice packed, size_t ahead, size_t piece, size_t room,
    bool rests, struct text *plain)
{
	struct slice first = slice_first(packed, ahead);
	struct source source = { slice_after(packed, first.len), piece };
	struct deflate *deflate;
	char bytes[300];
	int n;

	assert(room > 0 && room <= sizeof(bytes));
	if (deflate_new(first, &deflate) < 0)
		return -ENOMEM;
	while ((n = deflate_read(deflate, read_piece, &source, bytes,
	    room)) > 0 && plain->len < MOST) {
		assert((size_t)n <= room);
		text_add(plain, slice_of(bytes, (size_t)n));
		if (rests)
			deflate_rest(deflate);
	}
	deflate_free(deflate);
	return n > 0 ? 0 : n;
}

static void
check_there_and_back(struct slice plain)
{
	TEXT_AUTO packed = TEXT_INIT(2 * plain.len + 4096);
	TEXT_AUTO again = TEXT_INIT(plain.len + MOST + 512);
	struct deflate *deflate;

	if (deflate_new(slice_of(NULL, 0), &deflate) < 0)
		return;
	assert(deflate_write(deflate, slice_first(plain, plain.len / 2),
	    &packed) == 0);
	deflate_rest(deflate);
	assert(deflate_write(deflate, slice_after(plain, plain.len / 2),
	    &packed) == 0);
	deflate_free(deflate);
	assert(unpack_all(text_slice(&packed), 0, 77, 300, true, &again) ==
	    -EAGAIN);
	assert(slice_is(text_slice(&again), plain));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice packed = slice_after(slice_of(bytes, len), 2);
	TEXT_AUTO one = TEXT_INIT(2 * MOST);
	TEXT_AUTO two = TEXT_INIT(2 * MOST);
	int r, again;

	if (len < 2)
		return 0;
	r = unpack_all(packed, 0, 1 << 16, 300, false, &one);
	again = unpack_all(packed, bytes[1], bytes[0] % 50u + 1,
	    bytes[1] % 50u + 1, bytes[0] % 2 == 0, &two);
	assert(r == again || one.len >= MOST || two.len >= MOST);
	assert(slice_is(slice_first(text_slice(&one), two.len),
	    slice_first(text_slice(&two), one.len)));
	check_there_and_back(packed);
	return 0;
}
