/*
 * outbound_turn.c - mail that its host takes on a connection of its own (ATRN,
 * RFC 2645)
 *
 * The relay has the connection; all mail of its domains that is here goes on it,
 * one message after the other, and what comes meanwhile waits for the next one.
 * There is one such connection for a domain at a time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "queue/outbound_inside.h"

struct out_turn {
	LIST_ENTRY(out_turn)	 next;
	uint64_t		 number;
	char			 names[GATEWAYS_MOST][GATEWAY_NAME_SIZE];
	size_t			 count;
	size_t			 messages;	/* when it began */
	int64_t			 since_utc_ms;
	unsigned		 active;	/* on it */
	bool			 is_done;	/* the relay knows that */
};

static bool
has_domain(const struct out_turn *turn, struct slice domain)
{
	for (size_t i = 0; i < turn->count; i++)
		if (slice_is_str(domain, turn->names[i]))
			return true;
	return false;
}

static struct out_turn *
find(const struct outbound *outbound, uint64_t number)
{
	struct out_turn *turn;

	LIST_FOREACH(turn, &outbound->turns, next)
		if (turn->number == number)
			break;
	return turn;
}

/* The one that takes mail of that domain yet, or NULL. */
static struct out_turn *
find_for(const struct outbound *outbound, struct slice domain)
{
	struct out_turn *turn;

	LIST_FOREACH(turn, &outbound->turns, next)
		if (!turn->is_done && has_domain(turn, domain))
			break;
	return turn;
}

uint64_t
out_turn_of(const struct outbound *outbound, struct slice domain)
{
	const struct out_turn *turn = find_for(outbound, domain);

	return turn == NULL ? 0 : turn->number;
}

bool
out_turn_is_busy(const struct outbound *outbound, const struct out_dest *dest)
{
	const struct out_turn *turn = find_for(outbound,
	    slice_str(dest->name));

	return turn != NULL && turn->active > 0;
}

void
out_turn_count(struct outbound *outbound, uint64_t number, int messages)
{
	struct out_turn *turn = find(outbound, number);

	if (turn != NULL)
		turn->active += (unsigned)messages;
}

/* Something of that domain has yet to go, or is about to get its rows. */
static bool
has_more(const struct outbound *outbound, const struct out_turn *turn,
    const char *name)
{
	const struct out_dest *dest = out_dest_find(outbound,
	    slice_str(name));
	const struct gateway *gateway = gateways_find(&outbound->gateways,
	    slice_str(name));
	const struct heap_entry *first = dest == NULL ? NULL :
	    heap_first(&dest->jobs);

	if (gateway == NULL)
		return false;
	if (first != NULL && first->key <= clock_ms())
		return true;
	return out_coming(outbound, gateway, 0) >
	    out_coming(outbound, gateway, turn->since_utc_ms);
}

/* What was not tried waits as it did before. */
static void
unask(struct outbound *outbound, const struct out_turn *turn)
{
	for (size_t i = 0; i < turn->count; i++) {
		struct out_dest *dest = out_dest_find(outbound,
		    slice_str(turn->names[i]));

		if (dest != NULL)
			dest->asked_utc_ms = 0;
	}
}

/* Nothing is on it: its destinations may go on; false: none has anything. */
static bool
go_on(struct outbound *outbound, const struct out_turn *turn)
{
	bool has_any = false;

	for (size_t i = 0; i < turn->count; i++) {
		struct out_dest *dest = out_dest_find(outbound,
		    slice_str(turn->names[i]));

		has_any = has_any || has_more(outbound, turn,
		    turn->names[i]);
		if (dest != NULL)
			out_dest_place(outbound, dest);
	}
	return has_any;
}

void
out_turns_look(struct outbound *outbound)
{
	struct conductor *conductor = outbound->conductor;
	struct out_turn *turn;

	LIST_FOREACH(turn, &outbound->turns, next) {
		if (turn->active > 0 || turn->is_done ||
		    go_on(outbound, turn))
			continue;
		turn->is_done = true;
		unask(outbound, turn);
		conductor->ports.turn_done(conductor->ports.arg,
		    turn->number);
	}
}

void
conductor_turn_over(struct conductor *conductor, uint64_t number)
{
	struct outbound *outbound = conductor->outbound;
	struct out_turn *turn;

	if (conductor->closing)
		return;
	turn = find(outbound, number);
	if (turn == NULL)
		return;
	LIST_REMOVE(turn, next);
	unask(outbound, turn);
	free(turn);
	out_pump(outbound);
}

void
out_turns_free(struct outbound *outbound)
{
	struct out_turn *turn;

	while ((turn = LIST_FIRST(&outbound->turns)) != NULL) {
		LIST_REMOVE(turn, next);
		free(turn);
	}
}

/* Asking */

static bool
is_its(const struct gateway *gateway, const struct atrn_asked *asked)
{
	return gateway != NULL && gateway->account != 0 &&
	    gateway->account == asked->account;
}

static void
add(const struct outbound *outbound, struct out_turn *turn,
    const struct gateway *gateway)
{
	const struct out_dest *dest = out_dest_find(outbound,
	    slice_str(gateway->name));

	/* said twice it is one */
	if (has_domain(turn, slice_str(gateway->name)))
		return;
	turn->messages += out_coming(outbound, gateway, 0) +
	    (dest == NULL ? 0 : dest->jobs.count);
	(void)snprintf(turn->names[turn->count++], GATEWAY_NAME_SIZE, "%s",
	    gateway->name);
}

/* The domains that are meant.  0, or -EPERM: some, or all, are not its. */
static int
list(const struct outbound *outbound, const struct atrn_asked *asked,
    struct out_turn *turn)
{
	for (size_t i = 0; i < asked->count; i++) {
		const struct gateway *gateway = gateways_find(
		    &outbound->gateways, asked->names[i]);

		if (!is_its(gateway, asked))
			return -EPERM;
		add(outbound, turn, gateway);
	}
	for (size_t i = 0; asked->count == 0 &&
	    i < outbound->gateways.count; i++)
		if (is_its(&outbound->gateways.at[i], asked))
			add(outbound, turn, &outbound->gateways.at[i]);
	return turn->count == 0 ? -EPERM : 0;
}

/* Its mail goes there already. */
static bool
is_taken(const struct outbound *outbound, const struct out_turn *turn)
{
	for (size_t i = 0; i < turn->count; i++)
		if (find_for(outbound, slice_str(turn->names[i])) != NULL)
			return true;
	return false;
}

static int
begin(struct outbound *outbound, struct out_turn *turn,
    const struct atrn_asked *asked, int fd)
{
	struct conductor *conductor = outbound->conductor;
	TEXT_AUTO packed = TEXT_INIT(512);
	char who[64];
	int r;

	turn->number = ++outbound->last_turn;
	turn->since_utc_ms = clock_utc_ms();
	relay_turn_pack(&packed, &(struct relay_turn){
	    .number = turn->number, .peer = asked->peer,
	    .tls = asked->tls });
	r = text_failed(&packed) ? -ENOMEM : conductor->ports.turn(
	    conductor->ports.arg, turn->number, text_slice(&packed), fd);
	if (r < 0)
		return r;
	(void)snprintf(who, sizeof(who), "turn of account %llu",
	    (unsigned long long)asked->account);
	LIST_INSERT_HEAD(&outbound->turns, turn, next);
	for (size_t i = 0; i < turn->count; i++) {
		struct out_dest *dest = out_dest_find(outbound,
		    slice_str(turn->names[i]));

		out_note_asked(outbound, turn->names[i], who);
		if (dest != NULL)
			out_run(outbound, dest);
	}
	return 0;
}

/* 0, and the turn is kept; else it was answered. */
static int
decide(struct conductor *conductor, const struct asker *asker,
    const struct atrn_asked *asked, struct out_turn *turn, int fd)
{
	struct outbound *outbound = conductor->outbound;
	int r = list(outbound, asked, turn);

	if (r < 0) {
		conductor_answer(conductor, asker, 450, "4.7.1",
		    "ATRN request refused: that is not yours to take");
	} else if (is_taken(outbound, turn)) {
		r = -EBUSY;
		conductor_answer(conductor, asker, 451, "4.3.0",
		    "Unable to process ATRN request now: it is under way on "
		    "another connection");
	} else if (turn->messages == 0) {
		r = -ENOENT;
		conductor_answer(conductor, asker, 453, "4.2.0",
		    "You have no mail");
	} else {
		r = begin(outbound, turn, asked, fd);
		if (r < 0)
			conductor_answer(conductor, asker, 451, "4.3.0",
			    "Unable to process ATRN request now");
	}
	return r;
}

void
conductor_atrn(struct conductor *conductor, const struct asker *asker,
    const struct atrn_asked *asked, int fd)
{
	struct outbound *outbound = conductor->outbound;
	struct out_turn *turn = calloc(1, sizeof(*turn));

	if (turn == NULL || !outbound->has_gateways || !outbound->is_up ||
	    conductor->ports.turn == NULL) {
		conductor_answer(conductor, asker, 451, "4.3.0",
		    "Unable to process ATRN request now");
		free(turn);
	} else if (decide(conductor, asker, asked, turn, fd) < 0) {
		free(turn);
	} else {
		conductor_answer(conductor, asker, 250, "2.0.0",
		    "OK now reversing the connection");
	}
	(void)close(fd);
	out_pump(outbound);
}
