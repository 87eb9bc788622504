/*
 * etrn_test.c - what is asked of a provider, and what comes of it
 *
 * A provider in a thread follows a script; the door is played in the loop.  It
 * is one thing because every test needs both ends of the conversation.
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fetch/etrn.h"
#include "lib/base/stream.h"
#include "lib/base/text.h"
#include "tests/unit/unit.h"

#define COUNT(array)	((int)(sizeof(array) / sizeof((array)[0])))
#define STEPS		16
#define BIG		(3u << 20)
#define ETRN_TEST_LINES	200u	/* twice what one reply may have */

/* The provider says this, and then hears until a line begins so. */
struct step {
	const char	*says;		/* NULL: nothing; BIG bytes: "*" */
	const char	*hears;		/* NULL: nothing; "": until it is over */
};

#define OPENS	{ "220 ready\r\n", "EHLO hub.test" }
#define KNOWS	{ "250-provider\r\n250-ETRN\r\n250 ATRN\r\n", "EHLO hub.test" }
#define ASKED	{ "250-provider\r\n250-ETRN\r\n250 ATRN\r\n", "ETRN a.test" }
#define TURNS	{ "250-provider\r\n250-ETRN\r\n250 ATRN\r\n", "ATRN a.test" }
#define LEAVES	{ "221 bye\r\n", "" }

struct provider {
	const struct step *steps;
	int		 listener;
	uint16_t	 port;
	pthread_t	 thread;
	struct text	 heard;
	bool		 came;
};

/* The door, as it is told to be. */
struct door {
	struct ipc	*near, *far;	/* the conversation's end; ours */
	struct stream	*stream;	/* to the provider */
	struct timer	*later;
	uint64_t	 serial;
	bool		 refuses, leaves, is_mute;
	uint64_t	 greets_ms;
	struct fetch_turned says;
	const char	*last;		/* line, when it has heard QUIT */
	size_t		 heard;		/* bytes */
	char		 peer[64];
	char		 start[32];	/* of what was heard */
};

struct scene {
	struct loop	*loop;
	struct talk_hall *hall;
	struct provider	 provider;
	struct door	 door;
	struct fetch_account account;
	struct etrn_options options;
	struct etrn	*etrn;
	struct timer	*guard;
	struct fetch_outcome outcome;
	char		 words[FETCH_WORDS_MOST + 1];
	bool		 over;
};

static struct scene scene;

/* The provider */

static bool
hear_until(struct provider *provider, int fd, const char *wanted)
{
	struct text line = TEXT_INIT(4096);
	bool found = false;
	char byte;

	while (!found && recv(fd, &byte, 1, 0) == 1) {
		text_add_byte(&provider->heard, byte);
		text_add_byte(&line, byte);
		if (byte != '\n')
			continue;
		found = *wanted != '\0' &&
		    slice_has_prefix(text_slice(&line), wanted);
		text_clear(&line);
	}
	text_free(&line);
	return found;
}

static void
say(int fd, const char *bytes)
{
	static char big[BIG];
	struct slice rest = slice_str(bytes);
	ssize_t n = 1;

	if (strcmp(bytes, "*") == 0)
		rest = slice_of(big, sizeof(big));
	while (rest.len > 0 && n > 0) {
		n = send(fd, rest.at, rest.len, MSG_NOSIGNAL);
		if (n > 0)
			rest = slice_after(rest, (size_t)n);
	}
}

static void *
provide(void *arg)
{
	struct provider *provider = arg;
	int fd = accept(provider->listener, NULL, NULL);
	bool on = fd >= 0;

	provider->came = on;
	for (const struct step *step = provider->steps;
	    on && (step->says != NULL || step->hears != NULL); step++) {
		if (step->says != NULL)
			say(fd, step->says);
		if (step->hears != NULL)
			on = hear_until(provider, fd, step->hears);
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

static void
provider_start(struct provider *provider, const struct step *steps)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	provider->steps = steps;
	provider->heard = (struct text)TEXT_INIT(1 << 20);
	provider->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(provider->listener,
	    (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(provider->listener, 1), 0);
	ck_assert_int_eq(getsockname(provider->listener,
	    (struct sockaddr *)&address, &len), 0);
	provider->port = ntohs(address.sin_port);
	ck_assert_int_eq(pthread_create(&provider->thread, NULL, provide,
	    provider), 0);
}

static void
provider_stop(struct provider *provider)
{
	/* nobody may have come */
	(void)shutdown(provider->listener, SHUT_RDWR);
	ck_assert_int_eq(pthread_join(provider->thread, NULL), 0);
	close(provider->listener);
}

/* The door */

static void
door_answer(struct door *door)
{
	TEXT_AUTO body = TEXT_INIT(64);

	if (door->serial == 0 || door->is_mute)
		return;
	fetch_turned_pack(&body, &door->says);
	ck_assert_int_eq(ipc_reply(door->far, door->serial,
	    text_slice(&body), NULL, 0), 0);
	door->serial = 0;
}

static void
door_end(struct door *door)
{
	stream_free(door->stream);
	door->stream = NULL;
	door_answer(door);
}

static void
on_provider(void *arg, enum stream_event event)
{
	struct door *door = arg;
	struct slice input = stream_input(door->stream);
	size_t room = sizeof(door->start) - 1 - strlen(door->start);

	strncat(door->start, input.len > 0 && input.at[0] != '\0' ?
	    input.at : "", input.len < room ? input.len : room);
	door->heard += input.len;
	if (slice_find_str(input, "QUIT\r\n") != SIZE_MAX) {
		(void)stream_write(door->stream, slice_str(door->last));
		stream_consume(door->stream, input.len);
		stream_finish(door->stream);
		door->stream = NULL;
		door_answer(door);
		return;
	}
	stream_consume(door->stream, input.len);
	if (event == STREAM_CLOSED || event == STREAM_FAILED)
		door_end(door);
}

static void
on_later(void *arg)
{
	struct door *door = arg;

	if (door->stream != NULL) {
		stream_hold(door->stream, false);
		(void)stream_write(door->stream,
		    slice_str("220 hub.test ready\r\n"));
	}
}

static int
on_turn(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct door *door = arg;
	struct unpack u = unpack_of(message->body);

	ck_assert_uint_eq(unpack_u64(&u), 7);
	ck_assert_int_eq(slice_cstr(unpack_slice(&u), door->peer,
	    sizeof(door->peer)), 0);
	ck_assert(slice_is_str(unpack_slice(&u), ""));
	ck_assert(unpack_is_done(&u));
	door->serial = message->serial;
	(void)from;
	if (door->leaves)
		return -EPIPE;		/* the channel ends */
	if (door->refuses) {
		door_answer(door);
		return 0;
	}
	door->stream = stream_new(scene.loop, ipc_take_fd(message, 0), 65536,
	    65536, on_provider, door);
	ck_assert_ptr_nonnull(door->stream);
	stream_hold(door->stream, true);
	timer_set(door->later, door->greets_ms);
	return 0;
}

static const struct ipc_rule door_rules[] = {
{ DOOR_TURN, "TURN", FROM(ROLE_FETCH), IPC_REQUEST, 1, 0, on_turn },
{ 0 }
};
static const struct ipc_rule no_rules[] = { { 0 } };

static void
on_far_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	struct door *door = arg;

	(void)was_breach;
	ipc_free(ipc);
	door->far = NULL;
}

static void
on_near_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	struct door *door = arg;

	(void)was_breach;
	if (scene.etrn != NULL)
		etrn_door_lost(scene.etrn);
	ipc_free(ipc);
	door->near = NULL;
}

static void
door_open(struct door *door)
{
	const struct ipc_side far = { door_rules, NULL, on_far_lost, door };
	const struct ipc_side near = { no_rules, NULL, on_near_lost, door };
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, fd), 0);
	door->near = ipc_new(scene.loop, fd[0], ROLE_DOOR, 0, &near);
	door->far = ipc_new(scene.loop, fd[1], ROLE_FETCH, 3, &far);
	door->later = timer_new(scene.loop, on_later, door);
	ck_assert(door->near != NULL && door->far != NULL);
	door->says = (struct fetch_turned){ true, true, 3, 3000, 1, 2 };
	door->last = "221 2.0.0 bye\r\n";
	door->greets_ms = 0;
}

/* The scene */

static void
on_over(void *arg, const struct fetch_outcome *outcome)
{
	(void)arg;
	ck_assert(!scene.over);
	scene.over = true;
	scene.outcome = *outcome;
	ck_assert_int_eq(slice_cstr(outcome->words, scene.words,
	    sizeof(scene.words)), 0);
	etrn_free(scene.etrn);
	scene.etrn = NULL;
	loop_stop(scene.loop);
}

static void
on_guard(void *arg)
{
	(void)arg;
	loop_stop(scene.loop);
}

static void
setup(void)
{
	const char *fault;

	memset(&scene, 0, sizeof(scene));
	ck_assert_int_eq(talk_global_open(), 0);
	scene.loop = loop_new();
	scene.hall = talk_hall_new(scene.loop, slice_str(""), &fault);
	ck_assert_ptr_nonnull(scene.hall);
	scene.guard = timer_new(scene.loop, on_guard, NULL);
	door_open(&scene.door);
	scene.account = (struct fetch_account){
		.id = 7, .owner = 3, .label = "queue", .host = "127.0.0.1",
		.protocol = FETCH_ATRN, .tls = FETCH_TLS_NONE,
		.queue = "a.test", .from = FETCH_FROM_ALL,
		.delete_after_days = FETCH_KEEP, .enabled = true
	};
	scene.options = (struct etrn_options){
		.account = &scene.account, .password = "",
		.addresses = "127.0.0.1", .called = "hub.test",
		.task = FETCH_COLLECT, .connect_ms = 60000, .open_ms = 60000,
		.silence_ms = 60000, .turned_ms = 60000
	};
}

static void
teardown(void)
{
	etrn_free(scene.etrn);
	stream_free(scene.door.stream);
	timer_free(scene.door.later);
	ipc_free(scene.door.near);
	ipc_free(scene.door.far);
	timer_free(scene.guard);
	talk_hall_free(scene.hall);
	loop_free(scene.loop);
	text_free(&scene.provider.heard);
}

/* Follow the script, and end so. */
static void
run(const struct step *steps, enum fetch_end end, const char *words)
{
	const struct etrn_events events = { .over = on_over };

	provider_start(&scene.provider, steps);
	scene.account.port = scene.provider.port;
	timer_set(scene.guard, 120000);
	ck_assert_int_eq(etrn_start(scene.hall, scene.loop, scene.door.near,
	    &scene.options, &events, &scene.etrn), 0);
	ck_assert_int_eq(loop_run(scene.loop), 0);
	/* what is under way comes in some turns, however late */
	for (int i = 0; i < 5; i++) {
		timer_set(scene.guard, 2);
		ck_assert_int_eq(loop_run(scene.loop), 0);
	}
	provider_stop(&scene.provider);
	ck_assert_msg(scene.over, "it does not end");
	ck_assert_msg(scene.outcome.end == end, "it ended as %s (%s)",
	    fetch_end_code(scene.outcome.end), scene.words);
	ck_assert_str_eq(scene.words, words);
}

/* Conversations that end before anything is sent. */
static const struct {
	enum fetch_protocol protocol;
	enum fetch_task	 task;
	struct step	 steps[STEPS];
	enum fetch_end	 end;
	const char	*words;
	uint64_t	 asked, waiting;
} talks[] = {
	{ FETCH_ETRN, FETCH_COLLECT, { OPENS, ASKED,
	  { "253-OK\r\n253 OK, 5 pending messages\r\n", "QUIT" }, LEAVES },
	  FETCH_END_DONE, "", 1, 5 },
	/* QUIT is not answered: all is done */
	{ FETCH_ETRN, FETCH_COLLECT, { OPENS, ASKED, { "250 OK\r\n", "" } },
	  FETCH_END_DONE, "", 1, 0 },
	{ FETCH_ETRN, FETCH_COLLECT, { OPENS, ASKED,
	  { "250 OK\r\n", "QUIT" } }, FETCH_END_DONE, "", 1, 0 },
	{ FETCH_ETRN, FETCH_COLLECT, { OPENS, ASKED, { NULL, "" } },
	  FETCH_END_TIMED_OUT, "", 0, 0 },
	{ FETCH_ETRN, FETCH_COLLECT, { OPENS, ASKED },
	  FETCH_END_CLOSED, "250 ATRN", 0, 0 },
	{ FETCH_ETRN, FETCH_COLLECT, { OPENS, ASKED,
	  { "421 4.3.2 shutting down\r\n", NULL } },
	  FETCH_END_BUSY, "421 4.3.2 shutting down", 0, 0 },
	{ FETCH_ETRN, FETCH_COLLECT, { OPENS, ASKED,
	  { "459 no\rMAIL\r\n", "" } },
	  FETCH_END_INCONSISTENT, "a reply that is no line", 0, 0 },
	{ FETCH_ETRN, FETCH_COLLECT, { OPENS, ASKED,
	  { "250 OK\r\n250 OK\r\n", "" } },
	  FETCH_END_INCONSISTENT, "it said more than was asked", 0, 0 },
	/* a greeting that sends us away */
	{ FETCH_ETRN, FETCH_COLLECT, { { "421 4.3.2 not now\r\n", "" } },
	  FETCH_END_BUSY, "421 4.3.2 not now", 0, 0 },
	{ FETCH_ETRN, FETCH_COLLECT, { { "554 5.7.1 not you\r\n", "" } },
	  FETCH_END_CLOSED, "554 5.7.1 not you", 0, 0 },
	{ FETCH_ETRN, FETCH_COLLECT, { { "+OK POP3 ready\r\n", "" } },
	  FETCH_END_NONSENSE, "+OK POP3 ready", 0, 0 },
	/* a try says EHLO once more: what is offered to who has logged in */
	{ FETCH_ATRN, FETCH_TRY, { OPENS, KNOWS,
	  { "250-provider\r\n250 ATRN\r\n", "QUIT" }, LEAVES },
	  FETCH_END_DONE, "", 1, 0 },
	{ FETCH_ETRN, FETCH_TRY, { OPENS, KNOWS,
	  { "250-provider\r\n250 ATRN\r\n", "QUIT" }, LEAVES },
	  FETCH_END_NOT_OFFERED, "EHLO does not offer it", 0, 0 },
	{ FETCH_ATRN, FETCH_COLLECT, { OPENS, TURNS,
	  { "453 no mail\r\n", "QUIT" }, LEAVES },
	  FETCH_END_DONE, "", 0, 0 },
	/* HARDENING A20: what stands behind the reply ends it */
	{ FETCH_ATRN, FETCH_COLLECT, { OPENS, TURNS,
	  { "250 OK\r\nMAIL FROM:<>\r\n", "" } },
	  FETCH_END_INCONSISTENT, "it said more than was asked", 0, 0 },
};

START_TEST(an_answer_becomes_an_outcome)
{
	scene.account.protocol = talks[_i].protocol;
	scene.options.task = talks[_i].task;
	scene.options.silence_ms = 3000;	/* some wait for it */
	run(talks[_i].steps, talks[_i].end, talks[_i].words);
	ck_assert_uint_eq(scene.outcome.asked, talks[_i].asked);
	ck_assert_uint_eq(scene.outcome.waiting, talks[_i].waiting);
	ck_assert_uint_eq(scene.outcome.taken, 0);
	ck_assert_str_eq(scene.door.peer, "");	/* it was not asked */
}
END_TEST

/* Without a last line it does not end by itself. */
START_TEST(a_reply_without_end_is_ended)
{
	static char many[ETRN_TEST_LINES * 8 + 1];
	const struct step steps[] = { OPENS, ASKED, { many, "" }, { 0 } };

	for (size_t i = 0; i < ETRN_TEST_LINES; i++)
		memcpy(many + 8 * i, "250-OK\r\n", 8);
	scene.account.protocol = FETCH_ETRN;
	run(steps, FETCH_END_INCONSISTENT, "a reply without end");
}
END_TEST

START_TEST(who_is_being_added_asks_for_nothing)
{
	static const struct step steps[] = { { 0 } };

	scene.account.from = FETCH_FROM_UNSAID;
	run(steps, FETCH_END_UNSAID, "");
	ck_assert(!scene.provider.came);
}
END_TEST

/* RFC 2645 */
START_TEST(reversed_the_door_serves_the_provider)
{
	static const struct step steps[] = { OPENS, TURNS,
	  { "250 OK\r\n", "220 hub.test" }, { "QUIT\r\n", "221" }, { 0 } };

	struct line_bill bill = { .told = { .saved = { { 0 } } } };

	scene.door.greets_ms = 50;
	scene.options.bill = &bill;
	run(steps, FETCH_END_DONE, "");
	scene.options.bill = NULL;
	ck_assert_uint_eq(bill.carried.bytes[LINE_ETRN].sent,
	    strlen("ATRN a.test\r\n"));
	ck_assert_uint_eq(bill.carried.bytes[LINE_ETRN].received,
	    strlen("250 OK\r\n"));
	ck_assert_uint_eq(bill.carried.bytes[LINE_MAIL].received,
	    strlen("QUIT\r\n"));
	ck_assert_str_eq(scene.door.peer, "127.0.0.1");
	ck_assert_str_eq(scene.door.start, "QUIT\r\n");
	ck_assert_uint_eq(scene.outcome.taken, 3);
	ck_assert_uint_eq(scene.outcome.taken_bytes, 3000);
	ck_assert_uint_eq(scene.outcome.held, 1);
	ck_assert_uint_eq(scene.outcome.left, 2);
}
END_TEST

START_TEST(the_provider_waits_for_our_greeting)
{
	static const struct step steps[] = { OPENS, TURNS,
	  { "250 OK\r\n", NULL }, { "EHLO provider\r\n", "" }, { 0 } };

	scene.door.greets_ms = 100;
	scene.door.says.has_quit = false;
	run(steps, FETCH_END_INCONSISTENT, "it did not wait for our greeting");
	ck_assert_uint_eq(scene.door.heard, 0);
	ck_assert(slice_find_str(text_slice(&scene.provider.heard), "220") ==
	    SIZE_MAX);
}
END_TEST

START_TEST(more_than_fits_goes_through_whole)
{
	static const struct step steps[] = { OPENS, TURNS,
	  { "250 OK\r\n", "220 hub.test" }, { "*", NULL },
	  { "QUIT\r\n", "221" }, { 0 } };

	run(steps, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene.door.heard, BIG + 6);
}
END_TEST

START_TEST(a_provider_that_hangs_up_is_told_so)
{
	static const struct step steps[] = { OPENS, TURNS,
	  { "250 OK\r\n", "220 hub.test" }, { "MAIL FROM:<>\r\n", NULL },
	  { 0 } };

	scene.door.says.has_quit = false;
	run(steps, FETCH_END_CLOSED, "");
	/* what the door took before stays taken */
	ck_assert_uint_eq(scene.outcome.taken, 3);
}
END_TEST

START_TEST(a_provider_that_falls_silent_is_let_go)
{
	static const struct step steps[] = { OPENS, TURNS,
	  { "250 OK\r\n", "220 hub.test" }, { NULL, "" }, { 0 } };

	scene.options.turned_ms = 200;
	scene.door.says.has_quit = false;
	run(steps, FETCH_END_TIMED_OUT, "");
}
END_TEST

START_TEST(why_the_door_ended_it_is_told)
{
	static const struct step steps[] = { OPENS, TURNS,
	  { "250 OK\r\n", "220 hub.test" }, { "QUIT\r\n", "421" }, { 0 } };

	scene.door.says.has_quit = false;
	scene.door.last = "421 4.7.0 Too many errors; goodbye\r\n";
	run(steps, FETCH_END_INCONSISTENT,
	    "421 4.7.0 Too many errors; goodbye");
}
END_TEST

START_TEST(without_room_at_the_door_it_is_put_off)
{
	static const struct step steps[] = { OPENS, TURNS,
	  { "250 OK\r\n", "" }, { 0 } };

	scene.door.refuses = true;
	scene.door.says = (struct fetch_turned){ 0 };
	run(steps, FETCH_END_PAUSED, "the door takes nobody in now");
}
END_TEST

START_TEST(a_door_that_is_lost_ends_it)
{
	static const struct step steps[] = { OPENS, TURNS,
	  { "250 OK\r\n", "" }, { 0 } };

	scene.door.leaves = true;
	run(steps, FETCH_END_LOCAL, "the door does not say what it took");
	ck_assert_uint_eq(scene.outcome.taken, 0);
}
END_TEST

START_TEST(a_door_that_says_nothing_is_not_waited_for_for_ever)
{
	static const struct step steps[] = { OPENS, TURNS,
	  { "250 OK\r\n", "220 hub.test" }, { "QUIT\r\n", "221" }, { 0 } };

	scene.options.turned_ms = 200;
	scene.door.is_mute = true;
	run(steps, FETCH_END_LOCAL, "the door does not say what it took");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/etrn");
	TCase *tcase = tcase_create("asking");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, an_answer_becomes_an_outcome, 0,
	    COUNT(talks));
	tcase_add_test(tcase, a_reply_without_end_is_ended);
	tcase_add_test(tcase, who_is_being_added_asks_for_nothing);
	tcase_add_test(tcase, reversed_the_door_serves_the_provider);
	tcase_add_test(tcase, the_provider_waits_for_our_greeting);
	tcase_add_test(tcase, more_than_fits_goes_through_whole);
	tcase_add_test(tcase, a_provider_that_hangs_up_is_told_so);
	tcase_add_test(tcase, a_provider_that_falls_silent_is_let_go);
	tcase_add_test(tcase, why_the_door_ended_it_is_told);
	tcase_add_test(tcase, without_room_at_the_door_it_is_put_off);
	tcase_add_test(tcase, a_door_that_is_lost_ends_it);
	tcase_add_test(tcase,
	    a_door_that_says_nothing_is_not_waited_for_for_ever);
	suite_add_tcase(suite, tcase);
	return suite;
}
