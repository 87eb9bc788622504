/*
 * client.c - one message said to one remote SMTP server
 *
 * What is awaited is one value; a reply goes to the function of it, which says
 * what is awaited next.  There is one way out: settle(), with a fate for every
 * recipient.
 */
#include "gateway/relay/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/relay/body.h"
#include "gateway/relay/command.h"
#include "gateway/relay/reply.h"

/* A piece of nothing but dots or CRs, folded: three for each byte at worst. */
#define PIECE_OUT_BYTES	(4 * FORM_ROOM_BYTES)
/* Bytes not taken by the system yet: a modem has them off in a block's time. */
#define WAITING_MOST	(64u * 1024)
#define CHUNK_BYTES	(128u * 1024)	/* of BDAT, and up to a piece more */

enum awaited {
	AWAITS_NOTHING,		/* being opened, or over */
	AWAITS_MAIL,
	AWAITS_RCPT,
	AWAITS_DATA,
	AWAITS_END,
	AWAITED
};

struct relay_client {
	const struct relay_job *job;	/* borrowed */
	const struct relay_letter *letter;	/* the same */
	struct relay_fate *fates;	/* the same */
	struct relay_client_events events;
	struct relay_links *links;
	struct relay_target target;
	struct relay_link *link;	/* NULL: left */
	struct timer	*clock;		/* for what is awaited */
	struct timer	*whole;		/* for all of it */
	struct timer	*over;		/* to be told */
	struct relay_offer offer;
	struct relay_need need;		/* of the message */
	unsigned	 chunks;	/* that are not answered */
	enum awaited	 awaited;
	bool		 pipelines;
	bool		 was_opened, was_reached, is_settled, is_host;
	bool		 was_first;
	enum talk_fault	 fault;
	size_t		 rcpt;		/* the one that is awaited */
	size_t		 taken;		/* with 2xx */
	struct relay_form	 form;		/* of the message for this host */
	struct relay_form_reader reader;	/* what of it has been said */
	bool		 is_sent;	/* all of it, and its end */
	struct relay_body body;
	char		 tls_words[80];
};

/* Ends */

/* What there is to say of all that have no fate yet. */
static void
fate_all(struct relay_client *client, enum relay_outcome outcome,
    unsigned code, const char *status, struct slice words)
{
	for (size_t i = 0; i < client->job->recipient_count; i++) {
		struct relay_fate *fate = &client->fates[i];

		if (fate->is_final)
			continue;
		fate->is_final = true;
		fate->outcome = outcome;
		fate->code = code;
		(void)snprintf(fate->status, sizeof(fate->status), "%s",
		    status);
		relay_words(words, fate->words);
	}
}

/* The link is done with; what is to be told of it stays. */
static void
leave_link(struct relay_client *client, enum relay_leaving how)
{
	if (client->link == NULL)
		return;
	(void)snprintf(client->tls_words, sizeof(client->tls_words), "%s",
	    relay_link_tls(client->link));
	client->was_reached = client->was_reached ||
	    relay_link_was_reached(client->link);
	client->was_first = !relay_link_is_used(client->link);
	relay_link_leave(client->link, how);
	client->link = NULL;
}

static void
on_over(void *arg)
{
	struct relay_client *client = arg;

	client->events.over(client->events.arg, client->is_host,
	    client->fault);
}

/* It is over: told from the loop, once. */
static void
settle(struct relay_client *client, enum relay_leaving how)
{
	if (client->is_settled)
		return;
	client->is_settled = true;
	timer_stop(client->clock);
	timer_stop(client->whole);
	leave_link(client, how);
	timer_set(client->over, 0);
}

/* The conversation broke, as far as it had come. */
static void
break_off(struct relay_client *client, const char *why)
{
	TEXT_AUTO words = TEXT_INIT(RELAY_WORDS_MOST * 2);

	text_add_str(&words, why);
	if (client->awaited == AWAITS_END && client->is_sent)
		text_add_str(&words, ": it has the message whole, and did not "
		    "say whether it takes it");
	fate_all(client, RELAY_LATER, 0, "4.4.2", text_slice(&words));
	settle(client, RELAY_DROP);
}

/* Saying */

static void
await(struct relay_client *client, enum awaited awaited)
{
	const uint64_t waits[AWAITED] = {
		[AWAITS_MAIL] = client->target.waits->mail,
		[AWAITS_RCPT] = client->target.waits->rcpt,
		[AWAITS_DATA] = client->target.waits->data,
		[AWAITS_END] = client->target.waits->end,
	};

	client->awaited = awaited;
	timer_set(client->clock, waits[awaited]);
}

static void
say(struct relay_client *client, const struct text *lines)
{
	if (text_failed(lines) ||
	    relay_link_write(client->link, text_slice(lines)) < 0)
		break_off(client, "memory is out here");
}

static void
say_rcpt(struct relay_client *client)
{
	TEXT_AUTO line = TEXT_INIT(COMMAND_BYTES);

	command_rcpt(&line, &client->job->recipients[client->rcpt],
	    &client->offer);
	say(client, &line);
}

/*
 * All of the envelope, and DATA, before anything is heard (RFC 2920 3.1).  A chunk
 * waits until somebody is to get it.
 */
static void
say_envelope(struct relay_client *client)
{
	TEXT_AUTO lines = TEXT_INIT(COMMAND_BYTES *
	    (client->job->recipient_count + 2));

	command_mail(&lines, client->job, &client->need, &client->offer);
	if (client->pipelines) {
		for (size_t i = 0; i < client->job->recipient_count; i++)
			command_rcpt(&lines, &client->job->recipients[i],
			    &client->offer);
		if (!client->offer.has_chunking)
			text_add_str(&lines, "DATA\r\n");
	}
	await(client, AWAITS_MAIL);
	say(client, &lines);
}

/* The bytes */

/* The next piece into `out`; false: that was the end. */
static bool
add_piece(struct relay_client *client, struct text *out)
{
	TEXT_AUTO room = TEXT_INIT(FORM_ROOM_BYTES);
	struct slice piece;

	if (!relay_form_read(&client->reader, &client->form, &room, &piece)) {
		relay_body_end(&client->body, out);
		return false;
	}
	relay_body_add(&client->body, piece, out);
	out->failed = out->failed || text_failed(&room);
	return true;
}

/* More of the message, as the connection takes it. */
static void
pump(struct relay_client *client)
{
	bool more = true;

	timer_set(client->clock, client->target.waits->block);
	while (more && !client->is_settled &&
	    relay_link_waiting(client->link) < WAITING_MOST) {
		TEXT_AUTO out = TEXT_INIT(PIECE_OUT_BYTES);

		more = add_piece(client, &out);
		say(client, &out);
	}
	if (!more && !client->is_settled) {
		client->is_sent = true;
		await(client, AWAITS_END);
	}
}

static void
begin_data(struct relay_client *client)
{
	TEXT_AUTO out = TEXT_INIT(8);

	client->awaited = AWAITS_END;
	relay_body_begin(&client->body, false);
	if (client->taken > 0) {
		pump(client);
		return;
	}
	/* RFC 2920 3.1: it asks for a message that nobody gets */
	text_add_str(&out, ".\r\n");
	client->is_sent = true;
	await(client, AWAITS_END);
	say(client, &out);
}

/* RFC 3030 2: one chunk, the last one if nothing is left. */
static void
say_chunk(struct relay_client *client)
{
	TEXT_AUTO chunk = TEXT_INIT(CHUNK_BYTES + PIECE_OUT_BYTES);
	TEXT_AUTO line = TEXT_INIT(64);

	while (!client->is_sent && chunk.len < CHUNK_BYTES)
		client->is_sent = !add_piece(client, &chunk);
	text_addf(&line, "BDAT %zu%s\r\n", chunk.len, client->is_sent ?
	    " LAST" : "");
	line.failed = line.failed || text_failed(&chunk);
	client->chunks++;
	say(client, &line);
	if (!client->is_settled)
		say(client, &chunk);
}

/* More of them, as the connection takes them. */
static void
pump_chunks(struct relay_client *client)
{
	timer_set(client->clock, client->target.waits->block);
	while (!client->is_sent && !client->is_settled &&
	    (client->pipelines || client->chunks == 0) &&
	    relay_link_waiting(client->link) < WAITING_MOST)
		say_chunk(client);
	if (client->is_sent && !client->is_settled)
		await(client, AWAITS_END);
}

static void
begin_chunks(struct relay_client *client)
{
	client->awaited = AWAITS_END;
	relay_body_begin(&client->body, true);
	pump_chunks(client);
}

/* Hearing */

static enum relay_outcome
outcome_of(unsigned code)
{
	return code >= 500 ? RELAY_FAILED : RELAY_LATER;
}

static void
fate_one(struct relay_fate *fate, enum relay_outcome outcome,
    const struct relay_said *said)
{
	fate->is_final = true;
	fate->outcome = outcome;
	fate->code = said->code;
	memcpy(fate->status, said->status, sizeof(fate->status));
	memcpy(fate->words, said->words, sizeof(fate->words));
}

/* The same of all that have none. */
static void
fate_said(struct relay_client *client, enum relay_outcome outcome,
    const struct relay_said *said)
{
	for (size_t i = 0; i < client->job->recipient_count; i++)
		if (!client->fates[i].is_final)
			fate_one(&client->fates[i], outcome, said);
}

/*
 * Everything that was asked has been answered, and there is more: it would pass for
 * the reply to what is said next, a message that was not sent yet among it.
 */
static bool
says_too_much(struct relay_client *client)
{
	if (!relay_link_has_more(client->link))
		return false;
	break_off(client, "it said more than was asked");
	return true;
}

static void
heard_mail(struct relay_client *client, const struct relay_said *said)
{
	if (said->code / 100 != 2)
		fate_said(client, outcome_of(said->code), said);
	if (said->code / 100 != 2 && !client->pipelines) {
		settle(client, RELAY_RESET);
		return;
	}
	if (!client->pipelines && says_too_much(client))
		return;
	await(client, AWAITS_RCPT);
	if (!client->pipelines)
		say_rcpt(client);
}

/* RFC 5321 4.5.3.1.10: a full list of recipients is no refusal of one. */
static enum relay_outcome
rcpt_outcome(const struct relay_said *said)
{
	return said->code == 552 ? RELAY_LATER : outcome_of(said->code);
}

/* All of them are answered. */
static void
heard_last_rcpt(struct relay_client *client)
{
	if (client->offer.has_chunking && client->taken > 0) {
		begin_chunks(client);
		return;
	}
	if (client->taken == 0 && (!client->pipelines ||
	    client->offer.has_chunking)) {
		settle(client, RELAY_RESET);
		return;
	}
	await(client, AWAITS_DATA);
	if (!client->pipelines && relay_link_write(client->link,
	    slice_str("DATA\r\n")) < 0)
		break_off(client, "memory is out here");
}

static void
heard_rcpt(struct relay_client *client, const struct relay_said *said)
{
	struct relay_fate *fate = &client->fates[client->rcpt++];
	bool is_last = client->rcpt == client->job->recipient_count;

	if (!fate->is_final && said->code / 100 == 2) {
		fate->is_taken = true;
		client->taken++;
	} else if (!fate->is_final) {
		fate_one(fate, rcpt_outcome(said), said);
	}
	/* DATA may have been asked already, BDAT never has */
	if ((!client->pipelines || (is_last && client->offer.has_chunking)) &&
	    says_too_much(client))
		return;
	if (is_last) {
		heard_last_rcpt(client);
		return;
	}
	await(client, AWAITS_RCPT);
	if (!client->pipelines)
		say_rcpt(client);
}

static void
heard_data(struct relay_client *client, const struct relay_said *said)
{
	if (said->code == 354) {
		if (!says_too_much(client))
			begin_data(client);
	} else {
		/* 2xx makes no sense here, and takes nothing */
		fate_said(client, outcome_of(said->code), said);
		settle(client, said->code >= 400 ? RELAY_RESET : RELAY_QUIT);
	}
}

/* It speaks before it has all: whatever it means, it is not this message. */
static void
heard_early(struct relay_client *client)
{
	client->is_sent = false;
	break_off(client, "it answered before the end of the message");
}

/* Of each chunk; what counts is the last one. */
static void
heard_chunk(struct relay_client *client, const struct relay_said *said)
{
	client->chunks--;
	if (said->code / 100 != 2) {
		/* RFC 3030 4.2: the others are lost with this one */
		fate_said(client, outcome_of(said->code), said);
		settle(client, RELAY_QUIT);
	} else if (client->is_sent && client->chunks == 0 &&
	    relay_link_waiting(client->link) > 0) {
		heard_early(client);
	} else if (client->is_sent && client->chunks == 0) {
		fate_said(client, RELAY_DONE, said);
		settle(client, RELAY_KEEP);
	} else if (client->pipelines || !says_too_much(client)) {
		pump_chunks(client);
	}
}

static void
heard_end(struct relay_client *client, const struct relay_said *said)
{
	if (client->chunks > 0) {
		heard_chunk(client, said);
		return;
	}
	if (!client->is_sent || (said->code / 100 == 2 &&
	    relay_link_waiting(client->link) > 0)) {
		if (said->code >= 400)
			fate_said(client, outcome_of(said->code), said);
		heard_early(client);
		return;
	}
	fate_said(client, said->code / 100 == 2 ? RELAY_DONE :
	    outcome_of(said->code), said);
	settle(client, said->code / 100 == 3 ? RELAY_QUIT : RELAY_KEEP);
}

typedef void	heard_fn(struct relay_client *, const struct relay_said *);

/* Opening */

static int	open_link(struct relay_client *, bool fresh);

/*
 * A link that waited is closed, and the host has not said a word of this message:
 * it is said again on a new one.
 */
static bool
go_afresh(struct relay_client *client)
{
	if (client->awaited > AWAITS_MAIL || client->is_settled ||
	    !relay_link_is_used(client->link))
		return false;
	relay_link_leave(client->link, RELAY_DROP);
	client->link = NULL;
	client->awaited = AWAITS_NOTHING;
	client->was_opened = false;
	relay_form_free(&client->form);
	timer_stop(client->clock);
	timer_stop(client->whole);
	if (open_link(client, true) < 0) {
		client->link = NULL;
		break_off(client, "memory is out here");
	}
	return true;
}

static void
on_said(void *arg, const struct relay_said *said)
{
	static heard_fn *const fns[AWAITED] = {
		[AWAITS_MAIL] = heard_mail, [AWAITS_RCPT] = heard_rcpt,
		[AWAITS_DATA] = heard_data, [AWAITS_END] = heard_end,
	};
	struct relay_client *client = arg;

	if (said->code == 421 && !go_afresh(client)) {
		/* RFC 5321 3.8: it hangs up */
		fate_said(client, RELAY_LATER, said);
		settle(client, RELAY_DROP);
	} else if (said->code != 421 && fns[client->awaited] != NULL) {
		fns[client->awaited](client, said);
	}
}

static void
on_drained(void *arg)
{
	struct relay_client *client = arg;

	if (client->awaited != AWAITS_END || client->is_sent)
		return;
	if (client->body.counts)
		pump_chunks(client);
	else
		pump(client);
}

/* A host that takes no such message, in plain words. */
struct refusal {
	enum relay_outcome outcome;
	const char	*status, *words;
};

/* The message as this host can take it; the words are NULL if it can. */
static struct refusal
fit_message(struct relay_client *client)
{
	const struct relay_offer *offer = &client->offer;
	const struct relay_letter *letter = client->letter;
	struct relay_need *need = &client->need;
	int r;

	*need = command_need(client->job, &letter->facts);
	if (need->utf8 && !offer->has_utf8)
		return (struct refusal){ RELAY_FAILED, "5.6.7",
		    "an address or the header is not in ASCII, and this host "
		    "takes no such mail" };
	r = relay_form_make(client->job->trace, letter->bytes, &letter->facts,
	    !offer->has_8bit, &client->form);
	if (r == -ENOTSUP)
		return (struct refusal){ RELAY_FAILED, "5.6.3",
		    "this host takes ASCII only, and the message cannot be "
		    "written so" };
	if (r < 0)
		return (struct refusal){ RELAY_LATER, "4.3.0",
		    "memory is out here" };
	need->bytes = relay_form_bytes(&client->form);
	if (offer->size != 0 && need->bytes > offer->size)
		return (struct refusal){ RELAY_FAILED, "5.3.4",
		    "the message is larger than this host takes" };
	return (struct refusal){ .words = NULL };
}

/* A host that answers each time just before its time is over holds a place. */
static uint64_t
whole_ms(const struct relay_client *client)
{
	const struct relay_waits *waits = client->target.waits;

	return waits->whole +
	    client->job->recipient_count * waits->whole_rcpt +
	    client->need.bytes / 1024 * waits->whole_kib;
}

static void
on_opened(void *arg)
{
	struct relay_client *client = arg;
	struct refusal refusal;

	client->was_opened = client->was_reached = true;
	client->offer = *relay_link_offer(client->link);
	if (client->target.user != NULL && !client->offer.is_logged_in) {
		/* libcurl goes on without where AUTH is not offered */
		client->is_host = true;
		client->fault = TALK_NO_MECHANISM;
		fate_all(client, RELAY_LATER, 0, "4.7.0",
		    slice_str("it offers no way of logging in"));
		settle(client, RELAY_QUIT);
		return;
	}
	refusal = fit_message(client);
	if (refusal.words != NULL) {
		fate_all(client, refusal.outcome, 0, refusal.status,
		    slice_str(refusal.words));
		settle(client, RELAY_KEEP);
		return;
	}
	client->pipelines = client->offer.has_pipelining;
	timer_set(client->whole, whole_ms(client));
	say_envelope(client);
}

/* What a host does against the word of its domain, in plain words, or NULL. */
static const char *
broken_words(const struct relay_client *client, enum talk_fault fault)
{
	if (client->target.is_wanted)
		return fault == TALK_DISTRUSTED ? "its certificate is not to "
		    "be trusted, which its domain wants (MTA-STS)" :
		    fault == TALK_NO_TLS || fault == TALK_TLS_FAILED ?
		    "it offers no TLS, which its domain wants (MTA-STS)" :
		    NULL;
	if (client->target.dane == NULL)
		return NULL;
	return fault == TALK_DISTRUSTED ? "its certificate does not match "
	    "what its domain published (DANE)" :
	    fault == TALK_NO_TLS ? "it offers no TLS, and its domain "
	    "published that it does (DANE)" : NULL;
}

/* The last words of a host that was never spoken with, or nothing was said. */
static void
on_broke(void *arg, enum talk_fault fault, struct slice words)
{
	static const char *const faults[TALK_FAULT_COUNT] = {
		[TALK_UNREACHABLE] = "it cannot be reached",
		[TALK_TIMED_OUT] = "it does not answer in time",
		[TALK_NO_TLS] = "it offers no TLS",
		[TALK_TLS_FAILED] = "TLS could not be begun",
		[TALK_DISTRUSTED] = "its certificate is not to be trusted",
		[TALK_LOGIN_REFUSED] = "it refuses the login",
		[TALK_NO_MECHANISM] = "it offers no way of logging in",
		[TALK_NONSENSE] = "it does not want us now",
		[TALK_CLOSED] = "it hung up",
		[TALK_LOCAL] = "a fault of ours",
	};
	struct relay_client *client = arg;
	const char *broken = broken_words(client, fault);
	TEXT_AUTO said = TEXT_INIT(TALK_WORDS_MOST * 2);

	if (go_afresh(client))
		return;
	if (client->was_opened && fault == TALK_NONSENSE) {
		break_off(client, "what it said is not SMTP");
		return;
	}
	if (client->was_opened) {
		break_off(client, faults[fault]);
		return;
	}
	client->is_host = true;
	client->fault = fault;
	text_add_str(&said, broken != NULL ? broken : faults[fault]);
	if (words.len > 0) {
		text_add_str(&said, ": ");
		text_add(&said, words);
	}
	fate_all(client, RELAY_LATER, 0, fault == TALK_UNREACHABLE ||
	    fault == TALK_TIMED_OUT ? "4.4.1" : "4.4.2", text_slice(&said));
	settle(client, RELAY_DROP);
}

static void
on_clock(void *arg)
{
	struct relay_client *client = arg;

	if (!go_afresh(client))
		break_off(client, "it fell silent");
}

static void
on_whole(void *arg)
{
	struct relay_client *client = arg;

	/* where it has all, and one word is left, its own time is the end: what
	 * is broken off there may come twice */
	if (!client->is_sent || client->chunks > 1)
		break_off(client, "it is too slow for the whole message");
}

static int
open_link(struct relay_client *client, bool fresh)
{
	return relay_link_open(client->links, &client->target, fresh,
	    &(struct relay_link_events){ .arg = client,
		.opened = on_opened, .said = on_said, .drained = on_drained,
		.broke = on_broke }, &client->link);
}

int
relay_client_start(struct relay_links *links, struct loop *loop,
    const struct relay_target *target, const struct relay_job *job,
    const struct relay_letter *letter, struct relay_fate *fates,
    const struct relay_client_events *events,
    struct relay_client **client_out)
{
	struct relay_client *client = calloc(1, sizeof(*client));
	int r = -ENOMEM;

	if (client == NULL)
		return -ENOMEM;
	client->links = links;
	client->target = *target;
	client->job = job;
	client->letter = letter;
	client->fates = fates;
	client->events = *events;
	client->clock = timer_new(loop, on_clock, client);
	client->whole = timer_new(loop, on_whole, client);
	client->over = timer_new(loop, on_over, client);
	memset(fates, 0, job->recipient_count * sizeof(*fates));
	if (client->clock != NULL && client->whole != NULL &&
	    client->over != NULL)
		r = open_link(client, false);
	if (r < 0) {
		relay_client_free(client);
		return r;
	}
	*client_out = client;
	return 0;
}

bool
relay_client_is_at_end(const struct relay_client *client)
{
	return client->awaited == AWAITS_END && client->is_sent &&
	    !client->is_settled;
}

bool
relay_client_was_reached(const struct relay_client *client)
{
	return client->was_reached;
}

bool
relay_client_was_first(const struct relay_client *client)
{
	return client->was_first;
}

bool
relay_client_has_dsn(const struct relay_client *client)
{
	return client->offer.has_dsn;
}

const char *
relay_client_tls(const struct relay_client *client)
{
	return client->tls_words;
}

void
relay_client_free(struct relay_client *client)
{
	if (client == NULL)
		return;
	relay_link_leave(client->link, RELAY_DROP);
	timer_free(client->clock);
	timer_free(client->whole);
	timer_free(client->over);
	relay_form_free(&client->form);
	free(client);
}
