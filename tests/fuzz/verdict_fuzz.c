/*
 * verdict_fuzz.c - a verdict that is read packs into the same bytes
 */
#include <assert.h>

#include "filters/verdict.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	TEXT_AUTO text = TEXT_INIT(len);
	struct verdict verdict, twice;

	if (verdict_unpack(slice_of(bytes, len), &verdict) < 0)
		return 0;
	verdict_pack(&text, &verdict);
	assert(!text_failed(&text));
	assert(slice_is(text_slice(&text), slice_of(bytes, len)));
	twice = verdict;
	(void)verdict_combine(&twice, &verdict);
	assert(twice.action == verdict.action);
	return 0;
}
