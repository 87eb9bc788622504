/*
 * ledger.c - the queue as a collection sees it, played in the same loop
 */
#include "tests/unit/fetch/ledger_inside.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "lib/base/memfd.h"
#include "store/account.h"

struct row *
ledger_row(struct ledger *ledger, uint32_t number)
{
	for (unsigned i = ledger->first; i < ledger->count; i++)
		if (ledger->rows[i].number == number)
			return &ledger->rows[i];
	return NULL;
}

void
ledger_reply(struct ledger *ledger, uint64_t serial, const struct text *body)
{
	int r;

	ck_assert(!text_failed(body));
	r = ipc_reply(ledger->far, serial, text_slice(body), NULL, 0);
	/* a test may have closed the other end */
	ck_assert(r == 0 || (r == -ECONNRESET && ledger->near == NULL));
}

void
ledger_reply_spared(struct ledger *ledger, uint64_t serial,
    const struct listing_spared *spared)
{
	TEXT_AUTO body = TEXT_INIT(64);

	pack_u8(&body, LISTING_OK);
	listing_spared_pack(&body, spared);
	ledger_reply(ledger, serial, &body);
}

static void
pack_answer(struct text *body, unsigned code, bool held, bool known)
{
	const struct queue_answer said = {
		.code = (uint16_t)code,
		.status = slice_str(code == 250 ? "2.0.0" : "4.3.1"),
		.words = slice_str(code == 250 ? "stored, not held" :
		    "the disk is full"),
		.held = held, .known = known
	};

	answer_pack(body, &said);
}

struct unpack
ledger_body_of(const struct ledger *ledger, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);

	ck_assert(!ledger->is_noting);
	ck_assert_uint_eq(unpack_u64(&u), ledger->listing);
	return u;
}

static int
on_grant(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;
	struct unpack u = unpack_of(message->body);
	uint64_t bytes = unpack_u64(&u);
	bool fits = ledger->granted + bytes <= ledger->space;
	TEXT_AUTO body = TEXT_INIT(256);

	(void)from;
	if (fits)
		ledger->granted += bytes;
	pack_answer(&body, fits ? 250 : 452, false, false);
	ledger_reply(ledger, message->serial, &body);
	return 0;
}

static int
on_release(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;
	struct unpack u = unpack_of(message->body);
	uint64_t bytes = unpack_u64(&u);

	(void)from;
	ck_assert_uint_ge(ledger->granted, bytes);
	ledger->granted -= bytes;
	return 0;
}

/* A big file; the end of its pipe that is given away. */
static int
big_new(struct ledger *ledger, struct text *body)
{
	int fd[2];

	ck_assert_uint_lt(ledger->big_count, LEDGER_BIGS);
	ck_assert_int_eq(pipe2(fd, O_CLOEXEC | O_NONBLOCK), 0);
	if (ledger->pipe_bytes != 0)
		ck_assert_int_ge(fcntl(fd[1], F_SETPIPE_SZ,
		    ledger->pipe_bytes), ledger->pipe_bytes);
	ledger->bigs[ledger->big_count].fd = fd[0];
	ledger->bigs[ledger->big_count].bytes =
	    (struct text)TEXT_INIT(64 << 20);
	pack_answer(body, 250, false, false);
	pack_u64(body, ledger->big_count++);
	timer_set(ledger->later, 1);
	return fd[1];
}

static int
on_big(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;
	TEXT_AUTO body = TEXT_INIT(256);
	int fd = big_new(ledger, &body);

	(void)from;
	ck_assert_int_eq(ipc_reply(ledger->far, message->serial,
	    text_slice(&body), &fd, 1), 0);
	(void)close(fd);
	return 0;
}

static int
on_big_of(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;
	struct unpack u = ledger_body_of(ledger, message);
	unsigned char digest[32] = { 0 };
	TEXT_AUTO body = TEXT_INIT(256);
	int fd[2] = { big_new(ledger, &body), -1 };
	bool has_half = unpack_u32(&u) == ledger->half_of &&
	    ledger->half.len > 0;

	(void)from;
	has_half = unpack_bool(&u) && has_half;
	ck_assert(unpack_is_done(&u));
	if (has_half) {
		fd[1] = memfd_of("half", ledger->half);
		ck_assert_int_ge(fd[1], 0);
		ck_assert_ptr_nonnull(SHA256((const unsigned char *)
		    ledger->half.at, ledger->half.len, digest));
		digest[0] ^= ledger->half_is_damaged;
	}
	pack_u64(&body, has_half ? ledger->half.len : 0);
	pack_bytes(&body, slice_of(digest, sizeof(digest)));
	ck_assert_int_eq(ipc_reply(ledger->far, message->serial,
	    text_slice(&body), fd, has_half ? 2 : 1), 0);
	(void)close(fd[0]);
	if (fd[1] >= 0)
		(void)close(fd[1]);
	return 0;
}

/* Turns of on_later(), in each of which pipes are read. */
#define MENDED_TURNS	50

static void
reply_mended(struct ledger *ledger)
{
	uint64_t serial = ledger->mended_serials[ledger->mended_answered++];

	ledger->before_mended = ledger->bigs[ledger->big_count - 1].bytes.len;
	ck_assert_int_eq(ipc_reply(ledger->far, serial, slice_of(NULL, 0),
	    NULL, 0), 0);
}

static int
on_mended(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;

	(void)from;
	ck_assert_uint_lt(ledger->mended, LEDGER_BIGS);
	ledger->mended_serials[ledger->mended++] = message->serial;
	if (ledger->mended < ledger->mended_least)
		return 0;
	/* those before it were put off up to here */
	while (ledger->mended_answered + 1 < ledger->mended)
		reply_mended(ledger);
	ledger->mended_turns = MENDED_TURNS;
	timer_set(ledger->later, 1);
	return 0;
}

/* All that was in pipes when it was told has come; now it is answered. */
static void
answer_mended(struct ledger *ledger)
{
	if (ledger->mended_turns > 0 && --ledger->mended_turns == 0)
		reply_mended(ledger);
}

static int
on_half_drop(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;

	(void)from;
	(void)message;
	ledger->half = slice_of(NULL, 0);
	ledger->halves_dropped++;
	return 0;
}

static void
drain(struct ledger_big *big, size_t most)
{
	char bytes[16384];
	ssize_t n;

	while (most > 0 && big->fd >= 0 &&
	    (n = read(big->fd, bytes, sizeof(bytes))) > 0) {
		text_add(&big->bytes, slice_of(bytes, (size_t)n));
		most--;
	}
}

static int
on_abandon(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;

	(void)from;
	(void)message;
	ledger->abandoned++;
	return 0;
}

static void
answer(struct ledger *ledger, uint64_t serial)
{
	TEXT_AUTO body = TEXT_INIT(256);

	pack_answer(&body, ledger->code == 0 ? 250 : ledger->code,
	    ledger->holds, ledger->knows);
	ledger_reply(ledger, serial, &body);
}

static void
on_later(void *arg)
{
	struct ledger *ledger = arg;

	if (ledger->is_noting) {
		ledger->is_noting = false;
		ledger_reply_spared(ledger, ledger->noting, &ledger->left);
		ledger->left = (struct listing_spared){ 0 };
	}
	for (unsigned i = 0; i < ledger->big_count; i++)
		drain(&ledger->bigs[i], 4);
	answer_mended(ledger);
	for (unsigned i = 0; i < ledger->waiting; i++)
		answer(ledger, ledger->serials[i]);
	ledger->waiting = 0;
	if (ledger->big_count > 0)
		timer_set(ledger->later, 1);
}

/* Its owner's, unless it was decided for whom it is (a domain's mail). */
static void
keep_recipients(const struct envelope *env, struct ledger_mail *mail)
{
	TEXT_AUTO to = TEXT_INIT(sizeof(mail->to) - 1);

	if (env->fetched.found.len == 0) {
		ck_assert_uint_eq(env->recipient_count, 1);
		ck_assert_uint_eq(env->recipients[0].account, 3);
		ck_assert(slice_is_str(env->recipients[0].address,
		    "me@example.org"));
	}
	for (size_t i = 0; i < env->recipient_count; i++) {
		if (i > 0)
			text_add_byte(&to, ' ');
		text_add(&to, env->recipients[i].address);
	}
	ck_assert_int_eq(slice_cstr(text_slice(&to), mail->to,
	    sizeof(mail->to)), 0);
	ck_assert_int_eq(slice_cstr(slice_first(env->fetched.hold,
	    sizeof(mail->hold) - 1), mail->hold, sizeof(mail->hold)), 0);
}

static void
keep(struct ledger *ledger, struct unpack *u, struct slice bytes, bool is_big,
    uint64_t granted)
{
	struct ledger_mail *mail = &ledger->mail[ledger->mail_count++];
	struct arena *arena = arena_new(16384);
	struct envelope env;
	struct row *row;

	ck_assert(!ledger->is_noting);
	ck_assert_uint_le(ledger->mail_count, LEDGER_ROWS);
	ck_assert_int_eq(envelope_unpack(arena, u->rest, &env), 0);
	ck_assert_uint_eq(env.bytes, bytes.len);
	ck_assert_uint_eq(granted, bytes.len);
	ck_assert_uint_ge(ledger->granted, granted);
	ledger->granted -= granted;
	ck_assert_int_eq(env.source, SOURCE_FETCH);
	keep_recipients(&env, mail);
	ck_assert(slice_is_str(env.login, "someone"));
	ck_assert(slice_is_str(env.helo, "pop.example.net"));
	ck_assert(slice_is_str(env.peer, "127.0.0.1"));
	ck_assert(slice_is_str(env.fetched.label, "old mail"));
	ck_assert_uint_eq(env.fetched.account, 7);
	row = ledger_row(ledger, env.fetched.number);
	ck_assert_ptr_nonnull(row);
	row->taken = ledger->code == 0;
	mail->bytes = (struct text)TEXT_INIT(64 << 20);
	text_add(&mail->bytes, bytes);
	ck_assert_int_eq(slice_cstr(env.sender, mail->sender,
	    sizeof(mail->sender)), 0);
	mail->utf8 = env.utf8;
	mail->is_big = is_big;
	mail->number = env.fetched.number;
	mail->mended = env.fetched.mended;
	ck_assert_uint_eq(env.fetched.listing, ledger->listing);
	mail->flags = env.fetched.flags;
	mail->arrived_utc_ms = env.fetched.arrived_utc_ms;
	ck_assert_int_eq(slice_cstr(env.fetched.into, mail->into,
	    sizeof(mail->into)), 0);
	ck_assert_int_eq(slice_cstr(env.fetched.keywords, mail->keywords,
	    sizeof(mail->keywords)), 0);
	memcpy(mail->header_digest, env.fetched.header_digest,
	    FETCHED_DIGEST_BYTES);
	memcpy(mail->digest, env.fetched.digest, FETCHED_DIGEST_BYTES);
	arena_free(arena);
}

static void
answer_soon(struct ledger *ledger, uint64_t serial)
{
	if (!ledger->is_slow) {
		answer(ledger, serial);
		return;
	}
	ledger->serials[ledger->waiting++] = serial;
	timer_set(ledger->later, 2);
}

static int
on_submit(void *arg, struct ipc *from, struct ipc_message *message)
{
	const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
	struct ledger *ledger = arg;
	struct unpack u = unpack_of(message->body);
	uint64_t granted = unpack_u64(&u);
	struct stat st;
	char *bytes;

	(void)from;
	ck_assert_int_eq(fcntl(message->fd[0], F_GET_SEALS) & seals, seals);
	ck_assert_int_eq(fstat(message->fd[0], &st), 0);
	ck_assert_int_le(st.st_size, BIG_BYTES);
	bytes = malloc((size_t)st.st_size + 1);
	ck_assert_int_eq(pread(message->fd[0], bytes, (size_t)st.st_size, 0),
	    st.st_size);
	keep(ledger, &u, slice_of(bytes, (size_t)st.st_size), false, granted);
	free(bytes);
	answer_soon(ledger, message->serial);
	return 0;
}

static int
on_submit_big(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;
	struct unpack u = unpack_of(message->body);
	uint64_t granted = unpack_u64(&u), ticket = unpack_u64(&u);
	struct ledger_big *big = &ledger->bigs[ticket];

	(void)from;
	ck_assert_uint_lt(ticket, ledger->big_count);
	drain(big, SIZE_MAX);
	keep(ledger, &u, text_slice(&big->bytes), true, granted);
	answer_soon(ledger, message->serial);
	return 0;
}

static int
on_held(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct ledger *ledger = arg;
	struct unpack u = ledger_body_of(ledger, message);
	TEXT_AUTO body = TEXT_INIT(256);

	(void)from;
	ck_assert_ptr_nonnull(ledger_row(ledger, unpack_u32(&u)));
	ck_assert(unpack_is_done(&u));
	ledger->held_asked++;
	pack_answer(&body, ledger->has_bodies ? 250 : QUEUE_FETCH_IT, false,
	    false);
	ledger_reply(ledger, message->serial, &body);
	return 0;
}

static void
note_shown(struct ledger *ledger, const struct envelope *env)
{
	struct ledger_shown *shown = &ledger->shown[ledger->shown_count];

	ck_assert_uint_lt(ledger->shown_count++, 64);
	ck_assert_uint_eq(env->fetched.listing, ledger->listing);
	shown->number = env->fetched.number;
	shown->bytes = env->bytes;
	shown->flags = env->fetched.flags;
	shown->arrived_utc_ms = env->fetched.arrived_utc_ms;
	ck_assert_int_eq(slice_cstr(env->sender, shown->sender,
	    sizeof(shown->sender)), 0);
	memcpy(shown->header_digest, env->fetched.header_digest,
	    FETCHED_DIGEST_BYTES);
}

static int
on_shared(void *arg, struct ipc *from, struct ipc_message *message)
{
	ARENA_AUTO arena = arena_new(512 * 1024);
	struct ledger *ledger = arg;
	struct ledger_shown *shown = &ledger->shown[ledger->shown_count];
	struct unpack u = unpack_of(message->body);
	TEXT_AUTO body = TEXT_INIT(256);
	struct envelope env;
	char bytes[4096];
	ssize_t n = pread(message->fd[0], bytes, sizeof(bytes), 0);

	(void)from;
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(shared_sample_unpack(&u, &shown->sample), 0);
	ck_assert_int_eq(envelope_unpack(arena, u.rest, &env), 0);
	note_shown(ledger, &env);
	shown->header = (struct text)TEXT_INIT(sizeof(bytes));
	text_add(&shown->header, slice_of(bytes, (size_t)n));
	if (ledger->shared == 250)
		ledger_row(ledger, env.fetched.number)->taken = true;
	pack_answer(&body, ledger->shared == 0 ? QUEUE_FETCH_IT :
	    ledger->shared, false, false);
	ledger_reply(ledger, message->serial, &body);
	return 0;
}

#define RULE(kind, shape, fds, handler) \
	{ kind, #kind, FROM(ROLE_FETCH), shape, fds, 0, handler }

static const struct ipc_rule rules[] = {
	RULE(QUEUE_GRANT, IPC_REQUEST, 0, on_grant),
	RULE(QUEUE_RELEASE, IPC_NEWS, 0, on_release),
	RULE(QUEUE_BIG, IPC_REQUEST, 0, on_big),
	RULE(QUEUE_BIG_OF, IPC_REQUEST, 0, on_big_of),
	RULE(QUEUE_BIG_MENDED, IPC_REQUEST, 0, on_mended),
	RULE(QUEUE_HALF_DROP, IPC_NEWS, 0, on_half_drop),
	RULE(QUEUE_ABANDON_BIG, IPC_NEWS, 0, on_abandon),
	RULE(QUEUE_SUBMIT, IPC_REQUEST, 1, on_submit),
	RULE(QUEUE_SUBMIT_BIG, IPC_REQUEST, 0, on_submit_big),
	RULE(QUEUE_HELD, IPC_REQUEST, 0, on_held),
	RULE(QUEUE_SHARED, IPC_REQUEST, 1, on_shared),
	RULE(QUEUE_LISTING_BEGIN, IPC_REQUEST, 0, ledger_on_listing),
	RULE(QUEUE_LISTING_ROWS, IPC_REQUEST, 0, ledger_on_listing),
	RULE(QUEUE_LISTING_DECIDE, IPC_REQUEST, 0, ledger_on_listing),
	RULE(QUEUE_LISTING_PAGE, IPC_REQUEST, 0, ledger_on_listing),
	RULE(QUEUE_LISTING_DIGESTS, IPC_REQUEST, 0, ledger_on_listing),
	RULE(QUEUE_LISTING_LEAVE, IPC_REQUEST, 0, ledger_on_listing),
	RULE(QUEUE_LISTING_SPARED, IPC_REQUEST, 0, ledger_on_listing),
	RULE(QUEUE_LISTING_DELETING, IPC_REQUEST, 0, ledger_on_listing),
	RULE(QUEUE_LISTING_END, IPC_NEWS, 0, ledger_on_listing),
	{ 0 }
};

static const struct ipc_rule no_rules[] = { { 0 } };

static void
on_lost(void *arg, struct ipc *ipc, bool was_breach)
{
	(void)arg;
	ck_assert_msg(!was_breach, "%s", ipc_breach(ipc));
}

struct ledger *
ledger_new(struct loop *loop)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	const struct ipc_side near = { no_rules, NULL, on_lost, ledger };
	const struct ipc_side far = { rules, NULL, on_lost, ledger };
	int fd[2];

	ck_assert_ptr_nonnull(ledger);
	ledger->listing = 7;	/* without a folder: the account */
	ck_assert_int_eq(socketpair(AF_UNIX,
	    SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd), 0);
	ledger->loop = loop;
	ledger->space = 1 << 30;
	ledger->later = timer_new(loop, on_later, ledger);
	ledger->near = ipc_new(loop, fd[0], ROLE_QUEUE, 0, &near);
	ledger->far = ipc_new(loop, fd[1], ROLE_FETCH, 3, &far);
	ck_assert_ptr_nonnull(ledger->near);
	ck_assert_ptr_nonnull(ledger->far);
	return ledger;
}

void
ledger_free(struct ledger *ledger)
{
	ipc_free(ledger->near);
	ipc_free(ledger->far);
	timer_free(ledger->later);
	for (unsigned i = 0; i < ledger->mail_count; i++)
		text_free(&ledger->mail[i].bytes);
	for (unsigned i = 0; i < ledger->big_count; i++) {
		(void)close(ledger->bigs[i].fd);
		text_free(&ledger->bigs[i].bytes);
	}
	for (unsigned i = 0; i < ledger->shown_count; i++)
		text_free(&ledger->shown[i].header);
	text_free(&ledger->late);
	free(ledger);
}
