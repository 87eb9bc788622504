/*
 * listing_page.c - what the queue wants taken, looked at or deleted
 */
#include "fetch/collect_inside.h"

/* Rows go on in their order: none can come twice. */
static bool
follows(const struct listing_page *page, const struct listed *row)
{
	uint64_t rank = listing_rank(page->order, row->bytes);
	uint64_t before = listing_rank(page->order, page->after.bytes);

	return page->after.number == 0 || rank > before ||
	    (rank == before && row->number > page->after.number);
}

static void
on_page(struct collect *collect, uint64_t round, struct ipc_message *message)
{
	struct listing_page *page = &collect->conversation->page;
	struct unpack u;
	uint32_t count;

	if (round != page->round)
		return;
	page->asked = false;
	if (!conversation_is_open(collect) ||
	    !queue_listing_ok(collect, message, &u))
		return;
	page->order = unpack_enum(&u, LISTING_ORDER_COUNT);
	count = unpack_u32(&u);
	for (uint32_t i = 0; i < count && i < LISTING_PAGE; i++) {
		page->rows[i].number = unpack_u32(&u);
		page->rows[i].bytes = unpack_u64(&u);
		page->rows[i].note = unpack_enum(&u, LISTING_NOTE_COUNT);
		page->rows[i].half = unpack_u64(&u);
		u.bad = u.bad || page->rows[i].number == 0 ||
		    (page->rows[i].half > 0 &&
		    page->rows[i].half >= page->rows[i].bytes) ||
		    !follows(page, &page->rows[i]);
		page->after = page->rows[i];
	}
	if (count > LISTING_PAGE || !unpack_is_done(&u)) {
		collect_break(collect, FETCH_END_LOCAL,
		    "the queue's answer cannot be read");
		return;
	}
	page->at = 0;
	page->count = count;
	page->is_last = count < LISTING_PAGE;
	conversation_turn(collect);
}

static void
ask_page(struct collect *collect)
{
	struct listing_page *page = &collect->conversation->page;
	TEXT_AUTO body = TEXT_INIT(32);

	page->asked = true;
	pack_u64(&body, collect->conversation->listing.id);
	pack_u8(&body, (uint8_t)page->part);
	pack_u64(&body, page->after.bytes);
	pack_u32(&body, page->after.number);
	(void)queue_ask(collect, QUEUE_LISTING_PAGE, &body, -1, page->round,
	    on_page);
}

void
listing_page_begin(struct collect *collect, enum listing_part part)
{
	struct listing_page *page = &collect->conversation->page;

	page->part = part;
	page->round++;
	page->count = page->at = 0;
	page->after = (struct listed){ 0 };
	page->asked = page->is_last = false;
}

const struct listed *
listing_page_row(struct collect *collect)
{
	struct listing_page *page = &collect->conversation->page;

	if (page->at < page->count)
		return &page->rows[page->at];
	if (!page->is_last && !page->asked && !conversation_is_over(collect))
		ask_page(collect);
	return NULL;
}

void
listing_page_next(struct collect *collect)
{
	collect->conversation->page.at++;
}

bool
listing_page_is_over(const struct collect *collect)
{
	const struct listing_page *page = &collect->conversation->page;

	return page->is_last && page->at == page->count;
}
