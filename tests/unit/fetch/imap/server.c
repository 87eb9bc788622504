/*
 * server.c - an IMAP server that behaves as badly as it is told to
 */
#include "tests/unit/fetch/imap/server.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct visit {
	struct server	*server;
	struct server_folder *folder;
	int		 fd;
	struct text	 out, late;
	bool		 is_over;
	char		 tag[32];
};

struct server *
server_new(void)
{
	struct server *server = calloc(1, sizeof(*server));

	ck_assert_ptr_nonnull(server);
	server->heard = (struct text)TEXT_INIT(16 << 20);
	server->greeting = "* OK ready";
	server->capability = "IMAP4rev1 SASL-IR UIDPLUS AUTH=PLAIN";
	server->login = "OK in";
	(void)server_folder(server, "INBOX", "");
	return server;
}

struct server_folder *
server_folder(struct server *server, const char *name, const char *attributes)
{
	struct server_folder *folder =
	    &server->folders[server->folder_count++];

	ck_assert_uint_le(server->folder_count, SERVER_FOLDERS);
	folder->name = name;
	folder->attributes = attributes;
	folder->uidvalidity = 900 + server->folder_count;
	return folder;
}

struct server_mail *
server_mail(struct server_folder *folder, struct slice bytes)
{
	struct server_mail *mail = &folder->mail[folder->count++];

	ck_assert_uint_le(folder->count, SERVER_MAIL);
	mail->uid = folder->count * 10;
	mail->bytes = bytes;
	return mail;
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
say(struct visit *visit, const char *line)
{
	text_addf(&visit->out, "%s\r\n", line);
}

static void
end_with(struct visit *visit, const char *words)
{
	text_addf(visit->server->is_hasty ? &visit->late : &visit->out,
	    "%s %s\r\n", visit->tag, words);
}

/*
 * BODY[]<from.count> of a message: what is given of it, and "<from>".  False:
 * nothing is.
 */
static bool
take_part(const struct server *server, struct slice asked,
    struct slice *bytes, struct text *origin)
{
	struct slice from, count, before;
	uint64_t at = 0, most = 0;

	if (!slice_cut(&asked, '<', &before) || !slice_cut(&asked, '.', &from) ||
	    !slice_cut(&asked, '>', &count) ||
	    slice_u64(from, UINT32_MAX, &at) < 0 ||
	    slice_u64(count, UINT32_MAX, &most) < 0)
		return true;
	if (server->partial == PARTIAL_REFUSED)
		return false;
	if (server->partial == PARTIAL_IGNORED)
		return true;
	*bytes = slice_first(slice_after(*bytes, (size_t)at), (size_t)most);
	if (server->partial == PARTIAL_SHORT)
		bytes->len--;
	text_addf(origin, "<%u>", (unsigned)at +
	    (server->partial == PARTIAL_OTHER));
	return true;
}

/* RFC 9051 5.5: what comes behind it is about what it changes. */
static void
end_now(struct visit *visit, const char *words)
{
	text_addf(&visit->out, "%s %s\r\n", visit->tag, words);
}

static void
say_text(struct visit *visit, const struct server_mail *mail, unsigned number,
    bool is_header, struct slice asked)
{
	struct server *server = visit->server;
	struct slice bytes = mail->bytes;
	size_t end = slice_find_str(bytes, "\r\n\r\n"), before;
	TEXT_AUTO origin = TEXT_INIT(32);

	if (!take_part(server, asked, &bytes, &origin)) {
		end_with(visit, "NO not in parts");
		return;
	}
	if (is_header && end != SIZE_MAX)
		bytes = slice_first(bytes, end + 4);
	text_addf(&visit->out, "* %u FETCH (UID %u FLAGS (%s) INTERNALDATE "
	    "\"17-Jul-1996 02:44:25 -0700\" BODY[%s]%.*s {", number,
	    server->wrong_uid != 0 ? server->wrong_uid : mail->uid,
	    mail->flags == NULL ? "" : mail->flags,
	    is_header ? "HEADER" : "", SLICE_FMT(text_slice(&origin)));
	if (server->literal != NULL)
		text_add_str(&visit->out, server->literal);
	else
		text_addf(&visit->out, "%d",
		    (int)bytes.len + server->literal_off);
	say(visit, "}");
	before = visit->out.len;
	text_add(&visit->out, bytes);
	server->sent += visit->out.len - before;
	if (server->cut_after != 0 && server->sent >= server->cut_after) {
		visit->out.len -= server->sent - server->cut_after;
		visit->is_over = true;
		return;
	}
	say(visit, ")");
	end_with(visit, server->fetch_end != NULL ? server->fetch_end :
	    "OK done");
	if (!is_header && ++server->texts == server->bye_after) {
		say(visit, "* BYE going down");
		visit->is_over = true;
	}
}

static void
fetch(struct visit *visit, struct slice words)
{
	struct server_folder *folder = visit->folder;
	bool is_text = slice_find_str(words, "BODY.PEEK[]") != SIZE_MAX;
	bool is_header = slice_find_str(words, "BODY.PEEK[HEADER]") !=
	    SIZE_MAX;
	struct slice set;
	uint64_t uid = 0;

	if (folder == NULL || (visit->server->empty_is_bad &&
	    folder->count == 0)) {
		end_with(visit, "BAD there is nothing");
		return;
	}
	(void)slice_word(&words, &set);
	(void)slice_u64(set, UINT32_MAX, &uid);
	for (unsigned i = 0; i < visit->server->noise_times &&
	    !visit->is_over; i++) {
		say(visit, visit->server->noise);
		if (visit->out.len > 65536)
			write_all(visit);
	}
	for (unsigned i = 0; i < folder->count; i++) {
		struct server_mail *mail = &folder->mail[i];

		if (mail->is_gone || (mail->is_unreadable && uid != 0))
			continue;
		if ((is_text || is_header) && mail->uid == uid) {
			say_text(visit, mail, i + 1, is_header, words);
			return;
		}
		if (is_text || is_header)
			continue;
		if (mail->listed != NULL)
			text_addf(&visit->out, "* %u FETCH (UID %u RFC822.SIZE "
			    "%s)\r\n", i + 1, mail->uid, mail->listed);
		else
			text_addf(&visit->out, "* %u FETCH (RFC822.SIZE %zu UID "
			    "%u)\r\n", i + 1, mail->bytes.len, mail->uid);
	}
	end_with(visit, "OK done");
}

/* A set of UIDs, commas between. */
static void
each_of(struct visit *visit, struct slice set, bool expunge)
{
	struct slice one;
	bool more = true;
	uint64_t uid = 0;

	while (more) {
		more = slice_cut(&set, ',', &one);
		(void)slice_u64(more ? one : set, UINT32_MAX, &uid);
		for (unsigned i = 0; i < visit->folder->count; i++) {
			struct server_mail *mail = &visit->folder->mail[i];

			if (mail->uid != uid)
				continue;
			mail->is_gone = expunge && mail->is_deleted;
			mail->is_deleted = true;
		}
	}
}

static void
uid_command(struct visit *visit, struct slice words)
{
	struct slice verb, set;

	(void)slice_word(&words, &verb);
	if (slice_is_word(verb, "FETCH")) {
		fetch(visit, words);
		return;
	}
	(void)slice_word(&words, &set);
	each_of(visit, set, slice_is_word(verb, "EXPUNGE"));
	end_with(visit, "OK done");
}

static void
select_folder(struct visit *visit, struct slice name)
{
	struct server *server = visit->server;

	for (unsigned i = 0; i < server->folder_count; i++) {
		struct server_folder *folder = &server->folders[i];
		TEXT_AUTO quoted = TEXT_INIT(1024);

		text_addf(&quoted, folder->name[0] == '"' ? "%s" : "\"%s\"",
		    folder->name);
		if (!slice_is(text_slice(&quoted), name))
			continue;
		if (folder->is_closed)
			break;
		visit->folder = folder;
		text_addf(&visit->out, "* %u EXISTS\r\n", folder->count);
		if (folder->uidvalidity != 0)
			text_addf(&visit->out, "* OK [UIDVALIDITY %u] x\r\n",
			    folder->uidvalidity);
		if (server->opens_late)
			text_addf(&visit->late, "%s OK done\r\n", visit->tag);
		else
			end_now(visit, "OK [READ-WRITE] done");
		return;
	}
	end_now(visit, "NO no such folder");
}

static void
list_folders(struct visit *visit)
{
	for (unsigned i = 0; i < visit->server->folder_count; i++)
		text_addf(&visit->out, "* LIST (%s) \"/\" %s\r\n",
		    visit->server->folders[i].attributes,
		    visit->server->folders[i].name);
	end_with(visit, "OK done");
}

static void
answer(struct visit *visit, struct slice line)
{
	struct server *server = visit->server;
	struct slice tag, verb = { NULL, 0 };

	if (!slice_word(&line, &tag))
		return;
	(void)slice_cstr(tag, visit->tag, sizeof(visit->tag));
	line = slice_trim(line);
	text_add(&server->heard, line);
	text_add_byte(&server->heard, '\n');
	(void)slice_word(&line, &verb);
	line = slice_trim(line);
	if (slice_is_word(verb, "CAPABILITY")) {
		text_addf(&visit->out, "* CAPABILITY %s\r\n",
		    server->capability);
		end_with(visit, "OK done");
	} else if (slice_is_word(verb, "LOGIN") ||
	    slice_is_word(verb, "AUTHENTICATE")) {
		end_with(visit, server->login);
	} else if (server->is_mute) {
		return;
	} else if (slice_is_word(verb, "LIST")) {
		list_folders(visit);
	} else if (slice_is_word(verb, "SELECT") ||
	    slice_is_word(verb, "EXAMINE")) {
		select_folder(visit, line);
	} else if (slice_is_word(verb, "UID")) {
		uid_command(visit, line);
	} else if (slice_is_word(verb, "LOGOUT")) {
		server->has_logged_out = true;
		say(visit, "* BYE");
		end_with(visit, "OK bye");
		visit->is_over = true;
	} else {
		end_with(visit, "BAD what?");
	}
}

/* How many texts are asked for at once. */
static void
count_texts(struct server *server, struct slice input)
{
	unsigned n = 0;
	size_t at;

	while ((at = slice_find_str(input, "BODY.PEEK[]")) != SIZE_MAX) {
		n++;
		input = slice_after(input, at + 1);
	}
	if (n > server->most_texts)
		server->most_texts = n;
	if (server->most_texts == 0)
		server->flights++;
}

static void
converse(struct visit *visit)
{
	struct server *server = visit->server;
	TEXT_AUTO in = TEXT_INIT(1 << 20);
	struct slice rest, line;
	char bytes[65536];
	ssize_t n;

	say(visit, server->greeting);
	write_all(visit);
	while (!visit->is_over) {
		struct pollfd wait[2] = {
			{ visit->fd, POLLIN, 0 }, { server->stop[0], POLLIN, 0 }
		};

		if (poll(wait, 2, -1) < 0 || wait[1].revents != 0)
			break;
		n = recv(visit->fd, bytes, sizeof(bytes), 0);
		if (n <= 0)
			break;
		text_add(&in, slice_of(bytes, (size_t)n));
		rest = text_slice(&in);
		count_texts(server, rest);
		while (!visit->is_over && slice_cut(&rest, '\n', &line)) {
			answer(visit, slice_trim(line));
			if (visit->out.len > 65536)
				write_all(visit);
		}
		text_consume(&in, in.len - rest.len);
		text_add(&visit->out, text_slice(&visit->late));
		text_clear(&visit->late);
		write_all(visit);
	}
}

static void *
serve(void *arg)
{
	struct server *server = arg;

	for (;;) {
		struct visit visit = {
			.server = server, .out = TEXT_INIT(64 << 20),
			.late = TEXT_INIT(1 << 20)
		};
		struct pollfd wait[2] = {
			{ server->listener, POLLIN, 0 },
			{ server->stop[0], POLLIN, 0 }
		};

		if (poll(wait, 2, -1) < 0 || wait[1].revents != 0)
			return NULL;
		visit.fd = accept(server->listener, NULL, NULL);
		if (visit.fd < 0)
			return NULL;
		server->conversations++;
		converse(&visit);
		(void)close(visit.fd);
		text_free(&visit.out);
		text_free(&visit.late);
	}
}

void
server_start(struct server *server)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	socklen_t len = sizeof(at);

	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(server->listener, 0);
	ck_assert_int_eq(bind(server->listener, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(server->listener, 8), 0);
	ck_assert_int_eq(getsockname(server->listener, (struct sockaddr *)&at,
	    &len), 0);
	server->port = ntohs(at.sin_port);
	ck_assert_int_eq(pipe(server->stop), 0);
	ck_assert_int_eq(pthread_create(&server->thread, NULL, serve, server),
	    0);
}

void
server_stop(struct server *server)
{
	ck_assert_int_eq((int)write(server->stop[1], "x", 1), 1);
	ck_assert_int_eq(pthread_join(server->thread, NULL), 0);
	(void)close(server->stop[0]);
	(void)close(server->stop[1]);
	(void)close(server->listener);
}

void
server_free(struct server *server)
{
	text_free(&server->heard);
	free(server);
}

unsigned
server_heard(const struct server *server, const char *part)
{
	struct slice rest = text_slice(&server->heard), line;
	unsigned n = 0;

	while (slice_cut(&rest, '\n', &line))
		n += slice_has_prefix(line, part);
	return n;
}
