/*
 * client_test.c - one message said to a host that takes its time
 */
#include "gateway/relay/client.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define MESSAGE		"Subject: hi\r\n\r\nhello\r\n"
#define RECIPIENTS	200
#define REPLY_MS	20	/* each: four seconds for all recipients */

static struct {
	struct loop	*loop;
	struct talk_hall *hall;
	struct relay_links *links;
	struct relay_client *client;
	struct recipient recipients[RECIPIENTS];
	struct relay_fate fates[RECIPIENTS];
	bool		 is_over, is_host;
} scene;

static void
say(int fd, const char *words)
{
	ck_assert_int_eq(write(fd, words, strlen(words)),
	    (ssize_t)strlen(words));
}

/* It answers everything, in its own time. */
static void
serve(int fd)
{
	FILE *in = fdopen(fd, "r");
	bool is_data = false;
	char line[1024];

	say(fd, "220 mx\r\n");
	while (fgets(line, sizeof(line), in) != NULL) {
		if (is_data && strcmp(line, ".\r\n") != 0)
			continue;
		is_data = strncmp(line, "DATA", 4) == 0;
		(void)usleep(REPLY_MS * 1000);
		say(fd, is_data ? "354 go\r\n" : "250 ok\r\n");
	}
}

static pid_t
host_begin(uint16_t *port_out)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, size), 0);
	ck_assert_int_eq(listen(listener, 4), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &size),
	    0);
	*port_out = ntohs(at.sin_port);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void)signal(SIGPIPE, SIG_IGN);
		serve(accept(listener, NULL, NULL));
		_exit(0);
	}
	(void)close(listener);
	return pid;
}

static void
on_over(void *arg, bool is_host, enum talk_fault fault)
{
	(void)arg;
	(void)fault;
	scene.is_over = true;
	scene.is_host = is_host;
	loop_stop(scene.loop);
}

static void
set_up(void)
{
	const char *fault;

	memset(&scene, 0, sizeof(scene));
	ck_assert_int_eq(talk_global_open(), 0);
	scene.loop = loop_new();
	scene.hall = talk_hall_new(scene.loop, slice_str(""), &fault);
	ck_assert_ptr_nonnull(scene.hall);
	scene.links = relay_links_new(scene.hall, scene.loop);
	for (size_t i = 0; i < RECIPIENTS; i++)
		scene.recipients[i].address = slice_str("zoe@far.test");
}

static void
tear_down(void)
{
	relay_client_free(scene.client);
	relay_links_free(scene.links);
	talk_hall_free(scene.hall);
	loop_free(scene.loop);
}

/* Each word comes in time; all of them do not. */
START_TEST(the_whole_of_it_has_an_end)
{
	struct relay_waits waits = relay_waits;
	struct relay_target target = { .host = "127.0.0.1",
	    .addresses = "127.0.0.1", .tls = TALK_CLEAR, .called = "hub.test",
	    .waits = &waits };
	const struct relay_job job = { .domain = SLICE("far.test"),
	    .sender = SLICE("ann@office.test"), .bytes = sizeof(MESSAGE) - 1,
	    .recipients = scene.recipients, .recipient_count = RECIPIENTS };
	struct relay_letter letter = { .bytes = SLICE(MESSAGE) };
	const struct relay_fate *last = &scene.fates[RECIPIENTS - 1];
	pid_t pid = host_begin(&target.port);

	waits.whole = _i == 0 ? 100 : 0;
	waits.whole_rcpt = _i == 0 ? 1 : 600000;
	relay_form_look(letter.bytes, &letter.facts);
	ck_assert_int_eq(relay_client_start(scene.links, scene.loop, &target,
	    &job, &letter, scene.fates, &(struct relay_client_events){
		.over = on_over }, &scene.client), 0);
	ck_assert_int_eq(loop_run(scene.loop), 0);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	ck_assert(scene.is_over && !scene.is_host && last->is_final);
	ck_assert_int_eq(last->outcome, _i == 0 ? RELAY_LATER : RELAY_DONE);
	ck_assert_str_eq(last->words, _i == 0 ?
	    "it is too slow for the whole message" : "ok");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/relay/client");
	TCase *tests = tcase_create("client");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, the_whole_of_it_has_an_end, 0, 2);
	suite_add_tcase(suite, tests);
	return suite;
}
