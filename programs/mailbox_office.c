/*
 * mailbox_office.c - what a mailbox has to do with other accounts (RFC 4314)
 *
 * The registry of what is shared is the keeper's, and is made of what each owner
 * tells: at its start, and whenever a right or a name has changed.
 */
#include "programs/mailbox_office.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "policy/keeper.h"
#include "policy/shares.h"
#include "store/rights.h"

struct link {
	LIST_ENTRY(link) next;
	struct ipc	*ipc;
};

struct office_question {
	LIST_ENTRY(office_question) next;	/* of those who go elsewhere */
	struct mailbox_office *office;
	struct office_question **place;	/* NULL: it is forgotten */
	void		*arg;
	union {				/* which: who asks the keeper knows */
		imapd_who_fn	*who;
		imapd_shares_fn	*shares;
		imapd_told_fn	*told;
		imapd_visit_fn	*visit;
	} reply;
	unsigned	 pages;		/* told, and not answered yet */
	/* of a visit */
	uint64_t	 owner;
	struct text	 body;
	int		 fd[2];		/* ours, theirs */
	struct ipc	*at;		/* being asked now, or NULL */
	bool		 is_here;	/* ourselves: it is there already */
	struct timer	*patience;
};

struct mailbox_office {
	struct mailbox	*mailbox;
	struct ipc	*keeper;
	LIST_HEAD(, link) links;
	LIST_HEAD(, office_question) visits;
	uint64_t	 again_at_ms;	/* what is shared is told once more;
					   0: it was told, as far as is known */
};

struct mailbox_office *
office_new(struct mailbox *mailbox)
{
	struct mailbox_office *office = calloc(1, sizeof(*office));

	if (office == NULL)
		return NULL;
	office->mailbox = mailbox;
	LIST_INIT(&office->links);
	LIST_INIT(&office->visits);
	return office;
}

/* Questions */

static struct office_question *
question_new(struct mailbox_office *office, void *arg,
    struct office_question **place)
{
	struct office_question *question = calloc(1, sizeof(*question));

	if (question == NULL)
		return NULL;
	question->office = office;
	question->arg = arg;
	question->place = place;
	question->fd[0] = question->fd[1] = -1;
	question->body = (struct text)TEXT_INIT(2048);
	if (place != NULL)
		*place = question;
	return question;
}

static void
question_free(struct office_question *question)
{
	if (question->place != NULL)
		*question->place = NULL;
	for (int i = 0; i < 2; i++)
		if (question->fd[i] >= 0)
			(void)close(question->fd[i]);
	timer_free(question->patience);
	text_free(&question->body);
	free(question);
}

void
office_forget(struct office_question *question)
{
	if (question != NULL)
		question->place = NULL;
}

/* It is answered: is anybody there?  Whoever is may ask the next. */
static bool
is_wanted(struct office_question *question)
{
	if (question->place == NULL)
		return false;
	*question->place = NULL;
	question->place = NULL;
	return true;
}

static void
on_who(void *arg, int status, struct ipc_message *message)
{
	struct office_question *question = arg;
	struct slice address = { NULL, 0 };
	uint64_t account = 0;
	struct unpack u;

	if (status == 0) {
		u = unpack_of(message->body);
		account = unpack_u64(&u);
		address = unpack_slice(&u);
		if (!unpack_is_done(&u))
			status = -EAGAIN;
	}
	if (is_wanted(question))
		question->reply.who(question->arg, status, account, address);
	question_free(question);
}

static void
on_shares(void *arg, int status, struct ipc_message *message)
{
	struct office_question *question = arg;
	struct slice rows = { NULL, 0 };
	struct unpack u;

	if (status == 0) {
		u = unpack_of(message->body);
		if (unpack_bool(&u))
			log_say("more is shared with this account than can "
			    "be listed");
		rows = u.rest;
		if (u.bad)
			status = -EAGAIN;
	}
	if (is_wanted(question))
		question->reply.shares(question->arg, status, rows);
	question_free(question);
}

static int
ask_keeper(struct office_question *question, uint16_t kind,
    const struct text *body, ipc_reply_fn *reply)
{
	int r = question == NULL ? -ENOMEM : text_failed(body) ? -EMSGSIZE :
	    question->office->keeper == NULL ? -ENOTCONN :
	    ipc_ask(question->office->keeper, kind, text_slice(body), NULL, 0,
	    reply, question);

	if (r < 0 && question != NULL)
		question_free(question);
	return r;
}

int
office_ask_who(struct mailbox_office *office, struct slice identifier,
    imapd_who_fn *reply, void *arg, struct office_question **place)
{
	struct office_question *question = question_new(office, arg, place);
	TEXT_AUTO body = TEXT_INIT(2 * ADDRESS_SIZE);

	if (question != NULL)
		question->reply.who = reply;
	keeper_whose_ask(&body, slice_first(identifier, ADDRESS_SIZE));
	return ask_keeper(question, KEEPER_WHO, &body, on_who);
}

int
office_ask_shares(struct mailbox_office *office, struct slice owner,
    imapd_shares_fn *reply, void *arg, struct office_question **place)
{
	struct office_question *question = question_new(office, arg, place);
	TEXT_AUTO body = TEXT_INIT(2 * ADDRESS_SIZE);

	if (question != NULL)
		question->reply.shares = reply;
	keeper_whose_ask(&body, slice_first(owner, ADDRESS_SIZE));
	return ask_keeper(question, KEEPER_SHARES, &body, on_shares);
}

/* What is shared */

struct telling {
	struct office_question *question;
	struct text	 rows;
	bool		 goes_on;
};

static void
tell_later(struct mailbox_office *office)
{
	office->again_at_ms = clock_ms() + OFFICE_AGAIN_MS;
}

static bool
has_news(const struct mailbox_office *office)
{
	return rights_changed(office->mailbox->account) ||
	    (office->again_at_ms != 0 && clock_ms() >= office->again_at_ms);
}

static void
on_told(void *arg, int status, struct ipc_message *message)
{
	struct office_question *question = arg;

	/* one that is lost is told when it is there again */
	if (status == 0 && (message->body.len != 1 ||
	    message->body.at[0] == 0)) {
		log_say("the keeper does not note what is shared");
		tell_later(question->office);
	}
	if (--question->pages > 0)
		return;
	if (is_wanted(question))
		question->reply.told(question->arg);
	question_free(question);
}

static int
tell_page(struct telling *telling)
{
	struct office_question *question = telling->question;
	TEXT_AUTO body = TEXT_INIT(SHARES_BYTES + 16);
	int r;

	pack_u8(&body, telling->goes_on);
	pack_bytes(&body, text_slice(&telling->rows));
	r = text_failed(&body) ? -ENOMEM : ipc_ask(question->office->keeper,
	    KEEPER_SHARES_SET, text_slice(&body), NULL, 0, on_told, question);
	if (r == 0)
		question->pages++;
	telling->goes_on = true;
	text_clear(&telling->rows);
	return r;
}

static int
add_row(void *arg, struct slice mailbox, const struct right *right)
{
	struct telling *telling = arg;
	const struct share_row row = {
		.mailbox = mailbox, .who = right->who,
		.is_negative = right->is_negative, .rights = right->rights
	};
	int r = 0;

	if (telling->rows.len + mailbox.len + 32 > SHARES_BYTES)
		r = tell_page(telling);
	share_row_pack(&telling->rows, &row);
	return r;
}

/* All of it, a page at a time. */
static int
tell_all(struct mailbox_office *office, struct office_question *question)
{
	struct telling telling = { .question = question,
	    .rows = TEXT_INIT(SHARES_BYTES) };
	int r;

	office->again_at_ms = 0;
	r = rights_shared_each(office->mailbox->account, add_row, &telling);
	if (r == 0)
		r = tell_page(&telling);
	text_free(&telling.rows);
	if (r < 0) {
		log_say("the keeper is not told what is shared: %s",
		    strerror(-r));
		tell_later(office);
	}
	return r;
}

int
office_tell(struct mailbox_office *office, imapd_told_fn *reply, void *arg,
    struct office_question **place)
{
	struct office_question *question;
	int r;

	/* without a keeper now it is told when one is there */
	if (office->keeper == NULL)
		return -ENOTCONN;
	if (!has_news(office))
		return -EALREADY;
	question = question_new(office, arg, place);
	if (question == NULL) {
		tell_later(office);
		return -ENOMEM;
	}
	question->reply.told = reply;
	r = tell_all(office, question);
	if (question->pages > 0)
		return 0;	/* something is answered, be it not all */
	question_free(question);
	return r < 0 ? r : -EALREADY;
}

void
office_tell_news(struct mailbox_office *office)
{
	(void)office_tell(office, NULL, NULL, NULL);
}

/* A keeper that has come knows what another life of it was told, or less. */
static void
tell_keeper(struct mailbox_office *office, struct ipc *keeper)
{
	struct office_question *question = question_new(office, NULL, NULL);

	office->keeper = keeper;
	(void)rights_changed(office->mailbox->account);
	if (question == NULL) {
		tell_later(office);
		return;
	}
	(void)tell_all(office, question);
	if (question->pages == 0)
		question_free(question);
}

/* Visits */

static struct link *
find_link(const struct mailbox_office *office, uint64_t account)
{
	struct link *link;

	LIST_FOREACH(link, &office->links, next)
		if (ipc_instance(link->ipc) == account)
			return link;
	return NULL;
}

/* It ends with a connection, which is the receiver's then, or an error. */
static void
visit_end(struct office_question *question, int error)
{
	int fd = question->fd[0];

	LIST_REMOVE(question, next);
	if (question->at != NULL)
		ipc_forget(question->at, question);
	if (is_wanted(question)) {
		if (error == 0)
			question->fd[0] = -1;
		question->reply.visit(question->arg, error == 0 ? fd : error);
	}
	question_free(question);
}

static void
on_patience(void *arg)
{
	const struct office_question *question = arg;

	visit_end(arg, question->is_here ? 0 : -ETIMEDOUT);
}

static void
on_answer(void *arg, int status, struct ipc_message *message)
{
	struct office_question *question = arg;
	enum visit_answer answer = VISIT_LATER;
	struct unpack u;

	question->at = NULL;
	if (status < 0)
		return;		/* lost: it goes again when that is told */
	u = unpack_of(message->body);
	answer = unpack_enum(&u, VISIT_ANSWERS);
	if (!unpack_is_done(&u) || answer == VISIT_REFUSED)
		visit_end(question, -EBUSY);
	else if (answer == VISIT_SERVED)
		visit_end(question, 0);
	/* else its channel will be lost */
}

/* Ask the other process, or for it. */
static void
visit_go(struct office_question *question)
{
	struct link *link = find_link(question->office, question->owner);

	if (link != NULL && ipc_ask(link->ipc, MAILBOX_VISIT,
	    text_slice(&question->body), &question->fd[1], 1, on_answer,
	    question) == 0)
		question->at = link->ipc;
	else if (link == NULL)
		(void)process_want_mailbox(question->office->mailbox->process,
		    question->owner);
}

/* What our own people copy from or into another account (across.c). */
static int
visit_here(struct office_question *question, struct slice login,
    const struct imapd_visitor *visitor)
{
	struct mailbox *mailbox = question->office->mailbox;
	int fd = question->fd[1], r;

	question->fd[1] = -1;
	r = mailbox_visitor_begin(mailbox, fd, mailbox->process->instance,
	    login, visitor->enabled, visitor->prefix);
	if (r < 0) {
		LIST_REMOVE(question, next);
		question_free(question);
		return r;
	}
	question->is_here = true;
	timer_set(question->patience, 0);
	return 0;
}

int
office_ask_visit(struct mailbox_office *office, uint64_t owner,
    struct slice login, const struct imapd_visitor *visitor,
    imapd_visit_fn *reply, void *arg, struct office_question **place)
{
	struct office_question *question = question_new(office, arg, place);
	int r = 0;

	if (question == NULL)
		return -ENOMEM;
	question->reply.visit = reply;
	question->owner = owner;
	pack_slice(&question->body, login);
	pack_u8(&question->body, (uint8_t)visitor->enabled);
	pack_slice(&question->body, visitor->prefix);
	question->patience = timer_new(office->mailbox->process->loop,
	    on_patience, question);
	if (text_failed(&question->body) || question->patience == NULL)
		r = -ENOMEM;
	else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, question->fd) < 0)
		r = -errno;
	if (r < 0) {
		question_free(question);
		return r;
	}
	LIST_INSERT_HEAD(&office->visits, question, next);
	if (owner == office->mailbox->process->instance)
		return visit_here(question, login, visitor);
	timer_set(question->patience, OFFICE_VISIT_MS);
	visit_go(question);
	return 0;
}

int
office_receive(struct mailbox_office *office, struct ipc *from,
    struct ipc_message *message, enum visit_answer *answer_out)
{
	struct unpack u = unpack_of(message->body);
	struct slice login = unpack_slice(&u), prefix;
	unsigned enabled = unpack_enum(&u, IMAPD_ENABLED_ALL + 1);
	int r;

	prefix = unpack_slice(&u);
	if (!unpack_is_done(&u) || ipc_instance(from) == 0)
		return -EBADMSG;
	*answer_out = VISIT_REFUSED;
	if (mailbox_visitors_count(office->mailbox, 0) >= OFFICE_VISITORS ||
	    mailbox_visitors_count(office->mailbox, ipc_instance(from)) >=
	    OFFICE_VISITS)
		return 0;
	r = mailbox_visitor_begin(office->mailbox, ipc_take_fd(message, 0),
	    ipc_instance(from), login, enabled, prefix);
	if (r == 0)
		*answer_out = VISIT_SERVED;
	return r == -EBADMSG ? r : 0;
}

/* Channels */

int
office_peer(struct mailbox_office *office, struct ipc *ipc)
{
	struct office_question *question, *following;
	struct link *link;

	if (ipc_peer(ipc) == ROLE_KEEPER)
		tell_keeper(office, ipc);
	if (ipc_peer(ipc) != ROLE_MAILBOX)
		return 0;
	link = calloc(1, sizeof(*link));
	if (link == NULL)
		return -ENOMEM;
	link->ipc = ipc;
	LIST_INSERT_HEAD(&office->links, link, next);
	for (question = LIST_FIRST(&office->visits); question != NULL;
	    question = following) {
		following = LIST_NEXT(question, next);
		if (question->owner == ipc_instance(ipc) &&
		    question->at == NULL)
			visit_go(question);
	}
	return 0;
}

void
office_lost(struct mailbox_office *office, struct ipc *ipc)
{
	struct office_question *question;
	struct link *link;

	if (office->keeper == ipc)
		office->keeper = NULL;
	LIST_FOREACH(link, &office->links, next)
		if (link->ipc == ipc)
			break;
	if (link == NULL)
		return;
	LIST_REMOVE(link, next);
	free(link);
	LIST_FOREACH(question, &office->visits, next) {
		if (question->at == ipc) {
			ipc_forget(ipc, question);
			question->at = NULL;
		}
		if (question->at == NULL &&
		    question->owner == ipc_instance(ipc))
			visit_go(question);
	}
}
