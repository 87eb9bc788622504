/*
 * removal_fuzz.c - a note stands in a message, and every other part as it was
 *
 * The first byte says which of its parts go.  What is left parses; every part
 * outside of them is there to the byte, and so is every byte that is in none.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filters/ambiguous.h"
#include "filters/removal.h"
#include "filters/verdict.h"
#include "lib/message/words.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define NUMBER	"0123456789abcdef"

static bool
goes(const struct removal *list, size_t count, const struct mime_part *part)
{
	for (; part != NULL; part = mime_parent(part))
		for (size_t i = 0; i < count; i++)
			if (list[i].part == part)
				return true;
	return false;
}

static size_t
choose(const struct mime_part *root, unsigned which,
    struct removal list[REMOVALS_MOST])
{
	const struct mime_part *part;
	size_t count = 0;
	unsigned n = 0;

	for (part = root; part != NULL && count < REMOVALS_MOST;
	    part = mime_after(part), n++)
		if ((which >> n % 8 & 1) != 0)
			list[count++] = (struct removal){ part,
			    SLICE("a \"rule\"") };
	return count;
}

static struct slice
apply(const struct edits *edits, struct slice message, char *to)
{
	struct edits_piece piece;
	size_t at = 0;

	for (unsigned n = 0; edits_piece(edits, message.len, n, &piece); n++) {
		struct slice s = piece.text.len > 0 ? piece.text :
		    slice_first(slice_after(message, (size_t)piece.at),
		    (size_t)piece.bytes);

		if (s.len > 0)
			memcpy(to + at, s.at, s.len);
		at += s.len;
	}
	return slice_of(to, at);
}

/* Is there anything that another reader would see otherwise? */
static bool
is_certain(const struct mime_part *part)
{
	for (; part != NULL; part = mime_after(part))
		if (ambiguous_part(part) != NULL ||
		    ambiguous_outside(part, false).len > 0 ||
		    ambiguous_outside(part, true).len > 0)
			return false;
	return true;
}

/* The leaves outside of what goes are those of the new tree, in order. */
static void
compare(const struct mime_part *old, const struct mime_part *new,
    const struct removal *list, size_t count)
{
	for (; old != NULL; old = mime_after(old)) {
		if (mime_child(old) != NULL)
			continue;
		/* a container that goes is one note, for all that is in it */
		if (goes(list, count, old))
			continue;
		while (new != NULL && (mime_child(new) != NULL ||
		    slice_find_str(mime_body(new), NUMBER) != SIZE_MAX))
			new = mime_after(new);
		assert(new != NULL);
		assert(slice_is(mime_header(old), mime_header(new)));
		assert(slice_is(mime_body(old), mime_body(new)));
		new = mime_after(new);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	ARENA_AUTO arena = arena_new(8 << 20);
	TEXT_AUTO line = TEXT_INIT(VERDICT_VALUE_MAX);
	struct slice message = slice_of("", 0), left;
	const struct mime_part *root = NULL, *again = NULL;
	struct removal list[REMOVALS_MOST];
	struct edits edits;
	enum mime_limit limit;
	uint64_t count_left;
	size_t count;
	char *to;

	if (len == 0 || arena == NULL || words_open() < 0)
		return 0;
	message = slice_of((const char *)bytes + 1, len - 1);
	if (slice_find_str(message, NUMBER) != SIZE_MAX || mime_parse(arena,
	    message, &mime_default_limits, &root, &limit) < 0)
		return 0;
	count = choose(root, bytes[0], list);
	if (count == 0 || removals_edit(message, list, count, bytes[0] % 2 ==
	    0 ? LANGUAGE_EN : LANGUAGE_ID, 1795000000000, &edits, &line) < 0)
		return 0;
	assert(!text_failed(&line) && slice_is_utf8(text_slice(&line)));
	assert(edits_take_parts(&edits));
	edits_name_original(&edits, slice_str(NUMBER));
	assert(edits_bytes(&edits, message.len, &count_left) == 0);
	to = malloc((size_t)count_left + 1);
	if (to == NULL)
		return 0;
	left = apply(&edits, message, to);
	assert(left.len == count_left);
	assert(slice_find_str(left, NUMBER) != SIZE_MAX);
	if (mime_parse(arena, left, &mime_default_limits, &again, &limit) ==
	    0 && is_certain(root))
		compare(root, again, list, count);
	free(to);
	return 0;
}
