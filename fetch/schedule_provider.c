/*
 * schedule_provider.c - what a provider puts up with
 *
 * So many connections, so often, so many bytes of a mailbox in a day: who takes
 * more is locked out, which helps nobody.  A large first collection is taken in
 * pieces, one a day.  A day begins with the first byte of it.  Connections are
 * known of one mailbox; of a server nothing is said, so no more are made to it.
 *
 * What was taken before a start is not known, but for a mailbox whose day was
 * spent: so a start may cost as much once more, which providers bear.
 */
#include "fetch/schedule_inside.h"

#define MINUTE_MS	60000u
#define DAY_MS		UINT64_C(86400000)

unsigned
host_most(const struct schedule *schedule, const struct host *host)
{
	unsigned own = schedule->options.per_host;
	unsigned its = host->limits.connections;

	return its != 0 && its < own ? its : own;
}

uint64_t
host_between_ms(const struct host *host)
{
	return (uint64_t)host->limits.every_minutes * MINUTE_MS;
}

/* Of one mailbox of that host; UINT64_MAX: nobody counts. */
static uint64_t
daily_bytes(const struct schedule *schedule, const struct host *host)
{
	uint64_t own = schedule->options.daily_bytes;
	uint64_t its = host->limits.daily_bytes;

	if (its != 0 && (own == 0 || its < own))
		return its;
	return own == 0 ? UINT64_MAX : own;
}

static bool
has_day(const struct remote *remote)
{
	return remote->day_ms != NEVER &&
	    clock_ms() - remote->day_ms < DAY_MS;
}

uint64_t
remote_day_ends_ms(const struct schedule *schedule,
    const struct remote *remote)
{
	return has_day(remote) && remote->day_bytes >=
	    daily_bytes(schedule, remote->host) ? remote->day_ms + DAY_MS : 0;
}

void
remote_restore_day(struct remote *remote, uint64_t ended_ms)
{
	remote->day_ms = ended_ms;
	remote->day_bytes = UINT64_MAX;
}

struct fetch_outcome
day_outcome(void)
{
	return (struct fetch_outcome){
		.end = FETCH_END_DAY, .words = slice_of(NULL, 0)
	};
}

void
schedule_carried(struct schedule *schedule, uint64_t id, uint64_t bytes)
{
	struct remote *remote = remote_find(schedule, id);

	if (remote == NULL || bytes == 0)
		return;
	if (!has_day(remote)) {
		remote->day_ms = clock_ms();
		remote->day_bytes = 0;
	}
	remote->day_bytes += bytes < UINT64_MAX - remote->day_bytes ? bytes :
	    UINT64_MAX - remote->day_bytes;
	if (remote->state != REMOTE_RUNNING || remote->is_stopping ||
	    !fetch_task_collects(remote->task) ||
	    remote_day_ends_ms(schedule, remote) == 0)
		return;
	remote->is_stopping = remote->is_of_day = true;
	if (schedule->ports.pause != NULL)
		schedule->ports.pause(schedule->ports.arg, remote->id,
		    remote->owner);
}
