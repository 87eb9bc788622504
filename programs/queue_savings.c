/*
 * queue_savings.c - big messages that people save in their mailboxes
 *
 * Whose they are is never said: it is the instance of the channel.
 */
#include "programs/queue_savings.h"

#include <errno.h>
#include <unistd.h>

#include "programs/queue_inside.h"

static struct asker
asker_of(struct ipc *from, const struct ipc_message *message)
{
	return (struct asker){ .from = from, .serial = message->serial,
	    .is_mailbox = true, .owner = ipc_instance(from) };
}

int
on_save_big(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct queue *queue = queue_of(arg);
	const struct asker asker = asker_of(from, message);
	struct unpack u = unpack_of(message->body);
	uint64_t bytes = unpack_u64(&u);
	struct conductor_saving saving = { .ticket = 0 };
	TEXT_AUTO body = TEXT_INIT(64);
	int fd = -1, r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	r = conductor_save_begin(queue->conductor, &asker, bytes, &saving);
	if (r == 0) {
		r = queue_pipes_begin(queue->pipes, from, saving.ticket, &fd);
		if (r < 0)
			conductor_big_abandon(queue->conductor, from,
			    saving.ticket);
	}
	pack_i64(&body, r);
	pack_u64(&body, saving.ticket);
	pack_bytes(&body, slice_of(saving.id.bytes, MESSAGE_ID_BYTES));
	(void)ipc_reply(from, message->serial, text_slice(&body), &fd,
	    fd >= 0);
	if (fd >= 0)
		(void)close(fd);
	return 0;
}

void
queue_tell_saved(struct ipc *to, uint64_t serial, int status, uint64_t bytes)
{
	TEXT_AUTO body = TEXT_INIT(32);

	pack_i64(&body, status);
	pack_u64(&body, bytes);
	/* one that is gone is told by its own end */
	(void)ipc_reply(to, serial, text_slice(&body), NULL, 0);
}

int
on_saved_big(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct queue *queue = queue_of(arg);
	const struct asker asker = asker_of(from, message);
	struct unpack u = unpack_of(message->body);
	uint64_t ticket = unpack_u64(&u);
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	queue_pipes_end(queue->pipes, ticket);
	r = conductor_save(queue->conductor, &asker, ticket);
	if (r < 0 && r != -EBADMSG)
		queue_tell_saved(from, message->serial, r, 0);
	return r == -EBADMSG ? r : 0;
}
