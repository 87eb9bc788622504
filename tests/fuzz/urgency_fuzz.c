/*
 * urgency_fuzz.c - whatever stands in a header, it is urgent or not
 *
 * It stays so, whatever stands below the header.
 */
#include <assert.h>

#include "lib/base/text.h"
#include "lib/message/header.h"
#include "lib/message/urgency.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char below[] = "\r\nImportance: high\r\nX-Priority: 1\r\n";
	struct slice message = slice_of(bytes, len), header;
	TEXT_AUTO more = TEXT_INIT(URGENCY_HEADER_BYTES + sizeof(below));
	bool is_high = urgency_is_high(message);

	header = slice_first(message, header_bytes(message));
	if (header.len > URGENCY_HEADER_BYTES ||
	    !slice_has_suffix(header, "\r\n\r\n"))
		return 0;
	assert(urgency_is_high(header) == is_high);
	text_add(&more, header);
	text_add_str(&more, below);
	assert(!text_failed(&more));
	assert(urgency_is_high(text_slice(&more)) == is_high);
	return 0;
}
