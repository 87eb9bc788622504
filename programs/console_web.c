/*
 * console_web.c - the console role's HTTPS: between the door, gateway/http and
 * the keeper
 */
#include "programs/console_web.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <openssl/crypto.h>

#include "gateway/http/server.h"
#include "lib/base/log.h"
#include "policy/config.h"

#define LOGIN_BODY_BYTES	16384	/* name, password and address */

/* What the keeper was asked, and has not answered yet. */
struct question {
	LIST_ENTRY(question)	 next;
	void			*arg;		/* NULL: nobody waits */
	web_login_fn		*login;		/* one of these two */
	web_person_fn		*person;
};

struct console_web {
	struct web		*web;
	struct ipc		*keeper;
	console_ask_fn		*ask;
	console_forget_fn	*forget;
	void			*arg;
	LIST_HEAD(, question)	 questions;
};

static struct question *
question_new(struct console_web *web, void *reply_arg)
{
	struct question *question = calloc(1, sizeof(*question));

	if (question == NULL)
		return NULL;
	question->arg = reply_arg;
	LIST_INSERT_HEAD(&web->questions, question, next);
	return question;
}

static void
question_free(struct question *question)
{
	LIST_REMOVE(question, next);
	free(question);
}

static void
on_login(void *arg, int status, struct ipc_message *message)
{
	struct question *question = arg;
	struct keeper_welcome said = { .who = KEEPER_ASK_LATER };

	if (status == 0 && keeper_login_said(message->body, &said) < 0)
		said.who = KEEPER_ASK_LATER;
	if (question->arg != NULL)
		question->login(question->arg, said.who, said.account);
	question_free(question);
}

static int
login(void *arg, struct slice user, struct slice password, const char *peer,
    web_login_fn *reply, void *reply_arg)
{
	struct console_web *web = arg;
	const struct keeper_login asked = {
		.user = user, .password = password, .peer = slice_str(peer),
		.service = SERVICE_HTTPS
	};
	TEXT_AUTO body = TEXT_INIT(2 * LOGIN_BODY_BYTES);
	struct question *question;
	int r = -EMSGSIZE;

	if (web->keeper == NULL)
		return -ENOTCONN;
	question = question_new(web, reply_arg);
	if (question == NULL)
		return -ENOMEM;
	question->login = reply;
	/* one allocation, so that no copy of the password stays behind */
	if (text_space(&body, LOGIN_BODY_BYTES) != NULL)
		text_clear(&body);
	keeper_login_ask(&body, &asked);
	if (!text_failed(&body))
		r = ipc_ask(web->keeper, KEEPER_LOGIN, text_slice(&body),
		    NULL, 0, on_login, question);
	if (body.at != NULL)
		OPENSSL_cleanse(body.at, body.size);
	if (r < 0)
		question_free(question);
	return r;
}

static void
on_person(void *arg, int status, struct ipc_message *message)
{
	struct question *question = arg;
	struct keeper_person person;

	if (status == 0)
		status = keeper_person_said(message->body, &person);
	if (question->arg != NULL)
		question->person(question->arg, status < 0 ? NULL : &person);
	question_free(question);
}

static int
person(void *arg, uint64_t account, web_person_fn *reply, void *reply_arg)
{
	struct console_web *web = arg;
	TEXT_AUTO body = TEXT_INIT(16);
	struct question *question;
	int r;

	if (web->keeper == NULL)
		return -ENOTCONN;
	question = question_new(web, reply_arg);
	if (question == NULL)
		return -ENOMEM;
	question->person = reply;
	keeper_account_ask(&body, account);
	r = text_failed(&body) ? -ENOMEM : ipc_ask(web->keeper, KEEPER_PERSON,
	    text_slice(&body), NULL, 0, on_person, question);
	if (r < 0)
		question_free(question);
	return r;
}

static int
ask(void *arg, const struct admin_request *request, uint64_t asker,
    struct slice packed, ipc_reply_fn *reply, void *reply_arg)
{
	struct console_web *web = arg;

	return web->ask(web->arg, request, asker, packed, reply, reply_arg);
}

static void
forget(void *arg, void *reply_arg)
{
	struct console_web *web = arg;
	struct question *question;

	LIST_FOREACH(question, &web->questions, next)
		if (question->arg == reply_arg)
			question->arg = NULL;
	web->forget(web->arg, reply_arg);
}

static void
log_it(void *arg, const char *sentence)
{
	(void)arg;
	log_say("%s", sentence);
}

struct console_web *
console_web_new(struct loop *loop, enum language office, console_ask_fn *asks,
    console_forget_fn *forgets, void *arg)
{
	struct console_web *web = calloc(1, sizeof(*web));
	const struct web_ports ports = {
		.arg = web, .login = login, .person = person, .ask = ask,
		.forget = forget, .log = log_it
	};

	if (web == NULL)
		return NULL;
	web->ask = asks;
	web->forget = forgets;
	web->arg = arg;
	LIST_INIT(&web->questions);
	web->web = web_new(loop, office, &ports);
	if (web->web == NULL) {
		free(web);
		return NULL;
	}
	return web;
}

void
console_web_free(struct console_web *web)
{
	if (web == NULL)
		return;
	web_free(web->web);
	free(web);
}

void
console_web_keeper(struct console_web *web, struct ipc *keeper)
{
	web->keeper = keeper;
}

int
console_web_visit(struct console_web *web, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct slice peer = unpack_slice(&u);

	if (!unpack_is_done(&u) || peer.len == 0 ||
	    peer.len >= HTTP_PEER_SIZE || !slice_is_printable_ascii(peer))
		return -EBADMSG;
	/* too many: it is closed, and its browser says so */
	if (web_serve(web->web, ipc_take_fd(message, 0), peer) < 0)
		log_say("https from %.*s: turned away, too many connections",
		    SLICE_FMT(peer));
	return 0;
}
