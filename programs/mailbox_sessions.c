/*
 * mailbox_sessions.c - who reads the mail of the account: POP3 and IMAP
 *
 * A session is given its connection by the door and asks other roles through
 * us: the queue for the files of big letters.  What it does to a letter is told
 * for the trail.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/imap/imap.h"
#include "gateway/pop3/pop3.h"
#include "lib/base/log.h"
#include "programs/mailbox_inside.h"
#include "programs/mailbox_office.h"
#include "programs/mailbox_saving.h"
#include "queue/session_step.h"

/* A session may delete many letters one by one: the queue is told of all. */
#define TELL_MS		1000

struct session {
	TAILQ_ENTRY(session)	 next;
	struct mailbox		*mailbox;
	enum session_service	 service;
	union {				/* which: `service` says */
		struct pop3_session	*pop3;
		struct imapd_session	*imap;
	} is;
	struct big_question	*question;	/* waiting, or NULL */
	struct saving_question	*saving;	/* the same */
	struct ipc		*door;		/* it came from, or NULL */
	uint64_t		 number;	/* as the door counts */
	struct office_question	*office;	/* the same */
	uint64_t		 visitor;	/* account of who is visiting;
						   0: nobody is */
	bool			 imports;	/* of the postmaster's command */
	char			 login[ADDRESS_SIZE];
};

/* The same for both services. */
typedef void big_fn(void *arg, int fd);

/* A session waits for one big letter at a time. */
struct big_question {
	struct session	*session;	/* NULL: it has forgotten us */
	big_fn	*reply;
	void		*arg;
};

static void
nobody_asks(void *arg, int fd)
{
	(void)arg;
	if (fd >= 0)
		(void)close(fd);
}

static void
on_big(void *arg, int status, struct ipc_message *message)
{
	struct big_question *question = arg;
	struct unpack u;
	int fd = -1;

	if (status == 0) {
		u = unpack_of(message->body);
		if (unpack_i64(&u) == 0 && unpack_is_done(&u))
			fd = ipc_take_fd(message, 0);
	}
	if (question->session != NULL)
		question->session->question = NULL;
	question->reply(question->arg, fd);
	free(question);
}

static int
ask_big(void *arg, const struct message_id *id, big_fn *reply,
    void *reply_arg)
{
	struct session *session = arg;
	struct ipc *queue = session->mailbox->queue;
	struct big_question *question;
	int r;

	if (queue == NULL)
		return -ENOTCONN;
	question = calloc(1, sizeof(*question));
	if (question == NULL)
		return -ENOMEM;
	question->session = session;
	question->reply = reply;
	question->arg = reply_arg;
	r = ipc_ask(queue, QUEUE_OPEN_BIG, slice_of(id->bytes,
	    MESSAGE_ID_BYTES), NULL, 0, on_big, question);
	if (r < 0)
		free(question);
	else
		session->question = question;
	return r;
}

static void
forget_big(void *arg, void *reply_arg)
{
	struct session *session = arg;

	(void)reply_arg;
	saving_forget(session->saving);
	session->saving = NULL;
	office_forget(session->office);
	session->office = NULL;
	if (session->question == NULL)
		return;
	session->question->reply = nobody_asks;
	session->question->session = NULL;
	session->question = NULL;
}

static int
ask_file(void *arg, uint64_t bytes, imapd_file_fn *reply, void *reply_arg)
{
	struct session *session = arg;

	return saving_ask_file(session->mailbox->queue, bytes, reply,
	    reply_arg, &session->saving);
}

static int
ask_keep(void *arg, uint64_t ticket, imapd_kept_fn *reply, void *reply_arg)
{
	struct session *session = arg;

	return saving_ask_keep(session->mailbox->queue, ticket, reply,
	    reply_arg, &session->saving);
}

static void
abandon_file(void *arg, uint64_t ticket)
{
	struct session *session = arg;

	saving_abandon_file(session->mailbox->queue, ticket);
}

/* A step of letters' lives, for the trail. */
static void
tell_step(struct session *session, struct session_step *step)
{
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);

	if (session->mailbox->queue == NULL)
		return;
	step->who = slice_str(session->login);
	session_step_pack(&body, step);
	(void)ipc_send(session->mailbox->queue, QUEUE_STEP,
	    text_slice(&body), NULL, 0);
}

/* One that needs no more words, of so many letters. */
static void
tell_word(struct session *session, const struct message_id *ids, size_t count,
    const char *what)
{
	const size_t most = SESSION_STEP_MOST * MESSAGE_ID_BYTES;
	struct slice rest = slice_of(ids, count * sizeof(*ids));

	for (; rest.len > 0; rest = slice_after(rest, most)) {
		struct session_step step = {
			.ids = slice_first(rest, most),
			.word = slice_str(what),
		};

		tell_step(session, &step);
	}
}

static void
pop3_step(void *arg, const char *uidl, const char *what)
{
	struct slice name = slice_str(uidl), id_text;
	struct message_id id;

	if (slice_cut(&name, '.', &id_text) &&
	    message_id_read(id_text, &id) == 0)
		tell_word(arg, &id, 1, what);
}

static void
imap_step(void *arg, const struct message_id *ids, size_t count,
    const char *what)
{
	struct session *session = arg;

	tell_word(session, ids, count, what);
	/* the queue hears of what is deleted before the session ends */
	if (strcmp(what, SESSION_DELETED) == 0 &&
	    !timer_is_set(session->mailbox->tell_timer))
		timer_set(session->mailbox->tell_timer, TELL_MS);
}

static void
imap_saved(void *arg, const struct imapd_saved *saved)
{
	struct session_step step = {
		.ids = slice_of(saved->id->bytes, MESSAGE_ID_BYTES),
		.word = SLICE(SESSION_SAVED),
		.subject = saved->subject, .mailbox = saved->mailbox,
		.mended = saved->mended,
	};

	tell_step(arg, &step);
}

static void
imap_failed(void *arg, int error)
{
	(void)arg;
	mailbox_broken(error);
}

static void
imap_wrote(void *arg)
{
	struct session *session = arg;

	mailbox_wrote(session->mailbox);
}

/* It rests in the door, which knows when it is to be served again. */
static int
imap_part(void *arg, int fd, const struct session_carried *carried)
{
	struct session *session = arg;
	struct mailbox *mailbox = session->mailbox;
	const struct session_parting parting = {
		.number = session->number,
		.modseq = mailbox->changed_modseq, .carried = *carried
	};
	TEXT_AUTO body = TEXT_INIT(1024);
	int r;

	if (session->door == NULL)
		return -ENOTCONN;
	parting_pack(&body, &parting);
	if (text_failed(&body))
		return -ENOMEM;
	r = ipc_send(session->door, DOOR_SESSION_PARTS, text_slice(&body),
	    &fd, 1);
	if (r == 0)
		mailbox->may_rest = true;
	return r;
}

static void
session_ended(struct session *session)
{
	struct mailbox *mailbox = session->mailbox;

	mailbox_used(mailbox);
	TAILQ_REMOVE(&mailbox->sessions, session, next);
	mailbox_tell_expunged(mailbox);
	free(session);
}

static void
pop3_ended(void *arg, struct pop3_session *pop3)
{
	(void)pop3;
	session_ended(arg);
}

static void
imap_ended(void *arg, struct imapd_session *imap)
{
	(void)imap;
	session_ended(arg);
}

static bool
begin_pop3(struct session *session, int fd)
{
	const struct pop3_session_ports ports = {
		.arg = session, .big = ask_big, .forget = forget_big,
		.step = pop3_step, .ended = pop3_ended
	};
	const struct pop3_session_options options = {
		.hostname = session->mailbox->process->config.hostname,
		.login = slice_str(session->login),
	};

	session->is.pop3 = pop3_session_new(session->mailbox->process->loop,
	    fd, session->mailbox->account, &options, &ports);
	return session->is.pop3 != NULL;
}

static int
ask_who(void *arg, struct slice identifier, imapd_who_fn *reply,
    void *reply_arg)
{
	struct session *session = arg;

	return office_ask_who(session->mailbox->office, identifier, reply,
	    reply_arg, &session->office);
}

static int
ask_shares(void *arg, struct slice owner, imapd_shares_fn *reply,
    void *reply_arg)
{
	struct session *session = arg;

	return office_ask_shares(session->mailbox->office, owner, reply,
	    reply_arg, &session->office);
}

static int
tell_shared(void *arg, imapd_told_fn *reply, void *reply_arg)
{
	struct session *session = arg;

	return office_tell(session->mailbox->office, reply, reply_arg,
	    &session->office);
}

static int
ask_visit(void *arg, uint64_t owner, const struct imapd_visitor *visitor,
    imapd_visit_fn *reply, void *reply_arg)
{
	struct session *session = arg;

	return office_ask_visit(session->mailbox->office, owner,
	    slice_str(session->login), visitor, reply, reply_arg,
	    &session->office);
}

static bool
begin_imap(struct session *session, int fd,
    const struct session_request *request,
    const struct imapd_visitor *visitor)
{
	const struct imapd_session_ports ports = {
		.office = { .who = ask_who, .shares = ask_shares,
		    .shared = tell_shared, .visit = ask_visit },
		.arg = session, .big = ask_big, .file = ask_file,
		.keep = ask_keep, .abandon = abandon_file,
		.forget = forget_big, .step = imap_step, .saved = imap_saved,
		.failed = imap_failed, .wrote = imap_wrote, .part = imap_part,
		.ended = imap_ended
	};
	const struct config *config = &session->mailbox->process->config;
	const struct imapd_session_options options = {
		.hostname = config->hostname,
		.login = slice_str(session->login),
		.tag = request->tag,
		.message_bytes = config->message_bytes,
		.rest_ms = visitor != NULL ? 0 :
		    (uint64_t)config->warm_seconds * 1000,
		.carried = request->carried.state.len > 0 ?
		    &request->carried : NULL,
		.account = session->mailbox->process->instance,
		.visitor = visitor,
		.imports = session->imports,
	};

	session->is.imap = imapd_session_new(session->mailbox->process->loop,
	    fd, session->mailbox->account, &options, &ports);
	return session->is.imap != NULL;
}

int
mailbox_session_begin(struct mailbox *mailbox, struct ipc *from,
    struct ipc_message *message)
{
	struct session_request request;
	struct session *session;
	int r = session_unpack(message->body, &request), fd;

	if (r < 0 || request.login.len >= sizeof(session->login))
		return -EBADMSG;
	session = calloc(1, sizeof(*session));
	if (session == NULL)
		return -ENOMEM;
	session->mailbox = mailbox;
	session->service = request.service;
	session->door = ipc_peer(from) == ROLE_DOOR ? from : NULL;
	session->number = request.number;
	session->imports = ipc_peer(from) == ROLE_CONSOLE;
	memcpy(session->login, request.login.at, request.login.len);
	TAILQ_INSERT_TAIL(&mailbox->sessions, session, next);
	fd = ipc_take_fd(message, 0);
	if (!(request.service == SESSION_IMAP ?
	    begin_imap(session, fd, &request, NULL) :
	    begin_pop3(session, fd))) {
		TAILQ_REMOVE(&mailbox->sessions, session, next);
		free(session);
		return -ENOMEM;
	}
	return 0;
}

int
mailbox_visitor_begin(struct mailbox *mailbox, int fd, uint64_t account,
    struct slice login, unsigned enabled, struct slice prefix)
{
	const struct imapd_visitor visitor = {
		.account = account, .prefix = prefix, .enabled = enabled
	};
	const struct session_request none = { .service = SESSION_IMAP };
	struct session *session;

	if (login.len >= sizeof(session->login)) {
		(void)close(fd);
		return -EBADMSG;
	}
	session = calloc(1, sizeof(*session));
	if (session == NULL) {
		(void)close(fd);
		return -ENOMEM;
	}
	session->mailbox = mailbox;
	session->service = SESSION_IMAP;
	session->visitor = account;
	memcpy(session->login, login.at, login.len);
	TAILQ_INSERT_TAIL(&mailbox->sessions, session, next);
	if (begin_imap(session, fd, &none, &visitor))
		return 0;
	TAILQ_REMOVE(&mailbox->sessions, session, next);
	free(session);
	return -ENOMEM;
}

void
mailbox_sessions_changed(struct mailbox *mailbox, uint32_t number)
{
	struct session *session;

	TAILQ_FOREACH(session, &mailbox->sessions, next)
		if (session->service == SESSION_IMAP)
			imapd_session_changed(session->is.imap, number);
}

unsigned
mailbox_visitors_count(const struct mailbox *mailbox, uint64_t account)
{
	const struct session *session;
	unsigned count = 0;

	TAILQ_FOREACH(session, &mailbox->sessions, next)
		count += session->visitor != 0 &&
		    session->visitor != mailbox->process->instance &&
		    (account == 0 || session->visitor == account);
	return count;
}

void
mailbox_sessions_lost(struct mailbox *mailbox, const struct ipc *door)
{
	struct session *session;

	TAILQ_FOREACH(session, &mailbox->sessions, next)
		if (session->door == door)
			session->door = NULL;
}

void
mailbox_sessions_close(struct mailbox *mailbox)
{
	struct session *session, *following;

	for (session = TAILQ_FIRST(&mailbox->sessions); session != NULL;
	    session = following) {
		following = TAILQ_NEXT(session, next);
		if (session->service == SESSION_IMAP)
			imapd_session_close(session->is.imap,
			    "the hub is ending");
		else
			pop3_session_close(session->is.pop3);
	}
}
