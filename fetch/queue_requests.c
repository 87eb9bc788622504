/*
 * queue_requests.c - what a collection asks of the queue role
 */
#include <errno.h>
#include <stdlib.h>

#include "fetch/collect_inside.h"

static void
tell_number(struct ipc *queue, enum queue_kind kind, uint64_t number)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, number);
	/* a queue that is gone has forgotten what it gave */
	(void)ipc_send(queue, (uint16_t)kind, text_slice(&body), NULL, 0);
}

void
queue_not_wanted(struct ipc *queue, const struct shared_made *made)
{
	if (made->ticket != 0)
		tell_number(queue, QUEUE_ABANDON_BIG, made->ticket);
	tell_number(queue, QUEUE_RELEASE, made->bytes);
}

/* Nor what was put together; what was received needs nothing. */
static void
undo_shared(const struct queue_request *request, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct queue_answer said;
	struct shared_made made;

	if (answer_unpack(&u, &said) == 0 && said.code == QUEUE_IT_IS &&
	    shared_made_unpack(&u, &made) == 0)
		queue_not_wanted(request->queue, &made);
}

/* Nobody wants what was granted any more. */
static void
undo(const struct queue_request *request, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct queue_answer said;
	uint64_t ticket;

	if (request->kind == QUEUE_SHARED)
		undo_shared(request, message);
	if (request->kind != QUEUE_GRANT && request->kind != QUEUE_BIG &&
	    request->kind != QUEUE_BIG_OF)
		return;
	if (answer_unpack(&u, &said) < 0 || said.code != 250)
		return;
	if (request->kind == QUEUE_GRANT) {
		tell_number(request->queue, QUEUE_RELEASE, request->about);
		return;
	}
	ticket = unpack_u64(&u);
	if (!u.bad)
		tell_number(request->queue, QUEUE_ABANDON_BIG, ticket);
}

static void
on_reply(void *arg, int status, struct ipc_message *message)
{
	struct queue_request *request = arg;
	struct collect *collect = request->collect;
	bool submits = request->kind == QUEUE_SUBMIT ||
	    request->kind == QUEUE_SUBMIT_BIG ||
	    request->kind == QUEUE_SUBMIT_ARCHIVED ||
	    request->kind == QUEUE_SUBMIT_BIG_ARCHIVED ||
	    request->kind == QUEUE_SHARED;

	if (collect != NULL)
		LIST_REMOVE(request, next);
	if (status < 0 && collect != NULL)
		collect->queue = NULL;
	if (collect != NULL && (submits || !conversation_is_over(collect)))
		request->answer(collect, request->about,
		    status < 0 ? NULL : message);
	else if (status == 0)
		undo(request, message);
	free(request);
}

bool
queue_ask_with(struct collect *collect, enum queue_kind kind,
    const struct text *body, const int *fds, unsigned fd_count,
    uint64_t about, queue_answer_fn *answer)
{
	struct queue_request *request = malloc(sizeof(*request));
	int r = -ENOMEM;

	if (request != NULL && collect->queue != NULL && !text_failed(body)) {
		*request = (struct queue_request){
			.collect = collect, .queue = collect->queue,
			.kind = (uint16_t)kind, .about = about,
			.answer = answer
		};
		r = ipc_ask(collect->queue, request->kind, text_slice(body),
		    fds, fd_count, on_reply, request);
	}
	if (r == 0) {
		LIST_INSERT_HEAD(&collect->requests, request, next);
		return true;
	}
	free(request);
	collect_break(collect, collect->queue == NULL ? FETCH_END_PAUSED :
	    FETCH_END_LOCAL, "the queue cannot be asked");
	return false;
}

bool
queue_ask(struct collect *collect, enum queue_kind kind,
    const struct text *body, int fd, uint64_t about, queue_answer_fn *answer)
{
	return queue_ask_with(collect, kind, body, &fd, fd < 0 ? 0 : 1, about,
	    answer);
}

void
queue_tell(struct collect *collect, enum queue_kind kind,
    const struct text *body)
{
	if (collect->queue != NULL)
		(void)ipc_send(collect->queue, (uint16_t)kind,
		    text_slice(body), NULL, 0);
}

void
queue_tell_number(struct collect *collect, enum queue_kind kind,
    uint64_t number)
{
	if (collect->queue != NULL)
		tell_number(collect->queue, kind, number);
}

void
queue_forget(struct collect *collect)
{
	struct queue_request *request;

	while ((request = LIST_FIRST(&collect->requests)) != NULL) {
		LIST_REMOVE(request, next);
		request->collect = NULL;
	}
}

bool
queue_listing_ok(struct collect *collect, struct ipc_message *message,
    struct unpack *rest_out)
{
	static const struct {
		enum fetch_end	 end;
		const char	*words;
	} ends[] = {
		[LISTING_BUSY] = { FETCH_END_BUSY,
		    "it is being collected already" },
		[LISTING_NONE] = { FETCH_END_LOCAL,
		    "the queue has lost the listing" },
		[LISTING_LATER] = { FETCH_END_PAUSED,
		    "the ledger cannot be written now" },
		[LISTING_TOO_MANY] = { FETCH_END_INCONSISTENT,
		    "it lists more messages than can be collected" },
	};
	unsigned status;

	if (message == NULL) {
		collect_break(collect, FETCH_END_PAUSED,
		    "the queue is not there");
		return false;
	}
	*rest_out = unpack_of(message->body);
	status = unpack_enum(rest_out, LISTING_TOO_MANY + 1);
	if (rest_out->bad) {
		collect_break(collect, FETCH_END_LOCAL,
		    "the queue's answer cannot be read");
		return false;
	}
	if (status == LISTING_OK)
		return true;
	collect_bye(collect, ends[status].end, false,
	    slice_str(ends[status].words));
	return false;
}

bool
queue_answer_read(struct collect *collect, struct ipc_message *message,
    struct unpack *rest_out, struct queue_answer *said_out)
{
	if (message == NULL) {
		collect_break(collect, FETCH_END_PAUSED,
		    "the queue is not there");
		return false;
	}
	*rest_out = unpack_of(message->body);
	if (answer_unpack(rest_out, said_out) == 0)
		return true;
	collect_break(collect, FETCH_END_LOCAL,
	    "the queue's answer cannot be read");
	return false;
}
