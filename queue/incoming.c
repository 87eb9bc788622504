/*
 * incoming.c - room for messages, and big files that come in
 *
 * What is granted to a door or written for it ends with it: a door that is
 * lost gives its grants back here, and its half-written files go.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "queue/rows_outbound.h"
#include "queue/saving.h"
#include "store/account.h"

#define INCOMING_MOST	64	/* of one door: it writes one for a session */
#define MESSAGE_BYTES	(64u * 1024 * 1024)	/* when nothing is said */
/*
 * Of one collector, beside the largest message there is: its windows of 8 MiB
 * under way and ahead.  It asks again for more; what it does not use it cannot
 * keep from SMTP.  Of one account's programs that save messages as much.
 */
#define FETCH_AHEAD_BYTES (16u * 1024 * 1024)

/* Grants */

static struct grant *
find_grant(struct conductor *conductor, void *from)
{
	struct grant *grant;

	HASH_FIND_PTR(conductor->grants, &from, grant);
	return grant;
}

static void
grant_free(struct conductor *conductor, struct grant *grant)
{
	HASH_DEL(conductor->grants, grant);
	free(grant);
}

/* `from` is given `bytes` more. */
static int
grant_note(struct conductor *conductor, void *from, uint64_t bytes)
{
	struct grant *grant = find_grant(conductor, from);

	if (grant == NULL) {
		grant = calloc(1, sizeof(*grant));
		if (grant == NULL)
			return -ENOMEM;
		grant->from = from;
		HASH_ADD_PTR(conductor->grants, from, grant);
		if (grant->hh.tbl == NULL) {
			free(grant);
			return -ENOMEM;
		}
	}
	grant->bytes += bytes;
	return 0;
}

uint64_t
grant_take(struct conductor *conductor, void *from, uint64_t bytes)
{
	struct grant *grant = find_grant(conductor, from);

	if (grant == NULL)
		return 0;
	if (bytes < grant->bytes) {
		grant->bytes -= bytes;
		return bytes;
	}
	bytes = grant->bytes;
	grant_free(conductor, grant);
	return bytes;
}

static uint64_t
message_bytes(const struct conductor *conductor)
{
	uint64_t most = conductor->options.message_bytes;

	return most == 0 ? MESSAGE_BYTES : most;
}

/* Would this collector, or account, hold too much of what is for all? */
static bool
is_greedy(struct conductor *conductor, const struct asker *asker,
    uint64_t bytes)
{
	uint64_t most = message_bytes(conductor) + FETCH_AHEAD_BYTES, held = 0;
	const struct grant *grant = find_grant(conductor, asker->from);
	const struct transit *transit;

	if (!asker->is_fetch && !asker->is_mailbox)
		return false;
	if (grant != NULL)
		held = grant->bytes;
	/* what it has submitted has its room until it is received */
	TAILQ_FOREACH(transit, &conductor->arriving, next)
		if (transit->asker.from == asker->from)
			held += transit->granted;
	return held > most || bytes > most - held;
}

int
grant_give(struct conductor *conductor, const struct asker *asker,
    uint64_t bytes)
{
	int r = is_greedy(conductor, asker, bytes) ? -EDQUOT :
	    space_grant(conductor->space, bytes);

	if (r < 0)
		return r;
	r = grant_note(conductor, asker->from, bytes);
	if (r < 0)
		space_release(conductor->space, bytes);
	return r;
}

void
conductor_grant(struct conductor *conductor, const struct asker *asker,
    uint64_t bytes)
{
	int r = grant_give(conductor, asker, bytes);

	if (r == -EDQUOT) {
		conductor_answer(conductor, asker, 452, "4.3.1",
		    "this collection has all the room that one may have");
		return;
	}
	if (r == 0) {
		conductor_answer(conductor, asker, 250, "2.0.0", "granted");
		return;
	}
	/*
	 * The disk may have filled up: see to the reserve in this turn, but not
	 * for each of a flood, and never by putting the next look off.
	 */
	if (clock_ms() - conductor->looked_ms >= LOOK_AGAIN_MS)
		timer_set(conductor->keep_timer, 0);
	conductor_answer(conductor, asker, 452, "4.3.1",
	    "no room for this message now, try again later");
}

/* Nobody waits for these: where there is no room, each asks for its own. */
void
conductor_grants(struct conductor *conductor, const struct asker *asker,
    unsigned count)
{
	unsigned given = 0;

	while (given < count && grant_give(conductor, asker, BIG_BYTES) == 0)
		given++;
	if (given == count) {
		conductor_answer(conductor, asker, 250, "2.0.0", "granted");
		return;
	}
	conductor_release(conductor, asker->from,
	    given * (uint64_t)BIG_BYTES);
	conductor_answer(conductor, asker, 452, "4.3.1",
	    "no room for more messages than have come");
}

void
conductor_release(struct conductor *conductor, void *from, uint64_t bytes)
{
	space_release(conductor->space, grant_take(conductor, from, bytes));
}

/* Big files that come in */

struct incoming *
incoming_find(struct conductor *conductor, uint64_t ticket)
{
	struct incoming *incoming;

	HASH_FIND(hh, conductor->incoming, &ticket, sizeof(ticket), incoming);
	return incoming;
}

void
incoming_free(struct conductor *conductor, struct incoming *incoming)
{
	HASH_DEL(conductor->incoming, incoming);
	/* one that has been submitted has no writer any more */
	if (incoming->half != NULL && incoming->writer != NULL)
		half_cut(incoming->half, incoming->writer, incoming->bytes,
		    incoming->last[1]);
	else
		half_end(incoming->half);
	big_abort(incoming->writer);
	if (incoming->granted > 0)
		conductor_release(conductor, incoming->from,
		    incoming->granted);
	free(incoming);
}

static unsigned
count_of(const struct conductor *conductor, const void *from)
{
	const struct incoming *incoming;
	unsigned count = 0;

	for (incoming = conductor->incoming; incoming != NULL;
	    incoming = incoming->hh.next)
		count += incoming->from == from;
	return count;
}

int
conductor_big_begin(struct conductor *conductor, void *from,
    uint64_t *ticket_out)
{
	struct incoming *incoming;
	int r;

	if (count_of(conductor, from) >= INCOMING_MOST)
		return -ENOSPC;
	incoming = calloc(1, sizeof(*incoming));
	if (incoming == NULL)
		return -ENOMEM;
	r = message_id_new(&conductor->last_id, clock_utc_ms());
	if (r == 0) {
		incoming->id = conductor->last_id;
		r = big_begin(conductor->big, &incoming->id,
		    &incoming->writer);
	}
	if (r < 0) {
		free(incoming);
		return r;
	}
	incoming->from = from;
	incoming->ticket = ++conductor->last_ticket;
	HASH_ADD(hh, conductor->incoming, ticket, sizeof(incoming->ticket),
	    incoming);
	if (incoming->hh.tbl == NULL) {
		big_abort(incoming->writer);
		free(incoming);
		return -ENOMEM;
	}
	*ticket_out = incoming->ticket;
	return 0;
}

int
conductor_big_begin_of(struct conductor *conductor, void *from,
    const struct conductor_row *row, uint64_t *ticket_out,
    struct ledger_half *half_out, int *half_fd_out)
{
	struct incoming *incoming;
	struct ledger_half key;
	int r = conductor_big_begin(conductor, from, ticket_out);

	if (r < 0)
		return r;
	*half_out = (struct ledger_half){ 0 };
	/* without a name it comes in as any other does */
	if (ledger_half_key(conductor->ledger, from, row->listing,
	    row->number, &key) < 0)
		return 0;
	incoming = incoming_find(conductor, *ticket_out);
	incoming->half = half_begin(conductor->halves, &key);
	if (row->wants_half && halves_hand_out(conductor->halves, &key,
	    half_out, half_fd_out) < 0)
		*half_out = (struct ledger_half){ 0 };
	return 0;
}

void
conductor_big_mended(struct conductor *conductor, void *from, uint64_t ticket)
{
	struct incoming *incoming = incoming_find(conductor, ticket);

	if (incoming == NULL || incoming->from != from)
		return;
	half_end(incoming->half);
	incoming->half = NULL;
}

void
conductor_half_drop(struct conductor *conductor, void *from, uint64_t listing,
    uint32_t number, uint64_t ticket)
{
	struct incoming *incoming = incoming_find(conductor, ticket);
	struct ledger_half key;
	const struct ledger_half *half = NULL;

	if (incoming != NULL && incoming->from == from) {
		half_forget(incoming->half);
		incoming->half = NULL;
	}

	if (ledger_half_key(conductor->ledger, from, listing, number,
	    &key) == 0)
		half = ledger_half_find(conductor->ledger, key.account,
		    key.row, slice_of(key.uidl, key.uidl_len));
	if (half != NULL)
		(void)halves_drop(conductor->halves, half->number);
}

int
incoming_adopt(struct conductor *conductor, void *from,
    const struct big_made *made, uint64_t *ticket_out)
{
	struct incoming *incoming = calloc(1, sizeof(*incoming));

	if (incoming == NULL)
		return -ENOMEM;
	*incoming = (struct incoming){ .from = from, .id = made->id,
	    .ticket = ++conductor->last_ticket, .bytes = made->bytes,
	    .last = { made->last[0], made->last[1] },
	    .ended = true, .is_finished = true };
	memcpy(incoming->digest, made->digest, BIG_DIGEST_BYTES);
	HASH_ADD(hh, conductor->incoming, ticket, sizeof(incoming->ticket),
	    incoming);
	if (incoming->hh.tbl == NULL) {
		free(incoming);
		return -ENOMEM;
	}
	incoming->writer = made->writer;
	*ticket_out = incoming->ticket;
	return 0;
}

/* Nothing of it is needed any more: the disk gets its room back now. */
static void
give_up(struct incoming *incoming, int fault)
{
	half_end(incoming->half);
	incoming->half = NULL;
	big_abort(incoming->writer);
	incoming->writer = NULL;
	incoming->fault = fault;
}

void
conductor_big_feed(struct conductor *conductor, uint64_t ticket,
    struct slice bytes)
{
	uint64_t most = message_bytes(conductor);
	struct incoming *incoming = incoming_find(conductor, ticket);

	if (incoming == NULL || incoming->fault < 0 || bytes.len == 0)
		return;
	if (bytes.len > most - incoming->bytes) {
		give_up(incoming, -EFBIG);
		return;
	}
	incoming->bytes += bytes.len;
	if (incoming->is_saving)
		incoming->fault = saving_grow(conductor, incoming);
	if (incoming->fault == 0)
		incoming->fault = big_feed(incoming->writer, bytes);
	if (incoming->fault < 0)
		give_up(incoming, incoming->fault);
	if (bytes.len == 1)
		incoming->last[0] = incoming->last[1];
	else
		incoming->last[0] = bytes.at[bytes.len - 2];
	incoming->last[1] = bytes.at[bytes.len - 1];
	if (incoming->half != NULL)
		half_grown(incoming->half, incoming->writer, incoming->bytes,
		    incoming->last[1]);
}

void
conductor_big_end(struct conductor *conductor, uint64_t ticket)
{
	struct incoming *incoming = incoming_find(conductor, ticket);

	if (incoming != NULL)
		incoming->ended = true;
}

void
conductor_big_abandon(struct conductor *conductor, void *from, uint64_t ticket)
{
	struct incoming *incoming = incoming_find(conductor, ticket);

	if (incoming == NULL)
		saving_abandon(conductor, from, ticket);
	else if (incoming->from == from)
		incoming_free(conductor, incoming);
}

void
incoming_lost(struct conductor *conductor, void *from)
{
	struct incoming *incoming, *following;
	struct grant *grant, *after;

	HASH_ITER(hh, conductor->incoming, incoming, following)
		if (from == NULL || incoming->from == from)
			incoming_free(conductor, incoming);
	HASH_ITER(hh, conductor->grants, grant, after) {
		if (from != NULL && grant->from != from)
			continue;
		space_release(conductor->space, grant->bytes);
		grant_free(conductor, grant);
	}
}

/*
 * Still needed: by an account, or because it is kept, or by another host, or by a
 * record whose mailbox has not got it yet.
 */
int
conductor_big_is_known(struct conductor *conductor,
    const struct message_id *id)
{
	const struct transit *transit;
	int r;

	r = rows_big_is_known(conductor->rows, id);
	if (r == -ENOENT)
		r = rows_is_kept(conductor->rows, id);
	if (r == -ENOENT)
		r = rows_outbound_has(conductor->rows, id);
	if (r != -ENOENT)
		return r;
	TAILQ_FOREACH(transit, &conductor->received, next)
		if (message_id_order(&transit->env.id, id) == 0)
			return 0;
	return -ENOENT;
}
