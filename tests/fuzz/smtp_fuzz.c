/*
 * smtp_fuzz.c - a whole SMTP or LMTP session, the other roles being fakes
 *
 * The first byte is flags: 1 LMTP, 2 normalising, 4 a line at a time, 8 the
 * other roles say no, 16 the client does not wait for the end, 32 greylisting,
 * 64 people send, and log in, in clear, 128 there is a way to other domains.
 * Whatever comes, the session ends, nothing stays granted, no reply is broken
 * over lines, and no message that was submitted holds a bare CR, a bare LF or a
 * NUL.
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/smtp/limits.h"
#include "gateway/smtp/smtp.h"
#include "lib/base/host.h"
#include "lib/base/stream.h"
#include "lib/base/text.h"
#include "queue/service.h"
#include "store/account.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define INPUT_MOST	20000	/* fits the buffer of the socket */
#define PENDING		4

struct pending {
	struct hub	*hub;
	struct timer	*timer;
	void		*reply_arg;	/* NULL: this place is free */
	smtp_whose_fn	*whose;
	smtp_grey_fn	*grey;
	smtp_answer_fn	*answer;
	login_who_fn	*login;
	login_salt_fn	*salt;
	smtp_sender_fn	*sender;
	uint64_t	 account;
	uint64_t	 bytes;		/* asked for */
};

struct hub {
	struct loop	*loop;
	struct timer	*stop;
	struct smtp_session *session;
	bool		 says_no;
	bool		 has_erred, may_send, people_send, leaves;
	uint64_t	 granted;
	unsigned	 grants;
	struct pending	 pending[PENDING];
};

static void
require(bool truth)
{
	if (!truth)
		abort();
}

static void
on_pending(void *arg)
{
	struct pending *pending = arg, was = *pending;
	struct smtp_answer yes = { 250, "2.0.0", "Kept" };
	struct smtp_answer no = { 452, "4.3.1", "No\r\n250 room" };
	bool says_no = was.hub->says_no;

	pending->reply_arg = NULL;
	if (was.whose != NULL) {
		was.whose(was.reply_arg, was.account != 0 ? SMTP_OURS :
		    says_no || was.hub->leaves ? SMTP_FOREIGN : SMTP_UNKNOWN, was.account);
		return;
	}
	if (was.login != NULL) {
		was.login(was.reply_arg, says_no ? LOGIN_STRANGER :
		    LOGIN_WELCOME, says_no ? 0 : 7, was.account == 0 || says_no ?
		    slice_of(NULL, 0) : slice_str("a signature"));
		return;
	}
	if (was.salt != NULL) {
		was.salt(was.reply_arg, 4096, slice_str("sixteen bytes of"));
		return;
	}
	if (was.sender != NULL) {
		was.sender(was.reply_arg, says_no ? SMTP_SENDS_LATER :
		    (enum smtp_sends)was.account, slice_str("a@o.test"));
		return;
	}
	if (was.grey != NULL) {
		was.grey(was.reply_arg, says_no ? SMTP_NEW : SMTP_COMES);
		return;
	}
	if (!says_no)
		was.hub->granted += was.bytes;
	was.answer(was.reply_arg, says_no ? &no : &yes);
}

static struct pending *
pending_new(struct hub *hub, void *reply_arg)
{
	for (size_t i = 0; i < PENDING; i++) {
		struct pending *pending = &hub->pending[i];
		struct timer *timer = pending->timer;

		if (pending->reply_arg != NULL)
			continue;
		*pending = (struct pending){
		    .hub = hub, .timer = timer, .reply_arg = reply_arg
		};
		timer_set(timer, 0);
		return pending;
	}
	abort();
}

static int
fake_whose(void *arg, struct slice address, const struct envelope *env,
    smtp_whose_fn *reply, void *reply_arg)
{
	struct pending *pending = pending_new(arg, reply_arg);

	/* who is meant may depend on it: it is always there */
	require(env != NULL);
	require(address.len > 0 && slice_find(address, '\n') == SIZE_MAX);
	pending->whose = reply;
	pending->account = slice_has_prefix(address, "a") ? 1 :
	    slice_has_prefix(address, "b") ? 2 : 0;
	return 0;
}

static int
fake_etrn(void *arg, const struct etrn_asked *asked, smtp_answer_fn *reply,
    void *reply_arg)
{
	struct pending *pending = pending_new(arg, reply_arg);

	require(asked->name.len > 0 && host_is_name(asked->name));
	pending->answer = reply;
	return 0;
}

static int
fake_atrn(void *arg, const struct atrn_asked *asked, smtp_answer_fn *reply,
    void *reply_arg)
{
	require(asked->account == 7 && asked->count <= ATRN_NAMES_MOST);
	for (size_t i = 0; i < asked->count; i++)
		require(host_is_name(asked->names[i]));
	pending_new(arg, reply_arg)->answer = reply;
	return 0;
}

/* Nothing that the client has said is left for the relay. */
static void
fake_reverse(void *arg, struct stream *stream)
{
	(void)arg;
	require(stream_input(stream).len == 0);
	stream_free(stream);
}

static int
fake_grey(void *arg, struct slice sender, struct slice recipient,
    smtp_grey_fn *reply, void *reply_arg)
{
	require(recipient.len > 0 && slice_find(sender, '\n') == SIZE_MAX);
	pending_new(arg, reply_arg)->grey = reply;
	return 0;
}

/* Whoever knows a name is let in; `account` says that he came by SCRAM. */
static int
fake_check(void *arg, const struct login_try *try, login_who_fn *reply,
    void *reply_arg)
{
	struct pending *pending = pending_new(arg, reply_arg);

	require(try->user.len > 0 && try->password.len > 0);
	pending->login = reply;
	pending->account = try->said.len > 0;
	return 0;
}

static int
fake_salt(void *arg, struct slice user, login_salt_fn *reply, void *reply_arg)
{
	require(user.len > 0);
	pending_new(arg, reply_arg)->salt = reply;
	return 0;
}

static int
fake_sender(void *arg, uint64_t account, struct slice address,
    smtp_sender_fn *reply, void *reply_arg)
{
	struct pending *pending;

	require(account == 7 && slice_find(address, '\n') == SIZE_MAX);
	pending = pending_new(arg, reply_arg);
	pending->sender = reply;
	pending->account = slice_has_prefix(address, "b") ? SMTP_SENDS_NOT :
	    slice_has_prefix(address, "g") ? SMTP_LOGGED_OUT : SMTP_SENDS;
	return 0;
}

/* Some of those that fake_whose() knows need not be asked for. */
static uint64_t
fake_known(void *arg, struct slice address)
{
	(void)arg;
	require(address.len > 0 && slice_find(address, '\n') == SIZE_MAX);
	return slice_has_prefix(address, "b") ? 2 : 0;
}

static unsigned
fake_unknown(void *arg)
{
	(void)arg;
	return 0;
}

static void
fake_erred(void *arg)
{
	struct hub *hub = arg;

	require(!hub->has_erred);
	hub->has_erred = true;
}

static bool
fake_may_send(void *arg)
{
	const struct hub *hub = arg;

	return hub->may_send;
}

static int
fake_grant(void *arg, uint64_t bytes, smtp_answer_fn *reply, void *reply_arg)
{
	struct hub *hub = arg;
	struct pending *pending;

	require(bytes > 0);
	/* every second one of what was granted ahead */
	if (hub->grants++ % 2 == 1) {
		hub->granted += bytes;
		return 1;
	}
	pending = pending_new(hub, reply_arg);
	pending->answer = reply;
	pending->bytes = bytes;
	return 0;
}

static void
fake_release(void *arg, uint64_t bytes)
{
	struct hub *hub = arg;

	require(bytes <= hub->granted);
	hub->granted -= bytes;
}

/* No input is so large. */
static int
fake_big(void *arg, smtp_big_fn *reply, void *reply_arg)
{
	(void)arg;
	(void)reply;
	(void)reply_arg;
	return -ECONNRESET;
}

static void
fake_abandon(void *arg, uint64_t ticket)
{
	(void)arg;
	(void)ticket;
	abort();
}

static void
check_message(int memfd, uint64_t bytes)
{
	char message[INPUT_MOST * 2];
	ssize_t n = pread(memfd, message, sizeof(message), 0);

	require(n >= 0 && (uint64_t)n == bytes);
	for (ssize_t i = 0; i < n; i++) {
		require(message[i] != '\0');
		require(message[i] != '\r' ||
		    (i + 1 < n && message[i + 1] == '\n'));
		require(message[i] != '\n' || (i > 0 && message[i - 1] == '\r'));
	}
}

static int
fake_submit(void *arg, const struct envelope *env, int memfd, uint64_t ticket,
    uint64_t granted, smtp_answer_fn *reply, void *reply_arg)
{
	struct hub *hub = arg;
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);

	(void)ticket;
	require(memfd >= 0 && granted <= hub->granted);
	require(env->bytes <= granted && env->recipient_count > 0);
	require(hub->people_send == (env->sender_account != 0));
	require(!hub->people_send || env->login.len > 0);
	require(!envelope_leaves(env) || (hub->leaves &&
	    envelope_may_leave(env)));
	hub->granted -= granted;
	envelope_pack(&packed, env);
	require(!text_failed(&packed));
	check_message(memfd, env->bytes);
	pending_new(hub, reply_arg)->answer = reply;
	return 0;
}

static void
fake_forget(void *arg, void *reply_arg)
{
	struct hub *hub = arg;

	for (size_t i = 0; i < PENDING; i++)
		if (hub->pending[i].reply_arg == reply_arg) {
			timer_stop(hub->pending[i].timer);
			hub->pending[i].reply_arg = NULL;
		}
}

static void
fake_log(void *arg, const char *sentence)
{
	(void)arg;
	require(slice_is_printable_ascii(slice_str(sentence)));
}

static void
fake_ended(void *arg, struct smtp_session *session)
{
	struct hub *hub = arg;

	require(hub->session == session);
	hub->session = NULL;
}

static void
on_stop(void *arg)
{
	loop_stop(arg);
}

/* Some turns of the loop that do not sleep. */
static void
spin(struct hub *hub, int turns)
{
	while (turns-- > 0) {
		timer_set(hub->stop, 0);
		require(loop_run(hub->loop) == 0);
	}
}

/* Read what was replied: whole lines, each with a code. */
static void
drain(int fd)
{
	char bytes[4096];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		struct slice rest = { bytes, (size_t)n };
		size_t end;

		while ((end = slice_find_str(rest, "\r\n")) != SIZE_MAX) {
			struct slice line = slice_first(rest, end);

			require(slice_find(line, '\n') == SIZE_MAX);
			rest = slice_after(rest, end + 2);
		}
	}
}

static void
say(struct hub *hub, int fd, struct slice s, bool by_line)
{
	while (s.len > 0) {
		size_t end = slice_find(s, '\n');
		struct slice now = by_line && end != SIZE_MAX ?
		    slice_first(s, end + 1) : s;
		ssize_t n = send(fd, now.at, now.len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		s = slice_after(s, n < 0 ? s.len : (size_t)n);
		spin(hub, 5);
		drain(fd);
	}
}

static void
converse(struct hub *hub, int flags, struct slice input)
{
	static const struct smtp_limits limits = {
		.bad_commands = 30, .idle_commands = 30, .unknown_quick = 2,
		.unknown_most = 8, .unknown_wait_ms = 0, .people_refused = 8,
		.first_ms = 60000,
		.command_ms = 60000, .unused_ms = 60000, .rate_ms = 60000,
		.rate_bytes = 1,
		.chunks = 20, .grow_bytes = 100
	};
	struct smtp_options options = {
		.hostname = "hub.test", .offers_etrn = true,
		.lmtp = (flags & 65) == 1, .is_atrn = (flags & 65) == 65,
		.normalises = (flags & 2) != 0, .message_bytes = 10000,
		.recipients = 3, .limits = &limits,
		.is_submission = (flags & 64) != 0, .clear_logins = true,
		.leaves = (flags & 128) != 0
	};
	const struct login_ports login = {
		.arg = hub, .check = fake_check, .salt = fake_salt,
		.forget = fake_forget, .log = fake_log
	};
	struct smtp_ports ports = {
		hub, fake_whose, fake_unknown, fake_grant, fake_release,
		fake_big, fake_abandon, fake_submit, fake_forget, fake_log,
		fake_ended, fake_known, fake_erred, fake_may_send,
		(flags & 32) != 0 ? fake_grey : NULL, &login, fake_sender,
		fake_etrn, fake_atrn, fake_reverse
	};
	int fds[2];

	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	hub->has_erred = false;
	hub->people_send = (flags & 64) != 0;
	hub->leaves = (flags & 128) != 0;
	hub->may_send = (flags & 8) == 0;
	hub->session = smtp_session_new(hub->loop, fds[1], "192.0.2.1",
	    &options, &ports);
	require(hub->session != NULL);
	spin(hub, 2);
	say(hub, fds[0], input, (flags & 4) != 0);
	if ((flags & 16) != 0)
		(void)close(fds[0]);
	else
		(void)shutdown(fds[0], SHUT_WR);
	for (int i = 0; i < 1000 && hub->session != NULL; i++) {
		spin(hub, 2);
		if ((flags & 16) == 0)
			drain(fds[0]);
	}
	require(hub->session == NULL);
	if ((flags & 16) == 0)
		(void)close(fds[0]);
	spin(hub, 6);
	require(hub->granted == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hub hub = { 0 };

	if (size < 1 || size > INPUT_MOST)
		return 0;
	(void)signal(SIGPIPE, SIG_IGN);
	hub.loop = loop_new();
	require(hub.loop != NULL);
	hub.stop = timer_new(hub.loop, on_stop, hub.loop);
	hub.says_no = (data[0] & 8) != 0;
	for (size_t i = 0; i < PENDING; i++)
		hub.pending[i].timer = timer_new(hub.loop, on_pending,
		    &hub.pending[i]);
	converse(&hub, data[0], slice_of(data + 1, size - 1));
	for (size_t i = 0; i < PENDING; i++) {
		require(hub.pending[i].reply_arg == NULL);
		timer_free(hub.pending[i].timer);
	}
	timer_free(hub.stop);
	loop_free(hub.loop);
	return 0;
}
