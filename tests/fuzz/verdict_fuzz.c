/*
 * verdict_fuzz.c - a verdict that is read packs into the same bytes
 *
 * One of an older version packs into the newest, and that into itself.
 */
#include <assert.h>

#include "filters/verdict.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	TEXT_AUTO text = TEXT_INIT(VERDICT_PACKED_MAX);
	TEXT_AUTO again = TEXT_INIT(VERDICT_PACKED_MAX);
	struct verdict verdict, twice;

	if (verdict_unpack(slice_of(bytes, len), &verdict) < 0)
		return 0;
	verdict_pack(&text, &verdict);
	assert(!text_failed(&text));
	assert((uint8_t)text.at[0] != bytes[0] ||
	    slice_is(text_slice(&text), slice_of(bytes, len)));
	assert(verdict_unpack(text_slice(&text), &twice) == 0);
	verdict_pack(&again, &twice);
	assert(slice_is(text_slice(&text), text_slice(&again)));
	twice = verdict;
	(void)verdict_combine(&twice, &verdict);
	assert(twice.action == verdict.action);
	return 0;
}
