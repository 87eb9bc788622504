/*
 * notice_post.c - what the hub has to say, on its way into the queue
 *
 * A letter goes step by step: whose it is and in which language (keeper), may
 * it come (QUEUE_GRANT), here it is (QUEUE_SUBMIT).  Any step that fails begins
 * the letter anew after a while.  Once it is taken its place is kept, empty, for
 * as long as that account hears no more of that kind.
 */
#include "fetch/notice_post.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/memfd.h"
#include "lib/base/zone.h"
#include "lib/message/compose.h"
#include "lib/message/envelope.h"
#include "policy/keeper.h"
#include "queue/service.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define LETTERS_MOST	2000	/* under way: 160 MiB at the very worst */
#define MOVING_MOST	8	/* of them at one time: nobody waits for them */
#define AGAIN_FIRST_MS	(60u * 1000)
#define AGAIN_MOST_MS	(3600u * 1000)
#define FULL_AGAIN_MS	(600u * 1000)
/* As the queue counts a small message (store/account.h: BIG_BYTES). */
#define MESSAGE_BYTES	(128u * 1024)
#define FROM_NAME	"Postroom"

enum letter_state {
	LETTER_WAITS,		/* for its time, or for who is asked first */
	LETTER_MOVES,		/* somebody was asked */
	LETTER_TAKEN		/* durable; only the time of it counts */
};

struct letter_key {
	uint64_t	account;
	uint64_t	kind;
	uint64_t	number;		/* of an answer: each is told; or 0 */
};

struct letter {
	struct letter_key	 key;
	struct notice_post	*post;
	enum letter_state	 state;
	uint64_t		 account;	/* 0: not known yet */
	struct text		 subject[LANGUAGE_COUNT];
	struct text		 body[LANGUAGE_COUNT];
	struct text		 address;
	struct text		 message;
	struct message_id	 id;	/* the same in every try */
	bool			 takes_reply;
	unsigned		 failures;	/* in a row */
	uint64_t		 at_ms;		/* next try; taken: when */
	UT_hash_handle		 hh;
};

struct notice_post {
	struct loop		*loop;
	const char		*hostname;
	struct ipc		*queue, *keeper;
	struct letter		*letters;
	unsigned		 waiting, moving;
	struct message_id	 last_id;
	uint64_t		 answers;
	struct timer		*timer;
};

static void	on_time(void *);

struct notice_post *
notice_post_new(struct loop *loop, const char *hostname)
{
	struct notice_post *post = calloc(1, sizeof(*post));

	if (post == NULL)
		return NULL;
	post->loop = loop;
	post->hostname = hostname;
	post->timer = timer_new(loop, on_time, post);
	if (post->timer == NULL) {
		free(post);
		return NULL;
	}
	return post;
}

/* Letters */

static void
empty(struct letter *letter)
{
	for (int i = 0; i < LANGUAGE_COUNT; i++) {
		text_free(&letter->subject[i]);
		text_free(&letter->body[i]);
	}
	text_free(&letter->address);
	text_free(&letter->message);
}

static void
letter_free(struct letter *letter)
{
	HASH_DEL(letter->post->letters, letter);
	empty(letter);
	free(letter);
}

void
notice_post_free(struct notice_post *post)
{
	struct letter *letter, *following;

	if (post == NULL)
		return;
	HASH_ITER(hh, post->letters, letter, following)
		letter_free(letter);
	timer_free(post->timer);
	free(post);
}

/* In every language: which one it is to be is not known yet. */
static struct letter *
letter_new(struct notice_post *post, const struct letter_key *key,
    const struct notice *notice)
{
	struct letter *letter = calloc(1, sizeof(*letter));

	if (letter == NULL)
		return NULL;
	letter->key = *key;
	letter->post = post;
	letter->account = key->account;
	letter->id = post->last_id;
	letter->takes_reply = notice->takes_reply;
	letter->at_ms = clock_ms();
	letter->address = (struct text)TEXT_INIT(512);
	letter->message = (struct text)TEXT_INIT(MESSAGE_BYTES);
	for (int i = 0; i < LANGUAGE_COUNT; i++) {
		letter->subject[i] =
		    (struct text)TEXT_INIT(NOTICE_SUBJECT_BYTES);
		letter->body[i] = (struct text)TEXT_INIT(NOTICE_BODY_BYTES);
		notice_write(notice, (enum language)i, &letter->subject[i],
		    &letter->body[i]);
	}
	return letter;
}

static bool
is_whole(const struct letter *letter)
{
	for (int i = 0; i < LANGUAGE_COUNT; i++)
		if (text_failed(&letter->subject[i]) ||
		    text_failed(&letter->body[i]))
			return false;
	return true;
}

static uint64_t
pause_ms(const struct letter *letter)
{
	if (letter->key.number != 0)
		return 0;
	return letter->key.kind == NOTICE_HELD ||
	    letter->key.kind == NOTICE_REPLIED ? NOTICE_HELD_PAUSE_MS :
	    letter->key.kind == NOTICE_FORWARDED ? NOTICE_FORWARDED_PAUSE_MS :
	    NOTICE_PAUSE_MS;
}

/* Those of which nothing has to be known any more. */
static void
sweep(struct notice_post *post)
{
	struct letter *letter, *following;
	uint64_t now = clock_ms();

	HASH_ITER(hh, post->letters, letter, following)
		if (letter->state == LETTER_TAKEN &&
		    now - letter->at_ms >= pause_ms(letter))
			letter_free(letter);
}

void
notice_post_anew(struct notice_post *post, enum notice_kind kind)
{
	struct letter *letter, *following;

	HASH_ITER(hh, post->letters, letter, following)
		if (letter->state == LETTER_TAKEN && letter->key.kind == kind)
			letter_free(letter);
}

/* One of that kind is there: when may the next one come? */
static uint64_t
pause_of(const struct letter *letter)
{
	uint64_t past = clock_ms() - letter->at_ms;

	if (letter->state != LETTER_TAKEN)
		return FULL_AGAIN_MS;
	return past < pause_ms(letter) ? pause_ms(letter) - past : 0;
}

/*
 * Whoever was understood hears of each answer; one in which there was nothing to
 * understand may be a program's, and would be answered for ever.
 */
static struct letter_key
key_of(struct notice_post *post, uint64_t account,
    const struct notice *notice)
{
	return (struct letter_key){ account, notice->kind,
	    notice->replied_count > 0 ? ++post->answers : 0 };
}

int
notice_post_send(struct notice_post *post, uint64_t account,
    const struct notice *notice, uint64_t *again_ms_out)
{
	const struct letter_key key = key_of(post, account, notice);
	struct letter *letter;
	int r;

	sweep(post);
	*again_ms_out = FULL_AGAIN_MS;
	HASH_FIND(hh, post->letters, &key, sizeof(key), letter);
	if (letter != NULL) {
		*again_ms_out = pause_of(letter);
		return -EALREADY;
	}
	if (post->waiting >= LETTERS_MOST)
		return -EBUSY;
	r = message_id_new(&post->last_id, clock_utc_ms());
	if (r < 0)
		return r;
	letter = letter_new(post, &key, notice);
	if (letter == NULL)
		return -ENOMEM;
	HASH_ADD(hh, post->letters, key, sizeof(letter->key), letter);
	if (letter->hh.tbl == NULL) {
		empty(letter);
		free(letter);
		return -ENOMEM;
	}
	if (!is_whole(letter)) {
		letter_free(letter);
		return -EMSGSIZE;
	}
	post->waiting++;
	timer_set(post->timer, 0);
	return 0;
}

int
notice_post_where(const struct notice_post *post, uint64_t account,
    enum notice_kind kind)
{
	const struct letter_key key = { account, kind, 0 };
	const struct letter *letter;

	HASH_FIND(hh, post->letters, &key, sizeof(key), letter);
	if (letter == NULL)
		return -ENOENT;
	return letter->state == LETTER_TAKEN;
}

/* How a try ends */

static void
stop_moving(struct letter *letter)
{
	letter->post->moving--;
	letter->state = LETTER_WAITS;
	timer_set(letter->post->timer, 0);
}

static void
try_again(struct letter *letter, const char *why)
{
	uint64_t wait_ms = AGAIN_FIRST_MS;

	for (unsigned i = 0; i < letter->failures && wait_ms < AGAIN_MOST_MS;
	    i++)
		wait_ms *= 2;
	if (wait_ms > AGAIN_MOST_MS)
		wait_ms = AGAIN_MOST_MS;
	if (letter->failures++ == 0)
		log_say("a notice to account %llu is not taken now: %s",
		    (unsigned long long)letter->account, why);
	letter->at_ms = clock_ms() + wait_ms;
	stop_moving(letter);
}

static void
taken(struct letter *letter)
{
	letter->post->waiting--;
	stop_moving(letter);
	empty(letter);
	letter->state = LETTER_TAKEN;
	letter->at_ms = clock_ms();
}

/* There is nobody to say it to any more. */
static void
give_up(struct letter *letter)
{
	letter->post->waiting--;
	stop_moving(letter);
	letter_free(letter);
}

/* Into the queue */

/* True: 250.  Else the letter is tried again. */
static bool
is_granted(struct letter *letter, int status, struct ipc_message *message)
{
	TEXT_AUTO why = TEXT_INIT(1024);
	struct queue_answer said;
	struct unpack u;

	if (status < 0) {
		try_again(letter, "the queue is gone");
		return false;
	}
	u = unpack_of(message->body);
	if (answer_unpack(&u, &said) < 0) {
		try_again(letter, "the queue's answer cannot be read");
		return false;
	}
	if (said.code == 250)
		return true;
	text_add_escaped(&why, said.words, 200);
	text_add_byte(&why, '\0');
	try_again(letter, text_failed(&why) ? "" : why.at);
	return false;
}

static void
on_submitted(void *arg, int status, struct ipc_message *message)
{
	struct letter *letter = arg;

	if (is_granted(letter, status, message))
		taken(letter);
}

static void
pack_envelope(struct text *body, const struct letter *letter)
{
	struct recipient recipient = {
		.address = text_slice(&letter->address),
		.account = letter->account
	};
	const struct envelope env = {
		.source = SOURCE_OWN, .bytes = letter->message.len,
		/* RFC 6532: an address with such bytes stands in the header */
		.utf8 = !slice_is_printable_ascii(recipient.address),
		.body = BODY_7BIT,
		.recipients = &recipient, .recipient_count = 1
	};

	envelope_pack(body, &env);
}

static int
submit(struct letter *letter)
{
	TEXT_AUTO body = TEXT_INIT(ENVELOPE_MAX_BYTES);
	int fd, r;

	pack_u64(&body, letter->message.len);
	pack_envelope(&body, letter);
	if (text_failed(&body))
		return -ENOMEM;
	if (letter->post->queue == NULL)
		return -ENOTCONN;
	fd = memfd_of("notice", text_slice(&letter->message));
	if (fd < 0)
		return fd;
	r = ipc_ask(letter->post->queue, QUEUE_SUBMIT, text_slice(&body), &fd,
	    1, on_submitted, letter);
	(void)close(fd);
	return r;
}

/* What was granted is not needed. */
static void
release(const struct letter *letter)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, letter->message.len);
	if (letter->post->queue != NULL)
		(void)ipc_send(letter->post->queue, QUEUE_RELEASE,
		    text_slice(&body), NULL, 0);
}

static void
on_granted(void *arg, int status, struct ipc_message *message)
{
	struct letter *letter = arg;
	int r;

	if (!is_granted(letter, status, message))
		return;
	r = submit(letter);
	if (r < 0) {
		release(letter);
		try_again(letter, strerror(-r));
	}
}

static int
ask_room(struct letter *letter)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, letter->message.len);
	if (letter->post->queue == NULL)
		return -ENOTCONN;
	return text_failed(&body) ? -ENOMEM : ipc_ask(letter->post->queue,
	    QUEUE_GRANT, text_slice(&body), NULL, 0, on_granted, letter);
}

/* Who it is for */

/* The whole message, from the postmaster of that person's domain. */
static int
write_message(struct letter *letter, enum language language)
{
	struct slice address = text_slice(&letter->address);
	size_t at = slice_find_last(address, '@');
	TEXT_AUTO from = TEXT_INIT(512);
	TEXT_AUTO reply_to = TEXT_INIT(512);
	int64_t now = clock_utc_ms();
	struct compose compose = {
		.at_utc_ms = now, .zone_minutes = zone_minutes(now),
		.id = letter->id, .hostname = slice_str(letter->post->hostname),
		.from_name = SLICE(FROM_NAME), .to = address,
		.subject = text_slice(&letter->subject[language]),
		.body = text_slice(&letter->body[language])
	};
	int r;

	if (at == SIZE_MAX)
		return -EINVAL;
	text_add_str(&from, "postmaster");
	text_add(&from, slice_after(address, at));
	compose.from = text_slice(&from);
	if (letter->takes_reply) {
		text_add_str(&reply_to, ENVELOPE_REPLY_LOCAL);
		text_add(&reply_to, slice_after(address, at));
		compose.reply_to = text_slice(&reply_to);
	}
	text_clear(&letter->message);
	r = compose_write(&letter->message, &compose);
	return r < 0 ? r : text_failed(&from) || text_failed(&reply_to) ||
	    text_failed(&letter->message) ? -EMSGSIZE : 0;
}

static int
take_account(struct letter *letter, const struct keeper_account *account)
{
	char code[16];
	int r;

	text_clear(&letter->address);
	text_add(&letter->address, account->address);
	if (text_failed(&letter->address) ||
	    slice_cstr(account->language, code, sizeof(code)) < 0)
		return -EINVAL;
	r = write_message(letter, language_of(code));
	return r < 0 ? r : ask_room(letter);
}

static void
on_account(void *arg, int status, struct ipc_message *message)
{
	struct letter *letter = arg;
	struct keeper_account account = { .exists = false };

	if (status == 0)
		status = keeper_account_said(message->body, &account);
	if (status == 0 && !account.exists) {
		give_up(letter);
		return;
	}
	if (status == 0)
		status = take_account(letter, &account);
	if (status < 0)
		try_again(letter, strerror(-status));
}

static int
ask_account(struct letter *letter)
{
	TEXT_AUTO body = TEXT_INIT(16);

	keeper_account_ask(&body, letter->account);
	if (letter->post->keeper == NULL)
		return -ENOTCONN;
	return text_failed(&body) ? -ENOMEM : ipc_ask(letter->post->keeper,
	    KEEPER_ACCOUNT, text_slice(&body), NULL, 0, on_account, letter);
}

static void
on_postmaster(void *arg, int status, struct ipc_message *message)
{
	struct letter *letter = arg;
	struct keeper_whose whose = { .account = 0 };

	if (status == 0)
		status = keeper_whose_said(message->body, &whose);
	if (status == 0 && whose.account == 0)
		status = -ENOENT;
	if (status == 0) {
		letter->account = whose.account;
		status = ask_account(letter);
	}
	if (status < 0)
		try_again(letter, status == -ENOENT ?
		    "there is no postmaster" : strerror(-status));
}

static int
ask_postmaster(struct letter *letter)
{
	TEXT_AUTO body = TEXT_INIT(64);

	keeper_whose_ask(&body, slice_str("postmaster"));
	if (letter->post->keeper == NULL)
		return -ENOTCONN;
	return text_failed(&body) ? -ENOMEM : ipc_ask(letter->post->keeper,
	    KEEPER_WHOSE, text_slice(&body), NULL, 0, on_postmaster, letter);
}

/* Whose time it is */

static void
begin(struct letter *letter)
{
	int r;

	letter->state = LETTER_MOVES;
	letter->post->moving++;
	letter->account = letter->key.account;
	r = letter->account == NOTICE_POSTMASTER ? ask_postmaster(letter) :
	    ask_account(letter);
	if (r < 0)
		try_again(letter, strerror(-r));
}

static void
pump(struct notice_post *post)
{
	struct letter *letter, *following;
	uint64_t now = clock_ms(), next = UINT64_MAX;

	/* whoever comes says so */
	if (post->queue == NULL || post->keeper == NULL)
		return;
	HASH_ITER(hh, post->letters, letter, following) {
		if (letter->state != LETTER_WAITS)
			continue;
		if (letter->at_ms > now) {
			if (letter->at_ms < next)
				next = letter->at_ms;
			continue;
		}
		if (post->moving >= MOVING_MOST)
			return;		/* an end goes on with it */
		begin(letter);
	}
	if (next != UINT64_MAX && !timer_is_set(post->timer))
		timer_set(post->timer, next - now);
}

static void
on_time(void *arg)
{
	pump(arg);
}

/* Who was away is there: all that waits is tried at once. */
static void
hurry(struct notice_post *post)
{
	struct letter *letter;

	for (letter = post->letters; letter != NULL; letter = letter->hh.next)
		if (letter->state == LETTER_WAITS)
			letter->at_ms = clock_ms();
	timer_set(post->timer, 0);
}

void
notice_post_queue(struct notice_post *post, struct ipc *queue)
{
	post->queue = queue;
	if (queue != NULL)
		hurry(post);
}

void
notice_post_keeper(struct notice_post *post, struct ipc *keeper)
{
	post->keeper = keeper;
	if (keeper != NULL)
		hurry(post);
}
