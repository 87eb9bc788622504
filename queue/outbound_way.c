/*
 * outbound_way.c - by which smarthost mail leaves (policy/ways.h)
 *
 * Whose mail has one of its own the keeper says, and says anew with each change;
 * a row says only whose it is.  So a message that waits for another way is found
 * out at its next try, and goes by the one that there is then.
 */
#include <errno.h>

#include "lib/base/log.h"
#include "queue/outbound_inside.h"

#define TABLE_BYTES	(256 * 1024)	/* of names; the keeper has fewer */

const struct way *
out_way(const struct outbound *outbound, const struct rows_outbound *row)
{
	return row->via.len > 0 ? NULL : ways_find(&outbound->ways,
	    row->account, row->sender);
}

/* Whatever kept one from being reached may be mended: it is tried at once. */
static void
end_pauses(struct outbound *outbound)
{
	struct out_dest *dest, *following;

	HASH_ITER(hh, outbound->dests, dest, following) {
		if (dest->name[0] != '=' || dest->not_before_ms == 0)
			continue;
		dest->not_before_ms = 0;
		dest->failures = 0;
		out_dest_place(outbound, dest);
	}
}

int
conductor_ways(struct conductor *conductor, struct slice packed)
{
	struct outbound *outbound = conductor->outbound;
	struct arena *arena = arena_new(TABLE_BYTES + packed.len);
	struct slice copy;
	struct ways ways;
	int r = arena == NULL ? -ENOMEM : arena_copy(arena, packed, &copy);

	if (r == 0)
		r = ways_unpack(arena, copy, &ways);
	if (r < 0) {
		arena_free(arena);
		return r;
	}
	arena_free(outbound->ways_arena);
	outbound->ways_arena = arena;
	outbound->ways = ways;
	end_pauses(outbound);
	out_pump(outbound);
	return 0;
}

void
out_follow(struct outbound *outbound, const struct rows_outbound *row)
{
	if (!out_has_job(outbound, row) && out_add(outbound, row,
	    out_due_ms(row->next_try_utc_ms)) < 0)
		log_say("memory is out: a message leaves after the next start");
}
