/*
 * queue_letters.c - what mailboxes say of the letters they have
 *
 * Whose letters is never said: it is the instance of the channel.
 */
#include "programs/queue_letters.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "programs/queue_role.h"
#include "queue/conductor.h"
#include "queue/service.h"

int
queue_read_id(struct unpack *u, struct message_id *id_out)
{
	struct slice bytes = unpack_bytes(u, MESSAGE_ID_BYTES);

	if (u->bad)
		return -EBADMSG;
	memcpy(id_out->bytes, bytes.at, MESSAGE_ID_BYTES);
	return 0;
}

int
on_open_big(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	TEXT_AUTO body = TEXT_INIT(16);
	struct message_id id;
	int fd = -1, r;

	if (queue_read_id(&u, &id) < 0 || !unpack_is_done(&u))
		return -EBADMSG;
	r = conductor_big_open(queue_conductor(arg), ipc_instance(from),
	    &id, &fd);
	pack_i64(&body, r);
	(void)ipc_reply(from, message->serial, text_slice(&body), &fd,
	    fd >= 0);
	if (fd >= 0)
		(void)close(fd);
	return 0;
}

int
on_unref_big(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct message_id id;

	if (queue_read_id(&u, &id) < 0 || !unpack_is_done(&u))
		return -EBADMSG;
	conductor_big_unref(queue_conductor(arg), ipc_instance(from), &id);
	return 0;
}

int
on_expunged(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint32_t count = unpack_u32(&u);
	struct message_id ids[EXPUNGED_PAGE];
	TEXT_AUTO body = TEXT_INIT(16);

	if (count > EXPUNGED_PAGE)
		return -EBADMSG;
	for (uint32_t i = 0; i < count; i++)
		if (queue_read_id(&u, &ids[i]) < 0)
			return -EBADMSG;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	pack_i64(&body, conductor_expunged(queue_conductor(arg),
	    ipc_instance(from), ids, count));
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
	return 0;
}

int
on_step(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct session_step step;
	int r = session_step_unpack(message->body, &step);

	return r < 0 ? r : conductor_step(queue_conductor(arg),
	    ipc_instance(from), &step);
}
