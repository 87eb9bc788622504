/*
 * role_mailbox_test.c - the mailbox role between a queue and a door
 *
 * What it does with a delivery, seen in the account that it leaves behind and
 * by a client that reads it.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/base/memfd.h"
#include "lib/message/structure.h"
#include "queue/service.h"
#include "store/selected.h"
#include "store/service.h"
#include "tests/unit/programs/play.h"
#include "tests/unit/queue/scratch.h"

#define GUARD_MS	120000	/* only so that a hang becomes a failure */
#define TRACE		"Received: here\r\n"

static struct scratch scratch;
static struct play play;
static struct ipc *queue, *door;
static unsigned answered;
static int64_t last_status;

static int
on_account_at(void *arg, struct ipc *from, struct ipc_message *message)
{
	(void)arg;
	(void)from;
	return message->body.len == 8 ? 0 : -1;
}

/* A big message that is saved: what the queue has heard of it, in order. */
static struct text heard;
static uint64_t asked;		/* request that is not answered yet */
static uint64_t said;		/* the number in the last one */

static int
on_number(struct ipc_message *message, const char *word)
{
	struct unpack u = unpack_of(message->body);

	said = unpack_u64(&u);
	asked = message->serial;
	text_addf(&heard, "%s ", word);
	return unpack_is_done(&u) ? 0 : -1;
}

static int
on_save(void *arg, struct ipc *from, struct ipc_message *message)
{
	(void)arg;
	(void)from;
	return on_number(message, "save");
}

static int
on_saved(void *arg, struct ipc *from, struct ipc_message *message)
{
	(void)arg;
	(void)from;
	return on_number(message, "saved");
}

static int
on_abandon(void *arg, struct ipc *from, struct ipc_message *message)
{
	(void)arg;
	(void)from;
	return on_number(message, "abandon");
}

static int
on_unref(void *arg, struct ipc *from, struct ipc_message *message)
{
	(void)arg;
	(void)from;
	ck_assert_uint_eq(message->body.len, MESSAGE_ID_BYTES);
	text_addf(&heard, "unref ");
	return 0;
}

static int
on_step(void *arg, struct ipc *from, struct ipc_message *message)
{
	(void)arg;
	(void)from;
	(void)message;
	return 0;
}

#define MAILBOX	FROM(ROLE_MAILBOX)

/* What the played queue takes. */
static const struct ipc_rule queue_rules[] = {
{ QUEUE_ACCOUNT_AT,  "ACCOUNT_AT",  MAILBOX, IPC_NEWS,	  0, 0, on_account_at },
{ QUEUE_SAVE_BIG,    "SAVE_BIG",    MAILBOX, IPC_REQUEST, 0, 0, on_save },
{ QUEUE_SAVED_BIG,   "SAVED_BIG",   MAILBOX, IPC_REQUEST, 0, 0, on_saved },
{ QUEUE_ABANDON_BIG, "ABANDON_BIG", MAILBOX, IPC_NEWS,	  0, 0, on_abandon },
{ QUEUE_UNREF_BIG,   "UNREF_BIG",   MAILBOX, IPC_NEWS,	  0, 0, on_unref },
{ QUEUE_STEP,	     "STEP",	    MAILBOX, IPC_NEWS,	  0, 0, on_step },
{ 0 }
};

/* Sessions that the played door was given back. */
static unsigned parted;
static struct session_parting parting;
static char state[512];
static int parted_fd = -1;

static int
on_parts(void *arg, struct ipc *from, struct ipc_message *message)
{
	(void)arg;
	(void)from;
	ck_assert_int_eq(parting_unpack(message->body, &parting), 0);
	ck_assert_uint_le(parting.carried.state.len, sizeof(state));
	memcpy(state, parting.carried.state.at, parting.carried.state.len);
	parting.carried.state.at = state;
	parted_fd = ipc_take_fd(message, 0);
	parted++;
	return 0;
}

/* What the played door takes. */
static const struct ipc_rule door_rules[] = {
{ DOOR_SESSION_PARTS, "PARTS", MAILBOX, IPC_NEWS, 1, 0, on_parts },
{ 0 }
};

static void
begin(void)
{
	play = (struct play){ .process.folder_fd = scratch.fd };
	play.process.config.letters_segment_bytes = 1 << 20;
	play.process.config.warm_seconds = 3600;
	play.process.config.message_bytes = 1 << 20;
	(void)snprintf(play.process.config.hostname,
	    sizeof(play.process.config.hostname), "hub.office.test");
	play_begin(&play, &mailbox_code);
	queue = play_peer(&play, ROLE_QUEUE, 0, queue_rules, NULL);
	door = play_peer(&play, ROLE_DOOR, 0, door_rules, NULL);
}

/* In good order; the account is closed. */
static void
end(void)
{
	play_end(&play);
	ipc_free(queue);
	ipc_free(door);
}

static void
set_up(void)
{
	scratch = scratch_new();
	answered = 0;
	heard = (struct text)TEXT_INIT(1024);
	asked = said = 0;
}

static void
tear_down(void)
{
	text_free(&heard);
	scratch_drop(&scratch);
}

static void
on_delivered(void *arg, int status, struct ipc_message *message)
{
	struct unpack u;

	(void)arg;
	last_status = status;
	if (status == 0) {
		u = unpack_of(message->body);
		last_status = unpack_i64(&u);
	}
	answered++;
}

/* Send it; a message of the same position is the same message. */
static void
deliver(uint64_t at, struct slice body, bool is_big)
{
	TEXT_AUTO packed = TEXT_INIT(4096);
	struct delivery delivery = {
		.id.bytes = { 1, (unsigned char)(at >> 8), (unsigned char)at },
		.position = at, .mailbox = MAILBOX_INBOX,
		.received_at_utc_ms = 1700000000000, .trace = SLICE(TRACE),
		.body_bytes = body.len, .is_big = is_big,
		.lacks_crlf = !slice_has_suffix(body, "\r\n")
	};
	int fd = memfd_of("message", body);

	ck_assert_int_ge(fd, 0);
	delivery_pack(&packed, &delivery);
	ck_assert(!text_failed(&packed));
	ck_assert_int_eq(ipc_ask(queue, MAILBOX_DELIVER, text_slice(&packed),
	    &fd, 1, on_delivered, NULL), 0);
	(void)close(fd);
}

static void
wait_for(unsigned count)
{
	uint64_t until = clock_ms() + GUARD_MS;

	while (answered < count && clock_ms() < until)
		play_run(&play, 1);
	ck_assert_uint_eq(answered, count);
	ck_assert_int_eq(last_status, 0);
}

static void
wait_count(const unsigned *count, unsigned wanted)
{
	uint64_t until = clock_ms() + GUARD_MS;

	while (*count < wanted && clock_ms() < until)
		play_run(&play, 1);
	ck_assert_uint_eq(*count, wanted);
}

/* The account, looked at by nobody else now. */
static struct selected *
look(struct account **account_out)
{
	const struct account_options options = {
		.segment_bytes = 1 << 20, .uid_block = 1000
	};
	struct selected *selected;
	unsigned needs;

	ck_assert_int_eq(account_open(scratch.fd, &options, account_out,
	    &needs), 0);
	ck_assert_int_eq(selected_open(*account_out, MAILBOX_INBOX,
	    &selected), 0);
	return selected;
}

static int
copy_structure(void *arg, size_t n, const struct letter_facts *facts)
{
	(void)n;
	ck_assert_ptr_nonnull(facts);
	text_clear(arg);
	text_add(arg, facts->structure);
	return 0;
}

static void
structure_of(struct selected *selected, size_t n, struct text *packed)
{
	ck_assert_int_eq(selected_facts(selected, n, 1, FACTS_STRUCTURE,
	    copy_structure, packed), 0);
}

/* Mail as it comes, the broken kinds too. */
static const char *const bodies[] = {
	"Subject: one\r\n\r\nfirst\r\n",
	"Subject: no line end\r\n\r\nlast",
	"no header at all, only words\r\n",
	"\r\n",
	"",
	":\r\n: :\r\n\r\n",
	"Subject: header alone",
	"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\na\r\n--x--\r\n",
	"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x\r\n--x",
	"Content-Type: multipart/mixed; boundary=\"\r\n\r\n--\r\n",
	"Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n",
	("Content-Type: message/rfc822\r\n"
	"Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"),
	"From: \xff\xfe\x80\r\nTo: <<<@,;:>\r\nDate: never\r\n\r\n\x80\x80\r\n",
	"Content-Type: //;;=;\r\nContent-Disposition: \"\r\n\r\n\r\n",
};
#define BODIES	(sizeof(bodies) / sizeof(*bodies))

/* RFC 9051 7.5.2: a body structure there is of every message */
START_TEST(every_letter_comes_with_its_structure)
{
	TEXT_AUTO want = TEXT_INIT(STRUCTURE_MOST);
	TEXT_AUTO have = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;
	struct selected *selected;
	struct account *account;

	begin();
	for (size_t i = 0; i < BODIES; i++)
		deliver(i + 1, slice_str(bodies[i]), false);
	wait_for(BODIES);
	end();
	selected = look(&account);
	ck_assert_uint_eq(selected_count(selected), BODIES);
	for (size_t i = 0; i < BODIES; i++) {
		structure_of(selected, i, &have);
		ck_assert_msg(structure_open(text_slice(&have), &structure) ==
		    0, "message %zu", i);
		text_clear(&want);
		ck_assert_int_eq(structure_make(slice_str(bodies[i]), &want),
		    0);
		ck_assert_msg(slice_is(text_slice(&have),
		    text_slice(&want)), "message %zu", i);
	}
	selected_close(selected);
	ck_assert_int_eq(account_close(account), 0);
}
END_TEST

/* The largest that is mapped, and one that stays in the queue's file. */
START_TEST(a_big_letter_is_scanned_when_somebody_asks)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	char *body = malloc(BIG_BYTES + 1);
	struct structure structure;
	struct selected *selected;
	struct account *account;

	ck_assert_ptr_nonnull(body);
	memset(body, 'x', BIG_BYTES + 1);
	memcpy(body, "A: b\r\n\r\n", 8);
	begin();
	deliver(1, slice_of(body, BIG_BYTES), false);
	deliver(2, slice_of(body, BIG_BYTES + 1), true);
	wait_for(2);
	end();
	free(body);
	selected = look(&account);
	structure_of(selected, 0, &packed);
	ck_assert_int_eq(structure_open(text_slice(&packed), &structure), 0);
	ck_assert_uint_eq(structure.bytes, BIG_BYTES + 2);
	structure_of(selected, 1, &packed);
	ck_assert_uint_eq(packed.len, 0);
	selected_close(selected);
	ck_assert_int_eq(account_close(account), 0);
}
END_TEST

/* Handed over and perhaps committed, perhaps not: then the process is gone. */
static void
deliver_and_die(void)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		begin();
		for (size_t i = 0; i < BODIES; i++)
			deliver(i + 1, slice_str(bodies[i]), false);
		play_run(&play, 0);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* DESIGN.md 3: the journal delivers again, once */
START_TEST(a_crash_loses_neither_letter_nor_structure)
{
	TEXT_AUTO packed = TEXT_INIT(STRUCTURE_MOST);
	struct structure structure;
	struct selected *selected;
	struct account *account;

	deliver_and_die();
	begin();
	for (size_t i = 0; i < BODIES; i++)
		deliver(i + 1, slice_str(bodies[i]), false);
	wait_for(BODIES);
	end();
	selected = look(&account);
	ck_assert_uint_eq(selected_count(selected), BODIES);
	for (size_t i = 0; i < BODIES; i++) {
		structure_of(selected, i, &packed);
		ck_assert_msg(structure_open(text_slice(&packed),
		    &structure) == 0, "message %zu", i);
	}
	selected_close(selected);
	ck_assert_int_eq(account_close(account), 0);
}
END_TEST

/* Overwrite every letter that is stored: nobody can read one any more. */
static void
spoil_letters(void)
{
	static const char nothing[65536];
	int folder = openat(scratch.fd, "letters", O_RDONLY | O_DIRECTORY);
	DIR *entries = fdopendir(folder);
	const struct dirent *entry;
	unsigned count = 0;
	int fd;

	ck_assert_ptr_nonnull(entries);
	while ((entry = readdir(entries)) != NULL) {
		fd = openat(folder, entry->d_name, O_WRONLY);
		if (fd < 0)
			continue;
		ck_assert_int_eq(pwrite(fd, nothing, sizeof(nothing), 0),
		    sizeof(nothing));
		(void)close(fd);
		count++;
	}
	(void)closedir(entries);
	ck_assert_uint_gt(count, 0);
}

/* What the mailbox says to a session: 1 it is served, 0 not, -1 nothing yet. */
static int is_served;

static void
on_served(void *arg, int status, struct ipc_message *message)
{
	struct unpack u;

	(void)arg;
	ck_assert_int_eq(status, 0);
	u = unpack_of(message->body);
	is_served = unpack_bool(&u);
	ck_assert(unpack_is_done(&u));
}

static void
pack_session(struct text *body, const struct session_carried *carried)
{
	const struct session_request request = {
		.service = SESSION_IMAP, .login = SLICE("ann@office.test"),
		.tag = SLICE("x"), .number = 77, .carried = *carried
	};

	session_pack(body, &request);
}

/* A client of the session that the door hands over: its socket. */
static int
log_in(void)
{
	const struct session_carried none = { .quiet_ms = 0 };
	TEXT_AUTO body = TEXT_INIT(1024);
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    pair), 0);
	is_served = -1;
	pack_session(&body, &none);
	ck_assert_int_eq(ipc_ask(door, MAILBOX_SESSION, text_slice(&body),
	    &pair[0], 1, on_served, NULL), 0);
	(void)close(pair[0]);
	return pair[1];
}

/* Say it; all that came up to "\r\nTAG ". */
static struct slice
ask(int fd, struct text *got, const char *say, const char *tag)
{
	uint64_t until = clock_ms() + GUARD_MS;
	char bytes[4096];
	ssize_t n;

	text_clear(got);
	ck_assert_int_eq(send(fd, say, strlen(say), 0), (int)strlen(say));
	while (slice_find_str(text_slice(got), tag) == SIZE_MAX &&
	    clock_ms() < until) {
		play_run(&play, 1);
		while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
			text_add(got, slice_of(bytes, (size_t)n));
	}
	ck_assert_msg(slice_find_str(text_slice(got), tag) != SIZE_MAX,
	    "%s: %.*s", say, SLICE_FMT(text_slice(got)));
	return text_slice(got);
}

/* A folder is listed from the rows: no letter need be readable. */
START_TEST(a_list_of_letters_reads_none_of_them)
{
	TEXT_AUTO got = TEXT_INIT(1 << 20);
	int fd;

	begin();
	for (size_t i = 0; i < BODIES; i++)
		deliver(i + 1, slice_str(bodies[i]), false);
	wait_for(BODIES);
	spoil_letters();
	fd = log_in();
	(void)ask(fd, &got, "s SELECT INBOX\r\n", "\r\ns OK ");
	ck_assert(slice_find_str(ask(fd, &got, "a FETCH 1:* (UID FLAGS "
	    "INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)\r\n",
	    "\r\na OK "), "\"one\"") != SIZE_MAX);
	ck_assert(slice_find_str(text_slice(&got), "* 14 FETCH ") !=
	    SIZE_MAX);
	/* they are spoilt indeed */
	(void)ask(fd, &got, "b FETCH 1 BODY.PEEK[]\r\n", "b NO ");
	(void)close(fd);
	play_run(&play, 0);
	end();
}
END_TEST

#define SIZE	200000u	/* of a message that is saved */
#define TICKET	71u

/* Until the queue has heard so much. */
static void
wait_heard(const char *words)
{
	uint64_t until = clock_ms() + GUARD_MS;

	while (!slice_is_str(text_slice(&heard), words) && clock_ms() < until)
		play_run(&play, 1);
	ck_assert_msg(slice_is_str(text_slice(&heard), words), "%.*s",
	    SLICE_FMT(text_slice(&heard)));
}

/* Its file is there: the end that the queue reads. */
static int
give_file(void)
{
	TEXT_AUTO body = TEXT_INIT(64);
	int pair[2];

	ck_assert_int_eq(pipe2(pair, O_NONBLOCK | O_CLOEXEC), 0);
	pack_i64(&body, 0);
	pack_u64(&body, TICKET);
	pack_bytes(&body, slice_of("big-letter", MESSAGE_ID_BYTES));
	ck_assert_int_eq(ipc_reply(queue, asked, text_slice(&body), &pair[1],
	    1), 0);
	(void)close(pair[1]);
	return pair[0];
}

/* It is durable, and counted: all its bytes. */
static void
say_kept(uint64_t bytes)
{
	TEXT_AUTO body = TEXT_INIT(32);

	pack_i64(&body, 0);
	pack_u64(&body, bytes);
	ck_assert_int_eq(ipc_reply(queue, asked, text_slice(&body), NULL, 0),
	    0);
}

/* The message, to its last byte, and through the pipe: how much came. */
static size_t
send_message(int client, int file)
{
	static char line[1000], got[65536];
	uint64_t until = clock_ms() + GUARD_MS;
	size_t sent = 0, came = 0;
	ssize_t n;

	memset(line, 'x', sizeof(line));
	while ((sent < SIZE || came < SIZE) && clock_ms() < until) {
		n = sent < SIZE ? send(client, line, sizeof(line), 0) : 0;
		sent += n > 0 ? (size_t)n : 0;
		play_run(&play, 0);
		n = read(file, got, sizeof(got));
		came += n > 0 ? (size_t)n : 0;
	}
	ck_assert_uint_eq(sent, SIZE);
	return came;
}

static size_t
count_letters(void)
{
	struct account *account;
	struct selected *selected = look(&account);
	size_t count = selected_count(selected);

	selected_close(selected);
	ck_assert_int_eq(account_close(account), 0);
	return count;
}

START_TEST(a_big_letter_is_saved_through_the_queue)
{
	TEXT_AUTO got = TEXT_INIT(1 << 20);
	int client, file;

	begin();
	client = log_in();
	(void)ask(client, &got, "", "x OK ");
	ck_assert_int_eq(send(client, "a APPEND INBOX {200000}\r\n", 25, 0),
	    25);
	wait_heard("save ");
	ck_assert_uint_eq(said, SIZE);
	file = give_file();
	(void)ask(client, &got, "", "+ ");
	ck_assert_uint_eq(send_message(client, file), SIZE);
	wait_heard("save saved ");
	ck_assert_uint_eq(said, TICKET);
	say_kept(SIZE);
	(void)ask(client, &got, "\r\n", "a OK ");
	(void)close(file);
	(void)close(client);
	play_run(&play, 0);
	end();
	ck_assert(slice_is_str(text_slice(&heard), "save saved "));
	ck_assert_uint_eq(count_letters(), 1);
}
END_TEST

/*
 * The client goes before the file is there, or before it is durable; or its
 * connection breaks (it leaves the greeting unread), and the file comes when
 * the session is gone.
 */
START_TEST(a_file_that_nobody_waits_for_is_given_up)
{
	TEXT_AUTO got = TEXT_INIT(1 << 20);
	int client, file = -1;

	begin();
	client = log_in();
	if (_i < 2)
		(void)ask(client, &got, "", "x OK ");
	ck_assert_int_eq(send(client, "a APPEND INBOX {200000}\r\n", 25, 0),
	    25);
	wait_heard("save ");
	if (_i == 1) {
		file = give_file();
		(void)ask(client, &got, "", "+ ");
		ck_assert_uint_eq(send_message(client, file), SIZE);
		wait_heard("save saved ");
	}
	(void)close(client);
	play_run(&play, 0);
	if (_i != 1) {
		file = give_file();
		wait_heard("save abandon ");
	} else {
		say_kept(SIZE);
		wait_heard("save saved unref ");
	}
	(void)close(file);
	end();
	ck_assert_uint_eq(count_letters(), 0);
}
END_TEST

/* The parent lets it go only when it hears so: somebody may come meanwhile. */
START_TEST(who_crosses_the_farewell_is_left_to_the_next)
{
	char byte;
	int fd;

	begin();
	fd = log_in();
	play_run(&play, 20);
	ck_assert_int_eq(is_served, 1);
	ck_assert_int_eq(recv(fd, &byte, 1, 0), 1);
	(void)close(fd);
	play_run(&play, 20);
	mailbox_code.if_idle(&play.process);
	fd = log_in();
	play_run(&play, 20);
	ck_assert_uint_eq(play.retires, 1);
	ck_assert_int_eq(is_served, 0);
	/* our own end is closed with the door's copy: not a byte was said */
	ck_assert_int_eq(recv(fd, &byte, 1, 0), 0);
	(void)close(fd);
	end();
}
END_TEST

/* DESIGN.md 2: who rests is told of news by the door, which is told once. */
START_TEST(a_session_that_idles_is_given_back)
{
	TEXT_AUTO got = TEXT_INIT(1 << 16);
	TEXT_AUTO body = TEXT_INIT(1024);
	int client;

	begin();
	play.process.config.warm_seconds = 1;
	client = log_in();
	(void)ask(client, &got, "", "x OK ");
	deliver(1, slice_str(bodies[0]), false);
	wait_for(1);
	wait_count(&play.changes, 1);
	deliver(2, slice_str(bodies[1]), false);
	wait_for(2);
	(void)ask(client, &got, "s SELECT INBOX\r\ni IDLE\r\n", "+ ");
	wait_count(&parted, 1);
	ck_assert_uint_eq(parting.number, 77);
	ck_assert_uint_ge(parting.modseq, play.modseq);
	ck_assert_uint_eq(play.changes, 1);
	/* the next change is told, though nobody is here */
	deliver(3, slice_str(bodies[2]), false);
	wait_for(3);
	wait_count(&play.changes, 2);
	ck_assert_uint_gt(play.modseq, parting.modseq);
	pack_session(&body, &parting.carried);
	ck_assert_int_eq(ipc_ask(door, MAILBOX_SESSION, text_slice(&body),
	    &parted_fd, 1, on_served, NULL), 0);
	(void)close(parted_fd);
	(void)ask(client, &got, "DONE\r\n", "i OK ");
	ck_assert_uint_ne(slice_find_str(text_slice(&got), "* 3 EXISTS"),
	    SIZE_MAX);
	(void)close(client);
	end();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("role_mailbox");
	TCase *tcase = tcase_create("delivery");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, every_letter_comes_with_its_structure);
	tcase_add_test(tcase, a_big_letter_is_scanned_when_somebody_asks);
	tcase_add_test(tcase, a_crash_loses_neither_letter_nor_structure);
	tcase_add_test(tcase, a_list_of_letters_reads_none_of_them);
	tcase_add_test(tcase, a_big_letter_is_saved_through_the_queue);
	tcase_add_test(tcase, a_session_that_idles_is_given_back);
	tcase_add_test(tcase, who_crosses_the_farewell_is_left_to_the_next);
	tcase_add_loop_test(tcase, a_file_that_nobody_waits_for_is_given_up,
	    0, 3);
	suite_add_tcase(suite, tcase);
	return suite;
}
