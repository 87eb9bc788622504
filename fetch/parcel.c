/*
 * parcel.c - a message that has come in whole, on its way into the queue
 *
 * A small one is sealed in a memfd, a big one is in the queue's file already.
 * Its envelope carries the entry of the fetch ledger; 250 is its receipt, and
 * only after that it may be deleted where it came from.
 */
#include "fetch/parcel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/message/envelope.h"
#include "lib/message/header.h"
#include "lib/message/path.h"

/*
 * Messages that are kept until a doubt is cleared up, each a descriptor; what
 * comes beyond that is taken another time.
 */
#define AFTER_MOST	64
#define SHORT_SLACK	1024	/* bytes; of what a size may be wrong */
/* Answers in a row that put off: the hub takes nothing now. */
#define PUT_OFF_MOST	8

static const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
    F_SEAL_SEAL;

static bool
has_8bit(struct slice s)
{
	unsigned char any = 0;

	for (size_t i = 0; i < s.len; i++)
		any |= (unsigned char)s.at[i];
	return (any & 0x80) != 0;
}

void
parcel_read_header(struct collect *collect)
{
	struct take *take = &collect->take;
	struct slice body = slice_first(slice_of(take->body, take->len),
	    BIG_BYTES);
	struct slice header = slice_first(body, header_bytes(body)), rest;
	struct header_field field;
	struct path path;

	take->has_header = true;
	take->sender[0] = '\0';
	take->utf8 = has_8bit(header) && slice_is_utf8(header);
	if (!header_find(header, "Return-Path", &field))
		return;
	rest = slice_trim(field.value);
	if (path_parse(&rest, PATH_REVERSE, true, &path) == 0 &&
	    slice_cstr(path.address, take->sender, SENDER_SIZE) < 0)
		take->sender[0] = '\0';
}

static void
envelope_make(struct collect *collect, unsigned mended,
    struct parcel *parcel)
{
	const struct fetch_account *account = &collect->account;
	struct take *take = &collect->take;
	struct recipient recipient = {
		.address = slice_str(account->owner_address),
		.account = account->owner
	};
	struct envelope env = {
		.source = SOURCE_FETCH, .sender = slice_str(take->sender),
		.helo = slice_str(account->host),
		.peer = slice_str(collect->peer),
		.login = slice_str(account->user),
		.tls = slice_str(collect->tls_words),
		.body = BODY_8BITMIME, .utf8 = take->utf8,
		.bytes = take->bytes,
		.fetched = {
			.account = account->id,
			.label = slice_str(account->label),
			.number = take->now.number,
			.listed_bytes = take->now.listed,
			.mended = (uint8_t)(mended |
			    (parcel->is_short ? FETCHED_SHORT : 0))
		},
		.recipients = &recipient, .recipient_count = 1
	};

	text_clear(&take->envelope);
	if (print_end(&collect->header, env.fetched.header_digest) < 0 ||
	    print_end(&collect->all, env.fetched.digest) < 0)
		take->envelope.failed = true;
	memcpy(parcel->digest, env.fetched.digest, PRINT_BYTES);
	envelope_pack(&take->envelope, &env);
}

/* The buffer in a sealed memfd, or -1. */
static int
memfd_of(struct slice bytes)
{
	int fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ssize_t n;

	if (fd < 0)
		return -1;
	while (bytes.len > 0) {
		n = write(fd, bytes.at, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		bytes = slice_after(bytes, (size_t)n);
	}
	if (bytes.len == 0 && fcntl(fd, F_ADD_SEALS, seals) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* Answers */

static void
on_stored(struct collect *collect, const struct ask *ask,
    const struct queue_answer *said)
{
	collect->take.put_off = 0;
	collect->outcome.taken++;
	collect->outcome.taken_bytes += ask->bytes;
	collect->outcome.held +=
	    slice_find_str(said->words, "held") != SIZE_MAX;
}

static void
on_answer(struct collect *collect, const struct ask *ask,
    struct ipc_message *message)
{
	struct take *take = &collect->take;
	struct queue_answer said = { 0 };
	struct unpack u;

	take->unanswered--;
	if (message != NULL) {
		u = unpack_of(message->body);
		if (answer_unpack(&u, &said) < 0)
			said.code = 0;
	}
	if (said.code == 250) {
		on_stored(collect, ask, &said);
	} else {
		collect->outcome.left++;
		take->put_off += said.code < 500;
	}
	if (message == NULL)
		collect_break(collect, FETCH_END_PAUSED,
		    slice_str("the queue is not there"));
	else if (said.code == 0 || said.code == 452 ||
	    take->put_off == PUT_OFF_MOST)
		take_pause(collect, said.words);
	take_answered(collect);
}

/* To the queue; the descriptor is done with then. */
static void
submit(struct collect *collect, struct parcel *parcel)
{
	const struct ask what = {
		.number = parcel->number, .bytes = parcel->bytes
	};
	bool is_big = parcel->memfd < 0;
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);

	/* memory is out: then nothing is deleted at all */
	if (parcel->is_short && deletion_spare(collect, parcel->number) < 0)
		collect->may_delete = false;
	pack_u64(&body, parcel->bytes);
	if (is_big)
		pack_u64(&body, parcel->ticket);
	pack_bytes(&body, text_slice(&parcel->envelope));
	collect->take.unanswered++;
	if (!collect_ask(collect, is_big ? QUEUE_SUBMIT_BIG : QUEUE_SUBMIT,
	    &body, parcel->memfd, &what, on_answer)) {
		collect->take.unanswered--;
		collect->take.pool += parcel->bytes;
		collect->outcome.left++;
		if (is_big)
			parcel_abandon(collect, parcel->ticket);
	}
	if (!is_big)
		(void)close(parcel->memfd);
	take_answered(collect);
}

void
parcel_abandon(struct collect *collect, uint64_t ticket)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, ticket);
	collect_tell(collect, QUEUE_ABANDON_BIG, &body);
}

/*
 * Doubt.  A size that is not the listed one may be a server that estimates, or
 * a message that a bare dot has cut (HARDENING F14), or answers that are out of
 * step with the commands, each standing for another message (F13, F29).  The
 * first such message is fetched again.  If it is the same again, the server
 * estimates; if it has its size now, it is that; if neither, nothing that came
 * since the doubt can be trusted.
 */

static void
parcel_drop(struct collect *collect, struct parcel *parcel)
{
	if (parcel->memfd >= 0)
		(void)close(parcel->memfd);
	else
		parcel_abandon(collect, parcel->ticket);
	collect->take.pool += parcel->bytes;
	text_free(&parcel->envelope);
	free(parcel);
}

static void
parcel_settle(struct collect *collect, struct parcel *parcel)
{
	submit(collect, parcel);
	text_free(&parcel->envelope);
	free(parcel);
}

/* What came since the doubt: submit it, or leave it. */
static void
settle_after(struct collect *collect, bool is_trusted)
{
	struct take *take = &collect->take;
	struct parcel *parcel;

	while ((parcel = LIST_FIRST(&take->after)) != NULL) {
		LIST_REMOVE(parcel, next);
		take->after_count--;
		if (is_trusted) {
			parcel_settle(collect, parcel);
			continue;
		}
		collect->outcome.left++;
		parcel_drop(collect, parcel);
	}
}

void
parcel_settle_doubt(struct collect *collect)
{
	struct take *take = &collect->take;
	struct parcel *doubt = take->doubt;

	settle_after(collect, false);
	take->doubt = NULL;
	if (doubt == NULL)
		return;
	if (doubt->is_short) {
		parcel_settle(collect, doubt);
		return;
	}
	collect->outcome.left++;
	parcel_drop(collect, doubt);
}

void
parcel_forget_doubt(struct collect *collect)
{
	struct take *take = &collect->take;
	struct parcel *doubt = take->doubt;

	settle_after(collect, false);
	take->doubt = NULL;
	if (doubt != NULL)
		parcel_drop(collect, doubt);
}

/* A copy that lives on; NULL: there is no memory. */
static struct parcel *
parcel_keep(const struct parcel *parcel)
{
	struct parcel *kept = malloc(sizeof(*kept));

	if (kept == NULL)
		return NULL;
	*kept = *parcel;
	kept->envelope = (struct text)TEXT_INIT(ENVELOPE_MAX_BYTES);
	text_add(&kept->envelope, text_slice(&parcel->envelope));
	if (!text_failed(&kept->envelope))
		return kept;
	text_free(&kept->envelope);
	free(kept);
	return NULL;
}

/* It goes no further in this session. */
static void
leave(struct collect *collect, const struct parcel *parcel)
{
	if (parcel->memfd >= 0)
		(void)close(parcel->memfd);
	else
		parcel_abandon(collect, parcel->ticket);
	collect->take.pool += parcel->bytes;
	collect->outcome.left++;
}

static void
doubt_add(struct collect *collect, const struct parcel *parcel)
{
	struct take *take = &collect->take;
	struct parcel *kept = take->after_count == AFTER_MOST ? NULL :
	    parcel_keep(parcel);

	if (kept == NULL) {
		leave(collect, parcel);
	} else if (take->doubt == NULL) {
		take->doubt = kept;
		take->asked_again = false;
	} else {
		LIST_INSERT_HEAD(&take->after, kept, next);
		take->after_count++;
	}
}

/* The one in doubt has come again. */
static void
doubt_clear(struct collect *collect, struct parcel *again, bool is_exact)
{
	struct take *take = &collect->take;
	struct parcel *doubt = take->doubt;
	bool is_same = memcmp(doubt->digest, again->digest,
	    PRINT_BYTES) == 0;

	if (!is_same && !is_exact) {
		leave(collect, again);
		parcel_forget_doubt(collect);
		collect_break(collect, FETCH_END_NONSENSE, slice_str(
		    "a message came twice and differs: out of step"));
		return;
	}
	take->doubt = NULL;
	take->estimates = is_same;
	parcel_drop(collect, doubt);
	submit(collect, again);
	settle_after(collect, is_same);
}

/*
 * Its size is the listed one, with line ends of two bytes or of one; of what
 * was mended, or is listed with no size, nothing can be said.
 */
static bool
is_exact(const struct take *take, unsigned mended)
{
	uint64_t listed = take->now.listed;

	return listed == 0 || mended != 0 || take->bytes == listed ||
	    take->bytes - take->lines == listed;
}

/* Much shorter than listed: it may be cut. */
static bool
is_short(const struct take *take)
{
	uint64_t slack = take->now.listed / 50 + take->lines + SHORT_SLACK;

	return take->now.listed > slack &&
	    take->bytes < take->now.listed - slack;
}

static void
lines_count(struct take *take)
{
	struct slice rest = slice_of(take->body, take->len), line;

	while (!take->has_ticket && slice_cut(&rest, '\n', &line))
		take->lines++;
}

/* What is to be submitted; false: it cannot be, and all of it is over. */
static bool
parcel_make(struct collect *collect, unsigned mended, struct parcel *parcel)
{
	struct take *take = &collect->take;

	*parcel = (struct parcel){
		.number = take->now.number, .listed = take->now.listed,
		.bytes = take->bytes, .is_short = is_short(take),
		.memfd = -1, .ticket = take->ticket
	};
	envelope_make(collect, mended, parcel);
	parcel->envelope = take->envelope;
	/* exactly what it needs goes with it */
	take->pool += take->now.space - take->bytes;
	take->now.space = 0;
	if (!take->has_ticket)
		parcel->memfd = memfd_of(slice_of(take->body, take->len));
	if (!text_failed(&take->envelope) &&
	    (parcel->memfd >= 0 || take->has_ticket))
		return true;
	if (parcel->memfd >= 0 || take->has_ticket)
		leave(collect, parcel);
	else
		take->pool += take->bytes;
	return false;
}

void
parcel_finish(struct collect *collect, unsigned mended)
{
	struct take *take = &collect->take;
	struct parcel parcel;
	bool made, exact;

	lines_count(take);
	exact = is_exact(take, mended);
	made = parcel_make(collect, mended, &parcel);
	take->has_ticket = false;
	if (!made)
		collect_break(collect, FETCH_END_LOCAL, slice_str(
		    "a message could not be handed to the queue"));
	else if (take->now.again && take->doubt != NULL)
		doubt_clear(collect, &parcel, exact);
	else if (!exact && !take->estimates)
		doubt_add(collect, &parcel);
	else
		submit(collect, &parcel);
}
