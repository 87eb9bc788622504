/*
 * desk_wire.c - what the console asks of the postmaster's desk, as bytes
 */
#include "queue/desk_wire.h"

#include <errno.h>
#include <string.h>

static void
pack_id(struct text *text, const struct message_id *id)
{
	pack_bytes(text, slice_of(id->bytes, MESSAGE_ID_BYTES));
}

static void
unpack_id(struct unpack *u, struct message_id *id)
{
	struct slice bytes = unpack_bytes(u, MESSAGE_ID_BYTES);

	if (bytes.len == MESSAGE_ID_BYTES)
		memcpy(id->bytes, bytes.at, MESSAGE_ID_BYTES);
}

void
desk_place_pack(struct text *text, const struct desk_place *place)
{
	pack_id(text, &place->id);
	pack_slice(text, slice_str(place->address));
}

int
desk_place_unpack(struct unpack *u, struct desk_place *place_out)
{
	struct desk_place place = { .address = "" };

	unpack_id(u, &place.id);
	if (slice_cstr(unpack_slice(u), place.address,
	    sizeof(place.address)) < 0 || u->bad)
		return -EBADMSG;
	*place_out = place;
	return 0;
}

void
desk_ask_pack(struct text *text, const struct desk_ask *ask)
{
	pack_u8(text, (uint8_t)ask->act);
	pack_u8(text, ask->which.has_id);
	pack_id(text, &ask->which.id);
	pack_u8(text, ask->which.has_state);
	pack_u8(text, (uint8_t)ask->which.state);
	pack_slice(text, ask->which.domain);
	pack_slice(text, ask->which.sender);
	pack_slice(text, ask->which.address);
	pack_u8(text, ask->all);
	pack_u8(text, ask->routes);
	pack_slice(text, ask->via);
	pack_slice(text, ask->who);
	desk_place_pack(text, &ask->place);
}

int
desk_ask_unpack(struct slice packed, struct desk_ask *ask_out)
{
	struct unpack u = unpack_of(packed);
	struct desk_ask ask = { .all = false };

	ask.act = unpack_enum(&u, DESK_ACT_COUNT);
	ask.which.has_id = unpack_bool(&u);
	unpack_id(&u, &ask.which.id);
	ask.which.has_state = unpack_bool(&u);
	ask.which.state = unpack_enum(&u, OUTBOUND_STATE_COUNT);
	ask.which.domain = unpack_slice(&u);
	ask.which.sender = unpack_slice(&u);
	ask.which.address = unpack_slice(&u);
	ask.all = unpack_bool(&u);
	ask.routes = unpack_bool(&u);
	ask.via = unpack_slice(&u);
	ask.who = unpack_slice(&u);
	if (desk_place_unpack(&u, &ask.place) < 0 || !unpack_is_done(&u) ||
	    ask.which.domain.len > ROWS_ADDRESS_BYTES ||
	    ask.which.sender.len > ROWS_ADDRESS_BYTES ||
	    ask.which.address.len > ROWS_ADDRESS_BYTES ||
	    ask.via.len > OUTBOUND_VIA_BYTES)
		return -EBADMSG;
	*ask_out = ask;
	return 0;
}

void
desk_row_pack(struct text *text, const struct desk_row *desk)
{
	const struct rows_outbound *row = &desk->row;

	pack_id(text, &row->id);
	pack_slice(text, row->address);
	pack_slice(text, row->domain);
	pack_u8(text, (uint8_t)row->state);
	pack_i64(text, row->since_utc_ms);
	pack_i64(text, row->next_try_utc_ms);
	pack_i64(text, row->first_try_utc_ms);
	pack_i64(text, row->last_try_utc_ms);
	pack_u32(text, row->tries);
	pack_u16(text, row->code);
	pack_slice(text, row->status);
	pack_slice(text, row->words);
	pack_slice(text, row->host);
	pack_slice(text, row->sender);
	pack_u64(text, row->bytes);
	pack_slice(text, row->via);
	pack_u8(text, desk->is_sending);
	pack_u8(text, (uint8_t)desk->waits.wait);
	pack_u8(text, desk->waits.for_night);
	pack_i64(text, desk->waits.until_utc_ms);
	pack_u8(text, (uint8_t)desk->way);
	pack_slice(text, desk->way_name);
}

int
desk_row_unpack(struct unpack *u, struct desk_row *row_out)
{
	struct desk_row desk = { .is_sending = false };
	struct rows_outbound *row = &desk.row;

	unpack_id(u, &row->id);
	row->address = unpack_slice(u);
	row->domain = unpack_slice(u);
	row->state = unpack_enum(u, OUTBOUND_STATE_COUNT);
	row->since_utc_ms = unpack_i64(u);
	row->next_try_utc_ms = unpack_i64(u);
	row->first_try_utc_ms = unpack_i64(u);
	row->last_try_utc_ms = unpack_i64(u);
	row->tries = unpack_u32(u);
	row->code = unpack_u16(u);
	row->status = unpack_slice(u);
	row->words = unpack_slice(u);
	row->host = unpack_slice(u);
	row->sender = unpack_slice(u);
	row->bytes = unpack_u64(u);
	row->via = unpack_slice(u);
	desk.is_sending = unpack_bool(u);
	desk.waits.wait = unpack_enum(u, LINE_WAIT_COUNT);
	desk.waits.for_night = unpack_bool(u);
	desk.waits.until_utc_ms = unpack_i64(u);
	desk.way = unpack_enum(u, DESK_WAY_COUNT);
	desk.way_name = unpack_slice(u);
	if (u->bad)
		return -EBADMSG;
	*row_out = desk;
	return 0;
}

void
recall_row_pack(struct text *text, const struct recall_row *row)
{
	pack_id(text, &row->id);
	pack_i64(text, row->since_utc_ms);
	pack_i64(text, row->until_utc_ms);
	pack_u64(text, row->bytes);
	pack_slice(text, row->sender);
	pack_slice(text, row->recipients);
	pack_slice(text, row->subject);
}

int
recall_row_unpack(struct unpack *u, struct recall_row *row_out)
{
	struct recall_row row = { .bytes = 0 };

	unpack_id(u, &row.id);
	row.since_utc_ms = unpack_i64(u);
	row.until_utc_ms = unpack_i64(u);
	row.bytes = unpack_u64(u);
	row.sender = unpack_slice(u);
	row.recipients = unpack_slice(u);
	row.subject = unpack_slice(u);
	if (u->bad)
		return -EBADMSG;
	*row_out = row;
	return 0;
}
