/*
 * schedule.c - when a remote mailbox is collected, and what comes of it
 *
 * The clock puts mailboxes in a lane, a person puts them in a faster one; whoever
 * came first for a host that has room begins, if the line is open.  What stays true: one task for a
 * mailbox at a time, never more than `per_host` at a host nor `connections` in
 * all, and every end sets the time of the next beginning.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/schedule_inside.h"
#include "lib/base/bucket.h"

#define MINUTE_MS	60000u
#define FIRST_MS	2000u	/* after a start, or after it was added */
#define FIRST_SPREAD_MS	60000u	/* so that not all begin with the same second */
#define TICK_LEAST_MS	1000u	/* a tick looks at every mailbox */
#define TICK_MOST_MS	60000u

/* How many minutes to wait after a failure: doubled from `first` to `most`. */
static const struct back_off {
	unsigned	first, most;
} back_offs[FETCH_END_COUNT] = {
	[FETCH_END_UNREACHABLE]	= { 1, 60 },
	[FETCH_END_TIMED_OUT]	= { 1, 60 },
	[FETCH_END_NO_TLS]	= { 1, 60 },
	[FETCH_END_TLS]		= { 1, 60 },
	[FETCH_END_DISTRUSTED]	= { 1, 60 },
	[FETCH_END_REFUSED]	= { 30, 360 },	/* providers lock people out */
	[FETCH_END_BUSY]	= { 2, 30 },	/* somebody reads it just now */
	[FETCH_END_MECHANISM]	= { 1, 60 },
	[FETCH_END_NONSENSE]	= { 1, 60 },
	[FETCH_END_INCONSISTENT] = { 1, 60 },
	[FETCH_END_CLOSED]	= { 1, 60 },
	[FETCH_END_PAUSED]	= { 1, 10 },	/* our own disk: no failure */
	[FETCH_END_LINE]	= { 1, 1 },	/* then the line says when */
	[FETCH_END_DAY]		= { 1, 1 },	/* the day does */
	[FETCH_END_LOCAL]	= { 1, 60 },
	[FETCH_END_NOT_OFFERED]	= { 10, 360 },	/* until somebody changes it */
	[FETCH_END_NOT_ALLOWED]	= { 10, 360 },
	[FETCH_END_CONSENT]	= { 30, 360 },	/* a consent begins it anew */
	[FETCH_END_CLIENT]	= { 30, 360 },
	[FETCH_END_INNER]	= { 10, 360 },
	[FETCH_END_WANTS_LOGIN]	= { 10, 360 },
};

static void
on_tick(void *arg)
{
	schedule_tick(arg);
}

struct schedule *
schedule_new(struct loop *loop, const struct schedule_options *options,
    const struct schedule_ports *ports)
{
	struct schedule *schedule = calloc(1, sizeof(*schedule));

	if (schedule == NULL)
		return NULL;
	schedule->loop = loop;
	schedule->options = *options;
	schedule->ports = *ports;
	LIST_INIT(&schedule->waiting);
	schedule->tick_at_ms = schedule->opens_at_ms = NEVER;
	schedule->share = BUCKET_FREE;
	schedule->runs = runs_new();
	schedule->timer = timer_new(loop, on_tick, schedule);
	if (schedule->runs == NULL || schedule->timer == NULL) {
		schedule_free(schedule);
		return NULL;
	}
	return schedule;
}

void
schedule_free(struct schedule *schedule)
{
	struct remote *remote, *following;

	if (schedule == NULL)
		return;
	/* who would be told is ending, too */
	schedule->ports.unwatch = NULL;
	HASH_ITER(hh, schedule->remotes, remote, following) {
		if (remote->state == REMOTE_RUNNING)
			host_release(schedule, remote->at);
		remote_drop(schedule, remote);
	}
	timer_free(schedule->timer);
	runs_free(schedule->runs);
	free(schedule);
}

/* Times */

/* A number that looks like chance and is always the same for one mailbox. */
static uint64_t
scatter(uint64_t id)
{
	id += 0x9e3779b97f4a7c15u;	/* splitmix64 */
	id = (id ^ (id >> 30)) * 0xbf58476d1ce4e5b9u;
	id = (id ^ (id >> 27)) * 0x94d049bb133111ebu;
	return id ^ (id >> 31);
}

/* The timer comes at `at_ms`, or before; never twice within TICK_LEAST_MS. */
static void
wake_at(struct schedule *schedule, uint64_t at_ms)
{
	uint64_t now = clock_ms();

	if (at_ms < schedule->ticked_ms + TICK_LEAST_MS)
		at_ms = schedule->ticked_ms + TICK_LEAST_MS;
	if (at_ms >= schedule->tick_at_ms)
		return;
	schedule->tick_at_ms = at_ms;
	timer_set(schedule->timer, at_ms > now ? at_ms - now : 0);
}

void
remote_plan(struct schedule *schedule, struct remote *remote, uint64_t due_ms)
{
	remote->due_ms = due_ms;
	if (remote->enabled && due_ms != NEVER)
		wake_at(schedule, due_ms);
}

void
remote_plan_first(struct schedule *schedule, struct remote *remote)
{
	uint64_t spread = remote_between_ms(schedule, remote);

	if (spread > FIRST_SPREAD_MS)
		spread = FIRST_SPREAD_MS;
	remote->due_ms = clock_ms() + FIRST_MS + scatter(remote->id) % spread;
	wake_at(schedule, remote->due_ms);
}

/* The usual time, a twentieth sooner or later. */
static void
plan_usual(struct schedule *schedule, struct remote *remote)
{
	uint64_t between = remote_between_ms(schedule, remote);
	uint64_t tenth = between / 10;

	remote_plan(schedule, remote, clock_ms() + between - tenth / 2 +
	    scatter(remote->id) % tenth);
}

uint64_t
back_off_ms(enum fetch_end end, unsigned times)
{
	const struct back_off *back_off = &back_offs[end];
	unsigned minutes = back_off->first;

	while (--times > 0 && minutes < back_off->most)
		minutes *= 2;
	if (minutes > back_off->most)
		minutes = back_off->most;
	return (uint64_t)minutes * MINUTE_MS;
}

/* Lanes */

void
remote_line_up(struct schedule *schedule, struct remote *remote,
    enum lane lane)
{
	struct host *host = remote->host;

	remote->state = REMOTE_WAITING;
	remote->lane = lane;
	remote->turn = ++schedule->last_turn;
	TAILQ_INSERT_TAIL(&host->lane[lane], remote, next);
	if (host->waiting++ == 0)
		LIST_INSERT_HEAD(&schedule->waiting, host, next_waiting);
}

void
remote_step_out(struct schedule *schedule, struct remote *remote)
{
	struct host *host = remote->host;

	(void)schedule;
	remote->state = REMOTE_IDLE;
	TAILQ_REMOVE(&host->lane[remote->lane], remote, next);
	if (--host->waiting == 0)
		LIST_REMOVE(host, next_waiting);
}

/* Who came first of those whose host has room; NULL: nobody may begin. */
static struct remote *
next_of_lane(const struct schedule *schedule, enum lane lane)
{
	struct remote *remote, *first = NULL;
	struct host *host;

	LIST_FOREACH(host, &schedule->waiting, next_waiting) {
		remote = TAILQ_FIRST(&host->lane[lane]);
		if (remote != NULL &&
		    host->running + host->watching <
		    host_most(schedule, host) &&
		    (first == NULL || remote->turn < first->turn))
			first = remote;
	}
	return first;
}

/* Beginnings and ends */

static uint64_t
less(uint64_t all, uint64_t of_them)
{
	return all > of_them ? all - of_them : 0;
}

static void
remember(struct remote *remote, const struct fetch_outcome *outcome)
{
	char *words = strndup(outcome->words.at == NULL ? "" :
	    outcome->words.at, outcome->words.len);

	free(remote->words);
	remote->words = words;		/* NULL: the end itself counts */
	remote->has_ended = true;
	remote->end = outcome->end;
	remote->server_said = outcome->server_said;
	remote->ended_at_utc_ms = clock_utc_ms();
	remote->ended_ms = clock_ms();
	/* what did not come to a listing, or counts otherwise, knows nothing */
	if (remote->task != FETCH_DOCTOR &&
	    (outcome->end == FETCH_END_DONE || outcome->listed > 0)) {
		remote->waiting = less(outcome->waiting, outcome->taken);
		remote->waiting_bytes = less(outcome->waiting_bytes,
		    outcome->taken_bytes);
	}
	if (outcome->end == FETCH_END_DONE && fetch_task_collects(remote->task))
		remote->success_at_utc_ms = remote->ended_at_utc_ms;
}

/* What an end means for the next beginning. */
static void
plan_next(struct schedule *schedule, struct remote *remote, enum fetch_end end)
{
	bool was_failing = remote->refusals + remote->faults > 0;
	unsigned times = 1;

	remote->pauses = end == FETCH_END_PAUSED ? remote->pauses + 1 : 0;
	if (end == FETCH_END_REFUSED)
		times = ++remote->refusals;
	else if (end == FETCH_END_DONE || end == FETCH_END_UNSAID)
		remote->refusals = remote->faults = 0;
	else if (end == FETCH_END_PAUSED)
		times = remote->pauses;
	else if (end == FETCH_END_LINE || end == FETCH_END_DAY)
		times = 1;	/* no failure, and no success either */
	else
		times = ++remote->faults;
	if (end == FETCH_END_UNSAID)
		remote_plan(schedule, remote, NEVER);
	else if (end == FETCH_END_DAY)
		remote_plan(schedule, remote,
		    remote_day_ends_ms(schedule, remote));
	else if (end != FETCH_END_DONE)
		remote_plan(schedule, remote, clock_ms() +
		    back_off_ms(end, times));
	else if (fetch_task_collects(remote->task))
		plan_usual(schedule, remote);
	else			/* tried: if that mends it, collect at once */
		remote_plan(schedule, remote, was_failing ? clock_ms() :
		    remote->due_ms);
}

/* Since when does it fail? */
static void
look_at_failure(struct remote *remote)
{
	if (remote->refusals + remote->faults == 0) {
		remote->failing_since_ms = NEVER;
		remote->failing_since_utc_ms = remote->told_at_utc_ms = 0;
		return;
	}
	if (remote->failing_since_ms == NEVER) {
		remote->failing_since_ms = clock_ms();
		remote->failing_since_utc_ms = clock_utc_ms();
	}
}

bool
schedule_told(struct schedule *schedule, uint64_t id,
    struct schedule_health *health_out)
{
	struct remote *remote = remote_find(schedule, id);

	if (remote == NULL || remote->gone)
		return false;
	if (remote->failing_since_utc_ms != 0)
		remote->told_at_utc_ms = clock_utc_ms();
	remote_health(schedule, remote, health_out);
	return true;
}

bool
schedule_grant_told(struct schedule *schedule, uint64_t id, unsigned stage,
    struct schedule_health *health_out)
{
	struct remote *remote = remote_find(schedule, id);

	if (remote == NULL || remote->gone)
		return false;
	remote->grant_told = stage;
	remote_health(schedule, remote, health_out);
	return true;
}

static void
conclude(struct schedule *schedule, struct remote *remote,
    const struct fetch_outcome *outcome)
{
	unsigned failed_before = remote->refusals + remote->faults;
	struct schedule_health health;

	remote->state = REMOTE_IDLE;
	remote->at->running--;
	host_release(schedule, remote->at);
	remote->at = NULL;
	schedule->running--;
	schedule_share(schedule);
	remember(remote, outcome);
	plan_next(schedule, remote, outcome->end);
	look_at_failure(remote);
	watch_collected(schedule, remote, outcome);
	asked_end(schedule, remote, outcome);
	remote_health(schedule, remote, &health);
	schedule->ports.ended(schedule->ports.arg, &health, failed_before);
	if (remote->gone) {
		asked_dismiss(schedule, remote, "it was removed");
		remote_drop(schedule, remote);
	} else if (!LIST_EMPTY(&remote->asked)) {
		/* it was only tried, and somebody wants it collected */
		remote_line_up(schedule, remote, LANE_ASKED);
	}
}

static void
conclude_locally(struct schedule *schedule, struct remote *remote,
    const char *words)
{
	const struct fetch_outcome outcome = {
		.end = FETCH_END_LOCAL, .words = slice_str(words)
	};

	conclude(schedule, remote, &outcome);
}

static void
begin(struct schedule *schedule, struct remote *remote)
{
	const struct fetch_outcome of_day = day_outcome();

	remote->has_begun = remote->is_stopping = remote->is_of_day = false;
	remote->begun_changes = remote->changes;
	remote->progress = (struct fetch_progress){ 0 };
	if (fetch_task_collects(remote->task) &&
	    remote_day_ends_ms(schedule, remote) != 0)
		conclude(schedule, remote, &of_day);
	else if (schedule->ports.begin(schedule->ports.arg, remote->id,
	    remote->owner, remote->task, remote->messages) < 0)
		conclude_locally(schedule, remote,
		    "no process could be had for it");
}

void
schedule_pump(struct schedule *schedule)
{
	struct remote *remote;

	(void)schedule_look(schedule);
	while (schedule->running + schedule->watching <
	    schedule_most(schedule)) {
		remote = next_of_lane(schedule, LANE_ASKED);
		if (remote == NULL)
			remote = next_of_lane(schedule, LANE_CLOCK);
		if (remote == NULL)
			return;
		remote_step_out(schedule, remote);
		remote->state = REMOTE_RUNNING;
		remote->task = asked_task(remote);
		remote->messages = remote->task == FETCH_DOCTOR ?
		    asked_messages(remote) : 0;
		remote->who = asked_who(remote);
		remote->is_second = false;
		remote->at = remote->host;
		remote->at->uses++;
		remote->at->running++;
		schedule->running++;
		schedule_share(schedule);
		begin(schedule, remote);
	}
}

void
schedule_tick(struct schedule *schedule)
{
	uint64_t now = clock_ms(), next_ms = now + TICK_MOST_MS;
	struct remote *remote;
	bool is_open;

	(void)schedule_look(schedule);
	is_open = schedule_bar(schedule, LINE_BY_CLOCK) == LINE_BAR_NONE;
	for (remote = schedule->remotes; remote != NULL;
	    remote = remote->hh.next) {
		watch_look(schedule, remote);
		if (!remote->enabled || remote->state != REMOTE_IDLE)
			continue;
		if (remote->due_ms <= now && is_open)
			remote_line_up(schedule, remote, LANE_CLOCK);
		else if (remote->due_ms > now && remote->due_ms < next_ms)
			next_ms = remote->due_ms;
	}
	runs_sweep(schedule->runs);
	schedule->ticked_ms = now;
	schedule->tick_at_ms = NEVER;
	if (schedule->options.line != NULL &&
	    line_change_ms(schedule->options.line) < next_ms - now)
		next_ms = now + line_change_ms(schedule->options.line);
	wake_at(schedule, next_ms);
	schedule_tell_line(schedule);
	schedule_pump(schedule);
}

/* The task of that mailbox under way, or NULL. */
static struct remote *
find_running(const struct schedule *schedule, uint64_t id)
{
	struct remote *remote = remote_find(schedule, id);

	return remote != NULL && remote->state == REMOTE_RUNNING ? remote :
	    NULL;
}

void
schedule_progress(struct schedule *schedule, uint64_t id,
    const struct fetch_progress *progress)
{
	struct remote *remote = find_running(schedule, id);

	/* that it is over is said by its outcome */
	if (remote == NULL || progress->stage == FETCH_STAGE_OVER)
		return;
	remote->has_begun = true;
	remote->progress = *progress;
	asked_progress(schedule, remote);
}

void
schedule_over(struct schedule *schedule, uint64_t id,
    const struct fetch_outcome *outcome)
{
	struct remote *remote = find_running(schedule, id);
	struct fetch_outcome ended = *outcome;

	if (remote == NULL)
		return;
	if (remote->is_of_day && ended.end == FETCH_END_LINE) {
		ended.end = FETCH_END_DAY;	/* it was not the line's */
		ended.words = slice_of(NULL, 0);
	} else if (ended.end == FETCH_END_LINE &&
	    schedule_bar(schedule, remote->who) != LINE_BAR_NONE) {
		ended.words = slice_str(line_bar_words(
		    schedule_bar(schedule, remote->who)));
	}
	conclude(schedule, remote, &ended);
	schedule_pump(schedule);
}

void
schedule_lost(struct schedule *schedule, uint64_t id)
{
	struct remote *remote = find_running(schedule, id);

	if (remote == NULL)
		return;
	if (!remote->has_begun && !remote->is_second) {
		remote->is_second = true;
		begin(schedule, remote);
	} else {
		conclude_locally(schedule, remote,
		    "the process that collected has ended");
	}
	schedule_pump(schedule);
}
