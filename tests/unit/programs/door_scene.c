/*
 * door_scene.c - a door, a client that has logged in, and its mailboxes
 */
#include "tests/unit/programs/door_scene.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/unit.h"

struct door_scene door_scene;

static int
on_session(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct door_mailbox *mailbox = arg;
	struct session_request request;

	(void)from;
	ck_assert_int_eq(session_unpack(message->body, &request), 0);
	ck_assert(slice_is(request.login, slice_str("ann@office.test")));
	ck_assert(slice_is(request.tag, slice_str("a1")));
	mailbox->sessions++;
	mailbox->serial = message->serial;
	mailbox->number = request.number;
	mailbox->quiet_ms = request.carried.quiet_ms;
	ck_assert_int_eq(slice_cstr(request.carried.state, mailbox->state,
	    sizeof(mailbox->state)), 0);
	mailbox->fd = ipc_take_fd(message, 0);
	return 0;
}

static const struct ipc_rule mailbox_rules[] = {
{ MAILBOX_SESSION, "SESSION", FROM(ROLE_DOOR), IPC_REQUEST, 1, 0, on_session },
{ 0 }
};

void
door_mailbox_comes(struct door_mailbox *mailbox, uint64_t account)
{
	*mailbox = (struct door_mailbox){ .fd = -1 };
	mailbox->ipc = play_peer(&door_scene.play, ROLE_MAILBOX, account,
	    mailbox_rules, mailbox);
}

void
door_mailbox_goes(struct door_mailbox *mailbox)
{
	ipc_free(mailbox->ipc);
	if (mailbox->fd >= 0)
		(void)close(mailbox->fd);
	mailbox->fd = -1;
}

void
door_mailbox_answers(struct door_mailbox *mailbox, bool is_served)
{
	TEXT_AUTO body = TEXT_INIT(8);

	pack_u8(&body, is_served);
	ck_assert_int_eq(ipc_reply(mailbox->ipc, mailbox->serial,
	    text_slice(&body), NULL, 0), 0);
}

void
door_wait_for(const unsigned *count, unsigned wanted)
{
	uint64_t until = clock_ms() + DOOR_GUARD_MS;

	while (*count < wanted && clock_ms() < until)
		play_run(&door_scene.play, 1);
	ck_assert_uint_eq(*count, wanted);
}

void
door_wait_words(int fd, const char *words)
{
	uint64_t until = clock_ms() + DOOR_GUARD_MS;
	char got[256] = "";
	size_t len = 0;
	ssize_t n;

	while (len < strlen(words) && clock_ms() < until) {
		n = recv(fd, got + len, sizeof(got) - 1 - len, MSG_DONTWAIT);
		ck_assert_int_ne(n, 0);
		len += n > 0 ? (size_t)n : 0;
		got[len] = '\0';
		play_run(&door_scene.play, 1);
	}
	ck_assert_str_eq(got, words);
}

void
door_wait_end(int fd)
{
	uint64_t until = clock_ms() + DOOR_GUARD_MS;
	char byte;
	ssize_t n;

	while ((n = recv(fd, &byte, 1, MSG_DONTWAIT)) < 0 &&
	    clock_ms() < until)
		play_run(&door_scene.play, 1);
	ck_assert_int_eq(n, 0);
}

void
door_wait_nothing(int fd)
{
	char byte;

	play_run(&door_scene.play, 20);
	ck_assert_int_lt(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
}

void
door_say(int fd, const char *words)
{
	ck_assert_int_eq(send(fd, words, strlen(words), MSG_NOSIGNAL),
	    (ssize_t)strlen(words));
}

static void
no_event(void *arg, enum stream_event event)
{
	(void)arg;
	(void)event;
}

/* Somebody has logged in. */
static void
log_in(void)
{
	const struct session_request request = {
		.service = SESSION_IMAP, .login = SLICE("ann@office.test"),
		.tag = SLICE("a1")
	};
	struct stream *stream;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    pair), 0);
	door_scene.client = pair[0];
	stream = stream_new(door_scene.play.process.loop, pair[1], 4096, 4096,
	    no_event, NULL);
	ck_assert_ptr_nonnull(stream);
	door_hand_over(door_scene.play.process.state, stream, DOOR_ACCOUNT,
	    &request);
}

void
door_scene_begin(void)
{
	struct process *process = &door_scene.play.process;

	door_scene = (struct door_scene){ .play.process.folder_fd = -1 };
	process->config.connections = 100;
	for (size_t i = 0; i < CONFIG_LISTENERS; i++)
		process->listener_fd[i] = -1;
	play_begin(&door_scene.play, &door_code);
	log_in();
}

void
door_scene_end(void)
{
	(void)close(door_scene.client);
	play_end(&door_scene.play);
	play_run(&door_scene.play, 1);
}
