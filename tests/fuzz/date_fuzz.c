/*
 * date_fuzz.c - a date that is read can be written and read again
 */
#include <assert.h>

#include "lib/message/date.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	TEXT_AUTO text = TEXT_INIT(64);
	int64_t seconds, again;

	if (date_parse(slice_of(bytes, len), &seconds) < 0)
		return 0;
	assert(date_write(&text, seconds * 1000, 0) == 0);
	assert(!text_failed(&text));
	assert(date_parse(text_slice(&text), &again) == 0);
	assert(seconds == again);
	return 0;
}
