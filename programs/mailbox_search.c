/*
 * mailbox_search.c - the search index of the account is made when it is idle
 *
 * A step is some milliseconds.  Between two of them whatever else has come is
 * done first.  While deliveries come none is made (mailbox_pause.h): it would
 * take their turns and their disk, and what is written of few letters is merged
 * once more with those that follow.  A search reads what is not known yet.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "programs/mailbox_inside.h"
#include "store/search.h"

#define LOOK_MS		10000	/* between two looks for new letters */
#define WAIT_MS		100	/* until what was delivered is committed */
#define PAUSE_MS	40	/* between two steps while somebody is logged in:
				   one command in ten meets a step */

static void	on_search_time(void *);

static void
on_big(void *arg, int status, struct ipc_message *message)
{
	struct mailbox *mailbox = arg;
	struct unpack u;
	int fd = -1;

	if (mailbox->account == NULL)
		return;		/* we are leaving: the next of us reads it */
	if (status < 0) {	/* the queue is gone: another is asked */
		timer_set(mailbox->search_timer, LOOK_MS);
		return;
	}
	u = unpack_of(message->body);
	if (unpack_i64(&u) == 0 && unpack_is_done(&u))
		fd = ipc_take_fd(message, 0);
	search_take_big(mailbox->account, fd);
	timer_set(mailbox->search_timer, 1);
}

/* Ask the queue for the file that is wanted; without one another time. */
static void
ask_big(struct mailbox *mailbox)
{
	struct message_id big = search_big(mailbox->account);

	if (mailbox->queue == NULL || ipc_ask(mailbox->queue, QUEUE_OPEN_BIG,
	    slice_of(big.bytes, MESSAGE_ID_BYTES), NULL, 0, on_big,
	    mailbox) < 0)
		timer_set(mailbox->search_timer, LOOK_MS);
}

static void
on_search_time(void *arg)
{
	struct mailbox *mailbox = arg;
	uint64_t left = mailbox_pause_left(&mailbox->search_pause, clock_ms());
	int r;

	if (left > 0 || mailbox->open_count > 0) {
		timer_set(mailbox->search_timer, left > 0 ? left : WAIT_MS);
		return;
	}
	r = search_step(mailbox->account);
	if (r == SEARCH_DONE || r < 0)
		mailbox_pause_done(&mailbox->search_pause);
	if (r < 0)
		log_say("the search index is %s in a while: %s",
		    search_fault_passes(r) ? "gone on with" : "begun anew",
		    strerror(-r));
	if (r == SEARCH_WANTS_BIG)
		ask_big(mailbox);
	else
		timer_set(mailbox->search_timer, r == SEARCH_MORE ?
		    TAILQ_EMPTY(&mailbox->sessions) ? 1 : PAUSE_MS : LOOK_MS);
}

int
mailbox_search_begin(struct mailbox *mailbox)
{
	mailbox->search_timer = timer_new(mailbox->process->loop,
	    on_search_time, mailbox);
	if (mailbox->search_timer == NULL)
		return -ENOMEM;
	timer_set(mailbox->search_timer, LOOK_MS);
	return 0;
}
