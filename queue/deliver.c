/*
 * deliver.c - from receipt into the mailboxes, and to settling
 *
 * Each account has its copies in order of position.  Up to WINDOW of them are
 * with its mailbox at a time; what has been committed there without a gap is
 * settled by one FULL commit, and only then forgotten here.  A mailbox that is
 * lost gets everything unsettled again: its own key makes that harmless.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "queue/conductor_inside.h"
#include "queue/stamp.h"
#include "store/service.h"

#define WINDOW		64	/* deliveries with one mailbox */
#define SETTLE_AFTER	1000	/* delivered and unsettled: do not wait */
#define LEAST_PAUSE_MS	500
#define MOST_PAUSE_MS	60000

static void	pump(struct account_queue *);
static void	settle(struct account_queue *);

static void
on_again(void *arg)
{
	struct account_queue *queue = arg;

	queue->wanted = false;
	pump(queue);
}

static struct account_queue *
find_account(struct conductor *conductor, uint64_t account)
{
	struct account_queue *queue;

	HASH_FIND(hh, conductor->accounts, &account, sizeof(account), queue);
	return queue;
}

/* The queue of an account, made if need be; NULL when memory is out. */
static struct account_queue *
need_account(struct conductor *conductor, uint64_t account)
{
	struct account_queue *queue = find_account(conductor, account);

	if (queue != NULL)
		return queue;
	queue = calloc(1, sizeof(*queue));
	if (queue == NULL)
		return NULL;
	queue->account = account;
	queue->conductor = conductor;
	TAILQ_INIT(&queue->copies);
	queue->again = timer_new(conductor->loop, on_again, queue);
	if (queue->again != NULL)
		HASH_ADD(hh, conductor->accounts, account,
		    sizeof(queue->account), queue);
	if (queue->again == NULL || queue->hh.tbl == NULL) {
		timer_free(queue->again);
		free(queue);
		return NULL;
	}
	return queue;
}

/* Giving out copies */

static bool
everybody(void *arg, const struct recipient *rcpt)
{
	(void)arg;
	(void)rcpt;
	return true;
}

int
deliver_begin(struct transit *transit)
{
	return deliver_begin_some(transit, everybody, NULL);
}

int
deliver_begin_some(struct transit *transit,
    bool (*wants)(void *arg, const struct recipient *), void *arg)
{
	struct conductor *conductor = transit->conductor;
	size_t count = transit->env.recipient_count, n = 0;

	transit->copies = arena_array(transit->arena, count,
	    sizeof(*transit->copies));
	if (transit->copies == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct recipient *rcpt = &transit->env.recipients[i];

		if (!wants(arg, rcpt))
			continue;
		transit->copies[n].transit = transit;
		transit->copies[n].rcpt = rcpt;
		transit->copies[n].account = need_account(conductor,
		    rcpt->account);
		if (transit->copies[n++].account == NULL)
			return -ENOMEM;	/* nothing was put in a queue yet */
	}
	transit->copy_count = transit->unsettled = transit->undelivered = n;
	for (size_t i = 0; i < n; i++) {
		struct copy *copy = &transit->copies[i];

		TAILQ_INSERT_TAIL(&copy->account->copies, copy, next);
	}
	/* a copy that is answered at once must find all of them in place */
	for (size_t i = 0; i < n; i++)
		pump(transit->copies[i].account);
	return 0;
}

/* Sending */

static int
pack_copy(struct text *body, const struct copy *copy)
{
	const struct transit *transit = copy->transit;
	const struct conductor *conductor = transit->conductor;
	TEXT_AUTO trace = TEXT_INIT(STAMP_MAX_BYTES);
	struct verdict verdict;
	struct delivery delivery = {
		.id = transit->env.id,
		.position = transit->position != 0 ? transit->position :
		    journal_next(conductor->journal),
		.mailbox = MAILBOX_INBOX,
		.received_at_utc_ms = transit->env.received_at_utc_ms,
		.body_bytes = transit->env.bytes,
		.is_big = transit->is_big, .lacks_crlf = transit->lacks_crlf
	};

	if (verdict_unpack(transit->packed_verdict, &verdict) < 0)
		return -EBADMSG;
	stamp_write(&trace, &transit->env, copy->rcpt, &verdict,
	    conductor->options.hostname,
	    conductor_zone(transit->env.received_at_utc_ms));
	delivery.trace = text_slice(&trace);
	delivery_pack(body, &delivery);
	return text_failed(&trace) || text_failed(body) ? -EMSGSIZE : 0;
}

static int
send_copy(struct copy *copy)
{
	struct transit *transit = copy->transit;
	struct conductor *conductor = transit->conductor;
	TEXT_AUTO body = TEXT_INIT(STAMP_MAX_BYTES + 256);
	int r = 0;

	if (transit->fd < 0)
		r = transit_load(transit);
	if (r == 0 && transit->is_big)
		r = rows_big_ref(conductor->rows, &transit->env.id,
		    copy->account->account);
	if (r == 0)
		r = pack_copy(&body, copy);
	if (r == 0)
		r = conductor->ports.deliver(conductor->ports.arg, copy,
		    copy->account->account, text_slice(&body), transit->fd);
	if (r < 0)
		return r;
	copy->state = COPY_SENT;
	copy->account->sent++;
	return 0;
}

/* It cannot go on now: say so once, wait longer each time. */
static void
pause_account(struct account_queue *queue, int error)
{
	if (queue->pause_ms == 0)
		log_say("mailbox %" PRIu64 " cannot take mail now: %s; it "
		    "waits here", queue->account, strerror(-error));
	if (queue->pause_ms == 0)
		queue->pause_ms = LEAST_PAUSE_MS;
	else if (queue->pause_ms < MOST_PAUSE_MS)
		queue->pause_ms *= 2;
	timer_set(queue->again, queue->pause_ms);
}

/* Send what may be sent now. */
static void
pump(struct account_queue *queue)
{
	struct conductor *conductor = queue->conductor;
	struct copy *copy;

	if (TAILQ_EMPTY(&queue->copies) || conductor->closing ||
	    timer_is_set(queue->again))
		return;
	if (!queue->up) {
		if (!queue->wanted)
			conductor->ports.want(conductor->ports.arg,
			    queue->account);
		queue->wanted = true;
		/* the parent may have been too busy to hear: ask again */
		timer_set(queue->again, MOST_PAUSE_MS);
		return;
	}
	/* from the end: what waits stands behind what was sent */
	copy = TAILQ_LAST(&queue->copies, copy_list);
	while (copy != NULL && copy->state == COPY_WAITING) {
		struct copy *before = TAILQ_PREV(copy, copy_list, next);

		if (before == NULL || before->state != COPY_WAITING)
			break;
		copy = before;
	}
	for (; copy != NULL && copy->state == COPY_WAITING &&
	    queue->sent < WINDOW; copy = TAILQ_NEXT(copy, next)) {
		int r = send_copy(copy);

		if (r < 0) {
			pause_account(queue, r);
			return;
		}
	}
}

void
conductor_account_up(struct conductor *conductor, uint64_t account)
{
	struct account_queue *queue = need_account(conductor, account);

	if (queue == NULL)
		return;		/* asked for again when there is mail for it */
	queue->up = true;
	queue->wanted = false;
	queue->pause_ms = 0;
	timer_stop(queue->again);
	pump(queue);
}

/* What was with a mailbox that is gone is told to the next one again. */
void
conductor_account_lost(struct conductor *conductor, uint64_t account)
{
	struct account_queue *queue = find_account(conductor, account);
	struct copy *copy;

	if (queue == NULL)
		return;
	queue->up = queue->wanted = queue->settling = false;
	queue->sent = queue->delivered = 0;
	TAILQ_FOREACH(copy, &queue->copies, next) {
		if (copy->state >= COPY_DELIVERED)
			copy->transit->undelivered++;
		copy->state = COPY_WAITING;
	}
	timer_stop(queue->again);
	pump(queue);
}

void
conductor_delivered(struct conductor *conductor, void *ticket, int status,
    bool was_there)
{
	struct copy *copy = ticket;
	struct account_queue *queue = copy->account;
	struct transit *transit = copy->transit;

	if (status == -ECONNRESET || copy->state != COPY_SENT)
		return;		/* conductor_account_lost() has seen to it */
	queue->sent--;
	if (status < 0) {
		copy->state = COPY_WAITING;
		/* those behind it are told again in order, after the pause */
		pause_account(queue, status);
		return;
	}
	copy->state = COPY_DELIVERED;
	queue->delivered++;
	queue->pause_ms = 0;
	conductor->count_delivered++;
	if (!was_there)
		conductor_trail(conductor, transit, TRAIL_DELIVERED,
		    copy->rcpt, NULL);
	if (--transit->undelivered == 0)
		transit_close_bytes(transit);
	if (queue->delivered >= SETTLE_AFTER)
		settle(queue);
	pump(queue);
}

/* Settling */

static void
settle(struct account_queue *queue)
{
	struct conductor *conductor = queue->conductor;
	uint64_t upto = queue->settled_to;
	bool any = false;
	struct copy *copy;

	if (queue->settling || !queue->up)
		return;
	TAILQ_FOREACH(copy, &queue->copies, next) {
		if (copy->state != COPY_DELIVERED)
			break;
		copy->state = COPY_SETTLING;
		if (copy->transit->position > upto)
			upto = copy->transit->position;
		any = true;
	}
	if (!any)
		return;
	queue->settling = true;
	queue->settled_to = upto;
	if (conductor->ports.settle(conductor->ports.arg, queue->account, upto,
	    journal_oldest(conductor->journal)) < 0)
		conductor_settled(conductor, queue->account, upto, -EAGAIN);
}

void
deliver_settle_all(struct conductor *conductor)
{
	struct account_queue *queue, *following;

	HASH_ITER(hh, conductor->accounts, queue, following)
		if (queue->delivered > 0)
			settle(queue);
}

void
deliver_end(struct transit *transit)
{
	struct conductor *conductor = transit->conductor;

	TAILQ_REMOVE(transit->is_kept ? &conductor->set_aside :
	    &conductor->received, transit, next);
	conductor->moving--;
	transit_free(transit);
}

static void
copy_settled(struct copy *copy)
{
	struct transit *transit = copy->transit;

	TAILQ_REMOVE(&copy->account->copies, copy, next);
	copy->account->delivered--;
	copy->is_done = true;
	if (transit->is_kept)
		keep_copy_settled(transit, copy->rcpt);
	/* being set aside just now: keep.c ends it */
	if (--transit->unsettled == 0 && !transit->is_keeping)
		deliver_end(transit);
}

void
conductor_settled(struct conductor *conductor, uint64_t account, uint64_t upto,
    int status)
{
	struct account_queue *queue = find_account(conductor, account);
	struct copy *copy, *following;

	if (queue == NULL || !queue->settling)
		return;
	queue->settling = false;
	for (copy = TAILQ_FIRST(&queue->copies); copy != NULL &&
	    copy->state == COPY_SETTLING; copy = following) {
		following = TAILQ_NEXT(copy, next);
		if (status < 0)
			copy->state = COPY_DELIVERED;
		else
			copy_settled(copy);
	}
	if (status < 0) {
		log_say("mailbox %" PRIu64 " could not settle: %s", account,
		    strerror(-status));
		return;
	}
	if (rows_settled_set(conductor->rows, account, upto) < 0)
		log_say("queue.db: cannot note how far mailbox %" PRIu64
		    " is settled", account);
	deliver_advance(conductor);
}

void
deliver_advance(struct conductor *conductor)
{
	const struct transit *first = TAILQ_FIRST(&conductor->received);
	uint64_t upto = journal_next(conductor->journal);

	if (first != NULL)
		upto = first->position;
	/* only a whole segment can be used again: that is when it counts */
	if (upto >> 32 <= conductor->settled >> 32)
		return;
	if (rows_sync(conductor->rows) < 0) {
		log_say("queue.db cannot be synced: the journal stays as "
		    "it is");
		return;
	}
	conductor->settled = upto;
	journal_settled(conductor->journal, upto);
}

void
deliver_close(struct conductor *conductor)
{
	struct account_queue *queue, *following;

	HASH_ITER(hh, conductor->accounts, queue, following) {
		HASH_DEL(conductor->accounts, queue);
		timer_free(queue->again);
		free(queue);
	}
}
