/*
 * letter_text_fuzz.c - what is searched is UTF-8, and is found where it is
 *
 * The input is a message.  Its texts are read; whatever stands in one of them
 * is found in it, however it is cut; a preview is short; subjects and ids end.
 */
#include <assert.h>
#include <errno.h>

#include "lib/message/find.h"
#include "lib/message/letter_text.h"
#include "lib/message/preview.h"
#include "lib/message/thread.h"
#include "lib/message/words.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define SOUGHT_MOST	20	/* pieces: each is looked for in all of it */

/* `s` from the first character at or behind `at`. */
static struct slice
from_character(struct slice s, size_t at)
{
	while (at < s.len && ((unsigned char)s.at[at] & 0xc0) == 0x80)
		at++;
	return slice_after(s, at);
}

/* The second half of a text is found in it, in two pieces. */
static void
check_find(struct slice text)
{
	struct slice half = from_character(text, text.len / 2);
	struct slice tail = from_character(half, half.len / 2);
	struct finder f;

	if (half.len > FIND_MOST)
		return;
	assert(finder_begin(&f, half) == 0);
	assert(finder_add(&f, slice_first(text, text.len - tail.len)) >= 0);
	assert(finder_add(&f, tail) == 1);
	finder_end(&f);
}

/* It is found as well when only that is read which may have its word. */
static void
check_seek(const struct structure *structure, struct slice message,
    struct slice half)
{
	struct letter_text lt;
	struct slice piece, word;
	struct finder f;
	bool fresh;

	if (half.len > FIND_MOST)
		return;
	assert(finder_begin(&f, half) == 0);
	letter_text_begin(&lt, structure, slice_first(message,
	    message.len / 4), message, LETTER_TEXT_HEADER | LETTER_TEXT_BODY);
	if (finder_word(&f, &word))
		letter_text_seek(&lt, &word, 1);
	while (letter_text_next(&lt, &piece, &fresh) == 1) {
		if (fresh)
			finder_break(&f);
		(void)finder_add(&f, piece);
	}
	assert(f.found);
	letter_text_end(&lt);
	finder_end(&f);
}

static void
check_texts(const struct structure *structure, struct slice message)
{
	unsigned sought = 0;
	struct letter_text lt;
	struct slice piece;
	bool fresh;
	int r;

	letter_text_begin(&lt, structure, slice_first(message,
	    message.len / 4), message, LETTER_TEXT_HEADER | LETTER_TEXT_BODY);
	while ((r = letter_text_next(&lt, &piece, &fresh)) == 1) {
		assert(slice_is_utf8(piece));
		check_find(piece);
		if (sought++ < SOUGHT_MOST)
			check_seek(structure, message, from_character(piece,
			    piece.len / 2));
	}
	assert(r == 0);
	letter_text_end(&lt);
}

static void
check_preview(const struct structure *structure, struct slice message)
{
	TEXT_AUTO text = TEXT_INIT(4 * PREVIEW_CHARACTERS);

	assert(preview_write(&text, structure, message) == 0);
	assert(slice_is_utf8(text_slice(&text)));
	assert(slice_find(text_slice(&text), '\n') == SIZE_MAX);
	assert(preview_write(&text, structure, slice_first(message,
	    message.len / 2)) == 0 || text_failed(&text));
}

static void
check_thread(struct slice value)
{
	TEXT_AUTO subject = TEXT_INIT(1 << 20);
	TEXT_AUTO id = TEXT_INIT(1 << 20);
	bool is_reply;

	assert(thread_base_subject(&subject, value, &is_reply) == 0);
	assert(slice_is_utf8(text_slice(&subject)));
	while (thread_id_next(&value, &id)) {
		assert(!text_failed(&id));
		text_clear(&id);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct slice message = slice_of(bytes, len);
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;

	assert(words_open() == 0);
	assert(structure_make(message, &packed) == 0);
	assert(structure_open(text_slice(&packed), &structure) == 0);
	check_texts(&structure, message);
	check_preview(&structure, message);
	check_thread(message);
	return 0;
}
