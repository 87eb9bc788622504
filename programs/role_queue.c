/*
 * role_queue.c - the queue role: the conductor, wired to the other roles
 *
 * Every message it hears becomes one call of the conductor (queue_submits.h,
 * queue_letters.h, queue_listing.h, queue_holds.h), every port of the conductor
 * one message (queue_ports.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch/line_rate.h"
#include "lib/base/log.h"
#include "lib/base/zone.h"
#include "policy/retry_times.h"
#include "programs/queue_body.h"
#include "programs/queue_desk.h"
#include "programs/queue_gone.h"
#include "programs/queue_halves.h"
#include "programs/queue_holds.h"
#include "programs/queue_inside.h"
#include "programs/queue_letters.h"
#include "programs/queue_listing.h"
#include "programs/queue_recall.h"
#include "programs/queue_role.h"
#include "programs/queue_savings.h"
#include "programs/queue_submits.h"

static int	on_status(void *, struct ipc *, struct ipc_message *);
static int	on_delivering(void *, struct ipc *, struct ipc_message *);
static int	on_senders(void *, struct ipc *, struct ipc_message *);
static int	on_ways(void *, struct ipc *, struct ipc_message *);
static int	on_line(void *, struct ipc *, struct ipc_message *);
static int	on_gateways(void *, struct ipc *, struct ipc_message *);
static int	on_etrn(void *, struct ipc *, struct ipc_message *);
static int	on_atrn(void *, struct ipc *, struct ipc_message *);

#define DOOR	FROM(ROLE_DOOR)
#define MAILBOX	FROM(ROLE_MAILBOX)
#define CONSOLE	FROM(ROLE_CONSOLE)
#define FETCH	FROM(ROLE_FETCH)
#define ASKERS	(DOOR | FETCH)
/* Notices, and reports of TLS: never a big one. */
#define SCHEDULE (FROM(ROLE_SCHEDULE) | FROM(ROLE_RELAY))

/* Who may say what to the queue. */
static const struct ipc_rule queue_rules[] = {
{ QUEUE_GRANT,	     "GRANT",	    ASKERS | SCHEDULE, IPC_REQUEST, 0, 0, on_grant },
{ QUEUE_GRANTS,	     "GRANTS",	    DOOR,    IPC_REQUEST, 0, 0, on_grants },
{ QUEUE_RELEASE,     "RELEASE",	    ASKERS | SCHEDULE, IPC_NEWS, 0, 0, on_release },
{ QUEUE_BIG,	     "BIG",	    ASKERS,  IPC_REQUEST, 0, 0, on_big },
{ QUEUE_ABANDON_BIG, "ABANDON_BIG", ASKERS | MAILBOX, IPC_NEWS,	  0, 0, on_abandon_big },
{ QUEUE_BIG_OF,	     "BIG_OF",	    FETCH,   IPC_REQUEST, 0, 0, on_big_of },
{ QUEUE_BIG_MENDED,  "BIG_MENDED",  FETCH,   IPC_REQUEST, 0, 0, on_big_mended },
{ QUEUE_HALF_DROP,   "HALF_DROP",   FETCH,   IPC_NEWS,	  0, 0, on_half_drop },
{ QUEUE_SUBMIT,	     "SUBMIT",	    ASKERS | SCHEDULE, IPC_REQUEST, 1, 0, on_submit },
{ QUEUE_SUBMIT_BIG,  "SUBMIT_BIG",  ASKERS,  IPC_REQUEST, 0, 0, on_submit_big },
{ QUEUE_SUBMIT_ARCHIVED,     "SUBMIT_ARCHIVED",     FETCH, IPC_REQUEST, 2, 0, on_submit_archived },
{ QUEUE_SUBMIT_BIG_ARCHIVED, "SUBMIT_BIG_ARCHIVED", FETCH, IPC_REQUEST, 1, 0, on_submit_big_archived },
{ QUEUE_HELD,	     "HELD",	    FETCH,   IPC_REQUEST, 0, 0, on_held },
{ QUEUE_SHARED,	     "SHARED",	    FETCH,   IPC_REQUEST, 1, 0, on_shared },
{ QUEUE_OPEN_BIG,    "OPEN_BIG",    MAILBOX, IPC_REQUEST, 0, 0, on_open_big },
{ QUEUE_UNREF_BIG,   "UNREF_BIG",   MAILBOX, IPC_NEWS,	  0, 0, on_unref_big },
{ QUEUE_SAVE_BIG,    "SAVE_BIG",    MAILBOX, IPC_REQUEST, 0, 0, on_save_big },
{ QUEUE_SAVED_BIG,   "SAVED_BIG",   MAILBOX, IPC_REQUEST, 0, 0, on_saved_big },
{ QUEUE_EXPUNGED,    "EXPUNGED",    MAILBOX, IPC_REQUEST, 0, 0, on_expunged },
{ QUEUE_STEP,	     "STEP",	    MAILBOX, IPC_NEWS,	  0, 0, on_step },
{ QUEUE_STATUS,	     "STATUS",	    CONSOLE, IPC_REQUEST, 0, 0, on_status },
{ QUEUE_DELIVERING,  "DELIVERING",  DOOR,    IPC_REQUEST, 0, 0, on_delivering },
{ QUEUE_ACCOUNT_AT,  "ACCOUNT_AT",  MAILBOX, IPC_NEWS,	  0, 0, on_account_at },
{ QUEUE_LISTING_BEGIN,	  "LISTING_BEGIN",    FETCH, IPC_REQUEST, 0, 0, on_listing_begin },
{ QUEUE_LISTING_ROWS,	  "LISTING_ROWS",     FETCH, IPC_REQUEST, 0, 0, on_listing_rows },
{ QUEUE_LISTING_DECIDE,	  "LISTING_DECIDE",   FETCH, IPC_REQUEST, 0, 0, on_listing_decide },
{ QUEUE_LISTING_PAGE,	  "LISTING_PAGE",     FETCH, IPC_REQUEST, 0, 0, on_listing_page },
{ QUEUE_LISTING_DIGESTS,  "LISTING_DIGESTS",  FETCH, IPC_REQUEST, 0, 0, on_listing_digests },
{ QUEUE_LISTING_LEAVE,	  "LISTING_LEAVE",    FETCH, IPC_REQUEST, 0, 0, on_listing_leave },
{ QUEUE_LISTING_SPARED,	  "LISTING_SPARED",   FETCH, IPC_REQUEST, 0, 0, on_listing_spared },
{ QUEUE_LISTING_DELETING, "LISTING_DELETING", FETCH, IPC_REQUEST, 0, 0, on_listing_deleting },
{ QUEUE_LISTING_SEED,	  "LISTING_SEED",     CONSOLE, IPC_REQUEST, 0, 0, on_listing_seed },
{ QUEUE_LISTING_END,	  "LISTING_END",      FETCH, IPC_NEWS,    0, 0, on_listing_end },
{ QUEUE_FETCH_RESUME,	  "FETCH_RESUME",   CONSOLE, IPC_REQUEST, 0, 0, on_fetch_resume },
{ QUEUE_BODY,	     "BODY",	    CONSOLE, IPC_REQUEST, 0, 0, on_body },
{ QUEUE_HOLD_LIST,   "HOLD_LIST",   CONSOLE, IPC_REQUEST, 0, 0, on_hold_list },
{ QUEUE_HOLD_SHOW,   "HOLD_SHOW",   CONSOLE, IPC_REQUEST, 0, 0, on_hold_show },
{ QUEUE_HOLD_RELEASE, "HOLD_RELEASE", CONSOLE, IPC_REQUEST, 0, 0, on_hold_release },
{ QUEUE_HOLD_DELETE, "HOLD_DELETE", CONSOLE, IPC_REQUEST, 0, 0, on_hold_delete },
{ QUEUE_HELD_NEWS,   "HELD_NEWS",   SCHEDULE, IPC_REQUEST, 0, 0, on_held_news },
{ QUEUE_HELD_TOLD,   "HELD_TOLD",   SCHEDULE, IPC_NEWS, 0, 0, on_held_told },
{ QUEUE_HELD_LIST,   "HELD_LIST",   CONSOLE, IPC_REQUEST, 0, 0, on_held_list },
{ QUEUE_HELD_SHOW,   "HELD_SHOW",   CONSOLE, IPC_REQUEST, 0, 0, on_held_show },
{ QUEUE_HELD_TAKE,   "HELD_TAKE",   CONSOLE, IPC_REQUEST, 0, 0, on_held_take },
{ QUEUE_HELD_SPAM,   "HELD_SPAM",   CONSOLE, IPC_REQUEST, 0, 0, on_held_take },
{ QUEUE_DESK_LIST,   "DESK_LIST", CONSOLE, IPC_REQUEST, 0, 0, on_desk_list },
{ QUEUE_DESK_FILE,   "DESK_FILE", CONSOLE, IPC_REQUEST, 0, 0, on_desk_file },
{ QUEUE_DESK_ACT,    "DESK_ACT", CONSOLE, IPC_REQUEST, 0, 0, on_desk_act },
{ QUEUE_RECALL_LIST, "RECALL_LIST", CONSOLE, IPC_REQUEST, 0, 0, on_recall_list },
{ QUEUE_RECALL_TAKE, "RECALL_TAKE", CONSOLE, IPC_REQUEST, 0, 0, on_recall_take },
{ QUEUE_SENDERS,     "SENDERS",	    FROM(ROLE_KEEPER), IPC_NEWS, 0, 0, on_senders },
{ QUEUE_WAYS,	     "WAYS",	    FROM(ROLE_KEEPER), IPC_NEWS, 0, 0, on_ways },
{ QUEUE_LINE,	     "LINE",	    SCHEDULE, IPC_NEWS, 0, 0, on_line },
{ QUEUE_GATEWAYS,    "GATEWAYS",    FROM(ROLE_KEEPER), IPC_NEWS, 0, 0, on_gateways },
{ QUEUE_ETRN,	     "ETRN",	    DOOR,    IPC_REQUEST, 0, 0, on_etrn },
{ QUEUE_ATRN,	     "ATRN",	    DOOR,    IPC_REQUEST, 1, 0, on_atrn },
{ 0 }
};

struct queue *
queue_of(void *arg)
{
	struct process *process = arg;

	return process->state;
}

struct conductor *
queue_conductor(void *process)
{
	return queue_of(process)->conductor;
}

struct queue_begins *
queue_begins(void *process)
{
	return &queue_of(process)->begins;
}

unsigned
queue_consoles_lost(void *process)
{
	return queue_of(process)->consoles_lost;
}

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

static int
on_delivering(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t account = unpack_u64(&u);
	TEXT_AUTO body = TEXT_INIT(16);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	pack_u8(&body, conductor_is_delivering(queue_of(arg)->conductor,
	    account));
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

static int
on_senders(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	bool has = unpack_bool(&u), has_forwards = unpack_bool(&u);

	(void)from;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	conductor_has_senders(queue_of(arg)->conductor, has);
	conductor_has_forwards(queue_of(arg)->conductor, has_forwards);
	return 0;
}

/* Who does not know by which way sends nothing. */
static void
set_relay(struct queue *queue)
{
	conductor_relay_up(queue->conductor, queue->relay != NULL &&
	    queue->has_ways);
}

static int
on_ways(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct queue *queue = queue_of(arg);
	int r = conductor_ways(queue->conductor, message->body);

	(void)from;
	if (r == -EBADMSG)
		return r;
	if (r < 0)
		log_say("by which way mail leaves cannot be kept: %s",
		    strerror(-r));
	/* without memory it leaves as it did, or not at all */
	queue->has_ways = queue->has_ways || r == 0;
	set_relay(queue);
	return 0;
}

static int
on_line(void *arg, struct ipc *from, struct ipc_message *message)
{
	(void)from;
	return conductor_line(queue_of(arg)->conductor, message->body);
}

static int
on_gateways(void *arg, struct ipc *from, struct ipc_message *message)
{
	(void)from;
	return conductor_gateways(queue_of(arg)->conductor, message->body);
}

static int
on_etrn(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct asker asker = { .from = from,
	    .serial = message->serial };
	struct etrn_asked asked;
	int r = etrn_asked_unpack(message->body, &asked);

	if (r == 0)
		conductor_etrn(queue_of(arg)->conductor, &asker, &asked);
	return r;
}

static int
on_atrn(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct asker asker = { .from = from,
	    .serial = message->serial };
	struct atrn_asked asked;
	int r = atrn_asked_unpack(message->body, &asked);

	if (r == 0)
		conductor_atrn(queue_of(arg)->conductor, &asker, &asked,
		    ipc_take_fd(message, 0));
	return r;
}

/* Time zone tables are read lazily: now, while files can be opened. */
static int
queue_open(struct process *process)
{
	return zone_open(process->config.time_zone);
}

static unsigned
least(unsigned one, unsigned other)
{
	return one < other ? one : other;
}

/* Those times of a domain's own; the rest as for all. */
static struct outbound_plan
plan_of(const struct retry_times *times, const struct outbound_plan *usual)
{
	struct outbound_plan plan = *usual;
	unsigned *const fields[RETRY_TIMES] = {
		[RETRY_FIRST] = &plan.first_seconds,
		[RETRY_RETRY] = &plan.retry_seconds,
		[RETRY_SLOW] = &plan.slow_seconds,
		[RETRY_SLOW_AFTER] = &plan.slow_after_seconds,
		[RETRY_DELAY] = &plan.delay_seconds,
		[RETRY_DAYS] = &plan.days, [RETRY_TRIES] = &plan.least_tries,
	};

	for (unsigned i = 0; i < RETRY_TIMES; i++)
		if (times->given[i])
			*fields[i] = times->value[i];
	return plan;
}

/* outbound_domains, for as long as the process lives.  0 or -ENOMEM. */
static int
set_domains(struct queue *queue, struct conductor_options *options)
{
	const struct config *config = &queue->process->config;
	struct retry_times times[RETRY_DOMAINS];
	struct slice where;
	struct outbound_domain *list;
	size_t count = 0;

	/* it was read before, or there would be no configuration */
	(void)retry_times_read(slice_str(config->outbound_domains), times,
	    &count, &where);
	list = calloc(count + 1, sizeof(*list));
	if (list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		(void)slice_cstr(times[i].domain, list[i].name,
		    sizeof(list[i].name));
		list[i].plan = plan_of(&times[i], &options->outbound_plan);
	}
	options->outbound_domains = queue->domains = list;
	options->outbound_domain_count = count;
	return 0;
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
		.half_bytes = config->half_bytes,
		.transit_bytes = config->transit_bytes,
		.ballast_bytes = config->ballast_bytes,
		.free_bytes = config->free_bytes,
		.settle_seconds = config->settle_seconds,
		.trail_days = config->trail_days,
		.quarantine_days = config->quarantine_days,
		.archive_days = config->archive_days,
		.shares = config->fetch_share,
		.outbound_plan = {
			.first_seconds = config->outbound_first_seconds,
			.retry_seconds = config->outbound_retry_seconds,
			.slow_seconds = config->outbound_slow_seconds,
			.slow_after_seconds =
			    config->outbound_slow_after_seconds,
			.days = config->outbound_days,
			.least_tries = config->outbound_tries,
			.delay_seconds = config->outbound_delay_seconds
		},
		.outbound_line = {
			.governs = config_line_governs(config),
			.most_bytes = config->line_send_bytes,
			.messages = config->line_send_messages,
			.seconds = config->line_send_seconds
		},
		.outbound_per_host = config->outbound_per_host,
		.outbound_most = least(config->outbound_connections,
		    line_rate_most(config_send_rate(config))),
		.has_smarthost = config->smarthost[0] != '\0',
		.never_direct = !config->outbound_direct
	};
	struct queue *queue = calloc(1, sizeof(*queue));
	const struct conductor_ports ports = queue_ports(queue);
	int r;

	if (queue == NULL)
		return -ENOMEM;
	process->state = queue;
	queue->process = process;
	r = queue_watch_hangs(queue);
	if (r == 0)
		r = set_domains(queue, &options);
	if (r < 0)
		return r;
	memcpy(options.hub_id, process->hub_id, HUB_ID_BYTES);
	r = conductor_open(process->folder_fd, &options, &ports,
	    process->loop, &queue->conductor);
	if (r < 0)
		return r;
	queue->pipes = queue_pipes_new(process->loop, queue->conductor);
	queue->gone = queue_gone_new(queue);
	return queue->pipes == NULL || queue->gone == NULL ? -ENOMEM : 0;
}

static int
queue_peer(struct process *process, struct ipc *ipc)
{
	struct queue *queue = process->state;

	switch (ipc_peer(ipc)) {
	case ROLE_JUDGE:
		return queue_add_judge(queue, ipc);
	case ROLE_MAILBOX:
		return queue_add_mailbox(queue, ipc);
	case ROLE_KEEPER:
		queue->keeper = ipc;
		queue_gone_ask(queue->gone);
		return 0;
	case ROLE_RELAY:
		queue->relay = ipc;
		set_relay(queue);
		return 0;
	case ROLE_SCHEDULE:
		queue->schedule = ipc;
		return 0;
	case ROLE_DOOR:
	case ROLE_FETCH:
	case ROLE_CONSOLE:
		return 0;
	default:
		return -EINVAL;
	}
}

/* What it was handing in goes. */
static void
lose_asker(struct queue *queue, struct ipc *ipc)
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
		queue_lose_judge(queue, ipc);
		break;
	case ROLE_MAILBOX:
		queue_lose_mailbox(queue, ipc);
		lose_asker(queue, ipc);
		break;
	case ROLE_KEEPER:
		if (queue->keeper == ipc)
			queue->keeper = NULL;
		break;
	case ROLE_RELAY:
		if (queue->relay != ipc)
			break;
		queue->relay = NULL;
		set_relay(queue);
		lose_asker(queue, ipc);
		break;
	case ROLE_CONSOLE:
		queue->consoles_lost++;
		break;
	case ROLE_SCHEDULE:
		if (queue->schedule == ipc)
			queue->schedule = NULL;
		lose_asker(queue, ipc);
		break;
	case ROLE_DOOR:
	case ROLE_FETCH:
		lose_asker(queue, ipc);
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
