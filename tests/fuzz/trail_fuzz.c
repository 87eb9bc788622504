/*
 * trail_fuzz.c - a trail line is read or refused; what we write is always read
 *
 * The input is a line, and then the words of a step that is written and must
 * be read back as one line.
 */
#include <stdlib.h>
#include <string.h>

#include "queue/judged.h"
#include "queue/trail_find.h"

#define ARENA_BYTES	(64 * 1024)

/* The harness, by libFuzzer's name and contract. */
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
write_and_read(struct arena *arena, struct slice words)
{
	struct trail_step step = { .id = { "message-id" },
	    .word = TRAIL_HELD, .at_utc_ms = 1795262400000,
	    .subject = words, .detail = slice_after(words, words.len / 2) };
	TEXT_AUTO text = TEXT_INIT(TRAIL_LINE_BYTES);
	struct trail_line line;

	trail_format(&text, &step);
	if (text_failed(&text) ||
	    slice_find(text_slice(&text), '\n') != text.len - 1 ||
	    trail_parse(arena, text_slice(&text), &line) < 0 ||
	    line.step.word != step.word ||
	    message_id_order(&line.step.id, &step.id) != 0)
		abort();
	/* what is short and UTF-8 comes back byte for byte */
	if (words.len <= TRAIL_FIELD_BYTES && slice_is_utf8(words) &&
	    !slice_is(line.step.subject, words))
		abort();
}

/* Whatever a rule is called: what stands behind it is the end of the words. */
static void
read_judged(struct slice detail)
{
	for (size_t len = 0; len < 8; len++) {
		struct slice where = { NULL, 0 };
		bool is_shadow;

		if (judged_read(detail, slice_first(slice_after(detail, 6),
		    len), &is_shadow, &where) < VERDICT_ACTIONS &&
		    where.at + where.len != detail.at + detail.len)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	ARENA_AUTO arena = arena_new(ARENA_BYTES);
	struct slice input = slice_of(data, len);
	struct trail_line line;

	if (arena == NULL)
		return 0;
	if (trail_parse(arena, input, &line) == 0)
		read_judged(line.step.detail);
	read_judged(input);
	arena_reset(arena);
	write_and_read(arena, input);
	return 0;
}
