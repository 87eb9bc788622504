/*
 * door_smtp.c - what an SMTP session asks, carried to keeper and queue
 *
 * An answer that finds its session gone is undone: space is given back, a big
 * file is abandoned.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/keeper.h"
#include "programs/door.h"
#include "programs/door_space.h"
#include "queue/service.h"

/*
 * One address may hold so much of the space for mail under way (1/n), though
 * always enough for one message of the largest size: the rest is for others.
 */
#define SHARE_OF_TRANSIT	8

/* What a session hears when another role is not there. */
static const struct smtp_answer role_is_gone = {
	451, "4.3.0", "temporary trouble here, try again later"
};

static void
on_whose(void *arg, int status, struct ipc_message *message)
{
	struct question *question = arg;
	struct keeper_whose said = { .whose = WHOSE_UNKNOWN };
	enum smtp_whose whose = SMTP_ASK_LATER;

	if (status == 0 && keeper_whose_said(message->body, &said) == 0) {
		static const enum smtp_whose words[WHOSE_COUNT] = {
			[WHOSE_OURS] = SMTP_OURS,
			[WHOSE_UNKNOWN] = SMTP_UNKNOWN,
			[WHOSE_FOREIGN] = SMTP_FOREIGN,
			[WHOSE_SHARED] = SMTP_SHARED,
			[WHOSE_CLOSED] = SMTP_CLOSED,
			[WHOSE_FORGED] = SMTP_FORGED,
			[WHOSE_GATEWAY] = SMTP_GATEWAY,
		};

		whose = words[said.whose];
		/* who may write to a list depends on who writes */
		if (whose == SMTP_OURS && (said.account & (ACCOUNT_LIST |
		    ACCOUNT_BOUNCE)) == 0 && !text_failed(&question->address) &&
		    !envelope_is_reply_address(text_slice(&question->address)))
			whose_cache_note(question->door->whose,
			    text_slice(&question->address), said.account);
		if ((whose == SMTP_OURS || whose == SMTP_GATEWAY) &&
		    question->visit != NULL)
			door_guard_known(question->visit);
	}
	if (question->visit != NULL)
		question->reply.whose(question->arg, whose, whose ==
		    SMTP_GATEWAY ? said.bytes : said.account);
	question_free(question);
}

static int
ask_whose(void *arg, struct slice address, const struct envelope *env,
    smtp_whose_fn *reply, void *reply_arg)
{
	struct visit *visit = arg;
	struct question *question = question_new(visit, reply_arg);
	TEXT_AUTO body = TEXT_INIT(1024);

	if (question == NULL)
		return -ENOMEM;
	question->reply.whose = reply;
	question->address.limit = ADDRESS_SIZE;
	text_add(&question->address, address);
	keeper_rcpt_ask(&body, &(struct keeper_rcpt){ address,
	    env->sender_account, env->sender });
	return question_ask(question, visit->door->keeper, KEEPER_RCPT,
	    &body, -1, on_whose);
}

/* The keeper has said so, and has changed nothing since. */
static uint64_t
known(void *arg, struct slice address)
{
	const struct visit *visit = arg;
	uint64_t account;

	if (!whose_cache_find(visit->door->whose, address, &account))
		return 0;
	door_guard_known(visit);
	return account;
}

/* Who cannot be asked about may come. */
static void
on_grey(void *arg, int status, struct ipc_message *message)
{
	static const enum smtp_grey words[GREY_COUNT] = {
		[GREY_COMES] = SMTP_COMES,
		[GREY_NEW] = SMTP_NEW,
		[GREY_WAITS] = SMTP_STILL,
	};
	struct question *question = arg;
	enum grey said = GREY_COMES;

	if (status == 0)
		(void)keeper_grey_said(message->body, &said);
	if (question->visit != NULL)
		question->reply.grey(question->arg, words[said]);
	question_free(question);
}

static int
ask_grey(void *arg, struct slice sender, struct slice recipient,
    smtp_grey_fn *reply, void *reply_arg)
{
	struct visit *visit = arg;
	const struct keeper_grey grey = {
		slice_str(visit->network->address), sender, recipient
	};
	struct question *question = question_new(visit, reply_arg);
	TEXT_AUTO body = TEXT_INIT(2048);

	if (question == NULL)
		return -ENOMEM;
	question->reply.grey = reply;
	keeper_grey_ask(&body, &grey);
	return question_ask(question, visit->door->keeper, KEEPER_GREY, &body,
	    -1, on_grey);
}

static void
on_sender(void *arg, int status, struct ipc_message *message)
{
	static const enum smtp_sends words[KEEPER_SENDS_COUNT] = {
		[KEEPER_SENDS] = SMTP_SENDS,
		[KEEPER_SENDS_BY_OWN] = SMTP_SENDS_BY_OWN,
		[KEEPER_SENDS_NOT] = SMTP_SENDS_NOT,
		[KEEPER_LOGGED_OUT] = SMTP_LOGGED_OUT,
	};
	struct question *question = arg;
	struct keeper_sender said;

	if (status == 0)
		status = keeper_sender_said(message->body, &said);
	if (question->visit != NULL)
		question->reply.sender(question->arg, status < 0 ?
		    SMTP_SENDS_LATER : words[said.sends], status < 0 ?
		    slice_of(NULL, 0) : said.address);
	question_free(question);
}

static int
ask_sender(void *arg, uint64_t account, struct slice address,
    smtp_sender_fn *reply, void *reply_arg)
{
	struct visit *visit = arg;
	struct question *question = question_new(visit, reply_arg);
	TEXT_AUTO body = TEXT_INIT(1024);

	if (question == NULL)
		return -ENOMEM;
	question->reply.sender = reply;
	keeper_sender_ask(&body, account, visit->stamp, address);
	return question_ask(question, visit->door->keeper, KEEPER_SENDER,
	    &body, -1, on_sender);
}

/* The queue's words as the session tells them; and whether it is held. */
static int
read_answer(struct unpack *u, struct smtp_answer *answer_out,
    bool *is_held_out)
{
	struct queue_answer said;

	if (answer_unpack(u, &said) < 0)
		return -EBADMSG;
	if (is_held_out != NULL)
		*is_held_out = said.held;
	answer_out->code = said.code;
	(void)snprintf(answer_out->status, sizeof(answer_out->status), "%.*s",
	    SLICE_FMT(said.status));
	(void)snprintf(answer_out->words, sizeof(answer_out->words), "%.*s",
	    SLICE_FMT(said.words));
	return 0;
}

static void
send_release(struct door *door, uint64_t bytes)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, bytes);
	/* a queue that is gone has forgotten its grants as well */
	if (door->queue != NULL)
		(void)ipc_send(door->queue, QUEUE_RELEASE, text_slice(&body),
		    NULL, 0);
}

static void
release(void *arg, uint64_t bytes)
{
	struct visit *visit = arg;

	visit_uncharge(visit, bytes);
	send_release(visit->door, bytes);
}

/* Count the space for the visitor, while it holds no more than it may. */
static bool
charge(struct visit *visit, uint64_t bytes)
{
	const struct config *config = &visit->door->process->config;
	uint64_t most = config->transit_bytes / SHARE_OF_TRANSIT;
	struct visitor *visitor = visit->visitor;

	if (most < config->message_bytes)
		most = config->message_bytes;
	if (visitor->granted > most || bytes > most - visitor->granted)
		return false;
	visitor->granted += bytes;
	visit->granted += bytes;
	return true;
}

static void
on_grant(void *arg, int status, struct ipc_message *message)
{
	struct question *question = arg;
	struct smtp_answer answer = role_is_gone;
	struct unpack u;

	if (status == 0) {
		u = unpack_of(message->body);
		(void)read_answer(&u, &answer, NULL);
	}
	if (question->visit == NULL) {
		if (answer.code == 250)
			send_release(question->door, question->bytes);
	} else {
		if (answer.code != 250)
			visit_uncharge(question->visit, question->bytes);
		/* it is not submitted then */
		if (answer.code != 250 && question->visit->turned != NULL)
			door_turned_answered(question->visit->turned,
			    answer.code, false);
		question->reply.answer(question->arg, &answer);
	}
	question_free(question);
}

static int
ask_grant(void *arg, uint64_t bytes, smtp_answer_fn *reply, void *reply_arg)
{
	struct visit *visit = arg;
	struct question *question;
	TEXT_AUTO body = TEXT_INIT(16);
	int r;

	if (!charge(visit, bytes))
		return -ENOSPC;
	if (door_space_take(visit->door->space, bytes))
		return 1;
	question = question_new(visit, reply_arg);
	if (question == NULL) {
		visit_uncharge(visit, bytes);
		return -ENOMEM;
	}
	question->reply.answer = reply;
	question->bytes = bytes;
	pack_u64(&body, bytes);
	r = question_ask(question, visit->door->queue, QUEUE_GRANT, &body, -1,
	    on_grant);
	if (r < 0)
		visit_uncharge(visit, bytes);
	return r;
}

static void
send_abandon(struct door *door, uint64_t ticket)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, ticket);
	if (door->queue != NULL)
		(void)ipc_send(door->queue, QUEUE_ABANDON_BIG,
		    text_slice(&body), NULL, 0);
}

static void
abandon(void *arg, uint64_t ticket)
{
	struct visit *visit = arg;

	send_abandon(visit->door, ticket);
}

static void
on_big(void *arg, int status, struct ipc_message *message)
{
	struct question *question = arg;
	struct smtp_answer answer = role_is_gone;
	struct unpack u;
	uint64_t ticket = 0;
	int fd = -1;

	if (status == 0) {
		u = unpack_of(message->body);
		if (read_answer(&u, &answer, NULL) == 0)
			ticket = unpack_u64(&u);
		if (answer.code == 250)
			fd = ipc_take_fd(message, 0);
	}
	if (question->visit != NULL) {
		question->reply.big(question->arg, fd, ticket, &answer);
	} else if (fd >= 0) {
		(void)close(fd);
		send_abandon(question->door, ticket);
	}
	question_free(question);
}

static int
ask_big(void *arg, smtp_big_fn *reply, void *reply_arg)
{
	struct visit *visit = arg;
	struct question *question = question_new(visit, reply_arg);
	const struct text nothing = TEXT_INIT(0);

	if (question == NULL)
		return -ENOMEM;
	question->reply.big = reply;
	return question_ask(question, visit->door->queue, QUEUE_BIG, &nothing,
	    -1, on_big);
}

/* The end of the road for the door: code 0 means hang up without a word. */
static void
on_submitted(void *arg, int status, struct ipc_message *message)
{
	struct question *question = arg;
	struct smtp_answer answer = { 0 };
	bool is_held = false;
	struct unpack u;

	/* a queue that died may have it or not: nobody may say (code 0) */
	if (status == 0) {
		u = unpack_of(message->body);
		(void)read_answer(&u, &answer, &is_held);
	}
	if (question->visit != NULL && question->visit->turned != NULL)
		door_turned_answered(question->visit->turned, answer.code,
		    is_held);
	if (question->visit != NULL)
		question->reply.answer(question->arg, &answer);
	question_free(question);
}

static void
on_etrn(void *arg, int status, struct ipc_message *message)
{
	struct question *question = arg;
	struct smtp_answer answer = role_is_gone;
	struct unpack u;

	if (status == 0) {
		u = unpack_of(message->body);
		(void)read_answer(&u, &answer, NULL);
	}
	if (question->visit != NULL)
		question->reply.answer(question->arg, &answer);
	question_free(question);
}

static int
ask_etrn(void *arg, const struct etrn_asked *asked, smtp_answer_fn *reply,
    void *reply_arg)
{
	struct visit *visit = arg;
	struct question *question = question_new(visit, reply_arg);
	TEXT_AUTO body = TEXT_INIT(512);

	if (question == NULL)
		return -ENOMEM;
	question->reply.answer = reply;
	etrn_asked_pack(&body, asked);
	return question_ask(question, visit->door->queue, QUEUE_ETRN, &body,
	    -1, on_etrn);
}

static int
ask_atrn(void *arg, const struct atrn_asked *asked, smtp_answer_fn *reply,
    void *reply_arg)
{
	struct visit *visit = arg;
	struct question *question = question_new(visit, reply_arg);
	TEXT_AUTO body = TEXT_INIT(8192);
	int fd, r;

	if (question == NULL)
		return -ENOMEM;
	question->reply.answer = reply;
	fd = door_reversed_pair(visit);
	if (fd < 0) {
		question_free(question);
		return fd;
	}
	atrn_asked_pack(&body, asked);
	r = question_ask(question, visit->door->queue, QUEUE_ATRN, &body, fd,
	    on_etrn);
	(void)close(fd);
	return r;
}

static int
submit(void *arg, const struct envelope *env, int memfd, uint64_t ticket,
    uint64_t granted, smtp_answer_fn *reply, void *reply_arg)
{
	struct visit *visit = arg;
	struct question *question = question_new(visit, reply_arg);
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
	int r;

	if (question == NULL)
		return -ENOMEM;
	question->reply.answer = reply;
	pack_u64(&body, granted);
	if (memfd < 0)
		pack_u64(&body, ticket);
	envelope_pack(&body, env);
	r = question_ask(question, visit->door->queue, memfd < 0 ?
	    QUEUE_SUBMIT_BIG : QUEUE_SUBMIT, &body, memfd, on_submitted);
	if (r == 0)
		visit_uncharge(visit, granted);
	if (r == 0 && visit->turned != NULL)
		door_turned_submits(visit->turned, env->bytes);
	return r;
}

static void
ended(void *arg, struct smtp_session *session)
{
	struct visit *visit = arg;

	if (visit->turned != NULL)
		visit->turned->result.has_quit = smtp_session_has_quit(session);
	visit_free(visit);
}

/*
 * Who may send without a login, as it is now, for as long as it is connected.  A
 * device is a device in a trusted network, too.  0 or -ENOMEM.
 */
static int
take_trust(struct visit *visit)
{
	const struct device *device = door_device(visit->door,
	    visit->listener, visit->peer);

	if (device == NULL) {
		visit->is_trusted = door_is_trusted(visit->door,
		    visit->listener, visit->peer);
		return 0;
	}
	visit->device = malloc(sizeof(*device));
	if (visit->device == NULL)
		return -ENOMEM;
	*visit->device = *device;
	return 0;
}

static void
set_device(struct smtp_options *options, const struct device *device)
{
	options->trust = TRUST_DEVICE;
	options->trusted = device->sender;
	options->trusted_account = device->account;
	options->trusted_to = device->to;
	options->leaves = options->leaves || device->leaves;
}

static void
set_network(struct smtp_options *options, const char *peer)
{
	options->trust = TRUST_NETWORK;
	options->trusted = peer;
}

int
door_smtp_begin(struct visit *visit, int fd)
{
	const struct config *config = &visit->door->process->config;
	/* who sends because we asked for it is our provider, wherever it is */
	bool from_upstream = visit->turned != NULL ||
	    (visit->listener->service == SERVICE_SMTP &&
	    door_is_among(config->upstream_hosts, visit->peer));

	if (visit->turned == NULL && !from_upstream && take_trust(visit) < 0)
		return -ENOMEM;
	visit->smtp_ports = (struct smtp_ports){
		.arg = visit, .whose = ask_whose,
		.unknown_rcpt = door_guard_unknown, .grant = ask_grant,
		.release = release, .big = ask_big, .abandon = abandon,
		.submit = submit, .forget = visit_forget, .log = visit_log,
		.ended = ended, .known = known, .erred = door_guard_erred,
		.may_send = door_guard_may_send,
		.grey = door_greylists(visit) && visit->device == NULL &&
		    !visit->is_trusted ? ask_grey : NULL,
		.login = &visit->login_ports, .sender = ask_sender,
		.etrn = ask_etrn, .atrn = ask_atrn, .reverse = door_reverse
	};
	visit->login_ports = (struct login_ports){
		.arg = visit, .check = door_login_check,
		.salt = door_login_salt, .forget = visit_forget,
		.log = visit_log
	};
	visit->smtp_options = (struct smtp_options){
		.hostname = config->hostname,
		.lmtp = visit->listener->service == SERVICE_LMTP,
		.is_submission = visit->listener->service ==
		    SERVICE_SUBMISSION ||
		    visit->listener->service == SERVICE_ATRN,
		.is_atrn = visit->listener->service == SERVICE_ATRN,
		.leaves = config_leaves(config),
		.clear_logins = (config->clear_logins &&
		    peer_is_local(visit->peer)) || visit->device != NULL,
		.offers_starttls = visit->door->tls_smtp != NULL &&
		    visit->listener->tls == LISTENER_STARTTLS,
		.is_upstream = from_upstream,
		.offers_etrn = visit->door->has_gateways &&
		    visit->turned == NULL,
		.normalises = from_upstream || visit->device != NULL,
		.implicit_tls = visit->listener->tls == LISTENER_IMPLICIT,
		.tls = visit->door->tls_smtp,
		.outer_tls_words = visit->turned == NULL ? NULL :
		    visit->turned->tls_words,
		.message_bytes = config->message_bytes,
		.recipients = 200
	};
	if (visit->device != NULL)
		set_device(&visit->smtp_options, visit->device);
	else if (visit->is_trusted)
		set_network(&visit->smtp_options, visit->peer);

	visit->session = smtp_session_new(visit->door->process->loop, fd,
	    visit->peer, &visit->smtp_options, &visit->smtp_ports);
	return visit->session == NULL ? -ENOMEM : 0;
}
