/*
 * abandon.c - what the ABANDON record says: from where on nothing was received
 */
#include "queue/abandon.h"

#include <errno.h>
#include <string.h>

#include "queue/segment.h"

void
abandon_from(struct abandon *abandon, uint32_t generation, uint32_t offset)
{
	/* a segment breaks once, and leaves when it is settled: they fit */
	if (abandon->range_count == JOURNAL_MOST_SEGMENTS)
		return;
	abandon->range[abandon->range_count++] = (struct abandon_range){
	    generation, offset };
}

void
abandon_name(struct abandon *abandon, const struct message_id *id)
{
	if (abandon->id_count < ABANDON_IDS)
		abandon->id[abandon->id_count++] = *id;
}

bool
abandon_is_empty(const struct abandon *abandon)
{
	return abandon->range_count == 0;
}

void
abandon_clear(struct abandon *abandon)
{
	abandon->range_count = 0;
	abandon->id_count = 0;
}

void
abandon_settled(struct abandon *abandon, uint64_t position)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < abandon->range_count; i++) {
		struct abandon_range *range = &abandon->range[i];

		if (segment_position(range->generation, range->offset) >
		    position)
			abandon->range[kept++] = *range;
	}
	abandon->range_count = kept;
	if (kept == 0)
		abandon->id_count = 0;
}

void
abandon_pack(const struct abandon *abandon, struct text *text)
{
	pack_u32(text, abandon->range_count);
	for (unsigned i = 0; i < abandon->range_count; i++) {
		pack_u32(text, abandon->range[i].generation);
		pack_u32(text, abandon->range[i].offset);
	}
	pack_u32(text, abandon->id_count);
	for (unsigned i = 0; i < abandon->id_count; i++)
		pack_bytes(text, slice_of(abandon->id[i].bytes,
		    MESSAGE_ID_BYTES));
}

int
abandon_unpack(struct slice packed, struct abandon *abandon_out)
{
	struct unpack u = unpack_of(packed);
	struct slice id;
	unsigned count;

	abandon_clear(abandon_out);
	count = unpack_u32(&u);
	if (count > JOURNAL_MOST_SEGMENTS)
		return -EBADMSG;
	for (unsigned i = 0; i < count; i++) {
		uint32_t generation = unpack_u32(&u);

		abandon_from(abandon_out, generation, unpack_u32(&u));
	}
	count = unpack_u32(&u);
	if (count > ABANDON_IDS)
		return -EBADMSG;
	for (unsigned i = 0; i < count && !u.bad; i++) {
		struct message_id name;

		id = unpack_bytes(&u, MESSAGE_ID_BYTES);
		if (u.bad)
			break;
		memcpy(name.bytes, id.at, MESSAGE_ID_BYTES);
		abandon_name(abandon_out, &name);
	}
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}
