/*
 * removed.c - a message as it came, from which parts are removed
 *
 * It becomes a held message like those of keep.c without having been in the
 * journal: its file in kept/ (and in big/), synced in a thread, then its row.
 * Its recipients count as told of it, for the note in their letter does that;
 * it is the postmaster's matter, and not on their list.
 */
#include "queue/removed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "queue/hold.h"

#define REASON		"original of a message with an attachment removed: "

struct removed {
	struct transit	*transit;	/* of the letter */
	struct transit	*whole;		/* head and trail of this one; or NULL */
	struct message_id id;
	struct text	 head;
	char		*bytes;		/* small */
	uint64_t	 len;
	struct big_writer *writer;	/* big */
	unsigned char	 digest[BIG_DIGEST_BYTES];
	bool		 is_big;
	bool		 lacks_crlf;
	bool		 is_held;	/* its row stands */
	struct verdict	 verdict;
	removed_fn	*go_on;
	int		 status;
};

/* The lines that say what was removed are no matter of the whole message. */
static void
leave_out_lines(struct verdict *verdict, struct text *what)
{
	size_t left = 0;

	for (size_t i = 0; i < verdict->line_count; i++) {
		struct slice value = slice_str(verdict->lines[i].value);

		if (slice_is_word(slice_str(verdict->lines[i].name),
		    EDITS_LINE) && slice_has_prefix(value,
		    EDITS_LINE_PART)) {
			text_add(what, slice_after(value, 
			    strlen(EDITS_LINE_PART)));
			continue;
		}
		if (left != i)
			verdict->lines[left] = verdict->lines[i];
		left++;
	}
	verdict->line_count = left;
}

/* What is said of it when it is looked at, and of the one that is released. */
static int
judge(struct removed *removed, const struct verdict *verdict)
{
	TEXT_AUTO what = TEXT_INIT(VERDICT_LINES * VERDICT_VALUE_MAX);
	TEXT_AUTO line = TEXT_INIT(VERDICT_VALUE_MAX);
	char id[MESSAGE_ID_CHARS + 1];

	removed->verdict = *verdict;
	removed->verdict.edits = (struct edits){ .count = 0 };
	leave_out_lines(&removed->verdict, &what);
	verdict_set(&removed->verdict, VERDICT_QUARANTINE, 250, "2.0.0",
	    REASON "%.*s", SLICE_FMT(text_slice(&what)));
	message_id_write(&removed->transit->env.id, id);
	text_addf(&line, "of %s, which lacks an attachment", id);
	return text_failed(&line) ? -ENOMEM : verdict_add_line(
	    &removed->verdict, slice_str(REMOVED_LINE),
	    text_slice(&line));
}

int
removed_begin(struct transit *transit, const struct verdict *verdict)
{
	struct conductor *conductor = transit->conductor;
	struct removed *removed = calloc(1, sizeof(*removed));
	int r;

	if (removed == NULL)
		return -ENOMEM;
	removed->transit = transit;
	removed->head.limit = HEAD_MAX_BYTES;
	r = message_id_new(&conductor->last_id, clock_utc_ms());
	removed->id = conductor->last_id;
	if (r == 0)
		r = judge(removed, verdict);
	if (r < 0) {
		removed_free(removed);
		return r;
	}
	transit->removed = removed;
	return 0;
}

void
removed_name(const struct removed *removed,
    char name_out[MESSAGE_ID_CHARS + 1])
{
	message_id_write(&removed->id, name_out);
}

void
removed_small(struct removed *removed, char *bytes, size_t len)
{
	removed->bytes = bytes;
	removed->len = len;
}

int
removed_big_begin(struct removed *removed, struct big_writer **writer_out)
{
	int r = big_begin(removed->transit->conductor->big, &removed->id,
	    &removed->writer);

	removed->is_big = true;
	if (r == 0)
		*writer_out = removed->writer;
	return r;
}

void
removed_big(struct removed *removed, uint64_t bytes,
    const unsigned char digest[BIG_DIGEST_BYTES])
{
	removed->len = bytes;
	memcpy(removed->digest, digest, BIG_DIGEST_BYTES);
}

void
removed_lacks_crlf(struct removed *removed, bool lacks)
{
	removed->lacks_crlf = lacks;
}

void
removed_free(struct removed *removed)
{
	if (removed == NULL)
		return;
	if (removed->is_held)
		big_end(removed->writer);
	else
		big_abort(removed->writer);
	transit_free(removed->whole);
	text_free(&removed->head);
	free(removed->bytes);
	free(removed);
}

/* Holding it */

/* It is for those whom the letter is for; the provider's copies are the letter. */
static int
make_whole(struct removed *removed)
{
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	TEXT_AUTO verdict = TEXT_INIT(VERDICT_PACKED_MAX);
	struct transit *transit = removed->transit, *whole;
	struct envelope env = transit->env;
	int r;

	env.id = removed->id;
	env.bytes = removed->len;
	env.fetched.has_identity = false;
	envelope_pack(&packed, &env);
	verdict_pack(&verdict, &removed->verdict);
	if (text_failed(&packed) || text_failed(&verdict))
		return -ENOMEM;
	whole = transit_new(transit->conductor, text_slice(&packed));
	if (whole == NULL)
		return -ENOMEM;
	removed->whole = whole;
	whole->is_big = removed->is_big;
	whole->lacks_crlf = removed->lacks_crlf;
	memcpy(whole->digest, removed->digest, BIG_DIGEST_BYTES);
	r = arena_copy(whole->arena, text_slice(&verdict),
	    &whole->packed_verdict);
	if (r == 0)
		r = envelope_unpack(whole->arena, whole->packed_env,
		    &whole->env);
	if (r == 0)
		head_pack(&removed->head, whole);
	return r == 0 && text_failed(&removed->head) ? -ENOMEM : r;
}

/* In a thread: the letter waits. */
static void
write_files(void *arg)
{
	struct removed *removed = arg;
	struct slice bytes = slice_of(removed->bytes, removed->is_big ? 0 :
	    (size_t)removed->len);
	int r = removed->is_big ? big_sync(removed->writer) : 0;

	if (r == 0)
		r = kept_write(removed->transit->conductor->kept_fd,
		    &removed->id, text_slice(&removed->head), bytes);
	removed->status = r;
}

static int
write_row(const struct removed *removed)
{
	const struct envelope *env = &removed->whole->env;
	const struct rows_message row = {
		.id = removed->id, .state = ROWS_QUARANTINED,
		.reason = slice_str(removed->verdict.reason),
		.next_try_utc_ms = clock_utc_ms(),
		.since_utc_ms = env->received_at_utc_ms
	};
	struct rows_recipient *list = calloc(env->recipient_count,
	    sizeof(*list));
	int r;

	if (list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < env->recipient_count; i++)
		list[i] = (struct rows_recipient){
		    .account = env->recipients[i].account,
		    .address = env->recipients[i].address,
		    .state = ROWS_QUARANTINED,
		    .told_utc_ms = -row.next_try_utc_ms };
	r = rows_keep(removed->whole->conductor->rows, &row, list,
	    env->recipient_count);
	free(list);
	return r;
}

/* Each one's history names the other. */
static void
tell(const struct removed *removed)
{
	const struct transit *transit = removed->transit;
	char id[MESSAGE_ID_CHARS + 1], letter[MESSAGE_ID_CHARS + 1];
	char words[VERDICT_REASON_MAX + MESSAGE_ID_CHARS + 64];

	message_id_write(&removed->id, id);
	message_id_write(&transit->env.id, letter);
	(void)snprintf(words, sizeof(words), REMOVED_HELD "%s", id);
	conductor_trail(transit->conductor, transit, TRAIL_JUDGED, NULL,
	    words);
	(void)snprintf(words, sizeof(words), "in quarantine: %s (the letter "
	    "is %s)", removed->verdict.reason, letter);
	conductor_trail(transit->conductor, removed->whole, TRAIL_HELD, NULL,
	    words);
}

static void
put_off(struct removed *removed, int r)
{
	bool is_full = r == -ENOSPC || r == -EDQUOT;

	log_say("a message with an attachment to be removed cannot be held as "
	    "it came: %s", strerror(-r));
	arrive_put_off(removed->transit, is_full ? 452 : 451, is_full ?
	    "4.3.1" : "4.3.0",
	    "the message could not be stored, try again later");
}

static void
on_written(void *arg)
{
	struct removed *removed = arg;
	struct transit *transit = removed->transit;
	struct conductor *conductor = transit->conductor;

	if (conductor->closing)
		return;
	if (removed->status == 0) {
		removed->status = write_row(removed);
		if (removed->status < 0)
			(void)kept_drop(conductor->kept_fd, &removed->id);
	}
	if (removed->status < 0) {
		put_off(removed, removed->status);
		return;
	}
	removed->is_held = true;
	tell(removed);
	removed->go_on(transit);
}

void
removed_hold(struct transit *transit, removed_fn *go_on)
{
	struct conductor *conductor = transit->conductor;
	struct removed *removed = transit->removed;
	int r;

	if (removed == NULL) {
		go_on(transit);
		return;
	}
	removed->go_on = go_on;
	r = make_whole(removed);
	if (r == 0)
		r = pool_run(removed->is_big ? conductor->big_pool :
		    conductor->pool, write_files, on_written, removed);
	if (r < 0)
		put_off(removed, r);
}

void
removed_undo(struct transit *transit)
{
	struct conductor *conductor = transit->conductor;
	struct removed *removed = transit->removed;
	int r = 0;

	transit->removed = NULL;
	if (removed != NULL && removed->is_held)
		r = conductor_hold_delete(conductor, &removed->id,
		    slice_str("the queue"));
	if (r < 0)
		log_say("a message stays held whose letter was not received: "
		    "%s", strerror(-r));
	removed_free(removed);
}

bool
removed_is(struct slice packed_verdict)
{
	struct verdict verdict;

	if (verdict_unpack(packed_verdict, &verdict) < 0)
		return false;
	for (size_t i = 0; i < verdict.line_count; i++)
		if (strcmp(verdict.lines[i].name, REMOVED_LINE) == 0)
			return true;
	return false;
}
