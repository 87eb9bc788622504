/*
 * steps.c - between the listing and the end: decide, delete, quit
 *
 * A message is deleted only when the queue has said 250 for it, now or earlier,
 * and only after the ledger knows that DELE is about to be sent.  The server
 * deletes at QUIT; whether it did the next listing shows.
 */
#include <errno.h>
#include <stdlib.h>

#include "fetch/collect_inside.h"

#define QUIT_MS	10000	/* for the answer; the work is done already */

static void
on_counts(struct collect *collect, const struct ask *ask,
    struct ipc_message *message)
{
	struct fetch_outcome *outcome = &collect->outcome;
	struct listing_counts *counts = &collect->counts;
	struct unpack u;

	(void)ask;
	if (collect->leaving || !collect_listing_ok(collect, message, &u))
		return;
	if (listing_counts_unpack(&u, counts) < 0) {
		collect_break(collect, FETCH_END_LOCAL,
		    slice_str("the queue's answer cannot be read"));
		return;
	}
	outcome->listed = counts->listed;
	outcome->listed_bytes = counts->listed_bytes;
	outcome->waiting = counts->take;
	outcome->waiting_bytes = counts->take_bytes;
	outcome->too_large = counts->too_large + collect->passed_count;
	if (look_is_wanted(collect))
		step_look(collect);
	else if (collect->task == FETCH_TRY)
		step_quit(collect);
	else
		step_take(collect);
}

void
step_decide(struct collect *collect)
{
	TEXT_AUTO body = TEXT_INIT(32);

	collect->turn = NULL;
	/* the queue knows it now: 16 bytes a message are not kept */
	free(collect->listing.rows);
	collect->listing.rows = NULL;
	collect->listing.count = collect->listing.size = 0;
	pack_u64(&body, collect->account.id);
	pack_u64(&body, collect_largest(collect));
	(void)collect_ask(collect, QUEUE_LISTING_DECIDE, &body, -1, NULL,
	    on_counts);
}

/* Deleting */

static void	delete_turn(struct collect *);

static void
on_dele(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct collect *collect = arg;

	(void)number;
	(void)words;
	/* HARDENING F30: what it does not delete it will list again */
	collect->outcome.deleted += ok;
	collect_progress(collect);
}

static const struct pop3_command command_dele = {
	.verb = "DELE", .shape = POP3_ONE, .status = on_dele
};

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool
is_kept(const struct deletions *deletions, uint32_t number)
{
	return deletions->kept_count > 0 && bsearch(&number, deletions->kept,
	    deletions->kept_count, sizeof(number), by_number) != NULL;
}

static void
on_deleting(struct collect *collect, const struct ask *ask,
    struct ipc_message *message)
{
	struct deletions *deletions = &collect->deletions;
	struct unpack u;

	(void)ask;
	deletions->asked = false;
	if (!collect->leaving && collect_listing_ok(collect, message, &u))
		delete_turn(collect);
}

/* Tell the ledger what is about to be deleted: the rest of a page. */
static void
ask_deleting(struct collect *collect)
{
	struct deletions *deletions = &collect->deletions;
	TEXT_AUTO body = TEXT_INIT(LISTING_PAGE * 4 + 64);
	const struct listed *row;

	deletions->count = deletions->at = 0;
	while (deletions->count < LISTING_PAGE &&
	    (row = page_row(collect)) != NULL) {
		if (!is_kept(deletions, row->number))
			deletions->batch[deletions->count++] = row->number;
		page_next(collect);
	}
	if (deletions->count == 0)
		return;
	pack_u64(&body, collect->account.id);
	pack_u32(&body, deletions->count);
	for (unsigned i = 0; i < deletions->count; i++)
		pack_u32(&body, deletions->batch[i]);
	deletions->asked = collect_ask(collect, QUEUE_LISTING_DELETING, &body,
	    -1, NULL, on_deleting);
}

static void
delete_turn(struct collect *collect)
{
	struct deletions *deletions = &collect->deletions;

	if (collect->leaving || collect->ended || deletions->asked)
		return;
	while (deletions->at < deletions->count &&
	    pop3_room(collect->pop3) > 0)
		pop3_say(collect->pop3, &command_dele,
		    deletions->batch[deletions->at++]);
	if (deletions->at < deletions->count)
		return;
	ask_deleting(collect);
	if (!deletions->asked && page_is_over(collect) &&
	    pop3_under_way(collect->pop3) == 0)
		step_quit(collect);
}

int
deletion_spare(struct collect *collect, uint32_t number)
{
	struct deletions *deletions = &collect->deletions;
	size_t size = deletions->kept_size == 0 ? 64 :
	    deletions->kept_size * 2;
	uint32_t *kept;

	if (deletions->kept_count == deletions->kept_size) {
		kept = reallocarray(deletions->kept, size, sizeof(*kept));
		if (kept == NULL)
			return -ENOMEM;
		deletions->kept = kept;
		deletions->kept_size = size;
	}
	deletions->kept[deletions->kept_count++] = number;
	return 0;
}

/* The queue says what is due: of this session's messages, too. */
void
step_delete(struct collect *collect)
{
	struct deletions *deletions = &collect->deletions;

	collect_stage(collect, FETCH_STAGE_DELETING);
	if (!collect->may_delete) {
		step_quit(collect);
		return;
	}
	if (deletions->kept_count > 0)
		qsort(deletions->kept, deletions->kept_count,
		    sizeof(*deletions->kept), by_number);
	collect->turn = delete_turn;
	page_begin(collect, LISTING_DELETE);
	delete_turn(collect);
}

/* The end */

static void
on_quit(void *arg, uint32_t number, bool ok, struct slice words)
{
	(void)number;
	/* HARDENING F33: some were not removed; the next listing shows which */
	collect_break(arg, FETCH_END_DONE, ok ? slice_of(NULL, 0) : words);
}

static const struct pop3_command command_quit = {
	.verb = "QUIT", .shape = POP3_ONE, .status = on_quit
};

void
step_quit(struct collect *collect)
{
	uint64_t ms = collect->limits.silence_ms;

	collect->turn = NULL;
	collect->leaving = true;
	pop3_say(collect->pop3, &command_quit, 0);
	/* over is what comes when nothing else does */
	timer_set(collect->over, ms < QUIT_MS ? ms : QUIT_MS);
}
