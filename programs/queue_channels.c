/*
 * queue_channels.c - who is connected to the queue role, and who of them hangs
 */
#include <errno.h>
#include <stdlib.h>

#include "filters/virus.h"
#include "programs/queue_inside.h"

#define HANG_LOOK_MS	2000	/* how often somebody is looked for who hangs */
#define JUDGE_HANGS_MS	60000	/* without an answer: longer than any filter */
#define KEEPER_HANGS_MS	30000	/* the same; it looks up one address */
#define MAILBOX_HANGS_MS 120000	/* a very slow disk is no hang */
#define SLOW_MESSAGES	8	/* a judge without answers is as busy as that */

void
progress_asked(struct progress *progress)
{
	if (progress->asked++ == 0)
		progress->since_ms = clock_ms();
}

void
progress_answered(struct progress *progress)
{
	progress->asked--;
	progress->since_ms = clock_ms();
}

/* Judges */

struct judge_channel *
queue_find_judge(struct queue *queue, const struct ipc *ipc)
{
	for (unsigned i = 0; i < queue->judge_count; i++)
		if (queue->judges[i].ipc == ipc)
			return &queue->judges[i];
	return NULL;
}

bool
progress_is_slow(const struct progress *progress, uint64_t now_ms)
{
	return progress->asked > 0 &&
	    now_ms >= progress->since_ms + PROGRESS_SLOW_MS;
}

/*
 * Messages in front of the next one.  Who has no answer for long may have none,
 * or waits for DNS with all of them and has time for more: so it counts as some
 * more messages, and does not leave everything to the others.
 */
static unsigned
burden(const struct progress *progress, uint64_t now_ms)
{
	return progress->asked +
	    (progress_is_slow(progress, now_ms) ? SLOW_MESSAGES : 0);
}

/* One that hangs gets nothing more. */
struct judge_channel *
queue_choose_judge(struct queue *queue)
{
	struct judge_channel *best = NULL;
	uint64_t now_ms = clock_ms();

	for (unsigned i = 0; i < queue->judge_count; i++)
		if (best == NULL ||
		    burden(&queue->judges[i].progress, now_ms) <
		    burden(&best->progress, now_ms))
			best = &queue->judges[i];
	return best;
}

int
queue_add_judge(struct queue *queue, struct ipc *ipc)
{
	if (queue->judge_count == MOST_JUDGES)
		return -E2BIG;
	queue->judges[queue->judge_count++] =
	    (struct judge_channel){ .ipc = ipc };
	conductor_judge_up(queue->conductor);
	return 0;
}

void
queue_lose_judge(struct queue *queue, const struct ipc *ipc)
{
	struct judge_channel *judge = queue_find_judge(queue, ipc);

	if (judge != NULL)
		*judge = queue->judges[--queue->judge_count];
}

/* Mailboxes */

struct mailbox_channel *
queue_find_mailbox(struct queue *queue, uint64_t account)
{
	struct mailbox_channel *mailbox;

	HASH_FIND(hh, queue->mailboxes, &account, sizeof(account), mailbox);
	return mailbox;
}

int
queue_add_mailbox(struct queue *queue, struct ipc *ipc)
{
	struct mailbox_channel *mailbox = calloc(1, sizeof(*mailbox));

	if (mailbox == NULL)
		return -ENOMEM;
	mailbox->account = ipc_instance(ipc);
	mailbox->ipc = ipc;
	HASH_ADD(hh, queue->mailboxes, account, sizeof(mailbox->account),
	    mailbox);
	if (mailbox->hh.tbl == NULL) {
		free(mailbox);
		return -ENOMEM;
	}
	conductor_account_up(queue->conductor, mailbox->account);
	return 0;
}

void
queue_lose_mailbox(struct queue *queue, const struct ipc *ipc)
{
	struct mailbox_channel *mailbox;

	mailbox = queue_find_mailbox(queue, ipc_instance(ipc));
	if (mailbox == NULL || mailbox->ipc != ipc)
		return;
	HASH_DEL(queue->mailboxes, mailbox);
	conductor_account_lost(queue->conductor, mailbox->account);
	free(mailbox);
}

/* Hangs */

static void
end_if_hung(struct queue *queue, const struct ipc *ipc,
    struct progress *progress, uint64_t most_ms)
{
	if (progress->asked == 0 || clock_ms() - progress->since_ms < most_ms)
		return;
	progress->since_ms = clock_ms();	/* its end takes a moment */
	process_accuse(queue->process, ipc, "does not answer");
}

static uint64_t
judge_hangs_ms(const struct queue *queue)
{
	const struct config *config = &queue->process->config;
	uint64_t ms = JUDGE_HANGS_MS;

	if (config_scans(config))
		ms += 1000ull * SCAN_TIMES * config->scan_seconds;
	if (config->rspamd[0] != '\0')
		ms += 1000ull * config->rspamd_seconds;
	return ms;
}

static void
on_hang_time(void *arg)
{
	struct queue *queue = arg;
	struct mailbox_channel *mailbox, *following;

	for (unsigned i = 0; i < queue->judge_count; i++)
		end_if_hung(queue, queue->judges[i].ipc,
		    &queue->judges[i].progress, judge_hangs_ms(queue));
	if (queue->keeper != NULL)
		end_if_hung(queue, queue->keeper, &queue->keeper_progress,
		    KEEPER_HANGS_MS);
	HASH_ITER(hh, queue->mailboxes, mailbox, following)
		end_if_hung(queue, mailbox->ipc, &mailbox->progress,
		    MAILBOX_HANGS_MS);
	timer_set(queue->hang_timer, HANG_LOOK_MS);
}

int
queue_watch_hangs(struct queue *queue)
{
	queue->hang_timer = timer_new(queue->process->loop, on_hang_time,
	    queue);
	if (queue->hang_timer == NULL)
		return -ENOMEM;
	timer_set(queue->hang_timer, HANG_LOOK_MS);
	return 0;
}
