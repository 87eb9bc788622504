/*
 * ways_fuzz.c - a table of ways that is read packs into the same bytes, and finds
 * each of its names
 */
#include <assert.h>

#include "policy/ways.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	ARENA_AUTO arena = arena_new(1024 * 1024);
	TEXT_AUTO text = TEXT_INIT(len + 64);
	TEXT_AUTO own = TEXT_INIT(4096), again = TEXT_INIT(4096);
	struct slice input = slice_of(bytes, len);
	struct ways ways;

	if (ways_unpack(arena, input, &ways) == 0) {
		pack_u32(&text, (uint32_t)ways.count);
		for (size_t i = 0; i < ways.count; i++) {
			const struct way *way = &ways.at[i], *found;

			way_pack(&text, way);
			found = ways_find(&ways, way->account, way->name);
			assert(found == NULL || found->account == 0 ||
			    found->account == way->account);
		}
		assert(slice_is(text_slice(&text), input));
	}
	/* what is somebody's own address stays that */
	if (way_own_address(input, &own)) {
		assert(way_own_address(text_slice(&own), &again));
		assert(slice_is(text_slice(&again), text_slice(&own)));
	}
	return 0;
}
