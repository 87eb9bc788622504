/*
 * queue_gone.c - what has come of messages whose remote mailbox was removed
 *
 * One question is under way at a time.  What cannot be said now is asked again
 * in the next round; only a plain "there is none" drops anything.
 */
#include "programs/queue_gone.h"

#include <stdlib.h>

#include "lib/base/log.h"
#include "policy/keeper.h"
#include "programs/queue_inside.h"
#include "programs/queue_role.h"
#include "programs/roles.h"
#include "queue/ledger_half.h"

struct queue_gone {
	struct queue	*queue;		/* borrowed */
	struct timer	*timer;
	bool		 is_asking;
	uint64_t	 asked;		/* the account that is asked about */
};

static void	ask_above(struct queue_gone *, uint64_t account);

static void
rest(struct queue_gone *gone)
{
	gone->is_asking = false;
	timer_set(gone->timer, QUEUE_GONE_MS);
}

static void
on_owner(void *arg, int status, const struct keeper_owner *owner)
{
	struct queue_gone *gone = arg;
	unsigned count;

	if (status < 0) {
		rest(gone);
		return;
	}
	if (!owner->exists) {
		count = ledger_halves_unwanted(conductor_ledger(
		    gone->queue->conductor), gone->asked);
		log_say("fetch account %llu was removed: %u messages that "
		    "were cut are not kept any more",
		    (unsigned long long)gone->asked, count);
	}
	ask_above(gone, gone->asked);
}

/* About the next one in order of number. */
static void
ask_above(struct queue_gone *gone, uint64_t account)
{
	struct queue *queue = gone->queue;
	uint64_t next = 0;

	gone->is_asking = ledger_halves_after(conductor_ledger(
	    queue->conductor), account, &next) == 1;
	gone->asked = next;
	if (!gone->is_asking || queue_fetch_owner(queue->process, next,
	    on_owner, gone) < 0)
		rest(gone);
}

void
queue_gone_ask(struct queue_gone *gone)
{
	if (gone != NULL && !gone->is_asking)
		ask_above(gone, 0);
}

static void
on_time(void *arg)
{
	queue_gone_ask(arg);
}

struct queue_gone *
queue_gone_new(struct queue *queue)
{
	struct queue_gone *gone = calloc(1, sizeof(*gone));

	if (gone == NULL)
		return NULL;
	gone->queue = queue;
	gone->timer = timer_new(queue->process->loop, on_time, gone);
	if (gone->timer == NULL) {
		free(gone);
		return NULL;
	}
	timer_set(gone->timer, QUEUE_GONE_MS);
	return gone;
}
