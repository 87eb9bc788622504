/*
 * outbound_desk.c - the postmaster sees and moves what waits to leave
 *
 * A recipient who is being sent to right now is changed as any other, and the
 * try is told (out_try.meanwhile): when it ends, what was wished stands unless a
 * host has taken the message, and the trail says which it was.
 */
#include "queue/outbound_desk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "queue/fate.h"
#include "queue/outbound_inside.h"

#define ENOUGH		1	/* no fault: there are more */
#define ACT_BYTES	(DESK_CHANGED * (sizeof(struct rows_outbound) + \
			    sizeof(struct out_job *) + 2048))
#define GIVEN_UP	"given up by the postmaster"

/* Looking */

struct walk {
	struct conductor	*conductor;
	const struct desk_which	*which;
	struct desk_place	*place;
	unsigned		 looked, left;
	desk_fn			*fn;
	void			*arg;
};

static bool
is_meant(const struct desk_which *which, const struct rows_outbound *row)
{
	return (!which->has_state || which->state == row->state) &&
	    (!which->is_unrouted || row->via.len == 0) &&
	    (which->domain.len == 0 || slice_is(which->domain, row->domain)) &&
	    (which->sender.len == 0 ||
	    slice_is_nocase(which->sender, row->sender)) &&
	    (which->address.len == 0 ||
	    slice_is_nocase(which->address, row->address));
}

static int
on_row(void *arg, const struct rows_outbound *row)
{
	struct walk *walk = arg;
	int r;

	if (walk->which->has_id &&
	    message_id_order(&row->id, &walk->which->id) != 0)
		return 0;
	if (walk->looked == DESK_LOOKED || walk->left == 0)
		return ENOUGH;
	walk->looked++;
	if (is_meant(walk->which, row)) {
		walk->left--;
		r = walk->fn(walk->arg, row, out_is_trying(
		    walk->conductor->outbound, row));
		if (r < 0)
			return r;
	}
	walk->place->id = row->id;
	return slice_cstr(row->address, walk->place->address,
	    sizeof(walk->place->address));
}

/* Of one message all rows are read: those behind the place are looked at. */
static int
on_row_of(void *arg, const struct rows_outbound *row)
{
	struct walk *walk = arg;

	if (message_id_order(&row->id, &walk->place->id) == 0 &&
	    slice_order(row->address, slice_str(walk->place->address)) <= 0)
		return 0;
	return on_row(walk, row);
}

int
conductor_desk_list(struct conductor *conductor,
    const struct desk_which *which, struct desk_place *place, unsigned most,
    desk_fn *fn, void *arg)
{
	struct walk walk = { .conductor = conductor, .which = which,
	    .place = place, .left = most, .fn = fn, .arg = arg };
	const struct desk_place from = *place;	/* it moves on the way */

	if (which->has_id)
		return rows_outbound_of(conductor->rows, &which->id,
		    on_row_of, &walk);
	return rows_outbound_above(conductor->rows, &from.id,
	    slice_str(from.address), on_row, &walk);
}

int
conductor_desk_file(struct conductor *conductor, const struct message_id *id,
    desk_file_fn *fn, void *arg)
{
	TEXT_AUTO buffer = TEXT_INIT(conductor->options.segment_bytes);
	struct transit *transit = NULL;
	struct verdict verdict;
	struct slice head, bytes;
	int r;

	r = out_read(conductor, id, &buffer, &head, &bytes);
	if (r == 0)
		r = head_unpack(conductor, head, &transit);
	if (r == 0)
		r = verdict_unpack(transit->packed_verdict, &verdict);
	if (r == 0)
		r = fn(arg, transit, &verdict);
	transit_free(transit);
	return r;
}

/* Acting */

struct acting {
	struct conductor	*conductor;
	enum desk_act		 act;
	struct slice		 who, via;
	struct arena		*arena;
	struct rows_outbound	*rows;		/* as they will be */
	struct out_job		**jobs;		/* that had them; or NULL */
	size_t			 count;
	struct desk_done	 done;
};

static const bool can[DESK_ACT_COUNT][OUTBOUND_STATE_COUNT] = {
	[DESK_HOLD] = { [OUTBOUND_WAITING] = true },
	[DESK_RELEASE] = { [OUTBOUND_HELD] = true },
	[DESK_RETRY] = { [OUTBOUND_WAITING] = true },
	[DESK_REROUTE] = { [OUTBOUND_WAITING] = true, [OUTBOUND_HELD] = true },
	[DESK_BOUNCE] = { [OUTBOUND_WAITING] = true, [OUTBOUND_HELD] = true },
	[DESK_REMOVE] = { [OUTBOUND_WAITING] = true, [OUTBOUND_HELD] = true,
	    [OUTBOUND_FAILED] = true },
};

static void
add_reply(struct text *detail, const struct rows_outbound *row)
{
	if (row->words.len == 0)
		return;
	text_add_str(detail, "; last: ");
	if (row->host.len > 0) {
		text_add(detail, row->host);
		text_add_str(detail, ": ");
	}
	if (row->code != 0)
		text_addf(detail, "%u ", row->code);
	text_add(detail, row->words);
}

/* Why its sender is told that it will not come. */
static int
give_up(struct arena *arena, struct rows_outbound *row)
{
	TEXT_AUTO words = TEXT_INIT(2 * OUTBOUND_WORDS_BYTES);

	text_add_str(&words, GIVEN_UP);
	add_reply(&words, row);
	row->code = 0;
	row->status = slice_str("5.0.0");
	row->host = slice_of("", 0);
	return text_failed(&words) ? -ENOMEM : arena_copy(arena, slice_first(
	    text_slice(&words), OUTBOUND_WORDS_BYTES), &row->words);
}

/* The row as the postmaster wants it.  0 or -ENOBUFS. */
static int
alter(const struct acting *acting, struct rows_outbound *row)
{
	int64_t now = clock_utc_ms();

	switch (acting->act) {
	case DESK_HOLD:
		row->state = OUTBOUND_HELD;
		break;
	case DESK_RELEASE:
		row->state = OUTBOUND_WAITING;
		row->next_try_utc_ms = now;
		break;
	case DESK_RETRY:
		row->next_try_utc_ms = now;
		break;
	case DESK_REROUTE:
		row->via = acting->via;
		row->next_try_utc_ms = now;
		break;
	case DESK_BOUNCE:
		return give_up(acting->arena, row);
	default:
		row->state = OUTBOUND_DONE;
		break;
	}
	return 0;
}

static int
copy(struct arena *arena, const struct rows_outbound *row,
    struct rows_outbound *copy_out)
{
	const struct slice *from[] = { &row->address, &row->domain,
	    &row->status, &row->words, &row->host, &row->via,
	    &row->sender };
	struct slice *to[] = { &copy_out->address, &copy_out->domain,
	    &copy_out->status, &copy_out->words, &copy_out->host,
	    &copy_out->via, &copy_out->sender };
	int r = 0;

	*copy_out = *row;
	for (size_t i = 0; r == 0 && i < sizeof(to) / sizeof(to[0]); i++)
		r = arena_copy(arena, *from[i], to[i]);
	return r;
}

static int
gather(void *arg, const struct rows_outbound *row, bool is_sending)
{
	struct acting *acting = arg;
	struct rows_outbound *kept = &acting->rows[acting->count];
	int r;

	acting->jobs[acting->count] = out_job_of(
	    acting->conductor->outbound, row);
	if (!can[acting->act][row->state])
		return 0;
	/* nobody is to hear of it, and somebody just does */
	if (acting->act == DESK_REMOVE &&
	    fate_is_telling(acting->conductor, row))
		return -EBUSY;
	acting->done.sending += is_sending;
	/* its sender is not told the one while a host says the other */
	if (acting->act == DESK_BOUNCE && is_sending)
		return 0;
	r = copy(acting->arena, row, kept);
	if (r == 0)
		r = alter(acting, kept);
	acting->count += r == 0;
	return r;
}

static void
tell(const struct acting *acting, const struct rows_outbound *row,
    bool is_sending)
{
	static const struct {
		enum trail_word	 word;
		const char	*words;
	} acts[DESK_ACT_COUNT] = {
		[DESK_HOLD] = { TRAIL_HELD, "waits to leave, held" },
		[DESK_RELEASE] = { TRAIL_RELEASED, "leaves again" },
		[DESK_RETRY] = { TRAIL_WAITING, "next try now" },
		[DESK_REROUTE] = { TRAIL_WAITING, "leaves another way: " },
		[DESK_REMOVE] = { TRAIL_DELETED,
		    "does not leave; its sender is not told" },
	};
	TEXT_AUTO detail = TEXT_INIT(TRAIL_LINE_BYTES);
	struct trail_step step = {
		.at_utc_ms = clock_utc_ms(), .id = row->id,
		.word = acts[acting->act].word, .who = acting->who,
		.address = row->address
	};

	text_add_str(&detail, acts[acting->act].words);
	if (acting->act == DESK_REROUTE)
		text_add(&detail, row->via.len > 0 ? row->via :
		    slice_str("that of its domain"));
	if (is_sending)
		text_add_str(&detail, "; it is being sent right now");
	add_reply(&detail, row);
	step.detail = text_slice(&detail);
	trail_add(acting->conductor->trail, &step);
}

/* A try that has it hears of it; else there is a job for it, or need be none. */
static void
move(const struct acting *acting, const struct rows_outbound *row)
{
	struct outbound *outbound = acting->conductor->outbound;
	size_t place;
	struct out_try *try = out_sending(outbound, row, &place);
	struct out_job *job;

	tell(acting, row, try != NULL);
	if (try != NULL) {
		try->meanwhile[place] = row->state;
		if (acting->act == DESK_REROUTE &&
		    arena_copy(try->arena, row->via,
		    &try->rows[place].via) < 0)
			log_say("memory is out: a message goes its new way "
			    "after the next start");
		return;
	}
	if (acting->act == DESK_RETRY)
		out_end_pause(outbound, row);
	if (row->state == OUTBOUND_WAITING && out_add(outbound, row,
	    out_due_ms(outbound, row)) < 0)
		log_say("memory is out: a message leaves after the next "
		    "start");
	job = acting->act == DESK_RETRY ? out_job_of(outbound, row) : NULL;
	if (job != NULL)
		out_line_pass(outbound, job);
}

static void
move_all(const struct acting *acting)
{
	struct conductor *conductor = acting->conductor;

	for (size_t i = 0; i < acting->count; i++)
		move(acting, &acting->rows[i]);
	for (size_t i = 0; acting->act == DESK_REMOVE && i < acting->count;
	    i++)
		if (i == 0 || message_id_order(&acting->rows[i - 1].id,
		    &acting->rows[i].id) != 0)
			out_drop_file(conductor, &acting->rows[i].id);
}

/* Nobody may be left of what waits for the line: it is not to open it. */
static void
check_line(const struct acting *acting)
{
	struct out_job **jobs = acting->jobs;

	if (acting->act == DESK_RELEASE || acting->act == DESK_RETRY)
		return;
	for (size_t i = 0; i < acting->count; i++) {
		struct out_job *job = jobs[i];

		/* it may be gone when it was looked at */
		for (size_t j = i; j < acting->count; j++)
			if (jobs[j] == job)
				jobs[j] = NULL;
		if (job != NULL)
			out_line_check(acting->conductor->outbound, job);
	}
}

int
conductor_desk_act(struct conductor *conductor, enum desk_act act,
    struct slice who, const struct desk_which *which, struct slice via,
    struct desk_place *place, struct desk_done *done_out)
{
	ARENA_AUTO arena = arena_new(ACT_BYTES);
	struct acting acting = { .conductor = conductor, .act = act,
	    .who = who, .via = via, .arena = arena };
	struct desk_place behind = *place;
	int r;

	if (arena == NULL)
		return -ENOMEM;
	acting.rows = arena_array(arena, DESK_CHANGED, sizeof(*acting.rows));
	acting.jobs = arena_array(arena, DESK_CHANGED, sizeof(*acting.jobs));
	if (acting.rows == NULL || acting.jobs == NULL)
		return -ENOMEM;
	r = conductor_desk_list(conductor, which, &behind, DESK_CHANGED,
	    gather, &acting);
	if (r < 0)
		return r;
	acting.done.more = r > 0;
	r = acting.count == 0 ? 0 : act == DESK_BOUNCE ?
	    fate_fail(conductor, acting.rows, acting.count) :
	    rows_outbound_set(conductor->rows, acting.rows, acting.count);
	if (r < 0)
		return r;
	if (acting.count > 0 && act != DESK_BOUNCE)
		move_all(&acting);
	for (size_t i = 0; i < acting.count; i++)
		out_way_again(conductor->outbound, &acting.rows[i]);
	check_line(&acting);
	timer_set(conductor->outbound->timer, 0);
	trail_flush(conductor->trail);	/* they are answered next */
	acting.done.changed = (uint32_t)acting.count;
	*place = behind;
	*done_out = acting.done;
	return 0;
}

int
conductor_desk_route(struct conductor *conductor, struct slice domain,
    struct slice via)
{
	return rows_route_set(conductor->rows, domain, via);
}

int
conductor_desk_routes(struct conductor *conductor, rows_route_fn *fn,
    void *arg)
{
	return rows_route_each(conductor->rows, fn, arg);
}
