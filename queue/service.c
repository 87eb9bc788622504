/*
 * service.c - what is asked of the queue role, as bytes
 */
#include "queue/service.h"

#include <errno.h>
#include <string.h>

void
answer_pack(struct text *text, const struct queue_answer *answer)
{
	pack_u16(text, answer->code);
	pack_slice(text, answer->status);
	pack_slice(text, answer->words);
	pack_u8(text, answer->held);
	pack_u8(text, answer->known);
}

int
answer_unpack(struct unpack *u, struct queue_answer *answer_out)
{
	struct queue_answer answer;

	answer.code = unpack_u16(u);
	answer.status = unpack_slice(u);
	answer.words = unpack_slice(u);
	answer.held = unpack_bool(u);
	answer.known = unpack_bool(u);
	if (u->bad || answer.code > 599)
		return -EBADMSG;
	*answer_out = answer;
	return 0;
}

void
shared_sample_pack(struct text *text, const struct shared_sample *sample)
{
	pack_u8(text, sample->comes_back);
	pack_u64(text, sample->at);
	pack_u64(text, sample->bytes);
	pack_bytes(text, slice_of(sample->digest, SHARED_DIGEST_BYTES));
}

int
shared_sample_unpack(struct unpack *u, struct shared_sample *sample_out)
{
	struct shared_sample sample;
	struct slice digest;

	sample.comes_back = unpack_bool(u);
	sample.at = unpack_u64(u);
	sample.bytes = unpack_u64(u);
	digest = unpack_bytes(u, SHARED_DIGEST_BYTES);
	if (u->bad)
		return -EBADMSG;
	memcpy(sample.digest, digest.at, SHARED_DIGEST_BYTES);
	*sample_out = sample;
	return 0;
}

void
shared_made_pack(struct text *text, const struct shared_made *made)
{
	pack_u64(text, made->bytes);
	pack_u64(text, made->ticket);
	pack_bytes(text, slice_of(made->digest, SHARED_DIGEST_BYTES));
}

int
shared_made_unpack(struct unpack *u, struct shared_made *made_out)
{
	struct shared_made made;
	struct slice digest;

	made.bytes = unpack_u64(u);
	made.ticket = unpack_u64(u);
	digest = unpack_bytes(u, SHARED_DIGEST_BYTES);
	if (u->bad)
		return -EBADMSG;
	memcpy(made.digest, digest.at, SHARED_DIGEST_BYTES);
	*made_out = made;
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
	struct listing_counts counts = { 0 };

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
listing_spared_pack(struct text *text, const struct listing_spared *spared)
{
	for (unsigned i = 0; i < SPARED_COUNT; i++) {
		pack_u64(text, spared->of[i].messages);
		pack_u64(text, spared->of[i].bytes);
	}
}

int
listing_spared_unpack(struct unpack *u, struct listing_spared *spared_out)
{
	struct listing_spared spared;

	for (unsigned i = 0; i < SPARED_COUNT; i++) {
		spared.of[i].messages = unpack_u64(u);
		spared.of[i].bytes = unpack_u64(u);
	}
	if (u->bad)
		return -EBADMSG;
	*spared_out = spared;
	return 0;
}

void
hold_row_pack(struct text *text, const struct hold_row *row)
{
	pack_bytes(text, slice_of(row->id.bytes, MESSAGE_ID_BYTES));
	pack_u8(text, row->is_quarantined);
	pack_i64(text, row->since_utc_ms);
	pack_slice(text, row->reason);
	pack_slice(text, row->from);
	pack_slice(text, row->subject);
	pack_slice(text, row->sender);
	pack_slice(text, row->recipients);
	pack_slice(text, row->source);
	pack_u64(text, row->bytes);
	pack_u8(text, row->is_damaged);
	pack_slice(text, row->score);
	pack_i64(text, row->ends_utc_ms);
	pack_u8(text, row->is_personal);
	pack_slice(text, row->told);
	pack_u8(text, row->may_take);
	pack_slice(text, row->link);
	pack_slice(text, row->author);
	pack_u32(text, row->number);
}

int
hold_row_unpack(struct unpack *u, struct hold_row *row_out)
{
	struct slice id = unpack_bytes(u, MESSAGE_ID_BYTES);
	struct hold_row row = { 0 };

	if (u->bad)
		return -EBADMSG;
	memcpy(row.id.bytes, id.at, MESSAGE_ID_BYTES);
	row.is_quarantined = unpack_bool(u);
	row.since_utc_ms = unpack_i64(u);
	row.reason = unpack_slice(u);
	row.from = unpack_slice(u);
	row.subject = unpack_slice(u);
	row.sender = unpack_slice(u);
	row.recipients = unpack_slice(u);
	row.source = unpack_slice(u);
	row.bytes = unpack_u64(u);
	row.is_damaged = unpack_bool(u);
	row.score = unpack_slice(u);
	row.ends_utc_ms = unpack_i64(u);
	row.is_personal = unpack_bool(u);
	row.told = unpack_slice(u);
	row.may_take = unpack_bool(u);
	row.link = unpack_slice(u);
	row.author = unpack_slice(u);
	row.number = unpack_u32(u);
	if (u->bad)
		return -EBADMSG;
	*row_out = row;
	return 0;
}

void
held_replied_pack(struct text *text, const struct held_replied *replied)
{
	pack_u32(text, replied->number);
	pack_u8(text, replied->is_spam);
	pack_u8(text, (uint8_t)replied->status);
	pack_slice(text, replied->subject);
}

int
held_replied_unpack(struct unpack *u, struct held_replied *replied_out)
{
	struct held_replied replied = { .number = unpack_u32(u) };

	replied.is_spam = unpack_bool(u);
	replied.status = unpack_enum(u, HOLD_STATUS_COUNT);
	replied.subject = unpack_slice(u);
	if (u->bad)
		return -EBADMSG;
	*replied_out = replied;
	return 0;
}

const char *
queue_bar_words(enum queue_bar bar)
{
	static const char *const words[BAR_COUNT] = {
		[BAR_NONE] = "nothing",
		[BAR_DISK] = "the disk is nearly full",
		[BAR_DISK_UNKNOWN] = "the disk does not say what is free",
		[BAR_JOURNAL] = "the journal is full",
	};

	return words[bar];
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
	pack_u64(text, status->quarantined);
	pack_u64(text, status->segments_used);
	pack_u64(text, status->segments_free);
	pack_u64(text, status->segments_broken);
	pack_u64(text, status->free_bytes);
	pack_u8(text, (uint8_t)status->bar);
	pack_u8(text, status->deletes);
	pack_u64(text, status->messages_sent);
	pack_u64(text, status->messages_received);
	pack_u64(text, status->leaving_waiting);
	pack_u64(text, status->leaving_held);
	pack_u64(text, status->leaving_failed);
	pack_i64(text, status->leaving_since_utc_ms);
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
	status.quarantined = unpack_u64(&u);
	status.segments_used = unpack_u64(&u);
	status.segments_free = unpack_u64(&u);
	status.segments_broken = unpack_u64(&u);
	status.free_bytes = unpack_u64(&u);
	status.bar = unpack_enum(&u, BAR_COUNT);
	status.deletes = unpack_bool(&u);
	status.messages_sent = unpack_u64(&u);
	status.messages_received = unpack_u64(&u);
	status.leaving_waiting = unpack_u64(&u);
	status.leaving_held = unpack_u64(&u);
	status.leaving_failed = unpack_u64(&u);
	status.leaving_since_utc_ms = unpack_i64(&u);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*status_out = status;
	return 0;
}

uint64_t
listing_rank(enum listing_order order, uint64_t bytes)
{
	return order == LISTING_BY_NUMBER || bytes <= LISTING_SMALL_BYTES ? 0 :
	    bytes;
}

void
etrn_asked_pack(struct text *text, const struct etrn_asked *asked)
{
	pack_u8(text, (uint8_t)asked->kind);
	pack_slice(text, asked->name);
	pack_u64(text, asked->account);
	pack_slice(text, asked->peer);
}

int
etrn_asked_unpack(struct slice packed, struct etrn_asked *asked_out)
{
	struct unpack u = unpack_of(packed);
	struct etrn_asked asked;

	asked.kind = unpack_enum(&u, ETRN_KIND_COUNT);
	asked.name = unpack_slice(&u);
	asked.account = unpack_u64(&u);
	asked.peer = unpack_slice(&u);
	/* they stand in an answer */
	if (!unpack_is_done(&u) || asked.name.len > 255 ||
	    asked.peer.len > 63 || !slice_is_printable_ascii(asked.name) ||
	    !slice_is_printable_ascii(asked.peer))
		return -EBADMSG;
	*asked_out = asked;
	return 0;
}

void
atrn_asked_pack(struct text *text, const struct atrn_asked *asked)
{
	pack_u64(text, asked->account);
	pack_slice(text, asked->peer);
	pack_slice(text, asked->tls);
	pack_u32(text, (uint32_t)asked->count);
	for (size_t i = 0; i < asked->count; i++)
		pack_slice(text, asked->names[i]);
}

/* They stand in an answer, or in the trail. */
static bool
is_word(struct slice word, size_t most)
{
	return word.len <= most && slice_is_printable_ascii(word);
}

int
atrn_asked_unpack(struct slice packed, struct atrn_asked *asked_out)
{
	struct unpack u = unpack_of(packed);
	struct atrn_asked asked = { .account = unpack_u64(&u) };

	asked.peer = unpack_slice(&u);
	asked.tls = unpack_slice(&u);
	asked.count = unpack_u32(&u);
	if (u.bad || asked.count > ATRN_NAMES_MOST || asked.account == 0 ||
	    !is_word(asked.peer, 63) || !is_word(asked.tls, 79))
		return -EBADMSG;
	for (size_t i = 0; i < asked.count; i++) {
		asked.names[i] = unpack_slice(&u);
		if (!is_word(asked.names[i], 255))
			return -EBADMSG;
	}
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*asked_out = asked;
	return 0;
}
