/*
 * talk_scene.h - one conversation, with a server that follows a script
 *
 * The servers (provider.h) stand on the loopback, each in a thread; what they
 * have heard is what left this host.
 */
#ifndef TESTS_UNIT_LIB_BASE_TALK_SCENE_H
#define TESTS_UNIT_LIB_BASE_TALK_SCENE_H

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/unit/lib/base/peer.h"
#include "tests/unit/lib/base/talk_caller.h"

/* Rows of a table as runs of a loop test. */
#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

#define HOST	"pop.office.test"

/* The hall and one conversation, as most tests need it. */
struct scene {
	struct loop	*loop;
	struct talk_hall *hall;
	struct authority authority;
	struct provider	 provider;
	struct talk_options options;
	struct caller	 caller;
	unsigned	 fds;
	SSL_CTX		*tls;
};

/* A hall that trusts one authority, and nobody called yet. */
static inline void
scene_open(struct scene *scene)
{
	const char *fault;
	char *pem;

	memset(scene, 0, sizeof(*scene));
	scene->fds = fds_open();
	scene->loop = loop_new();
	scene->authority = authority_new("Office authority");
	pem = authority_pem(&scene->authority);
	scene->hall = talk_hall_new(scene->loop, slice_str(pem), &fault);
	ck_assert_ptr_nonnull(scene->hall);
	free(pem);
	scene->options = (struct talk_options){
		.scheme = "pop3", .host = HOST, .addresses = "127.0.0.1",
		.user = "ann", .password = "secret", .connect_ms = 60000,
		.open_ms = 60000,
	};
}

/* Call a server that follows the script. */
static inline void
scene_call(struct scene *scene, const struct step *script)
{
	struct talk_events events = events_of(&scene->caller);

	provider_open(&scene->provider, AF_INET, script, scene->tls);
	scene->options.port = scene->provider.port;
	ck_assert_int_eq(talk_open(scene->hall, &scene->options, &events,
	    &scene->caller.talk), 0);
	ck_assert_str_eq(talk_peer(scene->caller.talk), "");
}

/* The same, until it is open or not. */
static inline void
scene_call_until(struct scene *scene, const struct step *script)
{
	scene_call(scene, script);
	TURN_UNTIL(scene->loop, scene->caller.opened + scene->caller.failed +
	    scene->caller.freed > 0);
}

/* Nothing is left open. */
static inline void
scene_close(struct scene *scene)
{
	talk_free(scene->caller.talk);
	if (scene->provider.script != NULL)
		provider_close(&scene->provider);
	talk_hall_free(scene->hall);
	loop_free(scene->loop);
	authority_free(&scene->authority);
	SSL_CTX_free(scene->tls);
	ck_assert_uint_eq(fds_open(), scene->fds);
}

#define FAILS_WITH(scene, fault_, words_)				\
	do {								\
		ck_assert_uint_eq((scene).caller.opened, 0);		\
		ck_assert_uint_eq((scene).caller.failed, 1);		\
		ck_assert_int_eq((scene).caller.fault, fault_);		\
		ck_assert_str_eq((scene).caller.words, words_);		\
	} while (0)

#define GREET	SAY_IT("+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n")
#define CAPA(words) \
	HEAR("CAPA\r\n"), SAY_IT("+OK\r\n" words "TOP\r\nUIDL\r\n.\r\n")
#define WELCOME	SAY_IT("+OK 3 messages\r\n")

/* It opens at once, and answers one STAT. */
static const struct step plain_opened[] = {
	GREET, CAPA("USER\r\n"), HEAR("STAT\r\n"), SAY_IT("+OK 1 2\r\n"),
	WAIT, HANG_UP
};
static const struct step silent[] = { WAIT, HANG_UP };
static const struct step over_stls[] = {
	GREET, CAPA("STLS\r\n"), HEAR("STLS\r\n"), SAY_IT("+OK\r\n"), SHAKE,
	CAPA("SASL PLAIN\r\n"), HEAR("AUTH PLAIN AGFubgBzZWNyZXQ=\r\n"),
	WELCOME, WAIT, HANG_UP
};

#endif
