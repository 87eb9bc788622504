/*
 * service.c - what is asked of a mailbox role, as bytes
 */
#include "store/service.h"

#include <errno.h>
#include <string.h>

void
delivery_pack(struct text *text, const struct delivery *delivery)
{
	pack_bytes(text, slice_of(delivery->id.bytes, MESSAGE_ID_BYTES));
	pack_u32(text, delivery->action);
	pack_u64(text, delivery->position);
	pack_u32(text, delivery->mailbox);
	pack_i64(text, delivery->received_at_utc_ms);
	pack_u64(text, delivery->body_bytes);
	pack_u8(text, delivery->is_big);
	pack_u8(text, delivery->lacks_crlf);
	pack_u8(text, delivery->is_released);
	pack_u8(text, delivery->is_decided);
	pack_u8(text, delivery->is_spam);
	pack_slice(text, delivery->trace);
	pack_slice(text, delivery->folder);
	pack_u8(text, delivery->flags);
	pack_slice(text, delivery->keywords);
}

int
delivery_unpack(struct slice packed, struct delivery *delivery_out)
{
	struct unpack u = unpack_of(packed);
	struct delivery delivery = { 0 };
	struct slice id = unpack_bytes(&u, MESSAGE_ID_BYTES);

	if (u.bad)
		return -EBADMSG;
	memcpy(delivery.id.bytes, id.at, MESSAGE_ID_BYTES);
	delivery.action = unpack_u32(&u);
	delivery.position = unpack_u64(&u);
	delivery.mailbox = unpack_u32(&u);
	delivery.received_at_utc_ms = unpack_i64(&u);
	delivery.body_bytes = unpack_u64(&u);
	delivery.is_big = unpack_bool(&u);
	delivery.lacks_crlf = unpack_bool(&u);
	delivery.is_released = unpack_bool(&u);
	delivery.is_decided = unpack_bool(&u);
	delivery.is_spam = unpack_bool(&u);
	delivery.trace = unpack_slice(&u);
	delivery.folder = unpack_slice(&u);
	delivery.flags = unpack_u8(&u);
	delivery.keywords = unpack_slice(&u);
	if (!unpack_is_done(&u) || delivery.folder.len > FOLDER_MAX_BYTES ||
	    (delivery.flags & ~LETTER_FLAGS) != 0 ||
	    delivery.keywords.len > KEYWORDS_MOST ||
	    (!delivery.is_big && delivery.body_bytes > BIG_BYTES))
		return -EBADMSG;
	*delivery_out = delivery;
	return 0;
}

void
listed_pack(struct text *text, const struct listed_letter *listed)
{
	pack_u64(text, listed->place);
	pack_slice(text, listed->mailbox);
	pack_u32(text, listed->uidvalidity);
	pack_u32(text, listed->uid);
	pack_u8(text, listed->flags);
	pack_slice(text, listed->keywords);
	pack_i64(text, listed->received_at_utc_ms);
	pack_u64(text, listed->bytes);
	pack_bytes(text, slice_of(listed->id.bytes, MESSAGE_ID_BYTES));
}

int
listed_unpack(struct unpack *u, struct listed_letter *listed_out)
{
	struct listed_letter listed = { 0 };
	struct slice id;

	listed.place = unpack_u64(u);
	listed.mailbox = unpack_slice(u);
	listed.uidvalidity = unpack_u32(u);
	listed.uid = unpack_u32(u);
	listed.flags = unpack_u8(u);
	listed.keywords = unpack_slice(u);
	listed.received_at_utc_ms = unpack_i64(u);
	listed.bytes = unpack_u64(u);
	id = unpack_bytes(u, MESSAGE_ID_BYTES);
	if (u->bad || listed.mailbox.len > FOLDER_MAX_BYTES ||
	    (listed.flags & ~LETTER_ALL_FLAGS) != 0 ||
	    listed.keywords.len > KEYWORDS_MOST)
		return -EBADMSG;
	memcpy(listed.id.bytes, id.at, MESSAGE_ID_BYTES);
	*listed_out = listed;
	return 0;
}

void
folder_pack(struct text *text, const struct listed_folder *folder)
{
	pack_u32(text, folder->mailbox);
	pack_slice(text, folder->name);
	pack_u32(text, folder->uidvalidity);
	pack_u64(text, folder->letters);
	pack_u64(text, folder->bytes);
}

int
folder_unpack(struct unpack *u, struct listed_folder *folder_out)
{
	struct listed_folder folder = { 0 };

	folder.mailbox = unpack_u32(u);
	folder.name = unpack_slice(u);
	folder.uidvalidity = unpack_u32(u);
	folder.letters = unpack_u64(u);
	folder.bytes = unpack_u64(u);
	if (u->bad || folder.name.len > FOLDER_MAX_BYTES)
		return -EBADMSG;
	*folder_out = folder;
	return 0;
}

static void
carried_pack(struct text *text, const struct session_carried *carried)
{
	pack_slice(text, carried->state);
	pack_u64(text, carried->quiet_ms);
}

static struct session_carried
carried_unpack(struct unpack *u)
{
	struct session_carried carried;

	carried.state = unpack_slice(u);
	carried.quiet_ms = unpack_u64(u);
	if (carried.state.len > SESSION_STATE_BYTES)
		u->bad = true;
	return carried;
}

void
session_pack(struct text *text, const struct session_request *request)
{
	pack_u8(text, (uint8_t)request->service);
	pack_u64(text, request->number);
	pack_slice(text, request->login);
	pack_slice(text, request->tag);
	carried_pack(text, &request->carried);
}

int
session_unpack(struct slice packed, struct session_request *request_out)
{
	struct unpack u = unpack_of(packed);
	struct session_request request;

	request.service = unpack_enum(&u, SESSION_COUNT);
	request.number = unpack_u64(&u);
	request.login = unpack_slice(&u);
	request.tag = unpack_slice(&u);
	request.carried = carried_unpack(&u);
	if (!unpack_is_done(&u) || request.tag.len > SESSION_TAG_BYTES)
		return -EBADMSG;
	*request_out = request;
	return 0;
}

void
parting_pack(struct text *text, const struct session_parting *parting)
{
	pack_u64(text, parting->number);
	pack_u64(text, parting->modseq);
	carried_pack(text, &parting->carried);
}

int
parting_unpack(struct slice packed, struct session_parting *parting_out)
{
	struct unpack u = unpack_of(packed);
	struct session_parting parting;

	parting.number = unpack_u64(&u);
	parting.modseq = unpack_u64(&u);
	parting.carried = carried_unpack(&u);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*parting_out = parting;
	return 0;
}
