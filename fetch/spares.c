/*
 * spares.c - what the line is spared, told to the ledger
 */
#include "fetch/spares.h"

#include "fetch/collect_inside.h"

#define ROW_BYTES	13
#define HEAD_BYTES	16

bool
spares_read(struct collect *collect, struct unpack *u)
{
	static const enum line_saving savings[SPARED_COUNT] = {
		[SPARED_SKIPPED] = LINE_SKIPPED,
		[SPARED_DEFERRED] = LINE_DEFERRED,
	};
	struct listing_spared spared;

	if (listing_spared_unpack(u, &spared) < 0 || !unpack_is_done(u))
		return false;
	for (unsigned i = 0; i < SPARED_COUNT; i++)
		line_bill_saved(collect->bill, savings[i],
		    spared.of[i].bytes, spared.of[i].messages);
	return true;
}

static void
on_spared(struct collect *collect, uint64_t bytes,
    struct ipc_message *message)
{
	struct unpack u;

	(void)bytes;
	collect->conversation->spares.asks--;
	if (!conversation_is_open(collect) ||
	    !queue_listing_ok(collect, message, &u))
		return;
	if (spares_read(collect, &u))
		conversation_turn(collect);
	else
		collect_break(collect, FETCH_END_LOCAL,
		    "the queue's answer cannot be read");
}

static void
send_rows(struct collect *collect, bool is_last)
{
	struct spares *spares = &collect->conversation->spares;
	TEXT_AUTO body = TEXT_INIT(HEAD_BYTES + ROW_BYTES * SPARED_PAGE);

	pack_u64(&body, collect->conversation->listing.id);
	pack_u8(&body, is_last && spares->has_large);
	pack_u32(&body, spares->count);
	pack_bytes(&body, text_slice(&spares->rows));
	text_clear(&spares->rows);
	spares->count = 0;
	spares->has_large = spares->has_large && !is_last;
	if (queue_ask(collect, QUEUE_LISTING_SPARED, &body, -1, 0, on_spared))
		spares->asks++;
}

void
spares_add(struct collect *collect, const struct listed *row,
    enum spared why, uint64_t carried)
{
	struct spares *spares = &collect->conversation->spares;

	if (spares->rows.limit == 0)
		spares->rows = (struct text)TEXT_INIT(
		    ROW_BYTES * SPARED_PAGE);
	pack_u32(&spares->rows, row->number);
	pack_u8(&spares->rows, (uint8_t)why);
	pack_u64(&spares->rows, carried);
	if (++spares->count == SPARED_PAGE)
		send_rows(collect, false);
}

bool
spares_are_told(struct collect *collect)
{
	struct spares *spares = &collect->conversation->spares;

	if (spares->count > 0 || spares->has_large)
		send_rows(collect, true);
	return spares->asks == 0;
}
