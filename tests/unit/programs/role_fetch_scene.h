/*
 * role_fetch_scene.h - the fetch role between a schedule, a keeper, a resolver
 * and a queue
 *
 * Each of them is a channel that a test holds; what they say stands in the
 * variables at the top, and what they were told, too.  The collection and the
 * conversation under it are played here.  Included once a test program.
 */
#ifndef TESTS_ROLE_FETCH_SCENE_H
#define TESTS_ROLE_FETCH_SCENE_H

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
	struct talk_session	*session;
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
static const char *looked_up, *own;	/* addresses; of them, the machine's */
static bool by_owner;			/* of all accounts */
static uint32_t messages_wanted;	/* of each task */
static unsigned progress_count;
static unsigned outcome_count;
static int outcome_status;
static struct fetch_outcome outcome;	/* without its words */
static char outcome_words[FETCH_WORDS_MOST + 1];
static bool keeper_is_mute;
static const char *session;		/* that the keeper has */
static char last_session[64];		/* that it was told */
static unsigned sessions_told;

/* Stand-ins for fetch/collect.c and lib/base/talk.c */

/* Nothing is opened. */
int
talk_global_open(void)
{
	return 0;
}

/* One that is nothing. */
struct talk_hall *
talk_hall_new(struct loop *loop, struct slice trust, const char **fault_out)
{
	static char hall;

	(void)loop;
	(void)trust;
	(void)fault_out;
	return (struct talk_hall *)(void *)&hall;
}

/* It was nothing. */
void
talk_hall_free(struct talk_hall *hall)
{
	(void)hall;
}

/* Note what it is asked for. */
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
	ck_assert_uint_eq(options->messages, messages_wanted);
	ck_assert_str_eq(options->account->owner_address, "ann@example.org");
	collect->events = *events;
	collect->task = options->task;
	collect->queue = to;
	collect->id = options->account->id;
	collect->bill = options->bill;
	collect->session = options->session;
	snprintf(last_password, sizeof(last_password), "%s",
	    options->password);
	snprintf(last_addresses, sizeof(last_addresses), "%s",
	    options->addresses);
	collections[started++] = collect;
	*collect_out = collect;
	return 0;
}

/* Counted. */
void
collect_pause(struct collect *collect)
{
	ck_assert_ptr_nonnull(collect);
	paused++;
}

/* Noted. */
void
talk_hall_share(struct talk_hall *hall, uint64_t bytes_per_second)
{
	ck_assert_ptr_nonnull(hall);
	share = bytes_per_second;
}

/* Counted. */
void
collect_keeper_lost(struct collect *collect)
{
	ck_assert_ptr_nonnull(collect);
	keepers_lost++;
}

/* It ends with that. */
void
collect_queue_lost(struct collect *collect)
{
	const struct fetch_outcome over = { .end = FETCH_END_LOCAL };

	queue_lost++;
	collect->events.over(collect->events.arg, &over);
}

/* It is not there any more. */
void
collect_free(struct collect *collect)
{
	freed++;
	for (unsigned i = 0; i < started; i++)
		if (collections[i] == collect)
			collections[i] = NULL;
	free(collect);
}

/* One at a time. */
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

/* Counted. */
void
etrn_door_lost(struct etrn *etrn)
{
	ck_assert_ptr_eq(etrn, asked);
	doors_lost++;
}

/* Counted. */
void
etrn_pause(struct etrn *etrn)
{
	ck_assert_ptr_eq(etrn, asked);
	paused++;
}

/* It is not there any more. */
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

/* The settings of every account. */
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
	TEXT_AUTO body = TEXT_INIT(4096 + 2 * TALK_SESSION_BYTES);

	(void)arg;
	account.id = unpack_u64(&u);
	account.protocol = protocol;
	account.by_owner = by_owner;
	if (protocol == FETCH_ETRN)
		strcpy(account.queue, "example.org");
	if (keeper_is_mute)
		return 0;
	pack_u8(&body, account.id != NOBODY);
	if (account.id != NOBODY) {
		fetch_account_pack(&body, &account,
		    slice_str("correct horse"));
		pack_slice(&body, slice_str("ann@example.org"));
		pack_slice(&body, slice_str(session));
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

/* The one address of every host. */
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
	pack_slice(&body, slice_str(found == NAMES_FOUND ? looked_up : ""));
	pack_slice(&body, slice_str(own));
	return ipc_reply(from, message->serial, text_slice(&body), NULL, 0);
}

/* Counted. */
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

/* Kept. */
static int
on_session(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);

	(void)arg;
	(void)from;
	ck_assert_uint_eq(unpack_u64(&u), 7);
	ck_assert_int_eq(slice_cstr(unpack_slice(&u), last_session,
	    sizeof(last_session)), 0);
	ck_assert(unpack_is_done(&u));
	sessions_told++;
	return 0;
}

static const struct ipc_rule keeper_rules[] = {
{ KEEPER_FETCH_SESSION, "SESSION", FROM(ROLE_FETCH), IPC_NEWS, 0, 0,
    on_session },
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
/* Added up. */
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

/* The one answer to a task. */
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

/* Ask for that, and let it be heard. */
static inline void
give(struct ipc *to, uint64_t id, enum fetch_task task)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, id);
	pack_u8(&body, (uint8_t)task);
	pack_u32(&body, messages_wanted);
	ck_assert_int_eq(ipc_ask(to, FETCH_TASK, text_slice(&body), NULL, 0,
	    on_outcome, NULL), 0);
	play_run(&play, 20);
}

/* A channel to that role. */
static struct ipc *
come(enum role role)
{
	return play_peer(&play, role, 0, role == ROLE_KEEPER ? keeper_rules :
	    role == ROLE_RESOLVER ? resolver_rules :
	    role == ROLE_SCHEDULE ? schedule_rules : NULL, NULL);
}

/* That one is gone. */
static inline void
leave(struct ipc **end)
{
	ipc_free(*end);
	*end = NULL;
	play_run(&play, 20);
}

/* All of them are there. */
static inline void
setup(void)
{
	memset(&play, 0, sizeof(play));
	started = freed = queue_lost = progress_count = outcome_count = 0;
	paused = carried_count = keepers_lost = 0;
	share = 0;
	memset(&carried, 0, sizeof(carried));
	keeper_is_mute = false;
	session = "";
	sessions_told = 0;
	protocol = FETCH_POP3;
	asked = NULL;
	door = NULL;
	doors_lost = 0;
	strcpy(play.process.config.hostname, "hub.example.org");
	found = NAMES_FOUND;
	looked_up = "192.0.2.7";
	own = "";
	by_owner = false;
	messages_wanted = 0;
	last_password[0] = '\0';
	play.process.instance = 41;
	play.process.config.message_bytes = 12345;
	play_begin(&play, &fetch_code);
	schedule = come(ROLE_SCHEDULE);
	keeper = come(ROLE_KEEPER);
	resolver = come(ROLE_RESOLVER);
	queue = come(ROLE_QUEUE);
}

/* What was started has been freed. */
static inline void
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

/* That collection is over. */
static inline void
finish(unsigned n)
{
	const struct fetch_outcome over = {
		.end = FETCH_END_DONE, .taken = 5, .words = SLICE("+OK bye")
	};

	collections[n]->events.over(collections[n]->events.arg, &over);
	play_run(&play, 20);
}

#endif
