/*
 * role_relay_test.c - a message's way to another host, and what that may say
 *
 * The whole role, over real channels; the test is the queue, the resolver and the
 * keeper, and a child of it the host.  It is one thing: every test needs all of
 * these around the role.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fetch/service.h"
#include "lib/base/host.h"
#include "lib/base/memfd.h"
#include "lib/base/names.h"
#include "policy/keeper.h"
#include "policy/line_counts.h"
#include "policy/smarthosts.h"
#include "queue/relay_job.h"
#include "tests/unit/programs/play.h"
#include "tests/unit/unit.h"

#define MESSAGE	"Subject: hi\r\n\r\n.dot\r\n"
#define SENT	"Received: x\r\nSubject: hi\r\n\r\n..dot\r\n.\r\n"
#define CHUNK	"Received: x\r\nSubject: hi\r\n\r\n.dot\r\n"
#define EHLO_CHUNKS	"250-mx.test\r\n250-CHUNKING\r\n250 PIPELINING\r\n"
#define CHUNKS_ONLY	"250-mx.test\r\n250 CHUNKING\r\n"
#define EHLO	"250-mx.test\r\n250 PIPELINING\r\n"

/* What a host says at each step; NULL: it hangs up there. */
struct host {
	const char	*greeting, *ehlo, *mail, *rcpt, *data, *end;
	size_t		 end_bytes;	/* of that, then it hangs up; 0: all */
	unsigned	 transactions;	/* on one connection; then it hangs up at
					   the next one's MAIL; 0: one, at once */
};

static struct play play;
static struct ipc *queue, *resolver, *keeper;
static uint16_t port;
static int listener = -1, heard_fd = -1;
static pid_t host_pid;
static unsigned answers;
static enum relay_outcome outcome;
static unsigned code;
static bool is_try, was_reached;
static uint64_t number;		/* of the result */
static char reply_words[256];

/* How the resolver answers. */
static enum names_found records_found, addresses_found;
static struct slice records[2];
static size_t record_count;
static const char *own, *only;	/* only: the one address of every host */
static bool is_secure;
static char via[64];	/* of the job */
static enum names_found proofs_found;
static struct slice proofs;	/* all of the reply; empty: as found */
static unsigned proofs_asked;
static bool has_way, way_by_owner;	/* what the keeper says */
static unsigned ways_asked;
static const char *way_password;	/* NULL: no login */
static uint64_t carried;	/* bytes, as the schedule is told */

static const struct ipc_rule nothing[] = { { 0 } };

/* The host */

static bool
speak(int fd, const char *words, size_t len)
{
	return words != NULL && write(fd, words, len) == (ssize_t)len;
}

/* The one chunk of a message. */
static bool
hear_chunk(FILE *in, const char *line)
{
	char bytes[2048];
	size_t size = 0;

	return sscanf(line, "BDAT %zu LAST", &size) == 1 &&
	    size <= sizeof(bytes) && fread(bytes, 1, size, in) == size &&
	    write(heard_fd, bytes, size) == (ssize_t)size;
}

static bool
hear_message(FILE *in)
{
	char line[2048];
	size_t len;

	while (fgets(line, sizeof(line), in) != NULL) {
		len = strlen(line);
		if (write(heard_fd, line, len) != (ssize_t)len)
			return false;
		if (strcmp(line, ".\r\n") == 0)
			return true;
	}
	return true;
}

/* From MAIL to the reply that counts; false: it is over. */
static bool
transact(int fd, FILE *in, const struct host *host)
{
	const char *const said[] = { host->mail, host->rcpt, host->data };
	bool chunks = strstr(host->ehlo, "CHUNKING") != NULL;
	char line[2048];

	for (size_t i = 0; i < 3; i++) {
		if (fgets(line, sizeof(line), in) == NULL ||
		    strncmp(line, "QUIT", 4) == 0 ||
		    strncmp(line, "RSET", 4) == 0)
			return false;
		if (i == 2 && chunks)
			break;
		if (!speak(fd, said[i], said[i] == NULL ? 0 : strlen(said[i])))
			return false;
	}
	if (chunks ? !hear_chunk(in, line) :
	    strncmp(host->data, "354", 3) != 0 || !hear_message(in))
		return false;
	return host->end == NULL || speak(fd, host->end,
	    host->end_bytes != 0 ? host->end_bytes : strlen(host->end));
}

/* AUTH PLAIN, whoever it is; false: it wants none. */
static bool
let_in(int fd, FILE *in, const struct host *host)
{
	char line[2048];

	return strstr(host->ehlo, "AUTH") == NULL ||
	    (fgets(line, sizeof(line), in) != NULL &&
	    speak(heard_fd, line, strlen(line)) &&
	    strncmp(line, "AUTH PLAIN ", 11) == 0 &&
	    speak(fd, "235 in\r\n", 8));
}

static void
serve(int fd, const struct host *host)
{
	FILE *in = fdopen(fd, "r");
	char line[2048];

	if (host->transactions > 0 && !speak(heard_fd, "+\r\n", 3))
		return;
	if (!speak(fd, host->greeting, host->greeting == NULL ? 0 :
	    strlen(host->greeting)) || fgets(line, sizeof(line), in) == NULL ||
	    !speak(fd, host->ehlo, host->ehlo == NULL ? 0 :
	    strlen(host->ehlo)) || !let_in(fd, in, host) ||
	    !transact(fd, in, host))
		return;
	for (unsigned i = 1; i < host->transactions; i++)
		if (!transact(fd, in, host))
			return;
	if (host->transactions > 0) {
		/* it goes without a word when it is to take one more */
		while (fgets(line, sizeof(line), in) != NULL &&
		    strncmp(line, "MAIL", 4) != 0)
			;
		(void)fclose(in);
		return;
	}
	/* what it has said is to arrive, whatever was not read */
	(void)shutdown(fd, SHUT_WR);
	while (fgets(line, sizeof(line), in) != NULL)
		;
}

/* A host that serves one client after the other, and what it hears. */
static int
host_begin(const struct host *host)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	host_pid = fork();
	ck_assert_int_ge(host_pid, 0);
	if (host_pid == 0) {
		(void)signal(SIGPIPE, SIG_IGN);
		heard_fd = fds[1];
		for (;;) {
			int fd = accept(listener, NULL, NULL);

			if (fd >= 0)
				serve(fd, host);
			(void)close(fd);
		}
	}
	(void)close(fds[1]);
	return fds[0];
}

static void
host_end(void)
{
	(void)kill(host_pid, SIGKILL);
	(void)waitpid(host_pid, NULL, 0);
}

/* The resolver */

static int
on_addresses(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct slice host = unpack_slice(&u);
	TEXT_AUTO body = TEXT_INIT(256);

	(void)arg;
	pack_u8(&body, (uint8_t)addresses_found);
	/* nobody listens at the first one's */
	pack_slice(&body, slice_str(addresses_found != NAMES_FOUND ? "" :
	    only != NULL ? only : slice_is_str(host, "dead.test") ? "127.0.0.9" : "127.0.0.1"));
	pack_slice(&body, slice_str(own));
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

static int
on_records(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(256);

	(void)arg;
	if (message->body.at[0] == NAMES_TXT) {
		pack_u8(&body, NAMES_FOUND);
		pack_u8(&body, false);
		pack_u32(&body, 1);
		pack_slice(&body, slice_str("v=STSv1; id=1;"));
		return ipc_reply(from, message->serial, text_slice(&body),
		    NULL, 0);
	}
	ck_assert_int_eq(message->body.at[0], NAMES_ROUTES);
	pack_u8(&body, (uint8_t)records_found);
	pack_u8(&body, is_secure);
	pack_u32(&body, (uint32_t)record_count);
	for (size_t i = 0; i < record_count; i++)
		pack_slice(&body, records[i]);
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

static int
on_proofs(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct slice host = unpack_slice(&u);
	TEXT_AUTO body = TEXT_INIT(256);

	(void)arg;
	proofs_asked++;
	ck_assert(host_is_name(host));
	ck_assert_uint_eq(unpack_u32(&u), port);
	ck_assert(unpack_is_done(&u));
	pack_u8(&body, (uint8_t)proofs_found);
	pack_slice(&body, proofs_found == NAMES_FOUND ? host : slice_str(""));
	pack_u32(&body, proofs_found == NAMES_FOUND);
	if (proofs_found == NAMES_FOUND)
		pack_slice(&body, slice_str("\3\1\1 of another one"));
	return ipc_reply(from, message->serial, proofs.len > 0 ? proofs :
	    text_slice(&body), NULL, 0);
}

static const struct ipc_rule resolver_rules[] = {
{ RESOLVER_ADDRESSES, "ADDRESSES", FROM(ROLE_RELAY), IPC_REQUEST, 0, 0, on_addresses },
{ RESOLVER_RECORDS, "RECORDS", FROM(ROLE_RELAY), IPC_REQUEST, 0, 0, on_records },
{ RESOLVER_PROOFS, "PROOFS", FROM(ROLE_RELAY), IPC_REQUEST, 0, 0, on_proofs },
{ 0 }
};

/* The keeper */

static int
on_way(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	TEXT_AUTO body = TEXT_INIT(256);

	(void)arg;
	ck_assert(slice_is_str(unpack_slice(&u), "ann@office.test"));
	ck_assert(unpack_is_done(&u));
	ways_asked++;
	pack_u8(&body, has_way);
	if (has_way) {
		pack_slice(&body, slice_str("smtp.isp.test"));
		pack_u16(&body, port);
		pack_u8(&body, SMARTHOST_CLEAR);
		pack_slice(&body, slice_str(way_password == NULL ? "" : "ann"));
		pack_slice(&body, slice_str(way_password == NULL ? "" :
		    way_password));
		pack_u8(&body, way_by_owner);
	}
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

static const struct ipc_rule keeper_rules[] = {
{ KEEPER_SMARTHOST, "SMARTHOST", FROM(ROLE_RELAY), IPC_REQUEST, 0, 0, on_way },
{ 0 }
};

/* The schedule */

static int
on_carried(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct line_counts counts = line_counts_unpack(&u);

	(void)arg;
	(void)from;
	ck_assert(unpack_is_done(&u));
	carried += line_counts_carried(&counts);
	return 0;
}

static const struct ipc_rule schedule_rules[] = {
{ SCHEDULE_RELAYED, "RELAYED", FROM(ROLE_RELAY), IPC_NEWS, 0, 0, on_carried },
{ 0 }
};

/* The queue */

static void
on_result(void *arg, int status, struct ipc_message *message)
{
	ARENA_AUTO arena = arena_new(64 * 1024);
	struct relay_result result;

	(void)arg;
	if (status < 0)
		return;
	ck_assert_int_eq(relay_result_unpack(arena, message->body, &result),
	    0);
	ck_assert_uint_le(result.count, 1);
	answers++;
	number = result.number;
	is_try = result.count == 1;
	if (!is_try)
		return;
	outcome = result.replies[0].outcome;
	code = result.replies[0].code;
	(void)slice_cstr(result.replies[0].words, reply_words,
	    sizeof(reply_words));
	was_reached = result.was_reached;
}

static void
ask_by(const char *way, const char *domain, const char *to)
{
	TEXT_AUTO packed = TEXT_INIT(4096);
	struct recipient rcpt = { .address = slice_str(to) };
	const struct relay_job job = { .domain = slice_str(domain),
	    .way = slice_str(way),
	    .via = slice_str(via),
	    .sender = SLICE("ann@office.test"),
	    .bytes = sizeof(MESSAGE) - 1, .trace = SLICE("Received: x\r\n"),
	    .recipients = &rcpt, .recipient_count = 1 };
	int fd = memfd_of("letter", slice_str(MESSAGE));

	relay_job_pack(&packed, &job);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ipc_ask(queue, RELAY_SEND, text_slice(&packed), &fd,
	    1, on_result, NULL), 0);
	(void)close(fd);
}

static void
ask(const char *domain, const char *to)
{
	ask_by("", domain, to);
}

static void
wait_answer(unsigned n)
{
	for (unsigned i = 0; answers < n && i < 4000; i++)
		play_run(&play, 5);
	ck_assert_uint_eq(answers, n);
	ck_assert(is_try);
}

static void
begin_play(void)
{
	play_begin(&play, &relay_code);
	queue = play_peer(&play, ROLE_QUEUE, 0, nothing, NULL);
	resolver = play_peer(&play, ROLE_RESOLVER, 0, resolver_rules, NULL);
	keeper = play_peer(&play, ROLE_KEEPER, 0, keeper_rules, NULL);
	play_run(&play, 10);
}

static void
end_play(void)
{
	static struct config config;

	config = play.process.config;
	ipc_free(queue);
	ipc_free(resolver);
	ipc_free(keeper);
	play_end(&play);
	memset(&play, 0, sizeof(play));
	play.process.config = config;
}

static void
set_up(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);

	memset(&play, 0, sizeof(play));
	answers = 0;
	records_found = addresses_found = NAMES_FOUND;
	records[0] = (struct slice)SLICE("\0\x05" "dead.test");
	records[1] = (struct slice)SLICE("\0\x0a" "mx.far.test");
	record_count = 2;
	own = "";
	only = NULL;
	is_secure = false;
	via[0] = '\0';
	proofs_found = NAMES_NONE;
	proofs = slice_of("", 0);
	proofs_asked = 0;
	has_way = true;
	way_by_owner = false;
	ways_asked = 0;
	way_password = NULL;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, size), 0);
	ck_assert_int_eq(listen(listener, 4), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &size),
	    0);
	port = ntohs(at.sin_port);
	(void)snprintf(play.process.config.hostname,
	    sizeof(play.process.config.hostname), "mx.office.test");
	(void)snprintf(play.process.config.smarthost,
	    sizeof(play.process.config.smarthost), "127.0.0.1:%u",
	    (unsigned)port);
	(void)snprintf(play.process.config.smarthost_tls,
	    sizeof(play.process.config.smarthost_tls), "none");
	play.process.config.outbound_port = port;
	begin_play();
}

static void
tear_down(void)
{
	end_play();
	(void)close(listener);
}

static const struct {
	struct host		host;
	enum relay_outcome	outcome;
	unsigned		code;
} hosts[] = {
#define OK	"250 ok\r\n"
#define GO	"354 go\r\n"
#define HI	"220 mx\r\n"
{ { HI, EHLO, OK, OK, GO, OK, 0, 0 }, RELAY_DONE, 250 },
{ { HI, "250 mx\r\n", OK, OK, GO, OK, 0, 0 }, RELAY_DONE, 250 },
{ { HI, EHLO, OK, OK, GO, "251-a\r\n251 b\r\n", 0, 0 }, RELAY_DONE, 251 },
/* a no at each step */
{ { "554 go away\r\n", NULL, NULL, NULL, NULL, NULL, 0, 0 }, RELAY_LATER, 0 },
{ { "421 later\r\n", NULL, NULL, NULL, NULL, NULL, 0, 0 }, RELAY_LATER, 0 },
{ { HI, EHLO, "451 no\r\n", "503 no\r\n", "503 no\r\n", NULL, 0, 0 }, RELAY_LATER, 451 },
{ { HI, EHLO, "550 no\r\n", "503 no\r\n", GO, "554 none\r\n", 0, 0 }, RELAY_FAILED, 550 },
{ { HI, "250 mx\r\n", "550 no\r\n", NULL, NULL, NULL, 0, 0 }, RELAY_FAILED, 550 },
{ { HI, EHLO, OK, "450 no\r\n", "503 no\r\n", NULL, 0, 0 }, RELAY_LATER, 450 },
{ { HI, EHLO, OK, "550 no\r\n", GO, "554 none\r\n", 0, 0 }, RELAY_FAILED, 550 },
{ { HI, "250 mx\r\n", OK, "550 no\r\n", NULL, NULL, 0, 0 }, RELAY_FAILED, 550 },
{ { HI, EHLO, OK, "552 full\r\n", "503 no\r\n", NULL, 0, 0 }, RELAY_LATER, 552 },
{ { HI, EHLO, OK, "421 bye\r\n", NULL, NULL, 0, 0 }, RELAY_LATER, 421 },
{ { HI, EHLO, OK, OK, "451 no\r\n", NULL, 0, 0 }, RELAY_LATER, 451 },
{ { HI, EHLO, OK, OK, "554 no\r\n", NULL, 0, 0 }, RELAY_FAILED, 554 },
{ { HI, EHLO, OK, OK, OK, NULL, 0, 0 }, RELAY_LATER, 250 },
{ { HI, EHLO, OK, OK, GO, "451 no\r\n", 0, 0 }, RELAY_LATER, 451 },
{ { HI, EHLO, OK, OK, GO, "554 no\r\n", 0, 0 }, RELAY_FAILED, 554 },
/* it hangs up at each step */
{ { NULL, NULL, NULL, NULL, NULL, NULL, 0, 0 }, RELAY_LATER, 0 },
{ { HI, NULL, NULL, NULL, NULL, NULL, 0, 0 }, RELAY_LATER, 0 },
{ { HI, EHLO, NULL, NULL, NULL, NULL, 0, 0 }, RELAY_LATER, 0 },
{ { HI, EHLO, OK, NULL, NULL, NULL, 0, 0 }, RELAY_LATER, 0 },
{ { HI, EHLO, OK, OK, NULL, NULL, 0, 0 }, RELAY_LATER, 0 },
{ { HI, EHLO, OK, OK, GO, NULL, 0, 0 }, RELAY_LATER, 0 },
/* and at each byte of the one reply that counts */
{ { HI, EHLO, OK, OK, GO, OK, 1, 0 }, RELAY_LATER, 0 },
{ { HI, EHLO, OK, OK, GO, OK, 2, 0 }, RELAY_LATER, 0 },
{ { HI, EHLO, OK, OK, GO, OK, 3, 0 }, RELAY_LATER, 0 },
{ { HI, EHLO, OK, OK, GO, OK, 4, 0 }, RELAY_LATER, 0 },
{ { HI, EHLO, OK, OK, GO, OK, 5, 0 }, RELAY_LATER, 0 },
{ { HI, EHLO, OK, OK, GO, OK, 6, 0 }, RELAY_LATER, 0 },
{ { HI, EHLO, OK, OK, GO, OK, 7, 0 }, RELAY_LATER, 0 },
/* it makes no sense */
{ { HI, EHLO, "what?\r\n", NULL, NULL, NULL, 0, 0 }, RELAY_LATER, 0 },
{ { HI, EHLO, OK, OK, "354 go\r\n250 ok\r\n", OK, 0, 0 }, RELAY_LATER, 0 },
{ { HI, EHLO, OK, OK, GO, "250-ok\r\n550 no\r\n", 0, 0 }, RELAY_LATER, 0 },
/* one reply too many is not that to the message */
{ { HI, EHLO_CHUNKS, OK, OK OK, NULL, "550 no\r\n", 0, 0 }, RELAY_LATER, 0 },
{ { HI, CHUNKS_ONLY, OK, OK OK, NULL, "550 no\r\n", 0, 0 }, RELAY_LATER, 0 },
{ { HI, CHUNKS_ONLY, OK OK, OK, NULL, "550 no\r\n", 0, 0 }, RELAY_LATER, 0 },
{ { HI, "250 mx\r\n", OK OK, OK, GO, OK, 0, 0 }, RELAY_LATER, 0 },
{ { HI, CHUNKS_ONLY, OK, "550 no\r\n" OK, NULL, OK, 0, 0 }, RELAY_FAILED, 550 },
};

START_TEST(only_the_reply_to_the_end_of_the_data_is_a_receipt)
{
	int fd = host_begin(&hosts[_i].host);
	char heard[256];
	ssize_t n = 0;

	ask("", "zoe@far.test");
	wait_answer(1);
	host_end();
	ck_assert_int_eq(outcome, hosts[_i].outcome);
	ck_assert_uint_eq(code, hosts[_i].code);
	if (outcome == RELAY_DONE) {
		n = read(fd, heard, sizeof(heard));
		ck_assert_int_eq(n, (ssize_t)(sizeof(SENT) - 1));
		ck_assert_mem_eq(heard, SENT, (size_t)n);
	}
	(void)close(fd);
}
END_TEST

static const struct host good = { HI, EHLO, OK, OK, GO, OK, 0, 0 };

static const struct {
	struct host	host;
	const char	*heard;
} patient[] = {
	/* one connection for all, one for two, and one for each */
	{ { HI, EHLO, OK, OK, GO, OK, 0, 4 }, "+\r\n" SENT SENT SENT },
	{ { HI, "250 mx\r\n", OK, OK, GO, OK, 0, 4 },
	    "+\r\n" SENT SENT SENT },
	{ { HI, EHLO, OK, OK, GO, OK, 0, 2 },
	    "+\r\n" SENT SENT "+\r\n" SENT },
	{ { HI, EHLO, OK, OK, GO, OK, 0, 1 },
	    "+\r\n" SENT "+\r\n" SENT "+\r\n" SENT },
	/* RFC 3030 */
	{ { HI, EHLO_CHUNKS, OK, OK, NULL, OK, 0, 4 },
	    "+\r\n" CHUNK CHUNK CHUNK },
	{ { HI, CHUNKS_ONLY, OK, OK, NULL, OK, 0, 4 },
	    "+\r\n" CHUNK CHUNK CHUNK },
};

/* However long the host bears it, each message comes once. */
START_TEST(the_next_message_goes_on_the_same_connection)
{
	int fd = host_begin(&patient[_i].host);
	size_t len = strlen(patient[_i].heard), got = 0;
	char heard[1024];
	ssize_t n = 1;

	for (unsigned i = 1; i <= 3; i++) {
		static const char *const to[] = { "zoe@far.test",
		    "bob@far.test", "eve@far.test" };

		ask("far.test", to[i - 1]);
		wait_answer(i);
		ck_assert_int_eq(outcome, RELAY_DONE);
	}
	host_end();
	while (n > 0 && got < sizeof(heard)) {
		n = read(fd, heard + got, sizeof(heard) - got);
		got += n > 0 ? (size_t)n : 0;
	}
	(void)close(fd);
	ck_assert_msg(got == len && memcmp(heard, patient[_i].heard, len) ==
	    0, "%.*s", (int)got, heard);
}
END_TEST

/* RFC 5321 5.1 */
START_TEST(the_next_host_is_tried_when_one_is_not_there)
{
	int fd = host_begin(&good);

	ask("far.test", "zoe@far.test");
	wait_answer(1);
	host_end();
	(void)close(fd);
	ck_assert_int_eq(outcome, RELAY_DONE);
	ck_assert(was_reached);
}
END_TEST

START_TEST(a_domain_without_mx_is_its_own_host)
{
	int fd = host_begin(&good);

	records_found = NAMES_NONE;
	record_count = 0;
	ask("far.test", "zoe@far.test");
	wait_answer(1);
	host_end();
	(void)close(fd);
	ck_assert_int_eq(outcome, RELAY_DONE);
}
END_TEST

static const struct {
	enum names_found	records, addresses;
	bool			is_null, is_us;
	enum relay_outcome	outcome;
} routes[] = {
	{ NAMES_LATER, NAMES_FOUND, false, false, RELAY_LATER },
	{ NAMES_FOUND, NAMES_LATER, false, false, RELAY_LATER },
	{ NAMES_NONE, NAMES_NONE, false, false, RELAY_FAILED },
	{ NAMES_FOUND, NAMES_NONE, false, false, RELAY_FAILED },
	{ NAMES_FOUND, NAMES_FOUND, true, false, RELAY_FAILED },
	{ NAMES_FOUND, NAMES_FOUND, false, true, RELAY_FAILED },
};

/* RFC 7505; RFC 5321 5.1: what would come back to us */
START_TEST(what_dns_says_may_end_it)
{
	records_found = routes[_i].records;
	addresses_found = routes[_i].addresses;
	if (routes[_i].is_null) {
		records[0] = (struct slice)SLICE("\0\0");
		record_count = 1;
	}
	if (records_found != NAMES_FOUND)
		record_count = 0;
	if (routes[_i].is_us) {
		own = "127.0.0.9";
		play.process.config.listeners[0] = (struct listener){
			.service = SERVICE_SMTP, .port = port };
		play.process.config.listener_count = 1;
	}
	ask("far.test", "zoe@far.test");
	wait_answer(1);
	ck_assert_int_eq(outcome, routes[_i].outcome);
	ck_assert(!was_reached);
}
END_TEST

static const char *const nowhere[] = { "127.0.0.9", "0.0.0.0", "[::1]", "[::]",
    "169.254.0.1", "224.0.0.1", "[fe80::1]", "[ff02::1]", "127.0.0.9,[::1]" };

/* RFC 5321 5.1 knows no such host; outside of tests the port is 25. */
START_TEST(a_domain_leads_to_nothing_on_this_machine)
{
	end_play();
	play.process.config.outbound_port = 25;
	begin_play();
	only = nowhere[_i];
	ask("far.test", "zoe@far.test");
	wait_answer(1);
	ck_assert(!was_reached);
	ck_assert_int_eq(outcome, RELAY_FAILED);
	ck_assert_str_eq(reply_words, "DNS gives its host an address that no "
	    "other machine can have: nothing can be sent there");
	/* nor does an address in place of a name */
	ask("[127.0.0.9]", "zoe@[127.0.0.9]");
	wait_answer(2);
	ck_assert(!was_reached);
	ck_assert_int_eq(outcome, RELAY_FAILED);
}
END_TEST

/* A domain has a policy, whose server listens where the hosts do. */
static void
want_policies(const char *inner_hosts)
{
	end_play();
	play.process.config.outbound_port = 25;
	play.process.config.outbound_sts = true;
	play.process.config.outbound_sts_port = port;
	play.process.policies_fd = -1;
	(void)snprintf(play.process.config.people_fetch_hosts,
	    sizeof(play.process.config.people_fetch_hosts), "%s",
	    inner_hosts);
	carried = 0;
	begin_play();
	ck_assert_int_eq(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
}

static const char *const inside[] = { "127.0.0.1", "0.0.0.0",
    "[::ffff:127.0.0.1]", "[::1],127.0.0.1" };

/* Whoever owns a domain would have the hub call what stands behind the wall. */
START_TEST(a_policy_is_not_fetched_from_inside)
{
	want_policies("");
	only = inside[_i];
	ask("far.test", "zoe@far.test");
	wait_answer(1);
	ck_assert_int_lt(accept(listener, NULL, NULL), 0);
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

/* The postmaster may allow it; and what it costs is the line's. */
START_TEST(what_a_policy_costs_is_counted)
{
	struct ipc *schedule;
	char hello[4096];
	ssize_t n = 0;
	int fd = -1;

	want_policies("127.0.0.0/8");
	schedule = play_peer(&play, ROLE_SCHEDULE, 0, schedule_rules, NULL);
	only = "127.0.0.1";
	ask("far.test", "zoe@far.test");
	for (unsigned i = 0; fd < 0 && i < 4000; i++) {
		play_run(&play, 5);
		fd = accept(listener, NULL, NULL);
	}
	ck_assert_int_ge(fd, 0);
	for (unsigned i = 0; n <= 0 && i < 4000; i++) {
		play_run(&play, 5);
		n = recv(fd, hello, sizeof(hello), MSG_DONTWAIT);
	}
	ck_assert_int_gt((int)n, 0);
	(void)close(fd);
	wait_answer(1);
	for (unsigned i = 0; carried < (uint64_t)n && i < 4000; i++)
		play_run(&play, 5);
	ck_assert_uint_ge(carried, (uint64_t)n);
	ipc_free(schedule);
}
END_TEST

/* A name typed wrong, or our provider's DNS, is no fault of who writes. */
START_TEST(a_smarthost_that_dns_does_not_know_ends_nothing)
{
	(void)snprintf(play.process.config.smarthost,
	    sizeof(play.process.config.smarthost), "no.such.test:25");
	records_found = addresses_found = NAMES_NONE;
	ask("", "zoe@far.test");
	wait_answer(1);
	ck_assert_int_eq(outcome, RELAY_LATER);
	ck_assert(!was_reached);
}
END_TEST

static const struct {
	bool		 is_secure;
	enum names_found found;
	const char	*reply;		/* instead of what is found */
	size_t		 bytes;
	unsigned	 asked;		/* for two hosts */
	enum relay_outcome outcome;
	const char	*words;
} published[] = {
	{ false, NAMES_FOUND, NULL, 0, 0, RELAY_DONE, "ok" },
	{ true, NAMES_NONE, NULL, 0, 2, RELAY_DONE, "ok" },
	{ true, NAMES_FOUND, NULL, 0, 2, RELAY_LATER, "it offers no TLS, and "
	    "its domain published that it does (DANE)" },
	{ true, NAMES_LATER, NULL, 0, 2, RELAY_LATER, "what certificate its "
	    "host has published (DANE) cannot be looked up now" },
	/* the resolver is somebody else's by now: found, and what then? */
	{ true, NAMES_NONE, "\0", 1, 2, RELAY_LATER, "what certificate its "
	    "host has published (DANE) cannot be looked up now" },
	{ true, NAMES_NONE, "\7", 1, 2, RELAY_LATER, "what certificate its "
	    "host has published (DANE) cannot be looked up now" },
};

/* RFC 7672 2.2; the host offers no TLS. */
START_TEST(who_has_published_a_certificate_gets_nothing_in_clear)
{
	int fd = host_begin(&good);

	is_secure = published[_i].is_secure;
	proofs_found = published[_i].found;
	if (published[_i].reply != NULL)
		proofs = slice_of(published[_i].reply, published[_i].bytes);
	ask("far.test", "zoe@far.test");
	wait_answer(1);
	host_end();
	(void)close(fd);
	ck_assert_int_eq(outcome, published[_i].outcome);
	ck_assert_str_eq(reply_words, published[_i].words);
	ck_assert_uint_eq(proofs_asked, published[_i].asked);
}
END_TEST

/* A name that the owner has written down needs no MX record that is signed. */
START_TEST(a_smarthost_is_asked_for_what_it_has_published)
{
	static const char *const tls[] = { "starttls", "none" };
	int fd = host_begin(&good);

	end_play();
	(void)snprintf(play.process.config.smarthost,
	    sizeof(play.process.config.smarthost), "mx.far.test:%u",
	    (unsigned)port);
	(void)snprintf(play.process.config.smarthost_tls,
	    sizeof(play.process.config.smarthost_tls), "%s", tls[_i]);
	begin_play();
	proofs_found = NAMES_FOUND;
	ask("", "zoe@far.test");
	wait_answer(1);
	host_end();
	(void)close(fd);
	/* where its owner wants no TLS there is nothing to be proved */
	ck_assert_uint_eq(proofs_asked, _i == 0);
	ck_assert_int_eq(outcome, _i == 0 ? RELAY_LATER : RELAY_DONE);
}
END_TEST

/* One that has a host of its own goes there, whatever the hub's is. */
START_TEST(of_a_smarthost_of_its_own_the_keeper_is_asked)
{
	static const struct host taking = { HI, EHLO, OK, OK, GO, OK, 0, 2 };
	int heard = host_begin(&taking);

	ask_by("ann@office.test", "", "zoe@far.test");
	wait_answer(1);
	ck_assert_int_eq(outcome, RELAY_DONE);
	/* one more, on the same connection: it is asked for anew */
	ask_by("ann@office.test", "", "joe@far.test");
	wait_answer(2);
	ck_assert_int_eq(outcome, RELAY_DONE);
	ck_assert_uint_eq(ways_asked, 2);
	host_end();
	(void)close(heard);
}
END_TEST

/* What an old password has opened is not for who has another one. */
START_TEST(another_password_is_another_login)
{
	static const struct host shut = { HI, "250-mx\r\n250 AUTH PLAIN\r\n",
	    OK, OK, GO, OK, 0, 4 };
	static const char wanted[] = "+\r\nAUTH PLAIN AGFubgBvbmU=\r\n" SENT SENT
	    "+\r\nAUTH PLAIN AGFubgBvdGhlcg==\r\n" SENT;
	static const char *const passwords[] = { "one", "one", "other" };
	static const char *const to[] = { "zoe@far.test", "bob@far.test",
	    "eve@far.test" };
	int fd = host_begin(&shut);
	char heard[512];
	size_t got = 0;
	ssize_t n = 1;

	for (unsigned i = 0; i < 3; i++) {
		way_password = passwords[i];
		ask_by("ann@office.test", "", to[i]);
		wait_answer(i + 1);
		ck_assert_msg(outcome == RELAY_DONE, "%s", reply_words);
	}
	host_end();
	while (n > 0 && got < sizeof(heard)) {
		n = read(fd, heard + got, sizeof(heard) - got);
		got += n > 0 ? (size_t)n : 0;
	}
	(void)close(fd);
	ck_assert_msg(got == sizeof(wanted) - 1 &&
	    memcmp(heard, wanted, got) == 0, "%.*s", (int)got, heard);
}
END_TEST

/* It was taken away: the queue is to say by which way it goes now. */
START_TEST(one_that_is_gone_is_no_try)
{
	has_way = false;
	if (_i == 1) {
		ipc_free(keeper);
		keeper = NULL;
		play_run(&play, 10);
	}
	ask_by("ann@office.test", "", "zoe@far.test");
	for (unsigned i = 0; answers == 0 && i < 4000; i++)
		play_run(&play, 5);
	ck_assert_uint_eq(answers, 1);
	ck_assert(!is_try);
}
END_TEST

/* What a person names leads nowhere inside the office. */
START_TEST(a_person_leads_to_no_host_inside)
{
	way_by_owner = true;
	ask_by("ann@office.test", "", "zoe@far.test");
	wait_answer(1);
	ck_assert_int_eq(outcome, RELAY_LATER);
	ck_assert(!was_reached);
}
END_TEST

/* The same of a host that the postmaster has named for the message. */
START_TEST(a_host_that_is_named_is_asked_too)
{
	int fd = host_begin(&good);

	(void)snprintf(via, sizeof(via), "%s:%u", _i == 0 ? "mx.far.test" :
	    "127.0.0.1", (unsigned)port);
	proofs_found = NAMES_FOUND;
	ask("far.test", "zoe@far.test");
	wait_answer(1);
	host_end();
	(void)close(fd);
	ck_assert_uint_eq(proofs_asked, _i == 0);
	ck_assert_int_eq(outcome, _i == 0 ? RELAY_LATER : RELAY_DONE);
}
END_TEST

/* A gateway's host in the office costs the line nothing; the smarthost does. */
START_TEST(what_goes_to_a_host_in_the_office_is_not_the_lines)
{
	struct ipc *schedule = play_peer(&play, ROLE_SCHEDULE, 0,
	    schedule_rules, NULL);
	int fd = host_begin(&good);
	uint64_t before = carried;

	if (_i == 0)
		(void)snprintf(via, sizeof(via), "127.0.0.1:%u",
		    (unsigned)port);
	ask(_i == 0 ? "far.test" : "", "zoe@far.test");
	wait_answer(1);
	ck_assert_int_eq(outcome, RELAY_DONE);
	/* it is told soon after that */
	for (unsigned i = 0; carried == before && i < 2400; i++)
		play_run(&play, 5);
	ck_assert_int_eq(carried > before, _i == 1);
	host_end();
	(void)close(fd);
	ipc_free(schedule);
}
END_TEST

START_TEST(no_host_hears_an_address_that_is_none)
{
	ask("", "zoe@far.test>\r\nRCPT TO:<eve@far.test");
	wait_answer(1);
	ck_assert_int_eq(outcome, RELAY_FAILED);
	ck_assert(!was_reached);
}
END_TEST

/* No host is at fault when the resolver is not there, or goes. */
START_TEST(without_a_resolver_nothing_is_tried)
{
	TEXT_AUTO body = TEXT_INIT(16);
	int fd;

	if (_i == 0) {
		ipc_free(resolver);
		play_run(&play, 10);
	}
	ask(_i == 1 ? "far.test" : "", "zoe@far.test");
	if (_i > 0)
		ipc_free(resolver);
	for (unsigned i = 0; answers == 0 && i < 4000; i++)
		play_run(&play, 5);
	ck_assert_uint_eq(answers, 1);
	ck_assert(!is_try);
	pack_u64(&body, number);
	ck_assert_int_eq(ipc_send(queue, RELAY_NOTED, text_slice(&body), NULL,
	    0), 0);
	resolver = play_peer(&play, ROLE_RESOLVER, 0, resolver_rules, NULL);
	play_run(&play, 10);
	fd = host_begin(&good);
	ask("", "zoe@far.test");
	wait_answer(2);
	host_end();
	(void)close(fd);
	ck_assert_int_eq(outcome, RELAY_DONE);
}
END_TEST

/* It may end before it has noted what it was told. */
START_TEST(what_a_queue_has_not_noted_is_told_again)
{
	int fd = host_begin(&good);
	TEXT_AUTO body = TEXT_INIT(16);

	ask("", "zoe@far.test");
	wait_answer(1);
	host_end();
	ipc_free(queue);
	play_run(&play, 10);
	queue = play_peer(&play, ROLE_QUEUE, 0, nothing, NULL);
	ask("", "zoe@far.test");
	wait_answer(2);
	ck_assert_int_eq(outcome, RELAY_DONE);
	pack_u64(&body, number);
	ck_assert_int_eq(ipc_send(queue, RELAY_NOTED, text_slice(&body), NULL,
	    0), 0);
	/* now it is another try, and nobody is there any more */
	(void)shutdown(listener, SHUT_RDWR);
	ask("", "zoe@far.test");
	wait_answer(3);
	ck_assert_int_eq(outcome, RELAY_LATER);
	(void)close(fd);
}
END_TEST

/* The queue ends while it is sent; the next one asks the same. */
START_TEST(what_an_earlier_queue_has_sent_is_not_sent_twice)
{
	int fd = host_begin(&good);
	char heard[256];

	ask("", "zoe@far.test");
	play_run(&play, 1);
	ipc_free(queue);
	ck_assert_uint_eq(answers, 0);
	play_run(&play, 500);
	ck_assert_int_eq((int)read(fd, heard, sizeof(heard)),
	    (int)sizeof(SENT) - 1);
	queue = play_peer(&play, ROLE_QUEUE, 0, nothing, NULL);
	host_end();		/* nobody is there to be told again */
	ask("", "zoe@far.test");
	wait_answer(1);
	(void)close(fd);
	ck_assert_int_eq(outcome, RELAY_DONE);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/role_relay");
	TCase *tests = tcase_create("role_relay");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests,
	    only_the_reply_to_the_end_of_the_data_is_a_receipt, 0,
	    sizeof(hosts) / sizeof(*hosts));
	tcase_add_loop_test(tests,
	    the_next_message_goes_on_the_same_connection, 0,
	    sizeof(patient) / sizeof(*patient));
	tcase_add_test(tests, the_next_host_is_tried_when_one_is_not_there);
	tcase_add_test(tests, a_domain_without_mx_is_its_own_host);
	tcase_add_loop_test(tests, what_dns_says_may_end_it, 0,
	    sizeof(routes) / sizeof(*routes));
	tcase_add_loop_test(tests, a_domain_leads_to_nothing_on_this_machine,
	    0, sizeof(nowhere) / sizeof(*nowhere));
	tcase_add_loop_test(tests, a_policy_is_not_fetched_from_inside, 0,
	    sizeof(inside) / sizeof(*inside));
	tcase_add_test(tests, what_a_policy_costs_is_counted);
	tcase_add_loop_test(tests, without_a_resolver_nothing_is_tried, 0, 3);
	tcase_add_test(tests, what_a_queue_has_not_noted_is_told_again);
	tcase_add_test(tests,
	    a_smarthost_that_dns_does_not_know_ends_nothing);
	tcase_add_test(tests, of_a_smarthost_of_its_own_the_keeper_is_asked);
	tcase_add_test(tests, another_password_is_another_login);
	tcase_add_loop_test(tests, one_that_is_gone_is_no_try, 0, 2);
	tcase_add_test(tests, a_person_leads_to_no_host_inside);
	tcase_add_test(tests, no_host_hears_an_address_that_is_none);
	tcase_add_loop_test(tests, a_host_that_is_named_is_asked_too, 0, 2);
	tcase_add_loop_test(tests,
	    what_goes_to_a_host_in_the_office_is_not_the_lines, 0, 2);
	tcase_add_loop_test(tests,
	    who_has_published_a_certificate_gets_nothing_in_clear, 0,
	    sizeof(published) / sizeof(*published));
	tcase_add_loop_test(tests,
	    a_smarthost_is_asked_for_what_it_has_published, 0, 2);
	tcase_add_test(tests,
	    what_an_earlier_queue_has_sent_is_not_sent_twice);
	suite_add_tcase(suite, tests);
	return suite;
}
