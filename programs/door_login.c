/*
 * door_login.c - before a login: what is asked of other roles
 */
#include <errno.h>
#include <string.h>

#include "gateway/imap/imap.h"
#include "gateway/pop3/pop3.h"
#include "policy/keeper.h"
#include "programs/door.h"

#define LOGIN_BODY_BYTES 16384	/* name, password or proof, and address */

_Static_assert(SESSION_TAG_BYTES >= IMAPD_TAG_BYTES,
    "a session says OK to the command that logged in");

static bool
is_imap(const struct visit *visit)
{
	return visit->listener->service == SERVICE_IMAP;
}

static void
hand_over(void *arg, struct stream *stream, uint64_t account,
    struct slice user, struct slice tag)
{
	struct visit *visit = arg;
	const struct session_request request = {
		.service = is_imap(visit) ? SESSION_IMAP : SESSION_POP3,
		.login = user, .tag = tag
	};

	door_hand_over(visit->door, stream, account, &request);
}

static void
on_login(void *arg, int status, struct ipc_message *message)
{
	static const enum login_who words[KEEPER_WHO_COUNT] = {
		[KEEPER_WELCOME] = LOGIN_WELCOME,
		[KEEPER_STRANGER] = LOGIN_STRANGER,
		[KEEPER_ASK_LATER] = LOGIN_ASK_LATER,
	};
	struct question *question = arg;
	struct keeper_welcome said = { .who = KEEPER_ASK_LATER };

	if (status == 0 && keeper_login_said(message->body, &said) < 0)
		said.who = KEEPER_ASK_LATER;
	if (question->visit != NULL && said.who == KEEPER_WELCOME) {
		question->visit->stamp = said.stamp;
		visitor_logged_in(question->visit->visitor);
	}
	if (question->visit != NULL)
		question->reply.who(question->arg, words[said.who],
		    said.account, said.signature);
	question_free(question);
}

int
door_login_check(void *arg, const struct login_try *try, login_who_fn *reply,
    void *reply_arg)
{
	struct visit *visit = arg;
	struct question *question = question_new(visit, reply_arg);
	const struct keeper_login login = {
		.user = try->user, .password = try->password,
		.peer = slice_str(try->peer), .said = try->said,
		.service = (uint8_t)visit->listener->service
	};
	TEXT_AUTO body = TEXT_INIT(32768);
	int r;

	if (question == NULL)
		return -ENOMEM;
	question->reply.who = reply;
	/* one allocation, so that no copy of the password stays behind */
	if (text_space(&body, LOGIN_BODY_BYTES) != NULL)
		text_clear(&body);
	keeper_login_ask(&body, &login);
	r = question_ask(question, visit->door->keeper, KEEPER_LOGIN, &body,
	    -1, on_login);
	if (body.at != NULL)
		explicit_bzero(body.at, body.len);
	return r;
}

static void
on_salt(void *arg, int status, struct ipc_message *message)
{
	struct question *question = arg;
	struct scram_salt salt = { 0 };

	if (status == 0)
		status = keeper_salt_said(message->body, &salt);
	if (question->visit != NULL)
		question->reply.salt(question->arg, status < 0 ? 0 :
		    salt.rounds, slice_of(salt.bytes, sizeof(salt.bytes)));
	question_free(question);
}

int
door_login_salt(void *arg, struct slice user, login_salt_fn *reply,
    void *reply_arg)
{
	struct visit *visit = arg;
	struct question *question = question_new(visit, reply_arg);
	TEXT_AUTO body = TEXT_INIT(1024);

	if (question == NULL)
		return -ENOMEM;
	question->reply.salt = reply;
	keeper_whose_ask(&body, user);
	return question_ask(question, visit->door->keeper, KEEPER_SALT, &body,
	    -1, on_salt);
}

static void
ended(void *arg, struct login *login)
{
	(void)login;
	visit_free(arg);
}

int
door_login_begin(struct visit *visit, int fd)
{
	const struct config *config = &visit->door->process->config;
	const struct tls_server *tls = is_imap(visit) ?
	    visit->door->tls_imap : visit->door->tls_pop3;
	const struct login_ports ports = {
		.arg = visit, .check = door_login_check,
		.salt = door_login_salt,
		.forget = visit_forget, .hand_over = hand_over,
		.log = visit_log, .ended = ended
	};
	const struct login_options options = {
		.hostname = config->hostname,
		.offers_tls = tls != NULL &&
		    visit->listener->tls == LISTENER_STARTTLS,
		.implicit_tls = visit->listener->tls == LISTENER_IMPLICIT,
		.clear_logins = config->clear_logins &&
		    peer_is_local(visit->peer),
		.tls = tls
	};

	visit->session = login_new(visit->door->process->loop, fd, visit->peer,
	    is_imap(visit) ? &imapd_protocol : &pop3_protocol, &options,
	    &ports);
	return visit->session == NULL ? -ENOMEM : 0;
}
