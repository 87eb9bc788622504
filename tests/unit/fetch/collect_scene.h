/*
 * collect_scene.h - a collection between a server and the queue
 *
 * A server in a thread (remote.c) at one end, the queue (ledger.c) at the
 * other: what the server says, and what is here, is set before it is run.
 */
#ifndef TESTS_UNIT_FETCH_COLLECT_SCENE_H
#define TESTS_UNIT_FETCH_COLLECT_SCENE_H

#include <stdlib.h>
#include <string.h>

#include "fetch/collect_inside.h"
#include "tests/unit/fetch/ledger.h"
#include "tests/unit/fetch/remote.h"
#include "tests/unit/unit.h"

#define LETTER	"Return-Path: <bob@example.com>\r\n" \
		"Subject: hello\r\n\r\nBody\r\n.dot\r\n"

/* Rows of a table as runs of a loop test. */
#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

struct scene {
	struct loop	*loop;
	struct talk_hall *hall;
	struct remote	*remote;
	struct ledger	*ledger;
	struct fetch_account account;
	struct collect_options options;
	struct collect	*collect;
	struct timer	*guard;
	struct fetch_outcome outcome;
	char		 words[FETCH_WORDS_MOST + 1];
	bool		 over;
	unsigned	 told;		/* progress */
};

/* Its end: the password is gone by then. */
static inline void
on_over(void *arg, const struct fetch_outcome *outcome)
{
	struct scene *scene = arg;

	ck_assert(!scene->over);
	scene->over = true;
	scene->outcome = *outcome;
	ck_assert_int_eq(slice_cstr(outcome->words, scene->words,
	    sizeof(scene->words)), 0);
	ck_assert_int_eq(scene->collect->password[0], '\0');
	collect_free(scene->collect);
	scene->collect = NULL;
	loop_stop(scene->loop);
}

/* It tells how far it is. */
static inline void
on_progress(void *arg, const struct fetch_progress *progress)
{
	struct scene *scene = arg;

	ck_assert_uint_le(progress->done, progress->of);
	/* nobody logs in once more */
	if (progress->stage == FETCH_STAGE_DELETING)
		ck_assert_int_eq(scene->collect->password[0], '\0');
	scene->told++;
}

/* It took too long, or long enough. */
static inline void
on_guard(void *arg)
{
	struct scene *scene = arg;

	loop_stop(scene->loop);
}

/* Nothing runs yet; what a test needs otherwise it sets before. */
static inline struct scene *
scene_new(void)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	const char *fault;

	ck_assert_ptr_nonnull(scene);
	ck_assert_int_eq(talk_global_open(), 0);
	scene->loop = loop_new();
	scene->hall = talk_hall_new(scene->loop, slice_str(""), &fault);
	ck_assert_ptr_nonnull(scene->hall);
	scene->remote = remote_new();
	scene->ledger = ledger_new(scene->loop);
	scene->guard = timer_new(scene->loop, on_guard, scene);
	scene->account = (struct fetch_account){
		.id = 7, .owner = 3, .owner_address = "me@example.org",
		.label = "old mail", .host = "pop.example.net",
		.user = "someone", .tls = FETCH_TLS_NONE,
		.mechanism = FETCH_AUTO, .from = FETCH_FROM_ALL,
		.delete_after_days = FETCH_KEEP, .enabled = true
	};
	scene->options = (struct collect_options){
		.account = &scene->account, .password = "secret words",
		.addresses = "127.0.0.1", .task = FETCH_COLLECT,
		.message_bytes = 32 << 20, .silence_ms = 60000,
		.connect_ms = 60000, .open_ms = 60000, .again_ms = 20
	};
	return scene;
}

/* The server listens, the collection begins. */
static inline void
scene_start(struct scene *scene)
{
	const struct collect_events events = {
		.arg = scene, .progress = on_progress, .over = on_over
	};

	remote_start(scene->remote);
	scene->account.port = scene->remote->port;
	ck_assert_int_eq(collect_start(scene->hall, scene->loop,
	    scene->ledger->near, &scene->options, &events, &scene->collect),
	    0);
}

/* News to the queue are still under way: some turns of the loop, however late. */
static inline void
scene_rest(struct scene *scene)
{
	for (int i = 0; i < 5; i++) {
		timer_set(scene->guard, 2);
		ck_assert_int_eq(loop_run(scene->loop), 0);
	}
}

/* All of it; what is granted is given back or taken at the end. */
static inline void
scene_run(struct scene *scene)
{
	scene_start(scene);
	timer_set(scene->guard, 120000);
	ck_assert_int_eq(loop_run(scene->loop), 0);
	ck_assert_msg(scene->over, "it does not end");
	scene_rest(scene);
	remote_stop(scene->remote);
	ck_assert_uint_eq(scene->ledger->granted, 0);
}

/* Under way or over. */
static inline void
scene_free(struct scene *scene)
{
	collect_free(scene->collect);
	timer_free(scene->guard);
	ledger_free(scene->ledger);
	talk_hall_free(scene->hall);
	loop_free(scene->loop);
	remote_free(scene->remote);
	free(scene);
}

/* It ended so, with these words in what was said. */
static inline void
ended(const struct scene *scene, enum fetch_end end, const char *words)
{
	ck_assert_msg(scene->outcome.end == end, "it ended %d: %s",
	    scene->outcome.end, scene->words);
	ck_assert_msg(strstr(scene->words, words) != NULL, "it said %s",
	    scene->words);
}

/* The server was sent this. */
static inline bool
heard(const struct scene *scene, const char *command)
{
	return slice_find_str(text_slice(&scene->remote->heard), command) !=
	    SIZE_MAX;
}

/* Where message `number` stands in what was submitted. */
static inline unsigned
place_of(const struct scene *scene, uint32_t number)
{
	unsigned n = 0;

	while (scene->ledger->mail[n].number != number)
		ck_assert_uint_lt(++n, scene->ledger->mail_count);
	return n;
}

/* The bytes of the submission at place `n`. */
static inline struct slice
mail_of(const struct scene *scene, unsigned n)
{
	return text_slice(&scene->ledger->mail[n].bytes);
}

#endif
