/*
 * imapd_frame_fuzz.c - where a relayed answer ends, however its bytes come
 *
 * The first byte says how many come at a time, the rest is what an account's
 * process says to the command "t1".  Pieces are those bytes in order; the end
 * is where all of them read at once have it, and so is its OK.
 */
#include <assert.h>

#include "gateway/imap/frame.h"
#include "gateway/imap/input.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct slice tag = SLICE("t1");

/* The size of the literal that the line ends with; 0: with none. */
static uint64_t
literal_of(struct slice line)
{
	struct imapd_literal literal;

	if (line.len > IMAPD_FRAME_TAIL)
		line = slice_after(line, line.len - IMAPD_FRAME_TAIL);
	return imapd_literal_read(slice_trim(line), &literal) == 0 ?
	    literal.bytes : 0;
}

/* Where the answer ends; SIZE_MAX: not in here. */
static size_t
find_end(struct slice all, bool *is_ok_out)
{
	size_t at = 0;

	while (at < all.len) {
		struct slice line = slice_after(all, at);
		size_t end = slice_find(line, '\n');
		uint64_t literal;

		if (end == SIZE_MAX)
			return SIZE_MAX;
		line = slice_first(line, end + 1);
		at += line.len;
		/* a tag is of one case, a word of any (RFC 9051 2.2.1) */
		if (slice_is_str(slice_first(line, 3), "t1 ")) {
			*is_ok_out = slice_has_prefix(line, "t1 OK");
			return at;
		}
		literal = literal_of(line);
		if (literal > all.len - at)
			return SIZE_MAX;
		at += (size_t)literal;
	}
	return SIZE_MAX;
}

/* The same, `step` bytes at a time. */
static size_t
take_end(struct slice all, size_t step, bool *is_ok_out)
{
	struct imapd_frame frame = { 0 };
	size_t at = 0, came = 0;

	for (;;) {
		struct slice here = slice_first(slice_after(all, at),
		    came - at), piece;
		enum imapd_framed framed = imapd_frame_take(&frame, here, tag,
		    &piece);

		if (framed == IMAPD_FRAME_NEEDS_MORE) {
			if (came == all.len)
				return SIZE_MAX;
			came = all.len - came < step ? all.len : came + step;
			continue;
		}
		/* it goes on, with the bytes that come next */
		assert(piece.len > 0 && piece.len <= here.len);
		assert(piece.at == here.at);
		at += piece.len;
		if (framed == IMAPD_FRAME_END) {
			*is_ok_out = frame.is_ok;
			return at;
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	bool is_ok = false, took_ok = false;
	struct slice all;
	size_t end;

	if (len == 0)
		return 0;
	all = slice_after(slice_of((const char *)bytes, len), 1);
	end = find_end(all, &is_ok);
	assert(take_end(all, (size_t)bytes[0] + 1, &took_ok) == end);
	assert(is_ok == took_ok);
	return 0;
}
