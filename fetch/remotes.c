/*
 * remotes.c - which remote mailboxes and hosts the schedule knows, and how they
 * do
 *
 * The keeper says which there are; a mailbox that is no longer named is
 * forgotten, at once or when its task is over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/schedule_inside.h"

struct remote *
remote_find(const struct schedule *schedule, uint64_t id)
{
	struct remote *remote;

	HASH_FIND(hh, schedule->remotes, &id, sizeof(id), remote);
	return remote;
}

static char *
copy(struct slice s)
{
	return strndup(s.at == NULL ? "" : s.at, s.len);
}

/* Hosts */

/* One name has one form: small letters, without the dot of the root. */
static char *
host_key(struct slice name)
{
	char *key;

	if (name.len > 0 && name.at[name.len - 1] == '.')
		name.len--;
	key = copy(name);
	for (char *at = key; at != NULL && *at != '\0'; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at | 0x20);
	return key;
}

/* Another use of the host of that name; NULL when memory is out. */
static struct host *
host_use(struct schedule *schedule, struct slice name)
{
	char *key = host_key(name);
	struct host *host;

	if (key == NULL)
		return NULL;
	HASH_FIND_STR(schedule->hosts, key, host);
	if (host != NULL) {
		free(key);
		host->uses++;
		return host;
	}
	host = calloc(1, sizeof(*host));
	if (host != NULL) {
		host->name = key;
		host->uses = 1;
		host->limits = provider_limits(slice_str(key));
		for (unsigned i = 0; i < LANE_COUNT; i++)
			TAILQ_INIT(&host->lane[i]);
		HASH_ADD_KEYPTR(hh, schedule->hosts, key, strlen(key), host);
	}
	if (host == NULL || host->hh.tbl == NULL) {
		free(key);
		free(host);
		return NULL;
	}
	return host;
}

void
host_release(struct schedule *schedule, struct host *host)
{
	if (host == NULL || --host->uses > 0)
		return;
	HASH_DEL(schedule->hosts, host);
	free(host->name);
	free(host);
}

/* Mailboxes */

static void
remote_free(struct schedule *schedule, struct remote *remote)
{
	host_release(schedule, remote->host);
	free(remote->owner_address);
	free(remote->label);
	free(remote->words);
	free(remote);
}

void
remote_drop(struct schedule *schedule, struct remote *remote)
{
	watch_forget(schedule, remote);
	HASH_DEL(schedule->remotes, remote);
	remote_free(schedule, remote);
}

static struct remote *
remote_new(struct schedule *schedule, const struct fetch_due *due)
{
	struct remote *remote = calloc(1, sizeof(*remote));

	if (remote == NULL)
		return NULL;
	remote->id = due->id;
	remote->owner = due->owner;
	remote->is_office = due->is_office;
	remote->enabled = due->enabled;
	remote->changes = due->changes;
	remote->when = due->when;
	remote->grant_until_utc_ms = due->grant_until_utc_ms;
	remote->due_ms = remote->failing_since_ms = remote->day_ms = NEVER;
	LIST_INIT(&remote->asked);
	remote->owner_address = copy(due->owner_address);
	remote->label = copy(due->label);
	remote->host = host_use(schedule, due->host);
	if (remote->owner_address != NULL && remote->label != NULL &&
	    remote->host != NULL)
		HASH_ADD(hh, schedule->remotes, id, sizeof(remote->id),
		    remote);
	if (remote->hh.tbl == NULL) {
		remote_free(schedule, remote);
		return NULL;
	}
	return remote;
}

/* `*string` is `value` from now on. */
static int
update(char **string, struct slice value)
{
	char *new;

	if (slice_is_str(value, *string))
		return 0;
	new = copy(value);
	if (new == NULL)
		return -ENOMEM;
	free(*string);
	*string = new;
	return 0;
}

/* It is at another host now: what was wrong at the last one is forgotten. */
static void
move_to(struct schedule *schedule, struct remote *remote, struct host *host)
{
	bool waits = remote->state == REMOTE_WAITING;

	if (waits)
		remote_step_out(schedule, remote);
	host_release(schedule, remote->host);
	remote->host = host;
	remote->refusals = remote->faults = 0;
	if (waits)
		remote_line_up(schedule, remote, remote->lane);
	remote_plan_first(schedule, remote);
}

static int
remote_update(struct schedule *schedule, struct remote *remote,
    const struct fetch_due *due)
{
	struct host *host;

	if (update(&remote->owner_address, due->owner_address) < 0 ||
	    update(&remote->label, due->label) < 0)
		return -ENOMEM;
	host = host_use(schedule, due->host);
	if (host == NULL)
		return -ENOMEM;
	if (host != remote->host)
		move_to(schedule, remote, host);
	else
		host_release(schedule, host);	/* the use just made */
	remote->owner = due->owner;
	remote->is_office = due->is_office;
	if (due->changes != remote->changes || !due->enabled)
		watch_forget(schedule, remote);
	if (due->changes != remote->changes) {
		/* what was wrong may be right now: no waiting for it */
		remote->changes = due->changes;
		remote->refusals = remote->faults = 0;
		remote_plan_first(schedule, remote);
	} else if ((due->enabled && !remote->enabled) ||
	    due->when.every_minutes != remote->when.every_minutes) {
		remote_plan_first(schedule, remote);
	}
	remote->when = due->when;
	remote->grant_until_utc_ms = due->grant_until_utc_ms;
	if (!due->enabled && remote->enabled)
		asked_dismiss(schedule, remote, "it was switched off");
	remote->enabled = due->enabled;
	return 0;
}

/* `utc_ms` by the clock of this life; a wall clock that was put back: now. */
static uint64_t
since_ms(int64_t utc_ms)
{
	int64_t ago = clock_utc_ms() - utc_ms;

	if (ago < 0)
		return clock_ms();
	return (uint64_t)ago > clock_ms() ? 0 : clock_ms() - (uint64_t)ago;
}

/*
 * What an earlier life of the schedule knew of it.  Who fails waits on: a new
 * start is no reason to try a password more often than the provider bears.
 */
static void
remote_restore(struct schedule *schedule, struct remote *remote,
    const struct fetch_health *health)
{
	enum fetch_end end = fetch_end_of(slice_str(health->result));
	unsigned times;
	uint64_t due_ms;

	remote->grant_told = health->grant_told;
	if (end == FETCH_END_COUNT)
		return;
	remote->has_ended = true;
	remote->end = end;
	remote->server_said = health->server_said;
	remote->words = copy(slice_str(health->words));
	remote->success_at_utc_ms = health->success_at_utc_ms;
	remote->ended_at_utc_ms = health->ended_at_utc_ms;
	remote->ended_ms = since_ms(health->ended_at_utc_ms);
	remote->waiting = health->waiting;
	remote->waiting_bytes = health->waiting_bytes;
	remote->refusals = (unsigned)health->refusals;
	remote->faults = (unsigned)health->faults;
	remote->told_at_utc_ms = health->told_at_utc_ms;
	if (end == FETCH_END_DAY) {
		remote_restore_day(remote, remote->ended_ms);
		due_ms = remote_day_ends_ms(schedule, remote);
		if (due_ms > remote->due_ms)
			remote_plan(schedule, remote, due_ms);
	}
	if (remote->refusals + remote->faults == 0)
		return;
	remote->failing_since_utc_ms = health->failing_since_utc_ms;
	remote->failing_since_ms = since_ms(health->failing_since_utc_ms);
	times = end == FETCH_END_REFUSED ? remote->refusals : remote->faults;
	if (times == 0)
		return;		/* the last end was no failure */
	due_ms = remote->ended_ms + back_off_ms(end, times);
	if (due_ms > remote->due_ms)
		remote_plan(schedule, remote, due_ms);
}

void
schedule_list_begin(struct schedule *schedule)
{
	schedule->listing++;
}

int
schedule_list_add(struct schedule *schedule, const struct fetch_due *due)
{
	struct remote *remote = remote_find(schedule, due->id);
	int r;

	if (remote == NULL) {
		if (HASH_COUNT(schedule->remotes) >= SCHEDULE_MOST)
			return -E2BIG;
		remote = remote_new(schedule, due);
		if (remote == NULL)
			return -ENOMEM;
		remote_plan_first(schedule, remote);
		remote_restore(schedule, remote, &due->health);
	} else {
		r = remote_update(schedule, remote, due);
		if (r < 0)
			return r;
	}
	remote->gone = false;
	remote->listing = schedule->listing;
	return 0;
}

static int
by_number(const struct remote *a, const struct remote *b)
{
	return a->id < b->id ? -1 : a->id > b->id;
}

void
schedule_list_end(struct schedule *schedule)
{
	struct remote *remote, *following;

	HASH_ITER(hh, schedule->remotes, remote, following) {
		if (remote->listing == schedule->listing) {
			/* what was not said may have been said now */
			if (remote->has_ended && remote->due_ms == NEVER)
				remote_plan_first(schedule, remote);
			continue;
		}
		remote->gone = true;
		watch_forget(schedule, remote);
		asked_dismiss(schedule, remote, "it was removed");
		if (remote->state != REMOTE_RUNNING)
			remote_drop(schedule, remote);
	}
	HASH_SORT(schedule->remotes, by_number);
	schedule->is_told = true;
	schedule_tick(schedule);
}

bool
schedule_is_told(const struct schedule *schedule)
{
	return schedule->is_told;
}

/* Looking at them */

bool
remote_matches(const struct remote *remote, const struct schedule_pick *pick)
{
	if (remote->gone || (pick->owner != 0 &&
	    (pick->owner != remote->owner || remote->is_office)))
		return false;
	if (pick->address.len > 0 &&
	    !slice_is_word(pick->address, remote->owner_address))
		return false;
	return pick->label.len == 0 ||
	    slice_is_str(pick->label, remote->label);
}

static int64_t
next_at_utc_ms(const struct schedule *schedule, const struct remote *remote)
{
	uint64_t now = clock_ms(), at_ms = remote->due_ms;

	if (schedule_bar(schedule, LINE_BY_CLOCK) != LINE_BAR_NONE &&
	    at_ms < schedule->opens_at_ms)
		at_ms = schedule->opens_at_ms;
	if (!remote->enabled || at_ms == NEVER)
		return 0;
	return clock_utc_ms() + (int64_t)(at_ms > now ? at_ms - now : 0);
}

void
remote_health(const struct schedule *schedule, const struct remote *remote,
    struct schedule_health *health_out)
{
	*health_out = (struct schedule_health){
		.id = remote->id, .owner = remote->owner,
		.owner_address = slice_str(remote->owner_address),
		.label = slice_str(remote->label),
		.host = slice_str(remote->host->name),
		.enabled = remote->enabled,
		.success_at_utc_ms = remote->success_at_utc_ms,
		.ended_at_utc_ms = remote->ended_at_utc_ms,
		.next_at_utc_ms = next_at_utc_ms(schedule, remote),
		.has_ended = remote->has_ended, .end = remote->end,
		.server_said = remote->server_said,
		.words = slice_str(remote->words),
		.failures = remote->refusals + remote->faults,
		.refusals = remote->refusals,
		.failing_since_utc_ms = remote->failing_since_utc_ms,
		.told_at_utc_ms = remote->told_at_utc_ms,
		.waiting = remote->waiting,
		.waiting_bytes = remote->waiting_bytes,
		.grant_until_utc_ms = remote->grant_until_utc_ms,
		.grant_told = remote->grant_told
	};
}

bool
schedule_health_of(const struct schedule *schedule, uint64_t id,
    struct schedule_health *health_out)
{
	const struct remote *remote = remote_find(schedule, id);

	if (remote == NULL || remote->gone)
		return false;
	remote_health(schedule, remote, health_out);
	return true;
}

void
schedule_each(const struct schedule *schedule,
    const struct schedule_pick *pick, uint64_t above, schedule_fn *fn,
    void *arg)
{
	const struct remote *remote;
	struct schedule_health health;

	for (remote = schedule->remotes; remote != NULL;
	    remote = remote->hh.next) {
		if (remote->id <= above || !remote_matches(remote, pick))
			continue;
		remote_health(schedule, remote, &health);
		if (!fn(arg, &health))
			return;
	}
}
