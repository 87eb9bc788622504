/*
 * conversation.c - one conversation with the server, made and freed whole
 *
 * What it holds of the hub's, space, a listing, big files, goes back with it.
 */
#include <errno.h>
#include <stdlib.h>

#include "fetch/collect_inside.h"

/* The listing, and what the steps have of it. */
static void
listing_forget(struct collect *collect)
{
	struct conversation *old = collect->conversation;

	if (old->listing.is_begun)
		queue_tell_number(collect, QUEUE_LISTING_END,
		    old->listing.id);
	before_forget(collect);
	text_free(&old->listing.page);
	text_free(&old->first.leave);
	text_free(&old->digests.rows);
	text_free(&old->spares.rows);
	free(old->listing.rows);
	free(old->listing.numbers);
	free(old->first.header);
	free(old->deletions.spared);
	old->listing = (struct listing){ 0 };
	old->first = (struct first_collection){ 0 };
	old->digests = (struct header_digests){ 0 };
	old->spares = (struct spares){ 0 };
	old->deletions = (struct deletions){ 0 };
}

void
conversation_free(struct collect *collect)
{
	struct conversation *old = collect->conversation;

	if (old == NULL)
		return;
	incoming_drop(collect);
	doubt_forget(collect);
	address_forget(collect);
	/* what is under way counts as held, too */
	for (; old->take.count > 0; old->take.count--) {
		space_put(collect, old->take.ring[old->take.first].space);
		old->take.first = (old->take.first + 1) % PROTOCOL_WINDOW;
	}
	space_return(collect);
	listing_forget(collect);
	queue_forget(collect);
	collect->protocol->free(collect);
	talk_free(old->talk);
	free(old);
	collect->conversation = NULL;
}

void
conversation_next(struct collect *collect)
{
	struct conversation *conversation = collect->conversation;
	uint64_t round = conversation->page.round;

	listing_forget(collect);
	conversation->turn = NULL;
	conversation->page = (struct listing_page){ .round = round };
	conversation->may_delete = conversation->is_first = false;
	conversation->too_large = 0;
	conversation->before = collect->outcome;
}

int
conversation_begin(struct collect *collect)
{
	struct conversation *made = calloc(1, sizeof(*made));
	int r;

	if (made == NULL)
		return -ENOMEM;
	made->passed_before = collect->passed_count;
	made->was_wary = made->doubt.estimates = collect->is_wary;
	made->was_whole_only = collect->is_whole_only;
	STAILQ_INIT(&made->doubt.since);
	made->take.paused = collect->is_pausing;
	collect->conversation = made;
	r = collect->protocol->begin(collect);
	if (r < 0)
		conversation_free(collect);
	return r;
}

bool
conversation_is_open(const struct collect *collect)
{
	return collect->conversation != NULL &&
	    collect->conversation->step == CONVERSATION_OPEN;
}

bool
conversation_is_over(const struct collect *collect)
{
	return collect->conversation == NULL ||
	    collect->conversation->step == CONVERSATION_OVER;
}

void
conversation_turn(struct collect *collect)
{
	if (conversation_is_open(collect) &&
	    collect->conversation->turn != NULL)
		collect->conversation->turn(collect);
}

void
conversation_hold(struct collect *collect, unsigned why, bool held)
{
	struct conversation *conversation = collect->conversation;
	unsigned held_for = held ? conversation->held_for | why :
	    conversation->held_for & ~why;

	if (!conversation_is_open(collect) ||
	    held_for == conversation->held_for)
		return;
	conversation->held_for = held_for;
	collect->protocol->hold(collect, held_for != 0);
}
