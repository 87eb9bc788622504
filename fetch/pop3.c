/*
 * pop3.c - the POP3 conversation: commands, and the replies that answer them
 *
 * One turn reads what has come, tells it, asks for more commands and writes
 * them in one go.  A reply counts only for a command that has been sent: bytes
 * that stand in the buffer before that were made for something else.
 */
#include "fetch/pop3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/pop3_reply.h"
#include "lib/base/dot.h"
#include "lib/base/lines.h"
#include "lib/base/text.h"
#include "queue/service.h"

#define READS_OF_TURN	8	/* of 64 KiB, before others get a turn */
#define RING		(POP3_WINDOW + 4)
#define OUT_BYTES	(RING * 32 + 2048)	/* a window, and a login */
#define RATE_MS		60000	/* the time that a rate is taken over */
#define TICK_MOST_MS	1000
/*
 * Lines of one answer: what a listing may hold (listing.c), with the rows that
 * are dropped.  A server that never ends its list is stopped here.
 */
#define LINES_MOST	(LISTING_MOST + LISTING_MOST / 10)
/* A number and a UIDL of 70 (RFC 1939 7); what is skipped counts as well. */
#define LIST_BYTES_MOST	(LINES_MOST * 80u)

struct said {
	const struct pop3_command *command;
	const struct heard *heard;
	uint32_t	number;
};

struct pop3 {
	struct talk		*talk;
	struct pop3_options	 options;
	struct pop3_events	 events;
	struct timer		*soon;		/* a turn, from here */
	struct timer		*tick;		/* silence, slowness */
	struct said		 ring[RING];
	unsigned		 first, count;	/* said, not answered */
	unsigned		 sent;		/* of these */
	bool			 in_reply;	/* its status line has come */
	bool			 has_replied;	/* so it speaks POP3 */
	uint64_t		 lines, list_bytes;	/* of this reply */
	struct dot_reader	 dot;
	struct line_reader	 reader;
	struct text		 out;
	bool			 held, broken, in_turn;
	uint64_t		 heard_ms;	/* the last byte */
	uint64_t		 ticked_ms;
	uint64_t		 rate_ms, rate_bytes;	/* while we waited */
	struct slice		 rest;		/* in `input`, not heard yet */
	char			 input[POP3_LINE_BYTES + POP3_READ_BYTES];
};

static void	on_soon(void *arg);
static void	on_tick(void *arg);

static uint64_t
tick_ms(const struct pop3 *pop3)
{
	uint64_t ms = pop3->options.silence_ms / 4 + 1;

	return ms < TICK_MOST_MS ? ms : TICK_MOST_MS;
}

struct pop3 *
pop3_new(struct loop *loop, struct talk *talk,
    const struct pop3_options *options, const struct pop3_events *events)
{
	struct pop3 *pop3 = calloc(1, sizeof(*pop3));

	if (pop3 == NULL)
		return NULL;
	pop3->talk = talk;
	pop3->options = *options;
	pop3->events = *events;
	pop3->out = (struct text)TEXT_INIT(OUT_BYTES);
	pop3->soon = timer_new(loop, on_soon, pop3);
	pop3->tick = timer_new(loop, on_tick, pop3);
	if (pop3->soon == NULL || pop3->tick == NULL) {
		pop3_free(pop3);
		return NULL;
	}
	pop3->heard_ms = pop3->ticked_ms = clock_ms();
	timer_set(pop3->tick, tick_ms(pop3));
	return pop3;
}

void
pop3_free(struct pop3 *pop3)
{
	if (pop3 == NULL)
		return;
	timer_free(pop3->soon);
	timer_free(pop3->tick);
	if (pop3->out.at != NULL)
		explicit_bzero(pop3->out.at, pop3->out.size);
	text_free(&pop3->out);
	free(pop3);
}

void
pop3_stop(struct pop3 *pop3)
{
	pop3->broken = true;
	timer_stop(pop3->soon);
	timer_stop(pop3->tick);
}

static void
break_off(struct pop3 *pop3, enum fetch_end end, const char *ours)
{
	if (pop3->broken)
		return;
	pop3_stop(pop3);
	pop3->events.broken(pop3->events.arg, end, false, slice_str(ours));
}

static void
break_off_quoting(struct pop3 *pop3, enum fetch_end end, struct slice words)
{
	if (pop3->broken)
		return;
	pop3_stop(pop3);
	pop3->events.broken(pop3->events.arg, end, true, words);
}

/* What it says is no reply: is it another protocol, or out of step? */
static enum fetch_end
no_reply(const struct pop3 *pop3)
{
	return pop3->has_replied ? FETCH_END_INCONSISTENT :
	    FETCH_END_NONSENSE;
}

/* Saying */

unsigned
pop3_room(const struct pop3 *pop3)
{
	unsigned window = pop3->options.pipelining ? POP3_WINDOW : 1;

	return pop3->broken || pop3->count >= window ? 0 :
	    window - pop3->count;
}

unsigned
pop3_under_way(const struct pop3 *pop3)
{
	return pop3->count;
}

unsigned
pop3_mend(const struct pop3 *pop3)
{
	return pop3->dot.mend;
}

static void
enqueue(struct pop3 *pop3, const struct pop3_command *command,
    uint32_t number, const struct heard *heard)
{
	text_add_str(&pop3->out, "\r\n");
	if (pop3->count == RING || text_failed(&pop3->out)) {
		break_off(pop3, FETCH_END_LOCAL, "too many commands at once");
		return;
	}
	pop3->ring[(pop3->first + pop3->count) % RING] = (struct said){
	    command, heard, number
	};
	pop3->count++;
	if (!pop3->in_turn)
		timer_set(pop3->soon, 0);
}

void
pop3_say(struct pop3 *pop3, const struct pop3_command *command,
    uint32_t number, const struct heard *heard)
{
	if (pop3->broken)
		return;
	text_add_str(&pop3->out, command->verb);
	if (number != 0)
		text_addf(&pop3->out, " %u", number);
	if (command->after != NULL)
		text_add_str(&pop3->out, command->after);
	enqueue(pop3, command, number, heard);
}

void
pop3_say_word(struct pop3 *pop3, const struct pop3_command *command,
    struct slice argument, const struct heard *heard)
{
	if (pop3->broken)
		return;
	text_add_str(&pop3->out, command->verb);
	text_add_byte(&pop3->out, ' ');
	text_add(&pop3->out, argument);
	enqueue(pop3, command, 0, heard);
}

/* Write what may leave now: everything, or one line when nothing is out. */
static void
flush(struct pop3 *pop3)
{
	struct slice lines = text_slice(&pop3->out);
	unsigned n = pop3->count - pop3->sent;

	if (pop3->broken || n == 0)
		return;
	if (!pop3->options.pipelining) {
		if (pop3->sent > 0)
			return;
		lines = slice_first(lines, slice_find(lines, '\n') + 1);
		n = 1;
	}
	if (pop3->sent == 0)
		pop3->heard_ms = clock_ms();
	if (talk_write(pop3->talk, lines) < 0) {
		break_off(pop3, FETCH_END_LOCAL,
		    "no memory for what is to be sent");
		return;
	}
	pop3->sent += n;
	/* a password may have been in it, or is in what was moved */
	n = (unsigned)pop3->out.len;
	text_consume(&pop3->out, lines.len);
	explicit_bzero(pop3->out.at + pop3->out.len, n - pop3->out.len);
}

/* Hearing */

/* The reply to the first command has ended. */
static struct said
reply_end(struct pop3 *pop3)
{
	struct said said = pop3->ring[pop3->first];

	pop3->first = (pop3->first + 1) % RING;
	pop3->count--;
	pop3->sent--;
	pop3->in_reply = false;
	return said;
}

/* Take a line; false: it has not come yet, or is of no use. */
static bool
line_get(struct pop3 *pop3, struct slice *line_out, bool *too_long_out)
{
	enum line_is is = line_take(&pop3->reader, &pop3->rest,
	    POP3_LINE_BYTES, line_out);

	*too_long_out = is == LINE_TOO_LONG;
	return is != LINE_MORE;
}

/* These four tell whether they got on: false waits for more bytes. */

static bool
hear_status(struct pop3 *pop3)
{
	struct said said = pop3->ring[pop3->first];
	struct pop3_status status;
	struct slice line;
	bool too_long;

	if (!line_get(pop3, &line, &too_long)) {
		/* it need not end to be none */
		if (pop3->rest.at[0] != '+' && pop3->rest.at[0] != '-')
			break_off_quoting(pop3, no_reply(pop3), pop3->rest);
		return false;
	}
	if (too_long) {
		break_off(pop3, no_reply(pop3), "a reply without end");
		return false;
	}
	if (pop3_status_read(line, &status) < 0) {
		break_off_quoting(pop3, no_reply(pop3), line);
		return false;
	}
	pop3->has_replied = true;
	if (status.ok && said.command->shape != POP3_ONE) {
		pop3->in_reply = true;
		pop3->lines = pop3->list_bytes = 0;
		pop3->dot = dot_reader_of(false, true);
	} else
		(void)reply_end(pop3);
	said.heard->status(pop3->events.arg, said.number, status.ok,
	    status.words);
	return true;
}

static bool
hear_line(struct pop3 *pop3)
{
	static const struct mended nothing;
	struct said said = pop3->ring[pop3->first];
	size_t before = pop3->rest.len;
	struct slice line;
	bool too_long, has_come = line_get(pop3, &line, &too_long);

	pop3->list_bytes += before - pop3->rest.len;
	if (pop3->list_bytes > LIST_BYTES_MOST) {
		break_off(pop3, FETCH_END_INCONSISTENT,
		    "a list without end");
		return false;
	}
	if (!has_come)
		return false;
	if (!too_long && slice_is_str(line, ".")) {
		(void)reply_end(pop3);
		said.heard->end(pop3->events.arg, said.number, &nothing);
		return true;
	}
	if (++pop3->lines > LINES_MOST) {
		break_off(pop3, FETCH_END_INCONSISTENT,
		    "a list without end");
		return false;
	}
	if (too_long)
		return true;
	if (slice_has_prefix(line, "."))
		line = slice_after(line, 1);
	said.heard->part(pop3->events.arg, said.number, line);
	return true;
}

static bool
hear_body(struct pop3 *pop3)
{
	struct said said = pop3->ring[pop3->first];
	struct mended mended;
	struct slice run;

	switch (dot_take(&pop3->dot, &pop3->rest, &run)) {
	case DOT_RUN:
		said.heard->part(pop3->events.arg, said.number, run);
		break;
	case DOT_END:
		mended = (struct mended){
			pop3->dot.breaches, pop3->dot.added
		};
		(void)reply_end(pop3);
		said.heard->end(pop3->events.arg, said.number, &mended);
		break;
	case DOT_MORE:
		return false;
	}
	return true;
}

/* Nothing was asked.  Servers may say -ERR before they hang up, no more. */
static bool
hear_junk(struct pop3 *pop3)
{
	struct slice line;
	bool too_long;

	if (pop3->rest.at[0] != '-') {
		break_off_quoting(pop3, no_reply(pop3),
		    slice_first(pop3->rest, POP3_LINE_BYTES));
		return false;
	}
	if (!line_get(pop3, &line, &too_long))
		return false;
	if (too_long)
		break_off(pop3, no_reply(pop3), "a reply without end");
	else
		break_off_quoting(pop3, FETCH_END_CLOSED, line);
	return false;
}

/* Tell all that stands in the buffer, as long as that is wanted. */
static void
hear(struct pop3 *pop3)
{
	bool on = true;

	while (on && pop3->rest.len > 0 && !pop3->held && !pop3->broken) {
		if (pop3->sent == 0)
			on = hear_junk(pop3);
		else if (!pop3->in_reply)
			on = hear_status(pop3);
		else if (pop3->ring[pop3->first].command->shape == POP3_BODY)
			on = hear_body(pop3);
		else
			on = hear_line(pop3);
	}
}

/* More behind what is left; 0: nothing now, or never again. */
static size_t
read_more(struct pop3 *pop3)
{
	size_t len = pop3->rest.len;
	int n;

	/* of a line less than POP3_LINE_BYTES is left, of a body nothing */
	if (len > 0 && pop3->rest.at != pop3->input)
		memmove(pop3->input, pop3->rest.at, len);
	n = talk_read(pop3->talk, pop3->input + len, POP3_READ_BYTES);
	pop3->rest = slice_of(pop3->input, len + (n < 0 ? 0 : (size_t)n));
	if (n <= 0)
		return 0;
	pop3->heard_ms = clock_ms();
	pop3->rate_bytes += (uint64_t)n;
	return (size_t)n;
}

static void
turn(struct pop3 *pop3)
{
	unsigned reads;

	pop3->in_turn = true;
	for (reads = 0; reads < READS_OF_TURN; reads++) {
		hear(pop3);
		if (pop3->held || pop3->broken || read_more(pop3) == 0)
			break;
	}
	if (reads == READS_OF_TURN && !pop3->broken)
		timer_set(pop3->soon, 0);
	if (!pop3->broken)
		pop3->events.turn(pop3->events.arg);
	flush(pop3);
	pop3->in_turn = false;
}

static void
on_soon(void *arg)
{
	turn(arg);
}

void
pop3_readable(struct pop3 *pop3)
{
	if (!pop3->broken && !pop3->held)
		turn(pop3);
}

void
pop3_hold(struct pop3 *pop3, bool held)
{
	if (pop3->broken || held == pop3->held)
		return;
	pop3->held = held;
	talk_hold(pop3->talk, held);
	if (!held)
		timer_set(pop3->soon, 0);
}

/* Less than the least rate, while we waited for so long. */
static bool
is_slow(struct pop3 *pop3, uint64_t waited_ms)
{
	bool slow;

	pop3->rate_ms += waited_ms;
	if (pop3->rate_ms < RATE_MS)
		return false;
	slow = pop3->rate_bytes <
	    pop3->options.least_bytes_per_second * (pop3->rate_ms / 1000);
	pop3->rate_ms = pop3->rate_bytes = 0;
	return slow;
}

static void
on_tick(void *arg)
{
	struct pop3 *pop3 = arg;
	uint64_t now = clock_ms(), waited = now - pop3->ticked_ms;

	pop3->ticked_ms = now;
	timer_set(pop3->tick, tick_ms(pop3));
	if (pop3->held || pop3->sent == 0) {
		pop3->heard_ms = now;
		pop3->rate_ms = pop3->rate_bytes = 0;
		return;
	}
	if (now - pop3->heard_ms >= pop3->options.silence_ms)
		break_off(pop3, FETCH_END_TIMED_OUT, "");
	else if (is_slow(pop3, waited))
		break_off(pop3, FETCH_END_TIMED_OUT, "it sends too slowly");
}
