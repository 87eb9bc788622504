/*
 * asks.c - what a collection asks of the queue role
 *
 * An answer that finds its collection gone is undone: space is given back, a
 * big file is abandoned.  After the end only submissions still count.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "fetch/collect_inside.h"

static void
tell_number(struct ipc *queue, enum queue_kind kind, uint64_t number)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, number);
	/* a queue that is gone has forgotten what it gave */
	(void)ipc_send(queue, (uint16_t)kind, text_slice(&body), NULL, 0);
}

/* Nobody wants what was granted any more. */
static void
undo(const struct ask *ask, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct queue_answer said;
	uint64_t ticket;

	if (ask->kind != QUEUE_GRANT && ask->kind != QUEUE_BIG)
		return;
	if (answer_unpack(&u, &said) < 0 || said.code != 250)
		return;
	if (ask->kind == QUEUE_GRANT) {
		tell_number(ask->queue, QUEUE_RELEASE, ask->bytes);
		return;
	}
	ticket = unpack_u64(&u);
	if (!u.bad)
		tell_number(ask->queue, QUEUE_ABANDON_BIG, ticket);
}

static void
on_reply(void *arg, int status, struct ipc_message *message)
{
	struct ask *ask = arg;
	struct collect *collect = ask->collect;
	bool submits = ask->kind == QUEUE_SUBMIT ||
	    ask->kind == QUEUE_SUBMIT_BIG;

	if (collect != NULL)
		LIST_REMOVE(ask, next);
	if (status < 0 && collect != NULL)
		collect->queue = NULL;
	if (collect != NULL && (submits || !collect->ended))
		ask->answer(collect, ask, status < 0 ? NULL : message);
	else if (status == 0)
		undo(ask, message);
	free(ask);
}

bool
collect_ask(struct collect *collect, enum queue_kind kind,
    const struct text *body, int fd, const struct ask *what,
    collect_answer_fn *answer)
{
	struct ask *ask = malloc(sizeof(*ask));
	int r = -ENOMEM;

	if (ask != NULL && collect->queue != NULL && !text_failed(body)) {
		*ask = what == NULL ? (struct ask){ 0 } : *what;
		ask->collect = collect;
		ask->queue = collect->queue;
		ask->kind = (uint16_t)kind;
		ask->answer = answer;
		r = ipc_ask(collect->queue, ask->kind, text_slice(body),
		    &fd, fd < 0 ? 0 : 1, on_reply, ask);
	}
	if (r == 0) {
		LIST_INSERT_HEAD(&collect->asks, ask, next);
		return true;
	}
	free(ask);
	collect_break(collect, collect->queue == NULL ? FETCH_END_PAUSED :
	    FETCH_END_LOCAL, slice_str("the queue cannot be asked"));
	return false;
}

void
collect_tell(struct collect *collect, enum queue_kind kind,
    const struct text *body)
{
	if (collect->queue != NULL)
		(void)ipc_send(collect->queue, (uint16_t)kind,
		    text_slice(body), NULL, 0);
}

void
collect_forget(struct collect *collect)
{
	struct ask *ask;

	while ((ask = LIST_FIRST(&collect->asks)) != NULL) {
		LIST_REMOVE(ask, next);
		ask->collect = NULL;
	}
}

bool
collect_listing_ok(struct collect *collect, struct ipc_message *message,
    struct unpack *rest_out)
{
	static const struct {
		enum fetch_end	 end;
		const char	*words;
	} ends[LISTING_STATUS_COUNT] = {
		[LISTING_BUSY] = { FETCH_END_BUSY,
		    "it is being collected already" },
		[LISTING_NONE] = { FETCH_END_LOCAL,
		    "the queue has lost the listing" },
		[LISTING_LATER] = { FETCH_END_PAUSED,
		    "the ledger cannot be written now" },
	};
	unsigned status;

	if (message == NULL) {
		collect_break(collect, FETCH_END_PAUSED,
		    slice_str("the queue is not there"));
		return false;
	}
	*rest_out = unpack_of(message->body);
	status = unpack_enum(rest_out, LISTING_STATUS_COUNT);
	if (rest_out->bad) {
		collect_break(collect, FETCH_END_LOCAL,
		    slice_str("the queue's answer cannot be read"));
		return false;
	}
	if (status == LISTING_OK)
		return true;
	collect_bye(collect, ends[status].end,
	    slice_str(ends[status].words));
	return false;
}
