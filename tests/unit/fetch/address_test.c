/*
 * address_test.c - a domain's mail: nothing is submitted before it is known for
 * whom it is
 *
 * A collection over POP3 whose keeper is played here.  What a header says is
 * domain/decide_test.c's.
 */
#include <errno.h>
#include <sys/socket.h>

#include "fetch/address.h"
#include "policy/fetch_domains.h"
#include "policy/keeper.h"
#include "tests/unit/fetch/collect_scene.h"

#define FOR(name, to)	"To: " to "\r\nMessage-ID: <" name "@x.test>\r\n" \
			"Subject: " name "\r\n\r\nBody\r\n"
#define ANN		"ann@office.test"
#define BEN		"ben@office.test"

static const struct {
	const char	*address;
	uint64_t	 account;
} people[] = { { ANN, 11 }, { BEN, 12 } };

static struct keeper {
	struct ipc	*near, *far;	/* the collection's end; ours */
	struct scene	*scene;
	unsigned	 asked;
	bool		 is_mute;	/* "it cannot be said now" */
	bool		 is_short;	/* answers one question too few */
	bool		 is_gone;	/* its channel ends with the question */
	bool		 wants_receipts;	/* of all before the question */
} keeper;

static struct find_answer
answer_to(const struct find_ask *ask)
{
	struct find_answer answer = { .finding = FINDING_FOREIGN };

	for (size_t i = 0; i < 2; i++)
		if (slice_is_str(ask->text, people[i].address)) {
			answer.finding = FINDING_OURS;
			answer.account = people[i].account;
			return answer;
		}
	if (slice_has_suffix(ask->text, "@office.test"))
		answer.finding = FINDING_UNKNOWN;
	return answer;
}

/* The role's loop tells a collection that its keeper is gone. */
static void
go(void)
{
	ipc_free(keeper.far);
	keeper.far = NULL;
	collect_keeper_lost(keeper.scene->collect);
}

static int
on_find(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	ARENA_AUTO arena = arena_new(1 << 20);
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
	struct find_answer answers[64];
	struct find_ask *asks;
	size_t count;

	(void)arg;
	keeper.asked++;
	if (keeper.is_gone) {
		go();
		return 0;
	}
	ck_assert(unpack_bool(&u));
	ck_assert_int_eq(find_ask_unpack(arena, u.rest, &asks, &count), 0);
	ck_assert_uint_le(count, 64);
	if (keeper.wants_receipts)
		ck_assert_uint_eq(keeper.scene->ledger->waiting, 0);
	for (size_t i = 0; i < count; i++)
		answers[i] = answer_to(&asks[i]);
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

/* A mailbox for many; these are its rules. */
static struct scene *
scene_for(const char *rules)
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
	scene->options.rules = rules;
	scene->options.keeper = keeper.near;
	return scene;
}

static void
end(struct scene *scene)
{
	ipc_free(keeper.near);
	ipc_free(keeper.far);
	scene_free(scene);
}

static const struct {
	const char	*mail, *to;
	bool		 is_held;
} messages[] = {
	{ FOR("one", ANN), ANN, false },
	{ FOR("two", "Ann <" ANN ">, " BEN), ANN " " BEN, false },
	{ FOR("beside", "joe@example.com, " BEN), BEN, false },
	/* held, for whoever looks after the mailbox */
	{ FOR("foreign", "joe@example.com"), "me@example.org", true },
	{ FOR("unknown", "nobody@office.test"), "me@example.org", true },
	{ "Subject: for nobody\r\n\r\nBody\r\n", "me@example.org", true },
};

START_TEST(each_message_goes_to_whom_it_names)
{
	struct scene *scene = scene_for("");

	for (int i = 0; i < ROWS(messages); i++)
		remote_add(scene->remote, slice_str(messages[i].mail));
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, ROWS(messages));
	for (int i = 0; i < ROWS(messages); i++) {
		const struct ledger_mail *mail = &scene->ledger->mail[
		    place_of(scene, (uint32_t)i + 1)];

		ck_assert_str_eq(mail->to, messages[i].to);
		ck_assert_int_eq(mail->hold[0] != '\0', messages[i].is_held);
		ck_assert(slice_is_str(text_slice(&mail->bytes),
		    messages[i].mail));
	}
	end(scene);
}
END_TEST

/*
 * The ledger gives each recipient one of the copies: which, it must know before
 * the next is asked about.
 */
START_TEST(a_copy_waits_for_the_receipt_of_the_last)
{
	struct scene *scene = scene_for("");

	for (unsigned i = 0; i < 10; i++)
		remote_add(scene->remote, slice_str(FOR("copy", ANN)));
	scene->ledger->is_slow = true;
	keeper.wants_receipts = true;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 10);
	ck_assert_uint_eq(keeper.asked, 10);
	end(scene);
}
END_TEST

/* All of them, and more than may wait for their receipts at once. */
START_TEST(many_messages_are_taken_in_their_order)
{
	struct scene *scene = scene_for("");
	static char mail[3 * ADDRESS_RECENT][256];

	for (unsigned i = 0; i < 3 * ADDRESS_RECENT; i++) {
		(void)snprintf(mail[i], sizeof(mail[i]), "To: %s\r\n"
		    "Message-ID: <%u@x.test>\r\n\r\nBody\r\n",
		    i % 2 == 0 ? ANN : BEN, i);
		remote_add(scene->remote, slice_str(mail[i]));
	}
	scene->ledger->is_slow = _i == 1;
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_uint_eq(scene->outcome.taken, 3 * ADDRESS_RECENT);
	for (unsigned i = 0; i < 3 * ADDRESS_RECENT; i++) {
		ck_assert_uint_eq(scene->ledger->mail[i].number, i + 1);
		ck_assert_str_eq(scene->ledger->mail[i].to,
		    i % 2 == 0 ? ANN : BEN);
	}
	end(scene);
}
END_TEST

/* Whatever keeps the keeper from an answer: all of it stays there. */
START_TEST(what_nobody_can_address_stays_there)
{
	struct scene *scene = scene_for("");

	remote_add(scene->remote, slice_str(FOR("one", ANN)));
	remote_add(scene->remote, slice_str(FOR("two", BEN)));
	scene->ledger->may_delete = true;
	scene->account.delete_after_days = 0;
	keeper.is_mute = _i == 0;
	keeper.is_gone = _i == 1;
	keeper.is_short = _i == 2;
	scene_run(scene);
	ended(scene, _i == 2 ? FETCH_END_LOCAL : FETCH_END_PAUSED, _i == 1 ?
	    "the keeper is not there" : "could not be looked for");
	ck_assert_uint_eq(scene->ledger->mail_count, 0);
	ck_assert_uint_eq(scene->outcome.taken, 0);
	ck_assert_uint_gt(scene->outcome.left, 0);
	ck_assert_uint_eq(scene->remote->deleted, 0);
	end(scene);
}
END_TEST

/* Who is named behind the end of what is kept of it is not guessed. */
START_TEST(a_header_without_end_is_held)
{
	struct scene *scene = scene_for("");
	TEXT_AUTO mail = TEXT_INIT(1 << 20);

	text_add_str(&mail, "To: " ANN "\r\n");
	while (mail.len < ADDRESS_HEADER_BYTES + 1000)
		text_add_str(&mail, "X-Filler: as long as a line may be, or "
		    "nearly so, and then once more\r\n");
	text_add_str(&mail, "To: " BEN "\r\n\r\nBody\r\n");
	remote_add(scene->remote, text_slice(&mail));
	scene_run(scene);
	ended(scene, FETCH_END_DONE, "");
	ck_assert_str_eq(scene->ledger->mail[0].to, "me@example.org");
	ck_assert_str_ne(scene->ledger->mail[0].hold, "");
	ck_assert(slice_is(mail_of(scene, 0), text_slice(&mail)));
	end(scene);
}
END_TEST

START_TEST(rules_that_cannot_be_read_are_no_rules)
{
	struct scene *scene = scene_for("no such word = at all");
	const struct collect_events events = { .arg = scene, .over = on_over };

	ck_assert_int_eq(collect_start(scene->hall, scene->loop,
	    scene->ledger->near, &scene->options, &events, &scene->collect),
	    -EINVAL);
	end(scene);
}
END_TEST

/* While the keeper is asked, while a receipt is awaited, at any time. */
START_TEST(it_may_be_freed_while_it_is_under_way)
{
	struct scene *scene = scene_for("");

	for (unsigned i = 0; i < 20; i++)
		remote_add(scene->remote, slice_str(FOR("copy", ANN)));
	scene->ledger->is_slow = true;
	scene_start(scene);
	timer_set(scene->guard, (uint64_t)_i * 2);
	ck_assert_int_eq(loop_run(scene->loop), 0);
	collect_free(scene->collect);
	scene->collect = NULL;
	remote_stop(scene->remote);
	end(scene);
}
END_TEST

static const struct {
	const char	*user, *host, *mailbox;
} mailboxes[] = {
	{ "box@isp.test", "pop.isp.test", "box@isp.test" },
	{ "box", "pop.isp.test", "box@isp.test" },
	{ "no address", "pop.isp.test", "" },
	{ "box", "localhost", "" },
};

/* The login is nobody's address, whatever it is delivered to. */
START_TEST(the_mailbox_itself_is_known_by_its_login)
{
	struct fetch_account account = { 0 };
	ARENA_AUTO arena = arena_new(DOMAIN_RULES_ARENA);
	struct domain_rules rules;

	(void)snprintf(account.user, sizeof(account.user), "%s",
	    mailboxes[_i].user);
	(void)snprintf(account.host, sizeof(account.host), "%s",
	    mailboxes[_i].host);
	ck_assert_int_eq(address_rules(arena, slice_str(""), &account,
	    &rules), 0);
	ck_assert_msg(slice_is_str(rules.mailbox, mailboxes[_i].mailbox),
	    "%.*s", SLICE_FMT(rules.mailbox));
}
END_TEST

START_TEST(the_header_ends_at_the_first_empty_line)
{
	ck_assert(slice_is_str(address_header(slice_str("A: b\r\n\r\nc\r\n"
	    "\r\n")), "A: b\r\n"));
	ck_assert(slice_is_str(address_header(slice_str("A: b\r\n")),
	    "A: b\r\n"));
	ck_assert(slice_is_str(address_header(slice_str("\r\nA: b\r\n")), ""));
	ck_assert(slice_is_str(address_header(slice_str("")), ""));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("address");
	TCase *all = tcase_create("all");

	tcase_add_test(all, each_message_goes_to_whom_it_names);
	tcase_add_test(all, a_copy_waits_for_the_receipt_of_the_last);
	tcase_add_loop_test(all, many_messages_are_taken_in_their_order, 0, 2);
	tcase_add_loop_test(all, what_nobody_can_address_stays_there, 0, 3);
	tcase_add_test(all, a_header_without_end_is_held);
	tcase_add_test(all, rules_that_cannot_be_read_are_no_rules);
	tcase_add_loop_test(all, it_may_be_freed_while_it_is_under_way, 0, 15);
	tcase_add_loop_test(all, the_mailbox_itself_is_known_by_its_login, 0,
	    ROWS(mailboxes));
	tcase_add_test(all, the_header_ends_at_the_first_empty_line);
	suite_add_tcase(suite, all);
	return suite;
}
