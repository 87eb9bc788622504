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
#include "fetch/words.h"

static void
on_user(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct collect *collect = arg;

	(void)number;
	if (!ok)
		collect_break(collect, pop3_refusal(words, true), words);
}

static void
on_pass(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct collect *collect = arg;

	(void)number;
	if (ok)
		step_list(collect);
	else
		collect_break(collect, pop3_refusal(words, true), words);
}

static const struct pop3_command
command_user = { .verb = "USER", .shape = POP3_ONE, .status = on_user },
command_pass = { .verb = "PASS", .shape = POP3_ONE, .status = on_pass };

static void
on_turn(void *arg)
{
	struct collect *collect = arg;

	if (collect->turn != NULL)
		collect->turn(collect);
}

static void
on_broken(void *arg, enum fetch_end end, struct slice words)
{
	collect_break(arg, end, words);
}

static int	open_talk(struct collect *, enum talk_login);

/* The way the server wants it; TALK_LOGIN_NONE: USER and PASS. */
static enum talk_login
wanted(const struct collect *collect)
{
	const struct capa *capa = &collect->capa;
	bool is_clear = collect->account.tls == FETCH_TLS_NONE;

	if (is_clear && capa->has_apop)
		return TALK_LOGIN_APOP;
	if (!capa->is_known || (capa->has & CAPA_USER) != 0)
		return TALK_LOGIN_NONE;
	/* in clear rather what does not show the password */
	if (is_clear && (capa->has & CAPA_CRAM_MD5) != 0)
		return TALK_LOGIN_CRAM_MD5;
	if ((capa->has & CAPA_PLAIN) != 0)
		return TALK_LOGIN_PLAIN;
	if ((capa->has & CAPA_LOGIN) != 0)
		return TALK_LOGIN_LOGIN;
	if ((capa->has & CAPA_CRAM_MD5) != 0)
		return TALK_LOGIN_CRAM_MD5;
	return TALK_LOGIN_COUNT;
}

static void
converse(struct collect *collect)
{
	const struct pop3_options options = {
		.pipelining = collect->capa.is_known &&
		    (collect->capa.has & CAPA_PIPELINING) != 0,
		.silence_ms = collect->limits.silence_ms,
		.least_bytes_per_second =
		    collect->limits.least_bytes_per_second
	};
	const struct pop3_events events = {
		.arg = collect, .turn = on_turn, .broken = on_broken
	};

	(void)snprintf(collect->peer, sizeof(collect->peer), "%s",
	    talk_peer(collect->talk));
	(void)snprintf(collect->tls_words, sizeof(collect->tls_words), "%s",
	    talk_tls_words(collect->talk));
	collect->pop3 = pop3_new(collect->loop, collect->talk, &options,
	    &events);
	if (collect->pop3 == NULL)
		collect_break(collect, FETCH_END_LOCAL,
		    slice_str("out of memory"));
}

static void
on_opened(void *arg)
{
	struct collect *collect = arg;
	bool is_ours = collect->account.mechanism == FETCH_AUTO &&
	    !collect->reconnected;
	enum talk_login login = is_ours ? wanted(collect) : TALK_LOGIN_NONE;

	if (login == TALK_LOGIN_COUNT) {
		collect_break(collect, FETCH_END_MECHANISM, slice_str(
		    "it offers no way of logging in that is known here"));
		return;
	}
	if (login != TALK_LOGIN_NONE) {
		talk_free(collect->talk);
		collect->talk = NULL;
		collect->reconnected = true;
		if (open_talk(collect, login) < 0)
			collect_break(collect, FETCH_END_LOCAL,
			    slice_str("out of memory"));
		return;
	}
	converse(collect);
	if (collect->ended)
		return;
	if (!is_ours) {
		step_list(collect);
		return;
	}
	pop3_say_word(collect->pop3, &command_user,
	    slice_str(collect->account.user));
	pop3_say_word(collect->pop3, &command_pass,
	    slice_str(collect->password));
}

static void
on_line(void *arg, struct slice line)
{
	struct collect *collect = arg;

	capa_line(&collect->capa, line);
}

static void
on_readable(void *arg)
{
	struct collect *collect = arg;

	if (collect->pop3 != NULL)
		pop3_readable(collect->pop3);
}

static void
on_drained(void *arg)
{
	(void)arg;	/* what may wait is bounded by the window */
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

	if (fault == TALK_LOGIN_REFUSED)
		end = pop3_refusal(words, true);
	else if ((fault == TALK_NONSENSE || fault == TALK_CLOSED) &&
	    slice_has_prefix(words, "-ERR") &&
	    pop3_refusal(words, false) == FETCH_END_BUSY)
		end = FETCH_END_BUSY;	/* that was its greeting */
	if (collect->leaving && fault == TALK_CLOSED) {
		end = FETCH_END_DONE;
		words = slice_str("it hung up without an answer to QUIT");
	}
	collect_break(collect, end, words);
}

static int
open_talk(struct collect *collect, enum talk_login login)
{
	static const enum talk_tls tls[FETCH_TLS_COUNT] = {
		[FETCH_TLS_NONE] = TALK_CLEAR,
		[FETCH_TLS_STARTTLS] = TALK_STARTTLS,
		[FETCH_TLS_IMPLICIT] = TALK_IMPLICIT,
	};
	const struct fetch_account *account = &collect->account;
	const struct talk_options options = {
		.scheme = "pop3", .host = account->host,
		.port = account->port, .addresses = collect->addresses,
		.tls = tls[account->tls], .login = login,
		.user = account->user, .password = collect->password,
		.pin = account->has_pin ? account->pin : NULL,
		.connect_ms = collect->limits.connect_ms,
		.open_ms = collect->limits.open_ms
	};
	const struct talk_events events = {
		.arg = collect, .line = on_line, .opened = on_opened,
		.readable = on_readable, .drained = on_drained,
		.failed = on_failed
	};

	collect->capa = (struct capa){ 0 };
	return talk_open(collect->hall, &options, &events, &collect->talk);
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

	return open_talk(collect, logins[collect->account.mechanism]);
}
