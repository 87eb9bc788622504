/*
 * hold_end.c - what waits for a person: ending it
 *
 * The record of a held message may stand in the journal for a while still, so
 * what a person, or the clock, has ended is noted in the commit that ends it;
 * else a start would hold it again (rows_is_ended()).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "queue/hold_inside.h"
#include "queue/removed.h"
#include "queue/rows_held.h"
#include "queue/rows_outbound.h"

#define RELEASED	"released, waits for its mailbox"
#define SPAM		"said to be spam, waits for its mailbox"

/* The row of a held message, with its reason. */
struct held {
	struct rows_message	 row;
	char			 reason[ROWS_REASON_BYTES];
	bool			 found;
	bool			 waits;		/* a share of it is on its way */
	bool			 is_moved;	/* somebody here works on one */
};

static int
note_row(void *arg, const struct rows_message *message,
    const struct rows_recipient *list, size_t count)
{
	struct held *held = arg;

	for (size_t i = 0; i < count; i++)
		held->waits = held->waits ||
		    rows_is_on_its_way(list[i].state);
	held->found = hold_is_held(message);
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

	if (hold_is_arriving(conductor, id))
		return -EAGAIN;
	r = rows_kept_one(conductor->rows, id, note_row, held);
	if (r == 0 && !held->found)
		r = -ENOENT;
	if (r < 0)
		return r;
	TAILQ_FOREACH(transit, &conductor->set_aside, next)
		if (message_id_order(&transit->env.id, id) == 0 &&
		    !is_at_rest(transit))
			held->is_moved = true;
	/* before it has a share of its own, all of it is */
	return held->is_moved && !held->waits ? -EAGAIN : 0;
}

/*
 * Its row was changed: what is left of it here goes, from when it was held because
 * its bytes turned out to be damaged.  Shares that are on their way stay.
 */
static void
forget(struct conductor *conductor, const struct message_id *id)
{
	struct transit *transit, *following;

	for (transit = TAILQ_FIRST(&conductor->set_aside); transit != NULL;
	    transit = following) {
		following = TAILQ_NEXT(transit, next);
		if (message_id_order(&transit->env.id, id) != 0 ||
		    !is_at_rest(transit))
			continue;
		TAILQ_REMOVE(&conductor->set_aside, transit, next);
		conductor->moving--;
		conductor->leaving -= transit->leaves;
		transit_free(transit);
	}
}

static void
tell(struct conductor *conductor, const struct message_id *id,
    enum trail_word word, struct slice who, struct slice address,
    struct slice reason)
{
	TEXT_AUTO detail = TEXT_INIT(ROWS_REASON_BYTES + 64);
	struct trail_step step = {
		.at_utc_ms = clock_utc_ms(), .id = *id, .word = word,
		.who = who, .to = address
	};

	text_add_str(&detail, word == TRAIL_DELETED && who.len == 0 ?
	    "its time was over; it was held: " : "it was held: ");
	text_add(&detail, reason);
	step.detail = text_slice(&detail);
	trail_add(conductor->trail, &step);
	if (who.len > 0)
		trail_flush(conductor->trail);	/* they are answered next */
}

int
hold_look_at_bytes(struct transit *transit)
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

int
hold_write_row(const struct transit *transit,
    const struct rows_message *message, const char *reason)
{
	struct conductor *conductor = transit->conductor;
	const struct envelope *env = &transit->env;
	struct rows_message row = *message;
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
	row.reason = slice_str(reason);
	row.next_try_utc_ms = clock_utc_ms();
	r = rows_release(conductor->rows, &row, list, env->recipient_count,
	    journal_next(conductor->journal));
	free(list);
	return r;
}

/* Where a share is on its way already, the rest of them follow it. */
static int
release(struct transit *transit, struct held *held, uint64_t account,
    struct slice address)
{
	struct conductor *conductor = transit->conductor;
	int r = hold_look_at_bytes(transit);

	if (r == 0 && held->waits)
		return rows_held_release(conductor->rows, &transit->env.id,
		    ROWS_HELD_ALL, ROWS_WAITING, slice_str(RELEASED),
		    journal_next(conductor->journal));
	if (r == 0 && account != 0)
		r = readdress(transit, account, address);
	return r < 0 ? r : hold_write_row(transit, &held->row, RELEASED);
}

/*
 * Its transit, with those it is held for: that account, or ROWS_HELD_ALL.  Another
 * one may be under way with the share of somebody whose mailbox is slow, or
 * wait for the next start: it has its own recipients and its own rows.
 */
static int
take_up(struct conductor *conductor, const struct message_id *id,
    uint64_t account, struct held *held, struct transit **transit_out)
{
	int r = find(conductor, id, held);

	if (r == 0)
		r = keep_load_held(conductor, id, account, transit_out);
	/* the file: the row is there */
	return r == -ENOENT && held->found ? -EBADMSG : r;
}

/* The row says so: it is delivered. */
static void
send_on(struct transit *transit, struct held *held, struct slice who,
    struct slice address)
{
	struct conductor *conductor = transit->conductor;
	int r;

	forget(conductor, &transit->env.id);
	r = ledger_released(conductor->ledger, &transit->env,
	    journal_next(conductor->journal));
	if (r < 0)	/* then another copy is delivered, too */
		log_say("ledger.db: who has a released message cannot be "
		    "noted: %s", strerror(-r));
	tell(conductor, &transit->env.id, transit->spam.len > 0 ? TRAIL_SPAM :
	    TRAIL_RELEASED, who, address, held->row.reason);
	if (keep_return(transit) < 0)
		log_say("memory is out: a released message is delivered "
		    "after the next start");
}

int
conductor_hold_release(struct conductor *conductor,
    const struct message_id *id, struct slice who, uint64_t account,
    struct slice address)
{
	struct held held = { .found = false };
	struct transit *transit;
	int r = take_up(conductor, id, ROWS_HELD_ALL, &held, &transit);

	if (r < 0)
		return r;
	/* to somebody else it goes whole, and not beside a share */
	r = account != 0 && held.waits ? -EAGAIN : release(transit, &held, account, address);
	if (r < 0) {
		/* unreadable, or not written: it stays where it is seen */
		transit_free(transit);
		return r;
	}
	send_on(transit, &held, who, account == 0 ? slice_of(NULL, 0) :
	    address);
	return 0;
}

/* A person's share */

/* -ENOENT: nothing of it is held for them, or it is no matter of theirs. */
static int
look_at_share(const struct transit *transit)
{
	return removed_is(transit->packed_verdict) ||
	    transit->env.recipient_count == 0 ? -ENOENT : 0;
}

int
conductor_hold_share(struct conductor *conductor,
    const struct message_id *id, uint64_t account, bool is_spam)
{
	struct held held = { .found = false };
	struct transit *transit;
	int r = take_up(conductor, id, account, &held, &transit);

	if (r < 0)
		return r;
	r = look_at_share(transit);
	if (r == 0)
		r = hold_look_at_bytes(transit);
	if (r == 0 && is_spam)
		r = transit_note_spam(transit, account);
	if (r == 0)
		r = rows_held_release(conductor->rows, id, account, is_spam ?
		    ROWS_SPAM : ROWS_WAITING, slice_str(is_spam ? SPAM :
		    RELEASED), journal_next(conductor->journal));
	if (r < 0)
		transit_free(transit);
	else
		send_on(transit, &held, transit->env.recipients[0].address,
		    transit->env.recipients[0].address);
	return r;
}

void
hold_drop_files(struct conductor *conductor, const struct message_id *id)
{
	int r = rows_outbound_has(conductor->rows, id);

	if (r != -ENOENT)
		return;		/* it leaves for others yet */
	r = kept_drop(conductor->kept_fd, id);
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

	/* a share on its way would be lost with the rest */
	if (r == 0 && held.waits)
		r = -EAGAIN;
	if (r == 0)
		r = rows_delete(conductor->rows, id,
		    journal_next(conductor->journal));
	if (r < 0)
		return r;
	forget(conductor, id);
	tell(conductor, id, TRAIL_DELETED, who, slice_of(NULL, 0),
	    held.row.reason);
	hold_drop_files(conductor, id);
	return 0;
}

/* The clock */

/* Those whose time is over, so many at a time. */
#define OVER_MOST	256

struct over {
	struct conductor	*conductor;
	int64_t			 now_utc_ms;
	struct message_id	 id[OVER_MOST];
	size_t			 count;
};

static int
note_over(void *arg, const struct rows_message *message,
    const struct rows_recipient *list, size_t count)
{
	struct over *over = arg;
	int64_t ends;

	if (!hold_is_held(message))
		return 0;
	ends = hold_ends(over->conductor, message, list, count, 0);
	if (ends == 0 || ends > over->now_utc_ms)
		return 0;
	over->id[over->count++] = message->id;
	return over->count == OVER_MOST ? HOLD_WALK_ENDS : 0;
}

void
conductor_hold_look(struct conductor *conductor)
{
	struct over over = { .conductor = conductor,
	    .now_utc_ms = clock_utc_ms() };
	int r = 0;

	if (conductor->options.quarantine_days > 0)
		r = rows_kept_each(conductor->rows, note_over, &over);
	for (size_t i = 0; r >= 0 && i < over.count; i++)
		r = conductor_hold_delete(conductor, &over.id[i],
		    slice_of(NULL, 0));
	if (r < 0)
		log_say("held messages whose time is over stay: %s",
		    strerror(-r));
}
