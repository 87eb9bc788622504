/*
 * role_schedule.c - the schedule: which remote mailbox is collected when
 *
 * Holds no secret and no connection: the keeper tells it what there is, fetch
 * processes (collectors.h) do what it decides.  How that goes their owners hear
 * by mail (telling.h), which the queue gets from here.  Fails by ending; the next
 * one asks the keeper again and begins with everything anew, what is under way
 * meanwhile included.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/notice_post.h"
#include "fetch/reminding.h"
#include "fetch/telling.h"
#include "lib/base/log.h"
#include "lib/base/zone.h"
#include "programs/collectors.h"
#include "programs/schedule_consent.h"
#include "programs/forward_telling.h"
#include "programs/held_digest.h"
#include "programs/line_desk.h"
#include "programs/line_report.h"
#include "programs/roles.h"
#include "programs/schedule_answers.h"
#include "queue/service.h"

#define LIST_AGAIN_MS	10000	/* after one that failed */

struct schedule_role {
	struct process		*process;
	struct schedule		*schedule;
	struct collectors	*collectors;
	struct consents		*consents;
	struct answers		*answers;
	struct telling		*telling;
	struct reminding	*reminding;
	struct notice_post	*post;
	struct ipc		*keeper, *queue;
	bool			 is_listing;
	bool			 list_again;	/* it has changed meanwhile */
	uint64_t		 listed_upto;
	struct timer		*list_timer;
	struct line		*line;
	struct line_state	 line_told;	/* the queue; see below: */
	bool			 has_told;
	struct line_desk	*desk;
	struct line_report	*report;
	struct held_digest	*digest;
	struct forward_telling	*forwards;
	char			 held_url[HELD_DIGEST_URL_SIZE];
};

static int	on_progress(void *, struct ipc *, struct ipc_message *);
static int	on_admin(void *, struct ipc *, struct ipc_message *);
static int	on_changed(void *, struct ipc *, struct ipc_message *);
static int	on_carried(void *, struct ipc *, struct ipc_message *);
static int	on_relayed(void *, struct ipc *, struct ipc_message *);
static int	on_reads(void *, struct ipc *, struct ipc_message *);
static int	on_new_mail(void *, struct ipc *, struct ipc_message *);
static int	on_sends_much(void *, struct ipc *, struct ipc_message *);
static int	on_replied(void *, struct ipc *, struct ipc_message *);
static int	on_forwarded(void *, struct ipc *, struct ipc_message *);
static int	on_wayless(void *, struct ipc *, struct ipc_message *);

static const struct ipc_rule schedule_rules[] = {
{ FETCH_PROGRESS,   "PROGRESS", FROM(ROLE_FETCH),   IPC_NEWS,    0, 0, on_progress },
{ SCHEDULE_ADMIN,   "ADMIN",    FROM(ROLE_CONSOLE), IPC_REQUEST, 0, 0, on_admin },
{ SCHEDULE_CHANGED, "CHANGED",  FROM(ROLE_KEEPER),  IPC_NEWS,    0, 0, on_changed },
{ SCHEDULE_SENDS_MUCH, "SENDS_MUCH", FROM(ROLE_KEEPER), IPC_NEWS, 0, 0, on_sends_much },
{ SCHEDULE_FORWARDED, "FORWARDED", FROM(ROLE_KEEPER), IPC_NEWS, 0, 0, on_forwarded },
{ SCHEDULE_WAYLESS, "WAYLESS",  FROM(ROLE_QUEUE),   IPC_NEWS,    0, 0, on_wayless },
{ SCHEDULE_READS,   "READS",    FROM(ROLE_DOOR),    IPC_REQUEST, 0, 0, on_reads },
{ FETCH_CARRIED,    "CARRIED",  FROM(ROLE_FETCH),   IPC_NEWS,    0, 0, on_carried },
{ SCHEDULE_RELAYED, "RELAYED",  FROM(ROLE_RELAY),   IPC_NEWS,    0, 0, on_relayed },
{ SCHEDULE_REPLIED, "REPLIED",  FROM(ROLE_QUEUE),   IPC_NEWS,    0, 0, on_replied },
{ FETCH_NEWS,       "NEWS",     FROM(ROLE_FETCH),   IPC_NEWS,    0, 0, on_new_mail },
{ 0 }
};

/* The list of mailboxes */

static void	list_page(struct schedule_role *);

static void
list(struct schedule_role *role)
{
	if (role->is_listing) {
		role->list_again = true;
		return;
	}
	if (role->keeper == NULL)
		return;		/* asked when it is there */
	role->is_listing = true;
	role->listed_upto = 0;
	schedule_list_begin(role->schedule);
	list_page(role);
}

static void
on_list_time(void *arg)
{
	list(arg);
}

/* How they did before this process began, if they are new to it. */
static bool
known(void *arg, const struct schedule_health *health)
{
	struct schedule_role *role = arg;

	telling_known(role->telling, health);
	return true;
}

static void
list_ended(struct schedule_role *role, int r)
{
	const struct schedule_pick all = { .owner = 0 };
	bool again = role->list_again;

	role->is_listing = role->list_again = false;
	if (r == 0) {
		schedule_list_end(role->schedule);
		schedule_each(role->schedule, &all, 0, known, role);
		reminding_look(role->reminding);
	}
	else if (r != -ECONNRESET)
		log_say("the list of remote mailboxes: %s", strerror(-r));
	/* by a change, or by the next keeper, whose channel came first */
	if (again && role->keeper != NULL)
		list(role);
	else if (r < 0)
		timer_set(role->list_timer, LIST_AGAIN_MS);
	else
		answers_listed(role->answers);
}

/* One page; *more_out: another one follows.  Numbers grow, or it never ends. */
static int
take_page(struct schedule_role *role, struct slice body, bool *more_out)
{
	struct unpack u = unpack_of(body);
	bool more = unpack_bool(&u);
	uint32_t count = unpack_u32(&u);
	struct fetch_due due;
	int r;

	if (body.len == 0)
		return -EAGAIN;		/* its log says why */
	if (more && count == 0)
		return -EBADMSG;
	for (uint32_t i = 0; i < count; i++) {
		r = fetch_due_unpack(&u, &due);
		if (r < 0)
			return r;
		if (due.id <= role->listed_upto)
			return -EBADMSG;
		r = schedule_list_add(role->schedule, &due);
		if (r < 0)
			return r;
		role->listed_upto = due.id;
	}
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*more_out = more;
	return 0;
}

static void
on_page(void *arg, int status, struct ipc_message *message)
{
	struct schedule_role *role = arg;
	bool more = false;
	int r = status;

	if (r == 0)
		r = take_page(role, message->body, &more);
	if (r == -EBADMSG)
		process_accuse(role->process, role->keeper,
		    "a list of remote mailboxes cannot be read");
	if (r == 0 && more)
		list_page(role);
	else
		list_ended(role, r);
}

static void
list_page(struct schedule_role *role)
{
	TEXT_AUTO body = TEXT_INIT(16);
	int r = -ENOMEM;

	pack_u64(&body, role->listed_upto);
	if (!text_failed(&body))
		r = ipc_ask(role->keeper, KEEPER_FETCH_DUE, text_slice(&body),
		    NULL, 0, on_page, role);
	if (r < 0)
		list_ended(role, r);
}

/* What others say */

static int
on_admin(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct schedule_role *role = process->state;

	return answers_ask(role->answers, from, message);
}

static int
on_changed(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;

	(void)from;
	if (message->body.len > 0)
		return -EBADMSG;
	list(process->state);
	return 0;
}

static int
on_progress(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct schedule_role *role = process->state;

	return collectors_progress(role->collectors, from, message->body);
}

static int
on_carried(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct schedule_role *role = process->state;
	struct line_counts counts;
	uint64_t account;
	int r;

	r = collectors_carried(role->collectors, from, message->body, &account,
	    &counts);
	if (r == 0)
		line_desk_carried(role->desk, account, &counts);
	return r;
}

/* Mail that was sent is of no mailbox. */
static int
on_relayed(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct schedule_role *role = process->state;
	struct unpack u = unpack_of(message->body);
	struct line_counts counts = line_counts_unpack(&u);

	(void)from;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	line_desk_carried(role->desk, 0, &counts);
	return 0;
}

static int
on_reads(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct schedule_role *role = process->state;
	struct unpack u = unpack_of(message->body);
	uint64_t owner = unpack_u64(&u);
	TEXT_AUTO body = TEXT_INIT(16);

	if (!unpack_is_done(&u) || owner == 0)
		return -EBADMSG;
	pack_u8(&body, schedule_reads(role->schedule, owner));
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

static int
on_new_mail(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct process *process = arg;
	struct schedule_role *role = process->state;

	return collectors_news(role->collectors, from, message->body);
}

/* What the schedule wants */

static int
watch_inbox(void *arg, uint64_t id, uint64_t owner, uint64_t mark)
{
	struct schedule_role *role = arg;

	return collectors_watch(role->collectors, id, owner, mark);
}

static void
unwatch_inbox(void *arg, uint64_t id, uint64_t owner)
{
	struct schedule_role *role = arg;

	collectors_unwatch(role->collectors, id, owner);
}

static void
pause_task(void *arg, uint64_t id, uint64_t owner)
{
	struct schedule_role *role = arg;

	collectors_pause(role->collectors, id, owner);
}

static void
share(void *arg, uint64_t bytes_per_second)
{
	struct schedule_role *role = arg;

	collectors_share(role->collectors, bytes_per_second);
}

/* What leaves goes by it: the queue hears of each change. */
static void
tell_queue(void *arg)
{
	struct schedule_role *role = arg;
	struct line_state state = line_for_sending(role->line);
	TEXT_AUTO body = TEXT_INIT(64);

	if (role->queue == NULL ||
	    !config_line_governs(&role->process->config) ||
	    (role->has_told && line_state_is(&state, &role->line_told)))
		return;
	line_state_pack(&body, &state);
	role->has_told = !text_failed(&body) && ipc_send(role->queue,
	    QUEUE_LINE, text_slice(&body), NULL, 0) == 0;
	role->line_told = state;
	if (!role->has_told)
		log_say("the queue was not told how the line stands");
}

static int
begin(void *arg, uint64_t id, uint64_t owner, enum fetch_task task,
    unsigned messages)
{
	struct schedule_role *role = arg;

	return collectors_begin(role->collectors, id, owner, task, messages);
}

static void
moved(void *arg)
{
	struct schedule_role *role = arg;

	answers_moved(role->answers);
}

/* Failures, and the end of them; what was collected stands in the trail. */
static void
ended(void *arg, const struct schedule_health *health, unsigned failed_before)
{
	TEXT_AUTO label = TEXT_INIT(1024);
	TEXT_AUTO words = TEXT_INIT(4096);
	struct schedule_role *role = arg;

	line_desk_ended(role->desk, health);
	telling_ended(role->telling, health);
	if (health->failures == failed_before)
		return;
	text_add_escaped(&label, health->label, 64);
	text_add_escaped(&words, health->words, 256);
	if (health->failures < failed_before)
		log_say("remote mailbox \"%.*s\" of %.*s at %.*s: works again "
		    "after %u failures", SLICE_FMT(text_slice(&label)),
		    SLICE_FMT(health->owner_address), SLICE_FMT(health->host),
		    failed_before);
	else
		log_say("remote mailbox \"%.*s\" of %.*s at %.*s: %s, %u in a "
		    "row: \"%.*s\"; next in %" PRId64 " s",
		    SLICE_FMT(text_slice(&label)),
		    SLICE_FMT(health->owner_address), SLICE_FMT(health->host),
		    fetch_end_code(health->end), health->failures,
		    SLICE_FMT(text_slice(&words)),
		    health->next_at_utc_ms == 0 ? (int64_t)0 :
		    (health->next_at_utc_ms - clock_utc_ms()) / 1000);
}

/* What people are told */

static bool
health_of(void *arg, uint64_t id, struct schedule_health *health_out)
{
	struct schedule_role *role = arg;

	return schedule_health_of(role->schedule, id, health_out);
}

static int
send_notice(void *arg, uint64_t account, const struct notice *notice,
    uint64_t *again_ms_out)
{
	struct schedule_role *role = arg;

	return notice_post_send(role->post, account, notice, again_ms_out);
}

static void
told(void *arg, uint64_t id)
{
	struct schedule_role *role = arg;
	struct schedule_health health;

	if (schedule_told(role->schedule, id, &health))
		line_desk_ended(role->desk, &health);
}

static void
each_mailbox(void *arg, schedule_fn *fn, void *fn_arg)
{
	const struct schedule_pick all = { .owner = 0 };
	struct schedule_role *role = arg;

	schedule_each(role->schedule, &all, 0, fn, fn_arg);
}

static void
grant_told(void *arg, uint64_t id, unsigned stage)
{
	struct schedule_role *role = arg;
	struct schedule_health health;

	if (schedule_grant_told(role->schedule, id, stage, &health))
		line_desk_ended(role->desk, &health);
}

static int
send_report(void *arg, const struct notice *notice)
{
	struct schedule_role *role = arg;
	uint64_t again_ms;

	return notice_post_send(role->post, NOTICE_POSTMASTER, notice,
	    &again_ms);
}

static int
where_is_report(void *arg)
{
	struct schedule_role *role = arg;

	return notice_post_where(role->post, NOTICE_POSTMASTER,
	    NOTICE_LINE_REPORT);
}

static int
send_held(void *arg, uint64_t account, const struct notice *notice)
{
	struct schedule_role *role = arg;
	uint64_t again_ms;

	return notice_post_send(role->post, account, notice, &again_ms);
}

static int
where_is_held(void *arg, uint64_t account)
{
	struct schedule_role *role = arg;

	return notice_post_where(role->post, account, NOTICE_HELD);
}

static void
held_anew(void *arg)
{
	struct schedule_role *role = arg;

	notice_post_anew(role->post, NOTICE_HELD);
}

/* Its owner hears of it, and the postmaster; of each kind once a day. */
static int
on_sends_much(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct process *process = arg;
	struct schedule_role *role = process->state;
	struct unpack u = unpack_of(message->body);
	struct notice notice = { .kind = NOTICE_SENDS_MUCH };
	uint64_t account = unpack_u64(&u), again_ms;

	(void)from;
	notice.address = unpack_slice(&u);
	notice.sent = unpack_u32(&u);
	notice.sent_recipients = unpack_bool(&u);
	notice.sent_in_a_day = unpack_bool(&u);
	if (!unpack_is_done(&u) || account == 0)
		return -EBADMSG;
	/* one who was told a while ago need not be told again */
	(void)notice_post_send(role->post, account, &notice, &again_ms);
	(void)notice_post_send(role->post, NOTICE_POSTMASTER, &notice,
	    &again_ms);
	return 0;
}

/* They hear what came of it. */
static int
on_replied(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct process *process = arg;
	struct schedule_role *role = process->state;
	struct unpack u = unpack_of(message->body);
	struct held_replied rows[HELD_PAGE];
	struct notice notice = { .kind = NOTICE_REPLIED, .replied = rows,
	    .takes_reply = true };
	uint64_t account = unpack_u64(&u), again_ms;
	uint32_t count = unpack_u32(&u);
	int r;

	(void)from;
	if (u.bad || account == 0 || count > HELD_PAGE)
		return -EBADMSG;
	for (uint32_t i = 0; i < count; i++)
		if (held_replied_unpack(&u, &rows[i]) < 0)
			return -EBADMSG;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	notice.replied_count = count;
	r = notice_post_send(role->post, account, &notice, &again_ms);
	if (r < 0 && r != -EALREADY)
		log_say("account %" PRIu64 " does not hear what came of its "
		    "answer: %s", account, strerror(-r));
	return 0;
}

static int
on_wayless(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct notice notice = { .kind = NOTICE_NO_WAY };
	const struct process *process = arg;
	struct schedule_role *role = process->state;
	uint64_t again_ms;

	(void)from;
	if (message->body.len > 0)
		return -EBADMSG;
	/* once a day, while it is so */
	(void)notice_post_send(role->post, NOTICE_POSTMASTER, &notice,
	    &again_ms);
	return 0;
}

static int
on_forwarded(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct process *process = arg;
	struct schedule_role *role = process->state;

	(void)from;
	return forward_telling_news(role->forwards, message->body);
}

static int
send_forwarded(void *arg, uint64_t account, const struct notice *notice)
{
	struct schedule_role *role = arg;
	uint64_t again_ms;

	return notice_post_send(role->post, account, notice, &again_ms);
}

static int
where_is_forwarded(void *arg, uint64_t account)
{
	struct schedule_role *role = arg;

	return notice_post_where(role->post, account, NOTICE_FORWARDED);
}

static int
start_telling(struct schedule_role *role)
{
	struct process *process = role->process;
	const struct telling_ports ports = {
		.arg = role, .health = health_of, .send = send_notice,
		.told = told
	};
	const struct reminding_ports reminding = {
		.arg = role, .each = each_mailbox, .health = health_of,
		.send = send_notice, .told = grant_told, .renew = on_list_time
	};
	const struct line_report_ports report = {
		.arg = role, .send = send_report, .where = where_is_report
	};
	const struct forward_telling_ports forwards = {
		.arg = role, .send = send_forwarded,
		.where = where_is_forwarded
	};
	const struct held_digest_ports digest = {
		.arg = role, .send = send_held, .where = where_is_held,
		.anew = held_anew,
		.takes_replies = held_digest_takes_replies(&process->config)
	};

	role->post = notice_post_new(process->loop, process->config.hostname);
	role->telling = telling_new(process->loop,
	    (uint64_t)process->config.fetch_tell_seconds * 1000, &ports);
	role->reminding = reminding_new(process->loop, &reminding);
	role->report = line_report_new(process->loop, role->line, &report);
	held_digest_url(&process->config, role->held_url);
	role->digest = held_digest_new(process->loop,
	    process->config.digest_hour, role->held_url, &digest);
	answers_digest(role->answers, role->digest);
	role->forwards = forward_telling_new(process->loop, &forwards);
	return role->forwards == NULL || role->post == NULL || role->telling == NULL ||
	    role->reminding == NULL || role->report == NULL ||
	    role->digest == NULL ? -ENOMEM : 0;
}

/* Windows, and dates in notices, are in the office's zone. */
static int
schedule_open(struct process *process)
{
	return zone_open(process->config.time_zone);
}

static int
schedule_start(struct process *process)
{
	struct schedule_role *role = calloc(1, sizeof(*role));
	struct schedule_options options = {
		.minutes = process->config.fetch_minutes,
		.connections = process->config.fetch_connections,
		.watches = process->config.fetch_watch,
		.per_host = process->config.fetch_per_host,
		.daily_bytes = process->config.fetch_daily_bytes
	};
	const struct schedule_ports ports = {
		.arg = role, .begin = begin, .moved = moved, .ended = ended,
		.pause = pause_task, .share = share,
		.watch = watch_inbox, .unwatch = unwatch_inbox,
		.line = tell_queue
	};
	struct line_options line;

	if (role == NULL)
		return -ENOMEM;
	line_options_of(&process->config, &line);
	options.line = role->line = line_new(&line);
	if (role->line == NULL) {
		free(role);
		return -ENOMEM;
	}
	process->state = role;
	role->process = process;
	role->collectors = collectors_new(process, &role->schedule);
	role->consents = consents_new(&role->schedule, &role->collectors);
	role->answers = answers_new(process, &role->schedule, role->consents,
	    on_list_time, role);
	role->list_timer = timer_new(process->loop, on_list_time, role);
	role->schedule = schedule_new(process->loop, &options, &ports);
	role->desk = line_desk_new(process->loop, role->line, role->schedule);
	if (role->desk == NULL || role->collectors == NULL ||
	    role->consents == NULL || role->answers == NULL ||
	    role->list_timer == NULL || role->schedule == NULL)
		return -ENOMEM;
	return start_telling(role);
}

static int
schedule_peer(struct process *process, struct ipc *ipc)
{
	struct schedule_role *role = process->state;

	if (ipc_peer(ipc) == ROLE_FETCH)
		return collectors_peer(role->collectors, ipc);
	if (ipc_peer(ipc) == ROLE_QUEUE) {
		role->queue = ipc;
		role->has_told = false;
		tell_queue(role);
		notice_post_queue(role->post, ipc);
		held_digest_queue(role->digest, ipc);
	}
	if (ipc_peer(ipc) == ROLE_KEEPER) {
		role->keeper = ipc;
		answers_keeper(role->answers, ipc);
		notice_post_keeper(role->post, ipc);
		line_desk_keeper(role->desk, ipc);
		line_report_keeper(role->report, ipc);
		forward_telling_keeper(role->forwards, ipc);
		list(role);
	}
	return 0;
}

static void
schedule_lost_peer(struct process *process, struct ipc *ipc)
{
	struct schedule_role *role = process->state;

	if (ipc_peer(ipc) == ROLE_FETCH)
		collectors_lost(role->collectors, ipc);
	else if (ipc_peer(ipc) == ROLE_CONSOLE)
		consents_lost(role->consents, ipc);
	else if (role->keeper == ipc) {
		role->keeper = NULL;
		answers_keeper(role->answers, NULL);
		notice_post_keeper(role->post, NULL);
		line_desk_keeper(role->desk, NULL);
		line_report_keeper(role->report, NULL);
		forward_telling_keeper(role->forwards, NULL);
	} else if (role->queue == ipc) {
		role->queue = NULL;
		notice_post_queue(role->post, NULL);
		held_digest_queue(role->digest, NULL);
	}
	answers_lost(role->answers, ipc);
}

static void
schedule_stop(struct process *process)
{
	struct schedule_role *role = process->state;

	line_desk_close(role->desk);
	loop_stop(process->loop);
}

const struct role_code schedule_code = {
	.role = ROLE_SCHEDULE, .rules = schedule_rules,
	.open = schedule_open, .start = schedule_start, .peer = schedule_peer,
	.lost = schedule_lost_peer, .stop = schedule_stop,
};
