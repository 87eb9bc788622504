/*
 * collected.c - collected mail on the conductor's road
 *
 * It differs in three things: it has to stand in a listing and is taken once;
 * nobody is there to be refused, so what a judge refuses is held (HARDENING:
 * nothing is dropped silently); and its record is the entry of the ledger.
 */
#include "queue/collected.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/log.h"
#include "queue/archiving.h"
#include "queue/wishes.h"

#define DETAIL_BYTES	1024	/* the trail cuts it to TRAIL_FIELD_BYTES */

static void
add_taken(struct text *text, unsigned mended)
{
	if ((mended & FETCHED_SHORT) != 0)
		text_add_str(text, "; shorter than listed, so it is never "
		    "deleted there");
	if ((mended & FETCHED_NOTE) != 0)
		text_add_str(text, "; a note of it only, for a rule says that "
		    "it is not wanted");
	if ((mended & FETCHED_PLACE) != 0)
		text_add_str(text, "; a note of it only, for a rule says that "
		    "it is taken later");
	trail_add_mended(text, mended);
}

/* Where it was; what is longer than the trail takes stands last. */
static void
add_origin(struct text *text, const struct envelope *env)
{
	const struct fetched *fetched = &env->fetched;

	text_addf(text, "from %.*s (", SLICE_FMT(fetched->label));
	text_add_escaped(text, env->helo, 100);
	text_addf(text, "), %llu bytes",
	    (unsigned long long)fetched->listed_bytes);
	add_taken(text, fetched->mended);
	if (fetched->folder.len > 0) {
		text_add_str(text, ", folder ");
		text_add_escaped(text, fetched->folder, 100);
	}
	text_add_str(text, ", UIDL ");
	if (fetched->uidl.len == 0)
		text_add_str(text, "none");
	else
		text_add_escaped(text, fetched->uidl, FETCHED_UIDL_MOST);
}

/* Who handed it to our provider, if the judge has found that. */
static void
add_hop(struct text *text, const struct transit *transit)
{
	struct verdict verdict;

	if (verdict_unpack(transit->packed_verdict, &verdict) < 0 ||
	    verdict.hop_peer[0] == '\0')
		return;
	text_add_str(text, "handed to our provider by ");
	text_add_escaped(text, slice_str(verdict.hop_helo), 100);
	text_addf(text, " [%s]; ", verdict.hop_peer);
}

void
collected_upstream(const struct transit *transit)
{
	TEXT_AUTO detail = TEXT_INIT(DETAIL_BYTES);

	add_hop(&detail, transit);
	text_add_str(&detail, "brought by our provider");
	text_add_byte(&detail, '\0');
	conductor_trail(transit->conductor, transit, TRAIL_RECEIVED, NULL,
	    text_failed(&detail) ? NULL : detail.at);
}

static void
tell(const struct transit *transit, const char *more)
{
	TEXT_AUTO detail = TEXT_INIT(DETAIL_BYTES * 4);

	text_add_str(&detail, more);
	add_hop(&detail, transit);
	add_origin(&detail, &transit->env);
	text_add_byte(&detail, '\0');
	conductor_trail(transit->conductor, transit, TRAIL_FETCHED, NULL,
	    text_failed(&detail) ? NULL : detail.at);
}

/* DomainPOP: how its recipients were found, a step for each line of it. */
static void
tell_found(const struct transit *transit)
{
	struct slice rest = transit->env.fetched.found, line;

	while (rest.len > 0) {
		TEXT_AUTO detail = TEXT_INIT(DETAIL_BYTES * 4);
		const char *end = memchr(rest.at, '\n', rest.len);

		line = slice_of(rest.at, end == NULL ? rest.len :
		    (size_t)(end - rest.at));
		rest = slice_after(rest, end == NULL ? line.len : line.len + 1);
		text_add_escaped(&detail, line, DETAIL_BYTES);
		text_add_byte(&detail, '\0');
		conductor_trail(transit->conductor, transit, TRAIL_FOUND,
		    NULL, text_failed(&detail) ? NULL : detail.at);
	}
}

void
collected_received(struct transit *transit, bool is_held)
{
	struct ledger_taken *taken = transit->taken;

	transit->taken = NULL;
	if (taken != NULL)
		ledger_stored(transit->conductor->ledger, taken, &transit->env,
		    is_held, transit->position);
	archiving_tell(transit);
	tell(transit, "");
	if (transit->shared != NULL)
		conductor_trail(transit->conductor, transit, TRAIL_SHARED,
		    NULL, transit->shared);
	tell_found(transit);
}

/* It is here, as `id`: nothing is delivered again. */
static void
here_already(struct transit *transit, const struct message_id *id)
{
	struct conductor *conductor = transit->conductor;
	char text[MESSAGE_ID_CHARS + 1], words[MESSAGE_ID_CHARS + 24];
	struct queue_answer said = {
		.code = 250, .status = SLICE("2.0.0"), .known = true
	};

	transit->env.id = *id;
	message_id_write(id, text);
	archiving_tell(transit);
	tell(transit, "here already, not delivered again: ");
	if (transit->asker.from == NULL)
		return;
	(void)snprintf(words, sizeof(words), "here already as %s", text);
	said.words = slice_str(words);
	conductor->ports.answer(conductor->ports.arg, &transit->asker, &said);
}

/* A lost one that waits for a person here is not lost. */
static int
find_kept(struct transit *transit)
{
	struct conductor *conductor = transit->conductor;
	const struct message_id *old = ledger_taken_id(transit->taken);
	struct message_id id;
	int r;

	if (old == NULL)
		return 0;
	id = *old;
	r = rows_is_kept(conductor->rows, &id);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = ledger_found(conductor->ledger, transit->taken);
	if (r < 0)
		return r;
	transit->taken = NULL;
	here_already(transit, &id);
	return -EEXIST;
}

/* Who collects for one owner has no mail for anybody else. */
static bool
is_for_owner(const struct transit *transit)
{
	const struct envelope *env = &transit->env;

	for (size_t i = 0; i < env->recipient_count; i++)
		if (env->recipients[i].account != transit->asker.owner)
			return false;
	return true;
}

/* What the listing said; it is told of when that row is long gone. */
static int
fill_in(struct transit *transit)
{
	struct fetched *fetched = &transit->env.fetched;
	const struct ledger_taken *taken = transit->taken;
	int r;

	fetched->listed_bytes = ledger_taken_bytes(taken);
	r = arena_copy(transit->arena, ledger_taken_uidl(taken),
	    &fetched->uidl);
	return r < 0 ? r : ledger_taken_folder(transit->conductor->ledger,
	    taken, transit->arena, &fetched->folder);
}

/* Of a domain's mail: those who have it from another copy. */
static int
leave_out_claimed(struct transit *transit)
{
	struct conductor *conductor = transit->conductor;
	const struct message_id *old = ledger_taken_id(transit->taken);
	struct message_id id;
	int r = 0;

	/* a copy that nobody needs is an entry too, with a name and a time */
	transit->env.received_at_utc_ms = clock_utc_ms();
	if (old == NULL && transit->has_original)
		old = &transit->original.id;
	if (old == NULL)
		r = message_id_new(&conductor->last_id, clock_utc_ms());
	if (r < 0)
		return r;
	transit->env.id = old == NULL ? conductor->last_id : *old;
	r = ledger_unclaimed(conductor->ledger, transit->taken,
	    &transit->env, &id);
	if (r == 1) {
		transit->env.fetched.hold = slice_str("everybody whom it "
		    "names has it; this copy may be for somebody in Bcc");
		return 0;
	}
	if (r != -EEXIST)
		return r;
	transit->taken = NULL;
	here_already(transit, &id);
	return r;
}

int
collected_redirected(struct transit *transit)
{
	struct message_id id;
	int r = transit->taken == NULL ? 0 :
	    ledger_redirected(transit->conductor->ledger, transit->taken,
	    &transit->env, &id);

	if (r == -EEXIST) {
		transit->taken = NULL;
		here_already(transit, &id);
	}
	return r;
}

int
collected_take(struct transit *transit)
{
	struct conductor *conductor = transit->conductor;
	struct fetched *fetched = &transit->env.fetched;
	struct message_id id;
	int r;

	if (transit->asker.is_fetch != (transit->env.source == SOURCE_FETCH))
		return -EBADMSG;
	if (!transit->asker.is_fetch)
		return 0;
	r = ledger_take(conductor->ledger, transit->asker.from, fetched,
	    &transit->taken, &id);
	if (r == -EEXIST)
		here_already(transit, &id);
	if (r < 0)
		return r;
	if (!ledger_taken_is_domain(transit->taken) && !is_for_owner(transit))
		return -EBADMSG;
	r = fill_in(transit);
	if (r == 0)
		r = find_kept(transit);
	if (r == 0)
		r = leave_out_claimed(transit);
	return r;
}

int
collected_judged(struct transit *transit, struct verdict *verdict)
{
	struct slice reason = transit->env.fetched.hold;

	return reason.len == 0 ? 0 : wishes_hold(transit, verdict, reason);
}

/* Restores */

void
conductor_account_at(struct conductor *conductor, uint64_t account,
    uint64_t position)
{
	uint64_t believed = 0;
	int r = rows_settled(conductor->rows, account, &believed);

	if (r == 0 && position >= believed)
		return;
	if (r == 0)
		r = ledger_lost(conductor->ledger, account, position,
		    believed);
	/* what of it stands in the journal is delivered after a restart */
	if (r == 0)
		r = rows_settled_lower(conductor->rows, account, position);
	if (r < 0 && r != -ENOENT)
		log_say("mailbox %llu: what it lost cannot be noted: %s",
		    (unsigned long long)account, strerror(-r));
}

int
conductor_expunged(struct conductor *conductor, uint64_t account,
    const struct message_id *ids, size_t count)
{
	int r = ledger_expunged(conductor->ledger, account, ids, count);

	if (r < 0)
		log_say("ledger.db: what account %llu has deleted cannot be "
		    "noted: %s", (unsigned long long)account, strerror(-r));
	return r;
}

struct ledger *
conductor_ledger(struct conductor *conductor)
{
	return conductor->ledger;
}

int
collected_open(struct conductor *conductor, const struct ledger_beside *known)
{
	struct ledger_beside beside = *known;
	uint64_t below = 0, recycled = journal_recycled(conductor->journal);
	int r;

	r = rows_settled_below(conductor->rows, &below);
	if (r == 0)
		r = rows_had_ledger(conductor->rows, &beside.had_ledger);
	if (r < 0)
		return r;
	/* queue.db knows it first: then that is not the one from before */
	if (recycled > below)
		beside.had_ledger = true;
	beside.recycled = recycled > below ? recycled : below;
	if (journal_newest(conductor->journal) > beside.newest)
		beside.newest = journal_newest(conductor->journal);
	r = ledger_compare(conductor->ledger, &beside);
	return r < 0 ? r : rows_has_ledger(conductor->rows);
}
