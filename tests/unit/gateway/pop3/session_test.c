/*
 * session_test.c - POP3 after login, over socket pairs and a real account
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/pop3/pop3.h"
#include "gateway/pop3/stuff.h"
#include "tests/unit/gateway/pop3/peer.h"
#include "tests/unit/unit.h"

#define NO_SUCH		"-ERR no such letter\r\n"
#define TRACE		"Received: here\r\n"
#define ONE		"Subject: one\r\n\r\nfirst\r\n.\r\n..two\r\n"
#define TWO		"Subject: two\r\n\r\nno line end"

/* The account's process, played by the test. */
static struct office {
	struct loop	*loop;
	char		 folder[64];
	int		 folder_fd;
	struct account	*account;
	uint64_t	 position;
	struct pop3_peer peer[2];
	struct pop3_session *session[2];
	unsigned	 ended, forgets;
	int		 big_refusal;	/* what `big` returns, if not 0 */
	int		 big_fd;	/* what it gives then */
	bool		 silent;	/* it gives nothing */
	pop3_big_fn	*reply;
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
ask_big(void *arg, const struct message_id *id, pop3_big_fn *reply,
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
step(void *arg, const char *uidl, const char *what)
{
	(void)arg;
	text_addf(&office.steps, "%s %s\n", what, uidl);
}

static void
ended(void *arg, struct pop3_session *session)
{
	(void)arg;
	for (int i = 0; i < 2; i++)
		if (office.session[i] == session)
			office.session[i] = NULL;
	office.ended++;
}

static const struct pop3_session_ports ports = {
	.big = ask_big, .forget = forget, .step = step, .ended = ended,
};

static void
open_account(void)
{
	struct account_options options = { .segment_bytes = 1 << 20,
	    .uid_block = 1000, .hub_id = "a test's own hub" };
	unsigned needs;

	ck_assert_int_eq(account_open(office.folder_fd, &options,
	    &office.account, &needs), 0);
}

static void
set_up(void)
{
	office = (struct office){ .steps = TEXT_INIT(1 << 20), .big_fd = -1 };
	office.loop = loop_new();
	office.answer = timer_new(office.loop, answer, NULL);
	(void)snprintf(office.folder, sizeof(office.folder),
	    "/tmp/pop3-session-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(office.folder));
	office.folder_fd = open(office.folder, O_RDONLY | O_DIRECTORY);
	open_account();
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
			pop3_session_close(office.session[i]);
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
}

/* Letter number `position`: its id is that number, so UIDLs are known. */
static void
deliver(struct slice trace, struct slice body, uint64_t big_bytes)
{
	struct delivery delivery = {
		.position = ++office.position,
		.mailbox = MAILBOX_INBOX,
		.trace = trace,
		.body = body,
		.body_bytes = big_bytes > 0 ? big_bytes : body.len,
		.is_big = big_bytes > 0,
		.lacks_crlf = big_bytes > 0 ||
		    !slice_has_suffix(body, "\r\n"),
	};
	bool was_there;

	for (size_t i = 0; i < 4; i++)
		delivery.id.bytes[MESSAGE_ID_BYTES - 1 - i] =
		    (unsigned char)(office.position >> 8 * i);
	ck_assert_int_eq(account_deliver(office.account, &delivery,
	    &was_there), 0);
	ck_assert(!was_there);
	ck_assert_int_eq(account_commit(office.account), 0);
}

static void
deliver_two(void)
{
	deliver(slice_str(TRACE), slice_str(ONE), 0);
	deliver(slice_str(TRACE), slice_str(TWO), 0);
}

static void
begin(int i, const char *greeting)
{
	struct pop3_session_options options = {
		.hostname = "hub.office.test", .login = SLICE("ann"),
	};
	int fd;

	pop3_peer_open(&office.peer[i], office.loop, &fd);
	office.session[i] = pop3_session_new(office.loop, fd, office.account,
	    &options, &ports);
	ck_assert_ptr_nonnull(office.session[i]);
	pop3_peer_expect(&office.peer[i], slice_str(greeting));
}

#define EMPTY		"+OK ann has 0 letters (0 octets)\r\n"
#define GREETING	"+OK ann has 2 letters (94 octets)\r\n"
#define LISTED		"+OK 2 letters (94 octets)\r\n1 49\r\n2 45\r\n.\r\n"
#define UIDL_1		"0000000000000001.0"
#define UIDL_2		"0000000000000002.0"
#define BAD_NUMBER	" wants a message number\r\n"
#define BAD_LINES	"-ERR TOP wants a message number and a number of " \
			"lines\r\n"

/* Dialogues over the letters ONE (49 octets) and TWO (45 and a line end). */
static const struct pop3_exchange dialogues[][9] = {
	{ /* RFC 1939 5 and 7: the whole mailbox */
		{ "STAT\r\n", "+OK 2 94\r\n" },
		{ "LIST\r\n", LISTED },
		{ "UIDL\r\n", "+OK 2 letters (94 octets)\r\n1 " UIDL_1
		    "\r\n2 " UIDL_2 "\r\n.\r\n" },
		{ "LIST 2\r\n", "+OK 2 45\r\n" },
		{ "UIDL 2\r\n", "+OK 2 " UIDL_2 "\r\n" },
		{ "NOOP\r\n", "+OK nothing done\r\n" },
	}, { /* RFC 1939 3: dots doubled, a missing line end added */
		{ "RETR 1\r\n", "+OK 49 octets\r\n" TRACE
		    "Subject: one\r\n\r\nfirst\r\n..\r\n...two\r\n.\r\n" },
		{ "RETR 2\r\n", "+OK 45 octets\r\n" TRACE TWO "\r\n.\r\n" },
	}, { /* RFC 1939 7 */
		{ "TOP 1 0\r\n", "+OK the top of it\r\n" TRACE
		    "Subject: one\r\n\r\n.\r\n" },
		{ "TOP 1 2\r\n", "+OK the top of it\r\n" TRACE
		    "Subject: one\r\n\r\nfirst\r\n..\r\n.\r\n" },
		{ "top 2 4294967295\r\n", "+OK the top of it\r\n" TRACE TWO
		    "\r\n.\r\n" },
	}, { /* HARDENING A41: numbers that are none */
		{ "RETR 0\r\nRETR 3\r\nRETR 4294967295\r\n",
		    NO_SUCH NO_SUCH NO_SUCH },
		{ "RETR -1\r\nRETR 4294967296\r\n",
		    "-ERR RETR" BAD_NUMBER "-ERR RETR" BAD_NUMBER },
		{ "LIST 0\r\nUIDL 3\r\nDELE 0\r\n", NO_SUCH NO_SUCH NO_SUCH },
		{ "DELE 18446744073709551617\r\nDELE 1 2\r\nDELE\r\n",
		    "-ERR DELE" BAD_NUMBER "-ERR DELE" BAD_NUMBER
		    "-ERR DELE" BAD_NUMBER },
		{ "TOP 0 1\r\nTOP 3 0\r\n", NO_SUCH NO_SUCH },
		{ "TOP 1 -1\r\nTOP 1\r\nTOP 1 4294967296\r\n",
		    BAD_LINES BAD_LINES BAD_LINES },
		{ "LIST x\r\n", "-ERR LIST wants a message number or "
		    "nothing\r\n" },
	}, { /* a marked letter is not seen; RSET brings it back */
		{ "DELE 1\r\n", "+OK letter 1 will be deleted by QUIT\r\n" },
		{ "DELE 1\r\nRETR 1\r\nTOP 1 0\r\nLIST 1\r\n",
		    "-ERR letter 1 is deleted\r\n"
		    "-ERR letter 1 is deleted\r\n"
		    "-ERR letter 1 is deleted\r\n"
		    "-ERR letter 1 is deleted\r\n" },
		{ "STAT\r\nUIDL\r\n", "+OK 1 45\r\n"
		    "+OK 1 letters (45 octets)\r\n2 " UIDL_2 "\r\n.\r\n" },
		{ "RSET\r\n", "+OK 2 letters (94 octets)\r\n" },
		{ "LIST\r\n", LISTED },
	}, { /* commands of the AUTHORIZATION state are over (RFC 6856 2) */
		{ "USER ann\r\nUTF8\r\nSTLS\r\n",
		    "-ERR not a command here\r\n-ERR not a command here\r\n"
		    "-ERR not a command here\r\n" },
		{ "CAPA\r\n", "+OK what this server can do\r\nTOP\r\nUIDL\r\n"
		    "PIPELINING\r\nEXPIRE NEVER\r\nRESP-CODES\r\n"
		    "AUTH-RESP-CODE\r\nUSER\r\nSASL SCRAM-SHA-256 PLAIN "
		    "LOGIN\r\nUTF8\r\n"
		    "IMPLEMENTATION Postroom\r\n.\r\n" },
	},
};

START_TEST(a_dialogue_goes_as_written)
{
	deliver_two();
	begin(0, GREETING);
	pop3_peer_talk(&office.peer[0], dialogues[_i]);
}
END_TEST

START_TEST(a_dialogue_in_single_bytes_goes_the_same_way)
{
	deliver_two();
	begin(0, GREETING);
	for (const struct pop3_exchange *it = dialogues[_i]; it->say != NULL;
	    it++) {
		for (const char *at = it->say; *at != '\0'; at++) {
			pop3_peer_say(&office.peer[0], slice_of(at, 1));
			pop3_peer_turn(&office.peer[0]);
		}
		pop3_peer_expect(&office.peer[0], slice_str(it->expect));
	}
}
END_TEST

#define DELETED		"+OK letter 1 will be deleted by QUIT\r\n"
#define BYE_1		"+OK hub.office.test: 1 letters deleted, goodbye\r\n"

/* RFC 1939 6; and what is deleted stays so over a restart */
START_TEST(quit_deletes_what_is_marked)
{
	deliver_two();
	begin(0, GREETING);
	pop3_peer_say(&office.peer[0], slice_str("DELE 1\r\nQUIT\r\nNOOP\r\n"));
	pop3_peer_expect(&office.peer[0], slice_str(DELETED BYE_1));
	pop3_peer_expect_end(&office.peer[0]);
	ck_assert(slice_is_str(text_slice(&office.steps),
	    "deleted " UIDL_1 "\n"));
	ck_assert_int_eq(account_close(office.account), 0);
	open_account();
	begin(1, "+OK ann has 1 letters (45 octets)\r\n");
	/* A41: the UIDL is that of before */
	pop3_peer_talk(&office.peer[1], (const struct pop3_exchange[]){
		{ "UIDL 1\r\n", "+OK 1 " UIDL_2 "\r\n" },
		{ NULL, NULL } });
}
END_TEST

/* RFC 1939 6: no QUIT, no UPDATE */
START_TEST(a_lost_connection_deletes_nothing)
{
	deliver_two();
	begin(0, GREETING);
	pop3_peer_talk(&office.peer[0], (const struct pop3_exchange[]){
		{ "DELE 1\r\n", DELETED },
		{ NULL, NULL } });
	/* half a QUIT is none */
	pop3_peer_say(&office.peer[0], slice_str("QUIT"));
	(void)shutdown(office.peer[0].fd, SHUT_WR);
	pop3_peer_expect_end(&office.peer[0]);
	ck_assert_uint_eq(office.ended, 1);
	begin(1, GREETING);
}
END_TEST

/* A client that closes its side behind QUIT has said QUIT. */
START_TEST(a_half_closed_client_gets_its_quit)
{
	deliver_two();
	begin(0, GREETING);
	pop3_peer_say(&office.peer[0], slice_str("DELE 1\r\nQUIT\r\n"));
	(void)shutdown(office.peer[0].fd, SHUT_WR);
	pop3_peer_expect(&office.peer[0], slice_str(DELETED BYE_1));
	pop3_peer_expect_end(&office.peer[0]);
}
END_TEST

/* RFC 1939 6: -ERR, and everything is still there */
START_TEST(an_update_that_fails_deletes_nothing)
{
	struct rlimit old, none;

	deliver_two();
	begin(0, GREETING);
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	none = (struct rlimit){ .rlim_cur = 1, .rlim_max = old.rlim_max };
	pop3_peer_talk(&office.peer[0], (const struct pop3_exchange[]){
		{ "DELE 1\r\n", DELETED },
		{ NULL, NULL } });
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	pop3_peer_say(&office.peer[0], slice_str("QUIT\r\n"));
	pop3_peer_wait(&office.peer[0], 10);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	pop3_peer_expect(&office.peer[0], slice_str("-ERR [SYS/TEMP] the "
	    "letters could not be deleted; all are still there\r\n"));
	pop3_peer_expect_end(&office.peer[0]);
	ck_assert_uint_eq(office.steps.len, 0);
	ck_assert_int_eq(account_close(office.account), 0);
	open_account();
	begin(1, GREETING);
}
END_TEST

/* RFC 1939 4: each session has the mailbox as it was when it began */
START_TEST(two_sessions_do_not_disturb_each_other)
{
	deliver_two();
	begin(0, GREETING);
	begin(1, GREETING);
	pop3_peer_talk(&office.peer[0], (const struct pop3_exchange[]){
		{ "DELE 1\r\n", DELETED },
		{ "QUIT\r\n", BYE_1 },
		{ NULL, NULL } });
	deliver(slice_str(TRACE), slice_str(ONE), 0);
	pop3_peer_talk(&office.peer[1], (const struct pop3_exchange[]){
		{ "LIST\r\n", LISTED },
		{ "RETR 1\r\n", "+OK 49 octets\r\n" TRACE
		    "Subject: one\r\n\r\nfirst\r\n..\r\n...two\r\n.\r\n" },
		{ "DELE 1\r\n", DELETED },
		{ "QUIT\r\n", BYE_1 },
		{ NULL, NULL } });
	pop3_peer_expect_end(&office.peer[1]);
}
END_TEST

/* HARDENING 2 */
START_TEST(twenty_bad_commands_end_the_session)
{
	TEXT_AUTO expected = TEXT_INIT(65536);

	deliver_two();
	begin(0, GREETING);
	for (int i = 0; i < 20; i++) {
		pop3_peer_say(&office.peer[0], slice_str("XTND\r\n"));
		text_add_str(&expected, "-ERR not a command here\r\n");
	}
	text_add_str(&expected, "-ERR too many bad commands\r\n");
	pop3_peer_expect(&office.peer[0], text_slice(&expected));
	pop3_peer_expect_end(&office.peer[0]);
}
END_TEST

/* RFC 2449 6.8 */
START_TEST(a_thousand_commands_may_be_pipelined)
{
	TEXT_AUTO say = TEXT_INIT(1 << 20), expected = TEXT_INIT(1 << 20);

	deliver_two();
	begin(0, GREETING);
	for (int i = 0; i < 500; i++) {
		text_add_str(&say, "RETR 1\r\nLIST 2\r\n");
		text_add_str(&expected, "+OK 49 octets\r\n" TRACE
		    "Subject: one\r\n\r\nfirst\r\n..\r\n...two\r\n.\r\n"
		    "+OK 2 45\r\n");
	}
	pop3_peer_say(&office.peer[0], text_slice(&say));
	pop3_peer_expect(&office.peer[0], text_slice(&expected));
}
END_TEST

/* Bytes that are waiting for peer 0 and those in the sockets. */
static size_t
allocated(void)
{
	char line[128];
	size_t pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
	ck_assert_int_eq(sscanf(line, "%*u %zu", &pages), 1);
	(void)fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* HARDENING A82: 1,000 letters asked for, none read */
START_TEST(a_reader_that_does_not_read_costs_little)
{
	TEXT_AUTO body = TEXT_INIT(1 << 20), say = TEXT_INIT(65536);
	size_t before, len = 0;

	for (int i = 0; i < 2000; i++)
		text_add_str(&body, ".0123456789012345678901234567890\r\n");
	deliver(slice_str("A: b\r\n\r\n"), text_slice(&body), 0);
	begin(0, "+OK ann has 1 letters (68008 octets)\r\n");
	for (int i = 0; i < 1000; i++)
		text_add_str(&say, "RETR 1\r\n");
	office.peer[0].deaf = true;
	before = allocated();
	for (int i = 0; i < 100; i++) {
		if (i == 0)
			pop3_peer_say(&office.peer[0], text_slice(&say));
		pop3_peer_turn(&office.peer[0]);
	}
	/* without a limit it would be 70 MB */
	ck_assert_uint_lt(allocated(), before + (8 << 20));
	ck_assert_uint_eq(office.ended, 0);
	office.peer[0].deaf = false;
	len = 1000 * (strlen("+OK 68008 octets\r\n.\r\n") + 68008 + 2000);
	office.peer[0].got.limit = 128 << 20;
	pop3_peer_wait(&office.peer[0], len);
	ck_assert_uint_eq(office.peer[0].got.len, len);
}
END_TEST

/* A listing longer than the output may be is made in pieces. */
START_TEST(a_long_listing_comes_whole)
{
	TEXT_AUTO expected = TEXT_INIT(4 << 20);
	struct delivery one = { .mailbox = MAILBOX_INBOX,
	    .trace = SLICE("A: b\r\n\r\n") };
	bool was_there;

	for (unsigned i = 1; i <= 20000; i++) {
		one.position = i;
		one.id.bytes[7] = (unsigned char)(i >> 16);
		one.id.bytes[8] = (unsigned char)(i >> 8);
		one.id.bytes[9] = (unsigned char)i;
		ck_assert_int_eq(account_deliver(office.account, &one,
		    &was_there), 0);
	}
	ck_assert_int_eq(account_commit(office.account), 0);
	begin(0, "+OK ann has 20000 letters (160000 octets)\r\n");
	text_add_str(&expected, "+OK 20000 letters (160000 octets)\r\n");
	for (unsigned i = 1; i <= 20000; i++)
		text_addf(&expected, "%u 8\r\n", i);
	text_add_str(&expected, ".\r\n");
	office.peer[0].deaf = true;
	pop3_peer_say(&office.peer[0], slice_str("UIDL\r\nLIST\r\n"));
	for (int i = 0; i < 20; i++)
		pop3_peer_turn(&office.peer[0]);
	office.peer[0].deaf = false;
	pop3_peer_wait(&office.peer[0], 20000 * 22 + expected.len);
	ck_assert(slice_is(slice_after(text_slice(&office.peer[0].got),
	    office.peer[0].got.len - expected.len), text_slice(&expected)));
}
END_TEST

/* A big file that begins like mail: 300,000 bytes, no line end at its end. */
static void
make_big(struct text *body)
{
	text_add_str(body, "Subject: big\r\n\r\n");
	while (body->len < 300000 - 8)
		text_add_str(body, ".x\r\n");
	while (body->len < 300000)
		text_add_byte(body, 'y');
	office.big_fd = open(office.folder, O_RDWR | O_TMPFILE, 0600);
	ck_assert_int_ge(office.big_fd, 0);
	ck_assert_int_eq(write(office.big_fd, body->at, body->len), 300000);
	deliver(slice_str(TRACE), slice_of(NULL, 0), 300000);
}

/* RFC 1939 3, 5: the same rules hold for a letter that comes in pieces */
START_TEST(a_big_letter_is_read_from_its_file)
{
	TEXT_AUTO body = TEXT_INIT(1 << 20), expected = TEXT_INIT(1 << 20);

	make_big(&body);
	begin(0, "+OK ann has 1 letters (300018 octets)\r\n");
	text_add_str(&expected, "+OK 300018 octets\r\n" TRACE);
	for (struct slice rest = text_slice(&body); rest.len > 0;) {
		if (rest.at[0] == '.')
			text_add_byte(&expected, '.');
		text_add(&expected, slice_first(rest, 4));
		rest = slice_after(rest, 4);
	}
	text_add_str(&expected, "\r\n.\r\n");
	text_add_str(&expected, "+OK the top of it\r\n" TRACE
	    "Subject: big\r\n\r\n..x\r\n..x\r\n.\r\n+OK nothing done\r\n");
	pop3_peer_say(&office.peer[0],
	    slice_str("RETR 1\r\nTOP 1 2\r\nNOOP\r\n"));
	pop3_peer_expect(&office.peer[0], text_slice(&expected));
	ck_assert(slice_is_str(text_slice(&office.steps),
	    "read " UIDL_1 "\n"));
}
END_TEST

#define CANNOT	"-ERR [SYS/TEMP] letter " UIDL_1 " cannot be read now\r\n"
#define DAMAGED	"-ERR [SYS/PERM] letter " UIDL_1 " is damaged: tell the " \
		"postmaster\r\n"

START_TEST(a_big_letter_that_cannot_be_had_is_said)
{
	TEXT_AUTO body = TEXT_INIT(1 << 20);
	int fd;

	make_big(&body);
	begin(0, "+OK ann has 1 letters (300018 octets)\r\n");
	fd = office.big_fd;
	office.big_fd = -1;
	pop3_peer_talk(&office.peer[0], (const struct pop3_exchange[]){
		{ "RETR 1\r\n", CANNOT }, { NULL, NULL } });
	office.big_refusal = -ECONNRESET;
	pop3_peer_talk(&office.peer[0], (const struct pop3_exchange[]){
		{ "RETR 1\r\n", CANNOT }, { NULL, NULL } });
	office.big_refusal = 0;
	office.big_fd = fd;
	ck_assert_int_eq(ftruncate(fd, 299999), 0);
	pop3_peer_talk(&office.peer[0], (const struct pop3_exchange[]){
		{ "RETR 1\r\n", DAMAGED },
		{ "NOOP\r\n", "+OK nothing done\r\n" }, { NULL, NULL } });
	ck_assert_uint_eq(office.steps.len, 0);
}
END_TEST

/* Half a letter must not look whole: no dot, the connection ends. */
START_TEST(a_big_letter_that_breaks_off_ends_the_session)
{
	TEXT_AUTO body = TEXT_INIT(1 << 20);

	make_big(&body);
	begin(0, "+OK ann has 1 letters (300018 octets)\r\n");
	office.peer[0].deaf = true;
	pop3_peer_say(&office.peer[0], slice_str("RETR 1\r\nQUIT\r\n"));
	/* 375,000 bytes with the dots doubled: the server has to wait */
	for (int i = 0; i < 50; i++)
		pop3_peer_turn(&office.peer[0]);
	ck_assert_int_eq(ftruncate(office.big_fd, 1000), 0);
	office.peer[0].deaf = false;
	pop3_peer_wait(&office.peer[0], 1 << 20);
	ck_assert(office.peer[0].ended);
	ck_assert_uint_gt(office.peer[0].got.len, 100000);
	ck_assert(!slice_has_suffix(text_slice(&office.peer[0].got),
	    "\r\n.\r\n"));
	ck_assert(slice_find_str(text_slice(&office.peer[0].got), "goodbye") ==
	    SIZE_MAX);
	ck_assert_uint_eq(office.steps.len, 0);
}
END_TEST

START_TEST(a_session_that_ends_is_forgotten)
{
	TEXT_AUTO body = TEXT_INIT(1 << 20);

	make_big(&body);
	office.silent = true;
	begin(0, "+OK ann has 1 letters (300018 octets)\r\n");
	pop3_peer_say(&office.peer[0], slice_str("RETR 1\r\n"));
	for (int i = 0; i < 5; i++)
		pop3_peer_turn(&office.peer[0]);
	pop3_session_close(office.session[0]);
	ck_assert_uint_eq(office.forgets, 1);
	ck_assert_uint_eq(office.ended, 1);
	pop3_peer_expect_end(&office.peer[0]);
}
END_TEST

/* Flip a byte of the letter in its segment. */
static int
spoil(const char *path, const struct stat *st, int type, struct FTW *at)
{
	char *bytes, *place;
	int fd;

	(void)at;
	if (type != FTW_F || strstr(path, ".seg") == NULL)
		return 0;
	bytes = malloc((size_t)st->st_size);
	fd = open(path, O_RDWR);
	ck_assert_int_eq(pread(fd, bytes, (size_t)st->st_size, 0),
	    st->st_size);
	place = memmem(bytes, (size_t)st->st_size, "first", 5);
	ck_assert_ptr_nonnull(place);
	ck_assert_int_eq(pwrite(fd, "F", 1, place - bytes), 1);
	(void)close(fd);
	free(bytes);
	return 0;
}

START_TEST(a_damaged_letter_is_named_and_the_session_goes_on)
{
	deliver_two();
	begin(0, GREETING);
	ck_assert_int_eq(nftw(office.folder, spoil, 8, FTW_PHYS), 0);
	pop3_peer_talk(&office.peer[0], (const struct pop3_exchange[]){
		{ "RETR 1\r\n", DAMAGED },
		{ "TOP 1 0\r\n", DAMAGED },
		{ "RETR 2\r\n", "+OK 45 octets\r\n" TRACE TWO "\r\n.\r\n" },
		{ "DELE 1\r\n", DELETED },
		{ "QUIT\r\n", BYE_1 },
		{ NULL, NULL } });
}
END_TEST

static const struct {
	const char	*letter;
	uint32_t	 lines;
	const char	*top;
} tops[] = {
	{ "A: b\r\n\r\n1\r\n2\r\n", 0, "A: b\r\n\r\n" },
	{ "A: b\r\n\r\n1\r\n2\r\n", 1, "A: b\r\n\r\n1\r\n" },
	{ "A: b\r\n\r\n1\r\n2\r\n", 9, "A: b\r\n\r\n1\r\n2\r\n" },
	{ "A: b\r\n", 0, "A: b\r\n" },
	{ "A: b\r\n\r\n", 3, "A: b\r\n\r\n" },
	{ "\r\n\r\n.\r\n", 1, "\r\n\r\n" },
	{ "A\r\n\r\r\n\r\nx", 0, "A\r\n\r\r\n\r\n" },
	{ "", 0, "" },
};

static void
gather(void *arg, struct slice run)
{
	text_add(arg, run);
}

/* What TOP takes does not depend on where the pieces were cut. */
START_TEST(pieces_make_no_difference)
{
	struct slice letter = slice_str(tops[_i].letter);

	for (size_t cut = 0; cut <= letter.len; cut++) {
		struct top top = { .lines_left = tops[_i].lines };
		enum stuff_at at = STUFF_LINE_START, whole_at = at;
		TEXT_AUTO got = TEXT_INIT(256), whole = TEXT_INIT(256);
		TEXT_AUTO stuffed = TEXT_INIT(256);

		text_add(&got, top_piece(&top, slice_first(letter, cut)));
		text_add(&got, top_piece(&top, slice_after(letter, cut)));
		ck_assert(slice_is_str(text_slice(&got), tops[_i].top));
		stuff_piece(&at, slice_first(letter, cut), gather, &stuffed);
		stuff_piece(&at, slice_after(letter, cut), gather, &stuffed);
		stuff_piece(&whole_at, letter, gather, &whole);
		ck_assert(slice_is(text_slice(&whole), text_slice(&stuffed)));
		ck_assert_int_eq(at, whole_at);
	}
}
END_TEST

#define COUNT(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("pop3 session");
	TCase *talk = tcase_create("talk"), *pure = tcase_create("pure");

	tcase_add_checked_fixture(talk, set_up, tear_down);
	tcase_set_timeout(talk, 60);
	tcase_add_loop_test(talk, a_dialogue_goes_as_written, 0,
	    COUNT(dialogues));
	tcase_add_loop_test(talk, a_dialogue_in_single_bytes_goes_the_same_way,
	    0, COUNT(dialogues));
	tcase_add_test(talk, quit_deletes_what_is_marked);
	tcase_add_test(talk, a_lost_connection_deletes_nothing);
	tcase_add_test(talk, a_half_closed_client_gets_its_quit);
	tcase_add_test(talk, an_update_that_fails_deletes_nothing);
	tcase_add_test(talk, two_sessions_do_not_disturb_each_other);
	tcase_add_test(talk, twenty_bad_commands_end_the_session);
	tcase_add_test(talk, a_thousand_commands_may_be_pipelined);
	tcase_add_test(talk, a_reader_that_does_not_read_costs_little);
	tcase_add_test(talk, a_long_listing_comes_whole);
	tcase_add_test(talk, a_big_letter_is_read_from_its_file);
	tcase_add_test(talk, a_big_letter_that_cannot_be_had_is_said);
	tcase_add_test(talk, a_big_letter_that_breaks_off_ends_the_session);
	tcase_add_test(talk, a_session_that_ends_is_forgotten);
	tcase_add_test(talk,
	    a_damaged_letter_is_named_and_the_session_goes_on);
	tcase_add_loop_test(pure, pieces_make_no_difference, 0, COUNT(tops));
	suite_add_tcase(suite, talk);
	suite_add_tcase(suite, pure);
	return suite;
}
