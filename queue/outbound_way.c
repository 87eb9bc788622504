/*
 * outbound_way.c - by which smarthost mail leaves (policy/ways.h)
 *
 * Whose mail has one of its own the keeper says, and says anew with each change;
 * a row says only whose it is.  So a message that waits for another way is found
 * out at its next try, and goes by the one that there is then.
 *
 * What has no way at all (no smarthost, and outbound_direct is no) is not tried, and
 * nothing is counted: it waits here, and is looked at again when the keeper tells of
 * a change, or the postmaster moves it.
 */
#include <errno.h>
#include <string.h>

#include "lib/base/log.h"
#include "queue/outbound_desk.h"
#include "queue/outbound_inside.h"

#define TABLE_BYTES	(256 * 1024)	/* of names; the keeper has fewer */
#define LOOK_MOST	64	/* jobs looked at before others have a turn */
#define FAULT_PAUSE_MS	60000	/* memory */
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
