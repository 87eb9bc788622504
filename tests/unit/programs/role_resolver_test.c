/*
 * role_resolver_test.c - one collector does not use up what is there for all
 *
 * The whole role, over real channels; the server that it asks never answers.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fetch/service.h"
#include "lib/base/names.h"
#include "tests/unit/programs/play.h"
#include "tests/unit/unit.h"

#define ANN	7
#define BEN	8
#define OF_ONE	64	/* questions of one owner at once */

static const struct ipc_rule nothing[] = { { 0 } };
static struct play play;
static struct ipc *ann, *ben;
static int silence = -1;	/* a server */

/* How many answers say so. */
struct heard {
	unsigned	count, later;
};

static void
set_up(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);

	memset(&play, 0, sizeof(play));
	silence = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(silence, 0);
	ck_assert_int_eq(bind(silence, (struct sockaddr *)&at, size), 0);
	ck_assert_int_eq(getsockname(silence, (struct sockaddr *)&at, &size),
	    0);
	(void)snprintf(play.process.config.dns_forward,
	    sizeof(play.process.config.dns_forward), "127.0.0.1@%u",
	    (unsigned)ntohs(at.sin_port));
	play_begin(&play, &resolver_code);
	ann = play_peer(&play, ROLE_FETCH, ANN, nothing, NULL);
	ben = play_peer(&play, ROLE_FETCH, BEN, nothing, NULL);
}

static void
tear_down(void)
{
	ipc_free(ann);
	ipc_free(ben);
	play_run(&play, 10);
	resolver_code.stop(&play.process);
	(void)close(silence);
}

static void
hear(void *arg, int status, struct ipc_message *message)
{
	struct heard *heard = arg;

	if (status < 0)
		return;	/* its channel was ended with the question */
	heard->count++;
	heard->later += message->body.at[0] == NAMES_LATER;
}

static void
ask(struct ipc *from, unsigned count, struct heard *heard)
{
	for (unsigned i = 0; i < count; i++) {
		TEXT_AUTO body = TEXT_INIT(64), host = TEXT_INIT(64);

		text_addf(&host, "host%u.example", i);
		pack_slice(&body, text_slice(&host));
		ck_assert_int_eq(ipc_ask(from, RESOLVER_ADDRESSES,
		    text_slice(&body), NULL, 0, hear, heard), 0);
	}
	play_run(&play, 100);
}

START_TEST(one_owner_has_only_so_many_questions)
{
	static struct heard of_ann, of_ben, again;

	ask(ann, OF_ONE, &of_ann);
	ck_assert_uint_eq(of_ann.count, 0);
	ask(ann, 10, &of_ann);
	ck_assert_uint_eq(of_ann.count, 10);
	ck_assert_uint_eq(of_ann.later, 10);
	/* nor does it help to come back */
	ipc_free(ann);
	play_run(&play, 20);
	ann = play_peer(&play, ROLE_FETCH, ANN, nothing, NULL);
	ask(ann, 1, &again);
	ck_assert_uint_eq(again.later, 1);
	/* others are asked for as ever */
	ask(ben, OF_ONE, &of_ben);
	ck_assert_uint_eq(of_ben.count, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/role_resolver");
	TCase *tests = tcase_create("role_resolver");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, one_owner_has_only_so_many_questions);
	suite_add_tcase(suite, tests);
	return suite;
}
