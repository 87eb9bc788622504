/*
 * words_fuzz.c - whatever stands in a header is read as clean UTF-8
 */
#include <assert.h>

#include "lib/message/words.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static bool is_open;
	TEXT_AUTO whole = TEXT_INIT(len * 4 + 16);
	TEXT_AUTO cut = TEXT_INIT(7);

	if (!is_open)
		is_open = words_open() == 0;
	words_decode(&whole, slice_of(bytes, len));
	words_decode(&cut, slice_of(bytes, len));
	assert(slice_is_utf8(text_slice(&whole)));
	assert(slice_is_utf8(text_slice(&cut)));
	assert(slice_is(text_slice(&cut), slice_first(text_slice(&whole),
	    cut.len)));
	for (size_t i = 0; i < whole.len; i++)
		assert((unsigned char)whole.at[i] >= 0x20 &&
		    whole.at[i] != 0x7f);
	return 0;
}
