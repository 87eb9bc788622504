/*
 * queue_submits.c - what doors, collectors and the schedule hand in
 */
#include "programs/queue_submits.h"

#include <errno.h>
#include <unistd.h>

#include "programs/queue_inside.h"

/* A door, a collector, the schedule or the relay; which of his requests it is. */
static struct asker
asker_of(const struct queue *queue, struct ipc *from,
    const struct ipc_message *message)
{
	bool is_relay = ipc_peer(from) == ROLE_RELAY;

	return (struct asker){ .from = from, .serial = message->serial,
	    .is_fetch = ipc_peer(from) == ROLE_FETCH,
	    .is_own = ipc_peer(from) == ROLE_SCHEDULE || is_relay,
	    /* it talks with strangers */
	    .reports_from = is_relay ?
		queue->process->config.tls_report_from : NULL,
	    .owner = ipc_instance(from) };
}

int
on_grant(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct asker asker = asker_of(queue_of(arg), from, message);
	struct unpack u = unpack_of(message->body);
	uint64_t bytes = unpack_u64(&u);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	conductor_grant(queue_of(arg)->conductor, &asker, bytes);
	return 0;
}

int
on_grants(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct asker asker = asker_of(queue_of(arg), from, message);
	struct unpack u = unpack_of(message->body);
	uint32_t count = unpack_u32(&u);

	if (!unpack_is_done(&u) || count == 0 || count > GRANTS_MOST)
		return -EBADMSG;
	conductor_grants(queue_of(arg)->conductor, &asker, count);
	return 0;
}

int
on_release(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t bytes = unpack_u64(&u);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	conductor_release(queue_of(arg)->conductor, from, bytes);
	return 0;
}

int
on_big(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct queue *queue = queue_of(arg);
	struct queue_answer answer = {
		.code = 250, .status = SLICE("2.0.0"), .words = SLICE("go on")
	};
	TEXT_AUTO body = TEXT_INIT(256);
	uint64_t ticket = 0;
	int fd = -1, r;

	if (message->body.len != 0)
		return -EBADMSG;
	r = conductor_big_begin(queue->conductor, from, &ticket);
	if (r == 0) {
		r = queue_pipes_begin(queue->pipes, from, ticket, &fd);
		if (r < 0)
			conductor_big_abandon(queue->conductor, from, ticket);
	}
	if (r < 0)
		answer = (struct queue_answer){
			.code = 452, .status = SLICE("4.3.1"), .words = SLICE(
			    "no room for this message now, try again later")
		};
	answer_pack(&body, &answer);
	pack_u64(&body, ticket);
	(void)ipc_reply(from, message->serial, text_slice(&body), &fd,
	    fd >= 0);
	if (fd >= 0)
		(void)close(fd);
	return 0;
}

int
on_abandon_big(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct queue *queue = queue_of(arg);
	struct unpack u = unpack_of(message->body);
	uint64_t ticket = unpack_u64(&u);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	queue_pipes_drop(queue->pipes, from, ticket);
	conductor_big_abandon(queue->conductor, from, ticket);
	return 0;
}

int
on_submit(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct asker asker = asker_of(queue_of(arg), from, message);
	struct unpack u = unpack_of(message->body);
	uint64_t granted = unpack_u64(&u);

	if (u.bad)
		return -EBADMSG;
	return conductor_submit(queue_of(arg)->conductor, &asker, granted,
	    u.rest, ipc_take_fd(message, 0), 0);
}

int
on_submit_big(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct queue *queue = queue_of(arg);
	const struct asker asker = asker_of(queue_of(arg), from, message);
	struct unpack u = unpack_of(message->body);
	uint64_t granted = unpack_u64(&u), ticket = unpack_u64(&u);

	if (u.bad)
		return -EBADMSG;
	queue_pipes_end(queue->pipes, ticket);
	return conductor_submit(queue->conductor, &asker, granted, u.rest, -1,
	    ticket);
}

int
on_submit_archived(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct asker asker = asker_of(queue_of(arg), from, message);
	struct unpack u = unpack_of(message->body);
	struct conductor_original original = { .granted = unpack_u64(&u) };

	if (u.bad)
		return -EBADMSG;
	original.memfd = ipc_take_fd(message, 0);
	original.original_fd = message->fd[1];
	return conductor_submit_archived(queue_of(arg)->conductor, &asker,
	    &original, u.rest);
}

int
on_submit_big_archived(void *arg, struct ipc *from,
    struct ipc_message *message)
{
	struct queue *queue = queue_of(arg);
	const struct asker asker = asker_of(queue_of(arg), from, message);
	struct unpack u = unpack_of(message->body);
	struct conductor_original original = { .memfd = -1,
	    .granted = unpack_u64(&u), .original_fd = message->fd[0] };

	original.ticket = unpack_u64(&u);
	if (u.bad)
		return -EBADMSG;
	queue_pipes_end(queue->pipes, original.ticket);
	return conductor_submit_archived(queue->conductor, &asker, &original,
	    u.rest);
}

int
on_held(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct asker asker = asker_of(queue_of(arg), from, message);
	struct unpack u = unpack_of(message->body);
	uint64_t listing = unpack_u64(&u);
	uint32_t number = unpack_u32(&u);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	return conductor_held(queue_of(arg)->conductor, &asker, listing,
	    number);
}

int
on_shared(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct asker asker = asker_of(queue_of(arg), from, message);
	struct unpack u = unpack_of(message->body);
	struct shared_sample sample;
	int r = shared_sample_unpack(&u, &sample);

	if (r < 0)
		return r;
	return conductor_shared(queue_of(arg)->conductor, &asker, &sample,
	    u.rest, ipc_take_fd(message, 0));
}
