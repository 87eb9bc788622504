/*
 * page.c - what the queue wants taken, looked at or deleted, page by page
 */
#include "fetch/collect_inside.h"

static void
on_page(struct collect *collect, const struct ask *ask,
    struct ipc_message *message)
{
	struct page *page = &collect->page;
	struct unpack u;
	uint32_t count;

	(void)ask;
	page->asked = false;
	if (collect->leaving || !collect_listing_ok(collect, message, &u))
		return;
	count = unpack_u32(&u);
	for (uint32_t i = 0; i < count && i < LISTING_PAGE; i++) {
		page->rows[i].number = unpack_u32(&u);
		page->rows[i].bytes = unpack_u64(&u);
		/* numbers grow: a page cannot come twice */
		u.bad = u.bad || page->rows[i].number <= page->after;
		page->after = page->rows[i].number;
	}
	if (count > LISTING_PAGE || !unpack_is_done(&u)) {
		collect_break(collect, FETCH_END_LOCAL,
		    slice_str("the queue's answer cannot be read"));
		return;
	}
	page->at = 0;
	page->count = count;
	page->is_last = count < LISTING_PAGE;
	collect->turn(collect);
}

static void
ask_page(struct collect *collect)
{
	struct page *page = &collect->page;
	TEXT_AUTO body = TEXT_INIT(32);

	page->asked = true;
	pack_u64(&body, collect->account.id);
	pack_u8(&body, (uint8_t)page->part);
	pack_u32(&body, page->after);
	(void)collect_ask(collect, QUEUE_LISTING_PAGE, &body, -1, NULL,
	    on_page);
}

void
page_begin(struct collect *collect, enum listing_part part)
{
	struct page *page = &collect->page;

	page->part = part;
	page->count = page->at = 0;
	page->after = 0;
	page->asked = page->is_last = false;
}

const struct listed *
page_row(struct collect *collect)
{
	struct page *page = &collect->page;

	if (page->at < page->count)
		return &page->rows[page->at];
	if (!page->is_last && !page->asked && !collect->ended)
		ask_page(collect);
	return NULL;
}

void
page_next(struct collect *collect)
{
	collect->page.at++;
}

bool
page_is_over(const struct collect *collect)
{
	return collect->page.is_last &&
	    collect->page.at == collect->page.count;
}
