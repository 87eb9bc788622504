/*
 * console.c - the control socket: console requests of the local machine
 *
 * A client has one request under way; the next is not read before the answer is
 * written.  Whatever a client sends, the worst that happens is that it is told
 * so and dismissed.
 *
 * One may ask to become an IMAP session ("mailbox session"): then the mailbox
 * is given the connection, and we let go of it.
 */
#include "programs/console.h"

#include <sys/queue.h>
#include <sys/socket.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "lib/base/stream.h"

/* A slow reader may leave one answer, and one more being written. */
#define OUTPUT_BYTES	(2 * ADMIN_LINE_BYTES)

struct client {
	LIST_ENTRY(client)	 link;
	struct console		*console;
	struct stream		*stream;
	const struct admin_request *asked;	/* an answer is due */
};

struct console {
	struct loop		*loop;
	struct watch		*watch;
	int			 listener_fd;
	uid_t			 own_uid;
	enum language		 language;
	struct console_ports	 ports;
	unsigned		 client_count;
	LIST_HEAD(client_list, client) clients;
};

static void
client_free(struct client *client)
{
	struct console *console = client->console;

	if (client->asked != NULL)
		console->ports.forget(console->ports.arg, client);
	LIST_REMOVE(client, link);
	console->client_count--;
	stream_free(client->stream);
	free(client);
}

/* Say goodbye: what waits is still written. */
static void
client_finish(struct client *client)
{
	stream_finish(client->stream);
	client->stream = NULL;
	client_free(client);
}

/* Write one line.  False when the client is gone. */
static bool
client_write(struct client *client, struct text *line)
{
	text_add_byte(line, '\n');
	if (!text_failed(line) &&
	    stream_write(client->stream, text_slice(line)) == 0)
		return true;
	client_free(client);
	return false;
}

/* Tell a failure of our own.  False when the client is gone. */
static bool
client_error(struct client *client, const char *code, const char *words)
{
	TEXT_AUTO line = TEXT_INIT(4096);

	admin_error_write(code, words, &line);
	return client_write(client, &line);
}

static bool
client_status(struct client *client, enum admin_status status)
{
	return client_error(client, admin_status_code(status),
	    say(client->console->language, admin_status_sentence(status)));
}

/* Somebody else answers there from now on. */
static bool
has_joined(const struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);

	return unpack_enum(&u, ADMIN_STATUS_COUNT) == ADMIN_OK && !u.bad;
}

/* The role has answered, or is gone. */
static void
client_answered(void *arg, int status, struct ipc_message *message)
{
	struct client *client = arg;
	const struct admin_request *request = client->asked;
	TEXT_AUTO line = TEXT_INIT(OUTPUT_BYTES);
	bool here;

	client->asked = NULL;
	if (status == 0 && admin_joins(request) && has_joined(message)) {
		client_free(client);
		return;
	}
	if (status == 0 && admin_answer_write(request, message->body,
	    client->console->language, &line) == 0 && !text_failed(&line))
		here = client_write(client, &line);
	else
		here = client_status(client, status < 0 ? ADMIN_LATER :
		    ADMIN_FAILED);
	if (!here)
		return;
	stream_idle_after(client->stream, CONSOLE_IDLE_MS);
	stream_hold(client->stream, false);
	stream_poke(client->stream);
}

static bool
client_ask(struct client *client, const struct admin_request *request,
    struct slice packed)
{
	struct console *console = client->console;

	if (!admin_may(request, 0, false))
		return client_status(client, ADMIN_REFUSED);
	client->asked = request;
	if (console->ports.ask(console->ports.arg, request, packed,
	    stream_fd(client->stream), client_answered, client) == 0) {
		stream_idle_after(client->stream, 0);
		stream_hold(client->stream, true);
		return true;
	}
	client->asked = NULL;
	return client_status(client, ADMIN_LATER);
}

/* One line, without its end.  False when the client is gone. */
static bool
client_line(struct client *client, struct slice line)
{
	TEXT_AUTO packed = TEXT_INIT(ADMIN_LINE_BYTES);
	const struct admin_request *request;
	const char *why = "";
	bool here;
	int r = -ENOMEM;

	/* room at once: growing would leave a password in freed memory */
	if (text_space(&packed, line.len + 64) != NULL) {
		text_clear(&packed);
		r = admin_read(line, &request, &packed, &why);
	}
	if (r == 0 && admin_joins(request) &&
	    stream_input(client->stream).len > line.len + 1)
		/* it would be lost */
		here = client_error(client, "unfit", "nothing may follow yet");
	else if (r == 0)
		here = client_ask(client, request, text_slice(&packed));
	else if (r == -EINVAL)
		here = client_error(client, "unfit", why);
	else
		here = client_status(client, ADMIN_LATER);
	if (packed.at != NULL)
		OPENSSL_cleanse(packed.at, packed.size);
	return here;
}

static void
client_input(struct client *client)
{
	while (client->asked == NULL) {
		struct slice input = stream_input(client->stream), line;
		struct slice rest = input;

		if (!slice_cut(&rest, '\n', &line)) {
			if (input.len >= ADMIN_LINE_BYTES &&
			    client_error(client, "unfit", "line too long"))
				client_finish(client);
			return;
		}
		if (!client_line(client, line))
			return;
		stream_consume(client->stream, line.len + 1);
	}
}

static void
client_event(void *arg, enum stream_event event)
{
	struct client *client = arg;

	switch (event) {
	case STREAM_INPUT:
		client_input(client);
		break;
	case STREAM_CLOSED:
		/* whoever closed its side may still want the answer */
		if (client->asked == NULL)
			client_finish(client);
		break;
	case STREAM_FAILED:
		client_free(client);
		break;
	case STREAM_IDLE:
		client_finish(client);
		break;
	default:
		break;
	}
}

/* Tell a connection that is not taken in why, and close it. */
static void
turn_away(struct console *console, int fd, enum admin_status status)
{
	TEXT_AUTO line = TEXT_INIT(4096);

	admin_error_write(admin_status_code(status),
	    say(console->language, admin_status_sentence(status)), &line);
	text_add_byte(&line, '\n');
	/* a fresh socket takes so little, or its peer is gone */
	if (send(fd, line.at, line.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		console->ports.log(console->ports.arg,
		    "console: someone left before being told no");
	close(fd);
}

static bool
may_ask(struct console *console, int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);
	char sentence[96];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		return false;
	if (who.uid == 0 || who.uid == console->own_uid)
		return true;
	snprintf(sentence, sizeof(sentence),
	    "console: uid=%" PRIuMAX " pid=%" PRIdMAX " may not ask",
	    (uintmax_t)who.uid, (intmax_t)who.pid);
	console->ports.log(console->ports.arg, sentence);
	return false;
}

static void
client_new(struct console *console, int fd)
{
	struct client *client;

	if (!may_ask(console, fd)) {
		turn_away(console, fd, ADMIN_REFUSED);
		return;
	}
	client = console->client_count < CONSOLE_CLIENTS ?
	    calloc(1, sizeof(*client)) : NULL;
	if (client == NULL) {
		turn_away(console, fd, ADMIN_LATER);
		return;
	}
	client->stream = stream_new(console->loop, fd, ADMIN_LINE_BYTES,
	    OUTPUT_BYTES, client_event, client);
	if (client->stream == NULL) {
		free(client);
		close(fd);
		return;
	}
	client->console = console;
	console->client_count++;
	LIST_INSERT_HEAD(&console->clients, client, link);
	stream_idle_after(client->stream, CONSOLE_IDLE_MS);
}

static void
console_ready(void *arg, unsigned what)
{
	struct console *console = arg;
	int fd;

	(void)what;
	fd = accept4(console->listener_fd, NULL, NULL,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		client_new(console, fd);
}

struct console *
console_new(struct loop *loop, int listener_fd, uid_t own_uid,
    enum language language, const struct console_ports *ports)
{
	struct console *console = calloc(1, sizeof(*console));

	if (console == NULL) {
		close(listener_fd);
		return NULL;
	}
	*console = (struct console){ .loop = loop, .listener_fd = listener_fd,
	    .own_uid = own_uid, .language = language, .ports = *ports };
	LIST_INIT(&console->clients);
	console->watch = watch_new(loop, listener_fd, console_ready, console);
	if (console->watch == NULL ||
	    watch_want(console->watch, LOOP_READ) < 0) {
		console_free(console);
		return NULL;
	}
	return console;
}

void
console_free(struct console *console)
{
	if (console == NULL)
		return;
	while (!LIST_EMPTY(&console->clients))
		client_free(LIST_FIRST(&console->clients));
	watch_free(console->watch);
	close(console->listener_fd);
	free(console);
}
