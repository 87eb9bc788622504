/*
 * role_fetch_test.c - a task's way through keeper, resolver and collection
 *
 * The collection and the conversation under it are played here, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/collect.h"
#include "fetch/etrn.h"
#include "lib/base/names.h"
#include "policy/grants.h"
#include "policy/keeper.h"
#include "tests/unit/programs/play.h"
#include "tests/unit/unit.h"

#define NOBODY	99	/* the fetch account that does not exist */

struct collect {
	struct collect_events	 events;
	enum fetch_task		 task;
	struct ipc		*queue;
	uint64_t		 id;
	struct line_bill	*bill;
};

struct etrn {
	struct etrn_events	 events;
	struct ipc		*door;
};

static struct etrn *asked;		/* the one that was started */
static unsigned doors_lost;
static enum fetch_protocol protocol;	/* of all accounts */
static struct ipc *door;
static struct play play;
static struct ipc *keeper, *queue, *resolver, *schedule;
static struct collect *collections[8];	/* as they were started */
static unsigned started, freed, queue_lost, keepers_lost, paused;
static unsigned carried_count;
static uint64_t share;
static struct line_counts carried;
static char last_password[64], last_addresses[64], last_host[64];
static enum names_found found;
static unsigned progress_count;
static unsigned outcome_count;
static int outcome_status;
static struct fetch_outcome outcome;	/* without its words */
static char outcome_words[FETCH_WORDS_MOST + 1];
static bool keeper_is_mute;

/* Stand-ins for fetch/collect.c and lib/base/talk.c */

int
talk_global_open(void)
{
	return 0;
}

struct talk_hall *
talk_hall_new(struct loop *loop, struct slice trust, const char **fault_out)
{
	static char hall;

	(void)loop;
	(void)trust;
	(void)fault_out;
	return (struct talk_hall *)(void *)&hall;
}

void
talk_hall_free(struct talk_hall *hall)
{
	(void)hall;
}

int
collect_start(struct talk_hall *hall, struct loop *loop, struct ipc *to,
    const struct collect_options *options, const struct collect_events *events,
    struct collect **collect_out)
{
	struct collect *collect = calloc(1, sizeof(*collect));

	(void)loop;
	ck_assert_ptr_nonnull(hall);
	ck_assert_ptr_nonnull(collect);
	ck_assert_uint_lt(started, 8);
	ck_assert_uint_eq(options->message_bytes, 12345);
	ck_assert_str_eq(options->account->owner_address, "ann@example.org");
	collect->events = *events;
	collect->task = options->task;
	collect->queue = to;
	collect->id = options->account->id;
	collect->bill = options->bill;
	snprintf(last_password, sizeof(last_password), "%s",
	    options->password);
	snprintf(last_addresses, sizeof(last_addresses), "%s",
	    options->addresses);
	collections[started++] = collect;
	*collect_out = collect;
	return 0;
}

void
collect_pause(struct collect *collect)
{
	ck_assert_ptr_nonnull(collect);
	paused++;
}

void
talk_hall_share(struct talk_hall *hall, uint64_t bytes_per_second)
{
	ck_assert_ptr_nonnull(hall);
	share = bytes_per_second;
}

void
collect_keeper_lost(struct collect *collect)
{
	ck_assert_ptr_nonnull(collect);
	keepers_lost++;
}

void
collect_queue_lost(struct collect *collect)
{
	const struct fetch_outcome over = { .end = FETCH_END_LOCAL };

	queue_lost++;
	collect->events.over(collect->events.arg, &over);
}

void
collect_free(struct collect *collect)
{
	freed++;
	for (unsigned i = 0; i < started; i++)
		if (collections[i] == collect)
			collections[i] = NULL;
	free(collect);
}

int
etrn_start(struct talk_hall *hall, struct loop *loop, struct ipc *to,
    const struct etrn_options *options, const struct etrn_events *events,
    struct etrn **etrn_out)
{
	(void)loop;
	ck_assert_ptr_nonnull(hall);
	ck_assert_ptr_null(asked);
	ck_assert_str_eq(options->called, "hub.example.org");
	ck_assert_str_eq(options->password, "correct horse");
	ck_assert_str_eq(options->addresses, "192.0.2.7");
	ck_assert_int_eq(options->account->protocol, protocol);
	asked = calloc(1, sizeof(*asked));
	ck_assert_ptr_nonnull(asked);
	asked->events = *events;
	asked->door = to;
	*etrn_out = asked;
	return 0;
}

void
etrn_door_lost(struct etrn *etrn)
{
	ck_assert_ptr_eq(etrn, asked);
	doors_lost++;
}

void
etrn_pause(struct etrn *etrn)
{
	ck_assert_ptr_eq(etrn, asked);
	paused++;
}

void
etrn_free(struct etrn *etrn)
{
	if (etrn == asked)
		asked = NULL;
	free(etrn);
}

/* The others */

static struct fetch_proxy proxy;	/* of all fetch accounts */

/* There is no grant. */
static int
on_way(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(1024);

	(void)arg;
	pack_u8(&body, true);
	pack_slice(&body, slice_str("ann"));
	fetch_proxy_pack(&body, &proxy);
	pack_u8(&body, false);
	ck_assert_int_eq(ipc_reply(from, message->serial, text_slice(&body),
	    NULL, 0), 0);
	return 0;
}

static int
on_open(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct fetch_account account = {
		.owner = 41, .owner_address = "", .label = "work",
		.host = "pop.example.net", .port = 995,
		.tls = FETCH_TLS_IMPLICIT, .user = "ann", .enabled = true,
		.delete_after_days = FETCH_KEEP, .from = FETCH_FROM_ALL
	};
	TEXT_AUTO body = TEXT_INIT(4096);

	(void)arg;
	account.id = unpack_u64(&u);
	account.protocol = protocol;
	if (protocol == FETCH_ETRN)
		strcpy(account.queue, "example.org");
	if (keeper_is_mute)
		return 0;
	pack_u8(&body, account.id != NOBODY);
	if (account.id != NOBODY) {
		fetch_account_pack(&body, &account,
		    slice_str("correct horse"));
		pack_slice(&body, slice_str("ann@example.org"));
	}
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

/* Its mail is its owner's. */
static int
on_rules(void *arg, struct ipc *from, struct ipc_message *message)
{
	TEXT_AUTO body = TEXT_INIT(16);

	(void)arg;
	pack_u8(&body, false);
	pack_slice(&body, slice_of(NULL, 0));
	pack_slice(&body, slice_of(NULL, 0));
	pack_slice(&body, slice_str("en"));
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

static int
on_addresses(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct slice host = unpack_slice(&u);
	TEXT_AUTO body = TEXT_INIT(4096);

	(void)arg;
	ck_assert(unpack_is_done(&u));
	ck_assert_int_eq(slice_cstr(host, last_host, sizeof(last_host)), 0);
	pack_u8(&body, (uint8_t)found);
	pack_slice(&body, slice_str(found == NAMES_FOUND ? "192.0.2.7" : ""));
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

static int
on_progress(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct fetch_progress progress;

	(void)arg;
	(void)from;
	(void)unpack_u64(&u);
	ck_assert_int_eq(fetch_progress_unpack(&u, &progress), 0);
	ck_assert(unpack_is_done(&u));
	progress_count++;
	return 0;
}

static const struct ipc_rule keeper_rules[] = {
{ KEEPER_FETCH_OPEN, "OPEN", FROM(ROLE_FETCH), IPC_REQUEST, 0, 0, on_open },
{ KEEPER_FETCH_RULES, "RULES", FROM(ROLE_FETCH), IPC_REQUEST, 0, 0, on_rules },
{ KEEPER_FETCH_WAY, "WAY", FROM(ROLE_FETCH), IPC_REQUEST, 0, 0, on_way },
{ 0 }
};
static const struct ipc_rule resolver_rules[] = {
{ RESOLVER_ADDRESSES, "ADDRESSES", FROM(ROLE_FETCH), IPC_REQUEST, 0, 0,
    on_addresses },
{ 0 }
};
static int
on_carried(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	struct line_counts news;

	(void)arg;
	(void)from;
	ck_assert_uint_eq(unpack_u64(&u), 7);
	news = line_counts_unpack(&u);
	ck_assert(unpack_is_done(&u));
	line_counts_add(&carried, &news);
	carried_count++;
	/* always before the outcome */
	ck_assert_uint_eq(outcome_count, 0);
	return 0;
}

static const struct ipc_rule schedule_rules[] = {
{ FETCH_CARRIED, "CARRIED", FROM(ROLE_FETCH), IPC_NEWS, 0, 0, on_carried },
{ FETCH_PROGRESS, "PROGRESS", FROM(ROLE_FETCH), IPC_NEWS, 0, 0, on_progress },
{ 0 }
};

static void
on_outcome(void *arg, int status, struct ipc_message *message)
{
	struct unpack u;

	(void)arg;
	outcome_count++;
	outcome_status = status;
	if (status < 0)
		return;
	u = unpack_of(message->body);
	ck_assert_int_eq(fetch_outcome_unpack(&u, &outcome), 0);
	ck_assert(unpack_is_done(&u));
	ck_assert_int_eq(slice_cstr(outcome.words, outcome_words,
	    sizeof(outcome_words)), 0);
	outcome.words = slice_of(NULL, 0);
}

static void
give(struct ipc *to, uint64_t id, enum fetch_task task)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, id);
	pack_u8(&body, (uint8_t)task);
	ck_assert_int_eq(ipc_ask(to, FETCH_TASK, text_slice(&body), NULL, 0,
	    on_outcome, NULL), 0);
	play_run(&play, 20);
}

static struct ipc *
come(enum role role)
{
	return play_peer(&play, role, 0, role == ROLE_KEEPER ? keeper_rules :
	    role == ROLE_RESOLVER ? resolver_rules :
	    role == ROLE_SCHEDULE ? schedule_rules : NULL, NULL);
}

static void
leave(struct ipc **end)
{
	ipc_free(*end);
	*end = NULL;
	play_run(&play, 20);
}

static void
setup(void)
{
	memset(&play, 0, sizeof(play));
	started = freed = queue_lost = progress_count = outcome_count = 0;
	paused = carried_count = keepers_lost = 0;
	share = 0;
	memset(&carried, 0, sizeof(carried));
	keeper_is_mute = false;
	protocol = FETCH_POP3;
	asked = NULL;
	door = NULL;
	doors_lost = 0;
	strcpy(play.process.config.hostname, "hub.example.org");
	found = NAMES_FOUND;
	last_password[0] = '\0';
	play.process.instance = 41;
	play.process.config.message_bytes = 12345;
	play_begin(&play, &fetch_code);
	schedule = come(ROLE_SCHEDULE);
	keeper = come(ROLE_KEEPER);
	resolver = come(ROLE_RESOLVER);
	queue = come(ROLE_QUEUE);
}

static void
teardown(void)
{
	play_end(&play);
	ck_assert_uint_eq(freed, started);
	ipc_free(keeper);
	ipc_free(resolver);
	ipc_free(queue);
	ipc_free(schedule);
	ipc_free(door);
}

static void
finish(unsigned n)
{
	const struct fetch_outcome over = {
		.end = FETCH_END_DONE, .taken = 5, .words = SLICE("+OK bye")
	};

	collections[n]->events.over(collections[n]->events.arg, &over);
	play_run(&play, 20);
}

START_TEST(a_task_is_collected_and_answered)
{
	const struct fetch_progress taking = { .stage = FETCH_STAGE_TAKING };

	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(progress_count, 1);	/* it has been heard */
	ck_assert_uint_eq(started, 1);
	ck_assert_uint_eq(collections[0]->id, 7);
	ck_assert_int_eq(collections[0]->task, FETCH_COLLECT);
	ck_assert_str_eq(last_password, "correct horse");
	ck_assert_str_eq(last_addresses, "192.0.2.7");
	ck_assert_str_eq(last_host, "pop.example.net");
	collections[0]->events.progress(collections[0]->events.arg, &taking);
	finish(0);
	ck_assert_uint_eq(progress_count, 2);
	ck_assert_uint_eq(outcome_count, 1);
	ck_assert_int_eq(outcome.end, FETCH_END_DONE);
	ck_assert_uint_eq(outcome.taken, 5);
	ck_assert_str_eq(outcome_words, "+OK bye");
	ck_assert_uint_eq(freed, 1);
}
END_TEST

static void
tell(uint16_t kind, uint64_t number)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, number);
	ck_assert_int_eq(ipc_send(schedule, kind, text_slice(&body), NULL, 0),
	    0);
	play_run(&play, 20);
}

START_TEST(what_is_carried_is_told_and_nothing_twice)
{
	const struct fetch_progress taking = { .stage = FETCH_STAGE_TAKING };
	struct line_bill *bill;

	give(schedule, 7, FETCH_COLLECT);
	bill = collections[0]->bill;
	bill->carried.bytes[LINE_MAIL].received = 1000;
	/* not with each progress: it has been told a moment ago */
	collections[0]->events.progress(collections[0]->events.arg, &taking);
	collections[0]->events.progress(collections[0]->events.arg, &taking);
	play_run(&play, 20);
	ck_assert_uint_le(carried_count, 1);
	bill->carried.bytes[LINE_MAIL].received = 5000;
	bill->carried.bytes[LINE_SESSION].sent = 70;
	line_bill_saved(bill, LINE_SKIPPED, 900, 2);
	finish(0);
	ck_assert_uint_eq(carried.carried[LINE_MAIL].received, 5000);
	ck_assert_uint_eq(carried.carried[LINE_SESSION].sent, 70);
	ck_assert_uint_eq(carried.saved[LINE_SKIPPED].bytes, 900);
	ck_assert_uint_eq(carried.saved[LINE_SKIPPED].messages, 2);
	ck_assert_uint_le(carried_count, 2);
	ck_assert_uint_eq(outcome_count, 1);
}
END_TEST

START_TEST(a_closed_line_pauses_the_one_that_is_named)
{
	give(schedule, 7, FETCH_COLLECT);
	give(schedule, 8, FETCH_COLLECT);
	tell(FETCH_PAUSE, 8);
	ck_assert_uint_eq(paused, 1);
	tell(FETCH_PAUSE, 8);
	ck_assert_uint_eq(paused, 1);
	tell(FETCH_PAUSE, 99);		/* it was over: their ways crossed */
	ck_assert_uint_eq(paused, 1);
}
END_TEST

START_TEST(a_line_that_closes_before_it_begins_pauses_it_too)
{
	leave(&queue);
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(started, 0);
	tell(FETCH_PAUSE, 7);
	ck_assert_uint_eq(paused, 0);
	queue = come(ROLE_QUEUE);
	play_run(&play, 20);
	ck_assert_uint_eq(started, 1);
	ck_assert_uint_eq(paused, 1);
}
END_TEST

START_TEST(a_share_of_the_line_is_taken)
{
	tell(FETCH_SHARE, 4096);
	ck_assert_uint_eq(share, 4096);
	tell(FETCH_SHARE, UINT64_MAX);
	ck_assert_uint_eq(share, UINT64_MAX);
}
END_TEST

static void
finish_asked(void)
{
	const struct fetch_outcome over = { .end = FETCH_END_DONE,
	    .asked = 1 };

	asked->events.over(asked->events.arg, &over);
	play_run(&play, 20);
}

START_TEST(an_etrn_account_is_asked_for_its_mail)
{
	protocol = FETCH_ETRN;
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(started, 0);
	ck_assert_ptr_nonnull(asked);
	finish_asked();
	ck_assert_uint_eq(outcome_count, 1);
	ck_assert_uint_eq(outcome.asked, 1);
	ck_assert_ptr_null(asked);
}
END_TEST

START_TEST(atrn_waits_for_the_door)
{
	protocol = FETCH_ATRN;
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_ptr_null(asked);
	ck_assert_uint_eq(outcome_count, 0);
	door = come(ROLE_DOOR);
	play_run(&play, 20);
	ck_assert_ptr_nonnull(asked);
	ck_assert_ptr_nonnull(asked->door);
	ck_assert(ipc_peer(asked->door) == ROLE_DOOR);
	leave(&door);
	ck_assert_uint_eq(doors_lost, 1);
	finish_asked();
	ck_assert_uint_eq(outcome_count, 1);
}
END_TEST

START_TEST(several_run_at_once)
{
	give(schedule, 7, FETCH_COLLECT);
	give(schedule, 8, FETCH_TRY);
	give(schedule, 9, FETCH_COLLECT);
	ck_assert_uint_eq(started, 3);
	finish(1);
	finish(0);
	ck_assert_uint_eq(outcome_count, 2);
}
END_TEST

START_TEST(a_name_that_is_not_found_is_said_so)
{
	found = NAMES_NONE;
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_int_eq(outcome.end, FETCH_END_UNREACHABLE);
	ck_assert_str_eq(outcome_words, "there is no host of that name");
	found = NAMES_LATER;
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_int_eq(outcome.end, FETCH_END_UNREACHABLE);
	ck_assert_str_eq(outcome_words,
	    "the name could not be looked up now");
	ck_assert_uint_eq(started, 0);
}
END_TEST

START_TEST(an_account_that_is_gone_is_said_so)
{
	give(schedule, NOBODY, FETCH_COLLECT);
	ck_assert_uint_eq(outcome_count, 1);
	ck_assert_int_eq(outcome.end, FETCH_END_LOCAL);
	ck_assert_uint_eq(started, 0);
}
END_TEST

START_TEST(a_task_waits_for_the_channels)
{
	leave(&keeper);
	leave(&resolver);
	leave(&queue);
	give(schedule, 7, FETCH_COLLECT);
	queue = come(ROLE_QUEUE);
	resolver = come(ROLE_RESOLVER);
	play_run(&play, 20);
	ck_assert_uint_eq(started, 0);
	keeper = come(ROLE_KEEPER);
	play_run(&play, 20);
	ck_assert_uint_eq(started, 1);
	finish(0);
	ck_assert_int_eq(outcome.end, FETCH_END_DONE);
}
END_TEST

START_TEST(a_keeper_lost_with_the_question_is_asked_again)
{
	keeper_is_mute = true;
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(started, 0);
	leave(&keeper);
	keeper_is_mute = false;
	keeper = come(ROLE_KEEPER);
	play_run(&play, 20);
	ck_assert_uint_eq(started, 1);
}
END_TEST

START_TEST(the_next_keeper_may_come_before_the_last_is_lost)
{
	struct ipc *last = keeper;

	keeper_is_mute = true;
	give(schedule, 7, FETCH_COLLECT);
	keeper_is_mute = false;
	keeper = come(ROLE_KEEPER);
	leave(&last);
	ck_assert_uint_eq(started, 1);
	finish(0);
	ck_assert_int_eq(outcome.end, FETCH_END_DONE);
}
END_TEST

/* It has the channel that it was given, not the newest. */
START_TEST(a_collection_hears_that_its_own_keeper_is_lost)
{
	struct ipc *last = keeper;

	give(schedule, 7, FETCH_COLLECT);
	keeper = come(ROLE_KEEPER);
	give(schedule, 8, FETCH_COLLECT);
	leave(&last);
	ck_assert_uint_eq(keepers_lost, 1);
	leave(&keeper);
	ck_assert_uint_eq(keepers_lost, 2);
}
END_TEST

START_TEST(atrn_hears_that_its_own_door_is_lost)
{
	struct ipc *last = come(ROLE_DOOR);

	protocol = FETCH_ATRN;
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_ptr_nonnull(asked);
	door = come(ROLE_DOOR);
	leave(&last);
	ck_assert_uint_eq(doors_lost, 1);
	leave(&door);
	ck_assert_uint_eq(doors_lost, 1);
}
END_TEST

START_TEST(a_lost_queue_ends_what_used_it)
{
	struct ipc *last = queue;

	give(schedule, 7, FETCH_COLLECT);
	give(schedule, 8, FETCH_COLLECT);
	queue = come(ROLE_QUEUE);
	give(schedule, 9, FETCH_COLLECT);
	leave(&last);
	ck_assert_uint_eq(queue_lost, 2);
	ck_assert_uint_eq(outcome_count, 2);
	ck_assert_uint_eq(freed, 2);
	ck_assert_ptr_nonnull(collections[2]);
}
END_TEST

START_TEST(the_next_schedule_takes_over_what_is_under_way)
{
	give(schedule, 7, FETCH_COLLECT);
	give(schedule, 8, FETCH_TRY);
	leave(&schedule);
	ck_assert_uint_eq(outcome_count, 2);	/* both lost */
	ck_assert_uint_eq(freed, 1);		/* what was only tried ends */
	schedule = come(ROLE_SCHEDULE);
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(started, 2);
	finish(0);
	ck_assert_uint_eq(outcome_count, 3);
	ck_assert_int_eq(outcome_status, 0);
	ck_assert_int_eq(outcome.end, FETCH_END_DONE);
}
END_TEST

START_TEST(the_same_task_twice_is_a_breach)
{
	give(schedule, 7, FETCH_COLLECT);
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(play.breaches, 1);
}
END_TEST

START_TEST(it_retires_when_nothing_is_to_be_done)
{
	give(schedule, 7, FETCH_COLLECT);
	fetch_code.if_idle(&play.process);
	play_run(&play, 20);
	ck_assert_uint_eq(play.retires, 0);
	finish(0);
	fetch_code.if_idle(&play.process);
	fetch_code.if_idle(&play.process);
	play_run(&play, 20);
	ck_assert_uint_eq(play.retires, 1);
	give(schedule, 8, FETCH_COLLECT);	/* it crossed the farewell */
	ck_assert_uint_eq(started, 1);
	ck_assert_uint_eq(outcome_count, 1);
}
END_TEST

/* The host's name is the proxy's affair; where that stands is ours. */
START_TEST(a_proxy_that_knows_names_is_all_that_is_looked_up)
{
	proxy = (struct fetch_proxy){ .kind = PROXY_HTTP, .port = 3128,
	    .host = "proxy.example.net" };
	give(schedule, 7, FETCH_COLLECT);
	ck_assert_uint_eq(started, 1);
	ck_assert_str_eq(last_host, "proxy.example.net");
	ck_assert_str_eq(last_addresses, "");
	finish(0);
	/* one that knows none is told the address */
	proxy.kind = PROXY_SOCKS5;
	give(schedule, 8, FETCH_COLLECT);
	ck_assert_str_eq(last_host, "pop.example.net");
	ck_assert_str_eq(last_addresses, "192.0.2.7");
	finish(1);
	proxy = (struct fetch_proxy){ 0 };
}
END_TEST

START_TEST(stopping_ends_collections_without_a_word)
{
	give(schedule, 7, FETCH_COLLECT);
	fetch_code.stop(&play.process);
	play_run(&play, 20);
	ck_assert_uint_eq(freed, 1);
	ck_assert_uint_eq(outcome_count, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("programs/role_fetch");
	TCase *tc = tcase_create("role");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_task_is_collected_and_answered);
	tcase_add_test(tc, what_is_carried_is_told_and_nothing_twice);
	tcase_add_test(tc,
	    a_closed_line_pauses_the_one_that_is_named);
	tcase_add_test(tc,
	    a_line_that_closes_before_it_begins_pauses_it_too);
	tcase_add_test(tc, a_share_of_the_line_is_taken);
	tcase_add_test(tc, an_etrn_account_is_asked_for_its_mail);
	tcase_add_test(tc, atrn_waits_for_the_door);
	tcase_add_test(tc, several_run_at_once);
	tcase_add_test(tc, a_name_that_is_not_found_is_said_so);
	tcase_add_test(tc, an_account_that_is_gone_is_said_so);
	tcase_add_test(tc, a_task_waits_for_the_channels);
	tcase_add_test(tc, a_keeper_lost_with_the_question_is_asked_again);
	tcase_add_test(tc, the_next_keeper_may_come_before_the_last_is_lost);
	tcase_add_test(tc, a_collection_hears_that_its_own_keeper_is_lost);
	tcase_add_test(tc, atrn_hears_that_its_own_door_is_lost);
	tcase_add_test(tc, a_lost_queue_ends_what_used_it);
	tcase_add_test(tc, the_next_schedule_takes_over_what_is_under_way);
	tcase_add_test(tc, the_same_task_twice_is_a_breach);
	tcase_add_test(tc, it_retires_when_nothing_is_to_be_done);
	tcase_add_test(tc,
	    a_proxy_that_knows_names_is_all_that_is_looked_up);
	tcase_add_test(tc, stopping_ends_collections_without_a_word);
	suite_add_tcase(suite, tc);
	return suite;
}
