/*
 * etrn_ask.c - ETRN for one name after the other, or ATRN, and QUIT
 *
 * A command is said when the reply to the one before has come whole.  What
 * stands behind that in what was read was made for something else, and ends the
 * conversation: behind the 250 to ATRN it would be taken for the client's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fetch/etrn_inside.h"

#define QUIT_MS		10000	/* for the answer; the work is done already */
#define READS_OF_TURN	8

typedef void	heard_fn(struct etrn *, const struct etrn_line *);

static void	ask_next(struct etrn *);

/* Say a line and hear its reply. */
static void
say(struct etrn *etrn, const char *verb, struct slice argument,
    heard_fn *heard)
{
	TEXT_AUTO line = TEXT_INIT(FETCH_QUEUE_SIZE + HOST_NAME_MOST + 16);

	text_add_str(&line, verb);
	if (argument.len > 0) {
		text_add_byte(&line, ' ');
		text_add(&line, argument);
	}
	text_add_str(&line, "\r\n");
	if (text_failed(&line) ||
	    talk_write(etrn->talk, text_slice(&line)) < 0) {
		etrn_break(etrn, FETCH_END_LOCAL, "out of memory");
		return;
	}
	etrn->ask.heard = heard;
	etrn->ask.lines = 0;
	timer_set(etrn->clock, etrn->limits.silence_ms);
}

static void
heard_quit(struct etrn *etrn, const struct etrn_line *last)
{
	(void)last;
	etrn_break(etrn, FETCH_END_DONE, "");
}

static void
quit(struct etrn *etrn)
{
	uint64_t ms = etrn->limits.silence_ms;

	say(etrn, "QUIT", slice_of(NULL, 0), heard_quit);
	if (!etrn->is_over)
		timer_set(etrn->clock, ms < QUIT_MS ? ms : QUIT_MS);
}

/* The server's own words, behind the name if it was asked for several. */
static void
note(struct etrn *etrn, enum fetch_end end, const struct etrn_line *last)
{
	TEXT_AUTO words = TEXT_INIT(ETRN_LINE_BYTES + FETCH_QUEUE_SIZE + 16);
	bool several = !slice_is_str(etrn->ask.name, etrn->account.queue);

	if (several) {
		text_add(&words, etrn->ask.name);
		text_add_str(&words, ": ");
	}
	text_addf(&words, "%u %.*s", last->code, SLICE_FMT(last->words));
	etrn_note(etrn, end, !several, text_slice(&words));
}

/* RFC 5321 3.8: with 421 it hangs up. */
static bool
goes_on(const struct etrn_line *last)
{
	return last->code != 421;
}

static void
heard_etrn(struct etrn *etrn, const struct etrn_line *last)
{
	enum fetch_end end = etrn_meaning(last->code);

	if (end == FETCH_END_DONE) {
		etrn->outcome.asked++;
		etrn->outcome.waiting += etrn_pending(last);
	} else {
		note(etrn, end, last);
	}
	if (!goes_on(last))
		etrn_break(etrn, end, "");
	else if (etrn->ask.is_last)
		quit(etrn);
	else
		ask_next(etrn);
}

static void
ask_next(struct etrn *etrn)
{
	struct etrn_ask *ask = &etrn->ask;

	ask->is_last = !slice_cut(&ask->rest, ',', &ask->name);
	if (ask->is_last)
		ask->name = ask->rest;
	say(etrn, "ETRN", ask->name, heard_etrn);
}

static void
heard_atrn(struct etrn *etrn, const struct etrn_line *last)
{
	enum fetch_end end = atrn_meaning(last->code);

	if (last->code == 250) {
		etrn_turn_begin(etrn);
		return;
	}
	if (end != FETCH_END_DONE)
		note(etrn, end, last);
	if (goes_on(last))
		quit(etrn);
	else
		etrn_break(etrn, end, "");
}

/* The reply to an EHLO after the login: what is offered to who has done that. */
static void
heard_ehlo(struct etrn *etrn, const struct etrn_line *last)
{
	const struct etrn_offer *offer = &etrn->ask.offer;
	bool has = etrn->account.protocol == FETCH_ETRN ? offer->has_etrn :
	    offer->has_atrn;

	if (last->code == 250 && has)
		etrn->outcome.asked++;
	else if (last->code == 250)
		etrn_note(etrn, FETCH_END_NOT_OFFERED, false, slice_str(
		    "EHLO does not offer it"));
	else
		note(etrn, last->code < 500 ? FETCH_END_BUSY :
		    FETCH_END_INCONSISTENT, last);
	quit(etrn);
}

void
etrn_ask_begin(struct etrn *etrn)
{
	struct etrn_ask *ask = &etrn->ask;

	line_bill_for(etrn->bill, LINE_ETRN);
	ask->rest = ask->name = slice_str(etrn->account.queue);
	if (etrn->task == FETCH_TRY) {
		ask->offer = (struct etrn_offer){ 0 };
		say(etrn, "EHLO", slice_str(etrn->called), heard_ehlo);
	} else if (etrn->account.protocol == FETCH_ETRN) {
		ask_next(etrn);
	} else {
		say(etrn, "ATRN", ask->rest, heard_atrn);
	}
}

/* Hearing */

/*
 * Nothing is asked and it speaks: with 421 it may (RFC 5321 3.8).  After 250 to
 * ATRN it must wait for our greeting (RFC 2645 5.3).
 */
static void
hear_junk(struct etrn *etrn, struct slice bytes)
{
	struct slice line;

	if (slice_has_prefix(bytes, "421") && slice_cut(&bytes, '\n', &line)) {
		etrn_note(etrn, FETCH_END_BUSY, true, line);
		etrn_break(etrn, FETCH_END_BUSY, "");
	} else {
		etrn_break(etrn, FETCH_END_INCONSISTENT,
		    "it said more than was asked");
	}
}

/*
 * A line of the reply that is awaited; `rest` is what stands behind it.  Nothing
 * may stand behind the last one: the next was not asked for.
 */
static void
hear_line(struct etrn *etrn, struct slice s, struct slice rest)
{
	struct etrn_ask *ask = &etrn->ask;
	struct etrn_line line;
	heard_fn *heard = ask->heard;

	if (etrn_line_read(s, &line) < 0) {
		etrn_note(etrn, FETCH_END_INCONSISTENT, true, s);
		etrn_break(etrn, FETCH_END_INCONSISTENT, "");
		return;
	}
	etrn_offer_line(&ask->offer, s);
	if (++ask->lines > ETRN_LINES_MOST) {
		etrn_break(etrn, FETCH_END_INCONSISTENT,
		    "a reply without end");
	} else if (line.is_last && rest.len > 0 && heard != heard_quit) {
		hear_junk(etrn, rest);
	} else if (line.is_last) {
		ask->heard = NULL;
		heard(etrn, &line);
	}
}

/* Hear what stands in the buffer; it may be over, or reversed, after this. */
static void
hear(struct etrn *etrn)
{
	struct etrn_ask *ask = &etrn->ask;
	struct slice rest = slice_of(ask->input, ask->len), line;
	enum line_is is = LINE_GOOD;

	while (!etrn->is_over && ask->heard != NULL && is != LINE_MORE) {
		is = line_take(&ask->reader, &rest, ETRN_LINE_BYTES, &line);
		if (is == LINE_GOOD || is == LINE_BARE_LF)
			hear_line(etrn, line, rest);
		else if (is != LINE_MORE)
			etrn_break(etrn, FETCH_END_INCONSISTENT,
			    "a reply that is no line");
	}
	memmove(ask->input, rest.at, rest.len);
	ask->len = rest.len;
}

void
etrn_ask_readable(struct etrn *etrn)
{
	struct etrn_ask *ask = &etrn->ask;
	int n = 1;

	for (unsigned i = 0; i < READS_OF_TURN && n > 0 && !etrn->is_over &&
	    !etrn->turn.is_reversed; i++) {
		n = talk_read(etrn->talk, ask->input + ask->len,
		    sizeof(ask->input) - ask->len);
		if (n <= 0)
			break;
		ask->len += (size_t)n;
		if (ask->heard == NULL)
			hear_junk(etrn, slice_of(ask->input, ask->len));
		else
			hear(etrn);
	}
}

bool
etrn_ask_is_leaving(const struct etrn *etrn)
{
	return etrn->ask.heard == heard_quit;
}
