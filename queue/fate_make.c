/*
 * fate_make.c - the notice: its words, its name, its record
 *
 * Its name follows from the message, from what became of it and from whom it
 * was for: made again after a crash it is the same, and no mailbox takes it
 * twice.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/zone.h"
#include "lib/message/dsn_words.h"
#include "queue/fate_inside.h"
#include "queue/outbound_inside.h"

#define FROM_NAME	"Postroom"

/* When the last of it happened. */
static int64_t
moment(const struct fate_case *what)
{
	int64_t last = what->rows[0].since_utc_ms;

	for (size_t i = 0; i < what->count; i++) {
		int64_t at = what->action == DSN_DELAYED ?
		    what->rows[i].last_try_utc_ms :
		    what->rows[i].next_try_utc_ms;

		if (at > last)
			last = at;
	}
	return last;
}

static int
name_it(struct conductor *conductor, const struct fate_case *what,
    struct message_id *id_out)
{
	TEXT_AUTO all = TEXT_INIT((size_t)DSN_RECIPIENTS *
	    (ROWS_ADDRESS_BYTES + 8) + 64);
	unsigned char digest[BIG_DIGEST_BYTES];
	uint64_t at = (uint64_t)moment(what);
	int r;

	pack_bytes(&all, slice_of(what->rows[0].id.bytes, MESSAGE_ID_BYTES));
	pack_u8(&all, (uint8_t)what->action);
	for (size_t i = 0; i < what->count; i++)
		pack_slice(&all, what->rows[i].address);
	r = text_failed(&all) ? -ENOMEM : big_digest(conductor->big,
	    text_slice(&all), digest);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < 6; i++)
		id_out->bytes[i] = (unsigned char)(at >> (40 - 8 * i));
	memcpy(id_out->bytes + 6, digest, MESSAGE_ID_BYTES - 6);
	return 0;
}

/* Words */

/* It, as the message's envelope has it; NULL: that is not known. */
static const struct recipient *
find_rcpt(const struct fate_case *what, struct slice address)
{
	const struct envelope *env;

	if (what->about == NULL)
		return NULL;
	env = &what->about->env;
	for (size_t i = 0; i < env->recipient_count; i++)
		if (what->is_to_list ? (env->recipients[i].by &
		    RECIPIENT_BY_LIST) != 0 &&
		    slice_is(env->recipients[i].via, address) :
		    (env->recipients[i].account == 0) !=
		    (what->action == DSN_DELIVERED) &&
		    slice_is(env->recipients[i].address, address))
			return &env->recipients[i];
	return NULL;
}

/*
 * RFC 3461 5.2.7: who has written to an alias, a list or somebody who has his mail
 * sent on is told of that address, and not of what is behind it; a host's words
 * would name it.  The postmaster reads all of it, and so does who looks after the
 * list.
 */
static struct dsn_recipient
recipient_of(const struct conductor *conductor, const struct fate_case *what,
    const struct fate_person *person, const struct rows_outbound *row)
{
	const struct recipient *rcpt = find_rcpt(what, row->address);
	struct dsn_recipient one = {
		.address = row->address,
		.code = row->code, .status = row->status, .words = row->words,
		.host = row->host, .tried_utc_ms = row->last_try_utc_ms,
		.has_no_way = what->action == DSN_DELAYED &&
		    out_waits_for_way(conductor->outbound, row)
	};

	if (rcpt == NULL)
		return one;
	one.orcpt = rcpt->orcpt;
	if (rcpt->by == 0 || !person->is_sender)
		return one;
	one.address = rcpt->via;
	one.words = slice_of(NULL, 0);
	one.host = slice_of(NULL, 0);
	return one;
}

/* What is known of the message itself. */
static void
fill_about(struct dsn *dsn, const struct fate_case *what,
    const struct fate_person *person, struct verdict *verdict)
{
	const struct envelope *env;

	verdict_init(verdict);
	dsn->is_orphan = true;
	if (what->about == NULL)
		return;
	env = &what->about->env;
	if (verdict_unpack(what->about->packed_verdict, verdict) < 0)
		verdict_init(verdict);
	dsn->subject = slice_str(verdict->subject);
	dsn->sender = env->sender;
	dsn->is_orphan = !person->is_sender;
	if (what->list != NULL)
		dsn->list = what->list->via;
	dsn->envid = env->envid;
	dsn->original = what->original;
	/*
	 * RFC 3461 4.3: only what has failed is ever returned whole; and to
	 * nobody but who has written it
	 */
	dsn->wants_whole = what->action == DSN_FAILED && !dsn->is_orphan &&
	    env->ret != RET_HDRS && env->body != BODY_BINARYMIME;
}

/* As much of it as fits: sooner less of the message than fewer recipients. */
static int
write_message(struct dsn *dsn, enum language language, struct text *subject,
    struct text *message)
{
	for (;;) {
		TEXT_AUTO body = TEXT_INIT(DSN_WORDS_BYTES);
		int r;

		text_clear(subject);
		text_clear(message);
		dsn_words(dsn, language, subject, &body);
		dsn->letter.subject = text_slice(subject);
		dsn->letter.body = text_slice(&body);
		r = dsn_write(message, dsn);
		if (r < 0)
			return r;
		if (!text_failed(subject) && !text_failed(&body) &&
		    !text_failed(message))
			return 0;
		if (dsn->wants_whole)
			dsn->wants_whole = false;
		else if (dsn->count > 1)
			dsn->count /= 2;
		else
			return -EMSGSIZE;
	}
}

/* The record */

static void
pack_told(struct text *told, const struct fate_case *what)
{
	pack_bytes(told, slice_of(what->rows[0].id.bytes, MESSAGE_ID_BYTES));
	pack_u8(told, (uint8_t)what->action);
	pack_u32(told, (uint32_t)what->count);
	for (size_t i = 0; i < what->count; i++)
		pack_slice(told, what->rows[i].address);
}

int
fate_replay(struct transit *transit)
{
	struct conductor *conductor = transit->conductor;
	struct unpack u = unpack_of(transit->told);
	struct slice id = unpack_bytes(&u, MESSAGE_ID_BYTES);
	struct slice addresses[DSN_RECIPIENTS];
	uint8_t action = unpack_u8(&u);
	uint32_t count = unpack_u32(&u);
	struct message_id about;
	int r;

	if (u.bad || action >= DSN_ACTION_COUNT || count > DSN_RECIPIENTS)
		return -EBADMSG;
	memcpy(about.bytes, id.at, MESSAGE_ID_BYTES);
	for (uint32_t i = 0; i < count; i++)
		addresses[i] = unpack_slice(&u);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	/* of what was delivered there is no row: receipt.h */
	r = action == DSN_DELIVERED ? -ENOENT :
	    rows_outbound_has(conductor->rows, &about);
	if (r == 0)
		r = rows_outbound_told(conductor->rows, &about,
		    fate_state((enum dsn_action)action), addresses, count);
	if (r < 0 && r != -ENOENT)
		return r;
	transit->told = slice_of(NULL, 0);
	fate_tell(conductor, &about);	/* its file goes with the last row */
	return 0;
}

static int
new_transit(struct conductor *conductor, const struct envelope *env,
    const struct fate_case *what, struct slice subject,
    struct transit **notice_out)
{
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	TEXT_AUTO judged = TEXT_INIT(VERDICT_PACKED_MAX);
	TEXT_AUTO told = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct transit *notice;
	struct verdict verdict;
	int r;

	verdict_init(&verdict);
	(void)slice_cstr(slice_first(subject, VERDICT_WORDS_MAX),
	    verdict.subject, sizeof(verdict.subject));
	verdict_pack(&judged, &verdict);
	envelope_pack(&packed, env);
	pack_told(&told, what);
	if (text_failed(&judged) || text_failed(&packed) ||
	    text_failed(&told))
		return -ENOMEM;
	notice = transit_new(conductor, text_slice(&packed));
	if (notice == NULL)
		return -ENOMEM;
	r = arena_copy(notice->arena, text_slice(&judged),
	    &notice->packed_verdict);
	if (r == 0)
		r = arena_copy(notice->arena, text_slice(&told),
		    &notice->told);
	if (r == 0)
		r = envelope_unpack(notice->arena, notice->packed_env,
		    &notice->env);
	if (r < 0) {
		transit_free(notice);
		return r;
	}
	*notice_out = notice;
	return 0;
}

static int
take_bytes(struct transit *notice, struct slice message)
{
	notice->bytes = malloc(message.len);
	if (notice->bytes == NULL)
		return -ENOMEM;
	memcpy(notice->bytes, message.at, message.len);
	return 0;
}

static int
make(struct conductor *conductor, struct fate_case *what, struct dsn *dsn,
    const struct fate_person *person, struct transit **notice_out)
{
	TEXT_AUTO message = TEXT_INIT(FATE_NOTICE_BYTES);
	TEXT_AUTO subject = TEXT_INIT(COMPOSE_SUBJECT_MOST);
	struct recipient rcpt = { .address = person->address,
	    .account = person->account };
	struct envelope env = { .source = SOURCE_OWN,
	    .received_at_utc_ms = dsn->letter.at_utc_ms,
	    .recipients = &rcpt, .recipient_count = 1 };
	int r = write_message(dsn, person->language, &subject, &message);

	if (r == 0) {
		what->count = dsn->count;
		r = name_it(conductor, what, &env.id);
	}
	if (r < 0)
		return r;
	/* it is named after whom it names */
	dsn->letter.id = env.id;
	r = write_message(dsn, person->language, &subject, &message);
	env.bytes = message.len;
	env.body = dsn_is_8bit(dsn) ? BODY_8BITMIME : BODY_7BIT;
	env.utf8 = !slice_is_printable_ascii(person->address);
	if (r == 0)
		r = new_transit(conductor, &env, what, text_slice(&subject),
		    notice_out);
	if (r < 0)
		return r;
	r = take_bytes(*notice_out, text_slice(&message));
	if (r < 0)
		transit_free(*notice_out);
	return r;
}

int
fate_make(struct conductor *conductor, struct fate_case *what,
    const struct fate_person *person, struct transit **notice_out)
{
	size_t at = slice_find_last(person->address, '@');
	TEXT_AUTO from = TEXT_INIT(ROWS_ADDRESS_BYTES + 16);
	struct dsn_recipient rcpts[DSN_RECIPIENTS];
	int64_t now = clock_utc_ms();
	const struct recipient *first;
	struct verdict verdict;
	struct dsn dsn = {
		.letter = {
			.at_utc_ms = now, .zone_minutes = zone_minutes(now),
			.hostname = slice_str(conductor->options.hostname),
			.from_name = SLICE(FROM_NAME), .to = person->address
		},
		.action = what->is_to_list ? DSN_DELIVERED : what->action,
		.id = what->rows[0].id,
		.arrived_utc_ms = what->rows[0].since_utc_ms,
		.until_utc_ms = outbound_until_utc_ms(conductor,
		    &what->rows[0]),
		.recipients = rcpts, .count = what->count
	};

	if (at == SIZE_MAX)
		return -EINVAL;
	text_add_str(&from, "postmaster");
	text_add(&from, slice_after(person->address, at));
	if (text_failed(&from))
		return -EINVAL;
	dsn.letter.from = text_slice(&from);
	for (size_t i = 0; i < what->count; i++)
		rcpts[i] = recipient_of(conductor, what, person,
		    &what->rows[i]);
	first = find_rcpt(what, what->rows[0].address);
	dsn.is_to_list = first != NULL &&
	    (first->by & RECIPIENT_BY_LIST) != 0;
	fill_about(&dsn, what, person, &verdict);
	return make(conductor, what, &dsn, person, notice_out);
}
