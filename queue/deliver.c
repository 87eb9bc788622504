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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters/spam/spam.h"
#include "lib/base/log.h"
#include "lib/base/zone.h"
#include "queue/conductor_inside.h"
#include "queue/outbound.h"
#include "queue/receipt.h"
#include "queue/stamp.h"
#include "queue/wishes.h"
#include "store/service.h"

#define DELIVERY_FIXED_BYTES 512	/* of a delivery, but for its trace */
#define WINDOW		64	/* deliveries with one mailbox */
#define SETTLE_AFTER	1000	/* delivered and unsettled: do not wait */
#define LEAST_PAUSE_MS	500
#define MOST_PAUSE_MS	60000
#define WANT_AGAIN_MS	2000	/* a mailbox that was asked for */

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
find_account(const struct conductor *conductor, uint64_t account)
{
	struct account_queue *queue;

	HASH_FIND(hh, conductor->accounts, &account, sizeof(account), queue);
	return queue;
}

bool
conductor_is_delivering(const struct conductor *conductor, uint64_t account)
{
	const struct account_queue *queue = find_account(conductor, account);

	return queue != NULL && (queue->to_send != NULL || queue->sent > 0);
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

/* The first from `copy` on that is to be sent, or NULL. */
static struct copy *
next_waiting(struct copy *copy)
{
	while (copy != NULL && copy->state != COPY_WAITING)
		copy = TAILQ_NEXT(copy, next);
	return copy;
}

static void
line_up(struct copy *copy)
{
	TAILQ_INSERT_TAIL(&copy->account->copies, copy, next);
	if (copy->account->to_send == NULL)
		copy->account->to_send = copy;
}

/* Those who leave get no copy, but a row of their own (outbound.h). */
static bool
is_leaving(struct transit *transit,
    bool (*wants)(void *arg, const struct recipient *), void *arg)
{
	for (size_t i = 0; i < transit->env.recipient_count; i++)
		if (transit->env.recipients[i].account == 0 &&
		    wants(arg, &transit->env.recipients[i]))
			return true;
	return false;
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
	bool leaves = is_leaving(transit, wants, arg);
	struct copy *copies;

	if (leaves && outbound_may_leave(conductor, &transit->env) ==
	    -EPERM) {
		transit->held_for = "it is not to leave for another host";
		return -EPERM;
	}
	copies = arena_array(transit->arena, count, sizeof(*copies));
	if (copies == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct recipient *rcpt = &transit->env.recipients[i];

		if (rcpt->account == 0 || !wants(arg, rcpt))
			continue;
		copies[n].transit = transit;
		copies[n].rcpt = rcpt;
		copies[n].account = need_account(conductor, rcpt->account);
		if (copies[n++].account == NULL)
			return -ENOMEM;	/* nothing was put in a queue yet */
	}
	transit->copies = copies;
	transit->leaves = leaves;
	conductor->leaving += leaves;
	transit->copy_count = transit->unsettled = transit->undelivered = n;
	for (size_t i = 0; i < n; i++)
		line_up(&copies[i]);
	/* a copy that is answered at once must find all of them in place */
	for (size_t i = 0; i < n; i++)
		pump(copies[i].account);
	if (leaves)
		outbound_begin(transit);
	return 0;
}

/* Sending */

/* What a folder there had keeps its flags here. */
_Static_assert(FETCHED_SEEN == LETTER_SEEN &&
    FETCHED_ANSWERED == LETTER_ANSWERED &&
    FETCHED_FLAGGED == LETTER_FLAGGED && FETCHED_DRAFT == LETTER_DRAFT &&
    FETCHED_KEYWORDS_MOST <= KEYWORDS_MOST &&
    FETCHED_INTO_MOST <= FOLDER_MAX_BYTES, "an entry here has them all");

/* When it came, there if it was there before. */
static int64_t
arrived(const struct envelope *env)
{
	return env->fetched.arrived_utc_ms != 0 ?
	    env->fetched.arrived_utc_ms : env->received_at_utc_ms;
}

/*
 * What the judge holds is never sent to a mailbox unless somebody has released
 * it, so the verdict in kept/ says it in each life; what was held for a damage
 * of ours goes where it was to go.  A release is not caught again.
 */
static struct slice
released_folder(const struct verdict *verdict, struct slice folder)
{
	return verdict_is_held(verdict) && slice_is_str(folder, SPAM_FOLDER) ?
	    slice_of(NULL, 0) : folder;
}

/* Where its verdict, or its person's list, wants it; empty: nowhere else. */
static struct slice
chosen_folder(const struct copy *copy, const struct verdict *verdict)
{
	if (transit_is_spam(copy->transit, copy->rcpt->account))
		return slice_str(SPAM_FOLDER);
	return released_folder(verdict, wishes_folder(copy->transit, verdict,
	    copy->rcpt->account));
}

static int
pack_copy(struct text *body, struct copy *copy)
{
	const struct transit *transit = copy->transit;
	const struct conductor *conductor = transit->conductor;
	TEXT_AUTO trace = TEXT_INIT(STAMP_MAX_BYTES);
	struct verdict verdict;
	uint64_t account;
	struct delivery delivery = {
		.id = transit->env.id,
		.position = transit->position != 0 ? transit->position :
		    journal_next(conductor->journal),
		.mailbox = MAILBOX_INBOX,
		.received_at_utc_ms = arrived(&transit->env),
		.flags = transit->env.fetched.flags,
		.keywords = transit->env.fetched.keywords,
		.body_bytes = transit->env.bytes,
		.is_big = transit->is_big, .lacks_crlf = transit->lacks_crlf
	};

	if (verdict_unpack(transit->packed_verdict, &verdict) < 0)
		return -EBADMSG;
	account = copy->rcpt->account;
	wishes_add_line(transit, &verdict, copy->rcpt);
	stamp_write(&trace, &transit->env, copy->rcpt, &verdict,
	    conductor->options.hostname,
	    zone_minutes(transit->env.received_at_utc_ms));
	delivery.trace = text_slice(&trace);
	delivery.is_spam = transit_is_spam(transit, account);
	delivery.is_released = verdict_is_held(&verdict) &&
	    !delivery.is_spam && !wishes_excuse(transit, &verdict, account);
	delivery.is_decided = delivery.is_spam || wishes_of(transit, &verdict,
	    account) != SENDER_UNSAID;
	/* a rule knows better than the folder where it was */
	delivery.folder = chosen_folder(copy, &verdict);
	if (delivery.folder.len == 0)
		delivery.folder = released_folder(&verdict,
		    transit->env.fetched.into);
	delivery_pack(body, &delivery);
	return text_failed(&trace) || text_failed(body) ? -EMSGSIZE : 0;
}

/*
 * The file stays for everybody who is to be told of it: noted once for all of
 * them, for each commit costs as much as a delivery.
 */
static int
refer_all(struct transit *transit)
{
	struct conductor *conductor = transit->conductor;
	uint64_t *accounts = calloc(transit->copy_count, sizeof(*accounts));
	size_t count = 0;
	int r;

	if (accounts == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < transit->copy_count; i++) {
		const struct copy *copy = &transit->copies[i];

		if (copy->state == COPY_WAITING && !copy->is_referred)
			accounts[count++] = copy->account->account;
	}
	r = rows_big_ref(conductor->rows, &transit->env.id, accounts, count);
	free(accounts);
	for (size_t i = 0; r == 0 && i < transit->copy_count; i++)
		if (transit->copies[i].state == COPY_WAITING)
			transit->copies[i].is_referred = true;
	return r;
}

static int
send_copy(struct copy *copy)
{
	struct transit *transit = copy->transit;
	struct conductor *conductor = transit->conductor;
	TEXT_AUTO body = TEXT_INIT(STAMP_MAX_BYTES + DELIVERY_FIXED_BYTES);
	int r = 0;

	if (transit->is_big && !copy->is_referred)
		r = refer_all(transit);
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

/* Take what waits of it out of every queue; true: nothing of it is left. */
static bool
withdraw(struct transit *transit)
{
	bool is_all = true;

	for (size_t i = 0; i < transit->copy_count; i++) {
		struct copy *copy = &transit->copies[i];
		struct account_queue *queue = copy->account;

		if (copy->state == COPY_WAITING) {
			if (queue->to_send == copy)
				queue->to_send = next_waiting(
				    TAILQ_NEXT(copy, next));
			TAILQ_REMOVE(&queue->copies, copy, next);
			copy->state = COPY_STUCK;
		} else if (copy->state != COPY_STUCK && !copy->is_done) {
			is_all = false;
		}
	}
	return is_all;
}

/*
 * Where its envelope can still be held for a person it is; else it stays where
 * it is, and so does its place in the journal.
 */
void
deliver_stuck(struct transit *transit, int error)
{
	char id[MESSAGE_ID_CHARS + 1];
	bool is_all = withdraw(transit);

	if (transit->is_stuck)
		return;
	transit->is_stuck = true;
	if (transit->is_held)
		transit->conductor->holds--;
	transit->is_held = false;
	transit->held_for = transit->is_big ?
	    "its bytes in the big file are damaged" : transit->is_kept ?
	    "its bytes in the folder kept are damaged" :
	    "its bytes in the journal are damaged";
	message_id_write(&transit->env.id, id);
	log_say("message %s cannot be delivered: %s (%s)", id,
	    transit->held_for, strerror(-error));
	if (transit->is_kept) {
		if (keep_hold_row(transit) < 0)
			log_say("message %s cannot be held", id);
	} else if (transit->is_big && is_all && transit->keeping == NULL) {
		keep_hold(transit);
	} else {
		conductor_trail(transit->conductor, transit, TRAIL_WAITING,
		    NULL, transit->held_for);
	}
}

/* Its bytes, for its mailbox.  -ESTALE: it was taken out of the queue. */
static int
need_bytes(struct transit *transit)
{
	int r = transit->fd < 0 ? transit_load(transit) : 0;

	if (r != -EBADMSG && r != -ENOENT)
		return r;
	deliver_stuck(transit, r);
	return -ESTALE;
}

/*
 * It cannot go on now: say so once, wait longer each time.  The others that
 * were on their way and fail as well are the same fault.
 */
static void
pause_account(struct account_queue *queue, int error)
{
	if (timer_is_set(queue->again))
		return;
	if (queue->pause_ms == 0)
		log_say("mailbox %" PRIu64 " cannot take mail now: %s; it "
		    "waits here", queue->account, strerror(-error));
	if (queue->pause_ms == 0)
		queue->pause_ms = LEAST_PAUSE_MS;
	else if (queue->pause_ms < MOST_PAUSE_MS / 2)
		queue->pause_ms *= 2;
	else
		queue->pause_ms = MOST_PAUSE_MS;
	timer_set(queue->again, queue->pause_ms);
}

/* Send what may be sent now. */
static void
pump(struct account_queue *queue)
{
	struct conductor *conductor = queue->conductor;
	struct copy *copy;

	if (queue->to_send == NULL || conductor->closing ||
	    timer_is_set(queue->again))
		return;
	if (!queue->up) {
		if (!queue->wanted)
			conductor->ports.want(conductor->ports.arg,
			    queue->account);
		queue->wanted = true;
		/* it may have been lost, as when one is just ending */
		timer_set(queue->again, WANT_AGAIN_MS);
		return;
	}
	while ((copy = queue->to_send) != NULL && queue->sent < WINDOW) {
		int r = need_bytes(copy->transit);

		if (r == -ESTALE)
			continue;	/* with the next one */
		if (r == 0)
			r = send_copy(copy);
		if (r < 0) {
			pause_account(queue, r);
			return;
		}
		queue->to_send = next_waiting(copy);
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

void
conductor_hear(struct conductor *conductor, uint64_t account)
{
	const struct account_queue *queue = find_account(conductor, account);

	if (queue == NULL || !queue->up)
		conductor->ports.want(conductor->ports.arg, account);
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
		copy->is_referred = false;	/* it may have been given up */
	}
	queue->to_send = TAILQ_FIRST(&queue->copies);
	timer_stop(queue->again);
	pump(queue);
}

/* An earlier life may have ended before it could say so: once in each. */
static void
tell_delivered(struct copy *copy, bool was_there, bool is_in_inbox)
{
	char words[VERDICT_FOLDER_MAX + 64] = "";
	struct verdict verdict;
	struct slice folder;

	if (copy->is_told)
		return;
	if (verdict_unpack(copy->transit->packed_verdict, &verdict) < 0)
		verdict_init(&verdict);
	folder = chosen_folder(copy, &verdict);
	if (was_there)
		(void)snprintf(words, sizeof(words), "it was there already");
	else if (is_in_inbox && verdict_is_held(&verdict))
		(void)snprintf(words, sizeof(words), "in INBOX, and not in %s",
		    folder.len > 0 ? verdict.folder : SPAM_FOLDER);
	else if (is_in_inbox)
		(void)snprintf(words, sizeof(words), "in INBOX, for there are "
		    "too many mailboxes to make %.100s", verdict.folder);
	else if (folder.len > 0)
		(void)snprintf(words, sizeof(words), "in the mailbox %.*s",
		    SLICE_FMT(folder));
	conductor_trail(copy->transit->conductor, copy->transit,
	    TRAIL_DELIVERED, copy->rcpt, words[0] != '\0' ? words : NULL);
	copy->is_told = true;
}

void
conductor_delivered(struct conductor *conductor, void *ticket, int status,
    bool was_there, bool is_in_inbox)
{
	struct copy *copy = ticket;
	struct account_queue *queue = copy->account;
	struct transit *transit = copy->transit;

	if (status == -ECONNRESET || copy->state != COPY_SENT)
		return;		/* conductor_account_lost() has seen to it */
	queue->sent--;
	if (status < 0) {
		copy->state = COPY_WAITING;
		queue->to_send = next_waiting(TAILQ_FIRST(&queue->copies));
		pause_account(queue, status);
		return;
	}
	copy->state = COPY_DELIVERED;
	queue->delivered++;
	queue->pause_ms = 0;
	conductor->count_delivered++;
	tell_delivered(copy, was_there, is_in_inbox);
	receipt_owe(copy);
	if (--transit->undelivered == 0)
		transit_close_bytes(transit);
	if (queue->delivered >= SETTLE_AFTER)
		settle(queue);
	pump(queue);
}

/* Settling */

/*
 * No account is settled past a message that is to be held and is not yet, nor
 * past a notice whose rows are still there, nor past one of which its sender is
 * to hear first.
 */
static uint64_t
settle_limit(const struct conductor *conductor)
{
	const struct transit *transit;

	if (conductor->holds == 0 && conductor->untold == 0)
		return UINT64_MAX;
	TAILQ_FOREACH(transit, &conductor->received, next)
		if (transit->is_held || transit->told.len > 0)
			return transit->position;
	return UINT64_MAX;
}

static void
settle(struct account_queue *queue)
{
	struct conductor *conductor = queue->conductor;
	uint64_t limit = settle_limit(conductor), upto = queue->settled_to;
	uint64_t prune_below = journal_oldest(conductor->journal);
	bool any = false;
	struct copy *copy;

	if (queue->settling || !queue->up)
		return;
	TAILQ_FOREACH(copy, &queue->copies, next) {
		const struct transit *transit = copy->transit;

		if (copy->state != COPY_DELIVERED ||
		    transit->position >= limit || receipt_is_owed(copy))
			break;
		copy->state = COPY_SETTLING;
		if (transit->position > upto)
			upto = transit->position;
		/*
		 * Its row goes after this: until then its key must stay, and
		 * that may be of an earlier life, at any position.
		 */
		if (transit->is_kept)
			prune_below = 0;
		any = true;
	}
	if (!any)
		return;
	queue->settling = true;
	if (conductor->ports.settle(conductor->ports.arg, queue->account, upto,
	    prune_below) < 0)
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
	conductor->leaving -= transit->leaves;
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
	if (--transit->unsettled == 0 && transit->keeping == NULL &&
	    !transit->leaves)
		deliver_end(transit);
}

/* The first copies are settled, or not after all; true: a kept one was. */
static bool
end_settling(struct account_queue *queue, bool is_settled)
{
	struct copy *copy, *following;
	bool any_kept = false;

	for (copy = TAILQ_FIRST(&queue->copies); copy != NULL &&
	    copy->state == COPY_SETTLING; copy = following) {
		following = TAILQ_NEXT(copy, next);
		any_kept |= copy->transit->is_kept;
		if (is_settled)
			copy_settled(copy);
		else
			copy->state = COPY_DELIVERED;
	}
	return any_kept;
}

void
conductor_settled(struct conductor *conductor, uint64_t account, uint64_t upto,
    int status)
{
	struct account_queue *queue = find_account(conductor, account);
	bool any_kept;

	if (queue == NULL || !queue->settling)
		return;
	queue->settling = false;
	any_kept = end_settling(queue, status == 0);
	if (status < 0) {
		log_say("mailbox %" PRIu64 " could not settle: %s", account,
		    strerror(-status));
		return;
	}
	queue->settled_to = upto;
	if (rows_settled_set(conductor->rows, account, upto) < 0)
		log_say("queue.db: cannot note how far mailbox %" PRIu64
		    " is settled", account);
	/* the next settling prunes its key: what is done must stay done */
	if (any_kept && rows_sync(conductor->rows) < 0)
		log_say("queue.db cannot be synced");
	deliver_advance(conductor);
}

/* Everything below is settled, kept or gone; what waits for its sync is not. */
static uint64_t
settled_below(const struct conductor *conductor)
{
	uint64_t below = journal_next(conductor->journal);
	uint64_t standing = outbound_standing(conductor);
	const struct transit *transit = TAILQ_FIRST(&conductor->received);

	if (transit != NULL)
		below = transit->position;
	TAILQ_FOREACH(transit, &conductor->arriving, next)
		if (transit->position != 0 && transit->position < below)
			below = transit->position;
	return standing < below ? standing : below;
}

void
deliver_advance(struct conductor *conductor)
{
	uint64_t upto = settled_below(conductor);

	/* only a whole segment can be used again: that is when it counts */
	if (upto >> 32 <= conductor->settled >> 32)
		return;
	/* it may be replayed until it is: what was kept has no key then */
	if (ledger_sync(conductor->ledger, upto) < 0 ||
	    rows_settled_below_set(conductor->rows, upto) < 0 ||
	    rows_sync(conductor->rows) < 0) {
		log_say("queue.db or ledger.db cannot be synced: the journal "
		    "stays as it is");
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
