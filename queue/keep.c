/*
 * keep.c - what must outlive the journal: held, or waiting too long
 *
 * A message is first written to kept/ and synced, then gets its row (FULL);
 * only then its place in the journal is given up.  Nothing held is dropped: a
 * person says what becomes of it.  What could not be written is tried again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/zone.h"
#include "queue/outbound.h"
#include "queue/recall.h"
#include "queue/rows_held.h"
#include "queue/rows_outbound.h"
#include "queue/wishes.h"

#define WAITED_MS	60000	/* before a waiting one is set aside */
#define RELIEVE_MOST	32	/* set aside at a time */
#define QUARANTINED	"in quarantine: "	/* before the reason */

/* One message on its way into kept/. */
struct keeping {
	struct transit	*transit;
	enum rows_state	 state;
	struct text	 head;
	struct text	 loaded;	/* bytes from the journal */
	struct slice	 bytes;
	int		 folder_fd;
	int		 status;
	char		 reason[ROWS_REASON_BYTES];
};

static void	relieve_if_short(struct conductor *);

static void
keeping_free(struct keeping *keeping)
{
	text_free(&keeping->head);
	text_free(&keeping->loaded);
	free(keeping);
}

static void
write_file(void *arg)
{
	struct keeping *keeping = arg;

	keeping->status = kept_write(keeping->folder_fd,
	    &keeping->transit->env.id, text_slice(&keeping->head),
	    keeping->bytes);
}

static struct rows_recipient
row_of(const struct recipient *rcpt, enum rows_state state)
{
	return (struct rows_recipient){ .account = rcpt->account,
	    .address = rcpt->address, .state = state };
}

/* It is held for some of those it is for only (wishes.h). */
static bool
is_excused_by_some(const struct transit *transit, enum rows_state state,
    struct verdict *verdict_out)
{
	if (state == ROWS_WAITING || state == ROWS_RECALL ||
	    transit->copies != NULL ||
	    transit->wishes.len == 0 || verdict_unpack(
	    transit->packed_verdict, verdict_out) < 0)
		return false;
	for (size_t i = 0; i < transit->env.recipient_count; i++)
		if (wishes_excuse(transit, verdict_out,
		    transit->env.recipients[i].account))
			return true;
	return false;
}

/* The recipients who still lack it, for the row. */
static size_t
list_undone(const struct transit *transit, enum rows_state state,
    struct rows_recipient *list)
{
	const struct envelope *env = &transit->env;
	struct verdict verdict;
	size_t n = 0;

	/* who does not take it for spam need not wait */
	if (is_excused_by_some(transit, state, &verdict)) {
		for (size_t i = 0; i < env->recipient_count; i++)
			list[n++] = row_of(&env->recipients[i],
			    wishes_excuse(transit, &verdict,
			    env->recipients[i].account) ? ROWS_WAITING :
			    state);
		return n;
	}

	for (size_t i = 0; i < env->recipient_count; i++)
		if (transit->copies == NULL || (transit->leaves &&
		    env->recipients[i].account == 0))
			list[n++] = row_of(&env->recipients[i], state);
	for (size_t i = 0; i < transit->copy_count; i++)
		if (!transit->copies[i].is_done)
			list[n++] = row_of(transit->copies[i].rcpt, state);
	return n;
}

static int
write_row(const struct keeping *keeping)
{
	struct transit *transit = keeping->transit;
	const struct rows_message row = {
		.id = transit->env.id, .state = keeping->state,
		.reason = slice_str(keeping->reason),
		.next_try_utc_ms = keeping->state == ROWS_RECALL ?
		    transit->recall_until_utc_ms : clock_utc_ms(),
		.since_utc_ms = transit->env.received_at_utc_ms
	};
	struct rows_recipient *list;
	int r;

	list = calloc(transit->env.recipient_count, sizeof(*list));
	if (list == NULL)
		return -ENOMEM;
	r = rows_keep(transit->conductor->rows, &row, list,
	    list_undone(transit, keeping->state, list));
	free(list);
	return r;
}

/* Those who need not wait get it now; after a crash keep_open() sees to it. */
static void
send_shares(struct conductor *conductor, const struct message_id *id)
{
	struct transit *transit;
	int r = keep_load(conductor, id, &transit);

	if (r == 0 && ledger_released(conductor->ledger, &transit->env,
	    journal_next(conductor->journal)) < 0)
		log_say("ledger.db: who has a message that is held for others "
		    "cannot be noted");
	if (r == 0)
		r = keep_return(transit);
	if (r < 0)
		log_say("a message that is held for others goes on after the "
		    "next start: %s", strerror(-r));
}

/* The row stands: the journal need not hold it any longer. */
static void
leave_journal(struct keeping *keeping)
{
	struct transit *transit = keeping->transit;
	struct conductor *conductor = transit->conductor;
	const struct message_id id = transit->env.id;
	struct verdict verdict;
	bool is_shared = false;

	TAILQ_REMOVE(&conductor->received, transit, next);
	if (transit->is_held)
		conductor->holds--;
	if (keeping->state != ROWS_WAITING)
		conductor->leaving -= transit->leaves;	/* with the hold */
	transit->position = 0;
	transit->is_kept = true;
	transit_close_bytes(transit);
	if (keeping->state == ROWS_WAITING) {
		TAILQ_INSERT_TAIL(&conductor->set_aside, transit, next);
	} else {
		conductor->moving--;
		is_shared = is_excused_by_some(transit, keeping->state,
		    &verdict);
		transit_free(transit);
	}
	deliver_advance(conductor);
	if (is_shared)
		send_shares(conductor, &id);
}

static void
tell_recall(const struct transit *transit)
{
	TEXT_AUTO words = TEXT_INIT(TRAIL_FIELD_BYTES);

	text_add_str(&words, "can be taken back until ");
	zone_write(&words, transit->recall_until_utc_ms);
	text_add_byte(&words, '\0');
	if (!text_failed(&words))
		conductor_trail(transit->conductor, transit, TRAIL_WAITING,
		    NULL, words.at);
}

static void
tell_kept(const struct transit *transit, enum rows_state state,
    const char *reason)
{
	char words[ROWS_REASON_BYTES + sizeof(QUARANTINED)];

	if (state == ROWS_RECALL) {
		tell_recall(transit);
		return;
	}
	(void)snprintf(words, sizeof(words), "%s%s",
	    state == ROWS_QUARANTINED ? QUARANTINED : "", reason);
	conductor_trail(transit->conductor, transit,
	    state == ROWS_WAITING ? TRAIL_WAITING : TRAIL_HELD, NULL, words);
}

/* Its file goes, unless it leaves for another host yet. */
static int
drop_file(struct conductor *conductor, const struct message_id *id)
{
	int r = rows_outbound_has(conductor->rows, id);

	return r == -ENOENT ? kept_drop(conductor->kept_fd, id) : r;
}

static void
end_keeping(struct keeping *keeping)
{
	struct transit *transit = keeping->transit;
	struct conductor *conductor = transit->conductor;

	transit->keeping = NULL;
	if (transit->copies != NULL && transit->unsettled == 0 &&
	    !transit->leaves) {
		/* delivered to everybody meanwhile: a file too many */
		(void)drop_file(conductor, &transit->env.id);
		deliver_end(transit);
		deliver_advance(conductor);
		return;
	}
	if (keeping->status == 0)
		keeping->status = write_row(keeping);
	if (keeping->status < 0) {
		/* it stays in the journal; tried again later */
		log_say("a message could not be set aside: %s",
		    strerror(-keeping->status));
		return;
	}
	tell_kept(transit, keeping->state, keeping->reason);
	if (keeping->state == ROWS_RECALL)
		recall_kept(conductor, transit->recall_until_utc_ms);
	leave_journal(keeping);
}

static void
on_written(void *arg)
{
	struct keeping *keeping = arg;
	struct conductor *conductor = keeping->transit->conductor;

	conductor->keepings--;
	end_keeping(keeping);
	if (keeping->status == 0 && conductor->keepings == 0)
		relieve_if_short(conductor);
	keeping_free(keeping);
}

static int
load_bytes(struct keeping *keeping)
{
	struct transit *transit = keeping->transit;
	struct journal_record record;
	int r;

	if (transit->is_big)
		return 0;
	r = journal_read(transit->conductor->journal, transit->position,
	    &keeping->loaded, &record);
	if (r == 0)
		keeping->bytes = record.bytes;
	return r;
}

static void
keep(struct transit *transit, enum rows_state state, const char *reason)
{
	struct conductor *conductor = transit->conductor;
	struct keeping *keeping = calloc(1, sizeof(*keeping));
	int r = -ENOMEM;

	/* one at a time: both would be written beside, under one name */
	if (transit->keeping != NULL ||
	    outbound_is_writing(conductor, &transit->env.id)) {
		free(keeping);
		return;
	}
	if (keeping != NULL) {
		keeping->transit = transit;
		keeping->state = state;
		keeping->folder_fd = conductor->kept_fd;
		keeping->head.limit = HEAD_MAX_BYTES;
		keeping->loaded.limit = conductor->options.segment_bytes;
		(void)slice_cstr(slice_first(slice_str(reason),
		    sizeof(keeping->reason) - 1), keeping->reason,
		    sizeof(keeping->reason));
		head_pack(&keeping->head, transit);
		r = text_failed(&keeping->head) ? -ENOMEM :
		    load_bytes(keeping);
	}
	if (r == 0)
		r = pool_run(conductor->pool, write_file, on_written, keeping);
	if (r < 0) {
		log_say("a message cannot be set aside now: %s",
		    strerror(-r));
		if (keeping != NULL)
			keeping_free(keeping);
		if (r == -EBADMSG || r == -ENOENT)
			deliver_stuck(transit, r);
		return;
	}
	transit->keeping = keeping;
	conductor->keepings++;
}

/* How it is held; `verdict_out` says why, if the judge wants that. */
static enum rows_state
hold_state(const struct transit *transit, struct verdict *verdict_out)
{
	if (verdict_unpack(transit->packed_verdict, verdict_out) < 0)
		verdict_init(verdict_out);
	return verdict_out->action == VERDICT_QUARANTINE ? ROWS_QUARANTINED :
	    ROWS_HELD;
}

void
keep_hold(struct transit *transit)
{
	const char *reason = transit->held_for != NULL ? transit->held_for :
	    "memory was out when it was received";
	struct verdict verdict;
	enum rows_state state = hold_state(transit, &verdict);

	if (transit->recall_until_utc_ms != 0)
		state = ROWS_RECALL;
	if (verdict_is_held(&verdict))
		reason = verdict.reason;
	else if (state == ROWS_RECALL)
		reason = "its recall window";
	if (!transit->is_held)
		transit->conductor->holds++;
	transit->is_held = true;
	keep(transit, state, reason);
}

void
keep_relieve(struct conductor *conductor)
{
	struct transit *transit, *following;
	unsigned count = 0;

	/* a mailbox that is well needs no file for what it has got already */
	deliver_settle_all(conductor);
	for (transit = TAILQ_FIRST(&conductor->received); transit != NULL &&
	    count < RELIEVE_MOST; transit = following) {
		following = TAILQ_NEXT(transit, next);
		if (transit->is_held || transit->is_stuck ||
		    transit->told.len > 0 || clock_ms() - transit->received_ms < WAITED_MS)
			continue;
		keep(transit, ROWS_WAITING, transit->undelivered > 0 ?
		    "its mailbox could not take it for a while" :
		    "its mailbox has taken it and does not say it is safe");
		count++;
	}
	outbound_set_aside(conductor);
}

static void
relieve_if_short(struct conductor *conductor)
{
	struct journal_figures figures;

	journal_figures(conductor->journal, &figures);
	if (figures.free <= conductor->options.segments / 4)
		keep_relieve(conductor);
}

/* What leaves, and whose rows could not be written. */
static void
look_leaving(struct conductor *conductor)
{
	struct transit *transit, *following;

	for (transit = TAILQ_FIRST(&conductor->received); transit != NULL;
	    transit = following) {
		following = TAILQ_NEXT(transit, next);
		if (transit->leaves && !transit->is_held &&
		    !transit->is_stuck)
			outbound_begin(transit);
	}
	for (transit = TAILQ_FIRST(&conductor->set_aside); transit != NULL;
	    transit = following) {
		following = TAILQ_NEXT(transit, next);
		if (transit->leaves && !transit->is_held)
			outbound_begin(transit);
	}
}

void
keep_look(struct conductor *conductor)
{
	struct transit *transit;

	relieve_if_short(conductor);
	outbound_set_aside(conductor);
	if (conductor->holds > 0)
		TAILQ_FOREACH(transit, &conductor->received, next)
			if (transit->is_held)
				keep_hold(transit);
	if (conductor->leaving > 0)
		look_leaving(conductor);
}

void
keep_close(struct conductor *conductor)
{
	struct transit *transit;

	TAILQ_FOREACH(transit, &conductor->received, next)
		if (transit->keeping != NULL)
			keeping_free(transit->keeping);
}

int
keep_hold_row(struct transit *transit)
{
	struct verdict verdict;
	enum rows_state state = hold_state(transit, &verdict);
	int r;

	r = rows_hold(transit->conductor->rows, &transit->env.id, state,
	    slice_str(transit->held_for));
	if (r < 0)
		return r;
	tell_kept(transit, state, transit->held_for);
	transit->is_held = true;
	return 0;
}

void
keep_copy_settled(struct transit *transit, const struct recipient *rcpt)
{
	struct conductor *conductor = transit->conductor;
	bool was_last = false;
	int r;

	r = rows_recipient_done(conductor->rows, &transit->env.id,
	    rcpt->account, rcpt->address, 0, &was_last);
	if (r == 0 && was_last)
		r = drop_file(conductor, &transit->env.id);
	if (r < 0 && r != -ENOENT)
		log_say("a message that was set aside is delivered, but its "
		    "row stays: %s", strerror(-r));
}

/* At start what waited is tried again; what is held stays held. */

struct waiting {
	struct waiting		*next;
	struct message_id	 id;
};

static int
note_waiting(void *arg, const struct rows_message *message,
    const struct rows_recipient *list, size_t count)
{
	struct waiting ***end = arg, *one;
	bool waits = rows_is_on_its_way(message->state);

	/* of what is held a share may be on its way to who wanted it */
	for (size_t i = 0; i < count; i++)
		waits = waits || rows_is_on_its_way(list[i].state);
	if (!waits)
		return 0;
	one = calloc(1, sizeof(*one));
	if (one == NULL)
		return -ENOMEM;
	one->id = message->id;
	**end = one;
	*end = &one->next;
	return 0;
}

/* The envelope's own, or one that a person named at a release. */
static int
take_recipient(const struct transit *transit, const struct rows_recipient *row,
    struct recipient *rcpt_out)
{
	const struct envelope *env = &transit->env;

	for (size_t i = 0; i < env->recipient_count; i++)
		if (env->recipients[i].account == row->account &&
		    slice_is(env->recipients[i].address, row->address)) {
			*rcpt_out = env->recipients[i];
			return 0;
		}
	*rcpt_out = (struct recipient){ .account = row->account };
	return arena_copy(transit->arena, row->address, &rcpt_out->address);
}

/* Whom a transit is loaded for. */
struct loading {
	struct transit	*transit;
	bool		 is_of_held;	/* those it is held for: */
	uint64_t	 account;	/* that one, or ROWS_HELD_ALL */
};

/*
 * Where nobody else is asked for, and it waits for some of them, those; else it is
 * held for all.
 */
static bool
is_loaded(const struct loading *loading, const struct rows_recipient *row,
    bool any_waits)
{
	bool waits = rows_is_on_its_way(row->state);

	if (loading->is_of_held)
		return !waits && (loading->account == ROWS_HELD_ALL ||
		    row->account == loading->account);
	return waits || !any_waits;
}

/* Those who still lack it are its recipients now. */
static int
take_recipients(void *arg, const struct rows_message *message,
    const struct rows_recipient *list, size_t count)
{
	const struct loading *loading = arg;
	struct transit *transit = loading->transit;
	struct recipient *rcpts;
	bool any_waits = false;
	size_t n = 0;
	int r = 0;

	(void)message;
	for (size_t i = 0; i < count; i++)
		any_waits = any_waits || rows_is_on_its_way(list[i].state);
	rcpts = arena_array(transit->arena, count, sizeof(*rcpts));
	if (rcpts == NULL)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (!is_loaded(loading, &list[i], any_waits))
			continue;
		r = take_recipient(transit, &list[i], &rcpts[n++]);
		if (r == 0 && list[i].state == ROWS_SPAM)
			r = transit_note_spam(transit, list[i].account);
	}
	if (r < 0)
		return r;
	transit->env.recipients = rcpts;
	transit->env.recipient_count = n;
	return 0;
}

static int
load(struct conductor *conductor, const struct message_id *id,
    struct loading *loading, struct transit **transit_out)
{
	TEXT_AUTO buffer = TEXT_INIT(conductor->options.segment_bytes);
	struct slice head, bytes;
	struct transit *transit;
	int r;

	r = kept_read(conductor->kept_fd, id, &buffer, &head, &bytes);
	if (r == 0)
		r = head_unpack(conductor, head, &transit);
	if (r < 0)
		return r;
	loading->transit = transit;
	r = rows_kept_one(conductor->rows, id, take_recipients, loading);
	if (r < 0) {
		transit_free(transit);
		return r;
	}
	transit->is_kept = true;
	transit->received_ms = clock_ms();
	*transit_out = transit;
	return 0;
}

int
keep_load(struct conductor *conductor, const struct message_id *id,
    struct transit **transit_out)
{
	struct loading loading = { .is_of_held = false };

	return load(conductor, id, &loading, transit_out);
}

int
keep_load_held(struct conductor *conductor, const struct message_id *id,
    uint64_t account, struct transit **transit_out)
{
	struct loading loading = { .is_of_held = true, .account = account };

	return load(conductor, id, &loading, transit_out);
}

int
keep_return(struct transit *transit)
{
	TAILQ_INSERT_TAIL(&transit->conductor->set_aside, transit, next);
	transit->conductor->moving++;
	return deliver_begin(transit);
}

static int
bring_back(struct conductor *conductor, const struct waiting *one)
{
	struct transit *transit;
	int r = keep_load(conductor, &one->id, &transit);

	return r < 0 ? r : keep_return(transit);
}

static int
is_known(void *arg, const struct message_id *id)
{
	struct conductor *conductor = arg;
	int r = rows_is_kept(conductor->rows, id);

	return r == -ENOENT ? rows_outbound_has(conductor->rows, id) : r;
}

int
keep_open(struct conductor *conductor)
{
	struct waiting *first = NULL, **end = &first, *one;
	unsigned removed;
	int r;

	/* an earlier life may have ended before it could sync a name */
	r = fsync(conductor->kept_fd) < 0 ? -errno : 0;
	if (r == 0)
		r = kept_sweep(conductor->kept_fd, is_known, conductor,
		    &removed);
	if (r == 0)
		r = rows_kept_each(conductor->rows, note_waiting, &end);
	while ((one = first) != NULL) {
		char id[MESSAGE_ID_CHARS + 1];
		int fault = r < 0 ? 0 : bring_back(conductor, one);

		message_id_write(&one->id, id);
		if (fault < 0)
			log_say("message %s was set aside and cannot be "
			    "brought back: %s", id, strerror(-fault));
		first = one->next;
		free(one);
	}
	return r;
}
