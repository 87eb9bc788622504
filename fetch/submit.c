/*
 * submit.c - whole messages, on their way into the queue
 *
 * The envelope of each carries its entry of the fetch ledger, so that message
 * and entry are stored together or not at all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch/collect_inside.h"
#include "lib/base/memfd.h"
#include "lib/message/envelope.h"

/*
 * Messages without an answer: some syncs of the journal, so that the wait for
 * one is not seen.  Their bytes have been granted; each is a descriptor of the
 * queue's, which 50 collections may have 6,400 of.
 */
#define UNANSWERED_MOST	128
/* Answers in a row that put off: the hub takes nothing now. */
#define PUT_OFF_MOST	8
#define SHORT_SLACK	1024	/* bytes; of what a size may be wrong */
#define CUT_ARENA	(16 * 1024)	/* an envelope with one recipient */

/* Making them */

/*
 * Is its size the listed one?  As it came over the wire: what mending added
 * was never counted there.  That something was mended, or that there is no
 * listed size, is no proof.
 */
static unsigned
exactness(const struct incoming *incoming, const struct mended *mended)
{
	uint64_t listed = incoming->retr.listed;
	uint64_t wire = incoming->bytes - mended->added;
	unsigned exact = 0;

	if (listed == 0)
		return 0;
	if (wire == listed)
		exact |= EXACT_CRLF;
	/* which of its lines a server would count as it wants is not known */
	if (mended->what == 0 && wire - incoming->lines == listed)
		exact |= EXACT_LF;
	return exact;
}

/* Much shorter than listed: it may be cut. */
static bool
is_short(const struct incoming *incoming, uint64_t wire)
{
	uint64_t listed = incoming->retr.listed;
	uint64_t slack = listed / 50 + incoming->lines + SHORT_SLACK;

	return listed > slack && wire < listed - slack;
}

struct envelope
submission_envelope(const struct collect *collect,
    struct recipient *recipient_out, uint32_t number, uint64_t listed)
{
	const struct fetch_account *account = &collect->account;
	const struct conversation *conversation = collect->conversation;

	*recipient_out = (struct recipient){
		.address = slice_str(account->owner_address),
		.account = account->owner
	};
	return (struct envelope){
		.source = SOURCE_FETCH,
		.helo = slice_str(account->host),
		.peer = slice_str(conversation->peer),
		.login = slice_str(account->user),
		.tls = slice_str(conversation->tls_words),
		.body = BODY_8BITMIME,
		.fetched = {
			.account = account->id,
			.label = slice_str(account->label),
			.listing = conversation->listing.id,
			.number = number, .listed_bytes = listed,
			.into = conversation->arrival.into
		},
		.recipients = recipient_out, .recipient_count = 1
	};
}

/* `marks` are FETCHED_ bits: what was mended, or that it is cut. */
static int
envelope_make(struct collect *collect, const struct incoming *incoming,
    unsigned marks, struct parcel *parcel)
{
	const struct arrival *arrival = &collect->conversation->arrival;
	struct recipient recipient;
	struct envelope env = submission_envelope(collect, &recipient,
	    incoming->retr.number, incoming->retr.listed);

	env.sender = slice_str(incoming->sender);
	env.utf8 = incoming->utf8;
	env.bytes = incoming->bytes;
	env.fetched.flags = arrival->flags;
	env.fetched.keywords = arrival->keywords;
	env.fetched.arrived_utc_ms = arrival->at_utc_ms;
	env.fetched.mended = (uint8_t)marks;
	if (digest_end(&collect->header, env.fetched.header_digest) < 0 ||
	    digest_end(&collect->whole, env.fetched.digest) < 0)
		return -EIO;
	memcpy(parcel->digest, env.fetched.digest, DIGEST_BYTES);
	envelope_pack(&parcel->envelope, &env);
	return text_failed(&parcel->envelope) ? -ENOMEM : 0;
}

static void
parcel_free(struct parcel *parcel)
{
	if (parcel->memfd >= 0)
		(void)close(parcel->memfd);
	if (parcel->original_fd >= 0)
		(void)close(parcel->original_fd);
	text_free(&parcel->envelope);
	text_free(&parcel->header);
	free(parcel);
}

struct parcel *
parcel_new(struct collect *collect, struct incoming *incoming,
    const struct mended *mended)
{
	struct parcel *parcel = calloc(1, sizeof(*parcel));
	int r;

	if (parcel == NULL)
		return NULL;
	*parcel = (struct parcel){
		.number = incoming->retr.number,
		.listed = incoming->retr.listed, .bytes = incoming->bytes,
		.exact = exactness(incoming, mended),
		.is_short = is_short(incoming,
		    incoming->bytes - mended->added),
		.memfd = -1, .original_fd = -1, .ticket = incoming->ticket,
		.envelope = TEXT_INIT(ENVELOPE_MAX_BYTES),
		.header = TEXT_INIT(ADDRESS_HEADER_BYTES)
	};
	r = envelope_make(collect, incoming, mended->what |
	    (parcel->is_short ? FETCHED_SHORT : 0u), parcel);
	if (r == 0)
		r = address_end(collect, parcel);
	if (r == 0 && !incoming->has_ticket)
		parcel->memfd = memfd_of("message",
		    slice_of(incoming->body, incoming->len));
	if (r < 0 || (parcel->memfd < 0 && !incoming->has_ticket)) {
		parcel_free(parcel);
		return NULL;
	}
	incoming->retr.space -= parcel->bytes;
	incoming->has_ticket = false;
	return parcel;
}

/* The note's envelope: it stands for the message, and nobody hears of it. */
static int
note_envelope(struct collect *collect, const struct listed *row,
    const struct note *note, struct text *packed)
{
	struct recipient recipient;
	struct envelope env = submission_envelope(collect, &recipient,
	    row->number, row->bytes);

	env.utf8 = note->utf8;
	env.bytes = note->bytes.len;
	env.fetched.mended = note->mark;
	memcpy(env.fetched.header_digest, note->header_digest, DIGEST_BYTES);
	/* another message may be coming in */
	if (digest_of(&collect->note, text_slice(&note->bytes),
	    env.fetched.digest) < 0)
		return -EIO;
	envelope_pack(packed, &env);
	return text_failed(packed) ? -ENOMEM : 0;
}

struct parcel *
parcel_note(struct collect *collect, const struct listed *row,
    const struct note *note)
{
	struct parcel *parcel = calloc(1, sizeof(*parcel));

	if (parcel == NULL)
		return NULL;
	*parcel = (struct parcel){
		.number = row->number, .listed = row->bytes,
		.bytes = note->bytes.len, .memfd = -1, .original_fd = -1,
		.not_carried = true,
		.envelope = TEXT_INIT(ENVELOPE_MAX_BYTES),
		.header = TEXT_INIT(ADDRESS_HEADER_BYTES)
	};
	if (note_envelope(collect, row, note, &parcel->envelope) == 0)
		parcel->memfd = memfd_of("note", text_slice(&note->bytes));
	if (parcel->memfd < 0) {
		parcel_free(parcel);
		return NULL;
	}
	return parcel;
}

struct parcel *
parcel_made(const struct listed *row,
    const struct shared_made *made, int fd, struct text *envelope)
{
	struct parcel *parcel = calloc(1, sizeof(*parcel));

	if (parcel == NULL)
		return NULL;
	*parcel = (struct parcel){
		.number = row->number, .listed = row->bytes,
		.bytes = made->bytes, .exact = EXACT_CRLF, .memfd = -1,
		.original_fd = -1, .ticket = made->ticket,
		.not_carried = true, .header = TEXT_INIT(ADDRESS_HEADER_BYTES)
	};
	memcpy(parcel->digest, made->digest, DIGEST_BYTES);
	if (address_read(parcel, fd) < 0) {
		parcel_free(parcel);
		return NULL;
	}
	parcel->envelope = *envelope;
	*envelope = (struct text)TEXT_INIT(0);
	if (made->ticket == 0)
		parcel->memfd = fd;
	else
		(void)close(fd);
	return parcel;
}

void
parcel_drop(struct collect *collect, struct parcel *parcel)
{
	if (parcel->memfd < 0)
		queue_tell_number(collect, QUEUE_ABANDON_BIG, parcel->ticket);
	space_put(collect, parcel->bytes);
	parcel_free(parcel);
}

void
parcel_cut(struct parcel *parcel)
{
	ARENA_AUTO arena = arena_new(CUT_ARENA);
	struct text cut = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct envelope env;

	if (parcel->is_short || arena == NULL || envelope_unpack(arena,
	    text_slice(&parcel->envelope), &env) < 0)
		return;
	env.fetched.mended |= FETCHED_SHORT;
	envelope_pack(&cut, &env);
	if (text_failed(&cut)) {
		text_free(&cut);
		return;
	}
	text_free(&parcel->envelope);
	parcel->envelope = cut;
	parcel->is_short = true;
}

/* Handing them over */

unsigned
parcels_pending(const struct collect *collect)
{
	return collect->conversation->submissions.unanswered +
	    address_waiting(collect);
}

static void
answered(struct collect *collect)
{
	struct conversation *conversation = collect->conversation;

	conversation->space.starved = false;
	conversation_hold(collect, HOLD_ANSWERS,
	    parcels_pending(collect) >= UNANSWERED_MOST);
	collect_settle(collect);
	conversation_turn(collect);
}

/* Was it worth its bytes? */
static void
bill_answer(struct collect *collect, uint64_t bytes,
    const struct queue_answer *said)
{
	if (said->code == 250 && said->known)
		line_bill_move(collect->bill, LINE_DUPLICATES, bytes);
	else if (said->code != 250)
		line_bill_move(collect->bill, LINE_REFETCHED, bytes);
}

static void
on_answer_to(struct collect *collect, uint64_t bytes,
    struct ipc_message *message, bool was_carried)
{
	struct submissions *submissions = &collect->conversation->submissions;
	struct fetch_outcome *outcome = &collect->outcome;
	struct queue_answer said = { 0 };
	struct unpack u;

	submissions->unanswered--;
	if (message != NULL) {
		u = unpack_of(message->body);
		if (answer_unpack(&u, &said) < 0)
			said.code = 0;
	}
	if (said.code == 250) {
		submissions->put_off = 0;
		outcome->taken++;
		outcome->taken_bytes += bytes;
		outcome->held += said.held;
	} else if (said.code != QUEUE_FETCH_IT && said.code != QUEUE_IT_IS) {
		outcome->left++;
		submissions->put_off += said.code < 500;
	}
	if (was_carried)
		bill_answer(collect, bytes, &said);
	if (message == NULL)
		collect_break(collect, FETCH_END_PAUSED,
		    "the queue is not there");
	else if (said.code == 0 || said.code == 452 ||
	    submissions->put_off == PUT_OFF_MOST)
		take_pause(collect, said.words);
	address_turn(collect);
	answered(collect);
}

static void
on_answer(struct collect *collect, uint64_t bytes,
    struct ipc_message *message)
{
	on_answer_to(collect, bytes, message, true);
}

void
submission_answered(struct collect *collect, uint64_t bytes,
    struct ipc_message *message)
{
	on_answer_to(collect, bytes, message, false);
}

void
parcel_submit(struct collect *collect, struct parcel *parcel)
{
	if (collect->address == NULL) {
		parcel_submit_now(collect, parcel);
		return;
	}
	address_parcel(collect, parcel);
	answered(collect);
}

static bool
submit(struct collect *collect, const struct parcel *parcel,
    const struct text *body)
{
	static const enum queue_kind kinds[2][2] = {
		{ QUEUE_SUBMIT, QUEUE_SUBMIT_ARCHIVED },
		{ QUEUE_SUBMIT_BIG, QUEUE_SUBMIT_BIG_ARCHIVED },
	};
	bool is_big = parcel->memfd < 0, is_archived = parcel->original_fd >= 0;
	int fds[2];
	unsigned count = 0;

	if (!is_big)
		fds[count++] = parcel->memfd;
	if (is_archived)
		fds[count++] = parcel->original_fd;
	return queue_ask_with(collect, kinds[is_big][is_archived], body, fds,
	    count, parcel->bytes,
	    parcel->not_carried ? submission_answered : on_answer);
}

void
parcel_submit_now(struct collect *collect, struct parcel *parcel)
{
	struct conversation *conversation = collect->conversation;
	bool is_big = parcel->memfd < 0;
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);

	/* memory is out: then nothing is deleted at all */
	if (parcel->is_short && deletion_spare(collect, parcel->number) < 0)
		conversation->may_delete = false;
	pack_u64(&body, parcel->bytes);
	if (is_big)
		pack_u64(&body, parcel->ticket);
	pack_bytes(&body, text_slice(&parcel->envelope));
	conversation->submissions.unanswered++;
	if (submit(collect, parcel, &body)) {
		parcel_free(parcel);
	} else {
		conversation->submissions.unanswered--;
		collect->outcome.left++;
		parcel_drop(collect, parcel);
	}
	answered(collect);
}
