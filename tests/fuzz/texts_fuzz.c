/*
 * texts_fuzz.c - whatever a message is, its texts are UTF-8 within their limits
 */
#include <assert.h>

#include "lib/message/html.h"
#include "filters/texts.h"
#include "lib/message/words.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Small, so that each is reached. */
static const struct texts_limits small = { 40, 200, 7 };

static void
check_one(enum texts_kind kind, const struct texts_one *one,
    const struct texts_limits *limits)
{
	assert(one->whole.len <= limits->one_bytes);
	assert(slice_is_utf8(one->whole));
	assert(one->text.at + one->text.len == one->whole.at +
	    one->whole.len);
	assert(kind == TEXTS_HEADER ? one->whole.len == one->text.len +
	    one->name.len + 2 : one->whole.len == one->text.len);
	for (size_t i = 0; i < one->whole.len; i++) {
		unsigned char c = (unsigned char)one->whole.at[i];

		assert((c >= 0x20 && c != 0x7f) ||
		    (c == '\n' && kind == TEXTS_BODY));
	}
}

static void
read_texts(struct slice message, const struct mime_part *root,
    const struct texts_limits *limits, size_t budget)
{
	ARENA_AUTO arena = arena_new(budget);
	const struct texts_one *one;
	struct texts texts;
	size_t bytes = 0;
	unsigned count = 0;

	texts_read(message, root, ~0u, limits, arena, &texts);
	for (unsigned k = 0; k < TEXTS_KINDS; k++)
		for (one = texts.first[k]; one != NULL; one = one->next) {
			check_one(k, one, limits);
			bytes += one->whole.len;
			count++;
		}
	assert(bytes <= texts.bytes && texts.bytes <= limits->all_bytes);
	assert(count <= texts.count && texts.count <= limits->count);
}

static void
read_html(struct slice bytes)
{
	TEXT_AUTO html = TEXT_INIT(bytes.len * 4 + 16);
	TEXT_AUTO words = TEXT_INIT(0);

	words_convert(&html, slice_of(NULL, 0), bytes);
	words.limit = html.len;
	(void)html_words(&words, text_slice(&html));
	assert(!text_failed(&words));
	assert(slice_is_utf8(text_slice(&words)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	ARENA_AUTO arena = arena_new(4 << 20);
	struct slice message = slice_of(bytes, len);
	const struct mime_part *root = NULL;
	enum mime_limit limit;
	static bool is_open;

	if (!is_open)
		is_open = words_open() == 0;
	if (mime_parse(arena, message, &mime_default_limits, &root, &limit) <
	    0)
		root = NULL;
	read_texts(message, root, &texts_default_limits, 64 << 20);
	read_texts(message, root, &small, 1 << 20);
	read_texts(message, root, &texts_default_limits, 300);
	read_html(message);
	return 0;
}
