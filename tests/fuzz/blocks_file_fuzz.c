/*
 * blocks_file_fuzz.c - whatever stands in the file, nobody is out for longer
 * than a block lasts, and what was read can be written
 */
#include <assert.h>

#include "policy/blocks_file.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define NOW_MS	UINT64_C(7000)
#define UTC_MS	INT64_C(1795410000000)

static bool
look(void *arg, const struct block *block)
{
	unsigned *count = arg;

	assert(++*count <= BLOCKS_MOST);
	assert(block->net[0] != '\0' && block->times > 0);
	assert(block->until_ms > 0 &&
	    block->until_ms <= NOW_MS + BLOCK_MOST_MS);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct blocks *blocks = blocks_new(), *again = blocks_new();
	TEXT_AUTO written = TEXT_INIT(1 << 20);
	unsigned count = 0, more = 0;

	assert(blocks != NULL && again != NULL);
	(void)blocks_read(blocks, slice_of(bytes, len), NOW_MS, UTC_MS);
	blocks_all(blocks, look, &count);
	blocks_write(&written, blocks, NOW_MS, UTC_MS);
	assert(blocks_read(again, text_slice(&written), NOW_MS, UTC_MS) == 0);
	blocks_all(again, look, &more);
	assert(more == count);
	blocks_free(blocks);
	blocks_free(again);
	return 0;
}
