/*
 * mends_fuzz.c - what was mended is undone, and what is told otherwise is safe
 *
 * The first byte is the size of the pieces, the second says whose message it is:
 * 1 IMAP's, counted, else POP3's.  What follows is read as a message, and once
 * more as what another role tells of an original.
 */
#include <stdint.h>
#include <stdlib.h>

#include "lib/base/dot.h"
#include "queue/archive.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
require(bool truth)
{
	if (!truth)
		abort();
}

/* Undo it in pieces of `step` bytes, each in a block of its own. */
static void
undo(struct unmend *unmend, struct slice stored, size_t step,
    struct text *out)
{
	while (stored.len > 0) {
		struct slice piece = slice_first(stored, step);
		char *bytes = malloc(piece.len + 1);
		size_t n;

		require(bytes != NULL);
		n = unmend_take(unmend, piece, bytes);
		require(n <= piece.len + 1);
		text_add(out, slice_of(bytes, n));
		free(bytes);
		stored = slice_after(stored, piece.len);
	}
	if (text_space(out, 1) != NULL)
		out->len -= 1 - unmend_end(unmend, out->at + out->len - 1);
}

static void
there_and_back(struct slice input, size_t step, bool counts)
{
	struct dot_reader dot = dot_reader_of(counts, true);
	struct mends mends = MENDS_INIT(MENDS_MOST(2 * input.len));
	TEXT_AUTO stored = TEXT_INIT(2 * input.len + 16);
	TEXT_AUTO wire = TEXT_INIT(2 * input.len + 16);
	TEXT_AUTO back = TEXT_INIT(2 * input.len + 16);
	TEXT_AUTO packed = TEXT_INIT(MENDS_MOST(2 * input.len));
	struct slice run;
	struct unmend unmend;
	struct unpack u;

	while (dot_take(&dot, &input, &run) == DOT_RUN) {
		text_add(&stored, run);
		text_add(&wire, mends_add(&mends, run, dot.mend));
	}
	run = dot_finish(&dot);
	if (run.len > 0) {
		text_add(&stored, run);
		text_add(&wire, mends_add(&mends, run, dot.mend));
	}
	mends_pack(&packed, &mends);
	require(!text_failed(&packed) && !text_failed(&mends.bits));
	require(packed.len <= MENDS_MOST(stored.len));
	u = unpack_of(text_slice(&packed));
	unmend = unmend_of(&u);
	require(unpack_is_done(&u));
	undo(&unmend, text_slice(&stored), step, &back);
	require(slice_is(text_slice(&back), text_slice(&wire)));
	mends_free(&mends);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input;
	struct original original;
	TEXT_AUTO out = TEXT_INIT(2 * size + 16);

	if (size < 2)
		return 0;
	input = slice_of(data + 2, size - 2);
	there_and_back(input, 1u + data[0], (data[1] & 1) != 0);
	if (original_unpack(input, &original) == 0) {
		undo(&original.unmend, input, 1u + data[0], &out);
		require(out.len <= input.len);
	}
	return 0;
}
