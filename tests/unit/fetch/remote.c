/*
 * remote.c - a POP3 server that behaves as badly as it is told to
 */
#include "tests/unit/fetch/remote.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct visit {
	struct remote	*remote;
	int		 fd;
	struct text	 out;
	bool		 is_over, is_mute;
};

struct remote *
remote_new(void)
{
	struct remote *remote = calloc(1, sizeof(*remote));

	ck_assert_ptr_nonnull(remote);
	remote->heard = (struct text)TEXT_INIT(16 << 20);
	remote->greeting = "+OK ready";
	remote->capa = "USER\r\nPIPELINING\r\nTOP\r\nUIDL\r\n";
	return remote;
}

struct remote_mail *
remote_add(struct remote *remote, struct slice bytes)
{
	struct remote_mail *mail = &remote->mail[++remote->count];

	ck_assert_uint_le(remote->count, REMOTE_MAIL);
	mail->bytes = bytes;
	return mail;
}

static void
say(struct visit *visit, const char *line)
{
	if (*line == '\0')
		return;
	text_add_str(&visit->out, line);
	text_add_str(&visit->out, "\r\n");
}

/* RFC 1939 3: with dots doubled and a dot at the end. */
static void
say_stuffed(struct visit *visit, struct slice bytes)
{
	bool at_line = true;
	size_t lf;

	while (bytes.len > 0) {
		if (at_line && bytes.at[0] == '.')
			text_add_byte(&visit->out, '.');
		lf = slice_find(bytes, '\n');
		lf = lf == SIZE_MAX ? bytes.len : lf + 1;
		text_add(&visit->out, slice_first(bytes, lf));
		at_line = lf >= 2 && bytes.at[lf - 2] == '\r';
		bytes = slice_after(bytes, lf);
	}
	text_add_str(&visit->out, ".\r\n");
}

static void
write_all(struct visit *visit)
{
	struct slice s = text_slice(&visit->out);
	ssize_t n;

	while (s.len > 0) {
		n = send(visit->fd, s.at, s.len, MSG_NOSIGNAL);
		if (n <= 0) {
			visit->is_over = true;
			break;
		}
		s = slice_after(s, (size_t)n);
	}
	text_clear(&visit->out);
}

static void
say_message(struct visit *visit, struct remote_mail *mail)
{
	struct remote *remote = visit->remote;
	size_t before = visit->out.len, limit = remote->cut_after;

	say(visit, "+OK here it is");
	if (mail->varies)
		text_addf(&visit->out, "X-Time: %09u\r\n", remote->retrs);
	if (mail->is_raw)
		text_add(&visit->out, mail->bytes);
	else
		say_stuffed(visit, mail->bytes);
	remote->sent += visit->out.len - before;
	if (limit == 0)
		limit = remote->mute_after;
	if (limit == 0 || remote->sent < limit)
		return;
	visit->out.len -= remote->sent - limit;
	visit->is_over = remote->cut_after != 0;
	visit->is_mute = remote->mute_after != 0;
}

/* RFC 1939 7: its header, and as many lines as `rest` says. */
static struct slice
top_of(struct slice bytes, struct slice rest)
{
	size_t end = slice_find_str(bytes, "\r\n\r\n"), lf;
	struct slice lines;
	uint64_t count = 0;

	if (end == SIZE_MAX)
		return bytes;
	end += 4;
	if (slice_word(&rest, &lines))
		(void)slice_u64(lines, UINT32_MAX, &count);
	for (; count > 0 && end < bytes.len; count--) {
		lf = slice_find(slice_after(bytes, end), '\n');
		end = lf == SIZE_MAX ? bytes.len : end + lf + 1;
	}
	return slice_first(bytes, end);
}

static void
say_list(struct visit *visit, bool uidl)
{
	struct remote *remote = visit->remote;
	const char *all = uidl ? remote->uidl : remote->list;

	if (all != NULL) {
		text_add_str(&visit->out, all);
		return;
	}
	say(visit, "+OK");
	for (unsigned i = 1; i <= remote->count; i++) {
		struct remote_mail *mail = &remote->mail[i];
		char size[32];

		if (uidl)
			(void)snprintf(size, sizeof(size), "u%u", i);
		else
			(void)snprintf(size, sizeof(size), "%zu",
			    mail->bytes.len);
		text_addf(&visit->out, "%u %s\r\n", i, uidl ?
		    (mail->uidl == NULL ? size : mail->uidl) :
		    mail->listed == NULL ? size : mail->listed);
	}
	say(visit, ".");
}

static void
answer(struct visit *visit, struct slice line)
{
	struct remote *remote = visit->remote;
	struct remote_mail *mail = NULL;
	struct slice word, number;
	uint64_t n = 0;

	text_add(&remote->heard, line);
	text_add_byte(&remote->heard, '\n');
	if (!slice_word(&line, &word))
		return;
	if (slice_word(&line, &number) &&
	    slice_u64(number, remote->count, &n) == 0 && n > 0)
		mail = &remote->mail[n];
	if (slice_is_word(word, "CAPA")) {
		say(visit, remote->capa == NULL ? "-ERR what" : "+OK");
		if (remote->capa != NULL) {
			text_add_str(&visit->out, remote->capa);
			say(visit, ".");
		}
	} else if (slice_is_word(word, "USER"))
		say(visit, remote->user == NULL ? "+OK" : remote->user);
	else if (slice_is_word(word, "PASS") && remote->conversations > 1 &&
	    remote->conversations <= 1 + remote->in_use)
		say(visit, "-ERR [IN-USE] by your last one");
	else if (slice_is_word(word, "PASS") || slice_is_word(word, "APOP"))
		say(visit, remote->pass == NULL ? "+OK" : remote->pass);
	else if (slice_is_word(word, "LIST"))
		say_list(visit, false);
	else if (slice_is_word(word, "UIDL"))
		say_list(visit, true);
	else if (slice_is_word(word, "RETR") && mail != NULL) {
		remote->retrs++;
		if (mail->is_gone || (mail->retrs++ > 0 && mail->is_once))
			say(visit, "-ERR gone");
		else
			say_message(visit, mail);
	} else if (slice_is_word(word, "TOP") && mail != NULL) {
		say(visit, remote->top == NULL ? "+OK" : remote->top);
		if (remote->top == NULL)
			say_stuffed(visit, top_of(mail->bytes, line));
	} else if (slice_is_word(word, "DELE")) {
		remote->deleted++;
		say(visit, remote->dele == NULL ? "+OK" : remote->dele);
	} else if (slice_is_word(word, "QUIT")) {
		remote->has_quit = true;
		say(visit, remote->quit == NULL ? "+OK bye" : remote->quit);
		visit->is_over = remote->quit == NULL ||
		    *remote->quit != '\0';
	} else
		say(visit, "-ERR what");
}

/* All lines that have come are answered in one go. */
static void
converse(struct remote *remote, int fd)
{
	struct visit visit = { remote, fd, TEXT_INIT(64 << 20), false, false };
	struct text in = TEXT_INIT(1 << 20);
	char bytes[65536];
	ssize_t n;

	remote->conversations++;
	say(&visit, remote->greeting);
	write_all(&visit);
	while (!visit.is_over) {
		struct pollfd fds[2] = {
		    { fd, POLLIN, 0 }, { remote->stop[0], POLLIN, 0 } };
		struct slice rest, line;
		unsigned lines = 0, retrs = 0;

		(void)poll(fds, 2, -1);
		if (fds[1].revents != 0)
			break;
		n = recv(fd, bytes, sizeof(bytes), 0);
		if (n <= 0)
			break;
		text_add(&in, slice_of(bytes, (size_t)n));
		rest = text_slice(&in);
		while (!visit.is_over && slice_cut(&rest, '\n', &line)) {
			lines++;
			retrs += slice_has_prefix(line, "RETR");
			if (!visit.is_mute)
				answer(&visit, slice_trim(line));
			if (visit.out.len > 1 << 20)
				write_all(&visit);
		}
		if (lines > remote->most_at_once)
			remote->most_at_once = lines;
		if (retrs > remote->most_retrs)
			remote->most_retrs = retrs;
		text_consume(&in, in.len - rest.len);
		write_all(&visit);
	}
	text_free(&visit.out);
	text_free(&in);
	(void)close(fd);
}

static void *
serve(void *arg)
{
	struct remote *remote = arg;

	for (;;) {
		struct pollfd fds[2] = { { remote->listener, POLLIN, 0 },
		    { remote->stop[0], POLLIN, 0 } };
		int fd;

		(void)poll(fds, 2, -1);
		if (fds[1].revents != 0)
			return NULL;
		fd = accept(remote->listener, NULL, NULL);
		if (fd >= 0)
			converse(remote, fd);
	}
}

void
remote_start(struct remote *remote)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
	    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(address);

	remote->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(remote->listener, (void *)&address, len), 0);
	ck_assert_int_eq(listen(remote->listener, 8), 0);
	ck_assert_int_eq(getsockname(remote->listener, (void *)&address,
	    &len), 0);
	remote->port = ntohs(address.sin_port);
	ck_assert_int_eq(pipe(remote->stop), 0);
	ck_assert_int_eq(pthread_create(&remote->thread, NULL, serve, remote),
	    0);
}

void
remote_stop(struct remote *remote)
{
	ck_assert_int_eq(write(remote->stop[1], "x", 1), 1);
	ck_assert_int_eq(pthread_join(remote->thread, NULL), 0);
	(void)close(remote->listener);
	(void)close(remote->stop[0]);
	(void)close(remote->stop[1]);
}

void
remote_free(struct remote *remote)
{
	text_free(&remote->heard);
	free(remote);
}
