/*
 * outbound.c - the destinations of what leaves, and their clock
 */
#include "queue/fate.h"
#include "queue/outbound_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/message/path.h"

#define FAULT_PAUSE_MS	60000	/* memory, disk: not the host's fault */
#define RELAY_PAUSE_MS	1000	/* it is just going: the next one comes */
#define RESTING_MOST	1000	/* quick ones that are remembered */
#define QUICK_SHARE	4	/* one conversation of so many is for them */
#define STEP_MOST	64	/* jobs looked at before others have a turn */

uint64_t
out_wait_ms(const struct outbound *outbound, const struct rows_outbound *row)
{
	const struct gateway *gateway = out_gateway(outbound, row);
	int64_t wait, most;

	if (__builtin_sub_overflow(row->next_try_utc_ms, clock_utc_ms(),
	    &wait) || wait < 0)
		return 0;
	if (gateway == NULL || !gateway->waits)
		return wait > OUTBOUND_WAIT_MOST_MS ? 0 : (uint64_t)wait;
	/* it waits to be asked for: too long does no harm */
	most = out_last_day(gateway, 0);
	return (uint64_t)(wait < most ? wait : most);
}

uint64_t
out_due_ms(const struct outbound *outbound, const struct rows_outbound *row)
{
	return clock_ms() + out_wait_ms(outbound, row);
}

/* Destinations */

#define DEST_BYTES	(ROWS_ADDRESS_BYTES + 1)	/* ">" and OUTBOUND_VIA_BYTES */

/* The name of its destination. */
static size_t
dest_name(const struct outbound *outbound, const struct rows_outbound *row,
    char name[DEST_BYTES])
{
	const struct way *way = out_way(outbound, row);
	struct slice words = out_has_no_way(outbound, row) ?
	    slice_str(OUT_NO_WAY) : row->via.len > 0 ? row->via :
	    way != NULL ? way->name :
	    outbound->conductor->options.has_smarthost &&
	    out_gateway(outbound, row) == NULL ? slice_of("", 0) : row->domain;
	size_t n = row->via.len > 0 || way != NULL;

	name[0] = way != NULL ? '=' : '>';
	words = slice_first(words, DEST_BYTES - 1);
	if (words.len > 0)
		memcpy(name + n, words.at, words.len);
	return n + words.len;
}

static struct out_dest *
find_dest(const struct outbound *outbound, const char *name, size_t len)
{
	struct out_dest *dest;

	HASH_FIND(hh, outbound->dests, name, len, dest);
	return dest;
}

struct out_dest *
out_dest_find(const struct outbound *outbound, struct slice name)
{
	return find_dest(outbound, name.at, name.len);
}

bool
out_is_for(const struct outbound *outbound, const struct rows_outbound *row,
    const struct out_dest *dest)
{
	char name[DEST_BYTES];
	size_t len = dest_name(outbound, row, name);

	return slice_is_str(slice_of(name, len), dest->name);
}

static struct out_dest *
need_dest(struct outbound *outbound, const struct rows_outbound *row)
{
	char name[DEST_BYTES];
	size_t len = dest_name(outbound, row, name);
	struct out_dest *dest = find_dest(outbound, name, len);

	if (dest != NULL)
		return dest;
	dest = calloc(1, sizeof(*dest) + len + 1);
	if (dest == NULL)
		return NULL;
	dest->most = outbound->conductor->options.outbound_per_host;
	memcpy(dest->name, name, len);
	HASH_ADD_KEYPTR(hh, outbound->dests, dest->name, len, dest);
	if (dest->hh.tbl == NULL) {
		free(dest);
		return NULL;
	}
	return dest;
}

static struct heap *
heap_of(struct outbound *outbound, const struct out_dest *dest)
{
	return dest->is_quick ? &outbound->ready_quick :
	    dest->is_known ? &outbound->ready : &outbound->ready_new;
}

static void
dest_unplace(struct outbound *outbound, struct out_dest *dest)
{
	heap_take(heap_of(outbound, dest), &dest->ready);
}

static void
dest_free(struct outbound *outbound, struct out_dest *dest)
{
	dest_unplace(outbound, dest);
	outbound->resting -= dest->is_resting;
	HASH_DEL(outbound->dests, dest);
	heap_free(&dest->jobs);
	free(dest);
}

/* It has no job: that it is quick is worth remembering. */
static void
dest_rest(struct outbound *outbound, struct out_dest *dest)
{
	if (!dest->is_quick || (!dest->is_resting &&
	    outbound->resting >= RESTING_MOST)) {
		dest_free(outbound, dest);
		return;
	}
	outbound->resting += !dest->is_resting;
	dest->is_resting = true;
}

void
out_dest_place(struct outbound *outbound, struct out_dest *dest)
{
	const struct heap_entry *first = heap_first(&dest->jobs);
	uint64_t due;

	if (first == NULL || dest->active >= dest->most ||
	    out_turn_is_busy(outbound, dest)) {
		dest_unplace(outbound, dest);
		if (first == NULL && dest->active == 0 && dest->waiting == 0)
			dest_rest(outbound, dest);
		return;
	}
	outbound->resting -= dest->is_resting;
	dest->is_resting = false;
	due = first->key > dest->not_before_ms ? first->key :
	    dest->not_before_ms;
	/* without memory it waits until another of its jobs moves */
	if (heap_put(heap_of(outbound, dest), &dest->ready, due) < 0)
		log_say("memory is out: mail for %s waits longer",
		    dest->name);
}

void
out_dest_learn(struct outbound *outbound, struct out_dest *dest,
    bool was_quick, bool took_any)
{
	unsigned most = outbound->conductor->options.outbound_per_host;

	dest_unplace(outbound, dest);
	dest->is_quick = was_quick;
	dest->is_known = true;
	/* a host that puts all off may have too many of ours */
	if (!took_any)
		dest->most = dest->most > 1 ? dest->most / 2 : 1;
	else if (dest->most < most)
		dest->most++;
}

void
out_end_pause(struct outbound *outbound, const struct rows_outbound *row)
{
	char name[DEST_BYTES];
	size_t len = dest_name(outbound, row, name);
	struct out_dest *dest = find_dest(outbound, name, len);

	if (dest == NULL || dest->not_before_ms == 0)
		return;
	dest->not_before_ms = 0;
	dest->failures = 0;
	out_dest_place(outbound, dest);
}

/* Jobs */

static struct out_job *
find_job(const struct outbound *outbound, struct out_dest *dest,
    const struct message_id *id)
{
	struct out_key key;
	struct out_job *job;

	memset(&key, 0, sizeof(key));	/* what is between is looked at, too */
	key.dest = dest;
	key.id = *id;
	HASH_FIND(hh, outbound->jobs, &key, sizeof(key), job);
	return job;
}

struct out_job *
out_job_of(const struct outbound *outbound, const struct rows_outbound *row)
{
	char name[DEST_BYTES];
	size_t len = dest_name(outbound, row, name);
	struct out_dest *dest = find_dest(outbound, name, len);

	return dest == NULL ? NULL : find_job(outbound, dest, &row->id);
}

bool
out_has_job(const struct outbound *outbound, const struct rows_outbound *row)
{
	return out_job_of(outbound, row) != NULL;
}

static struct out_job *
job_new(struct outbound *outbound, struct out_dest *dest,
    const struct message_id *id)
{
	struct out_job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	job->key.dest = dest;
	job->key.id = *id;
	HASH_ADD(hh, outbound->jobs, key, sizeof(job->key), job);
	if (job->hh.tbl == NULL) {
		free(job);
		return NULL;
	}
	return job;
}

/* What its row says of it, for the line. */
static void
note_row(const struct outbound *outbound, struct out_job *job,
    const struct rows_outbound *row)
{
	job->ready_utc_ms = row->next_try_utc_ms;
	job->is_urgent = row->is_urgent;
	job->is_large = row->bytes >
	    outbound->conductor->options.outbound_line.most_bytes;
}

/* It is being tried: what is due is looked at again when that is over. */
static void
look_again(struct outbound *outbound, const struct out_job *job)
{
	struct out_try *try;

	LIST_FOREACH(try, &outbound->tries, next)
		if (try->job == job)
			try->has_more = true;
}

int
out_add(struct outbound *outbound, const struct rows_outbound *row,
    uint64_t due_ms)
{
	struct out_dest *dest = need_dest(outbound, row);
	struct out_job *job;

	if (dest == NULL)
		return -ENOMEM;
	job = find_job(outbound, dest, &row->id);
	if (job != NULL && job->line != NULL)
		return 0;	/* it is due; the line, or a way, is not there */
	if (job != NULL && heap_has(&job->due)) {
		if (due_ms < job->due.key)
			out_again(outbound, job, due_ms);
		return 0;
	}
	if (job != NULL) {
		look_again(outbound, job);
		return 0;
	}
	job = job_new(outbound, dest, &row->id);
	if (job == NULL) {
		out_dest_place(outbound, dest);
		return -ENOMEM;
	}
	note_row(outbound, job, row);
	if (heap_put(&dest->jobs, &job->due, due_ms) < 0) {
		out_job_free(outbound, job);
		return -ENOMEM;
	}
	out_dest_place(outbound, dest);
	return 0;
}

struct out_try *
out_sending(const struct outbound *outbound, const struct rows_outbound *row,
    size_t *place_out)
{
	struct out_try *try;

	LIST_FOREACH(try, &outbound->tries, next) {
		if (message_id_order(&try->job->key.id, &row->id) != 0)
			continue;
		for (size_t i = 0; i < try->count; i++)
			if (slice_is(try->rows[i].address, row->address)) {
				*place_out = i;
				return try;
			}
	}
	return NULL;
}

void
out_again(struct outbound *outbound, struct out_job *job, uint64_t due_ms)
{
	uint64_t now = clock_ms();

	job->ready_utc_ms = clock_utc_ms() +
	    (due_ms > now ? (int64_t)(due_ms - now) : 0);
	/* it was in there a moment ago, so there is room */
	if (heap_put(&job->key.dest->jobs, &job->due, due_ms) < 0) {
		log_say("memory is out: a message waits for the next start");
		out_job_free(outbound, job);
		return;
	}
	out_dest_place(outbound, job->key.dest);
}

void
out_job_free(struct outbound *outbound, struct out_job *job)
{
	struct out_dest *dest = job->key.dest;

	if (job->line != NULL)
		out_line_leave(job);
	heap_take(&dest->jobs, &job->due);
	HASH_DEL(outbound->jobs, job);
	free(job);
	out_dest_place(outbound, dest);
}

/* The clock */

/* One of each so many is left to those that were quick the last time. */
static unsigned
slow_most(const struct outbound *outbound)
{
	unsigned most = outbound->conductor->options.outbound_most;

	return most - most / QUICK_SHARE;
}

static struct heap_entry *
earlier(struct heap_entry *one, struct heap_entry *other)
{
	return one == NULL || (other != NULL && other->key < one->key) ?
	    other : one;
}

/*
 * The first to be tried, now or later, of those that may; or NULL.  Of many slow
 * ones some is due at any time: whoever was not is not behind them.
 */
static struct heap_entry *
first_ready(struct outbound *outbound)
{
	struct heap_entry *quick = heap_first(&outbound->ready_quick), *first;

	if (outbound->active >= outbound->conductor->options.outbound_most)
		return NULL;
	if (outbound->slow >= slow_most(outbound))
		return quick;
	first = earlier(quick, heap_first(&outbound->ready_new));
	if (first != NULL && first->key <= clock_ms())
		return first;
	return earlier(first, heap_first(&outbound->ready));
}

static void
set_timer(struct outbound *outbound)
{
	const struct heap_entry *first = first_ready(outbound);
	uint64_t now = clock_ms();

	timer_stop(outbound->timer);
	if (first == NULL || !outbound->is_up || !outbound->has_gateways)
		return;
	timer_set(outbound->timer, first->key > now ? first->key - now : 0);
}

void
out_count(struct out_try *try, int conversations)
{
	struct outbound *outbound = try->outbound;
	unsigned n = (unsigned)conversations;

	if (conversations > 0) {
		try->since_ms = clock_ms();
		try->is_quick = try->job->key.dest->is_quick;
	}
	try->job->key.dest->active += n;
	outbound->active += n;
	if (!try->is_quick)
		outbound->slow += n;
	if (try->turn != 0)
		out_turn_count(outbound, try->turn, conversations);
}

/* What was begun as quick, and is not. */
static void
note_slow(struct outbound *outbound)
{
	struct out_try *try;

	LIST_FOREACH(try, &outbound->tries, next)
		if (try->is_quick &&
		    clock_ms() - try->since_ms >= OUT_QUICK_MS) {
			try->is_quick = false;
			outbound->slow++;
		}
}

static bool
is_relay_gone(int r)
{
	return r == -ENOTCONN || r == -ECONNRESET || r == -EPIPE;
}

void
out_put_off(struct outbound *outbound, struct out_job *job, int error)
{
	if (error == -ENOENT)
		out_job_free(outbound, job);
	else if (error == -EAGAIN)
		out_again(outbound, job, job->due.key);
	else
		out_again(outbound, job, clock_ms() + (is_relay_gone(error) ?
		    RELAY_PAUSE_MS : FAULT_PAUSE_MS));
}

/* The first job of that destination; it is under way, or put off, or waits. */
static void
try_first(struct outbound *outbound, struct out_dest *dest)
{
	struct out_job *job = (struct out_job *)heap_first(&dest->jobs);
	int r;

	if (out_turn_is_busy(outbound, dest)) {
		out_dest_place(outbound, dest);
		return;
	}
	heap_take(&dest->jobs, &job->due);
	if (out_way_bars(job)) {
		out_way_wait(outbound, job);
		return;
	}
	if (out_line_bars(outbound, job)) {
		out_line_wait(outbound, job);
		return;
	}
	dest->active++;		/* it stays, whatever comes of that */
	r = out_try_begin(outbound, job);
	dest->active--;
	if (r == 0)
		job->passes = false;
	if (r == 0 || r == OUT_TRY_OVER) {
		out_dest_place(outbound, dest);
		return;
	}
	out_put_off(outbound, job, r);
}

void
out_pump(struct outbound *outbound)
{
	struct heap_entry *first;
	bool is_looking;

	note_slow(outbound);
	is_looking = out_way_look(outbound);
	out_line_look(outbound);
	out_turns_look(outbound);
	/* what else is due is so a moment later, too: others have their turn */
	for (unsigned i = 0; i < STEP_MOST && outbound->is_up &&
	    outbound->has_gateways &&
	    !outbound->conductor->closing &&
	    (first = first_ready(outbound)) != NULL &&
	    first->key <= clock_ms(); i++)
		try_first(outbound, (struct out_dest *)first);
	set_timer(outbound);
	if (is_looking)
		timer_set(outbound->timer, 0);
}

static void
on_time(void *arg)
{
	out_pump(arg);
}

void
outbound_relay(struct outbound *outbound, bool is_up)
{
	outbound->is_up = is_up;
	out_pump(outbound);
}

void
conductor_relay_up(struct conductor *conductor, bool is_up)
{
	outbound_relay(conductor->outbound, is_up);
}

/* New ones */

/* The domain that is looked up; one that names nothing is tried as it stands. */
static int
domain_of(struct transit *transit, struct slice address,
    struct slice *domain_out)
{
	TEXT_AUTO normal = TEXT_INIT(ROWS_ADDRESS_BYTES * 2);
	struct slice domain = address;
	struct path path;

	if (address_parse(address, true, &path) == 0 &&
	    address_normal(&normal, path.local, path.domain) == 0)
		domain = text_slice(&normal);
	domain = slice_after(domain, slice_find_last(domain, '@') + 1);
	return arena_copy(transit->arena, slice_first(domain,
	    ROWS_ADDRESS_BYTES), domain_out);
}

/* Not to be sent: its sender is to hear that this list has it. */
static struct rows_outbound
list_row(const struct envelope *env, const struct recipient *rcpt)
{
	return (struct rows_outbound){ .id = env->id,
	    .state = OUTBOUND_RELAYED, .address = rcpt->via,
	    .notify = rcpt->notify, .account = env->sender_account,
	    .since_utc_ms = env->received_at_utc_ms,
	    .next_try_utc_ms = clock_utc_ms(), .sender = env->sender,
	    .bytes = env->bytes };
}

/* `list` has room for two of each recipient. */
static int
list_leaving(struct transit *transit, struct rows_outbound *list,
    size_t *count_out)
{
	const struct envelope *env = &transit->env;
	bool is_urgent = out_line_is_urgent(transit);
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < env->recipient_count; i++) {
		const struct recipient *rcpt = &env->recipients[i];

		if (rcpt->account != 0)
			continue;
		list[n] = (struct rows_outbound){ .id = env->id,
		    .address = rcpt->address, .notify = rcpt->notify,
		    .account = env->sender_account,
		    .since_utc_ms = env->received_at_utc_ms,
		    .next_try_utc_ms = clock_utc_ms(),
		    .sender = (rcpt->by & RECIPIENT_BY_LIST) != 0 ?
		    rcpt->sender : env->sender, .bytes = env->bytes,
		    .is_urgent = is_urgent };
		r = domain_of(transit, rcpt->address, &list[n].domain);
		out_first_try(transit, rcpt, &list[n]);
		/* what is asked of a list is told of that, and at once */
		if ((rcpt->by & RECIPIENT_BY_LIST) != 0 &&
		    rcpt->notify != 0) {
			list[n].notify = 0;
			list[n + 1] = list_row(env, rcpt);
			n++;
		}
		n++;
	}
	*count_out = n;
	return r;
}

int
out_on_row(void *arg, const struct rows_outbound *row)
{
	struct outbound *outbound = arg;

	if (row->state == OUTBOUND_FAILED || row->state == OUTBOUND_RELAYED ||
	    fate_is_late(outbound->conductor, row))
		fate_tell(outbound->conductor, &row->id);
	return row->state != OUTBOUND_WAITING ? 0 : out_add(outbound, row,
	    out_due_ms(outbound, row));
}

/* They were taken for a gateway that is none any more. */
static void
tell_held(struct conductor *conductor, struct rows_outbound *list,
    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].state == OUTBOUND_HELD) {
			list[i].words = slice_str("its domain is not a "
			    "gateway's any more");
			out_tell(conductor, &list[i], slice_of("", 0));
		}
}

/* What stands in the journal, and will, need not be written at once. */
static int
take_rows(const struct transit *transit, const struct rows_outbound *list,
    size_t count)
{
	struct conductor *conductor = transit->conductor;
	const struct message_id *id = &transit->env.id;
	uint64_t position = journal_next(conductor->journal);
	bool may_wait = !transit->is_kept && transit->keeping == NULL;
	int r;

	for (size_t i = 0; may_wait && i < count; i++)
		may_wait = !out_is_asked_for(conductor->outbound, &list[i]);
	if (may_wait) {
		r = rows_outbound_take_later(conductor->rows, id, position,
		    list, count);
		if (r == 0)
			out_unwritten(conductor->outbound);
		return r;
	}
	r = rows_outbound_take(conductor->rows, id, position, list, count);
	return r == 0 && transit->is_kept ? rows_sync(conductor->rows) : r;
}

/* Their rows; those of what stands in the journal come back with its record. */
static int
put_rows(struct transit *transit)
{
	struct rows_outbound *list;
	size_t count;
	int r;

	list = calloc(transit->env.recipient_count, 2 * sizeof(*list));
	if (list == NULL)
		return -ENOMEM;
	r = list_leaving(transit, list, &count);
	if (r == 0)
		r = take_rows(transit, list, count);
	if (r == 0)
		tell_held(transit->conductor, list, count);
	free(list);
	return r;
}

static int
take(struct transit *transit)
{
	struct conductor *conductor = transit->conductor;
	int r = transit->is_kept ? 0 :
	    out_record_add(transit, transit->position);

	if (r == 0)
		r = put_rows(transit);
	if (r == 0) {
		transit->leaves = false;
		conductor->leaving--;
	}
	if (r == 0 && rows_outbound_of(conductor->rows, &transit->env.id,
	    out_on_row, conductor->outbound) != 0)
		log_say("a message leaves after the next start");
	if (r == 0)
		timer_set(conductor->outbound->timer, 0);
	return r;
}

void
outbound_begin(struct transit *transit)
{
	int r;

	/* the keeper says first where it goes */
	if (!transit->conductor->outbound->has_gateways)
		return;
	r = take(transit);
	if (r < 0)
		log_say("what leaves cannot be noted now: %s", strerror(-r));
	else if (transit->unsettled == 0 && transit->keeping == NULL)
		deliver_end(transit);
	else if (transit->undelivered == 0)
		transit_close_bytes(transit);
}

const struct outbound_plan *
outbound_plan_of(const struct conductor *conductor, struct slice domain)
{
	const struct conductor_options *options = &conductor->options;

	return outbound_plan_for(&options->outbound_plan,
	    options->outbound_domains, options->outbound_domain_count, domain);
}

/* Begin and end */

int
outbound_open(struct conductor *conductor)
{
	struct outbound *outbound = calloc(1, sizeof(*outbound));

	if (outbound == NULL)
		return -ENOMEM;
	conductor->outbound = outbound;
	outbound->conductor = conductor;
	outbound->ways_told = 1;
	LIST_INIT(&outbound->tries);
	TAILQ_INIT(&outbound->standing);
	LIST_INIT(&outbound->turns);
	/* a relay may know numbers of the last queue yet */
	outbound->last_turn = (uint64_t)clock_utc_ms() << 10;
	outbound->timer = timer_new(conductor->loop, on_time, outbound);
	return outbound->timer == NULL || out_way_open(outbound) < 0 ||
	    out_line_open(outbound) < 0 || out_sync_open(outbound) < 0 ||
	    out_gateways_open(outbound) < 0 ? -ENOMEM : 0;
}

void
outbound_close(struct outbound *outbound)
{
	struct out_dest *dest, *next_dest;
	struct out_job *job, *next_job;
	struct out_try *try;

	if (outbound == NULL)
		return;
	while ((try = LIST_FIRST(&outbound->tries)) != NULL)
		out_try_free(try);
	HASH_ITER(hh, outbound->jobs, job, next_job) {
		HASH_DEL(outbound->jobs, job);
		free(job);
	}
	HASH_ITER(hh, outbound->dests, dest, next_dest)
		dest_free(outbound, dest);
	heap_free(&outbound->ready);
	heap_free(&outbound->ready_quick);
	heap_free(&outbound->ready_new);
	out_way_close(outbound);
	out_line_close(outbound);
	out_sync_close(outbound);
	out_records_close(outbound);
	timer_free(outbound->timer);
	arena_free(outbound->ways_arena);
	out_turns_free(outbound);
	out_gateways_close(outbound);
	free(outbound);
}
