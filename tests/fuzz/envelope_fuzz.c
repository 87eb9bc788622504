/*
 * envelope_fuzz.c - an envelope that is read packs into the same bytes
 */
#include <assert.h>

#include "lib/message/envelope.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	ARENA_AUTO arena = arena_new(1024 * 1024);
	TEXT_AUTO text = TEXT_INIT(len);
	struct envelope env;

	if (envelope_unpack(arena, slice_of(bytes, len), &env) < 0)
		return 0;
	envelope_pack(&text, &env);
	assert(!text_failed(&text));
	assert(slice_is(text_slice(&text), slice_of(bytes, len)));
	return 0;
}
