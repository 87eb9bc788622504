/*
 * thread_fuzz.c - base subjects and message ids of any value
 *
 * A base subject has one base, itself; what is found in it has no blanks at its
 * ends.  Ids that are read are no longer than what they were read from.
 */
#include <assert.h>

#include "lib/message/thread.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define MOST	100000

static void
try_subject(struct slice value)
{
	TEXT_AUTO base = TEXT_INIT(MOST);
	TEXT_AUTO again = TEXT_INIT(MOST);
	bool is_reply;

	assert(thread_base_subject(&base, value, &is_reply) == 0);
	assert(slice_trim(text_slice(&base)).len == base.len);
	/* encoded words are decoded once */
	if (slice_find_str(text_slice(&base), "=?") != SIZE_MAX)
		return;
	assert(thread_base_subject(&again, text_slice(&base), &is_reply) == 0);
	assert(slice_is(text_slice(&base), text_slice(&again)));
	assert(!is_reply);
}

static void
try_ids(struct slice value)
{
	TEXT_AUTO id = TEXT_INIT(MOST);
	size_t before = value.len + 1;

	while (thread_id_next(&value, &id)) {
		assert(value.len < before);
		before = value.len;
	}
	assert(id.len <= MOST);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice value = slice_of(bytes, len < MOST ? len : MOST);

	try_subject(value);
	try_ids(value);
	return 0;
}
