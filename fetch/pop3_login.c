/*
 * pop3_login.c - the first step: connected, secured, logged in
 *
 * A mechanism that the owner chose is libcurl's to do.  Left to us it is USER
 * and PASS in one write where that may be, or a second conversation with what
 * the server wants instead.  A password that was refused is not tried again.
 */
#include "fetch/collect_inside.h"
#include "fetch/opening.h"
#include "fetch/pop3.h"
#include "fetch/pop3_protocol.h"
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
command_user = { .verb = "USER", .shape = POP3_ONE },
command_pass = { .verb = "PASS", .shape = POP3_ONE };

static const struct heard
heard_user = { .status = on_user },
heard_pass = { .status = on_pass };

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

static const struct opening opening_pop3;

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

	opening_note(collect);
	conversation->pop3 = pop3_new(collect->loop, conversation->talk,
	    &options, &events);
	if (conversation->pop3 == NULL)
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
		/* what it can do it says again */
		conversation->capa = (struct pop3_capa){ 0 };
		opening_again(collect, &opening_pop3, login);
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
	    slice_str(collect->account.user), &heard_user);
	pop3_say_word(conversation->pop3, &command_pass,
	    slice_str(collect->password), &heard_pass);
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

static bool
is_no(struct slice words)
{
	return slice_has_prefix(words, "-ERR");
}

static const struct opening opening_pop3 = {
	.scheme = "pop3", .line = on_line, .opened = on_opened,
	.readable = on_readable, .refusal = pop3_refusal, .is_no = is_no
};

int
pop3_begin(struct collect *collect)
{
	static const enum talk_login logins[FETCH_MECHANISM_COUNT] = {
		[FETCH_AUTO] = TALK_LOGIN_NONE,
		[FETCH_PLAIN] = TALK_LOGIN_PLAIN,
		[FETCH_LOGIN] = TALK_LOGIN_LOGIN,
		[FETCH_CRAM_MD5] = TALK_LOGIN_CRAM_MD5,
		[FETCH_APOP] = TALK_LOGIN_APOP,
		[FETCH_XOAUTH2] = TALK_LOGIN_XOAUTH2,
		[FETCH_OAUTHBEARER] = TALK_LOGIN_OAUTHBEARER,
	};

	collect->conversation->login = logins[collect->account.mechanism];
	return opening_begin(collect, &opening_pop3);
}
