/*
 * queue_ports.c - the conductor's ports: each is one message to another role
 *
 * What was asked is answered once, with its errno when the channel was lost.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "filters/judge.h"
#include "lib/base/log.h"
#include "programs/queue_inside.h"
#include "programs/queue_role.h"
#include "store/service.h"

/* What was asked of a judge or a mailbox for the conductor. */
struct errand {
	struct queue	*queue;
	const struct ipc *to;
	void		*ticket;	/* the conductor's own */
	uint64_t	 account;	/* a settling: whose */
	uint64_t	 upto;		/* and how far */
};

static struct errand *
errand_new(struct queue *queue, void *ticket)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (errand == NULL)
		return NULL;
	errand->queue = queue;
	errand->ticket = ticket;
	return errand;
}

/* A judge has answered, or is gone. */
static void
judge_answered(const struct errand *errand)
{
	struct judge_channel *judge = queue_find_judge(errand->queue,
	    errand->to);

	if (judge != NULL)
		progress_answered(&judge->progress);
}

static void
on_verdict(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;

	judge_answered(errand);
	conductor_judged(errand->queue->conductor, errand->ticket, status,
	    status == 0 ? message->body : slice_of(NULL, 0));
	free(errand);
}

/* Ask the judge with the least to do. */
static int
ask_judge(struct queue *queue, void *ticket, enum judge_kind kind,
    struct slice body, const int *fds, unsigned fd_count, ipc_reply_fn *said)
{
	struct judge_channel *judge = queue_choose_judge(queue);
	struct errand *errand;
	int r;

	if (judge == NULL)
		return -ENOTCONN;
	errand = errand_new(queue, ticket);
	if (errand == NULL)
		return -ENOMEM;
	errand->to = judge->ipc;
	r = ipc_ask(judge->ipc, (uint16_t)kind, body, fds, fd_count, said,
	    errand);
	if (r < 0)
		free(errand);
	else
		progress_asked(&judge->progress);
	return r;
}

static int
port_judge(void *arg, void *ticket, struct slice packed_env, int fd)
{
	return ask_judge(arg, ticket, JUDGE_MESSAGE, packed_env, &fd, 1,
	    on_verdict);
}

static void
on_compared(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;

	judge_answered(errand);
	conductor_compared(errand->queue->conductor, errand->ticket, status,
	    status == 0 ? message->body : slice_of(NULL, 0));
	free(errand);
}

static int
port_compare(void *arg, void *ticket, struct slice packed_ask, int header_fd,
    int whole_fd)
{
	const int fds[] = { header_fd, whole_fd };

	return ask_judge(arg, ticket, JUDGE_SAME_BODY, packed_ask, fds, 2,
	    on_compared);
}

static void
on_redirect(void *arg, int status, uint64_t account)
{
	struct errand *errand = arg;

	conductor_whose(errand->queue->conductor, errand->ticket, status,
	    account);
	free(errand);
}

static int
port_whose(void *arg, void *ticket, struct slice address)
{
	struct queue *queue = arg;
	struct errand *errand = errand_new(queue, ticket);
	int r;

	if (errand == NULL)
		return -ENOMEM;
	r = queue_whose(queue->process, address, on_redirect, errand);
	if (r < 0)
		free(errand);
	return r;
}

/* A mailbox has answered; one that is gone is no longer found. */
static void
mailbox_answered(const struct errand *errand)
{
	struct mailbox_channel *mailbox;

	mailbox = queue_find_mailbox(errand->queue, errand->account);
	if (mailbox != NULL && mailbox->ipc == errand->to)
		progress_answered(&mailbox->progress);
}

static void
on_delivered(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;
	bool was_there = false, in_inbox = false;

	mailbox_answered(errand);
	if (status == 0) {
		struct unpack u = unpack_of(message->body);

		status = (int)unpack_i64(&u);
		was_there = unpack_bool(&u);
		in_inbox = unpack_bool(&u);
		if (!unpack_is_done(&u) || status > 0)
			status = -EPROTO;
	}
	conductor_delivered(errand->queue->conductor, errand->ticket, status,
	    was_there, in_inbox);
	free(errand);
}

static int
port_deliver(void *arg, void *ticket, uint64_t account,
    struct slice packed_delivery, int fd)
{
	struct queue *queue = arg;
	struct mailbox_channel *mailbox = queue_find_mailbox(queue, account);
	struct errand *errand;
	int r;

	if (mailbox == NULL)
		return -ENOTCONN;
	errand = errand_new(queue, ticket);
	if (errand == NULL)
		return -ENOMEM;
	errand->to = mailbox->ipc;
	errand->account = account;
	r = ipc_ask(mailbox->ipc, MAILBOX_DELIVER, packed_delivery, &fd, 1,
	    on_delivered, errand);
	if (r < 0)
		free(errand);
	else
		progress_asked(&mailbox->progress);
	return r;
}

static void
on_settled(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;

	mailbox_answered(errand);
	if (status == 0) {
		struct unpack u = unpack_of(message->body);

		status = (int)unpack_i64(&u);
		if (!unpack_is_done(&u) || status > 0)
			status = -EPROTO;
	}
	conductor_settled(errand->queue->conductor, errand->account,
	    errand->upto, status);
	free(errand);
}

static int
port_settle(void *arg, uint64_t account, uint64_t upto, uint64_t prune_below)
{
	struct queue *queue = arg;
	struct mailbox_channel *mailbox = queue_find_mailbox(queue, account);
	TEXT_AUTO body = TEXT_INIT(32);
	struct errand *errand;
	int r;

	if (mailbox == NULL)
		return -ENOTCONN;
	errand = errand_new(queue, NULL);
	if (errand == NULL)
		return -ENOMEM;
	errand->to = mailbox->ipc;
	errand->account = account;
	errand->upto = upto;
	pack_u64(&body, upto);
	pack_u64(&body, prune_below);
	r = ipc_ask(mailbox->ipc, MAILBOX_SETTLE, text_slice(&body), NULL, 0,
	    on_settled, errand);
	if (r < 0)
		free(errand);
	else
		progress_asked(&mailbox->progress);
	return r;
}

static void
port_broken(void *arg, const char *what)
{
	(void)arg;
	log_say("%s: a sync failed; starting again", what);
	_exit(1);
}

static void
port_want(void *arg, uint64_t account)
{
	struct queue *queue = arg;

	(void)process_want_mailbox(queue->process, account);
}

static void
port_answer(void *arg, const struct asker *asker,
    const struct queue_answer *answer)
{
	TEXT_AUTO body = TEXT_INIT(1024);

	(void)arg;
	answer_pack(&body, answer);
	/* a door that is gone is told by its own end */
	(void)ipc_reply(asker->from, asker->serial, text_slice(&body), NULL,
	    0);
}

struct conductor_ports
queue_ports(struct queue *queue)
{
	return (struct conductor_ports){
		.arg = queue, .judge = port_judge, .deliver = port_deliver,
		.settle = port_settle, .want = port_want,
		.broken = port_broken, .answer = port_answer,
		.whose = port_whose, .compare = port_compare
	};
}
