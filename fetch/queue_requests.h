/*
 * queue_requests.h - what a collection asks of the queue role
 *
 * An answer that finds its collection, or its conversation, gone is undone:
 * space is given back, a big file is abandoned.
 */
#ifndef POSTROOM_FETCH_QUEUE_REQUESTS_H
#define POSTROOM_FETCH_QUEUE_REQUESTS_H

#include <sys/queue.h>

#include "lib/base/ipc.h"
#include "lib/base/text.h"
#include "queue/service.h"

struct collect;

/*
 * `about` as it was asked with: bytes of space, or the ticket of a big file.
 * Message NULL: the queue is lost.
 */
typedef void	queue_answer_fn(struct collect *, uint64_t about,
		    struct ipc_message *);

/* Something asked of the queue; it outlives the collection. */
struct queue_request {
	LIST_ENTRY(queue_request) next;
	struct collect	*collect;	/* NULL: gone */
	struct ipc	*queue;
	uint16_t	 kind;
	uint64_t	 about;		/* as queue_answer_fn is told */
	queue_answer_fn	*answer;
};

/* All of one collection that are under way. */
LIST_HEAD(queue_requests, queue_request);

/*
 * Ask, with a descriptor or -1.  False: it is over, collect_break() has been
 * called.  After the end of the conversation only submissions are answered.
 */
bool	queue_ask(struct collect *, enum queue_kind, const struct text *body,
	    int fd, uint64_t about, queue_answer_fn *);
/* The same with several descriptors. */
bool	queue_ask_with(struct collect *, enum queue_kind,
	    const struct text *body, const int *fds, unsigned fd_count,
	    uint64_t about, queue_answer_fn *);
void	queue_tell(struct collect *, enum queue_kind, const struct text *);
/* The same, of one number: bytes, a ticket, an account. */
void	queue_tell_number(struct collect *, enum queue_kind, uint64_t number);
/* What was put together (QUEUE_IT_IS) is wanted by nobody. */
void	queue_not_wanted(struct ipc *queue, const struct shared_made *);
/* Nobody waits for answers any more. */
void	queue_forget(struct collect *);

/*
 * The status that begins an answer about the listing.  False: it was not OK,
 * and the collection is on its way out.
 */
bool	queue_listing_ok(struct collect *, struct ipc_message *,
	    struct unpack *rest_out);
/*
 * Any other answer; `rest_out` stands behind it.  False: the queue is not
 * there, or cannot be understood, and the collection is over.
 */
bool	queue_answer_read(struct collect *, struct ipc_message *,
	    struct unpack *rest_out, struct queue_answer *said_out);

#endif
