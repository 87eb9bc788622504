/*
 * role_resolver_test.c - one collector does not use up what is there for all
 *
 * The whole role, over real channels; the server that it asks never answers,
 * but for one name's texts, which a test gives.
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
#define OF_JUDGE 128	/* the same of a judge */

static const struct ipc_rule nothing[] = { { 0 } };
static struct play play;
static struct ipc *ann, *ben;
static unsigned heard_own;
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
	play_end(&play);
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

static void
ask_text(struct ipc *from, const char *name, ipc_reply_fn *fn, void *arg)
{
	TEXT_AUTO body = TEXT_INIT(512);

	pack_slice(&body, slice_str(name));
	ck_assert_int_eq(ipc_ask(from, RESOLVER_TEXT, text_slice(&body), NULL,
	    0, fn, arg), 0);
}

/* Answer the question that has come with two records (RFC 1035 4.1). */
static void
answer_text(void)
{
	static const unsigned char records[] = {
		0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 5, 2, 'a', 'b', 1, 'c',
		0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 2, 1, 'd',
	};
	unsigned char packet[1024];
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	size_t len = 12;
	ssize_t n = recvfrom(silence, packet, 512, 0, (struct sockaddr *)&from,
	    &size);

	ck_assert_int_gt(n, 12);
	while (packet[len] != 0)
		len += packet[len] + 1u;
	len += 5;
	packet[2] = 0x81;
	packet[3] = 0x80;
	memset(packet + 6, 0, 6);
	packet[7] = 2;
	memcpy(packet + len, records, sizeof(records));
	len += sizeof(records);
	ck_assert_int_eq(sendto(silence, packet, len, 0,
	    (struct sockaddr *)&from, size), (ssize_t)len);
}

static void
hear_text(void *arg, int status, struct ipc_message *message)
{
	TEXT_AUTO want = TEXT_INIT(64);

	ck_assert_int_eq(status, 0);
	pack_u8(&want, NAMES_FOUND);
	pack_u8(&want, 0);
	pack_u32(&want, 2);
	pack_slice(&want, slice_str("abc"));
	pack_slice(&want, slice_str("d"));
	ck_assert(slice_is(message->body, text_slice(&want)));
	*(unsigned *)arg += 1;
}

START_TEST(the_texts_of_a_name_are_told)
{
	static unsigned heard;

	heard = 0;
	ask_text(ann, "sel._domainkey.example.com", hear_text, &heard);
	play_run(&play, 100);
	ck_assert_uint_eq(heard, 0);
	answer_text();
	play_run(&play, 300);
	ck_assert_uint_eq(heard, 1);
	/* and are remembered */
	ask_text(ben, "sel._domainkey.example.com", hear_text, &heard);
	play_run(&play, 100);
	ck_assert_uint_eq(heard, 2);
}
END_TEST

static void
hear_none(void *arg, int status, struct ipc_message *message)
{
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(message->body.len, 6);
	ck_assert_int_eq(message->body.at[0], NAMES_NONE);
	*(unsigned *)arg += 1;
}

START_TEST(what_is_no_name_has_no_texts)
{
	static unsigned heard;

	heard = 0;
	ask_text(ann, "a b", hear_none, &heard);
	play_run(&play, 100);
	ck_assert_uint_eq(heard, 1);
}
END_TEST

START_TEST(texts_count_among_the_questions_of_an_owner)
{
	static struct heard addresses, texts;

	memset(&addresses, 0, sizeof(addresses));
	memset(&texts, 0, sizeof(texts));
	ask(ann, OF_ONE, &addresses);
	ask_text(ann, "sel._domainkey.example.com", hear, &texts);
	play_run(&play, 100);
	ck_assert_uint_eq(addresses.count, 0);
	ck_assert_uint_eq(texts.later, 1);
}
END_TEST

static void
hear_own(void *arg, int status, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	const char *const *want = arg;

	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(unpack_u8(&u), NAMES_FOUND);
	ck_assert(slice_is_str(unpack_slice(&u), want[0]));
	ck_assert(slice_is_str(unpack_slice(&u), want[1]));
	ck_assert(unpack_is_done(&u));
	heard_own++;
}

/* Addresses are their own answer (names.h). */
START_TEST(what_this_machine_has_itself_is_told)
{
	static const char *const wants[][2] = {
		{ "127.0.0.1", "127.0.0.1" },
		{ "192.0.2.7", "" },
	};

	heard_own = 0;
	for (unsigned i = 0; i < 2; i++) {
		TEXT_AUTO body = TEXT_INIT(64);

		pack_slice(&body, slice_str(wants[i][0]));
		ck_assert_int_eq(ipc_ask(ann, RESOLVER_ADDRESSES,
		    text_slice(&body), NULL, 0, hear_own,
		    (void *)(uintptr_t)wants[i]), 0);
	}
	play_run(&play, 100);
	ck_assert_uint_eq(heard_own, 2);
}
END_TEST

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

/* A judge may have the number of an owner: each has what is there for him. */
START_TEST(a_judge_has_his_own_questions_and_asks_for_texts_only)
{
	static struct heard of_ann, of_judge, addresses;
	struct ipc *judge = play_peer(&play, ROLE_JUDGE, ANN, nothing, NULL);

	memset(&of_ann, 0, sizeof(of_ann));
	memset(&of_judge, 0, sizeof(of_judge));
	ask(ann, OF_ONE, &of_ann);
	ck_assert_uint_eq(of_ann.count, 0);
	ask_text(judge, "sel._domainkey.example.com", hear, &of_judge);
	play_run(&play, 100);
	ck_assert_uint_eq(of_judge.count, 0);	/* it waits for the answer */
	ask(judge, 1, &addresses);
	ck_assert_uint_eq(play.breaches, 1);
	ipc_free(judge);
}
END_TEST

/* It asks for much mail at once, and for lists that do not answer. */
START_TEST(one_judge_has_more_questions_than_an_owner)
{
	static struct heard heard;
	struct ipc *judge = play_peer(&play, ROLE_JUDGE, 1, nothing, NULL);

	memset(&heard, 0, sizeof(heard));
	for (unsigned i = 0; i < OF_JUDGE + 10; i++) {
		ask_text(judge, "sel._domainkey.example.com", hear, &heard);
		play_run(&play, 2);
	}
	play_run(&play, 100);
	ck_assert_uint_eq(heard.count, 10);
	ck_assert_uint_eq(heard.later, 10);
	ipc_free(judge);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/role_resolver");
	TCase *tests = tcase_create("role_resolver");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, what_this_machine_has_itself_is_told);
	tcase_add_test(tests, one_owner_has_only_so_many_questions);
	tcase_add_test(tests, the_texts_of_a_name_are_told);
	tcase_add_test(tests,
	    a_judge_has_his_own_questions_and_asks_for_texts_only);
	tcase_add_test(tests, one_judge_has_more_questions_than_an_owner);
	tcase_add_test(tests, what_is_no_name_has_no_texts);
	tcase_add_test(tests, texts_count_among_the_questions_of_an_owner);
	suite_add_tcase(suite, tests);
	return suite;
}
