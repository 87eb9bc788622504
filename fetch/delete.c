/*
 * delete.c - what is safe here, and whose time there has come
 */
#include <errno.h>
#include <stdlib.h>

#include "fetch/collect_inside.h"

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

static const struct heard heard_dele = { .status = on_dele };

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool
is_spared(const struct deletions *deletions, uint32_t number)
{
	return deletions->spared_count > 0 && bsearch(&number,
	    deletions->spared, deletions->spared_count, sizeof(number),
	    by_number) != NULL;
}

static void
on_deleting(struct collect *collect, uint64_t bytes,
    struct ipc_message *message)
{
	struct deletions *deletions = &collect->conversation->deletions;
	struct unpack u;

	(void)bytes;
	deletions->asked = false;
	if (conversation_is_open(collect) &&
	    queue_listing_ok(collect, message, &u))
		delete_turn(collect);
}

/* Tell the ledger what is about to be deleted: the rest of a page. */
static void
ask_deleting(struct collect *collect)
{
	struct deletions *deletions = &collect->conversation->deletions;
	TEXT_AUTO body = TEXT_INIT(LISTING_PAGE * 4 + 64);
	const struct listed *row;

	deletions->count = deletions->at = 0;
	while (deletions->count < LISTING_PAGE &&
	    (row = listing_page_row(collect)) != NULL) {
		if (!is_spared(deletions, row->number))
			deletions->batch[deletions->count++] = row->number;
		listing_page_next(collect);
	}
	if (deletions->count == 0)
		return;
	pack_u64(&body, collect->conversation->listing.id);
	pack_u32(&body, deletions->count);
	for (unsigned i = 0; i < deletions->count; i++)
		pack_u32(&body, deletions->batch[i]);
	deletions->asked = queue_ask(collect, QUEUE_LISTING_DELETING, &body,
	    -1, 0, on_deleting);
}

static void
delete_turn(struct collect *collect)
{
	struct deletions *deletions = &collect->conversation->deletions;

	if (deletions->asked)
		return;
	while (deletions->at < deletions->count &&
	    collect->protocol->room(collect) > 0)
		collect->protocol->remove(collect,
		    deletions->batch[deletions->at++], &heard_dele);
	if (deletions->at < deletions->count)
		return;
	ask_deleting(collect);
	if (conversation_is_open(collect) && !deletions->asked &&
	    listing_page_is_over(collect) &&
	    collect->protocol->under_way(collect) == 0)
		collect->protocol->next(collect);
}

int
deletion_spare(struct collect *collect, uint32_t number)
{
	struct deletions *deletions = &collect->conversation->deletions;
	size_t size = deletions->spared_size == 0 ? 64 :
	    deletions->spared_size * 2;
	uint32_t *spared;

	if (deletions->spared_count == deletions->spared_size) {
		spared = reallocarray(deletions->spared, size, sizeof(*spared));
		if (spared == NULL)
			return -ENOMEM;
		deletions->spared = spared;
		deletions->spared_size = size;
	}
	deletions->spared[deletions->spared_count++] = number;
	return 0;
}

void
step_delete(struct collect *collect)
{
	struct deletions *deletions = &collect->conversation->deletions;

	/* nobody logs in once more, unless there is another folder */
	if (!collect->protocol->has_folders)
		password_wipe(collect);
	collect_stage(collect, FETCH_STAGE_DELETING);
	if (!collect->conversation->may_delete) {
		collect->protocol->next(collect);
		return;
	}
	if (deletions->spared_count > 0)
		qsort(deletions->spared, deletions->spared_count,
		    sizeof(*deletions->spared), by_number);
	collect->conversation->turn = delete_turn;
	listing_page_begin(collect, LISTING_DELETE);
	delete_turn(collect);
}
