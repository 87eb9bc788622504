/*
 * queue_ports.c - the conductor's ports: each is one message to another role
 *
 * What was asked is answered once, with its errno when the channel was lost.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "fetch/service.h"
#include "filters/judge.h"
#include "lib/base/log.h"
#include "programs/queue_inside.h"
#include "programs/queue_savings.h"
#include "programs/queue_role.h"
#include "queue/relay_job.h"
#include "store/service.h"

/* What was asked of a judge or a mailbox for the conductor. */
struct errand {
	struct queue	*queue;
	const struct ipc *to;
	void		*ticket;	/* the conductor's own */
	uint64_t	 account;	/* a settling: whose */
	uint64_t	 upto;		/* and how far; or of a turn the number */
};

/* A message to another role, and who hears its answer. */
struct request {
	uint16_t	 kind;
	struct slice	 body;
	const int	*fds;		/* borrowed */
	unsigned	 fd_count;
	ipc_reply_fn	*said;		/* gets a copy of the errand */
};

/* 0, or a negative errno: nothing was asked. */
static int
ask(const struct errand *what, struct ipc *to, struct progress *progress,
    const struct request *request)
{
	struct errand *errand = malloc(sizeof(*errand));
	int r;

	if (errand == NULL)
		return -ENOMEM;
	*errand = *what;
	errand->to = to;
	r = ipc_ask(to, request->kind, request->body, request->fds,
	    request->fd_count, request->said, errand);
	if (r < 0)
		free(errand);
	else
		progress_asked(progress);
	return r;
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
ask_judge(struct queue *queue, void *ticket, const struct request *request)
{
	const struct errand errand = { .queue = queue, .ticket = ticket };
	struct judge_channel *judge = queue_choose_judge(queue);

	return judge == NULL ? -ENOTCONN : ask(&errand, judge->ipc,
	    &judge->progress, request);
}

static int
port_judge(void *arg, void *ticket, struct slice packed_env, int fd)
{
	const struct request request = { JUDGE_MESSAGE, packed_env, &fd, 1,
	    on_verdict };

	return ask_judge(arg, ticket, &request);
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
	const struct request request = { JUDGE_SAME_BODY, packed_ask, fds, 2,
	    on_compared };

	return ask_judge(arg, ticket, &request);
}

/* What the keeper is asked needs no more; NULL when memory is out. */
static struct errand *
errand_new(struct queue *queue, void *ticket)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (errand != NULL) {
		errand->queue = queue;
		errand->ticket = ticket;
	}
	return errand;
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
	struct errand *errand = errand_new(arg, ticket);
	int r = errand == NULL ? -ENOMEM : queue_whose(
	    errand->queue->process, address, on_redirect, errand);

	if (r < 0)
		free(errand);
	return r;
}

static void
on_person(void *arg, int status, const struct conductor_person *person)
{
	struct errand *errand = arg;

	conductor_person(errand->queue->conductor, errand->ticket, status,
	    person);
	free(errand);
}

static int
port_person(void *arg, void *ticket, uint64_t account, struct slice address)
{
	struct errand *errand = errand_new(arg, ticket);
	int r = errand == NULL ? -ENOMEM : queue_person(
	    errand->queue->process, account, address, on_person, errand);

	if (r < 0)
		free(errand);
	return r;
}

static void
on_wishes(void *arg, int status, struct slice wishes)
{
	struct errand *errand = arg;

	conductor_wished(errand->queue->conductor, errand->ticket, status,
	    wishes);
	free(errand);
}

static int
port_wishes(void *arg, void *ticket, struct slice author,
    const uint64_t *accounts, size_t count)
{
	const struct queue_wished wished = { author, accounts, count };
	struct errand *errand = errand_new(arg, ticket);
	int r = errand == NULL ? -ENOMEM : queue_wishes(
	    errand->queue->process, &wished, on_wishes, errand);

	if (r < 0)
		free(errand);
	return r;
}

static void
on_expanded(void *arg, int status, struct slice answer)
{
	struct errand *errand = arg;

	conductor_expanded(errand->queue->conductor, errand->ticket, status,
	    answer);
	free(errand);
}

static int
port_expand(void *arg, void *ticket, struct slice packed_ask)
{
	struct errand *errand = errand_new(arg, ticket);
	int r = errand == NULL ? -ENOMEM : queue_expand(
	    errand->queue->process, packed_ask, on_expanded, errand);

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
ask_mailbox(const struct errand *errand, const struct request *request)
{
	struct mailbox_channel *mailbox = queue_find_mailbox(errand->queue,
	    errand->account);

	return mailbox == NULL ? -ENOTCONN : ask(errand, mailbox->ipc,
	    &mailbox->progress, request);
}

static int
port_deliver(void *arg, void *ticket, uint64_t account,
    struct slice packed_delivery, int fd)
{
	const struct errand errand = { .queue = arg, .ticket = ticket,
	    .account = account };
	const struct request request = { MAILBOX_DELIVER, packed_delivery,
	    &fd, 1, on_delivered };

	return ask_mailbox(&errand, &request);
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
	const struct errand errand = { .queue = arg, .account = account,
	    .upto = upto };
	struct request request = { .kind = MAILBOX_SETTLE,
	    .said = on_settled };
	TEXT_AUTO body = TEXT_INIT(32);

	pack_u64(&body, upto);
	pack_u64(&body, prune_below);
	if (text_failed(&body))
		return -ENOMEM;
	request.body = text_slice(&body);
	return ask_mailbox(&errand, &request);
}

static void
on_relayed(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;

	conductor_relayed(errand->queue->conductor, errand->ticket, status,
	    status == 0 ? message->body : slice_of(NULL, 0));
	free(errand);
}

/* It takes as long as the host does: nobody calls that a hang. */
static int
port_relay(void *arg, void *ticket, struct slice packed_job, int fd)
{
	struct queue *queue = arg;
	struct errand *errand;
	int r;

	if (queue->relay == NULL)
		return -ENOTCONN;
	errand = errand_new(queue, ticket);
	if (errand == NULL)
		return -ENOMEM;
	r = ipc_ask(queue->relay, RELAY_SEND, packed_job, &fd, 1, on_relayed,
	    errand);
	if (r < 0)
		free(errand);
	return r;
}

static void
port_noted(void *arg, uint64_t number)
{
	struct queue *queue = arg;
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, number);
	/* one that is gone has nothing to forget */
	if (queue->relay != NULL)
		(void)ipc_send(queue->relay, RELAY_NOTED, text_slice(&body),
		    NULL, 0);
}

static void
on_turn_over(void *arg, int status, struct ipc_message *message)
{
	struct errand *errand = arg;

	(void)status;
	(void)message;
	conductor_turn_over(errand->queue->conductor, errand->upto);
	free(errand);
}

/* It is over when the host hangs up, or the relay does. */
static int
port_turn(void *arg, uint64_t number, struct slice packed_turn, int fd)
{
	struct queue *queue = arg;
	struct errand *errand;
	int r;

	if (queue->relay == NULL)
		return -ENOTCONN;
	errand = errand_new(queue, NULL);
	if (errand == NULL)
		return -ENOMEM;
	errand->upto = number;
	r = ipc_ask(queue->relay, RELAY_TURN, packed_turn, &fd, 1,
	    on_turn_over, errand);
	if (r < 0)
		free(errand);
	return r;
}

static void
port_turn_done(void *arg, uint64_t number)
{
	struct queue *queue = arg;
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, number);
	if (queue->relay != NULL)
		(void)ipc_send(queue->relay, RELAY_TURN_OVER,
		    text_slice(&body), NULL, 0);
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

static void
port_made(void *arg, const struct asker *asker, const struct shared_made *made,
    int fd)
{
	const struct queue_answer answer = { .code = QUEUE_IT_IS,
	    .status = SLICE("2.0.0"), .words = SLICE("it is here") };
	TEXT_AUTO body = TEXT_INIT(1024);

	(void)arg;
	answer_pack(&body, &answer);
	shared_made_pack(&body, made);
	/* what he does not take is given up with him */
	(void)ipc_reply(asker->from, asker->serial, text_slice(&body), &fd, 1);
}

static void
port_saved(void *arg, const struct asker *asker, int status, uint64_t bytes)
{
	(void)arg;
	queue_tell_saved(asker->from, asker->serial, status, bytes);
}

/* Who tells people; without it they see in their mailbox what was done. */
static void
port_replied(void *arg, uint64_t account, uint32_t count, struct slice packed)
{
	struct queue *queue = arg;
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);

	pack_u64(&body, account);
	pack_u32(&body, count);
	pack_bytes(&body, packed);
	if (queue->schedule == NULL || text_failed(&body) ||
	    ipc_send(queue->schedule, SCHEDULE_REPLIED, text_slice(&body),
	    NULL, 0) < 0)
		log_say("account %llu does not hear what came of its answer",
		    (unsigned long long)account);
}

/* The schedule writes to the postmaster; who is not there now is told the next time. */
static void
port_wayless(void *arg)
{
	struct queue *queue = arg;

	if (queue->schedule == NULL || ipc_send(queue->schedule,
	    SCHEDULE_WAYLESS, slice_of(NULL, 0), NULL, 0) < 0)
		log_say("mail waits for a way out, and nobody was told by mail");
}

struct conductor_ports
queue_ports(struct queue *queue)
{
	return (struct conductor_ports){
		.arg = queue, .judge = port_judge, .deliver = port_deliver,
		.settle = port_settle, .want = port_want,
		.broken = port_broken, .answer = port_answer,
		.whose = port_whose, .wishes = port_wishes,
		.expand = port_expand,
		.compare = port_compare, .saved = port_saved, .made = port_made,
		.relay = port_relay, .noted = port_noted, .turn = port_turn,
		.turn_done = port_turn_done, .person = port_person,
		.replied = port_replied,
		.wayless = port_wayless
	};
}
