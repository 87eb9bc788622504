/*
 * opening.c - connect to the server of a fetch account
 */
#include "fetch/opening.h"

#include <stdio.h>

#include "fetch/collect_inside.h"
#include "fetch/fault.h"

void
opening_note(struct collect *collect)
{
	struct conversation *conversation = collect->conversation;

	(void)snprintf(conversation->peer, sizeof(conversation->peer), "%s",
	    talk_peer(conversation->talk));
	(void)snprintf(conversation->tls_words,
	    sizeof(conversation->tls_words), "%s",
	    talk_tls_words(conversation->talk));
}

void
opening_again(struct collect *collect, const struct opening *opening,
    enum talk_login login)
{
	struct conversation *conversation = collect->conversation;

	talk_free(conversation->talk);
	conversation->talk = NULL;
	conversation->login = login;
	if (opening_begin(collect, opening) < 0)
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
}

/*
 * The server gave a session, and breaks off where one resumes it: it has to
 * begin without.
 */
static bool
was_spoilt(const struct collect *collect, enum talk_fault fault)
{
	return collect->conversation->resumes && collect->session->len == 0 &&
	    (fault == TALK_TLS_FAILED || fault == TALK_CLOSED);
}

static void
on_failed(void *arg, enum talk_fault fault, struct slice words)
{
	struct collect *collect = arg;
	const struct opening *opening = collect->conversation->opening;
	enum fetch_end end = fault_end(fault);

	if (was_spoilt(collect, fault)) {
		opening_again(collect, opening, collect->conversation->login);
		return;
	}
	if (fault == TALK_LOGIN_REFUSED)
		end = opening->refusal(words, true);
	else if ((fault == TALK_NONSENSE || fault == TALK_CLOSED) &&
	    opening->is_no(words) &&
	    opening->refusal(words, false) == FETCH_END_BUSY)
		end = FETCH_END_BUSY;	/* that was its greeting */
	if (fault == TALK_CLOSED &&
	    collect->conversation->step == CONVERSATION_LEAVING)
		collect_break(collect, FETCH_END_DONE,
		    "it hung up without an answer to QUIT");
	else
		collect_end(collect, end, fault_is_said(fault), words);
}

int
opening_begin(struct collect *collect, const struct opening *opening)
{
	static const enum talk_tls tls[FETCH_TLS_COUNT] = {
		[FETCH_TLS_NONE] = TALK_CLEAR,
		[FETCH_TLS_STARTTLS] = TALK_STARTTLS,
		[FETCH_TLS_IMPLICIT] = TALK_IMPLICIT,
	};
	const struct fetch_account *account = &collect->account;
	struct conversation *conversation = collect->conversation;
	const struct talk_options options = {
		.scheme = opening->scheme, .host = account->host,
		.port = account->port, .addresses = collect->addresses,
		.proxy = collect->proxy != NULL ? *collect->proxy :
		    (struct talk_proxy){ 0 },
		.tls = tls[account->tls], .login = conversation->login,
		.user = account->user, .password = collect->password,
		.pin = account->has_pin ? account->pin : NULL,
		.connect_ms = collect->limits.connect_ms,
		.open_ms = collect->limits.open_ms,
		.counts = collect->bill == NULL ? NULL :
		    &collect->bill->carried,
		.session = collect->session
	};
	const struct talk_events events = {
		.arg = collect, .line = opening->line,
		.opened = opening->opened, .readable = opening->readable,
		.failed = on_failed
	};

	conversation->opening = opening;
	conversation->resumes = collect->session != NULL &&
	    collect->session->len > 0;
	return talk_open(collect->hall, &options, &events,
	    &conversation->talk);
}
