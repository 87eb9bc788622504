/*
 * checkup_test.c - a look at a remote mailbox that takes nothing
 *
 * Over POP3, with a keeper that is played here.  What follows from the headers is
 * domain/doctor_test.c's.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "fetch/diagnosis.h"
#include "policy/fetch_domains.h"
#include "policy/keeper.h"
#include "tests/unit/fetch/collect_scene.h"

static struct keeper {
	struct ipc	*near, *far;	/* the checkup's end; ours */
	struct scene	*scene;
	unsigned	 asked;
	bool		 is_mute;	/* "it cannot be said now" */
	bool		 is_short;	/* answers one question too few */
	bool		 is_gone;	/* its channel ends with the question */
} keeper;

static char		 mail[DOCTOR_MESSAGES_MOST + 50][256];
static char		 report[DIAGNOSIS_BYTES];
static struct slice	 found;		/* of it */

static int
on_find(void *arg, struct ipc *from, struct ipc_message *message)
{
	static struct find_answer answers[FIND_MOST];
	struct unpack u = unpack_of(message->body);
	ARENA_AUTO arena = arena_new(1 << 20);
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
	struct find_ask *asks;
	size_t count;

	(void)arg;
	keeper.asked++;
	if (keeper.is_gone) {
		ipc_free(keeper.far);
		keeper.far = NULL;
		collect_keeper_lost(keeper.scene->collect);
		return 0;
	}
	/* nothing is delivered by it */
	ck_assert(!unpack_bool(&u) && !u.bad);
	ck_assert_int_eq(find_ask_unpack(arena, u.rest, &asks, &count), 0);
	memset(answers, 0, sizeof(answers));
	for (size_t i = 0; i < count; i++)
		if (slice_has_suffix(asks[i].text, "@office.test")) {
			answers[i].finding = FINDING_OURS;
			answers[i].account = 1 +
			    (unsigned char)asks[i].text.at[0];
		}
	if (!keeper.is_mute)
		find_answer_pack(&body, answers, count - keeper.is_short);
	ck_assert_int_eq(ipc_reply(from, message->serial, text_slice(&body),
	    NULL, 0), 0);
	return 0;
}

static const struct ipc_rule keeper_rules[] = {
	{ KEEPER_FIND, "FIND", FROM(ROLE_FETCH), IPC_REQUEST, 0, 0, on_find },
	{ 0 }
};
static const struct ipc_rule no_rules[] = { { 0 } };

static void
lost(void *arg, struct ipc *ipc, bool was_breach)
{
	(void)arg;
	ck_assert_msg(!was_breach, "%s", ipc_breach(ipc));
}

/* A mailbox of so many messages, each for another person. */
static struct scene *
scene_of(unsigned messages)
{
	const struct ipc_side near = { no_rules, NULL, lost, NULL };
	const struct ipc_side far = { keeper_rules, NULL, lost, NULL };
	struct scene *scene = scene_new();
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX,
	    SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd), 0);
	keeper = (struct keeper){ .scene = scene };
	keeper.near = ipc_new(scene->loop, fd[0], ROLE_KEEPER, 0, &near);
	keeper.far = ipc_new(scene->loop, fd[1], ROLE_FETCH, 3, &far);
	ck_assert(keeper.near != NULL && keeper.far != NULL);
	scene->options.rules = "domain office.test\n";
	scene->options.keeper = keeper.near;
	scene->options.task = FETCH_DOCTOR;
	for (unsigned i = 0; i < messages; i++) {
		(void)snprintf(mail[i], sizeof(mail[i]), "Delivered-To: "
		    "%c@office.test\r\nReceived: by mx.isp.test; x\r\n"
		    "Message-ID: <%u@x.test>\r\n\r\nBody\r\n",
		    'a' + (int)(i % 20), i);
		remote_add(scene->remote, slice_str(mail[i]));
	}
	/* whatever may be deleted stays */
	scene->ledger->may_delete = true;
	scene->account.delete_after_days = 0;
	found = slice_of(report, 0);
	return scene;
}

static void
over(void *arg, const struct fetch_outcome *outcome)
{
	ck_assert_uint_le(outcome->report.len, sizeof(report));
	if (outcome->report.len > 0)
		memcpy(report, outcome->report.at, outcome->report.len);
	found.len = outcome->report.len;
	on_over(arg, outcome);
}

static void
begin(struct scene *scene)
{
	const struct collect_events events = {
		.arg = scene, .progress = on_progress, .over = over
	};

	remote_start(scene->remote);
	scene->account.port = scene->remote->port;
	ck_assert_int_eq(collect_start(scene->hall, scene->loop,
	    scene->ledger->near, &scene->options, &events, &scene->collect),
	    0);
}

/* To its end; nothing has been taken, told or deleted. */
static void
run(struct scene *scene)
{
	begin(scene);
	timer_set(scene->guard, 120000);
	ck_assert_int_eq(loop_run(scene->loop), 0);
	ck_assert(scene->over);
	scene_rest(scene);
	remote_stop(scene->remote);
	ck_assert_uint_eq(scene->remote->retrs, 0);
	ck_assert_uint_eq(scene->remote->deleted, 0);
	ck_assert_uint_eq(scene->ledger->mail_count, 0);
	ck_assert_uint_eq(scene->ledger->count, 0);
}

static void
end(struct scene *scene)
{
	ipc_free(keeper.near);
	ipc_free(keeper.far);
	scene_free(scene);
}

/* The row of that topic; it is there. */
static struct diagnosis_row
row_of(enum diagnosis_topic topic)
{
	struct unpack u = unpack_of(found);
	struct diagnosis_row row = { .topic = DIAGNOSIS_TOPIC_COUNT };

	while (diagnosis_unpack(&u, &row) == 1)
		if (row.topic == topic)
			return row;
	ck_abort_msg("no row of %s", diagnosis_words[topic]);
}

START_TEST(the_newest_headers_are_read_and_no_more)
{
	struct scene *scene = scene_of(DOCTOR_MESSAGES + 50);
	struct diagnosis_row row;

	run(scene);
	ended(scene, FETCH_END_DONE, "");
	row = row_of(DIAGNOSIS_MESSAGES);
	ck_assert_uint_eq(row.count, DOCTOR_MESSAGES);
	ck_assert_uint_eq(row.of, DOCTOR_MESSAGES + 50);
	row = row_of(DIAGNOSIS_OPTION);
	ck_assert(slice_is_str(row.value, "Delivered-To"));
	/* by the rules there are, and by those that are recommended */
	ck_assert_uint_eq(keeper.asked, 2 * DOCTOR_MESSAGES);
	ck_assert_uint_eq(slice_find_str(text_slice(&scene->remote->heard),
	    "TOP 50 0\n"), SIZE_MAX);
	ck_assert_uint_ne(slice_find_str(text_slice(&scene->remote->heard),
	    "TOP 51 0\n"), SIZE_MAX);
	end(scene);
}
END_TEST

static const struct {
	unsigned	messages, want;
} counts[] = {
	{ 7, 7 },
	{ DOCTOR_MESSAGES + 50, DOCTOR_MESSAGES + 50 },
	{ UINT32_MAX, DOCTOR_MESSAGES_MOST },
};

START_TEST(as_many_are_read_as_is_said)
{
	struct scene *scene = scene_of(DOCTOR_MESSAGES_MOST + 50);
	struct diagnosis_row row;

	scene->options.messages = counts[_i].messages;
	run(scene);
	ended(scene, FETCH_END_DONE, "");
	row = row_of(DIAGNOSIS_MESSAGES);
	ck_assert_uint_eq(row.count, counts[_i].want);
	ck_assert_uint_eq(row.of, DOCTOR_MESSAGES_MOST + 50);
	end(scene);
}
END_TEST

START_TEST(an_empty_mailbox_says_so)
{
	struct scene *scene = scene_of(0);

	run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(row_of(DIAGNOSIS_MESSAGES).of, 0);
	ck_assert(slice_is_str(row_of(DIAGNOSIS_SHAPE).name, "unknown"));
	ck_assert_uint_eq(keeper.asked, 0);
	end(scene);
}
END_TEST

/* A server without TOP: there is nothing to look at. */
START_TEST(headers_that_cannot_be_had_say_nothing)
{
	struct scene *scene = scene_of(10);

	scene->remote->top = "-ERR what is that?";
	run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(row_of(DIAGNOSIS_MESSAGES).count, 0);
	ck_assert_uint_eq(row_of(DIAGNOSIS_MESSAGES).of, 10);
	end(scene);
}
END_TEST

START_TEST(without_the_keeper_nothing_is_found)
{
	struct scene *scene = scene_of(10);

	keeper.is_mute = _i == 0;
	keeper.is_gone = _i == 1;
	keeper.is_short = _i == 2;
	run(scene);
	ended(scene, _i == 2 ? FETCH_END_LOCAL : FETCH_END_PAUSED, _i == 1 ?
	    "the keeper is not there" : "could not be looked for");
	ck_assert_uint_eq(found.len, 0);
	end(scene);
}
END_TEST

START_TEST(it_may_be_freed_while_it_is_under_way)
{
	struct scene *scene = scene_of(60);

	begin(scene);
	timer_set(scene->guard, (uint64_t)_i * 2);
	ck_assert_int_eq(loop_run(scene->loop), 0);
	collect_free(scene->collect);
	scene->collect = NULL;
	remote_stop(scene->remote);
	end(scene);
}
END_TEST

START_TEST(rules_that_cannot_be_read_are_no_rules)
{
	struct scene *scene = scene_of(1);
	const struct collect_events events = { .arg = scene, .over = over };

	scene->options.rules = "no such word = at all";
	ck_assert_int_eq(collect_start(scene->hall, scene->loop,
	    scene->ledger->near, &scene->options, &events, &scene->collect),
	    -EINVAL);
	end(scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/checkup");
	TCase *tests = tcase_create("checkup");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, the_newest_headers_are_read_and_no_more);
	tcase_add_loop_test(tests, as_many_are_read_as_is_said, 0,
	    sizeof(counts) / sizeof(counts[0]));
	tcase_add_test(tests, an_empty_mailbox_says_so);
	tcase_add_test(tests, headers_that_cannot_be_had_say_nothing);
	tcase_add_loop_test(tests, without_the_keeper_nothing_is_found, 0, 3);
	tcase_add_loop_test(tests, it_may_be_freed_while_it_is_under_way, 0,
	    12);
	tcase_add_test(tests, rules_that_cannot_be_read_are_no_rules);
	suite_add_tcase(suite, tests);
	return suite;
}
