/*
 * outbound_sync.c - what hosts have said becomes durable, many at a time
 *
 * A try that ends for good changes its rows by a NORMAL commit, at the latest when
 * the loop has looked at all that has come, which a crash of ours survives.  One
 * sync, begun at most every SYNC_MS, makes all of them durable, in a thread; only
 * then the relay hears that it may forget its result, the file of a message goes,
 * and its sender is told.  So a host that has said 250 gets a message twice only if
 * the power fails within SYNC_MS and one sync of its word.  The thread is there
 * for that alone: it waits for no big file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "queue/fate.h"
#include "queue/outbound_inside.h"

#define SYNC_MS		20	/* from one to the next: each writes to the disk */
#define FAULT_MS	1000
#define UNWRITTEN_MS	10000	/* a host has had its time to take it */

/* A try that is over. */
struct out_result {
	STAILQ_ENTRY(out_result) next;
	struct out_said		 said;
};

STAILQ_HEAD(out_results, out_result);

struct out_sync {
	struct outbound		*outbound;
	struct out_results	 results;	/* not durable yet */
	struct out_results	 on_way;	/* the thread is at it */
	struct timer		*commit, *timer, *unwritten;
	struct pool		*pool;		/* one thread */
	uint64_t		 since_ms;	/* the last one began */
	bool			 is_on_way;
	int			 fd;		/* the thread's */
	int			 status;	/* what came of it */
};

void
out_said(struct outbound *outbound, const struct out_said *said)
{
	struct conductor *conductor = outbound->conductor;

	if (said->number != 0)
		conductor->ports.noted(conductor->ports.arg, said->number);
	out_drop_file(conductor, &said->id);
	if (said->is_told)
		fate_tell(conductor, &said->id);
}

static void
say_all(struct outbound *outbound, struct out_results *results)
{
	struct out_result *result;

	while ((result = STAILQ_FIRST(results)) != NULL) {
		STAILQ_REMOVE_HEAD(results, next);
		out_said(outbound, &result->said);
		free(result);
	}
	deliver_advance(outbound->conductor);
}

int
out_sync(struct outbound *outbound)
{
	struct out_sync *sync = outbound->sync;
	int r;

	if (STAILQ_EMPTY(&sync->results) && STAILQ_EMPTY(&sync->on_way))
		return 0;
	r = rows_sync(outbound->conductor->rows);
	sync->since_ms = clock_ms();
	if (r == 0)
		say_all(outbound, &sync->on_way);
	if (r == 0)
		say_all(outbound, &sync->results);
	return r;
}

/* The next one is due, if there is anything, and none is on its way. */
static void
plan(struct out_sync *sync, uint64_t wait_ms)
{
	uint64_t since_ms = clock_ms() - sync->since_ms;

	if (STAILQ_EMPTY(&sync->results) || sync->is_on_way ||
	    timer_is_set(sync->timer))
		return;
	timer_set(sync->timer, since_ms >= wait_ms ? 0 : wait_ms - since_ms);
}

static void
fail(struct out_sync *sync, int error)
{
	log_say("what hosts said cannot be made durable: %s; they may get "
	    "messages twice", strerror(-error));
	sync->since_ms = clock_ms();
	plan(sync, FAULT_MS);
}

static void
sync_it(void *arg)
{
	struct out_sync *sync = arg;

	sync->status = fdatasync(sync->fd) < 0 ? -errno : 0;
}

static void
on_synced(void *arg)
{
	struct out_sync *sync = arg;
	int r = rows_synced(sync->outbound->conductor->rows, sync->status);

	sync->is_on_way = false;
	if (r == 0) {
		say_all(sync->outbound, &sync->on_way);
		plan(sync, SYNC_MS);
		return;
	}
	/* in the order of their words */
	STAILQ_CONCAT(&sync->on_way, &sync->results);
	STAILQ_CONCAT(&sync->results, &sync->on_way);
	fail(sync, r);
}

/* They are committed: the thread does the rest, or where it cannot, we do. */
static int
begin_sync(struct out_sync *sync)
{
	struct rows *rows = sync->outbound->conductor->rows;
	int r = rows_outbound_write_done(rows);

	if (r < 0)
		return r;
	sync->since_ms = clock_ms();
	sync->fd = rows_log_fd(rows);
	if (sync->fd < 0 || pool_run(sync->pool, sync_it, on_synced,
	    sync) < 0)
		return out_sync(sync->outbound);
	sync->is_on_way = true;
	STAILQ_CONCAT(&sync->on_way, &sync->results);
	return 0;
}

static void
on_time(void *arg)
{
	int r = begin_sync(arg);

	if (r < 0)
		fail(arg, r);
}

static void
on_commit_time(void *arg)
{
	struct out_sync *sync = arg;
	int r = rows_outbound_write_done(sync->outbound->conductor->rows);

	if (r < 0)
		log_say("what hosts said cannot be noted now: %s",
		    strerror(-r));
}

static void
on_unwritten_time(void *arg)
{
	struct out_sync *sync = arg;
	int r = rows_outbound_write(sync->outbound->conductor->rows);

	if (r == 0)
		return;
	log_say("what leaves cannot be written now: %s", strerror(-r));
	timer_set(sync->unwritten, UNWRITTEN_MS);
}

void
out_unwritten(struct outbound *outbound)
{
	struct out_sync *sync = outbound->sync;

	if (!timer_is_set(sync->unwritten))
		timer_set(sync->unwritten, UNWRITTEN_MS);
}

void
out_said_for_good(struct outbound *outbound, const struct out_said *said)
{
	struct out_result *result = malloc(sizeof(*result));
	struct out_sync *sync = outbound->sync;

	if (result == NULL) {
		/* by itself, then; what a failed sync means all hear */
		if (rows_sync(outbound->conductor->rows) == 0)
			out_said(outbound, said);
		return;
	}
	result->said = *said;
	STAILQ_INSERT_TAIL(&sync->results, result, next);
	if (!timer_is_set(sync->commit))
		timer_set(sync->commit, 0);
	plan(sync, SYNC_MS);
}

int
out_sync_open(struct outbound *outbound)
{
	struct loop *loop = outbound->conductor->loop;
	struct out_sync *sync = calloc(1, sizeof(*sync));

	if (sync == NULL)
		return -ENOMEM;
	outbound->sync = sync;
	sync->outbound = outbound;
	STAILQ_INIT(&sync->results);
	STAILQ_INIT(&sync->on_way);
	sync->timer = timer_new(loop, on_time, sync);
	sync->commit = timer_new(loop, on_commit_time, sync);
	sync->unwritten = timer_new(loop, on_unwritten_time, sync);
	sync->pool = pool_new(loop, 1);
	return sync->timer == NULL || sync->commit == NULL ||
	    sync->unwritten == NULL || sync->pool == NULL ? -ENOMEM : 0;
}

static void
forget(struct out_results *results)
{
	struct out_result *result;

	while ((result = STAILQ_FIRST(results)) != NULL) {
		STAILQ_REMOVE_HEAD(results, next);
		free(result);
	}
}

void
out_sync_close(struct outbound *outbound)
{
	struct out_sync *sync = outbound->sync;

	if (sync == NULL)
		return;
	pool_free(sync->pool);	/* what it is at ends first */
	timer_free(sync->timer);
	timer_free(sync->commit);
	timer_free(sync->unwritten);
	forget(&sync->results);
	forget(&sync->on_way);
	free(sync);
}
