/*
 * listing.c - what is in the remote mailbox, told to the queue
 *
 * Numbers and sizes are kept, 16 bytes a message, and go to the queue in pages,
 * of which a few may wait.  What the queue gets always grows.
 */
#include <stdlib.h>
#include <string.h>

#include "fetch/collect_inside.h"
#include "lib/message/envelope.h"

#define TOO_MANY	"it lists more messages than can be collected"
#define PAGES_WAITING	4	/* before the server has to wait */
/* Room for the last row of a page. */
#define PAGE_BYTES	(IPC_MAX_BYTES - UIDL_MOST_BYTES - 64)

static void	pump(struct collect *);

static void
on_rows(struct collect *collect, uint64_t bytes, struct ipc_message *message)
{
	struct unpack u;

	(void)bytes;
	collect->conversation->listing.asks--;
	if (!conversation_is_open(collect) ||
	    !queue_listing_ok(collect, message, &u))
		return;
	conversation_hold(collect, HOLD_LISTING,
	    collect->conversation->listing.asks >= PAGES_WAITING);
	pump(collect);
}

static void
page_send(struct collect *collect)
{
	struct listing *listing = &collect->conversation->listing;
	uint32_t rows = listing->page_rows;

	if (rows == 0)
		return;
	if (!text_failed(&listing->page))
		for (unsigned i = 0; i < 4; i++)
			listing->page.at[8 + i] = (char)(rows >> (8 * i));
	if (!queue_ask(collect, QUEUE_LISTING_ROWS, &listing->page, -1, 0,
	    on_rows))
		return;
	listing->asks++;
	text_clear(&listing->page);
	listing->page_rows = 0;
	conversation_hold(collect, HOLD_LISTING,
	    listing->asks >= PAGES_WAITING);
}

/* HARDENING F28: whatever it is, it is an identity. */
static void
pack_uidl(struct collect *collect, struct slice uidl)
{
	unsigned char digest[DIGEST_BYTES];
	TEXT_AUTO hex = TEXT_INIT(128);

	if (uidl.len <= UIDL_MOST_BYTES) {
		pack_slice(&collect->conversation->listing.page, uidl);
		return;
	}
	if (digest_of(&collect->whole, uidl, digest) < 0) {
		collect_break(collect, FETCH_END_LOCAL,
		    "SHA-256 cannot be had");
		return;
	}
	text_add_str(&hex, "sha256:");
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		text_addf(&hex, "%02x", digest[i]);
	pack_slice(&collect->conversation->listing.page, text_slice(&hex));
}

/* For who looks at headers, their dates the first time: 4 bytes a message. */
static bool
number_keep(struct collect *collect, uint32_t number)
{
	struct listing *listing = &collect->conversation->listing;
	size_t size = listing->numbers_size == 0 ? 1024 :
	    listing->numbers_size * 2;
	uint32_t *numbers;

	if (collect->account.from != FETCH_FROM_DAYS &&
	    collect->checkup == NULL)
		return true;
	if (listing->told_count == listing->numbers_size) {
		numbers = reallocarray(listing->numbers, size,
		    sizeof(*numbers));
		if (numbers == NULL)
			return false;
		listing->numbers = numbers;
		listing->numbers_size = size;
	}
	listing->numbers[listing->told_count] = number;
	return true;
}

void
listing_tell(struct collect *collect, uint32_t number, uint64_t bytes,
    struct slice uidl)
{
	struct listing *listing = &collect->conversation->listing;

	if (conversation_is_over(collect))
		return;
	if (listing->told_count == LISTING_MOST) {
		collect_break(collect, FETCH_END_INCONSISTENT, TOO_MANY);
		return;
	}
	if (!number_keep(collect, number)) {
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
		return;
	}
	listing->told_count++;
	listing->told = number;
	if (collect->checkup != NULL)
		return;		/* the queue hears nothing of it */
	if (listing->page_rows == 0) {
		pack_u64(&listing->page, listing->id);
		pack_u32(&listing->page, 0);	/* page_send() knows */
	}
	pack_u32(&listing->page, number);
	pack_u64(&listing->page, bytes);
	pack_uidl(collect, uidl);
	listing->page_rows++;
	if (listing->page_rows == LISTING_PAGE ||
	    listing->page.len > PAGE_BYTES)
		page_send(collect);
}

void
listing_tell_bare(struct collect *collect)
{
	struct listing *listing = &collect->conversation->listing;
	const struct listed *row = &listing->rows[listing->at++];
	TEXT_AUTO uid = TEXT_INIT(32);

	if (listing->uidvalidity != 0)
		text_addf(&uid, "%u.%u", listing->uidvalidity, row->number);
	listing_tell(collect, row->number, row->bytes, text_slice(&uid));
}

/* All of it has come: tell what was not yet, and then the next step. */
static void
pump(struct collect *collect)
{
	struct listing *listing = &collect->conversation->listing;

	if (!listing->whole || listing->id == 0 ||
	    !conversation_is_open(collect))
		return;
	while (listing->at < listing->count && !conversation_is_over(collect) &&
	    listing->asks < PAGES_WAITING)
		listing_tell_bare(collect);
	if (listing->at == listing->count)
		page_send(collect);
	if (listing->at < listing->count || listing->asks > 0 ||
	    conversation_is_over(collect))
		return;
	listing->whole = false;
	text_free(&listing->page);
	if (collect->checkup != NULL)
		step_checkup(collect);
	else
		step_first(collect);
}

static void
on_begun(struct collect *collect, uint64_t bytes, struct ipc_message *message)
{
	struct conversation *conversation = collect->conversation;
	struct unpack u;

	(void)bytes;
	conversation->listing.asks--;
	if (!conversation_is_open(collect))
		return;
	if (!queue_listing_ok(collect, message, &u)) {
		conversation->listing.is_begun = false;
		return;
	}
	conversation->may_delete = unpack_bool(&u);
	conversation->is_first = unpack_bool(&u);
	conversation->listing.id = unpack_u64(&u);
	collect->outcome.deletions_stopped = !conversation->may_delete;
	if (!unpack_is_done(&u))
		collect_break(collect, FETCH_END_LOCAL,
		    "the queue's answer cannot be read");
	else
		pump(collect);
}

void
listing_begin(struct collect *collect, struct slice folder, bool has_uidl)
{
	/* who only counts lets nothing be due for deletion */
	int days = collect->task == FETCH_TRY ? FETCH_KEEP :
	    collect->account.delete_after_days;
	TEXT_AUTO body = TEXT_INIT(FETCHED_FOLDER_MOST + 32);

	/* without a folder rows may follow at once: the queue reads in order */
	if (folder.len == 0 || collect->checkup != NULL)
		collect->conversation->listing.id = collect->account.id;
	if (collect->checkup != NULL)
		return;		/* the queue hears nothing of it */
	pack_u64(&body, collect->account.id);
	pack_slice(&body, folder);
	pack_u8(&body, has_uidl);
	pack_u32(&body, (uint32_t)days);
	pack_u8(&body, collect->task != FETCH_TRY && collect->account.mirror);
	pack_u8(&body, collect->address != NULL);
	if (!queue_ask(collect, QUEUE_LISTING_BEGIN, &body, -1, 0, on_begun))
		return;
	collect->conversation->listing.is_begun = true;
	collect->conversation->listing.asks++;
}

/* What the server lists */

static bool
rows_grow(struct listing *listing)
{
	size_t size = listing->size == 0 ? 1024 : listing->size * 2;
	struct listed *rows;

	if (listing->count < listing->size)
		return true;
	rows = reallocarray(listing->rows, size, sizeof(*rows));
	if (rows == NULL)
		return false;
	listing->rows = rows;
	listing->size = size;
	return true;
}

void
listing_add(struct collect *collect, uint32_t number, uint64_t bytes)
{
	struct listing *listing = &collect->conversation->listing;

	if (!conversation_is_open(collect))
		return;
	if (listing->count == LISTING_MOST) {
		/*
		 * The queue takes no more.  A listing cut there would tell the
		 * ledger that the rest is gone: nothing is collected.
		 */
		collect_break(collect, FETCH_END_INCONSISTENT, TOO_MANY);
		return;
	}
	if (!rows_grow(listing)) {
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
		return;
	}
	listing->rows[listing->count++] = (struct listed){
	    .number = number, .bytes = bytes
	};
}

void
listing_end(struct collect *collect)
{
	collect->conversation->listing.whole = true;
	pump(collect);
}

void
step_list(struct collect *collect)
{
	collect_stage(collect, FETCH_STAGE_LISTING);
	collect->conversation->listing.page =
	    (struct text)TEXT_INIT(IPC_MAX_BYTES);
	collect->protocol->list(collect);
}

/* Deciding */

static void
on_counts(struct collect *collect, uint64_t bytes,
    struct ipc_message *message)
{
	const struct fetch_outcome *before = &collect->conversation->before;
	struct fetch_outcome *outcome = &collect->outcome;
	struct listing_counts counts;
	struct unpack u;

	(void)bytes;
	if (!conversation_is_open(collect) ||
	    !queue_listing_ok(collect, message, &u))
		return;
	if (listing_counts_unpack(&u, &counts) < 0) {
		collect_break(collect, FETCH_END_LOCAL,
		    "the queue's answer cannot be read");
		return;
	}
	outcome->listed = before->listed + counts.listed;
	outcome->listed_bytes = before->listed_bytes + counts.listed_bytes;
	/* in a second conversation some of them are here already */
	outcome->waiting = outcome->taken + counts.take;
	outcome->waiting_bytes = outcome->taken_bytes + counts.take_bytes;
	if (collect->task == FETCH_TRY) {
		/* nothing is taken: what waits in other folders adds up */
		outcome->waiting = before->waiting + counts.take;
		outcome->waiting_bytes = before->waiting_bytes +
		    counts.take_bytes;
	}
	outcome->skipped = before->skipped;
	outcome->skipped_bytes = before->skipped_bytes;
	outcome->deferred = before->deferred;
	outcome->deferred_bytes = before->deferred_bytes;
	/* what the ledger knows of it counts itself */
	outcome->too_large = before->too_large + counts.too_large +
	    collect->passed_count -
	    collect->noted_count;
	collect->conversation->spares.has_large = counts.too_large > 0;
	if (header_digests_are_wanted(collect, counts.look))
		step_digests(collect);
	else if (collect->task == FETCH_TRY)
		collect->protocol->next(collect);
	else
		step_take(collect);
}

void
step_decide(struct collect *collect)
{
	struct listing *listing = &collect->conversation->listing;
	TEXT_AUTO body = TEXT_INIT(32);

	collect->conversation->turn = NULL;
	/* the queue knows it now: 20 bytes a message are not kept */
	free(listing->numbers);
	listing->numbers = NULL;
	free(listing->rows);
	listing->rows = NULL;
	listing->count = listing->size = 0;
	pack_u64(&body, listing->id);
	pack_u64(&body, collect_largest(collect));
	(void)queue_ask(collect, QUEUE_LISTING_DECIDE, &body, -1, 0,
	    on_counts);
}
