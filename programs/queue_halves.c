/*
 * queue_halves.c - big messages of which a part may be kept
 */
#include "programs/queue_halves.h"

#include <errno.h>
#include <unistd.h>

#include "programs/queue_inside.h"
#include "queue/ledger_half.h"

/* A big file, its pipe and what is kept of it; or nothing of them. */
struct begun {
	uint64_t	 ticket;
	int		 fd[2];		/* the pipe, the half; -1: none */
	struct ledger_half half;
};

static int
begin(void *arg, struct ipc *from, const struct conductor_row *row,
    struct begun *begun)
{
	struct conductor *conductor = queue_of(arg)->conductor;
	int r = conductor_big_begin_of(conductor, from, row, &begun->ticket,
	    &begun->half, &begun->fd[1]);

	if (r < 0)
		return r;
	r = queue_pipes_begin(queue_of(arg)->pipes, from, begun->ticket,
	    &begun->fd[0]);
	if (r < 0)
		conductor_big_abandon(conductor, from, begun->ticket);
	return r;
}

int
on_big_of(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct queue_answer answer = {
		.code = 250, .status = SLICE("2.0.0"), .words = SLICE("go on")
	};
	struct unpack u = unpack_of(message->body);
	struct begun begun = { .fd = { -1, -1 } };
	TEXT_AUTO body = TEXT_INIT(512);
	struct conductor_row row;
	unsigned fds = 0;

	row.listing = unpack_u64(&u);
	row.number = unpack_u32(&u);
	row.wants_half = unpack_bool(&u);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	if (begin(arg, from, &row, &begun) == 0)
		fds = begun.fd[1] >= 0 ? 2 : 1;
	else
		answer = (struct queue_answer){
			.code = 452, .status = SLICE("4.3.1"), .words = SLICE(
			    "no room for this message now, try again later")
		};
	answer_pack(&body, &answer);
	pack_u64(&body, begun.ticket);
	pack_u64(&body, fds == 2 ? begun.half.length : 0);
	pack_bytes(&body, slice_of(begun.half.digest, FETCHED_DIGEST_BYTES));
	(void)ipc_reply(from, message->serial, text_slice(&body), begun.fd,
	    fds);
	for (unsigned i = 0; i < 2; i++)
		if (begun.fd[i] >= 0)
			(void)close(begun.fd[i]);
	return 0;
}

int
on_big_mended(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t ticket = unpack_u64(&u);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	conductor_big_mended(queue_of(arg)->conductor, from, ticket);
	(void)ipc_reply(from, message->serial, slice_of(NULL, 0), NULL, 0);
	return 0;
}

int
on_half_drop(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t listing = unpack_u64(&u);
	uint32_t number = unpack_u32(&u);
	uint64_t ticket = unpack_u64(&u);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	conductor_half_drop(queue_of(arg)->conductor, from, listing, number,
	    ticket);
	return 0;
}
