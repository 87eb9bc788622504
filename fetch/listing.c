/*
 * listing.c - what is in the remote mailbox, told to the queue
 *
 * LIST is kept, 16 bytes a message; UIDL is merged into it as it comes and goes
 * to the queue in pages, of which a few may wait.  A row that makes no sense is
 * left out or has an unknown size; what the queue gets always grows.
 */
#include <stdlib.h>
#include <string.h>

#include "fetch/collect_inside.h"
#include "fetch/pop3_reply.h"

#define TOO_MANY	"it lists more messages than can be collected"
#define PAGES_WAITING	4	/* before the server has to wait */
/* The head of a page, and room for its last row. */
#define PAGE_HEAD	12
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

/* For the first collection, which looks at their dates: 4 bytes a message. */
static bool
number_keep(struct collect *collect, uint32_t number)
{
	struct listing *listing = &collect->conversation->listing;
	size_t size = listing->numbers_size == 0 ? 1024 :
	    listing->numbers_size * 2;
	uint32_t *numbers;

	if (collect->account.from != FETCH_FROM_DAYS)
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

static void
row_tell(struct collect *collect, uint32_t number, uint64_t bytes,
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
	if (listing->page_rows == 0) {
		pack_u64(&listing->page, collect->account.id);
		pack_u32(&listing->page, 0);	/* page_send() knows */
	}
	pack_u32(&listing->page, number);
	pack_u64(&listing->page, bytes);
	pack_uidl(collect, uidl);
	listing->told = number;
	listing->page_rows++;
	if (listing->page_rows == LISTING_PAGE ||
	    listing->page.len > PAGE_BYTES)
		page_send(collect);
}

/* Tell the next row of LIST, of which UIDL says nothing. */
static void
row_tell_bare(struct collect *collect)
{
	struct listing *listing = &collect->conversation->listing;
	const struct listed *row = &listing->rows[listing->at++];

	row_tell(collect, row->number, row->bytes, slice_of(NULL, 0));
}

/* After the end of UIDL: what is left of LIST, and then the next step. */
static void
pump(struct collect *collect)
{
	struct listing *listing = &collect->conversation->listing;

	if (!listing->whole || !conversation_is_open(collect))
		return;
	while (listing->at < listing->count && !conversation_is_over(collect) &&
	    listing->asks < PAGES_WAITING)
		row_tell_bare(collect);
	if (listing->at == listing->count)
		page_send(collect);
	if (listing->at < listing->count || listing->asks > 0 ||
	    conversation_is_over(collect))
		return;
	listing->whole = false;
	text_free(&listing->page);
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
	(void)unpack_u64(&u);	/* without a folder it is the account */
	collect->outcome.deletions_stopped = !conversation->may_delete;
	if (!unpack_is_done(&u))
		collect_break(collect, FETCH_END_LOCAL,
		    "the queue's answer cannot be read");
	else
		pump(collect);
}

/* Rows may follow at once: the queue reads them in order. */
static void
begin(struct collect *collect, bool has_uidl)
{
	/* who only counts lets nothing be due for deletion */
	int days = collect->task == FETCH_TRY ? FETCH_KEEP :
	    collect->account.delete_after_days;
	TEXT_AUTO body = TEXT_INIT(32);

	pack_u64(&body, collect->account.id);
	pack_slice(&body, slice_of(NULL, 0));
	pack_u8(&body, has_uidl);
	pack_u32(&body, (uint32_t)days);
	if (!queue_ask(collect, QUEUE_LISTING_BEGIN, &body, -1, 0, on_begun))
		return;
	collect->conversation->listing.is_begun = true;
	collect->conversation->listing.asks++;
}

/* LIST */

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

static void
on_list(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct collect *collect = arg;

	(void)number;
	(void)words;
	collect->conversation->listing.no_list = !ok;
}

static void
on_list_row(void *arg, uint32_t number, struct slice line)
{
	struct collect *collect = arg;
	struct listing *listing = &collect->conversation->listing;
	struct pop3_row row;

	(void)number;
	if (!conversation_is_open(collect) || pop3_row_read(line, &row) < 0)
		return;
	/* numbers that repeat or shrink name nothing for certain (F29) */
	if (listing->count > 0 &&
	    row.number <= listing->rows[listing->count - 1].number)
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
	    row.number, pop3_row_bytes(row.rest)
	};
}

static void
on_list_end(void *arg, uint32_t number,
    const struct pop3_mended *mended)
{
	(void)arg;	/* UIDL follows */
	(void)number;
	(void)mended;
}

/* UIDL */

static void
on_uidl(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct collect *collect = arg;

	(void)number;
	if (!conversation_is_open(collect))
		return;
	if (!ok && collect->conversation->listing.no_list) {
		collect_bye(collect, pop3_refusal(words, false), true, words);
		return;
	}
	begin(collect, ok);
	collect->conversation->listing.whole = !ok;
}

static void
on_uidl_row(void *arg, uint32_t number, struct slice line)
{
	struct collect *collect = arg;
	struct listing *listing = &collect->conversation->listing;
	uint64_t bytes = 0;
	struct pop3_row row;

	(void)number;
	if (!conversation_is_open(collect) || pop3_row_read(line, &row) < 0 ||
	    row.number <= listing->told)
		return;
	while (listing->at < listing->count &&
	    listing->rows[listing->at].number < row.number &&
	    !conversation_is_over(collect))
		row_tell_bare(collect);
	if (listing->at < listing->count &&
	    listing->rows[listing->at].number == row.number)
		bytes = listing->rows[listing->at++].bytes;
	row_tell(collect, row.number, bytes, row.rest);
}

static void
on_uidl_end(void *arg, uint32_t number,
    const struct pop3_mended *mended)
{
	struct collect *collect = arg;

	(void)number;
	(void)mended;
	collect->conversation->listing.whole = true;
	pump(collect);
}

static const struct pop3_command
command_list = { .verb = "LIST", .shape = POP3_LINES, .status = on_list,
    .part = on_list_row, .end = on_list_end },
command_uidl = { .verb = "UIDL", .shape = POP3_LINES, .status = on_uidl,
    .part = on_uidl_row, .end = on_uidl_end };

void
step_list(struct collect *collect)
{
	collect_stage(collect, FETCH_STAGE_LISTING);
	collect->conversation->listing.page =
	    (struct text)TEXT_INIT(IPC_MAX_BYTES);
	pop3_say(collect->conversation->pop3, &command_list, 0);
	pop3_say(collect->conversation->pop3, &command_uidl, 0);
}

/* Deciding */

static void
on_counts(struct collect *collect, uint64_t bytes,
    struct ipc_message *message)
{
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
	outcome->listed = counts.listed;
	outcome->listed_bytes = counts.listed_bytes;
	/* in a second conversation some of them are here already */
	outcome->waiting = outcome->taken + counts.take;
	outcome->waiting_bytes = outcome->taken_bytes + counts.take_bytes;
	/* what the ledger knows of it counts itself */
	outcome->too_large = counts.too_large + collect->passed_count -
	    collect->noted_count;
	if (header_digests_are_wanted(collect, counts.look))
		step_digests(collect);
	else if (collect->task == FETCH_TRY)
		collect_quit(collect);
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
	pack_u64(&body, collect->account.id);
	pack_u64(&body, collect_largest(collect));
	(void)queue_ask(collect, QUEUE_LISTING_DECIDE, &body, -1, 0,
	    on_counts);
}
