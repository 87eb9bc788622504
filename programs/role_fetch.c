/*
 * role_fetch.c - who collects for one owner, all their remote mailboxes
 *
 * What the schedule wants (fetch_tasks.h) becomes an errand (fetch_errand.h);
 * here are the channels that all errands share, and what their loss ends.  Only
 * the passwords of this owner are ever here.
 *
 * Fails by ending: what is stored is stored, what was not deleted stays at the
 * provider, and the schedule has it tried again.  With nothing to do it ends
 * after a while.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/base/zone.h"
#include "lib/message/words.h"
#include "programs/fetch_errand.h"
#include "programs/fetch_tasks.h"

static const struct ipc_rule fetch_rules[] = {
{ FETCH_TASK, "TASK", FROM(ROLE_SCHEDULE), IPC_REQUEST, 0, 0, on_task },
{ FETCH_PAUSE, "PAUSE", FROM(ROLE_SCHEDULE), IPC_NEWS, 0, 0, on_pause },
{ FETCH_WATCH_INBOX, "WATCH", FROM(ROLE_SCHEDULE), IPC_REQUEST, 0, 0, on_watch },
{ FETCH_UNWATCH, "UNWATCH", FROM(ROLE_SCHEDULE), IPC_NEWS, 0, 0, on_unwatch },
{ FETCH_SHARE, "SHARE", FROM(ROLE_SCHEDULE), IPC_NEWS, 0, 0, on_share },
{ FETCH_CONSENT, "CONSENT", FROM(ROLE_SCHEDULE), IPC_REQUEST, 0, 0, on_consent },
{ 0 }
};

static void
fetch_if_idle(struct process *process)
{
	struct fetch_role *role = process->state;

	if (role->is_retiring || !LIST_EMPTY(&role->errands) ||
	    fetch_ways_is_busy(role->ways))
		return;
	role->is_retiring = true;
	process_retire(process);
}

static void
on_idle_time(void *arg)
{
	struct fetch_role *role = arg;

	/* a consent may be under way: then again */
	timer_set(role->idle_timer, FETCH_IDLE_MS);
	fetch_if_idle(role->process);
}

/* Login servers were asked for it: without a schedule nobody counts. */
static void
on_way_carried(void *arg, uint64_t id, const struct line_counts *counts)
{
	struct fetch_role *role = arg;

	if (role->schedule != NULL)
		fetch_tell_carried(role->schedule, id, counts);
}

/* What libcurl and OpenSSL read from files: now or never. */
static int
fetch_open(struct process *process)
{
	int r = talk_global_open();

	/* gmtime_r(3), too, reads a file the first time */
	if (r == 0)
		r = zone_open(process->config.time_zone);
	/* jansson draws the seed of its tables from a file */
	json_object_seed(0);
	/* names in headers have charsets, whose tables are files */
	return r < 0 ? r : words_open();
}

static int
fetch_start(struct process *process)
{
	struct fetch_role *role = calloc(1, sizeof(*role));
	const char *fault = NULL;

	if (role == NULL)
		return -ENOMEM;
	process->state = role;
	role->process = process;
	LIST_INIT(&role->errands);
	config_night(&process->config, &role->night);
	role->idle_timer = timer_new(process->loop, on_idle_time, role);
	if (role->idle_timer == NULL)
		return -ENOMEM;
	role->hall = talk_hall_new(process->loop, process->trust, &fault);
	if (role->hall == NULL && fault == NULL)
		return -ENOMEM;
	if (role->hall == NULL) {
		log_say("the certificates that are trusted: %s", fault);
		return -EINVAL;
	}
	role->ways = fetch_ways_new(process->loop, role->hall,
	    process->config.people_fetch_hosts, on_way_carried, role);
	if (role->ways == NULL)
		return -ENOMEM;
	timer_set(role->idle_timer, FETCH_IDLE_MS);
	return 0;
}

static int
fetch_peer(struct process *process, struct ipc *ipc)
{
	struct fetch_role *role = process->state;
	struct errand *errand, *following;

	if (ipc_peer(ipc) == ROLE_KEEPER)
		role->keeper = ipc;
	else if (ipc_peer(ipc) == ROLE_QUEUE)
		role->queue = ipc;
	else if (ipc_peer(ipc) == ROLE_RESOLVER)
		role->resolver = ipc;
	else if (ipc_peer(ipc) == ROLE_DOOR)
		role->door = ipc;
	else if (ipc_peer(ipc) == ROLE_SCHEDULE)
		role->schedule = ipc;
	fetch_ways_peers(role->ways, role->keeper, role->resolver);
	for (errand = LIST_FIRST(&role->errands); errand != NULL;
	    errand = following) {
		following = LIST_NEXT(errand, next);
		if (errand->asked == NULL && errand->run == NULL)
			errand_go(errand);
	}
	return 0;
}

/* What is being collected is collected; the rest is for who hears of it. */
static void
lose_asker(struct fetch_role *role, const struct ipc *ipc)
{
	struct errand *errand, *following;

	for (errand = LIST_FIRST(&role->errands); errand != NULL;
	    errand = following) {
		following = LIST_NEXT(errand, next);
		if (errand->asker != ipc)
			continue;
		errand->asker = NULL;
		if (!fetch_task_collects(errand->task))
			errand_free(errand);
	}
}

static void
fetch_lost(struct process *process, struct ipc *ipc)
{
	struct fetch_role *role = process->state;
	struct errand *errand, *following;

	/* what was asked of it is answered with -ECONNRESET after this */
	if (role->keeper == ipc)
		role->keeper = NULL;
	if (role->resolver == ipc)
		role->resolver = NULL;
	if (role->door == ipc)
		role->door = NULL;
	if (role->queue == ipc)
		role->queue = NULL;
	if (role->schedule == ipc)
		role->schedule = NULL;
	for (errand = LIST_FIRST(&role->errands); errand != NULL;
	    errand = following) {
		following = LIST_NEXT(errand, next);
		errand_channel_lost(errand, ipc);
	}
	if (ipc_peer(ipc) == ROLE_SCHEDULE)
		lose_asker(role, ipc);
	fetch_ways_peers(role->ways, role->keeper, role->resolver);
}

static void
fetch_stop(struct process *process)
{
	struct fetch_role *role = process->state;
	struct errand *errand;

	while ((errand = LIST_FIRST(&role->errands)) != NULL)
		errand_free(errand);
	fetch_ways_free(role->ways);
	role->ways = NULL;
	talk_hall_free(role->hall);
	role->hall = NULL;
	loop_stop(process->loop);
}

const struct role_code fetch_code = {
	.role = ROLE_FETCH, .rules = fetch_rules, .open = fetch_open,
	.start = fetch_start, .peer = fetch_peer, .lost = fetch_lost,
	.stop = fetch_stop, .if_idle = fetch_if_idle,
};
