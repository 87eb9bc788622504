/*
 * hold.c - what waits for a person: held and quarantined messages
 *
 * What is told of one is read out of its file in kept/ each time: nothing of a
 * held message is in memory.  Its record may stand in the journal for a while
 * still, so what a person has ended is noted in the commit that ends it; else a
 * start would hold it again (rows_is_ended()).
 */
#include "queue/hold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "queue/conductor_inside.h"

#define ADDRESSES_BYTES	300	/* shown of a long list of recipients */
#define SOURCE_BYTES	(FETCHED_LABEL_MOST + 64)
#define WALK_ENDS	1	/* enough: no fault */

static bool
is_held(const struct rows_message *message)
{
	return message->state == ROWS_HELD ||
	    message->state == ROWS_QUARANTINED;
}

/* Looking */

static void
add_source(struct text *text, const struct envelope *env)
{
	static const char *const words[SOURCE_COUNT] = {
		[SOURCE_SMTP] = "smtp", [SOURCE_LMTP] = "lmtp",
		[SOURCE_FETCH] = "fetch", [SOURCE_OWN] = "own",
		[SOURCE_UPSTREAM] = "upstream",
	};
	struct slice from = env->source == SOURCE_FETCH ? env->fetched.label :
	    env->peer;

	text_add_str(text, words[env->source]);
	if (from.len > 0)
		text_add_str(text, ": ");
	text_add_escaped(text, from, FETCHED_LABEL_MOST);
}

static void
add_recipients(struct text *text, const struct rows_recipient *list,
    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			text_add_str(text, ", ");
		if (text->len + list[i].address.len > ADDRESSES_BYTES) {
			text_add_str(text, "...");
			break;
		}
		text_add(text, list[i].address);
	}
}

/* The beginning of its big file; one that cannot be read shows nothing. */
static int
show_big(struct conductor *conductor, const struct message_id *id,
    struct text *shown)
{
	char *at = text_space(shown, HOLD_SHOWN_BYTES);
	ssize_t n = -1;
	int fd = -1, r;

	if (at == NULL)
		return -ENOMEM;
	r = big_open(conductor->big, id, &fd);
	if (r == 0) {
		n = pread(fd, at, HOLD_SHOWN_BYTES, 0);
		r = n < 0 ? -errno : 0;
		(void)close(fd);
	}
	shown->len -= HOLD_SHOWN_BYTES - (n < 0 ? 0 : (size_t)n);
	return r;
}

static int
show_bytes(struct conductor *conductor, const struct transit *transit,
    struct slice bytes, struct text *shown)
{
	int r = 0;

	if (shown == NULL)
		return 0;
	if (transit->is_big)
		r = show_big(conductor, &transit->env.id, shown);
	else
		text_add(shown, slice_first(bytes, bytes.len <
		    HOLD_SHOWN_BYTES ? bytes.len : HOLD_SHOWN_BYTES));
	/* readers of JSON take no NUL */
	for (size_t i = 0; i < shown->len; i++)
		if (shown->at[i] == '\0')
			shown->at[i] = '?';
	return text_failed(shown) ? -ENOMEM : r;
}

/* What the file says goes into the row, whose slices stay in it. */
static int
tell_whole(const struct transit *transit, struct hold_row *row, hold_fn *fn,
    void *arg)
{
	TEXT_AUTO source = TEXT_INIT(SOURCE_BYTES * 4);
	struct verdict verdict;

	row->bytes = transit->env.bytes;
	row->sender = transit->env.sender;
	add_source(&source, &transit->env);
	row->source = text_slice(&source);
	if (verdict_unpack(transit->packed_verdict, &verdict) == 0) {
		row->from = slice_str(verdict.from);
		row->subject = slice_str(verdict.subject);
	}
	return fn(arg, row);
}

/* One row with what its file says; a damaged one leaves the row's words. */
static int
tell_row(struct conductor *conductor, struct hold_row *row, hold_fn *fn,
    void *arg, struct text *shown)
{
	TEXT_AUTO buffer = TEXT_INIT(conductor->options.segment_bytes);
	struct transit *transit = NULL;
	struct slice head, bytes;
	int r;

	r = kept_read(conductor->kept_fd, &row->id, &buffer, &head, &bytes);
	if (r == 0)
		r = head_unpack(conductor, head, &transit);
	if (r == 0)
		r = show_bytes(conductor, transit, bytes, shown);
	row->is_damaged = r < 0;
	if (r < 0)
		log_say("a held message cannot be read whole: %s",
		    strerror(-r));
	r = transit == NULL ? fn(arg, row) : tell_whole(transit, row, fn, arg);
	transit_free(transit);
	return r;
}

/* A walk over the rows. */
struct walk {
	struct conductor	*conductor;
	enum hold_which		 which;
	unsigned		 left;
	hold_fn			*fn;
	void			*arg;
	struct text		*shown;		/* or NULL */
	bool			 found;
};

static bool
is_meant(const struct walk *walk, const struct rows_message *message)
{
	switch (walk->which) {
	case HOLD_HELD:
		return message->state == ROWS_HELD;
	case HOLD_QUARANTINED:
		return message->state == ROWS_QUARANTINED;
	default:
		return is_held(message);
	}
}

static int
on_row(void *arg, const struct rows_message *message,
    const struct rows_recipient *list, size_t count)
{
	TEXT_AUTO recipients = TEXT_INIT(ADDRESSES_BYTES + 8);
	struct walk *walk = arg;
	struct hold_row row = {
		.id = message->id, .since_utc_ms = message->since_utc_ms,
		.is_quarantined = message->state == ROWS_QUARANTINED,
		.reason = message->reason
	};

	if (!is_meant(walk, message))
		return 0;
	if (walk->left == 0)
		return WALK_ENDS;
	walk->left--;
	walk->found = true;
	add_recipients(&recipients, list, count);
	row.recipients = text_slice(&recipients);
	return tell_row(walk->conductor, &row, walk->fn, walk->arg,
	    walk->shown);
}

int
conductor_hold_each(struct conductor *conductor, enum hold_which which,
    const struct message_id *above, unsigned most, hold_fn *fn, void *arg)
{
	struct walk walk = { .conductor = conductor, .which = which,
	    .left = most, .fn = fn, .arg = arg };
	int r = rows_kept_above(conductor->rows, above, on_row, &walk);

	return r == WALK_ENDS ? 0 : r;
}

/* Is it still on its way into kept/? */
static bool
is_arriving(const struct conductor *conductor, const struct message_id *id)
{
	const struct transit *transit;

	TAILQ_FOREACH(transit, &conductor->received, next)
		if (transit->is_held &&
		    message_id_order(&transit->env.id, id) == 0)
			return true;
	return false;
}

int
conductor_hold_show(struct conductor *conductor, const struct message_id *id,
    hold_fn *fn, void *arg, struct text *shown)
{
	struct walk walk = { .conductor = conductor, .left = 1, .fn = fn,
	    .arg = arg, .shown = shown };
	int r;

	if (is_arriving(conductor, id))
		return -EAGAIN;
	r = rows_kept_one(conductor->rows, id, on_row, &walk);
	return r == 0 && !walk.found ? -ENOENT : r;
}

/* Ending it */

/*
 * The row of a held message, with its reason; the transit too that is still
 * here when it was held because its bytes turned out to be damaged.
 */
struct held {
	struct rows_message	 row;
	char			 reason[ROWS_REASON_BYTES];
	struct transit		*transit;	/* or NULL */
	bool			 found;
};

static int
note_row(void *arg, const struct rows_message *message,
    const struct rows_recipient *list, size_t count)
{
	struct held *held = arg;

	(void)list;
	(void)count;
	held->found = is_held(message);
	held->row = *message;
	held->row.reason = slice_of(held->reason, message->reason.len);
	if (message->reason.len > 0)
		memcpy(held->reason, message->reason.at, message->reason.len);
	return 0;
}

/* Nobody works on it any more: every copy is done, or was taken out. */
static bool
is_at_rest(const struct transit *transit)
{
	for (size_t i = 0; i < transit->copy_count; i++)
		if (!transit->copies[i].is_done &&
		    transit->copies[i].state != COPY_STUCK)
			return false;
	return true;
}

static int
find(struct conductor *conductor, const struct message_id *id,
    struct held *held)
{
	struct transit *transit;
	int r;

	if (is_arriving(conductor, id))
		return -EAGAIN;
	r = rows_kept_one(conductor->rows, id, note_row, held);
	if (r == 0 && !held->found)
		r = -ENOENT;
	if (r < 0)
		return r;
	TAILQ_FOREACH(transit, &conductor->set_aside, next)
		if (message_id_order(&transit->env.id, id) == 0) {
			held->transit = transit;
			return is_at_rest(transit) ? 0 : -EAGAIN;
		}
	return 0;
}

/* Its row was changed: what was left of it here goes. */
static void
forget(struct conductor *conductor, struct transit *transit)
{
	if (transit == NULL)
		return;
	TAILQ_REMOVE(&conductor->set_aside, transit, next);
	conductor->moving--;
	transit_free(transit);
}

static void
tell(struct conductor *conductor, const struct message_id *id,
    enum trail_word word, struct slice who, struct slice address,
    struct slice reason)
{
	TEXT_AUTO detail = TEXT_INIT(ROWS_REASON_BYTES + 32);
	struct trail_step step = {
		.at_utc_ms = clock_utc_ms(), .id = *id, .word = word,
		.who = who, .to = address
	};

	text_add_str(&detail, "it was held: ");
	text_add(&detail, reason);
	step.detail = text_slice(&detail);
	trail_add(conductor->trail, &step);
}

/* The bytes are there to be delivered. */
static int
look_at_bytes(struct transit *transit)
{
	int r = transit_load(transit);

	if (r == 0)
		transit_close_bytes(transit);
	return r == -ENOENT ? -EBADMSG : r;
}

/* Somebody named at the release is its one recipient. */
static int
readdress(struct transit *transit, uint64_t account, struct slice address)
{
	struct recipient *rcpt = arena_array(transit->arena, 1, sizeof(*rcpt));

	if (rcpt == NULL)
		return -ENOMEM;
	*rcpt = (struct recipient){ .account = account };
	transit->env.recipients = rcpt;
	transit->env.recipient_count = 1;
	return arena_copy(transit->arena, address, &rcpt->address);
}

/* The row says that it waits, for these; the hold is over.  FULL. */
static int
write_row(const struct transit *transit, const struct held *held)
{
	struct conductor *conductor = transit->conductor;
	const struct envelope *env = &transit->env;
	struct rows_message row = held->row;
	struct rows_recipient *list;
	int r;

	list = calloc(env->recipient_count, sizeof(*list));
	if (list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < env->recipient_count; i++)
		list[i] = (struct rows_recipient){
		    .account = env->recipients[i].account,
		    .address = env->recipients[i].address,
		    .state = ROWS_WAITING };
	row.state = ROWS_WAITING;
	row.reason = slice_str("released, waits for its mailbox");
	row.next_try_utc_ms = clock_utc_ms();
	r = rows_release(conductor->rows, &row, list, env->recipient_count,
	    journal_next(conductor->journal));
	free(list);
	return r;
}

static int
release(struct transit *transit, struct held *held, uint64_t account,
    struct slice address)
{
	int r = look_at_bytes(transit);

	if (r == 0 && account != 0)
		r = readdress(transit, account, address);
	return r < 0 ? r : write_row(transit, held);
}

int
conductor_hold_release(struct conductor *conductor,
    const struct message_id *id, struct slice who, uint64_t account,
    struct slice address)
{
	struct held held = { .found = false };
	struct transit *transit;
	int r = find(conductor, id, &held);

	if (r == 0) {
		r = keep_load(conductor, id, &transit);
		if (r == -ENOENT)	/* the file: the row is there */
			r = -EBADMSG;
	}
	if (r < 0)
		return r;
	r = release(transit, &held, account, address);
	if (r < 0) {
		/* unreadable, or not written: it stays where it is seen */
		transit_free(transit);
		return r;
	}
	forget(conductor, held.transit);
	r = ledger_released(conductor->ledger, &transit->env,
	    journal_next(conductor->journal));
	if (r < 0)	/* then another copy is delivered, too */
		log_say("ledger.db: who has a released message cannot be "
		    "noted: %s", strerror(-r));
	tell(conductor, id, TRAIL_RELEASED, who, account == 0 ?
	    slice_of(NULL, 0) : address, held.row.reason);
	if (keep_return(transit) < 0)
		log_say("memory is out: a released message is delivered "
		    "after the next start");
	return 0;
}

/* The row is gone: its files too.  What is left here the next start sweeps. */
static void
drop_files(struct conductor *conductor, const struct message_id *id)
{
	int r = kept_drop(conductor->kept_fd, id);

	/* somebody may have got it before it was held */
	if (r == 0 && rows_big_is_known(conductor->rows, id) == -ENOENT)
		r = big_drop(conductor->big, id);
	if (r == 0)
		bodies_gone(conductor, id);
	if (r < 0)
		log_say("the file of a deleted message stays until the next "
		    "start: %s", strerror(-r));
}

int
conductor_hold_delete(struct conductor *conductor,
    const struct message_id *id, struct slice who)
{
	struct held held = { .found = false };
	int r = find(conductor, id, &held);

	if (r == 0)
		r = rows_delete(conductor->rows, id,
		    journal_next(conductor->journal));
	if (r < 0)
		return r;
	forget(conductor, held.transit);
	tell(conductor, id, TRAIL_DELETED, who, slice_of(NULL, 0),
	    held.row.reason);
	drop_files(conductor, id);
	return 0;
}
