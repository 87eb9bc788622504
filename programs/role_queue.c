/*
 * role_queue.c - the queue role: the conductor, wired to the other roles
 *
 * Every message it hears becomes one call of the conductor, every port of the
 * conductor one message.  Which mailbox is connected is known here only.
 *
 * It is one thing, and long: every port has its few lines here, and all of them
 * share the channels and who of them is waited for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "filters/judge.h"
#include "lib/base/log.h"
#include "lib/base/zone.h"
#include "policy/keeper.h"
#include "programs/queue_holds.h"
#include "programs/queue_letters.h"
#include "programs/queue_listing.h"
#include "programs/queue_pipes.h"
#include "programs/roles.h"
#include "queue/conductor.h"
#include "store/service.h"

#define HASH_NONFATAL_OOM 1
#include <sys/queue.h>
#include <uthash.h>

#define MOST_JUDGES	64	/* as many as the configuration allows */
#define HANG_LOOK_MS	2000	/* how often somebody is looked for who hangs */
#define JUDGE_HANGS_MS	60000	/* without an answer: longer than any filter */
#define KEEPER_HANGS_MS	30000	/* the same; it looks up one address */
#define MAILBOX_HANGS_MS 120000	/* a very slow disk is no hang */

/* Whether a role still works on what it was asked. */
struct progress {
	unsigned	 asked;		/* and not answered */
	uint64_t	 since_ms;	/* the last answer, or the first question */
};

struct mailbox_channel {
	uint64_t	 account;
	struct ipc	*ipc;
	struct progress	 progress;
	UT_hash_handle	 hh;
};

struct judge_channel {
	struct ipc	*ipc;
	struct progress	 progress;
};

struct queue {
	struct process		*process;
	struct conductor	*conductor;
	struct judge_channel	 judges[MOST_JUDGES];
	unsigned		 judge_count;
	struct ipc		*keeper;	/* or NULL */
	unsigned		 consoles_lost;
	struct progress		 keeper_progress;
	struct timer		*hang_timer;
	struct mailbox_channel	*mailboxes;
	struct queue_pipes	*pipes;
	struct queue_begins	 begins;
};

static int	on_grant(void *, struct ipc *, struct ipc_message *);
static int	on_release(void *, struct ipc *, struct ipc_message *);
static int	on_big(void *, struct ipc *, struct ipc_message *);
static int	on_abandon_big(void *, struct ipc *, struct ipc_message *);
static int	on_submit(void *, struct ipc *, struct ipc_message *);
static int	on_submit_big(void *, struct ipc *, struct ipc_message *);
static int	on_status(void *, struct ipc *, struct ipc_message *);

#define DOOR	FROM(ROLE_DOOR)
#define MAILBOX	FROM(ROLE_MAILBOX)
#define CONSOLE	FROM(ROLE_CONSOLE)
#define FETCH	FROM(ROLE_FETCH)
#define ASKERS	(DOOR | FETCH)
#define SCHEDULE FROM(ROLE_SCHEDULE)	/* its notices: never a big one */

/* Who may say what to the queue. */
static const struct ipc_rule queue_rules[] = {
{ QUEUE_GRANT,	     "GRANT",	    ASKERS | SCHEDULE, IPC_REQUEST, 0, 0, on_grant },
{ QUEUE_RELEASE,     "RELEASE",	    ASKERS | SCHEDULE, IPC_NEWS, 0, 0, on_release },
{ QUEUE_BIG,	     "BIG",	    ASKERS,  IPC_REQUEST, 0, 0, on_big },
{ QUEUE_ABANDON_BIG, "ABANDON_BIG", ASKERS,  IPC_NEWS,	  0, 0, on_abandon_big },
{ QUEUE_SUBMIT,	     "SUBMIT",	    ASKERS | SCHEDULE, IPC_REQUEST, 1, 0, on_submit },
{ QUEUE_SUBMIT_BIG,  "SUBMIT_BIG",  ASKERS,  IPC_REQUEST, 0, 0, on_submit_big },
{ QUEUE_OPEN_BIG,    "OPEN_BIG",    MAILBOX, IPC_REQUEST, 0, 0, on_open_big },
{ QUEUE_UNREF_BIG,   "UNREF_BIG",   MAILBOX, IPC_NEWS,	  0, 0, on_unref_big },
{ QUEUE_EXPUNGED,    "EXPUNGED",    MAILBOX, IPC_REQUEST, 0, 0, on_expunged },
{ QUEUE_STEP,	     "STEP",	    MAILBOX, IPC_NEWS,	  0, 0, on_step },
{ QUEUE_STATUS,	     "STATUS",	    CONSOLE, IPC_REQUEST, 0, 0, on_status },
{ QUEUE_ACCOUNT_AT,  "ACCOUNT_AT",  MAILBOX, IPC_NEWS,	  0, 0, on_account_at },
{ QUEUE_LISTING_BEGIN,	  "LISTING_BEGIN",    FETCH, IPC_REQUEST, 0, 0, on_listing_begin },
{ QUEUE_LISTING_ROWS,	  "LISTING_ROWS",     FETCH, IPC_REQUEST, 0, 0, on_listing_rows },
{ QUEUE_LISTING_DECIDE,	  "LISTING_DECIDE",   FETCH, IPC_REQUEST, 0, 0, on_listing_decide },
{ QUEUE_LISTING_PAGE,	  "LISTING_PAGE",     FETCH, IPC_REQUEST, 0, 0, on_listing_page },
{ QUEUE_LISTING_DIGESTS,  "LISTING_DIGESTS",  FETCH, IPC_REQUEST, 0, 0, on_listing_digests },
{ QUEUE_LISTING_LEAVE,	  "LISTING_LEAVE",    FETCH, IPC_REQUEST, 0, 0, on_listing_leave },
{ QUEUE_LISTING_DELETING, "LISTING_DELETING", FETCH, IPC_REQUEST, 0, 0, on_listing_deleting },
{ QUEUE_LISTING_SEED,	  "LISTING_SEED",     CONSOLE, IPC_REQUEST, 0, 0, on_listing_seed },
{ QUEUE_LISTING_END,	  "LISTING_END",      FETCH, IPC_NEWS,    0, 0, on_listing_end },
{ QUEUE_FETCH_RESUME,	  "FETCH_RESUME",   CONSOLE, IPC_REQUEST, 0, 0, on_fetch_resume },
{ QUEUE_HOLD_LIST,   "HOLD_LIST",   CONSOLE, IPC_REQUEST, 0, 0, on_hold_list },
{ QUEUE_HOLD_SHOW,   "HOLD_SHOW",   CONSOLE, IPC_REQUEST, 0, 0, on_hold_show },
{ QUEUE_HOLD_RELEASE, "HOLD_RELEASE", CONSOLE, IPC_REQUEST, 0, 0, on_hold_release },
{ QUEUE_HOLD_DELETE, "HOLD_DELETE", CONSOLE, IPC_REQUEST, 0, 0, on_hold_delete },
{ 0 }
};

static struct queue *
queue_of(void *arg)
{
	struct process *process = arg;

	return process->state;
}

struct conductor *
queue_conductor(void *arg)
{
	return queue_of(arg)->conductor;
}

struct queue_begins *
queue_begins(void *arg)
{
	return &queue_of(arg)->begins;
}

unsigned
queue_consoles_lost(void *process)
{
	return queue_of(process)->consoles_lost;
}

/* A door, a collector or the schedule, and which of his requests it is. */
static struct asker
asker_of(struct ipc *from, const struct ipc_message *message)
{
	return (struct asker){ .from = from, .serial = message->serial,
	    .is_fetch = ipc_peer(from) == ROLE_FETCH,
	    .is_own = ipc_peer(from) == ROLE_SCHEDULE,
	    .owner = ipc_instance(from) };
}

static struct mailbox_channel *
find_mailbox(struct queue *queue, uint64_t account)
{
	struct mailbox_channel *mailbox;

	HASH_FIND(hh, queue->mailboxes, &account, sizeof(account), mailbox);
	return mailbox;
}

/* ---- the conductor's ports --------------------------------------------- */

/* What was asked of a judge or a mailbox for the conductor. */
struct errand {
	struct queue	*queue;
	const struct ipc *to;
	void		*ticket;	/* the conductor's own */
	uint64_t	 account;	/* a settling: whose */
	uint64_t	 upto;		/* and how far */
};

static void
asked(struct progress *progress)
{
	if (progress->asked++ == 0)
		progress->since_ms = clock_ms();
}

static void
answered(struct progress *progress)
{
	progress->asked--;
	progress->since_ms = clock_ms();
}

static struct judge_channel *
find_judge(struct queue *queue, const struct ipc *ipc)
{
	for (unsigned i = 0; i < queue->judge_count; i++)
		if (queue->judges[i].ipc == ipc)
			return &queue->judges[i];
	return NULL;
}

/* The judge with the least to do: one that hangs gets nothing more. */
static struct judge_channel *
choose_judge(struct queue *queue)
{
	struct judge_channel *best = NULL;

	for (unsigned i = 0; i < queue->judge_count; i++)
		if (best == NULL ||
		    queue->judges[i].progress.asked < best->progress.asked)
			best = &queue->judges[i];
	return best;
}

/* A mailbox has answered; one that is gone is no longer found. */
static void
mailbox_answered(const struct errand *errand)
{
	struct mailbox_channel *mailbox;

	mailbox = find_mailbox(errand->queue, errand->account);
	if (mailbox != NULL && mailbox->ipc == errand->to)
		answered(&mailbox->progress);
}

static struct errand *
errand_new(struct queue *queue, void *ticket)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (errand == NULL)
		return NULL;
	errand->queue = queue;
	errand->ticket = ticket;
	return errand;
}

static void
on_verdict(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;
	struct judge_channel *judge = find_judge(errand->queue, errand->to);

	if (judge != NULL)
		answered(&judge->progress);
	conductor_judged(errand->queue->conductor, errand->ticket, status,
	    status == 0 ? message->body : slice_of(NULL, 0));
	free(errand);
}

static int
port_judge(void *arg, void *ticket, struct slice packed_env, int fd)
{
	struct queue *queue = arg;
	struct judge_channel *judge = choose_judge(queue);
	struct errand *errand;
	int r;

	if (judge == NULL)
		return -ENOTCONN;
	errand = errand_new(queue, ticket);
	if (errand == NULL)
		return -ENOMEM;
	errand->to = judge->ipc;
	r = ipc_ask(judge->ipc, JUDGE_MESSAGE, packed_env, &fd, 1, on_verdict,
	    errand);
	if (r < 0)
		free(errand);
	else
		asked(&judge->progress);
	return r;
}

/* Of whom the keeper is asked whose it is: an address, a fetch account. */
struct question {
	struct queue	*queue;
	void		*arg;
	queue_whose_fn	*reply;		/* one of these */
	queue_owner_fn	*owner_reply;
};

static void
on_whose(void *arg, int status, struct ipc_message *message)
{
	struct question *question = arg;
	struct keeper_whose whose = { .account = 0 };

	answered(&question->queue->keeper_progress);
	if (status == 0)
		status = keeper_whose_said(message->body, &whose);
	question->reply(question->arg, status, whose.whose == WHOSE_OURS ?
	    whose.account : 0);
	free(question);
}

static void
on_fetch_owner(void *arg, int status, struct ipc_message *message)
{
	struct question *question = arg;
	struct keeper_owner owner = { 0 };

	answered(&question->queue->keeper_progress);
	if (status == 0)
		status = keeper_owner_said(message->body, &owner);
	question->owner_reply(question->arg, status, &owner);
	free(question);
}

static int
ask_keeper(const struct question *what, enum keeper_kind kind,
    const struct text *body, ipc_reply_fn *said)
{
	struct queue *queue = what->queue;
	struct question *question;
	int r;

	if (queue->keeper == NULL)
		return -ENOTCONN;
	if (text_failed(body))
		return -EMSGSIZE;
	question = calloc(1, sizeof(*question));
	if (question == NULL)
		return -ENOMEM;
	*question = *what;
	r = ipc_ask(queue->keeper, (uint16_t)kind, text_slice(body), NULL, 0,
	    said, question);
	if (r < 0)
		free(question);
	else
		asked(&queue->keeper_progress);
	return r;
}

int
queue_whose(void *process, struct slice address, queue_whose_fn *reply,
    void *arg)
{
	const struct question question = { .queue = queue_of(process),
	    .arg = arg, .reply = reply };
	TEXT_AUTO body = TEXT_INIT(1024);

	keeper_whose_ask(&body, address);
	return ask_keeper(&question, KEEPER_WHOSE, &body, on_whose);
}

int
queue_fetch_owner(void *process, uint64_t fetch_account,
    queue_owner_fn *reply, void *arg)
{
	const struct question question = { .queue = queue_of(process),
	    .arg = arg, .owner_reply = reply };
	TEXT_AUTO body = TEXT_INIT(16);

	keeper_owner_ask(&body, fetch_account);
	return ask_keeper(&question, KEEPER_FETCH_OWNER, &body,
	    on_fetch_owner);
}

static void
on_redirect(void *arg, int status, uint64_t account)
{
	struct errand *errand = arg;

	conductor_whose(errand->queue->conductor, errand->ticket, status,
	    account);
	free(errand);
}

static int
port_whose(void *arg, void *ticket, struct slice address)
{
	struct queue *queue = arg;
	struct errand *errand = errand_new(queue, ticket);
	int r;

	if (errand == NULL)
		return -ENOMEM;
	r = queue_whose(queue->process, address, on_redirect, errand);
	if (r < 0)
		free(errand);
	return r;
}

static void
on_delivered(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;
	bool was_there = false, in_inbox = false;

	mailbox_answered(errand);
	if (status == 0) {
		struct unpack u = unpack_of(message->body);

		status = (int)unpack_i64(&u);
		was_there = unpack_bool(&u);
		in_inbox = unpack_bool(&u);
		if (!unpack_is_done(&u) || status > 0)
			status = -EPROTO;
	}
	conductor_delivered(errand->queue->conductor, errand->ticket, status,
	    was_there, in_inbox);
	free(errand);
}

static int
port_deliver(void *arg, void *ticket, uint64_t account,
    struct slice packed_delivery, int fd)
{
	struct queue *queue = arg;
	struct mailbox_channel *mailbox = find_mailbox(queue, account);
	struct errand *errand;
	int r;

	if (mailbox == NULL)
		return -ENOTCONN;
	errand = errand_new(queue, ticket);
	if (errand == NULL)
		return -ENOMEM;
	errand->to = mailbox->ipc;
	errand->account = account;
	r = ipc_ask(mailbox->ipc, MAILBOX_DELIVER, packed_delivery, &fd, 1,
	    on_delivered, errand);
	if (r < 0)
		free(errand);
	else
		asked(&mailbox->progress);
	return r;
}

static void
on_settled(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;

	mailbox_answered(errand);
	if (status == 0) {
		struct unpack u = unpack_of(message->body);

		status = (int)unpack_i64(&u);
		if (!unpack_is_done(&u) || status > 0)
			status = -EPROTO;
	}
	conductor_settled(errand->queue->conductor, errand->account,
	    errand->upto, status);
	free(errand);
}

static int
port_settle(void *arg, uint64_t account, uint64_t upto, uint64_t prune_below)
{
	struct queue *queue = arg;
	struct mailbox_channel *mailbox = find_mailbox(queue, account);
	TEXT_AUTO body = TEXT_INIT(32);
	struct errand *errand;
	int r;

	if (mailbox == NULL)
		return -ENOTCONN;
	errand = errand_new(queue, NULL);
	if (errand == NULL)
		return -ENOMEM;
	errand->to = mailbox->ipc;
	errand->account = account;
	errand->upto = upto;
	pack_u64(&body, upto);
	pack_u64(&body, prune_below);
	r = ipc_ask(mailbox->ipc, MAILBOX_SETTLE, text_slice(&body), NULL, 0,
	    on_settled, errand);
	if (r < 0)
		free(errand);
	else
		asked(&mailbox->progress);
	return r;
}

static void
port_broken(void *arg, const char *what)
{
	(void)arg;
	log_say("%s: a sync failed; starting again", what);
	_exit(1);
}

static void
port_want(void *arg, uint64_t account)
{
	struct queue *queue = arg;

	(void)process_want_mailbox(queue->process, account);
}

static void
reply_answer(const struct asker *asker, const struct queue_answer *answer)
{
	TEXT_AUTO body = TEXT_INIT(1024);

	answer_pack(&body, answer);
	/* a door that is gone is told by its own end */
	(void)ipc_reply(asker->from, asker->serial, text_slice(&body), NULL,
	    0);
}

static void
port_answer(void *arg, const struct asker *asker,
    const struct queue_answer *answer)
{
	(void)arg;
	reply_answer(asker, answer);
}

static int
on_big(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct queue *queue = queue_of(arg);
	struct queue_answer answer = {
		.code = 250, .status = SLICE("2.0.0"), .words = SLICE("go on")
	};
	TEXT_AUTO body = TEXT_INIT(256);
	uint64_t ticket = 0;
	int fd = -1, r;

	if (message->body.len != 0)
		return -EBADMSG;
	r = conductor_big_begin(queue->conductor, from, &ticket);
	if (r == 0) {
		r = queue_pipes_begin(queue->pipes, from, ticket, &fd);
		if (r < 0)
			conductor_big_abandon(queue->conductor, from, ticket);
	}
	if (r < 0)
		answer = (struct queue_answer){
			.code = 452, .status = SLICE("4.3.1"), .words = SLICE(
			    "no room for this message now, try again later")
		};
	answer_pack(&body, &answer);
	pack_u64(&body, ticket);
	(void)ipc_reply(from, message->serial, text_slice(&body), &fd,
	    fd >= 0);
	if (fd >= 0)
		(void)close(fd);
	return 0;
}

static int
on_abandon_big(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct queue *queue = queue_of(arg);
	struct unpack u = unpack_of(message->body);
	uint64_t ticket = unpack_u64(&u);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	queue_pipes_drop(queue->pipes, from, ticket);
	conductor_big_abandon(queue->conductor, from, ticket);
	return 0;
}

/* ---- what the door says ------------------------------------------------ */

static int
on_grant(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct asker asker = asker_of(from, message);
	struct unpack u = unpack_of(message->body);
	uint64_t bytes = unpack_u64(&u);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	conductor_grant(queue_of(arg)->conductor, &asker, bytes);
	return 0;
}

static int
on_release(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t bytes = unpack_u64(&u);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	conductor_release(queue_of(arg)->conductor, from, bytes);
	return 0;
}

static int
on_submit(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct asker asker = asker_of(from, message);
	struct unpack u = unpack_of(message->body);
	uint64_t granted = unpack_u64(&u);

	if (u.bad)
		return -EBADMSG;
	return conductor_submit(queue_of(arg)->conductor, &asker, granted,
	    u.rest, ipc_take_fd(message, 0), 0);
}

static int
on_submit_big(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct queue *queue = queue_of(arg);
	const struct asker asker = asker_of(from, message);
	struct unpack u = unpack_of(message->body);
	uint64_t granted = unpack_u64(&u), ticket = unpack_u64(&u);

	if (u.bad)
		return -EBADMSG;
	queue_pipes_end(queue->pipes, ticket);
	return conductor_submit(queue->conductor, &asker, granted, u.rest, -1,
	    ticket);
}

/* ---- what the console says --------------------------------------------- */

static int
on_status(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(1024);
	struct queue_status status;

	if (message->body.len != 0)
		return -EBADMSG;
	conductor_status(queue_of(arg)->conductor, &status);
	status.messages_sent = ipc_counts().sent;
	status.messages_received = ipc_counts().received;
	queue_status_pack(&body, &status);
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

/* ---- the role ---------------------------------------------------------- */

static void
end_if_hung(struct queue *queue, const struct ipc *ipc,
    struct progress *progress, uint64_t most_ms)
{
	if (progress->asked == 0 || clock_ms() - progress->since_ms < most_ms)
		return;
	progress->since_ms = clock_ms();	/* its end takes a moment */
	process_accuse(queue->process, ipc, "does not answer");
}

/*
 * A scanner may take its whole time over a message, twice, when its worker
 * ended, and as long again behind those that came before.
 */
static uint64_t
judge_hangs_ms(const struct queue *queue)
{
	const struct config *config = &queue->process->config;

	if (config->scan_signatures[0] == '\0')
		return JUDGE_HANGS_MS;
	return JUDGE_HANGS_MS + 4000ull * config->scan_seconds;
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

/* Time zone tables are read lazily: now, while files can be opened. */
static int
queue_open(struct process *process)
{
	return zone_open(process->config.time_zone);
}

static int
queue_start(struct process *process)
{
	const struct config *config = &process->config;
	struct conductor_options options = {
		.hostname = config->hostname,
		/* whole blocks of the disk, as the journal wants them */
		.segment_bytes = config->journal_segment_bytes / 4096 * 4096,
		.segments = config->journal_segments,
		.message_bytes = config->message_bytes,
		.transit_bytes = config->transit_bytes,
		.ballast_bytes = config->ballast_bytes,
		.free_bytes = config->free_bytes,
		.settle_seconds = config->settle_seconds,
		.trail_days = config->trail_days
	};
	struct queue *queue = calloc(1, sizeof(*queue));
	const struct conductor_ports ports = {
		.arg = queue, .judge = port_judge, .deliver = port_deliver,
		.settle = port_settle, .want = port_want, .broken = port_broken,
		.answer = port_answer, .whose = port_whose
	};

	int r;

	if (queue == NULL)
		return -ENOMEM;
	process->state = queue;
	queue->process = process;
	queue->hang_timer = timer_new(process->loop, on_hang_time, queue);
	if (queue->hang_timer == NULL)
		return -ENOMEM;
	timer_set(queue->hang_timer, HANG_LOOK_MS);
	memcpy(options.hub_id, process->hub_id, HUB_ID_BYTES);
	r = conductor_open(process->folder_fd, &options, &ports,
	    process->loop, &queue->conductor);
	if (r < 0)
		return r;
	queue->pipes = queue_pipes_new(process->loop, queue->conductor);
	return queue->pipes == NULL ? -ENOMEM : 0;
}

static int
add_mailbox(struct queue *queue, struct ipc *ipc)
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

static int
queue_peer(struct process *process, struct ipc *ipc)
{
	struct queue *queue = process->state;

	switch (ipc_peer(ipc)) {
	case ROLE_JUDGE:
		if (queue->judge_count == MOST_JUDGES)
			return -E2BIG;
		queue->judges[queue->judge_count++] =
		    (struct judge_channel){ .ipc = ipc };
		conductor_judge_up(queue->conductor);
		return 0;
	case ROLE_MAILBOX:
		return add_mailbox(queue, ipc);
	case ROLE_KEEPER:
		queue->keeper = ipc;
		return 0;
	case ROLE_DOOR:
	case ROLE_FETCH:
	case ROLE_SCHEDULE:
	case ROLE_CONSOLE:
		return 0;
	default:
		return -EINVAL;
	}
}

static void
lose_judge(struct queue *queue, const struct ipc *ipc)
{
	struct judge_channel *judge = find_judge(queue, ipc);

	if (judge != NULL)
		*judge = queue->judges[--queue->judge_count];
}

static void
lose_mailbox(struct queue *queue, const struct ipc *ipc)
{
	struct mailbox_channel *mailbox;

	mailbox = find_mailbox(queue, ipc_instance(ipc));
	if (mailbox == NULL || mailbox->ipc != ipc)
		return;
	HASH_DEL(queue->mailboxes, mailbox);
	conductor_account_lost(queue->conductor, mailbox->account);
	free(mailbox);
}

static void
lose_door(struct queue *queue, struct ipc *ipc)
{
	queue_pipes_lost(queue->pipes, ipc);
	queue_begins_lost(&queue->begins, ipc);
	conductor_asker_lost(queue->conductor, ipc);
}

static void
queue_lost(struct process *process, struct ipc *ipc)
{
	struct queue *queue = process->state;

	switch (ipc_peer(ipc)) {
	case ROLE_JUDGE:
		lose_judge(queue, ipc);
		break;
	case ROLE_MAILBOX:
		lose_mailbox(queue, ipc);
		break;
	case ROLE_KEEPER:
		if (queue->keeper == ipc)
			queue->keeper = NULL;
		break;
	case ROLE_CONSOLE:
		queue->consoles_lost++;
		break;
	case ROLE_DOOR:
	case ROLE_FETCH:
	case ROLE_SCHEDULE:
		lose_door(queue, ipc);
		break;
	default:
		break;
	}
}

static void
queue_stop(struct process *process)
{
	struct queue *queue = process->state;

	/* a reply that still comes finds nobody: the process ends here */
	if (queue != NULL && queue->conductor != NULL)
		conductor_close(queue->conductor);
	_exit(0);
}

const struct role_code queue_code = {
	.role = ROLE_QUEUE, .rules = queue_rules, .open = queue_open,
	.start = queue_start, .peer = queue_peer, .lost = queue_lost,
	.stop = queue_stop,
};
