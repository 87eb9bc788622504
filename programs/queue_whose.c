/*
 * queue_whose.c - the keeper is asked whose an address or a fetch account is
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/message/envelope.h"
#include "policy/keeper.h"
#include "policy/senders.h"
#include "programs/queue_inside.h"
#include "programs/queue_role.h"

/* Who wants to know. */
struct question {
	struct queue	*queue;
	void		*arg;
	queue_whose_fn	*reply;		/* one of these */
	queue_owner_fn	*owner_reply;
	queue_wishes_fn	*wishes_reply;
	queue_person_fn	*person_reply;
	uint64_t	 account;	/* of that person */
};

static void
on_whose(void *arg, int status, struct ipc_message *message)
{
	struct question *question = arg;
	struct keeper_whose whose = { .account = 0 };

	progress_answered(&question->queue->keeper_progress);
	if (status == 0)
		status = keeper_whose_said(message->body, &whose);
	question->reply(question->arg, status, whose.whose == WHOSE_OURS ?
	    whose.account : 0);
	free(question);
}

static void
on_fetch_owner(void *arg, int status, struct ipc_message *message)
{
	struct question *question = arg;
	struct keeper_owner owner = { 0 };

	progress_answered(&question->queue->keeper_progress);
	if (status == 0)
		status = keeper_owner_said(message->body, &owner);
	question->owner_reply(question->arg, status, &owner);
	free(question);
}

static void
on_wishes(void *arg, int status, struct ipc_message *message)
{
	struct question *question = arg;

	progress_answered(&question->queue->keeper_progress);
	question->wishes_reply(question->arg, status, status == 0 ?
	    message->body : slice_of(NULL, 0));
	free(question);
}

static void
on_account(void *arg, int status, struct ipc_message *message)
{
	struct question *question = arg;
	struct keeper_account account = { .exists = false };
	struct conductor_person person = { .account = 0 };

	progress_answered(&question->queue->keeper_progress);
	if (status == 0)
		status = keeper_account_said(message->body, &account);
	if (status == 0 && account.exists)
		person = (struct conductor_person){ question->account,
		    account.address, account.language };
	question->person_reply(question->arg, status, &person);
	free(question);
}

/* An answer of nothing is none. */
static void
on_expanded(void *arg, int status, struct ipc_message *message)
{
	struct question *question = arg;

	progress_answered(&question->queue->keeper_progress);
	if (status == 0 && message->body.len == 0)
		status = -EAGAIN;
	question->wishes_reply(question->arg, status, status == 0 ?
	    message->body : slice_of(NULL, 0));
	free(question);
}

static int
ask_keeper(const struct question *what, enum keeper_kind kind,
    const struct text *body, ipc_reply_fn *said)
{
	struct queue *queue = what->queue;
	struct question *question;
	int r;

	if (queue->keeper == NULL)
		return -ENOTCONN;
	if (text_failed(body))
		return -EMSGSIZE;
	question = calloc(1, sizeof(*question));
	if (question == NULL)
		return -ENOMEM;
	*question = *what;
	r = ipc_ask(queue->keeper, (uint16_t)kind, text_slice(body), NULL, 0,
	    said, question);
	if (r < 0)
		free(question);
	else
		progress_asked(&queue->keeper_progress);
	return r;
}

int
queue_whose(void *process, struct slice address, queue_whose_fn *reply,
    void *arg)
{
	const struct question question = { .queue = queue_of(process),
	    .arg = arg, .reply = reply };
	TEXT_AUTO body = TEXT_INIT(1024);

	keeper_whose_ask(&body, address);
	return ask_keeper(&question, KEEPER_WHOSE, &body, on_whose);
}

int
queue_fetch_owner(void *process, uint64_t fetch_account,
    queue_owner_fn *reply, void *arg)
{
	const struct question question = { .queue = queue_of(process),
	    .arg = arg, .owner_reply = reply };
	TEXT_AUTO body = TEXT_INIT(16);

	keeper_owner_ask(&body, fetch_account);
	return ask_keeper(&question, KEEPER_FETCH_OWNER, &body,
	    on_fetch_owner);
}

int
queue_wishes(void *process, const struct queue_wished *what,
    queue_wishes_fn *reply, void *arg)
{
	const struct question question = { .queue = queue_of(process),
	    .arg = arg, .wishes_reply = reply };
	TEXT_AUTO body = TEXT_INIT(8 * SENDERS_ASKED + 1024);

	keeper_wishes_ask(&body, what->author, what->accounts, what->count);
	return ask_keeper(&question, KEEPER_WISHES, &body, on_wishes);
}

/* An account is found first by its name. */
static void
on_named(void *arg, int status, uint64_t account)
{
	struct question *question = arg;
	struct conductor_person nobody = { .account = 0 };

	if (status == 0 && account != 0)
		status = queue_person(question->queue->process, account,
		    slice_of(NULL, 0), question->person_reply,
		    question->arg);
	if (status < 0 || account == 0)
		question->person_reply(question->arg, status, &nobody);
	free(question);
}

static int
find_named(const struct question *what, struct slice address)
{
	struct question *question = malloc(sizeof(*question));
	int r;

	if (question == NULL)
		return -ENOMEM;
	*question = *what;
	r = queue_whose(what->queue->process, address, on_named, question);
	if (r < 0)
		free(question);
	return r;
}

int
queue_person(void *process, uint64_t account, struct slice address,
    queue_person_fn *reply, void *arg)
{
	const struct question question = { .queue = queue_of(process),
	    .arg = arg, .person_reply = reply, .account = account };
	TEXT_AUTO body = TEXT_INIT(16);

	if (account == 0)
		return find_named(&question, address.len > 0 ? address :
		    slice_str("postmaster"));
	keeper_account_ask(&body, account);
	return ask_keeper(&question, KEEPER_ACCOUNT, &body, on_account);
}

int
queue_expand(void *process, struct slice packed_ask, queue_wishes_fn *reply,
    void *arg)
{
	const struct question question = { .queue = queue_of(process),
	    .arg = arg, .wishes_reply = reply };
	TEXT_AUTO body = TEXT_INIT(ENVELOPE_MAX_BYTES);

	text_add(&body, packed_ask);
	return ask_keeper(&question, KEEPER_EXPAND, &body, on_expanded);
}
