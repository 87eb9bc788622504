/*
 * header_fuzz.c - a header block is walked to its end and no further
 */
#include <assert.h>

#include "lib/message/header.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice all = slice_of(bytes, len), rest = all;
	struct header_field field;
	size_t walked = 0;

	while (header_next(&rest, &field)) {
		TEXT_AUTO line = TEXT_INIT(len);

		walked += field.whole.len;
		assert(field.whole.at + field.whole.len == rest.at);
		assert(field.name.len > 0 && field.name.at == field.whole.at);
		assert(field.value.at >= field.name.at + field.name.len);
		assert(field.value.at + field.value.len <= rest.at);
		header_unfold(&line, field.value);
		assert(!text_failed(&line));
		assert(slice_find(text_slice(&line), '\r') == SIZE_MAX);
		assert(slice_find(text_slice(&line), '\n') == SIZE_MAX);
	}
	assert(walked + rest.len == len);
	assert(header_bytes(all) >= walked && header_bytes(all) <= walked + 2);
	return 0;
}
