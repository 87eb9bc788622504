/*
 * door_pop3.c - POP3 before login, and the hand-over to the mailbox after it
 *
 * Once the keeper has welcomed somebody, the connection is joined by a bridge
 * to one end of a socket pair; the other end goes to the process that holds
 * the account, as soon as what is collected on reading is there and the parent
 * has connected us with it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/bridge.h"
#include "lib/base/log.h"
#include "policy/keeper.h"
#include "programs/door.h"
#include "programs/door_reading.h"
#include "store/service.h"

#define PATIENCE_MS	15000	/* for the mailbox process to be there */
/* HARDENING 2: people have a few devices, each of them a few sessions */
#define PER_ACCOUNT	30
/* Logged-in sessions may last for hours: 1/4 of all stays free for SMTP. */
#define MAY_STAY(all)	((all) - (all) / 4)
#define LOGIN_BODY_BYTES 16384	/* name, password and address */

/* A channel to the process of one account. */
struct link {
	LIST_ENTRY(link) next;
	struct ipc	*ipc;
};

/* A connection past its login. */
struct handover {
	LIST_ENTRY(handover) next;
	struct door	*door;
	struct bridge	*bridge;
	struct reading	*reading;	/* comes first, or NULL */
	struct timer	*patience;
	uint64_t	 account;
	int		 inner_fd;	/* for the mailbox; -1: it has it */
	char		 login[ADDRESS_SIZE];
};

static void
handover_free(void *arg, struct bridge *bridge)
{
	struct handover *handover = arg;

	(void)bridge;
	LIST_REMOVE(handover, next);
	timer_free(handover->patience);
	reading_free(handover->reading);
	if (handover->inner_fd >= 0)
		(void)close(handover->inner_fd);
	handover->door->bridge_count--;
	free(handover);
}

static void
on_patience(void *arg)
{
	static const char words[] =
	    "-ERR [SYS/TEMP] your mailbox is not there now; try again later\r\n";
	struct handover *handover = arg;

	log_say("no mailbox for account %llu came up in time",
	    (unsigned long long)handover->account);
	/* said in the mailbox's place: the bridge ends with its end */
	if (send(handover->inner_fd, words, sizeof(words) - 1,
	    MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		bridge_close(handover->bridge);
		return;
	}
	(void)close(handover->inner_fd);
	handover->inner_fd = -1;
}

/* Give the connection to its mailbox, if that is there and it is time. */
static void
serve(struct handover *handover)
{
	const struct session_request request = {
		.service = SESSION_POP3, .login = slice_str(handover->login)
	};
	TEXT_AUTO body = TEXT_INIT(1024);
	struct link *link;

	if (handover->reading != NULL)
		return;
	LIST_FOREACH(link, &handover->door->links, next)
		if (ipc_instance(link->ipc) == handover->account)
			break;
	if (link == NULL)
		return;
	session_pack(&body, &request);
	if (ipc_send(link->ipc, MAILBOX_SESSION, text_slice(&body),
	    &handover->inner_fd, 1) < 0)
		return;		/* lost: another one will be connected */
	timer_stop(handover->patience);
	(void)close(handover->inner_fd);
	handover->inner_fd = -1;
}

static void
ask_for_mailbox(struct handover *handover)
{
	serve(handover);
	if (handover->inner_fd >= 0)
		(void)process_want_mailbox(handover->door->process,
		    handover->account);
}

/* What there is to be seen is there, or it has been waited for long enough. */
static void
on_read(void *arg)
{
	struct handover *handover = arg;

	reading_free(handover->reading);
	handover->reading = NULL;
	timer_set(handover->patience, PATIENCE_MS);
	ask_for_mailbox(handover);
}

static bool
has_room(const struct door *door, uint64_t account)
{
	const struct handover *handover;
	unsigned count = 0;

	LIST_FOREACH(handover, &door->handovers, next)
		if (handover->account == account)
			count++;
	return count < PER_ACCOUNT &&
	    door->bridge_count < MAY_STAY(door->most);
}

static void
turn_away(struct stream *stream, struct slice login)
{
	TEXT_AUTO name = TEXT_INIT(1024);

	text_add_escaped(&name, login, ADDRESS_SIZE);
	log_say("pop3: turned away \"%.*s\": too many sessions",
	    SLICE_FMT(text_slice(&name)));
	(void)stream_write(stream,
	    slice_str("-ERR [SYS/TEMP] too many sessions\r\n"));
	stream_finish(stream);
}

static void
hand_over(void *arg, struct stream *stream, uint64_t account,
    struct slice login)
{
	struct visit *visit = arg;
	struct door *door = visit->door;
	struct handover *handover;
	int fd[2];

	if (!has_room(door, account)) {
		turn_away(stream, login);
		return;
	}
	handover = calloc(1, sizeof(*handover));
	if (handover == NULL || socketpair(AF_UNIX, SOCK_STREAM |
	    SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) < 0) {
		free(handover);
		stream_free(stream);
		return;
	}
	handover->door = door;
	handover->account = account;
	handover->inner_fd = fd[1];
	(void)slice_cstr(slice_first(login, sizeof(handover->login) - 1),
	    handover->login, sizeof(handover->login));
	handover->patience = timer_new(door->process->loop, on_patience,
	    handover);
	LIST_INSERT_HEAD(&door->handovers, handover, next);
	door->bridge_count++;
	handover->bridge = bridge_new(door->process->loop, stream, fd[0],
	    handover_free, handover);
	if (handover->bridge == NULL || handover->patience == NULL) {
		if (handover->bridge != NULL)
			bridge_close(handover->bridge);
		else
			handover_free(handover, NULL);
		return;
	}
	handover->reading = reading_new(door, account,
	    (uint64_t)door->process->config.read_wait_seconds * 1000, on_read,
	    handover);
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
	LIST_FOREACH(handover, &door->handovers, next)
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
	LIST_FOREACH(handover, &door->handovers, next)
		if (handover->inner_fd >= 0 && handover->reading == NULL &&
		    handover->account == ipc_instance(ipc))
			(void)process_want_mailbox(door->process,
			    handover->account);
}

void
door_pop3_stop(struct door *door)
{
	while (!LIST_EMPTY(&door->handovers))
		bridge_close(LIST_FIRST(&door->handovers)->bridge);
}

static void
on_login(void *arg, int status, struct ipc_message *message)
{
	static const enum pop3_who words[KEEPER_WHO_COUNT] = {
		[KEEPER_WELCOME] = POP3_WELCOME,
		[KEEPER_STRANGER] = POP3_STRANGER,
		[KEEPER_ASK_LATER] = POP3_ASK_LATER,
	};
	struct question *question = arg;
	struct keeper_welcome said = { KEEPER_ASK_LATER, 0, { NULL, 0 } };

	if (status == 0 && keeper_login_said(message->body, &said) < 0)
		said.who = KEEPER_ASK_LATER;
	if (question->visit != NULL)
		question->reply.who(question->arg, words[said.who],
		    said.account);
	question_free(question);
}

static int
check(void *arg, struct slice user, struct slice password, const char *peer,
    pop3_who_fn *reply, void *reply_arg)
{
	struct visit *visit = arg;
	struct question *question = question_new(visit, reply_arg);
	const struct keeper_login login = {
		.user = user, .password = password, .peer = slice_str(peer),
		.service = SERVICE_POP3
	};
	TEXT_AUTO body = TEXT_INIT(32768);
	int r;

	if (question == NULL)
		return -ENOMEM;
	question->reply.who = reply;
	/* one allocation, so that no copy of the password stays behind */
	if (text_space(&body, LOGIN_BODY_BYTES) != NULL)
		text_clear(&body);
	keeper_login_ask(&body, &login);
	r = question_ask(question, visit->door->keeper, KEEPER_LOGIN, &body,
	    -1, on_login);
	if (body.at != NULL)
		explicit_bzero(body.at, body.len);
	return r;
}

static void
ended(void *arg, struct pop3_login *login)
{
	(void)login;
	visit_free(arg);
}

int
door_pop3_begin(struct visit *visit, int fd)
{
	const struct config *config = &visit->door->process->config;
	const struct pop3_login_ports ports = {
		.arg = visit, .check = check, .forget = visit_forget,
		.hand_over = hand_over, .log = visit_log, .ended = ended
	};
	const struct pop3_login_options options = {
		.hostname = config->hostname,
		.offers_stls = visit->door->tls_pop3 != NULL &&
		    visit->listener->tls == LISTENER_STARTTLS,
		.implicit_tls = visit->listener->tls == LISTENER_IMPLICIT,
		.clear_logins = config->clear_logins &&
		    peer_is_local(visit->peer),
		.tls = visit->door->tls_pop3
	};

	visit->session = pop3_login_new(visit->door->process->loop, fd,
	    visit->peer, &options, &ports);
	return visit->session == NULL ? -ENOMEM : 0;
}
