/*
 * watches.c - which mailboxes are watched for new mail, between collections
 *
 * A mailbox may be watched when a collection has left a mark (service.h).  The
 * watch is a connection of its own and lasts until the mailbox is changed,
 * removed or switched off, or the line closes.  One that fails waits longer and
 * longer, as a collection does.  Watching takes at most half of the connections
 * that may be, of the host's and of all, so that collections have room.
 */
#include "fetch/schedule_inside.h"

/* One that has lasted so long did not fail: servers hang up now and then. */
#define LASTED_MS	(10u * 60 * 1000)
/* Whoever cries "new mail" without end is collected no more often. */
#define NEWS_GAP_MS	5000u

static bool
has_room(const struct schedule *schedule, const struct host *host)
{
	unsigned most = schedule_most(schedule);
	unsigned at_host = host_most(schedule, host);

	return host->watching < at_host / 2 &&
	    host->watching + host->running < at_host &&
	    schedule->watching < most / 2 &&
	    schedule->watching + schedule->running < most;
}

static void
end(struct schedule *schedule, struct remote *remote)
{
	struct watch *watch = &remote->watch;

	watch->is_on = false;
	schedule->watching--;
	watch->at->watching--;
	host_release(schedule, watch->at);
	watch->at = NULL;
}

void
watch_stop(struct schedule *schedule, struct remote *remote)
{
	if (!remote->watch.is_on)
		return;
	end(schedule, remote);
	if (schedule->ports.unwatch != NULL)
		schedule->ports.unwatch(schedule->ports.arg, remote->id,
		    remote->owner);
}

void
watch_forget(struct schedule *schedule, struct remote *remote)
{
	watch_stop(schedule, remote);
	remote->watch = (struct watch){ 0 };
}

/* How long until it is tried again. */
static void
wait_on(struct remote *remote, enum fetch_end why)
{
	struct watch *watch = &remote->watch;
	uint64_t now = clock_ms();

	if (now - watch->began_ms >= LASTED_MS)
		watch->faults = 0;
	watch->was_ours = why == FETCH_END_LOCAL || why == FETCH_END_PAUSED;
	/* a server that ends it at once in good order does not do it well */
	watch->due_ms = now + back_off_ms(why == FETCH_END_DONE ||
	    why == FETCH_END_UNSAID ? FETCH_END_CLOSED : why,
	    ++watch->faults);
}

void
watch_look(struct schedule *schedule, struct remote *remote)
{
	struct watch *watch = &remote->watch;

	if (watch->is_on || watch->mark == 0 || remote->gone ||
	    !remote->enabled || clock_ms() < watch->due_ms ||
	    !schedule->options.watches || schedule->ports.watch == NULL ||
	    schedule_bar(schedule, LINE_BY_CLOCK) != LINE_BAR_NONE ||
	    !has_room(schedule, remote->host))
		return;
	watch->is_on = true;
	watch->began_ms = clock_ms();
	watch->at = remote->host;
	watch->at->uses++;
	watch->at->watching++;
	schedule->watching++;
	if (schedule->ports.watch(schedule->ports.arg, remote->id,
	    remote->owner, watch->mark) < 0) {
		end(schedule, remote);
		wait_on(remote, FETCH_END_LOCAL);
	}
}

static void
plan_news(struct schedule *schedule, struct remote *remote, uint64_t at_ms)
{
	remote->watch.news_ms = at_ms;
	if (remote->due_ms > at_ms)
		remote_plan(schedule, remote, at_ms);
}

void
watch_collected(struct schedule *schedule, struct remote *remote,
    const struct fetch_outcome *outcome)
{
	struct watch *watch = &remote->watch;

	if (outcome->end != FETCH_END_DONE || !fetch_task_collects(remote->task))
		return;
	if (outcome->mark == 0) {
		watch_forget(schedule, remote);
		return;
	}
	watch->mark = outcome->mark;
	if (watch->has_news)
		plan_news(schedule, remote, clock_ms() + NEWS_GAP_MS);
	watch->has_news = false;
	if (watch->was_ours)	/* and is mended, as it seems */
		watch->due_ms = 0;
	watch_look(schedule, remote);
}

void
schedule_watch_over(struct schedule *schedule, uint64_t id,
    const struct fetch_outcome *outcome)
{
	struct remote *remote = remote_find(schedule, id);

	if (remote == NULL || !remote->watch.is_on)
		return;
	end(schedule, remote);
	wait_on(remote, outcome->end);
	schedule_pump(schedule);	/* there is room for one more */
}

void
schedule_news(struct schedule *schedule, uint64_t id)
{
	struct remote *remote = remote_find(schedule, id);
	uint64_t now = clock_ms();
	struct watch *watch;

	if (remote == NULL || !remote->watch.is_on || !remote->enabled ||
	    remote->refusals + remote->faults > 0)
		return;
	watch = &remote->watch;
	if (remote->state == REMOTE_RUNNING) {
		watch->has_news = true;
	} else if (remote->state == REMOTE_IDLE &&
	    now < watch->news_ms + NEWS_GAP_MS) {
		if (now >= watch->news_ms)	/* else it is planned already */
			plan_news(schedule, remote, watch->news_ms +
			    NEWS_GAP_MS);
	} else if (remote->state == REMOTE_IDLE &&
	    schedule_bar(schedule, LINE_BY_CLOCK) == LINE_BAR_NONE) {
		watch->news_ms = now;
		remote_line_up(schedule, remote, LANE_CLOCK);
		schedule_pump(schedule);
	}
}
