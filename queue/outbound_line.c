/*
 * outbound_line.c - what leaves waits for the line
 *
 * A job that is due while the line bars it goes from its destination's heap into
 * one of three here, by how long it has waited: ordinary mail, what is large and
 * waits for the night, urgent mail (which waits only where nothing at all is to
 * be carried).  It comes back when the line opens for it.  Of a closed line,
 * ordinary mail leaves all the same when so many messages wait, or the first of
 * them so long.  A job that waits here was not tried: nothing is counted.  The
 * host of a gateway domain is not at the end of the line: its mail never waits.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/zone.h"
#include "lib/message/urgency.h"
#include "queue/outbound_desk.h"
#include "queue/outbound_inside.h"

#define STEP_MOST	256	/* let go before others have a turn */
#define FAULT_PAUSE_MS	60000
/* A key is the moment since which it waits, by a clock that nobody puts back. */
#define KEY_OF_START	(UINT64_C(1) << 62)

static const struct outbound_line *
plan_of(const struct outbound *outbound)
{
	return &outbound->conductor->options.outbound_line;
}

/* How it stands */

bool
out_line_bars(const struct outbound *outbound, const struct out_job *job)
{
	const struct line_state *state = &outbound->line.state;

	if (!plan_of(outbound)->governs ||
	    out_dest_is_gateway(outbound, job->key.dest))
		return false;
	if (job->is_urgent || job->passes)
		return state->urgent_waits;
	return state->wait != LINE_WAIT_NONE ||
	    (job->is_large && state->large_waits);
}

/* Something in that heap may leave because the line is open for it. */
static bool
is_open_for(const struct out_line *line, const struct heap *heap)
{
	if (heap == &line->urgent)
		return !line->state.urgent_waits;
	return line->state.wait == LINE_WAIT_NONE &&
	    (heap == &line->waiting || !line->state.large_waits);
}

struct line_waits
out_line_waits(const struct outbound *outbound, const struct out_job *job)
{
	const struct out_line *line = &outbound->line;
	bool is_night = job->line == &line->large &&
	    (line->state.large_waits || line->state.wait == LINE_WAIT_NONE) &&
	    line->state.wait <= LINE_WAIT_WINDOW;

	if (job->line == NULL || job->line == &outbound->wayless)
		return (struct line_waits){ .wait = LINE_WAIT_NONE };
	return (struct line_waits){
		.wait = is_night ? LINE_WAIT_WINDOW : line->state.wait,
		.for_night = is_night,
		.until_utc_ms = is_night ? line->state.large_until_utc_ms :
		    line->state.until_utc_ms
	};
}

struct line_waits
conductor_line_waits(const struct conductor *conductor,
    const struct rows_outbound *row)
{
	const struct outbound *outbound = conductor->outbound;
	const struct out_job *job = plan_of(outbound)->governs &&
	    row->state == OUTBOUND_WAITING ? out_job_of(outbound, row) : NULL;

	return job != NULL ? out_line_waits(outbound, job) :
	    (struct line_waits){ .wait = LINE_WAIT_NONE };
}

int64_t
outbound_begun_utc_ms(const struct conductor *conductor,
    const struct rows_outbound *row)
{
	return conductor->options.outbound_line.governs &&
	    row->first_try_utc_ms != 0 &&
	    out_gateway(conductor->outbound, row) == NULL ?
	    row->first_try_utc_ms : row->since_utc_ms;
}

/* Waiting */

static void
tell(const struct outbound *outbound, const struct out_job *job)
{
	static const char *const words[LINE_WAIT_COUNT] = {
		[LINE_WAIT_WINDOW] = "waits for the line, which opens ",
		[LINE_WAIT_SPENT] = "waits for the line, whose bytes of this "
		    "month are spent, until ",
	};
	const struct line_waits waits = out_line_waits(outbound, job);
	const char *dest = job->key.dest->name;
	TEXT_AUTO detail = TEXT_INIT(TRAIL_LINE_BYTES);
	struct trail_step step = {
		.at_utc_ms = clock_utc_ms(), .id = job->key.id,
		.word = TRAIL_WAITING
	};

	/* what an earlier life has told; what is known in a moment */
	if (job->ready_utc_ms < outbound->line.since_utc_ms ||
	    waits.wait == LINE_WAIT_UNKNOWN || words[waits.wait] == NULL)
		return;
	text_add_str(&detail, waits.for_night ? "is larger than what leaves "
	    "by day: waits for the night, which begins " :
	    words[waits.wait]);
	if (waits.until_utc_ms != 0)
		zone_write(&detail, waits.until_utc_ms);
	else
		text_add_str(&detail, "by hand only");
	if (dest[0] != '\0' && dest[0] != '>' && dest[0] != '=')
		text_addf(&detail, "; for %s", dest);
	step.detail = text_slice(&detail);
	trail_add(outbound->conductor->trail, &step);
}

/*
 * Of a closed line: so long until what waits leaves all the same; UINT64_MAX: it
 * does not.
 */
static uint64_t
leaves_in_ms(const struct outbound *outbound)
{
	const struct outbound_line *plan = plan_of(outbound);
	const struct out_line *line = &outbound->line;
	const struct heap_entry *first = heap_first(&line->waiting);
	const uint64_t most = (uint64_t)plan->seconds * 1000;
	uint64_t waited;

	if (line->state.wait != LINE_WAIT_WINDOW || first == NULL)
		return UINT64_MAX;
	if (line->leaving > 0 || (plan->messages > 0 &&
	    line->waiting.count >= plan->messages))
		return 0;
	if (most == 0)
		return UINT64_MAX;
	waited = KEY_OF_START + clock_ms() - first->key;
	return waited < most ? most - waited : 0;
}

/* The heap whose first may leave since the line is open for it, or NULL. */
static struct heap *
free_heap(struct out_line *line)
{
	struct heap *heaps[] = { &line->urgent, &line->waiting, &line->large };

	for (size_t i = 0; i < sizeof(heaps) / sizeof(heaps[0]); i++)
		if (heaps[i]->count > 0 && is_open_for(line, heaps[i]))
			return heaps[i];
	return NULL;
}

static void
set_timer(struct outbound *outbound)
{
	uint64_t in_ms = leaves_in_ms(outbound);

	if (free_heap(&outbound->line) != NULL)
		in_ms = 0;
	if (in_ms != UINT64_MAX)
		timer_set(outbound->line.timer, in_ms);
	else
		timer_stop(outbound->line.timer);
}

void
out_line_wait(struct outbound *outbound, struct out_job *job)
{
	struct out_line *line = &outbound->line;
	struct out_dest *dest = job->key.dest;
	int64_t now = clock_utc_ms(), since = job->ready_utc_ms;
	uint64_t waited;
	struct heap *heap = job->is_urgent || job->passes ? &line->urgent :
	    job->is_large ? &line->large : &line->waiting;

	/* the clock on the wall may have been put back */
	waited = since > now || since < 0 ? 0 : (uint64_t)(now - since);
	if (heap_put(heap, &job->due, KEY_OF_START + clock_ms() - waited) < 0) {
		out_again(outbound, job, clock_ms() + FAULT_PAUSE_MS);
		return;
	}
	job->line = heap;
	dest->waiting++;
	tell(outbound, job);
	out_dest_place(outbound, dest);
	/* it may be the last of so many */
	set_timer(outbound);
}

void
out_line_leave(struct out_job *job)
{
	heap_take(job->line, &job->due);
	job->line = NULL;
	job->key.dest->waiting--;
}

static void
let_go(struct outbound *outbound, struct out_job *job)
{
	out_line_leave(job);
	out_again(outbound, job, clock_ms());
}

void
out_line_pass(struct outbound *outbound, struct out_job *job)
{
	job->passes = true;
	if (job->line != NULL)
		let_go(outbound, job);
}

void
out_line_check(struct outbound *outbound, struct out_job *job)
{
	struct heap *heap = job->line;
	uint64_t since = job->due.key;
	struct out_try *try;
	int r;

	if (heap == NULL || heap == &outbound->wayless)
		return;
	out_line_leave(job);
	r = out_try_rows(outbound, job, &try);
	if (r == -ENOENT) {
		out_job_free(outbound, job);
	} else if (r == -EAGAIN) {
		out_again(outbound, job, job->due.key);
	} else if (heap_put(heap, &job->due, since) < 0) {
		out_again(outbound, job, clock_ms() + FAULT_PAUSE_MS);
	} else {
		job->line = heap;
		job->key.dest->waiting++;
	}
	if (r == 0)
		out_try_free(try);
}

/* Leaving */

/* The next that may leave now, or NULL. */
static struct out_job *
next_to_leave(struct outbound *outbound)
{
	struct out_line *line = &outbound->line;
	struct heap *heap = free_heap(line);

	if (heap != NULL)
		return (struct out_job *)heap_first(heap);
	if (leaves_in_ms(outbound) > 0)
		return NULL;
	/* all that wait now, and not who comes while they leave */
	if (line->leaving == 0)
		line->leaving = line->waiting.count;
	line->leaving--;
	((struct out_job *)heap_first(&line->waiting))->passes = true;
	return (struct out_job *)heap_first(&line->waiting);
}

void
out_line_look(struct outbound *outbound)
{
	struct out_job *job;

	if (!plan_of(outbound)->governs)
		return;
	if (outbound->line.waiting.count == 0)
		outbound->line.leaving = 0;
	for (unsigned i = 0; i < STEP_MOST &&
	    (job = next_to_leave(outbound)) != NULL; i++)
		let_go(outbound, job);
	set_timer(outbound);
}

int
conductor_line(struct conductor *conductor, struct slice packed)
{
	struct outbound *outbound = conductor->outbound;
	int r = line_state_unpack(packed, &outbound->line.state);

	if (r < 0)
		return r;
	if (outbound->line.state.wait != LINE_WAIT_WINDOW)
		outbound->line.leaving = 0;
	out_pump(outbound);
	return 0;
}

/* Is it urgent? */

/* As much of it as may be its header.  0 or a negative errno. */
static int
read_header(const struct transit *transit, struct text *buffer,
    struct slice *header_out)
{
	struct conductor *conductor = transit->conductor;
	struct slice head;
	char *at;
	ssize_t n;
	int fd, r;

	if (!transit->is_big)
		return out_read(conductor, &transit->env.id, buffer, &head,
		    header_out);
	r = big_open(conductor->big, &transit->env.id, &fd);
	if (r < 0)
		return r;
	at = text_space(buffer, URGENCY_HEADER_BYTES);
	n = at == NULL ? -1 : pread(fd, at, URGENCY_HEADER_BYTES, 0);
	r = at == NULL ? -ENOMEM : n < 0 ? -errno : 0;
	(void)close(fd);
	*header_out = slice_of(at, r == 0 ? (size_t)n : 0);
	return r;
}

bool
out_line_is_urgent(const struct transit *transit)
{
	struct conductor *conductor = transit->conductor;
	const struct envelope *env = &transit->env;
	TEXT_AUTO buffer = TEXT_INIT(conductor->options.segment_bytes);
	struct slice header;
	int r;

	if (!conductor->options.outbound_line.governs)
		return false;
	/* a notice; of what is sent on for somebody, strangers have no say */
	if (env->source == SOURCE_OWN || env->sender_account == 0)
		return env->source == SOURCE_OWN && env->sender.len == 0;
	r = read_header(transit, &buffer, &header);
	if (r < 0)
		log_say("whether a message is urgent cannot be read: %s",
		    strerror(-r));
	return r == 0 && urgency_is_high(header);
}

/* Begin and end */

static void
on_time(void *arg)
{
	out_pump(arg);
}

int
out_line_open(struct outbound *outbound)
{
	struct out_line *line = &outbound->line;

	line->state = LINE_STATE_UNTOLD;
	line->since_utc_ms = clock_utc_ms();
	line->timer = timer_new(outbound->conductor->loop, on_time, outbound);
	return line->timer == NULL ? -ENOMEM : 0;
}

void
out_line_close(struct outbound *outbound)
{
	struct out_line *line = &outbound->line;

	heap_free(&line->waiting);
	heap_free(&line->large);
	heap_free(&line->urgent);
	timer_free(line->timer);
}
