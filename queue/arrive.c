/*
 * arrive.c - from submission to receipt
 *
 * A message waits for its judge, then for the journal's sync; only on_receipt()
 * says 250.  Until then nothing of it is owed to anybody: whatever goes wrong
 * is "try again", and its bytes are dropped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/memfd.h"
#include "lib/message/params.h"
#include "queue/archiving.h"
#include "queue/collected.h"
#include "queue/coming.h"
#include "queue/editing.h"
#include "queue/expanding.h"
#include "queue/judged.h"
#include "queue/outbound.h"
#include "queue/recall.h"
#include "queue/removed.h"
#include "queue/replying.h"
#include "queue/saving.h"
#include "queue/sharing.h"
#include "queue/wishes.h"
#include "store/account.h"

#define JUDGE_TRIES	2	/* a message that ended two judges is put off */

static void	ask_judge(struct transit *);

void
conductor_answer(struct conductor *conductor, const struct asker *asker, unsigned code,
    const char *status, const char *format, ...)
{
	char words[200];
	struct queue_answer said = {
		.code = (uint16_t)code, .status = slice_str(status)
	};
	va_list args;

	if (asker->from == NULL)
		return;
	va_start(args, format);
	(void)vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	said.words = slice_str(words);
	conductor->ports.answer(conductor->ports.arg, asker, &said);
}

void
arrive_drop(struct transit *transit)
{
	struct conductor *conductor = transit->conductor;

	TAILQ_REMOVE(&conductor->arriving, transit, next);
	if (transit->env.source == SOURCE_FETCH)
		coming_over(conductor, transit->asker.from,
		    &transit->env.fetched);
	space_release(conductor->space, transit->granted);
	ledger_untake(conductor->ledger, transit->taken);
	big_abort(transit->writer);
	transit->writer = NULL;
	removed_undo(transit);
	transit_free(transit);
}

void
arrive_put_off(struct transit *transit, unsigned code, const char *status,
    const char *words)
{
	conductor_trail(transit->conductor, transit, TRAIL_PUT_OFF, NULL,
	    words);
	conductor_answer(transit->conductor, &transit->asker, code, status,
	    "%s", words);
	archiving_undo(transit);
	arrive_drop(transit);
}

/* Submission */

/*
 * Small: the bytes must be sealed, so that what is judged is what is stored.
 * They are copied: to map them would stop every thread of ours for a moment,
 * when that ends.
 */
static int
take_small(struct transit *transit)
{
	struct stat st;
	size_t len;

	if (!memfd_is_sealed(transit->fd) ||
	    fstat(transit->fd, &st) < 0 ||
	    st.st_size < 0 || st.st_size > BIG_BYTES ||
	    (uint64_t)st.st_size != transit->env.bytes)
		return -EBADMSG;
	if (st.st_size == 0)
		return 0;	/* a message may be empty (RFC 5321 4.1.1.4) */
	len = (size_t)st.st_size;
	transit->bytes = malloc(len);
	if (transit->bytes == NULL)
		return -ENOMEM;
	if (pread(transit->fd, transit->bytes, len, 0) != (ssize_t)len)
		return -EIO;
	transit->lacks_crlf = len < 2 ||
	    memcmp(transit->bytes + len - 2, "\r\n", 2) != 0;
	return 0;
}

/* Big: what the pipe brought must be what the envelope says. */
static int
take_big(struct transit *transit, struct incoming *incoming)
{
	struct conductor *conductor = transit->conductor;
	unsigned char digest[BIG_DIGEST_BYTES];
	bool is_finished = incoming->is_finished;
	uint64_t bytes = incoming->bytes;
	int r = incoming->fault;

	memcpy(digest, incoming->digest, BIG_DIGEST_BYTES);
	transit->is_big = true;
	transit->writer = incoming->writer;
	incoming->writer = NULL;
	transit->env.id = incoming->id;
	transit->lacks_crlf = memcmp(incoming->last, "\r\n", 2) != 0;
	incoming_free(conductor, incoming);
	if (r == 0 && is_finished)
		memcpy(transit->digest, digest, BIG_DIGEST_BYTES);
	else if (r == 0)
		r = big_finish(transit->writer, &bytes, transit->digest);
	if (r == 0 && bytes != transit->env.bytes)
		r = -EIO;	/* the pipe was cut: the door has to try again */
	if (r == 0)
		r = big_open(conductor->big, &transit->env.id, &transit->fd);
	if (r == 0)
		conductor->open_files++;
	return r;
}

static int
take_bytes(struct transit *transit, int memfd, struct incoming *incoming)
{
	int r;

	if (incoming != NULL)
		return take_big(transit, incoming);
	transit->fd = memfd;	/* ours, whatever comes of it */
	transit->conductor->open_files++;
	if (transit->taken != NULL && ledger_taken_id(transit->taken) != NULL) {
		/* a copy that survived a restore is the same message */
		transit->env.id = *ledger_taken_id(transit->taken);
		return take_small(transit);
	}
	if (transit->has_original) {
		transit->env.id = transit->original.id;
		return take_small(transit);
	}
	r = message_id_new(&transit->conductor->last_id, clock_utc_ms());
	if (r < 0)
		return r;
	transit->env.id = transit->conductor->last_id;
	return take_small(transit);
}

int
arrive_repack(struct transit *transit)
{
	TEXT_AUTO text = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct envelope env;
	int r;

	envelope_pack(&text, &transit->env);
	if (text_failed(&text))
		return -EBADMSG;
	r = arena_copy(transit->arena, text_slice(&text),
	    &transit->packed_env);
	if (r == 0)
		r = envelope_unpack(transit->arena, transit->packed_env, &env);
	if (r == 0)
		transit->env = env;
	return r;
}

/* A row can hold it, and a relay be told of it; a door sees to that, too. */
static bool
is_short(const struct envelope *env, const struct recipient *rcpt)
{
	return env->sender.len <= ROWS_ADDRESS_BYTES &&
	    env->envid.len <= PARAMS_ENVID_MAX &&
	    rcpt->address.len <= ROWS_ADDRESS_BYTES &&
	    rcpt->orcpt.len <= PARAMS_ORCPT_MAX;
}

/*
 * It has recipients, and they leave only if they may: whatever a door or a
 * collector says of others, no stranger's mail is sent on (HARDENING A11).
 * 0, -EBADMSG, -EAGAIN, -EMSGSIZE (outbound_may_leave()).
 */
static int
check_recipients(const struct transit *transit)
{
	const struct envelope *env = &transit->env;
	int r = env->recipient_count == 0 ? -EPERM :
	    outbound_may_leave(transit->conductor, env);

	/* who else is meant says the keeper, and nobody else */
	for (size_t i = 0; i < env->recipient_count; i++) {
		const struct recipient *rcpt = &env->recipients[i];

		if (rcpt->by != 0 ||
		    (rcpt->account == 0 && !is_short(env, rcpt)))
			return -EBADMSG;
	}
	return r == -EPERM ? -EBADMSG : r;
}

/* To one address elsewhere, in the name that was given it, and no more is said. */
static bool
is_report(const struct envelope *env, const char *from)
{
	return from[0] != '\0' && slice_is_str(env->sender, from) &&
	    env->login.len == 0 && env->sender_account == 0 &&
	    env->recipient_count == 1 && env->recipients[0].account == 0 &&
	    env->recipients[0].notify == NOTIFY_NEVER;
}

/* Is it what that one may bring? */
static bool
is_theirs(const struct asker *asker, const struct envelope *env)
{
	return asker->is_own == (env->source == SOURCE_OWN) &&
	    (asker->reports_from == NULL ||
	    is_report(env, asker->reports_from));
}

static void
refuse_as(struct transit *transit, unsigned code, const char *status,
    const char *words)
{
	conductor_trail(transit->conductor, transit, TRAIL_REFUSED, NULL,
	    words);
	conductor_answer(transit->conductor, &transit->asker, code, status,
	    "%s", words);
	arrive_drop(transit);
}

/* Without memory for how it was shared the trail says less. */
static void
note_known(struct transit *transit, const struct arrive_known *known)
{
	const char *shared = known == NULL ? NULL : known->shared;
	struct slice copy;

	if (known != NULL && known->original != NULL) {
		transit->original = *known->original;
		transit->has_original = true;
	}
	if (shared != NULL && arena_copy(transit->arena, slice_of(shared,
	    strlen(shared) + 1), &copy) == 0)
		transit->shared = copy.at;
}

/* What is here already was received: its original stays. */
static void
drop_answered(struct transit *transit, int r)
{
	if (r != -EEXIST)
		archiving_undo(transit);
	arrive_drop(transit);
}

int
arrive_submit(struct conductor *conductor, const struct asker *asker,
    uint64_t granted, struct slice packed_env, int memfd, uint64_t ticket,
    const struct arrive_known *known)
{
	struct incoming *incoming = NULL;
	struct transit *transit;
	int r;

	if (memfd < 0) {
		incoming = incoming_find(conductor, ticket);
		if (incoming != NULL && incoming->from != asker->from)
			return -EBADMSG;
		if (incoming == NULL) {
			/* it was for a queue that is gone */
			conductor_answer(conductor, asker, 451, "4.3.0",
			    "the message was cut off, try again later");
			space_release(conductor->space, grant_take(conductor,
			    asker->from, granted));
			return 0;
		}
		/* the pipe is read to its end before the words are heard */
		if (!incoming->ended)
			incoming->fault = -EIO;
	}
	granted = grant_take(conductor, asker->from, granted);
	transit = transit_new(conductor, packed_env);
	if (transit == NULL) {
		if (memfd >= 0)
			(void)close(memfd);
		if (incoming != NULL)
			incoming_free(conductor, incoming);
		conductor_answer(conductor, asker, 451, "4.3.0",
		    "out of memory, try again later");
		space_release(conductor->space, granted);
		return 0;
	}
	TAILQ_INSERT_TAIL(&conductor->arriving, transit, next);
	transit->asker = *asker;
	transit->granted = granted;
	note_known(transit, known);
	r = envelope_unpack(transit->arena, transit->packed_env,
	    &transit->env);
	if (r == 0 && !is_theirs(asker, &transit->env))
		r = -EBADMSG;
	if (r == 0)
		r = check_recipients(transit);
	if (r == 0)
		r = replying_check(&transit->env);
	if (r == 0)
		r = collected_take(transit);
	if (r == 0)
		r = take_bytes(transit, memfd, incoming);
	else if (memfd >= 0)
		(void)close(memfd);
	else
		incoming_free(conductor, incoming);
	transit->env.received_at_utc_ms = clock_utc_ms();
	if (r == 0)
		r = arrive_repack(transit);
	if (r == 0)
		expanding_ask(transit, ask_judge);
	else if (r == -EBADMSG || r == -EEXIST)
		drop_answered(transit, r);
	else if (r == -EMSGSIZE)
		refuse_as(transit, 552, "5.3.4",
		    "larger than the domain of a recipient takes");
	else if (r == -EPERM)
		refuse_as(transit, 554, "5.7.1", REPLYING_ALONE);
	else
		arrive_put_off(transit, 451, "4.3.0", r == -ESRCH ?
		    "it is not to be taken now, list it again" :
		    "the message could not be taken, try again later");
	return r == -EBADMSG ? r : 0;
}

int
conductor_submit(struct conductor *conductor, const struct asker *asker,
    uint64_t granted, struct slice packed_env, int memfd, uint64_t ticket)
{
	return arrive_submit(conductor, asker, granted, packed_env, memfd,
	    ticket, NULL);
}

/* The judge */

static void
ask_judge(struct transit *transit)
{
	struct conductor *conductor = transit->conductor;
	int r;

	r = conductor->ports.judge(conductor->ports.arg, transit,
	    transit->packed_env, transit->fd);
	transit->at_judge = r == 0;
	/* none is there: when one is, conductor_judge_up() asks again */
	if (r < 0 && r != -ENOTCONN && r != -ECONNRESET)
		arrive_put_off(transit, 451, "4.3.0",
		    "the message could not be judged, try again later");
}

void
conductor_judge_up(struct conductor *conductor)
{
	struct transit *transit, *following;

	for (transit = TAILQ_FIRST(&conductor->arriving); transit != NULL;
	    transit = following) {
		following = TAILQ_NEXT(transit, next);
		if (!transit->at_judge && !transit->is_expanding &&
		    transit->packed_verdict.len == 0)
			ask_judge(transit);
	}
}

static void
refuse(struct transit *transit, const struct verdict *verdict)
{
	struct conductor *conductor = transit->conductor;

	conductor->count_refused++;
	judged_tell(conductor, transit, verdict);
	conductor_trail(conductor, transit, TRAIL_REFUSED, NULL,
	    verdict->reason);
	conductor_answer(conductor, &transit->asker, verdict->code,
	    verdict->status, "%s", verdict->reason);
	archiving_undo(transit);
	arrive_drop(transit);
}

/* As it was judged, with what the judge had changed. */
static void
edited(struct transit *transit, const struct verdict *verdict)
{
	if (verdict->redirect[0] != '\0')
		redirect_begin(transit, verdict);
	else
		arrive_go_on(transit);
}

void
conductor_judged(struct conductor *conductor, void *ticket, int status,
    struct slice packed_verdict)
{
	struct transit *transit = ticket;
	struct verdict verdict;

	transit->at_judge = false;
	if (conductor->closing)
		return;
	if (status == 0)
		status = verdict_unpack(packed_verdict, &verdict);
	if (status < 0) {
		if (++transit->judge_tries >= JUDGE_TRIES)
			arrive_put_off(transit, 451, "4.3.0",
			    "the message could not be judged, try again later");
		else
			ask_judge(transit);
		return;
	}
	if (arena_copy(transit->arena, packed_verdict,
	    &transit->packed_verdict) < 0 ||
	    collected_judged(transit, &verdict) < 0) {
		arrive_put_off(transit, 451, "4.3.0",
		    "out of memory, try again later");
		return;
	}
	if (verdict.action == VERDICT_REFUSE)
		refuse(transit, &verdict);
	else if (verdict.action == VERDICT_DEFER)
		arrive_put_off(transit, verdict.code, verdict.status,
		    verdict.reason);
	else if (envelope_is_reply(&transit->env))
		replying_do(transit, &verdict);
	else
		editing_begin(transit, &verdict, edited);
}

/* The receipt */

static void
answer_received(struct transit *transit, bool is_held)
{
	struct conductor *conductor = transit->conductor;
	char id[MESSAGE_ID_CHARS + 1], words[MESSAGE_ID_CHARS + 16];
	struct queue_answer said = {
		.code = 250, .status = SLICE("2.0.0"), .held = is_held
	};

	if (transit->asker.from == NULL)
		return;
	message_id_write(&transit->env.id, id);
	(void)snprintf(words, sizeof(words), "received as %s", id);
	said.words = slice_str(words);
	conductor->ports.answer(conductor->ports.arg, &transit->asker, &said);
}

static void
received(struct transit *transit, bool is_held)
{
	struct conductor *conductor = transit->conductor;
	bool is_fetched = transit->env.source == SOURCE_FETCH;

	/* who collects counts what is held; an SMTP client need not know */
	answer_received(transit, is_held && (is_fetched ||
	    transit->env.source == SOURCE_UPSTREAM));
	conductor->count_received++;
	TAILQ_REMOVE(&conductor->arriving, transit, next);
	space_release(conductor->space, transit->granted);
	transit->granted = 0;
	big_end(transit->writer);
	transit->writer = NULL;
	removed_free(transit->removed);
	transit->removed = NULL;
	transit->received_ms = clock_ms();
	TAILQ_INSERT_TAIL(&conductor->received, transit, next);
	conductor->moving++;
	bodies_note(transit);
	transit_drop_copy(transit);
	if (is_fetched)
		coming_over(conductor, transit->asker.from,
		    &transit->env.fetched);
	if (conductor->open_files > conductor->open_most)
		transit_close_bytes(transit);
	if (is_fetched)
		collected_received(transit, is_held);
	else if (transit->env.source == SOURCE_UPSTREAM)
		collected_upstream(transit);
	else
		conductor_trail(conductor, transit,
		    transit->env.source == SOURCE_OWN ? TRAIL_MADE :
		    TRAIL_RECEIVED, NULL, NULL);
}

static void
on_receipt(void *arg, int status)
{
	struct transit *transit = arg;
	struct conductor *conductor = transit->conductor;
	struct verdict verdict;
	bool is_held;

	if (status == -ENOTRECOVERABLE) {
		conductor_answer(conductor, &transit->asker, 0, "", "%s", "");
		/* its record may stand: the sweep takes the file if not */
		big_end(transit->writer);
		transit->writer = NULL;
		removed_free(transit->removed);
		transit->removed = NULL;
		arrive_drop(transit);
		return;
	}
	if (status < 0) {
		conductor_trail(conductor, transit, TRAIL_ABANDONED, NULL,
		    strerror(-status));
		arrive_put_off(transit, status == -ENOSPC ? 452 : 451,
		    status == -ENOSPC ? "4.3.1" : "4.3.0",
		    "the message could not be stored, try again later");
		return;
	}
	if (verdict_unpack(transit->packed_verdict, &verdict) < 0)
		verdict_init(&verdict);
	is_held = verdict_is_held(&verdict);
	received(transit, is_held);
	judged_tell(conductor, transit, &verdict);
	wishes_tell(transit, &verdict);
	if (!is_held && recall_begin(transit, &verdict))
		return;
	if (is_held || deliver_begin(transit) < 0)
		keep_hold(transit);
}

static void
append(struct transit *transit)
{
	struct conductor *conductor = transit->conductor;
	TEXT_AUTO head = TEXT_INIT(HEAD_MAX_BYTES);
	struct slice bytes = { NULL, 0 };
	int r;

	head_pack(&head, transit);
	if (!transit->is_big)
		bytes = slice_of(transit->bytes, (size_t)transit->env.bytes);
	r = text_failed(&head) ? -EMSGSIZE : journal_append(
	    conductor->journal, JOURNAL_MESSAGE, &transit->env.id,
	    text_slice(&head), bytes, on_receipt, transit,
	    &transit->position);
	if (r == -ENOSPC) {
		keep_relieve(conductor);
		arrive_put_off(transit, 452, "4.3.1",
		    "the journal is full, try again later");
	} else if (r < 0) {
		arrive_put_off(transit, 451, "4.3.0",
		    "the message could not be stored, try again later");
	}
}

static void
sync_big(void *arg)
{
	struct transit *transit = arg;

	transit->sync_status = big_sync(transit->writer);
}

static void
on_big_synced(void *arg)
{
	struct transit *transit = arg;

	if (transit->conductor->closing)
		return;
	if (transit->sync_status == 0)
		append(transit);
	else
		arrive_put_off(transit, 451, "4.3.0",
		    "the message could not be stored, try again later");
}

/* What was taken out of it is held: to its own record. */
static void
receive(struct transit *transit)
{
	if (!transit->is_big)
		append(transit);
	else if (pool_run(transit->conductor->big_pool, sync_big,
	    on_big_synced, transit) < 0)
		arrive_put_off(transit, 451, "4.3.0",
		    "out of memory, try again later");
}

/* It is known what those want whom it is for. */
static void
wished(struct transit *transit)
{
	removed_hold(transit, receive);
}

void
arrive_go_on(struct transit *transit)
{
	if (expanding_judged(transit) < 0)
		arrive_put_off(transit, 451, "4.3.0",
		    "out of memory, try again later");
	else
		wishes_ask(transit, wished);
}

void
conductor_asker_lost(struct conductor *conductor, void *from)
{
	struct transit *transit;

	TAILQ_FOREACH(transit, &conductor->arriving, next)
		if (transit->asker.from == from)
			transit->asker.from = NULL;
	sharing_asker_lost(conductor, from);
	archiving_asker_lost(conductor, from);
	saving_asker_lost(conductor, from);
	coming_asker_lost(conductor, from);
	incoming_lost(conductor, from);
	ledger_asker_lost(conductor->ledger, from);
}
