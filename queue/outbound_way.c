/*
 * outbound_way.c - by which smarthost mail leaves (policy/ways.h)
 *
 * Whose mail has one of its own the keeper says, and says anew with each change;
 * a row says only whose it is.  So a message that waits for another way is found
 * out at its next try, and goes by the one that there is then.
 *
 * What has no way at all (no smarthost, and outbound_direct is no) is not tried, and
 * nothing is counted: it waits here, and is looked at again when the keeper tells of
 * a change, or the postmaster moves it; or when its sender is to hear that it is
 * late, and the postmaster, once in a while, why.
 */
#include <errno.h>
#include <string.h>

#include "lib/base/log.h"
#include "queue/fate.h"
#include "queue/outbound_desk.h"
#include "queue/outbound_inside.h"

#define TABLE_BYTES	(256 * 1024)	/* of names; the keeper has fewer */
#define LOOK_MOST	64	/* jobs looked at before others have a turn */
#define FAULT_PAUSE_MS	60000	/* memory */
/* Each look at who is late is one at all that wait. */
#define LATE_PARTS	64	/* of the time after which one is */
#define LATE_LEAST_MS	1000
#define LATE_MOST_MS	60000
#define TELL_AGAIN_MS	3600000
#define NO_WAY \
	"held: there is no way out for it; a smarthost (postroom smarthost set, " \
	"or smarthost in postroom.conf) or outbound_direct gives it one"

const struct way *
out_way(const struct outbound *outbound, const struct rows_outbound *row)
{
	/* a gateway's host is the only one that its mail is for */
	return row->via.len > 0 || out_gateway(outbound, row) != NULL ?
	    NULL : ways_find(&outbound->ways,
	    row->account, row->sender);
}

bool
out_has_no_way(const struct outbound *outbound,
    const struct rows_outbound *row)
{
	const struct conductor_options *options =
	    &outbound->conductor->options;

	return options->never_direct && !options->has_smarthost &&
	    row->via.len == 0 && out_gateway(outbound, row) == NULL &&
	    out_way(outbound, row) == NULL;
}

bool
out_waits_for_way(const struct outbound *outbound,
    const struct rows_outbound *row)
{
	/* the gateways are told last, and a start knows of neither */
	return outbound->has_gateways && out_has_no_way(outbound, row);
}

/* Whatever kept one from being reached may be mended: it is tried at once. */
static void
end_pauses(struct outbound *outbound)
{
	struct out_dest *dest, *following;

	HASH_ITER(hh, outbound->dests, dest, following) {
		if (dest->name[0] != '=' || dest->not_before_ms == 0)
			continue;
		dest->not_before_ms = 0;
		dest->failures = 0;
		out_dest_place(outbound, dest);
	}
}

int
conductor_ways(struct conductor *conductor, struct slice packed)
{
	struct outbound *outbound = conductor->outbound;
	struct arena *arena = arena_new(TABLE_BYTES + packed.len);
	struct slice copy;
	struct ways ways;
	int r = arena == NULL ? -ENOMEM : arena_copy(arena, packed, &copy);

	if (r == 0)
		r = ways_unpack(arena, copy, &ways);
	if (r < 0) {
		arena_free(arena);
		return r;
	}
	arena_free(outbound->ways_arena);
	outbound->ways_arena = arena;
	outbound->ways = ways;
	outbound->ways_told++;
	end_pauses(outbound);
	out_pump(outbound);
	return 0;
}

void
out_follow(struct outbound *outbound, const struct rows_outbound *row)
{
	if (!out_has_job(outbound, row) && out_add(outbound, row,
	    out_due_ms(outbound, row)) < 0)
		log_say("memory is out: a message leaves after the next start");
}

/* Without a way */

bool
out_way_bars(const struct out_job *job)
{
	return job->key.dest->name[0] == OUT_NO_WAY[0];
}

static void
wait_for_way(struct outbound *outbound, struct out_job *job, uint64_t told)
{
	if (heap_put(&outbound->wayless, &job->due, told) < 0) {
		out_again(outbound, job, clock_ms() + FAULT_PAUSE_MS);
		return;
	}
	job->line = &outbound->wayless;
	job->key.dest->waiting++;
	out_dest_place(outbound, job->key.dest);
}

/* One message that waits for a way. */
struct look {
	struct outbound		*outbound;
	const struct out_job	*job;
	bool			 tells;
	bool			 waits_on;
};

/* The postmaster, whose matter it is. */
static void
tell_of_late(struct outbound *outbound)
{
	const struct conductor_ports *ports = &outbound->conductor->ports;

	if (ports->wayless == NULL || (outbound->late_told_ms != 0 &&
	    clock_ms() - outbound->late_told_ms < TELL_AGAIN_MS))
		return;
	outbound->late_told_ms = clock_ms();
	ports->wayless(ports->arg);
}

/* No try will come that finds out how late it is. */
static void
note_late(struct outbound *outbound, const struct rows_outbound *row)
{
	struct conductor *conductor = outbound->conductor;
	int64_t delay_ms = (int64_t)outbound_plan_of(conductor,
	    row->domain)->delay_seconds * 1000;
	int64_t left, least = delay_ms / LATE_PARTS;

	if (fate_is_late(conductor, row)) {
		fate_tell(conductor, &row->id);
		tell_of_late(outbound);
		return;
	}
	if (delay_ms == 0 || row->is_told)
		return;
	if (least > LATE_MOST_MS)
		least = LATE_MOST_MS;
	if (least < LATE_LEAST_MS)
		least = LATE_LEAST_MS;
	left = outbound_begun_utc_ms(conductor, row) + delay_ms -
	    clock_utc_ms();
	if (left < least)
		left = least;
	if (outbound->late_ms != 0 &&
	    outbound->late_ms <= clock_ms() + (uint64_t)left)
		return;
	outbound->late_ms = clock_ms() + (uint64_t)left;
	timer_set(outbound->late_timer, (uint64_t)left);
}

static void
on_late(void *arg)
{
	out_pump(arg);
}

int
out_way_open(struct outbound *outbound)
{
	outbound->late_timer = timer_new(outbound->conductor->loop, on_late,
	    outbound);
	return outbound->late_timer == NULL ? -ENOMEM : 0;
}

void
out_way_close(struct outbound *outbound)
{
	timer_free(outbound->late_timer);
	heap_free(&outbound->wayless);
}

static int
look_at_row(void *arg, const struct rows_outbound *row)
{
	struct look *look = arg;
	struct outbound *outbound = look->outbound;

	if (row->state != OUTBOUND_WAITING)
		return 0;
	if (!out_is_for(outbound, row, look->job->key.dest)) {
		if (!out_is_trying(outbound, row))
			out_follow(outbound, row);
		return 0;
	}
	look->waits_on = true;
	note_late(outbound, row);
	if (look->tells)
		trail_add(outbound->conductor->trail, &(struct trail_step){
		    .at_utc_ms = clock_utc_ms(), .id = row->id,
		    .word = TRAIL_WAITING, .address = row->address,
		    .detail = SLICE(NO_WAY) });
	return 0;
}

static void
look_at(struct outbound *outbound, struct out_job *job, bool tells)
{
	struct look look = { .outbound = outbound, .job = job,
	    .tells = tells };
	struct out_dest *dest = job->key.dest;
	int r;

	dest->waiting++;	/* it stays, whatever comes of that */
	if (job->line != NULL)
		out_line_leave(job);
	r = rows_outbound_of(outbound->conductor->rows, &job->key.id,
	    look_at_row, &look);
	if (r < 0)
		log_say("by which way a message leaves cannot be read: %s",
		    strerror(-r));
	if (r < 0)
		out_again(outbound, job, clock_ms() + FAULT_PAUSE_MS);
	else if (look.waits_on)
		wait_for_way(outbound, job, outbound->ways_told);
	else
		out_job_free(outbound, job);
	dest->waiting--;
	out_dest_place(outbound, dest);
}

void
out_way_wait(struct outbound *outbound, struct out_job *job)
{
	/* what an earlier life has told is not told again */
	look_at(outbound, job, job->ready_utc_ms >=
	    outbound->line.since_utc_ms);
}

bool
out_way_look(struct outbound *outbound)
{
	const struct heap_entry *first;
	unsigned looked = 0;

	/* some are late: all are looked at, as when the keeper tells of a change */
	if (outbound->late_ms != 0 && outbound->late_ms <= clock_ms()) {
		outbound->late_ms = 0;
		outbound->ways_told++;
	}
	while ((first = heap_first(&outbound->wayless)) != NULL &&
	    first->key < outbound->ways_told) {
		if (looked++ == LOOK_MOST)
			return true;
		look_at(outbound, (struct out_job *)first, false);
	}
	return false;
}

void
out_way_again(struct outbound *outbound, const struct rows_outbound *row)
{
	struct rows_outbound as_ever = *row;
	struct out_job *job;

	as_ever.via = slice_of("", 0);
	job = out_has_no_way(outbound, &as_ever) ?
	    out_job_of(outbound, &as_ever) : NULL;
	/* it was in there already, so there is room */
	if (job != NULL && job->line == &outbound->wayless &&
	    heap_put(&outbound->wayless, &job->due, 0) < 0)
		log_say("memory is out: a message is looked at later");
}

enum desk_way
conductor_desk_way(const struct conductor *conductor,
    const struct rows_outbound *row, struct slice *name_out)
{
	const struct outbound *outbound = conductor->outbound;
	const struct way *way = out_way(outbound, row);
	const struct gateway *gateway = out_gateway(outbound, row);

	*name_out = way != NULL ? way->name : gateway != NULL ?
	    slice_str(gateway->host) : row->via;
	if (row->via.len > 0)
		return DESK_WAY_HOST;
	if (gateway != NULL)
		return DESK_WAY_GATEWAY;
	if (way != NULL)
		return DESK_WAY_OWN;
	if (conductor->options.has_smarthost)
		return DESK_WAY_SMARTHOST;
	return out_has_no_way(outbound, row) ? DESK_WAY_NONE : DESK_WAY_MX;
}
