/*
 * outbound_try.c - a message on its way to the relay, for one destination
 *
 * The rows say to whom, its record in the journal or its file in kept/ what; the
 * relay gets both, the bytes as a descriptor that nobody can write.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/memfd.h"
#include "lib/base/zone.h"
#include "queue/outbound_inside.h"
#include "queue/stamp.h"

/* A try's recipients, with addresses, domains and the last replies. */
#define TRY_BYTES	(512 * 1024)
#define ENOUGH		1	/* no fault: there are more */

void
out_try_free(struct out_try *try)
{
	LIST_REMOVE(try, next);
	arena_free(try->arena);
	free(try);
}

bool
out_is_trying(const struct outbound *outbound,
    const struct rows_outbound *row)
{
	size_t place;

	return out_sending(outbound, row, &place) != NULL;
}

static struct out_try *
try_new(struct outbound *outbound, struct out_job *job)
{
	struct out_try *try = calloc(1, sizeof(*try));

	if (try == NULL)
		return NULL;
	try->outbound = outbound;
	try->job = job;
	LIST_INSERT_HEAD(&outbound->tries, try, next);
	try->arena = arena_new(TRY_BYTES);
	try->later_ms = UINT64_MAX;
	if (try->arena != NULL) {
		try->rows = arena_array(try->arena, RELAY_RECIPIENTS,
		    sizeof(*try->rows));
		try->meanwhile = arena_array(try->arena, RELAY_RECIPIENTS,
		    sizeof(*try->meanwhile));
	}
	if (try->rows == NULL || try->meanwhile == NULL) {
		out_try_free(try);
		return NULL;
	}
	return try;
}

/*
 * A recipient of that destination who waits and is not being sent to: one that
 * was to go another way before may be.
 */
static bool
is_meant(const struct out_try *try, const struct rows_outbound *row)
{
	return row->state == OUTBOUND_WAITING &&
	    out_is_for(try->outbound, row, try->job->key.dest) &&
	    !out_is_trying(try->outbound, row);
}

static int
on_row(void *arg, const struct rows_outbound *row)
{
	struct out_try *try = arg;
	struct rows_outbound *kept = &try->rows[try->count];
	int r;

	if (!is_meant(try, row)) {
		if (row->state == OUTBOUND_WAITING &&
		    !out_is_trying(try->outbound, row))
			out_follow(try->outbound, row);
		return 0;
	}
	if (out_wait_ms(try->outbound, row) > 0 &&
	    row->last_try_utc_ms >= try->job->key.dest->asked_utc_ms) {
		uint64_t due_ms = out_due_ms(try->outbound, row);

		try->later_ms = due_ms < try->later_ms ? due_ms :
		    try->later_ms;
		return 0;
	}
	if (try->count == RELAY_RECIPIENTS) {
		try->has_more = true;
		return ENOUGH;
	}
	*kept = *row;
	r = arena_copy(try->arena, row->address, &kept->address);
	if (r == 0)
		r = arena_copy(try->arena, row->domain, &kept->domain);
	if (r == 0)
		r = arena_copy(try->arena, row->via, &kept->via);
	if (r == 0)
		r = arena_copy(try->arena, row->sender, &kept->sender);
	/* they are the last try's; what a list shows stands in the row */
	kept->status = kept->words = kept->host = slice_of("", 0);
	try->count += r == 0;
	return r;
}

/*
 * What was asked of DSN for it stands in the message's envelope; what stands there
 * of a list's copy was asked of the list.
 */
static struct recipient
recipient_of(const struct envelope *env, const struct rows_outbound *row)
{
	struct recipient rcpt = { .address = row->address };

	for (size_t i = 0; i < env->recipient_count; i++)
		if (env->recipients[i].account == 0 &&
		    slice_is(env->recipients[i].address, row->address)) {
			rcpt = env->recipients[i];
			break;
		}
	if ((rcpt.by & RECIPIENT_BY_LIST) != 0) {
		rcpt.notify = 0;
		rcpt.orcpt = slice_of(NULL, 0);
	}
	return rcpt;
}

/* One conversation has one sender, and the message one header. */
static bool
is_alike(const struct envelope *env, const struct recipient *one,
    const struct recipient *other)
{
	return one->by == other->by && slice_is(one->via, other->via) &&
	    slice_is(envelope_sender_of(env, one),
	    envelope_sender_of(env, other));
}

/* Those who come another way than the first have their own try, soon. */
static void
keep_alike(struct out_try *try, const struct envelope *env)
{
	const struct recipient first = recipient_of(env, &try->rows[0]);
	size_t kept = 0;

	for (size_t i = 0; i < try->count; i++) {
		const struct recipient one = recipient_of(env, &try->rows[i]);

		if (is_alike(env, &first, &one))
			try->rows[kept++] = try->rows[i];
	}
	try->has_more = try->has_more || kept < try->count;
	try->count = kept;
}

/* It is for a gateway's host, and there is none. */
static bool
is_hostless(const struct out_try *try)
{
	const struct gateway *gateway = out_gateway(try->outbound,
	    &try->rows[0]);

	return gateway != NULL && gateway->host[0] == '\0';
}

/* The connection that it goes on, or 0. */
static uint64_t
turn_of(const struct out_try *try)
{
	const struct gateway *gateway = out_gateway(try->outbound,
	    &try->rows[0]);

	return gateway == NULL ? 0 : out_turn_of(try->outbound,
	    slice_str(gateway->name));
}

/*
 * Nobody has taken it, and its last day has come.  What is due before that was
 * on its way when a queue ended, or the postmaster wants it sent: the relay says
 * what is known of it.
 */
static bool
is_unasked(const struct out_try *try)
{
	const struct gateway *gateway = out_gateway(try->outbound,
	    &try->rows[0]);

	return is_hostless(try) && turn_of(try) == 0 && clock_utc_ms() >=
	    out_last_day(gateway, try->rows[0].since_utc_ms);
}

static int
pack_job(const struct out_try *try, const struct transit *transit,
    struct text *packed)
{
	const struct conductor_options *options =
	    &transit->conductor->options;
	const struct envelope *env = &transit->env;
	const struct gateway *gateway = out_gateway(try->outbound,
	    &try->rows[0]);
	TEXT_AUTO trace = TEXT_INIT(STAMP_MAX_BYTES);
	TEXT_AUTO via = TEXT_INIT(OUTBOUND_VIA_BYTES);
	struct recipient rcpts[RELAY_RECIPIENTS];
	struct verdict verdict;
	const struct way *way = out_way(try->outbound, &try->rows[0]);
	struct relay_job job = {
		.id = env->id, .domain = way != NULL ? slice_of("", 0) :
		    try->rows[0].via.len > 0 ? try->rows[0].domain :
		    slice_str(try->job->key.dest->name),
		.via = try->rows[0].via,
		.way = way != NULL ? way->name : slice_of("", 0),
		.body = env->body, .utf8 = env->utf8,
		.ret = env->ret, .envid = env->envid, .bytes = env->bytes,
		.recipients = rcpts, .recipient_count = try->count
	};

	job.by_turn = is_hostless(try);
	job.turn = try->turn;
	if (gateway != NULL && !job.by_turn) {
		text_addf(&via, "%s:%u", gateway->host, gateway->port);
		job.via = text_slice(&via);
	}
	for (size_t i = 0; i < try->count; i++)
		rcpts[i] = recipient_of(env, &try->rows[i]);
	if (verdict_unpack(transit->packed_verdict, &verdict) < 0)
		return -EBADMSG;
	job.sender = envelope_sender_of(env, &rcpts[0]);
	stamp_way(&trace, env, &rcpts[0]);
	/* RFC 5321 7.2: who else gets it is nobody's business */
	stamp_leaving(&trace, env, try->count == 1 &&
	    env->recipient_count == 1 ? &rcpts[0] : NULL, &verdict,
	    options->hostname, zone_minutes(env->received_at_utc_ms));
	job.trace = text_slice(&trace);
	relay_job_pack(packed, &job);
	return text_failed(&trace) || text_failed(&via) ||
	    text_failed(packed) ? -ENOMEM : 0;
}

/* Its bytes, that nobody can write. */
static int
open_bytes(const struct transit *transit, struct slice bytes, int *fd_out)
{
	int fd;

	if (transit->is_big)
		return big_open(transit->conductor->big, &transit->env.id,
		    fd_out);
	if (bytes.len != transit->env.bytes)
		return -EBADMSG;
	fd = memfd_of("letter", bytes);
	if (fd < 0)
		return fd;
	*fd_out = fd;
	return 0;
}

static int
hand_over(struct out_try *try, const struct transit *transit,
    struct slice bytes)
{
	struct conductor *conductor = transit->conductor;
	TEXT_AUTO packed = TEXT_INIT(RELAY_JOB_BYTES);
	int fd = -1, r;

	r = open_bytes(transit, bytes, &fd);
	if (r == 0)
		r = pack_job(try, transit, &packed);
	if (r == 0)
		r = conductor->ports.relay(conductor->ports.arg, try,
		    text_slice(&packed), fd);
	if (fd >= 0)
		(void)close(fd);
	return r;
}

static int
read_and_hand_over(struct out_try *try)
{
	struct conductor *conductor = try->outbound->conductor;
	TEXT_AUTO buffer = TEXT_INIT(conductor->options.segment_bytes);
	struct slice head, bytes;
	struct transit *transit;
	int r;

	r = out_read(conductor, &try->job->key.id, &buffer, &head, &bytes);
	if (r == 0)
		r = head_unpack(conductor, head, &transit);
	if (r < 0)
		return r;
	keep_alike(try, &transit->env);
	r = hand_over(try, transit, bytes);
	transit_free(transit);
	return r;
}

/* No waiting mends its bytes: the postmaster is to look at it. */
static int
hold_damaged(struct outbound *outbound, const struct message_id *id, int error)
{
	struct conductor *conductor = outbound->conductor;
	char words[MESSAGE_ID_CHARS + 1];
	const struct trail_step step = {
		.at_utc_ms = clock_utc_ms(), .id = *id, .word = TRAIL_HELD,
		.detail = SLICE("its bytes here are damaged")
	};
	int r;

	message_id_write(id, words);
	log_say("message %s cannot be sent: its bytes, in the journal or the "
	    "folder kept: %s", words, strerror(-error));
	r = rows_outbound_move(conductor->rows, id, OUTBOUND_WAITING,
	    OUTBOUND_HELD, clock_utc_ms());
	if (r == 0)
		trail_add(conductor->trail, &step);
	return r < 0 ? r : -ENOENT;
}

int
out_try_rows(struct outbound *outbound, struct out_job *job,
    struct out_try **try_out)
{
	struct out_try *try = try_new(outbound, job);
	int r;

	if (try == NULL)
		return -ENOMEM;
	r = rows_outbound_of(outbound->conductor->rows, &job->key.id, on_row,
	    try);
	if (r >= 0 && try->count > 0) {
		*try_out = try;
		return 0;
	}
	if (r >= 0 && try->later_ms < UINT64_MAX) {
		job->due.key = try->later_ms;
		r = -EAGAIN;
	}
	out_try_free(try);
	return r < 0 ? r : -ENOENT;
}

/*
 * What was asked for before its time is due from now on: a queue that ends asks
 * the relay again, which knows what the host said of it.  0 or -errno.
 */
static int
note_due(struct out_try *try)
{
	int64_t now = clock_utc_ms();
	bool is_early = false;

	for (size_t i = 0; i < try->count; i++)
		if (try->rows[i].next_try_utc_ms > now) {
			try->rows[i].next_try_utc_ms = now;
			is_early = true;
		}
	return is_early ? rows_outbound_due(try->outbound->conductor->rows,
	    try->rows, try->count) : 0;
}

int
out_try_begin(struct outbound *outbound, struct out_job *job)
{
	struct out_try *try;
	int r = out_try_rows(outbound, job, &try);

	if (r < 0)
		return r;
	if (is_unasked(try)) {
		out_try_unasked(try);
		return OUT_TRY_OVER;
	}
	try->turn = turn_of(try);
	out_count(try, 1);
	r = note_due(try);
	if (r == 0)
		r = read_and_hand_over(try);
	if (r == 0)
		return 0;
	out_count(try, -1);
	out_try_free(try);
	if (r == -EBADMSG || r == -ENOENT || r == -EPROTO || r == -EIO)
		return hold_damaged(outbound, &job->key.id, r);
	if (r != -ENOTCONN && r != -ECONNRESET && r != -EPIPE)
		log_say("a message cannot leave now: %s", strerror(-r));
	return r;
}
