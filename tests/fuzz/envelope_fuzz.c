/*
 * envelope_fuzz.c - an envelope that is read packs into the same bytes
 *
 * One of an older version packs into the newest, and that into itself.
 */
#include <assert.h>

#include "lib/message/envelope.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define NEWER	256		/* bytes more of a newer version */

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	ARENA_AUTO arena = arena_new(1024 * 1024);
	TEXT_AUTO one = TEXT_INIT(len + NEWER);
	TEXT_AUTO two = TEXT_INIT(len + NEWER);
	struct slice input = slice_of(bytes, len);
	struct envelope env;

	if (envelope_unpack(arena, input, &env) < 0)
		return 0;
	envelope_pack(&one, &env);
	assert(!text_failed(&one));
	if (one.at[0] == input.at[0])
		assert(slice_is(text_slice(&one), input));
	assert(envelope_unpack(arena, text_slice(&one), &env) == 0);
	envelope_pack(&two, &env);
	assert(slice_is(text_slice(&one), text_slice(&two)));
	return 0;
}
