/*
 * watch_test.c - who waits for new mail is told of it, and of nothing else
 * (RFC 2177, RFC 3501 7.3.1)
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fetch/collect_inside.h"
#include "tests/unit/fetch/ledger.h"
#include "tests/unit/unit.h"

#define MARK		((uint64_t)7 << 32 | 9)	/* UIDVALIDITY, UIDNEXT */
#define IDLE_MS		40

/* An IMAP server for one conversation, in a thread of its own. */
struct server {
	/* told before */
	const char	*can;		/* its capabilities */
	const char	*examine;	/* its answer; $ is the tag */
	const char	*idle;		/* the same, to the first IDLE */
	const char	*noop;		/* before the OK to the first NOOP */
	bool		 hangs_up;	/* at the second IDLE, or NOOP */
	/* heard */
	unsigned	 idles, dones, noops, selects;
	/* its own */
	int		 listener, stop[2];
	uint16_t	 port;
	pthread_t	 thread;
	struct text	 out;
	char		 tag[32];	/* of the IDLE that goes on */
};

struct scene {
	struct loop	*loop;
	struct talk_hall *hall;
	struct server	 server;
	struct ledger	*ledger;
	struct fetch_account account;
	struct collect	*collect;
	struct timer	*guard;
	struct fetch_outcome outcome;
	bool		 over;
	unsigned	 news;
};

static void
tell(struct server *server, const char *words, const char *tag)
{
	for (; *words != '\0'; words++)
		if (*words == '$')
			text_add_str(&server->out, tag);
		else
			text_add_byte(&server->out, *words);
}

/* One command; false: it hangs up. */
static bool
answer(struct server *server, struct slice line)
{
	struct slice tag, verb = { NULL, 0 };
	char name[32] = "";

	if (slice_is_str(line, "DONE")) {
		server->dones++;
		tell(server, "$ OK as you wish\r\n", server->tag);
		return true;
	}
	ck_assert(slice_word(&line, &tag) && slice_word(&line, &verb));
	ck_assert_int_eq(slice_cstr(tag, name, sizeof(name)), 0);
	if (slice_is_word(verb, "CAPABILITY")) {
		tell(server, "* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN ", "");
		tell(server, server->can, "");
		tell(server, "\r\n", "");
	} else if (slice_is_word(verb, "EXAMINE")) {
		server->selects++;
		tell(server, server->examine, name);
		return true;
	} else if (slice_is_word(verb, "IDLE")) {
		strcpy(server->tag, name);
		tell(server, server->idles++ == 0 ? server->idle :
		    "+ idling\r\n", name);
		return !(server->hangs_up && server->idles > 1);
	} else if (slice_is_word(verb, "NOOP")) {
		if (server->noops++ == 0)
			tell(server, server->noop, name);
		else if (server->hangs_up)
			return false;
	}
	tell(server, "$ OK done\r\n", name);
	return true;
}

static void
converse(struct server *server, int fd)
{
	struct text in = TEXT_INIT(65536);
	char bytes[4096];
	bool goes_on = true;

	server->out = (struct text)TEXT_INIT(65536);
	tell(server, "* OK ready\r\n", "");
	while (goes_on) {
		struct pollfd fds[2] = { { fd, POLLIN, 0 },
		    { server->stop[0], POLLIN, 0 } };
		struct slice rest, line;
		ssize_t n = send(fd, server->out.at, server->out.len,
		    MSG_NOSIGNAL);

		text_clear(&server->out);
		if (n < 0 || poll(fds, 2, -1) < 0 || fds[1].revents != 0)
			break;
		n = recv(fd, bytes, sizeof(bytes), 0);
		if (n <= 0)
			break;
		text_add(&in, slice_of(bytes, (size_t)n));
		rest = text_slice(&in);
		while (goes_on && slice_cut(&rest, '\n', &line))
			goes_on = answer(server, slice_trim(line));
		text_consume(&in, in.len - rest.len);
	}
	text_free(&server->out);
	text_free(&in);
	(void)close(fd);
}

static void *
serve(void *arg)
{
	struct server *server = arg;
	int fd = accept(server->listener, NULL, NULL);

	if (fd >= 0)
		converse(server, fd);
	return NULL;
}

static void
server_begin(struct server *server)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
	    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(address);

	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(server->listener, (void *)&address, len), 0);
	ck_assert_int_eq(listen(server->listener, 1), 0);
	ck_assert_int_eq(getsockname(server->listener, (void *)&address,
	    &len), 0);
	server->port = ntohs(address.sin_port);
	ck_assert_int_eq(pipe(server->stop), 0);
	ck_assert_int_eq(pthread_create(&server->thread, NULL, serve, server),
	    0);
}

static void
server_end(struct server *server)
{
	ck_assert_int_eq(write(server->stop[1], "x", 1), 1);
	ck_assert_int_eq(pthread_join(server->thread, NULL), 0);
	(void)close(server->listener);
	(void)close(server->stop[0]);
	(void)close(server->stop[1]);
}

static void
on_news(void *arg)
{
	struct scene *scene = arg;

	/* who waits for days holds no password */
	ck_assert_int_eq(scene->collect->password[0], '\0');
	scene->news++;
}

static void
on_over(void *arg, const struct fetch_outcome *outcome)
{
	struct scene *scene = arg;

	ck_assert(!scene->over);
	scene->over = true;
	scene->outcome = *outcome;
	collect_free(scene->collect);
	scene->collect = NULL;
	loop_stop(scene->loop);
}

static void
on_guard(void *arg)
{
	struct scene *scene = arg;

	loop_stop(scene->loop);
}

static struct scene *
scene_new(void)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	const char *fault;

	ck_assert_ptr_nonnull(scene);
	ck_assert_int_eq(talk_global_open(), 0);
	scene->loop = loop_new();
	scene->hall = talk_hall_new(scene->loop, slice_str(""), &fault);
	ck_assert_ptr_nonnull(scene->hall);
	scene->ledger = ledger_new(scene->loop);
	scene->guard = timer_new(scene->loop, on_guard, scene);
	scene->server.can = "IDLE";
	scene->server.examine = "* 3 EXISTS\r\n"
	    "* OK [UIDVALIDITY 7] of the UIDs\r\n"
	    "* OK [UIDNEXT 9] is next\r\n$ OK [READ-ONLY] selected\r\n";
	scene->server.idle = "+ idling\r\n";
	scene->server.noop = "";
	scene->server.hangs_up = true;
	scene->account = (struct fetch_account){
		.id = 7, .owner = 3, .owner_address = "me@example.org",
		.label = "old mail", .host = "imap.example.net",
		.user = "someone", .tls = FETCH_TLS_NONE,
		.protocol = FETCH_IMAP, .mechanism = FETCH_AUTO,
		.from = FETCH_FROM_ALL, .delete_after_days = FETCH_KEEP,
		.enabled = true
	};
	return scene;
}

/* Watched from that mark, until the server ends it or the guard does. */
static void
watch(struct scene *scene, uint64_t mark)
{
	const struct collect_events events = { .arg = scene,
	    .over = on_over, .news = on_news };
	struct collect_options options = {
		.account = &scene->account, .password = "secret words",
		.addresses = "127.0.0.1", .task = FETCH_WATCH,
		.message_bytes = 32 << 20, .silence_ms = 20000,
		.connect_ms = 20000, .open_ms = 20000, .again_ms = 20,
		.idle_ms = IDLE_MS, .mark = mark
	};

	server_begin(&scene->server);
	scene->account.port = scene->server.port;
	ck_assert_int_eq(collect_start(scene->hall, scene->loop,
	    scene->ledger->near, &options, &events, &scene->collect), 0);
	timer_set(scene->guard, 60000);
	ck_assert_int_eq(loop_run(scene->loop), 0);
	ck_assert_msg(scene->over, "it does not end");
	server_end(&scene->server);
	/* it looks, and takes nothing */
	ck_assert_uint_le(scene->server.selects, 1);
	ck_assert_uint_eq(scene->ledger->mail_count, 0);
	ck_assert_uint_eq(scene->ledger->pages, 0);
}

static void
scene_free(struct scene *scene)
{
	timer_free(scene->guard);
	ledger_free(scene->ledger);
	talk_hall_free(scene->hall);
	loop_free(scene->loop);
	free(scene);
}

static const struct {
	const char	*told;		/* while it idles */
	unsigned	 news;
} told[] = {
	{ "", 0 },
	{ "* 4 EXISTS\r\n", 1 },
	{ "* 4 EXISTS\r\n* 5 EXISTS\r\n", 2 },
	/* nothing new: said again, gone, of another kind */
	{ "* 3 EXISTS\r\n", 0 },
	{ "* 1 EXPUNGE\r\n", 0 },
	{ "* 2 EXISTS\r\n", 0 },
	{ "* 4 RECENT\r\n* OK still here\r\n* 1 FETCH (FLAGS (\\Seen))\r\n",
	    0 },
	/* one went and one came */
	{ "* 1 EXPUNGE\r\n* 3 EXISTS\r\n", 1 },
	{ "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n"
	    "* 1 EXISTS\r\n", 1 },
};

START_TEST(what_is_new_is_told_while_it_idles)
{
	struct scene *scene = scene_new();
	char idle[512] = "+ idling\r\n";

	strcat(idle, told[_i].told);
	scene->server.idle = idle;
	watch(scene, MARK);
	ck_assert_int_eq(scene->outcome.end, FETCH_END_CLOSED);
	ck_assert_uint_eq(scene->news, told[_i].news);
	/* begun anew before a server ends it for inactivity */
	ck_assert_uint_eq(scene->server.idles, 2);
	ck_assert_uint_eq(scene->server.dones, 1);
	ck_assert_uint_eq(scene->server.noops, 0);
	scene_free(scene);
}
END_TEST

START_TEST(where_nobody_idles_noop_asks)
{
	struct scene *scene = scene_new();

	scene->server.can = "";
	scene->server.noop = told[_i].told;
	watch(scene, MARK);
	ck_assert_int_eq(scene->outcome.end, FETCH_END_CLOSED);
	ck_assert_uint_eq(scene->news, told[_i].news);
	ck_assert_uint_eq(scene->server.noops, 2);
	ck_assert_uint_eq(scene->server.idles, 0);
	scene_free(scene);
}
END_TEST

/* Between the collection that left the mark and this watch. */
START_TEST(what_came_in_between_is_told_at_once)
{
	struct scene *scene = scene_new();

	watch(scene, _i == 0 ? MARK - 1 : MARK + ((uint64_t)1 << 32));
	ck_assert_uint_eq(scene->news, 1);
	ck_assert_uint_eq(scene->server.idles, 2);
	scene_free(scene);
}
END_TEST

static const struct {
	const char	*examine, *idle;
	enum fetch_end	 end;
} refusals[] = {
	{ "$ NO [UNAVAILABLE] later\r\n", "", FETCH_END_BUSY },
	{ "* BYE for today\r\n$ NO no\r\n", "", FETCH_END_COUNT },
	{ NULL, "$ NO [UNAVAILABLE] not now\r\n", FETCH_END_BUSY },
	{ NULL, "$ BAD what\r\n", FETCH_END_COUNT },
};

/* It ends, and is not begun again and again on the same connection. */
START_TEST(a_watch_that_is_refused_is_over)
{
	struct scene *scene = scene_new();

	if (refusals[_i].examine != NULL)
		scene->server.examine = refusals[_i].examine;
	scene->server.idle = refusals[_i].idle;
	watch(scene, MARK);
	ck_assert_int_ne(scene->outcome.end, FETCH_END_DONE);
	if (refusals[_i].end != FETCH_END_COUNT)
		ck_assert_int_eq(scene->outcome.end, refusals[_i].end);
	ck_assert_uint_eq(scene->news, 0);
	ck_assert_uint_le(scene->server.idles, 1);
	scene_free(scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("imap watch");
	TCase *all = tcase_create("all");
	int rows = (int)(sizeof(told) / sizeof(*told));

	tcase_add_loop_test(all, what_is_new_is_told_while_it_idles, 0, rows);
	tcase_add_loop_test(all, where_nobody_idles_noop_asks, 0, rows);
	tcase_add_loop_test(all, what_came_in_between_is_told_at_once, 0, 2);
	tcase_add_loop_test(all, a_watch_that_is_refused_is_over, 0,
	    (int)(sizeof(refusals) / sizeof(*refusals)));
	suite_add_tcase(suite, all);
	return suite;
}
