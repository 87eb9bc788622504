/*
 * header_digests.c - who a message is where UIDL cannot say
 *
 * A header that cannot be had is told as such: the queue decides in doubt for
 * taking.
 */
#include "fetch/collect_inside.h"

/* Rounds of DECIDE and LOOK; a queue that wants more is asked in vain. */
#define ROUNDS		3
#define DIGEST_ROW	(4 + 1 + DIGEST_BYTES)
#define DIGESTS_BYTES	(LISTING_PAGE * DIGEST_ROW + 64)

static void	digests_turn(struct collect *);

bool
top_grows(struct collect *collect, uint64_t *bytes, size_t more)
{
	*bytes += more;
	if (*bytes <= collect_largest(collect))
		return true;
	/* it gives the whole message, and more of it than there is */
	collect_break(collect, FETCH_END_INCONSISTENT, "a header without end");
	return false;
}

static void
on_digests(struct collect *collect, uint64_t bytes,
    struct ipc_message *message)
{
	struct unpack u;

	(void)bytes;
	collect->conversation->digests.asks--;
	if (conversation_is_open(collect) &&
	    queue_listing_ok(collect, message, &u))
		digests_turn(collect);
}

static void
digests_send(struct collect *collect)
{
	struct header_digests *digests =
	    &collect->conversation->digests;
	TEXT_AUTO body = TEXT_INIT(DIGESTS_BYTES);

	if (digests->count == 0)
		return;
	pack_u64(&body, collect->conversation->listing.id);
	pack_u32(&body, digests->count);
	pack_bytes(&body, text_slice(&digests->rows));
	text_clear(&digests->rows);
	digests->count = 0;
	if (queue_ask(collect, QUEUE_LISTING_DIGESTS, &body, -1, 0,
	    on_digests))
		digests->asks++;
}

static void
digest_tell(struct collect *collect, uint32_t number, bool known,
    const unsigned char digest[DIGEST_BYTES])
{
	struct header_digests *digests =
	    &collect->conversation->digests;

	pack_u32(&digests->rows, number);
	pack_u8(&digests->rows, known);
	pack_bytes(&digests->rows, slice_of(digest, DIGEST_BYTES));
	if (++digests->count == LISTING_PAGE)
		digests_send(collect);
}

static void
on_top(void *arg, uint32_t number, bool ok, struct slice words)
{
	static const unsigned char nothing[DIGEST_BYTES];
	struct collect *collect = arg;

	(void)words;
	collect->conversation->digests.bytes = 0;
	digest_begin(&collect->header);
	if (!ok)
		digest_tell(collect, number, false, nothing);
}

static void
on_top_part(void *arg, uint32_t number, struct slice s)
{
	struct collect *collect = arg;

	(void)number;
	if (top_grows(collect, &collect->conversation->digests.bytes, s.len))
		digest_add_header(&collect->header, s);
}

static void
on_top_end(void *arg, uint32_t number,
    const struct mended *mended)
{
	struct collect *collect = arg;
	unsigned char digest[DIGEST_BYTES] = { 0 };
	bool known = digest_end(&collect->header, digest) == 0;

	(void)mended;
	digest_tell(collect, number, known, digest);
}

static const struct heard heard_top = {
	.status = on_top, .part = on_top_part, .end = on_top_end
};

static void
digests_turn(struct collect *collect)
{
	const struct listed *row;

	while (collect->protocol->room(collect) > 0 &&
	    (row = listing_page_row(collect)) != NULL) {
		collect->protocol->header(collect, row->number, &heard_top);
		listing_page_next(collect);
	}
	if (!conversation_is_open(collect) || !listing_page_is_over(collect) ||
	    collect->protocol->under_way(collect) > 0)
		return;
	digests_send(collect);
	if (collect->conversation->digests.asks == 0 &&
	    conversation_is_open(collect))
		step_decide(collect);
}

void
step_digests(struct collect *collect)
{
	struct header_digests *digests = &collect->conversation->digests;

	text_free(&digests->rows);
	digests->rows = (struct text)TEXT_INIT(DIGESTS_BYTES);
	collect->conversation->turn = digests_turn;
	line_bill_for(collect->bill, LINE_HEADERS);
	listing_page_begin(collect, LISTING_LOOK);
	digests_turn(collect);
}

bool
header_digests_are_wanted(struct collect *collect, uint64_t look)
{
	return look > 0 && collect->conversation->digests.rounds++ < ROUNDS;
}
