/*
 * hold.c - what waits for a person: looking at it
 *
 * What is told of one is read out of its file in kept/ each time: nothing of a
 * held message is in memory.
 */
#include "queue/hold.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "queue/hold_inside.h"
#include "queue/removed.h"
#include "queue/rows_held.h"

#define ADDRESSES_BYTES	300	/* shown of a long list of recipients */
#define SOURCE_BYTES	(FETCHED_LABEL_MOST + 64)
#define DAY_MS		INT64_C(86400000)

#define SPAM_LINE	"X-Postroom-Spam"	/* what the filter found */
/* What the scanner was not sure of: such lines are there of nothing else. */
#define VIRUS_LINE	"X-Postroom-Virus"
#define MACROS_LINE	"X-Postroom-Macros"

enum hold_status
hold_status_of(int r)
{
	switch (r) {
	case 0:
		return HOLD_OK;
	case -ENOENT:
		return HOLD_NONE;
	case -EBADMSG:
		return HOLD_DAMAGED;
	case -EPERM:
		return HOLD_KEPT;
	default:
		return HOLD_LATER;
	}
}

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

/* False: that is enough of them. */
static bool
add_recipient(struct text *text, struct slice address)
{
	bool has_room;

	if (text->len > 0)
		text_add_str(text, ", ");
	has_room = text->len + address.len <= ADDRESSES_BYTES;
	text_add(text, has_room ? address : slice_str("..."));
	return has_room;
}

/* Of `account` (0: of all) those for whom it is held; how many. */
static size_t
add_recipients(struct text *text, uint64_t account,
    const struct rows_recipient *list, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (account != 0 && (list[i].account != account ||
		    rows_is_on_its_way(list[i].state)))
			continue;
		n++;
		if (!add_recipient(text, list[i].address))
			break;
	}
	return n;
}

static void
add_told(struct text *text, const struct rows_recipient *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rows_told_at(&list[i]) > 0 &&
		    !add_recipient(text, list[i].address))
			break;
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

static struct slice
line_of(const struct verdict *verdict, const char *name)
{
	for (size_t i = 0; i < verdict->line_count; i++)
		if (strcmp(verdict->lines[i].name, name) == 0)
			return slice_str(verdict->lines[i].value);
	return slice_of(NULL, 0);
}

/*
 * It is a matter of whom it is for if it was judged and found wanting.  What
 * nobody is found for, what a rule sends to somebody who is not there, what a
 * rule has taken a part out of, and what is damaged is the postmaster's.
 */
bool
hold_is_personal(const struct envelope *env, const struct verdict *verdict)
{
	return verdict_is_held(verdict) && verdict->redirect[0] == '\0' &&
	    env->fetched.hold.len == 0 &&
	    line_of(verdict, REMOVED_LINE).len == 0;
}

/* Its From is not shown to be its own, by a domain that asks to be believed. */
static bool
is_forged(const struct verdict *verdict)
{
	struct slice rest = line_of(verdict, VERDICT_RESULTS), part;
	size_t at = slice_find_str(rest, "dmarc=");

	if (at == SIZE_MAX)
		return false;
	rest = slice_after(rest, at);
	if (!slice_cut(&rest, ';', &part))
		part = rest;
	return (slice_has_prefix(part, "dmarc=fail") ||
	    slice_has_prefix(part, "dmarc=permerror")) &&
	    slice_find_str(part, "policy.dmarc=none") == SIZE_MAX &&
	    slice_find_str(part, "policy.override=") == SIZE_MAX;
}

/*
 * Held, it waits for whoever wants it.  What is in quarantine nobody is to open;
 * what the scanner is not sure of and what pretends to be from somebody else is
 * not left to the one it was made for.
 */
static bool
may_take(const struct hold_row *row, const struct verdict *verdict)
{
	return row->is_personal && !row->is_quarantined &&
	    !is_forged(verdict) &&
	    line_of(verdict, VIRUS_LINE).len == 0 &&
	    line_of(verdict, MACROS_LINE).len == 0;
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
		row->author = slice_str(verdict.author);
		row->score = line_of(&verdict, SPAM_LINE);
		row->is_personal = hold_is_personal(&transit->env, &verdict);
		row->may_take = may_take(row, &verdict);
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

static bool
is_meant(const struct hold_walk *walk, const struct rows_message *message)
{
	switch (walk->which) {
	case HOLD_HELD:
		return message->state == ROWS_HELD;
	case HOLD_QUARANTINED:
		return message->state == ROWS_QUARANTINED;
	default:
		return hold_is_held(message);
	}
}

/*
 * Since when it is held counts, and from when on each of them knew; 0: it does
 * not end by itself.
 */
int64_t
hold_ends(const struct conductor *conductor,
    const struct rows_message *message, const struct rows_recipient *list,
    size_t count, int64_t untold_as)
{
	int64_t ends = message->since_utc_ms +
	    (int64_t)conductor->options.quarantine_days * DAY_MS;

	for (size_t i = 0; i < count; i++) {
		int64_t told = list[i].told_utc_ms == 0 ? untold_as :
		    rows_told_at(&list[i]);

		if (told <= 0 || rows_is_on_its_way(list[i].state))
			return 0;
		if (told + HOLD_NOTICE_DAYS * DAY_MS > ends)
			ends = told + HOLD_NOTICE_DAYS * DAY_MS;
	}
	return conductor->options.quarantine_days == 0 ? 0 : ends;
}

int
hold_walk_row(void *arg, const struct rows_message *message,
    const struct rows_recipient *list, size_t count)
{
	TEXT_AUTO recipients = TEXT_INIT(ADDRESSES_BYTES + 8);
	TEXT_AUTO told = TEXT_INIT(ADDRESSES_BYTES + 8);
	struct hold_walk *walk = arg;
	struct hold_row row = {
		.id = message->id, .since_utc_ms = message->since_utc_ms,
		.is_quarantined = message->state == ROWS_QUARANTINED,
		.reason = message->reason,
		.ends_utc_ms = hold_ends(walk->conductor, message, list,
		    count, walk->untold_as)
	};

	if (!is_meant(walk, message))
		return 0;
	if (walk->left == 0)
		return HOLD_WALK_ENDS;
	if (add_recipients(&recipients, walk->account, list, count) == 0)
		return 0;
	walk->left--;
	walk->found = true;
	row.recipients = text_slice(&recipients);
	/* who else knows is no matter of one of them */
	if (walk->account == 0)
		add_told(&told, list, count);
	row.told = text_slice(&told);
	return tell_row(walk->conductor, &row, walk->fn, walk->arg,
	    walk->shown);
}

int
conductor_hold_each(struct conductor *conductor, enum hold_which which,
    const struct message_id *above, unsigned most, hold_fn *fn, void *arg)
{
	struct hold_walk walk = { .conductor = conductor, .which = which,
	    .left = most, .fn = fn, .arg = arg };
	int r = rows_kept_above(conductor->rows, above, hold_walk_row, &walk);

	return r == HOLD_WALK_ENDS ? 0 : r;
}

bool
hold_is_arriving(const struct conductor *conductor, const struct message_id *id)
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
	struct hold_walk walk = { .conductor = conductor, .left = 1, .fn = fn,
	    .arg = arg, .shown = shown };
	int r;

	if (hold_is_arriving(conductor, id))
		return -EAGAIN;
	r = rows_kept_one(conductor->rows, id, hold_walk_row, &walk);
	return r == 0 && !walk.found ? -ENOENT : r;
}
