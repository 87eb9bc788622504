/*
 * outbound_tried.c - what came of a try
 *
 * Each recipient's reply is noted in one commit and told in the trail (and made
 * durable with others, outbound_sync.c); those that were put off wait, longer and
 * longer, until their time is over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/zone.h"
#include "queue/fate.h"
#include "queue/outbound_inside.h"

#define RELAY_LOST_MS	1000	/* the next one is there in a moment */
#define NO_TRY_MS	5000	/* it has no room, or no resolver */
#define HOST_PAUSE_MS	60000	/* of a host that cannot be spoken with */
#define HOST_PAUSES	4	/* each twice as long: 16 minutes at most */
#define LINE_OPEN_MS	3600000	/* some host was reached: the line is open */
#define SHARING_MOST	64	/* messages at a time: some ms */
#define RESULT_ARENA	(256 * 1024)

bool
out_is_being_kept(const struct conductor *conductor, const struct message_id *id)
{
	const struct transit *transit;

	TAILQ_FOREACH(transit, &conductor->received, next)
		if (transit->keeping != NULL &&
		    message_id_order(&transit->env.id, id) == 0)
			return true;
	return false;
}

void
out_drop_file(struct conductor *conductor, const struct message_id *id)
{
	int r = rows_outbound_has(conductor->rows, id);
	bool is_small = false;

	if (r == -ENOENT) {
		is_small = out_record_end(conductor->outbound, id);
		r = rows_is_kept(conductor->rows, id);
	}
	if (r != -ENOENT || out_is_being_kept(conductor, id) ||
	    outbound_is_writing(conductor, id))
		return;		/* somebody waits for it, or nobody can say */
	r = kept_drop(conductor->kept_fd, id);
	if (r == 0 && !is_small &&
	    conductor_big_is_known(conductor, id) == -ENOENT) {
		r = big_drop(conductor->big, id);
		if (r == 0)
			bodies_gone(conductor, id);
	}
	if (r < 0)
		log_say("the file of a message that was sent stays until the "
		    "next start: %s", strerror(-r));
}

/* Words */

static void
add_reply(struct text *detail, const struct rows_outbound *row)
{
	if (row->host.len > 0) {
		text_add(detail, row->host);
		text_add_str(detail, ": ");
	}
	if (row->code != 0)
		text_addf(detail, "%u ", row->code);
	if (row->status.len > 0) {
		text_add(detail, row->status);
		text_add_byte(detail, ' ');
	}
	text_add(detail, row->words);
}

/* What the postmaster has done while it was being sent. */
static void
add_meanwhile(struct text *detail, enum outbound_state meanwhile, bool is_sent)
{
	static const char *const words[OUTBOUND_STATE_COUNT] = {
		[OUTBOUND_HELD] = "held", [OUTBOUND_DONE] = "removed",
	};

	if (meanwhile == OUTBOUND_WAITING)
		return;
	text_addf(detail, "it was %s while it was being sent%s; ",
	    words[meanwhile], is_sent ? ", which was too late" : "");
}

/*
 * What a host said, and what that means, is one line.  `dest`: where it was to go,
 * or NULL.
 */
static void
tell(struct conductor *conductor, const struct rows_outbound *row,
    const struct out_dest *dest, enum outbound_state meanwhile, bool is_sent,
    struct slice tls)
{
	static const enum trail_word words[OUTBOUND_STATE_COUNT] = {
		[OUTBOUND_WAITING] = TRAIL_WAITING,
		[OUTBOUND_HELD] = TRAIL_HELD,
		[OUTBOUND_FAILED] = TRAIL_FAILED,
		[OUTBOUND_DONE] = TRAIL_SENT,
		[OUTBOUND_RELAYED] = TRAIL_SENT,
	};
	TEXT_AUTO detail = TEXT_INIT(TRAIL_LINE_BYTES);
	struct trail_step step = {
		.at_utc_ms = clock_utc_ms(), .id = row->id,
		.word = row->state == OUTBOUND_DONE && !is_sent ?
		    TRAIL_DELETED : words[row->state], .address = row->address
	};

	add_meanwhile(&detail, meanwhile, is_sent);
	if (dest != NULL && dest->name[0] == '=')
		text_addf(&detail, "by the smarthost of %s; ",
		    dest->name + 1);
	/* when, before what was said: a long reply is cut */
	if (row->state == OUTBOUND_WAITING) {
		text_add_str(&detail, "next try ");
		zone_write(&detail, row->next_try_utc_ms);
		text_add_str(&detail, "; ");
	}
	if (is_sent) {
		text_add_str(&detail, tls.len > 0 ? "with " : "without TLS");
		text_add(&detail, tls);
		text_add_str(&detail, "; ");
	}
	add_reply(&detail, row);
	step.detail = text_slice(&detail);
	trail_add(conductor->trail, &step);
}

void
out_tell(struct conductor *conductor, const struct rows_outbound *row,
    struct slice tls)
{
	tell(conductor, row, NULL, OUTBOUND_WAITING,
	    row->state == OUTBOUND_DONE || row->state == OUTBOUND_RELAYED,
	    tls);
}

/* The line is open: what is not reached is not there, and not we. */
static bool
is_real(const struct outbound *outbound, const struct relay_result *result)
{
	return result->was_reached || (outbound->has_reached &&
	    clock_ms() - outbound->reached_ms < LINE_OPEN_MS);
}

static uint64_t
age_ms(const struct outbound *outbound, const struct rows_outbound *row)
{
	int64_t age = clock_utc_ms() - outbound_begun_utc_ms(
	    outbound->conductor, row);

	return age > 0 ? (uint64_t)age : 0;
}

/*
 * What the postmaster has said meanwhile stands, unless a host has it: then it
 * is sent, whatever was wished.
 */
static void
keep_wish(struct rows_outbound *row, enum outbound_state meanwhile)
{
	if (row->state != OUTBOUND_DONE && row->state != OUTBOUND_RELAYED &&
	    meanwhile != OUTBOUND_WAITING)
		row->state = meanwhile;
}

/* What waits to be asked for is over on its last day. */
static bool
is_over(const struct outbound *outbound, const struct rows_outbound *row)
{
	const struct gateway *gateway = out_gateway(outbound, row);
	struct outbound_plan plan = *outbound_plan_of(outbound->conductor,
	    row->domain);

	if (gateway == NULL)
		return outbound_is_over(&plan, age_ms(outbound, row),
		    row->tries);
	plan.days = gateway->days;
	return outbound_is_over(&plan, age_ms(outbound, row),
	    gateway->waits ? plan.least_tries : row->tries);
}

/* And until then it waits, if it is not that day already. */
static int64_t
next_try(const struct outbound *outbound, const struct rows_outbound *row)
{
	const struct gateway *gateway = out_gateway(outbound, row);
	int64_t usual = clock_utc_ms() + (int64_t)outbound_wait_ms(
	    outbound_plan_of(outbound->conductor, row->domain),
	    age_ms(outbound, row), row->tries);
	int64_t last = gateway == NULL ? 0 :
	    out_last_day(gateway, row->since_utc_ms);

	return gateway != NULL && gateway->waits && last > usual ? last :
	    usual;
}

/* One recipient's row after this try. */
static void
note_reply(const struct outbound *outbound, struct rows_outbound *row,
    const struct relay_result *result, const struct relay_reply *reply)
{
	static const enum outbound_state states[RELAY_OUTCOME_COUNT] = {
		[RELAY_DONE] = OUTBOUND_DONE,
		[RELAY_LATER] = OUTBOUND_WAITING,
		[RELAY_FAILED] = OUTBOUND_FAILED,
	};
	int64_t now = clock_utc_ms();

	row->state = states[reply->outcome];
	if (row->state == OUTBOUND_DONE && !result->has_dsn &&
	    (row->notify & NOTIFY_SUCCESS) != 0)
		row->state = OUTBOUND_RELAYED;
	row->code = reply->code;
	row->status = reply->status;
	row->words = reply->words;
	row->host = result->host;
	if (is_real(outbound, result)) {
		row->tries++;
		row->last_try_utc_ms = now;
		if (row->first_try_utc_ms == 0)
			row->first_try_utc_ms = now;
	}
	if (row->state == OUTBOUND_WAITING &&
	    is_real(outbound, result) && is_over(outbound, row))
		row->state = OUTBOUND_FAILED;
	/* of one that is over: when that was */
	row->next_try_utc_ms = row->state != OUTBOUND_WAITING ? now :
	    next_try(outbound, row);
}

/* A host that cannot be spoken with is left alone for a while. */
static void
note_host(struct outbound *outbound, struct out_dest *dest,
    const struct relay_result *result)
{
	unsigned shift;

	if (result->was_reached) {
		outbound->has_reached = true;
		outbound->reached_ms = clock_ms();
		dest->failures = 0;
		dest->not_before_ms = 0;
		return;
	}
	shift = dest->failures < HOST_PAUSES ? dest->failures : HOST_PAUSES;
	dest->failures++;
	dest->not_before_ms = clock_ms() + ((uint64_t)HOST_PAUSE_MS << shift);
}

/* When its next recipient is due; UINT64_MAX: none waits. */
static uint64_t
next_due(const struct out_try *try)
{
	uint64_t due = try->later_ms;

	for (size_t i = 0; i < try->count; i++)
		if (try->rows[i].state == OUTBOUND_WAITING &&
		    out_is_for(try->outbound, &try->rows[i],
		    try->job->key.dest) &&
		    out_due_ms(try->outbound, &try->rows[i]) < due)
			due = out_due_ms(try->outbound, &try->rows[i]);
	return try->has_more ? clock_ms() : due;
}

/* Its sender is to hear what this row has come to. */
static bool
is_told_of(const struct conductor *conductor, const struct rows_outbound *row)
{
	return row->state == OUTBOUND_FAILED ||
	    row->state == OUTBOUND_RELAYED || fate_is_late(conductor, row);
}

/* Those that go another way from now on have waited for this try's end. */
static void
go_elsewhere(struct out_try *try)
{
	for (size_t i = 0; i < try->count; i++)
		if (try->rows[i].state == OUTBOUND_WAITING &&
		    !out_is_for(try->outbound, &try->rows[i],
		    try->job->key.dest) &&
		    out_add(try->outbound, &try->rows[i], clock_ms()) < 0)
			log_say("memory is out: a message leaves after the "
			    "next start");
}

/* The try is over, its job is due again or done with. */
static void
let_go(struct out_try *try, uint64_t due, uint64_t number)
{
	struct outbound *outbound = try->outbound;
	struct out_job *job = try->job;
	struct out_said said = { .id = job->key.id, .number = number };
	bool is_final = false;

	for (size_t i = 0; i < try->count; i++) {
		said.is_told = said.is_told || is_told_of(outbound->conductor,
		    &try->rows[i]);
		is_final = is_final || try->rows[i].state != OUTBOUND_WAITING;
	}
	go_elsewhere(try);
	out_try_free(try);
	if (due == UINT64_MAX)
		out_job_free(outbound, job);
	else
		out_again(outbound, job, due);
	if (is_final)
		out_said_for_good(outbound, &said);
	else
		out_said(outbound, &said);
}

/* The rows stand as they are now: say so, and go on. */
static void
end_try(struct out_try *try, const struct relay_result *result, bool shared)
{
	for (size_t i = 0; i < try->count; i++)
		tell(try->outbound->conductor, &try->rows[i],
		    try->job->key.dest, try->meanwhile[i],
		    result->replies[shared ? 0 : i].outcome == RELAY_DONE,
		    result->tls);
	let_go(try, next_due(try), shared ? 0 : result->number);
}

/* It was no try: the same again in a moment. */
static void
again(struct out_try *try, uint64_t wait_ms, uint64_t number)
{
	for (size_t i = 0; i < try->count; i++)
		if (try->meanwhile[i] != OUTBOUND_WAITING)
			try->rows[i].state = try->meanwhile[i];
	let_go(try, clock_ms() + wait_ms, number);
}

/* The postmaster wants it to go another way, which has not been tried. */
static bool
is_rerouted(const struct out_try *try, const struct rows_outbound *row)
{
	const struct out_dest *dest = try->job->key.dest;

	return row->state == OUTBOUND_WAITING &&
	    (row->via.len > 0 || dest->name[0] == '>') &&
	    !out_is_for(try->outbound, row, dest);
}

/* Reply `i` is each one's, or all share the first. */
static void
note_all(struct out_try *try, const struct relay_result *result, bool shared)
{
	struct outbound *outbound = try->outbound;
	int r;

	for (size_t i = 0; i < try->count; i++) {
		note_reply(outbound, &try->rows[i], result,
		    &result->replies[shared ? 0 : i]);
		keep_wish(&try->rows[i], try->meanwhile[i]);
		if (is_rerouted(try, &try->rows[i]))
			try->rows[i].next_try_utc_ms = clock_utc_ms();
	}
	r = rows_outbound_tried(outbound->conductor->rows, try->rows,
	    try->count);
	if (r < 0) {
		log_say("what a host said cannot be noted: %s; it may get a "
		    "message twice", strerror(-r));
		again(try, HOST_PAUSE_MS, 0);
		return;
	}
	end_try(try, result, shared);
}

/*
 * No host of that destination can be spoken with: what is due there, too, has
 * been tried with this.  Else a thousand messages would wait for one another.
 */
static void
share_fate(struct outbound *outbound, struct out_dest *dest,
    const struct relay_result *result)
{
	struct out_job *job;
	struct out_try *try;
	int r;

	dest->active++;		/* it stays while we look at it */
	for (unsigned i = 0; i < SHARING_MOST; i++) {
		job = (struct out_job *)heap_first(&dest->jobs);
		if (job == NULL || job->due.key > clock_ms())
			break;
		heap_take(&dest->jobs, &job->due);
		if (out_line_bars(outbound, job)) {
			out_line_wait(outbound, job);
			continue;
		}
		r = out_try_rows(outbound, job, &try);
		if (r == 0)
			note_all(try, result, true);
		else
			out_put_off(outbound, job, r);
	}
	dest->active--;
	out_dest_place(outbound, dest);
}

/* It says something final of some recipient: it does not put all off. */
static bool
takes_any(const struct relay_result *result)
{
	for (size_t i = 0; i < result->count; i++)
		if (result->replies[i].outcome != RELAY_LATER)
			return true;
	return false;
}

static void
tried(struct out_try *try, const struct relay_result *result)
{
	struct outbound *outbound = try->outbound;
	struct out_dest *dest = try->job->key.dest;
	bool is_host = !result->was_reached && result->count > 0 &&
	    result->replies[0].outcome == RELAY_LATER;

	note_host(outbound, dest, result);
	out_dest_learn(outbound, dest, result->was_reached &&
	    clock_ms() - try->since_ms < OUT_QUICK_MS,
	    !result->was_reached || takes_any(result));
	dest->active++;
	note_all(try, result, false);
	dest->active--;
	if (is_host)
		share_fate(outbound, dest, result);
	else
		out_dest_place(outbound, dest);
}

/* It was to go on a connection that its host has made, and on no other. */
static bool
is_for_turn(const struct out_try *try)
{
	const struct gateway *gateway = out_gateway(try->outbound,
	    &try->rows[0]);

	return gateway != NULL && gateway->waits &&
	    (try->turn != 0 || gateway->host[0] == '\0');
}

/* That connection is gone: it waits for the next one. */
static void
wait_for_turn(struct out_try *try, uint64_t number)
{
	const struct gateway *gateway = out_gateway(try->outbound,
	    &try->rows[0]);
	uint64_t due_ms = UINT64_MAX;
	int r;

	for (size_t i = 0; i < try->count; i++) {
		struct rows_outbound *row = &try->rows[i];
		uint64_t last_ms;

		row->next_try_utc_ms = out_last_day(gateway,
		    row->since_utc_ms);
		if (try->meanwhile[i] != OUTBOUND_WAITING)
			row->state = try->meanwhile[i];
		last_ms = out_due_ms(try->outbound, row);
		due_ms = last_ms < due_ms ? last_ms : due_ms;
	}
	r = rows_outbound_due(try->outbound->conductor->rows, try->rows,
	    try->count);
	if (r < 0)
		log_say("that a message waits cannot be noted: %s",
		    strerror(-r));
	let_go(try, r < 0 ? clock_ms() + HOST_PAUSE_MS : due_ms, number);
}

void
conductor_relayed(struct conductor *conductor, void *ticket, int status,
    struct slice packed_result)
{
	ARENA_AUTO arena = arena_new(RESULT_ARENA);
	struct out_try *try = ticket;
	struct outbound *outbound = try->outbound;
	struct relay_result result = { .count = 0 };

	if (conductor->closing)
		return;
	out_count(try, -1);
	if (status == 0)
		status = arena == NULL ? -ENOMEM :
		    relay_result_unpack(arena, packed_result, &result);
	if (status == 0 && result.count == 0 && is_for_turn(try) &&
	    out_turn_of(outbound, try->rows[0].domain) == 0)
		wait_for_turn(try, result.number);
	else if (status == 0 && result.count == 0)
		again(try, NO_TRY_MS, result.number);
	else if (status == 0 && result.count == try->count)
		tried(try, &result);
	else if (status == -ECONNRESET && is_for_turn(try))
		wait_for_turn(try, 0);
	else
		again(try, status == -ECONNRESET ? RELAY_LOST_MS :
		    HOST_PAUSE_MS, 0);
	out_pump(outbound);
}

void
out_try_unasked(struct out_try *try)
{
	struct relay_reply reply = { .outcome = RELAY_LATER,
	    .status = SLICE("4.4.7"), .words = SLICE("nobody asked for it") };
	const struct relay_result result = { .was_reached = true,
	    .replies = &reply, .count = 1 };

	note_all(try, &result, true);
}
