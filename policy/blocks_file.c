/*
 * blocks_file.c - who is kept out of SMTP, over a restart
 */
#include "policy/blocks_file.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/loop.h"
#include "policy/kept_file.h"

#define MAGIC		"postroom blocks 1\n"
#define MAGIC_BYTES	(sizeof(MAGIC) - 1)
/* Of one: its name, three numbers, the lengths of pieces. */
#define ONE_BYTES	(BLOCK_NET_SIZE + 32)
#define TIMES_MOST	1000	/* in a row; a day each, from the eighth on */
#define FILE_BYTES	(MAGIC_BYTES + BLOCKS_MOST * (size_t)ONE_BYTES)

struct writing {
	struct text	*to;
	uint64_t	 now_ms;
	int64_t		 now_utc_ms;
};

static bool
write_one(void *arg, const struct block *block)
{
	const struct writing *writing = arg;

	pack_slice(writing->to, slice_str(block->net));
	pack_u8(writing->to, (uint8_t)block->why);
	pack_u32(writing->to, block->times);
	pack_i64(writing->to, writing->now_utc_ms +
	    ((int64_t)block->until_ms - (int64_t)writing->now_ms));
	return true;
}

void
blocks_write(struct text *to, const struct blocks *blocks, uint64_t now_ms,
    int64_t now_utc_ms)
{
	struct writing writing = { to, now_ms, now_utc_ms };

	text_add(to, slice_of(MAGIC, MAGIC_BYTES));
	blocks_all(blocks, write_one, &writing);
}

/*
 * Over for whole days forgives as many times, and the rest of a day counts on;
 * of it no more is known than the machine is old.
 */
static void
put(struct blocks *blocks, struct block *block, int64_t left_ms,
    uint64_t now_ms)
{
	uint64_t days, rest;

	if (left_ms > (int64_t)BLOCK_MOST_MS)	/* the clock was put back */
		left_ms = (int64_t)BLOCK_MOST_MS;
	if (left_ms > 0) {
		block->until_ms = now_ms + (uint64_t)left_ms;
		blocks_put(blocks, block);
		return;
	}
	days = (uint64_t)-left_ms / BLOCK_FORGIVE_MS;
	rest = (uint64_t)-left_ms % BLOCK_FORGIVE_MS;
	if (days >= block->times || now_ms == 0)
		return;
	block->times -= (unsigned)days;
	block->until_ms = rest < now_ms ? now_ms - rest : 1;
	blocks_put(blocks, block);
}

int
blocks_read(struct blocks *blocks, struct slice bytes, uint64_t now_ms,
    int64_t now_utc_ms)
{
	struct unpack u = unpack_of(slice_after(bytes, MAGIC_BYTES));

	if (!slice_is(slice_first(bytes, MAGIC_BYTES),
	    slice_of(MAGIC, MAGIC_BYTES)))
		return -EBADMSG;
	while (u.rest.len > 0) {
		struct block block = { .until_ms = 0 };
		struct slice net = unpack_slice(&u);
		int64_t until;

		block.why = unpack_enum(&u, BLOCK_REASONS);
		block.times = unpack_u32(&u);
		until = unpack_i64(&u);
		/* no clock shows less than nothing, or what cannot be counted */
		if (u.bad || net.len == 0 || until < 0 || block.times == 0 ||
		    slice_cstr(net, block.net, sizeof(block.net)) < 0)
			return -EBADMSG;
		if (block.times > TIMES_MOST)
			block.times = TIMES_MOST;
		put(blocks, &block, until - now_utc_ms, now_ms);
	}
	return 0;
}

int
blocks_save(const struct blocks *blocks, int folder_fd)
{
	TEXT_AUTO bytes = TEXT_INIT(FILE_BYTES);

	blocks_write(&bytes, blocks, clock_ms(), clock_utc_ms());
	return text_failed(&bytes) ? -ENOMEM :
	    kept_save(folder_fd, BLOCKS_FILE, text_slice(&bytes));
}

int
blocks_load(struct blocks *blocks, int folder_fd)
{
	char *bytes;
	size_t len;
	int r = kept_load(folder_fd, BLOCKS_FILE, FILE_BYTES, &bytes, &len);

	if (r < 0 || bytes == NULL)
		return r;
	r = blocks_read(blocks, slice_of(bytes, len), clock_ms(),
	    clock_utc_ms());
	free(bytes);
	return r;
}
