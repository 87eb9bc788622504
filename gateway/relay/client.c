/*
 * client.c - a conversation with one remote SMTP server
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

#define READ_BYTES	4096
#define READS_OF_TURN	8
/* A piece of nothing but dots or CRs, folded: three for each byte at worst. */
#define PIECE_OUT_BYTES	(4 * FORM_ROOM_BYTES)
#define WAITING_MOST	(256u * 1024)	/* bytes not taken by the system yet */

const struct relay_waits relay_waits = {
	.connect = 30000, .open = 300000, .mail = 300000, .rcpt = 300000,
	.data = 120000, .block = 180000, .end = 600000,
};

enum awaited {
	AWAITS_NOTHING,		/* being opened, or left */
	AWAITS_MAIL,
	AWAITS_RCPT,
	AWAITS_DATA,
	AWAITS_END,
	AWAITED
};

struct relay_client {
	struct loop	*loop;
	const struct relay_job *job;	/* borrowed */
	const struct relay_letter *letter;	/* the same */
	struct relay_fate *fates;	/* the same */
	struct relay_client_events events;
	const struct relay_waits *waits;
	struct talk	*talk;		/* NULL: hung up */
	struct timer	*clock;		/* for what is awaited */
	struct timer	*over;		/* to be told */
	struct relay_offer offer;
	struct relay_need need;		/* of the message */
	enum awaited	 awaited;
	bool		 pipelines;
	bool		 wants_login;
	bool		 was_opened, was_reached, is_settled, is_host;
	enum talk_fault	 fault;
	size_t		 rcpt;		/* the one that is awaited */
	size_t		 taken;		/* with 2xx */
	struct relay_form	 form;		/* of the message for this host */
	struct relay_form_reader reader;	/* what of it has been said */
	bool		 is_sent;	/* all of it, and its end */
	struct relay_body body;
	struct relay_hearing hearing;
	char		 tls_words[80];
	size_t		 len;		/* read, and not heard */
	char		 input[RELAY_LINE_BYTES + READ_BYTES];
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

static void
hang_up(struct relay_client *client)
{
	if (client->talk == NULL)
		return;
	(void)snprintf(client->tls_words, sizeof(client->tls_words), "%s",
	    talk_tls_words(client->talk));
	client->was_reached = client->was_reached ||
	    talk_peer(client->talk)[0] != '\0';
	talk_free(client->talk);
	client->talk = NULL;
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
settle(struct relay_client *client)
{
	if (client->is_settled)
		return;
	client->is_settled = true;
	timer_stop(client->clock);
	hang_up(client);
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
	settle(client);
}

/* QUIT is manners: the fates stand already, and nobody waits for the reply. */
static void
leave(struct relay_client *client)
{
	if (client->talk != NULL)
		(void)talk_write(client->talk, slice_str("QUIT\r\n"));
	client->awaited = AWAITS_NOTHING;
	settle(client);
}

/* Saying */

static void
await(struct relay_client *client, enum awaited awaited)
{
	const uint64_t waits[AWAITED] = {
		[AWAITS_MAIL] = client->waits->mail,
		[AWAITS_RCPT] = client->waits->rcpt,
		[AWAITS_DATA] = client->waits->data,
		[AWAITS_END] = client->waits->end,
	};

	client->awaited = awaited;
	timer_set(client->clock, waits[awaited]);
}

static void
say(struct relay_client *client, const struct text *lines)
{
	if (text_failed(lines) ||
	    talk_write(client->talk, text_slice(lines)) < 0)
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

/* All of the envelope, and DATA, before anything is heard (RFC 2920 3.1). */
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

	timer_set(client->clock, client->waits->block);
	while (more && !client->is_settled &&
	    talk_waiting(client->talk) < WAITING_MOST) {
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
	TEXT_AUTO out = TEXT_INIT(PIECE_OUT_BYTES);

	client->awaited = AWAITS_END;
	if (client->taken == 0) {
		/* RFC 2920 3.1: it asks for a message that nobody gets */
		text_add_str(&out, ".\r\n");
		client->is_sent = true;
		await(client, AWAITS_END);
		say(client, &out);
		return;
	}
	relay_body_begin(&client->body, false);
	pump(client);
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

static void
heard_mail(struct relay_client *client, const struct relay_said *said)
{
	if (said->code / 100 != 2)
		fate_said(client, outcome_of(said->code), said);
	if (said->code / 100 != 2 && !client->pipelines) {
		leave(client);
		return;
	}
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

static void
heard_rcpt(struct relay_client *client, const struct relay_said *said)
{
	struct relay_fate *fate = &client->fates[client->rcpt++];

	if (!fate->is_final && said->code / 100 == 2) {
		fate->is_taken = true;
		client->taken++;
	} else if (!fate->is_final) {
		fate_one(fate, rcpt_outcome(said), said);
	}
	if (client->rcpt < client->job->recipient_count) {
		await(client, AWAITS_RCPT);
		if (!client->pipelines)
			say_rcpt(client);
		return;
	}
	if (client->taken == 0 && !client->pipelines) {
		leave(client);
		return;
	}
	await(client, AWAITS_DATA);
	if (!client->pipelines &&
	    talk_write(client->talk, slice_str("DATA\r\n")) < 0)
		break_off(client, "memory is out here");
}

static void
heard_data(struct relay_client *client, const struct relay_said *said)
{
	if (said->code == 354) {
		begin_data(client);
		return;
	}
	/* 2xx makes no sense here, and takes nothing */
	fate_said(client, outcome_of(said->code), said);
	leave(client);
}

static void
heard_end(struct relay_client *client, const struct relay_said *said)
{
	if (!client->is_sent) {
		/* it speaks before it was asked: what it has is not whole */
		if (said->code >= 400)
			fate_said(client, outcome_of(said->code), said);
		break_off(client, "it answered before the end of the message");
		return;
	}
	fate_said(client, said->code / 100 == 2 ? RELAY_DONE :
	    outcome_of(said->code), said);
	leave(client);
}

typedef void	heard_fn(struct relay_client *, const struct relay_said *);

static void
heard(struct relay_client *client, const struct relay_said *said)
{
	static heard_fn *const fns[AWAITED] = {
		[AWAITS_MAIL] = heard_mail, [AWAITS_RCPT] = heard_rcpt,
		[AWAITS_DATA] = heard_data, [AWAITS_END] = heard_end,
	};

	if (said->code == 421) {	/* RFC 5321 3.8: it hangs up */
		fate_said(client, RELAY_LATER, said);
		settle(client);
	} else if (fns[client->awaited] != NULL) {
		fns[client->awaited](client, said);
	}
}

static void
hear(struct relay_client *client)
{
	struct slice rest = slice_of(client->input, client->len);
	enum relay_heard is = RELAY_WHOLE;
	struct relay_said said;

	while (is == RELAY_WHOLE && !client->is_settled) {
		is = relay_hear(&client->hearing, &rest, &said);
		if (is == RELAY_WHOLE && said.code == 354 && rest.len > 0)
			/* what stands behind it was not asked for: it would
			 * pass for the reply to a message not sent yet */
			break_off(client, "it said more than was asked");
		else if (is == RELAY_WHOLE)
			heard(client, &said);
		else if (is == RELAY_NONSENSE)
			break_off(client, "what it said is not SMTP");
	}
	memmove(client->input, rest.at, rest.len);
	client->len = rest.len;
}

static void
on_readable(void *arg)
{
	struct relay_client *client = arg;
	int n = 1;

	for (unsigned i = 0; i < READS_OF_TURN && n > 0 &&
	    !client->is_settled; i++) {
		n = talk_read(client->talk, client->input + client->len,
		    sizeof(client->input) - client->len);
		if (n <= 0)
			break;
		client->len += (size_t)n;
		hear(client);
	}
}

static void
on_drained(void *arg)
{
	struct relay_client *client = arg;

	if (client->awaited == AWAITS_END && !client->is_sent)
		pump(client);
}

/* Opening */

static void
on_line(void *arg, struct slice line)
{
	struct relay_client *client = arg;

	relay_offer_line(&client->offer, line);
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

static void
on_opened(void *arg)
{
	struct relay_client *client = arg;
	struct refusal refusal;

	client->was_opened = client->was_reached = true;
	if (client->wants_login && !client->offer.is_logged_in) {
		/* libcurl goes on without where AUTH is not offered */
		client->is_host = true;
		client->fault = TALK_NO_MECHANISM;
		fate_all(client, RELAY_LATER, 0, "4.7.0",
		    slice_str("it offers no way of logging in"));
		leave(client);
		return;
	}
	refusal = fit_message(client);
	if (refusal.words != NULL) {
		fate_all(client, refusal.outcome, 0, refusal.status,
		    slice_str(refusal.words));
		leave(client);
		return;
	}
	client->pipelines = client->offer.has_pipelining;
	say_envelope(client);
}

/* The last words of a host that was never spoken with, or nothing was said. */
static void
on_failed(void *arg, enum talk_fault fault, struct slice words)
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
	TEXT_AUTO said = TEXT_INIT(TALK_WORDS_MOST * 2);

	if (client->was_opened) {
		break_off(client, faults[fault]);
		return;
	}
	client->is_host = true;
	client->fault = fault;
	text_add_str(&said, faults[fault]);
	if (words.len > 0) {
		text_add_str(&said, ": ");
		text_add(&said, words);
	}
	fate_all(client, RELAY_LATER, 0, fault == TALK_UNREACHABLE ||
	    fault == TALK_TIMED_OUT ? "4.4.1" : "4.4.2", text_slice(&said));
	settle(client);
}

static void
on_clock(void *arg)
{
	struct relay_client *client = arg;

	break_off(client, "it fell silent");
}

static int
open_talk(struct relay_client *client, struct talk_hall *hall,
    const struct relay_client_options *options)
{
	return talk_open(hall, &(struct talk_options){
		.scheme = "smtp", .host = options->host,
		.port = options->port, .addresses = options->addresses,
		.tls = options->tls, .login = client->wants_login ?
		    TALK_LOGIN_ANY : TALK_LOGIN_NONE,
		.called = options->called, .user = options->user,
		.password = options->password,
		.connect_ms = options->waits->connect,
		.open_ms = options->waits->open
	}, &(struct talk_events){
		.arg = client, .line = on_line, .opened = on_opened,
		.readable = on_readable, .drained = on_drained,
		.failed = on_failed
	}, &client->talk);
}

int
relay_client_start(struct talk_hall *hall, struct loop *loop,
    const struct relay_client_options *options, const struct relay_job *job,
    const struct relay_letter *letter, struct relay_fate *fates,
    const struct relay_client_events *events,
    struct relay_client **client_out)
{
	struct relay_client *client = calloc(1, sizeof(*client));
	int r = -ENOMEM;

	if (client == NULL)
		return -ENOMEM;
	client->loop = loop;
	client->job = job;
	client->letter = letter;
	client->fates = fates;
	client->events = *events;
	client->waits = options->waits;
	client->wants_login = options->user != NULL;
	client->clock = timer_new(loop, on_clock, client);
	client->over = timer_new(loop, on_over, client);
	memset(fates, 0, job->recipient_count * sizeof(*fates));
	if (client->clock != NULL && client->over != NULL)
		r = open_talk(client, hall, options);
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
	talk_free(client->talk);
	timer_free(client->clock);
	timer_free(client->over);
	relay_form_free(&client->form);
	free(client);
}
