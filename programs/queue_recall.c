/*
 * queue_recall.c - what the console asks of mail that can be taken back
 */
#include "programs/queue_recall.h"

#include <errno.h>
#include <string.h>

#include "lib/base/log.h"
#include "programs/queue_letters.h"
#include "programs/queue_role.h"
#include "queue/desk_wire.h"

#define ANSWER_BYTES	(64 * 1024)	/* DESK_PAGE rows of 1,200 bytes */

static void
reply(struct ipc *from, const struct ipc_message *message, int r,
    const struct text *rest)
{
	TEXT_AUTO body = TEXT_INIT(ANSWER_BYTES + 16);

	if (r == 0 && text_failed(rest))
		r = -ENOMEM;
	if (r < 0 && r != -ENOENT && r != -EAGAIN)
		log_say("mail that can be taken back: %s", strerror(-r));
	pack_u8(&body, r == 0 ? DESK_OK : r == -ENOENT ? DESK_NONE :
	    DESK_LATER);
	if (r == 0)
		pack_bytes(&body, text_slice(rest));
	/* one that is gone is told by its own end */
	(void)ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

struct rows {
	struct text	text;
	uint32_t	count;
};

static int
add_row(void *arg, const struct recall_row *row)
{
	struct rows *rows = arg;

	recall_row_pack(&rows->text, row);
	rows->count++;
	return text_failed(&rows->text) ? -ENOMEM : 0;
}

int
on_recall_list(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct rows rows = { .text = TEXT_INIT(ANSWER_BYTES) };
	TEXT_AUTO body = TEXT_INIT(ANSWER_BYTES);
	uint64_t account = unpack_u64(&u);
	struct message_id above;
	int r;

	if (queue_read_id(&u, &above) < 0 || !unpack_is_done(&u))
		return -EBADMSG;
	r = conductor_recall_each(queue_conductor(arg), account, &above,
	    DESK_PAGE, add_row, &rows);
	pack_u32(&body, rows.count);
	pack_bytes(&body, text_slice(&rows.text));
	reply(from, message, r, &body);
	text_free(&rows.text);
	return 0;
}

int
on_recall_take(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct text nothing = TEXT_INIT(1);
	struct unpack u = unpack_of(message->body);
	uint64_t account = unpack_u64(&u);
	struct slice who = unpack_slice(&u);
	struct message_id id;

	if (queue_read_id(&u, &id) < 0 || !unpack_is_done(&u))
		return -EBADMSG;
	reply(from, message, conductor_recall(queue_conductor(arg), &id,
	    account, who), &nothing);
	return 0;
}
