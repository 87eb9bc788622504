/*
 * login.c - the first step: connected, secured, logged in
 *
 * A mechanism that the owner chose is libcurl's to do.  Left to us it is USER
 * and PASS in one write where that may be, or a second conversation with what
 * the server wants instead.  A password that was refused is not tried again.
 */
#include <errno.h>
#include <stdio.h>

#include "fetch/collect_inside.h"
#include "fetch/pop3_reply.h"

static void
on_user(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct collect *collect = arg;

	(void)number;
	if (!ok)
		collect_end(collect, pop3_refusal(words, true), true, words);
}

static void
on_pass(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct collect *collect = arg;

	(void)number;
	if (ok)
		step_list(collect);
	else
		collect_end(collect, pop3_refusal(words, true), true, words);
}

static const struct pop3_command
command_user = { .verb = "USER", .shape = POP3_ONE, .status = on_user },
command_pass = { .verb = "PASS", .shape = POP3_ONE, .status = on_pass };

static void
on_turn(void *arg)
{
	conversation_turn(arg);
}

static void
on_broken(void *arg, enum fetch_end end, bool server_said, struct slice words)
{
	/* what came last is no reply */
	if (end == FETCH_END_INCONSISTENT || end == FETCH_END_CLOSED)
		doubt_cut(arg);
	collect_end(arg, end, server_said, words);
}

static int	open_talk(struct collect *);

/* The way the server wants it; TALK_LOGIN_NONE: USER and PASS. */
static enum talk_login
wanted(const struct collect *collect)
{
	const struct pop3_capa *capa = &collect->conversation->capa;
	bool is_clear = collect->account.tls == FETCH_TLS_NONE;

	if (is_clear && capa->has_apop)
		return TALK_LOGIN_APOP;
	if (!capa->is_known || (capa->has & POP3_CAPA_USER) != 0)
		return TALK_LOGIN_NONE;
	/* in clear rather what does not show the password */
	if (is_clear && (capa->has & POP3_CAPA_CRAM_MD5) != 0)
		return TALK_LOGIN_CRAM_MD5;
	if ((capa->has & POP3_CAPA_PLAIN) != 0)
		return TALK_LOGIN_PLAIN;
	if ((capa->has & POP3_CAPA_LOGIN) != 0)
		return TALK_LOGIN_LOGIN;
	if ((capa->has & POP3_CAPA_CRAM_MD5) != 0)
		return TALK_LOGIN_CRAM_MD5;
	return TALK_LOGIN_COUNT;
}

static void
converse(struct collect *collect)
{
	struct conversation *conversation = collect->conversation;
	const struct pop3_capa *capa = &conversation->capa;
	const struct pop3_options options = {
		.pipelining = capa->is_known &&
		    (capa->has & POP3_CAPA_PIPELINING) != 0,
		.silence_ms = collect->limits.silence_ms,
		.least_bytes_per_second =
		    collect->limits.least_bytes_per_second
	};
	const struct pop3_events events = {
		.arg = collect, .turn = on_turn, .broken = on_broken
	};

	(void)snprintf(conversation->peer, sizeof(conversation->peer), "%s",
	    talk_peer(conversation->talk));
	(void)snprintf(conversation->tls_words,
	    sizeof(conversation->tls_words), "%s",
	    talk_tls_words(conversation->talk));
	conversation->pop3 = pop3_new(collect->loop, conversation->talk,
	    &options, &events);
	if (conversation->pop3 == NULL)
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
}

static void
reconnect(struct collect *collect, enum talk_login login)
{
	struct conversation *conversation = collect->conversation;

	talk_free(conversation->talk);
	conversation->talk = NULL;
	conversation->login = login;
	if (open_talk(collect) < 0)
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
}

static void
on_opened(void *arg)
{
	struct collect *collect = arg;
	struct conversation *conversation = collect->conversation;
	/* with a login of libcurl's this is behind it */
	bool is_ours = conversation->login == TALK_LOGIN_NONE;
	enum talk_login login = is_ours ? wanted(collect) : TALK_LOGIN_NONE;

	if (login == TALK_LOGIN_COUNT) {
		collect_break(collect, FETCH_END_MECHANISM,
		    "it offers no way of logging in that is known here");
		return;
	}
	if (login != TALK_LOGIN_NONE) {
		reconnect(collect, login);
		return;
	}
	converse(collect);
	if (conversation_is_over(collect))
		return;
	if (!is_ours) {
		step_list(collect);
		return;
	}
	pop3_say_word(conversation->pop3, &command_user,
	    slice_str(collect->account.user));
	pop3_say_word(conversation->pop3, &command_pass,
	    slice_str(collect->password));
}

static void
on_line(void *arg, struct slice line)
{
	struct collect *collect = arg;

	pop3_capa_line(&collect->conversation->capa, line);
}

static void
on_readable(void *arg)
{
	struct collect *collect = arg;

	if (collect->conversation->pop3 != NULL)
		pop3_readable(collect->conversation->pop3);
}

static void
on_failed(void *arg, enum talk_fault fault, struct slice words)
{
	static const enum fetch_end ends[TALK_FAULT_COUNT] = {
		[TALK_UNREACHABLE] = FETCH_END_UNREACHABLE,
		[TALK_TIMED_OUT] = FETCH_END_TIMED_OUT,
		[TALK_NO_TLS] = FETCH_END_NO_TLS,
		[TALK_TLS_FAILED] = FETCH_END_TLS,
		[TALK_DISTRUSTED] = FETCH_END_DISTRUSTED,
		[TALK_LOGIN_REFUSED] = FETCH_END_REFUSED,
		[TALK_NO_MECHANISM] = FETCH_END_MECHANISM,
		[TALK_NONSENSE] = FETCH_END_NONSENSE,
		[TALK_CLOSED] = FETCH_END_CLOSED,
		[TALK_LOCAL] = FETCH_END_LOCAL,
	};
	struct collect *collect = arg;
	enum fetch_end end = ends[fault];
	bool server_said = fault == TALK_NO_TLS ||
	    fault == TALK_LOGIN_REFUSED || fault == TALK_NO_MECHANISM ||
	    fault == TALK_NONSENSE || fault == TALK_CLOSED;

	if (fault == TALK_LOGIN_REFUSED)
		end = pop3_refusal(words, true);
	else if ((fault == TALK_NONSENSE || fault == TALK_CLOSED) &&
	    slice_has_prefix(words, "-ERR") &&
	    pop3_refusal(words, false) == FETCH_END_BUSY)
		end = FETCH_END_BUSY;	/* that was its greeting */
	if (fault == TALK_CLOSED &&
	    collect->conversation->step == CONVERSATION_LEAVING)
		collect_break(collect, FETCH_END_DONE,
		    "it hung up without an answer to QUIT");
	else
		collect_end(collect, end, server_said, words);
}

static int
open_talk(struct collect *collect)
{
	static const enum talk_tls tls[FETCH_TLS_COUNT] = {
		[FETCH_TLS_NONE] = TALK_CLEAR,
		[FETCH_TLS_STARTTLS] = TALK_STARTTLS,
		[FETCH_TLS_IMPLICIT] = TALK_IMPLICIT,
	};
	const struct fetch_account *account = &collect->account;
	struct conversation *conversation = collect->conversation;
	const struct talk_options options = {
		.scheme = "pop3", .host = account->host,
		.port = account->port, .addresses = collect->addresses,
		.tls = tls[account->tls], .login = conversation->login,
		.user = account->user, .password = collect->password,
		.pin = account->has_pin ? account->pin : NULL,
		.connect_ms = collect->limits.connect_ms,
		.open_ms = collect->limits.open_ms
	};
	const struct talk_events events = {
		.arg = collect, .line = on_line, .opened = on_opened,
		.readable = on_readable, .failed = on_failed
	};

	conversation->capa = (struct pop3_capa){ 0 };
	return talk_open(collect->hall, &options, &events,
	    &conversation->talk);
}

int
login_begin(struct collect *collect)
{
	static const enum talk_login logins[FETCH_MECHANISM_COUNT] = {
		[FETCH_AUTO] = TALK_LOGIN_NONE,
		[FETCH_PLAIN] = TALK_LOGIN_PLAIN,
		[FETCH_LOGIN] = TALK_LOGIN_LOGIN,
		[FETCH_CRAM_MD5] = TALK_LOGIN_CRAM_MD5,
		[FETCH_APOP] = TALK_LOGIN_APOP,
	};

	collect->conversation->login = logins[collect->account.mechanism];
	return open_talk(collect);
}
