/*
 * door.c - the door and the keeper around a login, played by the test
 */
#include "tests/unit/gateway/login/door.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/unit/lib/base/peer.h"

static void
answer(void *arg)
{
	struct test_door *door = arg;

	door->reply(door->reply_arg, door->who, door->who == LOGIN_WELCOME ?
	    7 : 0, slice_of(door->signature, door->signs &&
	    door->who == LOGIN_WELCOME ? SCRAM_KEY_BYTES : 0));
}

static int
check_login(void *arg, const struct login_try *try, login_who_fn *reply,
    void *reply_arg)
{
	struct test_door *door = arg;
	bool is_right = try->said.len == 0 ?
	    slice_is_str(try->password, "se cret ") :
	    scram_is(door->verifier, try->said, try->password,
	    door->signature);

	ck_assert_str_eq(try->peer, "192.0.2.1");
	door->checks++;
	if (door->refusal != 0)
		return door->refusal;
	ck_assert_uint_gt(try->user.len, 0);
	ck_assert_uint_gt(try->password.len, 0);
	door->reply = reply;
	door->reply_arg = reply_arg;
	door->signs = try->said.len > 0;
	door->who = slice_is_str(try->user, "ann") && is_right ?
	    LOGIN_WELCOME : slice_is_str(try->user, "later") ?
	    LOGIN_ASK_LATER : LOGIN_STRANGER;
	if (!door->silent)
		timer_set(door->answer, 1);
	return 0;
}

static void
tell_salt(void *arg)
{
	struct test_door *door = arg;

	door->reply_salt(door->reply_arg, door->rounds,
	    slice_of(door->salt, sizeof(door->salt)));
}

static int
ask_salt(void *arg, struct slice user, login_salt_fn *reply, void *reply_arg)
{
	struct test_door *door = arg;

	ck_assert_uint_gt(user.len, 0);
	if (door->refusal != 0)
		return door->refusal;
	door->reply_salt = reply;
	door->reply_arg = reply_arg;
	if (!door->silent)
		timer_set(door->salt_answer, 1);
	return 0;
}

static void
forget(void *arg, void *reply_arg)
{
	struct test_door *door = arg;

	ck_assert_ptr_eq(reply_arg, door->reply_arg);
	timer_stop(door->answer);
	timer_stop(door->salt_answer);
	door->forgets++;
}

static void
hand_over(void *arg, struct stream *stream, uint64_t account,
    struct slice user, struct slice tag)
{
	struct test_door *door = arg;

	ck_assert_uint_eq(account, 7);
	ck_assert_int_eq(slice_cstr(tag, door->tag, sizeof(door->tag)), 0);
	ck_assert_int_eq(slice_cstr(user, door->login_name,
	    sizeof(door->login_name)), 0);
	door->stream = stream;
	door->handed++;
}

static void
log_sentence(void *arg, const char *sentence)
{
	struct test_door *door = arg;

	text_add_str(&door->log, sentence);
	text_add_byte(&door->log, '\n');
}

static void
ended(void *arg, struct login *login)
{
	struct test_door *door = arg;

	ck_assert_ptr_eq(login, door->login);
	door->ended++;
}

struct test_door *
test_door_new(const struct login_protocol *protocol)
{
	struct test_door *door = calloc(1, sizeof(*door));

	ck_assert_ptr_nonnull(door);
	(void)signal(SIGPIPE, SIG_IGN);		/* as the door itself does */
	door->log = (struct text)TEXT_INIT(65536);
	door->protocol = protocol;
	door->options.hostname = "hub.office.test";
	door->options.clear_logins = true;
	door->loop = loop_new();
	ck_assert_ptr_nonnull(door->loop);
	door->answer = timer_new(door->loop, answer, door);
	door->salt_answer = timer_new(door->loop, tell_salt, door);
	memcpy(door->salt, "sixteen bytes of", sizeof(door->salt));
	door->rounds = 4096;
	ck_assert_int_eq(password_scram(slice_str("se cret "), door->salt,
	    door->rounds, door->verifier), 0);
	return door;
}

void
test_door_offer_tls(struct test_door *door, const char *alpn)
{
	door->tls = make_tls_server(alpn);
	door->options.tls = door->tls;
	door->options.offers_tls = true;
	door->options.clear_logins = false;
}

void
test_door_connect(struct test_door *door)
{
	const struct login_ports ports = {
		.arg = door, .check = check_login, .salt = ask_salt,
		.forget = forget, .hand_over = hand_over,
		.log = log_sentence, .ended = ended,
	};
	int fd;

	pop3_peer_open(&door->peer, door->loop, &fd);
	door->login = login_new(door->loop, fd, "192.0.2.1", door->protocol,
	    &door->options, &ports);
	ck_assert_ptr_nonnull(door->login);
}

void
test_door_begin(struct test_door *door, const char *greeting)
{
	test_door_connect(door);
	pop3_peer_expect(&door->peer, slice_str(greeting));
}

void
test_door_drip(struct test_door *door, const struct pop3_exchange *it)
{
	for (; it->say != NULL; it++) {
		for (const char *at = it->say; *at != '\0'; at++) {
			pop3_peer_say(&door->peer, slice_of(at, 1));
			pop3_peer_turn(&door->peer);
		}
		pop3_peer_expect(&door->peer, slice_str(it->expect));
	}
}

void
test_door_end(struct test_door *door, const struct pop3_exchange *ending)
{
	pop3_peer_talk(&door->peer, ending);
	pop3_peer_expect_end(&door->peer);
	ck_assert_uint_eq(door->ended, 0);
	ck_assert_uint_eq(door->handed, 0);
}

void
test_door_log_in(struct test_door *door, const char *lines, const char *left)
{
	uint64_t since = clock_ms();

	pop3_peer_say(&door->peer, slice_str(lines));
	while (door->handed == 0 && clock_ms() - since < PEER_GUARD_MS)
		pop3_peer_turn(&door->peer);
	ck_assert_uint_eq(door->handed, 1);
	ck_assert_uint_eq(door->ended, 1);
	ck_assert_uint_eq(door->checks, 1);
	ck_assert_str_eq(door->login_name, "ann");
	ck_assert(slice_is_str(stream_input(door->stream), left));
	/* the password is in no log */
	ck_assert(slice_find_str(text_slice(&door->log), "cret") == SIZE_MAX);
	ck_assert(slice_find_str(text_slice(&door->log),
	    ": 192.0.2.1 as \"ann\": logged in\n") != SIZE_MAX);
}

void
test_door_free(struct test_door *door)
{
	uint64_t since = clock_ms();

	while (door->ended == 0 && clock_ms() - since < PEER_GUARD_MS) {
		(void)shutdown(door->peer.fd, SHUT_RDWR);
		pop3_peer_turn(&door->peer);
	}
	ck_assert_uint_eq(door->ended, 1);
	stream_free(door->stream);
	pop3_peer_close(&door->peer);
	timer_free(door->answer);
	timer_free(door->salt_answer);
	tls_server_free(door->tls);
	text_free(&door->log);
	loop_free(door->loop);
	free(door);
}
