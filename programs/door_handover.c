/*
 * door_handover.c - a connection is logged in: from the door to its mailbox
 *
 * Once the keeper has welcomed somebody, the connection is joined by a bridge
 * to one end of a socket pair; the other end goes to the process that holds
 * the account, as soon as what is collected on reading is there (POP3 shows a
 * mailbox as it was at the login, IMAP shows mail as it comes) and the parent
 * has connected us with it.
 *
 * A process may be on its way out when the connection reaches it, or end before
 * it has looked at it.  We keep a copy of that end until the process has said
 * that it serves it, and give it to the next one otherwise.  Nobody reads it
 * meanwhile: what the client says waits in it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "programs/door_handover.h"

/* For a mailbox to be there and to take it, on a machine at its limit. */
#define PATIENCE_MS	30000
/* HARDENING 2: people have a few devices, each of them a few sessions */
#define PER_ACCOUNT	30

/* A channel to the process of one account. */
struct link {
	LIST_ENTRY(link) next;
	struct ipc	*ipc;
};

/* What is said when the mailbox is not there, in the service's own words. */
static const struct {
	const char	*name;
	const char	*missing;
	const char	*crowded;
} words[SESSION_COUNT] = {
	[SESSION_POP3] = { "pop3",
	    "-ERR [SYS/TEMP] your mailbox is not there now; try again later"
	    "\r\n",
	    "-ERR [SYS/TEMP] too many sessions\r\n" },
	[SESSION_IMAP] = { "imap",
	    "* BYE [UNAVAILABLE] your mailbox is not there now; try again "
	    "later\r\n",
	    "* BYE [LIMIT] too many sessions\r\n" },
};

void
door_handovers_init(struct door *door)
{
	for (size_t i = 0; i < HANDOVER_LISTS; i++)
		LIST_INIT(&door->handovers[i]);
}

const struct handover_list *
handovers_of(const struct door *door, uint64_t account)
{
	return &door->handovers[account % HANDOVER_LISTS];
}

void
handover_rests(struct handover *handover, struct stream *client)
{
	handover->client = client;
	handover->door->resting_count++;
}

struct stream *
handover_wakes(struct handover *handover)
{
	struct stream *client = handover->client;

	handover->client = NULL;
	handover->door->resting_count--;
	return client;
}

void
handover_free(struct handover *handover)
{
	LIST_REMOVE(handover, next);
	if (handover->asked != NULL)
		ipc_forget(handover->asked, handover);
	timer_free(handover->patience);
	reading_free(handover->reading);
	if (handover->inner_fd >= 0)
		(void)close(handover->inner_fd);
	if (handover->client != NULL)
		stream_free(handover_wakes(handover));
	text_free(&handover->kept);
	handover->door->bridge_count--;
	free(handover);
}

static void
on_end(void *arg, struct bridge *bridge)
{
	(void)bridge;
	handover_free(arg);
}

int
handover_join(struct handover *handover, struct stream *client)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    fd) < 0) {
		stream_free(client);
		return -errno;
	}
	handover->bridge = bridge_new(handover->door->process->loop, client,
	    fd[0], on_end, handover);
	if (handover->bridge == NULL) {
		(void)close(fd[1]);
		return -ENOMEM;
	}
	handover->inner_fd = fd[1];
	return 0;
}

static void
on_patience(void *arg)
{
	struct handover *handover = arg;
	const char *missing = words[handover->service].missing;

	log_say("no mailbox for account %llu came up in time",
	    (unsigned long long)handover->account);
	/* said in the mailbox's place: the bridge ends with its end */
	if (send(handover->inner_fd, missing, strlen(missing), MSG_NOSIGNAL |
	    MSG_DONTWAIT) < 0) {
		bridge_close(handover->bridge);
		return;
	}
	/* one that takes it yet finds it closed, and says no word more */
	(void)shutdown(handover->inner_fd, SHUT_RDWR);
	(void)close(handover->inner_fd);
	handover->inner_fd = -1;
}

/* Does the mailbox serve it?  If not, its end is near, and is told to us. */
static void
on_answer(void *arg, int status, struct ipc_message *message)
{
	struct handover *handover = arg;
	struct ipc *asked = handover->asked;
	struct unpack u;
	bool is_served = false;

	handover->asked = NULL;
	if (status == 0) {
		u = unpack_of(message->body);
		is_served = unpack_bool(&u) && unpack_is_done(&u);
	}
	if (handover->inner_fd < 0)
		return;		/* its client was sent away */
	if (!is_served) {
		log_say("the mailbox of account %llu does not take a session "
		    "now; the next one will",
		    (unsigned long long)handover->account);
		return;
	}
	timer_stop(handover->patience);
	(void)close(handover->inner_fd);
	handover->inner_fd = -1;
	handover->server = asked;
	text_free(&handover->kept);
	handover->carried = (struct session_carried){ .quiet_ms = 0 };
}

/* Give the connection to its mailbox, if that is there and it is time. */
static void
serve(struct handover *handover)
{
	const struct session_request request = {
		.service = handover->service,
		.number = handover->number,
		.login = slice_str(handover->login),
		.tag = slice_str(handover->tag),
		.carried = handover->carried,
	};
	TEXT_AUTO body = TEXT_INIT(2048);
	struct link *link;

	if (handover->reading != NULL || handover->asked != NULL)
		return;
	LIST_FOREACH(link, &handover->door->links, next)
		if (ipc_instance(link->ipc) == handover->account)
			break;
	if (link == NULL)
		return;
	session_pack(&body, &request);
	/* whoever takes it begins with all that was committed by then */
	handover->news_modseq = 0;
	/* if it is lost already, another one will be connected */
	if (ipc_ask(link->ipc, MAILBOX_SESSION, text_slice(&body),
	    &handover->inner_fd, 1, on_answer, handover) == 0)
		handover->asked = link->ipc;
}

/* It waits for a mailbox, and no mailbox has it in hand. */
static bool
is_waiting(const struct handover *handover)
{
	return handover->inner_fd >= 0 && handover->reading == NULL &&
	    handover->asked == NULL;
}

static void
ask_for_mailbox(struct handover *handover)
{
	serve(handover);
	if (is_waiting(handover))
		(void)process_want_mailbox(handover->door->process,
		    handover->account);
}

void
handover_give(struct handover *handover)
{
	timer_set(handover->patience, PATIENCE_MS);
	ask_for_mailbox(handover);
}

/* What there is to be seen is there, or it has been waited for long enough. */
static void
on_read(void *arg)
{
	struct handover *handover = arg;

	reading_free(handover->reading);
	handover->reading = NULL;
	handover_give(handover);
}

static bool
has_room(const struct door *door, uint64_t account)
{
	const struct handover *handover;
	unsigned count = 0;

	LIST_FOREACH(handover, handovers_of(door, account), next)
		if (handover->account == account)
			count++;
	return count < PER_ACCOUNT && door_may_stay(door);
}

static void
turn_away(struct stream *stream, const struct session_request *request)
{
	TEXT_AUTO name = TEXT_INIT(1024);

	text_add_escaped(&name, request->login, ADDRESS_SIZE);
	log_say("%s: turned away \"%.*s\": too many sessions",
	    words[request->service].name, SLICE_FMT(text_slice(&name)));
	(void)stream_write(stream,
	    slice_str(words[request->service].crowded));
	stream_finish(stream);
}

/* How long a login waits for what is collected on reading. */
static uint64_t
wait_ms(const struct door *door, enum session_service service)
{
	return service == SESSION_IMAP ? 0 :
	    (uint64_t)door->process->config.read_wait_seconds * 1000;
}

static struct handover *
handover_new(struct door *door, uint64_t account,
    const struct session_request *request)
{
	struct handover *handover = calloc(1, sizeof(*handover));

	if (handover == NULL)
		return NULL;
	handover->patience = timer_new(door->process->loop, on_patience,
	    handover);
	if (handover->patience == NULL) {
		free(handover);
		return NULL;
	}
	handover->door = door;
	handover->number = ++door->last_number;
	handover->account = account;
	handover->inner_fd = -1;
	handover->service = request->service;
	(void)slice_cstr(slice_first(request->login,
	    sizeof(handover->login) - 1), handover->login,
	    sizeof(handover->login));
	(void)slice_cstr(slice_first(request->tag, SESSION_TAG_BYTES),
	    handover->tag, sizeof(handover->tag));
	LIST_INSERT_HEAD(&door->handovers[account % HANDOVER_LISTS], handover,
	    next);
	door->bridge_count++;
	return handover;
}

void
door_hand_over(struct door *door, struct stream *stream, uint64_t account,
    const struct session_request *request)
{
	struct handover *handover;

	if (!has_room(door, account)) {
		turn_away(stream, request);
		return;
	}
	handover = handover_new(door, account, request);
	if (handover == NULL) {
		stream_free(stream);
		return;
	}
	if (handover_join(handover, stream) < 0) {
		handover_free(handover);
		return;
	}
	handover->reading = reading_new(door, account,
	    wait_ms(door, request->service), on_read, handover);
	if (handover->reading == NULL)
		on_read(handover);	/* without it, then */
}

int
door_mailbox_peer(struct door *door, struct ipc *ipc)
{
	struct link *link = calloc(1, sizeof(*link));
	struct handover *handover;

	if (link == NULL)
		return -ENOMEM;
	link->ipc = ipc;
	LIST_INSERT_HEAD(&door->links, link, next);
	LIST_FOREACH(handover, handovers_of(door, ipc_instance(ipc)), next)
		if (handover->inner_fd >= 0 &&
		    handover->account == ipc_instance(ipc))
			serve(handover);
	return 0;
}

void
door_mailbox_lost(struct door *door, struct ipc *ipc)
{
	struct handover *handover;
	struct link *link;

	LIST_FOREACH(link, &door->links, next)
		if (link->ipc == ipc)
			break;
	if (link == NULL)
		return;
	LIST_REMOVE(link, next);
	free(link);
	LIST_FOREACH(handover, handovers_of(door, ipc_instance(ipc)), next) {
		if (handover->asked == ipc) {
			ipc_forget(ipc, handover);
			handover->asked = NULL;
		}
		if (handover->server == ipc)
			handover->server = NULL;
		if (is_waiting(handover) &&
		    handover->account == ipc_instance(ipc))
			ask_for_mailbox(handover);
	}
}

static void
give_up(struct handover *handover)
{
	if (handover->bridge != NULL)
		bridge_close(handover->bridge);
	else
		handover_dismiss(handover, "the hub is ending");
}

void
door_handovers_stop(struct door *door)
{
	struct handover *handover;

	for (size_t i = 0; i < HANDOVER_LISTS; i++)
		while ((handover = LIST_FIRST(&door->handovers[i])) != NULL)
			give_up(handover);
}
