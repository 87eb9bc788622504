/*
 * pop3_listing.c - LIST and UIDL, made one listing
 *
 * LIST is kept; UIDL is merged into it as it comes.  A row that makes no sense
 * is left out or has an unknown size.
 */
#include "fetch/collect_inside.h"
#include "fetch/pop3.h"
#include "fetch/pop3_protocol.h"
#include "fetch/pop3_reply.h"

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
	listing_add(collect, row.number, pop3_row_bytes(row.rest));
}

static void
on_list_end(void *arg, uint32_t number,
    const struct mended *mended)
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
	listing_begin(collect, slice_of(NULL, 0), ok);
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
		listing_tell_bare(collect);
	if (listing->at < listing->count &&
	    listing->rows[listing->at].number == row.number)
		bytes = listing->rows[listing->at++].bytes;
	listing_tell(collect, row.number, bytes, row.rest);
}

static void
on_uidl_end(void *arg, uint32_t number,
    const struct mended *mended)
{
	struct collect *collect = arg;

	(void)number;
	(void)mended;
	listing_end(collect);
}

static const struct pop3_command
command_list = { .verb = "LIST", .shape = POP3_LINES },
command_uidl = { .verb = "UIDL", .shape = POP3_LINES };

static const struct heard
heard_list = { .status = on_list, .part = on_list_row, .end = on_list_end },
heard_uidl = { .status = on_uidl, .part = on_uidl_row, .end = on_uidl_end };

void
pop3_list(struct collect *collect)
{
	struct pop3 *pop3 = collect->conversation->pop3;

	pop3_say(pop3, &command_list, 0, &heard_list);
	pop3_say(pop3, &command_uidl, 0, &heard_uidl);
}
