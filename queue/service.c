/*
 * service.c - what is asked of the queue role, as bytes
 */
#include "queue/service.h"

#include <errno.h>

void
answer_pack(struct text *text, const struct queue_answer *answer)
{
	pack_u16(text, answer->code);
	pack_slice(text, answer->status);
	pack_slice(text, answer->words);
}

int
answer_unpack(struct unpack *u, struct queue_answer *answer_out)
{
	struct queue_answer answer;

	answer.code = unpack_u16(u);
	answer.status = unpack_slice(u);
	answer.words = unpack_slice(u);
	if (u->bad || answer.code > 599)
		return -EBADMSG;
	*answer_out = answer;
	return 0;
}

void
listing_counts_pack(struct text *text, const struct listing_counts *counts)
{
	pack_u64(text, counts->listed);
	pack_u64(text, counts->listed_bytes);
	pack_u64(text, counts->take);
	pack_u64(text, counts->take_bytes);
	pack_u64(text, counts->look);
	pack_u64(text, counts->remove);
	pack_u64(text, counts->known);
	pack_u64(text, counts->too_large);
}

int
listing_counts_unpack(struct unpack *u, struct listing_counts *counts_out)
{
	struct listing_counts counts;

	counts.listed = unpack_u64(u);
	counts.listed_bytes = unpack_u64(u);
	counts.take = unpack_u64(u);
	counts.take_bytes = unpack_u64(u);
	counts.look = unpack_u64(u);
	counts.remove = unpack_u64(u);
	counts.known = unpack_u64(u);
	counts.too_large = unpack_u64(u);
	if (u->bad)
		return -EBADMSG;
	*counts_out = counts;
	return 0;
}

void
queue_status_pack(struct text *text, const struct queue_status *status)
{
	pack_u64(text, status->received);
	pack_u64(text, status->delivered);
	pack_u64(text, status->refused);
	pack_u64(text, status->moving);
	pack_u64(text, status->waiting);
	pack_u64(text, status->held);
	pack_u64(text, status->segments_used);
	pack_u64(text, status->segments_free);
	pack_u64(text, status->segments_broken);
	pack_u64(text, status->free_bytes);
	pack_u8(text, status->admits);
	pack_u8(text, status->deletes);
	pack_u64(text, status->messages_sent);
	pack_u64(text, status->messages_received);
}

int
queue_status_unpack(struct slice packed, struct queue_status *status_out)
{
	struct unpack u = unpack_of(packed);
	struct queue_status status;

	status.received = unpack_u64(&u);
	status.delivered = unpack_u64(&u);
	status.refused = unpack_u64(&u);
	status.moving = unpack_u64(&u);
	status.waiting = unpack_u64(&u);
	status.held = unpack_u64(&u);
	status.segments_used = unpack_u64(&u);
	status.segments_free = unpack_u64(&u);
	status.segments_broken = unpack_u64(&u);
	status.free_bytes = unpack_u64(&u);
	status.admits = unpack_bool(&u);
	status.deletes = unpack_bool(&u);
	status.messages_sent = unpack_u64(&u);
	status.messages_received = unpack_u64(&u);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*status_out = status;
	return 0;
}
