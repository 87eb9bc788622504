/*
 * outbound_sync.c - what hosts have said becomes durable, many at a time
 *
 * A try that ends for good changes its rows by a NORMAL commit, which a crash of
 * ours survives.  One sync, at most every SYNC_MS, makes all of them durable;
 * only then the relay hears that it may forget its result, the file of a message
 * goes, and its sender is told.  So a host that has said 250 gets a message twice
 * only if the power fails within SYNC_MS and one sync of its word.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "queue/fate.h"
#include "queue/outbound_inside.h"

#define SYNC_MS		20	/* from one to the next: each stops the queue */
#define FAULT_MS	1000

/* A try that is over. */
struct out_result {
	STAILQ_ENTRY(out_result) next;
	struct out_said		 said;
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
say_all(struct outbound *outbound)
{
	struct out_result *result;

	while ((result = STAILQ_FIRST(&outbound->results)) != NULL) {
		STAILQ_REMOVE_HEAD(&outbound->results, next);
		out_said(outbound, &result->said);
		free(result);
	}
	deliver_advance(outbound->conductor);
}

int
out_sync(struct outbound *outbound)
{
	int r;

	if (STAILQ_EMPTY(&outbound->results))
		return 0;
	r = rows_sync(outbound->conductor->rows);
	outbound->synced_ms = clock_ms();
	if (r == 0)
		say_all(outbound);
	return r;
}

static void
on_time(void *arg)
{
	struct outbound *outbound = arg;
	int r = out_sync(outbound);

	if (r == 0)
		return;
	log_say("what hosts said cannot be made durable: %s; they may get "
	    "messages twice", strerror(-r));
	timer_set(outbound->sync_timer, FAULT_MS);
}

void
out_said_for_good(struct outbound *outbound, const struct out_said *said)
{
	struct out_result *result = malloc(sizeof(*result));
	uint64_t since_ms = clock_ms() - outbound->synced_ms;

	if (result == NULL) {
		/* by itself, then; what a failed sync means all hear */
		if (rows_sync(outbound->conductor->rows) == 0)
			out_said(outbound, said);
		return;
	}
	result->said = *said;
	STAILQ_INSERT_TAIL(&outbound->results, result, next);
	if (!timer_is_set(outbound->sync_timer))
		timer_set(outbound->sync_timer, since_ms >= SYNC_MS ? 0 :
		    SYNC_MS - since_ms);
}

int
out_sync_open(struct outbound *outbound)
{
	STAILQ_INIT(&outbound->results);
	outbound->sync_timer = timer_new(outbound->conductor->loop, on_time,
	    outbound);
	return outbound->sync_timer == NULL ? -ENOMEM : 0;
}

void
out_sync_close(struct outbound *outbound)
{
	struct out_result *result;

	timer_free(outbound->sync_timer);
	while ((result = STAILQ_FIRST(&outbound->results)) != NULL) {
		STAILQ_REMOVE_HEAD(&outbound->results, next);
		free(result);
	}
}
