/*
 * share.c - a large message of which another copy may be here
 */
#include "fetch/share.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "fetch/collect_inside.h"
#include "lib/base/memfd.h"
#include "lib/message/envelope.h"
#include "lib/message/header.h"

struct share_header {
	struct text	 bytes;
	unsigned char	 digest[DIGEST_BYTES];
	/* what the server says beside it */
	uint8_t		 flags;
	int64_t		 arrived_utc_ms;
	struct text	 keywords;
	/* some of its body: it comes, or has come */
	struct shared_sample sample;
	uint64_t	 asked_from, came;	/* with what is before it */
	bool		 is_wrong, has_sample;
};

void
share_header_free(struct share_header *header)
{
	if (header == NULL)
		return;
	text_free(&header->bytes);
	text_free(&header->keywords);
	free(header);
}

/* The row with that number, in that step, or NULL: it was forgotten. */
static struct before_row *
find(struct collect *collect, uint64_t number, enum share_step step)
{
	struct before_queue *queue = &collect->conversation->before_queue;

	for (unsigned i = 0; i < queue->count; i++)
		if (queue->rows[i].row.number == number &&
		    queue->rows[i].state == BEFORE_SHARING &&
		    queue->rows[i].share == step)
			return &queue->rows[i];
	return NULL;
}

/* It is not taken from here. */
static void
fetch_it(struct before_row *row)
{
	row->state = BEFORE_TAKE;
	row->is_weighed = true;
	share_header_free(row->header);
	row->header = NULL;
}

/* May one be here? */

static void
on_held(struct collect *collect, uint64_t number, struct ipc_message *message)
{
	struct before_row *row = find(collect, number, SHARE_ASKED);
	struct queue_answer said;
	struct unpack u;

	if (!queue_answer_read(collect, message, &u, &said))
		return;
	if (row != NULL && said.code == 250)
		row->share = SHARE_WANTED;
	else if (row != NULL)
		fetch_it(row);
	conversation_turn(collect);
}

static unsigned
under_way(const struct before_queue *queue)
{
	unsigned count = 0;

	for (unsigned i = 0; i < queue->count; i++)
		count += queue->rows[i].state == BEFORE_SHARING;
	return count;
}

enum share_may
share_begin(struct collect *collect, struct before_row *row)
{
	TEXT_AUTO body = TEXT_INIT(16);

	if (row->state != BEFORE_TAKE || row->is_weighed ||
	    row->row.bytes < SHARED_LEAST_BYTES || (collect->address != NULL &&
	    collect->address->rules.archive))
		return SHARE_NOT;
	if (under_way(&collect->conversation->before_queue) >= SHARED_AT_ONCE)
		return SHARE_LATER;
	pack_u64(&body, collect->conversation->listing.id);
	pack_u32(&body, row->row.number);
	row->state = BEFORE_SHARING;
	row->share = SHARE_ASKED;
	(void)queue_ask(collect, QUEUE_HELD, &body, -1, row->row.number,
	    on_held);
	return SHARE_BEGUN;
}

/* The header */

/* One that is whole, as it came over the wire, and says who has signed. */
static bool
fits(struct slice header, const struct mended *mended)
{
	struct header_field field;

	return header.len > 4 && header.len <= SHARED_HEADER_BYTES &&
	    mended != NULL && mended->what == 0 && mended->added == 0 &&
	    header_bytes(header) == header.len &&
	    memcmp(header.at + header.len - 4, "\r\n\r\n", 4) == 0 &&
	    header_find(header, "DKIM-Signature", &field);
}

static struct share_header *
header_new(struct collect *collect, struct slice bytes)
{
	const struct arrival *arrival = &collect->conversation->arrival;
	struct share_header *header = calloc(1, sizeof(*header));

	if (header == NULL)
		return NULL;
	header->bytes = (struct text)TEXT_INIT(SHARED_HEADER_BYTES);
	header->keywords = (struct text)TEXT_INIT(FETCHED_KEYWORDS_MOST);
	text_add(&header->bytes, bytes);
	text_add(&header->keywords, arrival->keywords);
	header->flags = arrival->flags;
	header->arrived_utc_ms = arrival->at_utc_ms;
	if (text_failed(&header->bytes) || text_failed(&header->keywords) ||
	    digest_end(&collect->header, header->digest) < 0) {
		share_header_free(header);
		return NULL;
	}
	return header;
}

/* Some of its body */

/*
 * As it came: its place is known, and only its edges may have been mended.
 * Where no place can be named its header stands before it.
 */
static bool
sample_fits(const struct before_row *row, const struct mended *mended)
{
	const struct share_header *header = row->header;
	uint64_t bytes = header->sample.bytes;

	if (header->is_wrong || bytes > row->row.bytes - header->sample.at)
		return false;
	return header->asked_from != 0 ? mended->added <= 2 &&
	    bytes == SHARED_SAMPLE_LEAST + mended->added :
	    mended->what == 0 && bytes >= SHARED_SAMPLE_LEAST;
}

/* It is to be shown; or, without one, fetched. */
static void
sample_came(struct collect *collect, struct before_row *row,
    const struct mended *mended)
{
	struct share_header *header = row->header;

	before_sample_came(collect, header->came);
	if (mended == NULL || !sample_fits(row, mended) ||
	    digest_end(&collect->header, header->sample.digest) < 0) {
		fetch_it(row);
		return;
	}
	header->sample.bytes -= mended->added;
	header->has_sample = true;
	row->share = SHARE_WANTED;
}

static void
on_sample(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct collect *collect = arg;
	struct before_row *row = find(collect, number, SHARE_SAMPLE);

	(void)words;
	doubt_confirm(collect);
	digest_begin(&collect->header);
	if (row == NULL)
		before_sample_came(collect, 0);
	else if (!ok)
		sample_came(collect, row, NULL);
	else
		row->header->is_wrong = collect->conversation->arrival.from !=
		    row->header->asked_from;
}

/* Without line ends: those at the edges may have been mended. */
static void
add_text(struct digest *digest, struct slice s)
{
	while (s.len > 0) {
		size_t n = 0;

		while (n < s.len && s.at[n] != '\r' && s.at[n] != '\n')
			n++;
		digest_add(digest, slice_first(s, n));
		s = slice_after(s, n < s.len ? n + 1 : n);
	}
}

static void
on_sample_part(void *arg, uint32_t number, struct slice s)
{
	struct collect *collect = arg;
	struct before_row *row = find(collect, number, SHARE_SAMPLE);
	struct share_header *header = row == NULL ? NULL : row->header;
	uint64_t before;

	if (header == NULL || !top_grows(collect, &header->came, s.len))
		return;
	/* what is its header of this run, and of it what is sample */
	before = header->asked_from + header->came - s.len;
	if (before < header->sample.at)
		s = slice_after(s, header->sample.at - before < s.len ?
		    (size_t)(header->sample.at - before) : s.len);
	if (header->asked_from == 0)
		s = slice_first(s, (size_t)(SHARED_SAMPLE_MOST -
		    header->sample.bytes));
	header->sample.bytes += s.len;
	add_text(&collect->header, s);
}

static void
on_sample_end(void *arg, uint32_t number, const struct mended *mended)
{
	struct collect *collect = arg;
	struct before_row *row = find(collect, number, SHARE_SAMPLE);

	if (row != NULL)
		sample_came(collect, row, mended);
	else
		before_sample_came(collect, 0);
}

static const struct heard heard_sample = {
	.status = on_sample, .part = on_sample_part, .end = on_sample_end
};

/* A place that whoever answers cannot have known before. */
static bool
choose(const struct before_row *row, uint64_t *place_out)
{
	uint64_t header = row->header->bytes.len, places, chance;

	if (row->row.bytes < header + SHARED_SAMPLE_LEAST || RAND_bytes(
	    (unsigned char *)&chance, sizeof(chance)) != 1)
		return false;
	places = row->row.bytes - SHARED_SAMPLE_LEAST - header + 1;
	*place_out = header + chance % places;
	return true;
}

static void
ask_sample(struct collect *collect, struct before_row *row)
{
	struct share_header *header = row->header;
	uint64_t place, from;

	if (!choose(row, &place)) {
		fetch_it(row);
		return;
	}
	from = place;
	header->sample = (struct shared_sample){ .at = place };
	header->came = 0;
	if (!before_ask_sample(collect, row, &from, &heard_sample))
		return;
	header->asked_from = from;
	if (from == 0)
		header->sample.at = header->bytes.len;
	row->share = SHARE_SAMPLE;
}

/* To the queue */

/* Its envelope; `digest` of all of it, or NULL: not known yet. */
static void
pack_envelope(const struct collect *collect, const struct before_row *row,
    const unsigned char *digest, struct text *packed)
{
	const struct share_header *header = row->header;
	struct recipient recipient;
	struct envelope env = submission_envelope(collect, &recipient,
	    row->row.number, row->row.bytes);
	char sender[SENDER_SIZE] = "";

	incoming_read_header(text_slice(&header->bytes), sender, &env.utf8);
	env.sender = slice_str(sender);
	env.bytes = row->row.bytes;
	env.fetched.flags = header->flags;
	env.fetched.keywords = text_slice(&header->keywords);
	env.fetched.arrived_utc_ms = header->arrived_utc_ms;
	memcpy(env.fetched.header_digest, header->digest, DIGEST_BYTES);
	if (digest != NULL)
		memcpy(env.fetched.digest, digest, DIGEST_BYTES);
	envelope_pack(packed, &env);
}

/* A parcel of what was put together; NULL: it cannot be had. */
static struct parcel *
parcel_of(struct collect *collect, const struct before_row *row,
    const struct shared_made *made, int fd)
{
	TEXT_AUTO envelope = TEXT_INIT(ENVELOPE_MAX_BYTES);

	pack_envelope(collect, row, made->digest, &envelope);
	return fd < 0 || text_failed(&envelope) ||
	    made->bytes != row->row.bytes ? NULL :
	    parcel_made(&row->row, made, fd, &envelope);
}

/* A domain's: it is here, and goes the way of what has come; or is fetched. */
static void
it_is(struct collect *collect, struct before_row *row,
    struct ipc_message *message, struct unpack *u)
{
	struct parcel *parcel = NULL;
	struct shared_made made;
	int fd = ipc_take_fd(message, 0);

	bool is_made = shared_made_unpack(u, &made) == 0;

	if (is_made && row != NULL)
		parcel = parcel_of(collect, row, &made, fd);
	if (parcel != NULL) {
		line_bill_saved(collect->bill, LINE_SHARED,
		    made.bytes - row->header->bytes.len, 1);
		before_drop(&collect->conversation->before_queue, row);
		parcel_submit(collect, parcel);
		return;
	}
	if (fd >= 0)
		(void)close(fd);
	if (is_made && collect->queue != NULL)
		queue_not_wanted(collect->queue, &made);
	if (row != NULL)
		fetch_it(row);
}

/* The queue has answered: it is stored, it is to be fetched, or neither. */
static void
on_shared(struct collect *collect, uint64_t number,
    struct ipc_message *message)
{
	struct before_row *row = find(collect, number, SHARE_SHOWN);
	struct queue_answer said = { 0 };
	uint64_t bytes = 0;
	struct unpack u;

	if (message != NULL) {
		u = unpack_of(message->body);
		if (answer_unpack(&u, &said) < 0)
			said.code = 0;
	}
	if (said.code == QUEUE_IT_IS) {
		it_is(collect, row, message, &u);
	} else if (row != NULL && said.code == QUEUE_FETCH_IT) {
		fetch_it(row);
	} else if (row != NULL) {
		bytes = row->row.bytes;
		if (said.code == 250)
			line_bill_saved(collect->bill, LINE_SHARED,
			    bytes - row->header->bytes.len, 1);
		before_drop(&collect->conversation->before_queue, row);
	}
	submission_answered(collect, bytes, message);
}

static void
pack(const struct collect *collect, const struct before_row *row,
    struct text *packed)
{
	struct shared_sample sample = row->header->sample;

	sample.comes_back = collect->address != NULL;
	shared_sample_pack(packed, &sample);
	pack_envelope(collect, row, NULL, packed);
}

/* Show it; what cannot be shown is fetched. */
static void
show(struct collect *collect, struct before_row *row)
{
	TEXT_AUTO body = TEXT_INIT(sizeof(struct shared_sample) +
	    ENVELOPE_MAX_BYTES);
	int fd = memfd_of("header", text_slice(&row->header->bytes));

	pack(collect, row, &body);
	if (fd < 0 || text_failed(&body)) {
		if (fd >= 0)
			(void)close(fd);
		fetch_it(row);
		return;
	}
	row->share = SHARE_SHOWN;
	collect->conversation->submissions.unanswered++;
	if (!queue_ask(collect, QUEUE_SHARED, &body, fd, row->row.number,
	    on_shared))
		collect->conversation->submissions.unanswered--;
	(void)close(fd);
}

static bool
is_in_doubt(const struct collect *collect)
{
	return collect->conversation->doubt.first != NULL;
}

void
share_header_came(struct collect *collect, struct before_row *row,
    struct slice bytes, const struct mended *mended)
{
	struct share_header *header = NULL;

	if (!is_in_doubt(collect) && fits(bytes, mended))
		header = header_new(collect, bytes);
	if (row->state == BEFORE_SHARING && header == NULL) {
		fetch_it(row);
	} else if (row->state == BEFORE_SHARING) {
		row->header = header;
		row->share = SHARE_WANTED;
	} else {
		share_header_free(row->header);
		row->header = header;
	}
}

void
share_turn(struct collect *collect)
{
	struct before_queue *queue = &collect->conversation->before_queue;

	for (unsigned i = 0; i < queue->count &&
	    conversation_is_open(collect); i++) {
		struct before_row *row = &queue->rows[i];

		if (row->state != BEFORE_SHARING ||
		    row->share != SHARE_WANTED || is_in_doubt(collect))
			continue;
		if (row->header != NULL && row->header->has_sample)
			show(collect, row);
		else if (row->header != NULL)
			ask_sample(collect, row);
		else if (before_ask_header(collect, row))
			row->share = SHARE_HEADER;
	}
}
