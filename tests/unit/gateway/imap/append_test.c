/*
 * append_test.c - messages that a client saves, large ones above all
 *
 * A session over a socket pair and a real account; the queue that writes the
 * big files is played.  The commands themselves are in tests/wire/imap-append*.
 */
#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/imap/imap.h"
#include "lib/message/structure.h"
#include "lib/message/words.h"
#include "store/folders.h"
#include "store/selected.h"
#include "tests/unit/gateway/pop3/peer.h"
#include "tests/unit/queue/scratch.h"

#define LIMIT	(1024 * 1024)	/* of a message */
#define SIZE	300000u		/* of a big one */
#define MANY	1000000u	/* more than the account may have memory for */

enum due { DUE_NOTHING, DUE_BIG, DUE_FILE, DUE_KEPT };

static struct scratch scratch;
static struct loop *loop;
static struct account *account;
static struct pop3_peer peer;
static struct imapd_session *session;
static unsigned ended;

/* The queue: what it was asked, what it says, what it has. */
static struct {
	enum due	 due;		/* it has to answer */
	bool		 is_silent;	/* and does not */
	bool		 is_slow;	/* it leaves the pipe alone */
	int		 file_status, keep_status;
	uint64_t	 said_bytes;	/* of the last file */
	uint64_t	 lie;		/* on top of its size */
	unsigned	 files, keeps, abandons, forgets;
	int		 pipe;		/* its end; -1: none */
	struct text	 got;		/* the file */
	struct message_id id;
	unsigned	 unrefs, unrefs_before_abandon;
	unsigned	 saved;		/* told for the trail */
	char		 subject[64];	/* the last one's */
	imapd_big_fn	*big;
	imapd_file_fn	*file;
	imapd_kept_fn	*kept;
	void		*arg;
	struct timer	*timer;
} queue;

/* Read what is in the pipe. */
static void
drain(void)
{
	char bytes[65536];
	ssize_t n;

	while (queue.pipe >= 0 &&
	    (n = read(queue.pipe, bytes, sizeof(bytes))) > 0)
		text_add(&queue.got, slice_of(bytes, (size_t)n));
}

static void
pipe_close(void)
{
	if (queue.pipe >= 0)
		(void)close(queue.pipe);
	queue.pipe = -1;
}

static void
answer_file(void)
{
	struct imapd_file file = { .ticket = 70 + queue.files,
	    .id = queue.id };
	int pair[2];

	if (queue.file_status < 0) {
		queue.file(queue.arg, queue.file_status, NULL);
		return;
	}
	ck_assert_int_eq(pipe2(pair, O_NONBLOCK | O_CLOEXEC), 0);
	pipe_close();
	queue.pipe = pair[0];
	file.pipe = pair[1];
	text_clear(&queue.got);
	queue.file(queue.arg, 0, &file);
}

static void
answer_kept(void)
{
	drain();
	pipe_close();
	queue.kept(queue.arg, queue.keep_status, queue.got.len + queue.lie);
}

static void
answer_big(void)
{
	int fd = memfd_create("big", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, queue.got.at, queue.got.len),
	    (ssize_t)queue.got.len);
	queue.big(queue.arg, fd);
}

/* A turn of the queue. */
static void
on_time(void *arg)
{
	enum due due = queue.due;

	(void)arg;
	if (!queue.is_slow)
		drain();
	timer_set(queue.timer, 1);
	if (due == DUE_NOTHING || queue.is_silent)
		return;
	queue.due = DUE_NOTHING;
	if (due == DUE_FILE)
		answer_file();
	else if (due == DUE_KEPT)
		answer_kept();
	else
		answer_big();
}

static int
ask_big(void *arg, const struct message_id *id, imapd_big_fn *reply,
    void *reply_arg)
{
	(void)arg;
	ck_assert_int_eq(message_id_order(id, &queue.id), 0);
	queue.big = reply;
	queue.arg = reply_arg;
	queue.due = DUE_BIG;
	return 0;
}

static int
ask_file(void *arg, uint64_t bytes, imapd_file_fn *reply, void *reply_arg)
{
	(void)arg;
	queue.file = reply;
	queue.arg = reply_arg;
	queue.due = DUE_FILE;
	queue.said_bytes = bytes;
	queue.id.bytes[9] = (unsigned char)++queue.files;
	return 0;
}

static int
ask_keep(void *arg, uint64_t ticket, imapd_kept_fn *reply, void *reply_arg)
{
	(void)arg;
	ck_assert_uint_eq(ticket, 70 + queue.files);
	queue.kept = reply;
	queue.arg = reply_arg;
	queue.due = DUE_KEPT;
	queue.keeps++;
	return 0;
}

static void
abandon(void *arg, uint64_t ticket)
{
	(void)arg;
	ck_assert_uint_eq(ticket, 70 + queue.files);
	queue.abandons++;
	queue.unrefs_before_abandon = queue.unrefs;
}

static void
forget(void *arg, void *reply_arg)
{
	(void)arg;
	(void)reply_arg;
	queue.due = DUE_NOTHING;
	queue.forgets++;
}

static int
on_unref(void *arg, const struct message_id *big)
{
	(void)arg;
	ck_assert_int_eq(message_id_order(big, &queue.id), 0);
	queue.unrefs++;
	return 0;
}

static void
step(void *arg, const struct message_id *ids, size_t count, const char *what)
{
	(void)arg;
	(void)ids;
	(void)count;
	(void)what;
}

static void
saved(void *arg, const struct imapd_saved *what)
{
	(void)arg;
	queue.saved++;
	ck_assert(slice_is_str(what->mailbox, "INBOX"));
	ck_assert_int_eq(slice_cstr(what->subject, queue.subject,
	    sizeof(queue.subject)), 0);
}

static void
failed(void *arg, int error)
{
	(void)arg;
	/* the end of the process: nothing here is as bad */
	ck_assert_int_ne(error, -EIO);
}

static void
wrote(void *arg)
{
	(void)arg;
}

static void
on_ended(void *arg, struct imapd_session *gone)
{
	(void)arg;
	ck_assert_ptr_eq(gone, session);
	session = NULL;
	ended++;
}

static const struct imapd_session_ports ports = {
	.big = ask_big, .file = ask_file, .keep = ask_keep,
	.abandon = abandon, .forget = forget, .step = step, .saved = saved,
	.failed = failed, .wrote = wrote, .ended = on_ended,
};

static void
set_up(void)
{
	const struct account_options account_options = {
		.segment_bytes = 1 << 20, .uid_block = 1000
	};
	const struct imapd_session_options options = {
		.hostname = "hub.office.test", .login = SLICE("ann"),
		.tag = SLICE("L"), .message_bytes = LIMIT, .imports = true,
	};
	unsigned needs;
	int fd;

	(void)signal(SIGPIPE, SIG_IGN);
	memset(&queue, 0, sizeof(queue));
	queue.pipe = -1;
	queue.got = (struct text)TEXT_INIT(4 * LIMIT);
	queue.id.bytes[0] = 1;
	ended = 0;
	ck_assert_int_eq(words_open(), 0);
	scratch = scratch_new();
	loop = loop_new();
	queue.timer = timer_new(loop, on_time, NULL);
	timer_set(queue.timer, 1);
	ck_assert_int_eq(account_open(scratch.fd, &account_options, &account,
	    &needs), 0);
	account_on_unref(account, on_unref, NULL);
	pop3_peer_open(&peer, loop, &fd);
	session = imapd_session_new(loop, fd, account, &options, &ports);
	ck_assert_ptr_nonnull(session);
}

static void
tear_down(void)
{
	if (session != NULL)
		imapd_session_close(session, "the end");
	for (int i = 0; i < 3; i++) {
		pop3_peer_turn(&peer);
		(void)shutdown(peer.fd, SHUT_RDWR);
	}
	pop3_peer_close(&peer);
	ck_assert_int_eq(account_close(account), 0);
	pipe_close();
	timer_free(queue.timer);
	text_free(&queue.got);
	loop_free(loop);
	scratch_drop(&scratch);
	words_close();
}

/* Wait until that has come. */
static struct slice
await(const char *ending)
{
	uint64_t until = clock_ms() + PEER_GUARD_MS;

	while (slice_find_str(text_slice(&peer.got), ending) == SIZE_MAX &&
	    clock_ms() < until)
		pop3_peer_turn(&peer);
	ck_assert_msg(slice_find_str(text_slice(&peer.got), ending) !=
	    SIZE_MAX, "%s does not come: %.*s", ending,
	    SLICE_FMT(text_slice(&peer.got)));
	return text_slice(&peer.got);
}

/* Say it, and wait until that has come. */
static struct slice
ask(const char *say, const char *ending)
{
	text_clear(&peer.got);
	pop3_peer_say(&peer, slice_str(say));
	return await(ending);
}

static bool
has(struct slice s, const char *part)
{
	return slice_find_str(s, part) != SIZE_MAX;
}

/* `bytes` of a message, said; it begins with a header. */
static void
say_message(size_t bytes, const char *line)
{
	TEXT_AUTO message = TEXT_INIT(4 * LIMIT);

	text_add_str(&message, "Subject: big\r\n\r\n");
	while (message.len < bytes)
		text_add_str(&message, line);
	ck_assert(!text_failed(&message));
	pop3_peer_say(&peer, slice_first(text_slice(&message), bytes));
}

static uint64_t
messages(void)
{
	struct folder_status status;

	ck_assert_int_eq(folder_status(account, MAILBOX_INBOX, &status), 0);
	return status.messages;
}

/* RFC 9051 6.3.12; RFC 7889: the limit is the one that is told */
START_TEST(a_big_message_is_kept_and_read_again)
{
	struct slice got;

	ck_assert(has(ask("c CAPABILITY\r\n", "c OK"),
	    " APPENDLIMIT=1048576"));
	(void)ask("a APPEND INBOX (\\Seen) {300000}\r\n", "+ ");
	ck_assert_uint_eq(queue.said_bytes, SIZE);
	say_message(SIZE, "a line of text\r\n");
	(void)ask("\r\n", "a OK [APPENDUID ");
	ck_assert_uint_eq(queue.got.len, SIZE);
	ck_assert_uint_eq(queue.keeps, 1);
	ck_assert_uint_eq(queue.saved, 1);
	ck_assert_str_eq(queue.subject, "big");
	(void)ask("s SELECT INBOX\r\n", "s OK");
	got = ask("f FETCH 1 (FLAGS RFC822.SIZE BODY.PEEK[])\r\n", "f OK");
	ck_assert(has(slice_first(got, 120),
	    "FLAGS (\\Seen \\Recent) RFC822.SIZE 300000 BODY[] {300000}\r\n"
	    "Subject: big\r\n"));
	ck_assert_uint_gt(got.len, SIZE);
	ck_assert(has(ask("e FETCH 1 (ENVELOPE)\r\n", "e OK"), "\"big\""));
	ck_assert_uint_eq(queue.abandons + queue.unrefs, 0);
}
END_TEST

/* DESIGN.md 3, line ends: what is stored has CRLF and no NUL */
START_TEST(line_ends_of_a_big_message_are_mended)
{
	static const char bytes[] = "\n\0\r";
	TEXT_AUTO want = TEXT_INIT(4 * LIMIT);

	(void)ask("a APPEND INBOX ~{300000}\r\n", "+ ");
	for (unsigned i = 0; i < SIZE / 3; i++) {
		pop3_peer_say(&peer, slice_of(bytes, 3));
		text_add_str(&want, "\r\n\x80\r\n");
	}
	/* the CR before the next LF is the end of one line with it */
	(void)ask("\r\n", "a OK");
	text_clear(&want);
	text_add_str(&want, "\r\n\x80\r\n");
	for (unsigned i = 1; i < SIZE / 3; i++)
		text_add_str(&want, "\x80\r\n");
	ck_assert_uint_eq(queue.got.len, want.len);
	ck_assert_mem_eq(queue.got.at, want.at, want.len);
}
END_TEST

/* Small as the client told it, and big as it is stored. */
START_TEST(a_message_that_grows_becomes_a_big_one)
{
	(void)ask("a APPEND INBOX {100000}\r\n", "+ ");
	ck_assert_uint_eq(queue.files, 0);
	for (unsigned i = 0; i < 100000 / 50; i++)
		pop3_peer_say(&peer, slice_str("\n\n\n\n\n\n\n\n\n\n"
		    "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
		    "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"));
	(void)ask("\r\n", "a OK");
	ck_assert_uint_eq(queue.files, 1);
	ck_assert_uint_eq(queue.got.len, 200000);
	ck_assert_uint_eq(messages(), 1);
}
END_TEST

/* RFC 3502 6.3.11: all or none, in their order */
START_TEST(small_and_big_ones_come_together)
{
	struct slice got;

	(void)ask("a APPEND INBOX {8+}\r\nA: 1\r\n\r\n {300000}\r\n", "+ ");
	say_message(SIZE, "a line of text\r\n");
	(void)ask(" (\\Draft) {200000}\r\n", "+ ");
	say_message(200000, "another line\r\n");
	(void)ask(" {8+}\r\nA: 4\r\n\r\n\r\n", "a OK [APPENDUID ");
	ck_assert_uint_eq(queue.files, 2);
	ck_assert_uint_eq(queue.saved, 4);
	ck_assert_uint_eq(messages(), 4);
	(void)ask("s SELECT INBOX\r\n", "s OK");
	got = ask("f FETCH 1:4 (UID FLAGS RFC822.SIZE)\r\n", "f OK");
	ck_assert(has(got, "* 1 FETCH (UID 1 FLAGS (\\Recent) RFC822.SIZE 8)\r\n"
	    "* 2 FETCH (UID 2 FLAGS (\\Recent) RFC822.SIZE 300000)\r\n"
	    "* 3 FETCH (UID 3 FLAGS (\\Draft \\Recent) RFC822.SIZE "));
	ck_assert(has(got, "* 4 FETCH (UID 4 FLAGS (\\Recent) RFC822.SIZE "
	    "8)\r\n"));
}
END_TEST

static const struct {
	int		 file_status, keep_status;
	uint64_t	 lie;
	const char	*words;
} refusals[] = {
	{ -ENOSPC, 0, 0, "a NO [UNAVAILABLE] the disk is full" },
	{ -EDQUOT, 0, 0, "a NO [LIMIT] other large messages" },
	{ -ENOTCONN, 0, 0, "a NO [UNAVAILABLE]" },
	{ 0, -ENOSPC, 0, "a NO [UNAVAILABLE] the disk is full" },
	{ 0, -EFBIG, 0, "a NO [TOOBIG]" },
	{ 0, -EIO, 0, "a NO [UNAVAILABLE]" },
	{ 0, -ESTALE, 0, "a NO [UNAVAILABLE]" },
	{ 0, 0, 1, "a NO [UNAVAILABLE]" },
};
#define REFUSALS ((int)(sizeof(refusals) / sizeof(*refusals)))

/* Nothing is kept, a small one of the same command neither, and all goes on. */
START_TEST(what_the_queue_refuses_is_not_kept)
{
	struct slice got;

	queue.file_status = refusals[_i].file_status;
	queue.keep_status = refusals[_i].keep_status;
	queue.lie = refusals[_i].lie;
	(void)ask("a APPEND INBOX {8}\r\n", "+ ");
	got = ask("A: 1\r\n\r\n {300000}\r\n", queue.file_status == 0 ?
	    "+ " : refusals[_i].words);
	ck_assert(has(got, "+ ") == (queue.file_status == 0));
	if (queue.file_status == 0) {
		say_message(SIZE, "a line of text\r\n");
		(void)ask("\r\n", refusals[_i].words);
		/* noted before it was counted, and told when it was over */
		ck_assert_uint_eq(queue.unrefs, 1);
	}
	(void)ask("n NOOP\r\n", "n OK");
	ck_assert_uint_eq(messages(), 0);
	ck_assert_uint_eq(queue.abandons, 0);
	queue.file_status = queue.keep_status = 0;
	queue.lie = 0;
	(void)ask("b APPEND INBOX {300000}\r\n", "+ ");
	say_message(SIZE, "a line of text\r\n");
	(void)ask("\r\n", "b OK");
	ck_assert_uint_eq(messages(), 1);
}
END_TEST

START_TEST(a_message_over_the_limit_is_not_asked_for)
{
	ck_assert(!has(ask("a APPEND INBOX {1048577}\r\n", "a NO [TOOBIG]"),
	    "+ "));
	ck_assert_uint_eq(queue.files, 0);
	(void)ask("b APPEND nowhere {300000}\r\n", "b NO [TRYCREATE]");
	ck_assert_uint_eq(queue.files, 0);
}
END_TEST

/* The queue ends: the rest of the message goes nowhere, and then it is said. */
START_TEST(a_queue_that_ends_costs_one_answer)
{
	(void)ask("a APPEND INBOX {1000000}\r\n", "+ ");
	say_message(SIZE, "a line of text\r\n");
	pipe_close();
	say_message(1000000 - SIZE, "a line of text\r\n");
	(void)ask("\r\n", "a NO [UNAVAILABLE]");
	ck_assert_uint_eq(queue.keeps, 0);
	ck_assert_uint_eq(messages(), 0);
	(void)ask("n NOOP\r\n", "n OK");
}
END_TEST

/* What the queue does not take stays with the client. */
START_TEST(a_slow_queue_slows_the_client)
{
	TEXT_AUTO message = TEXT_INIT(4 * LIMIT);
	size_t sent = 0;
	ssize_t n;

	(void)ask("a APPEND INBOX {1000000}\r\n", "+ ");
	queue.is_slow = true;
	while (message.len < MANY)
		text_add_str(&message, "a line of 16 b\r\n");
	/* until nothing is taken in many turns */
	for (unsigned idle = 0; idle < 200;) {
		n = send(peer.fd, message.at + sent, MANY - sent,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		idle = n > 0 ? 0 : idle + 1;
		sent += n > 0 ? (size_t)n : 0;
		pop3_peer_turn(&peer);
	}
	ck_assert_uint_lt(sent, MANY);
	ck_assert_uint_eq(queue.got.len, 0);
	queue.is_slow = false;
	pop3_peer_say(&peer, slice_after(text_slice(&message), sent));
	(void)ask("\r\n", "a OK");
	ck_assert_uint_eq(queue.got.len, MANY);
	ck_assert_mem_eq(queue.got.at, message.at, MANY);
}
END_TEST

enum point { ASKED, HALF, FULL, KEEPING, POINTS };

/* Wherever the client goes: the file is given up, then told as not needed. */
START_TEST(a_client_that_leaves_has_saved_nothing)
{
	uint64_t until = clock_ms() + PEER_GUARD_MS;

	queue.is_silent = _i == ASKED;
	(void)ask("a APPEND INBOX {300000}\r\n", _i == ASKED ? "" : "+ ");
	while (queue.files == 0 && clock_ms() < until)
		pop3_peer_turn(&peer);
	if (_i == FULL)
		queue.is_slow = true;
	queue.is_silent = _i == KEEPING || _i == ASKED;
	if (_i == KEEPING)
		say_message(SIZE, "a line of text\r\n");
	else if (_i != ASKED)
		say_message(150000, "a line of text\r\n");
	while (_i == KEEPING && queue.keeps == 0 && clock_ms() < until)
		pop3_peer_turn(&peer);
	if (_i == ASKED || _i == KEEPING)
		imapd_session_close(session, "the hub is ending");
	else
		(void)shutdown(peer.fd, SHUT_RDWR);
	queue.is_slow = false;
	while (ended == 0 && clock_ms() < until)
		pop3_peer_turn(&peer);
	ck_assert_uint_eq(ended, 1);
	ck_assert_uint_eq(queue.abandons, _i == ASKED ? 0 : 1);
	ck_assert_uint_eq(queue.forgets, _i == ASKED || _i == KEEPING ? 1 : 0);
	ck_assert_uint_eq(queue.unrefs, _i == KEEPING ? 1 : 0);
	ck_assert_uint_eq(queue.unrefs_before_abandon, 0);
	ck_assert_uint_eq(messages(), 0);
}
END_TEST

static int
look_at_structure(void *arg, size_t n, const struct letter_facts *facts)
{
	struct structure structure;
	unsigned *found = arg;

	(void)n;
	*found += facts != NULL &&
	    structure_open(facts->structure, &structure) == 0;
	return 0;
}

/* A client that saves a draft lists it at once. */
START_TEST(a_small_message_is_kept_with_its_structure)
{
	struct selected *selected;
	unsigned found = 0;

	(void)ask("a APPEND INBOX {8+}\r\nA: 1\r\n\r\n {5+}\r\nwords\r\n",
	    "a OK");
	ck_assert_int_eq(selected_open(account, MAILBOX_INBOX, &selected), 0);
	ck_assert_int_eq(selected_facts(selected, 0, 2, FACTS_STRUCTURE,
	    look_at_structure, &found), 0);
	ck_assert_uint_eq(found, 2);
	selected_close(selected);
}
END_TEST

/* RFC 8508 3.4: a draft with attachments, by the next one */
START_TEST(a_big_message_replaces_another)
{
	struct slice got;

	(void)ask("a APPEND INBOX {8+}\r\nA: 1\r\n\r\n\r\n", "a OK");
	(void)ask("s SELECT INBOX\r\n", "s OK");
	(void)ask("b UID REPLACE 1 INBOX (\\Draft) UTF8 (~{300000}\r\n", "+ ");
	say_message(SIZE, "a line of text\r\n");
	got = ask(")\r\n", "b OK");
	ck_assert(has(got, " 2] it is kept\r\n* 1 EXPUNGE\r\n"
	    "* 1 EXISTS\r\n"));
	ck_assert_uint_eq(messages(), 1);
	ck_assert(has(ask("f FETCH 1 (UID FLAGS RFC822.SIZE)\r\n", "f OK"),
	    "(UID 2 FLAGS (\\Draft \\Recent) RFC822.SIZE 300000)"));
	/* and that by a small one: its file is not needed any more */
	(void)ask("c REPLACE 1 INBOX {8+}\r\nA: 3\r\n\r\n\r\n", "c OK");
	ck_assert_uint_eq(messages(), 1);
	ck_assert(has(ask("g FETCH 1 (UID FLAGS)\r\n", "g OK"),
	    "(UID 3 FLAGS (\\Recent))"));
}
END_TEST

/* Of a new one that cannot be stored there is nothing, and the old one stays. */
START_TEST(what_cannot_be_kept_replaces_nothing)
{
	(void)ask("a APPEND INBOX {8+}\r\nA: 1\r\n\r\n\r\n", "a OK");
	(void)ask("s SELECT INBOX\r\n", "s OK");
	queue.keep_status = -ENOSPC;
	(void)ask("b REPLACE 1 INBOX {300000}\r\n", "+ ");
	say_message(SIZE, "a line of text\r\n");
	ck_assert(!has(ask("\r\n", "b NO [UNAVAILABLE]"), "EXPUNGE"));
	ck_assert(has(ask("f UID FETCH 1:* (UID)\r\n", "f OK"),
	    "* 1 FETCH (UID 1)\r\n"));
	ck_assert_uint_eq(messages(), 1);
	/* nor does one of which a part is missing when the client leaves */
	queue.keep_status = 0;
	(void)ask("c REPLACE 1 INBOX {300000}\r\n", "+ ");
	say_message(SIZE / 2, "a line of text\r\n");
	(void)shutdown(peer.fd, SHUT_WR);
	while (session != NULL)
		pop3_peer_turn(&peer);
	ck_assert_uint_eq(messages(), 1);
}
END_TEST

#define KEY(last)	"X-IMPORTED (0123456789abcdef0123456789ABCDE" last ")"

/* What was brought is brought once, whatever became of it since. */
START_TEST(an_import_goes_on_where_it_stopped)
{
	(void)ask("a APPEND INBOX (\\Seen) \"17-Jul-2024 02:44:25 -0700\" "
	    KEY("1") " {4+}\r\nA: 1 (x) " KEY("2") " {4+}\r\nA: 2\r\n",
	    "a OK [APPENDUID ");
	ck_assert_uint_eq(messages(), 2);
	/* the second of these is new; a big one is not even asked for */
	ck_assert(has(ask("b APPEND INBOX " KEY("1") " {4+}\r\nA: 1 " KEY("3")
	    " {4+}\r\nA: 3\r\n", "b OK"), " 3] "));
	ck_assert_uint_eq(messages(), 3);
	(void)ask("s SELECT INBOX\r\n", "s OK");
	(void)ask("d STORE 1:* FLAGS (\\Deleted)\r\n", "d OK");
	(void)ask("e EXPUNGE\r\n", "e OK");
	(void)ask("c APPEND INBOX " KEY("1") " {300000}\r\n", "+ ");
	say_message(SIZE, "a line of text\r\n");
	ck_assert(has(ask("\r\n", "c OK"), "brought before"));
	ck_assert_uint_eq(queue.files, 0);
	ck_assert_uint_eq(messages(), 0);
}
END_TEST

/* In one command too: nothing of it is kept. */
START_TEST(one_key_is_of_one_message)
{
	(void)ask("a APPEND INBOX " KEY("1") " {4+}\r\nA: 1 " KEY("1")
	    " {4+}\r\nA: 1\r\n", "a NO [ALREADYEXISTS]");
	ck_assert_uint_eq(messages(), 0);
	(void)ask("b APPEND INBOX " KEY("1") " {4+}\r\nA: 1\r\n", "b OK");
	ck_assert_uint_eq(messages(), 1);
}
END_TEST

static const char *const no_keys[] = {
	"X-IMPORTED", "X-IMPORTED ()", "X-IMPORTED (00)",
	"X-IMPORTED (0123456789abcdef0123456789abcdeg)",
	"X-IMPORTED 0123456789abcdef0123456789abcdef",
	"X-IMPORTED (0123456789abcdef0123456789abcdef", "X-OTHER (1)",
};

START_TEST(a_wrong_key_is_refused)
{
	TEXT_AUTO line = TEXT_INIT(256);

	text_addf(&line, "a APPEND INBOX %s {4+}\r\nA: 1\r\n",
	    no_keys[_i]);
	text_add_byte(&line, '\0');
	(void)ask(line.at, "a BAD");
	ck_assert_uint_eq(messages(), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("imap/append");
	TCase *tcase = tcase_create("append");

	tcase_set_timeout(tcase, 150);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_big_message_is_kept_and_read_again);
	tcase_add_test(tcase, line_ends_of_a_big_message_are_mended);
	tcase_add_test(tcase, a_message_that_grows_becomes_a_big_one);
	tcase_add_test(tcase, small_and_big_ones_come_together);
	tcase_add_loop_test(tcase, what_the_queue_refuses_is_not_kept, 0,
	    REFUSALS);
	tcase_add_test(tcase, a_message_over_the_limit_is_not_asked_for);
	tcase_add_test(tcase, a_queue_that_ends_costs_one_answer);
	tcase_add_test(tcase, a_slow_queue_slows_the_client);
	tcase_add_loop_test(tcase, a_client_that_leaves_has_saved_nothing, 0,
	    POINTS);
	tcase_add_test(tcase, a_small_message_is_kept_with_its_structure);
	tcase_add_test(tcase, a_big_message_replaces_another);
	tcase_add_test(tcase, what_cannot_be_kept_replaces_nothing);
	tcase_add_test(tcase, an_import_goes_on_where_it_stopped);
	tcase_add_test(tcase, one_key_is_of_one_message);
	tcase_add_loop_test(tcase, a_wrong_key_is_refused, 0,
	    sizeof(no_keys) / sizeof(no_keys[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
