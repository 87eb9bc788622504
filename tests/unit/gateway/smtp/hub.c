/*
 * hub.c - a hub of fakes around one SMTP session, and a client to talk to it
 */
#include "tests/unit/gateway/smtp/hub.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/account.h"

#define PATIENCE_MS	5000	/* no reply so long: the test has failed */

enum ask { ASK_WHOSE, ASK_GREY, ASK_GRANT, ASK_BIG, ASK_SUBMIT, ASK_LOGIN,
    ASK_SENDER };

struct pending {
	struct hub	*hub;
	struct pending	*next;
	struct timer	*timer;
	enum ask	 ask;
	enum smtp_whose	 whose;
	enum smtp_sends	 sends;
	uint64_t	 account;
	uint64_t	 bytes;
	void		*reply;
	union {
		smtp_whose_fn	*whose;
		smtp_grey_fn	*grey;
		smtp_answer_fn	*answer;
		smtp_big_fn	*big;
		login_who_fn	*login;
		smtp_sender_fn	*sender;
	} fn;
	void		*reply_arg;
};

static const struct smtp_answer no_room = {
	452, "4.3.1", "There is no room now"
};

static void
pending_free(struct pending *pending)
{
	struct pending **at = &pending->hub->pending;

	while (*at != pending)
		at = &(*at)->next;
	*at = pending->next;
	timer_free(pending->timer);
	free(pending);
}

void
hub_on_big(void *arg, unsigned what)
{
	struct hub *hub = arg;
	char bytes[65536];
	ssize_t n = read(hub->big_fd, bytes, sizeof(bytes));

	(void)what;
	if (n > 0) {
		text_add(&hub->big, slice_of(bytes, (size_t)n));
		return;
	}
	watch_free(hub->big_watch);
	hub->big_watch = NULL;
}

static void
give_big(struct hub *hub, struct pending *pending)
{
	smtp_big_fn *fn = pending->fn.big;
	void *arg = pending->reply_arg;
	int fds[2];

	pending_free(pending);
	if (hub->grant_code != 250) {
		fn(arg, -1, 0, &no_room);
		return;
	}
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	hub->big_fd = fds[0];
	if (hub->breaks_pipe) {
		(void)close(fds[0]);
		hub->big_fd = -1;
	} else if (!hub->reads_late) {
		hub->big_watch = watch_new(hub->loop, fds[0], hub_on_big,
		    hub);
		ck_assert_int_eq(watch_want(hub->big_watch, LOOP_READ), 0);
	}
	fn(arg, fds[1], 77, NULL);
}

static void
on_pending(void *arg)
{
	struct pending *pending = arg;
	struct hub *hub = pending->hub;
	struct smtp_answer answer = { 250, "2.0.0", "Kept as 1" };
	struct pending was = *pending;

	if (was.ask == ASK_BIG) {
		give_big(hub, pending);
		return;
	}
	pending_free(pending);
	if (was.ask == ASK_WHOSE) {
		was.fn.whose(was.reply_arg, was.whose, was.account);
		return;
	}
	if (was.ask == ASK_LOGIN) {
		was.fn.login(was.reply_arg, was.account != 0 ? LOGIN_WELCOME :
		    was.whose == SMTP_ASK_LATER ? LOGIN_ASK_LATER :
		    LOGIN_STRANGER, was.account, slice_of(NULL, 0));
		return;
	}
	if (was.ask == ASK_SENDER) {
		was.fn.sender(was.reply_arg, was.sends,
		    was.sends >= SMTP_LOGGED_OUT ? slice_of(NULL, 0) :
		    slice_str("ann@office.test"));
		return;
	}
	if (was.ask == ASK_GREY) {
		was.fn.grey(was.reply_arg, hub->grey);
		return;
	}
	if (was.ask == ASK_GRANT && hub->grant_code == 250)
		hub->granted += was.bytes;
	else if (was.ask == ASK_GRANT)
		answer = no_room;
	else if (hub->submit_code != 250)
		answer = (struct smtp_answer){ hub->submit_code,
		    "5.7.1", "The judge refuses" };
	was.fn.answer(was.reply_arg, &answer);
}

static struct pending *
pending_new(struct hub *hub, enum ask ask, void *reply_arg)
{
	struct pending *pending = calloc(1, sizeof(*pending));

	ck_assert_ptr_nonnull(pending);
	pending->hub = hub;
	pending->ask = ask;
	pending->reply_arg = reply_arg;
	pending->timer = timer_new(hub->loop, on_pending, pending);
	pending->next = hub->pending;
	hub->pending = pending;
	if (!hub->hangs)
		timer_set(pending->timer, 0);
	return pending;
}

static int
fake_whose(void *arg, struct slice address, const struct envelope *env,
    smtp_whose_fn *reply, void *reply_arg)
{
	struct hub *hub = arg;
	struct pending *pending;
	size_t at = slice_find_last(address, '@');
	struct slice local = slice_first(address, at);
	struct slice domain = slice_after(address, at + 1);
	bool ours = at == SIZE_MAX || slice_is_str(domain, "office.test");

	(void)env;
	if (hub->fails)
		return -ECONNRESET;
	pending = pending_new(hub, ASK_WHOSE, reply_arg);
	pending->fn.whose = reply;
	pending->whose = ours ? SMTP_UNKNOWN : SMTP_FOREIGN;
	if (ours && (slice_is_str(local, "ann") ||
	    slice_is_str(local, "anna")))
		pending->account = 1;
	else if (ours && slice_is_str(local, "bob"))
		pending->account = 2;
	else if (ours && slice_is_str(local, "postmaster"))
		pending->account = 3;
	else if (ours && local.len > 1 && local.at[0] == 'u' &&
	    local.at[1] >= '0' && local.at[1] <= '9')
		pending->account = (uint64_t)(100 + local.at[1]);
	else if (ours && slice_is_str(local, "later"))
		pending->whose = SMTP_ASK_LATER;
	if (pending->account != 0)
		pending->whose = SMTP_OURS;
	return 0;
}

int
hub_grey(void *arg, struct slice sender, struct slice recipient,
    smtp_grey_fn *reply, void *reply_arg)
{
	struct hub *hub = arg;

	if (hub->greys_fail)
		return -ECONNRESET;
	text_addf(&hub->grey_asked, "%.*s>%.*s ", SLICE_FMT(sender),
	    SLICE_FMT(recipient));
	pending_new(hub, ASK_GREY, reply_arg)->fn.grey = reply;
	return 0;
}

static int
fake_check(void *arg, const struct login_try *try, login_who_fn *reply,
    void *reply_arg)
{
	struct hub *hub = arg;
	struct pending *pending;

	ck_assert_str_eq(try->peer, "192.0.2.1");
	if (hub->fails)
		return -ECONNRESET;
	hub->logins++;
	pending = pending_new(hub, ASK_LOGIN, reply_arg);
	pending->fn.login = reply;
	pending->account = slice_is_str(try->user, "ann") &&
	    slice_is_str(try->password, "se cret");
	if (slice_is_str(try->user, "later"))
		pending->whose = SMTP_ASK_LATER;
	return 0;
}

/* Ann's own is ann@, whatever follows a plus, and the null path. */
static int
fake_sender(void *arg, uint64_t account, struct slice address,
    smtp_sender_fn *reply, void *reply_arg)
{
	struct hub *hub = arg;
	struct pending *pending;

	ck_assert_uint_eq(account, 1);
	if (hub->fails)
		return -ECONNRESET;
	pending = pending_new(hub, ASK_SENDER, reply_arg);
	pending->fn.sender = reply;
	pending->sends = address.len == 0 ||
	    slice_is_str(address, "ann@office.test") ||
	    slice_has_prefix(address, "ann+") ? SMTP_SENDS : SMTP_SENDS_NOT;
	if (slice_is_str(address, "later@office.test"))
		pending->sends = SMTP_SENDS_LATER;
	if (slice_is_str(address, "gone@office.test"))
		pending->sends = SMTP_LOGGED_OUT;
	return 0;
}

/* SCRAM has its own test (scram_test.c). */
static int
fake_salt(void *arg, struct slice user, login_salt_fn *reply, void *reply_arg)
{
	(void)arg;
	(void)user;
	(void)reply;
	(void)reply_arg;
	return -ECONNRESET;
}

static unsigned
fake_unknown(void *arg)
{
	struct hub *hub = arg;

	return ++hub->unknown;
}

static int
fake_grant(void *arg, uint64_t bytes, smtp_answer_fn *reply, void *reply_arg)
{
	struct hub *hub = arg;
	struct pending *pending;

	if (hub->fails)
		return -ECONNRESET;
	if (hub->holds_enough)
		return -ENOSPC;
	if (hub->has_room) {
		hub->granted += bytes;
		return 1;
	}
	pending = pending_new(hub, ASK_GRANT, reply_arg);
	pending->fn.answer = reply;
	pending->bytes = bytes;
	hub->grants++;
	return 0;
}

static void
fake_release(void *arg, uint64_t bytes)
{
	struct hub *hub = arg;

	ck_assert_uint_ge(hub->granted, bytes);
	hub->granted -= bytes;
}

static int
fake_big(void *arg, smtp_big_fn *reply, void *reply_arg)
{
	struct pending *pending = pending_new(arg, ASK_BIG, reply_arg);

	pending->fn.big = reply;
	return 0;
}

static void
fake_abandon(void *arg, uint64_t ticket)
{
	struct hub *hub = arg;

	ck_assert_uint_eq(ticket, 77);
	hub->abandoned++;
}

/* Read the sealed memfd, or the rest of the pipe, into hub->message. */
static void
keep_message(struct hub *hub, int memfd)
{
	struct stat st;
	char *at;

	text_clear(&hub->message);
	if (memfd < 0) {
		while (hub->big_watch != NULL)
			hub_on_big(hub, LOOP_READ);
		text_add(&hub->message, text_slice(&hub->big));
		text_clear(&hub->big);
		return;
	}
	ck_assert_int_eq(fcntl(memfd, F_GET_SEALS), F_SEAL_SHRINK |
	    F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	ck_assert_int_eq(fstat(memfd, &st), 0);
	at = text_space(&hub->message, (size_t)st.st_size);
	ck_assert(st.st_size == 0 || at != NULL);
	ck_assert_int_eq(pread(memfd, at, (size_t)st.st_size, 0), st.st_size);
}

static int
fake_submit(void *arg, const struct envelope *env, int memfd, uint64_t ticket,
    uint64_t granted, smtp_answer_fn *reply, void *reply_arg)
{
	struct hub *hub = arg;

	if (hub->fails)
		return -ECONNRESET;
	ck_assert_uint_ge(hub->granted, granted);
	hub->granted -= granted;
	keep_message(hub, memfd);
	ck_assert(memfd >= 0 || ticket == 77);
	ck_assert_uint_eq(env->bytes, hub->message.len);
	ck_assert_uint_le(env->bytes, granted);
	ck_assert(env->bytes <= BIG_BYTES || memfd < 0);
	hub->messages++;
	text_clear(&hub->envelope);
	text_addf(&hub->envelope, "%s helo=%.*s from=%.*s body=%d utf8=%d "
	    "ret=%d envid=%.*s", env->source == SOURCE_LMTP ? "lmtp" : "smtp",
	    SLICE_FMT(env->helo), SLICE_FMT(env->sender), (int)env->body,
	    env->utf8, (int)env->ret, SLICE_FMT(env->envid));
	for (size_t i = 0; i < env->recipient_count; i++) {
		const struct recipient *rcpt = &env->recipients[i];

		text_addf(&hub->envelope, " to=%.*s/%d/%d/%.*s",
		    SLICE_FMT(rcpt->address), (int)rcpt->account,
		    (int)rcpt->notify, SLICE_FMT(rcpt->orcpt));
	}
	if (env->login.len > 0)
		text_addf(&hub->envelope, " login=%.*s/%d",
		    SLICE_FMT(env->login), (int)env->sender_account);
	pending_new(hub, ASK_SUBMIT, reply_arg)->fn.answer = reply;
	return 0;
}

static void
fake_forget(void *arg, void *reply_arg)
{
	struct hub *hub = arg;
	struct pending *next, *pending = hub->pending;

	for (; pending != NULL; pending = next) {
		next = pending->next;
		if (pending->reply_arg == reply_arg)
			pending_free(pending);
	}
}

static void
fake_log(void *arg, const char *sentence)
{
	struct hub *hub = arg;

	ck_assert(slice_is_printable_ascii(slice_str(sentence)));
	text_addf(&hub->log, "%s\n", sentence);
}

static void
fake_ended(void *arg, struct smtp_session *session)
{
	struct hub *hub = arg;

	ck_assert_ptr_eq(hub->session, session);
	hub->session = NULL;
	loop_stop(hub->loop);
}

static void
on_client(void *arg, unsigned what)
{
	struct hub *hub = arg;
	char bytes[4096];
	ssize_t n = read(hub->client, bytes, sizeof(bytes));

	(void)what;
	if (n > 0)
		text_add(&hub->heard, slice_of(bytes, (size_t)n));
	else {
		hub->eof = true;
		(void)watch_want(hub->watch, 0);
	}
	loop_stop(hub->loop);
}

static void
on_deadline(void *arg)
{
	struct hub *hub = arg;

	hub->timed_out = true;
	loop_stop(hub->loop);
}

struct hub *
hub_new(void)
{
	struct hub *hub = calloc(1, sizeof(*hub));

	ck_assert_ptr_nonnull(hub);
	(void)signal(SIGPIPE, SIG_IGN);
	hub->loop = loop_new();
	ck_assert_ptr_nonnull(hub->loop);
	hub->deadline = timer_new(hub->loop, on_deadline, hub);
	hub->limits = smtp_default_limits;
	hub->limits.unknown_wait_ms = 1;
	hub->options = (struct smtp_options){
	    .hostname = "hub.office.test", .message_bytes = MOST_BYTES,
	    .recipients = ROOM, .limits = &hub->limits
	};
	hub->ports = (struct smtp_ports){
	    hub, fake_whose, fake_unknown, fake_grant, fake_release, fake_big, fake_abandon,
	    fake_submit, fake_forget, fake_log, fake_ended, NULL, NULL,
	    NULL, NULL, &hub->login, fake_sender, NULL, NULL, NULL
	};
	hub->login = (struct login_ports){
	    .arg = hub, .check = fake_check, .salt = fake_salt,
	    .forget = fake_forget, .log = fake_log
	};
	hub->grey_asked.limit = 4096;
	hub->heard.limit = hub->message.limit = hub->envelope.limit =
	    hub->log.limit = hub->big.limit = 8 * MOST_BYTES;
	hub->grant_code = hub->submit_code = 250;
	hub->big_fd = -1;
	return hub;
}

void
hub_connect(struct hub *hub, const char *first)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, fds), 0);
	hub->client = fds[0];
	ck_assert_int_eq(write(fds[0], first, strlen(first)),
	    (ssize_t)strlen(first));
	hub->watch = watch_new(hub->loop, hub->client, on_client, hub);
	ck_assert_int_eq(watch_want(hub->watch, LOOP_READ), 0);
	hub->session = smtp_session_new(hub->loop, fds[1], "192.0.2.1",
	    &hub->options, &hub->ports);
	ck_assert_ptr_nonnull(hub->session);
}

void
hub_run(struct hub *hub, uint64_t ms)
{
	hub->timed_out = false;
	timer_set(hub->deadline, ms);
	ck_assert_int_eq(loop_run(hub->loop), 0);
}

void
hub_hang_up(struct hub *hub)
{
	watch_free(hub->watch);
	hub->watch = NULL;
	if (hub->client >= 0)
		(void)close(hub->client);
	hub->client = -1;
}

void
hub_free(struct hub *hub)
{
	hub_hang_up(hub);
	for (int i = 0; i < 100 && hub->session != NULL; i++) {
		hub_run(hub, hub->hangs ? 1 : 50);
		if (hub->hangs && i == 20)	/* it waits for ever */
			smtp_session_close(hub->session, "The test is over");
	}
	ck_assert_msg(hub->session == NULL, "the session lives on");
	hub_run(hub, 1);
	ck_assert_ptr_null(hub->pending);
	ck_assert_uint_eq(hub->granted, 0);
	watch_free(hub->big_watch);
	if (hub->big_fd >= 0)
		(void)close(hub->big_fd);
	timer_free(hub->deadline);
	loop_free(hub->loop);
	text_free(&hub->heard);
	text_free(&hub->message);
	text_free(&hub->envelope);
	text_free(&hub->log);
	text_free(&hub->grey_asked);
	text_free(&hub->big);
	free(hub);
}

void
hub_say(struct hub *hub, struct slice s)
{
	while (s.len > 0) {
		ssize_t n = send(hub->client, s.at, s.len, MSG_NOSIGNAL);

		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return;
		if (n < 0 && errno == EAGAIN) {
			hub_run(hub, 1);
			continue;
		}
		ck_assert_int_gt(n, 0);
		s = slice_after(s, (size_t)n);
	}
}

void
hub_say_slowly(struct hub *hub, struct slice s)
{
	for (; s.len > 0; s = slice_after(s, 1)) {
		hub_say(hub, slice_first(s, 1));
		hub_run(hub, 1);
	}
}

void
hub_hear(struct hub *hub, const char *want)
{
	for (;;) {
		struct slice rest = text_slice(&hub->heard), line;
		size_t end;

		while ((end = slice_find_str(rest, "\r\n")) != SIZE_MAX) {
			line = slice_first(rest, end);
			rest = slice_after(rest, end + 2);
			ck_assert_uint_eq(slice_find(line, '\n'), SIZE_MAX);
			if (line.len > 3 && line.at[3] == '-')
				continue;
			ck_assert_msg(slice_has_prefix(line, want),
			    "heard \"%.*s\", wanted \"%s\"", SLICE_FMT(line),
			    want);
			text_consume(&hub->heard,
			    hub->heard.len - rest.len);
			return;
		}
		if (hub->eof) {
			ck_assert_msg(strcmp(want, "eof") == 0,
			    "the end instead of \"%s\"", want);
			ck_assert_uint_eq(hub->heard.len, 0);
			return;
		}
		hub_run(hub, PATIENCE_MS);
		ck_assert_msg(!hub->timed_out, "nothing instead of \"%s\"",
		    want);
	}
}

void
hub_talk(struct hub *hub, struct slice line, const char *wants)
{
	struct slice rest = slice_str(wants), want;
	char buffer[128];
	bool more;

	hub_say(hub, line);
	while (rest.len > 0) {
		more = slice_cut(&rest, '|', &want);
		if (!more) {
			want = rest;
			rest = slice_of(NULL, 0);
		}
		ck_assert_int_eq(slice_cstr(want, buffer, sizeof(buffer)), 0);
		hub_hear(hub, buffer);
	}
}

void
hub_talk_str(struct hub *hub, const char *line, const char *wants)
{
	hub_talk(hub, slice_str(line), wants);
}

void
hub_talk_to_data(struct hub *hub)
{
	hub_talk_str(hub, "EHLO client.example\r\n", "220|250");
	hub_talk_str(hub, "MAIL FROM:<joe@example.com>\r\n"
	    "RCPT TO:<ann@office.test>\r\nDATA\r\n",
	    "250 2.1.0|250 2.1.5|354 ");
}
