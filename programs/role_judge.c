/*
 * role_judge.c - the judge: one message at a time, read-only
 *
 * Fails by ending; the queue then asks the next judge, and says "try again" to
 * the sender when a message has ended two of them.
 */
#include <errno.h>
#include <stdlib.h>

#include "filters/judge.h"
#include "lib/base/log.h"
#include "lib/message/words.h"
#include "programs/roles.h"

#define RECYCLE_AFTER	20000	/* messages: what a library leaks ends too */

struct judge {
	struct process	*process;
	struct ipc	*queue;
	uint64_t	 judged;
	bool		 retiring;
};

static int	on_message(void *, struct ipc *, struct ipc_message *);

static const struct ipc_rule judge_rules[] = {
{ JUDGE_MESSAGE, "JUDGE", FROM(ROLE_QUEUE), IPC_REQUEST, 1, 0, on_message },
{ 0 }
};

static int
judge_it(const struct process *process, struct ipc_message *message,
    struct verdict *verdict)
{
	const struct judge_limits limits = { .hops = process->config.hops };
	ARENA_AUTO arena = arena_new(ENVELOPE_MAX_BYTES * 8);
	struct envelope env;
	int r;

	if (arena == NULL)
		return -ENOMEM;
	r = envelope_unpack(arena, message->body, &env);
	if (r < 0)
		return r;
	return judge_message(message->fd[0], &env, &limits, verdict);
}

static int
on_message(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct judge *judge = process->state;
	TEXT_AUTO body = TEXT_INIT(VERDICT_PACKED_MAX);
	struct verdict verdict;
	int r;

	r = judge_it(process, message, &verdict);
	if (r == -EBADMSG)
		return r;
	if (r < 0) {
		verdict_init(&verdict);
		verdict_set(&verdict, VERDICT_DEFER, 451, "4.3.0",
		    "the message could not be judged now");
	}
	verdict_pack(&body, &verdict);
	if (ipc_reply(from, message->serial, text_slice(&body), NULL, 0) < 0)
		log_say("the queue does not take a verdict");
	if (++judge->judged >= RECYCLE_AFTER && !judge->retiring) {
		judge->retiring = true;
		process_retire(process);
	}
	return 0;
}

/* Character tables are loaded lazily by iconv: now or never. */
static int
judge_open(struct process *process)
{
	(void)process;
	return words_open();
}

static int
judge_start(struct process *process)
{
	struct judge *judge = calloc(1, sizeof(*judge));

	if (judge == NULL)
		return -ENOMEM;
	judge->process = process;
	process->state = judge;
	return 0;
}

static int
judge_peer(struct process *process, struct ipc *ipc)
{
	struct judge *judge = process->state;

	judge->queue = ipc;
	return 0;
}

static void
judge_lost(struct process *process, struct ipc *ipc)
{
	struct judge *judge = process->state;

	if (judge->queue == ipc)
		judge->queue = NULL;
}

static void
judge_stop(struct process *process)
{
	loop_stop(process->loop);
}

const struct role_code judge_code = {
	.role = ROLE_JUDGE, .rules = judge_rules, .open = judge_open,
	.start = judge_start, .peer = judge_peer, .lost = judge_lost,
	.stop = judge_stop,
};
