/*
 * leaves_fuzz.c - no leaf is larger than the message it came from
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "filters/leaves.h"
#include "filters/virus.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct seen {
	size_t		message_bytes;
	unsigned	leaves;
};

static int
on_leaf(void *arg, const struct mime_part *part, enum mime_encoding way,
    struct slice bytes)
{
	struct seen *seen = arg;
	uint8_t sum = 0;

	assert(mime_child(part) == NULL && way < MIME_UNKNOWN);
	assert(bytes.len > 0 && bytes.len <= seen->message_bytes);
	for (size_t i = 0; i < bytes.len; i++)
		sum = (uint8_t)(sum + (uint8_t)bytes.at[i]);
	seen->leaves++;
	/* some end it in the middle */
	return sum == 77 ? -ECANCELED : 0;
}

/* What was let in can be shown, searched, and packed again. */
static void
check_answer(const struct scan_answer *answer)
{
	TEXT_AUTO text = TEXT_INIT(SCAN_ANSWER_MAX);
	struct slice name;
	size_t at = 0;

	assert(answer->result != SCAN_VIRUS || answer->name[0] != '\0');
	while (packed_next(&answer->packed, &at, &name))
		assert(name.len > 0 && slice_is_utf8(name) &&
		    packed_last(name).len <= name.len);
	assert(at == answer->packed.len);
	scan_answer_pack(&text, answer);
	assert(!text_failed(&text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct slice input = slice_of(bytes, size);
	struct seen seen = { .message_bytes = size };
	struct scan_answer answer;
	const char *limit = NULL;
	int r;

	r = leaves_each(input, &mime_default_limits, on_leaf, &seen, &limit);
	assert(r == 0 || r == -ECANCELED || r == -ENOMEM ||
	    (r == -E2BIG && limit != NULL));
	if (scan_answer_unpack(input, &answer) == 0)
		check_answer(&answer);
	return 0;
}
