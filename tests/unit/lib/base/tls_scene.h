/*
 * tls_scene.h - a stream with TLS, against OpenSSL as a client
 *
 * The stream under test has one end of a socket pair, the client the other;
 * both live in this process and take turns.
 */
#ifndef TESTS_UNIT_LIB_BASE_TLS_SCENE_H
#define TESTS_UNIT_LIB_BASE_TLS_SCENE_H

#include <errno.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/stream.h"
#include "lib/base/tls.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

#define INPUT_BYTES	1000u
#define OUTPUT_LIMIT	(1u << 20)

enum act { ACT_NOTHING, ACT_FREE, ACT_FINISH };

struct scene {
	struct loop	*loop;
	struct tls_server *server;
	struct stream	*stream;
	int		 peer;
	char		 heard[64];
	unsigned	 count;
	char		 input[65536];	/* what came, as it was consumed */
	size_t		 input_len;
	bool		 keeps;		/* consumes nothing */
	int		 on_event;
	enum act	 act;
};

/* In enum stream_event's order. */
static const char letters[] = "IDTCFZ";

/* What has come is consumed, and kept here. */
static inline void
take_input(struct scene *scene)
{
	struct slice input = stream_input(scene->stream);

	ck_assert_uint_le(scene->input_len + input.len, sizeof(scene->input));
	memcpy(scene->input + scene->input_len, input.at, input.len);
	scene->input_len += input.len;
	stream_consume(scene->stream, input.len);
}

/* An event is a letter; input that follows input is none. */
static inline void
on_stream(void *arg, enum stream_event event)
{
	struct scene *scene = arg;

	ck_assert_ptr_nonnull(scene->stream);
	if (event != STREAM_INPUT || scene->count == 0 ||
	    scene->heard[scene->count - 1] != 'I')
		scene->heard[scene->count++] = letters[event];
	ck_assert_uint_lt(scene->count, sizeof(scene->heard));
	if (event == STREAM_INPUT && !scene->keeps)
		take_input(scene);
	if (scene->act == ACT_NOTHING || scene->on_event != (int)event)
		return;
	if (scene->act == ACT_FREE)
		stream_free(scene->stream);
	else
		stream_finish(scene->stream);
	scene->stream = NULL;
}

/* A stream without TLS, and its peer. */
static inline void
connect_scene(struct scene *scene)
{
	int fd[2];

	pair_open(fd);
	scene->peer = fd[1];
	scene->count = 0;
	memset(scene->heard, 0, sizeof(scene->heard));
	scene->stream = stream_new(scene->loop, fd[0], INPUT_BYTES,
	    OUTPUT_LIMIT, on_stream, scene);
	ck_assert_ptr_nonnull(scene->stream);
}

/* The same, with a server of that protocol, or NULL. */
static inline struct scene *
begin(const char *alpn)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	ck_assert_ptr_nonnull(scene);
	scene->loop = loop_new();
	scene->server = make_tls_server(alpn);
	connect_scene(scene);
	return scene;
}

/* All of it is gone, a finish under way too. */
static inline void
end(struct scene *scene)
{
	stream_free(scene->stream);
	if (scene->peer >= 0)
		(void)close(scene->peer);
	if (scene->loop != NULL)
		turn(scene->loop);	/* a finish under way ends now */
	tls_server_free(scene->server);
	loop_free(scene->loop);
	free(scene);
}

/* A connection with TLS up. */
static inline struct scene *
begin_up(int version, struct tls_client *client)
{
	struct scene *scene = begin(NULL);

	ck_assert_int_eq(stream_start_tls(scene->stream, scene->server), 0);
	*client = client_open(scene->peer, version, NULL);
	ck_assert(client_shake(scene->loop, client));
	turn(scene->loop);
	ck_assert_str_eq(scene->heard, "T");
	return scene;
}

/* What the client has heard so far, up to `want` bytes. */
static inline size_t
client_hear(struct scene *scene, struct tls_client *client, char *buffer,
    size_t want)
{
	size_t len = 0;

	for (int i = 0; i < 20000 && len < want; i++) {
		int n = SSL_read(client->ssl, buffer + len,
		    (int)(want - len));

		if (n > 0)
			len += (size_t)n;
		else
			turn(scene->loop);
	}
	ERR_clear_error();
	return len;
}

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

#endif
