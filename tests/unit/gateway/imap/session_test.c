/*
 * session_test.c - IMAP after login, over socket pairs and a real account
 *
 * What needs more than one letter or more than one client; what a client says
 * and hears, command by command, is in tests/wire/imap-*.wire.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/imap/imap.h"
#include "lib/message/words.h"
#include "tests/unit/gateway/pop3/peer.h"
#include "tests/unit/unit.h"

#define TRACE		"Received: here\r\n"
#define ONE		"Subject: one\r\n\r\nfirst\r\n"
#define TWO		"Subject: two\r\n\r\nno line end"
#define BIG_SIZE	(3 * 1024 * 1024)
#define MANY		4000	/* letters: some steps of the store */

/* The account's process, played by the test. */
static struct office {
	struct loop	*loop;
	char		 folder[64];
	int		 folder_fd;
	struct account	*account;
	uint64_t	 position;
	struct pop3_peer peer[2];
	struct imapd_session *session[2];
	unsigned	 ended, forgets, failures;
	int		 big_refusal;	/* what `big` returns, if not 0 */
	int		 big_fd;	/* what it gives then */
	bool		 silent;	/* it gives nothing */
	imapd_big_fn	*reply;
	void		*reply_arg;
	struct timer	*answer;
	struct text	 steps;
} office;

static void
answer(void *arg)
{
	(void)arg;
	office.reply(office.reply_arg,
	    office.big_fd < 0 ? -1 : dup(office.big_fd));
}

static int
ask_big(void *arg, const struct message_id *id, imapd_big_fn *reply,
    void *reply_arg)
{
	(void)arg;
	(void)id;
	office.reply = reply;
	office.reply_arg = reply_arg;
	if (office.big_refusal == 0 && !office.silent)
		timer_set(office.answer, 1);
	return office.big_refusal;
}

static void
forget(void *arg, void *reply_arg)
{
	(void)arg;
	ck_assert_ptr_eq(reply_arg, office.reply_arg);
	timer_stop(office.answer);
	office.forgets++;
}

static void
step(void *arg, const struct message_id *id, const char *what)
{
	(void)arg;
	text_addf(&office.steps, "%s %d\n", what,
	    id->bytes[MESSAGE_ID_BYTES - 1]);
}

static void
saved(void *arg, const struct imapd_saved *is)
{
	(void)arg;
	ck_assert_ptr_nonnull(is->id);
	text_addf(&office.steps, "saved in %.*s: %.*s, %u\n",
	    SLICE_FMT(is->mailbox), SLICE_FMT(is->subject), is->mended);
}

static void
failed(void *arg, int error)
{
	(void)arg;
	ck_assert_int_lt(error, 0);
	office.failures++;
}

static void
wrote(void *arg)
{
	(void)arg;
	ck_assert_int_eq(account_sync(office.account), 0);
}

static void
ended(void *arg, struct imapd_session *session)
{
	(void)arg;
	for (int i = 0; i < 2; i++)
		if (office.session[i] == session)
			office.session[i] = NULL;
	office.ended++;
}

static const struct imapd_session_ports ports = {
	.big = ask_big, .forget = forget, .step = step, .saved = saved,
	.failed = failed,	.wrote = wrote, .ended = ended,
};

static void
on_change(void *arg, uint32_t mailbox, uint64_t modseq)
{
	(void)arg;
	(void)modseq;
	for (int i = 0; i < 2; i++)
		if (office.session[i] != NULL)
			imapd_session_changed(office.session[i], mailbox);
}

static void
set_up(void)
{
	struct account_options options = { .segment_bytes = 1 << 20,
	    .uid_block = 1000, .hub_id = "a test's own hub" };
	unsigned needs;

	office = (struct office){ .steps = TEXT_INIT(1 << 20), .big_fd = -1 };
	ck_assert_int_eq(words_open(), 0);
	office.loop = loop_new();
	office.answer = timer_new(office.loop, answer, NULL);
	(void)snprintf(office.folder, sizeof(office.folder),
	    "/tmp/imap-session-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(office.folder));
	office.folder_fd = open(office.folder, O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(account_open(office.folder_fd, &options,
	    &office.account, &needs), 0);
	account_on_change(office.account, on_change, NULL);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void
tear_down(void)
{
	for (int i = 0; i < 2; i++) {
		if (office.session[i] != NULL)
			imapd_session_close(office.session[i], "the end");
		if (office.peer[i].loop == NULL)
			continue;
		pop3_peer_turn(&office.peer[i]);
		(void)shutdown(office.peer[i].fd, SHUT_RDWR);
		pop3_peer_turn(&office.peer[i]);
		pop3_peer_turn(&office.peer[i]);
		pop3_peer_close(&office.peer[i]);
	}
	ck_assert_int_eq(account_close(office.account), 0);
	(void)close(office.folder_fd);
	if (office.big_fd >= 0)
		(void)close(office.big_fd);
	(void)nftw(office.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	timer_free(office.answer);
	text_free(&office.steps);
	loop_free(office.loop);
	words_close();
}

/* Letter number `position`: its id is that number. */
static void
deliver(struct slice body, uint64_t big_bytes)
{
	struct delivery delivery = {
		.position = ++office.position,
		.mailbox = MAILBOX_INBOX,
		.trace = SLICE(TRACE),
		.body = body,
		.body_bytes = big_bytes > 0 ? big_bytes : body.len,
		.is_big = big_bytes > 0,
		.lacks_crlf = big_bytes == 0 &&
		    !slice_has_suffix(body, "\r\n"),
	};
	bool was_there;

	delivery.id.bytes[MESSAGE_ID_BYTES - 1] =
	    (unsigned char)office.position;
	ck_assert_int_eq(account_deliver(office.account, &delivery,
	    &was_there), 0);
	ck_assert_int_eq(account_commit(office.account), 0);
}

/* A message of BIG_SIZE bytes in a file, with "needle" in its last line. */
static void
deliver_big_with(const char *head)
{
	char *map;

	office.big_fd = memfd_create("big", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(office.big_fd, BIG_SIZE), 0);
	map = mmap(NULL, BIG_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
	    office.big_fd, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	for (size_t i = 0; i < BIG_SIZE; i++)
		map[i] = i % 64 == 62 ? '\r' : i % 64 == 63 ? '\n' : 'x';
	memcpy(map, head, strlen(head));
	memcpy(map + BIG_SIZE - 64, "Needle", 6);
	(void)munmap(map, BIG_SIZE);
	deliver(slice_of(NULL, 0), BIG_SIZE);
}

static void
deliver_big(void)
{
	deliver_big_with("Subject: big\r\n\r\n");
}

static void
begin(int i)
{
	const struct imapd_session_options options = {
		.hostname = "hub.office.test", .login = SLICE("ann"),
		.tag = SLICE("L"),
	};
	int fd;

	pop3_peer_open(&office.peer[i], office.loop, &fd);
	office.session[i] = imapd_session_new(office.loop, fd, office.account,
	    &options, &ports);
	ck_assert_ptr_nonnull(office.session[i]);
}

/* Say it, and wait for the line "tag OK ..." (or NO, BAD); what came. */
static struct slice
ask(int i, const char *say, const char *ending)
{
	struct pop3_peer *peer = &office.peer[i];
	uint64_t until = clock_ms() + PEER_GUARD_MS;

	text_clear(&peer->got);
	pop3_peer_say(peer, slice_str(say));
	while (slice_find_str(text_slice(&peer->got), ending) == SIZE_MAX &&
	    clock_ms() < until)
		pop3_peer_turn(peer);
	ck_assert_msg(slice_find_str(text_slice(&peer->got), ending) !=
	    SIZE_MAX, "%s: %.*s", say, SLICE_FMT(text_slice(&peer->got)));
	return text_slice(&peer->got);
}

static bool
has(struct slice s, const char *part)
{
	return slice_find_str(s, part) != SIZE_MAX;
}

static void
begin_selected(int i)
{
	begin(i);
	(void)ask(i, "s SELECT INBOX\r\n", "s OK [READ-WRITE]");
}

/* RFC 9051 6.4.5: trace, message and the CRLF that lacks are one letter */
START_TEST(a_letter_is_given_whole)
{
	deliver(slice_str(ONE), 0);
	deliver(slice_str(TWO), 0);
	begin_selected(0);
	ck_assert(has(ask(0, "a FETCH 1:2 (BODY.PEEK[])\r\n", "a OK"),
	    "* 1 FETCH (BODY[] {39}\r\n" TRACE ONE ")\r\n"
	    "* 2 FETCH (BODY[] {45}\r\n" TRACE TWO "\r\n)\r\n"));
	ck_assert(has(ask(0, "b FETCH 2 (RFC822.SIZE BODY.PEEK[TEXT] "
	    "BODY.PEEK[HEADER])\r\n", "b OK"),
	    "* 2 FETCH (RFC822.SIZE 45 BODY[TEXT] {13}\r\nno line end\r\n"
	    " BODY[HEADER] {32}\r\n" TRACE "Subject: two\r\n\r\n)\r\n"));
	ck_assert_uint_eq(office.steps.len, 0);
}
END_TEST

/* A letter that is read for the first time is a step of its life. */
START_TEST(reading_and_deleting_are_told_for_the_trail)
{
	deliver(slice_str(ONE), 0);
	deliver(slice_str(TWO), 0);
	begin_selected(0);
	(void)ask(0, "a FETCH 1:2 BODY[]\r\n", "a OK");
	(void)ask(0, "b FETCH 1:2 BODY[]\r\n", "b OK");
	ck_assert(slice_is_str(text_slice(&office.steps),
	    "read 1\nread 2\n"));
	(void)ask(0, "c STORE 2 +FLAGS (\\Deleted)\r\n", "c OK");
	ck_assert(has(ask(0, "d EXPUNGE\r\n", "d OK"), "* 2 EXPUNGE\r\n"));
	ck_assert(slice_is_str(text_slice(&office.steps),
	    "read 1\nread 2\ndeleted 2\n"));
}
END_TEST

/* A big letter comes from its file, in pieces and whole. */
START_TEST(a_big_letter_comes_from_its_file)
{
	struct slice got;

	deliver_big();
	begin_selected(0);
	got = ask(0, "a FETCH 1 (UID BODY.PEEK[])\r\n", "a OK");
	ck_assert(has(slice_first(got, 100), "* 1 FETCH (UID 1 BODY[] "
	    "{3145744}\r\n" TRACE "Subject: big\r\n\r\n"));
	ck_assert_uint_gt(got.len, BIG_SIZE);
	ck_assert(has(slice_after(got, got.len - 120), "Needle"));
	ck_assert(has(ask(0, "b FETCH 1 BODY.PEEK[]<3145680.6>\r\n", "b OK"),
	    "BODY[]<3145680> {6}\r\nNeedle)\r\n"));
	ck_assert(has(ask(0, "c SEARCH BODY needle\r\n", "c OK"),
	    "* SEARCH 1\r\n"));
	ck_assert(has(ask(0, "d SEARCH BODY nothing\r\n", "d OK"),
	    "* SEARCH\r\n"));
}
END_TEST

/* HARDENING 2, header block: a header of megabytes keeps nobody out */
START_TEST(of_an_endless_header_the_first_fields_are_told)
{
	static char head[BIG_SIZE];
	const size_t size = sizeof(head) - 128;

	for (size_t at = 0; at < size - 16; at += 16)
		memcpy(head + at, "X-Filler: abcd\r\n", 16);
	memcpy(head, "Subject: large\r\n", 16);
	head[size] = '\0';
	deliver_big_with(head);
	deliver(slice_str(ONE), 0);
	begin_selected(0);
	ck_assert(has(ask(0, "a FETCH 1:2 BODY.PEEK[HEADER.FIELDS "
	    "(Subject)]\r\n", "a OK"), "* 1 FETCH (BODY[HEADER.FIELDS "
	    "(Subject)] {18}\r\nSubject: large\r\n\r\n)\r\n"
	    "* 2 FETCH (BODY[HEADER.FIELDS (Subject)] {16}\r\n"));
	ck_assert_uint_gt(ask(0, "b FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT "
	    "(Subject)]\r\n", "b OK").len, 1024 * 1024 - 100);
}
END_TEST

/* What is asked for too often in one response costs that letter, no more. */
START_TEST(a_response_that_is_too_long_is_left_out)
{
	TEXT_AUTO text = TEXT_INIT(1 << 17);

	text_add_str(&text, "Subject: ");
	for (int i = 0; i < 50000; i++)
		text_add_byte(&text, 'x');
	text_add_str(&text, "\r\n\r\n");
	deliver(text_slice(&text), 0);
	deliver(slice_str(ONE), 0);
	begin_selected(0);
	text_clear(&text);
	text_add_str(&text, "a FETCH 1:2 (UID");
	for (int i = 0; i < 90; i++)
		text_add_str(&text, " ENVELOPE");
	text_add_str(&text, ")\r\n");
	text_add_byte(&text, '\0');
	/* at first from their bytes, then from what was kept of them */
	for (int i = 0; i < 2; i++) {
		struct slice got = ask(0, text.at, "a NO");

		ck_assert(!has(got, "* 1 FETCH"));
		ck_assert(has(got, "* 2 FETCH (UID 2 ENVELOPE"));
	}
}
END_TEST

/* DESIGN.md 1: every step of a message's life is told, this one's first */
START_TEST(what_a_person_saves_is_told_for_the_trail)
{
	static const struct slice say = SLICE("b APPEND Notes {29+}\r\n"
	    "Subject: =?utf-8?q?=C3=A9?=\r\n {12+}\r\n"
	    "x: y\n\n\0\rend\n\r\n");

	begin(0);
	(void)ask(0, "a CREATE Notes\r\n", "a OK");
	pop3_peer_say(&office.peer[0], say);
	(void)ask(0, "", "b OK");
	ck_assert(slice_is_str(text_slice(&office.steps),
	    "saved in Notes: \xc3\xa9, 0\nsaved in Notes: , 7\n"));
	/* nothing of what was refused */
	(void)ask(0, "c APPEND Notes {6+}\r\nx: y\r\n {0+}\r\n\r\n", "c NO");
	ck_assert_uint_eq(slice_find_last(text_slice(&office.steps), '\n'),
	    office.steps.len - 1);
	ck_assert(!has(text_slice(&office.steps), "Notes: , 0"));
}
END_TEST

/* Say an APPEND of `count` messages, each with flags of its own. */
static struct slice
append_many(const char *tag, unsigned count, unsigned keywords,
    const char *ending)
{
	TEXT_AUTO say = TEXT_INIT(64 << 20);

	text_addf(&say, "%s APPEND INBOX", tag);
	for (unsigned n = 0; n < count; n++) {
		text_add_str(&say, " (\\Seen");
		for (unsigned i = 0; i < keywords; i++)
			text_addf(&say, " k%u", i);
		text_add_str(&say, ") {6+}\r\na: b\r\n");
	}
	text_add_str(&say, "\r\n");
	text_add_byte(&say, '\0');
	return ask(0, say.at, ending);
}

/* RFC 3502: as many as the store takes, and then the words say so */
START_TEST(many_messages_with_flags_are_one_append)
{
	begin(0);
	(void)append_many("a", 1000, 20, "a OK [APPENDUID");
	(void)append_many("b", 1001, 0,
	    "b NO [LIMIT] that is too many messages at once");
	ck_assert(has(ask(0, "c STATUS INBOX (MESSAGES)\r\n", "c OK"),
	    "(MESSAGES 1000)"));
}
END_TEST

/* RFC 7888 5: more than 4096 bytes wait for the "+" */
START_TEST(a_message_that_came_too_early_is_dropped_and_refused)
{
	TEXT_AUTO say = TEXT_INIT(1 << 16);

	text_add_str(&say, "a APPEND INBOX {4097+}\r\n");
	for (int i = 0; i < 4097; i++)
		text_add_byte(&say, 'x');
	text_add_str(&say, " {13+}\r\nlogout LOGOUT\r\n");
	text_add_byte(&say, '\0');
	begin(0);
	ck_assert(!has(ask(0, say.at, "a BAD [TOOBIG]"), "a OK"));
	ck_assert(has(ask(0, "b STATUS INBOX (MESSAGES)\r\n", "b OK"),
	    "(MESSAGES 0)"));
}
END_TEST

/* HARDENING A32: what is refused is not taken for ever */
START_TEST(a_refused_append_is_dropped_up_to_a_bound)
{
	begin(0);
	ck_assert(has(ask(0, "a APPEND INBOX {67108865+}\r\n", "BYE"),
	    "a BAD [TOOBIG] "));
	ck_assert_uint_eq(office.ended, 1);
	begin(1);
	ck_assert(has(ask(1, "b APPEND nowhere {9223372036854775807+}\r\n",
	    "BYE"), "b BAD [TOOBIG] "));
	ck_assert_uint_eq(office.ended, 2);
}
END_TEST

/* The same of the literals of what is no command, one behind the other. */
START_TEST(a_refused_command_is_dropped_up_to_a_bound)
{
	TEXT_AUTO say = TEXT_INIT(1 << 20);

	for (int i = 0; i < 10; i++) {
		text_add_str(&say, i == 0 ? "a FROB {4097+}\r\n" : " ");
		for (int n = 0; i > 0 && n < 60000; n++)
			text_add_byte(&say, 'y');
		text_add_str(&say, i == 0 ? "x" : " {4096+}\r\n");
		for (int n = 0; n < 4096; n++)
			text_add_byte(&say, "x\r\n\n"[n % 4]);
	}
	text_add_str(&say, "\r\nb NOOP\r\n");
	text_add_byte(&say, '\0');
	begin(0);
	ck_assert(has(ask(0, say.at, "b OK"), "a BAD [TOOBIG] "));
	ck_assert(!has(text_slice(&office.peer[0].got), "such command"));
	ck_assert(has(ask(0, "c FROB {67108865+}\r\n", "BYE"),
	    "c BAD [TOOBIG] "));
}
END_TEST

/* A message behind what is no command is not taken for commands. */
START_TEST(a_message_that_was_refused_is_dropped)
{
	begin(0);
	ck_assert(!has(ask(0, "a  APPEND INBOX {10+}\r\nx LOGOUT\r\n\r\n"
	    "b NOOP\r\n", "b OK"), "BYE"));
	ck_assert(!has(ask(0, "a+ APPEND INBOX {10+}\r\nx LOGOUT\r\n\r\n"
	    "c NOOP\r\n", "c OK"), "BYE"));
}
END_TEST

/* A file that cannot be had is one letter less, not the end. */
START_TEST(a_big_letter_that_is_not_there_is_passed_over)
{
	deliver_big();
	deliver(slice_str(ONE), 0);
	begin_selected(0);
	office.big_refusal = -ENOTCONN;
	ck_assert(has(ask(0, "a FETCH 1:2 BODY.PEEK[TEXT]\r\n", "a NO"),
	    "* 2 FETCH (BODY[TEXT] {7}\r\nfirst\r\n)\r\n"));
	office.big_refusal = 0;
	ck_assert_int_eq(ftruncate(office.big_fd, 100), 0);
	ck_assert(has(ask(0, "b FETCH 1:2 BODY.PEEK[TEXT]\r\n", "b NO"),
	    "* 2 FETCH (BODY[TEXT] {7}\r\n"));
	ck_assert(has(ask(0, "c SEARCH TEXT first\r\n", "c OK"),
	    "* SEARCH 2\r\n* NO a letter"));
}
END_TEST

/* Gone while the queue is asked for a file. */
START_TEST(a_client_that_leaves_is_forgotten)
{
	deliver_big();
	begin_selected(0);
	office.silent = true;
	pop3_peer_say(&office.peer[0], slice_str("a FETCH 1 BODY[]\r\n"));
	for (int i = 0; i < 1000 && office.reply == NULL; i++)
		pop3_peer_turn(&office.peer[0]);
	imapd_session_close(office.session[0], "the hub is ending");
	ck_assert_uint_eq(office.forgets, 1);
	ck_assert_uint_eq(office.ended, 1);
}
END_TEST

/* HARDENING A82: what a client does not read is not made */
START_TEST(replies_wait_for_a_reader)
{
	char body[60000];

	memset(body, 'x', sizeof(body));
	memcpy(body, "Subject: x\r\n\r\n", 14);
	for (int i = 0; i < 100; i++)
		deliver(slice_of(body, sizeof(body)), 0);
	begin_selected(0);
	office.peer[0].deaf = true;
	pop3_peer_say(&office.peer[0],
	    slice_str("a FETCH 1:100 BODY.PEEK[]\r\nb NOOP\r\n"));
	for (int i = 0; i < 50; i++)
		pop3_peer_turn(&office.peer[0]);
	ck_assert_ptr_nonnull(office.session[0]);
	office.peer[0].deaf = false;
	ck_assert_uint_gt(ask(0, "", "b OK").len, 100 * sizeof(body));
}
END_TEST

/* RFC 9051 6.3.13: within a turn of the loop */
START_TEST(who_idles_is_told_at_once)
{
	deliver(slice_str(ONE), 0);
	begin_selected(0);
	begin_selected(1);
	(void)ask(0, "a IDLE\r\n", "+ idling\r\n");
	deliver(slice_str(TWO), 0);
	ck_assert(has(ask(0, "", "EXISTS\r\n"), "* 2 EXISTS\r\n"));
	(void)ask(1, "a STORE 1 +FLAGS.SILENT (\\Seen $Work)\r\n", "a OK");
	ck_assert(has(ask(0, "", "FETCH"),
	    "* 1 FETCH (FLAGS (\\Seen $Work))\r\n"));
	(void)ask(1, "b STORE 1 +FLAGS.SILENT (\\Deleted)\r\n", "b OK");
	(void)ask(1, "c EXPUNGE\r\n", "c OK");
	ck_assert(has(ask(0, "", "EXPUNGE\r\n"), "* 1 EXPUNGE\r\n"));
	(void)ask(0, "DONE\r\n", "a OK");
}
END_TEST

/* RFC 9051 7.5.1: what was deleted elsewhere is still there to be read */
START_TEST(an_expunge_waits_for_a_command_that_may_tell_it)
{
	struct slice got;

	deliver(slice_str(ONE), 0);
	deliver(slice_str(TWO), 0);
	begin_selected(0);
	begin_selected(1);
	(void)ask(1, "a STORE 1 FLAGS.SILENT (\\Deleted)\r\n", "a OK");
	(void)ask(1, "b EXPUNGE\r\n", "b OK");
	got = ask(0, "a FETCH 1:2 (BODY.PEEK[TEXT])\r\n", "a OK");
	ck_assert(has(got, "first") && has(got, "no line end"));
	ck_assert(!has(got, "EXPUNGE"));
	got = ask(0, "b SEARCH ALL\r\n", "b OK");
	ck_assert(has(got, "* SEARCH 1 2\r\n") && !has(got, "EXPUNGE"));
	ck_assert(has(ask(0, "c UID FETCH 1:* UID\r\n", "c OK"),
	    "* 1 EXPUNGE\r\n"));
	ck_assert(has(ask(0, "d FETCH 1 UID\r\n", "d OK"),
	    "* 1 FETCH (UID 2)\r\n"));
	ck_assert(has(ask(0, "e FETCH 2 UID\r\n", "e BAD"), "e BAD"));
}
END_TEST

/* A mailbox that is deleted under a session is empty, and the session lives. */
START_TEST(a_mailbox_deleted_under_a_session_is_empty)
{
	begin(0);
	begin(1);
	(void)ask(1, "a CREATE gone\r\n", "a OK");
	(void)ask(1, "b APPEND gone {4+}\r\na: b\r\n", "b OK");
	(void)ask(0, "a SELECT gone\r\n", "a OK");
	(void)ask(1, "c DELETE gone\r\n", "c OK");
	ck_assert(has(ask(0, "b NOOP\r\n", "b OK"), "* 1 EXPUNGE\r\n"));
	(void)ask(0, "c APPEND gone {4+}\r\na: b\r\n", "c NO [TRYCREATE]");
	(void)ask(0, "d SELECT INBOX\r\n", "d OK");
}
END_TEST

/* Many letters: every step comes back to the loop, and all of it is done. */
START_TEST(commands_over_many_letters_are_done_in_steps)
{
	struct slice got;

	for (int i = 0; i < 250; i++)
		deliver(slice_str(ONE), 0);
	begin_selected(0);
	for (int i = 0; i < 4; i++)
		(void)ask(0, "a COPY 1:* INBOX\r\n", "a OK");
	(void)ask(0, "b STORE 1:* +FLAGS.SILENT (Mark)\r\n", "b OK");
	got = ask(0, "c UID SEARCH RETURN (COUNT) KEYWORD mark TEXT First\r\n",
	    "c OK");
	ck_assert(has(got, "COUNT 4000\r\n"));
	ck_assert(has(ask(0, "d FETCH 4000 (FLAGS RFC822.SIZE)\r\n", "d OK"),
	    "* 4000 FETCH (FLAGS (Mark) RFC822.SIZE 39)\r\n"));
	(void)ask(0, "e CREATE there\r\n", "e OK");
	got = ask(0, "f MOVE 1:3999 there\r\n", "f OK");
	ck_assert(has(got, "* OK [COPYUID "));
	ck_assert(has(ask(0, "g STATUS there (MESSAGES)\r\n", "g OK"),
	    "* STATUS there (MESSAGES 3999)\r\n"));
	ck_assert(has(ask(0, "h FETCH 1:* (UID)\r\n", "h OK"),
	    "* 1 FETCH (UID 4000)\r\n"));
}
END_TEST

/* Say "+FLAGS" with fifteen keywords of sixty characters that only `n` has. */
static void
mark_with_words(unsigned n)
{
	TEXT_AUTO say = TEXT_INIT(2048);

	text_addf(&say, "a STORE %u +FLAGS.SILENT (", n);
	for (unsigned i = 0; i < 15; i++)
		text_addf(&say, "%skeyword%053u", i > 0 ? " " : "",
		    n * 100 + i);
	text_add_str(&say, ")\r\n");
	text_add_byte(&say, '\0');
	(void)ask(0, say.at, "a OK");
}

/* RFC 9051 6.3.2: FLAGS and PERMANENTFLAGS are told, however many there are */
START_TEST(flags_are_told_with_more_keywords_than_fit)
{
	struct slice got;

	for (int i = 0; i < 30; i++)
		deliver(slice_str(ONE), 0);
	begin_selected(0);
	for (unsigned n = 1; n <= 30; n++)
		mark_with_words(n);
	got = ask(0, "b SELECT INBOX\r\n", "b OK [READ-WRITE]");
	ck_assert(has(got, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen "
	    "\\Draft keyword0"));
	ck_assert(has(got, ")\r\n* OK [PERMANENTFLAGS (\\Answered \\Flagged "
	    "\\Deleted \\Seen \\Draft keyword0"));
	ck_assert(has(got, " \\*)] "));
	ck_assert_uint_lt(got.len, 40000);
}
END_TEST

/*
 * RFC 7162 3.1.3: of many letters, of which others have changed every second
 * one, the others are changed, and all of those are named
 */
START_TEST(each_letter_that_was_changed_since_is_named)
{
	TEXT_AUTO want = TEXT_INIT(65536);
	char store[100];
	struct slice got;
	unsigned long long since;

	for (int i = 0; i < 250; i++)
		deliver(slice_str(ONE), 0);
	begin_selected(0);
	for (int i = 0; i < 4; i++)
		(void)ask(0, "a COPY 1:* INBOX\r\n", "a OK");
	begin_selected(1);
	got = ask(0, "a STATUS INBOX (HIGHESTMODSEQ)\r\n", "a OK");
	ck_assert_int_eq(sscanf(got.at, "* OK [HIGHESTMODSEQ %llu]", &since),
	    1);
	for (unsigned n = 2; n <= MANY; n += 2)
		text_addf(&want, n > 2 ? ",%u" : "%u", n);
	pop3_peer_say(&office.peer[1], slice_str("b STORE "));
	pop3_peer_say(&office.peer[1], text_slice(&want));
	(void)ask(1, " +FLAGS.SILENT (\\Flagged)\r\n", "b OK");
	(void)snprintf(store, sizeof(store),
	    "c STORE 1:* (UNCHANGEDSINCE %llu) +FLAGS.SILENT (\\Seen)\r\n",
	    since);
	got = ask(0, store, "those were changed since\r\n");
	text_add_str(&want, "]");
	text_add_byte(&want, '\0');
	ck_assert(has(got, "\r\nc OK [MODIFIED 2,4,6,"));
	ck_assert(has(got, want.at));
	ck_assert(has(got, "* 2 FETCH (FLAGS (\\Flagged) MODSEQ ("));
	ck_assert(has(got, "* 3 FETCH (MODSEQ ("));
	got = ask(0, "d SEARCH RETURN (COUNT) SEEN UNFLAGGED\r\n", "d OK");
	(void)snprintf(store, sizeof(store), ") COUNT %d\r\n", MANY / 2);
	ck_assert(has(got, store));
}
END_TEST

/* Every second letter of MANY goes; session 1 hears of it as they do. */
static void
delete_every_second(void)
{
	TEXT_AUTO uids = TEXT_INIT(65536);

	for (unsigned n = 2; n <= MANY; n += 2)
		text_addf(&uids, n > 2 ? ",%u" : "%u", n);
	pop3_peer_say(&office.peer[0], slice_str("d UID STORE "));
	pop3_peer_say(&office.peer[0], text_slice(&uids));
	(void)ask(0, " +FLAGS.SILENT (\\Deleted)\r\n", "d OK");
	(void)ask(0, "e EXPUNGE\r\n", "e OK");
}

/* How many UIDs the VANISHED responses name, and the sum of them. */
static uint64_t
vanished(struct slice got, const char *what, unsigned *count_out)
{
	struct slice line, uid;
	uint64_t sum = 0, one;

	*count_out = 0;
	while (slice_cut(&got, '\n', &line)) {
		if (!slice_has_prefix(line, what))
			continue;
		line = slice_after(slice_first(line, line.len - 1),
		    strlen(what));
		while (line.len > 0) {
			if (!slice_cut(&line, ',', &uid)) {
				uid = line;
				line = slice_of(NULL, 0);
			}
			ck_assert_int_eq(slice_u64(uid, MANY, &one), 0);
			sum += one;
			++*count_out;
		}
	}
	return sum;
}

/* RFC 7162 3.2.10: however many have gone, each is named once */
START_TEST(all_that_has_gone_is_named)
{
	uint64_t sum = (uint64_t)MANY * (MANY + 2) / 4;
	unsigned long long uidvalidity;
	unsigned count;
	char select[100];
	struct slice got;

	for (int i = 0; i < 250; i++)
		deliver(slice_str(ONE), 0);
	begin_selected(0);
	for (int i = 0; i < 4; i++)
		(void)ask(0, "a COPY 1:* INBOX\r\n", "a OK");
	begin(1);
	(void)ask(1, "a ENABLE QRESYNC\r\n", "a OK");
	got = ask(1, "b SELECT INBOX\r\n", "b OK");
	got = slice_after(got, slice_find_str(got, "[UIDVALIDITY"));
	ck_assert_int_eq(sscanf(got.at, "[UIDVALIDITY %llu]", &uidvalidity),
	    1);
	delete_every_second();
	got = ask(1, "c NOOP\r\n", "c OK");
	ck_assert_uint_eq(vanished(got, "* VANISHED ", &count), sum);
	ck_assert_uint_eq(count, MANY / 2);
	(void)snprintf(select, sizeof(select),
	    "d SELECT INBOX (QRESYNC (%llu 1))\r\n", uidvalidity);
	got = ask(1, select, "d OK");
	ck_assert_uint_eq(vanished(got, "* VANISHED (EARLIER) ", &count),
	    sum);
	ck_assert_uint_eq(count, MANY / 2);
	ck_assert(!has(got, "* VANISHED 2"));
	(void)snprintf(select, sizeof(select), "* %d FETCH (UID %d FLAGS () "
	    "MODSEQ (", MANY / 2, MANY - 1);
	ck_assert(has(got, select));
}
END_TEST

/* An item that is not offered is not passed over in silence. */
START_TEST(status_tells_every_item_or_says_bad)
{
	begin(0);
	ck_assert(has(ask(0, "a STATUS INBOX (MESSAGES HIGHESTMODSEQ)\r\n",
	    "a OK"), "* STATUS INBOX (MESSAGES 0 HIGHESTMODSEQ 1)\r\n"));
	(void)ask(0, "b STATUS INBOX (MAILBOXID)\r\n", "b BAD no such item");
}
END_TEST

/* RFC 4978 3: once, for it lasts; the bytes of it are the bridge's work */
START_TEST(compression_is_agreed_on_once)
{
	begin(0);
	ck_assert(has(ask(0, "a CAPABILITY\r\n", "a OK"),
	    " COMPRESS=DEFLATE\r\n"));
	(void)ask(0, "b COMPRESS LZ4\r\n", "b BAD only DEFLATE");
	(void)ask(0, "c COMPRESS DEFLATE\r\nd NOOP\r\n",
	    "c BAD bytes came behind COMPRESS\r\nd OK");
	(void)ask(0, "e COMPRESS Deflate\r\n",
	    "e OK compressed from here on\r\n");
	(void)ask(0, "f COMPRESS DEFLATE\r\n",
	    "f NO [COMPRESSIONACTIVE]");
	ck_assert(!has(ask(0, "g CAPABILITY\r\n", "g OK"), "COMPRESS"));
	/* as part of a conversation with a mailbox open, too */
	begin_selected(1);
	(void)ask(1, "h COMPRESS DEFLATE\r\n",
	    "h OK compressed from here on\r\n");
}
END_TEST

/* HARDENING 2: twenty bad commands, and it is over */
START_TEST(too_many_bad_commands_end_the_session)
{
	begin(0);
	for (int i = 0; i < 19; i++)
		(void)ask(0, "a FROB\r\n", "a BAD");
	ck_assert(has(ask(0, "b FROB\r\n", "BYE"),
	    "b BAD no such command\r\n* BYE too many bad commands\r\n"));
	ck_assert_uint_eq(office.ended, 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/session");
	TCase *tcase = tcase_create("session");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_letter_is_given_whole);
	tcase_add_test(tcase, reading_and_deleting_are_told_for_the_trail);
	tcase_add_test(tcase, a_big_letter_comes_from_its_file);
	tcase_add_test(tcase, of_an_endless_header_the_first_fields_are_told);
	tcase_add_test(tcase, a_response_that_is_too_long_is_left_out);
	tcase_add_test(tcase, what_a_person_saves_is_told_for_the_trail);
	tcase_add_test(tcase, many_messages_with_flags_are_one_append);
	tcase_add_test(tcase,
	    a_message_that_came_too_early_is_dropped_and_refused);
	tcase_add_test(tcase, a_refused_append_is_dropped_up_to_a_bound);
	tcase_add_test(tcase, a_refused_command_is_dropped_up_to_a_bound);
	tcase_add_test(tcase, a_message_that_was_refused_is_dropped);
	tcase_add_test(tcase, a_big_letter_that_is_not_there_is_passed_over);
	tcase_add_test(tcase, a_client_that_leaves_is_forgotten);
	tcase_add_test(tcase, replies_wait_for_a_reader);
	tcase_add_test(tcase, who_idles_is_told_at_once);
	tcase_add_test(tcase, an_expunge_waits_for_a_command_that_may_tell_it);
	tcase_add_test(tcase, a_mailbox_deleted_under_a_session_is_empty);
	tcase_add_test(tcase, commands_over_many_letters_are_done_in_steps);
	tcase_add_test(tcase, flags_are_told_with_more_keywords_than_fit);
	tcase_add_test(tcase, each_letter_that_was_changed_since_is_named);
	tcase_add_test(tcase, all_that_has_gone_is_named);
	tcase_add_test(tcase, status_tells_every_item_or_says_bad);
	tcase_add_test(tcase, compression_is_agreed_on_once);
	tcase_add_test(tcase, too_many_bad_commands_end_the_session);
	suite_add_tcase(suite, tcase);
	return suite;
}
