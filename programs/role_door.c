/*
 * role_door.c - the door: every connection from the network begins here
 *
 * It accepts, counts (in all, and per address or IPv6 /64) and starts a
 * session of the listener's service.  It has no files and opens no connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "programs/door.h"
#include "programs/door_space.h"

#define ACCEPT_TURN	32	/* connections before others get a turn */
#define PAUSE_MS	500	/* when descriptors are out */
#define GOODBYE_MS	200	/* for the last words to leave */

struct question *
question_new(struct visit *visit, void *reply_arg)
{
	struct question *question = calloc(1, sizeof(*question));

	if (question == NULL)
		return NULL;
	question->door = visit->door;
	question->visit = visit;
	question->arg = reply_arg;
	LIST_INSERT_HEAD(&visit->questions, question, next);
	return question;
}

int
question_ask(struct question *question, struct ipc *to, uint16_t kind,
    const struct text *body, int fd, ipc_reply_fn *reply)
{
	int r = -ENOTCONN;

	if (text_failed(body))
		r = -EMSGSIZE;
	else if (to != NULL)
		r = ipc_ask(to, kind, text_slice(body), &fd, fd >= 0, reply,
		    question);
	if (r < 0)
		question_free(question);
	return r;
}

void
question_free(struct question *question)
{
	if (question->visit != NULL)
		LIST_REMOVE(question, next);
	text_free(&question->address);
	free(question);
}

void
visit_forget(void *arg, void *reply_arg)
{
	struct visit *visit = arg;
	struct question *question, *following;

	for (question = LIST_FIRST(&visit->questions); question != NULL;
	    question = following) {
		following = LIST_NEXT(question, next);
		if (question->arg != reply_arg)
			continue;
		LIST_REMOVE(question, next);
		question->visit = NULL;
		visit_uncharge(visit, question->bytes);
	}
}

void
visit_uncharge(struct visit *visit, uint64_t bytes)
{
	visit->granted -= bytes;
	visit->visitor->granted -= bytes;
}

void
visit_log(void *arg, const char *sentence)
{
	(void)arg;
	log_say("%s", sentence);	/* it names service and peer itself */
}

void
visit_free(struct visit *visit)
{
	struct door *door = visit->door;
	struct question *question;

	while ((question = LIST_FIRST(&visit->questions)) != NULL) {
		LIST_REMOVE(question, next);
		question->visit = NULL;
	}
	visit_uncharge(visit, visit->granted);
	door_turned_free(visit->turned);
	door_reversed_drop(visit);
	visitor_left(&door->visitors, visit->visitor);
	if (visit->network != NULL)
		visitor_left(&door->networks, visit->network);
	TAILQ_REMOVE(&door->visits, visit, next);
	door->visit_count--;
	free(visit->device);
	free(visit);
}

bool
peer_is_local(const char *peer)
{
	return strcmp(peer, "::1") == 0 || strncmp(peer, "127.", 4) == 0;
}

/* The address in words; in `network_out` what is counted together. */
static bool
name_peer(const struct sockaddr_storage *storage, char peer[INET6_ADDRSTRLEN],
    char network[INET6_ADDRSTRLEN])
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)storage;
	struct sockaddr_in6 six;

	memset(network, 0, INET6_ADDRSTRLEN);
	if (storage->ss_family == AF_INET) {
		if (inet_ntop(AF_INET, &four->sin_addr, peer,
		    INET6_ADDRSTRLEN) == NULL)
			return false;
		memcpy(network, peer, strlen(peer));
		return true;
	}
	if (storage->ss_family != AF_INET6)
		return false;
	memcpy(&six, storage, sizeof(six));
	if (inet_ntop(AF_INET6, &six.sin6_addr, peer, INET6_ADDRSTRLEN) ==
	    NULL)
		return false;
	memset(six.sin6_addr.s6_addr + 8, 0, 8);	/* the /64 */
	return inet_ntop(AF_INET6, &six.sin6_addr, network,
	    INET6_ADDRSTRLEN) != NULL;
}

/* One write, for there is nobody to wait for another; then it is closed. */
static void
say_and_close(const struct listener *listener, int fd, struct slice words)
{
	if (listener->tls != LISTENER_IMPLICIT)
		(void)send(fd, words.at, words.len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)close(fd);
}

/* It is kept out for a time. */
static void
keep_out(const struct listener *listener, int fd, const char *peer,
    struct block *block)
{
	TEXT_AUTO words = TEXT_INIT(512);
	uint64_t left_ms = block->until_ms - clock_ms();

	text_addf(&words, "421 4.7.0 %s is kept out for %llu minutes: %s\r\n",
	    block->net, (unsigned long long)((left_ms + 59999) / 60000),
	    block_words(block->why));
	/* that it is out is in the log; that it tries, once */
	if (++block->turned_away == 1)
		log_say("smtp from %s: turned away, %s is kept out", peer,
		    block->net);
	say_and_close(listener, fd, text_slice(&words));
}

/* No room: say so in the service's own words, as far as one write goes. */
static void
turn_away(const struct listener *listener, int fd, const char *peer,
    const struct visitor *visitor)
{
	static const char smtp[] = "421 4.7.0 too many connections\r\n";
	static const char pop3[] = "-ERR [SYS/TEMP] too many connections\r\n";
	static const char imap[] = "* BYE [LIMIT] too many connections\r\n";
	struct slice words = SLICE(smtp);

	if (listener->service == SERVICE_POP3)
		words = (struct slice)SLICE(pop3);
	else if (listener->service == SERVICE_IMAP)
		words = (struct slice)SLICE(imap);

	/* who comes too fast is no news before it may come again */
	if (visitor == NULL || visitor->refused <= 1)
		log_say("%s from %s: turned away, too many connections",
		    service_name(listener->service), peer);
	say_and_close(listener, fd, words);
}

/*
 * What is counted is what is open: a session lives until its connection is
 * gone.  How fast connections come and go, the visitor's rate bounds.
 */
static bool
has_room(const struct door *door, struct visitor *visitor,
    struct visitor *network, bool counts)
{
	const unsigned most = door->process->config.connections_per_address;

	return (!counts || visitor_may_come(visitor)) &&
	    (network == NULL || (visitor_may_come(network) &&
	    network->connections / network->worth < most)) &&
	    door_may_come(door) && visitor->connections < most;
}

static int
begin_session(struct visit *visit, int fd)
{
	switch (visit->listener->service) {
	case SERVICE_POP3:
	case SERVICE_IMAP:
		return door_login_begin(visit, fd);
	case SERVICE_HTTPS:
		return door_https_begin(visit, fd);
	default:
		return door_smtp_begin(visit, fd);
	}
}

static struct visit *
open_visit(struct door *door, const struct listener *listener,
    const char *peer, struct visitor *visitor)
{
	struct visit *visit = calloc(1, sizeof(*visit));

	if (visit == NULL)
		return NULL;
	visit->door = door;
	visit->listener = listener;
	visit->visitor = visitor;
	LIST_INIT(&visit->questions);
	memcpy(visit->peer, peer, sizeof(visit->peer));
	visitor_came(&door->visitors, visitor);
	TAILQ_INSERT_TAIL(&door->visits, visit, next);
	door->visit_count++;
	return visit;
}

struct visit *
visit_new(struct door *door, const struct listener *listener,
    const struct sockaddr_storage *address)
{
	char peer[INET6_ADDRSTRLEN] = "", network[INET6_ADDRSTRLEN];
	struct visitor *visitor;

	if (!name_peer(address, peer, network) || !door_may_come(door))
		return NULL;
	visitor = visitors_find(&door->visitors, network);
	return visitor == NULL ? NULL :
	    open_visit(door, listener, peer, visitor);
}

static void
begin_visit(struct door_listener *listener, int fd, const char *peer,
    struct visitor *visitor, struct visitor *network)
{
	struct door *door = listener->door;
	struct visit *visit = open_visit(door, listener->config, peer,
	    visitor);

	if (visit == NULL) {
		turn_away(listener->config, fd, peer, visitor);
		return;
	}
	visit->network = network;
	if (network != NULL)
		visitor_came(&door->networks, network);
	if (begin_session(visit, fd) < 0)
		visit_free(visit);
}

/* There is room for it in the tables; is there anywhere else? */
static void
admit(struct door_listener *listener, int fd, const char *peer,
    struct visitor *visitor)
{
	struct door *door = listener->door;
	bool counts = door_counts(door, listener->config, peer);
	bool is_smtp = listener->config->service == SERVICE_SMTP;
	struct visitor *network = counts && is_smtp ?
	    door_network(door, visitor) : NULL;
	struct block *block = counts && is_smtp ?
	    door_block(door, visitor) : NULL;

	if (block != NULL)
		keep_out(listener->config, fd, peer, block);
	else if ((network == NULL && counts && is_smtp) ||
	    !has_room(door, visitor, network, counts))
		turn_away(listener->config, fd, peer, visitor);
	else
		begin_visit(listener, fd, peer, visitor, network);
}

static void
welcome(struct door_listener *listener, int fd,
    const struct sockaddr_storage *address)
{
	const int on = 1;
	char peer[INET6_ADDRSTRLEN] = "", network[INET6_ADDRSTRLEN];
	struct visitor *visitor;

	/* replies are gathered here; the kernel need not wait for more */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (!name_peer(address, peer, network)) {
		(void)close(fd);
		return;
	}
	visitor = visitors_find(&listener->door->visitors,
	    door_counted_as(listener->door, listener->config, peer, network));
	if (visitor == NULL)
		turn_away(listener->config, fd, peer, visitor);
	else
		admit(listener, fd, peer, visitor);
}

/*
 * No descriptor is left: give up the one that is kept for this, so that the
 * next in the line hears why instead of nothing.
 */
static void
turn_one_away(struct door_listener *listener)
{
	struct door *door = listener->door;
	int fd;

	if (door->spare_fd >= 0)
		(void)close(door->spare_fd);
	fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		turn_away(listener->config, fd, "somebody", NULL);
	door->spare_fd = dup(STDERR_FILENO);
}

static void
on_accept(void *arg, unsigned what)
{
	struct door_listener *listener = arg;

	(void)what;
	for (unsigned i = 0; i < ACCEPT_TURN; i++) {
		struct sockaddr_storage address = { 0 };
		socklen_t len = sizeof(address);
		int fd = accept4(listener->fd, (struct sockaddr *)&address,
		    &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			welcome(listener, fd, &address);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			log_say("cannot accept: %s", strerror(errno));
			turn_one_away(listener);
			(void)watch_want(listener->watch, 0);
			timer_set(listener->pause, PAUSE_MS);
		}
		return;
	}
}

static void
on_pause_over(void *arg)
{
	struct door_listener *listener = arg;

	if (!listener->door->stopping)
		(void)watch_want(listener->watch, LOOP_READ);
}

/* Everything OpenSSL would look for in files later is looked for now. */
static int
door_open(struct process *process)
{
	(void)process;
	return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1 ?
	    0 : -EIO;
}

static int
open_tls(struct door *door)
{
	const struct process *process = door->process;
	char fault[120];
	int r;

	if (process->certificate.len == 0 || process->tls_key.len == 0)
		return 0;
	r = tls_server_new(process->certificate, process->tls_key, "smtp",
	    &door->tls_smtp, fault, sizeof(fault));
	if (r == 0)
		r = tls_server_new(process->certificate, process->tls_key,
		    "pop3", &door->tls_pop3, fault, sizeof(fault));
	if (r == 0)
		r = tls_server_new(process->certificate, process->tls_key,
		    "imap", &door->tls_imap, fault, sizeof(fault));
	if (r == 0)
		r = tls_server_new(process->certificate, process->tls_key,
		    "http/1.1", &door->tls_https, fault, sizeof(fault));
	if (r < 0)
		log_say("tls_certificate %s: %s",
		    process->config.tls_certificate, fault);
	return r;
}

static int
open_listener(struct door *door, size_t which)
{
	struct process *process = door->process;
	struct door_listener *listener;

	if (process->listener_fd[which] < 0)
		return 0;
	listener = &door->listeners[door->listener_count++];
	listener->door = door;
	listener->config = &process->config.listeners[which];
	listener->fd = process->listener_fd[which];
	if (listener->config->tls == LISTENER_IMPLICIT &&
	    door->tls_pop3 == NULL) {
		log_say("listen %s port %u: tls = implicit needs "
		    "tls_certificate and tls_key",
		    service_name(listener->config->service),
		    listener->config->port);
		return -EINVAL;
	}
	listener->watch = watch_new(process->loop, listener->fd, on_accept,
	    listener);
	listener->pause = timer_new(process->loop, on_pause_over, listener);
	if (listener->watch == NULL || listener->pause == NULL)
		return -ENOMEM;
	return 0;
}

/* Once there is somebody to ask: until then connections wait outside. */
static int
begin_accepting(struct door *door)
{
	int r = 0;

	/* a device that is not known yet would be told that it may not send */
	if (door->keeper == NULL || door->queue == NULL ||
	    !door->knows_devices || door->stopping)
		return 0;
	for (size_t i = 0; r == 0 && i < door->listener_count; i++)
		if (door->console != NULL ||
		    door->listeners[i].config->service != SERVICE_HTTPS)
			r = watch_want(door->listeners[i].watch, LOOP_READ);
	return r;
}

static void
on_gone(void *arg)
{
	struct process *process = arg;

	loop_stop(process->loop);
}

static int
door_start(struct process *process)
{
	struct door *door = calloc(1, sizeof(*door));
	int r;

	if (door == NULL)
		return -ENOMEM;
	process->state = door;
	door->process = process;
	door->descriptors = door_descriptors();
	door->spare_fd = dup(STDERR_FILENO);
	TAILQ_INIT(&door->visits);
	visitors_init(&door->visitors, 1);
	visitors_init(&door->networks, NETWORK_WORTH);
	door_handovers_init(door);
	LIST_INIT(&door->links);
	LIST_INIT(&door->reversed);
	door->goodbye = timer_new(process->loop, on_gone, process);
	door->whose = whose_cache_new();
	door->blocks = blocks_new();
	door->space = door_space_new(process->loop,
	    process->config.transit_bytes);
	if (door->goodbye == NULL || door->whose == NULL ||
	    door->blocks == NULL || door->space == NULL)
		return -ENOMEM;
	r = open_tls(door);
	for (size_t i = 0; r == 0 && i < process->config.listener_count; i++)
		r = open_listener(door, i);
	return r;
}

static int
door_peer(struct process *process, struct ipc *ipc)
{
	struct door *door = process->state;

	switch (ipc_peer(ipc)) {
	case ROLE_KEEPER:
		/* what the last one knew may have changed meanwhile */
		whose_cache_clear(door->whose);
		/* a new one knows of nobody, or tells us of all */
		blocks_clear(door->blocks);
		door->keeper = ipc;
		return begin_accepting(door);
	case ROLE_QUEUE:
		door->queue = ipc;
		door_space_queue(door->space, ipc);
		return begin_accepting(door);
	case ROLE_CONSOLE:
		door->console = ipc;
		return begin_accepting(door);
	case ROLE_SCHEDULE:
		door->schedule = ipc;
		return 0;
	case ROLE_FETCH:
		return 0;	/* it says when it needs us */
	case ROLE_MAILBOX:
		return door_mailbox_peer(door, ipc);
	default:
		return -EINVAL;
	}
}

/* Until the next one is there, whoever comes waits outside. */
static void
lose_console(struct door *door)
{
	door->console = NULL;
	for (size_t i = 0; i < door->listener_count; i++)
		if (door->listeners[i].config->service == SERVICE_HTTPS)
			(void)watch_want(door->listeners[i].watch, 0);
}

static void
lose_queue(struct door *door)
{
	door->queue = NULL;
	door_space_queue(door->space, NULL);
}

static void
door_lost(struct process *process, struct ipc *ipc)
{
	struct door *door = process->state;

	if (ipc == door->keeper)
		door->keeper = NULL;
	else if (ipc == door->queue)
		lose_queue(door);
	else if (ipc == door->console)
		lose_console(door);
	else if (ipc == door->schedule)
		door->schedule = NULL;
	else if (ipc_peer(ipc) == ROLE_FETCH)
		door_fetch_lost(door, ipc);
	else
		door_mailbox_lost(door, ipc);
}

/* Say goodbye to everybody, give the words a moment to leave, end. */
static void
door_stop(struct process *process)
{
	struct door *door = process->state;
	struct visit *visit, *following;

	if (door->stopping)
		return;
	door->stopping = true;
	for (size_t i = 0; i < door->listener_count; i++)
		(void)watch_want(door->listeners[i].watch, 0);
	for (visit = TAILQ_FIRST(&door->visits); visit != NULL;
	    visit = following) {
		following = TAILQ_NEXT(visit, next);
		if (visit->listener->service == SERVICE_POP3 ||
		    visit->listener->service == SERVICE_IMAP)
			login_close(visit->session, "the hub is ending");
		else if (visit->listener->service == SERVICE_HTTPS)
			door_https_close(visit);
		else
			smtp_session_close(visit->session,
			    "the hub is ending");
	}
	door_handovers_stop(door);
	door_reversed_stop(door);
	timer_set(door->goodbye, GOODBYE_MS);
}

static int
on_turn(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct process *process = arg;

	return door_turned_begin(process->state, from, message);
}

static int
on_whose_changed(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct process *process = arg;
	struct door *door = process->state;

	(void)from;
	if (message->body.len != 0)
		return -EBADMSG;
	whose_cache_clear(door->whose);
	return 0;
}

static int
on_gateways(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct process *process = arg;
	struct door *door = process->state;
	struct unpack u = unpack_of(message->body);
	bool has = unpack_bool(&u);

	(void)from;
	if (!unpack_is_done(&u))
		return -EBADMSG;
	door->has_gateways = has;
	return 0;
}

static int
on_blocked(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct process *process = arg;

	(void)from;
	return door_blocked(process->state, message);
}

/* What was taken from a device counts at once, however long it stays. */
static void
end_changed_devices(struct door *door)
{
	struct visit *visit, *following;

	for (visit = TAILQ_FIRST(&door->visits); visit != NULL;
	    visit = following) {
		const struct device *now;

		following = TAILQ_NEXT(visit, next);
		if (visit->device == NULL)
			continue;
		now = door_device(door, visit->listener, visit->peer);
		if (now != NULL && device_is_same(now, visit->device))
			visit->device->per_hour = now->per_hour;
		else
			smtp_session_close(visit->session,
			    "this device may not send as it did");
	}
}

static int
on_devices(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct process *process = arg;
	struct door *door = process->state;
	struct devices devices;
	int r = devices_unpack(message->body, &devices);

	(void)from;
	if (r < 0)
		return r;
	free(door->devices.at);
	door->devices = devices;
	door->knows_devices = true;
	end_changed_devices(door);
	return begin_accepting(door);
}

static int
on_session_parts(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct process *process = arg;

	return door_session_parts(process->state, from, message);
}

static void
on_account_changed(struct process *process, uint64_t account,
    uint64_t modseq)
{
	door_changed(process->state, account, modseq);
}

static int
on_status(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct process *process = arg;
	const struct door *door = process->state;
	const struct door_status status = {
		.connected = door->visit_count + door->bridge_count,
		.logged_in = door->bridge_count,
		.parked = door->resting_count
	};
	TEXT_AUTO body = TEXT_INIT(32);

	if (message->body.len > 0)
		return -EBADMSG;
	door_status_pack(&body, &status);
	return text_failed(&body) ? -ENOMEM : ipc_reply(from, message->serial,
	    text_slice(&body), NULL, 0);
}

static const struct ipc_rule door_rules[] = {
{ DOOR_SESSION_PARTS, "PARTS", FROM(ROLE_MAILBOX), IPC_NEWS, 1, 0,
    on_session_parts },
{ DOOR_TURN, "TURN", FROM(ROLE_FETCH), IPC_REQUEST, 1, 0, on_turn },
{ DOOR_WHOSE_CHANGED, "CHANGED", FROM(ROLE_KEEPER), IPC_NEWS, 0, 0,
    on_whose_changed },
{ DOOR_DEVICES, "DEVICES", FROM(ROLE_KEEPER), IPC_NEWS, 0, 0, on_devices },
{ DOOR_BLOCKED, "BLOCKED", FROM(ROLE_KEEPER), IPC_NEWS, 0, 0, on_blocked },
{ DOOR_GATEWAYS, "GATEWAYS", FROM(ROLE_KEEPER), IPC_NEWS, 0, 0,
    on_gateways },
{ DOOR_STATUS, "STATUS", FROM(ROLE_CONSOLE), IPC_REQUEST, 0, 0, on_status },
{ 0 }
};

const struct role_code door_code = {
	.role = ROLE_DOOR, .rules = door_rules, .open = door_open, .start = door_start,
	.peer = door_peer, .lost = door_lost, .stop = door_stop,
	.changed = on_account_changed,
};
