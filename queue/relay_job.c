/*
 * relay_job.c - what the queue asks of the relay, and what that answers
 */
#include "queue/relay_job.h"

#include <errno.h>
#include <string.h>

void
relay_job_pack(struct text *text, const struct relay_job *job)
{
	pack_bytes(text, slice_of(job->id.bytes, MESSAGE_ID_BYTES));
	pack_slice(text, job->domain);
	pack_slice(text, job->via);
	pack_slice(text, job->way);
	pack_u8(text, job->by_turn);
	pack_slice(text, job->sender);
	pack_u8(text, (uint8_t)job->body);
	pack_u8(text, job->utf8);
	pack_u8(text, (uint8_t)job->ret);
	pack_slice(text, job->envid);
	pack_u64(text, job->bytes);
	pack_slice(text, job->trace);
	pack_u32(text, (uint32_t)job->recipient_count);
	for (size_t i = 0; i < job->recipient_count; i++) {
		pack_slice(text, job->recipients[i].address);
		pack_u8(text, job->recipients[i].notify);
		pack_slice(text, job->recipients[i].orcpt);
	}
	pack_u64(text, job->turn);	/* the last: relay_job_is_same() */
}

bool
relay_job_is_same(struct slice packed, struct slice other)
{
	const size_t turn_bytes = sizeof(uint64_t);

	return packed.len == other.len && packed.len > turn_bytes &&
	    slice_is(slice_first(packed, packed.len - turn_bytes),
	    slice_first(other, other.len - turn_bytes));
}

void
relay_turn_pack(struct text *text, const struct relay_turn *turn)
{
	pack_u64(text, turn->number);
	pack_slice(text, turn->peer);
	pack_slice(text, turn->tls);
}

int
relay_turn_unpack(struct slice packed, struct relay_turn *turn_out)
{
	struct unpack u = unpack_of(packed);
	struct relay_turn turn;

	turn.number = unpack_u64(&u);
	turn.peer = unpack_slice(&u);
	turn.tls = unpack_slice(&u);
	if (!unpack_is_done(&u) || turn.number == 0)
		return -EBADMSG;
	*turn_out = turn;
	return 0;
}

static int
recipients_unpack(struct arena *arena, struct unpack *u,
    struct relay_job *job)
{
	job->recipient_count = unpack_u32(u);
	if (u->bad || job->recipient_count == 0 ||
	    job->recipient_count > RELAY_RECIPIENTS)
		return -EBADMSG;
	job->recipients = arena_array(arena, job->recipient_count,
	    sizeof(*job->recipients));
	if (job->recipients == NULL)
		return -ENOBUFS;
	for (size_t i = 0; i < job->recipient_count; i++) {
		job->recipients[i].address = unpack_slice(u);
		job->recipients[i].notify = unpack_u8(u);
		job->recipients[i].orcpt = unpack_slice(u);
	}
	job->turn = unpack_u64(u);
	return unpack_is_done(u) ? 0 : -EBADMSG;
}

int
relay_job_unpack(struct arena *arena, struct slice packed,
    struct relay_job *job_out)
{
	struct unpack u = unpack_of(packed);
	struct slice id = unpack_bytes(&u, MESSAGE_ID_BYTES);
	struct relay_job job = { .bytes = 0 };
	int r;

	if (u.bad)
		return -EBADMSG;
	memcpy(job.id.bytes, id.at, MESSAGE_ID_BYTES);
	job.domain = unpack_slice(&u);
	job.via = unpack_slice(&u);
	job.way = unpack_slice(&u);
	job.by_turn = unpack_bool(&u);
	job.sender = unpack_slice(&u);
	job.body = unpack_enum(&u, BODY_COUNT);
	job.utf8 = unpack_bool(&u);
	job.ret = unpack_enum(&u, RET_COUNT);
	job.envid = unpack_slice(&u);
	job.bytes = unpack_u64(&u);
	job.trace = unpack_slice(&u);
	if (job.way.len > 0 && job.domain.len > 0)
		return -EBADMSG;
	r = recipients_unpack(arena, &u, &job);
	if (r == 0)
		*job_out = job;
	return r;
}

void
relay_result_pack(struct text *text, const struct relay_result *result)
{
	pack_u64(text, result->number);
	pack_u8(text, result->was_reached);
	pack_u8(text, result->has_dsn);
	pack_slice(text, result->host);
	pack_slice(text, result->tls);
	pack_u32(text, (uint32_t)result->count);
	for (size_t i = 0; i < result->count; i++) {
		const struct relay_reply *reply = &result->replies[i];

		pack_u8(text, (uint8_t)reply->outcome);
		pack_u16(text, reply->code);
		pack_slice(text, reply->status);
		pack_slice(text, reply->words);
	}
}

static int
reply_unpack(struct unpack *u, struct relay_reply *reply)
{
	reply->outcome = unpack_enum(u, RELAY_OUTCOME_COUNT);
	reply->code = unpack_u16(u);
	reply->status = unpack_slice(u);
	reply->words = unpack_slice(u);
	return u->bad || reply->code > 599 ||
	    reply->status.len > RELAY_STATUS_MOST ||
	    reply->words.len > RELAY_WORDS_MOST ||
	    !slice_is_printable_ascii(reply->status) ||
	    !slice_is_printable_ascii(reply->words) ? -EBADMSG : 0;
}

int
relay_result_unpack(struct arena *arena, struct slice packed,
    struct relay_result *result_out)
{
	struct unpack u = unpack_of(packed);
	struct relay_result result;

	result.number = unpack_u64(&u);
	result.was_reached = unpack_bool(&u);
	result.has_dsn = unpack_bool(&u);
	result.host = unpack_slice(&u);
	result.tls = unpack_slice(&u);
	result.count = unpack_u32(&u);
	if (u.bad || result.count > RELAY_RECIPIENTS ||
	    result.host.len > RELAY_HOST_MOST ||
	    !slice_is_printable_ascii(result.host) ||
	    !slice_is_printable_ascii(result.tls))
		return -EBADMSG;
	result.replies = arena_array(arena, result.count,
	    sizeof(*result.replies));
	if (result.replies == NULL && result.count > 0)
		return -ENOBUFS;
	for (size_t i = 0; i < result.count; i++)
		if (reply_unpack(&u, &result.replies[i]) < 0)
			return -EBADMSG;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*result_out = result;
	return 0;
}
