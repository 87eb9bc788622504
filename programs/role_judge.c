/*
 * role_judge.c - the judge: every filter, then the postmaster's rules
 *
 * Holds nothing but the messages it is asked about.  The filters answer at
 * once; a virus scanner, where there is one, takes its time in another process,
 * and the verdict waits for it.  Fails by ending: the queue then asks the next
 * judge, and says "try again" to the sender when a message has ended two.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

#include "filters/judge.h"
#include "filters/rule_read.h"
#include "filters/virus.h"
#include "lib/base/log.h"
#include "lib/message/words.h"
#include "programs/judge_bodies.h"
#include "programs/roles.h"
#include "programs/rules_bundle.h"

#define RECYCLE_AFTER	20000	/* messages: what a library leaks ends too */
#define NO_SCANNER_MS	20000	/* one that comes back is worth waiting for */

/* What the filters and the rules say. */
struct judged {
	struct verdict		 verdict;
	enum envelope_source	 source;
	uint64_t		 bytes;
};

/* A message that the scanner looks at, or will. */
struct pending {
	TAILQ_ENTRY(pending) next;
	struct judge	*judge;
	struct judged	 judged;
	uint64_t	 serial;	/* of the queue's question */
	int		 fd;
	bool		 asked;
	uint64_t	 since_ms;
};

struct judge {
	struct process	*process;
	struct ipc	*queue;
	struct ipc	*scan;
	struct rules	*rules;
	struct virus_policy virus;
	struct judge_bodies *bodies;
	TAILQ_HEAD(, pending) pending;
	struct timer	*patience;	/* with a scanner that is away */
	uint64_t	 judged;
	bool		 retiring;
};

static int	on_message(void *, struct ipc *, struct ipc_message *);

static const struct ipc_rule judge_rules[] = {
{ JUDGE_MESSAGE, "JUDGE", FROM(ROLE_QUEUE), IPC_REQUEST, 1, 0, on_message },
{ JUDGE_SAME_BODY, "SAME_BODY", FROM(ROLE_QUEUE), IPC_REQUEST, 2, 0,
    on_same_body },
{ 0 }
};

struct judge_bodies *
judge_bodies_of(void *arg)
{
	const struct process *process = arg;
	const struct judge *judge = process->state;

	return judge->bodies;
}

/* -EBADMSG: the queue's mistake. */
static int
judge_it(const struct judge *judge, struct ipc_message *message,
    struct judged *judged_out)
{
	const struct judge_options options = {
		.hops = judge->process->config.hops, .rules = judge->rules
	};
	ARENA_AUTO arena = arena_new(ENVELOPE_MAX_BYTES * 8);
	struct envelope env;
	int r;

	if (arena == NULL)
		return -ENOMEM;
	r = envelope_unpack(arena, message->body, &env);
	if (r < 0)
		return r;
	judged_out->bytes = env.bytes;
	judged_out->source = env.source;
	return judge_message(message->fd[0], &env, &options,
	    &judged_out->verdict);
}

static void
answer(struct judge *judge, uint64_t serial, const struct verdict *verdict)
{
	TEXT_AUTO body = TEXT_INIT(VERDICT_PACKED_MAX);

	verdict_pack(&body, verdict);
	if (judge->queue != NULL && ipc_reply(judge->queue, serial,
	    text_slice(&body), NULL, 0) < 0)
		log_say("the queue does not take a verdict");
	if (++judge->judged >= RECYCLE_AFTER && !judge->retiring) {
		judge->retiring = true;
		process_retire(judge->process);
	}
}

static void
pending_free(struct pending *pending)
{
	TAILQ_REMOVE(&pending->judge->pending, pending, next);
	if (pending->fd >= 0)
		(void)close(pending->fd);
	free(pending);
}

static void
pending_end(struct pending *pending, const struct scan_answer *scanned)
{
	struct verdict one;

	virus_judge(scanned, &pending->judge->virus, &one);
	judge_add(&pending->judged.verdict, &one, pending->judged.source);
	answer(pending->judge, pending->serial, &pending->judged.verdict);
	pending_free(pending);
}

static void
on_scanned(void *arg, int status, struct ipc_message *message)
{
	struct pending *pending = arg;
	struct scan_answer scanned;

	if (status < 0) {	/* it is gone: wait for the next one */
		pending->asked = false;
		pending->since_ms = clock_ms();
		return;
	}
	if (scan_answer_unpack(message->body, &scanned) < 0)
		scanned = scan_answer_of(SCAN_NOT_SCANNED, "",
		    "the scanner's answer makes no sense");
	pending_end(pending, &scanned);
}

static void
ask_scanner(struct pending *pending)
{
	TEXT_AUTO body = TEXT_INIT(16);
	struct ipc *scan = pending->judge->scan;

	pack_u64(&body, pending->judged.bytes);
	if (scan != NULL && ipc_ask(scan, SCAN_MESSAGE, text_slice(&body),
	    &pending->fd, 1, on_scanned, pending) == 0)
		pending->asked = true;
}

/* No scanner for too long: that is an answer too. */
static void
on_patience(void *arg)
{
	struct judge *judge = arg;
	struct pending *pending, *following;

	for (pending = TAILQ_FIRST(&judge->pending); pending != NULL;
	    pending = following) {
		struct scan_answer none;

		following = TAILQ_NEXT(pending, next);
		if (!pending->asked)
			ask_scanner(pending);
		if (pending->asked ||
		    clock_ms() - pending->since_ms < NO_SCANNER_MS)
			continue;
		none = scan_answer_of(SCAN_NOT_SCANNED, "",
		    "the virus scanner does not run");
		pending_end(pending, &none);
	}
	if (!TAILQ_EMPTY(&judge->pending))
		timer_set(judge->patience, 1000);
}

/* Keep the message until the scanner has seen it. */
static int
wait_for_scanner(struct judge *judge, struct ipc_message *message,
    const struct judged *judged)
{
	struct pending *pending = calloc(1, sizeof(*pending));

	if (pending == NULL)
		return -ENOMEM;
	pending->judge = judge;
	pending->judged = *judged;
	pending->serial = message->serial;
	pending->since_ms = clock_ms();
	pending->fd = ipc_take_fd(message, 0);
	TAILQ_INSERT_TAIL(&judge->pending, pending, next);
	ask_scanner(pending);
	if (!timer_is_set(judge->patience))
		timer_set(judge->patience, 1000);
	return 0;
}

static int
on_message(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct judge *judge = process->state;
	struct judged judged;
	int r;

	(void)from;
	r = judge_it(judge, message, &judged);
	if (r == -EBADMSG)
		return r;
	/* what is not taken anyway need not be scanned */
	if (r == 0 && judged.verdict.action != VERDICT_REFUSE &&
	    process->config.scan_signatures[0] != '\0') {
		r = wait_for_scanner(judge, message, &judged);
		if (r == 0)
			return 0;
	}
	if (r < 0) {
		verdict_init(&judged.verdict);
		verdict_set(&judged.verdict, VERDICT_DEFER, 451, "4.3.0",
		    "the message could not be judged now");
	}
	answer(judge, message->serial, &judged.verdict);
	return 0;
}

/*
 * Character tables are loaded lazily by iconv, patterns are compiled to code:
 * now or never.
 */
static int
judge_open(struct process *process)
{
	struct judge *judge = calloc(1, sizeof(*judge));
	TEXT_AUTO faults = TEXT_INIT(8192);
	int r;

	if (judge == NULL)
		return -ENOMEM;
	judge->process = process;
	TAILQ_INIT(&judge->pending);
	judge->virus = (struct virus_policy){
		verdict_action_of(slice_str(process->config.scan_virus)),
		verdict_action_of(slice_str(process->config.scan_suspect)),
		verdict_action_of(slice_str(process->config.scan_failed)),
	};
	process->state = judge;
	r = rules_from_bundle(process->rules, &judge->rules, &faults);
	if (r < 0) {	/* the parent has read them before: it is our fault */
		log_say("the rules cannot be read");
		rules_log(&faults);
	}
	if (r == 0)
		r = judge_bodies_open(&judge->bodies);
	return r < 0 ? r : words_open();
}

static int
judge_start(struct process *process)
{
	struct judge *judge = process->state;

	judge->patience = timer_new(process->loop, on_patience, judge);
	return judge->patience == NULL ? -ENOMEM : 0;
}

static int
judge_peer(struct process *process, struct ipc *ipc)
{
	struct judge *judge = process->state;
	struct pending *pending;

	if (ipc_peer(ipc) == ROLE_SCAN) {
		judge->scan = ipc;
		TAILQ_FOREACH(pending, &judge->pending, next)
			if (!pending->asked)
				ask_scanner(pending);
	} else if (ipc_peer(ipc) == ROLE_RESOLVER) {
		judge_bodies_resolver(judge->bodies, ipc);
	} else {
		judge->queue = ipc;
	}
	return 0;
}

static void
judge_lost(struct process *process, struct ipc *ipc)
{
	struct judge *judge = process->state;
	struct pending *pending;

	if (judge->scan == ipc)
		judge->scan = NULL;
	if (ipc_peer(ipc) == ROLE_RESOLVER)
		judge_bodies_resolver(judge->bodies, NULL);
	if (judge->queue != ipc)
		return;
	/* who asked is gone, and with him his questions */
	judge->queue = NULL;
	judge_bodies_forget(judge->bodies);
	while ((pending = TAILQ_FIRST(&judge->pending)) != NULL) {
		if (judge->scan != NULL)
			ipc_forget(judge->scan, pending);
		pending_free(pending);
	}
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
