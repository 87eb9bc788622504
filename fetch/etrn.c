/*
 * etrn.c - how a conversation that asks for mail begins, and how it ends
 *
 * There is one way out: etrn_settle(), when the provider is gone and the door,
 * if it was asked to serve it, has said what it took.
 */
#include "fetch/etrn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/etrn_inside.h"
#include "fetch/fault.h"
#include "fetch/words.h"

/* All addresses of a host together; a TCP connection takes 3 s at the worst. */
#define CONNECT_MS	30000
#define OPEN_MS		60000	/* TLS, greeting, EHLO, AUTH */
/* Some servers look through their whole queue before they answer ETRN. */
#define SILENCE_MS	120000
/* The door gives a client 5 minutes for a command; then it ends by itself. */
#define TURNED_MS	360000

static void
on_opened(void *arg)
{
	struct etrn *etrn = arg;

	if (etrn->account.user[0] != '\0' && !etrn->ask.offer.is_logged_in)
		/* libcurl goes on without where AUTH is not offered */
		etrn_break(etrn, FETCH_END_MECHANISM,
		    "it offers no way of logging in");
	else
		etrn_ask_begin(etrn);
}

static void
on_line(void *arg, struct slice line)
{
	struct etrn *etrn = arg;

	etrn_offer_line(&etrn->ask.offer, line);
}

static void
on_readable(void *arg)
{
	struct etrn *etrn = arg;

	if (etrn->turn.is_reversed)
		etrn_turn_readable(etrn);
	else
		etrn_ask_readable(etrn);
}

static void
on_drained(void *arg)
{
	struct etrn *etrn = arg;

	if (etrn->turn.is_reversed)
		etrn_turn_drained(etrn);
}

/* What a no to the greeting or to the login means (RFC 4954 6). */
static enum fetch_end
refusal(enum talk_fault fault, struct slice words)
{
	struct etrn_line line = { 0 };
	bool is_later = etrn_line_read(words, &line) == 0 && line.code < 500;

	if (fault == TALK_LOGIN_REFUSED)
		return is_later ? FETCH_END_BUSY : FETCH_END_REFUSED;
	return is_later && line.code >= 400 ? FETCH_END_BUSY :
	    FETCH_END_COUNT;
}

static void
on_failed(void *arg, enum talk_fault fault, struct slice words)
{
	struct etrn *etrn = arg;
	enum fetch_end end = FETCH_END_COUNT;

	if (etrn->turn.is_reversed) {
		etrn_turn_cut(etrn);
		return;
	}
	if (fault == TALK_CLOSED && etrn_ask_is_leaving(etrn))
		end = FETCH_END_DONE;
	else if (fault == TALK_LOGIN_REFUSED || fault == TALK_NONSENSE ||
	    fault == TALK_CLOSED)
		end = refusal(fault, words);
	etrn_note(etrn, end == FETCH_END_COUNT ? fault_end(fault) : end,
	    fault_is_said(fault), words);
	etrn_hang_up(etrn);
	etrn_settle(etrn);
}

static void
on_clock(void *arg)
{
	struct etrn *etrn = arg;

	if (etrn->turn.is_reversed)
		etrn_turn_late(etrn);
	else
		etrn_break(etrn, etrn_ask_is_leaving(etrn) ? FETCH_END_DONE :
		    FETCH_END_TIMED_OUT, "");
}

static void
on_over(void *arg)
{
	struct etrn *etrn = arg;

	etrn->outcome.words = slice_str(etrn->words);
	etrn->events.over(etrn->events.arg, &etrn->outcome);
}

/* Beginning */

static int
open_talk(struct etrn *etrn)
{
	static const enum talk_tls tls[FETCH_TLS_COUNT] = {
		[FETCH_TLS_NONE] = TALK_CLEAR,
		[FETCH_TLS_STARTTLS] = TALK_STARTTLS,
		[FETCH_TLS_IMPLICIT] = TALK_IMPLICIT,
	};
	static const enum talk_login logins[FETCH_MECHANISM_COUNT] = {
		[FETCH_AUTO] = TALK_LOGIN_ANY,
		[FETCH_PLAIN] = TALK_LOGIN_PLAIN,
		[FETCH_LOGIN] = TALK_LOGIN_LOGIN,
		[FETCH_CRAM_MD5] = TALK_LOGIN_CRAM_MD5,
		[FETCH_APOP] = TALK_LOGIN_ANY,	/* POP3 has it alone */
		[FETCH_XOAUTH2] = TALK_LOGIN_XOAUTH2,
		[FETCH_OAUTHBEARER] = TALK_LOGIN_OAUTHBEARER,
	};
	const struct fetch_account *account = &etrn->account;

	return talk_open(etrn->hall, &(struct talk_options){
		.scheme = "smtp", .host = account->host,
		.port = account->port, .addresses = etrn->addresses,
		.proxy = etrn->proxy != NULL ? *etrn->proxy :
		    (struct talk_proxy){ 0 },
		.tls = tls[account->tls], .login = account->user[0] == '\0' ?
		    TALK_LOGIN_NONE : logins[account->mechanism],
		.called = etrn->called, .user = account->user,
		.password = etrn->password,
		.pin = account->has_pin ? account->pin : NULL,
		.connect_ms = etrn->limits.connect_ms,
		.open_ms = etrn->limits.open_ms,
		.counts = etrn->bill != NULL ? &etrn->bill->carried : NULL,
		.session = etrn->session
	}, &(struct talk_events){
		.arg = etrn, .line = on_line, .opened = on_opened,
		.readable = on_readable, .drained = on_drained,
		.failed = on_failed
	}, &etrn->talk);
}

static void
limits_default(struct etrn_options *limits)
{
	limits->account = NULL;
	limits->proxy = NULL;
	limits->bill = NULL;
	limits->session = NULL;
	limits->password = limits->addresses = limits->called = NULL;
	if (limits->connect_ms == 0)
		limits->connect_ms = CONNECT_MS;
	if (limits->open_ms == 0)
		limits->open_ms = OPEN_MS;
	if (limits->silence_ms == 0)
		limits->silence_ms = SILENCE_MS;
	if (limits->turned_ms == 0)
		limits->turned_ms = TURNED_MS;
}

static int
allocate(struct etrn *etrn, const struct etrn_options *options)
{
	etrn->password = strdup(options->password);
	etrn->addresses = strdup(options->addresses);
	etrn->called = strdup(options->called);
	etrn->clock = timer_new(etrn->loop, on_clock, etrn);
	etrn->over = timer_new(etrn->loop, on_over, etrn);
	return etrn->password == NULL || etrn->addresses == NULL ||
	    etrn->called == NULL || etrn->clock == NULL ||
	    etrn->over == NULL ? -ENOMEM : 0;
}

int
etrn_start(struct talk_hall *hall, struct loop *loop, struct ipc *door,
    const struct etrn_options *options, const struct etrn_events *events,
    struct etrn **etrn_out)
{
	const struct fetch_progress progress = {
		.stage = FETCH_STAGE_CONNECTING
	};
	struct etrn *etrn;
	int r = 0;

	if (options->account->protocol != FETCH_ETRN &&
	    options->account->protocol != FETCH_ATRN)
		return -EINVAL;
	etrn = calloc(1, sizeof(*etrn));
	if (etrn == NULL)
		return -ENOMEM;
	etrn->hall = hall;
	etrn->loop = loop;
	etrn->door = door;
	etrn->limits = *options;
	etrn->events = *events;
	etrn->account = *options->account;
	etrn->task = options->task;
	etrn->proxy = options->proxy;
	etrn->bill = options->bill;
	etrn->session = options->session;
	limits_default(&etrn->limits);
	r = allocate(etrn, options);
	/* it is asked for nothing: nobody is to bring mail now */
	if (r == 0 && etrn->task == FETCH_DOCTOR)
		etrn_break(etrn, FETCH_END_LOCAL, "there is no mailbox to look "
		    "into: its mail comes by SMTP");
	/* it is being added: nobody has asked for its mail yet */
	else if (r == 0 && etrn->task != FETCH_TRY &&
	    etrn->account.from == FETCH_FROM_UNSAID)
		etrn_break(etrn, FETCH_END_UNSAID, "");
	else if (r == 0)
		r = open_talk(etrn);
	if (r < 0) {
		etrn_free(etrn);
		return r;
	}
	*etrn_out = etrn;
	if (events->progress != NULL)
		events->progress(events->arg, &progress);
	return 0;
}

void
etrn_free(struct etrn *etrn)
{
	if (etrn == NULL)
		return;
	etrn_turn_free(etrn);
	talk_free(etrn->talk);
	timer_free(etrn->clock);
	timer_free(etrn->over);
	if (etrn->password != NULL)
		explicit_bzero(etrn->password, strlen(etrn->password));
	free(etrn->password);
	free(etrn->addresses);
	free(etrn->called);
	free(etrn);
}

/* Ends */

void
etrn_note(struct etrn *etrn, enum fetch_end end, bool server_said,
    struct slice words)
{
	if (etrn->outcome.end != FETCH_END_DONE || end == FETCH_END_DONE)
		return;
	etrn->outcome.end = end;
	etrn->outcome.server_said = server_said;
	words_clean(words, etrn->account.user, etrn->password, server_said,
	    etrn->words);
}

void
etrn_pause(struct etrn *etrn)
{
	if (etrn->is_over || etrn->talk == NULL)
		return;
	etrn_note(etrn, FETCH_END_LINE, false,
	    slice_str("the line has closed"));
	if (etrn->turn.is_reversed)
		etrn_turn_cut(etrn);
	else
		etrn_break(etrn, FETCH_END_LINE, "");
}

void
etrn_hang_up(struct etrn *etrn)
{
	struct fetch_outcome *outcome = &etrn->outcome;

	if (etrn->talk == NULL)
		return;
	outcome->has_print = talk_print(etrn->talk, outcome->print);
	talk_free(etrn->talk);
	etrn->talk = NULL;
}

void
etrn_settle(struct etrn *etrn)
{
	if (etrn->is_over)
		return;
	etrn->is_over = true;
	timer_stop(etrn->clock);
	timer_set(etrn->over, 0);
}

void
etrn_break(struct etrn *etrn, enum fetch_end end, const char *words)
{
	etrn_note(etrn, end, false, slice_str(words));
	etrn_hang_up(etrn);
	etrn_settle(etrn);
}
