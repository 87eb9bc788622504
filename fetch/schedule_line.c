/*
 * schedule_line.c - what the line lets begin, and what it stops
 *
 * What waits in a lane may begin, as far as the line goes: whoever the line bars
 * is taken out when that becomes so.  The clock's own wait for the opening;
 * people hear why.
 */
#include "fetch/schedule_inside.h"
#include "lib/base/bucket.h"

#define MINUTE_MS	60000u

enum line_bar
schedule_bar(const struct schedule *schedule, enum line_who who)
{
	return schedule->options.line == NULL ? LINE_BAR_NONE :
	    line_bar(schedule->options.line, who);
}

struct fetch_outcome
line_outcome(enum line_bar bar)
{
	return (struct fetch_outcome){
		.end = FETCH_END_LINE, .words = slice_str(line_bar_words(bar))
	};
}

uint64_t
remote_between_ms(const struct schedule *schedule,
    const struct remote *remote)
{
	uint64_t least_ms = host_between_ms(remote->host), ms;
	unsigned minutes = remote->when.every_minutes;

	if (minutes == 0 && schedule->options.line != NULL)
		minutes = line_every_minutes(schedule->options.line);
	if (minutes == 0)
		minutes = schedule->options.minutes;
	ms = (uint64_t)minutes * MINUTE_MS;
	return ms < least_ms ? least_ms : ms;
}

unsigned
schedule_most(const struct schedule *schedule)
{
	unsigned most = schedule->options.connections;

	if (schedule->options.line != NULL &&
	    line_most_running(schedule->options.line) < most)
		most = line_most_running(schedule->options.line);
	return most;
}

void
schedule_share(struct schedule *schedule)
{
	uint64_t share = BUCKET_FREE;

	if (schedule->options.line != NULL)
		share = line_share(schedule->options.line, schedule->running);
	/* nobody runs: who comes next hears it in time */
	if (share == schedule->share || schedule->running == 0)
		return;
	schedule->share = share;
	if (schedule->ports.share != NULL)
		schedule->ports.share(schedule->ports.arg, share);
}

/* Out of its lane; the clock's come again by themselves. */
static void
send_away(struct schedule *schedule, struct remote *remote, enum line_bar bar)
{
	const struct fetch_outcome outcome = line_outcome(bar);

	remote_step_out(schedule, remote);
	asked_turn_away(schedule, remote, &outcome);
}

static void
obey(struct schedule *schedule, struct remote *remote, bool has_opened)
{
	enum line_bar bar;

	if (schedule->bars[LINE_BY_CLOCK] != LINE_BAR_NONE)
		watch_stop(schedule, remote);
	switch (remote->state) {
	case REMOTE_RUNNING:
		if (remote->is_stopping ||
		    schedule->bars[remote->who] == LINE_BAR_NONE)
			break;
		remote->is_stopping = true;
		if (schedule->ports.pause != NULL)
			schedule->ports.pause(schedule->ports.arg, remote->id,
			    remote->owner);
		break;
	case REMOTE_WAITING:
		bar = schedule->bars[asked_who(remote)];
		if (bar != LINE_BAR_NONE)
			send_away(schedule, remote, bar);
		break;
	case REMOTE_IDLE:
		/* who fails has a time of its own */
		if (has_opened && remote->enabled &&
		    remote->refusals + remote->faults == 0 &&
		    remote_day_ends_ms(schedule, remote) == 0)
			remote_plan_first(schedule, remote);
		break;
	}
}

bool
schedule_look(struct schedule *schedule)
{
	enum line_bar before = schedule->bars[LINE_BY_CLOCK];
	struct remote *remote;
	bool is_new = false;
	uint64_t ms;

	if (schedule->options.line == NULL)
		return false;
	for (unsigned who = 0; who < LINE_WHO_COUNT; who++) {
		enum line_bar bar = schedule_bar(schedule, who);

		is_new |= bar != schedule->bars[who];
		schedule->bars[who] = bar;
	}
	if (!is_new)
		return false;
	ms = line_opens_ms(schedule->options.line);
	schedule->opens_at_ms = ms == UINT64_MAX ? NEVER : clock_ms() + ms;
	for (remote = schedule->remotes; remote != NULL;
	    remote = remote->hh.next)
		obey(schedule, remote, before != LINE_BAR_NONE &&
		    schedule->bars[LINE_BY_CLOCK] == LINE_BAR_NONE);
	return true;
}

void
schedule_tell_line(struct schedule *schedule)
{
	if (schedule->ports.line != NULL)
		schedule->ports.line(schedule->ports.arg);
}

void
schedule_line_changed(struct schedule *schedule)
{
	if (schedule_look(schedule))
		schedule_tick(schedule);
	else
		schedule_tell_line(schedule);
}

struct line *
schedule_line(const struct schedule *schedule)
{
	return schedule->options.line;
}

unsigned
schedule_running(const struct schedule *schedule)
{
	return schedule->running;
}

/* Is it to be collected now, its owner reading mail? */
static bool
is_wanted(const struct remote *remote)
{
	uint64_t gap_ms = host_between_ms(remote->host);

	if (gap_ms < SCHEDULE_READS_GAP_MS)
		gap_ms = SCHEDULE_READS_GAP_MS;
	return remote->enabled && remote->state == REMOTE_IDLE &&
	    remote->refusals + remote->faults == 0 && (!remote->has_ended ||
	    clock_ms() - remote->ended_ms >= gap_ms);
}

bool
schedule_reads(struct schedule *schedule, uint64_t owner)
{
	bool is_open = schedule_bar(schedule, LINE_BY_CLOCK) == LINE_BAR_NONE;
	bool is_collecting = false;
	struct remote *remote;

	for (remote = schedule->remotes; remote != NULL;
	    remote = remote->hh.next)
		if (remote->owner == owner && remote->when.on_read &&
		    is_open && is_wanted(remote))
			remote_line_up(schedule, remote, LANE_ASKED);
	schedule_pump(schedule);
	for (remote = schedule->remotes; remote != NULL;
	    remote = remote->hh.next)
		is_collecting = is_collecting || (remote->owner == owner &&
		    remote->when.on_read && remote->state != REMOTE_IDLE);
	return is_collecting;
}
