/*
 * expanding.c - who is meant by the recipients of a message
 */
#include "queue/expanding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/message/header.h"
#include "policy/groups.h"
#include "queue/collected.h"
#include "queue/stamp.h"
#include "queue/wishes.h"

#define LATER	"it could not be looked up who gets it, try again later"
#define NOT_SENT_ON \
	"taken for spam, which is not sent on to other hosts"
#define NOT_AS_OURS \
	"nothing shows that it is from here, as it says: it is not sent on"
/* Of a header; what stands behind them was there before more hops than these. */
#define HEADER_BYTES	(64 * 1024)

/* Its first bytes.  0 or -errno. */
static int
read_header(const struct transit *transit, struct text *header)
{
	size_t most = transit->env.bytes < HEADER_BYTES ?
	    (size_t)transit->env.bytes : HEADER_BYTES;
	ssize_t got;
	char *at;

	if (transit->bytes != NULL) {
		text_add(header, slice_of(transit->bytes, most));
		return text_failed(header) ? -ENOMEM : 0;
	}
	at = text_space(header, most);
	if (at == NULL)
		return -ENOMEM;
	got = pread(transit->fd, at, most, 0);
	if (got < 0)
		return -errno;
	header->len += (size_t)got;
	return 0;
}

/* What is in the last pair of brackets, or all of it. */
static struct slice
trace_of(struct slice value)
{
	size_t from = slice_find_last(value, '<');
	struct slice rest;

	if (from == SIZE_MAX)
		return slice_trim(value);
	rest = slice_after(value, from + 1);
	return slice_first(rest, slice_find(rest, '>'));
}

/*
 * What it has come by already.  A provider, and anybody, writes such lines for
 * their own ends: ours stand right above our Received (stamp_way()).
 */
static void
note_traces(struct slice header, const char *hostname,
    struct expand_ask *ask)
{
	struct header_field field;
	size_t count = 0;

	while (header_next(&header, &field)) {
		if (slice_is_word(field.name, "Received")) {
			if (stamp_is_received(field.value, hostname))
				ask->trace_count = count;
			count = ask->trace_count;
		} else if (count < EXPAND_TRACES &&
		    (slice_is_word(field.name, "Delivered-To") ||
		    slice_is_word(field.name, "List-Id"))) {
			ask->traces[count++] = slice_first(
			    trace_of(field.value), ADDRESS_SIZE);
		}
	}
}

/* 0 or -errno. */
static int
ask_keeper(struct transit *transit)
{
	struct conductor *conductor = transit->conductor;
	const struct envelope *env = &transit->env;
	TEXT_AUTO header = TEXT_INIT(HEADER_BYTES);
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct expand_asked *asked;
	struct expand_ask ask = {
		.sender_account = env->sender_account, .sender = env->sender,
		.is_own = env->source == SOURCE_OWN,
		.is_fetched = env->source == SOURCE_FETCH,
		.recipient_count = env->recipient_count
	};
	int r;

	if (env->recipient_count > EXPAND_ASKED)
		return -E2BIG;
	r = read_header(transit, &header);
	if (r < 0)
		return r;
	asked = calloc(env->recipient_count, sizeof(*asked));
	if (asked == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < env->recipient_count; i++) {
		asked[i].account = env->recipients[i].account;
		asked[i].address = env->recipients[i].address;
	}
	ask.recipients = asked;
	note_traces(text_slice(&header), conductor->options.hostname, &ask);
	expand_ask_pack(&packed, &ask);
	free(asked);
	return text_failed(&packed) ? -E2BIG : conductor->ports.expand(
	    conductor->ports.arg, transit, text_slice(&packed));
}

void
expanding_ask(struct transit *transit, expanding_fn *go_on)
{
	const struct conductor *conductor = transit->conductor;

	if (envelope_is_reply(&transit->env) ||
	    (!envelope_is_open(&transit->env) && (!conductor->has_forwards ||
	    conductor->ports.expand == NULL))) {
		go_on(transit);
		return;
	}
	transit->go_on = go_on;
	transit->is_expanding = true;
	/* the keeper is not there: whoever brought it comes again */
	if (conductor->ports.expand == NULL || ask_keeper(transit) < 0)
		arrive_put_off(transit, 451, "4.3.0", LATER);
}

/* Whom it was for, and who gets it now. */
static void
tell(const struct transit *transit, const struct envelope *was)
{
	const struct envelope *env = &transit->env;
	TEXT_AUTO to = TEXT_INIT(TRAIL_FIELD_BYTES * 2);
	TEXT_AUTO detail = TEXT_INIT(TRAIL_FIELD_BYTES * 2);
	struct trail_step step = {
		.at_utc_ms = clock_utc_ms(), .id = env->id,
		.word = TRAIL_FOUND
	};

	for (size_t i = 0; i < was->recipient_count &&
	    to.len < TRAIL_FIELD_BYTES; i++) {
		if (i > 0)
			text_add_str(&to, ", ");
		text_add(&to, was->recipients[i].address);
	}
	text_add_str(&detail, "goes to ");
	for (size_t i = 0; i < env->recipient_count &&
	    detail.len < TRAIL_FIELD_BYTES; i++) {
		if (i > 0)
			text_add_str(&detail, ", ");
		text_add(&detail, env->recipients[i].address);
	}
	step.to = text_slice(&to);
	step.detail = slice_first(text_slice(&detail), TRAIL_FIELD_BYTES);
	trail_add(transit->conductor->trail, &step);
}

/*
 * RFC 3461 5.2.7: an alias hands on what was asked for, a list does not
 * (tell_list()).  What a stranger has asked for is not said to other hosts: each of
 * them would answer, to him, for an address that he does not know.
 */
static void
take_wishes(const struct transit *transit, const struct recipient *was,
    struct recipient *rcpt)
{
	if ((rcpt->by & RECIPIENT_BY_LIST) != 0)
		return;
	rcpt->notify = was->notify;
	if ((rcpt->by & RECIPIENT_SENT_ON) != 0 &&
	    transit->env.sender_account == 0) {
		rcpt->notify &= (uint8_t)~NOTIFY_SUCCESS;
		if (was->notify != 0 && rcpt->notify == 0)
			rcpt->notify = NOTIFY_NEVER;
	} else {
		rcpt->orcpt = was->orcpt;
	}
}

/* One of those that the keeper has told. */
static int
take_one(const struct transit *transit, const struct expanded *one,
    struct recipient *rcpt)
{
	const struct recipient *was;

	if (one->from >= transit->env.recipient_count)
		return -EBADMSG;
	was = &transit->env.recipients[one->from];
	*rcpt = (struct recipient){ .address = one->address,
	    .account = one->account, .by = one->by, .via = one->via,
	    .sender = one->sender, .on_behalf = one->on_behalf };
	take_wishes(transit, was, rcpt);
	return 0;
}

/*
 * RFC 3461 5.2.7: what a list has taken was delivered.  Of those behind it one says
 * so, for it: whoever has a mailbox here, if there is anybody.
 */
static void
tell_list(const struct recipient *was, uint32_t number, const uint32_t *from,
    struct recipient *rcpts, size_t count)
{
	struct recipient *one = NULL;

	if ((was->notify & NOTIFY_SUCCESS) == 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (from[i] == number &&
		    (rcpts[i].by & RECIPIENT_BY_LIST) != 0 &&
		    (one == NULL || (one->account == 0 &&
		    rcpts[i].account != 0)))
			one = &rcpts[i];
	if (one == NULL)
		return;
	one->notify = NOTIFY_SUCCESS;
	one->orcpt = was->orcpt;
}

/* The ledger of collected mail knows it by its first recipient's account. */
static void
put_account_first(struct recipient *rcpts, size_t count)
{
	size_t i = 0;
	struct recipient first;

	while (i < count && rcpts[i].account == 0)
		i++;
	if (i == 0 || i == count)
		return;
	first = rcpts[0];
	rcpts[0] = rcpts[i];
	rcpts[i] = first;
}

/* Their slices point into `answer` until it is packed.  0 or -errno. */
static int
take_over(struct transit *transit, struct slice answer)
{
	struct envelope was = transit->env;
	struct unpack u = unpack_of(answer);
	struct recipient *rcpts = arena_array(transit->arena, EXPAND_MOST,
	    sizeof(*rcpts));
	uint32_t from[EXPAND_MOST];
	struct expanded one;
	size_t n = 0;
	int r = 0;

	if (rcpts == NULL)
		return -ENOMEM;
	while (r == 0 && n < EXPAND_MOST && expanded_unpack(&u, &one)) {
		from[n] = one.from;
		r = take_one(transit, &one, &rcpts[n++]);
	}
	if (r == 0 && (u.bad || u.rest.len > 0 || n == 0))
		r = -EBADMSG;
	if (r < 0)
		return r;
	for (uint32_t i = 0; was.sender_account != 0 &&
	    i < was.recipient_count; i++)
		tell_list(&was.recipients[i], i, from, rcpts, n);
	put_account_first(rcpts, n);
	transit->env.recipients = rcpts;
	transit->env.recipient_count = n;
	r = arrive_repack(transit);
	if (r == 0 && envelope_is_open(&was))
		tell(transit, &was);
	return r;
}

void
conductor_expanded(struct conductor *conductor, void *ticket, int status,
    struct slice answer)
{
	struct transit *transit = ticket;

	if (conductor->closing)
		return;
	transit->is_expanding = false;
	if (status == 0)
		status = take_over(transit, answer);
	if (status < 0)
		arrive_put_off(transit, 451, "4.3.0", LATER);
	else
		transit->go_on(transit);
}

void
conductor_has_forwards(struct conductor *conductor, bool has)
{
	conductor->has_forwards = has;
}

/* Once it is judged */

static bool
has_account(const struct recipient *rcpts, size_t count, uint64_t account)
{
	for (size_t i = 0; i < count; i++)
		if (rcpts[i].account == account)
			return true;
	return false;
}

/* Those who are left; who had it sent on has it instead. */
static size_t
keep_here(const struct envelope *env, struct recipient *rcpts)
{
	size_t n = 0;

	for (size_t i = 0; i < env->recipient_count; i++) {
		const struct recipient *rcpt = &env->recipients[i];

		if ((rcpt->by & RECIPIENT_SENT_ON) == 0)
			rcpts[n++] = *rcpt;
	}
	for (size_t i = 0; i < env->recipient_count; i++) {
		const struct recipient *rcpt = &env->recipients[i];

		if ((rcpt->by & RECIPIENT_SENT_ON) != 0 &&
		    rcpt->on_behalf != 0 &&
		    !has_account(rcpts, n, rcpt->on_behalf))
			rcpts[n++] = (struct recipient){
			    .address = rcpt->via, .account = rcpt->on_behalf };
	}
	return n;
}

/* Somebody behind an alias or a list would have none of it. */
static bool
leaves_out(const struct envelope *env)
{
	for (size_t i = 0; i < env->recipient_count; i++)
		if ((env->recipients[i].by & RECIPIENT_SENT_ON) != 0 &&
		    env->recipients[i].on_behalf == 0)
			return true;
	return false;
}

static bool
is_same_domain(struct slice one, struct slice other)
{
	size_t at = slice_find_last(one, '@');
	size_t other_at = slice_find_last(other, '@');

	return at != SIZE_MAX && other_at != SIZE_MAX && slice_is_nocase(
	    slice_after(one, at), slice_after(other, other_at));
}

/*
 * It would leave in our name: with a sender of ours, which the keeper leaves as it
 * is, or with an author of the domain whose hosts we are.
 */
static bool
is_as_ours(const struct envelope *env, const struct recipient *rcpt,
    const struct verdict *verdict)
{
	struct slice author = slice_str(verdict->author);

	if ((rcpt->by & RECIPIENT_SENT_ON) == 0)
		return false;
	if (env->sender.len > 0 && rcpt->sender.len == 0 &&
	    !(verdict->author_is_shown && is_same_domain(author, env->sender)))
		return true;
	return !verdict->author_is_shown && is_same_domain(author, rcpt->via);
}

/* Anybody can write our name; SPF and DMARC hold once it leaves from here. */
static bool
is_forged(const struct envelope *env, const struct verdict *verdict)
{
	if (env->sender_account != 0 || env->source == SOURCE_OWN ||
	    env->trust != TRUST_NOBODY)
		return false;
	for (size_t i = 0; i < env->recipient_count; i++)
		if (is_as_ours(env, &env->recipients[i], verdict))
			return true;
	return false;
}

/* It goes to no other host: to those who are here, if that is all. */
static int
stay_here(struct transit *transit, struct verdict *verdict,
    const char *reason)
{
	struct envelope *env = &transit->env;
	struct recipient *rcpts;

	/* a person decides for those who would hear nothing of it */
	if (leaves_out(env))
		return wishes_hold(transit, verdict, slice_str(reason));
	rcpts = arena_array(transit->arena, env->recipient_count,
	    sizeof(*rcpts));
	if (rcpts == NULL)
		return -ENOMEM;
	conductor_trail(transit->conductor, transit, TRAIL_JUDGED, NULL,
	    reason);
	env->recipient_count = keep_here(env, rcpts);
	env->recipients = rcpts;
	return arrive_repack(transit);
}

int
expanding_judged(struct transit *transit)
{
	const struct envelope *env = &transit->env;
	struct verdict verdict;
	bool is_sent_on = false;

	for (size_t i = 0; i < env->recipient_count; i++)
		is_sent_on = is_sent_on ||
		    (env->recipients[i].by & RECIPIENT_SENT_ON) != 0;
	if (!is_sent_on)
		return 0;
	if (verdict_unpack(transit->packed_verdict, &verdict) < 0)
		return -EBADMSG;
	/* what is held waits for a person, who sees where it goes */
	if (verdict.action >= VERDICT_HOLD)
		return 0;
	if (verdict.is_junk)
		return stay_here(transit, &verdict, NOT_SENT_ON);
	return is_forged(env, &verdict) ?
	    stay_here(transit, &verdict, NOT_AS_OURS) : 0;
}
