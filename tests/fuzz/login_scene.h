/*
 * login_scene.h - any bytes against a protocol before its login
 *
 * The first byte chooses how the rest is cut into pieces, and what the keeper
 * says of the first three logins.  Whatever comes, the connection ends once
 * and every reply is whole lines.
 */
#ifndef TESTS_FUZZ_LOGIN_SCENE_H
#define TESTS_FUZZ_LOGIN_SCENE_H

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/imap/imap.h"
#include "gateway/pop3/pop3.h"
#include "lib/base/scram.h"

/* The harness that includes this. */
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct door {
	struct loop	*loop;
	struct timer	*turn, *answer;
	unsigned	 choice;	/* two bits a login */
	login_who_fn	*reply;
	login_salt_fn	*reply_salt;	/* it is what was asked, or NULL */
	bool		 signs;
	void		*reply_arg;
	struct stream	*stream;
	unsigned	 ended;
	bool		 is_imap;
};

/* A turn of the loop is over. */
static void
stop(void *arg)
{
	loop_stop(arg);
}

/* The keeper answers what it was asked. */
static void
answer(void *arg)
{
	struct door *door = arg;
	unsigned who = door->choice & 3;

	door->choice >>= 2;
	if (door->reply_salt != NULL) {
		login_salt_fn *reply = door->reply_salt;

		door->reply_salt = NULL;
		reply(door->reply_arg, who, slice_str("sixteen bytes of"));
		return;
	}
	door->reply(door->reply_arg, who == 3 ? LOGIN_STRANGER :
	    (enum login_who)who, who == 0 ? 7 : 0, door->signs && who == 0 ?
	    slice_str("a signature") : slice_of(NULL, 0));
}

/* The keeper is asked. */
static int
check(void *arg, const struct login_try *try, login_who_fn *reply,
    void *reply_arg)
{
	struct door *door = arg;

	assert(try->user.len > 0 && try->user.len <= 255);
	assert(try->said.len == 0 ? try->password.len > 0 :
	    try->password.len == SCRAM_KEY_BYTES);
	door->signs = try->said.len > 0;
	door->reply = reply;
	door->reply_arg = reply_arg;
	timer_set(door->answer, 0);
	return 0;
}

/* And for a salt; its answer takes two bits of the choice as well. */
static int
ask_salt(void *arg, struct slice user, login_salt_fn *reply, void *reply_arg)
{
	struct door *door = arg;

	assert(user.len > 0 && user.len <= 255);
	door->reply_salt = reply;
	door->reply_arg = reply_arg;
	timer_set(door->answer, 0);
	return 0;
}

/* Nobody waits for its answer any more. */
static void
forget(void *arg, void *reply_arg)
{
	struct door *door = arg;

	(void)reply_arg;
	timer_stop(door->answer);
	door->reply_salt = NULL;
}

/* Somebody has logged in. */
static void
hand_over(void *arg, struct stream *stream, uint64_t account,
    struct slice user, struct slice tag)
{
	struct door *door = arg;

	(void)account;
	assert(user.len > 0 && tag.len <= IMAPD_TAG_BYTES);
	assert((tag.len > 0) == door->is_imap);
	door->stream = stream;
}

/* What a peer has said does not break the log. */
static void
log_sentence(void *arg, const char *sentence)
{
	(void)arg;
	for (; *sentence != '\0'; sentence++)
		assert(*sentence >= 0x20 && *sentence < 0x7f);
}

/* The connection is over. */
static void
ended(void *arg, struct login *login)
{
	struct door *door = arg;

	(void)login;
	door->ended++;
}

/* Let the server work, then read what it said. */
static void
turn(struct door *door, int fd, struct text *got)
{
	char buffer[16384];
	ssize_t n;

	timer_set(door->turn, 1);
	(void)loop_run(door->loop);
	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
		text_add(got, slice_of(buffer, (size_t)n));
}

/* Say all of `input`, piece by piece, and hear what comes back. */
static void
converse(struct door *door, int fd, struct slice input, size_t piece)
{
	TEXT_AUTO got = TEXT_INIT(4 << 20);

	for (int i = 0; input.len > 0 && i < 64; i++) {
		struct slice part = slice_first(input, piece);

		(void)send(fd, part.at, part.len, MSG_NOSIGNAL);
		input = slice_after(input, part.len);
		turn(door, fd, &got);
	}
	(void)shutdown(fd, SHUT_WR);
	turn(door, fd, &got);
	turn(door, fd, &got);
	assert(door->ended == 1);
	assert(slice_has_prefix(text_slice(&got), door->is_imap ?
	    "* OK [CAPABILITY " : "+OK hub "));
	assert(slice_has_suffix(text_slice(&got), "\r\n"));
	stream_free(door->stream);
}

/* One run; 0. */
static int
login_fuzz(const struct login_protocol *protocol, const uint8_t *data,
    size_t size)
{
	const struct login_options options = {
		.hostname = "hub", .clear_logins = true,
	};
	struct door door = {
		.loop = loop_new(), .is_imap = protocol == &imapd_protocol
	};
	struct login_ports ports = {
		.arg = &door, .check = check, .salt = ask_salt,
		.forget = forget, .hand_over = hand_over, .log = log_sentence, .ended = ended,
	};
	TEXT_AUTO rest = TEXT_INIT(65536);
	int pair[2];

	if (size == 0 || size > 60000 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0) {
		loop_free(door.loop);
		return 0;
	}
	door.turn = timer_new(door.loop, stop, door.loop);
	door.answer = timer_new(door.loop, answer, &door);
	door.choice = data[0] >> 2;
	if (login_new(door.loop, pair[1], "::1", protocol, &options,
	    &ports) != NULL)
		converse(&door, pair[0], slice_of(data + 1, size - 1),
		    data[0] & 1 ? 1 + size / 16 : 16384);
	(void)close(pair[0]);
	turn(&door, -1, &rest);		/* what is finishing sees the end */
	timer_free(door.turn);
	timer_free(door.answer);
	loop_free(door.loop);
	return 0;
}

#endif
