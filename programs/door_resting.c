/*
 * door_resting.c - a session that idles leaves its mailbox, and rests
 *
 * The mailbox gives its end of the socket pair back, with what the session is
 * in a few bytes.  The pair is closed: what is left is the client's connection
 * and those bytes, and no process serves it.  It is served again as soon as its
 * client says something, or the account has news.
 *
 * Nothing is lost in between.  What the client has said stands in the pair, or
 * in its own connection; what has changed the next process reads off the store.
 * That the account has changed may be heard before the session that rests since
 * then: so each holds the number of the last change it could have missed.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "programs/door_handover.h"

/* DONE, and whatever comes with it; a word of farewell. */
#define REST_INPUT	4096
#define REST_OUTPUT	((size_t)512 * 1024)
#define REST_MS		1800000	/* RFC 9051 5.4: at least thirty minutes */

void
handover_dismiss(struct handover *handover, const char *words)
{
	struct stream *client = handover_wakes(handover);

	(void)stream_write(client, slice_str("* BYE "));
	(void)stream_write(client, slice_str(words));
	(void)stream_write(client, slice_str("\r\n"));
	stream_finish(client);
	handover_free(handover);
}

/* There is something to say to it, or to hear. */
static void
wake(struct handover *handover)
{
	struct stream *client = handover_wakes(handover);

	handover->carried.quiet_ms = stream_quiet_ms(client);
	if (handover_join(handover, client) < 0) {
		log_say("a session cannot be served again: its client has to "
		    "come anew");
		handover_free(handover);
		return;
	}
	handover_give(handover);
}

static void
on_resting(void *arg, enum stream_event event)
{
	struct handover *handover = arg;

	switch (event) {
	case STREAM_INPUT:
		wake(handover);
		return;
	case STREAM_IDLE:
		handover_dismiss(handover,
		    "nothing was said for half an hour");
		return;
	case STREAM_CLOSED:	/* it had no more to say */
		stream_finish(handover_wakes(handover));
		handover_free(handover);
		return;
	case STREAM_FAILED:
		handover_free(handover);
		return;
	case STREAM_DRAINED:
	case STREAM_TLS_UP:
		return;
	}
}

/* The pair is closed: this is all there is now. */
static void
on_left(void *arg, struct stream *client)
{
	struct handover *handover = arg;

	handover->bridge = NULL;
	handover_rests(handover, client);
	stream_hand_over(client, REST_INPUT, REST_OUTPUT, on_resting,
	    handover);
	stream_idle_after(client, REST_MS);
	stream_was_quiet(client, handover->carried.quiet_ms);
	if (handover->news_modseq > handover->parted_modseq)
		wake(handover);
}

/* Has the client said something that nobody has read, or its end? */
static bool
is_heard(const struct handover *handover)
{
	char byte;

	return recv(handover->inner_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >=
	    0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

/* The bytes that came with it are this session's now.  0 or -ENOMEM. */
static int
keep(struct handover *handover, const struct session_carried *carried)
{
	text_free(&handover->kept);
	handover->kept = (struct text)TEXT_INIT(SESSION_STATE_BYTES);
	text_add(&handover->kept, carried->state);
	handover->carried = (struct session_carried){
		.state = text_slice(&handover->kept),
		.quiet_ms = carried->quiet_ms,
	};
	return text_failed(&handover->kept) ? -ENOMEM : 0;
}

static void
rest(struct handover *handover)
{
	if (handover->news_modseq > handover->parted_modseq ||
	    is_heard(handover) ||
	    !bridge_leave(handover->bridge, on_left)) {
		handover_give(handover);
		return;
	}
	(void)close(handover->inner_fd);
	handover->inner_fd = -1;
}

static struct handover *
find(const struct door *door, const struct ipc *server, uint64_t number)
{
	struct handover *handover;

	LIST_FOREACH(handover, handovers_of(door, ipc_instance(server)), next)
		if (handover->number == number && handover->server == server)
			return handover;
	return NULL;
}

int
door_session_parts(struct door *door, struct ipc *from,
    struct ipc_message *message)
{
	struct session_parting parting;
	struct handover *handover;

	if (parting_unpack(message->body, &parting) < 0 ||
	    parting.carried.state.len == 0)
		return -EBADMSG;
	handover = find(door, from, parting.number);
	if (handover == NULL)
		return 0;	/* its client has just gone */
	handover->server = NULL;
	if (keep(handover, &parting.carried) < 0) {
		bridge_close(handover->bridge);
		return 0;
	}
	handover->inner_fd = ipc_take_fd(message, 0);
	handover->parted_modseq = parting.modseq;
	rest(handover);
	return 0;
}

void
door_changed(struct door *door, uint64_t account, uint64_t modseq)
{
	struct handover *handover, *following;

	for (handover = LIST_FIRST(handovers_of(door, account));
	    handover != NULL; handover = following) {
		following = LIST_NEXT(handover, next);
		if (handover->account != account)
			continue;
		if (modseq > handover->news_modseq)
			handover->news_modseq = modseq;
		if (handover->client != NULL)
			wake(handover);
	}
}
